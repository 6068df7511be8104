//! Bytes from elsewhere: damaged, forged, or of another file.

use automerge::transaction::Transactable;
use automerge::{ActorId, Automerge, Change, ObjType, ROOT, ReadDoc};
use proptest::prelude::*;
use sha2::{Digest, Sha256};

use super::*;
use crate::docs::chunk::{Chunk, number, prefixed, signed};
use crate::docs::foreign::guarded;
use crate::docs::incoming::Incoming;
use crate::docs::register::{CONTENT, PATH, TEXT};
use crate::docs::{CHANGE_LIMIT_BYTES, Error};
use crate::model::StoredDocument;

fn edited() -> (Document, Document) {
    let base = note("one\ntwo\nthree\n");
    let mut ours = base.clone();
    edit(&mut ours, 1, "one\ntwo!\nthree\n");
    let at = ours.heads();
    ours.rename(author(1), &at, NOON, &path("x.md")).unwrap();
    edit(&mut ours, 1, "one\ntwo!\nthree and more\n");
    (base, ours)
}

/// A change made on `base` by somebody who does not follow the rules.
fn rogue(base: &Document, actor: ActorId, put: impl FnOnce(&mut Automerge)) -> Vec<u8> {
    let mut doc = base.doc.clone();
    let heads = doc.get_heads();
    doc.set_actor(actor);
    put(&mut doc);
    doc.get_changes(&heads)[0].raw_bytes().to_vec()
}

fn in_transaction(
    work: impl FnOnce(&mut automerge::transaction::Transaction<'_>),
) -> impl FnOnce(&mut Automerge) {
    |doc| {
        let mut transaction = doc.transaction();
        work(&mut transaction);
        transaction.commit();
    }
}

#[test]
fn every_bit_flip_of_a_change_is_refused() {
    let (base, ours) = edited();
    let changes = ours.changes_since(base.heads().as_slice());
    for change in &changes {
        for bit in 0..change.len() * 8 {
            let mut bad = change.clone();
            bad[bit / 8] ^= 1 << (bit % 8);
            let mut document = base.clone();
            assert!(document.apply(&[bad]).is_err(), "bit {bit}");
            assert_eq!(document.heads(), base.heads());
        }
        for length in 0..change.len() {
            let mut document = base.clone();
            assert!(document.apply(&[change[..length].to_vec()]).is_err());
        }
    }
}

#[test]
fn every_bit_flip_of_a_document_is_refused() {
    let (base, ours) = edited();
    let saved = ours.save();
    let load = |bytes: &[u8]| {
        Document::load(&StoredDocument { snapshot: bytes.to_vec(), changes: vec![] })
    };
    assert!(load(&saved).is_ok());
    for bit in 0..saved.len() * 8 {
        let mut bad = saved.clone();
        bad[bit / 8] ^= 1 << (bit % 8);
        assert!(Document::receive(&birth(), &bad).is_err(), "bit {bit}");
        assert!(load(&bad).is_err(), "bit {bit}");
    }
    for length in 0..saved.len() {
        assert!(load(&saved[..length]).is_err());
    }
    let mut longer = saved.clone();
    longer.extend(&ours.changes_since(base.heads().as_slice())[0]);
    assert!(load(&longer).is_err());
}

#[test]
fn a_good_batch_with_one_bad_change_is_refused_whole() {
    let (base, ours) = edited();
    let mut changes = ours.changes_since(base.heads().as_slice());
    changes.push(b"nonsense".to_vec());
    let mut document = base.clone();
    assert!(matches!(document.apply(&changes), Err(Error::Malformed(_))));
    assert_eq!(document.heads(), base.heads());
}

#[test]
fn any_order_will_do_and_gaps_are_named() {
    let (base, ours) = edited();
    let mut changes = ours.changes_since(base.heads().as_slice());
    changes.reverse();
    let mut document = base.clone();
    assert_eq!(document.apply(&changes).unwrap().new, 3);
    assert_eq!(document.heads(), ours.heads());
    assert_eq!(document.apply(&changes).unwrap().new, 0);

    let mut document = base.clone();
    let gap = [changes[0].clone(), changes[2].clone()];
    let applied = document.apply(&gap).unwrap();
    assert_eq!(applied.new, 1);
    assert_eq!(applied.missing.len(), 1);
    assert!(ours.knows(&applied.missing[0]) && !document.knows(&applied.missing[0]));
}

#[test]
fn a_document_of_another_file_is_refused() {
    let mut ours = note("hello\n");
    let other = Birth { generation: 1, ..birth() };
    let theirs = Document::import(&other, Kind::Text, content("hello\n")).unwrap();
    assert!(matches!(ours.absorb(&theirs), Err(Error::OtherBirth)));
    assert!(matches!(ours.add_import(&other, Kind::Text, content("x")), Err(Error::OtherBirth)));
    assert!(matches!(Document::receive(&other, &ours.save()), Err(Error::OtherBirth)));
    let changes = theirs.changes_since(&[]);
    assert!(matches!(ours.apply(&changes), Err(Error::OtherBirth)));
    assert!(ours.is_of(&birth()).unwrap() && !ours.is_of(&other).unwrap());
    assert_eq!(Document::receive(&birth(), &ours.save()).unwrap().heads(), ours.heads());
}

#[test]
fn changes_that_break_the_shape_are_refused() {
    let base = note("hello\n");
    let actor = ActorId::from([9; 16]);
    let bad: Vec<Vec<u8>> = vec![
        rogue(&base, actor.clone(), in_transaction(|t| t.put(ROOT, PATH, "../x").unwrap())),
        rogue(&base, actor.clone(), in_transaction(|t| t.put(ROOT, PATH, 7).unwrap())),
        rogue(&base, actor.clone(), in_transaction(|t| t.delete(ROOT, PATH).unwrap())),
        rogue(&base, actor.clone(), in_transaction(|t| t.put(ROOT, CONTENT, "x").unwrap())),
        rogue(&base, actor.clone(), in_transaction(|t| t.put(ROOT, TEXT, "x").unwrap())),
        rogue(&base, actor.clone(), in_transaction(|t| t.put(ROOT, "alive", "x").unwrap())),
        rogue(
            &base,
            actor,
            in_transaction(|t| {
                t.put_object(ROOT, TEXT, ObjType::Text).unwrap();
            }),
        ),
    ];
    for change in bad {
        let mut document = base.clone();
        assert!(matches!(document.apply(&[change]), Err(Error::Shape(_))));
        assert_eq!(document.heads(), base.heads());
        assert_eq!(text(&document), "hello\n");
    }
}

#[test]
fn a_forged_promotion_is_refused() {
    let mut base = Document::import(&birth(), Kind::Text, content("hello\n")).unwrap();
    let actor = crate::docs::birth::promotion_actor(&base.imports[0].actor);
    let object = base.text.clone();
    let forged = rogue(
        &base,
        actor,
        in_transaction(|t| {
            t.splice_text(&object, 0, 0, "other\n").unwrap();
            t.put(ROOT, CONTENT, "text").unwrap();
        }),
    );
    assert!(matches!(base.apply(&[forged]), Err(Error::Shape(_))));
    assert!(base.promote(content("hello\n"), "hello\n").unwrap());
}

#[test]
fn limits_are_kept() {
    let mut document = note("hello\n");
    let huge = vec![0; CHANGE_LIMIT_BYTES + 1];
    assert!(matches!(document.apply(&[huge]), Err(Error::TooLarge { .. })));
    let full = vec![0; CHANGE_LIMIT_BYTES];
    assert!(matches!(document.apply(&[full]), Err(Error::Malformed(_))));
}

#[test]
fn compressed_documents_are_refused() {
    let document = note(&"hello hello hello\n".repeat(100));
    let stored = |snapshot| StoredDocument { snapshot, changes: vec![] };
    assert!(Document::load(&stored(document.doc.save_nocompress())).is_ok());
    let compressed = Document::load(&stored(document.doc.save()));
    assert!(matches!(compressed, Err(Error::Malformed(_))));
}

proptest! {
    #[test]
    fn garbage_is_refused(bytes in proptest::collection::vec(any::<u8>(), 0..200), magic: bool) {
        let mut framed = if magic { vec![0x85, 0x6f, 0x4a, 0x83] } else { vec![] };
        framed.extend(bytes);
        let mut document = note("hello\n");
        prop_assert!(document.apply(&[framed.clone()]).is_err());
        prop_assert!(Document::receive(&birth(), &framed).is_err());
    }
}

/// `bytes` with the checksum and the length that belong to them.
fn sealed(data: &[u8]) -> Vec<u8> {
    let mut hashed = vec![1];
    let mut length = data.len();
    while length >= 0x80 {
        hashed.push(u8::try_from(length & 0x7f).unwrap() | 0x80);
        length >>= 7;
    }
    hashed.push(u8::try_from(length).unwrap());
    hashed.extend(data);
    let mut sealed = vec![0x85, 0x6f, 0x4a, 0x83];
    sealed.extend(&Sha256::digest(&hashed)[..4]);
    sealed.extend(hashed);
    sealed
}

/// What the library makes of one change, if it takes it.
fn by_library(base: &Document, change: &[u8]) -> Option<Vec<u8>> {
    let mut doc = base.doc.clone();
    guarded(|| {
        let change = Change::from_bytes(change.to_vec())
            .map_err(|error| Error::Malformed(error.to_string()))?;
        let hash = change.hash();
        doc.apply_changes([change])?;
        if doc.get_change_by_hash(&hash).is_none() {
            return Err(Error::Malformed("not taken".into()));
        }
        Ok(doc.save_nocompress())
    })
    .ok()
}

#[test]
fn what_a_forger_seals_comes_to_what_the_library_makes_of_it() {
    let base = note("one\ntwo ä\nthree\n");
    let mut ours = base.clone();
    edit(&mut ours, 1, "one\nand 文\nthree, in a row\n");
    let change = ours.changes_since(base.heads().as_slice()).remove(0);
    let data = Chunk::read(&change).unwrap().data.to_vec();
    assert_eq!(sealed(&data), change);
    let (mut taken, mut refused) = (0, 0);
    for at in 33..data.len() {
        for bit in 0..8 {
            let mut forged = data.clone();
            forged[at] ^= 1 << bit;
            let forged = sealed(&forged);
            let mut document = base.clone();
            if let Ok(applied) = document.apply(std::slice::from_ref(&forged)) {
                assert_eq!(applied.new, 1);
                assert_eq!(by_library(&base, &forged), Some(document.save()), "{at}/{bit}");
                taken += 1;
            } else {
                assert_eq!(document.heads(), base.heads());
                refused += 1;
            }
        }
    }
    assert!(taken > 50 && refused > 50, "{taken} taken, {refused} refused");
}

#[test]
fn a_change_with_a_crowd_of_authors_is_not_taken_apart() {
    let base = note("one\n");
    let mut ours = base.clone();
    edit(&mut ours, 1, "one and two\n");
    let change = ours.changes_since(base.heads().as_slice()).remove(0);
    let data = Chunk::read(&change).unwrap().data.to_vec();
    // Deps, author, sequence, first operation, time, message; then the others.
    let mut rest = &data[1 + 32 * usize::from(data[0])..];
    prefixed(&mut rest).unwrap();
    for _ in 0..2 {
        number(&mut rest).unwrap();
    }
    signed(&mut rest).unwrap();
    prefixed(&mut rest).unwrap();
    let place = data.len() - rest.len();
    let others = number(&mut rest).unwrap();
    let crowded = |more: usize| {
        let count = u16::try_from(usize::try_from(others).unwrap() + more).unwrap();
        let mut crowded = data[..place].to_vec();
        crowded.extend([(count & 0x7f) as u8 | 0x80, u8::try_from(count >> 7).unwrap()]);
        let known = rest.len() - usize::try_from(others).unwrap() * 17;
        crowded.extend(&rest[..rest.len() - known]);
        crowded.extend([1, 7].repeat(more));
        crowded.extend(&rest[rest.len() - known..]);
        sealed(&crowded)
    };
    let apart = |change: &[u8]| Incoming::read(change).unwrap().apart(&base.text).is_some();
    assert!(apart(&change) && apart(&crowded(3)) && !apart(&crowded(2_000)));
    for more in [3, 2_000] {
        // Whatever the library says of it, it is no other edit.
        let mut document = base.clone();
        let taken = document.apply(&[crowded(more)]).is_ok();
        assert_eq!(taken, by_library(&base, &crowded(more)).is_some());
    }
}
