//! The chaining values of a content's chunks.

use blake3::hazmat::HasherExt;

use crate::model::ContentHash;

/// Bytes of a chunk; the last one of a content may be shorter.
pub(super) const CHUNK_BYTES: usize = 256 * 1024;

/// How many chunks a content of `size` bytes has; an empty one has one.
pub(super) fn chunk_count(size: u64) -> u32 {
    u32::try_from(size.div_ceil(CHUNK_BYTES as u64).max(1)).expect("simulated files are small")
}

/// The entry of one chunk: the hash itself when there is but one, else BLAKE3's chaining value.
pub(super) fn chunk_value(size: u64, index: u32, bytes: &[u8]) -> ContentHash {
    if chunk_count(size) == 1 {
        return ContentHash::of(bytes);
    }
    let mut hasher = blake3::Hasher::new();
    hasher.set_input_offset(u64::from(index) * CHUNK_BYTES as u64);
    hasher.update(bytes);
    ContentHash(hasher.finalize_non_root())
}
