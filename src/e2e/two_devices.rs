//! The first minutes: a folder becomes a vault, a second device joins.

use crate::device::{Device, in_sync, pair};
use crate::generate::{self, Recipe};
use crate::trees::{Times, assert_equal, copy, small_vault};

#[test]
fn a_second_device_gets_the_folder_byte_for_byte() {
    let (mut a, b) = (Device::new("laptop"), Device::new("desktop"));
    copy(&small_vault(), &a.vault);
    std::fs::create_dir_all(a.vault.join("Empty/deeper")).unwrap();
    let vault = a.vault.to_str().unwrap().to_owned();
    a.run(&["init", &vault]).well();
    a.run(&["init", &vault]).well();
    let ready = a.watch();
    let said = b.join(&a.invite()).well();
    let done = said.json();
    assert_eq!(done["event"], "done");
    assert_eq!(done["peers"][0]["outcome"], "in_sync");
    assert_eq!(done["digest"], a.status()["vault"]["digest"]);
    assert!(done["received"]["files"].as_u64().unwrap() >= 41, "{done:#}");
    assert_eq!(ready["files"], a.status()["vault"]["files"]);
    assert_equal(&a.vault, &b.vault, Times::Compared);
    assert!(!b.vault.join(".obsidian/workspace.json").exists());
    assert!(b.vault.join("Empty/deeper").is_dir());
    assert_eq!(b.run(&["verify"]).code, 0);
    assert_eq!(b.run(&["verify", "--deep"]).code, 0);
}

#[test]
fn a_populated_copy_is_adopted_and_nothing_is_sent() {
    let (mut a, b) = (Device::new("laptop"), Device::new("desktop"));
    let recipe = Recipe { files: 300, attachment_bytes: 2_000_000, seed: 11 };
    generate::write(&a.vault, recipe).unwrap();
    copy(&a.vault, &b.vault);
    b.write("Only here.md", "a note of the second device\n");
    a.watch();
    let done = b.join(&a.invite()).well().json();
    assert_eq!(done["sent"]["files"], 1, "{done:#}");
    assert_eq!(done["received"]["files"], 0, "{done:#}");
    a.holds("Only here.md", Some(b"a note of the second device\n"));
    assert_equal(&a.vault, &b.vault, Times::Compared);
}

#[test]
fn a_plain_folder_becomes_a_vault_by_watching_it() {
    let mut a = Device::new("laptop");
    a.write("note.md", "hello\n");
    let ready = a.watch();
    assert_eq!(ready["files"], 1);
    assert!(ready["startup_ms"].is_u64() && ready["addresses"].is_array(), "{ready:#}");
    assert!(a.vault.join(".vault-sync/vault.json").is_file());
    a.stop();
}

#[test]
fn a_generated_vault_of_a_thousand_files_arrives_whole() {
    let (a, mut b) = pair(|vault| {
        generate::write(vault, Recipe::new(1000, 5)).unwrap();
    });
    assert_equal(&a.vault, &b.vault, Times::Compared);
    b.stop();
    b.watch();
    in_sync(&a, &b);
}
