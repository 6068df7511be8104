//! Packs given away and kept as they lie.

use std::sync::Arc;

use super::*;
use crate::model::{InPack, PackedTexts};

fn texts(count: u32) -> Vec<Vec<u8>> {
    (0..count).map(|at| format!("text {at} {}\n", "word ".repeat(20)).into_bytes()).collect()
}

fn hashes(texts: &[Vec<u8>]) -> Vec<ContentHash> {
    texts.iter().map(|text| ContentHash::of(text)).collect()
}

/// What a peer that was given a pack keeps of it.
fn arrived(given: &PackedTexts, texts: &[Vec<u8>]) -> Vec<Write> {
    let write = |(hash, offset): &(ContentHash, u32)| {
        let bytes = texts.iter().find(|text| ContentHash::of(text) == *hash)?.clone();
        let packed = Some(InPack { pack: Arc::clone(&given.pack), offset: *offset });
        Some(Write::Text { hash: *hash, bytes, packed })
    };
    given.texts.iter().filter_map(write).collect()
}

fn assert_kept(store: &Store, texts: &[Vec<u8>]) {
    for text in texts {
        assert_eq!(store.text(ContentHash::of(text)).unwrap().as_ref(), Some(text));
    }
}

fn given(texts: &[Vec<u8>]) -> (TempDir, Store, Vec<PackedTexts>) {
    let dir = folder();
    let mut store = Store::open(dir.path()).unwrap();
    store.commit(&[texts.iter().map(|it| text(it)).collect::<Vec<_>>()]).unwrap();
    let packs = store.packs(&hashes(texts), &[]).unwrap();
    (dir, store, packs)
}

#[test]
fn a_pack_goes_from_store_to_store_as_it_is() {
    let texts = texts(150);
    let (_dir, first, packs) = given(&texts);
    assert_eq!(packs.iter().map(|it| it.texts.len()).collect::<Vec<_>>(), [64, 64, 22]);
    let order: Vec<_> = packs.iter().flat_map(|it| it.texts.iter().map(|it| it.0)).collect();
    assert_eq!(order, hashes(&texts));
    let dir = folder();
    let mut second = Store::open(dir.path()).unwrap();
    let batches: Vec<_> = packs.iter().map(|it| arrived(it, &texts)).collect();
    second.commit(&batches).unwrap();
    assert_kept(&second, &texts);
    drop(second);
    let mut second = Store::open(dir.path()).unwrap();
    assert_kept(&second, &texts);
    assert!(second.check().unwrap().damaged.is_empty());
    // It gives away the very same.
    assert_eq!(second.packs(&hashes(&texts), &[]).unwrap(), packs);
    drop(first);
}

#[test]
fn a_pack_is_kept_once_for_texts_that_come_at_different_times() {
    let texts = texts(60);
    let (_dir, _first, packs) = given(&texts);
    let dir = folder();
    let mut second = Store::open(dir.path()).unwrap();
    let mut writes = arrived(&packs[0], &texts);
    let later = writes.split_off(40);
    second.commit(&[writes]).unwrap();
    second.commit(&[later]).unwrap();
    assert_kept(&second, &texts);
    assert_eq!(second.packs(&hashes(&texts), &[]).unwrap(), packs);
}

#[test]
fn a_pack_of_which_little_is_wanted_is_not_kept() {
    let texts = texts(60);
    let (_dir, _first, packs) = given(&texts);
    let dir = folder();
    let mut second = Store::open(dir.path()).unwrap();
    let mut writes = arrived(&packs[0], &texts);
    writes.truncate(20);
    second.commit(&[writes]).unwrap();
    assert_kept(&second, &texts[..20]);
    let own = second.packs(&hashes(&texts), &[]).unwrap();
    assert_eq!(own[0].texts.len(), 20);
    assert!(own[0].pack.raw_bytes < packs[0].pack.raw_bytes);
}

#[test]
fn a_pack_with_a_text_that_nobody_asked_for_is_not_given_away() {
    let texts = texts(60);
    let (_dir, store, _) = given(&texts);
    assert_eq!(store.packs(&hashes(&texts[..59]), &[]).unwrap(), []);
    assert_eq!(store.packs(&hashes(&texts), &[]).unwrap().len(), 1);
    // Unless it is known over there.
    let known = hashes(&texts[59..]);
    let given = store.packs(&hashes(&texts[..59]), &known).unwrap();
    assert_eq!(given[0].texts.len(), 59);
    assert_eq!(store.packs(&[ContentHash([1; 32])], &[]).unwrap(), []);
}

#[test]
fn what_came_in_a_pack_is_let_go_of_like_any_other() {
    let texts = texts(60);
    let (_dir, _first, packs) = given(&texts);
    let dir = folder();
    let mut second = Store::open(dir.path()).unwrap();
    let writes = arrived(&packs[0], &texts);
    second.commit(&[writes.as_slice()]).unwrap();
    let keep: BTreeSet<_> = hashes(&texts[..10]).into_iter().collect();
    assert_eq!(second.keep_texts(&keep, 64).unwrap().forgotten, 50);
    assert_kept(&second, &texts[..10]);
    assert_eq!(second.text(ContentHash::of(&texts[20])).unwrap(), None);
    // The pack is gone; those that come again find it anew, under another number.
    second.commit(&[writes]).unwrap();
    assert_kept(&second, &texts);
    assert!(second.check().unwrap().damaged.is_empty());
}

#[test]
fn a_commit_that_fails_leaves_no_pack_behind() {
    let texts = texts(60);
    let (_dir, _first, packs) = given(&texts);
    let dir = folder();
    let mut second = Store::open(dir.path()).unwrap();
    let mut writes = arrived(&packs[0], &texts);
    let wrong = Write::Text { hash: ContentHash([7; 32]), bytes: b"y".to_vec(), packed: None };
    writes.push(wrong);
    assert!(second.commit(&[writes.as_slice()]).is_err());
    writes.pop();
    second.commit(&[writes]).unwrap();
    assert_kept(&second, &texts);
}
