//! Tables for people, files for programs.

use std::collections::BTreeMap;
use std::path::Path;

use super::baseline::{self, Results, Row, Run, Turn};
use super::device;
use super::process;
use super::stats::{Stat, spread};
use super::table::{Better, Budget, State, Subset};

/// What the figures were taken on, in a line or two.
pub(crate) fn machine() -> String {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let load = process::load().map_or_else(|| "unknown".to_owned(), |it| format!("{it:.1}"));
    let network = if process::is_isolated() { "own network" } else { "shared network" };
    let folder = tempfile::env::temp_dir();
    let mut line = format!("{cores} cores, load {load}, {network}, vaults in {}", folder.display());
    if process::load().is_some_and(|it| it > 0.7) {
        line.push_str("\nOthers are busy on this machine: read times as proportions.");
    }
    line
}

pub(crate) fn run(budgets: &[Budget], results: &Results, machine: String) -> Run {
    let row = |budget: &Budget| {
        let measured = results.get(&budget.name)?;
        let value = budget.stat.of(&measured.values);
        let state = match value {
            Some(value) => budget.state(value).words().to_owned(),
            None if measured.failed.is_some() => "FAILED".to_owned(),
            None => "skipped".to_owned(),
        };
        let row = Row {
            unit: budget.unit.clone(),
            stat: budget.stat.name().to_owned(),
            value,
            spread: spread(&measured.values),
            floor: budget.floor,
            aim: budget.aim,
            state,
            measured: measured.clone(),
        };
        Some((budget.name.clone(), row))
    };
    let program = device::program().display().to_string();
    Run { v: 1, machine, program, measures: budgets.iter().filter_map(row).collect() }
}

/// A number in as many digits as matter.
fn short(value: f64) -> String {
    match value.abs() {
        0.0 => "0".to_owned(),
        it if it < 1.0 => format!("{value:.2}"),
        it if it < 100.0 => format!("{value:.1}"),
        _ => format!("{value:.0}"),
    }
}

fn limit(value: Option<f64>) -> String {
    value.map_or_else(|| "-".to_owned(), |it| format!("{it}"))
}

pub(crate) fn table(budgets: &[Budget], run: &Run) {
    println!(
        "\n{:<20} {:<49} {:>7} {:>7} {:>9} {:>8} {:<6} {:>7} {:<4} state",
        "measure", "what", "floor", "aim", "measured", "spread", "unit", "cpu ms", "runs"
    );
    for budget in budgets {
        let Some(row) = run.measures.get(&budget.name) else {
            continue;
        };
        let (value, spread) = match row.value {
            Some(value) => (short(value), short(row.spread)),
            None => ("-".to_owned(), "-".to_owned()),
        };
        let cpu = Stat::Median.of(&row.measured.cpu_ms).map(short).unwrap_or_default();
        println!(
            "{:<20} {:<49} {:>7} {:>7} {value:>9} {spread:>8} {:<6} {cpu:>7} {:<4} {}",
            budget.name,
            budget.what,
            limit(budget.floor),
            limit(budget.aim),
            budget.unit,
            row.measured.values.len(),
            row.state
        );
        let remarks = [
            Some(row.measured.note.clone()).filter(|it| !it.is_empty()),
            row.measured.skipped.as_ref().map(|why| format!("skipped: {why}")),
            row.measured.failed.as_ref().map(|why| format!("failed: {why}")),
        ];
        for remark in remarks.into_iter().flatten() {
            println!("{:<20}   {remark}", "");
        }
    }
    let count = |words: &str| run.measures.values().filter(|it| it.state == words).count();
    println!(
        "\n{} measured: {} ok, {} stated, {} near the floor, {} aims missed, {} FLOORS MISSED, \
         {} skipped, {} failed",
        run.measures.len(),
        count(State::Ok.words()),
        count(State::Stated.words()),
        count(State::Near.words()),
        count(State::AimMissed.words()),
        count(State::FloorMissed.words()),
        count("skipped"),
        count("FAILED")
    );
}

pub(crate) fn list(budgets: &[Budget]) {
    println!(
        "{:<20} {:<49} {:>7} {:>7} {:<6} {:<6} stat",
        "measure", "what", "floor", "aim", "unit", "subset"
    );
    for budget in budgets {
        let subset = match budget.subset {
            Subset::Quick => "quick",
            Subset::Full => "full",
            Subset::Large => "large",
        };
        let better = match budget.better {
            Better::Lower => "",
            Better::Higher => ", more is better",
        };
        println!(
            "{:<20} {:<49} {:>7} {:>7} {:<6} {subset:<6} {}{better}",
            budget.name,
            budget.what,
            limit(budget.floor),
            limit(budget.aim),
            budget.unit,
            budget.stat.name()
        );
    }
}

pub(crate) fn store(file: &Path, run: &Run) -> Result<(), String> {
    let mut text = serde_json::to_string_pretty(run).expect("numbers and texts");
    text.push('\n');
    std::fs::write(file, text).map_err(|error| format!("{}: {error}", file.display()))
}

pub(crate) fn load(file: &Path) -> Result<Run, String> {
    let text = std::fs::read_to_string(file);
    let text = text.map_err(|error| format!("{}: {error}", file.display()))?;
    let run: Result<Run, _> = serde_json::from_str(&text);
    let run = run.map_err(|error| format!("{}: no baseline: {error}", file.display()))?;
    if run.v != 1 {
        return Err(format!("{}: a baseline of version {}", file.display(), run.v));
    }
    Ok(run)
}

/// Prints what moved beyond noise; whether anything got worse.
pub(crate) fn compare(budgets: &[Budget], before: &Run, after: &Run) -> bool {
    println!("\nsince the baseline ({})", before.machine.lines().next().unwrap_or_default());
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for budget in budgets {
        let name = &budget.name;
        let (Some(old), Some(new)) = (before.measures.get(name), after.measures.get(name)) else {
            continue;
        };
        let it = baseline::compare(budget, &old.measured, &new.measured);
        let word = match it.turn {
            Turn::Worse => "WORSE",
            Turn::Better => "better",
            Turn::Same => "within noise",
            Turn::Unknown => "not compared",
        };
        *counts.entry(word).or_default() += 1;
        if matches!(it.turn, Turn::Worse | Turn::Better) {
            let unit = if it.by == "cpu" { "ms of processor time" } else { &budget.unit };
            println!(
                "{word:<6} {name:<20} {} -> {} {unit} (noise {})",
                short(it.before),
                short(it.after),
                short(it.noise)
            );
        }
    }
    let told: Vec<String> = counts.iter().map(|(word, count)| format!("{count} {word}")).collect();
    println!("{}", told.join(", "));
    counts.contains_key("WORSE")
}
