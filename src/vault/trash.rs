//! What a step removed and no history holds: kept for a while, so that a person gets it back.
//!
//! | State of `.vault-sync/trash/<name>` | `<name>` | After a crash |
//! |---|---|---|
//! | a step is under way | `.vault-sync-x-<run>-<n>-<old>-<new>` | judged by the hash of the file in it: the old bytes become trash, ours go, anybody's come back |
//! | trash | `<YYYY-MM-DD>T<hh-mm-ss>Z-<n>` | – |
//!
//! In it lies one file under its whole path in the vault, folders included.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{self, ErrorKind, Write as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::os;
use super::read::{each_piece, fingerprint, name};
use super::root::Folder;
use super::sweep::{Swept, make_visible};
use super::temp::{self, Sort};
use crate::model::{Content, ContentHash, Kind, TEXT_LIMIT_BYTES, VaultPath, kind_of};

/// The folder of the trash inside the marker's folder.
pub(super) const TRASH_FOLDER: &str = "trash";
/// How long trash is kept unless somebody says otherwise.
pub const TRASH_DAYS: u64 = 30;
/// How many bytes of trash are kept unless somebody says otherwise.
pub const TRASH_BYTES: u64 = 1_000_000_000;
/// Most things of one second; beyond that something is wrong with the folder.
const NAMES_LIMIT: u32 = 1_000_000;
const SECONDS_A_DAY: u64 = 24 * 60 * 60;

/// One file that was removed or replaced on behalf of a peer.
///
/// - Units: `size` in bytes.
/// - Source: [`Folder::trash`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trashed {
    /// When, to the second.
    pub when: SystemTime,
    /// Where it lay in the vault.
    pub path: VaultPath,
    /// Its length.
    pub size: u64,
    /// Where its bytes lie now, absolute.
    pub place: PathBuf,
}

/// How much is kept, shared by all handles of a folder.
#[derive(Debug)]
pub(super) struct Limits {
    days: AtomicU64,
    bytes: AtomicU64,
}

impl Default for Limits {
    fn default() -> Self {
        Self { days: AtomicU64::new(TRASH_DAYS), bytes: AtomicU64::new(TRASH_BYTES) }
    }
}

impl Folder {
    /// Keeps what steps remove for `days` days (0: not at all) and up to `bytes` bytes in all.
    pub fn keep_trash(&self, days: u64, bytes: u64) {
        self.inner.trash.days.store(days, Ordering::Relaxed);
        self.inner.trash.bytes.store(bytes, Ordering::Relaxed);
    }

    /// What lies in the trash, oldest first; of one time by path.
    ///
    /// - Shape: blocks; what cannot be looked at is left out.
    pub fn trash(&self) -> Vec<Trashed> {
        let mut found = Vec::new();
        for (when, _, folder) in self.heaps() {
            collect(&folder, &folder, when, &mut found);
        }
        found.sort_by(|a, b| (a.when, &a.path, &a.place).cmp(&(b.when, &b.path, &b.place)));
        found
    }

    /// Where the bytes of the file lie that was at `path`: the last one that went at or before
    /// `until`, or the last of all. They stay there; whoever wants them copies them.
    pub fn take_from_trash(&self, path: &VaultPath, until: Option<SystemTime>) -> Option<PathBuf> {
        let mut fits = self.trash();
        fits.retain(|it| it.path == *path && until.is_none_or(|until| it.when <= until));
        fits.pop().map(|it| it.place)
    }

    /// How many files lie in the trash, and their bytes. Blocks.
    pub fn trash_size(&self) -> (u64, u64) {
        let found = self.trash();
        (found.len() as u64, found.iter().map(|it| it.size).sum())
    }

    /// Where a file of the trash lies that holds `content`; the last one that went. Blocks while it
    /// reads those of the same length, a piece at a time.
    pub fn find_in_trash(&self, content: Content) -> Option<PathBuf> {
        let mut fitting = self.trash().into_iter().rev().filter(|it| it.size == content.size);
        fitting
            .find(|it| fingerprint(&it.place).is_ok_and(|(found, _)| found == content))
            .map(|it| it.place)
    }

    /// Drops what has been in the trash for too long at `now`, and the oldest of what is too much.
    ///
    /// - Shape: blocks; how many files went. What cannot be dropped is met again next time.
    pub fn prune_trash(&self, now: SystemTime) -> u64 {
        let Limits { days, bytes } = &self.inner.trash;
        let age_s = days.load(Ordering::Relaxed).saturating_mul(SECONDS_A_DAY);
        let oldest = now.checked_sub(Duration::from_secs(age_s)).unwrap_or(UNIX_EPOCH);
        let mut room = bytes.load(Ordering::Relaxed);
        let mut dropped = 0;
        let mut full = false;
        for (when, _, folder) in self.heaps().into_iter().rev() {
            let mut files = Vec::new();
            collect(&folder, &folder, when, &mut files);
            let size: u64 = files.iter().map(|it| it.size).sum();
            // Once the newer ones fill it, everything older goes, however small.
            full |= size > room;
            if full || when < oldest {
                if fs::remove_dir_all(&folder).is_ok() {
                    dropped += files.len() as u64;
                }
            } else {
                room -= size;
            }
        }
        dropped
    }

    /// The heaps in the trash, by time and number ascending.
    fn heaps(&self) -> Vec<(SystemTime, u32, PathBuf)> {
        let entries = fs::read_dir(self.own_folder(TRASH_FOLDER)).into_iter().flatten().flatten();
        let mut heaps: Vec<_> = entries
            .filter_map(|entry| {
                let (when, n) = time_of(entry.file_name().to_str()?)?;
                Some((when, n, entry.path()))
            })
            .collect();
        heaps.sort();
        heaps
    }

    /// Whether what is removed goes to the trash.
    pub(super) fn keeps_trash(&self) -> bool {
        self.inner.trash.days.load(Ordering::Relaxed) > 0
    }

    /// A place in the trash under which the file at `path` may lie while a step is under way; its
    /// folders are made.
    pub(super) fn aside_in_trash(
        &self,
        path: &VaultPath,
        old: Content,
        new: Content,
    ) -> io::Result<PathBuf> {
        let trash = self.own_folder_made(TRASH_FOLDER)?;
        let heap = self.inner.temps.aside(&trash.join("heap"), old, new);
        let place = heap.join(path.as_str());
        match fs::create_dir_all(place.parent().unwrap_or(&heap)) {
            Ok(()) => Ok(place),
            Err(error) => {
                self.drop_heap(&place);
                Err(error)
            }
        }
    }

    /// Whether `aside` is such a place.
    pub(super) fn is_in_trash(&self, aside: &Path) -> bool {
        aside.starts_with(self.own_folder(TRASH_FOLDER))
    }

    /// Makes the file that lies at such a place trash for good.
    pub(super) fn bury(&self, aside: &Path) -> io::Result<()> {
        let Some(heap) = self.heap_of(aside) else { return Ok(()) };
        let trash = self.own_folder(TRASH_FOLDER);
        let time = name_of(SystemTime::now());
        for n in 0..NAMES_LIMIT {
            match os::rename_new(&heap, &trash.join(format!("{time}-{n}"))) {
                Ok(()) => return os::sync_folder(&trash),
                Err(error) if is_taken(&error) => {}
                Err(error) => return Err(error),
            }
        }
        Err(ErrorKind::AlreadyExists.into())
    }

    /// Takes the folders of such a place away, once nothing lies there.
    pub(super) fn drop_heap(&self, aside: &Path) {
        let Some(heap) = self.heap_of(aside) else { return };
        let mut at = aside.parent();
        while let Some(folder) = at.filter(|folder| folder.starts_with(&heap)) {
            // Stays when something is in it, and is swept after the next start.
            if fs::remove_dir(folder).is_err() {
                return;
            }
            at = folder.parent();
        }
    }

    /// Moves the file `aside`, perhaps from another file system, into the trash as what was at
    /// `path`.
    pub(super) fn bury_from(
        &self,
        path: &VaultPath,
        aside: &Path,
        held: Content,
    ) -> io::Result<()> {
        let place = self.aside_in_trash(path, held, held)?;
        let moved = os::rename_new(aside, &place).or_else(|error| {
            if error.kind() != ErrorKind::CrossesDevices {
                return Err(error);
            }
            copy_whole(aside, &place, held)?;
            fs::remove_file(aside)
        });
        if let Err(error) = moved {
            if aside.exists() {
                fs::remove_file(&place).ok();
            }
            self.drop_heap(&place);
            return Err(error);
        }
        self.bury(&place)
    }

    fn heap_of(&self, aside: &Path) -> Option<PathBuf> {
        let trash = self.own_folder(TRASH_FOLDER);
        let first = aside.strip_prefix(&trash).ok()?.components().next()?;
        Some(trash.join(first))
    }

    /// Deals with steps of a killed run that were under way, see the table of the room.
    pub(super) fn sweep_trash(&self, swept: &mut Swept) {
        let entries = fs::read_dir(self.own_folder(TRASH_FOLDER)).into_iter().flatten().flatten();
        for heap in entries.map(|entry| entry.path()) {
            let name = heap.file_name().unwrap_or_default().to_string_lossy().into_owned();
            let Some((nonce, Sort::Aside { old, new, .. })) = temp::parse(&name) else { continue };
            if nonce == self.inner.temps.nonce() {
                continue;
            }
            let mut files = Vec::new();
            collect(&heap, &heap, UNIX_EPOCH, &mut files);
            for file in files {
                self.judge(&file, &old, &new, swept);
            }
            remove_empty(&heap);
        }
    }

    fn judge(&self, file: &Trashed, old: &str, new: &str, swept: &mut Swept) {
        let Ok((content, _)) = fingerprint(&file.place) else { return };
        let digits = temp::digits(content.hash);
        if digits == *old {
            swept.trashed += u64::from(self.bury(&file.place).is_ok());
        } else if digits == *new {
            swept.removed += u64::from(fs::remove_file(&file.place).is_ok());
        } else {
            let real = self.root().join(file.path.as_str());
            if let Some(above) = real.parent() {
                fs::create_dir_all(above).ok();
            }
            if os::rename_new(&file.place, &real).is_ok() {
                swept.recovered.push(real);
            } else {
                swept.recovered.extend(make_visible(&file.place, &real));
            }
        }
    }
}

/// Whether the store's history holds what the file `real` held: only texts are there.
pub(super) fn in_history(real: &Path, held: Content) -> bool {
    held.size <= TEXT_LIMIT_BYTES
        && fs::read(real).is_ok_and(|bytes| kind_of(&name(real), &bytes) == Kind::Text)
}

/// Copies the file `from`, which must hold `held`, to the new file `to`, durably and with its time.
fn copy_whole(from: &Path, to: &Path, held: Content) -> io::Result<()> {
    let mut source = os::open_read(from)?;
    let mut target = File::create_new(to)?;
    let mut hasher = blake3::Hasher::new();
    let size = each_piece(&mut source, |piece| {
        hasher.update(piece);
        target.write_all(piece)
    })?;
    let copied = Content { hash: ContentHash(*hasher.finalize().as_bytes()), size };
    if copied != held {
        let says = "it changed while it was copied to the trash";
        return Err(io::Error::new(ErrorKind::InvalidData, says));
    }
    target.set_modified(source.metadata()?.modified()?)?;
    target.sync_all()?;
    os::sync_folder(to.parent().unwrap_or(to))
}

/// Every file below `folder`, a heap's folder; nothing is followed.
fn collect(heap: &Path, folder: &Path, when: SystemTime, found: &mut Vec<Trashed>) {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    for place in entries.map(|entry| entry.path()) {
        let Ok(meta) = fs::symlink_metadata(&place) else { continue };
        if meta.is_dir() {
            collect(heap, &place, when, found);
            continue;
        }
        let path = place.strip_prefix(heap).ok().and_then(Path::to_str);
        if let Some(Ok(path)) = path.map(VaultPath::parse) {
            found.push(Trashed { when, path, size: meta.len(), place });
        }
    }
}

/// Takes a folder away if no file is anywhere below it.
fn remove_empty(folder: &Path) {
    let entries: BTreeSet<PathBuf> =
        fs::read_dir(folder).into_iter().flatten().flatten().map(|it| it.path()).collect();
    for below in entries {
        if below.is_dir() && !below.is_symlink() {
            remove_empty(&below);
        }
    }
    // Stays when something is in it.
    fs::remove_dir(folder).ok();
}

/// Some systems say so when a folder stands in the way.
fn is_taken(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::AlreadyExists | ErrorKind::DirectoryNotEmpty)
}

/// A time as names of heaps begin: UTC, to the second, without colons, which some disks refuse.
fn name_of(time: SystemTime) -> String {
    let seconds = time.duration_since(UNIX_EPOCH).map_or(0, |it| it.as_secs());
    let (days, second) = (seconds / SECONDS_A_DAY, seconds % SECONDS_A_DAY);
    let (year, month, day) = date_of(days);
    let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}-{minute:02}-{second:02}Z")
}

/// Reads the name of a heap: its time and number.
fn time_of(name: &str) -> Option<(SystemTime, u32)> {
    // Some disks show capitals as small letters.
    let name = name.to_ascii_uppercase();
    let (time, n) = name.split_once("Z-")?;
    let (date, clock) = time.split_once('T')?;
    let three = |text: &str| -> Option<[u64; 3]> {
        let mut fields = text.splitn(3, '-').map(|it| it.parse().ok());
        Some([fields.next()??, fields.next()??, fields.next()??])
    };
    let ([year, month, day], [hour, minute, second]) = (three(date)?, three(clock)?);
    let fits =
        (1970..10_000).contains(&year) && (1..=12).contains(&month) && (1..=31).contains(&day);
    let days = days_to(year, month, day).filter(|_| fits)?;
    let seconds = days * SECONDS_A_DAY + hour * 3600 + minute * 60 + second;
    Some((UNIX_EPOCH.checked_add(Duration::from_secs(seconds))?, n.parse().ok()?))
}

const fn is_leap(year: u64) -> bool {
    year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400))
}

const fn days_in(year: u64, month: u64) -> u64 {
    match month {
        2 if is_leap(year) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Year, month and day, `days` days after the first of January 1970.
fn date_of(mut days: u64) -> (u64, u64, u64) {
    let mut year = 1970;
    while days >= 365 + u64::from(is_leap(year)) {
        days -= 365 + u64::from(is_leap(year));
        year += 1;
    }
    let mut month = 1;
    while days >= days_in(year, month) {
        days -= days_in(year, month);
        month += 1;
    }
    (year, month, days + 1)
}

/// The other way round.
fn days_to(year: u64, month: u64, day: u64) -> Option<u64> {
    let years: u64 = (1970..year).map(|year| 365 + u64::from(is_leap(year))).sum();
    let months: u64 = (1..month).map(|month| days_in(year, month)).sum();
    Some(years + months + day.checked_sub(1)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_heaps_say_when() {
        for (seconds, name) in [
            (0, "1970-01-01T00-00-00Z"),
            (951_782_399, "2000-02-28T23-59-59Z"),
            (951_782_400, "2000-02-29T00-00-00Z"),
            (1_709_251_199, "2024-02-29T23-59-59Z"),
            (1_798_761_599, "2026-12-31T23-59-59Z"),
            (4_107_542_400, "2100-03-01T00-00-00Z"),
        ] {
            let time = UNIX_EPOCH + Duration::from_secs(seconds);
            assert_eq!(name_of(time), name);
            assert_eq!(time_of(&format!("{name}-7")), Some((time, 7)));
        }
        assert!(time_of("2026-12-31t23-59-59z-7").is_some(), "as disks without capitals show it");
        for other in ["", "x", "2026-12-31T23-59-59Z", "2026-13-01T00-00-00Z-1", ".vault-sync-x-1"]
        {
            assert_eq!(time_of(other), None, "{other}");
        }
    }
}
