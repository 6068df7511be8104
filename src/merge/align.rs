//! Follows every unit of a base into one side: kept, edited, moved or gone.
//!
//! Each side is traced alone, so what is found does not depend on the other side. A plain diff finds
//! the units that stayed; inside each hunk the rest is paired by likeness, in order, for the greatest
//! sum. Short texts, and what lies between the common start and the common end of longer ones, are
//! one hunk: the sum weighs what stayed by its length, so that a blank line never tears apart what
//! belongs together, as it does when a diff anchors on it.
//!
//! - Source: imara-diff 0.2 (histogram for lines, Myers for atoms); the pairing is the usual
//!   dynamic programme of sequence alignment, within [`CELLS_LIMIT`].

use std::collections::{BTreeMap, BTreeSet};

use imara_diff::{Algorithm, Diff, InternedInput};

/// Most pairs of units compared inside one hunk. Above it (200 lines rewritten to 200 others) pairs
/// are only made place by place; more would take noticeable time, and such a rewrite has no pairs.
pub(super) const CELLS_LIMIT: usize = 40_000;

/// Least length of a line, in bytes, that is known again elsewhere; shorter ones repeat by chance.
pub(super) const KNOWN_AT_LEAST_BYTES: usize = 5;

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
    /// Whole lines.
    Lines,
    /// Atoms of one line.
    Atoms,
}

/// Least likeness of lines that are taken for one, in thousandths.
pub(super) const LEAST_LIKENESS: u32 = 450;

/// Least likeness, in thousandths, of lines that are taken for one wherever they stand.
pub(super) const LEAST_LIKENESS_FAR: u32 = 650;

/// The same where as many lines were replaced by as many others, for two at the same place.
const LEAST_LIKENESS_IN_PLACE: u32 = 250;

/// What a blank line or blank counts when it stays or stays one, against at least 1000 for anything else: it goes
/// where the things around it go.
const BLANK_SCORE: u32 = 20;

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
        for (from, to) in pairs(grain, &hunk, base, side, likeness) {
            fates[from] = if base[from] == side[to] { Fate::Kept(to) } else { Fate::Edited(to) };
        }
        (at_base, at_side) = (hunk.base.1, hunk.side.1);
    }
    while at_base < base.len() {
        fates[at_base] = Fate::Kept(at_side);
        at_base += 1;
        at_side += 1;
    }
    let mut gaps = gaps(&fates, side.len());
    slide(base, side, &mut fates, &mut gaps);
    Trace { fates, gaps }
}

/// Makes two traces agree where one side holds exactly what the other made of a base unit, but was
/// traced otherwise. So it is after an earlier merge of the two, and without this the unit would
/// stand twice.
pub(super) fn reconcile(a: (&mut Trace, &[&str]), b: (&mut Trace, &[&str])) {
    let wishes = |edited: &Trace, edited_side: &[&str], other: &Trace, other_side: &[&str]| {
        let mut found = BTreeMap::new();
        for (place, fate) in edited.fates.iter().enumerate() {
            let Fate::Edited(to) = *fate else { continue };
            let text = edited_side[to];
            let there = match other.fates[place] {
                Fate::Edited(there) if other_side[there] != text => Some(there),
                Fate::Gone => None,
                Fate::Kept(_) | Fate::Edited(_) | Fate::Moved(_) => continue,
            };
            if let Some(at) = only_insertion(other, other_side, place, there, text) {
                found.insert(place, (at, text.to_owned()));
            }
        }
        found
    };
    let (a, a_side) = a;
    let (b, b_side) = b;
    let mut for_b = wishes(a, a_side, b, b_side);
    let mut for_a = wishes(b, b_side, a, a_side);
    // Where each holds both versions, the smaller is the edit and the other an insertion.
    let both: Vec<usize> =
        (for_a.keys().copied()).filter(|place| for_b.contains_key(place)).collect();
    for place in both {
        if for_a[&place].1 <= for_b[&place].1 {
            for_b.remove(&place);
        } else {
            for_a.remove(&place);
        }
    }
    for (trace, side, found) in [(a, a_side, for_a), (b, b_side, for_b)] {
        let mut last = None;
        for (place, (at, _)) in found {
            // Two wishes may meet in one insertion, or cross.
            if last.is_none_or(|last| last < at) {
                trace.fates[place] = Fate::Edited(at);
                last = Some(at);
            }
        }
        trace.gaps = gaps(&trace.fates, side.len());
    }
}

/// Takes an insertion for an edit where the other side edited a unit that seems gone here, and the
/// insertion is like what the other made of it.
///
/// - `likeness` compares a unit of the other side with one of this side, in thousandths.
/// - A unit that stands elsewhere here, as it was or as the other side has it, was moved there.
pub(super) fn pair_by_other(
    base: &[&str],
    (trace, side): (&mut Trace, &[&str]),
    (other, other_side): (&Trace, &[&str]),
    likeness: &dyn Fn(usize, usize) -> u32,
) {
    let stays = |fate: &Fate| match *fate {
        Fate::Kept(to) | Fate::Edited(to) => Some(to),
        Fate::Moved(_) | Fate::Gone => None,
    };
    for (place, &was) in base.iter().enumerate() {
        let (Fate::Gone, Fate::Edited(there)) = (trace.fates[place], other.fates[place]) else {
            continue;
        };
        let is = other_side[there];
        let elsewhere = |at: &usize| {
            was.trim().len() >= KNOWN_AT_LEAST_BYTES && (side[*at] == was || side[*at] == is)
        };
        if trace.gaps.iter().flatten().any(elsewhere) {
            continue;
        }
        let after = trace.fates[..place].iter().rev().find_map(stays);
        let before = trace.fates[place + 1..].iter().find_map(stays);
        let range = after.map_or(0, |after| after + 1)..before.unwrap_or(side.len());
        let best = range
            .map(|at| (likeness(there, at), at))
            .max_by_key(|&(found, at)| (found, usize::MAX - at));
        if let Some((found, at)) = best
            && found >= LEAST_LIKENESS
        {
            trace.fates[place] = Fate::Edited(at);
        }
    }
    trace.gaps = gaps(&trace.fates, side.len());
}

/// Takes a unit that both sides replaced by one other in its place for edited, however little is left
/// of it: two versions of one thing, of which one can stand.
pub(super) fn pair_rewritten(
    base: &[&str],
    (a, a_side): (&mut Trace, &[&str]),
    (b, b_side): (&mut Trace, &[&str]),
) {
    let replaced = |trace: &Trace, side: &[&str], place: usize| -> Option<usize> {
        let stays = |place: Option<&Fate>| match place {
            None | Some(Fate::Kept(_) | Fate::Edited(_)) => true,
            Some(Fate::Moved(_) | Fate::Gone) => false,
        };
        let alone = trace.fates[place] == Fate::Gone
            && stays(place.checked_sub(1).and_then(|before| trace.fates.get(before)))
            && stays(trace.fates.get(place + 1));
        match (&trace.gaps[place][..], &trace.gaps[place + 1][..]) {
            ([only], []) | ([], [only]) if alone && !side[*only].trim().is_empty() => Some(*only),
            _ => None,
        }
    };
    // Blank lines stand everywhere; only what tells something says where a unit stood.
    let held = |place: Option<usize>, a: &Trace, b: &Trace| {
        place.is_none_or(|place| {
            let kept = |trace: &Trace| matches!(trace.fates[place], Fate::Kept(_));
            kept(a) && kept(b)
        })
    };
    let tells = |place: &usize| !base[*place].trim().is_empty();
    for place in (0..base.len()).filter(tells) {
        let (before, after) = ((0..place).rev().find(tells), (place + 1..base.len()).find(tells));
        if !held(before, a, b) || !held(after, a, b) {
            continue;
        }
        if let (Some(ours), Some(theirs)) = (replaced(a, a_side, place), replaced(b, b_side, place))
        {
            for (trace, to) in [(&mut *a, ours), (&mut *b, theirs)] {
                trace.fates[place] = Fate::Edited(to);
                trace.gaps[place].clear();
                trace.gaps[place + 1].clear();
            }
        }
    }
}

/// The only inserted unit with this text between the neighbours of a base unit, `there` aside.
fn only_insertion(
    trace: &Trace,
    side: &[&str],
    place: usize,
    there: Option<usize>,
    text: &str,
) -> Option<usize> {
    let stays = |fate: &Fate| match *fate {
        Fate::Kept(to) | Fate::Edited(to) => Some(to),
        Fate::Moved(_) | Fate::Gone => None,
    };
    let after = trace.fates[..place].iter().rev().find_map(stays);
    let before = trace.fates[place + 1..].iter().find_map(stays);
    let start = after.map_or(0, |after| after + 1);
    let end = before.unwrap_or(side.len());
    let mut found = (start..end).filter(|&at| side[at] == text && Some(at) != there);
    let first = found.next()?;
    found.next().is_none().then_some(first)
}

/// The pairs of places, both ascending, with the greatest sum of scores; zero means no pair.
/// `None` when there are more than `limit` cells to fill.
pub(super) fn heaviest(
    rows: usize,
    columns: usize,
    limit: usize,
    score: impl Fn(usize, usize) -> u32,
) -> Option<Vec<(usize, usize)>> {
    if rows.saturating_mul(columns) > limit {
        return None;
    }
    // best[r][c]: the greatest sum for the rows from r and the columns from c on.
    let width = columns + 1;
    let mut best = vec![0_u32; (rows + 1) * width];
    let mut scores = vec![0_u32; rows * columns];
    for row in (0..rows).rev() {
        for column in (0..columns).rev() {
            let found = score(row, column);
            scores[row * columns + column] = found;
            let paired = if found > 0 {
                found.saturating_add(best[(row + 1) * width + column + 1])
            } else {
                0
            };
            best[row * width + column] =
                paired.max(best[(row + 1) * width + column]).max(best[row * width + column + 1]);
        }
    }
    let (mut row, mut column) = (0, 0);
    let mut found = Vec::new();
    while row < rows && column < columns {
        let here = best[row * width + column];
        let score = scores[row * columns + column];
        if score > 0 && here == score.saturating_add(best[(row + 1) * width + column + 1]) {
            found.push((row, column));
            row += 1;
            column += 1;
        } else if here == best[row * width + column + 1] {
            column += 1;
        } else {
            row += 1;
        }
    }
    Some(found)
}

/// What a unit counts when it is found again: long ones say more than short ones.
pub(super) fn weight(unit: &str) -> u32 {
    if unit.chars().any(char::is_alphanumeric) {
        u32::try_from(unit.len().min(200)).unwrap_or(200) + 10
    } else {
        1
    }
}

/// Half-open ranges of places that differ.
struct Hunk {
    base: (usize, usize),
    side: (usize, usize),
}

/// What lies between the common start and the common end; cut further by a plain diff when large.
fn hunks(grain: Grain, base: &[&str], side: &[&str]) -> Vec<Hunk> {
    let start = base.iter().zip(side).take_while(|(a, b)| a == b).count();
    let (base_rest, side_rest) = (&base[start..], &side[start..]);
    let end =
        (base_rest.iter().rev().zip(side_rest.iter().rev())).take_while(|(a, b)| a == b).count();
    let middle = Hunk { base: (start, base.len() - end), side: (start, side.len() - end) };
    let cells = (base_rest.len() - end).saturating_mul(side_rest.len() - end);
    if cells <= CELLS_LIMIT {
        return vec![middle];
    }
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

fn pairs(
    grain: Grain,
    hunk: &Hunk,
    base: &[&str],
    side: &[&str],
    likeness: &dyn Fn(usize, usize) -> u32,
) -> Vec<(usize, usize)> {
    let (rows, columns) = (hunk.base.1 - hunk.base.0, hunk.side.1 - hunk.side.0);
    let least = match grain {
        Grain::Lines => LEAST_LIKENESS,
        Grain::Atoms => 1,
    };
    // What stands on both, once each, is nothing else's earlier or later wording.
    let known = match grain {
        Grain::Lines => {
            standing_once(&base[hunk.base.0..hunk.base.1], &side[hunk.side.0..hunk.side.1])
        }
        Grain::Atoms => BTreeSet::new(),
    };
    let likeness = |from: usize, to: usize| {
        let own = known.contains(base[from]) || known.contains(side[to]);
        if own { 0 } else { likeness(from, to) }
    };
    let score = |row: usize, column: usize| {
        let (from, to) = (hunk.base.0 + row, hunk.side.0 + column);
        if base[from].trim().is_empty() && side[to].trim().is_empty() {
            return BLANK_SCORE;
        }
        if base[from] == side[to] {
            return 1000 * weight(base[from]);
        }
        let found = likeness(from, to);
        if found >= least {
            // Squared, so that two half-likenesses never outweigh a unit that stayed.
            found * found / 1000 * weight(base[from]).min(weight(side[to]))
        } else {
            0
        }
    };
    let found = heaviest(rows, columns, CELLS_LIMIT, score).unwrap_or_default();
    let mut pairs: Vec<(usize, usize)> =
        found.iter().map(|(row, column)| (hunk.base.0 + row, hunk.side.0 + column)).collect();
    if grain == Grain::Lines {
        let paired: BTreeSet<usize> = pairs.iter().map(|(_, to)| *to).collect();
        let open: Vec<usize> =
            (hunk.side.0..hunk.side.1).filter(|place| !paired.contains(place)).collect();
        // A line that stands elsewhere, hardly changed, was moved there.
        let in_place = |from: usize, to: usize| {
            let found = likeness(from, to);
            let beaten = found < LEAST_LIKENESS
                && rows.saturating_mul(open.len()) <= CELLS_LIMIT
                && open.iter().any(|&other| likeness(from, other) >= LEAST_LIKENESS_FAR);
            if beaten { 0 } else { found }
        };
        pair_in_place(hunk, &mut pairs, &in_place);
    }
    pairs
}

/// Texts that say something and stand exactly once in each.
fn standing_once<'a>(base: &[&'a str], side: &[&str]) -> BTreeSet<&'a str> {
    let mut counts: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
    for text in base {
        counts.entry(text).or_default().0 += 1;
    }
    for text in side {
        counts.entry(text).or_default().1 += 1;
    }
    let tells = |text: &str| text.trim().len() >= KNOWN_AT_LEAST_BYTES;
    base.iter().copied().filter(|text| tells(text) && counts.get(text) == Some(&(1, 1))).collect()
}

/// Pairs what is left between two pairs, place by place, where the counts are the same.
fn pair_in_place(
    hunk: &Hunk,
    pairs: &mut Vec<(usize, usize)>,
    likeness: &dyn Fn(usize, usize) -> u32,
) {
    let mut more = Vec::new();
    let (mut from, mut to) = (hunk.base.0, hunk.side.0);
    for &(next_from, next_to) in pairs.iter().chain([&(hunk.base.1, hunk.side.1)]) {
        if next_from - from == next_to - to {
            more.extend(
                (from..next_from)
                    .zip(to..next_to)
                    .filter(|&(a, b)| likeness(a, b) >= LEAST_LIKENESS_IN_PLACE),
            );
        }
        (from, to) = (next_from + 1, next_to + 1);
    }
    pairs.extend(more);
    pairs.sort_unstable();
}

/// Moves deletions and insertions as far down as they go. Where the same unit stands before and
/// after, as blank lines and blanks do, a diff may put them at either place; two sides that did the
/// same must not differ in it.
fn slide(base: &[&str], side: &[&str], fates: &mut [Fate], gaps: &mut [Vec<usize>]) {
    for place in 0..fates.len() {
        let Fate::Kept(to) = fates[place] else {
            continue;
        };
        let first = gaps[place].first().copied();
        if let Some(first) = first.filter(|&first| side[first] == side[to]) {
            fates[place] = Fate::Kept(first);
            let mut run = std::mem::take(&mut gaps[place]);
            run.remove(0);
            run.push(to);
            run.append(&mut gaps[place + 1]);
            gaps[place + 1] = run;
        }
    }
    let mut start = 0;
    for place in 0..fates.len() {
        match fates[place] {
            Fate::Gone => {
                if !gaps[place].is_empty() {
                    start = place;
                }
            }
            Fate::Kept(to)
                if start < place && gaps[place].is_empty() && base[start] == base[place] =>
            {
                fates[start] = Fate::Kept(to);
                fates[place] = Fate::Gone;
                start += 1;
            }
            Fate::Kept(_) | Fate::Edited(_) | Fate::Moved(_) => start = place + 1,
        }
    }
}

/// Everything on the side that no base unit became, by the base unit it stands before.
pub(super) fn gaps(fates: &[Fate], side_len: usize) -> Vec<Vec<usize>> {
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

#[cfg(test)]
mod tests {
    use super::super::moves::find_moves;
    use super::*;

    fn lines(base: &[&str], side: &[&str]) -> Trace {
        let mut found = trace(Grain::Lines, base, side, &|from, to| {
            let same = base[from].chars().zip(side[to].chars()).take_while(|(a, b)| a == b).count();
            u32::try_from(same * 1000 / base[from].len().max(1)).unwrap()
        });
        find_moves(base, side, &mut found);
        found
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
