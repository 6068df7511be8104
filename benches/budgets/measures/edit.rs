//! The way of an edit: save to the other disk, its stations, its bytes, and how many fit in a second.

use std::time::{Duration, Instant};

use super::super::device::{Device, ms, wait_until};
use super::super::process;
use super::super::stats::{Stat, length, real};
use super::super::vaults;
use super::{BATCH, Bench, Column, Group};

pub(super) const SAVES: Group = Group {
    names: &[
        "save.3kb",
        "save.3kb.p95",
        "save.3kb.p99",
        "save.100kb",
        "save.100kb.p95",
        "save.100kb.p99",
        "take-in.3kb",
        "take-in.100kb",
        "write.3kb",
        "write.100kb",
        "line.bytes",
        "line.packets",
        "line.factor",
    ],
    take: saves,
};
pub(super) const SINGLE: Group = Group { names: &["save.single", "save.single.p95"], take: single };
pub(super) const LARGE: Group = Group { names: &["take-in.1mb"], take: large };
pub(super) const OPERATIONS: Group = Group { names: &["operations"], take: operations };

/// Long enough for both devices to have nothing left to do, and for a save to be taken in at once again.
pub(super) const QUIET: Duration = Duration::from_millis(300);
/// Long enough for a save to be one by itself (`watch.max_ms` and a bit), whatever the rules.
const ALONE: Duration = Duration::from_millis(1300);

/// A note whose saves are timed, from the write here to the same bytes there.
#[derive(Debug)]
pub(super) struct Note {
    path: &'static str,
    text: String,
    saved: usize,
}

impl Note {
    pub(super) fn new(path: &'static str, size: usize) -> Self {
        Self { path, text: vaults::note(1, size), saved: 0 }
    }

    /// Milliseconds; also how many bytes were edited, with the last edit.
    pub(super) fn save(&mut self, from: &Device, to: &Device) -> f64 {
        vaults::edit_line(&mut self.text, &format!(" save {:03}", self.saved % 1000));
        self.saved += 1;
        let start = Instant::now();
        from.write(self.path, &self.text);
        to.wait_for(self.path, &self.text);
        ms(start.elapsed())
    }
}

/// What [`Note::save`] puts into the text.
const EDITED_BYTES: f64 = 9.0;

/// Passages through a station since it was last asked, as milliseconds each.
struct Station {
    name: &'static str,
    before: (u64, f64),
}

impl Station {
    fn of(device: &Device, name: &'static str) -> Self {
        Self { name, before: device.station(name) }
    }

    fn since(&mut self, device: &Device) -> Option<f64> {
        let now = device.station(self.name);
        let before = std::mem::replace(&mut self.before, now);
        let count = now.0 - before.0;
        (count > 0).then(|| (now.1 - before.1) / real(count))
    }
}

fn saves(bench: &mut Bench) {
    for (size, bytes) in [("3kb", 3_000), ("100kb", 100_000)] {
        let (save, taken, written) =
            (format!("save.{size}"), format!("take-in.{size}"), format!("write.{size}"));
        let (p95, p99) = (format!("{save}.p95"), format!("{save}.p99"));
        let with_line =
            size == "100kb" && bench.wants_any(&["line.bytes", "line.packets", "line.factor"]);
        if !bench.wants_any(&[&save, &p95, &p99, &taken, &written]) && !with_line {
            continue;
        }
        let (a, b) = Device::pair(Device::new(), Device::new());
        let mut note = Note::new("note.md", bytes);
        note.save(&a, &b);
        // The second makes characters of the imported text.
        note.save(&a, &b);
        let mut column = Column::default();
        for _ in 0..bench.samples(100) {
            std::thread::sleep(QUIET);
            let cpu = a.cpu_ms() + b.cpu_ms();
            let took = note.save(&a, &b);
            column.push(took, a.cpu_ms() + b.cpu_ms() - cpu);
        }
        bench.put_with(&save, column.values.clone(), column.batches());
        bench.note(&save, format!("processor time: both devices, {BATCH} saves"));
        bench.put(&p95, column.values.clone());
        bench.put(&p99, column.values);
        stations(bench, &a, &b, &mut note, size);
    }
}

/// One save every now and then, as a person makes them.
fn single(bench: &mut Bench) {
    let (a, b) = Device::pair(Device::new(), Device::new());
    let mut note = Note::new("note.md", 3_000);
    note.save(&a, &b);
    note.save(&a, &b);
    let mut column = Column::default();
    for _ in 0..bench.samples(40) {
        std::thread::sleep(ALONE);
        let cpu = a.cpu_ms() + b.cpu_ms();
        let took = note.save(&a, &b);
        column.push(took, a.cpu_ms() + b.cpu_ms() - cpu);
    }
    bench.put_with("save.single", column.values.clone(), column.batches());
    bench.put("save.single.p95", column.values);
}

/// Once more, asking for figures after each save, which would disturb the times above.
fn stations(bench: &mut Bench, a: &Device, b: &Device, note: &mut Note, size: &str) {
    let (mut taken, mut written) = (Vec::new(), Vec::new());
    let (mut frames, mut packets) = (Vec::new(), Vec::new());
    let (mut edit, mut arrival) = (Station::of(a, "edit"), Station::of(b, "written"));
    for _ in 0..bench.samples(20) {
        std::thread::sleep(QUIET);
        let (sent, crossed) = (a.frame_bytes(), process::loopback_bytes().unwrap_or(0));
        note.save(a, b);
        std::thread::sleep(QUIET);
        packets.push(real(process::loopback_bytes().unwrap_or(0) - crossed));
        frames.push(real(a.frame_bytes() - sent));
        taken.extend(edit.since(a));
        written.extend(arrival.since(b));
    }
    bench.put(&format!("take-in.{size}"), taken);
    bench.put(&format!("write.{size}"), written);
    if size != "100kb" {
        return;
    }
    let delivered =
        Stat::Median.of(&a.told("sent", "bytes").into_iter().map(real).collect::<Vec<_>>());
    bench.put("line.factor", frames.iter().map(|it| it / EDITED_BYTES).collect());
    bench.put("line.bytes", frames);
    bench.note("line.bytes", format!("{:.0} B in the delivery alone", delivered.unwrap_or(0.0)));
    if bench.isolated {
        bench.put("line.packets", packets);
    } else {
        bench.skip("line.packets", "needs a network namespace (unshare, ip)");
    }
}

/// Only how long the edit takes to become durable.
fn large(bench: &mut Bench) {
    let mut a = Device::new();
    // The largest note that is still a text: 1 MiB is the limit.
    let mut text = vaults::note(1, 1_000_000);
    a.write("large.md", &text);
    a.start();
    let mut edit = Station::of(&a, "edit");
    let mut times = Vec::new();
    for round in 0..=bench.runs(10) {
        std::thread::sleep(QUIET);
        vaults::edit_line(&mut text, &format!(" save {round}"));
        a.write("large.md", &text);
        a.wait_told("taken-in", round + 1);
        // The first makes characters of the imported text, once in the life of a note.
        if let Some(took) = edit.since(&a).filter(|_| round > 0) {
            times.push(took);
        }
    }
    bench.put("take-in.1mb", times);
}

/// Many notes get much text at once; operations over the time until all of it is on the other disk.
fn operations(bench: &mut Bench) {
    const NOTES: usize = 100;
    let (a, b) = Device::pair(Device::new(), Device::new());
    let mut texts: Vec<String> = (0..NOTES).map(|it| vaults::note(it as u64, 3_000)).collect();
    let path = |at: usize| format!("note {at}.md");
    let save = |texts: &[String]| {
        let start = Instant::now();
        for (at, text) in texts.iter().enumerate() {
            a.write(&path(at), text);
        }
        for (at, text) in texts.iter().enumerate() {
            b.wait_for(path(at), text);
        }
        start.elapsed()
    };
    save(&texts);
    let mut rates = Vec::new();
    for round in 0..=bench.runs(5) {
        std::thread::sleep(QUIET);
        a.forget_events();
        for text in &mut texts {
            for part in 0..4 {
                let typed = format!("{}\n", "words that were typed ".repeat(22));
                let at = text.floor_char_boundary(text.len() * part / 4);
                let line = text[at..].find('\n').map_or(text.len(), |it| at + it + 1);
                text.insert_str(line, &typed);
            }
        }
        let took = save(&texts).as_secs_f64();
        wait_until("the edits to be told", || a.told("taken-in", "ops").len() >= NOTES);
        let operations: u64 = a.told("taken-in", "ops").into_iter().sum();
        // The first makes characters of the imported texts.
        if round > 0 {
            rates.push(real(operations) / took);
            bench.note("operations", format!("{operations} in {:.0} notes", length(NOTES)));
        }
    }
    bench.put("operations", rates);
}
