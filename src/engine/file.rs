//! One file's life: what the disk did and what peers sent, one thing at a time.

use std::collections::{BTreeMap, VecDeque};

use super::core::{Engine, Pending};
use super::effect::{Effect, LinkId};
use super::entry::{Base, Entry};
use super::job::{Act, Done, Export, Failure, Held, Job, Outcome, Source};
use super::report::Report;
use crate::docs::{self, Birth};
use crate::model::{
    Content, ContentHash, FileId, Heads, Kind, PeerId, Problem, ProblemKind, Seen, StoredDocument,
    Tick, VaultPath, WallMs, Write,
};
use crate::reconcile::{self, Change};
use crate::wire::{Body, Bye, Delivery, Lane, Message, State};

/// An edit whose earlier text is nowhere to be found is tried again after this long.
const TEXT_RETRY_MS: u64 = 30_000;

/// What the disk did to one file.
#[derive(Debug, Clone)]
pub(super) enum Disk {
    /// It appeared where none was known.
    Born {
        path: VaultPath,
        generation: u32,
        seen: Seen,
    },
    /// It was looked at in its place.
    Edited(Seen),
    /// It lies elsewhere now, perhaps edited.
    Moved(VaultPath, Seen),
    /// It is gone.
    Gone,
}

/// A delivery waiting for its turn.
#[derive(Debug, Clone)]
pub(super) struct Incoming {
    pub(super) link: LinkId,
    pub(super) peer: PeerId,
    pub(super) delivery: Delivery,
    pub(super) since: Tick,
}

/// What is being worked on.
#[derive(Debug, Clone)]
pub(super) enum Work {
    Disk(Disk, Tick),
    Incoming(Box<Incoming>),
    Export(LinkId, Lane),
    /// The document's text is needed to write it to the disk.
    Render,
}

/// One file with something to do; removed when nothing is left.
#[derive(Debug, Default)]
pub(super) struct Task {
    pub(super) working: bool,
    /// Resting until a retry, a look or a fetch.
    pub(super) waiting: bool,
    pub(super) disk: VecDeque<(Disk, Tick)>,
    pub(super) incoming: VecDeque<Incoming>,
    pub(super) exports: BTreeMap<LinkId, Lane>,
    pub(super) work: Option<Work>,
    /// Texts gathered for the work, by hash.
    pub(super) texts: BTreeMap<ContentHash, String>,
    pub(super) lacking: Vec<Content>,
    /// Bytes of the wanted content, when they are at hand.
    pub(super) bytes: Option<(ContentHash, Vec<u8>)>,
    /// A received part holds the wanted content.
    pub(super) part: Option<Content>,
    /// A copy on this disk turned out not to be what it should be.
    pub(super) no_copy: bool,
    pub(super) attempts: u32,
    /// Who changed it last, and since when it has been on its way to the disk.
    pub(super) origin: Option<PeerId>,
    pub(super) since: Tick,
}

/// Which step is being taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Taking {
    Create { place: VaultPath, content: Content },
    Overwrite { content: Content },
    Move { to: VaultPath },
    Remove,
    MakeFolder { place: VaultPath },
    RemoveFolder,
}

/// A new state on its way into the store.
#[derive(Debug)]
pub(super) struct Commit {
    pub(super) id: FileId,
    pub(super) entry: Entry,
    pub(super) held: Option<Box<Held>>,
    pub(super) reports: Vec<Report>,
    /// The link that delivered it, with the state the peer is known to have.
    pub(super) from: Option<(LinkId, Option<State>)>,
    /// Whether it is an edit made on this device just now.
    pub(super) live: bool,
    pub(super) copies: Vec<docs::Body>,
}

impl Engine {
    /// The disk did something to a file: put it in line.
    pub(super) fn disk_event(&mut self, id: FileId, disk: Disk, first: Tick) {
        if self.shots.dry() {
            let path = match &disk {
                Disk::Born { path, .. } | Disk::Moved(path, _) => path.to_string(),
                Disk::Edited(_) | Disk::Gone => self
                    .index
                    .get(&id)
                    .map_or_else(|| id.to_string(), |it| it.path.to_string()),
            };
            self.shots.would("take in", path);
            return;
        }
        let task = self.tasks.entry(id).or_default();
        task.disk.push_back((disk, first));
        task.waiting = false;
        self.wake(id);
    }

    /// A peer sent something of a file: put it in line.
    pub(super) fn delivered(&mut self, incoming: Incoming) {
        let id = incoming.delivery.id;
        let task = self.tasks.entry(id).or_default();
        task.incoming.push_back(incoming);
        self.wake(id);
    }

    /// After the first scan: whatever a stop left between the store and the disk goes on.
    pub(super) fn wake_unfinished(&mut self) {
        let open: Vec<FileId> = self
            .index
            .iter()
            .filter(|(id, entry)| {
                let lies = entry.base.as_ref().map(|base| (&base.path, base.content));
                let place = self.index.wanted_place(id, entry);
                let wanted = entry.alive.then_some((&place, entry.content));
                lies != wanted
            })
            .map(|(id, _)| *id)
            .collect();
        for id in open {
            self.wake(id);
        }
    }

    /// Takes the next thing there is to do for a file.
    pub(super) fn advance(&mut self, id: FileId) {
        let known = self.index.get(&id).is_some();
        let task = match self.tasks.get_mut(&id) {
            Some(task) => task,
            None if known => self.tasks.entry(id).or_insert_with(Task::default),
            None => return,
        };
        if task.working {
            return;
        }
        if task.since == Tick::default() {
            task.since = self.now;
        }
        // The disk first: nothing may be written over what has been seen and not taken in.
        let work = if let Some((disk, first)) = task.disk.pop_front() {
            Some(Work::Disk(disk, first))
        } else if let Some(incoming) = task.incoming.pop_front() {
            Some(Work::Incoming(Box::new(incoming)))
        } else if let Some((link, lane)) = task.exports.pop_first() {
            Some(Work::Export(link, lane))
        } else {
            None
        };
        if let Some(work) = work {
            task.working = true;
            task.texts.clear();
            self.busy += 1;
            self.begin(id, work);
        } else if !task.waiting && !self.next_step(id) {
            self.tasks.remove(&id);
        }
    }

    /// The work on a file is over, one way or the other.
    pub(super) fn end_work(&mut self, id: FileId) {
        if let Some(task) = self.tasks.get_mut(&id) {
            if task.working {
                self.busy -= 1;
            }
            task.working = false;
            task.work = None;
            task.lacking.clear();
        }
        self.wake(id);
    }

    fn begin(&mut self, id: FileId, work: Work) {
        let entry = self.index.get(&id).cloned();
        match (&work, entry) {
            (
                Work::Disk(
                    Disk::Born {
                        path,
                        generation,
                        seen,
                    },
                    first,
                ),
                None,
            ) => {
                self.take_birth(id, path.clone(), *generation, seen.clone(), *first);
            }
            (Work::Disk(Disk::Edited(seen), _), Some(entry))
                if self.settled_look(id, &entry, seen) => {}
            (Work::Disk(Disk::Moved(to, seen), _), Some(entry))
                if entry.base.as_ref().is_some_and(|base| {
                    base.content == seen.content && entry.path == *to && entry.alive
                }) =>
            {
                // The disk is where the vault already wanted it.
                let base = Base {
                    path: to.clone(),
                    content: seen.content,
                    kind: seen.kind,
                    stamp: seen.stamp,
                    heads: entry
                        .base
                        .as_ref()
                        .map(|base| base.heads.clone())
                        .unwrap_or_default(),
                };
                self.commit_base(id, entry, Some(base), Vec::new());
            }
            (Work::Disk(Disk::Gone, _), Some(entry)) if !entry.alive || entry.base.is_none() => {
                self.commit_base(id, entry, None, Vec::new());
            }
            (Work::Disk(..), None) => self.end_work(id),
            (Work::Disk(Disk::Born { path, seen, .. }, _), Some(entry))
                if entry.alive && entry.content == seen.content && entry.kind == seen.kind =>
            {
                // It was on its way here, and here it is.
                let base = Base {
                    path: path.clone(),
                    content: seen.content,
                    kind: seen.kind,
                    stamp: seen.stamp,
                    heads: entry.heads.clone(),
                };
                self.commit_base(id, entry, Some(base), Vec::new());
            }
            (Work::Incoming(incoming), entry) => {
                let incoming = incoming.clone();
                self.begin_incoming(id, *incoming, entry, work);
            }
            (Work::Disk(..) | Work::Export(..) | Work::Render, Some(entry)) => {
                self.open_document(id, &entry, work);
            }
            (Work::Export(..) | Work::Render, None) => self.end_work(id),
        }
    }

    /// A look that shows what is known, or what was wanted, needs no document.
    fn settled_look(&mut self, id: FileId, entry: &Entry, seen: &Seen) -> bool {
        let base = entry.base.as_ref();
        let Some(place) = base.map(|base| base.path.clone()) else {
            return false;
        };
        let heads = match reconcile::disk_change(
            base.map(|base| base.content),
            entry.content,
            seen.content,
        ) {
            Change::None => base.map(|base| base.heads.clone()).unwrap_or_default(),
            Change::Arrived if entry.alive => entry.heads.clone(),
            Change::Arrived | Change::Edited => return false,
        };
        if base.is_some_and(|base| base.stamp == seen.stamp && base.content == seen.content) {
            self.end_work(id);
            return true;
        }
        let base = Base {
            path: place,
            content: seen.content,
            kind: seen.kind,
            stamp: seen.stamp,
            heads,
        };
        self.commit_base(id, entry.clone(), Some(base), Vec::new());
        true
    }

    fn take_birth(
        &mut self,
        id: FileId,
        path: VaultPath,
        generation: u32,
        seen: Seen,
        first: Tick,
    ) {
        let entry = Entry {
            birth: path.clone(),
            generation,
            path: path.clone(),
            kind: seen.kind,
            content: seen.content,
            alive: true,
            heads: Heads::default(),
            mtime_ms: seen.stamp.mtime_ns / 1_000_000,
            base: Some(Base {
                path: path.clone(),
                content: seen.content,
                kind: seen.kind,
                stamp: seen.stamp,
                heads: Heads::default(),
            }),
        };
        let mut writes = Vec::new();
        if let (Kind::Text, Some(bytes)) = (seen.kind, seen.text) {
            writes.push(Write::Text {
                hash: seen.content.hash,
                bytes,
            });
        }
        let mut reports = Vec::new();
        if self.ready && seen.kind != Kind::Folder {
            reports.push(Report::TakenIn {
                path,
                ops: 0,
                ms: self.now.since_ms(first),
            });
        }
        let live = self.ready;
        self.commit(
            writes,
            Commit {
                id,
                entry,
                held: None,
                reports,
                from: None,
                live,
                copies: Vec::new(),
            },
        );
    }

    fn begin_incoming(&mut self, id: FileId, incoming: Incoming, entry: Option<Entry>, work: Work) {
        let Incoming { link, delivery, .. } = &incoming;
        let their_plain = match &delivery.body {
            Body::Plain { kind, content, .. } => Some(State::Plain {
                kind: *kind,
                content: *content,
            }),
            Body::Document { .. } | Body::Changes { .. } => None,
        };
        match (&delivery.body, &entry) {
            (
                Body::Plain {
                    bytes: Some(bytes),
                    content,
                    ..
                },
                _,
            ) if Content::of(bytes) != *content => {
                self.end_work(id);
                self.close(*link, Bye::Protocol, "a delivery is not what it says");
            }
            (
                Body::Plain {
                    kind,
                    content,
                    bytes,
                },
                None,
            ) => {
                let entry = Entry {
                    birth: delivery.birth.clone(),
                    generation: delivery.generation,
                    path: delivery.birth.clone(),
                    kind: *kind,
                    content: *content,
                    alive: true,
                    heads: Heads::default(),
                    mtime_ms: delivery.mtime_ms,
                    base: None,
                };
                let mut writes = Vec::new();
                if let Some(bytes) = bytes {
                    if *kind == Kind::Text {
                        writes.push(Write::Text {
                            hash: content.hash,
                            bytes: bytes.clone(),
                        });
                    }
                    if let Some(task) = self.tasks.get_mut(&id) {
                        task.bytes = Some((content.hash, bytes.clone()));
                    }
                }
                self.from_peer(id, &incoming);
                let from = Some((*link, their_plain));
                let reports = Vec::new();
                self.commit(
                    writes,
                    Commit {
                        id,
                        entry,
                        held: None,
                        reports,
                        from,
                        live: false,
                        copies: Vec::new(),
                    },
                );
            }
            (Body::Plain { kind, content, .. }, Some(entry))
                if entry.heads.is_empty() && entry.kind == *kind && entry.content == *content =>
            {
                self.acknowledge(*link, id, their_plain);
                self.end_work(id);
            }
            (Body::Changes { import, .. }, None) => {
                debug_assert!(import.is_some() || entry.is_none());
                self.need(*link, id, State::Absent);
                self.end_work(id);
            }
            (Body::Changes { import, .. }, Some(entry)) if entry.heads.is_empty() => {
                if *import == Some((entry.kind, entry.content)) {
                    self.open_document(id, &entry.clone(), work);
                } else {
                    let state = entry.state();
                    self.need(*link, id, state);
                    self.end_work(id);
                }
            }
            (Body::Document { .. }, None) => self.run_job(id, work, Source::Nothing),
            (Body::Plain { .. } | Body::Changes { .. } | Body::Document { .. }, Some(entry)) => {
                self.open_document(id, &entry.clone(), work);
            }
        }
    }

    fn from_peer(&mut self, id: FileId, incoming: &Incoming) {
        if let Some(task) = self.tasks.get_mut(&id) {
            task.origin = Some(incoming.peer);
            task.since = incoming.since;
        }
    }

    /// Gets hold of the document, then runs the job.
    pub(super) fn open_document(&mut self, id: FileId, entry: &Entry, work: Work) {
        if entry.heads.is_empty() {
            self.run_job(id, work, Source::Born(entry.kind, entry.content));
        } else if let Some(held) = self.cache.take(&id) {
            self.run_job(id, work, Source::Held(held));
        } else {
            if let Some(task) = self.tasks.get_mut(&id) {
                task.work = Some(work);
            }
            let op = self.op(Pending::Load(id));
            self.emit(Effect::Load { op, id });
        }
    }

    pub(super) fn on_loaded(&mut self, id: FileId, result: Result<Option<StoredDocument>, String>) {
        let work = self.tasks.get_mut(&id).and_then(|task| task.work.take());
        match (result, work) {
            (Ok(Some(stored)), Some(work)) => self.run_job(id, work, Source::Stored(stored)),
            (Ok(None), Some(_)) => self.damaged(id, "its document is missing from the store"),
            (Err(message), Some(_)) => self.damaged(id, &message),
            (_, None) => self.end_work(id),
        }
    }

    fn damaged(&mut self, id: FileId, message: &str) {
        let path = self
            .index
            .get(&id)
            .map_or_else(|| id.to_string(), |it| it.path.to_string());
        self.problem(Problem {
            path,
            kind: ProblemKind::Damaged,
            message: message.to_owned(),
        });
        self.end_work(id);
        if let Some(task) = self.tasks.get_mut(&id) {
            task.waiting = true;
        }
    }

    fn run_job(&mut self, id: FileId, work: Work, source: Source) {
        let entry = self.index.get(&id);
        let mut at = entry.map(|it| it.heads.clone()).unwrap_or_default();
        let mut time = self.wall;
        let mut acts = Vec::new();
        let base = entry.and_then(|it| it.base.as_ref());
        let base_heads = base.map(|base| base.heads.clone());
        let born_as = base.map(|base| (base.kind, base.content));
        let birth = match (&work, entry) {
            (Work::Incoming(incoming), None) => Birth {
                vault: self.vault,
                path: incoming.delivery.birth.clone(),
                generation: incoming.delivery.generation,
            },
            (_, Some(entry)) => self.birth_of(entry),
            (_, None) => return self.end_work(id),
        };
        let mut texts = Vec::new();
        match &work {
            Work::Disk(disk, _) => {
                if let Some(heads) = base_heads {
                    at = heads;
                }
                match disk {
                    Disk::Gone => acts.push(Act::Delete),
                    Disk::Moved(to, seen) => {
                        acts.push(Act::Rename { to: to.clone() });
                        let base = entry.and_then(|it| it.base.as_ref()).map(|it| it.content);
                        if base != Some(seen.content) {
                            time = mtime(seen);
                            acts.push(content_act(seen, &mut texts));
                        }
                    }
                    Disk::Edited(seen) => {
                        time = mtime(seen);
                        acts.push(content_act(seen, &mut texts));
                    }
                    Disk::Born { seen, .. } => {
                        time = mtime(seen);
                        if entry.is_some_and(|it| it.alive) {
                            at = Heads::default();
                            acts.push(Act::Import {
                                kind: seen.kind,
                                content: seen.content,
                            });
                            remember_text(seen, &mut texts);
                        } else {
                            acts.push(Act::Revive);
                        }
                    }
                }
            }
            Work::Incoming(incoming) => match &incoming.delivery.body {
                Body::Plain {
                    kind,
                    content,
                    bytes,
                } => {
                    acts.push(Act::Import {
                        kind: *kind,
                        content: *content,
                    });
                    if let Some(Ok(text)) = bytes.as_ref().map(|it| String::from_utf8(it.clone())) {
                        texts.push((content.hash, text));
                    }
                }
                Body::Document { bytes } => acts.push(Act::Absorb(bytes.clone())),
                Body::Changes { changes, .. } => acts.push(Act::Apply(changes.clone())),
            },
            Work::Export(link, _) => {
                // Nothing known means equal: the peer got it meanwhile.
                let theirs = self
                    .links
                    .get(link)
                    .and_then(|link| link.theirs.get(&id).cloned());
                let ours = entry.map_or(State::Absent, Entry::state);
                acts.push(Act::Export(theirs.unwrap_or(ours)));
            }
            Work::Render => {}
        }
        let Some(task) = self.tasks.get_mut(&id) else {
            return;
        };
        task.texts.extend(texts);
        let job = Box::new(Job {
            id,
            birth,
            source,
            author: self.author,
            at,
            born_as,
            time,
            acts,
            texts: task.texts.clone(),
        });
        task.work = Some(work);
        let op = self.op(Pending::Job(id));
        self.emit(Effect::Compute { op, job });
    }

    pub(super) fn on_computed(&mut self, id: FileId, result: Result<Box<Outcome>, String>) {
        let work = self.tasks.get_mut(&id).and_then(|task| task.work.take());
        let Some(work) = work else {
            return self.end_work(id);
        };
        let outcome = match result {
            Ok(outcome) => *outcome,
            Err(panic) => Outcome {
                held: None,
                result: Err(Failure::Damaged(panic)),
            },
        };
        match outcome.result {
            Ok(done) => self.job_done(id, work, done, outcome.held),
            Err(Failure::Needs(contents)) => self.gather_texts(id, work, contents),
            Err(Failure::Missing(state)) => {
                if let Work::Incoming(incoming) = &work {
                    self.need(incoming.link, id, state);
                }
                self.end_work(id);
            }
            Err(Failure::Foreign(message)) => {
                if let Work::Incoming(incoming) = &work {
                    let link = incoming.link;
                    self.end_work(id);
                    self.close(link, Bye::Protocol, &message);
                } else {
                    self.damaged(id, &message);
                }
            }
            Err(Failure::Damaged(message)) => self.damaged(id, &message),
        }
    }

    /// A job lacks the text of an import: the store has it, or a peer does.
    fn gather_texts(&mut self, id: FileId, work: Work, contents: Vec<Content>) {
        let Some(task) = self.tasks.get_mut(&id) else {
            return;
        };
        task.work = Some(work);
        task.lacking.clone_from(&contents);
        for content in contents {
            let op = self.op(Pending::Text(id, content));
            self.emit(Effect::LoadText {
                op,
                hash: content.hash,
            });
        }
    }

    pub(super) fn on_text(&mut self, id: FileId, content: Content, text: Option<Vec<u8>>) {
        let Some(task) = self.tasks.get_mut(&id) else {
            return;
        };
        if !task.working {
            // The text was asked for to be written to the disk.
            task.waiting = false;
            match text {
                Some(bytes) => task.bytes = Some((content.hash, bytes)),
                None => return self.want_content(id, content),
            }
            return self.wake(id);
        }
        match text.map(String::from_utf8) {
            Some(Ok(text)) => self.text_gathered(id, content, text),
            Some(Err(_)) | None => self.want_content(id, content),
        }
    }

    /// One of the texts that a job lacks is here.
    pub(super) fn text_gathered(&mut self, id: FileId, content: Content, text: String) {
        let Some(task) = self.tasks.get_mut(&id) else {
            return;
        };
        task.texts.insert(content.hash, text);
        task.lacking.retain(|it| *it != content);
        if !task.lacking.is_empty() {
            return;
        }
        let Some(work) = task.work.take() else { return };
        match self.index.get(&id).cloned() {
            Some(entry) => self.open_document(id, &entry, work),
            None => self.run_job(id, work, Source::Nothing),
        }
    }

    /// A text cannot be had from anybody: the work that needs it is given up for now. An edit on
    /// this disk is tried again; a delivery comes again when the peer does.
    pub(super) fn text_lost(&mut self, id: FileId) {
        let work = self.tasks.get_mut(&id).and_then(|task| task.work.take());
        self.end_work(id);
        if let (Some(Work::Disk(disk, first)), Some(task)) = (work, self.tasks.get_mut(&id)) {
            task.disk.push_front((disk, first));
            let path = self
                .index
                .get(&id)
                .map_or_else(|| id.to_string(), |it| it.path.to_string());
            let message = "the text it had before is not in the store, and no peer has it";
            let kind = ProblemKind::Damaged;
            self.problem(Problem {
                path,
                kind,
                message: message.to_owned(),
            });
            self.runnable.remove(&id);
            self.wake_after(id, TEXT_RETRY_MS);
        }
    }

    fn job_done(&mut self, id: FileId, work: Work, done: Done, held: Option<Box<Held>>) {
        if let Work::Export(link, lane) = &work {
            if let Some(held) = held {
                self.cache.put(id, held);
            }
            let state = State::Document {
                heads: done.heads,
                recent: Vec::new(),
            };
            match done.export {
                Some(Export::Body(body)) => self.export_ready(*link, *lane, id, body, state),
                Some(Export::Nothing) | None => self.export_needless(*link, id, &state),
            }
            return self.end_work(id);
        }
        let old = self.index.get(&id).cloned();
        let mut entry = Entry {
            birth: old
                .as_ref()
                .map_or_else(|| birth_path(&work), |it| it.birth.clone()),
            generation: old
                .as_ref()
                .map_or_else(|| generation(&work), |it| it.generation),
            path: done.path,
            kind: done.kind,
            content: done.content,
            alive: done.alive,
            heads: done.heads,
            mtime_ms: old.as_ref().map_or(0, |it| it.mtime_ms),
            base: old.as_ref().and_then(|it| it.base.clone()),
        };
        let mut reports = Vec::new();
        let mut from = None;
        let mut live = false;
        match &work {
            Work::Disk(disk, first) => {
                live = true;
                self.disk_base(&mut entry, disk, done.branch);
                reports = self.disk_reports(&entry, old.as_ref(), disk, done.ops, *first);
                if let Disk::Edited(seen) | Disk::Moved(_, seen) | Disk::Born { seen, .. } = disk {
                    entry.mtime_ms = entry.mtime_ms.max(seen.stamp.mtime_ns / 1_000_000);
                    if old.as_ref().is_none_or(|it| it.content != entry.content)
                        && entry.content == seen.content
                    {
                        entry.mtime_ms = seen.stamp.mtime_ns / 1_000_000;
                    }
                }
            }
            Work::Incoming(incoming) => {
                let changed = old.as_ref().is_none_or(|it| it.content != entry.content);
                if changed {
                    entry.mtime_ms = incoming.delivery.mtime_ms;
                }
                let theirs = match &incoming.delivery.body {
                    Body::Plain { kind, content, .. } => Some(State::Plain {
                        kind: *kind,
                        content: *content,
                    }),
                    Body::Document { .. } => done.foreign.map(|heads| State::Document {
                        heads,
                        recent: Vec::new(),
                    }),
                    Body::Changes { heads, .. } => Some(State::Document {
                        heads: heads.clone(),
                        recent: Vec::new(),
                    }),
                };
                from = Some((incoming.link, theirs));
                let incoming = incoming.clone();
                self.from_peer(id, &incoming);
            }
            Work::Render | Work::Export(..) => {}
        }
        if done.merged {
            reports.push(Report::Merged(entry.path.clone()));
            self.shots.count_merge();
        }
        if let Some(task) = self.tasks.get_mut(&id) {
            task.bytes = done
                .text
                .map(|text| (entry.content.hash, text.into_bytes()));
            task.part = None;
        }
        let mut writes = done.writes;
        if let Work::Disk(Disk::Born { seen, .. }, _) = &work
            && let Some(bytes) = &seen.text
        {
            writes.push(Write::Text {
                hash: seen.content.hash,
                bytes: bytes.clone(),
            });
        }
        if let Work::Incoming(incoming) = &work
            && let Body::Plain {
                content,
                bytes: Some(bytes),
                kind: Kind::Text,
            } = &incoming.delivery.body
        {
            writes.push(Write::Text {
                hash: content.hash,
                bytes: bytes.clone(),
            });
        }
        if old.as_ref() != Some(&entry) || !done.choices.is_empty() {
            for choice in &done.choices {
                let (key, report) = self.ledger_entry(id, &entry, choice, &mut writes);
                if key {
                    reports.push(report);
                }
            }
        }
        if matches!(work, Work::Render) || (old.as_ref() == Some(&entry) && writes.is_empty()) {
            if let Some(held) = held {
                self.cache.put(id, held);
            }
            if let Some((link, theirs)) = from {
                self.acknowledge(link, id, theirs);
            }
            return self.end_work(id);
        }
        let copies = done.copies;
        self.commit(
            writes,
            Commit {
                id,
                entry,
                held,
                reports,
                from,
                live,
                copies,
            },
        );
    }

    fn disk_base(&self, entry: &mut Entry, disk: &Disk, branch: Heads) {
        let old = entry.base.take();
        let (path, seen) = match (disk, old) {
            (Disk::Gone, _) => return,
            (Disk::Born { path, seen, .. }, _) | (Disk::Moved(path, seen), _) => {
                (path.clone(), seen)
            }
            (Disk::Edited(seen), Some(old)) => (old.path, seen),
            (Disk::Edited(seen), None) => (entry.path.clone(), seen),
        };
        let same = entry.alive && seen.content == entry.content;
        let heads = if same { entry.heads.clone() } else { branch };
        entry.base = Some(Base {
            path,
            content: seen.content,
            kind: seen.kind,
            stamp: seen.stamp,
            heads,
        });
    }

    fn disk_reports(
        &self,
        entry: &Entry,
        old: Option<&Entry>,
        disk: &Disk,
        ops: u64,
        first: Tick,
    ) -> Vec<Report> {
        let ms = self.now.since_ms(first);
        let path = entry.path.clone();
        let before = old
            .and_then(|it| it.base.as_ref())
            .map(|base| base.path.clone());
        match disk {
            _ if entry.kind == Kind::Folder => Vec::new(),
            Disk::Gone => {
                vec![Report::Deleted {
                    path: before.unwrap_or(path),
                    peer: None,
                }]
            }
            Disk::Moved(to, seen) => {
                let from = before.unwrap_or_else(|| path.clone());
                let mut reports = vec![Report::Renamed {
                    path: to.clone(),
                    from,
                    peer: None,
                }];
                if old.is_some_and(|it| it.content != seen.content) {
                    reports.push(Report::TakenIn {
                        path: to.clone(),
                        ops,
                        ms,
                    });
                }
                reports
            }
            Disk::Edited(_) | Disk::Born { .. } => vec![Report::TakenIn { path, ops, ms }],
        }
    }

    /// Makes a choice part of the ledger; says whether it is news.
    fn ledger_entry(
        &mut self,
        id: FileId,
        entry: &Entry,
        choice: &docs::Choice,
        writes: &mut Vec<Write>,
    ) -> (bool, Report) {
        let (base, chosen, alternative) = match choice {
            docs::Choice::Text {
                base,
                chosen,
                alternative,
            } => (base.as_str(), chosen.as_str(), alternative.as_str()),
            docs::Choice::Path {
                chosen,
                alternative,
            } => ("", chosen.as_str(), alternative.as_str()),
        };
        let about = if matches!(choice, docs::Choice::Path { .. }) {
            "path"
        } else {
            "text"
        };
        let mut hasher = blake3::Hasher::new();
        hasher.update(id.as_bytes());
        for part in [about, base, chosen, alternative] {
            hasher.update(&(part.len() as u64).to_be_bytes());
            hasher.update(part.as_bytes());
        }
        let key = hasher.finalize().as_bytes()[..8].to_vec();
        let name = data_encoding::HEXLOWER.encode(&key);
        let news = self.shots.note_conflict(&key);
        if news {
            self.conflicts += 1;
            let said = serde_json::json!({
                "path": entry.path.as_str(),
                "about": about,
                "base": base,
                "chosen": chosen,
                "alternative": alternative,
            });
            writes.push(Write::Ledger {
                key,
                entry: said.to_string().into_bytes(),
            });
        }
        (news, Report::Conflict(entry.path.clone(), name))
    }

    /// Only what is known of the disk changed.
    pub(super) fn commit_base(
        &mut self,
        id: FileId,
        entry: Entry,
        base: Option<Base>,
        reports: Vec<Report>,
    ) {
        let entry = Entry { base, ..entry };
        let commit = Commit {
            id,
            entry,
            held: None,
            reports,
            from: None,
            live: false,
            copies: Vec::new(),
        };
        self.commit(Vec::new(), commit);
    }

    pub(super) fn commit(&mut self, mut writes: Vec<Write>, commit: Commit) {
        writes.push(Write::File {
            id: commit.id,
            record: commit.entry.encode(),
        });
        self.append(writes, Pending::Commit(Box::new(commit)));
    }

    /// A new state is durable: now it may be seen.
    pub(super) fn on_committed(&mut self, commit: Commit) {
        let Commit {
            id,
            entry,
            held,
            reports,
            from,
            live,
            copies,
        } = commit;
        if let Some(held) = held {
            self.cache.put(id, held);
        }
        let path = entry.path.clone();
        let (generation, alive) = (entry.generation, entry.alive);
        let old = self.index.put(id, entry);
        self.rivals_follow(id, old.as_ref());
        let state = old.as_ref().map_or(State::Absent, Entry::state);
        self.tell_links(id, &state, live);
        for report in reports {
            self.report(report);
        }
        if let Some((link, theirs)) = from {
            self.acknowledge(link, id, theirs);
        }
        for copy in copies {
            self.keep_copy(&path, copy);
        }
        if live && (!alive || old.is_some_and(|it| it.path != path)) && generation == 0 {
            // The folder it left may now be empty, which is worth remembering.
            self.look_at_parents(id);
        }
        self.end_work(id);
    }

    fn look_at_parents(&mut self, id: FileId) {
        let Some(entry) = self.index.get(&id) else {
            return;
        };
        if let Some(parent) = entry.birth.parent() {
            let now = self.now;
            self.debounce.hint(now, parent);
        }
    }

    /// Files that claim the same path give way, or move up.
    fn rivals_follow(&mut self, id: FileId, old: Option<&Entry>) {
        let Some(entry) = self.index.get(&id) else {
            return;
        };
        let unchanged = old.is_some_and(|it| it.path == entry.path && it.alive == entry.alive);
        if unchanged {
            return;
        }
        let paths = [Some(entry.path.clone()), old.map(|it| it.path.clone())];
        for path in paths.into_iter().flatten() {
            let rivals: Vec<FileId> = self.index.claimants(&path).collect();
            for rival in rivals {
                self.wake(rival);
            }
        }
    }

    /// The version that a whole-file choice put aside becomes a file of its own, the same on every
    /// device, for its identity follows from its name.
    fn keep_copy(&mut self, path: &VaultPath, copy: docs::Body) {
        let (kind, content) = copy.fingerprint();
        let name = path.with_suffix(&format!("(conflict {})", content.hash.short()));
        let birth = Birth {
            vault: self.vault,
            path: name.clone(),
            generation: 0,
        };
        let id = birth.file_id();
        if self.index.get(&id).is_some() {
            return;
        }
        let entry = Entry {
            birth: name.clone(),
            generation: 0,
            path: name,
            kind,
            content,
            alive: true,
            heads: Heads::default(),
            mtime_ms: self.wall.0,
            base: None,
        };
        let mut writes = Vec::new();
        let task = self.tasks.entry(id).or_default();
        if task.working {
            // Somebody delivers it this very moment.
            return;
        }
        if let docs::Body::Text(text) = copy {
            task.bytes = Some((content.hash, text.clone().into_bytes()));
            writes.push(Write::Text {
                hash: content.hash,
                bytes: text.into_bytes(),
            });
        }
        task.working = true;
        self.busy += 1;
        let reports = Vec::new();
        self.commit(
            writes,
            Commit {
                id,
                entry,
                held: None,
                reports,
                from: None,
                live: false,
                copies: Vec::new(),
            },
        );
    }

    /// Tells a peer what we hold of a file whose changes we could not use.
    pub(super) fn need(&mut self, link: LinkId, id: FileId, state: State) {
        self.send(link, Lane::Control, Message::Need(vec![(id, state)]));
    }
}

fn mtime(seen: &Seen) -> WallMs {
    WallMs(seen.stamp.mtime_ns / 1_000_000)
}

fn remember_text(seen: &Seen, texts: &mut Vec<(ContentHash, String)>) -> Option<String> {
    let text = seen
        .text
        .as_ref()
        .and_then(|bytes| String::from_utf8(bytes.clone()).ok())?;
    texts.push((seen.content.hash, text.clone()));
    Some(text)
}

/// What an edit seen on the disk does to the document.
fn content_act(seen: &Seen, texts: &mut Vec<(ContentHash, String)>) -> Act {
    match remember_text(seen, texts) {
        Some(text) if seen.kind == Kind::Text => Act::EditText { text },
        _ => Act::SetContent {
            kind: seen.kind,
            content: seen.content,
        },
    }
}

fn birth_path(work: &Work) -> VaultPath {
    match work {
        Work::Incoming(incoming) => incoming.delivery.birth.clone(),
        Work::Disk(Disk::Born { path, .. } | Disk::Moved(path, _), _) => path.clone(),
        Work::Disk(..) | Work::Export(..) | Work::Render => {
            unreachable!("only a birth or a delivery works on an unknown file")
        }
    }
}

fn generation(work: &Work) -> u32 {
    match work {
        Work::Incoming(incoming) => incoming.delivery.generation,
        Work::Disk(Disk::Born { generation, .. }, _) => *generation,
        Work::Disk(..) | Work::Export(..) | Work::Render => 0,
    }
}
