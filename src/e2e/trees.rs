//! Whole folders, compared.

use std::collections::BTreeMap;
use std::path::Path;

/// What a folder holds: bytes and modification second of each file, `None` for empty folders. Our
/// own marker and what the built-in rules leave out do not count.
pub(crate) fn tree(root: &Path) -> BTreeMap<String, Option<(Vec<u8>, i64)>> {
    let mut found = BTreeMap::new();
    collect(root, root, &mut found);
    found
}

fn collect(root: &Path, folder: &Path, found: &mut BTreeMap<String, Option<(Vec<u8>, i64)>>) {
    let mut empty = true;
    // A folder may be looked at while it is being synced: what goes meanwhile does not count.
    for path in std::fs::read_dir(folder).into_iter().flatten().flatten().map(|it| it.path()) {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let layout = name.starts_with("workspace") && folder.ends_with(".obsidian");
        if layout || name.starts_with(".vault-sync") && name != ".vaultsyncignore" {
            continue;
        }
        empty = false;
        if path.is_dir() {
            collect(root, &path, found);
            continue;
        }
        let (Ok(bytes), Ok(metadata)) = (std::fs::read(&path), path.metadata()) else { continue };
        let modified = metadata.modified().unwrap();
        let second = modified.duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
        let place = path.strip_prefix(root).unwrap().to_string_lossy().into_owned();
        found.insert(place, Some((bytes, i64::try_from(second).unwrap())));
    }
    if empty && folder != root {
        let place = folder.strip_prefix(root).unwrap().to_string_lossy().into_owned();
        found.insert(place, None);
    }
}

/// Fails with the paths that differ, unless both folders hold the same.
pub(crate) fn assert_equal(a: &Path, b: &Path, times: Times) {
    let (left, right) = (tree(a), tree(b));
    let same = |path: &String| match (left.get(path), right.get(path)) {
        (Some(Some((bytes, second))), Some(Some((other, other_second)))) => {
            bytes == other && (times == Times::Ignored || second == other_second)
        }
        (one, other) => one == other,
    };
    let paths: std::collections::BTreeSet<&String> = left.keys().chain(right.keys()).collect();
    let differing: Vec<_> = paths.into_iter().filter(|path| !same(path)).take(20).collect();
    assert!(
        differing.is_empty(),
        "{} and {} files; these differ: {differing:#?}",
        left.len(),
        right.len()
    );
}

/// Whether modification times count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Times {
    /// To the second.
    Compared,
    /// Not at all.
    Ignored,
}

/// Copies a folder with its modification times.
pub(crate) fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let target = to.join(path.file_name().unwrap());
        if path.is_dir() {
            copy(&path, &target);
        } else {
            std::fs::write(&target, std::fs::read(&path).unwrap()).unwrap();
            let modified = path.metadata().unwrap().modified().unwrap();
            let file = std::fs::File::options().write(true).open(&target).unwrap();
            file.set_modified(modified).unwrap();
        }
    }
}

/// The small vault that comes with the sources.
pub(crate) fn small_vault() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/vaults/small")
}
