//! Devices that want only a part of the vault.

use std::fs;

use crate::device::{Device, in_sync, pair};
use crate::trees::{Times, assert_equal, tree};

fn set(device: &mut Device, key: &str, value: &str) {
    device.stop();
    device.run(&["config", "set", key, value]).well();
    device.watch();
}

fn fill(vault: &std::path::Path) {
    for (name, bytes) in [
        ("note.md", b"start\n".to_vec()),
        ("Films/list.md", b"seen\n".to_vec()),
        ("Films/one.mp4", [1, 0].repeat(50_000)),
        ("Private/diary.md", b"dear diary\n".to_vec()),
        ("cat.png", [2, 0].repeat(1000)),
    ] {
        let place = vault.join(name);
        fs::create_dir_all(place.parent().unwrap()).unwrap();
        fs::write(place, bytes).unwrap();
    }
}

#[test]
fn a_change_of_what_is_wanted_deletes_nothing_anywhere() {
    let (a, mut b) = pair(fill);
    set(&mut b, "scope.exclude", "Films/, Private");
    in_sync(&a, &b);
    b.until("counted", |it| it["vault"]["left_out"] == 3);
    assert_eq!(b.read("Private/diary.md"), "dear diary\n", "what is there stays");
    // Neither taken in nor written; not even a deletion counts.
    b.write("Private/diary.md", "edited where it is not wanted\n");
    b.write("Private/new.md", "new where it is not wanted\n");
    fs::remove_file(b.vault.join("Films/one.mp4")).unwrap();
    a.write("Films/list.md", "seen\nand seen again\n");
    b.write("note.md", "start\nand on\n");
    a.holds("note.md", Some(b"start\nand on\n"));
    in_sync(&a, &b);
    b.stop();
    b.watch();
    in_sync(&a, &b);
    assert_eq!(a.read("Private/diary.md"), "dear diary\n");
    assert!(a.vault.join("Films/one.mp4").exists() && !a.vault.join("Private/new.md").exists());
    assert_eq!(b.read("Films/list.md"), "seen\n");
    assert!(!b.vault.join("Films/one.mp4").exists());
    // Wanted again: what was missed comes, what was written meanwhile goes out, nothing is lost.
    set(&mut b, "scope.exclude", "");
    b.holds("Films/one.mp4", Some(&[1, 0].repeat(50_000)));
    a.holds("Private/new.md", Some(b"new where it is not wanted\n"));
    in_sync(&a, &b);
    let diary = a.read("Private/diary.md");
    assert!(diary.contains("edited where it is not wanted"), "{diary}");
    assert!(a.read("Films/list.md").contains("and seen again"));
    assert_equal(&a.vault, &b.vault, Times::Ignored);
    assert_eq!(tree(&a.vault).len(), 6);
}

#[test]
fn a_device_that_wants_a_part_passes_the_rest_on() {
    let (mut a, mut b, mut c) =
        (Device::new("laptop"), Device::new("phone"), Device::new("desktop"));
    fill(&a.vault);
    a.watch();
    // Before anything was fetched.
    fs::create_dir_all(&b.home).unwrap();
    b.run(&["config", "set", "scope.include", "/note.md, /Films/*.md, *.png"]).well();
    b.run(&["config", "set", "scope.max_attachment_bytes", "1500"]).well();
    b.join(&a.invite()).well();
    b.watch();
    in_sync(&a, &b);
    let names: Vec<String> = tree(&b.vault).into_keys().collect();
    assert_eq!(names, ["Films/list.md", "note.md"]);
    b.until("counted", |it| it["vault"]["left_out"] == 3);
    let there: u64 = fs::read_dir(b.vault.join(".vault-sync/parts"))
        .map_or(0, |parts| parts.map(|it| it.unwrap().metadata().unwrap().len()).sum());
    assert_eq!(there, 0, "nothing was fetched that is not wanted");
    a.write("Private/diary.md", "dear diary\nedited\n");
    in_sync(&a, &b);
    a.stop();
    // The third meets only the second: notes come through it, attachments wait for the first.
    c.join(&b.invite());
    c.watch();
    c.holds("Private/diary.md", Some(b"dear diary\nedited\n"));
    c.holds("Films/list.md", Some(b"seen\n"));
    assert!(!c.vault.join("Films/one.mp4").exists());
    a.watch();
    c.holds("Films/one.mp4", Some(&[1, 0].repeat(50_000)));
    c.holds("cat.png", Some(&[2, 0].repeat(1000)));
    let wide = |it: &serde_json::Value| it["vault"]["left_out"] == 3;
    b.until("still narrow", wide);
    // Wider again: all of it comes.
    b.stop();
    b.run(&["config", "set", "scope.include", ""]).well();
    b.run(&["config", "set", "scope.max_attachment_bytes", "0"]).well();
    b.watch();
    b.holds("Films/one.mp4", Some(&[1, 0].repeat(50_000)));
    b.holds("cat.png", Some(&[2, 0].repeat(1000)));
    in_sync(&a, &b);
    assert_equal(&a.vault, &b.vault, Times::Ignored);
    assert_equal(&a.vault, &c.vault, Times::Ignored);
}

#[test]
fn a_limit_for_attachments_deletes_none() {
    let (a, mut b) = pair(fill);
    set(&mut b, "scope.max_attachment_bytes", "5000");
    in_sync(&a, &b);
    fs::remove_file(b.vault.join("Films/one.mp4")).unwrap();
    b.write("large.bin", [7, 0].repeat(9000));
    b.write("small.bin", [7, 0].repeat(900));
    a.holds("small.bin", Some(&[7, 0].repeat(900)));
    b.stop();
    b.watch();
    in_sync(&a, &b);
    assert!(a.vault.join("Films/one.mp4").exists());
    assert!(!a.vault.join("large.bin").exists());
    // A deletion of what is wanted is one.
    fs::remove_file(b.vault.join("cat.png")).unwrap();
    a.holds("cat.png", None);
    set(&mut b, "scope.max_attachment_bytes", "0");
    b.holds("Films/one.mp4", Some(&[1, 0].repeat(50_000)));
    a.holds("large.bin", Some(&[7, 0].repeat(9000)));
    in_sync(&a, &b);
    assert_equal(&a.vault, &b.vault, Times::Ignored);
}
