//! How a large content is cut into chunks that can be checked one by one.
//!
//! BLAKE3 is a tree: every aligned stretch of a power of two of KiB has a chaining value, and the
//! hash of the whole is made of those. The outline of a content is the list of the chaining values
//! of its chunks, so whoever knows the content's hash can check an outline, and with the outline
//! each chunk, without trusting the sender of either.

use blake3::hazmat::{self, HasherExt, Mode};

use super::{Content, ContentHash};

/// Length of every chunk but the last, in bytes. A power of two of KiB, as the tree demands;
/// changing it changes the wire format. Larger wastes more after a cut, smaller makes outlines long.
pub const CHUNK_BYTES: u64 = 256 * 1024;

/// How many chunks a content of `size` bytes has; never zero, for an empty content has one empty
/// chunk.
pub const fn chunk_count(size: u64) -> u64 {
    if size == 0 { 1 } else { size.div_ceil(CHUNK_BYTES) }
}

/// The length in bytes of chunk `index` of a content of `size` bytes; `None` beyond its end.
pub const fn chunk_len(size: u64, index: u32) -> Option<u64> {
    if index as u64 >= chunk_count(size) {
        return None;
    }
    let left = size - index as u64 * CHUNK_BYTES;
    Some(if left < CHUNK_BYTES { left } else { CHUNK_BYTES })
}

/// The outline entry of one chunk.
///
/// - Shape: the chaining value of the chunk at its place; for a content of one chunk the content's
///   hash itself.
/// - Units: `size` is that of the whole content in bytes; `bytes` must be as long as
///   [`chunk_len`] says, otherwise there is no entry.
pub fn chunk_entry(size: u64, index: u32, bytes: &[u8]) -> Option<ContentHash> {
    if chunk_len(size, index)? != bytes.len() as u64 {
        return None;
    }
    if chunk_count(size) == 1 {
        return Some(ContentHash::of(bytes));
    }
    let mut hasher = blake3::Hasher::new();
    hasher.set_input_offset(u64::from(index) * CHUNK_BYTES);
    hasher.update(bytes);
    Some(ContentHash(hasher.finalize_non_root()))
}

/// The outline of `bytes`, one entry for each chunk.
pub fn outline_of_bytes(bytes: &[u8]) -> Vec<ContentHash> {
    if bytes.is_empty() {
        return vec![ContentHash::of(bytes)];
    }
    let size = bytes.len() as u64;
    let step = usize::try_from(CHUNK_BYTES).unwrap_or(usize::MAX);
    (0u32..)
        .zip(bytes.chunks(step))
        .filter_map(|(index, chunk)| chunk_entry(size, index, chunk))
        .collect()
}

/// Whether `outline` is the one outline of `content`.
pub fn verify_outline(content: Content, outline: &[ContentHash]) -> bool {
    if outline.len() as u64 != chunk_count(content.size) {
        return false;
    }
    let root = match outline {
        [only] => *only.as_bytes(),
        many => {
            let (left, right) = many.split_at(left_entries(many.len()));
            *hazmat::merge_subtrees_root(&subtree(left), &subtree(right), Mode::Hash).as_bytes()
        }
    };
    root == content.hash.0
}

/// Whether `bytes` are chunk `index` of `content`, given the entry of its verified outline.
pub fn verify_chunk(content: Content, index: u32, bytes: &[u8], expected: ContentHash) -> bool {
    chunk_entry(content.size, index, bytes) == Some(expected)
}

/// How many of `entries` (at least two) lie in the left half of their tree: the largest power of
/// two that leaves something for the right.
fn left_entries(entries: usize) -> usize {
    entries.div_ceil(2).next_power_of_two()
}

/// The chaining value over a run of entries that is not the whole content.
fn subtree(entries: &[ContentHash]) -> [u8; 32] {
    match entries {
        [only] => only.0,
        many => {
            let (left, right) = many.split_at(left_entries(many.len()));
            hazmat::merge_subtrees_non_root(&subtree(left), &subtree(right), Mode::Hash)
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const CHUNK: usize = 256 * 1024;

    fn bytes_of(len: usize, seed: u8) -> Vec<u8> {
        let mut bytes = vec![0; len];
        let mut reader = blake3::Hasher::new().update(&[seed]).finalize_xof();
        reader.fill(&mut bytes);
        bytes
    }

    #[test]
    fn outlines_add_up_round_every_chunk_border() {
        for chunks in 0..=9 {
            for edge in [-1_i64, 0, 1, 1025] {
                let Ok(len) = usize::try_from(chunks * 262_144 + edge) else {
                    continue;
                };
                let bytes = bytes_of(len, 7);
                let content = Content::of(&bytes);
                let outline = outline_of_bytes(&bytes);
                assert!(verify_outline(content, &outline), "{len} bytes");
                assert_eq!(outline.len() as u64, chunk_count(content.size));
            }
        }
    }

    #[test]
    fn a_content_of_one_chunk_is_its_own_outline() {
        for len in [0, 1, CHUNK - 1, CHUNK] {
            let bytes = bytes_of(len, 1);
            assert_eq!(outline_of_bytes(&bytes), vec![ContentHash::of(&bytes)]);
        }
    }

    #[test]
    fn the_outline_is_pinned() {
        let outline = outline_of_bytes(&vec![b'v'; CHUNK + 1]);
        let text: Vec<String> = outline.iter().map(ToString::to_string).collect();
        assert_eq!(
            text,
            [
                "74829756722ebd49d598cfd9519b26cd04a60c234cf02257c9bc05e156fdfee5",
                "6636d74ad7c15c784b49a875ad6029f695b11ac5517dfeacebb82aa5a3b30aa1",
            ]
        );
    }

    #[test]
    fn a_wrong_number_of_entries_or_a_wrong_length_is_refused() {
        let bytes = bytes_of(2 * CHUNK + 5, 3);
        let content = Content::of(&bytes);
        let outline = outline_of_bytes(&bytes);
        assert!(!verify_outline(content, &outline[..2]));
        assert!(!verify_outline(content, &[]));
        let longer = Content { size: content.size + CHUNK_BYTES, ..content };
        assert!(!verify_outline(longer, &outline));
        assert!(verify_chunk(content, 2, &bytes[2 * CHUNK..], outline[2]));
        assert!(!verify_chunk(content, 1, &bytes[2 * CHUNK..], outline[2]));
        assert!(!verify_chunk(content, 2, &bytes[2 * CHUNK..][..4], outline[2]));
        assert!(!verify_chunk(content, 3, &[], outline[2]));
        assert_eq!(chunk_len(content.size, 2), Some(5));
        assert_eq!(chunk_len(content.size, 3), None);
        assert_eq!(chunk_len(0, 0), Some(0));
        assert_eq!(chunk_count(u64::MAX), 1 << 46);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]

        #[test]
        fn every_flipped_byte_is_noticed(len in 1usize..6 * CHUNK, at: prop::sample::Index, bit in 0u8..8) {
            let mut bytes = bytes_of(len, 9);
            let content = Content::of(&bytes);
            let outline = outline_of_bytes(&bytes);
            prop_assert!(verify_outline(content, &outline));
            let at = at.index(len);
            bytes[at] ^= 1 << bit;
            prop_assert!(!verify_outline(content, &outline_of_bytes(&bytes)));
            let index = at / CHUNK;
            for (i, chunk) in bytes.chunks(CHUNK).enumerate() {
                let entry = u32::try_from(i).unwrap();
                prop_assert_eq!(verify_chunk(content, entry, chunk, outline[i]), i != index);
            }
        }

        #[test]
        fn every_flipped_bit_of_an_outline_is_noticed(len in 1usize..9 * CHUNK, at: prop::sample::Index, byte in 0usize..32) {
            let bytes = bytes_of(len, 5);
            let mut outline = outline_of_bytes(&bytes);
            let at = at.index(outline.len());
            outline[at].0[byte] ^= 1;
            prop_assert!(!verify_outline(Content::of(&bytes), &outline));
        }
    }
}
