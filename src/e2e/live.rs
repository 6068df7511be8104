//! Both devices running: what one does, the other shows, and the events say so.

use crate::device::{in_sync, pair};
use crate::trees::{Times, assert_equal, copy, small_vault};

#[test]
fn every_kind_of_change_reaches_the_other_side() {
    let (mut a, mut b) = pair(|vault| copy(&small_vault(), vault));

    let text = a.read("Garden/Compost.md").replace("a year", "two years");
    a.write("Garden/Compost.md", &text);
    a.event_at("taken-in", "Garden/Compost.md");
    b.event_at("written", "Garden/Compost.md");
    b.holds("Garden/Compost.md", Some(text.as_bytes()));

    b.write("New/ünïcode 名前.md", "born on the desktop\n");
    b.event_at("taken-in", "New/ünïcode 名前.md");
    a.holds("New/ünïcode 名前.md", Some("born on the desktop\n".as_bytes()));

    let mut image = b"\x89PNG\0".to_vec();
    image.extend((0..3_000_000_u32).flat_map(|it| (it.wrapping_mul(2_654_435_761)).to_le_bytes()));
    a.write("Attachments/photo.png", &image);
    b.holds("Attachments/photo.png", Some(&image));

    std::fs::rename(b.vault.join("Tasks.md"), b.vault.join("Garden/To do.md")).unwrap();
    b.event_at("renamed", "Garden/To do.md");
    let renamed = a.event_at("renamed", "Garden/To do.md");
    assert_eq!(renamed["from"], "Tasks.md");
    a.holds("Tasks.md", None);

    std::fs::remove_file(a.vault.join("Welcome.md")).unwrap();
    a.event_at("deleted", "Welcome.md");
    b.event_at("deleted", "Welcome.md");
    b.holds("Welcome.md", None);

    // Renamed and edited in one breath.
    let text = format!("{}\nand sage\n", a.read("Garden/Tomatoes.md"));
    std::fs::rename(a.vault.join("Garden/Tomatoes.md"), a.vault.join("Garden/Herbs.md")).unwrap();
    a.write("Garden/Herbs.md", &text);
    b.holds("Garden/Herbs.md", Some(text.as_bytes()));
    b.event_at("renamed", "Garden/Herbs.md");
    b.holds("Garden/Tomatoes.md", None);

    std::fs::rename(b.vault.join("Odd"), b.vault.join("Strange")).unwrap();
    a.holds("Strange/no final newline.md", Some(b"The last line ends here"));
    a.event_at("renamed", "Strange/.hidden note.md");

    in_sync(&a, &b);
    assert_equal(&a.vault, &b.vault, Times::Ignored);
    assert!(!a.vault.join("Odd").exists());
    a.stop();
    b.stop();
}

#[test]
fn editors_save_by_renaming_and_the_note_stays_the_same_file() {
    let (mut a, b) = pair(|vault| copy(&small_vault(), vault));
    for round in 0..10 {
        let text = format!("# Tasks\n\n- [ ] round {round}\n");
        a.write("Tasks.md.sb-1a2b", &text);
        std::fs::rename(a.vault.join("Tasks.md.sb-1a2b"), a.vault.join("Tasks.md")).unwrap();
        std::thread::sleep(std::time::Duration::from_millis(30));
    }
    b.holds("Tasks.md", Some(b"# Tasks\n\n- [ ] round 9\n"));
    in_sync(&a, &b);
    assert_eq!(a.status()["vault"]["deleted"], 0, "{:#}", a.status());
    a.stop();
}

#[test]
fn empty_folders_come_and_go() {
    let (a, b) = pair(|vault| copy(&small_vault(), vault));
    std::fs::create_dir_all(a.vault.join("Fresh/inner")).unwrap();
    let deadline = std::time::Instant::now() + crate::device::PATIENCE;
    while !b.vault.join("Fresh/inner").is_dir() {
        assert!(std::time::Instant::now() < deadline, "the empty folder never came");
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    std::fs::remove_dir_all(a.vault.join("Fresh")).unwrap();
    while b.vault.join("Fresh").exists() {
        assert!(std::time::Instant::now() < deadline, "the folder never went");
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
}
