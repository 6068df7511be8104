//! What can go wrong before there is a link.

use std::io;

use super::LinkNo;

/// Why the network did not do what was asked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Another process listens there.
    #[error("UDP port {0} is in use by another program")]
    PortInUse(u16),
    /// The socket could not be made.
    #[error("cannot bind {at}")]
    Socket {
        /// The address, as text.
        at: String,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// The endpoint could not be made for another reason.
    #[error("cannot start the network endpoint: {0}")]
    Endpoint(String),
    /// A configured relay is no URL.
    #[error("{url:?} is not a relay URL: {why}")]
    Relay {
        /// What was configured.
        url: String,
        /// What is wrong with it.
        why: String,
    },
    /// The operating system gave no random bytes.
    #[error("no random bytes from the system: {0}")]
    Random(String),
    /// The link ended; its [`super::Event::Down`] came or is on its way.
    #[error("link {} is gone", .0.0)]
    Gone(LinkNo),
    /// There is no such lane.
    #[error("there is no lane {0}")]
    Lane(u8),
    /// The peer would refuse a frame of this size.
    #[error("a frame of {got_bytes} bytes is above the limit of {limit_bytes} on lane {lane}")]
    TooLarge {
        /// On which lane.
        lane: u8,
        /// The frame's size.
        got_bytes: usize,
        /// The lane's limit.
        limit_bytes: u32,
    },
    /// The text does not begin like a ticket.
    #[error("this is not a vault-sync ticket; a ticket starts with {expected:?}")]
    NotATicket {
        /// How tickets start.
        expected: &'static str,
    },
    /// The text begins like a ticket, but characters are missing, added or changed.
    #[error("the ticket is damaged: copy the whole line again")]
    Mangled,
    /// A newer program made the ticket.
    #[error("the ticket has version {0}, which this build does not know: update vault-sync")]
    TicketVersion(u8),
}
