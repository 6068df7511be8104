//! How well a merge came out, judged by its three inputs alone.
//!
//! Counts what nobody may ever see, whoever did the merging: lines lost, lines doubled, and atoms
//! that nobody wrote. So the careful merge, the library's own and `git merge-file` are all held
//! against one measure; and the measure is taken of characters, not of what the merge says of itself.

use std::collections::{BTreeMap, BTreeSet};

/// The faults of one merged text.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Faults {
    /// Lines that one side added, or that both left alone, and of which a word is neither in the
    /// text nor in the ledger.
    pub lost: Vec<String>,
    /// Lines that stand more often than on either side.
    pub doubled: Vec<String>,
    /// Lines with a word that stands on no side.
    pub garbled: Vec<String>,
}

impl Faults {
    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.lost.is_empty() && self.doubled.is_empty() && self.garbled.is_empty()
    }
}

/// Fewest letters and digits of a line that is counted: shorter ones (`---`, `}`, a fence) rightly
/// stand as often as they are needed.
const TELLING_LETTERS: usize = 4;

/// Judges `merged`, with what the ledger holds of it.
///
/// - Shape: whole texts; `base` is empty where there is none; `ledger` is every text of every entry.
pub fn faults(base: &str, ours: &str, theirs: &str, merged: &str, ledger: &[&str]) -> Faults {
    let [base_lines, our_lines, their_lines, merged_lines] =
        [base, ours, theirs, merged].map(lines);
    let of = |counts: &BTreeMap<&str, usize>, line: &str| counts.get(line).copied().unwrap_or(0);
    let mut told = words(merged);
    for text in ledger {
        told.append(&mut words(text));
    }
    // `first-party` tells of `first party` too.
    let parts: Vec<&str> = told.keys().flat_map(|word| word.split('-')).collect();
    told.extend(parts.into_iter().map(|part| (part, 1)));
    let [base_words, our_words, their_words] = [base, ours, theirs].map(words);
    // Who takes a word away wants it gone; everything else has to be somewhere.
    let is_missing = |word: &str| {
        let taken = |side: &BTreeMap<&str, usize>| of(side, word) < of(&base_words, word);
        !told.contains_key(word) && !taken(&our_words) && !taken(&their_words)
    };
    let mut faults = Faults::default();
    let every: BTreeSet<&str> =
        base_lines.keys().chain(our_lines.keys()).chain(their_lines.keys()).copied().collect();
    for line in every {
        let [before, here, there, now] =
            [&base_lines, &our_lines, &their_lines, &merged_lines].map(|counts| of(counts, line));
        let wanted = here > before || there > before || here.min(there) > 0;
        if wanted && now == 0 && words(line).keys().any(|word| is_missing(word)) {
            faults.lost.push(line.to_owned());
        }
    }
    for (line, &now) in &merged_lines {
        let most = of(&our_lines, line).max(of(&their_lines, line));
        // Once more than on either side may well be a line that each wrote for itself; but a line
        // that tells something does not come twice by chance.
        if most > 0 && now > most && telling(line) {
            faults.doubled.push((*line).to_owned());
        }
    }
    let known = [base_words, our_words, their_words];
    for line in merged.lines() {
        if words(line).keys().any(|word| known.iter().all(|side| !side.contains_key(word))) {
            faults.garbled.push(line.to_owned());
        }
    }
    faults
}

fn telling(line: &str) -> bool {
    line.chars().filter(|c| c.is_alphanumeric()).count() >= TELLING_LETTERS
}

/// How often each line stands, blank ones left out.
fn lines(text: &str) -> BTreeMap<&str, usize> {
    let mut counts = BTreeMap::new();
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
        *counts.entry(line).or_default() += 1;
    }
    counts
}

/// What stands between blanks, brackets and the like, and how often: a date, a number or a word each
/// is one; in scripts without blanks each character is.
fn words(text: &str) -> BTreeMap<&str, usize> {
    let mut counts = BTreeMap::new();
    let pieces = text
        .split(|c: char| c.is_whitespace() || "()[]{}<>|\"`*_,;!?\\".contains(c))
        .flat_map(|piece| {
            piece.split_inclusive(is_ideograph).flat_map(|part| {
                let last = part.char_indices().next_back().filter(|(_, c)| is_ideograph(*c));
                let (word, ideograph) = part.split_at(last.map_or(part.len(), |(at, _)| at));
                [word, ideograph]
            })
        })
        .map(|word| word.trim_matches(|c: char| ".:'’“”".contains(c)))
        .filter(|word| !word.is_empty());
    for word in pieces {
        *counts.entry(word).or_default() += 1;
    }
    counts
}

fn is_ideograph(c: char) -> bool {
    matches!(c, '\u{2e80}'..='\u{9fff}' | '\u{f900}'..='\u{ffef}' | '\u{20000}'..='\u{3ffff}')
}
