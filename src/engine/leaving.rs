//! What other devices deleted or emptied and this disk still holds: it goes once it is known how much
//! goes with it, and stays when that is too much, until a person agrees.
//!
//! - A removal waits until no further one came for a while, and so does a version that leaves nothing
//!   or next to nothing of a file; then all that wait are judged together with those that went just
//!   before, against the number of files that lay here before: those that came lately do not count.
//! - Files held back are kept in the store by name, so that neither a restart nor files that come
//!   later let them go.
//! - An edit, a return or a local deletion of a file held back ends its being held; a file that
//!   takes the place of one that leaves is a replacement, for which nobody is asked. An edit of a file
//!   that others emptied is made on their version: what the editor saw and saved stands.

use std::collections::{BTreeMap, BTreeSet};

use super::brakes::Brake;
use super::core::{Engine, Stage};
use super::entry::Entry;
use super::recent::Recent;
use super::report::Report;
use crate::model::{FileId, Kind, PeerId, Tick};
use crate::reconcile::{self, Loss, Losses};

/// Waits for further removals are this many times those for edits: what a peer sends comes in
/// several deliveries.
const WINDOW_FACTOR: u64 = 2;

/// Whoever agrees asks for a one-shot, too; without any, what was agreed to is so for this long, in
/// milliseconds. For ever would let the next mass deletion pass, months later.
const AGREED_MS: u64 = 5000;

/// Removals on their way.
#[derive(Debug)]
pub(super) struct Leaving {
    /// Not judged yet, and since when it is wanted.
    waiting: BTreeMap<FileId, Tick>,
    /// Judged, and let go.
    passed: BTreeSet<FileId>,
    /// Held back until a person agrees; who deleted it, as far as known since the start.
    held: BTreeMap<FileId, Option<PeerId>>,
    recent: Recent,
    /// What was left of those that went.
    went: BTreeMap<FileId, Loss>,
    pub(super) brake: Brake,
    /// When a person agreed.
    agreed: Tick,
    quiet_ms: u64,
    max_ms: u64,
}

impl Leaving {
    /// Nothing waits; `held` is what was held back before.
    pub(super) fn new(quiet_ms: u64, max_ms: u64, held: Vec<FileId>) -> Self {
        Self {
            waiting: BTreeMap::new(),
            passed: BTreeSet::new(),
            held: held.into_iter().map(|id| (id, None)).collect(),
            recent: Recent::default(),
            went: BTreeMap::new(),
            brake: Brake::Armed,
            agreed: Tick::default(),
            quiet_ms: quiet_ms * WINDOW_FACTOR,
            max_ms: max_ms * WINDOW_FACTOR,
        }
    }

    /// When those that wait are judged.
    pub(super) fn deadline(&self) -> Option<Tick> {
        let first = self.waiting.values().min()?.plus_ms(self.max_ms);
        let last = self.waiting.values().max()?.plus_ms(self.quiet_ms);
        Some(first.min(last))
    }

    /// How many files are held back.
    pub(super) fn held_count(&self) -> u64 {
        self.held.len() as u64
    }

    /// Whether a file is held back.
    pub(super) fn holds(&self, id: &FileId) -> bool {
        self.held.contains_key(id)
    }

    /// Which files are held back.
    pub(super) fn held(&self) -> Vec<FileId> {
        self.held.keys().copied().collect()
    }
}

/// Whether a removal may be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Leave {
    /// Now.
    Now,
    /// It is not known yet.
    Later,
    /// Not before a person agrees.
    Held,
}

impl Engine {
    /// Whether what another device deleted or emptied may be taken away.
    pub(super) fn may_leave(&mut self, id: FileId) -> Leave {
        if self.leaving.passed.contains(&id) {
            return Leave::Now;
        }
        if self.leaving.held.contains_key(&id) {
            return Leave::Held;
        }
        if self.index.lying() + self.leaving.recent.len() < self.config.brake_files {
            // There are too few of them for a brake.
            self.leaving.passed.insert(id);
            return Leave::Now;
        }
        self.leaving.waiting.entry(id).or_insert(self.now);
        if let Some(task) = self.tasks.get_mut(&id) {
            task.waiting = true;
        }
        Leave::Later
    }

    /// Its removal is not, or no longer, wanted.
    pub(super) fn does_not_leave(&mut self, id: FileId) {
        self.leaving.waiting.remove(&id);
        self.leaving.passed.remove(&id);
        if self.leaving.held.remove(&id).is_some() {
            self.held_removals_changed();
        }
    }

    /// It is gone, or so much of it.
    pub(super) fn has_left(&mut self, id: FileId, loss: Loss) {
        if self.leaving.passed.remove(&id) {
            self.leaving.recent.note(id, self.now);
            self.leaving.went.insert(id, loss);
        }
    }

    /// It is filled again, or here again.
    pub(super) fn is_back(&mut self, id: FileId) {
        if self.leaving.went.remove(&id).is_some() {
            self.leaving.recent.forget(&id);
        }
    }

    /// Another file is to lie where this one does.
    pub(super) fn gives_way(&mut self, id: FileId) {
        if self.index.get(&id).is_some_and(|entry| entry.alive) {
            // It moves on by itself; what is left of its content is another matter.
            return;
        }
        let waited = self.leaving.waiting.remove(&id).is_some();
        let held = self.leaving.held.contains_key(&id);
        if waited || held {
            self.let_go(id);
        }
        if held {
            self.held_removals_changed();
        }
    }

    fn let_go(&mut self, id: FileId) {
        self.leaving.waiting.remove(&id);
        let origin = self.leaving.held.remove(&id).flatten();
        self.leaving.passed.insert(id);
        let task = self.tasks.entry(id).or_default();
        task.waiting = false;
        task.origin = task.origin.or(origin);
        self.wake(id);
    }

    fn held_removals_changed(&mut self) {
        if self.leaving.held.is_empty() && self.leaving.brake.holds() {
            self.leaving.brake = Brake::Armed;
        }
        self.keep_held_back();
    }

    /// Judges the removals that wait, once no more of them came for a while.
    pub(super) fn turn_leaving(&mut self) {
        if self.leaving.deadline().is_none_or(|due| due > self.now) || self.stopping() {
            return;
        }
        if self.shots.over() && self.now.since_ms(self.leaving.agreed) > AGREED_MS {
            self.arm_removals();
        }
        let waiting: Vec<FileId> = std::mem::take(&mut self.leaving.waiting).into_keys().collect();
        self.leaving.recent.forget_before(self.now);
        let Self { leaving, index, intake, .. } = self;
        leaving.went.retain(|id, _| leaving.recent.holds(id));
        intake.arrivals.forget_before(self.now);
        let (mut all, mut old) = (Losses::default(), Losses::default());
        let mut count = |id: &FileId, loss| {
            all.count(loss);
            if !intake.arrivals.holds(id) {
                old.count(loss);
            }
        };
        for (id, loss) in &leaving.went {
            count(id, *loss);
        }
        for id in waiting.iter().chain(leaving.held.keys()) {
            // What is no loss any more is found out at its next step.
            count(id, index.get(id).and_then(loss_of).unwrap_or(Loss::Deleted));
        }
        let (fewest, percent) = (self.config.brake_files, self.config.brake_percent);
        let (files, stood) = self.lay_before();
        let brake = reconcile::brake_losses(all, files, fewest, percent)
            .or_else(|| reconcile::brake_losses(old, stood, fewest, percent));
        let holds = self.leaving.brake.holds();
        let released = self.leaving.brake == Brake::Released;
        match brake {
            Some(_) if !released => self.hold_removals(&waiting),
            // What is held stays so, however many files there are by now.
            None if holds => self.hold_removals(&waiting),
            Some(_) | None => {
                for id in waiting {
                    self.let_go(id);
                }
            }
        }
    }

    /// How many files lay here before some of them went lately; and without those that came lately.
    fn lay_before(&self) -> (u64, u64) {
        let (went, arrivals) = (&self.leaving.went, &self.intake.arrivals);
        let deleted = || went.iter().filter(|(_, loss)| **loss == Loss::Deleted);
        let lies = |id: &&FileId| self.index.get(id).is_some_and(|entry| entry.base.is_some());
        let files = self.index.lying() + deleted().count() as u64;
        let came = arrivals.iter().filter(lies).count()
            + deleted().filter(|(id, _)| arrivals.holds(id)).count();
        (files, files.saturating_sub(came as u64))
    }

    fn hold_removals(&mut self, waiting: &[FileId]) {
        for id in waiting {
            let origin = self.tasks.get(id).and_then(|task| task.origin);
            self.leaving.held.insert(*id, origin);
            if let Some(task) = self.tasks.get_mut(id) {
                task.waiting = false;
            }
            self.wake(*id);
        }
        self.held_removals_changed();
        self.tell_held_removals();
    }

    /// Says that removals are held back, if any are.
    pub(super) fn tell_held_removals(&mut self) {
        if self.leaving.brake == Brake::Released {
            return;
        }
        let mut losses = Losses::default();
        for id in self.leaving.held.keys() {
            if let Some(loss) = self.index.get(id).and_then(loss_of) {
                losses.count(loss);
            }
        }
        let count = losses.all();
        if count == 0 {
            return;
        }
        let reason = reconcile::say_losses(losses, self.lay_before().0);
        self.leaving.brake = Brake::Holds(reason.clone());
        self.report(Report::Brake { reason, count });
    }

    /// After the first look at the folder: what was held back is so still, unless somebody took it
    /// away, or back, meanwhile.
    pub(super) fn hold_removals_again(&mut self) {
        let index = &self.index;
        let before = self.leaving.held.len();
        self.leaving.held.retain(|id, _| index.get(id).and_then(loss_of).is_some());
        if self.leaving.held.len() < before {
            self.held_removals_changed();
        }
        if self.leaving.brake == Brake::Released {
            return self.release_removals();
        }
        self.tell_held_removals();
    }

    /// A person agrees: what is held back goes, and so does what else comes until the one-shot that
    /// was asked for is over.
    pub(super) fn release_removals(&mut self) {
        self.leaving.brake = Brake::Released;
        self.leaving.agreed = self.now;
        if self.stage == Stage::Scanning || self.leaving.held.is_empty() {
            return;
        }
        let held: Vec<FileId> = self.leaving.held.keys().copied().collect();
        for id in held {
            self.let_go(id);
        }
        self.held_removals_changed();
    }

    /// What was let pass for the sake of a one-shot is so no longer once that is over.
    pub(super) fn arm_removals(&mut self) {
        if self.leaving.brake == Brake::Released {
            self.leaving.brake = Brake::Armed;
            self.leaving.recent = Recent::default();
            self.leaving.went.clear();
        }
    }
}

/// What the vault's version leaves of what lies here; `None` when that is no loss.
pub(super) fn loss_of(entry: &Entry) -> Option<Loss> {
    let base = entry.base.as_ref().filter(|_| entry.kind != Kind::Folder)?;
    if entry.alive { reconcile::loss(base.content, entry.content) } else { Some(Loss::Deleted) }
}
