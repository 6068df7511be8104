//! Files that a cloud service took off the disk: many emptied at once.

use std::collections::BTreeMap;

use crate::device::{Device, pair};
use crate::trees::tree;

const NOTES: usize = 60;
const STUBS: usize = 30;

fn full(note: usize) -> String {
    format!("note {note}\n")
}

/// What lies in the vault, without times.
fn bytes(device: &Device) -> BTreeMap<String, Option<Vec<u8>>> {
    tree(&device.vault).into_iter().map(|(path, it)| (path, it.map(|it| it.0))).collect()
}

fn is_braked(device: &Device) -> bool {
    device.status()["problems"].as_array().unwrap().iter().any(|it| it["kind"] == "brake")
}

/// Empties the first notes, every other of them by zero bytes of the same length.
fn empty(a: &mut Device) {
    for note in 0..STUBS {
        let zeros = if note % 2 == 0 { 0 } else { full(note).len() };
        a.write(&format!("{note}.md"), vec![0; zeros]);
    }
    a.event("brake", |_| true);
}

#[test]
fn they_are_emptied_nowhere_else_until_a_person_agrees() {
    let (mut a, mut b) = pair(|vault| {
        for note in 0..NOTES {
            std::fs::write(vault.join(format!("{note}.md")), full(note)).unwrap();
        }
    });
    // One that a person emptied is nothing special.
    a.write("59.md", "");
    b.holds("59.md", Some(b""));
    let before = bytes(&b);
    empty(&mut a);
    assert!(is_braked(&a));
    assert_eq!(a.run(&["sync"]).code, 5);
    a.write("50.md", "note 50\nmore\n");
    b.holds("50.md", Some(b"note 50\nmore\n"));
    b.write("0.md", "note 0\nfrom there\n");
    b.write("51.md", "note 51\nfrom there\n");
    a.holds("51.md", Some(b"note 51\nfrom there\n"));
    a.holds("0.md", Some(b""));
    for (path, held) in bytes(&b) {
        let edited = ["0.md", "50.md", "51.md"].contains(&path.as_str());
        assert!(edited || before.get(&path) == Some(&held), "{path}");
    }
    // A restart changes nothing of it.
    a.stop();
    assert_eq!(a.run(&["sync"]).code, 5);
    a.watch();
    a.event("brake", |_| true);

    // They come back by themselves.
    for note in 0..STUBS {
        a.write(&format!("{note}.md"), full(note));
    }
    a.until("released", |status| status["problems"].as_array().unwrap().is_empty());
    a.run(&["sync"]).well();
    a.holds("0.md", Some(b"note 0\nfrom there\n"));
    assert_eq!(bytes(&a), bytes(&b));

    // And if it is meant, it is done everywhere.
    empty(&mut a);
    let said = a.run(&["sync", "--allow-mass-delete"]);
    assert_eq!(said.code, 3, "held back there: {said:#?}");
    b.event("brake", |_| true);
    assert_eq!(b.status()["peers"][0]["in_sync"], false);
    b.holds("2.md", Some(full(2).as_bytes()));
    b.run(&["sync", "--allow-mass-delete"]).well();
    b.holds("2.md", Some(b""));
    b.holds("3.md", Some(&[0; 7]));
    assert_eq!(bytes(&a), bytes(&b));
    assert!(!is_braked(&a));
}
