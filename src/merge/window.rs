//! The part of a very long line that anybody changed.
//!
//! Cutting a line into atoms and tracing them is meant for what people type. A line of a megabyte is
//! pasted or written by a program: there only the part between the first and the last change is
//! looked at, and where that is still too long, it is merged by words or chosen as a whole.

/// Longest line that is merged in atoms from end to end, in bytes.
pub(super) const LONG_BYTES: usize = 64 * 1024;

/// How far around a change the line is looked at, in bytes: links and formulas are no longer.
const MARGIN_BYTES: usize = 2000;

/// Three versions of a line, cut at one place before and one place behind all changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Window<'a> {
    /// What all three begin with.
    pub(super) before: &'a str,
    pub(super) base: &'a str,
    pub(super) ours: &'a str,
    pub(super) theirs: &'a str,
    /// What all three end with.
    pub(super) after: &'a str,
}

impl<'a> Window<'a> {
    /// Cuts three versions of one line, [`MARGIN_BYTES`] away from the changes and between words
    /// where it can.
    pub(super) fn of(base: &'a str, ours: &'a str, theirs: &'a str) -> Self {
        let start = alike(base, ours, false).min(alike(base, theirs, false));
        let shortest = base.len().min(ours.len()).min(theirs.len());
        let end = alike(base, ours, true).min(alike(base, theirs, true)).min(shortest - start);
        let start = cut(base, start.saturating_sub(MARGIN_BYTES), false);
        let end = base.len() - cut(base, base.len() - end.saturating_sub(MARGIN_BYTES), true);
        let part = |text: &'a str| &text[start..text.len() - end];
        Self {
            before: &base[..start],
            base: part(base),
            ours: part(ours),
            theirs: part(theirs),
            after: &base[base.len() - end..],
        }
    }

    /// Whether it is short enough to be merged in atoms.
    pub(super) fn is_short(&self) -> bool {
        [self.base, self.ours, self.theirs].iter().all(|text| text.len() <= LONG_BYTES)
    }
}

/// How many bytes two texts have in common at the beginning, or at the end.
fn alike(one: &str, other: &str, at_end: bool) -> usize {
    let (one, other) = (one.as_bytes(), other.as_bytes());
    let pairs = one.len().min(other.len());
    let same = |length: usize| {
        if at_end {
            one[one.len() - length..] == other[other.len() - length..]
        } else {
            one[..length] == other[..length]
        }
    };
    // Whole slices are compared much faster than bytes.
    let (mut least, mut most) = (0, pairs);
    while least < most {
        let middle = (least + most).div_ceil(2);
        if same(middle) {
            least = middle;
        } else {
            most = middle - 1;
        }
    }
    least
}

/// The place nearest to `at`, away from the changes, where a word begins or ends; within the margin.
fn cut(text: &str, at: usize, forward: bool) -> usize {
    let is_blank = |place: usize| text.as_bytes().get(place).is_none_or(u8::is_ascii_whitespace);
    let near = |place: &usize| text.is_char_boundary(*place);
    if forward {
        let range = at..=text.len().min(at + MARGIN_BYTES);
        let found = range.clone().find(|&place| is_blank(place));
        found.or_else(|| range.clone().find(near)).unwrap_or(text.len())
    } else {
        let range = at.saturating_sub(MARGIN_BYTES)..=at;
        let begins = |place: &usize| place.checked_sub(1).is_none_or(is_blank);
        let found = range.clone().rev().find(begins);
        found.or_else(|| range.clone().rev().find(near)).unwrap_or(0)
    }
}

/// A line cut behind every blank, and behind every sign of a script without blanks.
pub(super) fn words(line: &str) -> Vec<&str> {
    line.split_inclusive(|c: char| c.is_whitespace() || ('\u{2e80}'..='\u{9fff}').contains(&c))
        .collect()
}

/// The beginning and the end of a line that is too long to be looked at as a whole.
pub(super) fn ends(line: &str) -> [&str; 2] {
    if line.len() <= LONG_BYTES {
        return [line, ""];
    }
    let head = cut(line, LONG_BYTES / 2, false);
    let tail = cut(line, line.len() - LONG_BYTES / 2, true);
    [&line[..head], &line[tail..]]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_holds_every_change() {
        let base: String = (0..5_000)
            .flat_map(|number| ["wörd".to_owned(), number.to_string(), " ".to_owned()])
            .collect();
        let ours = base.replace("wörd2000 ", "MINE ");
        let theirs = base.replace("wörd2100 ", "wörd2100 YOURS ");
        let window = Window::of(&base, &ours, &theirs);
        for (text, part) in [(&base, window.base), (&ours, window.ours), (&theirs, window.theirs)] {
            assert_eq!(&format!("{}{part}{}", window.before, window.after), text);
            assert!(
                part.len() < 8_000 && part.starts_with("wörd") && part.ends_with(char::is_numeric)
            );
        }
        // Grown by what stands there already, and shrunk to nothing.
        for (base, ours, theirs) in
            [("a a a", "a a a a", "a"), ("é", "éé", ""), ("若", "苦", "若若")]
        {
            let window = Window::of(base, ours, theirs);
            assert_eq!(format!("{}{}{}", window.before, window.ours, window.after), ours);
            assert_eq!(format!("{}{}{}", window.before, window.theirs, window.after), theirs);
        }
    }

    #[test]
    fn ends_of_an_endless_word_are_cut_between_letters() {
        let line = "é".repeat(LONG_BYTES);
        let [head, tail] = ends(&line);
        assert!(head.len() <= LONG_BYTES / 2 && tail.len() <= LONG_BYTES / 2);
        assert!(head.len() > LONG_BYTES / 4 && tail.len() > LONG_BYTES / 4);
    }
}
