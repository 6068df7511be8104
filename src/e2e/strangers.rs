//! Who is not paired gets nothing, not even the vault's name.

use crate::device::{Device, in_sync, pair};
use crate::raw::{Manners, PROTOCOL, REFUSED, Raw, hello};
use crate::trees::{copy, small_vault};

/// Where a running device is reached, and what nobody else may learn of its vault.
struct Mark {
    device: String,
    address: String,
    vault: String,
    secrets: Vec<Vec<u8>>,
}

fn mark(a: &Device, ready: &serde_json::Value) -> Mark {
    let status = a.status();
    let text = |it: &serde_json::Value| it.as_str().unwrap().to_owned();
    let hex = |it: &str| data_encoding::HEXLOWER.decode(it.as_bytes()).unwrap();
    let vault = text(&status["vault"]["id"]);
    let mut secrets: Vec<Vec<u8>> = ["laptop", "desktop", "Welcome", "vault", "127.0.0.1"]
        .map(|it| it.as_bytes().to_vec())
        .into();
    secrets.push(hex(&vault));
    secrets.push(hex(&text(&status["vault"]["digest"])));
    secrets.extend(status["peers"].as_array().unwrap().iter().map(|it| hex(&text(&it["id"]))));
    Mark {
        device: text(&status["device"]["id"]),
        address: text(&ready["addresses"][0]),
        vault,
        secrets,
    }
}

/// Says each of `words`, and checks that nothing but a refusal comes back.
fn gets_nothing(who: &Raw, mark: &Mark, words: &[Vec<u8>]) {
    let target = (mark.device.as_str(), mark.address.as_str());
    let mut talk = who.dial(target, PROTOCOL, Manners::Polite).unwrap();
    for word in words {
        talk.say(word);
    }
    let closed = talk.closed();
    let (said, all) = talk.all();
    assert!(!closed().contains("another one is kept"), "it was not even heard");
    // 5: the protocol was broken, for what was said had no place.
    let refusals = said.iter().all(|it| it[..] == REFUSED || it[..] == [18, 5]);
    assert!(refusals && said.len() <= 1, "after {words:?}: {said:?}");
    for secret in &mark.secrets {
        assert!(
            !all.windows(secret.len()).any(|it| it == &secret[..]),
            "{:?} is in {all:?}",
            String::from_utf8_lossy(secret)
        );
    }
}

/// First words: as if it belonged to the vault, guessing, and out of turn.
fn first_words(vault: &str) -> Vec<Vec<Vec<u8>>> {
    let file = [7; 16];
    vec![
        vec![hello(1, vault)],
        vec![hello(1, &"00".repeat(16))],
        // Another version is not told ours before it is known.
        vec![hello(2, vault)],
        // Its own list of members: [Members] with none, then a hello.
        vec![vec![3, 0], hello(1, vault)],
        // States of a file, with the same asked for.
        vec![[vec![7, 1, 1], file.to_vec(), vec![0]].concat()],
        // The outline of an empty content.
        vec![[vec![13], vec![0; 32], vec![0]].concat()],
        vec![vec![0xee, 1, 2, 3]],
    ]
}

#[test]
fn a_stranger_gets_nothing_and_disturbs_nobody() {
    let (mut a, mut b) = pair(|vault| copy(&small_vault(), vault));
    a.stop();
    let ready = a.watch();
    in_sync(&a, &b);
    let mark = mark(&a, &ready);
    let stranger = Raw::stranger(0x5e);
    for words in first_words(&mark.vault) {
        gets_nothing(&stranger, &mark, &words);
    }
    a.event("peer-refused", |it| it["peer"] == stranger.id().as_str());
    // One that stays silent is sent away.
    gets_nothing(&stranger, &mark, &[]);
    // One that hangs on while others work.
    let target = (mark.device.as_str(), mark.address.as_str());
    let _talk = stranger.dial(target, PROTOCOL, Manners::Rude).unwrap();
    a.write("Between us.md", "said among friends\n");
    b.holds("Between us.md", Some(b"said among friends\n"));
    b.write("Between us.md", "said among friends\nand answered\n");
    a.holds("Between us.md", Some(b"said among friends\nand answered\n"));
    let status = a.status();
    assert_eq!(status["peers"].as_array().unwrap().len(), 1, "{status:#}");
    a.stop();
    b.stop();
}

#[test]
fn a_removed_device_is_a_stranger() {
    let (mut a, mut b) = pair(|vault| copy(&small_vault(), vault));
    let mut c = Device::new("tablet");
    c.join(&a.invite()).well();
    c.watch();
    b.stop();
    let address = b.watch()["addresses"][0].as_str().unwrap().to_owned();
    in_sync(&a, &b);
    b.stop();
    a.run(&["peers", "remove", "desktop"]).well();
    a.stop();
    let ready = a.watch();
    let mut mark = mark(&a, &ready);
    mark.secrets.push(b"tablet".to_vec());
    let removed = Raw::instead_of(&b.home, &address, PROTOCOL);
    for words in first_words(&mark.vault) {
        gets_nothing(&removed, &mark, &words);
    }
    a.event("peer-refused", |it| it["peer"] == removed.id().as_str());
    a.write("Without the desktop.md", "not for it\n");
    c.holds("Without the desktop.md", Some(b"not for it\n"));
    // The third has heard of it, and refuses, too.
    let listed = c.run(&["--json", "peers"]).well().json();
    let gone = |it: &serde_json::Value| it["name"] == "desktop" && it["removed"] == true;
    assert!(listed["peers"].as_array().unwrap().iter().any(gone), "{listed:#}");
    c.stop();
    let ready = c.watch();
    let mark = self::mark(&c, &ready);
    gets_nothing(&removed, &mark, &[hello(1, &mark.vault)]);
}
