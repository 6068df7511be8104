//! A few files that have something in common: nearly always one.

use std::collections::BTreeSet;

use crate::model::FileId;

/// Files by identity, at least one. A set for each path and each content of a vault would take more
/// memory and time than everything else that is known of them.
#[derive(Debug, Clone)]
pub(super) enum Ids {
    One(FileId),
    Several(BTreeSet<FileId>),
}

impl PartialEq for Ids {
    /// One that is left of several is one.
    fn eq(&self, other: &Self) -> bool {
        self.iter().eq(other.iter())
    }
}

impl Ids {
    pub(super) fn insert(&mut self, id: FileId) {
        match self {
            Self::One(one) if *one == id => {}
            Self::One(one) => *self = Self::Several(BTreeSet::from([*one, id])),
            Self::Several(ids) => {
                ids.insert(id);
            }
        }
    }

    /// Takes one out; whether any is left.
    pub(super) fn remove(&mut self, id: &FileId) -> bool {
        match self {
            Self::One(one) => one != id,
            Self::Several(ids) => {
                ids.remove(id);
                !ids.is_empty()
            }
        }
    }

    pub(super) fn is_one(&self) -> bool {
        match self {
            Self::One(_) => true,
            Self::Several(ids) => ids.len() == 1,
        }
    }

    /// By identity, ascending.
    pub(super) fn iter(&self) -> impl Iterator<Item = &FileId> {
        let (one, several) = match self {
            Self::One(one) => (Some(one), None),
            Self::Several(ids) => (None, Some(ids.iter())),
        };
        one.into_iter().chain(several.into_iter().flatten())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(number: u8) -> FileId {
        FileId([number; 16])
    }

    fn all(ids: &Ids) -> Vec<FileId> {
        ids.iter().copied().collect()
    }

    #[test]
    fn it_is_a_set() {
        let mut ids = Ids::One(id(2));
        ids.insert(id(2));
        assert_eq!(ids, Ids::One(id(2)));
        assert!(ids.is_one() && ids.remove(&id(1)));
        ids.insert(id(3));
        ids.insert(id(1));
        ids.insert(id(1));
        assert_eq!(all(&ids), [id(1), id(2), id(3)]);
        assert!(!ids.is_one() && ids.remove(&id(2)) && ids.remove(&id(2)) && ids.remove(&id(1)));
        assert_eq!(all(&ids), [id(3)]);
        assert!(ids.is_one() && !ids.remove(&id(3)));
        assert!(!Ids::One(id(1)).remove(&id(1)));
    }
}
