//! How JSON is laid out: the blanks of one container, and the dress of a whole file.

use super::choice::settle;
use super::json_tree::{File, Layout, Node, Shape};

/// The layout of a whole file, where one rule makes all of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Dress<'a> {
    /// Line end and indentation of one step; `None` for a file on one line.
    step: Option<(&'a str, &'a str)>,
    /// How many steps deep parts have lines of their own: all, or two as on a canvas.
    rows: Rows,
    /// Between key and value.
    colon: &'a str,
    /// Behind a comma inside a line.
    next: &'a str,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Rows {
    All,
    Two,
}

impl<'a> Dress<'a> {
    /// The dress that two files laid out differently shall both have; `None` when they agree, or when
    /// one of them was laid out by hand.
    pub(super) fn settle(
        base: Option<&File<'a>>,
        ours: &File<'a>,
        theirs: &File<'a>,
    ) -> Option<Self> {
        let (ours, theirs) = (Self::of(&ours.root)?, Self::of(&theirs.root)?);
        let base = base.and_then(|base| Self::of(&base.root));
        let settled = settle(base, Some(ours), Some(theirs)).flatten();
        (ours != theirs).then(|| settled.unwrap_or(ours.max(theirs)))
    }

    fn of(root: &Node<'a>) -> Option<Self> {
        let (Shape::Object(_, layout) | Shape::Array(_, layout)) = &root.shape else {
            return None;
        };
        let open = layout.open?;
        let step = match open.trim_end_matches([' ', '\t']) {
            "" => None,
            end @ ("\n" | "\r\n") => Some((end, &open[end.len()..])),
            _ => return None,
        };
        let colon = first_colon(root).unwrap_or(":");
        let rows = if colon == ":" { [Rows::Two, Rows::All] } else { [Rows::All, Rows::Two] };
        rows.into_iter()
            .flat_map(|rows| ["", " "].map(|next| Self { step, rows, colon, next }))
            .find(|dress| dress.print(root) == root.raw)
    }

    /// The file in this dress.
    pub(super) fn rewrite(&self, file: &File<'_>) -> String {
        let mark = if file.mark { "\u{feff}" } else { "" };
        format!("{mark}{}{}{}", file.before, self.print(&file.root), file.after)
    }

    fn print(&self, root: &Node<'_>) -> String {
        let mut text = String::with_capacity(root.raw.len());
        self.put(root, 0, &mut text);
        text
    }

    fn put(&self, node: &Node<'_>, depth: usize, text: &mut String) {
        let (open, close, parts): (char, char, Vec<(Option<&str>, &Node<'_>)>) = match &node.shape {
            Shape::Object(members, _) => {
                let parts = members.iter().map(|member| (Some(member.key_raw), &member.value));
                ('{', '}', parts.collect())
            }
            Shape::Array(items, _) => ('[', ']', items.iter().map(|item| (None, item)).collect()),
            Shape::String(_) | Shape::Other => return text.push_str(node.raw),
        };
        let step = self.step.filter(|_| self.rows == Rows::All || depth < 2);
        let line = |text: &mut String, depth: usize| {
            if let Some((end, indent)) = step {
                text.push_str(end);
                text.extend(std::iter::repeat_n(indent, depth));
            }
        };
        text.push(open);
        for (place, &(key, value)) in parts.iter().enumerate() {
            if place > 0 {
                text.push(',');
                if step.is_none() {
                    text.push_str(self.next);
                }
            }
            line(text, depth + 1);
            if let Some(key) = key {
                text.push_str(key);
                text.push_str(self.colon);
            }
            self.put(value, depth + 1, text);
        }
        if !parts.is_empty() {
            line(text, depth);
        }
        text.push(close);
    }
}

fn first_colon<'a>(node: &Node<'a>) -> Option<&'a str> {
    match &node.shape {
        Shape::Object(members, layout) => {
            layout.colon.or_else(|| members.iter().find_map(|member| first_colon(&member.value)))
        }
        Shape::Array(items, _) => items.iter().find_map(first_colon),
        Shape::String(_) | Shape::Other => None,
    }
}

/// The blanks of a merged container.
pub(super) struct Blanks<'a> {
    open: &'a str,
    comma: &'a str,
    next: &'a str,
    colon: &'a str,
    close: &'a str,
}

impl<'a> Blanks<'a> {
    /// Takes each kind of blank as a value with three versions; a side without it has no opinion.
    pub(super) fn of(base: Option<&Node<'a>>, ours: &Node<'a>, theirs: &Node<'a>) -> Self {
        let layout = |node: &Node<'a>| match &node.shape {
            Shape::Object(_, layout) | Shape::Array(_, layout) => *layout,
            Shape::String(_) | Shape::Other => Layout::default(),
        };
        let (base, ours, theirs) =
            (base.map(layout).unwrap_or_default(), layout(ours), layout(theirs));
        let pick = |part: fn(&Layout<'a>) -> Option<&'a str>| match (part(&ours), part(&theirs)) {
            (Some(a), Some(b)) => {
                settle(part(&base), Some(a), Some(b)).flatten().or(Some(a.max(b)))
            }
            (Some(only), None) | (None, Some(only)) => Some(only),
            (None, None) => part(&base),
        };
        let open = pick(|layout| layout.open).unwrap_or("");
        let colon = pick(|layout| layout.colon).unwrap_or(":");
        let next = pick(|layout| layout.next).unwrap_or(if open.contains('\n') {
            open
        } else if colon.ends_with(' ') {
            " "
        } else {
            ""
        });
        Self {
            open,
            comma: pick(|layout| layout.comma).unwrap_or(""),
            next,
            colon,
            close: pick(|layout| layout.close).unwrap_or(""),
        }
    }
}

/// Writes a container; a part without a key is an item of an array.
pub(super) fn write(
    open: char,
    close: char,
    parts: &[(String, String)],
    style: &Blanks<'_>,
) -> String {
    let mut text = String::from(open);
    for (place, (key, value)) in parts.iter().enumerate() {
        if place == 0 {
            text.push_str(style.open);
        } else {
            text.push_str(style.comma);
            text.push(',');
            text.push_str(style.next);
        }
        if !key.is_empty() {
            text.push_str(key);
            text.push_str(style.colon);
        }
        text.push_str(value);
    }
    if !parts.is_empty() {
        text.push_str(style.close);
    }
    text.push(close);
    text
}
