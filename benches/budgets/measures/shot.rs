//! One-shots: files changed while nothing ran, then one `sync` with a peer that is watching.

use std::path::PathBuf;

use super::super::device::{Device, ms};
use super::super::generate::Recipe;
use super::super::vaults;
use super::{Bench, Column, Group};

pub(super) const FILE: Group = Group { names: &["shot.1kb", "shot.100kb"], take: one_file };
pub(super) const FILES: Group = Group { names: &["shot.100files"], take: many_files };

/// `sync` of `b` after a change, with the processor time of both.
fn shot(a: &Device, b: &Device, column: &mut Column) {
    let before = a.cpu_ms();
    let ran = b.run(&["sync"]);
    column.push(ms(ran.took), ran.cpu_ms + a.cpu_ms() - before);
}

fn joined(files: usize) -> (Device, Device) {
    let (mut a, b) = (Device::new().holding(Recipe::new(files, 7)), Device::new());
    a.start();
    b.join(&a);
    (a, b)
}

fn one_file(bench: &mut Bench) {
    let (a, b) = joined(100);
    for (name, size) in [("shot.1kb", 1_000), ("shot.100kb", 100_000)] {
        let (mut text, mut column) = (vaults::note(1, size), Column::default());
        b.write("shot.md", &text);
        b.run(&["sync"]);
        for round in 0..bench.runs(10) {
            vaults::edit_line(&mut text, &format!(" shot {round}"));
            b.write("shot.md", &text);
            shot(&a, &b, &mut column);
            a.wait_for("shot.md", &text);
        }
        bench.put_with(name, column.values, column.cpu_ms);
    }
}

fn many_files(bench: &mut Bench) {
    let (a, b) = joined(1_000);
    let notes: Vec<PathBuf> = vaults::notes(&b.vault()).into_iter().take(100).collect();
    let mut column = Column::default();
    for round in 0..bench.runs(6) {
        for note in &notes {
            vaults::append(note, &format!("\nadded in round {round}\n"));
        }
        shot(&a, &b, &mut column);
    }
    bench.put_with("shot.100files", column.values, column.cpu_ms);
}
