//! Two or three devices as real processes on loopback: starts, first syncs, one-shots, the way of a
//! save to the other disk, memory and idling.
//!
//! `cargo bench --bench devices` (it uses the release binary that cargo builds for it). Prints the
//! median and the spread of each measure; no time is asserted. `-- --runs N` sets the repetitions,
//! `--files N` the size of the largest vault. Vaults lie in the temporary folder (`TMPDIR`).
#![expect(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "it starts programs, writes vaults and prints what it measured"
)]

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

#[expect(unreachable_pub, reason = "shared with tests that see it as a room")]
#[path = "../src/sim/generate.rs"]
mod generate;

use generate::Recipe;

struct Device {
    folder: tempfile::TempDir,
    watch: Option<Child>,
    events: Arc<Mutex<Vec<Value>>>,
}

impl Device {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("vault")).unwrap();
        Self { folder, watch: None, events: Arc::default() }
    }

    fn vault(&self) -> PathBuf {
        self.folder.path().join("vault")
    }

    fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_vault-sync"));
        command
            .env_clear()
            .env("VAULT_SYNC_HOME", self.folder.path().join("home"))
            .env("VAULT_SYNC_BIND", "127.0.0.1:0")
            .env("VAULT_SYNC_RELAY", "none")
            .env("VAULT_SYNC_DISCOVERY", "none")
            .current_dir(self.vault())
            .args(words)
            .stdin(Stdio::null())
            .stderr(Stdio::null());
        command
    }

    /// Runs to the end, which must be a good one; returns what it printed and the time it took.
    fn run(&self, words: &[&str]) -> (String, Duration) {
        let start = Instant::now();
        let output = self.command(words).output().unwrap();
        assert!(output.status.success(), "{words:?} failed");
        (String::from_utf8(output.stdout).unwrap(), start.elapsed())
    }

    /// Starts `watch`; returns the time until it was ready.
    fn start(&mut self) -> Duration {
        let start = Instant::now();
        let mut child =
            self.command(&["--json", "watch", "."]).stdout(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let ready = lines.by_ref().map_while(Result::ok).any(|line| line.contains("\"ready\""));
        let took = start.elapsed();
        assert!(ready, "watch did not become ready");
        let events = Arc::clone(&self.events);
        std::thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                events.lock().unwrap().push(serde_json::from_str(&line).unwrap());
            }
        });
        self.watch = Some(child);
        took
    }

    /// The number under `key` of each event of that name.
    fn told(&self, event: &str, key: &str) -> Vec<u64> {
        let events = self.events.lock().unwrap();
        let named = events.iter().filter(|it| it["event"] == event);
        named.filter_map(|it| it[key].as_u64()).collect()
    }

    /// A line of `/proc/PID/status` of `watch`, in KB, where the system tells.
    fn memory_kb(&self, name: &str) -> Option<u64> {
        let pid = self.watch.as_ref()?.id();
        let status = std::fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
        let line = status.lines().find(|line| line.starts_with(name))?;
        line.split_whitespace().nth(1)?.parse().ok()
    }

    /// Processor time that `watch` used so far, where the system tells.
    fn cpu_ms(&self) -> Option<u64> {
        let pid = self.watch.as_ref()?.id();
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
        let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
        // Two counts of hundredths of a second: in the program and in the system.
        Some((fields.get(11)?.parse::<u64>().ok()? + fields.get(12)?.parse::<u64>().ok()?) * 10)
    }

    /// Ends `watch` as a person would.
    fn stop(&mut self) {
        if let Some(mut child) = self.watch.take() {
            let pid = i32::try_from(child.id()).ok().and_then(Pid::from_raw).unwrap();
            kill_process(pid, Signal::TERM).unwrap();
            child.wait().unwrap();
        }
    }

    /// Both hold the vault of `a`; `a` is watching.
    fn paired(files: usize, seed: u64) -> (Self, Self) {
        let (mut a, b) = (Self::new(), Self::new());
        generate::write(&a.vault(), Recipe::new(files, seed)).unwrap();
        a.start();
        b.join(&a);
        (a, b)
    }

    fn join(&self, inviter: &Self) -> Duration {
        let ticket = inviter.run(&["invite"]).0;
        self.run(&["join", ticket.trim(), self.vault().to_str().unwrap()]).1
    }
}

impl Drop for Device {
    fn drop(&mut self) {
        self.stop();
    }
}

fn print(name: &str, mut times: Vec<Duration>) {
    times.sort();
    let ms = |it: Duration| it.as_secs_f64() * 1000.0;
    let percent = |share: usize| times[(times.len() - 1) * share / 100];
    println!(
        "{name:<44} p50 {:>9.1} ms   p95 {:>9.1} ms   min {:>9.1} ms   {} runs",
        ms(percent(50)),
        ms(percent(95)),
        ms(times[0]),
        times.len()
    );
}

fn wait_for(path: &Path, content: &[u8]) {
    let deadline = Instant::now() + Duration::from_mins(1);
    while std::fs::read(path).ok().as_deref() != Some(content) {
        assert!(Instant::now() < deadline, "{} never arrived", path.display());
        std::thread::sleep(Duration::from_micros(200));
    }
}

fn print_kb(name: &str, mut values: Vec<u64>) {
    values.sort_unstable();
    if let Some(kb) = values.get(values.len() / 2) {
        println!("{name:<44} p50 {kb:>9} KB   {} runs", values.len());
    }
}

fn first_sync(files: usize, runs: usize) {
    let [mut starts, mut joins, mut idle, mut warm] = [const { Vec::new() }; 4];
    let [mut peak, mut resident, mut after] = [const { Vec::new() }; 3];
    for run in 0..runs {
        let (mut a, b) = (Device::new(), Device::new());
        generate::write(&a.vault(), Recipe::new(files, run as u64)).unwrap();
        starts.push(a.start());
        peak.extend(a.memory_kb("VmHWM:"));
        a.stop();
        warm.push(a.start());
        resident.extend(a.memory_kb("VmRSS:"));
        joins.push(b.join(&a));
        after.extend(a.memory_kb("VmRSS:"));
        for _ in 0..3 {
            idle.push(b.run(&["sync"]).1);
        }
    }
    print(&format!("start of watch, first time, {files} files"), starts);
    print(&format!("start of watch, warm, {files} files"), warm);
    print(&format!("first sync (join), {files} files"), joins);
    print(&format!("sync, nothing changed, {files} files"), idle);
    print_kb(&format!("memory, most during the first start, {files}"), peak);
    print_kb(&format!("memory, warm start, {files} files"), resident);
    print_kb(&format!("memory, after serving a first sync, {files}"), after);
}

/// Files edited while nothing ran, then one `sync` with a peer that is watching.
fn one_shot(files: usize, runs: usize) {
    let (_a, b) = Device::paired(1000, 7);
    let mut notes = Vec::new();
    notes_below(&b.vault(), &mut notes);
    let mut times = Vec::new();
    for run in 0..runs {
        for note in notes.iter().take(files) {
            let mut text = std::fs::read(note).unwrap();
            text.extend_from_slice(format!("\nadded in run {run}\n").as_bytes());
            std::fs::write(note, text).unwrap();
        }
        times.push(b.run(&["sync"]).1);
    }
    print(&format!("one shot, {files} of 1000 files changed"), times);
}

fn notes_below(folder: &Path, notes: &mut Vec<PathBuf>) {
    let mut entries: Vec<PathBuf> =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    entries.sort();
    for entry in entries {
        if entry.is_dir() {
            notes_below(&entry, notes);
        } else if entry.extension().is_some_and(|it| it == "md") {
            notes.push(entry);
        }
    }
}

/// A note whose saves are timed, from the write here to the same bytes there.
struct Saves {
    text: String,
    saved: usize,
}

impl Saves {
    fn new(size: usize) -> Self {
        Self { text: generate::note(&mut generate::Random::new(1), 1, size), saved: 0 }
    }

    fn save(&mut self, from: &Device, to: &Device) -> Duration {
        let middle = self.text.len() / 2;
        let middle = self.text.ceil_char_boundary(middle);
        let at = self.text[middle..].find('\n').map_or(self.text.len(), |it| middle + it);
        self.text.insert_str(at, &format!(" save {}", self.saved));
        self.saved += 1;
        let start = Instant::now();
        std::fs::write(from.vault().join("note.md"), &self.text).unwrap();
        wait_for(&to.vault().join("note.md"), self.text.as_bytes());
        start.elapsed()
    }
}

fn save_to_peer(size: usize, saves: usize) {
    let (mut a, mut b) = (Device::new(), Device::new());
    a.start();
    b.join(&a);
    b.start();
    let mut note = Saves::new(size);
    note.save(&a, &b);
    let mut times = Vec::new();
    for _ in 0..saves {
        std::thread::sleep(Duration::from_millis(300));
        times.push(note.save(&a, &b));
    }
    let kb = size / 1000;
    print(&format!("save to the peer's disk, {kb} KB note"), times);
    let last = |told: Vec<u64>| -> Vec<Duration> {
        told.into_iter().rev().take(saves).map(Duration::from_millis).collect()
    };
    print(&format!("  of it: first hint to durable, {kb} KB"), last(a.told("taken-in", "ms")));
    print(&format!("  of it: received to on disk, {kb} KB"), last(b.told("written", "ms")));
    let mut bytes = a.told("sent", "bytes");
    bytes.sort_unstable();
    println!("  one line of it, {kb} KB note{:>33} bytes in the delivery", bytes[bytes.len() / 2]);
}

/// How much longer a save takes while a third device fetches the whole vault.
fn save_during_first_sync(files: usize) {
    let (mut a, mut b) = Device::paired(files, 11);
    b.start();
    let mut note = Saves::new(3_000);
    note.save(&a, &b);
    let idle = (0..20).map(|_| {
        std::thread::sleep(Duration::from_millis(300));
        note.save(&a, &b)
    });
    print("save to the peer's disk, else idle", idle.collect());
    let third = Device::new();
    let ticket = a.run(&["invite"]).0;
    let vault = third.vault();
    let mut join =
        third.command(&["join", ticket.trim(), vault.to_str().unwrap()]).spawn().unwrap();
    let mut busy = Vec::new();
    while join.try_wait().unwrap().is_none() {
        busy.push(note.save(&a, &b));
    }
    print(&format!("the same while a third joins {files} files"), busy);
    a.stop();
}

/// What two devices use that have nothing to do.
fn idle(files: usize, seconds: u64) {
    let (a, mut b) = Device::paired(files, 13);
    b.start();
    std::thread::sleep(Duration::from_secs(5));
    let before = a.cpu_ms();
    std::thread::sleep(Duration::from_secs(seconds));
    if let (Some(before), Some(after)) = (before, a.cpu_ms()) {
        println!("idle, {files} files, one peer{:>33} ms of CPU in {seconds} s", after - before);
    }
}

fn main() {
    let words: Vec<String> = std::env::args().collect();
    let number = |name: &str, default: usize| {
        let at = words.iter().position(|word| word == name);
        at.and_then(|at| words.get(at + 1)?.parse().ok()).unwrap_or(default)
    };
    let (runs, files) = (number("--runs", 3), number("--files", 10_000));
    for files in [0, 100, 1000, files] {
        first_sync(files, runs);
    }
    one_shot(1, runs * 3);
    one_shot(100, runs * 3);
    save_to_peer(3_000, 30);
    save_to_peer(100_000, 30);
    save_during_first_sync(files);
    idle(files, 30);
}
