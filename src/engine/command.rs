//! What a person or a script can ask of a running engine.

use super::config::Background;
use crate::model::{Digest, PeerId, WallMs};

/// Pairs a one-shot with its end; chosen by the asker.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ShotId(pub u64);

/// One request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    /// Honour a ticket: whoever presents `secret` before `expires` becomes a member, `uses` times.
    Invite {
        /// 32 random bytes.
        secret: [u8; 32],
        /// When it ends, by this device's wall clock.
        expires: WallMs,
        /// How many devices may use it.
        uses: u32,
    },
    /// Present a ticket's secret to the device that made it; then work as a one-shot `sync` with it.
    Join {
        /// Named in the reports.
        shot: ShotId,
        /// Who made the ticket.
        peer: PeerId,
        /// Where it can be reached.
        addresses: Vec<String>,
        /// From the ticket.
        secret: [u8; 32],
    },
    /// Take in local edits, then meet peers once. Ends with [`super::Report::Done`].
    Shot {
        /// Named in the reports.
        shot: ShotId,
        /// Whom; empty means everyone.
        peers: Vec<PeerId>,
        /// What to do.
        mode: ShotMode,
        /// Only say what would happen.
        dry_run: bool,
    },
    /// The run's time is over: end this one-shot with what there is.
    ShotTimeout(ShotId),
    /// Let the next mass deletion pass.
    AllowMassDelete,
    /// Settle the entry of the ledger with this key, and carry the verdict out.
    Resolve(Vec<u8>, super::ledger::Verdict),
    /// Change a member's name.
    RenamePeer(PeerId, String),
    /// Refuse a member from now on, and tell the others.
    RemovePeer(PeerId),
    /// Remember an address of a member.
    AddAddress(PeerId, String),
    /// This device's own addresses are now these.
    OwnAddresses(Vec<String>),
    /// The time of day, for expiry of tickets and times of edits; sent with every batch of inputs.
    WallClock(WallMs),
    /// What becomes of old files that peers lack, from now on.
    Background(Background),
    /// Take in what is pending, make it durable, say goodbye, then [`super::Report::Stopped`].
    Stop,
}

/// What a one-shot does with the peers it meets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ShotMode {
    /// Give what they lack.
    Push,
    /// Take what is lacking here.
    Pull,
    /// Both.
    Sync,
}

/// How a one-shot went with one peer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ShotOutcome {
    /// The peer proved the same digest (or, one-way, has or gave everything in scope).
    InSync,
    /// Both vaults agree, but one of the disks does not follow until a person agrees there.
    HeldBack,
    /// It was not reached.
    Unreachable,
    /// The time was over first.
    Timeout,
    /// It refused this device, or the ticket.
    Refused(Refusal),
    /// Something went wrong on the way.
    Error,
}

/// Why two devices do not talk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// The other does not know this device (any more).
    Member,
    /// The ticket is not valid (any more).
    Ticket,
    /// They speak different versions of the protocol.
    Version,
    /// They hold different vaults.
    Vault,
}

/// What a one-shot did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShotResult {
    /// Files and bytes given.
    pub sent_files: u64,
    /// Bytes given, as they went over the wire.
    pub sent_bytes: u64,
    /// Files taken.
    pub received_files: u64,
    /// Bytes taken, as they came over the wire.
    pub received_bytes: u64,
    /// Files in which concurrent edits met.
    pub merged: u64,
    /// New entries in the merge ledger.
    pub conflicts: u64,
    /// One line for each peer.
    pub peers: Vec<(PeerId, String, ShotOutcome, String)>,
    /// The vault's digest at the end.
    pub digest: Digest,
    /// In a dry run: what would be taken in, given and taken, by path.
    pub would: Vec<(String, String)>,
}
