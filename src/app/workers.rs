//! The threads that block: store, folder, readers.
//!
//! | Thread | Does | Groups |
//! |---|---|---|
//! | store | appends and loads, in the order asked | all appends waiting, into one transaction |
//! | steps | changes of the folder, in the order asked | up to [`STEPS_LIMIT`] steps or [`STEPS_BYTES`] waiting, into one batch with one durability barrier |
//! | readers ([`READERS`]) | scans and looks | – |
//! | shelf | outlines and chunks of large contents | – |
//!
//! - Invariant: every job is answered exactly once, also when the work panics; the engine bounds how
//!   many wait, so the queues towards the threads have no limit of their own and the driver never
//!   blocks on them. The queue back is bounded, and only threads wait on it.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use tokio::sync::mpsc as answers;

use super::Error;
use super::ground::Ground;
use crate::engine::{Input, Op, ScanError, Shelf};
use crate::model::{
    Content, ContentHash, FileId, Observed, Problem, ProblemKind, Source, Step, StepError,
    VaultPath, Write,
};
use crate::store::Store;
use crate::vault::Folder;

/// Threads that look at files. Reading and hashing 10,000 notes is CPU work of 70 ms; a third would
/// only wait for the second core.
const READERS: usize = 2;
/// Batches of writes after which a transaction ends even when more wait, so that it ends at all.
const APPENDS_LIMIT: usize = 4096;
/// Most steps that share one durability barrier. More save no further time, and an edit made just
/// now would wait longer behind them.
const STEPS_LIMIT: usize = 512;
/// Most bytes of new content in one batch of steps, for the same reason.
const STEPS_BYTES: usize = 16 * 1024 * 1024;

/// Work for the store's thread.
pub(crate) enum StoreJob {
    /// Keep these batches; each is answered by itself.
    Append(Vec<(Op, Vec<Write>)>),
    /// Read a document.
    Load(Op, FileId),
    /// Read a text.
    LoadText(Op, ContentHash),
    /// Anything else that needs the store; answers by itself.
    Call(Box<dyn FnOnce(&Store) + Send>),
}

/// Work for a reader.
#[derive(Debug)]
pub(crate) enum ReadJob {
    /// Walk the whole folder.
    Scan(Op),
    /// Look at one path.
    Look(Op, VaultPath),
}

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
    threads: Vec<JoinHandle<()>>,
}

impl std::fmt::Debug for StoreJob {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Append(_) => "Append",
            Self::Load(..) => "Load",
            Self::LoadText(..) => "LoadText",
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
    pub(crate) fn start(
        store: Store,
        ground: &Ground,
        answers: &answers::Sender<Input>,
    ) -> Result<Self, Error> {
        let (to_store, store_jobs) = channel();
        let (to_steps, step_jobs) = channel();
        let (to_readers, read_jobs) = channel();
        let (to_shelf, shelf_jobs) = channel();
        let mut threads = Vec::new();
        let mut start = |name: &str, work: Box<dyn FnOnce() + Send>| {
            let thread = std::thread::Builder::new().name(name.to_owned());
            let started = thread.spawn(work);
            started.map(|started| threads.push(started)).map_err(|error| {
                Error::new(super::Failure::Io, format!("cannot start the {name} thread"))
                    .caused_by(error)
            })
        };
        let tell = answers.clone();
        start("store", Box::new(move || keep_store(store, &store_jobs, &tell)))?;
        let (tell, folder) = (answers.clone(), ground.clone());
        start("steps", Box::new(move || take_steps(&folder, &step_jobs, &tell)))?;
        let read_jobs = Arc::new(Mutex::new(read_jobs));
        for _ in 0..READERS {
            let (tell, folder) = (answers.clone(), ground.clone());
            let jobs = Arc::clone(&read_jobs);
            start("reader", Box::new(move || read_files(&folder, &jobs, &tell)))?;
        }
        let (tell, folder) = (answers.clone(), ground.clone());
        start("shelf", Box::new(move || serve_shelf(&folder, &shelf_jobs, &tell)))?;
        Ok(Self { store: to_store, steps: to_steps, readers: to_readers, shelf: to_shelf, threads })
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

    /// Lets the threads finish what waits, and closes the store. Blocks; whoever received the
    /// answers must have stopped, or go on receiving.
    pub(crate) fn stop(self) {
        let Self { store, steps, readers, shelf, threads } = self;
        drop((store, steps, readers, shelf));
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

fn tell(answers: &answers::Sender<Input>, input: Input) {
    // Without receiver the driver is gone, and nobody needs the answer.
    answers.blocking_send(input).ok();
}

fn keep_store(mut store: Store, jobs: &Receiver<StoreJob>, answers: &answers::Sender<Input>) {
    while let Ok(first) = jobs.recv() {
        let mut waiting: Vec<(Op, Vec<Write>)> = Vec::new();
        // Everything queued while the last transaction was written goes into the next one.
        for job in std::iter::once(first).chain(std::iter::from_fn(|| jobs.try_recv().ok())) {
            match job {
                StoreJob::Append(batches) => {
                    waiting.extend(batches);
                    if waiting.len() >= APPENDS_LIMIT {
                        commit(&mut store, &mut waiting, answers);
                    }
                }
                StoreJob::Load(op, id) => {
                    // A load sees all that was asked for before it.
                    if waiting.iter().any(|(_, writes)| concerns(writes, id)) {
                        commit(&mut store, &mut waiting, answers);
                    }
                    let loaded = guarded(|| store.document(id));
                    let result = loaded.and_then(|loaded| loaded.map_err(|error| chain(&error)));
                    tell(answers, Input::Loaded { op, result });
                }
                StoreJob::LoadText(op, hash) => {
                    if waiting.iter().any(|(_, writes)| holds_text(writes, hash)) {
                        commit(&mut store, &mut waiting, answers);
                    }
                    let loaded = guarded(|| store.text(hash));
                    let result = loaded.and_then(|loaded| loaded.map_err(|error| chain(&error)));
                    tell(answers, Input::TextLoaded { op, result });
                }
                StoreJob::Call(call) => {
                    commit(&mut store, &mut waiting, answers);
                    guarded(|| call(&store)).ok();
                }
            }
        }
        commit(&mut store, &mut waiting, answers);
    }
}

/// Makes what waits durable in one transaction, and answers each batch.
fn commit(
    store: &mut Store,
    waiting: &mut Vec<(Op, Vec<Write>)>,
    answers: &answers::Sender<Input>,
) {
    if waiting.is_empty() {
        return;
    }
    let (ops, batches): (Vec<Op>, Vec<Vec<Write>>) = waiting.drain(..).unzip();
    let committed = guarded(|| store.commit(&batches));
    let result = committed.and_then(|done| done.map_err(|error| chain(&error)));
    for op in ops {
        let result = result.clone();
        tell(answers, Input::Appended { op, result });
    }
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

fn take_steps(ground: &Ground, jobs: &Receiver<Vec<(Op, Step)>>, answers: &answers::Sender<Input>) {
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
        let applied = match ground.to_write() {
            Some(folder) => guarded(|| folder.apply(&steps)),
            None => Err("there is no folder yet".to_owned()),
        };
        let results = applied.unwrap_or_else(|text| {
            let failed = |step: &Step| Err(StepError::Problem(failure(path_of(step), &text)));
            steps.iter().map(failed).collect()
        });
        debug_assert_eq!(results.len(), count, "one result for each step");
        for (op, result) in ops.into_iter().zip(results) {
            tell(answers, Input::Stepped { op, result });
        }
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

fn read_files(ground: &Ground, jobs: &Mutex<Receiver<ReadJob>>, answers: &answers::Sender<Input>) {
    loop {
        // The lock is held while waiting: whoever has it is the next to work.
        let job = jobs.lock().unwrap_or_else(PoisonError::into_inner).recv();
        match job {
            Ok(ReadJob::Scan(op)) => {
                let result = scan(ground);
                tell(answers, Input::Scanned { op, result });
            }
            Ok(ReadJob::Look(op, path)) => {
                let observed = match ground.to_read() {
                    Some(folder) => guarded(|| folder.look(&path)),
                    None => Err("there is no folder yet".to_owned()),
                };
                let observed =
                    observed.unwrap_or_else(|text| Observed::Problem(failure(&path, &text)));
                tell(answers, Input::Read { op, observed });
            }
            Err(_) => return,
        }
    }
}

/// Walks the folder, after and before which the marker must be there.
fn scan(ground: &Ground) -> Result<crate::model::Walk, ScanError> {
    let Some(folder) = ground.to_read() else {
        // A folder that is made once we are accepted: there is nothing in it.
        return Ok(crate::model::Walk::default());
    };
    match guarded(|| folder.walk()) {
        Ok(Ok(walk)) => Ok(walk),
        Ok(Err(error)) if error.is_unmounted() => Err(ScanError::Unmounted(chain(&error))),
        Ok(Err(error)) => Err(ScanError::Unreadable(chain(&error))),
        Err(text) => Err(ScanError::Unreadable(text)),
    }
}

fn serve_shelf(ground: &Ground, jobs: &Receiver<ShelfJob>, answers: &answers::Sender<Input>) {
    fn run<T>(
        ground: &Ground,
        work: impl FnOnce(&Folder) -> Result<T, StepError>,
    ) -> Result<T, StepError> {
        let Some(folder) = ground.to_write() else {
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
    while let Ok(job) = jobs.recv() {
        let answer = match job {
            ShelfJob::Outline(op, Shelf::File(path), content) => Input::Outlined {
                op,
                result: run(ground, |folder| folder.outline_file(&path, content)),
            },
            ShelfJob::Outline(op, Shelf::Part, content) => {
                Input::Outlined { op, result: run(ground, |folder| folder.outline_part(content)) }
            }
            ShelfJob::Read(op, path, content, index) => Input::ChunkRead {
                op,
                result: run(ground, |folder| folder.read_chunk(&path, content, index)),
            },
            ShelfJob::Put(op, content, index, bytes) => Input::ChunkPut {
                op,
                result: run(ground, |folder| folder.put_chunk(content, index, &bytes)),
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
mod tests {
    use std::collections::VecDeque;
    use std::sync::mpsc::channel;

    use super::*;
    use crate::model::VaultId;

    struct Bench {
        home: tempfile::TempDir,
        workers: Workers,
        answers: answers::Receiver<Input>,
    }

    fn bench() -> Bench {
        let home = tempfile::tempdir().unwrap();
        let root = home.path().join("notes");
        std::fs::create_dir(&root).unwrap();
        let folder = Folder::adopt(&root, VaultId([1; 16])).unwrap();
        let store = Store::open(&home.path().join("store")).unwrap();
        let (tell, answers) = answers::channel(64);
        let workers = Workers::start(store, &Ground::vault(folder), &tell).unwrap();
        Bench { home, workers, answers }
    }

    impl Bench {
        fn next(&mut self) -> Input {
            self.answers.blocking_recv().unwrap()
        }

        fn appended(&mut self) -> u64 {
            match self.next() {
                Input::Appended { op, result: Ok(()) } => op.0,
                other => panic!("{other:?}"),
            }
        }
    }

    fn meta(key: &str, value: u8) -> Vec<Write> {
        vec![Write::Meta { key: key.to_owned(), value: vec![value] }]
    }

    fn path(text: &str) -> VaultPath {
        VaultPath::parse(text).unwrap()
    }

    fn replace(text: &str, bytes: usize) -> Step {
        Step::Replace {
            path: path(text),
            expected: None,
            source: Source::Bytes(vec![b'a'; bytes]),
            mtime_ms: 0,
        }
    }

    #[test]
    fn appends_are_answered_in_order_once_they_are_durable() {
        let mut bench = bench();
        // The thread is kept busy, so that the appends gather behind it.
        let (go, wait) = channel::<()>();
        bench.workers.store(StoreJob::Call(Box::new(move |_| wait.recv().unwrap())));
        for number in 0..5_u8 {
            let batch = (Op(u64::from(number)), meta("key", number));
            bench.workers.store(StoreJob::Append(vec![batch]));
        }
        let (job, value) = with_store(|store| store.meta_value("key").unwrap());
        bench.workers.store(job);
        go.send(()).unwrap();
        let answered: Vec<u64> = (0..5).map(|_| bench.appended()).collect();
        assert_eq!(answered, [0, 1, 2, 3, 4]);
        assert_eq!(value.blocking_recv().unwrap(), Some(vec![4]));
    }

    #[test]
    fn a_load_sees_every_append_asked_for_before_it() {
        let mut bench = bench();
        let id = FileId([3; 16]);
        let (go, wait) = channel::<()>();
        bench.workers.store(StoreJob::Call(Box::new(move |_| wait.recv().unwrap())));
        let writes = vec![Write::Snapshot { id, bytes: vec![1, 2, 3] }];
        bench.workers.store(StoreJob::Append(vec![(Op(1), writes)]));
        bench.workers.store(StoreJob::Load(Op(2), id));
        go.send(()).unwrap();
        assert_eq!(bench.appended(), 1);
        match bench.next() {
            Input::Loaded { op: Op(2), result: Ok(Some(stored)) } => {
                assert_eq!(stored.snapshot, [1, 2, 3]);
            }
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn what_was_queued_is_durable_after_the_stop() {
        let bench = bench();
        for number in 0..20_u8 {
            let batch = (Op(u64::from(number)), meta(&format!("key {number}"), number));
            bench.workers.store(StoreJob::Append(vec![batch]));
        }
        let Bench { home, workers, answers } = bench;
        // Nobody waits for the answers any more.
        drop(answers);
        workers.stop();
        let store = Store::open(&home.path().join("store")).unwrap();
        assert_eq!(store.meta_value("key 19").unwrap(), Some(vec![19]));
    }

    #[test]
    fn a_panic_on_the_store_thread_ends_that_piece_of_work_only() {
        let mut bench = bench();
        let (job, result) = with_store(|_: &Store| -> u8 { panic!("planted") });
        bench.workers.store(job);
        assert!(result.blocking_recv().is_err());
        bench.workers.store(StoreJob::Append(vec![(Op(7), meta("key", 7))]));
        assert_eq!(bench.appended(), 7);
        assert_eq!(guarded(|| -> u8 { panic!("{}", "planted") }), Err("a bug: planted".into()));
    }

    #[test]
    fn steps_keep_their_order_and_each_has_its_answer() {
        let mut bench = bench();
        let content = Content::of(&[b'a'; 3]);
        bench.workers.steps(vec![
            (Op(1), replace("a.md", 3)),
            (Op(2), Step::Rename { from: path("a.md"), to: path("b.md"), expected: content }),
        ]);
        bench.workers.steps(vec![
            (Op(3), Step::Remove { path: path("b.md"), expected: content }),
            (Op(4), Step::Remove { path: path("b.md"), expected: content }),
        ]);
        let mut results = Vec::new();
        for _ in 0..4 {
            match bench.next() {
                Input::Stepped { op, result } => results.push((op.0, result.is_ok())),
                other => panic!("{other:?}"),
            }
        }
        assert_eq!(results, [(1, true), (2, true), (3, true), (4, false)]);
    }

    #[test]
    fn looks_scans_and_chunks_are_answered() {
        let mut bench = bench();
        std::fs::write(bench.home.path().join("notes/a.md"), "text").unwrap();
        bench.workers.read(ReadJob::Scan(Op(1)));
        match bench.next() {
            Input::Scanned { op: Op(1), result: Ok(walk) } => assert_eq!(walk.found.len(), 1),
            other => panic!("{other:?}"),
        }
        bench.workers.read(ReadJob::Look(Op(2), path("a.md")));
        match bench.next() {
            Input::Read { op: Op(2), observed: Observed::File(seen) } => {
                assert_eq!(seen.content, Content::of(b"text"));
            }
            other => panic!("{other:?}"),
        }
        let content = Content::of(b"text");
        bench.workers.shelf(ShelfJob::Outline(Op(3), Shelf::File(path("a.md")), content));
        match bench.next() {
            Input::Outlined { op: Op(3), result: Ok(outline) } => {
                assert_eq!(outline, [Some(content.hash)]);
            }
            other => panic!("{other:?}"),
        }
        bench.workers.shelf(ShelfJob::Put(Op(4), content, 0, b"text".to_vec()));
        match bench.next() {
            Input::ChunkPut { op: Op(4), result } => result.unwrap(),
            other => panic!("{other:?}"),
        }
        bench.workers.shelf(ShelfJob::Read(Op(5), path("gone.md"), content, 0));
        match bench.next() {
            Input::ChunkRead { op: Op(5), result } => assert!(result.is_err()),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_missing_marker_is_no_empty_folder() {
        let mut bench = bench();
        std::fs::remove_dir_all(bench.home.path().join("notes/.vault-sync")).unwrap();
        bench.workers.read(ReadJob::Scan(Op(1)));
        match bench.next() {
            Input::Scanned { result: Err(ScanError::Unmounted(_)), .. } => {}
            other => panic!("{other:?}"),
        }
        bench.workers.steps(vec![(Op(2), replace("a.md", 3))]);
        match bench.next() {
            Input::Stepped { result, .. } => assert!(result.is_err()),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_folder_that_is_only_wanted_is_empty_and_never_written() {
        let home = tempfile::tempdir().unwrap();
        let store = Store::open(&home.path().join("store")).unwrap();
        let ground = Ground::wanted(&home.path().join("notes"), VaultId([1; 16])).unwrap();
        let (tell, mut answers) = answers::channel(8);
        let workers = Workers::start(store, &ground, &tell).unwrap();
        workers.read(ReadJob::Scan(Op(1)));
        match answers.blocking_recv().unwrap() {
            Input::Scanned { result: Ok(walk), .. } => assert!(walk.found.is_empty()),
            other => panic!("{other:?}"),
        }
        workers.steps(vec![(Op(2), replace("a.md", 3))]);
        match answers.blocking_recv().unwrap() {
            Input::Stepped { result: Err(StepError::Problem(_)), .. } => {}
            other => panic!("{other:?}"),
        }
        assert!(!home.path().join("notes").exists());
        workers.stop();
    }

    #[test]
    fn a_batch_of_steps_ends_at_its_limits() {
        let queue = |sizes: &[usize]| -> VecDeque<(Op, Step)> {
            let step = |(n, size): (usize, &usize)| (Op(n as u64), replace("a", *size));
            sizes.iter().enumerate().map(step).collect()
        };
        for (sizes, first) in [
            (vec![STEPS_BYTES - 1, 1, 1], 2),
            (vec![STEPS_BYTES, 1], 1),
            (vec![STEPS_BYTES + 1, 1], 1),
            (vec![0; STEPS_LIMIT - 1], STEPS_LIMIT - 1),
            (vec![0; STEPS_LIMIT], STEPS_LIMIT),
            (vec![0; STEPS_LIMIT + 1], STEPS_LIMIT),
        ] {
            let mut queued = queue(&sizes);
            let (ops, steps) = next_batch(&mut queued);
            assert_eq!((ops.len(), steps.len()), (first, first));
            assert_eq!(queued.len(), sizes.len() - first);
        }
    }
}
