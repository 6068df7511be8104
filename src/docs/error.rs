//! What can go wrong with a document.

use crate::model::{ChangeHash, Content};

/// Why something was not done to a document; the document is as it was before.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A version names a change that the document does not hold.
    #[error("the document does not hold change {0}")]
    Unknown(ChangeHash),
    /// A version without any change; every file has at least its birth.
    #[error("the version is empty")]
    NoVersion,
    /// The texts of these imports are needed first; see [`super::Document::promote`].
    #[error("the text of {} unedited content(s) is needed first", .0.len())]
    TextMissing(Vec<Content>),
    /// The text given is not the one that was imported.
    #[error("the text given is {got:?}, but {expected:?} was imported")]
    WrongText {
        /// Fingerprint of the import.
        expected: Content,
        /// Fingerprint of what was given.
        got: Content,
    },
    /// No import of this content is part of the document.
    #[error("the document was not born with {0:?}")]
    NoImport(Content),
    /// A text was to be put by its hash; texts are put by their characters.
    #[error("a text can only be set by its characters")]
    TextByHash,
    /// Something that is no text was replaced since, so that nothing can be taken back in it.
    #[error("it was replaced since")]
    Replaced,
    /// Bytes that are not what they claim to be.
    #[error("not valid document bytes: {0}")]
    Malformed(String),
    /// More than is ever taken in.
    #[error("{what} of {got} exceeds the limit of {limit}")]
    TooLarge {
        /// What was measured, with its unit.
        what: &'static str,
        /// How much there was.
        got: u64,
        /// How much there may be.
        limit: u64,
    },
    /// Changes of another file.
    #[error("the changes belong to a file of another birth")]
    OtherBirth,
    /// A different change under a sequence number that was used before: somebody works with a copy
    /// of another device's store.
    #[error("two different changes carry the same number of the same author")]
    Forked(#[source] automerge::AutomergeError),
    /// Changes after which the document could not be read as a file.
    #[error("the changes break the document's shape: {0}")]
    Shape(String),
    /// The library gave up in the middle.
    #[error("the document library stopped: {0}")]
    Panicked(String),
    /// Anything else that the library refused.
    #[error("the document library refused")]
    Library(#[source] automerge::AutomergeError),
}

impl From<automerge::AutomergeError> for Error {
    fn from(error: automerge::AutomergeError) -> Self {
        if matches!(
            error,
            automerge::AutomergeError::DuplicateSeqNumber(..)
                | automerge::AutomergeError::DuplicateActorId(_)
        ) {
            Self::Forked(error)
        } else {
            Self::Library(error)
        }
    }
}
