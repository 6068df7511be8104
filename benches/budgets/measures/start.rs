//! Starts of `watch`, and the memory it then has.

use std::path::PathBuf;
use std::time::Duration;

use super::super::device::{Device, ms};
use super::super::generate::Recipe;
use super::super::stats::{length, real};
use super::super::vaults;
use super::{Bench, Column, Group};

pub(super) const GROUP: Group = Group {
    names: &[
        "start.0",
        "start.100",
        "start.1000",
        "start.10000",
        "start.100000",
        "start.first.10000",
        "memory.0",
        "memory.100",
        "memory.1000",
        "memory.10000",
        "memory.100000",
    ],
    take: starts,
};

pub(super) const DOCUMENTS: Group =
    Group { names: &["documents.100", "documents.1000"], take: documents };

fn starts(bench: &mut Bench) {
    for files in [0, 100, 1_000, 10_000, 100_000] {
        let (start, first) = (format!("start.{files}"), format!("start.first.{files}"));
        let memory = format!("memory.{files}");
        if !bench.wants_any(&[&start, &first, &memory]) {
            continue;
        }
        let (mut colds, mut warms, mut resident) =
            (Column::default(), Column::default(), Vec::new());
        let rounds = if files < 100_000 { bench.runs(3) } else { 1 };
        for round in 0..rounds {
            let mut a = Device::new().holding(Recipe::new(files, round as u64));
            let took = a.start();
            colds.push(ms(took), a.cpu_ms());
            for _ in 0..3 {
                let took = a.start();
                warms.push(ms(took), a.cpu_ms());
                resident.push(a.resident_mb());
            }
        }
        bench.put_with(&start, warms.values, warms.cpu_ms);
        bench.put_with(&first, colds.values, colds.cpu_ms);
        bench.put(&memory, resident);
    }
}

/// Notes edited one after the other until so many documents are in memory.
fn documents(bench: &mut Bench) {
    for count in [100, 1_000] {
        let name = format!("documents.{count}");
        if !bench.wants(&name) {
            continue;
        }
        let recipe = Recipe::new(count * 6 / 5, 5);
        let mut a = Device::new()
            .holding(recipe)
            .with("VAULT_SYNC_CACHE_DOCUMENTS", &count.to_string())
            .with("VAULT_SYNC_CACHE_BYTES", "500000000");
        a.start();
        let notes: Vec<PathBuf> = vaults::notes(&a.vault()).into_iter().take(count).collect();
        for (some, notes) in notes.chunks(50).enumerate() {
            for note in notes {
                vaults::append(note, "\nloaded by an edit\n");
            }
            let so_far = some * 50 + notes.len();
            a.wait_told("taken-in", so_far);
        }
        let loaded = a.status()["cache"]["documents"].as_u64().unwrap_or(0);
        let at_once = a.resident_mb();
        // What the edits themselves needed is given back by then, if it is.
        std::thread::sleep(Duration::from_secs(5));
        bench.put(&name, vec![a.resident_mb()]);
        let bytes: u64 = notes.iter().map(|it| vaults::size(it)).sum();
        let mean = real(bytes) / length(notes.len()) / 1000.0;
        let note = format!("{loaded} in memory, {mean:.1} KB each; {at_once:.0} MB at once");
        bench.note(&name, note);
    }
}
