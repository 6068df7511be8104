//! Places that steps of ours changed a moment ago: the watcher tells of them as of any other change.

use std::collections::{BTreeMap, VecDeque};

use crate::model::{Tick, VaultPath};

/// A hint this long after a step may still be of that step, in milliseconds. Later ones wait like any
/// other, which costs a peer that asks whether both agree a moment, and nothing else.
const WINDOW_MS: u64 = 1000;
/// Most places remembered: what shares one durability barrier. Of more at once nobody waits for the
/// last; and looking at each as soon as it was written would hold up those still to be written.
const PLACES_LIMIT: usize = 512;

/// Those places, and when they changed.
#[derive(Debug, Default)]
pub(super) struct Echo {
    at: BTreeMap<VaultPath, Tick>,
    order: VecDeque<(Tick, VaultPath)>,
}

impl Echo {
    /// A step changed `path` now.
    pub(super) fn note(&mut self, now: Tick, path: VaultPath) {
        self.forget_old(now);
        if self.order.len() < PLACES_LIMIT {
            self.at.insert(path.clone(), now);
            self.order.push_back((now, path));
        }
    }

    /// Whether something told of `path` now may be a step of ours.
    pub(super) fn may_be(&mut self, now: Tick, path: &VaultPath) -> bool {
        self.forget_old(now);
        self.at.contains_key(path)
    }

    fn forget_old(&mut self, now: Tick) {
        while let Some((at, path)) = self.order.front()
            && now.since_ms(*at) >= WINDOW_MS
        {
            // It may have changed again since.
            if self.at.get(path) == Some(at) {
                self.at.remove(path);
            }
            self.order.pop_front();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(number: usize) -> VaultPath {
        VaultPath::parse(&format!("{number}.md")).unwrap()
    }

    #[test]
    fn a_place_counts_for_a_while_after_its_last_step() {
        let mut echo = Echo::default();
        echo.note(Tick(0), path(1));
        echo.note(Tick(10), path(1));
        assert!(!echo.may_be(Tick(10), &path(2)));
        assert!(echo.may_be(Tick(WINDOW_MS), &path(1)));
        assert!(echo.may_be(Tick(WINDOW_MS + 9), &path(1)));
        assert!(!echo.may_be(Tick(WINDOW_MS + 10), &path(1)));
        assert!(echo.order.is_empty() && echo.at.is_empty());
    }

    #[test]
    fn places_up_to_the_limit_are_remembered() {
        let mut echo = Echo::default();
        for number in 0..=PLACES_LIMIT {
            echo.note(Tick(0), path(number));
        }
        assert!(echo.may_be(Tick(1), &path(PLACES_LIMIT - 1)));
        assert!(!echo.may_be(Tick(1), &path(PLACES_LIMIT)));
        echo.note(Tick(WINDOW_MS), path(PLACES_LIMIT));
        assert!(echo.may_be(Tick(WINDOW_MS), &path(PLACES_LIMIT)));
    }
}
