//! YAML by key, for front matter and bases.
//!
//! Understands the common subset: block mappings whose keys stand at one indentation, with scalars,
//! lists, nested mappings and block scalars below. Lines are never taken apart except for lists of
//! scalars and for prose, so everything keeps its style. What is not understood gives `None`, and the
//! caller chooses as a whole; so what was valid stays valid.

use std::collections::BTreeSet;

use super::choice::{Choice, Merged, choose, settle};
use super::diff3::has_doubled;
use super::span::{End, Line, Page, Style, lines};
use super::{line, order, text};

/// How deep mappings are followed; deeper ones are chosen as a whole.
const DEPTH_LIMIT: usize = 32;

/// Fewest words that make a scalar prose, which is merged by words.
const PROSE_WORDS: usize = 3;

/// Keys under which a single scalar means a list of one.
const LIST_KEYS: [&str; 6] = ["tags", "tag", "aliases", "alias", "cssclasses", "cssclass"];

/// Merges two YAML files.
pub(super) fn merge(base: Option<&str>, ours: &str, theirs: &str) -> Merged {
    by_key(base, ours, theirs).unwrap_or_else(|| Merged::choose(base.unwrap_or(""), ours, theirs))
}

/// Whether a merge by lines is still a mapping with each key once, if both sides are one, and has no
/// line twice.
pub(super) fn is_sound(ours: &str, theirs: &str, merged: &str) -> bool {
    let reads = |text: &str| {
        entries(&lines(text).into_iter().map(Row::from).collect::<Vec<_>>(), 0).is_some()
    };
    !has_doubled(merged, ours, theirs, |_| true)
        && (reads(merged) || !reads(ours) || !reads(theirs))
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
    let rows = mapping(base.as_deref(), &ours, &theirs, 0, &mut choices);
    let mut page = Page::new(style);
    for row in rows {
        page.push(row.text, row.end);
    }
    Some(Merged { text: page.finish(), choices })
}

/// A line that may be rewritten.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Row {
    text: String,
    end: End,
}

impl From<Line<'_>> for Row {
    fn from(line: Line<'_>) -> Self {
        Self { text: line.text.to_owned(), end: line.end }
    }
}

/// A key, or an item of a list, with all lines that belong to it: comments and blank lines before it,
/// everything deeper after it.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Entry {
    /// The key or the item's name; what follows the last key has none.
    name: String,
    /// Which of the rows holds the key.
    head: usize,
    rows: Vec<Row>,
}

impl Entry {
    fn text(&self) -> String {
        let texts: Vec<&str> = self.rows.iter().map(|row| row.text.as_str()).collect();
        texts.join("\n")
    }

    fn same(&self, other: &Self) -> bool {
        (self.rows.iter().map(|row| &row.text)).eq(other.rows.iter().map(|row| &row.text))
    }

    /// What stands behind the colon, comments not cut off.
    fn value(&self) -> &str {
        let head = &self.rows[self.head].text;
        key(head.trim_start()).map_or("", |(_, rest)| rest)
    }

    fn below(&self) -> &[Row] {
        &self.rows[self.head + 1..]
    }
}

fn indent_of(text: &str) -> usize {
    text.len() - text.trim_start_matches(' ').len()
}

fn is_idle(text: &str) -> bool {
    let text = text.trim();
    text.is_empty() || text.starts_with('#')
}

/// The key at the start of `text`, and its inline value.
fn key(text: &str) -> Option<(&str, &str)> {
    let first = text.chars().next()?;
    let end = match first {
        '"' | '\'' => text[1..].find(first)? + 2,
        _ if "-?:,[]{}#&*!|>%@`".contains(first) => return None,
        _ => {
            let spaced = text.find(": ");
            spaced.or_else(|| text.trim_end().strip_suffix(':').map(str::len))?
        }
    };
    let rest = text[end..].strip_prefix(':')?;
    (rest.is_empty() || rest.starts_with(' ')).then(|| (text[..end].trim(), rest.trim()))
}

/// Cuts rows into the entries of a mapping at `indent`; `None` when they are something else.
fn entries(rows: &[Row], indent: usize) -> Option<Vec<Entry>> {
    let mut entries: Vec<Entry> = Vec::new();
    let mut names = BTreeSet::new();
    let mut lead: Vec<Row> = Vec::new();
    for row in rows {
        let body = row.text.trim_start_matches(' ');
        let depth = indent_of(&row.text);
        let listed = body.starts_with("- ") || body == "-";
        if body.starts_with('\t') || body.starts_with("---") || body == "..." {
            return None;
        }
        if let Some(current) = entries.last_mut()
            && (depth > indent && !body.is_empty() || listed && depth == indent)
        {
            if listed && depth == indent && !current.value().is_empty() {
                return None;
            }
            current.rows.append(&mut lead);
            current.rows.push(row.clone());
        } else if is_idle(&row.text) {
            lead.push(row.clone());
        } else {
            let (name, _) = key(body).filter(|_| depth == indent)?;
            if !names.insert(name.to_owned()) {
                return None;
            }
            let head = lead.len();
            let mut rows = std::mem::take(&mut lead);
            rows.push(row.clone());
            entries.push(Entry { name: name.to_owned(), head, rows });
        }
    }
    if !lead.is_empty() {
        entries.push(Entry { name: String::new(), head: 0, rows: lead });
    }
    Some(entries)
}

/// Merges entries by name, in one order.
fn mapping(
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
    let mut rows = Vec::new();
    for name in order {
        let find = |entries: &'_ [Entry]| entries.iter().position(|entry| entry.name == name);
        let base_entry = base.and_then(|base| find(base).map(|at| &base[at]));
        match (find(ours), find(theirs)) {
            (Some(our), Some(their)) => {
                rows.extend(entry(base_entry, &ours[our], &theirs[their], depth, choices));
            }
            (our, their) => {
                let only = (our.map(|at| &ours[at])).or_else(|| their.map(|at| &theirs[at]));
                // Deleted on one side, untouched on the other: gone.
                let only = only.filter(|only| !base_entry.is_some_and(|base| base.same(only)));
                rows.extend(only.into_iter().flat_map(|only| only.rows.clone()));
            }
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
    if !ours.name.is_empty() && depth < DEPTH_LIMIT {
        let found = list(base, ours, theirs)
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

/// The lines from the head on, with everything else of the preferred version kept.
fn with_lead(entry: &Entry, mut more: Vec<Row>) -> Vec<Row> {
    let mut rows = entry.rows[..entry.head].to_vec();
    rows.append(&mut more);
    rows
}

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

fn list(base: Option<&Entry>, ours: &Entry, theirs: &Entry) -> Option<Vec<Row>> {
    let (our_list, their_list) = (list_of(ours)?, list_of(theirs)?);
    let base_list = base.and_then(list_of);
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
    Some(with_lead(lead, rows))
}

/// A mapping, or a list of mappings with names, below a key.
fn nested(
    base: Option<&Entry>,
    ours: &Entry,
    theirs: &Entry,
    depth: usize,
    choices: &mut Vec<Choice>,
) -> Option<Vec<Row>> {
    let heads = |entry: &Entry| (entry.rows[..=entry.head].to_vec(), entry.value().is_empty());
    let ((our_head, our_plain), (their_head, their_plain)) = (heads(ours), heads(theirs));
    let width = |entry: &Entry| {
        (entry.below().iter()).find(|row| !is_idle(&row.text)).map(|row| indent_of(&row.text))
    };
    let indent = width(ours)?;
    if !our_plain || !their_plain || width(theirs) != Some(indent) {
        return None;
    }
    let parts = |entry: &Entry| {
        let key_indent = indent_of(&entry.rows[entry.head].text);
        let deeper = (indent > key_indent).then(|| entries(entry.below(), indent));
        deeper.flatten().or_else(|| items(entry.below(), indent))
    };
    let base_head = base.map(|base| heads(base).0);
    let (our_parts, their_parts) = (parts(ours)?, parts(theirs)?);
    let base_parts = base.and_then(parts);
    let mut rows = settle(base_head, Some(our_head.clone()), Some(their_head.clone()))
        .flatten()
        .unwrap_or_else(|| our_head.max(their_head));
    rows.extend(mapping(base_parts.as_deref(), &our_parts, &their_parts, depth + 1, choices));
    Some(rows)
}

/// Cuts rows into the items of a block list at `indent`, each named by its `name` or `id`, or by all
/// of its text; `None` when two have one name.
fn items(rows: &[Row], indent: usize) -> Option<Vec<Entry>> {
    let mut found: Vec<Entry> = Vec::new();
    for row in rows {
        let body = row.text.get(indent..).unwrap_or("");
        if indent_of(&row.text) == indent && body.starts_with("- ") {
            found.push(Entry { name: String::new(), head: 0, rows: vec![row.clone()] });
        } else if indent_of(&row.text) > indent || row.text.trim().is_empty() {
            found.last_mut()?.rows.push(row.clone());
        } else {
            return None;
        }
    }
    let mut names = BTreeSet::new();
    for item in &mut found {
        let title = (item.rows.iter()).find_map(|row| {
            let (key, value) = key(row.text.trim_start_matches([' ', '-']))?;
            matches!(key, "name" | "id").then(|| format!("- {key}: {value}"))
        });
        item.name = title.unwrap_or_else(|| format!("- {}", item.text()));
        if !names.insert(item.name.clone()) {
            return None;
        }
    }
    Some(found)
}

/// Text below `|` or `>`, by lines.
fn block_scalar(
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
fn prose(
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
    let lead = if ours.rows[..ours.head] == base.rows[..base.head] { theirs } else { ours };
    Some(with_lead(lead, vec![row]))
}
