//! A store without a disk, to compare the real one with.

use std::collections::BTreeMap;

use crate::model::{ContentHash, FileId, PeerId, StoredDocument, Write};
use crate::store::Store;

#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Plain {
    files: BTreeMap<FileId, Vec<u8>>,
    documents: BTreeMap<FileId, StoredDocument>,
    texts: BTreeMap<ContentHash, Vec<u8>>,
    peers: BTreeMap<PeerId, Vec<u8>>,
    meta: BTreeMap<String, Vec<u8>>,
    ledger: BTreeMap<Vec<u8>, Vec<u8>>,
}

impl Plain {
    pub(super) fn apply(&mut self, batch: &[Write]) {
        for write in batch.iter().cloned() {
            match write {
                Write::File { id, record } => {
                    self.files.insert(id, record);
                }
                Write::ForgetFile(id) => {
                    self.files.remove(&id);
                    self.documents.remove(&id);
                }
                Write::Snapshot { id, bytes } => {
                    let document = StoredDocument { snapshot: bytes, changes: Vec::new() };
                    self.documents.insert(id, document);
                }
                Write::Changes { id, changes } => {
                    if !changes.is_empty() {
                        self.documents.entry(id).or_default().changes.extend(changes);
                    }
                }
                Write::Text { hash, bytes, .. } => {
                    self.texts.insert(hash, bytes);
                }
                Write::Peer { id, record } => {
                    self.peers.insert(id, record);
                }
                Write::Meta { key, value } => {
                    self.meta.insert(key, value);
                }
                Write::Ledger { key, entry } => {
                    self.ledger.insert(key, entry);
                }
            }
        }
    }

    pub(super) fn files(&self) -> usize {
        self.files.len()
    }

    /// Everything that `store` gives back; fails the test when any of it is damaged.
    pub(super) fn read(store: &Store) -> Self {
        let document = |id| (id, store.document(id).unwrap().expect("a listed document"));
        let text = |hash| (hash, store.text(hash).unwrap().expect("a listed text"));
        Self {
            files: sound(store.files().unwrap()),
            documents: store.documents().unwrap().into_iter().map(document).collect(),
            texts: store.texts().unwrap().into_iter().map(text).collect(),
            peers: sound(store.peers().unwrap()),
            meta: sound(store.meta().unwrap()),
            ledger: sound(store.ledger().unwrap()),
        }
    }
}

fn sound<K: Ord>(rows: crate::store::Rows<K>) -> BTreeMap<K, Vec<u8>> {
    assert!(rows.damaged.is_empty(), "{:?}", rows.damaged);
    rows.rows.into_iter().collect()
}

/// `length` bytes that differ for each `seed` and hardly compress.
pub(super) fn content(length: usize, seed: usize) -> Vec<u8> {
    let mut bytes = vec![0; length];
    blake3::Hasher::new().update(&(seed as u64).to_be_bytes()).finalize_xof().fill(&mut bytes);
    bytes
}
