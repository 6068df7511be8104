//! Arrays whose items have no names, laid over each other like lines.

use std::collections::BTreeMap;

use super::align::{Fate, Grain, Trace, reconcile, trace};
use super::json::Merger;
use super::json_tree::Node;
use super::line::{self, Bag};

/// What two items count for whose parts are all alike, in thousandths; its square is less than half.
const MOST_LIKENESS: u32 = 700;

/// The items of a merged array.
///
/// - `key`: the name the array goes by.
pub(super) fn merge(
    merger: &mut Merger<'_>,
    key: &str,
    (base, ours, theirs): (&[Node<'_>], &[Node<'_>], &[Node<'_>]),
) -> Vec<String> {
    let (ours_trace, theirs_trace) = trace_both(base, ours, theirs);
    let mut values = Vec::new();
    let mut waiting: (Vec<&Node<'_>>, Vec<&Node<'_>>) = (Vec::new(), Vec::new());
    for at in 0..=base.len() {
        waiting.0.extend(ours_trace.gaps[at].iter().map(|&at| &ours[at]));
        waiting.1.extend(theirs_trace.gaps[at].iter().map(|&at| &theirs[at]));
        let standing = if at == base.len() {
            None
        } else {
            let version = |fate: Fate, items: &'_ [Node<'_>]| match fate {
                Fate::Kept(to) | Fate::Edited(to) => Some(to.min(items.len())),
                Fate::Moved(_) | Fate::Gone => None,
            };
            let our_item = version(ours_trace.fates[at], ours).and_then(|to| ours.get(to));
            let their_item = version(theirs_trace.fates[at], theirs).and_then(|to| theirs.get(to));
            merger.member(key, Some(&base[at]), our_item, their_item)
        };
        if standing.is_some() || at == base.len() {
            unite(&mut values, &waiting.0, &waiting.1);
            waiting = (Vec::new(), Vec::new());
        }
        values.extend(standing);
    }
    values
}

/// Appends what both sides inserted at one place: the smaller run first, and of the other what it has
/// more often.
fn unite(values: &mut Vec<String>, ours: &[&Node<'_>], theirs: &[&Node<'_>]) {
    let names =
        |run: &[&Node<'_>]| -> Vec<String> { run.iter().map(|node| node.canonical()).collect() };
    let spelled = |run: &[&Node<'_>]| -> Vec<String> { run.iter().map(|it| it.tight()).collect() };
    let (our_names, their_names) = (names(ours), names(theirs));
    let is_ours = our_names.cmp(&their_names).then_with(|| spelled(ours).cmp(&spelled(theirs)));
    let (first, second) = if is_ours.is_le() {
        ((ours, our_names), (theirs, their_names))
    } else {
        ((theirs, their_names), (ours, our_names))
    };
    let mut known: BTreeMap<&String, usize> = BTreeMap::new();
    for name in &first.1 {
        *known.entry(name).or_default() += 1;
    }
    values.extend(first.0.iter().map(|node| node.raw.to_owned()));
    for (node, name) in second.0.iter().zip(&second.1) {
        match known.get_mut(name) {
            Some(left) if *left > 0 => *left -= 1,
            Some(_) | None => values.push(node.raw.to_owned()),
        }
    }
}

/// Traces both sides; what was moved is among the insertions of one side only, and not at all when
/// the other side deleted it.
fn trace_both(base: &[Node<'_>], ours: &[Node<'_>], theirs: &[Node<'_>]) -> (Trace, Trace) {
    let texts = [base, ours, theirs]
        .map(|items| items.iter().map(Node::canonical).collect::<Vec<String>>());
    let [base_texts, our_texts, their_texts] =
        [0, 1, 2].map(|side| texts[side].iter().map(String::as_str).collect::<Vec<&str>>());
    let mut to_ours = trace_items((base, &base_texts), (ours, &our_texts));
    let mut to_theirs = trace_items((base, &base_texts), (theirs, &their_texts));
    reconcile((&mut to_ours, &our_texts), (&mut to_theirs, &their_texts));
    let counts = [&base_texts, &our_texts, &their_texts].map(|texts| {
        let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
        for &text in texts {
            *counts.entry(text).or_default() += 1;
        }
        counts
    });
    let count = |text: &str| [0, 1, 2].map(|side| counts[side].get(text).copied().unwrap_or(0));
    let gap_of = |trace: &Trace, texts: &[&str]| -> BTreeMap<String, usize> {
        let all = trace.gaps.iter().enumerate();
        all.flat_map(|(gap, places)| places.iter().map(move |&at| (texts[at].to_owned(), gap)))
            .collect()
    };
    spare_one(&base_texts, &mut to_ours, &mut to_theirs, &count);
    let (our_gaps, their_gaps) = (gap_of(&to_ours, &our_texts), gap_of(&to_theirs, &their_texts));
    for (gap, places) in to_ours.gaps.iter_mut().enumerate() {
        places.retain(|&at| match count(our_texts[at]) {
            [before, here, 0] if here <= before => false,
            [0 | 1, 1, 1] => their_gaps.get(our_texts[at]).is_none_or(|&there| there >= gap),
            _ => true,
        });
    }
    for (gap, places) in to_theirs.gaps.iter_mut().enumerate() {
        places.retain(|&at| match count(their_texts[at]) {
            [before, 0, there] if there <= before => false,
            [0 | 1, 1, 1] => our_gaps.get(their_texts[at]).is_none_or(|&there| there >= gap),
            _ => true,
        });
    }
    (to_ours, to_theirs)
}

/// Of two items alike of which each side deleted another one, the first stands: both sides have it.
fn spare_one(
    base: &[&str],
    ours: &mut Trace,
    theirs: &mut Trace,
    count: &dyn Fn(&str) -> [usize; 3],
) {
    let mut deleted: BTreeMap<&str, (Vec<usize>, Vec<usize>)> = BTreeMap::new();
    for (place, &text) in base.iter().enumerate() {
        let found = deleted.entry(text).or_default();
        match (ours.fates[place], theirs.fates[place]) {
            (Fate::Gone, Fate::Kept(_)) => found.0.push(place),
            (Fate::Kept(_), Fate::Gone) => found.1.push(place),
            _ => {}
        }
    }
    for (text, (by_ours, by_theirs)) in deleted {
        let [before, here, there] = count(text);
        // What was put in elsewhere is there already.
        let is_less = here < before && there < before;
        for (&here, &there) in by_ours.iter().zip(&by_theirs).filter(|_| is_less) {
            if here < there {
                ours.fates[here] = ours.fates[there];
            } else {
                theirs.fates[there] = theirs.fates[here];
            }
        }
    }
}

fn trace_items(
    (base, base_texts): (&[Node<'_>], &[&str]),
    (side, side_texts): (&[Node<'_>], &[&str]),
) -> Trace {
    trace(Grain::Atoms, base_texts, side_texts, &|from, to| {
        // An object that names a key twice is opaque, and still one thing.
        let starts = |node: &Node<'_>, mark: char| node.raw.starts_with(mark);
        let containers =
            ['{', '['].iter().any(|&it| starts(&base[from], it) && starts(&side[to], it));
        if containers {
            let found = line::likeness(&Bag::of(base_texts[from]), &Bag::of(side_texts[to]));
            // Two that are only alike never outweigh one that stayed.
            found * MOST_LIKENESS / 1000
        } else {
            0
        }
    })
}
