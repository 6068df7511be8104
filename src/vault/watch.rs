//! Hints from the file system.

use std::fmt;
use std::path::Path;

use notify::event::{AccessKind, AccessMode, EventKind, Flag, ModifyKind, RenameMode};
use notify::{Config, ErrorKind, RecommendedWatcher, RecursiveMode, Watcher as _};

use super::error::Error;
use super::root::Folder;
use super::rules::RULES_FILE;
use crate::model::VaultPath;

/// Something may have changed. A hint: only a look says whether, and what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// At this path; when it is a folder, also anywhere below it, for what is put into a new folder
    /// before it is watched is not told.
    Path(VaultPath),
    /// At this path, into which somebody writes; [`Event::Whole`] follows once they close it. Told only
    /// where the system tells of that.
    Writing(VaultPath),
    /// At this path, where a file was just written and closed, or put in place by a rename. Not every
    /// system tells.
    Whole(VaultPath),
    /// Anywhere: events were lost, or the rules of what takes part changed.
    Everything,
    /// From now on not everything is told, and why: the folder must be looked through.
    Blind(String),
}

/// Watches a vault for as long as it lives.
pub struct Watcher {
    _system: RecommendedWatcher,
}

impl Watcher {
    /// Starts watching `folder` and hands events to `send`, from a thread of the system's watcher.
    ///
    /// - Shape: raw, neither collected nor delayed; what the rules leave out and mere reading are
    ///   dropped before `send`. `send` must not block.
    ///
    /// # Errors
    ///
    /// [`Error::WatchLimit`] when the system watches no more folders: then the folder can still be
    /// scanned; [`Error::Watch`] otherwise.
    pub fn start(folder: &Folder, send: impl Fn(Event) + Send + 'static) -> Result<Self, Error> {
        let root = folder.root().to_owned();
        let failed = |source: notify::Error| match source.kind {
            ErrorKind::MaxFilesWatch => Error::WatchLimit { path: root.clone() },
            ErrorKind::Generic(_)
            | ErrorKind::Io(_)
            | ErrorKind::PathNotFound
            | ErrorKind::WatchNotFound
            | ErrorKind::InvalidConfig(_) => Error::Watch { path: root.clone(), source },
        };
        let told = folder.clone();
        let handler = move |event: notify::Result<notify::Event>| match event {
            Ok(event) => sort_out(&told, &event, &send),
            Err(error) => {
                tracing::warn!(%error, "the watcher failed; the folder is looked through");
                send(match error.kind {
                    ErrorKind::MaxFilesWatch => {
                        let limit = Error::WatchLimit { path: told.root().to_owned() };
                        Event::Blind(limit.to_string())
                    }
                    ErrorKind::Generic(_)
                    | ErrorKind::Io(_)
                    | ErrorKind::PathNotFound
                    | ErrorKind::WatchNotFound
                    | ErrorKind::InvalidConfig(_) => Event::Everything,
                });
            }
        };
        let config = Config::default().with_follow_symlinks(false);
        let mut system = RecommendedWatcher::new(handler, config).map_err(failed)?;
        system.watch(&root, RecursiveMode::Recursive).map_err(failed)?;
        Ok(Self { _system: system })
    }
}

impl fmt::Debug for Watcher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Watcher").finish_non_exhaustive()
    }
}

/// Turns one event of the system into hints.
fn sort_out(folder: &Folder, event: &notify::Event, send: &impl Fn(Event)) {
    if event.attrs.flag() == Some(Flag::Rescan) {
        send(Event::Everything);
        return;
    }
    let closed = event.kind == EventKind::Access(AccessKind::Close(AccessMode::Write));
    if matches!(event.kind, EventKind::Access(_)) && !closed {
        return;
    }
    // Of a rename the last path is where it went.
    let moved = EventKind::Modify(ModifyKind::Name(RenameMode::To));
    let both = EventKind::Modify(ModifyKind::Name(RenameMode::Both));
    let bytes = matches!(event.kind, EventKind::Modify(ModifyKind::Data(_)));
    let writing = bytes && cfg!(any(target_os = "linux", target_os = "android"));
    let arrived = event.paths.last().filter(|_| event.kind == moved || event.kind == both);
    for path in &event.paths {
        match hint_of(folder, path) {
            Some(Event::Path(at)) if closed || arrived == Some(path) => send(Event::Whole(at)),
            Some(Event::Path(at)) if writing => send(Event::Writing(at)),
            Some(hint) => send(hint),
            None => {}
        }
    }
}

/// What an event at the real path `path` means; `None` when nobody is concerned.
fn hint_of(folder: &Folder, path: &Path) -> Option<Event> {
    let below = path.strip_prefix(folder.root()).ok()?;
    let mut text = String::new();
    for part in below {
        let Some(part) = part.to_str() else {
            // A name nobody can sync: its folder has a new problem.
            break;
        };
        if !text.is_empty() {
            text.push('/');
        }
        text.push_str(part);
    }
    let Ok(path) = VaultPath::parse(&text) else {
        // The root itself, or a name that is too long for a vault.
        return Some(Event::Everything);
    };
    if folder.inner.rules.leave_out_unseen(&path) {
        return None;
    }
    if path.name() == RULES_FILE {
        return Some(Event::Everything);
    }
    Some(Event::Path(path))
}
