//! Our own data on disk: records, documents, texts, peers; grouped transactions.
#![expect(
    clippy::disallowed_methods,
    reason = "the store keeps its own files: this room is one of the few that touch the disk"
)]

mod base;
mod commit;
mod disk;
mod error;
mod large;
mod life;
mod open;
mod read;
mod tables;
mod texts;
mod tidy;
mod verify;

pub use commit::LARGE_BYTES;
pub use error::Error;
pub use life::Renewal;
pub use read::{DocumentSize, Rows};
pub use texts::TEXT_MAX_BYTES;
pub use tidy::Tidied;
pub use verify::Check;

/// One vault's store, held by this process alone.
#[derive(Debug)]
pub struct Store {
    // Closed first, the lock given back last.
    base: base::Base,
    large: large::Large,
    packs: texts::Cache,
    renewal: Option<Renewal>,
    _lock: disk::Lock,
}

#[cfg(test)]
mod tests;
