//! Odd names, symlinks and empty folders, walked and looked at.

use super::*;
use crate::model::{Kind, Stamp};

fn problems(walk: &Walk) -> Vec<(String, ProblemKind)> {
    walk.problems.iter().map(|problem| (problem.path.clone(), problem.kind)).collect()
}

#[test]
fn a_walk_finds_files_and_empty_folders_in_order() {
    let lab = Lab::new();
    for name in ["b.md", "a/z.md", "a/.obsidian/app.json", "a.md", "only/x.tmp"] {
        lab.put(name, name);
    }
    for name in ["empty", "nest/empty", ".git/objects", "a/kept"] {
        fs::create_dir_all(lab.real(name)).unwrap();
    }
    lab.put(".vaultsyncignore", "*.pdf\n");
    lab.put("x.pdf", "x");
    lab.put("sub/.vaultsyncignore", "!*.pdf\n");
    lab.put("sub/x.pdf", "x");
    let expected = [
        ".vaultsyncignore",
        "a.md",
        "a/.obsidian/app.json",
        "a/kept/",
        "a/z.md",
        "b.md",
        "empty/",
        "nest/empty/",
        "only/",
        "sub/.vaultsyncignore",
        "sub/x.pdf",
    ];
    assert_eq!(lab.found(), expected);
    assert_eq!(problems(&lab.walk()), []);
    // What a walk finds, a look finds alike.
    for found in lab.walk().found {
        match lab.folder.look(&found.path) {
            Observed::File(seen) => {
                // A change time only a tick old is not remembered.
                let ctime_ns = found.stamp.ctime_ns;
                let stamp = Stamp { ctime_ns, ..seen.stamp };
                assert_eq!((stamp, false), (found.stamp, found.empty_folder));
            }
            Observed::Folder { empty, stamp } => {
                assert!(empty && found.empty_folder && stamp == found.stamp);
            }
            other @ (Observed::Absent
            | Observed::Ignored
            | Observed::Special(_)
            | Observed::Problem(_)) => panic!("{}: {other:?}", found.path),
        }
    }
    let look = |name: &str| lab.folder.look(&path(name));
    assert!(matches!(look("nest"), Observed::Folder { empty: false, .. }));
    assert_eq!(look("only/x.tmp"), Observed::Ignored);
    assert_eq!(look(".git/objects"), Observed::Ignored);
    assert_eq!(look("x.pdf"), Observed::Ignored);
    assert_eq!(look("gone.md"), Observed::Absent);
    assert_eq!(look("gone/gone.md"), Observed::Absent);
    assert_eq!(look("a.md/below.md"), Observed::Absent);
}

#[test]
fn a_look_reads_texts_and_hashes_the_rest() {
    let lab = Lab::new();
    let limit = usize::try_from(crate::model::TEXT_LIMIT_BYTES).unwrap();
    for (bytes, kind) in [
        (vec![], Kind::Text),
        ("Größe\r\n".into(), Kind::Text),
        (vec![0xff, 0xfe, 0], Kind::Blob),
        (vec![b'a'; limit], Kind::Text),
        (vec![b'a'; limit + 1], Kind::Blob),
    ] {
        fs::write(lab.real("x"), &bytes).unwrap();
        let Observed::File(seen) = lab.folder.look(&path("x")) else {
            panic!("a file was due");
        };
        assert_eq!((seen.content, seen.kind), (Content::of(&bytes), kind));
        assert_eq!(seen.text, (kind == Kind::Text).then_some(bytes));
    }
    // A name that promises another format counts more than letters do.
    fs::write(lab.real("Scan.PDF"), "%PDF-1.4\n").unwrap();
    let Observed::File(seen) = lab.folder.look(&path("Scan.PDF")) else {
        panic!("a file was due");
    };
    assert_eq!((seen.kind, seen.text), (Kind::Blob, None));
}

#[test]
#[cfg(unix)]
fn nothing_goes_through_a_symlink() {
    use std::os::unix::fs::symlink;
    let outside = tempfile::tempdir().unwrap();
    fs::write(outside.path().join("secret.md"), "secret").unwrap();
    let lab = Lab::new();
    lab.put("a.md", "a");
    symlink(outside.path(), lab.real("link")).unwrap();
    symlink(outside.path().join("secret.md"), lab.real("file.md")).unwrap();
    symlink(outside.path().join("nothing"), lab.real("dangling")).unwrap();
    fs::create_dir(lab.real("holder")).unwrap();
    symlink("..", lab.real("holder/up")).unwrap();

    let special = |name: &str| (name.to_owned(), ProblemKind::Special);
    let walk = lab.walk();
    assert_eq!(problems(&walk), ["dangling", "file.md", "holder/up", "link"].map(special));
    assert_eq!(lab.found(), ["a.md", "holder/"]);
    for name in ["link", "link/secret.md", "file.md", "dangling", "holder/up/a.md"] {
        let Observed::Special(problem) = lab.folder.look(&path(name)) else {
            panic!("{name} is a symlink or behind one");
        };
        assert_eq!(problem.kind, ProblemKind::Special);
    }
    for step in [
        replace("link/new.md", None, "x"),
        replace("link/secret.md", Some("secret"), "x"),
        replace("file.md", None, "x"),
        remove("link/secret.md", "secret"),
        rename("link/secret.md", "stolen.md", "secret"),
        rename("a.md", "link/a.md", "a"),
        Step::MakeFolder(path("link/sub")),
        Step::RemoveFolder(path("link/sub")),
        Step::Replace {
            path: path("copy.md"),
            expected: None,
            source: Source::CopyOf { path: path("link/secret.md"), content: of("secret") },
            mtime_ms: 0,
        },
    ] {
        assert!(lab.step(step.clone()).is_err(), "{step:?}");
    }
    assert_eq!(
        lab.step(replace("file.md", Some("secret"), "x")),
        Err(StepError::Problem(problem_at(&lab, "file.md")))
    );
    for name in ["file.md", "link/secret.md"] {
        assert!(lab.folder.read_chunk(&path(name), of("secret"), 0).is_err(), "{name}");
    }
    assert_eq!(fs::read_dir(outside.path()).unwrap().count(), 1);
    let secret = fs::read_to_string(outside.path().join("secret.md")).unwrap();
    assert_eq!(secret, "secret");
    assert_eq!(lab.get("a.md").unwrap(), "a");
    assert!(fs::symlink_metadata(lab.real("file.md")).unwrap().is_symlink());
}

#[test]
#[cfg(unix)]
fn a_link_put_in_the_place_of_a_folder_during_a_batch_is_not_followed() {
    let outside = tempfile::tempdir().unwrap();
    let (away, linked) = (outside.path().join("was"), outside.path().join("other"));
    fs::create_dir(&linked).unwrap();
    let target = linked.clone();
    let lab = Lab::hooked(move |point, place| {
        if point == Point::Placed && place.ends_with("f/a.md") {
            let folder = place.parent().unwrap();
            fs::rename(folder, &away)?;
            std::os::unix::fs::symlink(&target, folder)?;
        }
        Ok(())
    });
    lab.put("f/kept.md", "kept");
    let steps = ["f/a.md", "f/b.md", "f/c.md"].map(|name| replace(name, None, name));
    let answers = lab.folder.apply(&steps);
    assert!(answers[0].is_ok());
    assert!(answers[1].is_err() && answers[2].is_err(), "{answers:?}");
    assert_eq!(fs::read_dir(&linked).unwrap().count(), 0);
    assert!(!outside.path().join("was/b.md").exists());
}

#[cfg(unix)]
fn problem_at(lab: &Lab, name: &str) -> Problem {
    let Observed::Special(problem) = lab.folder.look(&path(name)) else {
        panic!("{name} is a symlink");
    };
    problem
}

#[test]
#[cfg(unix)]
fn sockets_are_named_and_never_opened() {
    let lab = Lab::new();
    let _socket = std::os::unix::net::UnixListener::bind(lab.real("s")).unwrap();
    assert_eq!(problems(&lab.walk()), [("s".to_owned(), ProblemKind::Special)]);
    assert!(matches!(lab.folder.look(&path("s")), Observed::Special(_)));
    assert!(lab.step(replace("s", None, "x")).is_err());
    assert!(lab.step(remove("s", "")).is_err());
}

/// "é" decomposed, as macOS and archives made there have it.
const APART: &str = "e\u{301}";

#[test]
fn decomposed_names_are_found_written_and_kept() {
    let lab = Lab::new();
    let real = format!("caf{APART}/r{APART}sum{APART}.md");
    lab.put(&real, "old");
    if lab.real("café").exists() {
        eprintln!("skipped: this disk composes names by itself");
        return;
    }
    assert_eq!(lab.found(), ["café/résumé.md"]);
    let note = "café/résumé.md";
    assert!(matches!(lab.folder.look(&path(note)), Observed::File(_)));
    assert_eq!(lab.step(replace(note, None, "x")), Err(StepError::Changed));
    lab.step(replace(note, Some("old"), "new")).unwrap();
    lab.step(replace("café/é2.md", None, "two")).unwrap();
    lab.step(rename(note, "café/é3.md", "new")).unwrap();
    lab.step(remove("café/é2.md", "two")).unwrap();
    let now = format!("caf{APART}/é3.md");
    assert_eq!(lab.files(), files([(&now, "new")]));
}

#[test]
#[cfg(target_os = "linux")]
fn names_that_cannot_be_vault_paths_are_named() {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt as _;
    let lab = Lab::new();
    let raw = OsStr::from_bytes(b"bad\xff.md");
    fs::write(lab.dir.path().join(raw), "x").unwrap();
    lab.put("é.md", "composed");
    lab.put(&format!("{APART}.md"), "apart");
    // Neither composed nor decomposed: two marks in an order of their own.
    lab.put("q\u{323}\u{307}.md", "in order");
    lab.put("q\u{307}\u{323}.md", "out of order");
    lab.put("\u{212b}.md", "angstrom");
    let walk = lab.walk();
    let named = |name: &str| (name.to_owned(), ProblemKind::Name);
    let mut due =
        vec![named("bad\u{fffd}.md"), named(&format!("{APART}.md")), named("q\u{307}\u{323}.md")];
    due.sort();
    assert_eq!(problems(&walk), due);
    assert_eq!(lab.found(), ["q\u{323}\u{307}.md", "Å.md", "é.md"]);
    for (name, bytes) in
        [("é.md", "composed"), ("q\u{307}\u{323}.md", "in order"), ("Å.md", "angstrom")]
    {
        let Observed::File(seen) = lab.folder.look(&path(name)) else {
            panic!("{name} is a file");
        };
        assert_eq!(seen.content, of(bytes));
    }
}

#[test]
fn what_cannot_be_read_is_named_and_not_absent() {
    if skipped_as_root() {
        return;
    }
    let lab = Lab::new();
    lab.put("closed/a.md", "a");
    lab.put("b.md", "b");
    set_mode(&lab.real("closed"), 0o000);
    set_mode(&lab.real("b.md"), 0o000);
    let walk = lab.walk();
    let looks = ["closed/a.md", "closed/none.md", "b.md"].map(|name| lab.folder.look(&path(name)));
    set_mode(&lab.real("closed"), 0o700);
    assert_eq!(problems(&walk), [("closed".to_owned(), ProblemKind::Unreadable)]);
    assert_eq!(walk.found.len(), 1);
    for look in looks {
        assert!(matches!(look, Observed::Problem(p) if p.kind == ProblemKind::Unreadable));
    }
}

#[test]
fn a_file_that_never_holds_still_is_named() {
    let lab = Lab::new();
    lab.put("a.md", "a");
    let real = lab.real("a.md");
    let mut tries = 0;
    let result = super::super::read::steady(&real, |_, size| {
        tries += 1;
        fs::write(&real, "a".repeat(usize::try_from(size).unwrap() + 1))
    });
    assert!(matches!(result, Err(super::super::read::Miss::Changing)));
    assert!(tries > 1);
    // One that settles is read once more.
    let mut writes = 0;
    let result = super::super::read::steady(&real, |file, _| {
        writes += 1;
        if writes == 1 {
            save(&real, "settled");
        }
        let mut text = String::new();
        io::Read::read_to_string(file, &mut text).map(|_| text)
    });
    assert_eq!(result.unwrap().0, "settled");
}

/// Needs a folder in which `A` and `a` are one name.
#[test]
fn a_name_may_change_its_letter_case_alone() {
    let Some(disk) = std::env::var_os("VAULT_SYNC_TEST_FOLDING_DISK") else {
        eprintln!("skipped: VAULT_SYNC_TEST_FOLDING_DISK names no such folder");
        return;
    };
    let lab = Lab::hooked_in(tempfile::tempdir_in(disk).unwrap(), |_, _| Ok(()));
    lab.put("Note.md", "old");
    assert_eq!(lab.folder.look(&path("note.md")), Observed::Absent);
    let twin = lab.step(replace("note.md", None, "x"));
    assert_eq!(problem_of(twin).kind, ProblemKind::Clash);
    lab.step(rename("Note.md", "note.md", "old")).unwrap();
    assert_eq!(lab.found(), ["note.md"]);
    lab.step(replace("note.md", Some("old"), "new")).unwrap();
    assert_eq!(lab.files(), files([("note.md", "new")]));
}

#[test]
fn a_hard_link_is_not_taken_for_the_same_name() {
    let lab = Lab::new();
    lab.put("a.md", "a");
    fs::hard_link(lab.real("a.md"), lab.real("A.md")).unwrap();
    assert_eq!(lab.step(rename("a.md", "A.md", "a")), Err(StepError::Changed));
    assert_eq!(lab.files(), files([("A.md", "a"), ("a.md", "a")]));
}
