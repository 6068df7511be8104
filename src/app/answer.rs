//! The shapes of results: what `--json` prints at the end of a command.
//!
//! Keys are part of the command-line contract (`CLI.md`): adding is allowed, changing or removing is
//! not; the tests pin them. Every object starts with `"v": 1`. Times are RFC 3339 in UTC with
//! milliseconds, sizes are bytes, paths are relative to the vault with `/`.

use serde::{Deserialize, Serialize};

pub use super::meter::shape::{
    BudgetState, FileCounts, Latency, Level, Metrics, PeerTraffic, Traffic,
};
use crate::model::Problem;

/// The version that every object carries as `v`.
pub const VERSION: u32 = 1;

/// The result of `status`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Status {
    /// [`VERSION`].
    pub v: u32,
    /// The vault's figures.
    pub vault: Vault,
    /// This device.
    pub device: Device,
    /// Whether a `watch` runs on the vault.
    pub running: bool,
    /// Every other device that was not removed.
    pub peers: Vec<Peer>,
    /// What concerns single paths.
    pub problems: Vec<Problem>,
    /// Open entries of the merge ledger.
    pub conflicts: u64,
    /// What peers removed or replaced here and can be had back.
    #[serde(default)]
    pub trash: Trash,
    /// Documents in memory.
    pub cache: Cache,
    /// Resident memory of the process that answers, in bytes; zero where the system does not say.
    pub memory_bytes: u64,
}

/// The figures of a vault.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Vault {
    /// Its identity, in hex.
    pub id: String,
    /// Its folder, absolute.
    pub path: String,
    /// Its digest, in hex.
    pub digest: String,
    /// Files that exist.
    pub files: u64,
    /// Files that exist and take no part on this device, by its configuration or rules.
    #[serde(default)]
    pub left_out: u64,
    /// Files known to be deleted.
    pub deleted: u64,
    /// Bytes of all files that exist.
    pub bytes: u64,
}

/// One device by id and name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Device {
    /// Its identity, in hex.
    pub id: String,
    /// What a person calls it.
    pub name: String,
}

/// One other device and what is between it and this one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Peer {
    /// Its identity, in hex.
    pub id: String,
    /// What a person calls it.
    pub name: String,
    /// Whether a connection stands.
    pub connected: bool,
    /// How packets travel; `None` without connection.
    pub path: Option<Route>,
    /// Round trip in milliseconds; `None` without connection.
    pub rtt_ms: Option<u64>,
    /// Whether it proved the same digest and nothing changed since, and neither side holds anything
    /// back.
    pub in_sync: bool,
    /// Files that it holds back until a person agrees there.
    #[serde(default)]
    pub held_there: u64,
    /// Files held back here until a person agrees.
    #[serde(default)]
    pub held_here: u64,
    /// When it last did.
    pub last_sync: Option<String>,
    /// Files still to be sent to it.
    pub pending_out: u64,
    /// Files it announced that are not durable here yet.
    pub pending_in: u64,
    /// Socket addresses under which it was last known, newest first.
    #[serde(default)]
    pub addresses: Vec<String>,
    /// Whether a person removed it; such peers are listed by `peers` only.
    #[serde(default)]
    pub removed: bool,
}

/// How packets travel to a peer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Route {
    /// Straight to the device.
    Direct,
    /// Through a relay, which sees sealed packets only.
    Relay,
}

/// What lies in the trash of a vault's folder.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trash {
    /// How many files.
    pub files: u64,
    /// Their bytes.
    pub bytes: u64,
}

/// The cache of loaded documents.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cache {
    /// How many are loaded.
    pub documents: u64,
    /// Their measured weight in bytes.
    pub bytes: u64,
    /// Loads that found the document in memory.
    pub hits: u64,
    /// Loads that went to the store.
    pub misses: u64,
}

/// The result of `peers`; of `rename`, `remove` and `add-address` with the one peer concerned.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Peers {
    /// [`VERSION`].
    pub v: u32,
    /// This device.
    pub device: Device,
    /// Every other member, removed ones included.
    pub peers: Vec<Peer>,
}

/// The result of `invite`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Invite {
    /// [`VERSION`].
    pub v: u32,
    /// `invite` where it comes as an event.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event: Option<String>,
    /// One line of text.
    pub ticket: String,
    /// When it ends.
    pub expires: String,
    /// Whether somebody honours it now: a running `watch`, or this process.
    pub honoured: bool,
}

/// The result of `invite --wait`: who used the ticket.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Paired {
    /// [`VERSION`].
    pub v: u32,
    /// Always `paired`.
    pub event: String,
    /// The new members.
    pub peers: Vec<Device>,
}

/// The result of `push`, `pull`, `sync` and `join`: their last line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Done {
    /// [`VERSION`].
    pub v: u32,
    /// Always `done`.
    pub event: String,
    /// What was given.
    pub sent: Moved,
    /// What was taken.
    pub received: Moved,
    /// Files in which concurrent edits met.
    pub merged: u64,
    /// New entries in the merge ledger.
    pub conflicts: u64,
    /// Files left aside.
    pub problems: Vec<Problem>,
    /// One entry for each peer in scope.
    pub peers: Vec<Met>,
    /// The vault's digest at the end, in hex.
    pub digest: String,
    /// How long it took.
    pub elapsed_ms: u64,
    /// In a dry run, what would happen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub would: Option<Vec<Would>>,
}

/// An amount of files.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Moved {
    /// How many.
    pub files: u64,
    /// Bytes on the wire.
    pub bytes: u64,
}

/// How a one-shot went with one peer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Met {
    /// Its identity, in hex.
    pub id: String,
    /// What a person calls it.
    pub name: String,
    /// How it went.
    pub outcome: Outcome,
    /// Why it, or this device, refused; absent otherwise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Reason>,
    /// Why, for people; empty when there is nothing to say.
    pub message: String,
}

/// The end of a one-shot with one peer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Both hold the same (one-way: the receiver holds all that was in scope).
    InSync,
    /// Both vaults agree, but one of the disks does not follow until a person agrees there.
    HeldBack,
    /// It was not reached.
    Unreachable,
    /// The time was over first.
    Timeout,
    /// It refused this device, or the ticket.
    Refused,
    /// Something went wrong on the way.
    Error,
}

/// Why two devices do not talk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// The other does not know this device (any more).
    Member,
    /// The ticket is not valid (any more).
    Ticket,
    /// They speak different versions of the protocol.
    Version,
    /// They hold different vaults.
    Vault,
}

/// One thing a dry run found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Would {
    /// Which file.
    pub path: String,
    /// What would happen: the engine's word, such as `take in`, `send` or `receive`.
    pub action: String,
}

/// The result of `log`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Log {
    /// [`VERSION`].
    pub v: u32,
    /// The file or folder that was asked about; `None` for the whole vault.
    pub path: Option<String>,
    /// The newest first.
    pub revisions: Vec<LogEntry>,
    /// Whether there are more than were asked for.
    pub more: bool,
}

/// One revision in a log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogEntry {
    /// Its name; a prefix that only it has is enough.
    pub rev: String,
    /// When it was made, by the clock of its device; `None` where nobody knows.
    pub at: Option<String>,
    /// Who made it; `None` for what every device derives alike (a birth, a merge).
    pub device: Option<Device>,
    /// `created`, `edited`, `renamed`, `deleted`, `restored` or `merged`.
    pub what: String,
    /// Where the file lay after it.
    pub path: String,
    /// Where it lay before, if that was elsewhere.
    pub from: Option<String>,
    /// How many saves it is made of.
    pub changes: u64,
    /// For a merge, the versions that met.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub met: Vec<MetSide>,
}

/// One of the versions that met in a merge.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MetSide {
    /// Its last revision, with `--all`; what `restore --keep` takes.
    pub rev: String,
    /// Whose work it had that no other version had.
    pub devices: Vec<Device>,
}

/// The result of `show`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Show {
    /// [`VERSION`].
    pub v: u32,
    /// Which file.
    pub path: String,
    /// Which revision of it.
    pub rev: String,
    /// When that was made.
    pub at: Option<String>,
    /// `text` or `attachment`.
    pub kind: String,
    /// Length in bytes.
    pub bytes: u64,
    /// What it held, for texts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// For attachments: the file of the vault that holds these bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
}

/// The result of `restore`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Restored {
    /// [`VERSION`].
    pub v: u32,
    /// Whether nothing was changed.
    pub dry_run: bool,
    /// What was put back, or would be.
    pub restored: Vec<RestoredFile>,
    /// What could not be.
    pub problems: Vec<Problem>,
    /// When a merge was taken back: in how many places later edits touched the same thing, so that
    /// one of the two had to be chosen; absent where there are none.
    #[serde(default, skip_serializing_if = "is_none")]
    pub contradictions: u64,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde gives it so")]
fn is_none(count: &u64) -> bool {
    *count == 0
}

/// One file that was put back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RestoredFile {
    /// Where it lies now.
    pub path: String,
    /// Where it lay until now, if it was moved back; absent otherwise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// Which revision it is.
    pub rev: String,
    /// When that was made.
    pub at: Option<String>,
    /// Length in bytes.
    pub bytes: u64,
}

/// The result of `conflicts`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Conflicts {
    /// [`VERSION`].
    pub v: u32,
    /// What nobody settled yet, by path.
    pub conflicts: Vec<Conflict>,
}

/// One contradiction.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Conflict {
    /// Names it; a prefix that only it has is enough.
    pub id: String,
    /// The file.
    pub path: String,
    /// `text`, `path` or `attachment`.
    pub about: String,
    /// What both devices started from; may be empty.
    pub base: String,
    /// What stands now; of an attachment its path.
    pub chosen: String,
    /// What the other device wanted; of an attachment the path of the copy that holds it.
    pub alternative: String,
    /// The revision of the merge that had to choose, as in `log`; absent in old entries.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub merge: Option<String>,
}

/// The result of `conflicts resolve`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Resolved {
    /// [`VERSION`].
    pub v: u32,
    /// Whether the note was edited.
    pub changed: bool,
    /// What was settled.
    pub conflict: Conflict,
}

/// The result of `verify`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verify {
    /// [`VERSION`].
    pub v: u32,
    /// The vault's digest, in hex.
    pub digest: String,
    /// Files that were checked.
    pub files: u64,
    /// Documents that were checked.
    pub documents: u64,
    /// Whether every file was read again.
    pub deep: bool,
    /// What was found; the kind `damaged` concerns the store itself.
    pub problems: Vec<Problem>,
}
