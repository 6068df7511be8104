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

#[test]
fn a_merge_is_taken_back_and_what_came_after_stays() {
    let plan = |due: &str, more: &str| format!("# Plan\n\ndue {due}\n\nend\n{more}");
    let (mut a, mut b) = pair(|vault| {
        std::fs::write(vault.join("Plan.md"), plan("2026-01-01", "")).unwrap();
    });
    a.stop();
    b.stop();
    a.write("Plan.md", plan("2026-02-02", ""));
    b.write("Plan.md", plan("2026-03-03", "\nfrom the desktop\n"));
    a.watch();
    b.watch();
    in_sync(&a, &b);
    let merged = a.read("Plan.md");
    a.write("Plan.md", format!("{merged}\nwritten after it\n"));
    b.holds("Plan.md", Some(format!("{merged}\nwritten after it\n").as_bytes()));
    in_sync(&a, &b);
    let told = log(&a, "Plan.md");
    assert_eq!(log(&b, "Plan.md"), told, "every device tells the same, in the same order");
    let whats: Vec<&str> = told.iter().map(|it| it["what"].as_str().unwrap()).collect();
    assert_eq!(whats, ["edited", "merged", "edited", "edited", "created"], "{told:#?}");
    let merge = &told[1];
    let mut met: Vec<&str> = merge["met"]
        .as_array()
        .unwrap()
        .iter()
        .map(|side| side["devices"][0]["name"].as_str().unwrap())
        .collect();
    met.sort_unstable();
    assert_eq!(met, ["desktop", "laptop"]);
    let text = a.run(&["log", "Plan.md"]).well().out;
    assert!(
        text.contains("merged    desktop + laptop") || text.contains("merged    laptop + desktop"),
        "{text}"
    );
    let rev = &merge["rev"].as_str().unwrap()[..12];
    let now = a.read("Plan.md");
    let words = ["--json", "restore", "Plan.md", "--undo", rev, "--dry-run"];
    let would = a.run(&words).well().json();
    assert_eq!(would["restored"][0]["path"], "Plan.md", "{would}");
    assert_eq!(a.read("Plan.md"), now, "a dry run changes nothing");
    // The side of the other device first, by its name; then, on the other, its own by default.
    a.run(&["restore", "Plan.md", "--undo", rev, "--keep", "laptop"]).well();
    let ours = plan("2026-02-02", "\nwritten after it\n");
    assert_eq!(a.read("Plan.md"), ours);
    b.holds("Plan.md", Some(ours.as_bytes()));
    let last = log(&a, "Plan.md").remove(0);
    assert_eq!(a.run(&["restore", "Plan.md", "--undo", last["rev"].as_str().unwrap()]).code, 1);
    let before = told[0]["rev"].as_str().unwrap();
    a.run(&["restore", "Plan.md", "--rev", before]).well();
    b.holds("Plan.md", Some(now.as_bytes()));
    b.run(&["restore", "Plan.md", "--undo", rev]).well();
    let theirs = plan("2026-03-03", "\nfrom the desktop\n\nwritten after it\n");
    a.holds("Plan.md", Some(theirs.as_bytes()));
}

#[test]
fn a_merge_that_needed_no_hand_is_told_and_taken_back_too() {
    let (mut a, mut b) = pair(|vault| {
        std::fs::write(vault.join("n.md"), "one\n\ntwo\n\nthree\n\nfour\n\nfive\n").unwrap();
    });
    a.stop();
    b.stop();
    a.write("n.md", "ONE\n\ntwo\n\nthree\n\nfour\n\nfive\n");
    b.write("n.md", "one\n\ntwo\n\nthree\n\nfour\n\nFIVE\n");
    a.watch();
    b.watch();
    in_sync(&a, &b);
    let merged = "ONE\n\ntwo\n\nthree\n\nfour\n\nFIVE\n";
    assert_eq!(a.read("n.md"), merged);
    let told = log(&a, "n.md");
    assert_eq!(told[0]["what"], "merged", "{told:#?}");
    let rev = told[0]["rev"].as_str().unwrap().to_owned();
    assert_eq!(a.run(&["show", &format!("n.md@{}", &rev[..12])]).well().out, merged);
    b.run(&["restore", "n.md", "--undo", &rev]).well();
    a.holds("n.md", Some(b"one\n\ntwo\n\nthree\n\nfour\n\nFIVE\n"));
    in_sync(&a, &b);
    assert!(log(&b, "n.md").iter().any(|it| it["rev"] == rev.as_str()), "its name stays");
}

#[test]
fn a_vault_is_put_back_as_it_was() {
    let picture = |with: u8| [b"\x89PNG\0".as_slice(), &[with; 4000]].concat();
    let long = |name: &str| format!("# {name}\n\n{}", "some lines of it\n".repeat(20));
    let (a, b) = pair(|vault| {
        std::fs::create_dir(vault.join("Notes")).unwrap();
        for name in ["edited", "gone", "moved", "left"] {
            std::fs::write(vault.join(format!("Notes/{name}.md")), long(name)).unwrap();
        }
        std::fs::write(vault.join("Notes/p.png"), picture(1)).unwrap();
        std::fs::write(vault.join("Notes/gone.png"), picture(2)).unwrap();
        std::fs::write(vault.join("top.md"), "top\n").unwrap();
    });
    // Times of edits are whole seconds, so the moment lies clearly before them.
    std::thread::sleep(std::time::Duration::from_millis(1100));
    let then = jiff_now();
    std::thread::sleep(std::time::Duration::from_millis(1100));
    b.write("Notes/edited.md", "other\n");
    b.write("top.md", "other top\n");
    std::fs::remove_file(b.vault.join("Notes/gone.md")).unwrap();
    std::fs::remove_file(b.vault.join("Notes/gone.png")).unwrap();
    b.write("Notes/p.png", picture(9));
    std::fs::rename(b.vault.join("Notes/moved.md"), b.vault.join("Notes/elsewhere.md")).unwrap();
    std::fs::rename(b.vault.join("Notes/left.md"), b.vault.join("left.md")).unwrap();
    b.write("Notes/since.md", "made since\n");
    a.holds("Notes/since.md", Some(b"made since\n"));
    a.holds("left.md", Some(long("left").as_bytes()));
    a.holds("Notes/elsewhere.md", Some(long("moved").as_bytes()));
    a.holds("Notes/p.png", Some(&picture(9)));
    a.holds("Notes/gone.png", None);
    a.holds("Notes/gone.md", None);
    a.holds("top.md", Some(b"other top\n"));
    a.holds("Notes/edited.md", Some(b"other\n"));
    in_sync(&a, &b);
    let words = ["--json", "restore", "Notes", "--at", &then, "--dry-run"];
    let would = a.run(&words).well().json();
    let mut paths: Vec<&str> = would["restored"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| it["path"].as_str().unwrap())
        .collect();
    paths.sort_unstable();
    let all = ["edited.md", "gone.md", "gone.png", "left.md", "moved.md", "p.png"]
        .map(|it| format!("Notes/{it}"));
    assert_eq!(paths, all, "{would:#}");
    assert_eq!(a.read("Notes/edited.md"), "other\n", "a dry run changes nothing");
    assert!(a.vault.join("left.md").exists());
    a.run(&["restore", "Notes", "--at", &then]).well();
    for device in [&a, &b] {
        for name in ["edited", "gone", "moved", "left"] {
            device.holds(&format!("Notes/{name}.md"), Some(long(name).as_bytes()));
        }
        device.holds("Notes/p.png", Some(&picture(1)));
        device.holds("Notes/gone.png", Some(&picture(2)));
        device.holds("Notes/since.md", Some(b"made since\n"));
        device.holds("Notes/elsewhere.md", None);
        device.holds("left.md", None);
        device.holds("top.md", Some(b"other top\n"));
    }
    in_sync(&a, &b);
    let told = log(&a, "Notes/moved.md");
    assert_eq!(told[0]["what"], "renamed", "it is the same file: {told:#?}");
    // The whole vault, from the other device.
    b.run(&["restore", "--at", &then]).well();
    a.holds("top.md", Some(b"top\n"));
    in_sync(&a, &b);
    assert!(b.run(&["restore", "--at", &then]).well().out.contains("Everything is so already"));
    assert_eq!(b.run(&["restore", "Nowhere", "--at", &then]).code, 1);
}

/// This moment as `restore --at` takes it.
fn jiff_now() -> String {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    jiff::Timestamp::from_second(i64::try_from(since.as_secs()).unwrap()).unwrap().to_string()
}
