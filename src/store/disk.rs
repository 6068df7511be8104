//! Files and folders only their owner can read, and the lock.

use std::fs::{self, DirBuilder, File, OpenOptions, TryLockError};
use std::io::{Read, Seek, Write as _};
use std::path::Path;

use super::Error;
use super::error::At;

const LOCK_NAME: &str = "store.lock";

/// Makes `folder` and those above it, readable by their owner only; does nothing when it is there.
pub(super) fn make_folder(folder: &Path) -> Result<(), Error> {
    if folder.is_dir() {
        return Ok(());
    }
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder).at("make the folder", folder)?;
    match folder.parent() {
        Some(parent) if parent != Path::new("") => sync_folder(parent),
        _ => Ok(()),
    }
}

/// Files made with these options can be read by their owner only.
pub(super) fn private(options: &mut OpenOptions) -> &mut OpenOptions {
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(options, 0o600);
    options
}

/// Makes the names in `folder` durable, where the system has a way to.
pub(super) fn sync_folder(folder: &Path) -> Result<(), Error> {
    if cfg!(unix) {
        File::open(folder).and_then(|opened| opened.sync_all()).at("sync", folder)?;
    }
    Ok(())
}

/// Removes a file; that it is not there is fine.
pub(super) fn remove_if_there(path: &Path) -> Result<(), Error> {
    match fs::remove_file(path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
        done => done.at("remove", path),
    }
}

/// Holds the store against other processes until dropped; a killed process lets go too.
#[derive(Debug)]
pub(super) struct Lock {
    _file: File,
}

impl Lock {
    /// Takes the lock or says who has it. The file stays when the lock is given back.
    pub(super) fn take(folder: &Path) -> Result<Self, Error> {
        let path = folder.join(LOCK_NAME);
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false);
        let mut file = private(&mut options).open(&path).at("open", &path)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let mut text = String::new();
                let holder = file.read_to_string(&mut text).ok();
                return Err(Error::Locked {
                    path: folder.to_owned(),
                    holder: holder.and_then(|_| text.trim().parse().ok()),
                });
            }
            Err(TryLockError::Error(source)) => return Err(source).at("lock", &path),
        }
        // For messages only, so a full disk does not matter here.
        let noted = file
            .set_len(0)
            .and_then(|()| file.rewind())
            .and_then(|()| writeln!(file, "{}", std::process::id()));
        if let Err(error) = noted {
            tracing::debug!(%error, "the lock file does not name its holder");
        }
        Ok(Self { _file: file })
    }
}
