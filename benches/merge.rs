//! How well merges come out: the careful merge, the CRDT's own, and `git merge-file` where there is
//! one, on the same cases, as one table.
//!
//! `cargo bench --bench merge [-- FOLDER ...] [--generated N]`. A folder holds cases like those of
//! `fixtures/merge`: a folder each, with `base`, `ours`, `theirs` and `expected`, all with one
//! extension. Without a folder it takes `fixtures/merge` and cases made from seeds, and the histories
//! of `../shared/vaults` where they are. Ends with 1 when the careful merge lost, doubled or garbled
//! anything, or differs from a clean line merge that is as it should be.
#![expect(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "it reads cases, starts git and prints what it measured"
)]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use vault_sync::docs::{Author, Birth, Body, Document};
use vault_sync::merge::{Format, merge};
use vault_sync::model::{Content, Kind, Life, PeerId, VaultId, VaultPath, WallMs};

#[expect(dead_code, unreachable_pub, reason = "shared with tests that use all of it")]
#[path = "../src/sim/generate.rs"]
mod generate;
#[expect(unreachable_pub, reason = "shared with tests that see it as a room")]
#[path = "../src/sim/invent.rs"]
mod invent;
#[expect(unreachable_pub, reason = "shared with tests that see it as a room")]
#[path = "../src/sim/measure.rs"]
mod measure;

/// One merge to be made, and what people wrote.
struct Case {
    name: String,
    file: String,
    base: Option<String>,
    ours: String,
    theirs: String,
    expected: Option<String>,
}

/// What one way of merging came to over a set of cases.
#[derive(Default)]
struct Tally {
    exact: usize,
    lost: usize,
    doubled: usize,
    garbled: usize,
    entries: usize,
    /// Left to a person, with marks in the text.
    unmerged: usize,
}

impl Tally {
    fn add(&mut self, case: &Case, merged: &str, ledger: &[&str]) -> bool {
        let base = case.base.as_deref().unwrap_or("");
        let mut faults = measure::faults(base, &case.ours, &case.theirs, merged, ledger);
        // What people wrote twice may stand twice.
        let times = |text: &str, line: &str| text.lines().filter(|it| it.trim() == line).count();
        let expected = case.expected.as_deref().unwrap_or("");
        faults.doubled.retain(|line| times(merged, line) > times(expected, line).max(1));
        self.exact += usize::from(case.expected.as_deref() == Some(merged));
        self.lost += faults.lost.len();
        self.doubled += faults.doubled.len();
        self.garbled += faults.garbled.len();
        faults.is_empty()
    }
}

fn careful(case: &Case) -> (String, Vec<[String; 3]>) {
    let format = Format::of(&VaultPath::parse(&case.file).unwrap());
    let merged = merge(format, case.base.as_deref(), &case.ours, &case.theirs);
    let choices =
        merged.choices.into_iter().map(|it| [it.base, it.chosen, it.alternative]).collect();
    (merged.text, choices)
}

/// What the library makes of the same edits, without the careful merge.
fn plain(case: &Case) -> String {
    let birth = Birth {
        vault: VaultId([7; 16]),
        path: VaultPath::parse(&case.file).unwrap(),
        generation: 0,
    };
    let author = |n: u8| Author::new(PeerId([n; 32]), Life([n; 16]));
    let base = case.base.as_deref().unwrap_or("");
    let content = Content::of(base.as_bytes());
    let mut ours = Document::import(&birth, Kind::Text, content).unwrap();
    ours.promote(content, base).unwrap();
    let heads = ours.heads();
    let mut theirs = ours.clone();
    ours.edit_text(author(1), &heads, WallMs(0), &case.ours).unwrap();
    theirs.edit_text(author(2), &heads, WallMs(0), &case.theirs).unwrap();
    ours.apply(&theirs.changes_since(heads.as_slice())).unwrap();
    match ours.view().body {
        Body::Text(text) => text,
        Body::Content(..) => String::new(),
    }
}

/// What git writes, and whether it was sure; `None` without git.
fn git(case: &Case, folder: &Path) -> Option<(String, bool)> {
    let base = case.base.as_deref().unwrap_or("");
    for (name, text) in [("ours", case.ours.as_str()), ("base", base), ("theirs", &case.theirs)] {
        std::fs::write(folder.join(name), text).unwrap();
    }
    let merged = Command::new("git")
        .args(["merge-file", "-p", "ours", "base", "theirs"])
        .current_dir(folder)
        .output()
        .ok()?;
    Some((String::from_utf8_lossy(&merged.stdout).into_owned(), merged.status.success()))
}

/// Merges every case in every way, prints the rows, and says whether the careful merge is faultless.
fn evaluate(title: &str, cases: &[Case], verbose: bool) -> bool {
    let folder = tempfile::tempdir().unwrap();
    let (mut ours, mut crdt, mut lines) = (Tally::default(), Tally::default(), Tally::default());
    let (mut has_git, mut differing, mut faulty) = (false, Vec::new(), Vec::new());
    for case in cases {
        let (text, choices) = careful(case);
        let ledger: Vec<&str> = choices.iter().flatten().map(String::as_str).collect();
        ours.entries += choices.len();
        if !ours.add(case, &text, &ledger) {
            faulty.push(case.name.as_str());
        }
        crdt.add(case, &plain(case), &[]);
        if let Some((merged, clean)) = git(case, folder.path()) {
            has_git = true;
            if clean {
                let good = lines.add(case, &merged, &[]);
                let as_written = case.expected.as_ref().is_none_or(|it| *it == merged);
                if good && as_written && case.base.is_some() && merged != text {
                    differing.push(case.name.as_str());
                }
            } else {
                lines.unmerged += 1;
            }
        }
    }
    println!("\n{title}: {} cases", cases.len());
    println!(
        "{:24} {:>7} {:>9} {:>6} {:>8} {:>8} {:>7}",
        "", "exact", "unmerged", "lost", "doubled", "garbled", "ledger"
    );
    let print = |name: &str, tally: &Tally| {
        println!(
            "{name:24} {:>7} {:>9} {:>6} {:>8} {:>8} {:>7}",
            tally.exact, tally.unmerged, tally.lost, tally.doubled, tally.garbled, tally.entries
        );
    };
    print("vault-sync", &ours);
    print("plain CRDT", &crdt);
    if has_git {
        print("git merge-file (diff3)", &lines);
    } else {
        println!("git is not installed; its row is left out");
    }
    if verbose {
        println!("faulty: {faulty:?}\ncleanly merged by git to another text: {differing:?}");
    }
    faulty.is_empty() && differing.is_empty()
}

fn load(root: &Path) -> Vec<Case> {
    let mut folders: Vec<PathBuf> =
        std::fs::read_dir(root).unwrap().map(|entry| entry.unwrap().path()).collect();
    folders.sort();
    folders.iter().filter_map(|folder| read_case(folder)).collect()
}

fn read_case(folder: &Path) -> Option<Case> {
    let mut parts = BTreeMap::new();
    let mut file = None;
    for entry in std::fs::read_dir(folder).ok()? {
        let path = entry.unwrap().path();
        let stem = path.file_stem()?.to_str()?.to_owned();
        if stem == "expected" {
            file = path.file_name().and_then(|name| name.to_str()).map(str::to_owned);
        }
        parts.insert(stem, std::fs::read_to_string(&path).ok()?);
    }
    Some(Case {
        name: folder.file_name()?.to_str()?.to_owned(),
        file: file?,
        base: parts.remove("base"),
        ours: parts.remove("ours")?,
        theirs: parts.remove("theirs")?,
        expected: parts.remove("expected"),
    })
}

fn generated(count: u64) -> Vec<Case> {
    (0..count)
        .map(|seed| {
            let case = invent::case(seed);
            Case {
                name: format!("seed {seed}"),
                file: "note.md".to_owned(),
                base: Some(case.base),
                ours: case.ours,
                theirs: case.theirs,
                expected: case.expected,
            }
        })
        .collect()
}

fn main() -> ExitCode {
    let mut folders = Vec::new();
    let (mut count, mut verbose) = (20_000, false);
    let mut words = std::env::args().skip(1).filter(|word| word != "--bench");
    while let Some(word) = words.next() {
        match word.as_str() {
            "--generated" => count = words.next().unwrap().parse().unwrap(),
            "--verbose" => verbose = true,
            _ => folders.push(PathBuf::from(word)),
        }
    }
    let mut good = true;
    if folders.is_empty() {
        let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/merge");
        good &= evaluate("fixtures/merge", &load(&fixtures), verbose);
        let cases = generated(count);
        let known = cases.iter().filter(|case| case.expected.is_some()).count();
        println!("\nof the generated ones {known} have one right answer");
        good &= evaluate("generated", &cases, verbose);
    }
    for folder in &folders {
        good &= evaluate(&folder.display().to_string(), &load(folder), verbose);
    }
    if good { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
