//! Side by side with other tools, in one run on one disk: first sync of a vault, then a pass that
//! finds nothing to do.
//!
//! Each is left out, visibly, where it is not installed. Nothing leaves the machine: rsync and Unison
//! get local folders, and Syncthing, with every announcement, relay, report and upgrade turned off,
//! runs only in a network namespace that has nothing but a loopback device.

mod syncthing;

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

use super::device::{Device, ms, program};
use super::generate::{self, Recipe};
use super::process;
use super::stats::{Stat, spread};

/// Milliseconds of a first sync and of a pass with nothing to do, if the tool knows such a pass;
/// `None` where it is not installed.
type Once = Option<(f64, Option<f64>)>;

/// Those of all rounds.
#[derive(Debug, Default)]
struct Times {
    first: Vec<f64>,
    unchanged: Vec<f64>,
}

pub(crate) fn run(files: usize, rounds: usize) {
    let source = tempfile::tempdir().expect("a folder");
    let (count, bytes) =
        generate::write(source.path(), Recipe::new(files, 1)).expect("the vault can be written");
    println!("{count} files, {bytes} bytes, {rounds} rounds; medians (spread) in ms\n");
    println!("{:<26} {:>18} {:>18}", "", "first sync", "nothing changed");
    // A round of each in turn would be fairer to drifting machines, but Syncthing's own indexing
    // would run into its neighbours.
    let repeated = |once: fn(&Path) -> Once| {
        let mut times = Times::default();
        for _ in 0..rounds {
            let (first, unchanged) = once(source.path())?;
            times.first.push(first);
            times.unchanged.extend(unchanged);
        }
        Some(times)
    };
    row("a bare stat walk", repeated(stat_walk), "");
    row("cp -r", repeated(copy), "cp is not installed");
    row("rsync -a", repeated(rsync), "rsync is not installed");
    row("vault-sync --version", repeated(start), "");
    row("vault-sync", repeated(ours), "");
    row("unison", repeated(unison), "unison is not installed");
    let missing = if process::is_isolated() {
        "syncthing is not installed"
    } else {
        "no network namespace of its own (unshare, ip) to keep it from the network"
    };
    let times = if process::is_isolated() { repeated(syncthing::sync) } else { None };
    row("syncthing", times, missing);
    println!(
        "\nvault-sync: the process of `join`, with a `watch` on the other side that has taken its \
         vault in; then the process of `sync`.\nunison: both roots local; the first run also reads \
         and records everything. syncthing: from both started until the last\nfile is there, scans \
         included; it has no pass of its own. cp and rsync sync nothing durably."
    );
}

fn row(name: &str, times: Option<Times>, missing: &str) {
    let Some(times) = times else {
        println!("{name:<26} skipped: {missing}");
        return;
    };
    let cell = |values: &[f64]| match Stat::Median.of(values) {
        Some(median) => format!("{median:.0} ({:.0})", spread(values)),
        None => "-".to_owned(),
    };
    println!("{name:<26} {:>18} {:>18}", cell(&times.first), cell(&times.unchanged));
}

/// Milliseconds of a command that ends well; `None` if it cannot be started.
fn timed(command: &mut Command) -> Option<f64> {
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let start = Instant::now();
    let status = command.status().ok()?;
    assert!(status.success(), "{command:?} ended with {status}");
    Some(ms(start.elapsed()))
}

/// Looks at every file and reads none.
#[expect(clippy::unnecessary_wraps, reason = "one shape for all tools; this one is always there")]
fn stat_walk(vault: &Path) -> Once {
    fn walk(folder: &Path) -> u64 {
        let entries = std::fs::read_dir(folder).expect("a folder can be read");
        entries
            .map(|entry| {
                let entry = entry.expect("a folder can be read");
                let about = entry.metadata().expect("an entry can be looked at");
                if about.is_dir() { walk(&entry.path()) } else { about.len() }
            })
            .sum()
    }
    let start = Instant::now();
    assert!(walk(vault) > 0);
    let took = ms(start.elapsed());
    Some((took, Some(took)))
}

/// A whole process of ours that does nothing.
fn start(_vault: &Path) -> Once {
    let took = timed(Command::new(program()).arg("--version"))?;
    Some((took, Some(took)))
}

fn copy(vault: &Path) -> Once {
    let folder = tempfile::tempdir().expect("a folder");
    let first = timed(Command::new("cp").arg("-r").arg(vault).arg(folder.path().join("copy")))?;
    Some((first, None))
}

fn rsync(vault: &Path) -> Once {
    let folder = tempfile::tempdir().expect("a folder");
    let mut from = vault.as_os_str().to_owned();
    from.push("/");
    let pass = || timed(Command::new("rsync").arg("-a").arg(&from).arg(folder.path()));
    Some((pass()?, pass()))
}

#[expect(clippy::unnecessary_wraps, reason = "one shape for all tools; this one is always there")]
fn ours(vault: &Path) -> Once {
    let (mut a, b) = (Device::new(), Device::new());
    copied(vault, &a.vault());
    a.start();
    let first = ms(b.join(&a).took);
    let passes: Vec<f64> = (0..3).map(|_| ms(b.run(&["sync"]).took)).collect();
    Some((first, Stat::Median.of(&passes)))
}

fn unison(vault: &Path) -> Once {
    let folder = tempfile::tempdir().expect("a folder");
    let (a, b) = (folder.path().join("a"), folder.path().join("b"));
    copied(vault, &a);
    std::fs::create_dir(&b).expect("a folder");
    let pass = || {
        timed(
            Command::new("unison")
                .env("UNISON", folder.path().join("archives"))
                .env("HOME", folder.path())
                .args(["-batch", "-auto", "-silent", "-confirmbigdel=false"])
                .args([&a, &b]),
        )
    };
    let first = pass()?;
    let passes: Vec<f64> = (0..3).filter_map(|_| pass()).collect();
    Some((first, Stat::Median.of(&passes)))
}

/// A copy of a vault, made file by file.
fn copied(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).expect("a folder");
    for entry in std::fs::read_dir(from).expect("a folder can be read") {
        let path = entry.expect("a folder can be read").path();
        let place = to.join(path.file_name().expect("an entry has a name"));
        if path.is_dir() {
            copied(&path, &place);
        } else {
            std::fs::copy(&path, &place).expect("a file can be copied");
        }
    }
}
