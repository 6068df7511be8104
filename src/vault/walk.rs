//! The stat walk of the whole vault.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs::{self, DirEntry};
use std::io;
use std::panic::resume_unwind;
use std::path::{Path, PathBuf};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use unicode_normalization::{UnicodeNormalization as _, is_nfc};

use super::error::Error;
use super::names::{Listings, Place, away, is_absent, preferred, special, unreadable};
use super::os;
use super::root::Folder;
use super::rules::{Chain, RULES_FILE, Sort, is_reserved, stands_for};
use super::temp;
use crate::model::{Found, Problem, ProblemKind, VaultPath, Walk};

/// A folder still to be walked.
struct Ahead {
    /// Where it really lies.
    real: PathBuf,
    /// Its vault path; empty for the root.
    path: String,
    /// The rules of the folders above it.
    chain: Chain,
}

/// From so many folders in the root on two threads walk them: one asks the system while the other works
/// on its answers.
const FOLDERS_FOR_TWO: usize = 4;

/// What a walk met.
#[derive(Default)]
pub(super) struct Met {
    pub(super) walk: Walk,
    /// Whether a temporary file of ours lies anywhere, of this run or of one that was killed.
    pub(super) ours: bool,
}

/// The folders still to be walked, for several who walk them.
struct Folders {
    state: Mutex<State>,
    changed: Condvar,
}

/// What is left to do.
struct State {
    ahead: Vec<Ahead>,
    /// Folders being walked, in which more may be found.
    busy: usize,
}

/// The walk of one folder; its end hands on what was found ahead.
struct Turn<'a> {
    folders: &'a Folders,
    ahead: Vec<Ahead>,
}

impl Folders {
    fn new(ahead: Vec<Ahead>) -> Self {
        Self { state: Mutex::new(State { ahead, busy: 0 }), changed: Condvar::new() }
    }

    /// The next folder; waits while the others may find more, and is over once nobody does.
    fn next(&self) -> Option<(Ahead, Turn<'_>)> {
        let mut state = self.lock();
        loop {
            if let Some(folder) = state.ahead.pop() {
                state.busy += 1;
                return Some((folder, Turn { folders: self, ahead: Vec::new() }));
            }
            if state.busy == 0 {
                return None;
            }
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // Each change under the lock is whole, whoever panics.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        let mut state = self.folders.lock();
        state.busy -= 1;
        state.ahead.append(&mut self.ahead);
        drop(state);
        self.folders.changed.notify_all();
    }
}

impl Folder {
    /// Walks the whole vault without reading a file.
    ///
    /// - Shape: every file and every empty folder that takes part, by path ascending; a folder is
    ///   empty when no file or folder that takes part is directly in it. What is neither file nor
    ///   folder, has a name that cannot be a vault path, is a second spelling of a name already
    ///   taken, or cannot be looked at, is among the problems; nothing below a folder among them
    ///   may count as absent.
    /// - Units: one `stat` for each file; about 15 ms of CPU for 10,000 of them.
    ///
    /// # Errors
    ///
    /// [`Error::is_unmounted`] when the marker is missing, before or after the walk;
    /// [`Error::Io`] when the root cannot be read.
    pub fn walk(&self) -> Result<Walk, Error> {
        self.walk_and_note().map(|seen| seen.walk)
    }

    /// The same, and whether a name of ours was met.
    pub(super) fn walk_and_note(&self) -> Result<Met, Error> {
        self.still_mounted()?;
        let mut met = Met::default();
        let root =
            Ahead { real: self.inner.root.clone(), path: String::new(), chain: Chain::default() };
        let mut ahead = Vec::new();
        self.walk_folder(root, &mut met, &mut ahead)
            .map_err(|source| Error::io("read", &self.inner.root, source))?;
        let alone = ahead.len() < FOLDERS_FOR_TWO;
        let folders = Folders::new(ahead);
        std::thread::scope(|scope| {
            let other = (!alone).then(|| scope.spawn(|| self.walk_folders(&folders)));
            let ours = self.walk_folders(&folders);
            // A panic over there goes on here.
            let theirs = other.map(|other| other.join().unwrap_or_else(|it| resume_unwind(it)));
            for part in [Some(ours), theirs].into_iter().flatten() {
                met.walk.found.extend(part.walk.found);
                met.walk.problems.extend(part.walk.problems);
                met.ours |= part.ours;
            }
        });
        let walk = &mut met.walk;
        walk.found.sort_unstable_by(|a, b| a.path.cmp(&b.path));
        walk.problems.sort_unstable_by(|a, b| a.path.cmp(&b.path));
        // A disk that went away under the walk looks like a vault with less and less in it.
        self.still_mounted()?;
        Ok(met)
    }

    /// Walks the folders ahead until none is left.
    fn walk_folders(&self, folders: &Folders) -> Met {
        let mut met = Met::default();
        while let Some((folder, mut turn)) = folders.next() {
            let path = folder.path.clone();
            match self.walk_folder(folder, &mut met, &mut turn.ahead) {
                Ok(()) => {}
                // Gone since its parent was listed.
                Err(error) if is_absent(&error) => {}
                Err(error) => met.walk.problems.push(unreadable(&path, &error)),
            }
        }
        met
    }

    /// Walks one folder and everything below it; nothing is found where there is none.
    ///
    /// # Errors
    ///
    /// When the folder cannot be looked at; of those below it, that is among the problems.
    pub(super) fn walk_below(&self, path: &VaultPath) -> io::Result<Walk> {
        let mut met = Met::default();
        let place = self.place_of(path, Sort::Folder, &mut Listings::new())?;
        let Place::There(real, _, chain) = place else { return Ok(met.walk) };
        let first = Ahead { real, path: path.as_str().to_owned(), chain };
        let mut ahead = vec![first];
        while let Some(folder) = ahead.pop() {
            let at = folder.path.clone();
            if let Err(error) = self.walk_folder(folder, &mut met, &mut ahead) {
                met.walk.problems.push(unreadable(&at, &error));
            }
        }
        Ok(met.walk)
    }

    /// Walks one folder and notes the folders in it.
    fn walk_folder(
        &self,
        mut folder: Ahead,
        met: &mut Met,
        ahead: &mut Vec<Ahead>,
    ) -> io::Result<()> {
        let listing = Listing::of(&folder.real)?;
        let Met { walk, ours } = met;
        *ours |= listing.ours;
        let rules = &self.inner.rules;
        if listing.has_rules {
            rules.enter(&mut folder.chain, &folder.path, &folder.real)?;
        } else {
            rules.enter_without(&folder.path);
        }
        let mut empty = true;
        for name in listing.away() {
            let path = join(&folder.path, &name);
            if !rules.leave_out(&folder.chain, &path, Sort::File) {
                walk.problems.push(away(&path));
                empty = false;
            }
        }
        for (name, entry) in listing.names {
            let path = join(&folder.path, &name);
            let sort = match entry.file_type() {
                Ok(sort) => sort,
                Err(error) if is_absent(&error) => continue,
                Err(error) => {
                    walk.problems.push(unreadable(&path, &error));
                    empty = false;
                    continue;
                }
            };
            let is = if sort.is_dir() { Sort::Folder } else { Sort::File };
            if rules.leave_out(&folder.chain, &path, is) {
                continue;
            }
            if sort.is_dir() {
                empty = false;
                ahead.push(Ahead { real: entry.path(), path, chain: folder.chain.clone() });
                continue;
            }
            match entry.metadata() {
                Ok(meta) if meta.is_file() => {
                    empty &= !note(walk, &path, os::stamp(&meta), false);
                }
                Ok(meta) => walk.problems.push(special(&path, &meta)),
                Err(error) if is_absent(&error) => {}
                Err(error) => {
                    walk.problems.push(unreadable(&path, &error));
                    empty = false;
                }
            }
        }
        for name in listing.odd {
            if rules.leave_out(&folder.chain, &join(&folder.path, &name), Sort::File) {
                continue;
            }
            walk.problems.push(misnamed(
                &join(&folder.path, &name),
                "is not text, or is spelled like another name in its folder",
            ));
        }
        if empty && !folder.path.is_empty() && !rules.unwanted_if_empty(&folder.path) {
            let meta = fs::symlink_metadata(&folder.real)?;
            note(walk, &folder.path, os::stamp(&meta), true);
        }
        Ok(())
    }

    /// Whether nothing that takes part lies directly in the folder `path` at `real`, whose own
    /// rules are not in `chain` yet.
    pub(super) fn is_empty(&self, path: &str, real: &Path, mut chain: Chain) -> io::Result<bool> {
        self.inner.rules.enter(&mut chain, path, real)?;
        for entry in fs::read_dir(real)? {
            let entry = entry?;
            let name = entry.file_name();
            let Some(name) = name.to_str() else { continue };
            if stands_for(name).is_some() {
                return Ok(false);
            }
            let sort = entry.file_type()?;
            let is = if sort.is_dir() { Sort::Folder } else { Sort::File };
            let path = join(path, &name.nfc().collect::<String>());
            // What is neither file nor folder is to be listed, which a walk does.
            if !self.inner.rules.leave_out(&chain, &path, is) {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

/// The names of one folder.
struct Listing {
    /// By NFC form, as listed.
    names: Vec<(String, DirEntry)>,
    /// What cannot be named: not UTF-8 (shown as far as it is), or a second spelling.
    odd: Vec<String>,
    has_rules: bool,
    /// Whether there is a temporary file of ours.
    ours: bool,
    /// What stubs stand for, in NFC.
    stubs: Vec<String>,
}

impl Listing {
    fn of(real: &Path) -> io::Result<Self> {
        let (names, odd, stubs) = (Vec::new(), Vec::new(), Vec::new());
        let mut listing = Self { names, odd, has_rules: false, ours: false, stubs };
        let mut composed = true;
        for entry in fs::read_dir(real)? {
            let entry = entry?;
            match entry.file_name().into_string() {
                Ok(name) if is_reserved(&name) => {
                    listing.ours |= temp::is_ours(&name);
                    listing.stubs.extend(stands_for(&name).map(|it| it.nfc().collect::<String>()));
                }
                Ok(name) => {
                    listing.has_rules |= name == RULES_FILE;
                    composed &= is_nfc(&name);
                    listing.names.push((name, entry));
                }
                Err(name) => listing.odd.push(name.to_string_lossy().into_owned()),
            }
        }
        if !composed {
            listing.compose();
        }
        Ok(listing)
    }

    /// The names of files that are not here, though a stub says that they exist.
    fn away(&self) -> Vec<String> {
        let here = |stub: &&String| self.names.iter().any(|(name, _)| name == *stub);
        self.stubs.iter().filter(|stub| !here(stub)).cloned().collect()
    }

    /// Gives every name its NFC form; of those alike one stays.
    fn compose(&mut self) {
        let mut chosen = BTreeMap::<String, (OsString, DirEntry)>::new();
        for (name, entry) in self.names.drain(..) {
            let normal: String = name.nfc().collect();
            let real = OsString::from(name);
            match chosen.get(&normal) {
                Some((known, _)) if !preferred(&normal, &real, known) => {
                    self.odd.push(real.to_string_lossy().into_owned());
                }
                _ => {
                    if let Some((known, _)) = chosen.insert(normal, (real, entry)) {
                        self.odd.push(known.to_string_lossy().into_owned());
                    }
                }
            }
        }
        self.names.extend(chosen.into_iter().map(|(name, (_, entry))| (name, entry)));
    }
}

fn join(folder: &str, name: &str) -> String {
    if folder.is_empty() {
        return name.to_owned();
    }
    let mut path = String::with_capacity(folder.len() + 1 + name.len());
    path.push_str(folder);
    path.push('/');
    path.push_str(name);
    path
}

/// Adds a find, or the problem with its name; true when it was added.
fn note(walk: &mut Walk, path: &str, stamp: crate::model::Stamp, empty_folder: bool) -> bool {
    match VaultPath::parse(path) {
        Ok(path) => {
            walk.found.push(Found { path, stamp, empty_folder });
            true
        }
        Err(error) => {
            walk.problems.push(misnamed(path, &error.to_string()));
            false
        }
    }
}

fn misnamed(path: &str, why: &str) -> Problem {
    Problem {
        path: path.to_owned(),
        kind: ProblemKind::Name,
        message: format!("the name of {path} {why}"),
    }
}
