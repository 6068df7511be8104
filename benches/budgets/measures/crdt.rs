//! Ten thousand concurrent operations meet in one document: taken in and settled.
//!
//! One thread does all of it without waiting, so it is processor time that is told, where the system
//! tells it: on a quiet machine the two are the same.

use std::time::Instant;

use vault_sync::docs::{Author, Birth, Document};
use vault_sync::model::{Content, Heads, Kind, Life, PeerId, VaultId, VaultPath, WallMs};

use super::super::device::ms;
use super::super::generate::Random;
use super::super::process;
use super::super::vaults;
use super::{Bench, Group};

pub(super) const GROUP: Group =
    Group { names: &["merge.run", "merge.scattered", "merge.small"], take: merges };

const OPERATIONS: usize = 10_000;

fn author(number: u8) -> Author {
    Author::new(PeerId([number; 32]), Life([number; 16]))
}

/// A document that holds `text` in characters, and its version.
fn promoted(text: &str) -> (Document, Heads) {
    let path = VaultPath::parse("Folder/Note.md").expect("a valid path");
    let birth = Birth { vault: VaultId([7; 16]), path, generation: 0 };
    let content = Content::of(text.as_bytes());
    let mut document = Document::import(&birth, Kind::Text, content).expect("an import");
    document.promote(content, text).expect("the text of the import");
    let heads = document.heads();
    (document, heads)
}

fn edit(document: &mut Document, by: u8, text: &str) {
    let heads = document.heads();
    document.edit_text(author(by), &heads, WallMs(0), text).expect("an edit");
}

fn merges(bench: &mut Bench) {
    if cfg!(debug_assertions) {
        // The CRDT checks itself at every letter then, which says nothing of what it costs.
        for name in GROUP.names {
            bench.skip(name, "a harness without assertions: no --profile dev");
        }
        return;
    }
    if bench.wants("merge.run") {
        let text = vaults::note(3, 3_000);
        let typed = format!("{text}\n{}", "lorem ipsum ".repeat(OPERATIONS / 12));
        measure(bench, "merge.run", &text, |theirs| edit(theirs, 2, &typed));
    }
    if bench.wants("merge.scattered") {
        let text = vaults::note(3, 100_000);
        let typed = sprinkled(&text, OPERATIONS);
        measure(bench, "merge.scattered", &text, |theirs| edit(theirs, 2, &typed));
    }
    if bench.wants("merge.small") {
        let text = vaults::note(3, 3_000);
        measure(bench, "merge.small", &text, |theirs| {
            let mut now = text.clone();
            for letter in "typed slowly ".chars().cycle().take(OPERATIONS) {
                now.push(letter);
                edit(theirs, 2, &now);
            }
        });
    }
}

/// `text` with so many letters, each somewhere else.
fn sprinkled(text: &str, letters: usize) -> String {
    let mut random = Random::new(9);
    let mut places: Vec<usize> =
        (0..letters).map(|_| text.floor_char_boundary(random.below(text.len() + 1))).collect();
    places.sort_unstable();
    let (mut sprinkled, mut from) = (String::with_capacity(text.len() + letters), 0);
    for place in places {
        sprinkled.push_str(&text[from..place]);
        sprinkled.push('x');
        from = place;
    }
    sprinkled.push_str(&text[from..]);
    sprinkled
}

fn measure(bench: &mut Bench, name: &str, text: &str, others: impl FnOnce(&mut Document)) {
    let (base, heads) = promoted(text);
    let mut theirs = base.clone();
    others(&mut theirs);
    let changes = theirs.changes_since(heads.as_slice());
    let mut ours = base;
    let mut near = text.to_owned();
    vaults::edit_line(&mut near, " ours");
    edit(&mut ours, 1, &near);
    let mut times = Vec::new();
    // The first few warm up.
    let runs = bench.runs(20);
    for round in 0..runs + 3 {
        let mut document = ours.clone();
        let (start, cpu) = (Instant::now(), process::own_cpu_ms());
        document.apply(&changes).expect("good changes");
        let settled = document.settle();
        let wall = ms(start.elapsed());
        let took = process::own_cpu_ms().zip(cpu).map_or(wall, |(after, before)| after - before);
        settled.expect("a merge");
        if round >= 3 {
            times.push(took);
        }
    }
    bench.put(name, times);
    bench.note(name, format!("{} changes", changes.len()));
}
