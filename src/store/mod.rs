//! Our own data on disk: records, documents, texts, peers; grouped transactions.
//!
//! - Owns: one folder for one vault, with the database `store.redb`, the large snapshots beside it,
//!   and the life of the store (see below).
//! - Called by: `app`, which gives the store a thread of its own, for everything here blocks.
//! - Never: looks into the bytes it keeps, decides what to keep, retries. It reads no clock.
//! - Invariants: a commit is durable as a whole or not at all (guarded by
//!   `a_stop_at_any_sync_leaves_all_or_nothing_of_each_commit`); what is given back is what was
//!   kept, or an error (`flipped_bytes_anywhere_never_panic`); one damaged row stops no other
//!   (`one_damaged_row_stops_no_other`); a damaged store is never made anew silently
//!   (`a_gone_empty_short_or_foreign_file_is_damage_and_can_be_set_aside`); two stores never write
//!   under one life (`lives`).
//!
//! # The folder
//!
//! Folders are made with mode 0700, files with 0600.
//!
//! | Name | Holds |
//! |---|---|
//! | `store.redb` | the tables below, in redb's file format 3 |
//! | `store.redb.new` | a store being made; removed at the next start |
//! | `store.lock` | locked while a process has the store open; the text is its process id, for messages |
//! | `life` | see below; `life.new` while it is being written |
//! | `large/` | one file for each snapshot longer than [`LARGE_BYTES`], named by its number as 16 lower-case hex digits |
//! | `damaged-N/` | what [`Store::quarantine`] moved aside: `store.redb`, `life`, `large/` |
//!
//! # The tables, version 1
//!
//! All keys and values are bytes; all numbers are big endian, so that they sort as they count.
//! Every value begins with a checksum of 8 bytes, left out below: the first 8 bytes of BLAKE3 over
//! table name, one zero byte, length of the key (u64), key, and the rest of the value.
//!
//! | Table | Key | Value after the checksum |
//! |---|---|---|
//! | `about` | `version` | u32: the version of all tables, 1 |
//! | | `life` | 16 bytes: the life that made the last commit |
//! | | `sessions` | u64: how many times the store was opened and then written to |
//! | `files-v1` | file id, 16 | the record, as the engine encodes it |
//! | `documents-v1` | file id, 16 | the snapshot, up to [`LARGE_BYTES`] |
//! | `large-v1` | file id, 16 | number u64 (the name in `large/`) · length u64 · BLAKE3 of the file, 32 |
//! | `changes-v1` | file id, 16 · sequence u32 | one or more times: length u32 · change |
//! | `packs-v1` | pack u64 | length of the raw bytes u32 · zlib of the raw bytes |
//! | `texts-v1` | BLAKE3 of the text, 32 | pack u64 · offset u32 · length u32, in the raw bytes of that pack |
//! | `peers-v1` | peer id, 32 | the record |
//! | `meta-v1` | name, UTF-8 | the value |
//! | `ledger-v1` | the entry's key | the entry |
//!
//! - A document has a row in `documents-v1` or in `large-v1` or in neither, never in both. Its rows in
//!   `changes-v1` are numbered from 0 without a gap; a snapshot removes them, and numbering begins
//!   again. A row ends once it is 64 KiB long.
//! - A pack holds the texts of one commit one after the other: at most 64 and 256 KiB of raw bytes,
//!   or one longer text alone. Packs are numbered from 1, each above all that are there.
//! - A pack that came from another store with its texts is kept as it came, if half of it is wanted;
//!   some of it may be no text of this store then. [`Store::packs`] gives packs away like that.
//! - Limits: a text has at most [`TEXT_MAX_BYTES`]; a value at most 3 GiB (redb's limit).
//! - Versions: the table `about`, its row `version` and the checksum are the same in all versions. A
//!   reader that finds a higher version answers [`Error::Version`] and changes no row. A new version
//!   gives the tables it changes a new name and leaves a fixture of the old one; `fixtures/store/v1`
//!   is the first.
//! - Checksums are looked at whenever a row is read. redb checks its own pages only in
//!   [`Store::check`]; where it stumbles over a damaged one in between, by panic or by error, the
//!   answer is [`Error::Damaged`].
//!
//! # A stop at any step
//!
//! | Stop | What the next start finds |
//! |---|---|
//! | while a store is made, before the rename | no `store.redb`: it is made anew |
//! | after that rename, before `life` | a whole, empty store, which gets another life |
//! | in a commit, before redb's last sync | the state before the commit; large files written for it are orphans, and are swept |
//! | after that sync | the commit as a whole, even if nobody was told |
//! | before forgotten large files are removed | orphans, swept |
//! | after the first commit of a session, before `life` is replaced | the life goes on: the database may be ahead of the file |
//! | in [`Store::keep_texts`] | all of it or nothing |
//! | in [`Store::quarantine`] | `store.redb` still in its place, since it moves last; the other files in `damaged-N` |
//!
//! Large files are synced, and their folder, before the transaction that names them commits. Two
//! syncs make a commit (redb's quick repair needs both); after a stop the store opens without being
//! read through. A write that failed makes the next commit open the database again.
//!
//! # The life
//!
//! 16 random bytes, part of what tells this store's changes from those of any other. The file `life`
//! is 80 bytes: `vs-life1` · life 16 · sessions u64 · identity of `store.redb` · identity of the file
//! itself · first 8 bytes of BLAKE3 over all before. An identity is device u64 · inode u64 · birth in
//! nanoseconds since 1970 u64; the device is zero where there is a birth time, the birth zero where
//! the system does not tell.
//!
//! At the start the two are compared, and the store gets a new life (kept with its first commit) when
//! the file is missing or torn, names another life, counts more sessions than the database (the
//! database was put back), or when one of the identities is not that of the file found (both were
//! copied or put back). The documents stay valid; only the author of further changes is another one.
//! A life changed without need costs a few bytes in each document edited later, so doubts are decided
//! that way. The file is written once in a session, right after its first commit and before that is
//! confirmed, and is not synced: a power cut can only make it older or torn.
//!
//! Not noticed: a whole disk or file system set back to an earlier moment, and a copy taken in the
//! middle of a session and put back byte for byte into the same files after that session was killed.
//! Then peers refuse what is written under a used number, and [`Store::renew_life`] helps.
#![expect(
    clippy::disallowed_methods,
    reason = "the store keeps its own files: this room is one of the few that touch the disk"
)]

mod base;
mod commit;
mod disk;
mod error;
mod large;
mod life;
mod open;
mod packs;
mod read;
mod tables;
mod texts;
mod tidy;
mod verify;

pub use commit::LARGE_BYTES;
pub use error::Error;
pub use life::Renewal;
pub use read::{DocumentSize, Rows};
pub use texts::TEXT_MAX_BYTES;
pub use tidy::Tidied;
pub use verify::Check;

/// One vault's store, held by this process alone.
#[derive(Debug)]
pub struct Store {
    // Closed first, the lock given back last.
    base: base::Base,
    large: large::Large,
    packs: texts::Cache,
    arrived: texts::Arrived,
    deflate: texts::Deflate,
    renewal: Option<Renewal>,
    _lock: disk::Lock,
}

#[cfg(test)]
mod tests;
