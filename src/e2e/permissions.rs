//! Files and folders that this user may not read, or not write. As the tests often run as a user who
//! may do everything, the program runs as nobody.

use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt as _, chown};
use std::path::Path;

use serde_json::Value;

use crate::device::{Device, in_sync};

const NOBODY: u32 = 65534;

fn mode(path: &Path, mode: u32) {
    fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
}

/// Gives everything at and below `path` to nobody.
fn give(path: &Path) {
    chown(path, Some(NOBODY), Some(NOBODY)).unwrap();
    if path.is_dir() && !path.is_symlink() {
        for it in fs::read_dir(path).unwrap() {
            give(&it.unwrap().path());
        }
    }
}

/// A device of nobody; `None`, visibly, where there cannot be one.
fn of_nobody() -> Option<Device> {
    let mut device = Device::new("laptop");
    give(device.vault.parent().unwrap());
    device.user = Some(NOBODY);
    let mut command = device.command(&["--version"]);
    if rustix::process::getuid().is_root() && command.output().is_ok_and(|it| it.status.success()) {
        return Some(device);
    }
    eprintln!("skipped: the program cannot be run as nobody here");
    None
}

fn problem<'a>(status: &'a Value, path: &str) -> Option<&'a Value> {
    status["problems"].as_array().unwrap().iter().find(|it| it["path"] == path)
}

/// Both watch, with these notes.
fn pair_with(a: &mut Device, notes: &[&str]) -> Device {
    for note in notes {
        a.write(note, format!("{note}\n"));
    }
    give(&a.vault);
    let mut b = Device::new("desktop");
    a.watch();
    b.join(&a.invite()).well();
    b.watch();
    in_sync(a, &b);
    b
}

#[test]
fn what_cannot_be_read_is_not_deleted_and_comes_back() {
    let Some(mut a) = of_nobody() else { return };
    let notes = ["note.md", "mute.md", "dark/secret.md", "dark/deep/secret.md"];
    let mut b = pair_with(&mut a, &notes);
    a.stop();
    a.run(&["config", "set", "watch.fallback_ms", "200"]).well();
    mode(&a.vault.join("dark"), 0);
    mode(&a.vault.join("mute.md"), 0);
    // It was written while nobody could read it.
    a.write("mute.md", "mute.md\nwritten meanwhile\n");
    a.watch();
    a.until("listed", |it| {
        let unreadable = |path| problem(it, path).is_some_and(|it| it["kind"] == "unreadable");
        unreadable("dark") && unreadable("mute.md")
    });
    b.write("note.md", "note.md\nedited\n");
    a.holds("note.md", Some(b"note.md\nedited\n"));
    a.write("new.md", "new\n");
    b.holds("new.md", Some(b"new\n"));
    b.write("dark/secret.md", "dark/secret.md\nedited\n");
    a.until("held", |it| problem(it, "dark/secret.md").is_some());
    for note in notes {
        assert!(b.vault.join(note).exists(), "{note} is deleted");
    }
    assert_eq!(a.status()["vault"]["deleted"], 0);
    // The same for a folder that becomes unreadable under a running watch.
    mode(&a.vault.join("dark"), 0o755);
    mode(&a.vault.join("mute.md"), 0o644);
    a.holds("dark/secret.md", Some(b"dark/secret.md\nedited\n"));
    b.holds("mute.md", Some(b"mute.md\nwritten meanwhile\n"));
    a.until("nothing is wrong", |it| it["problems"] == serde_json::json!([]));
    mode(&a.vault.join("dark"), 0);
    b.write("dark/deep/secret.md", "dark/deep/secret.md\nedited\n");
    a.until("held", |it| problem(it, "dark/deep/secret.md").is_some());
    a.run(&["sync"]);
    assert_eq!(b.read("dark/secret.md"), "dark/secret.md\nedited\n");
    mode(&a.vault.join("dark"), 0o755);
    a.holds("dark/deep/secret.md", Some(b"dark/deep/secret.md\nedited\n"));
    in_sync(&a, &b);
    assert_eq!(a.status()["vault"]["deleted"], 0);
    b.stop();
}

#[test]
fn what_cannot_be_written_is_held_and_comes_later() {
    let Some(mut a) = of_nobody() else { return };
    let b = pair_with(&mut a, &["note.md", "fixed.md", "locked/in.md", "locked/gone.md"]);
    mode(&a.vault.join("fixed.md"), 0o444);
    mode(&a.vault.join("locked"), 0o555);
    b.write("locked/in.md", "locked/in.md\nedited\n");
    b.write("locked/new.md", "new\n");
    fs::remove_file(b.vault.join("locked/gone.md")).unwrap();
    // A file that only says it is not to be written is replaced, and goes on saying so.
    b.write("fixed.md", "fixed.md\nedited\n");
    a.until("held", |it| {
        let held = |path| problem(it, path).is_some_and(|it| it["kind"] == "unwritable");
        ["locked/in.md", "locked/new.md", "locked/gone.md"].into_iter().all(held)
    });
    a.holds("fixed.md", Some(b"fixed.md\nedited\n"));
    let permissions = fs::metadata(a.vault.join("fixed.md")).unwrap().permissions();
    assert_eq!(permissions.mode() & 0o777, 0o444);
    b.write("note.md", "note.md\nedited\n");
    a.holds("note.md", Some(b"note.md\nedited\n"));
    assert_eq!(a.read("locked/in.md"), "locked/in.md\n");
    assert_eq!(b.read("locked/in.md"), "locked/in.md\nedited\n");
    assert!(!b.vault.join("locked/gone.md").exists());
    mode(&a.vault.join("locked"), 0o755);
    a.holds("locked/in.md", Some(b"locked/in.md\nedited\n"));
    a.holds("locked/new.md", Some(b"new\n"));
    a.holds("locked/gone.md", None);
    in_sync(&a, &b);
    a.until("nothing is wrong", |it| it["problems"] == serde_json::json!([]));
}
