//! JSON merged as structure and written in the sides' own spelling.
//!
//! Objects are merged by key, arrays of objects that all have an `id` by that id, arrays of distinct
//! scalars as ordered sets, arrays of numbers of one length by place, other arrays as sequences. A
//! value that only one side changed is copied as that side wrote it; a container that both changed is
//! put together from such copies, with the blanks of a side. Places and sizes on a canvas are pairs:
//! half of one move and half of another would be a place nobody chose.

use std::collections::{BTreeMap, BTreeSet};

use super::align::{Fate, Grain, Trace, reconcile, trace};
use super::choice::{Choice, Merged, choose, settle};
use super::json_once;
use super::json_style::{Blanks, Dress, write};
use super::json_tree::{File, Member, Node, Shape, parse};
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
        .filter(|merged| parse(&merged.text).is_some())
        .unwrap_or_else(|| whole(base, ours, theirs))
}

/// Whether a merge by lines still parses, if a side does, names no key, `id` or item twice that neither
/// side has twice, and brings back nothing that one side deleted and the other only moved.
pub(super) fn is_sound(base: &str, (ours, theirs): (&str, &str), merged: &str) -> bool {
    match (parse(ours), parse(theirs)) {
        (Some(ours), Some(theirs)) => parse(merged).is_some_and(|merged| {
            let is_single = !merged.root.repeats() || ours.root.repeats() || theirs.root.repeats();
            let revives =
                |base: &File<'_>| has_revived(&base.root, [&ours.root, &theirs.root], &merged.root);
            is_single && !parse(base).as_ref().is_some_and(revives)
        }),
        // What is broken on one side only is not carried over into the other.
        (Some(_), None) | (None, Some(_)) => parse(merged).is_some(),
        (None, None) => true,
    }
}

fn has_revived(base: &Node<'_>, [ours, theirs]: [&Node<'_>; 2], merged: &Node<'_>) -> bool {
    let [old, here, there, now] = [base, ours, theirs, merged].map(parts_by_name);
    old.into_iter().any(|(name, old)| {
        let Some(now) = now.get(&name) else { return false };
        match (here.get(&name), there.get(&name)) {
            (Some(ours), Some(theirs)) => has_revived(old, [ours, theirs], now),
            (Some(only), None) | (None, Some(only)) => old.means(only),
            (None, None) => true,
        }
    })
}

/// The members of an object by key, or the items of an array by `id` or as scalars.
fn parts_by_name<'n>(node: &'n Node<'_>) -> BTreeMap<String, &'n Node<'n>> {
    match &node.shape {
        Shape::Object(members, _) => {
            members.iter().map(|member| (member.key.clone(), &member.value)).collect()
        }
        Shape::Array(items, _) => {
            let names = names(items, id_or_scalar).unwrap_or_default();
            names.into_iter().zip(items).collect()
        }
        Shape::String(_) | Shape::Other => BTreeMap::new(),
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
                let [first, second] =
                    keys.map(|key| node.get(key).map(|value| value.raw.to_owned()));
                Some([first?, second?])
            };
            let (Some(ours), Some(theirs)) = (pair(ours), pair(theirs)) else {
                continue;
            };
            let old = base.and_then(pair);
            if settle(old.as_ref(), Some(&ours), Some(&theirs)).is_some()
                || base.is_some() && old.is_none()
            {
                continue;
            }
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
            self.sequence(key, base, ours, theirs)
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

    /// Arrays whose items have no names, laid over each other like lines.
    fn sequence(
        &mut self,
        key: &str,
        base: &[Node<'_>],
        ours: &[Node<'_>],
        theirs: &[Node<'_>],
    ) -> Vec<String> {
        let (ours_trace, theirs_trace) = trace_both(base, ours, theirs);
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

/// Appends what both sides inserted at one place: the smaller run first, and of the other what it has
/// more often.
fn unite(values: &mut Vec<String>, ours: &[&Node<'_>], theirs: &[&Node<'_>]) {
    let tight =
        |run: &[&Node<'_>]| -> Vec<String> { run.iter().map(|node| node.tight()).collect() };
    let (our_names, their_names) = (tight(ours), tight(theirs));
    let (first, second) = if our_names <= their_names {
        ((ours, our_names), (theirs, their_names))
    } else {
        ((theirs, their_names), (ours, our_names))
    };
    let mut known: BTreeMap<&String, usize> = BTreeMap::new();
    for name in &first.1 {
        *known.entry(name).or_default() += 1;
    }
    values.extend(first.0.iter().map(|node| node.raw.to_owned()));
    for (node, name) in second.0.iter().zip(&second.1) {
        match known.get_mut(name) {
            Some(left) if *left > 0 => *left -= 1,
            Some(_) | None => values.push(node.raw.to_owned()),
        }
    }
}

/// Traces both sides; what was moved is among the insertions of one side only, and not at all when
/// the other side deleted it.
fn trace_both(base: &[Node<'_>], ours: &[Node<'_>], theirs: &[Node<'_>]) -> (Trace, Trace) {
    let texts =
        [base, ours, theirs].map(|items| items.iter().map(Node::tight).collect::<Vec<String>>());
    let [base_texts, our_texts, their_texts] =
        [0, 1, 2].map(|side| texts[side].iter().map(String::as_str).collect::<Vec<&str>>());
    let mut to_ours = trace_items((base, &base_texts), (ours, &our_texts));
    let mut to_theirs = trace_items((base, &base_texts), (theirs, &their_texts));
    reconcile((&mut to_ours, &our_texts), (&mut to_theirs, &their_texts));
    let counts = [&base_texts, &our_texts, &their_texts].map(|texts| {
        let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
        for &text in texts {
            *counts.entry(text).or_default() += 1;
        }
        counts
    });
    let count = |text: &str| [0, 1, 2].map(|side| counts[side].get(text).copied().unwrap_or(0));
    let gap_of = |trace: &Trace, texts: &[&str]| -> BTreeMap<String, usize> {
        let all = trace.gaps.iter().enumerate();
        all.flat_map(|(gap, places)| places.iter().map(move |&at| (texts[at].to_owned(), gap)))
            .collect()
    };
    let (our_gaps, their_gaps) = (gap_of(&to_ours, &our_texts), gap_of(&to_theirs, &their_texts));
    for (gap, places) in to_ours.gaps.iter_mut().enumerate() {
        places.retain(|&at| match count(our_texts[at]) {
            [1, 1, 0] => false,
            [0 | 1, 1, 1] => their_gaps.get(our_texts[at]).is_none_or(|&there| there >= gap),
            _ => true,
        });
    }
    for (gap, places) in to_theirs.gaps.iter_mut().enumerate() {
        places.retain(|&at| match count(their_texts[at]) {
            [1, 0, 1] => false,
            [0 | 1, 1, 1] => our_gaps.get(their_texts[at]).is_none_or(|&there| there >= gap),
            _ => true,
        });
    }
    (to_ours, to_theirs)
}

fn trace_items(
    (base, base_texts): (&[Node<'_>], &[&str]),
    (side, side_texts): (&[Node<'_>], &[&str]),
) -> Trace {
    trace(Grain::Atoms, base_texts, side_texts, &|from, to| {
        let containers = matches!(
            (&base[from].shape, &side[to].shape),
            (Shape::Object(..), Shape::Object(..)) | (Shape::Array(..), Shape::Array(..))
        );
        if containers {
            line::likeness(&Bag::of(base_texts[from]), &Bag::of(side_texts[to]))
        } else {
            0
        }
    })
}

fn is_number(node: &Node<'_>) -> bool {
    node.raw.starts_with(|c: char| c == '-' || c.is_ascii_digit())
}

pub(super) fn id_of(node: &Node<'_>) -> Option<String> {
    let id = node.get("id")?;
    matches!(id.shape, Shape::String(_) | Shape::Other).then(|| id.tight())
}

fn scalar(node: &Node<'_>) -> Option<String> {
    matches!(node.shape, Shape::String(_) | Shape::Other).then(|| node.tight())
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
