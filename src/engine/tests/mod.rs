//! Engines against the smallest possible world: one map for each disk and store, messages that
//! arrive at once. The seeded world with failures is `sim`.

mod background;
mod brakes;
mod copies;
mod mesh;
mod packs;
mod silence;
mod stops;
mod texts;
mod trades;
mod travels;

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::*;
use crate::docs::Birth;
use crate::model::*;
use crate::wire::{self, Body, Delivery, Lane, Message};

struct Peer {
    engine: Engine,
    id: PeerId,
    disk: BTreeMap<VaultPath, (Vec<u8>, Stamp)>,
    folders: std::collections::BTreeSet<VaultPath>,
    parts: BTreeMap<ContentHash, BTreeMap<u32, Vec<u8>>>,
    documents: BTreeMap<FileId, StoredDocument>,
    texts: BTreeMap<ContentHash, Vec<u8>>,
    /// How many texts its store has in one pack.
    pack_texts: usize,
    files: BTreeMap<FileId, Vec<u8>>,
    members: BTreeMap<PeerId, Vec<u8>>,
    meta: BTreeMap<String, Vec<u8>>,
    inbox: VecDeque<Input>,
    reports: Vec<Report>,
    clock: i64,
    /// Places where its disk takes nothing.
    refused: std::collections::BTreeSet<VaultPath>,
    /// What was looked at, and what was known of its writer.
    looks: Vec<(VaultPath, Writer)>,
    /// A disk that takes its time, with a watcher that does not: its answers, and when they come.
    slow: Option<VecDeque<(Tick, Input)>>,
    /// While there are some, the store takes its time: what it was given and has not answered.
    unanswered: Option<Vec<Op>>,
}

const VAULT: VaultId = VaultId([9; 16]);

fn path(text: &str) -> VaultPath {
    VaultPath::parse(text).unwrap()
}

impl Peer {
    fn new(number: u8, stay: bool) -> Self {
        Self {
            engine: Engine::new(Tick(0), Self::setup(number, stay)),
            id: PeerId([number; 32]),
            disk: BTreeMap::new(),
            folders: std::collections::BTreeSet::new(),
            parts: BTreeMap::new(),
            documents: BTreeMap::new(),
            texts: BTreeMap::new(),
            pack_texts: 64,
            files: BTreeMap::new(),
            members: BTreeMap::new(),
            meta: BTreeMap::new(),
            inbox: VecDeque::new(),
            reports: vec![],
            clock: i64::from(number) * 1_000_000_000,
            refused: std::collections::BTreeSet::new(),
            looks: vec![],
            slow: None,
            unanswered: None,
        }
    }

    fn setup(number: u8, stay: bool) -> Setup {
        Setup {
            vault: VAULT,
            me: PeerId([number; 32]),
            name: format!("peer {number}"),
            life: Life([number; 16]),
            config: Config::default(),
            files: Known::default(),
            peers: vec![],
            meta: vec![],
            ledger: Vec::new(),
            wall: WallMs(1_000_000),
            stay_connected: stay,
        }
    }

    fn stamp(&mut self, size: usize, inode: u64) -> Stamp {
        self.clock += 1_000_000;
        let inode = if inode == 0 { u64::try_from(self.clock).unwrap() } else { inode };
        Stamp {
            size: size as u64,
            mtime_ns: self.clock,
            ctime_ns: self.clock,
            inode,
            birth_ns: i64::try_from(inode).unwrap(),
        }
    }

    fn save(&mut self, name: &str, text: &str) {
        let place = path(name);
        let inode = self.disk.get(&place).map_or(0, |it| it.1.inode);
        let stamp = self.stamp(text.len(), inode);
        self.disk.insert(place.clone(), (text.as_bytes().to_vec(), stamp));
        self.inbox.push_back(Input::Hint(vec![Hint::Path(place)]));
    }

    fn rename(&mut self, from: &str, to: &str) {
        let file = self.disk.remove(&path(from)).unwrap();
        self.disk.insert(path(to), file);
        let hints = vec![Hint::Path(path(from)), Hint::Path(path(to))];
        self.inbox.push_back(Input::Hint(hints));
    }

    fn remove(&mut self, name: &str) {
        self.disk.remove(&path(name)).unwrap();
        self.inbox.push_back(Input::Hint(vec![Hint::Path(path(name))]));
    }

    fn observe(&self, place: &VaultPath) -> Observed {
        match self.disk.get(place) {
            Some((bytes, stamp)) => {
                let kind = kind_of(place.name(), bytes);
                let text = (kind == Kind::Text).then(|| bytes.clone());
                Observed::File(Seen::new(*stamp, Content::of(bytes), kind, text))
            }
            None if self.disk.keys().any(|it| it.is_below(place)) => {
                Observed::Folder { empty: false, stamp: Stamp::default() }
            }
            None if self.folders.contains(place) => {
                Observed::Folder { empty: true, stamp: Stamp::default() }
            }
            None => Observed::Absent,
        }
    }

    fn step(&mut self, step: Step) -> Result<StepDone, StepError> {
        let held = |disk: &BTreeMap<VaultPath, (Vec<u8>, Stamp)>, place: &VaultPath| {
            disk.get(place).map(|it| Content::of(&it.0))
        };
        if let Step::Replace { path, .. } | Step::Rename { to: path, .. } = &step {
            let mut above = std::iter::successors(path.parent(), VaultPath::parent);
            if above.any(|folder| self.disk.contains_key(&folder)) {
                return Err(StepError::Problem(Problem {
                    path: path.to_string(),
                    kind: ProblemKind::Unwritable,
                    message: "a file lies where its folder must be".into(),
                }));
            }
        }
        match step {
            Step::Replace { path, .. } | Step::Rename { to: path, .. }
                if self.refused.contains(&path) =>
            {
                let (path, message) = (path.to_string(), "refused".to_owned());
                let kind = ProblemKind::Unwritable;
                Err(StepError::Problem(Problem { path, kind, message }))
            }
            Step::Replace { path, expected, source, .. } => {
                if held(&self.disk, &path) != expected {
                    return Err(StepError::Changed);
                }
                let sketch = source.sketch();
                let bytes = match source {
                    Source::Bytes(bytes) => bytes,
                    Source::CopyOf { path, .. } => self.disk[&path].0.clone(),
                    Source::Part(content) => match self.parts.remove(&content.hash) {
                        Some(part) => part.into_values().flatten().collect(),
                        None => return Err(StepError::SourceGone),
                    },
                };
                let stamp = self.stamp(bytes.len(), 0);
                self.disk.insert(path, (bytes, stamp));
                Ok(StepDone { stamp: Some(stamp), sketch })
            }
            Step::Remove { path, expected } => {
                if held(&self.disk, &path) != Some(expected) {
                    return Err(StepError::Changed);
                }
                self.disk.remove(&path);
                Ok(StepDone::at(None))
            }
            Step::Rename { from, to, expected } => {
                if held(&self.disk, &from) != Some(expected) || self.disk.contains_key(&to) {
                    return Err(StepError::Changed);
                }
                let file = self.disk.remove(&from).unwrap();
                let stamp = file.1;
                self.disk.insert(to, file);
                Ok(StepDone::at(Some(stamp)))
            }
            Step::MakeFolder(path) => {
                self.folders.insert(path);
                Ok(StepDone::at(Some(Stamp::default())))
            }
            Step::RemoveFolder(path) => {
                self.folders.remove(&path);
                Ok(StepDone::at(None))
            }
        }
    }

    fn keep(&mut self, writes: Vec<Write>) {
        for write in writes {
            match write {
                Write::File { id, record } => drop(self.files.insert(id, record)),
                Write::ForgetFile(id) => drop(self.files.remove(&id)),
                Write::Snapshot { id, bytes } => {
                    let stored = StoredDocument { snapshot: bytes, changes: vec![] };
                    self.documents.insert(id, stored);
                }
                Write::Changes { id, changes } => {
                    self.documents.entry(id).or_default().changes.extend(changes);
                }
                Write::Text { hash, bytes, .. } => drop(self.texts.insert(hash, bytes)),
                Write::Peer { id, record } => drop(self.members.insert(id, record)),
                Write::Meta { key, value } => drop(self.meta.insert(key, value)),
                Write::Ledger { .. } => {}
            }
        }
    }

    fn carry_out(&mut self, effect: Effect) -> Option<Out> {
        let told = if let Effect::Step { step: Step::Replace { path, .. }, .. } = &effect {
            Some(path.clone())
        } else {
            None
        };
        let input = match effect {
            Effect::Scan { op } => {
                let found = self
                    .disk
                    .iter()
                    .map(|(path, (_, stamp))| Found {
                        path: path.clone(),
                        stamp: *stamp,
                        empty_folder: false,
                    })
                    .collect();
                Input::Scanned { op, result: Ok(Walk { found, problems: vec![] }) }
            }
            Effect::Read { op, path, writer } => {
                let observed = self.observe(&path);
                self.looks.push((path, writer));
                Input::Read { op, observed }
            }
            Effect::Step { op, step } => Input::Stepped { op, result: self.step(step) },
            Effect::Outline { op, from: Shelf::File(path), .. } => {
                let outline = outline_of_bytes(&self.disk[&path].0);
                Input::Outlined { op, result: Ok(outline.into_iter().map(Some).collect()) }
            }
            Effect::Outline { op, from: Shelf::Part, content } => {
                let part = self.parts.get(&content.hash).cloned().unwrap_or_default();
                let count = u32::try_from(chunk_count(content.size)).unwrap();
                let outline = (0..count).map(|index| {
                    part.get(&index).and_then(|it| chunk_entry(content.size, index, it))
                });
                Input::Outlined { op, result: Ok(outline.collect()) }
            }
            Effect::ReadChunk { op, path, index, .. } => {
                let size = usize::try_from(CHUNK_BYTES).unwrap();
                let chunk =
                    |bytes: &Vec<u8>| bytes.chunks(size).nth(index as usize).unwrap().to_vec();
                let file = self.disk.get(&path).map(|file| chunk(&file.0));
                Input::ChunkRead { op, result: file.ok_or(StepError::SourceGone) }
            }
            Effect::PutChunk { op, content, index, bytes } => {
                self.parts.entry(content.hash).or_default().insert(index, bytes);
                Input::ChunkPut { op, result: Ok(()) }
            }
            Effect::Load { op, id } => {
                Input::Loaded { op, result: Ok(self.documents.get(&id).cloned()) }
            }
            Effect::LoadText { op, hash } => {
                Input::TextLoaded { op, result: Ok(self.texts.get(&hash).cloned()) }
            }
            Effect::LoadPacks { op, texts, .. } => {
                let kept: Vec<&[u8]> =
                    texts.iter().filter_map(|it| self.texts.get(it)).map(Vec::as_slice).collect();
                let packs = kept.chunks(self.pack_texts).map(wire::pack_of).collect();
                Input::PacksLoaded { op, result: Ok(packs) }
            }
            Effect::Append { op, writes } => {
                self.keep(writes.to_vec());
                if let Some(unanswered) = &mut self.unanswered {
                    unanswered.push(op);
                    return None;
                }
                Input::Appended { op, result: Ok(()) }
            }
            Effect::KeepTexts { op, keep } => {
                self.texts.retain(|hash, _| keep.contains(hash));
                Input::TextsKept { op, result: Ok(false) }
            }
            Effect::Compute { op, job } => Input::Computed { op, result: Ok(Box::new(job.run())) },
            Effect::Dial { peer, .. } => return Some(Out::Dial(peer)),
            Effect::Send { link, lane, message } => return Some(Out::Send(link, lane, message)),
            Effect::Close { link } => return Some(Out::Close(link)),
            Effect::Report(report) => {
                self.reports.push(report);
                return None;
            }
        };
        if let Some(slow) = &mut self.slow {
            // A step is told of before it is answered, and a look that began meanwhile ends after.
            let (now, told) = (self.engine.now, told);
            if let Some(path) = told {
                self.inbox.push_back(Input::Hint(vec![Hint::Whole(path)]));
                slow.push_back((now.plus_ms(6), input));
                return None;
            }
            if matches!(input, Input::Read { .. }) {
                slow.push_back((now.plus_ms(3), input));
                return None;
            }
        }
        self.inbox.push_back(input);
        None
    }

    fn texts_on_disk(&self) -> BTreeMap<String, String> {
        self.disk
            .iter()
            .map(|(path, (bytes, _))| {
                (path.to_string(), String::from_utf8_lossy(bytes).into_owned())
            })
            .collect()
    }
}

enum Out {
    Dial(PeerId),
    Send(LinkId, Lane, Message),
    Close(LinkId),
}

/// Which peer keeps what to itself.
type Withheld = (usize, fn(&Message) -> bool);

struct World {
    peers: Vec<Peer>,
    links: BTreeMap<LinkId, (usize, usize)>,
    now: Tick,
    apart: bool,
    messages: u64,
    dials: u64,
    delivered_on: Vec<Lane>,
    /// Chunks that crossed.
    chunks: u64,
    /// Of each pack that crossed, which files were delivered with it.
    packs: Vec<Vec<FileId>>,
    /// Documents that were delivered as a whole.
    wholes: usize,
    /// Pairs that do not reach each other, the smaller first.
    strangers: BTreeSet<(usize, usize)>,
    /// Everything said since the test began to listen: who, to whom, what.
    post: Option<Vec<(usize, usize, Message)>>,
    /// What one peer keeps to itself.
    withheld: Option<Withheld>,
    /// Between whom no file passes, in this direction.
    lost: BTreeSet<(usize, usize)>,
    rounds_limit: usize,
    /// A peer that reads no chunks, and those that wait for it.
    unread: Option<(usize, VecDeque<(usize, Input)>)>,
}

impl World {
    fn new(peers: usize) -> Self {
        let peers = (1..=peers).map(|it| Peer::new(u8::try_from(it).unwrap(), true)).collect();
        Self {
            peers,
            links: BTreeMap::new(),
            now: Tick(1),
            apart: false,
            messages: 0,
            dials: 0,
            delivered_on: vec![],
            chunks: 0,
            packs: vec![],
            wholes: 0,
            strangers: BTreeSet::new(),
            post: None,
            withheld: None,
            lost: BTreeSet::new(),
            rounds_limit: 20_000,
            unread: None,
        }
    }

    fn introduce(&mut self) {
        self.introduce_first(self.peers.len());
    }

    /// Makes members of the first `count` peers.
    fn introduce_first(&mut self, count: usize) {
        let members: Vec<Member> = self
            .peers
            .iter()
            .take(count)
            .map(|peer| Member {
                id: peer.id,
                name: peer.id.short(),
                name_version: 0,
                addresses: vec![],
                epoch: 0,
                removed: false,
            })
            .collect();
        for peer in self.peers.iter_mut().take(count) {
            peer.engine.on_members(&members);
            // The append of the members is answered like any other.
            while let Some(effect) = peer.engine.poll() {
                assert!(peer.carry_out(effect).is_none());
            }
        }
    }

    fn pass(&mut self, at: usize, out: Out) {
        match out {
            Out::Dial(peer) => {
                self.dials += 1;
                let to = self.peers.iter().position(|it| it.id == peer);
                let linked = |to| self.links.values().any(|it| *it == (at, to) || *it == (to, at));
                let strange = |to| self.strangers.contains(&(at.min(to), at.max(to)));
                let Some(to) = to.filter(|to| !self.apart && !strange(*to) && !linked(*to)) else {
                    let reason = DialError::Unreachable("nobody is there".into());
                    self.peers[at].inbox.push_back(Input::DialFailed { peer, reason });
                    return;
                };
                let link = LinkId(self.links.len() as u64 + self.now.0 * 1000);
                self.links.insert(link, (at, to));
                let me = self.peers[at].id;
                self.peers[at].inbox.push_back(Input::LinkUp { link, peer, dialled: true });
                self.peers[to].inbox.push_back(Input::LinkUp { link, peer: me, dialled: false });
            }
            Out::Send(link, lane, message) => {
                self.messages += 1;
                let packed = matches!(message, Message::Packed(_));
                let message = if packed {
                    let texts = wire::decode(lane, &wire::encode(&message)).unwrap();
                    self.packs.extend(in_pack(&texts));
                    texts
                } else {
                    message
                };
                if let Message::Deliver(deliveries) = &message {
                    self.delivered_on.push(lane);
                    let whole = |it: &&Delivery| matches!(it.body, Body::Document { .. });
                    self.wholes += deliveries.iter().filter(whole).count();
                }
                self.chunks += u64::from(matches!(message, Message::Chunk { .. }));
                let Some((a, b)) = self.links.get(&link) else { return };
                let to = if *a == at { *b } else { *a };
                let kept = self.withheld.is_some_and(|(who, what)| who == at && what(&message))
                    || self.lost.contains(&(at, to)) && matches!(message, Message::Deliver(_));
                if let Some(post) = &mut self.post {
                    post.push((at, to, message.clone()));
                }
                let message = Input::Message { link, lane, message, wire_bytes: 1 };
                let sent = Input::Sent { link, lane, wire_bytes: 1 };
                if let Some((who, waiting)) = &mut self.unread
                    && *who == to
                    && lane == Lane::Blob
                {
                    waiting.extend([(to, message), (at, sent)]);
                    return;
                }
                if !kept {
                    self.peers[to].inbox.push_back(message);
                }
                self.peers[at].inbox.push_back(sent);
            }
            Out::Close(link) => self.cut(link),
        }
    }

    fn cut(&mut self, link: LinkId) {
        if let Some((a, b)) = self.links.remove(&link) {
            for peer in [a, b] {
                let reason = "cut".to_owned();
                self.peers[peer].inbox.push_back(Input::LinkDown { link, reason });
            }
        }
    }

    fn part(&mut self) {
        self.apart = true;
        for link in self.links.keys().copied().collect::<Vec<_>>() {
            self.cut(link);
        }
    }

    /// Runs for `ms` milliseconds of simulated time, then checks that nothing is left to do.
    fn run(&mut self, ms: u64) {
        let end = self.now.plus_ms(ms);
        for at in 0..self.peers.len() {
            while let Some(effect) = self.peers[at].engine.poll() {
                if let Some(out) = self.peers[at].carry_out(effect) {
                    self.pass(at, out);
                }
            }
        }
        let mut rounds = 0;
        loop {
            rounds += 1;
            assert!(rounds < self.rounds_limit, "it never comes to rest");
            if !self.round() {
                let slow = self.peers.iter().filter_map(|it| it.slow.as_ref());
                let answers = slow.flatten().map(|(at, _)| *at);
                let next = self.peers.iter().filter_map(|it| it.engine.deadline());
                let next = next.chain(answers).min();
                match next {
                    Some(next) if next <= end => self.now = next.max(self.now.plus_ms(1)),
                    _ => break,
                }
            }
        }
        self.now = end;
    }

    /// One input for each peer that has one; whether there was any.
    fn round(&mut self) -> bool {
        let mut busy = false;
        for at in 0..self.peers.len() {
            let peer = &mut self.peers[at];
            let due = peer.engine.deadline().is_some_and(|due| due <= self.now);
            let answer = peer.slow.as_mut().and_then(|slow| {
                let next = slow.iter().position(|(at, _)| *at <= self.now)?;
                slow.remove(next).map(|(_, input)| input)
            });
            peer.inbox.extend(answer);
            let input = peer.inbox.pop_front().or_else(|| due.then_some(Input::Wake));
            let Some(input) = input else { continue };
            busy = true;
            peer.engine.handle(self.now, input);
            let mut outs = vec![];
            while let Some(effect) = peer.engine.poll() {
                outs.extend(peer.carry_out(effect));
            }
            for out in outs {
                self.pass(at, out);
            }
        }
        busy
    }

    fn assert_equal(&self) {
        let first = self.peers[0].texts_on_disk();
        for peer in &self.peers[1..] {
            assert_eq!(peer.texts_on_disk(), first, "{:#?}", peer.reports);
            assert_eq!(peer.engine.status().digest, self.peers[0].engine.status().digest);
        }
    }
}

/// The files that a delivery brings in a pack.
fn in_pack(message: &Message) -> Option<Vec<FileId>> {
    let Message::Deliver(deliveries) = message else { return None };
    deliveries.iter().map(|it| it.packed.as_ref().map(|_| it.id)).collect()
}

fn met(peers: usize) -> World {
    let mut world = World::new(peers);
    world.introduce();
    world.run(5000);
    world
}
