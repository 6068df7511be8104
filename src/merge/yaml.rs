//! YAML by key, for front matter and bases.
//!
//! Understands the common subset: block mappings whose keys stand at one column, block lists, scalars,
//! flow lists and block scalars, in one another to any depth. Lines are never taken apart except for
//! lists of scalars and for prose, so everything keeps its style. Lists of scalars are ordered sets;
//! other lists are merged item by item, each with its counterpart (`yaml_items`). What is not
//! understood gives `None`, and the caller chooses as a whole; so what was valid stays valid.

use std::collections::{BTreeMap, BTreeSet};

use super::choice::{Choice, Merged, choose, settle};
use super::diff3::has_doubled;
use super::span::{Page, Style, lines};
use super::yaml_anchors::is_tied;
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

/// Whether a merge by lines says what the merge by key says, order aside; where that cannot be told,
/// whether it can be read as far as both sides can, names no key and no item twice that they have
/// once, and has no line twice. No alias is cut from its anchor.
pub(super) fn is_sound(base: Option<&str>, (ours, theirs): (&str, &str), merged: &str) -> bool {
    let parts = |text: &str| {
        let rows: Vec<Row> = lines(text).into_iter().map(Row::from).collect();
        entries(&rows, 0)
    };
    let says = |entries: &[Entry]| -> BTreeSet<String> {
        entries.iter().map(|entry| canonical(entry, Order::Nothing, 0)).collect()
    };
    let count = |entries: &[Entry]| entries.iter().map(|entry| doubts(entry, 0)).sum::<usize>();
    if has_doubled(merged, ours, theirs, |_| true) || !is_tied(ours, theirs, merged) {
        return false;
    }
    let (Some(our_parts), Some(their_parts)) = (parts(ours), parts(theirs)) else { return true };
    let Some(merged) = parts(merged) else { return false };
    let careful = by_key(base, ours, theirs).and_then(|careful| parts(&careful.text));
    count(&merged) <= count(&our_parts).max(count(&their_parts))
        && careful.is_none_or(|careful| says(&careful) == says(&merged))
}

/// What stands below an entry, as a block of its own, and at which column.
fn inside(entry: &Entry, depth: usize) -> Option<(usize, Vec<Row>)> {
    if depth == DEPTH_LIMIT || entry.is_tail() {
        return None;
    }
    let below = || {
        let indent = indent_of(&entry.below().iter().find(|row| !is_idle(&row.text))?.text);
        (entry.value().is_empty()).then(|| (indent, entry.below().to_vec()))
    };
    entry.content().or_else(below)
}

/// How many blocks below an entry cannot be read, or name something twice.
fn doubts(entry: &Entry, depth: usize) -> usize {
    let Some((indent, rows)) = inside(entry, depth) else { return 0 };
    match Parts::of(&rows, indent) {
        None => 1,
        Some(Parts::Mapping(entries)) => entries.iter().map(|it| doubts(it, depth + 1)).sum(),
        Some(Parts::List(items)) => {
            let twice = usize::from(names_twice(&items));
            twice + items.iter().map(|it| doubts(it, depth + 1)).sum::<usize>()
        }
    }
}

/// Whose order tells something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Order {
    /// Only that of the items of a list.
    Items,
    Nothing,
}

/// An entry with everything below it, what has no order in one order.
fn canonical(entry: &Entry, order: Order, depth: usize) -> String {
    let text = |rows: &[Row]| -> String {
        let told = rows.iter().map(|row| row.text.trim()).filter(|text| !text.is_empty());
        told.collect::<Vec<&str>>().join("\n")
    };
    let parts = inside(entry, depth).and_then(|(indent, rows)| Parts::of(&rows, indent));
    let is_list = matches!(parts, Some(Parts::List(_)));
    let Some(Parts::Mapping(parts) | Parts::List(parts)) = parts else {
        return text(&entry.rows);
    };
    let mut all: Vec<String> = parts.iter().map(|part| canonical(part, order, depth + 1)).collect();
    if !is_list || order == Order::Nothing {
        all.sort_unstable();
    }
    format!("{}\n{} {is_list} {all:?}", text(entry.lead()), entry.name)
}

/// Whether two versions of an entry say the same, keys in whatever order.
fn means(one: &Entry, other: &Entry) -> bool {
    let (one, other) = (one.bare(), other.bare());
    one.same(&other) || canonical(&one, Order::Items, 0) == canonical(&other, Order::Items, 0)
}

/// Merges two mappings; `None` when one of the texts is not understood, or an alias would be cut from its
/// anchor.
pub(super) fn by_key(base: Option<&str>, ours: &str, theirs: &str) -> Option<Merged> {
    let rows = |text: &str| -> Vec<Row> { lines(text).into_iter().map(Row::from).collect() };
    let (base_lines, our_lines, their_lines) = (base.map(lines), lines(ours), lines(theirs));
    let style = Style::of(base_lines.as_deref(), &our_lines, &their_lines);
    let base = match base {
        Some(base) => Some(entries(&rows(base), 0)?),
        None => None,
    };
    let (our_text, their_text) = (ours, theirs);
    let (ours, theirs) = (entries(&rows(ours), 0)?, entries(&rows(theirs), 0)?);
    let mut choices = Vec::new();
    let rows = named(base.as_deref(), &ours, &theirs, 0, &mut choices);
    let mut page = Page::new(style);
    for row in rows {
        page.push(row.text, row.end);
    }
    let text = page.finish();
    is_tied(our_text, their_text, &text).then_some(Merged { text, choices })
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
                if !base.is_some_and(|base| means(&base, &only)) {
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
    let below = block(base_rows.as_deref(), &our_rows, &their_rows, column, depth, choices)?;
    if below.iter().all(|row| is_idle(&row.text)) {
        // Each side took away what the other left: empty, and not without a value.
        let is_list = our_rows.iter().any(|row| row.text.trim_start().starts_with("- "));
        let head = &mut rows[0].text;
        head.truncate(head.trim_end().len());
        head.push_str(if is_list { " []" } else { " {}" });
    }
    rows.extend(below);
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
