//! Items that were dragged from one array to another, as panes are between groups, stand once.

use std::collections::BTreeMap;

use super::json::{Merger, id_of};
use super::json_tree::{Node, Shape, parse};

/// An item with an `id`, and where it stands.
#[derive(Debug, Clone)]
pub(super) struct Place<'a> {
    /// The nearest item around it that has an `id`, and the keys from there on.
    path: String,
    pub(super) node: Node<'a>,
    /// The bytes that hold it, from the beginning of the root.
    span: (usize, usize),
    /// The bytes to cut so that it is gone, a comma included.
    cut: (usize, usize),
}

/// The items whose `id` no other item of the file has.
pub(super) fn known<'a>(root: &Node<'a>) -> BTreeMap<String, Place<'a>> {
    let mut all: BTreeMap<String, Option<Place<'a>>> = BTreeMap::new();
    for (id, place) in places(root) {
        all.entry(id).and_modify(|found| *found = None).or_insert(Some(place));
    }
    all.into_iter().filter_map(|(id, place)| Some((id, place?))).collect()
}

/// All items that have an `id`, outer ones first.
fn places<'a>(root: &Node<'a>) -> Vec<(String, Place<'a>)> {
    fn walk<'a>(node: &Node<'a>, path: &str, start: usize, found: &mut Vec<(String, Place<'a>)>) {
        let at = |part: &Node<'_>| {
            let from = part.raw.as_ptr().addr() - start;
            (from, from + part.raw.len())
        };
        match &node.shape {
            Shape::Object(members, _) => {
                for member in members {
                    walk(&member.value, &format!("{path}/{}", member.key), start, found);
                }
            }
            Shape::Array(items, _) => {
                let (from, to) = at(node);
                for (place, item) in items.iter().enumerate() {
                    let Some(id) = id_of(item) else {
                        walk(item, &format!("{path}/*"), start, found);
                        continue;
                    };
                    let span = at(item);
                    let cut = match (
                        place.checked_sub(1).and_then(|it| items.get(it)),
                        items.get(place + 1),
                    ) {
                        (Some(before), _) => (at(before).1, span.1),
                        (None, Some(after)) => (span.0, at(after).0),
                        (None, None) => (from + 1, to - 1),
                    };
                    let node = item.clone();
                    found.push((id.clone(), Place { path: path.to_owned(), node, span, cut }));
                    walk(item, &format!("#{id}"), start, found);
                }
            }
            Shape::String(_) | Shape::Other => {}
        }
    }
    let mut found = Vec::new();
    walk(root, "", root.raw.as_ptr().addr(), &mut found);
    found
}

/// Takes out the second of two items with one `id`, where each version of the file has it once.
///
/// An item that one side dragged away while the other edited it is dragged with its edit; one that
/// both dragged, to different places, stands at the smaller of the two.
pub(super) fn once(mut text: String, merger: &mut Merger<'_>, sides: [&Node<'_>; 2]) -> String {
    if merger.known.is_empty() {
        return text;
    }
    let counts = sides.map(|side| {
        let mut counts: BTreeMap<String, usize> = BTreeMap::new();
        for (id, _) in places(side) {
            *counts.entry(id).or_default() += 1;
        }
        counts
    });
    let single =
        |id: &String| counts.iter().all(|counts| counts.get(id).is_none_or(|&count| count < 2));
    // Each round takes out one; what it cannot take out it leaves.
    while let Some(next) = without_one(&text, merger, single) {
        text = next;
    }
    text
}

fn without_one(
    text: &str,
    merger: &mut Merger<'_>,
    single: impl Fn(&String) -> bool,
) -> Option<String> {
    let file = parse(text)?;
    let root_at = file.root.raw.as_ptr().addr() - text.as_ptr().addr();
    let mut found: BTreeMap<String, Vec<Place<'_>>> = BTreeMap::new();
    for (id, place) in places(&file.root) {
        if merger.known.contains_key(&id) && single(&id) {
            let copies = found.entry(id.clone()).or_default();
            copies.push(place);
        }
    }
    found.retain(|_, copies| copies.len() > 1);
    let id = found.iter().min_by_key(|(_, copies)| copies[0].span.0)?.0.clone();
    let old = merger.known.get(&id)?.clone();
    let mut copies = found.remove(&id)?;
    copies.sort_by_key(|copy| (copy.path == old.path, copy.path.clone(), copy.span.0));
    let (kept, other) = (copies.first()?, copies.get(1)?);
    let apart = kept.span.1 <= other.span.0 || other.span.1 <= kept.span.0;
    apart.then_some(())?;
    let whole = merger.value("", Some(&old.node), &kept.node, &other.node);
    let mut root = file.root.raw.to_owned();
    let mut steps = [(kept.span, whole.as_str()), (other.cut, "")];
    steps.sort_by_key(|(span, _)| std::cmp::Reverse(span.0));
    for ((from, to), new) in steps {
        root.replace_range(from..to, new);
    }
    Some(format!("{}{root}{}", &text[..root_at], file.after))
}
