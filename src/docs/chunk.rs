//! The frame round a change or a document, and the numbers in it.
//!
//! Source: automerge's binary format, <https://automerge.org/automerge-binary-format-spec/>.

use automerge::ChangeHash as Hash;
use sha2::{Digest, Sha256};

use super::error::Error;

const MAGIC: [u8; 4] = [0x85, 0x6f, 0x4a, 0x83];
/// The kind of a whole document.
pub(super) const DOCUMENT: u8 = 0;
/// The kind of one change that is not compressed.
pub(super) const CHANGE: u8 = 1;

/// Magic, checksum, kind, length, data.
#[derive(Debug)]
pub(super) struct Chunk<'a> {
    checksum: [u8; 4],
    pub(super) kind: u8,
    pub(super) data: &'a [u8],
    /// Kind, length and data: what the hash covers.
    hashed: &'a [u8],
}

impl<'a> Chunk<'a> {
    /// Reads bytes that are one chunk and nothing else.
    pub(super) fn read(bytes: &'a [u8]) -> Result<Self, Error> {
        let chunk = Self::split(bytes).ok_or_else(|| Error::Malformed("no frame".into()))?;
        let whole = chunk.hashed.len() + MAGIC.len() + chunk.checksum.len() == bytes.len();
        if whole { Ok(chunk) } else { Err(Error::Malformed("more than one frame".into())) }
    }

    fn split(bytes: &'a [u8]) -> Option<Self> {
        let (magic, bytes) = bytes.split_first_chunk::<4>()?;
        let (checksum, hashed) = bytes.split_first_chunk::<4>()?;
        let (kind, mut bytes) = hashed.split_first()?;
        let length = usize::try_from(number(&mut bytes)?).ok()?;
        let (data, rest) = bytes.split_at_checked(length)?;
        let hashed = &hashed[..hashed.len() - rest.len()];
        (*magic == MAGIC).then_some(Self { checksum: *checksum, kind: *kind, data, hashed })
    }

    /// The hash of what was read, if the checksum says that it is what was sent.
    pub(super) fn verified(&self) -> Result<Hash, Error> {
        let hash: [u8; 32] = Sha256::digest(self.hashed).into();
        if hash[..4] == self.checksum {
            Ok(Hash(hash))
        } else {
            Err(Error::Malformed("a wrong checksum".into()))
        }
    }

    /// Refuses columns that would have to be inflated: a few bytes could become any number.
    pub(super) fn refuse_compression(&self) -> Result<(), Error> {
        match self.is_compressed() {
            Some(false) => Ok(()),
            Some(true) => Err(Error::Malformed("a compressed document".into())),
            None => Err(Error::Malformed("no column table".into())),
        }
    }

    fn is_compressed(&self) -> Option<bool> {
        const COMPRESSED: u64 = 1 << 3;
        let mut data = self.data;
        let actors = number(&mut data)?;
        for _ in 0..actors {
            prefixed(&mut data)?;
        }
        let heads = usize::try_from(number(&mut data)?).ok()?;
        data = data.get(heads.checked_mul(32)?..)?;
        // Two tables: columns of changes, columns of operations.
        for _ in 0..2 {
            let columns = number(&mut data)?;
            for _ in 0..columns {
                if number(&mut data)? & COMPRESSED != 0 {
                    return Some(true);
                }
                number(&mut data)?;
            }
        }
        Some(false)
    }
}

/// Reads an unsigned LEB128 number.
pub(super) fn number(bytes: &mut &[u8]) -> Option<u64> {
    Some(leb128(bytes)?.0)
}

/// Reads a signed LEB128 number.
pub(super) fn signed(bytes: &mut &[u8]) -> Option<i64> {
    let (value, bits) = leb128(bytes)?;
    let unused = 64_u32.saturating_sub(bits);
    // The highest bit that was written is the sign.
    Some(value.cast_signed() << unused >> unused)
}

/// The bits of a number, and how many were written.
fn leb128(bytes: &mut &[u8]) -> Option<(u64, u32)> {
    let mut value = 0_u64;
    for shift in (0..64).step_by(7) {
        let (byte, rest) = bytes.split_first()?;
        *bytes = rest;
        value |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Some((value, shift + 7));
        }
    }
    None
}

/// Reads bytes after their length.
pub(super) fn prefixed<'a>(bytes: &mut &'a [u8]) -> Option<&'a [u8]> {
    let length = usize::try_from(number(bytes)?).ok()?;
    let (read, rest) = bytes.split_at_checked(length)?;
    *bytes = rest;
    Some(read)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_as_they_are_written() {
        let unsigned: [(&[u8], u64); 4] = [
            (&[0], 0),
            (&[0x7f], 127),
            (&[0xe5, 0x8e, 0x26], 624_485),
            (&[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1], u64::MAX),
        ];
        for (mut bytes, value) in unsigned {
            assert_eq!((number(&mut bytes), bytes.len()), (Some(value), 0));
        }
        let with_sign: [(&[u8], i64); 6] = [
            (&[2], 2),
            (&[0x7e], -2),
            (&[0xff, 0], 127),
            (&[0x80, 0x7f], -128),
            (&[0xc0, 0xbb, 0x78], -123_456),
            (&[0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x7f], i64::MIN),
        ];
        for (mut bytes, value) in with_sign {
            assert_eq!((signed(&mut bytes), bytes.len()), (Some(value), 0));
        }
        assert_eq!(number(&mut &[0x80; 11][..]), None);
        assert_eq!(signed(&mut &[0x80][..]), None);
    }
}
