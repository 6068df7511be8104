//! The registers of a document's root map: their names, values, and how they are read.

use automerge::{Automerge, ChangeHash, ObjId, ROOT, ReadDoc, ScalarValue, Value};

use crate::model::{Content, ContentHash, Kind, VaultPath};

/// A text: where the file lies.
pub(super) const PATH: &str = "path";
/// A text object: the characters, once [`CONTENT`] says that they govern.
pub(super) const TEXT: &str = "text";
/// What the file holds: 41 bytes (kind, hash, size) or [`GOVERNS`].
pub(super) const CONTENT: &str = "content";
/// Present while the file exists. The value flips with every edit, for a value put a second time
/// would make no operation and could not win against a deletion that has not seen it.
pub(super) const ALIVE: &str = "alive";
/// The value of [`CONTENT`] that says: the text object governs.
pub(super) const GOVERNS: &str = "text";

/// What the keys of settled ledger entries begin with; 16 hexadecimal digits follow. The value is
/// the verdict's word. Keys are never taken back.
pub(super) const RESOLVED: &str = "resolved/";

/// Length of a content value in bytes: kind, hash, size.
const CONTENT_BYTES: usize = 1 + 32 + 8;

/// A value of the content register.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Held {
    /// The text object governs.
    Characters,
    /// Named by hash.
    ByHash(Kind, Content),
}

impl Held {
    pub(super) fn to_scalar(self) -> ScalarValue {
        match self {
            Self::Characters => GOVERNS.into(),
            Self::ByHash(kind, content) => {
                let mut bytes = Vec::with_capacity(CONTENT_BYTES);
                bytes.push(kind_byte(kind));
                bytes.extend(content.hash.as_bytes());
                bytes.extend(content.size.to_be_bytes());
                ScalarValue::Bytes(bytes)
            }
        }
    }

    fn from_value(value: &Value<'_>) -> Option<Self> {
        if value.as_str() == Some(GOVERNS) {
            return Some(Self::Characters);
        }
        let bytes: &[u8; CONTENT_BYTES] = value.as_bytes()?.try_into().ok()?;
        let (head, size) = bytes.split_last_chunk::<8>()?;
        let (kind, hash) = head.split_first()?;
        let content =
            Content { hash: ContentHash(hash.try_into().ok()?), size: u64::from_be_bytes(*size) };
        Some(Self::ByHash(kind_of_byte(*kind)?, content))
    }
}

/// The kind's number in the content register and in actors.
pub(super) const fn kind_byte(kind: Kind) -> u8 {
    match kind {
        Kind::Text => 0,
        Kind::Blob => 1,
        Kind::Folder => 2,
    }
}

const fn kind_of_byte(byte: u8) -> Option<Kind> {
    match byte {
        0 => Some(Kind::Text),
        1 => Some(Kind::Blob),
        2 => Some(Kind::Folder),
        _ => None,
    }
}

/// Whether a version is the present one, of which the library reads without going through what was.
fn is_now(doc: &Automerge, at: &[ChangeHash]) -> bool {
    doc.get_heads() == at
}

/// The value that wins in a key of the root map at a version.
fn value<'a>(doc: &'a Automerge, key: &str, at: &[ChangeHash]) -> Option<Value<'a>> {
    let read = if is_now(doc, at) { doc.get(ROOT, key) } else { doc.get_at(ROOT, key, at) };
    Some(read.ok().flatten()?.0)
}

/// The winning content value at a version; `None` where there is no readable one.
pub(super) fn held(doc: &Automerge, at: &[ChangeHash]) -> Option<Held> {
    Held::from_value(&value(doc, CONTENT, at)?)
}

/// The winning path at a version; `None` where there is no readable one.
pub(super) fn path(doc: &Automerge, at: &[ChangeHash]) -> Option<VaultPath> {
    VaultPath::parse(value(doc, PATH, at)?.as_str()?).ok()
}

/// All paths that concurrent renames left, distinct, ascending.
pub(super) fn paths(doc: &Automerge, at: &[ChangeHash]) -> Vec<VaultPath> {
    let mut paths: Vec<VaultPath> = doc
        .get_all_at(ROOT, PATH, at)
        .unwrap_or_default()
        .iter()
        .filter_map(|(value, _)| VaultPath::parse(value.as_str()?).ok())
        .collect();
    paths.sort_unstable();
    paths.dedup();
    paths
}

/// The value of the register that says whether the file exists; `None` when it does not.
pub(super) fn alive(doc: &Automerge, at: &[ChangeHash]) -> Option<bool> {
    Some(value(doc, ALIVE, at)?.as_bool().unwrap_or(false))
}

/// The characters at a version.
pub(super) fn characters(doc: &Automerge, text: &ObjId, at: &[ChangeHash]) -> String {
    let read = if is_now(doc, at) { doc.text(text) } else { doc.text_at(text, at) };
    read.unwrap_or_default()
}

/// Says what makes the present state unreadable as a file, if anything does.
pub(super) fn flaw(doc: &Automerge, text: &ObjId) -> Option<String> {
    let all = |key: &str| doc.get_all(ROOT, key).unwrap_or_default();
    let texts = all(TEXT);
    if texts.len() != 1 || texts.iter().any(|(_, id)| id != text) {
        return Some("the text object was replaced".into());
    }
    let path_is_good = |value: &Value<'_>| {
        value
            .as_str()
            .is_some_and(|path| VaultPath::parse(path).is_ok_and(|read| read.as_str() == path))
    };
    let paths = all(PATH);
    if paths.is_empty() || !paths.iter().all(|(value, _)| path_is_good(value)) {
        return Some("a path leads out of the vault".into());
    }
    let held = all(CONTENT);
    if !held.iter().all(|(value, _)| Held::from_value(value).is_some()) {
        return Some("an unknown content value".into());
    }
    if !all(ALIVE).iter().all(|(value, _)| value.as_bool().is_some()) {
        return Some("an unknown alive value".into());
    }
    None
}
