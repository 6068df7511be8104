//! A system that watches no more folders, for real, in a user namespace of its own. Where that is not
//! allowed this says so and checks nothing.

use std::process::Command;

use crate::device::{Device, in_sync};

/// Two devices that watch, the second under the limit that `prelude` sets.
fn pair_with(prelude: &'static str) -> Option<(Device, Device)> {
    let mut probe = Command::new("unshare");
    probe.args(["--user", "--map-root-user", "sh", "-c", prelude]);
    if !probe.output().is_ok_and(|it| it.status.success()) {
        eprintln!("skipped: a user namespace with limits of its own is not allowed here");
        return None;
    }
    let (mut a, mut b) = (Device::new("laptop"), Device::new("desktop"));
    a.write("note.md", "one\n");
    a.watch();
    b.join(&a.invite()).well();
    b.run(&["config", "set", "watch.fallback_ms", "200"]).well();
    b.prelude = Some(prelude);
    b.watch();
    in_sync(&a, &b);
    Some((a, b))
}

fn says_so(b: &mut Device) {
    let problem = b.event("problem", |it| it["path"] == "");
    let message = problem["message"].as_str().unwrap();
    assert!(message.contains("looked through every 0.2 s"), "{message}");
    b.until("listed", |it| {
        it["problems"].as_array().unwrap().iter().any(|it| it["message"] == message)
    });
}

#[test]
fn a_folder_that_cannot_be_watched_is_looked_through() {
    let none = "echo 0 > /proc/sys/user/max_inotify_instances";
    let Some((a, mut b)) = pair_with(none) else { return };
    says_so(&mut b);
    b.write("note.md", "one\ntwo\n");
    a.holds("note.md", Some(b"one\ntwo\n"));
    b.write("deep/er/new.md", "new\n");
    a.holds("deep/er/new.md", Some(b"new\n"));
    std::fs::remove_file(b.vault.join("note.md")).unwrap();
    a.holds("note.md", None);
    a.write("note 2.md", "from there\n");
    b.holds("note 2.md", Some(b"from there\n"));
}

#[test]
fn a_limit_that_is_met_later_is_noticed() {
    let few = "echo 4 > /proc/sys/user/max_inotify_watches";
    let Some((a, mut b)) = pair_with(few) else { return };
    for folder in 0..8 {
        b.write(&format!("{folder}/note.md"), "one\n");
    }
    says_so(&mut b);
    a.holds("7/note.md", Some(b"one\n"));
    for folder in 0..8 {
        b.write(&format!("{folder}/note.md"), "one\ntwo\n");
    }
    for folder in 0..8 {
        a.holds(&format!("{folder}/note.md"), Some(b"one\ntwo\n"));
    }
}
