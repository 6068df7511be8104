//! A change that is made again here comes to the same document as one that is taken in.

use automerge::legacy::{ElementId, Key, ObjectId, Op, OpId, OpType};
use automerge::{Automerge, Change, ObjId, ReadDoc};
use proptest::prelude::*;
use proptest::test_runner::RngSeed;

use super::*;
use crate::docs::incoming::{Apart, Id, Incoming, STEPS_LIMIT, Step as Made};
use crate::docs::retype::Work;
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

fn incoming(changes: &[Vec<u8>]) -> Vec<Incoming<'_>> {
    changes.iter().map(|bytes| Incoming::read(bytes).unwrap()).collect()
}

fn taken_apart(document: &Document, changes: &[Vec<u8>]) -> Option<Vec<Apart>> {
    let work = Work::Walk { length: document.doc.length(&document.text) };
    retype::taken_apart(&document.text, work, &incoming(changes))
}

/// A change in steps, as the library reads it.
fn by_library(change: &Change, text: &ObjId) -> Apart {
    let decoded = change.decode();
    let id = |id: &OpId| -> Id { (id.counter(), id.actor().clone()) };
    let in_text = |op: &Op| match (&op.obj, text) {
        (ObjectId::Id(at), ObjId::Id(number, actor, _)) => id(at) == (*number, actor.clone()),
        (ObjectId::Id(_) | ObjectId::Root, _) => false,
    };
    let mut steps: Vec<Made> = vec![];
    for (number, op) in (decoded.start_op.get()..).zip(&decoded.operations) {
        let step = match (&op.key, &op.action) {
            (Key::Map(key), OpType::Put(value)) => Made::Put(key.to_string(), value.clone()),
            (Key::Map(key), OpType::Delete) => Made::Cleared(key.to_string()),
            (Key::Seq(ElementId::Id(at)), OpType::Delete) if in_text(op) => Made::Removed(id(at)),
            (Key::Seq(place), OpType::Put(value)) if op.insert && in_text(op) => {
                let behind = match place {
                    ElementId::Head => None,
                    ElementId::Id(at) => Some(id(at)),
                };
                let typed = value.as_str().unwrap();
                let goes_on = behind == Some((number - 1, decoded.actor_id.clone()));
                if let Some(Made::Typed { text, .. }) = steps.last_mut()
                    && goes_on
                {
                    text.push_str(typed);
                    continue;
                }
                Made::Typed { behind, text: typed.to_owned() }
            }
            other => panic!("{other:?}"),
        };
        steps.push(step);
    }
    Apart {
        actor: decoded.actor_id.clone(),
        time: decoded.time,
        operations: change.len() as u64,
        steps,
    }
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
        let mut walked_doc = theirs.doc.clone();
        ours.keep_at_hand(&ours.view());
        for (by, step) in steps {
            let at = theirs.heads();
            perform(&mut theirs, by, &step);
            let changes = theirs.changes_since(at.as_slice());
            for (change, parsed) in incoming(&changes).iter().zip(parsed(&changes)) {
                let mut again = ours.doc.clone();
                prop_assert!(retype::fits(&again, change));
                let steps = by_library(&parsed, &ours.text);
                if steps.steps.len() <= STEPS_LIMIT {
                    prop_assert_eq!(change.apart(&ours.text), Some(steps.clone()));
                }
                let made = retype::retype(&mut again, &ours.text, change.hash, &steps);
                prop_assert!(made.is_some());
            }
            ours.apply(&changes).unwrap();
            walked_doc = walked(&walked_doc, &changes);
            prop_assert!(same(&ours.doc, &walked_doc));
            let now = ours.doc.get_heads();
            let read = register::characters(&ours.doc, &ours.text, &now);
            prop_assert_eq!(ours.known_at(&now).unwrap_or(&read), read.as_str());
            prop_assert_eq!(ours.view(), theirs.view());
        }
    }
}

/// Pages put into a short note, and small edits between them.
fn page() -> impl Strategy<Value = Step> {
    let at = 0..3_000_usize;
    prop_oneof![
        2 => (at.clone(), "[a-z ä文🦀\n]{10,30}").prop_map(|(at, words)| {
            Step::Insert(at, words.repeat(60))
        }),
        1 => (at.clone(), 1..60_usize).prop_map(|(at, length)| Step::Remove(at, length)),
        1 => (at, 1..20_usize, "[a-z]{1,9}").prop_map(|(at, length, word)| {
            Step::Replace(at, length, word)
        }),
        1 => any::<u8>().prop_map(Step::Rename),
    ]
}

fn perform(document: &mut Document, by: u8, step: &Step) {
    let at = document.heads();
    match (change(&text(document), step), step) {
        (Some(new), _) => drop(document.edit_text(author(by), &at, NOON, &new).unwrap()),
        (None, Step::Rename(name)) => {
            let to = path(&format!("moved/{name}.md"));
            document.rename(author(by), &at, NOON, &to).unwrap();
        }
        (None, _) => drop(document.delete(author(by), &at, NOON).unwrap()),
    }
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 24,
        rng_seed: RngSeed::Fixed(6),
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn with_a_fork_and_without_comes_to_the_same(
        ours in proptest::collection::vec(step(), 1..3),
        theirs in proptest::collection::vec(page(), 1..4),
        later in proptest::collection::vec(page(), 1..3),
    ) {
        let line = |line| format!("line {line} of a note, ä 文 🦀\n");
        let base = note(&(0..60).map(line).collect::<Vec<_>>().concat());
        let (mut a, mut b) = (base.clone(), base.clone());
        for step in &ours {
            perform(&mut a, 1, step);
        }
        for step in &theirs {
            perform(&mut b, 2, step);
        }
        let changes = b.changes_since(base.heads().as_slice());
        let mut plain = a.clone();
        plain.forget_fork();
        a.apply(&changes).unwrap();
        plain.apply(&changes).unwrap();
        prop_assert_eq!(a.doc.get_heads(), plain.doc.get_heads());
        let now = a.doc.get_heads();
        for at in [now.clone(), base.doc.get_heads(), b.doc.get_heads()] {
            let read = register::characters(&plain.doc, &plain.text, &at);
            prop_assert_eq!(register::characters(&a.doc, &a.text, &at), read.as_str());
            prop_assert_eq!(a.characters(&at), read.as_str());
        }
        prop_assert_eq!(a.settle().unwrap(), plain.settle().unwrap());
        prop_assert_eq!(a.view(), plain.view());
        prop_assert_eq!(a.heads(), plain.heads());
        let stored = StoredDocument { snapshot: a.save(), changes: vec![] };
        let mut again = Document::load(&stored).unwrap();
        prop_assert_eq!(again.view(), a.view());
        // All go on, each from what it has.
        for step in &later {
            perform(&mut again, 3, step);
        }
        perform(&mut a, 1, &Step::Insert(0, "ours ".into()));
        give(&a, &mut b);
        give(&again, &mut a);
        give(&a, &mut b);
        give(&b, &mut plain);
        for document in [&mut a, &mut b, &mut plain] {
            document.settle().unwrap();
        }
        prop_assert_eq!(a.heads(), b.heads());
        prop_assert_eq!(a.view(), b.view());
        prop_assert_eq!(plain.view(), b.view());
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
        let apart = taken_apart(&document, &changes);
        assert_eq!(apart.map(|apart| apart.len()), Some(edits));
        let by_walk = walked(&document.doc, &changes);
        document.apply(&changes).unwrap();
        assert!(same(&document.doc, &by_walk));
        let stored = StoredDocument { snapshot: note_of(characters).save(), changes };
        assert!(same(&Document::load(&stored).unwrap().doc, &by_walk));
    }
}

#[test]
fn a_page_pasted_at_once_is_made_again() {
    let mut theirs = note("a short one\n");
    let mut ours = theirs.clone();
    let at = theirs.heads();
    edit(&mut theirs, 1, &format!("a short one\n{}", "lorem ipsum ".repeat(500)));
    let changes = theirs.changes_since(at.as_slice());
    assert!(taken_apart(&ours, &changes).is_some());
    let by_walk = walked(&ours.doc, &changes);
    ours.apply(&changes).unwrap();
    assert!(same(&ours.doc, &by_walk));
}

#[test]
fn what_is_more_work_to_make_again_is_taken_in() {
    let (mut document, changes) = appended(36, 8);
    assert!(taken_apart(&document, &changes).is_none());
    let by_walk = walked(&document.doc, &changes);
    document.apply(&changes).unwrap();
    assert!(same(&document.doc, &by_walk));
}

#[test]
fn what_has_too_many_places_is_taken_in() {
    let line = "letters of a note\n";
    let before = note(&line.repeat(3_000));
    // One more operation says that the file lives.
    for (places, fits) in [(STEPS_LIMIT - 1, true), (STEPS_LIMIT, false)] {
        let mut theirs = before.clone();
        let new = [format!("x{line}").repeat(places), line.repeat(3_000 - places)].concat();
        edit(&mut theirs, 1, &new);
        let changes = theirs.changes_since(before.heads().as_slice());
        assert_eq!(parsed(&changes)[0].len(), places + 1);
        assert_eq!(taken_apart(&before, &changes).is_some(), fits, "{places}");
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
    let [fix_up] = &incoming(&changes)[..] else { panic!("one change settles it") };
    assert!(retype::fits(&b.doc, fix_up));
    let by_walk = walked(&b.doc, &changes);
    give(&a, &mut b);
    assert!(same(&b.doc, &by_walk));
    assert_eq!(a.view(), b.view());
}

#[test]
fn what_stands_beside_ours_is_taken_in() {
    let mut a = note(&long());
    let mut b = a.clone();
    edit(&mut a, 1, &long().replace("line 1 ", "line one "));
    edit(&mut b, 2, &long().replace("line 500 ", "line five hundred "));
    let changes = b.changes_since(note(&long()).heads().as_slice());
    assert!(!retype::fits(&a.doc, &incoming(&changes)[0]));
    let by_walk = walked(&a.doc, &changes);
    give(&b, &mut a);
    assert!(same(&a.doc, &by_walk));
}

/// `b` typed many lines while `a` wrote one; what `a` comes to, and what the library does.
fn apart_for_a_while(ours: &str, theirs: &[&str]) -> (Document, Document, Vec<Vec<u8>>) {
    let base = note("one\ntwo ä\nthree\n");
    let (mut a, mut b) = (base.clone(), base.clone());
    for now in theirs {
        edit(&mut b, 2, now);
    }
    edit(&mut a, 1, ours);
    let changes = b.changes_since(base.heads().as_slice());
    (a, b, changes)
}

#[test]
fn a_long_paste_beside_a_short_edit_is_made_again_where_it_was_made() {
    let pasted = format!("one\ntwo ä\n{}three\n", "pasted 文 lines\n".repeat(300));
    let more = format!("{pasted}{}", "and more 🦀\n".repeat(200));
    let ours = "one of ours\ntwo ä\nthree\n";
    let (a, b, changes) = apart_for_a_while(ours, &[&pasted, &more]);
    let (_, made, rest) = a.refounded(&incoming(&changes)).unwrap();
    assert_eq!((made, rest.len()), (2, 1));
    let by_walk = walked(&a.doc, &changes);
    let mut refounded = a.clone();
    refounded.apply(&changes).unwrap();
    assert_eq!(refounded.doc.get_heads(), by_walk.get_heads());
    assert_eq!(refounded.doc.text(&a.text).unwrap(), by_walk.text(&a.text).unwrap());
    for (at, of) in [(a.heads(), &a), (b.heads(), &b)] {
        let at = refounded.hashes(&at).unwrap();
        assert_eq!(refounded.known_at(&at), Some(text(of).as_str()));
        assert_eq!(register::characters(&refounded.doc, &a.text, &at), text(of));
    }
    let mut plain = a.clone();
    plain.forget_fork();
    assert!(plain.refounded(&incoming(&changes)).is_none());
    plain.apply(&changes).unwrap();
    assert_eq!(plain.settle().unwrap(), refounded.settle().unwrap());
    assert_eq!(plain.view(), refounded.view());
    assert_eq!(text(&refounded), more.replacen("one", "one of ours", 1));
    let stored = StoredDocument { snapshot: refounded.save(), changes: vec![] };
    assert_eq!(Document::load(&stored).unwrap().view(), plain.view());
    // Whoever has the one takes in the other, and edits go on as if nothing had been.
    meet(&mut plain, &mut refounded);
    edit(&mut refounded, 1, "short\n");
    give(&refounded, &mut plain);
    assert_eq!(text(&plain), "short\n");
}

#[test]
fn a_short_edit_beside_a_short_edit_is_taken_in() {
    let (a, _, changes) = apart_for_a_while("one!\ntwo ä\nthree\n", &["one\ntwo ä\nthree!\n"]);
    assert!(a.refounded(&incoming(&changes)).is_none());
    let paste = "x".repeat(9_000);
    let (a, _, changes) = apart_for_a_while(&paste, &[&paste]);
    assert!(a.refounded(&incoming(&changes)).is_none(), "ours is as long");
}

#[test]
fn a_fork_is_kept_until_something_comes_in() {
    let mut a = note("one\n");
    let before = a.doc.get_heads();
    assert!(a.fork.heads().is_none());
    edit(&mut a, 1, "one\ntwo\n");
    edit(&mut a, 1, "one\ntwo\nthree\n");
    assert_eq!(a.fork.heads(), Some(before));
    let light = a.weight_bytes();
    let mut b = a.clone();
    edit(&mut b, 2, "one\ntwo\nthree\nfour\n");
    give(&b, &mut a);
    assert!(a.fork.heads().is_none());
    assert!(a.weight_bytes() < light);
    let mut long = note(&"0123456789\n".repeat(2_000));
    edit(&mut long, 1, "short\n");
    assert!(long.fork.heads().is_none(), "no long texts");
    let (_, past) = appended(360, 70);
    let mut old = note_of(360);
    old.apply(&past).unwrap();
    edit(&mut old, 1, "short\n");
    assert!(old.fork.heads().is_none(), "no long past");
}
