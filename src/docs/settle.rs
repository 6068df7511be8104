//! Where concurrent versions meet: the careful merge, written so that every device writes the same.

use std::collections::BTreeSet;

use automerge::transaction::{CommitOptions, Transactable};
use automerge::{Automerge, AutomergeError, ChangeHash as Hash, ChangeMetadata, ObjId, ROOT};

use super::birth::{fix_up_actor, fix_up_mark};
use super::diff::{Splice, splices};
use super::document::Document;
use super::error::Error;
use super::fold::Fold;
use super::import;
use super::register::{self, Held};
use super::view::Body;
use crate::merge::{self, Format};
use crate::model::{ChangeHash, VaultPath};

/// What settling came to.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Settled {
    /// Whether a change was written.
    pub changed: bool,
    /// Whether contents that were edited on both sides met.
    pub merged: bool,
    /// Where two people contradicted each other, and what was taken.
    pub choices: Vec<Choice>,
    /// Contents that were not taken and must be kept beside the file.
    pub copies: Vec<Body>,
}

/// One contradiction and how it was decided, the same on every device.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Choice {
    /// In the text.
    Text {
        /// What both started from.
        base: String,
        /// What stands now.
        chosen: String,
        /// What the other wanted.
        alternative: String,
    },
    /// In the file's path.
    Path {
        /// Where the file lies now.
        chosen: VaultPath,
        /// Where another wanted it.
        alternative: VaultPath,
    },
}

impl From<merge::Choice> for Choice {
    fn from(choice: merge::Choice) -> Self {
        let merge::Choice { base, chosen, alternative } = choice;
        Self::Text { base, chosen, alternative }
    }
}

impl Document {
    /// Merges concurrent versions with care, and writes a fix-up change where that differs from
    /// what the library made of them, or where something had to be chosen.
    ///
    /// - A pure function of the change graph: every device with the same heads writes the same
    ///   change, byte for byte.
    /// - A deleted file is settled too, that it comes back in good order; but it asks for no text.
    ///
    /// # Errors
    ///
    /// [`Error::TextMissing`] names imported texts that must be promoted first.
    pub fn settle(&mut self) -> Result<Settled, Error> {
        let heads = self.doc.get_heads();
        if heads.len() < 2 {
            return Ok(Settled::default());
        }
        match self.join(&heads) {
            Ok((settled, _)) => Ok(settled),
            Err(Error::TextMissing(_)) if register::alive(&self.doc, &heads).is_none() => {
                Ok(Settled::default())
            }
            Err(error) => Err(error),
        }
    }

    /// The fix-up changes that `known` does not hold, in causal order: what [`Document::review`]
    /// can tell about settlements that other devices came to first.
    pub fn fix_ups_since(&self, known: &[ChangeHash]) -> Vec<ChangeHash> {
        let known: Vec<Hash> =
            known.iter().filter(|hash| self.knows(hash)).map(|hash| Hash(hash.0)).collect();
        let changes = self.doc.get_changes_meta(&known);
        changes
            .iter()
            .filter(|change| is_fix_up(change))
            .map(|change| ChangeHash(change.hash.0))
            .collect()
    }

    /// What settling the versions below a fix-up comes to, wherever it was written.
    ///
    /// # Errors
    ///
    /// [`Error::Unknown`]; [`Error::TextMissing`].
    pub fn review(&self, fix_up: &ChangeHash) -> Result<Settled, Error> {
        let meta = self.doc.get_change_meta_by_hash(&Hash(fix_up.0));
        let deps = meta.ok_or(Error::Unknown(*fix_up))?.deps;
        Ok(self.plan(&deps)?.settled)
    }

    /// The texts that a fix-up joined, as people had written them; empty for any other change.
    pub fn texts_joined(&self, fix_up: &ChangeHash) -> Vec<String> {
        let joined = self.joins(&Hash(fix_up.0)).unwrap_or_default();
        let sides = self.without_fix_ups(&joined);
        sides
            .iter()
            .filter_map(|side| match self.readable(&[*side]) {
                Some(Body::Text(text)) => Some(text),
                Some(Body::Content(..)) | None => None,
            })
            .collect()
    }

    /// What a change joins, if it is a fix-up.
    pub(super) fn joins(&self, hash: &Hash) -> Option<Vec<Hash>> {
        let change = self.doc.get_change_meta_by_hash(hash)?;
        is_fix_up(&change).then(|| change.deps.clone())
    }

    /// What people made: `heads` with every fix-up among them replaced by what it joined.
    ///
    /// - Merges met in pairs thus come to what one merge of all comes to, whatever the pairs were.
    ///   Were the fix-ups sides themselves, a line that one person deleted and two others edited
    ///   would have come back twice, each time as if new.
    /// - Who deleted a file had seen the side that a whole-file choice took, and not the other. Were
    ///   the choice itself a side, it would outlive the deletion, and bring back the very bytes that
    ///   were thrown away, which by then nobody may have.
    fn without_fix_ups(&self, heads: &[Hash]) -> Vec<Hash> {
        let (mut open, mut sides) = (heads.to_vec(), Vec::new());
        let mut seen = BTreeSet::new();
        while let Some(hash) = open.pop() {
            if !seen.insert(hash) {
                continue;
            }
            match self.joins(&hash) {
                Some(joined) => open.extend(joined),
                None => sides.push(hash),
            }
        }
        self.graph().tips(&sides)
    }

    /// `at` as one version: as it is, or with the fix-up that it needs.
    pub(super) fn merged(&mut self, at: Vec<Hash>) -> Result<Vec<Hash>, Error> {
        if at.len() < 2 {
            return Ok(at);
        }
        let (_, fix_up) = self.join(&at)?;
        Ok(fix_up.map_or(at, |hash| vec![hash]))
    }

    fn join(&mut self, heads: &[Hash]) -> Result<(Settled, Option<Hash>), Error> {
        let Plan { mut settled, operations } = self.plan(heads)?;
        // What was chosen is pinned by a change of its own, lest it be chosen and told again.
        let pins = !settled.choices.is_empty() || !settled.copies.is_empty();
        if operations.is_empty() && !pins {
            return Ok((settled, None));
        }
        let hash = if self.doc.get_heads() == heads {
            operations.write(&mut self.doc, &self.text, heads)?
        } else {
            let mut alone = self.doc.fork_at(heads)?;
            let hash = operations.write(&mut alone, &self.text, heads)?;
            self.doc.apply_changes([import::change(&alone, &hash)?])?;
            hash
        };
        settled.changed = true;
        Ok((settled, Some(hash)))
    }

    /// What the versions come to together, and the operations that make it so.
    fn plan(&self, heads: &[Hash]) -> Result<Plan, Error> {
        let path = register::path(&self.doc, heads).unwrap_or_else(|| self.birth_path.clone());
        let mut settled = Settled::default();
        let sides = self.without_fix_ups(heads);
        let body = Fold::new(self, Format::of(&path)).body(&sides, &mut settled)?;
        let mut operations = Operations::default();
        let paths = register::paths(&self.doc, heads);
        if paths.len() > 1 {
            operations.path = Some(path.clone());
            for alternative in paths.into_iter().filter(|other| *other != path) {
                let chosen = path.clone();
                settled.choices.push(Choice::Path { chosen, alternative });
            }
        }
        if let Some(body) = body {
            operations.aim(self, heads, &body);
        }
        settled.copies.sort_unstable();
        settled.copies.dedup();
        Ok(Plan { settled, operations })
    }
}

/// Whether a change is one that settled what it builds on.
pub(super) fn is_fix_up(change: &ChangeMetadata<'_>) -> bool {
    change.deps.len() > 1
        && change.seq == 1
        && change.actor.to_bytes().starts_with(&fix_up_mark(&change.deps))
}

struct Plan {
    settled: Settled,
    operations: Operations,
}

/// What a fix-up writes.
#[derive(Debug, Default)]
struct Operations {
    path: Option<VaultPath>,
    held: Option<Held>,
    splices: Vec<Splice>,
}

impl Operations {
    fn is_empty(&self) -> bool {
        self.path.is_none() && self.held.is_none() && self.splices.is_empty()
    }

    /// Adds what makes the document hold `body`.
    fn aim(&mut self, document: &Document, heads: &[Hash], body: &Body) {
        let wanted = match body {
            Body::Text(text) => {
                self.splices = splices(&document.characters(heads), text);
                Held::Characters
            }
            Body::Content(kind, content) => Held::ByHash(*kind, *content),
        };
        if register::held(&document.doc, heads) != Some(wanted) {
            self.held = Some(wanted);
        }
    }

    /// Writes one change on exactly the heads of `doc`.
    fn write(&self, doc: &mut Automerge, object: &ObjId, heads: &[Hash]) -> Result<Hash, Error> {
        doc.set_actor(fix_up_actor(heads, &self.bytes()));
        if self.is_empty() {
            return Ok(doc.empty_commit(CommitOptions::default()));
        }
        let mut transaction = doc.transaction();
        let mut all = || -> Result<(), AutomergeError> {
            if let Some(path) = &self.path {
                transaction.put(ROOT, register::PATH, path.as_str())?;
            }
            if let Some(held) = self.held {
                transaction.put(ROOT, register::CONTENT, held.to_scalar())?;
            }
            for splice in &self.splices {
                splice.make(&mut transaction, object)?;
            }
            Ok(())
        };
        if let Err(error) = all() {
            transaction.rollback();
            return Err(error.into());
        }
        let (hash, _) = transaction.commit();
        hash.ok_or_else(|| Error::Shape("a fix-up without operations".into()))
    }

    /// The same bytes for the same operations, for deriving the actor.
    fn bytes(&self) -> Vec<u8> {
        let mut bytes = vec![];
        let mut field = |data: &[u8]| {
            bytes.extend((data.len() as u64).to_be_bytes());
            bytes.extend(data);
        };
        field(self.path.as_ref().map_or("", VaultPath::as_str).as_bytes());
        let held = self.held.map(Held::to_scalar);
        field(held.as_ref().and_then(|held| held.as_bytes()).unwrap_or(&[]));
        field(held.as_ref().and_then(|held| held.as_str()).unwrap_or("").as_bytes());
        for splice in &self.splices {
            field(&(splice.at as u64).to_be_bytes());
            field(&(splice.delete as u64).to_be_bytes());
            field(splice.insert.as_bytes());
        }
        bytes
    }
}
