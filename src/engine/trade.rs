//! Files that changed places among each other: found as such, and made durable together.
//!
//! - Where a known file's place holds what another one was, the look waits for the end of the batch,
//!   and the other place is looked at as well. If all of them are accounted for, the files follow
//!   their contents; else each is an edit of the file whose place it is.
//! - The new places of one trade are one append: after a stop in between, either none of them is
//!   known and the folder tells them again, or all are. One alone would claim the place of another.

use std::collections::{BTreeMap, BTreeSet};

use super::batch::{Batch, HELD_TEXT_BYTES};
use super::commit::Commit;
use super::core::{Engine, Pending};
use super::task::{Disk, Task};
use crate::model::{FileId, Kind, Seen, VaultPath, Write};
use crate::reconcile::{self, Appeared, Left};

/// What was found at the place of a known file, and seems to be another.
#[derive(Debug)]
pub(super) struct Traded {
    path: VaultPath,
    seen: Seen,
    whose: FileId,
}

/// A trade on its way into the store.
#[derive(Debug)]
pub(super) struct Trade {
    /// Those whose new state is still worked out.
    open: BTreeSet<FileId>,
    /// Those that wait for the others.
    ready: Vec<(Vec<Write>, Commit)>,
}

impl Engine {
    /// Whether what was found at the place of a known file waits for the end of the batch, for it
    /// seems to be another known file.
    pub(super) fn found_another(&mut self, id: FileId, path: &VaultPath, seen: &Seen) -> bool {
        let Self { index, intake, .. } = self;
        let base = index.get(&id).and_then(|entry| entry.base.as_ref());
        let (Some(base), Some(batch)) = (base, &mut intake.batch) else { return false };
        if base.content == seen.content {
            return false;
        }
        let by_content = index.sole_holder(&seen.content.hash);
        let by_content = by_content.filter(|_| seen.content.size >= reconcile::TELLING_BYTES);
        let another = |other: &FileId| *other != id;
        let whose = batch.whose(&seen.stamp).filter(another).or(by_content.filter(another));
        let bytes = seen.text.as_ref().map_or(0, Vec::len);
        if batch.held_bytes + bytes > HELD_TEXT_BYTES {
            return false;
        }
        let Some(whose) = whose else { return false };
        batch.held_bytes += bytes;
        batch.traded.insert(id, Traded { path: path.clone(), seen: seen.clone(), whose });
        if let Some(base) = index.get(&whose).and_then(|entry| entry.base.as_ref()) {
            batch.look_at(index, base.path.clone());
        }
        true
    }

    /// A new file holds what a known one did: whether that one is still there must be known at the
    /// same time, though nothing has been heard of it yet.
    pub(super) fn look_where_it_was(&mut self, seen: &Seen) {
        let Self { index, intake, .. } = self;
        let tells = seen.kind == Kind::Text && seen.content.size >= reconcile::TELLING_BYTES;
        let known = index.sole_holder(&seen.content.hash).filter(|_| tells);
        let base = known.and_then(|id| index.get(&id)?.base.as_ref());
        if let (Some(base), Some(batch)) = (base, &mut intake.batch)
            && !batch.scanned
        {
            batch.look_at(index, base.path.clone());
        }
    }

    /// At the end of a batch: trades are taken in, and what is none is edited.
    pub(super) fn take_in_trades(&mut self, batch: &mut Batch) {
        let mut traded = std::mem::take(&mut batch.traded);
        if traded.is_empty() {
            return;
        }
        // What this device itself is moving is told apart once it lies still.
        let stepping: BTreeSet<FileId> = self
            .pending
            .values()
            .filter_map(|it| if let Pending::Step(id, _) = it { Some(*id) } else { None })
            .collect();
        traded.retain(|id, it| {
            let moves = |id: &FileId| {
                stepping.contains(id) || self.tasks.get(id).is_some_and(Task::is_leaving)
            };
            let stays = self.index.at(&it.path) == Some(*id) && !moves(id) && !moves(&it.whose);
            if !stays {
                self.debounce.hint(self.now, it.path.clone());
            }
            stays
        });
        for trade in self.trades_in(batch, &traded) {
            if !self.shots.dry() {
                let open = trade.keys().copied().collect();
                self.trades.push(Trade { open, ready: Vec::new() });
            }
            for (id, to) in trade {
                self.is_there(id);
                batch.vanished.remove(&id);
                let there = self.index.at(&to).and_then(|other| traded.remove(&other));
                let seen = there.map(|it| it.seen).or_else(|| batch.appeared.remove(&to));
                if let Some(seen) = seen {
                    self.moved(id, &to, seen, batch.since);
                }
            }
        }
        for (id, Traded { path, seen, .. }) in traded {
            let first = batch.first.get(&path).copied().unwrap_or(batch.since);
            self.disk_event(id, Disk::Edited(path, seen), first);
        }
    }

    fn trades_in(
        &self,
        batch: &Batch,
        traded: &BTreeMap<FileId, Traded>,
    ) -> Vec<BTreeMap<FileId, VaultPath>> {
        let base = |id: &FileId| self.index.get(id).and_then(|entry| entry.base.as_ref());
        let changed = traded.iter().filter_map(|(id, Traded { path, seen, .. })| {
            let (base, found) = (base(id)?, Some((seen.content, seen.stamp)));
            Some(Left { id: *id, path: path.clone(), held: (base.content, base.stamp), found })
        });
        let gone = self.vanished(batch).into_iter().map(|it| {
            let held = (it.content, it.stamp);
            Left { id: it.id, path: it.path, held, found: None }
        });
        let left: Vec<Left> = changed.chain(gone).collect();
        let appeared: Vec<Appeared> = batch.appeared();
        reconcile::trades(&left, &appeared, |it| {
            self.index.sole_holder(&it.held.0.hash) == Some(it.id)
        })
    }

    /// A new state is about to be made durable: handed back, unless it waits for the others of its
    /// trade.
    pub(super) fn unless_traded(
        &mut self,
        writes: Vec<Write>,
        commit: Commit,
    ) -> Option<(Vec<Write>, Commit)> {
        let id = commit.id;
        let Some(at) = self.trade_under_way(id) else { return Some((writes, commit)) };
        // Who waits takes nobody's turn, for the others may be behind in the line.
        if let Some(task) = self.tasks.get_mut(&id) {
            self.turns.end(std::mem::take(&mut task.held_bytes));
        }
        let trade = &mut self.trades[at];
        trade.open.remove(&id);
        trade.ready.push((writes, commit));
        self.end_trade(at);
        None
    }

    /// The work on a file is over: if it was to be part of a trade and came to nothing, the others
    /// do not wait for it.
    pub(super) fn leave_trade(&mut self, id: FileId) {
        if let Some(at) = self.trade_under_way(id) {
            self.trades[at].open.remove(&id);
            self.end_trade(at);
        }
    }

    /// The trade for which a file's work is the one under way, or was to be.
    fn trade_under_way(&self, id: FileId) -> Option<usize> {
        let at = self.trades.iter().position(|trade| trade.open.contains(&id))?;
        let moves = |(disk, _): &(Disk, _)| matches!(disk, Disk::Moved(..));
        let later = self.tasks.get(&id).is_some_and(|task| task.disk.iter().any(moves));
        (!later).then_some(at)
    }

    /// All new places of a trade are durable.
    pub(super) fn on_traded(&mut self, commits: Vec<Commit>) {
        for commit in commits {
            self.on_committed(commit);
        }
    }

    fn end_trade(&mut self, at: usize) {
        if !self.trades[at].open.is_empty() {
            return;
        }
        let (mut writes, mut commits) = (Vec::new(), Vec::new());
        for (its, commit) in self.trades.swap_remove(at).ready {
            self.turns.begin(0);
            writes.extend(its);
            commits.push(commit);
        }
        if !commits.is_empty() {
            self.append(writes, Pending::Traded(commits));
        }
    }
}
