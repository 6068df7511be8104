//! Edits, renames, deletions, and what concurrent ones come to.

use super::*;
use crate::docs::{Body, Error};
use crate::model::{StoredDocument, kind_of};

#[test]
fn an_unedited_file_is_named_by_hash() {
    let document = Document::import(&birth(), Kind::Text, content("hello")).unwrap();
    let view = document.view();
    assert_eq!(view.path, birth().path);
    assert!(view.alive);
    assert_eq!(view.body, Body::Content(Kind::Text, content("hello")));
    assert_eq!(document.change_count(), 2);
    assert!(document.save().len() < 400, "{}", document.save().len());
}

#[test]
fn a_rename_and_a_deletion_need_no_characters() {
    let mut document = Document::import(&birth(), Kind::Text, content("hello")).unwrap();
    let at = document.heads();
    let edited = document.rename(author(1), &at, NOON, &path("b.md")).unwrap();
    assert_eq!(edited.ops, 1);
    let edited = document.delete(author(1), &edited.version, NOON).unwrap();
    assert_eq!(edited.version, document.heads());
    let view = document.view();
    assert_eq!((view.path, view.alive), (path("b.md"), false));
    assert_eq!(view.body, Body::Content(Kind::Text, content("hello")));
}

#[test]
fn an_edit_asks_for_the_text_first() {
    let mut document = Document::import(&birth(), Kind::Text, content("hello")).unwrap();
    let at = document.heads();
    let refused = document.edit_text(author(1), &at, NOON, "hello!");
    assert!(matches!(refused, Err(Error::TextMissing(_))));
    assert_eq!(document.unpromoted(&at).unwrap(), [content("hello")]);
    assert!(matches!(document.promote(content("hello"), "hallo"), Err(Error::WrongText { .. })));
    assert!(matches!(document.promote(content("other"), "other"), Err(Error::NoImport(_))));
    assert!(document.promote(content("hello"), "hello").unwrap());
    assert!(!document.promote(content("hello"), "hello").unwrap());
    assert_eq!(document.unpromoted(&at).unwrap(), []);
    let edited = document.edit_text(author(1), &at, NOON, "hello!").unwrap();
    assert_eq!(edited.ops, 2);
    assert_eq!(document.heads(), edited.version);
    assert_eq!(text(&document), "hello!");
}

#[test]
fn promotions_are_the_same_change_whatever_else_there_is() {
    let mut plain = Document::import(&birth(), Kind::Text, content("hello")).unwrap();
    let mut renamed = plain.clone();
    let mut twice = plain.clone();
    let at = renamed.heads();
    renamed.rename(author(1), &at, NOON, &path("c.md")).unwrap();
    twice.add_import(&birth(), Kind::Text, content("other")).unwrap();
    twice.promote(content("other"), "other").unwrap();
    for document in [&mut plain, &mut renamed, &mut twice] {
        document.promote(content("hello"), "hello").unwrap();
    }
    let promotion = plain.heads().as_slice()[0];
    assert!(renamed.knows(&promotion));
    assert!(twice.knows(&promotion));
}

#[test]
fn nothing_to_do_is_no_change() {
    let mut document = note("hello");
    let at = document.heads();
    let edited = document.edit_text(author(1), &at, NOON, "hello").unwrap();
    assert_eq!((edited.ops, &edited.version), (0, &at));
    let edited = document.rename(author(1), &at, NOON, &birth().path).unwrap();
    assert_eq!((edited.ops, &edited.version), (0, &at));
    let edited = document.revive(author(1), &at, NOON).unwrap();
    assert_eq!((edited.ops, &edited.version), (0, &at));
    assert_eq!(document.heads(), at);
}

#[test]
fn an_edit_that_a_deletion_has_not_seen_outlives_it() {
    // The value that says "alive" must differ from the last one, else nothing would be written.
    for edits_before in 0..3 {
        let mut ours = note("hello\n");
        for number in 0..edits_before {
            edit(&mut ours, 1, &format!("hello {number}\n"));
        }
        let mut theirs = ours.clone();
        let at = ours.heads();
        ours.delete(author(1), &at, NOON).unwrap();
        edit(&mut theirs, 2, "hello there\n");
        meet(&mut ours, &mut theirs);
        assert!(ours.view().alive);
        assert_eq!(text(&ours), "hello there\n");
    }
}

#[test]
fn a_deletion_that_has_seen_the_edit_holds() {
    let mut ours = note("hello\n");
    let mut theirs = ours.clone();
    edit(&mut theirs, 2, "hello there\n");
    give(&theirs, &mut ours);
    let at = ours.heads();
    ours.delete(author(1), &at, NOON).unwrap();
    meet(&mut ours, &mut theirs);
    assert!(!theirs.view().alive);
    let at = theirs.heads();
    theirs.revive(author(2), &at, NOON).unwrap();
    assert!(theirs.view().alive);
    assert_eq!(text(&theirs), "hello there\n");
}

#[test]
fn a_rename_does_not_bring_a_deleted_file_back() {
    let mut ours = note("hello\n");
    let mut theirs = ours.clone();
    let at = ours.heads();
    ours.delete(author(1), &at, NOON).unwrap();
    theirs.rename(author(2), &at, NOON, &path("x.md")).unwrap();
    meet(&mut ours, &mut theirs);
    assert!(!ours.view().alive);
    assert_eq!(ours.view().path, path("x.md"));
}

#[test]
fn a_rename_and_an_edit_both_stand() {
    let mut ours = note("hello\n");
    let mut theirs = ours.clone();
    let at = ours.heads();
    ours.rename(author(1), &at, NOON, &path("x.md")).unwrap();
    edit(&mut theirs, 2, "hello there\n");
    meet(&mut ours, &mut theirs);
    assert_eq!(ours.view().path, path("x.md"));
    assert_eq!(text(&ours), "hello there\n");
    assert!(!ours.settle().unwrap().changed);
}

#[test]
fn an_edit_after_a_deletion_brings_the_file_back() {
    let mut document = note("hello\n");
    let at = document.heads();
    let deleted = document.delete(author(1), &at, NOON).unwrap().version;
    let edited = document.edit_text(author(1), &deleted, NOON, "hello\n");
    assert_eq!(edited.unwrap().ops, 1);
    assert!(document.view().alive);
}

#[test]
fn an_edit_stands_at_the_version_the_disk_held() {
    let mut ours = note("one\ntwo\nthree\n");
    let mut theirs = ours.clone();
    let disk = ours.heads();
    edit(&mut theirs, 2, "one\ntwo\nthree\nfour\n");
    give(&theirs, &mut ours);
    // The disk still holds the old text, with one line changed.
    let edited = ours.edit_text(author(1), &disk, NOON, "ONE\ntwo\nthree\n").unwrap();
    assert_eq!(ours.heads().as_slice().len(), 2);
    assert!(!ours.settle().unwrap().changed);
    assert_eq!(text(&ours), "ONE\ntwo\nthree\nfour\n");
    let Body::Text(before) = ours.at(&edited.version).unwrap().body else {
        panic!("no characters");
    };
    assert_eq!(before, "ONE\ntwo\nthree\n");
}

#[test]
fn no_number_is_used_twice_by_one_author_on_several_strands() {
    let mut document = note("one\ntwo\nthree\n");
    let base = document.heads();
    for round in 0..3 {
        // Two strands from the same version, then both go on, with a restart in between.
        let first = document
            .edit_text(author(1), &base, NOON, &format!("one {round}\ntwo\nthree\n"))
            .unwrap()
            .version;
        let stored = StoredDocument { snapshot: document.save(), changes: vec![] };
        document = Document::load(&stored).unwrap();
        let second = document
            .edit_text(author(1), &base, NOON, &format!("one\ntwo\nthree {round}\n"))
            .unwrap()
            .version;
        document
            .edit_text(author(1), &first, NOON, &format!("one {round}!\ntwo\nthree\n"))
            .unwrap();
        document
            .edit_text(author(1), &second, NOON, &format!("one\ntwo\nthree {round}!\n"))
            .unwrap();
    }
    // A peer that gets every change one by one refuses none of them.
    let mut peer = note("one\ntwo\nthree\n");
    for change in document.changes_since(peer.heads().as_slice()) {
        assert_eq!(peer.apply(&[change]).unwrap().new, 1);
    }
    assert_eq!(peer.heads(), document.heads());
}

#[test]
fn a_number_used_twice_is_refused() {
    let mut ours = note("hello\n");
    let mut copy = ours.clone();
    edit(&mut ours, 1, "hello you\n");
    edit(&mut copy, 1, "hello me\n");
    let before = ours.heads();
    let changes = copy.changes_since(before.as_slice());
    assert!(matches!(ours.apply(&changes), Err(Error::Forked(_))));
    assert!(matches!(ours.absorb(&copy), Err(Error::Forked(_))));
    assert_eq!(ours.heads(), before);
    assert_eq!(text(&ours), "hello you\n");
}

#[test]
fn a_blob_becomes_a_text_and_back() {
    let blob = Content::of(b"\0\xff");
    assert_eq!(kind_of("n.md", b"\0\xff"), Kind::Blob);
    let mut document = note("hello\n");
    let at = document.heads();
    document.set_content(author(1), &at, NOON, (Kind::Blob, blob)).unwrap();
    assert_eq!(document.view().body, Body::Content(Kind::Blob, blob));
    edit(&mut document, 1, "back\n");
    assert_eq!(text(&document), "back\n");
    let at = document.heads();
    assert!(matches!(
        document.set_content(author(1), &at, NOON, (Kind::Text, blob)),
        Err(Error::TextByHash)
    ));
    let view = document.at(&at).unwrap();
    assert_eq!(view.body, Body::Text("back\n".into()));
}

#[test]
fn times_are_kept_in_seconds() {
    let mut document = note("hello\n");
    edit(&mut document, 1, "hello 2\n");
    let head = document.heads().as_slice()[0];
    let seconds =
        document.history().into_iter().find(|entry| entry.hash == head).map(|entry| entry.time);
    assert_eq!(seconds, Some(NOON));
}

#[test]
fn what_the_store_keeps_is_the_document() {
    let mut document = note("hello\n");
    let snapshot = document.save();
    let known = document.heads();
    edit(&mut document, 1, "hello 1\n");
    edit(&mut document, 1, "hello 2\n");
    let stored = StoredDocument { snapshot, changes: document.changes_since(known.as_slice()) };
    assert_eq!(stored.changes.len(), 2);
    let loaded = Document::load(&stored).unwrap();
    assert_eq!(loaded.heads(), document.heads());
    assert_eq!(loaded.view(), document.view());
    assert_eq!(loaded.change_count(), 5);
    let gap = StoredDocument { changes: stored.changes[1..].to_vec(), ..stored };
    assert!(matches!(Document::load(&gap), Err(Error::Unknown(_))));
}

#[test]
fn recent_changes_lie_ever_further_back() {
    let mut document = note("0\n");
    for number in 1..=20 {
        edit(&mut document, 1, &format!("{number}\n"));
    }
    let recent = document.recent(16);
    assert_eq!(recent.len(), 5);
    assert_eq!(document.recent(2), recent[..2]);
    assert_eq!(document.heads().as_slice(), &recent[..1]);
    assert_eq!(document.changes_since(&recent[1..2]).len(), 1);
    assert_eq!(document.changes_since(&recent[4..]).len(), 15);
}

#[test]
fn a_receiver_makes_the_beginning_itself() {
    let mut ours = note("hello\n");
    edit(&mut ours, 1, "hello you\n");
    let changes = ours.changes_beyond_import(Kind::Text, content("hello\n")).unwrap();
    assert_eq!(changes.len(), 1);
    assert!(changes[0].len() < 250, "{}", changes[0].len());
    assert_eq!(ours.changes_beyond_import(Kind::Text, content("x")), None);
    let mut theirs = Document::import(&birth(), Kind::Text, content("hello\n")).unwrap();
    let before = theirs.heads();
    let applied = theirs.apply(&changes).unwrap();
    assert_eq!((applied.new, applied.missing.len()), (0, 1));
    assert_eq!(theirs.heads(), before);
    theirs.promote(content("hello\n"), "hello\n").unwrap();
    assert_eq!(theirs.apply(&changes).unwrap().new, 1);
    assert_eq!(theirs.heads(), ours.heads());
}

#[test]
fn the_weight_grows_with_text_and_history() {
    let small = note("hello\n");
    let large = note(&"hello\n".repeat(20_000));
    assert!((10_000..30_000).contains(&small.weight_bytes()));
    assert!((120_000..300_000).contains(&large.weight_bytes()));
    let mut edited = small.clone();
    edit(&mut edited, 1, "hello you\n");
    assert!(edited.weight_bytes() > small.weight_bytes());
}

#[test]
fn a_large_rewrite_is_bounded() {
    let lines = |line: &dyn Fn(u32) -> String| (0..5000).map(line).collect::<Vec<_>>().concat();
    let old = lines(&|n| format!("line {n} of the old\n"));
    let new = lines(&|n| format!("{n} is another {n}\n"));
    let mut document = note(&old);
    let at = document.heads();
    let edited = document.edit_text(author(1), &at, NOON, &new).unwrap();
    assert_eq!(text(&document), new);
    // At most every character deleted and every one written, and the two registers.
    let most = old.chars().count() + new.chars().count() + 2;
    assert!(edited.ops <= most as u64);
}

#[test]
fn versions_that_are_none_are_refused() {
    let mut document = note("hello\n");
    let none = Heads::default();
    assert!(matches!(document.at(&none), Err(Error::NoVersion)));
    let edited = document.edit_text(author(1), &none, NOON, "x");
    assert!(matches!(edited, Err(Error::NoVersion)));
    let strange = Heads::new(vec![crate::model::ChangeHash([1; 32])]);
    assert!(matches!(document.delete(author(1), &strange, NOON), Err(Error::Unknown(_))));
    // A version named with its ancestors is the same version.
    let all: Heads = document.history().iter().map(|moment| moment.hash).collect();
    let edited = document.edit_text(author(1), &all, NOON, "hello!\n").unwrap();
    assert_eq!(document.heads(), edited.version);
}
