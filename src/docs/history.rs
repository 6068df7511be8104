//! Every change of a document in one order, without reading every version.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, BinaryHeap};

use automerge::legacy::{Key, ObjectId, OpType};
use automerge::{Change, ChangeHash as Hash, ChangeMetadata};

use super::document::{Document, version};
use super::register::{self, ALIVE, PATH};
use super::view::{Maker, Moment};
use crate::model::{ChangeHash, VaultPath, WallMs};

/// A change of more operations is not looked into; what it did to path and existence is read from
/// the version after it, which costs a pass over the document. Large ones are few.
const LOOK_LIMIT_OPERATIONS: u64 = 256;

impl Document {
    /// Names every change, in causal order.
    pub fn changes(&self) -> Vec<ChangeHash> {
        let changes = self.doc.get_changes_meta(&[]);
        changes.iter().map(|change| ChangeHash(change.hash.0)).collect()
    }

    /// Who made a change, and when by its clock; `None` for an unknown one.
    pub fn made(&self, change: &ChangeHash) -> Option<(Maker, WallMs)> {
        let meta = self.doc.get_change_meta_by_hash(&Hash(change.0))?;
        Some((self.maker(&meta), WallMs(meta.timestamp.saturating_mul(1000))))
    }

    /// Every change in causal order; of two that know nothing of each other the earlier one first,
    /// so that every device tells them in the same order.
    ///
    /// - Cost: one pass over the changes. Texts are not read.
    pub fn history(&self) -> Vec<Moment> {
        let changes = self.doc.get_changes_meta(&[]);
        let whole: BTreeMap<Hash, Change> =
            self.doc.get_changes(&[]).into_iter().map(|change| (change.hash(), change)).collect();
        let mut after: BTreeMap<Hash, (VaultPath, bool)> = BTreeMap::new();
        let moments = in_order(&changes).into_iter().map(|place| {
            let change = &changes[place];
            let (path, alive) = self.place_after(change, whole.get(&change.hash), &after);
            after.insert(change.hash, (path.clone(), alive));
            Moment {
                hash: ChangeHash(change.hash.0),
                time: WallMs(change.timestamp.saturating_mul(1000)),
                maker: self.maker(change),
                parents: version(&change.deps),
                path,
                alive,
            }
        });
        moments.collect()
    }

    /// Where the file lies after a change, and whether it exists, given the same of what the change
    /// builds on. Most changes touch neither, and to read the version after each would cost the
    /// square of their number.
    fn place_after(
        &self,
        change: &ChangeMetadata<'_>,
        whole: Option<&Change>,
        before: &BTreeMap<Hash, (VaultPath, bool)>,
    ) -> (VaultPath, bool) {
        let mut parents = change.deps.iter().map(|hash| before.get(hash));
        let agreed = parents.next().flatten().filter(|it| parents.all(|other| other == Some(*it)));
        let small = whole.filter(|it| it.len() as u64 <= LOOK_LIMIT_OPERATIONS);
        if let (Some((path, alive)), Some(whole)) = (agreed, small) {
            let touched = touched(whole);
            if !touched.contains(&Touch::Moved) && !touched.contains(&Touch::Gone) {
                return (path.clone(), *alive || touched.contains(&Touch::There));
            }
        }
        let at = std::slice::from_ref(&change.hash);
        let path = register::path(&self.doc, at).unwrap_or_else(|| self.birth_path.clone());
        (path, register::alive(&self.doc, at).is_some())
    }
}

/// What a change does to path and existence.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Touch {
    Moved,
    There,
    Gone,
}

fn touched(change: &Change) -> BTreeSet<Touch> {
    let decoded = change.decode();
    let in_root = decoded.operations.iter().filter(|op| op.obj == ObjectId::Root);
    in_root
        .filter_map(|op| match (&op.key, &op.action) {
            (Key::Map(key), _) if key == PATH => Some(Touch::Moved),
            (Key::Map(key), OpType::Put(_)) if key == ALIVE => Some(Touch::There),
            (Key::Map(key), _) if key == ALIVE => Some(Touch::Gone),
            (Key::Map(_) | Key::Seq(_), _) => None,
        })
        .collect()
}

/// Places of changes so that each stands behind what it builds on, else by time, else by hash.
/// Changes that nobody dated are as old as the youngest that they build on.
fn in_order(changes: &[ChangeMetadata<'_>]) -> Vec<usize> {
    let places: BTreeMap<Hash, usize> =
        changes.iter().enumerate().map(|(place, change)| (change.hash, place)).collect();
    let mut children: Vec<Vec<usize>> = vec![Vec::new(); changes.len()];
    let mut waits_for: Vec<usize> = vec![0; changes.len()];
    let mut times: Vec<i64> = changes.iter().map(|change| change.timestamp).collect();
    for (place, change) in changes.iter().enumerate() {
        for parent in change.deps.iter().filter_map(|hash| places.get(hash)) {
            children[*parent].push(place);
            waits_for[place] += 1;
        }
    }
    let ready = (0..changes.len()).filter(|place| waits_for[*place] == 0);
    let mut ready: BinaryHeap<Reverse<(i64, Hash, usize)>> =
        ready.map(|place| Reverse((times[place], changes[place].hash, place))).collect();
    let mut order = Vec::with_capacity(changes.len());
    while let Some(Reverse((time, _, place))) = ready.pop() {
        order.push(place);
        for child in &children[place] {
            if changes[*child].timestamp == 0 {
                times[*child] = times[*child].max(time);
            }
            waits_for[*child] -= 1;
            if waits_for[*child] == 0 {
                ready.push(Reverse((times[*child], changes[*child].hash, *child)));
            }
        }
    }
    order
}
