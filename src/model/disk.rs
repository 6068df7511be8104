//! What the folder tells and is told, as plain data.

use serde::{Deserialize, Serialize};

use super::{Content, Kind, Sketch, VaultPath};

/// What a file system says of one file without reading it.
///
/// - Units: nanoseconds since 1970 for times; zero where the system does not say.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
pub struct Stamp {
    /// Length in bytes.
    pub size: u64,
    /// Last modification of the content.
    pub mtime_ns: i64,
    /// Last change of content or metadata (`ctime`).
    pub ctime_ns: i64,
    /// The file's number on its file system.
    pub inode: u64,
    /// When the file was made, if the system knows; tells a reused inode from the same file.
    pub birth_ns: i64,
}

impl Stamp {
    /// Last modification in milliseconds since 1970.
    pub fn mtime_ms(&self) -> i64 {
        self.mtime_ns / 1_000_000
    }
}

/// One thing a walk met.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// Where.
    pub path: VaultPath,
    /// What the system says of it.
    pub stamp: Stamp,
    /// True for a folder in which nothing that takes part was found.
    pub empty_folder: bool,
}

/// The result of walking the whole vault, by path ascending.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Walk {
    /// Every file that takes part, and every empty folder.
    pub found: Vec<Found>,
    /// Folders and files that could not be looked at; nothing below them counts as absent.
    pub problems: Vec<Problem>,
}

/// What is known of who writes a file that is to be looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Writer {
    /// Nothing: it may be in the middle of a save, if it was written just now.
    Unknown,
    /// It closed the file, or put it in place whole.
    Done,
}

/// The answer to looking at one path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Observed {
    /// Nothing is there, and the folder that would hold it could be looked at (or is gone itself
    /// while the vault's root is there).
    Absent,
    /// A file.
    File(Seen),
    /// A folder; `empty` when nothing that takes part is in it.
    Folder {
        /// Whether nothing that takes part is in it.
        empty: bool,
        /// What the system says of it.
        stamp: Stamp,
    },
    /// The rules of this device leave the path out.
    Ignored,
    /// A symlink, socket, device or the like, which is never followed or opened.
    Special(Problem),
    /// It could not be read.
    Problem(Problem),
}

/// A file that was read, twice looked at, and did not change meanwhile.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// What the system says of it, taken after reading.
    pub stamp: Stamp,
    /// Fingerprint of the bytes.
    pub content: Content,
    /// Text or blob, by [`super::kind_of`].
    pub kind: Kind,
    /// The bytes, for texts only.
    pub text: Option<Vec<u8>>,
    /// What the text is like, for texts only.
    pub sketch: Sketch,
}

impl Seen {
    /// A file as it was read; `text` only for texts.
    pub fn new(stamp: Stamp, content: Content, kind: Kind, text: Option<Vec<u8>>) -> Self {
        let words = text.as_deref().and_then(|bytes| std::str::from_utf8(bytes).ok());
        let sketch = words.map(Sketch::of).unwrap_or_default();
        Self { stamp, content, kind, text, sketch }
    }
}

/// Something that concerns one path and stops nothing else.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    /// Which path, relative to the vault; not always a valid vault path (it may not be UTF-8).
    pub path: String,
    /// What sort.
    pub kind: ProblemKind,
    /// What happened, for people.
    pub message: String,
}

/// Sorts of problems; the kebab-case form is part of the command-line contract.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum ProblemKind {
    /// Permissions or I/O error while reading.
    Unreadable,
    /// Permissions or I/O error while writing.
    Unwritable,
    /// No space left, or a quota.
    DiskFull,
    /// A name that cannot be a vault path, or that this disk cannot hold.
    Name,
    /// Symlink, socket, device: not followed.
    Special,
    /// The file kept changing while it was being read.
    Changing,
    /// The stored data of this file is damaged.
    Damaged,
    /// A file and a folder, or two files, want the same place.
    Clash,
    /// Too much went, or was emptied, at once: it is held back until a person agrees. Of the vault
    /// as a whole, so the path is empty.
    Brake,
    /// A cloud service took the file off this disk and left a stub beside its place.
    Placeholder,
}

impl ProblemKind {
    /// The word used in JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Unreadable => "unreadable",
            Self::Unwritable => "unwritable",
            Self::DiskFull => "disk-full",
            Self::Name => "name",
            Self::Special => "special",
            Self::Changing => "changing",
            Self::Damaged => "damaged",
            Self::Clash => "clash",
            Self::Brake => "brake",
            Self::Placeholder => "placeholder",
        }
    }
}

/// Where the bytes of a replacement come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// These bytes.
    Bytes(Vec<u8>),
    /// A copy of another file of the vault that holds this content.
    CopyOf {
        /// Where it lies.
        path: VaultPath,
        /// What it must hold.
        content: Content,
    },
    /// The chunks received so far, which must add up to this content.
    Part(Content),
}

/// One change of the folder. `expected` names what must be there at the last look; `None` means
/// nothing may be there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// Puts a file in place, making folders above it as needed.
    Replace {
        /// Where.
        path: VaultPath,
        /// What it must still hold.
        expected: Option<Content>,
        /// The new bytes.
        source: Source,
        /// Modification time to give it, in milliseconds since 1970.
        mtime_ms: i64,
    },
    /// Takes a file away.
    Remove {
        /// Where.
        path: VaultPath,
        /// What it must still hold.
        expected: Content,
    },
    /// Moves a file to a place where nothing may be; only the letter case or Unicode form of the
    /// name may be the same file.
    Rename {
        /// From here.
        from: VaultPath,
        /// To there.
        to: VaultPath,
        /// What it must still hold.
        expected: Content,
    },
    /// Makes a folder, and those above it.
    MakeFolder(VaultPath),
    /// Takes a folder away if nothing at all is in it; something in it is no error.
    RemoveFolder(VaultPath),
}

impl Source {
    /// What bytes at hand are like; of bytes that lie elsewhere, and of what is no text, nothing is
    /// known.
    pub fn sketch(&self) -> Sketch {
        let bytes = if let Self::Bytes(bytes) = self { Some(bytes) } else { None };
        let text = bytes.and_then(|bytes| std::str::from_utf8(bytes).ok());
        text.map(Sketch::of).unwrap_or_default()
    }
}

/// A step that was taken and is durable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StepDone {
    /// The file as it now lies there; `None` when nothing does.
    pub stamp: Option<Stamp>,
    /// What a text that was written is like; of anything else nothing is known.
    pub sketch: Sketch,
}

impl StepDone {
    /// A step that wrote no text.
    pub fn at(stamp: Option<Stamp>) -> Self {
        Self { stamp, sketch: Sketch::default() }
    }
}

/// A step that was not taken; nothing of the user's changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StepError {
    /// The disk holds something else than expected; look again.
    Changed,
    /// The rules of this device leave the path out.
    Ignored,
    /// The bytes were not what they should be (a part that does not add up, a copy that changed).
    SourceGone,
    /// It could not be done.
    Problem(Problem),
}
