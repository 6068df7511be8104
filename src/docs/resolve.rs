//! Entries of the merge ledger that a person settled: part of the document, so once is enough.
//!
//! A resolution is a flat key of the root map, written in the same change as the edit that carries
//! it out. It travels and merges like everything else: two verdicts on one entry meet as a conflict
//! of one key, which counts as resolved whichever is read; what they did to the text meets as text.

use std::collections::BTreeSet;

use automerge::transaction::Transactable;
use automerge::{ChangeHash as Hash, ROOT, ReadDoc};

use super::birth::Author;
use super::diff::splices;
use super::document::Document;
use super::edit::{Edited, touch, unchanged};
use super::error::Error;
use super::register::{self, Held, RESOLVED};
use crate::model::{ChangeHash, Content, Heads, Kind, VaultPath, WallMs};

/// Names an entry of the merge ledger within its file; in keys as 16 lower-case hexadecimal digits.
pub type EntryId = [u8; 8];

/// What carries a verdict out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Rewrite {
    /// The file holds these characters from now on.
    Text(String),
    /// It holds what has this hash; no text.
    Content(Kind, Content),
    /// It lies there.
    Path(VaultPath),
}

impl Document {
    /// Settles an entry as `verdict` (a word for people who read the document), starting from the
    /// version `at`, and carries it out: one change, or nothing when it is settled there already.
    ///
    /// # Errors
    ///
    /// [`Error::TextMissing`] as [`Document::unpromoted`] says; [`Error::TextByHash`];
    /// [`Error::Unknown`].
    pub fn resolve(
        &mut self,
        author: Author,
        (at, time): (&Heads, WallMs),
        (entry, verdict): (EntryId, &str),
        rewrite: Option<&Rewrite>,
    ) -> Result<Edited, Error> {
        let mut at = self.hashes(at)?;
        let key = key_of(entry);
        if self.doc.get_at(ROOT, key.as_str(), &at)?.is_some() {
            return Ok(unchanged(&at));
        }
        match rewrite {
            Some(Rewrite::Text(_)) => at = self.promoted(at)?,
            Some(Rewrite::Content(Kind::Text, _)) => return Err(Error::TextByHash),
            Some(Rewrite::Content(..) | Rewrite::Path(_)) | None => {}
        }
        let alive = register::alive(&self.doc, &at);
        let held = register::held(&self.doc, &at);
        let text = match rewrite {
            Some(Rewrite::Text(new)) => splices(&self.characters(&at), new),
            Some(Rewrite::Content(..) | Rewrite::Path(_)) | None => Vec::new(),
        };
        let holds = rewrite.and_then(|rewrite| match rewrite {
            Rewrite::Text(_) => Some(Held::Characters),
            Rewrite::Content(kind, content) => Some(Held::ByHash(*kind, *content)),
            Rewrite::Path(_) => None,
        });
        self.write(author, &at, time, |transaction, object| {
            for splice in &text {
                splice.make(transaction, object)?;
            }
            if let Some(holds) = holds {
                if held != Some(holds) {
                    transaction.put(ROOT, register::CONTENT, holds.to_scalar())?;
                }
                touch(transaction, alive)?;
            }
            if let Some(Rewrite::Path(path)) = rewrite {
                transaction.put(ROOT, register::PATH, path.as_str())?;
            }
            transaction.put(ROOT, key.as_str(), verdict)
        })
    }

    /// The entries that are settled now.
    pub fn resolved(&self) -> BTreeSet<EntryId> {
        self.doc.keys(ROOT).filter_map(|key| entry_of(&key)).collect()
    }

    /// Whether an entry was settled already in what a change builds on; false for an unknown one.
    pub fn was_resolved_before(&self, change: &ChangeHash, entry: EntryId) -> bool {
        let Some(meta) = self.doc.get_change_meta_by_hash(&Hash(change.0)) else {
            return false;
        };
        let there = self.doc.get_at(ROOT, key_of(entry).as_str(), &meta.deps);
        there.is_ok_and(|value| value.is_some())
    }
}

fn key_of(entry: EntryId) -> String {
    format!("{RESOLVED}{:016x}", u64::from_be_bytes(entry))
}

fn entry_of(key: &str) -> Option<EntryId> {
    let digits = key.strip_prefix(RESOLVED).filter(|digits| digits.len() == 16)?;
    let entry = u64::from_str_radix(digits, 16).ok()?.to_be_bytes();
    (key_of(entry) == key).then_some(entry)
}
