//! Sorts of things that lie in a folder.

use std::fs::{self, File};
use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _, PermissionsExt as _, symlink};
use std::os::unix::net::UnixListener;
use std::process::Command;

use serde_json::Value;

use crate::device::{Device, in_sync, pair};
use crate::trees::{Times, assert_equal, tree};

fn one_note() -> (Device, Device) {
    pair(|vault| fs::write(vault.join("note.md"), "start\n").unwrap())
}

fn problem<'a>(status: &'a Value, path: &str) -> Option<&'a Value> {
    status["problems"].as_array().unwrap().iter().find(|it| it["path"] == path)
}

#[test]
fn bytes_of_every_sort_arrive_as_they_are() {
    let (a, b) = one_note();
    let utf16: Vec<u8> = [0xff, 0xfe]
        .into_iter()
        .chain("# Überschrift\r\n".encode_utf16().flat_map(u16::to_le_bytes))
        .collect();
    let long = "A paragraph of a very long note, as exported by a program.\n".repeat(340_000);
    assert!(long.len() > 20_000_000);
    let files: Vec<(&str, Vec<u8>)> = vec![
        ("empty.md", Vec::new()),
        ("no end.md", b"no final newline".to_vec()),
        ("crlf.md", b"one\r\ntwo\r\n".to_vec()),
        ("mixed.md", b"one\r\ntwo\nthree\rfour".to_vec()),
        ("bom.md", b"\xef\xbb\xbf# Title\n".to_vec()),
        ("utf16.md", utf16),
        ("latin1.md", b"caf\xe9 au lait\n".to_vec()),
        ("nul.md", b"a\0b\n".to_vec()),
        ("decomposed text.md", "Cafe\u{301}\n".as_bytes().to_vec()),
        ("separators.md", "a\u{2028}b\u{85}c\u{c}d\n".as_bytes().to_vec()),
        ("long.md", long.into_bytes()),
        ("broken.canvas", b"{\"nodes\": [".to_vec()),
        ("one byte.bin", vec![0xff]),
    ];
    for (name, bytes) in &files {
        a.write(name, bytes);
    }
    for (name, bytes) in &files {
        b.holds(name, Some(bytes));
    }
    in_sync(&a, &b);
    assert_equal(&a.vault, &b.vault, Times::Compared);
    // Edited on the other side, each stays of its sort.
    for (name, bytes) in &files {
        let mut bytes = bytes.clone();
        bytes.extend(b"more");
        b.write(name, &bytes);
    }
    for (name, bytes) in &files {
        a.holds(name, Some(&[bytes.as_slice(), b"more"].concat()));
    }
    // Emptied and filled again.
    b.write("crlf.md", "");
    a.holds("crlf.md", Some(b""));
    a.write("empty.md", "");
    b.holds("empty.md", Some(b""));
    in_sync(&a, &b);
    assert_equal(&a.vault, &b.vault, Times::Ignored);
}

#[test]
fn a_file_with_holes_arrives() {
    let (a, b) = one_note();
    let sparse = File::create(a.vault.join("image.raw")).unwrap();
    std::os::unix::fs::FileExt::write_all_at(&sparse, b"begin", 0).unwrap();
    std::os::unix::fs::FileExt::write_all_at(&sparse, b"end", 12_000_000).unwrap();
    drop(sparse);
    let bytes = fs::read(a.vault.join("image.raw")).unwrap();
    b.holds("image.raw", Some(&bytes));
    in_sync(&a, &b);
}

#[test]
fn links_pipes_and_sockets_are_listed_and_nothing_follows_them() {
    let (a, b) = one_note();
    let secret = a.vault.with_file_name("secret");
    fs::create_dir(&secret).unwrap();
    fs::write(secret.join("key.md"), "of nobody else\n").unwrap();
    symlink(&secret, a.vault.join("out")).unwrap();
    symlink(secret.join("key.md"), a.vault.join("key.md")).unwrap();
    symlink(".", a.vault.join("loop")).unwrap();
    symlink("nowhere", a.vault.join("dangling.md")).unwrap();
    fs::create_dir(a.vault.join("sub")).unwrap();
    symlink("..", a.vault.join("sub/up")).unwrap();
    assert!(Command::new("mkfifo").arg(a.vault.join("pipe.md")).status().unwrap().success());
    let _socket = UnixListener::bind(a.vault.join("socket.md")).unwrap();
    a.write("after.md", "came through\n");
    b.holds("after.md", Some(b"came through\n"));
    let listed = ["out", "key.md", "loop", "dangling.md", "sub/up", "pipe.md", "socket.md"];
    let status = a.until("all listed", |it| listed.iter().all(|path| problem(it, path).is_some()));
    for path in listed {
        assert_eq!(problem(&status, path).unwrap()["kind"], "special", "{status:#}");
    }
    // A peer's file of the same name does not go through any of them.
    for name in ["key.md", "pipe.md", "out/key.md", "loop/x.md"] {
        b.write(name, "from the peer\n");
    }
    b.write("later.md", "later\n");
    a.holds("later.md", Some(b"later\n"));
    assert_eq!(fs::read_to_string(secret.join("key.md")).unwrap(), "of nobody else\n");
    assert_eq!(fs::read_dir(&secret).unwrap().count(), 1);
    assert!(!a.vault.join("x.md").exists());
    assert!(fs::symlink_metadata(a.vault.join("key.md")).unwrap().is_symlink());
    assert!(fs::symlink_metadata(a.vault.join("pipe.md")).unwrap().file_type().is_fifo());
    // Once it is out of the way, the file comes.
    fs::remove_file(a.vault.join("key.md")).unwrap();
    a.holds("key.md", Some(b"from the peer\n"));
    let said = a.run(&["--json", "sync", "--timeout", "20s"]);
    assert_eq!(said.code, 3, "{said:#?}");
}

#[test]
fn hard_links_are_two_files() {
    let (mut a, b) = one_note();
    a.write("one.md", "shared\n");
    fs::hard_link(a.vault.join("one.md"), a.vault.join("two.md")).unwrap();
    b.holds("one.md", Some(b"shared\n"));
    b.holds("two.md", Some(b"shared\n"));
    // A save in place changes both here. The system tells of one name only; a look at all finds the
    // other.
    fs::write(a.vault.join("one.md"), "shared and edited\n").unwrap();
    b.holds("one.md", Some(b"shared and edited\n"));
    a.stop();
    a.watch();
    b.holds("two.md", Some(b"shared and edited\n"));
    // A peer's edit of one does not reach the other through the link.
    b.write("two.md", "only two\n");
    a.holds("two.md", Some(b"only two\n"));
    in_sync(&a, &b);
    assert_eq!(fs::metadata(a.vault.join("two.md")).unwrap().nlink(), 1);
    assert_eq!(a.read("one.md"), "shared and edited\n");
}

#[test]
fn what_is_only_to_be_read_is_replaced_with_its_permissions() {
    let (a, b) = one_note();
    a.write("closed.md", "one\n");
    b.holds("closed.md", Some(b"one\n"));
    in_sync(&a, &b);
    let place = b.vault.join("closed.md");
    fs::set_permissions(&place, fs::Permissions::from_mode(0o444)).unwrap();
    a.write("closed.md", "one\ntwo\n");
    b.holds("closed.md", Some(b"one\ntwo\n"));
    assert_eq!(fs::metadata(&place).unwrap().permissions().mode() & 0o777, 0o444);
    fs::remove_file(a.vault.join("closed.md")).unwrap();
    b.holds("closed.md", None);
    in_sync(&a, &b);
}

#[test]
fn a_folder_that_may_not_be_written_is_a_problem_of_its_own() {
    if rustix::process::geteuid().is_root() {
        eprintln!("skipped in part: this user may write everywhere");
    }
    let (a, b) = pair(|vault| {
        fs::create_dir(vault.join("closed")).unwrap();
        fs::write(vault.join("closed/note.md"), "one\n").unwrap();
        fs::write(vault.join("open.md"), "one\n").unwrap();
    });
    let closed = b.vault.join("closed");
    fs::set_permissions(&closed, fs::Permissions::from_mode(0o555)).unwrap();
    a.write("closed/note.md", "one\ntwo\n");
    a.write("open.md", "one\ntwo\n");
    b.holds("open.md", Some(b"one\ntwo\n"));
    if !rustix::process::geteuid().is_root() {
        b.until("told", |it| problem(it, "closed/note.md").is_some());
    }
    fs::set_permissions(&closed, fs::Permissions::from_mode(0o755)).unwrap();
    b.holds("closed/note.md", Some(b"one\ntwo\n"));
    in_sync(&a, &b);
}

#[test]
fn a_file_becomes_a_folder_and_a_folder_a_file() {
    let (a, b) = pair(|vault| {
        fs::write(vault.join("thing"), "a file\n").unwrap();
        fs::create_dir_all(vault.join("box/deep")).unwrap();
        fs::write(vault.join("box/deep/note.md"), "inside\n").unwrap();
        fs::write(vault.join("note.md"), "start\n").unwrap();
    });
    fs::remove_file(a.vault.join("thing")).unwrap();
    a.write("thing/inside.md", "now in a folder\n");
    b.holds("thing/inside.md", Some(b"now in a folder\n"));
    fs::remove_dir_all(a.vault.join("box")).unwrap();
    a.write("box", "now a file\n");
    b.holds("box", Some(b"now a file\n"));
    in_sync(&a, &b);
    assert_equal(&a.vault, &b.vault, Times::Ignored);
}

#[test]
fn a_file_here_and_a_folder_of_its_name_there_both_stay() {
    let (mut a, mut b) = one_note();
    a.stop();
    b.stop();
    a.write("both", "a file\n");
    b.write("both/inside.md", "in a folder\n");
    a.watch();
    b.watch();
    in_sync(&a, &b);
    let all = |device: &Device| -> Vec<Vec<u8>> {
        tree(&device.vault).into_values().flatten().map(|(bytes, _)| bytes).collect()
    };
    for device in [&a, &b] {
        for text in ["a file\n", "in a folder\n"] {
            device.until(text, |_| all(device).iter().any(|it| it == text.as_bytes()));
        }
    }
    in_sync(&a, &b);
    assert_equal(&a.vault, &b.vault, Times::Ignored);
}

#[test]
fn repositories_and_vaults_inside_are_left_as_they_are() {
    let (a, b) = one_note();
    a.write("project/.git/HEAD", "ref: refs/heads/main\n");
    a.write("project/.git/objects/aa/bb", [1, 2, 3]);
    a.write("project/readme.md", "of the project\n");
    a.write(
        "inner/.vault-sync/vault.json",
        "{\"v\":1,\"vault\":\"00112233445566778899aabbccddeeff\"}\n",
    );
    a.write("inner/note.md", "of the inner vault\n");
    b.holds("project/readme.md", Some(b"of the project\n"));
    b.holds("inner/note.md", Some(b"of the inner vault\n"));
    in_sync(&a, &b);
    assert!(!b.vault.join("project/.git").exists());
    assert!(!b.vault.join("inner/.vault-sync").exists());
    assert_eq!(a.read("project/.git/HEAD"), "ref: refs/heads/main\n");
}

#[test]
fn empty_folders_come_and_go() {
    let (a, b) = one_note();
    fs::create_dir_all(a.vault.join("Plans/2026/May")).unwrap();
    b.until("there", |_| b.vault.join("Plans/2026/May").is_dir());
    fs::rename(a.vault.join("Plans/2026"), a.vault.join("Plans/2027")).unwrap();
    b.until("moved", |_| {
        b.vault.join("Plans/2027/May").is_dir() && !b.vault.join("Plans/2026").exists()
    });
    fs::remove_dir_all(a.vault.join("Plans")).unwrap();
    b.until("gone", |_| !b.vault.join("Plans").exists());
    // A folder that lost its last note stays, on both sides alike.
    a.write("Box/note.md", "inside\n");
    b.holds("Box/note.md", Some(b"inside\n"));
    fs::remove_file(a.vault.join("Box/note.md")).unwrap();
    b.holds("Box/note.md", None);
    b.until("alike", |_| tree(&a.vault).keys().eq(tree(&b.vault).keys()));
    in_sync(&a, &b);
}

#[test]
fn a_file_that_a_cloud_took_off_the_disk_is_not_deleted() {
    let (mut a, b) = pair(|vault| {
        fs::write(vault.join("note.md"), "start\n").unwrap();
        fs::create_dir(vault.join("Pictures")).unwrap();
        fs::write(vault.join("Pictures/cat.png"), [7; 3000]).unwrap();
        fs::write(vault.join("far.md"), "far away\n").unwrap();
    });
    let stub = |device: &Device, folder: &str, name: &str| {
        let place = device.vault.join(folder);
        fs::rename(place.join(name), device.vault.with_file_name(name)).unwrap();
        fs::write(place.join(format!(".{name}.icloud")), b"bplist00").unwrap();
    };
    stub(&a, "", "far.md");
    stub(&a, "Pictures", "cat.png");
    a.write("note.md", "start\nand on\n");
    b.holds("note.md", Some(b"start\nand on\n"));
    let held = |it: &Value| {
        ["far.md", "Pictures/cat.png"]
            .iter()
            .all(|path| problem(it, path).is_some_and(|it| it["kind"] == "placeholder"))
    };
    a.until("told", held);
    // What a peer writes waits until the file is back.
    b.write("far.md", "far away\nedited there\n");
    a.stop();
    a.watch();
    a.until("told again", held);
    in_sync(&a, &b);
    assert!(b.vault.join("Pictures/cat.png").exists());
    assert!(!a.vault.join("far.md").exists());
    assert!(!b.vault.join(".far.md.icloud").exists());
    for (folder, name) in [("", "far.md"), ("Pictures", "cat.png")] {
        let place = a.vault.join(folder);
        fs::rename(a.vault.with_file_name(name), place.join(name)).unwrap();
        fs::remove_file(place.join(format!(".{name}.icloud"))).unwrap();
    }
    a.holds("far.md", Some(b"far away\nedited there\n"));
    in_sync(&a, &b);
    assert_equal(&a.vault, &b.vault, Times::Ignored);
    a.until("solved", |it| it["problems"].as_array().unwrap().is_empty());
}

#[test]
fn attachments_of_letters_are_kept_whole_beside_each_other() {
    let base = "%PDF-1.4\n1 0 obj\nfirst\nendobj\n2 0 obj\nsecond\nendobj\n%%EOF\n";
    let (mut a, mut b) = pair(|vault| fs::write(vault.join("Scan.pdf"), base).unwrap());
    a.stop();
    b.stop();
    let edited = [base.replace("first", "of the laptop"), base.replace("second", "of the desktop")];
    a.write("Scan.pdf", &edited[0]);
    b.write("Scan.pdf", &edited[1]);
    // Born on both under one name, too.
    a.write("Cover.PNG", "letters of the laptop\nand more\n");
    b.write("Cover.PNG", "letters of the desktop\nand more\n");
    a.watch();
    b.watch();
    in_sync(&a, &b);
    assert_equal(&a.vault, &b.vault, Times::Ignored);
    let files = tree(&a.vault);
    let named = |stem: &str| -> Vec<String> {
        let of = files.iter().filter(|(name, _)| name.starts_with(stem));
        of.map(|(_, file)| String::from_utf8(file.as_ref().unwrap().0.clone()).unwrap()).collect()
    };
    let scans = named("Scan");
    assert_eq!(scans.len(), 2, "{scans:?}");
    assert!(edited.iter().all(|version| scans.contains(version)), "{scans:?}");
    let covers = named("Cover");
    assert_eq!(covers.len(), 2, "{covers:?}");
    assert!(covers.iter().all(|cover| cover.matches("letters").count() == 1), "{covers:?}");
}
