//! The engine itself: its state, and the round from one input to the effects that follow.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use super::brakes::HeldBack;
use super::cache::Cache;
use super::command::Command;
use super::commit::Commit;
use super::debounce::Debounce;
use super::echo::Echo;
use super::effect::{Effect, LinkId, Op};
use super::entry::Entry;
use super::fetches::Fetches;
use super::hollow::Hollow;
use super::index::Index;
use super::input::{Hint, Input};
use super::intake::Intake;
use super::leaving::Leaving;
use super::ledger::Ledger;
use super::link::Link;
use super::members::Members;
use super::pace::Pace;
use super::report::Report;
use super::shot::Shots;
use super::task::Task;
use super::texts::Texts;
use super::trade::Trade;
use super::trail::Trails;
use super::turns::{self, Turns};
use super::unfinished::Unfinished;
use super::{Config, Setup};
use crate::docs::{Author, Birth};
use crate::model::{
    Content, ContentHash, FileId, PeerId, Problem, Tick, VaultId, VaultPath, WallMs, Write,
};
use crate::wire::Lane;

/// A failed write to the store is tried again after this long.
const STORE_RETRY_MS: u64 = 2000;

/// A device that stops sends on what was edited just before, if that takes no longer than this; the
/// rest follows at the next start. Longer lets a person wait who asked for an end.
const FLUSH_MS: u64 = 1000;

/// A start waits no longer than this for files that keep changing.
const START_LIMIT_MS: u64 = 5000;

/// The path under which a failing store is listed among the problems.
const STORE_PROBLEM: &str = "";

/// What an answer is for.
#[derive(Debug)]
pub(super) enum Pending {
    /// The folder is walked.
    Scan,
    /// A path is looked at.
    Look(VaultPath),
    /// It is looked whether the place of an attachment takes part here.
    Probe(FileId, Content),
    /// A file's step is taken.
    Step(FileId, super::task::Taking),
    /// A folder nobody needs is taken away, or not.
    Prune,
    /// What lost a choice is copied beside its file.
    Copied(Box<super::keep::Copy>),
    /// A file's document is read.
    Load(FileId),
    /// A text is read for a file's work.
    Text(FileId, Content),
    /// A file's job runs.
    Job(FileId),
    /// A file's new state is made durable.
    Commit(Box<Commit>),
    /// The new states of files that changed places are made durable.
    Traded(Vec<Commit>),
    /// Something else is made durable.
    Kept(super::members::Kept),
    /// A file is read to be sent.
    SendFile(LinkId, FileId, Content, Lane),
    /// A text is read to be sent.
    SendText(LinkId, FileId, Lane),
    /// Packs are looked for, of texts to be sent.
    SendPacks(LinkId, Vec<(FileId, Content)>),
    /// What is already here of a content is outlined.
    PartOutline(ContentHash),
    /// A chunk is put in place.
    PutChunk(ContentHash, u32),
    /// A file is outlined for a peer.
    ServeOutline(LinkId, Content),
    /// A chunk is read for a peer.
    ServeChunk(LinkId, Content, u32),
    /// Texts that nobody needs are taken away.
    Texts,
    /// A text is read for a peer that asked for it by hash.
    ServeText(LinkId, Content, Option<u32>),
}

/// How far the start is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Stage {
    /// The folder is being looked at for the first time.
    Scanning,
    /// What changed while nothing ran is being made durable.
    TakingIn,
    /// Everything seen on the disk is durable: peers may be called.
    Ready,
}

/// Whether the engine is to end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stop {
    /// It goes on.
    No,
    /// It is to end, since then; what is pending is being made durable.
    Asked(Tick),
    /// It ended.
    Done,
}

/// The core: `handle` one input, then `poll` until `None`, then wait until `deadline`.
#[derive(Debug)]
pub struct Engine {
    pub(super) vault: VaultId,
    pub(super) me: PeerId,
    pub(super) name: String,
    pub(super) author: Author,
    pub(super) config: Config,
    pub(super) stay: bool,
    pub(super) now: Tick,
    pub(super) wall: WallMs,
    pub(super) index: Index,
    pub(super) debounce: Debounce,
    pub(super) pace: Pace,
    pub(super) echo: Echo,
    pub(super) unfinished: Unfinished,
    pub(super) intake: Intake,
    pub(super) hollow: Hollow,
    pub(super) leaving: Leaving,
    pub(super) texts: Texts,
    pub(super) tasks: BTreeMap<FileId, Task>,
    pub(super) turns: Turns,
    pub(super) cache: Cache,
    pub(super) trails: Trails,
    pub(super) links: BTreeMap<LinkId, Link>,
    pub(super) members: Members,
    pub(super) fetches: Fetches,
    /// Files whose content is not here and could not be asked for yet.
    pub(super) wanting: BTreeSet<FileId>,
    /// Contents that lost a choice and are being copied beside their file, by the copy's file.
    pub(super) saving: BTreeMap<ContentHash, FileId>,
    /// Files that changed places and are not durable there yet.
    pub(super) trades: Vec<Trade>,
    pub(super) shots: Shots,
    pub(super) problems: BTreeMap<String, Problem>,
    /// Files that the rules of this device leave out, or whose step must wait for a person.
    pub(super) held: BTreeSet<FileId>,
    pub(super) ledger: Ledger,
    pub(super) stage: Stage,
    started: Tick,
    pub(super) stop: Stop,
    pub(super) pending: BTreeMap<Op, Pending>,
    retries: BTreeSet<(Tick, FileId)>,
    failed_appends: Vec<(Tick, Op, Arc<[Write]>)>,
    appending: BTreeMap<Op, Arc<[Write]>>,
    next_op: u64,
    out: VecDeque<Effect>,
}

impl Engine {
    /// Starts from what the store holds; asks for a scan at once. Records that cannot be read are
    /// left out and reported: the folder or a peer brings the file back.
    pub fn new(now: Tick, setup: Setup) -> Self {
        let Setup { vault, me, name, life, config, files, peers, meta, ledger, wall, .. } = setup;
        let held_back = HeldBack::read(&meta);
        let mut engine = Self {
            vault,
            me,
            author: Author::new(me, life),
            debounce: Debounce::new(config.first_ms, config.quiet_ms, config.max_ms),
            pace: Pace::default(),
            echo: Echo::default(),
            unfinished: Unfinished::new(config.max_ms),
            intake: Intake::new(config.rescan_ms, config.max_ms, held_back.gone),
            hollow: Hollow::new(held_back.emptied),
            leaving: Leaving::new(config.quiet_ms, config.max_ms, held_back.removals),
            texts: Texts::new(now, config.text_round_ms, &meta),
            cache: Cache::new(config.cache_documents, config.cache_bytes),
            trails: Trails::new(),
            members: Members::new(me, &name, peers, &meta),
            name,
            config,
            stay: setup.stay_connected,
            now,
            wall,
            index: Index::default(),
            tasks: BTreeMap::new(),
            turns: Turns::default(),
            links: BTreeMap::new(),
            fetches: Fetches::default(),
            wanting: BTreeSet::new(),
            saving: BTreeMap::new(),
            trades: Vec::new(),
            shots: Shots::default(),
            problems: BTreeMap::new(),
            held: BTreeSet::new(),
            ledger: Ledger::read(ledger),
            stage: Stage::Scanning,
            started: now,
            stop: Stop::No,
            pending: BTreeMap::new(),
            retries: BTreeSet::new(),
            failed_appends: Vec::new(),
            appending: BTreeMap::new(),
            next_op: 0,
            out: VecDeque::new(),
        };
        for id in files.unreadable {
            engine.problem(Problem {
                path: id.to_string(),
                kind: crate::model::ProblemKind::Damaged,
                message: "its record in the store cannot be read".into(),
            });
        }
        let (index, apart) = Index::load(files.files);
        engine.index = index;
        for (id, entry) in apart {
            let rival = engine.index.rival_of(&id, &entry);
            engine.index.put(id, *entry);
            if let Some(rival) = rival {
                engine.contest(id, rival);
            }
        }
        engine.intake.fresh = engine.index.len() == 0;
        engine.start_scan();
        engine
    }

    /// Takes one input. Never call it twice without draining [`Engine::poll`] in between.
    pub fn handle(&mut self, now: Tick, input: Input) {
        debug_assert!(self.out.is_empty(), "the effects of the last input are drained first");
        self.now = self.now.max(now);
        self.take(input);
        self.turn();
    }

    fn take(&mut self, input: Input) {
        match input {
            Input::Wake => {}
            Input::Hint(hints) => {
                for hint in hints {
                    match hint {
                        Hint::Path(path) => self.on_hint(path, false),
                        Hint::Writing(path) => {
                            self.unfinished.begun(self.now, &path);
                            self.on_hint(path, false);
                        }
                        Hint::Whole(path) => {
                            self.unfinished.done(&path);
                            self.on_hint(path, true);
                        }
                        Hint::Everything => self.intake.ask_for_scan(),
                    }
                }
            }
            Input::Command(Command::WallClock(wall)) => self.wall = wall,
            Input::Command(command) => self.on_command(command),
            Input::LinkUp { link, peer, dialled } => self.on_link_up(link, peer, dialled),
            Input::LinkDown { link, reason } => self.on_link_down(link, &reason),
            Input::DialFailed { peer, reason } => self.on_dial_failed(peer, &reason),
            Input::Message { link, lane, message, wire_bytes } => {
                self.on_message(link, lane, message, wire_bytes);
            }
            Input::Sent { link, lane, wire_bytes } => self.on_sent(link, lane, wire_bytes),
            Input::Scanned { op, result } => {
                if self.pending.remove(&op).is_some() {
                    self.on_scanned(result);
                }
            }
            Input::Read { op, observed } => match self.pending.remove(&op) {
                Some(Pending::Look(path)) => self.on_looked(path, observed),
                Some(Pending::Probe(id, content)) => self.on_probed(id, content, &observed),
                other => debug_assert!(other.is_none()),
            },
            Input::Stepped { op, result } => match self.pending.remove(&op) {
                Some(Pending::Step(id, taking)) => self.on_stepped(id, taking, result),
                Some(Pending::Copied(copy)) => self.on_copied(*copy, result),
                other => debug_assert!(matches!(other, Some(Pending::Prune) | None)),
            },
            Input::Outlined { op, result } => match self.pending.remove(&op) {
                Some(Pending::PartOutline(hash)) => self.on_part_outline(hash, result),
                Some(Pending::ServeOutline(link, content)) => {
                    self.serve_outlined(link, content, result);
                }
                other => debug_assert!(other.is_none(), "an outline answers an outline"),
            },
            Input::ChunkRead { op, result } => match self.pending.remove(&op) {
                Some(Pending::ServeChunk(link, content, index)) => {
                    self.serve_chunk_read(link, content, index, result);
                }
                Some(Pending::SendFile(link, id, content, lane)) => {
                    self.on_send_file(link, id, content, lane, result);
                }
                other => debug_assert!(other.is_none(), "a chunk answers a chunk"),
            },
            Input::ChunkPut { op, result } => {
                if let Some(Pending::PutChunk(hash, index)) = self.pending.remove(&op) {
                    self.on_chunk_put(hash, index, result);
                }
            }
            Input::Loaded { op, result } => {
                if let Some(Pending::Load(id)) = self.pending.remove(&op) {
                    self.on_loaded(id, result);
                }
            }
            Input::TextLoaded { op, result } => {
                let text = result.ok().flatten();
                match self.pending.remove(&op) {
                    Some(Pending::Text(id, content)) => self.on_text(id, content, text),
                    Some(Pending::SendText(link, id, lane)) => {
                        self.on_send_text(link, id, lane, text);
                    }
                    Some(Pending::ServeText(link, content, index)) => {
                        self.serve_text(link, content, index, text);
                    }
                    other => debug_assert!(other.is_none(), "a text answers a text"),
                }
            }
            Input::PacksLoaded { op, result } => {
                if let Some(Pending::SendPacks(link, files)) = self.pending.remove(&op) {
                    // A store that fails says so when it is next written to; the folder has the files.
                    self.on_packs(link, &files, result.unwrap_or_default());
                }
            }
            Input::Computed { op, result } => {
                if let Some(Pending::Job(id)) = self.pending.remove(&op) {
                    self.on_computed(id, result);
                }
            }
            Input::Appended { op, result } => self.on_appended(op, result),
            Input::TextsKept { op, result } => {
                if self.pending.remove(&op).is_some() {
                    self.on_texts_kept(result);
                }
            }
        }
    }

    fn on_appended(&mut self, op: Op, result: Result<(), String>) {
        let Some(writes) = self.appending.remove(&op) else {
            return;
        };
        if let Err(message) = result {
            self.problem(Problem {
                path: STORE_PROBLEM.to_owned(),
                kind: crate::model::ProblemKind::DiskFull,
                message: format!("the store cannot be written: {message}"),
            });
            self.failed_appends.push((self.now.plus_ms(STORE_RETRY_MS), op, writes));
            return;
        }
        self.solved(STORE_PROBLEM);
        match self.pending.remove(&op) {
            Some(Pending::Commit(commit)) => self.on_committed(*commit),
            Some(Pending::Traded(commits)) => self.on_traded(commits),
            Some(Pending::Kept(kept)) => self.on_kept(&kept),
            other => debug_assert!(other.is_none(), "an append answers an append"),
        }
    }

    /// Everything that follows from the new state, until nothing more does.
    fn turn(&mut self) {
        self.retry_appends();
        self.retry_tasks();
        self.turn_intake();
        self.turn_leaving();
        self.turn_tasks();
        self.turn_start();
        self.turn_members();
        self.turn_links();
        self.turn_progress();
        self.turn_shots();
        // Ending a one-shot or a link may have woken files.
        self.turn_tasks();
        self.turn_texts();
        self.turn_stop();
    }

    fn retry_appends(&mut self) {
        let now = self.now;
        let (due, later): (Vec<_>, Vec<_>) =
            std::mem::take(&mut self.failed_appends).into_iter().partition(|it| it.0 <= now);
        self.failed_appends = later;
        for (_, op, writes) in due {
            self.appending.insert(op, Arc::clone(&writes));
            self.out.push_back(Effect::Append { op, writes });
        }
    }

    fn retry_tasks(&mut self) {
        while let Some(&(due, id)) = self.retries.first() {
            if due > self.now {
                break;
            }
            self.retries.pop_first();
            if let Some(task) = self.tasks.get_mut(&id) {
                // An earlier wait than the one that counts now.
                if task.blocked && task.ask_again.is_some_and(|again| due < again) {
                    continue;
                }
                task.waiting = false;
            }
            self.wake(id);
        }
    }

    fn turn_tasks(&mut self) {
        while let Some(id) = self.turns.next() {
            self.advance(id);
        }
        // Looking may have waited for the line to become shorter.
        self.look_on();
    }

    fn turn_start(&mut self) {
        // What is written without end is taken in whenever it pauses; nobody waits for it.
        let late = self.now >= self.started.plus_ms(START_LIMIT_MS);
        let all = self.taken_in() || (late && self.taken_in_but_hints());
        if self.stage == Stage::TakingIn && all {
            self.stage = Stage::Ready;
            self.intake.fresh = false;
            let (digest, files) = (self.index.digest(), self.index.files());
            self.report(Report::Ready { digest, files });
            self.greet_accepted();
        }
    }

    fn turn_stop(&mut self) {
        let Stop::Asked(since) = self.stop else {
            return;
        };
        let open = self.pending.values().any(|pending| {
            matches!(
                pending,
                Pending::Look(_)
                    | Pending::Probe(..)
                    | Pending::Commit(_)
                    | Pending::Traded(_)
                    | Pending::Step(..)
                    | Pending::Copied(_)
                    | Pending::Job(_)
                    | Pending::Load(_)
                    | Pending::Text(..)
                    | Pending::Texts
            )
        });
        let quiet = !open && self.intake_idle() && self.debounce.len() == 0;
        if quiet && self.links.is_empty() {
            self.stop = Stop::Done;
            self.report(Report::Stopped);
        }
        let late = self.now >= since.plus_ms(FLUSH_MS);
        if quiet || late {
            self.close_links(late);
        }
    }

    /// The next thing that must happen; `None` when there is nothing more for now.
    pub fn poll(&mut self) -> Option<Effect> {
        self.out.pop_front()
    }

    /// When to call [`Engine::handle`] with [`Input::Wake`], if nothing else happens before.
    pub fn deadline(&self) -> Option<Tick> {
        [
            self.debounce.deadline().filter(|_| self.intake.between_batches()),
            self.intake.deadline(&self.hollow),
            self.leaving.deadline(),
            self.texts.deadline(self.now),
            self.retries.first().map(|(due, _)| *due),
            self.failed_appends.iter().map(|it| it.0).min(),
            self.members_deadline(),
            self.links.values().filter_map(super::link::Link::deadline).min(),
            self.flush_deadline(),
            self.silence_deadline(),
            self.spread_deadline(),
        ]
        .into_iter()
        .flatten()
        .min()
    }

    fn flush_deadline(&self) -> Option<Tick> {
        let Stop::Asked(since) = self.stop else { return None };
        Some(since.plus_ms(FLUSH_MS)).filter(|due| *due > self.now)
    }

    /// Whether nothing new may be begun.
    pub(super) fn stopping(&self) -> bool {
        self.stop != Stop::No
    }

    // What every part of the engine uses.

    pub(super) fn op(&mut self, pending: Pending) -> Op {
        let op = Op(self.next_op);
        self.next_op += 1;
        self.pending.insert(op, pending);
        op
    }

    pub(super) fn emit(&mut self, effect: Effect) {
        self.out.push_back(effect);
    }

    pub(super) fn append(&mut self, writes: Vec<Write>, pending: Pending) {
        let writes: Arc<[Write]> = writes.into();
        let op = self.op(pending);
        self.appending.insert(op, Arc::clone(&writes));
        self.emit(Effect::Append { op, writes });
    }

    /// Whether nothing is on its way into the store.
    pub(super) fn appends_done(&self) -> bool {
        self.appending.is_empty() && self.failed_appends.is_empty()
    }

    pub(super) fn report(&mut self, report: Report) {
        self.emit(Effect::Report(report));
    }

    pub(super) fn problem(&mut self, problem: Problem) {
        if self.problems.get(&problem.path) != Some(&problem) {
            self.problems.insert(problem.path.clone(), problem.clone());
            self.report(Report::Problem(problem));
        }
    }

    pub(super) fn solved(&mut self, path: &str) {
        if let Some(mut problem) = self.problems.remove(path) {
            problem.message.clear();
            self.report(Report::Problem(problem));
        }
    }

    pub(super) fn birth_of(&self, entry: &Entry) -> Birth {
        Birth { vault: self.vault, path: entry.birth.clone(), generation: entry.generation }
    }

    /// Puts a file in line for work.
    pub(super) fn wake(&mut self, id: FileId) {
        let task = self.tasks.get(&id);
        let begun =
            task.is_some_and(|it| !it.disk.is_empty() || it.bytes.is_some() || it.part.is_some());
        let coming = task.and_then(|it| it.incoming.front()).map(|it| it.delivery.mtime_ms);
        let seen = task.and_then(|it| it.disk.front()).and_then(|(disk, _)| disk.mtime_ms());
        let known = self.index.get(&id).map(|entry| entry.mtime_ms);
        let stage = if begun { turns::Stage::Begun } else { turns::Stage::New };
        let mtime_ms = std::cmp::Reverse(coming.max(seen).max(known).unwrap_or(0));
        self.turns.push(id, turns::Rank { stage, mtime_ms });
    }

    /// Lets a file rest for `ms` milliseconds, then puts it in line.
    pub(super) fn wake_after(&mut self, id: FileId, ms: u64) {
        self.retries.insert((self.now.plus_ms(ms), id));
    }

    /// Whether anything is under way that may still change the vault or its folder.
    pub(super) fn working(&self) -> bool {
        self.stage < Stage::Ready
            || self.tasks.values().any(|task| !task.blocked)
            || !self.fetches.is_empty()
            || !self.intake_idle()
            || self.debounce.len() > 0
    }
}
