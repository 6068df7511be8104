//! What the store keeps of the files, read record by record at the start.

use super::entry::Entry;
use crate::model::FileId;

/// All files of a vault as their records say, any order; those that cannot be read are named.
///
/// - Source: [`Known::add`], once for each record. That a record is its file's own, and whole, is for
///   the store to know, which seals each with the identity it is kept under.
#[derive(Debug, Default)]
pub struct Known {
    pub(super) files: Vec<(FileId, Box<Entry>)>,
    pub(super) unreadable: Vec<FileId>,
}

impl Known {
    /// Takes in the record of one file.
    pub fn add(&mut self, id: FileId, record: &[u8]) {
        match Entry::decode(record) {
            Some(entry) => self.files.push((id, Box::new(entry))),
            None => self.unreadable.push(id),
        }
    }
}

impl FromIterator<(FileId, Vec<u8>)> for Known {
    fn from_iter<T: IntoIterator<Item = (FileId, Vec<u8>)>>(records: T) -> Self {
        let mut known = Self::default();
        for (id, record) in records {
            known.add(id, &record);
        }
        known
    }
}
