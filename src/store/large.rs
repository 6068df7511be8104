//! Snapshots too large for the database, as files beside it.
//!
//! A file is written and synced before the transaction that names it, and taken away only after the
//! transaction that forgets it. Whatever no row names is an orphan of a stop in between, and is
//! swept when the store opens. A file is never changed and its number is never used twice.

use std::collections::BTreeSet;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write as _};
use std::path::{Path, PathBuf};

use super::error::At;
use super::tables::LargeRow;
use super::{Error, disk};
use crate::model::ContentHash;

/// What to do with files that no row names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sweep {
    /// They are left over from a stop: remove them.
    Orphans,
    /// A damaged row may name any of them: leave them.
    Nothing,
}

#[derive(Debug)]
pub(super) struct Large {
    folder: PathBuf,
    next: u64,
    unsynced: bool,
}

impl Large {
    /// Looks at what lies there and, if told so, removes what `named` does not hold.
    pub(super) fn open(store: &Path, named: &BTreeSet<u64>, sweep: Sweep) -> Result<Self, Error> {
        let folder = store.join("large");
        let mut last = named.last().copied().unwrap_or(0);
        let entries = match fs::read_dir(&folder) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            found => Some(found.at("list", &folder)?),
        };
        for entry in entries.into_iter().flatten() {
            let entry = entry.at("list", &folder)?;
            let Some(number) = entry.file_name().to_str().and_then(parse_name) else {
                continue;
            };
            last = last.max(number);
            if sweep == Sweep::Orphans && !named.contains(&number) {
                fs::remove_file(entry.path()).at("remove", &entry.path())?;
            }
        }
        Ok(Self { folder, next: last + 1, unsynced: false })
    }

    fn path(&self, number: u64) -> PathBuf {
        self.folder.join(format!("{number:016x}"))
    }

    /// Writes and syncs a new file; its name is durable after [`Large::sync`].
    pub(super) fn write(&mut self, bytes: &[u8]) -> Result<LargeRow, Error> {
        disk::make_folder(&self.folder)?;
        let number = self.next;
        self.next += 1;
        let path = self.path(number);
        let mut file = disk::private(OpenOptions::new().write(true).create_new(true))
            .open(&path)
            .at("create", &path)?;
        file.write_all(bytes).at("write", &path)?;
        file.sync_all().at("sync", &path)?;
        self.unsynced = true;
        Ok(LargeRow { number, size: bytes.len() as u64, hash: ContentHash::of(bytes) })
    }

    /// Makes the names of everything written so far durable.
    pub(super) fn sync(&mut self) -> Result<(), Error> {
        if self.unsynced {
            disk::sync_folder(&self.folder)?;
            self.unsynced = false;
        }
        Ok(())
    }

    /// Reads one file and checks it; the inner error says in what way it is damaged.
    pub(super) fn read(&self, row: LargeRow) -> Result<Result<Vec<u8>, &'static str>, Error> {
        let path = self.path(row.number);
        let file = match File::open(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Ok(Err("its file is gone"));
            }
            file => file.at("open", &path)?,
        };
        let mut bytes = Vec::new();
        file.take(row.size.saturating_add(1)).read_to_end(&mut bytes).at("read", &path)?;
        if bytes.len() as u64 != row.size {
            return Ok(Err("its file has another length"));
        }
        if ContentHash::of(&bytes) != row.hash {
            return Ok(Err("the checksum of its file does not match"));
        }
        Ok(Ok(bytes))
    }

    /// Takes files away that no row names any more; what cannot go now is swept later.
    pub(super) fn remove(&self, gone: &[u64]) {
        for number in gone {
            if let Err(error) = fs::remove_file(self.path(*number)) {
                tracing::debug!(number, %error, "a forgotten snapshot stays until the next start");
            }
        }
    }
}

fn parse_name(name: &str) -> Option<u64> {
    let ours = name.len() == 16 && name.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
    ours.then(|| u64::from_str_radix(name, 16).ok()).flatten()
}
