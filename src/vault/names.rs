//! From vault paths to real names on disk.
//!
//! A [`VaultPath`] is NFC; the disk may hold the same name decomposed (macOS, archives made there).
//! Every path is walked part by part, which finds the real names, meets symlinks before anything
//! goes through them, and asks the rules of every folder on the way.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs::{self, Metadata};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use ignore::gitignore::Gitignore;
use unicode_normalization::UnicodeNormalization as _;

use super::os;
use super::root::Folder;
use super::rules::{Chain, Rules, Sort, stub_of};
use crate::model::{Problem, ProblemKind, VaultPath};

/// What was learnt of folders while answering one question or one batch.
#[derive(Debug, Default)]
pub(super) struct Listings {
    /// Of each folder the real names by their NFC form.
    names: BTreeMap<PathBuf, BTreeMap<String, OsString>>,
    /// The rules that each folder has of its own.
    rules: BTreeMap<String, Option<Arc<Gitignore>>>,
    /// Folders that were walked to just now, by vault path.
    folders: BTreeMap<String, Entered>,
}

/// A folder that a path led to: no symlink on the way, nothing left out.
#[derive(Debug)]
struct Entered {
    real: PathBuf,
    /// The rules above it and its own.
    chain: Chain,
    since: Instant,
}

/// For how long it is not looked again whether a folder is where it was. What a step puts in place lies
/// in the same folder before: had a person moved the folder meanwhile, or put a link there, the step
/// would not find it, and fail.
const JUST_NOW: Duration = Duration::from_millis(10);

impl Listings {
    /// Nothing yet.
    pub(super) fn new() -> Self {
        Self::default()
    }

    /// Forgets the names: they were changed.
    pub(super) fn forget_names(&mut self) {
        self.names.clear();
        self.forget_folders();
    }

    /// Forgets which folders are there: some may have been moved, or taken away.
    pub(super) fn forget_folders(&mut self) {
        self.folders.clear();
    }

    /// Forgets the rules: they may have been changed.
    pub(super) fn forget_rules(&mut self) {
        self.rules.clear();
        self.forget_folders();
    }

    /// The folder `dir`, if a path led there just now.
    fn entered(&self, dir: &str) -> Option<(PathBuf, Chain)> {
        let found = self.folders.get(dir).filter(|it| it.since.elapsed() < JUST_NOW)?;
        Some((found.real.clone(), found.chain.clone()))
    }

    /// Notes the folder `dir`.
    fn note(&mut self, dir: &str, real: &Path, chain: &Chain) {
        let entered =
            Entered { real: real.to_owned(), chain: chain.clone(), since: Instant::now() };
        self.folders.insert(dir.to_owned(), entered);
    }

    /// As [`Rules::enter`], looking once into each folder.
    fn enter(
        &mut self,
        rules: &Rules,
        chain: &mut Chain,
        dir: &str,
        folder: &Path,
    ) -> io::Result<()> {
        if !self.rules.contains_key(dir) {
            self.rules.insert(dir.to_owned(), rules.own(dir, folder)?);
        }
        chain.add(dir, self.rules.get(dir).cloned().flatten());
        Ok(())
    }
}

/// What is at a vault path.
#[derive(Debug)]
pub(super) enum Place {
    /// Something, under this real name; the chain holds the rules above it.
    There(PathBuf, Metadata, Chain),
    /// Nothing, in a folder that is there; this is the name to make.
    Free(PathBuf),
    /// Nothing, for a folder above is missing too; the first is the folder that is there.
    NoFolder(PathBuf, PathBuf),
    /// Nothing, for a file lies where a folder would be.
    UnderFile,
    /// On a disk that folds letter case: another spelling, under this real name.
    Twin(PathBuf, Metadata),
    /// The rules leave it out.
    LeftOut,
    /// A folder above is a symlink or the like.
    Special(Problem),
}

/// One name in one folder.
enum Child {
    There(PathBuf, Metadata),
    Twin(PathBuf, Metadata),
    Missing,
}

impl Folder {
    /// Finds what is at `path`, where a file is wanted.
    ///
    /// # Errors
    ///
    /// When a part of the path cannot be looked at; never because something is missing.
    pub(super) fn place(&self, path: &VaultPath, listings: &mut Listings) -> io::Result<Place> {
        self.place_of(path, Sort::File, listings)
    }

    /// Finds what is at `path`; `wanted` is what the rules take a missing name for.
    ///
    /// # Errors
    ///
    /// As [`Folder::place`].
    pub(super) fn place_of(
        &self,
        path: &VaultPath,
        wanted: Sort,
        listings: &mut Listings,
    ) -> io::Result<Place> {
        let text = path.as_str();
        let rules = &self.inner.rules;
        let known = text.rsplit_once('/').and_then(|(dir, _)| Some((dir, listings.entered(dir)?)));
        let (mut end, mut at, mut chain, entered) = match known {
            Some((dir, (at, chain))) => (dir.len(), at, chain, true),
            None => (0, self.inner.root.clone(), Chain::default(), false),
        };
        let mut missing = None;
        let rest = if entered { &text[end + 1..] } else { text };
        let mut parts = rest.split('/').peekable();
        while let Some(part) = parts.next() {
            if cfg!(windows) && os::windows_refuses(part) {
                return Err(ErrorKind::InvalidFilename.into());
            }
            if part.chars().any(char::is_uppercase) && self.loses_case() {
                let says = "it shows all names in lower case";
                return Err(io::Error::new(ErrorKind::InvalidFilename, says));
            }
            let dir = &text[..end];
            end += part.len() + usize::from(end > 0);
            let here = &text[..end];
            let last = parts.peek().is_none();
            let child = if missing.is_some() {
                Child::Missing
            } else {
                if !entered {
                    listings.enter(rules, &mut chain, dir, &at)?;
                    if last && !dir.is_empty() {
                        listings.note(dir, &at, &chain);
                    }
                }
                self.child(&at, part, listings)?
            };
            let folder = match &child {
                Child::There(_, meta) | Child::Twin(_, meta) => meta.is_dir(),
                Child::Missing => wanted == Sort::Folder,
            };
            let sort = if folder || !last { Sort::Folder } else { Sort::File };
            if rules.leave_out(&chain, here, sort) {
                return Ok(Place::LeftOut);
            }
            match child {
                Child::Twin(real, meta) => return Ok(Place::Twin(real, meta)),
                Child::There(real, meta) if last => return Ok(Place::There(real, meta, chain)),
                Child::There(real, meta) if meta.is_dir() => at = real,
                Child::There(_, meta) if meta.is_file() => {
                    return Ok(Place::UnderFile);
                }
                Child::There(_, meta) => return Ok(Place::Special(special(here, &meta))),
                Child::Missing if missing.is_none() => {
                    missing = Some(at.clone());
                    at.push(part);
                }
                Child::Missing => at.push(part),
            }
        }
        Ok(match missing {
            Some(above) if at.parent() != Some(&above) => Place::NoFolder(above, at),
            _ => Place::Free(at),
        })
    }

    /// What to say when nothing is at `path` but a stub that stands for it: a cloud service took the
    /// file off this disk, which is no deletion, and nothing may be put in its place.
    pub(super) fn placeholder(&self, path: &VaultPath) -> Option<Problem> {
        let plain = self.inner.root.join(path.as_str());
        let there = |place: &Path| fs::symlink_metadata(place).is_ok();
        let composed = path.name();
        let apart = Some(composed.nfd().collect::<String>()).filter(|apart| apart != composed);
        let mut names = std::iter::once(composed).chain(apart.as_deref());
        let stub = names.clone().any(|name| there(&plain.with_file_name(stub_of(name))));
        (stub && !names.any(|name| there(&plain.with_file_name(name)))).then(|| away(path.as_str()))
    }

    /// Finds the name `part` in the folder `dir`, however it is spelled there.
    fn child(&self, dir: &Path, part: &str, listings: &mut Listings) -> io::Result<Child> {
        let plain = dir.join(part);
        match fs::symlink_metadata(&plain) {
            Ok(meta) if !self.inner.folds_case => return Ok(Child::There(plain, meta)),
            Ok(meta) => {
                if !listing(dir, listings)?.contains_key(part) {
                    // It may have been made since its folder was listed.
                    listings.names.remove(dir);
                }
                let names = listing(dir, listings)?;
                return Ok(match names.get(part) {
                    Some(real) => Child::There(dir.join(real), meta),
                    None => {
                        Child::Twin(twin_of(part, names).map_or(plain, |it| dir.join(it)), meta)
                    }
                });
            }
            Err(error) if is_absent(&error) => {}
            Err(error) => return Err(error),
        }
        if part.is_ascii() {
            return Ok(Child::Missing);
        }
        let apart: String = part.nfd().collect();
        if apart == part {
            // Like ASCII, most scripts have one spelling only.
            return Ok(Child::Missing);
        }
        let mut other = dir.join(&apart);
        if let Ok(meta) = fs::symlink_metadata(&other) {
            return Ok(Child::There(other, meta));
        }
        let Some(real) = listing(dir, listings)?.get(part) else {
            return Ok(Child::Missing);
        };
        other = dir.join(real);
        // A listing made earlier in a batch may name what the batch has moved since.
        Ok(match fs::symlink_metadata(&other) {
            Ok(meta) => Child::There(other, meta),
            Err(_) => Child::Missing,
        })
    }
}

/// The name among `names` that differs from `part` in letter case alone.
///
/// - Shape: `None` where the disk folds by a table other than ours; such twins are rare.
fn twin_of<'a>(part: &str, names: &'a BTreeMap<String, OsString>) -> Option<&'a OsString> {
    names.iter().find(|(name, _)| are_twins(name, part)).map(|(_, real)| real)
}

/// Whether two names differ in letter case at most.
pub(super) fn are_twins(a: &str, b: &str) -> bool {
    a == b || a.to_lowercase() == b.to_lowercase()
}

/// The real names in `dir` by their NFC form; where several are alike, [`preferred`] decides.
fn listing<'a>(
    dir: &Path,
    listings: &'a mut Listings,
) -> io::Result<&'a BTreeMap<String, OsString>> {
    if !listings.names.contains_key(dir) {
        let mut names = BTreeMap::<String, OsString>::new();
        for entry in fs::read_dir(dir)? {
            let real = entry?.file_name();
            let Some(text) = real.to_str() else { continue };
            let normal: String =
                if text.is_ascii() { text.to_owned() } else { text.nfc().collect() };
            let better = names.get(&normal).is_none_or(|known| preferred(&normal, &real, known));
            if better {
                names.insert(normal, real);
            }
        }
        listings.names.insert(dir.to_owned(), names);
    }
    Ok(listings.names.entry(dir.to_owned()).or_default())
}

/// Whether `a` rather than `b`, two real names with the NFC form `normal`, is the file of that
/// name: the composed one, else the decomposed one, else the smaller.
pub(super) fn preferred(normal: &str, a: &OsString, b: &OsString) -> bool {
    let rank = |name: &OsString| {
        let text = name.to_str().unwrap_or_default();
        if text == normal {
            0
        } else if text.chars().eq(normal.nfd()) {
            1
        } else {
            2
        }
    };
    (rank(a), a) < (rank(b), b)
}

/// Whether an error means that nothing is there.
pub(super) fn is_absent(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory)
}

/// Whether an error means that this disk cannot hold the name.
fn is_name_refused(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::InvalidFilename | ErrorKind::InvalidInput)
}

/// What the failed move of `from` to the free place `to` means.
///
/// - Shape: some disks say that there is no such file when it is the new name that they refuse.
pub(super) fn unless_name_refused(error: io::Error, from: &Path, to: &Path) -> io::Error {
    let there = |path: &Path| fs::symlink_metadata(path).is_ok();
    let refused = error.kind() == ErrorKind::NotFound && there(from) && !there(to);
    if refused && to.parent().is_some_and(Path::is_dir) {
        io::Error::new(ErrorKind::InvalidFilename, "it refuses some of the characters")
    } else {
        error
    }
}

/// What to say of something that is neither file nor folder.
pub(super) fn special(path: &str, meta: &Metadata) -> Problem {
    let what = if meta.is_symlink() {
        "a symbolic link, which is not followed"
    } else {
        "neither a file nor a folder"
    };
    Problem {
        path: path.to_owned(),
        kind: ProblemKind::Special,
        message: format!("{path} is {what}"),
    }
}

/// What to say of a file of which only a stub is on this disk.
pub(super) fn away(path: &str) -> Problem {
    Problem {
        path: path.to_owned(),
        kind: ProblemKind::Placeholder,
        message: format!(
            "{path} is not on this disk; a cloud service keeps it elsewhere and left a stub"
        ),
    }
}

/// What to say of a path that could not be looked at or read.
pub(super) fn unreadable(path: &str, error: &io::Error) -> Problem {
    let kind = if is_name_refused(error) { ProblemKind::Name } else { ProblemKind::Unreadable };
    Problem { path: path.to_owned(), kind, message: format!("cannot read {path}: {error}") }
}

/// What to say of a path that could not be written.
pub(super) fn unwritable(path: &str, error: &io::Error) -> Problem {
    let full = matches!(error.kind(), ErrorKind::StorageFull | ErrorKind::QuotaExceeded);
    let kind = if full {
        ProblemKind::DiskFull
    } else if is_name_refused(error) {
        ProblemKind::Name
    } else {
        ProblemKind::Unwritable
    };
    let message = if kind == ProblemKind::Name {
        format!("this disk cannot hold the name {path}: {error}")
    } else {
        format!("cannot write {path}: {error}")
    };
    Problem { path: path.to_owned(), kind, message }
}

/// What to say where a file and a folder, or two spellings, want one place.
pub(super) fn clash(path: &str, message: String) -> Problem {
    Problem { path: path.to_owned(), kind: ProblemKind::Clash, message }
}
