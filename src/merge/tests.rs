//! The cases of `fixtures/merge`, and the laws that hold for all texts.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use proptest::prelude::*;
use serde_json::Value;

use super::{Format, Merged, merge};
use crate::model::VaultPath;

/// One case: a folder with `base`, `ours`, `theirs` and `expected`, all with one extension. Without
/// `base` there is no common ancestor. A file `choices` holds one line for each expected choice:
/// `chosen <- alternative`.
struct Case {
    name: String,
    format: Format,
    base: Option<String>,
    ours: String,
    theirs: String,
    expected: String,
    choices: Vec<String>,
}

#[expect(clippy::disallowed_methods, reason = "the cases lie in files")]
fn cases() -> Vec<Case> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/merge");
    let list = |folder: &Path| -> Vec<PathBuf> {
        let mut found: Vec<PathBuf> =
            fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
        found.sort();
        found
    };
    list(&root)
        .iter()
        .map(|folder| {
            let name = folder.file_name().unwrap().to_str().unwrap().to_owned();
            let part = |stem: &str| {
                list(folder).into_iter().find(|path| path.file_stem().unwrap() == stem)
            };
            let text = |stem: &str| part(stem).map(|path| fs::read_to_string(path).unwrap());
            let expected = part("expected").unwrap_or_else(|| panic!("{name}: nothing expected"));
            let file = expected.file_name().unwrap().to_str().unwrap();
            Case {
                format: Format::of(&VaultPath::parse(file).unwrap()),
                base: text("base"),
                ours: text("ours").unwrap(),
                theirs: text("theirs").unwrap(),
                expected: text("expected").unwrap(),
                choices: text("choices").unwrap_or_default().lines().map(str::to_owned).collect(),
                name,
            }
        })
        .collect()
}

#[test]
fn every_case_reads_as_expected_from_both_sides() {
    let cases = cases();
    assert!(cases.len() >= 120, "only {} cases found", cases.len());
    let mut wrong = Vec::new();
    for case in &cases {
        for (ours, theirs) in [(&case.ours, &case.theirs), (&case.theirs, &case.ours)] {
            let merged = merge(case.format, case.base.as_deref(), ours, theirs);
            let choices: Vec<String> = merged
                .choices
                .iter()
                .map(|choice| {
                    format!("{} <- {}", choice.chosen, choice.alternative).replace('\n', "\\n")
                })
                .collect();
            if merged.text != case.expected || choices != case.choices {
                wrong.push(format!(
                    "{}:\n{}\nchoices: {choices:#?}\nexpected:\n{}\nchoices: {:#?}",
                    case.name, merged.text, case.expected, case.choices
                ));
                break;
            }
        }
    }
    assert!(wrong.is_empty(), "{} cases differ\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn every_case_is_stable() {
    for case in cases() {
        let base = case.base.as_deref();
        let merged = merge(case.format, base, &case.ours, &case.theirs);
        for parent in [&case.ours, &case.theirs] {
            let again = merge(case.format, base, &merged.text, parent);
            assert_eq!(again.text, merged.text, "{}: merged again with a parent", case.name);
        }
    }
}

/// A small vocabulary, so that the sides collide often.
fn some_line() -> impl Strategy<Value = String> {
    let word = prop::sample::select(vec![
        "alpha",
        "beta",
        "gamma",
        "delta",
        "2026-11-28",
        "9:30",
        "42",
        "[[Note]]",
        "#tag",
        "知",
        "`code`",
        "**",
        ",",
    ]);
    let lead = prop::sample::select(vec!["", "", "- ", "- [ ] ", "- [x] ", "# ", "> ", "| "]);
    (lead, prop::collection::vec(word, 0..6))
        .prop_map(|(lead, words)| format!("{lead}{}", words.join(" ")))
}

fn some_text() -> impl Strategy<Value = String> {
    let end = prop::sample::select(vec!["\n", "\n", "\n", "\r\n"]);
    (prop::collection::vec(some_line(), 0..9), end, any::<bool>()).prop_map(
        |(lines, end, closed)| {
            let mut text = lines.join(end);
            if closed && !text.is_empty() {
                text.push_str(end);
            }
            text
        },
    )
}

/// One edit: at which line, and what: delete, replace, insert before, append to, swap with the next.
type Edit = (prop::sample::Index, u8, String);

fn some_edits() -> impl Strategy<Value = Vec<Edit>> {
    prop::collection::vec((any::<prop::sample::Index>(), 0..5_u8, some_line()), 0..4)
}

fn edited(base: &str, edits: &[Edit]) -> String {
    let mut lines: Vec<String> = base.split('\n').map(str::to_owned).collect();
    for (index, kind, line) in edits {
        let at = index.index(lines.len());
        match kind {
            0 if lines.len() > 1 => {
                lines.remove(at);
            }
            1 => lines[at].clone_from(line),
            2 => lines.insert(at, line.clone()),
            3 => {
                let (body, end) = match lines[at].strip_suffix('\r') {
                    Some(body) => (body.to_owned(), "\r"),
                    None => (lines[at].clone(), ""),
                };
                lines[at] = format!("{body} {line}{end}");
            }
            _ => {
                let next = (at + 1) % lines.len();
                lines.swap(at, next);
            }
        }
    }
    lines.join("\n")
}

fn words(text: &str) -> BTreeSet<&str> {
    text.split(|c: char| c.is_whitespace()).filter(|word| !word.is_empty()).collect()
}

fn everything(merged: &Merged) -> String {
    let mut all = merged.text.clone();
    for choice in &merged.choices {
        for text in ["\n", &choice.chosen, "\n", &choice.alternative] {
            all.push_str(text);
        }
    }
    all
}

const FORMATS: [Format; 4] = [Format::Markdown, Format::Json, Format::Yaml, Format::Plain];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn symmetric_for_any_text(base in prop::option::of("[ -~\\né\\t]{0,80}"), x in "[ -~\\né\\t]{0,80}", y in "[ -~\\r\\né\\t]{0,80}") {
        for format in FORMATS {
            prop_assert_eq!(
                merge(format, base.as_deref(), &x, &y),
                merge(format, base.as_deref(), &y, &x)
            );
        }
    }

    #[test]
    fn symmetric_for_edits(base in some_text(), x in some_edits(), y in some_edits()) {
        let (x, y) = (edited(&base, &x), edited(&base, &y));
        for format in FORMATS {
            prop_assert_eq!(merge(format, Some(&base), &x, &y), merge(format, Some(&base), &y, &x));
            prop_assert_eq!(merge(format, None, &x, &y), merge(format, None, &y, &x));
        }
    }

    #[test]
    fn identity_laws(base in some_text(), x in some_edits()) {
        let x = edited(&base, &x);
        for format in FORMATS {
            prop_assert_eq!(&merge(format, Some(&base), &x, &base).text, &x);
            prop_assert_eq!(&merge(format, Some(&base), &base, &x).text, &x);
            prop_assert_eq!(&merge(format, Some(&base), &x, &x).text, &x);
            prop_assert_eq!(&merge(format, None, &x, &x).text, &x);
        }
    }

    #[test]
    fn no_added_word_is_lost(base in some_text(), x in some_edits(), y in some_edits()) {
        let (x, y) = (edited(&base, &x), edited(&base, &y));
        for format in [Format::Markdown, Format::Plain] {
            let merged = merge(format, Some(&base), &x, &y);
            let all = everything(&merged);
            for side in [&x, &y] {
                for word in words(side).difference(&words(&base)) {
                    prop_assert!(all.contains(word), "{word:?} is missing in {merged:?}");
                }
            }
            let united = merge(format, None, &x, &y);
            for word in words(&x).union(&words(&y)) {
                prop_assert!(everything(&united).contains(word), "{word:?} in {united:?}");
            }
        }
    }

    #[test]
    fn a_line_added_alike_stands_once(base in some_text(), x in some_edits(), y in some_edits(), at in any::<prop::sample::Index>()) {
        let add = |text: String| {
            let mut lines: Vec<&str> = text.split('\n').collect();
            let at = at.index(lines.len());
            lines.insert(at, "a line of its own");
            lines.join("\n")
        };
        let (x, y) = (add(edited(&base, &x)), add(edited(&base, &y)));
        let merged = merge(Format::Plain, Some(&base), &x, &y);
        prop_assert_eq!(merged.text.matches("a line of its own").count(), 1, "{:?}", merged);
    }

    #[test]
    fn a_parent_adds_nothing(base in some_text(), x in some_edits(), y in some_edits()) {
        let (x, y) = (edited(&base, &x), edited(&base, &y));
        let merged = merge(Format::Plain, Some(&base), &x, &y).text;
        prop_assert_eq!(&merge(Format::Plain, Some(&x), &merged, &x).text, &merged);
        prop_assert_eq!(&merge(Format::Plain, Some(&y), &merged, &y).text, &merged);
    }

    #[test]
    fn a_merge_swallows_its_parents(base in 1..12_u32, x in some_tidy_edits(), y in some_tidy_edits()) {
        let base: Vec<String> = (0..base)
            .map(|n| format!("Line {} is about {} and {}.", number(n), number(n + 20), number(n + 40)))
            .collect();
        let (x, y) = (tidied(&base, 'x', &x), tidied(&base, 'y', &y));
        let base = tidied(&base, 'b', &[]);
        let merged = merge(Format::Markdown, Some(&base), &x, &y).text;
        for parent in [&x, &y] {
            let again = merge(Format::Markdown, Some(&base), &merged, parent);
            prop_assert_eq!(&again.text, &merged, "with {}", parent);
        }
        for line in merged.lines() {
            prop_assert_eq!(merged.matches(line).count(), 1, "{}", merged);
        }
    }

    #[test]
    fn json_always_parses(base in some_json(3), x in some_changes(), y in some_changes(), style in 0..4_u8) {
        let write = |value: &Value| match style {
            0 => value.to_string(),
            1 => serde_json::to_string_pretty(value).unwrap(),
            2 => serde_json::to_string_pretty(value).unwrap().replace("  ", "\t"),
            _ => format!("{}\n", serde_json::to_string_pretty(value).unwrap().replace('\n', "\r\n")),
        };
        let (x, y) = (changed(&base, &x), changed(&base, &y));
        let (base, x, y) = (write(&base), write(&x), write(&y));
        for base in [Some(&base[..]), None] {
            let merged = merge(Format::Json, base, &x, &y);
            prop_assert!(serde_json::from_str::<Value>(&merged.text).is_ok(), "{}", merged.text);
            prop_assert_eq!(&merge(Format::Json, base, &y, &x), &merged);
        }
        let merged = merge(Format::Json, Some(&base), &x, &y).text;
        prop_assert_eq!(&merge(Format::Json, Some(&x), &merged, &x).text, &merged);
    }

    #[test]
    fn bad_json_is_never_lost(x in "[{}\\[\\]\",:0-9a ]{0,30}", y in "[{}\\[\\]\",:0-9a ]{0,30}") {
        let merged = merge(Format::Json, None, &x, &y);
        let parses = |text: &str| serde_json::from_str::<Value>(text).is_ok();
        if !parses(&x) || !parses(&y) {
            let all = [&merged.text, merged.choices.first().map_or(&merged.text, |choice| &choice.alternative)];
            prop_assert!(all.contains(&&x) && all.contains(&&y));
        }
    }

    #[test]
    fn properties_keep_every_key_once(base in some_properties(), x in some_properties(), y in some_properties()) {
        let merged = merge(Format::Markdown, Some(&base), &x, &y);
        let keys = |text: &str| -> Vec<String> {
            text.lines().filter_map(|line| line.split_once(':')).map(|(key, _)| key.to_owned()).collect()
        };
        let found = keys(&merged.text);
        let once: BTreeSet<&String> = found.iter().collect();
        prop_assert_eq!(once.len(), found.len(), "{}", merged.text);
        let (base_keys, x_keys, y_keys) = (keys(&base), keys(&x), keys(&y));
        for key in x_keys.iter().chain(&y_keys) {
            let kept = x_keys.contains(key) && y_keys.contains(key) || !base_keys.contains(key);
            prop_assert!(!kept || found.contains(key), "{key} is missing in {}", merged.text);
        }
        prop_assert_eq!(merged.text.matches("---\n").count(), 2);
        prop_assert_eq!(&merge(Format::Markdown, Some(&base), &y, &x), &merged);
    }
}

fn some_json(depth: u32) -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        (-3..4_i32).prop_map(Value::from),
        any::<bool>().prop_map(Value::from),
        prop::sample::select(vec!["", "a", "two words", "line\nline", "\"\\"])
            .prop_map(Value::from),
    ];
    leaf.prop_recursive(depth, 24, 4, |inner| {
        let key = prop::sample::select(vec!["id", "x", "y", "text", "nodes", "k\"ey"]);
        let id = prop::sample::select(vec!["n1", "n2", "n3"]);
        let node = (id, inner.clone())
            .prop_map(|(id, value)| serde_json::json!({"id": id, "x": value, "y": 1}));
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::vec(node, 0..4).prop_map(Value::from),
            prop::collection::vec((key, inner), 0..4).prop_map(|pairs| {
                Value::Object(
                    pairs.into_iter().map(|(key, value)| (key.to_owned(), value)).collect(),
                )
            }),
        ]
    })
}

/// Values put, or taken out, wherever the index leads.
fn some_changes() -> impl Strategy<Value = Vec<(prop::sample::Index, Option<Value>)>> {
    prop::collection::vec((any::<prop::sample::Index>(), prop::option::of(some_json(1))), 0..4)
}

fn changed(base: &Value, changes: &[(prop::sample::Index, Option<Value>)]) -> Value {
    let mut root = base.clone();
    for (index, change) in changes {
        let mut at = &mut root;
        let mut path = index.index(10_000);
        loop {
            let count = match &*at {
                Value::Array(items) => items.len(),
                Value::Object(map) => map.len(),
                Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => 0,
            };
            if count == 0 || path % 3 == 0 {
                break;
            }
            let child = path % count;
            path /= count + 1;
            at = match at {
                Value::Array(items) => &mut items[child],
                Value::Object(map) => map.values_mut().nth(child).unwrap(),
                Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => break,
            };
        }
        match (at, change) {
            (Value::Array(items), None) => drop(items.pop()),
            (Value::Array(items), Some(value)) => items.push(value.clone()),
            (Value::Object(map), None) => {
                if let Some(key) = map.keys().next().cloned() {
                    map.remove(&key);
                }
            }
            (Value::Object(map), Some(value)) => drop(map.insert("new".to_owned(), value.clone())),
            (other, Some(value)) => *other = value.clone(),
            (other, None) => *other = Value::Null,
        }
    }
    root
}

fn some_properties() -> impl Strategy<Value = String> {
    let value = prop::sample::select(vec![
        " a",
        " [a, b]",
        " [b, c, d]",
        "\n  - a\n  - c",
        "\n- b\n- e",
        " 2026-11-28",
        " 7",
        "",
        " some words here",
        " some other words here",
        "\n  in one\n  in two",
        " |\n  text\n  more",
    ]);
    let key = prop::sample::select(vec!["tags", "title", "due", "aliases", "x"]);
    prop::collection::btree_map(key, value, 0..5).prop_map(|map| {
        let lines: Vec<String> =
            map.iter().map(|(key, value)| format!("{key}:{value}\n")).collect();
        format!("---\n{}---\nbody\n", lines.concat())
    })
}

/// Edits as people make them: at which line, and delete, insert before, reword, or append a word.
fn some_tidy_edits() -> impl Strategy<Value = Vec<(prop::sample::Index, u8)>> {
    prop::collection::vec((any::<prop::sample::Index>(), 0..4_u8), 0..4)
}

fn number(n: u32) -> String {
    const ONES: [&str; 10] =
        ["zero", "uno", "due", "trois", "quatro", "cinq", "sechs", "sju", "otto", "nove"];
    let digit = |n: u32| ONES[usize::try_from(n % 10).unwrap()];
    format!("{}{}", digit(n / 10), digit(n))
}

fn tidied(base: &[String], who: char, edits: &[(prop::sample::Index, u8)]) -> String {
    let mut lines = base.to_vec();
    for (count, (index, kind)) in edits.iter().enumerate() {
        if lines.is_empty() {
            break;
        }
        let at = index.index(lines.len());
        match kind {
            0 => drop(lines.remove(at)),
            1 => lines.insert(
                at,
                format!(
                    "Added by {who}{who} as {}{who}.",
                    number(60 + u32::try_from(count).unwrap())
                ),
            ),
            2 => {
                lines[at] =
                    lines[at].replacen(" is about ", &format!(" was {who}{count} about "), 1);
            }
            _ => lines[at] = format!("{} More{who}{count}.", lines[at]),
        }
    }
    lines.push(String::new());
    lines.join("\n")
}

/// No fixture, for a measure by lines would miss the spelling that gave way.
#[test]
fn a_number_spelled_anew_gives_way_to_one_that_was_changed() {
    let file = |width: &str| format!("{{\n  \"zoom\": 1.0,\n  \"width\": {width}\n}}\n");
    let merged = merge(Format::Json, Some(&file("100000.0")), &file("1e5"), &file("120000.0"));
    assert_eq!(merged, Merged { text: file("120000.0"), choices: Vec::new() });
}
