//! One file's past, read from what the store keeps: for `log`, `show`, `diff` and `restore`.
//!
//! - Shape: pure; a record and its document in, revisions and bodies out. Nothing is changed.

use std::collections::BTreeMap;

use super::entry::Entry;
use super::ledger::Contradiction;
use crate::docs::{Author, Body, Document, Maker, Mark, Meeting, Moment, Side};
use crate::model::{ChangeHash, Content, Heads, Kind, PeerId, StoredDocument, VaultPath, WallMs};

/// Edits of one device that follow each other within this time read as one revision.
const SPAN_MS: i64 = 5 * 60 * 1000;

/// What a revision did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Deed {
    /// The file came to be.
    Created,
    /// Its content changed.
    Edited,
    /// It moved.
    Renamed,
    /// It went away.
    Deleted,
    /// It came back.
    Restored,
    /// Concurrent versions were joined.
    Merged,
}

impl Deed {
    /// The word used in JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Edited => "edited",
            Self::Renamed => "renamed",
            Self::Deleted => "deleted",
            Self::Restored => "restored",
            Self::Merged => "merged",
        }
    }
}

/// One state of a file, and how it came about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Revision {
    /// Names it; a prefix that only it has is enough.
    pub rev: ChangeHash,
    /// When its device made it, by that device's clock; `None` where nobody knows.
    pub time: Option<WallMs>,
    /// Who made it; `None` for what every device derives alike.
    pub maker: Option<Mark>,
    /// What it did.
    pub deed: Deed,
    /// Where the file lay after it.
    pub path: VaultPath,
    /// Where it lay before, if that was elsewhere.
    pub from: Option<VaultPath>,
    /// Whether the file existed after it.
    pub alive: bool,
    /// How many changes it is made of.
    pub changes: u64,
    /// For a merge: what met, and whose work it was.
    pub met: Vec<Side>,
}

/// Which side of a merge is kept when it is taken back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Keep<'a> {
    /// The one that this device worked on.
    By(PeerId),
    /// The one whose last change begins so (hexadecimal digits).
    Rev(&'a str),
}

/// A merge taken back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Undone {
    /// What the file would hold.
    pub held: Held,
    /// The last change of the side that is kept.
    pub kept: ChangeHash,
    /// In how many places later edits and the taking back touched the same thing.
    pub contradictions: usize,
}

/// Why a merge cannot be taken back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NoUndo {
    /// The revision is none.
    NoMerge,
    /// It has to be said which of these is to be kept.
    Which(Vec<Side>),
    /// Anything else, for people.
    Other(String),
}

/// What a revision held.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Held {
    /// These characters.
    Text(String),
    /// What has this hash; a text of that kind may be in the store.
    Content(Kind, Content),
}

/// The past of one file.
#[derive(Debug)]
pub struct Past {
    entry: Entry,
    document: Option<Document>,
}

impl Past {
    /// Reads a record and its document.
    ///
    /// # Errors
    ///
    /// What is wrong with them, for people.
    pub fn read(record: &[u8], stored: Option<&StoredDocument>) -> Result<Self, String> {
        let entry = Entry::decode(record).ok_or("its record in the store cannot be read")?;
        let document = match stored {
            Some(stored) if !entry.heads.is_empty() => {
                Some(Document::load(stored).map_err(|error| format!("its document: {error}"))?)
            }
            Some(_) | None => None,
        };
        Ok(Self { entry, document })
    }

    /// Where the file is, or last was.
    pub fn path(&self) -> &VaultPath {
        &self.entry.path
    }

    /// Whether it exists.
    pub fn alive(&self) -> bool {
        self.entry.alive
    }

    /// Whether something of it lies on this disk.
    pub fn lies(&self) -> bool {
        self.entry.base.is_some()
    }

    /// Where it lies on this disk, and with which content, while it exists.
    pub fn place(&self) -> Option<(&VaultPath, Content)> {
        let base = self.entry.base.as_ref().filter(|_| self.entry.alive)?;
        Some((&base.path, base.content))
    }

    /// Whether it may once have been elsewhere: without a document it never was.
    pub fn may_have_moved(&self) -> bool {
        self.document.is_some() || !self.entry.heads.is_empty()
    }

    /// Whether it is a file a person would look for.
    pub fn is_file(&self) -> bool {
        self.entry.kind != Kind::Folder
    }

    /// When it last changed, as far as its record says.
    pub fn mtime(&self) -> WallMs {
        WallMs(self.entry.mtime_ms)
    }

    /// Where this disk holds `content` of this file, if it does.
    pub fn on_disk(&self, content: Content) -> Option<&VaultPath> {
        let base = self.entry.base.as_ref().filter(|base| base.content == content);
        base.map(|base| &base.path)
    }

    /// All revisions, the newest first. Edits of one device within a short time are one, unless
    /// `single`.
    pub fn revisions(&self, single: bool) -> Vec<Revision> {
        let Some(document) = &self.document else {
            return vec![self.born()];
        };
        let mut revisions: Vec<Revision> = Vec::new();
        let mut after: BTreeMap<ChangeHash, After> = BTreeMap::new();
        let mut tips: BTreeMap<ChangeHash, usize> = BTreeMap::new();
        let mut meetings: BTreeMap<Option<ChangeHash>, Meeting> =
            document.meetings().into_iter().map(|it| (it.joined_by, it)).collect();
        let mut born = false;
        for moment in document.history() {
            let parents = moment.parents.as_slice();
            let before: Vec<&After> = parents.iter().filter_map(|it| after.get(it)).collect();
            let mut revision = revision_of(&moment, before.last().copied());
            // What nobody dated is as old as the youngest of what it builds on.
            let youngest = before.iter().filter_map(|it| it.time).max();
            revision.time = revision.time.or(youngest.filter(|_| revision.deed == Deed::Merged));
            let meeting = meetings.remove(&Some(moment.hash));
            if let Some(meeting) = meeting {
                if meeting.rev == moment.hash {
                    revision.met = meeting.sides;
                } else {
                    revisions.push(meeting_of(meeting, &before, document));
                }
            }
            let now = After {
                path: moment.path.clone(),
                alive: moment.alive,
                time: revision.time.or(youngest),
            };
            after.insert(moment.hash, now);
            // An edit goes on with the one it builds on, unless something else did before.
            let last = match parents {
                [one] => tips.remove(one),
                several => {
                    tips.retain(|hash, _| !several.contains(hash));
                    None
                }
            };
            if moment.maker == Maker::Birth {
                // Root, import and promotion are one: the file as it was born.
                match revisions.last_mut().filter(|last| last.deed == Deed::Created) {
                    Some(last) => *last = revision,
                    None => revisions.push(Revision { deed: Deed::Created, ..revision }),
                }
                born = true;
                continue;
            }
            debug_assert!(born, "a history begins with a birth");
            let place = match last.map(|at| (at, &mut revisions[at])) {
                Some((at, last)) if !single && goes_on(last, &revision, &moment) => {
                    last.changes += 1;
                    last.rev = revision.rev;
                    last.time = revision.time;
                    at
                }
                _ => {
                    revisions.push(revision);
                    revisions.len() - 1
                }
            };
            tips.insert(moment.hash, place);
        }
        if let Some(meeting) = meetings.remove(&None) {
            let heads = document.heads();
            let before: Vec<&After> =
                heads.as_slice().iter().filter_map(|it| after.get(it)).collect();
            revisions.push(meeting_of(meeting, &before, document));
        }
        revisions.reverse();
        revisions
    }

    /// Names a version (the present one without `rev`) and says when it was made, as
    /// [`Past::revisions`] does, without going through all of them where one device made it.
    pub fn dated(&self, rev: Option<ChangeHash>) -> Option<(ChangeHash, Option<WallMs>)> {
        if let Some(document) = &self.document {
            let heads = document.heads();
            let rev = match (rev, heads.as_slice()) {
                (Some(rev), _) => Some(rev),
                (None, [one]) => Some(*one),
                (None, _) => None,
            };
            let made = rev.and_then(|rev| Some((rev, document.made(&rev)?)));
            if let Some((rev, (Maker::Device(_), time))) = made {
                return Some((rev, Some(time)));
            }
        }
        let revisions = self.revisions(true);
        let named = rev.and_then(|rev| revisions.iter().find(|it| it.rev == rev));
        let revision = named.or_else(|| revisions.first())?;
        let unedited = revisions.len() == 1;
        Some((revision.rev, revision.time.or_else(|| unedited.then(|| self.mtime()))))
    }

    fn born(&self) -> Revision {
        Revision {
            rev: ChangeHash(*self.entry.content.hash.as_bytes()),
            time: Some(self.mtime()),
            maker: None,
            deed: Deed::Created,
            path: self.entry.path.clone(),
            from: None,
            alive: self.entry.alive,
            changes: 1,
            met: Vec::new(),
        }
    }

    /// The change that `prefix` (hexadecimal digits) names.
    ///
    /// # Errors
    ///
    /// How many changes it fits: none, or more than one.
    pub fn find(&self, prefix: &str) -> Result<ChangeHash, usize> {
        let prefix = prefix.to_ascii_lowercase();
        let all: Vec<ChangeHash> = match &self.document {
            Some(document) => {
                let meetings = document.meetings().into_iter();
                // A fix-up is a change and a meeting.
                let named = meetings.map(|it| it.rev).filter(|rev| !document.knows(rev));
                document.changes().into_iter().chain(named).collect()
            }
            None => vec![self.born().rev],
        };
        let fitting: Vec<ChangeHash> =
            all.into_iter().filter(|hash| hash.to_string().starts_with(&prefix)).collect();
        match fitting.as_slice() {
            [one] if !prefix.is_empty() => Ok(*one),
            _ => Err(fitting.len()),
        }
    }

    /// The last revision made at or before a time; what was born counts as always there.
    pub fn at(&self, time: WallMs) -> Option<Revision> {
        self.revisions(true)
            .into_iter()
            .find(|it| self.document.is_some() && it.time.is_none_or(|at| at <= time))
            .or_else(|| self.document.is_none().then(|| self.born()))
    }

    /// What the file held after a change, or holds now.
    ///
    /// # Errors
    ///
    /// For a change that is not part of it.
    pub fn held(&self, rev: Option<ChangeHash>) -> Result<Held, String> {
        let Some(document) = &self.document else {
            return Ok(Held::Content(self.entry.kind, self.entry.content));
        };
        let view = match rev {
            Some(rev) if document.knows(&rev) => document.at(&Heads::from_iter([rev])),
            Some(rev) => match document.meetings().into_iter().find(|it| it.rev == rev) {
                Some(meeting) => document.at(&meeting.at),
                None => document.at(&Heads::from_iter([rev])),
            },
            None => Ok(document.view()),
        };
        Ok(held(view.map_err(|it| it.to_string())?.body))
    }

    /// The texts that met in the merge of an entry of the ledger.
    pub fn sides_of(&self, entry: &Contradiction) -> Vec<String> {
        self.document.as_ref().map(|document| entry.sides(document)).unwrap_or_default()
    }

    /// What the file would hold had a merge not happened, with the edits made since.
    ///
    /// # Errors
    ///
    /// Why that cannot be said.
    pub fn undo(&self, rev: ChangeHash, keep: Keep<'_>) -> Result<Undone, NoUndo> {
        let document = self.document.as_ref().ok_or(NoUndo::NoMerge)?;
        let meetings = document.meetings().into_iter();
        let mut fitting = meetings.filter(|it| it.rev == rev || it.joined_by == Some(rev));
        let meeting = fitting.next().ok_or(NoUndo::NoMerge)?;
        let sides = meeting.sides.iter();
        let fits = |side: &&Side| match keep {
            Keep::By(peer) => side.makers.contains(&Author::mark(peer)),
            Keep::Rev(prefix) => side.head.to_string().starts_with(&prefix.to_ascii_lowercase()),
        };
        let kept: Vec<ChangeHash> = sides.filter(fits).map(|side| side.head).collect();
        let [kept] = kept[..] else { return Err(NoUndo::Which(meeting.sides)) };
        match document.without(&meeting.at, &kept) {
            Ok((body, choices)) => {
                Ok(Undone { held: held(body), kept, contradictions: choices.len() })
            }
            Err(error) => Err(NoUndo::Other(error.to_string())),
        }
    }
}

fn held(body: Body) -> Held {
    match body {
        Body::Text(text) => Held::Text(text),
        Body::Content(kind, content) => Held::Content(kind, content),
    }
}

/// What is known of the file after a change.
struct After {
    path: VaultPath,
    alive: bool,
    time: Option<WallMs>,
}

/// A merge that nobody had to write anything for.
fn meeting_of(meeting: Meeting, before: &[&After], document: &Document) -> Revision {
    let path = before.last().map(|it| it.path.clone());
    Revision {
        rev: meeting.rev,
        time: before.iter().filter_map(|it| it.time).max(),
        maker: None,
        deed: Deed::Merged,
        path: path.unwrap_or_else(|| document.view().path),
        from: None,
        alive: before.iter().any(|it| it.alive),
        changes: 1,
        met: meeting.sides,
    }
}

/// Whether a mark is of changes by `peer`.
pub fn made_by(mark: Mark, peer: PeerId) -> bool {
    mark == Author::mark(peer)
}

fn revision_of(moment: &Moment, parent: Option<&After>) -> Revision {
    let from = parent.filter(|it| it.path != moment.path).map(|it| it.path.clone());
    let was_alive = parent.is_none_or(|it| it.alive);
    let (maker, merged) = match moment.maker {
        Maker::Device(mark) => (Some(mark), false),
        Maker::Merge => (None, true),
        Maker::Birth => (None, false),
    };
    let deed = match (merged, was_alive, moment.alive) {
        (true, ..) => Deed::Merged,
        (false, true, false) => Deed::Deleted,
        (false, false, true) => Deed::Restored,
        (false, ..) if from.is_some() => Deed::Renamed,
        (false, ..) => Deed::Edited,
    };
    Revision {
        rev: moment.hash,
        time: Some(moment.time).filter(|_| maker.is_some()),
        maker,
        deed: if moment.maker == Maker::Birth { Deed::Created } else { deed },
        path: moment.path.clone(),
        from,
        alive: moment.alive,
        changes: 1,
        met: Vec::new(),
    }
}

/// Whether an edit goes on with what the same device was doing.
fn goes_on(last: &Revision, next: &Revision, moment: &Moment) -> bool {
    let (Some(before), Some(now)) = (last.time, next.time) else {
        return false;
    };
    last.deed == Deed::Edited
        && next.deed == Deed::Edited
        && last.maker == next.maker
        && moment.parents.as_slice() == [last.rev]
        && (0..=SPAN_MS).contains(&now.0.saturating_sub(before.0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::docs::Birth;
    use crate::model::{Life, VaultId};

    const DESK: PeerId = PeerId([1; 32]);
    const PHONE: PeerId = PeerId([2; 32]);

    fn path(text: &str) -> VaultPath {
        VaultPath::parse(text).unwrap()
    }

    struct Lab {
        document: Document,
    }

    impl Lab {
        fn new(text: &str) -> Self {
            let birth = Birth { vault: VaultId([7; 16]), path: path("note.md"), generation: 0 };
            let content = Content::of(text.as_bytes());
            let mut document = Document::import(&birth, Kind::Text, content).unwrap();
            document.promote(content, text).unwrap();
            Self { document }
        }

        fn edit(&mut self, who: PeerId, seconds: i64, text: &str) {
            let author = Author::new(who, Life([3; 16]));
            let at = self.document.heads();
            self.document.edit_text(author, &at, WallMs(seconds * 1000), text).unwrap();
        }

        fn past(&self) -> Past {
            let view = self.document.view();
            let (kind, content) = view.body.fingerprint();
            let entry = Entry {
                birth: path("note.md"),
                generation: 0,
                path: view.path,
                kind,
                content,
                alive: view.alive,
                heads: self.document.heads(),
                mtime_ms: 0,
                base: None,
                births: Some(Vec::new()),
            };
            let stored = StoredDocument { snapshot: self.document.save(), changes: Vec::new() };
            Past::read(&entry.encode(), Some(&stored)).unwrap()
        }
    }

    #[test]
    fn a_short_span_of_one_device_is_one_revision() {
        let mut lab = Lab::new("a\n");
        lab.edit(DESK, 1000, "a\nb\n");
        lab.edit(DESK, 1060, "a\nb\nc\n");
        lab.edit(PHONE, 1070, "a\nb\nc\nd\n");
        lab.edit(PHONE, 5000, "a\nb\nc\nd\ne\n");
        let past = lab.past();
        let told: Vec<_> = past
            .revisions(false)
            .iter()
            .map(|it| {
                (
                    it.deed,
                    it.time.map(|at| at.0 / 1000),
                    it.maker == Some(Author::mark(DESK)),
                    it.changes,
                )
            })
            .collect();
        assert_eq!(
            told,
            [
                (Deed::Edited, Some(5000), false, 1),
                (Deed::Edited, Some(1070), false, 1),
                (Deed::Edited, Some(1060), true, 2),
                (Deed::Created, None, false, 1),
            ]
        );
        assert_eq!(past.revisions(true).len(), 5);
    }

    #[test]
    fn every_revision_can_be_read_again() {
        let mut lab = Lab::new("one\n");
        lab.edit(DESK, 10, "two\n");
        lab.edit(DESK, 2000, "three\n");
        let past = lab.past();
        let texts: Vec<Held> =
            past.revisions(false).iter().map(|it| past.held(Some(it.rev)).unwrap()).collect();
        let text = |text: &str| Held::Text(text.to_owned());
        assert_eq!(texts, [text("three\n"), text("two\n"), text("one\n")]);
        assert_eq!(past.held(None).unwrap(), text("three\n"));
        let at = |seconds: i64| past.at(WallMs(seconds * 1000)).unwrap().rev;
        assert_eq!(past.held(Some(at(1999))).unwrap(), text("two\n"));
        assert_eq!(past.held(Some(at(9))).unwrap(), text("one\n"));
        let rev = past.revisions(false)[1].rev.to_string();
        assert_eq!(past.find(&rev[..12]).unwrap().to_string(), rev);
        assert_eq!(past.find("zz"), Err(0));
        assert!(past.find("").unwrap_err() > 1);
    }

    #[test]
    fn moves_deletions_and_returns_are_told() {
        let mut lab = Lab::new("x\n");
        let author = Author::new(DESK, Life([3; 16]));
        let heads = lab.document.heads();
        lab.document.rename(author, &heads, WallMs(1000), &path("there.md")).unwrap();
        let heads = lab.document.heads();
        lab.document.delete(author, &heads, WallMs(2000)).unwrap();
        let heads = lab.document.heads();
        lab.document.revive(author, &heads, WallMs(3000)).unwrap();
        let deeds: Vec<Deed> = lab.past().revisions(false).iter().map(|it| it.deed).collect();
        assert_eq!(deeds, [Deed::Restored, Deed::Deleted, Deed::Renamed, Deed::Created]);
        assert_eq!(lab.past().revisions(false)[2].from, Some(path("note.md")));
    }

    #[test]
    fn a_file_never_edited_has_the_revision_of_its_birth() {
        let content = Content::of(b"x");
        let entry = Entry {
            birth: path("a.md"),
            generation: 0,
            path: path("a.md"),
            kind: Kind::Text,
            content,
            alive: true,
            heads: Heads::default(),
            mtime_ms: 5000,
            base: None,
            births: Some(Vec::new()),
        };
        let past = Past::read(&entry.encode(), None).unwrap();
        assert_eq!(past.revisions(false).len(), 1);
        assert_eq!(past.held(None).unwrap(), Held::Content(Kind::Text, content));
        assert_eq!(past.find(&content.hash.to_string()[..8]), Ok(past.revisions(false)[0].rev));
        assert!(past.at(WallMs(0)).is_some());
        assert!(Past::read(b"\x09", None).is_err());
    }
}
