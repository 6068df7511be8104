//! The threads that block, or take long: store, folder, readers, documents.
//!
//! | Thread | Does | Groups |
//! |---|---|---|
//! | store | appends and loads, in the order asked | all appends waiting, into one transaction |
//! | steps | changes of the folder, in the order asked | up to [`STEPS_LIMIT`] steps or [`STEPS_BYTES`] waiting, into one batch with one durability barrier |
//! | readers ([`READERS`]) | scans, looks, small contents | up to [`SMALL_TOGETHER`] small contents waiting, into one answer |
//! | shelf | outlines and chunks of large contents | – |
//! | documents ([`DOCUMENTS`]) | long work on one document each | – |
//!
//! - Invariant: every job is answered exactly once, also when the work panics; the engine bounds how
//!   many wait, so the queues towards the threads have no limit of their own and the driver never
//!   blocks on them. The queue back is bounded, and only threads wait on it.
//! - Work on documents is not waited for at the end: what is not durable by then is done again.

use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use tokio::sync::mpsc as answers;
use tracing::trace_span;

use super::ground::Ground;
use super::{CHART, Error, Failure};
use crate::engine::{Input, Job, Op, ScanError, Shelf};
use crate::model::{
    Content, ContentHash, FileId, Observed, Problem, ProblemKind, Source, Step, StepError,
    VaultPath, Write, Writer,
};
use crate::store::Store;
use crate::vault::Folder;

/// Threads that look at files. Reading and hashing 10,000 notes is CPU work of 70 ms; a third would
/// only wait for the second core.
const READERS: usize = 2;
/// Most small contents that a reader takes at once, so that the driver is woken once for all of
/// them; few enough for the other reader to have its share of those that wait.
const SMALL_TOGETHER: usize = 16;
/// Threads that work on documents. A long merge does not hold up another note behind it; and each
/// thread more keeps some of the memory that its largest job took, since the system's allocator gives
/// every thread a heap of its own.
const DOCUMENTS: usize = 2;
/// Batches of writes after which a transaction ends even when more wait, so that it ends at all.
const APPENDS_LIMIT: usize = 4096;
/// Most packs of texts taken away or packed anew at once: some 16 MiB, so that an edit made just now
/// waits no longer behind it than behind a batch of others.
const TIDY_PACKS_LIMIT: usize = 64;
/// Most steps that share one durability barrier. More save no further time, and an edit made just
/// now would wait longer behind them.
const STEPS_LIMIT: usize = 512;
/// Most bytes of new content in one batch of steps, for the same reason.
const STEPS_BYTES: usize = 16 * 1024 * 1024;

/// Where answers go: those of one batch together, so that what follows from them can be one batch
/// again.
pub(crate) type Answers = answers::Sender<Vec<Input>>;

/// Work for the store's thread.
pub(crate) enum StoreJob {
    /// Keep these batches; each is answered by itself.
    Append(Vec<(Op, Arc<[Write]>)>),
    /// Read a document.
    Load(Op, FileId),
    /// Read a text.
    LoadText(Op, ContentHash),
    /// Look for packs that hold nothing else than these texts, and some of the second ones.
    LoadPacks(Op, Vec<ContentHash>, Vec<ContentHash>),
    /// Forget all other texts.
    KeepTexts(Op, BTreeSet<ContentHash>),
    /// Anything else that needs the store; answers by itself.
    Call(Box<dyn FnOnce(&Store) + Send>),
}

/// Work for a reader.
#[derive(Debug)]
pub(crate) enum ReadJob {
    /// Walk the whole folder.
    Scan(Op),
    /// Look at one path.
    Look(Op, VaultPath, Writer),
    /// Read a content that is one chunk.
    Small(Op, VaultPath, Content),
}

/// Long work on one document.
type DocumentJob = (Op, Box<Job>);

/// Work on large contents.
#[derive(Debug)]
pub(crate) enum ShelfJob {
    /// Compute an outline.
    Outline(Op, Shelf, Content),
    /// Read a chunk.
    Read(Op, VaultPath, Content, u32),
    /// Put a chunk.
    Put(Op, Content, u32, Vec<u8>),
}

/// The threads, and the way to them.
#[derive(Debug)]
pub(crate) struct Workers {
    store: Sender<StoreJob>,
    steps: Sender<Vec<(Op, Step)>>,
    readers: Sender<ReadJob>,
    shelf: Sender<ShelfJob>,
    documents: Sender<DocumentJob>,
    threads: Vec<JoinHandle<()>>,
    commits: Arc<AtomicU64>,
}

impl std::fmt::Debug for StoreJob {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Append(_) => "Append",
            Self::Load(..) => "Load",
            Self::LoadText(..) => "LoadText",
            Self::LoadPacks(..) => "LoadPacks",
            Self::KeepTexts(..) => "KeepTexts",
            Self::Call(_) => "Call",
        })
    }
}

impl Workers {
    /// Starts the threads; answers go to `answers`.
    ///
    /// # Errors
    ///
    /// [`Error`] of the I/O kind when the system has no more threads.
    pub(crate) fn start(store: Store, ground: &Ground, answers: &Answers) -> Result<Self, Error> {
        let (to_store, store_jobs) = channel();
        let (to_steps, step_jobs) = channel();
        let (to_readers, read_jobs) = channel();
        let (to_shelf, shelf_jobs) = channel();
        let (to_documents, document_jobs) = channel();
        let start = |name: &str, work: Box<dyn FnOnce() + Send>| {
            let thread = std::thread::Builder::new().name(name.to_owned());
            thread.spawn(work).map_err(|error| {
                Error::new(Failure::Io, format!("cannot start the {name} thread")).caused_by(error)
            })
        };
        let mut threads = Vec::new();
        let commits = Arc::new(AtomicU64::new(0));
        let (tell, count) = (answers.clone(), Arc::clone(&commits));
        threads
            .push(start("store", Box::new(move || keep_store(store, &store_jobs, &tell, &count)))?);
        let (tell, folder) = (answers.clone(), ground.clone());
        threads.push(start("steps", Box::new(move || take_steps(&folder, &step_jobs, &tell)))?);
        let read_jobs = Arc::new(Mutex::new(read_jobs));
        for _ in 0..READERS {
            let (tell, folder) = (answers.clone(), ground.clone());
            let jobs = Arc::clone(&read_jobs);
            threads.push(start("reader", Box::new(move || read_files(&folder, &jobs, &tell)))?);
        }
        let (tell, folder) = (answers.clone(), ground.clone());
        threads.push(start("shelf", Box::new(move || serve_shelf(&folder, &shelf_jobs, &tell)))?);
        let document_jobs = Arc::new(Mutex::new(document_jobs));
        for _ in 0..DOCUMENTS {
            let (tell, jobs) = (answers.clone(), Arc::clone(&document_jobs));
            drop(start("documents", Box::new(move || work_on_documents(&jobs, &tell)))?);
        }
        let (store, steps, readers, shelf) = (to_store, to_steps, to_readers, to_shelf);
        Ok(Self { store, steps, readers, shelf, documents: to_documents, threads, commits })
    }

    /// Transactions that kept something so far.
    pub(crate) fn commits(&self) -> u64 {
        self.commits.load(Ordering::Relaxed)
    }

    /// Hands work to the store's thread.
    pub(crate) fn store(&self, job: StoreJob) {
        hand(&self.store, job);
    }

    /// Hands steps to the folder's thread, in order.
    pub(crate) fn steps(&self, steps: Vec<(Op, Step)>) {
        hand(&self.steps, steps);
    }

    /// Hands work to whichever reader is free first.
    pub(crate) fn read(&self, job: ReadJob) {
        hand(&self.readers, job);
    }

    /// Hands work to the thread of large contents.
    pub(crate) fn shelf(&self, job: ShelfJob) {
        hand(&self.shelf, job);
    }

    /// Hands work on a document to whichever of their threads is free first.
    pub(crate) fn document(&self, op: Op, job: Box<Job>) {
        hand(&self.documents, (op, job));
    }

    /// Lets the threads finish what waits, and closes the store. Blocks; whoever received the
    /// answers must have stopped, or go on receiving.
    pub(crate) fn stop(self) {
        let Self { store, steps, readers, shelf, documents, threads, commits: _ } = self;
        drop((store, steps, readers, shelf, documents));
        for thread in threads {
            if thread.join().is_err() {
                tracing::error!("a worker thread panicked");
            }
        }
    }
}

fn hand<T>(queue: &Sender<T>, job: T) {
    if queue.send(job).is_err() {
        // Threads end only with their queue, so this is after a panic outside of any job.
        tracing::error!("a worker thread is gone");
    }
}

/// Runs `work`; a panic becomes its text.
pub(crate) fn guarded<T>(work: impl FnOnce() -> T) -> Result<T, String> {
    catch_unwind(AssertUnwindSafe(work)).map_err(|panic| {
        let text = panic
            .downcast_ref::<String>()
            .map(String::as_str)
            .or_else(|| panic.downcast_ref::<&str>().copied())
            .unwrap_or("for an unknown reason");
        tracing::error!(text, "a piece of work panicked");
        format!("a bug: {text}")
    })
}

fn tell(answers: &Answers, input: Input) {
    tell_all(answers, vec![input]);
}

fn tell_all(answers: &Answers, inputs: Vec<Input>) {
    if inputs.is_empty() {
        return;
    }
    // Without receiver the driver is gone, and nobody needs the answers.
    answers.blocking_send(inputs).ok();
}

fn keep_store(mut store: Store, jobs: &Receiver<StoreJob>, answers: &Answers, commits: &AtomicU64) {
    let commit = |store: &mut Store, waiting: &mut Vec<(Op, Arc<[Write]>)>| {
        if commit(store, waiting, answers) {
            commits.fetch_add(1, Ordering::Relaxed);
        }
    };
    while let Ok(first) = jobs.recv() {
        let mut waiting: Vec<(Op, Arc<[Write]>)> = Vec::new();
        // Everything queued while the last transaction was written goes into the next one.
        for job in std::iter::once(first).chain(std::iter::from_fn(|| jobs.try_recv().ok())) {
            match job {
                StoreJob::Append(batches) => {
                    waiting.extend(batches);
                    if waiting.len() >= APPENDS_LIMIT {
                        commit(&mut store, &mut waiting);
                    }
                }
                StoreJob::Load(op, id) => {
                    // A load sees all that was asked for before it.
                    if waiting.iter().any(|(_, writes)| concerns(writes, id)) {
                        commit(&mut store, &mut waiting);
                    }
                    let _chart = trace_span!(target: CHART, "load").entered();
                    let loaded = guarded(|| store.document(id));
                    let result = loaded.and_then(|loaded| loaded.map_err(|error| chain(&error)));
                    tell(answers, Input::Loaded { op, result });
                }
                StoreJob::LoadText(op, hash) => {
                    if waiting.iter().any(|(_, writes)| holds_text(writes, hash)) {
                        commit(&mut store, &mut waiting);
                    }
                    let _chart = trace_span!(target: CHART, "load text").entered();
                    let loaded = guarded(|| store.text(hash));
                    let result = loaded.and_then(|loaded| loaded.map_err(|error| chain(&error)));
                    tell(answers, Input::TextLoaded { op, result });
                }
                StoreJob::LoadPacks(op, texts, known) => {
                    // Texts that wait to be written are in no pack yet.
                    let _chart = trace_span!(target: CHART, "load packs").entered();
                    let loaded = guarded(|| store.packs(&texts, &known));
                    let result = loaded.and_then(|loaded| loaded.map_err(|error| chain(&error)));
                    tell(answers, Input::PacksLoaded { op, result });
                }
                StoreJob::KeepTexts(op, keep) => {
                    commit(&mut store, &mut waiting);
                    let _chart = trace_span!(target: CHART, "tidy texts").entered();
                    let kept = guarded(|| store.keep_texts(&keep, TIDY_PACKS_LIMIT));
                    let result = kept.and_then(|kept| kept.map_err(|error| chain(&error)));
                    let result = result.map(|tidied| tidied.more);
                    tell(answers, Input::TextsKept { op, result });
                }
                StoreJob::Call(call) => {
                    commit(&mut store, &mut waiting);
                    guarded(|| call(&store)).ok();
                }
            }
        }
        commit(&mut store, &mut waiting);
    }
}

/// Makes what waits durable in one transaction, and answers each batch; whether something was kept.
fn commit(store: &mut Store, waiting: &mut Vec<(Op, Arc<[Write]>)>, answers: &Answers) -> bool {
    if waiting.is_empty() {
        return false;
    }
    let (ops, batches): (Vec<Op>, Vec<Arc<[Write]>>) = waiting.drain(..).unzip();
    tracing::trace!(batches = batches.len(), "commit");
    let _chart = trace_span!(target: CHART, "commit", batches = batches.len()).entered();
    let committed = guarded(|| store.commit(&batches));
    let result = committed.and_then(|done| done.map_err(|error| chain(&error)));
    let kept = result.is_ok();
    let appended = |op| Input::Appended { op, result: result.clone() };
    tell_all(answers, ops.into_iter().map(appended).collect());
    kept
}

fn concerns(writes: &[Write], wanted: FileId) -> bool {
    writes.iter().any(|write| match write {
        Write::File { id, .. }
        | Write::ForgetFile(id)
        | Write::Snapshot { id, .. }
        | Write::Changes { id, .. } => *id == wanted,
        Write::Text { .. } | Write::Peer { .. } | Write::Meta { .. } | Write::Ledger { .. } => {
            false
        }
    })
}

fn holds_text(writes: &[Write], wanted: ContentHash) -> bool {
    writes.iter().any(|write| matches!(write, Write::Text { hash, .. } if *hash == wanted))
}

/// The texts of an error and its causes, in one line.
pub(crate) fn chain(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(Some(error), |error| error.source());
    causes.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}

fn take_steps(ground: &Ground, jobs: &Receiver<Vec<(Op, Step)>>, answers: &Answers) {
    let mut queued: std::collections::VecDeque<(Op, Step)> = std::collections::VecDeque::new();
    loop {
        if queued.is_empty() {
            match jobs.recv() {
                Ok(steps) => queued.extend(steps),
                Err(_) => return,
            }
        }
        while queued.len() < STEPS_LIMIT
            && let Ok(steps) = jobs.try_recv()
        {
            queued.extend(steps);
        }
        let (ops, steps) = next_batch(&mut queued);
        let count = steps.len();
        tracing::trace!(steps = count, "apply");
        let _chart = trace_span!(target: CHART, "apply", steps = count).entered();
        let applied = match ground.to_write() {
            Some(folder) => guarded(|| folder.apply(&steps)),
            None => Err("there is no folder yet".to_owned()),
        };
        let results = applied.unwrap_or_else(|text| {
            let failed = |step: &Step| Err(StepError::Problem(failure(path_of(step), &text)));
            steps.iter().map(failed).collect()
        });
        debug_assert_eq!(results.len(), count, "one result for each step");
        let stepped = |(op, result)| Input::Stepped { op, result };
        tell_all(answers, ops.into_iter().zip(results).map(stepped).collect());
    }
}

/// Takes from the front what shares one barrier: at least one step.
fn next_batch(queued: &mut std::collections::VecDeque<(Op, Step)>) -> (Vec<Op>, Vec<Step>) {
    let (mut ops, mut steps, mut bytes) = (Vec::new(), Vec::new(), 0);
    while steps.len() < STEPS_LIMIT {
        let Some((op, step)) = queued.pop_front() else {
            break;
        };
        let more = match &step {
            Step::Replace { source: Source::Bytes(bytes), .. } => bytes.len(),
            Step::Replace { .. }
            | Step::Remove { .. }
            | Step::Rename { .. }
            | Step::MakeFolder(_)
            | Step::RemoveFolder(_) => 0,
        };
        if !steps.is_empty() && bytes + more > STEPS_BYTES {
            queued.push_front((op, step));
            break;
        }
        bytes += more;
        ops.push(op);
        steps.push(step);
    }
    (ops, steps)
}

const fn path_of(step: &Step) -> &VaultPath {
    match step {
        Step::Replace { path, .. }
        | Step::Remove { path, .. }
        | Step::Rename { to: path, .. }
        | Step::MakeFolder(path)
        | Step::RemoveFolder(path) => path,
    }
}

/// What a path's work came to when it could not even fail properly.
fn failure(path: &VaultPath, text: &str) -> Problem {
    Problem {
        path: path.as_str().to_owned(),
        kind: ProblemKind::Unreadable,
        message: text.to_owned(),
    }
}

/// The next work for a reader: one job, or small contents that wait one behind the other and what
/// comes after them; nothing once there is no more.
fn next_reads(jobs: &Mutex<Receiver<ReadJob>>) -> Vec<ReadJob> {
    // The lock is held while waiting: whoever has it is the next to work.
    let jobs = jobs.lock().unwrap_or_else(PoisonError::into_inner);
    let mut taken: Vec<ReadJob> = jobs.recv().into_iter().collect();
    while let Some(ReadJob::Small(..)) = taken.last()
        && taken.len() < SMALL_TOGETHER
        && let Ok(next) = jobs.try_recv()
    {
        taken.push(next);
    }
    taken
}

fn read_files(ground: &Ground, jobs: &Mutex<Receiver<ReadJob>>, answers: &Answers) {
    loop {
        let taken = next_reads(jobs);
        if taken.is_empty() {
            return;
        }
        let mut small = Vec::new();
        for job in taken {
            match job {
                ReadJob::Scan(op) => {
                    let _chart = trace_span!(target: CHART, "scan").entered();
                    tell_all(answers, std::mem::take(&mut small));
                    let result = scan(ground);
                    tell(answers, Input::Scanned { op, result });
                }
                ReadJob::Look(op, path, writer) => {
                    let _chart = trace_span!(target: CHART, "look", path = path.as_str()).entered();
                    tell_all(answers, std::mem::take(&mut small));
                    let observed = match ground.to_read() {
                        Some(folder) => guarded(|| folder.look_after(&path, writer)),
                        None => Err("there is no folder yet".to_owned()),
                    };
                    let observed =
                        observed.unwrap_or_else(|text| Observed::Problem(failure(&path, &text)));
                    tell(answers, Input::Read { op, observed });
                }
                ReadJob::Small(op, path, content) => {
                    let _chart = trace_span!(target: CHART, "read", path = path.as_str()).entered();
                    let result =
                        on_shelf(ground.to_read(), |folder| folder.read_chunk(&path, content, 0));
                    small.push(Input::ChunkRead { op, result });
                }
            }
        }
        tell_all(answers, small);
    }
}

fn work_on_documents(jobs: &Mutex<Receiver<DocumentJob>>, answers: &Answers) {
    loop {
        // The lock is held while waiting: whoever has it is the next to work.
        let job = jobs.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok((op, job)) = job else { return };
        let _chart = trace_span!(target: CHART, "document").entered();
        let result = guarded(|| Box::new(job.run()));
        tell(answers, Input::Computed { op, result });
    }
}

/// Walks the folder, after and before which the marker must be there.
fn scan(ground: &Ground) -> Result<crate::model::Walk, ScanError> {
    match guarded(|| ground.walk()) {
        // A folder that is made once we are accepted: there is nothing in it.
        Ok(None) => Ok(crate::model::Walk::default()),
        Ok(Some(Ok(walk))) => Ok(walk),
        Ok(Some(Err(error))) if error.is_unmounted() => Err(ScanError::Unmounted(chain(&error))),
        Ok(Some(Err(error))) => Err(ScanError::Unreadable(chain(&error))),
        Err(text) => Err(ScanError::Unreadable(text)),
    }
}

/// Runs `work` on a content of the folder, if there is a folder.
fn on_shelf<T>(
    folder: Option<Folder>,
    work: impl FnOnce(&Folder) -> Result<T, StepError>,
) -> Result<T, StepError> {
    let Some(folder) = folder else {
        return Err(StepError::SourceGone);
    };
    guarded(|| work(&folder)).unwrap_or_else(|text| {
        Err(StepError::Problem(Problem {
            path: String::new(),
            kind: ProblemKind::Unreadable,
            message: text,
        }))
    })
}

fn serve_shelf(ground: &Ground, jobs: &Receiver<ShelfJob>, answers: &Answers) {
    let vault = || ground.to_write();
    while let Ok(job) = jobs.recv() {
        let _chart = trace_span!(target: CHART, "large content").entered();
        let answer = match job {
            ShelfJob::Outline(op, Shelf::File(path), content) => Input::Outlined {
                op,
                result: on_shelf(vault(), |folder| folder.outline_file(&path, content)),
            },
            ShelfJob::Outline(op, Shelf::Part, content) => Input::Outlined {
                op,
                result: on_shelf(vault(), |folder| folder.outline_part(content)),
            },
            ShelfJob::Read(op, path, content, index) => Input::ChunkRead {
                op,
                result: on_shelf(vault(), |folder| folder.read_chunk(&path, content, index)),
            },
            ShelfJob::Put(op, content, index, bytes) => Input::ChunkPut {
                op,
                result: on_shelf(vault(), |folder| folder.put_chunk(content, index, &bytes)),
            },
        };
        tell(answers, answer);
    }
}

/// A job for the store's thread, and where its result will be; without one the thread is gone or the
/// work panicked.
pub(crate) fn with_store<T: Send + 'static>(
    work: impl FnOnce(&Store) -> T + Send + 'static,
) -> (StoreJob, tokio::sync::oneshot::Receiver<T>) {
    let (reply, result) = tokio::sync::oneshot::channel();
    let job = StoreJob::Call(Box::new(move |store| {
        // Without receiver nobody needs the result any more.
        reply.send(work(store)).ok();
    }));
    (job, result)
}

#[cfg(test)]
mod tests;
