//! What is done to a file on this device, as changes made at the version that the disk held.

use automerge::transaction::{CommitOptions, Transactable, Transaction};
use automerge::{AutomergeError, ChangeHash as Hash, ObjId, PatchLog, ROOT};

use super::birth::{Author, Birth};
use super::diff::splices;
use super::document::{Document, version};
use super::error::Error;
use super::import;
use super::register::{self, Held};
use crate::model::{Content, Heads, Kind, VaultPath, WallMs};

/// What an edit came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edited {
    /// How many operations it took; zero when there was nothing to do.
    pub ops: u64,
    /// The version of the file after it, as the disk now holds it. Other heads may stand beside it:
    /// see [`Document::heads`] and [`Document::settle`].
    pub version: Heads,
}

impl Document {
    /// Adds a birth of the same file that happened elsewhere; true when it was not there before.
    ///
    /// # Errors
    ///
    /// [`Error::OtherBirth`] when this is the document of another file.
    pub fn add_import(
        &mut self,
        birth: &Birth,
        kind: Kind,
        content: Content,
    ) -> Result<bool, Error> {
        if !self.is_of(birth)? {
            return Err(Error::OtherBirth);
        }
        if self.find_import(kind, content).is_some() {
            return Ok(false);
        }
        let (alone, import) = self.make_import(kind, content)?;
        self.doc.apply_changes([import::change(&alone, &import.hash)?])?;
        self.imports.push(import);
        Ok(true)
    }

    /// The imported texts whose characters must be given by [`Document::promote`] before the text
    /// can be edited at `at`.
    ///
    /// # Errors
    ///
    /// [`Error::Unknown`] when `at` is not part of the document.
    pub fn unpromoted(&self, at: &Heads) -> Result<Vec<Content>, Error> {
        match self.promoted(self.hashes(at)?) {
            Ok(_) => Ok(vec![]),
            Err(Error::TextMissing(contents)) => Ok(contents),
            Err(error) => Err(error),
        }
    }

    /// Puts the characters of an imported text; the change is the same on every device, whatever
    /// else its document holds. True when it was not there before.
    ///
    /// # Errors
    ///
    /// [`Error::NoImport`], or [`Error::WrongText`] when `text` is not what was imported.
    pub fn promote(&mut self, content: Content, text: &str) -> Result<bool, Error> {
        let Some(place) = self
            .imports
            .iter()
            .position(|import| import.kind == Kind::Text && import.content == content)
        else {
            return Err(Error::NoImport(content));
        };
        let import = self.imports[place].clone();
        if import.promotion.is_some() {
            return Ok(false);
        }
        let got = Content::of(text.as_bytes());
        if got != content {
            return Err(Error::WrongText { expected: content, got });
        }
        let hash = if self.doc.get_heads() == [import.hash] {
            import::promote(&mut self.doc, &self.text, &import, text)?
        } else {
            // Its operations are numbered from the import on, so it is made where nothing else is.
            let mut alone = import::only(vec![
                import::change(&self.doc, &self.root)?,
                import::change(&self.doc, &import.hash)?,
            ])?;
            let hash = import::promote(&mut alone, &self.text, &import, text)?;
            self.doc.apply_changes([import::change(&alone, &hash)?])?;
            hash
        };
        self.imports[place].promotion = Some(hash);
        Ok(true)
    }

    /// Makes the file hold `text`, starting from the version `at`. Brings a deleted file back.
    ///
    /// # Errors
    ///
    /// [`Error::TextMissing`] as [`Document::unpromoted`] says; [`Error::Unknown`].
    pub fn edit_text(
        &mut self,
        author: Author,
        at: &Heads,
        time: WallMs,
        text: &str,
    ) -> Result<Edited, Error> {
        let at = self.promoted(self.hashes(at)?)?;
        let governs = register::held(&self.doc, &at) == Some(Held::Characters);
        let alive = register::alive(&self.doc, &at);
        let splices = splices(&self.characters(&at), text);
        if splices.is_empty() && governs && alive.is_some() {
            return Ok(unchanged(&at));
        }
        let edited = self.write(author, &at, time, |transaction, object| {
            for splice in &splices {
                splice.make(transaction, object)?;
            }
            if !governs {
                transaction.put(ROOT, register::CONTENT, Held::Characters.to_scalar())?;
            }
            touch(transaction, alive)
        })?;
        if self.heads() == edited.version {
            self.know(text);
        }
        Ok(edited)
    }

    /// Makes the file hold a content that is named by its hash, starting from the version `at`.
    /// Brings a deleted file back.
    ///
    /// # Errors
    ///
    /// [`Error::TextByHash`] for a text; [`Error::Unknown`].
    pub fn set_content(
        &mut self,
        author: Author,
        at: &Heads,
        time: WallMs,
        (kind, content): (Kind, Content),
    ) -> Result<Edited, Error> {
        if kind == Kind::Text {
            return Err(Error::TextByHash);
        }
        let at = self.hashes(at)?;
        let held = Held::ByHash(kind, content);
        let alive = register::alive(&self.doc, &at);
        if register::held(&self.doc, &at) == Some(held) && alive.is_some() {
            return Ok(unchanged(&at));
        }
        self.write(author, &at, time, |transaction, _| {
            transaction.put(ROOT, register::CONTENT, held.to_scalar())?;
            touch(transaction, alive)
        })
    }

    /// Moves the file. Does not bring a deleted file back.
    ///
    /// # Errors
    ///
    /// [`Error::Unknown`]; [`Error::TextMissing`] when `at` is several versions not yet merged.
    pub fn rename(
        &mut self,
        author: Author,
        at: &Heads,
        time: WallMs,
        path: &VaultPath,
    ) -> Result<Edited, Error> {
        let at = self.merged(self.hashes(at)?)?;
        if register::paths(&self.doc, &at) == [path.clone()] {
            return Ok(unchanged(&at));
        }
        self.write(author, &at, time, |transaction, _| {
            transaction.put(ROOT, register::PATH, path.as_str())
        })
    }

    /// Deletes the file as it was at the version `at`; an edit that `at` does not hold outlives it.
    ///
    /// # Errors
    ///
    /// As [`Document::rename`].
    pub fn delete(&mut self, author: Author, at: &Heads, time: WallMs) -> Result<Edited, Error> {
        let at = self.merged(self.hashes(at)?)?;
        if register::alive(&self.doc, &at).is_none() {
            return Ok(unchanged(&at));
        }
        self.write(author, &at, time, |transaction, _| transaction.delete(ROOT, register::ALIVE))
    }

    /// Brings a deleted file back as it was.
    ///
    /// # Errors
    ///
    /// As [`Document::rename`].
    pub fn revive(&mut self, author: Author, at: &Heads, time: WallMs) -> Result<Edited, Error> {
        let at = self.merged(self.hashes(at)?)?;
        if register::alive(&self.doc, &at).is_some() {
            return Ok(unchanged(&at));
        }
        self.write(author, &at, time, |transaction, _| touch(transaction, None))
    }

    /// `at` with the promotion of the text it holds by hash.
    pub(super) fn promoted(&self, at: Vec<Hash>) -> Result<Vec<Hash>, Error> {
        let Some(Held::ByHash(Kind::Text, content)) = register::held(&self.doc, &at) else {
            return Ok(at);
        };
        let Some(import) = self.find_import(Kind::Text, content) else {
            return Ok(at);
        };
        let Some(promotion) = import.promotion else {
            return Err(Error::TextMissing(vec![content]));
        };
        let mut with = at;
        with.push(promotion);
        Ok(self.graph().tips(&with))
    }

    /// Makes one change of `author` on exactly `at`, whatever else the document holds.
    pub(super) fn write(
        &mut self,
        author: Author,
        at: &[Hash],
        time: WallMs,
        operations: impl FnOnce(&mut Transaction<'_>, &ObjId) -> Result<(), AutomergeError>,
    ) -> Result<Edited, Error> {
        let text = self.text.clone();
        self.doc.set_actor(author.actor());
        let mut transaction = if self.doc.get_heads() == at {
            self.fork.keep(&self.doc, &text);
            self.doc.transaction()
        } else {
            // Beside other changes of the same author the library numbers under a variant of the
            // actor, one for each strand, so that no number is used twice.
            self.doc
                .transaction_at(PatchLog::inactive(), at)
                .map_err(|error| Error::Library(error.into()))?
        };
        if let Err(error) = operations(&mut transaction, &text) {
            transaction.rollback();
            return Err(error.into());
        }
        let ops = transaction.pending_ops() as u64;
        let seconds = time.0.div_euclid(1000);
        let (hash, _) = transaction.commit_with(CommitOptions::default().with_time(seconds));
        Ok(Edited { ops, version: version(hash.as_ref().map_or(at, std::slice::from_ref)) })
    }
}

pub(super) fn unchanged(at: &[Hash]) -> Edited {
    Edited { ops: 0, version: version(at) }
}

/// Says again that the file exists, in a way that makes an operation each time.
pub(super) fn touch(
    transaction: &mut Transaction<'_>,
    alive: Option<bool>,
) -> Result<(), AutomergeError> {
    transaction.put(ROOT, register::ALIVE, alive.is_none_or(|value| !value))
}
