//! The merge ledger for people: lists it, and settles an entry by an ordinary edit of the folder.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::answer::{Conflict, Conflicts, Resolved, VERSION};
use super::clock::wall;
use super::handle::Handle;
use super::past::until_ready;
use super::perform::value;
use super::verify::Access;
use super::{Error, Failure, fault};
use crate::engine::{About, Command, Contradiction, Past};
use crate::model::{FileId, Observed, Source, Step, VaultPath};
use crate::store::Store;
use crate::vault::Folder;

/// How long a settled entry may take to be durable before the answer is given.
const KEPT_LIMIT: Duration = Duration::from_secs(5);
/// Pause between two looks at whether it is.
const KEPT_PAUSE: Duration = Duration::from_millis(10);

/// How a person settles a contradiction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// What was chosen is right.
    Chosen,
    /// The alternative is to stand instead.
    Alternative,
    /// Both are to stand.
    Both,
    /// As the note is now.
    Merged,
}

type Rows = Vec<(String, Contradiction)>;

/// Entries nobody settled, by path; each with its id in hex and where the file lies now.
pub(crate) async fn list(store: &Access) -> Result<Value, Error> {
    let rows = store.ask(rows).await??;
    let conflicts = rows.into_iter().filter(|(_, it)| !it.resolved).map(told).collect();
    value(&Conflicts { v: VERSION, conflicts })
}

fn told((id, it): (String, Contradiction)) -> Conflict {
    let Contradiction { path, about, base, chosen, alternative, .. } = it;
    Conflict { id, path, about: about.as_str().to_owned(), base, chosen, alternative }
}

fn rows(store: &Store) -> Result<Rows, Error> {
    let failed = |error| fault::of_store(&error);
    let mut rows = Rows::new();
    let entries = store.ledger().map_err(failed)?.rows;
    if entries.is_empty() {
        return Ok(rows);
    }
    let files: BTreeMap<FileId, Vec<u8>> =
        store.files().map_err(failed)?.rows.into_iter().collect();
    for (key, entry) in entries {
        let Some(mut it) = Contradiction::decode(&entry) else { continue };
        if let Some(id) = it.file.as_deref().and_then(|id| id.parse::<FileId>().ok())
            && let Some(record) = files.get(&id)
            && let Ok(past) = Past::read(record, None)
        {
            it.path = past.path().to_string();
        }
        rows.push((data_encoding::HEXLOWER.encode(&key), it));
    }
    rows.sort_by(|a, b| (&a.1.path, &a.0).cmp(&(&b.1.path, &b.0)));
    Ok(rows)
}

/// Settles the entry whose id begins with `id`.
pub(crate) async fn resolve(handle: &Handle, id: &str, verdict: Verdict) -> Result<Value, Error> {
    until_ready(handle).await?;
    let store = Access::Thread(handle.clone());
    let all = store.ask(rows).await??;
    let prefix = id.to_ascii_lowercase();
    let open = all.into_iter().filter(|(key, it)| !it.resolved && key.starts_with(&prefix));
    let open: Rows = open.collect();
    let [(key, entry)] = open.as_slice() else {
        let what = if open.is_empty() { "no open entry" } else { "more than one open entry" };
        return Err(Error::new(Failure::NoSuchVersion, format!("{what} begins with {id:?}"))
            .hint("`vault-sync conflicts` lists them."));
    };
    let (key, entry) = (key.clone(), entry.clone());
    let folder = handle.facts.ground.to_write();
    let folder = folder.ok_or_else(|| fault::bug("a vault at work has a folder"))?;
    let settled = entry.clone();
    let edited = tokio::task::spawn_blocking(move || edit(&folder, &settled, verdict));
    let changed = edited.await.map_err(|error| fault::bug("settling").caused_by(error))??;
    let bytes = data_encoding::HEXLOWER.decode(key.as_bytes());
    let bytes = bytes.map_err(|error| fault::bug("an id is hex").caused_by(error))?;
    let now = Contradiction { resolved: true, ..entry };
    handle.command(Command::Resolve(bytes, Box::new(now.clone()))).await?;
    until_kept(&store, &key).await?;
    value(&Resolved { v: VERSION, changed, conflict: told((key, now)) })
}

async fn until_kept(store: &Access, key: &str) -> Result<(), Error> {
    let limit = tokio::time::Instant::now() + KEPT_LIMIT;
    loop {
        let all = store.ask(rows).await??;
        if all.iter().any(|(known, it)| known == key && it.resolved) {
            return Ok(());
        }
        if tokio::time::Instant::now() >= limit {
            return Err(Error::new(Failure::Io, "the entry could not be kept as settled")
                .hint("`vault-sync status` lists what is wrong."));
        }
        tokio::time::sleep(KEPT_PAUSE).await;
    }
}

/// Edits the note as the verdict says; whether anything was to be changed.
fn edit(folder: &Folder, entry: &Contradiction, verdict: Verdict) -> Result<bool, Error> {
    if matches!(verdict, Verdict::Chosen | Verdict::Merged) {
        return Ok(false);
    }
    let place = |text: &str| {
        VaultPath::parse(text).map_err(|error| fault::bug("a noted path").caused_by(error))
    };
    let path = place(&entry.path)?;
    let Observed::File(seen) = folder.look(&path) else {
        return Err(by_hand(entry, "the file is not there"));
    };
    let step = match (entry.about, verdict) {
        (About::Path, Verdict::Alternative) => Step::Rename {
            from: path.clone(),
            to: place(&entry.alternative)?,
            expected: seen.content,
        },
        (About::Path, _) => {
            return Err(Error::new(Failure::Usage, "a file lies in one place only")
                .hint("Choose --ours, --theirs or --merged."));
        }
        (About::Text, verdict) => {
            let text = seen.text.and_then(|bytes| String::from_utf8(bytes).ok());
            let text = text.ok_or_else(|| by_hand(entry, "the file is no text now"))?;
            let new = rewritten(&text, entry, verdict).ok_or_else(|| {
                by_hand(entry, "what was chosen does not stand there exactly once")
            })?;
            Step::Replace {
                path: path.clone(),
                expected: Some(seen.content),
                source: Source::Bytes(new.into_bytes()),
                mtime_ms: wall().0,
            }
        }
    };
    match folder.apply(&[step]).pop() {
        Some(Ok(_)) => Ok(true),
        Some(Err(error)) => Err(Error::new(Failure::Io, format!("{path} could not be changed"))
            .caused_by(format!("{error:?}"))),
        None => Err(fault::bug("one step has one answer")),
    }
}

fn by_hand(entry: &Contradiction, why: &str) -> Error {
    Error::new(Failure::NoSuchVersion, format!("{} cannot be changed: {why}", entry.path))
        .hint("Edit the note by hand, then settle it with --merged.")
}

/// The text with the verdict carried out; `None` when it is not certain where.
fn rewritten(text: &str, entry: &Contradiction, verdict: Verdict) -> Option<String> {
    let mut places = text.match_indices(entry.chosen.as_str()).map(|(at, _)| at);
    let at = places.next().filter(|_| !entry.chosen.is_empty())?;
    if places.next().is_some() {
        return None;
    }
    let lines = entry.chosen.contains('\n') || entry.alternative.contains('\n');
    let new = match verdict {
        Verdict::Alternative => entry.alternative.clone(),
        Verdict::Both if lines && !entry.chosen.ends_with('\n') => {
            format!("{}\n{}", entry.chosen, entry.alternative)
        }
        Verdict::Both if lines => format!("{}{}", entry.chosen, entry.alternative),
        Verdict::Both => format!("{} {}", entry.chosen, entry.alternative),
        Verdict::Chosen | Verdict::Merged => entry.chosen.clone(),
    };
    let (before, after) = (&text[..at], &text[at + entry.chosen.len()..]);
    Some(format!("{before}{new}{after}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_verdict_is_carried_out_where_it_is_certain() {
        let entry = Contradiction {
            path: "a.md".into(),
            file: None,
            about: About::Text,
            base: "2026-01-01".into(),
            chosen: "2026-01-02".into(),
            alternative: "2026-01-03".into(),
            resolved: false,
        };
        let text = "due 2026-01-02, at noon\n";
        let with = |verdict| rewritten(text, &entry, verdict);
        assert_eq!(with(Verdict::Alternative).unwrap(), "due 2026-01-03, at noon\n");
        assert_eq!(with(Verdict::Both).unwrap(), "due 2026-01-02 2026-01-03, at noon\n");
        assert_eq!(rewritten("2026-01-02 2026-01-02", &entry, Verdict::Both), None);
        assert_eq!(rewritten("nothing of it", &entry, Verdict::Both), None);
        let gone = Contradiction { chosen: String::new(), ..entry.clone() };
        assert_eq!(rewritten(text, &gone, Verdict::Alternative), None);
        let lines = Contradiction { chosen: "a\n".into(), alternative: "b\n".into(), ..entry };
        assert_eq!(rewritten("x\na\ny\n", &lines, Verdict::Both).unwrap(), "x\na\nb\ny\n");
    }
}
