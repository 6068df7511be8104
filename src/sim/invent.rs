//! Cases of two people at work on one note, made from a seed.
//!
//! - Shape: a note of headings, paragraphs, tasks, a table, a callout and a fence; on each side one to
//!   five edits that people make: a word, a date, a tick, a line more, a paragraph more, a line less,
//!   a paragraph elsewhere. A third of the cases hold an edit that both made alike.
//! - What is expected is known where no two edits of the sides concern the same word, gap or
//!   paragraph; it is then the note with all of them.
//! - The same seed gives the same case everywhere.

use std::collections::BTreeSet;

use super::generate::Random;

/// A merge to be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invented {
    /// What both started from.
    pub base: String,
    /// One side.
    pub ours: String,
    /// The other side.
    pub theirs: String,
    /// What a careful person would write, where that is beyond doubt.
    pub expected: Option<String>,
}

const WORDS: [&str; 24] = [
    "harbour",
    "lantern",
    "quietly",
    "autumn",
    "seventeen",
    "ladder",
    "copper",
    "meeting",
    "notes",
    "between",
    "garden",
    "slowly",
    "letter",
    "window",
    "market",
    "yellow",
    "river",
    "answer",
    "coffee",
    "project",
    "若い",
    "naïve",
    "street",
    "paper",
];

/// A line of the note: its number stays through every edit.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Row {
    id: u64,
    words: Vec<String>,
}

/// Lines without a blank one between them.
type Block = Vec<Row>;

/// One edit of one side.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Edit {
    Word {
        row: u64,
        at: usize,
        word: String,
    },
    Tick {
        row: u64,
    },
    LineAfter {
        row: u64,
        line: Row,
    },
    BlockAfter {
        row: u64,
        block: Block,
    },
    Delete {
        row: u64,
    },
    /// The block that begins with `row` goes to the end.
    Move {
        row: u64,
    },
}

/// Makes the case of `seed`.
pub fn case(seed: u64) -> Invented {
    let mut random = Random::new(seed);
    let mut maker = Maker { next: 0 };
    let note = maker.note(&mut random);
    let shared = random.below(3) == 0;
    let common: Vec<Edit> = if shared { vec![maker.edit(&mut random, &note)] } else { Vec::new() };
    let mut side = |maker: &mut Maker| -> Vec<Edit> {
        let mut edits = common.clone();
        for _ in 0..random.between(1, 6) {
            edits.push(maker.edit(&mut random, &note));
        }
        edits
    };
    let (ours, theirs) = (side(&mut maker), side(&mut maker));
    let all: Vec<Edit> = ours.iter().chain(&theirs[common.len()..]).cloned().collect();
    let doubtful = is_doubtful(&note, &all);
    Invented {
        base: write(&note),
        ours: write(&apply(&note, &ours)),
        theirs: write(&apply(&note, &theirs)),
        expected: (!doubtful).then(|| write(&apply(&note, &all))),
    }
}

struct Maker {
    next: u64,
}

impl Maker {
    fn row(&mut self, lead: &[&str], length: usize, random: &mut Random) -> Row {
        let id = self.next;
        self.next += 1;
        let mut words: Vec<String> = lead.iter().map(|word| (*word).to_owned()).collect();
        for at in 0..length {
            // A number makes every line its own.
            let word = WORDS[random.below(WORDS.len())];
            words.push(if at == 0 { format!("{word}{id}") } else { word.to_owned() });
        }
        Row { id, words }
    }

    fn note(&mut self, random: &mut Random) -> Vec<Block> {
        let mut note = vec![vec![self.row(&["#"], 2, random)]];
        for _ in 0..random.between(3, 9) {
            let block = match random.below(7) {
                0 => vec![self.row(&["##"], 3, random)],
                1 | 2 => vec![self.row(&[], random.between(6, 25), random)],
                3 => self.rows(&["-"], random),
                4 => self.rows(&["-", "[ ]", "2026-11-20"], random),
                5 => self.rows(&["|"], random),
                _ => self.rows(&[">"], random),
            };
            note.push(block);
        }
        note
    }

    fn rows(&mut self, lead: &[&str], random: &mut Random) -> Block {
        (0..random.between(2, 7)).map(|_| self.row(lead, random.between(3, 8), random)).collect()
    }

    fn edit(&mut self, random: &mut Random, note: &[Block]) -> Edit {
        let block = &note[random.between(1, note.len())];
        let row = &block[random.below(block.len())];
        let lead: Vec<&str> = lead(row);
        match random.below(12) {
            0 | 1 if row.words.iter().any(|word| word == "[ ]") => Edit::Tick { row: row.id },
            2 | 3 if block.len() > 1 => {
                let line = self.row(&lead, 4, random);
                Edit::LineAfter { row: row.id, line }
            }
            4 => Edit::BlockAfter { row: block[0].id, block: vec![self.row(&[], 9, random)] },
            5 if block.len() > 2 => Edit::Delete { row: row.id },
            6 if block.len() == 1 && lead.is_empty() => Edit::Move { row: row.id },
            _ => {
                let at = random.between(lead.len(), row.words.len());
                let word = format!("new{}", self.next);
                self.next += 1;
                Edit::Word { row: row.id, at, word }
            }
        }
    }
}

/// What begins a line: marks, box and date.
fn lead(row: &Row) -> Vec<&str> {
    let marks = |word: &&str| ["#", "##", "-", "[ ]", "[x]", "|", ">", "2026-11-20"].contains(word);
    row.words.iter().map(String::as_str).take_while(marks).collect()
}

fn apply(note: &[Block], edits: &[Edit]) -> Vec<Block> {
    let mut note = note.to_vec();
    let mut gone = BTreeSet::new();
    for edit in edits {
        let find = |note: &[Block], id: u64| {
            note.iter().enumerate().find_map(|(block, rows)| {
                rows.iter().position(|row| row.id == id).map(|row| (block, row))
            })
        };
        let (Edit::Word { row, .. }
        | Edit::Tick { row }
        | Edit::LineAfter { row, .. }
        | Edit::BlockAfter { row, .. }
        | Edit::Delete { row }
        | Edit::Move { row }) = edit;
        let Some((block, at)) = find(&note, *row) else { continue };
        match edit {
            Edit::Word { at: word, word: new, .. } => {
                new.clone_into(&mut note[block][at].words[*word]);
            }
            Edit::Tick { .. } => {
                for word in note[block][at].words.iter_mut().filter(|word| *word == "[ ]") {
                    "[x]".clone_into(word);
                }
            }
            Edit::LineAfter { line, .. } => note[block].insert(at + 1, line.clone()),
            Edit::BlockAfter { block: more, .. } => note.insert(block + 1, more.clone()),
            // Only at the end, so that other edits still find their place.
            Edit::Delete { row } => {
                gone.insert(*row);
            }
            Edit::Move { .. } => {
                let moved = note.remove(block);
                note.push(moved);
            }
        }
    }
    for block in &mut note {
        block.retain(|row| !gone.contains(&row.id));
    }
    note.retain(|block| !block.is_empty());
    note
}

/// Whether two edits meet, so that more than one result is right.
fn is_doubtful(note: &[Block], edits: &[Edit]) -> bool {
    let block_of = |id: u64| note.iter().position(|rows| rows.iter().any(|row| row.id == id));
    edits.iter().enumerate().any(|(place, one)| {
        // What a move leaves behind depends on what came first.
        matches!(one, Edit::Move { .. })
            || edits[..place].iter().any(|other| match (one, other) {
                (Edit::Word { row: a, at, .. }, Edit::Word { row: b, at: to, .. }) => {
                    a == b && at.abs_diff(*to) < 2
                }
                (Edit::Delete { row: a }, other) | (other, Edit::Delete { row: a }) => {
                    let (Edit::Word { row, .. }
                    | Edit::Tick { row }
                    | Edit::LineAfter { row, .. }
                    | Edit::BlockAfter { row, .. }
                    | Edit::Delete { row }
                    | Edit::Move { row }) = other;
                    block_of(*a) == block_of(*row)
                }
                (Edit::LineAfter { row: a, .. }, Edit::LineAfter { row: b, .. })
                | (Edit::BlockAfter { row: a, .. }, Edit::BlockAfter { row: b, .. }) => a == b,
                _ => false,
            })
    })
}

fn write(note: &[Block]) -> String {
    let block = |rows: &Block| -> String {
        rows.iter().flat_map(|row| [row.words.join(" "), "\n".to_owned()]).collect()
    };
    note.iter().map(block).collect::<Vec<String>>().join("\n")
}
