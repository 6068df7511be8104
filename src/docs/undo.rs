//! Where the work of several devices met, and how to take such a meeting back.

use std::collections::BTreeSet;

use automerge::ChangeHash as Hash;

use super::birth::{Mark, meeting_rev};
use super::document::{Document, version};
use super::error::Error;
use super::register;
use super::settle::{Choice, is_fix_up};
use super::view::{Body, Maker};
use crate::merge::{self, Format};
use crate::model::{ChangeHash, Heads, Kind};

/// One of the versions that met.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Side {
    /// Its last change.
    pub head: ChangeHash,
    /// Whose changes it has that no other side has, ascending.
    pub makers: Vec<Mark>,
}

/// Concurrent versions that became one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Meeting {
    /// Names it: the fix-up where there is one, else derived from what met, the same everywhere.
    pub rev: ChangeHash,
    /// The change that joined them: the fix-up, or the first edit made on both. `None` while
    /// nothing was written on them yet.
    pub joined_by: Option<ChangeHash>,
    /// The version in which they had met and nothing else was done.
    pub at: Heads,
    /// What met; two or more.
    pub sides: Vec<Side>,
}

impl Document {
    /// Every meeting of versions by different devices, and every fix-up, in causal order.
    pub fn meetings(&self) -> Vec<Meeting> {
        let changes = self.doc.get_changes_meta(&[]);
        if changes.iter().all(|change| change.deps.len() < 2) && self.doc.get_heads().len() < 2 {
            return Vec::new();
        }
        let graph = self.graph();
        let makers: Vec<Option<Mark>> = changes
            .iter()
            .map(|change| match self.maker(change) {
                Maker::Device(mark) => Some(mark),
                Maker::Birth | Maker::Merge => None,
            })
            .collect();
        let sides = |heads: &[Hash]| -> Vec<Side> {
            let own = graph.sides(heads);
            let sides = heads.iter().zip(own).map(|(head, places)| {
                let mut makers: Vec<Mark> =
                    places.into_iter().filter_map(|place| makers[place]).collect();
                makers.sort_unstable();
                makers.dedup();
                Side { head: ChangeHash(head.0), makers }
            });
            sides.collect()
        };
        let mut meetings = Vec::new();
        for change in changes.iter().filter(|change| change.deps.len() > 1) {
            let hash = ChangeHash(change.hash.0);
            let sides = sides(&change.deps);
            if is_fix_up(change) {
                let at = Heads::from_iter([hash]);
                meetings.push(Meeting { rev: hash, joined_by: Some(hash), at, sides });
            } else if of_several(&sides) {
                let (rev, at) = (meeting_rev(&change.deps), version(&change.deps));
                meetings.push(Meeting { rev, joined_by: Some(hash), at, sides });
            }
        }
        let heads = self.doc.get_heads();
        if heads.len() > 1 {
            let sides = sides(&heads);
            if of_several(&sides) {
                let (rev, at) = (meeting_rev(&heads), version(&heads));
                meetings.push(Meeting { rev, joined_by: None, at, sides });
            }
        }
        // Two devices may each go on from the same meeting; the first that did stands for it.
        let mut seen = BTreeSet::new();
        meetings.retain(|meeting| seen.insert(meeting.rev));
        meetings
    }

    /// What the file would hold without what a meeting did to the version `keep`: the edits made
    /// since stay. With it, where those edits and the taking back contradict each other.
    ///
    /// # Errors
    ///
    /// [`Error::Unknown`]; [`Error::Replaced`] when the file is no text and was replaced since.
    pub fn without(&self, met: &Heads, keep: &ChangeHash) -> Result<(Body, Vec<Choice>), Error> {
        let met = self.readable(&self.hashes(met)?);
        let kept = self.readable(&self.hashes(&Heads::from_iter([*keep]))?);
        let heads = self.doc.get_heads();
        let now = self.readable(&heads);
        let (Some(met), Some(kept), Some(now)) = (met, kept, now) else {
            return Err(Error::Unknown(*keep));
        };
        let path = register::path(&self.doc, &heads).unwrap_or_else(|| self.birth_path.clone());
        match (&met, &kept, &now) {
            (Body::Text(met), Body::Text(kept), Body::Text(now)) => {
                let merged = merge::merge(Format::of(&path), Some(met), now, kept);
                let choices = merged.choices.into_iter().map(Choice::from).collect();
                Ok((Body::Text(merged.text), choices))
            }
            _ if now.fingerprint() == met.fingerprint() => Ok((kept, Vec::new())),
            _ if now.fingerprint() == kept.fingerprint() => Ok((now, Vec::new())),
            _ => Err(Error::Replaced),
        }
    }

    /// What a version holds; the characters of a text that was promoted anywhere in the graph.
    pub(super) fn readable(&self, at: &[Hash]) -> Option<Body> {
        let body = self.body_at(at)?;
        let Body::Content(Kind::Text, content) = body else {
            return Some(body);
        };
        let promotion = self.find_import(Kind::Text, content).and_then(|it| it.promotion);
        Some(promotion.map_or(body, |promotion| {
            Body::Text(register::characters(&self.doc, &self.text, &[promotion]))
        }))
    }
}

/// Whether more than one device had a part in it.
fn of_several(sides: &[Side]) -> bool {
    let mut working = sides.iter().map(|side| &side.makers).filter(|makers| !makers.is_empty());
    match (working.next(), working.next()) {
        (Some(first), Some(second)) => first != second || first.len() > 1,
        (Some(_) | None, _) => false,
    }
}
