//! From two texts to the splices that lead from one to the other.

use std::ops::Range;

use automerge::transaction::{Transactable, Transaction};
use automerge::{AutomergeError, ObjId};
use imara_diff::{Algorithm, Diff, InternedInput};

/// Largest changed region, both sides together, that is compared word by word, in bytes. A larger
/// one is replaced as a whole: more would cost milliseconds of CPU and keep few characters.
const REFINE_LIMIT_BYTES: usize = 32 * 1024;

/// Longer insertions are made in pieces of so many code points: the same operations, but the library
/// keeps 300 bytes for each that it is making, and 100,000 at once take half as long again.
const PIECE: usize = 4096;

/// One replacement. Splices are applied in order; positions count in the text as the splices before
/// left it.
///
/// - Units: Unicode code points.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Splice {
    pub(super) at: usize,
    pub(super) delete: usize,
    pub(super) insert: String,
}

impl Splice {
    /// Makes it in the text `object`.
    pub(super) fn make(
        &self,
        transaction: &mut Transaction<'_>,
        object: &ObjId,
    ) -> Result<(), AutomergeError> {
        let delete = isize::try_from(self.delete).unwrap_or(isize::MAX);
        let (mut at, mut rest) = (self.at, self.insert.as_str());
        while let Some((end, _)) = rest.char_indices().nth(PIECE) {
            let (piece, after) = rest.split_at(end);
            transaction.splice_text(object, at, 0, piece)?;
            (at, rest) = (at + PIECE, after);
        }
        // Within one splice the library inserts before it deletes.
        transaction.splice_text(object, at, delete, rest)
    }
}

/// Byte ranges of old and new that differ.
type Change = (Range<usize>, Range<usize>);

/// Finds splices that turn `old` into `new`, keeping the characters that survive.
///
/// - Shape: common ends are trimmed; then lines, then words inside regions of lines up to
///   [`REFINE_LIMIT_BYTES`]. The cost is bounded by a small multiple of the length.
pub(super) fn splices(old: &str, new: &str) -> Vec<Splice> {
    let mut changes = vec![];
    let (start, end) = common_ends(old, new);
    let (old_mid, new_mid) = (start..old.len() - end, start..new.len() - end);
    if old_mid.is_empty() && new_mid.is_empty() {
        return vec![];
    }
    let one_line = |text: &str, range: &Range<usize>| !text[range.clone()].contains('\n');
    if old_mid.is_empty() || new_mid.is_empty() {
        changes.push((old_mid, new_mid));
    } else if one_line(old, &old_mid) && one_line(new, &new_mid) {
        refine(old, new, (old_mid, new_mid), &mut changes);
    } else {
        by_lines(old, new, start, end, &mut changes);
    }
    in_code_points(old, new, &changes)
}

/// The text that `splices` make of `old`; `None` where one of them lies outside.
pub(super) fn apply(old: &str, splices: &[Splice]) -> Option<String> {
    let mut text = old.to_owned();
    for Splice { at, delete, insert } in splices {
        let start = byte_of(&text, *at)?;
        let end = start + byte_of(&text[start..], *delete)?;
        text.replace_range(start..end, insert);
    }
    Some(text)
}

/// Where in bytes the code point number `at` begins.
fn byte_of(text: &str, at: usize) -> Option<usize> {
    let mut starts = text.char_indices().map(|(byte, _)| byte);
    starts.nth(at).or_else(|| (text.chars().count() == at).then_some(text.len()))
}

fn by_lines(old: &str, new: &str, start: usize, end: usize, changes: &mut Vec<Change>) {
    // The trimmed ends are cut back to whole lines, so that lines are compared with lines.
    let start = old[..start].rfind('\n').map_or(0, |at| at + 1);
    let end = old[old.len() - end..].find('\n').map_or(0, |at| end - at - 1);
    let lines = |text: &str| -> Vec<Range<usize>> {
        pieces(text, start..text.len() - end, |rest| {
            rest.find('\n').map_or(rest.len(), |at| at + 1)
        })
    };
    for change in compare(old, new, &lines(old), &lines(new), start) {
        refine(old, new, change, changes);
    }
}

/// Compares one region word by word, if it is small enough.
fn refine(old: &str, new: &str, (before, after): Change, changes: &mut Vec<Change>) {
    let (start, end) = common_ends(&old[before.clone()], &new[after.clone()]);
    let before = before.start + start..before.end - end;
    let after = after.start + start..after.end - end;
    if before.is_empty() && after.is_empty() {
        return;
    }
    if before.is_empty() || after.is_empty() || before.len() + after.len() > REFINE_LIMIT_BYTES {
        changes.push((before, after));
        return;
    }
    let words = |text: &str, range: Range<usize>| pieces(text, range, word_length);
    let (old_words, new_words) = (words(old, before.clone()), words(new, after.clone()));
    let found = compare_from(old, new, &old_words, &new_words, (before.start, after.start));
    for (before, after) in found {
        let (start, end) = common_ends(&old[before.clone()], &new[after.clone()]);
        changes
            .push((before.start + start..before.end - end, after.start + start..after.end - end));
    }
}

/// Length in bytes of the word, or the single other character, that `rest` starts with.
fn word_length(rest: &str) -> usize {
    // Scripts without spaces count character by character.
    let in_word = |c: char| c.is_alphanumeric() && c < '\u{2e80}';
    let run = rest.find(|c| !in_word(c)).unwrap_or(rest.len());
    if run > 0 { run } else { rest.chars().next().map_or(0, char::len_utf8) }
}

fn pieces(text: &str, range: Range<usize>, length: impl Fn(&str) -> usize) -> Vec<Range<usize>> {
    let mut pieces = vec![];
    let mut at = range.start;
    while at < range.end {
        let next = at + length(&text[at..range.end]).max(1);
        pieces.push(at..next);
        at = next;
    }
    pieces
}

fn compare(
    old: &str,
    new: &str,
    old_pieces: &[Range<usize>],
    new_pieces: &[Range<usize>],
    start: usize,
) -> Vec<Change> {
    compare_from(old, new, old_pieces, new_pieces, (start, start))
}

fn compare_from(
    old: &str,
    new: &str,
    old_pieces: &[Range<usize>],
    new_pieces: &[Range<usize>],
    (old_start, new_start): (usize, usize),
) -> Vec<Change> {
    let mut input: InternedInput<&str> = InternedInput::default();
    input.update_before(old_pieces.iter().map(|piece| &old[piece.clone()]));
    input.update_after(new_pieces.iter().map(|piece| &new[piece.clone()]));
    let diff = Diff::compute(Algorithm::Histogram, &input);
    let span = |pieces: &[Range<usize>], hunk: &Range<u32>, start: usize| {
        let edge = |count: u32| match count {
            0 => start,
            count => pieces[count as usize - 1].end,
        };
        edge(hunk.start)..edge(hunk.end)
    };
    diff.hunks()
        .map(|hunk| {
            (span(old_pieces, &hunk.before, old_start), span(new_pieces, &hunk.after, new_start))
        })
        .collect()
}

fn in_code_points(old: &str, new: &str, changes: &[Change]) -> Vec<Splice> {
    let (mut at, mut reached) = (0, 0);
    let mut splices = vec![];
    for (before, after) in changes {
        at += new[reached..after.start].chars().count();
        reached = after.start;
        let insert = &new[after.clone()];
        splices.push(Splice {
            at,
            delete: old[before.clone()].chars().count(),
            insert: insert.to_owned(),
        });
    }
    splices
}

/// Lengths in bytes of the longest common start and, beyond it, the longest common end.
fn common_ends(old: &str, new: &str) -> (usize, usize) {
    let equal = |(a, b): &(u8, u8)| a == b;
    let mut start = old.bytes().zip(new.bytes()).take_while(equal).count();
    while !(old.is_char_boundary(start) && new.is_char_boundary(start)) {
        start -= 1;
    }
    let (old, new) = (&old[start..], &new[start..]);
    let backwards = old.bytes().rev().zip(new.bytes().rev());
    let mut end = backwards.take_while(equal).count();
    while !(old.is_char_boundary(old.len() - end) && new.is_char_boundary(new.len() - end)) {
        end -= 1;
    }
    (start, end)
}

#[cfg(test)]
mod tests {
    use automerge::{ActorId, Automerge, ObjType, ROOT};
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_is_made_in_pieces_is_the_same_change() {
        let note = "letters ä 文 🦀 of a note\n";
        for insert in ["", "a", &note.repeat(170), &note.repeat(171), &note.repeat(800)] {
            for delete in [0, 7_usize] {
                let mut doc = Automerge::new_with_encoding(super::super::import::ENCODING);
                doc.set_actor(ActorId::from([1; 16]));
                let mut transaction = doc.transaction();
                let text = transaction.put_object(ROOT, "text", ObjType::Text).unwrap();
                transaction.splice_text(&text, 0, 0, note).unwrap();
                transaction.commit();
                let mut whole = doc.clone();
                let mut transaction = whole.transaction();
                transaction.splice_text(&text, 5, delete.cast_signed(), insert).unwrap();
                let whole = transaction.commit().0;
                let mut transaction = doc.transaction();
                let splice = Splice { at: 5, delete, insert: insert.to_owned() };
                splice.make(&mut transaction, &text).unwrap();
                assert_eq!(transaction.commit().0, whole, "{delete} {}", insert.len());
            }
        }
    }

    fn applied(old: &str, splices: &[Splice]) -> String {
        let mut chars: Vec<char> = old.chars().collect();
        for splice in splices {
            chars.splice(splice.at..splice.at + splice.delete, splice.insert.chars());
        }
        chars.into_iter().collect()
    }

    #[test]
    fn a_small_edit_is_one_small_splice() {
        let found = splices("one\ntwo ä three\nfour\n", "one\ntwo ä tree\nfour\n");
        let expected = Splice { at: 11, delete: 1, insert: String::new() };
        assert_eq!(found, [expected]);
    }

    #[test]
    fn lines_that_stay_are_kept() {
        let old = "alpha\nbeta\ngamma\ndelta\n";
        let new = "alpha 1\nbeta\ngamma\nnew\ndelta 2\n";
        let found = splices(old, new);
        assert_eq!(applied(old, &found), new);
        assert_eq!(found.iter().map(|s| s.delete).sum::<usize>(), 0);
        assert_eq!(found.iter().map(|s| s.insert.len()).sum::<usize>(), 8);
    }

    #[test]
    fn a_rewrite_beyond_the_limit_is_one_splice_per_region() {
        let old = "a b ".repeat(REFINE_LIMIT_BYTES);
        let new = "c d ".repeat(REFINE_LIMIT_BYTES);
        assert_eq!(splices(&old, &new).len(), 1);
    }

    proptest! {
        #[test]
        fn splices_lead_from_old_to_new(old in "[ab \nä文]{0,60}", new in "[ab \nä文]{0,60}") {
            let found = splices(&old, &new);
            prop_assert_eq!(applied(&old, &found), new.as_str());
            prop_assert_eq!(apply(&old, &found), Some(new));
        }
    }
}
