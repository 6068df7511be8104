//! What a person and their programs do to the simulated folder, with the hints a watcher gives.

use super::tree::{Bytes, Disk};
use crate::engine::Hint;
use crate::model::VaultPath;

/// How a program saves a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Save {
    /// Into the file that is there.
    InPlace,
    /// Beside it, then renamed over it: a new inode.
    Beside,
    /// In place, and the modification time put back to what it was, as some copying tools do.
    KeepMtime,
}

impl Disk {
    /// Writes a file, making folders as needed; false when it cannot be done.
    pub(crate) fn write(&mut self, path: &VaultPath, bytes: Vec<u8>, how: Save) -> bool {
        if !self.mounted || self.full || self.is_folder(path) || !self.make_above(path) {
            return false;
        }
        let old = self.nodes.get(path).cloned();
        let mut node = match (old, how) {
            (None, _) => self.fresh(None),
            (Some(old), Save::Beside) => {
                let node = self.fresh(None);
                self.freed.push(old.inode);
                node
            }
            (Some(mut old), Save::InPlace) => {
                old.mtime_ns = self.moment();
                old.ctime_ns = old.mtime_ns;
                old
            }
            (Some(mut old), Save::KeepMtime) => {
                old.ctime_ns = self.moment();
                old
            }
        };
        node.file = Some(Bytes::new(bytes));
        node.loose = true;
        self.nodes.insert(path.clone(), node);
        self.hints.push(Hint::Whole(path.clone()));
        self.log();
        true
    }

    /// Removes a file, or a folder with everything in it; false when nothing is there.
    pub(crate) fn remove(&mut self, path: &VaultPath) -> bool {
        if !self.mounted || !self.exists(path) {
            return false;
        }
        let mut doomed: Vec<VaultPath> = self.below(path).map(|(path, _)| path.clone()).collect();
        doomed.push(path.clone());
        doomed.sort_unstable_by(|a, b| b.cmp(a));
        for path in doomed {
            self.take_out(&path);
            self.hints.push(Hint::Path(path));
        }
        self.log();
        true
    }

    /// Moves a file or a folder to a place where nothing is; false when it cannot be done. As with
    /// real watchers, of a folder only the folder itself is hinted at.
    pub(crate) fn rename(&mut self, from: &VaultPath, to: &VaultPath) -> bool {
        let possible = self.mounted && self.exists(from) && !self.exists(to);
        if !possible || to.is_below(from) || !self.make_above(to) {
            return false;
        }
        let inside: Vec<VaultPath> = self.below(from).map(|(path, _)| path.clone()).collect();
        for old in inside {
            let rest = &old.as_str()[from.as_str().len()..];
            let Ok(new) = VaultPath::parse(&format!("{to}{rest}")) else {
                continue;
            };
            if let Some(node) = self.nodes.remove(&old) {
                self.nodes.insert(new, node);
            }
        }
        if let Some(mut node) = self.nodes.remove(from) {
            node.ctime_ns = self.moment();
            self.nodes.insert(to.clone(), node);
        }
        self.hints.push(Hint::Path(from.clone()));
        self.hints.push(Hint::Whole(to.clone()));
        self.log();
        true
    }

    /// Makes a folder; false when something is there already or in the way.
    pub(crate) fn make_folder(&mut self, path: &VaultPath) -> bool {
        if !self.mounted || self.full || self.exists(path) || !self.make_above(path) {
            return false;
        }
        let node = self.fresh(None);
        self.nodes.insert(path.clone(), node);
        self.hints.push(Hint::Path(path.clone()));
        self.log();
        true
    }
}
