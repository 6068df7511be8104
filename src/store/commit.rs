//! One transaction for any number of batches.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use std::sync::Arc;

use redb::{ReadableTable, Table, WriteTransaction};

use super::error::Fault;
use super::large::Large;
use super::tables::{
    Bytes, CHANGES, DOCUMENTS, FILES, LARGE, LEDGER, LargeRow, META, PACKS, PEERS, TEXTS, TextRow,
    change_key, change_sequence, push_change, seal, unseal,
};
use super::texts::{Arrived, Cache, Packer, as_u32, payload_of};
use super::{Error, Store, TEXT_MAX_BYTES};
use crate::model::{ContentHash, FileId, InPack, TextPack, Write};

/// Snapshots longer than this, in bytes, become files of their own: rewriting them inside the
/// database would cost more than the sync of another file. Smaller ones share the transaction's sync.
pub const LARGE_BYTES: usize = 256 * 1024;

/// A row of changes ends once it is this long, in bytes.
const CHANGES_ROW_BYTES: usize = 64 * 1024;

impl Store {
    /// Makes all writes of all batches durable, in their order, or none of them.
    ///
    /// - Shape: one transaction, however many batches; no write at all costs nothing.
    /// - Source: n0-computer/iroh-blobs `store/fs/delete_set.rs` (files go only after the
    ///   transaction that forgets them).
    ///
    /// # Errors
    ///
    /// [`Error::Text`] when a text is not what its hash says: nothing was kept, the store works on.
    /// [`Error::Io`] when the system refused (a full disk, say): the writes are kept as a whole or not
    /// at all, and reading shows which only after the next commit, which opens the database again.
    /// [`Error::Damaged`] when the database cannot be trusted any more.
    pub fn commit(&mut self, batches: &[impl AsRef<[Write]>]) -> Result<(), Error> {
        if batches.iter().all(|batch| batch.as_ref().is_empty()) {
            return Ok(());
        }
        let (large, packs, deflate) = (&mut self.large, &self.packs, &mut self.deflate);
        let arrived = self.arrived.clone();
        let (gone, arrived) = self.base.writing(|transaction| {
            let mut draft = Draft {
                tables: Tables::new(transaction),
                large,
                packs,
                packer: Packer::new(deflate),
                wanted: wanted_of_packs(batches),
                arrived,
                gone: Vec::new(),
            };
            for write in batches.iter().flat_map(AsRef::as_ref) {
                draft.write(write)?;
            }
            draft.finish()
        })?;
        self.arrived = arrived;
        self.large.remove(&gone);
        Ok(())
    }
}

/// How many bytes of each pack that came from elsewhere are to be kept, by its place in memory.
fn wanted_of_packs(batches: &[impl AsRef<[Write]>]) -> BTreeMap<usize, usize> {
    let mut wanted = BTreeMap::new();
    for write in batches.iter().flat_map(AsRef::as_ref) {
        if let Write::Text { bytes, packed: Some(at), .. } = write {
            *wanted.entry(Arc::as_ptr(&at.pack).addr()).or_default() += bytes.len();
        }
    }
    wanted
}

/// The tables of one transaction, each opened when first needed.
pub(super) struct Tables<'t> {
    transaction: &'t WriteTransaction,
    open: BTreeMap<&'static str, Table<'t, &'static [u8], &'static [u8]>>,
}

impl<'t> Tables<'t> {
    pub(super) fn new(transaction: &'t WriteTransaction) -> Self {
        Self { transaction, open: BTreeMap::new() }
    }

    pub(super) fn table(
        &mut self,
        table: Bytes,
    ) -> Result<&mut Table<'t, &'static [u8], &'static [u8]>, Fault> {
        if !self.open.contains_key(table.name) {
            let opened = self.transaction.open_table(table.definition())?;
            self.open.insert(table.name, opened);
        }
        Ok(self.open.get_mut(table.name).expect("opened just above"))
    }

    /// Puts a sealed row in place.
    pub(super) fn put(&mut self, table: Bytes, key: &[u8], payload: &[u8]) -> Result<(), Fault> {
        let value = seal(table.name, key, payload);
        self.table(table)?.insert(key, value.as_slice())?;
        Ok(())
    }

    pub(super) fn remove(&mut self, table: Bytes, key: &[u8]) -> Result<(), Fault> {
        self.table(table)?.remove(key)?;
        Ok(())
    }

    /// Keeps what is `waiting` as one pack, under a number above all others.
    pub(super) fn put_pack(&mut self, waiting: &mut Packer<'_, '_>) -> Result<(), Fault> {
        let Some(packed) = waiting.pack() else {
            return Ok(());
        };
        let pack = self.put_payload(&packed.payload)?;
        for (hash, offset, length) in packed.places {
            let row = TextRow { pack, offset, length };
            self.put(TEXTS, hash.as_bytes(), &row.encode())?;
        }
        Ok(())
    }

    /// Keeps a pack under a number above all others.
    fn put_payload(&mut self, payload: &[u8]) -> Result<u64, Fault> {
        let last = match self.table(PACKS)?.last()? {
            Some((key, _)) => key.value().try_into().map_or(0, u64::from_be_bytes),
            None => 0,
        };
        let pack = last + 1;
        self.put(PACKS, &pack.to_be_bytes(), payload)?;
        Ok(pack)
    }
}

/// A transaction being filled.
struct Draft<'t, 'w, 'd> {
    tables: Tables<'t>,
    large: &'t mut Large,
    packs: &'t Cache,
    packer: Packer<'w, 'd>,
    /// As [`wanted_of_packs`] has it.
    wanted: BTreeMap<usize, usize>,
    arrived: Arrived,
    gone: Vec<u64>,
}

impl<'w> Draft<'_, 'w, '_> {
    fn write(&mut self, write: &'w Write) -> Result<(), Fault> {
        match write {
            Write::File { id, record } => self.tables.put(FILES, id.as_bytes(), record),
            Write::ForgetFile(id) => {
                self.tables.remove(FILES, id.as_bytes())?;
                self.forget_document(*id)
            }
            Write::Snapshot { id, bytes } => self.snapshot(*id, bytes),
            Write::Changes { id, changes } => self.changes(*id, changes),
            Write::Text { hash, bytes, packed } => self.text(*hash, bytes, packed.as_ref()),
            Write::Peer { id, record } => self.tables.put(PEERS, id.as_bytes(), record),
            Write::Meta { key, value } => self.tables.put(META, key.as_bytes(), value),
            Write::Ledger { key, entry } => self.tables.put(LEDGER, key, entry),
        }
    }

    fn forget_document(&mut self, id: FileId) -> Result<(), Fault> {
        self.tables.remove(DOCUMENTS, id.as_bytes())?;
        let large = self.tables.table(LARGE)?;
        if let Some(value) = large.remove(id.as_bytes().as_slice())? {
            // A damaged row names nothing; its file is an orphan then, swept at the next start.
            let row = unseal(LARGE.name, id.as_bytes(), value.value());
            let row = row.ok().and_then(LargeRow::decode);
            self.gone.extend(row.map(|row| row.number));
        }
        let range = change_range(id);
        let range = range.start().as_slice()..=range.end().as_slice();
        let changes = self.tables.table(CHANGES)?;
        changes.retain_in(range, |_, _| false)?;
        Ok(())
    }

    fn snapshot(&mut self, id: FileId, bytes: &[u8]) -> Result<(), Fault> {
        self.forget_document(id)?;
        if bytes.len() <= LARGE_BYTES {
            return self.tables.put(DOCUMENTS, id.as_bytes(), bytes);
        }
        let row = self.large.write(bytes)?;
        self.tables.put(LARGE, id.as_bytes(), &row.encode())
    }

    fn changes(&mut self, id: FileId, changes: &[Vec<u8>]) -> Result<(), Fault> {
        let range = change_range(id);
        let range = range.start().as_slice()..=range.end().as_slice();
        let last = match self.tables.table(CHANGES)?.range::<&[u8]>(range)?.next_back() {
            None => None,
            Some(row) => {
                let (key, _) = row?;
                let broken = || Error::row(CHANGES.name, key.value(), "its key has another length");
                Some(change_sequence(key.value()).ok_or_else(broken)?)
            }
        };
        let mut next = last.map_or(Some(0), |last| last.checked_add(1));
        let mut payload = Vec::new();
        let mut changes = changes.iter().peekable();
        while let Some(change) = changes.next() {
            push_change(&mut payload, change);
            if payload.len() < CHANGES_ROW_BYTES && changes.peek().is_some() {
                continue;
            }
            let sequence = next.expect("a snapshot is made before four thousand million changes");
            let key = change_key(id, sequence);
            self.tables.put(CHANGES, &key, &payload)?;
            payload.clear();
            next = sequence.checked_add(1);
        }
        Ok(())
    }

    fn text(
        &mut self,
        hash: ContentHash,
        bytes: &'w [u8],
        packed: Option<&InPack>,
    ) -> Result<(), Fault> {
        let refuse = |reason| Fault::Own(Error::Text { hash, reason });
        if bytes.len() > TEXT_MAX_BYTES {
            return Err(refuse("it is too long"));
        }
        if ContentHash::of(bytes) != hash {
            return Err(refuse("it has another hash"));
        }
        if self.packer.holds(&hash) || self.knows_text(hash)? {
            return Ok(());
        }
        if let Some(InPack { pack, offset }) = packed
            && let Some(number) = self.as_it_came(pack)?
        {
            let row = TextRow { pack: number, offset: *offset, length: as_u32(bytes.len()) };
            return self.tables.put(TEXTS, hash.as_bytes(), &row.encode());
        }
        if self.packer.is_full_for(bytes) {
            self.tables.put_pack(&mut self.packer)?;
        }
        self.packer.add(hash, bytes);
        Ok(())
    }

    /// The number under which a pack that came from elsewhere is kept as it is, if that is worth it.
    fn as_it_came(&mut self, pack: &Arc<TextPack>) -> Result<Option<u64>, Fault> {
        let kept = self.arrived.number_of(pack).filter(|kept| !self.packs.is_damaged(*kept));
        if kept.is_some() {
            return Ok(kept);
        }
        let wanted = self.wanted.get(&Arc::as_ptr(pack).addr()).copied().unwrap_or(0);
        if as_u32(wanted) < pack.raw_bytes / 2 {
            return Ok(None);
        }
        let number = self.tables.put_payload(&payload_of(pack))?;
        self.arrived.add(Arc::clone(pack), number);
        Ok(Some(number))
    }

    fn knows_text(&mut self, hash: ContentHash) -> Result<bool, Fault> {
        let texts = self.tables.table(TEXTS)?;
        let Some(value) = texts.get(hash.as_bytes().as_slice())? else {
            return Ok(false);
        };
        let row = unseal(TEXTS.name, hash.as_bytes(), value.value());
        let row = row.ok().and_then(TextRow::decode);
        Ok(row.is_some_and(|row| !self.packs.is_damaged(row.pack)))
    }

    /// What is left before the commit; gives the files to take away after it, and the packs that are
    /// kept as they came.
    fn finish(mut self) -> Result<(Vec<u64>, Arrived), Fault> {
        self.tables.put_pack(&mut self.packer)?;
        self.large.sync()?;
        Ok((self.gone, self.arrived))
    }
}

/// All keys of changes of one document.
pub(super) fn change_range(id: FileId) -> RangeInclusive<[u8; 20]> {
    change_key(id, 0)..=change_key(id, u32::MAX)
}
