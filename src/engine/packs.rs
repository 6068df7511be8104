//! Many texts for one peer, sent as they lie together in the packs of the store: nothing is read from
//! the folder, nothing packed anew.
//!
//! - Texts in line for a peer are gathered, and the store is asked for the packs that hold nothing else.
//!   They were packed in the order in which they were taken in, newest first, and that is the order in
//!   which a new device is sent them.
//! - A pack of which only the beginning was asked for is asked for again, with the rest. What lies in no
//!   such pack is read from the folder.

use std::collections::BTreeMap;

use super::core::{Engine, Pending};
use super::effect::{Effect, LinkId};
use super::entry::Entry;
use crate::model::{Content, ContentHash, FileId, Kind, PackedTexts};
use crate::wire::{Body, Lane, Message, Packed};

impl Engine {
    /// Asks the store for the packs of the texts that were gathered, if these are many.
    pub(super) fn look_for_packs(&mut self, link: LinkId) {
        let Some(it) = self.links.get_mut(&link) else {
            return;
        };
        let files = it.out.take_gathered();
        if files.len() < self.config.packs_from {
            for (id, _) in files {
                self.read_gathered(link, id);
            }
            return;
        }
        let texts = files.iter().map(|(_, content)| content.hash).collect();
        let known = it.out.sent_lately();
        let op = self.op(Pending::SendPacks(link, files));
        self.emit(Effect::LoadPacks { op, texts, known });
    }

    /// Sends what lies in the packs, and sees to the rest.
    pub(super) fn on_packs(
        &mut self,
        link: LinkId,
        files: &[(FileId, Content)],
        packs: Vec<PackedTexts>,
    ) {
        let Some(it) = self.links.get_mut(&link) else {
            return;
        };
        it.out.found_packs(!packs.is_empty());
        // Of files that hold the same, the first is sent in the pack.
        let mut by_hash: BTreeMap<ContentHash, usize> = BTreeMap::new();
        for (at, (_, content)) in files.iter().enumerate() {
            by_hash.entry(content.hash).or_insert(at);
        }
        if !packs.is_empty() {
            // What was ready before these is newer.
            self.flush(link, true);
        }
        let mut rest = vec![true; files.len()];
        for PackedTexts { pack, texts } in packs {
            let mut deliveries = Vec::new();
            for (hash, offset) in texts {
                let Some(at) = by_hash.remove(&hash) else { continue };
                let (id, content) = files[at];
                rest[at] = false;
                let Some(entry) = self.still_plain(link, id, content) else { continue };
                let body = Body::Plain { kind: Kind::Text, content, bytes: None };
                let state = entry.state();
                let delivery = self.leaving(link, Lane::Bulk, id, body, state, content.size);
                deliveries.extend(delivery.map(|delivery| (offset, delivery)));
            }
            if !deliveries.is_empty() {
                self.send(link, Lane::Bulk, Message::Packed(Packed { pack, deliveries }));
            }
        }
        // Those behind everything that was found may be the beginning of one pack more.
        let found = rest.iter().rposition(|rest| !rest).map_or(0, |last| last + 1);
        for (at, (id, content)) in files.iter().enumerate().filter(|(at, _)| rest[*at]) {
            let again = found > 0 && at >= found && self.has_more_in_line(link);
            if again {
                self.not_now(link, *id, false);
            } else if self.still_plain(link, *id, *content).is_some() {
                self.read_gathered(link, *id);
            }
        }
    }

    fn has_more_in_line(&self, link: LinkId) -> bool {
        self.links.get(&link).is_some_and(|it| it.out.has_more())
    }

    /// What is in line again, in its place.
    pub(super) fn not_now(&mut self, link: LinkId, id: FileId, live: bool) {
        if let Some(it) = self.links.get_mut(&link) {
            it.out.give_up(&id);
        }
        self.queue(link, id, live);
    }

    /// The record of a file that still is as it was born with `content`; any other is prepared anew.
    fn still_plain(&mut self, link: LinkId, id: FileId, content: Content) -> Option<Entry> {
        let entry = self.index.get(&id)?;
        let same = entry.heads.is_empty() && entry.kind == Kind::Text && entry.content == content;
        if same {
            return Some(entry.clone());
        }
        self.not_now(link, id, true);
        None
    }

    fn read_gathered(&mut self, link: LinkId, id: FileId) {
        if let Some(entry) = self.index.get(&id).cloned() {
            self.read_to_send(link, id, &entry, Lane::Bulk);
        }
    }
}
