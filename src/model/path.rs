//! Paths inside a vault, parsed once at the border.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use serde::de::Visitor;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use unicode_normalization::{UnicodeNormalization, is_nfc};

/// Longest path in bytes; the longest that common systems open.
pub const PATH_LIMIT_BYTES: usize = 4096;
/// Longest single name in bytes; what common file systems hold.
pub const NAME_LIMIT_BYTES: usize = 255;

/// Why a text is not a path inside a vault.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PathError {
    /// Nothing between two slashes, or nothing at all.
    #[error("the path {0:?} has an empty part")]
    Empty(String),
    /// A part that leads elsewhere: `.`, `..`, or a name with a backslash-free root.
    #[error("the path {0:?} leads out of the vault")]
    Escapes(String),
    /// A NUL byte, which no file system holds.
    #[error("the path {0:?} holds a NUL character")]
    Nul(String),
    /// Longer than any system opens.
    #[error("the path starting {0:?} is too long")]
    TooLong(String),
}

/// A path relative to the vault's root, parts joined by `/`, in NFC.
///
/// - Shape: at least one part; no part is empty, `.` or `..`; no NUL.
/// - Units: at most [`PATH_LIMIT_BYTES`] bytes, each part at most [`NAME_LIMIT_BYTES`].
/// - Source: only [`VaultPath::parse`] makes one, deserialising included.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct VaultPath(Arc<str>);

impl VaultPath {
    /// Parses and normalises `text`.
    ///
    /// # Errors
    ///
    /// [`PathError`] names what is wrong; nothing is repaired but the Unicode form.
    pub fn parse(text: &str) -> Result<Self, PathError> {
        let clip = || text.chars().take(80).collect::<String>();
        if text.contains('\0') {
            return Err(PathError::Nul(clip()));
        }
        let normal: Cow<'_, str> =
            if text.is_ascii() || is_nfc(text) { text.into() } else { text.nfc().collect() };
        if normal.len() > PATH_LIMIT_BYTES {
            return Err(PathError::TooLong(clip()));
        }
        for part in normal.split('/') {
            match part {
                "" => return Err(PathError::Empty(clip())),
                "." | ".." => return Err(PathError::Escapes(clip())),
                _ if part.len() > NAME_LIMIT_BYTES => return Err(PathError::TooLong(clip())),
                _ => {}
            }
        }
        Ok(Self(normal.into()))
    }

    /// The whole path.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The parts from the root down.
    pub fn parts(&self) -> impl DoubleEndedIterator<Item = &str> {
        self.0.split('/')
    }

    /// The last part.
    pub fn name(&self) -> &str {
        self.0.rsplit('/').next().unwrap_or(&self.0)
    }

    /// The folder that holds it; `None` at the root.
    pub fn parent(&self) -> Option<Self> {
        self.0.rsplit_once('/').map(|(parent, _)| Self(parent.into()))
    }

    /// Whether this path lies below `folder`.
    pub fn is_below(&self, folder: &Self) -> bool {
        self.0.strip_prefix(&*folder.0).is_some_and(|rest| rest.starts_with('/'))
    }

    /// The same place under the name `stem SUFFIX.ext`, cut so that the name still fits.
    ///
    /// - Shape: `a/b.md` with `(two)` gives `a/b (two).md`; a dot file keeps its whole name as stem.
    #[must_use]
    pub fn with_suffix(&self, suffix: &str) -> Self {
        let name = self.name();
        let (stem, extension) = match name.rsplit_once('.') {
            Some((stem, extension)) if !stem.is_empty() => (stem, format!(".{extension}")),
            _ => (name, String::new()),
        };
        let room = NAME_LIMIT_BYTES.saturating_sub(suffix.len() + extension.len() + 1);
        let mut cut = stem.len().min(room);
        while !stem.is_char_boundary(cut) {
            cut -= 1;
        }
        let renamed = format!("{} {suffix}{extension}", &stem[..cut]);
        match self.parent() {
            Some(parent) => Self(format!("{parent}/{renamed}").into()),
            None => Self(renamed.into()),
        }
    }
}

impl fmt::Display for VaultPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for VaultPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", &*self.0)
    }
}

impl TryFrom<String> for VaultPath {
    type Error = PathError;

    fn try_from(text: String) -> Result<Self, PathError> {
        Self::parse(&text)
    }
}

impl Serialize for VaultPath {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for VaultPath {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        // From where it lies, if it can be had there: a vault's records hold three paths each.
        struct Text;
        impl Visitor<'_> for Text {
            type Value = VaultPath;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a path inside a vault")
            }

            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<VaultPath, E> {
                VaultPath::parse(text).map_err(E::custom)
            }
        }
        deserializer.deserialize_str(Text)
    }
}

impl From<VaultPath> for String {
    fn from(path: VaultPath) -> Self {
        path.0.as_ref().to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_out_of_the_vault_are_refused() {
        for bad in ["", "/", "/etc/passwd", "a//b", "a/", "../x", "a/../b", ".", "a/./b", "a\0b"] {
            assert!(VaultPath::parse(bad).is_err(), "{bad:?}");
        }
        assert!(VaultPath::parse(&"a".repeat(NAME_LIMIT_BYTES + 1)).is_err());
        assert!(VaultPath::parse(&"a".repeat(NAME_LIMIT_BYTES)).is_ok());
        assert!(VaultPath::parse(&"a/".repeat(PATH_LIMIT_BYTES)).is_err());
    }

    #[test]
    fn names_are_normalised_to_nfc() {
        assert_eq!(VaultPath::parse("Cafe\u{301}.md").unwrap().as_str(), "Caf\u{e9}.md");
    }

    #[test]
    fn a_suffix_goes_before_the_extension_and_fits() {
        let path = |text: &str| VaultPath::parse(text).unwrap();
        assert_eq!(path("a/b.md").with_suffix("(x)").as_str(), "a/b (x).md");
        assert_eq!(path(".gitignore").with_suffix("(x)").as_str(), ".gitignore (x)");
        let long = path(&format!("{}.md", "ä".repeat(126)));
        let renamed = long.with_suffix("(clash 12345678)");
        assert!(renamed.name().len() <= NAME_LIMIT_BYTES);
        assert!(VaultPath::parse(renamed.as_str()).is_ok());
    }

    #[test]
    fn below_is_by_part_not_by_letter() {
        let path = |text: &str| VaultPath::parse(text).unwrap();
        assert!(path("a/b").is_below(&path("a")));
        assert!(!path("ab/c").is_below(&path("a")));
        assert!(!path("a").is_below(&path("a")));
    }
}
