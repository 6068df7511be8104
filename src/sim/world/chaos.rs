//! What goes wrong in a world, and when.

use super::super::disk::Crash;
use super::super::oracles::Violation;
use super::{Event, Planted, World};
use crate::engine::{Command, Hint, Input, ShotId};
use crate::model::{Tick, WallMs};

/// The ticket that every peer but the first presents.
const SECRET: [u8; 32] = [0x5e; 32];
/// Peers come into the world this far apart, in milliseconds.
const BIRTH_MS: u64 = 300;

/// Something goes wrong, or right again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Trouble {
    Block(usize, usize),
    Unblock(usize, usize),
    Cut(usize, usize),
    DiskFull(usize, bool),
    Unmounted(usize, bool),
    StoreFull(usize, bool),
}

impl World {
    /// Writes the whole plan into the queue.
    pub(super) fn schedule(&mut self) {
        let peers = self.plan.peers;
        let span = self.plan.span_ms;
        for place in 0..peers {
            self.at(Tick(place as u64 * BIRTH_MS), Event::Start(place));
        }
        for _ in 0..self.plan.acts {
            let place = self.chaos.below(peers);
            let tick = Tick(self.chaos.between(0, span));
            self.at(tick, Event::Act(place));
        }
        if peers < 2 {
            return;
        }
        for _ in 0..self.plan.partitions {
            let (a, b) = self.two();
            let from = self.chaos.between(0, span);
            let until = from + self.chaos.between(100, span);
            self.at(Tick(from), Event::Trouble(Trouble::Block(a, b)));
            self.at(Tick(until), Event::Trouble(Trouble::Unblock(a, b)));
        }
        for _ in 0..self.plan.cuts {
            let (a, b) = self.two();
            let tick = Tick(self.chaos.between(0, span));
            self.at(tick, Event::Trouble(Trouble::Cut(a, b)));
        }
        for _ in 0..self.plan.outages {
            let place = self.chaos.below(peers);
            let from = self.chaos.between(0, span);
            let until = from + self.chaos.between(100, span / 4);
            let (begin, end) = match self.chaos.below(3) {
                0 => (Trouble::DiskFull(place, true), Trouble::DiskFull(place, false)),
                1 => (Trouble::Unmounted(place, true), Trouble::Unmounted(place, false)),
                _ => (Trouble::StoreFull(place, true), Trouble::StoreFull(place, false)),
            };
            self.at(Tick(from), Event::Trouble(begin));
            self.at(Tick(until), Event::Trouble(end));
        }
    }

    fn two(&mut self) -> (usize, usize) {
        let a = self.chaos.below(self.plan.peers);
        let b = (a + 1 + self.chaos.below(self.plan.peers - 1)) % self.plan.peers;
        (a, b)
    }

    pub(super) fn trouble(&mut self, trouble: Trouble) -> Result<(), Violation> {
        self.trace.line(format!("{} {trouble:?}", self.now.0));
        match trouble {
            Trouble::Block(a, b) if !self.healed => self.net.block(self.now, a, b),
            Trouble::Cut(a, b) if !self.healed => self.net.cut(self.now, a, b),
            Trouble::Block(..) | Trouble::Cut(..) => {}
            Trouble::Unblock(a, b) => self.net.unblock(a, b),
            Trouble::DiskFull(place, full) => self.peers[place].disk.set_full(full),
            Trouble::StoreFull(place, full) => self.peers[place].store_full = full,
            Trouble::Unmounted(place, away) => {
                self.peers[place].disk.set_mounted(!away);
                self.hear(place, Input::Hint(vec![Hint::Everything]))?;
            }
        }
        Ok(())
    }

    /// Whether this peer stops before the effect it just asked for.
    pub(super) fn stops_now(&mut self, place: usize) -> Option<Crash> {
        if self.healed {
            return None;
        }
        if let Some((peer, effect, crash)) = self.plan.stop_at
            && peer == place
            && self.peers[place].effects == effect
        {
            return Some(crash);
        }
        if self.stops >= self.plan.stops || !self.chaos.once_in(self.plan.stop_once_in) {
            return None;
        }
        if self.plan.power_cuts && self.chaos.chance(60) {
            Some(Crash::Power)
        } else {
            Some(Crash::Kill)
        }
    }

    /// Stops a peer: its engine is gone, and what nobody answered for may be, too.
    pub(super) fn stop(&mut self, place: usize, crash: Crash) -> Result<(), Violation> {
        self.stops += 1;
        self.trace.line(format!("{} p{place} STOPS {crash:?}", self.now.0));
        let peer = &mut self.peers[place];
        peer.engine = None;
        let before = peer.disk.tree();
        let reverted = peer.disk.crash(crash, &mut self.chaos);
        if !reverted.is_empty() {
            let paths: Vec<&str> = reverted.iter().map(|it| it.path.as_str()).collect();
            self.trace.line(format!("{} p{place} put back {paths:?}", self.now.0));
        }
        let after = peer.disk.tree();
        self.people.reverted(place, &before, &after);
        for writes in peer.store.crash(&mut self.chaos) {
            self.note_kept(place, &writes)?;
        }
        self.people.stopped(place, self.peers[place].unrecorded());
        let peer = &mut self.peers[place];
        if crash == Crash::Power && self.chaos.chance(20) {
            // The store comes back from a copy: what it does from now on is another life.
            let mut life = peer.store.life();
            life.0[15] = life.0[15].wrapping_add(1);
            peer.store.set_life(life);
        }
        self.net.stop(self.now, place);
        let pause = self.chaos.between(0, 3000);
        self.at(self.now.plus_ms(pause), Event::Start(place));
        Ok(())
    }

    /// Starts a peer's process. The first makes the vault and invites; the others join through it.
    pub(super) fn start(&mut self, place: usize) -> Result<(), Violation> {
        if self.peers[place].engine.is_some() {
            return Ok(());
        }
        let brakes = self.plan.planted != Planted::NoBrakes;
        let brake_files = if brakes { self.plan.brake_files } else { u64::MAX };
        self.peers[place].boot(self.now, brake_files);
        let life = self.peers[place].life;
        self.trace.line(format!("{} p{place} STARTS life {life}", self.now.0));
        self.net.start(place, life);
        self.drain(place)?;
        let peer = &self.peers[place];
        let known = peer.store.peers().len() > 1;
        let address = format!("10.0.0.{place}:1");
        self.hear(place, Input::Command(Command::OwnAddresses(vec![address])))?;
        if place == 0 && self.peers[0].store.meta().is_empty() {
            let command = Command::Invite { secret: SECRET, expires: WallMs(i64::MAX), uses: 1000 };
            self.hear(0, Input::Command(command))?;
        } else if place > 0 && !known {
            let command = Command::Join {
                shot: ShotId(life),
                peer: self.peers[0].id,
                addresses: vec!["10.0.0.0:1".into()],
                secret: SECRET,
            };
            self.hear(place, Input::Command(command))?;
        }
        Ok(())
    }
}
