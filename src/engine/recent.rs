//! What went within the last while, so that what goes bit by bit is judged as one.

use std::collections::BTreeMap;

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

    /// How many.
    pub(super) fn len(&self) -> u64 {
        self.0.len() as u64
    }
}
