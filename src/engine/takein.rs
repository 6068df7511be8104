//! The end of a batch of looks: what moved, what went, what is new.

use std::collections::BTreeSet;

use super::batch::Batch;
use super::brakes::Brake;
use super::core::{Engine, Stage};
use super::entry::{Base, FOLDER_GENERATION};
use super::index::{claim_beside, is_beside_rival};
use super::intake::Intake;
use super::pace::Rest;
use super::recent::Recent;
use super::report::Report;
use super::task::{Disk, Task};
use crate::docs::Birth;
use crate::model::{Content, FileId, Kind, Seen, Stamp, Tick, VaultPath};
use crate::reconcile::{self, Vanished};

/// What lies at a place and cannot be taken in now is looked at again after this long.
const STUCK_LOOK_MS: u64 = 5000;

impl Engine {
    pub(super) fn end_batch(&mut self) {
        let over =
            self.intake.batch.as_ref().is_some_and(|batch| {
                !batch.scanning && batch.looking == 0 && batch.to_look.is_empty()
            });
        if !over {
            return;
        }
        let Some(mut batch) = self.intake.batch.take() else {
            return;
        };
        self.forget_what_steps_overtook(&mut batch);
        self.find_displaced(&mut batch);
        self.take_in_trades(&mut batch);
        let vanished = self.vanished(&batch);
        let moves = reconcile::pair_moves(&vanished, &batch.appeared());
        for (id, to) in &moves {
            self.is_there(*id);
            if let Some(seen) = batch.appeared.remove(to) {
                self.moved(*id, to, seen, batch.since);
            }
        }
        let gone: Vec<FileId> =
            vanished.iter().map(|it| it.id).filter(|id| !moves.contains_key(id)).collect();
        let ripe = self.stage == Stage::Scanning
            || self.stopping()
            || self.intake.ripe(&self.hollow, self.now);
        self.take_in_deletions(gone, &batch, ripe);
        self.take_in_hollowed(&mut batch, ripe);
        for (path, seen) in std::mem::take(&mut batch.appeared) {
            let first = batch.first.get(&path).copied().unwrap_or(batch.since);
            self.born_file(path, seen, first);
        }
        let tasks = &self.tasks;
        self.intake.arriving.retain(|_, id| tasks.contains_key(id));
        if self.stage == Stage::Scanning {
            self.stage = Stage::TakingIn;
            self.wake_unfinished();
            self.hold_removals_again();
        }
    }

    /// While looks were gathered, steps of ours went on. What they put in place is neither new nor
    /// moved, and what they took away did not vanish; if in doubt it is looked at again.
    pub(super) fn forget_what_steps_overtook(&mut self, batch: &mut Batch) {
        let placed: Vec<VaultPath> = std::mem::take(&mut batch.appeared)
            .into_iter()
            .filter_map(|(path, seen)| {
                if self.index.at(&path).is_some() || self.arriving(&path) {
                    return Some(path);
                }
                batch.appeared.insert(path, seen);
                None
            })
            .collect();
        for path in placed {
            self.debounce.hint(self.now, path);
        }
        batch.vanished.retain(|id| {
            let base = self.index.get(id).and_then(|entry| entry.base.as_ref());
            let leaving = self.tasks.get(id).is_some_and(Task::is_leaving);
            !leaving && base.is_some_and(|base| batch.asked.contains(&base.path))
        });
        let tasks = &self.tasks;
        self.intake.vanishing.retain(|id, _| !tasks.get(id).is_some_and(Task::is_leaving));
    }

    /// A file that was found gone, and whose place another is recorded at by now, is gone: a look
    /// at the place only tells of the other.
    fn find_displaced(&self, batch: &mut Batch) {
        for id in self.intake.vanishing.keys().chain(&self.intake.missing) {
            let base = self.index.get(id).and_then(|entry| entry.base.as_ref());
            let displaced = base.is_some_and(|base| {
                let looked = batch.scanned || batch.asked.contains(&base.path);
                looked && self.index.at(&base.path).is_some_and(|other| other != *id)
            });
            if displaced && !self.tasks.get(id).is_some_and(Task::is_leaving) {
                batch.vanished.insert(*id);
            }
        }
    }

    /// Whether a file is being taken in at this place already.
    pub(super) fn arriving(&mut self, path: &VaultPath) -> bool {
        let Some(id) = self.intake.arriving.get(path) else { return false };
        let open = self.tasks.get(id).is_some_and(|task| task.working || !task.disk.is_empty());
        if !open {
            self.intake.arriving.remove(path);
        }
        open
    }

    /// What lies at a place is being taken in: it is looked at again, soon if that goes on.
    pub(super) fn look_later(&mut self, path: VaultPath) {
        let task = self.intake.arriving.get(&path).and_then(|id| self.tasks.get(id));
        if task.is_some_and(|task| task.waiting && !task.working) {
            let until = self.now.plus_ms(STUCK_LOOK_MS);
            self.debounce.rest(self.now, path, Rest { quiet_ms: STUCK_LOOK_MS, until });
        } else {
            self.debounce.hint(self.now, path);
        }
    }

    pub(super) fn moved(&mut self, id: FileId, to: &VaultPath, mut seen: Seen, since: Tick) {
        let base = self.index.get(&id).and_then(|entry| entry.base.as_ref());
        if let Some(base) = base
            && base.content != seen.content
            && seen.kind == Kind::Text
            && seen.text.is_none()
        {
            // Its new text was too much to keep: the move first, then another look.
            seen.content = base.content;
            seen.kind = base.kind;
            seen.stamp = Stamp::default();
            self.debounce.hint(self.now, to.clone());
        }
        self.disk_event(id, Disk::Moved(to.clone(), seen), since);
    }

    /// Files found gone in this batch, and those found gone before and not confirmed yet.
    pub(super) fn vanished(&self, batch: &Batch) -> Vec<Vanished> {
        let ids: BTreeSet<FileId> =
            batch.vanished.iter().chain(self.intake.vanishing.keys()).copied().collect();
        ids.into_iter()
            .filter_map(|id| {
                let entry = self.index.get(&id)?;
                let base = entry.base.as_ref().filter(|_| entry.kind != Kind::Folder)?;
                let (path, sketch) = (base.path.clone(), base.sketch);
                Some(Vanished { id, path, content: base.content, stamp: base.stamp, sketch })
            })
            .collect()
    }

    fn take_in_deletions(&mut self, gone: Vec<FileId>, batch: &Batch, ripe: bool) {
        let mut certain = Vec::new();
        for id in gone {
            let seen_gone = batch.vanished.contains(&id);
            if !seen_gone {
                continue;
            }
            // A hint may have come between the two halves of a save; a walk of everything at the
            // start may not.
            let known = self.stage == Stage::Scanning
                || self.stopping()
                || self.intake.vanishing.contains_key(&id);
            if known && ripe {
                certain.push(id);
            } else {
                let due = self.now.plus_ms(self.config.quiet_ms);
                self.intake.vanishing.entry(id).or_insert(due);
            }
        }
        for id in &certain {
            self.intake.vanishing.remove(id);
        }
        let folders: Vec<FileId> = batch
            .vanished
            .iter()
            .filter(|id| self.index.get(id).is_some_and(|entry| entry.kind == Kind::Folder))
            .copied()
            .collect();
        if self.hold_deletions(&certain, batch) {
            return;
        }
        for id in certain.into_iter().chain(folders) {
            self.intake.vanishing.remove(&id);
            let base = self.index.get(&id).and_then(|entry| entry.base.as_ref());
            if let Some(place) = base.map(|base| base.path.clone()) {
                self.disk_event(id, Disk::Gone(place), batch.since);
            }
        }
    }

    /// Judges what is certainly gone, together with what is held back and what went just before;
    /// whether it is held back.
    fn hold_deletions(&mut self, certain: &[FileId], batch: &Batch) -> bool {
        let index = &self.index;
        // Of what other devices deleted, too, nothing is lost by its going.
        let alive = |id: &FileId| index.get(id).is_some_and(|entry| entry.alive);
        let lies = |id: &FileId| index.get(id).is_some_and(|entry| entry.base.is_some());
        let fresh: BTreeSet<FileId> = certain.iter().filter(|id| alive(id)).copied().collect();
        let Intake { missing, gone, brake, arrivals, .. } = &mut self.intake;
        arrivals.forget_before(self.now);
        let held = missing.clone();
        missing.retain(|id| alive(id) && lies(id));
        let tasks = &self.tasks;
        gone.forget_before(self.now);
        gone.retain(|id| !alive(id) || tasks.get(id).is_some_and(Task::is_leaving));
        let before = gone.iter().filter(|id| !alive(id)).count() as u64;
        let all: BTreeSet<&FileId> =
            fresh.iter().chain(missing.iter()).chain(gone.iter()).collect();
        let config = &self.config;
        // What stood before is judged by itself, too: as much may have come in the same breath.
        let old = all.iter().filter(|id| !arrivals.holds(id)).count() as u64;
        let came = arrivals.iter().filter(|id| alive(id) || gone.holds(id)).count() as u64;
        let files = index.files() + before;
        let judge =
            |gone, files| reconcile::brake(gone, files, config.brake_files, config.brake_percent);
        let verdict = judge(all.len() as u64, files)
            .or_else(|| judge(old, files.saturating_sub(came)))
            // What is held back stays so, though some of it is back, or there are more files by now.
            .or_else(|| (!missing.is_empty()).then(|| reconcile::still_gone(all.len() as u64)))
            .filter(|_| !fresh.is_empty());
        let released = *brake == Brake::Released;
        if let Some(verdict) = verdict.as_ref().filter(|_| !released) {
            missing.extend(fresh);
            *brake = Brake::Holds(verdict.reason.clone());
            if *missing != held {
                self.keep_held_back();
            }
            self.report(Report::Brake { reason: verdict.reason.clone(), count: verdict.count });
            return true;
        }
        for id in &fresh {
            gone.note(*id, self.now);
            missing.remove(id);
        }
        if released {
            *gone = Recent::default();
        }
        let changed = *missing != held;
        self.set_brake(batch.scanned);
        if changed {
            self.keep_held_back();
        }
        false
    }

    /// Deletions passed, or there were none. What a person let pass is used up once all of it did, or
    /// none is found; what is held back is so until a look at everything finds nothing to hold.
    fn set_brake(&mut self, saw_all: bool) {
        let nothing_left = self.intake.vanishing.is_empty() && !self.intake.scan_wanted();
        let armed = match &self.intake.brake {
            Brake::Armed => true,
            Brake::Released => nothing_left,
            Brake::Holds(_) => saw_all && nothing_left && self.intake.missing.is_empty(),
        };
        if armed {
            self.intake.brake = Brake::Armed;
        }
    }

    pub(super) fn born_folder(&mut self, path: VaultPath, stamp: Stamp) {
        let seen = Seen::new(stamp, Content::of(b""), Kind::Folder, None);
        let first = self.first_hint(&path);
        self.born_file(path, seen, first);
    }

    /// The file from elsewhere that is to lie at `path` with just this content and is not recorded to
    /// lie anywhere: a stop came between putting it there and its record. Where it was born at this
    /// very path, its identity says so.
    fn put_there_before(&self, path: &VaultPath, seen: &Seen) -> Option<FileId> {
        let awaited = |id: &FileId| {
            let entry = self.index.get(id)?;
            let there = entry.path == *path || is_beside_rival(id, entry, path);
            let same = entry.kind == seen.kind && entry.content == seen.content;
            let awaited = entry.alive && entry.base.is_none() && entry.birth != *path;
            (awaited && there && same && seen.kind != Kind::Folder)
                .then(|| self.index.wanted_place(id, entry) != *path)
        };
        let beside = claim_beside(path);
        let claimants = |path| self.index.claimants(path);
        let all = claimants(path).chain(beside.iter().flat_map(claimants));
        all.filter_map(|id| Some((awaited(&id)?, id))).min().map(|(_, id)| id)
    }

    /// What lies at a place is the version of a file that is wanted.
    fn is_put_there(&mut self, id: FileId, path: VaultPath, seen: &Seen) {
        let busy = self.tasks.get(&id).is_some_and(|task| task.working || !task.disk.is_empty());
        let entry = self.index.get(&id).filter(|_| !busy && !self.shots.dry()).cloned();
        let Some(entry) = entry else {
            if busy {
                self.debounce.hint(self.now, path);
            }
            return;
        };
        self.intake.arrivals.note(id, self.now);
        self.hold_task(id);
        self.keep_arrived(&entry, seen);
        let base = Base::seen(path, seen, entry.heads.clone());
        self.commit_base(id, entry, Some(base), Vec::new());
    }

    /// A file nobody knew: it gets the identity of the first generation that is free.
    pub(super) fn born_file(&mut self, path: VaultPath, seen: Seen, first: Tick) {
        if let Some(id) = self.put_there_before(&path, &seen) {
            return self.is_put_there(id, path, &seen);
        }
        let mut generation = if seen.kind == Kind::Folder { FOLDER_GENERATION } else { 0 };
        loop {
            let birth = Birth { vault: self.vault, path: path.clone(), generation };
            let id = birth.file_id();
            let usable = match self.index.get(&id) {
                None => true,
                // It was deleted with this very content: it is back. Anything else is a new file.
                Some(entry) if !entry.alive => {
                    entry.content == seen.content && entry.kind == seen.kind
                }
                // Born here and elsewhere, and not on this disk yet.
                Some(entry) => entry.base.is_none() && entry.path == path,
            };
            if usable {
                self.disk_event(id, Disk::Born { path, generation, seen }, first);
                return;
            }
            generation += 1;
        }
    }
}
