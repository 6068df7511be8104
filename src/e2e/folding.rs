//! Disks that fold letter case, each in a file of its own, mounted as far as this system can.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use crate::device::{Device, PATIENCE, in_sync};

fn problem<'a>(status: &'a Value, path: &str) -> Option<&'a Value> {
    status["problems"].as_array().unwrap().iter().find(|it| it["path"] == path)
}

fn runs(command: &mut Command) -> bool {
    command.output().is_ok_and(|it| it.status.success())
}

/// A mounted image.
struct Disk {
    folder: tempfile::TempDir,
    /// The device behind it, where the driver wants one.
    device: Option<String>,
}

impl Disk {
    fn image(bytes: u64) -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("disk")).unwrap();
        fs::File::create(folder.path().join("image")).unwrap().set_len(bytes).unwrap();
        Self { folder, device: None }
    }

    fn image_file(&self) -> PathBuf {
        self.folder.path().join("image")
    }

    fn mount_point(&self) -> PathBuf {
        self.folder.path().join("disk")
    }

    fn vault(&self) -> PathBuf {
        self.mount_point().join("vault")
    }

    /// A file system that folds letter case and keeps it.
    fn folding() -> Option<Self> {
        let mut it = Self::image(64 << 20);
        let (image, disk) = (it.image_file(), it.mount_point());
        let mounts = |options: &str| {
            runs(Command::new("mount").args(["-o", options]).arg(&image).arg(&disk))
        };
        let ext4 = ["-q", "-F", "-O", "casefold", "-E", "encoding=utf8"];
        let made = (runs(Command::new("mkfs.ext4").args(ext4).arg(&image)) && mounts("loop"))
            || (runs(Command::new("mkfs.vfat").arg(&image)) && mounts("loop,iocharset=utf8"))
            || it.mounts_exfat();
        if made {
            fs::create_dir(it.vault()).unwrap();
            if runs(Command::new("chattr").arg("+F").arg(it.vault())) || it.folds() {
                return Some(it);
            }
        }
        eprintln!("skipped: no file system that folds letter case can be mounted here");
        None
    }

    /// The same that shows all names in lower case.
    fn lowering() -> Option<Self> {
        let it = Self::image(16 << 20);
        let (image, disk) = (it.image_file(), it.mount_point());
        let options = ["-o", "ignore_case,windows_names"];
        let made = runs(Command::new("mkfs.ntfs").args(["-q", "-F"]).arg(&image))
            && runs(Command::new("lowntfs-3g").args(options).arg(&image).arg(&disk));
        if made {
            fs::create_dir(it.vault()).unwrap();
            return Some(it);
        }
        eprintln!("skipped: no file system that forgets letter case can be mounted here");
        None
    }

    /// In user space, for kernels that know no such file system.
    fn mounts_exfat(&mut self) -> bool {
        if !runs(Command::new("mkfs.exfat").arg(self.image_file())) {
            return false;
        }
        let made = Command::new("losetup").args(["-f", "--show"]).arg(self.image_file()).output();
        let Some(made) = made.ok().filter(|it| it.status.success()) else {
            return false;
        };
        let device = String::from_utf8(made.stdout).unwrap().trim().to_owned();
        self.device = Some(device.clone());
        runs(Command::new("mount.exfat-fuse").arg(device).arg(self.mount_point()))
    }

    fn folds(&self) -> bool {
        fs::write(self.vault().join("probe"), "").unwrap();
        let folds = self.vault().join("PROBE").exists();
        fs::remove_file(self.vault().join("probe")).unwrap();
        folds
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        if !runs(Command::new("umount").arg(self.mount_point())) {
            runs(Command::new("umount").arg("--lazy").arg(self.mount_point()));
        }
        if let Some(device) = &self.device {
            runs(Command::new("losetup").arg("-d").arg(device));
        }
    }
}

/// The names in a folder as the disk shows them, ours aside.
fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap().map(|it| it.unwrap().file_name());
    let mut names: Vec<String> = entries.map(|it| it.into_string().unwrap()).collect();
    names.retain(|it| it != ".vault-sync");
    names.sort();
    names
}

/// Waits until a folder shows these names, in this spelling.
fn shows(folder: &Path, wanted: &[&str]) {
    let deadline = std::time::Instant::now() + PATIENCE;
    while !folder.is_dir() || names(folder) != wanted {
        let found = folder.is_dir().then(|| names(folder));
        assert!(std::time::Instant::now() < deadline, "{}: {found:?}", folder.display());
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
}

/// `laptop` with what `fill` says and the device on `disk`, which joined it; both watch.
fn pair_on(disk: &Disk, fill: impl FnOnce(&Device)) -> (Device, Device) {
    let (mut a, mut b) = (Device::new("laptop"), Device::new("stick"));
    b.vault = disk.vault();
    fill(&a);
    a.watch();
    b.join(&a.invite());
    b.watch();
    in_sync(&a, &b);
    (a, b)
}

#[test]
fn of_two_names_that_fold_together_one_is_held_and_passed_on() {
    let Some(disk) = Disk::folding() else { return };
    let (mut a, mut b) = pair_on(&disk, |a| {
        a.write("Note.md", "upper\n");
        // Folders that are made on the way, with capitals.
        a.write("Folder/Sub/one.md", "one\n");
        a.write("Folder/Sub/two.md", "two\n");
    });
    assert_eq!(b.status()["problems"], serde_json::json!([]));
    shows(&b.vault.join("Folder/Sub"), &["one.md", "two.md"]);
    a.write("note.md", "lower\n");
    a.write("folder/three.md", "three\n");
    let held = b.until("held", |it| {
        problem(it, "note.md").is_some() && problem(it, "folder/three.md").is_some()
    });
    for (path, twin) in [("note.md", "Note.md"), ("folder/three.md", "Folder")] {
        let held = problem(&held, path).unwrap();
        let said = held["message"].as_str().unwrap();
        assert_eq!(held["kind"], "clash");
        assert!(said.contains(&format!("from {twin},")), "{said}");
    }
    in_sync(&a, &b);
    // What is held passes on to a third device.
    a.stop();
    let mut c = Device::new("desktop");
    c.join(&b.invite()).well();
    c.watch();
    c.holds("note.md", Some(b"lower\n"));
    c.holds("Note.md", Some(b"upper\n"));
    c.holds("folder/three.md", Some(b"three\n"));
    c.write("note.md", "lower\nand more\n");
    c.write("Note.md", "upper\nand more\n");
    b.holds("Note.md", Some(b"upper\nand more\n"));
    in_sync(&b, &c);
    shows(&b.vault, &["Folder", "Note.md"]);
    // Once the twin is gone, there is room for it; over a restart, too.
    b.stop();
    b.watch();
    in_sync(&b, &c);
    assert_eq!(names(&c.vault), ["Folder", "Note.md", "folder", "note.md"]);
    fs::remove_file(c.vault.join("Note.md")).unwrap();
    shows(&b.vault, &["Folder", "note.md"]);
    b.holds("note.md", Some(b"lower\nand more\n"));
    in_sync(&b, &c);
    assert_eq!(names(&c.vault), ["Folder", "folder", "note.md"]);
    drop(b);
}

#[test]
fn letter_case_alone_changes_in_both_directions_on_a_disk_that_folds_it() {
    let Some(disk) = Disk::folding() else { return };
    let (a, b) = pair_on(&disk, |a| {
        a.write("there.md", "there\n");
        a.write("here.md", "here\n");
        for note in 0..20 {
            a.write(&format!("folder/deep/{note}.md"), format!("note {note}\n"));
        }
    });
    // From elsewhere, onto this disk.
    fs::rename(a.vault.join("there.md"), a.vault.join("There.md")).unwrap();
    shows(&b.vault, &["There.md", "folder", "here.md"]);
    fs::rename(a.vault.join("folder"), a.vault.join("Folder")).unwrap();
    shows(&b.vault, &["Folder", "There.md", "here.md"]);
    in_sync(&a, &b);
    fs::rename(a.vault.join("Folder/deep"), a.vault.join("Folder/Deep")).unwrap();
    shows(&b.vault.join("Folder"), &["Deep"]);
    in_sync(&a, &b);
    b.until("all moved", |it| it["problems"] == serde_json::json!([]));
    assert_eq!(names(&b.vault.join("Folder/Deep")).len(), 20);
    // On this disk, for everybody.
    fs::rename(b.vault.join("here.md"), b.vault.join("Here.md")).unwrap();
    shows(&a.vault, &["Folder", "Here.md", "There.md"]);
    fs::rename(b.vault.join("Folder"), b.vault.join("other")).unwrap();
    fs::rename(b.vault.join("other"), b.vault.join("FOLDER")).unwrap();
    shows(&a.vault, &["FOLDER", "Here.md", "There.md"]);
    in_sync(&a, &b);
    // Edits still go both ways.
    a.write("FOLDER/Deep/3.md", "note 3\nedited\n");
    b.holds("FOLDER/Deep/3.md", Some(b"note 3\nedited\n"));
    b.write("FOLDER/Deep/4.md", "note 4\nedited\n");
    a.holds("FOLDER/Deep/4.md", Some(b"note 4\nedited\n"));
    in_sync(&a, &b);
    assert_eq!(names(&a.vault.join("FOLDER/Deep")), names(&b.vault.join("FOLDER/Deep")));
    drop(b);
}

#[test]
fn names_that_a_disk_refuses_are_held_and_passed_on() {
    let Some(disk) = Disk::folding() else { return };
    if fs::write(disk.vault().join("colon: allowed"), "").is_ok() {
        fs::remove_file(disk.vault().join("colon: allowed")).unwrap();
        eprintln!("skipped: the file system that could be mounted refuses no names");
        return;
    }
    // One spelled apart, as a Mac does it, is no other note.
    let (mut a, b) = pair_on(&disk, |a| a.write("cafe\u{301}.md", "coffee\n"));
    b.holds("caf\u{e9}.md", Some(b"coffee\n"));
    let odd = ["a:b.md", "what?.md", "Folder/t:x.md", "bad:folder/in.md"];
    a.write("Folder/fine.md", "fine\n");
    for name in odd {
        a.write(name, name);
    }
    b.until("held", |it| {
        odd.iter().all(|name| problem(it, name).is_some_and(|it| it["kind"] == "name"))
    });
    b.holds("Folder/fine.md", Some(b"fine\n"));
    // A known note that gets such a name keeps its own here, and is listed.
    fs::rename(a.vault.join("Folder/fine.md"), a.vault.join("Folder/fine?.md")).unwrap();
    b.until("held", |it| problem(it, "Folder/fine?.md").is_some_and(|it| it["kind"] == "name"));
    b.holds("Folder/fine.md", Some(b"fine\n"));
    in_sync(&a, &b);
    a.stop();
    let mut c = Device::new("desktop");
    c.join(&b.invite()).well();
    c.watch();
    for name in odd {
        c.holds(name, Some(name.as_bytes()));
    }
    c.holds("Folder/fine?.md", Some(b"fine\n"));
    in_sync(&b, &c);
    // A name that the disk can hold brings it there.
    fs::rename(c.vault.join("a:b.md"), c.vault.join("a-b.md")).unwrap();
    b.holds("a-b.md", Some(b"a:b.md"));
    fs::remove_file(c.vault.join("what?.md")).unwrap();
    b.until("no longer listed", |it| {
        problem(it, "what?.md").is_none() && problem(it, "a:b.md").is_none()
    });
    fs::rename(c.vault.join("Folder/fine?.md"), c.vault.join("Folder/good.md")).unwrap();
    b.holds("Folder/good.md", Some(b"fine\n"));
    b.holds("Folder/fine.md", None);
    drop(b);
}

#[test]
fn a_disk_that_forgets_letter_case_renames_nothing() {
    let Some(disk) = Disk::lowering() else { return };
    let (mut a, b) = pair_on(&disk, |a| {
        a.write("Note.md", "upper\n");
        a.write("plain.md", "plain\n");
        a.write("Folder/in.md", "in\n");
    });
    let listed = b.until("held", |it| problem(it, "Folder/in.md").is_some());
    assert_eq!(problem(&listed, "Note.md").unwrap()["kind"], "name");
    shows(&b.vault, &["plain.md"]);
    b.write("plain.md", "plain\nand more\n");
    a.holds("plain.md", Some(b"plain\nand more\n"));
    in_sync(&a, &b);
    assert_eq!(names(&a.vault), ["Folder", "Note.md", "plain.md"]);
    fs::remove_file(a.vault.join("plain.md")).unwrap();
    b.holds("plain.md", None);
    assert_eq!(b.status()["trash"]["files"], 1);
    in_sync(&a, &b);
    a.stop();
    let c = Device::new("desktop");
    c.join(&b.invite()).well();
    assert_eq!(names(&c.vault), ["Folder", "Note.md"]);
    drop(b);
}
