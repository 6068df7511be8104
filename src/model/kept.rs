//! What the store is asked to keep, as plain data.

use super::{ContentHash, FileId, InPack, PeerId};

/// One thing to keep or to forget. A batch of these is one transaction: all or nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Write {
    /// The record of a file; replaces the earlier one. The bytes mean nothing to the store.
    File {
        /// Which file.
        id: FileId,
        /// Encoded by the engine.
        record: Vec<u8>,
    },
    /// Forgets record and document of a file.
    ForgetFile(FileId),
    /// A whole document; replaces snapshot and changes kept before.
    Snapshot {
        /// Which file's document.
        id: FileId,
        /// As `docs` saves it.
        bytes: Vec<u8>,
    },
    /// Further changes of a document, appended to what is kept.
    Changes {
        /// Which file's document.
        id: FileId,
        /// Each as `docs` encodes it, in causal order.
        changes: Vec<Vec<u8>>,
    },
    /// A text, kept by its content hash for as long as the store sees fit.
    Text {
        /// BLAKE3 of `bytes`.
        hash: ContentHash,
        /// UTF-8, at most the text limit.
        bytes: Vec<u8>,
        /// The pack it came in, if it did; with enough others of it that is kept as it is.
        packed: Option<InPack>,
    },
    /// The record of a peer; replaces the earlier one.
    Peer {
        /// Which peer.
        id: PeerId,
        /// Encoded by the engine.
        record: Vec<u8>,
    },
    /// A small named value.
    Meta {
        /// Its name.
        key: String,
        /// Its value.
        value: Vec<u8>,
    },
    /// An entry of the merge ledger; replaces the earlier one of the same key.
    Ledger {
        /// Its identity.
        key: Vec<u8>,
        /// Encoded by the engine.
        entry: Vec<u8>,
    },
}

/// A document as the store holds it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct StoredDocument {
    /// The last snapshot.
    pub snapshot: Vec<u8>,
    /// The changes appended since, oldest first.
    pub changes: Vec<Vec<u8>>,
}
