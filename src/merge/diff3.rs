//! The merge that line tools agree on: changes that do not touch each other both stand.
//!
//! Answers only where there is nothing to decide, with the very text that `git merge-file` would
//! write; so whoever moves here from such a tool sees the same merges. Everything else (changes that
//! touch, overlap, or would put a line twice) is left to the careful merge.
//!
//! - Source: the three-way rule of `diff3`; hunks by Myers' diff, slid down as far as they go, which
//!   is what git does by default.

use std::collections::{BTreeMap, BTreeSet};

use imara_diff::{Algorithm, Diff, InternedInput, NoSliderHeuristic};

use super::text::is_telling;
use super::window::words;

/// Merges by lines; `None` when changes of the two sides touch, or a line would stand twice.
pub(super) fn merge(base: &str, ours: &str, theirs: &str) -> Option<String> {
    let [base, ours, theirs] = [base, ours, theirs].map(lines);
    let (to_ours, to_theirs) = (hunks(&base, &ours), hunks(&base, &theirs));
    let text = woven(&base, (&ours, &to_ours), (&theirs, &to_theirs))?;
    // A text that does not end its last line cannot have another behind it.
    let glued = text.iter().rev().skip(1).any(|line| !line.ends_with('\n'));
    // Two lines that came to say the same, each in its place, are two; what was put in is one.
    let (put_in_ours, put_in_theirs) = (put_in(&to_ours, &ours), put_in(&to_theirs, &theirs));
    let both = |line: &str| put_in_ours.contains(line) || put_in_theirs.contains(line);
    let counts = |line: &str| is_telling(line) && both(line);
    let doubled = has_doubled(&text.concat(), &ours.concat(), &theirs.concat(), counts);
    (!glued && !doubled).then(|| text.concat())
}

/// Merges one line by words; `None` when changes of the two sides touch.
pub(super) fn merge_words(base: &str, ours: &str, theirs: &str) -> Option<String> {
    let [base, ours, theirs] = [base, ours, theirs].map(words);
    let (to_ours, to_theirs) = (hunks(&base, &ours), hunks(&base, &theirs));
    woven(&base, (&ours, &to_ours), (&theirs, &to_theirs)).map(|text| text.concat())
}

/// Puts the changes of both sides into the base; `None` when some touch and differ.
fn woven<'a>(
    base: &[&'a str],
    (ours, to_ours): (&[&'a str], &[Hunk]),
    (theirs, to_theirs): (&[&'a str], &[Hunk]),
) -> Option<Vec<&'a str>> {
    let mut text: Vec<&str> = Vec::new();
    let (mut at, mut left, mut right) = (0, 0, 0);
    while left < to_ours.len() || right < to_theirs.len() {
        let cluster = Cluster::next(to_ours, to_theirs, left, right);
        text.extend(&base[at..cluster.start]);
        let (our_hunks, their_hunks) =
            (&to_ours[left..cluster.left], &to_theirs[right..cluster.right]);
        let our_lines = cluster.on_side(our_hunks, base, ours);
        let their_lines = cluster.on_side(their_hunks, base, theirs);
        if their_hunks.is_empty() || our_lines == their_lines {
            text.extend(our_lines);
        } else if our_hunks.is_empty() {
            text.extend(their_lines);
        } else {
            return None;
        }
        (at, left, right) = (cluster.end, cluster.left, cluster.right);
    }
    text.extend(&base[at..]);
    Some(text)
}

/// Lines with their ends, so that a final newline is part of what is compared.
fn lines(text: &str) -> Vec<&str> {
    text.split_inclusive('\n').collect()
}

/// Half-open ranges of lines that differ.
struct Hunk {
    base: (usize, usize),
    side: (usize, usize),
}

fn hunks(base: &[&str], side: &[&str]) -> Vec<Hunk> {
    let mut input = InternedInput::default();
    input.update_before(base.iter().copied());
    input.update_after(side.iter().copied());
    let mut diff = Diff::compute(Algorithm::Myers, &input);
    diff.postprocess_with_heuristic(&input, NoSliderHeuristic);
    diff.hunks()
        .map(|hunk| Hunk {
            base: (hunk.before.start as usize, hunk.before.end as usize),
            side: (hunk.after.start as usize, hunk.after.end as usize),
        })
        .collect()
}

/// Hunks of both sides that touch one another.
struct Cluster {
    start: usize,
    end: usize,
    /// The first hunk of ours, and of theirs, behind it.
    left: usize,
    right: usize,
}

impl Cluster {
    fn next(ours: &[Hunk], theirs: &[Hunk], left: usize, right: usize) -> Self {
        let from = |hunks: &[Hunk], at: usize| hunks.get(at).map(|hunk| hunk.base);
        let (start, end) = match (from(ours, left), from(theirs, right)) {
            (Some(a), Some(b)) => a.min(b),
            (Some(only), None) | (None, Some(only)) => only,
            (None, None) => (0, 0),
        };
        let mut cluster = Self { start, end, left, right };
        loop {
            if let Some(hunk) = from(ours, cluster.left).filter(|hunk| hunk.0 <= cluster.end) {
                cluster.end = cluster.end.max(hunk.1);
                cluster.left += 1;
            } else if let Some(hunk) = from(theirs, cluster.right).filter(|it| it.0 <= cluster.end)
            {
                cluster.end = cluster.end.max(hunk.1);
                cluster.right += 1;
            } else {
                return cluster;
            }
        }
    }

    /// What a side made of the base lines of this cluster.
    fn on_side<'a>(&self, hunks: &[Hunk], base: &[&'a str], side: &[&'a str]) -> Vec<&'a str> {
        let mut found = Vec::new();
        let mut at = self.start;
        for hunk in hunks {
            found.extend(&base[at..hunk.base.0]);
            found.extend(&side[hunk.side.0..hunk.side.1]);
            at = hunk.base.1;
        }
        found.extend(&base[at..self.end]);
        found
    }
}

/// The lines, without blanks around them, of hunks that brought more than they took.
fn put_in<'a>(hunks: &[Hunk], side: &[&'a str]) -> BTreeSet<&'a str> {
    let brought = hunks.iter().filter(|it| it.side.1 - it.side.0 > it.base.1 - it.base.0);
    brought.flat_map(|hunk| &side[hunk.side.0..hunk.side.1]).map(|line| line.trim()).collect()
}

/// Whether a line that `counts` stands more often than on either side: both moved it, or both wrote
/// it at different places.
pub(super) fn has_doubled(
    merged: &str,
    ours: &str,
    theirs: &str,
    counts: impl Fn(&str) -> bool,
) -> bool {
    let times = |text: &str| {
        let mut times: BTreeMap<String, usize> = BTreeMap::new();
        let trimmed = text.lines().map(str::trim).filter(|line| !line.is_empty() && counts(line));
        for line in trimmed {
            *times.entry(line.to_owned()).or_default() += 1;
        }
        times
    };
    let (ours, theirs) = (times(ours), times(theirs));
    times(merged).iter().any(|(line, &now)| {
        let of = |side: &BTreeMap<String, usize>| side.get(line).copied().unwrap_or(0);
        now > of(&ours).max(of(&theirs))
    })
}

/// Whether a line that is one of a kind in the base, and that one side deleted, stands again because
/// the other moved it.
pub(super) fn has_revived(base: &str, (ours, theirs): (&str, &str), merged: &str) -> bool {
    let plain = |line: &'_ str| line.trim().trim_end_matches(',').to_owned();
    let all = |text: &str| text.lines().map(plain).collect::<BTreeSet<String>>();
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for line in base.lines().map(plain) {
        *counts.entry(line).or_default() += 1;
    }
    let (ours, theirs) = (all(ours), all(theirs));
    let gone = |line: &String| {
        counts.get(line) == Some(&1) && ours.contains(line) != theirs.contains(line)
    };
    merged.lines().map(plain).any(|line| gone(&line))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_touch_stands() {
        for (base, ours, theirs, merged) in [
            ("a\nb\nc\n", "A\nb\nc\n", "a\nb\nC\n", Some("A\nb\nC\n")),
            ("a\nb\nc\n", "A\nb\nc\n", "a\nB\nc\n", None),
            ("a\nb\nc\n", "A\nb\nc\n", "A\nb\nC\n", Some("A\nb\nC\n")),
            ("a\nb\nc\n", "b\nc\n", "a\nb\n", Some("b\n")),
            ("a\nb\nc\n", "x\na\nb\nc\n", "a\nb\nc\ny\n", Some("x\na\nb\nc\ny\n")),
            ("a\nb\nc\n", "a\nb\nc\nx\n", "a\nb\nc\ny\n", None),
            // Both moved it.
            ("tell\na\nb\nc\nd\n", "a\nb\ntell\nc\nd\n", "a\nb\nc\nd\ntell\n", None),
            // No final newline in the middle.
            ("a\nb\nc", "a\nb\nc\nx\n", "A\nb\nc", Some("A\nb\nc\nx\n")),
        ] {
            assert_eq!(merge(base, ours, theirs).as_deref(), merged, "{ours:?} {theirs:?}");
            assert_eq!(merge(base, theirs, ours).as_deref(), merged, "{theirs:?} {ours:?}");
        }
    }
}
