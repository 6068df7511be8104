//! Two connected devices with nothing to do.

use std::time::{Duration, Instant};

use super::super::device::Device;
use super::super::generate::Recipe;
use super::super::process;
use super::super::stats::real;
use super::{Bench, Group};

pub(super) const GROUP: Group =
    Group { names: &["idle.cpu", "idle.bytes", "idle.wakeups"], take: idle };

/// What follows a first sync is over by then.
const SETTLE: Duration = Duration::from_secs(10);
const WINDOW: Duration = Duration::from_mins(1);

/// What was used up to a moment.
struct Usage {
    cpu_ms: [f64; 2],
    waits: [u64; 2],
    bytes: u64,
}

fn idle(bench: &mut Bench) {
    let (a, b) = Device::pair(Device::new().holding(Recipe::new(10_000, 13)), Device::new());
    let isolated = bench.isolated;
    let frames = || a.frame_bytes();
    let usage = || Usage {
        cpu_ms: [a.cpu_ms(), b.cpu_ms()],
        waits: [a.waits(), b.waits()],
        bytes: process::loopback_bytes().unwrap_or(0),
    };
    std::thread::sleep(SETTLE);
    // Asking for figures is work too: it stays outside the window.
    let in_frames = frames();
    std::thread::sleep(Duration::from_secs(1));
    let (start, before) = (Instant::now(), usage());
    std::thread::sleep(WINDOW);
    let (after, seconds) = (usage(), start.elapsed().as_secs_f64());
    let in_frames = frames() - in_frames;
    let each = |at: usize| (after.cpu_ms[at] - before.cpu_ms[at]) / 10.0 / seconds;
    bench.put("idle.cpu", vec![each(0), each(1)]);
    let told = format!("each of the two, over {seconds:.0} s; told in steps of 0.02");
    bench.note("idle.cpu", told);
    let each = |at: usize| real(after.waits[at] - before.waits[at]) * 60.0 / seconds;
    bench.put("idle.wakeups", vec![each(0), each(1)]);
    let per_hour = 3600.0 / seconds / 1000.0;
    if isolated {
        bench.put("idle.bytes", vec![real(after.bytes - before.bytes) * per_hour]);
        bench.note(
            "idle.bytes",
            format!("packets, headers included; in frames {in_frames} B in this time"),
        );
    } else {
        bench.skip("idle.bytes", "needs a network namespace (unshare, ip); frames do not tell");
    }
}
