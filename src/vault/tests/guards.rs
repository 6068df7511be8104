//! What a step does when the disk moves on under it.

use super::*;
use crate::model::Stamp;

#[test]
fn a_new_file_comes_with_its_folders_its_time_and_its_stamp() {
    let lab = Lab::new();
    let done = lab.step(replace("a/b/c.md", None, "new")).unwrap();
    assert_eq!(lab.files(), files([("a/b/c.md", "new")]));
    let walk = lab.walk();
    assert_eq!(walk.found.len(), 1);
    assert_eq!(Some(walk.found[0].stamp), done.stamp);
    assert_eq!(walk.found[0].stamp.mtime_ns, MTIME_MS * 1_000_000);
}

#[test]
#[cfg(unix)]
fn a_replaced_file_keeps_its_permissions_and_nothing_stays_beside_it() {
    use std::os::unix::fs::PermissionsExt as _;
    let lab = Lab::new();
    lab.put("a.md", "old");
    set_mode(&lab.real("a.md"), 0o640);
    let done = lab.step(replace("a.md", Some("old"), "new")).unwrap();
    assert_eq!(lab.files(), files([("a.md", "new")]));
    let mode = fs::metadata(lab.real("a.md")).unwrap().permissions().mode();
    assert_eq!(mode & 0o7777, 0o640);
    let Observed::File(seen) = lab.folder.look(&path("a.md")) else {
        panic!("a file was due");
    };
    // A change time only a tick old is not remembered.
    let taken = done.stamp.unwrap();
    assert_eq!(Stamp { ctime_ns: taken.ctime_ns, ..seen.stamp }, taken);
    assert_eq!(seen.content, of("new"));
}

#[test]
fn a_save_since_the_plan_is_never_overwritten() {
    let lab = Lab::new();
    lab.put("a.md", "a save");
    for step in [
        replace("a.md", Some("old"), "new"),
        replace("a.md", None, "new"),
        replace("a.md", Some("a sbve"), "new"),
        remove("a.md", "old"),
        rename("a.md", "b.md", "old"),
    ] {
        assert_eq!(lab.step(step), Err(StepError::Changed));
        assert_eq!(lab.files(), files([("a.md", "a save")]));
    }
    for step in [
        replace("gone.md", Some("old"), "new"),
        remove("gone.md", "old"),
        rename("gone.md", "b.md", "old"),
        replace("no/folder.md", Some("old"), "new"),
        remove("a.md/below", "old"),
    ] {
        assert_eq!(lab.step(step), Err(StepError::Changed));
        assert_eq!(lab.files(), files([("a.md", "a save")]));
        assert!(!lab.real("no").exists());
    }
}

/// Runs `step` on `a.md` holding `old`, with `act` done to `a.md` at `point`, and with names
/// swapped or, as on lesser file systems, moved one by one.
fn disturbed(
    swaps: bool,
    step: Step,
    point: Point,
    act: impl Fn(&Path) + Send + Sync + 'static,
) -> (Answer, BTreeMap<String, String>) {
    let dir = tempfile::tempdir().unwrap();
    let target = dir.path().join("a.md");
    let once = Once::default();
    let lab = Lab::hooked_in(dir, move |at, _| {
        if at == point {
            once.run(|| act(&target));
        }
        if at == Point::Armed && !swaps {
            return Err(io::ErrorKind::Unsupported.into());
        }
        Ok(())
    });
    lab.put("a.md", "old");
    let answer = lab.step(step);
    let left = lab.files();
    assert!(left.keys().all(|name| !name.contains(".vault-sync")), "{left:?}");
    (answer, left)
}

type Save = (fn(&Path), &'static str);
/// Ways to save that the guards must notice, and what they leave.
const SAVES: [Save; 3] = [
    (|target| fs::write(target, "a save").unwrap(), "a save"),
    (|target| save(target, "a save"), "a save"),
    // The same length and the same time: only the bytes tell.
    (
        |target| {
            let then = fs::metadata(target).unwrap().modified().unwrap();
            fs::write(target, "sly").unwrap();
            let file = fs::File::options().write(true).open(target).unwrap();
            file.set_modified(then).unwrap();
        },
        "sly",
    ),
];

#[test]
fn a_save_after_the_look_comes_back() {
    for swaps in [true, false] {
        for step in [
            replace("a.md", Some("old"), "new"),
            remove("a.md", "old"),
            rename("a.md", "b.md", "old"),
        ] {
            for (act, saved) in SAVES {
                let (answer, left) = disturbed(swaps, step.clone(), Point::Looked, act);
                assert_eq!(answer, Err(StepError::Changed), "{step:?}");
                assert_eq!(left, files([("a.md", saved)]), "{step:?}");
            }
        }
    }
}

#[test]
fn a_save_just_before_the_swap_comes_back() {
    for swaps in [true, false] {
        for (act, saved) in SAVES {
            let step = replace("a.md", Some("old"), "new");
            let (answer, left) = disturbed(swaps, step, Point::Armed, act);
            assert_eq!(answer, Err(StepError::Changed));
            assert_eq!(left, files([("a.md", saved)]));
        }
    }
}

#[test]
fn a_save_onto_the_new_bytes_stands_though_the_stamp_is_not_its_own() {
    let step = replace("a.md", Some("old"), "new");
    let (answer, left) = disturbed(true, step, Point::Aside, |target| save(target, "later"));
    assert_eq!(left, files([("a.md", "later")]));
    // The step was taken; but nobody may take the later bytes for those of the step.
    let stamp = answer.unwrap().stamp.unwrap();
    assert_eq!((stamp.size, stamp.mtime_ns), (3, MTIME_MS * 1_000_000));
}

#[test]
fn two_saves_in_a_row_are_both_kept() {
    for twice in [true, false] {
        let dir = tempfile::tempdir().unwrap();
        let target = dir.path().join("a.md");
        let (first, second) = (Once::default(), Once::default());
        let lab = Lab::hooked_in(dir, move |at, _| {
            if at == Point::Armed {
                first.run(|| save(&target, "first"));
            } else if at == Point::Aside && twice {
                second.run(|| save(&target, "second"));
            } else if at == Point::Aside {
                second.run(|| fs::remove_file(&target).unwrap());
            }
            Ok(())
        });
        lab.put("a.md", "old");
        let step = replace("a.md", Some("old"), "new");
        assert_eq!(lab.step(step), Err(StepError::Changed));
        let left: Vec<String> = lab.files().into_values().collect();
        if twice {
            assert_eq!(left, ["second", "first"], "{:?}", lab.files());
        } else {
            assert_eq!(lab.files(), files([("a.md", "first")]));
        }
    }
}

#[test]
fn a_save_into_the_gap_of_a_slow_swap_stands() {
    let step = replace("a.md", Some("old"), "new");
    let (answer, left) = disturbed(false, step, Point::Aside, |target| save(target, "later"));
    assert_eq!(answer, Err(StepError::Changed));
    assert_eq!(left, files([("a.md", "later")]));
}

#[test]
fn a_save_where_a_removed_file_was_stands() {
    let (answer, left) = disturbed(true, remove("a.md", "old"), Point::Aside, |target| {
        save(target, "later");
    });
    assert_eq!(answer, Ok(StepDone::at(None)));
    assert_eq!(left, files([("a.md", "later")]));
}

#[test]
fn a_file_that_appears_at_the_last_moment_is_not_overwritten() {
    let dir = tempfile::tempdir().unwrap();
    let lab = Lab::hooked_in(dir, |at, target| {
        if at == Point::Looked {
            fs::write(target, "mine").unwrap();
        }
        Ok(())
    });
    assert_eq!(lab.step(replace("d/a.md", None, "new")), Err(StepError::Changed));
    assert_eq!(lab.files(), files([("d/a.md", "mine")]));
}

#[test]
fn a_failed_step_leaves_no_folder_behind() {
    let lab = Lab::hooked(|at, _| {
        if at == Point::Looked {
            return Err(io::ErrorKind::PermissionDenied.into());
        }
        Ok(())
    });
    let answers = lab.folder.apply(&[replace("a/b/c.md", None, "x"), Step::MakeFolder(path("a"))]);
    assert!(matches!(&answers[0], Err(StepError::Problem(p)) if p.kind == ProblemKind::Unwritable));
    assert!(lab.real("a").is_dir() && !lab.real("a/b").exists());
    assert_eq!(lab.files(), files([]));
}

#[test]
fn a_full_disk_is_named_and_leaves_everything_as_it_was() {
    for point in [Point::Made, Point::Written, Point::Barrier] {
        for count in [1, 10] {
            let lab = Lab::hooked(move |at, _| {
                if at == point {
                    return Err(io::ErrorKind::StorageFull.into());
                }
                Ok(())
            });
            lab.put("f0.md", "old");
            let mut steps = vec![replace("f0.md", Some("old"), "new")];
            steps.extend((1..count).map(|n| replace(&format!("d/f{n}.md"), None, "new")));
            let answers = lab.folder.apply(&steps);
            if point == Point::Barrier && count == 1 {
                // Synced singly there is no barrier to fail.
                continue;
            }
            for answer in answers {
                assert_eq!(problem_of(answer).kind, ProblemKind::DiskFull);
            }
            assert_eq!(lab.files(), files([("f0.md", "old")]));
            assert!(!lab.real("d").exists());
        }
    }
}

/// Needs a disk of about 1 MB that may be filled, such as a small tmpfs.
#[test]
fn a_really_full_disk_leaves_everything_as_it_was() {
    let Some(disk) = std::env::var_os("VAULT_SYNC_TEST_SMALL_DISK") else {
        eprintln!("skipped: VAULT_SYNC_TEST_SMALL_DISK names no small disk");
        return;
    };
    let lab = Lab::hooked_in(tempfile::tempdir_in(disk).unwrap(), |_, _| Ok(()));
    lab.put("f0.md", "old");
    let large = "x".repeat(300_000);
    let mut steps = vec![replace("f0.md", Some("old"), &large)];
    steps.extend((1..9).map(|n| replace(&format!("f{n}.md"), None, &large)));
    let answers = lab.folder.apply(&steps);
    assert!(answers.iter().any(Result::is_ok));
    for (n, answer) in answers.into_iter().enumerate() {
        let held = lab.get(&format!("f{n}.md"));
        if answer.is_ok() {
            assert_eq!(held.as_deref(), Some(large.as_str()));
        } else {
            assert_eq!(problem_of(answer).kind, ProblemKind::DiskFull);
            assert_eq!(held.as_deref(), (n == 0).then_some("old"));
        }
    }
    assert!(lab.files().keys().all(|name| !name.starts_with('.')));
}

#[test]
fn a_folder_that_may_not_be_written_is_named() {
    if skipped_as_root() {
        return;
    }
    let lab = Lab::new();
    lab.put("d/a.md", "old");
    set_mode(&lab.real("d"), 0o500);
    for step in [
        replace("d/a.md", Some("old"), "new"),
        replace("d/b.md", None, "new"),
        remove("d/a.md", "old"),
        rename("d/a.md", "b.md", "old"),
        Step::MakeFolder(path("d/e")),
    ] {
        assert_eq!(problem_of(lab.step(step)).kind, ProblemKind::Unwritable);
    }
    set_mode(&lab.real("d"), 0o700);
    assert_eq!(lab.files(), files([("d/a.md", "old")]));
}

#[test]
fn steps_of_a_batch_may_build_on_one_another() {
    let lab = Lab::new();
    lab.put("a.md", "a");
    lab.put("file", "f");
    lab.put("d/x.md", "x");
    let answers = lab.folder.apply(&[
        rename("a.md", "b.md", "a"),
        replace("a.md", None, "a2"),
        replace("a.md", Some("a2"), "a3"),
        remove("file", "f"),
        replace("file/in.md", None, "in"),
        Step::Replace {
            path: path("copy.md"),
            expected: None,
            source: Source::CopyOf { path: path("file/in.md"), content: of("in") },
            mtime_ms: 5,
        },
        remove("d/x.md", "x"),
        Step::RemoveFolder(path("d")),
        replace("d", None, "no folder any more"),
        rename("b.md", "deep/er/b.md", "a"),
    ]);
    assert!(answers.iter().all(Result::is_ok), "{answers:?}");
    let now = files([
        ("a.md", "a3"),
        ("copy.md", "in"),
        ("d", "no folder any more"),
        ("deep/er/b.md", "a"),
        ("file/in.md", "in"),
    ]);
    assert_eq!(lab.files(), now);
}

#[test]
fn a_file_put_first_stands_in_the_way_of_a_folder() {
    let lab = Lab::new();
    let answers = lab.folder.apply(&[replace("d", None, "file"), replace("d/a", None, "x")]);
    assert!(answers[0].is_ok(), "{answers:?}");
    assert!(matches!(&answers[1], Err(StepError::Problem(p)) if p.kind == ProblemKind::Clash));
    assert_eq!(lab.files(), files([("d", "file")]));
}

#[test]
fn a_copy_of_something_else_is_refused() {
    let lab = Lab::new();
    lab.put("a.md", "not that");
    let copy = |of_path: &str, content: &str| Step::Replace {
        path: path("copy.md"),
        expected: None,
        source: Source::CopyOf { path: path(of_path), content: of(content) },
        mtime_ms: 5,
    };
    for step in [copy("a.md", "this one"), copy("a.md", "n"), copy("b.md", "x")] {
        assert_eq!(lab.step(step), Err(StepError::SourceGone));
    }
    assert_eq!(lab.files(), files([("a.md", "not that")]));
    lab.step(copy("a.md", "not that")).unwrap();
    assert_eq!(lab.get("copy.md").unwrap(), "not that");
}

#[test]
fn a_hundred_files_come_in_one_batch() {
    let lab = Lab::new();
    let name = |n: usize| format!("d{}/n{n}.md", n % 7);
    for n in 0..50 {
        lab.put(&name(n), &format!("old {n}"));
    }
    let steps: Vec<Step> = (0..100)
        .map(|n| {
            let old = format!("old {n}");
            replace(&name(n), (n < 50).then_some(&old), &format!("new {n}"))
        })
        .collect();
    let answers = lab.folder.apply(&steps);
    let walk = lab.walk();
    assert_eq!(walk.found.len(), 100);
    for (n, answer) in answers.into_iter().enumerate() {
        assert_eq!(lab.get(&name(n)), Some(format!("new {n}")));
        let found = walk.found.iter().find(|f| f.path == path(&name(n)));
        assert_eq!(answer.unwrap().stamp, found.map(|f| f.stamp));
    }
    assert_eq!(lab.files().len(), 100);
}

#[test]
fn folders_go_only_when_empty_and_take_their_litter_along() {
    let lab = Lab::new();
    lab.put("full/a.md", "a");
    lab.put("litter/.DS_Store", "x");
    lab.put("ignored/b.tmp", "x");
    let done = lab.step(Step::MakeFolder(path("new/deep"))).unwrap();
    assert!(done.stamp.is_some());
    for (name, goes) in [
        ("full", false),
        ("litter", true),
        ("ignored", false),
        ("new", false),
        ("new/deep", true),
        ("new", true),
        ("never/was", true),
    ] {
        let done = lab.step(Step::RemoveFolder(path(name))).unwrap();
        assert_eq!(done.stamp.is_none(), goes, "{name}");
        assert_eq!(lab.real(name).exists(), !goes, "{name}");
    }
    let step = Step::RemoveFolder(path("full/a.md"));
    assert_eq!(lab.step(step), Err(StepError::Changed));
    let step = Step::MakeFolder(path("full/a.md"));
    assert_eq!(problem_of(lab.step(step)).kind, ProblemKind::Clash);
    let step = replace("full", None, "x");
    assert_eq!(problem_of(lab.step(step)).kind, ProblemKind::Clash);
    let step = replace("full/a.md/b", None, "x");
    assert_eq!(problem_of(lab.step(step)).kind, ProblemKind::Clash);
}

#[test]
fn nothing_is_written_where_the_rules_leave_out() {
    let lab = Lab::new();
    lab.put(
        ".vaultsyncignore",
        "private/
",
    );
    lab.put("a.md", "a");
    for step in [
        replace("private/a.md", None, "x"),
        replace(".vault-sync/vault.json", None, "x"),
        replace(".Vault-Sync/vault.json", None, "x"),
        replace(".git/hooks/post-checkout", None, "x"),
        rename("a.md", ".trash/a.md", "a"),
        remove(".git/config", "x"),
        Step::MakeFolder(path("private")),
        Step::RemoveFolder(path("private")),
        Step::RemoveFolder(path(".obsidian/cache")),
    ] {
        assert_eq!(lab.step(step), Err(StepError::Ignored));
    }
    // New rules count for the steps after them.
    let answers = lab.folder.apply(&[
        replace(
            ".vaultsyncignore",
            Some(
                "private/
",
            ),
            "b.md
",
        ),
        replace("b.md", None, "x"),
        replace("private/a.md", None, "x"),
    ]);
    assert!(answers[0].is_ok() && answers[2].is_ok(), "{answers:?}");
    assert_eq!(answers[1], Err(StepError::Ignored));
    assert!(lab.files().keys().all(|name| !name.starts_with(".vault-sync-")));
}
