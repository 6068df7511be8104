//! Judges merges of JSON, knowing nothing of how they are made.
//!
//! Walks the three versions and the result side by side. What only one side changed must be in the
//! result as that side has it, what one side deleted and the other left alone must be gone, and where
//! both changed one thing, each version must be in the result or in the ledger. Where nothing was
//! contradicted the ledger must be empty. Values are compared with their spelling, so that a number
//! written anew is found too.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use super::invent_json::Case;
use crate::merge::{Format, Merged, merge};

/// Reads a file as lenient programs do: a byte order mark and halves of surrogate pairs are no fault.
pub(super) fn read(text: &str) -> Option<Value> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let text = text.replace("\\ud800", "\\ue000").replace("\\ud801", "\\ue001");
    serde_json::from_str(&text.replace("\\ud83d\"", "\\ue002\"")).ok()
}

/// What is wrong with the merge of `case`; nothing for a good one.
pub(super) fn faults(case: &Case) -> Vec<String> {
    let merged = merge(Format::Json, Some(&case.base), &case.ours, &case.theirs);
    let mut found = judge(case, &merged);
    let other = merge(Format::Json, Some(&case.base), &case.theirs, &case.ours);
    if other != merged {
        found.push(format!("not symmetric:\n{}", other.text));
    }
    for side in [&case.ours, &case.theirs] {
        for (name, base) in [("side", side), ("base", &case.base)] {
            // Over the old base the order may differ, and nameless things may be matched otherwise.
            if name == "base" && [&case.base, side].into_iter().any(|text| has_nameless(text)) {
                continue;
            }
            let again = merge(Format::Json, Some(base), &merged.text, side).text;
            let alike = || {
                let [again, text] = [&again, &merged.text].map(|text| read(text).map(sorted));
                name == "base" && again == text
            };
            if again != merged.text && !alike() {
                found.push(format!("merged again over the {name}, it changes:\n{again}"));
            }
        }
        if merge(Format::Json, Some(&case.base), side, &case.base).text != *side {
            found.push("an untouched side changes the other".to_owned());
        }
        if merge(Format::Json, Some(&case.base), side, side).text != *side {
            found.push("a side met by itself changes".to_owned());
        }
    }
    found
}

/// The value with everything in one order.
pub(super) fn sorted(value: Value) -> String {
    match value {
        Value::Array(items) => {
            let mut items: Vec<String> = items.into_iter().map(sorted).collect();
            items.sort();
            format!("[{}]", items.join(","))
        }
        Value::Object(map) => {
            let mut members: Vec<String> =
                map.into_iter().map(|(key, value)| format!("{key:?}:{}", sorted(value))).collect();
            members.sort();
            format!("{{{}}}", members.join(","))
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => value.to_string(),
    }
}

/// Whether an array holds numbers, or containers without an `id`.
fn has_nameless(text: &str) -> bool {
    read(text).is_some_and(|value| nameless(&value))
}

/// The same of a value.
pub(super) fn nameless(value: &Value) -> bool {
    match value {
        Value::Array(items) => items.iter().any(|item| {
            item.is_array()
                || item.is_number()
                || item.is_object() && id_of(item).is_none()
                || nameless(item)
        }),
        Value::Object(map) => map.values().any(nameless),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => false,
    }
}

/// What is wrong with `merged` as a merge of `case`.
pub(super) fn judge(case: &Case, merged: &Merged) -> Vec<String> {
    let [Some(base), Some(ours), Some(theirs)] =
        [&case.base, &case.ours, &case.theirs].map(|text| read(text))
    else {
        return vec!["a side does not parse".to_owned()];
    };
    let Some(result) = read(&merged.text) else {
        return vec!["the result does not parse".to_owned()];
    };
    let versions = Versions { base, ours, theirs, result };
    judge_values(&versions, merged, case.key_twice, read)
}

/// The four versions of a file, read.
#[derive(Debug)]
pub(super) struct Versions {
    pub(super) base: Value,
    pub(super) ours: Value,
    pub(super) theirs: Value,
    pub(super) result: Value,
}

/// What is wrong with the result.
///
/// - `is_loose`: only losses count, since items cannot be told apart by name.
pub(super) fn judge_values(
    versions: &Versions,
    merged: &Merged,
    is_loose: bool,
    read: fn(&str) -> Option<Value>,
) -> Vec<String> {
    let Versions { base, ours, theirs, result } = versions;
    let mut judge =
        Judge { ledger: Ledger::of(merged, read), faults: Vec::new(), contradictions: 0 };
    judge.spelling(versions);
    let places = [base, ours, theirs, result].map(places);
    let dragged = places[0].iter().any(|(id, place)| {
        let moved =
            |side: &BTreeMap<String, Vec<String>>| side.get(id).is_some_and(|found| found != place);
        moved(&places[1]) || moved(&places[2])
    });
    for (id, found) in &places[3] {
        let once =
            |side: &BTreeMap<String, Vec<String>>| side.get(id).is_none_or(|it| it.len() < 2);
        if found.len() > 1 && places[0].contains_key(id) && places[..3].iter().all(once) {
            judge.faults.push(format!("{id} stands twice"));
        }
    }
    if dragged || is_loose {
        judge.added_somewhere(base, result, &[ours, theirs]);
    } else {
        judge.value("", Some(base), Some(ours), Some(theirs), Some(result));
        if judge.contradictions == 0 && !merged.choices.is_empty() {
            judge.faults.push(format!("chosen without need: {:?}", merged.choices));
        }
    }
    judge.faults
}

/// Everything that the choices hold.
struct Ledger {
    texts: Vec<String>,
    values: BTreeSet<String>,
}

impl Ledger {
    fn of(merged: &Merged, read: fn(&str) -> Option<Value>) -> Self {
        let mut ledger = Self { texts: Vec::new(), values: BTreeSet::new() };
        for text in merged.choices.iter().flat_map(|it| [&it.chosen, &it.alternative]) {
            if let Some(value) = read(text) {
                collect(&value, &mut ledger.values);
            }
            ledger.texts.push(text.clone());
        }
        ledger
    }

    fn holds(&self, value: &Value) -> bool {
        let mut parts = BTreeSet::new();
        collect(value, &mut parts);
        self.values.contains(&value.to_string())
            || matches!(value, Value::String(text) if self.texts.contains(text))
            || matches!(value, Value::Array(_) | Value::Object(_))
                && parts.iter().all(|part| self.values.contains(part))
    }

    fn mentions(&self, word: &str) -> bool {
        self.texts.iter().any(|text| text.contains(word))
    }
}

/// Every scalar of `value`.
fn collect(value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| collect(item, found)),
        Value::Object(map) => map.values().for_each(|it| collect(it, found)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {
            found.extend([value.to_string()]);
        }
    }
}

/// Where every item with an `id` stands, by the chain of keys and ids that leads to it.
fn places(root: &Value) -> BTreeMap<String, Vec<String>> {
    fn walk(value: &Value, path: &str, found: &mut BTreeMap<String, Vec<String>>) {
        match value {
            Value::Array(items) => {
                for item in items {
                    if let Some(id) = id_of(item) {
                        found.entry(id.clone()).or_default().push(path.to_owned());
                        walk(item, &format!("#{id}"), found);
                    } else {
                        walk(item, &format!("{path}/*"), found);
                    }
                }
            }
            Value::Object(map) => {
                map.iter().for_each(|(key, value)| walk(value, &format!("{path}/{key}"), found));
            }
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }
    let mut found = BTreeMap::new();
    walk(root, "", &mut found);
    found
}

fn id_of(item: &Value) -> Option<String> {
    item.as_object()?.get("id").filter(|id| id.is_string()).map(Value::to_string)
}

struct Judge {
    ledger: Ledger,
    faults: Vec<String>,
    contradictions: usize,
}

impl Judge {
    fn fault(&mut self, path: &str, what: &str) {
        self.faults.push(format!("{path}: {what}"));
    }

    /// Every number of the result is written as on a side.
    fn spelling(&mut self, versions: &Versions) {
        let numbers = |value: &Value| -> BTreeSet<String> {
            let mut found = BTreeSet::new();
            collect(value, &mut found);
            found.into_iter().filter(|it| !it.starts_with('"')).collect()
        };
        let (ours, theirs) = (numbers(&versions.ours), numbers(&versions.theirs));
        for number in numbers(&versions.result) {
            if !ours.contains(&number) && !theirs.contains(&number) {
                self.faults.push(format!("{number} is on no side"));
            }
        }
    }

    /// Only that nothing new is lost: for files with keys twice, and for items that changed parents.
    fn added_somewhere(&mut self, base: &Value, result: &Value, sides: &[&Value]) {
        let all = |value: &Value| {
            let mut found = BTreeSet::new();
            collect(value, &mut found);
            found
        };
        let (base, result) = (all(base), all(result));
        let words: Vec<String> = result.iter().flat_map(|it| words(it)).collect();
        for side in sides {
            for added in all(side).difference(&base) {
                let told = self.ledger.values.contains(added)
                    || self.ledger.texts.iter().any(|text| text.contains(added.as_str()));
                let spread = added.starts_with('"')
                    && words_of(added).all(|it| words.contains(&it) || self.ledger.mentions(&it));
                if !result.contains(added) && !told && !spread {
                    self.faults.push(format!("{added} is lost"));
                }
            }
        }
    }

    fn value(
        &mut self,
        path: &str,
        base: Option<&Value>,
        ours: Option<&Value>,
        theirs: Option<&Value>,
        result: Option<&Value>,
    ) {
        // Deleted here, and there only put in another order: either is right.
        let spelled = |side: Option<&Value>| side.map(Value::to_string);
        let kept = ours.or(theirs);
        let is_reordered = kept == base && spelled(kept) != spelled(base);
        if ours.is_none() != theirs.is_none() && is_reordered && result == kept {
            return;
        }
        if ours == theirs || base == theirs {
            if result != ours {
                self.fault(path, &format!("{result:?} instead of {ours:?}"));
            }
            return;
        }
        if base == ours {
            if result != theirs {
                self.fault(path, &format!("{result:?} instead of {theirs:?}"));
            }
            return;
        }
        let (Some(ours), Some(theirs)) = (ours, theirs) else {
            // The edit stands against the deletion.
            if result != ours.or(theirs) {
                self.fault(path, "an edit fell to a deletion");
            }
            return;
        };
        let Some(result) = result else {
            self.fault(path, "both sides have it, the result has not");
            return;
        };
        match (ours, theirs) {
            (Value::Object(ours), Value::Object(theirs)) => {
                self.object(path, base.and_then(Value::as_object), ours, theirs, result);
            }
            (Value::Array(ours), Value::Array(theirs)) => {
                let base = base.and_then(Value::as_array).map_or(&[][..], |items| items);
                self.array(path, base, ours, theirs, result);
            }
            _ => {
                self.contradictions += 1;
                let chosen = |side: &Value| result == side || self.ledger.holds(side);
                let told = chosen(ours) && chosen(theirs);
                if !told && !self.spread(base, ours, theirs, result) {
                    let text = format!("of {ours} and {theirs} came {result}, and nobody is told");
                    self.fault(path, &text);
                }
            }
        }
    }

    /// Whether all new words of two strings are in the result or in the ledger.
    fn spread(&self, base: Option<&Value>, ours: &Value, theirs: &Value, result: &Value) -> bool {
        let [Value::String(ours), Value::String(theirs), Value::String(result)] =
            [ours, theirs, result]
        else {
            return false;
        };
        let old: BTreeSet<String> =
            base.and_then(Value::as_str).into_iter().flat_map(words).collect();
        let now: BTreeSet<String> = words(result).into_iter().collect();
        (words(ours).into_iter().chain(words(theirs)))
            .all(|it| old.contains(&it) || now.contains(&it) || self.ledger.mentions(&it))
    }

    fn object(
        &mut self,
        path: &str,
        base: Option<&Map<String, Value>>,
        ours: &Map<String, Value>,
        theirs: &Map<String, Value>,
        result: &Value,
    ) {
        let Some(result) = result.as_object() else {
            self.fault(path, "an object became something else");
            return;
        };
        let mut pairs = BTreeSet::new();
        for keys in
            [["x", "y"], ["width", "height"], ["fromNode", "fromSide"], ["toNode", "toSide"]]
        {
            let of = |side: Option<&Map<String, Value>>| {
                keys.map(|key| side.and_then(|it| it.get(key)).cloned())
            };
            let [b, o, t, r] = [of(base), of(Some(ours)), of(Some(theirs)), of(Some(result))];
            let whole = |pair: &[Option<Value>; 2]| pair.iter().all(Option::is_some);
            // Each settled by itself, and both from one side.
            let settled: Vec<Option<&Option<Value>>> = (0..2)
                .map(|at| match (&b[at], &o[at], &t[at]) {
                    (b, o, t) if o == t || t == b && base.is_some() => Some(o),
                    (b, o, t) if o == b && base.is_some() => Some(t),
                    _ => None,
                })
                .collect();
            let is_side =
                |side: &[Option<Value>; 2]| settled.iter().copied().eq(side.iter().map(Some));
            let is_clear = is_side(&o) || is_side(&t);
            if whole(&o) && whole(&t) && (base.is_none() || whole(&b)) && !is_clear {
                self.contradictions += 1;
                pairs.extend(keys);
                let other = if r == o { &t } else { &o };
                let told = other.iter().flatten().all(|value| self.ledger.holds(value));
                if r != o && r != t || !told {
                    self.fault(path, &format!("{keys:?} came apart, or nobody is told"));
                }
            }
        }
        let keys: BTreeSet<&String> =
            base.iter().flat_map(|it| it.keys()).chain(ours.keys()).chain(theirs.keys()).collect();
        for key in result.keys().filter(|key| !keys.contains(key)) {
            self.fault(path, &format!("{key:?} comes from nowhere"));
        }
        for &key in &keys {
            if !pairs.contains(key.as_str()) {
                let base = base.and_then(|it| it.get(key));
                let path = format!("{path}/{key}");
                self.value(&path, base, ours.get(key), theirs.get(key), result.get(key));
            }
        }
        let names = |map: &Map<String, Value>| map.keys().cloned().collect::<Vec<String>>();
        self.order(path, &names(ours), &names(theirs), &names(result));
    }

    /// What stands in one order on both sides stands in that order in the result.
    fn order(&mut self, path: &str, ours: &[String], theirs: &[String], result: &[String]) {
        let common = |of: &[String], a: &[String], b: &[String]| -> Vec<String> {
            of.iter().filter(|it| a.contains(it) && b.contains(it)).cloned().collect()
        };
        let here = common(ours, theirs, result);
        if here == common(theirs, ours, result) && common(result, ours, theirs) != here {
            self.fault(path, "the order changed");
        }
    }

    fn array(
        &mut self,
        path: &str,
        base: &[Value],
        ours: &[Value],
        theirs: &[Value],
        result: &Value,
    ) {
        let Some(result) = result.as_array() else {
            self.fault(path, "an array became something else");
            return;
        };
        let ids = |items: &[Value]| -> Option<Vec<String>> {
            let ids: Vec<String> = items.iter().map(id_of).collect::<Option<_>>()?;
            (ids.iter().collect::<BTreeSet<_>>().len() == ids.len()).then_some(ids)
        };
        if let (Some(b), Some(o), Some(t)) = (ids(base), ids(ours), ids(theirs)) {
            let Some(r) = ids(result) else {
                self.fault(path, "an id stands twice, or is missing");
                return;
            };
            for id in b.iter().chain(&o).chain(&t).collect::<BTreeSet<_>>() {
                let find = |ids: &[String], items: &'_ [Value]| {
                    ids.iter().position(|it| it == id).map(|at| items[at].clone())
                };
                let (base, ours) = (find(&b, base), find(&o, ours));
                let (theirs, now) = (find(&t, theirs), find(&r, result));
                let path = format!("{path}/#{id}");
                self.value(&path, base.as_ref(), ours.as_ref(), theirs.as_ref(), now.as_ref());
            }
            self.order(path, &o, &t, &r);
            return;
        }
        let numbers =
            |items: &[Value]| items.len() == base.len() && items.iter().all(Value::is_number);
        if numbers(base) && numbers(ours) && numbers(theirs) && result.len() == base.len() {
            for at in 0..base.len() {
                let path = format!("{path}/{at}");
                let (base, now) = (Some(&base[at]), Some(&result[at]));
                self.value(&path, base, Some(&ours[at]), Some(&theirs[at]), now);
            }
            return;
        }
        let scalars = |items: &[Value]| items.iter().all(|it| !it.is_array() && !it.is_object());
        if scalars(base) && scalars(ours) && scalars(theirs) {
            self.scalars(path, [base, ours, theirs, result]);
        } else {
            // Items without names may be matched in more than one way.
            self.contradictions += 1;
            let all = |items: &[Value]| Value::from(items.to_vec());
            self.added_somewhere(&all(base), &all(result), &[&all(ours), &all(theirs)]);
            let in_order = |side: &[Value]| {
                let kept = |of: &[Value], by: &[Value]| -> Vec<Value> {
                    of.iter().filter(|it| by.contains(it)).cloned().collect()
                };
                kept(base, side) == kept(side, base)
            };
            // What was moved and edited without a name is a new thing.
            let moved = !in_order(ours) || !in_order(theirs);
            for item in base.iter().filter(|it| !moved && (it.is_array() || it.is_object())) {
                let count = |items: &[Value]| items.iter().filter(|it| *it == item).count();
                let (b, o, t) = (count(base), count(ours), count(theirs));
                if b == 1 && (o == 0 && t <= 1 || t == 0 && o <= 1) && count(result) > 0 {
                    self.fault(path, &format!("{item} was changed or deleted and stands again"));
                }
            }
        }
    }

    fn scalars(&mut self, path: &str, [base, ours, theirs, result]: [&[Value]; 4]) {
        let counts = |items: &[Value]| {
            let mut counts: BTreeMap<String, usize> = BTreeMap::new();
            for item in items {
                *counts.entry(item.to_string()).or_default() += 1;
            }
            counts
        };
        let sides = [base, ours, theirs, result].map(counts);
        let all: BTreeSet<&String> = sides.iter().flat_map(BTreeMap::keys).collect();
        for item in all {
            let [b, o, t, r] = [0, 1, 2, 3].map(|at| sides[at].get(item).copied().unwrap_or(0));
            let expected = if t == b || o == t {
                o..=o
            } else if o == b {
                t..=t
            } else {
                o.min(t)..=o.max(t).max((o + t).saturating_sub(b))
            };
            if !expected.contains(&r) {
                let how = if r > *expected.end() { "too often" } else { "and is missing" };
                let text = format!("{item} stands {r} times {how} (base {b}, sides {o} and {t})");
                self.fault(path, &text);
            }
        }
    }
}

fn words(text: &str) -> Vec<String> {
    words_of(text).collect()
}

fn words_of(text: &str) -> impl Iterator<Item = String> + '_ {
    text.split(|c: char| !c.is_alphanumeric()).filter(|it| !it.is_empty()).map(str::to_owned)
}
