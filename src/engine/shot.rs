//! One-shots: take in what changed, meet peers once, say what came of it.

use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};

use super::command::{Refusal, ShotId, ShotMode, ShotOutcome, ShotResult};
use super::core::{Engine, Stage};
use super::effect::LinkId;
use super::input::DialError;
use super::link::Link;
use super::report::Report;
use super::task::Task;
use crate::model::{FileId, PeerId};
use crate::wire::{Bye, State};

/// Figures since the start.
#[derive(Debug, Default, Clone, Copy)]
struct Counters {
    sent_files: u64,
    sent_bytes: u64,
    received_files: u64,
    received_bytes: u64,
    merged: u64,
    conflicts: u64,
}

#[derive(Debug)]
struct Shot {
    id: ShotId,
    mode: ShotMode,
    dry_run: bool,
    before: Counters,
    peers: BTreeMap<PeerId, Option<(ShotOutcome, String)>>,
    /// How often a connection ended before the peer said anything.
    in_vain: u32,
}

/// A connection that ends before the peer said hello is made anew this often. The peer may have called
/// for a while, was answered, and lets go of it because both met in between; a second time in a row
/// is rare.
const ANEW_LIMIT: u32 = 3;

/// One-shots under way.
#[derive(Debug, Default)]
pub(super) struct Shots {
    /// A file of which something was open when that was last asked.
    last_open: Cell<Option<FileId>>,
    open: Vec<Shot>,
    totals: Counters,
    would: Vec<(String, String)>,
}

impl Shots {
    /// What a new connection is for: (gives, takes).
    pub(super) fn direction(&self, stay: bool) -> (bool, bool) {
        match self.open.first() {
            Some(shot) if !stay => {
                let (gives, takes) = match shot.mode {
                    ShotMode::Push => (true, false),
                    ShotMode::Pull => (false, true),
                    ShotMode::Sync => (true, true),
                };
                (gives && !shot.dry_run, takes && !shot.dry_run)
            }
            _ => (true, true),
        }
    }

    /// Whether a one-shot waits for this peer.
    pub(super) fn wants(&self, peer: &PeerId) -> bool {
        self.open.iter().any(|shot| shot.peers.get(peer).is_some_and(Option::is_none))
    }

    /// Whether none is under way.
    pub(super) fn over(&self) -> bool {
        self.open.is_empty()
    }

    /// Whether nothing may be changed.
    pub(super) fn dry(&self) -> bool {
        self.open.iter().any(|shot| shot.dry_run)
    }

    pub(super) fn would(&mut self, what: &str, path: String) {
        self.would.push((what.to_owned(), path));
    }

    pub(super) fn count_merge(&mut self) {
        self.totals.merged += 1;
    }

    /// Counts an entry of the ledger that is news.
    pub(super) fn count_conflict(&mut self) {
        self.totals.conflicts += 1;
    }

    pub(super) fn count_sent(&mut self, files: u64, bytes: u64) {
        self.totals.sent_files += files;
        self.totals.sent_bytes += bytes;
    }

    pub(super) fn count_received(&mut self, files: u64, bytes: u64) {
        self.totals.received_files += files;
        self.totals.received_bytes += bytes;
    }

    fn resolve(&mut self, peer: &PeerId, outcome: ShotOutcome, message: &str) {
        for shot in &mut self.open {
            if let Some(open @ None) = shot.peers.get_mut(peer) {
                *open = Some((outcome, message.to_owned()));
            }
        }
    }

    /// A connection ended; whether the peer is to be called again at once.
    pub(super) fn link_ended(&mut self, link: &Link, why: &str) -> bool {
        let unheard = link.hello.is_none() && link.closing_reason.is_none();
        let waits = |shot: &&mut Shot| shot.peers.get(&link.peer).is_some_and(Option::is_none);
        let mut anew = false;
        for shot in self.open.iter_mut().filter(waits) {
            shot.in_vain += 1;
            anew |= unheard && shot.in_vain <= ANEW_LIMIT;
        }
        if !anew {
            self.resolve(&link.peer, ShotOutcome::Error, &format!("the connection ended: {why}"));
        }
        anew
    }

    pub(super) fn refused(&mut self, peer: PeerId, refusal: Refusal, reason: &str) {
        self.resolve(&peer, ShotOutcome::Refused(refusal), reason);
    }

    pub(super) fn not_reached(&mut self, peer: PeerId, error: &DialError, why: &str) {
        let outcome = match error {
            DialError::Unreachable(_) => ShotOutcome::Unreachable,
            DialError::Version(_) => ShotOutcome::Refused(Refusal::Version),
        };
        self.resolve(&peer, outcome, why);
    }
}

impl Engine {
    pub(super) fn begin_join(&mut self, shot: ShotId, peer: PeerId) {
        self.shots.open.push(Shot {
            id: shot,
            mode: ShotMode::Sync,
            dry_run: false,
            before: self.shots.totals,
            peers: BTreeMap::from([(peer, None)]),
            in_vain: 0,
        });
    }

    pub(super) fn begin_shot(
        &mut self,
        shot: ShotId,
        peers: Vec<PeerId>,
        mode: ShotMode,
        dry_run: bool,
    ) {
        self.tell_brakes();
        let everyone = peers.is_empty();
        let chosen =
            if everyone { self.members.others().map(|member| member.id).collect() } else { peers };
        let before = self.shots.totals;
        let peers: BTreeMap<PeerId, _> = chosen.into_iter().map(|peer| (peer, None)).collect();
        for peer in peers.keys() {
            // Somebody waits: pauses after earlier failures do not count.
            self.members.call_now(peer, self.now);
        }
        self.shots.open.push(Shot { id: shot, mode, dry_run, before, peers, in_vain: 0 });
    }

    pub(super) fn shot_timeout(&mut self, id: ShotId) {
        let greeted: BTreeSet<PeerId> =
            self.links.values().filter(|it| it.greeted()).map(|it| it.peer).collect();
        let Some(shot) = self.shots.open.iter_mut().find(|shot| shot.id == id) else {
            return;
        };
        for (peer, outcome) in &mut shot.peers {
            if outcome.is_none() {
                *outcome = Some(if greeted.contains(peer) {
                    (ShotOutcome::Timeout, "the time was over before both agreed".to_owned())
                } else {
                    (ShotOutcome::Unreachable, "nobody answered in time".to_owned())
                });
            }
        }
        self.end_shots(true);
    }

    pub(super) fn turn_shots(&mut self) {
        if self.shots.open.is_empty() || self.stage < Stage::Ready {
            return;
        }
        let mut met = Vec::new();
        for shot in &self.shots.open {
            for (peer, outcome) in &shot.peers {
                let link = self.links.values().find(|it| it.peer == *peer && it.greeted());
                if outcome.is_none()
                    && let Some(link) = link
                    && self.shot_met(shot, link)
                {
                    met.push(*peer);
                }
            }
        }
        for peer in met {
            if self.shots.dry() {
                self.what_would_travel(&peer);
            }
            let there = self
                .links
                .values()
                .find(|it| it.peer == peer && it.greeted())
                .map_or(0, Link::held_there);
            let (outcome, message) = met_with(there, self.held_back());
            self.shots.resolve(&peer, outcome, &message);
        }
        self.end_shots(false);
    }

    /// Whether a one-shot has done with this peer what it was to do.
    fn shot_met(&self, shot: &Shot, link: &Link) -> bool {
        if shot.dry_run {
            return link.compared() && self.intake_idle();
        }
        match shot.mode {
            ShotMode::Push => link.compared() && link.out.idle() && self.taken_in(),
            ShotMode::Pull => link.compared() && link.settled_got.is_some() && !self.working(),
            ShotMode::Sync => self.agrees(link),
        }
    }

    /// Whether every edit seen on this disk is durable, but for those that only a peer can help.
    pub(super) fn taken_in(&self) -> bool {
        self.debounce.len() == 0 && self.taken_in_but_hints()
    }

    /// The same, whatever hints wait.
    pub(super) fn taken_in_but_hints(&self) -> bool {
        self.intake_idle() && !self.any_open()
    }

    /// Whether something is done for any file, or was seen of it and is to be taken in. Asked with
    /// every input, so it is looked for where the last one was found: thousands may only wait.
    fn any_open(&self) -> bool {
        let open = |(id, task): &(&FileId, &Task)| {
            let waits_for_a_peer = self.wanting.contains(*id);
            task.working || !(task.disk.is_empty() || waits_for_a_peer)
        };
        let last = self.shots.last_open.get().unwrap_or(FileId([0; 16]));
        let found = self.tasks.range(last..).find(open);
        let found = found.or_else(|| self.tasks.range(..last).find(open));
        if let Some((id, _)) = found {
            self.shots.last_open.set(Some(*id));
        }
        found.is_some()
    }

    fn what_would_travel(&mut self, peer: &PeerId) {
        let Some(link) = self.links.values().find(|it| it.peer == *peer) else {
            return;
        };
        let mut would = Vec::new();
        for (id, theirs) in &link.theirs {
            match (self.index.get(id), theirs) {
                (Some(entry), State::Absent) => would.push(("send", entry.path.to_string())),
                (Some(entry), State::Plain { .. } | State::Document { .. }) => {
                    would.push(("merge", entry.path.to_string()));
                }
                (None, _) => would.push(("receive", id.to_string())),
            }
        }
        for (what, path) in would {
            self.shots.would(what, path);
        }
    }

    fn end_shots(&mut self, forced: bool) {
        let taken_in = self.taken_in() || forced || self.shots.dry();
        if !taken_in {
            return;
        }
        let over: Vec<Shot> = {
            let shots = std::mem::take(&mut self.shots.open);
            let (over, open) =
                shots.into_iter().partition(|shot| shot.peers.values().all(Option::is_some));
            self.shots.open = open;
            over
        };
        if !over.is_empty() {
            self.arm_removals();
        }
        for shot in over {
            let totals = self.shots.totals;
            let peers: Vec<(PeerId, String, ShotOutcome, String)> = shot
                .peers
                .into_iter()
                .filter_map(|(peer, outcome)| {
                    let (outcome, message) = outcome?;
                    Some((peer, self.members.name_of(&peer), outcome, message))
                })
                .collect();
            let met: Vec<PeerId> = peers.iter().map(|it| it.0).collect();
            let result = ShotResult {
                sent_files: totals.sent_files - shot.before.sent_files,
                sent_bytes: totals.sent_bytes - shot.before.sent_bytes,
                received_files: totals.received_files - shot.before.received_files,
                received_bytes: totals.received_bytes - shot.before.received_bytes,
                merged: totals.merged - shot.before.merged,
                conflicts: totals.conflicts - shot.before.conflicts,
                peers,
                digest: self.index.digest(),
                would: std::mem::take(&mut self.shots.would),
            };
            self.report(Report::Done(shot.id, Box::new(result)));
            if !self.stay {
                let links: Vec<LinkId> = self
                    .links
                    .iter()
                    .filter(|(_, it)| met.contains(&it.peer))
                    .map(|(link, _)| *link)
                    .collect();
                for link in links {
                    self.close(link, Bye::Done, "done");
                }
            }
        }
    }
}

/// How it went with a peer that was met, by how many files are held back there and here.
fn met_with(there: u64, here: u64) -> (ShotOutcome, String) {
    let files = |count: u64| if count == 1 { "1 file".into() } else { format!("{count} files") };
    match (there, here) {
        (0, 0) => (ShotOutcome::InSync, String::new()),
        (0, here) => {
            let message = format!("{} held back here until a person agrees", files(here));
            (ShotOutcome::HeldBack, message)
        }
        (there, _) => {
            let message = format!(
                "it holds {} back, deleted or emptied elsewhere, until a person agrees there",
                files(there)
            );
            (ShotOutcome::HeldBack, message)
        }
    }
}
