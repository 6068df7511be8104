//! A power cut at a bad moment.

use crate::device::{Device, in_sync, pair};
use crate::generate::{self, Recipe};
use crate::trees::{Times, assert_equal};

fn count_files(folder: &std::path::Path) -> usize {
    crate::trees::tree(folder).len()
}

/// Runs a first sync, cuts one side off in the middle, lets both go on.
fn cut_in_the_middle(which: &str) {
    let (mut a, mut b) = (Device::new("laptop"), Device::new("desktop"));
    let recipe = Recipe { files: 1500, attachment_bytes: 12_000_000, seed: 21 };
    let (_, total) = generate::write(&a.vault, recipe).unwrap();
    a.watch();
    let ticket = a.invite();
    let vault = b.vault.to_str().unwrap().to_owned();
    let mut joining = b
        .command(&["--json", "join", &ticket, &vault])
        .stdout(std::process::Stdio::null())
        .stderr(std::process::Stdio::null())
        .spawn()
        .unwrap();
    let deadline = std::time::Instant::now() + crate::device::PATIENCE;
    while !b.vault.join("Zettel").is_dir() || count_files(&b.vault) < 200 {
        assert!(std::time::Instant::now() < deadline, "the first sync never began");
    }
    if which == "sender" {
        a.kill();
        joining.wait().unwrap();
        a.watch();
    } else {
        joining.kill().unwrap();
        joining.wait().unwrap();
    }
    let arrived: u64 =
        crate::trees::tree(&b.vault).values().flatten().map(|(bytes, _)| bytes.len() as u64).sum();
    b.watch();
    in_sync(&a, &b);
    assert_equal(&a.vault, &b.vault, Times::Compared);
    assert!(arrived < total, "it was over before it could be cut");
    assert_eq!(b.run(&["verify", "--deep"]).code, 0);
}

#[test]
fn the_receiver_dies_in_a_first_sync() {
    cut_in_the_middle("receiver");
}

#[test]
fn the_sender_dies_in_a_first_sync() {
    cut_in_the_middle("sender");
}

#[test]
fn what_had_arrived_is_not_sent_again() {
    let (mut a, b) = (Device::new("laptop"), Device::new("desktop"));
    let recipe = Recipe { files: 1000, attachment_bytes: 40_000_000, seed: 8 };
    let (_, total) = generate::write(&a.vault, recipe).unwrap();
    a.watch();
    let ticket = a.invite();
    let vault = b.vault.to_str().unwrap().to_owned();
    let mut joining = b
        .command(&["--json", "join", &ticket, &vault])
        .stdout(std::process::Stdio::null())
        .spawn()
        .unwrap();
    let deadline = std::time::Instant::now() + crate::device::PATIENCE;
    while count_files(&b.vault) < 500 {
        assert!(std::time::Instant::now() < deadline, "the first sync never began");
    }
    joining.kill().unwrap();
    joining.wait().unwrap();
    let held: u64 =
        crate::trees::tree(&b.vault).values().flatten().map(|(bytes, _)| bytes.len() as u64).sum();
    let done = b.run(&["--json", "sync", "--timeout", "80s"]).well().json();
    let received = done["received"]["bytes"].as_u64().unwrap();
    // What lay on the disk is not sent again; a tenth is room for framing and for what was on its way.
    assert!(received < total - held + total / 10, "{held} held, {total} in all: {done:#}");
    assert_equal(&a.vault, &b.vault, Times::Compared);
}

#[test]
fn an_edit_seen_by_the_peer_survives_a_kill_of_both() {
    let (mut a, mut b) = pair(|vault| {
        std::fs::write(vault.join("note.md"), "one\n").unwrap();
    });
    a.write("note.md", "one\ntwo\n");
    b.holds("note.md", Some(b"one\ntwo\n"));
    a.kill();
    b.kill();
    a.watch();
    b.watch();
    in_sync(&a, &b);
    assert_eq!(a.read("note.md"), "one\ntwo\n");
    assert_eq!(b.read("note.md"), "one\ntwo\n");
    b.write("note.md", "one\ntwo\nthree\n");
    a.holds("note.md", Some(b"one\ntwo\nthree\n"));
}
