//! Notes: the block of properties at the top by key, the rest by lines.

use super::choice::{Merged, settle};
use super::{text, union, yaml};

/// Merges two notes.
pub(super) fn merge(base: Option<&str>, ours: &str, theirs: &str) -> Merged {
    parts(base, ours, theirs, |base, ours, theirs| match base {
        Some(base) => text::merge(base, ours, theirs),
        None => union::merge(ours, theirs),
    })
}

/// What two notes may both have come to know, with every line of the text that either still holds.
pub(super) fn ancestor(base: &str, ours: &str, theirs: &str) -> String {
    let body = |base: Option<&str>, ours: &str, theirs: &str| {
        Merged::clean(text::ancestor(base.unwrap_or(""), ours, theirs))
    };
    parts(Some(base), ours, theirs, body).text
}

fn parts(
    base: Option<&str>,
    ours: &str,
    theirs: &str,
    body: impl Fn(Option<&str>, &str, &str) -> Merged,
) -> Merged {
    let (base_block, base_body) = base.map_or((None, None), |base| {
        let (block, body) = split(base);
        (block, Some(body))
    });
    let (our_block, our_body) = split(ours);
    let (their_block, their_body) = split(theirs);
    let mut merged = match settle(base_block, our_block, their_block) {
        Some(block) => Merged::clean(block.unwrap_or("")),
        None => match (our_block, their_block) {
            (Some(ours), Some(theirs)) => blocks(base_block, ours, theirs),
            // Edited on one side, taken away on the other: the edit stands.
            (Some(only), None) | (None, Some(only)) => Merged::clean(only),
            (None, None) => Merged::default(),
        },
    };
    let body = body(base_body, our_body, their_body);
    let closed = merged.text.is_empty() || merged.text.ends_with('\n');
    if !closed && !body.text.is_empty() {
        merged.text.push('\n');
    }
    merged.text.push_str(&body.text);
    merged.choices.extend(body.choices);
    merged
}

/// Whether a merge by lines left the block of properties whole.
pub(super) fn is_sound(base: &str, (ours, theirs): (&str, &str), merged: &str) -> bool {
    let base = split(base).0.and_then(inner);
    match (split(ours).0, split(theirs).0, split(merged).0) {
        (Some(ours), Some(theirs), Some(merged)) => {
            match (inner(ours), inner(theirs), inner(merged)) {
                (Some(ours), Some(theirs), Some(merged)) => {
                    yaml::is_sound(base.as_deref(), (&ours, &theirs), &merged)
                }
                (ours, theirs, merged) => merged.is_some() || ours.is_none() || theirs.is_none(),
            }
        }
        (Some(_), Some(_), None) | (None, None, Some(_)) => false,
        (None, _, _) | (_, None, _) => true,
    }
}

/// Cuts a note behind the line that ends its block of properties; a note without one is all body.
fn split(note: &str) -> (Option<&str>, &str) {
    let mut at = 0;
    for (number, line) in note.split_inclusive('\n').enumerate() {
        let fence = line.trim_end() == "---";
        at += line.len();
        match (number, fence) {
            (0, false) => return (None, note),
            (0, true) | (_, false) => {}
            (_, true) => return (Some(&note[..at]), &note[at..]),
        }
    }
    (None, note)
}

/// What stands between the fences of a block.
fn inner(block: &str) -> Option<String> {
    let start = block.find('\n')? + 1;
    let end = block.trim_end().rfind('\n')? + 1;
    block.get(start..end.max(start)).map(str::to_owned)
}

/// Merges two different blocks, fences included. One that is not understood is chosen as a whole.
fn blocks(base: Option<&str>, ours: &str, theirs: &str) -> Merged {
    let merged = match (base.map(inner), inner(ours), inner(theirs)) {
        (None, Some(ours), Some(theirs)) => yaml::by_key(None, &ours, &theirs),
        (Some(Some(base)), Some(ours), Some(theirs)) => yaml::by_key(Some(&base), &ours, &theirs),
        (Some(None), ..) | (_, None, _) | (.., None) => None,
    };
    let Some(mut merged) = merged else {
        let mut whole = Merged::choose(base.unwrap_or(""), ours, theirs);
        for choice in &mut whole.choices {
            for text in [&mut choice.base, &mut choice.chosen, &mut choice.alternative] {
                text.truncate(text.trim_end().len());
            }
        }
        return whole;
    };
    let fences = ours.max(theirs);
    let first = fences.find('\n').map_or(0, |end| end + 1);
    let last = fences.trim_end().rfind('\n').map_or(first, |end| end + 1);
    merged.text = format!("{}{}{}", &fences[..first], merged.text, &fences[last..]);
    merged
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_block_needs_both_fences() {
        assert_eq!(split("---\na: 1\n---\nx"), (Some("---\na: 1\n---\n"), "x"));
        assert_eq!(split("---\r\n---\r\n"), (Some("---\r\n---\r\n"), ""));
        assert_eq!(split("---\na: 1\n"), (None, "---\na: 1\n"));
        assert_eq!(split("x\n---\n---\n"), (None, "x\n---\n---\n"));
        assert_eq!(split(""), (None, ""));
    }
}
