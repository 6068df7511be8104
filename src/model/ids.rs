//! Identities as fixed-size bytes, printed as lower-case hex.

use std::fmt;
use std::str::FromStr;

use data_encoding::HEXLOWER;
use serde::{Deserialize, Serialize};

/// The text is not the hex form of an identity.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("expected {expected} hex digits, got {got:?}")]
pub struct IdError {
    /// Number of hex digits that this identity has.
    pub expected: usize,
    /// What was given, as text.
    pub got: String,
}

macro_rules! bytes_id {
    ($(#[$doc:meta])* $name:ident, $len:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub struct $name(pub [u8; $len]);

        impl $name {
            /// The raw bytes.
            pub const fn as_bytes(&self) -> &[u8; $len] {
                &self.0
            }

            /// The first eight hex digits, for messages to people.
            pub fn short(&self) -> String {
                HEXLOWER.encode(&self.0[..4])
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&HEXLOWER.encode(&self.0))
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self.short())
            }
        }

        impl FromStr for $name {
            type Err = IdError;

            fn from_str(text: &str) -> Result<Self, IdError> {
                HEXLOWER
                    .decode(text.to_ascii_lowercase().as_bytes())
                    .ok()
                    .and_then(|bytes| <[u8; $len]>::try_from(bytes).ok())
                    .map(Self)
                    .ok_or_else(|| IdError { expected: $len * 2, got: text.to_owned() })
            }
        }
    };
}

bytes_id! {
    /// One vault, shared by all its devices; 16 random bytes made by `init`.
    VaultId, 16
}
bytes_id! {
    /// One file through all its renames; derived at birth, see `docs`.
    FileId, 16
}
bytes_id! {
    /// BLAKE3 of a file's whole content.
    ContentHash, 32
}
bytes_id! {
    /// One change of a document (SHA-256, as automerge defines it).
    ChangeHash, 32
}
bytes_id! {
    /// One device: its iroh endpoint id (an Ed25519 public key).
    PeerId, 32
}
bytes_id! {
    /// One life of one store; 16 random bytes made when the store is created. Part of the actor id,
    /// so that a store made anew never uses a sequence number again.
    Life, 16
}

bytes_id! {
    /// A sum of item digests modulo 2^128, or one such digest. Two equal sums over a vault's files
    /// mean equal vaults.
    Digest, 16
}

impl Default for Digest {
    fn default() -> Self {
        Self::ZERO
    }
}

impl Digest {
    /// The sum over nothing.
    pub const ZERO: Self = Self([0; 16]);

    /// This sum with `item` added.
    #[must_use]
    pub const fn plus(self, item: Self) -> Self {
        let sum = u128::from_be_bytes(self.0).wrapping_add(u128::from_be_bytes(item.0));
        Self(sum.to_be_bytes())
    }

    /// This sum with `item` taken away.
    #[must_use]
    pub const fn minus(self, item: Self) -> Self {
        let sum = u128::from_be_bytes(self.0).wrapping_sub(u128::from_be_bytes(item.0));
        Self(sum.to_be_bytes())
    }
}

impl ContentHash {
    /// Hashes `bytes` with BLAKE3.
    pub fn of(bytes: &[u8]) -> Self {
        Self(*blake3::hash(bytes).as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_survives_its_text_form() {
        let id = FileId([0xab; 16]);
        assert_eq!(id.to_string().parse::<FileId>().unwrap(), id);
        assert_eq!(id.short(), "abababab");
    }

    #[test]
    fn sums_forget_the_order_and_can_be_undone() {
        let (a, b) = (Digest([0xff; 16]), Digest([7; 16]));
        assert_eq!(a.plus(b), b.plus(a));
        assert_eq!(a.plus(b).minus(a), b);
    }

    #[test]
    fn a_wrong_length_is_refused() {
        assert!("abcd".parse::<VaultId>().is_err());
        assert!("zz".repeat(16).parse::<VaultId>().is_err());
    }
}
