//! Whole devices in one process, each with its own home, over loopback.

use std::collections::BTreeMap;
use std::fs;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SendError, channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;

use super::config::{Home, Settings};
use super::*;

/// Longest wait for anything; far above what a busy machine needs.
const LIMIT: Duration = Duration::from_mins(1);

/// Listens to nothing, and lets all go on.
fn deaf(_event: &Arc<Value>) -> ControlFlow<()> {
    ControlFlow::Continue(())
}

/// One device.
struct Device {
    home: TempDir,
    folder: PathBuf,
    settings: Settings,
}

impl Device {
    fn new(name: &str) -> Self {
        Self::set_up(name, &[])
    }

    /// A device with settings of its own, as variables of the environment.
    fn set_up(name: &str, own: &[(&str, &str)]) -> Self {
        if let Ok(filter) = std::env::var("VAULT_SYNC_LOG") {
            // Another test may have been first.
            tracing_subscriber::fmt().with_env_filter(filter).with_test_writer().try_init().ok();
        }
        let home = tempfile::tempdir().unwrap();
        let environment = [
            ("VAULT_SYNC_BIND", "127.0.0.1:0"),
            ("VAULT_SYNC_RELAY", "none"),
            ("VAULT_SYNC_DISCOVERY", "none"),
            ("VAULT_SYNC_NET_CONNECT_TIMEOUT_MS", "2000"),
            ("VAULT_SYNC_DEVICE_NAME", name),
        ];
        let environment = environment.iter().chain(own);
        let environment =
            environment.map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        let settings = Settings::load(Home::below(home.path()), environment, &[]).unwrap();
        Self { folder: home.path().join("notes"), home, settings }
    }

    fn with_notes(name: &str, notes: &[(&str, &str)]) -> Self {
        let device = Self::new(name);
        for (path, text) in notes {
            device.write(path, text);
        }
        device
    }

    fn write(&self, path: &str, text: &str) {
        let path = self.folder.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    fn read(&self, path: &str) -> Option<String> {
        fs::read_to_string(self.folder.join(path)).ok()
    }

    fn ask(&self, request: Request) -> Result<Value, Error> {
        ask(&self.folder, request, &self.settings, &mut deaf)
    }

    fn watch(&self) -> Watching {
        let (folder, settings) = (self.folder.clone(), self.settings.clone());
        let (told, events) = channel();
        let thread = std::thread::spawn(move || {
            watch(&folder, &settings, &mut |event: &Arc<Value>| {
                println!("{}: {event}", folder.display());
                match told.send(event.as_ref().clone()) {
                    Ok(()) => ControlFlow::Continue(()),
                    Err(SendError(_)) => ControlFlow::Break(()),
                }
            })
        });
        Watching {
            events,
            thread: Some(thread),
            settings: self.settings.clone(),
            folder: self.folder.clone(),
        }
    }

    fn join(&self, ticket: &str) -> Result<Value, Error> {
        join(ticket, &self.folder, &self.settings, &mut |event| {
            println!("{event}");
            ControlFlow::Continue(())
        })
    }

    fn invite(&self) -> String {
        let made = self.ask(Request::Invite { expires_ms: 60_000, uses: 1, wait: false }).unwrap();
        made["ticket"].as_str().unwrap().to_owned()
    }

    /// Every file but our own, with its content.
    fn tree(&self) -> BTreeMap<PathBuf, Vec<u8>> {
        let mut found = BTreeMap::new();
        let mut ahead = vec![self.folder.clone()];
        while let Some(folder) = ahead.pop() {
            for entry in fs::read_dir(&folder).unwrap() {
                let path = entry.unwrap().path();
                if path.ends_with(".vault-sync") {
                    continue;
                }
                if path.is_dir() {
                    ahead.push(path);
                } else {
                    let name = path.strip_prefix(&self.folder).unwrap().to_owned();
                    found.insert(name, fs::read(&path).unwrap());
                }
            }
        }
        found
    }
}

/// A `watch` on a thread of its own; stopped over its socket when dropped.
struct Watching {
    events: Receiver<Value>,
    thread: Option<JoinHandle<Result<(), Error>>>,
    settings: Settings,
    folder: PathBuf,
}

impl Watching {
    fn until(&self, name: &str) -> Value {
        self.until_that(|event| event["event"] == name, name)
    }

    fn until_that(&self, wanted: impl Fn(&Value) -> bool, what: &str) -> Value {
        let limit = Instant::now() + LIMIT;
        let mut seen = Vec::new();
        loop {
            let left = limit.saturating_duration_since(Instant::now());
            match self.events.recv_timeout(left) {
                Ok(event) if wanted(&event) => return event,
                Ok(event) => seen.push(event.to_string()),
                Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => {
                    panic!("no {what} after:\n{}", seen.join("\n"))
                }
            }
        }
    }

    fn stop(mut self) -> Result<(), Error> {
        self.end()
    }

    fn end(&mut self) -> Result<(), Error> {
        let Some(thread) = self.thread.take() else {
            return Ok(());
        };
        let asked = ask(&self.folder, Request::Stop, &self.settings, &mut deaf);
        if thread.is_finished() {
            return thread.join().unwrap();
        }
        asked.and(thread.join().unwrap())
    }
}

impl Drop for Watching {
    fn drop(&mut self) {
        self.end().ok();
    }
}

fn eventually(what: &str, mut holds: impl FnMut() -> bool) {
    let limit = Instant::now() + LIMIT;
    while !holds() {
        assert!(Instant::now() < limit, "{what}: not in time");
        std::thread::yield_now();
    }
}

const NOTES: &[(&str, &str)] = &[
    ("today.md", "# Today\n\n- [ ] call\n"),
    ("Ordner/Übung.md", "Text mit Umlauten\n"),
    ("empty.md", ""),
];

#[test]
fn init_takes_in_what_is_there_and_says_so_the_second_time() {
    let device = Device::with_notes("laptop", NOTES);
    let first = init(&device.folder, &device.settings, &mut deaf).unwrap();
    assert!(first.created);
    assert_eq!((first.files, first.name.as_str()), (3, "laptop"));
    let second = init(&device.folder, &device.settings, &mut deaf).unwrap();
    assert!(!second.created);
    assert_eq!(second.vault, first.vault);
    let status = device.ask(Request::Status).unwrap();
    assert_eq!(status["vault"]["files"], 3);
    assert_eq!(status["running"], false);
    assert_eq!(status["device"]["name"], "laptop");
    let place = locate(&device.folder.join("Ordner")).unwrap();
    assert_eq!(place.id, first.vault);
}

#[test]
fn news_are_kept_for_nobody_who_does_not_listen() {
    let device = Device::with_notes("laptop", NOTES);
    let vault = init(&device.folder, &device.settings, &mut deaf).unwrap().vault;
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let (folder, _) = crate::vault::Folder::init(&device.folder).unwrap();
        let ground = ground::Ground::vault(folder);
        let opened = desk::open(&device.folder, vault, ground, &device.settings).await.unwrap();
        let desk::Held::Here(desk) = opened else { panic!("somebody else has it") };
        let opening = front::opening(host::Role::Watch, clock::Clock::start(), false);
        let mut host = host::Host::start(*desk, opening).await.unwrap();
        let listeners = host.handle.news.clone();
        let first = host.take_news();
        assert_eq!(listeners.receiver_count(), 1);
        let second = host.take_news();
        assert_eq!(listeners.receiver_count(), 2);
        drop((first, second));
        assert_eq!(listeners.receiver_count(), 0);
        host.stop().await.unwrap();
    });
}

#[test]
fn a_watch_tells_ready_first_and_stopped_last() {
    let device = Device::with_notes("laptop", NOTES);
    let watching = device.watch();
    let ready = watching.until("ready");
    assert_eq!(ready["files"], 3);
    assert_eq!(ready["created"], true);
    assert!(!ready["addresses"].as_array().unwrap().is_empty());
    device.write("new.md", "new\n");
    let taken = watching
        .until_that(|event| event["event"] == "taken-in" && event["path"] == "new.md", "taken-in");
    assert!(taken["at"].as_str().unwrap().ends_with('Z'));
    let status = device.ask(Request::Status).unwrap();
    assert_eq!(status["running"], true);
    assert_eq!(status["vault"]["files"], 4);
    let mut watching = watching;
    watching.end().unwrap();
    let last = watching.events.try_iter().last().unwrap();
    assert_eq!(last["event"], "stopped");
    let after = device.ask(Request::Status).unwrap();
    assert_eq!(after["vault"]["files"], 4);
    assert_eq!(after["vault"]["digest"], status["vault"]["digest"]);
}

#[test]
fn a_second_watch_is_told_who_has_the_vault() {
    let device = Device::with_notes("laptop", NOTES);
    let watching = device.watch();
    watching.until("ready");
    let error = watch(&device.folder, &device.settings, &mut deaf).unwrap_err();
    assert_eq!(error.kind, Failure::Busy);
    let pid = std::process::id().to_string();
    assert!(error.message.contains(&pid), "{error}");
    watching.stop().unwrap();
}

#[test]
fn a_stale_socket_stops_nobody() {
    let device = Device::with_notes("laptop", NOTES);
    let done = init(&device.folder, &device.settings, &mut deaf).unwrap();
    let socket = device.settings.home().vault_dir(done.vault).join("control.sock");
    drop(std::os::unix::net::UnixListener::bind(&socket).unwrap());
    assert!(socket.exists());
    device.ask(Request::Status).unwrap();
    let watching = device.watch();
    watching.until("ready");
    watching.stop().unwrap();
    assert!(!socket.exists());
}

#[test]
fn an_invited_device_gets_the_vault_and_every_edit_after() {
    let laptop = Device::with_notes("laptop", NOTES);
    let watching = laptop.watch();
    watching.until("ready");
    let desk = Device::new("desk");
    let done = desk.join(&laptop.invite()).unwrap();
    assert_eq!(done["event"], "done");
    assert_eq!(done["peers"][0]["outcome"], "in_sync");
    assert_eq!(done["peers"][0]["name"], "laptop");
    assert_eq!(desk.tree(), laptop.tree());
    let status = laptop.ask(Request::Status).unwrap();
    assert_eq!(status["vault"]["digest"], done["digest"]);
    assert_eq!(status["peers"][0]["name"], "desk");

    let second = desk.watch();
    second.until("ready");
    second.until("in-sync");
    laptop.write("today.md", "# Today\n\n- [x] call\n");
    desk.write("desk.md", "from the desk\n");
    eventually("both edits on both sides", || {
        desk.read("today.md").is_some_and(|text| text.contains("[x]"))
            && laptop.read("desk.md").is_some()
    });
    second.stop().unwrap();
    watching.stop().unwrap();
    assert_eq!(desk.tree(), laptop.tree());
}

#[test]
fn one_shots_meet_a_running_watch_at_its_remembered_address() {
    let laptop = Device::with_notes("laptop", NOTES);
    let watching = laptop.watch();
    watching.until("ready");
    let desk = Device::new("desk");
    desk.join(&laptop.invite()).unwrap();
    watching.stop().unwrap();
    laptop.write("today.md", "changed while nothing ran\n");
    let watching = laptop.watch();
    watching.until("ready");
    let done = desk.ask(shot(Mode::Sync)).unwrap();
    assert_eq!(done["peers"][0]["outcome"], "in_sync", "{done}");
    assert_eq!(desk.read("today.md").as_deref(), Some("changed while nothing ran\n"));
    let idle = desk.ask(shot(Mode::Sync)).unwrap();
    assert_eq!(idle["received"]["files"], 0);
    assert_eq!(idle["sent"]["files"], 0);
    watching.stop().unwrap();
    let alone = desk.ask(shot(Mode::Sync)).unwrap();
    assert_eq!(alone["peers"][0]["outcome"], "unreachable", "{alone}");
}

fn shot(mode: Mode) -> Request {
    Request::Shot {
        mode,
        peers: vec![],
        timeout_ms: Some(30_000),
        dry_run: false,
        allow_mass_delete: false,
    }
}

#[test]
fn a_bad_ticket_changes_nothing() {
    let laptop = Device::with_notes("laptop", NOTES);
    let watching = laptop.watch();
    watching.until("ready");
    let good = laptop.invite();

    let own = laptop.join(&good).unwrap_err();
    assert!(matches!(own.kind, Failure::Ticket | Failure::Busy), "{own}");
    let desk = Device::with_notes("desk", &[("mine.md", "mine\n")]);
    let mut mangled = good.clone();
    mangled.pop();
    assert_eq!(desk.join(&mangled).unwrap_err().kind, Failure::Ticket);
    assert_eq!(desk.join("nonsense").unwrap_err().kind, Failure::Ticket);

    let other = Device::new("other");
    other.join(&good).unwrap();
    let used = desk.join(&good).unwrap_err();
    assert_eq!(used.kind, Failure::Ticket, "{used} {:?}", used.causes());
    assert_eq!(desk.tree().len(), 1);
    assert!(!desk.folder.join(".vault-sync").exists());
    let state = desk.settings.home().state_dir().join("vaults");
    let left: Vec<_> =
        fs::read_dir(state).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(left, ["lock"]);

    let newcomer = Device::new("newcomer");
    assert_eq!(newcomer.join(&good).unwrap_err().kind, Failure::Ticket);
    assert!(!newcomer.folder.exists());
    watching.stop().unwrap();
}

#[test]
fn nobody_at_the_address_is_no_peer() {
    let laptop = Device::with_notes("laptop", NOTES);
    init(&laptop.folder, &laptop.settings, &mut deaf).unwrap();
    let ticket = laptop.invite();
    let desk = Device::new("desk");
    let error = desk.join(&ticket).unwrap_err();
    assert_eq!(error.kind, Failure::NoPeer, "{error}");
    assert!(!desk.folder.exists());
}

#[test]
fn a_ticket_made_while_stopped_is_honoured_by_the_next_watch() {
    let laptop = Device::with_notes("laptop", NOTES);
    init(&laptop.folder, &laptop.settings, &mut deaf).unwrap();
    let ticket = laptop.invite();
    let watching = laptop.watch();
    watching.until("ready");
    let desk = Device::with_notes("desk", &[("today.md", NOTES[0].1), ("mine.md", "mine\n")]);
    desk.join(&ticket).unwrap();
    assert_eq!(desk.tree(), laptop.tree());
    assert!(laptop.read("mine.md").is_some());
    watching.stop().unwrap();
}

#[test]
fn folders_that_cannot_be_vaults_are_refused() {
    let device = Device::with_notes("laptop", NOTES);
    let kind = |dir: &Path| init(dir, &device.settings, &mut deaf).unwrap_err().kind;
    assert_eq!(kind(&device.home.path().join("none")), Failure::NoSuchFolder);
    assert_eq!(kind(&device.folder.join("today.md")), Failure::NotAFolder);
    init(&device.folder, &device.settings, &mut deaf).unwrap();
    assert_eq!(kind(&device.folder.join("Ordner")), Failure::OtherVault);
    let error =
        ask(&device.home.path().join("nowhere"), Request::Status, &device.settings, &mut |_| {
            ControlFlow::Continue(())
        });
    assert_eq!(error.unwrap_err().kind, Failure::NoSuchFolder);
    assert_eq!(locate(device.home.path()).unwrap_err().kind, Failure::NotAVault);
}

#[test]
fn verify_finds_edits_and_damage() {
    let device = Device::with_notes("laptop", NOTES);
    init(&device.folder, &device.settings, &mut deaf).unwrap();
    let fine = device.ask(Request::Verify { deep: true }).unwrap();
    assert_eq!(fine["problems"], serde_json::json!([]));
    assert_eq!(fine["files"], 3);
    let status = device.ask(Request::Status).unwrap();
    assert_eq!(fine["digest"], status["vault"]["digest"]);
    device.write("today.md", "edited while nothing ran\n");
    fs::remove_file(device.folder.join("empty.md")).unwrap();
    device.write("new.md", "new\n");
    let found = device.ask(Request::Verify { deep: false }).unwrap();
    let mut paths: Vec<_> = found["problems"]
        .as_array()
        .unwrap()
        .iter()
        .map(|found| found["path"].as_str().unwrap())
        .collect();
    paths.sort_unstable();
    assert_eq!(paths, ["empty.md", "new.md", "today.md"]);
    // Looking changes nothing.
    let again = device.ask(Request::Status).unwrap();
    assert_eq!(again["vault"]["digest"], status["vault"]["digest"]);
}

#[test]
fn peers_are_renamed_and_removed_with_and_without_a_watch() {
    let laptop = Device::with_notes("laptop", NOTES);
    let watching = laptop.watch();
    watching.until("ready");
    let desk = Device::new("desk");
    desk.join(&laptop.invite()).unwrap();
    let renamed =
        laptop.ask(Request::RenamePeer { peer: "desk".into(), name: "Büro".into() }).unwrap();
    assert_eq!(renamed["peers"][0]["name"], "Büro");
    watching.stop().unwrap();
    let peers = laptop.ask(Request::Peers).unwrap();
    assert_eq!(peers["peers"][0]["name"], "Büro");
    laptop.ask(Request::AddAddress { peer: "Büro".into(), address: "127.0.0.1:9".into() }).unwrap();
    let removed = laptop.ask(Request::RemovePeer { peer: "Büro".into() }).unwrap();
    assert_eq!(removed["peers"][0]["removed"], true);
    let peers = laptop.ask(Request::Peers).unwrap();
    assert_eq!(peers["peers"][0]["addresses"][0], "127.0.0.1:9");
    assert_eq!(peers["peers"][0]["removed"], true);
    let error = laptop.ask(Request::RemovePeer { peer: "nobody".into() }).unwrap_err();
    assert_eq!(error.kind, Failure::UnknownPeer);
}

#[test]
fn a_port_that_a_person_chose_must_be_free() {
    let taken = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
    let device = Device::with_notes("laptop", NOTES);
    let bind = taken.local_addr().unwrap().to_string();
    let environment = [
        ("VAULT_SYNC_BIND".to_owned(), bind),
        ("VAULT_SYNC_RELAY".to_owned(), "none".to_owned()),
        ("VAULT_SYNC_DISCOVERY".to_owned(), "none".to_owned()),
    ];
    let home = Home::below(device.home.path());
    let settings = Settings::load(home, environment, &[]).unwrap();
    let error = watch(&device.folder, &settings, &mut deaf).unwrap_err();
    assert_eq!(error.kind, Failure::PortInUse, "{error}");
}

#[test]
fn a_missing_marker_stops_before_anything_is_deleted() {
    let laptop = Device::with_notes("laptop", NOTES);
    let watching = laptop.watch();
    watching.until("ready");
    let (own, aside) = (laptop.folder.join(".vault-sync"), laptop.home.path().join("aside"));
    fs::rename(&own, &aside).unwrap();
    laptop.write("today.md", "still here\n");
    let files = laptop.tree();
    // Whatever the watcher saw, nothing is taken for deleted.
    let status = ask_socket(&watching);
    assert_eq!(status["vault"]["deleted"], 0);
    assert_eq!(laptop.tree(), files);
    fs::rename(&aside, &own).unwrap();
    watching.stop().unwrap();
}

/// Asks the running watch although its folder is no vault any more.
fn ask_socket(watching: &Watching) -> Value {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let state = watching.settings.home().state_dir().join("vaults");
        let vault = fs::read_dir(state)
            .unwrap()
            .filter_map(|entry| Some(entry.ok()?.path()))
            .find(|path| path.is_dir())
            .unwrap();
        let client = control::connect(&vault.join("control.sock")).await.unwrap();
        let (events, _nobody) = tokio::sync::mpsc::channel(1);
        let client = client.unwrap();
        client.ask(&Request::Status, events).await.unwrap()
    })
}

#[test]
fn the_socket_answers_nonsense_and_survives_it() {
    use std::io::{BufRead as _, BufReader, Write as _};
    use std::os::unix::net::UnixStream;

    let device = Device::with_notes("laptop", NOTES);
    let watching = device.watch();
    let ready = watching.until("ready");
    let vault = ready["vault"]["id"].as_str().unwrap().parse().unwrap();
    let socket = device.settings.home().vault_dir(vault).join("control.sock");
    let mode =
        std::os::unix::fs::PermissionsExt::mode(&fs::metadata(&socket).unwrap().permissions());
    assert_eq!(mode & 0o777, 0o600);
    for line in ["nonsense\n", "{\"later\":{}}\n", "\n"] {
        let mut stream = UnixStream::connect(&socket).unwrap();
        stream.write_all(line.as_bytes()).unwrap();
        let mut answer = String::new();
        BufReader::new(&stream).read_line(&mut answer).unwrap();
        let reply: Reply = serde_json::from_str(&answer).unwrap();
        assert!(matches!(reply, Reply::Failed { kind: Failure::Usage, .. }), "{answer}");
    }
    // Whoever hangs up at once, or in the middle of an answer, disturbs nobody.
    drop(UnixStream::connect(&socket).unwrap());
    let mut listener = UnixStream::connect(&socket).unwrap();
    listener.write_all(b"\"events\"\n").unwrap();
    drop(listener);
    device.ask(Request::Status).unwrap();
    watching.stop().unwrap();
}

#[test]
fn events_are_told_over_the_socket_until_the_end() {
    let device = Device::with_notes("laptop", NOTES);
    let watching = device.watch();
    watching.until("ready");
    let (folder, settings) = (device.folder.clone(), device.settings.clone());
    let (told, events) = channel();
    let listening = std::thread::spawn(move || {
        ask(&folder, Request::Events, &settings, &mut |event| {
            told.send(event.clone()).unwrap();
            ControlFlow::Continue(())
        })
    });
    // Written again and again, for the listener may come after the first.
    let mut number = 0;
    eventually("an event", || {
        number += 1;
        device.write("again.md", &number.to_string());
        events.recv_timeout(Duration::from_millis(300)).is_ok()
    });
    watching.stop().unwrap();
    listening.join().unwrap().unwrap();
    assert_eq!(events.try_iter().last().unwrap()["event"], "stopped");
}

#[test]
fn a_listener_that_goes_away_ends_the_watch_cleanly() {
    let device = Device::with_notes("laptop", NOTES);
    watch(&device.folder, &device.settings, &mut |_| ControlFlow::Break(())).unwrap();
    // Nothing is held any more.
    device.ask(Request::Status).unwrap();
}

#[test]
fn the_brake_stops_a_mass_deletion_until_it_is_allowed() {
    let notes: Vec<(String, String)> =
        (0..40).map(|n| (format!("{n}.md"), format!("note {n}\n"))).collect();
    let notes: Vec<(&str, &str)> =
        notes.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
    // What a busy machine sends in pieces is judged together all the same.
    let patient = [("VAULT_SYNC_WATCH_QUIET_MS", "1500"), ("VAULT_SYNC_WATCH_MAX_MS", "20000")];
    let laptop = Device::set_up("laptop", &patient);
    for (path, text) in &notes {
        laptop.write(path, text);
    }
    let watching = laptop.watch();
    watching.until("ready");
    let desk = Device::new("desk");
    desk.join(&laptop.invite()).unwrap();
    for n in 0..39 {
        fs::remove_file(desk.folder.join(format!("{n}.md"))).unwrap();
    }
    let error = desk.ask(shot(Mode::Sync)).unwrap_err();
    assert_eq!(error.kind, Failure::Brake, "{error}");
    assert_eq!(laptop.tree().len(), 40);
    let Request::Shot { mode, peers, timeout_ms, dry_run, .. } = shot(Mode::Sync) else {
        panic!("a shot is a shot");
    };
    let allowed = Request::Shot { mode, peers, timeout_ms, dry_run, allow_mass_delete: true };
    let done = desk.ask(allowed.clone()).unwrap();
    // The other device asks its own person, and says so.
    assert_eq!(done["peers"][0]["outcome"], "held_back", "{done}");
    watching.until("brake");
    assert_eq!(laptop.tree().len(), 40);
    assert_eq!(laptop.ask(shot(Mode::Sync)).unwrap_err().kind, Failure::Brake);
    laptop.ask(allowed).unwrap();
    assert_eq!(laptop.tree().len(), 1);
    watching.stop().unwrap();
}

#[test]
fn a_dry_run_says_what_would_happen_and_changes_nothing() {
    let laptop = Device::with_notes("laptop", NOTES);
    let watching = laptop.watch();
    watching.until("ready");
    let desk = Device::new("desk");
    desk.join(&laptop.invite()).unwrap();
    let before = desk.ask(Request::Status).unwrap()["vault"]["digest"].clone();
    desk.write("mine.md", "mine\n");
    let Request::Shot { mode, peers, timeout_ms, .. } = shot(Mode::Sync) else {
        panic!("a shot is a shot");
    };
    let dry = Request::Shot { mode, peers, timeout_ms, dry_run: true, allow_mass_delete: false };
    let done = desk.ask(dry).unwrap();
    let would = done["would"].as_array().unwrap();
    assert!(would.iter().any(|it| it["path"] == "mine.md"), "{done}");
    assert_eq!(laptop.read("mine.md"), None);
    assert_eq!(desk.ask(Request::Status).unwrap()["vault"]["digest"], before);
    watching.stop().unwrap();
}

#[test]
fn an_invitation_can_be_waited_for() {
    let laptop = Device::with_notes("laptop", NOTES);
    init(&laptop.folder, &laptop.settings, &mut deaf).unwrap();
    let invite = |expires_ms| Request::Invite { expires_ms, uses: 1, wait: true };
    let expired = laptop.ask(invite(50)).unwrap_err();
    assert_eq!(expired.kind, Failure::NoPeer);
    let (told, tickets) = channel();
    let (folder, settings) = (laptop.folder.clone(), laptop.settings.clone());
    let waiting = std::thread::spawn(move || {
        ask(&folder, invite(60_000), &settings, &mut |event| {
            if event["event"] == "invite" {
                told.send(event["ticket"].as_str().unwrap().to_owned()).unwrap();
            }
            ControlFlow::Continue(())
        })
    });
    let desk = Device::new("desk");
    desk.join(&tickets.recv_timeout(LIMIT).unwrap()).unwrap();
    let paired = waiting.join().unwrap().unwrap();
    assert_eq!(paired["peers"][0]["name"], "desk");
    assert_eq!(desk.tree(), laptop.tree());
}

#[test]
fn a_one_shot_for_an_unknown_peer_ends_at_once() {
    let device = Device::with_notes("laptop", NOTES);
    init(&device.folder, &device.settings, &mut deaf).unwrap();
    for dry_run in [false, true] {
        let request = Request::Shot {
            mode: Mode::Sync,
            peers: vec!["nobody".into()],
            timeout_ms: None,
            dry_run,
            allow_mass_delete: false,
        };
        let error = device.ask(request).unwrap_err();
        assert_eq!(error.kind, Failure::UnknownPeer, "{error}");
    }
}
