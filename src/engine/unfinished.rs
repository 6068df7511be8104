//! Files that somebody began to write and has not closed.

use std::collections::BTreeMap;

use super::core::Engine;
use crate::model::{FileId, Seen, Tick, VaultPath};

/// Most places remembered. Of those beyond, a half of a save may be taken for an edit, as it is where
/// the system does not tell that a file was closed.
const PLACES_LIMIT: usize = 1024;

/// Those places, and since when: a save in place empties a file and fills it piece by piece, and its
/// writer may be held up between two of them for longer than a quiet time. What is there until then is
/// no version: the rest of the text would be deleted in it, and typed anew a moment later, beside what
/// a peer did to it meanwhile.
#[derive(Debug)]
pub(super) struct Unfinished {
    since: BTreeMap<VaultPath, Tick>,
    /// Who writes for longer than this, in milliseconds, is not waited for.
    max_ms: u64,
}

impl Unfinished {
    pub(super) fn new(max_ms: u64) -> Self {
        Self { since: BTreeMap::new(), max_ms }
    }

    /// Somebody writes at `path`.
    pub(super) fn begun(&mut self, now: Tick, path: &VaultPath) {
        let max_ms = self.max_ms;
        self.since.retain(|_, at| at.plus_ms(max_ms) > now);
        if self.since.len() < PLACES_LIMIT {
            self.since.entry(path.clone()).or_insert(now);
        }
    }

    /// Whoever wrote at `path` is done.
    pub(super) fn done(&mut self, path: &VaultPath) {
        self.since.remove(path);
    }

    /// Whether a writer at `path` is waited for.
    fn is_open(&self, now: Tick, path: &VaultPath) -> bool {
        self.since.get(path).is_some_and(|at| at.plus_ms(self.max_ms) > now)
    }
}

impl Engine {
    /// Whether what was found of a known file is most likely a part of what is being written: it is
    /// shorter than before, and not closed.
    pub(super) fn is_half_written(&self, id: FileId, path: &VaultPath, seen: &Seen) -> bool {
        let base = self.index.get(&id).and_then(|entry| entry.base.as_ref());
        base.is_some_and(|base| seen.content.size < base.content.size)
            && self.unfinished.is_open(self.now, path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(number: usize) -> VaultPath {
        VaultPath::parse(&format!("{number}.md")).unwrap()
    }

    #[test]
    fn a_writer_is_waited_for_until_it_is_done_or_its_time_is_over() {
        let mut unfinished = Unfinished::new(1000);
        unfinished.begun(Tick(0), &path(1));
        unfinished.begun(Tick(900), &path(1));
        unfinished.begun(Tick(900), &path(2));
        assert!(unfinished.is_open(Tick(999), &path(1)));
        assert!(!unfinished.is_open(Tick(1000), &path(1)), "its first piece counts");
        assert!(unfinished.is_open(Tick(1000), &path(2)));
        unfinished.done(&path(2));
        assert!(!unfinished.is_open(Tick(1000), &path(2)));
        // One that goes on has its time once more.
        unfinished.begun(Tick(1001), &path(1));
        assert!(unfinished.is_open(Tick(2000), &path(1)));
    }

    #[test]
    fn no_more_of_them_are_remembered_than_the_limit() {
        let mut unfinished = Unfinished::new(1000);
        for number in 0..=PLACES_LIMIT {
            unfinished.begun(Tick(5), &path(number));
        }
        assert!(unfinished.is_open(Tick(6), &path(PLACES_LIMIT - 1)));
        assert!(!unfinished.is_open(Tick(6), &path(PLACES_LIMIT)));
        unfinished.begun(Tick(1005), &path(PLACES_LIMIT));
        assert!(unfinished.is_open(Tick(1006), &path(PLACES_LIMIT)));
        assert_eq!(unfinished.since.len(), 1);
    }
}
