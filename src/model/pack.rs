//! Texts deflated as one: many small ones become far shorter together than alone.

use std::sync::Arc;

use super::ContentHash;

/// Most raw bytes of a pack of several texts. Larger packs compress a little better, but reading one
/// text means to unpack all of its pack.
pub const TEXT_PACK_BYTES: usize = 256 * 1024;

/// A pack as a store keeps it and as it travels, so that neither end of a link packs anew what the
/// store of one packed long ago.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TextPack {
    /// Length of what it unpacks to, in bytes.
    pub raw_bytes: u32,
    /// An RFC 1950 stream of the texts, one after the other.
    pub zlib: Vec<u8>,
}

/// Where a text lies in a pack; its length is that of its content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InPack {
    /// Which.
    pub pack: Arc<TextPack>,
    /// Its first byte, in the raw bytes.
    pub offset: u32,
}

/// A pack, and what of it was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PackedTexts {
    /// As the store keeps it.
    pub pack: Arc<TextPack>,
    /// Hash and first byte of each text, in the order in which they lie.
    pub texts: Vec<(ContentHash, u32)>,
}
