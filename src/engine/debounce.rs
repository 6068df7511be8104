//! Hints gathered until a file was left alone for a while.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::{Tick, VaultPath};

/// Paths waiting to be looked at. Two numbers: a quiet time after the last hint, and an upper limit
/// after the first, so that a file written without pause is taken in all the same.
#[derive(Debug)]
pub(super) struct Debounce {
    quiet_ms: u64,
    max_ms: u64,
    waiting: BTreeMap<VaultPath, Waiting>,
    by_due: BTreeSet<(Tick, VaultPath)>,
}

#[derive(Debug, Clone, Copy)]
struct Waiting {
    first: Tick,
    due: Tick,
}

impl Debounce {
    pub(super) fn new(quiet_ms: u64, max_ms: u64) -> Self {
        Self {
            quiet_ms,
            max_ms: max_ms.max(quiet_ms),
            waiting: BTreeMap::new(),
            by_due: BTreeSet::new(),
        }
    }

    /// Something happened at `path`.
    pub(super) fn hint(&mut self, now: Tick, path: VaultPath) {
        let first = match self.waiting.get(&path) {
            Some(waiting) => {
                self.by_due.remove(&(waiting.due, path.clone()));
                waiting.first
            }
            None => now,
        };
        let due = now.plus_ms(self.quiet_ms).min(first.plus_ms(self.max_ms));
        self.by_due.insert((due, path.clone()));
        self.waiting.insert(path, Waiting { first, due });
    }

    /// The paths that are due, with the time of their first hint.
    pub(super) fn take_due(&mut self, now: Tick) -> Vec<(VaultPath, Tick)> {
        let mut taken = Vec::new();
        while let Some((due, path)) = self.by_due.first().cloned() {
            if due > now {
                break;
            }
            self.by_due.pop_first();
            if let Some(waiting) = self.waiting.remove(&path) {
                taken.push((path, waiting.first));
            }
        }
        taken
    }

    /// All paths, due or not.
    pub(super) fn take_all(&mut self) -> Vec<(VaultPath, Tick)> {
        self.by_due.clear();
        std::mem::take(&mut self.waiting)
            .into_iter()
            .map(|(path, waiting)| (path, waiting.first))
            .collect()
    }

    /// When the next path is due.
    pub(super) fn deadline(&self) -> Option<Tick> {
        self.by_due.first().map(|(due, _)| *due)
    }

    pub(super) fn len(&self) -> usize {
        self.waiting.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(text: &str) -> VaultPath {
        VaultPath::parse(text).unwrap()
    }

    #[test]
    fn a_single_hint_waits_for_quiet() {
        let mut debounce = Debounce::new(100, 1000);
        debounce.hint(Tick(0), path("a"));
        assert_eq!(debounce.deadline(), Some(Tick(100)));
        assert!(debounce.take_due(Tick(99)).is_empty());
        assert_eq!(debounce.take_due(Tick(100)), [(path("a"), Tick(0))]);
        assert_eq!(debounce.deadline(), None);
    }

    #[test]
    fn a_file_that_never_rests_is_taken_at_the_limit() {
        let mut debounce = Debounce::new(100, 1000);
        for at in (0..2000).step_by(50) {
            debounce.hint(Tick(at), path("a"));
            if !debounce.take_due(Tick(at)).is_empty() {
                assert_eq!(at, 1000);
                return;
            }
        }
        unreachable!("the limit never came");
    }
}
