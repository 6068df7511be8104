//! A copied or restored store is noticed; one that was merely used, killed or moved is not re-keyed
//! without need.

use std::fs;
use std::path::Path;

use super::{Renewal, Store, folder, text};

const STORE: &str = "store.redb";
const LIFE: &str = "life";

fn edit(store: &mut Store, what: &str) {
    store.commit(&[vec![text(what.as_bytes())]]).unwrap();
}

fn copy(from: &Path, to: &Path, names: &[&str]) {
    for name in names {
        fs::copy(from.join(name), to.join(name)).unwrap();
    }
}

#[test]
fn a_life_goes_on_through_restarts() {
    let folder = folder();
    let mut store = Store::open(folder.path()).unwrap();
    let life = store.life();
    assert_eq!(store.renewal(), None);
    for n in 0..3 {
        edit(&mut store, &format!("edit {n}"));
        drop(store);
        store = Store::open(folder.path()).unwrap();
        assert_eq!((store.life(), store.renewal()), (life, None));
    }
    drop(store);
    store = Store::open(folder.path()).unwrap();
    assert_eq!(store.life(), life, "also when a session wrote nothing");
}

#[test]
fn two_stores_never_share_a_life() {
    let (one, two) = (folder(), folder());
    let lives = [one, two].map(|folder| Store::open(folder.path()).unwrap().life());
    assert_ne!(lives[0], lives[1]);
}

#[test]
fn a_copy_gets_a_new_life_and_keeps_it() {
    let (original, other) = (folder(), folder());
    let mut store = Store::open(original.path()).unwrap();
    edit(&mut store, "an edit");
    let life = store.life();
    drop(store);
    copy(original.path(), other.path(), &[STORE, LIFE]);
    let mut copied = Store::open(other.path()).unwrap();
    assert_eq!(copied.renewal(), Some(Renewal::Moved));
    assert_ne!(copied.life(), life);
    edit(&mut copied, "another edit");
    let renewed = copied.life();
    drop(copied);
    let copied = Store::open(other.path()).unwrap();
    assert_eq!((copied.life(), copied.renewal()), (renewed, None));
    assert_eq!(copied.texts().unwrap().len(), 2, "what was kept stays valid");
    assert_eq!(Store::open(original.path()).unwrap().life(), life);
}

#[test]
fn a_database_put_back_in_place_gets_a_new_life() {
    let (live, backup) = (folder(), folder());
    let mut store = Store::open(live.path()).unwrap();
    edit(&mut store, "first");
    let before = store.life();
    drop(store);
    copy(live.path(), backup.path(), &[STORE, LIFE]);
    let mut store = Store::open(live.path()).unwrap();
    edit(&mut store, "second");
    assert_eq!(store.life(), before);
    drop(store);
    copy(backup.path(), live.path(), &[STORE]);
    let store = Store::open(live.path()).unwrap();
    assert_eq!(store.renewal(), Some(Renewal::WentBack));
    assert_ne!(store.life(), before);
}

#[cfg(target_os = "linux")]
#[test]
fn database_and_life_put_back_together_get_a_new_life() {
    let (live, backup) = (folder(), folder());
    let mut store = Store::open(live.path()).unwrap();
    edit(&mut store, "first");
    drop(store);
    copy(live.path(), backup.path(), &[STORE, LIFE]);
    let mut store = Store::open(live.path()).unwrap();
    edit(&mut store, "second");
    drop(store);
    copy(backup.path(), live.path(), &[STORE, LIFE]);
    let store = Store::open(live.path()).unwrap();
    assert_eq!(store.renewal(), Some(Renewal::Moved));
}

#[test]
fn a_missing_torn_or_foreign_life_file_costs_a_new_life() {
    let (folder, other) = (folder(), folder());
    drop(Store::open(other.path()).unwrap());
    let mut store = Store::open(folder.path()).unwrap();
    edit(&mut store, "an edit");
    let mut life = store.life();
    drop(store);
    let whole = fs::read(folder.path().join(LIFE)).unwrap();
    let mut flipped = whole.clone();
    flipped[20] ^= 1;
    let foreign = fs::read(other.path().join(LIFE)).unwrap();
    let cases = [
        (None, Renewal::NoRecord),
        (Some(Vec::new()), Renewal::NoRecord),
        (Some(whole[..whole.len() - 1].to_vec()), Renewal::NoRecord),
        (Some(flipped), Renewal::NoRecord),
        (Some(foreign), Renewal::OtherLife),
    ];
    for (bytes, expected) in cases {
        fs::remove_file(folder.path().join(LIFE)).unwrap();
        if let Some(bytes) = bytes {
            fs::write(folder.path().join(LIFE), bytes).unwrap();
        }
        let mut store = Store::open(folder.path()).unwrap();
        assert_eq!(store.renewal(), Some(expected));
        assert_ne!(store.life(), life);
        life = store.life();
        edit(&mut store, "one more");
    }
}

#[test]
fn a_stop_between_the_commit_and_the_life_file_keeps_the_life() {
    let folder = folder();
    let store = Store::open(folder.path()).unwrap();
    let life = store.life();
    drop(store);
    let before = folder.path().join("life.before");
    fs::rename(folder.path().join(LIFE), &before).unwrap();
    fs::copy(&before, folder.path().join(LIFE)).unwrap();
    // The commit counts the session; then the life file goes back to what it was.
    let mut store = Store::open(folder.path()).unwrap();
    assert_ne!(store.life(), life, "a copied life file counts as a copy");
    edit(&mut store, "an edit");
    let life = store.life();
    drop(store);
    let mut store = Store::open(folder.path()).unwrap();
    fs::rename(folder.path().join(LIFE), &before).unwrap();
    edit(&mut store, "another");
    drop(store);
    fs::rename(&before, folder.path().join(LIFE)).unwrap();
    let store = Store::open(folder.path()).unwrap();
    assert_eq!((store.life(), store.renewal()), (life, None));
}

#[test]
fn a_life_can_be_renewed_on_demand() {
    let folder = folder();
    let mut store = Store::open(folder.path()).unwrap();
    edit(&mut store, "an edit");
    let first = store.life();
    let second = store.renew_life().unwrap();
    assert_ne!(first, second);
    edit(&mut store, "another");
    drop(store);
    assert_eq!(Store::open(folder.path()).unwrap().life(), second);
}
