//! First syncs, and one-shots with nothing to do.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use super::super::device::{Device, ms, wait_until};
use super::super::generate::Recipe;
use super::super::process;
use super::super::stats::{Stat, real};
use super::super::vaults;
use super::{Bench, Column, Group};

pub(super) const GROUP: Group = Group {
    names: &[
        "first.100",
        "first.1000",
        "first.10000",
        "first.ratio.100",
        "first.ratio.1000",
        "first.ratio.10000",
        "memory.served.10000",
        "unchanged.10000",
        "unchanged.bytes",
        "unchanged.packets",
    ],
    take: first_syncs,
};

pub(super) const NEWEST: Group = Group { names: &["newest.10000", "newest.1gb"], take: newest };

fn first_syncs(bench: &mut Bench) {
    for files in [100, 1_000, 10_000] {
        let (first, ratio) = (format!("first.{files}"), format!("first.ratio.{files}"));
        let with_unchanged = files == 10_000
            && bench.wants_any(&[
                "memory.served.10000",
                "unchanged.10000",
                "unchanged.bytes",
                "unchanged.packets",
            ]);
        if bench.wants_any(&[&first, &ratio]) || with_unchanged {
            one_size(bench, files);
        }
    }
}

fn one_size(bench: &mut Bench, files: usize) {
    let (mut joins, mut copies, mut served) = (Column::default(), Vec::new(), Vec::new());
    let mut unchanged = Unchanged::default();
    for round in 0..bench.runs(3) {
        let mut a = Device::new().holding(Recipe::new(files, round as u64));
        let b = Device::new();
        copies.extend(rsync(&a.vault()));
        a.start();
        let before = a.cpu_ms();
        let joined = b.join(&a);
        joins.push(ms(joined.took), joined.cpu_ms + a.cpu_ms() - before);
        served.push(a.resident_mb());
        if files == 10_000 {
            unchanged.take(bench, &a, &b);
        }
    }
    let ratio = format!("first.ratio.{files}");
    match Stat::Median.of(&copies) {
        Some(copy) => {
            bench.put(&ratio, joins.values.iter().map(|join| join / copy).collect());
            bench.note(&ratio, format!("rsync -a {copy:.0} ms"));
        }
        None => bench.skip(&ratio, "rsync is not installed"),
    }
    bench.put_with(&format!("first.{files}"), joins.values, joins.cpu_ms);
    bench.put(&format!("memory.served.{files}"), served);
    if files == 10_000 {
        unchanged.put(bench);
    }
}

/// Milliseconds that `rsync -a` takes to copy a vault within its disk.
fn rsync(vault: &Path) -> Option<f64> {
    let folder = tempfile::tempdir().expect("a folder");
    let start = Instant::now();
    let mut from = vault.as_os_str().to_owned();
    from.push("/");
    let copied = Command::new("rsync").arg("-a").arg(from).arg(folder.path()).status();
    copied.is_ok_and(|it| it.success()).then(|| ms(start.elapsed()))
}

/// One-shots that find nothing to do.
#[derive(Debug, Default)]
struct Unchanged {
    times: Column,
    frames: Vec<f64>,
    packets: Vec<f64>,
}

impl Unchanged {
    fn take(&mut self, bench: &Bench, a: &Device, b: &Device) {
        for _ in 0..5 {
            let (frames, cpu) = (a.frame_bytes(), a.cpu_ms());
            let packets = process::loopback_bytes().filter(|_| bench.isolated);
            let ran = b.run(&["sync"]);
            let crossed = process::loopback_bytes().unwrap_or(0);
            self.packets.extend(packets.map(|before| real(crossed - before)));
            self.times.push(ms(ran.took), ran.cpu_ms + a.cpu_ms() - cpu);
            self.frames.push(real(a.frame_bytes() - frames));
        }
    }

    fn put(self, bench: &mut Bench) {
        bench.put_with("unchanged.10000", self.times.values, self.times.cpu_ms);
        bench.put("unchanged.bytes", self.frames);
        if bench.isolated {
            bench.put("unchanged.packets", self.packets);
        } else {
            bench.skip("unchanged.packets", "needs a network namespace (unshare, ip)");
        }
    }
}

/// Ten notes were written just now, the others over the last year.
fn newest(bench: &mut Bench) {
    for (name, bytes) in [("newest.10000", None), ("newest.1gb", Some(1_000_000_000))] {
        if !bench.wants(name) {
            continue;
        }
        let (mut since_link, mut since_start) = (Vec::new(), Vec::new());
        let rounds = if bytes.is_none() { bench.runs(3) } else { 1 };
        for round in 0..rounds {
            let usual = Recipe::new(10_000, 40 + round as u64);
            let recipe =
                Recipe { attachment_bytes: bytes.unwrap_or(usual.attachment_bytes), ..usual };
            let (link, start) = newest_of(recipe);
            since_link.push(link);
            since_start.push(start);
        }
        let median = Stat::Median.of(&since_start).unwrap_or(0.0);
        bench.put(name, since_link);
        bench.note(name, format!("{median:.0} ms since the start of join"));
    }
}

/// Milliseconds from the connection, and from the start of `join`, until the ten are there.
fn newest_of(recipe: Recipe) -> (f64, f64) {
    let (mut a, b) = (Device::new().holding(recipe), Device::new());
    let (from, to) = (a.vault(), b.vault());
    let mut ten: Vec<(PathBuf, u64)> = Vec::new();
    for (at, file) in vaults::files(&from).iter().enumerate() {
        // Every tenth note or so, from all over the vault, until there are ten.
        let is_new = at % 701 == 13 && ten.len() < 10 && vaults::size(file) > 0;
        if is_new && file.extension().is_some_and(|it| it == "md") {
            let name = file.strip_prefix(&from).expect("it lies in the vault");
            ten.push((to.join(name), vaults::size(file)));
            vaults::age(file, Duration::ZERO);
        } else {
            vaults::age(file, Duration::from_hours(48 + at as u64 % 8_000));
        }
    }
    a.start();
    let ticket = a.ticket();
    let start = Instant::now();
    let words = ["join", &ticket, "."];
    let join = b.command(&words).spawn().expect("the program starts");
    wait_until("the ten newest notes", || {
        ten.iter().all(|(path, size)| std::fs::metadata(path).is_ok_and(|it| it.len() == *size))
    });
    let there = Instant::now();
    b.end(join, start, &words);
    let linked = a.told_at("peer-connected", start).unwrap_or(start);
    (ms(there.saturating_duration_since(linked)), ms(there - start))
}
