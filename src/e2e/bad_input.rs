//! Whatever is wrong: a clear message, the right code, nothing changed.

use crate::device::{Device, Said, pair};
use crate::trees::{copy, small_vault, tree};

fn says(said: &Said, code: i32, word: &str) {
    assert_eq!(said.code, code, "{said:#?}");
    assert!(said.err.to_lowercase().contains(word), "{word:?} is not in {said:#?}");
}

#[test]
fn a_ticket_that_is_no_good() {
    let (mut a, b) = (Device::new("laptop"), Device::new("desktop"));
    copy(&small_vault(), &a.vault);
    a.watch();
    let ticket = a.invite();
    let mut mangled = ticket.clone();
    let last = mangled.pop().unwrap();
    mangled.push(if last == 'a' { 'b' } else { 'a' });
    says(&b.join(&mangled), 1, "ticket");
    says(&b.join("hello"), 1, "ticket");
    assert!(tree(&b.vault).is_empty() && !b.vault.join(".vault-sync").exists());

    let expired = a.run(&["invite", "--expires", "1s"]).well().out;
    std::thread::sleep(std::time::Duration::from_millis(1100));
    says(&b.join(expired.trim()), 1, "expired");
    assert!(!b.vault.join(".vault-sync").exists());

    b.join(&ticket).well();
    let c = Device::new("stranger");
    says(&c.join(&ticket), 1, "ticket");
    assert!(tree(&c.vault).is_empty() && !c.vault.join(".vault-sync").exists());
}

#[test]
fn a_folder_that_is_none() {
    let a = Device::new("laptop");
    let gone = a.vault.join("not/there");
    let gone = gone.to_str().unwrap();
    says(&a.run(&["status", "--vault", gone]), 1, "not");
    says(&a.run(&["watch", gone]), 1, "not");
    a.write("a file", "x");
    let file = a.vault.join("a file");
    let file = file.to_str().unwrap();
    says(&a.run(&["watch", file]), 1, "folder");
    says(&a.run(&["init", file]), 1, "folder");
    says(&a.run(&["status"]), 1, "vault");
    assert_eq!(tree(&a.vault).len(), 1);
    assert!(!a.vault.join(".vault-sync").exists());
}

#[test]
fn a_second_watch_is_refused() {
    let mut a = Device::new("laptop");
    a.watch();
    let vault = a.vault.to_str().unwrap().to_owned();
    says(&a.run(&["watch", &vault]), 6, "process");
    a.stop();
}

#[test]
fn a_port_in_use() {
    let socket = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
    let address = socket.local_addr().unwrap().to_string();
    let a = Device::new("laptop");
    let vault = a.vault.to_str().unwrap();
    let said: Said =
        a.command(&["watch", vault]).env("VAULT_SYNC_BIND", &address).output().unwrap().into();
    says(&said, 1, "in use");
    // The folder is as it was, and so is what we keep.
    assert!(tree(&a.vault).is_empty() && !a.vault.join(".vault-sync").exists());
    assert_eq!(std::fs::read_dir(a.home.join("state/vaults")).unwrap().count(), 1, "only the lock");

    // A vault that was there before stays one.
    a.run(&["init", vault]).well();
    let said: Said =
        a.command(&["watch", vault]).env("VAULT_SYNC_BIND", &address).output().unwrap().into();
    says(&said, 1, "in use");
    drop(socket);
    a.run(&["status"]).well();
    a.run(&["verify"]).well();
}

#[test]
fn a_damaged_store() {
    let (mut a, b) = pair(|vault| copy(&small_vault(), vault));
    a.stop();
    let mut stores = Vec::new();
    find(&a.home, "redb", &mut stores);
    assert_eq!(stores.len(), 1, "{stores:?}");
    let size = std::fs::metadata(&stores[0]).unwrap().len();
    std::fs::write(&stores[0], vec![0x5a; usize::try_from(size).unwrap()]).unwrap();
    let before = tree(&a.vault);
    let said = a.run(&["status"]);
    assert_eq!(said.code, 70, "{said:#?}");
    assert!(said.err.contains("store"), "{said:#?}");
    assert_eq!(a.run(&["sync", "--timeout", "20s"]).code, 70);
    assert_eq!(tree(&a.vault), before);
    assert!(b.vault.join("Welcome.md").exists());
}

fn find(folder: &std::path::Path, ending: &str, found: &mut Vec<std::path::PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            find(&path, ending, found);
        } else if path.extension().is_some_and(|it| it == ending) {
            found.push(path);
        }
    }
}

#[test]
fn configuration_that_nobody_knows() {
    let a = Device::new("laptop");
    a.run(&["init"]).well();
    says(&a.run(&["config", "set", "watch.quiet", "100"]), 2, "watch.quiet_ms");
    says(&a.run(&["config", "set", "watch.quiet_ms", "soon"]), 2, "watch.quiet_ms");
    a.run(&["config", "set", "watch.quiet_ms", "150"]).well();
    assert_eq!(a.run(&["config", "get", "watch.quiet_ms"]).well().out.trim(), "150");
    let said: Said = a
        .command(&["config", "list"])
        .current_dir(&a.vault)
        .env("VAULT_SYNC_WATCH_QUITE_MS", "1")
        .output()
        .unwrap()
        .into();
    assert_ne!(said.code, 0, "{said:#?}");
    assert!(said.err.contains("VAULT_SYNC_WATCH_QUITE_MS"), "{said:#?}");
    says(&a.run(&["--frobnicate"]), 2, "frobnicate");
}
