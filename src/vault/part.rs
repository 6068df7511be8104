//! Contents that come and go in chunks.

use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::PathBuf;

use super::names::{Listings, Place, is_absent, unreadable, unwritable};
use super::os;
use super::read::refuse;
use super::root::Folder;
use crate::model::{
    CHUNK_BYTES, Content, ContentHash, Problem, StepError, VaultPath, chunk_count, chunk_entry,
    chunk_len, verify_outline,
};

/// Where parts lie inside the marker's folder.
pub(super) const PARTS_FOLDER: &str = "parts";
/// A part untouched for this many days is given up: its sender is not coming back soon, and it may
/// be large.
pub const PART_DAYS: u64 = 7;

impl Folder {
    /// Computes the outline of the file at `path`, which must hold `content`.
    ///
    /// - Shape: one entry for each chunk, none missing; the entries add up to `content`.
    /// - Units: reads the file once, a chunk at a time.
    ///
    /// # Errors
    ///
    /// [`StepError::Changed`] when the file holds something else, [`StepError::Problem`] when it
    /// cannot be read.
    pub fn outline_file(
        &self,
        path: &VaultPath,
        content: Content,
    ) -> Result<Vec<Option<ContentHash>>, StepError> {
        let failed = |error: io::Error| StepError::Problem(unreadable(path.as_str(), &error));
        let mut file = self.open_as_expected(path, content)?;
        let mut outline = Vec::new();
        for index in indices(content.size) {
            let Some(bytes) = read_chunk_of(&mut file, content.size, index).map_err(failed)? else {
                return Err(StepError::Changed);
            };
            outline.extend(chunk_entry(content.size, index, &bytes));
        }
        if !verify_outline(content, &outline) {
            return Err(StepError::Changed);
        }
        Ok(outline.into_iter().map(Some).collect())
    }

    /// Reads chunk `index` of the file at `path`, which must be as long as `content`.
    ///
    /// - Shape: the bytes as they are now; whoever gets them checks them against the outline.
    ///
    /// # Errors
    ///
    /// [`StepError::Changed`] when the file has another length, is gone, or has no such chunk,
    /// [`StepError::Problem`] when it cannot be read.
    pub fn read_chunk(
        &self,
        path: &VaultPath,
        content: Content,
        index: u32,
    ) -> Result<Vec<u8>, StepError> {
        let mut file = self.open_as_expected(path, content)?;
        read_chunk_of(&mut file, content.size, index)
            .map_err(|error| StepError::Problem(unreadable(path.as_str(), &error)))?
            .ok_or(StepError::Changed)
    }

    /// Puts a chunk at its place in the part kept for `content`; not durable yet.
    ///
    /// - Shape: the part has the content's full length from the first chunk on, with holes.
    /// - Errors: [`StepError::SourceGone`] when the bytes cannot be that chunk by their length;
    ///   [`StepError::Problem`] when they cannot be written. Whether they are the right ones is
    ///   checked before, against the outline, and once more when the part is whole.
    #[expect(clippy::missing_errors_doc, reason = "told above, with the shape")]
    pub fn put_chunk(&self, content: Content, index: u32, bytes: &[u8]) -> Result<(), StepError> {
        if chunk_len(content.size, index) != Some(bytes.len() as u64) {
            return Err(StepError::SourceGone);
        }
        let write = || {
            self.own_folder_made(PARTS_FOLDER)?;
            let mut part = OpenOptions::new()
                .write(true)
                .create(true)
                .truncate(false)
                .open(self.part_path(content.hash))?;
            if part.metadata()?.len() != content.size {
                part.set_len(content.size)?;
            }
            part.seek(SeekFrom::Start(u64::from(index) * CHUNK_BYTES))?;
            part.write_all(bytes)
        };
        write().map_err(|error| StepError::Problem(self.part_problem(content, &error)))
    }

    /// Makes the part of `content` whole from a file of the trash that holds it, a chunk at a time;
    /// false when there is none. Not durable yet.
    ///
    /// # Errors
    ///
    /// [`StepError::Problem`] when the trash cannot be read or the part cannot be written;
    /// [`StepError::SourceGone`] when the file in the trash changes at this very moment.
    pub fn part_from_trash(&self, content: Content) -> Result<bool, StepError> {
        let Some(place) = self.find_in_trash(content) else {
            return Ok(false);
        };
        let failed =
            |error: io::Error| StepError::Problem(unreadable(&place.to_string_lossy(), &error));
        let mut file = os::open_read(&place).map_err(failed)?;
        for index in indices(content.size) {
            let bytes = read_chunk_of(&mut file, content.size, index).map_err(failed)?;
            self.put_chunk(content, index, &bytes.ok_or(StepError::SourceGone)?)?;
        }
        Ok(true)
    }

    /// Computes the outline of the part kept for `content`, as far as it goes.
    ///
    /// - Shape: one entry for each chunk: that of the bytes there, right or wrong, or `None` where
    ///   none were ever written. Without a part every entry is `None`.
    ///
    /// # Errors
    ///
    /// [`StepError::Problem`] when the part cannot be read.
    pub fn outline_part(&self, content: Content) -> Result<Vec<Option<ContentHash>>, StepError> {
        let failed = |error: io::Error| StepError::Problem(self.part_problem(content, &error));
        let mut part = match os::open_read(&self.part_path(content.hash)) {
            Ok(part) => part,
            Err(error) if is_absent(&error) => {
                return Ok(indices(content.size).map(|_| None).collect());
            }
            Err(error) => return Err(failed(error)),
        };
        let mut outline = Vec::new();
        for index in indices(content.size) {
            let entry = if is_hole(&part, content.size, index) {
                None
            } else {
                read_chunk_of(&mut part, content.size, index)
                    .map_err(failed)?
                    .and_then(|bytes| chunk_entry(content.size, index, &bytes))
            };
            outline.push(entry);
        }
        Ok(outline)
    }

    /// Gives up the part kept for the content `hash`, if there is one.
    pub fn drop_part(&self, hash: ContentHash) {
        // What cannot be removed now is swept when it is old.
        fs::remove_file(self.part_path(hash)).ok();
    }

    /// Where the part of a content lies.
    pub(super) fn part_path(&self, hash: ContentHash) -> PathBuf {
        self.own_folder(PARTS_FOLDER).join(format!("{hash}.part"))
    }

    fn part_problem(&self, content: Content, error: &io::Error) -> Problem {
        let path = self.part_path(content.hash);
        let path = path.strip_prefix(self.root()).unwrap_or(&path);
        unwritable(&path.to_string_lossy(), error)
    }

    /// Opens the file at `path`, provided it is as long as `content`.
    fn open_as_expected(&self, path: &VaultPath, content: Content) -> Result<File, StepError> {
        if let Some(file) = self.open_straight(path, content) {
            return Ok(file);
        }
        let text = path.as_str();
        let failed = |error: io::Error| StepError::Problem(unreadable(text, &error));
        let place = self.place(path, &mut Listings::new()).map_err(failed)?;
        match place {
            Place::There(real, meta, _) if meta.is_file() && meta.len() == content.size => {
                os::open_read(&real).map_err(|error| refuse(text, error.into()))
            }
            Place::LeftOut => Err(StepError::Ignored),
            Place::Special(problem) => Err(StepError::Problem(problem)),
            Place::There(..)
            | Place::Free(_)
            | Place::NoFolder(..)
            | Place::UnderFile
            | Place::Twin(..) => Err(StepError::Changed),
        }
    }

    /// The same without a walk, where the name on disk is the path itself; `None` is no answer.
    fn open_straight(&self, path: &VaultPath, content: Content) -> Option<File> {
        if self.inner.folds_case {
            return None;
        }
        let file = os::open_straight(&self.root().join(path.as_str())).ok()?;
        let meta = file.metadata().ok()?;
        let due = meta.is_file() && meta.len() == content.size;
        // The folders above are known to be real ones by now, so their rules can be looked for.
        (due && !self.inner.rules.leave_out_lately(path, self.root()).ok()?).then_some(file)
    }
}

/// The positions of the chunks of `size` bytes, as far as they can be named.
fn indices(size: u64) -> impl Iterator<Item = u32> {
    0..u32::try_from(chunk_count(size)).unwrap_or(u32::MAX)
}

/// Reads one chunk; `None` when the file is too short for it.
fn read_chunk_of(file: &mut File, size: u64, index: u32) -> io::Result<Option<Vec<u8>>> {
    let Some(len) = chunk_len(size, index).and_then(|len| usize::try_from(len).ok()) else {
        return Ok(None);
    };
    let mut bytes = vec![0; len];
    file.seek(SeekFrom::Start(u64::from(index) * CHUNK_BYTES))?;
    match file.read_exact(&mut bytes) {
        Ok(()) => Ok(Some(bytes)),
        Err(error) if error.kind() == ErrorKind::UnexpectedEof => Ok(None),
        Err(error) => Err(error),
    }
}

/// Whether nothing was ever written to a chunk, as far as the system can say.
#[cfg(any(target_os = "linux", target_os = "android"))]
fn is_hole(part: &File, size: u64, index: u32) -> bool {
    use rustix::fs::{SeekFrom as Whence, seek};
    use rustix::io::Errno;
    let start = u64::from(index) * CHUNK_BYTES;
    let end = start + chunk_len(size, index).unwrap_or(0);
    match seek(part, Whence::Data(start)) {
        Ok(data) => data >= end && end > start,
        // Nothing but a hole up to the end, or the file ends before.
        Err(Errno::NXIO) => end > start,
        Err(_) => false,
    }
}

/// Whether nothing was ever written to a chunk: unknown here, so it is read.
#[cfg(not(any(target_os = "linux", target_os = "android")))]
fn is_hole(_part: &File, _size: u64, _index: u32) -> bool {
    false
}
