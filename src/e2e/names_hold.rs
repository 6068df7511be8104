//! Names that some disks cannot hold, and names that look alike.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt as _;

use serde_json::Value;

use crate::device::{Device, in_sync, pair};
use crate::trees::{Times, assert_equal};

fn one_note() -> (Device, Device) {
    pair(|vault| fs::write(vault.join("note.md"), "start\n").unwrap())
}

fn problem<'a>(status: &'a Value, path: &str) -> Option<&'a Value> {
    status["problems"].as_array().unwrap().iter().find(|it| it["path"] == path)
}

#[test]
fn names_of_every_sort_arrive_as_they_are() {
    let (a, b) = one_note();
    let longest = format!("{}.md", "ü".repeat(126));
    assert_eq!(longest.len(), 255);
    let deep =
        (0..40).map(|n| format!("folder number {n} of a long path/")).collect::<Vec<_>>().concat();
    let names = [
        "trailing dot.".to_owned(),
        "trailing space.md ".to_owned(),
        " leading space.md".to_owned(),
        "CON.md".to_owned(),
        "aux".to_owned(),
        "nul.txt".to_owned(),
        "a:b*c?d\"e<f>g|h\\i.md".to_owned(),
        longest,
        format!("{deep}note.md"),
        "🎉👩‍👩‍👧‍👦 party.md".to_owned(),
        "\u{202e}dm.txt עברית العربية.md".to_owned(),
        "bell\u{7} and escape\u{1b}[31m.md".to_owned(),
        "new\nline.md".to_owned(),
        "-rf".to_owned(),
        "--help.md".to_owned(),
        "..md".to_owned(),
        "...".to_owned(),
        "%2e%2e%2f.md".to_owned(),
        "Note.md".to_owned(),
        "note.MD".to_owned(),
        "STRASSE.md".to_owned(),
        "straße.md".to_owned(),
        "日本語/ノート.md".to_owned(),
        "K\u{212a}.md".replace('\u{212a}', "elvin"),
    ];
    for (n, name) in names.iter().enumerate() {
        a.write(name, format!("note {n}\n"));
    }
    for (n, name) in names.iter().enumerate() {
        b.holds(name, Some(format!("note {n}\n").as_bytes()));
    }
    in_sync(&a, &b);
    assert_equal(&a.vault, &b.vault, Times::Compared);
    for (n, name) in names.iter().enumerate() {
        b.write(name, format!("note {n}\nedited\n"));
    }
    for (n, name) in names.iter().enumerate() {
        a.holds(name, Some(format!("note {n}\nedited\n").as_bytes()));
    }
    in_sync(&a, &b);
    assert_equal(&a.vault, &b.vault, Times::Ignored);
    assert_eq!(a.status()["problems"], serde_json::json!([]));
    // People see no control characters.
    let said = a.run(&["status"]).well();
    assert!(!said.out.contains(['\u{7}', '\u{1b}', '\u{202e}']), "{said:#?}");
}

#[test]
fn a_name_that_is_no_text_is_listed() {
    let (a, b) = one_note();
    let odd = a.vault.join(OsStr::from_bytes(b"caf\xe9.md"));
    if fs::write(&odd, "odd\n").is_err() {
        eprintln!("skipped: this file system holds text names only");
        return;
    }
    fs::create_dir(a.vault.join(OsStr::from_bytes(b"f\xff"))).unwrap();
    fs::write(a.vault.join(OsStr::from_bytes(b"f\xff/inside.md")), "inside\n").unwrap();
    a.write("plain.md", "plain\n");
    b.holds("plain.md", Some(b"plain\n"));
    a.run(&["--json", "sync", "--timeout", "20s"]);
    let names = |it: &Value| {
        let problems = it["problems"].as_array().unwrap();
        problems.iter().filter(|it| it["kind"] == "name").count()
    };
    let status = a.until("both listed", |it| names(it) == 2);
    assert!(problem(&status, "caf\u{fffd}.md").is_some(), "{status:#}");
    assert_eq!(fs::read_to_string(&odd).unwrap(), "odd\n");
    assert_eq!(fs::read_dir(&b.vault).unwrap().count(), 3, "the marker and two notes");
}

#[test]
fn twins_of_unicode_are_one_name_and_the_second_is_listed() {
    let (mut a, b) = one_note();
    let (composed, apart) = ("Caf\u{e9}.md", "Cafe\u{301}.md");
    // Made by another system: it arrives, and edits go both ways into the file that is there.
    a.write(apart, "made on a Mac\n");
    b.holds(composed, Some(b"made on a Mac\n"));
    b.write(composed, "made on a Mac\nedited there\n");
    a.holds(apart, Some(b"made on a Mac\nedited there\n"));
    if a.vault.join(composed).exists() {
        eprintln!("skipped: this file system takes both spellings for one");
        return;
    }
    // A second file of the other spelling: the composed one is the note, the other is listed.
    a.write(composed, "a second one\n");
    b.holds(composed, Some(b"a second one\n"));
    a.stop();
    a.watch();
    in_sync(&a, &b);
    assert_eq!(fs::read_to_string(a.vault.join(apart)).unwrap(), "made on a Mac\nedited there\n");
    assert_eq!(fs::read_to_string(a.vault.join(composed)).unwrap(), "a second one\n");
    a.until("listed", |it| {
        it["problems"].as_array().unwrap().iter().any(|it| it["kind"] == "name")
    });
    // Once that one is alone again, it is the note.
    fs::remove_file(a.vault.join(composed)).unwrap();
    b.holds(composed, Some(b"made on a Mac\nedited there\n"));
    in_sync(&a, &b);
}

#[test]
fn a_name_changes_its_letter_case_alone() {
    let (mut a, mut b) = one_note();
    a.write("folder/readme.md", "read me\n");
    b.holds("folder/readme.md", Some(b"read me\n"));
    in_sync(&a, &b);
    fs::rename(a.vault.join("folder/readme.md"), a.vault.join("folder/README.md")).unwrap();
    b.holds("folder/README.md", Some(b"read me\n"));
    b.holds("folder/readme.md", None);
    assert_eq!(b.event_at("renamed", "folder/README.md")["from"], "folder/readme.md");
    fs::rename(b.vault.join("folder"), b.vault.join("Folder")).unwrap();
    a.holds("Folder/README.md", Some(b"read me\n"));
    in_sync(&a, &b);
    assert_equal(&a.vault, &b.vault, Times::Ignored);
    a.stop();
}
