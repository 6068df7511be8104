//! What the engine asks of the world.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::job::Job;
use super::report::Report;
use crate::model::{Content, ContentHash, FileId, PeerId, Step, VaultPath, Write, Writer};
use crate::wire::{Lane, Message};

/// Pairs an answer with the effect that asked; from a counter inside the engine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Op(pub u64);

/// One connection to one peer; numbered by whoever makes connections, never reused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LinkId(pub u64);

/// Plain data saying what must happen. Every variant with an `op` is answered by exactly one
/// [`super::Input`] carrying the same `op`, also on failure. Effects of one drain may be carried out
/// in any order, except that [`Effect::Send`]s of one lane keep theirs, that [`Effect::Step`]s keep
/// theirs, and that [`Effect::Append`]s and [`Effect::KeepTexts`] keep theirs among each other.
#[derive(Debug)]
pub enum Effect {
    /// Walk the whole vault. Answer: [`super::Input::Scanned`].
    Scan {
        /// Echoed in the answer.
        op: Op,
    },
    /// Look at one path and read it. Answer: [`super::Input::Read`].
    Read {
        /// Echoed in the answer.
        op: Op,
        /// Which path.
        path: VaultPath,
        /// Whether a save may be under way there.
        writer: Writer,
    },
    /// Change the folder. Steps of one drain share one durability barrier.
    /// Answer: [`super::Input::Stepped`].
    Step {
        /// Echoed in the answer.
        op: Op,
        /// What to do.
        step: Step,
    },
    /// Compute the chunk outline of a file that must still hold `content`.
    /// Answer: [`super::Input::Outlined`].
    Outline {
        /// Echoed in the answer.
        op: Op,
        /// Where to find the bytes.
        from: Shelf,
        /// What they must be (for a part: what it is to become).
        content: Content,
    },
    /// Read one chunk. Answer: [`super::Input::ChunkRead`].
    ReadChunk {
        /// Echoed in the answer.
        op: Op,
        /// Where to find the bytes.
        path: VaultPath,
        /// The whole content they belong to.
        content: Content,
        /// Which chunk, from zero.
        index: u32,
    },
    /// Put one chunk into the part kept for `content`. Answer: [`super::Input::ChunkPut`].
    PutChunk {
        /// Echoed in the answer.
        op: Op,
        /// The whole content it belongs to.
        content: Content,
        /// Which chunk, from zero.
        index: u32,
        /// Its bytes.
        bytes: Vec<u8>,
    },
    /// Read a document from the store. Answer: [`super::Input::Loaded`].
    Load {
        /// Echoed in the answer.
        op: Op,
        /// Whose document.
        id: FileId,
    },
    /// Read a text from the store. Answer: [`super::Input::TextLoaded`].
    LoadText {
        /// Echoed in the answer.
        op: Op,
        /// Which text.
        hash: ContentHash,
    },
    /// Look for packs that hold nothing else than these texts. Answer: [`super::Input::PacksLoaded`].
    LoadPacks {
        /// Echoed in the answer.
        op: Op,
        /// Which texts, the most urgent first.
        texts: Vec<ContentHash>,
        /// Others that may lie in the packs, for whoever gets these has them.
        known: Vec<ContentHash>,
    },
    /// Make these writes durable, all or none. Appends of one drain may share a transaction.
    /// Answer: [`super::Input::Appended`].
    Append {
        /// Echoed in the answer.
        op: Op,
        /// What to keep.
        writes: Arc<[Write]>,
    },
    /// Forget every text but these; a bounded part of it, if that is much. Comes after every append
    /// asked for before, and before every later one. Answer: [`super::Input::TextsKept`].
    KeepTexts {
        /// Echoed in the answer.
        op: Op,
        /// The texts that are needed.
        keep: BTreeSet<ContentHash>,
    },
    /// Connect to a peer. Answer: [`super::Input::LinkUp`] naming it, or
    /// [`super::Input::DialFailed`].
    Dial {
        /// Whom.
        peer: PeerId,
        /// Socket addresses to try beside what discovery knows.
        addresses: Vec<String>,
    },
    /// Encode and send one message. Once the transport has taken it: [`super::Input::Sent`].
    Send {
        /// To whom.
        link: LinkId,
        /// On which stream.
        lane: Lane,
        /// What.
        message: Message,
    },
    /// Send what is queued, then end the connection. Answer: [`super::Input::LinkDown`].
    Close {
        /// Which.
        link: LinkId,
    },
    /// Run `job` off the loop. Answer: [`super::Input::Computed`].
    Compute {
        /// Echoed in the answer.
        op: Op,
        /// Pure work.
        job: Box<Job>,
    },
    /// Tell the user. Not answered.
    Report(Report),
}

/// Where bytes lie that are to be outlined.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Shelf {
    /// A file of the vault.
    File(VaultPath),
    /// The chunks received so far.
    Part,
}

/// A quick count of what is asked, by the name of the effect; for traces and tests.
pub type Counts = BTreeMap<&'static str, u64>;
