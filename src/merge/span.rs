//! A text as lines that remember how they ended, and back.

use std::collections::BTreeSet;

use super::blanks::Spacing;
use super::choice::settle;

/// How a line ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum End {
    /// It is the last line, and the text stops there.
    Open,
    /// Line feed.
    Lf,
    /// Carriage return and line feed.
    CrLf,
}

impl End {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Open => "",
            Self::Lf => "\n",
            Self::CrLf => "\r\n",
        }
    }
}

/// One line without its ending, and the ending.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Line<'a> {
    pub(super) text: &'a str,
    pub(super) end: End,
}

/// Cuts `text` at its line feeds; an empty text has no lines.
pub(super) fn lines(text: &str) -> Vec<Line<'_>> {
    text.split_inclusive('\n')
        .map(|line| {
            if let Some(text) = line.strip_suffix("\r\n") {
                Line { text, end: End::CrLf }
            } else if let Some(text) = line.strip_suffix('\n') {
                Line { text, end: End::Lf }
            } else {
                Line { text: line, end: End::Open }
            }
        })
        .collect()
}

/// The ending that most lines have; line feed when in doubt.
pub(super) fn usual_end(lines: &[Line<'_>]) -> End {
    let count = |end| lines.iter().filter(|line| line.end == end).count();
    if count(End::CrLf) > count(End::Lf) { End::CrLf } else { End::Lf }
}

/// The style of endings that a merged text has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Style {
    /// For lines that came without one.
    pub(super) end: End,
    /// Whether the last line ends too.
    pub(super) closed: bool,
}

impl Style {
    /// Decides style and final newline, each as a value with three versions. An empty text has no
    /// opinion; two sides that differ without a base agree on line feeds and on a final newline.
    pub(super) fn of(base: Option<&[Line<'_>]>, ours: &[Line<'_>], theirs: &[Line<'_>]) -> Self {
        let opinion =
            |lines: &[Line<'_>]| lines.last().map(|last| (usual_end(lines), last.end != End::Open));
        let (ours, theirs) = match (opinion(ours), opinion(theirs)) {
            (Some(ours), Some(theirs)) => (ours, theirs),
            (Some(only), None) | (None, Some(only)) => (only, only),
            (None, None) => ((End::Lf, true), (End::Lf, true)),
        };
        let base = base.and_then(opinion);
        let closed = match base {
            Some(base) => settle(base.1, ours.1, theirs.1).unwrap_or(true),
            None => ours.1 || theirs.1,
        };
        let end = match base {
            Some(base) => settle(base.0, ours.0, theirs.0).unwrap_or(End::Lf),
            None => ours.0.min(theirs.0),
        };
        Self { end, closed }
    }
}

/// A merged text under construction.
#[derive(Debug)]
pub(super) struct Page {
    lines: Vec<(String, End)>,
    style: Style,
}

impl Page {
    pub(super) fn new(style: Style) -> Self {
        Self { lines: Vec::new(), style }
    }

    /// Adds a line; one that came open gets the usual ending, should another follow.
    pub(super) fn push(&mut self, text: impl Into<String>, end: End) {
        self.lines.push((text.into(), end));
    }

    /// Leaves only the first of each of these lines.
    pub(super) fn once(&mut self, texts: &BTreeSet<&str>) {
        let mut seen = BTreeSet::new();
        self.lines.retain(|(text, _)| !texts.contains(text.as_str()) || seen.insert(text.clone()));
    }

    /// Spaces its lines as the sides do.
    pub(super) fn space(&mut self, spacing: &Spacing<'_>) {
        self.lines = spacing.mend(std::mem::take(&mut self.lines), self.style.end);
    }

    /// The text, its final newline as the style demands.
    pub(super) fn finish(self) -> String {
        let mut text = String::new();
        let last = self.lines.len();
        for (place, (line, end)) in self.lines.into_iter().enumerate() {
            text.push_str(&line);
            let end = if end == End::Open { self.style.end } else { end };
            // An empty line that does not end would not be a line at all.
            if place + 1 < last || self.style.closed || line.is_empty() {
                text.push_str(end.as_str());
            }
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_come_back_as_they_were() {
        for text in ["", "a", "a\n", "a\r\nb\n\nc", "\n", "\r\n\r\n", "a\rb\n"] {
            let cut = lines(text);
            let mut page = Page::new(Style::of(None, &cut, &cut));
            for line in &cut {
                page.push(line.text, line.end);
            }
            assert_eq!(page.finish(), text);
        }
    }

    #[test]
    fn the_final_newline_is_a_value() {
        let closed = |base: &str, ours: &str, theirs: &str| {
            Style::of(Some(&lines(base)), &lines(ours), &lines(theirs)).closed
        };
        assert!(!closed("a\n", "a", "b\n"));
        assert!(closed("a", "a\n", "b"));
        assert!(!closed("a", "b", ""));
        assert!(closed("", "a", "b\n"));
    }
}
