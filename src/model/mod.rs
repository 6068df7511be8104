//! Names and quantities: the vocabulary every other room speaks.
//!
//! - Owns: identities ([`VaultId`], [`FileId`], [`PeerId`], [`ChangeHash`], [`ContentHash`]), paths
//!   ([`VaultPath`]), versions ([`Heads`]), times ([`Tick`], [`WallMs`]), and the plain data with
//!   which the engine talks to the folder and the store ([`Step`], [`Observed`], [`Write`]).
//! - Called by: every room.
//! - Never: performs I/O, takes decisions.
//! - Invariant: a [`VaultPath`] is relative, NFC, without `.`/`..`/empty parts; it can only be made
//!   by parsing, so a path from a peer is safe to join to the vault's root once it has this type.

mod content;
mod disk;
mod heads;
mod ids;
mod kept;
mod member;
mod outline;
mod pack;
mod path;
mod sketch;
mod time;

pub use content::{Content, Kind, TEXT_LIMIT_BYTES, kind_of};
pub use disk::{
    Found, Observed, Problem, ProblemKind, Seen, Source, Stamp, Step, StepDone, StepError, Walk,
    Writer,
};
pub use heads::Heads;
pub use ids::{ChangeHash, ContentHash, Digest, FileId, IdError, Life, PeerId, VaultId};
pub use kept::{StoredDocument, Write};
pub use member::{ADDRESSES_LIMIT, Member};
pub use outline::{
    CHUNK_BYTES, chunk_count, chunk_entry, chunk_len, outline_of_bytes, verify_chunk,
    verify_outline,
};
pub use pack::{InPack, PackedTexts, TEXT_PACK_BYTES, TextPack};
pub use path::{NAME_LIMIT_BYTES, PATH_LIMIT_BYTES, PathError, VaultPath};
pub use sketch::Sketch;
pub use time::{Tick, WallMs};
