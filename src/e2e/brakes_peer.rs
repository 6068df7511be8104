//! A mass deletion that another device sends.

use crate::device::{Device, agreed, pair};
use crate::trees::tree;

const NOTES: usize = 60;

fn notes() -> (Device, Device) {
    pair(|vault| {
        for note in 0..NOTES {
            std::fs::write(vault.join(format!("{note}.md")), format!("note {note}\n")).unwrap();
        }
    })
}

/// Deletes all but one note on `a`, on purpose, and waits until `b` holds that back.
fn deleted_on_purpose(a: &mut Device, b: &mut Device) {
    for note in 0..NOTES - 1 {
        std::fs::remove_file(a.vault.join(format!("{note}.md"))).unwrap();
    }
    a.event("brake", |_| true);
    // Done here, and left aside there.
    let said = a.run(&["--json", "sync", "--allow-mass-delete"]);
    assert_eq!(said.code, 3, "{said:#?}");
    assert_eq!(said.json()["peers"][0]["outcome"], "held_back", "{said:#?}");
    // Told again for those that a busy machine sends a little later.
    b.event("brake", |told| told["count"] == NOTES - 1);
    assert_eq!(tree(&b.vault).len(), NOTES);
}

fn is_braked(b: &Device) -> bool {
    let status = b.status();
    let problems = status["problems"].as_array().unwrap();
    problems.iter().any(|it| it["kind"] == "brake" && it["message"] != "")
}

#[test]
fn it_is_held_until_a_person_agrees_here() {
    let (mut a, mut b) = notes();
    deleted_on_purpose(&mut a, &mut b);
    assert!(is_braked(&b) && !is_braked(&a));
    agreed(&a, &b);
    for words in [&["sync"][..], &["push"], &["pull"], &["sync", "--dry-run"]] {
        let said = b.run(words);
        assert_eq!(said.code, 5, "{words:?}: {said:#?}");
        assert!(said.err.contains("--allow-mass-delete"), "{said:#?}");
    }
    // What else is written goes on, both ways, and an edit brings its file back everywhere.
    a.write("New.md", "from there\n");
    b.holds("New.md", Some(b"from there\n"));
    b.write("7.md", "note 7\nstill needed\n");
    a.holds("7.md", Some(b"note 7\nstill needed\n"));
    assert_eq!(tree(&b.vault).len(), NOTES + 1);

    b.run(&["sync", "--allow-mass-delete"]).well();
    assert_eq!(tree(&b.vault), tree(&a.vault));
    assert_eq!(tree(&b.vault).len(), 3);
    assert!(!is_braked(&b));
    b.run(&["sync"]).well();
}

#[test]
fn it_is_held_by_one_shots_and_after_a_restart() {
    let (mut a, mut b) = notes();
    b.stop();
    for note in 0..NOTES - 1 {
        std::fs::remove_file(a.vault.join(format!("{note}.md"))).unwrap();
    }
    a.event("brake", |_| true);
    a.run(&["sync", "--allow-mass-delete"]);
    assert_eq!(b.run(&["pull"]).code, 5);
    // Many more files by now: it is no longer more than half of them.
    for note in 0..NOTES {
        a.write(&format!("more {note}.md"), format!("more {note}\n"));
    }
    for words in ["pull", "sync"] {
        assert_eq!(b.run(&[words]).code, 5, "{words}");
        assert!(b.vault.join("0.md").exists());
    }
    b.kill();
    b.watch();
    b.event("brake", |_| true);
    agreed(&a, &b);
    for note in 0..NOTES {
        b.holds(&format!("more {note}.md"), Some(format!("more {note}\n").as_bytes()));
    }
    assert!(is_braked(&b));
    assert_eq!(tree(&b.vault).len(), 2 * NOTES);
    b.stop();
    b.run(&["sync", "--allow-mass-delete"]).well();
    assert_eq!(tree(&b.vault), tree(&a.vault));
    b.run(&["sync"]).well();
}

#[test]
fn a_slow_deletion_is_held_where_it_is_made() {
    let (mut a, b) = notes();
    for part in 0..3 {
        for note in part * 10..part * 10 + 10 {
            std::fs::remove_file(a.vault.join(format!("{note}.md"))).unwrap();
        }
        for note in part * 10..part * 10 + 10 {
            a.event_at("deleted", &format!("{note}.md"));
        }
    }
    for note in 30..NOTES {
        std::fs::remove_file(a.vault.join(format!("{note}.md"))).unwrap();
    }
    a.event("brake", |_| true);
    a.write("New.md", "still working\n");
    b.holds("New.md", Some(b"still working\n"));
    agreed(&a, &b);
    assert_eq!(tree(&b.vault).len(), 31);
    assert_eq!(a.run(&["sync"]).code, 5);
}
