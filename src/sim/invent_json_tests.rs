//! Merges of invented JSON, judged.
//!
//! `VAULT_SYNC_SIM_SEEDS=100000 cargo test --lib sim::invent_json_tests` takes that many seeds.

use std::panic::{AssertUnwindSafe, catch_unwind};

use super::invent_json::{Case, case};
use super::invent_json_judge::{faults, judge, read};
use super::merges::seeds;
use super::sweep::Failures;
use crate::merge::{Choice, Format, Merged, merge};

const SEEDS: u64 = 2_000;

#[test]
fn nothing_is_lost_doubled_or_broken_in_invented_json() {
    let mut failures = Failures::default();
    let (mut all, mut touched, mut chosen) = (0_u64, 0_u64, 0_u64);
    for seed in seeds(SEEDS) {
        let case = case(seed);
        all += 1;
        let found = catch_unwind(AssertUnwindSafe(|| faults(&case)))
            .unwrap_or_else(|_| vec!["it panicked".to_owned()]);
        let merged = merge(Format::Json, Some(&case.base), &case.ours, &case.theirs);
        failures.note(seed, &found, || format!("{case:#?}\nmerged: {merged:#?}"));
        touched += u64::from(merged.text != case.ours && merged.text != case.theirs);
        chosen += u64::from(!merged.choices.is_empty());
    }
    assert!(failures.is_empty(), "of {all} {failures}");
    assert!(all < 100 || touched > all / 2, "{touched} of {all} were real merges");
    assert!(all < 100 || chosen > all / 20, "{chosen} of {all} held a contradiction");
}

#[test]
fn every_planted_fault_in_json_is_found() {
    let case = |base: &str, ours: &str, theirs: &str| Case {
        base: base.to_owned(),
        ours: ours.to_owned(),
        theirs: theirs.to_owned(),
        key_twice: false,
    };
    let plain = case(
        "{\"a\":1.0,\"b\":[{\"id\":\"n\",\"x\":1,\"y\":2}],\"c\":[1,\"s\"]}",
        "{\"a\":2,\"b\":[{\"id\":\"n\",\"x\":1,\"y\":2},{\"id\":\"o\"}],\"c\":[1,\"s\"]}",
        "{\"a\":1.0,\"b\":[{\"id\":\"n\",\"x\":5,\"y\":2}],\"c\":[1,\"s\",\"t\"]}",
    );
    let good =
        "{\"a\":2,\"b\":[{\"id\":\"n\",\"x\":5,\"y\":2},{\"id\":\"o\"}],\"c\":[1,\"s\",\"t\"]}";
    let found = |text: &str| judge(&plain, &Merged { text: text.to_owned(), choices: Vec::new() });
    assert_eq!(found(good), [""; 0]);
    for (from, to) in [
        ("\"a\":2,", "\"a\":2.0,"),
        ("\"a\":2,", ""),
        (",{\"id\":\"o\"}", ""),
        (",{\"id\":\"o\"}", ",{\"id\":\"o\"},{\"id\":\"o\"}"),
        ("\"x\":5", "\"x\":1"),
        (",\"t\"", ""),
        (",\"t\"", ",\"t\",\"t\""),
        ("1,\"s\"", "\"s\",1.0"),
        ("]}", "}"),
    ] {
        assert!(!found(&good.replacen(from, to, 1)).is_empty(), "{to} for {from}");
    }
    let twice = case("{\"a\":1}", "{\"a\":2}", "{\"a\":3}");
    let told = Choice { base: "1".to_owned(), chosen: "3".to_owned(), alternative: "2".to_owned() };
    let merged = |choices| Merged { text: "{\"a\":3}".to_owned(), choices };
    assert_eq!(judge(&twice, &merged(Vec::new())).len(), 1);
    assert_eq!(judge(&twice, &merged(vec![told])), [""; 0]);
}

#[test]
fn invented_json_is_json() {
    for seed in 0..200 {
        let case = case(seed);
        for text in [&case.base, &case.ours, &case.theirs] {
            assert!(read(text).is_some(), "seed {seed}: {text}");
        }
    }
}
