//! What a program costs that rewrites one file each second for an hour: through the engine and the
//! real store, with time that passes at once.
//!
//! `cargo test --lib sim::growth -- --nocapture` prints the figures.

#![expect(clippy::disallowed_methods, reason = "it measures a real store")]

use std::collections::VecDeque;
use std::io::Write as _;

use crate::engine::{Config, Effect, Engine, Hint, Input, Known, Report, Setup};
use crate::model::{
    Content, Found, Kind, Life, Observed, PeerId, Seen, Stamp, Tick, VaultId, VaultPath, Walk,
    WallMs, kind_of,
};
use crate::store::Store;

/// One device with one file.
struct Desk {
    engine: Engine,
    store: Store,
    file: Option<(Vec<u8>, Stamp)>,
    now: Tick,
    inbox: VecDeque<Input>,
    edits: u64,
}

/// What it came to.
#[derive(Debug)]
struct Cost {
    edits: u64,
    document_bytes: u64,
    changes: u64,
    store_bytes: u64,
    memory_bytes: u64,
}

fn place() -> VaultPath {
    VaultPath::parse(".obsidian/plugins/tracker/data.json").unwrap()
}

impl Desk {
    fn new(folder: &std::path::Path) -> Self {
        let setup = Setup {
            vault: VaultId([1; 16]),
            me: PeerId([1; 32]),
            name: "desk".into(),
            life: Life([1; 16]),
            config: Config::default(),
            files: Known::default(),
            peers: vec![],
            meta: vec![],
            ledger: vec![],
            wall: WallMs(0),
            stay_connected: true,
        };
        let engine = Engine::new(Tick(0), setup);
        let store = Store::open(folder).unwrap();
        let inbox = VecDeque::new();
        Self { engine, store, file: None, now: Tick(1), inbox, edits: 0 }
    }

    fn save(&mut self, bytes: Vec<u8>) {
        let at = i64::try_from(self.now.0).unwrap() * 1_000_000;
        let size = bytes.len() as u64;
        let stamp = Stamp { size, mtime_ns: at, ctime_ns: at, inode: 7, birth_ns: 7 };
        self.file = Some((bytes, stamp));
        self.inbox.push_back(Input::Hint(vec![Hint::Path(place())]));
    }

    fn observe(&self) -> Observed {
        let Some((bytes, stamp)) = &self.file else { return Observed::Absent };
        let kind = kind_of(place().name(), bytes);
        let text = (kind == Kind::Text).then(|| bytes.clone());
        Observed::File(Seen::new(*stamp, Content::of(bytes), kind, text))
    }

    fn carry_out(&mut self, effect: Effect) {
        let input = match effect {
            Effect::Scan { op } => {
                let found = self.file.iter().map(|(_, stamp)| Found {
                    path: place(),
                    stamp: *stamp,
                    empty_folder: false,
                });
                let walk = Walk { found: found.collect(), problems: vec![] };
                Input::Scanned { op, result: Ok(walk) }
            }
            Effect::Read { op, path, .. } if path == place() => {
                Input::Read { op, observed: self.observe() }
            }
            Effect::Read { op, .. } => {
                let observed = Observed::Folder { empty: false, stamp: Stamp::default() };
                Input::Read { op, observed }
            }
            Effect::Load { op, id } => {
                Input::Loaded { op, result: Ok(self.store.document(id).unwrap()) }
            }
            Effect::LoadText { op, hash } => {
                Input::TextLoaded { op, result: Ok(self.store.text(hash).unwrap()) }
            }
            Effect::LoadPacks { op, texts, known } => {
                Input::PacksLoaded { op, result: Ok(self.store.packs(&texts, &known).unwrap()) }
            }
            Effect::Append { op, writes } => {
                self.store.commit(&[writes]).unwrap();
                Input::Appended { op, result: Ok(()) }
            }
            Effect::KeepTexts { op, keep } => {
                let tidied = self.store.keep_texts(&keep, 64).unwrap();
                Input::TextsKept { op, result: Ok(tidied.more) }
            }
            Effect::Compute { op, job } => Input::Computed { op, result: Ok(Box::new(job.run())) },
            Effect::Report(Report::TakenIn { .. }) => {
                self.edits += 1;
                return;
            }
            Effect::Report(_) => return,
            other @ (Effect::Step { .. }
            | Effect::Outline { .. }
            | Effect::ReadChunk { .. }
            | Effect::PutChunk { .. }
            | Effect::Dial { .. }
            | Effect::Send { .. }
            | Effect::Close { .. }) => unreachable!("one device alone asks for no {other:?}"),
        };
        self.inbox.push_back(input);
    }

    fn run(&mut self, ms: u64) {
        let end = self.now.plus_ms(ms);
        while let Some(effect) = self.engine.poll() {
            self.carry_out(effect);
        }
        loop {
            let due = self.engine.deadline().filter(|due| *due <= self.now);
            let input = self.inbox.pop_front().or(due.map(|_| Input::Wake));
            if let Some(input) = input {
                self.engine.handle(self.now, input);
                while let Some(effect) = self.engine.poll() {
                    self.carry_out(effect);
                }
                continue;
            }
            match self.engine.deadline() {
                Some(next) if next <= end => self.now = next.max(self.now.plus_ms(1)),
                _ => break,
            }
        }
        self.now = end;
    }
}

/// Rewrites the file each second for an hour, then lets it rest.
fn hour(seconds: u64, write: impl Fn(u64) -> String) -> Cost {
    let folder = tempfile::tempdir().unwrap();
    let mut desk = Desk::new(folder.path());
    desk.run(1000);
    for second in 0..seconds {
        desk.save(write(second).into_bytes());
        desk.run(1000);
    }
    let last = Content::of(write(seconds - 1).as_bytes());
    desk.run(120_000);
    let status = desk.engine.status();
    assert_eq!(status.bytes, last.size, "the last content is taken in once it is quiet");
    let (id, _) = desk.store.files().unwrap().rows.into_iter().next().unwrap();
    let size = desk.store.document_size(id).unwrap().unwrap();
    Cost {
        edits: desk.edits,
        document_bytes: size.snapshot_bytes + size.changes_bytes,
        changes: size.changes,
        store_bytes: bytes_below(folder.path()),
        memory_bytes: status.cache_bytes,
    }
}

fn bytes_below(folder: &std::path::Path) -> u64 {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap());
    entries
        .map(|entry| match entry.metadata().unwrap() {
            meta if meta.is_dir() => bytes_below(&entry.path()),
            meta => meta.len(),
        })
        .sum()
}

fn tell(what: &str, cost: &Cost) {
    writeln!(std::io::stderr(), "{what}: {cost:?}").unwrap();
}

/// 20 KB of settings in which one time and one counter change.
fn counter(second: u64) -> String {
    let rows: Vec<String> = (0..400)
        .map(|row| format!("  \"setting {row}\": {{ \"on\": true, \"at\": {row} }}"))
        .collect();
    format!(
        "{{\n{},\n  \"count\": {second},\n  \"seen\": {}\n}}\n",
        rows.join(",\n"),
        1_795_000_000 + second
    )
}

/// 20 KB in which every number is another one each time.
fn anew(second: u64) -> String {
    let rows: Vec<String> = (0..500)
        .map(|row| {
            let hash = Content::of(format!("{second} {row}").as_bytes()).hash.to_string();
            format!("  \"{row}\": \"{}\"", &hash[..32])
        })
        .collect();
    format!("{{\n{}\n}}\n", rows.join(",\n"))
}

#[test]
fn an_hour_of_rewriting_one_file_stays_bounded() {
    let seconds = std::env::var("VAULT_SYNC_GROWTH_SECONDS").ok().and_then(|it| it.parse().ok());
    let seconds = seconds.unwrap_or(3600);
    for (what, cost, most_edits) in
        [("one counter", hour(seconds, counter), 200), ("all of it", hour(seconds, anew), 20)]
    {
        tell(what, &cost);
        assert!(cost.edits < most_edits, "{what}: {cost:?}");
        assert!(cost.document_bytes < 1_000_000, "{what}: {cost:?}");
        assert!(cost.changes <= 65, "compacted: {what}: {cost:?}");
        assert!(cost.store_bytes < 8_000_000, "{what}: {cost:?}");
        assert!(cost.memory_bytes < 8_000_000, "{what}: {cost:?}");
    }
}
