//! Follows every unit of a base into one side: kept, edited, moved or gone.
//!
//! Each side is traced alone, so what is found does not depend on the other side. A plain diff finds
//! the units that stayed; inside each hunk the rest is paired by likeness, in order, for the greatest
//! sum.
//!
//! - Source: imara-diff 0.2 (histogram for lines, Myers for atoms); the pairing is the usual
//!   dynamic programme of sequence alignment, within [`CELLS_LIMIT`].

use std::collections::BTreeMap;

use imara_diff::{Algorithm, Diff, InternedInput};

/// Most pairs of units compared inside one hunk. Above it (200 lines rewritten to 200 others) pairs
/// are only made place by place; more would take noticeable time, and such a rewrite has no pairs.
const CELLS_LIMIT: usize = 40_000;

/// Least length of a line, in bytes, that is recognised elsewhere; shorter ones repeat by chance.
const MOVED_AT_LEAST_BYTES: usize = 8;

/// What became of one base unit. The number is the unit's place on the side.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate {
    Kept(usize),
    Edited(usize),
    /// It left its place, and stands unchanged among the insertions.
    Moved(usize),
    Gone,
}

/// The way from a base to one side.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Trace {
    /// One for each base unit; the places of kept and edited ones ascend.
    pub(super) fates: Vec<Fate>,
    /// What stands on the side before each base unit, and at the end (one more than `fates`): places
    /// on the side, ascending.
    pub(super) gaps: Vec<Vec<usize>>,
}

/// What kind of units are traced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Grain {
    /// Whole lines; looks for moved ones too.
    Lines,
    /// Atoms of one line.
    Atoms,
}

impl Grain {
    /// Least likeness of a pair, in thousandths.
    fn least(self) -> u32 {
        match self {
            Self::Lines => 450,
            Self::Atoms => 1,
        }
    }

    /// The same for units at the same place of a hunk with as many units before as after.
    fn least_in_place(self) -> u32 {
        match self {
            Self::Lines => 250,
            Self::Atoms => 1,
        }
    }
}

/// Traces `base` into `side`.
///
/// - `likeness` compares a base unit with a side's unit, both by place, in thousandths; zero means
///   that the one cannot have become the other.
pub(super) fn trace(
    grain: Grain,
    base: &[&str],
    side: &[&str],
    likeness: &dyn Fn(usize, usize) -> u32,
) -> Trace {
    let mut fates = vec![Fate::Gone; base.len()];
    let (mut at_base, mut at_side) = (0, 0);
    for hunk in hunks(grain, base, side) {
        while at_base < hunk.base.0 {
            fates[at_base] = Fate::Kept(at_side);
            at_base += 1;
            at_side += 1;
        }
        for (from, to) in pairs(grain, &hunk, likeness) {
            fates[from] = if base[from] == side[to] { Fate::Kept(to) } else { Fate::Edited(to) };
        }
        (at_base, at_side) = (hunk.base.1, hunk.side.1);
    }
    while at_base < base.len() {
        fates[at_base] = Fate::Kept(at_side);
        at_base += 1;
        at_side += 1;
    }
    let gaps = gaps(&fates, side.len());
    if grain == Grain::Lines {
        find_moves(base, side, &mut fates, &gaps);
    }
    Trace { fates, gaps }
}

/// Half-open ranges of places that differ.
struct Hunk {
    base: (usize, usize),
    side: (usize, usize),
}

fn hunks(grain: Grain, base: &[&str], side: &[&str]) -> Vec<Hunk> {
    let mut input = InternedInput::default();
    input.update_before(base.iter().copied());
    input.update_after(side.iter().copied());
    let mut diff = match grain {
        Grain::Lines => Diff::compute(Algorithm::Histogram, &input),
        Grain::Atoms => Diff::compute(Algorithm::Myers, &input),
    };
    match grain {
        Grain::Lines => diff.postprocess_lines(&input),
        Grain::Atoms => diff.postprocess_no_heuristic(&input),
    }
    diff.hunks()
        .map(|hunk| Hunk {
            base: (hunk.before.start as usize, hunk.before.end as usize),
            side: (hunk.after.start as usize, hunk.after.end as usize),
        })
        .collect()
}

fn pairs(grain: Grain, hunk: &Hunk, likeness: &dyn Fn(usize, usize) -> u32) -> Vec<(usize, usize)> {
    let (rows, columns) = (hunk.base.1 - hunk.base.0, hunk.side.1 - hunk.side.0);
    let score = |row: usize, column: usize| {
        let least =
            if rows == columns && row == column { grain.least_in_place() } else { grain.least() };
        let found = likeness(hunk.base.0 + row, hunk.side.0 + column);
        if found >= least { found } else { 0 }
    };
    if rows * columns > CELLS_LIMIT {
        return (0..rows.min(columns))
            .filter(|&place| rows == columns && score(place, place) > 0)
            .map(|place| (hunk.base.0 + place, hunk.side.0 + place))
            .collect();
    }
    // best[r][c]: the greatest sum for the rows from r and the columns from c on.
    let width = columns + 1;
    let mut best = vec![0_u32; (rows + 1) * width];
    let mut scores = vec![0_u32; rows * columns];
    for row in (0..rows).rev() {
        for column in (0..columns).rev() {
            let found = score(row, column);
            scores[row * columns + column] = found;
            let paired = if found > 0 { found + best[(row + 1) * width + column + 1] } else { 0 };
            best[row * width + column] =
                paired.max(best[(row + 1) * width + column]).max(best[row * width + column + 1]);
        }
    }
    let (mut row, mut column) = (0, 0);
    let mut found = Vec::new();
    while row < rows && column < columns {
        let here = best[row * width + column];
        let score = scores[row * columns + column];
        if score > 0 && here == score + best[(row + 1) * width + column + 1] {
            found.push((hunk.base.0 + row, hunk.side.0 + column));
            row += 1;
            column += 1;
        } else if here == best[row * width + column + 1] {
            column += 1;
        } else {
            row += 1;
        }
    }
    found
}

/// Everything on the side that no base unit became, by the base unit it stands before.
fn gaps(fates: &[Fate], side_len: usize) -> Vec<Vec<usize>> {
    let mut gaps = vec![Vec::new(); fates.len() + 1];
    let (mut gap, mut at) = (0, 0);
    for (place, fate) in fates.iter().enumerate() {
        if let Fate::Kept(to) | Fate::Edited(to) = *fate {
            gaps[gap].extend(at..to);
            (gap, at) = (place + 1, to + 1);
        }
    }
    gaps[gap].extend(at..side_len);
    gaps
}

/// A line that is gone once and appeared once, and says enough to be itself, was moved.
fn find_moves(base: &[&str], side: &[&str], fates: &mut [Fate], gaps: &[Vec<usize>]) {
    let mut appeared: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for &place in gaps.iter().flatten() {
        appeared.entry(side[place]).or_default().push(place);
    }
    let mut gone: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (place, fate) in fates.iter().enumerate() {
        if *fate == Fate::Gone && base[place].trim().len() >= MOVED_AT_LEAST_BYTES {
            gone.entry(base[place]).or_default().push(place);
        }
    }
    for (line, places) in gone {
        if let ([from], Some([to])) = (&places[..], appeared.get(line).map(|found| &found[..])) {
            fates[*from] = Fate::Moved(*to);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(base: &[&str], side: &[&str]) -> Trace {
        trace(Grain::Lines, base, side, &|from, to| {
            let same = base[from].chars().zip(side[to].chars()).take_while(|(a, b)| a == b).count();
            u32::try_from(same * 1000 / base[from].len().max(1)).unwrap()
        })
    }

    #[test]
    fn every_unit_has_a_fate() {
        let found = lines(
            &["one", "two words", "three", "four", "a line that moves"],
            &["a line that moves", "one", "two world", "new", "four"],
        );
        assert_eq!(
            found.fates,
            [Fate::Kept(1), Fate::Edited(2), Fate::Gone, Fate::Kept(4), Fate::Moved(0)]
        );
        assert_eq!(found.gaps, [vec![0], vec![], vec![3], vec![], vec![], vec![]]);
    }

    #[test]
    fn a_hunk_at_the_limit_still_answers() {
        let many: Vec<String> = (0..300).map(|n| format!("line {n}")).collect();
        let other: Vec<String> = (0..300).map(|n| format!("line {n}!")).collect();
        let base: Vec<&str> = many.iter().map(String::as_str).collect();
        let side: Vec<&str> = other.iter().map(String::as_str).collect();
        let found = lines(&base, &side);
        assert_eq!(found.fates[299], Fate::Edited(299));
        let found = lines(&base, &side[..299]);
        assert_eq!(found.fates[0], Fate::Gone);
        let found = lines(&base[..200], &side[..199]);
        assert_eq!(found.fates[0], Fate::Edited(0));
    }
}
