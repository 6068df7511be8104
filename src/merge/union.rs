//! Two runs of lines that both shall stand, each line whole.
//!
//! Common lines stand once and in order; between them each side's own lines stay together, the side
//! whose lines are smaller by bytes first. So a third device that merges the same runs in another
//! order comes to the same text.

use imara_diff::{Algorithm, Diff, InternedInput};

use super::align::{heaviest, weight};
use super::choice::{Choice, Merged};
use super::span::{End, Page, Style, lines};
use super::text::is_telling;
use super::twin;

/// Most pairs of lines compared for the best union (1,000 by 1,000: some milliseconds and 8 MB);
/// longer runs are compared by a plain diff, which may unite repeated lines less well.
const CELLS_LIMIT: usize = 1_000_000;

/// Most pairs of lines tried for being one (64 by 64 lines that differ).
const TWINS_LIMIT: usize = 4_096;

/// A line to be placed, with its ending.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Extra {
    /// Before which base line; what stands earlier comes first.
    pub(super) gap: usize,
    pub(super) text: String,
    pub(super) end: End,
}

/// Unites two whole texts that have no common base. One that holds every word of the other, in
/// order, is the union already.
pub(super) fn merge(ours: &str, theirs: &str) -> Merged {
    if ours == theirs {
        return Merged::clean(ours);
    }
    if let Some(longer) = twin::longer_line(ours, theirs) {
        return Merged::clean(longer);
    }
    let (ours, theirs) = (lines(ours), lines(theirs));
    let style = Style::of(None, &ours, &theirs);
    let extras = |lines: &[super::span::Line<'_>]| {
        lines
            .iter()
            .map(|line| Extra {
                gap: 0,
                text: line.text.to_owned(),
                end: match line.end {
                    End::Open => End::Open,
                    End::Lf | End::CrLf => style.end,
                },
            })
            .collect()
    };
    let mut page = Page::new(style);
    for extra in unite(extras(&ours), extras(&theirs), None) {
        page.push(extra.text, extra.end);
    }
    Merged::clean(page.finish())
}

/// Unites two runs; the answer does not depend on which is given first.
///
/// - `choices`: given where the runs are most likely the same work done twice, so that lines which
///   only differ in marks or spelling are fused, and what was chosen is recorded.
pub(super) fn unite(
    ours: Vec<Extra>,
    theirs: Vec<Extra>,
    choices: Option<&mut Vec<Choice>>,
) -> Vec<Extra> {
    if theirs.is_empty() || ours == theirs {
        return ours;
    }
    if ours.is_empty() {
        return theirs;
    }
    // What one side has of the other already, as after an earlier merge, is not added again.
    if holds(&ours, &theirs) {
        return ours;
    }
    if holds(&theirs, &ours) {
        return theirs;
    }
    let (first, second) = if ours <= theirs { (ours, theirs) } else { (theirs, ours) };
    let (first, second) = (blocks(first), blocks(second));
    let mut out: Vec<Extra> = Vec::new();
    let (mut left, mut right) = (0, 0);
    let pairs = common(&first, &second);
    let mut choices = choices.filter(|_| is_same_work(&first, &second, &pairs));
    for (here, there) in pairs {
        both(&mut out, &first[left..here], &second[right..there], choices.as_deref_mut());
        match (&first[here][..], &second[there][..]) {
            ([one], [other]) => out.push(ticked(one, other)),
            (block, _) => out.extend_from_slice(block),
        }
        (left, right) = (here + 1, there + 1);
    }
    both(&mut out, &first[left..], &second[right..], choices);
    out
}

/// Whether at least half of the shorter run stands in the other too, word for word.
fn is_same_work(first: &[Block], second: &[Block], pairs: &[(usize, usize)]) -> bool {
    let telling = |block: &Block| block.iter().any(|extra| is_telling(&extra.text));
    let count = |blocks: &[Block]| blocks.iter().filter(|block| telling(block)).count();
    let common = pairs.iter().filter(|pair| telling(&first[pair.0])).count();
    common > 0 && common * 2 >= count(first).min(count(second))
}

/// Whether the lines of `part` stand in `whole`, in order.
fn holds(whole: &[Extra], part: &[Extra]) -> bool {
    let mut rest = whole.iter();
    part.iter().all(|line| rest.any(|other| other.text == line.text))
}

/// A line, or a fenced block as a whole: nothing of another side may stand inside it.
type Block = Vec<Extra>;

fn blocks(run: Vec<Extra>) -> Vec<Block> {
    let fence = |line: &str| -> Option<String> {
        let line = line.trim_start();
        let mark = line.chars().next().filter(|c| matches!(c, '`' | '~'))?;
        let length = line.chars().take_while(|&c| c == mark).count();
        (length >= 3).then(|| mark.to_string().repeat(length))
    };
    let mut blocks: Vec<Block> = Vec::new();
    let mut rest = run.into_iter().peekable();
    while let Some(first) = rest.next() {
        let open = fence(&first.text);
        let mut block = vec![first];
        if let Some(open) = open {
            for line in rest.by_ref() {
                let closes = line.text.trim_end().ends_with(&open)
                    && line.text.trim().chars().all(|c| open.starts_with(c));
                block.push(line);
                if closes {
                    break;
                }
            }
        }
        blocks.push(block);
    }
    blocks
}

/// Pairs of places that hold the same, ascending. Blank lines and others without a word only count
/// beside other common lines: alone they would tear each side's paragraphs apart.
fn common(first: &[Block], second: &[Block]) -> Vec<(usize, usize)> {
    let key = |block: &Block| -> String {
        let lines: Vec<String> = block
            .iter()
            .map(|extra| unticked(&extra.text).unwrap_or_else(|| extra.text.clone()))
            .collect();
        lines.join("\n")
    };
    let (first, second): (Vec<String>, Vec<String>) =
        (first.iter().map(key).collect(), second.iter().map(key).collect());
    let same = |row: usize, column: usize| {
        if first[row] == second[column] { weight(&first[row]) } else { 0 }
    };
    let pairs = heaviest(first.len(), second.len(), CELLS_LIMIT, same)
        .unwrap_or_else(|| common_of_long(&first, &second));
    let weak = |pair: (usize, usize)| !first[pair.0].chars().any(char::is_alphanumeric);
    // A weak pair belongs to the strong pair it touches, through other weak pairs if need be.
    let touches = |a: (usize, usize), b: (usize, usize)| a.0 + 1 == b.0 && a.1 + 1 == b.1;
    let mut kept: Vec<bool> = pairs.iter().map(|&pair| !weak(pair)).collect();
    for at in 1..pairs.len() {
        kept[at] |= kept[at - 1] && touches(pairs[at - 1], pairs[at]);
    }
    for at in (1..pairs.len()).rev() {
        kept[at - 1] |= kept[at] && touches(pairs[at - 1], pairs[at]);
    }
    pairs.into_iter().zip(kept).filter_map(|(pair, kept)| kept.then_some(pair)).collect()
}

fn common_of_long(first: &[String], second: &[String]) -> Vec<(usize, usize)> {
    let mut input = InternedInput::default();
    input.update_before(first.iter().map(String::as_str));
    input.update_after(second.iter().map(String::as_str));
    let mut diff = Diff::compute(Algorithm::Histogram, &input);
    diff.postprocess_lines(&input);
    let mut pairs = Vec::new();
    let (mut left, mut right) = (0, 0);
    for hunk in diff.hunks() {
        let start = hunk.before.start as usize;
        pairs.extend((left..start).zip(right..));
        (left, right) = (hunk.before.end as usize, hunk.after.end as usize);
    }
    pairs.extend((left..first.len()).zip(right..));
    pairs
}

/// Appends two stretches without a common line; lines that are one in two spellings stand once.
fn both(out: &mut Vec<Extra>, left: &[Block], right: &[Block], choices: Option<&mut Vec<Choice>>) {
    let mut unwanted = Vec::new();
    let (is_same_work, choices) = match choices {
        Some(choices) => (true, choices),
        None => (false, &mut unwanted),
    };
    let fused = |row: usize, column: usize, choices: &mut Vec<Choice>| match (
        &left[row][..],
        &right[column][..],
    ) {
        ([one], [other]) if is_telling(&one.text) && is_telling(&other.text) => {
            let (one, other) = (one.text.as_str(), other.text.as_str());
            let longer = twin::longer_line(one, other).map(str::to_owned);
            longer.or_else(|| is_same_work.then(|| twin::fuse_lines(one, other, choices)).flatten())
        }
        _ => None,
    };
    let pairs = heaviest(left.len(), right.len(), TWINS_LIMIT, |row, column| {
        u32::from(fused(row, column, &mut Vec::new()).is_some())
    });
    let (mut here, mut there) = (0, 0);
    for (row, column) in pairs.unwrap_or_default() {
        apart(out, &left[here..row], &right[there..column]);
        if let Some(text) = fused(row, column, choices) {
            let first = left[row][0].clone().max(right[column][0].clone());
            out.push(Extra { text, ..first });
        }
        (here, there) = (row + 1, column + 1);
    }
    apart(out, &left[here..], &right[there..]);
}

/// Appends two stretches that have nothing in common, the smaller first; but what goes on with the
/// line above comes before what is set off by a blank line.
fn apart(out: &mut Vec<Extra>, left: &[Block], right: &[Block]) {
    let blank = |extra: Option<&Extra>| extra.is_some_and(|extra| extra.text.trim().is_empty());
    let key = |blocks: &[Block]| blank(blocks.first().and_then(|block| block.first()));
    let (first, second) = if (key(left), left) <= (key(right), right) {
        (left.concat(), right.concat())
    } else {
        (right.concat(), left.concat())
    };
    // Two runs that each bring their own blank line need one between them, not two.
    let skip = usize::from(blank(first.last()) && blank(second.first()));
    out.extend(first);
    out.extend(second.into_iter().skip(skip));
}

/// The line with its checkbox emptied; `None` when it has none.
fn unticked(line: &str) -> Option<String> {
    let indent = line.len() - line.trim_start().len();
    let rest = &line[indent..];
    let mut chars = rest.char_indices();
    let (_, '-' | '*' | '+') = chars.next()? else {
        return None;
    };
    let rest_of_box = rest[1..].strip_prefix(" [")?;
    let mark = rest_of_box.chars().next()?;
    let after = rest_of_box[mark.len_utf8()..].strip_prefix(']')?;
    (!after.trim().is_empty()).then(|| format!("{}{} [ ]{after}", &line[..indent], &rest[..1]))
}

/// Of the same line twice, the one whose box is ticked; of two marks, the greater.
fn ticked(first: &Extra, second: &Extra) -> Extra {
    let open = |extra: &Extra| unticked(&extra.text).is_some_and(|text| text == extra.text);
    match (open(first), open(second)) {
        (true, false) => second.clone(),
        (false, true) => first.clone(),
        (true, true) | (false, false) => first.max(second).clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paragraphs_stay_apart_and_common_lines_stand_once() {
        for (ours, theirs, united) in [
            ("# Day\n\none\n", "# Day\n\ntwo\n", "# Day\n\none\ntwo\n"),
            ("\none\n", "\ntwo\n", "\none\n\ntwo\n"),
            ("one\n\n", "two\n\n", "one\n\ntwo\n\n"),
            ("- [ ] a b\n- [x] c d\n", "- [x] a b\n- [ ] c d\n", "- [x] a b\n- [x] c d\n"),
            ("a\nb\n", "a\r\nc\r\n", "a\nb\nc\n"),
            ("a", "b\n", "a\nb\n"),
            ("", "b", "b"),
        ] {
            assert_eq!(merge(ours, theirs).text, united);
            assert_eq!(merge(theirs, ours).text, united);
        }
    }

    #[test]
    fn uniting_again_changes_nothing() {
        let (a, b, c) = ("t\n\n- x\n- y\n", "t\n\n- x\n- z\n", "t\n\n- a\n");
        let ab = merge(a, b).text;
        assert_eq!(merge(&ab, a).text, ab);
        assert_eq!(merge(&ab, &merge(b, c).text).text, merge(&merge(a, c).text, b).text);
    }
}
