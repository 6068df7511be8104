//! Ways in which editors save, each while a peer edits another line of the same note.

use std::fs::{self, File};
use std::io::{Read as _, Seek as _, Write as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rustix::fs::{CWD, RenameFlags, renameat_with};

use crate::device::{Device, PATIENCE, in_sync, pair};
use crate::trees::{Times, assert_equal, tree};

/// How a program puts a note on the disk. None of them loses what it did not read: each takes the
/// lines of others from the very bytes that its save pushes aside.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Style {
    /// The file is emptied and written again.
    InPlace,
    /// So, too, by a program that is held up half way, for longer than a quiet time.
    InPlaceHeldUp,
    /// The new bytes lie beside the file and change places with it.
    TempAndRename,
    /// The file goes, and another one of its name is made.
    DeleteAndCreate,
    /// The old file stays as `note.md~`.
    Backup,
}

/// Somebody who edits one line of a note, the one that begins with `mark`.
struct Writer {
    note: PathBuf,
    /// Where what is taken away lies until it was read; on the same file system, in no vault.
    elsewhere: PathBuf,
    mark: &'static str,
    words: Vec<String>,
    style: Style,
}

impl Writer {
    fn new(device: &Device, mark: &'static str, style: Style) -> Self {
        let elsewhere = device.vault.with_file_name(format!("elsewhere {mark}"));
        Self { note: device.vault.join("note.md"), elsewhere, mark, words: Vec::new(), style }
    }

    fn line(&self) -> String {
        format!("{}: {}", self.mark, self.words.join(" "))
    }

    /// `text` with this writer's line as it should be.
    fn edited(&self, text: &str) -> String {
        let own = format!("{}:", self.mark);
        let lines = text.lines().map(|line| {
            let line = if line.starts_with(&own) { self.line() } else { line.to_owned() };
            line + "\n"
        });
        lines.collect()
    }

    /// Saves the note with one word more.
    fn save(&mut self) {
        self.words.push(format!("{}{}", self.mark, self.words.len()));
        // What a program writes into a file that is taken away under its hands is lost to everybody;
        // it notices at its next look.
        let deadline = Instant::now() + PATIENCE;
        while !self.put() {
            let text = fs::read_to_string(&self.note);
            assert!(Instant::now() < deadline, "{:?} cannot save {text:?}", self.style);
        }
    }

    /// False when the bytes may have gone elsewhere.
    fn put(&self) -> bool {
        match self.style {
            Style::InPlace | Style::InPlaceHeldUp => {
                let Ok(mut file) = File::options().read(true).write(true).open(&self.note) else {
                    return false;
                };
                let mut text = String::new();
                file.read_to_string(&mut text).unwrap();
                let text = self.edited(&text);
                file.set_len(0).unwrap();
                file.rewind().unwrap();
                for half in [&text[..text.len() / 2], &text[text.len() / 2..]] {
                    file.write_all(half.as_bytes()).unwrap();
                    if self.style == Style::InPlaceHeldUp {
                        std::thread::sleep(Duration::from_millis(250));
                    }
                }
                fs::read_to_string(&self.note).is_ok_and(|now| now.contains(&self.line()))
            }
            Style::TempAndRename => {
                let Ok(read) = fs::read_to_string(&self.note) else { return false };
                let temp = self.note.with_file_name("sedXa31bT");
                fs::write(&temp, self.edited(&read)).unwrap();
                if renameat_with(CWD, &temp, CWD, &self.note, RenameFlags::EXCHANGE).is_err() {
                    return false;
                }
                let aside = fs::read_to_string(&temp).unwrap();
                if aside == read {
                    fs::remove_file(&temp).unwrap();
                    return true;
                }
                // Somebody was in between: theirs comes back, with our line in it.
                fs::write(&temp, self.edited(&aside)).unwrap();
                fs::rename(&temp, &self.note).unwrap();
                true
            }
            Style::DeleteAndCreate | Style::Backup => {
                let backup = self.note.with_file_name("note.md~");
                let away = if self.style == Style::Backup { &backup } else { &self.elsewhere };
                if fs::rename(&self.note, away).is_err() {
                    return false;
                }
                let text = self.edited(&fs::read_to_string(away).unwrap());
                fs::write(&self.note, text).unwrap();
                true
            }
        }
    }
}

/// Saves on one device every few milliseconds in this style, and now and then on the other.
fn storm(style: Style) {
    let (a, b) = pair(|vault| {
        let between = "one line that nobody touches\n".repeat(6);
        fs::write(vault.join("note.md"), format!("# Note\nhere:\n{between}there:\nend\n")).unwrap();
    });
    let mut here = Writer::new(&a, "here", style);
    let mut there = Writer::new(&b, "there", Style::TempAndRename);
    let there = std::thread::spawn(move || {
        for _ in 0..20 {
            there.save();
            std::thread::sleep(Duration::from_millis(170));
        }
        there
    });
    // Bursts with pauses, so that some of the peer's edits come to the disk in between.
    let saves = if style == Style::InPlaceHeldUp { 16 } else { 250 };
    for save in 0_u64..saves {
        here.save();
        let pause = if save % 50 == 49 { 150 } else { 3 + save % 11 };
        std::thread::sleep(Duration::from_millis(pause));
    }
    let there = there.join().unwrap();
    let (mine, theirs) = (here.line(), there.line());
    let deadline = Instant::now() + PATIENCE;
    loop {
        let (left, right) = (a.read("note.md"), b.read("note.md"));
        let holds = |text: &String| text.lines().any(|it| it == mine) && text.contains(&theirs);
        if left == right && holds(&left) {
            break;
        }
        assert!(Instant::now() < deadline, "{style:?}:\n{left}\n---\n{right}\n{mine}\n{theirs}");
        std::thread::sleep(Duration::from_millis(50));
    }
    in_sync(&a, &b);
    let text = a.read("note.md");
    let between = "one line that nobody touches\n".repeat(6);
    assert_eq!(text, format!("# Note\n{mine}\n{between}{theirs}\nend\n"), "{style:?}");
    fs::remove_file(a.vault.join("note.md~")).ok();
    assert_equal(&a.vault, &b.vault, Times::Ignored);
    let names: Vec<String> = tree(&a.vault).into_keys().collect();
    assert_eq!(names, ["note.md"], "{style:?}");
}

#[test]
fn a_note_saved_in_place_all_the_time_loses_nothing() {
    storm(Style::InPlace);
}

#[test]
fn a_note_whose_saves_are_held_up_half_way_loses_nothing() {
    storm(Style::InPlaceHeldUp);
}

#[test]
fn a_note_saved_by_renaming_all_the_time_loses_nothing() {
    storm(Style::TempAndRename);
}

#[test]
fn a_note_deleted_and_made_anew_all_the_time_loses_nothing() {
    storm(Style::DeleteAndCreate);
}

#[test]
fn a_note_saved_with_a_backup_all_the_time_loses_nothing() {
    storm(Style::Backup);
}

#[test]
fn fifty_saves_in_five_seconds_are_few_transfers() {
    use std::fmt::Write as _;
    let (mut a, b) = pair(|vault| fs::write(vault.join("note.md"), "start\n").unwrap());
    a.told("sent");
    let mut text = String::from("start\n");
    for save in 0..50 {
        writeln!(text, "line {save}").unwrap();
        a.write("note.md", &text);
        std::thread::sleep(Duration::from_millis(95));
    }
    b.holds("note.md", Some(text.as_bytes()));
    in_sync(&a, &b);
    let sent = a.told("sent");
    assert!((1..25).contains(&sent), "{sent} transfers");
}

/// With `VAULT_SYNC_TEST_LONG` 200 MB in 30 s, otherwise 40 MB in 10 s.
#[test]
fn an_attachment_written_slowly_arrives_whole_or_not_at_all() {
    let (pieces, piece_bytes, pause) = match std::env::var_os("VAULT_SYNC_TEST_LONG") {
        Some(_) => (100_u32, 2_000_000_u32, Duration::from_millis(300)),
        None => (50, 800_000, Duration::from_millis(200)),
    };
    let (mut a, mut b) = pair(|vault| fs::write(vault.join("note.md"), "start\n").unwrap());
    let piece = |n: u32| -> Vec<u8> {
        (0..piece_bytes / 4).flat_map(|at| (at ^ (n << 20)).to_le_bytes()).collect()
    };
    let before = (a.told("sent"), b.told("written"));
    let target = a.vault.join("film.mp4");
    let seen = b.vault.join("film.mp4");
    let mut whole = Vec::new();
    let mut file = File::create(&target).unwrap();
    for n in 0..pieces {
        let bytes = piece(n);
        file.write_all(&bytes).unwrap();
        whole.extend(bytes);
        let until = Instant::now() + pause;
        while Instant::now() < until {
            assert!(!seen.exists() || n + 1 == pieces, "{n} pieces came: {}", size(&seen));
            std::thread::sleep(Duration::from_millis(10));
        }
    }
    drop(file);
    let deadline = Instant::now() + PATIENCE;
    while !seen.exists() {
        assert!(Instant::now() < deadline, "it never came");
        std::thread::sleep(Duration::from_millis(10));
    }
    assert_eq!(size(&seen), whole.len() as u64);
    assert!(fs::read(&seen).unwrap() == whole);
    in_sync(&a, &b);
    assert_equal(&a.vault, &b.vault, Times::Compared);
    let told = (a.told("sent") - before.0, b.told("written") - before.1);
    assert_eq!(told, (1, 1), "transfers");
}

fn size(path: &Path) -> u64 {
    path.metadata().map_or(0, |meta| meta.len())
}
