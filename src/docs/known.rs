//! The characters of one version, at hand.
//!
//! Reading a long text out of the library takes some 20 µs for each 1,000 characters, and an edit
//! would do so twice on either device: before, to compare, and after, to write it to the disk. What a
//! version holds never changes, so the text of the one seen last is kept beside the document; and
//! between taking in concurrent changes and settling them, those of the versions that meet.

use std::borrow::Cow;
use std::sync::Arc;

use automerge::{ChangeHash as Hash, ReadDoc};

use super::diff::{self, Splice};
use super::document::Document;
use super::register;
use super::view::{Body, View};

/// Shorter texts are not kept, in bytes: they are read in less than half a millisecond, and there are
/// many of them.
const FEWEST_BYTES: usize = 16 * 1024;

/// More edits at once than these are not made on the text at hand, for each counts its way there.
const MOST_EDITS: usize = 64;

/// What one version holds.
#[derive(Debug, Clone)]
pub(super) struct Known {
    at: Vec<Hash>,
    text: Arc<str>,
}

impl Document {
    /// The characters at a version.
    pub(super) fn characters(&self, at: &[Hash]) -> Cow<'_, str> {
        match self.known_at(at) {
            Some(text) => Cow::Borrowed(text),
            None => Cow::Owned(register::characters(&self.doc, &self.text, at)),
        }
    }

    /// The same, if they are at hand.
    pub(super) fn known_at(&self, at: &[Hash]) -> Option<&str> {
        let known = self.known.iter().find(|known| known.at == at)?;
        Some(&known.text)
    }

    /// Keeps what some version holds until the present one is known.
    pub(super) fn know_too(&mut self, at: Vec<Hash>, text: &str) {
        self.known.push(Known { at, text: text.into() });
    }

    /// Keeps what the present version holds.
    pub(super) fn know(&mut self, text: &str) {
        self.known.clear();
        if text.len() >= FEWEST_BYTES {
            self.know_too(self.doc.get_heads(), text);
        }
    }

    /// Keeps what the present version holds, given what an earlier one held and what was done since.
    pub(super) fn know_edited(&mut self, before: &str, edits: &[Splice]) {
        let now = (edits.len() <= MOST_EDITS).then(|| diff::apply(before, edits)).flatten();
        // Positions are those of the library, so its own count must be met.
        let fits = |now: &String| now.chars().count() == self.doc.length(&self.text);
        match now.filter(fits) {
            Some(now) => self.know(&now),
            None => self.known.clear(),
        }
    }

    /// Keeps what `now`, the present view, holds, for whatever is next done to the document.
    pub fn keep_at_hand(&mut self, now: &View) {
        match &now.body {
            Body::Text(text) if self.known_at(&self.doc.get_heads()).is_none() => self.know(text),
            Body::Text(_) => {
                let at = self.doc.get_heads();
                self.known.retain(|known| known.at == at && known.text.len() >= FEWEST_BYTES);
            }
            Body::Content(..) => self.known.clear(),
        }
    }

    /// Bytes of text at hand.
    pub(super) fn known_bytes(&self) -> u64 {
        self.known.iter().map(|known| known.text.len() as u64).sum()
    }
}
