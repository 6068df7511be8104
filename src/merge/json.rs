//! JSON merged as structure and written in the sides' own spelling.
//!
//! Objects are merged by key, arrays of objects that all have an `id` by that id, arrays of distinct
//! scalars as ordered sets, arrays of numbers of one length by place, other arrays as sequences. A
//! value that only one side changed is copied as that side wrote it; a container that both changed is
//! put together from such copies, with the blanks of a side. Places and sizes on a canvas are pairs:
//! half of one move and half of another would be a place nobody chose.

use std::collections::{BTreeMap, BTreeSet};

use super::align::{Fate, Grain, Trace, trace};
use super::choice::{Choice, Merged, choose, settle};
use super::json_tree::{File, Layout, Member, Node, Shape, parse};
use super::line::{self, Bag};
use super::{order, text, union};

/// Keys that are chosen together.
const TOGETHER: [[&str; 2]; 4] =
    [["x", "y"], ["width", "height"], ["fromNode", "fromSide"], ["toNode", "toSide"]];

/// Keys whose strings are prose, merged by words even when they are one line.
const PROSE: [&str; 2] = ["text", "label"];

/// Merges two JSON files; whichever does not parse is only ever chosen as a whole.
pub(super) fn merge(base: Option<&str>, ours: &str, theirs: &str) -> Merged {
    structural(base, ours, theirs)
        .filter(|merged| serde_json::from_str::<serde_json::Value>(&merged.text).is_ok())
        .unwrap_or_else(|| whole(base, ours, theirs))
}

/// Whether a merge by lines still parses, if a side does, and names no key, `id` or item twice
/// that neither side has twice.
pub(super) fn is_sound(ours: &str, theirs: &str, merged: &str) -> bool {
    match (parse(ours), parse(theirs)) {
        (Some(ours), Some(theirs)) => parse(merged).is_some_and(|merged| {
            !merged.root.repeats() || ours.root.repeats() || theirs.root.repeats()
        }),
        // What is broken on one side only is not carried over into the other.
        (Some(_), None) | (None, Some(_)) => parse(merged).is_some(),
        (None, None) => true,
    }
}

/// The side that parses, if only one does; else the usual choice.
fn whole(base: Option<&str>, ours: &str, theirs: &str) -> Merged {
    let base = base.unwrap_or("");
    let (chosen, alternative) = match (parse(ours), parse(theirs)) {
        (Some(_), None) => (ours, theirs),
        (None, Some(_)) => (theirs, ours),
        (Some(_), Some(_)) | (None, None) => return Merged::choose(base, ours, theirs),
    };
    Merged {
        text: chosen.to_owned(),
        choices: vec![Choice {
            base: base.to_owned(),
            chosen: chosen.to_owned(),
            alternative: alternative.to_owned(),
        }],
    }
}

fn structural(base: Option<&str>, ours: &str, theirs: &str) -> Option<Merged> {
    let (ours, theirs) = (parse(ours)?, parse(theirs)?);
    // A base that does not parse tells nothing.
    let base = base.and_then(parse);
    let mut merger = Merger::default();
    let root = merger.value("", base.as_ref().map(|file| &file.root), &ours.root, &theirs.root);
    let edge = |pick: for<'a> fn(&File<'a>) -> &'a str| {
        let (ours, theirs) = (pick(&ours), pick(&theirs));
        let base = base.as_ref().map_or("", pick);
        settle(base, ours, theirs).unwrap_or(ours.max(theirs))
    };
    Some(Merged {
        text: format!("{}{root}{}", edge(|file| file.before), edge(|file| file.after)),
        choices: merger.choices,
    })
}

#[derive(Default)]
struct Merger {
    choices: Vec<Choice>,
}

impl Merger {
    /// Merges a value that both sides have; `key` is the name it goes by.
    fn value(
        &mut self,
        key: &str,
        base: Option<&Node<'_>>,
        ours: &Node<'_>,
        theirs: &Node<'_>,
    ) -> String {
        if ours.same(theirs) {
            let base = base.map_or("", |base| base.raw);
            let raw = settle(base, ours.raw, theirs.raw);
            return raw.unwrap_or(ours.raw.max(theirs.raw)).to_owned();
        }
        if let Some(base) = base {
            if base.same(ours) {
                return theirs.raw.to_owned();
            }
            if base.same(theirs) {
                return ours.raw.to_owned();
            }
        }
        match (&ours.shape, &theirs.shape) {
            (Shape::Object(a, _), Shape::Object(b, _)) => {
                let members = self.members(base, (ours, a), (theirs, b));
                write('{', '}', &members, &Style::of(base, ours, theirs))
            }
            (Shape::Array(a, _), Shape::Array(b, _)) => {
                let items = self.items(key, base, a, b);
                write('[', ']', &items, &Style::of(base, ours, theirs))
            }
            (Shape::String(a), Shape::String(b)) => {
                let base_text = match base.map(|base| &base.shape) {
                    Some(Shape::String(text)) => Some(text.as_str()),
                    Some(Shape::Object(..) | Shape::Array(..) | Shape::Other) | None => None,
                };
                self.string(key, base_text, a, b)
                    .unwrap_or_else(|| self.decide(base, ours.raw, theirs.raw))
            }
            (Shape::Object(..) | Shape::Array(..) | Shape::String(_) | Shape::Other, _) => {
                self.decide(base, ours.raw, theirs.raw)
            }
        }
    }

    fn decide(&mut self, base: Option<&Node<'_>>, ours: &str, theirs: &str) -> String {
        self.record(base.map_or("", |base| base.raw), ours, theirs).to_owned()
    }

    fn record<'a>(&mut self, base: &str, ours: &'a str, theirs: &'a str) -> &'a str {
        let (chosen, alternative) = choose(ours, theirs);
        self.choices.push(Choice {
            base: base.to_owned(),
            chosen: chosen.to_owned(),
            alternative: alternative.to_owned(),
        });
        chosen
    }

    /// Merges prose by lines and words; `None` for names, colours, paths and the like.
    fn string(
        &mut self,
        key: &str,
        base: Option<&str>,
        ours: &str,
        theirs: &str,
    ) -> Option<String> {
        let lines = ours.contains('\n') || theirs.contains('\n');
        let prose = PROSE.contains(&key);
        let merged = match base {
            Some(base) if lines || prose => text::merge(base, ours, theirs),
            None if lines => union::merge(ours, theirs),
            Some(_) | None => return None,
        };
        self.choices.extend(merged.choices);
        Some(serde_json::Value::from(merged.text).to_string())
    }

    /// The members of a merged object: raw key and value.
    fn members(
        &mut self,
        base: Option<&Node<'_>>,
        (ours, our_members): (&Node<'_>, &[Member<'_>]),
        (theirs, their_members): (&Node<'_>, &[Member<'_>]),
    ) -> Vec<(String, String)> {
        let base = base.filter(|base| matches!(base.shape, Shape::Object(..)));
        let names = |members: &[Member<'_>]| -> Vec<String> {
            members.iter().map(|member| member.key.clone()).collect()
        };
        let base_names = match base.map(|base| &base.shape) {
            Some(Shape::Object(members, _)) => names(members),
            Some(Shape::Array(..) | Shape::String(_) | Shape::Other) | None => Vec::new(),
        };
        let spelling: BTreeMap<&str, &str> = (their_members.iter().chain(our_members))
            .map(|member| (member.key.as_str(), member.key_raw))
            .collect();
        let mut together = self.together(base, ours, theirs);
        let order = order::merge(&base_names, &names(our_members), &names(their_members));
        let mut members = Vec::new();
        for key in order {
            let value = together.remove(&key).or_else(|| {
                self.member(
                    &key,
                    base.and_then(|base| base.get(&key)),
                    ours.get(&key),
                    theirs.get(&key),
                )
            });
            if let (Some(value), Some(raw)) = (value, spelling.get(key.as_str())) {
                members.push(((*raw).to_owned(), value));
            }
        }
        members
    }

    /// A value that one side may lack: `None` when it was deleted and nobody edited it.
    fn member(
        &mut self,
        key: &str,
        base: Option<&Node<'_>>,
        ours: Option<&Node<'_>>,
        theirs: Option<&Node<'_>>,
    ) -> Option<String> {
        match (ours, theirs) {
            (Some(ours), Some(theirs)) => Some(self.value(key, base, ours, theirs)),
            (Some(only), None) | (None, Some(only)) => {
                let untouched = base.is_some_and(|base| base.same(only));
                (!untouched).then(|| only.raw.to_owned())
            }
            (None, None) => None,
        }
    }

    /// The values of pairs that both sides changed differently, all from one side.
    fn together(
        &mut self,
        base: Option<&Node<'_>>,
        ours: &Node<'_>,
        theirs: &Node<'_>,
    ) -> BTreeMap<String, String> {
        let mut found = BTreeMap::new();
        for keys in TOGETHER {
            let pair = |node: &Node<'_>| {
                let [first, second] =
                    keys.map(|key| node.get(key).map(|value| value.raw.to_owned()));
                Some([first?, second?])
            };
            let (Some(base), Some(ours), Some(theirs)) =
                (base.and_then(pair), pair(ours), pair(theirs))
            else {
                continue;
            };
            if settle(&base, &ours, &theirs).is_some() {
                continue;
            }
            let show = |values: &[String; 2]| {
                let [first, second] = values;
                format!("{{\"{}\":{first},\"{}\":{second}}}", keys[0], keys[1])
            };
            let (our_text, their_text) = (show(&ours), show(&theirs));
            let ours_chosen = self.record(&show(&base), &our_text, &their_text) == our_text;
            let chosen = if ours_chosen { ours } else { theirs };
            found.extend(keys.map(str::to_owned).into_iter().zip(chosen));
        }
        found
    }

    /// The items of a merged array; the first of each pair is empty.
    fn items(
        &mut self,
        key: &str,
        base: Option<&Node<'_>>,
        ours: &[Node<'_>],
        theirs: &[Node<'_>],
    ) -> Vec<(String, String)> {
        let base = match base.map(|base| &base.shape) {
            Some(Shape::Array(items, _)) => &items[..],
            Some(Shape::Object(..) | Shape::String(_) | Shape::Other) | None => &[],
        };
        let sides = [base, ours, theirs];
        let named = |name: fn(&Node<'_>) -> Option<String>| {
            let [base, ours, theirs] = sides.map(|items| names(items, name));
            Some([base?, ours?, theirs?])
        };
        let numbers = sides
            .iter()
            .all(|items| items.len() == base.len() && items.iter().all(|item| is_number(item)));
        let values = if numbers && !base.is_empty() {
            (0..base.len())
                .map(|at| self.value(key, Some(&base[at]), &ours[at], &theirs[at]))
                .collect()
        } else if let Some(names) = named(id_of).or_else(|| named(scalar)) {
            self.by_name(&names, &sides)
        } else {
            self.sequence(key, base, ours, theirs)
        };
        values.into_iter().map(|value| (String::new(), value)).collect()
    }

    fn by_name(&mut self, names: &[Vec<String>; 3], sides: &[&[Node<'_>]; 3]) -> Vec<String> {
        let [base, ours, theirs] = names;
        let find = |side: usize, name: &String| {
            let at = names[side].iter().position(|found| found == name)?;
            sides[side].get(at)
        };
        let mut values = Vec::new();
        for name in order::merge(base, ours, theirs) {
            let versions = (find(0, &name), find(1, &name), find(2, &name));
            values.extend(self.member("", versions.0, versions.1, versions.2));
        }
        values
    }

    /// Arrays whose items have no names, laid over each other like lines.
    fn sequence(
        &mut self,
        key: &str,
        base: &[Node<'_>],
        ours: &[Node<'_>],
        theirs: &[Node<'_>],
    ) -> Vec<String> {
        let ours_trace = trace_items(base, ours);
        let theirs_trace = trace_items(base, theirs);
        let mut values = Vec::new();
        let mut waiting: (Vec<&Node<'_>>, Vec<&Node<'_>>) = (Vec::new(), Vec::new());
        for at in 0..=base.len() {
            waiting.0.extend(ours_trace.gaps[at].iter().map(|&at| &ours[at]));
            waiting.1.extend(theirs_trace.gaps[at].iter().map(|&at| &theirs[at]));
            let standing = if at == base.len() {
                None
            } else {
                let version = |fate: Fate, items: &'_ [Node<'_>]| match fate {
                    Fate::Kept(to) | Fate::Edited(to) => Some(to.min(items.len())),
                    Fate::Moved(_) | Fate::Gone => None,
                };
                let our_item = version(ours_trace.fates[at], ours).and_then(|to| ours.get(to));
                let their_item =
                    version(theirs_trace.fates[at], theirs).and_then(|to| theirs.get(to));
                self.member(key, Some(&base[at]), our_item, their_item)
            };
            if standing.is_some() || at == base.len() {
                unite(&mut values, &waiting.0, &waiting.1);
                waiting = (Vec::new(), Vec::new());
            }
            values.extend(standing);
        }
        values
    }
}

/// Appends what both sides inserted at one place: what they share at either end once, then the
/// smaller run first.
fn unite(values: &mut Vec<String>, ours: &[&Node<'_>], theirs: &[&Node<'_>]) {
    let tight =
        |run: &[&Node<'_>]| -> Vec<String> { run.iter().map(|node| node.tight()).collect() };
    let (our_names, their_names) = (tight(ours), tight(theirs));
    let (first, second) = if our_names <= their_names {
        ((ours, our_names), (theirs, their_names))
    } else {
        ((theirs, their_names), (ours, our_names))
    };
    let known: BTreeSet<&String> = first.1.iter().collect();
    values.extend(first.0.iter().map(|node| node.raw.to_owned()));
    values.extend(
        (second.0.iter().zip(&second.1))
            .filter(|(_, name)| !known.contains(name))
            .map(|(node, _)| node.raw.to_owned()),
    );
}

fn trace_items(base: &[Node<'_>], side: &[Node<'_>]) -> Trace {
    let tight = |items: &[Node<'_>]| -> Vec<String> { items.iter().map(Node::tight).collect() };
    let (base_texts, side_texts) = (tight(base), tight(side));
    let base_refs: Vec<&str> = base_texts.iter().map(String::as_str).collect();
    let side_refs: Vec<&str> = side_texts.iter().map(String::as_str).collect();
    trace(Grain::Atoms, &base_refs, &side_refs, &|from, to| {
        let containers = matches!(
            (&base[from].shape, &side[to].shape),
            (Shape::Object(..), Shape::Object(..)) | (Shape::Array(..), Shape::Array(..))
        );
        if containers {
            line::likeness(&Bag::of(base_refs[from]), &Bag::of(side_refs[to]))
        } else {
            0
        }
    })
}

fn is_number(node: &Node<'_>) -> bool {
    node.raw.starts_with(|c: char| c == '-' || c.is_ascii_digit())
}

fn id_of(node: &Node<'_>) -> Option<String> {
    let id = node.get("id")?;
    matches!(id.shape, Shape::String(_) | Shape::Other).then(|| id.tight())
}

fn scalar(node: &Node<'_>) -> Option<String> {
    matches!(node.shape, Shape::String(_) | Shape::Other).then(|| node.tight())
}

/// The names of all items; `None` when one has none, or two have the same.
fn names(items: &[Node<'_>], name: fn(&Node<'_>) -> Option<String>) -> Option<Vec<String>> {
    let names: Option<Vec<String>> = items.iter().map(name).collect();
    names.filter(|names| names.iter().collect::<BTreeSet<_>>().len() == names.len())
}

/// The blanks of a merged container.
struct Style<'a> {
    open: &'a str,
    comma: &'a str,
    next: &'a str,
    colon: &'a str,
    close: &'a str,
}

impl<'a> Style<'a> {
    /// Takes each kind of blank as a value with three versions; a side without it has no opinion.
    fn of(base: Option<&Node<'a>>, ours: &Node<'a>, theirs: &Node<'a>) -> Self {
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
fn write(open: char, close: char, parts: &[(String, String)], style: &Style<'_>) -> String {
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
