//! The document as it was before this device's own edits, for changes from elsewhere that build on it.
//!
//! A change that is concurrent to ours is taken in by a walk over the whole text that also weighs every
//! character it brings. Made again where its author made it, it costs half of that; what the walk
//! then has to add is what was done here since, which is mostly a line.

use std::sync::Arc;

use automerge::{Automerge, ChangeHash as Hash, ObjId, ReadDoc};

use super::diff;
use super::document::Document;
use super::incoming::Incoming;
use super::register;
use super::retype::{self, Work};

/// No forks of longer texts are kept, in characters: with these the walk is most of the work.
const LONGEST: usize = 16 * 1024;
/// Nor of documents of more changes: a fork holds them all, and where many notes are edited in turn its
/// coming and going would leave the memory in pieces.
const MOST_CHANGES: u64 = 64;
/// Bytes that a fork takes beside its text, which it holds one and a half times; measured.
const WEIGHT_BASE_BYTES: u64 = 4_000;

/// The version before the first edit here since something came in: what a device builds on that was
/// out of touch meanwhile.
#[derive(Debug, Clone, Default)]
pub(super) struct Fork(Option<Arc<Automerge>>);

impl Fork {
    /// Keeps `doc`, which is about to be edited here, if nothing earlier is kept.
    pub(super) fn keep(&mut self, doc: &Automerge, text: &ObjId) {
        let small = || doc.length(text) <= LONGEST && doc.stats().num_changes <= MOST_CHANGES;
        if self.0.is_none() && small() {
            self.0 = Some(Arc::new(doc.clone()));
        }
    }

    /// Which version it is.
    #[cfg(test)]
    pub(super) fn heads(&self) -> Option<Vec<Hash>> {
        self.0.as_ref().map(|doc| doc.get_heads())
    }

    /// How much memory it takes; an estimate.
    pub(super) fn weight_bytes(&self, text: &ObjId) -> u64 {
        let weight = |doc: &Arc<Automerge>| doc.length(text) as u64 * 3 / 2 + WEIGHT_BASE_BYTES;
        self.0.as_ref().map_or(0, weight)
    }
}

impl Document {
    /// Lets go of what only makes the next meeting with concurrent changes faster.
    pub fn forget_fork(&mut self) {
        self.fork = Fork::default();
    }

    /// A copy that has the first of `ready` made again on the fork, how many these are, and what was
    /// done here, which is still to be taken in beside the others. `None` where that is not the
    /// cheaper way.
    pub(super) fn refounded<'a>(
        &self,
        ready: &[Incoming<'a>],
    ) -> Option<(Self, usize, Vec<Incoming<'a>>)> {
        let stands_there =
            |fork: &&Arc<Automerge>| ready.first().is_some_and(|first| retype::fits(fork, first));
        let fork = self.fork.0.as_ref().filter(stands_there)?;
        let at = fork.get_heads();
        let here = self.doc.get_changes_meta(&at);
        let walked = here.iter().map(|change| 1 + change.max_op.saturating_sub(change.start_op));
        let work = Work::Instead { walked: usize::try_from(walked.sum::<u64>()).ok()? };
        let apart = retype::taken_apart(&self.text, work, ready)?;
        let here: Vec<Incoming<'a>> =
            self.doc.get_changes(&at).into_iter().map(Incoming::from).collect();
        let mut next = self.clone();
        next.doc = Automerge::clone(fork);
        let base = register::characters(&next.doc, &next.text, &at);
        let (count, edits) = retype::remake(&mut next.doc, &next.text, ready, &apart)?;
        let ours: Vec<Hash> = self.doc.get_heads();
        let theirs = diff::apply(&base, &edits)
            .filter(|theirs| theirs.chars().count() == next.doc.length(&next.text));
        next.know_too(ours.clone(), &self.characters(&ours));
        if let Some(theirs) = theirs {
            next.know_too(next.doc.get_heads(), &theirs);
        }
        next.know_too(at, &base);
        Some((next, count, here))
    }
}
