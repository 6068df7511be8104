//! People and programs that do too much at once, or in several steps.

use super::disk::{Disk, Save};
use super::oracles::People;
use super::rng::Rng;
use crate::model::VaultPath;

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
