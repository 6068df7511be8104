//! Names, keys and values of the tables, byte by byte; see the room doc for the whole picture.

use redb::TableDefinition;

use super::Error;
use crate::model::{ContentHash, FileId};

/// A table by its name; every table maps bytes to bytes, and lengths are checked when read.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bytes {
    pub name: &'static str,
}

impl Bytes {
    /// As redb wants it.
    pub(super) const fn definition(self) -> TableDefinition<'static, &'static [u8], &'static [u8]> {
        TableDefinition::new(self.name)
    }
}

const fn table(name: &'static str) -> Bytes {
    Bytes { name }
}

/// Newest version of the tables that this program reads and writes.
pub(super) const VERSION: u32 = 1;

/// What the store says of itself. Name and sealing are the same in every version.
pub(super) const ABOUT: Bytes = table("about");
pub(super) const FILES: Bytes = table("files-v1");
pub(super) const DOCUMENTS: Bytes = table("documents-v1");
pub(super) const LARGE: Bytes = table("large-v1");
pub(super) const CHANGES: Bytes = table("changes-v1");
pub(super) const PACKS: Bytes = table("packs-v1");
pub(super) const TEXTS: Bytes = table("texts-v1");
pub(super) const PEERS: Bytes = table("peers-v1");
pub(super) const META: Bytes = table("meta-v1");
pub(super) const LEDGER: Bytes = table("ledger-v1");

/// All tables, in the order in which a new store makes them.
pub(super) const ALL: [Bytes; 10] =
    [ABOUT, FILES, DOCUMENTS, LARGE, CHANGES, PACKS, TEXTS, PEERS, META, LEDGER];

pub(super) const ABOUT_VERSION: &[u8] = b"version";
pub(super) const ABOUT_LIFE: &[u8] = b"life";
pub(super) const ABOUT_SESSIONS: &[u8] = b"sessions";

/// Bytes of checksum in front of every value: enough to notice any accident.
pub(super) const SUM_BYTES: usize = 8;

/// Puts the checksum in front of `payload`.
pub(super) fn seal(table: &str, key: &[u8], payload: &[u8]) -> Vec<u8> {
    let mut value = Vec::with_capacity(SUM_BYTES + payload.len());
    value.extend_from_slice(&sum(table, key, payload));
    value.extend_from_slice(payload);
    value
}

/// Checks the checksum and takes it off.
pub(super) fn unseal<'a>(
    table: &'static str,
    key: &[u8],
    value: &'a [u8],
) -> Result<&'a [u8], Error> {
    match value.split_first_chunk::<SUM_BYTES>() {
        Some((found, payload)) if *found == sum(table, key, payload) => Ok(payload),
        Some(_) => Err(Error::row(table, key, "its checksum does not match")),
        None => Err(Error::row(table, key, "it is too short")),
    }
}

/// Covers table and key too, so that a value found in another's place is noticed.
fn sum(table: &str, key: &[u8], payload: &[u8]) -> [u8; SUM_BYTES] {
    let mut hasher = blake3::Hasher::new();
    hasher.update(table.as_bytes());
    hasher.update(&[0]);
    hasher.update(&(key.len() as u64).to_be_bytes());
    hasher.update(key);
    hasher.update(payload);
    let mut sum = [0; SUM_BYTES];
    hasher.finalize_xof().fill(&mut sum);
    sum
}

/// Takes `N` bytes off the front of `payload`.
pub(super) fn take<const N: usize>(payload: &mut &[u8]) -> Option<[u8; N]> {
    let (head, rest) = payload.split_first_chunk::<N>()?;
    *payload = rest;
    Some(*head)
}

/// Key of the `sequence`th row of changes of a document.
pub(super) fn change_key(id: FileId, sequence: u32) -> [u8; 20] {
    let mut key = [0; 20];
    key[..16].copy_from_slice(id.as_bytes());
    key[16..].copy_from_slice(&sequence.to_be_bytes());
    key
}

/// The number at the end of a [`change_key`].
pub(super) fn change_sequence(key: &[u8]) -> Option<u32> {
    let mut rest = key;
    take::<16>(&mut rest)?;
    let sequence = take::<4>(&mut rest)?;
    rest.is_empty().then_some(u32::from_be_bytes(sequence))
}

/// Appends one change to the payload of a row of changes.
pub(super) fn push_change(payload: &mut Vec<u8>, change: &[u8]) {
    payload.extend_from_slice(&(change.len() as u64).to_be_bytes()[4..]);
    payload.extend_from_slice(change);
}

/// Splits the payload of a row of changes; `None` when it does not add up.
pub(super) fn split_changes(mut payload: &[u8]) -> Option<Vec<Vec<u8>>> {
    let mut changes = Vec::new();
    while !payload.is_empty() {
        let length = usize::try_from(u32::from_be_bytes(take::<4>(&mut payload)?)).ok()?;
        let (change, rest) = payload.split_at_checked(length)?;
        changes.push(change.to_vec());
        payload = rest;
    }
    Some(changes)
}

/// Where a large snapshot lies and what it must be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct LargeRow {
    /// The number that is the file's name.
    pub number: u64,
    /// Length in bytes.
    pub size: u64,
    /// BLAKE3 of the whole file.
    pub hash: ContentHash,
}

impl LargeRow {
    pub(super) fn encode(self) -> Vec<u8> {
        let mut payload = Vec::with_capacity(48);
        payload.extend_from_slice(&self.number.to_be_bytes());
        payload.extend_from_slice(&self.size.to_be_bytes());
        payload.extend_from_slice(self.hash.as_bytes());
        payload
    }

    pub(super) fn decode(mut payload: &[u8]) -> Option<Self> {
        let row = Self {
            number: u64::from_be_bytes(take(&mut payload)?),
            size: u64::from_be_bytes(take(&mut payload)?),
            hash: ContentHash(take(&mut payload)?),
        };
        payload.is_empty().then_some(row)
    }
}

/// Where a text lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct TextRow {
    /// Which pack.
    pub pack: u64,
    /// First byte within the pack's raw bytes.
    pub offset: u32,
    /// Length in bytes.
    pub length: u32,
}

impl TextRow {
    pub(super) fn encode(self) -> Vec<u8> {
        let mut payload = Vec::with_capacity(16);
        payload.extend_from_slice(&self.pack.to_be_bytes());
        payload.extend_from_slice(&self.offset.to_be_bytes());
        payload.extend_from_slice(&self.length.to_be_bytes());
        payload
    }

    pub(super) fn decode(mut payload: &[u8]) -> Option<Self> {
        let row = Self {
            pack: u64::from_be_bytes(take(&mut payload)?),
            offset: u32::from_be_bytes(take(&mut payload)?),
            length: u32::from_be_bytes(take(&mut payload)?),
        };
        payload.is_empty().then_some(row)
    }
}
