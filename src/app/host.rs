//! A vault at work in this process: engine, threads, network, watcher, control socket.

use std::net::SocketAddr;
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use tokio::sync::{broadcast, mpsc, watch};
use tokio::task::JoinHandle;
use tokio::time::timeout;

use super::clock::{Clock, wall};
use super::config::{Bind, Relay, Settings};
use super::control::Control;
use super::desk::Desk;
use super::driver::{
    ANSWERS_LIMIT, ASKS_LIMIT, After, Ask, Driver, End, Gate, INBOX_LIMIT, NEWS_LIMIT,
};
use super::driver::{News, Parts, Scans};
use super::event::Start;
use super::ground::{Ground, Tidying};
use super::handle::{Facts, Handle};
use super::hints::Hints;
use super::lookout::{Eyes, Lookout, look_through, tell_problem};
use super::meter::Beginning;
use super::places::{self, Hold, Place};
use super::post::{self, Post};
use super::workers::Workers;
use super::{Error, Failure, control, fault, identity, power};
use crate::engine::Command;
use crate::model::{Member, PeerId};
use crate::net::{self, Net};
use crate::vault::Watcher;
use crate::wire;

/// How long stopping may take: what is pending is taken in and made durable, peers are told.
const STOP_LIMIT: Duration = Duration::from_secs(10);
/// How long the endpoint may take to close once no link is left.
const NET_LIMIT: Duration = Duration::from_millis(500);
/// Events of the network that wait to be decoded.
const NET_EVENTS: usize = 32;
/// How often the trash is pruned.
const TRASH_PAUSE: Duration = Duration::from_hours(24);
/// Other ports that are tried when the one kept is taken.
const PORT_TRIES: usize = 8;

/// What this process is to do with the vault.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    /// Stay, watch the folder, keep links to peers, answer requests.
    Watch,
    /// Stay with links to peers, to honour a ticket.
    Wait,
    /// Meet peers for one piece of work.
    Shot,
    /// The same, only to say what would happen.
    Dry,
    /// Be at an address for a moment.
    Brief,
    /// Meet nobody.
    Alone,
}

impl Role {
    /// Whether the process ends with its one piece of work.
    const fn is_shot(self) -> bool {
        matches!(self, Self::Shot | Self::Dry)
    }
}

/// A vault at work.
pub(crate) struct Host {
    /// The way to it.
    pub(crate) handle: Handle,
    /// Its news from the very first on, until somebody listens to them: what a receiver does not take
    /// is kept for it.
    first_news: Option<broadcast::Receiver<Arc<News>>>,
    over: watch::Receiver<()>,
    driver: JoinHandle<(End, Workers)>,
    control: Option<Control>,
    watcher: Eyes,
    tasks: Vec<JoinHandle<()>>,
    /// Given back before the vault is.
    tidying: Option<Tidying>,
    _hold: Hold,
}

/// How a host is to be started.
pub(crate) struct Opening {
    /// What it is for.
    pub(crate) role: Role,
    /// Since the start of the process.
    pub(crate) clock: Clock,
    /// Whether the folder became a vault just now.
    pub(crate) created: bool,
    /// For a vault that is being joined.
    pub(crate) gate: Option<Gate>,
}

impl Host {
    /// Puts the vault to work.
    ///
    /// # Errors
    ///
    /// [`Failure::PortInUse`] and what else hinders network, store, threads or socket.
    pub(crate) async fn start(desk: Desk, opening: Opening) -> Result<Self, Error> {
        let Opening { role, clock, created, gate } = opening;
        let stay = matches!(role, Role::Watch | Role::Wait);
        desk.ground.treat_as(&desk.settings);
        let hints = Arc::new(Hints::default());
        let mut tasks = Vec::new();
        // Watching begins before the first scan, so that nothing falls between the two.
        let pause = Duration::from_millis(desk.settings.fallback_ms());
        let Lookout { watcher, blind, again } = match (role, desk.ground.to_write()) {
            (Role::Watch, Some(folder)) => Lookout::start(&folder, &hints, pause, Watcher::start),
            _ => Lookout::none(),
        };
        // The folder, the network and the store are begun with at once: each takes a while.
        let tidying = desk.ground.begin(role.is_shot());
        let binding = (role != Role::Alone).then(|| Bound::begin(&desk));
        let (engine, damaged) = desk.engine(clock.now(), stay)?;
        let Desk { vault, settings, me, name, place, hold, store, ground, .. } = desk;
        // A one-shot changes nothing before the walk is here, and that comes after the sweep.
        let tidying = if role.is_shot() { Some(tidying) } else { tidying.finish() };
        let chosen = settings.device_name();
        let (name, renames) = named(&engine.status().members, me, name, chosen.as_deref());
        let mut peers = None;
        let mut net = None;
        if let Some(binding) = binding {
            let (bound, from_net) = binding.finish().await?;
            let (inbox, inputs) = mpsc::channel(INBOX_LIMIT);
            tasks.push(tokio::spawn(post::take_in(Arc::clone(&bound), from_net, inbox)));
            peers = Some((Post::start(Arc::clone(&bound), settings.pack_from_bytes())?, inputs));
            net = Some(bound);
        }
        let answers = mpsc::channel(ANSWERS_LIMIT);
        let workers = Workers::start(store, &ground, &answers.0)?;
        let (asks, asked) = mpsc::channel(ASKS_LIMIT);
        let (news, first_news) = news();
        let start = Start {
            startup_ms: 0,
            addresses: Vec::new(),
            vault: vault.to_string(),
            path: place.root.display().to_string(),
            device: me.to_string(),
            name: name.clone(),
            created,
        };
        tasks.extend(stay.then(|| tokio::spawn(prune_daily(ground.clone()))));
        let handle = Handle {
            asks,
            news: news.clone(),
            net,
            facts: Arc::new(Facts {
                vault,
                root: place.root.clone(),
                me,
                name,
                running: role == Role::Watch,
                damaged,
                blind: blind.clone(),
                ground,
                clock,
                shots: AtomicU64::new(0),
            }),
        };
        handle.facts.damaged.iter().for_each(|found| tell_problem(&news, found));
        let looking = look_through(blind, Arc::clone(&hints), pause, again, news.clone());
        tasks.push(tokio::spawn(looking));
        if renames && role != Role::Dry {
            handle.command(Command::RenamePeer(me, handle.facts.name.clone())).await?;
        }
        let driver = Driver::new(
            Parts {
                engine,
                clock,
                wall: wall(),
                workers,
                answers,
                peers,
                hints,
                asks: asked,
                news,
                start,
                meter: measured(role, created, &settings),
                me,
                after: if role == Role::Dry { After::Nothing } else { After::More },
                scans: if role.is_shot() { Scans::AfterShot } else { Scans::AtOnce },
                goes_on: !role.is_shot(),
            },
            gate,
        );
        let control = match role {
            Role::Watch => Some(control::serve(&place.socket, &handle)?),
            Role::Wait | Role::Shot | Role::Dry | Role::Brief | Role::Alone => None,
        };
        tasks.extend(tell_of_device(role, &settings, &handle));
        let (running, over) = watch::channel(());
        let driver = tokio::spawn(async move {
            let end = driver.run().await;
            drop(running);
            end
        });
        Ok(Self { handle, first_news, over, driver, control, watcher, tasks, tidying, _hold: hold })
    }

    /// The news from the start, for one listener; later ones hear from now on.
    pub(crate) fn take_news(&mut self) -> broadcast::Receiver<Arc<News>> {
        self.first_news.take().unwrap_or_else(|| self.handle.news.subscribe())
    }

    /// Waits for the end of the loop, whatever ends it.
    pub(crate) fn over(&self) -> impl Future<Output = ()> + Send + 'static {
        let mut over = self.over.clone();
        async move {
            // Nothing is ever sent: the only change is that the loop lets go.
            while over.changed().await.is_ok() {}
        }
    }

    /// Whether the loop has ended by itself.
    pub(crate) fn is_over(&self) -> bool {
        self.driver.is_finished()
    }

    /// Stops cleanly: what is pending is taken in and durable, peers are told. Within
    /// [`STOP_LIMIT`] and a little.
    ///
    /// # Errors
    ///
    /// [`Failure::Damaged`] when the store failed, [`Failure::Bug`] when the loop panicked or did not
    /// stop in time.
    pub(crate) async fn stop(self) -> Result<(), Error> {
        // A loop that has ended takes no commands, and needs none.
        self.handle.command(Command::Stop).await.ok();
        self.close(STOP_LIMIT).await
    }

    /// Drops everything without taking anything in.
    pub(crate) async fn abandon(self) -> Result<(), Error> {
        self.driver.abort();
        self.close(Duration::ZERO)
            .await
            .or_else(|error| if error.kind == Failure::Bug { Ok(()) } else { Err(error) })
    }

    async fn close(self, limit: Duration) -> Result<(), Error> {
        let Self {
            handle,
            first_news,
            over: _,
            mut driver,
            control,
            watcher,
            tasks,
            tidying,
            _hold,
        } = self;
        drop(first_news);
        let ended = timeout(limit, &mut driver).await;
        if let Some(control) = control {
            control.farewell().await;
        }
        drop(watcher.lock().unwrap_or_else(PoisonError::into_inner).take());
        let Handle { net, .. } = handle;
        for task in &tasks {
            task.abort();
        }
        for task in tasks {
            // Aborted is what they are to be.
            task.await.ok();
        }
        let result = match ended {
            Ok(Ok((end, workers))) => {
                tokio::task::spawn_blocking(move || workers.stop())
                    .await
                    .map_err(|error| fault::bug("closing the store ended").caused_by(error))?;
                match end {
                    End::Stopped => Ok(()),
                    End::StoreFailed(text) => Err(Error::new(
                        Failure::Damaged,
                        "the store failed and nothing more can be kept",
                    )
                    .hint("The notes in the folder are not touched by this.")
                    .caused_by(text)),
                    End::NoGround(error) => Err(error),
                }
            }
            Ok(Err(error)) => Err(fault::bug("the loop ended").caused_by(error)),
            Err(_) => {
                driver.abort();
                // Its threads end with their queues; the store closes with them.
                driver.await.ok();
                Err(fault::bug("stopping took too long"))
            }
        };
        drop(tidying);
        if let Some(net) = net.and_then(Arc::into_inner) {
            // Every link was closed by the engine; what is left is an attempt to reach nobody.
            timeout(NET_LIMIT, net.shutdown()).await.ok();
        }
        result
    }
}

/// Where news are told, and who hears them from the first on.
fn news() -> (broadcast::Sender<Arc<News>>, Option<broadcast::Receiver<Arc<News>>>) {
    let (news, first) = broadcast::channel(NEWS_LIMIT);
    (news, Some(first))
}

/// What this device is called in its vault, and whether that is news to the vault: a name that a
/// person chose counts more than the host's, which only stands in for one.
fn named(members: &[Member], me: PeerId, name: String, chosen: Option<&str>) -> (String, bool) {
    let known = members.iter().find(|member| member.id == me).map(|member| member.name.clone());
    match (known, chosen) {
        (Some(known), Some(chosen)) if known != chosen && known == identity::host_name() => {
            (chosen.to_owned(), true)
        }
        (Some(known), _) => (known, false),
        (None, _) => (name, false),
    }
}

/// What a `watch` measures begins like this; others are over too soon.
fn measured(role: Role, created: bool, settings: &Settings) -> Option<Beginning> {
    let quiet_ms = settings.engine().quiet_ms;
    (role == Role::Watch).then(|| Beginning { since: wall(), created, quiet_ms })
}

/// Starts telling the engine where this device is reached, and whether it is plugged in.
fn tell_of_device(role: Role, settings: &Settings, handle: &Handle) -> Vec<JoinHandle<()>> {
    let asks = || handle.asks.clone();
    let net = handle.net.iter().cloned();
    let mut tasks: Vec<_> = net.map(|net| tokio::spawn(tell_addresses(net, asks()))).collect();
    if role == Role::Watch {
        tasks.push(tokio::spawn(power::tell(settings.background(), asks())));
    }
    tasks
}

/// Prunes the trash now and once a day.
async fn prune_daily(ground: Ground) {
    loop {
        let ground = ground.clone();
        if let Err(error) = tokio::task::spawn_blocking(move || ground.prune_trash()).await {
            tracing::error!(%error, "pruning the trash ended");
        }
        tokio::time::sleep(TRASH_PAUSE).await;
    }
}

/// Tells the engine where this device can be reached, now and whenever that changes.
async fn tell_addresses(net: Arc<Net>, asks: mpsc::Sender<Ask>) {
    let mut told: Option<Vec<String>> = None;
    loop {
        // Before the look, so that nothing falls between the two.
        let moved = net.moved();
        let mut addresses = net.addresses();
        addresses.extend(net.relay());
        if told.as_ref() != Some(&addresses) {
            let command = Command::OwnAddresses(addresses.clone());
            if asks.send(Ask::Command(command)).await.is_err() {
                return;
            }
            told = Some(addresses);
        }
        moved.await;
    }
}

/// A network that is being bound; given up when dropped.
struct Bound {
    task: JoinHandle<Result<Net, Error>>,
    events: mpsc::Receiver<net::Event>,
}

impl Bound {
    fn begin(desk: &Desk) -> Self {
        let (to, events) = mpsc::channel(NET_EVENTS);
        let (settings, place) = (desk.settings.clone(), desk.place.clone());
        Self { task: tokio::spawn(bind(settings, place, desk.identity.secret, to)), events }
    }

    async fn finish(mut self) -> Result<(Arc<Net>, mpsc::Receiver<net::Event>), Error> {
        let bound = (&mut self.task).await;
        let bound = bound.map_err(|error| fault::bug("binding the port ended").caused_by(error))?;
        let events = std::mem::replace(&mut self.events, mpsc::channel(1).1);
        Ok((Arc::new(bound?), events))
    }
}

impl Drop for Bound {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Binds the vault's port. One that a person chose is taken or the start fails; one that was chosen
/// by chance gives way to another when it is taken.
async fn bind(
    settings: Settings,
    mut place: Place,
    secret: [u8; 32],
    events: mpsc::Sender<net::Event>,
) -> Result<Net, Error> {
    let chosen = match settings.bind() {
        Bind::Socket(socket) if socket.port() != 0 => Some(socket.port()),
        Bind::Socket(_) | Bind::Address(_) | Bind::All => {
            Some(settings.port()).filter(|port| *port != 0)
        }
    };
    let mut port = chosen.unwrap_or(place.port);
    let mut tries = 0;
    loop {
        match Net::bind(options(&settings, secret, port), events.clone()).await {
            Ok(net) => {
                if chosen.is_none() {
                    places::keep_port(&mut place, port)?;
                }
                return Ok(net);
            }
            Err(net::Error::PortInUse(taken)) if chosen.is_none() && tries < PORT_TRIES => {
                tracing::warn!(port = taken, "the port is taken; another one is tried");
                port = places::choose_port()?;
                tries += 1;
            }
            Err(error) => return Err(fault::of_net(&error)),
        }
    }
}

/// The settings as the network takes them.
fn options(settings: &Settings, secret: [u8; 32], port: u16) -> net::Options {
    let limits = [
        wire::CONTROL_LIMIT_BYTES,
        wire::LIVE_LIMIT_BYTES,
        wire::BULK_LIMIT_BYTES,
        wire::BLOB_LIMIT_BYTES,
    ];
    let limits = limits.map(|limit| u32::try_from(limit).unwrap_or(u32::MAX));
    let mut options = net::Options::new(secret, limits);
    options.bind = match settings.bind() {
        Bind::All => None,
        Bind::Address(address) => Some(SocketAddr::new(address, port)),
        Bind::Socket(socket) => Some(SocketAddr::new(socket.ip(), port)),
    };
    options.port = port;
    options.relay = match settings.relay() {
        Relay::Default => net::Relay::Default,
        Relay::None => net::Relay::None,
        Relay::Url(url) => net::Relay::Url(url),
    };
    let discovery = settings.discovery();
    options.discovery = net::Discovery { mdns: discovery.mdns(), dns: discovery.dns() };
    options.idle_timeout = Duration::from_millis(settings.idle_ms());
    options.connect_timeout = Duration::from_millis(settings.connect_timeout_ms());
    options
}
