//! What can go wrong with our own data, and the one place where redb's errors become ours.

use std::any::Any;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

use crate::model::ContentHash;

/// Why the store could not do what was asked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Another process holds the store; it says which, if it could.
    #[error("the store in {} is in use{}", path.display(), by(*holder))]
    Locked {
        /// The store's folder.
        path: PathBuf,
        /// Process id of the holder, when the lock file tells.
        holder: Option<u32>,
    },
    /// A newer program wrote the store; none of its rows was changed.
    #[error("the store {} has version {found}, this program knows up to {known}", path.display())]
    Version {
        /// The store's file.
        path: PathBuf,
        /// Version found.
        found: u32,
        /// Newest version that this program knows.
        known: u32,
    },
    /// The store as a whole cannot be trusted any more; see [`super::Store::quarantine`].
    #[error("the store {} is damaged", path.display())]
    Damaged {
        /// The store's file.
        path: PathBuf,
        /// What was noticed.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// One row is damaged; all others are not touched by it.
    #[error("the row {key} of the table {table} is damaged: {reason}")]
    Row {
        /// Name of the table.
        table: &'static str,
        /// The row's key: hex for identities, text for names.
        key: String,
        /// What was noticed.
        reason: &'static str,
    },
    /// A text was handed over under a hash that is not its own, or is longer than
    /// [`super::TEXT_MAX_BYTES`]; nothing of the commit was kept.
    #[error("the text {hash} cannot be kept: {reason}")]
    Text {
        /// The hash it was handed over with.
        hash: ContentHash,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// The operating system refused.
    #[error("cannot {step} {}", path.display())]
    Io {
        /// What was tried, as a verb.
        step: &'static str,
        /// On which file or folder.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// The operating system gave no random bytes for a new life.
    #[error("cannot make a new identity for the store")]
    Random(#[source] getrandom::Error),
}

fn by(holder: Option<u32>) -> String {
    holder.map_or_else(String::new, |pid| format!(" by process {pid}"))
}

impl Error {
    pub(super) fn row(table: &'static str, key: &[u8], reason: &'static str) -> Self {
        let printable = !key.is_empty() && key.iter().all(u8::is_ascii_graphic);
        let key = if printable {
            String::from_utf8_lossy(key).into_owned()
        } else {
            data_encoding::HEXLOWER.encode(key)
        };
        Self::Row { table, key, reason }
    }

    pub(super) fn damaged(path: &Path, what: &str) -> Self {
        Self::Damaged { path: path.to_owned(), source: what.into() }
    }
}

/// Puts step and path to an I/O result.
pub(super) trait At<T> {
    fn at(self, step: &'static str, path: &Path) -> Result<T, Error>;
}

impl<T> At<T> for io::Result<T> {
    fn at(self, step: &'static str, path: &Path) -> Result<T, Error> {
        self.map_err(|source| Error::Io { step, path: path.to_owned(), source })
    }
}

/// What work on the database may end with, before it is told as an [`Error`].
#[derive(Debug)]
pub(super) enum Fault {
    Own(Error),
    Redb(redb::Error),
}

impl From<Error> for Fault {
    fn from(error: Error) -> Self {
        Self::Own(error)
    }
}

macro_rules! from_redb {
    ($($name:ident),*) => {$(
        impl From<redb::$name> for Fault {
            fn from(error: redb::$name) -> Self {
                Self::Redb(error.into())
            }
        }
    )*};
}
from_redb!(
    DatabaseError,
    TransactionError,
    TableError,
    StorageError,
    CommitError,
    SetDurabilityError
);

/// Runs `work` on the database at `path` and tells its faults as [`Error`]s.
///
/// redb trusts its pages and may panic on damaged ones; that ends here as [`Error::Damaged`].
pub(super) fn guarded<T>(
    path: &Path,
    step: &'static str,
    work: impl FnOnce() -> Result<T, Fault>,
) -> Result<T, Error> {
    match catch_unwind(AssertUnwindSafe(work)) {
        Ok(Ok(value)) => Ok(value),
        Ok(Err(Fault::Own(error))) => Err(error),
        Ok(Err(Fault::Redb(error))) => Err(told(path, step, error)),
        Err(panic) => Err(Error::damaged(path, &panic_text(&*panic))),
    }
}

fn told(path: &Path, step: &'static str, error: redb::Error) -> Error {
    if matches!(error, redb::Error::DatabaseAlreadyOpen) {
        return Error::Locked { path: path.to_owned(), holder: None };
    }
    if matches!(error, redb::Error::PreviousIo) {
        return Error::Io { step, path: path.to_owned(), source: io::Error::other(error) };
    }
    if let redb::Error::Io(source) = error {
        // The file is shorter than its own header says, or is no database at all.
        if matches!(source.kind(), io::ErrorKind::UnexpectedEof | io::ErrorKind::InvalidData) {
            return Error::Damaged { path: path.to_owned(), source: source.into() };
        }
        return Error::Io { step, path: path.to_owned(), source };
    }
    Error::Damaged { path: path.to_owned(), source: error.into() }
}

fn panic_text(panic: &(dyn Any + Send)) -> String {
    let text = panic
        .downcast_ref::<&str>()
        .map(|text| (*text).to_owned())
        .or_else(|| panic.downcast_ref::<String>().cloned());
    format!("the database gave up: {}", text.as_deref().unwrap_or("no reason given"))
}
