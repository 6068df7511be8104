//! The sync core, without I/O: data in, data out.

mod command;
mod config;
mod effect;
mod input;
mod job;
mod report;
mod status;

pub use command::{Command, ShotId, ShotMode, ShotOutcome, ShotResult};
pub use config::Config;
pub use effect::{Counts, Effect, LinkId, Op, Shelf};
pub use input::{DialError, Hint, Input, ScanError};
pub use job::{Job, Outcome};
pub use report::{Report, Work};
pub use status::{PeerStatus, Status};

use crate::model::{FileId, Life, PeerId, Tick, VaultId, WallMs};

/// Everything an engine knows when it starts.
#[derive(Debug)]
pub struct Setup {
    /// Which vault.
    pub vault: VaultId,
    /// This device.
    pub me: PeerId,
    /// What a person calls this device.
    pub name: String,
    /// This life of the store.
    pub life: Life,
    /// Limits and times.
    pub config: Config,
    /// All file records of the store, any order.
    pub files: Vec<(FileId, Vec<u8>)>,
    /// All peer records of the store, any order.
    pub peers: Vec<(PeerId, Vec<u8>)>,
    /// All named values of the store.
    pub meta: Vec<(String, Vec<u8>)>,
    /// How many entries of the ledger are open.
    pub conflicts: u64,
    /// The time of day.
    pub wall: WallMs,
    /// Whether to keep links to peers (`watch`) or to meet them only for one-shots.
    pub stay_connected: bool,
}

/// The core: `handle` one input, then `poll` until `None`, then wait until `deadline`.
#[derive(Debug)]
pub struct Engine {
    _setup: Setup,
}

impl Engine {
    /// Starts from what the store holds; asks for a scan at once.
    pub fn new(_now: Tick, setup: Setup) -> Self {
        Self { _setup: setup }
    }

    /// Takes one input. Never call it twice without draining [`Engine::poll`] in between.
    pub fn handle(&mut self, _now: Tick, _input: Input) {}

    /// The next thing that must happen; `None` when there is nothing more for now.
    pub fn poll(&mut self) -> Option<Effect> {
        None
    }

    /// When to call [`Engine::handle`] with [`Input::Wake`], if nothing else happens before.
    pub fn deadline(&self) -> Option<Tick> {
        None
    }

    /// The figures behind `status`.
    pub fn status(&self) -> Status {
        Status::default()
    }
}
