//! Texts, packed: many small ones compress far better together than alone.

use std::collections::{BTreeSet, VecDeque};
use std::io::{Read, Write as _};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use flate2::Compression;
use flate2::read::ZlibDecoder;
use flate2::write::ZlibEncoder;

use super::Error;
use super::tables::{PACKS, TextRow, take};
use crate::model::{ContentHash, TEXT_PACK_BYTES, TextPack};

/// Longest text taken, in bytes; far above what a note may have, since a merge of two may be longer
/// than either. It bounds the memory needed to read one text; a larger value only costs memory.
pub const TEXT_MAX_BYTES: usize = 16 * 1024 * 1024;

/// Most texts in one pack; see [`TEXT_PACK_BYTES`], before which it ends unless one text alone is
/// longer.
pub(super) const PACK_TEXTS: usize = 64;

/// zlib's effort for packs. A pack is made once, by the first device that takes its texts in, and then
/// travels as it is: one more than the lowest takes a fourth longer and makes packs a fifth shorter, yet
/// another one saves some five percent more for as much again.
const LEVEL: u32 = 2;

/// Unpacked packs kept, so that texts read in the order they were written unpack each pack once.
const KEPT_PACKS: usize = 4;

/// What deflates packs, used again for the next: a new one takes 0.4 MB, and among the small things
/// that every transaction leaves in memory it would hardly ever be given the same place twice.
#[derive(Debug, Default)]
pub(super) struct Deflate(Option<ZlibEncoder<Vec<u8>>>);

impl Deflate {
    /// Adds `parts`, deflated as one, to `packed`.
    fn pack<'p>(&mut self, packed: Vec<u8>, parts: impl Iterator<Item = &'p [u8]>) -> Vec<u8> {
        let fresh = || ZlibEncoder::new(Vec::new(), Compression::new(LEVEL));
        let encoder = self.0.get_or_insert_with(fresh);
        let to_memory = "writing to memory does not fail";
        encoder.reset(packed).expect(to_memory);
        for part in parts {
            encoder.write_all(part).expect(to_memory);
        }
        encoder.reset(Vec::new()).expect(to_memory)
    }
}

/// Texts waiting to become one pack.
#[derive(Debug)]
pub(super) struct Packer<'w, 'd> {
    waiting: Vec<(ContentHash, &'w [u8])>,
    bytes: usize,
    deflate: &'d mut Deflate,
}

/// The payload of the row of a pack that came from elsewhere.
pub(super) fn payload_of(pack: &TextPack) -> Vec<u8> {
    let mut payload = Vec::with_capacity(4 + pack.zlib.len());
    payload.extend_from_slice(&pack.raw_bytes.to_be_bytes());
    payload.extend_from_slice(&pack.zlib);
    payload
}

/// Packs that came from elsewhere and were kept as they were, the last few, with their numbers: not all
/// texts of one are kept at the same time.
#[derive(Debug, Clone, Default)]
pub(super) struct Arrived(VecDeque<(Arc<TextPack>, u64)>);

impl Arrived {
    pub(super) fn number_of(&self, pack: &Arc<TextPack>) -> Option<u64> {
        let found = self.0.iter().find(|(kept, _)| Arc::ptr_eq(kept, pack));
        found.map(|(_, number)| *number)
    }

    pub(super) fn add(&mut self, pack: Arc<TextPack>, number: u64) {
        self.0.push_front((pack, number));
        self.0.truncate(KEPT_PACKS);
    }

    /// For when packs were taken away, whose numbers may be given again.
    pub(super) fn clear(&mut self) {
        self.0.clear();
    }
}

/// One pack, ready to be kept.
pub(super) struct Packed {
    /// The payload of its row.
    pub payload: Vec<u8>,
    /// Where each text lies in it: hash, offset, length.
    pub places: Vec<(ContentHash, u32, u32)>,
}

impl<'w, 'd> Packer<'w, 'd> {
    pub(super) fn new(deflate: &'d mut Deflate) -> Self {
        Self { waiting: Vec::new(), bytes: 0, deflate }
    }

    pub(super) fn holds(&self, hash: &ContentHash) -> bool {
        self.waiting.iter().any(|(waiting, _)| waiting == hash)
    }

    /// Whether `text` has to wait for the next pack.
    pub(super) fn is_full_for(&self, text: &[u8]) -> bool {
        let full = self.waiting.len() >= PACK_TEXTS || self.bytes + text.len() > TEXT_PACK_BYTES;
        full && !self.waiting.is_empty()
    }

    pub(super) fn add(&mut self, hash: ContentHash, text: &'w [u8]) {
        self.waiting.push((hash, text));
        self.bytes += text.len();
    }

    /// Packs what waits; `None` when nothing does.
    pub(super) fn pack(&mut self) -> Option<Packed> {
        if self.waiting.is_empty() {
            return None;
        }
        let raw_length = as_u32(self.bytes);
        let texts = self.waiting.iter().map(|(_, text)| *text);
        let payload = self.deflate.pack(raw_length.to_be_bytes().to_vec(), texts);
        let mut places = Vec::with_capacity(self.waiting.len());
        let mut offset = 0;
        for (hash, text) in self.waiting.drain(..) {
            places.push((hash, as_u32(offset), as_u32(text.len())));
            offset += text.len();
        }
        self.bytes = 0;
        Some(Packed { payload, places })
    }
}

pub(super) fn as_u32(bytes: usize) -> u32 {
    u32::try_from(bytes).expect("a pack is at most as long as one text may be")
}

/// Unpacks the payload of a pack's row; `None` when it does not add up.
pub(super) fn unpack(mut payload: &[u8]) -> Option<Vec<u8>> {
    let length = usize::try_from(u32::from_be_bytes(take(&mut payload)?)).ok()?;
    if length > TEXT_MAX_BYTES {
        return None;
    }
    let mut raw = Vec::with_capacity(length);
    let read = ZlibDecoder::new(payload).take(length as u64 + 1).read_to_end(&mut raw);
    (read.is_ok() && raw.len() == length).then_some(raw)
}

/// The last few unpacked packs, and which packs turned out to be damaged.
#[derive(Debug, Default)]
pub(super) struct Cache(Mutex<Held>);

#[derive(Debug, Default)]
struct Held {
    recent: VecDeque<(u64, Arc<Vec<u8>>)>,
    damaged: BTreeSet<u64>,
}

impl Cache {
    fn held(&self) -> MutexGuard<'_, Held> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn get(&self, pack: u64) -> Option<Arc<Vec<u8>>> {
        let mut held = self.held();
        let at = held.recent.iter().position(|(kept, _)| *kept == pack)?;
        let hit = held.recent.remove(at)?;
        let raw = Arc::clone(&hit.1);
        held.recent.push_front(hit);
        Some(raw)
    }

    pub(super) fn put(&self, pack: u64, raw: Arc<Vec<u8>>) {
        let mut held = self.held();
        held.recent.push_front((pack, raw));
        held.recent.truncate(KEPT_PACKS);
    }

    /// For when packs were taken away, whose numbers may be given again.
    pub(super) fn clear(&self) {
        *self.held() = Held::default();
    }

    /// Texts of this pack are stored again when they are next handed over.
    pub(super) fn mark_damaged(&self, pack: u64) {
        self.held().damaged.insert(pack);
    }

    pub(super) fn is_damaged(&self, pack: u64) -> bool {
        self.held().damaged.contains(&pack)
    }
}

/// Cuts one text out of its unpacked pack and checks it.
pub(super) fn cut(hash: ContentHash, row: TextRow, raw: &[u8]) -> Result<Vec<u8>, Error> {
    let text = usize::try_from(row.offset)
        .ok()
        .zip(usize::try_from(row.length).ok())
        .and_then(|(offset, length)| raw.get(offset..)?.get(..length));
    match text {
        Some(text) if ContentHash::of(text) == hash => Ok(text.to_vec()),
        Some(_) => Err(pack_error(row.pack, "a text in it has another hash")),
        None => Err(pack_error(row.pack, "a text in it lies outside")),
    }
}

pub(super) fn pack_error(pack: u64, reason: &'static str) -> Error {
    Error::row(PACKS.name, &pack.to_be_bytes(), reason)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn packed(deflate: &mut Deflate, texts: &[&[u8]]) -> Packed {
        let mut packer = Packer::new(deflate);
        for text in texts {
            packer.add(ContentHash::of(text), text);
        }
        packer.pack().unwrap()
    }

    #[test]
    fn a_pack_owes_nothing_to_the_one_before_it() {
        let mut deflate = Deflate::default();
        let long = b"one line of many\n".repeat(9_000);
        let groups: [&[&[u8]]; 4] =
            [&[&long, b"and a short one"], &[b"short"], &[b"", b"x"], &[&long, b"and a short one"]];
        for texts in groups {
            let again = packed(&mut deflate, texts);
            let first = packed(&mut Deflate::default(), texts);
            assert_eq!(again.payload, first.payload);
            assert_eq!(unpack(&again.payload).unwrap(), texts.concat());
            let ends = again.places.iter().map(|(_, offset, length)| offset + length);
            assert_eq!(ends.max().unwrap() as usize, texts.concat().len());
        }
    }
}
