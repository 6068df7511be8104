//! What a file holds, without the bytes.

use serde::{Deserialize, Serialize};

use super::ContentHash;

/// Largest text that becomes a character document, in bytes. Above it a note is treated as an
/// attachment: whole-file choice, content-addressed transfer. A larger value makes single edits
/// slow (0.2 µs of CPU for each character of the file), a smaller one loses merges in long notes.
pub const TEXT_LIMIT_BYTES: u64 = 1024 * 1024;

/// The fingerprint and the length of a file's bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Content {
    /// BLAKE3 of the whole content.
    pub hash: ContentHash,
    /// Length in bytes.
    pub size: u64,
}

impl Content {
    /// Fingerprints `bytes`.
    pub fn of(bytes: &[u8]) -> Self {
        Self { hash: ContentHash::of(bytes), size: bytes.len() as u64 }
    }

    /// Fingerprints `size` zero bytes, in steps that need little memory.
    pub fn of_zeros(size: u64) -> Self {
        const STEP: usize = 16 * 1024;
        let zeros = [0; STEP];
        let mut hasher = blake3::Hasher::new();
        let mut left = size;
        while left > 0 {
            let step = usize::try_from(left).map_or(STEP, |left| left.min(STEP));
            hasher.update(&zeros[..step]);
            left -= step as u64;
        }
        Self { hash: ContentHash(*hasher.finalize().as_bytes()), size }
    }
}

/// How a file is merged and transferred; decided when it is read, see [`kind_of`], and part of its
/// version from then on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Kind {
    /// UTF-8 without NUL, at most [`TEXT_LIMIT_BYTES`], under a name that does not promise another
    /// format: merged by characters and atoms.
    Text,
    /// Anything else: chosen as a whole.
    Blob,
    /// A folder that is empty, or was when it was first seen. Its content is that of no bytes.
    Folder,
}

/// Endings of formats in which a line is not a unit of meaning, ascending: joining two versions line
/// by line leaves a file that no program opens, though all of its bytes may be letters (a small PDF,
/// an image in ASCII form, a pointer that stands for the real file).
const FORMATS: [&str; 107] = [
    "3gp", "7z", "aac", "aif", "aiff", "amr", "apk", "apng", "arw", "avi", "avif", "azw3", "bin",
    "bmp", "bz2", "cab", "class", "cr2", "db", "djvu", "dll", "dmg", "dng", "doc", "docx", "dot",
    "dotx", "dylib", "eot", "epub", "exe", "fbx", "flac", "flv", "gif", "glb", "gz", "heic",
    "heif", "icns", "ico", "iso", "jar", "jfif", "jp2", "jpe", "jpeg", "jpg", "jxl", "kdbx", "lz4",
    "m4a", "m4v", "mid", "midi", "mkv", "mobi", "mov", "mp3", "mp4", "mpeg", "mpg", "nef", "odg",
    "odp", "ods", "odt", "oga", "ogg", "ogv", "opus", "otf", "parquet", "pdf", "png", "ppt",
    "pptx", "psd", "pyc", "rar", "raw", "so", "sqlite", "sqlite3", "tar", "tgz", "tif", "tiff",
    "ttc", "ttf", "wasm", "wav", "webm", "webp", "wma", "wmv", "woff", "woff2", "xcf", "xls",
    "xlsb", "xlsm", "xlsx", "xopp", "xz", "zip", "zst",
];

/// Whether a file of this name is an attachment whatever its bytes are; letter case is ignored.
fn names_attachment(name: &str) -> bool {
    let Some((_, ending)) = name.rsplit_once('.') else { return false };
    FORMATS.binary_search(&ending.to_ascii_lowercase().as_str()).is_ok()
}

/// Decides whether `bytes`, found in a file of this `name`, are text; the same on every device.
///
/// - Shape: the last part of the name is enough, a whole path does as well.
pub fn kind_of(name: &str, bytes: &[u8]) -> Kind {
    let small = bytes.len() as u64 <= TEXT_LIMIT_BYTES;
    let letters = || !bytes.contains(&0) && std::str::from_utf8(bytes).is_ok();
    if small && !names_attachment(name) && letters() { Kind::Text } else { Kind::Blob }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_utf8_without_nul_up_to_the_limit() {
        let limit = usize::try_from(TEXT_LIMIT_BYTES).unwrap();
        assert_eq!(kind_of("n.md", b""), Kind::Text);
        assert_eq!(kind_of("n.md", "ä\r\n".as_bytes()), Kind::Text);
        assert_eq!(kind_of("n.md", b"a\0b"), Kind::Blob);
        assert_eq!(kind_of("n.md", b"\xff\xfe"), Kind::Blob);
        assert_eq!(kind_of("n.md", &vec![b'a'; limit - 1]), Kind::Text);
        assert_eq!(kind_of("n.md", &vec![b'a'; limit]), Kind::Text);
        assert_eq!(kind_of("n.md", &vec![b'a'; limit + 1]), Kind::Blob);
    }
    #[test]
    fn a_name_that_promises_another_format_is_no_text() {
        assert!(FORMATS.is_sorted());
        for name in
            ["a.pdf", "Scan.PDF", "folder.md/p.Png", "a.tar.gz", ".zip", "x (conflict 1).db"]
        {
            assert_eq!(kind_of(name, b"%PDF-1.4\n"), Kind::Blob, "{name}");
            assert_eq!(kind_of(name, b""), Kind::Blob, "{name}");
        }
        for name in ["a.svg", "pdf", "a.pdf.md", "a.pdf/b", "a.canvas", "a.", "png"] {
            assert_eq!(kind_of(name, b"<svg/>\n"), Kind::Text, "{name}");
        }
    }
}
