//! Everything one device can say to another.

use serde::{Deserialize, Serialize};

use super::packed::Packed;
use crate::model::{
    ChangeHash, Content, ContentHash, Digest, FileId, Heads, InPack, Kind, Member, VaultId,
    VaultPath,
};

/// The version of the protocol that this build speaks; part of the hello.
pub const PROTOCOL_VERSION: u16 = 1;

/// The streams of a connection, most urgent first. Order holds within a lane, not across lanes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Lane {
    /// Hello, comparison, acknowledgements: small and never behind anything large.
    Control,
    /// Edits made just now.
    Live,
    /// Records, documents and small contents that were queued.
    Bulk,
    /// Chunks of contents.
    Blob,
}

impl Lane {
    /// All lanes, most urgent first; the position is the lane's number on the wire.
    pub const ALL: [Self; 4] = [Self::Control, Self::Live, Self::Bulk, Self::Blob];
}

/// One message; each travels in one frame of one lane.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Message {
    /// First words of a device that nobody paired yet.
    Pair(Pair),
    /// The answer to a valid [`Message::Pair`]; a hello of both sides follows.
    Paired {
        /// Everyone who belongs to the vault, the sender included.
        members: Vec<Member>,
    },
    /// First words between paired devices, from both sides.
    Hello(Hello),
    /// News of who belongs to the vault.
    Members(Vec<Member>),
    /// Sums of the first level, from the device with the smaller id; their number is the fan-out.
    Sums(Vec<Digest>),
    /// The answer: sums of the second level below each first-level node that differs.
    Leaves(Vec<Node>),
    /// The answer: the items of each leaf that differs.
    Items(Vec<Leaf>),
    /// What the sender holds of files that differ. `reply` asks for the same in return.
    States {
        /// Whether the receiver shall answer with its own states of these files.
        reply: bool,
        /// One for each file.
        states: Vec<(FileId, State)>,
    },
    /// The comparison is through: every file that differs has been named.
    Compared,
    /// Files, whole or as changes.
    Deliver(Vec<Delivery>),
    /// What was delivered is durable; the digest is that of the item as the receiver now holds it.
    Ack(Vec<(FileId, Digest)>),
    /// A delivery built on changes the receiver lacks: this is what it holds.
    Need(Vec<(FileId, State)>),
    /// Nothing is on its way from the sender, and this is the digest of its vault.
    Settled {
        /// Sum over all files.
        digest: Digest,
        /// Whether the sender still has files to write to its disk or contents to fetch.
        busy: bool,
        /// Files of which its disk is not what its vault says, until a person agrees: deleted or
        /// emptied at once, here or elsewhere.
        held: u64,
    },
    /// Asks for the outline of a content.
    OutlineWant(Content),
    /// The chaining values of its chunks, in order; see `wire` for how they add up to the hash.
    Outline {
        /// Of which content.
        hash: ContentHash,
        /// One for each chunk.
        chunks: Vec<ContentHash>,
    },
    /// Asks for one chunk.
    ChunkWant {
        /// Of which content.
        content: Content,
        /// Which chunk, from zero.
        index: u32,
    },
    /// One chunk.
    Chunk {
        /// Of which content.
        hash: ContentHash,
        /// Which chunk, from zero.
        index: u32,
        /// Its bytes; shorter than the others only at the end.
        #[serde(with = "super::bytes::one")]
        bytes: Vec<u8>,
    },
    /// The sender no longer holds this content.
    ContentGone(ContentHash),
    /// The sender ends the connection, and why.
    Bye(Bye),
    /// The sender holds these versions, which another device brought: whoever lacks one answers with
    /// [`Message::States`], and whoever was to send one need not.
    Holds(Vec<(FileId, [u8; 8])>),
    /// News of where the receiver is to begin with what it gives.
    Share(Share),
    /// Texts as they were born, in a pack of the sender's store. Never decoded: what comes out of its
    /// frame is a [`Message::Deliver`] with the texts.
    Packed(Packed),
}

/// Which part of what a device lacks comes first from one of those that give to it at once. Each
/// begins with its own, and goes on with the others' only where they do not come forward.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Share {
    /// Which part, from zero.
    pub part: u8,
    /// Of how many.
    pub of: u8,
}

impl Default for Share {
    /// Everything.
    fn default() -> Self {
        Self { part: 0, of: 1 }
    }
}

impl Share {
    /// Whether there are others.
    pub const fn is_one_of_many(self) -> bool {
        self.of > 1
    }

    /// Whether a file is in this part: its identity is a hash, so that any byte of it tells.
    pub const fn holds(self, id: &FileId) -> bool {
        let [.., byte] = *id.as_bytes();
        !self.is_one_of_many() || byte % self.of == self.part
    }
}

/// A stranger's proof that a member invited it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pair {
    /// As [`Hello::version`].
    pub version: u16,
    /// The secret of the ticket.
    pub secret: [u8; 32],
    /// What the new device is called.
    pub name: String,
    /// Where it can be reached.
    pub addresses: Vec<String>,
}

/// The first words between paired devices.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hello {
    /// [`PROTOCOL_VERSION`] of the sender.
    pub version: u16,
    /// The vault this is about.
    pub vault: VaultId,
    /// The sender's digest.
    pub digest: Digest,
    /// How many files the sum is over, tombstones included; decides the fan-out.
    pub files: u64,
    /// Whether the sender wants to give (false in a pull).
    pub gives: bool,
    /// Whether the sender wants to take (false in a push).
    pub takes: bool,
    /// A digest of the member list; a difference makes both sides send theirs.
    pub members: Digest,
    /// Where the receiver is to begin with what it gives.
    pub share: Share,
}

/// Second-level sums below one first-level node.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Node {
    /// Which first-level node.
    pub node: u16,
    /// One for each leaf of it.
    pub leaves: Vec<Digest>,
}

/// The items of one leaf.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Leaf {
    /// Which first-level node.
    pub node: u16,
    /// Which leaf of it.
    pub leaf: u16,
    /// Files with the first eight bytes of their digests.
    pub items: Vec<(FileId, [u8; 8])>,
}

/// What a device holds of one file, enough to know what it lacks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum State {
    /// Nothing.
    Absent,
    /// The file as it was born.
    Plain {
        /// How it is merged.
        kind: Kind,
        /// What it holds.
        content: Content,
    },
    /// A document.
    Document {
        /// Its version.
        heads: Heads,
        /// Some earlier changes, ever further back, so that a common one is found.
        recent: Vec<ChangeHash>,
    },
}

/// One file on its way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Delivery {
    /// Which file.
    pub id: FileId,
    /// The path it was born under.
    pub birth: VaultPath,
    /// How many files were born under that path before it.
    pub generation: u32,
    /// Modification time of the sender's content, in milliseconds since 1970: a hint.
    pub mtime_ms: i64,
    /// The first four bytes of the ids of those who have it from the sender, or are getting it right
    /// now, of a live edit: they need not get it from the receiver as well.
    pub others: Vec<[u8; 4]>,
    /// What is delivered of it.
    pub body: Body,
    /// The pack that the text came in; does not travel.
    #[serde(skip)]
    pub packed: Option<InPack>,
}

/// What is delivered of a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Body {
    /// The file as it was born.
    Plain {
        /// How it is merged.
        kind: Kind,
        /// What it holds.
        content: Content,
        /// The bytes; absent for those large enough to be asked for.
        #[serde(with = "super::bytes::maybe")]
        bytes: Option<Vec<u8>>,
    },
    /// A whole document, as `docs` saves it.
    Document {
        /// Its bytes.
        #[serde(with = "super::bytes::one")]
        bytes: Vec<u8>,
    },
    /// Changes for a document that the receiver holds, or can make.
    Changes {
        /// The version after them.
        heads: Heads,
        /// The birth they build on, when the receiver holds the file without a document.
        import: Option<(Kind, Content)>,
        /// Each as `docs` encodes it, in causal order.
        #[serde(with = "super::bytes::many")]
        changes: Vec<Vec<u8>>,
    },
}

/// Why a device ends a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Bye {
    /// Its work is done.
    Done,
    /// It does not know the other, or was told to refuse it.
    Refused,
    /// The ticket is not valid (any more).
    Ticket,
    /// It speaks another version, given here.
    Version(u16),
    /// It holds another vault.
    OtherVault,
    /// The other broke the protocol.
    Protocol,
    /// It serves its limit of peers at once; try again later.
    Full,
}
