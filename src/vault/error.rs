//! What can be wrong with the folder as a whole.

use std::io;
use std::path::{Path, PathBuf};

use crate::model::VaultId;

/// Why the folder as a whole cannot be used. What concerns one path is a
/// [`crate::model::Problem`] instead.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Nothing is there.
    #[error("{} does not exist", path.display())]
    Missing {
        /// The vault's root.
        path: PathBuf,
    },
    /// A file is there.
    #[error("{} is a file, not a folder", path.display())]
    NotAFolder {
        /// What should be a folder.
        path: PathBuf,
    },
    /// A folder without our marker.
    #[error("{} is not a vault yet; `vault-sync init` makes it one", path.display())]
    NotAVault {
        /// The folder.
        path: PathBuf,
    },
    /// The marker was there when the folder was opened, and is gone.
    #[error(
        "the vault's marker {} is gone: the disk is not mounted, or the marker was deleted",
        path.display()
    )]
    Unmounted {
        /// The marker.
        path: PathBuf,
    },
    /// The marker names another vault.
    #[error("{} belongs to the vault {found}, not to {expected}", path.display())]
    OtherVault {
        /// The folder.
        path: PathBuf,
        /// What its marker says.
        found: VaultId,
        /// What was expected.
        expected: VaultId,
    },
    /// The marker is not what we write.
    #[error("the vault's marker {} cannot be understood", path.display())]
    Marker {
        /// The marker.
        path: PathBuf,
        /// Where it goes wrong.
        source: serde_json::Error,
    },
    /// The marker is of a later version of this program.
    #[error(
        "the vault's marker {} has version {version}, which needs a newer vault-sync",
        path.display()
    )]
    MarkerVersion {
        /// The marker.
        path: PathBuf,
        /// Its version.
        version: u64,
    },
    /// The system refused.
    #[error("cannot {action} {}", path.display())]
    Io {
        /// What was tried.
        action: &'static str,
        /// On what.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// The system gave no random bytes for a new vault's identity.
    #[error("the system gave no random bytes")]
    Random {
        /// What the system says.
        source: getrandom::Error,
    },
    /// The system watches no more folders.
    #[error(
        "{} has more folders than this system watches at once; raise the limit \
         (fs.inotify.max_user_watches and max_user_instances)",
        path.display()
    )]
    WatchLimit {
        /// The vault's root.
        path: PathBuf,
    },
    /// The folder cannot be watched for another reason.
    #[error("cannot watch {}", path.display())]
    Watch {
        /// The vault's root.
        path: PathBuf,
        /// What the watcher says.
        source: notify::Error,
    },
}

impl Error {
    /// Wraps what the system said of `path`.
    pub(super) fn io(action: &'static str, path: &Path, source: io::Error) -> Self {
        Self::Io { action, path: path.to_owned(), source }
    }

    /// Whether the folder is merely not there now, so that nothing may be taken for deleted.
    pub const fn is_unmounted(&self) -> bool {
        matches!(self, Self::Unmounted { .. } | Self::OtherVault { .. } | Self::Missing { .. })
    }
}
