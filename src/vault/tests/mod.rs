//! The room against real folders.

mod crash;
mod guards;
mod model;
mod names;
mod parts;
mod roots;
mod trash;
mod watching;

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use tempfile::TempDir;

use super::hook::{Hook, Point};
use super::*;
use crate::model::{
    Content, Observed, Problem, ProblemKind, Source, Step, StepDone, StepError, VaultPath, Walk,
};

/// A vault in a folder that goes away.
struct Lab {
    dir: TempDir,
    folder: Folder,
}

type Answer = Result<StepDone, StepError>;

impl Lab {
    fn new() -> Self {
        Self::hooked(|_, _| Ok(()))
    }

    /// A vault in which `fault` is called between the system calls of every step.
    fn hooked(fault: impl Fn(Point, &Path) -> io::Result<()> + Send + Sync + 'static) -> Self {
        Self::hooked_in(tempfile::tempdir().unwrap(), fault)
    }

    fn hooked_in(
        dir: TempDir,
        fault: impl Fn(Point, &Path) -> io::Result<()> + Send + Sync + 'static,
    ) -> Self {
        let (_, id) = Folder::init(dir.path()).unwrap();
        let folder = Folder::with_hook(dir.path(), id, Hook(Some(Box::new(fault)))).unwrap();
        Self { dir, folder }
    }

    fn real(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn put(&self, name: &str, bytes: &str) {
        let path = self.real(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }

    fn get(&self, name: &str) -> Option<String> {
        fs::read_to_string(self.real(name)).ok()
    }

    /// Every file below the root but the marker's folder, ours included, by name.
    fn files(&self) -> BTreeMap<String, String> {
        let mut files = BTreeMap::new();
        collect(self.dir.path(), "", &mut files);
        files
    }

    /// Takes one step.
    fn step(&self, step: Step) -> Answer {
        let mut answers = self.folder.apply(&[step]);
        assert_eq!(answers.len(), 1);
        answers.remove(0)
    }

    fn walk(&self) -> Walk {
        self.folder.walk().unwrap()
    }

    /// The paths a walk finds, folders with a slash at the end.
    fn found(&self) -> Vec<String> {
        let name = |found: &crate::model::Found| {
            let slash = if found.empty_folder { "/" } else { "" };
            format!("{}{slash}", found.path)
        };
        self.walk().found.iter().map(name).collect()
    }
}

fn collect(dir: &Path, below: &str, files: &mut BTreeMap<String, String>) {
    for entry in fs::read_dir(dir).unwrap() {
        let entry = entry.unwrap();
        let name = entry.file_name().into_string().unwrap();
        if name == MARKER_FOLDER {
            continue;
        }
        let name = format!("{below}{name}");
        if entry.file_type().unwrap().is_dir() {
            collect(&entry.path(), &format!("{name}/"), files);
        } else {
            let bytes = fs::read(entry.path()).unwrap();
            files.insert(name, String::from_utf8_lossy(&bytes).into_owned());
        }
    }
}

fn path(text: &str) -> VaultPath {
    VaultPath::parse(text).unwrap()
}

fn of(text: &str) -> Content {
    Content::of(text.as_bytes())
}

const MTIME_MS: i64 = 1_600_000_000_123;

fn replace(name: &str, expected: Option<&str>, bytes: &str) -> Step {
    Step::Replace {
        path: path(name),
        expected: expected.map(of),
        source: Source::Bytes(bytes.into()),
        mtime_ms: MTIME_MS,
    }
}

fn remove(name: &str, expected: &str) -> Step {
    Step::Remove { path: path(name), expected: of(expected) }
}

fn rename(from: &str, to: &str, expected: &str) -> Step {
    Step::Rename { from: path(from), to: path(to), expected: of(expected) }
}

fn files<const N: usize>(files: [(&str, &str); N]) -> BTreeMap<String, String> {
    let own = |(name, bytes): (&str, &str)| (name.to_owned(), bytes.to_owned());
    files.map(own).into()
}

fn problem_of(answer: Answer) -> Problem {
    match answer {
        Err(StepError::Problem(problem)) => problem,
        other => panic!("a problem was due, not {other:?}"),
    }
}

/// Saves as most editors do: beside, then a rename.
fn save(path: &Path, bytes: &str) {
    let beside = path.with_file_name("editor.tmp");
    fs::write(&beside, bytes).unwrap();
    fs::rename(beside, path).unwrap();
}

/// Whether permissions mean nothing to this process; says so when a test is skipped for it.
fn skipped_as_root() -> bool {
    let dir = tempfile::tempdir().unwrap();
    let closed = dir.path().join("closed");
    fs::create_dir(&closed).unwrap();
    set_mode(&closed, 0o000);
    let skipped = fs::read_dir(&closed).is_ok();
    set_mode(&closed, 0o700);
    if skipped {
        eprintln!("skipped: this user may read everything");
    }
    skipped
}

#[cfg(unix)]
fn set_mode(path: &Path, mode: u32) {
    use std::os::unix::fs::PermissionsExt as _;
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

/// Runs an action at the first time it is asked.
#[derive(Default)]
struct Once(AtomicBool);

impl Once {
    fn run(&self, action: impl FnOnce()) {
        if !self.0.swap(true, Ordering::SeqCst) {
            action();
        }
    }
}
