//! A snapshot of the engine's figures, behind the `status` command.

use super::core::{Engine, Stage};
use super::link::Link;
use crate::model::{Digest, FileId, Member, PeerId, Problem, WallMs};

/// The figures.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Status {
    /// Whether the folder was looked through and what was found is durable.
    pub ready: bool,
    /// The vault's digest.
    pub digest: Digest,
    /// Files that exist.
    pub files: u64,
    /// Tombstones.
    pub deleted: u64,
    /// Files that exist and take no part on this device.
    pub left_out: u64,
    /// Bytes of all files that exist.
    pub bytes: u64,
    /// All other members that were not removed.
    pub peers: Vec<PeerStatus>,
    /// Every member, removed ones and this device included.
    pub members: Vec<Member>,
    /// What concerns single paths.
    pub problems: Vec<Problem>,
    /// Open entries of the ledger.
    pub conflicts: u64,
    /// Documents in memory.
    pub cache_documents: u64,
    /// Their measured weight.
    pub cache_bytes: u64,
    /// Loads that found the document in memory.
    pub cache_hits: u64,
    /// Loads that went to the store.
    pub cache_misses: u64,
    /// Edits and deliveries on their way through the engine.
    pub pending: u64,
}

/// One peer's figures.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PeerStatus {
    /// Who.
    pub id: PeerId,
    /// What a person calls it.
    pub name: String,
    /// Whether a link stands.
    pub connected: bool,
    /// Whether it proved the same digest and nothing changed since, and neither side holds anything
    /// back.
    pub in_sync: bool,
    /// Files that it said it holds back until a person agrees there.
    pub held_there: u64,
    /// Files held back here until a person agrees; the same for every peer.
    pub held_here: u64,
    /// When it last did.
    pub last_sync: Option<WallMs>,
    /// Files still to be sent to it.
    pub pending_out: u64,
    /// Files it announced and that are not durable here yet.
    pub pending_in: u64,
}

impl Engine {
    /// The figures behind `status`.
    pub fn status(&self) -> Status {
        let peers = self.members.others().map(|member| {
            let link = self.links.values().find(|link| link.peer == member.id && link.greeted());
            PeerStatus {
                id: member.id,
                name: member.name.clone(),
                connected: link.is_some(),
                in_sync: link.is_some_and(|link| self.in_sync(link)),
                held_there: link.map_or(0, Link::held_there),
                held_here: self.held_back(),
                last_sync: self.members.last_sync(&member.id),
                pending_out: link.map_or(0, Link::pending_out),
                pending_in: self
                    .tasks
                    .values()
                    .filter(|task| task.origin == Some(member.id))
                    .count() as u64,
            }
        });
        Status {
            ready: self.stage == Stage::Ready,
            digest: self.index.digest(),
            files: self.index.files(),
            deleted: self.index.tombstones(),
            left_out: self.left_out(),
            bytes: self.index.bytes(),
            peers: peers.collect(),
            members: self.members.all().cloned().collect(),
            problems: self.brakes().chain(self.problems.values().cloned()).collect(),
            conflicts: self.ledger.open(&self.index),
            cache_documents: self.cache.documents(),
            cache_bytes: self.cache.bytes(),
            cache_hits: self.cache.hits(),
            cache_misses: self.cache.misses(),
            pending: (self.tasks.len() + self.debounce.len() + self.intake.open()) as u64,
        }
    }

    /// How many files exist and take no part here.
    fn left_out(&self) -> u64 {
        let alive = |id: &&FileId| self.index.get(id).is_some_and(|entry| entry.alive);
        self.held.iter().filter(alive).count() as u64
    }
}
