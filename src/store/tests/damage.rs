//! Damage is told, never a panic, and never spreads further than it must.

use std::fs;
use std::path::Path;

use super::plain::{Plain, content};
use super::{A, B, Error, LARGE_BYTES, Store, batches, folder, large_files, snapshot, text};
use crate::model::{ContentHash, FileId, Write};
use crate::store::tables::{ABOUT, ABOUT_VERSION, Bytes, CHANGES, DOCUMENTS, FILES, LARGE, PACKS};

fn store_file(folder: &Path) -> std::path::PathBuf {
    folder.join("store.redb")
}

/// Writes a row as it stands, checksum included.
fn put_raw(store: &mut Store, table: Bytes, key: &[u8], value: &[u8]) {
    store
        .base
        .writing(|transaction| {
            transaction.open_table(table.definition())?.insert(key, value)?;
            Ok(())
        })
        .unwrap();
}

/// Flips one bit of the last byte of a row.
fn flip(store: &mut Store, table: Bytes, key: &[u8]) {
    let mut value = raw(store, table, key);
    *value.last_mut().unwrap() ^= 1;
    put_raw(store, table, key, &value);
}

fn raw(store: &Store, table: Bytes, key: &[u8]) -> Vec<u8> {
    let get = |transaction: &redb::ReadTransaction| {
        let table = transaction.open_table(table.definition())?;
        Ok(redb::ReadableTable::get(&table, key)?.unwrap().value().to_vec())
    };
    store.base.reading(get).unwrap()
}

fn is_row<T: std::fmt::Debug>(result: &Result<T, Error>, name: &str) -> bool {
    matches!(result, Err(Error::Row { table, .. }) if *table == name)
}

#[test]
fn one_damaged_row_stops_no_other() {
    let folder = folder();
    let mut store = Store::open(folder.path()).unwrap();
    let document = |id| snapshot(id, b"whole".to_vec());
    let change = |id, byte| Write::Changes { id, changes: vec![vec![byte]] };
    let ids: Vec<FileId> = (1..=5).map(|n| FileId([n; 16])).collect();
    let mut batch = vec![text(b"one"), text(b"two")];
    for id in &ids {
        batch.push(Write::File { id: *id, record: b"record".to_vec() });
        batch.extend([document(*id), change(*id, 1), change(*id, 2), change(*id, 3)]);
    }
    batch.push(snapshot(ids[3], content(LARGE_BYTES + 1, 1)));
    store.commit(&[batch]).unwrap();
    let key = crate::store::tables::change_key;

    flip(&mut store, FILES, ids[0].as_bytes());
    flip(&mut store, DOCUMENTS, ids[0].as_bytes());
    flip(&mut store, CHANGES, &key(ids[1], 1));
    let gap = key(ids[2], 1);
    let gap = |transaction: &redb::WriteTransaction| {
        transaction.open_table(CHANGES.definition())?.remove(gap.as_slice())?;
        Ok(())
    };
    store.base.writing(gap).unwrap();
    fs::write(folder.path().join("large").join(&large_files(folder.path())[0]), b"").unwrap();
    flip(&mut store, PACKS, &1_u64.to_be_bytes());

    let files = store.files().unwrap();
    assert_eq!((files.rows.len(), files.damaged.len()), (4, 1));
    assert!(is_row(&store.document(ids[0]), DOCUMENTS.name));
    assert!(is_row(&store.document(ids[1]), CHANGES.name));
    assert!(is_row(&store.document(ids[2]), CHANGES.name));
    assert!(is_row(&store.document(ids[3]), LARGE.name));
    assert_eq!(store.document(ids[4]).unwrap().unwrap().changes.len(), 3);
    let one = ContentHash::of(b"one");
    assert!(is_row(&store.text(one), PACKS.name));

    let check = store.check().unwrap();
    assert_eq!(check.damaged.len(), 6, "{:?}", check.damaged);

    // Handing the same over again heals.
    let healed = ids.iter().flat_map(|id| [document(*id), Write::File { id: *id, record: vec![] }]);
    let healed: Vec<Write> = healed.chain([text(b"one"), text(b"two")]).collect();
    store.commit(&[healed]).unwrap();
    assert_eq!(store.text(one).unwrap().unwrap(), b"one");
    for id in ids {
        assert_eq!(store.document(id).unwrap().unwrap().snapshot, b"whole");
    }
}

#[test]
fn a_row_in_the_place_of_another_is_noticed() {
    let folder = folder();
    let mut store = Store::open(folder.path()).unwrap();
    store.commit(&[vec![snapshot(A, b"a".to_vec()), snapshot(B, b"b".to_vec())]]).unwrap();
    let other = raw(&store, DOCUMENTS, B.as_bytes());
    put_raw(&mut store, DOCUMENTS, A.as_bytes(), &other);
    assert!(is_row(&store.document(A), DOCUMENTS.name));
    put_raw(&mut store, DOCUMENTS, A.as_bytes(), b"short");
    assert!(is_row(&store.document(A), DOCUMENTS.name));
}

#[test]
fn a_damaged_row_of_a_large_snapshot_keeps_the_others_and_all_files() {
    let folder = folder();
    let mut store = Store::open(folder.path()).unwrap();
    let large = |id| snapshot(id, content(LARGE_BYTES + 1, 1));
    store.commit(&[vec![large(A), large(B)]]).unwrap();
    flip(&mut store, LARGE, A.as_bytes());
    drop(store);
    let store = Store::open(folder.path()).unwrap();
    assert!(is_row(&store.document(A), LARGE.name));
    assert!(store.document(B).unwrap().is_some());
    assert_eq!(large_files(folder.path()).len(), 2);
}

#[test]
fn a_newer_version_is_refused_each_time() {
    let folder = folder();
    let mut store = Store::open(folder.path()).unwrap();
    let newer = crate::store::tables::seal(ABOUT.name, ABOUT_VERSION, &2_u32.to_be_bytes());
    put_raw(&mut store, ABOUT, ABOUT_VERSION, &newer);
    drop(store);
    for _ in 0..2 {
        let refused = Store::open(folder.path());
        assert!(matches!(refused, Err(Error::Version { found: 2, known: 1, .. })), "{refused:?}");
    }
}

#[test]
fn a_damaged_description_is_told_as_damage() {
    let folder = folder();
    let mut store = Store::open(folder.path()).unwrap();
    flip(&mut store, ABOUT, ABOUT_VERSION);
    drop(store);
    assert!(matches!(Store::open(folder.path()), Err(Error::Damaged { .. })));
}

#[test]
fn a_gone_empty_short_or_foreign_file_is_damage_and_can_be_set_aside() {
    let folder = folder();
    let whole = {
        let mut store = Store::open(folder.path()).unwrap();
        store.commit(&batches()).unwrap();
        drop(store);
        fs::read(store_file(folder.path())).unwrap()
    };
    let foreign = b"not a database at all".repeat(1000);
    let cases: [Option<&[u8]>; 6] = [
        None,
        Some(b""),
        Some(&whole[..100]),
        Some(&whole[..whole.len() / 2]),
        Some(&foreign),
        Some(&[0; 8192]),
    ];
    for (number, bytes) in (1..).zip(cases) {
        fs::remove_file(store_file(folder.path())).unwrap();
        if let Some(bytes) = bytes {
            fs::write(store_file(folder.path()), bytes).unwrap();
        }
        let opened = Store::open(folder.path());
        assert!(matches!(opened, Err(Error::Damaged { .. })), "case {number}: {opened:?}");
        let found = fs::read(store_file(folder.path())).ok();
        assert_eq!(found.as_deref(), bytes, "case {number}: left as it was");

        let aside = Store::quarantine(folder.path()).unwrap();
        assert_eq!(aside, folder.path().join(format!("damaged-{number}")));
        assert_eq!(fs::read(store_file(&aside)).ok().as_deref(), bytes);
        let mut fresh = Store::open(folder.path()).unwrap();
        assert_eq!(Plain::read(&fresh), Plain::default());
        fresh.commit(&batches()).unwrap();
        assert_eq!(large_files(folder.path()).len(), 1);
    }
    let aside = folder.path().join("damaged-2");
    assert_eq!(large_files(&aside).len(), 1, "large snapshots go with their store");
}

#[test]
fn flipped_bytes_anywhere_never_panic() {
    let folder = folder();
    let mut store = Store::open(folder.path()).unwrap();
    let mut plain = Plain::default();
    for batch in batches() {
        plain.apply(&batch);
        store.commit(&[batch]).unwrap();
    }
    drop(store);
    let whole = fs::read(store_file(folder.path())).unwrap();
    // Every place that holds anything, thinned out to keep this quick.
    let used: Vec<usize> = (0..whole.len()).filter(|at| whole[*at] != 0).collect();
    let step = (used.len() / 120).max(1);
    let (mut noticed, mut refused) = (0, 0);
    for at in used.iter().step_by(step) {
        let mut bytes = whole.clone();
        bytes[*at] ^= 0x55;
        fs::write(store_file(folder.path()), &bytes).unwrap();
        match Store::open(folder.path()) {
            Err(Error::Damaged { .. } | Error::Io { .. }) => refused += 1,
            Err(other) => panic!("byte {at}: {other:?}"),
            Ok(mut store) => {
                let read = read_all(&store);
                let checked = store.check().is_ok_and(|check| check.damaged.is_empty());
                noticed += usize::from(!read || !checked);
                store.commit(&[vec![text(b"one more")]]).ok();
            }
        }
    }
    assert!(noticed > 0 && refused > 0, "noticed {noticed}, refused {refused}");
}

/// Reads all there is; whether nothing was found to be damaged.
fn read_all(store: &Store) -> bool {
    let documents = store.documents().unwrap_or_default();
    let texts = store.texts().unwrap_or_default();
    store.files().is_ok_and(|rows| rows.damaged.is_empty())
        & store.peers().is_ok_and(|rows| rows.damaged.is_empty())
        & store.meta().is_ok_and(|rows| rows.damaged.is_empty())
        & store.ledger().is_ok_and(|rows| rows.damaged.is_empty())
        & documents.iter().all(|id| store.document(*id).is_ok())
        & texts.iter().all(|hash| store.text(*hash).is_ok())
}
