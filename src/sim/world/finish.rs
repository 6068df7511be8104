//! The end of a world: everything is healed, and everything must come to rest, equal and whole.

use super::super::oracles::{Violation, difference};
use super::{Event, Habits, Planted, World};
use crate::engine::{Hint, Input};
use crate::model::Tick;

/// A healed world must be at rest after this long; a peer that cannot be reached is called again
/// after up to 16 seconds, a step that failed is tried again after up to a minute.
const REST_LIMIT_MS: u64 = 180_000;
/// Between two looks whether all is at rest.
const LOOK_MS: u64 = 500;
/// How long a world at rest is watched.
const WATCH_MS: u64 = 20_000;

/// What a world came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Summary {
    /// The hash over everything that happened.
    pub(crate) hash: String,
    /// How many effects each peer asked for.
    pub(crate) effects: Vec<u64>,
    /// How many things happened.
    pub(crate) events: u64,
    /// How many times a peer stopped.
    pub(crate) stops: usize,
    /// How many times a brake was told of.
    pub(crate) braked: usize,
    /// How many files there are in the end.
    pub(crate) files: usize,
    /// When all was at rest, in milliseconds.
    pub(crate) at_rest_ms: u64,
}

impl World {
    /// Lives through the plan, heals, and judges the end.
    ///
    /// # Errors
    ///
    /// The first promise that was broken.
    pub(crate) fn run(&mut self) -> Result<Summary, Violation> {
        let end = Tick(self.plan.span_ms);
        while self.next().is_some_and(|(tick, _)| tick <= end) {
            self.step()?;
        }
        self.now = end;
        self.heal()?;
        self.rest()?;
        let at_rest = self.now;
        self.look_again()?;
        if self.plant() {
            self.rest()?;
        }
        if self.plan.habits == Habits::Careless {
            self.catastrophe()?;
        }
        let tree = self.peers[0].disk.tree();
        let stores = self.peers.iter().map(|peer| &peer.store);
        if let Some(violation) = self.people.judge(&tree, stores).into_iter().next() {
            return Err(violation);
        }
        Ok(Summary {
            hash: self.hash(),
            effects: self.peers.iter().map(|peer| peer.effects).collect(),
            events: self.events,
            stops: self.stops,
            braked: self.braked,
            files: tree.len(),
            at_rest_ms: at_rest.0,
        })
    }

    /// Ends all trouble, and tells every watcher to look at everything.
    fn heal(&mut self) -> Result<(), Violation> {
        self.trace.line(format!("{} HEALED", self.now.0));
        self.healed = true;
        for a in 0..self.peers.len() {
            self.peers[a].disk.set_full(false);
            self.peers[a].disk.set_mounted(true);
            self.peers[a].disk.mend();
            self.peers[a].store_full = false;
            for b in 0..a {
                self.net.unblock(a, b);
            }
        }
        for place in 0..self.peers.len() {
            self.start(place)?;
        }
        self.hint_all()?;
        self.collect();
        Ok(())
    }

    fn hint_all(&mut self) -> Result<(), Violation> {
        for place in 0..self.peers.len() {
            self.hear(place, Input::Hint(vec![Hint::Everything]))?;
        }
        self.collect();
        Ok(())
    }

    /// Goes on until all peers are at rest and equal.
    pub(super) fn rest(&mut self) -> Result<(), Violation> {
        let limit = self.now.plus_ms(REST_LIMIT_MS);
        let mut look = self.now.plus_ms(LOOK_MS);
        loop {
            while self.next().is_some_and(|(tick, _)| tick <= look) {
                self.step()?;
            }
            self.now = look;
            if self.agreeing {
                self.agree()?;
            }
            let open = self.open_ends();
            if open.is_empty() {
                return Ok(());
            }
            if self.is_past(limit) {
                return Err(Violation::NotConverged(open));
            }
            look = look.plus_ms(LOOK_MS);
        }
    }

    /// Why the world is not at rest, in words; empty when it is.
    fn open_ends(&self) -> String {
        let mut statuses = Vec::new();
        for (place, peer) in self.peers.iter().enumerate() {
            let Some(engine) = &peer.engine else {
                return format!("peer {place} is down");
            };
            statuses.push(engine.status());
        }
        let quiet = self.queue.values().all(|event| match event {
            Event::Trouble(_) | Event::Start(_) => true,
            // Texts that nobody needs are looked for again and again.
            Event::Kept(place, _) => self.peers[*place].store.only_tidies(),
            Event::Net(_)
            | Event::Do(..)
            | Event::Durable(..)
            | Event::Hear(..)
            | Event::Act(_)
            | Event::Finish(..) => false,
        });
        let first = self.peers[0].disk.tree();
        for (place, status) in statuses.iter().enumerate() {
            if status.digest != statuses[0].digest {
                return format!(
                    "peer {place} has digest {} and peer 0 {}; on disk: {}",
                    status.digest,
                    statuses[0].digest,
                    difference(&first, &self.peers[place].disk.tree())
                );
            }
            let differs = difference(&first, &self.peers[place].disk.tree());
            if !differs.is_empty() {
                return format!("peer 0 | peer {place}: {differs}");
            }
            if status.pending > 0 {
                return format!("peer {place} has {} pending", status.pending);
            }
            let expected = self.peers.len() - 1;
            let agree = status.peers.iter().filter(|it| it.in_sync).count();
            if agree < expected {
                return format!("peer {place} is in sync with {agree} of {expected}");
            }
        }
        if quiet { String::new() } else { "something is still on its way".into() }
    }

    /// Another full round must change nothing and send nothing.
    fn look_again(&mut self) -> Result<(), Violation> {
        self.trace.line(format!("{} LOOKS AGAIN", self.now.0));
        let trees: Vec<_> = self.peers.iter().map(|peer| peer.disk.tree()).collect();
        let digests: Vec<_> = self.digests();
        let deliveries = self.deliveries;
        self.hint_all()?;
        let until = self.now.plus_ms(WATCH_MS);
        while self.next().is_some_and(|(tick, _)| tick <= until) {
            self.step()?;
        }
        self.now = until;
        for (place, before) in trees.iter().enumerate() {
            let differs = difference(before, &self.peers[place].disk.tree());
            if !differs.is_empty() {
                return Err(Violation::NotStable(format!("peer {place}: {differs}")));
            }
        }
        if self.digests() != digests {
            return Err(Violation::NotStable("a digest changed".into()));
        }
        if self.deliveries != deliveries {
            let count = self.deliveries - deliveries;
            return Err(Violation::NotStable(format!("{count} deliveries at rest")));
        }
        let open = self.open_ends();
        if open.is_empty() { Ok(()) } else { Err(Violation::NotStable(open)) }
    }

    fn digests(&self) -> Vec<crate::model::Digest> {
        let engines = self.peers.iter().filter_map(|peer| peer.engine.as_ref());
        engines.map(|engine| engine.status().digest).collect()
    }

    /// Does what no user did, if that is planted; true when the peers have to come to rest again.
    fn plant(&mut self) -> bool {
        match self.plan.planted {
            Planted::Nothing
            | Planted::ForgetfulStores
            | Planted::BlindDisks
            | Planted::NoBrakes
            | Planted::SwallowedMessages => false,
            Planted::RevertedFile | Planted::RevivedFile | Planted::DoubledWord => {
                self.tamper();
                self.collect();
                true
            }
            Planted::SilentChange => {
                self.tamper();
                self.peers[0].disk.take_hints();
                true
            }
        }
    }

    /// Changes a file behind the judges' backs.
    fn tamper(&mut self) {
        use super::super::disk::Save;
        use crate::model::VaultPath;
        let peer = &mut self.peers[0];
        peer.set_disk_clock(self.now);
        let target = peer
            .disk
            .tree()
            .into_iter()
            .filter_map(|(path, bytes)| Some((path, bytes?)))
            .find(|(path, bytes)| path.as_str().contains(".md") && bytes.len() > 30);
        let Some((path, bytes)) = target else {
            return;
        };
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let first = text.lines().next().unwrap_or_default().to_owned();
        match self.plan.planted {
            Planted::DoubledWord => {
                let doubled = format!("{text}\n{}", text.lines().last().unwrap_or_default());
                peer.disk.write(&path, doubled.into_bytes(), Save::InPlace);
            }
            Planted::RevivedFile => {
                self.people.deleted(0, &path, &bytes, &peer.disk.tree());
                let place = VaultPath::parse("zurück.md").expect("a good name");
                peer.disk.write(&place, bytes.as_ref().clone(), Save::InPlace);
                peer.disk.remove(&path);
            }
            Planted::Nothing
            | Planted::ForgetfulStores
            | Planted::BlindDisks
            | Planted::NoBrakes
            | Planted::SwallowedMessages
            | Planted::RevertedFile
            | Planted::SilentChange => {
                peer.disk.write(&path, first.into_bytes(), Save::InPlace);
            }
        }
    }
}
