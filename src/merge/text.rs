//! Texts merged by lines, and by atoms inside the lines that both sides changed.

use std::collections::{BTreeMap, BTreeSet};

use super::align::{Fate, Grain, Trace, trace};
use super::choice::{Choice, Merged, settle};
use super::line::{self, Bag};
use super::span::{End, Line, Page, Style, lines};
use super::union::{self, Extra};

/// Fewest words of a line which, written anew on both sides at different places, counts as one line.
const TELLING_WORDS: usize = 3;

/// Merges two texts with a common base; the sides come in a fixed order.
pub(super) fn merge(base: &str, ours: &str, theirs: &str) -> Merged {
    if let Some(settled) = settle(base, ours, theirs) {
        return Merged::clean(settled);
    }
    let (base, ours, theirs) = (lines(base), lines(ours), lines(theirs));
    let style = Style::of(Some(&base), &ours, &theirs);
    let ours_trace = trace_lines(&base, &ours);
    let theirs_trace = trace_lines(&base, &theirs);
    let mut merger = Merger {
        twins: twins(&base, (&ours, &ours_trace), (&theirs, &theirs_trace)),
        base: &base,
        ours: Edition::new(&ours, &ours_trace),
        theirs: Edition::new(&theirs, &theirs_trace),
        page: Page::new(style),
        choices: Vec::new(),
        waiting: (Vec::new(), Vec::new()),
    };
    merger.run();
    Merged { text: merger.page.finish(), choices: merger.choices }
}

fn trace_lines(base: &[Line<'_>], side: &[Line<'_>]) -> Trace {
    let texts = |lines: &[Line<'_>]| -> Vec<String> {
        lines.iter().map(|line| line.text.to_owned()).collect()
    };
    let (base_owned, side_owned) = (texts(base), texts(side));
    let base_texts: Vec<&str> = base_owned.iter().map(String::as_str).collect();
    let side_texts: Vec<&str> = side_owned.iter().map(String::as_str).collect();
    let base_bags: Vec<Bag<'_>> = base_texts.iter().map(|text| Bag::of(text)).collect();
    let side_bags: Vec<Bag<'_>> = side_texts.iter().map(|text| Bag::of(text)).collect();
    trace(Grain::Lines, &base_texts, &side_texts, &|from, to| {
        line::likeness(&base_bags[from], &side_bags[to])
    })
}

/// One side with the way that leads to it.
struct Edition<'a> {
    lines: &'a [Line<'a>],
    trace: &'a Trace,
    /// Which base line a moved line was.
    moved: BTreeMap<usize, usize>,
    /// The gap in which a moved base line now stands.
    moved_to: BTreeMap<usize, usize>,
}

impl<'a> Edition<'a> {
    fn new(lines: &'a [Line<'a>], trace: &'a Trace) -> Self {
        let moved: BTreeMap<usize, usize> = trace
            .fates
            .iter()
            .enumerate()
            .filter_map(|(from, fate)| match fate {
                Fate::Moved(to) => Some((*to, from)),
                Fate::Kept(_) | Fate::Edited(_) | Fate::Gone => None,
            })
            .collect();
        let mut moved_to = BTreeMap::new();
        for (gap, places) in trace.gaps.iter().enumerate() {
            for place in places {
                if let Some(&from) = moved.get(place) {
                    moved_to.insert(from, gap);
                }
            }
        }
        Self { lines, trace, moved, moved_to }
    }
}

struct Merger<'a> {
    base: &'a [Line<'a>],
    ours: Edition<'a>,
    theirs: Edition<'a>,
    /// Lines that both sides wrote anew, at different gaps: text to the gap where it shall stand.
    twins: BTreeMap<&'a str, usize>,
    page: Page,
    choices: Vec<Choice>,
    /// Insertions of ours and of theirs since the last line that stands.
    waiting: (Vec<Extra>, Vec<Extra>),
}

impl<'a> Merger<'a> {
    fn run(&mut self) {
        for place in 0..=self.base.len() {
            let ours = self.extras(place, Which::Ours);
            let theirs = self.extras(place, Which::Theirs);
            self.waiting.0.extend(ours);
            self.waiting.1.extend(theirs);
            if place == self.base.len() {
                self.flush();
                return;
            }
            if let Some((text, end)) = self.standing(place) {
                self.flush();
                self.page.push(text, end);
            }
        }
    }

    /// The base line as it stands at its old place; `None` when it was deleted or moved.
    fn standing(&mut self, place: usize) -> Option<(String, End)> {
        let base = self.base[place];
        let ours = self.ours.trace.fates[place];
        let theirs = self.theirs.trace.fates[place];
        let version = |fate: Fate, lines: &[Line<'_>]| match fate {
            Fate::Kept(at) | Fate::Edited(at) => Some((lines[at].text.to_owned(), lines[at].end)),
            Fate::Moved(_) | Fate::Gone => None,
        };
        match (ours, theirs) {
            (Fate::Moved(_), _)
            | (_, Fate::Moved(_))
            | (Fate::Gone, Fate::Gone | Fate::Kept(_))
            | (Fate::Kept(_), Fate::Gone) => None,
            // The edit stands against the deletion.
            (Fate::Gone, Fate::Edited(_)) => version(theirs, self.theirs.lines),
            (Fate::Edited(_), Fate::Gone) => version(ours, self.ours.lines),
            (Fate::Kept(at) | Fate::Edited(at), Fate::Kept(to) | Fate::Edited(to)) => {
                let (ours, theirs) = (self.ours.lines[at], self.theirs.lines[to]);
                Some(self.both(base, ours, theirs))
            }
        }
    }

    fn both(&mut self, base: Line<'_>, ours: Line<'_>, theirs: Line<'_>) -> (String, End) {
        let text = line::merge(base.text, ours.text, theirs.text, &mut self.choices);
        let end = match (ours.end, theirs.end) {
            (End::Open, other) | (other, End::Open) => other,
            (ours, theirs) => settle(base.end, ours, theirs).unwrap_or(End::Open),
        };
        (text, end)
    }

    /// What one side inserted before a base line, moved lines in the state that both sides gave them.
    fn extras(&mut self, gap: usize, which: Which) -> Vec<Extra> {
        let edition = self.edition(which);
        let found: Vec<(Line<'a>, Option<usize>)> = edition.trace.gaps[gap]
            .iter()
            .map(|&place| (edition.lines[place], edition.moved.get(&place).copied()))
            .collect();
        let mut extras = Vec::new();
        for (line, origin) in found {
            if let Some(from) = origin {
                if let Some((text, end)) = self.arrival(line, from, gap, which) {
                    extras.push(Extra { text, end });
                }
            } else if self.twins.get(line.text).is_none_or(|&home| home == gap) {
                extras.push(Extra { text: line.text.to_owned(), end: line.end });
            }
        }
        extras
    }

    /// A moved line at its new place, with what the other side made of it at the old one. Moved by
    /// both, it stands at the later place.
    fn arrival(
        &mut self,
        line: Line<'_>,
        from: usize,
        gap: usize,
        which: Which,
    ) -> Option<(String, End)> {
        let other = self.edition(which.other());
        match other.trace.fates[from] {
            Fate::Edited(at) => {
                let edited = other.lines[at];
                Some(self.both(self.base[from], line, edited))
            }
            Fate::Moved(_) => {
                let there = other.moved_to.get(&from).copied().unwrap_or(0);
                (there <= gap).then(|| (line.text.to_owned(), line.end))
            }
            Fate::Kept(_) | Fate::Gone => Some((line.text.to_owned(), line.end)),
        }
    }

    fn edition(&self, which: Which) -> &Edition<'a> {
        match which {
            Which::Ours => &self.ours,
            Which::Theirs => &self.theirs,
        }
    }

    fn flush(&mut self) {
        let (ours, theirs) = std::mem::take(&mut self.waiting);
        for extra in union::unite(ours, theirs) {
            self.page.push(extra.text, extra.end);
        }
    }
}

#[derive(Debug, Clone, Copy)]
enum Which {
    Ours,
    Theirs,
}

impl Which {
    fn other(self) -> Self {
        match self {
            Self::Ours => Self::Theirs,
            Self::Theirs => Self::Ours,
        }
    }
}

/// Finds lines that each side wrote once and the base does not hold, and gives each the earlier of
/// its two places. Without this the same addition, made at slightly different places, would double.
fn twins<'a>(
    base: &[Line<'_>],
    ours: (&'a [Line<'a>], &Trace),
    theirs: (&'a [Line<'a>], &Trace),
) -> BTreeMap<&'a str, usize> {
    let known: BTreeSet<&str> = base.iter().map(|line| line.text).collect();
    let fresh = |(lines, trace): (&'a [Line<'a>], &Trace)| {
        let mut found: BTreeMap<&'a str, Vec<usize>> = BTreeMap::new();
        for (gap, places) in trace.gaps.iter().enumerate() {
            for &place in places {
                let text = lines[place].text;
                if text.split_whitespace().nth(TELLING_WORDS - 1).is_some() && !known.contains(text)
                {
                    found.entry(text).or_default().push(gap);
                }
            }
        }
        found
    };
    let (ours, theirs) = (fresh(ours), fresh(theirs));
    ours.into_iter()
        .filter_map(|(text, gaps)| match (&gaps[..], theirs.get(text).map(|gaps| &gaps[..])) {
            ([here], Some([there])) if here != there => Some((text, *here.min(there))),
            _ => None,
        })
        .collect()
}
