//! The cases of `fixtures/merge`, and the laws that hold for all texts.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use proptest::prelude::*;

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
    assert!(cases.len() >= 30, "only {} cases found", cases.len());
    let mut wrong = Vec::new();
    for case in &cases {
        for (ours, theirs) in [(&case.ours, &case.theirs), (&case.theirs, &case.ours)] {
            let merged = merge(case.format, case.base.as_deref(), ours, theirs);
            let choices: Vec<String> = merged
                .choices
                .iter()
                .map(|choice| format!("{} <- {}", choice.chosen, choice.alternative))
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
        all.push_str(&format!("\n{}\n{}", choice.chosen, choice.alternative));
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
}
