//! A world of peers: one queue of what happens when, one seed behind every choice.
//!
//! - Shape: each peer is an engine with a simulated disk and store; an engine's effects are carried
//!   out later, in any order that [`crate::engine::Effect`] allows, and answered later still.
//! - Stops: before any effect a peer may stop. Its engine is dropped, batches and steps that were
//!   not answered are lost or kept, unsynced bytes lost or torn; a new engine starts from the store.
//! - Judged: every effect before it is carried out, every step on the disk, and the end.

mod catastrophe;
mod chaos;
mod effects;
mod finish;
mod peer;
mod plan;
mod trace;

pub(crate) use finish::Summary;
pub(crate) use plan::{Habits, Plan, Planted};

use std::collections::BTreeMap;

use super::careless::{self, Second};
use super::disk::Guard;
use super::net::{Event as NetEvent, Net};
use super::oracles::{People, Violation};
use super::rng::Rng;
use super::store::Memory;
use crate::engine::{Effect, Hint, Input, Op};
use crate::model::{PeerId, StepDone, StepError, Tick, VaultId};
use chaos::Trouble;
use peer::Peer;
use trace::Trace;

/// Most events before a world is given up; a quiet one needs a few thousand.
const EVENT_LIMIT: u64 = 60_000;

/// One thing that happens at its time.
#[derive(Debug)]
enum Event {
    Net(NetEvent),
    /// An engine's effect is carried out, if that engine still lives.
    Do(usize, u64, Box<Effect>),
    /// The oldest batch in the store's line is durable.
    Kept(usize, u64),
    /// A step that was taken is durable.
    Durable(usize, u64, Op, Result<StepDone, StepError>),
    /// An engine hears something.
    Hear(usize, u64, Box<Input>),
    /// A user does something.
    Act(usize),
    /// A program does the second half of what it began.
    Finish(usize, Box<Second>),
    Trouble(Trouble),
    /// A process starts.
    Start(usize),
}

/// A world, from its beginning to its end.
#[derive(Debug)]
pub(crate) struct World {
    plan: Plan,
    now: Tick,
    queue: BTreeMap<(u64, u64), Event>,
    sequence: u64,
    events: u64,
    net: Net,
    peers: Vec<Peer>,
    people: People,
    trace: Trace,
    rng: Rng,
    users: Rng,
    chaos: Rng,
    /// No more trouble from here on.
    healed: bool,
    /// People agree to whatever is held back.
    agreeing: bool,
    stops: usize,
    /// How many times a brake was told of.
    braked: usize,
    deliveries: u64,
}

impl World {
    /// A world as planned; nothing has happened yet.
    pub(crate) fn new(plan: Plan) -> Self {
        let rng = Rng::new(plan.seed);
        let ids: Vec<PeerId> = (1..=plan.peers)
            .map(|number| PeerId([u8::try_from(number).expect("a handful of peers"); 32]))
            .collect();
        let mut world = Self {
            now: Tick(0),
            queue: BTreeMap::new(),
            sequence: 0,
            events: 0,
            net: Net::new(ids.clone(), plan.latency, rng.fork(1)),
            peers: Vec::new(),
            people: People::default(),
            trace: Trace::new(),
            users: rng.fork(3),
            chaos: rng.fork(4),
            rng: rng.fork(2),
            healed: false,
            agreeing: plan.habits == Habits::Careless,
            stops: 0,
            braked: 0,
            deliveries: 0,
            plan,
        };
        if plan.planted == Planted::SwallowedMessages {
            world.net.set_swallow(10);
        }
        for (place, id) in ids.into_iter().enumerate() {
            let mut peer = Peer::new(place, id, &mut world.chaos);
            if plan.planted == Planted::ForgetfulStores {
                peer.store.set_memory(Memory::Forgetful);
            }
            if plan.planted == Planted::BlindDisks {
                peer.disk.set_guard(Guard::Blind);
            }
            world.peers.push(peer);
        }
        world.schedule();
        world
    }

    /// The vault that all peers share.
    fn vault() -> VaultId {
        VaultId([0xaa; 16])
    }

    fn at(&mut self, tick: Tick, event: Event) {
        self.sequence += 1;
        let tick = tick.max(self.now).0;
        self.queue.insert((tick, self.sequence), event);
    }

    fn after(&mut self, most_ms: u64, event: Event) {
        let due = self.now.plus_ms(self.rng.between(0, most_ms));
        self.at(due, event);
    }

    /// When the next thing happens, and whether it is an engine's own deadline.
    fn next(&self) -> Option<(Tick, Option<usize>)> {
        let queued = self.queue.keys().next().map(|(tick, _)| (Tick(*tick), None));
        let deadline = self
            .peers
            .iter()
            .enumerate()
            .filter_map(|(place, peer)| Some((peer.deadline()?.max(self.now), Some(place))))
            .min_by_key(|(tick, _)| *tick);
        match (queued, deadline) {
            (Some(queued), Some(deadline)) if deadline.0 < queued.0 => Some(deadline),
            (None, deadline) => deadline,
            (queued, _) => queued,
        }
    }

    /// Lets the next thing happen.
    ///
    /// # Errors
    ///
    /// The promise that was broken by it.
    fn step(&mut self) -> Result<(), Violation> {
        let Some((tick, deadline)) = self.next() else {
            return Err(Violation::NotConverged("nothing will ever happen again".into()));
        };
        self.events += 1;
        if self.events > EVENT_LIMIT {
            return Err(Violation::NotConverged(format!("{EVENT_LIMIT} events")));
        }
        self.now = tick;
        if let Some(place) = deadline {
            self.hear(place, Input::Wake)?;
        } else if let Some((_, event)) = self.queue.pop_first() {
            self.happen(event)?;
        }
        self.collect();
        Ok(())
    }

    fn happen(&mut self, event: Event) -> Result<(), Violation> {
        match event {
            Event::Net(event) => {
                for (place, input) in self.net.on(self.now, event) {
                    self.hear(place, input)?;
                }
                Ok(())
            }
            Event::Do(place, life, effect) if self.lives(place, life) => {
                self.carry_out(place, *effect)
            }
            Event::Kept(place, life) if self.lives(place, life) => self.keep(place),
            Event::Durable(place, life, op, result) if self.lives(place, life) => {
                self.peers[place].disk.barrier();
                self.hear(place, Input::Stepped { op, result })
            }
            Event::Hear(place, life, input) if self.lives(place, life) => self.hear(place, *input),
            Event::Do(..) | Event::Kept(..) | Event::Durable(..) | Event::Hear(..) => Ok(()),
            Event::Act(place) => {
                self.act(place);
                Ok(())
            }
            Event::Finish(place, second) => {
                let peer = &mut self.peers[place];
                peer.set_disk_clock(self.now);
                let done = second.finish(&mut peer.disk, &mut self.people);
                self.trace.line(format!("{} p{place} USER {done}", self.now.0));
                Ok(())
            }
            Event::Trouble(trouble) => self.trouble(trouble),
            Event::Start(place) => self.start(place),
        }
    }

    fn lives(&self, place: usize, life: u64) -> bool {
        let peer = &self.peers[place];
        peer.engine.is_some() && peer.life == life
    }

    fn act(&mut self, place: usize) {
        let peer = &mut self.peers[place];
        peer.set_disk_clock(self.now);
        if self.plan.habits == Habits::Careless && self.users.chance(40) {
            let (done, later) =
                careless::act(place, &mut peer.disk, &mut self.people, &mut self.users);
            self.trace.line(format!("{} p{place} USER {done}", self.now.0));
            let due = self.now.plus_ms(self.users.between(0, careless::GAP_MS));
            for second in later {
                self.at(due, Event::Finish(place, Box::new(second)));
            }
            return;
        }
        let done = super::users::act(
            place,
            &mut peer.disk,
            &mut self.people,
            &mut self.users,
            self.plan.large_files,
        );
        self.trace.line(format!("{} p{place} USER {done}", self.now.0));
    }

    /// Puts into the queue what the network and the watchers have for later.
    fn collect(&mut self) {
        for (due, event) in self.net.take_due() {
            self.at(due, Event::Net(event));
        }
        for place in 0..self.peers.len() {
            let hints = self.peers[place].disk.take_hints();
            let life = self.peers[place].life;
            if self.peers[place].engine.is_none() {
                continue;
            }
            for hint in hints {
                self.hint(place, life, &hint);
            }
        }
    }

    /// A watcher's hint comes at some time, twice, or not at all.
    fn hint(&mut self, place: usize, life: u64, hint: &Hint) {
        let bad = if self.healed { 0 } else { self.plan.lost_hints_percent };
        if self.chaos.chance(bad) {
            return;
        }
        let times = if self.chaos.chance(bad) { 2 } else { 1 };
        for _ in 0..times {
            let late = self.plan.slow_ms;
            let input = Box::new(Input::Hint(vec![hint.clone()]));
            self.after(late, Event::Hear(place, life, input));
        }
    }

    /// The hash over everything that happened.
    pub(crate) fn hash(&self) -> String {
        self.trace.hash()
    }

    /// The last lines of what happened.
    pub(crate) fn last_lines(&self) -> String {
        self.trace.text()
    }
}
