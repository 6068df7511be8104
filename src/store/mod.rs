//! Our own data on disk: records, documents, texts, peers; grouped transactions.
#![expect(
    clippy::disallowed_methods,
    reason = "the store keeps its own files: this room is one of the few that touch the disk"
)]

mod commit;
mod disk;
mod error;
mod large;
mod life;
mod open;
mod read;
mod tables;
mod texts;

use std::path::PathBuf;

pub use commit::LARGE_BYTES;
pub use error::Error;
pub use life::Renewal;
pub use read::{DocumentSize, Rows};
pub use texts::TEXT_MAX_BYTES;

/// One vault's store, held by this process alone.
#[derive(Debug)]
pub struct Store {
    db: Option<redb::Database>,
    large: large::Large,
    packs: texts::Cache,
    life: crate::model::Life,
    renewal: Option<Renewal>,
    sessions: u64,
    marked: bool,
    next_pack: u64,
    folder: PathBuf,
    path: PathBuf,
    _lock: disk::Lock,
}
