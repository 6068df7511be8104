//! Paths looked at together, and what was found there.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::index::Index;
use super::trade::Traded;
use crate::model::{FileId, Kind, Seen, Stamp, Tick, VaultPath};
use crate::reconcile::Appeared;

/// New texts of a batch are kept in memory up to this many bytes, and read back from the store
/// beyond that.
pub(super) const HELD_TEXT_BYTES: usize = 8 * 1024 * 1024;

/// Paths looked at together, so that a move is seen as one.
#[derive(Debug)]
pub(super) struct Batch {
    pub(super) since: Tick,
    pub(super) first: BTreeMap<VaultPath, Tick>,
    pub(super) scanning: bool,
    pub(super) scanned: bool,
    pub(super) to_look: VecDeque<VaultPath>,
    pub(super) asked: BTreeSet<VaultPath>,
    pub(super) looking: usize,
    pub(super) appeared: BTreeMap<VaultPath, Seen>,
    pub(super) vanished: BTreeSet<FileId>,
    /// Known files that hold nothing any more.
    pub(super) hollowed: BTreeMap<FileId, (VaultPath, Seen)>,
    /// Places of known files that seem to hold other known files.
    pub(super) traded: BTreeMap<FileId, Traded>,
    /// Which file of those looked at has a number on the file system; `None` where several do.
    files: BTreeMap<(u64, i64), Option<FileId>>,
    /// New files wait for the end of the batch, for one of them may be one that vanished.
    pub(super) hold: bool,
    pub(super) held_bytes: usize,
    pub(super) done: u64,
    /// Looks under way that a step of ours overtook: what they saw is old.
    pub(super) stale: BTreeMap<VaultPath, Before>,
    pub(super) under_way: BTreeSet<VaultPath>,
    /// Looks that are only to tell a step of our own from anything else.
    pub(super) echoes: BTreeSet<VaultPath>,
    /// Places whose writer is known to be done.
    pub(super) closed: BTreeSet<VaultPath>,
}

/// What was known of a place before a step of ours changed it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Before {
    /// A file.
    Known,
    /// Nothing.
    Free,
}

impl Batch {
    /// Nothing yet.
    pub(super) fn new(since: Tick) -> Self {
        Self {
            since,
            first: BTreeMap::new(),
            scanning: false,
            scanned: false,
            to_look: VecDeque::new(),
            asked: BTreeSet::new(),
            looking: 0,
            appeared: BTreeMap::new(),
            vanished: BTreeSet::new(),
            hollowed: BTreeMap::new(),
            traded: BTreeMap::new(),
            files: BTreeMap::new(),
            hold: true,
            held_bytes: 0,
            done: 0,
            stale: BTreeMap::new(),
            under_way: BTreeSet::new(),
            echoes: BTreeSet::new(),
            closed: BTreeSet::new(),
        }
    }

    /// Puts a path in line to be looked at, once.
    pub(super) fn look_at(&mut self, index: &Index, path: VaultPath) {
        if !self.asked.insert(path.clone()) {
            return;
        }
        let known = index.at(&path).and_then(|id| Some((id, index.get(&id)?)));
        let known = known.filter(|(_, entry)| entry.kind != Kind::Folder);
        if let Some((id, stamp)) = known.and_then(|(id, it)| Some((id, it.base.as_ref()?.stamp))) {
            let number = (stamp.inode, stamp.birth_ns);
            self.files.entry(number).and_modify(|it| *it = None).or_insert(Some(id));
        }
        self.to_look.push_back(path);
    }

    /// Which of the files looked at this was, by its number on the file system.
    pub(super) fn whose(&self, stamp: &Stamp) -> Option<FileId> {
        let told = stamp.inode != 0 && stamp.birth_ns != 0;
        *self.files.get(&(stamp.inode, stamp.birth_ns)).filter(|_| told)?
    }

    /// The files found where none was known.
    pub(super) fn appeared(&self) -> Vec<Appeared> {
        let appeared = self.appeared.iter().map(|(path, seen)| {
            let Seen { content, stamp, sketch, .. } = *seen;
            Appeared { path: path.clone(), content, stamp, sketch }
        });
        appeared.collect()
    }
}
