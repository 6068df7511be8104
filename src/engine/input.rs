//! What the world tells the engine.

use super::command::Command;
use super::effect::{LinkId, Op};
use super::job::Outcome;
use crate::model::{
    ContentHash, Observed, PackedTexts, PeerId, StepDone, StepError, StoredDocument, VaultPath,
    Walk,
};
use crate::wire::{Lane, Message};

/// One thing that happened. See [`super::Effect`] for which answers which.
#[derive(Debug)]
pub enum Input {
    /// Time passed; nothing else.
    Wake,
    /// Something may have changed at these paths.
    Hint(Vec<Hint>),
    /// The walk is done; `Err` says why the vault as a whole cannot be looked at.
    Scanned {
        /// Of which effect.
        op: Op,
        /// What was met.
        result: Result<Walk, ScanError>,
    },
    /// One path was looked at.
    Read {
        /// Of which effect.
        op: Op,
        /// What is there.
        observed: Observed,
    },
    /// A step was taken, durably, or not at all.
    Stepped {
        /// Of which effect.
        op: Op,
        /// How it went.
        result: Result<StepDone, StepError>,
    },
    /// An outline was computed: for a part, one entry for each chunk whose bytes are all there
    /// (wrong ones included), `None` for the others.
    Outlined {
        /// Of which effect.
        op: Op,
        /// `Err` when the bytes are no longer those asked for, or cannot be read.
        result: Result<Vec<Option<ContentHash>>, StepError>,
    },
    /// A chunk was read.
    ChunkRead {
        /// Of which effect.
        op: Op,
        /// Its bytes.
        result: Result<Vec<u8>, StepError>,
    },
    /// A chunk was put into its part (not yet durable).
    ChunkPut {
        /// Of which effect.
        op: Op,
        /// How it went.
        result: Result<(), StepError>,
    },
    /// A document was read; `Ok(None)` when there is none, `Err` when it is damaged.
    Loaded {
        /// Of which effect.
        op: Op,
        /// What the store holds.
        result: Result<Option<StoredDocument>, String>,
    },
    /// A text was read; `Ok(None)` when there is none.
    TextLoaded {
        /// Of which effect.
        op: Op,
        /// Its bytes.
        result: Result<Option<Vec<u8>>, String>,
    },
    /// Packs were looked for; texts that lie in none of these lie elsewhere.
    PacksLoaded {
        /// Of which effect.
        op: Op,
        /// The most urgent first.
        result: Result<Vec<PackedTexts>, String>,
    },
    /// Writes are durable, or none of them were made.
    Appended {
        /// Of which effect.
        op: Op,
        /// `Err` says why, for people.
        result: Result<(), String>,
    },
    /// Answers [`super::Effect::KeepTexts`]; whether there is more to forget.
    TextsKept {
        /// Of which effect.
        op: Op,
        /// Whether the part done was not all; or why nothing was done.
        result: Result<bool, String>,
    },
    /// A connection stands.
    LinkUp {
        /// Its number.
        link: LinkId,
        /// Who is at the other end, proven.
        peer: PeerId,
        /// Whether this side dialled.
        dialled: bool,
    },
    /// A connection could not be made.
    DialFailed {
        /// To whom.
        peer: PeerId,
        /// Why, for people.
        reason: DialError,
    },
    /// A connection ended; nothing more comes from it.
    LinkDown {
        /// Which.
        link: LinkId,
        /// Why, for people.
        reason: String,
    },
    /// A message came.
    Message {
        /// From where.
        link: LinkId,
        /// On which stream.
        lane: Lane,
        /// What; decoded within limits.
        message: Message,
        /// Bytes that it took on the wire.
        wire_bytes: u64,
    },
    /// The transport took one message; room for another.
    Sent {
        /// To where.
        link: LinkId,
        /// On which stream.
        lane: Lane,
        /// Bytes that it takes on the wire.
        wire_bytes: u64,
    },
    /// A job is done.
    Computed {
        /// Of which effect.
        op: Op,
        /// What came of it; `Err` is a panic inside the job, as text.
        result: Result<Box<Outcome>, String>,
    },
    /// A person or a script wants something.
    Command(Command),
}

/// Something may have changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Hint {
    /// At this path, or below it when it is a folder.
    Path(VaultPath),
    /// At this path, into which somebody writes; [`Hint::Whole`] follows once that is over.
    Writing(VaultPath),
    /// At this path, where a file was just written to its end, or put in place whole.
    Whole(VaultPath),
    /// Anywhere: events were lost.
    Everything,
}

/// Why the vault as a whole cannot be looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ScanError {
    /// The marker is missing or names another vault: the folder is not mounted.
    Unmounted(String),
    /// The root cannot be read.
    Unreadable(String),
}

/// Why a connection could not be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DialError {
    /// Nobody answered (in time).
    Unreachable(String),
    /// It answered in another protocol.
    Version(String),
}
