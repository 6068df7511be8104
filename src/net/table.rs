//! What the tasks of one endpoint share: who is linked, who is dialled, who is trusted.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use iroh::Endpoint;
use iroh::endpoint::ConnectOptions;
use tokio::runtime::Handle;
use tokio::sync::{Semaphore, mpsc, watch};

use super::link::Link;
use super::{Event, LANES, LinkNo};
use crate::model::PeerId;

/// Says since when the speaker has had no link with the listener: a random number of its process
/// plus the number of the last link between the two. Of two connections that tell different lives
/// the older is dead to its other end.
pub(super) type Life = [u8; 8];

/// Most peers whose last link is remembered. Forgetting one makes its next connection replace a
/// link that may be alive, no more.
const ENDED_LIMIT: usize = 1024;

/// The shared part of one endpoint.
#[derive(Debug)]
pub(super) struct Shared {
    pub(super) endpoint: Endpoint,
    /// Where all tasks run, whoever asks for them.
    pub(super) runtime: Handle,
    pub(super) me: PeerId,
    /// Random, made at bind.
    process: u64,
    pub(super) alpn: Vec<u8>,
    /// How connections are dialled.
    pub(super) dialling: ConnectOptions,
    /// Only addresses of this machine may be dialled.
    pub(super) loopback_only: bool,
    pub(super) connect_timeout: Duration,
    pub(super) stranger_timeout: Duration,
    pub(super) stall_timeout: Duration,
    pub(super) frame_limit_bytes: [u32; LANES],
    pub(super) connections: Arc<Semaphore>,
    pub(super) strangers: Arc<Semaphore>,
    events: mpsc::Sender<Event>,
    stopping: watch::Sender<bool>,
    table: Mutex<Table>,
    /// Counts up whenever a link enters or leaves the table. Last, so that whoever sees it go knows
    /// that the endpoint went before.
    moved: watch::Sender<u64>,
}

/// The mutable part.
#[derive(Debug, Default)]
pub(super) struct Table {
    last: u64,
    /// The one link of each peer, from before its up until after its down.
    pub(super) of_peer: BTreeMap<PeerId, Arc<Link>>,
    pub(super) links: BTreeMap<LinkNo, Arc<Link>>,
    pub(super) dialling: BTreeSet<PeerId>,
    pub(super) allowed: BTreeSet<PeerId>,
    /// The last link of each peer that is over, and the life that the peer told on it.
    ended: BTreeMap<PeerId, (LinkNo, Option<Life>)>,
}

impl Table {
    /// A number that was never given before.
    pub(super) fn number(&mut self) -> LinkNo {
        self.last += 1;
        LinkNo(self.last)
    }

    /// Remembers that a link is over.
    pub(super) fn note_ended(&mut self, peer: PeerId, link: LinkNo, told: Option<Life>) {
        if self.ended.len() >= ENDED_LIMIT {
            self.ended.clear();
        }
        self.ended.insert(peer, (link, told));
    }

    /// The last link with `peer` that is over, and what it told on it.
    pub(super) fn last_of(&self, peer: PeerId) -> Option<(LinkNo, Option<Life>)> {
        self.ended.get(&peer).copied()
    }

    /// Whether a link with `peer` was made after `before`, which is over.
    pub(super) fn has_met(&self, peer: PeerId, before: Option<LinkNo>) -> bool {
        self.of_peer.contains_key(&peer) || self.last_of(peer).map(|(link, _)| link) != before
    }
}

/// What the builder of [`Shared`] decides.
#[derive(Debug)]
pub(super) struct Basis {
    pub(super) endpoint: Endpoint,
    pub(super) me: PeerId,
    pub(super) process: u64,
    pub(super) alpn: Vec<u8>,
    pub(super) dialling: ConnectOptions,
    pub(super) loopback_only: bool,
    pub(super) connect_timeout: Duration,
    pub(super) stranger_timeout: Duration,
    pub(super) stall_timeout: Duration,
    pub(super) frame_limit_bytes: [u32; LANES],
}

impl Shared {
    pub(super) fn new(basis: Basis, events: mpsc::Sender<Event>) -> Self {
        Self {
            endpoint: basis.endpoint,
            runtime: Handle::current(),
            me: basis.me,
            process: basis.process,
            alpn: basis.alpn,
            dialling: basis.dialling,
            loopback_only: basis.loopback_only,
            connect_timeout: basis.connect_timeout,
            stranger_timeout: basis.stranger_timeout,
            stall_timeout: basis.stall_timeout,
            frame_limit_bytes: basis.frame_limit_bytes,
            connections: Arc::new(Semaphore::new(super::CONNECTIONS_LIMIT)),
            strangers: Arc::new(Semaphore::new(super::STRANGERS_LIMIT)),
            events,
            stopping: watch::Sender::new(false),
            table: Mutex::new(Table::default()),
            moved: watch::Sender::new(0),
        }
    }

    /// The table; a panic elsewhere does not take it away, for every change of it is one step.
    pub(super) fn table(&self) -> MutexGuard<'_, Table> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What to tell `peer` on a fresh connection.
    pub(super) fn life_in(&self, table: &Table, peer: PeerId) -> Life {
        let last = table.last_of(peer).map_or(0, |(link, _)| link.0);
        self.process.wrapping_add(last).to_be_bytes()
    }

    /// Hands one event to the owner, waiting for room; gives up when the owner is gone or stops.
    pub(super) async fn tell(&self, event: Event) {
        tokio::select! {
            biased;
            _ = self.events.send(event) => {}
            () = self.stopped() => {}
        }
    }

    pub(super) fn stop(&self) {
        self.stopping.send_replace(true);
    }

    pub(super) fn is_stopping(&self) -> bool {
        *self.stopping.borrow()
    }

    /// Waits for [`Shared::stop`].
    pub(super) async fn stopped(&self) {
        let mut stopping = self.stopping.subscribe();
        drop(stopping.wait_for(|stopping| *stopping).await);
    }

    /// Sees the table change, and in the end this go.
    pub(super) fn changes(&self) -> watch::Receiver<u64> {
        self.moved.subscribe()
    }

    /// Says that the table changed.
    pub(super) fn has_moved(&self) {
        self.moved.send_modify(|count| *count += 1);
    }

    /// Waits until the table says yes, at most `limit`; false when it never did.
    pub(super) async fn wait_until(&self, limit: Duration, yes: impl Fn(&Table) -> bool) -> bool {
        let mut moved = self.moved.subscribe();
        let waiting = async {
            loop {
                if yes(&self.table()) {
                    return true;
                }
                if moved.changed().await.is_err() {
                    return false;
                }
            }
        };
        tokio::time::timeout(limit, waiting).await.unwrap_or(false)
    }
}
