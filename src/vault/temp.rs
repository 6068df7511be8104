//! Names of our temporary files.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use data_encoding::HEXLOWER;

use super::error::Error;
use crate::model::{Content, ContentHash};

/// What every temporary name begins with; such names never sync.
pub(super) const PREFIX: &str = ".vault-sync-";

/// Makes names no other run and no other thread makes.
#[derive(Debug)]
pub(super) struct Temps {
    nonce: String,
    next: AtomicU64,
}

/// What a temporary name says of its file; see the table of the room.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Sort {
    /// New bytes.
    Writing,
    /// A whole part of this content.
    Part(ContentHash),
    /// Bytes that have one of these hashes, by their first digits, or are somebody's.
    Aside {
        /// First digits of the hash that was expected.
        old: String,
        /// First digits of the hash that replaces it.
        new: String,
        /// The ending of the file's own name, with its dot; may be empty.
        ending: String,
    },
}

impl Temps {
    pub(super) fn new() -> Result<Self, Error> {
        let mut nonce = [0; 6];
        getrandom::fill(&mut nonce).map_err(|source| Error::Random { source })?;
        Ok(Self { nonce: HEXLOWER.encode(&nonce), next: AtomicU64::new(0) })
    }

    /// This run's own part of every name.
    pub(super) fn nonce(&self) -> &str {
        &self.nonce
    }

    /// A name for new bytes in the folder `dir`.
    pub(super) fn writing(&self, dir: &Path) -> PathBuf {
        dir.join(format!("{PREFIX}w-{}-{}", self.nonce, self.count()))
    }

    /// A name in `dir` for a part that is whole.
    pub(super) fn part(&self, dir: &Path, hash: ContentHash) -> PathBuf {
        dir.join(format!("{PREFIX}p-{}-{}-{hash}", self.nonce, self.count()))
    }

    /// A name beside `target` under which what was there may lie for a moment.
    pub(super) fn aside(&self, target: &Path, old: Content, new: Content) -> PathBuf {
        let ending = target
            .extension()
            .and_then(|ending| ending.to_str())
            .filter(|ending| {
                ending.len() <= 16 && ending.bytes().all(|b| b.is_ascii_alphanumeric())
            })
            .map_or_else(String::new, |ending| format!(".{ending}"));
        let name = format!(
            "{PREFIX}x-{}-{}-{}-{}{ending}",
            self.nonce,
            self.count(),
            digits(old.hash),
            digits(new.hash),
        );
        target.with_file_name(name)
    }

    fn count(&self) -> u64 {
        self.next.fetch_add(1, Ordering::Relaxed)
    }
}

/// The digits of a hash that temporary names carry.
pub(super) fn digits(hash: ContentHash) -> String {
    HEXLOWER.encode(&hash.as_bytes()[..8])
}

/// Reads a temporary name: the run that made it and what it says. `None` for any other name.
pub(super) fn parse(name: &str) -> Option<(&str, Sort)> {
    let mut fields = name.strip_prefix(PREFIX)?.splitn(5, '-');
    let sort = fields.next()?;
    let nonce = fields.next()?;
    let _count: u64 = fields.next()?.parse().ok()?;
    let sort = match (sort, fields.next(), fields.next()) {
        ("w", None, None) => Sort::Writing,
        ("p", Some(hash), None) => Sort::Part(hash.parse().ok()?),
        ("x", Some(old), Some(rest)) => {
            let (new, ending) = rest.split_at_checked(16)?;
            Sort::Aside { old: old.to_owned(), new: new.to_owned(), ending: ending.to_owned() }
        }
        _ => return None,
    };
    Some((nonce, sort))
}

/// Whether `name` is one of ours, whichever run made it.
///
/// Letter case does not matter: on disks that fold it a peer must not reach our files either.
pub(super) fn is_ours(name: &str) -> bool {
    name.get(..PREFIX.len()).is_some_and(|head| head.eq_ignore_ascii_case(PREFIX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_say_what_they_are() {
        let temps = Temps::new().unwrap();
        let dir = Path::new("/vault/notes");
        let (old, new) = (Content::of(b"old"), Content::of(b"new"));
        let name = |path: PathBuf| path.file_name().unwrap().to_str().unwrap().to_owned();
        let read = |name: &str| parse(name).map(|(nonce, sort)| (nonce.to_owned(), sort));
        let nonce = temps.nonce().to_owned();

        let writing = name(temps.writing(dir));
        assert!(is_ours(&writing) && is_ours(&writing.to_uppercase()));
        assert_eq!(read(&writing), Some((nonce.clone(), Sort::Writing)));
        let part = name(temps.part(dir, new.hash));
        assert_eq!(read(&part), Some((nonce.clone(), Sort::Part(new.hash))));
        for ending in [".md", "", ".excalidraw"] {
            let aside = name(temps.aside(&dir.join(format!("Note-1{ending}")), old, new));
            let sort = Sort::Aside {
                old: digits(old.hash),
                new: digits(new.hash),
                ending: ending.to_owned(),
            };
            assert_eq!(read(&aside), Some((nonce.clone(), sort)));
        }
        assert_eq!(parse("Note.md"), None);
        assert_eq!(parse(".vault-sync-q-1-2"), None);
        assert!(!is_ours(".vault-sync"));
    }
}
