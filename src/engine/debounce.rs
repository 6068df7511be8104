//! Hints gathered until a file was left alone for a while.

use std::collections::{BTreeMap, BTreeSet};

use super::pace::Rest;
use crate::model::{Tick, VaultPath};

/// How many others may wait beside a file for it to be taken at once; with more, much is going on.
const FEW: usize = 8;
/// So many quiet times after a file was taken at once it may be again: a person who saves three times
/// a second waits for none of them, a program that saves more often for most.
const AGAIN: u64 = 3;

/// Paths waiting to be looked at. Two numbers: a quiet time after the last hint, and an upper limit
/// after the first, so that a file written without pause is taken in all the same. A path may rest
/// longer, see [`super::pace`].
///
/// A third number is for the one save after quiet: a file that was written to its end, was not taken
/// so within [`AGAIN`] quiet times, and stands alone is due that soon. What follows waits as above, so
/// that a burst is not taken in piecemeal.
#[derive(Debug)]
pub(super) struct Debounce {
    quiet_ms: u64,
    max_ms: u64,
    first_ms: u64,
    waiting: BTreeMap<VaultPath, Waiting>,
    by_due: BTreeSet<(Tick, VaultPath)>,
    resting: usize,
    /// What was taken early not long ago, and when.
    early: BTreeMap<VaultPath, Tick>,
}

#[derive(Debug, Clone, Copy)]
struct Waiting {
    first: Tick,
    due: Tick,
    rests: bool,
    early: bool,
    echo: bool,
}

/// A path that is due.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Due {
    pub(super) path: VaultPath,
    /// When the first hint came.
    pub(super) first: Tick,
    /// It was written to its end, and is due early for that.
    pub(super) early: bool,
    /// It is due early only because it may be a step of our own: if it is anything else, it waits on.
    pub(super) echo: bool,
}

impl Debounce {
    pub(super) fn new(first_ms: u64, quiet_ms: u64, max_ms: u64) -> Self {
        Self {
            quiet_ms,
            max_ms: max_ms.max(quiet_ms),
            first_ms: first_ms.min(quiet_ms),
            waiting: BTreeMap::new(),
            by_due: BTreeSet::new(),
            resting: 0,
            early: BTreeMap::new(),
        }
    }

    /// Something happened at `path`.
    pub(super) fn hint(&mut self, now: Tick, path: VaultPath) {
        let first = self.waiting.get(&path).map_or(now, |waiting| waiting.first);
        let due = now.plus_ms(self.quiet_ms).min(first.plus_ms(self.max_ms));
        self.put(path, Waiting { first, due, rests: false, early: false, echo: false });
    }

    /// Something happened at `path` that may be a step of our own. Unless it waits already for another
    /// reason, it is due as early as a save after quiet.
    pub(super) fn echo(&mut self, now: Tick, path: VaultPath) {
        let waiting = self.waiting.get(&path).copied();
        if waiting.is_some_and(|waiting| !waiting.early && !waiting.echo) {
            return self.hint(now, path);
        }
        self.put_echo(now, path, waiting);
    }

    /// A step of our own changed `path`: what waits there is most likely told of that step.
    pub(super) fn stepped(&mut self, now: Tick, path: &VaultPath) {
        if let Some(waiting) = self.waiting.get(path).copied().filter(|it| !it.rests) {
            self.put_echo(now, path.clone(), Some(waiting));
        }
    }

    fn put_echo(&mut self, now: Tick, path: VaultPath, waiting: Option<Waiting>) {
        let first = waiting.map_or(now, |waiting| waiting.first);
        let due = now.plus_ms(self.first_ms).min(first.plus_ms(self.max_ms));
        self.put(path, Waiting { first, due, rests: false, early: false, echo: true });
    }

    /// The file at `path` was written to its end; false when it does not stand alone, and is to be
    /// hinted as any other. `is_known` says of a path whether a file of the
    /// vault lies there: what else goes on with such may belong to the same work of its writer.
    pub(super) fn whole(
        &mut self,
        now: Tick,
        path: &VaultPath,
        is_known: impl Fn(&VaultPath) -> bool,
    ) -> bool {
        let again_ms = self.quiet_ms.saturating_mul(AGAIN).min(self.max_ms);
        self.early.retain(|_, at| at.plus_ms(again_ms) > now);
        let alone = self.waiting.len() <= FEW
            && self.waiting.keys().all(|other| other == path || !is_known(other));
        if !alone || !is_known(path) || self.early.contains_key(path) {
            return false;
        }
        let first = self.waiting.get(path).map_or(now, |waiting| waiting.first);
        let due = now.plus_ms(self.first_ms).min(first.plus_ms(self.max_ms));
        self.put(path.clone(), Waiting { first, due, rests: false, early: true, echo: false });
        true
    }

    /// Something happened at `path`, which is to rest; unless it waits already for another reason.
    pub(super) fn rest(&mut self, now: Tick, path: VaultPath, rest: Rest) {
        let waiting = self.waiting.get(&path).copied();
        if waiting.is_some_and(|waiting| !waiting.rests) {
            return self.hint(now, path);
        }
        let first = waiting.map_or(now, |waiting| waiting.first);
        let due = now.plus_ms(rest.quiet_ms.max(self.quiet_ms)).min(rest.until);
        let due = due.max(now.plus_ms(self.quiet_ms));
        self.put(path, Waiting { first, due, rests: true, early: false, echo: false });
    }

    fn put(&mut self, path: VaultPath, waiting: Waiting) {
        self.take(&path);
        self.resting += usize::from(waiting.rests);
        self.by_due.insert((waiting.due, path.clone()));
        self.waiting.insert(path, waiting);
    }

    fn take(&mut self, path: &VaultPath) -> Option<Waiting> {
        let waiting = self.waiting.remove(path)?;
        self.resting -= usize::from(waiting.rests);
        self.by_due.remove(&(waiting.due, path.clone()));
        Some(waiting)
    }

    /// The paths that are due.
    pub(super) fn take_due(&mut self, now: Tick) -> Vec<Due> {
        let mut taken = Vec::new();
        while let Some((due, path)) = self.by_due.first().cloned() {
            if due > now {
                break;
            }
            if let Some(waiting) = self.take(&path) {
                if waiting.early {
                    self.early.insert(path.clone(), now);
                }
                let Waiting { first, early, echo, .. } = waiting;
                taken.push(Due { path, first, early, echo });
            }
        }
        taken
    }

    /// All paths, due or not.
    pub(super) fn take_all(&mut self) -> Vec<Due> {
        self.by_due.clear();
        self.resting = 0;
        std::mem::take(&mut self.waiting)
            .into_iter()
            .map(|(path, waiting)| Due { path, first: waiting.first, early: false, echo: false })
            .collect()
    }

    /// When the next path is due.
    pub(super) fn deadline(&self) -> Option<Tick> {
        self.by_due.first().map(|(due, _)| *due)
    }

    /// How many paths wait, those that rest aside: nobody waits for them.
    pub(super) fn len(&self) -> usize {
        self.waiting.len() - self.resting
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(text: &str) -> VaultPath {
        VaultPath::parse(text).unwrap()
    }

    fn due(debounce: &mut Debounce, now: Tick) -> Vec<(VaultPath, Tick)> {
        debounce.take_due(now).into_iter().map(|due| (due.path, due.first)).collect()
    }

    fn whole(
        debounce: &mut Debounce,
        now: Tick,
        path: VaultPath,
        is_known: impl Fn(&VaultPath) -> bool,
    ) {
        if !debounce.whole(now, &path, is_known) {
            debounce.hint(now, path);
        }
    }

    #[test]
    fn what_may_be_a_step_of_our_own_is_looked_at_early_and_marked() {
        let mut debounce = Debounce::new(5, 100, 1000);
        let echo = |path, first| [Due { path, first, early: false, echo: true }];
        debounce.echo(Tick(0), path("a"));
        debounce.echo(Tick(2), path("a"));
        assert_eq!((debounce.len(), debounce.deadline()), (1, Some(Tick(7))));
        assert_eq!(debounce.take_due(Tick(7)), echo(path("a"), Tick(0)));
        // Something that waits for its writer goes on waiting.
        debounce.hint(Tick(10), path("a"));
        debounce.echo(Tick(20), path("a"));
        assert_eq!(debounce.deadline(), Some(Tick(120)));
        // A step that went well found there what it expected: nobody else has written.
        debounce.stepped(Tick(30), &path("a"));
        assert_eq!(debounce.take_due(Tick(35)), echo(path("a"), Tick(10)));
        debounce.stepped(Tick(40), &path("a"));
        assert_eq!(debounce.deadline(), None);
        // A file that rests goes on resting.
        debounce.rest(Tick(50), path("a"), Rest { quiet_ms: 3000, until: Tick(10_000) });
        debounce.stepped(Tick(60), &path("a"));
        assert_eq!((debounce.len(), debounce.deadline()), (0, Some(Tick(3050))));
    }

    #[test]
    fn a_single_hint_waits_for_quiet() {
        let mut debounce = Debounce::new(5, 100, 1000);
        debounce.hint(Tick(0), path("a"));
        assert_eq!(debounce.deadline(), Some(Tick(100)));
        assert!(due(&mut debounce, Tick(99)).is_empty());
        assert_eq!(due(&mut debounce, Tick(100)), [(path("a"), Tick(0))]);
        assert_eq!(debounce.deadline(), None);
    }

    #[test]
    fn one_save_after_quiet_is_taken_at_once_and_a_burst_together() {
        let known = |path: &VaultPath| !path.as_str().starts_with("new");
        let mut debounce = Debounce::new(5, 100, 1000);
        debounce.hint(Tick(0), path("a"));
        debounce.hint(Tick(1), path("new.tmp"));
        whole(&mut debounce, Tick(2), path("a"), known);
        assert_eq!(due(&mut debounce, Tick(7)), [(path("a"), Tick(0))]);
        // What follows is a burst, as long as it follows soon.
        whole(&mut debounce, Tick(50), path("a"), known);
        whole(&mut debounce, Tick(120), path("a"), known);
        assert_eq!(due(&mut debounce, Tick(219)), [(path("new.tmp"), Tick(1))]);
        assert_eq!(due(&mut debounce, Tick(220)), [(path("a"), Tick(50))]);
        whole(&mut debounce, Tick(306), path("a"), known);
        assert_eq!(debounce.deadline(), Some(Tick(406)));
        debounce.take_all();
        whole(&mut debounce, Tick(307), path("a"), known);
        let early = Due { path: path("a"), first: Tick(307), early: true, echo: false };
        assert_eq!(debounce.take_due(Tick(312)), [early], "its writer is done");
        // A writer that goes on is waited for.
        whole(&mut debounce, Tick(5000), path("a"), known);
        debounce.hint(Tick(5003), path("a"));
        assert_eq!(debounce.deadline(), Some(Tick(5103)));
        debounce.take_all();
        // A new file may be half of a save, and beside another known one it may be a move.
        whole(&mut debounce, Tick(9000), path("new"), known);
        assert_eq!(debounce.deadline(), Some(Tick(9100)));
        debounce.hint(Tick(9001), path("b"));
        whole(&mut debounce, Tick(9001), path("a"), known);
        assert!(due(&mut debounce, Tick(9099)).is_empty());
    }

    #[test]
    fn no_first_look_comes_later_than_the_quiet_time() {
        let mut debounce = Debounce::new(500, 100, 1000);
        whole(&mut debounce, Tick(0), path("a"), |_| true);
        assert_eq!(debounce.deadline(), Some(Tick(100)));
    }

    #[test]
    fn a_file_that_rests_is_taken_once_it_is_quiet_or_its_time_is_over() {
        let rest = Rest { quiet_ms: 3000, until: Tick(10_000) };
        let mut debounce = Debounce::new(5, 100, 1000);
        debounce.rest(Tick(0), path("a"), rest);
        assert_eq!((debounce.len(), debounce.deadline()), (0, Some(Tick(3000))));
        for at in (1000..=12_000).step_by(1000) {
            debounce.rest(Tick(at), path("a"), rest);
            if !due(&mut debounce, Tick(at + 500)).is_empty() {
                assert_eq!(at, 10_000);
                break;
            }
        }
        assert_eq!(debounce.deadline(), None);
        // Whoever needs to know looks at once, and so it stays.
        debounce.rest(Tick(0), path("a"), rest);
        debounce.hint(Tick(10), path("a"));
        debounce.rest(Tick(20), path("a"), rest);
        assert_eq!((debounce.len(), debounce.deadline()), (1, Some(Tick(120))));
        debounce.take_all();
        debounce.rest(Tick(30), path("a"), rest);
        let all = debounce.take_all();
        assert_eq!(all, [Due { path: path("a"), first: Tick(30), early: false, echo: false }]);
        assert_eq!(debounce.len(), 0);
    }

    #[test]
    fn a_file_that_never_rests_is_taken_at_the_limit() {
        let mut debounce = Debounce::new(5, 100, 1000);
        for at in (0..2000).step_by(50) {
            debounce.hint(Tick(at), path("a"));
            if !due(&mut debounce, Tick(at)).is_empty() {
                assert_eq!(at, 1000);
                return;
            }
        }
        unreachable!("the limit never came");
    }
}
