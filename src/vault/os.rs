//! What differs between systems: opening without following, renaming with a guard, syncing, stamps.

use std::fs::{self, File, Metadata};
use std::io::{self, ErrorKind};
use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::model::Stamp;

/// Opens a file for reading without following a symlink and without waiting for a pipe's writer.
#[cfg(unix)]
pub(super) fn open_read(path: &Path) -> io::Result<File> {
    use rustix::fs::{CWD, Mode, OFlags, openat};
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    Ok(File::from(openat(CWD, path, flags, Mode::empty())?))
}

/// Opens a file for reading.
#[cfg(not(unix))]
pub(super) fn open_read(path: &Path) -> io::Result<File> {
    File::open(path)
}

/// The same in one call that meets no symlink on the way either; any error but says that the path
/// has to be walked.
#[cfg(target_os = "linux")]
pub(super) fn open_straight(path: &Path) -> io::Result<File> {
    use rustix::fs::{CWD, Mode, OFlags, ResolveFlags, openat2};
    let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::CLOEXEC;
    Ok(File::from(openat2(CWD, path, flags, Mode::empty(), ResolveFlags::NO_SYMLINKS)?))
}

/// Not offered by this system. (Android kills who asks.)
#[cfg(not(target_os = "linux"))]
pub(super) fn open_straight(_path: &Path) -> io::Result<File> {
    Err(ErrorKind::Unsupported.into())
}

/// Whether [`open_read`] failed because it met a symlink.
pub(super) fn is_symlink_met(error: &io::Error) -> bool {
    #[cfg(unix)]
    return rustix::io::Errno::from_io_error(error) == Some(rustix::io::Errno::LOOP);
    #[cfg(not(unix))]
    return {
        let _ = error;
        false
    };
}

/// What the system says of a file.
#[cfg(unix)]
pub(super) fn stamp(meta: &Metadata) -> Stamp {
    use std::os::unix::fs::MetadataExt;
    let ns = |s: i64, ns: i64| s.saturating_mul(1_000_000_000).saturating_add(ns);
    Stamp {
        size: meta.len(),
        mtime_ns: ns(meta.mtime(), meta.mtime_nsec()),
        ctime_ns: ns(meta.ctime(), meta.ctime_nsec()),
        inode: meta.ino(),
        birth_ns: meta.created().map_or(0, nanos),
    }
}

/// What the system says of a file.
#[cfg(not(unix))]
pub(super) fn stamp(meta: &Metadata) -> Stamp {
    Stamp {
        size: meta.len(),
        mtime_ns: meta.modified().map_or(0, nanos),
        ctime_ns: 0,
        inode: 0,
        birth_ns: meta.created().map_or(0, nanos),
    }
}

/// This moment, in nanoseconds since 1970.
pub(super) fn now_ns() -> i64 {
    nanos(SystemTime::now())
}

/// Nanoseconds since 1970.
fn nanos(time: SystemTime) -> i64 {
    match time.duration_since(UNIX_EPOCH) {
        Ok(after) => i64::try_from(after.as_nanos()).unwrap_or(i64::MAX),
        Err(before) => i64::try_from(before.duration().as_nanos()).map_or(i64::MIN, |ns| -ns),
    }
}

/// The point in time `ms` milliseconds after 1970; times the system cannot express become 1970.
pub(super) fn time_of_ms(ms: i64) -> SystemTime {
    let span = Duration::from_millis(ms.unsigned_abs());
    let time = if ms < 0 { UNIX_EPOCH.checked_sub(span) } else { UNIX_EPOCH.checked_add(span) };
    time.unwrap_or(UNIX_EPOCH)
}

/// Whether the modification lies so far back that any later write must have shown in the stamp.
///
/// Clocks of file systems tick in steps of up to two seconds.
pub(super) fn settled(stamp: &Stamp) -> bool {
    nanos(SystemTime::now()).saturating_sub(stamp.mtime_ns) > 3_000_000_000
}

/// Whether something was modified less than `ms` milliseconds ago; a time that lies ahead of the
/// clock says nothing.
pub(super) fn is_younger(mtime_ns: i64, ms: u64) -> bool {
    let age_ns = nanos(SystemTime::now()).saturating_sub(mtime_ns);
    let limit_ns = i64::try_from(ms).unwrap_or(i64::MAX).saturating_mul(1_000_000);
    (0..limit_ns).contains(&age_ns)
}

/// Clocks of most file systems tick in steps of a few milliseconds; this is several of them.
const TICK_NS: i64 = 50_000_000;
/// The coarsest steps in use (FAT); such times have no part below a second.
const COARSE_TICK_NS: i64 = 2_000_000_000;

/// The stamp to remember for bytes read just now: one that no file ever has, if a save within the
/// same tick of the file system's clock could have left it unchanged. The next walk then reads the
/// file once more.
pub(super) fn unless_racy(stamp: Stamp) -> Stamp {
    unless_racy_at(stamp, nanos(SystemTime::now()))
}

fn unless_racy_at(stamp: Stamp, now_ns: i64) -> Stamp {
    // People and programs set the modification time as they like; the change time only ticks.
    let last_ns = if stamp.ctime_ns == 0 { stamp.mtime_ns } else { stamp.ctime_ns };
    let tick_ns = if last_ns % 1_000_000_000 == 0 { COARSE_TICK_NS } else { TICK_NS };
    let age_ns = now_ns.saturating_sub(last_ns);
    if (0..tick_ns).contains(&age_ns) { Stamp { ctime_ns: i64::MIN, ..stamp } } else { stamp }
}

/// The number of the file system that holds `meta`.
#[cfg(unix)]
pub(super) fn device(meta: &Metadata) -> u64 {
    use std::os::unix::fs::MetadataExt;
    meta.dev()
}

/// The number of the file system that holds `meta`, where systems do not say.
#[cfg(not(unix))]
pub(super) fn device(_meta: &Metadata) -> u64 {
    0
}

/// Whether [`sync_all_of`] does something, so that a batch need not sync file by file.
pub(super) const SYNCS_WHOLE_FILE_SYSTEMS: bool =
    cfg!(any(target_os = "linux", target_os = "android"));

/// Makes everything written so far to the file system of the folder `dir` durable.
#[cfg(any(target_os = "linux", target_os = "android"))]
pub(super) fn sync_all_of(dir: &Path) -> io::Result<()> {
    let dir = File::open(dir)?;
    Ok(rustix::fs::syncfs(&dir)?)
}

/// Not offered by this system.
#[cfg(not(any(target_os = "linux", target_os = "android")))]
pub(super) fn sync_all_of(_dir: &Path) -> io::Result<()> {
    Err(ErrorKind::Unsupported.into())
}

/// Makes the names in the folder `dir` durable.
#[cfg(unix)]
pub(super) fn sync_folder(dir: &Path) -> io::Result<()> {
    match File::open(dir)?.sync_all() {
        // Some file systems have nothing to sync for a folder, and say so.
        Err(error) if matches!(error.kind(), ErrorKind::InvalidInput | ErrorKind::Unsupported) => {
            Ok(())
        }
        other => other,
    }
}

/// Systems without such a call make names durable by themselves.
#[cfg(not(unix))]
pub(super) fn sync_folder(_dir: &Path) -> io::Result<()> {
    Ok(())
}

/// Swaps two names of one folder in one step; [`ErrorKind::Unsupported`] where the system cannot.
#[cfg(any(target_os = "linux", target_os = "android", target_vendor = "apple"))]
pub(super) fn exchange(a: &Path, b: &Path) -> io::Result<()> {
    rename_with(a, b, rustix::fs::RenameFlags::EXCHANGE)
}

/// Not offered by this system.
#[cfg(not(any(target_os = "linux", target_os = "android", target_vendor = "apple")))]
pub(super) fn exchange(_a: &Path, _b: &Path) -> io::Result<()> {
    Err(ErrorKind::Unsupported.into())
}

/// Renames, unless something is at `to`: then [`ErrorKind::AlreadyExists`].
pub(super) fn rename_new(from: &Path, to: &Path) -> io::Result<()> {
    #[cfg(any(target_os = "linux", target_os = "android", target_vendor = "apple"))]
    match rename_with(from, to, rustix::fs::RenameFlags::NOREPLACE) {
        Err(error) if error.kind() == ErrorKind::Unsupported => {}
        other => return other,
    }
    rename_new_by_link(from, to)
}

/// The same in two steps for file systems without a guarded rename.
pub(super) fn rename_new_by_link(from: &Path, to: &Path) -> io::Result<()> {
    match fs::hard_link(from, to) {
        Ok(()) => return fs::remove_file(from),
        Err(error)
            if matches!(
                error.kind(),
                ErrorKind::AlreadyExists
                    | ErrorKind::NotFound
                    | ErrorKind::StorageFull
                    | ErrorKind::CrossesDevices
                    | ErrorKind::ReadOnlyFilesystem
            ) =>
        {
            return Err(error);
        }
        Err(_) => {}
    }
    // No links either: a look and a plain rename are all there is.
    match fs::symlink_metadata(to) {
        Ok(_) => Err(ErrorKind::AlreadyExists.into()),
        Err(error) if error.kind() == ErrorKind::NotFound => fs::rename(from, to),
        Err(error) => Err(error),
    }
}

#[cfg(any(target_os = "linux", target_os = "android", target_vendor = "apple"))]
fn rename_with(from: &Path, to: &Path, flags: rustix::fs::RenameFlags) -> io::Result<()> {
    use rustix::fs::{CWD, renameat_with};
    use rustix::io::Errno;
    match renameat_with(CWD, from, CWD, to, flags) {
        Ok(()) => Ok(()),
        Err(Errno::INVAL | Errno::NOSYS | Errno::NOTSUP) => Err(ErrorKind::Unsupported.into()),
        Err(errno) => Err(errno.into()),
    }
}

/// Whether Windows refuses `name`, or would take it for something else.
///
/// - Source: "Naming Files, Paths, and Namespaces" of the Windows documentation.
pub(super) fn windows_refuses(name: &str) -> bool {
    let stem = name.split('.').next().unwrap_or(name).trim_end();
    let device = ["CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$"]
        .iter()
        .any(|device| stem.eq_ignore_ascii_case(device));
    let port = stem
        .get(..3)
        .is_some_and(|head| head.eq_ignore_ascii_case("COM") || head.eq_ignore_ascii_case("LPT"))
        && stem.chars().count() == 4
        && stem.ends_with(|c: char| c.is_ascii_digit() || matches!(c, '¹' | '²' | '³'));
    let letters = name
        .chars()
        .any(|c| c < ' ' || matches!(c, '<' | '>' | ':' | '"' | '/' | '\\' | '|' | '?' | '*'));
    device || port || letters || name.ends_with(['.', ' '])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_windows_cannot_hold_are_known() {
        for bad in ["a\\b", "a:b", "what?", "end.", "end ", "con", "NUL.md", "com1.txt", "a\u{1}"] {
            assert!(windows_refuses(bad), "{bad:?}");
        }
        for good in ["a.md", "console.md", "com.md", "com10", "ä ö.md", ".obsidian", "lpt"] {
            assert!(!windows_refuses(good), "{good:?}");
        }
    }

    #[test]
    fn times_before_1970_and_absurd_ones_are_taken() {
        assert_eq!(nanos(time_of_ms(-1500)), -1_500_000_000);
        assert_eq!(nanos(time_of_ms(1500)), 1_500_000_000);
        assert!(nanos(time_of_ms(i64::MAX)) >= 0);
        assert!(nanos(time_of_ms(i64::MIN)) <= 0);
    }

    #[test]
    fn a_stamp_that_a_save_could_leave_unchanged_is_not_remembered() {
        const S: i64 = 1_000_000_000;
        let at = |mtime_ns, ctime_ns| Stamp { mtime_ns, ctime_ns, ..Stamp::default() };
        let kept = |stamp, now_ns| unless_racy_at(stamp, now_ns) == stamp;
        assert!(!kept(at(7, S + 1), S + 1), "changed this very moment");
        assert!(!kept(at(7, S + 1), S + TICK_NS), "within the tick");
        assert!(kept(at(7, S + 1), S + 1 + TICK_NS), "a tick ago");
        assert!(kept(at(S + 1, 7), S + 1), "only the change time ticks");
        assert!(!kept(at(S + 1, 0), S + 1), "unless there is none");
        assert!(!kept(at(7, 4 * S), 5 * S), "a coarse clock");
        assert!(kept(at(7, 4 * S), 6 * S), "a coarse tick ago");
        assert!(kept(at(7, 9 * S + 1), 5 * S), "a clock ahead of ours");
    }

    #[test]
    fn neither_way_of_renaming_overwrites() {
        let dir = tempfile::tempdir().unwrap();
        let (a, b) = (dir.path().join("a"), dir.path().join("b"));
        for rename in [rename_new, rename_new_by_link] {
            fs::write(&a, "a").unwrap();
            fs::write(&b, "b").unwrap();
            assert_eq!(rename(&a, &b).unwrap_err().kind(), ErrorKind::AlreadyExists);
            assert_eq!(fs::read(&b).unwrap(), b"b");
            fs::remove_file(&b).unwrap();
            rename(&a, &b).unwrap();
            assert_eq!(fs::read(&b).unwrap(), b"a");
            assert_eq!(rename(&a, &b).unwrap_err().kind(), ErrorKind::NotFound);
        }
    }
}
