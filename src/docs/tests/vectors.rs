//! The byte-exact recipe of births and imports, pinned in `fixtures/import`.

use data_encoding::HEXLOWER;
use serde_json::{Value, json};

use super::*;

const VECTORS: &str = include_str!("../../../fixtures/import/v1.json");

struct Case {
    name: &'static str,
    vault: [u8; 16],
    path: &'static str,
    generation: u32,
    kind: Kind,
    content: &'static [u8],
}

const CASES: &[Case] = &[
    Case {
        name: "a short note",
        vault: [0; 16],
        path: "Note.md",
        generation: 0,
        kind: Kind::Text,
        content: b"# Hello\n\nWorld.\n",
    },
    Case {
        name: "an empty note of a later generation",
        vault: *b"0123456789abcdef",
        path: "Daily/2026-01-31.md",
        generation: 3,
        kind: Kind::Text,
        content: b"",
    },
    Case {
        name: "characters outside ASCII and the basic plane",
        vault: [0xff; 16],
        path: "文件夹/日記.md",
        generation: 0,
        kind: Kind::Text,
        content: "Zoë\r\n日本語 🎉 e\u{301}\n".as_bytes(),
    },
    Case {
        name: "an attachment",
        vault: [0; 16],
        path: "img/a.png",
        generation: 0,
        kind: Kind::Blob,
        content: b"\x89PNG\r\n\x1a\n\0",
    },
    Case {
        name: "an empty folder",
        vault: [0; 16],
        path: "Archive",
        generation: 0,
        kind: Kind::Folder,
        content: b"",
    },
];

fn describe(case: &Case) -> Value {
    let birth =
        Birth { vault: VaultId(case.vault), path: path(case.path), generation: case.generation };
    let content = Content::of(case.content);
    let mut document = Document::import(&birth, case.kind, content).unwrap();
    if case.kind == Kind::Text {
        let text = std::str::from_utf8(case.content).unwrap();
        document.promote(content, text).unwrap();
    }
    let changes: Vec<Value> = document
        .doc
        .get_changes(&[])
        .iter()
        .zip(["root", "import", "promotion"])
        .map(|(change, what)| {
            json!({
                "what": what,
                "actor": change.actor_id().to_hex_string(),
                "hash": HEXLOWER.encode(&change.hash().0),
                "bytes": HEXLOWER.encode(change.raw_bytes()),
            })
        })
        .collect();
    json!({
        "name": case.name,
        "vault": birth.vault.to_string(),
        "path": birth.path.as_str(),
        "generation": birth.generation,
        "kind": format!("{:?}", case.kind).to_lowercase(),
        "content": HEXLOWER.encode(case.content),
        "file_id": birth.file_id().to_string(),
        "changes": changes,
    })
}

#[test]
fn imports_are_the_pinned_bytes() {
    let pinned: Vec<Value> = serde_json::from_str(VECTORS).unwrap();
    let made: Vec<Value> = CASES.iter().map(describe).collect();
    if made != pinned {
        println!("{}", serde_json::to_string_pretty(&made).unwrap());
    }
    assert!(made == pinned, "import v1 is a format and never changes; see the output");
}

#[test]
fn pinned_changes_make_a_document() {
    let pinned: Vec<Value> = serde_json::from_str(VECTORS).unwrap();
    for (vector, case) in pinned.iter().zip(CASES) {
        let birth = Birth {
            vault: VaultId(case.vault),
            path: path(case.path),
            generation: case.generation,
        };
        assert_eq!(vector["file_id"], birth.file_id().to_string());
        let bytes: Vec<Vec<u8>> = vector["changes"]
            .as_array()
            .unwrap()
            .iter()
            .map(|change| HEXLOWER.decode(change["bytes"].as_str().unwrap().as_bytes()).unwrap())
            .collect();
        let mut document = Document::import(&birth, case.kind, Content::of(case.content)).unwrap();
        let applied = document.apply(&bytes).unwrap();
        assert_eq!(applied.new, bytes.len() - 2);
        assert_eq!(document.doc.get_heads().len(), 1);
    }
}

#[test]
fn a_birth_is_told_apart_by_each_of_its_parts() {
    let ids = [
        birth(),
        Birth { generation: 1, ..birth() },
        Birth { path: path("notes/day.txt"), ..birth() },
        Birth { vault: VaultId([8; 16]), ..birth() },
    ]
    .map(|birth| birth.file_id());
    for (place, id) in ids.iter().enumerate() {
        assert!(!ids[..place].contains(id));
    }
}
