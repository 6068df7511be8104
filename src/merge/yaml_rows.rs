//! YAML as rows: a mapping or a list cut into its entries, each with all lines that belong to it.

use std::collections::BTreeSet;

use super::span::{End, Line};

/// A line that may be rewritten.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Row {
    pub(super) text: String,
    pub(super) end: End,
}

impl From<Line<'_>> for Row {
    fn from(line: Line<'_>) -> Self {
        Self { text: line.text.to_owned(), end: line.end }
    }
}

/// A key, or an item of a list, with all lines that belong to it: comments and blank lines before it,
/// everything deeper after it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Entry {
    /// The key or the item's name; what follows the last key has none.
    pub(super) name: String,
    /// Which of the rows holds the key.
    pub(super) head: usize,
    pub(super) rows: Vec<Row>,
}

impl Entry {
    pub(super) fn text(&self) -> String {
        let texts: Vec<&str> = self.rows.iter().map(|row| row.text.as_str()).collect();
        texts.join("\n")
    }

    pub(super) fn same(&self, other: &Self) -> bool {
        (self.rows.iter().map(|row| &row.text)).eq(other.rows.iter().map(|row| &row.text))
    }

    /// What stands behind the colon, comments not cut off.
    pub(super) fn value(&self) -> &str {
        let head = &self.rows[self.head].text;
        key(head.trim_start()).map_or("", |(_, rest)| rest)
    }

    pub(super) fn below(&self) -> &[Row] {
        &self.rows[self.head + 1..]
    }
}

pub(super) fn indent_of(text: &str) -> usize {
    text.len() - text.trim_start_matches(' ').len()
}

pub(super) fn is_idle(text: &str) -> bool {
    let text = text.trim();
    text.is_empty() || text.starts_with('#')
}

/// The key at the start of `text`, and its inline value.
pub(super) fn key(text: &str) -> Option<(&str, &str)> {
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
pub(super) fn entries(rows: &[Row], indent: usize) -> Option<Vec<Entry>> {
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

/// Cuts rows into the items of a block list at `indent`, without names; `None` when they are something
/// else.
pub(super) fn items(rows: &[Row], indent: usize) -> Option<Vec<Entry>> {
    let mut items: Vec<Entry> = Vec::new();
    let mut lead: Vec<Row> = Vec::new();
    for row in rows {
        let body = row.text.trim_start_matches(' ');
        let depth = indent_of(&row.text);
        if body.starts_with('\t') {
            return None;
        }
        if let Some(current) = items.last_mut()
            && depth > indent
            && !body.is_empty()
        {
            current.rows.append(&mut lead);
            current.rows.push(row.clone());
        } else if is_idle(&row.text) {
            lead.push(row.clone());
        } else if depth == indent && body.starts_with("- ") {
            let head = lead.len();
            let mut rows = std::mem::take(&mut lead);
            rows.push(row.clone());
            items.push(Entry { name: String::new(), head, rows });
        } else {
            return None;
        }
    }
    if items.is_empty() {
        return None;
    }
    if !lead.is_empty() {
        items.push(Entry { name: String::new(), head: 0, rows: lead });
    }
    Some(items)
}

/// What a block holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Parts {
    /// A mapping, by key.
    Mapping(Vec<Entry>),
    /// A list, its items still without names.
    List(Vec<Entry>),
}

impl Parts {
    /// Reads a block at `indent`; `None` when it is neither.
    pub(super) fn of(rows: &[Row], indent: usize) -> Option<Self> {
        let first = rows.iter().find(|row| !is_idle(&row.text))?;
        if first.text.trim_start().starts_with("- ") {
            items(rows, indent).map(Self::List)
        } else {
            entries(rows, indent).map(Self::Mapping)
        }
    }
}

impl Entry {
    /// Without the comments and blank lines before it.
    pub(super) fn bare(&self) -> Self {
        Self { name: self.name.clone(), head: 0, rows: self.rows[self.head..].to_vec() }
    }

    /// The comments and blank lines before it; all of what follows the last entry.
    pub(super) fn lead(&self) -> &[Row] {
        if self.is_tail() { &self.rows } else { &self.rows[..self.head] }
    }

    /// Whether it is only what follows the last entry.
    pub(super) fn is_tail(&self) -> bool {
        self.rows.iter().all(|row| is_idle(&row.text))
    }

    /// What an item holds, as a block of its own, and at which column; `None` for a scalar.
    pub(super) fn content(&self) -> Option<(usize, Vec<Row>)> {
        let mut rows = self.rows[self.head..].to_vec();
        let first = rows.first_mut()?;
        let dash = indent_of(&first.text);
        let rest = first.text[dash..].strip_prefix('-')?;
        let column = dash + 1 + indent_of(rest);
        let body = rest.trim_start_matches(' ');
        (key(body).is_some() || body.starts_with("- ")).then_some(())?;
        first.text = format!("{}{body}", " ".repeat(column));
        Some((column, rows))
    }
}

/// Puts the dash of an item back before the first row that holds something; `None` when none does.
pub(super) fn with_dash(dash: usize, column: usize, mut rows: Vec<Row>) -> Option<Vec<Row>> {
    let first = rows.iter_mut().find(|row| !is_idle(&row.text))?;
    let body = first.text.get(column..)?;
    first.text = format!("{}-{}{body}", " ".repeat(dash), " ".repeat(column - dash - 1));
    Some(rows)
}

/// Moves a block from one column to another; `None` when a row stands left of it.
pub(super) fn shifted(rows: &[Row], from: usize, to: usize) -> Option<Vec<Row>> {
    rows.iter()
        .map(|row| {
            if row.text.trim().is_empty() {
                return Some(row.clone());
            }
            let depth = indent_of(&row.text);
            let depth = if is_idle(&row.text) { depth.max(from) } else { depth };
            let text = format!(
                "{}{}",
                " ".repeat(depth.checked_sub(from)? + to),
                row.text.trim_start_matches(' ')
            );
            Some(Row { text, end: row.end })
        })
        .collect()
}
