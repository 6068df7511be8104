//! More than two devices: membership spreads, so that all meet all.

use crate::device::{Device, in_sync, pair};
use crate::metrics::sent;
use crate::trees::{Times, assert_equal, copy, small_vault};

#[test]
fn a_third_joins_through_the_second_and_later_meets_the_first() {
    let (mut a, mut b) = pair(|vault| copy(&small_vault(), vault));
    a.stop();
    let mut c = Device::new("tablet");
    c.join(&b.invite()).well();
    c.watch();
    in_sync(&b, &c);
    assert_equal(&b.vault, &c.vault, Times::Compared);
    b.stop();
    // The first one has never heard of the third, and learns of it from the second.
    a.watch();
    b.watch();
    in_sync(&a, &b);
    c.write("From c.md", "hello, first\n");
    a.holds("From c.md", Some(b"hello, first\n"));
    b.stop();
    let connected = |it: &serde_json::Value| {
        it["peers"].as_array().is_some_and(|peers| {
            peers.iter().any(|it| it["name"] == "tablet" && it["connected"] == true)
        })
    };
    a.until("connected to the tablet", connected);
    c.write("From c.md", "without the second\n");
    a.holds("From c.md", Some(b"without the second\n"));
}

#[test]
fn a_third_that_joins_two_is_not_sent_everything_by_both() {
    let files = 1000;
    // 22 MB: far more than the 8 MB that may leave the first before the second comes forward.
    let (a, b) = pair(|vault| {
        for number in 0..files {
            let text = format!("# Note {number}\n\n{}\n", "some words ".repeat(2000));
            std::fs::write(vault.join(format!("{number}.md")), text).unwrap();
        }
    });
    let before = sent(&a) + sent(&b);
    let mut c = Device::new("tablet");
    c.join(&a.invite()).well();
    c.watch();
    in_sync(&a, &c);
    in_sync(&b, &c);
    assert_equal(&a.vault, &c.vault, Times::Compared);
    let sent = sent(&a) + sent(&b) - before;
    assert!((files..files * 3 / 2).contains(&sent), "{sent} deliveries for {files} files");
}

#[test]
fn a_removed_device_gets_nothing_any_more() {
    let (mut a, mut b) = pair(|vault| copy(&small_vault(), vault));
    a.run(&["peers", "remove", "desktop"]).well();
    a.write("Secret.md", "not for the desktop\n");
    a.event_at("taken-in", "Secret.md");
    b.stop();
    let said = b.run(&["--json", "sync", "--timeout", "20s"]);
    assert!(matches!(said.code, 1 | 4), "{said:#?}");
    assert_ne!(said.json()["peers"][0]["outcome"], "in_sync", "{said:#?}");
    assert!(!b.vault.join("Secret.md").exists());
}
