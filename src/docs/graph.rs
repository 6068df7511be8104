//! The graph of changes: ancestors, and where two versions last agreed.

use std::collections::{BTreeMap, BTreeSet};

use automerge::{Automerge, ChangeHash};

/// Every change of a document with what it builds on.
#[derive(Debug)]
pub(super) struct Graph {
    hashes: Vec<ChangeHash>,
    places: BTreeMap<ChangeHash, usize>,
    parents: Vec<Vec<usize>>,
}

impl Graph {
    pub(super) fn of(doc: &Automerge) -> Self {
        let changes = doc.get_changes_meta(&[]);
        let hashes: Vec<ChangeHash> = changes.iter().map(|change| change.hash).collect();
        let places: BTreeMap<ChangeHash, usize> =
            hashes.iter().enumerate().map(|(place, hash)| (*hash, place)).collect();
        let parents = changes
            .iter()
            .map(|change| {
                let known = change.deps.iter().filter_map(|dep| places.get(dep));
                known.copied().collect()
            })
            .collect();
        Self { hashes, places, parents }
    }

    /// The latest changes that both versions contain, ascending by hash.
    pub(super) fn meets(&self, ours: &[ChangeHash], theirs: &[ChangeHash]) -> Vec<ChangeHash> {
        let (ours, theirs) = (self.ancestors(ours), self.ancestors(theirs));
        let common: Vec<bool> = ours.iter().zip(&theirs).map(|(a, b)| *a && *b).collect();
        self.latest(&common)
    }

    /// `version` without the changes that others of it build on, ascending by hash.
    pub(super) fn tips(&self, version: &[ChangeHash]) -> Vec<ChangeHash> {
        self.latest(&self.ancestors(version))
    }

    /// Members of a set closed under ancestors that no other member builds on.
    fn latest(&self, set: &[bool]) -> Vec<ChangeHash> {
        let mut last = set.to_vec();
        for (place, parents) in self.parents.iter().enumerate() {
            if set[place] {
                for parent in parents {
                    last[*parent] = false;
                }
            }
        }
        let mut hashes: Vec<ChangeHash> = last
            .iter()
            .zip(&self.hashes)
            .filter_map(|(last, hash)| last.then_some(*hash))
            .collect();
        hashes.sort_unstable();
        hashes
    }

    /// For each of `heads`, the places (in causal order) of what it holds and no other of them does.
    /// Looks no further back than to where all of them agree.
    pub(super) fn sides(&self, heads: &[ChangeHash]) -> Vec<Vec<usize>> {
        let mut own: Vec<Vec<usize>> = vec![Vec::new(); heads.len()];
        let mut open: BTreeMap<usize, BTreeSet<usize>> = BTreeMap::new();
        for (side, head) in heads.iter().enumerate() {
            if let Some(place) = self.places.get(head) {
                open.entry(*place).or_default().insert(side);
            }
        }
        let mut apart = open.len();
        while apart > 0 {
            // What builds on a change stands behind it, so its holders are all known by now.
            let Some((place, holders)) = open.pop_last() else { break };
            if holders.len() < heads.len() {
                apart -= 1;
            }
            if let (1, Some(side)) = (holders.len(), holders.first()) {
                own[*side].push(place);
            }
            for parent in &self.parents[place] {
                let known = open.entry(*parent).or_default();
                let was_apart = !known.is_empty() && known.len() < heads.len();
                known.extend(&holders);
                let is_apart = known.len() < heads.len();
                match (was_apart, is_apart) {
                    (false, true) => apart += 1,
                    (true, false) => apart -= 1,
                    (true, true) | (false, false) => {}
                }
            }
        }
        own
    }

    fn ancestors(&self, of: &[ChangeHash]) -> Vec<bool> {
        let mut seen = vec![false; self.hashes.len()];
        let mut open: Vec<usize> =
            of.iter().filter_map(|hash| self.places.get(hash).copied()).collect();
        while let Some(place) = open.pop() {
            if !std::mem::replace(&mut seen[place], true) {
                open.extend(&self.parents[place]);
            }
        }
        seen
    }
}
