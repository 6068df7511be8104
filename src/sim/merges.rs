//! Merges of invented edits, judged by the measure that takes no merge's word for it.

use super::invent::{self, Invented};
use super::measure::faults;
use crate::merge::{Format, Merged, merge};

/// How many seeds a run takes; `cargo bench --bench merge` takes more.
const SEEDS: u64 = 3_000;

/// The seeds of a sweep: `usual` many, unless the environment asks for others.
pub(super) fn seeds(usual: u64) -> std::ops::Range<u64> {
    let number = |name: &str| std::env::var(name).ok().and_then(|text| text.parse().ok());
    if let Some(seed) = number("VAULT_SYNC_SIM_SEED") {
        return seed..seed + 1;
    }
    let from = number("VAULT_SYNC_SIM_FROM").unwrap_or(0);
    from..from + number("VAULT_SYNC_SIM_SEEDS").unwrap_or(usual)
}

fn merged(case: &Invented) -> Merged {
    merge(Format::Markdown, Some(&case.base), &case.ours, &case.theirs)
}

#[test]
fn nothing_is_lost_doubled_or_garbled_in_invented_merges() {
    let mut known = 0;
    for seed in 0..SEEDS {
        let case = invent::case(seed);
        let merged = merged(&case);
        let texts = merged.choices.iter().flat_map(|it| [&it.base, &it.chosen, &it.alternative]);
        let ledger: Vec<&str> = texts.map(String::as_str).collect();
        let found = faults(&case.base, &case.ours, &case.theirs, &merged.text, &ledger);
        assert!(found.is_empty(), "seed {seed}: {found:#?}\n{}", merged.text);
        let other = merge(Format::Markdown, Some(&case.base), &case.theirs, &case.ours);
        assert_eq!(merged, other, "seed {seed}");
        if let Some(expected) = &case.expected {
            known += 1;
            assert_eq!(&merged.text, expected, "seed {seed}");
        }
    }
    assert!(known > SEEDS / 4, "only {known} of the cases have one right answer");
}

#[test]
fn an_invented_merge_met_again_stays() {
    for seed in 0..SEEDS / 3 {
        let case = invent::case(seed);
        let first = merged(&case).text;
        for side in [&case.ours, &case.theirs] {
            let again = merge(Format::Markdown, Some(side), &first, side).text;
            assert_eq!(again, first, "seed {seed}");
        }
    }
}

#[test]
fn every_planted_fault_is_found() {
    let found = |merged: &str, ledger: &[&str]| {
        let (base, ours, theirs) =
            ("one two\nthree\n", "one 2026-11-21\nthree\n", "one two\nfour\n");
        faults(base, ours, theirs, merged, ledger)
    };
    assert!(found("one 2026-11-21\nfour\n", &[]).is_empty());
    assert_eq!(found("one 2026-11-21\n", &[]).lost, ["four"]);
    assert!(found("one 2026-11-21\n", &["four"]).lost.is_empty());
    assert_eq!(found("one 2026-11-21\nfour\nfour\n", &[]).doubled, ["four"]);
    assert_eq!(found("one 2026-112-21\nfour\n", &[]).garbled, ["one 2026-112-21"]);
    assert!(faults("", "若い人\n", "若い\n", "若い人\n", &[]).is_empty());
    assert_eq!(
        faults("teh end\n", "the end\n", "the end\n", "thhe end\n", &[]).garbled,
        ["thhe end"]
    );
}
