//! What a document says of its file.

use super::birth::Mark;
use crate::model::{ChangeHash, Content, Heads, Kind, VaultPath, WallMs};

/// A file as one version of its document has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct View {
    /// Where it lies.
    pub path: VaultPath,
    /// Whether it exists; a deleted file keeps path and body.
    pub alive: bool,
    /// What it holds.
    pub body: Body,
}

/// What a file holds.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Body {
    /// These characters.
    Text(String),
    /// What has this hash: a blob, a folder, or a text that was never edited.
    Content(Kind, Content),
}

impl Body {
    /// Kind and fingerprint of the bytes. Hashes a text.
    pub fn fingerprint(&self) -> (Kind, Content) {
        match self {
            Self::Text(text) => (Kind::Text, Content::of(text.as_bytes())),
            Self::Content(kind, content) => (*kind, *content),
        }
    }
}

/// Who made a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Maker {
    /// Nobody: it follows from how the file was born.
    Birth,
    /// A device, by the mark of its id.
    Device(Mark),
    /// Every device that settled the same concurrent versions.
    Merge,
}

/// One change in a file's history.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Moment {
    /// Which change.
    pub hash: ChangeHash,
    /// When its device made it, by that device's clock, in whole seconds; zero for changes that
    /// every device derives alike.
    pub time: WallMs,
    /// Who made it.
    pub maker: Maker,
    /// The changes it builds on directly.
    pub parents: Heads,
    /// Where the file lay after it.
    pub path: VaultPath,
    /// Whether the file existed after it.
    pub alive: bool,
}
