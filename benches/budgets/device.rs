//! One device as a real process: its home, its vault, its commands and its running `watch`.

use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use serde_json::Value;

use super::generate::{self, Recipe};
use super::process;
use super::stats::real;

/// No wait is longer.
pub(crate) const LIMIT: Duration = Duration::from_mins(10);

/// The program that is measured.
pub(crate) fn program() -> PathBuf {
    let other = std::env::var_os("BENCH_BINARY");
    other.map_or_else(|| env!("CARGO_BIN_EXE_vault-sync").into(), PathBuf::from)
}

/// An event of `watch`, and when its line was read.
#[derive(Debug)]
pub(crate) struct Told {
    pub(crate) at: Instant,
    pub(crate) event: Value,
}

/// A command that ran to its good end.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) out: String,
    pub(crate) took: Duration,
    pub(crate) cpu_ms: f64,
}

#[derive(Debug)]
pub(crate) struct Device {
    folder: tempfile::TempDir,
    settings: Vec<(&'static str, String)>,
    watch: Option<Child>,
    events: Arc<Mutex<Vec<Told>>>,
}

impl Device {
    pub(crate) fn new() -> Self {
        let folder = tempfile::Builder::new().prefix("budgets").tempdir().expect("a folder");
        std::fs::create_dir(folder.path().join("vault")).expect("a folder");
        Self { folder, settings: Vec::new(), watch: None, events: Arc::default() }
    }

    /// With a setting that differs from the built-in one, as an environment variable.
    pub(crate) fn with(mut self, key: &'static str, value: &str) -> Self {
        self.settings.push((key, value.to_owned()));
        self
    }

    /// With a generated vault in its folder.
    pub(crate) fn holding(self, recipe: Recipe) -> Self {
        generate::write(&self.vault(), recipe).expect("the vault can be written");
        self
    }

    pub(crate) fn vault(&self) -> PathBuf {
        self.folder.path().join("vault")
    }

    /// Where its `watch` and commands say what went wrong.
    fn complaints(&self) -> PathBuf {
        self.folder.path().join("stderr")
    }

    pub(crate) fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new(program());
        let complaints = File::options().create(true).append(true).open(self.complaints());
        command
            .env_clear()
            .env("VAULT_SYNC_HOME", self.folder.path().join("home"))
            .env("VAULT_SYNC_BIND", "127.0.0.1:0")
            .env("VAULT_SYNC_RELAY", "none")
            .env("VAULT_SYNC_DISCOVERY", "none")
            .envs(self.settings.iter().map(|(key, value)| (key, value)))
            .current_dir(self.vault())
            .args(words)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(complaints.expect("a file for complaints"));
        command
    }

    /// Runs to the end, which must be a good one.
    pub(crate) fn run(&self, words: &[&str]) -> Ran {
        let start = Instant::now();
        let child = self.command(words).spawn().expect("the program starts");
        self.end(child, start, words)
    }

    /// Waits for the end of a command of this device, which must be a good one.
    pub(crate) fn end(&self, mut child: Child, start: Instant, words: &[&str]) -> Ran {
        let mut out = String::new();
        let mut stdout = child.stdout.take().expect("stdout is a pipe");
        stdout.read_to_string(&mut out).expect("it prints text");
        let (status, cpu_ms) = process::finish(&mut child);
        let took = start.elapsed();
        assert!(status.success(), "{words:?} ended with {status}: {out}{}", self.last_complaint());
        Ran { out, took, cpu_ms }
    }

    fn last_complaint(&self) -> String {
        let said = std::fs::read_to_string(self.complaints()).unwrap_or_default();
        said.lines().rev().take(3).collect::<Vec<_>>().join(" | ")
    }

    fn json(&self, command: &str) -> Value {
        let said = self.run(&["--json", command]).out;
        serde_json::from_str(&said).expect("one object")
    }

    pub(crate) fn status(&self) -> Value {
        self.json("status")
    }

    pub(crate) fn metrics(&self) -> Value {
        self.json("metrics")
    }

    /// Bytes in frames, both ways, since `watch` was started.
    pub(crate) fn frame_bytes(&self) -> u64 {
        let traffic = &self.metrics()["traffic"];
        let way = |key: &str| traffic[key].as_u64().expect("a count of bytes");
        way("bytes_in") + way("bytes_out")
    }

    /// How many times a station was passed so far, and the time this took in all.
    pub(crate) fn station(&self, name: &str) -> (u64, f64) {
        let metrics = self.metrics();
        let stations = metrics["latencies"].as_array().expect("a list of stations");
        let found = stations.iter().find(|it| it["name"] == name).expect("a known station");
        let figure = |key: &str| found[key].as_u64().expect("a figure of a station");
        (figure("count"), real(figure("sum_us")) / 1000.0)
    }

    /// Starts `watch`; returns the time until it was ready.
    pub(crate) fn start(&mut self) -> Duration {
        self.stop();
        let start = Instant::now();
        let mut child =
            self.command(&["--json", "watch", "."]).spawn().expect("the program starts");
        let mut lines = BufReader::new(child.stdout.take().expect("stdout is a pipe")).lines();
        let ready = lines.by_ref().map_while(Result::ok).any(|line| line.contains("\"ready\""));
        let took = start.elapsed();
        self.watch = Some(child);
        assert!(ready, "watch did not become ready: {}", self.last_complaint());
        let events = Arc::clone(&self.events);
        std::thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                if let Ok(event) = serde_json::from_str(&line) {
                    let told = Told { at: Instant::now(), event };
                    events.lock().expect("nobody panics with the events").push(told);
                }
            }
        });
        took
    }

    fn watch_id(&self) -> u32 {
        self.watch.as_ref().expect("watch is running").id()
    }

    /// Processor time of `watch` so far.
    pub(crate) fn cpu_ms(&self) -> f64 {
        process::cpu_ms(self.watch_id()).expect("the system tells of a running process")
    }

    /// Resident memory of `watch`.
    pub(crate) fn resident_mb(&self) -> f64 {
        let told = process::memory_mb(self.watch_id(), "VmRSS");
        told.expect("the system tells of a running process")
    }

    /// How often the threads of `watch` went to sleep.
    pub(crate) fn waits(&self) -> u64 {
        process::waits(self.watch_id()).expect("the system tells of a running process")
    }

    /// When the first event of that name was read, of those after `since`.
    pub(crate) fn told_at(&self, name: &str, since: Instant) -> Option<Instant> {
        let events = self.events.lock().expect("nobody panics with the events");
        events.iter().find(|it| it.at >= since && it.event["event"] == name).map(|it| it.at)
    }

    /// The numbers under `key` of all events of that name.
    pub(crate) fn told(&self, name: &str, key: &str) -> Vec<u64> {
        let events = self.events.lock().expect("nobody panics with the events");
        let named = events.iter().filter(|it| it.event["event"] == name);
        named.filter_map(|it| it.event[key].as_u64()).collect()
    }

    pub(crate) fn forget_events(&self) {
        self.events.lock().expect("nobody panics with the events").clear();
    }

    /// Waits until `done` or so many events of that name were told.
    pub(crate) fn wait_told(&self, name: &str, count: usize) {
        let told = || {
            let events = self.events.lock().expect("nobody panics with the events");
            events.iter().filter(|it| it.event["event"] == name).count() >= count
        };
        wait_until(&format!("{count} times {name}"), told);
    }

    /// Ends `watch` as a person would.
    pub(crate) fn stop(&mut self) {
        if let Some(mut child) = self.watch.take() {
            process::terminate(&mut child);
        }
    }

    /// Ends `watch` as a power cut would.
    pub(crate) fn cut(&mut self) {
        if let Some(mut child) = self.watch.take() {
            child.kill().expect("it still runs");
            child.wait().expect("a child can be waited for");
        }
    }

    pub(crate) fn ticket(&self) -> String {
        self.run(&["invite"]).out.trim().to_owned()
    }

    /// Joins the vault of a device that is watching.
    pub(crate) fn join(&self, inviter: &Self) -> Ran {
        let ticket = inviter.ticket();
        self.run(&["join", &ticket, "."])
    }

    /// Two that watch the same vault and are connected.
    pub(crate) fn pair(mut a: Self, mut b: Self) -> (Self, Self) {
        a.start();
        b.join(&a);
        let start = Instant::now();
        b.start();
        wait_until("a connection", || a.told_at("in-sync", start).is_some());
        (a, b)
    }

    pub(crate) fn write(&self, path: &str, bytes: impl AsRef<[u8]>) {
        std::fs::write(self.vault().join(path), bytes).expect("the vault can be written");
    }

    /// Waits until a file holds these bytes.
    pub(crate) fn wait_for(&self, path: impl AsRef<Path>, bytes: impl AsRef<[u8]>) {
        let (path, bytes) = (self.vault().join(path), bytes.as_ref());
        wait_until(&format!("{} to arrive", path.display()), || holds(&path, bytes));
    }
}

impl Drop for Device {
    fn drop(&mut self) {
        self.stop();
    }
}

/// Whether a file holds these bytes; looks at its size first, so that waiting costs little.
pub(crate) fn holds(path: &Path, bytes: &[u8]) -> bool {
    let size = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
    std::fs::metadata(path).is_ok_and(|it| it.len() == size)
        && std::fs::read(path).is_ok_and(|it| it == bytes)
}

/// Looks every 0.3 ms.
pub(crate) fn wait_until(what: &str, mut done: impl FnMut() -> bool) {
    let deadline = Instant::now() + LIMIT;
    while !done() {
        assert!(Instant::now() < deadline, "waited in vain for {what}");
        std::thread::sleep(Duration::from_micros(300));
    }
}

pub(crate) fn ms(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}
