//! The result of `metrics`, in the shapes of the command-line contract.

use serde::{Deserialize, Serialize};

/// The result of `metrics`: everything since the start of the running `watch`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Metrics {
    /// [`VERSION`](crate::app::answer::VERSION).
    pub v: u32,
    /// When the `watch` started.
    pub since: String,
    /// For how long it has been running, in milliseconds.
    pub uptime_ms: u64,
    /// Files by what happened to them.
    pub files: FileCounts,
    /// Operations in documents that edits on this disk became.
    pub changes: u64,
    /// Files in which concurrent edits met.
    pub merges: u64,
    /// Contradictions that went on record.
    pub conflicts: u64,
    /// Transactions of the store.
    pub commits: u64,
    /// Looks at single paths.
    pub looks: u64,
    /// Walks through the whole folder.
    pub rescans: u64,
    /// Events of the watcher, those at one path in one moment counted once.
    pub events: u64,
    /// The cache of loaded documents.
    pub cache: super::super::answer::Cache,
    /// Resident memory of the `watch`, in bytes; zero where the system does not say.
    pub memory_bytes: u64,
    /// Bytes on the wire to and from all peers, those that are no members any more included.
    pub traffic: Traffic,
    /// The same for each other member.
    pub peers: Vec<PeerTraffic>,
    /// How long things took, for each station of the edit path.
    pub latencies: Vec<Latency>,
    /// The limits the program promises to keep.
    pub budgets: Vec<BudgetState>,
}

/// How many files something happened to; one file counts each time.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileCounts {
    /// Edits on this disk that were taken in.
    pub taken_in: u64,
    /// Files or changes sent.
    pub sent: u64,
    /// Peers' changes that reached this disk.
    pub written: u64,
    /// Files that got another path.
    pub renamed: u64,
    /// Files that were deleted.
    pub deleted: u64,
}

/// Bytes on the wire, frames and their headers included, what the transport adds not.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Traffic {
    /// Received.
    pub bytes_in: u64,
    /// Sent.
    pub bytes_out: u64,
}

/// The bytes of one peer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PeerTraffic {
    /// Its identity, in hex.
    pub id: String,
    /// What a person calls it.
    pub name: String,
    /// Received from it.
    pub bytes_in: u64,
    /// Sent to it.
    pub bytes_out: u64,
}

/// The times taken at one station, in microseconds; percentiles are exact to one percent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Latency {
    /// Which station; the stations are listed in the README.
    pub name: String,
    /// How many times were taken.
    pub count: u64,
    /// Half of them were no longer.
    pub p50_us: u64,
    /// 95 of 100 were no longer.
    pub p95_us: u64,
    /// 99 of 100 were no longer.
    pub p99_us: u64,
    /// None was longer.
    pub max_us: u64,
    /// All together.
    pub sum_us: u64,
}

/// One budget.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BudgetState {
    /// Which.
    pub name: String,
    /// What it is about, for people.
    pub about: String,
    /// How it stands.
    pub state: Level,
    /// What was measured; `None` as long as that is too little to judge.
    pub value: Option<u64>,
    /// The limit, in this vault.
    pub limit: u64,
    /// Of value and limit: `us` or `bytes`.
    pub unit: String,
}

/// How a budget stands.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Level {
    /// Below, or not measured yet.
    #[default]
    Ok,
    /// More than four fifths of the limit.
    Near,
    /// Above the limit.
    Over,
}

impl Level {
    /// The word used in JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Near => "near",
            Self::Over => "over",
        }
    }
}
