//! What a merge answers, and the fixed order that decides where two sides contradict each other.

use std::cmp::Ordering;

use super::atom::{Class, atoms};

/// Longest text that can be a single date, number or the like, in bytes.
const SORT_LIMIT_BYTES: usize = 256;

/// One place where both sides changed the same thing differently.
///
/// - Shape: three spellings of the same thing: an atom, a run of words, a value or a whole file.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Choice {
    /// What stood there before; empty when nothing is known of it.
    pub base: String,
    /// What stands in the merged text.
    pub chosen: String,
    /// What the other side had written.
    pub alternative: String,
}

/// The result of a merge.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Merged {
    /// The merged text.
    pub text: String,
    /// Where a choice had to be made, in the order of the text; empty for most merges.
    pub choices: Vec<Choice>,
}

impl Merged {
    /// A merge that needed no choice.
    pub(super) fn clean(text: impl Into<String>) -> Self {
        Self { text: text.into(), choices: Vec::new() }
    }

    /// One of two whole texts, the other kept as the alternative.
    pub(super) fn choose(base: &str, ours: &str, theirs: &str) -> Self {
        let (chosen, alternative) = choose(ours, theirs);
        Self {
            text: chosen.to_owned(),
            choices: vec![Choice {
                base: base.to_owned(),
                chosen: chosen.to_owned(),
                alternative: alternative.to_owned(),
            }],
        }
    }
}

/// The three-way rule for things that are only ever taken whole: `None` when both changed it, each
/// in another way.
pub(super) fn settle<T: PartialEq>(base: T, ours: T, theirs: T) -> Option<T> {
    match (base, ours, theirs) {
        (base, ours, theirs) if ours == theirs || theirs == base => Some(ours),
        (base, ours, theirs) if ours == base => Some(theirs),
        _ => None,
    }
}

/// Puts the preferred of two different spellings first, whichever side it came from.
///
/// Ticked before unticked, `true` before `false`, the later date or time, the greater number; else
/// the longer one, else the greater one by bytes. No clock and no device takes part.
pub(super) fn choose<'a>(ours: &'a str, theirs: &'a str) -> (&'a str, &'a str) {
    if prefer(ours, theirs) == Ordering::Less { (theirs, ours) } else { (ours, theirs) }
}

fn prefer(ours: &str, theirs: &str) -> Ordering {
    let sort = |text: &str| match text.trim() {
        "true" => Some(Sort::Bool(true)),
        "false" => Some(Sort::Bool(false)),
        other if other.len() > SORT_LIMIT_BYTES => None,
        other => match atoms(other).as_slice() {
            [one] => Sort::of(one.class, one.text),
            _ => checkbox(other),
        },
    };
    let special = match (sort(ours), sort(theirs)) {
        (Some(a), Some(b)) if a.same_kind(&b) => a.cmp(&b),
        _ => Ordering::Equal,
    };
    special
        .then_with(|| ours.chars().count().cmp(&theirs.chars().count()))
        .then_with(|| ours.cmp(theirs))
}

/// A checkbox on its own, as it is met outside its line.
fn checkbox(text: &str) -> Option<Sort> {
    let mark = text.strip_prefix('[')?.strip_suffix(']')?;
    (mark.chars().count() == 1).then(|| Sort::Tick(mark != " "))
}

/// What is compared by meaning instead of by length.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Sort {
    Bool(bool),
    Tick(bool),
    /// The numbers in the order written, which for ISO dates and for times is the order of time.
    When(Vec<u64>),
    /// Sign, then whole part and fraction; a negative number is compared turned round.
    Number(i128, String),
}

impl Sort {
    fn of(class: Class, text: &str) -> Option<Self> {
        match class {
            Class::Checkbox => checkbox(text),
            Class::Date | Class::Time => Some(Self::When(
                text.split(|c: char| !c.is_ascii_digit())
                    .filter_map(|part| part.parse().ok())
                    .collect(),
            )),
            Class::Number => {
                let plain = text.trim_end_matches('%');
                let (whole, fraction) = plain.split_once('.').unwrap_or((plain, ""));
                // "-0.5" and other odd spellings are left to length and bytes.
                let whole: i128 = whole.parse().ok()?;
                (whole > 0 || fraction.is_empty()).then(|| Self::Number(whole, fraction.to_owned()))
            }
            Class::Space
            | Class::Word
            | Class::Bullet
            | Class::Heading
            | Class::Link
            | Class::Embed
            | Class::Footnote
            | Class::Url
            | Class::Tag
            | Class::BlockId
            | Class::Code
            | Class::Math
            | Class::Punct => None,
        }
    }

    fn same_kind(&self, other: &Self) -> bool {
        std::mem::discriminant(self) == std::mem::discriminant(other)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_order_knows_what_things_mean() {
        for (greater, lesser) in [
            ("[x]", "[ ]"),
            ("true", "false"),
            ("2026-12-01", "2026-11-30"),
            ("10:05", "9:50"),
            ("80", "24"),
            ("100", "-2000"),
            ("1.5", "1.25"),
            ("longer", "short"),
            ("b", "a"),
            ("[[Newer Note]]", "[[Other]]"),
        ] {
            assert_eq!(choose(greater, lesser), (greater, lesser));
            assert_eq!(choose(lesser, greater), (greater, lesser));
        }
    }

    #[test]
    fn one_side_alone_settles() {
        assert_eq!(settle(1, 1, 2), Some(2));
        assert_eq!(settle(1, 2, 1), Some(2));
        assert_eq!(settle(1, 2, 2), Some(2));
        assert_eq!(settle(1, 2, 3), None);
    }
}
