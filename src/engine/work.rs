//! Work on one file that needs its document: the job, the texts it lacks, what came of it.

use super::commit::Commit;
use super::core::{Engine, Pending};
use super::task::{Disk, Work};

use super::effect::Effect;
use super::effect::LinkId;
use super::entry::{Base, Entry};
use super::file::becomes_text;
use super::job::{Act, Done, Export, Failure, Held, Job, Outcome, Source};
use super::leaving::loss_of;
use super::report::Report;
use super::spread::Origin;
use crate::docs::Birth;
use crate::model::{
    Content, ContentHash, Digest, FileId, Heads, Kind, Problem, ProblemKind, Seen, StoredDocument,
    Tick, VaultPath, WallMs, Write,
};
use crate::wire::{Body, Bye, Lane, State};

/// An edit whose earlier text is nowhere to be found is tried again after this long.
const TEXT_RETRY_MS: u64 = 30_000;

impl Engine {
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

    /// Work for a peer came to nothing: the peer, or our queue to it, must not wait for it. The
    /// digests will differ, so that both compare again after a while.
    fn decline(&mut self, id: FileId, work: &Work) {
        let held = self.index.get(&id).map_or(Digest::ZERO, |entry| entry.digest(&id));
        match work {
            Work::Incoming(incoming) => {
                if let Some(link) = self.links.get_mut(&incoming.link) {
                    link.acks.push((id, held));
                }
            }
            Work::Export(link, _) => {
                if let Some(link) = self.links.get_mut(link) {
                    link.out.give_up(&id);
                }
            }
            Work::Disk(..) | Work::Settle(_) | Work::Render => {}
        }
    }

    pub(super) fn on_loaded(&mut self, id: FileId, result: Result<Option<StoredDocument>, String>) {
        let work = self.tasks.get_mut(&id).and_then(|task| task.work.take());
        match (result, work) {
            (Ok(Some(stored)), Some(work)) => self.run_job(id, work, Source::Stored(stored)),
            (Ok(None), Some(work)) => {
                self.decline(id, &work);
                self.damaged(id, "its document is missing from the store");
            }
            (Err(message), Some(work)) => {
                self.decline(id, &work);
                self.damaged(id, &message);
            }
            (_, None) => self.end_work(id),
        }
    }

    pub(super) fn damaged(&mut self, id: FileId, message: &str) {
        let path = self.index.get(&id).map_or_else(|| id.to_string(), |it| it.path.to_string());
        self.problem(Problem { path, kind: ProblemKind::Damaged, message: message.to_owned() });
        self.end_work(id);
        if let Some(task) = self.tasks.get_mut(&id) {
            task.waiting = true;
        }
    }

    pub(super) fn run_job(&mut self, id: FileId, work: Work, source: Source) {
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
                // What is held back of it may be an earlier version, which is not the vault's any more.
                let emptied = |entry: &Entry| entry.alive && loss_of(entry).is_some();
                let held = self.leaving.holds(&id) && entry.is_some_and(emptied);
                if let Some(heads) = base_heads.clone()
                    && !(held && matches!(disk, Disk::Edited(..)))
                {
                    at = heads;
                }
                match disk {
                    Disk::Gone(_) => acts.push(Act::Delete),
                    Disk::Moved(to, seen) => {
                        acts.push(Act::Rename { to: to.clone() });
                        let same = base.is_some_and(|base| {
                            base.content == seen.content && !becomes_text(base, seen)
                        });
                        if !same {
                            time = mtime(seen);
                            acts.push(content_act(seen, &mut texts));
                        }
                    }
                    Disk::Edited(_, seen) => {
                        time = mtime(seen);
                        acts.push(content_act(seen, &mut texts));
                    }
                    Disk::Born { seen, .. } => {
                        time = mtime(seen);
                        if entry.is_some_and(|it| it.alive) {
                            at = Heads::default();
                            acts.push(Act::Import { kind: seen.kind, content: seen.content });
                            remember_text(seen, &mut texts);
                        } else {
                            acts.push(Act::Revive);
                        }
                    }
                }
            }
            Work::Incoming(incoming) => match &incoming.delivery.body {
                Body::Plain { kind, content, bytes } => {
                    acts.push(Act::Import { kind: *kind, content: *content });
                    if let Some(Ok(text)) = bytes.as_ref().map(|it| String::from_utf8(it.clone())) {
                        texts.push((content.hash, text));
                    }
                }
                Body::Document { bytes } => acts.push(Act::Absorb(bytes.clone())),
                Body::Changes { changes, .. } => acts.push(Act::Apply(changes.clone())),
            },
            Work::Export(link, _) => {
                // Nothing known means equal: the peer got it meanwhile.
                let theirs = self.links.get(link).and_then(|link| link.theirs.get(&id).cloned());
                let ours = entry.map_or(State::Absent, Entry::state);
                acts.push(Act::Export(theirs.unwrap_or(ours)));
            }
            Work::Settle(settling) => acts.push(Act::Settle(settling.clone())),
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
            review_since: matches!(work, Work::Render).then_some(base_heads).flatten(),
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
            Err(panic) => Outcome { held: None, result: Err(Failure::Damaged(panic)) },
        };
        match outcome.result {
            Ok(done) => self.job_done(id, &work, done, outcome.held),
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
            // Whoever asked finds the entry as it was.
            Err(Failure::Unclear) => self.end_work(id),
            Err(Failure::Damaged(message)) => {
                self.decline(id, &work);
                self.damaged(id, &message);
            }
        }
    }

    /// A job lacks the text of an import: the store has it, or a peer does.
    pub(super) fn gather_texts(&mut self, id: FileId, work: Work, contents: Vec<Content>) {
        let Some(task) = self.tasks.get_mut(&id) else {
            return;
        };
        // Asked for again what it was just given, it would ask for ever.
        let in_vain = contents.iter().any(|content| task.texts.contains_key(&content.hash));
        task.work = Some(work);
        if in_vain {
            return self.text_lost(id, "its document cannot use the text it asks for");
        }
        task.lacking.clone_from(&contents);
        for content in contents {
            let op = self.op(Pending::Text(id, content));
            self.emit(Effect::LoadText { op, hash: content.hash });
        }
    }

    pub(super) fn on_text(&mut self, id: FileId, content: Content, text: Option<Vec<u8>>) {
        let Some(task) = self.tasks.get_mut(&id) else {
            return;
        };
        if !(task.working && task.lacking.contains(&content)) {
            // The text was asked for to be written to the disk; other work may have begun since.
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

    /// A text cannot be had from anybody, or is of no use: the work that needs it is given up for
    /// now. An edit on this disk is tried again; a delivery comes again when the peer does.
    pub(super) fn text_lost(&mut self, id: FileId, message: &str) {
        let work = self.tasks.get_mut(&id).and_then(|task| task.work.take());
        if let Some(task) = self.tasks.get_mut(&id) {
            // What waited for the text is given up; only an edit is tried again.
            task.waiting = matches!(work, Some(Work::Disk(..)));
        }
        self.end_work(id);
        if let Some(work) = &work {
            self.decline(id, work);
        }
        if let (Some(Work::Disk(disk, first)), Some(task)) = (work, self.tasks.get_mut(&id)) {
            task.disk.push_front((disk, first));
            self.wanting.insert(id);
            let path = self.index.get(&id).map_or_else(|| id.to_string(), |it| it.path.to_string());
            let kind = ProblemKind::Damaged;
            self.problem(Problem { path, kind, message: message.to_owned() });
            self.turns.drop(&id);
            self.wake_after(id, TEXT_RETRY_MS);
        }
    }

    pub(super) fn job_done(
        &mut self,
        id: FileId,
        work: &Work,
        done: Done,
        held: Option<Box<Held>>,
    ) {
        if let Work::Export(link, lane) = work {
            return self.export_done(id, *link, *lane, done, held);
        }
        let old = self.index.get(&id).cloned();
        let mut entry = Entry {
            birth: old.as_ref().map_or_else(|| birth_path(work), |it| it.birth.clone()),
            generation: old.as_ref().map_or_else(|| generation(work), |it| it.generation),
            path: done.path,
            kind: done.kind,
            content: done.content,
            alive: done.alive,
            heads: done.heads,
            mtime_ms: old.as_ref().map_or(0, |it| it.mtime_ms),
            base: old.as_ref().and_then(|it| it.base.clone()),
            births: Some(done.births),
        };
        let changed = old.as_ref().is_none_or(|it| it.content != entry.content);
        let mut reports = Vec::new();
        let mut writes = done.writes;
        let mut from = None;
        let live = matches!(work, Work::Disk(..) | Work::Settle(_));
        match work {
            Work::Disk(disk, first) => {
                Self::disk_base(&mut entry, disk, done.branch);
                if let Disk::Edited(place, _) = disk {
                    self.pace.spent(self.now, place, done.ops);
                }
                reports = self.disk_reports(&entry, old.as_ref(), disk, done.ops, *first);
                if let Disk::Edited(_, seen) | Disk::Moved(_, seen) | Disk::Born { seen, .. } = disk
                {
                    let seen_ms = seen.stamp.mtime_ms();
                    entry.mtime_ms = match (entry.content == seen.content, changed) {
                        (true, true) => seen_ms,
                        (true, false) => entry.mtime_ms,
                        (false, _) => entry.mtime_ms.max(seen_ms),
                    };
                }
                if let Disk::Born { seen: Seen { content, text: Some(bytes), .. }, .. } = disk {
                    let bytes = bytes.clone();
                    writes.push(Write::Text { hash: content.hash, bytes, packed: None });
                }
            }
            Work::Incoming(incoming) => {
                let theirs_ms = incoming.delivery.mtime_ms;
                entry.mtime_ms = match (changed, done.merged) {
                    (true, true) => entry.mtime_ms.max(theirs_ms),
                    (true, false) => theirs_ms,
                    (false, _) => entry.mtime_ms,
                };
                let theirs = delivered_state(&incoming.delivery.body, done.foreign);
                from = Some(Origin::of(incoming, theirs));
                if let Body::Plain { content, bytes: Some(bytes), kind: Kind::Text } =
                    &incoming.delivery.body
                {
                    let (bytes, packed) = (bytes.clone(), incoming.delivery.packed.clone());
                    writes.push(Write::Text { hash: content.hash, bytes, packed });
                }
                self.note_origin(id, incoming);
            }
            Work::Settle(_) if changed => entry.mtime_ms = self.wall.0,
            Work::Settle(_) | Work::Render | Work::Export(..) => {}
        }
        if done.merged {
            reports.push(Report::Merged(entry.path.clone()));
            self.shots.count_merge();
        }
        let noted = if matches!(work, Work::Render) {
            Vec::new()
        } else {
            let news = (done.told.as_slice(), &done.resolved);
            self.ledger_follows(id, &entry, news, done.text.as_deref(), &mut writes)
        };
        reports.extend(noted);
        if let Some(task) = self.tasks.get_mut(&id)
            && (changed || done.kind == Kind::Text)
        {
            task.bytes = done.text.map(|text| (entry.content.hash, text.into_bytes()));
            task.part = None;
        }
        if matches!(work, Work::Render) {
            self.keep_what_lost(id, &entry, done.copies);
            if let Some(held) = held {
                self.cache.put(id, held);
            }
            return self.end_work(id);
        }
        if old.as_ref() == Some(&entry) && writes.is_empty() {
            if let Some(held) = held {
                self.cache.put(id, held);
            }
            if let Some(Origin { link, theirs, .. }) = from {
                self.acknowledge(link, id, theirs);
            }
            return self.end_work(id);
        }
        let copies = done.copies;
        self.commit(writes, Commit { id, entry, held, reports, from, live, copies });
    }

    fn export_done(
        &mut self,
        id: FileId,
        link: LinkId,
        lane: Lane,
        done: Done,
        held: Option<Box<Held>>,
    ) {
        if let Some(held) = held {
            self.cache.put(id, held);
        }
        let state = State::Document { heads: done.heads, recent: Vec::new() };
        match done.export {
            Some(Export::Body(body)) => self.export_ready(link, lane, id, body, state),
            Some(Export::Nothing) | None => self.export_needless(link, id, &state),
        }
        self.end_work(id);
    }

    fn disk_base(entry: &mut Entry, disk: &Disk, branch: Heads) {
        entry.base = None;
        let (path, seen) = match disk {
            Disk::Gone(_) => return,
            Disk::Born { path, seen, .. } | Disk::Moved(path, seen) | Disk::Edited(path, seen) => {
                (path.clone(), seen)
            }
        };
        let same = entry.alive && seen.content == entry.content;
        let heads = if same { entry.heads.clone() } else { branch };
        entry.base = Some(Base::seen(path, seen, heads));
    }

    pub(super) fn disk_reports(
        &self,
        entry: &Entry,
        old: Option<&Entry>,
        disk: &Disk,
        ops: u64,
        first: Tick,
    ) -> Vec<Report> {
        let ms = self.now.since_ms(first);
        let path = entry.path.clone();
        let before = old.and_then(|it| it.base.as_ref()).map(|base| base.path.clone());
        match disk {
            _ if entry.kind == Kind::Folder => Vec::new(),
            Disk::Gone(_) => {
                vec![Report::Deleted { path: before.unwrap_or(path), peer: None }]
            }
            Disk::Moved(to, seen) => {
                let from = before.unwrap_or_else(|| path.clone());
                let mut reports = vec![Report::Renamed { path: to.clone(), from, peer: None }];
                if old.is_some_and(|it| it.content != seen.content) {
                    reports.push(Report::TakenIn { path: to.clone(), ops, ms });
                }
                reports
            }
            Disk::Edited(..) | Disk::Born { .. } => vec![Report::TakenIn { path, ops, ms }],
        }
    }
}

fn mtime(seen: &Seen) -> WallMs {
    WallMs(seen.stamp.mtime_ms())
}

fn remember_text(seen: &Seen, texts: &mut Vec<(ContentHash, String)>) -> Option<String> {
    let text = seen.text.as_ref().and_then(|bytes| String::from_utf8(bytes.clone()).ok())?;
    texts.push((seen.content.hash, text.clone()));
    Some(text)
}

/// What an edit seen on the disk does to the document.
fn content_act(seen: &Seen, texts: &mut Vec<(ContentHash, String)>) -> Act {
    match remember_text(seen, texts) {
        Some(text) if seen.kind == Kind::Text => Act::EditText { text },
        _ => Act::SetContent { kind: seen.kind, content: seen.content },
    }
}

/// The version that the sender of a delivery holds.
fn delivered_state(body: &Body, foreign: Option<Heads>) -> Option<State> {
    match body {
        Body::Plain { kind, content, .. } => Some(State::Plain { kind: *kind, content: *content }),
        Body::Document { .. } => foreign.map(|heads| State::Document { heads, recent: Vec::new() }),
        Body::Changes { heads, .. } => {
            Some(State::Document { heads: heads.clone(), recent: Vec::new() })
        }
    }
}

fn birth_path(work: &Work) -> VaultPath {
    match work {
        Work::Incoming(incoming) => incoming.delivery.birth.clone(),
        Work::Disk(Disk::Born { path, .. } | Disk::Moved(path, _), _) => path.clone(),
        Work::Disk(..) | Work::Export(..) | Work::Settle(_) | Work::Render => {
            unreachable!("only a birth or a delivery works on an unknown file")
        }
    }
}

fn generation(work: &Work) -> u32 {
    match work {
        Work::Incoming(incoming) => incoming.delivery.generation,
        Work::Disk(Disk::Born { generation, .. }, _) => *generation,
        Work::Disk(..) | Work::Export(..) | Work::Settle(_) | Work::Render => 0,
    }
}
