//! Looks at everything that is kept.

use std::collections::BTreeMap;

use redb::{ReadTransaction, ReadableTable};

use super::error::Fault;
use super::tables::{Bytes, FILES, LEDGER, META, PACKS, PEERS, TEXTS, TextRow, unseal};
use super::texts::{cut, unpack};
use super::{Error, Store};
use crate::model::{ContentHash, FileId};

/// What a look at everything found.
#[derive(Debug)]
pub struct Check {
    /// Rows, documents and texts looked at.
    pub looked_at: u64,
    /// One [`Error::Row`] for each that is damaged.
    pub damaged: Vec<Error>,
    /// Whether the database had to put its own free space in order.
    pub repaired: bool,
}

impl Store {
    /// Checks the database's pages, then every row, document, large snapshot and text.
    ///
    /// - Shape: reads all there is; nothing of ours is changed.
    ///
    /// # Errors
    ///
    /// [`Error::Damaged`] when the database's own structure is broken, [`Error::Io`] when the system
    /// refuses. Damage of single rows is in the answer instead.
    pub fn check(&mut self) -> Result<Check, Error> {
        let sound = self.base.check_pages()?;
        let mut check = Check { looked_at: 0, damaged: Vec::new(), repaired: !sound };
        self.base.reading(|transaction| {
            for table in [FILES, PEERS, META, LEDGER] {
                check_rows(transaction, table, &mut check)?;
            }
            Ok(())
        })?;
        for id in self.documents()? {
            self.check_document(id, &mut check)?;
        }
        self.base.reading(|transaction| check_texts(transaction, &mut check))?;
        Ok(check)
    }

    fn check_document(&self, id: FileId, check: &mut Check) -> Result<(), Error> {
        check.looked_at += 1;
        match self.document(id) {
            Ok(_) => {}
            Err(row @ Error::Row { .. }) => check.damaged.push(row),
            Err(error) => return Err(error),
        }
        Ok(())
    }
}

fn check_rows(transaction: &ReadTransaction, table: Bytes, check: &mut Check) -> Result<(), Fault> {
    for entry in transaction.open_table(table.definition())?.iter()? {
        let (key, value) = entry?;
        check.looked_at += 1;
        let row = unseal(table.name, key.value(), value.value());
        check.damaged.extend(row.err());
    }
    Ok(())
}

/// Checks the texts pack by pack, so that each pack is unpacked once.
fn check_texts(transaction: &ReadTransaction, check: &mut Check) -> Result<(), Fault> {
    let mut by_pack = texts_by_pack(transaction, &mut check.damaged)?;
    for entry in transaction.open_table(PACKS.definition())?.iter()? {
        let (key, value) = entry?;
        check.looked_at += 1;
        let pack = key.value().try_into().map_or(0, u64::from_be_bytes);
        let texts = by_pack.remove(&pack).unwrap_or_default();
        let raw = match unseal(PACKS.name, key.value(), value.value()) {
            Ok(payload) => unpack(payload)
                .ok_or_else(|| Error::row(PACKS.name, key.value(), "it does not unpack")),
            Err(error) => Err(error),
        };
        match raw {
            Ok(raw) => {
                for (hash, row) in texts {
                    check.looked_at += 1;
                    check.damaged.extend(cut(hash, row, &raw).err());
                }
            }
            Err(error) => check.damaged.push(error),
        }
    }
    for pack in by_pack.keys() {
        check.damaged.push(Error::row(PACKS.name, &pack.to_be_bytes(), "it is gone"));
    }
    Ok(())
}

/// Which texts lie in which pack; rows that do not say so go to `damaged`.
pub(super) fn texts_by_pack(
    transaction: &ReadTransaction,
    damaged: &mut Vec<Error>,
) -> Result<BTreeMap<u64, Vec<(ContentHash, TextRow)>>, Fault> {
    let mut by_pack: BTreeMap<u64, Vec<(ContentHash, TextRow)>> = BTreeMap::new();
    for entry in transaction.open_table(TEXTS.definition())?.iter()? {
        let (key, value) = entry?;
        let (key, value) = (key.value(), value.value());
        let hash = key.try_into().ok().map(ContentHash);
        let row = unseal(TEXTS.name, key, value).map(TextRow::decode);
        match (hash, row) {
            (Some(hash), Ok(Some(row))) => by_pack.entry(row.pack).or_default().push((hash, row)),
            (_, Err(error)) => damaged.push(error),
            (None, Ok(_)) | (_, Ok(None)) => {
                damaged.push(Error::row(TEXTS.name, key, "it does not add up"));
            }
        }
    }
    Ok(by_pack)
}
