//! This installation's key and name.
//!
//! - Owns: the file `identity` in the home folder: 64 hex digits of the Ed25519 secret key and a
//!   line end, mode 0600.
//! - State left by a stop: before the link, a temporary file with a name of its own; after it, the
//!   whole key. Two processes that start at once agree on the key that was linked first.

use std::fs;
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use data_encoding::HEXLOWER;

use super::Error;
use super::fault::{damaged, io as io_fault};

/// Length of the secret key in bytes.
const KEY_BYTES: usize = 32;

/// The secret that proves who this device is.
#[derive(Clone)]
pub(crate) struct Identity {
    /// The Ed25519 secret key.
    pub(crate) secret: [u8; KEY_BYTES],
}

impl std::fmt::Debug for Identity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Identity(..)")
    }
}

/// Reads the key in `file`, or makes one there that lasts.
///
/// # Errors
///
/// [`Error`] of the I/O kind with path and step; a damaged key file is named and left alone, for a
/// new key would be a new device.
pub(crate) fn load_or_make(file: &Path) -> Result<Identity, Error> {
    if let Some(found) = load(file)? {
        return Ok(found);
    }
    let folder = file.parent().unwrap_or_else(|| Path::new("."));
    super::places::private_folder(folder)?;
    let mut secret = [0; KEY_BYTES];
    random(&mut secret)?;
    let beside = temporary_beside(file)?;
    let made = write_key(&beside, &secret).and_then(|()| match fs::hard_link(&beside, file) {
        // Somebody was quicker: theirs counts.
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        other => other,
    });
    let swept = fs::remove_file(&beside);
    made.map_err(|error| io_fault("make the device key", file, error))?;
    swept.map_err(|error| io_fault("remove", &beside, error))?;
    sync_folder(folder)?;
    load(file)?.ok_or_else(|| {
        let gone = io::Error::from(io::ErrorKind::NotFound);
        io_fault("read the device key", file, gone)
    })
}

/// Reads the key in `file`; `None` when there is no such file.
fn load(file: &Path) -> Result<Option<Identity>, Error> {
    let text = match fs::read_to_string(file) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(io_fault("read the device key", file, error)),
    };
    let bytes = HEXLOWER.decode(text.trim().as_bytes()).ok();
    match bytes.and_then(|bytes| <[u8; KEY_BYTES]>::try_from(bytes).ok()) {
        Some(secret) => Ok(Some(Identity { secret })),
        None => Err(damaged(
            file,
            "it is no device key (64 hex digits); put the original back, \
             or move it away to become a new device that must be invited again",
        )),
    }
}

fn write_key(file: &Path, secret: &[u8; KEY_BYTES]) -> io::Result<()> {
    let mut open = fs::OpenOptions::new();
    let mut file = open.write(true).create_new(true).mode(0o600).open(file)?;
    file.write_all(HEXLOWER.encode(secret).as_bytes())?;
    file.write_all(b"\n")?;
    file.sync_all()
}

/// A name beside `file` that nobody else uses.
pub(crate) fn temporary_beside(file: &Path) -> Result<PathBuf, Error> {
    let mut tail = [0; 6];
    random(&mut tail)?;
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    Ok(file.with_file_name(format!(".{name}.{}.tmp", HEXLOWER.encode(&tail))))
}

/// Makes what was done in `folder` last.
pub(crate) fn sync_folder(folder: &Path) -> Result<(), Error> {
    let synced = fs::File::open(folder).and_then(|folder| folder.sync_all());
    synced.map_err(|error| io_fault("sync", folder, error))
}

/// Fills `bytes` from the operating system's source of randomness.
pub(crate) fn random(bytes: &mut [u8]) -> Result<(), Error> {
    getrandom::fill(bytes).map_err(|error| {
        let error = io::Error::other(error);
        io_fault("get random bytes from", Path::new("the system"), error)
    })
}

/// What this computer calls itself, as the name of a device nobody named yet.
pub(crate) fn host_name() -> String {
    let from_files = ["/proc/sys/kernel/hostname", "/etc/hostname"]
        .iter()
        .filter_map(|file| fs::read_to_string(file).ok());
    let name = from_files
        .chain(std::env::var("HOSTNAME").ok())
        .map(|name| name.trim().to_owned())
        .find(|name| !name.is_empty());
    name.unwrap_or_else(|| "device".to_owned())
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;
    use std::sync::Barrier;

    use super::*;

    #[test]
    fn a_key_is_made_once_and_private() {
        let home = tempfile::tempdir().unwrap();
        let file = home.path().join("deep/identity");
        let first = load_or_make(&file).unwrap();
        let second = load_or_make(&file).unwrap();
        assert_eq!(first.secret, second.secret);
        assert_ne!(first.secret, [0; KEY_BYTES]);
        let mode = fs::metadata(&file).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        let left: Vec<_> = fs::read_dir(file.parent().unwrap()).unwrap().collect();
        assert_eq!(left.len(), 1, "no temporary file stays: {left:?}");
    }

    #[test]
    fn all_who_start_at_once_get_the_same_key() {
        for _ in 0..10 {
            let home = tempfile::tempdir().unwrap();
            let file = home.path().join("identity");
            let barrier = Barrier::new(8);
            let keys: Vec<[u8; KEY_BYTES]> = std::thread::scope(|scope| {
                let runs: Vec<_> = (0..8)
                    .map(|_| {
                        scope.spawn(|| {
                            barrier.wait();
                            load_or_make(&file).unwrap().secret
                        })
                    })
                    .collect();
                runs.into_iter().map(|run| run.join().unwrap()).collect()
            });
            assert!(keys.iter().all(|key| *key == keys[0]));
        }
    }

    #[test]
    fn a_damaged_key_is_named_and_left_alone() {
        let home = tempfile::tempdir().unwrap();
        let file = home.path().join("identity");
        fs::write(&file, "not a key").unwrap();
        let error = load_or_make(&file).unwrap_err();
        assert!(error.to_string().contains("identity"), "{error}");
        assert_eq!(fs::read_to_string(&file).unwrap(), "not a key");
    }

    #[test]
    fn the_key_is_never_printed() {
        let identity = Identity { secret: [7; 32] };
        assert!(!format!("{identity:?}").contains('7'));
    }
}
