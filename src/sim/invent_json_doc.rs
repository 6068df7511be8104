//! An invented JSON file: values with the spelling of their scalars, and how they are laid out.

use std::collections::BTreeSet;

/// A value with the spelling of its scalars.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Doc {
    Scalar(String),
    Array(Vec<Doc>),
    /// Keys as they are written, quotes included.
    Object(Vec<(String, Doc)>),
}

/// How a file is laid out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Layout {
    Compact,
    /// One line, a blank behind commas and colons.
    Spaced,
    Pretty(&'static str),
    /// As canvases are written: one node in a line.
    Canvas,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Style {
    pub(super) layout: Layout,
    pub(super) line_end: &'static str,
    pub(super) closed: bool,
    pub(super) mark: bool,
}

impl Doc {
    pub(super) fn id(&self) -> Option<String> {
        match self {
            Self::Object(members) => members.iter().find_map(|(key, value)| match value {
                Self::Scalar(raw) if key == "\"id\"" => Some(raw.clone()),
                Self::Scalar(_) | Self::Array(_) | Self::Object(_) => None,
            }),
            Self::Scalar(_) | Self::Array(_) => None,
        }
    }

    pub(super) fn get_mut(&mut self, key: &str) -> Option<&mut Self> {
        match self {
            Self::Object(members) => {
                members.iter_mut().find_map(|(found, value)| (found == key).then_some(value))
            }
            Self::Scalar(_) | Self::Array(_) => None,
        }
    }

    fn children(&self) -> Vec<&Self> {
        match self {
            Self::Scalar(_) => Vec::new(),
            Self::Array(items) => items.iter().collect(),
            Self::Object(members) => members.iter().map(|(_, value)| value).collect(),
        }
    }

    pub(super) fn has_key_twice(&self) -> bool {
        let own = match self {
            Self::Object(members) => {
                let keys: BTreeSet<&String> = members.iter().map(|(key, _)| key).collect();
                keys.len() < members.len()
            }
            Self::Scalar(_) | Self::Array(_) => false,
        };
        own || self.children().into_iter().any(Self::has_key_twice)
    }

    pub(super) fn containers(&self) -> usize {
        let own = usize::from(!matches!(self, Self::Scalar(_)));
        own + self.children().into_iter().map(Self::containers).sum::<usize>()
    }

    /// The container at place `at`, counted from the root.
    pub(super) fn container(&mut self, at: &mut usize) -> Option<&mut Self> {
        if matches!(self, Self::Scalar(_)) {
            return None;
        }
        if *at == 0 {
            return Some(self);
        }
        *at -= 1;
        match self {
            Self::Scalar(_) => None,
            Self::Array(items) => items.iter_mut().find_map(|item| item.container(at)),
            Self::Object(members) => members.iter_mut().find_map(|(_, value)| value.container(at)),
        }
    }
}

pub(super) fn write(doc: &Doc, style: Style) -> String {
    let mut text = String::from(if style.mark { "\u{feff}" } else { "" });
    put(doc, style.layout, 0, &mut text);
    if style.closed {
        text.push('\n');
    }
    text.replace('\n', style.line_end)
}

fn put(doc: &Doc, layout: Layout, depth: usize, text: &mut String) {
    let (open, close, parts): (char, char, Vec<(Option<&String>, &Doc)>) = match doc {
        Doc::Scalar(raw) => return text.push_str(raw),
        Doc::Array(items) => ('[', ']', items.iter().map(|item| (None, item)).collect()),
        Doc::Object(members) => {
            ('{', '}', members.iter().map(|(key, value)| (Some(key), value)).collect())
        }
    };
    let (indent, colon) = match layout {
        Layout::Spaced => (None, ": "),
        Layout::Pretty(indent) => (Some(indent), ": "),
        Layout::Canvas if depth < 2 => (Some("\t"), ":"),
        Layout::Canvas | Layout::Compact => (None, ":"),
    };
    text.push(open);
    let count = parts.len();
    for (place, (key, value)) in parts.into_iter().enumerate() {
        if let Some(indent) = indent {
            text.push('\n');
            text.push_str(&indent.repeat(depth + 1));
        } else if place > 0 && layout == Layout::Spaced {
            text.push(' ');
        }
        if let Some(key) = key {
            text.push_str(key);
            text.push_str(colon);
        }
        put(value, layout, depth + 1, text);
        if place + 1 < count {
            text.push(',');
        } else if let Some(indent) = indent {
            text.push('\n');
            text.push_str(&indent.repeat(depth));
        }
    }
    text.push(close);
}
