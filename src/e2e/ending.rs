//! How a running device ends: what was saved is kept, and nobody is waited for without end.

use std::process::Stdio;

use crate::device::{Device, PATIENCE, in_sync, pair};
use crate::generate::{self, Recipe};
use crate::raw::{Manners, PROTOCOL, Raw, hello};
use crate::trees::tree;
use rustix::process::Signal;

#[test]
fn an_edit_saved_just_before_the_end_is_kept() {
    for signal in [Signal::TERM, Signal::INT] {
        let (mut a, b) = pair(|vault| std::fs::write(vault.join("note.md"), "one\n").unwrap());
        let digest = a.status()["vault"]["digest"].clone();
        a.write("note.md", "one\ntwo\n");
        a.write("new.md", "new\n");
        // No wait for anything: this is how long before the signal it was saved.
        std::thread::sleep(std::time::Duration::from_millis(20));
        a.signal(signal);
        a.event_at("taken-in", "note.md");
        a.event_at("taken-in", "new.md");
        assert_eq!(a.ended(), (Some(130), "stopped".to_owned()));
        b.holds("note.md", Some(b"one\ntwo\n"));
        b.holds("new.md", Some(b"new\n"));
        assert_ne!(a.status()["vault"]["digest"], digest);
        a.watch();
        assert_eq!(a.told("taken-in"), 0, "it was taken in before");
        in_sync(&a, &b);
    }
}

#[test]
fn the_second_interrupt_ends_at_once() {
    let (mut a, mut b) = pair(|vault| std::fs::write(vault.join("note.md"), "one\n").unwrap());
    b.stop();
    let address = b.watch()["addresses"][0].as_str().unwrap().to_owned();
    b.kill();
    a.stop();
    let at = a.watch()["addresses"][0].as_str().unwrap().to_owned();
    let status = a.status();
    let device = status["device"]["id"].as_str().unwrap();
    // A member that never says goodbye, so that a clean end waits for it.
    let peer = Raw::instead_of(&b.home, &address, PROTOCOL);
    let mut talk = peer.dial((device, &at), PROTOCOL, Manners::Rude).unwrap();
    talk.say(&hello(1, status["vault"]["id"].as_str().unwrap()));
    a.event("peer-connected", |_| true);
    a.signal(Signal::INT);
    talk.until("goodbye", |said| said.last().is_some_and(|it| it[..] == [18, 0]));
    a.signal(Signal::INT);
    let (code, last) = a.ended();
    assert_eq!(code, Some(130));
    assert_ne!(last, "stopped", "a clean end was waited for");
    // Nothing is the worse for it.
    drop(talk);
    drop(peer);
    b.watch();
    a.watch();
    in_sync(&a, &b);
    assert_eq!(a.run(&["verify", "--deep"]).code, 0);
}

#[test]
fn a_second_interrupt_ends_a_one_shot_at_once() {
    let (mut a, mut b) = pair(|vault| std::fs::write(vault.join("note.md"), "one\n").unwrap());
    a.stop();
    b.stop();
    let address = b.watch()["addresses"][0].as_str().unwrap().to_owned();
    b.kill();
    let mut peer = Raw::instead_of(&b.home, &address, PROTOCOL);
    let mut command = a.command(&["sync"]);
    let mut child = command.current_dir(&a.vault).spawn().unwrap();
    let mut talk = peer.meet(Manners::Rude);
    // It waits for an answer to its hello, and there is none.
    talk.until("a hello", |said| !said.is_empty());
    Device::send(&child, Signal::INT);
    talk.until("goodbye", |said| said.last().is_some_and(|it| it[..] == [18, 0]));
    Device::send(&child, Signal::INT);
    assert_eq!(child.wait().unwrap().code(), Some(130));
}

#[test]
fn an_end_in_the_middle_of_a_first_sync_is_clean() {
    let (mut a, b) = (Device::new("laptop"), Device::new("desktop"));
    let recipe = Recipe { files: 3000, attachment_bytes: 30_000_000, seed: 4 };
    generate::write(&a.vault, recipe).unwrap();
    a.watch();
    let mut command = b.command(&["join", &a.invite(), b.vault.to_str().unwrap()]);
    let mut child = command.stdout(std::process::Stdio::null()).spawn().unwrap();
    let deadline = std::time::Instant::now() + crate::device::PATIENCE;
    while tree(&b.vault).len() < 300 {
        assert!(std::time::Instant::now() < deadline, "the first sync never began");
    }
    // The sender first: it must not wait until everything is sent.
    a.stop();
    Device::send(&child, Signal::INT);
    // The join ends either way: by the signal, or because the other side is gone.
    let code = child.wait().unwrap().code();
    assert!(matches!(code, Some(130 | 1 | 4)), "{code:?}");
    let held = tree(&b.vault).len();
    assert!(held < 3000, "it was over before it could be ended");
    a.watch();
    b.run(&["sync"]).well();
    assert_eq!(tree(&b.vault), tree(&a.vault));
}

#[test]
fn who_stops_reading_the_events_stops_neither_the_work_nor_its_end() {
    let (mut a, b) = pair(|vault| std::fs::write(vault.join("note.md"), "one\n").unwrap());
    a.stop();
    let mut deaf = a.command(&["--json", "watch"]);
    let mut deaf = deaf.current_dir(&a.vault).stdout(Stdio::piped()).spawn().unwrap();
    // Events of these are more than a pipe holds.
    for number in 0..1_500 {
        a.write(&format!("more/{number}.md"), format!("note {number}\n"));
    }
    b.holds("more/1499.md", Some(b"note 1499\n"));
    a.write("last.md", "still heard\n");
    b.holds("last.md", Some(b"still heard\n"));
    Device::send(&deaf, Signal::TERM);
    let begun = std::time::Instant::now();
    let status = loop {
        if let Some(status) = deaf.try_wait().unwrap() {
            break status;
        }
        if begun.elapsed() > PATIENCE {
            deaf.kill().unwrap();
            panic!("it never ended");
        }
        std::thread::sleep(std::time::Duration::from_millis(20));
    };
    assert_eq!(status.code(), Some(130));
}
