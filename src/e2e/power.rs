//! Devices that spare their battery.

use std::time::{Duration, SystemTime};

use super::device::{Device, in_sync, pair};

/// A file that nobody touched for two days.
fn write_old(device: &Device, path: &str, text: &str) {
    device.write(path, text);
    let file = std::fs::File::options().write(true).open(device.vault.join(path)).unwrap();
    file.set_modified(SystemTime::now() - Duration::from_hours(48)).unwrap();
}

#[test]
fn old_files_wait_until_somebody_asks_and_edits_do_not() {
    let (mut a, mut b) = pair(|_| {});
    a.stop();
    b.stop();
    a.run(&["config", "set", "sync.background", "asked"]).well();
    write_old(&a, "old.md", "two days old\n");
    a.watch();
    b.watch();
    a.event("peer-connected", |_| true);
    a.write("new.md", "just now\n");
    b.holds("new.md", Some(b"just now\n"));
    let waits = |it: &serde_json::Value| it["peers"][0]["pending_out"] == 1;
    let status = a.until("waits with the old file", waits);
    assert_eq!(status["peers"][0]["in_sync"], false, "{status:#}");
    b.holds("old.md", None);
    // Through the running watch; it is asked for, so it goes.
    a.run(&["sync"]).well();
    b.holds("old.md", Some(b"two days old\n"));
    in_sync(&a, &b);
}

#[test]
fn a_new_device_gets_all_at_once_also_from_a_thrifty_one() {
    let (mut a, b) = (Device::new("laptop"), Device::new("desktop"));
    write_old(&a, "old.md", "two days old\n");
    a.run(&["config", "set", "power.profile", "low-power"]).well();
    a.run(&["config", "set", "sync.background", "asked"]).well();
    a.watch();
    b.join(&a.invite()).well();
    b.holds("old.md", Some(b"two days old\n"));
    let config = a.run(&["--json", "config", "list"]).well().json();
    let value = |key: &str| {
        let values = config["values"].as_array().unwrap();
        values.iter().find(|it| it["key"] == key).unwrap().clone()
    };
    assert_eq!(
        (&value("sync.peers")["value"], value("sync.peers")["origin"].as_str()),
        (&2.into(), Some("profile"))
    );
    assert_eq!(value("sync.background")["origin"], "file");
}
