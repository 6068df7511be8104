//! A program that writes its own whole text every few milliseconds and never looks what is there.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::time::Duration;

use crate::device::{Device, in_sync, pair};

/// Saves of the blind program.
const SAVES: usize = 400;
/// Pause between two of them.
const PAUSE: Duration = Duration::from_millis(7);
/// Saves of somebody on the other device.
const EDITS: usize = 12;

/// Everything that the final text or any version in the history holds, as words.
fn words_ever(device: &Device) -> BTreeSet<String> {
    let mut texts = vec![device.read("note.md")];
    let log = ["--json", "log", "note.md", "--all", "--limit", "10000"];
    let log = device.run(&log).well().json();
    assert_eq!(log["more"], false);
    for revision in log["revisions"].as_array().unwrap() {
        let version = format!("note.md@{}", revision["rev"].as_str().unwrap());
        texts.push(device.run(&["show", &version]).well().out);
    }
    texts.iter().flat_map(|text| text.split_whitespace()).map(str::to_owned).collect()
}

fn storm(save: impl Fn(&Path, &str) + Send + 'static) {
    let start = "# Note\nhere:\none\ntwo\nthree\nthere:\nend\n";
    let (a, b) = pair(|vault| fs::write(vault.join("note.md"), start).unwrap());
    let note = a.vault.join("note.md");
    let blind = std::thread::spawn(move || {
        let mut own = Vec::new();
        for n in 0..SAVES {
            own.push(format!("here{n}"));
            let own = own.join(" ");
            let text = format!("# Note\nhere: {own}\none\ntwo\nthree\nthere:\nend\n");
            save(&note, &text);
            // Now and then it stops to think, so that what it overwrites came to its disk before.
            let pause = if n % 50 == 49 { PAUSE * 40 } else { PAUSE };
            std::thread::sleep(pause);
        }
    });
    for n in 0..EDITS {
        let text = b.read("note.md");
        let edited = text.lines().map(|line| match line.strip_prefix("there:") {
            Some(rest) => format!("there:{rest} there{n}\n"),
            None => format!("{line}\n"),
        });
        let temp = b.vault.join("sedXa31bT");
        fs::write(&temp, edited.collect::<String>()).unwrap();
        fs::rename(&temp, b.vault.join("note.md")).unwrap();
        // Long enough for one look at it: what nobody ever read, nobody can keep.
        std::thread::sleep(Duration::from_millis(250));
    }
    blind.join().unwrap();
    in_sync(&a, &b);
    a.until("calm", |it| it["peers"][0]["pending_out"] == 0 && it["peers"][0]["in_sync"] == true);
    assert_eq!(a.read("note.md"), b.read("note.md"));
    let wanted = (0..SAVES).map(|n| format!("here{n}"));
    let wanted: Vec<String> = wanted.chain((0..EDITS).map(|n| format!("there{n}"))).collect();
    for device in [&a, &b] {
        let known = words_ever(device);
        let lost: Vec<&String> = wanted.iter().filter(|it| !known.contains(*it)).collect();
        assert!(lost.is_empty(), "{}: {lost:?} in {}", device.name, device.read("note.md"));
    }
    let names: Vec<_> = fs::read_dir(&a.vault).unwrap().map(|it| it.unwrap().file_name()).collect();
    assert_eq!(names.len(), 2, "nothing lies about: {names:?}");
}

#[test]
fn a_blind_program_that_saves_in_place_erases_nothing_for_good() {
    storm(|note, text| fs::write(note, text).unwrap());
}

#[test]
fn a_blind_program_that_saves_by_renaming_erases_nothing_for_good() {
    storm(|note, text| {
        let temp = note.with_file_name("sedQ72xYz");
        fs::write(&temp, text).unwrap();
        fs::rename(&temp, note).unwrap();
    });
}
