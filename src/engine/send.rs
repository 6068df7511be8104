//! Who is sent what next. Of several devices that give to one, each begins with its share (`share`).

use super::config::Background;
use super::core::{Engine, Pending};
use super::effect::{Effect, LinkId};
use super::entry::Entry;
use super::link::{Link, holds, same};
use super::outbox::{BATCH_BYTES, BATCH_FILES, Class};
use super::report::Report;
use crate::model::{CHUNK_BYTES, Content, Digest, FileId, Kind, StepError};
use crate::wire::{Body, Delivery, Lane, Message, State};

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
            return self.flush(link, false);
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
            if it.out.is_under_way(&id) {
                continue;
            }
            let theirs = it.their_state(&id);
            let they_give = it.taking();
            let Some(entry) = self.index.get(&id).cloned() else {
                continue;
            };
            self.prepare(link, id, &entry, theirs, they_give, !not_live);
        }
        self.look_for_packs(link);
        self.flush(link, false);
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
                it.out.prepares(id);
                if entry.kind == Kind::Text && entry.content.size > 0 {
                    if !live && it.out.gathers(entry.content.size) {
                        return it.out.gather(id, entry.content);
                    }
                    self.read_to_send(link, id, entry, lane);
                } else {
                    self.plain_ready(link, id, entry, None, lane);
                }
            }
            State::Absent | State::Plain { .. } | State::Document { .. } => {
                it.out.prepares(id);
                let task = self.tasks.entry(id).or_default();
                task.exports.insert(link, lane);
                self.wake(id);
            }
        }
    }

    /// The file itself is the quickest source; the store packs many texts together.
    pub(super) fn read_to_send(&mut self, link: LinkId, id: FileId, entry: &Entry, lane: Lane) {
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
                self.not_now(link, id, true);
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
            return self.not_now(link, id, true);
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
        let weight = weight_of(&body);
        let delivery = self.leaving(link, lane, id, body, state, weight);
        if let (Some(delivery), Some(it)) = (delivery, self.links.get_mut(&link)) {
            it.out.is_ready(lane != Lane::Live, delivery, weight);
        }
    }

    /// A delivery that leaves now, if the peer still lacks it; `weight` is what it takes of the memory of
    /// both sides, in bytes.
    pub(super) fn leaving(
        &mut self,
        link: LinkId,
        lane: Lane,
        id: FileId,
        body: Body,
        state: State,
        weight: u64,
    ) -> Option<Delivery> {
        let entry = self.index.get(&id)?;
        let (birth, generation) = (entry.birth.clone(), entry.generation);
        let (mtime_ms, path, content) = (entry.mtime_ms, entry.path.clone(), entry.content);
        let live = lane == Lane::Live;
        let others = if live { self.others_served(link, &id, &state) } else { Vec::new() };
        let bytes = match &body {
            Body::Plain { .. } => content.size,
            Body::Document { .. } | Body::Changes { .. } => weight,
        };
        let it = self.links.get_mut(&link)?;
        if !it.theirs.contains_key(&id) {
            // It got it from somebody else meanwhile.
            it.out.give_up(&id);
            self.queue(link, id, live);
            return None;
        }
        it.out.leaves(id, state, weight, self.now);
        let peer = it.peer;
        self.shots.count_sent(1, 0);
        self.report(Report::Sent { path, peer, bytes });
        Some(Delivery { id, birth, generation, mtime_ms, others, body, packed: None })
    }

    /// The peer turned out to hold all of it.
    pub(super) fn export_needless(&mut self, link: LinkId, id: FileId, state: &State) {
        let ours = self.index.get(&id).map(Entry::state);
        let Some(it) = self.links.get_mut(&link) else {
            return;
        };
        it.out.give_up(&id);
        if ours.is_some_and(|ours| same(&ours, state)) {
            // It holds more than we do, and will deliver that.
            it.out.forget(&id);
        }
    }

    /// Sends what is ready: `all` of it, also what would rather leave with more.
    pub(super) fn flush(&mut self, link: LinkId, all: bool) {
        let Some(it) = self.links.get_mut(&link) else {
            return;
        };
        for (bulk, deliveries) in it.out.take_ready(all) {
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

/// The bytes that travel, of those that count.
fn weight_of(body: &Body) -> u64 {
    match body {
        Body::Plain { bytes: Some(bytes), .. } | Body::Document { bytes } => bytes.len() as u64,
        Body::Plain { bytes: None, .. } => 0,
        Body::Changes { changes, .. } => changes.iter().map(Vec::len).sum::<usize>() as u64,
    }
}

/// Cuts a long list into messages of bounded size.
fn batches_of(deliveries: Vec<Delivery>) -> Vec<Vec<Delivery>> {
    let mut batches = vec![Vec::new()];
    let mut bytes = 0;
    for delivery in deliveries {
        let weight = weight_of(&delivery.body);
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
