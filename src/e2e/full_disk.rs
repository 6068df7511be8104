//! A disk that is full, for real: a small file system of its own under the vault or under the home.
//! Where mounting is not allowed this says so and checks nothing.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::device::{Device, in_sync};
use crate::trees::tree;

/// A file system in memory with a size, in mebibytes.
struct Disk {
    folder: tempfile::TempDir,
}

impl Disk {
    fn new(mebibytes: u32) -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        let size = format!("size={mebibytes}m");
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", &size, "tmpfs"])
            .arg(folder.path())
            .output();
        if mounted.is_ok_and(|it| it.status.success()) {
            return Some(Self { folder });
        }
        eprintln!("skipped: mounting a small file system is not allowed here");
        None
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    fn filler(&self) -> PathBuf {
        self.path().join("filler")
    }

    /// Leaves no room at all.
    fn fill(&self) {
        use std::io::Write as _;
        let mut file = std::fs::File::create(self.filler()).unwrap();
        for size in [64 * 1024, 4096, 1] {
            let block = vec![0x5a; size];
            while file.write_all(&block).is_ok() {}
        }
    }

    fn empty(&self) {
        std::fs::remove_file(self.filler()).unwrap();
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let done = Command::new("umount").arg("--lazy").arg(self.path()).status();
        if !done.is_ok_and(|it| it.success()) {
            eprintln!("{} stays mounted", self.path().display());
        }
    }
}

/// Two devices that watch; `place` says where the second has its things.
fn pair_at(place: impl FnOnce(&mut Device)) -> (Device, Device) {
    let (mut a, mut b) = (Device::new("laptop"), Device::new("desktop"));
    place(&mut b);
    a.write("Old.md", "as it was\n");
    a.write("Other.md", "as it was\n");
    a.watch();
    b.join(&a.invite()).well();
    b.watch();
    in_sync(&a, &b);
    (a, b)
}

fn is_full(status: &serde_json::Value) -> bool {
    let problems = status["problems"].as_array().unwrap();
    problems.iter().any(|it| it["kind"] == "disk-full")
}

#[test]
fn a_full_disk_under_the_vault() {
    let Some(disk) = Disk::new(8) else { return };
    let (a, mut b) = pair_at(|b| {
        b.vault = disk.path().join("vault");
        std::fs::create_dir(&b.vault).unwrap();
    });
    disk.fill();
    let before = tree(&b.vault);
    let old = "as it is now, and a good deal longer\n".repeat(4000);
    a.write("Old.md", &old);
    a.write("New.md", "new\n".repeat(4000));
    let image: Vec<u8> = (0..600_000_u32).flat_map(u32::to_le_bytes).collect();
    a.write("image.png", &image);
    let problem = b.event("problem", |it| it["kind"] == "disk-full" && it["path"] == "Old.md");
    assert!(!problem["message"].as_str().unwrap().is_empty(), "{problem:#}");
    b.until("full", is_full);
    assert_eq!(tree(&b.vault), before, "nothing is torn and nothing half there");
    // The one-shot tells what is left aside, too.
    let said = b.run(&["--json", "sync", "--timeout", "30s"]);
    assert_eq!(said.code, 3, "{said:#?}");
    assert!(is_full(&said.json()), "{said:#?}");

    disk.empty();
    b.holds("Old.md", Some(old.as_bytes()));
    b.holds("New.md", Some("new\n".repeat(4000).as_bytes()));
    b.holds("image.png", Some(&image));
    in_sync(&a, &b);
    assert_eq!(tree(&b.vault), tree(&a.vault));
    b.event_at("solved", "Old.md");
    b.until("solved", |it| !is_full(it));
    assert_eq!(b.run(&["verify", "--deep"]).code, 0);
    drop(b);
}

#[test]
fn a_full_disk_under_the_store() {
    let Some(disk) = Disk::new(24) else { return };
    let (a, mut b) = pair_at(|b| b.home = disk.path().join("home"));
    disk.fill();
    let mine = "edited here\n".repeat(20_000);
    b.write("Old.md", &mine);
    let problem = b.event("problem", |it| it["kind"] == "disk-full");
    assert!(!problem["message"].as_str().unwrap().is_empty(), "{problem:#}");
    b.until("full", is_full);
    // What cannot be kept is shown to nobody, and what comes is not written before it is kept.
    let theirs = "edited there\n".repeat(20_000);
    a.write("Other.md", &theirs);
    a.until("waiting", |it| it["peers"][0]["in_sync"] != true);
    let said = a.run(&["sync", "--timeout", "3s"]);
    assert_eq!(said.code, 4, "{said:#?}");
    assert_eq!(a.read("Old.md"), "as it was\n");
    assert_eq!(b.read("Other.md"), "as it was\n");
    assert_eq!(b.read("Old.md"), mine);

    disk.empty();
    a.holds("Old.md", Some(mine.as_bytes()));
    b.holds("Other.md", Some(theirs.as_bytes()));
    in_sync(&a, &b);
    b.event("solved", |it| it["kind"] == "disk-full");
    b.until("solved", |it| !is_full(it));
    b.stop();
    assert_eq!(b.run(&["verify", "--deep"]).code, 0);
    b.watch();
    in_sync(&a, &b);
}

#[test]
fn a_full_disk_before_anything_is_there() {
    let Some(disk) = Disk::new(1) else { return };
    let (mut a, mut b) = (Device::new("laptop"), Device::new("desktop"));
    a.write("note.md", "as it was\n");
    b.home = disk.path().join("home");
    disk.fill();
    a.watch();
    let ticket = a.invite();
    let said = b.join(&ticket);
    assert_eq!(said.code, 1, "{said:#?}");
    assert!(said.err.to_lowercase().contains("space"), "{said:#?}");
    assert!(tree(&b.vault).is_empty() && !b.vault.join(".vault-sync").exists());
    let said = b.run(&["init"]);
    assert_eq!(said.code, 1, "{said:#?}");
    assert!(said.err.to_lowercase().contains("space"), "{said:#?}");
    assert!(!b.vault.join(".vault-sync").exists());
}
