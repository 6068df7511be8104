//! What the versions of files were built on, as far as it passed by since the start.
//!
//! Two devices that find out that they hold different versions of a file do not know which of the two
//! is the later one, for a record names the present version alone. Where one of them made the other's
//! into its own just now, it can say so: then nothing is sent the wrong way, least of all whole
//! documents.

use lru::LruCache;

use crate::model::{ChangeHash, FileId, Heads};

/// Files whose earlier versions are remembered, at some 300 bytes each. Of those beyond, the one that
/// was touched longest ago is sent once more than it has to be.
const FILES_LIMIT: usize = 1024;
/// Earlier changes remembered of one file: the latest, each named to every peer that differs. A peer
/// that stood still for longer is sent the document as before.
const CHANGES_LIMIT: usize = 8;

/// Earlier versions of files.
#[derive(Debug)]
pub(super) struct Trails(LruCache<FileId, Vec<ChangeHash>>);

impl Trails {
    pub(super) fn new() -> Self {
        Self(LruCache::unbounded())
    }

    /// A file came from the version `old` to the version `new`.
    pub(super) fn moved_on(&mut self, id: FileId, old: &Heads, new: &Heads) {
        if old.is_empty() || old == new {
            return;
        }
        let mut trail = self.0.pop(&id).unwrap_or_default();
        let stays = |hash: &ChangeHash| new.as_slice().contains(hash);
        trail.extend(old.as_slice().iter().filter(|hash| !stays(hash)));
        trail.drain(..trail.len().saturating_sub(CHANGES_LIMIT));
        self.0.put(id, trail);
        while self.0.len() > FILES_LIMIT {
            self.0.pop_lru();
        }
    }

    /// Changes that the present version of a file was built on, the latest last.
    pub(super) fn of(&self, id: &FileId) -> Vec<ChangeHash> {
        self.0.peek(id).cloned().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn heads(numbers: &[u8]) -> Heads {
        numbers.iter().map(|number| ChangeHash([*number; 32])).collect()
    }

    fn file(number: usize) -> FileId {
        FileId(u128::try_from(number).unwrap().to_be_bytes())
    }

    #[test]
    fn what_is_still_a_head_is_not_behind_it() {
        let mut trails = Trails::new();
        trails.moved_on(file(1), &heads(&[]), &heads(&[1]));
        assert_eq!(trails.of(&file(1)), []);
        trails.moved_on(file(1), &heads(&[1]), &heads(&[1, 2]));
        assert_eq!(trails.of(&file(1)), []);
        trails.moved_on(file(1), &heads(&[1, 2]), &heads(&[3]));
        assert_eq!(trails.of(&file(1)), heads(&[1, 2]).as_slice());
    }

    #[test]
    fn the_latest_changes_are_kept() {
        for (count, first) in [(CHANGES_LIMIT - 1, 0), (CHANGES_LIMIT, 0), (CHANGES_LIMIT + 1, 1)] {
            let mut trails = Trails::new();
            for number in 0..u8::try_from(count).unwrap() {
                trails.moved_on(file(1), &heads(&[number]), &heads(&[number + 1]));
            }
            let trail = trails.of(&file(1));
            assert_eq!(trail.first(), Some(&ChangeHash([first; 32])));
            assert_eq!(trail.len(), count.min(CHANGES_LIMIT));
        }
    }

    #[test]
    fn the_files_touched_last_are_kept() {
        for (count, first) in [(FILES_LIMIT, 1), (FILES_LIMIT + 1, 0)] {
            let mut trails = Trails::new();
            for number in 0..count {
                trails.moved_on(file(number), &heads(&[1]), &heads(&[2]));
            }
            assert_eq!(trails.of(&file(0)).len(), first);
            assert_eq!(trails.of(&file(count - 1)).len(), 1);
        }
    }
}
