//! One file: base, disk and wanted state give at most one step.

use crate::model::{Content, Kind, VaultPath};

/// What lies on this disk, as far as is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lies<'a> {
    /// Where.
    pub path: &'a VaultPath,
    /// What.
    pub content: Content,
}

/// What should lie on this disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wanted<'a> {
    /// Where.
    pub path: &'a VaultPath,
    /// What.
    pub content: Content,
    /// File or folder.
    pub kind: Kind,
}

/// The one step that brings the disk closer to what is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// The disk is as it should be.
    Nothing,
    /// Put the content where nothing of this file lies.
    Create,
    /// Put the content in place of what lies there.
    Overwrite,
    /// Move what lies there to the wanted place; its content follows in a later step.
    Move,
    /// Take away what lies there.
    Remove,
    /// Make the folder.
    MakeFolder,
    /// Take the folder away.
    RemoveFolder,
}

/// Decides the next step for one file.
///
/// | lies | wanted | step |
/// |---|---|---|
/// | nothing | nothing | nothing |
/// | nothing | file | create |
/// | nothing | folder | make folder |
/// | file | nothing | remove |
/// | folder | nothing | remove folder |
/// | file elsewhere | file | move, then look again |
/// | file here, other content | file | overwrite |
/// | same | same | nothing |
pub fn next_step(lies: Option<Lies<'_>>, wanted: Option<Wanted<'_>>, kind: Kind) -> Next {
    let folder = kind == Kind::Folder;
    match (lies, wanted) {
        (None, Some(wanted)) if wanted.kind == Kind::Folder => Next::MakeFolder,
        (None, Some(_)) => Next::Create,
        // A tombstone that has seen what lies here; the disk looks once more before it goes.
        (Some(_), None) if folder => Next::RemoveFolder,
        (Some(_), None) => Next::Remove,
        // Both: the place first, so that a moved file is not written twice.
        (Some(lies), Some(wanted)) if lies.path != wanted.path => Next::Move,
        (Some(lies), Some(wanted)) if lies.content != wanted.content => Next::Overwrite,
        // All of it is as it should be, or nothing of it is here and nothing should be.
        (Some(_), Some(_)) | (None, None) => Next::Nothing,
    }
}

/// What a look at the place where a file should lie means for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// As it was.
    None,
    /// The disk already holds what the vault wants: only the base has to follow.
    Arrived,
    /// A person or program wrote it.
    Edited,
}

/// Compares what was found with the base and with what is wanted.
///
/// | found = base | found = wanted | change |
/// |---|---|---|
/// | yes | – | none |
/// | no | yes | arrived (a step whose answer was lost, or the same edit made here) |
/// | no | no | edited |
pub fn disk_change(base: Option<Content>, wanted: Content, found: Content) -> Change {
    if base == Some(found) {
        Change::None
    } else if wanted == found {
        Change::Arrived
    } else {
        Change::Edited
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(text: &str) -> VaultPath {
        VaultPath::parse(text).unwrap()
    }

    #[test]
    fn every_row_of_the_table_holds() {
        let (here, there) = (path("here.md"), path("there.md"));
        let (one, two) = (Content::of(b"one"), Content::of(b"two"));
        let lies = |path, content| Some(Lies { path, content });
        let wanted = |path, content| Some(Wanted { path, content, kind: Kind::Text });
        let rows = [
            (None, None, Next::Nothing),
            (None, wanted(&here, one), Next::Create),
            (lies(&here, one), None, Next::Remove),
            (lies(&there, one), wanted(&here, one), Next::Move),
            (lies(&there, one), wanted(&here, two), Next::Move),
            (lies(&here, one), wanted(&here, two), Next::Overwrite),
            (lies(&here, one), wanted(&here, one), Next::Nothing),
        ];
        for (lies, wanted, next) in rows {
            assert_eq!(next_step(lies, wanted, Kind::Text), next, "{lies:?} {wanted:?}");
        }
        let folder = Some(Wanted { path: &here, content: one, kind: Kind::Folder });
        assert_eq!(next_step(None, folder, Kind::Folder), Next::MakeFolder);
        assert_eq!(next_step(lies(&here, one), None, Kind::Folder), Next::RemoveFolder);
        assert_eq!(next_step(lies(&here, one), folder, Kind::Folder), Next::Nothing);
        assert_eq!(next_step(None, None, Kind::Folder), Next::Nothing);
    }

    #[test]
    fn every_look_is_classified() {
        let (base, wanted, other) = (Content::of(b"b"), Content::of(b"w"), Content::of(b"o"));
        assert_eq!(disk_change(Some(base), wanted, base), Change::None);
        assert_eq!(disk_change(Some(base), wanted, wanted), Change::Arrived);
        assert_eq!(disk_change(Some(base), wanted, other), Change::Edited);
        assert_eq!(disk_change(None, wanted, wanted), Change::Arrived);
        assert_eq!(disk_change(None, wanted, other), Change::Edited);
    }
}
