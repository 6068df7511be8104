//! The user's folder: walk, watch, read, replace atomically.
//!
//! - Owns: the marker ([`Folder::open`]), the rules of what takes part ([`RULES_FILE`],
//!   [`DEFAULT_RULES`]), the stat walk ([`Folder::walk`]), the look at one path
//!   ([`Folder::look`]), batches of guarded changes ([`Folder::apply`]), parts of contents still on
//!   their way ([`Folder::put_chunk`]) and the watcher ([`Watcher`]).
//! - Called by: `app`, off its loop, for everything here blocks.
//! - Never: decides, retries, knows of peers or documents. What concerns one path is a value of
//!   `model`; [`Error`] is for the folder as a whole.
//!
//! # Invariants
//!
//! - Nothing is read or written through a symlink, whichever part of a path it is.
//! - A file is only replaced, moved or removed while it holds what the step expects. What a rename
//!   pushes aside is looked at once more; bytes nobody expected go back, or stay beside under a
//!   visible name.
//! - At any moment a path holds its old bytes or its new ones, whole.
//! - Nothing counts as absent unless the folder above could be looked at and the marker is there.
//! - A step is answered only when it is durable.
//! - What a step removes, and what it replaces unless that is a text (whose history the store has),
//!   stays in the trash for a while.
//!
//! - On a disk that folds letter case, a file or folder is never taken for one of another spelling;
//!   what cannot lie beside its twin, or would come back in other letters, is refused with a reason.
//!
//! # Files of our own
//!
//! | Name | What | After a crash ([`Folder::sweep`]) |
//! |---|---|---|
//! | `.vault-sync/vault.json` | `{"v":1,"vault":"<32 hex digits>"}` | – |
//! | `.vault-sync/Case-<run>` | empty, for a moment: whether the disk keeps capitals | removed |
//! | `.vault-sync/parts/<hash>.part` | chunks received so far, at their places | used on; removed once 7 days old |
//! | `.vault-sync/aside/<temp name>` | the vault path a file was taken from, while nothing is there (file systems that cannot swap names, and changes of letter case) | the file goes back |
//! | `.vault-sync/trash/<time>-<n>/<path>` | what a step removed and no history holds, see [`Folder::trash`] | – |
//! | `.vault-sync/trash/.vault-sync-x-<run>-<n>-<old>-<new>/<path>` | the same, while the step is under way | judged by its hash: trash, ours, or somebody's |
//! | `.vault-sync-w-<run>-<n>` | new bytes being written beside their target | removed |
//! | `.vault-sync-p-<run>-<n>-<hash>` | a whole part about to be put in place | goes back to the parts |
//! | `.vault-sync-x-<run>-<n>-<old>-<new>[.ext]` | what was pushed aside, by the first 16 digits of the hashes it may have | removed if it has one of them, otherwise made visible as `Recovered <n>[.ext]` |
#![expect(
    clippy::disallowed_methods,
    reason = "this room is the only one that touches the user's folder"
)]

mod error;
mod hook;
mod names;
mod os;
mod part;
mod place;
mod read;
mod respell;
mod root;
mod rules;
mod step;
mod sweep;
mod temp;
mod trash;
mod walk;
mod watch;

#[cfg(test)]
mod tests;

pub use error::Error;
pub use part::PART_DAYS;
pub use root::{Folder, MARKER_FOLDER, find_upwards};
pub use rules::{DEFAULT_RULES, Patterns, RULES_FILE};
pub use sweep::Swept;
pub use trash::{TRASH_BYTES, TRASH_DAYS, Trashed};
pub use watch::{Event, Watcher};
