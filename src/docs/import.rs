//! The changes a document starts with, the same bytes on every device.

use automerge::transaction::{CommitOptions, Transactable};
use automerge::{
    ActorId, Automerge, Change, ChangeHash, ObjId, ObjType, ROOT, ReadDoc, TextEncoding,
};

use super::birth::{Birth, import_actor, promotion_actor};
use super::diff::Splice;
use super::error::Error;
use super::register::{self, Held};
use crate::model::{Content, Kind};

/// How positions in texts count; a document written with another encoding has other hashes.
pub(super) const ENCODING: TextEncoding = TextEncoding::UnicodeCodePoint;

/// One birth that a document holds.
#[derive(Debug, Clone)]
pub(super) struct Import {
    pub(super) hash: ChangeHash,
    pub(super) actor: ActorId,
    pub(super) kind: Kind,
    pub(super) content: Content,
    /// The change that put the characters, once there is one.
    pub(super) promotion: Option<ChangeHash>,
}

/// A document that holds the root change alone.
pub(super) fn root(birth: &Birth) -> Result<Automerge, Error> {
    let mut doc = Automerge::new_with_encoding(ENCODING);
    doc.set_actor(birth.root_actor());
    let mut transaction = doc.transaction();
    transaction.put(ROOT, register::PATH, birth.path.as_str())?;
    transaction.put_object(ROOT, register::TEXT, ObjType::Text)?;
    transaction.commit();
    Ok(doc)
}

/// Adds the import of `content` to a document that holds the root change alone.
pub(super) fn import(
    doc: &mut Automerge,
    root: &ActorId,
    kind: Kind,
    content: Content,
) -> Result<Import, Error> {
    let actor = import_actor(root, kind, &content);
    doc.set_actor(actor.clone());
    let mut transaction = doc.transaction();
    let held = Held::ByHash(kind, content);
    transaction.put(ROOT, register::CONTENT, held.to_scalar())?;
    transaction.put(ROOT, register::ALIVE, true)?;
    let (hash, _) = transaction.commit();
    Ok(Import {
        hash: hash.ok_or_else(|| Error::Shape("an import without operations".into()))?,
        actor,
        kind,
        content,
        promotion: None,
    })
}

/// Adds the promotion of `import` to a document that holds the root change and it alone.
pub(super) fn promote(
    doc: &mut Automerge,
    text_object: &ObjId,
    import: &Import,
    text: &str,
) -> Result<ChangeHash, Error> {
    doc.set_actor(promotion_actor(&import.actor));
    let mut transaction = doc.transaction();
    Splice { at: 0, delete: 0, insert: text.to_owned() }.make(&mut transaction, text_object)?;
    transaction.put(ROOT, register::CONTENT, Held::Characters.to_scalar())?;
    let (hash, _) = transaction.commit_with(CommitOptions::default());
    hash.ok_or_else(|| Error::Shape("a promotion without operations".into()))
}

/// A document of these changes alone, for making a change that must not depend on any other.
pub(super) fn only(changes: Vec<Change>) -> Result<Automerge, Error> {
    let mut doc = Automerge::new_with_encoding(ENCODING);
    doc.apply_changes(changes)?;
    Ok(doc)
}

/// One change of `doc`.
pub(super) fn change(doc: &Automerge, hash: &ChangeHash) -> Result<Change, Error> {
    doc.get_change_by_hash(hash).ok_or(Error::Unknown(crate::model::ChangeHash(hash.0)))
}
