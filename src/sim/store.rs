//! A simulated store: what `store::Store` keeps, in memory, all batches or none.
//!
//! - Shape: one map for each kind of [`Write`]; batches handed in wait until they are answered.
//! - Crash: batches that were not answered are lost from some point on; a batch is whole or absent.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::rng::Rng;
use crate::engine::Op;
use crate::model::{ContentHash, FileId, Life, PackedTexts, PeerId, StoredDocument, Write};
use crate::wire;

/// Whether an answered batch is really kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Memory {
    /// As the adapter does.
    Faithful,
    /// The planted fault: the answer says kept, and nothing is.
    Forgetful,
}

/// The store of one peer.
#[derive(Debug)]
pub(crate) struct Store {
    life: Life,
    memory: Memory,
    files: BTreeMap<FileId, Vec<u8>>,
    peers: BTreeMap<PeerId, Vec<u8>>,
    meta: BTreeMap<String, Vec<u8>>,
    ledger: BTreeMap<Vec<u8>, Vec<u8>>,
    documents: BTreeMap<FileId, StoredDocument>,
    texts: BTreeMap<ContentHash, Vec<u8>>,
    damaged: BTreeMap<FileId, String>,
    waiting: VecDeque<(Op, Batch)>,
}

/// What waits for its turn.
#[derive(Debug)]
enum Batch {
    Writes(Vec<Write>),
    /// Forget all texts but these.
    Keep(BTreeSet<ContentHash>),
}

/// What was done.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Done {
    /// These writes are kept.
    Wrote(Vec<Write>),
    /// Texts nobody needs are gone.
    Tidied,
}

impl Store {
    /// A new store in its first life.
    pub(crate) fn new(life: Life) -> Self {
        Self {
            life,
            memory: Memory::Faithful,
            files: BTreeMap::new(),
            peers: BTreeMap::new(),
            meta: BTreeMap::new(),
            ledger: BTreeMap::new(),
            documents: BTreeMap::new(),
            texts: BTreeMap::new(),
            damaged: BTreeMap::new(),
            waiting: VecDeque::new(),
        }
    }

    /// Plants a fault.
    pub(crate) fn set_memory(&mut self, memory: Memory) {
        self.memory = memory;
    }

    /// This life of the store.
    pub(crate) fn life(&self) -> Life {
        self.life
    }

    /// Begins another life, as the adapter does for a copied store.
    pub(crate) fn set_life(&mut self, life: Life) {
        self.life = life;
    }

    /// Takes a batch in; it is not kept before [`Store::answer`].
    pub(crate) fn hand_in(&mut self, op: Op, writes: Vec<Write>) {
        self.waiting.push_back((op, Batch::Writes(writes)));
    }

    /// Takes in that all texts but these are to be forgotten, after what waits already.
    pub(crate) fn hand_in_keep(&mut self, op: Op, keep: BTreeSet<ContentHash>) {
        self.waiting.push_back((op, Batch::Keep(keep)));
    }

    /// Whether nothing waits but what forgets texts.
    pub(crate) fn only_tidies(&self) -> bool {
        self.waiting.iter().all(|(_, batch)| match batch {
            Batch::Writes(writes) => {
                writes.iter().all(|it| matches!(it, Write::Meta { key, .. } if key == "texts"))
            }
            Batch::Keep(_) => true,
        })
    }

    /// Keeps the oldest batch that waits, and says which it was and what it held.
    pub(crate) fn answer(&mut self) -> Option<(Op, Done)> {
        let (op, batch) = self.waiting.pop_front()?;
        Some((op, self.carry_out(batch)))
    }

    fn carry_out(&mut self, batch: Batch) -> Done {
        match batch {
            Batch::Writes(_) if self.memory == Memory::Forgetful => Done::Wrote(Vec::new()),
            Batch::Writes(writes) => {
                self.keep(&writes);
                Done::Wrote(writes)
            }
            Batch::Keep(keep) => {
                self.texts.retain(|hash, _| keep.contains(hash));
                Done::Tidied
            }
        }
    }

    /// Refuses the oldest batch that waits, as a full disk does, and says which it was.
    pub(crate) fn refuse(&mut self) -> Option<(Op, Done)> {
        self.waiting.pop_front().map(|(op, batch)| match batch {
            Batch::Writes(_) => (op, Done::Wrote(Vec::new())),
            Batch::Keep(_) => (op, Done::Tidied),
        })
    }

    /// Stops: of the batches that wait, some of the oldest may have been kept. Says which were.
    pub(crate) fn crash(&mut self, rng: &mut Rng) -> Vec<Vec<Write>> {
        let kept = rng.below(self.waiting.len() + 1);
        let waiting = std::mem::take(&mut self.waiting);
        let memory = std::mem::replace(&mut self.memory, Memory::Faithful);
        let done: Vec<Done> =
            waiting.into_iter().take(kept).map(|(_, batch)| self.carry_out(batch)).collect();
        self.memory = memory;
        let wrote = done.into_iter().filter_map(|done| match done {
            Done::Wrote(writes) => Some(writes),
            Done::Tidied => None,
        });
        wrote.collect()
    }

    /// Makes a batch durable.
    pub(crate) fn keep(&mut self, writes: &[Write]) {
        for write in writes {
            match write.clone() {
                Write::File { id, record } => {
                    self.files.insert(id, record);
                }
                Write::ForgetFile(id) => {
                    self.files.remove(&id);
                    self.documents.remove(&id);
                    self.damaged.remove(&id);
                }
                Write::Snapshot { id, bytes } => {
                    self.damaged.remove(&id);
                    let document = self.documents.entry(id).or_default();
                    document.snapshot = bytes;
                    document.changes.clear();
                }
                Write::Changes { id, changes } => {
                    self.documents.entry(id).or_default().changes.extend(changes);
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

    /// Damages the stored document of a file.
    pub(crate) fn damage(&mut self, id: FileId, why: &str) {
        self.damaged.insert(id, why.to_owned());
    }

    /// The document of a file.
    ///
    /// # Errors
    ///
    /// The words of the damage, when there is any.
    pub(crate) fn document(&self, id: &FileId) -> Result<Option<StoredDocument>, String> {
        match self.damaged.get(id) {
            Some(why) => Err(why.clone()),
            None => Ok(self.documents.get(id).cloned()),
        }
    }

    /// A kept text.
    pub(crate) fn text(&self, hash: &ContentHash) -> Option<Vec<u8>> {
        self.texts.get(hash).cloned()
    }

    /// Packs of some of these texts, as if these had been taken in together, and others not.
    pub(crate) fn packs(&self, wanted: &[ContentHash]) -> Vec<PackedTexts> {
        let mut kept: Vec<&[u8]> = Vec::new();
        for hash in wanted {
            let text = self.texts.get(hash).map(Vec::as_slice);
            kept.extend(text.filter(|text| !kept.contains(text)));
        }
        let lies_with_others = |at: &usize| at % 4 != 3;
        let groups = kept.chunks(3).enumerate().filter(|(at, _)| lies_with_others(at));
        groups.map(|(_, texts)| wire::pack_of(texts)).collect()
    }

    /// Every file record.
    pub(crate) fn files(&self) -> Vec<(FileId, Vec<u8>)> {
        self.files.clone().into_iter().collect()
    }

    /// Every peer record.
    pub(crate) fn peers(&self) -> Vec<(PeerId, Vec<u8>)> {
        self.peers.clone().into_iter().collect()
    }

    /// Every named value.
    pub(crate) fn meta(&self) -> Vec<(String, Vec<u8>)> {
        self.meta.clone().into_iter().collect()
    }

    /// Every entry of the ledger.
    pub(crate) fn ledger(&self) -> Vec<(Vec<u8>, Vec<u8>)> {
        self.ledger.clone().into_iter().collect()
    }

    /// Every text.
    pub(crate) fn texts(&self) -> impl Iterator<Item = &[u8]> {
        self.texts.values().map(Vec::as_slice)
    }

    /// Every document, undamaged or not.
    pub(crate) fn documents(&self) -> impl Iterator<Item = (&FileId, &StoredDocument)> {
        self.documents.iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn meta(key: &str) -> Write {
        Write::Meta { key: key.into(), value: vec![1] }
    }

    #[test]
    fn nothing_is_kept_before_the_answer() {
        let mut store = Store::new(Life([1; 16]));
        store.hand_in(Op(1), vec![meta("a"), meta("b")]);
        assert!(store.meta().is_empty());
        assert_eq!(store.answer().map(|(op, _)| op), Some(Op(1)));
        assert_eq!(store.meta().len(), 2);
        assert_eq!(store.answer(), None);
    }

    #[test]
    fn a_crash_keeps_whole_batches_oldest_first() {
        let mut counts = std::collections::BTreeSet::new();
        for seed in 0..100 {
            let mut store = Store::new(Life([1; 16]));
            store.hand_in(Op(1), vec![meta("a1"), meta("a2")]);
            store.hand_in(Op(2), vec![meta("b1"), meta("b2")]);
            store.crash(&mut Rng::new(seed));
            let keys: Vec<String> = store.meta().into_iter().map(|(key, _)| key).collect();
            assert!(matches!(keys.len(), 0 | 2 | 4), "{keys:?}");
            assert!(keys.is_empty() || keys[0] == "a1");
            counts.insert(keys.len());
        }
        assert_eq!(counts.len(), 3);
    }

    #[test]
    fn a_snapshot_replaces_the_changes_before_it() {
        let id = FileId([1; 16]);
        let mut store = Store::new(Life([1; 16]));
        store.keep(&[
            Write::Changes { id, changes: vec![vec![1]] },
            Write::Snapshot { id, bytes: vec![9] },
            Write::Changes { id, changes: vec![vec![2], vec![3]] },
        ]);
        let document = store.document(&id).unwrap().unwrap();
        assert_eq!(document.snapshot, [9]);
        assert_eq!(document.changes, [vec![2], vec![3]]);
        store.damage(id, "flipped");
        assert!(store.document(&id).is_err());
        store.keep(&[Write::ForgetFile(id)]);
        assert_eq!(store.document(&id), Ok(None));
    }
}
