//! How a change goes on from one device to the others, so that nothing crosses twice that need not.
//!
//! - What was done here goes to everybody at once. What a peer brought on the lane for live edits goes
//!   on at once to whom that peer does not serve itself: each live delivery names who else has the
//!   version from its sender, or is getting it.
//! - Those named, and everybody of what came in bulk, are not sent it but told that it is here
//!   ([`Message::Holds`]). Whoever lacks it says so and gets it; whoever was about to send it need not.
//! - Of a live edit that is told after [`OFFER_GRACE_MS`], or at once when the link over which it came
//!   ends: most often a digest proves before that the peer holds the same, and nothing is said at all.
//! - Who lacks it waits a grace, too, before it asks, while another that it takes from has not given all.
//! - Nothing hangs on it: what was told in vain is found by the comparison of two that are both at rest.

use std::collections::{BTreeMap, BTreeSet};

use super::core::Engine;
use super::digest;
use super::effect::LinkId;
use super::entry::Entry;
use super::link::{Link, Phase, same};
use super::task::Incoming;
use crate::model::{FileId, PeerId, Tick};
use crate::wire::{Delivery, Lane, Message, State};

/// So long its sender has to bring a live edit to those it named. Shorter, and edits cross twice over
/// slow lines; longer, and they come late where the sender could not keep its word.
const OFFER_GRACE_MS: u64 = 1000;
/// What came in bulk is told of in lists of this length, while more is on its way into the store.
const OFFERS_GATHERED: usize = 16;
/// Most files told of in one message, 24 bytes each.
const HOLDS_LIMIT: usize = 4096;
/// Most devices named in one live delivery, four bytes each; those beyond get it twice.
const OTHERS_LIMIT: usize = 32;
/// Most files that one peer is or will be asked for and that are remembered, so that nobody else is; of
/// those beyond, each peer that tells of it is asked at once.
const ASKED_LIMIT: usize = 4096;

/// The beginning of a device's id, by which a delivery names it. Two that are alike in it may hear of
/// an edit a grace later, and no worse.
type Mark = [u8; 4];

/// The beginning of a file's digest, enough to tell two versions of it apart.
pub(super) type Version = [u8; 8];

fn mark(peer: &PeerId) -> Mark {
    let [a, b, c, d, ..] = *peer.as_bytes();
    [a, b, c, d]
}

/// Who brought a new state, and who else has it from there.
#[derive(Debug)]
pub(super) struct Origin {
    pub(super) link: LinkId,
    /// What the peer is known to hold now.
    pub(super) theirs: Option<State>,
    lane: Lane,
    others: Vec<Mark>,
}

impl Origin {
    pub(super) fn of(incoming: &Incoming, theirs: Option<State>) -> Self {
        let Incoming { link, lane, delivery: Delivery { others, .. }, .. } = incoming;
        Self { link: *link, theirs, lane: *lane, others: others.clone() }
    }

    fn is_live(&self) -> bool {
        self.lane == Lane::Live
    }

    /// Whether another peer need not be sent it, and when to tell it instead.
    fn offer_to(&self, peer: &PeerId, now: Tick) -> Option<Offer> {
        let from = self.link;
        match self.lane {
            Lane::Live if self.others.contains(&mark(peer)) => {
                Some(Offer { due: now.plus_ms(OFFER_GRACE_MS), from, live: true })
            }
            Lane::Live => None,
            Lane::Bulk | Lane::Control | Lane::Blob => Some(Offer { due: now, from, live: false }),
        }
    }
}

/// A file that a peer is to be told of.
#[derive(Debug, Clone, Copy)]
struct Offer {
    due: Tick,
    /// Over which link it came.
    from: LinkId,
    live: bool,
}

/// What one peer is to be told of, by when; of each file the first time counts.
///
/// - Invariant: `line` names what `of` holds. Only files are in it of which the peer is not known to
///   hold what we do.
#[derive(Debug, Default)]
pub(super) struct Offers {
    of: BTreeMap<FileId, Offer>,
    line: BTreeSet<(Tick, FileId)>,
}

impl Offers {
    pub(super) fn is_empty(&self) -> bool {
        self.of.is_empty()
    }

    pub(super) fn contains(&self, id: &FileId) -> bool {
        self.of.contains_key(id)
    }

    pub(super) fn remove(&mut self, id: &FileId) {
        if let Some(offer) = self.of.remove(id) {
            self.line.remove(&(offer.due, *id));
        }
    }

    pub(super) fn clear(&mut self) {
        self.of.clear();
        self.line.clear();
    }

    fn note(&mut self, id: FileId, offer: Offer) {
        let first = *self.of.entry(id).or_insert(offer);
        self.line.insert((first.due, id));
    }

    /// A link ended: what came over it is due.
    fn hasten(&mut self, from: LinkId, now: Tick) {
        for (id, offer) in self.of.iter_mut().filter(|(_, it)| it.from == from && it.due > now) {
            self.line.remove(&(offer.due, *id));
            offer.due = now;
            self.line.insert((now, *id));
        }
    }

    /// Those of which the peer is to be told now; a few only once no more of them are coming.
    fn take_due(&mut self, now: Tick, more_to_come: bool) -> Vec<FileId> {
        let due = || self.line.iter().take_while(|(due, _)| *due <= now).take(HOLDS_LIMIT);
        if more_to_come && due().take(OFFERS_GATHERED).count() < OFFERS_GATHERED {
            return Vec::new();
        }
        let ids: Vec<FileId> = due().map(|(_, id)| *id).collect();
        for id in &ids {
            self.remove(id);
        }
        ids
    }

    /// Live edits that wait.
    fn live(&self) -> Vec<FileId> {
        self.of.iter().filter(|(_, it)| it.live).map(|(id, _)| *id).collect()
    }

    fn deadline(&self, now: Tick) -> Option<Tick> {
        // What is due and not told waits for the store, which answers.
        self.line.iter().map(|(due, _)| *due).find(|due| *due > now)
    }
}

impl Link {
    /// Whether the peer has our version of a file from us, or is getting it.
    fn is_served(&self, id: &FileId, now: Tick) -> bool {
        let slow = || self.owes_since().is_some_and(|it| it.plus_ms(OFFER_GRACE_MS) <= now);
        let holds = !self.theirs.contains_key(id);
        let gets = || (self.out.is_leaving(id) || self.offers.contains(id)) && !slow();
        self.compared() && self.giving() && (holds || gets())
    }
}

impl Engine {
    /// A file has a new state here: every peer that does not hold it gets it, or hears of it.
    pub(super) fn tell_links(
        &mut self,
        id: FileId,
        before: &State,
        live: bool,
        from: Option<&Origin>,
    ) {
        let ours = self.index.get(&id).map(Entry::state);
        let Some(ours) = ours.filter(|ours| !same(before, ours)) else {
            return;
        };
        let live = live || from.is_some_and(Origin::is_live);
        // What we made of it, nobody else has.
        let brought = |it: &&Origin| it.theirs.as_ref().is_some_and(|theirs| same(theirs, &ours));
        let brought = from.filter(brought);
        let now = self.now;
        let links: Vec<LinkId> = self.links.keys().copied().collect();
        for link in links {
            let Some(it) = self.links.get_mut(&link) else {
                continue;
            };
            it.asked.remove(&id);
            match it.phase {
                Phase::Compared => {
                    it.theirs.entry(id).or_insert_with(|| before.clone());
                }
                Phase::Greeting | Phase::Comparing => {
                    it.touched.entry(id).or_insert_with(|| before.clone());
                }
                Phase::Stranger | Phase::Proving | Phase::Accepted | Phase::Closing => continue,
            }
            let offer = brought.filter(|from| from.link != link);
            if let Some(offer) = offer.and_then(|from| from.offer_to(&it.peer, now))
                && !it.out.is_queued(&id)
            {
                it.offers.note(id, offer);
                continue;
            }
            it.offers.remove(&id);
            if it.compared() {
                self.queue(link, id, live);
            }
        }
    }

    /// Who has the version `state` from us, or is getting it, beside the peer of `link`.
    pub(super) fn others_served(&self, link: LinkId, id: &FileId, state: &State) -> Vec<Mark> {
        let newest = self.index.get(id).is_some_and(|entry| same(&entry.state(), state));
        let served = |(other, it): &(&LinkId, &Link)| **other != link && it.is_served(id, self.now);
        let served = self.links.iter().filter(served).map(|(_, it)| mark(&it.peer));
        if newest { served.take(OTHERS_LIMIT).collect() } else { Vec::new() }
    }

    /// Tells a peer what is here, and asks for what is there, once that is due.
    pub(super) fn turn_offers(&mut self, link: LinkId) {
        self.turn_questions(link);
        let (now, stopping) = (self.now, self.stopping());
        let more_to_come = !self.appends_done();
        let Some(it) = self.links.get_mut(&link).filter(|it| it.compared()) else {
            return;
        };
        if stopping {
            // No time to be asked for it.
            for id in it.offers.live() {
                if let Some(it) = self.links.get_mut(&link) {
                    it.offers.remove(&id);
                }
                self.queue(link, id, true);
            }
        }
        let Some(it) = self.links.get_mut(&link) else {
            return;
        };
        let mut due = it.offers.take_due(now, more_to_come);
        due.retain(|id| it.theirs.contains_key(id));
        let version = |id| Some((id, digest::short(self.index.get(&id)?.digest(&id))));
        let items: Vec<(FileId, Version)> = due.into_iter().filter_map(version).collect();
        if items.is_empty() {
            return;
        }
        if let Some(it) = self.links.get_mut(&link) {
            it.compare_later();
        }
        self.send(link, Lane::Control, Message::Holds(items));
    }

    /// When somebody is to be told of something next, or is not counted on any more.
    pub(super) fn spread_deadline(&self) -> Option<Tick> {
        let offers = self.links.values().filter_map(|it| it.offers.deadline(self.now));
        let asks = self.links.values().filter_map(|it| it.questions.front()).map(|it| it.0);
        let asks = asks.filter(|due| *due > self.now);
        offers.chain(asks).chain(self.shares_deadline()).min()
    }

    /// A link is gone: what came over it may not have come to those that its peer named.
    pub(super) fn hasten_offers(&mut self, gone: LinkId) {
        for it in self.links.values_mut() {
            it.offers.hasten(gone, self.now);
        }
    }

    /// A peer says what it holds: that need not be sent to it, or is asked for. While another may be
    /// about to bring it, that one has a grace to do so.
    pub(super) fn on_holds(&mut self, link: LinkId, items: Vec<(FileId, Version)>) {
        let due = self.now.plus_ms(OFFER_GRACE_MS);
        let may_wait = self.another_gives(link);
        let mut lacking = Vec::new();
        for (id, version) in items {
            let Some(it) = self.links.get_mut(&link) else {
                return;
            };
            if self.index.get(&id).is_some_and(|ours| digest::short(ours.digest(&id)) == version) {
                it.theirs.remove(&id);
                it.offers.remove(&id);
                it.out.brought_by_another(&id);
            } else if may_wait && it.questions.len() < ASKED_LIMIT {
                it.questions.push_back((due, id, version));
            } else {
                lacking.push((id, version));
            }
        }
        self.ask_for_held(link, lacking);
    }

    /// Asks for what waited long enough, or for nobody any more.
    fn turn_questions(&mut self, link: LinkId) {
        if self.links.get(&link).is_none_or(|it| it.questions.is_empty()) {
            return;
        }
        let all = !self.another_gives(link);
        let now = self.now;
        let Some(it) = self.links.get_mut(&link) else {
            return;
        };
        let due = it.questions.partition_point(|it| all || it.0 <= now);
        let items = it.questions.drain(..due).map(|(_, id, version)| (id, version)).collect();
        self.ask_for_held(link, items);
    }

    /// Asks a peer for versions that it holds, those that are neither here nor on their way.
    fn ask_for_held(&mut self, link: LinkId, items: Vec<(FileId, Version)>) {
        let mut lacking = Vec::new();
        for (id, version) in items {
            let ours = self.index.get(&id);
            let here = ours.is_some_and(|ours| digest::short(ours.digest(&id)) == version);
            let state = ours.map_or(State::Absent, Entry::state);
            let comes = self.tasks.get(&id).is_some_and(|task| !task.incoming.is_empty());
            let asked = self.links.values().any(|it| it.asked.get(&id) == Some(&version));
            let Some(it) = self.links.get_mut(&link) else {
                return;
            };
            let sent = it.out.is_queued(&id) || it.out.is_leaving(&id);
            if here || sent || comes || asked {
                // The answer to what is under way tells; if not, a comparison does.
                continue;
            }
            if it.asked.len() < ASKED_LIMIT {
                it.asked.insert(id, version);
            }
            lacking.push((id, state));
        }
        if !lacking.is_empty() {
            self.send(link, Lane::Control, Message::States { reply: false, states: lacking });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(byte: u8) -> FileId {
        FileId([byte; 16])
    }

    fn offer(due: u64, from: u64) -> Offer {
        Offer { due: Tick(due), from: LinkId(from), live: true }
    }

    #[test]
    fn the_first_time_counts_and_the_end_of_its_link_hastens_it() {
        let mut offers = Offers::default();
        offers.note(id(1), offer(50, 1));
        offers.note(id(1), offer(90, 2));
        offers.note(id(2), offer(60, 2));
        assert_eq!(offers.deadline(Tick(0)), Some(Tick(50)));
        assert!(offers.take_due(Tick(49), false).is_empty());
        offers.hasten(LinkId(2), Tick(20));
        assert_eq!(offers.take_due(Tick(20), false), [id(2)]);
        assert_eq!(offers.take_due(Tick(50), false), [id(1)]);
        assert!(offers.is_empty() && offers.line.is_empty());
        assert_eq!(offers.deadline(Tick(0)), None);
    }

    #[test]
    fn a_few_wait_while_more_are_coming() {
        let mut offers = Offers::default();
        for byte in 0..u8::try_from(OFFERS_GATHERED).unwrap() {
            assert!(offers.take_due(Tick(9), true).is_empty(), "{byte}");
            offers.note(id(byte), offer(5, 1));
        }
        offers.note(id(200), offer(10, 1));
        assert_eq!(offers.take_due(Tick(9), true).len(), OFFERS_GATHERED);
        offers.note(id(1), offer(5, 1));
        assert_eq!(offers.take_due(Tick(9), false), [id(1)]);
        assert_eq!(offers.deadline(Tick(9)), Some(Tick(10)));
    }
}
