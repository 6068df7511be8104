//! The pure parts of the budgets bench: the file, the states, the comparison, the words, the traces.

mod baseline;
mod options;
mod session;
mod stats;
mod table;

use std::path::Path;

use baseline::{Measured, Results, Row, Run, Turn, compare};
use options::{HELP, Options};
use session::{Patch, Session, Written};
use stats::{Stat, doubt, length, percentile, real, spread};
use table::{Better, Budget, State, Subset, parse};

fn line(more: &str) -> Result<Budget, String> {
    let text = format!("[measure.it]\nwhat = \"this\"\nunit = \"ms\"\nsubset = \"quick\"\n{more}");
    let budgets = parse(&text).map_err(|fault| fault.to_string())?;
    let [budget] = budgets.try_into().expect("one line");
    Ok(budget)
}

fn good(more: &str) -> Budget {
    line(more).expect("a good line")
}

#[test]
fn the_shipped_table_is_well_formed_and_keeps_its_promises() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/budgets.toml");
    #[expect(clippy::disallowed_methods, reason = "the file under test")]
    let text = std::fs::read_to_string(file).unwrap();
    let budgets = parse(&text).unwrap();
    let of = |name: &str| budgets.iter().find(|it| it.name == name).expect(name);
    let limits = |name: &str| (of(name).floor, of(name).aim);
    assert_eq!(limits("start.10000"), (Some(5000.0), Some(100.0)));
    assert_eq!(limits("save.3kb.p95"), (Some(1000.0), Some(40.0)));
    assert_eq!(of("save.3kb.p95").stat, Stat::P95);
    assert_eq!(limits("merge.run"), (Some(10.0), Some(10.0)));
    assert_eq!(limits("binary"), (None, Some(16.0)));
    assert_eq!(of("operations").better, Better::Higher);
    assert_eq!(of("start.100000").subset, Subset::Large);
    assert_eq!(of("idle.cpu").subset, Subset::Full);
}

#[test]
fn a_line_has_defaults() {
    let budget = good("");
    assert_eq!((budget.name.as_str(), budget.what.as_str()), ("it", "this"));
    assert_eq!((budget.floor, budget.aim, budget.unit.as_str()), (None, None, "ms"));
    assert_eq!((budget.stat, budget.better), (Stat::Median, Better::Lower));
    assert_eq!(budget.subset, Subset::Quick);
    assert!((budget.noise - 0.1).abs() < 1e-9);
    for (word, stat) in [("p95", Stat::P95), ("p99", Stat::P99), ("max", Stat::Max)] {
        assert_eq!(good(&format!("stat = \"{word}\"")).stat, stat);
        assert_eq!(stat.name(), word);
    }
}

#[test]
fn a_bad_line_says_what_is_wrong() {
    for (more, said) in [
        ("floor = \"soon\"", "it: floor is no number above zero"),
        ("aim = -1", "it: aim is no number above zero"),
        ("flor = 1", "it: unknown key flor"),
        ("stat = \"mean\"", "it: unknown stat mean"),
        ("better = \"red\"", "it: better is lower or higher, not red"),
        ("floor = 1\naim = 2", "it: the aim asks for less than the floor"),
        ("floor = 2\naim = 1\nbetter = \"higher\"", "it: the aim asks for less than the floor"),
    ] {
        assert_eq!(line(more).unwrap_err(), format!("budgets.toml: {said}"));
    }
    let said = |text: &str| parse(text).unwrap_err().to_string();
    assert_eq!(said("[measure.a]\nunit = \"B\""), "budgets.toml: a: subset is missing");
    assert_eq!(said("[other]"), "budgets.toml: unknown table other");
    assert_eq!(said(""), "budgets.toml: no [measure] at all");
    assert!(said("[measure.a]\n[measure.a]").contains("measure"));
}

#[test]
fn the_state_follows_the_value() {
    let both = good("floor = 100\naim = 50");
    for (value, state) in [
        (0.0, State::Ok),
        (50.0, State::Ok),
        (50.1, State::AimMissed),
        (80.0, State::AimMissed),
        (80.1, State::Near),
        (100.0, State::Near),
        (100.1, State::FloorMissed),
    ] {
        assert_eq!(both.state(value), state, "{value}");
    }
    let higher = good("floor = 100\naim = 200\nbetter = \"higher\"");
    for (value, state) in [
        (300.0, State::Ok),
        (200.0, State::Ok),
        (199.0, State::AimMissed),
        (124.0, State::Near),
        (100.0, State::Near),
        (99.0, State::FloorMissed),
        (0.0, State::FloorMissed),
    ] {
        assert_eq!(higher.state(value), state, "{value}");
    }
    assert_eq!(good("").state(7.0), State::Stated);
    assert_eq!(good("aim = 10").state(9.9), State::Ok);
    assert_eq!(good("aim = 10").state(1e9), State::AimMissed);
    assert_eq!(good("floor = 10").state(8.5), State::Near);
    // One number for both: meeting it is meeting it.
    let one = good("floor = 10\naim = 10");
    assert_eq!([9.9, 10.1].map(|it| one.state(it)), [State::Ok, State::FloorMissed]);
    assert_eq!(State::FloorMissed.words(), "FLOOR MISSED");
}

#[test]
fn middle_tail_and_spread() {
    let values: Vec<f64> = (1..=100).rev().map(f64::from).collect();
    let of = |stat: Stat| stat.of(&values);
    assert_eq!(of(Stat::Median), Some(50.0));
    assert_eq!((of(Stat::P95), of(Stat::P99)), (Some(95.0), Some(99.0)));
    assert_eq!(of(Stat::Max), Some(100.0));
    assert_eq!(percentile(&[3.0], 99), Some(3.0));
    assert_eq!(percentile(&[1.0, 9.0], 50), Some(1.0));
    assert_eq!(percentile(&[], 50), None);
    assert!((spread(&values) - 50.0).abs() < 1e-9);
    assert!((spread(&[5.0, 1.0, 3.0]) - 4.0).abs() < 1e-9);
    assert!(doubt(&[1.0]).is_none());
    assert!(doubt(&values).unwrap() < doubt(&values[..20]).unwrap() * 3.0);
    assert!((length(3) - real(3)).abs() < 1e-9);
}

fn values(values: &[f64]) -> Measured {
    Measured { values: values.to_vec(), ..Measured::default() }
}

fn cpu(cpu_ms: &[f64]) -> Measured {
    Measured { values: vec![1.0], cpu_ms: cpu_ms.to_vec(), ..Measured::default() }
}

#[test]
fn a_change_within_noise_is_none() {
    let budget = good("");
    let turn =
        |before: &[f64], after: &[f64]| compare(&budget, &values(before), &values(after)).turn;
    assert_eq!(turn(&[100.0, 101.0, 102.0], &[109.0, 110.0, 110.5]), Turn::Same);
    assert_eq!(turn(&[100.0, 101.0, 102.0], &[129.0, 130.0, 131.0]), Turn::Worse);
    assert_eq!(turn(&[129.0, 130.0, 131.0], &[100.0, 101.0, 102.0]), Turn::Better);
    // The same distance between medians, from runs that flap.
    assert_eq!(turn(&[60.0, 101.0, 180.0], &[70.0, 130.0, 190.0]), Turn::Same);
    // Single values have to differ much.
    assert_eq!(turn(&[100.0], &[125.0]), Turn::Same);
    assert_eq!(turn(&[100.0], &[150.0]), Turn::Worse);
    assert_eq!(turn(&[], &[150.0]), Turn::Unknown);
}

#[test]
fn more_is_worse_only_where_less_is_better() {
    let rate = good("better = \"higher\"");
    let (slow, fast) = (values(&[100.0, 101.0, 102.0]), values(&[200.0, 201.0, 202.0]));
    assert_eq!(compare(&rate, &slow, &fast).turn, Turn::Better);
    assert_eq!(compare(&rate, &fast, &slow).turn, Turn::Worse);
}

#[test]
fn a_size_that_cannot_flap_has_a_narrow_noise() {
    let size = good("noise = 1");
    assert_eq!(compare(&size, &values(&[20.0]), &values(&[20.1])).turn, Turn::Same);
    assert_eq!(compare(&size, &values(&[20.0]), &values(&[20.3])).turn, Turn::Worse);
}

#[test]
fn processor_time_decides_where_there_is_enough_of_it() {
    let budget = good("");
    let by = |before: &[f64], after: &[f64]| {
        let it = compare(&budget, &cpu(before), &cpu(after));
        (it.by, it.turn)
    };
    assert_eq!(by(&[100.0, 100.0, 110.0], &[150.0, 160.0, 160.0]), ("cpu", Turn::Worse));
    // Less than its resolution is no change.
    assert_eq!(by(&[100.0, 100.0, 100.0], &[120.0, 120.0, 120.0]), ("cpu", Turn::Same));
    // Both wall times are equal, and there is hardly any processor time.
    assert_eq!(by(&[10.0, 10.0], &[40.0, 40.0]), ("value", Turn::Same));
    // A wall time that flapped does not count.
    let (mut calm, mut late) = (cpu(&[500.0; 3]), cpu(&[500.0; 3]));
    (calm.values, late.values) = (vec![300.0; 3], vec![900.0; 3]);
    let it = compare(&budget, &calm, &late);
    assert_eq!((it.turn, it.before, it.after, it.noise), (Turn::Same, 500.0, 500.0, 50.0));
}

#[test]
fn what_mostly_waits_is_judged_by_its_time_too() {
    let with_times = |time: f64| Measured { values: vec![time; 9], ..cpu(&[500.0; 3]) };
    let (usual, loaded, slow) = (with_times(100.0), with_times(125.0), with_times(250.0));
    let waits = good("waits = 30");
    assert_eq!(compare(&waits, &usual, &loaded).turn, Turn::Same);
    let it = compare(&waits, &usual, &slow);
    assert_eq!((it.by, it.turn, it.before, it.after), ("value", Turn::Worse, 100.0, 250.0));
    assert_eq!(compare(&waits, &slow, &usual).turn, Turn::Better);
    assert_eq!(compare(&good(""), &usual, &slow).turn, Turn::Same);
    // Less work does not make up for a longer wait.
    let lazy = Measured { cpu_ms: vec![100.0; 3], ..slow };
    assert_eq!(compare(&waits, &usual, &lazy).turn, Turn::Worse);
}

#[test]
fn tails_are_not_compared() {
    let tail = good("stat = \"p99\"");
    assert_eq!(compare(&tail, &values(&[1.0]), &values(&[9.0])).turn, Turn::Unknown);
}

#[test]
fn a_run_comes_back_from_its_file() {
    let measured = Measured {
        values: vec![1.5, 2.0],
        cpu_ms: vec![10.0],
        note: "a note".to_owned(),
        ..Measured::default()
    };
    let line = Row {
        unit: "ms".to_owned(),
        stat: "median".to_owned(),
        value: Some(1.5),
        spread: 0.5,
        floor: None,
        aim: Some(3.0),
        state: "ok".to_owned(),
        measured: measured.clone(),
    };
    let mut results = Results::new();
    results.insert("it".to_owned(), measured);
    let rows = results.keys().map(|name| (name.clone(), line.clone())).collect();
    let run = Run { v: 1, machine: "2 cores".to_owned(), program: "it".to_owned(), measures: rows };
    let file = serde_json::to_string(&run).unwrap();
    assert_eq!(serde_json::from_str::<Run>(&file).unwrap(), run);
}

fn options(words: &str) -> Result<Options, String> {
    Options::parse(words.split_whitespace().map(str::to_owned))
}

#[test]
fn words_become_options() {
    let all = options(
        "--bench --large --list --against --help --only save,merge.run --runs 3 --edits 9 --files 7 \
         --json a --save b --compare c --traces d",
    );
    let Options {
        quick, large, only, runs, edits, files, json, save, compare, traces, list, ..
    } = all.clone().unwrap();
    assert!(!quick && large && list && all.as_ref().unwrap().against && all.unwrap().help);
    assert_eq!(only, ["save", "merge.run"]);
    assert_eq!((runs, edits, files), (Some(3), Some(9), Some(7)));
    let files = [json, save, compare, traces].map(|it| it.unwrap().display().to_string());
    assert_eq!(files, ["a", "b", "c", "d"]);
    for word in ["--quick", "--large", "--only", "--runs", "--json", "--save", "--compare"] {
        assert!(HELP.contains(word), "{word}");
    }
    assert_eq!(options("--fast").unwrap_err(), "--fast is not understood");
    assert_eq!(options("--runs").unwrap_err(), "--runs needs a value");
    assert_eq!(options("--runs 0").unwrap_err(), "--runs needs a number above zero, not 0");
    assert!(options("--quick --large").is_err());
}

#[test]
fn subsets_and_names_choose() {
    let text = ["a.quick", "a.full", "a.large", "ab.quick"].map(|name| {
        let subset = name.split('.').nth(1).unwrap_or_default();
        format!("[measure.\"{name}\"]\nwhat = \"it\"\nunit = \"B\"\nsubset = \"{subset}\"\n")
    });
    let budgets = parse(&text.concat()).unwrap();
    let chosen = |words: &str| options(words).unwrap().choose(&budgets);
    assert_eq!(chosen("").unwrap(), ["a.quick", "a.full", "ab.quick"]);
    assert_eq!(chosen("--quick").unwrap(), ["a.quick", "ab.quick"]);
    assert_eq!(chosen("--large").unwrap().len(), 4);
    assert_eq!(chosen("--only a").unwrap(), ["a.quick", "a.full"]);
    // A full name is enough, whatever its subset.
    assert_eq!(chosen("--only a.large --quick").unwrap(), ["a.large"]);
    assert!(chosen("--only b").unwrap_err().contains("no measure b"));
}

fn patch(at: usize, gone: usize, new: &str) -> Patch {
    Patch(at, gone, new.to_owned())
}

#[test]
fn each_person_sees_their_own_and_what_they_had_met() {
    let mut session = Session::default();
    session.write(0, &[], &[patch(0, 0, "one two")]);
    // Both go on from there, not knowing of each other.
    session.write(0, &[0], &[patch(7, 0, " three"), patch(0, 3, "1")]);
    session.write(1, &[0], &[patch(4, 3, "2")]);
    session.write(1, &[1, 2], &[patch(9, 0, "!")]);
    assert_eq!(session.text(Written([1, 0])), "one two");
    assert_eq!(session.text(Written([2, 0])), "1 two three");
    assert_eq!(session.text(Written([1, 1])), "one 2");
    assert_eq!(session.text(session.written(3)), "1 2 three");
    assert_eq!(session.text(session.written(4)), "1 2 three!");
    assert_eq!(session.text(session.written(0)), "");
}
