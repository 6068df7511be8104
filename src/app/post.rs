//! Messages to frames and back, beside the driver's loop.
//!
//! - Out: control and live messages are encoded where they are sent; bulk and chunks (up to 16 MiB,
//!   compressed) go through a queue of their own, so that packing them never holds up an edit.
//! - In: one task decodes in the order of arrival, and waits while the driver has enough to do; then
//!   nothing more is read from the peers.

use std::collections::BTreeMap;
use std::sync::Arc;

use tokio::sync::mpsc;

use crate::engine::{DialError, Input, LinkId};
use crate::net::{DialFailure, Event, FRAME_HEADER_BYTES, LinkNo, Net};
use crate::wire::{self, Lane, Message};

/// Something for a peer.
#[derive(Debug)]
pub(crate) enum Parcel {
    /// One message.
    Frame(LinkId, Lane, Message),
    /// Nothing more.
    Close(LinkId),
}

/// The way out to all peers.
#[derive(Debug)]
pub(crate) struct Post {
    net: Arc<Net>,
    slow: mpsc::UnboundedSender<Parcel>,
}

impl Post {
    /// Starts the queue of slow parcels. It has no limit of its own, for the engine waits for the
    /// answer to what it sent.
    pub(crate) fn start(net: Arc<Net>) -> Self {
        let (slow, mut parcels) = mpsc::unbounded_channel();
        let carrier = Arc::clone(&net);
        tokio::spawn(async move {
            while let Some(parcel) = parcels.recv().await {
                match parcel {
                    Parcel::Frame(link, lane, message) => send(&carrier, link, lane, &message),
                    Parcel::Close(link) => carrier.close(LinkNo(link.0)),
                }
            }
        });
        Self { net, slow }
    }

    /// Sends one message; lanes keep their order.
    pub(crate) fn send(&self, link: LinkId, lane: Lane, message: Message) {
        if is_welcome(&message) {
            self.net.trust(LinkNo(link.0));
        }
        match lane {
            Lane::Control | Lane::Live => send(&self.net, link, lane, &message),
            Lane::Bulk | Lane::Blob => self.slow(Parcel::Frame(link, lane, message)),
        }
    }

    /// Ends a connection after everything sent before.
    pub(crate) fn close(&self, link: LinkId) {
        self.slow(Parcel::Close(link));
    }

    /// Connects to a peer.
    pub(crate) fn dial(&self, peer: crate::model::PeerId, addresses: &[String]) {
        self.net.dial(peer, addresses);
    }

    fn slow(&self, parcel: Parcel) {
        if self.slow.send(parcel).is_err() {
            tracing::error!("the queue of parcels is gone");
        }
    }
}

/// Whether sending this means that the engine takes the peer for a member, or asks to be one.
const fn is_welcome(message: &Message) -> bool {
    matches!(message, Message::Hello(_) | Message::Pair(_) | Message::Paired { .. })
}

fn send(net: &Net, link: LinkId, lane: Lane, message: &Message) {
    let link = LinkNo(link.0);
    match net.send(link, lane_number(lane), wire::encode(message)) {
        // What was meant for a link that is gone is answered by its end.
        Ok(()) | Err(crate::net::Error::Gone(_)) => {}
        Err(error) => {
            tracing::error!(%error, "a message cannot be sent; the link is closed");
            net.close(link);
        }
    }
}

/// A lane's number on the wire.
pub(crate) fn lane_number(lane: Lane) -> u8 {
    match lane {
        Lane::Control => 0,
        Lane::Live => 1,
        Lane::Bulk => 2,
        Lane::Blob => 3,
    }
}

/// Turns events of the network into inputs, until either end is gone.
pub(crate) async fn take_in(
    net: Arc<Net>,
    mut events: mpsc::Receiver<Event>,
    inputs: mpsc::Sender<Input>,
) {
    let mut broken: BTreeMap<LinkNo, String> = BTreeMap::new();
    while let Some(event) = events.recv().await {
        let Some(input) = input_of(event, &net, &mut broken) else {
            continue;
        };
        if inputs.send(input).await.is_err() {
            return;
        }
    }
}

/// One event as an input; `None` for frames that come after one that could not be understood.
fn input_of(event: Event, net: &Net, broken: &mut BTreeMap<LinkNo, String>) -> Option<Input> {
    Some(match event {
        Event::Up { link, peer, dialled } => Input::LinkUp { link: LinkId(link.0), peer, dialled },
        Event::DialFailed { peer, kind, text } => Input::DialFailed {
            peer,
            reason: match kind {
                DialFailure::Unreachable => DialError::Unreachable(text),
                DialFailure::Version => DialError::Version(text),
            },
        },
        Event::Frame { link, lane, bytes } => {
            if broken.contains_key(&link) {
                return None;
            }
            match decode(lane, &bytes) {
                Ok((lane, message)) => Input::Message {
                    link: LinkId(link.0),
                    lane,
                    message,
                    wire_bytes: (bytes.len() + FRAME_HEADER_BYTES) as u64,
                },
                Err(reason) => {
                    tracing::warn!(link = link.0, reason, "a peer sent nonsense");
                    broken.insert(link, reason);
                    net.close(link);
                    return None;
                }
            }
        }
        Event::Sent { link, lane, wire_bytes } => Input::Sent {
            link: LinkId(link.0),
            lane: *Lane::ALL.get(usize::from(lane))?,
            wire_bytes,
        },
        Event::Down { link, reason } => {
            Input::LinkDown { link: LinkId(link.0), reason: broken.remove(&link).unwrap_or(reason) }
        }
    })
}

fn decode(lane: u8, bytes: &[u8]) -> Result<(Lane, Message), String> {
    let Some(&lane) = Lane::ALL.get(usize::from(lane)) else {
        return Err(format!("it used a lane {lane} that does not exist"));
    };
    match super::workers::guarded(|| wire::decode(lane, bytes)) {
        Ok(Ok(message)) => Ok((lane, message)),
        Ok(Err(error)) => Err(super::workers::chain(&error)),
        Err(panic) => Err(panic),
    }
}
