//! From what the vault wants to what the disk holds, one guarded step at a time.

use std::collections::BTreeSet;

use super::core::{Engine, Pending, Stage};
use super::effect::Effect;
use super::entry::{Base, Entry};
use super::leaving::{Leave, loss_of};
use super::report::Report;
use super::task::{Copying, Probe, Taking, Work};
use crate::model::{
    Content, FileId, Kind, Observed, Sketch, Source, Stamp, Step, StepDone, StepError, VaultPath,
    Writer,
};
use crate::reconcile::{self, Lies, Loss, Next, Wanted};

/// A step that the disk refused is tried again after this long, doubling up to
/// [`RETRY_LIMIT_MS`].
pub(super) const RETRY_MS: u64 = 1000;
/// Longest wait between two tries.
const RETRY_LIMIT_MS: u64 = 60_000;
/// A content that no peer had is asked for again after this long, doubling up to
/// [`WANTED_LIMIT_MS`]; a new connection, and a peer that got hold of it, begin anew.
const WANTED_RETRY_MS: u64 = 5000;
/// Longest wait before a content that no peer had is asked for again.
const WANTED_LIMIT_MS: u64 = 600_000;
/// A step that met other bytes than expected waits this much longer than the quiet time, for the
/// look that takes them in.
const LOOK_MARGIN_MS: u64 = 50;

impl Engine {
    /// Asks for the next step of a file; false when there is nothing to do, or nothing can be done
    /// until something else happens.
    pub(super) fn next_step(&mut self, id: FileId) -> bool {
        let Some(entry) = self.index.get(&id) else {
            return false;
        };
        let held = self.held.contains(&id) || self.is_held_back(&id);
        if held || self.stage == Stage::Scanning || self.stopping() {
            return false;
        }
        let lies = entry.base.as_ref().is_some_and(|it| it.content == entry.content);
        if entry.alive && !lies && self.too_long(entry.kind, entry.content) {
            self.held.insert(id);
            return false;
        }
        let place = self.index.wanted_place(&id, entry);
        let lies = entry.base.as_ref().map(|it| Lies { path: &it.path, content: it.content });
        let wanted = Wanted { path: &place, content: entry.content, kind: entry.kind };
        let next = reconcile::next_step(lies, entry.alive.then_some(wanted), entry.kind);
        let entry = entry.clone();
        let loses = match next {
            Next::Remove => true,
            Next::Overwrite => loss_of(&entry).is_some(),
            Next::Nothing | Next::Create | Next::Move | Next::MakeFolder | Next::RemoveFolder => {
                false
            }
        };
        if loses {
            match self.may_leave(id) {
                Leave::Now => {}
                Leave::Later => return true,
                Leave::Held => return false,
            }
        } else if next != Next::Move {
            self.does_not_leave(id);
            if matches!(next, Next::Create | Next::Overwrite) {
                self.is_back(id);
            }
        }
        if next == Next::Nothing
            && let Some(listed) = self.tasks.get_mut(&id).and_then(|task| task.listed.take())
        {
            // What could not be done is not wanted any more.
            self.solved(&listed);
        }
        match next {
            Next::Nothing => self.arrived(id, entry),
            Next::Create | Next::Overwrite => self.write(id, &entry, place),
            Next::Move => self.move_to(id, &entry, place),
            Next::Remove => {
                if self.must_keep_first(id, &entry) {
                    return true;
                }
                let Some(base) = entry.base else { return false };
                let step = Step::Remove { path: base.path, expected: base.content };
                self.step(id, step, Taking::Remove)
            }
            Next::MakeFolder => {
                let step = Step::MakeFolder(place.clone());
                self.step(id, step, Taking::MakeFolder { place })
            }
            Next::RemoveFolder => {
                let Some(base) = entry.base.clone() else {
                    return false;
                };
                if self.index.needs_folder(&base.path) {
                    // Files are in it: it stays, only its own record is no longer kept.
                    self.hold_task(id);
                    let entry = Entry { base: None, ..entry };
                    self.commit_base(id, entry, None, Vec::new());
                    return true;
                }
                self.step(id, Step::RemoveFolder(base.path), Taking::RemoveFolder)
            }
        }
    }

    fn arrived(&mut self, id: FileId, entry: Entry) -> bool {
        self.wanting.remove(&id);
        // The disk agrees with the vault: from now on its version is the vault's.
        let behind = entry.base.as_ref().is_some_and(|base| base.heads != entry.heads);
        if behind && let Some(base) = entry.base.clone() {
            let base = Base { heads: entry.heads.clone(), ..base };
            self.hold_task(id);
            self.commit_base(id, entry, Some(base), Vec::new());
        }
        behind
    }

    pub(super) fn hold_task(&mut self, id: FileId) {
        let task = self.tasks.entry(id).or_default();
        if !task.working {
            task.working = true;
            task.held_bytes = task.bytes.as_ref().map_or(0, |(_, bytes)| bytes.len() as u64);
            self.turns.begin(task.held_bytes);
        }
    }

    fn step(&mut self, id: FileId, step: Step, taking: Taking) -> bool {
        self.hold_task(id);
        if let Some(place) = place_of(&taking)
            && !self.arriving(&place)
        {
            // A look may see it there before its record says so. Where another is being taken in
            // already, the step will find it and fail; what it finds is still that other one.
            self.intake.arriving.insert(place, id);
        }
        let op = self.op(Pending::Step(id, taking));
        self.emit(Effect::Step { op, step });
        true
    }

    fn write(&mut self, id: FileId, entry: &Entry, place: VaultPath) -> bool {
        // One that is yet to be put in place holds up nobody, so that two never wait for each other.
        if let Some(rival) = self.rival_at(id, &place).or_else(|| self.leaving_above(&place)) {
            self.gives_way(rival);
            return self.rest(id);
        }
        if self.must_keep_first(id, entry) {
            return true;
        }
        let Some(source) = self.source(id, entry) else {
            return true;
        };
        let expected = entry.base.as_ref().map(|base| base.content);
        let content = entry.content;
        let taking = match expected {
            Some(_) => Taking::Overwrite { content },
            None => Taking::Create { place: place.clone(), content },
        };
        let step = Step::Replace { path: place, expected, source, mtime_ms: entry.mtime_ms };
        self.step(id, step, taking)
    }

    /// Where the wanted bytes come from; `None` while they are being fetched (or cannot be yet).
    fn source(&mut self, id: FileId, entry: &Entry) -> Option<Source> {
        let content = entry.content;
        let task = self.tasks.entry(id).or_default();
        if content.size == 0 {
            return Some(Source::Bytes(Vec::new()));
        }
        if task.bytes.as_ref().is_some_and(|(hash, _)| *hash == content.hash) {
            // Kept until the step is done: it may have to be taken again.
            return task.bytes.clone().map(|(_, bytes)| Source::Bytes(bytes));
        }
        if task.part == Some(content) {
            return Some(Source::Part(content));
        }
        let may_copy = task.copying == Copying::Allowed;
        if entry.kind == Kind::Blob && may_copy {
            let holder = self.index.holder_of(&content.hash).and_then(|it| it.base.as_ref());
            if let Some(base) = holder {
                return Some(Source::CopyOf { path: base.path.clone(), content });
            }
            if self.is_landing(id, content.hash) {
                self.rest(id);
                return None;
            }
        }
        let task = self.tasks.entry(id).or_default();
        task.waiting = true;
        if entry.kind == Kind::Text && entry.heads.is_empty() {
            let op = self.op(Pending::Text(id, content));
            self.emit(Effect::LoadText { op, hash: content.hash });
        } else if entry.kind == Kind::Text && task.attempts == 0 {
            // The document has the characters, or knows the hash of a text in the store.
            task.attempts = 1;
            task.waiting = false;
            self.render(id, entry);
        } else if entry.kind == Kind::Text {
            let op = self.op(Pending::Text(id, content));
            self.emit(Effect::LoadText { op, hash: content.hash });
        } else if entry.base.is_none() && task.probe == Probe::Due {
            // Nothing is fetched that this device does not want.
            task.probe = Probe::Done;
            let path = self.index.wanted_place(&id, entry);
            let op = self.op(Pending::Probe(id, content));
            self.emit(Effect::Read { op, path, writer: Writer::Unknown });
        } else {
            self.want_content(id, content);
        }
        None
    }

    /// It was looked whether the place of an attachment takes part here.
    pub(super) fn on_probed(&mut self, id: FileId, content: Content, observed: &Observed) {
        if matches!(observed, Observed::Ignored) {
            self.held.insert(id);
            if let Some(task) = self.tasks.get_mut(&id) {
                task.waiting = false;
            }
            return self.wake(id);
        }
        if self.index.get(&id).is_some_and(|entry| entry.alive && entry.content == content) {
            return self.want_content(id, content);
        }
        if let Some(task) = self.tasks.get_mut(&id) {
            task.waiting = false;
        }
        self.wake(id);
    }

    pub(super) fn render(&mut self, id: FileId, entry: &Entry) {
        self.hold_task(id);
        self.open_document(id, entry, Work::Render);
    }

    fn move_to(&mut self, id: FileId, entry: &Entry, place: VaultPath) -> bool {
        let Some(base) = entry.base.clone() else {
            return false;
        };
        let mut to = place;
        let rival = self.rival_at(id, &to).or_else(|| self.leaving_above(&to));
        if let Some(rival) = rival.filter(|rival| *rival != id) {
            self.gives_way(rival);
        }
        if self.waits_in_a_ring(id, &to) {
            // Files that swap places, or that are replaced by folders which hold each other, or
            // themselves: this one steps aside, so that the others can move. It does so beside where it
            // lies, for the folder that it is to lie in may not be there yet.
            to = aside(&id, &base.path);
        } else if rival.is_some() {
            return self.rest(id);
        }
        let step = Step::Rename { from: base.path, to: to.clone(), expected: base.content };
        self.step(id, step, Taking::Move { to })
    }

    /// Another known file that lies at `place`.
    fn rival_at(&self, id: FileId, place: &VaultPath) -> Option<FileId> {
        self.index.at(place).filter(|other| *other != id)
    }

    /// A file that lies where a folder above `place` must be, and is about to leave. What stays there
    /// is told when the step fails.
    fn leaving_above(&self, place: &VaultPath) -> Option<FileId> {
        let leaves = |other: &FileId| {
            let stuck = self.tasks.get(other).is_some_and(|task| task.blocked);
            self.index.get(other).is_some_and(|it| {
                let wanted = it.alive.then(|| self.index.wanted_place(other, it));
                let lies = it.base.as_ref().map(|base| &base.path);
                !stuck && wanted.as_ref() != lies
            })
        };
        self.file_above(place).filter(leaves)
    }

    /// A file that lies where a folder above `place` must be.
    fn file_above(&self, place: &VaultPath) -> Option<FileId> {
        let is_file =
            |id: &FileId| self.index.get(id).is_some_and(|entry| entry.kind != Kind::Folder);
        let mut above = std::iter::successors(place.parent(), VaultPath::parent);
        above.find_map(|folder| self.index.at(&folder).filter(is_file))
    }

    /// Whether the file at `place`, or where a folder above it must be, waits for one that waits …
    /// for this one.
    fn waits_in_a_ring(&self, id: FileId, place: &VaultPath) -> bool {
        let mut seen = BTreeSet::new();
        let mut at = place.clone();
        while let Some(other) = self.index.at(&at).or_else(|| self.file_above(&at)) {
            if other == id {
                return true;
            }
            if !seen.insert(other) {
                return false;
            }
            let Some(entry) = self.index.get(&other).filter(|entry| entry.alive) else {
                return false;
            };
            at = self.index.wanted_place(&other, entry);
        }
        false
    }

    /// Nothing can be done until another file moves on; that one's commit does not know of us, so
    /// look again after a while.
    pub(super) fn rest(&mut self, id: FileId) -> bool {
        if let Some(task) = self.tasks.get_mut(&id) {
            task.waiting = true;
        }
        self.wake_after(id, LOOK_MARGIN_MS);
        true
    }

    pub(super) fn on_stepped(
        &mut self,
        id: FileId,
        taking: Taking,
        result: Result<StepDone, StepError>,
    ) {
        let Some(entry) = self.index.get(&id).cloned() else {
            return self.end_work(id);
        };
        match result {
            Ok(done) => self.step_taken(id, entry, taking, done),
            Err(StepError::Changed) => {
                // Something else lies there: it is taken in first, then this is decided again.
                self.was_ousted(id, &entry);
                let places = [entry.base.map(|base| base.path), place_of(&taking)];
                for path in places.into_iter().flatten() {
                    self.debounce.hint(self.now, path);
                }
                self.end_work(id);
                let pause = self.config.quiet_ms + LOOK_MARGIN_MS;
                self.pause(id, pause);
            }
            Err(StepError::Ignored) => {
                self.held.insert(id);
                self.end_work(id);
            }
            Err(StepError::SourceGone) => {
                self.end_work(id);
                if let Some(task) = self.tasks.get_mut(&id) {
                    // A part may have become another file, from which it can be copied.
                    let was_part = task.part.take().is_some();
                    task.copying = if was_part { Copying::Allowed } else { Copying::Failed };
                    task.bytes = None;
                }
            }
            Err(StepError::Problem(problem)) => {
                let listed = Some(problem.path.clone());
                if let Some(task) = self.tasks.get_mut(&id)
                    && let Some(before) = std::mem::replace(&mut task.listed, listed.clone())
                    && Some(&before) != listed.as_ref()
                {
                    self.solved(&before);
                }
                self.problem(problem);
                self.end_work(id);
                if let Some(task) = self.tasks.get_mut(&id) {
                    task.blocked = true;
                }
                let attempts = self.tasks.get_mut(&id).map_or(0, |task| {
                    task.attempts = (task.attempts + 1).min(16);
                    task.attempts
                });
                self.pause(id, (RETRY_MS << attempts).min(RETRY_LIMIT_MS));
            }
        }
    }

    pub(super) fn pause(&mut self, id: FileId, ms: u64) {
        if let Some(task) = self.tasks.get_mut(&id) {
            task.waiting = true;
        }
        self.wake_after(id, ms);
    }

    /// A file whose place is another's by now lies there no more, and no look at the place would say
    /// so: one that came while this one's step was under way, a folder of its name for instance.
    fn was_ousted(&mut self, id: FileId, entry: &Entry) {
        let Some(base) = &entry.base else { return };
        match self.index.at(&base.path) {
            Some(holder) if holder != id => self.contest(holder, id),
            None => drop(self.index.lies_nowhere(id)),
            Some(_) => {}
        }
    }

    fn step_taken(&mut self, id: FileId, entry: Entry, taking: Taking, done: StepDone) {
        let (stamp, sketch) = (done.stamp.unwrap_or_default(), done.sketch);
        let (origin, since) =
            self.tasks.get(&id).map_or((None, self.now), |task| (task.origin, task.since));
        let ms = self.now.since_ms(since);
        let base = entry.base.clone();
        let left = base.as_ref().map(|base| base.path.clone());
        let mut reports = Vec::new();
        let folder = entry.kind == Kind::Folder;
        self.solved(entry.path.as_str());
        let new = match taking {
            Taking::Create { place, content } => {
                self.intake.arrivals.note(id, self.now);
                reports.push(Report::Written { path: place.clone(), peer: origin, ms });
                Some(base_of(&entry, place, content, stamp, sketch))
            }
            Taking::Overwrite { content } => base.map(|base| {
                if let Some(loss) = loss_of(&entry) {
                    self.has_left(id, loss);
                }
                reports.push(Report::Written { path: base.path.clone(), peer: origin, ms });
                base_of(&entry, base.path, content, stamp, sketch)
            }),
            Taking::Move { to } => base.map(|base| {
                let (path, from) = (to.clone(), base.path.clone());
                if to == entry.path {
                    reports.push(Report::Renamed { path, from, peer: origin });
                }
                let heads =
                    if base.content == entry.content { entry.heads.clone() } else { base.heads };
                Base { path: to, stamp, heads, ..base }
            }),
            Taking::MakeFolder { place } => {
                let content = entry.content;
                Some(Base {
                    path: place,
                    content,
                    kind: Kind::Folder,
                    stamp,
                    sketch: Sketch::default(),
                    heads: entry.heads.clone(),
                })
            }
            Taking::Remove | Taking::RemoveFolder => {
                self.has_left(id, Loss::Deleted);
                if let (Some(path), false) = (left.clone(), folder) {
                    reports.push(Report::Deleted { path, peer: origin });
                }
                None
            }
        };
        for path in [left.as_ref(), new.as_ref().map(|base| &base.path)].into_iter().flatten() {
            if !folder {
                self.debounce.stepped(self.now, path);
                self.echo.note(self.now, path.clone());
            }
            self.place_changed(id, path);
        }
        let stays = new.as_ref().map(|base| base.path.clone());
        if let Some(left) = left
            && Some(&left) != stays.as_ref()
        {
            self.prune_above(&left);
            self.wake_claimants_of(&left);
        }
        let mut listed = None;
        if let Some(task) = self.tasks.get_mut(&id) {
            task.attempts = 0;
            task.blocked = false;
            listed = task.listed.take();
            task.bytes = None;
            task.part = None;
            task.copying = Copying::Allowed;
        }
        if let Some(listed) = listed {
            self.solved(&listed);
        }
        self.commit_base(id, entry, new, reports);
    }

    /// A place became free: whoever waits for it, or for a folder there, goes on.
    fn wake_claimants_of(&mut self, place: &VaultPath) {
        let claimants: Vec<FileId> = self.index.claimants_from(place).collect();
        for id in claimants {
            if let Some(task) = self.tasks.get_mut(&id) {
                task.waiting = false;
            }
            self.wake(id);
        }
    }

    /// Folders that nothing needs any more go with the last file in them.
    fn prune_above(&mut self, path: &VaultPath) {
        let mut folder = path.parent();
        while let Some(path) = folder {
            if self.index.needs_folder(&path) {
                break;
            }
            folder = path.parent();
            let op = self.op(Pending::Prune);
            self.emit(Effect::Step { op, step: Step::RemoveFolder(path) });
        }
    }

    /// Remembers that a file's content must come from somebody else.
    pub(super) fn nobody_has(&mut self, id: FileId) {
        self.wanting.insert(id);
        if let Some(task) = self.tasks.get_mut(&id) {
            task.waiting = true;
            task.blocked = true;
            let pause = (WANTED_RETRY_MS << task.asked.min(16)).min(WANTED_LIMIT_MS);
            task.asked += 1;
            let due = self.now.plus_ms(pause);
            task.ask_again = Some(due);
            self.wake_after(id, pause);
        }
    }

    /// Somebody may have what nobody had: it is asked for again at once.
    pub(super) fn ask_again(&mut self, id: FileId) {
        self.wanting.remove(&id);
        if let Some(task) = self.tasks.get_mut(&id) {
            task.waiting = false;
            task.blocked = false;
            task.asked = 0;
            task.ask_again = None;
        }
        self.wake(id);
    }
}

/// Where a file that lies at `place` steps aside when it changes places with others.
pub(super) fn aside(id: &FileId, place: &VaultPath) -> VaultPath {
    place.with_suffix(&format!("(moving {})", id.short()))
}

fn place_of(taking: &Taking) -> Option<VaultPath> {
    match taking {
        Taking::Create { place, .. }
        | Taking::MakeFolder { place }
        | Taking::Move { to: place } => Some(place.clone()),
        Taking::Overwrite { .. } | Taking::Remove | Taking::RemoveFolder => None,
    }
}

/// What lies at `path` now that we put it there.
fn base_of(entry: &Entry, path: VaultPath, content: Content, stamp: Stamp, sketch: Sketch) -> Base {
    Base { path, content, kind: entry.kind, stamp, sketch, heads: entry.heads.clone() }
}
