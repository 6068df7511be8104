//! A simulated vault folder: what `vault::Folder` does, in memory, with a disk that can lose writes.
//!
//! - Shape: a tree of folders and files, each with a stamp; the state at the last durability barrier
//!   and every state since, so that a power cut can fall back to any of them; the parts of contents
//!   being received.
//! - Semantics: those of the documents of `model::Step`, `model::Observed` and `model::Walk`. A step
//!   is one moment here: what the adapter achieves by looking again at what it pushed aside.
//! - Rules: parts of a path named `.vault-sync` or `.git`, and names ending in `.tmp`, take no part.
//! - Crash: [`Crash::Kill`] keeps what was done; [`Crash::Power`] keeps a random prefix of what was
//!   done since the last barrier, and may tear what a user wrote since then. Bytes of our own steps
//!   are synced before they are renamed into place, so they are old or new, never torn.

mod crash;
mod look;
mod part;
mod step;
#[cfg(test)]
mod tests;
mod tree;
mod user;

pub(crate) use crash::{Crash, Reverted};
pub(crate) use step::{Guard, Overwritten};
pub(crate) use tree::{Disk, Tree};
pub(crate) use user::Save;
