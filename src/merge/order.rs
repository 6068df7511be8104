//! The order of named things, when both sides added, removed and rearranged them.

use std::collections::{BTreeMap, BTreeSet};

use super::align::heaviest;

/// Most pairs of names compared; beyond it the longest run of names in one order is found by their
/// places alone, which may be another of the same length.
const CELLS_LIMIT: usize = 1_000_000;

/// Puts the names of `ours` and `theirs` into one order.
///
/// - Shape: names without repetition on each side; the answer holds every name of both, once.
/// - An order that only one side changed stands. Names that each side added at one place stay
///   together, the smaller run first.
pub(super) fn merge(base: &[String], ours: &[String], theirs: &[String]) -> Vec<String> {
    let keeps_order = |side: &[String]| {
        let here: BTreeSet<&String> = side.iter().collect();
        let old: BTreeSet<&String> = base.iter().collect();
        let before = base.iter().filter(|name| here.contains(name));
        before.eq(side.iter().filter(|name| old.contains(name)))
    };
    let ours_leads = match (keeps_order(ours), keeps_order(theirs)) {
        (true, false) => false,
        (false, true) => true,
        (true, true) | (false, false) => ours <= theirs,
    };
    let (lead, other) = if ours_leads { (ours, theirs) } else { (theirs, ours) };
    let common = heaviest(lead.len(), other.len(), CELLS_LIMIT, |row, column| {
        u32::from(lead[row] == other[column])
    })
    .unwrap_or_else(|| in_one_order(lead, other));
    let lead_names: BTreeSet<&String> = lead.iter().collect();
    let mut order = Vec::new();
    let between = |order: &mut Vec<String>, lead: &[String], other: &[String]| {
        let other: Vec<String> =
            other.iter().filter(|name| !lead_names.contains(name)).cloned().collect();
        if lead <= &other[..] {
            order.extend_from_slice(lead);
            order.extend(other);
        } else {
            order.extend(other);
            order.extend_from_slice(lead);
        }
    };
    let (mut left, mut right) = (0, 0);
    for (here, there) in common {
        between(&mut order, &lead[left..here], &other[right..there]);
        order.push(lead[here].clone());
        (left, right) = (here + 1, there + 1);
    }
    between(&mut order, &lead[left..], &other[right..]);
    order
}

/// The longest run of names that stand in one order on both sides, as pairs of places.
///
/// - Source: patience sorting for the longest increasing subsequence.
fn in_one_order(lead: &[String], other: &[String]) -> Vec<(usize, usize)> {
    let places: BTreeMap<&String, usize> =
        other.iter().enumerate().map(|(place, name)| (name, place)).collect();
    let pairs: Vec<(usize, usize)> = (lead.iter().enumerate())
        .filter_map(|(here, name)| Some((here, *places.get(name)?)))
        .collect();
    // The last pair of the best run of each length, and what comes before each pair.
    let mut ends: Vec<usize> = Vec::new();
    let mut before: Vec<Option<usize>> = Vec::new();
    for (at, pair) in pairs.iter().enumerate() {
        let length = ends.partition_point(|&end| pairs[end].1 < pair.1);
        before.push(length.checked_sub(1).map(|shorter| ends[shorter]));
        if length == ends.len() {
            ends.push(at);
        } else {
            ends[length] = at;
        }
    }
    let mut run = Vec::new();
    let mut next = ends.last().copied();
    while let Some(at) = next {
        run.push(pairs[at]);
        next = before[at];
    }
    run.reverse();
    run
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ordered(base: &str, ours: &str, theirs: &str) -> String {
        let names = |text: &str| -> Vec<String> { text.chars().map(String::from).collect() };
        let merged = merge(&names(base), &names(ours), &names(theirs)).concat();
        assert_eq!(merged, merge(&names(base), &names(theirs), &names(ours)).concat());
        merged
    }

    #[test]
    fn one_order_comes_of_two() {
        assert_eq!(ordered("abc", "abc", "abxc"), "abxc");
        assert_eq!(ordered("abc", "abcy", "abcx"), "abcxy");
        assert_eq!(ordered("abc", "cab", "abxc"), "cabx");
        assert_eq!(ordered("abc", "ac", "abc"), "abc");
        assert_eq!(ordered("", "ab", "ba"), "ab");
        assert_eq!(ordered("abc", "", "x"), "x");
    }

    #[test]
    fn long_lists_keep_their_order() {
        let names: Vec<String> = (0..1_500).map(|number| format!("n{number:04}")).collect();
        let (mut ours, mut theirs) = (names.clone(), names.clone());
        ours.insert(700, "mine".to_owned());
        theirs.insert(1_400, "yours".to_owned());
        theirs.remove(3);
        let mut expected = names.clone();
        expected.insert(1_400, "yours".to_owned());
        expected.insert(700, "mine".to_owned());
        assert_eq!(merge(&names, &ours, &theirs), expected);
        assert_eq!(merge(&names, &theirs, &ours), expected);
    }
}
