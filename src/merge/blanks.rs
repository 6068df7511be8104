//! Blank lines between what came from two sides.
//!
//! A blank line is nothing by itself: it keeps apart what stands around it. Where a merge puts two
//! lines together that stood together on no side, it may have dropped the blank line that each had,
//! and glue two paragraphs; or it may have kept both.

use std::collections::BTreeMap;

use super::span::{End, Line};

/// What stands next to a line, on one of its sides.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Next {
    /// Nothing: the text ends there.
    #[default]
    Edge,
    /// Blank lines, wherever the line stands.
    Blank,
    /// Another line, at least once.
    Line,
}

impl Next {
    fn and(self, line: &str) -> Self {
        if is_blank(line) && self != Self::Line { Self::Blank } else { Self::Line }
    }
}

/// The habits of the two sides.
pub(super) struct Spacing<'a> {
    /// What stands above a line, and below.
    lines: BTreeMap<&'a str, (Next, Next)>,
    pairs: BTreeMap<&'a str, Vec<&'a str>>,
    /// The most blank lines in a row.
    longest: usize,
    /// Whether a side begins with a blank line, and whether one ends with one.
    edges: (bool, bool),
}

impl<'a> Spacing<'a> {
    pub(super) fn of(sides: &[&[Line<'a>]]) -> Self {
        let blank = |line: Option<&Line<'_>>| line.is_some_and(|line| is_blank(line.text));
        let edges = (
            sides.iter().any(|side| blank(side.first())),
            sides.iter().any(|side| blank(side.last())),
        );
        let mut spacing =
            Self { lines: BTreeMap::new(), pairs: BTreeMap::new(), longest: 1, edges };
        for side in sides {
            let mut run = 0;
            for (place, line) in side.iter().enumerate() {
                run = if is_blank(line.text) { run + 1 } else { 0 };
                spacing.longest = spacing.longest.max(run);
                if is_blank(line.text) {
                    continue;
                }
                let found = spacing.lines.entry(line.text).or_default();
                if let Some(before) = place.checked_sub(1).map(|before| side[before].text) {
                    found.0 = found.0.and(before);
                }
                if let Some(after) = side.get(place + 1).map(|after| after.text) {
                    found.1 = found.1.and(after);
                    spacing.pairs.entry(line.text).or_default().push(after);
                }
            }
        }
        spacing
    }

    /// Puts a blank line between two lines that always had one, and takes away those beyond the
    /// most that a side has in a row, and those at an edge where no side has one.
    pub(super) fn mend(&self, lines: Vec<(String, End)>, end: End) -> Vec<(String, End)> {
        let mut mended: Vec<(String, End)> = Vec::with_capacity(lines.len());
        let mut run = 0;
        for line in lines {
            run = if is_blank(&line.0) { run + 1 } else { 0 };
            if run > self.longest || run > 0 && mended.is_empty() && !self.edges.0 {
                continue;
            }
            if mended.last().is_some_and(|last| self.are_apart(&last.0, &line.0)) {
                mended.push((String::new(), end));
            }
            mended.push(line);
        }
        while !self.edges.1 && mended.last().is_some_and(|last| is_blank(&last.0)) {
            mended.pop();
        }
        mended
    }

    fn are_apart(&self, above: &str, below: &str) -> bool {
        let (Some(first), Some(second)) = (self.lines.get(above), self.lines.get(below)) else {
            return false;
        };
        let met = self.pairs.get(above).is_some_and(|next| next.contains(&below));
        !met && first.1 == Next::Blank && second.0 == Next::Blank
    }
}

fn is_blank(line: &str) -> bool {
    line.trim().is_empty()
}

#[cfg(test)]
mod tests {
    use super::super::span::lines;
    use super::*;

    fn mended(ours: &str, theirs: &str, merged: &str) -> String {
        let (ours, theirs) = (lines(ours), lines(theirs));
        let merged = lines(merged).iter().map(|line| (line.text.to_owned(), line.end)).collect();
        let mended = Spacing::of(&[&ours, &theirs]).mend(merged, End::Lf);
        mended.iter().flat_map(|(text, end)| [text.as_str(), end.as_str()]).collect()
    }

    #[test]
    fn paragraphs_stay_apart_and_items_together() {
        assert_eq!(mended("a\n\nb\n", "c\n\nd\n", "a\nd\n"), "a\n\nd\n");
        assert_eq!(mended("- a\n- b\n", "- a\n- c\n", "- b\n- c\n"), "- b\n- c\n");
        assert_eq!(mended("a\n\nb\n", "a\n\nb\n", "a\n\n\n\nb\n"), "a\n\nb\n");
        assert_eq!(mended("a\n\n\nb\n", "a\n\nb\n", "a\n\n\nb\n"), "a\n\n\nb\n");
    }
}
