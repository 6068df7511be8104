//! What a file is derived from: its identity and the actors of its first changes.

use automerge::ActorId;

use crate::model::{ChangeHash, Content, FileId, Kind, Life, PeerId, VaultId, VaultPath};

const FILE_ID: &str = "vault-sync file id v1";
const ROOT_ACTOR: &str = "vault-sync root actor v1";
const IMPORT_ACTOR: &str = "vault-sync import actor v1";
const PROMOTION_ACTOR: &str = "vault-sync promotion actor v1";
const AUTHOR_ACTOR: &str = "vault-sync author actor v1";
const FIX_UP_HEADS: &str = "vault-sync fix-up heads v1";
const MEETING: &str = "vault-sync meeting v1";
const FIX_UP_CONTENT: &str = "vault-sync fix-up content v1";

/// Where and as which file of its path a file came to be; the same on every device that met it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Birth {
    /// The vault.
    pub vault: VaultId,
    /// The path it was first seen under.
    pub path: VaultPath,
    /// How many files were born under that path before it.
    pub generation: u32,
}

impl Birth {
    /// The identity that stays through all renames: see the room's byte table.
    pub fn file_id(&self) -> FileId {
        FileId(first(&self.hash(FILE_ID)))
    }

    pub(super) fn root_actor(&self) -> ActorId {
        actor(self.hash(ROOT_ACTOR))
    }

    fn hash(&self, context: &str) -> [u8; 32] {
        derive(
            context,
            &[self.vault.as_bytes(), self.path.as_str().as_bytes(), &self.generation.to_be_bytes()],
        )
    }
}

/// Bytes of a peer's id in the actor of its changes.
const MARK_BYTES: usize = 8;

/// The first bytes of a peer's id, as its changes carry them.
pub type Mark = [u8; MARK_BYTES];

/// Who makes an edit: one device in one life of its store.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Author([u8; 16]);

impl Author {
    /// Derives the actor of `peer` in this `life`. A store made anew has another life, so that no
    /// sequence number is ever used for two different changes. Half of it names the peer, so that a
    /// history can say who.
    pub fn new(peer: PeerId, life: Life) -> Self {
        let hash = derive(AUTHOR_ACTOR, &[peer.as_bytes(), life.as_bytes()]);
        let mut bytes = [0; 16];
        bytes[..MARK_BYTES].copy_from_slice(&Self::mark(peer));
        bytes[MARK_BYTES..].copy_from_slice(&hash[..MARK_BYTES]);
        Self(bytes)
    }

    /// What a peer's changes carry of its id.
    pub fn mark(peer: PeerId) -> Mark {
        let mut mark = [0; MARK_BYTES];
        mark.copy_from_slice(&peer.as_bytes()[..MARK_BYTES]);
        mark
    }

    /// The mark in the actor of an author's change, on whichever strand. The actor of any other
    /// change gives a mark that no peer has.
    pub(super) fn mark_of(actor: &ActorId) -> Mark {
        let bytes = actor.to_bytes();
        let own = &bytes[bytes.len().saturating_sub(2 * MARK_BYTES)..];
        let mut mark = [0; MARK_BYTES];
        for (to, from) in mark.iter_mut().zip(own) {
            *to = *from;
        }
        mark
    }

    pub(super) fn actor(self) -> ActorId {
        ActorId::from(self.0)
    }
}

/// The actor of the import of `content` below the root change of `root`.
pub(super) fn import_actor(root: &ActorId, kind: Kind, content: &Content) -> ActorId {
    actor(derive(
        IMPORT_ACTOR,
        &[
            root.to_bytes(),
            &[super::register::kind_byte(kind)],
            content.hash.as_bytes(),
            &content.size.to_be_bytes(),
        ],
    ))
}

/// The actor of the promotion that stands on the import of `import`.
pub(super) fn promotion_actor(import: &ActorId) -> ActorId {
    actor(derive(PROMOTION_ACTOR, &[import.to_bytes()]))
}

/// First half of a fix-up's actor: names the heads that it joins, so that it can be recognised.
pub(super) fn fix_up_mark(heads: &[automerge::ChangeHash]) -> [u8; 8] {
    let mut sorted: Vec<&[u8]> = heads.iter().map(AsRef::as_ref).collect();
    sorted.sort_unstable();
    first(&derive(FIX_UP_HEADS, &sorted))
}

/// Names the meeting of `heads` that needed no fix-up.
pub(super) fn meeting_rev(heads: &[automerge::ChangeHash]) -> ChangeHash {
    let mut sorted: Vec<&[u8]> = heads.iter().map(AsRef::as_ref).collect();
    sorted.sort_unstable();
    ChangeHash(derive(MEETING, &sorted))
}

/// The actor of the fix-up that joins `heads` by writing `operations`. What is written is part of
/// it: two versions of this program that merge differently make two changes, never two different
/// ones under one sequence number, which every peer would refuse for ever.
pub(super) fn fix_up_actor(heads: &[automerge::ChangeHash], operations: &[u8]) -> ActorId {
    let mut bytes = fix_up_mark(heads).to_vec();
    bytes.extend(first::<8>(&derive(FIX_UP_CONTENT, &[operations])));
    ActorId::from(bytes)
}

fn actor(hash: [u8; 32]) -> ActorId {
    ActorId::from(first::<16>(&hash))
}

fn first<const N: usize>(hash: &[u8; 32]) -> [u8; N] {
    let mut out = [0; N];
    out.copy_from_slice(&hash[..N]);
    out
}

/// BLAKE3 in derive-key mode over the fields, each after its length as `u64` big endian.
fn derive(context: &str, fields: &[&[u8]]) -> [u8; 32] {
    let mut hasher = blake3::Hasher::new_derive_key(context);
    for field in fields {
        hasher.update(&(field.len() as u64).to_be_bytes());
        hasher.update(field);
    }
    *hasher.finalize().as_bytes()
}
