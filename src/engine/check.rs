//! What `verify` compares with the store and the folder.

use super::entry::Entry;
use crate::docs::{Birth, Document};
use crate::model::{Content, FileId, Heads, Kind, Stamp, StoredDocument, VaultId, VaultPath};

/// What a file's record in the store says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recorded {
    /// The path the file claims.
    pub path: VaultPath,
    /// The version of its document; empty when it has none.
    pub heads: Heads,
    /// What lies on this disk: where, what, and as the file system described it.
    pub on_disk: Option<(VaultPath, Kind, Content, Stamp)>,
    birth: VaultPath,
    generation: u32,
}

impl Recorded {
    /// Reads a record; `None` when it is damaged or of another version.
    pub fn read(record: &[u8]) -> Option<Self> {
        let entry = Entry::decode(record)?;
        Some(Self {
            path: entry.path,
            heads: entry.heads,
            on_disk: entry.base.map(|base| (base.path, base.kind, base.content, base.stamp)),
            birth: entry.birth,
            generation: entry.generation,
        })
    }

    /// Whether it is the record of the file `id` of this vault: its identity follows from where it
    /// was born.
    pub fn is_of(&self, vault: VaultId, id: FileId) -> bool {
        let Self { birth, generation, .. } = self;
        Birth { vault, path: birth.clone(), generation: *generation }.file_id() == id
    }

    /// Loads the file's document and compares its version with the record.
    ///
    /// - Shape: pure, may take long; run it off the loop.
    ///
    /// # Errors
    ///
    /// What is wrong, for people.
    pub fn check(&self, stored: Option<&StoredDocument>) -> Result<(), String> {
        match stored {
            None if self.heads.is_empty() => Ok(()),
            None => Err("its document is missing from the store".to_owned()),
            Some(stored) => {
                let document =
                    Document::load(stored).map_err(|error| format!("its document: {error}"))?;
                if document.heads() == self.heads || self.heads.is_empty() {
                    Ok(())
                } else {
                    Err("its document has another version than its record says".to_owned())
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_tells_whose_it_is() {
        let path = VaultPath::parse("a.md").unwrap();
        let entry = Entry {
            birth: path.clone(),
            generation: 1,
            path: VaultPath::parse("moved.md").unwrap(),
            kind: Kind::Text,
            content: Content::of(b"text"),
            alive: true,
            heads: Heads::default(),
            mtime_ms: 0,
            base: None,
            births: None,
        };
        let recorded = Recorded::read(&entry.encode()).unwrap();
        let vault = VaultId([7; 16]);
        let born = |generation| Birth { vault, path: path.clone(), generation }.file_id();
        assert!(recorded.is_of(vault, born(1)));
        assert!(!recorded.is_of(vault, born(0)));
        assert!(!recorded.is_of(VaultId([8; 16]), born(1)));
    }
}
