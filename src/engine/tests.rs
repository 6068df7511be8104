//! Engines against the smallest possible world: one map for each disk and store, messages that
//! arrive at once. The seeded world with failures is `sim`.

use std::collections::{BTreeMap, VecDeque};

use super::*;
use crate::docs::Birth;
use crate::model::*;
use crate::wire::Message;

struct Peer {
    engine: Engine,
    id: PeerId,
    disk: BTreeMap<VaultPath, (Vec<u8>, Stamp)>,
    folders: std::collections::BTreeSet<VaultPath>,
    parts: BTreeMap<ContentHash, BTreeMap<u32, Vec<u8>>>,
    documents: BTreeMap<FileId, StoredDocument>,
    texts: BTreeMap<ContentHash, Vec<u8>>,
    files: BTreeMap<FileId, Vec<u8>>,
    members: BTreeMap<PeerId, Vec<u8>>,
    meta: BTreeMap<String, Vec<u8>>,
    inbox: VecDeque<Input>,
    reports: Vec<Report>,
    clock: i64,
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
            files: BTreeMap::new(),
            members: BTreeMap::new(),
            meta: BTreeMap::new(),
            inbox: VecDeque::new(),
            reports: vec![],
            clock: i64::from(number) * 1_000_000_000,
        }
    }

    fn setup(number: u8, stay: bool) -> Setup {
        Setup {
            vault: VAULT,
            me: PeerId([number; 32]),
            name: format!("peer {number}"),
            life: Life([number; 16]),
            config: Config::default(),
            files: vec![],
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
                let kind = kind_of(bytes);
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
        match step {
            Step::Replace { path, expected, source, .. } => {
                if held(&self.disk, &path) != expected {
                    return Err(StepError::Changed);
                }
                let bytes = match source {
                    Source::Bytes(bytes) => bytes,
                    Source::CopyOf { path, .. } => self.disk[&path].0.clone(),
                    Source::Part(content) => {
                        self.parts.remove(&content.hash).unwrap().into_values().flatten().collect()
                    }
                };
                let stamp = self.stamp(bytes.len(), 0);
                self.disk.insert(path, (bytes, stamp));
                Ok(StepDone { stamp: Some(stamp) })
            }
            Step::Remove { path, expected } => {
                if held(&self.disk, &path) != Some(expected) {
                    return Err(StepError::Changed);
                }
                self.disk.remove(&path);
                Ok(StepDone { stamp: None })
            }
            Step::Rename { from, to, expected } => {
                if held(&self.disk, &from) != Some(expected) || self.disk.contains_key(&to) {
                    return Err(StepError::Changed);
                }
                let file = self.disk.remove(&from).unwrap();
                let stamp = file.1;
                self.disk.insert(to, file);
                Ok(StepDone { stamp: Some(stamp) })
            }
            Step::MakeFolder(path) => {
                self.folders.insert(path);
                Ok(StepDone { stamp: Some(Stamp::default()) })
            }
            Step::RemoveFolder(path) => {
                self.folders.remove(&path);
                Ok(StepDone { stamp: None })
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
                Write::Text { hash, bytes } => drop(self.texts.insert(hash, bytes)),
                Write::Peer { id, record } => drop(self.members.insert(id, record)),
                Write::Meta { key, value } => drop(self.meta.insert(key, value)),
                Write::Ledger { .. } => {}
            }
        }
    }

    fn carry_out(&mut self, effect: Effect) -> Option<Out> {
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
            Effect::Read { op, path } => Input::Read { op, observed: self.observe(&path) },
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
                let bytes = self.disk[&path].0.chunks(size).nth(index as usize).unwrap().to_vec();
                Input::ChunkRead { op, result: Ok(bytes) }
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
            Effect::Append { op, writes } => {
                self.keep(writes.to_vec());
                Input::Appended { op, result: Ok(()) }
            }
            Effect::Compute { op, job } => Input::Computed { op, result: Ok(Box::new(job.run())) },
            Effect::Dial { peer, .. } => return Some(Out::Dial(peer)),
            Effect::Send { link, message, .. } => return Some(Out::Send(link, message)),
            Effect::Close { link } => return Some(Out::Close(link)),
            Effect::Report(report) => {
                self.reports.push(report);
                return None;
            }
        };
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
    Send(LinkId, Message),
    Close(LinkId),
}

struct World {
    peers: Vec<Peer>,
    links: BTreeMap<LinkId, (usize, usize)>,
    now: Tick,
    apart: bool,
    messages: u64,
}

impl World {
    fn new(peers: usize) -> Self {
        let peers = (1..=peers).map(|it| Peer::new(u8::try_from(it).unwrap(), true)).collect();
        Self { peers, links: BTreeMap::new(), now: Tick(1), apart: false, messages: 0 }
    }

    fn introduce(&mut self) {
        let members: Vec<Member> = self
            .peers
            .iter()
            .map(|peer| Member {
                id: peer.id,
                name: peer.id.short(),
                name_version: 0,
                addresses: vec![],
                epoch: 0,
                removed: false,
            })
            .collect();
        for peer in &mut self.peers {
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
                let to = self.peers.iter().position(|it| it.id == peer).unwrap();
                let known = self.links.values().any(|it| *it == (at, to) || *it == (to, at));
                if self.apart || known {
                    let reason = DialError::Unreachable("nobody is there".into());
                    self.peers[at].inbox.push_back(Input::DialFailed { peer, reason });
                    return;
                }
                let link = LinkId(self.links.len() as u64 + self.now.0 * 1000);
                self.links.insert(link, (at, to));
                let me = self.peers[at].id;
                self.peers[at].inbox.push_back(Input::LinkUp { link, peer, dialled: true });
                self.peers[to].inbox.push_back(Input::LinkUp { link, peer: me, dialled: false });
            }
            Out::Send(link, message) => {
                self.messages += 1;
                let Some((a, b)) = self.links.get(&link) else { return };
                let to = if *a == at { *b } else { *a };
                let lane = crate::wire::Lane::Bulk;
                let input = Input::Message { link, lane, message, wire_bytes: 1 };
                self.peers[to].inbox.push_back(input);
                self.peers[at].inbox.push_back(Input::Sent { link, lane, wire_bytes: 1 });
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
            assert!(rounds < 20_000, "it never comes to rest");
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
                    outs.extend(peer.carry_out(effect));
                }
                for out in outs {
                    self.pass(at, out);
                }
            }
            if idle {
                let next = self.peers.iter().filter_map(|it| it.engine.deadline()).min();
                match next {
                    Some(next) if next <= end => self.now = next.max(self.now.plus_ms(1)),
                    _ => break,
                }
            }
        }
        self.now = end;
    }

    fn assert_equal(&self) {
        let first = self.peers[0].texts_on_disk();
        for peer in &self.peers[1..] {
            assert_eq!(peer.texts_on_disk(), first, "{:#?}", peer.reports);
            assert_eq!(peer.engine.status().digest, self.peers[0].engine.status().digest);
        }
    }
}

fn met(peers: usize) -> World {
    let mut world = World::new(peers);
    world.introduce();
    world.run(5000);
    world
}

#[test]
fn a_new_note_an_edit_a_rename_and_a_deletion_arrive() {
    let mut world = met(2);
    world.peers[0].save("a.md", "one\ntwo\n");
    world.run(3000);
    world.assert_equal();
    assert_eq!(world.peers[1].texts_on_disk()["a.md"], "one\ntwo\n");
    world.peers[1].save("a.md", "one\ntwo\nthree\n");
    world.run(3000);
    world.assert_equal();
    assert_eq!(world.peers[0].texts_on_disk()["a.md"], "one\ntwo\nthree\n");
    world.peers[0].rename("a.md", "folder/b.md");
    world.run(3000);
    world.assert_equal();
    assert!(world.peers[1].texts_on_disk().contains_key("folder/b.md"));
    world.peers[1].remove("folder/b.md");
    world.run(3000);
    world.assert_equal();
    assert!(world.peers[0].texts_on_disk().is_empty());
}

#[test]
fn two_that_are_apart_edit_one_note_and_both_edits_stand() {
    let mut world = met(2);
    world.peers[0].save("n.md", "alpha\n\nbeta\n\ngamma\n");
    world.run(3000);
    world.part();
    world.run(100);
    world.peers[0].save("n.md", "alpha here\n\nbeta\n\ngamma\n");
    world.peers[1].save("n.md", "alpha\n\nbeta\n\ngamma there\n");
    world.run(3000);
    world.apart = false;
    world.run(60_000);
    world.assert_equal();
    assert_eq!(world.peers[0].texts_on_disk()["n.md"], "alpha here\n\nbeta\n\ngamma there\n");
}

#[test]
fn one_note_born_on_both_sides_is_one_note() {
    let mut world = World::new(2);
    world.peers[0].save("daily.md", "# Monday\nfrom one\n");
    world.peers[1].save("daily.md", "# Monday\nfrom two\n");
    world.peers[0].save("same.md", "the same\n");
    world.peers[1].save("same.md", "the same\n");
    world.run(1000);
    world.introduce();
    world.run(60_000);
    world.assert_equal();
    let texts = world.peers[0].texts_on_disk();
    assert_eq!(texts.len(), 2, "{texts:?}");
    assert!(texts["daily.md"].contains("from one") && texts["daily.md"].contains("from two"));
    assert_eq!(texts["daily.md"].matches("# Monday").count(), 1);
}

#[test]
fn three_meet_and_a_big_attachment_travels_in_chunks() {
    let mut world = met(3);
    let big: String = "0123456789abcdef".repeat(100_000);
    world.peers[0].save("big.txt", &big);
    world.peers[1].save("small.bin", "a\0b");
    world.run(10_000);
    world.assert_equal();
    assert_eq!(world.peers[2].texts_on_disk()["big.txt"].len(), big.len());
    assert_eq!(world.peers[2].texts_on_disk()["small.bin"], "a\0b");
}

#[test]
fn a_deletion_loses_against_an_edit_it_had_not_seen() {
    let mut world = met(2);
    world.peers[0].save("n.md", "alpha\n");
    world.run(3000);
    world.part();
    world.run(100);
    world.peers[0].remove("n.md");
    world.peers[1].save("n.md", "alpha\nbeta\n");
    world.run(3000);
    world.apart = false;
    world.run(60_000);
    world.assert_equal();
    assert_eq!(world.peers[0].texts_on_disk()["n.md"], "alpha\nbeta\n");
}

#[test]
fn two_files_swap_names() {
    let mut world = met(2);
    world.peers[0].save("a.md", "this is a\n");
    world.peers[0].save("b.md", "this is b\n");
    world.run(3000);
    world.part();
    world.run(100);
    world.peers[0].rename("a.md", "c.md");
    world.peers[0].rename("b.md", "a.md");
    world.peers[0].rename("c.md", "b.md");
    world.run(3000);
    world.apart = false;
    world.run(60_000);
    world.assert_equal();
    assert_eq!(world.peers[1].texts_on_disk()["a.md"], "this is b\n");
}

#[test]
fn attachments_replaced_on_both_sides_are_both_kept() {
    let mut world = met(2);
    world.peers[0].save("p.png", "\0original");
    world.run(3000);
    world.part();
    world.run(100);
    world.peers[0].save("p.png", "\0of one");
    world.peers[1].save("p.png", "\0of two");
    world.run(3000);
    world.apart = false;
    world.run(60_000);
    world.assert_equal();
    let texts = world.peers[0].texts_on_disk();
    assert_eq!(texts.len(), 2, "{texts:?}");
    let all: String = texts.into_values().collect();
    assert!(all.contains("of one") && all.contains("of two"));
}

#[test]
fn nothing_is_said_once_all_agree() {
    let mut world = met(2);
    world.peers[0].save("a.md", "one\n");
    world.run(60_000);
    let before = world.messages;
    world.run(600_000);
    assert_eq!(world.messages, before);
}

/// What the disk shows of a file, for events that are put in line by hand.
fn seen_at(peer: &Peer, name: &str) -> Seen {
    let Observed::File(seen) = peer.observe(&path(name)) else {
        panic!("{name} is no file");
    };
    seen
}

#[test]
fn what_was_seen_before_a_move_was_taken_in_is_not_taken_for_a_deletion() {
    let mut world = met(2);
    world.peers[0].save("n.md", "alpha\n");
    world.run(3000);
    world.part();
    world.run(100);
    world.peers[1].save("n.md", "alpha\nbeta\n");
    world.run(3000);
    let peer = &mut world.peers[0];
    peer.rename("n.md", "m.md");
    peer.inbox.clear();
    let seen = seen_at(peer, "m.md");
    let (id, now) = (peer.engine.index.at(&path("n.md")).unwrap(), peer.engine.now);
    peer.engine.disk_event(id, task::Disk::Moved(path("m.md"), seen.clone()), now);
    peer.engine.disk_event(id, task::Disk::Gone(path("n.md")), now);
    peer.engine.disk_event(id, task::Disk::Edited(path("n.md"), seen), now);
    peer.inbox.push_back(Input::Wake);
    world.apart = false;
    world.run(60_000);
    world.assert_equal();
    let texts = world.peers[0].texts_on_disk();
    assert_eq!(texts, BTreeMap::from([("m.md".to_owned(), "alpha\nbeta\n".to_owned())]));
    let deleted = |report: &Report| matches!(report, Report::Deleted { .. });
    assert!(!world.peers[0].reports.iter().any(deleted));
}

#[test]
fn an_edit_of_a_file_that_left_its_record_is_merged_with_what_came_meanwhile() {
    let mut world = met(2);
    world.peers[0].save("n.md", "alpha\n");
    world.run(3000);
    let id = world.peers[0].engine.index.at(&path("n.md")).unwrap();
    // What the other wrote is known, and not on this disk yet.
    world.peers[0].engine.held.insert(id);
    world.peers[1].save("n.md", "alpha\nbeta\n");
    world.run(3000);
    let peer = &mut world.peers[0];
    assert_eq!(peer.texts_on_disk()["n.md"], "alpha\n");
    // Deleted and written anew between two looks.
    let (seen, now) = (seen_at(peer, "n.md"), peer.engine.now);
    peer.engine.disk_event(id, task::Disk::Gone(path("n.md")), now);
    peer.engine.disk_event(id, task::Disk::Edited(path("n.md"), seen), now);
    peer.engine.held.clear();
    peer.inbox.push_back(Input::Wake);
    world.run(60_000);
    world.assert_equal();
    let all: String = world.peers[0].texts_on_disk().into_values().collect();
    assert!(all.contains("beta"), "{all}");
}

#[test]
fn a_content_that_nobody_has_is_asked_for_ever_more_rarely_and_at_once_when_somebody_has_it() {
    let mut world = met(2);
    let bytes = "\0the only copy";
    let birth = Birth { vault: VAULT, path: path("p.png"), generation: 0 };
    let id = birth.file_id();
    for peer in &mut world.peers {
        let entry = entry::Entry {
            birth: birth.path.clone(),
            generation: 0,
            path: birth.path.clone(),
            kind: Kind::Blob,
            content: Content::of(bytes.as_bytes()),
            alive: true,
            heads: Heads::default(),
            mtime_ms: 0,
            base: None,
        };
        peer.engine.index.put(id, entry);
        peer.engine.wake(id);
        peer.inbox.push_back(Input::Wake);
    }
    let asked = |world: &mut World, minutes: u64| {
        let before = world.messages;
        world.run(minutes * 60_000);
        world.messages - before
    };
    let first = asked(&mut world, 10);
    assert!(first >= 4, "{first} messages");
    asked(&mut world, 60);
    let later = asked(&mut world, 60);
    assert!(later < first, "{later} messages in an hour, {first} in ten minutes");
    assert!(later > 0);
    world.peers[1].save("found.png", bytes);
    world.run(3000);
    world.assert_equal();
    assert_eq!(world.peers[0].texts_on_disk()["p.png"], bytes);
    assert_eq!(world.peers[0].texts_on_disk().len(), 2);
}

#[test]
fn of_two_files_recorded_at_one_place_the_disk_tells_which_lies_there() {
    for lying in [0, 1] {
        let mut world = met(1);
        world.peers[0].save("a.md", "this is a\n");
        world.peers[0].save("b.md", "this is b\n");
        world.run(3000);
        // As after a stop: one went, the other came, and only the second was durable.
        let (from, to) = [("b.md", "a.md"), ("a.md", "b.md")][lying];
        let peer = &mut world.peers[0];
        let came = peer.engine.index.at(&path(from)).unwrap();
        let mut record = peer.engine.index.get(&came).cloned().unwrap();
        record.base.as_mut().unwrap().path = path(to);
        record.path = path(to);
        peer.files.insert(came, record.encode());
        let mut fresh = Peer::new(1, true);
        let file = peer.disk.remove(&path(from)).unwrap();
        let gone = peer.disk.insert(path(to), file).unwrap();
        peer.disk.insert(path("gone.md"), gone);
        fresh.disk.clone_from(&peer.disk);
        fresh.texts.clone_from(&peer.texts);
        fresh.files.clone_from(&peer.files);
        let setup =
            Setup { files: peer.files.clone().into_iter().collect(), ..Peer::setup(1, true) };
        fresh.engine = Engine::new(Tick(0), setup);
        world.peers[0] = fresh;
        world.run(10_000);
        let peer = &world.peers[0];
        for (id, entry) in peer.engine.index.iter() {
            let base = entry.base.as_ref().expect("every file lies somewhere");
            assert_eq!(peer.engine.index.at(&base.path), Some(*id));
            assert_eq!(base.content, entry.content);
            assert_eq!(Content::of(&peer.disk[&base.path].0), entry.content);
        }
        let after = peer.engine.index.get(&came).unwrap();
        assert_eq!(after.content, record.content, "what lies there is not taken for an edit");
        let all: String = peer.texts_on_disk().into_values().collect();
        assert!(all.contains("this is a") && all.contains("this is b"), "{all}");
    }
}

#[test]
fn work_that_asks_for_the_text_it_was_given_is_a_problem_and_no_loop() {
    let mut world = met(1);
    world.peers[0].save("n.md", "alpha\n");
    world.run(3000);
    let peer = &mut world.peers[0];
    let (seen, now) = (seen_at(peer, "n.md"), peer.engine.now);
    let (id, content) = (peer.engine.index.at(&path("n.md")).unwrap(), seen.content);
    peer.engine.hold_task(id);
    let task = peer.engine.tasks.get_mut(&id).unwrap();
    task.texts.insert(content.hash, "alpha\n".into());
    let work = task::Work::Disk(task::Disk::Edited(path("n.md"), seen), now);
    peer.engine.gather_texts(id, work, vec![content]);
    while let Some(effect) = peer.engine.poll() {
        assert!(matches!(effect, Effect::Report(Report::Problem(_))), "{effect:?}");
    }
    assert_eq!(peer.engine.status().problems[0].path, "n.md");
    // It is tried again, but not at once.
    assert!(!peer.engine.tasks[&id].working);
    assert!(peer.engine.deadline().unwrap() > now.plus_ms(10_000));
    world.run(60_000);
    assert!(world.peers[0].engine.tasks.is_empty());
}

/// A vault of `files` notes on two devices that agree.
fn full(files: usize) -> World {
    let mut world = met(2);
    for number in 0..files {
        world.peers[0].save(&format!("{number}.md"), &format!("note {number}\n"));
    }
    world.run(10_000);
    world.assert_equal();
    world
}

fn brakes(peer: &Peer) -> Vec<u64> {
    let mut counts = Vec::new();
    for report in &peer.reports {
        if let Report::Brake { count, .. } = report {
            counts.push(*count);
        }
    }
    counts
}

fn is_braked(peer: &Peer) -> bool {
    peer.engine.status().problems.iter().any(|it| it.kind == ProblemKind::Brake)
}

fn allow(world: &mut World, peer: usize) {
    world.peers[peer].inbox.push_back(Input::Command(Command::AllowMassDelete));
}

/// The peer's process ends and another begins, with the same store and disk.
fn restart(world: &mut World, at: usize, meta: Vec<(String, Vec<u8>)>) {
    world.part();
    world.run(100);
    let peer = &mut world.peers[at];
    let setup = Setup {
        files: peer.files.clone().into_iter().collect(),
        peers: peer.members.clone().into_iter().collect(),
        meta,
        ..Peer::setup(u8::try_from(at + 1).unwrap(), true)
    };
    peer.inbox.clear();
    peer.reports.clear();
    peer.engine = Engine::new(world.now, setup);
    world.apart = false;
    world.run(60_000);
}

#[test]
fn what_others_delete_at_once_stays_until_a_person_agrees() {
    let mut world = full(50);
    for number in 0..40 {
        world.peers[0].remove(&format!("{number}.md"));
    }
    allow(&mut world, 0);
    world.run(10_000);
    assert_eq!(world.peers[0].texts_on_disk().len(), 10);
    assert_eq!(world.peers[1].texts_on_disk().len(), 50);
    assert_eq!(brakes(&world.peers[1]), [40]);
    assert!(is_braked(&world.peers[1]) && !is_braked(&world.peers[0]));
    assert_eq!(world.peers[1].engine.status().pending, 0);
    // Other work goes on, and what is edited is back everywhere.
    world.peers[0].save("new.md", "new\n");
    world.peers[1].save("7.md", "note 7\nstill needed\n");
    world.run(10_000);
    assert_eq!(world.peers[1].texts_on_disk()["new.md"], "new\n");
    assert_eq!(world.peers[0].texts_on_disk()["7.md"], "note 7\nstill needed\n");
    // A restart does not let it pass, however many files there are by then.
    for number in 0..60 {
        world.peers[0].save(&format!("more {number}.md"), &format!("more {number}\n"));
    }
    world.run(10_000);
    let meta = world.peers[1].meta.clone().into_iter().collect();
    restart(&mut world, 1, meta);
    assert_eq!(world.peers[1].texts_on_disk().len(), 111);
    assert_eq!(brakes(&world.peers[1]), [39]);
    allow(&mut world, 1);
    world.run(10_000);
    world.assert_equal();
    assert_eq!(world.peers[1].texts_on_disk().len(), 72);
    assert!(!is_braked(&world.peers[1]));
}

#[test]
fn what_others_delete_bit_by_bit_is_judged_as_one() {
    let mut world = full(50);
    for number in 0..45 {
        world.peers[0].remove(&format!("{number}.md"));
        // The device itself is asked each time that its own brake holds.
        allow(&mut world, 0);
        world.run(1500);
    }
    world.run(10_000);
    let left = world.peers[1].texts_on_disk().len();
    assert!(left > 20, "{left}");
    assert!(is_braked(&world.peers[1]));
}

#[test]
fn a_slow_deletion_is_judged_as_one() {
    let mut world = full(50);
    for number in 0..45 {
        world.peers[0].remove(&format!("{number}.md"));
        world.run(1200);
    }
    assert!(is_braked(&world.peers[0]));
    assert_eq!(world.peers[1].texts_on_disk().len(), 25);
    // What is held back stays so when the rest goes later.
    world.run(120_000);
    world.peers[0].remove("48.md");
    world.run(10_000);
    assert_eq!(world.peers[1].texts_on_disk().len(), 25);
    allow(&mut world, 0);
    world.run(10_000);
    assert!(!is_braked(&world.peers[0]));
    assert_eq!(world.peers[0].texts_on_disk().len(), 4);
    assert_eq!(world.peers[0].engine.status().files, 4);
}

#[test]
fn deletions_far_apart_are_no_mass_deletion() {
    let mut world = full(50);
    for number in 0..45 {
        world.peers[0].remove(&format!("{number}.md"));
        world.run(5000);
    }
    world.assert_equal();
    assert_eq!(world.peers[1].texts_on_disk().len(), 5);
    assert!(brakes(&world.peers[0]).is_empty() && brakes(&world.peers[1]).is_empty());
}

#[test]
fn what_is_replaced_by_another_file_does_not_stay() {
    let mut world = full(50);
    world.part();
    world.run(100);
    for number in 0..45 {
        world.peers[0].remove(&format!("{number}.md"));
    }
    allow(&mut world, 0);
    world.run(10_000);
    for number in 0..45 {
        world.peers[0].save(&format!("{number}.md"), &format!("another {number}\n"));
    }
    world.run(10_000);
    world.apart = false;
    world.run(60_000);
    world.assert_equal();
    assert!(!is_braked(&world.peers[1]));
    assert_eq!(world.peers[1].texts_on_disk()["0.md"], "another 0\n");
}

#[test]
fn many_emptied_files_are_held_back_and_one_is_not() {
    let mut world = full(50);
    world.peers[0].save("49.md", "");
    world.run(5000);
    assert_eq!(world.peers[1].texts_on_disk()["49.md"], "");
    for number in 0..30 {
        let stub = if number % 2 == 0 { "" } else { "\0\0\0\0" };
        world.peers[0].save(&format!("{number}.md"), stub);
    }
    world.run(10_000);
    assert_eq!(brakes(&world.peers[0]), [31]);
    assert_eq!(world.peers[0].engine.status().pending, 0);
    for number in 0..30 {
        let name = format!("{number}.md");
        assert_eq!(world.peers[1].texts_on_disk()[&name], format!("note {number}\n"));
    }
    // What others write is not put in place of a stub, and other work goes on.
    world.peers[1].save("3.md", "note 3\nmore\n");
    world.peers[0].save("40.md", "note 40\nmore\n");
    world.run(10_000);
    assert_eq!(world.peers[0].texts_on_disk()["3.md"], "\0\0\0\0");
    assert_eq!(world.peers[1].texts_on_disk()["40.md"], "note 40\nmore\n");
    let meta = world.peers[0].meta.clone().into_iter().collect();
    restart(&mut world, 0, meta);
    assert_eq!(brakes(&world.peers[0]), [30]);
    // Half of them come back, by themselves.
    for number in 0..15 {
        world.peers[0].save(&format!("{number}.md"), &format!("note {number}\n"));
    }
    world.run(10_000);
    assert!(is_braked(&world.peers[0]));
    assert_eq!(world.peers[0].texts_on_disk()["3.md"], "note 3\nmore\n");
    assert_eq!(world.peers[1].texts_on_disk()["20.md"], "note 20\n");
    allow(&mut world, 0);
    world.run(10_000);
    assert!(!is_braked(&world.peers[0]));
    world.assert_equal();
    assert_eq!(world.peers[1].texts_on_disk()["20.md"], "");
}

#[test]
fn what_is_agreed_to_passes_in_parts_and_only_once() {
    let mut world = full(60);
    allow(&mut world, 1);
    for part in [0..25, 25..55] {
        allow(&mut world, 0);
        for number in part {
            world.peers[0].remove(&format!("{number}.md"));
        }
        world.run(1500);
    }
    world.run(1000);
    assert!(brakes(&world.peers[1]).is_empty());
    assert_eq!(world.peers[1].texts_on_disk().len(), 5);
    world.run(10_000);
    for number in 60..100 {
        world.peers[0].save(&format!("{number}.md"), &format!("note {number}\n"));
    }
    world.run(10_000);
    world.assert_equal();
    allow(&mut world, 0);
    for number in 60..100 {
        world.peers[0].remove(&format!("{number}.md"));
    }
    world.run(10_000);
    assert_eq!(brakes(&world.peers[1]), [40]);
    assert_eq!(world.peers[1].texts_on_disk().len(), 45);
}
