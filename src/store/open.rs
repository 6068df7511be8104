//! Making, opening, setting aside and closing a store.

use std::collections::BTreeSet;
use std::fs::{self, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};

use redb::{Database, ReadableTable};

use super::base::{Base, builder, open_file};
use super::commit::Tables;
use super::disk::{self, Lock};
use super::error::{At, Fault, guarded};
use super::large::{Large, Sweep};
use super::life::{self, Renewal};
use super::read::row;
use super::tables::{
    ABOUT, ABOUT_LIFE, ABOUT_SESSIONS, ABOUT_VERSION, ALL, LARGE, LargeRow, VERSION, take, unseal,
};
use super::texts::{Arrived, Cache, Deflate};
use super::{Error, Store};
use crate::model::Life;

const NAME: &str = "store.redb";
const NEW_NAME: &str = "store.redb.new";

impl Store {
    /// Opens the store in `folder`, making both when there are none yet.
    ///
    /// - Shape: the store is this process's alone until dropped.
    /// - Source: cberner/redb `docs/design.md`; n0-computer/iroh-blobs `store/fs/meta/tables.rs`
    ///   (versioned table names).
    ///
    /// # Errors
    ///
    /// [`Error::Locked`] while another process has it, [`Error::Version`] when a newer program wrote
    /// it, [`Error::Damaged`] when it cannot be read any more (it is left as it is, see
    /// [`Store::quarantine`]), [`Error::Io`] when the system refuses.
    pub fn open(folder: &Path) -> Result<Self, Error> {
        disk::make_folder(folder)?;
        let lock = Lock::take(folder)?;
        let path = folder.join(NAME);
        disk::remove_if_there(&folder.join(NEW_NAME))?;
        let file = match open_file(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                if life::is_there(folder) {
                    return Err(Error::damaged(&path, "the file is gone"));
                }
                create(folder, &path)?;
                open_file(&path).at("open", &path)?
            }
            file => file.at("open", &path)?,
        };
        // redb takes an empty file for a new database, but ours never become visible empty.
        if file.metadata().at("look at", &path)?.len() == 0 {
            return Err(Error::damaged(&path, "the file is empty"));
        }
        let db = guarded(&path, "open", || Ok(builder().create_file(file)?))?;
        Self::start(folder, path, db, lock)
    }

    /// Opens a store whose database lies in `backend`; everything else lies in `folder`.
    #[cfg(test)]
    pub(super) fn open_on(
        folder: &Path,
        backend: impl redb::StorageBackend,
    ) -> Result<Self, Error> {
        disk::make_folder(folder)?;
        let lock = Lock::take(folder)?;
        let path = folder.join(NAME);
        let life = life::random()?;
        let db = guarded(&path, "open", || {
            let db = builder().create_with_backend(backend)?;
            let fresh = redb::ReadableDatabase::begin_read(&db)?.list_tables()?.next().is_none();
            if fresh {
                initialise(&db, life)?;
            }
            Ok(db)
        })?;
        Self::start(folder, path, db, lock)
    }

    fn start(folder: &Path, path: PathBuf, db: Database, lock: Lock) -> Result<Self, Error> {
        let found = match guarded(&path, "read", || look(&db, &path)) {
            Err(row @ Error::Row { .. }) => {
                let source = row.into();
                return Err(Error::Damaged { path, source });
            }
            found => found?,
        };
        let large = Large::open(folder, &found.large, found.sweep)?;
        let renewal = life::judge(folder, &path, found.life, found.sessions);
        let life = match renewal {
            Some(reason) => {
                tracing::info!(?reason, "the store starts a new life");
                life::random()?
            }
            None => found.life,
        };
        let base = Base {
            db: Some(db),
            folder: folder.to_owned(),
            path,
            life,
            marked: false,
            failed: false,
        };
        Ok(Self {
            base,
            large,
            packs: Cache::default(),
            arrived: Arrived::default(),
            deflate: Deflate::default(),
            renewal,
            _lock: lock,
        })
    }

    /// The life of this store: what makes its changes' authors different from those of any copy.
    pub fn life(&self) -> Life {
        self.base.life
    }

    /// Why [`Store::open`] gave the store a new life; `None` when it goes on with the one it had.
    pub fn renewal(&self) -> Option<Renewal> {
        self.renewal
    }

    /// Starts a new life now, for when something outside shows that the present one was used twice.
    /// It is kept with the next commit.
    ///
    /// # Errors
    ///
    /// [`Error::Random`] when the system gives no random bytes; the life stays as it was.
    pub fn renew_life(&mut self) -> Result<Life, Error> {
        self.base.life = life::random()?;
        self.base.marked = false;
        Ok(self.base.life)
    }

    /// Moves a damaged store aside, so that the next [`Store::open`] makes a new one; returns where
    /// to. Nothing is deleted.
    ///
    /// - Shape: `folder/damaged-N` with the lowest free number, holding the database, the life file
    ///   and the large snapshots. A stop in between leaves a store that still does not open.
    ///
    /// # Errors
    ///
    /// [`Error::Locked`] while a process has it open, [`Error::Io`] when the system refuses.
    pub fn quarantine(folder: &Path) -> Result<PathBuf, Error> {
        let _lock = Lock::take(folder)?;
        let mut number = 1_u64;
        let mut aside = folder.join("damaged-1");
        while aside.exists() {
            number += 1;
            aside = folder.join(format!("damaged-{number}"));
        }
        disk::make_folder(&aside)?;
        // The database last: as long as it lies in its place no new store is made.
        for name in ["large", life::NAME, NAME] {
            let from = folder.join(name);
            match fs::rename(&from, aside.join(name)) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                done => done.at("move aside", &from)?,
            }
        }
        disk::sync_folder(&aside)?;
        disk::sync_folder(folder)?;
        Ok(aside)
    }
}

/// Makes a complete store under another name first, so that an incomplete one never counts.
fn create(folder: &Path, path: &Path) -> Result<(), Error> {
    let new = folder.join(NEW_NAME);
    let mut options = OpenOptions::new();
    options.read(true).write(true).create_new(true);
    let file = disk::private(&mut options).open(&new).at("create", &new)?;
    let life = life::random()?;
    guarded(&new, "create", || {
        let db = builder().create_file(file)?;
        initialise(&db, life)?;
        Ok(())
    })?;
    fs::rename(&new, path).at("rename", &new)?;
    life::write(folder, path, life, 0)?;
    disk::sync_folder(folder)
}

fn initialise(db: &Database, life: Life) -> Result<(), Fault> {
    let mut transaction = db.begin_write()?;
    transaction.set_quick_repair(true);
    let mut tables = Tables::new(&transaction);
    for table in ALL {
        tables.table(table)?;
    }
    tables.put(ABOUT, ABOUT_VERSION, &VERSION.to_be_bytes())?;
    tables.put(ABOUT, ABOUT_LIFE, life.as_bytes())?;
    tables.put(ABOUT, ABOUT_SESSIONS, &0_u64.to_be_bytes())?;
    drop(tables);
    transaction.commit()?;
    Ok(())
}

/// What has to be known of a store before it is used.
struct Beginning {
    life: Life,
    sessions: u64,
    large: BTreeSet<u64>,
    sweep: Sweep,
}

fn look(db: &Database, path: &Path) -> Result<Beginning, Fault> {
    let transaction = redb::ReadableDatabase::begin_read(db)?;
    let about = transaction.open_table(ABOUT.definition())?;
    let entry = |key: &[u8]| -> Result<Vec<u8>, Fault> {
        let missing = || Fault::Own(Error::row(ABOUT.name, key, "it is missing"));
        row(&about, ABOUT, key)?.ok_or_else(missing)
    };
    let version = u32::from_be_bytes(number(ABOUT_VERSION, &entry(ABOUT_VERSION)?)?);
    if version > VERSION {
        return Err(Fault::Own(Error::Version {
            path: path.to_owned(),
            found: version,
            known: VERSION,
        }));
    }
    let life = Life(number(ABOUT_LIFE, &entry(ABOUT_LIFE)?)?);
    let sessions = u64::from_be_bytes(number(ABOUT_SESSIONS, &entry(ABOUT_SESSIONS)?)?);
    let mut large = BTreeSet::new();
    let mut sweep = Sweep::Orphans;
    for entry in transaction.open_table(LARGE.definition())?.iter()? {
        let (key, value) = entry?;
        let payload = unseal(LARGE.name, key.value(), value.value());
        match payload.ok().and_then(LargeRow::decode) {
            Some(row) => {
                large.insert(row.number);
            }
            None => sweep = Sweep::Nothing,
        }
    }
    Ok(Beginning { life, sessions, large, sweep })
}

fn number<const N: usize>(key: &[u8], mut payload: &[u8]) -> Result<[u8; N], Error> {
    take(&mut payload).ok_or_else(|| Error::row(ABOUT.name, key, "it is too short"))
}
