//! What `verify` compares with the store and the folder.

use super::entry::Entry;
use crate::docs::Document;
use crate::model::{Content, Heads, Kind, Stamp, StoredDocument, VaultPath};

/// What a file's record in the store says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recorded {
    /// The path the file claims.
    pub path: VaultPath,
    /// The version of its document; empty when it has none.
    pub heads: Heads,
    /// What lies on this disk: where, what, and as the file system described it.
    pub on_disk: Option<(VaultPath, Kind, Content, Stamp)>,
}

impl Recorded {
    /// Reads a record; `None` when it is damaged or of another version.
    pub fn read(record: &[u8]) -> Option<Self> {
        let entry = Entry::decode(record)?;
        Some(Self {
            path: entry.path,
            heads: entry.heads,
            on_disk: entry.base.map(|base| (base.path, base.kind, base.content, base.stamp)),
        })
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
