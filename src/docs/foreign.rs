//! Taking in bytes from elsewhere: nothing is believed before it is checked, nothing half done.

use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};

use automerge::{Automerge, Change, ChangeHash as Hash, LoadOptions, OnPartialLoad, ReadDoc};

use super::chunk::{self, Chunk};
use super::document::Document;
use super::error::Error;
use super::import;
use super::incoming::Incoming;
use super::register;
use super::retype::{self, Work};
use crate::model::{ChangeHash, Content};

/// Largest single change, in bytes: a whole text of the greatest size takes about four times its
/// length. A larger limit lets one frame take as much memory.
pub const CHANGE_LIMIT_BYTES: usize = 16 * 1024 * 1024;
/// Largest whole document, in bytes. Beyond it a note with an extreme history cannot be sent whole.
pub const SAVE_LIMIT_BYTES: usize = 256 * 1024 * 1024;
/// Greatest number of an operation. The library counts in 32 bits in places; a change that claims a
/// number near their end would leave no room for anybody's edits.
pub const OPERATION_LIMIT: u64 = 1 << 30;

/// What came of taking in changes.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Applied {
    /// How many changes were new.
    pub new: usize,
    /// Changes that others build on and that are not here; what builds on them was not taken.
    pub missing: Vec<ChangeHash>,
}

impl Document {
    /// Takes in changes, each as [`Document::changes_since`] gives them, in any order.
    ///
    /// - All or nothing but for [`Applied::missing`]: one bad change refuses the whole batch.
    ///
    /// # Errors
    ///
    /// [`Error::Malformed`], [`Error::TooLarge`], [`Error::OtherBirth`], [`Error::Forked`],
    /// [`Error::Shape`] or [`Error::Panicked`] say what is wrong with them.
    pub fn apply(&mut self, changes: &[Vec<u8>]) -> Result<Applied, Error> {
        let changes: Result<Vec<Incoming<'_>>, Error> =
            changes.iter().map(|bytes| Incoming::read(bytes)).collect();
        self.take(changes?)
    }

    /// Takes in all changes of a whole document that [`Document::receive`] gave.
    ///
    /// # Errors
    ///
    /// As [`Document::apply`]; [`Error::OtherBirth`] when it is another file's document.
    pub fn absorb(&mut self, other: &Self) -> Result<Applied, Error> {
        if other.root != self.root {
            return Err(Error::OtherBirth);
        }
        let added = guarded(|| Ok(self.doc.get_changes_added(&other.doc)))?;
        self.take(added.into_iter().map(Incoming::from).collect())
    }

    /// Takes in changes on a copy, and keeps the copy only if it is still a file.
    fn take(&mut self, changes: Vec<Incoming<'_>>) -> Result<Applied, Error> {
        let [ready, waiting] = self.sort_out(changes)?;
        let missing = self.missing(&ready, &waiting);
        // What is not taken must be good all the same.
        for change in waiting {
            change.parsed()?;
        }
        if ready.is_empty() {
            return Ok(Applied { new: 0, missing });
        }
        let hashes: Vec<Hash> = ready.iter().map(|change| change.hash).collect();
        let (mut next, ready) = self.begun(ready);
        next.forget_fork();
        let ready = ready.into_iter().map(Incoming::parsed).collect::<Result<Vec<Change>, _>>()?;
        guarded(|| {
            if !ready.is_empty() {
                let before = next.doc.get_heads();
                next.doc.apply_changes(ready)?;
                // Some forgeries it takes in and cannot give on.
                next.doc.get_changes(&before);
            }
            let there = |hash| next.doc.get_change_meta_by_hash(hash).is_some();
            if !hashes.iter().chain(&self.doc.get_heads()).all(there) {
                return Err(Error::Malformed("changes that cannot be applied".into()));
            }
            next.notice(&hashes)?;
            next.check_promotions(&self.imports)?;
            match register::flaw(&next.doc, &next.text) {
                Some(flaw) => Err(Error::Shape(flaw)),
                None => Ok(()),
            }
        })?;
        *self = next;
        Ok(Applied { new: hashes.len(), missing })
    }

    /// A copy that already has the first of `ready`, where that is the cheaper way, and what is still
    /// to be taken in.
    fn begun<'a>(&self, mut ready: Vec<Incoming<'a>>) -> (Self, Vec<Incoming<'a>>) {
        if ready.first().is_some_and(|first| retype::fits(&self.doc, first)) {
            return self.retyped(ready);
        }
        if let Some((next, count, here)) = self.refounded(&ready) {
            let mut rest = ready.split_off(count);
            rest.extend(here);
            return (next, rest);
        }
        (self.clone(), ready)
    }

    fn retyped<'a>(&self, mut ready: Vec<Incoming<'a>>) -> (Self, Vec<Incoming<'a>>) {
        let mut next = self.clone();
        let work = Work::Walk { length: next.doc.length(&next.text) };
        let Some(apart) = retype::taken_apart(&next.text, work, &ready) else {
            return (next, ready);
        };
        let made = retype::remake(&mut next.doc, &next.text, &ready, &apart);
        let Some((count, edits)) = made else {
            return (self.clone(), ready);
        };
        if let Some(text) = self.known_at(&self.doc.get_heads()) {
            next.know_edited(text, &edits);
        }
        (next, ready.split_off(count))
    }

    /// Leaves the changes that are new: first those whose ancestors are all there, in causal order,
    /// then the others.
    fn sort_out<'a>(&self, changes: Vec<Incoming<'a>>) -> Result<[Vec<Incoming<'a>>; 2], Error> {
        let mut seen = BTreeSet::new();
        let mut open = vec![];
        for change in changes {
            if self.knows(&ChangeHash(change.hash.0)) || !seen.insert(change.hash) {
                continue;
            }
            if change.deps.is_empty() {
                return Err(Error::OtherBirth);
            }
            open.push(change);
        }
        let mut ready: Vec<Incoming<'a>> = vec![];
        let mut taken: BTreeSet<Hash> = BTreeSet::new();
        loop {
            let before = open.len();
            let mut waiting = vec![];
            for change in open {
                let here = |dep: &Hash| taken.contains(dep) || self.knows(&ChangeHash(dep.0));
                if change.deps.iter().all(here) {
                    taken.insert(change.hash);
                    ready.push(change);
                } else {
                    waiting.push(change);
                }
            }
            open = waiting;
            if open.len() == before {
                return Ok([ready, open]);
            }
        }
    }

    /// What `waiting` builds on that is neither here nor among what came, ascending.
    fn missing(&self, ready: &[Incoming<'_>], waiting: &[Incoming<'_>]) -> Vec<ChangeHash> {
        let came: BTreeSet<Hash> = ready.iter().chain(waiting).map(|change| change.hash).collect();
        let missing: BTreeSet<ChangeHash> = waiting
            .iter()
            .flat_map(|change| &change.deps)
            .filter(|dep| !came.contains(dep))
            .map(|dep| ChangeHash(dep.0))
            .filter(|dep| !self.knows(dep))
            .collect();
        missing.into_iter().collect()
    }

    /// Checks that each promotion not among `checked` put the text that was imported.
    pub(super) fn check_promotions(&self, checked: &[import::Import]) -> Result<(), Error> {
        let old: BTreeSet<Hash> = checked.iter().filter_map(|i| i.promotion).collect();
        for import in &self.imports {
            let Some(hash) = import.promotion.filter(|hash| !old.contains(hash)) else {
                continue;
            };
            let text = register::characters(&self.doc, &self.text, &[hash]);
            if Content::of(text.as_bytes()) != import.content {
                return Err(Error::Shape("a forged promotion".into()));
            }
        }
        Ok(())
    }
}

/// Loads a whole document; the library verifies checksum and heads.
pub(super) fn load(bytes: &[u8]) -> Result<Automerge, Error> {
    limit("a document in bytes", bytes.len(), SAVE_LIMIT_BYTES)?;
    let chunk = Chunk::read(bytes)?;
    if chunk.kind != chunk::DOCUMENT {
        return Err(Error::Malformed("not one document".into()));
    }
    chunk.refuse_compression()?;
    guarded(|| {
        let options = LoadOptions::new()
            .text_encoding(import::ENCODING)
            .on_partial_load(OnPartialLoad::Error);
        let doc = Automerge::load_with_options(bytes, options)
            .map_err(|error| Error::Malformed(error.to_string()))?;
        if !doc.get_missing_deps(&[]).is_empty() {
            return Err(Error::Malformed("changes without ancestors".into()));
        }
        let last = doc.get_changes_meta(&[]).iter().map(|c| c.max_op).max();
        number_fits(last)?;
        Ok(doc)
    })
}

pub(super) fn number_fits(last: Option<u64>) -> Result<(), Error> {
    match last {
        Some(last) if last <= OPERATION_LIMIT => Ok(()),
        Some(_) | None => Err(Error::TooLarge {
            what: "an operation's number",
            got: last.unwrap_or(u64::MAX),
            limit: OPERATION_LIMIT,
        }),
    }
}

pub(super) fn limit(what: &'static str, got: usize, limit: usize) -> Result<(), Error> {
    if got <= limit {
        return Ok(());
    }
    Err(Error::TooLarge { what, got: got as u64, limit: limit as u64 })
}

/// The boundary for panics of the library on bytes it did not expect.
pub(super) fn guarded<T>(work: impl FnOnce() -> Result<T, Error>) -> Result<T, Error> {
    // What `work` may leave half done is a copy that is dropped on every error.
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|payload| {
        let text = payload
            .downcast_ref::<String>()
            .cloned()
            .or_else(|| payload.downcast_ref::<&str>().map(|text| (*text).to_owned()));
        Err(Error::Panicked(text.unwrap_or_else(|| "a panic".into())))
    })
}
