//! Two devices as real processes on loopback: first sync, nothing changed, save to peer's disk.
//!
//! `cargo bench --bench devices` (it uses the release binary that cargo builds for it). Prints the
//! median and the spread of each measure; nothing is asserted. `-- --runs N` sets the repetitions.
#![expect(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "it starts programs, writes vaults and prints what it measured"
)]

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

#[expect(unreachable_pub, reason = "shared with tests that see it as a room")]
#[path = "../src/sim/generate.rs"]
mod generate;

use generate::Recipe;

struct Device {
    folder: tempfile::TempDir,
    watch: Option<Child>,
}

impl Device {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("vault")).unwrap();
        Self { folder, watch: None }
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

    fn run(&self, words: &[&str]) -> String {
        let output = self.command(words).output().unwrap();
        String::from_utf8(output.stdout).unwrap()
    }

    /// Starts `watch`; returns the time until it was ready.
    fn start(&mut self) -> Duration {
        let start = Instant::now();
        let mut child = self.command(&["--json", "watch"]).stdout(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let ready = lines.by_ref().map_while(Result::ok).any(|line| line.contains("\"ready\""));
        let took = start.elapsed();
        assert!(ready, "watch did not become ready");
        std::thread::spawn(move || lines.for_each(drop));
        self.watch = Some(child);
        took
    }

    /// Resident memory of `watch`, in KB, where the system tells.
    fn resident_kb(&self) -> Option<u64> {
        let pid = self.watch.as_ref()?.id();
        let status = std::fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
        let line = status.lines().find(|line| line.starts_with("VmRSS:"))?;
        line.split_whitespace().nth(1)?.parse().ok()
    }

    fn stop(&mut self) {
        if let Some(mut child) = self.watch.take() {
            child.kill().unwrap();
            child.wait().unwrap();
        }
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

fn first_sync(files: usize, runs: usize) {
    let mut starts = Vec::new();
    let mut joins = Vec::new();
    let mut idle = Vec::new();
    let mut warm = Vec::new();
    let mut resident = Vec::new();
    for run in 0..runs {
        let (mut a, b) = (Device::new(), Device::new());
        generate::write(&a.vault(), Recipe::new(files, run as u64)).unwrap();
        starts.push(a.start());
        a.stop();
        warm.push(a.start());
        resident.extend(a.resident_kb());
        let ticket = a.run(&["invite"]);
        let vault = b.vault();
        let start = Instant::now();
        let status = b
            .command(&["join", ticket.trim(), vault.to_str().unwrap()])
            .stdout(Stdio::null())
            .status()
            .unwrap();
        joins.push(start.elapsed());
        assert!(status.success());
        for _ in 0..3 {
            let start = Instant::now();
            b.run(&["sync"]);
            idle.push(start.elapsed());
        }
    }
    print(&format!("start of watch, first time, {files} files"), starts);
    print(&format!("start of watch, warm, {files} files"), warm);
    print(&format!("first sync (join), {files} files"), joins);
    print(&format!("sync, nothing changed, {files} files"), idle);
    resident.sort_unstable();
    if let Some(kb) = resident.get(resident.len() / 2) {
        println!("resident memory of watch, {files} files            {kb} KB");
    }
}

fn save_to_peer(size: usize, saves: usize) {
    let (mut a, mut b) = (Device::new(), Device::new());
    let text = generate::note(&mut generate::Random::new(1), 1, size);
    std::fs::write(a.vault().join("note.md"), &text).unwrap();
    a.start();
    let ticket = a.run(&["invite"]);
    let vault = b.vault();
    b.run(&["join", ticket.trim(), vault.to_str().unwrap()]);
    b.start();
    std::thread::sleep(Duration::from_secs(2));
    let mut times = Vec::new();
    let mut text = text;
    for save in 0..saves {
        let at = text.len() / 2;
        let at = text[at..].find('\n').map_or(text.len(), |it| at + it);
        text.insert_str(at, &format!(" save {save}"));
        std::thread::sleep(Duration::from_millis(300));
        let start = Instant::now();
        std::fs::write(a.vault().join("note.md"), &text).unwrap();
        wait_for(&b.vault().join("note.md"), text.as_bytes());
        times.push(start.elapsed());
    }
    print(&format!("save to the peer's disk, {} KB note", size / 1000), times);
}

fn main() {
    let words: Vec<String> = std::env::args().collect();
    let number = |name: &str, default: usize| {
        let at = words.iter().position(|word| word == name);
        at.and_then(|at| words.get(at + 1)?.parse().ok()).unwrap_or(default)
    };
    let runs = number("--runs", 3);
    for files in [100, 1000, number("--files", 10_000)] {
        first_sync(files, runs);
    }
    save_to_peer(3_000, 30);
    save_to_peer(100_000, 30);
}
