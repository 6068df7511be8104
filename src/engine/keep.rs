//! What lost a whole-file choice is kept beside its file, before anything is put in its place.
//!
//! - A blob lies nowhere but on the disks, so the device that is about to overwrite or remove one
//!   that lost copies it first; only the finished copy gets a record, for a record without bytes
//!   could never be had by anybody. A stop in between loses nothing: whether what lies here lost is
//!   asked of the document again, before every such step.
//! - A text is part of the document: its copy is a record at once, and its bytes go with it.

use super::commit::Commit;
use super::core::{Engine, Pending};
use super::effect::Effect;
use super::entry::Entry;
use super::steps::RETRY_MS;
use crate::docs::{self, Birth};
use crate::model::{
    Content, FileId, Heads, Kind, Seen, Source, Step, StepDone, StepError, VaultId, VaultPath,
    Write,
};

/// A blob on its way to the place beside its file.
#[derive(Debug)]
pub(super) struct Copy {
    /// The file whose version it was.
    of: FileId,
    id: FileId,
    name: VaultPath,
    content: Content,
}

/// The file beside `path` that keeps `content`.
pub(super) fn beside(vault: VaultId, path: &VaultPath, content: Content) -> Birth {
    let name = path.with_suffix(&format!("(conflict {})", content.hash.short()));
    Birth { vault, path: name, generation: 0 }
}

impl Engine {
    /// Whether what lies here must be kept, or it must be found out whether it must, before a step
    /// may take it away.
    pub(super) fn must_keep_first(&mut self, id: FileId, entry: &Entry) -> bool {
        let Some(base) = &entry.base else { return false };
        let blobs = base.kind == Kind::Blob || entry.kind == Kind::Blob;
        if !blobs || entry.heads.is_empty() || base.heads == entry.heads {
            return false;
        }
        if self.is_being_saved(id, entry) {
            return self.rest(id);
        }
        let task = self.tasks.entry(id).or_default();
        if task.reviewed.as_ref() == Some(&entry.heads) {
            return false;
        }
        task.reviewed = Some(entry.heads.clone());
        self.render(id, entry);
        true
    }

    /// Whether what lies here lost a choice and is not copied beside it yet.
    fn is_being_saved(&mut self, id: FileId, entry: &Entry) -> bool {
        let Some(hash) = entry.base.as_ref().map(|base| base.content.hash) else { return false };
        let Some(copy) = self.saving.get(&hash).copied().filter(|copy| *copy != id) else {
            return false;
        };
        let working = self.tasks.get(&copy).map(|task| task.working);
        let unplaced = self.index.get(&copy).is_some_and(|it| it.alive && it.base.is_none());
        let open = working.is_some_and(|working| working || unplaced);
        if !open {
            self.saving.remove(&hash);
        }
        open
    }

    /// The document said what lost since the version that lies here.
    pub(super) fn keep_what_lost(&mut self, id: FileId, entry: &Entry, copies: Vec<docs::Body>) {
        let lies = entry.base.as_ref().map(|base| (base.kind, base.content));
        for copy in copies {
            match copy {
                docs::Body::Text(_) => self.keep_text(&entry.path, copy),
                docs::Body::Content(kind, content) => {
                    if kind == Kind::Blob && lies == Some((kind, content)) {
                        self.copy_beside(id, entry, content);
                    }
                }
            }
        }
    }

    fn copy_beside(&mut self, of: FileId, entry: &Entry, content: Content) {
        let Some(base) = &entry.base else { return };
        if content == entry.content && entry.alive {
            return;
        }
        let birth = beside(self.vault, &entry.path, content);
        let id = birth.file_id();
        match self.index.get(&id) {
            Some(known) if known.alive && known.base.is_none() => {
                // A peer made it first: it is copied from here like any other file.
                self.saving.insert(content.hash, id);
                self.tasks.entry(id).or_default().waiting = false;
                return self.wake(id);
            }
            // It was kept before; if a person threw it away, that stands.
            Some(_) => return,
            None => {}
        }
        self.saving.insert(content.hash, id);
        if self.tasks.get(&id).is_some_and(|task| task.working) {
            // Somebody delivers it this very moment.
            return;
        }
        self.hold_task(id);
        let name = birth.path;
        self.intake.arriving.insert(name.clone(), id);
        let source = Source::CopyOf { path: base.path.clone(), content };
        let mtime_ms = base.stamp.mtime_ms();
        let step = Step::Replace { path: name.clone(), expected: None, source, mtime_ms };
        let op = self.op(Pending::Copied(Box::new(Copy { of, id, name, content })));
        self.emit(Effect::Step { op, step });
    }

    /// A copy is on the disk, or will not be.
    pub(super) fn on_copied(&mut self, copy: Copy, result: Result<StepDone, StepError>) {
        let Copy { of, id, name, content } = copy;
        match result {
            Ok(StepDone { stamp: Some(stamp), .. }) if self.index.get(&id).is_none() => {
                let seen = Seen::new(stamp, content, Kind::Blob, None);
                self.take_birth(id, name, 0, seen, self.now);
            }
            Ok(_) | Err(StepError::Changed) => {
                // What lies there is taken in like anything else.
                self.debounce.hint(self.now, name);
                self.end_work(id);
            }
            // The user replaced it meanwhile, or wants no such file here: there is nothing to keep.
            Err(StepError::SourceGone | StepError::Ignored) => self.end_work(id),
            Err(StepError::Problem(problem)) => {
                self.problem(problem);
                self.end_work(id);
                if let Some(task) = self.tasks.get_mut(&of) {
                    task.reviewed = None;
                }
                self.pause(of, RETRY_MS);
            }
        }
    }

    /// A text that gave way to a blob becomes a file of its own, the same on every device, for its
    /// identity follows from its name.
    pub(super) fn keep_text(&mut self, path: &VaultPath, copy: docs::Body) {
        let docs::Body::Text(text) = copy else {
            return;
        };
        let content = Content::of(text.as_bytes());
        let birth = beside(self.vault, path, content);
        let id = birth.file_id();
        let busy = self.tasks.get(&id).is_some_and(|task| task.working);
        if busy || self.index.get(&id).is_some() {
            return;
        }
        let entry = Entry {
            birth: birth.path.clone(),
            generation: 0,
            path: birth.path,
            kind: Kind::Text,
            content,
            alive: true,
            heads: Heads::default(),
            mtime_ms: self.wall.0,
            base: None,
            births: Some(Vec::new()),
        };
        let bytes = text.clone().into_bytes();
        self.tasks.entry(id).or_default().bytes = Some((content.hash, bytes));
        self.hold_task(id);
        let writes =
            vec![Write::Text { hash: content.hash, bytes: text.into_bytes(), packed: None }];
        let (reports, copies) = (Vec::new(), Vec::new());
        self.commit(
            writes,
            Commit { id, entry, held: None, reports, from: None, live: false, copies },
        );
    }
}
