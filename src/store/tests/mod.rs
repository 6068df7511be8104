//! The store from outside: what goes in comes back, whatever happens in between.

mod crash;
mod damage;
mod fixture;
mod lives;
mod model;
mod packs;
mod plain;

use std::collections::BTreeSet;
use std::path::Path;

use plain::{Plain, content};
use tempfile::TempDir;

use super::texts::PACK_TEXTS;
use super::*;
use crate::model::{ContentHash, FileId, PeerId, TEXT_PACK_BYTES, Write};

fn folder() -> TempDir {
    tempfile::tempdir().unwrap()
}

fn text(bytes: &[u8]) -> Write {
    Write::Text { hash: ContentHash::of(bytes), bytes: bytes.to_vec(), packed: None }
}

fn snapshot(id: FileId, bytes: Vec<u8>) -> Write {
    Write::Snapshot { id, bytes }
}

fn large_files(folder: &Path) -> Vec<String> {
    let Ok(entries) = std::fs::read_dir(folder.join("large")) else {
        return Vec::new();
    };
    let mut names: Vec<_> =
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

const A: FileId = FileId([0xa; 16]);
const B: FileId = FileId([0xb; 16]);

/// One batch with every kind of write, then one that replaces and forgets.
fn batches() -> [Vec<Write>; 2] {
    let first = vec![
        Write::File { id: A, record: b"record a".to_vec() },
        Write::File { id: B, record: Vec::new() },
        snapshot(A, b"snapshot a".to_vec()),
        Write::Changes { id: A, changes: vec![b"one".to_vec(), Vec::new(), b"three".to_vec()] },
        Write::Changes { id: B, changes: vec![b"alone".to_vec()] },
        text(b"a text"),
        text(b""),
        Write::Peer { id: PeerId([7; 32]), record: b"peer".to_vec() },
        Write::Meta { key: "vault/\u{e4}".into(), value: b"value".to_vec() },
        Write::Ledger { key: vec![0, 1], entry: b"entry".to_vec() },
    ];
    let second = vec![
        Write::File { id: A, record: b"record a, anew".to_vec() },
        snapshot(A, content(LARGE_BYTES + 1, 3)),
        Write::Changes { id: A, changes: vec![b"after".to_vec()] },
        Write::Changes { id: A, changes: vec![b"later".to_vec()] },
        Write::ForgetFile(B),
        text(b"a text"),
        text(b"another"),
        Write::Peer { id: PeerId([7; 32]), record: b"peer, anew".to_vec() },
        Write::Meta { key: "vault/\u{e4}".into(), value: Vec::new() },
        Write::Ledger { key: vec![0, 1], entry: b"entry, anew".to_vec() },
    ];
    [first, second]
}

#[test]
fn every_write_comes_back_now_and_after_a_restart() {
    let folder = folder();
    let mut plain = Plain::default();
    let mut store = Store::open(folder.path()).unwrap();
    assert_eq!(Plain::read(&store), plain);
    for batch in batches() {
        plain.apply(&batch);
        store.commit(&[batch]).unwrap();
        assert_eq!(Plain::read(&store), plain);
        drop(store);
        store = Store::open(folder.path()).unwrap();
        assert_eq!(Plain::read(&store), plain);
    }
    assert_eq!(store.document(B).unwrap(), None);
    assert_eq!(store.meta_value("vault/\u{e4}").unwrap(), Some(Vec::new()));
    assert_eq!(store.meta_value("vault/").unwrap(), None);
    let check = store.check().unwrap();
    assert!(check.damaged.is_empty() && !check.repaired, "{check:?}");
    assert!(check.looked_at >= 8);
}

#[test]
fn batches_of_one_commit_keep_their_order() {
    let folder = folder();
    let mut store = Store::open(folder.path()).unwrap();
    store.commit(&batches()).unwrap();
    let mut plain = Plain::default();
    for batch in batches() {
        plain.apply(&batch);
    }
    assert_eq!(Plain::read(&store), plain);
    store.commit(&[[]; 0]).unwrap();
    store.commit(&[[], []]).unwrap();
    assert_eq!(Plain::read(&store), plain);
}

#[test]
fn figures_of_a_document_follow_what_is_kept() {
    let folder = folder();
    let mut store = Store::open(folder.path()).unwrap();
    assert_eq!(store.document_size(A).unwrap(), None);
    let change = |n: usize| Write::Changes { id: A, changes: vec![content(n, 1); 2] };
    store.commit(&[vec![snapshot(A, content(10, 0)), change(40_000), change(1)]]).unwrap();
    let size = store.document_size(A).unwrap().unwrap();
    assert_eq!((size.snapshot_bytes, size.changes, size.changes_bytes), (10, 4, 80_002));
    store.commit(&[vec![snapshot(A, content(LARGE_BYTES + 1, 0))]]).unwrap();
    let size = store.document_size(A).unwrap().unwrap();
    assert_eq!((size.snapshot_bytes, size.changes), (LARGE_BYTES as u64 + 1, 0));
    assert_eq!(store.documents().unwrap(), [A]);
}

#[test]
fn only_snapshots_above_the_limit_become_files_and_go_with_their_document() {
    let folder = folder();
    let mut store = Store::open(folder.path()).unwrap();
    for size in [LARGE_BYTES - 1, LARGE_BYTES] {
        store.commit(&[vec![snapshot(A, content(size, 1))]]).unwrap();
        assert_eq!(store.document(A).unwrap().unwrap().snapshot.len(), size);
        assert_eq!(large_files(folder.path()).len(), 0);
    }
    let above = content(LARGE_BYTES + 1, 2);
    store.commit(&[vec![snapshot(A, above.clone()), snapshot(B, above.clone())]]).unwrap();
    assert_eq!(large_files(folder.path()), ["0000000000000001", "0000000000000002"]);
    store.commit(&[vec![snapshot(A, above.clone())]]).unwrap();
    assert_eq!(large_files(folder.path()), ["0000000000000002", "0000000000000003"]);
    assert_eq!(store.document(A).unwrap().unwrap().snapshot, above);
    store.commit(&[vec![Write::ForgetFile(A), snapshot(B, Vec::new())]]).unwrap();
    assert_eq!(large_files(folder.path()).len(), 0);
    assert_eq!(store.document(A).unwrap(), None);
    assert_eq!(store.document(B).unwrap().unwrap().snapshot, b"");
}

#[test]
fn texts_share_packs_up_to_the_limits_and_are_kept_once() {
    let folder = folder();
    let mut store = Store::open(folder.path()).unwrap();
    let small: Vec<Vec<u8>> = (0..=PACK_TEXTS).map(|n| content(10, n)).collect();
    let batch: Vec<Write> = small.iter().map(|bytes| text(bytes)).collect();
    store.commit(&[batch.clone(), batch.clone()]).unwrap();
    assert_eq!(packs(&store), 2);
    store.commit(&[batch]).unwrap();
    assert_eq!(packs(&store), 2);
    let halves = [content(TEXT_PACK_BYTES / 2, 1), content(TEXT_PACK_BYTES / 2, 2), content(1, 9)];
    store.commit(&[halves.iter().map(|bytes| text(bytes)).collect::<Vec<_>>()]).unwrap();
    assert_eq!(packs(&store), 4);
    let long = content(TEXT_MAX_BYTES, 5);
    store.commit(&[vec![text(b"before"), text(&long), text(b"after")]]).unwrap();
    assert_eq!(packs(&store), 7);
    for bytes in small.iter().chain(&halves).chain([&long]) {
        assert_eq!(store.text(ContentHash::of(bytes)).unwrap().as_ref(), Some(bytes));
    }
    assert_eq!(store.text(ContentHash::of(b"unknown")).unwrap(), None);
    assert_eq!(store.texts().unwrap().len(), small.len() + halves.len() + 3);
}

fn packs(store: &Store) -> u64 {
    use redb::ReadableTableMetadata as _;
    let packs = |transaction: &redb::ReadTransaction| {
        Ok(transaction.open_table(tables::PACKS.definition())?.len()?)
    };
    store.base.reading(packs).unwrap()
}

#[test]
fn a_text_that_is_not_what_it_says_is_refused_with_all_that_came_with_it() {
    let folder = folder();
    let mut store = Store::open(folder.path()).unwrap();
    let wrong = Write::Text { hash: ContentHash::of(b"x"), bytes: b"y".to_vec(), packed: None };
    let long = text(&content(TEXT_MAX_BYTES + 1, 0));
    for bad in [wrong, long] {
        let good = Write::Meta { key: "k".into(), value: b"v".to_vec() };
        let refused = store
            .commit(&[vec![good.clone(), snapshot(A, content(LARGE_BYTES + 1, 1))], vec![bad]]);
        assert!(matches!(refused, Err(Error::Text { .. })), "{refused:?}");
        assert_eq!(Plain::read(&store), Plain::default());
    }
    assert_eq!(large_files(folder.path()).len(), 2, "orphans of the refused commits");
    store.commit(&[vec![text(b"fine")]]).unwrap();
    drop(store);
    let store = Store::open(folder.path()).unwrap();
    assert_eq!(large_files(folder.path()).len(), 0);
    assert_eq!(store.texts().unwrap().len(), 1);
}

#[test]
fn texts_that_nobody_needs_give_their_room_back() {
    let folder = folder();
    let mut store = Store::open(folder.path()).unwrap();
    let texts: Vec<Vec<u8>> = (0..PACK_TEXTS * 3).map(|n| content(100, n)).collect();
    store.commit(&[texts.iter().map(|bytes| text(bytes)).collect::<Vec<_>>()]).unwrap();
    assert_eq!(packs(&store), 3);
    // All of the first pack, nearly all of the second, little of the third.
    let gone = |n: usize| n < PACK_TEXTS * 2 - 3 || n == PACK_TEXTS * 2;
    let keep: BTreeSet<ContentHash> =
        (0..texts.len()).filter(|n| !gone(*n)).map(|n| ContentHash::of(&texts[n])).collect();
    assert_eq!(store.text(ContentHash::of(&texts[0])).unwrap().as_ref(), Some(&texts[0]));
    let tidied = store.keep_texts(&keep, 9).unwrap();
    assert_eq!((tidied.forgotten, tidied.packs), (PACK_TEXTS as u64 * 2 - 2, 2));
    assert_eq!(packs(&store), 2);
    for (n, bytes) in texts.iter().enumerate() {
        let expected = (!gone(n)).then_some(bytes);
        assert_eq!(store.text(ContentHash::of(bytes)).unwrap().as_ref(), expected);
    }
    assert_eq!(store.keep_texts(&keep, 9).unwrap(), Tidied::default());
    store.commit(&[vec![text(&texts[0])]]).unwrap();
    assert_eq!(store.text(ContentHash::of(&texts[0])).unwrap().as_ref(), Some(&texts[0]));
    assert!(store.check().unwrap().damaged.is_empty());
}

#[test]
fn a_second_opener_is_told_who_has_the_store() {
    let folder = folder();
    let store = Store::open(folder.path()).unwrap();
    let second = Store::open(folder.path());
    let us = std::process::id();
    assert!(
        matches!(&second, Err(Error::Locked { holder: Some(pid), .. }) if *pid == us),
        "{second:?}"
    );
    assert!(matches!(Store::quarantine(folder.path()), Err(Error::Locked { .. })));
    drop(store);
    Store::open(folder.path()).unwrap();
}

#[cfg(unix)]
#[test]
fn nobody_else_can_read_what_is_kept() {
    use std::os::unix::fs::PermissionsExt as _;
    let outer = folder();
    let inner = outer.path().join("vaults/one");
    let mut store = Store::open(&inner).unwrap();
    store.commit(&[vec![snapshot(A, content(LARGE_BYTES + 1, 1))]]).unwrap();
    let mode = |name: &str| inner.join(name).metadata().unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(""), mode("large")), (0o700, 0o700));
    for name in ["store.redb", "store.lock", "life", "large/0000000000000001"] {
        assert_eq!(mode(name), 0o600, "{name}");
    }
}
