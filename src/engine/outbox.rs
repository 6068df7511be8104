//! Everything on its way to one peer: queues by urgency, bounded by what is under way.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::config::Background;
use crate::model::{Content, ContentHash, FileId, TEXT_PACK_BYTES, Tick, WallMs};
use crate::wire::{Delivery, Share, State};

/// A note touched within this time goes before everything older.
const HOUR_MS: i64 = 3_600_000;
/// A note touched within this time goes before the rest.
const DAY_MS: i64 = 24 * HOUR_MS;
/// Most deliveries being prepared for one peer at once.
const PREPARING_LIMIT: usize = 64;
/// Texts are gathered, to be sent in packs, up to this many files in preparation: four packs.
const GATHERING_LIMIT: usize = 256;
/// And up to this many bytes.
const GATHERING_BYTES: u64 = 4 * TEXT_PACK_BYTES as u64;
/// So many contents are remembered that were sent last.
const SENT_LATELY: usize = 1024;
/// After so many packs in vain, one after the other, texts are read where they lie: old packs hold what
/// was born together, and what is sent together may have another order.
const IN_VAIN_LIMIT: u8 = 4;
/// Most bytes delivered to one peer and not acknowledged. Bounds the memory of both sides. Live edits
/// may take as much again, for they wait for nothing.
const UNACKED_BYTES_LIMIT: u64 = 8 * 1024 * 1024;
/// Most files delivered to one peer and not acknowledged.
const UNACKED_FILES_LIMIT: usize = 4096;
/// Where another may come forward to give, too, the first has at first so many files under way, and room
/// for one more with each that is acknowledged: as many as lie in one pack, and then as in two.
const FIRST_FILES: usize = 64;
/// Of several that give to one peer, each has at first no more files under way than this; each that is
/// acknowledged makes room for one more. What crosses twice until the first words of what others
/// brought are here.
const SHARED_FILES: usize = 32;
/// And of what is in the shares of others no more than twice this, once all of its own is through; that
/// doubles whenever all of it is acknowledged, and nobody else came forward.
const FOREIGN_FILES: usize = 4;

/// Deliveries are gathered into one message up to this many bytes.
pub(super) const BATCH_BYTES: u64 = 512 * 1024;
/// Deliveries are gathered into one message up to this many files.
pub(super) const BATCH_FILES: usize = 256;

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
pub(super) type Rank = (bool, Class, bool, std::cmp::Reverse<i64>);

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
    /// Of those in preparation: texts for which the store is to be asked, in the order of the queue.
    gathered: Vec<(FileId, Content)>,
    gathered_bytes: u64,
    in_vain: u8,
    /// What was sent last of files as they were born.
    lately: VecDeque<ContentHash>,
    ready: BTreeMap<bool, Vec<Delivery>>,
    ready_bytes: u64,
    unacked: BTreeMap<FileId, (State, u64)>,
    unacked_bytes: u64,
    owed_since: Option<Tick>,
    pub(super) share: Share,
    /// Whether the vault has other devices, which may give to the peer as well.
    pub(super) others: bool,
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
        let first = if share.is_one_of_many() { SHARED_FILES } else { FIRST_FILES };
        self.own_room = first.max(self.under_way());
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
    pub(super) fn answered(&mut self, id: &FileId) -> Option<State> {
        let (sent, weight) = self.unacked.remove(id)?;
        self.unacked_bytes -= weight;
        self.own_room = (self.own_room + 1).min(UNACKED_FILES_LIMIT);
        if self.under_way() == 0 {
            self.foreign_room = (self.foreign_room * 2).min(UNACKED_FILES_LIMIT);
        }
        Some(sent)
    }

    /// Whether a version of a file is under way: there is one at a time, and its answer looks again.
    pub(super) fn is_under_way(&self, id: &FileId) -> bool {
        self.preparing.contains(id) || self.unacked.contains_key(id)
    }

    /// A delivery is being prepared.
    pub(super) fn prepares(&mut self, id: FileId) {
        self.preparing.insert(id);
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

    /// Whether something waits, other than live edits.
    pub(super) fn has_more(&self) -> bool {
        self.queue.last().is_some_and(|((not_live, ..), _)| *not_live)
    }

    /// Whether an edit made just now waits.
    pub(super) fn urgent(&self) -> bool {
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

    pub(super) fn push(&mut self, id: FileId, rank: Rank) {
        if let Some(old) = self.ranks.get(&id) {
            if *old <= rank {
                return;
            }
            self.queue.remove(&(*old, id));
        }
        self.ranks.insert(id, rank);
        self.queue.insert((rank, id));
    }

    pub(super) fn pop(&mut self, background: Background) -> Option<(Rank, FileId)> {
        let (first, _) = self.queue.first()?;
        if background == Background::Rests && is_background(first) {
            return None;
        }
        let (not_live, _, foreign, _) = *first;
        let room = if foreign { self.foreign_room } else { self.own_room };
        let shared = self.share.is_one_of_many();
        if not_live && (shared || self.others) && self.under_way() >= room {
            return None;
        }
        if not_live && !shared && self.gathers(0) && !self.has_room_for_packs(room) {
            return None;
        }
        let (rank, id) = self.queue.pop_first()?;
        self.ranks.remove(&id);
        Some((rank, id))
    }

    /// Whether the next in line may be prepared. A live edit waits for nothing that was queued: there is
    /// as much room again for it.
    pub(super) fn has_room(&self) -> bool {
        let live = self.urgent();
        let times = if live { 2 } else { 1 };
        let gathers = live || !self.gathered.is_empty();
        let preparing = if gathers { GATHERING_LIMIT } else { PREPARING_LIMIT };
        let bytes = self.unacked_bytes + self.ready_bytes + self.gathered_bytes;
        self.preparing.len() < preparing * times
            && (live || self.gathered_bytes < GATHERING_BYTES)
            && bytes < UNACKED_BYTES_LIMIT * times as u64
            && self.unacked.len() < UNACKED_FILES_LIMIT * times
    }

    /// Whether a whole pack may leave, wherever it begins in the line: otherwise a part of it would be
    /// asked for now, and the rest after the next answer. `room` is for that many files.
    fn has_room_for_packs(&self, room: usize) -> bool {
        let bytes = self.unacked_bytes + self.ready_bytes + 2 * TEXT_PACK_BYTES as u64;
        let files = self.under_way() + 2 * FIRST_FILES;
        let shared = self.others && files > room;
        let fits = bytes <= UNACKED_BYTES_LIMIT && files <= UNACKED_FILES_LIMIT && !shared;
        self.under_way() == 0 || !self.gathered.is_empty() || fits
    }

    /// Whether a text of this length is to be sent in a pack, if it lies in one.
    pub(super) fn gathers(&self, bytes: u64) -> bool {
        self.in_vain < IN_VAIN_LIMIT && bytes <= TEXT_PACK_BYTES as u64
    }

    /// A text in preparation waits for those that may lie in one pack with it.
    pub(super) fn gather(&mut self, id: FileId, content: Content) {
        self.gathered.push((id, content));
        self.gathered_bytes += content.size;
    }

    /// The texts that were gathered.
    pub(super) fn take_gathered(&mut self) -> Vec<(FileId, Content)> {
        self.gathered_bytes = 0;
        std::mem::take(&mut self.gathered)
    }

    /// Texts that the peer has, or is getting: a pack may hold one of these, sent alone before.
    pub(super) fn sent_lately(&self) -> Vec<ContentHash> {
        self.lately.iter().copied().collect()
    }

    /// Whether packs were found for what was gathered.
    pub(super) fn found_packs(&mut self, found: bool) {
        self.in_vain = if found { 0 } else { self.in_vain.saturating_add(1) };
    }

    /// Something is on its way until it is acknowledged; `state` is what the peer holds once it has it.
    pub(super) fn leaves(&mut self, id: FileId, state: State, weight: u64, now: Tick) {
        self.preparing.remove(&id);
        self.owed_since = self.owed_since().or(Some(now));
        if let State::Plain { content, .. } = &state {
            self.lately.push_front(content.hash);
            self.lately.truncate(SENT_LATELY);
        }
        self.unacked.insert(id, (state, weight));
        self.unacked_bytes += weight;
    }

    /// What is on its way waits to leave together with others.
    pub(super) fn is_ready(&mut self, bulk: bool, delivery: Delivery, weight: u64) {
        self.ready_bytes += weight;
        self.ready.entry(bulk).or_default().push(delivery);
    }

    /// What leaves now: live edits at once, the rest once it is much, or all that is coming, or `all`.
    pub(super) fn take_ready(&mut self, all: bool) -> Vec<(bool, Vec<Delivery>)> {
        let more_to_come = !all && !self.preparing.is_empty();
        let full = self.ready_bytes >= BATCH_BYTES
            || self.ready.values().any(|ready| ready.len() >= BATCH_FILES);
        let mut batches = Vec::new();
        for (bulk, ready) in &mut self.ready {
            if *bulk && more_to_come && !full {
                continue;
            }
            if !ready.is_empty() {
                batches.push((*bulk, std::mem::take(ready)));
            }
        }
        if !batches.is_empty() {
            self.ready_bytes = 0;
        }
        batches
    }
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
