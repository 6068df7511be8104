//! Stores of earlier versions keep opening.
//!
//! `fixtures/store/v1` was made by `write_the_fixture` and is never made again: a new version of the
//! tables adds a folder of its own.

use std::fs;
use std::io::{Read, Write as _};
use std::path::{Path, PathBuf};

use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;

use super::plain::Plain;
use super::{A, B, LARGE_BYTES, Store, folder, snapshot, text};
use crate::model::{ContentHash, FileId, PeerId, Write};

fn fixture() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/store/v1")
}

const STORE: &str = "store.redb";
const LARGE: &str = "large/0000000000000001";

/// The content of the fixture. Never to be changed.
fn writes() -> Vec<Vec<Write>> {
    let change = |id, text: &str| Write::Changes { id, changes: vec![text.as_bytes().to_vec()] };
    vec![
        vec![
            Write::File { id: A, record: b"record of a".to_vec() },
            Write::File { id: B, record: b"record of b".to_vec() },
            Write::File { id: FileId([3; 16]), record: Vec::new() },
            snapshot(A, b"snapshot of a".to_vec()),
            snapshot(B, b"large ".repeat(LARGE_BYTES / 6 + 1)),
            change(A, "first"),
            text(b"a note\n"),
            text("eine Notiz \u{e4}\u{f6}\u{fc}\n".as_bytes()),
            text(b""),
        ],
        vec![
            change(A, "second"),
            change(B, "third"),
            Write::ForgetFile(FileId([3; 16])),
            text(b"a note, edited\n"),
            Write::Peer { id: PeerId([9; 32]), record: b"a peer".to_vec() },
            Write::Meta { key: "name".into(), value: b"value".to_vec() },
            Write::Ledger { key: b"key".to_vec(), entry: b"entry".to_vec() },
        ],
    ]
}

#[test]
fn a_store_of_version_1_opens_and_goes_on() {
    let folder = folder();
    fs::create_dir(folder.path().join("large")).unwrap();
    for name in [STORE, LARGE] {
        let packed = fs::File::open(fixture().join(format!("{name}.gz"))).unwrap();
        let mut bytes = Vec::new();
        GzDecoder::new(packed).read_to_end(&mut bytes).unwrap();
        fs::write(folder.path().join(name), bytes).unwrap();
    }
    let mut plain = Plain::default();
    for batch in writes() {
        plain.apply(&batch);
    }
    let mut store = Store::open(folder.path()).unwrap();
    assert_eq!(Plain::read(&store), plain);
    let more = vec![Write::Changes { id: B, changes: vec![b"fourth".to_vec()] }, text(b"more")];
    plain.apply(&more);
    store.commit(&[more]).unwrap();
    assert_eq!(Plain::read(&store), plain);
    assert!(store.check().unwrap().damaged.is_empty());
}

#[test]
#[ignore = "writes the fixture; only for a new version of the tables"]
fn write_the_fixture() {
    let folder = folder();
    let mut store = Store::open(folder.path()).unwrap();
    for batch in writes() {
        store.commit(&[batch]).unwrap();
    }
    drop(store);
    for name in [STORE, LARGE] {
        let path = fixture().join(format!("{name}.gz"));
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        let mut packed = GzEncoder::new(fs::File::create(path).unwrap(), Compression::best());
        packed.write_all(&fs::read(folder.path().join(name)).unwrap()).unwrap();
        packed.finish().unwrap();
    }
}

/// The rows of version 1, byte for byte.
#[test]
fn rows_of_version_1_keep_their_bytes() {
    use crate::store::tables::{
        DOCUMENTS, LargeRow, TextRow, change_key, push_change, seal, split_changes, unseal,
    };
    let hex = |bytes: &[u8]| data_encoding::HEXLOWER.encode(bytes);
    let sealed = seal(DOCUMENTS.name, A.as_bytes(), b"snapshot");
    assert_eq!(hex(&sealed), "2ab5e2dbbc8405a2736e617073686f74");
    assert_eq!(unseal(DOCUMENTS.name, A.as_bytes(), &sealed).unwrap(), b"snapshot");
    assert_eq!(hex(&change_key(A, 0x0102_0304)), format!("{}01020304", "0a".repeat(16)));
    let mut changes = Vec::new();
    push_change(&mut changes, b"ab");
    push_change(&mut changes, b"");
    assert_eq!(hex(&changes), "00000002616200000000");
    assert_eq!(split_changes(&changes).unwrap(), [b"ab".to_vec(), Vec::new()]);
    assert_eq!(split_changes(&changes[..5]), None);
    let large = LargeRow { number: 1, size: 2, hash: ContentHash([0xcc; 32]) };
    let expected = format!("00000000000000010000000000000002{}", "cc".repeat(32));
    assert_eq!(hex(&large.encode()), expected);
    assert_eq!(LargeRow::decode(&large.encode()), Some(large));
    let text = TextRow { pack: 1, offset: 2, length: 3 };
    assert_eq!(hex(&text.encode()), "00000000000000010000000200000003");
    assert_eq!(TextRow::decode(&text.encode()), Some(text));
    assert_eq!(TextRow::decode(&text.encode()[1..]), None);
}
