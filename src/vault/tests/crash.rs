//! A stop between any two system calls, and the sweep after it.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;

use super::*;

/// What the batch finds.
fn before(lab: &Lab) {
    for (name, bytes) in [("a.md", "a1"), ("b.md", "b1"), ("c.md", "c1"), ("d/e.md", "e1")] {
        lab.put(name, bytes);
    }
    lab.folder.put_chunk(of("part"), 0, b"part").unwrap();
}

/// A batch with every sort of step.
fn batch() -> Vec<Step> {
    let mut steps = vec![
        replace("a.md", Some("a1"), "a2"),
        remove("b.md", "b1"),
        rename("c.md", "c2.md", "c1"),
        replace("d/e.md", Some("e1"), "e2"),
        replace("new/f.md", None, "f2"),
        Step::Replace {
            path: path("g.png"),
            expected: None,
            source: Source::Part(of("part")),
            mtime_ms: MTIME_MS,
        },
        Step::MakeFolder(path("h")),
    ];
    // Enough of them for the barrier to be one for all.
    steps.extend((0..3).map(|n| replace(&format!("n{n}.md"), None, "n2")));
    steps
}

/// What each path may hold after a stop: old or new, `None` for nothing.
fn allowed() -> Vec<(&'static str, [Option<&'static str>; 2])> {
    vec![
        ("a.md", [Some("a1"), Some("a2")]),
        ("b.md", [Some("b1"), None]),
        ("c.md", [Some("c1"), None]),
        ("c2.md", [None, Some("c1")]),
        ("d/e.md", [Some("e1"), Some("e2")]),
        ("new/f.md", [None, Some("f2")]),
        ("g.png", [None, Some("part")]),
        ("n0.md", [None, Some("n2")]),
        ("n1.md", [None, Some("n2")]),
        ("n2.md", [None, Some("n2")]),
    ]
}

/// Runs the batch and stops it at point `stop`; how many points were passed.
fn run(stop: usize, swaps: bool) -> (Lab, usize) {
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
    before(&lab);
    let run = catch_unwind(AssertUnwindSafe(|| lab.folder.apply(&batch())));
    if let Ok(answers) = run {
        assert!(answers.iter().all(Result::is_ok), "{answers:?}");
    }
    let passed = passed.load(Ordering::SeqCst);
    (lab, passed)
}

fn check(lab: &Lab, stop: usize, slow_gap: bool) {
    for (name, bytes) in allowed() {
        let held = lab.get(name);
        let gap = slow_gap && held.is_none();
        assert!(bytes.contains(&held.as_deref()) || gap, "stop {stop}: {name} holds {held:?}");
    }
    let moved = [lab.get("c.md"), lab.get("c2.md")];
    assert_eq!(moved.iter().flatten().count(), 1, "stop {stop}: {moved:?}");
}

#[test]
fn a_stop_anywhere_leaves_old_or_new_and_the_sweep_leaves_nothing_else() {
    for swaps in [true, false] {
        let (lab, points) = run(usize::MAX, swaps);
        for (name, [_, new]) in allowed() {
            assert_eq!(lab.get(name).as_deref(), new);
        }
        assert!(points > 30, "only {points} points were passed");
        for (stop, at_once) in (0..points).flat_map(|stop| [(stop, false), (stop, true)]) {
            let (lab, _) = run(stop, swaps);
            check(&lab, stop, !swaps);
            // The run that was stopped leaves its own files alone: it might still be at work.
            assert_eq!(lab.folder.sweep().recovered, Vec::<PathBuf>::new());
            let next = Folder::open(lab.dir.path()).unwrap();
            if at_once {
                let (_, walked) = next.sweep_and_walk();
                assert_eq!(walked.unwrap(), next.walk().unwrap(), "stop {stop}");
            } else {
                next.sweep();
            }
            check(&lab, stop, false);
            let known: Vec<&str> = allowed().iter().map(|(name, _)| *name).collect();
            for name in lab.files().keys() {
                assert!(known.contains(&name.as_str()), "stop {stop}: {name} stayed");
            }
            if lab.get("g.png").is_none() {
                let kept = next.outline_part(of("part")).unwrap();
                assert_eq!(kept, [Some(of("part").hash)], "stop {stop}");
            }
            assert_eq!(next.sweep(), Swept::default());
        }
    }
}

#[test]
fn a_save_pushed_aside_by_a_killed_run_is_made_visible() {
    let dir = tempfile::tempdir().unwrap();
    let target = dir.path().join("a.md");
    let lab = Lab::hooked_in(dir, move |at, _| {
        if at == Point::Armed {
            save(&target, "unseen");
        } else if at == Point::Aside {
            resume_unwind(Box::new("stopped"));
        }
        Ok(())
    });
    lab.put("a.md", "old");
    let step = replace("a.md", Some("old"), "new");
    catch_unwind(AssertUnwindSafe(|| lab.step(step))).unwrap_err();
    let next = Folder::open(lab.dir.path()).unwrap();
    let swept = next.sweep();
    let seen = next.root().join("Recovered (recovered 1).md");
    assert_eq!(swept.recovered, [seen]);
    assert_eq!(lab.files(), files([("Recovered (recovered 1).md", "unseen"), ("a.md", "new")]));
}

#[test]
fn a_file_under_way_to_another_spelling_goes_back() {
    let lab = Lab::hooked(|at, _| {
        if at == Point::Aside {
            resume_unwind(Box::new("stopped"));
        }
        Ok(())
    });
    lab.put("d/Note.md", "old");
    let (real, target) = (lab.real("d/Note.md"), lab.real("d/note.md"));
    let from = path("d/Note.md");
    let respell = || lab.folder.respell(&from, &real, &target, of("old"));
    catch_unwind(AssertUnwindSafe(respell)).unwrap_err();
    assert_eq!(lab.get("d/Note.md"), None);
    let next = Folder::open(lab.dir.path()).unwrap();
    assert_eq!(next.sweep().recovered.len(), 1);
    assert_eq!(lab.files(), files([("d/Note.md", "old")]));
    next.respell(&from, &real, &target, of("old")).unwrap();
    assert_eq!(lab.files(), files([("d/note.md", "old")]));
    assert!(next.respell(&from, &real, &target, of("old")).is_err());
    lab.put("d/Note.md", "two");
    assert!(next.respell(&from, &real, &target, of("two")).is_err());
    assert_eq!(lab.files(), files([("d/Note.md", "two"), ("d/note.md", "old")]));
    assert_eq!(next.sweep(), Swept::default());
}
