//! `push`, `pull` and `sync`: alone, from cron, and through a running `watch`.

use crate::device::{Device, in_sync, pair};
use crate::generate::{self, Recipe};
use crate::trees::{Times, assert_equal, copy, small_vault};

#[test]
fn push_gives_and_pull_takes() {
    let (mut a, b) = pair(|vault| copy(&small_vault(), vault));
    a.stop();
    a.write("From a.md", "pushed\n");
    let done = a.run(&["--json", "push", "--timeout", "60s"]).well().json();
    assert_eq!(done["peers"][0]["outcome"], "in_sync", "{done:#}");
    assert_eq!(done["sent"]["files"], 1, "{done:#}");
    b.holds("From a.md", Some(b"pushed\n"));

    b.write("From b.md", "pulled\n");
    b.until("taken in", |it| it["vault"]["files"].as_u64() > a.status()["vault"]["files"].as_u64());
    let done = a.run(&["--json", "push", "--timeout", "60s"]).well().json();
    assert_eq!(done["received"]["files"], 0, "{done:#}");
    assert!(!a.vault.join("From b.md").exists());
    let done = a.run(&["--json", "pull", "--timeout", "60s"]).well().json();
    assert_eq!(done["received"]["files"], 1, "{done:#}");
    assert_eq!(a.read("From b.md"), "pulled\n");
}

#[test]
fn both_edit_one_note_and_one_pushes_and_pulls() {
    let (mut a, b) = pair(|vault| copy(&small_vault(), vault));
    a.stop();
    let text = a.read("Tasks.md");
    a.write("Tasks.md", text.replace("order seeds", "order more seeds"));
    b.write("Tasks.md", text.replace("2. second\n", "2. second thoughts\n"));
    let merged = text
        .replace("order seeds", "order more seeds")
        .replace("2. second\n", "2. second thoughts\n");
    a.run(&["push", "--timeout", "60s"]).well();
    b.holds("Tasks.md", Some(merged.as_bytes()));
    a.run(&["pull", "--timeout", "60s"]).well();
    assert_eq!(a.read("Tasks.md"), merged);
}

#[test]
fn nothing_changed_costs_next_to_nothing() {
    let (mut a, b) = pair(|vault| {
        generate::write(vault, Recipe { files: 500, attachment_bytes: 1_000_000, seed: 3 })
            .unwrap();
    });
    a.stop();
    a.run(&["sync", "--timeout", "60s"]).well();
    let done = a.run(&["--json", "sync", "--timeout", "60s"]).well().json();
    let bytes =
        done["sent"]["bytes"].as_u64().unwrap() + done["received"]["bytes"].as_u64().unwrap();
    assert!(bytes < 1024, "{done:#}");
    assert_eq!(done["sent"]["files"], 0);
    assert_eq!(done["digest"], b.status()["vault"]["digest"]);
}

#[test]
fn a_one_shot_goes_through_a_running_watch() {
    let (a, b) = pair(|vault| copy(&small_vault(), vault));
    let done = a.run(&["--json", "sync", "--timeout", "60s"]).well().json();
    assert_eq!(done["peers"][0]["outcome"], "in_sync", "{done:#}");
    in_sync(&a, &b);
    assert_equal(&a.vault, &b.vault, Times::Ignored);
}

#[test]
fn nobody_there_is_said_with_code_four() {
    let (mut a, mut b) = pair(|vault| copy(&small_vault(), vault));
    a.stop();
    b.stop();
    a.write("Alone.md", "kept\n");
    let said = a.run(&["--json", "sync", "--timeout", "20s"]);
    assert_eq!(said.code, 4, "{said:#?}");
    assert_eq!(said.json()["peers"][0]["outcome"], "unreachable");
    let lonely = Device::new("lonely");
    lonely.run(&["init"]).well();
    assert_eq!(lonely.run(&["sync", "--timeout", "20s"]).code, 4);
}

#[test]
fn a_dry_run_says_what_would_happen_and_changes_nothing() {
    let (mut a, b) = pair(|vault| copy(&small_vault(), vault));
    a.stop();
    a.write("Planned.md", "not yet\n");
    let before = b.status()["vault"]["digest"].clone();
    let said = a.run(&["--json", "push", "--dry-run", "--timeout", "60s"]).well();
    assert!(said.out.contains("Planned.md"), "{said:#?}");
    assert_eq!(b.status()["vault"]["digest"], before);
    assert!(!b.vault.join("Planned.md").exists());
    let done = a.run(&["--json", "push", "--timeout", "60s"]).well().json();
    assert_eq!(done["sent"]["files"], 1);
}

/// How a one-shot went, by name of the peer.
fn outcome(done: &serde_json::Value, name: &str) -> String {
    let peers = done["peers"].as_array().unwrap();
    let found = peers.iter().find(|it| it["name"] == name).unwrap();
    found["outcome"].as_str().unwrap().to_owned()
}

#[test]
fn one_of_two_peers_is_off_and_the_other_gets_everything() {
    let (mut a, mut b) = pair(|vault| copy(&small_vault(), vault));
    let mut c = Device::new("tablet");
    c.join(&a.invite()).well();
    c.watch();
    in_sync(&b, &a);
    c.until("three", |it| it["peers"].as_array().is_some_and(|it| it.len() == 2));
    a.stop();
    b.stop();
    a.write("From a.md", "for whoever is there\n");
    // Without a limit of its own it gives up on the one that is off.
    let done = a.run(&["--json", "sync"]).well().json();
    assert_eq!(outcome(&done, "tablet"), "in_sync", "{done:#}");
    assert_eq!(outcome(&done, "desktop"), "unreachable", "{done:#}");
    c.holds("From a.md", Some(b"for whoever is there\n"));

    // A limit below that of a connection ends it early, with the same to say.
    a.write("From a.md", "for whoever is there, again\n");
    let mut command = a.command(&["--json", "sync", "--timeout", "3s"]);
    command.current_dir(&a.vault).env("VAULT_SYNC_NET_CONNECT_TIMEOUT_MS", "600000");
    let done = crate::device::ended(command).well().json();
    assert_eq!(outcome(&done, "tablet"), "in_sync", "{done:#}");
    assert_eq!(outcome(&done, "desktop"), "unreachable", "{done:#}");
    c.holds("From a.md", Some(b"for whoever is there, again\n"));

    // Who was named must be there.
    let said = a.run(&["--json", "sync", "desktop"]);
    assert_eq!(said.code, 4, "{said:#?}");
    a.run(&["sync", "tablet"]).well();

    // A running device that has given up on one for now asks it again for a one-shot.
    a.watch();
    let done = a.run(&["--json", "sync"]).well().json();
    assert_eq!(outcome(&done, "desktop"), "unreachable", "{done:#}");
    b.watch();
    a.run(&["--json", "sync", "desktop"]).well();
}
