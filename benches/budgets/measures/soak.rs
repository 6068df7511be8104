//! Many edits: does memory grow?

use std::fmt::Write as _;

use super::super::device::Device;
use super::super::stats::{Stat, length};
use super::super::vaults;
use super::{Bench, Group};

pub(super) const GROUP: Group = Group { names: &["soak.growth"], take: soak };

/// Notes that are edited, in turn.
const NOTES: usize = 200;
/// Notes saved in one breath.
const AT_ONCE: usize = 50;

fn soak(bench: &mut Bench) {
    let edits = bench.edits.unwrap_or(4_000);
    let (a, b) = Device::pair(Device::new(), Device::new());
    let mut texts: Vec<String> = (0..NOTES).map(|it| vaults::note(it as u64, 2_000)).collect();
    let path = |at: usize| format!("note {at}.md");
    for (at, text) in texts.iter().enumerate() {
        a.write(&path(at), text);
    }
    for (at, text) in texts.iter().enumerate() {
        b.wait_for(path(at), text);
    }
    let mut resident = [Vec::new(), Vec::new()];
    let rounds = edits.div_ceil(AT_ONCE).max(8);
    for round in 0..rounds {
        let from = round * AT_ONCE % NOTES;
        for (at, text) in texts.iter_mut().enumerate().skip(from).take(AT_ONCE) {
            // One line that is written anew each time, so that notes do not grow.
            let end = text.rfind("\nsoak ").unwrap_or(text.len());
            text.truncate(end);
            let _ = write!(text, "\nsoak {round:06}\n");
            a.write(&path(at), &*text);
        }
        for (at, text) in texts.iter().enumerate().skip(from).take(AT_ONCE) {
            b.wait_for(path(at), text);
        }
        a.forget_events();
        b.forget_events();
        resident[0].push(a.resident_mb());
        resident[1].push(b.resident_mb());
    }
    let quarter = rounds / 4;
    let middle = |some: &[f64]| Stat::Median.of(some).unwrap_or(0.0);
    let growth = resident
        .iter()
        .map(|all| middle(&all[rounds - quarter..]) - middle(&all[quarter..2 * quarter]));
    bench.put("soak.growth", growth.map(|it| it.max(0.0)).collect());
    let last = |all: &[f64]| all.last().copied().unwrap_or(0.0);
    let note = format!(
        "{:.0} edits, second to last quarter; at the end {:.0} and {:.0} MB",
        length(rounds * AT_ONCE),
        last(&resident[0]),
        last(&resident[1])
    );
    bench.note("soak.growth", note);
}
