//! One automerge document for each edited file; the only room that names `automerge`.
//!
//! - Owns: the shape of a document, its deterministic first changes, edits, the intake of changes
//!   from elsewhere, and the fix-up that settles concurrent versions.
//! - Called by: `engine`.
//! - Never: knows a path on disk, a peer, a clock, or the store.
//!
//! # A document
//!
//! A map with four keys, and one for each settled contradiction. All positions and lengths of texts are in Unicode code points, everywhere.
//!
//! | Key | Value | Meaning |
//! |---|---|---|
//! | `path` | string | where the file lies, a [`VaultPath`](crate::model::VaultPath) |
//! | `text` | text object, made by the root change | the characters, if `content` says so |
//! | `content` | 41 bytes, or the string `text` | kind (1: 0 text, 1 blob, 2 folder), BLAKE3 (32), size (8, big endian); or: the characters govern |
//! | `resolved/` and 16 hexadecimal digits | string | the entry of the merge ledger with that id is settled; the word says how |
//! | `alive` | boolean | present while the file exists; every edit flips it, so that it is a write each time and outlives a deletion that has not seen it |
//!
//! # Import v1
//!
//! A format: it never changes without a new version. Vectors lie in `fixtures/import/v1.json`. Each
//! change has sequence number 1, time 0 and no message. *H(context, fields…)* is BLAKE3 in derive-key
//! mode over each field after its length as 8 bytes, big endian; actors and ids are its first 16 bytes.
//!
//! | Change | Builds on | Actor | Operations, in this order |
//! |---|---|---|---|
//! | root | – | *H*(`vault-sync root actor v1`, vault, birth path, generation as 4 bytes) | put `path` = birth path; make text object `text` |
//! | import | root | *H*(`vault-sync import actor v1`, root actor, kind, hash, size) | put `content` = 41 bytes; put `alive` = true |
//! | promotion (text only) | import | *H*(`vault-sync promotion actor v1`, import actor) | insert the whole text; put `content` = `text` |
//!
//! The file's id is *H*(`vault-sync file id v1`, vault, birth path, generation). The import names its
//! content by hash, so a file that was only renamed or deleted costs a few hundred bytes; the
//! promotion is made at the first edit of the text, from the import alone, so it is the same change
//! on every device whatever else happened to the file.
//!
//! # Later changes
//!
//! - An author's actor is the first 8 bytes of its peer id, then 8 of *H*(`vault-sync author actor
//!   v1`, peer, life); beside other changes of the
//!   same author the library puts a marker and a number before it, one for each strand.
//! - A fix-up builds on the heads it joins, has time 0, and an actor of two halves: 8 bytes of
//!   *H*(`vault-sync fix-up heads v1`, sorted heads…), 8 of *H*(`vault-sync fix-up content v1`, what
//!   it writes). Two programs that merge differently thus make two changes, never two different ones
//!   under one number. It may be empty: then it only says that something was chosen.
//!
//! # Taking in
//!
//! A change from elsewhere is known by its hash and what it builds on (`incoming`). If it builds on the
//! present version it is made again here (`retype`); if it is long and builds on the version before our
//! own edits, it is made again on that one, and ours are taken in after it (`fork`). All others the
//! library takes in. The way is chosen by cost alone: each leads to the same document.
//!
//! # Invariants
//!
//! 1. Devices with the same heads settle to the same heads (`tests::random`, `tests::merges`).
//! 2. An edit is concurrent with everything that the disk's version did not hold
//!    (`an_edit_stands_at_the_version_the_disk_held`).
//! 3. No number of an author is used for two changes (`no_number_is_used_twice_…`).
//! 4. Foreign bytes either make a readable file or change nothing (`tests::foreign`).
//! 5. A merge never writes a word twice that was written once (`tests::random`).
//! 6. A change that is made again is the same change, by its hash (`tests::retyped`).

mod birth;
mod chunk;
mod columns;
mod diff;
mod document;
mod edit;
mod error;
mod fold;
mod foreign;
mod fork;
mod graph;
mod history;
mod import;
mod incoming;
mod known;
mod register;
mod resolve;
mod retype;
mod settle;
mod undo;
mod view;

#[cfg(test)]
mod tests;

pub use birth::{Author, Birth, Mark};
pub use document::Document;
pub use edit::Edited;
pub use error::Error;
pub use foreign::{Applied, CHANGE_LIMIT_BYTES, OPERATION_LIMIT, SAVE_LIMIT_BYTES};
pub use resolve::{EntryId, Rewrite};
pub use settle::{Choice, Settled};
pub use undo::{Meeting, Side};
pub use view::{Body, Maker, Moment, View};
