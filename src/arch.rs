//! The map, as a test: who may name whom, and where a foreign crate has its home.
#![expect(clippy::disallowed_methods, reason = "a test that reads the sources themselves")]

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// Longest source file in lines, test files aside; longer ones hold two responsibilities.
const LINES_LIMIT: usize = 600;

/// For each room the rooms it may name.
const ARROWS: [(&str, &[&str]); 12] = [
    ("model", &[]),
    ("merge", &["model"]),
    ("reconcile", &["model"]),
    ("wire", &["model"]),
    ("vault", &["model"]),
    ("store", &["model"]),
    ("net", &["model"]),
    ("docs", &["merge", "model"]),
    ("engine", &["docs", "reconcile", "wire", "model"]),
    ("app", &["engine", "wire", "vault", "store", "net", "docs", "model"]),
    ("cli", &["app", "model"]),
    ("sim", &["engine", "docs", "merge", "reconcile", "wire", "vault", "store", "net", "model"]),
];

/// For each foreign crate the rooms that may name it.
const HOMES: [(&str, &[&str]); 11] = [
    ("automerge", &["docs"]),
    ("imara_diff", &["docs", "merge"]),
    ("redb", &["store"]),
    ("notify", &["vault"]),
    ("ignore", &["vault"]),
    // The end-to-end tests meet the binary as a device that is not ours, too.
    ("iroh", &["net", "e2e"]),
    ("iroh_tickets", &["net"]),
    ("clap", &["cli"]),
    ("indicatif", &["cli"]),
    ("lru", &["engine", "store"]),
    ("tokio", &["app", "net", "e2e"]),
];

/// What a source file breaks, one line each.
fn broken(room: &str, source: &str) -> Vec<String> {
    let mut found = Vec::new();
    let allowed = ARROWS.iter().find(|(name, _)| *name == room).map(|(_, to)| *to);
    let code: String = source
        .lines()
        .filter(|line| !line.trim_start().starts_with("//"))
        .collect::<Vec<_>>()
        .join("\n");
    if let Some(allowed) = allowed {
        for named in words_after(&code, "crate::") {
            let known = ARROWS.iter().any(|(name, _)| *name == named);
            if known && named != room && !allowed.contains(&named.as_str()) {
                found.push(format!("{room} names {named}"));
            }
        }
    }
    for (name, homes) in HOMES {
        let path = format!("{name}::");
        let used = code.match_indices(&path).any(|(at, _)| starts_a_path(&code, at));
        if used && !homes.contains(&room) {
            found.push(format!("{room} names the crate {name}"));
        }
    }
    found
}

fn words_after(code: &str, prefix: &str) -> BTreeSet<String> {
    code.match_indices(prefix)
        .map(|(at, _)| {
            code[at + prefix.len()..]
                .chars()
                .take_while(|it| it.is_alphanumeric() || *it == '_')
                .collect()
        })
        .collect()
}

/// Whether a path begins at `at`, rather than a longer name or a path inside another.
fn starts_a_path(code: &str, at: usize) -> bool {
    let before = code[..at].chars().next_back();
    !before.is_some_and(|it| it.is_alphanumeric() || matches!(it, '_' | ':' | '"' | '/' | '.'))
}

fn sources(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(sources(&path));
        } else if path.extension().is_some_and(|it| it == "rs") {
            found.push(path);
        }
    }
    found.sort();
    found
}

fn all_sources() -> BTreeMap<String, String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    sources(&root)
        .into_iter()
        .map(|path| {
            let name = path.strip_prefix(&root).unwrap().to_string_lossy().replace('\\', "/");
            (name, std::fs::read_to_string(&path).unwrap())
        })
        .collect()
}

#[test]
fn every_file_keeps_to_the_map() {
    let mut found = Vec::new();
    for (name, source) in all_sources() {
        let room = name.split('/').next().unwrap_or_default().trim_end_matches(".rs");
        if room == "arch" {
            continue;
        }
        found.extend(broken(room, &source).into_iter().map(|it| format!("{name}: {it}")));
    }
    assert!(found.is_empty(), "{found:#?}");
}

#[test]
fn no_file_grows_beyond_one_responsibility() {
    let long: Vec<String> = all_sources()
        .into_iter()
        .filter(|(name, _)| !name.contains("tests"))
        .map(|(name, source)| {
            // Tests beside the code do not count.
            let code = source.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
            (name, code.lines().count())
        })
        .filter(|(_, lines)| *lines > LINES_LIMIT)
        .map(|(name, lines)| format!("{name}: {lines} lines"))
        .collect();
    assert!(long.is_empty(), "{long:#?}");
}

#[test]
fn a_planted_fault_is_found() {
    assert_eq!(broken("vault", "use crate::store::Store;"), ["vault names store"]);
    assert_eq!(broken("engine", "crate::vault::Folder"), ["engine names vault"]);
    assert_eq!(broken("cli", "let it = crate::engine::Report;"), ["cli names engine"]);
    assert_eq!(broken("engine", "use automerge::Change;"), ["engine names the crate automerge"]);
    assert_eq!(broken("cli", "tokio::spawn(it)"), ["cli names the crate tokio"]);
    assert!(broken("docs", "use automerge::Change; use crate::merge::merge;").is_empty());
    assert!(broken("engine", "// use automerge::Change;\nself.notify::<u8>()").is_empty());
}
