//! Pairs engines with the stand-ins: who hears what, and what is done about it.

use super::super::net::Place;
use super::super::oracles::Violation;
use super::super::store::Done;
use super::trace;
use super::{Event, Habits, World};
use crate::engine::{Command, Effect, Engine, Input, Report};
use crate::model::{Tick, WallMs};
use crate::wire::{self, Message};

/// A peer's engine is told the time of day when it moved on by this much.
const WALL_STEP_MS: i64 = 100;

impl World {
    /// Lets an engine hear something, and takes everything it asks for.
    pub(super) fn hear(&mut self, place: Place, input: Input) -> Result<(), Violation> {
        let wall = self.peers[place].wall(self.now);
        if wall.0 - self.peers[place].told.0 >= WALL_STEP_MS {
            self.peers[place].told = WallMs(wall.0);
            self.hand(place, Input::Command(Command::WallClock(wall)))?;
        }
        self.hand(place, input)
    }

    fn hand(&mut self, place: Place, input: Input) -> Result<(), Violation> {
        let now = self.now;
        let peer = &mut self.peers[place];
        let Some(engine) = &mut peer.engine else {
            return Ok(());
        };
        self.trace.line(format!("{} p{place} < {}", now.0, trace::input(&input)));
        if let Input::Read { observed, .. } = &input {
            peer.disk.show(observed);
        }
        engine.handle(now, input);
        self.drain(place)
    }

    /// Takes everything the engine asks for; it may stop before any of it.
    pub(super) fn drain(&mut self, place: Place) -> Result<(), Violation> {
        while let Some(effect) = self.peers[place].engine.as_mut().and_then(Engine::poll) {
            self.peers[place].effects += 1;
            let line = trace::effect(&effect);
            self.trace.line(format!("{} p{place} > {line}", self.now.0));
            if let Err(what) = self.peers[place].durable.judge(&effect) {
                return Err(Violation::NotDurable { peer: place, what });
            }
            if let Some(crash) = self.stops_now(place) {
                self.stop(place, crash)?;
                return Ok(());
            }
            self.ask(place, effect)?;
        }
        if let Some(engine) = &self.peers[place].engine {
            let digest = engine.status().digest;
            self.peers[place].digests.insert(digest);
        }
        Ok(())
    }

    /// Puts an effect where it is carried out, at once or later.
    fn ask(&mut self, place: Place, effect: Effect) -> Result<(), Violation> {
        let now = self.now;
        let slow = self.plan.slow_ms;
        let life = self.peers[place].life;
        match effect {
            Effect::Append { op, writes } => {
                self.peers[place].store.hand_in(op, writes.to_vec());
                let due = now.plus_ms(self.rng.between(0, slow));
                let due = due.max(self.peers[place].kept_at);
                self.peers[place].kept_at = due;
                self.at(due, Event::Kept(place, life));
            }
            Effect::KeepTexts { op, keep } => {
                self.peers[place].store.hand_in_keep(op, keep);
                let due = now.plus_ms(self.rng.between(0, slow));
                let due = due.max(self.peers[place].kept_at);
                self.peers[place].kept_at = due;
                self.at(due, Event::Kept(place, life));
            }
            Effect::Step { .. } => {
                let due = now.plus_ms(self.rng.between(0, slow));
                let due = due.max(self.peers[place].step_at);
                self.peers[place].step_at = due;
                self.at(due, Event::Do(place, life, Box::new(effect)));
            }
            Effect::Send { link, lane, message } => {
                let frame = wire::encode(&message);
                let bytes = frame.len() as u64;
                let message = wire::decode(lane, &frame)
                    .map_err(|error| Violation::Engine(format!("peer {place} sends: {error}")))?;
                if matches!(message, Message::Deliver(_) | Message::Chunk { .. }) {
                    self.deliveries += 1;
                }
                self.net.send(now, place, link, lane, message, bytes);
            }
            Effect::Dial { peer, .. } => self.net.dial(now, place, peer),
            Effect::Close { link } => self.net.close(now, place, link),
            Effect::Report(report) => return self.reported(place, report),
            Effect::Scan { .. }
            | Effect::Read { .. }
            | Effect::Outline { .. }
            | Effect::ReadChunk { .. }
            | Effect::PutChunk { .. }
            | Effect::Load { .. }
            | Effect::LoadText { .. }
            | Effect::LoadPacks { .. }
            | Effect::Compute { .. } => {
                self.after(slow, Event::Do(place, life, Box::new(effect)));
            }
        }
        Ok(())
    }

    fn reported(&mut self, place: Place, report: Report) -> Result<(), Violation> {
        match report {
            Report::InSync(peer, digest) => {
                let other = self.peers.iter().find(|it| it.id == peer);
                if other.is_none_or(|it| !it.digests.contains(&digest)) {
                    let what = format!("{} at {digest}", peer.short());
                    return Err(Violation::FalseInSync { peer: place, what });
                }
            }
            Report::Paired(..) => self.peers[place].paired = true,
            Report::Failed(why) => {
                return Err(Violation::Engine(format!("peer {place} failed: {why}")));
            }
            Report::Brake { .. } if self.plan.habits == Habits::Careless => self.braked += 1,
            // What was seen just before all was healed may be heard just after.
            Report::Brake { reason, .. }
                if self.healed && self.now.0 > self.plan.span_ms + self.plan.slow_ms =>
            {
                return Err(Violation::Engine(format!("peer {place} braked: {reason}")));
            }
            Report::Ready { .. } => self.people.looked(place),
            Report::PeerConnected(_)
            | Report::PeerDisconnected(..)
            | Report::PeerRefused(..)
            | Report::TakenIn { .. }
            | Report::Sent { .. }
            | Report::Written { .. }
            | Report::Renamed { .. }
            | Report::Deleted { .. }
            | Report::Merged(_)
            | Report::Conflict(..)
            | Report::HeldBack { .. }
            | Report::Problem(_)
            | Report::Brake { .. }
            | Report::Progress { .. }
            | Report::Done(..)
            | Report::Stopped => {}
        }
        Ok(())
    }

    /// Carries out what was asked for; the answer comes later.
    pub(super) fn carry_out(&mut self, place: Place, effect: Effect) -> Result<(), Violation> {
        let now = self.now;
        let peer = &mut self.peers[place];
        peer.set_disk_clock(now);
        let answer = match effect {
            Effect::Scan { op } => Input::Scanned { op, result: peer.disk.walk() },
            Effect::Read { op, path, .. } => Input::Read { op, observed: peer.disk.look(&path) },
            Effect::Step { op, step } => {
                let result = peer.disk.apply(&step);
                self.judge_overwrites(place)?;
                let due = now.plus_ms(self.rng.between(0, self.plan.slow_ms));
                let due = due.max(self.peers[place].durable_at);
                self.peers[place].durable_at = due;
                let life = self.peers[place].life;
                self.at(due, Event::Durable(place, life, op, result));
                return Ok(());
            }
            Effect::Outline { op, from, content } => {
                Input::Outlined { op, result: peer.disk.outline(&from, &content) }
            }
            Effect::ReadChunk { op, path, content, index } => {
                Input::ChunkRead { op, result: peer.disk.read_chunk(&path, &content, index) }
            }
            Effect::PutChunk { op, content, index, bytes } => {
                Input::ChunkPut { op, result: peer.disk.put_chunk(&content, index, bytes) }
            }
            Effect::Load { op, id } => Input::Loaded { op, result: peer.store.document(&id) },
            Effect::LoadText { op, hash } => {
                Input::TextLoaded { op, result: Ok(peer.store.text(&hash)) }
            }
            Effect::LoadPacks { op, texts, .. } => {
                Input::PacksLoaded { op, result: Ok(peer.store.packs(&texts)) }
            }
            Effect::Compute { op, job } => Input::Computed { op, result: Ok(Box::new(job.run())) },
            Effect::Append { .. }
            | Effect::KeepTexts { .. }
            | Effect::Dial { .. }
            | Effect::Send { .. }
            | Effect::Close { .. }
            | Effect::Report(_) => return Ok(()),
        };
        let life = self.peers[place].life;
        self.after(self.plan.slow_ms, Event::Hear(place, life, Box::new(answer)));
        Ok(())
    }

    fn judge_overwrites(&mut self, place: Place) -> Result<(), Violation> {
        let lost = self.peers[place].disk.take_overwritten();
        match lost.into_iter().find(|it| !it.shown) {
            None => Ok(()),
            Some(lost) => Err(Violation::OverwroteUnseen {
                peer: place,
                what: format!("{} held {}", lost.path, lost.content.hash),
            }),
        }
    }

    /// The oldest batch in line becomes durable, or is refused.
    pub(super) fn keep(&mut self, place: Place) -> Result<(), Violation> {
        let peer = &mut self.peers[place];
        if peer.store_full {
            let why = "simulated: disk-full".to_owned();
            return match peer.store.refuse() {
                Some((op, Done::Wrote(_))) => {
                    self.hear(place, Input::Appended { op, result: Err(why) })
                }
                Some((op, Done::Tidied)) => {
                    self.hear(place, Input::TextsKept { op, result: Err(why) })
                }
                None => Ok(()),
            };
        }
        match peer.store.answer() {
            Some((op, Done::Wrote(writes))) => {
                self.note_kept(place, &writes)?;
                self.hear(place, Input::Appended { op, result: Ok(()) })
            }
            Some((op, Done::Tidied)) => {
                self.hear(place, Input::TextsKept { op, result: Ok(false) })
            }
            None => Ok(()),
        }
    }

    /// Tells the judge of durability what a store holds now.
    pub(super) fn note_kept(
        &mut self,
        place: Place,
        writes: &[crate::model::Write],
    ) -> Result<(), Violation> {
        let peer = &mut self.peers[place];
        let store = &peer.store;
        peer.durable
            .kept(writes, |id| store.document(id).ok().flatten())
            .map_err(|what| Violation::NotDurable { peer: place, what })
    }

    /// When the world's time is `tick`.
    pub(super) fn is_past(&self, tick: Tick) -> bool {
        self.now > tick
    }
}
