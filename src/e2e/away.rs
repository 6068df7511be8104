//! What people and programs do to a folder while nothing runs.

use std::fs::{self, File, FileTimes};
use std::time::{Duration, SystemTime};

use crate::device::{in_sync, pair};
use crate::trees::{Times, assert_equal, copy, small_vault};

/// Text that no other note has.
fn text_of(note: usize) -> String {
    let mut state = note as u64 + 1;
    let words = (0..120).map(|_| {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        format!("word{} ", state >> 48)
    });
    words.collect()
}

#[test]
fn a_note_moved_and_edited_by_rewriting_it_is_the_same_note() {
    let (mut a, mut b) = pair(|vault| {
        copy(&small_vault(), vault);
        fs::write(vault.join("Recipe.md"), text_of(1)).unwrap();
    });
    a.stop();
    // As a script would do it: another file, then the old one goes.
    a.write("Kitchen/Crêpes.md", format!("# Crêpes\n\n{}\n", text_of(1)));
    fs::remove_file(a.vault.join("Recipe.md")).unwrap();
    a.watch();
    let moved = b.event_at("renamed", "Kitchen/Crêpes.md");
    assert_eq!(moved["from"], "Recipe.md");
    in_sync(&a, &b);
    assert_equal(&a.vault, &b.vault, Times::Ignored);
}

#[test]
fn a_large_folder_renamed_is_no_deletion_and_is_not_sent_again() {
    const NOTES: usize = 2000;
    let (mut a, mut b) = pair(|vault| {
        fs::create_dir(vault.join("Old")).unwrap();
        for note in 0..NOTES {
            fs::write(vault.join(format!("Old/{note}.md")), text_of(note)).unwrap();
        }
    });
    a.stop();
    fs::rename(a.vault.join("Old"), a.vault.join("New")).unwrap();
    let said = a.run(&["--json", "sync", "--timeout", "80s"]).well().json();
    let all = (0..NOTES).map(|note| text_of(note).len() as u64).sum::<u64>();
    let sent = said["sent"]["bytes"].as_u64().unwrap();
    assert!(sent < all / 2, "{sent} of {all} bytes: {said}");
    b.event_at("renamed", "New/1999.md");
    assert_equal(&a.vault, &b.vault, Times::Ignored);
    assert!(!b.vault.join("Old").exists());
}

#[test]
fn touching_everything_sends_nothing() {
    let (mut a, b) = pair(|vault| copy(&small_vault(), vault));
    a.stop();
    let mut folders = vec![a.vault.clone()];
    let year = Duration::from_hours(365 * 24);
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let file = File::options().append(true).open(path).unwrap();
                file.set_times(FileTimes::new().set_modified(SystemTime::now() + year)).unwrap();
            }
        }
    }
    let said = a.run(&["--json", "sync", "--timeout", "60s"]).well().json();
    assert_eq!((&said["sent"]["files"], &said["merged"]), (&0.into(), &0.into()), "{said}");
    assert_equal(&a.vault, &b.vault, Times::Ignored);
}

#[test]
fn the_same_size_and_time_hide_no_edit() {
    let (mut a, b) = pair(|vault| copy(&small_vault(), vault));
    a.stop();
    let place = a.vault.join("Tasks.md");
    let before = fs::metadata(&place).unwrap();
    let text = a.read("Tasks.md").replace("basil", "thyme");
    assert_eq!(text.len() as u64, before.len(), "a word of the same length is in it");
    fs::write(&place, &text).unwrap();
    let file = File::options().append(true).open(&place).unwrap();
    file.set_times(FileTimes::new().set_modified(before.modified().unwrap())).unwrap();
    a.run(&["sync", "--timeout", "60s"]).well();
    b.holds("Tasks.md", Some(text.as_bytes()));
}
