//! Nothing vanishes quietly: what people typed, what they took away, and what is there in the end.
//!
//! Every edit types one word that is never typed again, `t<peer>n<number>e`; every file is born with
//! a mark of its own in its first line, `F<peer>n<number>e`. What an edit took out of the version
//! that its author saw was deleted on purpose; everything else must be somewhere.

use std::collections::{BTreeMap, BTreeSet};

use super::super::disk::Tree;
use super::super::store::Store;
use super::Violation;
use crate::model::VaultPath;

/// What people did, as far as the judges need to know.
#[derive(Debug, Default)]
pub(crate) struct People {
    next: u64,
    typed: BTreeSet<String>,
    taken: BTreeSet<String>,
    /// Words whose only copy a power cut took before anybody could have seen it.
    excused: BTreeSet<String>,
    /// Every word typed into a file with this mark.
    words_of: BTreeMap<String, BTreeSet<String>>,
    /// Marks of files that a power cut put back, and on whose disk: that counts as an edit nobody
    /// saw.
    put_back: BTreeMap<String, BTreeSet<usize>>,
    /// Whether a power cut may have cut a file short.
    torn: bool,
    deletions: Vec<Deletion>,
    /// Files on the disk of a peer that stopped between putting them there and recording that, until it
    /// has looked at its disk again. To it, one that is not there is yet to come.
    unrecorded: BTreeMap<usize, BTreeSet<VaultPath>>,
    /// Where files with this mark were moved to.
    moves: BTreeMap<String, Vec<Move>>,
}

#[derive(Debug, Clone)]
struct Move {
    peer: usize,
    to: VaultPath,
    word: String,
}

#[derive(Debug, Clone)]
struct Deletion {
    peer: usize,
    mark: String,
    /// Words that the deleted version held, and those deleted before.
    seen: BTreeSet<String>,
    /// Where else on that disk the mark stayed: copies that whoever deleted one file left alone.
    left: BTreeSet<VaultPath>,
}

impl People {
    /// A word nobody ever typed.
    pub(crate) fn word(&mut self, peer: usize) -> String {
        self.next += 1;
        format!("t{peer}n{}e", self.next)
    }

    /// A mark for a file that is about to be born.
    pub(crate) fn mark(&mut self, peer: usize) -> String {
        self.next += 1;
        format!("F{peer}n{}e", self.next)
    }

    /// Somebody saved a file: what it held, and what it holds.
    pub(crate) fn saved(&mut self, old: &[u8], new: &[u8]) {
        let (before, after) = (marks(old, b't'), marks(new, b't'));
        for word in after.difference(&before) {
            self.typed.insert(word.clone());
        }
        for word in before.difference(&after) {
            self.taken.insert(word.clone());
        }
        for mark in marks(new, b'F') {
            let known = self.words_of.entry(mark).or_default();
            known.extend(after.iter().cloned());
        }
    }

    /// A peer is down, and will not know of these files of its disk.
    pub(crate) fn stopped(&mut self, peer: usize, unrecorded: BTreeSet<VaultPath>) {
        self.unrecorded.insert(peer, unrecorded);
    }

    /// A peer has looked at its disk, and recorded what lies there.
    pub(crate) fn looked(&mut self, peer: usize) {
        self.unrecorded.remove(&peer);
    }

    /// Somebody deleted a file that lay here and held this; `rest` is what is left on that disk.
    pub(crate) fn deleted(&mut self, peer: usize, path: &VaultPath, old: &[u8], rest: &Tree) {
        let words = marks(old, b't');
        let unknown = self.unrecorded.get(&peer).is_some_and(|it| it.contains(path));
        for mark in marks(old, b'F').into_iter().filter(|_| !unknown) {
            let mut seen: BTreeSet<String> = words.union(&self.taken).cloned().collect();
            let moves = || self.moves.get(&mark).into_iter().flatten();
            // What this peer moved here itself need not be what another moved here, too.
            let itself = moves().any(|it| it.peer == peer && it.to == *path);
            let known = moves().filter(|it| it.peer == peer || it.to == *path && !itself);
            seen.extend(known.map(|it| it.word.clone()));
            let holds = |bytes: &[u8]| marks(bytes, b'F').contains(&mark);
            let left = rest
                .iter()
                .filter(|(place, bytes)| {
                    *place != path && bytes.as_ref().is_some_and(|bytes| holds(bytes))
                })
                .map(|(place, _)| place.clone())
                .collect();
            self.deletions.push(Deletion { peer, mark, seen, left });
        }
        self.taken.extend(words);
    }

    /// Somebody moved a file that holds this. Where a watcher missed that, a move and a new file
    /// are the same thing to everybody else, so it counts like an edit that types a word; whoever
    /// found the file at its new place has seen it.
    pub(crate) fn moved(&mut self, peer: usize, to: &VaultPath, bytes: &[u8]) {
        for mark in marks(bytes, b'F') {
            let word = self.word(peer);
            self.words_of.entry(mark.clone()).or_default().insert(word.clone());
            let moved = Move { peer, to: to.clone(), word };
            self.moves.entry(mark).or_default().push(moved);
        }
    }

    /// Somebody emptied a file that held this. That is an edit which no deletion has seen, so what
    /// others made of the file may be kept beside it.
    pub(crate) fn emptied(&mut self, peer: usize, old: &[u8]) {
        for mark in marks(old, b'F') {
            let word = self.word(peer);
            self.words_of.entry(mark).or_default().insert(word);
        }
        self.saved(old, b"");
    }

    /// A power cut put a disk back from one state to another.
    pub(crate) fn reverted(&mut self, peer: usize, before: &Tree, after: &Tree) {
        self.torn |= before != after;
        let all = |tree: &Tree, first: u8| -> BTreeSet<String> {
            let files = tree.values().flatten();
            files.flat_map(|bytes| marks(bytes, first)).collect()
        };
        let (had, has) = (all(before, b't'), all(after, b't'));
        self.excused.extend(had.difference(&has).cloned());
        let (had, has) = (all(before, b'F'), all(after, b'F'));
        for mark in has.difference(&had) {
            self.deletions.retain(|it| !(it.peer == peer && it.mark == *mark));
            self.put_back.entry(mark.clone()).or_default().insert(peer);
        }
        let changed = after.iter().filter(|(path, now)| before.get(*path) != Some(now));
        for bytes in changed.filter_map(|(_, now)| now.as_ref()) {
            for mark in marks(bytes, b'F') {
                self.put_back.entry(mark).or_default().insert(peer);
            }
        }
    }

    /// Judges the end: `tree` is what all disks hold, `stores` are those of all peers.
    pub(crate) fn judge<'a>(
        &self,
        tree: &Tree,
        stores: impl Iterator<Item = &'a Store>,
    ) -> Vec<Violation> {
        let mut found = Vec::new();
        let doubled = self.doubled(tree);
        if !doubled.is_empty() {
            found.push(Violation::DoubledWords(doubled));
        }
        if !self.torn {
            found.extend(malformed(tree).map(Violation::Malformed));
        }
        let mut there: BTreeSet<String> = BTreeSet::new();
        for bytes in tree.values().flatten() {
            there.extend(marks(bytes, b't'));
        }
        let must = |there: &BTreeSet<String>| -> Vec<String> {
            let missing = self.typed.difference(there);
            missing
                .filter(|it| !self.taken.contains(*it) && !self.excused.contains(*it))
                .cloned()
                .collect()
        };
        if !must(&there).is_empty() {
            let stores: Vec<&Store> = stores.collect();
            for (_, entry) in stores.iter().flat_map(|it| it.ledger()) {
                there.extend(marks(&entry, b't'));
            }
            let lost = must(&there);
            for store in &stores {
                for text in store.texts() {
                    there.extend(marks(text, b't'));
                }
                for (_, stored) in store.documents() {
                    there.extend(history(stored));
                }
            }
            let vanished = must(&there);
            if !vanished.is_empty() {
                found.push(Violation::VanishedWords(vanished));
            } else if !lost.is_empty() {
                found.push(Violation::LostWords(lost));
            }
        }
        found.extend(self.resurrected(tree).map(Violation::Resurrected));
        found
    }

    /// Words that stand twice in one file. Two old versions of a deleted file that power cuts put
    /// back on two disks are two new files at one place: of those every whole line stands, so a
    /// word of a line that differs between them stands in both.
    fn doubled(&self, tree: &Tree) -> Vec<String> {
        let mut doubled = Vec::new();
        for (path, bytes) in tree {
            let Some(bytes) = bytes else { continue };
            let born_twice = |mark: &String| self.put_back.get(mark).is_some_and(|it| it.len() > 1);
            if marks(bytes, b'F').iter().any(born_twice) {
                continue;
            }
            let text = String::from_utf8_lossy(bytes);
            for word in marks(bytes, b't') {
                if text.matches(&word).count() > 1 {
                    doubled.push(format!("{word} in {path}"));
                }
            }
        }
        doubled
    }

    /// A deleted file that is there although every edit of it was seen by the deletion.
    fn resurrected(&self, tree: &Tree) -> Option<String> {
        for (path, bytes) in tree {
            let Some(bytes) = bytes else { continue };
            // Files born at one place become one, and a file written anew at its old place is the
            // old one: an edit of either keeps what is there.
            let of_file = marks(bytes, b'F');
            let mut words = marks(bytes, b't');
            for mark in &of_file {
                words.extend(self.words_of.get(mark).into_iter().flatten().cloned());
            }
            for mark in of_file {
                if self.put_back.contains_key(&mark) {
                    continue;
                }
                let unseen = |it: &&Deletion| {
                    it.mark == mark && !it.left.contains(path) && words.is_subset(&it.seen)
                };
                if let Some(deletion) = self.deletions.iter().find(unseen) {
                    return Some(format!("{path} with {mark}, deleted by peer {}", deletion.peer));
                }
            }
        }
        None
    }
}

/// A canvas that is no JSON any more.
fn malformed(tree: &Tree) -> Option<String> {
    let canvases = tree.iter().filter(|(path, _)| path.name().ends_with(".canvas"));
    for (path, bytes) in canvases {
        let Some(bytes) = bytes else { continue };
        if let Err(error) = serde_json::from_slice::<serde_json::Value>(bytes) {
            return Some(format!("{path}: {error}"));
        }
    }
    None
}

/// Every word of a document's history, deleted ones included: its characters lie side by side in
/// the saved form.
fn history(stored: &crate::model::StoredDocument) -> BTreeSet<String> {
    match crate::docs::Document::load(stored) {
        Ok(document) => marks(&document.save(), b't'),
        Err(_) => BTreeSet::new(),
    }
}

/// The words of `bytes` that start with `first`: then digits, `n`, digits, `e`.
pub(crate) fn marks(bytes: &[u8], first: u8) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let digits = |from: usize| {
        let length = bytes[from..].iter().take_while(|it| it.is_ascii_digit());
        from + length.count()
    };
    for start in 0..bytes.len() {
        if bytes[start] != first {
            continue;
        }
        let middle = digits(start + 1);
        if middle == start + 1 || bytes.get(middle) != Some(&b'n') {
            continue;
        }
        let end = digits(middle + 1);
        if end > middle + 1 && bytes.get(end) == Some(&b'e') {
            found.insert(String::from_utf8_lossy(&bytes[start..=end]).into_owned());
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use std::rc::Rc;

    use super::*;
    use crate::model::{Life, Write};

    fn at() -> VaultPath {
        VaultPath::parse("a.md").unwrap()
    }

    fn tree(files: &[(&str, &str)]) -> Tree {
        files
            .iter()
            .map(|(path, text)| {
                let bytes = Rc::new(text.as_bytes().to_vec());
                (VaultPath::parse(path).unwrap(), Some(bytes))
            })
            .collect()
    }

    fn judge(people: &People, end: &Tree, store: &Store) -> Vec<Violation> {
        people.judge(end, std::iter::once(store))
    }

    #[test]
    fn words_are_found_among_others() {
        let found = marks(b"xt1n2e,t1n2, t33n4e t1ne tn1e", b't');
        assert_eq!(found.into_iter().collect::<Vec<_>>(), ["t1n2e", "t33n4e"]);
    }

    #[test]
    fn a_word_that_is_nowhere_is_missed() {
        let mut people = People::default();
        people.saved(b"", b"F0n1e\nt0n2e\n");
        let mut store = Store::new(Life([1; 16]));
        let empty = tree(&[("a.md", "F0n1e\n")]);
        assert_eq!(
            judge(&people, &empty, &store),
            [Violation::VanishedWords(vec!["t0n2e".into()])]
        );
        let bytes = b"F0n1e\nt0n2e\n".to_vec();
        let hash = crate::model::ContentHash::of(&bytes);
        store.keep(&[Write::Text { hash, bytes, packed: None }]);
        assert_eq!(judge(&people, &empty, &store), [Violation::LostWords(vec!["t0n2e".into()])]);
        store.keep(&[Write::Ledger { key: vec![1], entry: b"..t0n2e..".to_vec() }]);
        assert_eq!(judge(&people, &empty, &store), []);
    }

    #[test]
    fn a_word_that_somebody_took_out_is_not_missed() {
        let mut people = People::default();
        people.saved(b"", b"F0n1e\nt0n2e\n");
        people.saved(b"F0n1e\nt0n2e\n", b"F0n1e\nt0n3e\n");
        let store = Store::new(Life([1; 16]));
        let end = tree(&[("a.md", "F0n1e\nt0n3e\n")]);
        assert_eq!(judge(&people, &end, &store), []);
    }

    #[test]
    fn a_doubled_word_is_noticed() {
        let mut people = People::default();
        people.saved(b"", b"t0n2e");
        let store = Store::new(Life([1; 16]));
        let end = tree(&[("a.md", "t0n2e t0n2e")]);
        assert_eq!(
            judge(&people, &end, &store),
            [Violation::DoubledWords(vec!["t0n2e in a.md".into()])]
        );
    }

    #[test]
    fn a_word_doubled_after_one_power_cut_is_noticed_and_after_two_is_not() {
        let (old, new) = ("F0n1e\nt0n2e\n", "F0n1e\nt0n2e t0n3e\n");
        let end = tree(&[("a.md", "F0n1e\nt0n2e\nt0n2e t0n3e\n")]);
        let store = Store::new(Life([1; 16]));
        let mut people = People::default();
        people.saved(b"", old.as_bytes());
        people.saved(old.as_bytes(), new.as_bytes());
        let (before, after) = (tree(&[("a.md", new)]), tree(&[("a.md", old)]));
        people.reverted(0, &before, &after);
        people.reverted(0, &before, &after);
        let violations = judge(&people, &end, &store);
        assert!(matches!(violations[..], [Violation::DoubledWords(_)]), "{violations:?}");
        people.reverted(1, &before, &after);
        assert_eq!(judge(&people, &end, &store), []);
    }

    #[test]
    fn a_canvas_that_does_not_parse_is_noticed() {
        let store = Store::new(Life([1; 16]));
        let end = tree(&[("a.canvas", "{\"nodes\": [}"), ("b.canvas", "{}")]);
        let violations = judge(&People::default(), &end, &store);
        assert!(matches!(violations[..], [Violation::Malformed(_)]));
    }

    #[test]
    fn a_deleted_file_may_only_come_back_with_an_edit_unseen() {
        let mut people = People::default();
        people.saved(b"", b"F0n1e\nt0n2e\n");
        people.deleted(1, &at(), b"F0n1e\nt0n2e\n", &Tree::new());
        let store = Store::new(Life([1; 16]));
        let back = tree(&[("a.md", "F0n1e\nt0n2e\n")]);
        let violations = judge(&people, &back, &store);
        assert!(matches!(violations[..], [Violation::Resurrected(_)]));
        people.saved(b"F0n1e\nt0n2e\n", b"F0n1e\nt0n2e t0n3e\n");
        let edited = tree(&[("a.md", "F0n1e\nt0n2e t0n3e\n")]);
        assert_eq!(judge(&people, &edited, &store), []);
    }

    #[test]
    fn an_edit_of_one_of_two_files_born_at_one_place_keeps_both() {
        let mut people = People::default();
        people.saved(b"", b"F0n1e\nt0n2e\n");
        people.saved(b"", b"F1n3e\nt1n4e\n");
        people.deleted(1, &at(), b"F0n1e\nt0n2e\nF1n3e\nt1n4e\n", &Tree::new());
        people.saved(b"F0n1e\nt0n2e\n", b"F0n1e\nt0n2e t0n5e\n");
        let store = Store::new(Life([1; 16]));
        let end = tree(&[("a.md", "F0n1e\nt0n2e t0n5e\nF1n3e\nt1n4e\n")]);
        assert_eq!(judge(&people, &end, &store), []);
    }

    #[test]
    fn a_deletion_that_did_not_see_a_move_may_leave_the_file_at_its_new_place() {
        let moved = VaultPath::parse("b.md").unwrap();
        let text = b"F0n1e\nt0n2e\n";
        let store = Store::new(Life([1; 16]));
        let back = tree(&[("b.md", "F0n1e\nt0n2e\n")]);
        let mut people = People::default();
        people.saved(b"", text);
        people.moved(0, &moved, text);
        people.deleted(1, &at(), text, &Tree::new());
        assert_eq!(judge(&people, &back, &store), []);
        people.deleted(1, &moved, text, &Tree::new());
        let violations = judge(&people, &back, &store);
        assert!(matches!(violations[..], [Violation::Resurrected(_)]));
    }

    #[test]
    fn a_move_to_where_the_deleter_had_moved_the_file_need_not_have_been_seen() {
        let moved = VaultPath::parse("b.md").unwrap();
        let text = b"F0n91e\nt0n92e\n";
        let store = Store::new(Life([1; 16]));
        let back = tree(&[("b.md", "F0n91e\nt0n92e\n")]);
        for others in [true, false] {
            let mut people = People::default();
            people.saved(b"", text);
            people.moved(1, &moved, text);
            if others {
                people.moved(0, &moved, text);
            }
            people.deleted(1, &moved, text, &Tree::new());
            assert_eq!(judge(&people, &back, &store).is_empty(), others);
        }
    }

    #[test]
    fn a_file_deleted_before_a_stopped_peer_knew_of_it_may_come_again() {
        let text = b"F0n1e\nt0n2e\n";
        let store = Store::new(Life([1; 16]));
        let back = tree(&[("a.md", "F0n1e\nt0n2e\n")]);
        for (down, elsewhere) in [(true, false), (true, true), (false, false)] {
            let mut people = People::default();
            people.saved(b"", text);
            people.stopped(1, BTreeSet::from([at()]));
            if !down {
                people.looked(1);
            }
            people.deleted(usize::from(!elsewhere), &at(), text, &Tree::new());
            let excused = down && !elsewhere;
            assert_eq!(judge(&people, &back, &store).is_empty(), excused);
        }
    }

    #[test]
    fn a_copy_that_the_deletion_of_another_file_left_alone_is_not_back() {
        let text = "F0n1e\nt0n2e\n";
        let copy = tree(&[("copy.md", text)]);
        let store = Store::new(Life([1; 16]));
        let mut people = People::default();
        people.saved(b"", text.as_bytes());
        people.deleted(1, &at(), text.as_bytes(), &copy);
        assert_eq!(judge(&people, &copy, &store), []);
        for back in [tree(&[("a.md", text)]), tree(&[("copy.md", text), ("b.md", text)])] {
            let violations = judge(&people, &back, &store);
            assert!(matches!(violations[..], [Violation::Resurrected(_)]));
        }
        let last = VaultPath::parse("copy.md").unwrap();
        people.deleted(1, &last, text.as_bytes(), &Tree::new());
        let violations = judge(&people, &copy, &store);
        assert!(matches!(violations[..], [Violation::Resurrected(_)]));
    }

    #[test]
    fn a_power_cut_excuses_what_it_took_and_put_back() {
        let mut people = People::default();
        people.saved(b"", b"F0n1e\nt0n2e\n");
        people.saved(b"F0n1e\nt0n2e\n", b"F0n1e\nt0n2e\nt0n3e\n");
        people.deleted(0, &at(), b"F0n9e\n", &Tree::new());
        let before = tree(&[("a.md", "F0n1e\nt0n2e\nt0n3e\n")]);
        let after = tree(&[("a.md", "F0n1e\nt0n2e\n"), ("b.md", "F0n9e\n")]);
        people.reverted(0, &before, &after);
        let store = Store::new(Life([1; 16]));
        assert_eq!(judge(&people, &after, &store), []);
    }
}
