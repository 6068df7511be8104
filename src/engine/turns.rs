//! Whose turn it is: files with something to do, in order, and how many are worked on at once.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use crate::model::FileId;

/// Most files worked on at once; others wait in line. One batch of steps or of commits shares one
/// durability barrier, so far fewer make first syncs slow.
const BUSY_FILES_LIMIT: usize = 1024;
/// Most bytes of texts in the hands of files worked on at once; a file that alone has more is
/// worked on alone. Bounds what is in memory.
const BUSY_BYTES_LIMIT: u64 = 4 * 1024 * 1024;
/// While this many files seen on the disk wait in line, the next ones are not looked at yet. Bounds
/// what was read and not taken in.
const SEEN_LIMIT: usize = 256;

/// How soon a file comes up.
///
/// What holds bytes in memory goes first, so that it lets go of them; then the newest, for that is
/// what a person waits for. Times of other devices may be wrong; then only the order is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Rank {
    pub(super) stage: Stage,
    pub(super) mtime_ms: Reverse<i64>,
}

/// What a file waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Stage {
    /// It was seen on the disk, or its bytes are at hand.
    Begun,
    /// Anything else.
    New,
}

/// The line, and what is out of it being worked on.
#[derive(Debug, Default)]
pub(super) struct Turns {
    line: BTreeSet<(Rank, FileId)>,
    ranks: BTreeMap<FileId, Rank>,
    begun: usize,
    busy_files: usize,
    busy_bytes: u64,
}

impl Turns {
    /// Puts a file in line, or further to the front of it.
    pub(super) fn push(&mut self, id: FileId, rank: Rank) {
        if let Some(old) = self.ranks.get(&id) {
            if *old <= rank {
                return;
            }
            let old = *old;
            self.take_out(id, old);
        }
        self.ranks.insert(id, rank);
        self.line.insert((rank, id));
        self.begun += usize::from(rank.stage == Stage::Begun);
    }

    /// Takes a file out of the line.
    pub(super) fn drop(&mut self, id: &FileId) {
        if let Some(rank) = self.ranks.remove(id) {
            self.take_out(*id, rank);
        }
    }

    fn take_out(&mut self, id: FileId, rank: Rank) {
        self.line.remove(&(rank, id));
        self.begun -= usize::from(rank.stage == Stage::Begun);
    }

    /// Whether more of the disk may be looked at.
    pub(super) fn may_look(&self) -> bool {
        self.begun < SEEN_LIMIT
    }

    /// Who is next, unless enough is under way.
    pub(super) fn next(&mut self) -> Option<FileId> {
        if self.busy_files >= BUSY_FILES_LIMIT || self.busy_bytes >= BUSY_BYTES_LIMIT {
            return None;
        }
        let (rank, id) = *self.line.first()?;
        self.take_out(id, rank);
        self.ranks.remove(&id);
        Some(id)
    }

    /// Work on a file that holds so many bytes begins.
    pub(super) fn begin(&mut self, bytes: u64) {
        self.busy_files += 1;
        self.busy_bytes += bytes;
    }

    /// Work on a file ends; `bytes` as it began.
    pub(super) fn end(&mut self, bytes: u64) {
        debug_assert!(self.busy_files > 0 && self.busy_bytes >= bytes, "what ends has begun");
        self.busy_files -= 1;
        self.busy_bytes -= bytes;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rank(stage: Stage, mtime_ms: i64) -> Rank {
        Rank { stage, mtime_ms: Reverse(mtime_ms) }
    }

    fn id(byte: u16) -> FileId {
        let mut bytes = [0; 16];
        bytes[..2].copy_from_slice(&byte.to_be_bytes());
        FileId(bytes)
    }

    #[test]
    fn what_is_begun_goes_first_then_the_newest() {
        let mut turns = Turns::default();
        turns.push(id(1), rank(Stage::New, 5));
        turns.push(id(2), rank(Stage::New, 9));
        turns.push(id(3), rank(Stage::Begun, 1));
        turns.push(id(4), rank(Stage::New, 2));
        turns.push(id(4), rank(Stage::Begun, 2));
        turns.push(id(4), rank(Stage::New, 90));
        turns.push(id(5), rank(Stage::New, 99));
        turns.drop(&id(5));
        let order: Vec<FileId> = std::iter::from_fn(|| turns.next()).collect();
        assert_eq!(order, [id(4), id(3), id(2), id(1)]);
    }

    #[test]
    fn looking_stops_while_much_that_was_seen_waits() {
        let mut turns = Turns::default();
        for file in 0..SEEN_LIMIT {
            assert!(turns.may_look(), "{file} wait");
            turns.push(id(file.try_into().unwrap()), rank(Stage::Begun, 0));
            turns.push(id(2000), rank(Stage::New, 0));
        }
        assert!(!turns.may_look());
        turns.next().unwrap();
        assert!(turns.may_look(), "one was taken");
    }

    #[test]
    fn no_more_is_begun_than_the_limits_allow() {
        for (bytes, fits) in
            [(0, BUSY_FILES_LIMIT), (BUSY_BYTES_LIMIT, 1), (BUSY_BYTES_LIMIT / 4, 4)]
        {
            let mut turns = Turns::default();
            for file in 0..2000 {
                turns.push(id(file), rank(Stage::New, 0));
            }
            let mut begun = 0;
            while turns.next().is_some() {
                turns.begin(bytes);
                begun += 1;
            }
            assert_eq!(begun, fits, "files of {bytes} bytes");
            turns.end(bytes);
            assert!(turns.next().is_some(), "what ended makes room");
        }
    }
}
