//! The vault's root and its marker.

use std::fs::{self, File};
use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

use serde::{Deserialize, Serialize};

use super::error::Error;
use super::hook::Hook;
use super::os;
use super::respell::Respelling;
use super::rules::Rules;
use super::temp::Temps;
use super::trash::Limits;
use crate::model::VaultId;

/// The folder at a vault's root that makes it one; nothing in it is secret and none of it syncs.
pub const MARKER_FOLDER: &str = ".vault-sync";
/// The marker inside [`MARKER_FOLDER`].
const MARKER_FILE: &str = "vault.json";
/// The marker's version that this build writes, and the highest it reads.
const MARKER_VERSION: u64 = 1;

/// What the marker says. Unknown keys are let pass, an unknown version is not.
#[derive(Debug, Serialize, Deserialize)]
struct Marker {
    v: u64,
    vault: String,
}

/// One vault's folder, open.
///
/// - Shape: a handle, cheap to clone, to be used from any thread; every method blocks.
/// - Invariant: the root was a readable folder with a marker when it was opened. Walks and batches
///   look at the marker again.
#[derive(Debug, Clone)]
pub struct Folder {
    pub(super) inner: Arc<Inner>,
}

/// What all handles share.
#[derive(Debug)]
pub(super) struct Inner {
    /// Absolute, without symlinks.
    pub(super) root: PathBuf,
    pub(super) id: VaultId,
    pub(super) rules: Rules,
    pub(super) temps: Temps,
    /// Whether `A` and `a` are one name here.
    pub(super) folds_case: bool,
    /// Whether names come back from the disk in lower case, once that was tried.
    loses_case: OnceLock<bool>,
    /// See [`Folder::is_to_be_respelled`].
    pub(super) respelling: Respelling,
    pub(super) hook: Hook,
    pub(super) trash: Limits,
    /// See [`Folder::let_settle`].
    pub(super) settle_ms: AtomicU64,
    /// When it was opened, in nanoseconds since 1970.
    pub(super) opened_ns: i64,
    /// Whether it is looked at before it becomes a vault, see [`Folder::candidate`].
    candidate: bool,
}

impl Folder {
    /// Makes the folder `root` a vault of its own, or opens it when it is one already.
    ///
    /// - Shape: `root` must exist; only the marker is added to it, durably.
    ///
    /// # Errors
    ///
    /// As [`Folder::open`], except that a missing marker is made.
    pub fn init(root: &Path) -> Result<(Self, VaultId), Error> {
        let id = if let Some(id) = Self::marker(root)? {
            id
        } else {
            let mut id = [0; 16];
            getrandom::fill(&mut id).map_err(|source| Error::Random { source })?;
            write_marker(root, VaultId(id))?
        };
        Ok((Self::open_as(root, id)?, id))
    }

    /// Makes the folder `root`, with folders above it if need be, a copy of the vault `id`.
    ///
    /// # Errors
    ///
    /// [`Error::OtherVault`] when it already belongs to another vault; otherwise as
    /// [`Folder::open`].
    pub fn adopt(root: &Path, id: VaultId) -> Result<Self, Error> {
        if let Err(error) = check_folder(root) {
            let Error::Missing { .. } = error else {
                return Err(error);
            };
            fs::create_dir_all(root).map_err(|source| Error::io("make", root, source))?;
        }
        let found = match Self::marker(root)? {
            Some(found) => found,
            None => write_marker(root, id)?,
        };
        if found != id {
            return Err(Error::OtherVault { path: root.to_owned(), found, expected: id });
        }
        Self::open_as(root, id)
    }

    /// Takes the marker of the vault `id` away from `root`: what was begun was not finished, and the
    /// folder is to be as it was before.
    ///
    /// # Errors
    ///
    /// [`Error::Io`]; [`Error::OtherVault`] when another process made it another vault meanwhile.
    pub fn unmark(root: &Path, id: VaultId) -> Result<(), Error> {
        match read_marker(root)? {
            None => return Ok(()),
            Some(found) if found != id => {
                return Err(Error::OtherVault { path: root.to_owned(), found, expected: id });
            }
            Some(_) => {}
        }
        let path = marker_path(root);
        fs::remove_file(&path)
            .map_err(|source| Error::io("remove the vault's marker", &path, source))?;
        // Kept when somebody put something into it.
        fs::remove_dir(root.join(MARKER_FOLDER)).ok();
        Ok(())
    }

    /// Opens the folder `root`, which has no marker yet, to be looked at as if it were a copy of the
    /// vault `id`. Nothing may be changed through it: [`Folder::adopt`] comes first.
    ///
    /// # Errors
    ///
    /// [`Error::Missing`], [`Error::NotAFolder`], [`Error::Io`].
    pub fn candidate(root: &Path, id: VaultId) -> Result<Self, Error> {
        check_folder(root)?;
        Self::open_with(root, id, Hook::default(), true)
    }

    /// Opens the vault at `root`.
    ///
    /// # Errors
    ///
    /// [`Error::Missing`], [`Error::NotAFolder`], [`Error::NotAVault`] without a marker,
    /// [`Error::Marker`] or [`Error::MarkerVersion`] with one that cannot be understood, and
    /// [`Error::Io`] when the folder or its marker cannot be read.
    pub fn open(root: &Path) -> Result<Self, Error> {
        let Some(id) = Self::marker(root)? else {
            return Err(Error::NotAVault { path: root.to_owned() });
        };
        Self::open_as(root, id)
    }

    /// Which vault the folder `root` says it is; `None` without a marker.
    ///
    /// # Errors
    ///
    /// As [`Folder::open`].
    pub fn marker(root: &Path) -> Result<Option<VaultId>, Error> {
        check_folder(root)?;
        read_marker(root)
    }

    /// Whether the marker is still there and names this vault; without it nothing may be taken for
    /// deleted.
    ///
    /// # Errors
    ///
    /// [`Error::Unmounted`], [`Error::OtherVault`] or [`Error::Missing`] when it is not; otherwise
    /// as [`Folder::open`].
    pub fn still_mounted(&self) -> Result<(), Error> {
        if self.inner.candidate {
            return check_folder(&self.inner.root);
        }
        match Self::marker(&self.inner.root)? {
            Some(found) if found == self.inner.id => Ok(()),
            Some(found) => Err(Error::OtherVault {
                path: self.inner.root.clone(),
                found,
                expected: self.inner.id,
            }),
            None => Err(Error::Unmounted { path: marker_path(&self.inner.root) }),
        }
    }

    /// The vault's root: absolute, without symlinks.
    pub fn root(&self) -> &Path {
        &self.inner.root
    }

    /// From now on a file that is no text, or empty, only counts as written once it was left alone
    /// for `ms` milliseconds, by its modification time: what copies or downloads leave for a moment
    /// is nobody's version. Zero, as in a folder just opened, takes what there is. Small files last
    /// written before the folder was opened count as written, so that a start need not wait.
    pub fn let_settle(&self, ms: u64) {
        self.inner.settle_ms.store(ms, Ordering::Relaxed);
    }

    /// Which vault this is.
    pub fn id(&self) -> VaultId {
        self.inner.id
    }

    /// Whether this disk folds letter case and shows names in another one than they were given in, as
    /// some drivers do. A name with capitals that lay there would look renamed.
    pub(super) fn loses_case(&self) -> bool {
        if !self.inner.folds_case || self.inner.candidate {
            return false;
        }
        let probe = || {
            let name = format!("Case-{}", self.inner.temps.nonce());
            let folder = self.inner.root.join(MARKER_FOLDER);
            File::create_new(folder.join(&name))?;
            let shown = fs::read_dir(&folder)?.flatten().any(|it| it.file_name() == *name);
            fs::remove_file(folder.join(&name))?;
            Ok::<bool, std::io::Error>(!shown)
        };
        // Where nothing can be written, nothing is lost either.
        *self.inner.loses_case.get_or_init(|| probe().unwrap_or(false))
    }

    fn open_as(root: &Path, id: VaultId) -> Result<Self, Error> {
        Self::with_hook(root, id, Hook::default())
    }

    /// Opens the folder with something to be called between the system calls of a step.
    pub(super) fn with_hook(root: &Path, id: VaultId, hook: Hook) -> Result<Self, Error> {
        Self::open_with(root, id, hook, false)
    }

    fn open_with(root: &Path, id: VaultId, hook: Hook, candidate: bool) -> Result<Self, Error> {
        let root = fs::canonicalize(root).map_err(|source| Error::io("open", root, source))?;
        fs::read_dir(&root).map_err(|source| Error::io("read", &root, source))?;
        let other_case = root.join(MARKER_FOLDER).join(MARKER_FILE.to_uppercase());
        let folds_case = fs::symlink_metadata(other_case).is_ok();
        Ok(Self {
            inner: Arc::new(Inner {
                rules: Rules::new(),
                temps: Temps::new()?,
                root,
                id,
                folds_case,
                loses_case: OnceLock::new(),
                respelling: Respelling::default(),
                hook,
                trash: Limits::default(),
                settle_ms: AtomicU64::new(0),
                opened_ns: os::now_ns(),
                candidate,
            }),
        })
    }
}

/// The vault that `dir` lies in: the nearest folder with a marker, `dir` included.
///
/// - Shape: absolute, without symlinks; `None` when there is none or `dir` cannot be looked at.
pub fn find_upwards(dir: &Path) -> Option<PathBuf> {
    let dir = fs::canonicalize(dir).ok()?;
    dir.ancestors().find(|folder| marker_path(folder).is_file()).map(Path::to_owned)
}

fn marker_path(root: &Path) -> PathBuf {
    root.join(MARKER_FOLDER).join(MARKER_FILE)
}

fn check_folder(root: &Path) -> Result<(), Error> {
    match fs::metadata(root) {
        Ok(meta) if meta.is_dir() => Ok(()),
        Ok(_) => Err(Error::NotAFolder { path: root.to_owned() }),
        Err(error) if error.kind() == ErrorKind::NotFound => {
            Err(Error::Missing { path: root.to_owned() })
        }
        Err(error) if error.kind() == ErrorKind::NotADirectory => {
            Err(Error::NotAFolder { path: root.parent().unwrap_or(root).to_owned() })
        }
        Err(source) => Err(Error::io("open", root, source)),
    }
}

fn read_marker(root: &Path) -> Result<Option<VaultId>, Error> {
    let path = marker_path(root);
    let bytes = match fs::read(&path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(source) => return Err(Error::io("read the vault's marker", &path, source)),
    };
    let marker: Marker = serde_json::from_slice(&bytes)
        .map_err(|source| Error::Marker { path: path.clone(), source })?;
    if marker.v != MARKER_VERSION {
        return Err(Error::MarkerVersion { path, version: marker.v });
    }
    let id = marker
        .vault
        .parse()
        .map_err(|error| Error::Marker { path, source: serde::de::Error::custom(error) })?;
    Ok(Some(id))
}

/// Writes the marker, whole or not at all; when somebody else was first, theirs stands.
fn write_marker(root: &Path, id: VaultId) -> Result<VaultId, Error> {
    let path = marker_path(root);
    let failed = |source| Error::io("write the vault's marker", &path, source);
    let folder = root.join(MARKER_FOLDER);
    match fs::create_dir(&folder) {
        Err(error) if error.kind() != ErrorKind::AlreadyExists => return Err(failed(error)),
        Ok(()) | Err(_) => {}
    }
    let marker = Marker { v: MARKER_VERSION, vault: id.to_string() };
    let mut bytes = serde_json::to_vec(&marker)
        .map_err(|source| Error::Marker { path: path.clone(), source })?;
    bytes.push(b'\n');
    let temp = folder.join(format!("vault.json.{}", Temps::new()?.nonce()));
    let written = File::create_new(&temp)
        .and_then(|mut file| {
            file.write_all(&bytes)?;
            file.sync_all()
        })
        .and_then(|()| os::rename_new(&temp, &path));
    if let Err(error) = written {
        // Best effort: the name is ours alone, and the error below is what matters.
        fs::remove_file(&temp).ok();
        if error.kind() != ErrorKind::AlreadyExists {
            return Err(failed(error));
        }
    }
    os::sync_folder(&folder).map_err(failed)?;
    os::sync_folder(root).map_err(failed)?;
    Ok(read_marker(root)?.unwrap_or(id))
}
