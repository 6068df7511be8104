//! What a peer deletes or replaces can be had back.

use std::fs;
use std::path::Path;

use crate::device::{Device, in_sync, pair};
use crate::trees::{Times, assert_equal};

/// Whatever lies in the trash of a device: path in the vault and bytes.
pub(crate) fn trash(device: &Device) -> Vec<(String, Vec<u8>)> {
    let mut found = Vec::new();
    let heaps = fs::read_dir(device.vault.join(".vault-sync/trash"));
    for heap in heaps.into_iter().flatten().flatten() {
        let name = heap.file_name().into_string().unwrap();
        assert!(name.starts_with("20") && name.contains("Z-"), "{name}");
        collect(&heap.path(), &heap.path(), &mut found);
    }
    found.sort();
    found
}

fn collect(heap: &Path, folder: &Path, found: &mut Vec<(String, Vec<u8>)>) {
    for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
        if entry.file_type().unwrap().is_dir() {
            collect(heap, &entry.path(), found);
        } else {
            let path = entry.path().strip_prefix(heap).unwrap().to_str().unwrap().to_owned();
            found.push((path, fs::read(entry.path()).unwrap()));
        }
    }
}

#[test]
fn what_a_peer_removes_or_replaces_stays_in_the_trash() {
    let pictures = |n: u8| [n, 0, 0xff].repeat(4000);
    let (a, mut b) = pair(|vault| {
        fs::create_dir(vault.join("Pictures")).unwrap();
        fs::write(vault.join("Pictures/cat.png"), pictures(1)).unwrap();
        fs::write(vault.join("Pictures/dog.png"), pictures(2)).unwrap();
        fs::write(vault.join("note.md"), "a note\n").unwrap();
        fs::write(vault.join("edited.md"), "one\n").unwrap();
    });
    fs::remove_file(a.vault.join("note.md")).unwrap();
    fs::remove_file(a.vault.join("Pictures/cat.png")).unwrap();
    a.write("Pictures/dog.png", pictures(3));
    a.write("edited.md", "one\ntwo\n");
    b.holds("note.md", None);
    b.holds("Pictures/cat.png", None);
    b.holds("Pictures/dog.png", Some(&pictures(3)));
    b.holds("edited.md", Some(b"one\ntwo\n"));
    in_sync(&a, &b);
    let kept = [
        ("Pictures/cat.png".to_owned(), pictures(1)),
        ("Pictures/dog.png".to_owned(), pictures(2)),
        ("note.md".to_owned(), b"a note\n".to_vec()),
    ];
    assert_eq!(trash(&b), kept);
    let size: usize = kept.iter().map(|it| it.1.len()).sum();
    assert_eq!(b.status()["trash"], serde_json::json!({ "files": 3, "bytes": size }));
    assert_eq!(a.status()["trash"], serde_json::json!({ "files": 0, "bytes": 0 }));
    assert_eq!(trash(&a), [], "who deletes knows it");
    assert_equal(&a.vault, &b.vault, Times::Compared);
    // It stays over a start, takes no part, and goes once nobody wants a trash.
    b.stop();
    assert_eq!(b.status()["trash"]["files"], 3, "also while nothing runs");
    b.watch();
    in_sync(&a, &b);
    assert_eq!(trash(&b), kept);
    b.stop();
    b.run(&["config", "set", "trash.bytes", "20000"]).well();
    b.watch();
    b.until("pruned", |_| trash(&b).iter().map(|it| it.1.len()).sum::<usize>() <= 20_000);
    b.stop();
    b.run(&["config", "set", "trash.days", "0"]).well();
    b.watch();
    in_sync(&a, &b);
    a.write("Pictures/dog.png", pictures(4));
    b.holds("Pictures/dog.png", Some(&pictures(4)));
    in_sync(&a, &b);
    assert!(trash(&b).iter().all(|it| it.1 != pictures(3)));
}
