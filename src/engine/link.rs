//! One connection to one peer: greeting, comparison, agreement.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::accord::Settled;
use super::bye::other_version;
use super::command::Refusal;
use super::config::Background;
use super::core::{Engine, Stage};
use super::digest;
use super::effect::{Effect, LinkId};
use super::input::DialError;
use super::outbox::Outbox;
use super::progress::Told;
use super::report::Report;
use super::serve::Serving;
use super::spread::{Offers, Version};
use super::task::Incoming;
use crate::docs::Birth;
use crate::model::{ContentHash, Digest, FileId, PeerId, Tick};
use crate::wire::{Bye, Delivery, Hello, Lane, Message, PROTOCOL_VERSION, Share, State};

/// A link that was not greeted within this time is given up.
/// A device that joins looks through its folder first.
const GREETING_LIMIT_MS: u64 = 60_000;

/// How far a connection is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Phase {
    /// Nobody we know; it may present a ticket.
    Stranger,
    /// We presented a ticket.
    Proving,
    /// Our ticket was accepted; our folder is being looked at before we say hello.
    Accepted,
    /// Our hello is out.
    Greeting,
    /// Hellos are exchanged, what differs is being found.
    Comparing,
    /// What differs is known.
    Compared,
    /// Our last words are out.
    Closing,
}

/// One connection.
#[derive(Debug)]
pub(super) struct Link {
    pub(super) peer: PeerId,
    pub(super) phase: Phase,
    pub(super) since: Tick,
    pub(super) hello: Option<Hello>,
    /// Digest and number of files in our own hello: both sides must decide by the same two hellos.
    hello_sent: (Digest, u64),
    pub(super) early_hello: Option<Hello>,
    /// What we offered in our own hello.
    pub(super) gives: bool,
    pub(super) takes: bool,
    pub(super) fanout: u16,
    /// What the peer holds of files on which we differ; all others are equal.
    pub(super) theirs: BTreeMap<FileId, State>,
    /// Files that changed here while the comparison was on, with their state before.
    pub(super) touched: BTreeMap<FileId, State>,
    pub(super) out: Outbox,
    /// What the peer is to be told of instead of being sent it.
    pub(super) offers: Offers,
    /// Files that it told of and was asked for, with the versions.
    pub(super) asked: BTreeMap<FileId, Version>,
    /// Files that it told of and will be asked for, the soonest first: by when, which version.
    pub(super) questions: VecDeque<(Tick, FileId, Version)>,
    /// Where the peer was told to begin.
    pub(super) share: Share,
    pub(super) told: Told,
    pub(super) acks: Vec<(FileId, Digest)>,
    pub(super) settled_sent: Option<Settled>,
    pub(super) settled_got: Option<Settled>,
    /// What both agreed on last, and what either holds back of it: there, here.
    pub(super) agreed_on: Option<(Digest, u64, u64)>,
    pub(super) recompare: Option<Tick>,
    pub(super) recompares: u32,
    /// Files of which the peer could not use what it was sent.
    pub(super) needed: BTreeSet<FileId>,
    /// Contents that the peer asked for and that were not here.
    pub(super) gone: BTreeSet<ContentHash>,
    pub(super) serving: Serving,
    /// When the last message came.
    pub(super) heard: Tick,
    /// Why it ends, if we end it.
    pub(super) closing_reason: Option<String>,
}

impl Link {
    pub(super) fn new(now: Tick, peer: PeerId, phase: Phase) -> Self {
        Self {
            peer,
            phase,
            since: now,
            hello: None,
            hello_sent: (Digest::ZERO, 0),
            early_hello: None,
            gives: true,
            takes: true,
            fanout: 1,
            theirs: BTreeMap::new(),
            gone: BTreeSet::new(),
            touched: BTreeMap::new(),
            out: Outbox::default(),
            offers: Offers::default(),
            asked: BTreeMap::new(),
            questions: VecDeque::new(),
            share: Share::default(),
            told: Told::default(),
            acks: Vec::new(),
            settled_sent: None,
            settled_got: None,
            agreed_on: None,
            recompare: None,
            recompares: 0,
            needed: BTreeSet::new(),
            serving: Serving::default(),
            heard: now,
            closing_reason: None,
        }
    }

    /// Files that the peer said it holds back until a person agrees.
    pub(super) fn held_there(&self) -> u64 {
        self.settled_got.map_or(0, |it| it.held)
    }

    /// Since when the peer has owed an answer to a delivery, and said nothing at all.
    pub(super) fn owes_since(&self) -> Option<Tick> {
        self.out.owed_since().map(|since| since.max(self.heard)).filter(|_| self.greeted())
    }

    /// Whether hellos are exchanged.
    pub(super) fn greeted(&self) -> bool {
        matches!(self.phase, Phase::Comparing | Phase::Compared)
    }

    /// Whether the hellos named different digests.
    pub(super) fn differed(&self) -> bool {
        self.hello.as_ref().is_some_and(|hello| hello.digest != self.hello_sent.0)
    }

    /// How many files our own hello named.
    pub(super) fn files_sent(&self) -> u64 {
        self.hello_sent.1
    }

    /// Whether both sides know what differs.
    pub(super) fn compared(&self) -> bool {
        self.phase == Phase::Compared
    }

    /// Whether we give on this link, and the peer takes.
    pub(super) fn giving(&self) -> bool {
        self.gives && self.hello.as_ref().is_some_and(|hello| hello.takes)
    }

    /// Whether the peer gives on this link, and we take.
    pub(super) fn taking(&self) -> bool {
        self.takes && self.hello.as_ref().is_some_and(|hello| hello.gives)
    }

    /// What the peer holds of a file, as far as we know: by default what we held when we agreed.
    pub(super) fn their_state(&self, id: &FileId) -> State {
        self.theirs.get(id).cloned().unwrap_or(State::Absent)
    }

    pub(super) fn pending_out(&self) -> u64 {
        self.out.pending()
    }

    pub(super) fn deadline(&self) -> Option<Tick> {
        match self.phase {
            Phase::Accepted => None,
            Phase::Stranger | Phase::Proving | Phase::Greeting | Phase::Closing => {
                Some(self.since.plus_ms(GREETING_LIMIT_MS))
            }
            Phase::Comparing | Phase::Compared => self.recompare,
        }
    }
}

impl Engine {
    pub(super) fn on_link_up(&mut self, link: LinkId, peer: PeerId, dialled: bool) {
        self.members.reached(&peer);
        let member = self.members.is_member(&peer);
        let ticket = self.members.ticket_for(&peer).filter(|_| dialled);
        let phase = match (&ticket, member) {
            (Some(_), _) => Phase::Proving,
            (None, true) => Phase::Greeting,
            (None, false) => Phase::Stranger,
        };
        self.links.insert(link, Link::new(self.now, peer, phase));
        if let Some(secret) = ticket {
            let pair = self.members.pair_message(&self.name, secret);
            self.send(link, Lane::Control, Message::Pair(pair));
        } else if member {
            self.greet(link);
        }
    }

    /// Says hello.
    pub(super) fn greet(&mut self, link: LinkId) {
        if self.stage < Stage::Ready {
            // A digest of what was not looked at yet would prove nothing.
            if let Some(it) = self.links.get_mut(&link) {
                it.phase = Phase::Accepted;
            }
            return;
        }
        let (gives, takes) = self.shots.direction(self.stay);
        if let Some(it) = self.links.get_mut(&link) {
            it.gives = gives;
            it.takes = takes;
            if it.phase != Phase::Closing {
                it.phase = Phase::Greeting;
            }
        }
        let share = self.first_share(link);
        let hello = Hello {
            version: PROTOCOL_VERSION,
            vault: self.vault,
            digest: self.index.digest(),
            files: self.index.len() as u64,
            gives,
            takes,
            members: self.members.digest(),
            share,
        };
        if let Some(it) = self.links.get_mut(&link) {
            it.hello_sent = (hello.digest, hello.files);
        }
        self.send(link, Lane::Control, Message::Hello(hello));
    }

    /// Says hello to whoever accepted us, once our folder was looked at.
    pub(super) fn greet_accepted(&mut self) {
        let links: Vec<LinkId> = self
            .links
            .iter()
            .filter(|(_, it)| it.phase == Phase::Accepted)
            .map(|(link, _)| *link)
            .collect();
        for link in links {
            self.greet(link);
            let early = self.links.get_mut(&link).and_then(|it| it.early_hello.take());
            if let Some(hello) = early {
                self.on_hello(link, hello);
            }
        }
    }

    pub(super) fn on_link_down(&mut self, link: LinkId, reason: &str) {
        let Some(gone) = self.links.remove(&link) else {
            return;
        };
        let why = gone.closing_reason.clone().unwrap_or_else(|| reason.to_owned());
        if gone.hello.is_some() {
            self.report(Report::PeerDisconnected(gone.peer, why.clone()));
        }
        self.end_progress(&gone);
        self.drop_deliveries(link);
        self.lose_source(link);
        self.hasten_offers(link);
        self.members.ended(gone.peer, self.now);
        if self.shots.link_ended(&gone, &why) {
            self.members.call_now(&gone.peer, self.now);
        }
    }

    fn drop_deliveries(&mut self, link: LinkId) {
        // Work that has begun goes on; what waits will be sent again when the peer is back.
        for task in self.tasks.values_mut() {
            task.incoming.retain(|incoming| incoming.link != link);
            task.exports.remove(&link);
        }
    }

    pub(super) fn on_dial_failed(&mut self, peer: PeerId, reason: &DialError) {
        let (DialError::Unreachable(why) | DialError::Version(why)) = reason;
        self.members.not_reached(peer, self.now);
        if let DialError::Version(why) = reason {
            // It will not change before somebody updates it; then it calls us.
            self.members.refused_us(peer, self.now);
            self.report(Report::PeerRefused(peer, why.clone()));
        }
        self.shots.not_reached(peer, reason, why);
    }

    pub(super) fn send(&mut self, link: LinkId, lane: Lane, message: Message) {
        if self.links.contains_key(&link) {
            self.emit(Effect::Send { link, lane, message });
        }
    }

    /// Says goodbye and ends a connection.
    pub(super) fn close(&mut self, link: LinkId, bye: Bye, reason: &str) {
        let Some(it) = self.links.get_mut(&link) else {
            return;
        };
        if it.phase == Phase::Closing {
            return;
        }
        it.phase = Phase::Closing;
        it.since = self.now;
        it.closing_reason = Some(reason.to_owned());
        self.send(link, Lane::Control, Message::Bye(bye));
        self.emit(Effect::Close { link });
    }

    /// Ends the links on which nothing is on its way; with `late` the others, too.
    pub(super) fn close_links(&mut self, late: bool) {
        let over = |link: &LinkId, it: &Link| {
            let rests = self.background_for(*link) == Background::Rests;
            let sent = it.out.idle() || (rests && it.out.only_background());
            late || !it.compared() || !it.giving() || sent
        };
        let over = self.links.iter().filter(|(link, it)| over(link, it));
        let links: Vec<LinkId> = over.map(|(link, _)| *link).collect();
        for link in links {
            self.close(link, Bye::Done, "stopping");
        }
    }

    pub(super) fn on_message(
        &mut self,
        link: LinkId,
        lane: Lane,
        message: Message,
        wire_bytes: u64,
    ) {
        let Some(it) = self.links.get_mut(&link) else {
            return;
        };
        let phase = it.phase;
        it.heard = self.now;
        self.shots.count_received(0, wire_bytes);
        let allowed = match &message {
            Message::Bye(_) => true,
            // A member may present its ticket again, if a stop came before it kept the answer.
            Message::Pair(_) => matches!(phase, Phase::Stranger | Phase::Greeting),
            Message::Paired { .. } => phase == Phase::Proving,
            // A member that does not know yet that we know it, or a stranger that must be told off.
            Message::Hello(_) => {
                matches!(
                    phase,
                    Phase::Greeting | Phase::Stranger | Phase::Proving | Phase::Accepted
                )
            }
            // It follows the hello, which may wait for us.
            Message::Share(_) => matches!(
                phase,
                Phase::Proving | Phase::Accepted | Phase::Comparing | Phase::Compared
            ),
            Message::Members(_)
            | Message::Sums(_)
            | Message::Leaves(_)
            | Message::Items(_)
            | Message::States { .. }
            | Message::Compared
            | Message::Deliver(_)
            | Message::Packed(_)
            | Message::Ack(_)
            | Message::Need(_)
            | Message::Settled { .. }
            | Message::Holds(_)
            | Message::OutlineWant(_)
            | Message::Outline { .. }
            | Message::ChunkWant { .. }
            | Message::Chunk { .. }
            | Message::ContentGone(_) => matches!(phase, Phase::Comparing | Phase::Compared),
        };
        if !allowed {
            if phase != Phase::Closing {
                self.close(link, Bye::Protocol, "a message out of turn");
            }
            return;
        }
        match message {
            Message::Pair(pair) => self.on_pair(link, pair),
            Message::Paired { members } => self.on_paired(link, &members),
            Message::Hello(hello) if matches!(phase, Phase::Proving | Phase::Accepted) => {
                // The inviter is ahead of us: it is answered once our folder was looked at.
                if let Some(it) = self.links.get_mut(&link) {
                    it.early_hello = Some(hello);
                }
            }
            Message::Hello(hello) => self.on_hello(link, hello),
            Message::Members(members) => self.on_members(&members),
            Message::Sums(sums) => self.on_sums(link, &sums),
            Message::Leaves(nodes) => self.on_leaves(link, &nodes),
            Message::Items(leaves) => self.on_items(link, leaves),
            Message::States { reply, states } => self.on_states(link, reply, states),
            Message::Compared => self.on_compared(link),
            Message::Deliver(deliveries) => self.on_deliver(link, lane, deliveries),
            // It never comes out of a frame.
            Message::Packed(_) => self.close(link, Bye::Protocol, "a pack that was not unpacked"),
            Message::Ack(acks) => self.on_ack(link, &acks),
            Message::Need(needs) => self.on_need(link, needs),
            Message::Settled { digest, busy, held } => {
                if let Some(it) = self.links.get_mut(&link) {
                    it.settled_got = Some(Settled { digest, busy, held });
                    it.share = Share::default();
                }
            }
            Message::Holds(items) => self.on_holds(link, items),
            Message::Share(share) => self.on_share(link, share),
            Message::OutlineWant(content) => self.serve_outline(link, content),
            Message::Outline { hash, chunks } => self.on_outline(link, hash, chunks),
            Message::ChunkWant { content, index } => self.serve_chunk(link, content, index),
            Message::Chunk { hash, index, bytes } => self.on_chunk(link, hash, index, bytes),
            Message::ContentGone(hash) => self.on_content_gone(link, hash),
            Message::Bye(bye) => self.on_bye(link, bye),
        }
    }

    fn on_hello(&mut self, link: LinkId, hello: Hello) {
        let Some(it) = self.links.get(&link) else {
            return;
        };
        let peer = it.peer;
        if !self.members.is_member(&peer) {
            self.report(Report::PeerRefused(peer, "nobody paired this device".into()));
            return self.close(link, Bye::Refused, "not a member of this vault");
        }
        if hello.version != PROTOCOL_VERSION {
            let reason = other_version(hello.version);
            self.shots.refused(peer, Refusal::Version, &reason);
            self.members.refused_us(peer, self.now);
            self.report(Report::PeerRefused(peer, reason.clone()));
            return self.close(link, Bye::Version(PROTOCOL_VERSION), &reason);
        }
        if hello.vault != self.vault {
            return self.close(link, Bye::OtherVault, "the peer holds another vault");
        }
        if it.phase == Phase::Stranger {
            self.greet(link);
            if let Some(it) = self.links.get_mut(&link)
                && it.phase == Phase::Accepted
            {
                it.early_hello = Some(hello);
                return;
            }
        }
        let (ours, files) = self.links.get(&link).map_or((Digest::ZERO, 0), |it| it.hello_sent);
        let fanout = digest::fanout(hello.files.max(files));
        let equal = hello.digest == ours;
        let they_lack_all = hello.files == 0 || files == 0;
        let members_differ = hello.members != self.members.digest();
        let others = self.members.others().filter(|it| !it.removed).count() > 1;
        let Some(it) = self.links.get_mut(&link) else {
            return;
        };
        it.fanout = fanout;
        it.out.others = others;
        it.out.begin_with(hello.share);
        it.hello = Some(hello);
        it.phase = Phase::Comparing;
        self.report(Report::PeerConnected(peer));
        if members_differ {
            let members = self.members.all().cloned().collect();
            self.send(link, Lane::Control, Message::Members(members));
        }
        // Our own hello may be older than this: whatever changed since is in `touched`.
        if equal {
            self.finish_comparing(link);
        } else if they_lack_all {
            self.all_differ(link);
        } else if self.me < peer {
            self.send_sums(link);
        }
    }

    fn on_deliver(&mut self, link: LinkId, lane: Lane, deliveries: Vec<Delivery>) {
        let Some(it) = self.links.get_mut(&link) else {
            return;
        };
        let peer = it.peer;
        if !it.taking() {
            return self.close(link, Bye::Protocol, "a delivery nobody asked for");
        }
        self.shots.count_received(deliveries.len() as u64, 0);
        for delivery in deliveries {
            let birth = Birth {
                vault: self.vault,
                path: delivery.birth.clone(),
                generation: delivery.generation,
            };
            if birth.file_id() != delivery.id {
                return self.close(link, Bye::Protocol, "a delivery under a wrong identity");
            }
            self.delivered(Incoming { link, lane, peer, delivery, since: self.now });
        }
    }

    /// What a peer delivered is durable here. `theirs` is the state the peer holds, if known.
    pub(super) fn acknowledge(&mut self, link: LinkId, id: FileId, theirs: Option<State>) {
        let Some(entry) = self.index.get(&id) else {
            return;
        };
        let (digest, ours) = (entry.digest(&id), entry.state());
        let Some(it) = self.links.get_mut(&link) else {
            return;
        };
        it.acks.push((id, digest));
        let equal = theirs.as_ref().is_some_and(|theirs| same(theirs, &ours));
        if equal {
            it.theirs.remove(&id);
            it.out.forget(&id);
            it.offers.remove(&id);
        } else if let Some(theirs) = theirs {
            it.theirs.insert(id, theirs);
            self.queue(link, id, false);
        }
    }

    pub(super) fn turn_links(&mut self) {
        self.turn_silence();
        self.turn_shares();
        let links: Vec<LinkId> = self.links.keys().copied().collect();
        for link in links {
            self.pump(link);
            self.flush_acks(link);
            self.turn_offers(link);
            self.settle_link(link);
            self.time_link(link);
        }
    }

    fn flush_acks(&mut self, link: LinkId) {
        let Some(it) = self.links.get_mut(&link) else {
            return;
        };
        if !it.acks.is_empty() && it.greeted() {
            let acks = std::mem::take(&mut it.acks);
            self.send(link, Lane::Control, Message::Ack(acks));
        }
    }

    fn time_link(&mut self, link: LinkId) {
        let Some(it) = self.links.get_mut(&link) else {
            return;
        };
        let due = it.deadline().is_some_and(|due| due <= self.now);
        if !due {
            return;
        }
        match it.phase {
            Phase::Stranger | Phase::Proving | Phase::Accepted | Phase::Greeting => {
                self.close(link, Bye::Protocol, "no greeting in time");
            }
            Phase::Closing => {
                it.since = self.now;
                self.emit(Effect::Close { link });
            }
            Phase::Comparing | Phase::Compared => {
                it.recompare = None;
                let files = it.hello.as_ref().map_or(0, |hello| hello.files);
                it.fanout = digest::fanout(files.max(self.index.len() as u64));
                if self.me < it.peer {
                    self.send_sums(link);
                }
            }
        }
    }
}

/// Whether a peer in the state `theirs` is known to hold all of `ours`, the same version or a later.
pub(super) fn holds(theirs: &State, ours: &State) -> bool {
    match (theirs, ours) {
        (State::Document { heads, recent }, State::Document { heads: ours, .. }) => {
            let held = |hash| heads.as_slice().contains(hash) || recent.contains(hash);
            ours.as_slice().iter().all(held)
        }
        (State::Plain { .. } | State::Absent | State::Document { .. }, _) => theirs == ours,
    }
}

/// Whether two states are the same version.
pub(super) fn same(a: &State, b: &State) -> bool {
    match (a, b) {
        (State::Document { heads: a, .. }, State::Document { heads: b, .. }) => a == b,
        (State::Plain { .. } | State::Absent | State::Document { .. }, _) => a == b,
    }
}
