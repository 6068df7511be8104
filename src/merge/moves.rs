//! Lines that left their place: found again by what they say, then by what they are like.

use std::collections::BTreeMap;

use super::align::{
    CELLS_LIMIT, Fate, KNOWN_AT_LEAST_BYTES, LEAST_LIKENESS, LEAST_LIKENESS_FAR, Trace, gaps,
};

/// How much less alike, in thousandths, every other candidate must be.
const LEAST_LEAD: u32 = 100;

/// A line that is gone once and appeared once, and says enough to be itself, was moved.
pub(super) fn find_moves(base: &[&str], side: &[&str], trace: &mut Trace) {
    let Trace { fates, gaps } = trace;
    let mut appeared: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for &place in gaps.iter().flatten() {
        appeared.entry(side[place]).or_default().push(place);
    }
    let mut gone: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (place, fate) in fates.iter().enumerate() {
        if *fate == Fate::Gone && base[place].trim().len() >= KNOWN_AT_LEAST_BYTES {
            gone.entry(base[place]).or_default().push(place);
        }
    }
    for (line, places) in gone {
        if let ([from], Some([to])) = (&places[..], appeared.get(line).map(|found| &found[..])) {
            fates[*from] = Fate::Moved(*to);
        }
    }
}

/// A line that is gone here and stands elsewhere as the other side edited it, was moved; so was one
/// that the other side moved, and that stands edited in the same gap here. Thus it is after an earlier
/// merge of the two.
///
/// - `likeness` compares a base unit with one of this side, in thousandths.
pub(super) fn find_moved_edits(
    (trace, side): (&mut Trace, &[&str]),
    (other, other_side): (&Trace, &[&str]),
    likeness: &dyn Fn(usize, usize) -> u32,
) {
    for place in 0..trace.fates.len() {
        if trace.fates[place] != Fate::Gone {
            continue;
        }
        let mut found: Vec<usize> = match other.fates[place] {
            Fate::Edited(there) => {
                let text = other_side[there];
                let appeared = trace.gaps.iter().flatten().copied();
                appeared.filter(|&at| side[at] == text).collect()
            }
            Fate::Moved(there) => {
                let gap = other.gaps.iter().position(|gap| gap.contains(&there));
                let here = gap.map_or(&[][..], |gap| &trace.gaps[gap]);
                let alike = |at: &usize| likeness(place, *at) >= LEAST_LIKENESS;
                here.iter().copied().filter(alike).collect()
            }
            Fate::Kept(_) | Fate::Gone => continue,
        };
        let taken = |at: &usize| trace.fates.contains(&Fate::Moved(*at));
        found.retain(|at| !taken(at) && side[*at].trim().len() >= KNOWN_AT_LEAST_BYTES);
        if let [only] = found[..] {
            trace.fates[place] = Fate::Moved(only);
        }
    }
}

/// A line that was paired with another, while just what the other side made of it stands elsewhere
/// here, was moved: the pairing was a mistake. Thus it is after an earlier merge of the two.
pub(super) fn free_moved_edits(
    (trace, side): (&mut Trace, &[&str]),
    (other, other_side): (&Trace, &[&str]),
) {
    for place in 0..trace.fates.len() {
        let (Fate::Edited(here), Fate::Edited(there)) = (trace.fates[place], other.fates[place])
        else {
            continue;
        };
        let text = other_side[there];
        let tells = text.trim().len() >= KNOWN_AT_LEAST_BYTES && side[here] != text;
        if tells && trace.gaps.iter().flatten().any(|&at| side[at] == text) {
            trace.fates[place] = Fate::Gone;
            trace.gaps = gaps(&trace.fates, side.len());
        }
    }
}

/// A line that is gone, and stands elsewhere in another wording, was moved and edited in one go. It is
/// taken for that where a line next to it went to the same place, or where the two are very much alike
/// and nothing else is nearly as much.
///
/// - `likeness` compares a base unit with one of this side, in thousandths.
pub(super) fn find_edited_moves(
    base: &[&str],
    side: &[&str],
    trace: &mut Trace,
    likeness: &dyn Fn(usize, usize) -> u32,
) {
    let tells = |text: &str| text.trim().len() >= KNOWN_AT_LEAST_BYTES;
    let mut gone: Vec<usize> = (0..base.len())
        .filter(|&place| trace.fates[place] == Fate::Gone && tells(base[place]))
        .collect();
    let mut appeared: Vec<usize> =
        trace.gaps.iter().flatten().copied().filter(|&at| tells(side[at])).collect();
    appeared.retain(|at| !trace.fates.contains(&Fate::Moved(*at)));
    if gone.is_empty() || gone.len().saturating_mul(appeared.len()) > CELLS_LIMIT {
        return;
    }
    let scores: BTreeMap<(usize, usize), u32> = gone
        .iter()
        .flat_map(|&from| appeared.iter().map(move |&to| (from, to)))
        .filter_map(|(from, to)| {
            let found = likeness(from, to);
            (found >= LEAST_LIKENESS).then_some(((from, to), found))
        })
        .collect();
    let clear = |from: usize, to: usize, gone: &[usize], appeared: &[usize]| -> bool {
        let Some(found) = scores.get(&(from, to)) else { return false };
        let beaten = |other: Option<&u32>| other.is_none_or(|other| other + LEAST_LEAD <= *found);
        gone.iter().filter(|it| **it != from).all(|&it| beaten(scores.get(&(it, to))))
            && appeared.iter().filter(|it| **it != to).all(|&it| beaten(scores.get(&(from, it))))
    };
    // What one finding says of its neighbours may be what the next one needs.
    while let Some((from, to)) = scores.iter().find_map(|(&(from, to), &found)| {
        let open = gone.contains(&from) && appeared.contains(&to);
        let beside = went_along(trace, from, to);
        (open && (beside || found >= LEAST_LIKENESS_FAR && clear(from, to, &gone, &appeared)))
            .then_some((from, to))
    }) {
        trace.fates[from] = Fate::Moved(to);
        gone.retain(|it| *it != from);
        appeared.retain(|it| *it != to);
    }
}

/// Whether a neighbour of the base unit `from` was moved to beside `to`, on the same side of it.
fn went_along(trace: &Trace, from: usize, to: usize) -> bool {
    let moved = |place: usize, to: usize| trace.fates.get(place) == Some(&Fate::Moved(to));
    let before = from.checked_sub(1).zip(to.checked_sub(1));
    before.is_some_and(|(from, to)| moved(from, to)) || moved(from + 1, to + 1)
}
