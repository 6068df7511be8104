//! What happens in a world: who lives in it, what they do, and what goes wrong.

use super::super::disk::Crash;
use super::super::net::Latency;

/// A fault planted to see an oracle fire.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Planted {
    /// None.
    Nothing,
    /// The stores answer that they kept a batch, and keep nothing.
    ForgetfulStores,
    /// The disks overwrite whatever is there.
    BlindDisks,
    /// The network swallows messages without a word.
    SwallowedMessages,
    /// Once the peers agree, one program puts an old version of a file back.
    RevertedFile,
    /// Once the peers agree, one program puts a deleted file back.
    RevivedFile,
    /// Once the peers agree, a word is doubled.
    DoubledWord,
    /// Once the peers agree, one disk changes without a word.
    SilentChange,
    /// No engine ever brakes.
    NoBrakes,
}

/// What the people of a world are like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Habits {
    /// They do one thing at a time.
    Careful,
    /// They, and their programs, also delete and empty everything, and save in several steps. At
    /// the end something happens to everything on one disk.
    Careless,
}

/// Everything a world is made of. All times in milliseconds.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Plan {
    /// Of all chance in it.
    pub(crate) seed: u64,
    /// From 1 to 5.
    pub(crate) peers: usize,
    /// How many things users do, all together.
    pub(crate) acts: usize,
    /// How long they take for it.
    pub(crate) span_ms: u64,
    /// Longest wait for a disk or a store.
    pub(crate) slow_ms: u64,
    /// How the network is.
    pub(crate) latency: Latency,
    /// How many times two peers are cut off from each other for a while.
    pub(crate) partitions: usize,
    /// How many times a connection breaks.
    pub(crate) cuts: usize,
    /// How many times a disk is full, or away, for a while.
    pub(crate) outages: usize,
    /// A peer stops before one in this many of its effects; zero for never.
    pub(crate) stop_once_in: u64,
    /// Most stops of that sort.
    pub(crate) stops: usize,
    /// Stop this peer before this effect of it, counted from one.
    pub(crate) stop_at: Option<(usize, u64, Crash)>,
    /// Whether a stop may be a power cut.
    pub(crate) power_cuts: bool,
    /// How many of a hundred hints are lost, and how many come twice.
    pub(crate) lost_hints_percent: u64,
    /// Whether attachments above one chunk are written.
    pub(crate) large_files: bool,
    /// What people are like.
    pub(crate) habits: Habits,
    /// Fewest deletions that trip a brake.
    pub(crate) brake_files: u64,
    /// What is planted.
    pub(crate) planted: Planted,
}

impl Plan {
    /// Two peers, a quick network, nothing goes wrong.
    pub(crate) fn calm(seed: u64) -> Self {
        Self {
            seed,
            peers: 2,
            acts: 25,
            span_ms: 20_000,
            slow_ms: 10,
            latency: Latency { way_ms: 20, taken_ms: 5, notice_ms: 100 },
            partitions: 0,
            cuts: 0,
            outages: 0,
            stop_once_in: 0,
            stops: 0,
            stop_at: None,
            power_cuts: false,
            lost_hints_percent: 0,
            large_files: false,
            habits: Habits::Careful,
            brake_files: 20,
            planted: Planted::Nothing,
        }
    }

    /// Two or three peers, slow disks, a network that breaks, hints that are lost.
    pub(crate) fn stormy(seed: u64) -> Self {
        Self {
            peers: 2 + usize::from(seed % 2 == 1),
            acts: 40,
            slow_ms: 80,
            latency: Latency { way_ms: 400, taken_ms: 200, notice_ms: 5000 },
            partitions: 3,
            cuts: 3,
            outages: 2,
            lost_hints_percent: 10,
            large_files: seed.is_multiple_of(3),
            ..Self::calm(seed)
        }
    }

    /// Two or three peers that are killed at any effect.
    pub(crate) fn killed(seed: u64) -> Self {
        Self { stop_once_in: 60, stops: 6, partitions: 1, outages: 0, ..Self::stormy(seed) }
    }

    /// Two peers whose machines lose power at any effect.
    pub(crate) fn powerless(seed: u64) -> Self {
        Self { peers: 2, power_cuts: true, ..Self::killed(seed) }
    }

    /// Two or three peers whose people, programs and disks do too much at once.
    pub(crate) fn careless(seed: u64) -> Self {
        Self {
            peers: 2 + usize::from(seed % 2 == 1),
            acts: 40,
            span_ms: 30_000,
            slow_ms: 40,
            cuts: 1,
            lost_hints_percent: 5,
            stop_once_in: if seed.is_multiple_of(3) { 150 } else { 0 },
            stops: 2,
            habits: Habits::Careless,
            brake_files: 4,
            ..Self::calm(seed)
        }
    }

    /// Four or five peers.
    pub(crate) fn crowded(seed: u64) -> Self {
        Self {
            peers: 4 + usize::from(seed % 2 == 1),
            acts: 40,
            stop_once_in: 400,
            stops: 3,
            outages: 0,
            large_files: false,
            ..Self::stormy(seed)
        }
    }
}
