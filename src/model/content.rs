//! What a file holds, without the bytes.

use serde::{Deserialize, Serialize};

use super::ContentHash;

/// Largest text that becomes a character document, in bytes. Above it a note is treated as an
/// attachment: whole-file choice, content-addressed transfer. A larger value makes single edits
/// slow (0.2 µs of CPU for each character of the file), a smaller one loses merges in long notes.
pub const TEXT_LIMIT_BYTES: u64 = 1024 * 1024;

/// The fingerprint and the length of a file's bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Content {
    /// BLAKE3 of the whole content.
    pub hash: ContentHash,
    /// Length in bytes.
    pub size: u64,
}

impl Content {
    /// Fingerprints `bytes`.
    pub fn of(bytes: &[u8]) -> Self {
        Self { hash: ContentHash::of(bytes), size: bytes.len() as u64 }
    }

    /// Fingerprints `size` zero bytes, in steps that need little memory.
    pub fn of_zeros(size: u64) -> Self {
        const STEP: usize = 16 * 1024;
        let zeros = [0; STEP];
        let mut hasher = blake3::Hasher::new();
        let mut left = size;
        while left > 0 {
            let step = usize::try_from(left).map_or(STEP, |left| left.min(STEP));
            hasher.update(&zeros[..step]);
            left -= step as u64;
        }
        Self { hash: ContentHash(*hasher.finalize().as_bytes()), size }
    }
}

/// How a file is merged and transferred; a pure function of its bytes, see [`kind_of`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Kind {
    /// UTF-8 without NUL, at most [`TEXT_LIMIT_BYTES`]: merged by characters and atoms.
    Text,
    /// Anything else: chosen as a whole.
    Blob,
    /// A folder that is empty, or was when it was first seen. Its content is that of no bytes.
    Folder,
}

/// Decides whether `bytes` are text, the same on every device.
pub fn kind_of(bytes: &[u8]) -> Kind {
    let small = bytes.len() as u64 <= TEXT_LIMIT_BYTES;
    if small && !bytes.contains(&0) && std::str::from_utf8(bytes).is_ok() {
        Kind::Text
    } else {
        Kind::Blob
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_utf8_without_nul_up_to_the_limit() {
        let limit = usize::try_from(TEXT_LIMIT_BYTES).unwrap();
        assert_eq!(kind_of(b""), Kind::Text);
        assert_eq!(kind_of("ä\r\n".as_bytes()), Kind::Text);
        assert_eq!(kind_of(b"a\0b"), Kind::Blob);
        assert_eq!(kind_of(b"\xff\xfe"), Kind::Blob);
        assert_eq!(kind_of(&vec![b'a'; limit - 1]), Kind::Text);
        assert_eq!(kind_of(&vec![b'a'; limit]), Kind::Text);
        assert_eq!(kind_of(&vec![b'a'; limit + 1]), Kind::Blob);
    }
}
