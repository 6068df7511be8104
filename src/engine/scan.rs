//! What a walk of the folder tells: what differs from what is known, and what is not there.

use std::cmp::{Ordering, Reverse};

use super::brakes::Brake;
use super::core::{Engine, Stage};
use super::entry::Entry;
use super::input::ScanError;
use super::intake::Intake;
use super::report::{Report, Work};
use crate::docs::Birth;
use crate::model::{FileId, Found, Kind, Stamp, VaultPath, Walk};

/// How a walk differs from what is known.
#[derive(Debug, Default)]
struct Differences {
    /// Found, and to be looked at: when it was last touched, by path ascending.
    looks: Vec<(Reverse<i64>, VaultPath)>,
    /// Not found, and to be looked at, by path ascending.
    gone: Vec<VaultPath>,
    /// New empty folders.
    folders: Vec<(VaultPath, Stamp)>,
    /// Whether a file is not there.
    missing: bool,
}

impl Differences {
    /// Something was found, where `known` lies.
    fn note(&mut self, it: &Found, known: Option<&Entry>) {
        match known.and_then(|entry| entry.base.as_ref().map(|base| (entry.kind, base))) {
            Some((Kind::Folder, _)) if it.empty_folder => {}
            Some((kind, base))
                if kind != Kind::Folder && !it.empty_folder && base.stamp == it.stamp => {}
            None if it.empty_folder => self.folders.push((it.path.clone(), it.stamp)),
            _ => self.looks.push((Reverse(it.stamp.mtime_ms()), it.path.clone())),
        }
    }
}

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
        let Differences { mut looks, gone, folders, missing } = self.differences(&found, &blind);
        // The newest first, and of one moment in the order in which they are sent: what is taken in
        // together lies in one pack of the store, and can then be sent as it lies.
        looks.sort_by_cached_key(|(newest, path)| (*newest, self.first_id(path)));
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
        for path in looks.into_iter().map(|(_, path)| path).chain(gone) {
            batch.look_at(&self.index, path);
        }
        for (path, stamp) in folders {
            self.born_folder(path, stamp);
        }
        if total > 0 && self.stage == Stage::Scanning {
            self.report(Report::Progress { done: 0, total, what: Work::TakingIn });
        }
    }

    /// What was found and is not as it is known, and what is known and was not found, but for what could
    /// not be looked at. `found` is by path ascending.
    fn differences(&self, found: &[Found], blind: &[String]) -> Differences {
        let mut differences = Differences::default();
        let mut places = self.index.places().peekable();
        let mut there = found.iter().peekable();
        loop {
            let order = match (there.peek(), places.peek()) {
                (Some(it), Some((path, _))) => it.path.cmp(path),
                (Some(_), None) => Ordering::Less,
                (None, Some(_)) => Ordering::Greater,
                (None, None) => break,
            };
            let it = there.next_if(|_| order.is_le());
            let known = if order.is_ge() { places.next() } else { None };
            match (it, known) {
                (Some(it), known) => {
                    let known = known.and_then(|(_, id)| self.index.get(id));
                    differences.note(it, known);
                }
                (None, Some((path, id))) => {
                    if blind.iter().any(|blind| lies_in(path.as_str(), blind)) {
                        continue;
                    }
                    let folder = self.index.get(id).is_some_and(|it| it.kind == Kind::Folder);
                    // A folder that is no longer empty is there all the same.
                    let inside = folder
                        && there
                            .clone()
                            .take_while(|it| it.path.as_str().starts_with(path.as_str()))
                            .any(|it| it.path.is_below(path));
                    if !inside {
                        differences.missing |= !folder;
                        differences.gone.push(path.clone());
                    }
                }
                (None, None) => break,
            }
        }
        differences
    }

    /// The file that lies at a place, or that is born there if nobody else was.
    fn first_id(&self, path: &VaultPath) -> FileId {
        let born = || Birth { vault: self.vault, path: path.clone(), generation: 0 }.file_id();
        self.index.at(path).unwrap_or_else(born)
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
            self.index.put(rival, Entry { base: Some(base), ..entry });
        }
    }
}

/// Whether `path` is `place` or lies below it; the empty place is the root.
fn lies_in(path: &str, place: &str) -> bool {
    place.is_empty()
        || path.strip_prefix(place).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}
