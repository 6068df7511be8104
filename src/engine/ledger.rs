//! The merge ledger: where two people touched the same thing, what was chosen, what else there was.
//!
//! - An entry follows from a fix-up of the file's document, so every device lists the same ones. Its
//!   id is a hash of what it says, so that a contradiction told by several merges is one entry; one
//!   that comes up again after it was settled has another id.
//! - Settling it is a change of the document (`docs::Document::resolve`), which travels; rows of the
//!   store only remember what was told. Whether a row is open is worked out anew from the document
//!   whenever that changes.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::core::{Engine, Pending};
use super::entry::Entry;
use super::index::Index;
use super::job::Failure;
use super::members::Kept;
use super::report::Report;
use crate::docs::{self, Document, EntryId};
use crate::model::{ChangeHash, FileId, VaultPath, Write};

/// What a contradiction is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum About {
    /// Something in the text.
    Text,
    /// Where the file lies.
    Path,
    /// The whole content: what was not chosen lies beside the file.
    Attachment,
}

impl About {
    /// The word used in JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Path => "path",
            Self::Attachment => "attachment",
        }
    }
}

/// How a person settles a contradiction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// What was chosen is right.
    Chosen,
    /// The alternative is to stand instead.
    Alternative,
    /// Both are to stand.
    Both,
    /// As the note is now.
    Merged,
}

impl Verdict {
    /// The word in the document, and of the command line.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Chosen => "ours",
            Self::Alternative => "theirs",
            Self::Both => "both",
            Self::Merged => "merged",
        }
    }
}

/// One entry, as the store keeps it (JSON, so that later versions can add to it).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contradiction {
    /// Where the file lay when it was noted.
    pub path: String,
    /// Its identity, which stays when it moves; `None` in entries of older versions.
    #[serde(default)]
    pub file: Option<String>,
    /// What it is about.
    pub about: About,
    /// What both started from; may be empty.
    pub base: String,
    /// What stands now; for an attachment the file's path.
    pub chosen: String,
    /// What the other wanted; for an attachment the path of the copy beside it.
    pub alternative: String,
    /// Whether a person settled it on this device alone, as older versions did.
    #[serde(default)]
    pub resolved: bool,
    /// Whether the document says that it is settled, or holds neither of both any more.
    #[serde(default)]
    pub closed: bool,
    /// The merge that had to choose; the least of several.
    #[serde(default)]
    pub merge: Option<String>,
    /// Whether what was chosen stood in the merged text letter by letter.
    #[serde(default)]
    pub literal: bool,
    /// For an attachment: the file of the copy, and the hash of its content.
    #[serde(default)]
    pub copy: Option<(String, String)>,
}

/// An entry with the id that its document knows it by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Told {
    pub(super) key: EntryId,
    pub(super) entry: Contradiction,
}

impl Contradiction {
    /// Reads a row of the ledger.
    pub fn decode(entry: &[u8]) -> Option<Self> {
        serde_json::from_slice(entry).ok()
    }

    /// Whether it waits for a person.
    pub fn is_open(&self) -> bool {
        !self.resolved && !self.closed
    }

    /// The file it is about.
    pub fn file(&self) -> Option<FileId> {
        self.file.as_deref()?.parse().ok()
    }

    /// The file that holds what was not chosen, where that is a file of its own. Once a person
    /// deleted it there is nothing to settle.
    pub fn copy(&self) -> Option<FileId> {
        self.copy.as_ref()?.0.parse().ok()
    }

    fn encode(&self) -> Vec<u8> {
        serde_json::to_vec(self).expect("texts and flags have a JSON form")
    }

    /// What `fix_up` of `document` had to choose, in order.
    pub(super) fn all_of(
        (id, vault): (FileId, crate::model::VaultId),
        document: &Document,
        fix_up: &ChangeHash,
        settled: &docs::Settled,
    ) -> Vec<Told> {
        if settled.choices.is_empty() && settled.copies.is_empty() {
            return Vec::new();
        }
        let Ok(view) = document.at(&[*fix_up].into_iter().collect()) else {
            return Vec::new();
        };
        let new = |about, base: &str, chosen: &str, alternative: &str| Self {
            path: view.path.to_string(),
            file: Some(id.to_string()),
            about,
            base: base.to_owned(),
            chosen: chosen.to_owned(),
            alternative: alternative.to_owned(),
            resolved: false,
            closed: false,
            merge: Some(fix_up.to_string()),
            literal: false,
            copy: None,
        };
        let mut told = Vec::new();
        for choice in &settled.choices {
            let entry = match choice {
                docs::Choice::Text { base, chosen, alternative } => {
                    let literal =
                        matches!(&view.body, docs::Body::Text(text) if text.contains(chosen));
                    Self { literal, ..new(About::Text, base, chosen, alternative) }
                }
                docs::Choice::Path { chosen, alternative } => {
                    new(About::Path, "", chosen.as_str(), alternative.as_str())
                }
            };
            let parts = [&*entry.base, &*entry.chosen, &*entry.alternative];
            told.push(Told { key: key(id, entry.about, parts, document, fix_up), entry });
        }
        let stands = view.body.fingerprint().1.hash.to_string();
        for copy in &settled.copies {
            let content = copy.fingerprint().1;
            let birth = super::keep::beside(vault, &view.path, content);
            let hash = content.hash.to_string();
            let key = key(id, About::Attachment, ["", &stands, &hash], document, fix_up);
            let entry = new(About::Attachment, "", view.path.as_str(), birth.path.as_str());
            let copy = Some((birth.file_id().to_string(), hash));
            told.push(Told { key, entry: Self { copy, ..entry } });
        }
        told
    }

    /// Whether nothing of it is left in the file as it is now, so that there is nothing to settle.
    fn lapsed(&self, entry: &Entry, text: Option<&str>) -> bool {
        let both = [&*self.chosen, &*self.alternative];
        match (self.about, text) {
            _ if !entry.alive => true,
            (About::Text, Some(text)) if self.literal => {
                both.iter().all(|it| !it.is_empty() && !text.contains(it))
            }
            (About::Path, _) => !both.contains(&entry.path.as_str()),
            (About::Text | About::Attachment, _) => false,
        }
    }

    /// The texts that met in the merge that had to choose.
    pub(super) fn sides(&self, document: &Document) -> Vec<String> {
        let merge = self.merge.as_deref().and_then(|merge| merge.parse::<ChangeHash>().ok());
        merge.map(|merge| document.texts_joined(&merge)).unwrap_or_default()
    }

    /// The text with a verdict carried out; `None` when it is not certain where. Of several places
    /// that hold what was chosen it is the one which reads like that of the alternative in one of
    /// the `sides` that met.
    pub fn rewritten(&self, text: &str, sides: &[String], verdict: Verdict) -> Option<String> {
        let at = self.place_in(text, sides)?;
        let lines = self.chosen.contains('\n') || self.alternative.contains('\n');
        let new = match verdict {
            Verdict::Alternative => self.alternative.clone(),
            Verdict::Both if lines && !self.chosen.ends_with('\n') => {
                format!("{}\n{}", self.chosen, self.alternative)
            }
            Verdict::Both if lines => format!("{}{}", self.chosen, self.alternative),
            Verdict::Both => format!("{} {}", self.chosen, self.alternative),
            Verdict::Chosen | Verdict::Merged => self.chosen.clone(),
        };
        let (before, after) = (&text[..at], &text[at + self.chosen.len()..]);
        Some(format!("{before}{new}{after}"))
    }
}

/// How much further than any other a place must read like that of the alternative, in characters.
const LEAST_LEAD: usize = 3;

/// How far around a place it is read; a few lines.
const CONTEXT_CHARS: usize = 400;

impl Contradiction {
    fn place_in(&self, text: &str, sides: &[String]) -> Option<usize> {
        let places = places_of(&self.chosen, text);
        if let [only] = places[..] {
            return Some(only);
        }
        let written: Vec<(&str, usize)> = sides
            .iter()
            .filter(|_| !self.alternative.is_empty())
            .flat_map(|side| {
                places_of(&self.alternative, side).into_iter().map(move |at| (&**side, at))
            })
            .collect();
        let mut found: Vec<(usize, usize)> = places
            .iter()
            .map(|&at| {
                let here = (&text[..at], &text[at + self.chosen.len()..]);
                let alike = written.iter().map(|&(side, there)| {
                    let there = (&side[..there], &side[there + self.alternative.len()..]);
                    common(here.0.chars().rev(), there.0.chars().rev())
                        + common(here.1.chars(), there.1.chars())
                });
                (alike.max().unwrap_or(0), at)
            })
            .collect();
        found.sort_unstable_by(|a, b| b.cmp(a));
        match found[..] {
            [(best, at), (next, _), ..] if best >= next + LEAST_LEAD => Some(at),
            _ => None,
        }
    }
}

/// Where `wanted` stands in `text` as itself, not as a part of a word or number.
fn places_of(wanted: &str, text: &str) -> Vec<usize> {
    let joins = |a: Option<char>, b: Option<char>| {
        a.zip(b).is_some_and(|(a, b)| a.is_alphanumeric() && b.is_alphanumeric())
    };
    let whole = |at: &usize| {
        let (before, after) = (&text[..*at], &text[at + wanted.len()..]);
        !joins(before.chars().next_back(), wanted.chars().next())
            && !joins(wanted.chars().next_back(), after.chars().next())
    };
    if wanted.is_empty() {
        return Vec::new();
    }
    text.match_indices(wanted).map(|(at, _)| at).filter(whole).collect()
}

fn common(a: impl Iterator<Item = char>, b: impl Iterator<Item = char>) -> usize {
    a.zip(b).take(CONTEXT_CHARS).take_while(|(a, b)| a == b).count()
}

/// Names an entry: the same for the same contradiction in the same file on every device, and a new
/// name each time it comes up after it was settled.
fn key(
    id: FileId,
    about: About,
    parts: [&str; 3],
    document: &Document,
    fix_up: &ChangeHash,
) -> EntryId {
    let mut hasher = blake3::Hasher::new();
    hasher.update(id.as_bytes());
    for part in [about.as_str()].into_iter().chain(parts) {
        hasher.update(&(part.len() as u64).to_be_bytes());
        hasher.update(part.as_bytes());
    }
    loop {
        let mut key = EntryId::default();
        key.copy_from_slice(&hasher.finalize().as_bytes()[..8]);
        if !document.was_resolved_before(fix_up, key) {
            return key;
        }
        hasher.update(&key);
    }
}

/// The rows of the ledger, by file.
#[derive(Debug, Default)]
pub(super) struct Ledger(BTreeMap<Option<FileId>, BTreeMap<Vec<u8>, Contradiction>>);

impl Ledger {
    /// With what the store holds; rows that cannot be read are left alone.
    pub(super) fn read(rows: Vec<(Vec<u8>, Vec<u8>)>) -> Self {
        let mut ledger = Self::default();
        for (key, row) in rows {
            if let Some(entry) = Contradiction::decode(&row) {
                ledger.0.entry(entry.file()).or_default().insert(key, entry);
            }
        }
        ledger
    }

    /// How many wait for a person.
    pub(super) fn open(&self, index: &Index) -> u64 {
        let thrown_away =
            |id: FileId| index.get(&id).is_some_and(|copy| !copy.alive && copy.base.is_none());
        let open = self.0.values().flat_map(BTreeMap::values).filter(|it| it.is_open());
        open.filter(|it| !it.copy().is_some_and(thrown_away)).count() as u64
    }

    fn find(&self, key: &[u8]) -> Option<&Contradiction> {
        self.0.values().find_map(|rows| rows.get(key))
    }
}

impl Engine {
    /// The document of a file changed: notes what it tells, and what of the rows is settled by it.
    pub(super) fn ledger_follows(
        &mut self,
        id: FileId,
        entry: &Entry,
        (told, resolved): (&[Told], &BTreeSet<EntryId>),
        text: Option<&str>,
        writes: &mut Vec<Write>,
    ) -> Vec<Report> {
        if told.is_empty() && !self.ledger.0.contains_key(&Some(id)) {
            return Vec::new();
        }
        let rows = self.ledger.0.entry(Some(id)).or_default();
        let mut news = Vec::new();
        for Told { key, entry: new } in told {
            let row = rows.entry(key.to_vec()).or_insert_with(|| {
                news.push(key.to_vec());
                // Not closed yet as far as the store knows; see below.
                new.clone()
            });
            // Of several merges that tell it, all devices name the same.
            if row.merge.is_none() || new.merge < row.merge {
                row.merge.clone_from(&new.merge);
                writes.push(Write::Ledger { key: key.to_vec(), entry: row.encode() });
            }
        }
        let mut reports = Vec::new();
        for (key, row) in rows.iter_mut() {
            let settled = EntryId::try_from(key.as_slice()).is_ok_and(|it| resolved.contains(&it));
            let closed = settled || row.lapsed(entry, text);
            let new = news.contains(key);
            if new || row.closed != closed {
                row.closed = closed;
                writes.push(Write::Ledger { key: key.clone(), entry: row.encode() });
            }
            if new && !closed {
                self.shots.count_conflict();
                let name = data_encoding::HEXLOWER.encode(key);
                reports.push(Report::Conflict(entry.path.clone(), name));
            }
        }
        reports
    }

    /// A person settles an entry: an edit of the document as any other, or, for a row that names no
    /// document, a note in the store.
    pub(super) fn resolve(&mut self, key: Vec<u8>, verdict: Verdict) {
        let Some(row) = self.ledger.find(&key).cloned() else {
            return;
        };
        let file =
            row.file().filter(|id| self.index.get(id).is_some_and(|entry| !entry.heads.is_empty()));
        match (file, EntryId::try_from(key.as_slice())) {
            (Some(id), Ok(key)) => {
                let task = self.tasks.entry(id).or_default();
                task.verdicts.push_back(Settling { key, verdict, row });
                task.waiting = false;
                self.wake(id);
            }
            (None, _) | (_, Err(_)) => {
                let row = Contradiction { resolved: true, ..row };
                let write = Write::Ledger { key: key.clone(), entry: row.encode() };
                self.ledger.0.entry(row.file()).or_default().insert(key, row);
                self.append(vec![write], Pending::Kept(Kept::Text));
            }
        }
    }
}

/// A verdict that waits to be carried out.
#[derive(Debug, Clone)]
pub(super) struct Settling {
    pub(super) key: EntryId,
    pub(super) verdict: Verdict,
    pub(super) row: Contradiction,
}

impl Settling {
    /// What it does to the document: nothing when the entry is settled already.
    ///
    /// # Errors
    ///
    /// When what was chosen cannot be told from the rest of the file any more.
    pub(super) fn rewrite(&self, document: &Document) -> Result<Option<docs::Rewrite>, Failure> {
        let rewrite = match (self.row.about, self.verdict) {
            (_, Verdict::Chosen | Verdict::Merged)
            | (About::Path | About::Attachment, Verdict::Both) => return Ok(None),
            (About::Text, verdict) => match document.view().body {
                docs::Body::Text(text) => {
                    let sides = self.row.sides(document);
                    self.row.rewritten(&text, &sides, verdict).map(docs::Rewrite::Text)
                }
                docs::Body::Content(..) => None,
            },
            (About::Path, Verdict::Alternative) => {
                VaultPath::parse(&self.row.alternative).ok().map(docs::Rewrite::Path)
            }
            (About::Attachment, Verdict::Alternative) => {
                self.other_content(document).map(|body| match body {
                    docs::Body::Text(text) => docs::Rewrite::Text(text),
                    docs::Body::Content(kind, content) => docs::Rewrite::Content(kind, content),
                })
            }
        };
        rewrite.map(Some).ok_or(Failure::Unclear)
    }

    fn other_content(&self, document: &Document) -> Option<docs::Body> {
        let (_, hash) = self.row.copy.as_ref()?;
        let merge = self.row.merge.as_deref()?.parse().ok()?;
        let copies = document.review(&merge).ok()?.copies;
        copies.into_iter().find(|body| body.fingerprint().1.hash.to_string() == *hash)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry() -> Contradiction {
        Contradiction {
            path: "a.md".into(),
            file: Some(FileId([1; 16]).to_string()),
            about: About::Text,
            base: "2026-01-01".into(),
            chosen: "2026-01-02".into(),
            alternative: "2026-01-03".into(),
            resolved: false,
            closed: false,
            merge: None,
            literal: true,
            copy: None,
        }
    }

    #[test]
    fn entries_survive_the_store_and_older_ones_are_open() {
        let entry = entry();
        assert_eq!(Contradiction::decode(&entry.encode()), Some(entry.clone()));
        assert!(entry.is_open());
        assert!(!Contradiction { closed: true, ..entry.clone() }.is_open());
        let older = br#"{"path":"a.md","about":"text","base":"1","chosen":"2","alternative":"3"}"#;
        let older = Contradiction::decode(older).unwrap();
        assert!(older.is_open() && older.file().is_none() && !older.literal);
        let settled = br#"{"path":"a","about":"path","base":"","chosen":"a","alternative":"b","resolved":true}"#;
        assert!(!Contradiction::decode(settled).unwrap().is_open());
        assert_eq!(Contradiction::decode(b"?"), None);
    }

    #[test]
    fn of_several_places_the_one_that_reads_like_the_other_side_is_meant() {
        let five = Contradiction { chosen: "5".into(), alternative: "3".into(), ..entry() };
        let text = "5 plums, 5 days\n- buy 5 eggs\n- 25 nails, 5 screws\n";
        let side = "5 plums, 5 days\n- buy 3 eggs\n- 25 nails, 5 screws\n".to_owned();
        let wanted = "5 plums, 5 days\n- buy 3 eggs\n- 25 nails, 5 screws\n";
        let with = |text, sides: &[String]| five.rewritten(text, sides, Verdict::Alternative);
        assert_eq!(with(text, std::slice::from_ref(&side)).unwrap(), wanted);
        // Edited elsewhere since then, it is still clear.
        let later = text.replace("plums", "ripe plums").replace("screws", "hooks");
        let later_wanted = wanted.replace("plums", "ripe plums").replace("screws", "hooks");
        assert_eq!(with(&later, std::slice::from_ref(&side)).unwrap(), later_wanted);
        assert_eq!(with(text, &[]), None);
        assert_eq!(with("5 5 5", std::slice::from_ref(&side)), None);
        assert_eq!(with("about 5 in 25", &[]).unwrap(), "about 3 in 25");
    }

    #[test]
    fn a_verdict_is_carried_out_where_it_is_certain() {
        let entry = entry();
        let text = "due 2026-01-02, at noon\n";
        let with = |verdict| entry.rewritten(text, &[], verdict);
        assert_eq!(with(Verdict::Alternative).unwrap(), "due 2026-01-03, at noon\n");
        assert_eq!(with(Verdict::Both).unwrap(), "due 2026-01-02 2026-01-03, at noon\n");
        assert_eq!(entry.rewritten("2026-01-02 2026-01-02", &[], Verdict::Both), None);
        assert_eq!(entry.rewritten("nothing of it", &[], Verdict::Both), None);
        let gone = Contradiction { chosen: String::new(), ..entry.clone() };
        assert_eq!(gone.rewritten(text, &[], Verdict::Alternative), None);
        let lines = Contradiction { chosen: "a\n".into(), alternative: "b\n".into(), ..entry };
        assert_eq!(lines.rewritten("x\na\ny\n", &[], Verdict::Both).unwrap(), "x\na\nb\ny\n");
    }
}
