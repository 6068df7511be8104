//! Who is sent what next: queues by urgency, bounded by what is under way. Of several devices that give
//! to one, each begins with its share (`share`).

use std::collections::{BTreeMap, BTreeSet};

use super::config::Background;
use super::core::{Engine, Pending};
use super::effect::{Effect, LinkId};
use super::entry::Entry;
use super::link::{Link, holds, same};
use super::report::Report;
use crate::model::{CHUNK_BYTES, Content, Digest, FileId, Kind, StepError, Tick, WallMs};
use crate::wire::{Body, Delivery, Lane, Message, Share, State};

/// A note touched within this time goes before everything older.
const HOUR_MS: i64 = 3_600_000;
/// A note touched within this time goes before the rest.
const DAY_MS: i64 = 24 * HOUR_MS;
/// Most deliveries being prepared for one peer at once.
const PREPARING_LIMIT: usize = 64;
/// Most bytes delivered to one peer and not acknowledged. Bounds the memory of both sides.
const UNACKED_BYTES_LIMIT: u64 = 8 * 1024 * 1024;
/// Most files delivered to one peer and not acknowledged.
const UNACKED_FILES_LIMIT: usize = 4096;
/// Of several that give to one peer, each has at first no more files under way than this; each that is
/// acknowledged makes room for one more. What crosses twice until the first words of what others
/// brought are here.
const SHARED_FILES: usize = 32;
/// And of what is in the shares of others no more than twice this, once all of its own is through; that
/// doubles whenever all of it is acknowledged, and nobody else came forward.
const FOREIGN_FILES: usize = 4;
/// Deliveries are gathered into one message up to this many bytes.
const BATCH_BYTES: u64 = 512 * 1024;
/// Deliveries are gathered into one message up to this many files.
const BATCH_FILES: usize = 256;

/// How urgent a file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Class {
    /// Touched within the hour.
    Now,
    /// Touched within the day.
    Soon,
    /// Older.
    Background,
}

impl Class {
    /// By the time a file was last touched. Clocks of other devices may be wrong; then the order
    /// is, and nothing else. A time ahead of ours counts as now.
    pub(super) fn of(now: WallMs, mtime_ms: i64) -> Self {
        match now.0.saturating_sub(mtime_ms) {
            age if age < HOUR_MS => Self::Now,
            age if age < DAY_MS => Self::Soon,
            _ => Self::Background,
        }
    }
}

/// Not a live edit, how urgent, in the share of another, when touched.
type Rank = (bool, Class, bool, std::cmp::Reverse<i64>);

/// Whether this, and everything after it in line, may wait; a live edit never does.
fn is_background((not_live, class, ..): &Rank) -> bool {
    *not_live && *class == Class::Background
}

/// Everything on its way to one peer.
#[derive(Debug, Default)]
pub(super) struct Outbox {
    queue: BTreeSet<(Rank, FileId)>,
    ranks: BTreeMap<FileId, Rank>,
    preparing: BTreeSet<FileId>,
    ready: BTreeMap<bool, Vec<Delivery>>,
    ready_bytes: u64,
    unacked: BTreeMap<FileId, (State, u64)>,
    unacked_bytes: u64,
    owed_since: Option<Tick>,
    share: Share,
    own_room: usize,
    foreign_room: usize,
}

impl Outbox {
    /// Whether nothing is on its way.
    pub(super) fn idle(&self) -> bool {
        self.queue.is_empty()
            && self.preparing.is_empty()
            && self.ready.values().all(Vec::is_empty)
            && self.unacked.is_empty()
    }

    /// Whether nothing but old files is left to be sent.
    pub(super) fn only_background(&self) -> bool {
        let Self { queue, preparing, ready, unacked, .. } = self;
        queue.first().is_none_or(|(rank, _)| is_background(rank))
            && preparing.is_empty()
            && ready.values().all(Vec::is_empty)
            && unacked.is_empty()
    }

    /// Whether a file waits to be sent.
    pub(super) fn is_queued(&self, id: &FileId) -> bool {
        self.ranks.contains_key(id)
    }

    /// Whether a file is under way, or is about to be.
    pub(super) fn is_leaving(&self, id: &FileId) -> bool {
        let next = self.ranks.get(id).is_some_and(|(not_live, ..)| !not_live) && self.has_room();
        next || self.preparing.contains(id) || self.unacked.contains_key(id)
    }

    /// What is in this share goes first from now on.
    pub(super) fn begin_with(&mut self, share: Share) {
        self.share = share;
        self.own_room = SHARED_FILES.max(self.under_way());
        self.foreign_room = FOREIGN_FILES;
        for ((not_live, _, foreign, _), id) in self.ranks.iter_mut().map(|(id, rank)| (rank, id)) {
            *foreign = *not_live && !share.holds(id);
        }
        self.queue = self.ranks.iter().map(|(id, rank)| (*rank, *id)).collect();
    }

    /// The peer got a file from somebody else, who comes forward then.
    pub(super) fn brought_by_another(&mut self, id: &FileId) {
        self.forget(id);
        self.foreign_room = FOREIGN_FILES;
    }

    fn under_way(&self) -> usize {
        self.preparing.len() + self.unacked.len()
    }

    /// Takes a file for confirmed, or refused; what was sent of it.
    fn answered(&mut self, id: &FileId) -> Option<State> {
        let (sent, weight) = self.unacked.remove(id)?;
        self.unacked_bytes -= weight;
        self.own_room = (self.own_room + 1).min(UNACKED_FILES_LIMIT);
        if self.under_way() == 0 {
            self.foreign_room = (self.foreign_room * 2).min(UNACKED_FILES_LIMIT);
        }
        Some(sent)
    }

    /// A delivery cannot be prepared.
    pub(super) fn give_up(&mut self, id: &FileId) {
        self.preparing.remove(id);
    }

    /// Whether something is under way.
    pub(super) fn active(&self) -> bool {
        !self.preparing.is_empty() || !self.unacked.is_empty()
    }

    /// Since when the peer has owed an answer to something it was delivered.
    pub(super) fn owed_since(&self) -> Option<Tick> {
        self.owed_since.filter(|_| !self.unacked.is_empty())
    }

    /// Whether something waits and nothing is under way.
    pub(super) fn waits(&self) -> bool {
        !self.queue.is_empty() && !self.active()
    }

    /// Whether an edit made just now waits.
    fn urgent(&self) -> bool {
        self.queue.first().is_some_and(|((not_live, ..), _)| !not_live)
    }

    pub(super) fn pending(&self) -> u64 {
        (self.queue.len() + self.preparing.len() + self.unacked.len()) as u64
    }

    /// Takes a file out of the queue: the peer has it.
    pub(super) fn forget(&mut self, id: &FileId) {
        if let Some(rank) = self.ranks.remove(id) {
            self.queue.remove(&(rank, *id));
        }
    }

    fn push(&mut self, id: FileId, rank: Rank) {
        if let Some(old) = self.ranks.get(&id) {
            if *old <= rank {
                return;
            }
            self.queue.remove(&(*old, id));
        }
        self.ranks.insert(id, rank);
        self.queue.insert((rank, id));
    }

    fn pop(&mut self, background: Background) -> Option<(Rank, FileId)> {
        let (first, _) = self.queue.first()?;
        if background == Background::Rests && is_background(first) {
            return None;
        }
        let (not_live, _, foreign, _) = *first;
        let room = if foreign { self.foreign_room } else { self.own_room };
        if not_live && self.share.is_one_of_many() && self.under_way() >= room {
            return None;
        }
        let (rank, id) = self.queue.pop_first()?;
        self.ranks.remove(&id);
        Some((rank, id))
    }

    fn has_room(&self) -> bool {
        self.preparing.len() < PREPARING_LIMIT
            && self.unacked_bytes + self.ready_bytes < UNACKED_BYTES_LIMIT
            && self.unacked.len() < UNACKED_FILES_LIMIT
    }
}

impl Engine {
    /// Puts a file in line for a peer, if it lacks our version.
    pub(super) fn queue(&mut self, link: LinkId, id: FileId, live: bool) {
        let Some(entry) = self.index.get(&id) else {
            return;
        };
        let (class, mtime) =
            (Class::of(self.wall, entry.mtime_ms), std::cmp::Reverse(entry.mtime_ms));
        let ours = entry.state();
        let Some(it) = self.links.get_mut(&link) else {
            return;
        };
        if !it.giving() {
            return;
        }
        if it.theirs.get(&id).is_some_and(|theirs| !holds(theirs, &ours)) {
            let foreign = !live && !it.out.share.holds(&id);
            it.out.push(id, (!live, class, foreign, mtime));
        }
    }

    /// Prepares and sends as much as may be under way. Only so many peers are served at once; the
    /// others wait in line, live edits excepted. Who has fallen silent holds up nobody.
    pub(super) fn pump(&mut self, link: LinkId) {
        let served = |(other, it): &(&LinkId, &Link)| {
            **other != link && it.out.active() && !self.is_silent(**other)
        };
        let crowded = self.links.iter().filter(served).count() >= self.config.peers.max(1);
        if crowded && self.links.get(&link).is_some_and(|it| !it.out.active() && !it.out.urgent()) {
            return self.flush(link);
        }
        let background = self.background_for(link);
        loop {
            let Some(it) = self.links.get_mut(&link) else {
                return;
            };
            if !it.compared() || !it.out.has_room() {
                break;
            }
            let Some(((not_live, ..), id)) = it.out.pop(background) else {
                break;
            };
            if it.out.preparing.contains(&id) || it.out.unacked.contains_key(&id) {
                // One version of a file under way at a time; the answer looks again.
                continue;
            }
            let theirs = it.their_state(&id);
            let they_give = it.taking();
            let Some(entry) = self.index.get(&id).cloned() else {
                continue;
            };
            self.prepare(link, id, &entry, theirs, they_give, !not_live);
        }
        self.flush(link);
    }

    /// What becomes of old files that this peer lacks.
    pub(super) fn background_for(&self, link: LinkId) -> Background {
        let met = |peer| self.members.last_sync(peer).is_some();
        match self.links.get(&link) {
            Some(it) if self.shots.over() && met(&it.peer) => self.config.background,
            Some(_) | None => Background::Flows,
        }
    }

    fn prepare(
        &mut self,
        link: LinkId,
        id: FileId,
        entry: &Entry,
        theirs: State,
        they_give: bool,
        live: bool,
    ) {
        let Some(it) = self.links.get_mut(&link) else {
            return;
        };
        let lane = if live { Lane::Live } else { Lane::Bulk };
        let plain = entry.heads.is_empty();
        match theirs {
            theirs if same(&theirs, &entry.state()) => {
                it.theirs.remove(&id);
            }
            // What they made of ours comes to us, so that both hold the same.
            theirs if holds(&theirs, &entry.state()) => {}
            // Their document holds our birth, or they will tell us that it does not.
            State::Document { .. } if plain && they_give => {}
            State::Absent | State::Plain { .. } | State::Document { .. } if plain => {
                it.out.preparing.insert(id);
                if entry.kind == Kind::Text && entry.content.size > 0 {
                    self.read_to_send(link, id, entry, lane);
                } else {
                    self.plain_ready(link, id, entry, None, lane);
                }
            }
            State::Absent | State::Plain { .. } | State::Document { .. } => {
                it.out.preparing.insert(id);
                let task = self.tasks.entry(id).or_default();
                task.exports.insert(link, lane);
                self.wake(id);
            }
        }
    }

    /// The file itself is the quickest source; the store packs many texts together.
    fn read_to_send(&mut self, link: LinkId, id: FileId, entry: &Entry, lane: Lane) {
        let content = entry.content;
        let on_disk = entry.base.as_ref().filter(|base| base.content == content);
        if let Some(base) = on_disk.filter(|_| content.size <= CHUNK_BYTES) {
            let path = base.path.clone();
            let op = self.op(Pending::SendFile(link, id, content, lane));
            return self.emit(Effect::ReadChunk { op, path, content, index: 0 });
        }
        let op = self.op(Pending::SendText(link, id, lane));
        self.emit(Effect::LoadText { op, hash: content.hash });
    }

    pub(super) fn on_send_file(
        &mut self,
        link: LinkId,
        id: FileId,
        content: Content,
        lane: Lane,
        result: Result<Vec<u8>, StepError>,
    ) {
        let same = self.index.get(&id).is_none_or(|entry| entry.content == content);
        match result {
            // It has another content now, and is prepared anew.
            _ if !same => {
                if let Some(it) = self.links.get_mut(&link) {
                    it.out.preparing.remove(&id);
                }
                self.queue(link, id, true);
            }
            Ok(bytes) if Content::of(&bytes) == content => {
                self.on_send_text(link, id, lane, Some(bytes));
            }
            // The user is saving it; the store kept what it was.
            Ok(_) | Err(_) => {
                let op = self.op(Pending::SendText(link, id, lane));
                self.emit(Effect::LoadText { op, hash: content.hash });
            }
        }
    }

    pub(super) fn on_send_text(
        &mut self,
        link: LinkId,
        id: FileId,
        lane: Lane,
        text: Option<Vec<u8>>,
    ) {
        let Some(entry) = self.index.get(&id).cloned() else {
            return;
        };
        if !entry.heads.is_empty() {
            // It was edited meanwhile and has a document now.
            if let Some(it) = self.links.get_mut(&link) {
                it.out.preparing.remove(&id);
            }
            return self.queue(link, id, true);
        }
        self.plain_ready(link, id, &entry, text, lane);
    }

    fn plain_ready(
        &mut self,
        link: LinkId,
        id: FileId,
        entry: &Entry,
        bytes: Option<Vec<u8>>,
        lane: Lane,
    ) {
        let bytes = if entry.content.size == 0 { Some(Vec::new()) } else { bytes };
        let body = Body::Plain { kind: entry.kind, content: entry.content, bytes };
        self.export_ready(link, lane, id, body, entry.state());
    }

    /// A delivery is prepared; `state` is what the peer holds once it has it.
    pub(super) fn export_ready(
        &mut self,
        link: LinkId,
        lane: Lane,
        id: FileId,
        body: Body,
        state: State,
    ) {
        let Some(entry) = self.index.get(&id) else {
            return;
        };
        let (birth, generation) = (entry.birth.clone(), entry.generation);
        let (mtime_ms, path, content) = (entry.mtime_ms, entry.path.clone(), entry.content);
        let live = lane == Lane::Live;
        let others = if live { self.others_served(link, &id, &state) } else { Vec::new() };
        let bytes = match &body {
            Body::Plain { bytes: Some(bytes), .. } | Body::Document { bytes } => bytes.len() as u64,
            Body::Plain { bytes: None, .. } => content.size,
            Body::Changes { changes, .. } => changes.iter().map(Vec::len).sum::<usize>() as u64,
        };
        let weight = match &body {
            Body::Plain { bytes: None, .. } => 0,
            Body::Plain { .. } | Body::Document { .. } | Body::Changes { .. } => bytes,
        };
        let Some(it) = self.links.get_mut(&link) else {
            return;
        };
        it.out.preparing.remove(&id);
        if !it.theirs.contains_key(&id) {
            // It got it from somebody else meanwhile.
            return self.queue(link, id, live);
        }
        it.out.owed_since = it.out.owed_since().or(Some(self.now));
        it.out.unacked.insert(id, (state, weight));
        it.out.unacked_bytes += weight;
        it.out.ready_bytes += weight;
        let delivery = Delivery { id, birth, generation, mtime_ms, others, body };
        it.out.ready.entry(!live).or_default().push(delivery);
        let peer = it.peer;
        self.shots.count_sent(1, 0);
        self.report(Report::Sent { path, peer, bytes });
    }

    /// The peer turned out to hold all of it.
    pub(super) fn export_needless(&mut self, link: LinkId, id: FileId, state: &State) {
        let ours = self.index.get(&id).map(Entry::state);
        let Some(it) = self.links.get_mut(&link) else {
            return;
        };
        it.out.preparing.remove(&id);
        if ours.is_some_and(|ours| same(&ours, state)) {
            // It holds more than we do, and will deliver that.
            it.out.forget(&id);
        }
    }

    /// Sends what is gathered: live edits at once, the rest in batches.
    fn flush(&mut self, link: LinkId) {
        let Some(it) = self.links.get_mut(&link) else {
            return;
        };
        let more_to_come = !it.out.preparing.is_empty();
        let full = it.out.ready_bytes >= BATCH_BYTES
            || it.out.ready.values().any(|ready| ready.len() >= BATCH_FILES);
        let mut batches = Vec::new();
        for (bulk, ready) in &mut it.out.ready {
            if *bulk && more_to_come && !full {
                continue;
            }
            if !ready.is_empty() {
                batches.push((*bulk, std::mem::take(ready)));
            }
        }
        if !batches.is_empty() {
            it.out.ready_bytes = 0;
        }
        for (bulk, deliveries) in batches {
            let lane = if bulk { Lane::Bulk } else { Lane::Live };
            for batch in batches_of(deliveries) {
                self.send(link, lane, Message::Deliver(batch));
            }
        }
    }

    pub(super) fn on_sent(&mut self, link: LinkId, lane: Lane, wire_bytes: u64) {
        self.shots.count_sent(0, wire_bytes);
        if lane == Lane::Blob {
            self.chunk_sent(link);
        }
    }

    pub(super) fn on_ack(&mut self, link: LinkId, acks: &[(FileId, Digest)]) {
        for (id, digest) in acks {
            let ours = self.index.get(id).map(|entry| (entry.digest(id), entry.state()));
            let Some(it) = self.links.get_mut(&link) else {
                return;
            };
            let Some(sent) = it.out.answered(id) else {
                continue;
            };
            match ours {
                Some((ours, _)) if ours == *digest => {
                    it.theirs.remove(id);
                    it.out.forget(id);
                    it.offers.remove(id);
                }
                _ => {
                    // It holds what we sent, and one of us has more.
                    it.theirs.insert(*id, sent);
                    if !it.offers.contains(id) {
                        self.queue(link, *id, true);
                    }
                }
            }
        }
    }

    pub(super) fn on_need(&mut self, link: LinkId, needs: Vec<(FileId, State)>) {
        for (id, state) in needs {
            let Some(it) = self.links.get_mut(&link) else {
                return;
            };
            it.out.answered(&id);
            // What we took for enough was not, twice: it gets the whole document.
            let again = !it.needed.insert(id);
            it.theirs.insert(id, if again { State::Absent } else { state });
            self.queue(link, id, true);
        }
    }
}

/// Cuts a long list into messages of bounded size.
fn batches_of(deliveries: Vec<Delivery>) -> Vec<Vec<Delivery>> {
    let mut batches = vec![Vec::new()];
    let mut bytes = 0;
    for delivery in deliveries {
        let weight = match &delivery.body {
            Body::Plain { bytes: Some(bytes), .. } | Body::Document { bytes } => bytes.len() as u64,
            Body::Plain { bytes: None, .. } => 0,
            Body::Changes { changes, .. } => changes.iter().map(Vec::len).sum::<usize>() as u64,
        };
        let last = batches.last_mut().expect("there is always a batch");
        let full = !last.is_empty() && (bytes + weight > BATCH_BYTES || last.len() >= BATCH_FILES);
        if full {
            batches.push(vec![delivery]);
            bytes = weight;
        } else {
            last.push(delivery);
            bytes += weight;
        }
    }
    batches.retain(|batch| !batch.is_empty());
    batches
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_follow_the_age_and_forgive_clocks_ahead() {
        let now = WallMs(10 * DAY_MS);
        assert_eq!(Class::of(now, now.0), Class::Now);
        assert_eq!(Class::of(now, now.0 + DAY_MS), Class::Now);
        assert_eq!(Class::of(now, now.0 - HOUR_MS + 1), Class::Now);
        assert_eq!(Class::of(now, now.0 - HOUR_MS), Class::Soon);
        assert_eq!(Class::of(now, now.0 - DAY_MS), Class::Background);
    }

    #[test]
    fn background_that_rests_lets_everything_else_pass() {
        let mut out = Outbox::default();
        let id = |byte| FileId([byte; 16]);
        let rank = |live: bool, class, at| (!live, class, false, std::cmp::Reverse(at));
        out.push(id(1), rank(false, Class::Background, 5));
        out.push(id(2), rank(false, Class::Soon, 50));
        out.push(id(3), rank(true, Class::Background, 1));
        assert!(!out.only_background());
        let next = |out: &mut Outbox, background| out.pop(background).map(|(_, id)| id);
        assert_eq!(next(&mut out, Background::Rests), Some(id(3)));
        assert_eq!(next(&mut out, Background::Rests), Some(id(2)));
        assert_eq!(next(&mut out, Background::Rests), None);
        assert!(out.only_background() && !out.idle());
        assert_eq!(next(&mut out, Background::Flows), Some(id(1)));
        assert!(out.only_background() && out.idle());
    }

    #[test]
    fn a_live_edit_overtakes_and_newer_goes_first() {
        let mut out = Outbox::default();
        let id = |byte| FileId([byte; 16]);
        let rank = |live: bool, class, at| (!live, class, false, std::cmp::Reverse(at));
        out.push(id(1), rank(false, Class::Background, 5));
        out.push(id(2), rank(false, Class::Now, 50));
        out.push(id(3), rank(false, Class::Now, 60));
        out.push(id(4), rank(true, Class::Now, 1));
        out.push(id(1), rank(true, Class::Now, 0));
        let order: Vec<FileId> =
            std::iter::from_fn(|| out.pop(Background::Flows).map(|(_, id)| id)).collect();
        assert_eq!(order, [id(4), id(1), id(3), id(2)]);
        assert!(out.idle());
    }
}
