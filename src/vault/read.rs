//! Looking at one path.

use std::borrow::Cow;
use std::fs::{self, File};
use std::io::{self, ErrorKind, Read as _};
use std::path::Path;
use std::sync::atomic::Ordering;
use std::time::Duration;

use super::names::{Listings, Place, is_absent, special, unreadable};
use super::os;
use super::root::Folder;
use crate::model::{
    Content, ContentHash, Kind, Observed, Problem, ProblemKind, Seen, Stamp, StepError,
    TEXT_LIMIT_BYTES, VaultPath, Writer, kind_of,
};

/// Bytes read at once while hashing; BLAKE3 wants at least 128 KiB to use wide instructions.
const BUFFER_BYTES: usize = 256 * 1024;
/// A file written within this many milliseconds may be in the middle of a save.
const CALM_MS: u64 = 50;
/// How long such a file must stay as it is; several ticks of a file system's clock.
const CALM_STEP: Duration = Duration::from_millis(10);
/// How often a file that changes while it is read is read again.
const TRIES: u32 = 4;

/// Why a file was not read.
#[derive(Debug)]
pub(super) enum Miss {
    /// Nothing is there.
    Absent,
    /// Not a file.
    Special,
    /// It changed every time it was read.
    Changing,
    /// The system refused.
    Io(io::Error),
}

impl From<io::Error> for Miss {
    fn from(error: io::Error) -> Self {
        if is_absent(&error) {
            Self::Absent
        } else if os::is_symlink_met(&error) {
            // Only the last part can be a symlink here, and it is not followed.
            Self::Special
        } else {
            Self::Io(error)
        }
    }
}

impl Folder {
    /// Looks at one path and, for a file, reads it.
    ///
    /// - Shape: a file is read until its stamp is the same before and after; the bytes come along
    ///   for texts only. Nothing is followed.
    /// - Units: a file that is no text is said to be changing until it was left alone for as long as
    ///   [`Folder::let_settle`] says; files above the text limit are hashed in pieces of 256 KiB,
    ///   never held whole.
    /// - Errors: as values, [`Observed::Problem`] and [`Observed::Special`]. `Absent` is only said
    ///   while the marker is there.
    pub fn look(&self, path: &VaultPath) -> Observed {
        self.look_after(path, Writer::Unknown)
    }

    /// The same, with what is known of the file's writer: one that is done is not waited for.
    pub fn look_after(&self, path: &VaultPath, writer: Writer) -> Observed {
        let text = path.as_str();
        match self.place(path, &mut Listings::new()) {
            Ok(Place::There(real, meta, chain)) => {
                if meta.is_file() {
                    return self.look_at_file(path, &real, writer);
                }
                if !meta.is_dir() {
                    return Observed::Special(special(text, &meta));
                }
                match self.is_empty(text, &real, chain) {
                    Ok(empty) => Observed::Folder { empty, stamp: os::stamp(&meta) },
                    Err(error) if is_absent(&error) => self.absent(path),
                    Err(error) => Observed::Problem(unreadable(text, &error)),
                }
            }
            Ok(Place::LeftOut) => Observed::Ignored,
            Ok(Place::Special(problem)) => Observed::Special(problem),
            Ok(Place::Free(_) | Place::NoFolder(..) | Place::UnderFile | Place::Twin(..)) => {
                match self.placeholder(path) {
                    Some(problem) => Observed::Problem(problem),
                    None => self.absent(path),
                }
            }
            Err(error) => Observed::Problem(unreadable(text, &error)),
        }
    }

    fn look_at_file(&self, path: &VaultPath, real: &Path, writer: Writer) -> Observed {
        let settle_ms = self.inner.settle_ms.load(Ordering::Relaxed);
        let young = |mtime_ns: i64| os::is_younger(mtime_ns, settle_ms);
        if settle_ms > 0 && writer == Writer::Unknown {
            wait_for_calm(real);
        }
        // Large ones are no texts; so there is no need to read what is not finished.
        let large = fs::symlink_metadata(real)
            .ok()
            .filter(|meta| meta.is_file() && meta.len() > TEXT_LIMIT_BYTES);
        let too_long = |bytes| self.inner.rules.too_long(bytes);
        if large.as_ref().is_some_and(|meta| too_long(meta.len())) {
            return Observed::Ignored;
        }
        if let Some(meta) = large
            && young(os::stamp(&meta).mtime_ns)
        {
            return Observed::Problem(changing(path.as_str()));
        }
        match read(real) {
            Ok(seen) if seen.kind == Kind::Blob && too_long(seen.content.size) => Observed::Ignored,
            Ok(seen)
                // A file emptied just now is most likely about to be filled by a save in place.
                if (seen.kind == Kind::Blob || seen.content.size == 0)
                    && seen.stamp.mtime_ns >= self.inner.opened_ns
                    && young(seen.stamp.mtime_ns) =>
            {
                Observed::Problem(changing(path.as_str()))
            }
            Ok(seen) => Observed::File(seen),
            Err(Miss::Absent) => self.absent(path),
            Err(Miss::Special) => match fs::symlink_metadata(real) {
                Ok(meta) => Observed::Special(special(path.as_str(), &meta)),
                Err(error) => Observed::Problem(unreadable(path.as_str(), &error)),
            },
            Err(Miss::Changing) => Observed::Problem(changing(path.as_str())),
            Err(Miss::Io(error)) => Observed::Problem(unreadable(path.as_str(), &error)),
        }
    }

    /// Says that nothing is at `path`, unless the whole vault is away.
    fn absent(&self, path: &VaultPath) -> Observed {
        match self.still_mounted() {
            Ok(()) => Observed::Absent,
            Err(error) => Observed::Problem(Problem {
                path: path.as_str().to_owned(),
                kind: ProblemKind::Unreadable,
                message: error.to_string(),
            }),
        }
    }
}

/// Waits a moment for somebody who is writing `real` right now, so that no half of a save is read.
/// Not for long: who never stops writing is read all the same.
fn wait_for_calm(real: &Path) {
    let stamp = || fs::symlink_metadata(real).map(|meta| os::stamp(&meta)).ok();
    let mut last = stamp();
    for _ in 0..TRIES {
        if last.is_none_or(|last| !os::is_younger(last.mtime_ns, CALM_MS)) {
            return;
        }
        std::thread::sleep(CALM_STEP);
        let now = stamp();
        if now == last {
            return;
        }
        last = now;
    }
}

/// Reads the file `real` until it holds still.
pub(super) fn read(real: &Path) -> Result<Seen, Miss> {
    steady(real, |file, size| {
        if size > TEXT_LIMIT_BYTES {
            return Ok((hash(file)?, Kind::Blob, None));
        }
        let bytes = read_up_to(file, size)?;
        let kind = kind_of(&name(real), &bytes);
        let content = Content::of(&bytes);
        Ok((content, kind, (kind == Kind::Text).then_some(bytes)))
    })
    .map(|((content, kind, text), stamp)| Seen::new(os::unless_racy(stamp), content, kind, text))
}

/// The last part of a real path, as far as it decides the kind of a file.
pub(super) fn name(real: &Path) -> Cow<'_, str> {
    real.file_name().unwrap_or_default().to_string_lossy()
}

/// Fingerprints the file `real` once it holds still.
pub(super) fn fingerprint(real: &Path) -> Result<(Content, Stamp), Miss> {
    steady(real, |file, _| hash(file))
}

/// Runs `take` over the open file until the stamps before and after are the same, and are still
/// those of the name.
pub(super) fn steady<T>(
    real: &Path,
    mut take: impl FnMut(&mut File, u64) -> io::Result<T>,
) -> Result<(T, Stamp), Miss> {
    for _ in 0..TRIES {
        let mut file = os::open_read(real)?;
        let meta = file.metadata()?;
        if !meta.is_file() {
            return Err(Miss::Special);
        }
        let before = os::stamp(&meta);
        let taken = take(&mut file, before.size)?;
        let after = os::stamp(&file.metadata()?);
        let named = os::stamp(&fs::symlink_metadata(real)?);
        if before == after && after == named {
            return Ok((taken, after));
        }
    }
    Err(Miss::Changing)
}

/// Reads at most one byte more than `size`, so that growth shows.
fn read_up_to(file: &mut File, size: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::with_capacity(usize::try_from(size).unwrap_or(0) + 1);
    file.take(size + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn hash(file: &mut File) -> io::Result<Content> {
    let mut hasher = blake3::Hasher::new();
    let size = each_piece(file, |piece| {
        hasher.update(piece);
        Ok(())
    })?;
    Ok(Content { hash: ContentHash(*hasher.finalize().as_bytes()), size })
}

/// Hands the rest of `file` to `take` in pieces; the number of bytes in all.
pub(super) fn each_piece(
    file: &mut File,
    mut take: impl FnMut(&[u8]) -> io::Result<()>,
) -> io::Result<u64> {
    let left = file.metadata()?.len();
    let fits = usize::try_from(left).map_or(BUFFER_BYTES, |left| left.saturating_add(1));
    let mut buffer = vec![0; fits.min(BUFFER_BYTES)];
    let mut size = 0;
    loop {
        match file.read(&mut buffer) {
            Ok(0) => return Ok(size),
            Ok(n) => {
                take(&buffer[..n])?;
                size += n as u64;
            }
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

/// What to say of a file that does not hold still.
pub(super) fn changing(path: &str) -> Problem {
    Problem {
        path: path.to_owned(),
        kind: ProblemKind::Changing,
        message: format!("{path} keeps changing while it is read"),
    }
}

/// A miss as the answer to a step that wanted to read `path` as it was expected.
pub(super) fn refuse(path: &str, miss: Miss) -> StepError {
    match miss {
        // A symlink or a folder where a file was: let it be looked at.
        Miss::Absent | Miss::Special => StepError::Changed,
        Miss::Changing => StepError::Problem(changing(path)),
        Miss::Io(error) => StepError::Problem(unreadable(path, &error)),
    }
}
