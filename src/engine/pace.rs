//! How often a file is taken in that is written again and again.
//!
//! Every version taken in stays in the document for ever, on every device: that is what a history is
//! made of, and what a merge needs. Typing costs little. A program that writes a whole file each second
//! costs as much as the file each time, and nobody reads what it wrote a minute ago.
//!
//! - What an edit costs is counted in operations, of which a character put in or taken out is one.
//!   An edit of a note counts from [`LARGE_OPS`] on, so that no typing ever does; one of any other file
//!   counts as that many at least. What was counted wears off with [`DRAIN_OPS`] a second.
//! - Above [`FREE_OPS`], and [`FREE_EDITS`] edits, the file rests: it is looked at once it was left
//!   alone for [`QUIET_MS`], a time that doubles with each look up to [`QUIET_LIMIT_MS`], so that the
//!   last content is taken in soon after the last save; and if it is never left alone, when what was
//!   counted wore off, at the latest after [`PAUSE_LIMIT_MS`].
//! - A file that rests keeps nobody waiting: peers are in sync but for it. A one-shot, a stop, a full
//!   look at the folder and a peer's change of the file take it in at once.
//! - So an hour of one save each second comes to some 140 edits instead of 3,600 where little changes,
//!   and to about ten where 20 KB change each time (`sim::growth`).

use std::collections::BTreeMap;

use crate::model::{Tick, VaultPath};

/// Edits of notes that cost less do not count; no person types that much between two saves.
const LARGE_OPS: u64 = 2000;
/// What wears off in a second, in operations; twice what a quick typist does.
const DRAIN_OPS: u64 = 50;
/// So much counts for nothing, in operations: five times a file of 10 KB, written anew.
const FREE_OPS: u64 = 100_000;
/// So many edits count for nothing, however large: a paste, an undo, a formatter.
const FREE_EDITS: u32 = 3;
/// A file that rests is looked at once it was left alone this long, in milliseconds.
const QUIET_MS: u64 = 3000;
/// Longest such time, in milliseconds.
const QUIET_LIMIT_MS: u64 = 60_000;
/// Longest rest of a file that is never left alone, in milliseconds.
const PAUSE_LIMIT_MS: u64 = 600_000;
/// Most that is counted: what wears off in the longest rest.
const HEAT_LIMIT_OPS: u64 = FREE_OPS + DRAIN_OPS * PAUSE_LIMIT_MS / 1000;
/// Most files counted for; one more is only counted once another one wore off. Bounds the memory.
const FILES_LIMIT: usize = 1024;

/// What was counted, by file.
#[derive(Debug, Default)]
pub(super) struct Pace(BTreeMap<VaultPath, Heat>);

#[derive(Debug, Clone, Copy, Default)]
struct Heat {
    ops: u64,
    edits: u32,
    /// Edits taken in while it rested.
    rests: u32,
    at: Tick,
}

/// How a file rests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Rest {
    /// It is looked at once it was left alone this long.
    pub(super) quiet_ms: u64,
    /// And in any case then.
    pub(super) until: Tick,
}

impl Heat {
    fn now(self, now: Tick) -> Self {
        let worn = now.since_ms(self.at).saturating_mul(DRAIN_OPS) / 1000;
        match self.ops.saturating_sub(worn) {
            0 => Self { at: now, ..Self::default() },
            ops => Self { ops, at: now, ..self },
        }
    }

    fn rests(&self) -> bool {
        self.ops > FREE_OPS && self.edits > FREE_EDITS
    }
}

impl Pace {
    /// An edit of this cost was taken in.
    pub(super) fn spent(&mut self, now: Tick, path: &VaultPath, ops: u64) {
        let cost = if is_note(path) { ops } else { ops.max(LARGE_OPS) };
        if cost < LARGE_OPS {
            return;
        }
        if self.0.len() >= FILES_LIMIT && !self.0.contains_key(path) {
            self.0.retain(|_, heat| heat.now(now).ops > 0);
            if self.0.len() >= FILES_LIMIT {
                return;
            }
        }
        let heat = self.0.entry(path.clone()).or_default();
        let before = heat.now(now);
        *heat = Heat {
            ops: before.ops.saturating_add(cost).min(HEAT_LIMIT_OPS),
            edits: before.edits.saturating_add(1),
            rests: if before.rests() { before.rests + 1 } else { 0 },
            at: now,
        };
    }

    /// How the file rests, if it does.
    pub(super) fn rest(&self, now: Tick, path: &VaultPath) -> Option<Rest> {
        let heat = self.0.get(path)?.now(now);
        if !heat.rests() {
            return None;
        }
        let quiet_ms = (QUIET_MS << heat.rests.min(16)).min(QUIET_LIMIT_MS);
        let wears_off_ms = (heat.ops - FREE_OPS).saturating_mul(1000).div_ceil(DRAIN_OPS);
        Some(Rest { quiet_ms, until: now.plus_ms(wears_off_ms) })
    }
}

/// Whether a person is likely to write it by hand, and others to watch.
fn is_note(path: &VaultPath) -> bool {
    let hidden = path.as_str().starts_with('.');
    let ending = path.name().rsplit_once('.').map_or("", |(_, ending)| ending);
    let known = ["md", "markdown", "txt", "canvas"];
    !hidden && known.iter().any(|it| ending.eq_ignore_ascii_case(it))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(text: &str) -> VaultPath {
        VaultPath::parse(text).unwrap()
    }

    #[test]
    fn no_typing_ever_rests() {
        let mut pace = Pace::default();
        for second in 0..10_000 {
            pace.spent(Tick(second * 1000), &path("note.md"), LARGE_OPS - 1);
            assert_eq!(pace.rest(Tick(second * 1000), &path("note.md")), None);
        }
        assert!(pace.0.is_empty());
    }

    #[test]
    fn a_few_large_edits_do_not_rest_and_more_do_ever_longer() {
        let mut pace = Pace::default();
        let note = path("note.md");
        for edit in 0..FREE_EDITS {
            pace.spent(Tick(0), &note, 400_000);
            assert_eq!(pace.rest(Tick(0), &note), None, "{edit}");
        }
        pace.spent(Tick(0), &note, 400_000);
        let rest = pace.rest(Tick(0), &note).unwrap();
        assert_eq!(rest, Rest { quiet_ms: QUIET_MS, until: Tick(PAUSE_LIMIT_MS) });
        for _ in 0..10 {
            pace.spent(Tick(1), &note, 400_000);
        }
        assert_eq!(pace.rest(Tick(1), &note).unwrap().quiet_ms, QUIET_LIMIT_MS);
        assert_eq!(pace.rest(Tick(PAUSE_LIMIT_MS + 1), &note), None, "it wore off");
    }

    #[test]
    fn what_programs_write_counts_however_small() {
        let mut pace = Pace::default();
        let data = path(".obsidian/plugins/x/data.json");
        let mut taken = 0;
        for second in 0..3600 {
            let now = Tick(second * 1000);
            if pace.rest(now, &data).is_none() {
                pace.spent(now, &data, 20);
                taken += 1;
            }
        }
        assert!((100..200).contains(&taken), "{taken} edits in an hour");
    }

    #[test]
    fn no_more_files_are_counted_than_the_limit() {
        let mut pace = Pace::default();
        for file in 0..=FILES_LIMIT {
            pace.spent(Tick(0), &path(&format!("{file}.json")), 20);
        }
        assert_eq!(pace.0.len(), FILES_LIMIT);
        pace.spent(Tick(3_600_000), &path("another.json"), 20);
        assert_eq!(pace.0.len(), 1);
    }
}
