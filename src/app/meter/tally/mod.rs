//! Takes note of what passes through the driver.
//!
//! - Bulk: while more than [`BULK_ANSWERS`] answers are missing, and [`BULK_REST`] after that, edits and
//!   changes wait for each other. Such times are counted, but no budget of one edit is judged by them.

use std::collections::{BTreeMap, VecDeque};
use std::time::{Duration, Instant};

use super::budget::{Budget, Budgets};
use super::shape::{BudgetState, FileCounts, Metrics, PeerTraffic, Traffic};
use super::slots::{Slots, number};
use super::station::{Station, Times, micros};
use crate::app::answer::{Cache, VERSION};
use crate::app::clock::rfc3339;
use crate::engine::{Effect, Hint, Input, LinkId, Op, Report, Status};
use crate::model::{PeerId, VaultPath, WallMs};
use crate::wire::Lane;

/// More missing answers than one person's edits lead to.
const BULK_ANSWERS: u64 = 64;
/// For so long the last of many may still come in.
const BULK_REST: Duration = Duration::from_secs(1);
/// A path that was not looked at, or not sent, for this long rests or waits for a peer: no time of
/// the edit path.
const STALE: Duration = Duration::from_mins(1);
/// Pause between two looks at the resident memory. Nothing wakes for it: it is looked at when
/// something else happens.
const MEMORY_PAUSE: Duration = Duration::from_mins(1);
/// Most devices whose bytes are counted apart, strangers included; the sums count all.
const PEERS_LIMIT: usize = 1024;

/// The times and counters of one run.
#[derive(Debug)]
pub(crate) struct Meter {
    since: WallMs,
    start: Instant,
    created: bool,
    times: Times,
    budgets: Budgets,
    /// What was asked for and is not answered, by operation.
    asked: Slots,
    /// Paths that the watcher named and that were not looked at yet.
    hinted: Slots,
    /// Paths that were looked at, and are not taken in yet.
    looked: Slots,
    /// The first event of paths that were taken in and not sent yet.
    taken: Slots,
    links: BTreeMap<LinkId, Wire>,
    by_peer: BTreeMap<PeerId, Traffic>,
    all: Traffic,
    files: FileCounts,
    changes: u64,
    merges: u64,
    conflicts: u64,
    looks: u64,
    rescans: u64,
    events: u64,
    bulk_until: Instant,
    memory_at: Option<Instant>,
}

/// One link.
#[derive(Debug)]
struct Wire {
    peer: PeerId,
    /// When each message that the transport has not taken yet was made, for each lane.
    waiting: [VecDeque<Instant>; 4],
}

/// What a run begins with.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Beginning {
    /// The time of day.
    pub(crate) since: WallMs,
    /// Whether the folder became a vault just now: then nothing is warm.
    pub(crate) created: bool,
    /// The debounce.
    pub(crate) quiet_ms: u64,
}

impl Meter {
    /// Nothing happened yet.
    pub(crate) fn new(now: Instant, beginning: Beginning) -> Self {
        Self {
            since: beginning.since,
            start: now,
            created: beginning.created,
            times: Times::new(),
            budgets: Budgets::new(beginning.quiet_ms),
            asked: Slots::new(),
            hinted: Slots::new(),
            looked: Slots::new(),
            taken: Slots::new(),
            links: BTreeMap::new(),
            by_peer: BTreeMap::new(),
            all: Traffic::default(),
            files: FileCounts::default(),
            changes: 0,
            merges: 0,
            conflicts: 0,
            looks: 0,
            rescans: 0,
            events: 0,
            bulk_until: now,
            memory_at: None,
        }
    }

    /// Something took from then until now.
    pub(crate) fn took(&mut self, now: Instant, station: Station, since: Instant) {
        self.times.took(station, now.saturating_duration_since(since));
    }

    /// Hints reach the engine, the first of them seen at `since`.
    pub(crate) fn hinted(&mut self, now: Instant, hints: &[Hint], since: Option<Instant>) {
        self.events += hints.len() as u64;
        let Some(since) = since else {
            return;
        };
        self.took(now, Station::Event, since);
        for hint in hints {
            if let Hint::Path(path) | Hint::Writing(path) | Hint::Whole(path) = hint {
                self.hinted.begin_once(since, number(path));
            }
        }
    }

    /// So many answers are missing.
    pub(crate) fn outstanding(&mut self, now: Instant, answers: u64) {
        if answers > BULK_ANSWERS {
            self.bulk_until = now + BULK_REST;
        }
    }

    /// The driver hands this to the engine.
    pub(crate) fn input(&mut self, now: Instant, input: &Input) {
        match input {
            Input::Read { op, .. } => self.answered(now, *op, Station::Read),
            Input::Scanned { op, .. } => self.answered(now, *op, Station::Walk),
            Input::Stepped { op, .. } => self.answered(now, *op, Station::Write),
            Input::Appended { op, .. } => self.answered(now, *op, Station::Store),
            Input::Computed { op, .. } => self.answered(now, *op, Station::Change),
            Input::LinkUp { link, peer, .. } => {
                let wire = Wire { peer: *peer, waiting: Default::default() };
                self.links.insert(*link, wire);
            }
            Input::LinkDown { link, .. } => drop(self.links.remove(link)),
            Input::Message { link, wire_bytes, .. } => {
                self.all.bytes_in += wire_bytes;
                if let Some(traffic) = self.traffic(*link) {
                    traffic.bytes_in += wire_bytes;
                }
            }
            Input::Sent { link, lane, wire_bytes } => {
                self.all.bytes_out += wire_bytes;
                if let Some(traffic) = self.traffic(*link) {
                    traffic.bytes_out += wire_bytes;
                }
                let wire = self.links.get_mut(link);
                if let Some(made) = wire.and_then(|it| it.waiting[place(*lane)].pop_front()) {
                    self.took(now, Station::Send, made);
                }
            }
            Input::Wake
            | Input::Hint(_)
            | Input::Outlined { .. }
            | Input::ChunkRead { .. }
            | Input::ChunkPut { .. }
            | Input::Loaded { .. }
            | Input::TextLoaded { .. }
            | Input::PacksLoaded { .. }
            | Input::TextsKept { .. }
            | Input::DialFailed { .. }
            | Input::Command(_) => {}
        }
    }

    fn answered(&mut self, now: Instant, op: Op, station: Station) {
        if let Some(asked) = self.asked.end(op.0) {
            self.took(now, station, asked);
        }
    }

    fn traffic(&mut self, link: LinkId) -> Option<&mut Traffic> {
        let peer = self.links.get(&link)?.peer;
        if self.by_peer.len() >= PEERS_LIMIT && !self.by_peer.contains_key(&peer) {
            return None;
        }
        Some(self.by_peer.entry(peer).or_default())
    }

    /// The engine asks for this.
    pub(crate) fn effect(&mut self, now: Instant, effect: &Effect) {
        match effect {
            Effect::Read { op, path, .. } => {
                self.looks += 1;
                self.asked.begin(now, op.0);
                self.looks_at(now, path);
            }
            Effect::Scan { op } => {
                self.rescans += 1;
                self.asked.begin(now, op.0);
            }
            Effect::Step { op, .. } | Effect::Append { op, .. } | Effect::Compute { op, .. } => {
                self.asked.begin(now, op.0);
            }
            Effect::Send { link, lane, .. } => {
                if let Some(wire) = self.links.get_mut(link) {
                    wire.waiting[place(*lane)].push_back(now);
                }
            }
            Effect::Outline { .. }
            | Effect::ReadChunk { .. }
            | Effect::PutChunk { .. }
            | Effect::Load { .. }
            | Effect::LoadText { .. }
            | Effect::LoadPacks { .. }
            | Effect::KeepTexts { .. }
            | Effect::Dial { .. }
            | Effect::Close { .. }
            | Effect::Report(_) => {}
        }
    }

    fn looks_at(&mut self, now: Instant, path: &VaultPath) {
        let name = number(path);
        let Some(hinted) = self.hinted.end(name) else {
            return;
        };
        let waited = now.saturating_duration_since(hinted);
        if waited < STALE {
            self.times.took(Station::Debounce, waited);
            self.looked.begin(now, name);
        }
    }

    /// The engine reports this; a budget that went over its limit by it, or is below it again.
    pub(crate) fn report(&mut self, now: Instant, report: &Report) -> Option<BudgetState> {
        let alone = now >= self.bulk_until;
        match report {
            Report::Ready { files, .. } => {
                self.budgets.files(*files);
                let took = micros(now.saturating_duration_since(self.start));
                // A folder that is taken in for the first time is a first sync, not a start.
                return (!self.created)
                    .then(|| self.budgets.level(Budget::Startup, took))
                    .flatten();
            }
            Report::TakenIn { path, ops, ms } => {
                self.files.taken_in += 1;
                self.changes += ops;
                return self.taken_in(now, path, Duration::from_millis(*ms), alone);
            }
            Report::Sent { path, .. } => {
                self.files.sent += 1;
                let began = self.taken.end(number(path))?;
                let took = now.saturating_duration_since(began);
                if took >= STALE {
                    return None;
                }
                self.times.took(Station::Sent, took);
                if alone {
                    return self.budgets.sample(Budget::Save, micros(took));
                }
            }
            Report::Written { peer, ms, .. } => {
                self.files.written += 1;
                self.times.took(Station::Written, Duration::from_millis(*ms));
                if alone && peer.is_some() {
                    return self.budgets.sample(Budget::Write, ms.saturating_mul(1000));
                }
            }
            Report::Renamed { .. } => self.files.renamed += 1,
            Report::Deleted { .. } => self.files.deleted += 1,
            Report::Merged(_) => self.merges += 1,
            Report::Conflict(..) => self.conflicts += 1,
            Report::PeerConnected(_)
            | Report::PeerDisconnected(..)
            | Report::PeerRefused(..)
            | Report::Paired(..)
            | Report::InSync(..)
            | Report::HeldBack { .. }
            | Report::Problem(_)
            | Report::Brake { .. }
            | Report::Progress { .. }
            | Report::Done(..)
            | Report::Failed(_)
            | Report::Stopped => {}
        }
        None
    }

    fn taken_in(
        &mut self,
        now: Instant,
        path: &VaultPath,
        since_event: Duration,
        alone: bool,
    ) -> Option<BudgetState> {
        let name = number(path);
        // Without event it was found by a walk, and nobody waits for it.
        let looked = self.looked.end(name)?;
        self.times.took(Station::TakenIn, since_event);
        self.taken.begin(now.checked_sub(since_event).unwrap_or(now), name);
        let took = now.saturating_duration_since(looked);
        self.times.took(Station::Edit, took);
        alone.then(|| self.budgets.sample(Budget::TakeIn, micros(took))).flatten()
    }

    /// Whether the resident memory is to be looked at.
    pub(crate) fn memory_due(&self, now: Instant) -> bool {
        self.memory_at.is_none_or(|at| now.saturating_duration_since(at) >= MEMORY_PAUSE)
    }

    /// So much memory is resident, and so many files exist; as [`Meter::report`].
    pub(crate) fn memory(&mut self, now: Instant, bytes: u64, files: u64) -> Option<BudgetState> {
        self.memory_at = Some(now);
        self.budgets.files(files);
        // Zero: the system does not say.
        (bytes > 0).then(|| self.budgets.level(Budget::Memory, bytes)).flatten()
    }

    /// Everything there is to tell.
    pub(crate) fn metrics(&self, now: Instant, status: &Status, around: Around) -> Metrics {
        let uptime = now.saturating_duration_since(self.start);
        let others = status.members.iter().filter(|member| member.id != around.me);
        let of_peer = |id| self.by_peer.get(id).copied().unwrap_or_default();
        Metrics {
            v: VERSION,
            since: rfc3339(self.since),
            uptime_ms: u64::try_from(uptime.as_millis()).unwrap_or(u64::MAX),
            files: self.files,
            changes: self.changes,
            merges: self.merges,
            conflicts: self.conflicts,
            commits: around.commits,
            looks: self.looks,
            rescans: self.rescans,
            events: self.events,
            cache: Cache {
                documents: status.cache_documents,
                bytes: status.cache_bytes,
                hits: status.cache_hits,
                misses: status.cache_misses,
            },
            memory_bytes: around.memory_bytes,
            traffic: self.all,
            peers: others
                .map(|member| {
                    let Traffic { bytes_in, bytes_out } = of_peer(&member.id);
                    let (id, name) = (member.id.to_string(), member.name.clone());
                    PeerTraffic { id, name, bytes_in, bytes_out }
                })
                .collect(),
            latencies: self.times.latencies(),
            budgets: self.budgets.states(),
        }
    }
}

/// What others than the meter know.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Around {
    /// This device.
    pub(crate) me: PeerId,
    /// Transactions of the store.
    pub(crate) commits: u64,
    /// Resident memory.
    pub(crate) memory_bytes: u64,
}

const fn place(lane: Lane) -> usize {
    match lane {
        Lane::Control => 0,
        Lane::Live => 1,
        Lane::Bulk => 2,
        Lane::Blob => 3,
    }
}

#[cfg(test)]
mod tests;
