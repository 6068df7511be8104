//! Taking in bytes from elsewhere: nothing is believed before it is checked, nothing half done.

use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};

use automerge::{Automerge, Change, ChangeHash as Hash, LoadOptions, OnPartialLoad, ReadDoc};

use super::document::Document;
use super::error::Error;
use super::import;
use super::register;
use super::retype;
use crate::model::{ChangeHash, Content};

/// Largest single change, in bytes: a whole text of the greatest size takes about four times its
/// length. A larger limit lets one frame take as much memory.
pub const CHANGE_LIMIT_BYTES: usize = 16 * 1024 * 1024;
/// Largest whole document, in bytes. Beyond it a note with an extreme history cannot be sent whole.
pub const SAVE_LIMIT_BYTES: usize = 256 * 1024 * 1024;
/// Greatest number of an operation. The library counts in 32 bits in places; a change that claims a
/// number near their end would leave no room for anybody's edits.
pub const OPERATION_LIMIT: u64 = 1 << 30;

const MAGIC: [u8; 4] = [0x85, 0x6f, 0x4a, 0x83];
const TYPE_DOCUMENT: u8 = 0;
const TYPE_CHANGE: u8 = 1;

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
        let mut parsed = vec![];
        for bytes in changes {
            parsed.push(parse(bytes)?);
        }
        self.take(parsed)
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
        self.take(added)
    }

    /// Takes in parsed changes on a copy, and keeps the copy only if it is still a file.
    fn take(&mut self, changes: Vec<Change>) -> Result<Applied, Error> {
        let (ready, missing) = self.sort_out(changes)?;
        if ready.is_empty() {
            return Ok(Applied { new: 0, missing });
        }
        let hashes: Vec<Hash> = ready.iter().map(Change::hash).collect();
        let (mut next, ready) = self.retyped(ready);
        guarded(|| {
            if !ready.is_empty() {
                next.doc.apply_changes(ready)?;
            }
            let there = |hash| next.doc.get_change_meta_by_hash(hash).is_some();
            if !hashes.iter().all(there) {
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

    /// A copy that already has the first of `ready`, where that is the cheaper way, and the others.
    fn retyped(&self, mut ready: Vec<Change>) -> (Self, Vec<Change>) {
        let mut next = self.clone();
        if !ready.first().is_some_and(|first| retype::fits(&next.doc, first)) {
            return (next, ready);
        }
        let apart = guarded(|| Ok(retype::taken_apart(&next.doc, &next.text, &ready)));
        let Ok(Some(apart)) = apart else {
            return (next, ready);
        };
        let mut edits = vec![];
        let mut count = 0;
        for (change, apart) in ready.iter().zip(&apart) {
            if !retype::fits(&next.doc, change) {
                break;
            }
            let (doc, text) = (&mut next.doc, &next.text);
            match guarded(|| Ok(retype::retype(doc, text, change.hash(), apart))) {
                Ok(Some(splices)) => edits.extend(splices),
                Ok(None) | Err(_) => return (self.clone(), ready),
            }
            count += 1;
        }
        if let Some(text) = self.known_at(&self.doc.get_heads()) {
            next.know_edited(text, &edits);
        }
        (next, ready.split_off(count))
    }

    /// Leaves the changes that are new and whose ancestors are all there, in causal order, and says
    /// which ancestors are not.
    fn sort_out(&self, changes: Vec<Change>) -> Result<(Vec<Change>, Vec<ChangeHash>), Error> {
        let mut seen = BTreeSet::new();
        let mut open = vec![];
        for change in changes {
            if self.knows(&ChangeHash(change.hash().0)) || !seen.insert(change.hash()) {
                continue;
            }
            if change.deps().is_empty() {
                return Err(Error::OtherBirth);
            }
            open.push(change);
        }
        let mut ready: Vec<Change> = vec![];
        let mut taken: BTreeSet<Hash> = BTreeSet::new();
        let here = |taken: &BTreeSet<Hash>, dep: &Hash| {
            taken.contains(dep) || self.knows(&ChangeHash(dep.0))
        };
        loop {
            let before = open.len();
            let mut waiting = vec![];
            for change in open {
                if change.deps().iter().all(|dep| here(&taken, dep)) {
                    taken.insert(change.hash());
                    ready.push(change);
                } else {
                    waiting.push(change);
                }
            }
            open = waiting;
            if open.len() == before {
                break;
            }
        }
        let missing: BTreeSet<ChangeHash> = open
            .iter()
            .flat_map(Change::deps)
            .filter(|dep| !here(&taken, dep) && !seen.contains(dep))
            .map(|dep| ChangeHash(dep.0))
            .collect();
        Ok((ready, missing.into_iter().collect()))
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

/// Reads one change and verifies its hash.
fn parse(bytes: &[u8]) -> Result<Change, Error> {
    limit("a change in bytes", bytes.len(), CHANGE_LIMIT_BYTES)?;
    let chunk = Chunk::read(bytes)?;
    if chunk.kind != TYPE_CHANGE || !chunk.rest.is_empty() {
        return Err(Error::Malformed("not one plain change".into()));
    }
    let change = guarded(|| {
        let change = Change::from_bytes(bytes.to_vec())
            .map_err(|error| Error::Malformed(error.to_string()))?;
        // An empty change has the number it would have begun with.
        let last = change.start_op().get().checked_add(change.len() as u64);
        number_fits(last)?;
        Ok(change)
    })?;
    // The library does not compare the checksum with what it has read.
    if change.hash().0[..4] != chunk.checksum {
        return Err(Error::Malformed("a change with a wrong checksum".into()));
    }
    Ok(change)
}

/// Loads a whole document; the library verifies checksum and heads.
pub(super) fn load(bytes: &[u8]) -> Result<Automerge, Error> {
    limit("a document in bytes", bytes.len(), SAVE_LIMIT_BYTES)?;
    let chunk = Chunk::read(bytes)?;
    if chunk.kind != TYPE_DOCUMENT || !chunk.rest.is_empty() {
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

fn number_fits(last: Option<u64>) -> Result<(), Error> {
    match last {
        Some(last) if last <= OPERATION_LIMIT => Ok(()),
        Some(_) | None => Err(Error::TooLarge {
            what: "an operation's number",
            got: last.unwrap_or(u64::MAX),
            limit: OPERATION_LIMIT,
        }),
    }
}

fn limit(what: &'static str, got: usize, limit: usize) -> Result<(), Error> {
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

/// The frame round a change or a document: magic, checksum, type, length, data.
struct Chunk<'a> {
    checksum: [u8; 4],
    kind: u8,
    data: &'a [u8],
    rest: &'a [u8],
}

impl<'a> Chunk<'a> {
    fn read(bytes: &'a [u8]) -> Result<Self, Error> {
        Self::split(bytes).ok_or_else(|| Error::Malformed("no frame".into()))
    }

    fn split(bytes: &'a [u8]) -> Option<Self> {
        let (magic, bytes) = bytes.split_first_chunk::<4>()?;
        let (checksum, bytes) = bytes.split_first_chunk::<4>()?;
        let (kind, mut bytes) = bytes.split_first()?;
        let length = usize::try_from(number(&mut bytes)?).ok()?;
        let (data, rest) = bytes.split_at_checked(length)?;
        (*magic == MAGIC).then_some(Self { checksum: *checksum, kind: *kind, data, rest })
    }

    /// Refuses columns that would have to be inflated: a few bytes could become any number.
    fn refuse_compression(&self) -> Result<(), Error> {
        match self.is_compressed() {
            Some(false) => Ok(()),
            Some(true) => Err(Error::Malformed("a compressed document".into())),
            None => Err(Error::Malformed("no column table".into())),
        }
    }

    fn is_compressed(&self) -> Option<bool> {
        const COMPRESSED: u64 = 1 << 3;
        let mut data = self.data;
        let actors = number(&mut data)?;
        for _ in 0..actors {
            let length = usize::try_from(number(&mut data)?).ok()?;
            data = data.get(length..)?;
        }
        let heads = usize::try_from(number(&mut data)?).ok()?;
        data = data.get(heads.checked_mul(32)?..)?;
        // Two tables: columns of changes, columns of operations.
        for _ in 0..2 {
            let columns = number(&mut data)?;
            for _ in 0..columns {
                if number(&mut data)? & COMPRESSED != 0 {
                    return Some(true);
                }
                number(&mut data)?;
            }
        }
        Some(false)
    }
}

/// Reads an unsigned LEB128 number.
fn number(bytes: &mut &[u8]) -> Option<u64> {
    let mut value = 0_u64;
    for shift in (0..64).step_by(7) {
        let (byte, rest) = bytes.split_first()?;
        *bytes = rest;
        value |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Some(value);
        }
    }
    None
}
