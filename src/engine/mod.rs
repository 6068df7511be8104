//! The sync core, without I/O: data in, data out.

mod accord;
mod batch;
mod brakes;
mod bye;
mod cache;
mod check;
mod command;
mod commit;
mod compare;
mod config;
mod core;
mod debounce;
mod digest;
mod echo;
mod effect;
mod entry;
mod fetch;
mod fetches;
mod file;
mod hollow;
mod ids;
mod index;
mod input;
mod intake;
mod job;
mod keep;
mod known;
mod leaving;
mod ledger;
mod link;
mod members;
mod outbox;
mod pace;
mod packs;
mod past;
mod progress;
mod recent;
mod report;
mod scan;
mod send;
mod serve;
mod share;
mod shot;
mod silence;
mod spread;
mod status;
mod steps;
mod takein;
mod task;
#[cfg(test)]
mod tests;
mod texts;
mod trade;
mod trail;
mod turns;
mod unfinished;
mod work;

pub use check::Recorded;
pub use command::{Command, Refusal, ShotId, ShotMode, ShotOutcome, ShotResult};
pub use config::{Background, Config};
pub use core::Engine;
pub use effect::{Counts, Effect, LinkId, Op, Shelf};
pub use input::{DialError, Hint, Input, ScanError};
pub use job::{Job, Outcome};
pub use known::Known;
pub use ledger::{About, Contradiction, Verdict};
pub use past::{Deed, Held, Keep, NoUndo, Past, Revision, Undone, made_by};
pub use report::{Report, Work};
pub use status::{PeerStatus, Status};

pub use crate::docs::{Mark, Side};
use crate::model::{Life, PeerId, VaultId, WallMs};

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
    /// All files that the store knows.
    pub files: Known,
    /// All peer records of the store, any order.
    pub peers: Vec<(PeerId, Vec<u8>)>,
    /// All named values of the store.
    pub meta: Vec<(String, Vec<u8>)>,
    /// All entries of the merge ledger, any order.
    pub ledger: Vec<(Vec<u8>, Vec<u8>)>,
    /// The time of day.
    pub wall: WallMs,
    /// Whether to keep links to peers (`watch`) or to meet them only for one-shots.
    pub stay_connected: bool,
}
