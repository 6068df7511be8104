//! Packs given away as they lie.

use std::collections::BTreeMap;
use std::sync::Arc;

use redb::ReadableTable;

use super::error::Fault;
use super::tables::{PACKS, SUM_BYTES, TEXTS, TextRow, take, unseal};
use super::{Error, Store};
use crate::model::{ContentHash, PackedTexts, TEXT_PACK_BYTES, TextPack};

/// A pack of which less than this share is wanted, in percent, is not given away: the rest would travel
/// for nothing.
const WANTED_PERCENT: u64 = 80;
/// A pack of which fewer texts are wanted is not looked at; those that hardly lie together are read from
/// the folder more quickly.
const WANTED_TEXTS: usize = 4;

impl Store {
    /// The packs that hold little else than the texts `wanted`.
    ///
    /// - Shape: in the order of the first text of each in `wanted`; within a pack by place. A text that
    ///   lies in none of these, or is not kept, or whose row is damaged, is left out.
    ///
    /// # Errors
    ///
    /// As [`Store::files`].
    pub fn packs(&self, wanted: &[ContentHash]) -> Result<Vec<PackedTexts>, Error> {
        self.base.reading(|transaction| {
            let table = transaction.open_table(TEXTS.definition())?;
            let mut order = Vec::new();
            let mut by_pack: BTreeMap<u64, BTreeMap<u32, (ContentHash, u32)>> = BTreeMap::new();
            for hash in wanted {
                let Some(value) = table.get(hash.as_bytes().as_slice())? else { continue };
                let row = unseal(TEXTS.name, hash.as_bytes(), value.value());
                let Some(TextRow { pack, offset, length }) = row.ok().and_then(TextRow::decode)
                else {
                    continue;
                };
                let texts = by_pack.entry(pack).or_insert_with(|| {
                    order.push(pack);
                    BTreeMap::new()
                });
                texts.insert(offset, (*hash, length));
            }
            let table = transaction.open_table(PACKS.definition())?;
            let mut found = Vec::new();
            for number in order {
                let texts = by_pack.remove(&number).unwrap_or_default();
                if texts.len() >= WANTED_TEXTS
                    && let Some(pack) = worth_giving(&table, number, &texts)?
                {
                    let texts = texts.into_iter().map(|(offset, (hash, _))| (hash, offset));
                    found.push(PackedTexts { pack: Arc::new(pack), texts: texts.collect() });
                }
            }
            Ok(found)
        })
    }
}

/// A pack, if the texts wanted of it are most of it.
fn worth_giving(
    table: &impl ReadableTable<&'static [u8], &'static [u8]>,
    number: u64,
    texts: &BTreeMap<u32, (ContentHash, u32)>,
) -> Result<Option<TextPack>, Fault> {
    let key = number.to_be_bytes();
    let Some(value) = table.get(key.as_slice())? else { return Ok(None) };
    let raw_bytes = |payload: &mut &[u8]| take(payload).map(u32::from_be_bytes);
    // The checksum is for the few that are given away.
    let said = value.value().get(SUM_BYTES..).and_then(|mut payload| raw_bytes(&mut payload));
    let wanted: u64 = texts.values().map(|(_, length)| u64::from(*length)).sum();
    let most = said.is_some_and(|said| {
        let fits = usize::try_from(said).is_ok_and(|said| said <= TEXT_PACK_BYTES);
        fits && wanted * 100 >= u64::from(said) * WANTED_PERCENT
    });
    if !most {
        return Ok(None);
    }
    let Ok(mut payload) = unseal(PACKS.name, &key, value.value()) else { return Ok(None) };
    let raw_bytes = raw_bytes(&mut payload);
    Ok(raw_bytes.map(|raw_bytes| TextPack { raw_bytes, zlib: payload.to_vec() }))
}
