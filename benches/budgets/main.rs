//! Every budget measured on the release binary: real processes on loopback, a table, an exit code.
//!
//! `cargo bench --bench budgets`; `-- --help` lists the options, `benches/README.md` says more. What
//! must hold stands in `benches/budgets.toml`. Ends with 1 when a floor is missed, a measure failed or
//! something got worse beyond noise (`--compare`), with 2 for words that it does not understand; with
//! `--quick` it only tells.
//!
//! Pure parts (`table`, `stats`, `baseline`, `options`, `session`) are tested by `tests.rs`.
#![expect(
    clippy::disallowed_methods,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "it starts programs, writes vaults and prints what it measured"
)]

mod against;
mod baseline;
mod device;
#[expect(unreachable_pub, reason = "shared with tests that see it as a room")]
#[path = "../../src/sim/generate.rs"]
mod generate;
mod measures;
mod options;
mod process;
mod report;
mod session;
mod stats;
mod table;
mod vaults;

use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::process::ExitCode;
use std::time::Instant;

use baseline::{Measured, Run};
use measures::{Bench, GROUPS, Group};
use options::{HELP, Options};
use table::{Budget, State};

/// A failure, as text for people.
type Failure = String;

fn main() -> ExitCode {
    let options = match Options::parse(std::env::args().skip(1)) {
        Ok(options) => options,
        Err(fault) => {
            eprintln!("{fault}\n{HELP}");
            return ExitCode::from(2);
        }
    };
    if options.help {
        println!("{HELP}");
        return ExitCode::SUCCESS;
    }
    if !options.list
        && let Some(code) = process::isolate()
    {
        return ExitCode::from(code);
    }
    match run(&options) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(fault) => {
            eprintln!("{fault}");
            ExitCode::from(2)
        }
    }
}

/// Whether all is as it must be.
fn run(options: &Options) -> Result<bool, Failure> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(root.join("benches/budgets.toml"))
        .map_err(|error| format!("benches/budgets.toml: {error}"))?;
    let budgets = table::parse(&text).map_err(|fault| fault.to_string())?;
    complete(&budgets)?;
    if options.list {
        report::list(&budgets);
        return Ok(true);
    }
    let before = options.compare.as_deref().map(report::load).transpose()?;
    let wanted: BTreeSet<String> = options.choose(&budgets)?.into_iter().collect();
    if std::env::var_os("TMPDIR").is_none() && Path::new("/dev/shm").is_dir() {
        // A second time would be refused; this is the first.
        let _first = tempfile::env::override_temp_dir(Path::new("/dev/shm"));
    }
    let machine = report::machine();
    println!("{machine}");
    if options.against {
        against::run(options.files.unwrap_or(10_000), options.runs.unwrap_or(3));
        return Ok(true);
    }
    let mut bench = Bench {
        wanted,
        runs: options.runs,
        edits: options.edits,
        traces: options.traces.clone().unwrap_or_else(|| root.join("../shared/vaults/traces")),
        isolated: process::is_isolated(),
        quick: options.quick,
        ..Bench::default()
    };
    for group in GROUPS {
        take(group, &mut bench);
    }
    let run = report::run(&budgets, &bench.results, machine);
    report::table(&budgets, &run);
    for file in [&options.json, &options.save].into_iter().flatten() {
        report::store(file, &run)?;
    }
    let worse = before.is_some_and(|before| report::compare(&budgets, &before, &run));
    Ok(options.quick || !(worse || broken(&budgets, &run)))
}

/// Whether a floor is missed or a measure failed.
fn broken(budgets: &[Budget], run: &Run) -> bool {
    budgets
        .iter()
        .filter_map(|budget| run.measures.get(&budget.name))
        .any(|row| row.measured.failed.is_some() || row.state == State::FloorMissed.words())
}

/// Every line of the file has exactly one measure, and every measure has a line.
fn complete(budgets: &[Budget]) -> Result<(), Failure> {
    let taken: Vec<&str> = GROUPS.iter().flat_map(|it| it.names).copied().collect();
    let unknown = taken.iter().find(|name| !budgets.iter().any(|it| it.name == **name));
    if let Some(name) = unknown {
        return Err(format!("{name} is measured, but not in budgets.toml"));
    }
    for Budget { name, .. } in budgets {
        match taken.iter().filter(|it| *it == name).count() {
            1 => {}
            0 => return Err(format!("{name} is in budgets.toml, but nothing measures it")),
            _ => return Err(format!("{name} is measured twice")),
        }
    }
    Ok(())
}

fn take(group: Group, bench: &mut Bench) {
    let missing: Vec<&str> = group.names.iter().copied().filter(|it| bench.wants(it)).collect();
    let [first, ..] = missing.as_slice() else {
        return;
    };
    let start = Instant::now();
    eprint!("{first} …");
    let taken = catch_unwind(AssertUnwindSafe(|| (group.take)(bench)));
    eprintln!(" {:.1} s", start.elapsed().as_secs_f64());
    let why = taken.err().map(|panic| {
        let text = panic.downcast_ref::<String>().cloned();
        text.or_else(|| panic.downcast_ref::<&str>().map(|it| (*it).to_owned()))
    });
    let why = why.map(|text| text.unwrap_or_else(|| "it panicked".to_owned()));
    // What was not even begun: by a fault before it, or because nothing came of it.
    for name in missing {
        if !bench.results.contains_key(name) {
            let failed = Some(why.clone().unwrap_or_else(|| "nothing was measured".to_owned()));
            bench.results.insert(name.to_owned(), Measured { failed, ..Measured::default() });
        }
    }
}
