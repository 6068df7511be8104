//! What steps remove, and how one gets it back.

use std::time::{Duration, SystemTime};

use super::*;

/// No text, so the history does not have it.
const OLD: &[u8] = b"old\0picture";
const NEW: &[u8] = b"new\0picture";

fn put(lab: &Lab, name: &str, bytes: &[u8]) {
    lab.put(name, "");
    fs::write(lab.real(name), bytes).unwrap();
}

fn swap_picture(name: &str) -> Step {
    Step::Replace {
        path: path(name),
        expected: Some(Content::of(OLD)),
        source: Source::Bytes(NEW.into()),
        mtime_ms: MTIME_MS,
    }
}

fn trash_of(folder: &Folder) -> Vec<(String, Vec<u8>)> {
    let read = |it: &Trashed| (it.path.to_string(), fs::read(&it.place).unwrap());
    folder.trash().iter().map(read).collect()
}

fn own(lab: &Lab) -> usize {
    fs::read_dir(lab.real(".vault-sync/trash")).map_or(0, Iterator::count)
}

#[test]
fn what_is_removed_or_replaced_can_be_had_back() {
    let lab = Lab::new();
    lab.put("sub/a.md", "text");
    lab.put("b.md", "old text");
    put(&lab, "sub/c.png", OLD);
    lab.step(remove("sub/a.md", "text")).unwrap();
    lab.step(swap_picture("sub/c.png")).unwrap();
    // The history has what this text was.
    lab.step(replace("b.md", Some("old text"), "new text")).unwrap();
    let kept = [("sub/a.md".to_owned(), b"text".to_vec()), ("sub/c.png".to_owned(), OLD.to_vec())];
    assert_eq!(trash_of(&lab.folder), kept);
    assert_eq!(fs::read(lab.real("sub/c.png")).unwrap(), NEW);
    let place = lab.folder.take_from_trash(&path("sub/c.png"), None).unwrap();
    assert_eq!(fs::read(place).unwrap(), OLD);
    let before = SystemTime::now() - Duration::from_hours(1);
    assert_eq!(lab.folder.take_from_trash(&path("sub/c.png"), Some(before)), None);
    assert_eq!(lab.folder.take_from_trash(&path("b.md"), None), None);
    // None of it takes part, and a sweep has nothing to do.
    assert_eq!(lab.found(), ["b.md", "sub/c.png"]);
    assert_eq!(Folder::open(lab.dir.path()).unwrap().sweep(), Swept::default());
    assert_eq!(trash_of(&lab.folder), kept);
}

#[test]
fn nothing_is_kept_where_nobody_wants_it() {
    let lab = Lab::new();
    lab.folder.keep_trash(0, u64::MAX);
    put(&lab, "c.png", OLD);
    lab.put("a.md", "text");
    lab.step(swap_picture("c.png")).unwrap();
    lab.step(remove("a.md", "text")).unwrap();
    assert_eq!(own(&lab), 0);
}

#[test]
fn the_oldest_goes_first() {
    let lab = Lab::new();
    let names = ["2020-01-01T00-00-00Z-0", "2024-01-01T00-00-00Z-0", "2024-01-01T00-00-00Z-1"];
    let fill = || {
        for (n, name) in names.iter().enumerate() {
            lab.put(&format!(".vault-sync/trash/{name}/deep/{n}.md"), "12345");
        }
    };
    let left = || {
        let paths = lab.folder.trash();
        paths.into_iter().map(|it| it.path.to_string()).collect::<Vec<_>>()
    };
    // 2024-01-20: one is four years old, two are nineteen days old.
    let now = SystemTime::UNIX_EPOCH + Duration::from_hours(473_808);
    let all = ["deep/0.md", "deep/1.md", "deep/2.md"];
    for (days, bytes, stay) in [
        (30, u64::MAX, &all[1..]),
        (5000, 15, &all[..]),
        (5000, 14, &all[1..]),
        (5000, 5, &all[2..]),
        (5000, 0, &[]),
        (19, u64::MAX, &all[1..]),
        (18, u64::MAX, &[]),
    ] {
        fill();
        lab.folder.keep_trash(days, bytes);
        assert_eq!(lab.folder.prune_trash(now), (all.len() - stay.len()) as u64);
        assert_eq!(left(), stay, "{days} days, {bytes} bytes");
    }
}

#[test]
fn a_trash_that_cannot_be_made_loses_nothing() {
    let lab = Lab::new();
    put(&lab, "c.png", OLD);
    lab.put("a.md", "text");
    lab.put(".vault-sync/trash", "a file in the way");
    for step in [swap_picture("c.png"), remove("a.md", "text")] {
        assert_eq!(problem_of(lab.step(step)).kind, ProblemKind::Unwritable);
    }
    assert_eq!(fs::read(lab.real("c.png")).unwrap(), OLD);
    assert_eq!(lab.files().len(), 2, "{:?}", lab.files());
}

/// Stops at every point of a removal and of a replacement: the old bytes are at their place or in
/// the trash, after the sweep of the next run at the latest.
#[test]
fn a_stop_anywhere_keeps_the_old_bytes() {
    use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
    use std::sync::Arc;
    use std::sync::atomic::AtomicUsize;
    let run = |stop: usize, swaps: bool| {
        let passed = Arc::new(AtomicUsize::new(0));
        let count = passed.clone();
        let lab = Lab::hooked(move |at, _| {
            if count.fetch_add(1, Ordering::SeqCst) == stop {
                resume_unwind(Box::new("stopped"));
            }
            if at == Point::Armed && !swaps {
                return Err(io::ErrorKind::Unsupported.into());
            }
            Ok(())
        });
        put(&lab, "sub/c.png", OLD);
        lab.put("sub/a.md", "text");
        let steps = [remove("sub/a.md", "text"), swap_picture("sub/c.png")];
        // A stop is what is asked for.
        catch_unwind(AssertUnwindSafe(|| lab.folder.apply(&steps))).ok();
        let passed = passed.load(Ordering::SeqCst);
        (lab, passed)
    };
    for swaps in [true, false] {
        let (_, points) = run(usize::MAX, swaps);
        assert!(points > 8, "{points}");
        for stop in 0..=points {
            let (lab, _) = run(stop, swaps);
            let next = Folder::open(lab.dir.path()).unwrap();
            next.sweep();
            let mut there = trash_of(&next);
            for name in ["sub/a.md", "sub/c.png"] {
                there.extend(fs::read(lab.real(name)).map(|bytes| (name.to_owned(), bytes)));
            }
            for (name, bytes) in [("sub/a.md", b"text".as_slice()), ("sub/c.png", OLD)] {
                let kept = there.iter().filter(|it| it.0 == name && it.1 == bytes).count();
                assert_eq!(kept, 1, "stop {stop}, swaps {swaps}: {name} of {there:?}");
            }
            assert!(lab.files().keys().all(|name| !name.contains(".vault-sync")));
            assert_eq!(next.sweep(), Swept::default(), "stop {stop}");
        }
    }
}

#[test]
fn a_save_that_a_killed_run_took_away_comes_back() {
    let lab = Lab::new();
    let digits = |text: &str| data_encoding::HEXLOWER.encode(&of(text).hash.as_bytes()[..8]);
    let heap = |n: u32| {
        let name = format!(".vault-sync-x-aabbccddeeff-{n}-{}-{}", digits("old"), digits("new"));
        format!(".vault-sync/trash/{name}")
    };
    lab.put(&format!("{}/free.md", heap(0)), "a save");
    lab.put(&format!("{}/taken.md", heap(1)), "another save");
    lab.put(&format!("{}/ours.md", heap(2)), "new");
    lab.put("taken.md", "new");
    let swept = lab.folder.sweep();
    assert_eq!(swept.recovered.len(), 2, "{swept:?}");
    let left =
        [("free.md", "a save"), ("taken (recovered 1).md", "another save"), ("taken.md", "new")];
    assert_eq!(lab.files(), files(left));
    assert_eq!(own(&lab), 0);
}

#[test]
fn a_stub_is_no_deletion_and_nothing_takes_its_place() {
    let lab = Lab::new();
    lab.put("a.md", "here");
    lab.put(".a.md.icloud", "stub of a file that is here");
    lab.put("sub/.b.md.icloud", "stub");
    let walk = lab.walk();
    assert_eq!(lab.found(), ["a.md"]);
    let kinds: Vec<_> = walk.problems.iter().map(|it| (it.path.as_str(), it.kind)).collect();
    assert_eq!(kinds, [("sub/b.md", ProblemKind::Placeholder)]);
    let Observed::Problem(problem) = lab.folder.look(&path("sub/b.md")) else {
        panic!("a problem was due");
    };
    assert_eq!(problem.kind, ProblemKind::Placeholder);
    let Observed::Folder { empty: false, .. } = lab.folder.look(&path("sub")) else {
        panic!("a folder with something in it was due");
    };
    assert_eq!(lab.folder.look(&path("sub/.b.md.icloud")), Observed::Ignored);
    for step in [
        replace("sub/b.md", None, "new"),
        replace("sub/b.md", Some("old"), "new"),
        remove("sub/b.md", "old"),
        rename("sub/b.md", "c.md", "old"),
        rename("a.md", "sub/b.md", "here"),
    ] {
        assert_eq!(problem_of(lab.step(step)).kind, ProblemKind::Placeholder);
    }
    assert_eq!(lab.files().len(), 3, "{:?}", lab.files());
    fs::rename(lab.real("sub/.b.md.icloud"), lab.real("sub/b.md")).unwrap();
    assert!(matches!(lab.folder.look(&path("sub/b.md")), Observed::File(_)));
}

#[test]
fn what_this_device_does_not_want_is_neither_found_nor_touched() {
    let lab = Lab::new();
    let patterns = |text: &str| Patterns::parse(text).unwrap();
    assert!(Patterns::parse("a, {b").is_none());
    for name in ["a.md", "films/b.mp4", "notes/c.md", "notes/private/d.md", "notes/e.bin"] {
        put(&lab, name, &[0; 10]);
    }
    fs::create_dir_all(lab.real("void")).unwrap();
    lab.folder.narrow(patterns(""), patterns("films/, private"), u64::MAX);
    assert_eq!(lab.found(), ["a.md", "notes/c.md", "notes/e.bin", "void/"]);
    assert_eq!(lab.folder.look(&path("films/b.mp4")), Observed::Ignored);
    assert_eq!(lab.folder.look(&path("films/gone.mp4")), Observed::Ignored);
    let refused = lab.step(replace("films/new.md", None, "x"));
    assert_eq!(refused, Err(StepError::Ignored));
    lab.folder.narrow(patterns("/notes"), patterns("*.bin"), u64::MAX);
    assert_eq!(lab.found(), ["notes/c.md", "notes/private/d.md"]);
    let refused = lab.step(Step::MakeFolder(path("void/deep")));
    assert_eq!(refused, Err(StepError::Ignored));
    lab.folder.narrow(patterns(""), patterns(""), 9);
    assert_eq!(lab.folder.look(&path("notes/e.bin")), Observed::Ignored);
    lab.folder.narrow(patterns(""), patterns(""), 10);
    assert!(matches!(lab.folder.look(&path("notes/e.bin")), Observed::File(_)));
}

#[test]
fn what_is_being_written_is_left_alone_unless_it_is_a_text() {
    let lab = Lab::new();
    lab.folder.let_settle(60_000);
    lab.put("a.md", "a text");
    put(&lab, "small.png", &[0; 10]);
    put(&lab, "large.png", &vec![7; 2_000_000]);
    put(&lab, "emptied.md", b"");
    assert!(matches!(lab.folder.look(&path("a.md")), Observed::File(_)));
    for name in ["small.png", "large.png", "emptied.md"] {
        let Observed::Problem(problem) = lab.folder.look(&path(name)) else {
            panic!("a problem was due");
        };
        assert_eq!(problem.kind, ProblemKind::Changing);
        let file = fs::File::options().write(true).open(lab.real(name)).unwrap();
        file.set_modified(SystemTime::now() - Duration::from_secs(61)).unwrap();
        assert!(matches!(lab.folder.look(&path(name)), Observed::File(_)));
        // A clock that is wrong keeps nothing back.
        file.set_modified(SystemTime::now() + Duration::from_secs(61)).unwrap();
        assert!(matches!(lab.folder.look(&path(name)), Observed::File(_)));
    }
}
