//! Hints from the real file system, waited for with a deadline.

use std::collections::BTreeSet;
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use super::*;

/// Long enough for a busy machine; only a failing test waits it out.
const DEADLINE: Duration = Duration::from_secs(20);

struct Watched {
    lab: Lab,
    events: Receiver<Event>,
    _watcher: Watcher,
}

fn watched(lab: Lab) -> Watched {
    let (send, events) = channel();
    let watcher = Watcher::start(&lab.folder, move |event| {
        send.send(event).ok();
    });
    Watched { lab, events, _watcher: watcher.unwrap() }
}

impl Watched {
    /// Everything told up to and including `last`.
    fn until(&self, last: &Event) -> Vec<Event> {
        let mut told = Vec::new();
        while told.last() != Some(last) {
            let Ok(event) = self.events.recv_timeout(DEADLINE) else {
                panic!("{last:?} was never told, only {told:?}");
            };
            told.push(event);
        }
        told
    }

    /// The distinct paths told up to the making of the file `end`.
    fn paths_until(&self, end: &str) -> BTreeSet<String> {
        self.lab.put(end, "end");
        let told = self.until(&at(end));
        told.into_iter()
            .map(|event| match event {
                Event::Path(path) | Event::Writing(path) | Event::Whole(path) => path.to_string(),
                Event::Everything => "*".to_owned(),
                Event::Blind(why) => panic!("{why}"),
            })
            .collect()
    }
}

fn at(name: &str) -> Event {
    Event::Path(path(name))
}

fn set<const N: usize>(names: [&str; N]) -> BTreeSet<String> {
    names.map(str::to_owned).into()
}

#[test]
fn edits_renames_and_removals_are_told() {
    let lab = Lab::new();
    for name in ["old.md", "from.md", "gone.md", "d/deep.md"] {
        lab.put(name, "x");
    }
    let watched = watched(lab);
    watched.lab.put("old.md", "edit");
    watched.lab.put("é.md", "new");
    fs::rename(watched.lab.real("from.md"), watched.lab.real("to.md")).unwrap();
    fs::remove_file(watched.lab.real("gone.md")).unwrap();
    watched.lab.put("d/deep.md", "edit");
    let due = ["d/deep.md", "end", "from.md", "gone.md", "old.md", "to.md", "é.md"];
    assert_eq!(watched.paths_until("end"), set(due));
}

#[test]
#[cfg(target_os = "linux")]
fn what_was_written_to_its_end_is_told_as_whole() {
    let lab = Lab::new();
    lab.put("in-place.md", "x");
    lab.put("beside.md", "x");
    let watched = watched(lab);
    let whole = |name: &str| Event::Whole(path(name));
    let mut file =
        fs::OpenOptions::new().write(true).open(watched.lab.real("in-place.md")).unwrap();
    std::io::Write::write_all(&mut file, b"half").unwrap();
    let told = watched.until(&Event::Writing(path("in-place.md")));
    assert!(!told.contains(&whole("in-place.md")), "it is open still: {told:?}");
    drop(file);
    watched.until(&whole("in-place.md"));
    watched.lab.put("temp.md", "y");
    watched.until(&whole("temp.md"));
    fs::rename(watched.lab.real("temp.md"), watched.lab.real("beside.md")).unwrap();
    let told = watched.until(&whole("beside.md"));
    assert!(told.contains(&at("temp.md")) && !told.contains(&at("beside.md")), "{told:?}");
}

#[test]
fn a_new_folder_stands_for_what_is_in_it() {
    let elsewhere = tempfile::tempdir().unwrap();
    fs::create_dir_all(elsewhere.path().join("in/deep")).unwrap();
    fs::write(elsewhere.path().join("in/deep/a.md"), "a").unwrap();
    let watched = watched(Lab::new());
    fs::create_dir_all(watched.lab.real("made/below")).unwrap();
    fs::rename(elsewhere.path().join("in"), watched.lab.real("moved")).unwrap();
    let told = watched.paths_until("end");
    assert!(told.contains("made") && told.contains("moved"), "{told:?}");
    // Soon after, the new folder is watched itself.
    let told = (0..200).any(|n| {
        watched.lab.put("moved/deep/b.md", &format!("{n}"));
        let wait = Duration::from_millis(100);
        let mut events = std::iter::from_fn(|| watched.events.recv_timeout(wait).ok());
        // Whether the file was new when that was watched says which of them comes.
        let due = [at("moved/deep/b.md"), Event::Whole(path("moved/deep/b.md"))];
        events.any(|event| due.contains(&event))
    });
    assert!(told);
}

#[test]
fn what_takes_no_part_is_not_told() {
    let lab = Lab::new();
    for dir in [".git", ".obsidian", "private", "notes"] {
        fs::create_dir(lab.real(dir)).unwrap();
    }
    lab.put(".vaultsyncignore", "private/\n");
    lab.put("notes/read.md", "x");
    lab.walk();
    let watched = watched(lab);
    watched.lab.put(".git/index", "x");
    watched.lab.put(".obsidian/workspace.json", "{}");
    watched.lab.put("private/a.md", "x");
    watched.lab.put("notes/a.md~", "x");
    assert_eq!(watched.lab.get("notes/read.md").unwrap(), "x");
    watched.lab.folder.put_chunk(of("p"), 0, b"p").unwrap();
    watched.lab.step(replace("notes/ours.md", None, "x")).unwrap();
    watched.lab.step(replace("notes/ours.md", Some("x"), "y")).unwrap();
    assert_eq!(watched.paths_until("end"), set(["end", "notes/ours.md"]));
}

#[test]
fn changed_rules_concern_everything() {
    let watched = watched(Lab::new());
    watched.lab.put(".vaultsyncignore", "*.pdf\n");
    watched.until(&Event::Everything);
}

#[test]
fn a_decomposed_name_is_told_composed() {
    let watched = watched(Lab::new());
    watched.lab.put("caf\u{65}\u{301}.md", "x");
    watched.until(&at("café.md"));
}

#[test]
#[cfg(target_os = "linux")]
fn a_name_that_cannot_be_told_stands_for_its_folder() {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt as _;
    let lab = Lab::new();
    fs::create_dir(lab.real("d")).unwrap();
    let watched = watched(lab);
    let bad = OsStr::from_bytes(b"bad\xff.md");
    fs::write(watched.lab.real("d").join(bad), "x").unwrap();
    watched.until(&at("d"));
}
