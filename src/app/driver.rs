//! The one loop: inputs to the engine, its effects to the adapters, answers back.
//!
//! - Shape: take one input, hand it to the engine, drain every effect, carry them out, wait for the
//!   next input or the engine's deadline. The loop itself never blocks: whatever does is on a thread
//!   of [`super::workers`], in [`super::post`], or a job of its own.
//! - Bounds: answers are as many as the engine asked for; while [`OUTSTANDING_LIMIT`] are missing,
//!   nothing is taken from peers or the watcher.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;
use std::time::Instant;

use serde_json::Value;
use tokio::sync::{broadcast, mpsc, oneshot};
use tracing::trace_span;

use super::CHART;
use super::answer::{BudgetState, Metrics};
use super::clock::{Clock, WALL_STEP_MS, wall};
use super::event::{Start, of_budget, of_report};
use super::hints::Hints;
use super::meter::{Around, Beginning, Meter, Station};
use super::post::{Arrival, Post};
use super::workers::{Answers, ReadJob, ShelfJob, StoreJob, Workers, guarded};
use crate::engine::{
    Command, DialError, Effect, Engine, Hint, Input, Op, Report, ShotId, ShotResult, Status,
};
use crate::model::{CHUNK_BYTES, PeerId, Problem, Step, Tick, WallMs, Write};

/// While this many answers are missing, nothing new is taken from outside. Above what a scan of a
/// folder asks for at once, so that only a real jam stops the outside.
pub(crate) const OUTSTANDING_LIMIT: u64 = 16_384;
/// Groups of answers that wait for the loop; worker threads wait when it is full.
pub(crate) const ANSWERS_LIMIT: usize = 1024;
/// Decoded messages that wait for the loop; each may hold a few MiB.
pub(crate) const INBOX_LIMIT: usize = 16;
/// Requests that wait for the loop.
pub(crate) const ASKS_LIMIT: usize = 64;
/// News kept for a listener that is slow; after that it misses some and is told so.
pub(crate) const NEWS_LIMIT: usize = 16_384;
/// After this many answers in a row what they led to is handed over, even when more are there.
const GATHER_LIMIT: usize = 512;
/// Progress is told at most this often, in milliseconds; a person sees no more.
const PROGRESS_MS: u64 = 50;

/// One report, with its event for those who print it.
#[derive(Debug)]
pub(crate) struct News {
    /// What the engine said; `None` when this process tells something of itself.
    pub(crate) report: Option<Report>,
    /// The same as JSON.
    pub(crate) event: Option<Arc<Value>>,
}

/// What can be asked of the driver.
#[derive(Debug)]
pub(crate) enum Ask {
    /// Hand this to the engine.
    Command(Command),
    /// The same for a one-shot; its end goes to `done`.
    Shot {
        /// As in the command.
        shot: ShotId,
        /// Starts it.
        command: Command,
        /// Gets the result, and what concerns single files at that moment.
        done: oneshot::Sender<(ShotResult, Vec<Problem>)>,
    },
    /// The engine's figures.
    Status(oneshot::Sender<Status>),
    /// What is measured; `None` when nothing is.
    Metrics(oneshot::Sender<Option<Metrics>>),
    /// Work for the store's thread.
    Store(StoreJob),
}

/// How the loop ended.
#[derive(Debug)]
pub(crate) enum End {
    /// Everything is durable and every link closed.
    Stopped,
    /// The store failed; the text says how.
    StoreFailed(String),
    /// The folder of a vault that was joined could not be made.
    NoGround(super::Error),
}

/// Makes the folder of a vault that is being joined, once the inviter accepted.
pub(crate) type Gate = Box<dyn FnOnce() -> Result<(), super::Error> + Send>;

/// What follows the end of a one-shot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum After {
    /// Whatever else there is to do.
    More,
    /// Nothing, for it was only to be said what would happen.
    Nothing,
}

/// When the folder is first looked through.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scans {
    /// When the engine asks for it.
    AtOnce,
    /// Once the one-shot was asked for: what is done with what is found depends on it (only to say
    /// so, or to let a mass deletion pass).
    AfterShot,
}

/// Everything the loop needs.
#[derive(Debug)]
pub(crate) struct Parts {
    /// The core, fresh.
    pub(crate) engine: Engine,
    /// Zero is the start of the process.
    pub(crate) clock: Clock,
    /// The time of day that the engine was made with.
    pub(crate) wall: WallMs,
    /// The threads.
    pub(crate) workers: Workers,
    /// Their answers.
    pub(crate) answers: (Answers, mpsc::Receiver<Vec<Input>>),
    /// The way to peers, and what comes from them; `None` when nobody is to be met.
    pub(crate) peers: Option<(Post, mpsc::Receiver<Arrival>)>,
    /// What the watcher saw.
    pub(crate) hints: Arc<Hints>,
    /// Requests.
    pub(crate) asks: mpsc::Receiver<Ask>,
    /// Listeners.
    pub(crate) news: broadcast::Sender<Arc<News>>,
    /// What `ready` tells beside the engine's figures.
    pub(crate) start: Start,
    /// What follows the end of a one-shot.
    pub(crate) after: After,
    /// When the folder is first looked through.
    pub(crate) scans: Scans,
    /// Whether the process goes on after the loop: then what the engine knows is freed.
    pub(crate) goes_on: bool,
    /// What is measured, if anything is.
    pub(crate) meter: Option<Beginning>,
    /// This device.
    pub(crate) me: PeerId,
}

/// The loop.
pub(crate) struct Driver {
    parts: Parts,
    told_wall: WallMs,
    gate: Option<Gate>,
    /// Scans that wait for the one-shot they are for.
    held_scans: Vec<Op>,
    /// What was asked for and is not handed over yet.
    batch: Batch,
    /// Inputs that are next.
    own: VecDeque<Input>,
    outstanding: u64,
    /// Long jobs under way.
    long: BTreeSet<Op>,
    shots: BTreeMap<ShotId, oneshot::Sender<(ShotResult, Vec<Problem>)>>,
    progress_told: Option<Tick>,
    meter: Option<Box<Meter>>,
    end: Option<End>,
}

/// What was asked for in a row and is carried out together.
#[derive(Debug, Default)]
struct Batch {
    appends: Vec<(Op, Arc<[Write]>)>,
    steps: Vec<(Op, Step)>,
}

/// What woke the loop.
enum Next {
    Answers(Vec<Input>),
    Peer(Arrival),
    Folder(Vec<Hint>, Option<Instant>),
    Ask(Ask),
    Deadline,
}

impl Driver {
    /// A loop that has not begun. The `gate` opens when a vault was joined.
    pub(crate) fn new(parts: Parts, gate: Option<Gate>) -> Self {
        Self {
            told_wall: parts.wall,
            meter: parts.meter.map(|it| Box::new(Meter::new(parts.clock.began(), it))),
            parts,
            gate,
            held_scans: Vec::new(),
            batch: Batch::default(),
            own: VecDeque::new(),
            outstanding: 0,
            long: BTreeSet::new(),
            shots: BTreeMap::new(),
            progress_told: None,
            end: None,
        }
    }

    /// Runs until the engine stopped; gives the threads back to be ended.
    pub(crate) async fn run(mut self) -> (End, Workers) {
        self.carry_out();
        let mut gathered = 0;
        while self.end.is_none() {
            if let Some(input) = self.own.pop_front() {
                self.feed(input);
                continue;
            }
            // What many answers lead to is handed over together, if they are there already.
            if gathered < GATHER_LIMIT
                && let Ok(inputs) = self.parts.answers.1.try_recv()
            {
                gathered += inputs.len();
                self.answered(inputs);
                continue;
            }
            gathered = 0;
            self.hand_over();
            match self.next().await {
                Next::Answers(inputs) => self.answered(inputs),
                Next::Peer(Arrival { since, input }) => {
                    if matches!(input, Input::Message { .. }) {
                        self.measure(|now, meter| meter.took(now, Station::Receive, since));
                    }
                    self.feed(input);
                }
                Next::Folder(hints, since) => {
                    self.measure(|now, meter| meter.hinted(now, &hints, since));
                    self.feed(Input::Hint(hints));
                }
                Next::Ask(ask) => self.ask(ask),
                Next::Deadline => self.feed(Input::Wake),
            }
        }
        if self.parts.after == After::More {
            // What the last inputs led to is carried out, although nobody waits for the answers.
            self.hand_over();
        }
        let end = self.end.take().expect("the loop ends with an end");
        let Parts { engine, workers, goes_on, .. } = self.parts;
        if goes_on {
            let_go(engine);
        } else {
            // The system takes it back more quickly than it is freed file by file.
            std::mem::forget(engine);
        }
        (end, workers)
    }

    /// Waits for whatever comes first.
    async fn next(&mut self) -> Next {
        let deadline = self.parts.engine.deadline();
        let until = deadline.map(|tick| self.parts.clock.moment(tick));
        let room = self.outstanding < OUTSTANDING_LIMIT;
        let Parts { answers, peers, hints, asks, .. } = &mut self.parts;
        let inbox = async {
            match peers {
                Some((_, inbox)) => inbox.recv().await,
                None => None,
            }
        };
        let timer = async {
            match until {
                Some(until) => tokio::time::sleep_until(until.into()).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            Some(inputs) = answers.1.recv() => Next::Answers(inputs),
            Some(arrival) = inbox, if room => Next::Peer(arrival),
            (hints, since) = hints.take_timed(), if room => Next::Folder(hints, since),
            Some(ask) = asks.recv() => Next::Ask(ask),
            () = timer => Next::Deadline,
        }
    }

    /// Hands one input to the engine, the time of day first when it moved, and carries out what
    /// comes of each.
    fn feed(&mut self, input: Input) {
        let wall = wall();
        if (wall.0 - self.told_wall.0).abs() >= WALL_STEP_MS {
            self.told_wall = wall;
            let now = self.parts.clock.now();
            let clock = Input::Command(Command::WallClock(wall));
            self.parts.engine.handle(now, clock);
            self.carry_out();
        }
        tracing::trace!(input = %Word(&input), "in");
        let _chart = trace_span!(target: CHART, "engine", input = %Word(&input)).entered();
        self.measure(|now, meter| meter.input(now, &input));
        self.parts.engine.handle(self.parts.clock.now(), input);
        self.carry_out();
        self.look_at_memory();
    }

    /// Has something noted, if anything is measured. Never inlined, so that a profile shows by this one
    /// name what measuring costs (see `benches/README.md`).
    #[inline(never)]
    fn measure<T>(&mut self, note: impl FnOnce(Instant, &mut Meter) -> T) -> Option<T> {
        self.meter.as_mut().map(|meter| note(Instant::now(), meter))
    }

    fn look_at_memory(&mut self) {
        let outstanding = self.outstanding;
        let due = self.measure(|now, meter| {
            meter.outstanding(now, outstanding);
            meter.memory_due(now)
        });
        if due == Some(true) {
            let (bytes, files) =
                (super::memory::resident_bytes(), self.parts.engine.status().files);
            let turned = self.measure(|now, meter| meter.memory(now, bytes, files));
            self.tell_budget(turned.flatten());
        }
    }

    /// Tells that a budget is over, or no longer is.
    fn tell_budget(&self, turned: Option<BudgetState>) {
        if let Some(state) = turned {
            let event = Some(Arc::new(of_budget(wall(), &state)));
            // Without receiver nobody listens at the moment.
            self.parts.news.send(Arc::new(News { report: None, event })).ok();
        }
    }

    fn metrics(&self) -> Option<Metrics> {
        let around = Around {
            me: self.parts.me,
            commits: self.parts.workers.commits(),
            memory_bytes: super::memory::resident_bytes(),
        };
        let status = self.parts.engine.status();
        self.meter.as_ref().map(|meter| meter.metrics(Instant::now(), &status, around))
    }

    fn ask(&mut self, ask: Ask) {
        match ask {
            Ask::Command(Command::Stop) if self.parts.after == After::Nothing => {
                self.end = Some(End::Stopped);
            }
            Ask::Command(command) => {
                let stops = command == Command::Stop;
                if stops {
                    // What was saved before the stop is taken in before it.
                    let hints = self.parts.hints.take_now();
                    self.feed(Input::Hint(hints));
                }
                self.feed(Input::Command(command));
                if stops {
                    self.release_scans();
                }
            }
            Ask::Shot { shot, command, done } => {
                self.shots.insert(shot, done);
                self.feed(Input::Command(command));
                self.release_scans();
            }
            // Without receiver nobody waits for the figures any more.
            Ask::Status(reply) => {
                reply.send(self.parts.engine.status()).ok();
            }
            Ask::Metrics(reply) => {
                reply.send(self.metrics()).ok();
            }
            Ask::Store(job) => {
                self.hand_over();
                self.parts.workers.store(job);
            }
        }
    }

    fn release_scans(&mut self) {
        self.parts.scans = Scans::AtOnce;
        for op in std::mem::take(&mut self.held_scans) {
            self.parts.workers.read(ReadJob::Scan(op));
        }
    }

    fn answered(&mut self, inputs: Vec<Input>) {
        self.outstanding = self.outstanding.saturating_sub(inputs.len() as u64);
        for input in &inputs {
            if let Input::Computed { op, .. } = input {
                self.long.remove(op);
            }
        }
        self.own.extend(inputs);
    }

    /// Drains the engine. Appends and steps are gathered, so that each kind becomes one batch.
    fn carry_out(&mut self) {
        let over = |driver: &Self| driver.end.is_some() && driver.parts.after == After::Nothing;
        while !over(self)
            && let Some(effect) = self.parts.engine.poll()
        {
            tracing::trace!(effect = %Word(&effect), "out");
            self.measure(|now, meter| meter.effect(now, &effect));
            self.carry_out_one(effect);
        }
    }

    /// Hands what was gathered to its threads.
    fn hand_over(&mut self) {
        let Batch { appends, steps } = std::mem::take(&mut self.batch);
        if !appends.is_empty() {
            self.parts.workers.store(StoreJob::Append(appends));
        }
        if !steps.is_empty() {
            self.parts.workers.steps(steps);
        }
    }

    fn carry_out_one(&mut self, effect: Effect) {
        if matches!(
            effect,
            Effect::Load { .. } | Effect::LoadText { .. } | Effect::KeepTexts { .. }
        ) {
            // They see every append asked for before them.
            self.hand_over();
        }
        let workers = &self.parts.workers;
        match effect {
            Effect::Report(report) => return self.report(report),
            Effect::Dial { peer, addresses } => return self.dial(peer, &addresses),
            Effect::Send { link, lane, message } => {
                return self.with_post(|post| post.send(link, lane, message));
            }
            Effect::Close { link } => return self.with_post(|post| post.close(link)),
            Effect::Append { op, writes } => self.batch.appends.push((op, writes)),
            Effect::Step { op, step } => self.batch.steps.push((op, step)),
            Effect::Scan { op } if self.parts.scans == Scans::AfterShot => self.held_scans.push(op),
            Effect::Scan { op } => workers.read(ReadJob::Scan(op)),
            Effect::Read { op, path, writer } => workers.read(ReadJob::Look(op, path, writer)),
            Effect::Outline { op, from, content } => {
                workers.shelf(ShelfJob::Outline(op, from, content));
            }
            // Small ones do not wait behind large ones.
            Effect::ReadChunk { op, path, content, index: 0 } if content.size <= CHUNK_BYTES => {
                workers.read(ReadJob::Small(op, path, content));
            }
            Effect::ReadChunk { op, path, content, index } => {
                workers.shelf(ShelfJob::Read(op, path, content, index));
            }
            Effect::PutChunk { op, content, index, bytes } => {
                workers.shelf(ShelfJob::Put(op, content, index, bytes));
            }
            Effect::Load { op, id } => workers.store(StoreJob::Load(op, id)),
            Effect::LoadPacks { op, texts, known } => {
                workers.store(StoreJob::LoadPacks(op, texts, known));
            }
            Effect::LoadText { op, hash } => workers.store(StoreJob::LoadText(op, hash)),
            Effect::KeepTexts { op, keep } => workers.store(StoreJob::KeepTexts(op, keep)),
            // Neither is the loop held up by many small ones, nor a small one by long ones.
            Effect::Compute { op, job }
                if job.is_small() && (self.is_alone() || !self.long.is_empty()) =>
            {
                let _chart = trace_span!(target: CHART, "small document").entered();
                let result = guarded(|| Box::new(job.run()));
                self.own.push_back(Input::Computed { op, result });
                return;
            }
            Effect::Compute { op, job } => {
                if !job.is_small() {
                    self.long.insert(op);
                }
                workers.document(op, job);
            }
        }
        self.outstanding += 1;
    }

    /// Whether nothing else waits for the loop, and nothing else was asked for.
    fn is_alone(&self) -> bool {
        self.own.is_empty() && self.outstanding == 0 && self.parts.answers.1.is_empty()
    }

    fn with_post(&self, act: impl FnOnce(&Post)) {
        // Without a way to peers there are no links, so there is nothing to send to.
        if let Some((post, _)) = &self.parts.peers {
            act(post);
        }
    }

    fn dial(&mut self, peer: PeerId, addresses: &[String]) {
        match &self.parts.peers {
            Some((post, _)) => post.dial(peer, addresses),
            None => self.own.push_back(Input::DialFailed {
                peer,
                reason: DialError::Unreachable("nobody is to be met now".to_owned()),
            }),
        }
    }

    /// Tells those who listen, and acts on what concerns the loop.
    fn report(&mut self, report: Report) {
        let turned = self.measure(|now, meter| meter.report(now, &report));
        self.tell_budget(turned.flatten());
        match &report {
            Report::Paired(..) => self.open_gate(),
            Report::Stopped => self.end = self.end.take().or(Some(End::Stopped)),
            Report::Failed(text) => {
                self.end = self.end.take().or_else(|| Some(End::StoreFailed(text.clone())));
            }
            Report::Progress { done, total, .. } => {
                let now = self.parts.clock.now();
                let early = |told: Tick| now.since_ms(told) < PROGRESS_MS;
                if done != total && self.progress_told.is_some_and(early) {
                    return;
                }
                self.progress_told = Some(now);
            }
            Report::Ready { .. }
            | Report::PeerConnected(_)
            | Report::PeerDisconnected(..)
            | Report::PeerRefused(..)
            | Report::TakenIn { .. }
            | Report::Sent { .. }
            | Report::Written { .. }
            | Report::Renamed { .. }
            | Report::Deleted { .. }
            | Report::Merged(_)
            | Report::Conflict(..)
            | Report::InSync(..)
            | Report::HeldBack { .. }
            | Report::Problem(_)
            | Report::Brake { .. }
            | Report::Done(..) => {}
        }
        if let Report::Done(shot, result) = report {
            if let Some(done) = self.shots.remove(&shot) {
                // Without receiver the asker went away.
                done.send((*result, self.parts.engine.status().problems)).ok();
            }
            if self.parts.after == After::Nothing {
                self.end = self.end.take().or(Some(End::Stopped));
            }
            return;
        }
        let mut others = 0;
        if let Report::Ready { .. } = report {
            self.parts.start.startup_ms = self.parts.clock.now().0;
            if let Some((post, _)) = &self.parts.peers {
                self.parts.start.addresses = post.addresses();
            }
            others = self.parts.engine.status().peers.len();
        }
        let event = of_report(wall(), &report, &self.parts.start, others).map(Arc::new);
        // Without receiver nobody listens at the moment.
        self.parts.news.send(Arc::new(News { report: Some(report), event })).ok();
    }

    /// The inviter accepted: now the folder becomes a vault, before anything is put into it.
    fn open_gate(&mut self) {
        let Some(gate) = self.gate.take() else {
            return;
        };
        if let Err(error) = gate() {
            self.end = Some(End::NoGround(error));
        }
    }
}

/// Frees the memory of an engine, which takes its time when there are many files, without anybody
/// waiting for it: what was to be kept is in the store.
fn let_go(engine: Engine) {
    let thread = std::thread::Builder::new().name("end".to_owned());
    // Without a thread it is freed here and now, with the closure.
    thread.spawn(move || drop(engine)).ok();
}

/// The name of a value's variant and no more of it: texts of the user and secrets are not logged.
struct Word<'a, T>(&'a T);

impl<T: std::fmt::Debug> std::fmt::Display for Word<'_, T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&first_word(self.0))
    }
}

fn first_word(value: &impl std::fmt::Debug) -> String {
    struct Head(String);
    impl std::fmt::Write for Head {
        fn write_str(&mut self, text: &str) -> std::fmt::Result {
            let word = text.find(|c: char| !c.is_alphanumeric());
            self.0.push_str(&text[..word.unwrap_or(text.len())]);
            if word.is_some() { Err(std::fmt::Error) } else { Ok(()) }
        }
    }
    let mut head = Head(String::new());
    // Ends with an error as soon as there is a whole word.
    std::fmt::Write::write_fmt(&mut head, format_args!("{value:?}")).ok();
    head.0
}
