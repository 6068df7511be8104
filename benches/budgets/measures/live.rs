//! Saves while a third device fetches the whole vault.

use std::time::Instant;

use super::super::device::Device;
use super::super::generate::Recipe;
use super::super::stats::{Stat, length};
use super::edit::{Note, QUIET};
use super::{Bench, Group};

pub(super) const GROUP: Group = Group { names: &["live.10000", "live.1gb"], take: live };

/// Saves that a 95th percentile needs.
const ENOUGH: usize = 20;
/// Third devices at most, one after the other.
const THIRDS: usize = 6;

fn live(bench: &mut Bench) {
    for (name, bytes) in [("live.10000", None), ("live.1gb", Some(1_000_000_000))] {
        if !bench.wants(name) {
            continue;
        }
        let usual = Recipe::new(10_000, 11);
        let recipe = Recipe { attachment_bytes: bytes.unwrap_or(usual.attachment_bytes), ..usual };
        let (a, b) = Device::pair(Device::new().holding(recipe), Device::new());
        let mut note = Note::new("live.md", 3_000);
        note.save(&a, &b);
        note.save(&a, &b);
        let mut idle = Vec::new();
        for _ in 0..2 * ENOUGH {
            std::thread::sleep(QUIET);
            idle.push(note.save(&a, &b));
        }
        let (mut busy, mut thirds) = (Vec::new(), 0);
        while busy.len() < ENOUGH && thirds < THIRDS {
            busy.extend(while_joining(&a, &b, &mut note));
            thirds += 1;
        }
        let p95 = |times: &[f64]| Stat::P95.of(times).unwrap_or(f64::NAN);
        bench.put(name, vec![p95(&busy) / p95(&idle)]);
        bench.note(
            name,
            format!(
                "idle {:.0} ms, busy {:.0} ms, {:.0} saves, {thirds} joins",
                p95(&idle),
                p95(&busy),
                length(busy.len())
            ),
        );
    }
}

/// The saves that began while a third device was fetching.
fn while_joining(a: &Device, b: &Device, note: &mut Note) -> Vec<f64> {
    let third = Device::new();
    let ticket = a.ticket();
    let words = ["join", &ticket, "."];
    let start = Instant::now();
    let mut join = third.command(&words).spawn().expect("the program starts");
    let mut busy = Vec::new();
    loop {
        // As far apart as the idle ones.
        std::thread::sleep(QUIET);
        if join.try_wait().expect("a child can be asked").is_some() {
            break;
        }
        busy.push(note.save(a, b));
    }
    third.end(join, start, &words);
    busy
}
