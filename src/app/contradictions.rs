//! The merge ledger for people: lists it, and has entries settled by the engine.
//!
//! A verdict and what it does to the file are one change of the file's document: a stop at any
//! moment leaves both or neither. Only the copy beside an attachment is a file of its own, which
//! goes to the trash afterwards; a stop in between leaves it lying.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::Value;

use super::answer::{Conflict, Conflicts, Resolved, VERSION};
use super::handle::Handle;
use super::past::until_ready;
use super::perform::value;
use super::verify::Access;
use super::{Error, Failure, fault};
use crate::engine::{About, Command, Contradiction, Held, Past, Verdict};
use crate::model::{FileId, Observed, Step, StoredDocument, VaultPath};
use crate::store::Store;
use crate::vault::Folder;

/// How long a settled entry may take to be durable before the answer is given.
const KEPT_LIMIT: Duration = Duration::from_secs(5);
/// How long the folder may take to follow it; whatever is left then follows at the next start.
const FOLLOWS_LIMIT: Duration = Duration::from_secs(10);
/// Pause between two looks at whether it is.
const KEPT_PAUSE: Duration = Duration::from_millis(10);

type Rows = Vec<(String, Contradiction)>;

/// Entries nobody settled, by path; each with its id in hex and where the file lies now.
pub(crate) async fn list(store: &Access) -> Result<Value, Error> {
    let rows = store.ask(rows).await??;
    let conflicts = rows.into_iter().filter(|(_, it)| it.is_open()).map(told).collect();
    value(&Conflicts { v: VERSION, conflicts })
}

fn told((id, it): (String, Contradiction)) -> Conflict {
    let Contradiction { path, about, base, chosen, alternative, merge, .. } = it;
    Conflict { id, path, about: about.as_str().to_owned(), base, chosen, alternative, merge }
}

/// Every row that can be read, with where its file lies now.
fn rows(store: &Store) -> Result<Rows, Error> {
    let failed = |error| fault::of_store(&error);
    let mut rows = Rows::new();
    let entries = store.ledger().map_err(failed)?.rows;
    if entries.is_empty() {
        return Ok(rows);
    }
    let files: BTreeMap<FileId, Vec<u8>> =
        store.files().map_err(failed)?.rows.into_iter().collect();
    let past = |id: FileId| files.get(&id).and_then(|record| Past::read(record, None).ok());
    for (key, entry) in entries {
        let Some(mut it) = Contradiction::decode(&entry) else { continue };
        if let Some(past) = it.file().and_then(past) {
            it.path = past.path().to_string();
        }
        if let Some(copy) = it.copy().and_then(past) {
            it.chosen.clone_from(&it.path);
            it.alternative = copy.path().to_string();
            // Thrown away by hand, there is nothing to settle.
            it.closed |= !copy.alive() && !copy.lies();
        }
        rows.push((data_encoding::HEXLOWER.encode(&key), it));
    }
    rows.sort_by(|a, b| (&a.1.path, &a.1.merge, &a.0).cmp(&(&b.1.path, &b.1.merge, &b.0)));
    Ok(rows)
}

/// Settles the entry whose id begins with `id`.
pub(crate) async fn resolve(handle: &Handle, id: &str, verdict: Verdict) -> Result<Value, Error> {
    until_ready(handle).await?;
    let store = Access::Thread(handle.clone());
    let all = store.ask(rows).await??;
    let prefix = id.to_ascii_lowercase();
    let open = all.into_iter().filter(|(key, it)| it.is_open() && key.starts_with(&prefix));
    let open: Rows = open.collect();
    let [(key, entry)] = open.as_slice() else {
        let what = if open.is_empty() { "no open entry" } else { "more than one open entry" };
        return Err(Error::new(Failure::NoSuchVersion, format!("{what} begins with {id:?}"))
            .hint("`vault-sync conflicts` lists them."));
    };
    let (key, entry) = (key.clone(), entry.clone());
    let looked_at = entry.clone();
    store.ask(move |store| possible(store, &looked_at, verdict)).await??;
    let bytes = data_encoding::HEXLOWER.decode(key.as_bytes());
    let bytes = bytes.map_err(|error| fault::bug("an id is hex").caused_by(error))?;
    handle.command(Command::Resolve(bytes, verdict)).await?;
    until_kept(&store, &key).await?;
    let edits = matches!(verdict, Verdict::Alternative)
        || verdict == Verdict::Both && entry.about == About::Text;
    if edits {
        until_followed(handle).await?;
    }
    let decided = matches!(verdict, Verdict::Alternative | Verdict::Chosen);
    if decided && entry.about == About::Attachment {
        let folder = handle.facts.ground.to_write();
        let folder = folder.ok_or_else(|| fault::bug("a vault at work has a folder"))?;
        let copy = entry.clone();
        let gone = tokio::task::spawn_blocking(move || take_away(&folder, &copy));
        gone.await.map_err(|error| fault::bug("settling").caused_by(error))??;
    }
    let conflict = told((key, Contradiction { closed: true, ..entry }));
    value(&Resolved { v: VERSION, changed: edits, conflict })
}

/// Says beforehand why a verdict cannot be carried out.
fn possible(store: &Store, entry: &Contradiction, verdict: Verdict) -> Result<(), Error> {
    match (entry.about, verdict) {
        (_, Verdict::Chosen | Verdict::Merged)
        | (About::Path, Verdict::Alternative)
        | (About::Attachment, _) => Ok(()),
        (About::Path, Verdict::Both) => {
            Err(Error::new(Failure::Usage, "a file lies in one place only")
                .hint("Choose --ours, --theirs or --merged."))
        }
        (About::Text, Verdict::Alternative | Verdict::Both) => {
            let failed = |error| fault::of_store(&error);
            let id =
                entry.file().ok_or_else(|| by_hand(entry, "it was noted by an older version"))?;
            let record = store.files().map_err(failed)?.rows.into_iter().find(|it| it.0 == id);
            let stored: Option<StoredDocument> = store.document(id).map_err(failed)?;
            let past = record.and_then(|(_, record)| Past::read(&record, stored.as_ref()).ok());
            let past = past.filter(Past::alive);
            let past = past.ok_or_else(|| by_hand(entry, "the file is not there"))?;
            let Ok(Held::Text(text)) = past.held(None) else {
                return Err(by_hand(entry, "the file is no text now"));
            };
            let new = entry.rewritten(&text, &past.sides_of(entry), verdict);
            let unclear = "it is not clear where what was chosen stands";
            new.map(drop).ok_or_else(|| by_hand(entry, unclear))
        }
    }
}

async fn until_kept(store: &Access, key: &str) -> Result<(), Error> {
    let limit = tokio::time::Instant::now() + KEPT_LIMIT;
    loop {
        let all = store.ask(rows).await??;
        if all.iter().any(|(known, it)| known == key && !it.is_open()) {
            return Ok(());
        }
        if tokio::time::Instant::now() >= limit {
            return Err(Error::new(Failure::Io, "the entry could not be kept as settled")
                .hint("The note may have changed at this very moment: try again.")
                .hint("`vault-sync status` lists what is wrong."));
        }
        tokio::time::sleep(KEPT_PAUSE).await;
    }
}

/// Waits until the folder holds what was decided, or something else stands in the way.
async fn until_followed(handle: &Handle) -> Result<(), Error> {
    let limit = tokio::time::Instant::now() + FOLLOWS_LIMIT;
    while handle.status().await?.pending > 0 && tokio::time::Instant::now() < limit {
        tokio::time::sleep(KEPT_PAUSE).await;
    }
    Ok(())
}

/// Throws away the copy beside an attachment, provided it still holds what was put there.
fn take_away(folder: &Folder, entry: &Contradiction) -> Result<(), Error> {
    let Some((_, hash)) = &entry.copy else { return Ok(()) };
    let path = VaultPath::parse(&entry.alternative)
        .map_err(|error| fault::bug("a noted path").caused_by(error))?;
    let Observed::File(seen) = folder.look(&path) else { return Ok(()) };
    if seen.content.hash.to_string() != *hash {
        return Ok(());
    }
    let step = Step::Remove { path: path.clone(), expected: seen.content };
    match folder.apply(&[step]).pop() {
        Some(Ok(_)) => Ok(()),
        Some(Err(error)) => Err(Error::new(Failure::Io, format!("{path} could not be removed"))
            .hint("The contradiction is settled all the same; delete the copy by hand.")
            .caused_by(format!("{error:?}"))),
        None => Err(fault::bug("one step has one answer")),
    }
}

fn by_hand(entry: &Contradiction, why: &str) -> Error {
    Error::new(Failure::NoSuchVersion, format!("{} cannot be changed: {why}", entry.path))
        .hint("Edit the note by hand, then settle it with --merged.")
}
