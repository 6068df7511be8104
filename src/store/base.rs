//! The database under the rooms' tables: one reader or writer at a time, one life.

use std::fs::{File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};

use redb::{
    Builder, Database, Durability, ReadTransaction, ReadableDatabase, ReadableTable,
    WriteTransaction,
};

use super::commit::Tables;
use super::error::{At, Fault, guarded};
use super::tables::{ABOUT, ABOUT_LIFE, ABOUT_SESSIONS, take, unseal};
use super::{Error, life};
use crate::model::Life;

/// Memory for pages of the database, in bytes. redb's own default is over a hundred times that,
/// too much for a small tool. With less, pages come from the system's cache more often.
const CACHE_BYTES: usize = 8 * 1024 * 1024;

#[derive(Debug)]
pub(super) struct Base {
    /// `None` only while it is being opened again after a failure, and after the end.
    pub db: Option<Database>,
    pub folder: PathBuf,
    pub path: PathBuf,
    pub life: Life,
    /// Whether this session is noted in the database and in the life file.
    pub marked: bool,
    /// Whether a write failed, so that redb takes no more before it is opened again.
    pub failed: bool,
}

impl Base {
    pub(super) fn reading<T>(
        &self,
        work: impl FnOnce(&ReadTransaction) -> Result<T, Fault>,
    ) -> Result<T, Error> {
        guarded(&self.path, "read", || {
            let db = self.db.as_ref().ok_or_else(|| self.closed())?;
            work(&db.begin_read()?)
        })
    }

    /// Has redb check all its pages; false when it had to put its free space in order.
    pub(super) fn check_pages(&mut self) -> Result<bool, Error> {
        let closed = self.closed();
        let db = self.db.as_mut().ok_or(closed);
        guarded(&self.path, "check", || Ok(db?.check_integrity()?))
    }

    /// Runs `work` in a transaction that is durable when this returns; the first one of a session
    /// notes the session too.
    pub(super) fn writing<T>(
        &mut self,
        work: impl FnOnce(&WriteTransaction) -> Result<T, Fault>,
    ) -> Result<T, Error> {
        if self.failed {
            self.reopen()?;
        }
        let result = guarded(&self.path, "write to", || {
            let db = self.db.as_ref().ok_or_else(|| self.closed())?;
            let mut transaction = db.begin_write()?;
            transaction.set_durability(Durability::Immediate)?;
            transaction.set_quick_repair(true);
            let session =
                if self.marked { None } else { Some(note_session(&transaction, self.life)?) };
            let value = work(&transaction)?;
            transaction.commit()?;
            Ok((value, session))
        });
        if matches!(result, Err(Error::Io { .. } | Error::Damaged { .. })) {
            self.failed = true;
        }
        let (value, session) = result?;
        if let Some(sessions) = session {
            self.marked = true;
            let written = life::write(&self.folder, &self.path, self.life, sessions);
            if let Err(error) = written {
                tracing::warn!(%error, "the next start may take this store for a copy");
            }
        }
        Ok(value)
    }

    /// Lets go of a database that failed and opens it again: space may be there by now.
    fn reopen(&mut self) -> Result<(), Error> {
        self.close();
        let file = open_file(&self.path).at("open", &self.path)?;
        let db = guarded(&self.path, "open", || Ok(builder().create_file(file)?))?;
        self.db = Some(db);
        self.marked = false;
        self.failed = false;
        Ok(())
    }

    fn closed(&self) -> Fault {
        let source = io::Error::other("it could not be opened again after a failure");
        Fault::Own(Error::Io { step: "use", path: self.path.clone(), source })
    }

    /// redb writes when it closes, and may panic on damaged pages as everywhere else.
    pub(super) fn close(&mut self) {
        let db = self.db.take();
        let closed = guarded(&self.path, "close", || {
            drop(db);
            Ok(())
        });
        if let Err(error) = closed {
            tracing::debug!(%error, "the store was not closed cleanly");
        }
    }
}

impl Drop for Base {
    fn drop(&mut self) {
        self.close();
    }
}

/// Counts this session, and keeps the life it writes under; returns the count.
fn note_session(transaction: &WriteTransaction, life: Life) -> Result<u64, Fault> {
    let mut tables = Tables::new(transaction);
    let before = match tables.table(ABOUT)?.get(ABOUT_SESSIONS)? {
        Some(value) => {
            let mut payload = unseal(ABOUT.name, ABOUT_SESSIONS, value.value())?;
            take(&mut payload).map_or(0, u64::from_be_bytes)
        }
        None => 0,
    };
    let sessions = before.saturating_add(1);
    tables.put(ABOUT, ABOUT_LIFE, life.as_bytes())?;
    tables.put(ABOUT, ABOUT_SESSIONS, &sessions.to_be_bytes())?;
    Ok(sessions)
}

pub(super) fn builder() -> Builder {
    let mut builder = Database::builder();
    builder.set_cache_size(CACHE_BYTES);
    builder
}

pub(super) fn open_file(path: &Path) -> io::Result<File> {
    OpenOptions::new().read(true).write(true).open(path)
}
