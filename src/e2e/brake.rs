//! A mass deletion that a running `watch` holds back, and one-shots that go through it.

use crate::device::{Device, pair};
use crate::trees::tree;

/// Enough for the brake, see `brake.files`.
const NOTES: usize = 60;

fn notes() -> (Device, Device) {
    pair(|vault| {
        for note in 0..NOTES {
            std::fs::write(vault.join(format!("{note}.md")), format!("note {note}\n")).unwrap();
        }
    })
}

/// Deletes notes `from` to the last but one, and waits until that was noticed.
fn delete(a: &mut Device, from: usize) {
    for note in from..NOTES - 1 {
        std::fs::remove_file(a.vault.join(format!("{note}.md"))).unwrap();
    }
    a.event("brake", |_| true);
}

#[test]
fn a_one_shot_hears_of_a_brake_that_was_told_before() {
    let (mut a, mut b) = notes();
    delete(&mut a, 0);
    // Without any limit: each ends at once, or never.
    for words in [&["sync"][..], &["push"], &["pull"], &["sync", "--dry-run"]] {
        let said = a.run(words);
        assert_eq!(said.code, 5, "{words:?}: {said:#?}");
        assert!(said.err.contains("--allow-mass-delete"), "{said:#?}");
    }
    assert_eq!(tree(&b.vault).len(), NOTES);
    // What else is written goes on.
    a.write("New.md", "still working\n");
    b.holds("New.md", Some(b"still working\n"));

    let said = a.run(&["--json", "sync", "--allow-mass-delete"]);
    assert_eq!(said.code, 3, "held back there: {said:#?}");
    assert_eq!(said.json()["peers"][0]["outcome"], "held_back", "{said:#?}");
    b.event("brake", |_| true);
    b.run(&["sync", "--allow-mass-delete"]).well();
    assert_eq!(tree(&b.vault), tree(&a.vault));
    assert_eq!(tree(&b.vault).len(), 2);
    a.run(&["sync"]).well();
}

#[test]
fn what_is_put_back_is_no_deletion() {
    let (mut a, b) = notes();
    delete(&mut a, 0);
    assert_eq!(a.run(&["sync"]).code, 5);
    for note in 0..NOTES - 1 {
        a.write(&format!("{note}.md"), format!("note {note}\n"));
    }
    a.run(&["sync"]).well();
    assert_eq!(tree(&b.vault).len(), NOTES);
    assert_eq!(a.status()["vault"]["deleted"], 0);
}

#[test]
fn what_was_let_pass_once_is_not_let_pass_again() {
    let (mut a, b) = notes();
    // Nothing to let pass.
    a.run(&["sync", "--allow-mass-delete"]).well();
    delete(&mut a, 0);
    assert_eq!(a.run(&["sync"]).code, 5);
    assert_eq!(tree(&b.vault).len(), NOTES);
}
