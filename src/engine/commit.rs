//! A new state of one file: into the store, then before everybody.

use super::core::{Engine, Pending};

use super::entry::{Base, Entry};
use super::job::Held;
use super::report::Report;
use super::spread::Origin;
use crate::docs;
use crate::model::{FileId, VaultPath, Write};
use crate::wire::State;

/// A new state on its way into the store.
#[derive(Debug)]
pub(super) struct Commit {
    pub(super) id: FileId,
    pub(super) entry: Entry,
    pub(super) held: Option<Box<Held>>,
    pub(super) reports: Vec<Report>,
    /// The peer that delivered it.
    pub(super) from: Option<Origin>,
    /// Whether it is an edit made on this device just now.
    pub(super) live: bool,
    pub(super) copies: Vec<docs::Body>,
}

impl Engine {
    /// Only what is known of the disk changed.
    pub(super) fn commit_base(
        &mut self,
        id: FileId,
        entry: Entry,
        base: Option<Base>,
        reports: Vec<Report>,
    ) {
        let entry = Entry { base, ..entry };
        let commit =
            Commit { id, entry, held: None, reports, from: None, live: false, copies: Vec::new() };
        self.commit(Vec::new(), commit);
    }

    pub(super) fn commit(&mut self, mut writes: Vec<Write>, commit: Commit) {
        writes.push(Write::File { id: commit.id, record: commit.entry.encode() });
        if let Some((writes, commit)) = self.unless_traded(writes, commit) {
            self.append(writes, Pending::Commit(Box::new(commit)));
        }
    }

    /// A new state is durable: now it may be seen.
    pub(super) fn on_committed(&mut self, commit: Commit) {
        let Commit { id, entry, held, reports, from, live, copies } = commit;
        if let Some(held) = held {
            self.cache.put(id, held);
        }
        let path = entry.path.clone();
        let (generation, alive) = (entry.generation, entry.alive);
        let content = entry.content;
        let rival = self.index.rival_of(&id, &entry).filter(|other| {
            // One that is known to have left says so itself.
            !self.tasks.get(other).is_some_and(|task| task.working || !task.disk.is_empty())
        });
        let heads = entry.heads.clone();
        let old = self.index.put(id, entry);
        if let Some(old) = &old {
            self.trails.moved_on(id, &old.heads, &heads);
        }
        if let Some(rival) = rival {
            self.contest(id, rival);
            self.wake(rival);
        }
        if old.as_ref().is_none_or(|old| (old.content, old.alive) != (content, alive)) {
            // What was waited for is not what is wanted now.
            self.wanting.remove(&id);
            if let Some(task) = self.tasks.get_mut(&id) {
                task.waiting = false;
                task.blocked = false;
                task.attempts = 0;
                task.asked = 0;
                task.ask_again = None;
            }
        }
        self.rivals_follow(id, old.as_ref());
        if self.index.get(&id).is_none_or(|entry| entry.base.is_none()) {
            // Nothing of it lies here that could be hollow.
            self.is_filled(id);
        }
        let lies = |entry: &Entry| entry.base.as_ref().map(|base| base.content.hash);
        if self.index.get(&id).and_then(lies) != old.as_ref().and_then(lies) {
            self.content_is_here(id);
        }
        let state = old.as_ref().map_or(State::Absent, Entry::state);
        self.tell_links(id, &state, live, from.as_ref());
        for report in reports {
            self.report(report);
        }
        if let Some(Origin { link, theirs, .. }) = from {
            self.acknowledge(link, id, theirs);
        }
        for copy in copies {
            self.keep_text(&path, copy);
        }
        if live && (!alive || old.is_some_and(|it| it.path != path)) && generation == 0 {
            // The folder it left may now be empty, which is worth remembering.
            self.look_at_parents(id);
        }
        self.end_work(id);
    }

    pub(super) fn look_at_parents(&mut self, id: FileId) {
        let Some(entry) = self.index.get(&id) else {
            return;
        };
        if let Some(parent) = entry.birth.parent() {
            let now = self.now;
            self.debounce.hint(now, parent);
        }
    }

    /// Files that claim the same path give way, or move up.
    pub(super) fn rivals_follow(&mut self, id: FileId, old: Option<&Entry>) {
        let Some(entry) = self.index.get(&id) else {
            return;
        };
        let unchanged = old.is_some_and(|it| it.path == entry.path && it.alive == entry.alive);
        if unchanged {
            return;
        }
        let mut paths: Vec<VaultPath> = vec![entry.path.clone()];
        paths.extend(old.map(|it| it.path.clone()));
        for at in 0..paths.len() {
            // A file gives way to a folder of its name.
            paths.extend(std::iter::successors(paths[at].parent(), VaultPath::parent));
        }
        for path in paths {
            let rivals: Vec<FileId> = self.index.claimants(&path).collect();
            for rival in rivals {
                self.wake(rival);
            }
        }
    }
}
