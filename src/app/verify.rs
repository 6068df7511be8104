//! Checks the store against itself and against the folder.
//!
//! - Store: every row's checksum, every document loads and has the version its record says, every
//!   text is what its hash says.
//! - Folder: every file lies where its record says, as the record describes it; what looks different
//!   is read. With `deep` everything is read. An edit that was not taken in yet is listed too, as
//!   `changing`: it is no damage.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use serde_json::Value;

use super::answer::{VERSION, Verify};
use super::desk::in_store;
use super::handle::Handle;
use super::perform::value;
use super::workers::chain;
use super::{Error, fault};
use crate::engine::Recorded;
use crate::model::{ContentHash, FileId, Kind, Observed, Problem, ProblemKind, Stamp, VaultPath};
use crate::store::Store;
use crate::vault::Folder;

/// Documents or texts checked in one go on the store's thread, so that an edit made meanwhile waits
/// for milliseconds only.
const AT_ONCE: usize = 64;

/// A store that answers questions, on whichever thread it lives.
pub(crate) enum Access {
    /// A running vault's.
    Thread(Handle),
    /// One that is open for this alone.
    Own(Arc<Mutex<Store>>),
}

impl Access {
    pub(crate) async fn ask<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Store) -> T + Send + 'static,
    ) -> Result<T, Error> {
        match self {
            Self::Thread(handle) => handle.store(work).await,
            Self::Own(store) => {
                let store = Arc::clone(store);
                let asked = tokio::task::spawn_blocking(move || {
                    work(&store.lock().unwrap_or_else(PoisonError::into_inner))
                });
                asked.await.map_err(|error| fault::bug("checking the store").caused_by(error))
            }
        }
    }
}

/// Checks a vault at work.
pub(crate) async fn running(handle: &Handle, deep: bool) -> Result<Value, Error> {
    let folder = handle.facts.ground.to_read();
    let folder = folder.ok_or_else(|| fault::bug("a vault at work has a folder"))?;
    let digest = handle.status().await?.digest.to_string();
    let checked = check(&Access::Thread(handle.clone()), folder, deep).await?;
    value(&Verify { digest, ..checked })
}

/// Checks everything; the digest is left to the caller.
pub(crate) async fn check(store: &Access, folder: Folder, deep: bool) -> Result<Verify, Error> {
    let (records, mut problems) = store.ask(read_records).await??;
    let vault = folder.id();
    let strange = records.iter().filter(|(id, record)| !record.is_of(vault, **id));
    let told = |id| in_store(format!("the record of the file {id} is of another file"));
    problems.extend(strange.map(|(id, _)| told(id)));
    let records = Arc::new(records);
    problems.extend(tables(store).await?);
    let (documents, damaged) = check_documents(store, &records).await?;
    problems.extend(damaged);
    problems.extend(check_texts(store).await?);
    let on_disk = Arc::clone(&records);
    let compared = tokio::task::spawn_blocking(move || compare(&on_disk, &folder, deep));
    let (files, different) = compared
        .await
        .map_err(|error| fault::bug("comparing with the folder").caused_by(error))??;
    problems.extend(different);
    Ok(Verify { v: VERSION, digest: String::new(), files, documents, deep, problems })
}

type Records = BTreeMap<FileId, Recorded>;

/// All records that can be read, and a problem for each that cannot.
fn read_records(store: &Store) -> Result<(Records, Vec<Problem>), Error> {
    let files = store.files().map_err(|error| fault::of_store(&error))?;
    let mut problems: Vec<Problem> = files.damaged.iter().map(|e| in_store(chain(e))).collect();
    let mut records = Records::new();
    for (id, bytes) in files.rows {
        match Recorded::read(&bytes) {
            Some(record) => {
                records.insert(id, record);
            }
            None => problems.push(in_store(format!("the record of the file {id} is damaged"))),
        }
    }
    Ok((records, problems))
}

/// Damaged rows of the smaller tables.
async fn tables(store: &Access) -> Result<Vec<Problem>, Error> {
    let read = |store: &Store| {
        let (peers, meta, ledger) = (store.peers()?, store.meta()?, store.ledger()?);
        let damaged = [peers.damaged, meta.damaged, ledger.damaged];
        let told = damaged.iter().flatten().map(|error| in_store(chain(error)));
        Ok::<Vec<Problem>, crate::store::Error>(told.collect())
    };
    store.ask(read).await?.map_err(|error| fault::of_store(&error))
}

async fn check_documents(
    store: &Access,
    records: &Arc<Records>,
) -> Result<(u64, Vec<Problem>), Error> {
    let stored = store.ask(Store::documents).await?;
    let stored = stored.map_err(|error| fault::of_store(&error))?;
    let count = stored.len() as u64;
    // Those that should have one but have none are checked as well.
    let mut ids: Vec<FileId> = records
        .iter()
        .filter(|(_, record)| !record.heads.is_empty())
        .map(|(id, _)| *id)
        .chain(stored)
        .collect();
    ids.sort_unstable();
    ids.dedup();
    let mut problems = Vec::new();
    for some in ids.chunks(AT_ONCE) {
        let (some, known) = (some.to_vec(), Arc::clone(records));
        let found = store.ask(move |store| {
            let check = |id: &FileId| check_document(store, *id, known.get(id));
            some.iter().filter_map(check).collect::<Vec<Problem>>()
        });
        problems.extend(found.await?);
    }
    // An edit may have come between the records and the documents; then a second look agrees.
    let suspects: Vec<Problem> = problems;
    if suspects.is_empty() {
        return Ok((count, suspects));
    }
    let again = store.ask(move |store| {
        let (records, _) = read_records(store)?;
        let check = |id: &FileId| check_document(store, *id, records.get(id));
        Ok::<_, Error>(ids.iter().filter_map(check).collect::<Vec<Problem>>())
    });
    Ok((count, again.await??))
}

fn check_document(store: &Store, id: FileId, record: Option<&Recorded>) -> Option<Problem> {
    let damaged = |message: String| Problem {
        path: record.map_or_else(String::new, |record| record.path.as_str().to_owned()),
        kind: ProblemKind::Damaged,
        message,
    };
    let stored = match store.document(id) {
        Ok(stored) => stored,
        Err(error) => return Some(damaged(chain(&error))),
    };
    let Some(record) = record else {
        return stored.map(|_| damaged(format!("the document {id} belongs to no file")));
    };
    let checked = super::workers::guarded(|| record.check(stored.as_ref()));
    checked.and_then(|checked| checked).err().map(damaged)
}

async fn check_texts(store: &Access) -> Result<Vec<Problem>, Error> {
    let hashes = store.ask(Store::texts).await?;
    let hashes = hashes.map_err(|error| fault::of_store(&error))?;
    let mut problems = Vec::new();
    for some in hashes.chunks(AT_ONCE) {
        let some = some.to_vec();
        let found = store.ask(move |store| {
            let check = |hash: &ContentHash| match store.text(*hash) {
                Ok(Some(bytes)) if ContentHash::of(&bytes) == *hash => None,
                // Forgotten since it was listed.
                Ok(None) => None,
                Ok(Some(_)) => Some(in_store(format!("the text {hash} is another one"))),
                Err(error) => Some(in_store(chain(&error))),
            };
            some.iter().filter_map(check).collect::<Vec<Problem>>()
        });
        problems.extend(found.await?);
    }
    Ok(problems)
}

/// Compares what the records say of the disk with the disk. Blocks.
fn compare(records: &Records, folder: &Folder, deep: bool) -> Result<(u64, Vec<Problem>), Error> {
    let walk = folder.walk().map_err(|error| fault::of_vault(&error))?;
    let mut problems = walk.problems;
    let blind: Vec<String> = problems.iter().map(|found| found.path.clone()).collect();
    let mut there: BTreeMap<VaultPath, Stamp> = walk
        .found
        .into_iter()
        .filter(|found| !found.empty_folder)
        .map(|found| (found.path, found.stamp))
        .collect();
    let mut files = 0;
    for record in records.values() {
        let Some((path, kind, content, stamp)) = &record.on_disk else {
            continue;
        };
        if *kind == Kind::Folder {
            continue;
        }
        files += 1;
        let differs = |message: &str| Problem {
            path: path.as_str().to_owned(),
            kind: ProblemKind::Changing,
            message: message.to_owned(),
        };
        match there.remove(path) {
            Some(now) if now == *stamp && !deep => {}
            Some(_) => match folder.look(path) {
                Observed::File(seen) if seen.content == *content => {}
                Observed::Ignored => {}
                Observed::Problem(found) | Observed::Special(found) => problems.push(found),
                Observed::File(_) | Observed::Folder { .. } | Observed::Absent => {
                    problems.push(differs("edited since it was last taken in"));
                }
            },
            None if is_blind(&blind, path) => {}
            None => match folder.look(path) {
                Observed::Ignored | Observed::Special(_) => {}
                Observed::Problem(found) => problems.push(found),
                Observed::Absent | Observed::File(_) | Observed::Folder { .. } => {
                    problems.push(differs("gone since it was last taken in"));
                }
            },
        }
    }
    let new = there.into_keys().map(|path| Problem {
        path: path.as_str().to_owned(),
        kind: ProblemKind::Changing,
        message: "not taken in yet".to_owned(),
    });
    problems.extend(new);
    Ok((files, problems))
}

/// Whether the walk could not look at `path` or at a folder above it.
fn is_blind(blind: &[String], path: &VaultPath) -> bool {
    blind.iter().any(|unseen| {
        let below = path.as_str().strip_prefix(unseen.as_str());
        below.is_some_and(|rest| rest.is_empty() || rest.starts_with('/') || unseen.is_empty())
    })
}
