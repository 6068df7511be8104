//! What a stop leaves of the simulated folder.

use std::rc::Rc;

use super::super::rng::Rng;
use super::tree::{Bytes, Disk, Nodes};
use crate::model::VaultPath;

/// How a peer stops.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Crash {
    /// The process ends; what the system was told is kept.
    Kill,
    /// The machine ends; what no barrier covers may be lost or torn.
    Power,
}

/// One path that a power cut put back, or tore.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Reverted {
    /// Where.
    pub(crate) path: VaultPath,
    /// What it held; `None` for nothing, or a folder.
    pub(crate) before: Option<Rc<Vec<u8>>>,
    /// What it holds now.
    pub(crate) after: Option<Rc<Vec<u8>>>,
}

impl Disk {
    /// Stops the machine or the process; says which files are not what they were.
    pub(crate) fn crash(&mut self, how: Crash, rng: &mut Rng) -> Vec<Reverted> {
        self.hints.clear();
        if how == Crash::Kill {
            return Vec::new();
        }
        let kept = rng.below(self.since.len() + 1);
        let mut after = match kept {
            0 => self.durable.clone(),
            some => self.since[some - 1].clone(),
        };
        self.tear(&mut after, rng);
        let before = std::mem::replace(&mut self.nodes, after);
        self.freed.clear();
        self.damage_parts(rng);
        self.durable = self.nodes.clone();
        self.since.clear();
        self.reverted(&before)
    }

    /// Cuts short what a user wrote since the last barrier.
    fn tear(&self, after: &mut Nodes, rng: &mut Rng) {
        let durable = |inode: u64, file: &Bytes| {
            self.durable
                .values()
                .any(|node| node.inode == inode && node.file.as_ref() == Some(file))
        };
        for node in after.values_mut() {
            let Some(file) = &node.file else { continue };
            if node.loose && !durable(node.inode, file) && rng.chance(25) {
                let mut length = rng.below(file.bytes.len() + 1);
                while std::str::from_utf8(&file.bytes[..length]).is_err()
                    && std::str::from_utf8(&file.bytes).is_ok()
                {
                    length -= 1;
                }
                node.file = Some(Bytes::new(file.bytes[..length].to_vec()));
            }
        }
    }

    fn reverted(&self, before: &Nodes) -> Vec<Reverted> {
        let bytes = |nodes: &Nodes, path: &VaultPath| {
            let file = nodes.get(path)?.file.as_ref()?;
            Some(Rc::clone(&file.bytes))
        };
        let paths: std::collections::BTreeSet<&VaultPath> =
            before.keys().chain(self.nodes.keys()).collect();
        paths
            .into_iter()
            .map(|path| Reverted {
                path: path.clone(),
                before: bytes(before, path),
                after: bytes(&self.nodes, path),
            })
            .filter(|change| change.before != change.after)
            .collect()
    }
}
