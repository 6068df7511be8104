//! Edits made while nothing ran.

use crate::device::{in_sync, pair};
use crate::trees::{Times, assert_equal, copy, small_vault};

#[test]
fn different_lines_edited_on_both_sides_both_stand() {
    let (mut a, mut b) = pair(|vault| copy(&small_vault(), vault));
    a.stop();
    b.stop();
    let text = a.read("Tasks.md");
    a.write("Tasks.md", text.replace("water the basil", "water the basil and the mint"));
    b.write("Tasks.md", text.replace("- [ ] buy screws", "- [x] buy screws"));
    a.watch();
    b.watch();
    let merged = text
        .replace("water the basil", "water the basil and the mint")
        .replace("- [ ] buy screws", "- [x] buy screws");
    a.holds("Tasks.md", Some(merged.as_bytes()));
    b.holds("Tasks.md", Some(merged.as_bytes()));
    in_sync(&a, &b);
    assert_equal(&a.vault, &b.vault, Times::Ignored);
}

#[test]
fn everything_done_while_stopped_is_found_at_the_start() {
    let (mut a, mut b) = pair(|vault| copy(&small_vault(), vault));
    a.stop();
    a.write("Later.md", "written while nothing ran\n");
    std::fs::remove_file(a.vault.join("Tables.md")).unwrap();
    std::fs::rename(a.vault.join("People"), a.vault.join("Friends")).unwrap();
    let text = format!("{}- third\n", a.read("Daily/2026-03-02.md"));
    a.write("Daily/2026-03-02.md", &text);
    a.watch();
    b.holds("Later.md", Some(b"written while nothing ran\n"));
    b.holds("Daily/2026-03-02.md", Some(text.as_bytes()));
    b.event_at("renamed", "Friends/Ada.md");
    b.event_at("deleted", "Tables.md");
    in_sync(&a, &b);
    assert_equal(&a.vault, &b.vault, Times::Ignored);
    assert!(!b.vault.join("People").exists());
}

#[test]
fn the_same_daily_note_born_on_both_is_one_note() {
    let (mut a, mut b) = pair(|vault| copy(&small_vault(), vault));
    a.stop();
    b.stop();
    a.write("Daily/2026-03-04.md", "# 2026-03-04\n\n- from the laptop\n");
    b.write("Daily/2026-03-04.md", "# 2026-03-04\n\n- from the desktop\n");
    a.watch();
    b.watch();
    in_sync(&a, &b);
    assert_equal(&a.vault, &b.vault, Times::Ignored);
    let text = a.read("Daily/2026-03-04.md");
    assert_eq!(text.matches("# 2026-03-04").count(), 1, "{text}");
    assert!(
        text.contains("- from the laptop\n") && text.contains("- from the desktop\n"),
        "{text}"
    );
}

#[test]
fn a_mass_deletion_waits_for_a_person() {
    let (mut a, mut b) = pair(|vault| copy(&small_vault(), vault));
    a.stop();
    for entry in std::fs::read_dir(&a.vault).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if name == ".vault-sync" || name == "Welcome.md" {
            continue;
        }
        if path.is_dir() {
            std::fs::remove_dir_all(path).unwrap();
        } else {
            std::fs::remove_file(path).unwrap();
        }
    }
    assert_eq!(a.run(&["sync", "--timeout", "60s"]).code, 5);
    assert!(b.vault.join("Tasks.md").exists());
    let done = a.run(&["sync", "--allow-mass-delete", "--timeout", "60s"]);
    // The other device asks its own person, and this one says so.
    assert_eq!(done.code, 3, "{done:?}");
    assert!(done.out.contains("held back"), "{done:?}");
    b.event("brake", |_| true);
    assert!(b.vault.join("Tasks.md").exists());
    b.run(&["sync", "--allow-mass-delete", "--timeout", "60s"]);
    b.holds("Tasks.md", None);
    b.holds("Welcome.md", Some(a.read("Welcome.md").as_bytes()));
}

#[test]
fn edits_follow_notes_that_were_swapped_while_stopped() {
    let trees = "# Of trees\n\nthe oak\n\nthe beech\n\nthe elm\n";
    let birds = "# Of birds\n\nthe wren\n\nthe robin\n\nthe crow\n";
    let (mut a, b) = pair(|vault| {
        for (name, text) in [("Trees.md", trees), ("Birds.md", birds)] {
            std::fs::write(vault.join(name), text).unwrap();
        }
        std::fs::write(vault.join("One.png"), b"\x89PNG the first").unwrap();
        std::fs::write(vault.join("Two.png"), b"\x89PNG the second").unwrap();
    });
    a.stop();
    let swap = |vault: &std::path::Path, one: &str, two: &str| {
        for (from, to) in [(one, "aside"), (two, one), ("aside", two)] {
            std::fs::rename(vault.join(from), vault.join(to)).unwrap();
        }
    };
    swap(&a.vault, "Trees.md", "Birds.md");
    swap(&a.vault, "One.png", "Two.png");
    // One of them is also edited after it was swapped.
    let birds = birds.replace("the crow", "the raven");
    a.write("Trees.md", &birds);
    let trees = trees.replace("the oak", "the old oak");
    b.write("Trees.md", &trees);
    b.write("One.png", b"\x89PNG the first, cut");
    a.watch();
    in_sync(&a, &b);
    a.holds("Trees.md", Some(birds.as_bytes()));
    a.holds("Birds.md", Some(trees.as_bytes()));
    a.holds("One.png", Some(b"\x89PNG the second"));
    a.holds("Two.png", Some(b"\x89PNG the first, cut"));
    assert_equal(&a.vault, &b.vault, Times::Ignored);
    assert_eq!(crate::trees::tree(&a.vault).len(), 4);
    // And back again while both run.
    swap(&a.vault, "Trees.md", "Birds.md");
    b.holds("Trees.md", Some(trees.as_bytes()));
    b.holds("Birds.md", Some(birds.as_bytes()));
    in_sync(&a, &b);
    assert_equal(&a.vault, &b.vault, Times::Ignored);
    let log = b.run(&["log", "Trees.md"]).well();
    assert!(log.out.contains("Birds.md"), "{log:?}");
}

#[test]
fn files_replaced_by_folders_that_hold_each_other_while_stopped_are_so_elsewhere() {
    let (mut a, b) = pair(|vault| {
        std::fs::write(vault.join("p"), "what was p\n").unwrap();
        std::fs::write(vault.join("q"), "what was q\n").unwrap();
        std::fs::write(vault.join("own"), "what was by itself\n").unwrap();
    });
    a.stop();
    let rename = |from: &str, to: &str| {
        std::fs::rename(a.vault.join(from), a.vault.join(to)).unwrap();
    };
    for (from, to) in [("p", "old p"), ("q", "old q"), ("own", "old own")] {
        rename(from, to);
    }
    for folder in ["p", "q", "own"] {
        std::fs::create_dir(a.vault.join(folder)).unwrap();
    }
    rename("old p", "q/p1");
    rename("old q", "p/q1");
    rename("old own", "own/own");
    a.watch();
    b.holds("q/p1", Some(b"what was p\n"));
    b.holds("p/q1", Some(b"what was q\n"));
    b.holds("own/own", Some(b"what was by itself\n"));
    in_sync(&a, &b);
    assert_equal(&a.vault, &b.vault, Times::Compared);
    assert_eq!(b.status()["problems"].as_array().unwrap().len(), 0, "{:#}", b.status());
    assert_eq!(b.run(&["sync", "--timeout", "60s"]).code, 0);
}
