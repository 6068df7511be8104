//! The guarded renames behind each step.

use std::fs::{self, File, Metadata};
use std::io::{self, ErrorKind, Write as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;

use super::hook::Point;
use super::names::{Place, clash, is_absent, unless_name_refused, unwritable};
use super::os;
use super::read::{fingerprint, refuse};
use super::root::Folder;
use super::rules::{Sort, is_reserved};
use super::step::{Batch, Temp, blocked};
use super::sweep::{JOURNAL_FOLDER, make_visible};
use super::trash::in_history;
use crate::model::{Content, Stamp, StepDone, StepError, VaultPath};

/// Up to this many bytes what was pushed aside is always read again. Above it an unchanged stamp is
/// proof enough, provided the modification lies well back.
const ALWAYS_READ_BYTES: u64 = 1024 * 1024;
/// How often a swap is taken back against somebody who keeps writing, before both are kept.
const TRIES: u32 = 4;

/// What the system writes into folders by itself; goes with an otherwise empty folder.
const LITTER: &[&str] =
    &[".DS_Store", "Thumbs.db", "thumbs.db", "desktop.ini", "Desktop.ini", "Icon\r"];

/// What becomes of the bytes that a step pushes aside.
#[derive(Debug, Clone, Copy)]
enum Keep<'a> {
    /// They go to the trash, as what lay at this path.
    InTrash(&'a VaultPath),
    /// They are elsewhere: in the history, or at the end of a move.
    Nowhere,
}

impl Folder {
    /// Notes where the file going to `aside` belongs, for the sweep after a crash.
    pub(super) fn write_journal(&self, text: &str, aside: &Path) -> io::Result<PathBuf> {
        let folder = self.own_folder(JOURNAL_FOLDER);
        fs::create_dir_all(&folder)?;
        let journal = folder.join(aside.file_name().unwrap_or_default());
        let mut file = File::create(&journal)?;
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        Ok(journal)
    }
}

impl Batch<'_> {
    /// Puts `temp` at `path`, which must hold `expected`.
    pub(super) fn replace(
        &mut self,
        path: &VaultPath,
        expected: Option<Content>,
        mut temp: Temp,
    ) -> Result<StepDone, StepError> {
        let placed = self.try_replace(path, expected, &mut temp);
        if placed.is_err() && temp.path.exists() {
            self.abandon(&temp);
        }
        self.folder.drop_heap(&temp.path);
        placed
    }

    fn try_replace(
        &mut self,
        path: &VaultPath,
        expected: Option<Content>,
        temp: &mut Temp,
    ) -> Result<StepDone, StepError> {
        let text = path.as_str();
        let failed = |error: io::Error| not_moved(text, &error);
        let place = self.folder.place(path, &mut self.listings).map_err(failed)?;
        let real = match (place, expected) {
            (Place::There(real, meta, _), Some(expected)) if meta.is_file() => {
                self.swap(path, &real, expected, temp)?;
                real
            }
            (Place::There(_, meta, _), None) if meta.is_dir() => {
                let message = format!("a folder lies where the file {text} would be");
                return Err(StepError::Problem(clash(text, message)));
            }
            (Place::Free(real), None) => {
                self.put_new(&real, temp).map_err(failed)?;
                real
            }
            (Place::NoFolder(above, real), None) => {
                self.make_folders(&above, real.parent().unwrap_or(&above)).map_err(failed)?;
                self.put_new(&real, temp).map_err(failed)?;
                real
            }
            (Place::UnderFile, Some(_)) => return Err(StepError::Changed),
            (other, _) => return Err(blocked(text, other)),
        };
        self.touch(real.parent().unwrap_or(self.folder.root()));
        Ok(StepDone::at(Some(stamp_of_ours(&real, temp.stamp))))
    }

    /// Puts `temp` where nothing is.
    fn put_new(&self, real: &Path, temp: &Temp) -> io::Result<()> {
        let hook = &self.folder.inner.hook;
        hook.at(Point::Looked, real)?;
        os::rename_new(&temp.path, real)
            .map_err(|error| unless_name_refused(error, &temp.path, real))?;
        // Only a test's interest: the file is in place whatever the answer.
        hook.at(Point::Placed, real).ok();
        Ok(())
    }

    /// Swaps `temp` with the file `real`, looks at what came out and drops it, or swaps back.
    fn swap(
        &self,
        path: &VaultPath,
        real: &Path,
        expected: Content,
        temp: &mut Temp,
    ) -> Result<(), StepError> {
        let text = path.as_str();
        let failed = |error: io::Error| not_moved(text, &error);
        let hook = &self.folder.inner.hook;
        let looked = self.look_again(text, real, expected)?;
        let settle_ms = self.folder.inner.settle_ms.load(Ordering::Relaxed);
        if expected.size == 0 && os::is_younger(looked.mtime_ns, settle_ms) {
            // Emptied just now: whoever did it is about to write into it.
            return Err(StepError::Changed);
        }
        let kept = self.folder.keeps_trash() && !in_history(real, expected);
        let keep = if kept { Keep::InTrash(path) } else { Keep::Nowhere };
        let aside = self.arm(keep, real, expected, temp)?;
        let swapped = hook.at(Point::Armed, real).and_then(|()| os::exchange(&aside, real));
        match swapped {
            Ok(()) => {}
            Err(error) if error.kind() == ErrorKind::Unsupported => {
                return self.swap_slowly(keep, real, expected, looked, temp);
            }
            Err(error) => return Err(failed(error)),
        }
        if !self.holds(&aside, expected, looked) {
            swap_back(&aside, real, temp.content);
            return Err(StepError::Changed);
        }
        self.let_go(keep, &aside, expected).map_err(|error| {
            swap_back(&aside, real, temp.content);
            failed(error)
        })
    }

    /// Gives `temp` the name under which the old bytes will lie.
    fn arm(
        &self,
        keep: Keep<'_>,
        real: &Path,
        expected: Content,
        temp: &mut Temp,
    ) -> Result<PathBuf, StepError> {
        let failed = |error: io::Error| not_moved(&real.to_string_lossy(), &error);
        let mut aside = self.aside(keep, real, expected, temp.content)?;
        let armed = fs::rename(&temp.path, &aside).or_else(|error| {
            self.folder.drop_heap(&aside);
            if error.kind() != ErrorKind::CrossesDevices {
                return Err(error);
            }
            aside = self.folder.inner.temps.aside(real, expected, temp.content);
            fs::rename(&temp.path, &aside)
        });
        armed.map_err(failed)?;
        temp.path.clone_from(&aside);
        Ok(aside)
    }

    /// Where the old bytes lie until they were looked at once more: in the trash if they are to stay
    /// there, which saves moving them twice; otherwise beside `real`.
    fn aside(
        &self,
        keep: Keep<'_>,
        real: &Path,
        old: Content,
        new: Content,
    ) -> Result<PathBuf, StepError> {
        let Keep::InTrash(path) = keep else {
            return Ok(self.folder.inner.temps.aside(real, old, new));
        };
        let failed = |error| StepError::Problem(unwritable(path.as_str(), &error));
        self.folder.aside_in_trash(path, old, new).map_err(failed)
    }

    /// The same where names cannot be swapped: old aside, look, new into the free place.
    fn swap_slowly(
        &self,
        keep: Keep<'_>,
        real: &Path,
        expected: Content,
        looked: Stamp,
        temp: &Temp,
    ) -> Result<(), StepError> {
        let text = self.text_of(real);
        let failed = |error: io::Error| not_moved(&text, &error);
        let aside = self.folder.inner.temps.aside(real, expected, expected);
        let journal = self.folder.write_journal(&text, &aside).map_err(failed)?;
        let end = |result| {
            fs::remove_file(&journal).ok();
            result
        };
        if let Err(error) = os::rename_new(real, &aside) {
            return end(Err(failed(error)));
        }
        if !self.holds(&aside, expected, looked) {
            put_back(&aside, real);
            return end(Err(StepError::Changed));
        }
        if let Err(error) = os::rename_new(&temp.path, real) {
            if error.kind() == ErrorKind::AlreadyExists {
                // A save came into the gap and stands; the old bytes were known.
                self.let_go(keep, &aside, expected).ok();
            } else {
                put_back(&aside, real);
            }
            return end(Err(failed(error)));
        }
        // Should the trash refuse them, they stay aside until the next start.
        self.let_go(keep, &aside, expected).ok();
        end(Ok(()))
    }

    /// The path of `real` in the vault, for messages and journals.
    fn text_of(&self, real: &Path) -> String {
        let below = real.strip_prefix(self.folder.root()).unwrap_or(real);
        below.to_string_lossy().into_owned()
    }

    /// Takes the file at `path` away.
    pub(super) fn remove(
        &mut self,
        path: &VaultPath,
        expected: Content,
    ) -> Result<StepDone, StepError> {
        let kept = self.folder.keeps_trash();
        self.take_away(path, expected, if kept { Keep::InTrash(path) } else { Keep::Nowhere })
    }

    fn take_away(
        &mut self,
        path: &VaultPath,
        expected: Content,
        keep: Keep<'_>,
    ) -> Result<StepDone, StepError> {
        let text = path.as_str();
        let failed = |error: io::Error| not_moved(text, &error);
        let real = self.file_at(path)?;
        let looked = self.look_again(text, &real, expected)?;
        let mut aside = self.aside(keep, &real, expected, expected)?;
        let moved = os::rename_new(&real, &aside).or_else(|error| {
            self.folder.drop_heap(&aside);
            if error.kind() != ErrorKind::CrossesDevices {
                return Err(error);
            }
            aside = self.folder.inner.temps.aside(&real, expected, expected);
            os::rename_new(&real, &aside)
        });
        moved.map_err(failed)?;
        self.touch(real.parent().unwrap_or(self.folder.root()));
        if !self.holds(&aside, expected, looked) {
            put_back(&aside, &real);
            self.folder.drop_heap(&aside);
            return Err(StepError::Changed);
        }
        self.let_go(keep, &aside, expected).map_err(|error| {
            put_back(&aside, &real);
            failed(error)
        })?;
        Ok(StepDone::at(None))
    }

    /// Moves the file at `from` to `to`.
    pub(super) fn rename(
        &mut self,
        from: &VaultPath,
        to: &VaultPath,
        expected: Content,
    ) -> Result<StepDone, StepError> {
        let text = to.as_str();
        let failed = |error: io::Error| not_moved(text, &error);
        let came_along = from != to;
        let from = &self.follow_spelling(from, to)?;
        let real = self.file_at(from)?;
        let looked = self.look_again(from.as_str(), &real, expected)?;
        if came_along && from == to {
            // It came along when its folder got another spelling.
            return Ok(StepDone::at(Some(looked)));
        }
        let place = self.folder.place(to, &mut self.listings).map_err(failed)?;
        let mut respelled = false;
        let target = match place {
            Place::Free(target) => target,
            Place::NoFolder(above, target) => {
                self.make_folders(&above, target.parent().unwrap_or(&above)).map_err(failed)?;
                target
            }
            // On a disk that folds letter case the file stands in its own way.
            Place::Twin(twin, meta) if twin == real || is_same_file(&meta, &real) => {
                respelled = true;
                twin.with_file_name(to.name())
            }
            other @ (Place::There(..)
            | Place::UnderFile
            | Place::Twin(..)
            | Place::LeftOut
            | Place::Special(_)) => return Err(blocked(text, other)),
        };
        let (left, entered) = (real.parent(), target.parent());
        for dir in [left, entered].into_iter().flatten() {
            self.touch(dir);
        }
        let moved = if respelled {
            self.listings.forget_names();
            self.folder.respell(from, &real, &target, expected)
        } else {
            os::rename_new(&real, &target)
        };
        match moved {
            Ok(()) => {}
            Err(error) if error.kind() == ErrorKind::CrossesDevices => {
                return self.move_across(from, to, expected, looked, &real, &target);
            }
            Err(error) => return Err(failed(unless_name_refused(error, &real, &target))),
        }
        let hook = &self.folder.inner.hook;
        hook.at(Point::Aside, &target).ok();
        match fingerprint(&target) {
            Ok((found, stamp)) if found == expected => Ok(StepDone::at(Some(stamp))),
            _ => {
                // An edit went along; where something new took the old place, it stays where it is.
                os::rename_new(&target, &real).ok();
                Err(StepError::Changed)
            }
        }
    }

    /// Moves a file to another file system: a copy there, then a removal here.
    fn move_across(
        &mut self,
        from: &VaultPath,
        to: &VaultPath,
        expected: Content,
        looked: Stamp,
        real: &Path,
        target: &Path,
    ) -> Result<StepDone, StepError> {
        let text = to.as_str();
        let dir = target.parent().unwrap_or(self.folder.root());
        let keep = fs::metadata(real).ok().map(|meta| meta.permissions());
        let mtime_ms = looked.mtime_ns.div_euclid(1_000_000);
        let temp = self.copy(text, real, dir, keep, expected, mtime_ms)?;
        let done = self.replace(to, None, temp)?;
        if let Err(error) = self.take_away(from, expected, Keep::Nowhere) {
            // It changed here meanwhile: then the copy was for nothing, and goes.
            self.take_away(to, expected, Keep::Nowhere)?;
            return Err(error);
        }
        Ok(done)
    }

    /// Makes the folder `path` and those above it.
    pub(super) fn make_folder(&mut self, path: &VaultPath) -> Result<StepDone, StepError> {
        let text = path.as_str();
        let failed = |error: io::Error| StepError::Problem(unwritable(text, &error));
        let place = self.folder.place_of(path, Sort::Folder, &mut self.listings).map_err(failed)?;
        let real = match place {
            Place::There(real, meta, _) if meta.is_dir() => real,
            Place::There(..) => {
                let message = format!("a file lies where the folder {text} would be");
                return Err(StepError::Problem(clash(text, message)));
            }
            Place::Free(_) | Place::NoFolder(..)
                if self.folder.inner.rules.unwanted_if_empty(text) =>
            {
                return Err(StepError::Ignored);
            }
            Place::Free(real) => {
                let above = real.parent().unwrap_or(self.folder.root()).to_owned();
                self.make_folders(&above, &real).map_err(failed)?;
                real
            }
            Place::NoFolder(above, real) => {
                self.make_folders(&above, &real).map_err(failed)?;
                real
            }
            other @ (Place::UnderFile | Place::Twin(..) | Place::LeftOut | Place::Special(_)) => {
                return Err(blocked(text, other));
            }
        };
        for dir in real.ancestors().take_while(|dir| *dir != self.folder.root()) {
            self.ask_for(dir);
        }
        let meta = fs::symlink_metadata(&real).map_err(failed)?;
        Ok(StepDone::at(Some(os::stamp(&meta))))
    }

    /// Takes the folder `path` away if nothing but litter is in it.
    pub(super) fn remove_folder(&mut self, path: &VaultPath) -> Result<StepDone, StepError> {
        let text = path.as_str();
        let failed = |error: io::Error| StepError::Problem(unwritable(text, &error));
        let gone = Ok(StepDone::at(None));
        let place = self.folder.place_of(path, Sort::Folder, &mut self.listings).map_err(failed)?;
        let real = match place {
            Place::There(real, meta, _) if meta.is_dir() => real,
            Place::There(..) => return Err(StepError::Changed),
            Place::Free(_) | Place::NoFolder(..) | Place::UnderFile | Place::Twin(..) => {
                return gone;
            }
            other @ (Place::LeftOut | Place::Special(_)) => return Err(blocked(text, other)),
        };
        let removed = litter_only(&real).and_then(|litter| {
            if let Some(litter) = litter {
                litter.iter().try_for_each(fs::remove_file)?;
                fs::remove_dir(&real)?;
            }
            Ok(())
        });
        self.touch(real.parent().unwrap_or(self.folder.root()));
        match removed {
            Ok(()) => {}
            Err(error) if error.kind() == ErrorKind::DirectoryNotEmpty || is_absent(&error) => {}
            Err(error) => return Err(failed(error)),
        }
        Ok(StepDone::at(fs::symlink_metadata(&real).ok().map(|meta| os::stamp(&meta))))
    }

    /// The real name of the file at `path`; anything else there means that the disk moved on.
    fn file_at(&mut self, path: &VaultPath) -> Result<PathBuf, StepError> {
        let text = path.as_str();
        let place = self.folder.place(path, &mut self.listings);
        match place.map_err(|error| StepError::Problem(unwritable(text, &error)))? {
            Place::There(real, meta, _) if meta.is_file() => Ok(real),
            Place::LeftOut => Err(StepError::Ignored),
            Place::Special(problem) => Err(StepError::Problem(problem)),
            Place::There(..)
            | Place::Free(_)
            | Place::NoFolder(..)
            | Place::UnderFile
            | Place::Twin(..) => Err(StepError::Changed),
        }
    }

    /// Reads `real`, which must hold `expected`.
    fn look_again(&self, text: &str, real: &Path, expected: Content) -> Result<Stamp, StepError> {
        // The length alone often tells, without reading.
        if fs::symlink_metadata(real).is_ok_and(|meta| meta.len() != expected.size) {
            return Err(StepError::Changed);
        }
        let (found, stamp) = fingerprint(real).map_err(|miss| refuse(text, miss))?;
        if found != expected {
            return Err(StepError::Changed);
        }
        self.folder
            .inner
            .hook
            .at(Point::Looked, real)
            .map_err(|error| StepError::Problem(unwritable(text, &error)))?;
        Ok(stamp)
    }

    /// Whether what was pushed aside is what was expected; `looked` is its stamp before.
    fn holds(&self, aside: &Path, expected: Content, looked: Stamp) -> bool {
        let hook = &self.folder.inner.hook;
        if hook.at(Point::Aside, aside).is_err() {
            return false;
        }
        if expected.size > ALWAYS_READ_BYTES
            && os::settled(&looked)
            && fs::symlink_metadata(aside).is_ok_and(|meta| is_same(os::stamp(&meta), looked))
        {
            return true;
        }
        fingerprint(aside).is_ok_and(|(found, _)| found == expected)
    }

    /// Lets go of bytes that were expected: to the trash, or for good.
    fn let_go(&self, keep: Keep<'_>, aside: &Path, held: Content) -> io::Result<()> {
        let Keep::InTrash(path) = keep else {
            self.drop_aside(aside);
            return Ok(());
        };
        let hook = &self.folder.inner.hook;
        // Only a test's interest: what stays under way is judged after the next start.
        if hook.at(Point::Judged, aside).is_ok() {
            if self.folder.is_in_trash(aside) {
                self.folder.bury(aside)?;
            } else {
                self.folder.bury_from(path, aside, held)?;
            }
        }
        hook.at(Point::Dropped, aside).ok();
        Ok(())
    }

    /// Drops bytes that were expected.
    fn drop_aside(&self, aside: &Path) {
        let hook = &self.folder.inner.hook;
        if hook.at(Point::Judged, aside).is_ok() {
            // What stays is known by its name and swept after the next start.
            fs::remove_file(aside).ok();
        }
        hook.at(Point::Dropped, aside).ok();
    }
}

/// Takes a swap back: somebody's bytes in `aside` return to `real`. Whatever happens meanwhile,
/// nobody's bytes are dropped but ours.
fn swap_back(aside: &Path, real: &Path, ours: Content) {
    for _ in 0..TRIES {
        match os::exchange(aside, real) {
            Ok(()) => {
                let ours_again = fingerprint(aside).is_ok_and(|(found, _)| found == ours);
                if !ours_again {
                    // A still newer save came out: keep it visibly.
                    make_visible(aside, real);
                }
                return;
            }
            Err(error) if error.kind() == ErrorKind::NotFound => {
                // Our file was taken away meanwhile; theirs goes to the free place.
                if os::rename_new(aside, real).is_ok() {
                    return;
                }
            }
            Err(_) => break,
        }
    }
    make_visible(aside, real);
}

/// Gives bytes nobody expected their name back, or a visible one beside it.
pub(super) fn put_back(aside: &Path, real: &Path) {
    if os::rename_new(aside, real).is_err() {
        make_visible(aside, real);
    }
}

/// Why a rename did not come to pass: names that came or went mean that the disk moved on.
fn not_moved(text: &str, error: &io::Error) -> StepError {
    if is_absent(error) || error.kind() == ErrorKind::AlreadyExists {
        StepError::Changed
    } else {
        StepError::Problem(unwritable(text, error))
    }
}

/// Whether a file is the same and unwritten, though perhaps renamed.
fn is_same(a: Stamp, b: Stamp) -> bool {
    let unnamed = |stamp: Stamp| Stamp { ctime_ns: 0, ..stamp };
    unnamed(a) == unnamed(b)
}

/// The stamp of `real` while it is still the file we put there; otherwise our own, which then
/// differs from what the disk says, so that nobody takes the later bytes for ours.
fn stamp_of_ours(real: &Path, ours: Stamp) -> Stamp {
    match fs::symlink_metadata(real).map(|meta| os::stamp(&meta)) {
        Ok(now) if is_same(now, ours) => now,
        _ => ours,
    }
}

fn is_same_file(meta: &Metadata, other: &Path) -> bool {
    fs::symlink_metadata(other).is_ok_and(|other| {
        is_same(os::stamp(meta), os::stamp(&other)) && os::device(meta) == os::device(&other)
    })
}

/// The litter in a folder, or `None` when something else is in it.
fn litter_only(real: &Path) -> io::Result<Option<Vec<PathBuf>>> {
    let mut litter = Vec::new();
    for entry in fs::read_dir(real)? {
        let entry = entry?;
        let name = entry.file_name();
        let known = name.to_str().is_some_and(|name| LITTER.contains(&name) && !is_reserved(name));
        if !known || !entry.file_type()?.is_file() {
            return Ok(None);
        }
        litter.push(entry.path());
    }
    Ok(Some(litter))
}
