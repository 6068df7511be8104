//! One device under test: a home, a vault, and at most one running `watch`.

use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use rustix::process::Signal;
use serde_json::Value;

/// Longest wait for anything, in seconds. Only a failure takes that long.
pub(crate) const PATIENCE: Duration = Duration::from_secs(90);

/// A device: everything it has goes when it is dropped, its processes first.
pub(crate) struct Device {
    pub(crate) name: &'static str,
    pub(crate) home: PathBuf,
    pub(crate) vault: PathBuf,
    /// What the shell does before it becomes the program, as the root of a user namespace.
    pub(crate) prelude: Option<&'static str>,
    /// As which user the program runs, if not as the one who runs the tests.
    pub(crate) user: Option<u32>,
    watch: Option<Watch>,
    _folder: tempfile::TempDir,
}

struct Watch {
    child: Child,
    lines: Receiver<Value>,
    seen: Vec<Value>,
}

/// What a command that ended said.
#[derive(Debug)]
pub(crate) struct Said {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Said {
    /// The last line of stdout as JSON.
    pub(crate) fn json(&self) -> Value {
        let last = self.out.lines().last().unwrap_or_default();
        serde_json::from_str(last).unwrap_or_else(|_| panic!("no JSON at the end of {self:#?}"))
    }

    /// Fails unless the command ended well.
    pub(crate) fn well(self) -> Self {
        assert_eq!(self.code, 0, "{self:#?}");
        self
    }
}

impl From<Output> for Said {
    fn from(output: Output) -> Self {
        Self {
            code: output.status.code().unwrap_or(-1),
            out: String::from_utf8_lossy(&output.stdout).into_owned(),
            err: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }
}

impl Device {
    /// A device with an empty vault folder that is no vault yet; without a name nobody chose one.
    pub(crate) fn new(name: &'static str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (home, vault) = (folder.path().join("home"), folder.path().join("vault"));
        std::fs::create_dir(&vault).unwrap();
        Self { name, home, vault, prelude: None, user: None, watch: None, _folder: folder }
    }

    pub(crate) fn command(&self, words: &[&str]) -> Command {
        let program = env!("CARGO_BIN_EXE_vault-sync");
        let mut command = match (self.prelude, self.user) {
            (None, Some(user)) => {
                let mut command = Command::new("setpriv");
                let (user, group) = (format!("--reuid={user}"), format!("--regid={user}"));
                command.args([&user, &group, "--clear-groups", program]);
                command
            }
            (Some(prelude), _) => {
                let mut command = Command::new("unshare");
                let script = format!("{prelude} && exec \"$0\" \"$@\"");
                command.args(["--user", "--map-root-user", "sh", "-c", &script, program]);
                command
            }
            (None, None) => Command::new(program),
        };
        command
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("HOME", &self.home)
            .env("VAULT_SYNC_HOME", &self.home)
            .env("VAULT_SYNC_BIND", "127.0.0.1:0")
            .env("VAULT_SYNC_RELAY", "none")
            .env("VAULT_SYNC_DISCOVERY", "none")
            .env("RUST_BACKTRACE", "1")
            .args(words)
            .stdin(Stdio::null());
        if !self.name.is_empty() {
            command.env("VAULT_SYNC_DEVICE_NAME", self.name);
        }
        command
    }

    /// Runs a command in the vault to its end.
    pub(crate) fn run(&self, words: &[&str]) -> Said {
        let mut command = self.command(words);
        command.current_dir(&self.vault);
        ended(command)
    }

    /// Starts `watch` and waits until it is ready.
    pub(crate) fn watch(&mut self) -> Value {
        assert!(self.watch.is_none(), "{} watches already", self.name);
        let mut child = self
            .command(&["--json", "watch"])
            .arg(&self.vault)
            .stdout(Stdio::piped())
            .stderr(Stdio::inherit())
            .spawn()
            .unwrap();
        let (sender, lines) = channel();
        let stdout = child.stdout.take().unwrap();
        std::thread::spawn(move || {
            for line in BufReader::new(stdout).lines().map_while(Result::ok) {
                if let Ok(value) = serde_json::from_str(&line)
                    && sender.send(value).is_err()
                {
                    break;
                }
            }
        });
        self.watch = Some(Watch { child, lines, seen: Vec::new() });
        self.event("ready", |_| true)
    }

    /// Waits for an event that was not asked for before.
    pub(crate) fn event(&mut self, name: &str, fits: impl Fn(&Value) -> bool) -> Value {
        let device = self.name;
        let watch = self.watch.as_mut().expect("watch runs");
        let wanted = |it: &Value| it["event"] == name && fits(it);
        if let Some(at) = watch.seen.iter().position(wanted) {
            return watch.seen.remove(at);
        }
        let deadline = Instant::now() + PATIENCE;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            match watch.lines.recv_timeout(left) {
                Ok(value) if wanted(&value) => return value,
                Ok(value) => watch.seen.push(value),
                Err(end) => panic!("{device}: no {name} ({end}) among {:#?}", watch.seen),
            }
        }
    }

    /// Waits for an event about `path`.
    pub(crate) fn event_at(&mut self, name: &str, path: &str) -> Value {
        self.event(name, |it| it["path"] == path)
    }

    pub(crate) fn status(&self) -> Value {
        self.run(&["--json", "status"]).well().json()
    }

    /// Waits until the status says so.
    pub(crate) fn until(&self, what: &str, fits: impl Fn(&Value) -> bool) -> Value {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let status = self.status();
            if fits(&status) {
                return status;
            }
            assert!(Instant::now() < deadline, "{}: never {what}: {status:#}", self.name);
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// Waits until the vault holds this at `path` (`None`: nothing).
    pub(crate) fn holds(&self, path: &str, content: Option<&[u8]>) {
        let place = self.vault.join(path);
        let deadline = Instant::now() + PATIENCE;
        loop {
            let found = std::fs::read(&place).ok();
            if found.as_deref() == content {
                return;
            }
            let found = found.map(|it| String::from_utf8_lossy(&it).into_owned());
            assert!(Instant::now() < deadline, "{}: {path} holds {found:?}", self.name);
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Ends `watch` as a service manager would.
    pub(crate) fn stop(&mut self) {
        if self.watch.is_none() {
            return;
        }
        self.signal(Signal::TERM);
        let (code, last) = self.ended();
        assert!(matches!(code, Some(0 | 130)), "{} ended with {code:?}", self.name);
        assert_eq!(last, "stopped", "{}", self.name);
    }

    /// Sends `watch` a signal.
    pub(crate) fn signal(&self, signal: Signal) {
        Self::send(&self.watch.as_ref().expect("watch runs").child, signal);
    }

    /// Sends a process a signal.
    pub(crate) fn send(child: &Child, signal: Signal) {
        let pid = rustix::process::Pid::from_raw(i32::try_from(child.id()).unwrap()).unwrap();
        rustix::process::kill_process(pid, signal).unwrap();
    }

    /// The process id of `watch`.
    pub(crate) fn pid(&self) -> u32 {
        self.watch.as_ref().expect("watch runs").child.id()
    }

    /// Waits for the end of `watch`: its exit code and its last event.
    pub(crate) fn ended(&mut self) -> (Option<i32>, String) {
        let mut watch = self.watch.take().expect("watch runs");
        let code = watch.child.wait().unwrap().code();
        let last = watch.lines.iter().last().or_else(|| watch.seen.last().cloned());
        (code, last.unwrap_or_default()["event"].as_str().unwrap_or_default().to_owned())
    }

    /// How many events of this name came and were not asked for so far.
    pub(crate) fn told(&mut self, name: &str) -> usize {
        let watch = self.watch.as_mut().expect("watch runs");
        watch.seen.extend(watch.lines.try_iter());
        watch.seen.iter().filter(|it| it["event"] == name).count()
    }

    /// Ends `watch` at once, as a power cut would.
    pub(crate) fn kill(&mut self) {
        if let Some(mut watch) = self.watch.take() {
            watch.child.kill().unwrap();
            watch.child.wait().unwrap();
        }
    }

    /// One ticket for this device's vault.
    pub(crate) fn invite(&self) -> String {
        let said = self.run(&["invite"]).well();
        assert_eq!(said.out.lines().count(), 1, "{said:#?}");
        said.out.trim().to_owned()
    }

    /// Joins with a ticket, into this device's vault folder.
    pub(crate) fn join(&self, ticket: &str) -> Said {
        let vault = self.vault.to_str().unwrap();
        ended(self.command(&["--json", "join", ticket, vault]))
    }

    pub(crate) fn write(&self, path: &str, content: impl AsRef<[u8]>) {
        let place = self.vault.join(path);
        std::fs::create_dir_all(place.parent().unwrap()).unwrap();
        std::fs::write(place, content).unwrap();
    }

    pub(crate) fn read(&self, path: &str) -> String {
        std::fs::read_to_string(self.vault.join(path)).unwrap()
    }
}

impl Drop for Device {
    fn drop(&mut self) {
        self.kill();
    }
}

/// Runs a command to its end, which must come in time.
pub(crate) fn ended(mut command: Command) -> Said {
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let deadline = Instant::now() + PATIENCE;
    let (out, err) = (reader(child.stdout.take()), reader(child.stderr.take()));
    let status = loop {
        if let Some(status) = child.try_wait().unwrap() {
            break Some(status);
        }
        if Instant::now() >= deadline {
            child.kill().unwrap();
            child.wait().unwrap();
            break None;
        }
        std::thread::sleep(Duration::from_millis(2));
    };
    let (out, err) = (out.join().unwrap(), err.join().unwrap());
    match status {
        Some(status) => Said { code: status.code().unwrap_or(-1), out, err },
        None => panic!("{command:?} never ended: {out}{err}"),
    }
}

/// Reads a stream of a process to its end.
fn reader(stream: Option<impl Read + Send + 'static>) -> std::thread::JoinHandle<String> {
    let mut stream = stream.unwrap();
    std::thread::spawn(move || {
        let mut bytes = Vec::new();
        stream.read_to_end(&mut bytes).unwrap();
        String::from_utf8_lossy(&bytes).into_owned()
    })
}

/// Waits until both devices prove the same digest.
pub(crate) fn in_sync(a: &Device, b: &Device) {
    let both = |it: &Value| {
        let peers = it["peers"].as_array();
        peers.is_some_and(|peers| peers.iter().any(|peer| peer["in_sync"] == true))
    };
    let deadline = Instant::now() + PATIENCE;
    loop {
        let (left, right) = (a.until("in sync", both), b.until("in sync", both));
        if left["vault"]["digest"] == right["vault"]["digest"] {
            return;
        }
        assert!(Instant::now() < deadline, "{left:#} {right:#}");
    }
}

/// Waits until both vaults agree, though one of the disks holds something back.
pub(crate) fn agreed(a: &Device, b: &Device) {
    let held = |peer: &Value| peer["held_there"] != 0 || peer["held_here"] != 0;
    let both = |it: &Value| {
        let peers = it["peers"].as_array();
        peers.is_some_and(|peers| peers.iter().any(|peer| peer["in_sync"] == false && held(peer)))
    };
    let deadline = Instant::now() + PATIENCE;
    loop {
        let (left, right) = (a.until("held back", both), b.until("held back", both));
        if left["vault"]["digest"] == right["vault"]["digest"] {
            return;
        }
        assert!(Instant::now() < deadline, "{left:#} {right:#}");
    }
}

/// Two devices that share a vault with what `fill` put into the first, both watching.
pub(crate) fn pair(fill: impl FnOnce(&Path)) -> (Device, Device) {
    let (mut a, mut b) = (Device::new("laptop"), Device::new("desktop"));
    fill(&a.vault);
    a.watch();
    b.join(&a.invite()).well();
    b.watch();
    in_sync(&a, &b);
    (a, b)
}
