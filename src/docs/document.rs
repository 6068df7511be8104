//! One file's document: what it holds, and what it can tell.

use automerge::{
    ActorId, Automerge, ChangeHash as Hash, ChangeMetadata, ObjId, ObjType, ROOT, ReadDoc, Value,
};

use super::birth::{Author, Birth, import_actor, promotion_actor};
use super::error::Error;
use super::foreign;
use super::fork::Fork;
use super::graph::Graph;
use super::import::{self, Import};
use super::known::Known;
use super::register::{self, Held};
use super::settle::is_fix_up;
use super::view::{Body, Maker, View};
use crate::model::{ChangeHash, Content, Heads, Kind, StoredDocument, VaultPath};

/// Bytes that a loaded document takes beside its text and its changes; measured on small notes.
const WEIGHT_BASE_BYTES: u64 = 12_000;
/// Bytes that one change takes in memory beside its text.
const WEIGHT_CHANGE_BYTES: u64 = 160;

/// The automerge document of one file.
///
/// - Shape: one root change, at least one import on it, then whatever was done to the file.
/// - Every method either does its work or returns an [`Error`] and leaves the document as it was.
#[derive(Debug, Clone)]
pub struct Document {
    pub(super) doc: Automerge,
    pub(super) root: Hash,
    pub(super) root_actor: ActorId,
    pub(super) text: ObjId,
    pub(super) birth_path: VaultPath,
    pub(super) imports: Vec<Import>,
    pub(super) known: Vec<Known>,
    pub(super) fork: Fork,
}

impl Document {
    /// Makes the document of a file that was never edited: root and import.
    ///
    /// # Errors
    ///
    /// [`Error::Library`] only, if the library refuses.
    pub fn import(birth: &Birth, kind: Kind, content: Content) -> Result<Self, Error> {
        let mut doc = import::root(birth)?;
        import::import(&mut doc, &birth.root_actor(), kind, content)?;
        Self::of(doc)
    }

    /// Loads what the store kept: the snapshot and the changes after it.
    ///
    /// # Errors
    ///
    /// [`Error::Malformed`] and others when the bytes are damaged, or do not add up to a document.
    pub fn load(stored: &StoredDocument) -> Result<Self, Error> {
        let mut document = foreign::guarded(|| Self::of(foreign::load(&stored.snapshot)?))?;
        if !stored.changes.is_empty() {
            let applied = document.apply(&stored.changes)?;
            if let Some(missing) = applied.missing.first() {
                return Err(Error::Unknown(*missing));
            }
        }
        Ok(document)
    }

    /// Takes a whole document from a peer as the document of the file of `birth`.
    ///
    /// # Errors
    ///
    /// [`Error::Malformed`] and others when the bytes are damaged; [`Error::OtherBirth`] when it is
    /// another file's document.
    pub fn receive(birth: &Birth, saved: &[u8]) -> Result<Self, Error> {
        foreign::guarded(|| {
            let document = Self::of(foreign::load(saved)?)?;
            if !document.is_of(birth)? {
                return Err(Error::OtherBirth);
            }
            document.check_promotions(&[])?;
            Ok(document)
        })
    }

    /// Reads the parts of a document that everything else relies on.
    fn of(doc: Automerge) -> Result<Self, Error> {
        let changes = doc.get_changes_meta(&[]);
        let mut roots = changes.iter().filter(|change| change.deps.is_empty());
        let (Some(first), None) = (roots.next(), roots.next()) else {
            return Err(Error::Shape("not exactly one root change".into()));
        };
        let (root, root_actor) = (first.hash, first.actor.as_ref().clone());
        let birth_path = register::path(&doc, &[root])
            .ok_or_else(|| Error::Shape("no readable birth path".into()))?;
        let object = doc.get_at(ROOT, register::TEXT, &[root]);
        let Ok(Some((Value::Object(ObjType::Text), text))) = object else {
            return Err(Error::Shape("no text object in the root".into()));
        };
        let hashes: Vec<Hash> = changes.iter().map(|change| change.hash).collect();
        drop(changes);
        let mut document = Self {
            doc,
            root,
            root_actor,
            text,
            birth_path,
            imports: vec![],
            known: vec![],
            fork: Fork::default(),
        };
        document.notice(&hashes)?;
        if document.imports.is_empty() {
            return Err(Error::Shape("no import".into()));
        }
        match register::flaw(&document.doc, &document.text) {
            Some(flaw) => Err(Error::Shape(flaw)),
            None => Ok(document),
        }
    }

    /// Recognises imports and promotions among changes that came in, in causal order.
    pub(super) fn notice(&mut self, hashes: &[Hash]) -> Result<(), Error> {
        for hash in hashes {
            let Some(meta) = self.doc.get_change_meta_by_hash(hash) else {
                continue;
            };
            let [below] = meta.deps[..] else { continue };
            let actor = meta.actor.as_ref().clone();
            if below == self.root {
                if let Some(Held::ByHash(kind, content)) = register::held(&self.doc, &[*hash])
                    && actor == import_actor(&self.root_actor, kind, &content)
                {
                    let import = self.make_import(kind, content)?.1;
                    if import.hash != *hash {
                        return Err(Error::Shape("a forged import".into()));
                    }
                    self.imports.push(import);
                }
            } else if let Some(import) = self
                .imports
                .iter_mut()
                .find(|import| import.hash == below && promotion_actor(&import.actor) == actor)
            {
                import.promotion = Some(*hash);
            }
        }
        Ok(())
    }

    /// Makes the import change of `content` apart from everything else that the document holds.
    pub(super) fn make_import(
        &self,
        kind: Kind,
        content: Content,
    ) -> Result<(Automerge, Import), Error> {
        let mut alone = import::only(vec![import::change(&self.doc, &self.root)?])?;
        let import = import::import(&mut alone, &self.root_actor, kind, content)?;
        Ok((alone, import))
    }

    /// The whole document as bytes, for the store and for peers; not compressed, since both do.
    pub fn save(&self) -> Vec<u8> {
        self.doc.save_nocompress()
    }

    /// Whether this is the document of the file of `birth`.
    ///
    /// # Errors
    ///
    /// [`Error::Library`] only, if the library refuses.
    pub fn is_of(&self, birth: &Birth) -> Result<bool, Error> {
        Ok(import::root(birth)?.get_heads() == [self.root])
    }

    /// The version: the changes nothing builds on.
    pub fn heads(&self) -> Heads {
        version(&self.doc.get_heads())
    }

    /// How much memory the loaded document takes, in bytes; an estimate from its text and history.
    pub fn weight_bytes(&self) -> u64 {
        let stats = self.doc.stats();
        let text = self.doc.length(&self.text) as u64;
        // Characters are one byte to four; history keeps deleted ones, which operations count.
        WEIGHT_BASE_BYTES
            + text
            + text / 10
            + stats.num_ops.saturating_sub(text)
            + stats.num_changes * WEIGHT_CHANGE_BYTES
            + self.known_bytes()
            + self.fork.weight_bytes(&self.text)
    }

    /// How many changes it is made of.
    pub fn change_count(&self) -> usize {
        usize::try_from(self.doc.stats().num_changes).unwrap_or(usize::MAX)
    }

    /// At most `limit` earlier changes, ever further back, so that two devices find one both know.
    ///
    /// - Shape: newest first; the last of 1, 2, 4, 8, … before the end of the causal order.
    pub fn recent(&self, limit: usize) -> Vec<ChangeHash> {
        let changes = self.doc.get_changes_meta(&[]);
        let mut back = 1;
        let mut recent = vec![];
        while recent.len() < limit && back <= changes.len() {
            recent.push(ChangeHash(changes[changes.len() - back].hash.0));
            back *= 2;
        }
        recent
    }

    /// Whether the change is part of the document.
    pub fn knows(&self, hash: &ChangeHash) -> bool {
        self.doc.get_change_meta_by_hash(&Hash(hash.0)).is_some()
    }

    /// The changes that `known` and what it builds on do not hold, in causal order; hashes that
    /// this document does not know are passed over.
    pub fn changes_since(&self, known: &[ChangeHash]) -> Vec<Vec<u8>> {
        let known: Vec<Hash> =
            known.iter().filter(|hash| self.knows(hash)).map(|hash| Hash(hash.0)).collect();
        let changes = self.doc.get_changes(&known);
        changes.iter().map(|c| c.raw_bytes().to_vec()).collect()
    }

    /// If the file was born with this content (too): every change but the root, this import and its
    /// promotion, all of which the receiver makes itself. `None` if it was not.
    pub fn changes_beyond_import(&self, kind: Kind, content: Content) -> Option<Vec<Vec<u8>>> {
        let import = self.find_import(kind, content)?;
        let skip =
            |hash: Hash| hash == self.root || hash == import.hash || Some(hash) == import.promotion;
        let changes = self.doc.get_changes(&[]);
        let beyond = changes.iter().filter(|change| !skip(change.hash()));
        Some(beyond.map(|c| c.raw_bytes().to_vec()).collect())
    }

    /// Every content the file was born with.
    pub fn births(&self) -> Vec<(Kind, Content)> {
        let imports = self.imports.iter();
        imports.map(|import| (import.kind, import.content)).collect()
    }

    pub(super) fn maker(&self, change: &ChangeMetadata<'_>) -> Maker {
        let born = change.hash == self.root
            || (change.timestamp == 0 && change.seq == 1 && change.deps.len() == 1);
        if is_fix_up(change) {
            Maker::Merge
        } else if born {
            Maker::Birth
        } else {
            Maker::Device(Author::mark_of(&change.actor))
        }
    }

    /// The file as it is now.
    pub fn view(&self) -> View {
        self.view_at(&self.doc.get_heads())
    }

    /// The file as it was at a version.
    ///
    /// # Errors
    ///
    /// [`Error::Unknown`] names a change that is not part of the document.
    pub fn at(&self, version: &Heads) -> Result<View, Error> {
        Ok(self.view_at(&self.hashes(version)?))
    }

    fn view_at(&self, at: &[Hash]) -> View {
        View {
            path: register::path(&self.doc, at).unwrap_or_else(|| self.birth_path.clone()),
            alive: register::alive(&self.doc, at).is_some(),
            body: self.body_at(at).unwrap_or(Body::Text(String::new())),
        }
    }

    /// The body that the registers name; `None` before any import.
    pub(super) fn body_at(&self, at: &[Hash]) -> Option<Body> {
        Some(match register::held(&self.doc, at)? {
            Held::Characters => Body::Text(self.characters(at).into_owned()),
            Held::ByHash(kind, content) => Body::Content(kind, content),
        })
    }

    pub(super) fn find_import(&self, kind: Kind, content: Content) -> Option<&Import> {
        self.imports.iter().find(|import| import.kind == kind && import.content == content)
    }

    pub(super) fn graph(&self) -> Graph {
        Graph::of(&self.doc)
    }

    /// Translates a version, provided that all of it is part of the document; without members that
    /// others of it build on.
    pub(super) fn hashes(&self, version: &Heads) -> Result<Vec<Hash>, Error> {
        let hashes: Vec<Hash> = version.as_slice().iter().map(|h| Hash(h.0)).collect();
        for hash in version.as_slice() {
            if !self.knows(hash) {
                return Err(Error::Unknown(*hash));
            }
        }
        match hashes.len() {
            0 => Err(Error::NoVersion),
            1 => Ok(hashes),
            _ => Ok(self.graph().tips(&hashes)),
        }
    }
}

/// Translates hashes of the library.
pub(super) fn version(hashes: &[Hash]) -> Heads {
    hashes.iter().map(|hash| ChangeHash(hash.0)).collect()
}
