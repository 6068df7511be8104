//! What a run measured, as a file, and what changed since such a file beyond noise.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::stats::{Stat, doubt};
use super::table::{Better, Budget};

/// What came of one measure.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Measured {
    /// In the unit of the budget, in the order they were taken.
    pub(crate) values: Vec<f64>,
    /// Processor time for each value, of all processes that took part, in milliseconds. Empty where
    /// it says nothing.
    #[serde(default)]
    pub(crate) cpu_ms: Vec<f64>,
    /// What a reader has to know.
    #[serde(default)]
    pub(crate) note: String,
    /// Why there are no values.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) skipped: Option<String>,
    /// It went wrong, and how; there are no values.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) failed: Option<String>,
}

/// All measures of a run, by name.
pub(crate) type Results = BTreeMap<String, Measured>;

/// A run as a file. Version 1.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Run {
    pub(crate) v: u32,
    /// What it ran on, for people.
    pub(crate) machine: String,
    pub(crate) program: String,
    pub(crate) measures: BTreeMap<String, Row>,
}

/// A measure with how it stood when it was taken.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Row {
    pub(crate) unit: String,
    pub(crate) stat: String,
    pub(crate) value: Option<f64>,
    pub(crate) spread: f64,
    pub(crate) floor: Option<f64>,
    pub(crate) aim: Option<f64>,
    pub(crate) state: String,
    pub(crate) measured: Measured,
}

/// How a measure moved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Turn {
    Worse,
    Better,
    /// Within noise.
    Same,
    /// There are no values on one side, or a tail, which is too rough to compare.
    Unknown,
}

/// What was compared, and how it came out.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Comparison {
    pub(crate) turn: Turn,
    /// `cpu` or `value`.
    pub(crate) by: &'static str,
    pub(crate) before: f64,
    pub(crate) after: f64,
    /// A change up to this is none, in the same unit.
    pub(crate) noise: f64,
}

/// Processor time is told in hundredths of a second, twice: below this it knows nothing.
const CPU_STEP_MS: f64 = 20.0;
/// Processor time below this is too rough to judge by.
const LEAST_CPU_MS: f64 = 50.0;
/// Standard errors that chance is allowed.
const SIGMAS: f64 = 3.0;
/// Share of a single value that chance is allowed, as nothing tells its spread.
const ALONE: f64 = 0.25;
/// Whose share is less does not differ from run to run.
const STEADY: f64 = 0.05;

/// Holds `after` against `before`.
///
/// Judged by processor time where both sides have enough of it, because wall time depends on who
/// else was busy; by the values themselves elsewhere, and also where the budget says that it mostly
/// waits. A change counts beyond three standard errors of both medians together and beyond the
/// budget's own share, whichever is more.
pub(crate) fn compare(budget: &Budget, before: &Measured, after: &Measured) -> Comparison {
    let by_value = |share| by_value(budget, share, &before.values, &after.values);
    match by_cpu(budget, &before.cpu_ms, &after.cpu_ms) {
        None => by_value(budget.noise),
        Some(cpu) => match (cpu.turn, budget.waits.map(by_value)) {
            (Turn::Same, Some(value)) if value.turn == Turn::Better => value,
            (Turn::Same | Turn::Better, Some(value)) if value.turn == Turn::Worse => value,
            _ => cpu,
        },
    }
}

fn by_cpu(budget: &Budget, old: &[f64], new: &[f64]) -> Option<Comparison> {
    let (before, after) = (Stat::Median.of(old)?, Stat::Median.of(new)?);
    let noise = noise(budget.noise, old, new, before).max(CPU_STEP_MS);
    let turn = turn(after - before, noise);
    let enough = before.max(after) >= LEAST_CPU_MS;
    enough.then_some(Comparison { turn, by: "cpu", before, after, noise })
}

fn by_value(budget: &Budget, share: f64, old: &[f64], new: &[f64]) -> Comparison {
    let comparable = match budget.stat {
        Stat::Median | Stat::Max => true,
        Stat::P95 | Stat::P99 => false,
    };
    let (before, after) = (budget.stat.of(old), budget.stat.of(new));
    let (turn, noise) = match (before, after) {
        (Some(before), Some(after)) if comparable => {
            let noise = noise(share, old, new, before);
            let growth = match budget.better {
                Better::Lower => after - before,
                Better::Higher => before - after,
            };
            (turn(growth, noise), noise)
        }
        _ => (Turn::Unknown, 0.0),
    };
    let (before, after) = (before.unwrap_or(0.0), after.unwrap_or(0.0));
    Comparison { turn, by: "value", before, after, noise }
}

fn noise(share: f64, before: &[f64], after: &[f64], old: f64) -> f64 {
    let doubt = |values| doubt(values).unwrap_or(old * ALONE / SIGMAS);
    // What cannot differ from run to run, like a size, has its share alone.
    let chance = match (before.len(), after.len()) {
        (1, 1) if share < STEADY => 0.0,
        _ => SIGMAS * doubt(before).hypot(doubt(after)),
    };
    chance.max(old * share)
}

fn turn(growth: f64, noise: f64) -> Turn {
    if growth > noise {
        Turn::Worse
    } else if growth < -noise {
        Turn::Better
    } else {
        Turn::Same
    }
}
