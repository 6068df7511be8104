//! Files found emptied, or with nothing but zero bytes, where they held something.
//!
//! - One is an edit like any other, once a second look finds it so: the first may have come between
//!   the two halves of a save.
//! - Many at once are what a cloud service leaves of files that it took off the disk, or an
//!   interrupted copy: they are held back. Nothing of it is sent, and nothing is put in their place,
//!   until they are filled again or a person agrees.

use std::collections::{BTreeMap, BTreeSet};

use super::batch::Batch;
use super::brakes::Brake;
use super::core::{Engine, Stage};
use super::recent::Recent;
use super::report::Report;
use super::task::Disk;
use crate::model::{FileId, Kind, Seen, Tick, VaultPath};
use crate::reconcile;

/// Emptied files on their way.
#[derive(Debug)]
pub(super) struct Hollow {
    /// Found so once, and when that may be confirmed by another look.
    pub(super) waiting: BTreeMap<FileId, Tick>,
    /// Held back until a person agrees.
    pub(super) held: BTreeSet<FileId>,
    pub(super) brake: Brake,
    recent: Recent,
}

impl Hollow {
    /// Nothing waits; `held` is what was held back before.
    pub(super) fn new(held: Vec<FileId>) -> Self {
        Self {
            waiting: BTreeMap::new(),
            held: held.into_iter().collect(),
            brake: Brake::Armed,
            recent: Recent::default(),
        }
    }
}

impl Engine {
    /// Whether what was found of a known file waits for the end of the batch, for it is hollow.
    pub(super) fn found_hollow(&mut self, id: FileId, path: &VaultPath, seen: &Seen) -> bool {
        if !self.is_hollow(id, seen) {
            self.is_filled(id);
            return false;
        }
        if let Some(batch) = &mut self.intake.batch {
            batch.hollowed.insert(id, (path.clone(), seen.clone()));
        }
        true
    }

    fn is_hollow(&self, id: FileId, seen: &Seen) -> bool {
        // A text that holds something holds more than zero bytes.
        if seen.kind == Kind::Text && seen.content.size > 0 {
            return false;
        }
        let Some(entry) = self.index.get(&id) else {
            return false;
        };
        let wanted = entry.alive && entry.content == seen.content;
        let base = entry.base.as_ref().filter(|_| !wanted);
        base.is_some_and(|base| reconcile::hollowed(base.content, seen.content))
    }

    /// It holds something, or lies there no more.
    pub(super) fn is_filled(&mut self, id: FileId) {
        self.hollow.waiting.remove(&id);
        self.hollow.recent.forget(&id);
        if self.hollow.held.remove(&id) {
            if self.hollow.held.is_empty() && self.hollow.brake.holds() {
                self.hollow.brake = Brake::Armed;
            }
            self.keep_held_back();
            self.wake(id);
        }
    }

    /// At the end of a batch: one emptied file is taken in, many are held back.
    pub(super) fn take_in_hollowed(&mut self, batch: &mut Batch, ripe: bool) {
        let sure = self.stage == Stage::Scanning || self.stopping();
        let mut certain = BTreeMap::new();
        for (id, (path, seen)) in std::mem::take(&mut batch.hollowed) {
            if self.index.at(&path) != Some(id) || !self.is_hollow(id, &seen) {
                // A step of ours went on meanwhile.
                self.debounce.hint(self.now, path);
            } else if self.hollow.held.contains(&id)
                || (ripe && (sure || self.hollow.waiting.contains_key(&id)))
            {
                certain.insert(id, (path, seen));
            } else {
                let due = self.now.plus_ms(self.config.quiet_ms);
                self.hollow.waiting.entry(id).or_insert(due);
            }
        }
        for id in certain.keys() {
            self.hollow.waiting.remove(id);
        }
        if !certain.is_empty() {
            self.judge_hollowed(certain, batch);
        }
        let nothing_left = self.hollow.waiting.is_empty() && !self.intake.scan_wanted();
        if self.hollow.brake == Brake::Released && batch.scanned && nothing_left {
            self.hollow.brake = Brake::Armed;
        }
    }

    fn judge_hollowed(&mut self, certain: BTreeMap<FileId, (VaultPath, Seen)>, batch: &Batch) {
        self.hollow.recent.forget_before(self.now);
        let all: BTreeSet<FileId> = certain
            .keys()
            .chain(&self.hollow.held)
            .chain(self.hollow.recent.iter())
            .copied()
            .collect();
        let count = all.len() as u64;
        let released = self.hollow.brake == Brake::Released;
        // What is held back stays so, though some of it was filled again.
        let fewest = if self.hollow.held.is_empty() { self.config.brake_files } else { 1 };
        let brake = reconcile::brake_hollowed(count, fewest);
        if let Some(brake) = brake.filter(|_| !released) {
            let before = self.hollow.held.len();
            self.hollow.held.extend(certain.into_keys());
            let news = self.hollow.held.len() > before;
            if news {
                self.keep_held_back();
            }
            if news || batch.scanned {
                self.report(Report::Brake { reason: brake.reason.clone(), count: brake.count });
            }
            self.hollow.brake = Brake::Holds(brake.reason);
            return;
        }
        if released {
            self.hollow.recent = Recent::default();
            self.hollow.brake = Brake::Armed;
        }
        let mut let_go = false;
        for (id, (path, seen)) in certain {
            let_go |= self.hollow.held.remove(&id);
            if !released {
                self.hollow.recent.note(id, self.now);
            }
            let first = batch.first.get(&path).copied().unwrap_or(batch.since);
            self.disk_event(id, Disk::Edited(path, seen), first);
        }
        if let_go {
            self.keep_held_back();
        }
    }
}
