//! A vault made from a seed, shaped like real ones: for tests, benches and end-to-end runs.
//!
//! - Shape: about 91 % notes and 9 % attachments; note sizes with a median of 2 KB and a 95th
//!   percentile of 10 KB, one note of 1.4 MB; two fifths of the notes in one folder; 2 % empty
//!   notes; two fifths without a final newline; names with spaces, umlauts, Chinese and emoji;
//!   front matter, links, tasks, tags and tables; a canvas here and there; `.obsidian` settings.
//! - Units: `attachment_bytes` is the sum over all attachments, about 4 KB for each file of the
//!   vault by default, so that 10,000 files are about 72 MB.
//! - Source: the proportions of six public vaults. The same seed gives the same bytes everywhere.
#![expect(clippy::disallowed_methods, reason = "it writes test data, outside the program")]

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

/// What to make.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Recipe {
    /// How many files in all.
    pub files: usize,
    /// Bytes of all attachments together.
    pub attachment_bytes: u64,
    /// Another seed gives another vault.
    pub seed: u64,
}

impl Recipe {
    /// The usual proportions.
    pub const fn new(files: usize, seed: u64) -> Self {
        Self { files, attachment_bytes: files as u64 * 4096, seed }
    }
}

/// A stream of numbers from a seed (splitmix64).
#[derive(Debug, Clone)]
pub struct Random(u64);

impl Random {
    /// Starts at `seed`.
    pub const fn new(seed: u64) -> Self {
        Self(seed ^ 0x5eed_5eed_5eed_5eed)
    }

    /// The next number.
    pub fn next_u64(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below `limit`.
    pub fn below(&mut self, limit: usize) -> usize {
        usize::try_from(self.next_u64() % limit.max(1) as u64).unwrap_or(0)
    }

    /// A number from `from` up to, not including, `to`.
    pub fn between(&mut self, from: usize, to: usize) -> usize {
        from + self.below(to - from)
    }

    /// One of `choices`.
    pub fn pick<'a>(&mut self, choices: &[&'a str]) -> &'a str {
        choices[self.below(choices.len())]
    }
}

const WORDS: [&str; 48] = [
    "note",
    "garden",
    "meeting",
    "river",
    "draft",
    "idea",
    "project",
    "remember",
    "weekly",
    "morning",
    "letter",
    "bread",
    "kitchen",
    "window",
    "train",
    "paper",
    "reading",
    "question",
    "answer",
    "table",
    "slowly",
    "always",
    "between",
    "under",
    "winter",
    "summer",
    "friend",
    "budget",
    "travel",
    "music",
    "Über",
    "Straße",
    "schön",
    "façade",
    "naïve",
    "piñata",
    "笔记",
    "项目",
    "今天",
    "会议",
    "学习",
    "思考",
    "и",
    "заметка",
    "план",
    "日記",
    "🌱",
    "☕",
];
const FOLDERS: [&str; 10] = [
    "Projects",
    "Areas/Health",
    "Areas/Home",
    "Resources/Books",
    "Resources/文献",
    "Archive/2021",
    "Archive/2022",
    "People",
    "Recipes/Süßes",
    "Work/Clients/Long Name & Sons",
];

fn words(random: &mut Random, count: usize) -> String {
    let mut text = String::new();
    for at in 0..count {
        if at > 0 {
            text.push(' ');
        }
        text.push_str(random.pick(&WORDS));
    }
    text
}

fn note_size(random: &mut Random) -> usize {
    match random.below(100) {
        0..2 => 0,
        2..20 => random.between(150, 800),
        20..50 => random.between(800, 2000),
        50..80 => random.between(2000, 4500),
        80..95 => random.between(4500, 10_000),
        _ => random.between(10_000, 30_000),
    }
}

/// The text of one note of about `size` bytes.
pub fn note(random: &mut Random, number: usize, size: usize) -> String {
    let mut text = String::with_capacity(size + 256);
    if size == 0 {
        return text;
    }
    if random.below(3) == 0 {
        let tag = random.pick(&WORDS);
        let _ = write!(
            text,
            "---\ntitle: Note {number}\ntags:\n  - {tag}\n  - seed\ncreated: 20{:02}-{:02}-{:02}\n---\n",
            random.between(18, 26),
            random.between(1, 13),
            random.between(1, 29)
        );
    }
    let _ = write!(text, "# {}\n\n", words(random, 3));
    while text.len() < size {
        match random.below(12) {
            0 => {
                let _ = write!(text, "## {}\n\n", words(random, 2));
            }
            1 => {
                for _ in 0..random.between(1, 5) {
                    let mark = if random.below(2) == 0 { ' ' } else { 'x' };
                    let _ = writeln!(text, "- [{mark}] {}", words(random, 5));
                }
                text.push('\n');
            }
            2 => {
                let other = random.below(number + 1);
                let _ = write!(text, "See [[Note {other}]] and #{}.\n\n", random.pick(&WORDS));
            }
            3 => {
                let _ =
                    write!(text, "| a | b |\n|---|---|\n| {} | {number} |\n\n", words(random, 1));
            }
            4 => {
                let _ = write!(text, "> [!note] {}\n> {}\n\n", words(random, 2), words(random, 9));
            }
            _ => {
                let count = random.between(8, 40);
                let _ = write!(text, "{}.\n\n", words(random, count));
            }
        }
    }
    if random.below(5) < 2 {
        text.truncate(text.trim_end().len());
    }
    text
}

/// Bytes that do not compress, like those of an image.
fn noise(random: &mut Random, size: usize) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(size + 8);
    bytes.extend_from_slice(b"\x89PNG\r\n\x1a\n\0\0");
    while bytes.len() < size {
        bytes.extend_from_slice(&random.next_u64().to_le_bytes());
    }
    bytes.truncate(size.max(10));
    bytes
}

/// Every file of the vault, as path and bytes, one after the other.
pub fn files(recipe: Recipe) -> impl Iterator<Item = (PathBuf, Vec<u8>)> {
    let mut random = Random::new(recipe.seed);
    let attachments = recipe.files * 9 / 100;
    let notes = recipe.files - attachments;
    (0..recipe.files).map(move |number| {
        if number < notes {
            one_note(&mut random, number, notes)
        } else {
            one_attachment(&mut random, number - notes, attachments, recipe.attachment_bytes)
        }
    })
}

fn one_note(random: &mut Random, number: usize, notes: usize) -> (PathBuf, Vec<u8>) {
    if number == 0 {
        let settings = "{\n  \"alwaysUpdateLinks\": true,\n  \"spellcheck\": false\n}";
        return (PathBuf::from(".obsidian/app.json"), settings.into());
    }
    // One large folder, as vaults of one kind of note have it.
    let folder = if number % 5 < 2 { "Zettel" } else { FOLDERS[random.below(FOLDERS.len())] };
    if number % 200 == 7 {
        let canvas = format!(
            "{{\n\t\"nodes\":[\n\t\t{{\"id\":\"{:016x}\",\"type\":\"text\",\"text\":\"{}\",\"x\":-120,\
             \"y\":40,\"width\":250,\"height\":60}}\n\t],\n\t\"edges\":[]\n}}",
            random.next_u64(),
            words(random, 4)
        );
        return (Path::new(folder).join(format!("Board {number}.canvas")), canvas.into());
    }
    let size = if number == 1 && notes > 500 { 1_400_000 } else { note_size(random) };
    let text = note(random, number, size);
    let name = match random.below(6) {
        0 => format!("{} {number}.md", words(random, 2)),
        _ => format!("Note {number}.md"),
    };
    (Path::new(folder).join(name), text.into_bytes())
}

fn one_attachment(
    random: &mut Random,
    number: usize,
    attachments: usize,
    total: u64,
) -> (PathBuf, Vec<u8>) {
    let mean = usize::try_from(total).unwrap_or(0) / attachments.max(1);
    // Half of them small, a few large; the mean stays.
    let size = match random.below(10) {
        0..5 => mean / 5,
        5..9 => mean,
        _ => mean * 5,
    };
    let ending = random.pick(&["png", "jpg", "pdf", "webp"]);
    let name = format!("Attachments/image {number}.{ending}");
    (PathBuf::from(name), noise(random, size.max(64)))
}

/// Writes the vault into `folder`, which is made if need be; returns files and bytes written.
///
/// # Errors
///
/// Whatever the file system says.
pub fn write(folder: &Path, recipe: Recipe) -> std::io::Result<(usize, u64)> {
    let (mut count, mut bytes) = (0, 0);
    let mut made = std::collections::BTreeSet::new();
    for (path, content) in files(recipe) {
        let place = folder.join(path);
        if let Some(parent) = place.parent()
            && made.insert(parent.to_owned())
        {
            std::fs::create_dir_all(parent)?;
        }
        bytes += content.len() as u64;
        count += 1;
        std::fs::write(place, content)?;
    }
    Ok((count, bytes))
}
