//! One thing that two people wrote down independently, told from two things.
//!
//! Where both sides put text at one place, nothing says what it was before. Two entries of a list
//! must both stand, however alike; but the same paragraph pasted twice, or the same sentence with a
//! typo mended, is one thing and must not stand twice. So two texts are fused only where they differ
//! by additions, by marks or by the spelling of a word: never where a name, a number or a date was
//! put in the place of another.

use super::align::{heaviest, weight};
use super::atom::{Atom, Class, atoms};
use super::choice::{Choice, choose};
use super::window::LONG_BYTES;

/// Most pairs of atoms compared; longer texts are not fused.
const CELLS_LIMIT: usize = 40_000;

/// Least share of the longer line, in thousandths, that both have, for one line.
const LEAST_COMMON: usize = 600;

/// Least bytes of new text that two sides have in common by more than chance.
const LEAST_WORK_BYTES: usize = 8;

/// Most letters of a word that is taken for an article, a preposition or the like.
const PARTICLE_LETTERS: usize = 3;

/// Fewest words of a line that another line holds by more than chance.
const LEAST_WORDS: usize = 3;

/// Fuses two lines that are one, without regard to where they stand; `None` when they are two,
/// or very long.
pub(super) fn fuse_lines(ours: &str, theirs: &str, choices: &mut Vec<Choice>) -> Option<String> {
    if ours.len().max(theirs.len()) > LONG_BYTES {
        return None;
    }
    let (first, second) = if ours <= theirs { (ours, theirs) } else { (theirs, ours) };
    let (first, second) = (atoms(first), atoms(second));
    let cut = Cut::of(&first, &second)?;
    let longer = bytes(&first).max(bytes(&second));
    // A word made a link is still that word.
    let marked = cut.stretches().filter(|(a, b)| letters(a) == letters(b));
    let common = cut.common + marked.map(|(a, b)| bytes(a).min(bytes(b))).sum::<usize>();
    let alike = common * 1000 >= LEAST_COMMON * longer;
    (alike && cut.stretches().all(|(a, b)| is_one(a, b))).then(|| cut.join(choices))
}

/// Of two lines or texts the one that holds every word and mark of the other, in order; the other
/// tells nothing more. `None` when there is none, or when the shorter says too little.
pub(super) fn longer_line<'a>(ours: &'a str, theirs: &'a str) -> Option<&'a str> {
    let (shorter, longer) =
        if ours.len() <= theirs.len() { (ours, theirs) } else { (theirs, ours) };
    let mut words = longer.split_whitespace();
    let is_held = shorter.split_whitespace().all(|word| words.any(|other| other == word));
    let says = shorter.split_whitespace().filter(|word| word.contains(char::is_alphanumeric));
    (is_held && says.count() >= LEAST_WORDS && ours != theirs).then_some(longer)
}

/// Fuses two runs of atoms put at one place of a line, when they have most in common, or are one word
/// in two spellings.
pub(super) fn fuse_runs(
    ours: &[Atom<'_>],
    theirs: &[Atom<'_>],
    choices: &mut Vec<Choice>,
) -> Option<String> {
    let cut = Cut::of(ours, theirs)?;
    let mostly = cut.common * 2 >= bytes(ours).min(bytes(theirs)) && cut.common > 0;
    (mostly || is_one(ours, theirs) || are_particles(ours, theirs)).then(|| cut.join(choices))
}

/// Fuses what both put in the place of something else, when they have most in common, and more of it
/// than `least` bytes.
pub(super) fn fuse_works(
    ours: &[Atom<'_>],
    theirs: &[Atom<'_>],
    least: usize,
    choices: &mut Vec<Choice>,
) -> Option<String> {
    let cut = Cut::of(ours, theirs)?;
    let mostly = cut.common * 2 >= bytes(ours).min(bytes(theirs));
    (mostly && cut.common > least.max(LEAST_WORK_BYTES)).then(|| cut.join(choices))
}

/// Two texts cut at what they have in common.
struct Cut<'a> {
    ours: &'a [Atom<'a>],
    theirs: &'a [Atom<'a>],
    anchors: Vec<(usize, usize)>,
    /// Bytes of the anchors.
    common: usize,
}

impl<'a> Cut<'a> {
    fn of(ours: &'a [Atom<'a>], theirs: &'a [Atom<'a>]) -> Option<Self> {
        let score = |row: usize, column: usize| match (ours[row], theirs[column]) {
            (a, b) if a != b => 0,
            (a, _) if a.class == Class::Space => 0,
            (a, _) => weight(a.text),
        };
        let anchors = heaviest(ours.len(), theirs.len(), CELLS_LIMIT, score)?;
        let common = anchors.iter().map(|&(row, _)| ours[row].text.len()).sum();
        Some(Self { ours, theirs, anchors, common })
    }

    /// What stands between the anchors, on either side.
    fn stretches(&self) -> impl Iterator<Item = (&'a [Atom<'a>], &'a [Atom<'a>])> {
        let ends = self.anchors.iter().copied().chain([(self.ours.len(), self.theirs.len())]);
        let starts = [(0, 0)].into_iter().chain(self.anchors.iter().map(|&(a, b)| (a + 1, b + 1)));
        starts
            .zip(ends)
            .map(|(start, end)| (&self.ours[start.0..end.0], &self.theirs[start.1..end.1]))
    }

    fn join(&self, choices: &mut Vec<Choice>) -> String {
        let mut text = String::new();
        let anchors = self.anchors.iter().map(|&(at, _)| self.ours[at].text).chain([""]);
        for ((ours, theirs), anchor) in self.stretches().zip(anchors) {
            let [a, b] =
                [ours, theirs].map(|atoms| atoms.iter().map(|atom| atom.text).collect::<String>());
            let (chosen, alternative) = choose(&a, &b);
            let told = |text: &str| text.split_whitespace().count() > 0;
            if a.split_whitespace().ne(b.split_whitespace()) && told(&a) && told(&b) {
                choices.push(Choice {
                    base: String::new(),
                    chosen: chosen.trim().to_owned(),
                    alternative: alternative.trim().to_owned(),
                });
            }
            text.push_str(match (told(&a), told(&b)) {
                (true, false) => &a,
                (false, true) => &b,
                (true, true) | (false, false) => chosen,
            });
            text.push_str(anchor);
        }
        text
    }
}

/// Whether two stretches say one thing: one has only more, or they differ in marks, or in the
/// spelling of one word.
fn is_one(ours: &[Atom<'_>], theirs: &[Atom<'_>]) -> bool {
    let (a, b) = (letters(ours), letters(theirs));
    if a == b || a.is_empty() || b.is_empty() {
        return true;
    }
    let word = |atoms: &[Atom<'_>]| {
        let mut solid = atoms.iter().filter(|atom| atom.class != Class::Space);
        let only = solid.next().is_some_and(|atom| atom.class == Class::Word);
        only && solid.next().is_none()
    };
    if !word(ours) || !word(theirs) {
        return false;
    }
    let start = a.bytes().zip(b.bytes()).take_while(|(a, b)| a == b).count();
    let rest = a.len().min(b.len()) - start;
    let end = (a.bytes().rev().zip(b.bytes().rev())).take(rest).take_while(|(a, b)| a == b).count();
    start > 0 && (start + end) * 2 >= a.len().max(b.len())
}

/// Whether each is one short word in small letters: `a` or `the`, of which only one can stand.
fn are_particles(ours: &[Atom<'_>], theirs: &[Atom<'_>]) -> bool {
    let is_particle = |atoms: &[Atom<'_>]| {
        let mut solid = atoms.iter().filter(|atom| atom.class != Class::Space);
        let short = |atom: &Atom<'_>| {
            atom.class == Class::Word
                && atom.text.chars().count() <= PARTICLE_LETTERS
                && atom.text.chars().all(char::is_lowercase)
        };
        solid.next().is_some_and(short) && solid.next().is_none()
    };
    is_particle(ours) && is_particle(theirs)
}

fn letters(atoms: &[Atom<'_>]) -> String {
    let letters = atoms.iter().flat_map(|atom| atom.text.chars());
    letters.filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

fn bytes(atoms: &[Atom<'_>]) -> usize {
    atoms.iter().filter(|atom| atom.class != Class::Space).map(|atom| atom.text.len()).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longer_line_holds_the_other() {
        for (ours, theirs, longer) in [
            ("buy milk today", "buy milk and eggs today", Some("buy milk and eggs today")),
            ("buy milk today", "buy today milk and eggs", None),
            ("buy milk", "buy milk today", None),
            ("- a b c", "- a b c", None),
        ] {
            assert_eq!(longer_line(ours, theirs), longer);
            assert_eq!(longer_line(theirs, ours), longer);
        }
    }

    #[test]
    fn one_line_is_fused_and_two_stand() {
        for (ours, theirs, fused) in [
            (
                "Open **Settings** now.",
                "Open **[[Settings]]** now.",
                Some("Open **[[Settings]]** now."),
            ),
            (
                "will receive a warning",
                "will receive a timeout or a warning",
                Some("will receive a timeout or a warning"),
            ),
            (
                "Added timeouts and bans.",
                "Added timeouts and bans. ",
                Some("Added timeouts and bans. "),
            ),
            ("provision an address", "provision a address", Some("provision an address")),
            ("- met Ann at the station", "- met Bob at the station", None),
            ("- call at 10:00", "- call at 11:00", None),
            ("- buy milk", "- buy bread", None),
        ] {
            let (mut choices, mut other) = (Vec::new(), Vec::new());
            assert_eq!(fuse_lines(ours, theirs, &mut choices).as_deref(), fused, "{ours}");
            assert_eq!(fuse_lines(theirs, ours, &mut other).as_deref(), fused, "{ours}");
            assert_eq!(choices, other);
        }
    }
}
