//! Everything the store gives back.

use std::sync::Arc;

use redb::{ReadOnlyTable, ReadTransaction, ReadableTable};

use super::commit::change_range;
use super::error::Fault;
use super::tables::{
    Bytes, CHANGES, DOCUMENTS, FILES, LARGE, LEDGER, LargeRow, META, PACKS, PEERS, TEXTS, TextRow,
    change_sequence, split_changes, unseal,
};
use super::texts::{cut, pack_error, unpack};
use super::{Error, Store};
use crate::model::{ContentHash, FileId, PeerId, StoredDocument};

/// All rows of one table, by key ascending; damaged ones apart, so that they stop nothing else.
#[derive(Debug)]
pub struct Rows<K> {
    /// Keys and values of the rows that are well.
    pub rows: Vec<(K, Vec<u8>)>,
    /// One [`Error::Row`] for each row that is not.
    pub damaged: Vec<Error>,
}

/// How much is kept of one document; decides when a fresh snapshot is worth its while.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct DocumentSize {
    /// Length of the snapshot, in bytes.
    pub snapshot_bytes: u64,
    /// Changes appended since.
    pub changes: u64,
    /// Their length, in bytes.
    pub changes_bytes: u64,
}

pub(super) type Opened = ReadOnlyTable<&'static [u8], &'static [u8]>;

impl Store {
    /// The records of all files.
    ///
    /// # Errors
    ///
    /// [`Error::Damaged`] or [`Error::Io`] when the table as a whole cannot be read.
    pub fn files(&self) -> Result<Rows<FileId>, Error> {
        self.rows(FILES, |key| key.try_into().ok().map(FileId))
    }

    /// Hands the records of all files to `take`, one by one, by identity ascending; returns what is
    /// damaged.
    ///
    /// # Errors
    ///
    /// As [`Store::files`].
    pub fn each_file(&self, mut take: impl FnMut(FileId, &[u8])) -> Result<Vec<Error>, Error> {
        let parse = |key: &[u8]| key.try_into().ok().map(FileId);
        self.each_row(FILES, parse, |id, record| take(id, record))
    }

    /// The records of all peers.
    ///
    /// # Errors
    ///
    /// As [`Store::files`].
    pub fn peers(&self) -> Result<Rows<PeerId>, Error> {
        self.rows(PEERS, |key| key.try_into().ok().map(PeerId))
    }

    /// All small named values.
    ///
    /// # Errors
    ///
    /// As [`Store::files`].
    pub fn meta(&self) -> Result<Rows<String>, Error> {
        self.rows(META, |key| String::from_utf8(key.to_vec()).ok())
    }

    /// One small named value; `None` when nobody kept it.
    ///
    /// # Errors
    ///
    /// [`Error::Row`] when it is damaged, otherwise as [`Store::files`].
    pub fn meta_value(&self, key: &str) -> Result<Option<Vec<u8>>, Error> {
        self.base.reading(|transaction| {
            let table = transaction.open_table(META.definition())?;
            row(&table, META, key.as_bytes())
        })
    }

    /// All entries of the merge ledger.
    ///
    /// # Errors
    ///
    /// As [`Store::files`].
    pub fn ledger(&self) -> Result<Rows<Vec<u8>>, Error> {
        self.rows(LEDGER, |key| Some(key.to_vec()))
    }

    /// Snapshot and changes of one document; `None` when neither was ever kept.
    ///
    /// # Errors
    ///
    /// [`Error::Row`] when any part of it is damaged or missing, otherwise as [`Store::files`].
    pub fn document(&self, id: FileId) -> Result<Option<StoredDocument>, Error> {
        self.base.reading(|transaction| {
            let snapshot = self.snapshot(transaction, id)?;
            let changes = changes(transaction, id)?;
            if snapshot.is_none() && changes.is_empty() {
                return Ok(None);
            }
            Ok(Some(StoredDocument { snapshot: snapshot.unwrap_or_default(), changes }))
        })
    }

    /// How much is kept of one document; `None` when nothing is.
    ///
    /// # Errors
    ///
    /// As [`Store::document`], except that the content of a large snapshot is not looked at.
    pub fn document_size(&self, id: FileId) -> Result<Option<DocumentSize>, Error> {
        self.base.reading(|transaction| {
            let inline =
                row(&transaction.open_table(DOCUMENTS.definition())?, DOCUMENTS, id.as_bytes())?;
            let large = large_row(transaction, id)?;
            let changes = changes(transaction, id)?;
            if inline.is_none() && large.is_none() && changes.is_empty() {
                return Ok(None);
            }
            let inline_bytes = inline.map_or(0, |bytes| bytes.len() as u64);
            Ok(Some(DocumentSize {
                snapshot_bytes: large.map_or(inline_bytes, |large| large.size),
                changes: changes.len() as u64,
                changes_bytes: changes.iter().map(|change| change.len() as u64).sum(),
            }))
        })
    }

    /// Which files have a document, ascending; damaged ones included.
    ///
    /// # Errors
    ///
    /// As [`Store::files`].
    pub fn documents(&self) -> Result<Vec<FileId>, Error> {
        self.base.reading(|transaction| {
            let mut ids = std::collections::BTreeSet::new();
            for table in [DOCUMENTS, LARGE, CHANGES] {
                for entry in transaction.open_table(table.definition())?.iter()? {
                    let (key, _) = entry?;
                    if let Some(id) = key.value().first_chunk::<16>() {
                        ids.insert(FileId(*id));
                    }
                }
            }
            Ok(ids.into_iter().collect())
        })
    }

    /// One text; `None` when it is not kept.
    ///
    /// - Shape: what comes back has the hash that was asked for.
    ///
    /// # Errors
    ///
    /// [`Error::Row`] when it is damaged; it is then stored anew when it is next handed over.
    /// Otherwise as [`Store::files`].
    pub fn text(&self, hash: ContentHash) -> Result<Option<Vec<u8>>, Error> {
        self.base.reading(|transaction| {
            let texts = transaction.open_table(TEXTS.definition())?;
            let Some(payload) = row(&texts, TEXTS, hash.as_bytes())? else {
                return Ok(None);
            };
            let place = TextRow::decode(&payload)
                .ok_or_else(|| Error::row(TEXTS.name, hash.as_bytes(), "it does not add up"))?;
            let text =
                self.pack(transaction, place.pack).and_then(|raw| Ok(cut(hash, place, &raw)?));
            if matches!(text, Err(Fault::Own(Error::Row { .. }))) {
                self.packs.mark_damaged(place.pack);
            }
            text.map(Some)
        })
    }

    /// The hashes of all texts, ascending.
    ///
    /// # Errors
    ///
    /// As [`Store::files`].
    pub fn texts(&self) -> Result<Vec<ContentHash>, Error> {
        self.base.reading(|transaction| {
            let mut hashes = Vec::new();
            for entry in transaction.open_table(TEXTS.definition())?.iter()? {
                let (key, _) = entry?;
                hashes.extend(key.value().try_into().ok().map(ContentHash));
            }
            Ok(hashes)
        })
    }

    fn rows<K>(&self, table: Bytes, parse: impl Fn(&[u8]) -> Option<K>) -> Result<Rows<K>, Error> {
        let mut rows = Vec::new();
        let damaged = self.each_row(table, parse, |key, row| rows.push((key, row.to_vec())))?;
        Ok(Rows { rows, damaged })
    }

    fn each_row<K>(
        &self,
        table: Bytes,
        parse: impl Fn(&[u8]) -> Option<K>,
        mut take: impl FnMut(K, &[u8]),
    ) -> Result<Vec<Error>, Error> {
        self.base.reading(|transaction| {
            let opened = transaction.open_table(table.definition())?;
            let mut damaged = Vec::new();
            for entry in opened.iter()? {
                let (key, value) = entry?;
                let (key, value) = (key.value(), value.value());
                match (parse(key), unseal(table.name, key, value)) {
                    (Some(parsed), Ok(payload)) => take(parsed, payload),
                    (None, Ok(_)) => {
                        damaged.push(Error::row(table.name, key, "its key is not valid"));
                    }
                    (_, Err(error)) => damaged.push(error),
                }
            }
            Ok(damaged)
        })
    }

    fn snapshot(
        &self,
        transaction: &ReadTransaction,
        id: FileId,
    ) -> Result<Option<Vec<u8>>, Fault> {
        let inline =
            row(&transaction.open_table(DOCUMENTS.definition())?, DOCUMENTS, id.as_bytes())?;
        if inline.is_some() {
            return Ok(inline);
        }
        let Some(large) = large_row(transaction, id)? else {
            return Ok(None);
        };
        let read = self.large.read(large)?;
        let bytes = read.map_err(|reason| Error::row(LARGE.name, id.as_bytes(), reason))?;
        Ok(Some(bytes))
    }

    fn pack(&self, transaction: &ReadTransaction, pack: u64) -> Result<Arc<Vec<u8>>, Fault> {
        if let Some(raw) = self.packs.get(pack) {
            return Ok(raw);
        }
        let packs = transaction.open_table(PACKS.definition())?;
        let payload = row(&packs, PACKS, &pack.to_be_bytes())?
            .ok_or_else(|| pack_error(pack, "it is gone"))?;
        let raw = unpack(&payload).ok_or_else(|| pack_error(pack, "it does not unpack"))?;
        let raw = Arc::new(raw);
        self.packs.put(pack, Arc::clone(&raw));
        Ok(raw)
    }
}

/// One row, checked.
pub(super) fn row(opened: &Opened, table: Bytes, key: &[u8]) -> Result<Option<Vec<u8>>, Fault> {
    match opened.get(key)? {
        Some(value) => Ok(Some(unseal(table.name, key, value.value())?.to_vec())),
        None => Ok(None),
    }
}

fn large_row(transaction: &ReadTransaction, id: FileId) -> Result<Option<LargeRow>, Fault> {
    let table = transaction.open_table(LARGE.definition())?;
    let Some(payload) = row(&table, LARGE, id.as_bytes())? else {
        return Ok(None);
    };
    let broken = || Error::row(LARGE.name, id.as_bytes(), "it does not add up");
    Ok(Some(LargeRow::decode(&payload).ok_or_else(broken)?))
}

/// The changes of one document; a gap in their numbers is damage too.
fn changes(transaction: &ReadTransaction, id: FileId) -> Result<Vec<Vec<u8>>, Fault> {
    let table = transaction.open_table(CHANGES.definition())?;
    let range = change_range(id);
    let range = range.start().as_slice()..=range.end().as_slice();
    let mut changes = Vec::new();
    for (expected, entry) in (0_u32..).zip(table.range::<&[u8]>(range)?) {
        let (key, value) = entry?;
        let (key, value) = (key.value(), value.value());
        if change_sequence(key) != Some(expected) {
            return Err(Error::row(CHANGES.name, key, "one before it is missing").into());
        }
        let payload = unseal(CHANGES.name, key, value)?;
        let broken = || Error::row(CHANGES.name, key, "it does not add up");
        changes.extend(split_changes(payload).ok_or_else(broken)?);
    }
    Ok(changes)
}
