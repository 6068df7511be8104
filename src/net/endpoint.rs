//! The endpoint: bind, dial, accept, send, close.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use iroh::endpoint::{ConnectionError, Incoming, IncomingAddr};
use iroh::{EndpointAddr, PublicKey, RelayUrl, TransportAddr, Watcher};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::timeout;

use super::link::Signal;
use super::meet::{Fresh, Meeting, Origin, meet};
use super::table::{Basis, Shared};
use super::{
    CLOSE_TIMEOUT, DialFailure, Error, Event, Figures, LANES, LinkNo, Options, RIVAL_TIMEOUT, bind,
};
use crate::model::PeerId;

/// Longest wait for the endpoint itself to close, after all links did.
const SHUTDOWN_TIMEOUT: Duration = Duration::from_secs(3);

/// One device on the network. [`Net::shutdown`] ends it within limits; dropping it only begins to
/// say goodbye, in the background.
#[derive(Debug)]
pub struct Net {
    pub(super) shared: Arc<Shared>,
    accepting: JoinHandle<()>,
}

impl Net {
    /// Binds the socket and starts to accept.
    ///
    /// - Shape: `events` should hold a few dozen; while it is full, nothing more is read from peers.
    ///
    /// # Errors
    ///
    /// [`Error::PortInUse`], [`Error::Socket`], [`Error::Relay`], [`Error::Random`],
    /// [`Error::Endpoint`].
    pub async fn bind(options: Options, events: mpsc::Sender<Event>) -> Result<Self, Error> {
        Self::bind_as(options, events, super::ALPN).await
    }

    /// As [`Net::bind`], speaking another protocol.
    pub(super) async fn bind_as(
        options: Options,
        events: mpsc::Sender<Event>,
        alpn: &[u8],
    ) -> Result<Self, Error> {
        let mut process = [0; 8];
        getrandom::fill(&mut process).map_err(|error| Error::Random(error.to_string()))?;
        let endpoint = bind::patiently(&options, alpn).await?;
        let basis = Basis {
            me: PeerId(*endpoint.id().as_bytes()),
            process: u64::from_be_bytes(process),
            alpn: alpn.to_vec(),
            dialling: bind::dialling(&options),
            loopback_only: options.bind.is_some_and(|at| at.ip().is_loopback()),
            connect_timeout: options.connect_timeout,
            stranger_timeout: options.stranger_timeout,
            stall_timeout: options.stall_timeout,
            frame_limit_bytes: options.frame_limit_bytes,
            endpoint,
        };
        let shared = Arc::new(Shared::new(basis, events));
        let accepting = tokio::spawn(accept_all(Arc::clone(&shared)));
        Ok(Self { shared, accepting })
    }

    /// This device's id: its public key.
    pub fn id(&self) -> PeerId {
        self.shared.me
    }

    /// Socket addresses under which this device may be reached, as text. Grows a little after the
    /// start, as the network is explored.
    pub fn addresses(&self) -> Vec<String> {
        let bound = self.shared.endpoint.bound_sockets();
        if bound.iter().any(|at| !at.ip().is_unspecified()) {
            return bound.iter().map(ToString::to_string).collect();
        }
        let known = self.shared.endpoint.addr();
        known.ip_addrs().map(ToString::to_string).collect()
    }

    /// Ends once this device may be reached at other addresses than at the moment of this call, or
    /// through another relay.
    pub fn moved(&self) -> impl Future<Output = ()> + Send + use<> {
        let mut known = self.shared.endpoint.watch_addr();
        async move {
            // An endpoint that is gone moves no more.
            if known.updated().await.is_err() {
                std::future::pending::<()>().await;
            }
        }
    }

    /// The relay through which this device may be reached, once there is one.
    pub fn relay(&self) -> Option<String> {
        let known = self.shared.endpoint.addr();
        known.relay_urls().next().map(ToString::to_string)
    }

    /// The UDP port that was bound.
    pub fn port(&self) -> Option<u16> {
        let bound = self.shared.endpoint.bound_sockets();
        let first = bound.iter().find(|at| at.is_ipv4()).or(bound.first());
        first.map(SocketAddr::port)
    }

    /// Connects to `peer`. Answered by [`Event::Up`] naming it, by whichever connection, or by
    /// [`Event::DialFailed`], within the connect timeout and a little. Two dials of one peer at once
    /// share an answer; the answer to a dial of a linked peer is the [`Event::Up`] that came already.
    ///
    /// - Shape: each of `addresses` is a socket address or a relay URL; others are passed over.
    pub fn dial(&self, peer: PeerId, addresses: &[String]) {
        let before = {
            let mut table = self.shared.table();
            let link = table.of_peer.get(&peer);
            if link.is_some_and(|link| !link.is_ending()) {
                return;
            }
            let ending = link.map(|link| link.no);
            if !table.dialling.insert(peer) {
                return;
            }
            ending.or(table.last_of(peer).map(|(link, _)| link))
        };
        let target = target(&self.shared, peer, addresses);
        let dialling = dial(Arc::clone(&self.shared), peer, before, target);
        self.shared.runtime.spawn(dialling);
    }

    /// Queues one frame. Answered by [`Event::Sent`], or by [`Event::Down`]. The queue has no limit
    /// of its own: the caller waits for answers.
    ///
    /// # Errors
    ///
    /// [`Error::Gone`], [`Error::Lane`], [`Error::TooLarge`]; nothing is queued then.
    pub fn send(&self, link: LinkNo, lane: u8, frame: Vec<u8>) -> Result<(), Error> {
        let index = usize::from(lane);
        let Some(&limit_bytes) = self.shared.frame_limit_bytes.get(index) else {
            return Err(Error::Lane(lane));
        };
        if u32::try_from(frame.len()).is_ok_and(|got| got <= limit_bytes) {
            let table = self.shared.table();
            match table.links.get(&link) {
                Some(found) if !found.is_ending() && found.queue(index, frame) => Ok(()),
                Some(_) | None => Err(Error::Gone(link)),
            }
        } else {
            Err(Error::TooLarge { lane, got_bytes: frame.len(), limit_bytes })
        }
    }

    /// Ends a link after what is queued was sent and the peer confirmed to have it, or after
    /// [`CLOSE_TIMEOUT`]. Answered by [`Event::Down`].
    pub fn close(&self, link: LinkNo) {
        if let Some(link) = self.shared.table().links.get(&link) {
            link.signal(Signal::Close);
        }
    }

    /// Lifts the limits of strangers from one link, for the engine said hello to its peer.
    pub fn trust(&self, link: LinkNo) {
        if let Some(link) = self.shared.table().links.get(&link) {
            link.trust();
        }
    }

    /// Says who is no stranger, from now on; replaces what was said before. Links that stand are
    /// only ever given more by this, never less.
    pub fn allow(&self, peers: impl IntoIterator<Item = PeerId>) {
        let mut table = self.shared.table();
        table.allowed = peers.into_iter().collect();
        let known = |peer: &PeerId| table.allowed.contains(peer);
        let links = table.of_peer.values().filter(|link| known(&link.peer));
        for link in links {
            link.trust();
        }
    }

    /// How every link is doing.
    pub fn figures(&self) -> Vec<Figures> {
        let table = self.shared.table();
        table.links.values().map(|link| link.figures()).collect()
    }

    /// Closes every link as [`Net::close`] does, then the endpoint. No more events come; takes
    /// [`CLOSE_TIMEOUT`] and eight seconds at most. Then the port is free, or is in a moment.
    pub async fn shutdown(self) {
        self.shared.stop();
        self.accepting.abort();
        let links: Vec<_> = self.shared.table().links.values().cloned().collect();
        for link in links {
            link.signal(Signal::Close);
        }
        let over =
            self.shared.wait_until(CLOSE_TIMEOUT + RIVAL_TIMEOUT, |table| table.links.is_empty());
        if !over.await {
            tracing::debug!("some links did not end in time");
        }
        if timeout(SHUTDOWN_TIMEOUT, self.shared.endpoint.close()).await.is_err() {
            tracing::debug!("the endpoint did not close in time");
        }
        // The socket is only free when the last task let go of the endpoint.
        let mut changes = self.shared.changes();
        drop(self);
        let gone = async { while changes.changed().await.is_ok() {} };
        if timeout(SHUTDOWN_TIMEOUT, gone).await.is_err() {
            tracing::debug!("the socket is still held");
        }
    }
}

impl Drop for Net {
    fn drop(&mut self) {
        self.shared.stop();
        self.accepting.abort();
        for link in self.shared.table().links.values() {
            link.signal(Signal::Close);
        }
    }
}

/// Where to look for `peer`; `None` when its id is no key.
fn target(shared: &Shared, peer: PeerId, addresses: &[String]) -> Option<EndpointAddr> {
    let key = PublicKey::from_bytes(peer.as_bytes()).ok()?;
    let contacts = addresses.iter().filter_map(|text| {
        if let Ok(at) = text.parse::<SocketAddr>() {
            let possible = !shared.loopback_only || at.ip().is_loopback();
            possible.then_some(TransportAddr::Ip(at))
        } else {
            let relay = text.parse::<RelayUrl>().ok()?;
            (!shared.loopback_only).then_some(TransportAddr::Relay(relay))
        }
    });
    Some(EndpointAddr::from_parts(key, contacts))
}

/// Dials `peer`; `before` is the last link with it that was over, or ending, when the owner asked.
async fn dial(
    shared: Arc<Shared>,
    peer: PeerId,
    before: Option<LinkNo>,
    target: Option<EndpointAddr>,
) {
    // A link that is ending still holds the peer's place.
    let freed = shared.wait_until(CLOSE_TIMEOUT * 2, |table| {
        let link = table.of_peer.get(&peer);
        link.is_none_or(|link| !link.is_ending())
    });
    let freed = freed.await;
    let outcome = match target {
        _ if !freed => Err(unreachable("the last link with it does not end")),
        Some(target) => {
            let trying = try_dial(&shared, peer, before, target);
            timeout(shared.connect_timeout, trying)
                .await
                .unwrap_or_else(|_| Err(unreachable("it did not answer in time")))
        }
        None => Err(unreachable("its id is not a key")),
    };
    let met = {
        let mut table = shared.table();
        table.dialling.remove(&peer);
        table.has_met(peer, before)
    };
    if let Err((kind, text)) = outcome
        && !met
    {
        let failed = Event::DialFailed { peer, kind, text };
        shared.tell(failed).await;
    }
}

fn unreachable(why: &str) -> (DialFailure, String) {
    (DialFailure::Unreachable, why.to_owned())
}

async fn try_dial(
    shared: &Arc<Shared>,
    peer: PeerId,
    before: Option<LinkNo>,
    target: EndpointAddr,
) -> Result<(), (DialFailure, String)> {
    if shared.table().has_met(peer, before) {
        return Ok(());
    }
    let Ok(counted) = Arc::clone(&shared.connections).try_acquire_owned() else {
        return Err(unreachable("too many connections already"));
    };
    let connecting =
        shared.endpoint.connect_with_opts(target, &shared.alpn, shared.dialling.clone());
    let connecting = connecting.await.map_err(|error| failure(&error))?;
    let connection = connecting.await.map_err(|error| failure(&error))?;
    let fresh = Fresh {
        peer,
        connection,
        origin: Origin::Dialled { after: before },
        stranger: None,
        counted: Some(counted),
    };
    match meet(shared, fresh).await {
        Meeting::Kept => Ok(()),
        Meeting::Duplicate => {
            let other = shared.wait_until(RIVAL_TIMEOUT, |table| table.has_met(peer, before));
            if other.await {
                Ok(())
            } else {
                Err(unreachable("it holds on to an older connection"))
            }
        }
        Meeting::Lost => Err(unreachable("it ended the connection at once")),
    }
}

/// Sorts a failed connect.
fn failure(error: &(dyn std::error::Error + 'static)) -> (DialFailure, String) {
    let text = bind::chain(error);
    let mut cause = Some(error);
    while let Some(error) = cause {
        if let Some(error) = error.downcast_ref::<ConnectionError>()
            && is_other_protocol(error)
        {
            let text = format!(
                "it speaks another version of the protocol than {} of this device: \
                 update vault-sync on both",
                String::from_utf8_lossy(super::ALPN)
            );
            return (DialFailure::Version, text);
        }
        cause = error.source();
    }
    (DialFailure::Unreachable, text)
}

/// TLS says 120 when no protocol name is common to both.
fn is_other_protocol(error: &ConnectionError) -> bool {
    let none_in_common = iroh::endpoint::TransportErrorCode::crypto(120);
    match error {
        ConnectionError::TransportError(error) => error.code == none_in_common,
        ConnectionError::ConnectionClosed(close) => close.error_code == none_in_common,
        ConnectionError::VersionMismatch => true,
        ConnectionError::ApplicationClosed(_)
        | ConnectionError::Reset
        | ConnectionError::TimedOut
        | ConnectionError::LocallyClosed
        | ConnectionError::CidsExhausted => false,
    }
}

async fn accept_all(shared: Arc<Shared>) {
    while let Some(incoming) = shared.endpoint.accept().await {
        if shared.is_stopping() {
            incoming.refuse();
            continue;
        }
        let counted = Arc::clone(&shared.connections).try_acquire_owned();
        let stranger = Arc::clone(&shared.strangers).try_acquire_owned();
        let (Ok(counted), Ok(stranger)) = (counted, stranger) else {
            tracing::debug!("refused a connection: too many already");
            incoming.refuse();
            continue;
        };
        if shared.loopback_only && !is_local(&incoming) {
            incoming.ignore();
            continue;
        }
        let shared = Arc::clone(&shared);
        tokio::spawn(async move {
            let Ok(Ok(connection)) = timeout(shared.stranger_timeout, incoming).await else {
                return;
            };
            let peer = PeerId(*connection.remote_id().as_bytes());
            let fresh = Fresh {
                peer,
                connection,
                origin: Origin::Accepted,
                stranger: Some(stranger),
                counted: Some(counted),
            };
            meet(&shared, fresh).await;
        });
    }
}

fn is_local(incoming: &Incoming) -> bool {
    if let IncomingAddr::Ip(at) = incoming.remote_addr() {
        at.ip().to_canonical().is_loopback()
    } else {
        false
    }
}

const _: () = assert!(LANES <= 8, "sets of lanes travel as one byte");

/// The id of the device with this secret key, without binding anything.
pub fn id_of(secret_key: &[u8; 32]) -> PeerId {
    PeerId(*iroh::SecretKey::from_bytes(secret_key).public().as_bytes())
}
