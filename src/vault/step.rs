//! Batches of steps with one durability barrier.
//!
//! 1. Every replacement's bytes are written beside its target.
//! 2. One barrier makes them durable.
//! 3. Each step in turn looks again and renames.
//! 4. The folders touched are made durable, each once.
//!
//! A step that cannot be prepared ahead (its folder or its source comes from an earlier step of the
//! batch) is prepared in its turn, with a barrier of its own. Nothing here is undone by dropping a
//! value, so that a stop at any point leaves what a killed process leaves.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File, OpenOptions, Permissions};
use std::io::{self, ErrorKind, Write as _};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use super::hook::Point;
use super::names::{Listings, Place, clash, special, unless_name_refused, unreadable, unwritable};
use super::os;
use super::read::{Miss, each_piece, fingerprint};
use super::root::Folder;
use super::rules::RULES_FILE;
use crate::model::{
    Content, ContentHash, Problem, ProblemKind, Source, Stamp, Step, StepDone, StepError, VaultPath,
};

/// Up to this many replacements are synced one by one; for more, syncing the whole file system is
/// quicker (3.5 ms for each file here).
const SYNCED_SINGLY: usize = 4;

/// New bytes beside their target.
#[derive(Debug)]
pub(super) struct Temp {
    /// Where they lie now.
    pub(super) path: PathBuf,
    /// What the system said of them when they were complete.
    pub(super) stamp: Stamp,
    pub(super) content: Content,
    /// They were a part, and become one again when they are not used.
    pub(super) from_part: bool,
}

/// One batch under way.
pub(super) struct Batch<'a> {
    pub(super) folder: &'a Folder,
    pub(super) listings: Listings,
    /// Whether each file is synced as soon as it is written.
    sync_each: bool,
    /// The position of the step being worked on.
    current: usize,
    /// Folders in which names changed, by which steps.
    touched: BTreeMap<PathBuf, BTreeSet<usize>>,
    /// Folders made on the way to a file, by which step.
    made: Vec<(usize, PathBuf)>,
    /// Folders that were asked for.
    asked: BTreeSet<PathBuf>,
    /// Where the steps prepared so far put files.
    targets: BTreeSet<VaultPath>,
}

impl Folder {
    /// Takes `steps` in their order and makes them durable together.
    ///
    /// - Shape: one answer for each step, in order. A step that fails leaves the user's bytes and
    ///   names as they were, and no file of ours; the steps after it are still taken.
    /// - Units: one barrier for the batch, so large batches are cheap and single steps cost a sync.
    /// - Errors: as values. `Changed` when the disk holds something else than expected, also when
    ///   that came to light only after the rename (then it was taken back).
    /// - Invariant: the stamp answered is that of the bytes of this step; if somebody has written
    ///   since, it differs from what the disk now says.
    /// - Source: mutagen-io/mutagen `core/transition.go` (look again before replacing), plus the
    ///   barrier and the look at what was pushed aside.
    pub fn apply(&self, steps: &[Step]) -> Vec<Result<StepDone, StepError>> {
        if let Err(error) = self.still_mounted() {
            let refuse = |step| {
                Err(StepError::Problem(Problem {
                    path: path_of(step).as_str().to_owned(),
                    kind: ProblemKind::Unwritable,
                    message: error.to_string(),
                }))
            };
            return steps.iter().map(refuse).collect();
        }
        self.note_respelling(steps);
        let mut batch = Batch::new(self, steps);
        let ready = batch.prepare_all(steps);
        let mut results = Vec::with_capacity(steps.len());
        for (index, (step, ready)) in steps.iter().zip(ready).enumerate() {
            batch.current = index;
            if !matches!(step, Step::Replace { .. }) {
                batch.listings.forget_folders();
            }
            results.push(ready.and_then(|temp| batch.take(step, temp)));
            if concerns_rules(step) {
                batch.listings.forget_rules();
            }
            batch.drop_unused_folders(&results);
        }
        batch.sync_folders(steps, &mut results);
        results
    }
}

impl<'a> Batch<'a> {
    fn new(folder: &'a Folder, steps: &[Step]) -> Self {
        let replacements = steps.iter().filter(|step| matches!(step, Step::Replace { .. })).count();
        Self {
            folder,
            listings: Listings::new(),
            sync_each: replacements <= SYNCED_SINGLY || !os::SYNCS_WHOLE_FILE_SYSTEMS,
            current: 0,
            touched: BTreeMap::new(),
            made: Vec::new(),
            asked: BTreeSet::new(),
            targets: BTreeSet::new(),
        }
    }

    /// Writes what can be written ahead, and passes the barrier.
    fn prepare_all(&mut self, steps: &[Step]) -> Vec<Result<Option<Temp>, StepError>> {
        let mut ready = Vec::with_capacity(steps.len());
        for (index, step) in steps.iter().enumerate() {
            self.current = index;
            let temp = match step {
                Step::Replace { path, expected, source, mtime_ms }
                    if !self.is_below_target(path) =>
                {
                    self.prepare(path, *expected, source, *mtime_ms).ok()
                }
                Step::Replace { .. }
                | Step::Remove { .. }
                | Step::Rename { .. }
                | Step::MakeFolder(_)
                | Step::RemoveFolder(_) => None,
            };
            if let Step::Replace { path, .. } | Step::Rename { to: path, .. } = step {
                self.targets.insert(path.clone());
            }
            ready.push(temp);
        }
        let barrier = if self.sync_each {
            self.folder.inner.hook.at(Point::Barrier, self.folder.root())
        } else {
            self.sync_file_systems(ready.iter().flatten().map(|temp| temp.path.as_path()))
        };
        // From here on, what is prepared late is synced at once, and everything is looked at again.
        self.sync_each = true;
        self.listings.forget_rules();
        let Err(error) = barrier else {
            return ready.into_iter().map(Ok).collect();
        };
        let mut answers = Vec::with_capacity(steps.len());
        for (step, temp) in steps.iter().zip(ready) {
            answers.push(match temp {
                Some(temp) => {
                    self.abandon(&temp);
                    let path = path_of(step).as_str();
                    Err(StepError::Problem(unwritable(path, &error)))
                }
                None => Ok(None),
            });
        }
        answers
    }

    /// Whether an earlier step puts a file where a folder above `path` would be; making that folder
    /// ahead would stand in its way.
    fn is_below_target(&self, path: &VaultPath) -> bool {
        let mut above = path.parent();
        while let Some(folder) = above {
            if self.targets.contains(&folder) {
                return true;
            }
            above = folder.parent();
        }
        false
    }

    /// Makes the file systems under these files durable.
    fn sync_file_systems<'p>(&self, paths: impl Iterator<Item = &'p Path>) -> io::Result<()> {
        self.folder.inner.hook.at(Point::Barrier, self.folder.root())?;
        let dirs: BTreeSet<&Path> = paths.filter_map(Path::parent).collect();
        let mut devices = BTreeMap::new();
        for dir in dirs {
            devices.insert(os::device(&fs::metadata(dir)?), dir);
        }
        devices.values().try_for_each(|dir| os::sync_all_of(dir))
    }

    /// Takes one step.
    fn take(&mut self, step: &Step, temp: Option<Temp>) -> Result<StepDone, StepError> {
        let from = if let Step::Rename { from, .. } = step { Some(from) } else { None };
        let away = |path: &VaultPath| self.folder.placeholder(path);
        if let Some(problem) = away(path_of(step)).or_else(|| away(from?)) {
            if let Some(temp) = temp {
                self.abandon(&temp);
            }
            return Err(StepError::Problem(problem));
        }
        match step {
            Step::Replace { path, expected, source, mtime_ms } => {
                let temp = match temp {
                    Some(temp) => temp,
                    None => self.prepare(path, *expected, source, *mtime_ms)?,
                };
                let done = self.replace(path, *expected, temp)?;
                Ok(StepDone { sketch: source.sketch(), ..done })
            }
            Step::Remove { path, expected } => self.remove(path, *expected),
            Step::Rename { from, to, expected } => self.rename(from, to, *expected),
            Step::MakeFolder(path) => self.make_folder(path),
            Step::RemoveFolder(path) => self.remove_folder(path),
        }
    }

    /// Writes the bytes of a replacement beside its target, folders above it included.
    fn prepare(
        &mut self,
        path: &VaultPath,
        expected: Option<Content>,
        source: &Source,
        mtime_ms: i64,
    ) -> Result<Temp, StepError> {
        let text = path.as_str();
        let failed = |error: io::Error| StepError::Problem(unwritable(text, &error));
        let place = self.folder.place(path, &mut self.listings).map_err(failed)?;
        let (target, keep) = match place {
            Place::There(real, meta, _) if meta.is_file() => (real, Some(meta.permissions())),
            Place::There(_, meta, _) if meta.is_dir() => {
                let message = format!("a folder lies where the file {text} would be");
                return Err(StepError::Problem(clash(text, message)));
            }
            Place::There(_, meta, _) => return Err(StepError::Problem(special(text, &meta))),
            Place::Free(_) | Place::NoFolder(..) if expected.is_some() => {
                return Err(StepError::Changed);
            }
            Place::Free(real) => (real, None),
            Place::NoFolder(above, real) => {
                self.make_folders(&above, real.parent().unwrap_or(&above)).map_err(failed)?;
                (real, None)
            }
            other @ (Place::UnderFile | Place::Twin(..) | Place::LeftOut | Place::Special(_)) => {
                return Err(blocked(text, other));
            }
        };
        let dir = target.parent().unwrap_or(self.folder.root());
        match source {
            Source::Part(content) => self.take_part(text, dir, keep, *content, mtime_ms),
            Source::Bytes(bytes) => {
                let temp = self.folder.inner.temps.writing(dir);
                let content = Content::of(bytes);
                self.write(&temp, keep, mtime_ms, |file| file.write_all(bytes))
                    .map(|stamp| Temp { path: temp, stamp, content, from_part: false })
                    .map_err(failed)
            }
            Source::CopyOf { path, content } => {
                let place = self.folder.place(path, &mut self.listings);
                let Ok(Place::There(real, meta, _)) = place else {
                    return Err(StepError::SourceGone);
                };
                if meta.len() != content.size || !meta.is_file() {
                    return Err(StepError::SourceGone);
                }
                self.copy(text, &real, dir, keep, *content, mtime_ms)
            }
        }
    }

    /// Copies the file `real`, which must hold `content`, into the folder `dir`.
    pub(super) fn copy(
        &self,
        text: &str,
        real: &Path,
        dir: &Path,
        keep: Option<Permissions>,
        content: Content,
        mtime_ms: i64,
    ) -> Result<Temp, StepError> {
        let Ok(mut from) = os::open_read(real) else {
            return Err(StepError::SourceGone);
        };
        let temp = self.folder.inner.temps.writing(dir);
        let mut hasher = blake3::Hasher::new();
        let stamp = self
            .write(&temp, keep, mtime_ms, |file| {
                each_piece(&mut from, |piece| {
                    hasher.update(piece);
                    file.write_all(piece)
                })
                .map(drop)
            })
            .map_err(|error| StepError::Problem(unwritable(text, &error)))?;
        let temp = Temp { path: temp, stamp, content, from_part: false };
        if ContentHash(*hasher.finalize().as_bytes()) != content.hash {
            self.abandon(&temp);
            return Err(StepError::SourceGone);
        }
        Ok(temp)
    }

    /// Makes the file `temp` and fills it; nothing is left of it when that fails.
    fn write(
        &self,
        temp: &Path,
        keep: Option<Permissions>,
        mtime_ms: i64,
        contents: impl FnOnce(&mut File) -> io::Result<()>,
    ) -> io::Result<Stamp> {
        let hook = &self.folder.inner.hook;
        let mut file = File::create_new(temp)?;
        let written = hook
            .at(Point::Made, temp)
            .and_then(|()| contents(&mut file))
            .and_then(|()| hook.at(Point::Written, temp))
            .and_then(|()| self.complete(&file, keep, mtime_ms));
        if written.is_err() {
            fs::remove_file(temp).ok();
        }
        written
    }

    /// Gives a file its permissions and time, and syncs it if it is to be synced singly.
    fn complete(&self, file: &File, keep: Option<Permissions>, mtime_ms: i64) -> io::Result<Stamp> {
        if let Some(permissions) = keep.filter(|_| cfg!(unix)) {
            // Some disks have no permissions to set; the bytes matter more.
            file.set_permissions(permissions).ok();
        }
        file.set_modified(os::time_of_ms(mtime_ms))?;
        if self.sync_each {
            file.sync_all()?;
        }
        Ok(os::stamp(&file.metadata()?))
    }

    /// Takes a part that is whole out of the parts and puts it into the folder `dir`.
    fn take_part(
        &self,
        text: &str,
        dir: &Path,
        keep: Option<Permissions>,
        content: Content,
        mtime_ms: i64,
    ) -> Result<Temp, StepError> {
        let part = self.folder.part_path(content.hash);
        match fingerprint(&part) {
            Ok((found, _)) if found == content => {}
            Ok(_) => return Err(StepError::SourceGone),
            Err(Miss::Absent | Miss::Special | Miss::Changing) => {
                return Err(StepError::SourceGone);
            }
            Err(Miss::Io(error)) => return Err(StepError::Problem(unreadable(text, &error))),
        }
        let temp = self.folder.inner.temps.part(dir, content.hash);
        let failed = |error: io::Error| StepError::Problem(unwritable(text, &error));
        match os::rename_new(&part, &temp) {
            Ok(()) => {}
            Err(error) if error.kind() == ErrorKind::CrossesDevices => {
                let temp = self.copy(text, &part, dir, keep, content, mtime_ms)?;
                fs::remove_file(&part).ok();
                return Ok(temp);
            }
            Err(error) => return Err(failed(error)),
        }
        let stamp = OpenOptions::new()
            .write(true)
            .open(&temp)
            .and_then(|file| self.complete(&file, keep, mtime_ms));
        let done = Temp {
            path: temp,
            stamp: stamp.as_ref().copied().unwrap_or_default(),
            content,
            from_part: true,
        };
        if let Err(error) = stamp {
            self.abandon(&done);
            return Err(failed(error));
        }
        Ok(done)
    }

    /// Takes away new bytes that are not used; a part goes back, for its bytes were paid for.
    pub(super) fn abandon(&self, temp: &Temp) {
        let part = self.folder.part_path(temp.content.hash);
        if temp.from_part && give_back(&temp.path, &part).is_ok() {
            return;
        }
        // Best effort: whatever stays is ours by name and swept after the next start.
        fs::remove_file(&temp.path).ok();
    }

    /// Makes `dir` and the folders between it and `above`, which is there.
    pub(super) fn make_folders(&mut self, above: &Path, dir: &Path) -> io::Result<()> {
        let mut at = above.to_owned();
        let Ok(names) = dir.strip_prefix(above) else {
            return Ok(());
        };
        for name in names {
            let parent = at.clone();
            at.push(name);
            match fs::create_dir(&at) {
                Ok(()) => {
                    self.made.push((self.current, at.clone()));
                    self.touch(&parent);
                }
                Err(error)
                    if error.kind() == ErrorKind::AlreadyExists
                        && fs::symlink_metadata(&at)?.is_dir() => {}
                Err(error) => return Err(unless_name_refused(error, &parent, &at)),
            }
        }
        Ok(())
    }

    /// Notes that the step being worked on changed names in `dir`.
    pub(super) fn touch(&mut self, dir: &Path) {
        if let Some(steps) = self.touched.get_mut(dir) {
            steps.insert(self.current);
        } else {
            self.touched.insert(dir.to_owned(), BTreeSet::from([self.current]));
        }
    }

    /// Notes that the folder `dir` was asked for, so it stays whatever becomes of files in it.
    pub(super) fn ask_for(&mut self, dir: &Path) {
        self.asked.insert(dir.to_owned());
    }

    /// Makes the new names durable; steps whose names may not be are answered as failed.
    fn sync_folders(&mut self, steps: &[Step], results: &mut [Result<StepDone, StepError>]) {
        let dirs: Vec<&PathBuf> = self.touched.keys().filter(|dir| dir.is_dir()).collect();
        if dirs.is_empty() {
            return;
        }
        let hook = &self.folder.inner.hook;
        let mut fail = |indices: &mut dyn Iterator<Item = usize>, error: &io::Error| {
            for index in indices {
                let path = path_of(&steps[index]).as_str();
                if results[index].is_ok() {
                    results[index] = Err(StepError::Problem(unwritable(path, error)));
                }
            }
        };
        if dirs.len() > SYNCED_SINGLY && os::SYNCS_WHOLE_FILE_SYSTEMS {
            let inside: Vec<PathBuf> = dirs.iter().map(|dir| dir.join("x")).collect();
            let synced = hook
                .at(Point::Folders, self.folder.root())
                .and_then(|()| self.sync_file_systems(inside.iter().map(PathBuf::as_path)));
            if let Err(error) = synced {
                fail(&mut (0..steps.len()), &error);
            }
            return;
        }
        for dir in dirs {
            let synced = hook.at(Point::Folders, dir).and_then(|()| os::sync_folder(dir));
            if let Err(error) = synced {
                fail(&mut self.touched[dir].iter().copied(), &error);
            }
        }
    }

    /// Takes away folders that were made for files which then did not come.
    fn drop_unused_folders(&mut self, results: &[Result<StepDone, StepError>]) {
        let unused = |index: usize| results.get(index).is_some_and(Result::is_err);
        if results.last().is_some_and(Result::is_err) {
            self.listings.forget_folders();
        }
        if results.last().is_none_or(Result::is_ok) || !self.made.iter().any(|(i, _)| unused(*i)) {
            return;
        }
        let mut left = Vec::new();
        for (index, dir) in self.made.drain(..).rev() {
            // Stays, as it should, while something else is in it.
            let goes = unused(index) && !self.asked.contains(&dir);
            if !goes || fs::remove_dir(&dir).is_err() {
                left.push((index, dir));
            }
        }
        left.reverse();
        self.made = left;
    }
}

/// Makes a file a part again; its time says when it was last of use, not when its content was made.
pub(super) fn give_back(from: &Path, part: &Path) -> io::Result<()> {
    os::rename_new(from, part)?;
    OpenOptions::new().write(true).open(part)?.set_modified(SystemTime::now())
}

/// The path a step is about, for messages.
fn path_of(step: &Step) -> &VaultPath {
    match step {
        Step::Replace { path, .. }
        | Step::Remove { path, .. }
        | Step::MakeFolder(path)
        | Step::RemoveFolder(path) => path,
        Step::Rename { to, .. } => to,
    }
}

/// Whether a step may change what takes part.
fn concerns_rules(step: &Step) -> bool {
    let left = if let Step::Rename { from, .. } = step { Some(from) } else { None };
    left.into_iter().chain([path_of(step)]).any(|path| path.name() == RULES_FILE)
}

/// Why nothing can be put at a place that is neither free nor a file.
pub(super) fn blocked(text: &str, place: Place) -> StepError {
    match place {
        Place::LeftOut => StepError::Ignored,
        Place::Special(problem) => StepError::Problem(problem),
        Place::UnderFile => StepError::Problem(clash(
            text,
            format!("a file lies where a folder above {text} would be"),
        )),
        Place::Twin(real, _) => StepError::Problem(clash(
            text,
            format!(
                "{text} differs only in letter case from {}, and this disk holds one of them",
                real.file_name().unwrap_or_default().display()
            ),
        )),
        Place::There(..) | Place::Free(_) | Place::NoFolder(..) => StepError::Changed,
    }
}
