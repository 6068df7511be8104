//! Contents on their way here, and those that wait for their turn, the newest first.

use std::collections::{BTreeMap, BTreeSet};

use super::fetch::Fetch;
use crate::model::{ContentHash, FileId};

/// All fetches by content.
///
/// - Invariant: `queue` names what `waiting` holds, by its `newest`, which changes only here.
#[derive(Debug, Default)]
pub(super) struct Fetches {
    begun: BTreeMap<ContentHash, Fetch>,
    waiting: BTreeMap<ContentHash, Fetch>,
    /// By when the newest file that waits for it was touched.
    queue: BTreeSet<(Option<i64>, ContentHash)>,
    /// Contents that are here and about to lie in the folder, each for one file: others copy it then.
    pub(super) landing: BTreeMap<ContentHash, FileId>,
}

impl Fetches {
    pub(super) fn is_empty(&self) -> bool {
        self.begun.is_empty() && self.waiting.is_empty()
    }

    pub(super) fn get(&self, hash: &ContentHash) -> Option<&Fetch> {
        self.begun.get(hash).or_else(|| self.waiting.get(hash))
    }

    pub(super) fn get_mut(&mut self, hash: &ContentHash) -> Option<&mut Fetch> {
        self.begun.get_mut(hash).or_else(|| self.waiting.get_mut(hash))
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (&ContentHash, &Fetch)> {
        self.begun.iter().chain(&self.waiting)
    }

    /// Those that were asked for; a few.
    pub(super) fn begun(&self) -> impl Iterator<Item = (&ContentHash, &Fetch)> {
        self.begun.iter()
    }

    /// Those that wait for their turn, the newest first.
    pub(super) fn waiting(&self) -> impl Iterator<Item = (&ContentHash, &Fetch)> {
        self.queue.iter().rev().filter_map(|(_, hash)| self.waiting.get_key_value(hash))
    }

    /// Whether one waits for its turn.
    pub(super) fn any_waits(&self) -> bool {
        !self.queue.is_empty()
    }

    /// Puts one in line.
    pub(super) fn queue(&mut self, hash: ContentHash, fetch: Fetch) {
        self.remove(&hash);
        self.queue.insert((fetch.newest, hash));
        self.waiting.insert(hash, fetch);
    }

    /// One more file, touched at `mtime_ms`, waits for it: it goes before what is older.
    pub(super) fn renew(&mut self, hash: &ContentHash, mtime_ms: Option<i64>) {
        let Some(fetch) = self.waiting.get_mut(hash).filter(|it| it.newest < mtime_ms) else {
            return;
        };
        self.queue.remove(&(fetch.newest, *hash));
        self.queue.insert((mtime_ms, *hash));
        fetch.newest = mtime_ms;
    }

    /// Its turn has come.
    pub(super) fn begin(&mut self, hash: ContentHash) {
        if let Some(fetch) = self.waiting.remove(&hash) {
            self.queue.remove(&(fetch.newest, hash));
            self.begun.insert(hash, fetch);
        }
    }

    pub(super) fn remove(&mut self, hash: &ContentHash) -> Option<Fetch> {
        self.begun.remove(hash).or_else(|| {
            let fetch = self.waiting.remove(hash)?;
            self.queue.remove(&(fetch.newest, *hash));
            Some(fetch)
        })
    }
}
