//! JSON merged as structure and written in the sides' own spelling.
//!
//! Objects are merged by key, arrays of objects that all have an `id` by that id, arrays of distinct
//! scalars as ordered sets, arrays of numbers of one length by place, other arrays as sequences. A
//! value that only one side changed is copied as that side wrote it; a container that both changed is
//! put together from such copies, with the blanks of a side. Places and sizes on a canvas are pairs:
//! half of one move and half of another would be a place nobody chose.

use std::collections::{BTreeMap, BTreeSet};

use super::choice::{Choice, Merged, choose, settle};
use super::json_once;
use super::json_style::{Blanks, Dress, write};
use super::json_tree::{File, Member, Node, Shape, parse};
use super::{json_sequence, order, text, union};

/// Keys that are chosen together.
const TOGETHER: [[&str; 2]; 4] =
    [["x", "y"], ["width", "height"], ["fromNode", "fromSide"], ["toNode", "toSide"]];

/// Keys whose strings are prose, merged by words even when they are one line.
const PROSE: [&str; 2] = ["text", "label"];

/// Merges two JSON files; whichever does not parse is only ever chosen as a whole.
pub(super) fn merge(base: Option<&str>, ours: &str, theirs: &str) -> Merged {
    structural(base, ours, theirs)
        .filter(|merged| parse(&merged.text).is_some())
        .unwrap_or_else(|| whole(base, ours, theirs))
}

/// Whether a merge by lines says what the merge by structure says, order aside.
///
/// Lines that open and close parts are alike in all JSON, so a merge by lines may well parse and still
/// hold a member in the wrong object.
pub(super) fn is_sound(base: &str, (ours, theirs): (&str, &str), merged: &str) -> bool {
    match (parse(ours), parse(theirs)) {
        (Some(_), Some(_)) => parse(merged).is_some_and(|merged| {
            let careful = structural(Some(base), ours, theirs);
            careful.is_some_and(|careful| {
                parse(&careful.text).is_some_and(|it| it.root.content() == merged.root.content())
            })
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
    let (our_file, their_file) = (parse(ours)?, parse(theirs)?);
    // A base that does not parse tells nothing.
    let base = base.and_then(parse);
    // Of two ways to lay out the same file one is taken, before anything is compared.
    let dress = Dress::settle(base.as_ref(), &our_file, &their_file);
    let dressed = |file: &File<'_>| dress.map(|dress| dress.rewrite(file));
    let (our_text, their_text) = (dressed(&our_file), dressed(&their_file));
    let ours = our_text.as_deref().map_or(Some(our_file), parse)?;
    let theirs = their_text.as_deref().map_or(Some(their_file), parse)?;

    let mut merger = Merger {
        known: base.as_ref().map(|file| json_once::known(&file.root)).unwrap_or_default(),
        choices: Vec::new(),
    };
    let root = merger.value("", base.as_ref().map(|file| &file.root), &ours.root, &theirs.root);
    let edge = |pick: for<'a> fn(&File<'a>) -> &'a str| {
        let (ours, theirs) = (pick(&ours), pick(&theirs));
        let base = base.as_ref().map_or("", pick);
        settle(base, ours, theirs).unwrap_or(ours.max(theirs))
    };
    let is_marked = match &base {
        Some(base) => settle(base.mark, ours.mark, theirs.mark).unwrap_or(false),
        None => ours.mark && theirs.mark,
    };
    let mark = if is_marked { "\u{feff}" } else { "" };
    let text = format!("{mark}{}{root}{}", edge(|file| file.before), edge(|file| file.after));
    let sides = [&ours.root, &theirs.root];
    let text = json_once::once(text, &mut merger, sides);
    Some(Merged { text, choices: merger.choices })
}

/// A merge at work.
#[derive(Default)]
pub(super) struct Merger<'a> {
    /// The items of the base that have an `id` of their own, wherever they stand.
    pub(super) known: BTreeMap<String, json_once::Place<'a>>,
    choices: Vec<Choice>,
}

impl Merger<'_> {
    /// Merges a value that both sides have; `key` is the name it goes by.
    pub(super) fn value(
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
                write('{', '}', &members, &Blanks::of(base, ours, theirs))
            }
            (Shape::Array(a, _), Shape::Array(b, _)) => {
                let items = self.items(key, base, a, b);
                write('[', ']', &items, &Blanks::of(base, ours, theirs))
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
                // A number written otherwise is no other number.
                if ours.means(theirs) || base.is_some_and(|base| base.means(theirs)) {
                    let both = ours.means(theirs);
                    return if both { ours.raw.max(theirs.raw) } else { ours.raw }.to_owned();
                }
                if base.is_some_and(|base| base.means(ours)) {
                    return theirs.raw.to_owned();
                }
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
        let [base, ours, theirs] =
            [base, Some(ours), Some(theirs)].map(|node| node.map(Node::by_key).unwrap_or_default());
        let mut members = Vec::new();
        for key in order {
            let [base, ours, theirs] =
                [&base, &ours, &theirs].map(|side| side.get(key.as_str()).copied());
            let value = together.remove(&key).or_else(|| self.member(&key, base, ours, theirs));
            if let (Some(value), Some(raw)) = (value, spelling.get(key.as_str())) {
                members.push(((*raw).to_owned(), value));
            }
        }
        members
    }

    /// A value that one side may lack: `None` when it was deleted and nobody edited it.
    pub(super) fn member(
        &mut self,
        key: &str,
        base: Option<&Node<'_>>,
        ours: Option<&Node<'_>>,
        theirs: Option<&Node<'_>>,
    ) -> Option<String> {
        match (ours, theirs) {
            (Some(ours), Some(theirs)) => Some(self.value(key, base, ours, theirs)),
            (Some(only), None) | (None, Some(only)) => {
                let untouched = base.is_some_and(|base| base.means(only));
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
                let [first, second] = keys.map(|key| node.get(key));
                Some([first?.raw.to_owned(), second?.raw.to_owned()])
            };
            let (Some(our_pair), Some(their_pair)) = (pair(ours), pair(theirs)) else {
                continue;
            };
            let old = base.and_then(pair);
            if base.is_some() && old.is_none() || is_one_place(keys, base, ours, theirs) {
                continue;
            }
            let (ours, theirs) = (our_pair, their_pair);
            let show = |values: &[String; 2]| {
                let [first, second] = values;
                format!("{{\"{}\":{first},\"{}\":{second}}}", keys[0], keys[1])
            };
            let (our_text, their_text) = (show(&ours), show(&theirs));
            let old = old.as_ref().map(show).unwrap_or_default();
            let ours_chosen = self.record(&old, &our_text, &their_text) == our_text;
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
        } else if let Some(names) =
            named(id_of).or_else(|| named(scalar)).or_else(|| named(id_or_scalar))
        {
            self.by_name(&names, &sides)
        } else {
            json_sequence::merge(self, key, (base, ours, theirs))
        };
        values.into_iter().map(|value| (String::new(), value)).collect()
    }

    fn by_name(&mut self, names: &[Vec<String>; 3], sides: &[&[Node<'_>]; 3]) -> Vec<String> {
        let [base, ours, theirs] = names;
        let places = [0, 1, 2].map(|side| -> BTreeMap<&String, &Node<'_>> {
            names[side].iter().zip(sides[side]).collect()
        });
        let mut values = Vec::new();
        for name in order::merge(base, ours, theirs) {
            let [base, ours, theirs] = [0, 1, 2].map(|side| places[side].get(&name).copied());
            // What both sides have here and the base has elsewhere was brought here by both.
            let id = name.strip_prefix('#').unwrap_or(&name);
            let brought = self.known.get(id).map(|place| place.node.clone());
            let base =
                if ours.is_some() && theirs.is_some() { base.or(brought.as_ref()) } else { base };
            values.extend(self.member("", base, ours, theirs));
        }
        values
    }
}

/// Whether two versions of a pair need no choice: one side left it alone, or each key settles by itself
/// and both come from one side.
fn is_one_place(
    keys: [&str; 2],
    base: Option<&Node<'_>>,
    ours: &Node<'_>,
    theirs: &Node<'_>,
) -> bool {
    let takes = |key: &str| {
        let (ours, theirs) = (ours.get(key)?, theirs.get(key)?);
        let base = base.and_then(|base| base.get(key));
        let means = |side: &Node<'_>| base.is_some_and(|base| base.means(side));
        match (ours.means(theirs), means(ours), means(theirs)) {
            (true, ..) => Some((true, true)),
            (_, true, _) => Some((false, true)),
            (_, _, true) => Some((true, false)),
            (false, false, false) => None,
        }
    };
    match keys.map(takes) {
        [Some(first), Some(second)] => first.0 && second.0 || first.1 && second.1,
        [None, _] | [_, None] => false,
    }
}

fn is_number(node: &Node<'_>) -> bool {
    node.raw.starts_with(|c: char| c == '-' || c.is_ascii_digit())
}

pub(super) fn id_of(node: &Node<'_>) -> Option<String> {
    let id = node.get("id")?;
    matches!(id.shape, Shape::String(_) | Shape::Other).then(|| id.tight())
}

fn scalar(node: &Node<'_>) -> Option<String> {
    let is_object = node.raw.starts_with('{');
    (matches!(node.shape, Shape::String(_) | Shape::Other) && !is_object).then(|| node.tight())
}

/// For arrays of both; no scalar begins with a hash.
fn id_or_scalar(node: &Node<'_>) -> Option<String> {
    id_of(node).map(|id| format!("#{id}")).or_else(|| scalar(node))
}

/// The names of all items; `None` when one has none, or two have the same.
fn names(items: &[Node<'_>], name: fn(&Node<'_>) -> Option<String>) -> Option<Vec<String>> {
    let names: Option<Vec<String>> = items.iter().map(name).collect();
    names.filter(|names| names.iter().collect::<BTreeSet<_>>().len() == names.len())
}
