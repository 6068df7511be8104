//! Which item of a YAML list is which, on three sides.
//!
//! Items are known by `id`, by `name`, by `type` and `name`, or by their first key, whichever first
//! tells all items of each side apart; scalars by themselves. What no rule tells apart is followed from
//! the base by likeness, like lines. An item that lost its name on a side is looked for among the new
//! ones there: renamed, it is still the same.

use std::collections::BTreeSet;

use super::align::{Fate, Grain, heaviest, trace};
use super::line::{self, Bag};
use super::yaml_rows::{Entry, entries, is_idle, key};

/// Least likeness of an item and its renamed self, in thousandths.
const LEAST_LIKENESS: u32 = 600;

/// Fewest lines of a mapping that is known again under a new name: little ones are alike by their keys.
const LEAST_ROWS: usize = 3;

/// Most pairs of items that are compared for a new name.
const CELLS_LIMIT: usize = 10_000;

/// Which keys name an item; the last rule takes the first key.
const RULES: [&[&str]; 4] = [&["id"], &["name"], &["type", "name"], &[]];

/// Whether two items of a list of mappings have one `id` or `name`.
pub(super) fn names_twice(items: &[Entry]) -> bool {
    let own = items.iter().filter(|item| !item.is_tail() && item.content().is_some());
    let own: Vec<&Entry> = own.collect();
    RULES[..2].iter().any(|keys| {
        let names: Vec<String> = own.iter().filter_map(|item| name(item, keys)).collect();
        names.iter().collect::<BTreeSet<_>>().len() < names.len()
    })
}

/// Gives every item a name; one name on two sides means the same item.
pub(super) fn name_items(base: Option<&mut [Entry]>, ours: &mut [Entry], theirs: &mut [Entry]) {
    let mut nothing = [];
    let known = base.is_some();
    let base = base.unwrap_or(&mut nothing);
    for keys in RULES {
        let named = [&*base, ours, theirs].map(|items| names(items, keys));
        if let [Some(base_names), Some(our_names), Some(their_names)] = named {
            let old = (&*base, &base_names[..]);
            let our_new = renamed(old, (ours, &our_names), (theirs, &their_names));
            let their_new = renamed(old, (theirs, &their_names), (ours, &our_names));
            // Where the other side has both, it is another item.
            let distinct = |old: &[String], new: Vec<String>, other: &[String]| -> Vec<String> {
                let both = |at: usize| other.contains(&old[at]) && other.contains(&new[at]);
                (0..new.len())
                    .map(|at| if both(at) { &old[at] } else { &new[at] })
                    .cloned()
                    .collect()
            };
            let our_new = distinct(&our_names, our_new, &their_names);
            let their_new = distinct(&their_names, their_new, &our_names);
            // What one side has under the other's new name, as after an earlier merge, is the same.
            let told = |old: &[String], new: &[String], other: &[String]| -> Vec<String> {
                let new_name = |name: &String| {
                    let at = old.iter().position(|it| it == name)?;
                    (!other.contains(&new[at])).then(|| new[at].clone())
                };
                other.iter().map(|name| new_name(name).unwrap_or_else(|| name.clone())).collect()
            };
            let (their_names, our_names) =
                (told(&our_names, &our_new, &their_new), told(&their_names, &their_new, &our_new));
            assign(base, base_names);
            assign(ours, our_names);
            assign(theirs, their_names);
            return;
        }
    }
    let texts = |items: &[Entry]| -> Vec<String> {
        items.iter().filter(|item| !item.is_tail()).map(|item| item.bare().text()).collect()
    };
    let base_texts = texts(base);
    let follow = |items: &mut [Entry]| {
        let own = texts(items);
        let mut names = counted(&own);
        if known {
            let [from, to] =
                [&base_texts, &own].map(|it| it.iter().map(String::as_str).collect::<Vec<&str>>());
            let way = trace(Grain::Atoms, &from, &to, &|old, new| {
                line::likeness(&Bag::of(from[old]), &Bag::of(to[new]))
            });
            for (old, fate) in way.fates.iter().enumerate() {
                if let Fate::Kept(new) | Fate::Edited(new) = *fate {
                    names[new] = format!("#{old}");
                }
            }
        }
        assign(items, names);
    };
    follow(ours);
    follow(theirs);
    assign(base, (0..base_texts.len()).map(|at| format!("#{at}")).collect());
}

fn assign(items: &mut [Entry], names: Vec<String>) {
    for (item, name) in items.iter_mut().filter(|item| !item.is_tail()).zip(names) {
        item.name = name;
    }
}

/// Each text with the number of its like before it.
fn counted(texts: &[String]) -> Vec<String> {
    let before = |at: usize| texts[..at].iter().filter(|text| **text == texts[at]).count();
    (0..texts.len()).map(|at| format!("- {} {}", before(at), texts[at])).collect()
}

/// The names of all items; `None` when one has none, or two have the same.
fn names(items: &[Entry], keys: &[&str]) -> Option<Vec<String>> {
    let own = items.iter().filter(|item| !item.is_tail());
    let names: Vec<String> = own.map(|item| name(item, keys)).collect::<Option<_>>()?;
    (names.iter().collect::<BTreeSet<_>>().len() == names.len()).then_some(names)
}

fn name(item: &Entry, keys: &[&str]) -> Option<String> {
    let Some((column, rows)) = item.content() else {
        return Some(format!("- {}", item.bare().text().trim()));
    };
    let Some(members) = entries(&rows, column) else {
        // A list inside a list is only itself.
        return keys.is_empty().then(|| format!("- {}", item.bare().text()));
    };
    let value = |key: &str| {
        let found = members.iter().find(|member| member.name == key)?;
        Some(format!("{key}: {}", found.value())).filter(|_| !found.value().is_empty())
    };
    if keys.is_empty() {
        let (first, rest) = key(rows[0].text.trim_start())?;
        return Some(format!("- {first}: {rest}"));
    }
    let values: Vec<String> = keys.iter().map(|key| value(key)).collect::<Option<_>>()?;
    Some(format!("- {}", values.join(", ")))
}

/// Whether an item is a list itself.
fn is_list(item: &Entry) -> bool {
    item.content().is_some_and(|(column, rows)| entries(&rows, column).is_none())
}

/// Whether an item under a new name holds most of what only the old one held.
///
/// Items of one kind share their keys, and many values: only what the other items do not have tells
/// that it is the same, unless nothing of it is gone but its name.
fn stays_itself(items: &[Entry], old: usize, new: &Entry) -> bool {
    let says = |item: &Entry| -> BTreeSet<String> {
        let rows = item.rows[item.head..].iter().map(|row| row.text.trim());
        let told = rows.filter(|text| !is_idle(text) && !text.ends_with(':'));
        told.map(|text| text.strip_prefix("- ").unwrap_or(text).to_owned()).collect()
    };
    let others: BTreeSet<String> = (items.iter().enumerate())
        .filter(|(place, _)| *place != old)
        .flat_map(|(_, item)| says(item))
        .collect();
    let (was, is) = (says(&items[old]), says(new));
    let own = |said: &BTreeSet<String>| -> BTreeSet<String> {
        said.iter().filter(|text| !others.contains(*text)).cloned().collect()
    };
    let (own_before, own_now) = (own(&was), own(&is));
    // The name itself is among them, on both sides.
    let common = own_before.intersection(&own_now).count();
    let rest = own_before.len().max(own_now.len()).saturating_sub(1);
    was.difference(&is).count() <= 1 || common * 2 > rest
}

/// The names of a side, with the old name for what was only renamed.
///
/// - `other`: the other side, which may have edited what was renamed here before it met it.
fn renamed(
    (base, base_names): (&[Entry], &[String]),
    (side, own_names): (&[Entry], &[String]),
    (other, other_names): (&[Entry], &[String]),
) -> Vec<String> {
    let mut names = own_names.to_vec();
    let here: BTreeSet<&String> = own_names.iter().collect();
    let old: BTreeSet<&String> = base_names.iter().collect();
    let nested = |items: &[Entry], at: usize| items[at].content().is_some();
    let lost: Vec<usize> = (0..base_names.len())
        .filter(|&at| !here.contains(&base_names[at]) && nested(base, at))
        .collect();
    let new: Vec<usize> =
        (0..names.len()).filter(|&at| !old.contains(&own_names[at]) && nested(side, at)).collect();
    let bags = |items: &[Entry], places: &[usize]| -> Vec<Bag> {
        places.iter().map(|&at| Bag::of(&items[at].bare().text().replace('\n', " "))).collect()
    };
    if lost.len().saturating_mul(new.len()) > CELLS_LIMIT {
        return names;
    }
    let (lost_bags, new_bags) = (bags(base, &lost), bags(side, &new));
    // Between the same neighbours: a new one elsewhere is another one, however alike.
    let around = |names: &[String], at: usize| {
        let known = |name: &&String| here.contains(name) && old.contains(name);
        let before = names[..at].iter().rev().find(known).cloned();
        (before, names[at + 1..].iter().find(known).cloned())
    };
    let pairs = heaviest(lost.len(), new.len(), CELLS_LIMIT, |row, column| {
        let found = line::likeness(&lost_bags[row], &new_bags[column]);
        let in_place = || around(base_names, lost[row]) == around(own_names, new[column]);
        let item = &side[new[column]];
        let is_big = item.rows.len() - item.head >= LEAST_ROWS;
        let is_telling = is_big || is_list(item);
        let is_like = || found >= LEAST_LIKENESS && is_telling && in_place();
        let there = || other_names.iter().position(|name| *name == base_names[lost[row]]);
        let is_itself = || {
            stays_itself(base, lost[row], item)
                || there().is_some_and(|at| stays_itself(other, at, item))
        };
        if is_like() && is_itself() { found } else { 0 }
    });
    for (row, column) in pairs.unwrap_or_default() {
        names[new[column]].clone_from(&base_names[lost[row]]);
    }
    names
}
