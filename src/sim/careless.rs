//! People and programs that do too much at once, or in several steps.

use super::disk::{Disk, Save};
use super::oracles::People;
use super::rng::Rng;
use crate::model::{ProblemKind, VaultPath};

/// Longest pause between the halves of a save, in milliseconds; a little less than an engine takes
/// to believe that a file is gone or empty.
pub(crate) const GAP_MS: u64 = 150;

/// Folders that are deleted and made again.
const FOLDERS: [&str; 3] = ["Daily", "Ablage", "Projekte/Über"];

/// The second half of a save.
#[derive(Debug)]
pub(crate) struct Second {
    path: VaultPath,
    old: Vec<u8>,
    new: Vec<u8>,
    /// What the first half left there.
    left: Option<Vec<u8>>,
}

impl Second {
    /// Writes what is to be there, unless somebody else did meanwhile; says what, for the trace.
    pub(crate) fn finish(self, disk: &mut Disk, people: &mut People) -> String {
        let Self { path, old, new, left } = self;
        let found = disk.bytes(&path).map(|bytes| bytes.as_ref().clone());
        let untouched = found == left && !disk.is_folder(&path);
        if untouched && disk.write(&path, new.clone(), Save::InPlace) {
            people.saved(&old, &new);
            return format!("finish {path}");
        }
        // What was there was thrown away, and nothing took its place.
        people.saved(&old, b"");
        format!("cannot finish {path}")
    }
}

/// Does one thing on a peer's disk; says what, for the trace, and what is to follow.
pub(crate) fn act(
    peer: usize,
    disk: &mut Disk,
    people: &mut People,
    rng: &mut Rng,
) -> (String, Vec<Second>) {
    let files = files(disk);
    let texts: Vec<_> =
        files.iter().filter(|(path, _)| path.as_str().ends_with("md")).cloned().collect();
    if rng.chance(45) {
        return odd(peer, disk, people, rng, &files);
    }
    match rng.below(100) {
        0..=29 => (fill(peer, disk, people, rng), Vec::new()),
        30..=36 => {
            let doomed: Vec<_> = files.into_iter().filter(|_| rng.chance(80)).collect();
            (delete(peer, disk, people, &doomed), Vec::new())
        }
        37..=43 => {
            let doomed: Vec<_> = files.into_iter().filter(|_| rng.chance(80)).collect();
            (empty(peer, disk, people, rng, &doomed), Vec::new())
        }
        44..=59 => again(disk, rng),
        _ if texts.is_empty() => (fill(peer, disk, people, rng), Vec::new()),
        choice => {
            let (path, old) = rng.pick(&texts).clone();
            let mut new = old.clone();
            new.extend(format!("in two steps {}\n", people.word(peer)).into_bytes());
            if choice < 80 {
                disk.write(&path, Vec::new(), Save::InPlace);
                let left = disk.bytes(&path).map(|bytes| bytes.as_ref().clone());
                (format!("truncate {path}"), vec![Second { path, old, new, left }])
            } else {
                disk.remove(&path);
                let left = disk.bytes(&path).map(|bytes| bytes.as_ref().clone());
                (format!("take away {path}"), vec![Second { path, old, new, left }])
            }
        }
    }
}

/// All files of a disk, by path.
pub(crate) fn files(disk: &Disk) -> Vec<(VaultPath, Vec<u8>)> {
    let tree = disk.tree().into_iter();
    tree.filter_map(|(path, bytes)| Some((path, bytes?.as_ref().clone()))).collect()
}

/// Writes a few notes at once, of names that nothing else uses.
pub(crate) fn fill(peer: usize, disk: &mut Disk, people: &mut People, rng: &mut Rng) -> String {
    let mut said = String::from("fill");
    for _ in 0..=rng.below(4) {
        let mark = people.mark(peer);
        let folder = *rng.pick(&FOLDERS);
        let path = VaultPath::parse(&format!("{folder}/{mark}.md")).expect("a good name");
        let text = format!("# {mark}\nfilled with {}\n", people.word(peer));
        if disk.write(&path, text.clone().into_bytes(), Save::Beside) {
            people.saved(b"", text.as_bytes());
            said.push(' ');
            said.push_str(path.as_str());
        }
    }
    said
}

/// Deletes files on purpose.
pub(crate) fn delete(
    peer: usize,
    disk: &mut Disk,
    people: &mut People,
    doomed: &[(VaultPath, Vec<u8>)],
) -> String {
    let gone: Vec<_> = doomed.iter().filter(|(path, _)| disk.remove(path)).collect();
    let rest = disk.tree();
    for (path, old) in &gone {
        people.deleted(peer, path, old, &rest);
    }
    format!("delete {} files", gone.len())
}

/// Empties files on purpose.
fn empty(
    peer: usize,
    disk: &mut Disk,
    people: &mut People,
    rng: &mut Rng,
    doomed: &[(VaultPath, Vec<u8>)],
) -> String {
    for (path, old) in doomed {
        let zeros = if path.name().ends_with(".canvas") || rng.chance(50) { 0 } else { old.len() };
        // A canvas that is no canvas any more is the judges' business, not the engine's.
        if !path.name().ends_with(".canvas") && disk.write(path, vec![0; zeros], Save::InPlace) {
            people.emptied(peer, old);
        }
    }
    format!("empty {} files", doomed.len())
}

/// Deletes a folder, and makes it again with all that was in it.
fn again(disk: &mut Disk, rng: &mut Rng) -> (String, Vec<Second>) {
    let folder = VaultPath::parse(FOLDERS[rng.below(FOLDERS.len())]).expect("a good name");
    let inside: Vec<_> =
        files(disk).into_iter().filter(|(path, _)| path.is_below(&folder)).collect();
    if !disk.remove(&folder) {
        return (format!("cannot delete {folder}"), Vec::new());
    }
    let later = inside.into_iter().map(|(path, old)| {
        let new = old.clone();
        Second { path, old, new, left: None }
    });
    (format!("delete {folder}, to make it again"), later.collect())
}

/// One of the other ways in which editors, scripts and file managers treat a folder.
fn odd(
    peer: usize,
    disk: &mut Disk,
    people: &mut People,
    rng: &mut Rng,
    files: &[(VaultPath, Vec<u8>)],
) -> (String, Vec<Second>) {
    let texts: Vec<_> = files.iter().filter(|(path, _)| path.name().ends_with("md")).collect();
    if texts.is_empty() {
        return (fill(peer, disk, people, rng), Vec::new());
    }
    let (path, old) = (*rng.pick(&texts)).clone();
    let mut new = old.clone();
    new.extend(format!("\nin an odd way {}", people.word(peer)).into_bytes());
    match rng.below(9) {
        0 => (swap(peer, disk, people, rng, &texts), Vec::new()),
        1 => (with_backup(disk, people, &path, &old, &new), Vec::new()),
        2 => {
            // Half of it, then all of it; what the half lacks was never meant to go.
            let half = new[..new.len() / 2].to_vec();
            disk.write(&path, half.clone(), Save::InPlace);
            let left = disk.bytes(&path).map(|bytes| bytes.as_ref().clone());
            (format!("write half of {path}"), vec![Second { path, old, new, left }])
        }
        3 => (other_case(peer, disk, people, &path, &old), Vec::new()),
        4 => (touch_all(disk, files), Vec::new()),
        5 => (same_size(peer, disk, people, &path, &old), Vec::new()),
        6 => (into_folder(peer, disk, people, &path, &old), Vec::new()),
        7 => (blind(disk, rng), Vec::new()),
        _ => {
            // A temporary file beside it, renamed over it.
            let saved = disk.write(&path, new.clone(), Save::Beside);
            if saved {
                people.saved(&old, &new);
            }
            (format!("save beside {path}: {saved}"), Vec::new())
        }
    }
}

/// Two notes change places by way of a third name.
fn swap(
    peer: usize,
    disk: &mut Disk,
    people: &mut People,
    rng: &mut Rng,
    texts: &[&(VaultPath, Vec<u8>)],
) -> String {
    let (one, two) = (rng.pick(texts).0.clone(), rng.pick(texts).0.clone());
    let aside = VaultPath::parse("aside.md").expect("a good name");
    if one == two || !disk.rename(&one, &aside) {
        return format!("cannot swap {one} and {two}");
    }
    let swapped = disk.rename(&two, &one) && disk.rename(&aside, &two);
    for place in [&one, &two, &aside] {
        if let Some(bytes) = disk.bytes(place) {
            people.moved(peer, place, &bytes);
        }
    }
    format!("swap {one} and {two}: {swapped}")
}

/// The old version is renamed to a backup, the new one written in its place, the backup removed.
fn with_backup(
    disk: &mut Disk,
    people: &mut People,
    path: &VaultPath,
    old: &[u8],
    new: &[u8],
) -> String {
    let backup = path.with_suffix("(backup)");
    if !disk.rename(path, &backup) {
        return format!("cannot back {path} up");
    }
    if disk.write(path, new.to_owned(), Save::InPlace) {
        people.saved(old, new);
        disk.remove(&backup);
        format!("save {path} with a backup")
    } else {
        disk.rename(&backup, path);
        format!("cannot save {path} with a backup")
    }
}

/// The name in capitals, or no longer.
fn other_case(
    peer: usize,
    disk: &mut Disk,
    people: &mut People,
    path: &VaultPath,
    old: &[u8],
) -> String {
    let name = path.name();
    let stem = name.strip_suffix(".md").unwrap_or(name);
    let upper = stem.to_uppercase();
    let stem = if stem == upper { stem.to_lowercase() } else { upper };
    let folder = path.parent().map(|parent| format!("{parent}/")).unwrap_or_default();
    let Ok(to) = VaultPath::parse(&format!("{folder}{stem}.md")) else {
        return format!("no other case for {path}");
    };
    if disk.rename(path, &to) {
        people.moved(peer, &to, old);
        format!("rename {path} to {to}")
    } else {
        format!("cannot rename {path} to {to}")
    }
}

/// Every file is written with what it holds: new times, and nothing else.
fn touch_all(disk: &mut Disk, files: &[(VaultPath, Vec<u8>)]) -> String {
    for (path, bytes) in files {
        disk.write(path, bytes.clone(), Save::InPlace);
    }
    format!("touch {} files", files.len())
}

/// An edit that changes neither size nor modification time.
fn same_size(
    peer: usize,
    disk: &mut Disk,
    people: &mut People,
    path: &VaultPath,
    old: &[u8],
) -> String {
    let word = people.word(peer);
    let keep = old.iter().position(|byte| *byte == b'\n').map_or(old.len(), |at| at + 1);
    if old.len() < keep + word.len() + 1 {
        return format!("too short for an edit of the same size: {path}");
    }
    let Ok(text) = std::str::from_utf8(old) else {
        return format!("no text: {path}");
    };
    let mut new = text.as_bytes()[..keep].to_vec();
    new.extend(word.as_bytes());
    new.resize(old.len(), b'.');
    if disk.write(path, new.clone(), Save::KeepMtime) {
        people.saved(old, &new);
        format!("edit {path} without a trace")
    } else {
        format!("cannot edit {path}")
    }
}

/// A note is deleted, and a folder of its name comes in its place, with another note.
fn into_folder(
    peer: usize,
    disk: &mut Disk,
    people: &mut People,
    path: &VaultPath,
    old: &[u8],
) -> String {
    if !disk.remove(path) {
        return format!("cannot delete {path}");
    }
    people.deleted(peer, path, old, &disk.tree());
    let mark = people.mark(peer);
    let inside = VaultPath::parse(&format!("{path}/{mark}.md")).expect("a good name");
    let text = format!("# {mark}\nwhere a file was {}\n", people.word(peer));
    if disk.write(&inside, text.clone().into_bytes(), Save::InPlace) {
        people.saved(b"", text.as_bytes());
    }
    format!("put a folder in place of {path}")
}

/// A folder cannot be read for a while: until the next time somebody sees to it.
fn blind(disk: &mut Disk, rng: &mut Rng) -> String {
    let folder = VaultPath::parse(FOLDERS[rng.below(FOLDERS.len())]).expect("a good name");
    if disk.is_blind(&folder) {
        disk.set_broken(&folder, None);
        return format!("{folder} can be read again");
    }
    disk.set_broken(&folder, Some(ProblemKind::Unreadable));
    format!("{folder} cannot be read")
}
