//! Making, opening and losing a vault.

use super::*;
use crate::model::VaultId;

#[test]
fn a_folder_becomes_a_vault_once() {
    let dir = tempfile::tempdir().unwrap();
    assert!(matches!(Folder::open(dir.path()), Err(Error::NotAVault { .. })));
    assert_eq!(Folder::marker(dir.path()).unwrap(), None);
    let (folder, id) = Folder::init(dir.path()).unwrap();
    assert_eq!(folder.id(), id);
    assert_eq!(Folder::init(dir.path()).unwrap().1, id);
    assert_eq!(Folder::open(dir.path()).unwrap().id(), id);
    let text = fs::read_to_string(dir.path().join(".vault-sync/vault.json")).unwrap();
    assert_eq!(text, format!("{{\"v\":1,\"vault\":\"{id}\"}}\n"));
    assert_eq!(fs::read_dir(dir.path().join(".vault-sync")).unwrap().count(), 1);
    folder.still_mounted().unwrap();
}

#[test]
fn a_copy_is_adopted_and_a_stranger_refused() {
    let dir = tempfile::tempdir().unwrap();
    let new = dir.path().join("new/vault");
    let (ours, other) = (VaultId([1; 16]), VaultId([2; 16]));
    assert_eq!(Folder::adopt(&new, ours).unwrap().id(), ours);
    assert_eq!(Folder::adopt(&new, ours).unwrap().id(), ours);
    let error = Folder::adopt(&new, other).unwrap_err();
    assert!(matches!(error, Error::OtherVault { found, .. } if found == ours));
    assert_eq!(Folder::marker(&new).unwrap(), Some(ours));
}

#[test]
fn what_is_no_vault_is_told_apart() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("file");
    fs::write(&file, "x").unwrap();
    let gone = dir.path().join("gone");
    for make in [|p: &Path| Folder::open(p), |p: &Path| Folder::init(p).map(|f| f.0)] {
        assert!(matches!(make(&gone), Err(Error::Missing { .. })));
        assert!(matches!(make(&file), Err(Error::NotAFolder { .. })));
        assert!(matches!(make(&file.join("x")), Err(Error::NotAFolder { .. })));
    }
    assert!(!gone.exists());
    let marker = dir.path().join(".vault-sync/vault.json");
    fs::create_dir(dir.path().join(".vault-sync")).unwrap();
    for (text, version) in [
        ("", false),
        ("{\"v\":1}", false),
        ("{\"v\":1,\"vault\":\"xyz\"}", false),
        ("{\"v\":2,\"vault\":\"\"}", true),
    ] {
        fs::write(&marker, text).unwrap();
        let error = Folder::init(dir.path()).unwrap_err();
        assert_eq!(matches!(error, Error::MarkerVersion { version: 2, .. }), version);
        assert!(version || matches!(error, Error::Marker { .. }), "{error}");
        assert_eq!(fs::read_to_string(&marker).unwrap(), text);
    }
}

#[test]
fn a_closed_folder_says_so() {
    if skipped_as_root() {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    Folder::init(dir.path()).unwrap();
    set_mode(dir.path(), 0o000);
    let error = Folder::open(dir.path()).unwrap_err();
    set_mode(dir.path(), 0o700);
    assert!(matches!(error, Error::Io { .. }), "{error}");
    assert!(error.to_string().contains(&dir.path().display().to_string()));
}

#[test]
fn the_vault_round_a_folder_is_found() {
    let dir = tempfile::tempdir().unwrap();
    let deep = dir.path().join("vault/a/b");
    fs::create_dir_all(&deep).unwrap();
    let root = dir.path().join("vault");
    Folder::init(&root).unwrap();
    let root = fs::canonicalize(root).unwrap();
    assert_eq!(find_upwards(&deep), Some(root.clone()));
    assert_eq!(find_upwards(&root), Some(root));
    assert_eq!(find_upwards(dir.path()), None);
    assert_eq!(find_upwards(&dir.path().join("gone")), None);
}

#[test]
fn without_the_marker_nothing_is_absent_and_nothing_is_done() {
    let lab = Lab::new();
    lab.put("a.md", "a");
    let marker = lab.real(".vault-sync/vault.json");
    let text = fs::read_to_string(&marker).unwrap();
    let check = |lab: &Lab| {
        assert!(lab.folder.walk().unwrap_err().is_unmounted());
        assert!(matches!(lab.folder.look(&path("b.md")), Observed::Problem(_)));
        let answer = lab.step(remove("a.md", "a"));
        assert_eq!(problem_of(answer).kind, ProblemKind::Unwritable);
    };
    fs::remove_file(&marker).unwrap();
    check(&lab);
    fs::write(&marker, format!("{{\"v\":1,\"vault\":\"{}\"}}", VaultId([9; 16]))).unwrap();
    check(&lab);
    fs::write(&marker, text).unwrap();
    assert_eq!(lab.folder.look(&path("b.md")), Observed::Absent);
    lab.step(remove("a.md", "a")).unwrap();
    fs::remove_dir_all(lab.dir.path()).unwrap();
    assert!(lab.folder.walk().unwrap_err().is_unmounted());
    assert!(matches!(lab.folder.look(&path("b.md")), Observed::Problem(_)));
}
