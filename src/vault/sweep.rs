//! Tidying up after a run that was killed.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use super::error::Error;
use super::names::{Listings, Place};
use super::os;
use super::part::{PART_DAYS, PARTS_FOLDER};
use super::read::fingerprint;
use super::root::{Folder, MARKER_FOLDER};
use super::rules::{Chain, Sort as NameSort};
use super::step::give_back;
use super::temp::{self, Sort};
use super::trash::in_history;
use super::walk::Met;
use crate::model::{VaultPath, Walk};

/// Where it is noted to which path a file pushed aside belongs.
pub(super) const JOURNAL_FOLDER: &str = "aside";

/// How the files begin, in lower case, with which it is tried whether a disk keeps capitals.
const CASE_PROBE: &str = "case-";

/// What a sweep did.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Swept {
    /// Files of ours that were removed.
    pub removed: u64,
    /// Files that a step was about to remove, which are trash now.
    pub trashed: u64,
    /// Parts that went back to the parts.
    pub parts: u64,
    /// Bytes of the user's that were found under one of our names: where they lie now, absolute.
    pub recovered: Vec<PathBuf>,
}

impl Folder {
    /// Removes what a killed run left behind, and brings back what it had pushed aside.
    ///
    /// - Shape: to be called once after opening, by the one process that may write to the vault,
    ///   before the first walk. Files of this run are left alone; so is what cannot be judged.
    /// - Units: lists every folder that takes part, without looking at single files.
    ///
    /// # Errors
    ///
    /// None: what cannot be swept stays, never syncs, and is met again next time.
    pub fn sweep(&self) -> Swept {
        let mut swept = Swept::default();
        let mut unjudged = BTreeSet::new();
        let mut ahead = vec![(self.root().to_owned(), String::new(), Chain::default())];
        while let Some((real, path, mut chain)) = ahead.pop() {
            let Ok(entries) = fs::read_dir(&real) else {
                continue;
            };
            if self.inner.rules.enter(&mut chain, &path, &real).is_err() {
                continue;
            }
            for entry in entries.flatten() {
                let Ok(name) = entry.file_name().into_string() else {
                    continue;
                };
                if temp::is_ours(&name) {
                    self.sweep_file(&entry.path(), &name, &mut swept);
                    if entry.path().exists() {
                        unjudged.insert(name);
                    }
                } else if entry.file_type().is_ok_and(|sort| sort.is_dir()) {
                    let below = if path.is_empty() { name } else { format!("{path}/{name}") };
                    let rules = &self.inner.rules;
                    if !rules.leave_out(&chain, &below, NameSort::Folder) {
                        ahead.push((entry.path(), below, chain.clone()));
                    }
                }
            }
        }
        self.sweep_own(&unjudged, &mut swept);
        self.sweep_trash(&mut swept);
        swept
    }

    /// Sweeps and walks: where a walk meets nothing of ours beside the user's files, as after every run
    /// that was not killed, the folders need not be listed for the sweep as well.
    ///
    /// - Shape: as [`Folder::sweep`] and, after it, [`Folder::walk`]; to be called like the first.
    pub fn sweep_and_walk(&self) -> (Swept, Result<Walk, Error>) {
        let Ok(Met { walk, ours: false }) = self.walk_and_note() else {
            return (self.sweep(), self.walk());
        };
        let mut swept = Swept::default();
        self.sweep_own(&BTreeSet::new(), &mut swept);
        self.sweep_trash(&mut swept);
        let walk = if swept.recovered.is_empty() { Ok(walk) } else { self.walk() };
        (swept, walk)
    }

    /// Deals with one of our names beside the user's files.
    fn sweep_file(&self, real: &Path, name: &str, swept: &mut Swept) {
        let Some((nonce, sort)) = temp::parse(name) else {
            return;
        };
        if nonce == self.inner.temps.nonce() {
            return;
        }
        match sort {
            Sort::Writing => swept.removed += u64::from(fs::remove_file(real).is_ok()),
            Sort::Part(hash) => {
                let back = self
                    .own_folder_made(PARTS_FOLDER)
                    .and_then(|_| give_back(real, &self.part_path(hash)));
                match back {
                    Ok(()) => swept.parts += 1,
                    Err(_) => swept.removed += u64::from(fs::remove_file(real).is_ok()),
                }
            }
            Sort::Aside { old, new, ending } => {
                if let Some(back) = self.journalled(name)
                    && os::rename_new(real, &back).is_ok()
                {
                    swept.recovered.push(back);
                    return;
                }
                let Ok((content, _)) = fingerprint(real) else {
                    return;
                };
                let digits = temp::digits(content.hash);
                if digits == old && self.keeps_trash() && !in_history(real, content) {
                    let below = real.with_file_name(format!("Removed{ending}"));
                    let below = below.strip_prefix(self.root()).ok().and_then(Path::to_str);
                    let path = self.journal(name).or_else(|| VaultPath::parse(below?).ok());
                    let buried = path.map(|path| self.bury_from(&path, real, content));
                    swept.trashed += u64::from(buried.is_some_and(|it| it.is_ok()));
                } else if digits == old || digits == new {
                    swept.removed += u64::from(fs::remove_file(real).is_ok());
                } else {
                    let beside = real.with_file_name(format!("Recovered{ending}"));
                    swept.recovered.extend(make_visible(real, &beside));
                }
            }
        }
    }

    /// The path noted for the file `name`.
    fn journal(&self, name: &str) -> Option<VaultPath> {
        let journal = self.own_folder(JOURNAL_FOLDER).join(name);
        VaultPath::parse(&fs::read_to_string(journal).ok()?).ok()
    }

    /// The real path noted for the file `name`, if it is free.
    fn journalled(&self, name: &str) -> Option<PathBuf> {
        match self.place(&self.journal(name)?, &mut Listings::new()) {
            Ok(Place::Free(real)) => Some(real),
            _ => None,
        }
    }

    /// Removes old parts, journals but those of files that are still `unjudged`, and a marker that was never finished.
    fn sweep_own(&self, unjudged: &BTreeSet<String>, swept: &mut Swept) {
        let age = Duration::from_hours(24 * PART_DAYS);
        let old = SystemTime::now().checked_sub(age);
        let mut remove = |path: &Path| swept.removed += u64::from(fs::remove_file(path).is_ok());
        for part in list(&self.own_folder(PARTS_FOLDER)) {
            let touched = fs::symlink_metadata(&part).and_then(|meta| meta.modified());
            if touched.is_ok_and(|touched| old.is_some_and(|old| touched < old)) {
                remove(&part);
            }
        }
        for journal in list(&self.own_folder(JOURNAL_FOLDER)) {
            let name = journal.file_name().unwrap_or_default().to_string_lossy();
            let ours = temp::parse(&name).is_some_and(|(run, _)| run == self.inner.temps.nonce());
            if !ours && !unjudged.contains(&*name) {
                remove(&journal);
            }
        }
        for file in list(&self.root().join(MARKER_FOLDER)) {
            let name = file.file_name().unwrap_or_default().to_string_lossy();
            if name.starts_with("vault.json.") || name.to_ascii_lowercase().starts_with(CASE_PROBE)
            {
                remove(&file);
            }
        }
    }

    /// A folder of ours inside the marker's folder.
    pub(super) fn own_folder(&self, name: &str) -> PathBuf {
        self.root().join(MARKER_FOLDER).join(name)
    }

    /// The same, made if need be.
    pub(super) fn own_folder_made(&self, name: &str) -> io::Result<PathBuf> {
        let folder = self.own_folder(name);
        fs::create_dir_all(&folder)?;
        Ok(folder)
    }
}

/// Gives bytes of the user's that lie under one of our names a visible name near `wanted`, and says
/// which. They stay where they are when even that fails: then the next sweep tries again.
pub(super) fn make_visible(hidden: &Path, wanted: &Path) -> Option<PathBuf> {
    let stem = wanted.file_stem().unwrap_or_default().to_string_lossy();
    let mut cut = stem.len().min(200);
    while !stem.is_char_boundary(cut) {
        cut -= 1;
    }
    let ending = wanted
        .extension()
        .map_or_else(String::new, |ending| format!(".{}", ending.to_string_lossy()));
    for n in 1..10_000_u32 {
        let name = format!("{} (recovered {n}){ending}", &stem[..cut]);
        let visible = wanted.with_file_name(name);
        match os::rename_new(hidden, &visible) {
            Ok(()) => {
                tracing::warn!(path = %visible.display(), "kept a save that came in between");
                return Some(visible);
            }
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(_) => return None,
        }
    }
    None
}

fn list(folder: &Path) -> Vec<PathBuf> {
    fs::read_dir(folder).map_or_else(
        |_| Vec::new(),
        |entries| entries.flatten().map(|entry| entry.path()).collect(),
    )
}
