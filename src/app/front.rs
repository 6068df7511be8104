//! What `cli` calls: each function blocks, with a runtime of its own inside.

use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::Value;
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::mpsc;

use super::answer::{VERSION, Verify};
use super::clock::Clock;
use super::config::Settings;
use super::contradictions;
use super::control::EVENTS_LIMIT;
use super::desk::{self, Desk, Held};
use super::figures::{self, Surroundings};
use super::ground::Ground;
use super::host::{Host, Opening, Role};
use super::listen::{Heard, Signals, Stop, at_once, by_person, listen, run};
use super::past;
use super::perform::{names, pass_on, perform, until_stopped, value};
use super::verify::{self, Access};
use super::{Error, Failure, InitDone, Located, OnEvent, Request, fault, places};
use crate::engine::{Command, Report, Status};
use crate::model::{Tick, VaultId};
use crate::vault::{self, Folder};

/// How long a stopping `watch` may take before this process ends all the same.
const STOP_LIMIT: Duration = Duration::from_secs(12);

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

/// Makes `dir` a vault and takes in what is there; on a vault, tells its figures. Events are those
/// of progress only.
///
/// # Errors
///
/// What is wrong with folder, settings or store.
pub fn init(dir: &Path, settings: &Settings, on_event: OnEvent<'_>) -> Result<InitDone, Error> {
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
        let root = folder.root().to_owned();
        let take_back = |_: &Error| take_back(created, &root, vault, settings);
        let opened = desk::open(dir, vault, Ground::vault(folder), settings).await;
        let desk = match opened.inspect_err(take_back)? {
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
        let started = Host::start(*desk, opening(Role::Alone, clock, created)).await;
        let host = started.inspect_err(take_back)?;
        let mut signals = Signals::new()?;
        let result = tokio::select! {
            ready = taken_in(host, on_event) => ready,
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
async fn taken_in(mut host: Host, on_event: OnEvent<'_>) -> Result<(Host, Status), Error> {
    let mut news = host.take_news();
    loop {
        match news.recv().await {
            Ok(news) => match news.report.as_ref() {
                Some(Report::Ready { .. }) => {
                    let status = host.handle.status().await?;
                    return Ok((host, status));
                }
                Some(Report::Progress { .. }) => {
                    if let Some(event) = &news.event {
                        // Taking in goes on, whether anybody reads of it or not.
                        let _goes_on = on_event(event);
                    }
                }
                Some(Report::Brake { reason, .. }) => {
                    let error = Error::new(Failure::Brake, reason.clone());
                    host.stop().await.ok();
                    return Err(error);
                }
                None
                | Some(
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
                    | Report::HeldBack { .. }
                    | Report::Problem(_)
                    | Report::Done(..)
                    | Report::Failed(_)
                    | Report::Stopped,
                ) => {}
            },
            Err(RecvError::Lagged(_)) => {}
            Err(RecvError::Closed) => {
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
        let root = folder.root().to_owned();
        let take_back = |_: &Error| take_back(created, &root, vault, settings);
        let opened = desk::open(dir, vault, Ground::vault(folder), settings).await;
        let desk = match opened.inspect_err(take_back)? {
            Held::Here(desk) => desk,
            Held::There(there) => return Err(desk::busy(&there.place, there.pid)),
        };
        let started = Host::start(*desk, opening(Role::Watch, clock, created)).await;
        let host = started.inspect_err(take_back)?;
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
                    at_once();
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
    stop(host, signals).await?;
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
        match desk::open(dir, vault, Ground::vault(folder), settings).await? {
            Held::There(there) => {
                let (events, mut told) = mpsc::channel(EVENTS_LIMIT);
                let work = there.client.ask(&request, events);
                match listen(work, &mut told, on_event, &mut signals).await {
                    Heard::Done(result) => result,
                    Heard::Deaf => Ok(nothing()),
                    Heard::Stopped => Err(by_person()),
                }
            }
            Held::Here(desk) => {
                Box::pin(alone(*desk, request, clock, on_event, &mut signals)).await
            }
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
        Request::Log { path, limit, single } => {
            return past_alone(desk, Past::Log(path.clone(), *limit, *single)).await;
        }
        Request::Show { path, rev } => {
            return past_alone(desk, Past::Show(path.clone(), rev.clone())).await;
        }
        Request::Conflicts => return past_alone(desk, Past::Conflicts).await,
        Request::Stop | Request::Events | Request::Metrics => {
            return Err(fault::no_watch(&desk.place.root));
        }
        Request::RenamePeer { .. }
        | Request::RemovePeer { .. }
        | Request::AddAddress { .. }
        | Request::Restore { .. }
        | Request::Resolve { .. } => Role::Alone,
        Request::Invite { wait: true, .. } => Role::Wait,
        Request::Shot { dry_run: true, .. } => Role::Dry,
        Request::Invite { wait: false, .. } => Role::Brief,
        Request::Shot { .. } => Role::Shot,
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
pub(crate) async fn stop(host: Host, signals: &mut Signals) -> Result<(), Error> {
    let stopping = host.stop();
    tokio::pin!(stopping);
    loop {
        tokio::select! {
            result = &mut stopping => return result,
            signal = signals.next() => {
                if signal == Stop::Interrupt {
                    at_once();
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
        trash: desk.ground.trash(),
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
    let folder = ground.to_read();
    let folder = folder.ok_or_else(|| fault::bug("an open vault has a folder"))?;
    let access = Access::Own(Arc::new(Mutex::new(store)));
    let checked = verify::check(&access, folder, deep).await?;
    value(&Verify { digest, ..checked })
}

/// What is asked of the past.
enum Past {
    Log(String, u64, bool),
    Show(String, Option<String>),
    Conflicts,
}

/// What the store tells of the past, without taking anything in.
async fn past_alone(desk: Desk, wanted: Past) -> Result<Value, Error> {
    let (engine, _) = desk.engine(Tick::default(), false)?;
    let names = names(&engine.status());
    drop(engine);
    let Desk { store, ground, hold: _hold, .. } = desk;
    let folder = ground.to_read();
    let folder = folder.ok_or_else(|| fault::bug("an open vault has a folder"))?;
    let access = Access::Own(Arc::new(Mutex::new(store)));
    match wanted {
        Past::Log(path, limit, single) => {
            let limit = usize::try_from(limit).unwrap_or(usize::MAX);
            past::log(&access, names, path, limit, single).await
        }
        Past::Conflicts => contradictions::list(&access).await,
        Past::Show(path, rev) => past::show(&access, folder, path, rev).await,
    }
}

/// Checks that `dir` does not lie inside a vault: its files would belong to two.
pub(crate) fn not_inside(dir: &Path) -> Result<(), Error> {
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

/// Nothing came of a vault that was made just now: the folder is as it was before.
fn take_back(created: bool, root: &Path, vault: VaultId, settings: &Settings) {
    if !created {
        return;
    }
    let unmarked = Folder::unmark(root, vault).map_err(|error| fault::of_vault(&error));
    let ours = places::folder_of(settings.home().state_dir(), vault);
    if let Err(error) = unmarked.and_then(|()| places::forget(&ours)) {
        tracing::warn!(%error, "what was begun could not be removed");
    }
}

pub(crate) const fn opening(role: Role, clock: Clock, created: bool) -> Opening {
    Opening { role, clock, created, gate: None }
}

/// What is returned when nobody listens any more.
pub(crate) fn nothing() -> Value {
    serde_json::json!({ "v": VERSION })
}
