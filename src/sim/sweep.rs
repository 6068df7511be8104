//! What a sweep over many seeds found: one line for each seed that failed, the first told in full.

use std::collections::BTreeMap;
use std::fmt;

/// What kind of fault a sentence of a judge tells of, the worst kind first.
///
/// - Shape: each kind with parts of the sentences that belong to it; the first that fits counts.
const KINDS: [(&str, &[&str]); 6] = [
    ("broken", &["panicked", "does not parse", "is no YAML", "became something else"]),
    ("doubled", &["stands twice", "too often", "stands again", "comes from nowhere"]),
    ("lost", &["is lost", "fell to", "is missing", "has not", "nobody is told", "instead of"]),
    ("unstable", &["merged again", "not symmetric", "identity", "untouched side", "met by itself"]),
    ("needless choice", &["chosen without need"]),
    ("order", &["the order changed"]),
];

/// The failures of one sweep.
#[derive(Debug, Default)]
pub(super) struct Failures {
    lines: Vec<String>,
    kinds: BTreeMap<&'static str, usize>,
    first: Option<(u64, String)>,
}

impl Failures {
    /// Notes what was found for a seed; `whole` tells the case in full.
    pub(super) fn note(&mut self, seed: u64, faults: &[String], whole: impl FnOnce() -> String) {
        if faults.is_empty() {
            return;
        }
        let mut kinds: Vec<&str> = faults.iter().map(|fault| kind(fault)).collect();
        kinds.sort_unstable();
        kinds.dedup();
        for kind in &kinds {
            *self.kinds.entry(kind).or_default() += 1;
        }
        let said: String = faults[0].lines().next().unwrap_or("").chars().take(120).collect();
        self.lines.push(format!("seed {seed}: {}: {said}", kinds.join(", ")));
        self.first.get_or_insert_with(|| (seed, format!("{faults:#?}\n{}", whole())));
    }

    /// Whether every seed passed.
    pub(super) fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }
}

impl fmt::Display for Failures {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(out, "{} seeds failed: {:?}", self.lines.len(), self.kinds)?;
        for line in &self.lines {
            writeln!(out, "{line}")?;
        }
        let Some((seed, whole)) = &self.first else { return Ok(()) };
        write!(
            out,
            "the first:\nseed {seed}: {whole}\n\nrepeat one with VAULT_SYNC_SIM_SEED={seed}"
        )
    }
}

fn kind(fault: &str) -> &'static str {
    let fits = |(_, parts): &&(&str, &[&str])| parts.iter().any(|part| fault.contains(part));
    KINDS.iter().find(fits).map_or("other", |(kind, _)| kind)
}

#[test]
fn every_seed_that_failed_has_its_line() {
    let mut failures = Failures::default();
    failures.note(1, &[], String::new);
    assert!(failures.is_empty());
    failures.note(2, &["the result does not parse".to_owned()], || "whole of two".to_owned());
    let two = ["/a: \"x\" is lost".to_owned(), "merged again over the base".to_owned()];
    failures.note(3, &two, || "whole of three".to_owned());
    let text = failures.to_string();
    assert!(text.contains("seed 2: broken: ") && text.contains("seed 3: lost, unstable: "));
    assert!(text.contains("whole of two") && !text.contains("whole of three"));
    assert!(text.starts_with("2 seeds failed: {\"broken\": 1, \"lost\": 1, \"unstable\": 1}"));
}
