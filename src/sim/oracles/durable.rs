//! Durable first: what a peer shows to others, or writes to its disk, is in its store.

use std::collections::{BTreeMap, BTreeSet};

use crate::docs::{Birth, Document};
use crate::engine::Effect;
use crate::model::{
    Content, ContentHash, FileId, Heads, Kind, Source, Step, StoredDocument, VaultId, VaultPath,
    Write,
};
use crate::wire::{Body, Delivery, Message, Packed, State};

/// What one peer's store really holds, read independently of the engine.
#[derive(Debug)]
pub(crate) struct Durable {
    vault: VaultId,
    documents: BTreeMap<FileId, Document>,
    records: BTreeMap<FileId, Vec<u8>>,
    /// Every content that a stored document, record or text ever named.
    contents: BTreeSet<ContentHash>,
    /// Everything that a record ever said, for contents that only they name.
    spoken: Vec<Vec<u8>>,
}

impl Durable {
    /// An empty store of a peer of `vault`.
    pub(crate) fn new(vault: VaultId) -> Self {
        Self {
            vault,
            documents: BTreeMap::new(),
            records: BTreeMap::new(),
            contents: BTreeSet::new(),
            spoken: Vec::new(),
        }
    }

    /// Takes note of a batch that is durable now; `document` is what the store holds of a file.
    ///
    /// # Errors
    ///
    /// In words, when a document in the store cannot be loaded.
    pub(crate) fn kept(
        &mut self,
        writes: &[Write],
        document: impl Fn(&FileId) -> Option<StoredDocument>,
    ) -> Result<(), String> {
        let mut touched = BTreeSet::new();
        for write in writes {
            match write {
                Write::File { id, record } => {
                    self.records.insert(*id, record.clone());
                    self.spoken.push(record.clone());
                }
                Write::ForgetFile(id) => {
                    self.records.remove(id);
                    self.documents.remove(id);
                }
                Write::Snapshot { id, .. } | Write::Changes { id, .. } => {
                    touched.insert(*id);
                }
                Write::Text { hash, bytes, .. } => {
                    if ContentHash::of(bytes) != *hash {
                        return Err(format!("a text is kept under a wrong hash {hash}"));
                    }
                    self.contents.insert(*hash);
                }
                Write::Peer { .. } | Write::Meta { .. } | Write::Ledger { .. } => {}
            }
        }
        for id in touched {
            let stored = document(&id).ok_or("a document was kept and is not there")?;
            let document = Document::load(&stored).map_err(|error| {
                format!("the document of {} does not load: {error}", id.short())
            })?;
            let (_, content) = document.view().body.fingerprint();
            self.contents.insert(content.hash);
            self.documents.insert(id, document);
        }
        Ok(())
    }

    /// Judges one effect, before it is carried out.
    ///
    /// # Errors
    ///
    /// In words, what is shown or written and not in the store.
    pub(crate) fn judge(&self, effect: &Effect) -> Result<(), String> {
        match effect {
            Effect::Send { message, .. } => self.judge_message(message),
            Effect::Step { step, .. } => self.judge_step(step),
            Effect::Scan { .. }
            | Effect::Read { .. }
            | Effect::Outline { .. }
            | Effect::ReadChunk { .. }
            | Effect::PutChunk { .. }
            | Effect::Load { .. }
            | Effect::LoadText { .. }
            | Effect::LoadPacks { .. }
            | Effect::Append { .. }
            | Effect::KeepTexts { .. }
            | Effect::Dial { .. }
            | Effect::Close { .. }
            | Effect::Compute { .. }
            | Effect::Report(_) => Ok(()),
        }
    }

    fn judge_message(&self, message: &Message) -> Result<(), String> {
        match message {
            Message::Deliver(deliveries) => {
                deliveries.iter().try_for_each(|it| self.judge_delivery(it))
            }
            Message::Packed(Packed { deliveries, .. }) => {
                deliveries.iter().try_for_each(|(_, it)| self.judge_delivery(it))
            }
            Message::States { states, .. } | Message::Need(states) => {
                states.iter().try_for_each(|(id, state)| match state {
                    State::Document { heads, .. } => self.holds(id, heads),
                    State::Plain { .. } => self.knows(id),
                    State::Absent => Ok(()),
                })
            }
            Message::Ack(acks) => acks.iter().try_for_each(|(id, _)| self.knows(id)),
            Message::Holds(items) => items.iter().try_for_each(|(id, _)| self.knows(id)),
            Message::Pair(_)
            | Message::Paired { .. }
            | Message::Hello(_)
            | Message::Members(_)
            | Message::Sums(_)
            | Message::Leaves(_)
            | Message::Items(_)
            | Message::Compared
            | Message::Settled { .. }
            | Message::OutlineWant(_)
            | Message::Outline { .. }
            | Message::ChunkWant { .. }
            | Message::Chunk { .. }
            | Message::ContentGone(_)
            | Message::Bye(_)
            | Message::Share(_) => Ok(()),
        }
    }

    fn judge_delivery(&self, delivery: &Delivery) -> Result<(), String> {
        match &delivery.body {
            Body::Plain { .. } => self.knows(&delivery.id),
            Body::Changes { heads, .. } => self.holds(&delivery.id, heads),
            Body::Document { bytes } => {
                let shown = Document::load(&StoredDocument {
                    snapshot: bytes.clone(),
                    changes: Vec::new(),
                })
                .map_err(|error| format!("a document is sent that does not load: {error}"))?;
                self.holds(&delivery.id, &shown.heads())
            }
        }
    }

    fn knows(&self, id: &FileId) -> Result<(), String> {
        if self.records.contains_key(id) {
            Ok(())
        } else {
            Err(format!("file {} has no record", id.short()))
        }
    }

    fn holds(&self, id: &FileId, heads: &Heads) -> Result<(), String> {
        let born;
        let document = if let Some(document) = self.documents.get(id) {
            document
        } else {
            born = self.born(id);
            born.as_ref().ok_or_else(|| format!("file {} has no document", id.short()))?
        };
        match heads.as_slice().iter().find(|it| !document.knows(it)) {
            None => Ok(()),
            Some(hash) => Err(format!("change {hash:?} of file {}", id.short())),
        }
    }

    /// The document of a file that was never edited: everybody makes the same from its record, so
    /// it is as durable as that. Reads the beginning of the record as the engine writes it.
    fn born(&self, id: &FileId) -> Option<Document> {
        type Beginning = (VaultPath, u32, VaultPath, Kind, Content);
        let record = self.records.get(id)?.get(1..)?;
        let (fields, _) = postcard::take_from_bytes::<Beginning>(record).ok()?;
        let (path, generation, _, kind, content) = fields;
        let birth = Birth { vault: self.vault, path, generation };
        Document::import(&birth, kind, content).ok()
    }

    fn judge_step(&self, step: &Step) -> Result<(), String> {
        let Step::Replace { path, source, .. } = step else {
            return Ok(());
        };
        let content = match source {
            Source::Bytes(bytes) => Content::of(bytes),
            Source::CopyOf { content, .. } | Source::Part(content) => *content,
        };
        let named =
            |record: &Vec<u8>| record.windows(content.hash.0.len()).any(|it| it == content.hash.0);
        if self.contents.contains(&content.hash) || self.spoken.iter().any(named) {
            return Ok(());
        }
        Err(format!("{path} is to hold {}", content.hash))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::{LinkId, Op};
    use crate::wire::Lane;

    fn write(bytes: &[u8]) -> Effect {
        Effect::Step {
            op: Op(1),
            step: Step::Replace {
                path: VaultPath::parse("a.md").unwrap(),
                expected: None,
                source: Source::Bytes(bytes.to_vec()),
                mtime_ms: 0,
            },
        }
    }

    fn show(id: FileId, body: Body) -> Effect {
        Effect::Send {
            link: LinkId(1),
            lane: Lane::Live,
            message: Message::Deliver(vec![Delivery {
                id,
                birth: VaultPath::parse("a.md").unwrap(),
                generation: 0,
                mtime_ms: 0,
                others: Vec::new(),
                body,
                packed: None,
            }]),
        }
    }

    #[test]
    fn a_step_needs_its_content_in_the_store() {
        let mut durable = Durable::new(VaultId([7; 16]));
        assert!(durable.judge(&write(b"one")).is_err());
        let text =
            Write::Text { hash: ContentHash::of(b"one"), bytes: b"one".to_vec(), packed: None };
        durable.kept(&[text], |_| None).unwrap();
        assert_eq!(durable.judge(&write(b"one")), Ok(()));
        let record = [b"..".as_slice(), &ContentHash::of(b"two").0].concat();
        let file = Write::File { id: FileId([1; 16]), record };
        durable.kept(&[file], |_| None).unwrap();
        assert_eq!(durable.judge(&write(b"two")), Ok(()));
    }

    #[test]
    fn a_file_is_shown_only_after_its_record_and_its_changes() {
        let birth = crate::docs::Birth {
            vault: VaultId([7; 16]),
            path: VaultPath::parse("a.md").unwrap(),
            generation: 0,
        };
        let id = birth.file_id();
        let content = Content::of(b"one");
        let document = Document::import(&birth, Kind::Text, content).unwrap();
        let mut durable = Durable::new(VaultId([7; 16]));
        let plain = show(id, Body::Plain { kind: Kind::Text, content, bytes: None });
        let changes =
            show(id, Body::Changes { heads: document.heads(), import: None, changes: Vec::new() });
        let whole = show(id, Body::Document { bytes: document.save() });
        for effect in [&plain, &changes, &whole] {
            assert!(durable.judge(effect).is_err());
        }
        let record = Write::File { id, record: Vec::new() };
        durable.kept(&[record], |_| None).unwrap();
        assert_eq!(durable.judge(&plain), Ok(()));
        assert!(durable.judge(&changes).is_err());
        let snapshot = Write::Snapshot { id, bytes: document.save() };
        let stored = StoredDocument { snapshot: document.save(), changes: Vec::new() };
        durable.kept(&[snapshot], |_| Some(stored.clone())).unwrap();
        for effect in [&plain, &changes, &whole] {
            assert_eq!(durable.judge(effect), Ok(()));
        }
    }
}
