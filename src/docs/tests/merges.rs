//! Concurrent versions and what settling makes of them.

use super::*;
use crate::docs::{Body, Choice, Error};

/// Both edit `base`; they meet; both settle alone and must write the same. Gives the result.
fn both(base: &str, ours: &str, theirs: &str) -> Document {
    let mut a = note(base);
    let mut b = a.clone();
    edit(&mut a, 1, ours);
    edit(&mut b, 2, theirs);
    meet(&mut a, &mut b);
    let settled = a.settle().unwrap();
    assert_eq!(settled, b.settle().unwrap());
    assert_eq!(a.heads(), b.heads());
    assert_eq!(a.view(), b.view());
    assert!(!a.settle().unwrap().changed);
    a
}

#[test]
fn the_same_edit_on_both_sides_stands_once() {
    for (base, edited) in [
        ("teh end\n", "the end\n"),
        ("- [ ] call\n", "- [x] call\n"),
        ("due 2026-01-01\n", "due 2026-11-29\n"),
        ("see [[Note]]\n", "see [[New Note]]\n"),
        ("a\n", "a\nb\n"),
        ("{\"x\":20}\n", "{\"x\":480}\n"),
    ] {
        assert_eq!(text(&both(base, edited, edited)), edited);
    }
}

#[test]
fn edits_of_different_lines_both_stand_without_a_fix_up() {
    let document = both("one\n\ntwo\n\nthree\n", "ONE\n\ntwo\n\nthree\n", "one\n\ntwo\n\nTHREE\n");
    assert_eq!(text(&document), "ONE\n\ntwo\n\nTHREE\n");
    assert_eq!(document.heads().as_slice().len(), 2);
}

#[test]
fn a_fix_up_is_the_same_change_on_every_device() {
    let document = both("teh end\n", "the end\n", "the end\n");
    let heads = document.heads();
    assert_eq!(heads.as_slice().len(), 1);
    assert_eq!(document.fix_ups_since(&[]), heads.as_slice());
    let review = document.review(&heads.as_slice()[0]).unwrap();
    assert!(!review.changed);
    assert_eq!(review.choices, []);
}

#[test]
fn a_fix_up_of_an_earlier_version_is_the_same_change_too() {
    let base = note("teh end\n");
    let (mut a, mut b) = (base.clone(), base.clone());
    edit(&mut a, 1, "the end\n");
    edit(&mut b, 2, "the end\n");
    meet(&mut a, &mut b);
    let disk = a.heads();
    let fixed = {
        a.settle().unwrap();
        a.heads()
    };
    // The other device goes on before it settles, and renames at the version its disk held.
    let mut c = base;
    edit(&mut c, 3, "teh end\nmore\n");
    give(&c, &mut b);
    b.rename(author(2), &disk, NOON, &path("z.md")).unwrap();
    assert!(b.knows(&fixed.as_slice()[0]));
}

#[test]
fn a_contradiction_is_told_once_and_the_same_everywhere() {
    let mut a = note("pay the rent of the house, due 2026-01-01\n");
    let mut b = a.clone();
    let mut c = a.clone();
    edit(&mut a, 1, "pay the rent of the house, due 2026-02-02\n");
    edit(&mut b, 2, "pay the rent of the house, due 2026-03-03\n");
    meet(&mut a, &mut b);
    let settled = a.settle().unwrap();
    assert!(settled.changed && settled.merged);
    assert_eq!(settled.choices.len(), 1);
    let Choice::Text { chosen, alternative, .. } = &settled.choices[0] else {
        panic!("a choice of text");
    };
    assert!(text(&a).contains(chosen.trim()));
    assert_ne!(chosen, alternative);
    assert!(!a.settle().unwrap().changed);
    // A device that gets the settled version hears of it by review.
    let known = c.heads();
    give(&a, &mut c);
    assert!(!c.settle().unwrap().changed);
    let fix_ups = c.fix_ups_since(known.as_slice());
    assert_eq!(fix_ups.len(), 1);
    let review = c.review(&fix_ups[0]).unwrap();
    assert_eq!(review.choices, settled.choices);
}

#[test]
fn born_twice_with_the_same_content_is_one_copy() {
    let mut a = note("# Day\n");
    let mut b = note("# Day\n");
    assert_eq!(a.heads(), b.heads());
    assert!(!a.add_import(&birth(), Kind::Text, content("# Day\n")).unwrap());
    edit(&mut a, 1, "# Day\none\n");
    edit(&mut b, 2, "# Day\none\n");
    meet(&mut a, &mut b);
    a.settle().unwrap();
    assert_eq!(text(&a), "# Day\none\n");
}

#[test]
fn born_twice_with_different_content_is_the_union() {
    let mut a = note("# Day\n\n- one\n");
    let mut b = note("# Day\n\n- two\n");
    meet(&mut a, &mut b);
    let settled = a.settle().unwrap();
    assert!(settled.changed && settled.merged);
    b.settle().unwrap();
    assert_eq!(a.heads(), b.heads());
    let union = text(&a);
    for line in ["# Day", "- one", "- two"] {
        assert_eq!(union.matches(line).count(), 1, "{union}");
    }
    assert_eq!(a.births().len(), 2);
}

#[test]
fn born_twice_asks_for_the_texts_that_are_not_there() {
    let mut a = note("# Day\n\n- one\n");
    edit(&mut a, 1, "# Day\n\n- one!\n");
    let two = content("# Day\n\n- two\n");
    assert!(a.add_import(&birth(), Kind::Text, two).unwrap());
    let before = a.heads();
    let Err(Error::TextMissing(missing)) = a.settle() else {
        panic!("the text of the second birth is needed");
    };
    assert_eq!(missing, [two]);
    assert_eq!(a.heads(), before);
    a.promote(two, "# Day\n\n- two\n").unwrap();
    a.settle().unwrap();
    let union = text(&a);
    for line in ["# Day", "- one!", "- two"] {
        assert_eq!(union.matches(line).count(), 1, "{union}");
    }
}

#[test]
fn a_birth_beside_a_deletion_stands_alone() {
    let mut a = note("old\n");
    let at = a.heads();
    a.delete(author(1), &at, NOON).unwrap();
    let mut b = note("new\n");
    meet(&mut a, &mut b);
    let settled = a.settle().unwrap();
    b.settle().unwrap();
    assert_eq!(a.heads(), b.heads());
    assert!(a.view().alive);
    assert_eq!(text(&a), "new\n");
    assert_eq!(settled.copies, []);
}

#[test]
fn births_deleted_elsewhere_ask_for_no_text_beside_one_that_lives() {
    // Whichever comes first in the order of heads, the texts of the two are nowhere any more.
    for lives in ["new\n", "newer\n", "newest\n"] {
        let mut a = note(lives);
        edit(&mut a, 3, &format!("{lives}more\n"));
        for (device, old) in [(1, "old\n"), (2, "older\n")] {
            let mut gone = note(old);
            let at = gone.heads();
            gone.delete(author(device), &at, NOON).unwrap();
            a.absorb(&gone).unwrap();
        }
        assert_eq!(a.heads().as_slice().len(), 3);
        let settled = a.settle().unwrap();
        assert!(a.view().alive);
        assert_eq!(text(&a), format!("{lives}more\n"));
        assert_eq!(settled.copies, []);
    }
}

#[test]
fn one_of_two_blobs_stands_and_the_other_is_kept_beside() {
    let blobs = [Content::of(b"\0a"), Content::of(b"\0b")];
    // Both ways round: once the library's own winner stands, and once it does not.
    for (first, second) in [(0, 1), (1, 0)] {
        let start = Document::import(&birth(), Kind::Blob, Content::of(b"\0")).unwrap();
        let (mut a, mut b, mut c) = (start.clone(), start.clone(), start.clone());
        let at = start.heads();
        a.set_content(author(1), &at, NOON, (Kind::Blob, blobs[first])).unwrap();
        b.set_content(author(2), &at, NOON, (Kind::Blob, blobs[second])).unwrap();
        meet(&mut a, &mut b);
        let settled = a.settle().unwrap();
        assert_eq!(settled, b.settle().unwrap());
        assert_eq!(a.heads(), b.heads());
        let Body::Content(Kind::Blob, winner) = a.view().body else {
            panic!("a blob");
        };
        let [Body::Content(Kind::Blob, loser)] = settled.copies[..] else {
            panic!("one copy, got {:?}", settled.copies);
        };
        assert_eq!(winner, blobs[0].max(blobs[1]));
        assert_eq!(loser, blobs[0].min(blobs[1]));
        // It is told once, here and where the settled version comes to.
        assert!(settled.changed);
        assert_eq!(a.settle().unwrap().copies, []);
        give(&a, &mut c);
        assert_eq!(c.settle().unwrap().copies, []);
        assert_eq!(c.view(), a.view());
        let known = Document::receive(&birth(), &a.save()).unwrap();
        assert_eq!(known.heads(), c.heads());
        let fix_ups = c.fix_ups_since(at.as_slice());
        assert_eq!(c.review(&fix_ups[0]).unwrap().copies, settled.copies);
    }
}

#[test]
fn a_deletion_of_the_blob_that_was_chosen_leaves_the_other() {
    let blobs = [Content::of(b"\0a"), Content::of(b"\0b")];
    let (winner, loser) = (blobs[0].max(blobs[1]), blobs[0].min(blobs[1]));
    let start = Document::import(&birth(), Kind::Blob, Content::of(b"\0")).unwrap();
    let (mut a, mut b) = (start.clone(), start.clone());
    let at = start.heads();
    a.set_content(author(1), &at, NOON, (Kind::Blob, winner)).unwrap();
    b.set_content(author(2), &at, NOON, (Kind::Blob, loser)).unwrap();
    let (shown, beside) = (a.heads(), b.clone());
    // One device chooses; the other deletes what it sees, which is what was chosen.
    give(&a, &mut b);
    assert!(b.settle().unwrap().changed);
    a.delete(author(1), &shown, NOON).unwrap();
    // A third hears of the deletion before it hears of the choice.
    let mut c = beside;
    give(&a, &mut c);
    c.settle().unwrap();
    meet(&mut a, &mut b);
    assert_eq!(a.settle().unwrap(), b.settle().unwrap());
    assert_eq!(a.heads(), b.heads());
    assert!(a.view().alive);
    assert_eq!(a.view().body, Body::Content(Kind::Blob, loser));
    assert_eq!(c.view().body, Body::Content(Kind::Blob, loser));
    meet(&mut a, &mut c);
    a.settle().unwrap();
    c.settle().unwrap();
    assert_eq!(a.heads(), c.heads());
    assert_eq!(a.view().body, Body::Content(Kind::Blob, loser));
    assert_eq!(a.settle().unwrap(), crate::docs::Settled::default());
}

#[test]
fn the_same_blob_twice_is_no_conflict() {
    let blob = Content::of(b"\0a");
    let mut a = Document::import(&birth(), Kind::Blob, Content::of(b"\0")).unwrap();
    let mut b = a.clone();
    let at = a.heads();
    for (document, by) in [(&mut a, 1), (&mut b, 2)] {
        document.set_content(author(by), &at, NOON, (Kind::Blob, blob)).unwrap();
    }
    meet(&mut a, &mut b);
    assert_eq!(a.settle().unwrap(), crate::docs::Settled::default());
    assert_eq!(a.view().body, Body::Content(Kind::Blob, blob));
}

#[test]
fn a_text_stands_against_a_blob_and_the_blob_is_kept_beside() {
    let blob = Content::of(b"\0a");
    let mut a = note("hello\n");
    let mut b = a.clone();
    let at = b.heads();
    edit(&mut a, 1, "hello you\n");
    b.set_content(author(2), &at, NOON, (Kind::Blob, blob)).unwrap();
    meet(&mut a, &mut b);
    // Left to the library the blob would hide the edit.
    assert_eq!(a.view().body, Body::Content(Kind::Blob, blob));
    let settled = a.settle().unwrap();
    b.settle().unwrap();
    assert_eq!(a.heads(), b.heads());
    assert_eq!(text(&a), "hello you\n");
    assert_eq!(settled.copies, [Body::Content(Kind::Blob, blob)]);
}

#[test]
fn an_untouched_text_gives_way_to_a_blob() {
    let blob = Content::of(b"\0a");
    let mut a = Document::import(&birth(), Kind::Text, content("hello\n")).unwrap();
    let mut b = a.clone();
    let at = b.heads();
    a.rename(author(1), &at, NOON, &path("x.md")).unwrap();
    b.set_content(author(2), &at, NOON, (Kind::Blob, blob)).unwrap();
    meet(&mut a, &mut b);
    assert_eq!(a.settle().unwrap(), crate::docs::Settled::default());
    assert_eq!(a.view().body, Body::Content(Kind::Blob, blob));
    assert_eq!(a.view().path, path("x.md"));
}

#[test]
fn two_renames_are_decided_alike_and_told_once() {
    let mut a = note("hello\n");
    let mut b = a.clone();
    let at = a.heads();
    a.rename(author(1), &at, NOON, &path("x.md")).unwrap();
    b.rename(author(2), &at, NOON, &path("y.md")).unwrap();
    meet(&mut a, &mut b);
    let settled = a.settle().unwrap();
    assert_eq!(settled, b.settle().unwrap());
    assert_eq!(a.heads(), b.heads());
    let [Choice::Path { chosen, alternative }] = &settled.choices[..] else {
        panic!("one choice of a path");
    };
    assert_eq!(*chosen, a.view().path);
    assert_ne!(chosen, alternative);
    assert!(!a.settle().unwrap().changed);
}

#[test]
fn a_garbled_version_is_mended_before_a_rename_builds_on_it() {
    let mut a = note("teh end\n");
    let mut b = a.clone();
    edit(&mut a, 1, "the end\n");
    edit(&mut b, 2, "the end\n");
    meet(&mut a, &mut b);
    let at = a.heads();
    a.rename(author(1), &at, NOON, &path("x.md")).unwrap();
    assert_eq!(text(&a), "the end\n");
    assert_eq!(a.heads().as_slice().len(), 1);
}

#[test]
fn three_devices_settling_in_pairs_agree_without_doubling() {
    let base = note("start teh end\n");
    let mut devices: Vec<Document> = vec![base; 3];
    edit(&mut devices[0], 1, "start the end\n");
    edit(&mut devices[1], 2, "start the end\nmore\n");
    edit(&mut devices[2], 3, "start the end.\n");
    let edited = devices.clone();
    // Each has met one other before all meet.
    for (to, from) in [(0, 1), (1, 2), (2, 0)] {
        give(&edited[from], &mut devices[to]);
        devices[to].settle().unwrap();
    }
    for _ in 0..3 {
        let before = devices.clone();
        for device in &mut devices {
            for source in &before {
                give(source, device);
            }
            device.settle().unwrap();
        }
    }
    assert_eq!(devices[0].heads(), devices[1].heads());
    assert_eq!(devices[1].heads(), devices[2].heads());
    assert_eq!(text(&devices[0]), "start the end.\nmore\n");
}

#[test]
fn the_same_bytes_taken_for_a_text_and_for_an_attachment_are_one_version() {
    let held = content("%PDF-1.4\n");
    let text = Document::import(&birth(), Kind::Text, held).unwrap();
    let blob = Document::import(&birth(), Kind::Blob, held).unwrap();
    let (mut a, mut b) = (text.clone(), blob.clone());
    a.absorb(&blob).unwrap();
    b.absorb(&text).unwrap();
    for document in [&mut a, &mut b] {
        let settled = document.settle().unwrap();
        assert!(settled.copies.is_empty() && settled.choices.is_empty() && !settled.merged);
        assert_eq!(document.view().body, Body::Content(Kind::Text, held));
    }
    assert_eq!(a.heads(), b.heads());
    // What one side then makes of it stands, for the other side only called it something else.
    let new = Content::of(b"%PDF-1.7\n");
    let (at, mut apart) = (text.heads(), text.clone());
    apart.set_content(author(1), &at, NOON, (Kind::Blob, new)).unwrap();
    let mut renamed = text.clone();
    renamed.set_content(author(2), &at, NOON, (Kind::Blob, held)).unwrap();
    apart.absorb(&renamed).unwrap();
    let settled = apart.settle().unwrap();
    assert_eq!(apart.view().body, Body::Content(Kind::Blob, new));
    assert_eq!((settled.copies, settled.merged), (vec![], false));
    // An empty folder is no empty file.
    let empty = content("");
    let mut folder = Document::import(&birth(), Kind::Folder, empty).unwrap();
    let file = Document::import(&birth(), Kind::Blob, empty).unwrap();
    folder.absorb(&file).unwrap();
    assert!(folder.settle().unwrap().merged);
    assert_eq!(folder.view().body, Body::Content(Kind::Blob, empty));
}
