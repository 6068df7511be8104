//! The order of named things, when both sides added, removed and rearranged them.

use std::collections::BTreeSet;

use super::align::heaviest;

/// Most pairs of names compared; beyond it the order of one side is taken, the other's own names
/// following.
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
    .unwrap_or_default();
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
}
