//! What went within the last while, so that what goes bit by bit is judged as one.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::{FileId, Tick};

/// What went longer ago than this no longer counts, in milliseconds. Shorter lets a slow deletion of
/// everything pass in parts; longer takes an afternoon of tidying up for a catastrophe.
const WINDOW_MS: u64 = 60_000;

/// Files, and when they went.
#[derive(Debug, Default)]
pub(super) struct Recent(BTreeMap<FileId, Tick>);

impl Recent {
    /// It went now.
    pub(super) fn note(&mut self, id: FileId, now: Tick) {
        self.0.insert(id, now);
    }

    /// Lets go of what went too long ago to count.
    pub(super) fn forget_before(&mut self, now: Tick) {
        self.0.retain(|_, at| now.since_ms(*at) < WINDOW_MS);
    }

    /// It is back.
    pub(super) fn forget(&mut self, id: &FileId) {
        self.0.remove(id);
    }

    /// Lets go of what is back.
    pub(super) fn retain(&mut self, mut keep: impl FnMut(&FileId) -> bool) {
        self.0.retain(|id, _| keep(id));
    }

    /// All of them.
    pub(super) fn iter(&self) -> impl Iterator<Item = &FileId> {
        self.0.keys()
    }

    /// Whether it went.
    pub(super) fn holds(&self, id: &FileId) -> bool {
        self.0.contains_key(id)
    }

    /// How many.
    pub(super) fn len(&self) -> u64 {
        self.0.len() as u64
    }
}

/// Files that came lately: what stood before them is judged by itself, too, so that a deletion does
/// not pass because as much came in the same breath. Arrivals go on as long as each comes within the
/// window after the one before, as in a long first sync.
#[derive(Debug, Default)]
pub(super) struct Arrivals {
    ids: BTreeSet<FileId>,
    last: Tick,
}

impl Arrivals {
    /// It came now.
    pub(super) fn note(&mut self, id: FileId, now: Tick) {
        self.forget_before(now);
        self.ids.insert(id);
        self.last = now;
    }

    /// Lets go of them once they paused.
    pub(super) fn forget_before(&mut self, now: Tick) {
        if now.since_ms(self.last) >= WINDOW_MS {
            self.ids = BTreeSet::new();
        }
    }

    /// Whether it came lately.
    pub(super) fn holds(&self, id: &FileId) -> bool {
        self.ids.contains(id)
    }

    /// All of them.
    pub(super) fn iter(&self) -> impl Iterator<Item = &FileId> {
        self.ids.iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arrivals_count_until_they_pause() {
        let mut arrivals = Arrivals::default();
        for at in 1..=3 {
            let id = FileId([u8::try_from(at).unwrap(); 16]);
            arrivals.note(id, Tick(at * (WINDOW_MS - 1)));
        }
        arrivals.forget_before(Tick(3 * WINDOW_MS));
        assert_eq!(arrivals.iter().count(), 3);
        assert!(arrivals.holds(&FileId([1; 16])));
        arrivals.forget_before(Tick(5 * WINDOW_MS));
        assert_eq!(arrivals.iter().count(), 0);
    }
}
