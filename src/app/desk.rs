//! Everything of one vault that one process may have open at a time.

use std::path::Path;
use std::time::{Duration, Instant};

use super::clock::wall;
use super::config::Settings;
use super::ground::Ground;
use super::identity::{self, Identity};
use super::places::{self, Hold, Place};
use super::workers::chain;
use super::{Error, Failure, control, fault};
use crate::engine::{Engine, Known, Setup};
use crate::model::{PeerId, Problem, ProblemKind, Tick, VaultId};
use crate::net;
use crate::store::Store;
use crate::vault::Folder;

/// How long another process is waited for: one-shots take moments, and a `watch` that starts opens
/// its socket within this time.
const PATIENCE: Duration = Duration::from_secs(5);
/// Pause between two looks at whether the vault is free.
const PAUSE: Duration = Duration::from_millis(25);

/// A vault, held by this process.
#[derive(Debug)]
pub(crate) struct Desk {
    /// The vault.
    pub(crate) vault: VaultId,
    /// The settings, the vault's own included.
    pub(crate) settings: Settings,
    /// This device.
    pub(crate) identity: Identity,
    /// Its public side.
    pub(crate) me: PeerId,
    /// What it is called if nobody named it in this vault yet.
    pub(crate) name: String,
    /// Where our data lies.
    pub(crate) place: Place,
    /// The right to be here.
    pub(crate) hold: Hold,
    /// Our data.
    pub(crate) store: Store,
    /// The user's folder, once it is one.
    pub(crate) ground: Ground,
}

/// Who works on the vault.
#[derive(Debug)]
pub(crate) enum Held {
    /// This process.
    Here(Box<Desk>),
    /// A `watch`, which listens for requests.
    There(There),
}

/// A `watch` in another process.
#[derive(Debug)]
pub(crate) struct There {
    /// The way to it.
    pub(crate) client: control::Client,
    /// Its vault.
    pub(crate) place: Place,
    /// Its process, or zero.
    pub(crate) pid: u32,
}

/// Opens the vault `vault` at `root`, or connects to the `watch` that has it.
///
/// # Errors
///
/// [`Failure::Busy`] when another process has it and does not answer in time; otherwise what is
/// wrong with folder, place or store.
pub(crate) async fn open(
    root: &Path,
    vault: VaultId,
    ground: Ground,
    settings: &Settings,
) -> Result<Held, Error> {
    let identity = identity::load_or_make(settings.home().identity_file())?;
    let marker = |folder: &Path| Folder::marker(folder).ok().flatten();
    let place = places::claim(settings.home().state_dir(), vault, root, marker)?;
    let hold = match wait_for(&place).await? {
        Waited::Mine(hold) => hold,
        Waited::Theirs(client, pid) => {
            return Ok(Held::There(There { client, place, pid }));
        }
    };
    let settings = settings.clone().with_vault(vault)?;
    let store = Store::open(&place.folder).map_err(|error| fault::of_store(&error))?;
    Ok(Held::Here(Box::new(Desk {
        vault,
        me: net::id_of(&identity.secret),
        name: settings.device_name().unwrap_or_else(identity::host_name),
        settings,
        identity,
        place,
        hold,
        store,
        ground,
    })))
}

enum Waited {
    Mine(Hold),
    Theirs(control::Client, u32),
}

async fn wait_for(place: &Place) -> Result<Waited, Error> {
    let limit = Instant::now() + PATIENCE;
    loop {
        match places::hold(place)? {
            Ok(hold) => return Ok(Waited::Mine(hold)),
            Err(pid) => {
                if let Some(client) = control::connect(&place.socket).await? {
                    return Ok(Waited::Theirs(client, pid));
                }
                if Instant::now() >= limit {
                    return Err(busy(place, pid));
                }
            }
        }
        tokio::time::sleep(PAUSE).await;
    }
}

/// The vault is taken by process `pid` (zero: unknown).
pub(crate) fn busy(place: &Place, pid: u32) -> Error {
    let who = match pid {
        0 => "another process".to_owned(),
        pid => format!("process {pid}"),
    };
    Error::new(Failure::Busy, format!("{} is being synced by {who}", place.root.display()))
        .hint("Use the one that runs, or stop it first.")
}

impl Desk {
    /// Starts an engine from what the store holds; the second part lists rows that are damaged.
    ///
    /// # Errors
    ///
    /// What is wrong with the store as a whole.
    pub(crate) fn engine(&self, now: Tick, stay: bool) -> Result<(Engine, Vec<Problem>), Error> {
        let failed = |error| fault::of_store(&error);
        let mut files = Known::default();
        let damaged = self.store.each_file(|id, record| files.add(id, record)).map_err(failed)?;
        let peers = self.store.peers().map_err(failed)?;
        let meta = self.store.meta().map_err(failed)?;
        let ledger = self.store.ledger().map_err(failed)?;
        let damaged = [damaged, peers.damaged, meta.damaged, ledger.damaged];
        let damaged = damaged.iter().flatten().map(|error| {
            tracing::error!(%error, "a row of the store is left out");
            in_store(chain(error))
        });
        let damaged = damaged.collect();
        let engine = Engine::new(
            now,
            Setup {
                vault: self.vault,
                me: self.me,
                name: self.name.clone(),
                life: self.store.life(),
                config: self.settings.engine(),
                files,
                peers: peers.rows,
                meta: meta.rows,
                ledger: ledger.rows,
                wall: wall(),
                stay_connected: stay,
            },
        );
        Ok((engine, damaged))
    }
}

/// A problem of the store itself.
pub(crate) fn in_store(message: String) -> Problem {
    Problem { path: String::new(), kind: ProblemKind::Damaged, message }
}
