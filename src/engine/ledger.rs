//! The merge ledger: where two people touched the same thing, what was chosen, what else there was.

use serde::{Deserialize, Serialize};

use super::core::{Engine, Pending};
use super::entry::Entry;
use super::members::Kept;
use super::report::Report;
use crate::docs;
use crate::model::{FileId, Write};

/// What a contradiction is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum About {
    /// Something in the text.
    Text,
    /// Where the file lies.
    Path,
}

impl About {
    /// The word used in JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Path => "path",
        }
    }
}

/// One entry, as the store keeps it (JSON, so that later versions can add to it).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contradiction {
    /// Where the file lay when it was noted.
    pub path: String,
    /// Its identity, which stays when it moves; `None` in entries of older versions.
    #[serde(default)]
    pub file: Option<String>,
    /// What it is about.
    pub about: About,
    /// What both started from; may be empty.
    pub base: String,
    /// What stands now.
    pub chosen: String,
    /// What the other wanted.
    pub alternative: String,
    /// Whether a person settled it.
    #[serde(default)]
    pub resolved: bool,
}

impl Contradiction {
    /// Reads a row of the ledger.
    pub fn decode(entry: &[u8]) -> Option<Self> {
        serde_json::from_slice(entry).ok()
    }

    /// Whether a row is one that nobody settled; what cannot be read counts, too.
    pub(super) fn is_open(entry: &[u8]) -> bool {
        Self::decode(entry).is_none_or(|it| !it.resolved)
    }

    fn encode(&self) -> Vec<u8> {
        serde_json::to_vec(self).expect("texts and a flag have a JSON form")
    }

    fn of(id: FileId, path: &str, choice: &docs::Choice) -> Self {
        let (about, base, chosen, alternative) = match choice {
            docs::Choice::Text { base, chosen, alternative } => {
                (About::Text, base.clone(), chosen.clone(), alternative.clone())
            }
            docs::Choice::Path { chosen, alternative } => {
                (About::Path, String::new(), chosen.to_string(), alternative.to_string())
            }
        };
        let (path, file) = (path.to_owned(), Some(id.to_string()));
        Self { path, file, about, base, chosen, alternative, resolved: false }
    }

    /// Names it: the same for the same contradiction in the same file, on every device.
    fn key(&self, id: FileId) -> Vec<u8> {
        let mut hasher = blake3::Hasher::new();
        hasher.update(id.as_bytes());
        for part in [self.about.as_str(), &self.base, &self.chosen, &self.alternative] {
            hasher.update(&(part.len() as u64).to_be_bytes());
            hasher.update(part.as_bytes());
        }
        hasher.finalize().as_bytes()[..8].to_vec()
    }
}

impl Engine {
    /// Makes a choice part of the ledger; says so if it is news.
    pub(super) fn ledger_entry(
        &mut self,
        id: FileId,
        entry: &Entry,
        choice: &docs::Choice,
        writes: &mut Vec<Write>,
    ) -> Option<Report> {
        let contradiction = Contradiction::of(id, entry.path.as_str(), choice);
        let key = contradiction.key(id);
        let name = data_encoding::HEXLOWER.encode(&key);
        let news = self.shots.note_conflict(&key);
        if news {
            self.conflicts += 1;
            writes.push(Write::Ledger { key, entry: contradiction.encode() });
        }
        news.then(|| Report::Conflict(entry.path.clone(), name))
    }

    /// A person settled a contradiction.
    pub(super) fn resolve(&mut self, key: Vec<u8>, entry: &Contradiction) {
        self.conflicts = self.conflicts.saturating_sub(u64::from(entry.resolved));
        let write = Write::Ledger { key, entry: entry.encode() };
        self.append(vec![write], Pending::Kept(Kept::Text));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_survive_the_store_and_older_ones_are_open() {
        let choice =
            docs::Choice::Text { base: "1".into(), chosen: "2".into(), alternative: "3".into() };
        let entry = Contradiction::of(FileId([1; 16]), "a.md", &choice);
        assert_eq!(Contradiction::decode(&entry.encode()), Some(entry.clone()));
        assert!(Contradiction::is_open(&entry.encode()));
        let settled = Contradiction { resolved: true, ..entry.clone() };
        assert!(!Contradiction::is_open(&settled.encode()));
        let older = br#"{"path":"a.md","about":"text","base":"1","chosen":"2","alternative":"3"}"#;
        let unnamed = Contradiction { file: None, ..entry.clone() };
        assert_eq!(Contradiction::decode(older), Some(unnamed));
        assert!(Contradiction::is_open(b"?"));
        assert_eq!(entry.key(FileId([1; 16])), settled.key(FileId([1; 16])));
        assert_ne!(entry.key(FileId([1; 16])), entry.key(FileId([2; 16])));
    }
}
