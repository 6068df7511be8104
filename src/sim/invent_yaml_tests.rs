//! Merges of invented YAML, read by a reader of others and judged like JSON.
//!
//! `VAULT_SYNC_SIM_SEEDS=100000 cargo test --lib sim::invent_yaml_tests` takes that many seeds.

use std::panic::{AssertUnwindSafe, catch_unwind};

use serde_json::{Map, Value};
use yaml_rust2::{Yaml, YamlLoader};

use super::invent_json_judge::{Versions, judge_values, nameless, sorted};
use super::invent_yaml::{Case, case};
use super::merges::seeds;
use super::sweep::Failures;
use crate::merge::{Format, Merged, merge};

const SEEDS: u64 = 2_000;

/// Reads YAML as a value in which what names an item is called `id`.
fn read(text: &str) -> Option<Value> {
    let documents = YamlLoader::load_from_str(text).ok()?;
    let [document] = &documents[..] else { return None };
    value(document, false)
}

fn value(yaml: &Yaml, is_item: bool) -> Option<Value> {
    Some(match yaml {
        Yaml::Integer(number) => Value::from(*number),
        Yaml::Real(text) | Yaml::String(text) => Value::String(text.clone()),
        Yaml::Boolean(is) => Value::Bool(*is),
        Yaml::Array(items) => {
            items.iter().map(|item| value(item, true)).collect::<Option<Vec<Value>>>()?.into()
        }
        Yaml::Hash(members) => {
            let key = |key: &Yaml| key.as_str().map(str::to_owned);
            let named = members.keys().any(|it| it.as_str() == Some("name"));
            let mut map = Map::new();
            for (place, (name, member)) in members.iter().enumerate() {
                let name = key(name)?;
                let first = place == 0 && !matches!(member, Yaml::Array(_) | Yaml::Hash(_));
                let is_name = is_item && if named { name == "name" } else { first };
                map.insert(if is_name { "id".to_owned() } else { name }, value(member, false)?);
            }
            Value::Object(map)
        }
        Yaml::Null => Value::Null,
        Yaml::Alias(_) | Yaml::BadValue => return None,
    })
}

fn judge(case: &Case, merged: &Merged) -> Vec<String> {
    let [Some(base), Some(ours), Some(theirs)] =
        [&case.base, &case.ours, &case.theirs].map(|text| read(text))
    else {
        return vec!["a side does not parse".to_owned()];
    };
    let Some(result) = read(&merged.text) else {
        return vec!["the result is no YAML".to_owned()];
    };
    let versions = Versions { base, ours, theirs, result };
    judge_values(&versions, merged, case.renamed || case.tied, read)
}

fn faults(case: &Case) -> Vec<String> {
    let over = |base: &str, ours: &str, theirs: &str| merge(Format::Yaml, Some(base), ours, theirs);
    let merged = over(&case.base, &case.ours, &case.theirs);
    let mut found = judge(case, &merged);
    if over(&case.base, &case.theirs, &case.ours) != merged {
        found.push("not symmetric".to_owned());
    }
    for side in [&case.ours, &case.theirs] {
        if over(side, &merged.text, side).text != merged.text {
            found.push("merged again over a side, it changes".to_owned());
        }
        let again = over(&case.base, &merged.text, side).text;
        let alike = || {
            let texts = [&again, &merged.text, &case.base];
            let [again, merged, base] = texts.map(|text| read(text));
            base.is_some_and(|base| nameless(&base)) || again.map(sorted) == merged.map(sorted)
        };
        if again != merged.text && !case.renamed && !case.tied && !alike() {
            found.push(format!("merged again over the base, it changes:\n{again}"));
        }
        if over(&case.base, side, &case.base).text != *side
            || over(&case.base, side, side).text != *side
        {
            found.push("an identity does not hold".to_owned());
        }
    }
    found
}

#[test]
fn nothing_is_lost_doubled_or_broken_in_invented_yaml() {
    let mut failures = Failures::default();
    let (mut all, mut touched, mut whole) = (0_u64, 0_u64, 0_u64);
    for seed in seeds(SEEDS) {
        let case = case(seed);
        all += 1;
        let found = catch_unwind(AssertUnwindSafe(|| faults(&case)))
            .unwrap_or_else(|_| vec!["it panicked".to_owned()]);
        let merged = merge(Format::Yaml, Some(&case.base), &case.ours, &case.theirs);
        failures.note(seed, &found, || {
            let (Case { base, ours, theirs, .. }, Merged { text, choices }) = (&case, &merged);
            format!(
                "base:\n{base}\nours:\n{ours}\ntheirs:\n{theirs}\nmerged:\n{text}\n{choices:#?}"
            )
        });
        touched += u64::from(merged.text != case.ours && merged.text != case.theirs);
        whole += u64::from(!case.tied && merged.choices.iter().any(|it| it.chosen == merged.text));
    }
    assert!(failures.is_empty(), "of {all} {failures}");
    assert!(all < 100 || touched > all / 2, "{touched} of {all} were real merges");
    assert_eq!(whole, 0, "of {all} files were chosen as a whole");
}

#[test]
fn every_planted_fault_in_yaml_is_found() {
    let case = Case {
        base: "a: 1\nviews:\n  - name: one\n    limit: 3\n".to_owned(),
        ours: "a: 2\nviews:\n  - name: one\n    limit: 3\n  - name: two\n".to_owned(),
        theirs: "a: 1\nviews:\n  - name: one\n    limit: 4\n".to_owned(),
        renamed: false,
        tied: false,
    };
    let good = "a: 2\nviews:\n  - name: one\n    limit: 4\n  - name: two\n";
    let found = |text: &str| judge(&case, &Merged { text: text.to_owned(), choices: Vec::new() });
    assert_eq!(found(good), [""; 0]);
    for (from, to) in [
        ("a: 2\n", ""),
        ("a: 2\n", "a: 1\n"),
        ("a: 2\n", "a: 2\na: 2\n"),
        ("limit: 4", "limit: 3"),
        ("  - name: two\n", ""),
        ("  - name: two\n", "  - name: two\n  - name: two\n"),
        ("- name: two", "- [name: two"),
    ] {
        assert!(!found(&good.replacen(from, to, 1)).is_empty(), "{to:?} for {from:?}");
    }
}
