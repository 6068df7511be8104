//! The past of files: lists revisions, shows what one held, and puts it back as an ordinary edit.

use std::fs::File;
use std::io::{Cursor, ErrorKind, Read};
use std::path::Path;
use std::time::Duration;

use serde_json::Value;

use super::answer::{Device, Log, LogEntry, MetSide, Restored, Show, VERSION};
use super::clock::rfc3339;
use super::handle::Handle;
use super::perform::{names, value};
use super::put_back::{Bytes, State, put_back};
use super::verify::Access;
use super::{Error, Failure, fault};
use crate::engine::{Held, Keep, Mark, NoUndo, Past, Revision, Side, made_by};
use crate::model::{
    ChangeHash, Content, FileId, Kind, Observed, PeerId, Problem, ProblemKind, VaultPath, WallMs,
};
use crate::store::Store;
use crate::vault::Folder;

/// How long the folder may take to be looked through before something is put back.
const READY_LIMIT: Duration = Duration::from_mins(1);
/// Pause between two looks at whether it was.
const READY_PAUSE: Duration = Duration::from_millis(20);

/// How many rows of a log may wait for being sorted out beside twice those asked for.
const ROWS_BESIDE: usize = 4096;

/// Who may have made a revision: ids and names, this device's own included.
pub(crate) type Names = Vec<(PeerId, String)>;

/// What is asked of the past.
#[derive(Debug, Clone)]
pub(crate) struct Wanted {
    /// A file, or a folder; empty for the whole vault.
    pub(crate) path: String,
    /// The start of a revision's name.
    pub(crate) rev: Option<String>,
    /// The state at this time.
    pub(crate) at: Option<WallMs>,
    /// Where to put it, instead of where it was.
    pub(crate) to: Option<String>,
    /// What it would hold had a merge not happened, instead of an earlier state.
    pub(crate) undo: Option<Undo>,
    /// Whether to say only what would be done.
    pub(crate) dry_run: bool,
}

/// A merge to take back.
#[derive(Debug, Clone)]
pub(crate) struct Undo {
    /// The start of its name.
    pub(crate) rev: String,
    /// The start of the name of the revision to keep, or a device; this one without.
    pub(crate) keep: Option<String>,
}

/// Lists revisions of a file, of the files in a folder, or of the whole vault.
pub(crate) async fn log(
    store: &Access,
    names: Names,
    path: String,
    limit: usize,
    single: bool,
) -> Result<Value, Error> {
    let asked = path.clone();
    let told = store.ask(move |store| told(store, &asked, &names, (limit, single))).await??;
    let (revisions, more) = told;
    let path = Some(path).filter(|path| !path.is_empty());
    value(&Log { v: VERSION, path, revisions, more })
}

/// What happened to the files that `path` names, the last first, and whether there is more than
/// `limit`. One document is in memory at a time, and hardly more rows than asked for.
fn told(
    store: &Store,
    path: &str,
    names: &Names,
    (limit, single): (usize, bool),
) -> Result<(Vec<LogEntry>, bool), Error> {
    let wanted = path.trim_matches('/');
    let files = files_of(store, wanted)?;
    let alone = files.len() == 1;
    let mut told: Vec<(Option<WallMs>, LogEntry)> = Vec::new();
    let mut more = false;
    let mut cut = |told: &mut Vec<(Option<WallMs>, LogEntry)>| {
        if !alone {
            // Stable: what one file tells stays in its order.
            told.sort_by_key(|(time, _)| std::cmp::Reverse(*time));
        }
        more |= told.len() > limit;
        told.truncate(limit);
    };
    for (id, record) in files {
        let past = whole(store, id, &record, wanted)?;
        let mut upper = None;
        for revision in past.revisions(single) {
            // What nobody dated came before whatever it led to.
            upper = revision.time.or(upper).or(Some(past.mtime()));
            told.push((upper, entry(&revision, names)));
        }
        if told.len() > limit.saturating_mul(2).saturating_add(ROWS_BESIDE) {
            cut(&mut told);
        }
    }
    cut(&mut told);
    Ok((told.into_iter().map(|(_, entry)| entry).collect(), more))
}

/// Shows what a file holds or held.
pub(crate) async fn show(
    store: &Access,
    folder: Folder,
    path: String,
    rev: Option<String>,
) -> Result<Value, Error> {
    let found = store.ask(move |store| state(store, &path, rev.as_deref(), None)).await??;
    let mut show = Show {
        v: VERSION,
        path: found.path.to_string(),
        rev: found.rev.to_string(),
        at: found.time.map(rfc3339),
        kind: "text".to_owned(),
        bytes: found.content.size,
        text: None,
        file: None,
    };
    match found.source {
        Bytes::Text(text) => show.text = Some(text),
        Bytes::OnDisk(path) => {
            "attachment".clone_into(&mut show.kind);
            let Observed::File(seen) = folder.look(&path) else {
                return Err(not_here(&found.path));
            };
            if seen.content != found.content {
                return Err(not_here(&found.path));
            }
            show.file = Some(path.to_string());
        }
        Bytes::Elsewhere => {
            "attachment".clone_into(&mut show.kind);
            let place = folder.find_in_trash(found.content).ok_or_else(|| not_here(&found.path))?;
            let below = place.strip_prefix(folder.root()).unwrap_or(&place);
            show.file = Some(below.to_string_lossy().into_owned());
        }
    }
    value(&show)
}

/// The bytes of a revision that was shown, of the vault at `root`, to be read in pieces.
///
/// - Shape: as many bytes as `show` says; reading fails when the file turns out shorter.
///
/// # Errors
///
/// [`Failure::Unreadable`] and [`Failure::LeftAside`] when the file that held them cannot be read,
/// or has changed since.
pub fn bytes_of(root: &Path, show: &Show) -> Result<Box<dyn Read>, Error> {
    let Some(file) = &show.file else {
        return Ok(Box::new(Cursor::new(show.text.clone().unwrap_or_default().into_bytes())));
    };
    let place = file.split('/').fold(root.to_owned(), |at, part| at.join(part));
    let failed = |error| {
        Error::new(Failure::Unreadable, format!("cannot read {}", place.display())).caused_by(error)
    };
    let file = File::open(&place).map_err(failed)?;
    if file.metadata().map_err(failed)?.len() != show.bytes {
        let changed = format!("{} changed at this very moment", place.display());
        return Err(Error::new(Failure::LeftAside, changed).hint("Try again."));
    }
    Ok(Box::new(Whole { file, left: show.bytes }))
}

/// A file of which so many bytes are still to come.
struct Whole {
    file: File,
    left: u64,
}

impl Read for Whole {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let room = usize::try_from(self.left).map_or(buffer.len(), |left| left.min(buffer.len()));
        let read = self.file.read(&mut buffer[..room])?;
        if read == 0 && room > 0 {
            return Err(ErrorKind::UnexpectedEof.into());
        }
        self.left -= read as u64;
        Ok(read)
    }
}

/// Puts a state of the past back, as an ordinary edit of the folder.
pub(crate) async fn restore(handle: &Handle, wanted: Wanted) -> Result<Value, Error> {
    until_ready(handle).await?;
    let Wanted { path, rev, at, to, undo, dry_run } = wanted;
    let asked = path.clone();
    let access = Access::Thread(handle.clone());
    let mut contradictions = 0;
    let (states, mut lost) = match undo {
        Some(undo) => {
            let me = handle.facts.me;
            let names = names(&handle.status().await?);
            let undone = access.ask(move |store| undone(store, &asked, &undo, (me, &names)));
            let (state, met_again) = undone.await??;
            contradictions = met_again;
            (vec![state], Vec::new())
        }
        None => access.ask(move |store| states(store, &asked, rev.as_deref(), at)).await??,
    };
    let target = |state: &State| match &to {
        Some(to) => VaultPath::parse(to).map_err(|error| {
            Error::new(Failure::Usage, format!("{to:?} is no path in a vault")).caused_by(error)
        }),
        None => Ok(state.path.clone()),
    };
    if to.is_some() && states.len() > 1 {
        return Err(Error::new(Failure::Usage, format!("{path} is a folder"))
            .hint("Only a single file can be put elsewhere."));
    }
    let mut plan = Vec::new();
    for state in states {
        plan.push((target(&state)?, state));
    }
    let folder = handle.facts.ground.to_write();
    let folder = folder.ok_or_else(|| fault::bug("a vault at work has a folder"))?;
    let done = tokio::task::spawn_blocking(move || put_back(&folder, &plan, dry_run));
    let (files, mut problems) =
        done.await.map_err(|error| fault::bug("putting files back").caused_by(error))?;
    problems.append(&mut lost);
    value(&Restored { v: VERSION, dry_run, restored: files, problems, contradictions })
}

/// Waits until everything in the folder is taken in, so that nothing of it is lost by what follows.
pub(crate) async fn until_ready(handle: &Handle) -> Result<(), Error> {
    let limit = tokio::time::Instant::now() + READY_LIMIT;
    loop {
        let status = handle.status().await?;
        if status.ready && status.pending == 0 {
            return Ok(());
        }
        if tokio::time::Instant::now() >= limit {
            return if status.ready {
                // Something waits for a peer; the folder itself was looked through.
                Ok(())
            } else {
                Err(Error::new(Failure::Busy, "the folder is still being looked through")
                    .hint("Try again in a moment."))
            };
        }
        tokio::time::sleep(READY_PAUSE).await;
    }
}

/// The files that `path` names with their pasts.
fn pasts(store: &Store, path: &str) -> Result<Vec<Past>, Error> {
    let wanted = path.trim_matches('/');
    let files = files_of(store, wanted)?.into_iter();
    files.map(|(id, record)| whole(store, id, &record, wanted)).collect()
}

/// The files that `wanted` names, with their records: those that lie or lay there, or else those in
/// that folder.
fn files_of(store: &Store, wanted: &str) -> Result<Vec<(FileId, Vec<u8>)>, Error> {
    let rows = store.files().map_err(|error| fault::of_store(&error))?.rows;
    let folder = format!("{wanted}/");
    let (mut exact, mut inside) = (Vec::new(), Vec::new());
    for (id, record) in rows {
        let Ok(bare) = Past::read(&record, None) else { continue };
        let at = bare.path().as_str();
        match () {
            () if !bare.is_file() => {}
            () if at == wanted => exact.push((id, record)),
            () if wanted.is_empty() || at.starts_with(&folder) => inside.push((id, record)),
            () => {}
        }
    }
    let found = if exact.is_empty() { inside } else { exact };
    if found.is_empty() && !wanted.is_empty() {
        return Err(Error::new(Failure::NoSuchVersion, format!("no file is or was at {wanted}"))
            .hint("`vault-sync log` lists what happened in the whole vault."));
    }
    Ok(found)
}

/// The one state that a path and a revision name.
fn state(store: &Store, path: &str, rev: Option<&str>, at: Option<WallMs>) -> Result<State, Error> {
    if let Some(prefix) = rev {
        let (past, rev) = revision(store, path, prefix)?;
        return state_of(store, &past, Some(rev));
    }
    let wanted = path.trim_matches('/');
    let here = files_at(store, path)?;
    if let Some(at) = at {
        let found = here.iter().find_map(|past| Some((past, past.at(at).filter(|it| it.alive)?)));
        return match found {
            Some((past, revision)) => state_of(store, past, Some(revision.rev)),
            None => Err(Error::new(
                Failure::NoSuchVersion,
                format!("{wanted} did not exist at {}", rfc3339(at)),
            )),
        };
    }
    state_of(store, &here[0], None)
}

/// The files that lie or lay at a path: the one that is there first, then those that were, the last
/// one first; at least one.
fn files_at(store: &Store, path: &str) -> Result<Vec<Past>, Error> {
    let wanted = path.trim_matches('/');
    let mut here = pasts(store, path)?;
    here.retain(|past| past.path().as_str() == wanted);
    if here.is_empty() {
        return Err(Error::new(Failure::NoSuchVersion, format!("{wanted} is a folder"))
            .hint("Name a file, or give a time to `restore`."));
    }
    here.sort_by_key(|past| std::cmp::Reverse((past.alive(), past.mtime())));
    Ok(here)
}

/// The file at a path that has a revision, and its whole name.
fn revision(store: &Store, path: &str, prefix: &str) -> Result<(Past, ChangeHash), Error> {
    let here = files_at(store, path)?;
    let found: Vec<(Past, Result<ChangeHash, usize>)> = here
        .into_iter()
        .map(|past| {
            let found = past.find(prefix);
            (past, found)
        })
        .collect();
    let fitting: usize =
        found.iter().map(|(_, it)| it.as_ref().map_or_else(|count| *count, |_| 1)).sum();
    let one = found.into_iter().find_map(|(past, it)| Some((past, it.ok()?)));
    one.filter(|_| fitting == 1).ok_or_else(|| unknown(path.trim_matches('/'), prefix, fitting))
}

/// The states to put back: of one file, or at a time of all files in a folder.
fn states(
    store: &Store,
    path: &str,
    rev: Option<&str>,
    at: Option<WallMs>,
) -> Result<(Vec<State>, Vec<Problem>), Error> {
    let wanted = path.trim_matches('/');
    let found = pasts(store, path);
    let single = matches!(&found, Ok(it) if it.iter().any(|past| past.path().as_str() == wanted));
    match (single, rev, at) {
        (true, None, None) => Ok((vec![before_the_end(store, path)?], Vec::new())),
        (true, rev, at) => Ok((vec![state(store, path, rev, at)?], Vec::new())),
        (false, None, Some(at)) => {
            let (mut states, mut problems) = (Vec::new(), Vec::new());
            let then = there_at(store, wanted, at)?;
            if then.is_empty() {
                // Nothing was there: fine for a folder that is, a mistake for anything else.
                found?;
            }
            for (past, revision) in then {
                match state_of(store, &past, Some(revision.rev)) {
                    Ok(state) => {
                        let lies = past.place().filter(|(place, _)| **place != revision.path);
                        let from = lies.map(|(place, content)| (place.clone(), content));
                        states.push(State { path: revision.path, from, ..state });
                    }
                    // One file that is lost keeps no other one back.
                    Err(error) if error.kind == Failure::LeftAside => problems.push(Problem {
                        path: revision.path.to_string(),
                        kind: ProblemKind::Unreadable,
                        message: error.message,
                    }),
                    Err(error) => return Err(error),
                }
            }
            Ok((states, problems))
        }
        (false, ..) if found.is_err() => Err(found.err().unwrap_or_else(|| fault::bug("an error"))),
        (false, ..) => Err(Error::new(Failure::NoSuchVersion, format!("{wanted:?} is a folder"))
            .hint("Say with --at from when its files are to be.")),
    }
}

/// The files that lay at a path or below it at a time, wherever they are now.
fn there_at(store: &Store, wanted: &str, at: WallMs) -> Result<Vec<(Past, Revision)>, Error> {
    let folder = format!("{wanted}/");
    let inside = |path: &VaultPath| {
        let path = path.as_str();
        wanted.is_empty() || path == wanted || path.starts_with(&folder)
    };
    let mut found = Vec::new();
    for (id, record) in store.files().map_err(|error| fault::of_store(&error))?.rows {
        let Ok(bare) = Past::read(&record, None) else { continue };
        if !bare.is_file() || !(inside(bare.path()) || bare.may_have_moved()) {
            continue;
        }
        let past = whole(store, id, &record, wanted)?;
        if let Some(revision) = past.at(at).filter(|it| it.alive && inside(&it.path)) {
            found.push((past, revision));
        }
    }
    Ok(found)
}

/// A file with its document.
fn whole(store: &Store, id: FileId, record: &[u8], wanted: &str) -> Result<Past, Error> {
    let stored = store.document(id).map_err(|error| fault::of_store(&error))?;
    Past::read(record, stored.as_ref()).map_err(|text| {
        Error::new(Failure::Damaged, format!("the past of {wanted} cannot be read")).caused_by(text)
    })
}

/// What a file would hold had a merge not happened, and in how many places that had to be chosen.
fn undone(
    store: &Store,
    path: &str,
    undo: &Undo,
    (me, names): (PeerId, &Names),
) -> Result<(State, u64), Error> {
    let (past, rev) = revision(store, path, &undo.rev)?;
    let keep = undo.keep.as_deref();
    let device = keep.and_then(|keep| names.iter().find(|(_, name)| name == keep));
    let keep = match (keep, device) {
        (None, _) => Keep::By(me),
        (Some(_), Some((peer, _))) => Keep::By(*peer),
        (Some(rev), None) => Keep::Rev(rev),
    };
    let at = past.path();
    let undone = past.undo(rev, keep).map_err(|error| match error {
        NoUndo::NoMerge => {
            Error::new(Failure::NoSuchVersion, format!("{} of {at} is no merge", undo.rev))
                .hint(format!("`vault-sync log {at}` lists them as `merged`."))
        }
        NoUndo::Which(sides) => {
            let sides = sides.iter().map(|side| {
                let devices = devices(&side.makers, names);
                let devices: Vec<&str> = devices.iter().map(|it| it.name.as_str()).collect();
                format!("{} ({})", &side.head.to_string()[..10], devices.join(", "))
            });
            let sides: Vec<String> = sides.collect();
            Error::new(Failure::Usage, "it is not clear which of the versions is to be kept")
                .hint(format!("Say with --keep which: {}.", sides.join(" or ")))
        }
        NoUndo::Other(why) => {
            Error::new(Failure::NoSuchVersion, format!("the merge of {at} cannot be undone: {why}"))
        }
    })?;
    let (content, source) = bytes_for(store, at, undone.held)?;
    let (path, rev) = (at.clone(), undone.kept);
    let state = State { path, rev, time: None, content, source, from: None };
    Ok((state, undone.contradictions as u64))
}

/// What a deleted file held last.
fn before_the_end(store: &Store, path: &str) -> Result<State, Error> {
    let here = pasts(store, path)?;
    let alive = here.iter().any(Past::alive);
    if alive {
        return Err(Error::new(Failure::NoSuchVersion, format!("{path} is there"))
            .hint("Say with --rev or --at which of its earlier versions to put back."));
    }
    state(store, path, None, None)
}

fn state_of(store: &Store, past: &Past, rev: Option<ChangeHash>) -> Result<State, Error> {
    let (named, time) = past.dated(rev).ok_or_else(|| fault::bug("every file has a revision"))?;
    let path = past.path().clone();
    let held = past.held(rev).map_err(|text| {
        Error::new(Failure::Damaged, format!("a revision of {path} cannot be read")).caused_by(text)
    })?;
    let (content, source) = bytes_for(store, &path, held)?;
    Ok(State { path, rev: named, time, content, source, from: None })
}

/// Where the bytes of a version of the file at `path` are.
fn bytes_for(store: &Store, path: &VaultPath, held: Held) -> Result<(Content, Bytes), Error> {
    Ok(match held {
        Held::Text(text) => (Content::of(text.as_bytes()), Bytes::Text(text)),
        Held::Content(Kind::Text, content) => {
            let text = store.text(content.hash).map_err(|error| fault::of_store(&error))?;
            let text = text.and_then(|bytes| String::from_utf8(bytes).ok());
            (content, Bytes::Text(text.ok_or_else(|| not_here(path))?))
        }
        Held::Content(_, content) => {
            (content, place_of(store, content)?.map_or(Bytes::Elsewhere, Bytes::OnDisk))
        }
    })
}

/// A file of the vault that holds this content on this disk.
fn place_of(store: &Store, content: Content) -> Result<Option<VaultPath>, Error> {
    let rows = store.files().map_err(|error| fault::of_store(&error))?.rows;
    let mut pasts = rows.iter().filter_map(|(_, record)| Past::read(record, None).ok());
    Ok(pasts.find_map(|past| past.on_disk(content).cloned()))
}

pub(super) fn not_here(path: &VaultPath) -> Error {
    Error::new(Failure::LeftAside, format!("the bytes of that version of {path} are not here"))
        .hint("Attachments are kept as long as a file of the vault, or its trash, holds them.")
}

fn unknown(path: &str, prefix: &str, fitting: usize) -> Error {
    let message = if fitting == 0 {
        format!("{path} has no revision {prefix:?}")
    } else {
        format!("{fitting} revisions of {path} begin with {prefix:?}")
    };
    Error::new(Failure::NoSuchVersion, message)
        .hint(format!("`vault-sync log {path}` lists them; a few more digits tell them apart."))
}

/// Whose marks these are.
fn devices(marks: &[Mark], names: &Names) -> Vec<Device> {
    let device = |mark: &Mark| match names.iter().find(|(peer, _)| made_by(*mark, *peer)) {
        Some((peer, name)) => Device { id: peer.to_string(), name: name.clone() },
        None => Device {
            id: data_encoding::HEXLOWER.encode(mark),
            name: "a device that is gone".to_owned(),
        },
    };
    marks.iter().map(device).collect()
}

fn entry(revision: &Revision, names: &Names) -> LogEntry {
    let side =
        |side: &Side| MetSide { rev: side.head.to_string(), devices: devices(&side.makers, names) };
    let device = devices(revision.maker.as_slice(), names).pop();
    LogEntry {
        rev: revision.rev.to_string(),
        at: revision.time.map(rfc3339),
        device,
        what: revision.deed.as_str().to_owned(),
        path: revision.path.to_string(),
        from: revision.from.as_ref().map(ToString::to_string),
        changes: revision.changes,
        met: revision.met.iter().map(side).collect(),
    }
}
