//! A peer of another release: told apart, named, and nothing is changed.

use crate::device::{Device, Said, pair};
use crate::raw::{Manners, PROTOCOL, Raw, hello, other_version};
use crate::trees::{copy, small_vault, tree};

/// What a person must read, whichever side finds out.
fn tells_to_update(said: &Said) {
    let both = format!("{}{}", said.out, said.err).to_lowercase();
    assert!(both.contains("version") && both.contains("update"), "{said:#?}");
    assert!(!both.contains("removed") && !both.contains("new ticket"), "{said:#?}");
}

/// Two devices that have met; the second is stopped. Also where the second listens.
fn one_of_two() -> (Device, Device, String) {
    let (mut a, mut b) = pair(|vault| copy(&small_vault(), vault));
    b.stop();
    let address = b.watch()["addresses"][0].as_str().unwrap().to_owned();
    crate::device::in_sync(&a, &b);
    b.stop();
    a.stop();
    (a, b, address)
}

#[test]
fn a_peer_of_another_protocol_is_told_apart() {
    let (mut a, mut b, address) = one_of_two();
    let (before, digest) = (tree(&a.vault), a.status()["vault"]["digest"].clone());
    let newer = Raw::instead_of(&b.home, &address, "vault-sync/2");
    let said = a.run(&["--json", "sync", "--timeout", "60s"]);
    assert_eq!(said.code, 1, "{said:#?}");
    let met = said.json()["peers"][0].clone();
    assert_eq!(
        (met["outcome"].as_str(), met["reason"].as_str()),
        (Some("refused"), Some("version"))
    );
    assert!(met["message"].as_str().unwrap().contains(PROTOCOL), "{met:#}");
    tells_to_update(&said);
    tells_to_update(&a.run(&["sync", "--timeout", "60s"]));
    assert_eq!((tree(&a.vault), a.status()["vault"]["digest"].clone()), (before, digest));

    // A running device says so, too.
    a.watch();
    let refused = a.event("peer-refused", |it| it["peer"] == newer.id().as_str());
    assert!(refused["message"].as_str().unwrap().contains(PROTOCOL), "{refused:#}");
    // And turns it away when it calls.
    let device = a.status()["device"]["id"].as_str().unwrap().to_owned();
    a.stop();
    let at = a.watch()["addresses"][0].as_str().unwrap().to_owned();
    let refused = newer.dial((&device, &at), "vault-sync/2", Manners::Polite).err().unwrap();
    assert!(refused.contains("no_application_protocol") || refused.contains("120"), "{refused}");

    // Once it is updated all is as before.
    drop(newer);
    b.watch();
    b.write("Again.md", "the same release again\n");
    a.holds("Again.md", Some(b"the same release again\n"));
}

#[test]
fn a_hello_of_another_version_is_answered_with_ours() {
    let (mut a, b, address) = one_of_two();
    let at = a.watch()["addresses"][0].as_str().unwrap().to_owned();
    let status = a.status();
    let (device, vault) = (&status["device"]["id"], status["vault"]["id"].as_str().unwrap());
    let newer = Raw::instead_of(&b.home, &address, PROTOCOL);
    let mut talk = newer.dial((device.as_str().unwrap(), &at), PROTOCOL, Manners::Polite).unwrap();
    talk.say(&hello(2, vault));
    let (said, _) = talk.all();
    assert_eq!(said.last().unwrap(), &other_version(1), "{said:?}");
    let refused = a.event("peer-refused", |it| it["peer"] == newer.id().as_str());
    let message = refused["message"].as_str().unwrap();
    for part in ["version 2", "version 1", "update"] {
        assert!(message.contains(part), "{part:?} is not in {message:?}");
    }
    assert_eq!(a.status()["vault"]["digest"], status["vault"]["digest"]);
    a.stop();
}

#[test]
fn a_peer_that_says_it_has_another_version_is_believed() {
    let (a, b, address) = one_of_two();
    let before = tree(&a.vault);
    let mut newer = Raw::instead_of(&b.home, &address, PROTOCOL);
    for json in [true, false] {
        let words = ["--json", "sync", "--timeout", "60s"];
        let mut command = a.command(if json { &words } else { &words[1..] });
        command.current_dir(&a.vault);
        let running = std::thread::spawn(move || Said::from(command.output().unwrap()));
        let mut talk = newer.meet(Manners::Polite);
        talk.until("a hello", |said| said.first().is_some_and(|it| it[..2] == [2, 1]));
        talk.say(&other_version(2));
        let (said, _) = talk.all();
        assert_eq!(said.len(), 1, "only the hello: {said:?}");
        let said = running.join().unwrap();
        assert_eq!(said.code, 1, "{said:#?}");
        tells_to_update(&said);
        for part in ["version 2", "version 1"] {
            assert!(said.out.contains(part), "{part:?} is not in {said:#?}");
        }
    }
    assert_eq!(tree(&a.vault), before);
}

#[test]
fn a_ticket_of_another_version_is_not_blamed() {
    let (mut a, c) = (Device::new("laptop"), Device::new("tablet"));
    copy(&small_vault(), &a.vault);
    let address = a.watch()["addresses"][0].as_str().unwrap().to_owned();
    let ticket = a.invite();
    a.stop();
    c.write("mine.md", "mine\n");

    let newer = Raw::instead_of(&a.home, &address, "vault-sync/2");
    let said = c.join(&ticket);
    assert_eq!(said.code, 1, "{said:#?}");
    tells_to_update(&said);
    assert!(tree(&c.vault).len() == 1 && !c.vault.join(".vault-sync").exists());
    drop(newer);

    let mut newer = Raw::instead_of(&a.home, &address, PROTOCOL);
    let vault = c.vault.to_str().unwrap();
    let mut command = c.command(&["--json", "join", &ticket, vault]);
    let running = std::thread::spawn(move || Said::from(command.output().unwrap()));
    let mut talk = newer.meet(Manners::Polite);
    talk.until("a word", |said| !said.is_empty());
    talk.say(&other_version(2));
    let (said, _) = talk.all();
    assert!(said.len() == 1 && said[0][..2] == [0, 1], "only the pairing: {said:?}");
    let said = running.join().unwrap();
    assert_eq!(said.code, 1, "{said:#?}");
    tells_to_update(&said);
    for part in ["version 2", "version 1"] {
        assert!(said.err.contains(part), "{part:?} is not in {said:#?}");
    }
    assert!(tree(&c.vault).len() == 1 && !c.vault.join(".vault-sync").exists());
    drop(newer);

    // Nobody used the ticket.
    a.watch();
    c.join(&ticket).well();
}
