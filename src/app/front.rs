//! What `cli` calls: each function blocks, with a runtime of its own inside.

use std::future::Future;
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::Value;
use tokio::runtime::Runtime;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::mpsc;

use super::answer::{Done, Outcome, VERSION, Verify};
use super::clock::{Clock, wall};
use super::config::Settings;
use super::control::EVENTS_LIMIT;
use super::desk::{self, Desk, Held};
use super::figures::{self, Surroundings};
use super::host::{self, Host, Opening, Role};
use super::perform::{pass_on, perform, run_shot, until_stopped, value};
use super::verify::{self, Access};
use super::{Error, Failure, InitDone, Located, OnEvent, Request, fault, places};
use crate::engine::{Command, Report, Status};
use crate::model::Tick;
use crate::net::Ticket;
use crate::vault::{self, Folder};

/// How long a stopping `watch` may take before this process ends all the same.
const STOP_LIMIT: Duration = Duration::from_secs(12);
/// The exit code of a process that a person stopped twice.
const STOPPED_AT_ONCE: i32 = 130;

/// The vault that holds `start`, looking upwards.
///
/// # Errors
///
/// [`Failure::NotAVault`] when there is none; [`Failure::NoSuchFolder`] or [`Failure::NotAFolder`]
/// when `start` is no folder.
pub fn locate(start: &Path) -> Result<Located, Error> {
    let of_vault = |error| fault::of_vault(&error);
    // Only for its errors: whether there is a folder at all.
    Folder::marker(start).map_err(of_vault)?;
    let Some(path) = vault::find_upwards(start) else {
        return Err(Error::new(
            Failure::NotAVault,
            format!("{} is no vault and lies in none", start.display()),
        )
        .hint("`vault-sync init` makes the folder a vault.")
        .hint("Or name a vault with --vault DIR."));
    };
    match Folder::marker(&path).map_err(of_vault)? {
        Some(id) => Ok(Located { path, id }),
        None => Err(fault::bug("a vault that was found has a marker")),
    }
}

/// Makes `dir` a vault and takes in what is there; on a vault, tells its figures.
///
/// # Errors
///
/// What is wrong with folder, settings or store.
pub fn init(dir: &Path, settings: &Settings) -> Result<InitDone, Error> {
    let clock = Clock::start();
    run(async {
        let (folder, created) = make_vault(dir)?;
        let vault = folder.id();
        let path = folder.root().to_owned();
        let done = |status: &Status, around: &Surroundings| InitDone {
            vault,
            path: path.clone(),
            name: around.name.clone(),
            created,
            files: status.files,
            bytes: status.bytes,
        };
        let desk = match desk::open(dir, vault, Some(folder), settings).await? {
            Held::Here(desk) => desk,
            Held::There(there) => {
                let (events, _nobody) = mpsc::channel(1);
                let told = there.client.ask(&Request::Status, events).await?;
                let told: super::answer::Status = serde_json::from_value(told)
                    .map_err(|error| fault::bug("a status has its shape").caused_by(error))?;
                return Ok(InitDone {
                    vault,
                    path: path.clone(),
                    name: told.device.name,
                    created,
                    files: told.vault.files,
                    bytes: told.vault.bytes,
                });
            }
        };
        let host = Host::start(*desk, opening(Role::Alone, clock, created)).await?;
        let mut signals = Signals::new()?;
        let result = tokio::select! {
            ready = taken_in(host) => ready,
            _ = signals.next() => return Err(by_person()),
        };
        let (host, status) = result?;
        let told = done(&status, &host.handle.around(&status));
        if created {
            // This also keeps the name that the device was given.
            host.handle.command(Command::OwnAddresses(Vec::new())).await?;
        }
        host.stop().await?;
        Ok(told)
    })
}

/// Waits until everything in the folder is durable.
async fn taken_in(mut host: Host) -> Result<(Host, Status), Error> {
    loop {
        match host.news.recv().await {
            Ok(news) => match &news.report {
                Report::Ready { .. } => {
                    let status = host.handle.status().await?;
                    return Ok((host, status));
                }
                Report::Brake { reason, .. } => {
                    let error = Error::new(Failure::Brake, reason.clone());
                    host.stop().await.ok();
                    return Err(error);
                }
                Report::PeerConnected(_)
                | Report::PeerDisconnected(..)
                | Report::PeerRefused(..)
                | Report::Paired(..)
                | Report::TakenIn { .. }
                | Report::Sent { .. }
                | Report::Written { .. }
                | Report::Renamed { .. }
                | Report::Deleted { .. }
                | Report::Merged(_)
                | Report::Conflict(..)
                | Report::InSync(..)
                | Report::Problem(_)
                | Report::Progress { .. }
                | Report::Done(..)
                | Report::Failed(_)
                | Report::Stopped => {}
            },
            Err(tokio::sync::broadcast::error::RecvError::Lagged(_)) => {}
            Err(tokio::sync::broadcast::error::RecvError::Closed) => {
                host.stop().await?;
                return Err(fault::bug("the loop ended before it was ready"));
            }
        }
    }
}

/// Syncs until stopped; makes `dir` a vault when it is none.
///
/// # Errors
///
/// [`Failure::Stopped`] when a signal stopped it, cleanly; [`Failure::Busy`] when another process
/// works on the vault; otherwise what is wrong with folder, settings, store or network.
pub fn watch(dir: &Path, settings: &Settings, on_event: OnEvent<'_>) -> Result<(), Error> {
    let clock = Clock::start();
    run(async {
        let (folder, created) = make_vault(dir)?;
        let vault = folder.id();
        let desk = match desk::open(dir, vault, Some(folder), settings).await? {
            Held::Here(desk) => desk,
            Held::There(there) => return Err(desk::busy(&there.place, there.pid)),
        };
        let host = Host::start(*desk, opening(Role::Watch, clock, created)).await?;
        let mut signals = Signals::new()?;
        stay(host, on_event, &mut signals).await
    })
}

/// Why a `watch` ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Why {
    /// A signal.
    Signal,
    /// Nobody reads the events.
    Deaf,
    /// It was asked to over the socket, or failed.
    Itself,
}

async fn stay(mut host: Host, on_event: OnEvent<'_>, signals: &mut Signals) -> Result<(), Error> {
    let (events, mut told) = mpsc::channel(EVENTS_LIMIT);
    let (mut news, over) = (host.take_news(), host.over());
    let telling = tokio::spawn(async move {
        tokio::select! {
            () = until_stopped(&mut news, &events) => return,
            () = over => {}
        }
        while let Ok(last) = news.try_recv() {
            pass_on(&last, &events).await;
        }
    });
    let mut why = None;
    let limit = tokio::time::sleep(Duration::ZERO);
    tokio::pin!(limit);
    loop {
        let reason = tokio::select! {
            event = told.recv() => match event {
                Some(event) if why != Some(Why::Deaf) && on_event(&event).is_break() => Why::Deaf,
                Some(_) => continue,
                None => break,
            },
            signal = signals.next() => {
                if why.is_some() && signal == Stop::Interrupt {
                    std::process::exit(STOPPED_AT_ONCE);
                }
                Why::Signal
            }
            () = &mut limit, if why.is_some() => break,
        };
        if why.is_none() {
            limit.as_mut().reset(tokio::time::Instant::now() + STOP_LIMIT);
            // When the loop has ended already, the events end, too.
            host.handle.command(Command::Stop).await.ok();
        }
        why = Some(why.unwrap_or(reason));
    }
    telling.abort();
    host.stop().await?;
    match why.unwrap_or(Why::Itself) {
        Why::Signal => Err(by_person()),
        Why::Deaf | Why::Itself => Ok(()),
    }
}

/// One request: through the `watch` that runs on the vault at `dir`, or in this process.
///
/// # Errors
///
/// As the request's doc says; [`Failure::Stopped`] when a signal ended it early;
/// [`Failure::Busy`] when another process has the vault and does not listen.
pub fn ask(
    dir: &Path,
    request: Request,
    settings: &Settings,
    on_event: OnEvent<'_>,
) -> Result<Value, Error> {
    let clock = Clock::start();
    run(async {
        let folder = Folder::open(dir).map_err(|error| fault::of_vault(&error))?;
        let vault = folder.id();
        let mut signals = Signals::new()?;
        match desk::open(dir, vault, Some(folder), settings).await? {
            Held::There(there) => {
                let (events, mut told) = mpsc::channel(EVENTS_LIMIT);
                let work = there.client.ask(&request, events);
                match listen(work, &mut told, on_event, &mut signals).await {
                    Heard::Done(result) => result,
                    Heard::Deaf => Ok(nothing()),
                    Heard::Stopped => Err(by_person()),
                }
            }
            Held::Here(desk) => alone(*desk, request, clock, on_event, &mut signals).await,
        }
    })
}

/// Carries out a request in this process.
async fn alone(
    desk: Desk,
    request: Request,
    clock: Clock,
    on_event: OnEvent<'_>,
    signals: &mut Signals,
) -> Result<Value, Error> {
    let role = match &request {
        Request::Status | Request::Peers => return figures_of(&desk, &request),
        Request::Verify { deep } => return verify_alone(desk, *deep).await,
        Request::Stop | Request::Events => {
            return Err(Error::new(
                Failure::Io,
                format!("no watch runs on {}", desk.place.root.display()),
            )
            .hint("`vault-sync watch` starts one."));
        }
        Request::RenamePeer { .. } | Request::RemovePeer { .. } | Request::AddAddress { .. } => {
            Role::Alone
        }
        Request::Invite { wait: true, .. } => Role::Wait,
        Request::Invite { wait: false, .. } | Request::Shot { .. } => Role::Shot,
    };
    let mut host = Host::start(desk, opening(role, clock, false)).await?;
    let (events, mut told) = mpsc::channel(EVENTS_LIMIT);
    let (handle, news) = (host.handle.clone(), host.take_news());
    let work = perform(&handle, request, news, events);
    let heard = listen(work, &mut told, on_event, signals).await;
    drop(handle);
    let stopped = stop(host, signals).await;
    match heard {
        Heard::Done(result) => {
            let result = result?;
            stopped.map(|()| result)
        }
        Heard::Deaf => stopped.map(|()| nothing()),
        Heard::Stopped => stopped.and_then(|()| Err(by_person())),
    }
}

/// Stops a host; a second Ctrl-C ends the process at once.
async fn stop(host: Host, signals: &mut Signals) -> Result<(), Error> {
    let stopping = host.stop();
    tokio::pin!(stopping);
    loop {
        tokio::select! {
            result = &mut stopping => return result,
            signal = signals.next() => {
                if signal == Stop::Interrupt {
                    std::process::exit(STOPPED_AT_ONCE);
                }
            }
        }
    }
}

/// What the store knows, without looking at the folder or meeting anybody.
fn figures_of(desk: &Desk, request: &Request) -> Result<Value, Error> {
    let (engine, damaged) = desk.engine(Tick::default(), false)?;
    let mut status = engine.status();
    status.problems.extend(damaged);
    let own = status.members.iter().find(|member| member.id == desk.me);
    let around = Surroundings {
        vault: desk.vault,
        path: desk.place.root.display().to_string(),
        me: desk.me,
        name: own.map_or_else(|| desk.name.clone(), |member| member.name.clone()),
        running: false,
        memory_bytes: super::memory::resident_bytes(),
        routes: Vec::new(),
    };
    if *request == Request::Peers {
        value(&figures::peers(&status, &around, None))
    } else {
        value(&figures::status(&status, &around))
    }
}

async fn verify_alone(desk: Desk, deep: bool) -> Result<Value, Error> {
    let (engine, _) = desk.engine(Tick::default(), false)?;
    let digest = engine.status().digest.to_string();
    drop(engine);
    let Desk { store, ground, hold: _hold, .. } = desk;
    let folder = ground.get().ok_or_else(|| fault::bug("an open vault has a folder"))?.clone();
    let access = Access::Own(Arc::new(Mutex::new(store)));
    let checked = verify::check(&access, folder, deep).await?;
    value(&Verify { digest, ..checked })
}

/// Pairs with the device that made `ticket`, and brings `dir` and its vault together.
///
/// - Shape: `dir` may be missing, empty or populated; it becomes a vault only once the other side
///   accepted. When it refuses, nothing is left changed.
///
/// # Errors
///
/// [`Failure::Ticket`] for a ticket that is mangled, expired, used up or this device's own;
/// [`Failure::OtherVault`] for a folder of another vault; [`Failure::NoPeer`] when nobody answers;
/// otherwise as [`ask`].
pub fn join(
    ticket: &str,
    dir: &Path,
    settings: &Settings,
    on_event: OnEvent<'_>,
) -> Result<Value, Error> {
    let clock = Clock::start();
    let ticket: Ticket =
        ticket.parse().map_err(|error: crate::net::Error| fault::of_net(&error))?;
    if ticket.expires <= wall() {
        return Err(bad_ticket("the ticket has expired"));
    }
    run(async {
        let folder = ground_of(dir, &ticket)?;
        let gated = folder.is_none();
        let mut signals = Signals::new()?;
        let desk = match desk::open(dir, ticket.vault, folder, settings).await? {
            Held::Here(desk) => *desk,
            Held::There(there) => return Err(desk::busy(&there.place, there.pid)),
        };
        let place = desk.place.clone();
        if ticket.peer == desk.me {
            drop(desk);
            forget_fresh(&place);
            return Err(bad_ticket("the ticket was made by this device"));
        }
        let gate = gated.then(|| host::gate(&desk.ground, &place.root, ticket.vault));
        let ground = Arc::clone(&desk.ground);
        let started = Host::start(desk, Opening { gate, ..opening(Role::Shot, clock, gated) });
        let mut host = match started.await {
            Ok(host) => host,
            Err(error) => {
                forget_fresh(&place);
                return Err(error);
            }
        };
        let shot = host.handle.next_shot();
        let command = Command::Join {
            shot,
            peer: ticket.peer,
            addresses: ticket.contacts(),
            secret: ticket.secret,
        };
        let (events, mut told) = mpsc::channel(EVENTS_LIMIT);
        let (handle, news, over) = (host.handle.clone(), host.take_news(), host.over());
        let work = async {
            tokio::select! {
                result = run_shot(&handle, shot, command, news, None, false, &events) => result,
                // Why is said by the end of the host.
                () = over => Err(super::handle::stopped()),
            }
        };
        let heard = listen(work, &mut told, on_event, &mut signals).await;
        drop(handle);
        if ground.get().is_none() {
            // Nobody accepted us: everything is as it was before.
            let over = host.is_over();
            let why = host.abandon().await;
            forget_fresh(&place);
            return Err(match (heard, why) {
                (_, Err(error)) if over => error,
                (Heard::Done(Ok(done)), _) => not_accepted(done),
                (Heard::Done(Err(error)), _) => error,
                (Heard::Deaf | Heard::Stopped, _) => by_person(),
            });
        }
        let stopped = stop(host, &mut signals).await;
        match heard {
            Heard::Done(Err(_)) if stopped.is_err() => stopped.map(|()| nothing()),
            Heard::Done(result) => {
                let result = result?;
                refused_member(&result)?;
                stopped.map(|()| result)
            }
            Heard::Deaf => stopped.map(|()| nothing()),
            Heard::Stopped => stopped.and_then(|()| Err(by_person())),
        }
    })
}

/// The folder `dir` when it is a copy of the ticket's vault already; `None` when it may become one.
fn ground_of(dir: &Path, ticket: &Ticket) -> Result<Option<Folder>, Error> {
    let of_vault = |error| fault::of_vault(&error);
    match Folder::marker(dir) {
        Ok(Some(id)) if id == ticket.vault => Folder::open(dir).map(Some).map_err(of_vault),
        Ok(Some(_)) => Err(Error::new(
            Failure::OtherVault,
            format!("{} belongs to another vault", dir.display()),
        )
        .hint("Choose another folder for this one.")),
        Ok(None) => {
            std::fs::read_dir(dir).map_err(|error| fault::io("read", dir, error))?;
            not_inside(dir).map(|()| None)
        }
        Err(vault::Error::Missing { .. }) => not_inside(dir).map(|()| None),
        Err(error) => Err(of_vault(error)),
    }
}

/// Checks that `dir` does not lie inside a vault: its files would belong to two.
fn not_inside(dir: &Path) -> Result<(), Error> {
    let dir = places::absolute(dir)?;
    let outer = dir
        .ancestors()
        .skip(1)
        .find_map(|above| above.is_dir().then(|| vault::find_upwards(above)).flatten());
    match outer {
        Some(outer) => Err(Error::new(
            Failure::OtherVault,
            format!("{} lies inside the vault {}", dir.display(), outer.display()),
        )
        .hint("Choose a folder outside of it.")),
        None => Ok(()),
    }
}

/// The vault at `dir`, and whether it was made just now.
fn make_vault(dir: &Path) -> Result<(Folder, bool), Error> {
    let of_vault = |error| fault::of_vault(&error);
    let created = Folder::marker(dir).map_err(of_vault)?.is_none();
    if created {
        not_inside(dir)?;
    }
    let (folder, _) = Folder::init(dir).map_err(of_vault)?;
    Ok((folder, created))
}

fn forget_fresh(place: &places::Place) {
    if place.fresh
        && let Err(error) = places::forget(place)
    {
        tracing::warn!(%error, "what was begun could not be removed");
    }
}

fn bad_ticket(what: &str) -> Error {
    Error::new(Failure::Ticket, what)
        .hint("Run `vault-sync invite` on a device of the vault, and use the new ticket here.")
}

/// Why the inviter did not accept us.
fn not_accepted(done: Value) -> Error {
    let met = serde_json::from_value::<Done>(done).ok().and_then(|mut done| done.peers.pop());
    let Some(met) = met else {
        return fault::bug("joining ended without an outcome");
    };
    let with = |kind, text: &str| Error::new(kind, text).caused_by(met.message.clone());
    match met.outcome {
        Outcome::Refused => with(Failure::Ticket, "the other device refused the ticket")
            .hint("A ticket may be used up or expired: make a new one with `vault-sync invite`."),
        Outcome::Unreachable | Outcome::Timeout => {
            with(Failure::NoPeer, "the device that made the ticket was not reached")
                .hint("Check that `vault-sync watch` or `vault-sync invite --wait` runs there.")
        }
        Outcome::Error | Outcome::InSync => {
            with(Failure::NoPeer, "the pairing broke off").hint("Try again.")
        }
    }
}

/// A device that was a member already may still be refused.
fn refused_member(done: &Value) -> Result<(), Error> {
    let refused = serde_json::from_value::<Done>(done.clone())
        .ok()
        .is_some_and(|done| done.peers.iter().any(|met| met.outcome == Outcome::Refused));
    if refused { Err(not_accepted(done.clone())) } else { Ok(()) }
}

const fn opening(role: Role, clock: Clock, created: bool) -> Opening {
    Opening { role, clock, created, gate: None }
}

fn by_person() -> Error {
    Error::new(Failure::Stopped, "stopped")
}

/// What is returned when nobody listens any more.
fn nothing() -> Value {
    serde_json::json!({ "v": VERSION })
}

/// Runs `work` on a runtime of its own. Two workers are enough: what takes long has its own threads.
fn run<T>(work: impl Future<Output = Result<T, Error>>) -> Result<T, Error> {
    let runtime: Runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .map_err(|error| Error::new(Failure::Io, "cannot start the runtime").caused_by(error))?;
    let result = runtime.block_on(work);
    // Jobs that still run are of nobody's interest.
    runtime.shutdown_background();
    result
}

/// What came of listening to a piece of work.
enum Heard<T> {
    /// It ended.
    Done(T),
    /// Nobody wants its events.
    Deaf,
    /// A signal came first.
    Stopped,
}

/// Hands events on while `work` goes on. When it does not end by itself it is dropped.
async fn listen<T>(
    work: impl Future<Output = T>,
    told: &mut mpsc::Receiver<Value>,
    on_event: OnEvent<'_>,
    signals: &mut Signals,
) -> Heard<T> {
    tokio::pin!(work);
    let mut open = true;
    loop {
        tokio::select! {
            event = told.recv(), if open => match event {
                Some(event) => {
                    if on_event(&event).is_break() {
                        return Heard::Deaf;
                    }
                }
                None => open = false,
            },
            result = &mut work => {
                let mut rest = ControlFlow::Continue(());
                while rest.is_continue() && let Ok(event) = told.try_recv() {
                    rest = on_event(&event);
                }
                return Heard::Done(result);
            }
            _ = signals.next() => return Heard::Stopped,
        }
    }
}

/// Which signal came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stop {
    /// Ctrl-C.
    Interrupt,
    /// From the system or a service manager.
    Terminate,
}

/// The signals that end a command cleanly.
struct Signals {
    interrupt: Signal,
    terminate: Signal,
}

impl Signals {
    fn new() -> Result<Self, Error> {
        let listen = |kind| {
            signal(kind).map_err(|error| {
                Error::new(Failure::Io, "cannot listen for signals").caused_by(error)
            })
        };
        Ok(Self {
            interrupt: listen(SignalKind::interrupt())?,
            terminate: listen(SignalKind::terminate())?,
        })
    }

    /// Waits for the next one. Cancel safe.
    async fn next(&mut self) -> Stop {
        tokio::select! {
            _ = self.interrupt.recv() => Stop::Interrupt,
            _ = self.terminate.recv() => Stop::Terminate,
        }
    }
}
