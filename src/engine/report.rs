//! What the engine tells its user; the watch events of the command-line contract, as data.

use super::command::{ShotId, ShotResult};
use crate::model::{Digest, PeerId, Problem, VaultPath};

/// One piece of news.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Report {
    /// The folder is watched and what changed while stopped is taken in.
    Ready {
        /// The vault's digest.
        digest: Digest,
        /// Files that exist.
        files: u64,
    },
    /// A peer is there, hello exchanged.
    PeerConnected(PeerId),
    /// A peer is gone.
    PeerDisconnected(PeerId, String),
    /// A stranger was turned away, or we were; with the reason.
    PeerRefused(PeerId, String),
    /// A ticket was used by this new member.
    Paired(PeerId, String),
    /// An edit on disk became durable.
    TakenIn {
        /// Where.
        path: VaultPath,
        /// How many operations it took (zero for a file without a document).
        ops: u64,
        /// Milliseconds since the first hint.
        ms: u64,
    },
    /// A change left for a peer.
    Sent {
        /// Of which file.
        path: VaultPath,
        /// To whom.
        peer: PeerId,
        /// Bytes of content or changes, before framing.
        bytes: u64,
    },
    /// A peer's change reached the disk, durably.
    Written {
        /// Where.
        path: VaultPath,
        /// From whom.
        peer: Option<PeerId>,
        /// Milliseconds since it came in.
        ms: u64,
    },
    /// A file has another path.
    Renamed {
        /// The new path.
        path: VaultPath,
        /// The old one.
        from: VaultPath,
        /// Who did it; `None`: this device.
        peer: Option<PeerId>,
    },
    /// A file was deleted.
    Deleted {
        /// Where it was.
        path: VaultPath,
        /// Who did it; `None`: this device.
        peer: Option<PeerId>,
    },
    /// Concurrent edits met in this file.
    Merged(VaultPath),
    /// A choice had to be made; it is in the ledger.
    Conflict(VaultPath, String),
    /// The peer proved the same digest, with nothing under way on either side.
    InSync(PeerId, Digest),
    /// The peer proved the same digest, but one of both disks does not follow it until a person
    /// agrees.
    HeldBack {
        /// Who.
        peer: PeerId,
        /// Files held back there.
        there: u64,
        /// Files held back here.
        here: u64,
    },
    /// One path has a problem, or (message empty) has it no more.
    Problem(Problem),
    /// The brake holds deletions back.
    Brake {
        /// Why, for people.
        reason: String,
        /// How many files are concerned.
        count: u64,
    },
    /// How far a longer piece of work is, for progress bars: done, in all, what.
    Progress {
        /// Done so far.
        done: u64,
        /// In all, as far as known.
        total: u64,
        /// Of what.
        what: Work,
    },
    /// A one-shot ended.
    Done(ShotId, Box<ShotResult>),
    /// The store failed; nothing can be kept. The process must end.
    Failed(String),
    /// Everything pending is durable and every link is closed.
    Stopped,
}

/// Kinds of longer work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Work {
    /// Reading the folder.
    TakingIn,
    /// Receiving files.
    Receiving,
    /// Sending files.
    Sending,
}
