//! Files that changed places while nothing ran, or in a breath.

use std::collections::BTreeSet;

use super::*;

const A: &str = "# Of trees\n\nthe oak\n\nthe beech\n\nthe elm\n";
const B: &str = "# Of birds\n\nthe wren\n\nthe robin\n\nthe crow\n";
const C: &str = "# Of fish\n\nthe carp\n\nthe pike\n\nthe trout\n";

impl Peer {
    /// What the store holds now, as a device that is started on it and on this disk.
    pub(super) fn restarted(&self) -> Self {
        let number = self.id.0[0];
        let setup = Setup {
            files: self.files.clone().into_iter().collect(),
            peers: self.members.clone().into_iter().collect(),
            meta: self.meta.clone().into_iter().collect(),
            ..Self::setup(number, true)
        };
        let mut fresh = Self::new(number, true);
        fresh.engine = Engine::new(Tick(0), setup);
        fresh.disk.clone_from(&self.disk);
        fresh.parts.clone_from(&self.parts);
        fresh.documents.clone_from(&self.documents);
        fresh.texts.clone_from(&self.texts);
        fresh.files.clone_from(&self.files);
        fresh.members.clone_from(&self.members);
        fresh.meta.clone_from(&self.meta);
        fresh.clock = self.clock + 1_000_000_000;
        fresh
    }

    /// Carries out what is asked until `effects` were, then stops dead; whether that many came.
    fn dies_after(&mut self, now: Tick, effects: usize) -> bool {
        let mut left = effects;
        loop {
            while let Some(effect) = self.engine.poll() {
                if matches!(effect, Effect::Append { .. } | Effect::Step { .. }) {
                    if left == 0 {
                        return true;
                    }
                    left -= 1;
                }
                match self.carry_out(effect) {
                    Some(Out::Dial(peer)) => {
                        let reason = DialError::Unreachable("nobody is there".into());
                        self.inbox.push_back(Input::DialFailed { peer, reason });
                    }
                    Some(Out::Send(..) | Out::Close(_)) | None => {}
                }
            }
            let Some(input) = self.inbox.pop_front() else { return false };
            self.engine.handle(now, input);
        }
    }

    /// Renames while nobody looks.
    fn moves(&mut self, moves: &[(&str, &str)]) {
        for (from, to) in moves {
            let (bytes, mut stamp) = self.disk.remove(&path(from)).unwrap();
            self.clock += 1_000_000;
            stamp.ctime_ns = self.clock;
            assert!(self.disk.insert(path(to), (bytes, stamp)).is_none());
        }
    }

    fn writes(&mut self, name: &str, text: &str) {
        self.save(name, text);
        self.inbox.clear();
    }
}

const SWAP: [(&str, &str); 3] = [("a.md", "t"), ("b.md", "a.md"), ("t", "b.md")];

/// Two devices that hold `files` and do not hear from each other.
pub(super) fn apart_with(files: &[(&str, &str)]) -> World {
    let mut world = met(2);
    for (name, text) in files {
        world.peers[0].save(name, text);
    }
    world.run(5000);
    world.assert_equal();
    world.part();
    world.run(100);
    world
}

pub(super) fn restart(world: &mut World, at: usize) {
    world.peers[at] = world.peers[at].restarted();
}

pub(super) fn meet_again(world: &mut World) -> BTreeMap<String, String> {
    world.run(5000);
    world.apart = false;
    world.run(60_000);
    world.assert_equal();
    for peer in &world.peers {
        assert!(peer.engine.trades.is_empty());
        assert!(peer.engine.status().problems.is_empty());
    }
    world.peers[0].texts_on_disk()
}

fn texts(of: &[(&str, &str)]) -> BTreeMap<String, String> {
    of.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect()
}

#[test]
fn an_edit_follows_a_note_that_was_swapped_with_another_while_nothing_ran() {
    // By their numbers, with an edit, or by their contents alone.
    for way in ["renamed", "renamed and edited", "copied"] {
        let mut world = apart_with(&[("a.md", A), ("b.md", B)]);
        let here = &mut world.peers[0];
        let mut b_here = B.to_owned();
        if way == "copied" {
            here.writes("a.md", B);
            here.writes("b.md", A);
        } else {
            here.moves(&SWAP);
        }
        if way == "renamed and edited" {
            b_here = B.replace("the crow", "the raven");
            here.writes("a.md", &b_here);
        }
        restart(&mut world, 0);
        world.peers[1].save("a.md", &A.replace("the oak", "the old oak"));
        let told = meet_again(&mut world);
        let a = A.replace("the oak", "the old oak");
        assert_eq!(told, texts(&[("a.md", &b_here), ("b.md", &a)]), "{way}");
        let renamed = |it: &&Report| matches!(it, Report::Renamed { .. });
        assert_eq!(world.peers[0].reports.iter().filter(renamed).count(), 2, "{way}");
    }
}

#[test]
fn rings_and_chains_keep_their_notes_apart() {
    let ring = [("a.md", "t"), ("c.md", "a.md"), ("b.md", "c.md"), ("t", "b.md")];
    let chain = [("c.md", "d.md"), ("b.md", "c.md"), ("a.md", "b.md")];
    let edited = A.replace("the elm", "the young elm");
    for (moves, told) in [
        (ring.as_slice(), [("a.md", C), ("b.md", edited.as_str()), ("c.md", B)]),
        (chain.as_slice(), [("b.md", edited.as_str()), ("c.md", B), ("d.md", C)]),
    ] {
        for live in [false, true] {
            let mut world = apart_with(&[("a.md", A), ("b.md", B), ("c.md", C)]);
            if live {
                for (from, to) in moves {
                    world.peers[0].rename(from, to);
                }
            } else {
                world.peers[0].moves(moves);
                restart(&mut world, 0);
            }
            world.peers[1].save("a.md", &edited);
            assert_eq!(meet_again(&mut world), texts(&told), "live: {live}");
        }
    }
}

#[test]
fn files_replaced_by_folders_that_hold_each_other_find_their_places() {
    let rings: [&[(&str, &str)]; 3] = [
        &[("p", "t"), ("q", "p/q1"), ("t", "q/p1")],
        &[("p", "t"), ("t", "p/p/p1")],
        &[("p", "t"), ("q", "p/in/q1"), ("s/r", "q/r1"), ("t", "s/r/p1")],
    ];
    for moves in rings {
        let mut world = apart_with(&[("p", A), ("q", B), ("s/r", C)]);
        world.peers[0].moves(moves);
        restart(&mut world, 0);
        let all = meet_again(&mut world);
        assert_eq!(all.len(), 3, "{all:?}");
        for (_, to) in moves.iter().filter(|(_, to)| *to != "t") {
            assert!(all.contains_key(*to), "{to} is not in {all:?}");
        }
    }
}

#[test]
fn a_stop_on_the_way_to_such_places_is_no_renaming() {
    for effects in 0.. {
        let mut world = apart_with(&[("p", A), ("q", B)]);
        world.peers[0].moves(&[("p", "t"), ("q", "p/q1"), ("t", "q/p1")]);
        restart(&mut world, 0);
        world.run(5000);
        world.apart = false;
        let stopped = world.run_until_death_of(1, effects);
        world.part();
        world.run(100);
        restart(&mut world, 1);
        let all = meet_again(&mut world);
        assert_eq!(all, texts(&[("p/q1", B), ("q/p1", A)]), "after {effects} effects");
        if !stopped {
            assert!(effects > 6, "{effects}");
            break;
        }
    }
}

#[test]
fn attachments_that_were_swapped_take_their_replacements_along() {
    let mut world = apart_with(&[("a.png", "\0the first picture"), ("b.png", "\0the second one")]);
    world.peers[0].moves(&[("a.png", "t"), ("b.png", "a.png"), ("t", "b.png")]);
    restart(&mut world, 0);
    world.peers[1].save("a.png", "\0the first picture, cut");
    let told = meet_again(&mut world);
    let wanted = [("a.png", "\0the second one"), ("b.png", "\0the first picture, cut")];
    assert_eq!(told, texts(&wanted));
}

#[test]
fn a_swap_in_a_breath_is_one_whenever_its_halves_are_heard_of() {
    // So many milliseconds after each of the renames.
    for pauses in [[0, 0], [60, 60], [60, 110], [110, 60], [150, 150], [30, 400]] {
        let mut world = apart_with(&[("a.md", A), ("b.md", B)]);
        for ((from, to), pause) in SWAP.into_iter().zip(pauses.into_iter().chain([0])) {
            world.peers[0].rename(from, to);
            world.run(pause);
        }
        world.peers[1].save("a.md", &A.replace("the oak", "the old oak"));
        let told = meet_again(&mut world);
        let a = A.replace("the oak", "the old oak");
        assert_eq!(told, texts(&[("a.md", B), ("b.md", &a)]), "{pauses:?}");
    }
}

#[test]
fn what_is_not_certain_stays_an_edit() {
    // Both edited beyond recognition, short, or held by a third one as well.
    let files =
        [("a.md", A), ("b.md", B), ("s.md", "- [ ] s\n"), ("u.md", "- [ ] u\n"), ("v.md", C)];
    let mut world =
        apart_with(&[files.as_slice(), &[("w.md", C), ("x.md", "some other note\n")]].concat());
    let identity = |world: &World, name: &str| world.peers[0].engine.index.at(&path(name)).unwrap();
    let names: Vec<&str> = files.iter().map(|(name, _)| *name).collect();
    let before: Vec<FileId> = names.iter().map(|name| identity(&world, name)).collect();
    let here = &mut world.peers[0];
    for (name, text) in
        [("s.md", "- [ ] u\n"), ("u.md", "- [ ] s\n"), ("v.md", "some other note\n")]
    {
        here.writes(name, text);
    }
    here.writes("x.md", C);
    here.writes("a.md", B);
    restart(&mut world, 0);
    world.run(5000);
    let after: Vec<FileId> = names.iter().map(|name| identity(&world, name)).collect();
    assert_eq!(before, after);
    let told = meet_again(&mut world);
    assert_eq!((told["a.md"].as_str(), told["b.md"].as_str()), (B, B));
    assert_eq!((told["s.md"].as_str(), told["x.md"].as_str()), ("- [ ] u\n", C));
}

#[test]
fn a_stop_at_any_moment_of_a_swap_leaves_two_notes_under_two_names() {
    let edited = A.replace("the oak", "the old oak");
    let mut stops = 0;
    for dies in ["who swapped", "who was told"] {
        for effects in 0.. {
            let mut world = apart_with(&[("a.md", A), ("b.md", B)]);
            world.peers[0].moves(&SWAP);
            restart(&mut world, 0);
            world.peers[1].save("a.md", &edited);
            let stopped = if dies == "who swapped" {
                let now = world.now;
                let stopped = world.peers[0].dies_after(now, effects);
                restart(&mut world, 0);
                stopped
            } else {
                world.run(5000);
                world.apart = false;
                let stopped = world.run_until_death_of(1, effects);
                world.part();
                world.run(100);
                restart(&mut world, 1);
                stopped
            };
            stops += usize::from(stopped);
            let told = meet_again(&mut world);
            let wanted = texts(&[("a.md", B), ("b.md", &edited)]);
            assert_eq!(told, wanted, "{dies} after {effects} effects");
            let ids: BTreeSet<FileId> =
                world.peers[0].engine.index.iter().map(|it| *it.0).collect();
            assert_eq!(ids.len(), 2, "{dies} after {effects} effects: nothing is born");
            if !stopped {
                break;
            }
        }
    }
    assert!(stops > 6, "{stops}");
}

impl World {
    /// Runs until a device was asked for so many appends and steps, and stops it there; whether that
    /// many came.
    fn run_until_death_of(&mut self, dying: usize, effects: usize) -> bool {
        let end = self.now.plus_ms(60_000);
        let mut left = effects;
        while self.now < end {
            let mut idle = true;
            for at in 0..self.peers.len() {
                let peer = &mut self.peers[at];
                let due = peer.engine.deadline().is_some_and(|due| due <= self.now);
                let input = peer.inbox.pop_front().or_else(|| due.then_some(Input::Wake));
                let Some(input) = input else { continue };
                idle = false;
                peer.engine.handle(self.now, input);
                let mut outs = vec![];
                while let Some(effect) = peer.engine.poll() {
                    if at == dying && matches!(effect, Effect::Append { .. } | Effect::Step { .. })
                    {
                        if left == 0 {
                            while peer.engine.poll().is_some() {}
                            return true;
                        }
                        left -= 1;
                    }
                    outs.extend(peer.carry_out(effect));
                }
                for out in outs {
                    self.pass(at, out);
                }
            }
            if idle {
                let next = self.peers.iter().filter_map(|it| it.engine.deadline()).min();
                self.now = next.map_or(end, |next| next.max(self.now.plus_ms(1)));
            }
        }
        false
    }
}
