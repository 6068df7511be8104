//! What the engine knows of one file, and its durable form.

use serde::{Deserialize, Serialize};

use crate::model::{
    Content, ContentHash, Digest, FileId, Heads, Kind, Seen, Sketch, Stamp, VaultPath,
};
use crate::wire::State;

/// First byte of an encoded record; 1 lacks [`Entry::births`]. A reader that meets another version
/// refuses the record.
pub(super) const RECORD_VERSION: u8 = 2;

/// Most records are shorter.
const RECORD_BYTES: usize = 320;

/// Generations from here on are those of folders, so that a folder and a file born under one path
/// never share an identity.
pub(super) const FOLDER_GENERATION: u32 = 1 << 31;

/// One file of the vault, tombstones included.
///
/// - Shape: what the vault says of it (`path`, `kind`, `content`, `alive`, `heads`), and what this
///   disk held when both last agreed (`base`).
/// - Invariant: everything but the memory of this struct is durable before anybody sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Entry {
    /// The path it was born under; part of its identity.
    pub(super) birth: VaultPath,
    /// How many files were born under that path before it; part of its identity.
    pub(super) generation: u32,
    /// The path it claims now.
    pub(super) path: VaultPath,
    /// How it is merged.
    pub(super) kind: Kind,
    /// What it holds now.
    pub(super) content: Content,
    /// False for a tombstone.
    pub(super) alive: bool,
    /// The version of its document; empty for a file as it was born, which has none.
    pub(super) heads: Heads,
    /// Modification time of the content, in milliseconds since 1970.
    pub(super) mtime_ms: i64,
    /// What lies on this disk, as far as known; `None` when nothing of it does.
    pub(super) base: Option<Base>,
    /// The texts its document names by hash alone; empty without a document, `None` where a record
    /// of version 1 does not say.
    #[serde(skip)]
    pub(super) births: Option<Vec<ContentHash>>,
}

/// What this disk held when it last agreed with a version of the file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Base {
    /// Where; differs from the claimed path while two files claim one.
    pub(super) path: VaultPath,
    /// What.
    pub(super) content: Content,
    /// How that is merged.
    pub(super) kind: Kind,
    /// As the file system described it.
    pub(super) stamp: Stamp,
    /// What its text is like, so that it is known again elsewhere though edited.
    pub(super) sketch: Sketch,
    /// Which version of the document that was; empty for the file as it was born.
    pub(super) heads: Heads,
}

/// The durable form of an [`Entry`], but for its births.
#[derive(Deserialize)]
struct Stored<'a> {
    birth: &'a str,
    generation: u32,
    path: &'a str,
    kind: Kind,
    content: Content,
    alive: bool,
    heads: Heads,
    mtime_ms: i64,
    #[serde(borrow)]
    base: Option<StoredBase<'a>>,
}

/// The durable form of a [`Base`].
#[derive(Deserialize)]
struct StoredBase<'a> {
    path: &'a str,
    content: Content,
    kind: Kind,
    stamp: Stamp,
    sketch: Sketch,
    heads: Heads,
}

impl Base {
    /// As it was seen at `path`, which was the version `heads`.
    pub(super) fn seen(path: VaultPath, seen: &Seen, heads: Heads) -> Self {
        let Seen { stamp, content, kind, sketch, .. } = *seen;
        Self { path, content, kind, stamp, sketch, heads }
    }
}

impl Entry {
    /// The digest of this file's state: equal on two devices exactly when they hold the same.
    pub(super) fn digest(&self, id: &FileId) -> Digest {
        let mut hasher = blake3::Hasher::new();
        hasher.update(id.as_bytes());
        if self.heads.is_empty() {
            hasher.update(self.content.hash.as_bytes());
            hasher.update(&[self.kind as u8]);
        } else {
            for head in self.heads.as_slice() {
                hasher.update(head.as_bytes());
            }
        }
        let mut digest = [0; 16];
        digest.copy_from_slice(&hasher.finalize().as_bytes()[..16]);
        Digest(digest)
    }

    /// Whether both say the same of the file, wherever it lies and whenever it was touched.
    pub(super) fn is_same_version(&self, other: &Self) -> bool {
        self.path == other.path
            && self.kind == other.kind
            && self.content == other.content
            && self.alive == other.alive
            && self.heads == other.heads
    }

    /// What a peer is told of it, without the earlier changes a negotiation may need.
    pub(super) fn state(&self) -> State {
        if self.heads.is_empty() {
            State::Plain { kind: self.kind, content: self.content }
        } else {
            State::Document { heads: self.heads.clone(), recent: Vec::new() }
        }
    }

    /// Whether it is a file a person would count.
    pub(super) fn counts(&self) -> bool {
        self.alive && self.kind != Kind::Folder
    }

    /// The durable form: a version byte, then the fields in postcard encoding, births last.
    pub(super) fn encode(&self) -> Vec<u8> {
        let mut start = Vec::with_capacity(RECORD_BYTES);
        start.push(RECORD_VERSION);
        postcard::to_extend(self, start)
            .and_then(|fields| postcard::to_extend(&self.births, fields))
            .expect("a record has no shape that cannot be encoded")
    }

    /// Reads the durable form back; `None` for another version or damaged bytes.
    pub(super) fn decode(record: &[u8]) -> Option<Self> {
        let (version, fields) = record.split_first()?;
        let (stored, rest): (Stored<'_>, &[u8]) = postcard::take_from_bytes(fields).ok()?;
        let births = match *version {
            1 if rest.is_empty() => stored.heads.is_empty().then(Vec::new),
            RECORD_VERSION => postcard::from_bytes(rest).ok()?,
            _ => return None,
        };
        let Stored { birth, generation, path, kind, content, alive, heads, mtime_ms, base } =
            stored;
        // Nearly always one path, which is then parsed and held once.
        let at = VaultPath::parse(path).ok()?;
        let parse = |text: &str| {
            if text == path { Some(at.clone()) } else { VaultPath::parse(text).ok() }
        };
        let birth = parse(birth)?;
        let base = match base {
            None => None,
            Some(StoredBase { path, content, kind, stamp, sketch, heads }) => {
                Some(Base { path: parse(path)?, content, kind, stamp, sketch, heads })
            }
        };
        let path = at;
        Some(Self { birth, generation, path, kind, content, alive, heads, mtime_ms, base, births })
    }
}
