//! Which texts the store keeps, and when it lets go of the others.
//!
//! A text lies in the store by its hash when a file is born with it, so that a thousand notes never
//! edited need no document. Later versions are part of the document.
//!
//! | Text | Kept |
//! |---|---|
//! | what a file holds, or held when this disk was last seen | while the file exists, or lies here |
//! | what a document names by hash alone: an import, edited since or not | while the file exists, or lies here |
//! | the same of a deleted file | for `trash.days`, that `restore` can bring it back |
//! | any other: read for a move and not needed, of a record that is gone | until the next round |
//!
//! - Imports stay though the document has their characters: a peer whose document lacks them asks
//!   for the text, and gets it, whoever edited the file meanwhile. That is one text for each file, not
//!   one for each version: versions are in the document, and never here.
//! - An edit that a peer made of a file deleted here long ago brings its text along, on request: the
//!   file exists there, so the text is kept there.
//! - Days are counted by the time of day, but no more than [`STEP_LIMIT_MS`] from one round to the
//!   next, and never backwards: a clock set forward by a year ends nothing early.
//! - A round begins when nothing is under way: no look, no file in work, nothing on its way into the
//!   store. Whatever comes after it is written after it, for the store does one thing after the
//!   other. What was written since the store last knew of a deletion is kept, for the list of what is
//!   kept follows from the records alone. A stop in a round leaves all or nothing of each part of it.
//! - Work is bounded: the store takes away a limited number of packs at once, and goes on a second
//!   later.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::core::{Engine, Pending, Stage};
use super::effect::Effect;
use super::entry::Entry;
use super::members::Kept;
use crate::model::{ContentHash, FileId, Kind, Tick, WallMs, Write};

/// The named value that says since when deleted files are.
const KEY: &str = "texts";
/// The first round begins no sooner than this after the start, in milliseconds; a start has other
/// things to do.
const FIRST_MS: u64 = 60_000;
/// The next part of a round that is not through begins after this long, in milliseconds.
const MORE_MS: u64 = 1000;
/// Most time that counts between two rounds, in milliseconds: two days. A clock that jumps brings
/// nothing to its end early; a device used more rarely keeps texts longer.
const STEP_LIMIT_MS: u64 = 2 * DAY_MS;
const DAY_MS: u64 = 24 * 60 * 60 * 1000;

/// Since when deleted files are, as the store keeps it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Ages {
    /// The time that counted so far, in milliseconds.
    age_ms: u64,
    /// The time of day of the last round, in milliseconds since 1970.
    wall_ms: i64,
    /// Deleted files that had texts, and the age at which a round first found them deleted.
    deleted: BTreeMap<FileId, u64>,
}

/// The rounds.
#[derive(Debug)]
pub(super) struct Texts {
    ages: Ages,
    next: Tick,
    round_ms: u64,
    /// A round that is not through.
    more: bool,
}

impl Texts {
    /// Reads from the named values of the store when the last round was; what cannot be read counts
    /// as never, and every deletion as new.
    pub(super) fn new(now: Tick, round_ms: u64, meta: &[(String, Vec<u8>)]) -> Self {
        let value = meta.iter().find(|(key, _)| key == KEY).map(|(_, value)| value);
        let ages = value.and_then(|value| postcard::from_bytes(value).ok()).unwrap_or_default();
        Self { ages, next: now.plus_ms(FIRST_MS.min(round_ms)), round_ms, more: false }
    }

    /// When the next round is due, if that is to come.
    pub(super) fn deadline(&self, now: Tick) -> Option<Tick> {
        Some(self.next).filter(|due| *due > now)
    }
}

impl Ages {
    /// Whether the last round was long enough ago.
    fn is_due(&self, wall: WallMs, round_ms: u64) -> bool {
        let past = u64::try_from(wall.0.saturating_sub(self.wall_ms));
        // The clock was set back: nobody knows how long ago it was.
        past.map_or(true, |past| past >= round_ms)
    }

    /// Time goes on.
    fn advance(&mut self, wall: WallMs) {
        let past = u64::try_from(wall.0.saturating_sub(self.wall_ms)).unwrap_or(0);
        self.age_ms = self.age_ms.saturating_add(past.min(STEP_LIMIT_MS));
        self.wall_ms = wall.0;
    }
}

impl Engine {
    /// Begins a round when it is due and nothing else is under way.
    pub(super) fn turn_texts(&mut self) {
        if self.stage != Stage::Ready || !self.is_calm() {
            return;
        }
        let ending = self.stopping() && !self.stay;
        if self.texts.more && !self.stopping() {
            if self.texts.next <= self.now {
                self.let_go_of_texts();
            }
            return;
        }
        if !(ending || !self.stopping() && self.texts.next <= self.now) {
            return;
        }
        if !self.texts.ages.is_due(self.wall, self.texts.round_ms) {
            self.texts.next = self.now.plus_ms(self.texts.round_ms);
            return;
        }
        self.note_ages();
        self.let_go_of_texts();
    }

    /// Whether nothing is under way that may need a text, or bring one.
    fn is_calm(&self) -> bool {
        self.pending.is_empty()
            && self.appends_done()
            && self.fetches.is_empty()
            && self.intake_idle()
            && self.debounce.len() == 0
            && self
                .tasks
                .values()
                .all(|task| !task.working && task.disk.is_empty() && task.incoming.is_empty())
    }

    /// Notes which files are deleted now, and since when.
    fn note_ages(&mut self) {
        let before = self.texts.ages.deleted.clone();
        self.texts.ages.advance(self.wall);
        let Self { texts, index, .. } = self;
        let age = texts.ages.age_ms;
        let mut deleted = BTreeMap::new();
        for (id, _) in index.iter().filter(|(_, entry)| is_gone(entry)) {
            deleted.insert(*id, before.get(id).copied().unwrap_or(age));
        }
        texts.ages.deleted = deleted;
        let value = postcard::to_allocvec(&texts.ages)
            .expect("a map of numbers has no shape that cannot be encoded");
        let write = Write::Meta { key: KEY.to_owned(), value };
        self.append(vec![write], Pending::Kept(Kept::Ages));
    }

    fn let_go_of_texts(&mut self) {
        self.texts.next = self.now.plus_ms(self.texts.round_ms);
        let Some(keep) = self.needed_texts() else {
            return;
        };
        let op = self.op(Pending::Texts);
        self.emit(Effect::KeepTexts { op, keep });
    }

    /// Every text that is needed; `None` when a record does not say what its document needs.
    pub(super) fn needed_texts(&self) -> Option<BTreeSet<ContentHash>> {
        let Ages { age_ms, deleted, .. } = &self.texts.ages;
        let kept_ms = self.config.text_days.saturating_mul(DAY_MS);
        let mut keep = BTreeSet::new();
        for (id, entry) in self.index.iter() {
            let births = entry.births.as_ref()?;
            let since = deleted.get(id).filter(|_| is_gone(entry));
            if since.is_some_and(|since| age_ms.saturating_sub(*since) >= kept_ms) {
                continue;
            }
            keep.extend(births);
            if entry.kind == Kind::Text {
                keep.insert(entry.content.hash);
            }
            let base = entry.base.as_ref().filter(|base| base.kind == Kind::Text);
            keep.extend(base.map(|base| base.content.hash));
        }
        Some(keep)
    }

    /// Part of a round is done, or all of it.
    pub(super) fn on_texts_kept(&mut self, result: Result<bool, String>) {
        // A store that fails says so when it is next written to; the next round tries again.
        self.texts.more = result.unwrap_or(false);
        if self.texts.more {
            self.texts.next = self.now.plus_ms(MORE_MS);
        }
    }
}

/// Whether a file is deleted, and does not lie here, and may have left a text.
fn is_gone(entry: &Entry) -> bool {
    let texts = entry.kind == Kind::Text || entry.births.as_ref().is_some_and(|it| !it.is_empty());
    !entry.alive && entry.base.is_none() && texts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_that_jumps_brings_nothing_to_its_end() {
        let day = i64::try_from(DAY_MS).unwrap();
        let mut ages = Ages { wall_ms: 1_000_000, ..Ages::default() };
        ages.advance(WallMs(1_000_000 + 365 * day));
        assert_eq!(ages.age_ms, STEP_LIMIT_MS);
        assert!(ages.is_due(WallMs(5), DAY_MS), "set back");
        ages.advance(WallMs(5));
        assert_eq!(ages.age_ms, STEP_LIMIT_MS);
        ages.advance(WallMs(5 + day));
        assert_eq!(ages.age_ms, STEP_LIMIT_MS + DAY_MS);
        assert!(!ages.is_due(WallMs(5 + day), 1));
    }
}
