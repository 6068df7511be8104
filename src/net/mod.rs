//! The iroh endpoint: tickets, connections, bounded frames.
//!
//! - Owns: the UDP socket, the QUIC connections, the text form of an invitation ([`Ticket`]).
//! - Called by: `app`, which translates between [`Event`]s and the engine's inputs.
//! - Never: looks into a frame, decides who belongs to the vault, retries.
//! - Invariants: one link per peer at most; for each link one up, then frames, then one down; no
//!   wait without a limit; nothing a stranger does takes more memory than [`STRANGER_WINDOW_BYTES`]
//!   and a few small frames.
//!
//! # A link
//!
//! A connection speaks the protocol [`ALPN`] and is proven by the keys of both devices. It has no
//! two-way streams. From each side it has one *own* stream, opened first, and up to [`LANES`]
//! *lanes*, each opened at first use:
//!
//! | stream | bytes |
//! |---|---|
//! | own | `ff`, then eight bytes that name the speaker's *life*; later `02` and one byte with the set of lanes used (bit 0 is lane 0): *goodbye*; `03`: *received* |
//! | lane *n* | the byte *n*, then frames: length as `u32`, big endian, then that many bytes |
//!
//! Lower lanes go first whenever there is a choice, and own streams before all lanes. Each lane has
//! its own flow control ([`LANE_WINDOW_BYTES`]), and the sender's buffer holds the windows of all
//! lanes, so a lane that is full or not read never holds up another.
//!
//! **Agreeing on one link.** When two devices dial each other in the same moment there are two
//! connections. The device with the smaller id decides for both: it opens its own stream only on
//! the connection that it keeps, which is the first one it sees, and closes any other with code 1.
//! The device with the greater id opens its own stream at once and waits. A device's life is a
//! random number of its process plus the number of its last link with this peer, so it changes with
//! a restart and with the end of every link. A second connection of the *same* life was made in the
//! same moment and is a duplicate. Another life means that the first connection is dead to the
//! peer: then the link that stands gives way. So there is never more than one, and while one
//! connection works there is never none.
//!
//! **Ending a link.** Closing a QUIC connection throws away what the other side has not read yet.
//! So the closing side finishes its lanes and says *goodbye*; the other side takes no more frames
//! either, sends what it has queued, and says *goodbye* too. Each says *received* once all frames
//! of the other were handed to its owner. A side that said and heard both closes the connection;
//! after [`CLOSE_TIMEOUT`] it does so in any case.
//!
//! | code | a connection is closed because |
//! |---|---|
//! | 0 | all is said |
//! | 1 | another connection between the same two is kept |
//! | 2 | a rule of this room was broken |
//! | 3 | a stranger said nothing in time, or too much |
//! | 4 | the peer has a newer connection, and this one is dead to it |
//! | 5 | a frame was announced that is above the lane's limit |
//! | 6 | the peer took, or sent, next to nothing of a frame for too long, or too much waits for it |
//!
//! # Strangers
//!
//! Who belongs to the vault is for the engine to say. Until it did ([`Net::trust`], or
//! [`Net::allow`] in advance; whom we dialled is trusted, for we chose it), an accepted peer is a
//! stranger: at most [`STRANGERS_LIMIT`] at once, dropped when silent for
//! [`STRANGER_TIMEOUT`]; frames above [`STRANGER_FRAME_BYTES`] and lanes other than 0 are left
//! unread until it is trusted, for as long again, then it is dropped.
//!
//! # The slow
//!
//! A peer that stops reading, or sends a frame byte by byte, keeps its link alive for QUIC. While a
//! frame is under way in either direction some kilobytes must move within each [`STALL_TIMEOUT`],
//! over all lanes together, for lower lanes rightly wait for higher ones; else the link ends with
//! code 6. No more than [`QUEUED_LIMIT_BYTES`] wait for one peer.
//!
//! # Costs
//!
//! One round trip for the handshake, one half more until both sides know the link stands (one whole
//! where the greater id dials). Idle: on each path whoever dialled asks for a sign of life after almost
//! five seconds of silence and is answered, two packets of about 60 bytes; iroh takes no longer
//! interval, and gives nobody a path to set it on. A peer that vanished without a word is noticed
//! after [`IDLE_TIMEOUT`].

mod bind;
mod endpoint;
mod error;
mod event;
mod lane;
mod link;
mod meet;
mod options;
mod pace;
mod table;
#[cfg(test)]
mod tests;
mod ticket;

use std::time::Duration;

pub use endpoint::{Net, id_of};
pub use error::Error;
pub use event::{DialFailure, Event, Figures, LinkNo};
pub use options::{
    CONNECT_TIMEOUT, Discovery, IDLE_TIMEOUT, Options, Relay, STALL_TIMEOUT, STRANGER_TIMEOUT,
};
pub use ticket::{TICKET_PREFIX, Ticket};

/// The protocol's name in the handshake; a device that knows no common name is not talked to.
pub const ALPN: &[u8] = b"vault-sync/1";

/// How many lanes a link has in each direction; lane 0 is the most urgent.
pub const LANES: usize = 4;

/// Bytes that a frame takes on the wire beside its own.
pub const FRAME_HEADER_BYTES: usize = 4;

/// Most connections at once, dialled and accepted. More than a person's devices; a greater number
/// only helps those who attack.
pub const CONNECTIONS_LIMIT: usize = 64;

/// Most accepted connections at once whose peer is not trusted yet. A smaller number lets one
/// attacker lock out a device that joins, a greater one costs memory under attack.
pub const STRANGERS_LIMIT: usize = 16;

/// Largest frame that is read from a stranger; a hello has about 100 bytes, a first word with a
/// ticket's secret at most 1 KiB.
pub const STRANGER_FRAME_BYTES: u32 = 4096;

/// What a stranger may send before it is read, over all streams.
pub const STRANGER_WINDOW_BYTES: u32 = 64 * 1024;

/// What may be on its way or unread on one lane: 160 Mbit/s at 100 ms to the peer and back. Smaller
/// slows far peers down, greater costs memory on both sides.
pub const LANE_WINDOW_BYTES: u32 = 2 * 1024 * 1024;

/// What a trusted peer may send before it is read, over all streams.
pub const TRUSTED_WINDOW_BYTES: u32 = SEND_WINDOW_BYTES;

/// What is kept for sending again until the peer has it. At least the windows of all streams
/// together, or else a full lane holds up the others.
pub const SEND_WINDOW_BYTES: u32 = 5 * LANE_WINDOW_BYTES;

const _: () = assert!(
    SEND_WINDOW_BYTES as usize >= (LANES + 1) * LANE_WINDOW_BYTES as usize,
    "a full lane must not hold up another"
);

/// Most bytes of frames that wait to be sent on one link. Well above what a peer is given before it
/// confirms; who asks for more without reading it is not served.
pub const QUEUED_LIMIT_BYTES: u64 = 128 * 1024 * 1024;

/// How long a closing link waits until the peer has all that was queued.
pub const CLOSE_TIMEOUT: Duration = Duration::from_secs(5);

/// How long a second connection waits for a sign of the first.
const RIVAL_TIMEOUT: Duration = Duration::from_secs(2);
