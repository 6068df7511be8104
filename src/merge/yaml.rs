//! YAML by key, for front matter and bases.
//!
//! Understands the common subset: block mappings whose keys stand at one column, block lists, scalars,
//! flow lists and block scalars, in one another to any depth. Lines are never taken apart except for
//! lists of scalars and for prose, so everything keeps its style. Lists of scalars are ordered sets;
//! other lists are merged item by item, each with its counterpart (`yaml_items`). What is not
//! understood gives `None`, and the caller chooses as a whole; so what was valid stays valid.

use std::collections::BTreeMap;

use super::choice::{Choice, Merged, choose, settle};
use super::diff3::has_doubled;
use super::span::{Page, Style, lines};
use super::yaml_items::{name_items, names_twice};
use super::yaml_rows::{Entry, Parts, Row, entries, indent_of, is_idle, shifted, with_dash};
use super::yaml_values::{block_scalar, list, prose};
use super::{order, text, union};

/// How deep mappings and lists are followed; deeper ones are chosen as a whole.
const DEPTH_LIMIT: usize = 32;

/// Merges two YAML files.
pub(super) fn merge(base: Option<&str>, ours: &str, theirs: &str) -> Merged {
    by_key(base, ours, theirs).unwrap_or_else(|| Merged::choose(base.unwrap_or(""), ours, theirs))
}

/// Whether a merge by lines can be read as far as both sides can, names no key and no item twice that
/// they have once, and has no line twice.
pub(super) fn is_sound(ours: &str, theirs: &str, merged: &str) -> bool {
    let doubts = |text: &str| {
        let rows: Vec<Row> = lines(text).into_iter().map(Row::from).collect();
        entries(&rows, 0).map(|entries| entries.iter().map(|entry| doubts(entry, 0)).sum::<usize>())
    };
    !has_doubled(merged, ours, theirs, |_| true)
        && match (doubts(ours), doubts(theirs)) {
            (Some(ours), Some(theirs)) => {
                doubts(merged).is_some_and(|merged| merged <= ours.max(theirs))
            }
            (None, _) | (_, None) => true,
        }
}

/// How many blocks below an entry cannot be read, or name something twice.
fn doubts(entry: &Entry, depth: usize) -> usize {
    let content = entry.content();
    let below = |entry: &Entry| -> Option<(usize, Vec<Row>)> {
        let indent = indent_of(&entry.below().iter().find(|row| !is_idle(&row.text))?.text);
        (entry.value().is_empty()).then(|| (indent, entry.below().to_vec()))
    };
    let Some((indent, rows)) = content.or_else(|| below(entry)) else { return 0 };
    if depth == DEPTH_LIMIT || entry.is_tail() {
        return 0;
    }
    match Parts::of(&rows, indent) {
        None => 1,
        Some(Parts::Mapping(entries)) => entries.iter().map(|it| doubts(it, depth + 1)).sum(),
        Some(Parts::List(items)) => {
            let twice = usize::from(names_twice(&items));
            twice + items.iter().map(|it| doubts(it, depth + 1)).sum::<usize>()
        }
    }
}

/// Merges two mappings; `None` when one of the texts is not understood.
pub(super) fn by_key(base: Option<&str>, ours: &str, theirs: &str) -> Option<Merged> {
    let rows = |text: &str| -> Vec<Row> { lines(text).into_iter().map(Row::from).collect() };
    let (base_lines, our_lines, their_lines) = (base.map(lines), lines(ours), lines(theirs));
    let style = Style::of(base_lines.as_deref(), &our_lines, &their_lines);
    let base = match base {
        Some(base) => Some(entries(&rows(base), 0)?),
        None => None,
    };
    let (ours, theirs) = (entries(&rows(ours), 0)?, entries(&rows(theirs), 0)?);
    let mut choices = Vec::new();
    let rows = named(base.as_deref(), &ours, &theirs, 0, &mut choices);
    let mut page = Page::new(style);
    for row in rows {
        page.push(row.text, row.end);
    }
    Some(Merged { text: page.finish(), choices })
}

/// Merges entries by name, in one order.
fn named(
    base: Option<&[Entry]>,
    ours: &[Entry],
    theirs: &[Entry],
    depth: usize,
    choices: &mut Vec<Choice>,
) -> Vec<Row> {
    let names = |entries: &[Entry]| -> Vec<String> {
        (entries.iter().map(|entry| entry.name.clone())).filter(|name| !name.is_empty()).collect()
    };
    let mut order = order::merge(&names(base.unwrap_or(&[])), &names(ours), &names(theirs));
    // What follows the last key stays there.
    order.push(String::new());
    let [base, ours, theirs] =
        [base.unwrap_or(&[]), ours, theirs].map(|entries| -> BTreeMap<&str, &Entry> {
            entries.iter().map(|entry| (entry.name.as_str(), entry)).collect()
        });
    let mut rows = Vec::new();
    for name in order {
        let find = |entries: &BTreeMap<&str, &Entry>| entries.get(name.as_str()).copied().cloned();
        let base = find(&base);
        match (find(&ours), find(&theirs)) {
            (Some(ours), Some(theirs)) => {
                rows.extend(entry(base.as_ref(), &ours, &theirs, depth, choices));
            }
            (Some(only), None) | (None, Some(only)) => {
                // Deleted on one side, untouched on the other: gone.
                if !base.is_some_and(|base| base.bare().same(&only.bare())) {
                    rows.extend(only.rows);
                }
            }
            (None, None) => {}
        }
    }
    rows
}

/// Merges two versions of one entry.
fn entry(
    base: Option<&Entry>,
    ours: &Entry,
    theirs: &Entry,
    depth: usize,
    choices: &mut Vec<Choice>,
) -> Vec<Row> {
    if ours.same(theirs) || base.is_some_and(|base| base.same(theirs)) {
        return ours.rows.clone();
    }
    if base.is_some_and(|base| base.same(ours)) {
        return theirs.rows.clone();
    }
    let mut rows = lead(base.map(Entry::lead), ours.lead(), theirs.lead(), choices);
    if !ours.is_tail() && !theirs.is_tail() {
        let base = base.map(Entry::bare);
        rows.extend(bare(base.as_ref(), &ours.bare(), &theirs.bare(), depth, choices));
    }
    rows
}

/// Merges the comments before an entry, like any text.
fn lead(base: Option<&[Row]>, ours: &[Row], theirs: &[Row], choices: &mut Vec<Choice>) -> Vec<Row> {
    if let Some(settled) = settle(base, Some(ours), Some(theirs)).flatten() {
        return settled.to_vec();
    }
    let join = |rows: &[Row]| -> String {
        rows.iter().flat_map(|row| [row.text.as_str(), "\n"]).collect()
    };
    let merged = match base {
        Some(base) => text::merge(&join(base), &join(ours), &join(theirs)),
        None => union::merge(&join(ours), &join(theirs)),
    };
    choices.extend(merged.choices);
    let end = ours.iter().chain(theirs).map(|row| row.end).max().unwrap_or(super::span::End::Lf);
    lines(&merged.text).iter().map(|line| Row { text: line.text.to_owned(), end }).collect()
}

/// Merges two versions of one entry without what stands before it.
fn bare(
    base: Option<&Entry>,
    ours: &Entry,
    theirs: &Entry,
    depth: usize,
    choices: &mut Vec<Choice>,
) -> Vec<Row> {
    if ours.same(theirs) || base.is_some_and(|base| base.same(theirs)) {
        return ours.rows.clone();
    }
    if base.is_some_and(|base| base.same(ours)) {
        return theirs.rows.clone();
    }
    if depth < DEPTH_LIMIT {
        let found = list(base, ours, theirs)
            .or_else(|| item(base, ours, theirs, depth, choices))
            .or_else(|| nested(base, ours, theirs, depth, choices))
            .or_else(|| block_scalar(base, ours, theirs, choices))
            .or_else(|| prose(base, ours, theirs, choices));
        if let Some(rows) = found {
            return rows;
        }
    }
    let ours_first = if ours.value() == theirs.value() {
        let (ours, theirs) = (ours.text(), theirs.text());
        choose(&ours, &theirs).0 == ours
    } else {
        choose(ours.value(), theirs.value()).0 == ours.value()
    };
    let (chosen, alternative) = if ours_first { (ours, theirs) } else { (theirs, ours) };
    choices.push(Choice {
        base: base.map(Entry::text).unwrap_or_default(),
        chosen: chosen.text(),
        alternative: alternative.text(),
    });
    chosen.rows.clone()
}

/// A mapping or a list below a key.
fn nested(
    base: Option<&Entry>,
    ours: &Entry,
    theirs: &Entry,
    depth: usize,
    choices: &mut Vec<Choice>,
) -> Option<Vec<Row>> {
    let column = |entry: &Entry| {
        let first = entry.below().iter().find(|row| !is_idle(&row.text))?;
        entry.value().is_empty().then(|| indent_of(&first.text))
    };
    // An empty value beside a block has no column of its own.
    let (our_column, their_column) = (column(ours)?, column(theirs)?);
    let base = base.and_then(|base| Some((column(base)?, base)));
    let base_column = base.map(|(column, _)| column);
    let column = settle(base_column, Some(our_column), Some(their_column))
        .flatten()
        .unwrap_or(our_column.max(their_column));
    let base_rows = match base {
        Some((from, base)) => Some(shifted(base.below(), from, column)?),
        None => None,
    };
    let our_rows = shifted(ours.below(), our_column, column)?;
    let their_rows = shifted(theirs.below(), their_column, column)?;
    let head =
        settle(base.map(|(_, base)| &base.rows[0]), Some(&ours.rows[0]), Some(&theirs.rows[0]));
    let mut rows = vec![head.flatten().unwrap_or((&ours.rows[0]).max(&theirs.rows[0])).clone()];
    rows.extend(block(base_rows.as_deref(), &our_rows, &their_rows, column, depth, choices)?);
    Some(rows)
}

/// An item that holds a mapping or a list.
fn item(
    base: Option<&Entry>,
    ours: &Entry,
    theirs: &Entry,
    depth: usize,
    choices: &mut Vec<Choice>,
) -> Option<Vec<Row>> {
    let (column, our_rows) = ours.content()?;
    let (their_column, their_rows) = theirs.content()?;
    let their_rows = shifted(&their_rows, their_column, column)?;
    let base_rows = match base.and_then(Entry::content) {
        Some((from, rows)) => Some(shifted(&rows, from, column)?),
        None => None,
    };
    let dash = indent_of(&ours.rows[0].text);
    let merged = block(base_rows.as_deref(), &our_rows, &their_rows, column, depth, choices)?;
    with_dash(dash, column, merged)
}

/// Merges two blocks at one column.
fn block(
    base: Option<&[Row]>,
    ours: &[Row],
    theirs: &[Row],
    column: usize,
    depth: usize,
    choices: &mut Vec<Choice>,
) -> Option<Vec<Row>> {
    let base = base.and_then(|base| Parts::of(base, column));
    match (Parts::of(ours, column)?, Parts::of(theirs, column)?) {
        (Parts::Mapping(ours), Parts::Mapping(theirs)) => {
            let base = match &base {
                Some(Parts::Mapping(base)) => Some(&base[..]),
                Some(Parts::List(_)) | None => None,
            };
            Some(named(base, &ours, &theirs, depth + 1, choices))
        }
        (Parts::List(mut ours), Parts::List(mut theirs)) => {
            let mut base = match base {
                Some(Parts::List(base)) => Some(base),
                Some(Parts::Mapping(_)) | None => None,
            };
            name_items(base.as_deref_mut(), &mut ours, &mut theirs);
            Some(named(base.as_deref(), &ours, &theirs, depth + 1, choices))
        }
        (Parts::Mapping(_), Parts::List(_)) | (Parts::List(_), Parts::Mapping(_)) => None,
    }
}
