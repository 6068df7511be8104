//! Real vaults and a real history, where they are at hand; skipped visibly elsewhere.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::device::{Device, in_sync, pair};
use crate::trees::{Times, assert_equal, copy};

/// The folder with the real vaults, if there is one.
fn real(name: &str) -> Option<PathBuf> {
    let root = std::env::var_os("VAULT_SYNC_TEST_VAULTS").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/vaults"),
        PathBuf::from,
    );
    let place = root.join(name);
    if place.exists() {
        return Some(place);
    }
    eprintln!("skipped: {name} is not there (VAULT_SYNC_TEST_VAULTS names its folder)");
    None
}

fn joins(name: &str) {
    let Some(vault) = real(name) else { return };
    let (a, b) = pair(|folder| copy(&vault, folder));
    assert_equal(&a.vault, &b.vault, Times::Compared);
}

#[test]
fn an_english_documentation_vault_joins() {
    joins("help/en");
}

#[test]
fn a_chinese_garden_with_canvases_joins() {
    joins("mixed/vault");
}

/// Plays one recorded commit into a folder.
fn play(folder: &Path, line: &Value, binaries: &mut BTreeMap<String, Vec<u8>>) {
    let changes = line["changes"].as_array().unwrap();
    let mut contents = Vec::new();
    for change in changes {
        let path = folder.join(change["path"].as_str().unwrap());
        let sha = change["blob_sha"].as_str().unwrap_or_default();
        let content = if let Some(text) = change["text"].as_str() {
            Some(text.as_bytes().to_vec())
        } else if change["op"] == "rename" && change["old_sha"] == change["blob_sha"] {
            std::fs::read(folder.join(change["old_path"].as_str().unwrap())).ok()
        } else if change["op"] == "delete" || change["missing"] == true {
            None
        } else {
            let size = usize::try_from(change["size"].as_u64().unwrap_or(0)).unwrap();
            let made = binaries.entry(sha.to_owned()).or_insert_with(|| {
                std::iter::once(0).chain(sha.bytes().cycle()).take(size).collect()
            });
            Some(made.clone())
        };
        contents.push((path, content));
    }
    for change in changes {
        let gone = match change["op"].as_str() {
            Some("delete") => change["path"].as_str(),
            Some("rename") => change["old_path"].as_str(),
            _ => None,
        };
        if let Some(gone) = gone {
            let gone = folder.join(gone);
            if gone.exists() {
                std::fs::remove_file(gone).unwrap();
            }
        }
    }
    for (path, content) in contents {
        if let Some(content) = content {
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, content).unwrap();
        }
    }
}

#[test]
fn two_years_of_real_edits_end_equal() {
    let Some(history) = real("replay-dev.jsonl.gz") else { return };
    let file = std::fs::File::open(history).unwrap();
    let lines: Vec<Value> = BufReader::new(flate2::read::GzDecoder::new(file))
        .lines()
        .map(|line| serde_json::from_str(&line.unwrap()).unwrap())
        .collect();
    let mut binaries = BTreeMap::new();
    let expected = Device::new("expected");
    let (mut a, mut b) = (Device::new("laptop"), Device::new("desktop"));
    play(&expected.vault, &lines[0], &mut binaries);
    play(&a.vault, &lines[0], &mut binaries);
    a.watch();
    b.join(&a.invite()).well();
    b.watch();
    for (number, line) in lines[1..].iter().enumerate() {
        play(&expected.vault, line, &mut binaries);
        play(&a.vault, line, &mut binaries);
        if number % 25 == 0 {
            in_sync(&a, &b);
        }
    }
    let deadline = std::time::Instant::now() + crate::device::PATIENCE;
    let quiet = |it: &Device| crate::trees::tree(&it.vault);
    let plain = |it: BTreeMap<String, Option<(Vec<u8>, i64)>>| {
        it.into_iter().map(|(path, it)| (path, it.map(|it| it.0))).collect::<BTreeMap<_, _>>()
    };
    let wanted: BTreeMap<_, _> =
        plain(quiet(&expected)).into_iter().filter(|(_, it)| it.is_some()).collect();
    loop {
        in_sync(&a, &b);
        let got: BTreeMap<_, _> =
            plain(quiet(&b)).into_iter().filter(|(_, it)| it.is_some()).collect();
        if got == wanted {
            break;
        }
        assert!(std::time::Instant::now() < deadline, "the end of the history never came");
    }
    assert_equal(&a.vault, &b.vault, Times::Ignored);
}
