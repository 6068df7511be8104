//! Contents asked for by hash: small ones gathered in memory, large ones as verified chunks in a
//! part that survives a cut at any byte. `serve` is the other side of it.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::core::{Engine, Pending};
use super::effect::{Effect, LinkId, Shelf};
use super::fetches::Fetches;
use super::members::Kept;
use super::silence::SILENT_MS;
use crate::model::{
    CHUNK_BYTES, Content, ContentHash, FileId, Kind, Problem, ProblemKind, StepError,
    TEXT_LIMIT_BYTES, Tick, Write, verify_chunk, verify_outline,
};
use crate::wire::{Bye, Lane, Message};

/// Contents up to this many bytes are gathered in memory.
const MEMORY_BYTES: u64 = TEXT_LIMIT_BYTES;
/// Chunks asked for and not yet in place, for one content.
const WINDOW: usize = 8;
/// Contents fetched at once; others wait their turn.
const FETCHES_LIMIT: usize = 8;
/// The same, with those of which nothing came for a while: these hold up nobody else.
const FETCHES_AND_STUCK_LIMIT: usize = 4 * FETCHES_LIMIT;
/// What an honest peer asks for at most, before it got any of it.
pub(super) const ASKED_LIMIT: usize = FETCHES_LIMIT * WINDOW;

/// From this many contents about to lie in the folder on, those that are not any more are forgotten:
/// above what is fetched and put in place at once, so that it is seldom.
const LANDING_LIMIT: usize = 1024;

/// Why work on a file waits whose earlier text is lost.
const NOWHERE: &str = "the text it had before is not in the store, and no peer has it";

/// One content on its way here.
#[derive(Debug)]
pub(super) struct Fetch {
    content: Content,
    waiting: BTreeSet<FileId>,
    tried: BTreeSet<LinkId>,
    link: LinkId,
    stage: Stage,
    /// When it began, or something of it came last.
    moved: Tick,
    /// When the newest of the files that wait for it was touched, in milliseconds since 1970.
    pub(super) newest: Option<i64>,
}

#[derive(Debug)]
enum Stage {
    /// Its turn has not come.
    Queued,
    /// Small: all chunks asked for at once.
    Memory(BTreeMap<u32, Vec<u8>>),
    /// Large: what we hold of it and what it should be are being found out.
    Outlining { ours: Option<Vec<Option<ContentHash>>>, theirs: Option<Vec<ContentHash>> },
    /// Large: the chunks we lack are coming.
    Chunks {
        outline: Vec<ContentHash>,
        missing: VecDeque<u32>,
        asked: BTreeSet<u32>,
        putting: BTreeSet<u32>,
    },
}

impl Fetch {
    /// Whether it was asked for, and nothing of it came for a while.
    fn is_stuck(&self, now: Tick) -> bool {
        self.moved.plus_ms(SILENT_MS) <= now
    }
}

fn chunk_count(content: Content) -> u32 {
    u32::try_from(content.size.div_ceil(CHUNK_BYTES).max(1)).unwrap_or(u32::MAX)
}

impl Engine {
    /// A file needs bytes that are not on this device.
    pub(super) fn want_content(&mut self, id: FileId, content: Content) {
        if let Some(task) = self.tasks.get_mut(&id) {
            task.waiting = true;
        }
        let newest = self.index.get(&id).map(|entry| entry.mtime_ms);
        if let Some(fetch) = self.fetches.get_mut(&content.hash) {
            fetch.waiting.insert(id);
            return self.fetches.renew(&content.hash, newest);
        }
        let Some(link) = self.source_link(id, &BTreeSet::new()) else {
            return self.not_to_be_had(id);
        };
        let fetch = Fetch {
            content,
            waiting: BTreeSet::from([id]),
            tried: BTreeSet::new(),
            link,
            stage: Stage::Queued,
            moved: self.now,
            newest,
        };
        self.fetches.queue(content.hash, fetch);
        self.start_fetches();
    }

    fn not_to_be_had(&mut self, id: FileId) {
        if self.tasks.get(&id).is_some_and(|task| task.working && !task.lacking.is_empty()) {
            self.text_lost(id, NOWHERE);
        } else {
            self.nobody_has(id);
        }
    }

    /// A peer that may have it: first the one the file came from.
    fn source_link(&self, id: FileId, tried: &BTreeSet<LinkId>) -> Option<LinkId> {
        let origin = self.tasks.get(&id).and_then(|task| task.origin);
        let usable = |(link, it): &(&LinkId, &super::link::Link)| {
            it.greeted() && it.taking() && !tried.contains(*link)
        };
        let links = || self.links.iter().filter(usable);
        links()
            .find(|(_, it)| Some(it.peer) == origin)
            .or_else(|| links().next())
            .map(|(link, _)| *link)
    }

    /// Begins what may begin, the newest first.
    pub(super) fn start_fetches(&mut self) {
        let now = self.now;
        loop {
            let begun = || self.fetches.begun().map(|(_, it)| it);
            let stuck = || begun().filter(|it| it.is_stuck(now));
            let all = begun().count();
            let moving = all - stuck().count();
            if moving >= FETCHES_LIMIT || all >= FETCHES_AND_STUCK_LIMIT {
                break;
            }
            // From a peer of which nothing comes no more is asked for than is at once.
            let may = |it: &Fetch| all < FETCHES_LIMIT || stuck().all(|slow| slow.link != it.link);
            let next = self.fetches.waiting().find(|(_, it)| may(it)).map(|(hash, _)| *hash);
            let Some(hash) = next else { break };
            self.start_fetch(hash);
        }
    }

    fn start_fetch(&mut self, hash: ContentHash) {
        let now = self.now;
        self.fetches.begin(hash);
        let Some(fetch) = self.fetches.get_mut(&hash) else {
            return;
        };
        let (content, link) = (fetch.content, fetch.link);
        fetch.moved = now;
        if content.size <= MEMORY_BYTES {
            fetch.stage = Stage::Memory(BTreeMap::new());
            for index in 0..chunk_count(content) {
                self.send(link, Lane::Control, Message::ChunkWant { content, index });
            }
        } else {
            fetch.stage = Stage::Outlining { ours: None, theirs: None };
            self.send(link, Lane::Control, Message::OutlineWant(content));
            let op = self.op(Pending::PartOutline(hash));
            self.emit(Effect::Outline { op, from: Shelf::Part, content });
        }
    }

    pub(super) fn on_part_outline(
        &mut self,
        hash: ContentHash,
        result: Result<Vec<Option<ContentHash>>, StepError>,
    ) {
        if let Some(Fetch { stage: Stage::Outlining { ours, .. }, .. }) =
            self.fetches.get_mut(&hash)
        {
            // A part that cannot be read is begun anew.
            *ours = Some(result.unwrap_or_default());
            self.outlines_meet(hash);
        }
    }

    pub(super) fn on_outline(&mut self, link: LinkId, hash: ContentHash, chunks: Vec<ContentHash>) {
        let Some(fetch) = self.fetches.get_mut(&hash).filter(|it| it.link == link) else {
            return;
        };
        if !verify_outline(fetch.content, &chunks) {
            return self.close(link, Bye::Protocol, "an outline does not add up to its content");
        }
        fetch.moved = self.now;
        if let Stage::Outlining { theirs, .. } = &mut fetch.stage {
            *theirs = Some(chunks);
            self.outlines_meet(hash);
        }
    }

    fn outlines_meet(&mut self, hash: ContentHash) {
        let Some(fetch) = self.fetches.get_mut(&hash) else {
            return;
        };
        let Stage::Outlining { ours: Some(ours), theirs: Some(theirs) } = &mut fetch.stage else {
            return;
        };
        let (ours, outline) = (std::mem::take(ours), std::mem::take(theirs));
        let missing = (0..chunk_count(fetch.content))
            .zip(&outline)
            .filter(|(index, chunk)| ours.get(*index as usize).copied().flatten() != Some(**chunk))
            .map(|(index, _)| index)
            .collect();
        fetch.stage =
            Stage::Chunks { outline, missing, asked: BTreeSet::new(), putting: BTreeSet::new() };
        self.ask_for_chunks(hash);
    }

    fn ask_for_chunks(&mut self, hash: ContentHash) {
        let Some(fetch) = self.fetches.get_mut(&hash) else {
            return;
        };
        let (content, link) = (fetch.content, fetch.link);
        let Stage::Chunks { missing, asked, putting, .. } = &mut fetch.stage else {
            return;
        };
        let mut wants = Vec::new();
        while asked.len() + putting.len() < WINDOW {
            let Some(index) = missing.pop_front() else {
                break;
            };
            asked.insert(index);
            wants.push(index);
        }
        let done = missing.is_empty() && asked.is_empty() && putting.is_empty();
        for index in wants {
            self.send(link, Lane::Control, Message::ChunkWant { content, index });
        }
        if done {
            self.part_complete(hash);
        }
    }

    pub(super) fn on_chunk(&mut self, link: LinkId, hash: ContentHash, index: u32, bytes: Vec<u8>) {
        let Some(fetch) = self.fetches.get_mut(&hash).filter(|it| it.link == link) else {
            return;
        };
        let content = fetch.content;
        fetch.moved = self.now;
        match &mut fetch.stage {
            Stage::Memory(chunks) => {
                chunks.insert(index, bytes);
                let got: u64 = chunks.values().map(|it| it.len() as u64).sum();
                if got > content.size || index >= chunk_count(content) {
                    return self.close(link, Bye::Protocol, "chunks longer than their content");
                }
                if chunks.len() < chunk_count(content) as usize {
                    return;
                }
                let parts: Vec<Vec<u8>> = std::mem::take(chunks).into_values().collect();
                let whole = parts.concat();
                if Content::of(&whole) != content {
                    return self.close(link, Bye::Protocol, "chunks of another content");
                }
                self.fetched(hash, Some(&whole));
            }
            Stage::Chunks { outline, asked, putting, .. } => {
                let Some(expected) = outline.get(index as usize).filter(|_| asked.remove(&index))
                else {
                    return;
                };
                if !verify_chunk(content, index, &bytes, *expected) {
                    return self.close(link, Bye::Protocol, "a chunk is not what its outline says");
                }
                putting.insert(index);
                let op = self.op(Pending::PutChunk(hash, index));
                self.emit(Effect::PutChunk { op, content, index, bytes });
            }
            Stage::Queued | Stage::Outlining { .. } => {}
        }
    }

    pub(super) fn on_chunk_put(
        &mut self,
        hash: ContentHash,
        index: u32,
        result: Result<(), StepError>,
    ) {
        let Some(fetch) = self.fetches.get_mut(&hash) else {
            return;
        };
        let Stage::Chunks { putting, .. } = &mut fetch.stage else {
            return;
        };
        putting.remove(&index);
        if let Err(error) = result {
            let problem = match error {
                StepError::Problem(problem) => problem,
                StepError::Changed | StepError::Ignored | StepError::SourceGone => Problem {
                    path: hash.to_string(),
                    kind: ProblemKind::Unwritable,
                    message: "a received chunk could not be kept".into(),
                },
            };
            let waiting = self.fetches.remove(&hash).map(|it| it.waiting).unwrap_or_default();
            for id in waiting {
                // Told of the file that a person knows, not of the part of it that lies apart.
                let known = self.index.get(&id).map(|entry| entry.path.to_string());
                let path = known.unwrap_or_else(|| hash.to_string());
                self.problem(Problem { path, ..problem.clone() });
                self.wake_after(id, 5000);
                self.not_to_be_had(id);
            }
            return self.start_fetches();
        }
        self.ask_for_chunks(hash);
    }

    fn part_complete(&mut self, hash: ContentHash) {
        self.fetched(hash, None);
    }

    /// A content is here: in memory, or (`None`) as a complete part.
    fn fetched(&mut self, hash: ContentHash, bytes: Option<&Vec<u8>>) {
        let Some(fetch) = self.fetches.remove(&hash) else {
            return;
        };
        self.solved(&hash.to_string());
        self.keep_fetched(hash, &fetch.waiting, bytes);
        for id in fetch.waiting {
            self.wanting.remove(&id);
            let is_blob = self.index.get(&id).is_some_and(|it| it.kind == Kind::Blob);
            let copies = is_blob && self.is_landing(id, hash);
            let Some(task) = self.tasks.get_mut(&id) else {
                continue;
            };
            task.waiting = false;
            (task.asked, task.ask_again) = (0, None);
            if task.working && task.lacking.contains(&fetch.content) {
                let text = bytes.cloned().and_then(|bytes| String::from_utf8(bytes).ok());
                match text {
                    Some(text) => self.text_gathered(id, fetch.content, text),
                    None => self.text_lost(id, NOWHERE),
                }
                continue;
            }
            match bytes {
                _ if copies => {}
                Some(bytes) => task.bytes = Some((hash, bytes.clone())),
                None => task.part = Some(fetch.content),
            }
            if is_blob && !copies {
                self.lands(id, hash);
            }
            if let Some(task) = self.tasks.get(&id)
                && !task.working
            {
                self.wake(id);
            }
        }
        self.start_fetches();
    }

    /// A content is at hand for one file, which is about to be put in place.
    fn lands(&mut self, id: FileId, hash: ContentHash) {
        let Self { fetches: Fetches { landing, .. }, tasks, .. } = self;
        if landing.len() >= LANDING_LIMIT {
            landing.retain(|hash, first| tasks.get(first).is_some_and(|it| it.lands(hash)));
        }
        landing.insert(hash, id);
    }

    /// Whether a content is about to lie in the folder as another file: it is copied then, and not
    /// asked for once more.
    pub(super) fn is_landing(&mut self, id: FileId, hash: ContentHash) -> bool {
        let landing = &mut self.fetches.landing;
        let Some(first) = landing.get(&hash).copied() else { return false };
        let lands = self.tasks.get(&first).is_some_and(|it| it.lands(&hash));
        if !lands {
            landing.remove(&hash);
        }
        lands && first != id
    }

    /// A text that came by hash is kept as one that was delivered is: the next edit of its file starts
    /// from it, and peers that held it may be away by then, or have let go of it.
    fn keep_fetched(
        &mut self,
        hash: ContentHash,
        waiting: &BTreeSet<FileId>,
        bytes: Option<&Vec<u8>>,
    ) {
        let is_text = |id: &FileId| self.index.get(id).is_some_and(|it| it.kind == Kind::Text);
        if let Some(bytes) = bytes.filter(|_| waiting.iter().any(is_text)) {
            let write = Write::Text { hash, bytes: bytes.clone(), packed: None };
            self.append(vec![write], Pending::Kept(Kept::Text));
        }
    }

    pub(super) fn on_content_gone(&mut self, link: LinkId, hash: ContentHash) {
        if self.fetches.get(&hash).is_some_and(|it| it.link == link) {
            self.try_elsewhere(hash);
        }
    }

    /// The peer that a content was to come from cannot give it: another one may.
    fn try_elsewhere(&mut self, hash: ContentHash) {
        let Some(mut fetch) = self.fetches.remove(&hash) else {
            return;
        };
        fetch.tried.insert(fetch.link);
        let asker = fetch.waiting.first().copied();
        let next = asker.and_then(|id| self.source_link(id, &fetch.tried));
        match next {
            Some(link) => {
                fetch.link = link;
                fetch.stage = Stage::Queued;
                self.fetches.queue(hash, fetch);
            }
            None => {
                for id in fetch.waiting {
                    self.not_to_be_had(id);
                }
            }
        }
        self.start_fetches();
    }

    /// Links from which something of a content is to come, with the last time that some did.
    pub(super) fn sources(&self) -> impl Iterator<Item = (LinkId, Tick)> {
        self.fetches.begun().map(|(_, it)| (it.link, it.moved))
    }

    /// Whether a content waits for its turn.
    pub(super) fn fetches_wait(&self) -> bool {
        self.fetches.any_waits()
    }

    /// What did not come since `before` is asked for elsewhere, or is not to be had.
    pub(super) fn give_up_sources(&mut self, before: Tick) {
        let late = self.fetches.begun().filter(|(_, it)| it.moved <= before);
        let late = late.map(|(hash, _)| *hash);
        for hash in late.collect::<Vec<_>>() {
            self.try_elsewhere(hash);
        }
    }

    /// A connection is gone: what was to come over it comes from elsewhere, or later.
    pub(super) fn lose_source(&mut self, link: LinkId) {
        let hashes: Vec<ContentHash> = self
            .fetches
            .iter()
            .filter(|(_, fetch)| fetch.link == link)
            .map(|(hash, _)| *hash)
            .collect();
        for hash in hashes {
            self.try_elsewhere(hash);
        }
    }

    /// A peer is there that may have what nobody had.
    pub(super) fn ask_for_wanted(&mut self, link: LinkId) {
        if !self.links.get(&link).is_some_and(super::link::Link::taking) {
            return;
        }
        for id in std::mem::take(&mut self.wanting) {
            self.ask_again(id);
        }
    }

    /// A content is on this disk: whoever waited for it here copies it, and peers that asked for it
    /// in vain are told.
    pub(super) fn content_is_here(&mut self, id: FileId) {
        let Self { index, fetches, .. } = self;
        let Some(entry) = index.get(&id) else { return };
        let Some(hash) = entry.base.as_ref().map(|base| base.content.hash) else { return };
        fetches.landing.remove(&hash);
        let state = entry.state();
        let holds = |it: &FileId| self.index.get(it).is_some_and(|it| it.content.hash == hash);
        let waiting: Vec<FileId> = self.wanting.iter().filter(|it| holds(it)).copied().collect();
        for id in waiting {
            self.ask_again(id);
        }
        let told: Vec<LinkId> = self
            .links
            .iter_mut()
            .filter_map(|(link, it)| it.gone.remove(&hash).then_some(*link))
            .collect();
        for link in told {
            let states = vec![(id, state.clone())];
            self.send(link, Lane::Control, Message::States { reply: false, states });
        }
    }
}
