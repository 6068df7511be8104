//! Finding out what differs from a peer, from the sums down to single files.

use std::collections::BTreeSet;

use super::core::Engine;
use super::digest::{self, Tree};
use super::effect::LinkId;
use super::entry::Entry;
use super::link::{Link, Phase, same};
use crate::model::{Digest, FileId};
use crate::wire::{Lane, Leaf, Message, Node, State};

impl Engine {
    /// One side holds nothing at all: no comparison is needed.
    pub(super) fn all_differ(&mut self, link: LinkId) {
        let ids: Vec<FileId> = self.index.iter().map(|(id, _)| *id).collect();
        if let Some(it) = self.links.get_mut(&link) {
            it.theirs.extend(ids.into_iter().map(|id| (id, State::Absent)));
        }
        self.finish_comparing(link);
    }

    pub(super) fn send_sums(&mut self, link: LinkId) {
        let Some(it) = self.links.get_mut(&link) else {
            return;
        };
        it.phase = Phase::Comparing;
        it.recompare = None;
        let sums = Tree::of(&self.index, it.fanout).sums();
        self.send(link, Lane::Control, Message::Sums(sums));
    }

    pub(super) fn on_sums(&mut self, link: LinkId, sums: &[Digest]) {
        let Ok(fanout) = u16::try_from(sums.len().clamp(1, 256)) else {
            return;
        };
        let Some(it) = self.links.get_mut(&link) else {
            return;
        };
        it.fanout = fanout;
        it.phase = Phase::Comparing;
        let nodes = Tree::of(&self.index, fanout).differing_nodes(sums);
        self.send(link, Lane::Control, Message::Leaves(nodes));
    }

    pub(super) fn on_leaves(&mut self, link: LinkId, nodes: &[Node]) {
        let Some(it) = self.links.get(&link) else {
            return;
        };
        let fanout = it.fanout;
        let leaves = Tree::of(&self.index, fanout).differing_leaves(nodes);
        let items = digest::items(&self.index, fanout, &leaves);
        self.send(link, Lane::Control, Message::Items(items));
    }

    pub(super) fn on_items(&mut self, link: LinkId, leaves: Vec<Leaf>) {
        let Some(it) = self.links.get(&link) else {
            return;
        };
        let fanout = it.fanout;
        let places: Vec<(u16, u16)> = leaves.iter().map(|it| (it.node, it.leaf)).collect();
        let mut absent = Vec::new();
        let mut differing = Vec::new();
        let mut named = BTreeSet::new();
        for (id, mark) in leaves.into_iter().flat_map(|leaf| leaf.items) {
            named.insert(id);
            match self.index.get(&id) {
                None => absent.push((id, State::Absent)),
                Some(entry) if digest::short(entry.digest(&id)) != mark => {
                    differing.push((id, self.state_with_trail(&id, entry)));
                }
                Some(_) => {}
            }
        }
        let ours_alone: Vec<FileId> = digest::items(&self.index, fanout, &places)
            .into_iter()
            .flat_map(|leaf| leaf.items)
            .map(|(id, _)| id)
            .filter(|id| !named.contains(id))
            .collect();
        if let Some(it) = self.links.get_mut(&link) {
            it.theirs.extend(ours_alone.into_iter().map(|id| (id, State::Absent)));
        }
        if !absent.is_empty() {
            let message = Message::States { reply: false, states: absent };
            self.send(link, Lane::Control, message);
        }
        if !differing.is_empty() {
            let message = Message::States { reply: true, states: differing };
            self.send(link, Lane::Control, message);
        }
        self.send(link, Lane::Control, Message::Compared);
    }

    pub(super) fn on_states(&mut self, link: LinkId, reply: bool, states: Vec<(FileId, State)>) {
        let mut answers = Vec::new();
        let mut queue = Vec::new();
        for (id, state) in states {
            let ours = self.index.get(&id).map(Entry::state);
            let equal = ours.as_ref().is_some_and(|ours| same(ours, &state));
            if !reply && self.wanting.contains(&id) && equal {
                // The peer, which did not have it either, says that it has it now.
                self.ask_again(id);
                continue;
            }
            if reply && let Some(entry) = self.index.get(&id) {
                answers.push((id, self.state_with_trail(&id, entry)));
            }
            queue.push(id);
            if let Some(it) = self.links.get_mut(&link) {
                it.theirs.insert(id, state);
                it.offers.remove(&id);
            }
        }
        if reply {
            self.send(link, Lane::Control, Message::States { reply: false, states: answers });
        }
        if self.links.get(&link).is_some_and(Link::compared) {
            for id in queue {
                self.queue(link, id, false);
            }
        }
    }

    /// What a peer whose version differs is told: also what ours was built on.
    fn state_with_trail(&self, id: &FileId, entry: &Entry) -> State {
        match entry.state() {
            State::Document { heads, .. } => State::Document { heads, recent: self.trails.of(id) },
            state @ (State::Absent | State::Plain { .. }) => state,
        }
    }

    pub(super) fn on_compared(&mut self, link: LinkId) {
        let answer = self.links.get(&link).is_some_and(|it| self.me < it.peer);
        if answer {
            self.send(link, Lane::Control, Message::Compared);
        }
        self.finish_comparing(link);
    }

    pub(super) fn finish_comparing(&mut self, link: LinkId) {
        let Some(it) = self.links.get_mut(&link) else {
            return;
        };
        it.phase = Phase::Compared;
        it.settled_sent = None;
        let touched = std::mem::take(&mut it.touched);
        for (id, before) in touched {
            it.theirs.entry(id).or_insert(before);
        }
        let offered = |id: &&FileId| it.offers.contains(id);
        let ids: Vec<FileId> = it.theirs.keys().filter(|id| !offered(id)).copied().collect();
        for id in ids {
            self.queue(link, id, false);
        }
        self.ask_for_wanted(link);
    }
}
