//! One line that both sides changed, merged in atoms.
//!
//! The base line is cut at the words that both sides kept. Between two such cuts stands a stretch:
//! when only one side changed it, that side stands; when both did, but never the same atom, both
//! changes stand; when one atom was changed two ways, a choice is made for that atom; and when both
//! rewrote several words, for the whole stretch, for mixing two phrasings word by word gives a third
//! that nobody wrote.

use super::align::{Fate, Grain, Trace, gaps, trace};
use super::atom::{Atom, Class, atoms};
use super::choice::{Choice, choose};
use super::window::{LONG_BYTES, Window, ends};
use super::{diff3, twin};

/// Merges three versions of one line, adding to `choices` what was decided.
pub(super) fn merge(base: &str, ours: &str, theirs: &str, choices: &mut Vec<Choice>) -> String {
    if ours == theirs || theirs == base {
        return ours.to_owned();
    }
    if ours == base {
        return theirs.to_owned();
    }
    // The order makes insertions and choices the same from both sides.
    let (ours, theirs) = if ours <= theirs { (ours, theirs) } else { (theirs, ours) };
    if [base, ours, theirs].iter().all(|line| line.len() <= LONG_BYTES) {
        return by_atoms(base, ours, theirs, choices);
    }
    let window = Window::of(base, ours, theirs);
    let Window { before, base, ours, theirs, after } = window;
    let merged = if window.is_short() {
        by_atoms(base, ours, theirs, choices)
    } else {
        diff3::merge_words(base, ours, theirs)
            .unwrap_or_else(|| decide(base, ours, theirs, choices))
    };
    [before, &merged, after].concat()
}

/// Merges three versions of a line, or of a part of one, that is not too long.
fn by_atoms(base: &str, ours: &str, theirs: &str, choices: &mut Vec<Choice>) -> String {
    let (base, ours, theirs) = (atoms(base), atoms(ours), atoms(theirs));
    let (mut ours_trace, mut theirs_trace) =
        (trace_atoms(&base, &ours), trace_atoms(&base, &theirs));
    let (before_ours, before_theirs) = (ours_trace.clone(), theirs_trace.clone());
    part_insertions((&mut ours_trace, &ours), (&before_theirs, &theirs));
    part_insertions((&mut theirs_trace, &theirs), (&before_ours, &ours));
    let merger = Merger { base, ours, theirs, ours_trace, theirs_trace };
    let mut text = String::new();
    let mut start = 0;
    for anchor in 0..=merger.base.len() {
        if anchor == merger.base.len() || merger.is_anchor(anchor) {
            merger.stretch(start, anchor, &mut text, choices);
            if let Some(atom) = merger.base.get(anchor) {
                text.push_str(atom.text);
            }
            start = anchor + 1;
        }
    }
    text
}

/// How alike two lines are, in thousandths: the share of their bytes that stands in atoms both have,
/// blanks left out.
pub(super) fn likeness(base: &Bag, side: &Bag) -> u32 {
    if base.bytes.min(side.bytes) * 8 < base.bytes + side.bytes {
        // Below any threshold, whatever they have in common.
        return 0;
    }
    let (mut left, mut right) = (base.sorted.iter().peekable(), side.sorted.iter().peekable());
    let mut common = 0;
    while let (Some(a), Some(b)) = (left.peek(), right.peek()) {
        match a.cmp(b) {
            std::cmp::Ordering::Less => left.next(),
            std::cmp::Ordering::Greater => right.next(),
            std::cmp::Ordering::Equal => {
                common += 2 * a.len();
                left.next();
                right.next()
            }
        };
    }
    u32::try_from(common * 1000 / (base.bytes + side.bytes).max(1)).unwrap_or(0)
}

/// The words of a line in small letters, sorted, those inside links and the like too; and its marks.
/// Of a very long line only those at its ends.
#[derive(Debug)]
pub(super) struct Bag {
    sorted: Vec<String>,
    bytes: usize,
}

impl Bag {
    pub(super) fn of(line: &str) -> Self {
        let mut sorted: Vec<String> = Vec::new();
        for atom in ends(line).into_iter().flat_map(atoms) {
            let words = atom.text.split(|c: char| !c.is_alphanumeric());
            let before = sorted.len();
            sorted.extend(words.filter(|word| !word.is_empty()).map(str::to_lowercase));
            if sorted.len() == before && atom.class != Class::Space {
                sorted.push(atom.text.to_owned());
            }
        }
        sorted.sort_unstable();
        Self { bytes: sorted.iter().map(String::len).sum(), sorted }
    }
}

fn trace_atoms(base: &[Atom<'_>], side: &[Atom<'_>]) -> Trace {
    let texts = |atoms: &[Atom<'_>]| -> Vec<String> {
        atoms.iter().map(|atom| atom.text.to_owned()).collect()
    };
    let (base_texts, side_texts) = (texts(base), texts(side));
    let base_texts: Vec<&str> = base_texts.iter().map(String::as_str).collect();
    let side_texts: Vec<&str> = side_texts.iter().map(String::as_str).collect();
    trace(Grain::Atoms, &base_texts, &side_texts, &|from, to| atom_likeness(base[from], side[to]))
}

/// Takes an atom that seems to have replaced one of the base for an insertion, where the other side
/// inserted the very same beside that: then both did so, and this side replaced the base's atom by
/// what stands next to it, or took it away.
fn part_insertions(
    (trace, side): (&mut Trace, &[Atom<'_>]),
    (other, other_side): (&Trace, &[Atom<'_>]),
) {
    for place in 0..trace.fates.len() {
        let Fate::Edited(at) = trace.fates[place] else { continue };
        let atom = side[at];
        if atom.class == Class::Space || atom.class == Class::Punct {
            continue;
        }
        let has = |trace: &Trace, side: &[Atom<'_>], gap: usize| {
            trace.gaps[gap].iter().any(|&it| side[it].text == atom.text)
        };
        let new = [(place, place + 1), (place + 1, place)]
            .into_iter()
            .find(|&(gap, _)| has(other, other_side, gap) && !has(trace, side, gap));
        let Some((gap, beyond)) = new else { continue };
        // Its own insertion on the far side is what became of the base's atom, if there is one.
        let mut far = trace.gaps[beyond].iter().copied().filter(|&it| side[it].class == atom.class);
        let next = if gap < beyond { far.next() } else { far.next_back() };
        trace.fates[place] = next.map_or(Fate::Gone, Fate::Edited);
        trace.gaps = gaps(&trace.fates, side.len());
    }
}

/// Whether one atom may have become the other, and how likely.
fn atom_likeness(base: Atom<'_>, side: Atom<'_>) -> u32 {
    if base.class != side.class {
        return 0;
    }
    match base.class {
        Class::Space | Class::Punct => 100,
        Class::Word => {
            let start = base.text.bytes().zip(side.text.bytes());
            let end = base.text.bytes().rev().zip(side.text.bytes().rev());
            let common =
                start.take_while(|(a, b)| a == b).count() + end.take_while(|(a, b)| a == b).count();
            let longer = base.text.len().max(side.text.len()).max(1);
            if common * 2 < longer {
                return 100;
            }
            100 + u32::try_from(common.min(longer) * 300 / longer).unwrap_or(0)
        }
        Class::Number
        | Class::Date
        | Class::Time
        | Class::Checkbox
        | Class::Bullet
        | Class::Heading
        | Class::Link
        | Class::Embed
        | Class::Footnote
        | Class::Url
        | Class::Tag
        | Class::BlockId
        | Class::Code
        | Class::Math => 600,
    }
}

struct Merger<'a> {
    base: Vec<Atom<'a>>,
    ours: Vec<Atom<'a>>,
    theirs: Vec<Atom<'a>>,
    ours_trace: Trace,
    theirs_trace: Trace,
}

/// What a stretch between two anchors calls for.
enum Verdict {
    /// Both changed it, nowhere the same atom, or only single atoms: atom by atom.
    Fine,
    /// Both rewrote it.
    Whole,
}

impl Merger<'_> {
    fn fates(&self, place: usize) -> (Fate, Fate) {
        (self.ours_trace.fates[place], self.theirs_trace.fates[place])
    }

    fn is_anchor(&self, place: usize) -> bool {
        self.base[place].class != Class::Space
            && matches!(self.fates(place), (Fate::Kept(_), Fate::Kept(_)))
    }

    /// Merges the base atoms `start..end` and everything inserted before, between and after them.
    fn stretch(&self, start: usize, end: usize, text: &mut String, choices: &mut Vec<Choice>) {
        let base: String = self.base[start..end].iter().map(|atom| atom.text).collect();
        let ours = side_text(&self.ours, &self.ours_trace, start, end);
        let theirs = side_text(&self.theirs, &self.theirs_trace, start, end);
        if ours == theirs || theirs == base {
            text.push_str(&ours);
        } else if ours == base {
            text.push_str(&theirs);
        } else if let Some(fused) = self.same_work(start, end, choices) {
            text.push_str(&fused);
        } else {
            match self.verdict(start, end) {
                Verdict::Fine => self.atom_by_atom(start, end, text, choices),
                Verdict::Whole => {
                    let pick = match (
                        self.only_removes(start, end, Side::Ours),
                        self.only_removes(start, end, Side::Theirs),
                    ) {
                        // The edit stands against the deletion.
                        (true, false) => theirs,
                        (false, true) => ours,
                        (true, true) | (false, false) => decide(&base, &ours, &theirs, choices),
                    };
                    text.push_str(&pick);
                }
            }
        }
    }

    /// What both put in the place of a stretch, when that is mostly the same, and more than stood
    /// there.
    fn same_work(&self, start: usize, end: usize, choices: &mut Vec<Choice>) -> Option<String> {
        let ours: Vec<Atom<'_>> = side_atoms(&self.ours, &self.ours_trace, start, end);
        let theirs: Vec<Atom<'_>> = side_atoms(&self.theirs, &self.theirs_trace, start, end);
        let least = self.base[start..end].iter().filter(|atom| atom.class != Class::Space);
        twin::fuse_works(&ours, &theirs, least.map(|atom| atom.text.len()).sum(), choices)
    }

    fn verdict(&self, start: usize, end: usize) -> Verdict {
        let mut words = 0;
        for place in start..end {
            let atom = self.base[place];
            match self.fates(place) {
                (Fate::Edited(ours), Fate::Edited(theirs)) => {
                    let differ = self.ours[ours].text != self.theirs[theirs].text;
                    words += usize::from(differ && atom.class == Class::Word);
                }
                (Fate::Edited(_), Fate::Gone) | (Fate::Gone, Fate::Edited(_))
                    if atom.class != Class::Space =>
                {
                    return Verdict::Whole;
                }
                _ => {}
            }
        }
        if words > 1 {
            return Verdict::Whole;
        }
        for gap in start..=end {
            let ours = self.inserts(gap, Side::Ours);
            let theirs = self.inserts(gap, Side::Theirs);
            let (removed_by_ours, removed_by_theirs) = self.hole(start, end, gap);
            let clash = solid(&ours) && removed_by_theirs
                || solid(&theirs) && removed_by_ours
                || words > 0 && (solid(&ours) || solid(&theirs));
            if clash && ours != theirs {
                return Verdict::Whole;
            }
        }
        Verdict::Fine
    }

    /// Whether a side took away both neighbours of a gap, or the only one in the stretch: what the
    /// other inserted there would stand alone.
    fn hole(&self, start: usize, end: usize, gap: usize) -> (bool, bool) {
        let solid = |place: &usize| self.base[*place].class != Class::Space;
        let before = (start..gap).rev().find(solid);
        let after = (gap..end).find(solid);
        let gone = |fates: &[Fate]| match (before, after) {
            (None, None) => false,
            (before, after) => {
                before.into_iter().chain(after).all(|place| fates[place] == Fate::Gone)
            }
        };
        (gone(&self.ours_trace.fates), gone(&self.theirs_trace.fates))
    }

    fn only_removes(&self, start: usize, end: usize, side: Side) -> bool {
        let trace = self.trace_of(side);
        let edits = (start..end).any(|place| {
            matches!(trace.fates[place], Fate::Edited(_)) && self.base[place].class != Class::Space
        });
        !edits && !(start..=end).any(|gap| solid(&self.inserts(gap, side)))
    }

    fn atom_by_atom(&self, start: usize, end: usize, text: &mut String, choices: &mut Vec<Choice>) {
        for place in start..=end {
            let (ours, theirs) =
                (self.inserts(place, Side::Ours), self.inserts(place, Side::Theirs));
            let inserted = unite(&ours, &theirs, choices);
            push_apart(text, &inserted);
            if place == end {
                break;
            }
            let base = self.base[place].text;
            match self.fates(place) {
                (Fate::Gone, _) | (_, Fate::Gone) => {}
                (Fate::Edited(ours), Fate::Edited(theirs)) => {
                    let (ours, theirs) = (self.ours[ours].text, self.theirs[theirs].text);
                    text.push_str(&decide(base, ours, theirs, choices));
                }
                (Fate::Edited(ours), _) => text.push_str(self.ours[ours].text),
                (_, Fate::Edited(theirs)) => text.push_str(self.theirs[theirs].text),
                (Fate::Kept(_) | Fate::Moved(_), Fate::Kept(_) | Fate::Moved(_)) => {
                    text.push_str(base);
                }
            }
        }
    }

    fn trace_of(&self, side: Side) -> &Trace {
        match side {
            Side::Ours => &self.ours_trace,
            Side::Theirs => &self.theirs_trace,
        }
    }

    fn inserts(&self, gap: usize, side: Side) -> Vec<Atom<'_>> {
        let atoms = match side {
            Side::Ours => &self.ours,
            Side::Theirs => &self.theirs,
        };
        self.trace_of(side).gaps[gap].iter().map(|&place| atoms[place]).collect()
    }
}

#[derive(Debug, Clone, Copy)]
enum Side {
    Ours,
    Theirs,
}

fn solid(atoms: &[Atom<'_>]) -> bool {
    atoms.iter().any(|atom| atom.class != Class::Space)
}

/// What a side made of the base atoms `start..end`, insertions at both ends included.
fn side_text(side: &[Atom<'_>], trace: &Trace, start: usize, end: usize) -> String {
    side_atoms(side, trace, start, end).iter().map(|atom| atom.text).collect()
}

fn side_atoms<'a>(side: &[Atom<'a>], trace: &Trace, start: usize, end: usize) -> Vec<Atom<'a>> {
    let mut places: Vec<usize> = trace.gaps[start..=end].iter().flatten().copied().collect();
    for fate in &trace.fates[start..end] {
        if let Fate::Kept(place) | Fate::Edited(place) = *fate {
            places.push(place);
        }
    }
    places.sort_unstable();
    places.iter().map(|&place| side[place]).collect()
}

/// Chooses between two spellings and records it, unless they differ in blanks only.
fn decide(base: &str, ours: &str, theirs: &str, choices: &mut Vec<Choice>) -> String {
    if ours == theirs {
        return ours.to_owned();
    }
    let (chosen, alternative) = choose(ours, theirs);
    if ours.split_whitespace().ne(theirs.split_whitespace()) {
        choices.push(Choice {
            base: base.trim().to_owned(),
            chosen: chosen.trim().to_owned(),
            alternative: alternative.trim().to_owned(),
        });
    }
    chosen.to_owned()
}

/// Lets both insertions at one place stand: what one has of the other counts once, and of two
/// different ones the smaller by bytes comes first.
fn unite(ours: &[Atom<'_>], theirs: &[Atom<'_>], choices: &mut Vec<Choice>) -> String {
    let joined = |atoms: &[Atom<'_>]| -> String { atoms.iter().map(|atom| atom.text).collect() };
    if !solid(ours) || holds(theirs, ours) {
        return joined(if theirs.is_empty() { ours } else { theirs });
    }
    if !solid(theirs) || holds(ours, theirs) {
        return joined(ours);
    }
    if let Some(fused) = twin::fuse_runs(ours, theirs, choices) {
        return fused;
    }
    let overlap = |first: &[Atom<'_>], second: &[Atom<'_>]| {
        (1..first.len().min(second.len()))
            .rev()
            .find(|&length| {
                solid(&second[..length]) && first[first.len() - length..] == second[..length]
            })
            .unwrap_or(0)
    };
    let (forth, back) = (overlap(ours, theirs), overlap(theirs, ours));
    let forth_first = match forth.cmp(&back) {
        std::cmp::Ordering::Greater => true,
        std::cmp::Ordering::Less => false,
        std::cmp::Ordering::Equal => joined(ours).trim() <= joined(theirs).trim(),
    };
    let (first, second, common) =
        if forth_first { (ours, theirs, forth) } else { (theirs, ours, back) };
    let mut text = joined(first);
    push_apart(&mut text, &joined(&second[common..]));
    text
}

/// Whether `part` stands in `whole`, in one piece.
fn holds(whole: &[Atom<'_>], part: &[Atom<'_>]) -> bool {
    part.is_empty() || whole.windows(part.len()).any(|window| window == part)
}

/// Appends, with a blank where two words would otherwise become one.
fn push_apart(text: &mut String, more: &str) {
    let word = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() && c.is_ascii());
    if word(text.chars().next_back()) && word(more.chars().next()) {
        text.push(' ');
    }
    text.push_str(more);
}
