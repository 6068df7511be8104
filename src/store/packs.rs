//! Packs given away as they lie.

use std::collections::BTreeMap;
use std::sync::Arc;

use redb::ReadableTable;

use super::error::Fault;
use super::tables::{PACKS, SUM_BYTES, TEXTS, TextRow, take, unseal};
use super::{Error, Store};
use crate::model::{ContentHash, PackedTexts, TEXT_PACK_BYTES, TextPack};

/// A pack of which fewer texts are wanted is not looked at; those that hardly lie together are read from
/// the folder more quickly.
const WANTED_TEXTS: usize = 4;

impl Store {
    /// The packs that hold nothing else than the texts `wanted`, and some that are `known` to whoever gets
    /// them: what was deleted since it was packed never travels along.
    ///
    /// - Shape: in the order of the first text of each in `wanted`; within a pack by place. A text that
    ///   lies in none of these, or is not kept, or whose row is damaged, is left out.
    ///
    /// # Errors
    ///
    /// As [`Store::files`].
    pub fn packs(
        &self,
        wanted: &[ContentHash],
        known: &[ContentHash],
    ) -> Result<Vec<PackedTexts>, Error> {
        self.base.reading(|transaction| {
            let table = transaction.open_table(TEXTS.definition())?;
            let mut order = Vec::new();
            let mut by_pack: BTreeMap<u64, BTreeMap<u32, (ContentHash, u32)>> = BTreeMap::new();
            let row_of = |hash: &ContentHash| -> Result<Option<TextRow>, Fault> {
                let Some(value) = table.get(hash.as_bytes().as_slice())? else { return Ok(None) };
                let row = unseal(TEXTS.name, hash.as_bytes(), value.value());
                Ok(row.ok().and_then(TextRow::decode))
            };
            for hash in wanted {
                let Some(TextRow { pack, offset, length }) = row_of(hash)? else { continue };
                let texts = by_pack.entry(pack).or_insert_with(|| {
                    order.push(pack);
                    BTreeMap::new()
                });
                texts.insert(offset, (*hash, length));
            }
            let mut others: BTreeMap<u64, BTreeMap<u32, u32>> = BTreeMap::new();
            for hash in known {
                let row = row_of(hash)?.filter(|row| by_pack.contains_key(&row.pack));
                let Some(TextRow { pack, offset, length }) = row else { continue };
                others.entry(pack).or_default().insert(offset, length);
            }
            let table = transaction.open_table(PACKS.definition())?;
            let mut found = Vec::new();
            for number in order {
                let texts = by_pack.remove(&number).unwrap_or_default();
                let mut lengths = others.remove(&number).unwrap_or_default();
                lengths.extend(texts.iter().map(|(offset, (_, length))| (*offset, *length)));
                if texts.len() >= WANTED_TEXTS
                    && let Some(pack) = if_all_of_it(&table, number, &lengths)?
                {
                    let texts = texts.into_iter().map(|(offset, (hash, _))| (hash, offset));
                    found.push(PackedTexts { pack: Arc::new(pack), texts: texts.collect() });
                }
            }
            Ok(found)
        })
    }
}

/// A pack, if these texts, by place, are all of it.
fn if_all_of_it(
    table: &impl ReadableTable<&'static [u8], &'static [u8]>,
    number: u64,
    lengths: &BTreeMap<u32, u32>,
) -> Result<Option<TextPack>, Fault> {
    let key = number.to_be_bytes();
    let Some(value) = table.get(key.as_slice())? else { return Ok(None) };
    let raw_bytes = |payload: &mut &[u8]| take(payload).map(u32::from_be_bytes);
    // The checksum is for the few that are given away.
    let said = value.value().get(SUM_BYTES..).and_then(|mut payload| raw_bytes(&mut payload));
    let ours: u64 = lengths.values().map(|length| u64::from(*length)).sum();
    let all = said.is_some_and(|said| {
        let fits = usize::try_from(said).is_ok_and(|said| said <= TEXT_PACK_BYTES);
        fits && ours == u64::from(said)
    });
    if !all {
        return Ok(None);
    }
    let Ok(mut payload) = unseal(PACKS.name, &key, value.value()) else { return Ok(None) };
    let raw_bytes = raw_bytes(&mut payload);
    Ok(raw_bytes.map(|raw_bytes| TextPack { raw_bytes, zlib: payload.to_vec() }))
}
