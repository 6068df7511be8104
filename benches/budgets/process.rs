//! What the system tells of processes and of its loopback device.

use std::process::{Child, Command, ExitStatus};

use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process, waitid};

use super::stats::real;

fn pid(child: &Child) -> Pid {
    i32::try_from(child.id()).ok().and_then(Pid::from_raw).expect("a process has an id")
}

/// Processor time of a process and of its threads that are gone, in milliseconds; in steps of ten,
/// for the program and for the system's work for it.
pub(crate) fn cpu_ms(id: u32) -> Option<f64> {
    let stat = std::fs::read_to_string(format!("/proc/{id}/stat")).ok()?;
    let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
    let ticks = |at: usize| fields.get(at)?.parse::<u64>().ok();
    Some(real((ticks(11)? + ticks(12)?) * 10))
}

/// Processor time of this thread so far, in milliseconds, exactly.
pub(crate) fn own_cpu_ms() -> Option<f64> {
    // Brings the system's books up to date, which it otherwise does a few times in a hundredth of
    // a second.
    std::thread::yield_now();
    let stat = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    let ns: u64 = stat.split_whitespace().next()?.parse().ok()?;
    Some(real(ns) / 1e6)
}

/// A line of `/proc/PID/status` in MB (10^6 bytes): `VmRSS` or `VmHWM`.
pub(crate) fn memory_mb(id: u32, line: &str) -> Option<f64> {
    let status = std::fs::read_to_string(format!("/proc/{id}/status")).ok()?;
    let line = status.lines().find(|it| it.split(':').next() == Some(line))?;
    let kib: u64 = line.split_whitespace().nth(1)?.parse().ok()?;
    Some(real(kib * 1024) / 1e6)
}

/// How often the threads of a process gave up the processor to wait for something.
pub(crate) fn waits(id: u32) -> Option<u64> {
    let mut sum = 0;
    for task in std::fs::read_dir(format!("/proc/{id}/task")).ok()? {
        let Ok(status) = std::fs::read_to_string(task.ok()?.path().join("status")) else {
            continue;
        };
        let line = status.lines().find(|it| it.starts_with("voluntary_ctxt_switches"))?;
        sum += line.split_whitespace().nth(1)?.parse::<u64>().ok()?;
    }
    Some(sum)
}

/// Bytes in packets that crossed the loopback device of this network namespace, headers included.
pub(crate) fn loopback_bytes() -> Option<u64> {
    let devices = std::fs::read_to_string("/proc/self/net/dev").ok()?;
    let line = devices.lines().find_map(|it| it.trim_start().strip_prefix("lo:"))?;
    line.split_whitespace().next()?.parse().ok()
}

/// The average number of processes that wanted to run over the last minute.
pub(crate) fn load() -> Option<f64> {
    std::fs::read_to_string("/proc/loadavg").ok()?.split_whitespace().next()?.parse().ok()
}

/// Waits for the end; returns the processor time of the whole process too.
pub(crate) fn finish(child: &mut Child) -> (ExitStatus, f64) {
    // Ended but not yet collected, its figures are complete and still there.
    let ended = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT;
    let waited = waitid(WaitId::Pid(pid(child)), ended);
    let cpu = if waited.is_ok() { cpu_ms(child.id()) } else { None };
    (child.wait().expect("a child can be waited for"), cpu.unwrap_or(0.0))
}

/// Ends a process as a person would, and waits for it.
pub(crate) fn terminate(child: &mut Child) {
    // It may have ended by itself.
    let _gone = kill_process(pid(child), Signal::TERM);
    let _status = child.wait();
}

/// Whether this process has a network of its own, with nothing but a loopback device in it.
pub(crate) fn is_isolated() -> bool {
    std::env::var_os(ISOLATED).is_some()
}

const ISOLATED: &str = "BENCH_ISOLATED";

/// Runs this program again in a network namespace of its own, where that can be had: then every byte
/// on the loopback device is ours, and nothing leaves the machine. Returns its exit code.
pub(crate) fn isolate() -> Option<u8> {
    if is_isolated() || std::env::var_os("BENCH_SHARED_NETWORK").is_some() {
        return None;
    }
    let root = rustix::process::getuid().is_root();
    let how: &[&str] = if root { &["--net"] } else { &["--net", "--map-root-user"] };
    let start = |words: &[&str]| {
        let mut command = Command::new("unshare");
        command.args(how).args(["--", "sh", "-c"]).args(words);
        command
    };
    let works = start(&["ip link set lo up"]).output().is_ok_and(|it| it.status.success());
    if !works {
        return None;
    }
    let status = start(&["ip link set lo up && exec \"$0\" \"$@\""])
        .arg(std::env::current_exe().ok()?)
        .args(std::env::args_os().skip(1))
        .env(ISOLATED, "1")
        .status()
        .ok()?;
    Some(status.code().and_then(|code| u8::try_from(code).ok()).unwrap_or(1))
}
