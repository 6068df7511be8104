//! One file's life: what the disk did and what peers sent, one thing at a time.

use super::commit::Commit;
use super::core::{Engine, Pending, Stage};
use super::task::{Disk, Incoming, Work};

use super::effect::LinkId;
use super::entry::{Base, Entry};
use super::index::is_beside_rival;
use super::job::Source;
use super::members::Kept;
use super::report::Report;
use super::spread::Origin;
use super::steps::aside;
use crate::model::{Content, FileId, Heads, Kind, Seen, Tick, VaultPath, Write};
use crate::reconcile::{self, Change};
use crate::wire::{Body, Bye, Lane, Message, State};

impl Engine {
    pub(super) fn begin(&mut self, id: FileId, work: Work) {
        let entry = self.index.get(&id).cloned();
        let work = match (work, &entry) {
            (Work::Disk(Disk::Born { path, generation, seen }, first), None) => {
                return self.take_birth(id, path, generation, seen, first);
            }
            (work, _) => work,
        };
        let work = match (work, entry.as_ref().and_then(|entry| entry.base.as_ref())) {
            // It was put there by a step meanwhile: what was seen is an edit, if anything.
            (Work::Disk(Disk::Born { path, seen, .. }, first), Some(base)) if base.path == path => {
                Work::Disk(Disk::Edited(path, seen), first)
            }
            (work, _) => work,
        };
        let work = match (work, &entry) {
            (Work::Disk(disk, first), Some(entry)) => {
                Work::Disk(of_the_known_kind(disk, entry), first)
            }
            (work, _) => work,
        };
        if let Work::Disk(disk, _) = &work
            && let Some(place) = overtaken(disk, entry.as_ref())
        {
            self.debounce.hint(self.now, place);
            return self.end_work(id);
        }
        match (&work, entry) {
            (Work::Disk(Disk::Edited(_, seen), _), Some(entry))
                if self.settled_look(id, &entry, seen) => {}
            (Work::Disk(Disk::Moved(to, seen), _), Some(entry))
                if entry.base.as_ref().is_some_and(|base| {
                    base.content == seen.content
                        && entry.alive
                        && self.put_there(&id, &entry, to)
                        && !becomes_text(base, seen)
                }) =>
            {
                // The disk is where the vault already wanted it.
                let heads = entry.base.as_ref().map(|base| base.heads.clone()).unwrap_or_default();
                let base = Base::seen(to.clone(), seen, heads);
                self.commit_base(id, entry, Some(base), Vec::new());
            }
            (Work::Disk(Disk::Gone(_), _), Some(entry)) if !entry.alive => {
                self.commit_base(id, entry, None, Vec::new());
            }
            (Work::Disk(Disk::Born { path, seen, .. }, _), Some(entry))
                if entry.alive && entry.content == seen.content && entry.kind == seen.kind =>
            {
                // It was on its way here, and here it is.
                self.keep_arrived(&entry, seen);
                let base = Base::seen(path.clone(), seen, entry.heads.clone());
                self.commit_base(id, entry, Some(base), Vec::new());
            }
            (Work::Incoming(incoming), entry) => {
                let incoming = incoming.clone();
                self.begin_incoming(id, &incoming, entry.as_ref(), work);
            }
            (Work::Disk(..) | Work::Export(..) | Work::Settle(_) | Work::Render, Some(entry)) => {
                self.open_document(id, &entry, work);
            }
            (Work::Disk(..) | Work::Export(..) | Work::Settle(_) | Work::Render, None) => {
                self.end_work(id);
            }
        }
    }

    /// Whether a file was moved to `to` by this device, if by anybody: it is where the vault wants
    /// it, or under a name that no person gives, where a stop left it on its way.
    fn put_there(&self, id: &FileId, entry: &Entry, to: &VaultPath) -> bool {
        let wanted = self.index.wanted_place(id, entry);
        let lay = entry.base.as_ref().is_some_and(|base| *to == aside(id, &base.path));
        *to == wanted || *to == entry.path || lay || is_beside_rival(id, entry, to)
    }

    /// A look that shows what is known, or what was wanted, needs no document.
    pub(super) fn settled_look(&mut self, id: FileId, entry: &Entry, seen: &Seen) -> bool {
        let base = entry.base.as_ref();
        let Some(place) = base.map(|base| base.path.clone()) else {
            return false;
        };
        let agrees = entry.alive && base.is_some_and(|base| base.content == entry.content);
        if agrees && base.is_some_and(|base| becomes_text(base, seen)) {
            return false;
        }
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
        let base = Base::seen(place, seen, heads);
        self.keep_arrived(entry, seen);
        self.commit_base(id, entry.clone(), Some(base), Vec::new());
        true
    }

    /// A stop may have come between putting a text in place and keeping it.
    pub(super) fn keep_arrived(&mut self, entry: &Entry, seen: &Seen) {
        let arrived = entry.base.as_ref().is_none_or(|base| base.content != seen.content);
        if let (Kind::Text, true, true, Some(bytes)) =
            (seen.kind, arrived, entry.heads.is_empty(), &seen.text)
        {
            let write = Write::Text { hash: seen.content.hash, bytes: bytes.clone(), packed: None };
            self.append(vec![write], Pending::Kept(Kept::Text));
        }
    }

    pub(super) fn take_birth(
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
            mtime_ms: seen.stamp.mtime_ms(),
            base: Some(Base::seen(path.clone(), &seen, Heads::default())),
            births: Some(Vec::new()),
        };
        let mut writes = Vec::new();
        if let (Kind::Text, Some(bytes)) = (seen.kind, seen.text) {
            writes.push(Write::Text { hash: seen.content.hash, bytes, packed: None });
        }
        let mut reports = Vec::new();
        if !self.intake.fresh && seen.kind != Kind::Folder {
            reports.push(Report::TakenIn { path, ops: 0, ms: self.now.since_ms(first) });
        }
        if seen.kind != Kind::Folder {
            self.intake.arrivals.note(id, self.now);
        }
        let live = self.stage == Stage::Ready;
        self.commit(
            writes,
            Commit { id, entry, held: None, reports, from: None, live, copies: Vec::new() },
        );
    }

    pub(super) fn begin_incoming(
        &mut self,
        id: FileId,
        incoming: &Incoming,
        entry: Option<&Entry>,
        work: Work,
    ) {
        let Incoming { link, delivery, .. } = incoming;
        let their_plain = match &delivery.body {
            Body::Plain { kind, content, .. } => {
                Some(State::Plain { kind: *kind, content: *content })
            }
            Body::Document { .. } | Body::Changes { .. } => None,
        };
        match (&delivery.body, entry) {
            (Body::Plain { bytes: Some(bytes), content, .. }, _)
                if Content::of(bytes) != *content =>
            {
                self.end_work(id);
                self.close(*link, Bye::Protocol, "a delivery is not what it says");
            }
            (Body::Plain { kind, content, bytes }, None) => {
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
                    births: Some(Vec::new()),
                };
                let mut writes = Vec::new();
                if let Some(bytes) = bytes {
                    if *kind == Kind::Text {
                        let (bytes, packed) = (bytes.clone(), delivery.packed.clone());
                        writes.push(Write::Text { hash: content.hash, bytes, packed });
                    }
                    if let Some(task) = self.tasks.get_mut(&id) {
                        task.bytes = Some((content.hash, bytes.clone()));
                    }
                }
                self.note_origin(id, incoming);
                let from = Some(Origin::of(incoming, their_plain));
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
                    self.open_document(id, entry, work);
                } else {
                    let state = entry.state();
                    self.need(*link, id, state);
                    self.end_work(id);
                }
            }
            (Body::Document { .. }, None) => self.run_job(id, work, Source::Nothing),
            (Body::Plain { .. } | Body::Changes { .. } | Body::Document { .. }, Some(entry)) => {
                self.open_document(id, entry, work);
            }
        }
    }

    pub(super) fn note_origin(&mut self, id: FileId, incoming: &Incoming) {
        if let Some(task) = self.tasks.get_mut(&id) {
            task.origin = Some(incoming.peer);
            task.since = incoming.since;
        }
    }

    /// Tells a peer what we hold of a file whose changes we could not use.
    pub(super) fn need(&mut self, link: LinkId, id: FileId, state: State) {
        self.send(link, Lane::Control, Message::Need(vec![(id, state)]));
    }
}

/// What was seen, with the kind that travels with the version: bytes that are known keep theirs,
/// though their name (or an older rule) says another.
fn of_the_known_kind(mut disk: Disk, entry: &Entry) -> Disk {
    let (seen, stays) = match &mut disk {
        Disk::Edited(_, seen) => (seen, true),
        Disk::Moved(_, seen) => (seen, false),
        Disk::Born { .. } | Disk::Gone(_) => return disk,
    };
    let base = entry.base.as_ref().filter(|base| base.content == seen.content);
    let arrived = stays && entry.alive && entry.content == seen.content;
    let known = base.map(|base| base.kind).or(arrived.then_some(entry.kind));
    if known == Some(Kind::Text) {
        seen.kind = Kind::Text;
    }
    disk
}

/// Whether an attachment lies under a name of texts by now and could be one: then it becomes one
/// though no byte of it changed, for only of texts does the store keep what they held.
pub(super) fn becomes_text(base: &Base, seen: &Seen) -> bool {
    base.content == seen.content
        && (base.kind, seen.kind) == (Kind::Blob, Kind::Text)
        && seen.text.is_some()
}

/// The place to look at again, when what was seen there is no longer about this file as it is known
/// now: while it waited for its turn, the file moved, went, or came to lie elsewhere.
fn overtaken(disk: &Disk, entry: Option<&Entry>) -> Option<VaultPath> {
    let entry = entry?;
    let base = entry.base.as_ref();
    let old = match disk {
        Disk::Edited(place, _) | Disk::Gone(place) => base.is_none_or(|it| it.path != *place),
        // Only the very file that was deleted comes back; anything else there is a new one.
        Disk::Born { seen, .. } => {
            base.is_some()
                || !entry.alive && (entry.content != seen.content || entry.kind != seen.kind)
        }
        Disk::Moved(..) => base.is_none(),
    };
    old.then(|| match disk {
        Disk::Born { path, .. }
        | Disk::Moved(path, _)
        | Disk::Edited(path, _)
        | Disk::Gone(path) => path.clone(),
    })
}
