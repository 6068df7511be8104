//! Many files: which of them changed places among each other.

use std::collections::{BTreeMap, BTreeSet};

use super::tree::Appeared;
use crate::model::{Content, FileId, Stamp, VaultPath};

/// Shortest content that tells by itself which file it is, in bytes. Shorter ones are alike too
/// easily: a heading, an empty list.
pub const TELLING_BYTES: u64 = 16;

/// Most files of one trade, for all of it is made durable at once. A longer one is taken for edits.
const MEMBERS_LIMIT: usize = 256;

/// A known file whose place holds something else, or nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Left {
    /// Which file.
    pub id: FileId,
    /// Where it lay.
    pub path: VaultPath,
    /// What it held, and how the file system described it.
    pub held: (Content, Stamp),
    /// What lies there now.
    pub found: Option<(Content, Stamp)>,
}

/// Files that changed places, in groups in which every file is accounted for: rings of known places,
/// and chains from a place where nothing is left to one where nothing was known.
///
/// - Shape: each group tells where its files lie now. A chain of one is a move like any other, see
///   [`super::pair_moves`], and is no group.
/// - Facts in this order: the same file on the file system (number and time of making), then the
///   very same content, if it is long enough to tell, `alone` says that no other known file held it,
///   and it was found at one place only. Anything less is an edit of what was there: no guess is made.
pub fn trades(
    left: &[Left],
    appeared: &[Appeared],
    alone: impl Fn(&Left) -> bool,
) -> Vec<BTreeMap<FileId, VaultPath>> {
    let spots: Vec<Spot<'_>> = left
        .iter()
        .enumerate()
        .filter_map(|(of, it)| Some(Spot { of: Some(of), path: &it.path, found: it.found? }))
        .chain(appeared.iter().map(|it| Spot {
            of: None,
            path: &it.path,
            found: (it.content, it.stamp),
        }))
        .collect();
    let lies_at = places_of(left, &spots, alone);
    let mut groups = Vec::new();
    let mut seen = BTreeSet::new();
    // Chains first, from the end where nothing is left; what then remains are rings.
    let (ends, rest): (Vec<usize>, Vec<usize>) =
        (0..left.len()).partition(|at| left[*at].found.is_none());
    for start in ends.into_iter().chain(rest) {
        let mut group = BTreeMap::new();
        let mut at = start;
        let closed = loop {
            if !seen.insert(at) {
                break at == start && !group.is_empty();
            }
            let Some(spot) = lies_at.get(&at).map(|spot| &spots[*spot]) else { break false };
            group.insert(left[at].id, spot.path.clone());
            match spot.of {
                Some(next) => at = next,
                None => break left[start].found.is_none(),
            }
        };
        if closed && (2..=MEMBERS_LIMIT).contains(&group.len()) {
            groups.push(group);
        }
    }
    groups
}

/// A place where something lies: that of the known file `of`, or one that nobody knew.
struct Spot<'a> {
    of: Option<usize>,
    path: &'a VaultPath,
    found: (Content, Stamp),
}

/// For each file that left its place, by number, at which spot it lies now.
fn places_of(
    left: &[Left],
    spots: &[Spot<'_>],
    alone: impl Fn(&Left) -> bool,
) -> BTreeMap<usize, usize> {
    let number = |stamp: &Stamp| {
        Some((stamp.inode, stamp.birth_ns)).filter(|(inode, birth)| *inode != 0 && *birth != 0)
    };
    let mut lies_at = BTreeMap::new();
    let mut told = BTreeSet::new();
    let files = only(left.iter().map(|it| number(&it.held.1)));
    let found = only(spots.iter().map(|spot| number(&spot.found.1)));
    for (key, file) in &files {
        // Two names of one file are told by nothing but their content.
        if let (Some(file), Some(Some(spot))) = (file, found.get(key))
            && spots[*spot].of != Some(*file)
        {
            lies_at.insert(*file, *spot);
            told.insert(*spot);
        }
    }
    let tells = |content: Content| Some(content).filter(|it| it.size >= TELLING_BYTES);
    let contents = only(left.iter().map(|it| tells(it.held.0)));
    let found = only(spots.iter().map(|spot| tells(spot.found.0)));
    for (key, file) in &contents {
        if let (Some(file), Some(Some(spot))) = (file, found.get(key))
            && spots[*spot].of != Some(*file)
            && !told.contains(spot)
            && !lies_at.contains_key(file)
            && alone(&left[*file])
        {
            lies_at.insert(*file, *spot);
        }
    }
    lies_at
}

/// Which item has a key; `None` where several do.
fn only<K: Ord>(keys: impl Iterator<Item = Option<K>>) -> BTreeMap<K, Option<usize>> {
    let mut only = BTreeMap::new();
    for (at, key) in keys.enumerate() {
        if let Some(key) = key {
            only.entry(key).and_modify(|it| *it = None).or_insert(Some(at));
        }
    }
    only
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Sketch;

    const LONG: [&str; 4] = [
        "the first of all notes",
        "the second of all notes",
        "a third one, too",
        "and a fourth one",
    ];

    fn path(text: &str) -> VaultPath {
        VaultPath::parse(text).unwrap()
    }

    fn stamp(inode: u64) -> Stamp {
        Stamp { inode, birth_ns: i64::from(inode != 0), ..Stamp::default() }
    }

    /// What lies somewhere: a text, and the number of its file.
    type Lies = (&'static str, u64);

    fn left(id: u8, (held, inode): Lies, found: Option<Lies>) -> Left {
        Left {
            id: FileId([id; 16]),
            path: path(&format!("{id}.md")),
            held: (Content::of(held.as_bytes()), stamp(inode)),
            found: found.map(|(text, inode)| (Content::of(text.as_bytes()), stamp(inode))),
        }
    }

    fn new(name: &str, (text, inode): Lies) -> Appeared {
        let (path, content) = (path(name), Content::of(text.as_bytes()));
        Appeared { path, content, stamp: stamp(inode), sketch: Sketch::default() }
    }

    /// The trades as numbers of files with their new places.
    fn told(left: &[Left], appeared: &[Appeared]) -> Vec<Vec<(u8, String)>> {
        trades(left, appeared, |_| true)
            .into_iter()
            .map(|it| it.into_iter().map(|(id, to)| (id.0[0], to.to_string())).collect())
            .collect()
    }

    fn swap_of(a: Lies, b: Lies, there: Lies, here: Lies) -> Vec<Left> {
        vec![left(1, a, Some(there)), left(2, b, Some(here))]
    }

    fn swapped() -> Vec<Vec<(u8, String)>> {
        vec![vec![(1, "2.md".into()), (2, "1.md".into())]]
    }

    #[test]
    fn two_that_swapped_are_told_by_their_content_or_their_number() {
        let [a, b, ..] = LONG;
        // Copied into each other; renamed; renamed and edited; by one fact each.
        for (there, here) in
            [((b, 1), (a, 2)), ((b, 2), (a, 1)), (("x", 2), ("y", 1)), ((b, 0), ("y", 1))]
        {
            assert_eq!(told(&swap_of((a, 1), (b, 2), there, here), &[]), swapped(), "{there:?}");
        }
    }

    #[test]
    fn what_is_not_certain_is_an_edit() {
        let [a, b, c, _] = LONG;
        // One half only; a copy; short ones; nothing of the number known; two names of one file.
        assert!(told(&[left(1, (a, 0), Some((b, 0)))], &[]).is_empty());
        assert!(told(&swap_of((a, 0), (b, 0), (b, 0), (c, 0)), &[]).is_empty());
        assert!(told(&swap_of((a, 0), (b, 0), (b, 0), (b, 0)), &[]).is_empty());
        assert!(
            told(&swap_of(("- [ ] a", 0), ("- [ ] b", 0), ("- [ ] b", 0), ("- [ ] a", 0)), &[])
                .is_empty()
        );
        assert!(told(&swap_of(("", 0), (b, 0), (b, 0), ("", 0)), &[]).is_empty());
        assert!(told(&swap_of((a, 7), (b, 7), ("x", 7), ("y", 7)), &[]).is_empty());
        // Some other file held the same, or it was found twice.
        let both = swap_of((a, 0), (b, 0), (b, 0), (a, 0));
        assert!(trades(&both, &[], |it| it.id.0[0] == 1).is_empty());
        assert!(told(&both, &[new("copy.md", (a, 0))]).is_empty());
        let same =
            [left(1, (a, 0), Some((b, 0))), left(2, (b, 0), Some((a, 0))), left(3, (a, 0), None)];
        assert!(told(&same, &[]).is_empty());
    }

    #[test]
    fn rings_and_chains_are_followed_to_their_end() {
        let [a, b, c, d] = LONG;
        let ring = [
            left(1, (a, 0), Some((c, 0))),
            left(2, (b, 0), Some((a, 0))),
            left(3, (c, 0), Some((b, 0))),
            // Beside them one that was edited.
            left(4, (d, 0), Some(("something else", 0))),
        ];
        let places = |of: [&str; 3]| vec![(1..).zip(of.map(str::to_owned)).collect::<Vec<_>>()];
        assert_eq!(told(&ring, &[]), places(["2.md", "3.md", "1.md"]));
        let chain =
            [left(1, (a, 0), None), left(2, (b, 0), Some((a, 0))), left(3, (c, 0), Some((b, 0)))];
        assert_eq!(told(&chain, &[new("n.md", (c, 0))]), places(["2.md", "3.md", "n.md"]));
        // What the last one held is nowhere: it was overwritten.
        assert!(told(&chain, &[]).is_empty());
        // A move alone is no trade; nor is a copy of what was edited then.
        assert!(told(&[left(1, (a, 0), None)], &[new("n.md", (a, 0))]).is_empty());
        let copied = [left(1, (a, 0), Some((d, 0)))];
        assert!(told(&copied, &[new("n.md", (a, 0))]).is_empty());
        // Neither is one that nobody knew, put where another was taken away from.
        let pushed = [left(1, (a, 0), Some((b, 0))), left(2, (b, 0), Some((d, 0)))];
        assert!(told(&pushed, &[new("n.md", (a, 0))]).is_empty());
    }

    #[test]
    fn a_trade_has_its_limit() {
        for (count, groups) in [(MEMBERS_LIMIT, 1), (MEMBERS_LIMIT + 1, 0)] {
            let ring: Vec<Left> = (0..count)
                .map(|at| {
                    let number = |at: usize| stamp(at as u64 + 1);
                    let content = Content::of(b"alike");
                    let found = Some((content, number((at + 1) % count)));
                    let mut id = FileId([0; 16]);
                    id.0[..8].copy_from_slice(&(at as u64).to_be_bytes());
                    Left { id, path: path(&at.to_string()), held: (content, number(at)), found }
                })
                .collect();
            assert_eq!(trades(&ring, &[], |_| true).len(), groups, "{count} files");
        }
    }
}
