//! Where this installation keeps what belongs to one vault.
//!
//! ```text
//! STATE/vaults/lock              held for a moment while a place is claimed
//! STATE/vaults/<vault id>/       0700
//!   place.json                   {"v":1, "path": …, "port": …, "socket": …}
//!   hold                         locked by the process that works on the vault; holds its pid
//!   control.sock                 while a watch runs (elsewhere when this path is too long)
//!   store.redb, …                see `store`
//! ```
//!
//! - Invariant: under one installation a vault id belongs to one folder. A folder that moved is
//!   followed; a second folder with the same id is refused, for two folders with one store would
//!   each look like a mass of edits to the other.
//! - State left by a stop: `place.json` is replaced by a rename, so it is the old or the new one.

use std::fs;
use std::io::{self, Write as _};
use std::net::{Ipv4Addr, UdpSocket};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::fault::{damaged, io as io_fault};
use super::identity::{random, sync_folder, temporary_beside};
use super::{Error, Failure};
use crate::model::VaultId;

/// The first port of the range that nobody registers; the last is 65535.
const FIRST_PORT: u16 = 49152;
/// How many ports are tried before one is taken that was busy at that moment.
const PORT_TRIES: usize = 32;
/// Longest path of a Unix socket in bytes that every system takes (macOS: 104 with the final NUL).
const SOCKET_PATH_LIMIT_BYTES: usize = 100;

/// What is remembered of one vault.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Place {
    /// Our own folder for it.
    pub(crate) folder: PathBuf,
    /// The user's folder, absolute.
    pub(crate) root: PathBuf,
    /// The port chosen for it, kept so that remembered addresses stay true.
    pub(crate) port: u16,
    /// Where a running `watch` listens for requests.
    pub(crate) socket: PathBuf,
    /// Whether nothing of it was there before.
    pub(crate) fresh: bool,
}

#[derive(Debug, Serialize, Deserialize)]
struct Record {
    v: u32,
    path: String,
    port: u16,
    socket: String,
}

impl Record {
    fn place(self, folder: PathBuf, root: PathBuf, fresh: bool) -> Place {
        Place { root, port: self.port, socket: PathBuf::from(self.socket), folder, fresh }
    }
}

/// The folder under `state` that belongs to `vault`.
pub(crate) fn folder_of(state: &Path, vault: VaultId) -> PathBuf {
    state.join("vaults").join(vault.to_string())
}

/// Notes that `vault` lies at `root`, choosing port and socket the first time.
///
/// - Shape: `marker` tells which vault a folder says it is; `root` may be made later.
///
/// # Errors
///
/// [`Failure::OtherVault`] when the vault lives in another folder that is still there.
pub(crate) fn claim(
    state: &Path,
    vault: VaultId,
    root: &Path,
    marker: impl Fn(&Path) -> Option<VaultId>,
) -> Result<Place, Error> {
    let vaults = state.join("vaults");
    private_folder(&vaults)?;
    let _claiming = lock_for_a_moment(&vaults.join("lock"))?;
    let folder = folder_of(state, vault);
    let fresh = !folder.exists();
    private_folder(&folder)?;
    let root = absolute(root)?;
    let path = root.to_str().ok_or_else(|| {
        Error::new(Failure::Usage, format!("the path {} is not Unicode", root.display()))
            .hint("Rename the folder.")
    })?;
    let known = read(&folder)?;
    if let Some(known) = &known
        && known.path != path
        && !same_folder(Path::new(&known.path), &root)
        && marker(Path::new(&known.path)) == Some(vault)
    {
        return Err(elsewhere(&root, &known.path));
    }
    let record = match known {
        // Nothing is written where nothing is new: asking must be possible on a full disk.
        Some(known) if known.path == path => return Ok(known.place(folder, root, fresh)),
        Some(known) => Record { path: path.to_owned(), ..known },
        None => Record {
            v: 1,
            path: path.to_owned(),
            port: choose_port()?,
            socket: socket_path(&folder)?,
        },
    };
    write(&folder, &record)?;
    Ok(record.place(folder, root, fresh))
}

/// `path` without symlinks and relative parts, as far as it exists.
pub(crate) fn absolute(path: &Path) -> Result<PathBuf, Error> {
    let path = std::path::absolute(path).map_err(|error| io_fault("find", path, error))?;
    for above in path.ancestors() {
        if let Ok(real) = fs::canonicalize(above) {
            let rest = path.strip_prefix(above).unwrap_or(Path::new(""));
            // Joining an empty rest would add a slash.
            return Ok(if rest.as_os_str().is_empty() { real } else { real.join(rest) });
        }
    }
    Ok(path)
}

/// Forgets a place that was claimed and never used, so that nothing of it is left.
pub(crate) fn forget(folder: &Path) -> Result<(), Error> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(io_fault("remove", folder, error))
        }
        _ => Ok(()),
    }
}

/// Remembers another port.
pub(crate) fn keep_port(place: &mut Place, port: u16) -> Result<(), Error> {
    if place.port == port {
        return Ok(());
    }
    if let Some(known) = read(&place.folder)? {
        write(&place.folder, &Record { port, ..known })?;
    }
    place.port = port;
    Ok(())
}

fn elsewhere(root: &Path, known: &str) -> Error {
    Error::new(
        Failure::OtherVault,
        format!("{} is a copy of the vault that this device keeps in {known}", root.display()),
    )
    .hint(format!("Work with {known}, or move that folder away first."))
    .hint(
        "To keep two copies on one computer, give the second its own VAULT_SYNC_HOME \
         and join it with a ticket.",
    )
}

fn same_folder(one: &Path, other: &Path) -> bool {
    match (fs::metadata(one), fs::metadata(other)) {
        (Ok(one), Ok(other)) => (one.dev(), one.ino()) == (other.dev(), other.ino()),
        _ => false,
    }
}

fn read(folder: &Path) -> Result<Option<Record>, Error> {
    let file = folder.join("place.json");
    let text = match fs::read_to_string(&file) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(io_fault("read", &file, error)),
    };
    match serde_json::from_str::<Record>(&text) {
        Ok(record) if record.v == 1 => Ok(Some(record)),
        Ok(record) => Err(Error::new(
            Failure::Damaged,
            format!("{} has version {}, this program knows 1", file.display(), record.v),
        )
        .hint("A newer vault-sync wrote it; use that one.")),
        Err(error) => Err(damaged(
            &file,
            "it does not say where the vault lies; remove it to have it written anew",
        )
        .caused_by(error)),
    }
}

fn write(folder: &Path, record: &Record) -> Result<(), Error> {
    let file = folder.join("place.json");
    let text = serde_json::to_string(record)
        .map_err(|error| io_fault("write", &file, io::Error::other(error)))?;
    replace_file(&file, text.as_bytes())
}

/// Replaces a small file of ours by a rename, durably.
pub(crate) fn replace_file(file: &Path, bytes: &[u8]) -> Result<(), Error> {
    let beside = temporary_beside(file)?;
    let written = fs::File::create(&beside).and_then(|mut out| {
        out.write_all(bytes)?;
        out.sync_all()?;
        fs::rename(&beside, file)
    });
    if let Err(error) = written {
        let _swept = fs::remove_file(&beside);
        return Err(io_fault("write", file, error));
    }
    sync_folder(file.parent().unwrap_or_else(|| Path::new(".")))
}

/// Makes `folder` and those above it, for this user only.
pub(crate) fn private_folder(folder: &Path) -> Result<(), Error> {
    let made = fs::DirBuilder::new().recursive(true).mode(0o700).create(folder);
    made.map_err(|error| io_fault("make the folder", folder, error))
}

/// A port that nobody uses at this moment, by chance, so that two vaults rarely choose alike.
pub(crate) fn choose_port() -> Result<u16, Error> {
    let mut port = FIRST_PORT;
    for _ in 0..PORT_TRIES {
        let mut bytes = [0; 2];
        random(&mut bytes)?;
        port = FIRST_PORT | u16::from_be_bytes(bytes);
        if UdpSocket::bind((Ipv4Addr::UNSPECIFIED, port)).is_ok() {
            break;
        }
    }
    Ok(port)
}

/// `control.sock` in `folder`, or a short path in a folder of this user when that is too long.
fn socket_path(folder: &Path) -> Result<String, Error> {
    let usual = folder.join("control.sock");
    if let Some(usual) = usual.to_str()
        && usual.len() <= SOCKET_PATH_LIMIT_BYTES
    {
        return Ok(usual.to_owned());
    }
    let name = blake3::hash(folder.as_os_str().as_encoded_bytes()).to_hex();
    let uid = rustix::process::getuid().as_raw();
    let bases = [
        std::env::var_os("XDG_RUNTIME_DIR").map(|base| PathBuf::from(base).join("vault-sync")),
        Some(std::env::temp_dir().join(format!("vault-sync-{uid}"))),
        Some(PathBuf::from(format!("/tmp/vault-sync-{uid}"))),
    ];
    let mut refused = None;
    for base in bases.into_iter().flatten() {
        let socket = base.join(format!("{}.sock", &name[..16]));
        let Some(text) = socket.to_str() else {
            continue;
        };
        if text.len() > SOCKET_PATH_LIMIT_BYTES {
            continue;
        }
        match private_folder(&base).and_then(|()| only_ours(&base)) {
            Ok(()) => return Ok(text.to_owned()),
            Err(error) => refused = Some(error),
        }
    }
    Err(refused.unwrap_or_else(|| {
        Error::new(
            Failure::Io,
            format!("no path short enough for a socket of {}", folder.display()),
        )
        .hint("Set VAULT_SYNC_HOME or XDG_RUNTIME_DIR to a shorter path.")
    }))
}

/// Checks that `folder` is a folder of this user that nobody else can enter.
///
/// # Errors
///
/// [`Failure::Io`] when somebody else could have put a socket there.
pub(crate) fn only_ours(folder: &Path) -> Result<(), Error> {
    let meta = fs::symlink_metadata(folder).map_err(|error| io_fault("look at", folder, error))?;
    let ours = meta.is_dir()
        && meta.uid() == rustix::process::getuid().as_raw()
        && meta.permissions().mode().trailing_zeros() >= 6;
    if ours {
        Ok(())
    } else {
        Err(Error::new(Failure::Io, format!("{} is not private to this user", folder.display()))
            .hint("Remove it, or make it a folder of yours with mode 0700."))
    }
}

fn lock_for_a_moment(file: &Path) -> Result<fs::File, Error> {
    let mut open = fs::OpenOptions::new();
    let opened = open.create(true).truncate(false).write(true).open(file);
    let locked = opened.and_then(|held| held.lock().map(|()| held));
    locked.map_err(|error| io_fault("lock", file, error))
}

/// The right to work on a vault; ends when dropped, or with the process.
#[derive(Debug)]
pub(crate) struct Hold {
    _file: fs::File,
}

/// Takes the vault for this process; `Err(pid)` inside names who has it (zero: unknown).
///
/// # Errors
///
/// [`Error`] when the lock file cannot be opened or written.
pub(crate) fn hold(place: &Place) -> Result<Result<Hold, u32>, Error> {
    let file = place.folder.join("hold");
    let mut open = fs::OpenOptions::new();
    let mut held = open
        .create(true)
        .truncate(false)
        .read(true)
        .write(true)
        .open(&file)
        .map_err(|error| io_fault("open", &file, error))?;
    match held.try_lock() {
        Ok(()) => {}
        Err(fs::TryLockError::WouldBlock) => {
            let text = fs::read_to_string(&file).unwrap_or_default();
            return Ok(Err(text.trim().parse().unwrap_or(0)));
        }
        Err(fs::TryLockError::Error(error)) => return Err(io_fault("lock", &file, error)),
    }
    let written = held.set_len(0).and_then(|()| writeln!(held, "{}", std::process::id()));
    written.map_err(|error| io_fault("write", &file, error))?;
    Ok(Ok(Hold { _file: held }))
}

#[cfg(test)]
mod tests {
    use super::*;

    const VAULT: VaultId = VaultId([5; 16]);

    /// Stands in for the marker: a file `id` in the folder.
    fn marked(folder: &Path) -> Option<VaultId> {
        fs::read_to_string(folder.join("id")).ok()?.parse().ok()
    }

    fn vault_at(folder: &Path) {
        fs::create_dir_all(folder).unwrap();
        fs::write(folder.join("id"), VAULT.to_string()).unwrap();
    }

    #[test]
    fn port_and_socket_are_chosen_once() {
        let home = tempfile::tempdir().unwrap();
        let root = home.path().join("notes");
        vault_at(&root);
        let first = claim(home.path(), VAULT, &root, marked).unwrap();
        assert!(first.port >= FIRST_PORT);
        assert!(first.fresh);
        let second = claim(home.path(), VAULT, &root, marked).unwrap();
        assert!(!second.fresh);
        assert_eq!((first.port, &first.socket), (second.port, &second.socket));
        let mode = fs::metadata(&first.folder).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o700);
    }

    #[test]
    fn another_port_is_kept() {
        let home = tempfile::tempdir().unwrap();
        vault_at(home.path());
        let mut place = claim(home.path(), VAULT, home.path(), marked).unwrap();
        keep_port(&mut place, 50_001).unwrap();
        let again = claim(home.path(), VAULT, home.path(), marked).unwrap();
        assert_eq!(again.port, 50_001);
    }

    #[test]
    fn a_copy_is_refused_and_a_moved_folder_followed() {
        let home = tempfile::tempdir().unwrap();
        let (root, copy) = (home.path().join("notes"), home.path().join("copy"));
        vault_at(&root);
        vault_at(&copy);
        let place = claim(home.path(), VAULT, &root, marked).unwrap();
        let error = claim(home.path(), VAULT, &copy, marked).unwrap_err();
        assert_eq!(error.kind, Failure::OtherVault);
        assert!(error.to_string().contains("notes"), "{error}");
        fs::remove_dir_all(&root).unwrap();
        let moved = claim(home.path(), VAULT, &copy, marked).unwrap();
        assert_eq!(moved.port, place.port);
        assert_eq!(moved.root, fs::canonicalize(&copy).unwrap());
    }

    #[test]
    fn the_same_folder_by_another_name_is_no_copy() {
        let home = tempfile::tempdir().unwrap();
        let (root, link) = (home.path().join("notes"), home.path().join("link"));
        vault_at(&root);
        std::os::unix::fs::symlink(&root, &link).unwrap();
        let place = claim(home.path(), VAULT, &root, marked).unwrap();
        let by_link = claim(home.path(), VAULT, &link, marked).unwrap();
        assert_eq!(place.root, by_link.root);
    }

    #[test]
    fn a_long_path_gets_a_short_socket() {
        let home = tempfile::tempdir().unwrap();
        let state = home.path().join("x".repeat(120));
        vault_at(home.path());
        let place = claim(&state, VAULT, home.path(), marked).unwrap();
        let socket = place.socket.to_str().unwrap();
        assert!(socket.len() <= SOCKET_PATH_LIMIT_BYTES, "{socket}");
        only_ours(place.socket.parent().unwrap()).unwrap();
    }

    #[test]
    fn one_process_holds_a_vault() {
        let home = tempfile::tempdir().unwrap();
        vault_at(home.path());
        let place = claim(home.path(), VAULT, home.path(), marked).unwrap();
        let held = hold(&place).unwrap().unwrap();
        assert_eq!(hold(&place).unwrap().unwrap_err(), std::process::id());
        drop(held);
        assert!(hold(&place).unwrap().is_ok());
    }

    #[test]
    fn a_place_can_be_forgotten() {
        let home = tempfile::tempdir().unwrap();
        vault_at(home.path());
        let place = claim(home.path(), VAULT, home.path(), marked).unwrap();
        forget(&place.folder).unwrap();
        assert!(!place.folder.exists());
        forget(&place.folder).unwrap();
    }

    #[test]
    fn a_damaged_place_is_named() {
        let home = tempfile::tempdir().unwrap();
        vault_at(home.path());
        let place = claim(home.path(), VAULT, home.path(), marked).unwrap();
        fs::write(place.folder.join("place.json"), "{").unwrap();
        let error = claim(home.path(), VAULT, home.path(), marked).unwrap_err();
        assert_eq!(error.kind, Failure::Damaged);
        assert!(error.to_string().contains("place.json"), "{error}");
    }
}
