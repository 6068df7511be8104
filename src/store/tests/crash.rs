//! Stops at every sync of the database, with what was not synced lost, kept or torn.

use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex};

use redb::StorageBackend;

use super::plain::{Plain, content};
use super::{A, B, Error, LARGE_BYTES, Store, batches, folder, large_files, snapshot, text};
use crate::model::{FileId, Write};

/// What happens at a stop to writes that were not synced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Unsynced {
    Lost,
    Kept,
    /// Each is lost, kept or cut in half, as the seed has it.
    Torn(u64),
}

#[derive(Debug, Default)]
struct Platter {
    live: Vec<u8>,
    durable: Vec<u8>,
    since: Vec<(usize, Vec<u8>)>,
    syncs: usize,
    stop_at: Option<usize>,
    lies_from: Option<usize>,
    stopped: bool,
}

/// A disk in memory that stops for good instead of doing its `stop_at`th sync.
#[derive(Debug, Clone, Default)]
struct Disk(Arc<Mutex<Platter>>);

impl Disk {
    fn stopping_at(sync: usize) -> Self {
        let platter = Platter { stop_at: Some(sync), ..Platter::default() };
        Self(Arc::new(Mutex::new(platter)))
    }

    fn syncs(&self) -> usize {
        self.0.lock().unwrap().syncs
    }

    /// What is found after the stop.
    fn image(&self, unsynced: Unsynced) -> Vec<u8> {
        let platter = self.0.lock().unwrap();
        let mut image = platter.durable.clone();
        let mut random = match unsynced {
            Unsynced::Lost => return image,
            Unsynced::Kept => return platter.live.clone(),
            Unsynced::Torn(seed) => seed,
        };
        for (offset, bytes) in &platter.since {
            random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            let kept = match random >> 62 {
                0 => 0,
                1 => bytes.len() / 2,
                _ => bytes.len(),
            };
            let end = (offset + kept).max(image.len());
            image.resize(end, 0);
            image[*offset..offset + kept].copy_from_slice(&bytes[..kept]);
        }
        image
    }

    fn alive(&self) -> io::Result<std::sync::MutexGuard<'_, Platter>> {
        let platter = self.0.lock().unwrap();
        if platter.stopped {
            return Err(io::Error::other("stopped"));
        }
        Ok(platter)
    }
}

impl StorageBackend for Disk {
    fn len(&self) -> io::Result<u64> {
        Ok(self.alive()?.live.len() as u64)
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        let platter = self.alive()?;
        let start = usize::try_from(offset).unwrap();
        let found = platter.live.get(start..start + out.len());
        out.copy_from_slice(found.ok_or(io::ErrorKind::UnexpectedEof)?);
        Ok(())
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.alive()?.live.resize(usize::try_from(len).unwrap(), 0);
        Ok(())
    }

    fn sync_data(&self) -> io::Result<()> {
        let mut platter = self.alive()?;
        platter.syncs += 1;
        if platter.stop_at == Some(platter.syncs) {
            platter.stopped = true;
            return Err(io::Error::other("stopped"));
        }
        if platter.lies_from.is_none_or(|from| platter.syncs < from) {
            platter.durable = platter.live.clone();
            platter.since.clear();
        }
        Ok(())
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        let mut platter = self.alive()?;
        let start = usize::try_from(offset).unwrap();
        let end = (start + data.len()).max(platter.live.len());
        platter.live.resize(end, 0);
        platter.live[start..start + data.len()].copy_from_slice(data);
        platter.since.push((start, data.to_vec()));
        Ok(())
    }
}

/// Commits that create, grow, replace and forget, small and large.
fn workload() -> Vec<Vec<Write>> {
    let mut commits = batches().to_vec();
    for n in 0_u8..3 {
        let id = FileId([n; 16]);
        let changes = vec![content(3000, 40); 30];
        commits.push(vec![
            Write::File { id, record: content(200, 30) },
            snapshot(id, content(LARGE_BYTES - 1 + usize::from(n), 50)),
            Write::Changes { id, changes },
            text(&content(20_000, usize::from(n))),
        ]);
    }
    commits.push(vec![snapshot(A, content(LARGE_BYTES + 2, 60)), Write::ForgetFile(B)]);
    commits.push(vec![snapshot(A, content(100, 61)), Write::ForgetFile(FileId([1; 16]))]);
    commits
}

/// Runs the workload until the first failure; how many commits were confirmed, `None` when the
/// store could not even be opened.
fn run(folder: &Path, disk: &Disk) -> Option<usize> {
    let mut store = Store::open_on(folder, disk.clone()).ok()?;
    let mut confirmed = 0;
    for batch in workload() {
        match store.commit(&[batch]) {
            Ok(()) => confirmed += 1,
            Err(Error::Io { .. }) => break,
            Err(other) => panic!("a stop is told as {other:?}"),
        }
    }
    Some(confirmed)
}

fn states() -> Vec<Plain> {
    let mut states = vec![Plain::default()];
    for batch in workload() {
        let mut next = states.last().unwrap().clone();
        next.apply(&batch);
        states.push(next);
    }
    states
}

#[test]
fn a_stop_at_any_sync_leaves_all_or_nothing_of_each_commit() {
    let clean = Disk::default();
    let whole = folder();
    assert_eq!(run(whole.path(), &clean), Some(workload().len()));
    let states = states();
    let syncs = clean.syncs();
    assert!(syncs > workload().len(), "each commit syncs");
    for stop in 1..=syncs {
        let kinds = [Unsynced::Lost, Unsynced::Kept, Unsynced::Torn(1), Unsynced::Torn(77)];
        let disk = Disk::stopping_at(stop);
        let ran = folder();
        let confirmed = run(ran.path(), &disk);
        for unsynced in kinds {
            let case = format!("stop at sync {stop} of {syncs}, unsynced writes {unsynced:?}");
            let Some(confirmed) = confirmed else {
                // The real store is made under another name, so this is thrown away.
                continue;
            };
            let after = folder();
            std::fs::write(after.path().join("store.redb"), disk.image(unsynced)).unwrap();
            copy_large(ran.path(), after.path());
            let mut store = Store::open(after.path()).unwrap_or_else(|e| panic!("{case}: {e:?}"));
            let found = Plain::read(&store);
            let next = (confirmed + 1).min(states.len() - 1);
            assert!(found == states[confirmed] || found == states[next], "{case}");
            store.commit(&[vec![text(b"goes on")]]).unwrap();
            assert!(store.check().unwrap().damaged.is_empty(), "{case}");
        }
    }
}

/// The sweep's oracle fires when a confirmed commit is not there after all.
#[test]
fn a_disk_that_lies_about_a_sync_would_be_noticed() {
    let clean = Disk::default();
    run(folder().path(), &clean).unwrap();
    let disk = Disk::default();
    disk.0.lock().unwrap().lies_from = Some(clean.syncs() / 2);
    let ran = folder();
    let confirmed = run(ran.path(), &disk).unwrap();
    assert_eq!(confirmed, workload().len(), "the lie is not noticed while running");
    let after = folder();
    std::fs::write(after.path().join("store.redb"), disk.image(Unsynced::Lost)).unwrap();
    copy_large(ran.path(), after.path());
    let store = Store::open(after.path()).unwrap();
    let whole = states().pop().unwrap();
    assert!(store.files().unwrap().rows.len() < whole.files());
}

fn copy_large(from: &Path, to: &Path) {
    for name in large_files(from) {
        std::fs::create_dir_all(to.join("large")).unwrap();
        std::fs::copy(from.join("large").join(&name), to.join("large").join(&name)).unwrap();
    }
}

#[test]
fn an_orphan_of_a_stop_is_swept_and_its_number_not_used_again() {
    let folder = folder();
    let mut store = Store::open(folder.path()).unwrap();
    store.commit(&[vec![snapshot(A, content(LARGE_BYTES + 1, 1))]]).unwrap();
    drop(store);
    let large = folder.path().join("large");
    std::fs::write(large.join("0000000000000009"), b"half a snap").unwrap();
    std::fs::write(large.join("not ours"), b"").unwrap();
    let mut store = Store::open(folder.path()).unwrap();
    assert_eq!(large_files(folder.path()), ["0000000000000001", "not ours"]);
    store.commit(&[vec![snapshot(B, content(LARGE_BYTES + 1, 2))]]).unwrap();
    assert_eq!(large_files(folder.path())[1], "000000000000000a");
}

#[test]
fn an_unfinished_first_start_is_begun_anew() {
    let folder = folder();
    std::fs::write(folder.path().join("store.redb.new"), b"half a store").unwrap();
    std::fs::write(folder.path().join("life.new"), b"half").unwrap();
    let mut store = Store::open(folder.path()).unwrap();
    store.commit(&[vec![text(b"fine")]]).unwrap();
    drop(store);
    assert_eq!(Store::open(folder.path()).unwrap().renewal(), None);
}

#[test]
fn after_a_failed_write_the_next_commit_opens_the_database_again() {
    let folder = folder();
    drop(Store::open(folder.path()).unwrap());
    let path = folder.path().join("store.redb");
    let file = std::fs::File::options().read(true).write(true).open(&path).unwrap();
    let disk = FullDisk(redb::backends::FileBackend::new(file).unwrap(), Arc::default());
    let full = Arc::clone(&disk.1);
    let mut store = Store::open_on(folder.path(), disk).unwrap();
    store.commit(&[vec![text(b"before")]]).unwrap();
    let life = store.life();
    *full.lock().unwrap() = true;
    let refused = store.commit(&[vec![text(b"too much")]]);
    assert!(matches!(refused, Err(Error::Io { .. })), "{refused:?}");
    store.commit(&[vec![text(b"after")]]).unwrap();
    assert_eq!(store.life(), life);
    let kept = |bytes: &[u8]| store.text(crate::model::ContentHash::of(bytes)).unwrap();
    assert!(kept(b"before").is_some() && kept(b"after").is_some());
}

/// A real file on a disk that can be said to be full.
#[derive(Debug)]
struct FullDisk(redb::backends::FileBackend, Arc<Mutex<bool>>);

impl FullDisk {
    fn room(&self) -> io::Result<()> {
        let full = *self.1.lock().unwrap();
        if full { Err(io::ErrorKind::StorageFull.into()) } else { Ok(()) }
    }
}

impl StorageBackend for FullDisk {
    fn len(&self) -> io::Result<u64> {
        self.0.len()
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        self.0.read(offset, out)
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.room()?;
        self.0.set_len(len)
    }

    fn sync_data(&self) -> io::Result<()> {
        self.room()?;
        self.0.sync_data()
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        self.room()?;
        self.0.write(offset, data)
    }
}
