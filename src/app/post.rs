//! Messages to frames and back, beside the driver's loop.
//!
//! - Out: control and live messages are encoded where they are sent; bulk and chunks (up to 16 MiB,
//!   compressed) go through a queue and a thread of their own, so that packing them never holds up
//!   an edit, nor whatever else the runtime does.
//! - In: one task decodes in the order of arrival, large frames on a thread beside the runtime's, lets
//!   the hello of each link go first, and waits while the driver has enough to do; then nothing more
//!   is read from the peers.

use std::collections::BTreeMap;
use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use tokio::sync::mpsc;
use tracing::trace_span;

use super::priority::step_back_alone;
use super::workers::guarded;
use super::{CHART, Error, Failure};
use crate::engine::{DialError, Input, LinkId};
use crate::net::{DialFailure, Event, FRAME_HEADER_BYTES, LinkNo, Net};
use crate::wire::{self, Lane, Message, Packer};

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
    /// For what is encoded where it is sent. One for all of it: the state of packing is 0.4 MB, and a
    /// new one for each edit left the heap in pieces.
    packer: Mutex<Packer>,
    slow: Sender<Parcel>,
}

impl Post {
    /// Starts the queue of slow parcels. It has no limit of its own, for the engine waits for the
    /// answer to what it sent. It ends with the post.
    /// Bodies are packed from `pack_from` bytes on.
    ///
    /// # Errors
    ///
    /// [`Error`] of the I/O kind when the system has no more threads.
    pub(crate) fn start(net: Arc<Net>, pack_from: usize) -> Result<Self, Error> {
        let (slow, parcels) = channel();
        let carrier = Arc::clone(&net);
        let thread = std::thread::Builder::new().name("pack".to_owned());
        let pack = move || {
            step_back_alone();
            let mut packer = Packer::new(pack_from);
            for parcel in parcels {
                match parcel {
                    Parcel::Frame(link, lane, message) => {
                        let _chart = trace_span!(target: CHART, "pack").entered();
                        match guarded(|| packer.encode(&message)) {
                            Ok(frame) => send(&carrier, link, lane, frame),
                            // Told already; what was asked for will not come.
                            Err(_) => carrier.close(LinkNo(link.0)),
                        }
                    }
                    Parcel::Close(link) => carrier.close(LinkNo(link.0)),
                }
            }
        };
        thread.spawn(pack).map_err(|error| {
            Error::new(Failure::Io, "cannot start the pack thread").caused_by(error)
        })?;
        Ok(Self { net, packer: Mutex::new(Packer::new(pack_from)), slow })
    }

    /// Sends one message; lanes keep their order.
    pub(crate) fn send(&self, link: LinkId, lane: Lane, message: Message) {
        if is_welcome(&message) {
            self.net.trust(LinkNo(link.0));
        }
        match lane {
            Lane::Control | Lane::Live => {
                let _chart = trace_span!(target: CHART, "pack").entered();
                // After a panic its buffers are begun anew like after any other message.
                let mut packer = self.packer.lock().unwrap_or_else(PoisonError::into_inner);
                let frame = packer.encode(&message);
                drop(packer);
                send(&self.net, link, lane, frame);
            }
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

    /// Where this device can be reached, as far as known now.
    pub(crate) fn addresses(&self) -> Vec<String> {
        self.net.addresses()
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

fn send(net: &Net, link: LinkId, lane: Lane, frame: Vec<u8>) {
    let link = LinkNo(link.0);
    match net.send(link, lane_number(lane), frame) {
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

/// Most bytes of frames that are kept back on a link before its hello. A peer sends none before it
/// heard ours, so it is what crosses the hello on the way: the windows of all lanes.
const EARLY_LIMIT_BYTES: u64 = 32 * 1024 * 1024;

/// What came from the network.
#[derive(Debug)]
pub(crate) struct Arrival {
    /// When.
    pub(crate) since: Instant,
    /// What, for the engine.
    pub(crate) input: Input,
}

/// Frames up to this size are decoded where they come in, which takes less than a millisecond; for
/// larger ones another thread is woken.
const AT_ONCE_BYTES: usize = 64 * 1024;

fn is_large(event: &Event) -> bool {
    matches!(event, Event::Frame { bytes, .. } if bytes.len() > AT_ONCE_BYTES)
}

/// Turns events of the network into inputs, until either end is gone.
pub(crate) async fn take_in(
    net: Arc<Net>,
    mut events: mpsc::Receiver<Event>,
    inputs: mpsc::Sender<Arrival>,
) {
    let mut intake = Intake::default();
    while let Some(event) = events.recv().await {
        let since = Instant::now();
        let (ready, spoilt) = if is_large(&event) {
            let sorting = tokio::task::spawn_blocking(move || {
                let sorted = intake.sort(event);
                (intake, sorted)
            });
            let Ok((back, sorted)) = sorting.await else {
                tracing::error!("taking in ended");
                return;
            };
            intake = back;
            sorted
        } else {
            intake.sort(event)
        };
        if let Some(link) = spoilt {
            net.close(link);
        }
        for input in ready {
            if inputs.send(Arrival { since, input }).await.is_err() {
                return;
            }
        }
    }
}

/// What must be remembered of the links to put their frames in order.
///
/// - Invariant: of each link the hello is the first of what a member says. Lanes overtake each
///   other, so what comes on another lane before it waits for it.
#[derive(Debug, Default)]
struct Intake {
    /// Links on which something came that could not be understood, and what.
    broken: BTreeMap<LinkNo, String>,
    /// Links without hello so far, with what waits for it.
    early: BTreeMap<LinkNo, Early>,
}

#[derive(Debug, Default)]
struct Early {
    inputs: Vec<Input>,
    bytes: u64,
}

impl Intake {
    /// The inputs that an event leads to, and the link that must be closed, if it spoilt one.
    fn sort(&mut self, event: Event) -> (Vec<Input>, Option<LinkNo>) {
        let input = match event {
            Event::Up { link, peer, dialled } => {
                self.early.insert(link, Early::default());
                Input::LinkUp { link: LinkId(link.0), peer, dialled }
            }
            Event::DialFailed { peer, kind, text } => Input::DialFailed {
                peer,
                reason: match kind {
                    DialFailure::Unreachable => DialError::Unreachable(text),
                    DialFailure::Version => DialError::Version(text),
                },
            },
            Event::Frame { link, .. } if self.broken.contains_key(&link) => {
                return (Vec::new(), None);
            }
            Event::Frame { link, lane, bytes } => {
                return match self.frame(link, lane, &bytes) {
                    Ok(inputs) => (inputs, None),
                    Err(reason) => {
                        tracing::warn!(link = link.0, reason, "a peer sent nonsense");
                        self.broken.insert(link, reason);
                        self.early.remove(&link);
                        (Vec::new(), Some(link))
                    }
                };
            }
            Event::Sent { link, lane, wire_bytes } => match Lane::ALL.get(usize::from(lane)) {
                Some(&lane) => Input::Sent { link: LinkId(link.0), lane, wire_bytes },
                None => return (Vec::new(), None),
            },
            Event::Down { link, reason } => {
                self.early.remove(&link);
                let reason = self.broken.remove(&link).unwrap_or(reason);
                Input::LinkDown { link: LinkId(link.0), reason }
            }
        };
        (vec![input], None)
    }

    fn frame(&mut self, link: LinkNo, lane: u8, bytes: &[u8]) -> Result<Vec<Input>, String> {
        let (lane, message) = decode(lane, bytes)?;
        let wire_bytes = (bytes.len() + FRAME_HEADER_BYTES) as u64;
        let is_hello = matches!(message, Message::Hello(_));
        let input = Input::Message { link: LinkId(link.0), lane, message, wire_bytes };
        if is_hello {
            let early = self.early.remove(&link).unwrap_or_default();
            return Ok(std::iter::once(input).chain(early.inputs).collect());
        }
        match self.early.get_mut(&link) {
            Some(early) if lane != Lane::Control => {
                early.bytes += wire_bytes;
                if early.bytes > EARLY_LIMIT_BYTES {
                    return Err("it sends files and does not say hello".to_owned());
                }
                early.inputs.push(input);
                Ok(Vec::new())
            }
            _ => Ok(vec![input]),
        }
    }
}

fn decode(lane: u8, bytes: &[u8]) -> Result<(Lane, Message), String> {
    let Some(&lane) = Lane::ALL.get(usize::from(lane)) else {
        return Err(format!("it used a lane {lane} that does not exist"));
    };
    let _chart = trace_span!(target: CHART, "unpack", bytes = bytes.len()).entered();
    match guarded(|| wire::decode(lane, bytes)) {
        Ok(Ok(message)) => Ok((lane, message)),
        Ok(Err(error)) => Err(super::workers::chain(&error)),
        Err(panic) => Err(panic),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{ContentHash, Digest, PeerId, VaultId};
    use crate::wire::{Hello, PROTOCOL_VERSION, Share};

    const LINK: LinkNo = LinkNo(1);

    fn frame(lane: Lane, message: &Message) -> Event {
        Event::Frame { link: LINK, lane: lane_number(lane), bytes: wire::encode(message) }
    }

    fn hello() -> Message {
        Message::Hello(Hello {
            version: PROTOCOL_VERSION,
            vault: VaultId([1; 16]),
            digest: Digest::ZERO,
            files: 0,
            gives: true,
            takes: true,
            members: Digest::ZERO,
            share: Share::default(),
        })
    }

    fn linked() -> Intake {
        let mut intake = Intake::default();
        let up = Event::Up { link: LINK, peer: PeerId([2; 32]), dialled: false };
        assert_eq!(intake.sort(up).0.len(), 1);
        intake
    }

    #[expect(clippy::wildcard_enum_match_arm, reason = "only messages have a lane")]
    fn lanes(inputs: &[Input]) -> Vec<Lane> {
        let lane = |input: &Input| match input {
            Input::Message { lane, .. } => Some(*lane),
            _ => None,
        };
        inputs.iter().filter_map(lane).collect()
    }

    #[test]
    fn what_overtakes_the_hello_waits_for_it() {
        let mut intake = linked();
        let gone = Message::ContentGone(ContentHash([3; 32]));
        assert!(intake.sort(frame(Lane::Bulk, &Message::Deliver(vec![]))).0.is_empty());
        assert!(intake.sort(frame(Lane::Blob, &gone)).0.is_empty());
        // What is said on the way to the hello does not.
        let paired = Message::Paired { members: vec![] };
        assert_eq!(lanes(&intake.sort(frame(Lane::Control, &paired)).0), [Lane::Control]);
        let (inputs, spoilt) = intake.sort(frame(Lane::Control, &hello()));
        assert_eq!(lanes(&inputs), [Lane::Control, Lane::Bulk, Lane::Blob]);
        assert_eq!(spoilt, None);
        let after = intake.sort(frame(Lane::Bulk, &Message::Deliver(vec![]))).0;
        assert_eq!(lanes(&after), [Lane::Bulk]);
    }

    #[tokio::test]
    async fn a_large_frame_keeps_its_place() {
        let (to_net, _from_net) = mpsc::channel(1);
        let options = crate::net::Options::loopback([1; 32], 0, [1 << 20; 4]);
        let net = Arc::new(Net::bind(options, to_net).await.unwrap());
        let (told, events) = mpsc::channel(8);
        let (inbox, mut inputs) = mpsc::channel(8);
        let bytes = 0..=u32::try_from(AT_ONCE_BYTES / 32).unwrap();
        let bytes = bytes.flat_map(|n| ContentHash::of(&n.to_be_bytes()).0).collect();
        let large = Message::Chunk { hash: ContentHash([3; 32]), index: 0, bytes };
        let small = Message::ContentGone(ContentHash([4; 32]));
        let frames = [(Lane::Control, hello()), (Lane::Blob, large), (Lane::Bulk, small)];
        let frames: Vec<_> = frames.iter().map(|(lane, it)| frame(*lane, it)).collect();
        assert_eq!(frames.iter().filter(|it| is_large(it)).count(), 1);
        told.send(Event::Up { link: LINK, peer: PeerId([2; 32]), dialled: false }).await.unwrap();
        for frame in frames {
            told.send(frame).await.unwrap();
        }
        drop(told);
        take_in(net, events, inbox).await;
        let mut came = Vec::new();
        while let Some(arrival) = inputs.recv().await {
            came.push(arrival.input);
        }
        assert_eq!(lanes(&came), [Lane::Control, Lane::Blob, Lane::Bulk]);
    }

    #[test]
    fn files_without_end_before_a_hello_end_the_link() {
        let mut intake = linked();
        let mib = wire::BLOB_LIMIT_BYTES / 2;
        let hash = ContentHash([3; 32]);
        let mut waits = 0;
        let spoilt = loop {
            // Different bytes, so that packing does not make them small.
            let bytes = (0..mib / 32).flat_map(|n| ContentHash::of(&n.to_be_bytes()).0).collect();
            let chunk = Message::Chunk { hash, index: waits, bytes };
            if let (_, Some(link)) = intake.sort(frame(Lane::Blob, &chunk)) {
                break link;
            }
            waits += 1;
            assert!(u64::from(waits) * (mib as u64) < EARLY_LIMIT_BYTES);
        };
        assert_eq!(spoilt, LINK);
        assert!(u64::from(waits + 1) * (mib as u64 + 64) > EARLY_LIMIT_BYTES);
    }

    #[test]
    fn nonsense_closes_the_link_and_is_the_reason_of_its_end() {
        let mut intake = linked();
        let nonsense = Event::Frame { link: LINK, lane: 0, bytes: vec![0xff; 9] };
        assert_eq!(intake.sort(nonsense).1, Some(LINK));
        // What still comes is not looked at.
        let (inputs, spoilt) = intake.sort(frame(Lane::Control, &hello()));
        assert!(inputs.is_empty() && spoilt.is_none());
        let down = Event::Down { link: LINK, reason: "closed".into() };
        match intake.sort(down).0.as_slice() {
            [Input::LinkDown { reason, .. }] => assert_ne!(reason, "closed"),
            other => panic!("{other:?}"),
        }
        assert!(intake.broken.is_empty() && intake.early.is_empty());
        let lane = Event::Frame { link: LINK, lane: 9, bytes: vec![] };
        assert_eq!(linked().sort(lane).1, Some(LINK));
    }
}
