//! Names that change in letter case alone, on a disk that folds it.
//!
//! A file goes aside first, then to its new name. Peers move the files of a folder one by one, from `Folder/a.md` to `folder/a.md`. Here both
//! are one folder. It gets its new spelling once every file in it is to go there; until then the
//! moves are held back, for where only some files go, the disk cannot hold both folders.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::Path;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::hook::Point;
use super::names::{Listings, Place, are_twins, unreadable, unwritable};
use super::os;
use super::place::put_back;
use super::root::Folder;
use super::rules::Sort;
use super::step::{Batch, blocked};
use crate::model::{Content, ProblemKind, Step, StepError, VaultPath};

/// Moves that were asked for this long ago count no more; the engine repeats what is held back at
/// least once a minute.
const MEMORY: Duration = Duration::from_mins(5);

/// Moves into another spelling of a folder, asked for lately: by the lower case of where the file
/// lies, where it goes, and when that was asked.
#[derive(Debug, Default)]
pub(super) struct Respelling(Mutex<BTreeMap<String, (VaultPath, Instant)>>);

impl Folder {
    /// Takes note of the moves in a batch that change letter case in a folder's name.
    pub(super) fn note_respelling(&self, steps: &[Step]) {
        if !self.inner.folds_case {
            return;
        }
        let mut known = self.inner.respelling.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.retain(|_, (_, asked)| asked.elapsed() < MEMORY);
        for step in steps {
            let Step::Rename { from, to, .. } = step else { continue };
            if pairs(from, to).any(|(old, new)| old != new) {
                known.insert(from.as_str().to_lowercase(), (to.clone(), Instant::now()));
            }
        }
    }

    /// Whether every file in the folder `old` is to go to the folder `new`; not while some of them
    /// cannot be looked at.
    ///
    /// # Errors
    ///
    /// A problem of the file `text` when the folder cannot be walked.
    fn is_to_be_respelled(
        &self,
        old: &VaultPath,
        new: &VaultPath,
        text: &str,
    ) -> Result<bool, StepError> {
        let failed = |error| StepError::Problem(unreadable(text, &error));
        let walk = self.walk_below(old).map_err(failed)?;
        let unseen = |kind| matches!(kind, ProblemKind::Unreadable | ProblemKind::Placeholder);
        if walk.problems.iter().any(|it| unseen(it.kind)) {
            return Ok(false);
        }
        let known = self.inner.respelling.0.lock().unwrap_or_else(PoisonError::into_inner);
        let inside = format!("{new}/");
        let goes = |path: &VaultPath| {
            let asked = known.get(&path.as_str().to_lowercase());
            asked.is_some_and(|(to, _)| to.as_str().starts_with(&inside))
        };
        Ok(walk.found.iter().all(|it| it.empty_folder || goes(&it.path)))
    }

    /// Gives the file `real`, found at `from`, the name `target`, which differs so little that the
    /// disk takes it for the same: aside first, then to its new name.
    ///
    /// # Errors
    ///
    /// What the system says; then the file has its old name.
    pub(super) fn respell(
        &self,
        from: &VaultPath,
        real: &Path,
        target: &Path,
        expected: Content,
    ) -> io::Result<()> {
        let aside = self.inner.temps.aside(real, expected, expected);
        let journal = self.write_journal(from.as_str(), &aside)?;
        let moved = os::rename_new(real, &aside)
            .and_then(|()| self.inner.hook.at(Point::Aside, &aside))
            .and_then(|()| os::rename_new(&aside, target));
        if moved.is_err() && aside.exists() {
            put_back(&aside, real);
        }
        fs::remove_file(&journal).ok();
        moved
    }
}

impl Batch<'_> {
    /// Where the file at `from`, which goes to `to`, lies once the folders that they share have the
    /// spelling of `to`.
    ///
    /// - Shape: `from` itself, unless the disk folds letter case and their folders differ in it
    ///   alone.
    ///
    /// # Errors
    ///
    /// [`StepError::Problem`] while the folder cannot get that spelling.
    pub(super) fn follow_spelling(
        &mut self,
        from: &VaultPath,
        to: &VaultPath,
    ) -> Result<VaultPath, StepError> {
        if !self.folder.inner.folds_case || pairs(from, to).all(|(old, new)| old == new) {
            return Ok(from.clone());
        }
        let mut at: Vec<String> = from.parts().map(str::to_owned).collect();
        let pairs: Vec<(String, String)> =
            pairs(from, to).map(|(old, new)| (old.to_owned(), new.to_owned())).collect();
        for (index, (old, new)) in pairs.into_iter().enumerate() {
            if old == new {
                continue;
            }
            let old = path_of(&at[..=index])?;
            at[index] = new;
            let new = path_of(&at[..=index])?;
            if !self.respell_folder(&old, &new, to.as_str())? {
                return Ok(from.clone());
            }
        }
        path_of(&at)
    }

    /// Gives the folder `old` the spelling `new`, for the sake of the file `text`; false when they
    /// are not one folder here.
    fn respell_folder(
        &mut self,
        old: &VaultPath,
        new: &VaultPath,
        text: &str,
    ) -> Result<bool, StepError> {
        let failed = |error| StepError::Problem(unwritable(text, &error));
        let folder = self.folder;
        let place = |path: &VaultPath, listings: &mut Listings| {
            folder.place_of(path, Sort::Folder, listings).map_err(failed)
        };
        let (real, meta) = match place(new, &mut self.listings)? {
            Place::Twin(real, meta) if meta.is_dir() => (real, meta),
            // It has that spelling already, or there are two.
            Place::There(..) => {
                return Ok(matches!(place(old, &mut self.listings)?, Place::Twin(..)));
            }
            Place::Free(_)
            | Place::NoFolder(..)
            | Place::UnderFile
            | Place::Twin(..)
            | Place::LeftOut
            | Place::Special(_) => return Ok(false),
        };
        if !folder.is_to_be_respelled(old, new, text)? {
            return Err(blocked(text, Place::Twin(real, meta)));
        }
        // In one step, for files that lay elsewhere for a moment would look deleted.
        fs::rename(&real, real.with_file_name(new.name())).map_err(failed)?;
        self.listings.forget_names();
        self.touch(real.parent().unwrap_or(folder.root()));
        match place(new, &mut self.listings)? {
            // Some disks take both spellings for one and leave it as it is.
            twin @ Place::Twin(..) => Err(blocked(text, twin)),
            Place::There(..)
            | Place::Free(_)
            | Place::NoFolder(..)
            | Place::UnderFile
            | Place::LeftOut
            | Place::Special(_) => Ok(true),
        }
    }
}

/// The names of the folders above two paths, as far as they differ in letter case at most.
fn pairs<'a>(from: &'a VaultPath, to: &'a VaultPath) -> impl Iterator<Item = (&'a str, &'a str)> {
    let folders = |path: &VaultPath| path.parts().count() - 1;
    let shared = folders(from).min(folders(to));
    from.parts().zip(to.parts()).take(shared).take_while(|(old, new)| are_twins(old, new))
}

fn path_of(parts: &[String]) -> Result<VaultPath, StepError> {
    // Parts of paths make a path again, unless it is too long now.
    VaultPath::parse(&parts.join("/")).map_err(|_too_long| StepError::Changed)
}
