//! Texts that travel in a pack of the sender's store: nothing is packed anew on the way.

use std::io::Read;
use std::sync::Arc;

use flate2::bufread::ZlibDecoder;
use serde::{Deserialize, Serialize};

use super::{Body, Delivery, Error, Message};
use crate::model::{InPack, TEXT_PACK_BYTES, TextPack};

/// A pack and what is delivered of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Packed {
    /// At most [`TEXT_PACK_BYTES`] of raw bytes.
    #[serde(with = "super::bytes::pack")]
    pub pack: Arc<TextPack>,
    /// Each a plain text without bytes, and where these begin in the pack: one behind the other.
    pub deliveries: Vec<(u32, Delivery)>,
}

impl Packed {
    /// Cuts out the texts.
    ///
    /// # Errors
    ///
    /// [`Error`] when the pack is longer than `limit_bytes`, damaged, or not what it says.
    pub(super) fn unpack(self, limit_bytes: usize) -> Result<Message, Error> {
        let Self { pack, deliveries } = self;
        let raw = inflate(&pack, limit_bytes.min(TEXT_PACK_BYTES))?;
        let mut from = 0;
        let mut texts = Vec::with_capacity(deliveries.len());
        for (offset, mut delivery) in deliveries {
            let Body::Plain { content, bytes: bytes @ None, .. } = &mut delivery.body else {
                return Err(Error::Pack("something else than a text"));
            };
            let start = usize::try_from(offset).ok().filter(|start| *start >= from);
            let length = usize::try_from(content.size).ok();
            let text = start.zip(length).and_then(|(start, length)| {
                from = start.checked_add(length)?;
                raw.get(start..from)
            });
            let text = text.ok_or(Error::Pack("a text outside of it, or over another"))?;
            *bytes = Some(text.to_vec());
            delivery.packed = Some(InPack { pack: Arc::clone(&pack), offset });
            texts.push(delivery);
        }
        Ok(Message::Deliver(texts))
    }
}

fn inflate(pack: &TextPack, limit_bytes: usize) -> Result<Vec<u8>, Error> {
    let length = usize::try_from(pack.raw_bytes).unwrap_or(usize::MAX);
    if length > limit_bytes {
        return Err(Error::TooLarge { limit_bytes });
    }
    let mut raw = Vec::with_capacity(length);
    let mut decoder = ZlibDecoder::new(pack.zlib.as_slice()).take(length as u64 + 1);
    decoder.read_to_end(&mut raw).map_err(Error::Zlib)?;
    if raw.len() != length {
        return Err(Error::Pack("another length than it says"));
    }
    match decoder.into_inner().into_inner() {
        [] => Ok(raw),
        rest => Err(Error::Trailing { bytes: rest.len() }),
    }
}

/// Packs texts like a store, but without making them shorter: the same bytes, whoever deflates.
#[cfg(test)]
pub(crate) fn pack_of(texts: &[&[u8]]) -> crate::model::PackedTexts {
    use std::io::Write;

    let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::none());
    let (mut places, mut offset) = (Vec::new(), 0);
    for text in texts {
        encoder.write_all(text).unwrap();
        places.push((crate::model::ContentHash::of(text), offset));
        offset += u32::try_from(text.len()).unwrap();
    }
    let zlib = encoder.finish().unwrap();
    let pack = Arc::new(TextPack { raw_bytes: offset, zlib });
    crate::model::PackedTexts { pack, texts: places }
}
