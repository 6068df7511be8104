//! Texts merged by lines, and by atoms inside the lines that both sides changed.

use std::cell::OnceCell;
use std::collections::{BTreeMap, BTreeSet};

use super::align::{Fate, Grain, Trace, pair_by_other, pair_rewritten, reconcile, trace};
use super::blanks::Spacing;
use super::choice::{Choice, Merged, settle};
use super::line::{self, Bag};
use super::moves::{find_edited_moves, find_moved_edits, find_moves, free_moved_edits};
use super::span::{End, Line, Page, Style, lines, usual_end};
use super::union::{self, Extra};

/// Fewest letters and digits of a line which, written anew on both sides at different places, counts
/// as one line; shorter ones may well be meant twice.
const TELLING_LETTERS: usize = 4;

/// Whether a line says enough that nobody else writes it by chance.
pub(super) fn is_telling(line: &str) -> bool {
    line.chars().filter(|c| c.is_alphanumeric()).take(TELLING_LETTERS).count() == TELLING_LETTERS
}

/// Merges two texts with a common base; the sides come in a fixed order.
pub(super) fn merge(base: &str, ours: &str, theirs: &str) -> Merged {
    match settle(base, ours, theirs) {
        Some(settled) => Merged::clean(settled),
        None => merge_as(base, ours, theirs, false),
    }
}

/// What two texts may both have come to know: their merge, with every line that either still holds.
pub(super) fn ancestor(base: &str, ours: &str, theirs: &str) -> String {
    merge_as(base, ours, theirs, true).text
}

fn merge_as(base: &str, ours: &str, theirs: &str, keeps: bool) -> Merged {
    let (base, ours, theirs) = (lines(base), lines(ours), lines(theirs));
    let style = Style::of(Some(&base), &ours, &theirs);
    let (ours_trace, theirs_trace) = trace_both(&base, &ours, &theirs);
    let mut merger = Merger {
        base: &base,
        ours: Edition::new(&ours, &ours_trace),
        theirs: Edition::new(&theirs, &theirs_trace),
        style,
        page: Page::new(style),
        choices: Vec::new(),
        waiting: (Vec::new(), Vec::new()),
        keeps,
    };
    merger.run();
    merger.page.once(&twins(&base, (&ours, &ours_trace), (&theirs, &theirs_trace)));
    merger.page.space(&Spacing::of(&[&ours, &theirs]));
    Merged { text: merger.page.finish(), choices: merger.choices }
}

fn trace_both(base: &[Line<'_>], ours: &[Line<'_>], theirs: &[Line<'_>]) -> (Trace, Trace) {
    let [base, ours, theirs] =
        [base, ours, theirs].map(|lines| lines.iter().map(|line| line.text).collect::<Vec<&str>>());
    // Only the few lines inside hunks are ever compared.
    let cells =
        |lines: &[&str]| -> Vec<OnceCell<Bag>> { lines.iter().map(|_| OnceCell::new()).collect() };
    let (base_bags, our_bags, their_bags) = (cells(&base), cells(&ours), cells(&theirs));
    let base_bag = |at: usize| base_bags[at].get_or_init(|| Bag::of(base[at]));
    let our_bag = |at: usize| our_bags[at].get_or_init(|| Bag::of(ours[at]));
    let their_bag = |at: usize| their_bags[at].get_or_init(|| Bag::of(theirs[at]));
    let mut to_ours =
        trace(Grain::Lines, &base, &ours, &|from, to| line::likeness(base_bag(from), our_bag(to)));
    let mut to_theirs = trace(Grain::Lines, &base, &theirs, &|from, to| {
        line::likeness(base_bag(from), their_bag(to))
    });
    reconcile((&mut to_ours, &ours), (&mut to_theirs, &theirs));
    let (before_ours, before_theirs) = (to_ours.clone(), to_theirs.clone());
    free_moved_edits((&mut to_ours, &ours), (&before_theirs, &theirs));
    free_moved_edits((&mut to_theirs, &theirs), (&before_ours, &ours));
    let (before_ours, before_theirs) = (to_ours.clone(), to_theirs.clone());
    pair_by_other(&base, (&mut to_ours, &ours), (&before_theirs, &theirs), &|theirs, ours| {
        line::likeness(their_bag(theirs), our_bag(ours))
    });
    pair_by_other(&base, (&mut to_theirs, &theirs), (&before_ours, &ours), &|ours, theirs| {
        line::likeness(our_bag(ours), their_bag(theirs))
    });
    find_moves(&base, &ours, &mut to_ours);
    find_moves(&base, &theirs, &mut to_theirs);
    let (before_ours, before_theirs) = (to_ours.clone(), to_theirs.clone());
    find_moved_edits((&mut to_ours, &ours), (&before_theirs, &theirs), &|from, to| {
        line::likeness(base_bag(from), our_bag(to))
    });
    find_moved_edits((&mut to_theirs, &theirs), (&before_ours, &ours), &|from, to| {
        line::likeness(base_bag(from), their_bag(to))
    });
    let like_ours = |from, to| line::likeness(base_bag(from), our_bag(to));
    find_edited_moves(&base, &ours, &mut to_ours, &like_ours);
    let like_theirs = |from, to| line::likeness(base_bag(from), their_bag(to));
    find_edited_moves(&base, &theirs, &mut to_theirs, &like_theirs);
    pair_rewritten(&base, (&mut to_ours, &ours), (&mut to_theirs, &theirs));
    (to_ours, to_theirs)
}

/// One side with the way that leads to it.
struct Edition<'a> {
    lines: &'a [Line<'a>],
    trace: &'a Trace,
    /// Which base line a moved line was.
    moved: BTreeMap<usize, usize>,
    /// How most of its lines end.
    usual: End,
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
        Self { lines, trace, usual: usual_end(lines), moved, moved_to }
    }
}

struct Merger<'a> {
    base: &'a [Line<'a>],
    ours: Edition<'a>,
    theirs: Edition<'a>,
    style: Style,
    page: Page,
    choices: Vec<Choice>,
    /// Insertions of ours and of theirs since the last line that stands.
    waiting: (Vec<Extra>, Vec<Extra>),
    /// Whether a line that one side deleted stays, unedited by the other as it may be.
    keeps: bool,
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
            (Fate::Moved(_), _) | (_, Fate::Moved(_)) | (Fate::Gone, Fate::Gone) => None,
            (Fate::Gone, Fate::Kept(_)) => {
                let spared = self.keeps || self.is_spared(place, Which::Ours);
                spared.then(|| version(theirs, self.theirs.lines)).flatten()
            }
            (Fate::Kept(_), Fate::Gone) => {
                let spared = self.keeps || self.is_spared(place, Which::Theirs);
                spared.then(|| version(ours, self.ours.lines)).flatten()
            }
            // The edit stands against the deletion.
            (Fate::Gone, Fate::Edited(_)) => version(theirs, self.theirs.lines),
            (Fate::Edited(_), Fate::Gone) => version(ours, self.ours.lines),
            (Fate::Kept(at) | Fate::Edited(at), Fate::Kept(to) | Fate::Edited(to)) => {
                let (ours, theirs) = (self.ours.lines[at], self.theirs.lines[to]);
                Some(self.both(base, ours, theirs))
            }
        }
    }

    /// Whether a blank line that one side deleted belongs to a deletion that does not come to pass,
    /// because the other side edited a line of it.
    fn is_spared(&self, place: usize, deleted_by: Which) -> bool {
        if !self.base[place].text.trim().is_empty() {
            return false;
        }
        let gone = |at: &usize| self.edition(deleted_by).trace.fates[*at] == Fate::Gone;
        let edited =
            |at: usize| matches!(self.edition(deleted_by.other()).trace.fates[at], Fate::Edited(_));
        (0..place).rev().take_while(gone).any(edited)
            || (place..self.base.len()).take_while(gone).any(edited)
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
        let usual = edition.usual;
        let found: Vec<(Line<'a>, Option<usize>)> = edition.trace.gaps[gap]
            .iter()
            .map(|&place| (edition.lines[place], edition.moved.get(&place).copied()))
            .collect();
        let mut extras = Vec::new();
        for (line, origin) in found {
            if let Some(from) = origin {
                if let Some((text, end)) = self.arrival(line, from, gap, which) {
                    extras.push(Extra { gap, text, end });
                }
            } else {
                // A new line takes the style that the file as a whole comes to.
                let end = if line.end == usual { self.style.end } else { line.end };
                extras.push(Extra { gap, text: line.text.to_owned(), end });
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
            Fate::Moved(at) => {
                let there = other.moved_to.get(&from).copied().unwrap_or(0);
                if there > gap {
                    return None;
                }
                let (told, moved) = (self.choices.len(), other.lines[at]);
                let arrived = self.both(self.base[from], line, moved);
                if there == gap && matches!(which, Which::Theirs) {
                    // Ours has told it already.
                    self.choices.truncate(told);
                }
                Some(arrived)
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
        for extra in union::unite(ours, theirs, Some(&mut self.choices)) {
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

/// Finds the lines that each side wrote once and the base does not hold: the same addition, even when
/// the two stand at different places.
fn twins<'a>(
    base: &[Line<'_>],
    (ours, to_ours): (&[Line<'a>], &Trace),
    (theirs, to_theirs): (&[Line<'_>], &Trace),
) -> BTreeSet<&'a str> {
    // Two lines that came to say the same, each in its place, are two.
    let edited = |lines: &[Line<'_>], trace: &Trace| -> BTreeMap<String, usize> {
        let places = trace.fates.iter().enumerate();
        places
            .filter_map(|(from, fate)| match *fate {
                Fate::Edited(to) => Some((lines[to].text.to_owned(), from)),
                Fate::Kept(_) | Fate::Moved(_) | Fate::Gone => None,
            })
            .collect()
    };
    let (our_edits, their_edits) = (edited(ours, to_ours), edited(theirs, to_theirs));
    let are_two = |text: &str| match (our_edits.get(text), their_edits.get(text)) {
        (Some(here), Some(there)) => here != there,
        (None, _) | (_, None) => false,
    };
    let count = |lines: &[Line<'_>]| {
        let mut counts: BTreeMap<String, usize> = BTreeMap::new();
        for line in lines {
            *counts.entry(line.text.to_owned()).or_default() += 1;
        }
        counts
    };
    let (base, our_counts, their_counts) = (count(base), count(ours), count(theirs));
    ours.iter()
        .map(|line| line.text)
        .filter(|text| {
            is_telling(text)
                && !are_two(text)
                && !base.contains_key(*text)
                && our_counts.get(*text) == Some(&1)
                && their_counts.get(*text) == Some(&1)
        })
        .collect()
}
