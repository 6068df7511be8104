//! Looking into vaults and changing them, as an editor does.

use std::fs::File;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use super::generate::{self, Random};

/// Every note below a folder, sorted.
pub(crate) fn notes(folder: &Path) -> Vec<PathBuf> {
    let mut found = files(folder);
    found.retain(|it| it.extension().is_some_and(|it| it == "md"));
    found
}

/// Every file below a folder but those in folders for programs, sorted.
pub(crate) fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).expect("a folder can be read") {
        let path = entry.expect("a folder can be read").path();
        let hidden = path.file_name().is_some_and(|it| it.as_encoded_bytes().starts_with(b"."));
        if path.is_dir() && !hidden {
            found.append(&mut files(&path));
        } else if !hidden {
            found.push(path);
        }
    }
    found.sort();
    found
}

pub(crate) fn size(path: &Path) -> u64 {
    std::fs::metadata(path).expect("the file is there").len()
}

pub(crate) fn append(path: &Path, text: &str) {
    let mut file = File::options().append(true).open(path).expect("the file is there");
    file.write_all(text.as_bytes()).expect("the vault can be written");
}

/// Makes a file as old as said.
pub(crate) fn age(path: &Path, age: Duration) {
    let file = File::options().append(true).open(path).expect("the file is there");
    file.set_modified(SystemTime::now() - age).expect("a time can be set");
}

/// A note of about `size` bytes.
pub(crate) fn note(seed: u64, size: usize) -> String {
    generate::note(&mut Random::new(seed), 1, size)
}

/// Puts a word at the end of a line in the middle.
pub(crate) fn edit_line(text: &mut String, word: &str) {
    let middle = text.ceil_char_boundary(text.len() / 2);
    let at = text[middle..].find('\n').map_or(text.len(), |it| middle + it);
    text.insert_str(at, word);
}

/// Bytes that do not compress.
pub(crate) fn noise(seed: u64, size: usize) -> Vec<u8> {
    let mut random = Random::new(seed);
    let mut bytes = Vec::with_capacity(size + 8);
    while bytes.len() < size {
        bytes.extend_from_slice(&random.next_u64().to_le_bytes());
    }
    bytes.truncate(size);
    bytes
}
