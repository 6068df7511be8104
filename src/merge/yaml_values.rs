//! What stands behind one key of YAML: lists of scalars, block scalars, prose.
//!
//! The entries come without the comments before them.

use std::collections::BTreeSet;

use super::choice::Choice;
use super::span::{End, lines};
use super::yaml_rows::{Entry, Row, indent_of, key};
use super::{line, order, text};

/// Fewest words that make a scalar prose, which is merged by words.
const PROSE_WORDS: usize = 3;

/// Keys under which a single scalar means a list of one.
const LIST_KEYS: [&str; 6] = ["tags", "tag", "aliases", "alias", "cssclasses", "cssclass"];

/// A list of scalars, as ordered set.
#[derive(Debug, Clone, PartialEq, Eq)]
struct List {
    items: Vec<String>,
    /// What stands before each item of a block list; `None` for `[a, b]` and for a single scalar.
    bullet: Option<String>,
}

fn list_of(entry: &Entry) -> Option<List> {
    let value = entry.value();
    let below: Vec<&str> = (entry.below().iter().map(|row| row.text.as_str()))
        .filter(|text| !text.trim().is_empty())
        .collect();
    let plain = |item: &str| {
        !item.is_empty()
            && !item.contains(": ")
            && !item.ends_with(':')
            && !item.contains(" #")
            && !item.starts_with(['[', '{', '|', '>', '&', '*', '!', '#'])
    };
    let (items, bullet): (Vec<String>, Option<String>) = if value.is_empty() && !below.is_empty() {
        let width = indent_of(below[0]);
        let items: Option<Vec<String>> = below
            .iter()
            .map(|text| {
                let item = text.get(width..)?.strip_prefix("- ")?;
                (indent_of(text) == width).then(|| item.trim().to_owned())
            })
            .collect();
        (items?, Some(format!("{}- ", " ".repeat(width))))
    } else if !below.is_empty() {
        return None;
    } else if let Some(inner) = value.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
        if inner.contains(['"', '\'', '[', '{']) && inner.matches(['"', '\'']).count() % 2 == 1
            || inner.contains(['[', '{'])
        {
            return None;
        }
        (flow_items(inner)?, None)
    } else if LIST_KEYS.contains(&entry.name.as_str()) {
        let items = if value.is_empty() { Vec::new() } else { vec![value.to_owned()] };
        (items, None)
    } else {
        return None;
    };
    let distinct = items.iter().collect::<BTreeSet<_>>().len() == items.len();
    (distinct && items.iter().all(|item| plain(item))).then_some(List { items, bullet })
}

/// The items between brackets, cut at commas outside quotes.
fn flow_items(inner: &str) -> Option<Vec<String>> {
    let mut items = vec![String::new()];
    let mut quote = None;
    for c in inner.chars() {
        match (quote, c) {
            (None, ',') => items.push(String::new()),
            (None, '"' | '\'') => {
                quote = Some(c);
                items.last_mut()?.push(c);
            }
            (open, _) => {
                if open == Some(c) {
                    quote = None;
                }
                items.last_mut()?.push(c);
            }
        }
    }
    let mut items: Vec<String> = items.iter().map(|item| item.trim().to_owned()).collect();
    if items.last().is_some_and(String::is_empty) {
        items.pop();
    }
    quote.is_none().then_some(items)
}

pub(super) fn list(base: Option<&Entry>, ours: &Entry, theirs: &Entry) -> Option<Vec<Row>> {
    let (our_list, their_list) = (list_of(ours)?, list_of(theirs)?);
    let base_list = base.and_then(list_of);
    // A base with a list of another kind, of quoted items with a hash say, is no empty one.
    if base_list.is_none()
        && base.is_some_and(|base| base.rows.iter().skip(1).any(|row| !row.text.trim().is_empty()))
    {
        return None;
    }
    let old = base_list.as_ref().map_or(&[][..], |list| &list.items);
    let has = |list: &[String], item: &String| list.contains(item);
    let items: Vec<String> = order::merge(old, &our_list.items, &their_list.items)
        .into_iter()
        .filter(|item| {
            has(&our_list.items, item) && has(&their_list.items, item) || !has(old, item)
        })
        .collect();
    // The lead is whoever changed the style; comments and spelling of the key come along.
    let old_bullet = base_list.as_ref().map(|list| &list.bullet);
    let ours_leads = match (&our_list.bullet, &their_list.bullet) {
        (a, b) if a == b => ours.text() <= theirs.text(),
        (_, b) if old_bullet == Some(b) => true,
        (a, _) if old_bullet == Some(a) => false,
        (a, b) => a <= b,
    };
    let (lead, bullet) =
        if ours_leads { (ours, &our_list.bullet) } else { (theirs, &their_list.bullet) };
    let head = &lead.rows[lead.head];
    let (name, _) = key(head.text.trim_start())?;
    let label = format!("{}{name}:", " ".repeat(indent_of(&head.text)));
    let row =
        |text: String| Row { text, end: if head.end == End::Open { End::Lf } else { head.end } };
    let rows = match bullet {
        Some(bullet) if !items.is_empty() => {
            let lines = items.iter().map(|item| row(format!("{bullet}{item}")));
            std::iter::once(row(label)).chain(lines).collect()
        }
        _ if items.iter().any(|item| item.contains(',') && !item.starts_with(['"', '\''])) => {
            return None;
        }
        _ => vec![row(format!("{label} [{}]", items.join(", ")))],
    };
    Some(rows)
}

/// Text below `|` or `>`, by lines.
pub(super) fn block_scalar(
    base: Option<&Entry>,
    ours: &Entry,
    theirs: &Entry,
    choices: &mut Vec<Choice>,
) -> Option<Vec<Row>> {
    let base = base?;
    let head = |entry: &Entry| entry.rows[..=entry.head].to_vec();
    let same = head(base) == head(ours) && head(base) == head(theirs);
    if !same || !ours.value().starts_with(['|', '>']) {
        return None;
    }
    let below = |entry: &Entry| -> String {
        (entry.below().iter()).flat_map(|row| [row.text.as_str(), "\n"]).collect()
    };
    let end = ours.rows[ours.head].end;
    let merged = text::merge(&below(base), &below(ours), &below(theirs));
    choices.extend(merged.choices);
    let mut rows = head(ours);
    rows.extend(lines(&merged.text).iter().map(|line| Row { text: line.text.to_owned(), end }));
    Some(rows)
}

/// A scalar of several words, by words, as long as the result is as plain as its parts.
pub(super) fn prose(
    base: Option<&Entry>,
    ours: &Entry,
    theirs: &Entry,
    choices: &mut Vec<Choice>,
) -> Option<Vec<Row>> {
    let base = base?;
    let plain = |value: &str| {
        value.split_whitespace().count() >= PROSE_WORDS
            && value.starts_with(char::is_alphabetic)
            && !value.contains(": ")
            && !value.contains(" #")
            && !value.ends_with(':')
    };
    let lone = |entry: &Entry| entry.rows.len() == entry.head + 1 && plain(entry.value());
    if ![base, ours, theirs].into_iter().all(lone) {
        return None;
    }
    let mut more = Vec::new();
    let value = line::merge(base.value(), ours.value(), theirs.value(), &mut more);
    if !plain(&value) {
        return None;
    }
    choices.extend(more);
    let head = &ours.rows[ours.head];
    let (name, _) = key(head.text.trim_start())?;
    let row = Row {
        text: format!("{}{name}: {value}", " ".repeat(indent_of(&head.text))),
        end: head.end,
    };
    Some(vec![row])
}
