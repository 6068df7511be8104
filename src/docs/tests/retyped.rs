//! A change that is made again here comes to the same document as one that is taken in.

use automerge::{Automerge, Change};
use proptest::prelude::*;
use proptest::test_runner::RngSeed;

use super::*;
use crate::docs::retype::{OPERATIONS_LIMIT, PLACES_LIMIT};
use crate::docs::{register, retype};
use crate::model::StoredDocument;

/// Long enough to be kept at hand, with characters of one to four bytes.
fn long() -> String {
    let line = |line| format!("line {line} of a long note, ä 文 🦀\n");
    (0..600).map(line).collect::<Vec<_>>().concat()
}

/// One thing done to the note.
#[derive(Debug, Clone)]
enum Step {
    Insert(usize, String),
    Remove(usize, usize),
    Replace(usize, usize, String),
    Scatter(usize, String),
    Rename(u8),
    Delete,
}

fn step() -> impl Strategy<Value = Step> {
    let at = 0..20_000_usize;
    let words = "[a-z ä文🦀\n]{1,30}";
    prop_oneof![
        3 => (at.clone(), words).prop_map(|(at, words)| Step::Insert(at, words)),
        2 => (at.clone(), 1..40_usize).prop_map(|(at, length)| Step::Remove(at, length)),
        3 => (at.clone(), 1..40_usize, words).prop_map(|(at, length, words)| {
            Step::Replace(at, length, words)
        }),
        2 => (1..3_000_usize, "[a-z]{1,3}").prop_map(|(every, word)| Step::Scatter(every, word)),
        1 => any::<u8>().prop_map(Step::Rename),
        1 => Just(Step::Delete),
    ]
}

fn change(text: &str, step: &Step) -> Option<String> {
    let mut chars: Vec<char> = text.chars().collect();
    match step {
        Step::Insert(at, words) => {
            let at = at % (chars.len() + 1);
            chars.splice(at..at, words.chars());
        }
        Step::Remove(at, length) => {
            let at = at % chars.len();
            chars.drain(at..chars.len().min(at + length));
        }
        Step::Replace(at, length, words) => {
            let at = at % chars.len();
            let end = chars.len().min(at + length);
            chars.splice(at..end, words.chars());
        }
        Step::Scatter(every, word) => {
            let mut at = *every;
            while at < chars.len() {
                chars.splice(at..at, word.chars());
                at += every.max(&400) + word.len();
            }
        }
        Step::Rename(_) | Step::Delete => return None,
    }
    Some(chars.into_iter().collect())
}

fn parsed(changes: &[Vec<u8>]) -> Vec<Change> {
    changes.iter().map(|bytes| Change::from_bytes(bytes.clone()).unwrap()).collect()
}

/// What the library itself comes to.
fn walked(from: &Automerge, changes: &[Vec<u8>]) -> Automerge {
    let mut doc = from.clone();
    doc.apply_changes(parsed(changes)).unwrap();
    doc
}

fn same(a: &Automerge, b: &Automerge) -> bool {
    a.get_heads() == b.get_heads() && a.save_nocompress() == b.save_nocompress()
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 6,
        rng_seed: RngSeed::Fixed(5),
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn what_is_made_again_is_what_is_taken_in(
        steps in proptest::collection::vec((1..4_u8, step()), 4..8),
    ) {
        let mut theirs = note(&long());
        let mut ours = theirs.clone();
        let mut by_library = theirs.doc.clone();
        ours.keep_at_hand(&ours.view());
        for (by, step) in steps {
            let at = theirs.heads();
            match (change(&text(&theirs), &step), &step) {
                (Some(new), _) => drop(theirs.edit_text(author(by), &at, NOON, &new).unwrap()),
                (None, Step::Rename(name)) => {
                    let to = path(&format!("moved/{name}.md"));
                    theirs.rename(author(by), &at, NOON, &to).unwrap();
                }
                (None, _) => drop(theirs.delete(author(by), &at, NOON).unwrap()),
            }
            let changes = theirs.changes_since(at.as_slice());
            for change in parsed(&changes) {
                let mut again = ours.doc.clone();
                prop_assert!(retype::fits(&again, &change));
                let apart = change.decode();
                let made = retype::retype(&mut again, &ours.text, change.hash(), &apart);
                prop_assert!(made.is_some());
            }
            ours.apply(&changes).unwrap();
            by_library = walked(&by_library, &changes);
            prop_assert!(same(&ours.doc, &by_library));
            let now = ours.doc.get_heads();
            let read = register::characters(&ours.doc, &ours.text, &now);
            prop_assert_eq!(ours.known_at(&now).unwrap_or(&read), read.as_str());
            prop_assert_eq!(ours.view(), theirs.view());
        }
    }
}

fn note_of(characters: usize) -> Document {
    note(&"letters of a note\n".repeat(characters / 18))
}

/// Small edits of a note of `characters`, one after the other.
fn appended(characters: usize, edits: usize) -> (Document, Vec<Vec<u8>>) {
    let document = note_of(characters);
    let mut edited = document.clone();
    for number in 0..edits {
        let new = format!("{}added in round {number}\n", text(&edited));
        edit(&mut edited, 1, &new);
    }
    let changes = edited.changes_since(document.heads().as_slice());
    (document, changes)
}

#[test]
fn a_log_of_small_edits_is_made_again() {
    for (characters, edits) in [(360, 1), (3_600, 1), (3_600, 8), (36_000, 64)] {
        let (mut document, changes) = appended(characters, edits);
        let apart = retype::taken_apart(&document.doc, &document.text, &parsed(&changes));
        assert_eq!(apart.map(|apart| apart.len()), Some(edits));
        let by_library = walked(&document.doc, &changes);
        document.apply(&changes).unwrap();
        assert!(same(&document.doc, &by_library));
        let stored = StoredDocument { snapshot: note_of(characters).save(), changes };
        assert!(same(&Document::load(&stored).unwrap().doc, &by_library));
    }
}

#[test]
fn a_page_pasted_at_once_is_made_again() {
    let mut theirs = note("a short one\n");
    let mut ours = theirs.clone();
    let at = theirs.heads();
    edit(&mut theirs, 1, &format!("a short one\n{}", "lorem ipsum ".repeat(500)));
    let changes = theirs.changes_since(at.as_slice());
    assert!(retype::taken_apart(&ours.doc, &ours.text, &parsed(&changes)).is_some());
    let by_library = walked(&ours.doc, &changes);
    ours.apply(&changes).unwrap();
    assert!(same(&ours.doc, &by_library));
}

#[test]
fn what_is_more_work_to_make_again_is_taken_in() {
    let (mut document, changes) = appended(36, 8);
    assert!(retype::taken_apart(&document.doc, &document.text, &parsed(&changes)).is_none());
    let by_library = walked(&document.doc, &changes);
    document.apply(&changes).unwrap();
    assert!(same(&document.doc, &by_library));
}

#[test]
fn what_has_too_many_places_is_taken_in() {
    let line = "letters of a note\n";
    let before = note(&line.repeat(3_000));
    // One more operation says that the file lives.
    for (places, fits) in [(PLACES_LIMIT - 1, true), (PLACES_LIMIT, false)] {
        let mut theirs = before.clone();
        let new = [format!("x{line}").repeat(places), line.repeat(3_000 - places)].concat();
        edit(&mut theirs, 1, &new);
        let changes = parsed(&theirs.changes_since(before.heads().as_slice()));
        assert_eq!(changes[0].len(), places + 1);
        let apart = retype::taken_apart(&before.doc, &before.text, &changes);
        assert_eq!(apart.is_some(), fits, "{places}");
    }
}

#[test]
fn no_more_is_taken_apart_than_the_limit_allows() {
    let before = note("one\n");
    let at = before.heads();
    // One more operation says that the file lives.
    for (letters, fits) in
        [(OPERATIONS_LIMIT - 2, true), (OPERATIONS_LIMIT - 1, true), (OPERATIONS_LIMIT, false)]
    {
        let mut theirs = before.clone();
        edit(&mut theirs, 1, &format!("one\n{}", "x".repeat(letters)));
        let changes = parsed(&theirs.changes_since(at.as_slice()));
        assert_eq!(changes[0].len(), letters + 1);
        let apart = retype::taken_apart(&theirs.doc, &theirs.text, &changes);
        assert_eq!(apart.is_some(), fits, "{letters}");
    }
}

#[test]
fn the_text_stays_at_hand() {
    let mut theirs = note(&long());
    let mut ours = theirs.clone();
    ours.keep_at_hand(&ours.view());
    let new = long().replacen("line 300", "the line three hundred", 1);
    edit(&mut theirs, 1, &new);
    give(&theirs, &mut ours);
    for document in [&theirs, &ours] {
        assert_eq!(document.known_at(&document.doc.get_heads()), Some(new.as_str()));
    }
}

#[test]
fn a_settlement_is_made_again() {
    let mut a = note(&long());
    let mut b = a.clone();
    edit(&mut a, 1, &long().replace("line 300 of a", "line 300 of some"));
    edit(&mut b, 2, &long().replace("line 300 of a", "line 300 of one"));
    meet(&mut a, &mut b);
    let before = b.heads();
    assert!(a.settle().unwrap().changed);
    let changes = a.changes_since(before.as_slice());
    let [fix_up] = &parsed(&changes)[..] else { panic!("one change settles it") };
    assert!(retype::fits(&b.doc, fix_up));
    let by_library = walked(&b.doc, &changes);
    give(&a, &mut b);
    assert!(same(&b.doc, &by_library));
    assert_eq!(a.view(), b.view());
}

#[test]
fn what_stands_beside_ours_is_taken_in() {
    let mut a = note(&long());
    let mut b = a.clone();
    edit(&mut a, 1, &long().replace("line 1 ", "line one "));
    edit(&mut b, 2, &long().replace("line 500 ", "line five hundred "));
    let changes = b.changes_since(note(&long()).heads().as_slice());
    assert!(!retype::fits(&a.doc, &parsed(&changes)[0]));
    let by_library = walked(&a.doc, &changes);
    give(&b, &mut a);
    assert!(same(&a.doc, &by_library));
}
