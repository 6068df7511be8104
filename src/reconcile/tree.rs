//! Many files: which vanished one a new one is.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use crate::model::{Content, FileId, Sketch, Stamp, VaultPath};

/// Most pairs compared by likeness; a storm beyond that is told apart by content alone. A pair takes
/// some ten nanoseconds.
const PAIRS_LIMIT: usize = 4_000_000;

/// A file that no longer lies where it did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Vanished {
    /// Which file.
    pub id: FileId,
    /// Where it lay.
    pub path: VaultPath,
    /// What it held.
    pub content: Content,
    /// As the file system described it.
    pub stamp: Stamp,
    /// What its text was like.
    pub sketch: Sketch,
}

/// A file at a place where none was known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Appeared {
    /// Where.
    pub path: VaultPath,
    /// What it holds.
    pub content: Content,
    /// As the file system describes it.
    pub stamp: Stamp,
    /// What its text is like.
    pub sketch: Sketch,
}

/// Pairs vanished files with new ones: a rename keeps the identity.
///
/// Facts in this order: the same file on the file system (number and time of making, so that a
/// number used again is not taken for it), then the same content; among several of one content the
/// same name first, then the order of paths; then a like text, the likest first, which is a file that
/// was moved and edited. An empty file is only paired by the first fact or by its name, for all empty
/// files are alike.
pub fn pair_moves(vanished: &[Vanished], appeared: &[Appeared]) -> BTreeMap<FileId, VaultPath> {
    let mut moves = BTreeMap::new();
    let mut free: BTreeMap<&VaultPath, &Appeared> =
        appeared.iter().map(|it| (&it.path, it)).collect();
    let mut by_inode: BTreeMap<(u64, i64), &Appeared> = BTreeMap::new();
    let mut by_content: BTreeMap<Content, Vec<&Appeared>> = BTreeMap::new();
    for it in appeared {
        by_inode.insert((it.stamp.inode, it.stamp.birth_ns), it);
        by_content.entry(it.content).or_default().push(it);
    }
    let mut left = Vec::new();
    for old in vanished {
        let same_file = by_inode
            .get(&(old.stamp.inode, old.stamp.birth_ns))
            .filter(|_| old.stamp.inode != 0 && old.stamp.birth_ns != 0)
            .filter(|it| free.contains_key(&it.path));
        match same_file {
            Some(new) => {
                free.remove(&new.path);
                moves.insert(old.id, new.path.clone());
            }
            None => left.push(old),
        }
    }
    for by_name in [true, false] {
        left.retain(|old| {
            let candidate = by_content.get(&old.content).into_iter().flatten().find(|new| {
                free.contains_key(&new.path)
                    && (!by_name || new.path.name() == old.path.name())
                    && (by_name || old.content.size > 0)
            });
            match candidate {
                Some(new) => {
                    free.remove(&new.path);
                    moves.insert(old.id, new.path.clone());
                    false
                }
                None => true,
            }
        });
    }
    let mut alike = like_pairs(&left, &free.into_values().collect::<Vec<_>>());
    alike.sort_by_key(|(likeness, same_name, old, new)| {
        (Reverse(*likeness), Reverse(*same_name), old.path.clone(), new.path.clone())
    });
    let mut taken = BTreeSet::new();
    for (_, _, old, new) in alike {
        if !moves.contains_key(&old.id) && taken.insert(&new.path) {
            moves.insert(old.id, new.path.clone());
        }
    }
    moves
}

type Pair<'a> = (usize, bool, &'a Vanished, &'a Appeared);

/// Every vanished and every new text that are likely the same one, edited.
fn like_pairs<'a>(vanished: &[&'a Vanished], appeared: &[&'a Appeared]) -> Vec<Pair<'a>> {
    if vanished.len().saturating_mul(appeared.len()) > PAIRS_LIMIT {
        return Vec::new();
    }
    let pairs = vanished.iter().flat_map(|old| appeared.iter().map(move |new| (*old, *new)));
    pairs
        .filter_map(|(old, new)| {
            let likeness = old.sketch.likeness(&new.sketch)?;
            Some((likeness, old.path.name() == new.path.name(), old, new))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(text: &str) -> VaultPath {
        VaultPath::parse(text).unwrap()
    }

    fn stamp(inode: u64) -> Stamp {
        Stamp { inode, birth_ns: 7, ..Stamp::default() }
    }

    fn vanished(id: u8, name: &str, content: &[u8], inode: u64) -> Vanished {
        let (id, path) = (FileId([id; 16]), path(name));
        let sketch = Sketch::of(std::str::from_utf8(content).unwrap());
        Vanished { id, path, content: Content::of(content), stamp: stamp(inode), sketch }
    }

    fn appeared(name: &str, content: &[u8], inode: u64) -> Appeared {
        let sketch = Sketch::of(std::str::from_utf8(content).unwrap());
        let (path, content) = (path(name), Content::of(content));
        Appeared { path, content, stamp: stamp(inode), sketch }
    }

    #[test]
    fn the_same_file_is_found_though_it_was_edited() {
        let moves = pair_moves(&[vanished(1, "a.md", b"x", 5)], &[appeared("b.md", b"y", 5)]);
        assert_eq!(moves, [(FileId([1; 16]), path("b.md"))].into());
    }

    #[test]
    fn the_same_content_under_the_same_name_goes_first() {
        let moves = pair_moves(
            &[vanished(1, "old/a.md", b"x", 5), vanished(2, "old/b.md", b"x", 6)],
            &[appeared("new/a.md", b"x", 15), appeared("new/b.md", b"x", 16)],
        );
        assert_eq!(moves[&FileId([1; 16])], path("new/a.md"));
        assert_eq!(moves[&FileId([2; 16])], path("new/b.md"));
    }

    #[test]
    fn unlike_files_and_empty_ones_stay_apart() {
        assert!(pair_moves(&[vanished(1, "a", b"x", 5)], &[appeared("b", b"y", 6)]).is_empty());
        assert!(pair_moves(&[vanished(1, "a", b"", 5)], &[appeared("b", b"", 6)]).is_empty());
        assert_eq!(pair_moves(&[vanished(1, "a/n", b"", 5)], &[appeared("b/n", b"", 6)]).len(), 1);
    }

    #[test]
    fn one_new_file_is_the_move_of_one_old_file() {
        let moves = pair_moves(
            &[vanished(1, "a", b"x", 5), vanished(2, "b", b"x", 6)],
            &[appeared("c", b"x", 9)],
        );
        assert_eq!(moves.len(), 1);
    }

    #[test]
    fn a_file_moved_and_edited_is_known_by_its_text() {
        let recipe =
            b"Take six eggs, some milk and a little flour, stir it, let it rest for an hour";
        let diary =
            b"On the train to the sea we read the old letters aloud and nobody slept at all";
        let edited = [recipe.as_slice(), b", then fry it in butter"].concat();
        let moves = pair_moves(
            &[vanished(1, "old/pancake.md", recipe, 5), vanished(2, "old/diary.md", diary, 6)],
            &[appeared("new/crepe.md", &edited, 15), appeared("new/else.md", b"- [ ] call", 16)],
        );
        assert_eq!(moves, [(FileId([1; 16]), path("new/crepe.md"))].into());
    }

    #[test]
    fn the_likest_text_is_paired_and_each_only_once() {
        let text = "one two three four five six seven eight nine ten eleven twelve thirteen";
        let near = format!("{text} fourteen");
        let far = format!("{text} fourteen fifteen sixteen seventeen eighteen nineteen twenty");
        let moves = pair_moves(
            &[vanished(1, "a.md", text.as_bytes(), 5)],
            &[appeared("far.md", far.as_bytes(), 15), appeared("near.md", near.as_bytes(), 16)],
        );
        assert_eq!(moves, [(FileId([1; 16]), path("near.md"))].into());
    }
}
