//! What differs between two vaults: a two-level tree of sums over the file identities.
//!
//! - Shape: `fanout` nodes, each with `fanout` leaves; a file belongs to the node and leaf that the
//!   first and second four bytes of its identity point to, so that both sides agree without talking.
//! - Costs: see `DESIGN`-table in the room doc of `wire`; the tree is computed from the index when
//!   two digests differ, the root is kept up to date with every edit.

use super::index::Index;
use crate::model::{Digest, FileId};
use crate::wire::{Leaf, Node};

/// About this many items in a leaf; fewer make more sums to send, more make longer leaves.
const LEAF_ITEMS: u64 = 16;
/// Widest tree; 65,536 leaves hold a million files at the usual leaf size.
const FANOUT_LIMIT: u64 = 256;

/// The fan-out that two devices use when the larger vault has `files` items.
pub(super) fn fanout(files: u64) -> u16 {
    let leaves = files.div_ceil(LEAF_ITEMS).max(1);
    let mut fanout = 1;
    while fanout * fanout < leaves && fanout < FANOUT_LIMIT {
        fanout += 1;
    }
    u16::try_from(fanout).expect("the fan-out limit fits")
}

/// The whole tree of one vault.
#[derive(Debug)]
pub(super) struct Tree {
    fanout: u16,
    leaves: Vec<Digest>,
}

impl Tree {
    /// Sums over all files of `index`.
    pub(super) fn of(index: &Index, fanout: u16) -> Self {
        let width = usize::from(fanout);
        let mut leaves = vec![Digest::ZERO; width * width];
        for (id, entry) in index.iter() {
            let (node, leaf) = place(id, fanout);
            let at = usize::from(node) * width + usize::from(leaf);
            leaves[at] = leaves[at].plus(entry.digest(id));
        }
        Self { fanout, leaves }
    }

    /// The sums of the first level.
    pub(super) fn sums(&self) -> Vec<Digest> {
        self.leaves
            .chunks(usize::from(self.fanout))
            .map(|leaves| leaves.iter().fold(Digest::ZERO, |sum, leaf| sum.plus(*leaf)))
            .collect()
    }

    /// The second level below each node whose sum is not that of `theirs`.
    pub(super) fn differing_nodes(&self, theirs: &[Digest]) -> Vec<Node> {
        let width = usize::from(self.fanout);
        (0..self.fanout)
            .zip(self.sums())
            .filter(|(node, sum)| theirs.get(usize::from(*node)) != Some(sum))
            .map(|(node, _)| {
                let from = usize::from(node) * width;
                Node { node, leaves: self.leaves[from..from + width].to_vec() }
            })
            .collect()
    }

    /// The leaves that differ from `theirs`, as (node, leaf).
    pub(super) fn differing_leaves(&self, theirs: &[Node]) -> Vec<(u16, u16)> {
        let width = usize::from(self.fanout);
        let mut differing = Vec::new();
        for node in theirs.iter().filter(|node| node.node < self.fanout) {
            for leaf in 0..self.fanout {
                let ours = self.leaves[usize::from(node.node) * width + usize::from(leaf)];
                if node.leaves.get(usize::from(leaf)) != Some(&ours) {
                    differing.push((node.node, leaf));
                }
            }
        }
        differing
    }
}

/// The items of the leaves named, with shortened digests.
pub(super) fn items(index: &Index, fanout: u16, leaves: &[(u16, u16)]) -> Vec<Leaf> {
    let mut found: std::collections::BTreeMap<(u16, u16), Vec<_>> =
        leaves.iter().map(|leaf| (*leaf, Vec::new())).collect();
    for (id, entry) in index.iter() {
        if let Some(items) = found.get_mut(&place(id, fanout)) {
            items.push((*id, short(entry.digest(id))));
        }
    }
    found.into_iter().map(|((node, leaf), items)| Leaf { node, leaf, items }).collect()
}

/// The first eight bytes, enough to tell two versions of one file apart.
pub(super) fn short(digest: Digest) -> [u8; 8] {
    let mut short = [0; 8];
    short.copy_from_slice(&digest.as_bytes()[..8]);
    short
}

/// Which node and leaf a file belongs to.
pub(super) fn place(id: &FileId, fanout: u16) -> (u16, u16) {
    let bytes = id.as_bytes();
    let scale = |four: [u8; 4]| {
        let scaled = (u64::from(u32::from_be_bytes(four)) * u64::from(fanout)) >> 32;
        u16::try_from(scaled).expect("the quotient is below the fan-out")
    };
    (
        scale([bytes[0], bytes[1], bytes[2], bytes[3]]),
        scale([bytes[4], bytes[5], bytes[6], bytes[7]]),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fanout_keeps_leaves_at_about_sixteen() {
        assert_eq!(fanout(0), 1);
        assert_eq!(fanout(16), 1);
        assert_eq!(fanout(17), 2);
        assert_eq!(fanout(10_000), 25);
        assert_eq!(fanout(100_000), 80);
        assert_eq!(fanout(u64::MAX / 2), 256);
    }

    #[test]
    fn every_id_has_a_place_inside_the_tree() {
        for byte in [0, 1, 127, 128, 254, 255] {
            for width in [1, 2, 25, 256] {
                let (node, leaf) = place(&FileId([byte; 16]), width);
                assert!(node < width && leaf < width);
            }
        }
    }
}
