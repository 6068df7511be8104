//! Byte strings moved as a whole, not byte by byte. The bytes on the wire are the same either way:
//! a length, then the bytes; only the time differs, which counts when a vault is sent.

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, SeqAccess, Visitor};
use serde::ser::{Serialize, Serializer};

/// A borrowed byte string.
struct Borrowed<'a>(&'a [u8]);

impl Serialize for Borrowed<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(self.0)
    }
}

/// An owned byte string.
struct Owned(Vec<u8>);

impl<'de> Deserialize<'de> for Owned {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_byte_buf(Bytes)
    }
}

struct Bytes;

impl<'de> Visitor<'de> for Bytes {
    type Value = Owned;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("bytes")
    }

    fn visit_bytes<E: Error>(self, bytes: &[u8]) -> Result<Owned, E> {
        Ok(Owned(bytes.to_vec()))
    }

    fn visit_byte_buf<E: Error>(self, bytes: Vec<u8>) -> Result<Owned, E> {
        Ok(Owned(bytes))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Owned, A::Error> {
        let mut bytes = Vec::new();
        while let Some(byte) = items.next_element()? {
            bytes.push(byte);
        }
        Ok(Owned(bytes))
    }
}

/// `Vec<u8>`.
pub(super) mod one {
    use super::{Borrowed, Deserialize, Deserializer, Owned, Serialize, Serializer};

    pub(in crate::wire) fn serialize<S: Serializer>(
        bytes: &[u8],
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        Borrowed(bytes).serialize(serializer)
    }

    pub(in crate::wire) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Vec<u8>, D::Error> {
        Owned::deserialize(deserializer).map(|owned| owned.0)
    }
}

/// `Option<Vec<u8>>`.
pub(super) mod maybe {
    use super::{Borrowed, Deserialize, Deserializer, Owned, Serialize, Serializer};

    #[expect(clippy::ref_option, reason = "serde passes the field by reference")]
    pub(in crate::wire) fn serialize<S: Serializer>(
        bytes: &Option<Vec<u8>>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        bytes.as_deref().map(Borrowed).serialize(serializer)
    }

    pub(in crate::wire) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<Vec<u8>>, D::Error> {
        let owned = Option::<Owned>::deserialize(deserializer)?;
        Ok(owned.map(|owned| owned.0))
    }
}

/// `Arc<TextPack>`: the length of the raw bytes, then the stream.
pub(super) mod pack {
    use std::sync::Arc;

    use super::{Borrowed, Deserialize, Deserializer, Owned, Serialize, Serializer};
    use crate::model::TextPack;

    pub(in crate::wire) fn serialize<S: Serializer>(
        pack: &TextPack,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        (pack.raw_bytes, Borrowed(&pack.zlib)).serialize(serializer)
    }

    pub(in crate::wire) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Arc<TextPack>, D::Error> {
        let (raw_bytes, zlib) = <(u32, Owned)>::deserialize(deserializer)?;
        Ok(Arc::new(TextPack { raw_bytes, zlib: zlib.0 }))
    }
}

/// `Vec<Vec<u8>>`.
pub(super) mod many {
    use super::{Borrowed, Deserialize, Deserializer, Owned, Serializer};

    pub(in crate::wire) fn serialize<S: Serializer>(
        all: &[Vec<u8>],
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(all.iter().map(|bytes| Borrowed(bytes)))
    }

    pub(in crate::wire) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Vec<Vec<u8>>, D::Error> {
        let all = Vec::<Owned>::deserialize(deserializer)?;
        Ok(all.into_iter().map(|owned| owned.0).collect())
    }
}
