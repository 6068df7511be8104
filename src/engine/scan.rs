//! What a walk of the folder tells: what differs from what is known, and what is not there.

use super::brakes::Brake;
use super::core::{Engine, Stage};
use super::input::ScanError;
use super::intake::Intake;
use super::report::{Report, Work};
use crate::model::{FileId, Found, Kind, Stamp, VaultPath, Walk};

impl Engine {
    pub(super) fn on_scanned(&mut self, result: Result<Walk, ScanError>) {
        let walk = match result {
            Ok(walk) => walk,
            Err(error) => {
                self.intake.batch = None;
                self.intake.next_rescan = Some(self.now.plus_ms(self.config.retry_ms * 4));
                let (ScanError::Unmounted(reason) | ScanError::Unreadable(reason)) = error;
                self.intake.brake = Brake::Holds(reason.clone());
                self.report(Report::Brake { reason, count: self.index.files() });
                return;
            }
        };
        self.intake.next_rescan = Some(self.now.plus_ms(self.intake.rescan_ms));
        let blind: Vec<String> = walk.problems.iter().map(|it| it.path.clone()).collect();
        // What stood in the way of the walk before and does not any more is no problem.
        let told = std::mem::replace(&mut self.intake.told, blind.iter().cloned().collect());
        for path in told.difference(&self.intake.told.clone()) {
            self.solved(path);
        }
        for problem in walk.problems {
            self.problem(problem);
        }
        if !self.intake.contested.is_empty() {
            for it in &walk.found {
                self.decide_contest(&it.path, it.stamp);
            }
        }
        self.intake.contested.clear();
        self.forget_displaced();
        let mut found = walk.found;
        // As it comes already; found and known files are gone through side by side.
        found.sort_by(|a, b| a.path.cmp(&b.path));
        let (mut looks, folders) = self.unlike(&found);
        let missing = self.not_among(&found, &blind, &mut looks);
        let total = found.len() as u64;
        let Some(batch) = &mut self.intake.batch else {
            return;
        };
        batch.scanning = false;
        batch.scanned = true;
        batch.hold = missing
            || !batch.vanished.is_empty()
            || !batch.appeared.is_empty()
            || !self.intake.vanishing.is_empty();
        for path in looks {
            batch.look_at(&self.index, path);
        }
        for (path, stamp) in folders {
            self.born_folder(path, stamp);
        }
        if total > 0 && self.stage == Stage::Scanning {
            self.report(Report::Progress { done: 0, total, what: Work::TakingIn });
        }
    }

    /// What was found that is not as it is known: to be looked at, and new empty folders. `found` is by
    /// path ascending.
    fn unlike(&self, found: &[Found]) -> (Vec<VaultPath>, Vec<(VaultPath, Stamp)>) {
        let (mut looks, mut folders) = (Vec::new(), Vec::new());
        let mut places = self.index.places().peekable();
        for it in found {
            while places.next_if(|(path, _)| **path < it.path).is_some() {}
            let known = places.peek().filter(|(path, _)| **path == it.path);
            let known = known.and_then(|(_, id)| self.index.get(id));
            match known.and_then(|entry| entry.base.as_ref().map(|base| (entry.kind, base))) {
                Some((Kind::Folder, _)) if it.empty_folder => {}
                Some((kind, base))
                    if kind != Kind::Folder && !it.empty_folder && base.stamp == it.stamp => {}
                None if it.empty_folder => folders.push((it.path.clone(), it.stamp)),
                _ => looks.push(it.path.clone()),
            }
        }
        (looks, folders)
    }

    /// Adds to `looks` the places of known files that were not `found`, by path ascending, but for what
    /// could not be looked at; whether a file is among them.
    fn not_among(&self, found: &[Found], blind: &[String], looks: &mut Vec<VaultPath>) -> bool {
        let mut missing = false;
        let mut there = found.iter().peekable();
        for (path, id) in self.index.places() {
            while there.next_if(|it| it.path < *path).is_some() {}
            let seen = there.peek().is_some_and(|it| it.path == *path);
            if seen || blind.iter().any(|blind| lies_in(path.as_str(), blind)) {
                continue;
            }
            let folder = self.index.get(id).is_some_and(|entry| entry.kind == Kind::Folder);
            // A folder that is no longer empty is there all the same.
            let inside = folder
                && there
                    .clone()
                    .take_while(|it| it.path.as_str().starts_with(path.as_str()))
                    .any(|it| it.path.is_below(path));
            if !inside {
                missing |= !folder;
                looks.push(path.clone());
            }
        }
        missing
    }

    /// What is recorded at a place that is known as another's, or as nobody's, lies nowhere: it is
    /// put in place again. Not so what was found gone, or is being worked on: that says so itself.
    fn forget_displaced(&mut self) {
        for id in self.index.displaced() {
            let Intake { batch, vanishing, missing, .. } = &self.intake;
            let gone = batch.as_ref().is_some_and(|batch| batch.vanished.contains(&id))
                || vanishing.contains_key(&id)
                || missing.contains(&id);
            let busy = self.tasks.get(&id).is_some_and(|it| it.working || !it.disk.is_empty());
            if !gone && !busy && self.index.lies_nowhere(id).is_some() {
                self.wake(id);
            }
        }
    }

    /// Two files are recorded at one place: `rival` is taken to lie nowhere, and the place is looked
    /// at again.
    pub(super) fn contest(&mut self, id: FileId, rival: FileId) {
        let place = self.index.get(&id).and_then(|entry| entry.base.as_ref());
        let Some(place) = place.map(|base| base.path.clone()) else { return };
        if let Some(base) = self.index.lies_nowhere(rival) {
            self.debounce.hint(self.now, place.clone());
            self.intake.contested.insert(place, (rival, base));
        }
    }

    /// What lies at a contested place is the file that is known by this stamp.
    fn decide_contest(&mut self, place: &VaultPath, stamp: Stamp) {
        let Some((rival, base)) = self.intake.contested.remove(place) else { return };
        let winner = self.index.at(place);
        let known = winner.and_then(|id| self.index.get(&id)?.base.clone());
        let believed = known.is_some_and(|known| known.stamp == stamp);
        let unplaced = self.index.get(&rival).filter(|entry| entry.base.is_none()).cloned();
        if let (true, Some(entry)) = (!believed && base.stamp == stamp, unplaced) {
            if let Some(winner) = winner {
                self.index.lies_nowhere(winner);
            }
            self.index.put(rival, super::entry::Entry { base: Some(base), ..entry });
        }
    }
}

/// Whether `path` is `place` or lies below it; the empty place is the root.
fn lies_in(path: &str, place: &str) -> bool {
    place.is_empty()
        || path.strip_prefix(place).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}
