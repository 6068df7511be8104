//! Anchors and aliases of YAML (`&name`, `*name`, `<<: *name`), which tie places far apart together.

use std::collections::{BTreeMap, BTreeSet};

/// The anchors of a text, and the aliases that have none before them.
#[derive(Debug, Default)]
struct Ties<'a> {
    anchors: BTreeMap<&'a str, usize>,
    dangling: BTreeSet<&'a str>,
}

/// Whether a merge leaves every alias behind its anchor, and names no anchor more often than a side.
///
/// What only looks like an anchor or an alias, in prose or quotes, counts as one on all sides.
pub(super) fn is_tied(ours: &str, theirs: &str, merged: &str) -> bool {
    if !merged.contains(['&', '*']) {
        return true;
    }
    let [ours, theirs, merged] = [ours, theirs, merged].map(Ties::of);
    let times = |ties: &Ties<'_>, name: &str| ties.anchors.get(name).copied().unwrap_or(0);
    merged.dangling.iter().all(|it| ours.dangling.contains(it) || theirs.dangling.contains(it))
        && (merged.anchors.iter())
            .all(|(name, &now)| now <= times(&ours, name).max(times(&theirs, name)))
}

impl<'a> Ties<'a> {
    fn of(text: &'a str) -> Self {
        let mut ties = Self::default();
        let mut before = ' ';
        for (at, c) in text.char_indices() {
            let opens = before.is_whitespace() || matches!(before, '[' | '{' | ',');
            before = c;
            if !opens || c != '&' && c != '*' {
                continue;
            }
            let rest = &text[at + 1..];
            let ends = |c: char| c.is_whitespace() || matches!(c, ',' | '[' | ']' | '{' | '}');
            let name = &rest[..rest.find(ends).unwrap_or(rest.len())];
            if name.is_empty() {
                continue;
            }
            if c == '&' {
                *ties.anchors.entry(name).or_default() += 1;
            } else if !ties.anchors.contains_key(name) {
                ties.dangling.insert(name);
            }
        }
        ties
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_alias_needs_its_anchor_before_it() {
        let (tied, cut) = ("a: &x 1\nb: *x\n", "b: *x\na: &x 1\n");
        for (ours, theirs, merged, holds) in [
            (tied, tied, tied, true),
            (tied, tied, cut, false),
            (tied, cut, cut, true),
            (tied, "a: 1\n", "a: 1\nb: *x\n", false),
            (tied, "c: &x 2\n", "a: &x 1\nb: *x\nc: &x 2\n", false),
            ("a: [&x 1, *x]\n", "c: 1\n", "a: [*x]\nc: 1\n", false),
            ("a: 2 * 3 & 4\n", "b: \"**x** and *y*\"\n", "b: 2 * 3\na: **x** *y\n", false),
            ("a: 2 * 3 & 4\n", "b: 1\n", "b: 2 * 3 & 4\n", true),
        ] {
            assert_eq!(is_tied(ours, theirs, merged), holds, "{merged:?}");
        }
    }
}
