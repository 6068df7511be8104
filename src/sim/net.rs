//! Simulated links: late, out of order between lanes, cut at any moment, made twice at once.
//!
//! - Shape: connections between two peers; each end has a link number of its own, seen up once and
//!   down once. What is sent travels as [`Event`]s that the world brings back when their time came.
//! - Order: within a lane messages keep theirs; lanes overtake each other.
//! - Two connections at once: the end with the smaller id decides, and keeps the first that reaches
//!   it while both processes are the ones that made it, as `net` does.
//! - Cut: everything in flight is lost, and each end hears of it in its own time.

use std::collections::{BTreeMap, BTreeSet};

use super::rng::Rng;
use crate::engine::{DialError, Input, LinkId};
use crate::model::{PeerId, Tick};
use crate::wire::{Lane, Message};

/// A peer's position in the world; positions are ordered as the peers' ids.
pub(crate) type Place = usize;

/// One of the two ends of a connection: 0 is the smaller peer.
type End = usize;

/// Something that the network does at its time.
#[derive(Debug)]
pub(crate) enum Event {
    /// A connection reaches the end that decides.
    Arrive(u64),
    /// A connection stands, at this end.
    Up(u64, End),
    /// A connection is gone, at this end.
    Down(u64, End, &'static str),
    /// A message comes out, at this end.
    Deliver(u64, End, Lane, Box<Message>, u64),
    /// The transport took a message, at this end.
    Sent(u64, End, Lane, u64),
    /// A dial came to nothing.
    DialFailed(Place, u64, Place),
}

/// How late things are, in milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Latency {
    /// Longest way from end to end.
    pub(crate) way_ms: u64,
    /// Longest wait until the transport takes a message.
    pub(crate) taken_ms: u64,
    /// Longest time until an end hears of a cut.
    pub(crate) notice_ms: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sight {
    Nothing,
    Up,
    Down,
}

#[derive(Debug)]
struct Connection {
    ends: [Place; 2],
    dialler: Place,
    lives: [u64; 2],
    links: [LinkId; 2],
    sight: [Sight; 2],
    /// Whether the down of this end is on its way.
    ending: [bool; 2],
    /// Whether this end said that it sends nothing more.
    finished: [bool; 2],
    cut: bool,
    standing: bool,
    /// When the last message of each lane comes out at this end.
    last: [[u64; 4]; 2],
}

/// All links of a world.
#[derive(Debug)]
pub(crate) struct Net {
    ids: Vec<PeerId>,
    /// The life of each peer's process; `None` while it is down.
    lives: Vec<Option<u64>>,
    blocked: BTreeSet<(Place, Place)>,
    connections: BTreeMap<u64, Connection>,
    next: u64,
    latency: Latency,
    rng: Rng,
    due: Vec<(Tick, Event)>,
    /// The planted fault: one message in this many is swallowed; zero for none.
    swallow: u64,
}

impl Net {
    /// A network between these peers, ids ascending, none of them running.
    pub(crate) fn new(ids: Vec<PeerId>, latency: Latency, rng: Rng) -> Self {
        Self {
            lives: vec![None; ids.len()],
            ids,
            blocked: BTreeSet::new(),
            connections: BTreeMap::new(),
            next: 1,
            latency,
            rng,
            due: Vec::new(),
            swallow: 0,
        }
    }

    /// Plants a fault: about one message in `times` is lost without a word.
    pub(crate) fn set_swallow(&mut self, times: u64) {
        self.swallow = times;
    }

    /// What happens when, since the last call; each comes back through [`Net::on`].
    pub(crate) fn take_due(&mut self) -> Vec<(Tick, Event)> {
        std::mem::take(&mut self.due)
    }

    /// A process starts.
    pub(crate) fn start(&mut self, peer: Place, life: u64) {
        self.lives[peer] = Some(life);
    }

    /// A process ends without a word; its connections are cut.
    pub(crate) fn stop(&mut self, now: Tick, peer: Place) {
        self.lives[peer] = None;
        self.cut_where(now, "the peer vanished", |ends| ends.contains(&peer));
    }

    /// Cuts two peers off from each other.
    pub(crate) fn block(&mut self, now: Tick, a: Place, b: Place) {
        let pair = (a.min(b), a.max(b));
        self.blocked.insert(pair);
        self.cut_where(now, "the network is gone", |ends| ends == [pair.0, pair.1]);
    }

    /// Brings two peers together again.
    pub(crate) fn unblock(&mut self, a: Place, b: Place) {
        self.blocked.remove(&(a.min(b), a.max(b)));
    }

    /// Cuts the connection of two peers, once.
    pub(crate) fn cut(&mut self, now: Tick, a: Place, b: Place) {
        let pair = [a.min(b), a.max(b)];
        self.cut_where(now, "the connection broke", |ends| ends == pair);
    }

    fn cut_where(&mut self, now: Tick, why: &'static str, which: impl Fn([Place; 2]) -> bool) {
        let numbers: Vec<u64> = self
            .connections
            .iter()
            .filter(|(_, it)| which(it.ends) && !it.cut)
            .map(|(number, _)| *number)
            .collect();
        for number in numbers {
            self.cut_one(now, number, why);
        }
    }

    fn cut_one(&mut self, now: Tick, number: u64, why: &'static str) {
        let Some(it) = self.connections.get_mut(&number) else {
            return;
        };
        it.cut = true;
        if !it.standing {
            // Nobody saw it; the dial fails in its own time.
            return;
        }
        for end in [0, 1] {
            if !it.ending[end] {
                it.ending[end] = true;
                let due = now.plus_ms(self.rng.between(0, self.latency.notice_ms));
                self.due.push((due, Event::Down(number, end, why)));
            }
        }
    }

    /// Connects `from` to the peer named.
    pub(crate) fn dial(&mut self, now: Tick, from: Place, peer: PeerId) {
        let way = self.rng.between(1, self.latency.way_ms);
        let to = self.ids.iter().position(|id| *id == peer);
        let Some((to, [Some(ours), Some(theirs)])) =
            to.map(|to| (to, [self.lives[from], self.lives[to]]))
        else {
            let life = self.lives[from].unwrap_or_default();
            let due = now.plus_ms(self.rng.between(1, 10_000));
            let to = to.unwrap_or(from);
            self.due.push((due, Event::DialFailed(from, life, to)));
            return;
        };
        let ends = [from.min(to), from.max(to)];
        let lives = if from < to { [ours, theirs] } else { [theirs, ours] };
        let number = self.next;
        self.next += 1;
        self.connections.insert(
            number,
            Connection {
                ends,
                dialler: from,
                lives,
                links: [LinkId(number * 2), LinkId(number * 2 + 1)],
                sight: [Sight::Nothing; 2],
                ending: [false; 2],
                finished: [false; 2],
                cut: self.blocked.contains(&(ends[0], ends[1])),
                standing: false,
                last: [[0; 4]; 2],
            },
        );
        self.due.push((now.plus_ms(way), Event::Arrive(number)));
    }

    /// Takes one message from a peer. A link that is gone swallows it.
    pub(crate) fn send(
        &mut self,
        now: Tick,
        from: Place,
        link: LinkId,
        lane: Lane,
        message: Message,
        bytes: u64,
    ) {
        let Some((number, end)) = self.find(from, link) else {
            return;
        };
        let taken = now.plus_ms(self.rng.between(0, self.latency.taken_ms));
        let way = self.rng.between(1, self.latency.way_ms);
        let swallowed = self.rng.once_in(self.swallow);
        let Some(it) = self.connections.get_mut(&number) else {
            return;
        };
        if it.sight[end] != Sight::Up || it.finished[end] {
            return;
        }
        self.due.push((taken, Event::Sent(number, end, lane, bytes)));
        if it.cut || swallowed {
            return;
        }
        let other = 1 - end;
        let last = &mut it.last[other][lane as usize];
        *last = (now.0 + way).max(*last);
        let event = Event::Deliver(number, other, lane, Box::new(message), bytes);
        self.due.push((Tick(*last), event));
    }

    /// Ends a link from one side, after what it sent.
    pub(crate) fn close(&mut self, now: Tick, from: Place, link: LinkId) {
        let Some((number, end)) = self.find(from, link) else {
            return;
        };
        let Some(it) = self.connections.get_mut(&number) else {
            return;
        };
        it.finished[end] = true;
        if it.cut || it.ending[end] {
            return;
        }
        let other = 1 - end;
        let last = it.last[other].iter().copied().max().unwrap_or_default();
        let heard = Tick(last.max(now.0)).plus_ms(self.rng.between(1, self.latency.way_ms));
        let back = heard.plus_ms(self.rng.between(1, self.latency.way_ms));
        for (end, due) in [(other, heard), (end, back)] {
            if !it.ending[end] {
                it.ending[end] = true;
                self.due.push((due, Event::Down(number, end, "closed")));
            }
        }
    }

    fn find(&self, from: Place, link: LinkId) -> Option<(u64, End)> {
        let number = link.0 / 2;
        let it = self.connections.get(&number)?;
        let end = usize::from(it.links[1] == link);
        let ours = it.ends[end] == from && self.lives[from] == Some(it.lives[end]);
        ours.then_some((number, end))
    }

    /// What the peers of the world hear of an event whose time came.
    pub(crate) fn on(&mut self, now: Tick, event: Event) -> Vec<(Place, Input)> {
        match event {
            Event::Arrive(number) => self.arrive(now, number),
            Event::Up(number, end) => self.up(number, end),
            Event::Down(number, end, why) => self.down(number, end, why),
            Event::Deliver(number, end, lane, message, wire_bytes) => {
                self.deliver(number, end, lane, *message, wire_bytes)
            }
            Event::Sent(number, end, lane, wire_bytes) => {
                let Some(it) = self.seen_up(number, end) else {
                    return Vec::new();
                };
                let input = Input::Sent { link: it.links[end], lane, wire_bytes };
                vec![(it.ends[end], input)]
            }
            Event::DialFailed(from, life, to) => {
                if self.lives[from] != Some(life) {
                    return Vec::new();
                }
                let input = Input::DialFailed {
                    peer: self.ids[to],
                    reason: DialError::Unreachable("nobody answers".into()),
                };
                vec![(from, input)]
            }
        }
    }

    fn seen_up(&self, number: u64, end: End) -> Option<&Connection> {
        self.connections.get(&number).filter(|it| {
            it.sight[end] == Sight::Up && self.lives[it.ends[end]] == Some(it.lives[end])
        })
    }

    fn arrive(&mut self, now: Tick, number: u64) -> Vec<(Place, Input)> {
        let Some(it) = self.connections.get(&number) else {
            return Vec::new();
        };
        let (ends, lives, dialler) = (it.ends, it.lives, it.dialler);
        let alive = (0..2).all(|end| self.lives[ends[end]] == Some(lives[end]));
        if it.cut || !alive {
            let to = if dialler == ends[0] { ends[1] } else { ends[0] };
            let life = if dialler == ends[0] { lives[0] } else { lives[1] };
            self.connections.remove(&number);
            let due = now.plus_ms(self.rng.between(1, 10_000));
            self.due.push((due, Event::DialFailed(dialler, life, to)));
            return Vec::new();
        }
        let rivals: Vec<u64> = self
            .connections
            .iter()
            .filter(|(_, rival)| rival.ends == ends && rival.standing)
            .map(|(number, _)| *number)
            .collect();
        let mut news = Vec::new();
        for rival in rivals {
            let Some(it) = self.connections.get(&rival) else {
                continue;
            };
            if !it.cut && it.lives == lives && it.ending == [false; 2] {
                // The dialler hears, or heard, of the one that is kept.
                self.connections.remove(&number);
                return news;
            }
            for end in [0, 1] {
                news.extend(self.up_first(rival, end));
                news.extend(self.down(rival, end, "a newer connection took its place"));
            }
        }
        let way = self.rng.between(1, self.latency.way_ms);
        if let Some(it) = self.connections.get_mut(&number) {
            it.standing = true;
            self.due.push((now, Event::Up(number, 0)));
            self.due.push((now.plus_ms(way), Event::Up(number, 1)));
        }
        news
    }

    /// An end that never saw it stand is told so, before it is told that it is gone.
    fn up_first(&mut self, number: u64, end: End) -> Vec<(Place, Input)> {
        let unseen =
            self.connections.get(&number).is_some_and(|it| it.sight[end] == Sight::Nothing);
        if unseen { self.up(number, end) } else { Vec::new() }
    }

    fn up(&mut self, number: u64, end: End) -> Vec<(Place, Input)> {
        let Some(it) = self.connections.get_mut(&number) else {
            return Vec::new();
        };
        let (us, them) = (it.ends[end], it.ends[1 - end]);
        if it.sight[end] != Sight::Nothing || self.lives[us] != Some(it.lives[end]) {
            return Vec::new();
        }
        it.sight[end] = Sight::Up;
        let input =
            Input::LinkUp { link: it.links[end], peer: self.ids[them], dialled: it.dialler == us };
        vec![(us, input)]
    }

    fn down(&mut self, number: u64, end: End, why: &'static str) -> Vec<(Place, Input)> {
        let mut news = self.up_first(number, end);
        let Some(it) = self.connections.get_mut(&number) else {
            return news;
        };
        it.ending[end] = true;
        let us = it.ends[end];
        if it.sight[end] == Sight::Up && self.lives[us] == Some(it.lives[end]) {
            let input = Input::LinkDown { link: it.links[end], reason: why.to_owned() };
            news.push((us, input));
        }
        it.sight[end] = Sight::Down;
        if it.sight == [Sight::Down; 2] {
            self.connections.remove(&number);
        }
        news
    }

    fn deliver(
        &mut self,
        number: u64,
        end: End,
        lane: Lane,
        message: Message,
        wire_bytes: u64,
    ) -> Vec<(Place, Input)> {
        let cut = self.connections.get(&number).is_none_or(|it| it.cut);
        if cut {
            return Vec::new();
        }
        let mut news = self.up_first(number, end);
        if let Some(it) = self.seen_up(number, end) {
            let input = Input::Message { link: it.links[end], lane, message, wire_bytes };
            news.push((it.ends[end], input));
        }
        news
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::Bye;

    const SLOW: Latency = Latency { way_ms: 50, taken_ms: 10, notice_ms: 500 };

    struct Line {
        net: Net,
        queue: BTreeMap<(u64, u64), Event>,
        count: u64,
        now: Tick,
        heard: Vec<(Place, Input)>,
    }

    impl Line {
        fn new(seed: u64) -> Self {
            let ids = vec![PeerId([1; 32]), PeerId([2; 32])];
            let mut net = Net::new(ids, SLOW, Rng::new(seed));
            net.start(0, 1);
            net.start(1, 1);
            Self { net, queue: BTreeMap::new(), count: 0, now: Tick(0), heard: Vec::new() }
        }

        fn fill(&mut self) {
            for (due, event) in self.net.take_due() {
                self.count += 1;
                self.queue.insert((due.0.max(self.now.0), self.count), event);
            }
        }

        fn step(&mut self) -> bool {
            self.fill();
            let Some(((tick, _), event)) = self.queue.pop_first() else {
                return false;
            };
            self.now = Tick(tick);
            let news = self.net.on(self.now, event);
            self.heard.extend(news);
            true
        }

        fn rest(&mut self) {
            while self.step() {}
        }

        fn standing(&self, peer: Place) -> Vec<LinkId> {
            let mut links = Vec::new();
            for (place, input) in &self.heard {
                match input {
                    Input::LinkUp { link, .. } if *place == peer => links.push(*link),
                    Input::LinkDown { link, .. } if *place == peer => {
                        assert!(links.contains(link), "down without up");
                        links.retain(|it| it != link);
                    }
                    _ => {}
                }
            }
            links
        }
    }

    #[test]
    fn both_dial_and_one_link_stands() {
        for seed in 0..200 {
            let mut line = Line::new(seed);
            line.net.dial(line.now, 0, PeerId([2; 32]));
            line.net.dial(line.now, 1, PeerId([1; 32]));
            line.rest();
            let (a, b) = (line.standing(0), line.standing(1));
            assert_eq!((a.len(), b.len()), (1, 1), "seed {seed}");
            assert_eq!(a[0].0 / 2, b[0].0 / 2, "seed {seed}");
        }
    }

    #[test]
    fn lanes_keep_their_order_and_overtake_each_other() {
        let mut overtaken = false;
        for seed in 0..50 {
            let mut line = Line::new(seed);
            line.net.dial(line.now, 0, PeerId([2; 32]));
            line.rest();
            let link = line.standing(0)[0];
            for number in 0..20_u16 {
                let lane = if number % 2 == 0 { Lane::Control } else { Lane::Bulk };
                let message = Message::Bye(Bye::Version(number));
                line.net.send(line.now, 0, link, lane, message, 1);
            }
            line.rest();
            let got = |of: Lane| -> Vec<u16> {
                line.heard
                    .iter()
                    .filter_map(|(_, input)| match input {
                        Input::Message {
                            lane,
                            message: Message::Bye(Bye::Version(number)),
                            ..
                        } if *lane == of => Some(*number),
                        _ => None,
                    })
                    .collect()
            };
            assert_eq!(got(Lane::Control), (0..20).step_by(2).collect::<Vec<_>>());
            assert_eq!(got(Lane::Bulk), (1..20).step_by(2).collect::<Vec<_>>());
            let sent = line.heard.iter().filter(|(_, it)| matches!(it, Input::Sent { .. }));
            assert_eq!(sent.count(), 20);
            let all: Vec<u16> = line
                .heard
                .iter()
                .filter_map(|(_, input)| match input {
                    Input::Message { message: Message::Bye(Bye::Version(number)), .. } => {
                        Some(*number)
                    }
                    _ => None,
                })
                .collect();
            overtaken |= !all.is_sorted();
        }
        assert!(overtaken);
    }

    #[test]
    fn a_cut_loses_what_is_in_flight_and_both_ends_hear() {
        let mut line = Line::new(5);
        line.net.dial(line.now, 0, PeerId([2; 32]));
        line.rest();
        let link = line.standing(0)[0];
        line.net.send(line.now, 0, link, Lane::Live, Message::Compared, 1);
        line.net.block(line.now, 0, 1);
        line.rest();
        assert!(line.standing(0).is_empty() && line.standing(1).is_empty());
        let got = line.heard.iter().any(|(_, it)| matches!(it, Input::Message { .. }));
        assert!(!got);
        line.net.dial(line.now, 0, PeerId([2; 32]));
        line.rest();
        assert!(matches!(line.heard.last(), Some((0, Input::DialFailed { .. }))));
        line.net.unblock(0, 1);
        line.net.dial(line.now, 1, PeerId([1; 32]));
        line.rest();
        assert_eq!(line.standing(1).len(), 1);
    }

    #[test]
    fn closing_delivers_what_was_sent_before() {
        for seed in 0..50 {
            let mut line = Line::new(seed);
            line.net.dial(line.now, 0, PeerId([2; 32]));
            line.rest();
            let link = line.standing(0)[0];
            line.net.send(line.now, 0, link, Lane::Bulk, Message::Compared, 1);
            line.net.close(line.now, 0, link);
            line.rest();
            let got = line.heard.iter().position(|(_, it)| matches!(it, Input::Message { .. }));
            let down = line
                .heard
                .iter()
                .position(|(at, it)| *at == 1 && matches!(it, Input::LinkDown { .. }));
            assert!(got.unwrap() < down.unwrap());
            assert!(line.standing(0).is_empty());
        }
    }

    #[test]
    fn a_restarted_peer_takes_the_place_of_its_dead_link() {
        for seed in 0..100 {
            let mut line = Line::new(seed);
            line.net.dial(line.now, 0, PeerId([2; 32]));
            line.rest();
            line.net.stop(line.now, 1);
            line.net.start(1, 2);
            line.net.dial(line.now, 1, PeerId([1; 32]));
            line.rest();
            assert_eq!(line.standing(0).len(), 1, "seed {seed}");
        }
    }
}
