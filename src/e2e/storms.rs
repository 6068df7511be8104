//! Much at once, and a watcher that cannot keep up.

use std::fs;
use std::time::{Duration, Instant};

use crate::device::{Device, in_sync, pair};
use crate::trees::{Times, assert_equal, tree};

fn one_note() -> (Device, Device) {
    pair(|vault| fs::write(vault.join("note.md"), "start\n").unwrap())
}

#[test]
fn twenty_thousand_files_at_once_arrive() {
    const FILES: usize = 20_000;
    let (a, b) = one_note();
    for folder in 0..20 {
        fs::create_dir(a.vault.join(format!("{folder}"))).unwrap();
    }
    for file in 0..FILES {
        let place = a.vault.join(format!("{}/{file}.md", file % 20));
        fs::write(place, format!("note {file}\n")).unwrap();
    }
    b.until("all", |it| it["vault"]["files"] == FILES + 1);
    in_sync(&a, &b);
    assert_equal(&a.vault, &b.vault, Times::Ignored);
}

#[test]
fn a_folder_moved_out_and_in_goes_and_comes() {
    let (mut a, b) = pair(|vault| {
        for note in 0..30 {
            let folder = vault.join(format!("Trip/{}", note % 3));
            fs::create_dir_all(&folder).unwrap();
            fs::write(folder.join(format!("{note}.md")), format!("note {note} of the trip\n"))
                .unwrap();
        }
        for note in 0..40 {
            fs::write(vault.join(format!("{note}.md")), format!("note {note}\n")).unwrap();
        }
    });
    let outside = a.vault.with_file_name("outside");
    fs::rename(a.vault.join("Trip"), &outside).unwrap();
    b.holds("Trip/0/0.md", None);
    b.holds("Trip/2/29.md", None);
    in_sync(&a, &b);
    assert_equal(&a.vault, &b.vault, Times::Ignored);
    fs::rename(&outside, a.vault.join("Trip again")).unwrap();
    b.holds("Trip again/2/29.md", Some(b"note 29 of the trip\n"));
    in_sync(&a, &b);
    // Watched from now on like any other folder.
    a.write("Trip again/1/1.md", "more\n");
    b.holds("Trip again/1/1.md", Some(b"more\n"));
    in_sync(&a, &b);
    assert_equal(&a.vault, &b.vault, Times::Ignored);
    a.stop();
}

#[test]
fn a_folder_renamed_under_load_loses_nothing() {
    let (a, b) = pair(|vault| {
        fs::create_dir(vault.join("Old")).unwrap();
        for note in 0..60 {
            let text = format!("# {note}\nhere {note}:\nmiddle\nmiddle\nthere {note}:\n");
            fs::write(vault.join(format!("Old/{note}.md")), text).unwrap();
        }
    });
    let far = b.vault.clone();
    let writer = std::thread::spawn(move || {
        for note in 0..60 {
            let place = ["Old", "New"].map(|it| far.join(format!("{it}/{note}.md")));
            let Some(place) = place.iter().find(|it| it.exists()) else { continue };
            let Ok(text) = fs::read_to_string(place) else { continue };
            // Only where the folder still is: this person makes no folders.
            let edited = text.replace(&format!("there {note}:"), &format!("there {note}: x"));
            let temp = place.with_extension("tmp");
            if fs::write(&temp, edited).is_ok() {
                fs::rename(&temp, place).ok();
            }
            std::thread::sleep(Duration::from_millis(10));
        }
    });
    for note in 0..60 {
        let folder = if note < 30 { "Old" } else { "New" };
        if note == 30 {
            fs::rename(a.vault.join("Old"), a.vault.join("New")).unwrap();
        }
        let place = a.vault.join(format!("{folder}/{note}.md"));
        let text = fs::read_to_string(&place).unwrap();
        fs::write(&place, text.replace(&format!("here {note}:"), &format!("here {note}: y")))
            .unwrap();
        std::thread::sleep(Duration::from_millis(10));
    }
    writer.join().unwrap();
    in_sync(&a, &b);
    b.holds("New/59.md", Some(fs::read(a.vault.join("New/59.md")).unwrap().as_slice()));
    in_sync(&a, &b);
    assert_equal(&a.vault, &b.vault, Times::Ignored);
    for note in 0..60 {
        let text = a.read(&format!("New/{note}.md"));
        assert!(text.contains(&format!("here {note}: y\n")), "{note}: {text}");
    }
    assert!(
        !tree(&a.vault).keys().any(|it| it.contains("recovered")),
        "{:?}",
        tree(&a.vault).keys()
    );
}

#[test]
fn another_folder_in_the_place_of_the_root_deletes_nothing() {
    let (mut a, b) = pair(|vault| {
        for note in 0..30 {
            fs::write(vault.join(format!("{note}.md")), format!("note {note}\n")).unwrap();
        }
    });
    let before = tree(&b.vault);
    let away = a.vault.with_file_name("away");
    fs::rename(&a.vault, &away).unwrap();
    fs::create_dir(&a.vault).unwrap();
    fs::write(a.vault.join("stranger.md"), "of another vault\n").unwrap();
    a.event("brake", |_| true);
    let command = {
        let mut command = a.command(&["sync", "--timeout", "10s", "--vault"]);
        command.arg(&away);
        command
    };
    drop(command);
    assert_eq!(tree(&b.vault), before);
    // Put back, all goes on.
    fs::remove_dir_all(&a.vault).unwrap();
    fs::rename(&away, &a.vault).unwrap();
    b.write("note.md", "meanwhile\n");
    a.holds("note.md", Some(b"meanwhile\n"));
    a.write("0.md", "edited after the return\n");
    b.holds("0.md", Some(b"edited after the return\n"));
    in_sync(&a, &b);
    assert_equal(&a.vault, &b.vault, Times::Ignored);
    assert!(!b.vault.join("stranger.md").exists());
}

#[test]
fn another_branch_checked_out_arrives() {
    const NOTES: usize = 2000;
    let (a, b) = pair(|vault| {
        for folder in 0..20 {
            fs::create_dir(vault.join(format!("{folder}"))).unwrap();
        }
        for note in 0..NOTES {
            let text = format!("# {note}\nthis is the main branch of note {note}\n");
            fs::write(vault.join(format!("{}/{note}.md", note % 20)), text).unwrap();
        }
    });
    // As version control does it: the old file goes, the new one is written; some only go or come.
    for note in 0..NOTES {
        let place = a.vault.join(format!("{}/{note}.md", note % 20));
        fs::remove_file(&place).unwrap();
        if note % 10 == 0 {
            let moved = a.vault.join(format!("{}/{note} moved.md", note % 20));
            fs::write(moved, format!("# {note}\nthis is the main branch of note {note}\n"))
                .unwrap();
        } else {
            let text = format!("# {note}\nthis is another branch of note {note}\nand more\n");
            fs::write(place, text).unwrap();
        }
    }
    b.holds("19/1999.md", Some(b"# 1999\nthis is another branch of note 1999\nand more\n"));
    in_sync(&a, &b);
    assert_equal(&a.vault, &b.vault, Times::Ignored);
    assert_eq!(tree(&b.vault).len(), NOTES);
}

#[test]
fn a_file_rewritten_all_the_time_is_batched_and_does_not_grow_the_store() {
    const SAVES: usize = 200;
    let (mut a, b) = one_note();
    let filler = "a line that stays as it is\n".repeat(300);
    a.write("counter.md", format!("count: start\n{filler}"));
    b.holds("counter.md", Some(format!("count: start\n{filler}").as_bytes()));
    in_sync(&a, &b);
    let before = size_of(&a.home);
    a.told("sent");
    let told = a.told("sent");
    let end = Instant::now() + Duration::from_secs(20);
    let mut saves = 0;
    while saves < SAVES && Instant::now() < end {
        a.write("counter.md", format!("count: {saves}\n{filler}"));
        saves += 1;
        // Well within the quiet time, so that only the upper limit lets a save through.
        std::thread::sleep(Duration::from_millis(40));
    }
    let last = format!("count: {}\n{filler}", saves - 1);
    b.holds("counter.md", Some(last.as_bytes()));
    in_sync(&a, &b);
    let sent = a.told("sent") - told;
    assert!(sent * 3 < saves, "{sent} transfers for {saves} saves");
    let grown = size_of(&a.home).saturating_sub(before);
    assert!(grown < 2_000_000, "the store grew by {grown} bytes");
}

/// Bytes of all files below `folder`.
fn size_of(folder: &std::path::Path) -> u64 {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries
        .map(|entry| match entry.metadata() {
            Ok(meta) if meta.is_dir() => size_of(&entry.path()),
            Ok(meta) => meta.len(),
            Err(_) => 0,
        })
        .sum()
}

#[test]
fn the_noise_of_open_panes_is_no_traffic() {
    let (mut a, mut b) = pair(|vault| {
        fs::create_dir(vault.join(".obsidian")).unwrap();
        fs::write(vault.join(".obsidian/app.json"), "{}").unwrap();
        fs::write(vault.join("note.md"), "start\n").unwrap();
    });
    let (sent, taken) = (a.told("sent"), a.told("taken-in"));
    let back = b.told("sent");
    for save in 0..40 {
        a.write(".obsidian/workspace.json", format!("{{\"active\": {save}}}"));
        std::thread::sleep(Duration::from_millis(25));
    }
    // Whatever it led to comes before this.
    a.write("note.md", "end\n");
    b.holds("note.md", Some(b"end\n"));
    in_sync(&a, &b);
    a.event_at("sent", "note.md");
    a.event_at("taken-in", "note.md");
    assert_eq!((a.told("sent"), a.told("taken-in"), b.told("sent")), (sent, taken, back));
    assert!(!b.vault.join(".obsidian/workspace.json").exists());
}
