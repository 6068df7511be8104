//! The judges: what must hold after every step, and what must hold once all is healed.
//!
//! - After every step: what a peer shows or writes is in its store ([`durable`]); no step put
//!   anything in place of bytes that the engine had not seen; "in sync" is only said of a digest that
//!   the other really had.
//! - After healing: all disks hold the same paths and bytes, all digests are equal, and another full
//!   round changes nothing ([`equal`]); no word that somebody typed is gone, none is there twice, no
//!   deleted file is back without an edit that the deletion had not seen ([`words`]).

mod durable;
mod equal;
mod words;

pub(crate) use durable::Durable;
pub(crate) use equal::difference;
pub(crate) use words::{People, marks};

use std::fmt;

/// A promise that was broken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Violation {
    /// A peer showed or wrote what its store does not hold.
    NotDurable {
        /// Which peer.
        peer: usize,
        /// What, in words.
        what: String,
    },
    /// A step put something in place of bytes that nobody had looked at.
    OverwroteUnseen {
        /// Which peer.
        peer: usize,
        /// Where, and what was lost.
        what: String,
    },
    /// A peer said that it agrees with another, and that other never had that digest.
    FalseInSync {
        /// Which peer said so.
        peer: usize,
        /// Of whom, and what.
        what: String,
    },
    /// The peers did not come to rest with equal disks and digests in time.
    NotConverged(String),
    /// Peers at rest changed something when they looked again.
    NotStable(String),
    /// Words are in no file and in no ledger.
    LostWords(Vec<String>),
    /// Words are nowhere at all, not even in a history.
    VanishedWords(Vec<String>),
    /// A word is twice in one file.
    DoubledWords(Vec<String>),
    /// A deleted file is back, and nobody had edited it.
    Resurrected(String),
    /// A file is no longer what its kind demands.
    Malformed(String),
    /// Too much went, or was emptied, on a disk where nobody had agreed to it.
    PassedBrake {
        /// Whose disk.
        peer: usize,
        /// What, in words.
        what: String,
    },
    /// The engine broke one of its own rules.
    Engine(String),
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotDurable { peer, what } => write!(f, "peer {peer}: not durable: {what}"),
            Self::OverwroteUnseen { peer, what } => {
                write!(f, "peer {peer}: overwrote unseen bytes: {what}")
            }
            Self::FalseInSync { peer, what } => write!(f, "peer {peer}: false in-sync: {what}"),
            Self::NotConverged(what) => write!(f, "not converged: {what}"),
            Self::NotStable(what) => write!(f, "not stable: {what}"),
            Self::LostWords(words) => write!(f, "words lost from all files: {words:?}"),
            Self::VanishedWords(words) => write!(f, "words lost everywhere: {words:?}"),
            Self::DoubledWords(words) => write!(f, "words doubled: {words:?}"),
            Self::Resurrected(what) => write!(f, "a deleted file is back: {what}"),
            Self::Malformed(what) => write!(f, "malformed: {what}"),
            Self::PassedBrake { peer, what } => write!(f, "peer {peer}: passed a brake: {what}"),
            Self::Engine(what) => write!(f, "engine: {what}"),
        }
    }
}
