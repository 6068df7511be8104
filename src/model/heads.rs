//! The version of a document: the changes nothing else builds on.

use serde::{Deserialize, Serialize};

use super::ChangeHash;

/// A sorted set of change hashes; empty for a file that has no document.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(from = "Vec<ChangeHash>")]
pub struct Heads(Vec<ChangeHash>);

impl Heads {
    /// Sorts and deduplicates `hashes`.
    pub fn new(mut hashes: Vec<ChangeHash>) -> Self {
        hashes.sort_unstable();
        hashes.dedup();
        Self(hashes)
    }

    /// The hashes in ascending order.
    pub fn as_slice(&self) -> &[ChangeHash] {
        &self.0
    }

    /// Whether there is no change at all.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl From<Vec<ChangeHash>> for Heads {
    fn from(hashes: Vec<ChangeHash>) -> Self {
        Self::new(hashes)
    }
}

impl FromIterator<ChangeHash> for Heads {
    fn from_iter<I: IntoIterator<Item = ChangeHash>>(hashes: I) -> Self {
        Self::new(hashes.into_iter().collect())
    }
}
