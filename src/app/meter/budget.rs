//! The limits that the program promises to keep, and how they stand.
//!
//! - Shape: [`BUDGETS`] is the one table; what each is judged by stands in its row. Times are judged
//!   by the median of the latest [`RECENT`] samples, and by no fewer than [`ENOUGH`]: one slow save is
//!   no news, and a run of months must not hide that today is slow.
//! - A budget of one edit is not judged by edits in bulk: see `tally`.
//! - Floors that need more than one running `watch` to measure (a first sync, a one-shot, an idle hour)
//!   are benches, not budgets in here.

use super::shape::{BudgetState, Level};

/// Latest samples that a time is judged by.
pub(super) const RECENT: usize = 128;
/// Fewer samples are not judged.
pub(super) const ENOUGH: usize = 8;
/// From this share of the limit on a budget is near, in percent.
const NEAR_PERCENT: u64 = 80;

/// The limit by the number of files in the vault: the first row that holds so many, or the last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Floor {
    /// Always this.
    Flat(u64),
    /// Up to so many files, this.
    ByFiles([(u64, u64); 4]),
}

impl Floor {
    fn of(self, files: u64) -> u64 {
        match self {
            Self::Flat(limit) => limit,
            Self::ByFiles(rows) => {
                let row = rows.iter().find(|(most, _)| files <= *most).or(rows.last());
                row.map_or(u64::MAX, |(_, limit)| *limit)
            }
        }
    }
}

/// What a limit and what is measured against it count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Unit {
    /// Microseconds.
    Us,
    /// Bytes.
    Bytes,
}

impl Unit {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Us => "us",
            Self::Bytes => "bytes",
        }
    }
}

/// Names a row of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Budget {
    /// From the start of the process to `ready`, in a vault that was one before.
    Startup,
    /// One save, from the watcher's event until it is on its way to a peer, debounce included.
    Save,
    /// One edit on disk until it is a durable change, debounce over.
    TakeIn,
    /// One change of a peer, until it is in the folder.
    Write,
    /// Resident memory.
    Memory,
}

/// A row of the table.
#[derive(Debug)]
struct Row {
    budget: Budget,
    name: &'static str,
    about: &'static str,
    unit: Unit,
    floor: Floor,
}

/// The debounce that the floor of [`Budget::Save`] includes; a longer one, which somebody asked for,
/// is added to it.
const DEBOUNCE_MS: u64 = 100;

const MS: u64 = 1000;
const MB: u64 = 1_000_000;

/// Every budget with its floor.
const BUDGETS: [Row; 5] = [
    Row {
        budget: Budget::Startup,
        name: "startup",
        about: "from the start to ready",
        unit: Unit::Us,
        floor: Floor::ByFiles([
            (0, 1000 * MS),
            (1000, 2000 * MS),
            (10_000, 5000 * MS),
            (100_000, 10_000 * MS),
        ]),
    },
    Row {
        budget: Budget::Save,
        name: "save",
        about: "a save until it is sent, debounce included",
        unit: Unit::Us,
        // The floor reaches to the peer's disk; the peer's part of it is its own `write`.
        floor: Floor::Flat(1000 * MS),
    },
    Row {
        budget: Budget::TakeIn,
        name: "take-in",
        about: "an edit until it is durable, after the debounce",
        unit: Unit::Us,
        floor: Floor::Flat(50 * MS),
    },
    Row {
        budget: Budget::Write,
        name: "write",
        about: "a peer's change until it is on the disk",
        unit: Unit::Us,
        floor: Floor::Flat(50 * MS),
    },
    Row {
        budget: Budget::Memory,
        name: "memory",
        about: "resident memory",
        unit: Unit::Bytes,
        floor: Floor::ByFiles([
            (100, 50 * MB),
            (1000, 100 * MB),
            (10_000, 200 * MB),
            (100_000, 300 * MB),
        ]),
    },
];

/// The latest samples of one budget.
#[derive(Debug)]
struct Recent {
    samples: [u64; RECENT],
    filled: usize,
    next: usize,
}

impl Recent {
    const fn new() -> Self {
        Self { samples: [0; RECENT], filled: 0, next: 0 }
    }

    fn push(&mut self, sample: u64) {
        self.samples[self.next] = sample;
        self.next = (self.next + 1) % RECENT;
        self.filled = (self.filled + 1).min(RECENT);
    }

    /// The only one there can be, whatever was before.
    fn set(&mut self, sample: u64) {
        *self = Self::new();
        self.push(sample);
    }

    /// The upper median, once there are enough.
    fn median(&self, enough: usize) -> Option<u64> {
        if self.filled < enough {
            return None;
        }
        let mut sorted = self.samples;
        let sorted = &mut sorted[..self.filled];
        let (_, median, _) = sorted.select_nth_unstable(self.filled / 2);
        Some(*median)
    }
}

/// All budgets with what was measured.
#[derive(Debug)]
pub(super) struct Budgets {
    recent: [Recent; BUDGETS.len()],
    told: [Level; BUDGETS.len()],
    files: u64,
    longer_us: u64,
}

impl Budgets {
    /// Nothing measured; edits are debounced for `quiet_ms` milliseconds.
    pub(super) const fn new(quiet_ms: u64) -> Self {
        Self {
            longer_us: quiet_ms.saturating_sub(DEBOUNCE_MS) * MS,
            recent: [const { Recent::new() }; BUDGETS.len()],
            told: [Level::Ok; BUDGETS.len()],
            files: 0,
        }
    }

    /// So many files exist now.
    pub(super) const fn files(&mut self, files: u64) {
        self.files = files;
    }

    /// One more time; the state, if that went over the limit, or is no longer above it.
    pub(super) fn sample(&mut self, budget: Budget, value: u64) -> Option<BudgetState> {
        self.recent[budget as usize].push(value);
        self.turned(budget)
    }

    /// What is so now; as [`Budgets::sample`].
    pub(super) fn level(&mut self, budget: Budget, value: u64) -> Option<BudgetState> {
        self.recent[budget as usize].set(value);
        self.turned(budget)
    }

    fn turned(&mut self, budget: Budget) -> Option<BudgetState> {
        let at = budget as usize;
        let state = self.state(at);
        let told = std::mem::replace(&mut self.told[at], state.state);
        ((told == Level::Over) != (state.state == Level::Over)).then_some(state)
    }

    /// How each stands.
    pub(super) fn states(&self) -> Vec<BudgetState> {
        (0..BUDGETS.len()).map(|at| self.state(at)).collect()
    }

    fn state(&self, at: usize) -> BudgetState {
        let row = &BUDGETS[at];
        let enough = match row.budget {
            Budget::Startup | Budget::Memory => 1,
            Budget::Save | Budget::TakeIn | Budget::Write => ENOUGH,
        };
        let value = self.recent[at].median(enough);
        let longer = if row.budget == Budget::Save { self.longer_us } else { 0 };
        let limit = row.floor.of(self.files) + longer;
        let near = limit / 100 * NEAR_PERCENT;
        let state = match value {
            Some(value) if value > limit => Level::Over,
            Some(value) if value > near => Level::Near,
            Some(_) | None => Level::Ok,
        };
        BudgetState {
            name: row.name.to_owned(),
            about: row.about.to_owned(),
            state,
            value,
            limit,
            unit: row.unit.as_str().to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn state(budgets: &Budgets, budget: Budget) -> BudgetState {
        budgets.states().swap_remove(budget as usize)
    }

    #[test]
    fn rows_lie_where_their_number_says() {
        for (at, row) in BUDGETS.iter().enumerate() {
            assert_eq!(row.budget as usize, at, "{}", row.name);
        }
    }

    #[test]
    fn limits_follow_the_number_of_files() {
        let mut budgets = Budgets::new(100);
        for (files, startup_ms, memory_mb) in [
            (0, 1000, 50),
            (1, 2000, 50),
            (100, 2000, 50),
            (101, 2000, 100),
            (1000, 2000, 100),
            (1001, 5000, 200),
            (10_001, 10_000, 300),
            (1_000_000, 10_000, 300),
        ] {
            budgets.files(files);
            assert_eq!(state(&budgets, Budget::Startup).limit, startup_ms * MS, "{files}");
            assert_eq!(state(&budgets, Budget::Memory).limit, memory_mb * MB, "{files}");
        }
    }

    #[test]
    fn a_debounce_that_was_asked_for_is_not_held_against_a_save() {
        for (quiet_ms, limit_ms) in [(1, 1000), (100, 1000), (2000, 2900)] {
            let budgets = Budgets::new(quiet_ms);
            assert_eq!(state(&budgets, Budget::Save).limit, limit_ms * MS, "{quiet_ms}");
            assert_eq!(state(&budgets, Budget::TakeIn).limit, 50 * MS);
        }
    }

    #[test]
    fn the_state_follows_the_value_and_each_turn_is_told_once() {
        let mut budgets = Budgets::new(100);
        let mut level = |value| {
            let turned = budgets.level(Budget::Memory, value).map(|it| it.state);
            (turned, state(&budgets, Budget::Memory).state)
        };
        assert_eq!(level(40 * MB), (None, Level::Ok));
        assert_eq!(level(40 * MB + 1), (None, Level::Near));
        assert_eq!(level(50 * MB), (None, Level::Near));
        assert_eq!(level(50 * MB + 1), (Some(Level::Over), Level::Over));
        assert_eq!(level(60 * MB), (None, Level::Over));
        assert_eq!(level(45 * MB), (Some(Level::Near), Level::Near));
        assert_eq!(level(10 * MB), (None, Level::Ok));
    }

    #[test]
    fn a_few_samples_are_not_judged() {
        let mut budgets = Budgets::new(100);
        for _ in 1..ENOUGH {
            assert_eq!(budgets.sample(Budget::TakeIn, 500 * MS), None);
            assert_eq!(state(&budgets, Budget::TakeIn).value, None);
        }
        let turned = budgets.sample(Budget::TakeIn, 500 * MS).unwrap();
        assert_eq!((turned.state, turned.value), (Level::Over, Some(500 * MS)));
        assert_eq!((turned.name.as_str(), turned.unit.as_str()), ("take-in", "us"));
    }

    #[test]
    fn the_median_of_the_latest_decides() {
        let mut budgets = Budgets::new(100);
        for _ in 0..10 * RECENT {
            assert_eq!(budgets.sample(Budget::Write, 4 * MS), None);
        }
        // Half of the latest have to be slow, whatever was before.
        for _ in 1..RECENT / 2 {
            assert_eq!(budgets.sample(Budget::Write, 900 * MS), None);
        }
        let turned = budgets.sample(Budget::Write, 900 * MS).unwrap();
        assert_eq!(turned.state, Level::Over);
        for _ in 1..RECENT / 2 {
            budgets.sample(Budget::Write, 900 * MS);
        }
        let mut quick = 0;
        while budgets.sample(Budget::Write, 4 * MS).is_none() {
            quick += 1;
            assert!(quick <= RECENT);
        }
        assert_eq!(state(&budgets, Budget::Write).state, Level::Ok);
    }
}
