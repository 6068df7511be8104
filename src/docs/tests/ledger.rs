//! Settled entries, meetings, and meetings taken back.

use super::*;
use crate::docs::{Choice, EntryId, Rewrite, Side};
use crate::model::ChangeHash;

const ENTRY: EntryId = [0, 1, 2, 3, 0xa, 0xb, 0xc, 0xd];

fn settle(document: &mut Document, by: u8, rewrite: Option<&Rewrite>) -> u64 {
    let at = document.heads();
    document.resolve(author(by), (&at, NOON), (ENTRY, "ours"), rewrite).unwrap().ops
}

#[test]
fn a_verdict_travels_with_what_it_does_to_the_text() {
    let mut a = note("due Monday\n");
    let mut b = a.clone();
    let before = a.heads();
    assert!(settle(&mut a, 1, Some(&Rewrite::Text("due Friday\n".into()))) > 0);
    assert_eq!(a.changes_since(before.as_slice()).len(), 1, "all of it is one change");
    assert_eq!(a.resolved().into_iter().collect::<Vec<_>>(), [ENTRY]);
    assert!(b.resolved().is_empty());
    give(&a, &mut b);
    assert_eq!((text(&b), b.resolved()), ("due Friday\n".to_owned(), a.resolved()));
    // Settled is settled: another verdict does nothing.
    let heads = b.heads();
    assert_eq!(settle(&mut b, 2, Some(&Rewrite::Text("due never\n".into()))), 0);
    assert_eq!(b.heads(), heads);
    let loaded = Document::receive(&birth(), &b.save()).unwrap();
    assert_eq!(loaded.resolved(), b.resolved());
}

#[test]
fn two_verdicts_meet_without_loss() {
    let base = note("due Monday\n");
    let (mut a, mut b) = (base.clone(), base.clone());
    settle(&mut a, 1, Some(&Rewrite::Text("due Friday\n".into())));
    settle(&mut b, 2, None);
    meet(&mut a, &mut b);
    assert!(!a.settle().unwrap().changed, "nothing contradicts");
    assert_eq!((text(&a), a.resolved().len()), ("due Friday\n".to_owned(), 1));
    // Both changed the text: that is a contradiction of its own, with both sides kept.
    let (mut a, mut b) = (base.clone(), base);
    settle(&mut a, 1, Some(&Rewrite::Text("due Friday\n".into())));
    settle(&mut b, 2, Some(&Rewrite::Text("due Sunday\n".into())));
    meet(&mut a, &mut b);
    let settled = a.settle().unwrap();
    b.settle().unwrap();
    assert_eq!((a.heads(), text(&a)), (b.heads(), text(&b)));
    let [Choice::Text { chosen, alternative, .. }] = &settled.choices[..] else {
        panic!("one choice, got {:?}", settled.choices);
    };
    assert!(text(&a).contains(chosen) && chosen != alternative);
    let fix_up = a.fix_ups_since(&[])[0];
    assert!(a.was_resolved_before(&fix_up, ENTRY), "so it is told as a new one");
    assert!(!a.was_resolved_before(&ChangeHash([9; 32]), ENTRY));
}

#[test]
fn a_verdict_moves_a_file_or_replaces_it_and_revives_none() {
    let mut a = note("x\n");
    settle(&mut a, 1, Some(&Rewrite::Path(path("there.md"))));
    assert_eq!(a.view().path, path("there.md"));
    let blob = |bytes: &[u8]| (Kind::Blob, Content::of(bytes));
    let mut b = Document::import(&birth(), Kind::Blob, Content::of(b"\0")).unwrap();
    let (kind, content) = blob(b"\0b");
    settle(&mut b, 1, Some(&Rewrite::Content(kind, content)));
    assert_eq!(b.view().body.fingerprint(), (kind, content));
    let at = b.heads();
    b.delete(author(1), &at, NOON).unwrap();
    let at = b.heads();
    b.resolve(author(1), (&at, NOON), ([7; 8], "ours"), None).unwrap();
    assert!(!b.view().alive && b.resolved().len() == 2);
}

#[test]
fn meetings_name_whose_work_met_and_no_other_joining_does() {
    let base = note("one\n\ntwo\n\nthree\n");
    let (mut a, mut b) = (base.clone(), base.clone());
    assert_eq!(a.meetings(), []);
    edit(&mut a, 1, "ONE\n\ntwo\n\nthree\n");
    edit(&mut b, 2, "one\n\ntwo\n\nTHREE\n");
    edit(&mut b, 2, "one\n\ntwo\n\nTHREE!\n");
    let heads: Vec<ChangeHash> =
        [&a, &b].into_iter().flat_map(|it| it.heads().as_slice().to_vec()).collect();
    meet(&mut a, &mut b);
    a.settle().unwrap();
    let open = a.meetings();
    let [meeting] = &open[..] else { panic!("one meeting, got {open:?}") };
    assert_eq!((meeting.joined_by, meeting.at.clone()), (None, a.heads()));
    let of = |number: u8| vec![Author::mark(PeerId([number; 32]))];
    for side in &meeting.sides {
        let by = if side.head == heads[0] { of(1) } else { of(2) };
        assert_eq!(side, &Side { head: side.head, makers: by });
        assert!(heads.contains(&side.head));
    }
    // The first edit made on both joins them; the meeting keeps its name.
    let joined = edit(&mut a, 1, "ONE\n\ntwo\n\nTHREE!\n\nfour\n");
    let closed = a.meetings();
    assert_eq!(closed[0].rev, meeting.rev);
    assert_eq!(closed[0].joined_by, joined.as_slice().first().copied());
    assert_eq!(closed[0].sides, meeting.sides);
}

#[test]
fn a_meeting_is_taken_back_and_later_edits_stay() {
    let base = note("# Plan\n\ndue 2026-01-01\n\nend\n");
    let (mut a, mut b) = (base.clone(), base.clone());
    edit(&mut a, 1, "# Plan\n\ndue 2026-02-02\n\nend\n");
    edit(&mut b, 2, "# Plan\n\ndue 2026-03-03\n\nthe other's line\n\nend\n");
    let (ours, theirs) = (a.heads(), b.heads());
    meet(&mut a, &mut b);
    assert_eq!(a.settle().unwrap().choices.len(), 1);
    let meeting = a.meetings().remove(0);
    assert_eq!(meeting.at.as_slice(), [meeting.rev]);
    let later = text(&a) + "\nwritten later\n";
    edit(&mut a, 1, &later);
    let without = |keep: &Heads| a.without(&meeting.at, &keep.as_slice()[0]).unwrap();
    let (body, choices) = without(&ours);
    let mine = "# Plan\n\ndue 2026-02-02\n\nend\n\nwritten later\n";
    assert_eq!((body, choices), (super::super::Body::Text(mine.into()), vec![]));
    let (body, _) = without(&theirs);
    let other = "# Plan\n\ndue 2026-03-03\n\nthe other's line\n\nend\n\nwritten later\n";
    assert_eq!(body, super::super::Body::Text(other.into()));
    let unknown = a.without(&meeting.at, &ChangeHash([9; 32]));
    assert!(matches!(unknown, Err(super::super::Error::Unknown(_))));
}

#[test]
fn the_history_is_what_every_version_says_in_the_same_order_everywhere() {
    let mut a = note("one\n\ntwo\n\nthree\n");
    let mut b = a.clone();
    edit(&mut a, 1, "ONE\n\ntwo\n\nthree\n");
    let at = b.heads();
    b.rename(author(2), &at, NOON, &path("moved.md")).unwrap();
    let at = b.heads();
    b.delete(author(2), &at, NOON).unwrap();
    meet(&mut a, &mut b);
    a.settle().unwrap();
    b.settle().unwrap();
    let at = a.heads();
    let verdict = Rewrite::Path(path("settled.md"));
    a.resolve(author(1), (&at, NOON), (ENTRY, "theirs"), Some(&verdict)).unwrap();
    // More operations than are looked into, with a move beside it.
    edit(&mut b, 2, &"many words of all sorts\n".repeat(40));
    let at = b.heads();
    b.rename(author(2), &at, NOON, &path("elsewhere.md")).unwrap();
    meet(&mut a, &mut b);
    a.settle().unwrap();
    b.settle().unwrap();
    let at = a.heads();
    a.delete(author(1), &at, NOON).unwrap();
    let at = a.heads();
    a.revive(author(1), &at, NOON).unwrap();
    give(&a, &mut b);
    let history = a.history();
    assert_eq!(history, b.history());
    assert_eq!(history.len(), a.changes().len());
    assert!(history.iter().any(|moment| !moment.alive));
    for moment in &history {
        let view = a.at(&Heads::from_iter([moment.hash])).unwrap();
        assert_eq!((&moment.path, moment.alive), (&view.path, view.alive), "{moment:?}");
        let known = history.iter().take_while(|it| it.hash != moment.hash).map(|it| it.hash);
        let known: Vec<ChangeHash> = known.collect();
        assert!(moment.parents.as_slice().iter().all(|parent| known.contains(parent)));
    }
}
