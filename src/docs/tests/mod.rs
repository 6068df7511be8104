//! Tests of the room as its callers see it.

mod edits;
mod foreign;
mod ledger;
mod merges;
mod random;
mod retyped;
mod vectors;

use super::{Author, Birth, Document};
use crate::model::{Content, Heads, Kind, Life, PeerId, VaultId, VaultPath, WallMs};

const NOON: WallMs = WallMs(1_700_000_000_000);

fn path(text: &str) -> VaultPath {
    VaultPath::parse(text).unwrap()
}

fn birth() -> Birth {
    Birth { vault: VaultId([7; 16]), path: path("notes/day.md"), generation: 0 }
}

fn author(number: u8) -> Author {
    Author::new(PeerId([number; 32]), Life([number; 16]))
}

fn content(text: &str) -> Content {
    Content::of(text.as_bytes())
}

/// A document born with `text` whose characters are there.
fn note(text: &str) -> Document {
    let mut document = Document::import(&birth(), Kind::Text, content(text)).unwrap();
    document.promote(content(text), text).unwrap();
    document
}

/// Edits at the present heads, which must be settled.
fn edit(document: &mut Document, by: u8, text: &str) -> Heads {
    let at = document.heads();
    let edited = document.edit_text(author(by), &at, NOON, text).unwrap();
    edited.version
}

fn text(document: &Document) -> String {
    match document.view().body {
        super::Body::Text(text) => text,
        super::Body::Content(..) => panic!("no characters"),
    }
}

/// Gives `to` everything that `from` holds.
fn give(from: &Document, to: &mut Document) {
    let known = to.heads();
    let changes = from.changes_since(known.as_slice());
    let applied = to.apply(&changes).unwrap();
    assert_eq!(applied.missing, []);
}

/// Exchanges everything both ways.
fn meet(a: &mut Document, b: &mut Document) {
    give(a, b);
    give(b, a);
    assert_eq!(a.heads(), b.heads());
}
