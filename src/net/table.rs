//! What the tasks of one endpoint share: who is linked, who is dialled, who is trusted.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use iroh::Endpoint;
use tokio::runtime::Handle;
use tokio::sync::{Semaphore, mpsc, watch};

use super::link::Link;
use super::{Event, LANES, LinkNo};
use crate::model::PeerId;

/// Says which process speaks: random, made at bind. Two connections of one peer with different
/// lives cannot both be alive.
pub(super) type Life = [u8; 8];

/// The shared part of one endpoint.
#[derive(Debug)]
pub(super) struct Shared {
    pub(super) endpoint: Endpoint,
    /// Where all tasks run, whoever asks for them.
    pub(super) runtime: Handle,
    pub(super) me: PeerId,
    pub(super) life: Life,
    pub(super) alpn: Vec<u8>,
    /// Only addresses of this machine may be dialled.
    pub(super) loopback_only: bool,
    pub(super) connect_timeout: Duration,
    pub(super) stranger_timeout: Duration,
    pub(super) frame_limit_bytes: [u32; LANES],
    pub(super) connections: Arc<Semaphore>,
    pub(super) strangers: Arc<Semaphore>,
    events: mpsc::Sender<Event>,
    stopping: watch::Sender<bool>,
    table: Mutex<Table>,
    /// Counts up whenever a link enters or leaves the table.
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
}

impl Table {
    /// A number that was never given before.
    pub(super) fn number(&mut self) -> LinkNo {
        self.last += 1;
        LinkNo(self.last)
    }
}

/// What the builder of [`Shared`] decides.
#[derive(Debug)]
pub(super) struct Basis {
    pub(super) endpoint: Endpoint,
    pub(super) me: PeerId,
    pub(super) life: Life,
    pub(super) alpn: Vec<u8>,
    pub(super) loopback_only: bool,
    pub(super) connect_timeout: Duration,
    pub(super) stranger_timeout: Duration,
    pub(super) frame_limit_bytes: [u32; LANES],
}

impl Shared {
    pub(super) fn new(basis: Basis, events: mpsc::Sender<Event>) -> Self {
        Self {
            endpoint: basis.endpoint,
            runtime: Handle::current(),
            me: basis.me,
            life: basis.life,
            alpn: basis.alpn,
            loopback_only: basis.loopback_only,
            connect_timeout: basis.connect_timeout,
            stranger_timeout: basis.stranger_timeout,
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
