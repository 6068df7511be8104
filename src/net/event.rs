//! What the network tells.

use crate::model::PeerId;

/// One connection that both sides agreed to keep; counted up from one, never used again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LinkNo(pub u64);

/// One thing that happened. For each link: one [`Event::Up`], then frames and sents, then one
/// [`Event::Down`], then nothing. For each peer the [`Event::Down`] of one link comes before the
/// [`Event::Up`] of the next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// A link stands.
    Up {
        /// Its number.
        link: LinkNo,
        /// Who is at the other end, proven by its key.
        peer: PeerId,
        /// Whether this side dialled the connection that was kept.
        dialled: bool,
    },
    /// A peer could not be reached.
    DialFailed {
        /// Whom.
        peer: PeerId,
        /// In which way.
        kind: DialFailure,
        /// Why, for people.
        text: String,
    },
    /// A whole frame came.
    Frame {
        /// From where.
        link: LinkNo,
        /// On which lane.
        lane: u8,
        /// Its bytes, at most the lane's limit; on the wire it took
        /// [`super::FRAME_HEADER_BYTES`] more.
        bytes: Vec<u8>,
    },
    /// QUIC took one frame whole; room for another on this lane.
    Sent {
        /// To where.
        link: LinkNo,
        /// On which lane.
        lane: u8,
        /// Bytes of the frame with its header, before encryption.
        wire_bytes: u64,
    },
    /// A link ended.
    Down {
        /// Which.
        link: LinkNo,
        /// Why, for people.
        reason: String,
    },
}

/// In which way a dial failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DialFailure {
    /// Nobody answered (in time), or the answer was a refusal.
    Unreachable,
    /// The peer answered, but in no protocol that this build speaks.
    Version,
}

/// How a link is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Figures {
    /// Which.
    pub link: LinkNo,
    /// Who is at the other end.
    pub peer: PeerId,
    /// Whether the bytes go through a relay; `None` while no path is chosen.
    pub relayed: Option<bool>,
    /// The estimated time to the peer and back, in milliseconds.
    pub rtt_ms: Option<u64>,
    /// UDP payload bytes sent since the link stands.
    pub sent_bytes: u64,
    /// UDP payload bytes received since the link stands.
    pub received_bytes: u64,
}
