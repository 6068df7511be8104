//! Notices that a store was copied or put back from a backup.
//!
//! Changes are numbered per life, and no number may ever be used for two different changes. A store
//! that went back in time, or of which there are two now, therefore needs a new life before it makes
//! its next change. Its documents stay valid.

use std::fs::{self, File, OpenOptions};
use std::io::Write as _;
use std::path::Path;
use std::time::UNIX_EPOCH;

use super::error::At;
use super::tables::take;
use super::{Error, disk};
use crate::model::Life;

pub(super) const NAME: &str = "life";
const NEW_NAME: &str = "life.new";
const MAGIC: &[u8; 8] = b"vs-life1";

/// Why a store got a new life when it was opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Renewal {
    /// The life file is missing or cannot be read.
    NoRecord,
    /// Life file and database do not belong together.
    OtherLife,
    /// The database is older than the life file: it was put back.
    WentBack,
    /// The database or the life file is not the file it was: both were copied or put back.
    Moved,
}

/// What tells one file from another one with the same content.
///
/// - Units: `birth_ns` nanoseconds since 1970; zero where the system does not say. `device` counts
///   only where there is no birth time, for device numbers may change with every start of a system.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Identity {
    device: u64,
    inode: u64,
    birth_ns: u64,
}

impl Identity {
    /// Of the file at `path`; all zero when there is none.
    pub(super) fn of(path: &Path) -> Self {
        fs::metadata(path).map_or_else(|_| Self::default(), |found| Self::from(&found))
    }
}

impl From<&fs::Metadata> for Identity {
    fn from(found: &fs::Metadata) -> Self {
        let birth_ns = found
            .created()
            .ok()
            .and_then(|at| at.duration_since(UNIX_EPOCH).ok())
            .and_then(|since| u64::try_from(since.as_nanos()).ok())
            .unwrap_or(0);
        #[cfg(unix)]
        let (device, inode) = {
            use std::os::unix::fs::MetadataExt as _;
            (found.dev(), found.ino())
        };
        #[cfg(not(unix))]
        let (device, inode) = (0, 0);
        Self { device: if birth_ns == 0 { device } else { 0 }, inode, birth_ns }
    }
}

/// The content of the life file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Record {
    pub life: Life,
    pub sessions: u64,
    pub store: Identity,
    pub own: Identity,
}

impl Record {
    fn encode(&self) -> Vec<u8> {
        let mut bytes = MAGIC.to_vec();
        bytes.extend_from_slice(self.life.as_bytes());
        bytes.extend_from_slice(&self.sessions.to_be_bytes());
        for identity in [self.store, self.own] {
            bytes.extend_from_slice(&identity.device.to_be_bytes());
            bytes.extend_from_slice(&identity.inode.to_be_bytes());
            bytes.extend_from_slice(&identity.birth_ns.to_be_bytes());
        }
        let sum = blake3::hash(&bytes);
        bytes.extend_from_slice(&sum.as_bytes()[..8]);
        bytes
    }

    fn decode(bytes: &[u8]) -> Option<Self> {
        let mut rest = bytes;
        if &take::<8>(&mut rest)? != MAGIC {
            return None;
        }
        let mut record = Self {
            life: Life(take(&mut rest)?),
            sessions: u64::from_be_bytes(take(&mut rest)?),
            store: Identity::default(),
            own: Identity::default(),
        };
        for identity in [&mut record.store, &mut record.own] {
            identity.device = u64::from_be_bytes(take(&mut rest)?);
            identity.inode = u64::from_be_bytes(take(&mut rest)?);
            identity.birth_ns = u64::from_be_bytes(take(&mut rest)?);
        }
        (record.encode() == bytes).then_some(record)
    }
}

/// 16 random bytes.
pub(super) fn random() -> Result<Life, Error> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).map_err(Error::Random)?;
    Ok(Life(bytes))
}

/// Whether there is a life file at all.
pub(super) fn is_there(folder: &Path) -> bool {
    folder.join(NAME).is_file()
}

/// Compares the life file with what the database holds; `None` when all is as it was left.
pub(super) fn judge(
    folder: &Path,
    store_path: &Path,
    life: Life,
    sessions: u64,
) -> Option<Renewal> {
    let path = folder.join(NAME);
    let Some(record) = fs::read(&path).ok().and_then(|b| Record::decode(&b)) else {
        return Some(Renewal::NoRecord);
    };
    if record.life != life {
        Some(Renewal::OtherLife)
    } else if record.sessions > sessions {
        // The other way round is a stop between the commit and the life file: nothing was lost.
        Some(Renewal::WentBack)
    } else if record.store != Identity::of(store_path) || record.own != Identity::of(&path) {
        Some(Renewal::Moved)
    } else {
        None
    }
}

/// Writes the life file anew.
///
/// It is not synced: after a power cut the older one costs nothing, for the database being ahead of
/// it is fine, and a torn or missing one costs a new life and nothing else.
pub(super) fn write(
    folder: &Path,
    store_path: &Path,
    life: Life,
    sessions: u64,
) -> Result<(), Error> {
    let (path, new) = (folder.join(NAME), folder.join(NEW_NAME));
    // Made anew each time: its own birth then tells it from a copy put back in its place.
    disk::remove_if_there(&new)?;
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    let mut file: File = disk::private(&mut options).open(&new).at("create", &new)?;
    let own = Identity::from(&file.metadata().at("look at", &new)?);
    let record = Record { life, sessions, store: Identity::of(store_path), own };
    file.write_all(&record.encode()).at("write", &new)?;
    drop(file);
    fs::rename(&new, &path).at("rename", &new)
}
