//! One peer of a world: its engine, disk and store.

use std::collections::BTreeSet;

use super::super::disk::Disk;
use super::super::oracles::Durable;
use super::super::rng::Rng;
use super::super::store::Store;
use super::World;
use crate::engine::{Config, Engine, Recorded, Setup};
use crate::model::{ContentHash, Digest, Life, PeerId, Tick, VaultPath, WallMs};

/// The time of day at which every world begins, in milliseconds since 1970.
const MORNING_MS: i64 = 1_795_000_000_000;
/// How wrong a peer's clock may be, in milliseconds: a year.
const SKEW_MS: u64 = 366 * 86_400_000;

/// Between two looks for texts that nobody needs, in milliseconds.
const TEXT_ROUND_MS: u64 = 1500;

/// One peer.
#[derive(Debug)]
pub(super) struct Peer {
    pub(super) id: PeerId,
    pub(super) name: String,
    pub(super) disk: Disk,
    pub(super) store: Store,
    /// `None` while the process is down.
    pub(super) engine: Option<Engine>,
    /// Counts the processes of this peer.
    pub(super) life: u64,
    skew_ms: i64,
    /// What the engine was last told of the time of day.
    pub(super) told: WallMs,
    pub(super) durable: Durable,
    /// Every digest this peer ever had.
    pub(super) digests: BTreeSet<Digest>,
    /// How many effects its engines asked for.
    pub(super) effects: u64,
    /// The last batch in line is durable then.
    pub(super) kept_at: Tick,
    /// The last step in line is taken, and durable, then.
    pub(super) step_at: Tick,
    pub(super) durable_at: Tick,
    /// Whether it belongs to the vault already.
    pub(super) paired: bool,
    /// While it is set, the store refuses what it is given.
    pub(super) store_full: bool,
}

impl Peer {
    pub(super) fn new(place: usize, id: PeerId, rng: &mut Rng) -> Self {
        let skew = i64::try_from(rng.between(0, 2 * SKEW_MS)).expect("a few days");
        let mut life = [0; 16];
        life[0] = u8::try_from(place).expect("a handful of peers");
        Self {
            id,
            name: format!("device {place}"),
            disk: Disk::new(),
            store: Store::new(Life(life)),
            engine: None,
            life: 0,
            skew_ms: skew - i64::try_from(SKEW_MS).expect("a few days"),
            told: WallMs(0),
            durable: Durable::new(World::vault()),
            digests: BTreeSet::new(),
            effects: 0,
            kept_at: Tick(0),
            step_at: Tick(0),
            durable_at: Tick(0),
            paired: false,
            store_full: false,
        }
    }

    /// Files that its engine put on the disk, and that are not recorded anywhere in the store.
    pub(super) fn unrecorded(&self) -> BTreeSet<VaultPath> {
        let records = self.store.files();
        let lies = |record: &Vec<u8>| Recorded::read(record)?.on_disk.map(|it| it.2.hash);
        let known: BTreeSet<ContentHash> = records.iter().filter_map(|it| lies(&it.1)).collect();
        let placed = self.disk.placed();
        let unknown = placed.filter(|(_, bytes)| !known.contains(&ContentHash::of(bytes)));
        unknown.map(|(path, _)| path.clone()).collect()
    }

    /// The time of day by this peer's clock.
    pub(super) fn wall(&self, now: Tick) -> WallMs {
        let since = i64::try_from(now.0).expect("a world ends soon");
        WallMs(MORNING_MS + self.skew_ms + since)
    }

    pub(super) fn set_disk_clock(&mut self, now: Tick) {
        let wall = self.wall(now);
        self.disk.set_clock(wall.0 * 1_000_000);
    }

    pub(super) fn deadline(&self) -> Option<Tick> {
        self.engine.as_ref()?.deadline()
    }

    /// Starts a new process from what the store holds.
    pub(super) fn boot(&mut self, now: Tick, brake_files: u64) {
        self.life += 1;
        self.told = self.wall(now);
        (self.kept_at, self.step_at, self.durable_at) = (now, now, now);
        let setup = Setup {
            vault: World::vault(),
            me: self.id,
            name: self.name.clone(),
            life: self.store.life(),
            config: Config {
                brake_files,
                // Texts that nobody needs go as soon as they can, so that one too many is missed.
                text_days: 0,
                text_round_ms: TEXT_ROUND_MS,
                packs_from: 2,
                ..Config::default()
            },
            files: self.store.files().into_iter().collect(),
            peers: self.store.peers(),
            meta: self.store.meta(),
            ledger: self.store.ledger(),
            wall: self.told,
            stay_connected: true,
        };
        self.engine = Some(Engine::new(now, setup));
    }
}
