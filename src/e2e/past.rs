//! The history of files: who did what when, and how to get it back.

use serde_json::Value;

use crate::device::{Device, in_sync, pair};
use crate::trees::{copy, small_vault};

fn log(device: &Device, path: &str) -> Vec<Value> {
    let log = device.run(&["--json", "log", path]).well().json();
    log["revisions"].as_array().unwrap().clone()
}

#[test]
fn both_devices_tell_who_did_what_and_can_undo_it() {
    let (mut a, b) = pair(|vault| copy(&small_vault(), vault));
    let before = a.read("Tasks.md");
    let first = format!("{before}- [ ] from the laptop\n");
    a.write("Tasks.md", &first);
    b.holds("Tasks.md", Some(first.as_bytes()));
    let second = format!("{first}- [ ] from the desktop\n");
    b.write("Tasks.md", &second);
    a.holds("Tasks.md", Some(second.as_bytes()));
    in_sync(&a, &b);
    for device in [&a, &b] {
        let told = log(device, "Tasks.md");
        let who: Vec<&str> =
            told.iter().map(|it| it["device"]["name"].as_str().unwrap_or("-")).collect();
        assert_eq!(who, ["desktop", "laptop", "-"], "{told:#?}");
        assert_eq!(told[2]["what"], "created");
        let rev = &told[1]["rev"].as_str().unwrap()[..12];
        let shown = device.run(&["show", &format!("Tasks.md@{rev}")]).well();
        assert_eq!(shown.out, first);
        let diff = device.run(&["diff", "Tasks.md", rev]).well();
        assert!(diff.out.ends_with("+- [ ] from the desktop\n"), "{}", diff.out);
    }
    // Through the running watch; it is an edit like any other.
    let born = log(&b, "Tasks.md")[2]["rev"].as_str().unwrap().to_owned();
    b.run(&["restore", "Tasks.md", "--rev", &born]).well();
    a.holds("Tasks.md", Some(before.as_bytes()));
    // Without one.
    a.stop();
    let rev = log(&a, "Tasks.md").iter().find(|it| it["device"]["name"] == "desktop").cloned();
    assert!(rev.is_some());
    let rev = log(&a, "Tasks.md")[2]["rev"].as_str().unwrap().to_owned();
    a.run(&["restore", "Tasks.md", "--rev", &rev, "--to", "Copies/Tasks.md"]).well();
    assert!(a.read("Copies/Tasks.md").starts_with(&before));
    a.run(&["sync", "--timeout", "60s"]).well();
    b.holds("Copies/Tasks.md", Some(a.read("Copies/Tasks.md").as_bytes()));
}

#[test]
fn a_deleted_note_and_a_whole_folder_come_back() {
    let (a, b) = pair(|vault| copy(&small_vault(), vault));
    let note = a.read("Tables.md");
    let person = a.read("People/Ada.md");
    std::fs::remove_file(b.vault.join("Tables.md")).unwrap();
    a.holds("Tables.md", None);
    a.run(&["restore", "Tables.md"]).well();
    b.holds("Tables.md", Some(note.as_bytes()));
    b.write("People/Ada.md", "all gone\n");
    a.holds("People/Ada.md", Some(b"all gone\n"));
    let would = a.run(&["--json", "restore", "People", "--at", "1h", "--dry-run"]).well().json();
    assert_eq!(would["restored"][0]["path"], "People/Ada.md", "{would}");
    assert_eq!(a.read("People/Ada.md"), "all gone\n", "a dry run changes nothing");
    a.run(&["restore", "People", "--at", "1h"]).well();
    b.holds("People/Ada.md", Some(person.as_bytes()));
    assert_eq!(a.run(&["restore", "Tasks.md"]).code, 1, "it is there, so a version is due");
    assert_eq!(a.run(&["log", "Nowhere.md"]).code, 1);
    assert_eq!(a.run(&["show", "Tasks.md@00000000"]).code, 1);
}

#[test]
fn a_picture_deleted_elsewhere_comes_back_from_the_trash() {
    let picture = [b"\x89PNG\0".as_slice(), &[7; 5000]].concat();
    let (a, b) = pair(|vault| std::fs::write(vault.join("p.png"), &picture).unwrap());
    std::fs::remove_file(b.vault.join("p.png")).unwrap();
    a.holds("p.png", None);
    in_sync(&a, &b);
    let shown = a.run(&["--json", "show", "p.png"]).well().json();
    assert_eq!(shown["bytes"], 5005, "{shown}");
    a.run(&["restore", "p.png"]).well();
    b.holds("p.png", Some(&picture));
}

#[test]
fn a_contradiction_is_listed_and_settled() {
    let (mut a, mut b) = pair(|vault| {
        std::fs::write(vault.join("Plan.md"), "# Plan\n\ndue 2026-01-01\n").unwrap();
    });
    a.stop();
    b.stop();
    a.write("Plan.md", "# Plan\n\ndue 2026-02-02\n");
    b.write("Plan.md", "# Plan\n\ndue 2026-03-03\n");
    a.watch();
    b.watch();
    in_sync(&a, &b);
    let text = a.read("Plan.md");
    assert_eq!(text, b.read("Plan.md"));
    let listed = a.run(&["--json", "conflicts"]).well().json();
    let one = &listed["conflicts"][0];
    let (chosen, other) =
        (one["chosen"].as_str().unwrap(), one["alternative"].as_str().unwrap().to_owned());
    assert!(text.contains(chosen) && !text.contains(&other), "{listed} {text}");
    assert_eq!(one["path"], "Plan.md");
    assert_eq!(b.run(&["--json", "conflicts"]).well().json(), listed, "the same on both");
    let id = one["id"].as_str().unwrap().to_owned();
    assert_eq!(a.status()["conflicts"], 1);
    assert_eq!(a.run(&["conflicts", "resolve", &id]).code, 2, "a verdict is due");
    a.run(&["conflicts", "resolve", &id, "--theirs"]).well();
    b.holds("Plan.md", Some(text.replace(chosen, &other).as_bytes()));
    assert_eq!(a.status()["conflicts"], 0);
    a.stop();
    assert_eq!(a.status()["conflicts"], 0, "it stays settled");
    assert_eq!(a.run(&["conflicts", "show", &id]).code, 1);
    assert_eq!(b.run(&["conflicts", "resolve", &id[..8], "--merged"]).code, 1, "once is enough");
    assert!(
        b.run(&["--json", "conflicts", "list"]).well().json()["conflicts"] == serde_json::json!([])
    );
}
