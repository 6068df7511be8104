//! Gives the room of texts back that nobody needs any more.

use std::collections::BTreeSet;

use redb::WriteTransaction;

use super::commit::Tables;
use super::error::Fault;
use super::tables::{PACKS, TEXTS, TextRow};
use super::texts::{Deflate, Packer, cut, unpack};
use super::verify::texts_by_pack;
use super::{Error, Store, read};
use crate::model::ContentHash;

/// What became of the texts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Tidied {
    /// Texts forgotten.
    pub forgotten: u64,
    /// Packs taken away, those packed anew included.
    pub packs: u64,
    /// Whether the limit was met, so that there is more to forget.
    pub more: bool,
}

impl Store {
    /// Forgets every text that `keep` does not name, in one transaction; of at most `limit_packs`
    /// packs, for that is what it costs.
    ///
    /// - Shape: a pack without any text left goes; one that is less than half needed is packed anew;
    ///   a damaged one stays as it is.
    ///
    /// # Errors
    ///
    /// As [`Store::commit`]; then nothing was forgotten.
    pub fn keep_texts(
        &mut self,
        keep: &BTreeSet<ContentHash>,
        limit_packs: usize,
    ) -> Result<Tidied, Error> {
        let plan = self.base.reading(|transaction| {
            let mut plan = Plan::default();
            let packs = transaction.open_table(PACKS.definition())?;
            for (pack, texts) in texts_by_pack(transaction, &mut Vec::new())? {
                let (kept, gone): (Vec<_>, Vec<_>) =
                    texts.into_iter().partition(|(hash, _)| keep.contains(hash));
                if gone.is_empty() {
                    continue;
                }
                if plan.touched == limit_packs {
                    plan.more = true;
                    break;
                }
                plan.touched += 1;
                plan.gone.extend(gone.iter().map(|(hash, _)| *hash));
                if kept.is_empty() {
                    plan.packs.push(pack);
                } else if bytes_of(&kept) < bytes_of(&gone) {
                    let texts = match read::row(&packs, PACKS, &pack.to_be_bytes()) {
                        Ok(Some(payload)) => cut_all(&payload, &kept),
                        Ok(None) | Err(Fault::Own(Error::Row { .. })) => None,
                        Err(fault) => return Err(fault),
                    };
                    if let Some(texts) = texts {
                        plan.packs.push(pack);
                        plan.again.extend(texts);
                    }
                }
            }
            Ok(plan)
        })?;
        if plan.gone.is_empty() {
            return Ok(Tidied::default());
        }
        let deflate = &mut self.deflate;
        self.base.writing(|transaction| carry_out(transaction, &plan, deflate))?;
        self.packs.clear();
        self.arrived.clear();
        let (forgotten, packs) = (plan.gone.len() as u64, plan.packs.len() as u64);
        Ok(Tidied { forgotten, packs, more: plan.more })
    }
}

fn carry_out(
    transaction: &WriteTransaction,
    plan: &Plan,
    deflate: &mut Deflate,
) -> Result<(), Fault> {
    let mut tables = Tables::new(transaction);
    for hash in &plan.gone {
        tables.remove(TEXTS, hash.as_bytes())?;
    }
    for pack in &plan.packs {
        tables.remove(PACKS, &pack.to_be_bytes())?;
    }
    let mut packer = Packer::new(deflate);
    for (hash, text) in &plan.again {
        if packer.is_full_for(text) {
            tables.put_pack(&mut packer)?;
        }
        packer.add(*hash, text);
    }
    tables.put_pack(&mut packer)
}

#[derive(Default)]
struct Plan {
    touched: usize,
    more: bool,
    gone: Vec<ContentHash>,
    packs: Vec<u64>,
    again: Vec<(ContentHash, Vec<u8>)>,
}

fn bytes_of(texts: &[(ContentHash, TextRow)]) -> u64 {
    texts.iter().map(|(_, row)| u64::from(row.length)).sum()
}

fn cut_all(
    payload: &[u8],
    texts: &[(ContentHash, TextRow)],
) -> Option<Vec<(ContentHash, Vec<u8>)>> {
    let raw = unpack(payload)?;
    let cut = |(hash, row): &(ContentHash, TextRow)| Some((*hash, cut(*hash, *row, &raw).ok()?));
    texts.iter().map(cut).collect()
}
