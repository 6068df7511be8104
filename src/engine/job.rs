//! Long work on one document, pure, run off the loop.

use std::collections::{BTreeMap, BTreeSet};

use super::ledger::{Contradiction, Settling, Told};
use crate::docs::{self, Author, Birth, Document, EntryId};
use crate::model::{
    ChangeHash, Content, ContentHash, FileId, Heads, Kind, StoredDocument, VaultPath, WallMs, Write,
};
use crate::wire::{Body, State};

/// A document is stored anew as a whole after this many appended changes; more make loading slow,
/// fewer write the whole document too often.
const LOG_CHANGES_LIMIT: u64 = 64;
/// Jobs on less text than this run on the loop itself; handing them over costs more than they do.
const SMALL_BYTES: u64 = 8 * 1024;
/// Earlier changes named in a negotiation, ever further back.
const RECENT_LIMIT: usize = 12;

/// A loaded document with what is known of its stored form.
#[derive(Debug)]
pub(super) struct Held {
    document: Document,
    snapshot_bytes: u64,
    log_bytes: u64,
    log_changes: u64,
}

impl Held {
    /// Measured weight in memory.
    pub(super) fn weight_bytes(&self) -> u64 {
        self.document.weight_bytes()
    }

    /// Lets go of what only documents in use need.
    pub(super) fn rest(&mut self) {
        self.document.forget_fork();
    }
}

/// Where the document comes from.
#[derive(Debug)]
pub(super) enum Source {
    /// There is none yet; a delivery brings it.
    Nothing,
    /// The file is as it was born.
    Born(Kind, Content),
    /// From the cache.
    Held(Box<Held>),
    /// From the store.
    Stored(StoredDocument),
}

/// One thing to do to the document. Local edits start at `at` (the version the disk held; empty for
/// the file as it was born) and each builds on the one before.
#[derive(Debug, Clone)]
pub(super) enum Act {
    /// The text is now this.
    EditText { text: String },
    /// The content is now this, as a whole.
    SetContent { kind: Kind, content: Content },
    /// It has this path now.
    Rename { to: VaultPath },
    /// It is gone.
    Delete,
    /// It is back.
    Revive,
    /// The same identity was born with this content, too.
    Import { kind: Kind, content: Content },
    /// Foreign changes.
    Apply(Vec<Vec<u8>>),
    /// A whole foreign document.
    Absorb(Vec<u8>),
    /// A person settles a contradiction.
    Settle(Box<Settling>),
    /// What a peer in this state lacks.
    Export(State),
}

/// Work on one document.
#[derive(Debug)]
pub struct Job {
    pub(super) id: FileId,
    pub(super) birth: Birth,
    pub(super) source: Source,
    pub(super) author: Author,
    pub(super) at: Heads,
    /// What the disk held, for an empty `at`.
    pub(super) born_as: Option<(Kind, Content)>,
    pub(super) time: WallMs,
    pub(super) acts: Vec<Act>,
    /// Tells again what settling came to since this version, and not only what is new.
    pub(super) review_since: Option<Heads>,
    /// Texts known by hash, for imports that were never edited.
    pub(super) texts: BTreeMap<ContentHash, String>,
}

/// What came of it.
#[derive(Debug)]
pub struct Outcome {
    pub(super) held: Option<Box<Held>>,
    pub(super) result: Result<Done, Failure>,
}

/// The document after the work.
#[derive(Debug)]
pub(super) struct Done {
    pub(super) heads: Heads,
    /// The version that holds the local edits and nothing else.
    pub(super) branch: Heads,
    pub(super) path: VaultPath,
    pub(super) alive: bool,
    pub(super) kind: Kind,
    pub(super) content: Content,
    /// The text, when the document holds characters.
    pub(super) text: Option<String>,
    pub(super) writes: Vec<Write>,
    /// The texts that the document names by hash alone.
    pub(super) births: Vec<ContentHash>,
    pub(super) ops: u64,
    /// Whether concurrent edits met.
    pub(super) merged: bool,
    /// What had to be chosen, as entries of the ledger.
    pub(super) told: Vec<Told>,
    /// Entries that the document says are settled.
    pub(super) resolved: BTreeSet<EntryId>,
    pub(super) copies: Vec<docs::Body>,
    /// The version a whole foreign document had.
    pub(super) foreign: Option<Heads>,
    pub(super) export: Option<Export>,
}

/// What to send.
#[derive(Debug)]
pub(super) enum Export {
    /// This.
    Body(Body),
    /// Nothing: the peer holds all of it.
    Nothing,
}

/// Why nothing came of it. The document is unchanged, wherever it is kept.
#[derive(Debug)]
pub(super) enum Failure {
    /// These texts are needed first.
    Needs(Vec<Content>),
    /// Foreign changes build on ones that are not here; this is what is.
    Missing(State),
    /// Foreign bytes that are not what they should be.
    Foreign(String),
    /// A verdict cannot be carried out any more, for it is not certain where.
    Unclear,
    /// The stored document is damaged.
    Damaged(String),
}

impl Job {
    /// Whether handing it to another thread costs more than it does.
    pub fn is_small(&self) -> bool {
        let source = match &self.source {
            Source::Nothing => 0,
            Source::Born(_, content) => content.size,
            Source::Held(held) => held.weight_bytes() / 8,
            Source::Stored(stored) => {
                (stored.snapshot.len() + stored.changes.iter().map(Vec::len).sum::<usize>()) as u64
                    * 4
            }
        };
        let acts: u64 = self
            .acts
            .iter()
            .map(|act| match act {
                Act::EditText { text } => text.len() as u64,
                Act::Apply(changes) => changes.iter().map(Vec::len).sum::<usize>() as u64 * 4,
                Act::Absorb(bytes) => bytes.len() as u64 * 4,
                Act::SetContent { .. }
                | Act::Rename { .. }
                | Act::Delete
                | Act::Revive
                | Act::Import { .. }
                | Act::Settle(_)
                | Act::Export(_) => 0,
            })
            .sum();
        source + acts <= SMALL_BYTES
    }

    /// Does the work; no I/O, may take long.
    pub fn run(self) -> Outcome {
        let Self { id, birth, source, author, mut at, born_as, time, acts, review_since, texts } =
            self;
        if let (true, Some((kind, content))) = (at.is_empty(), born_as) {
            match Document::import(&birth, kind, content) {
                Ok(document) => at = document.heads(),
                Err(error) => {
                    return Outcome { held: None, result: Err(damaged(&error)) };
                }
            }
        }
        let mut held = match open(&birth, source) {
            Ok(held) => held,
            Err(error) => {
                return Outcome { held: None, result: Err(damaged(&error)) };
            }
        };
        let mut work =
            Work { birth, author, branch: at, time, texts, ops: 0, foreign: None, export: None };
        let before = held.as_ref().map(|held| held.document.heads()).unwrap_or_default();
        let applies = acts.iter().any(|act| matches!(act, Act::Apply(_)));
        let known = held.as_ref().filter(|_| applies).map(|held| state_of(&held.document));
        for act in acts {
            if let Err(failure) = work.act(&mut held, act) {
                // What a failed job took in is not kept, so it does not count as held.
                let failure = match (failure, known) {
                    (Failure::Missing(_), Some(known)) => Failure::Missing(known),
                    (failure, _) => failure,
                };
                return Outcome { held: None, result: Err(failure) };
            }
        }
        let Some(mut held) = held else {
            let lost = "no delivery brought the document".to_owned();
            return Outcome { held: None, result: Err(Failure::Foreign(lost)) };
        };
        match work.finish(id, &mut held, &before, review_since.as_ref()) {
            Ok(done) => Outcome { held: Some(held), result: Ok(done) },
            Err(failure) => Outcome { held: None, result: Err(failure) },
        }
    }
}

fn open(birth: &Birth, source: Source) -> Result<Option<Box<Held>>, docs::Error> {
    let (document, snapshot_bytes, log_bytes, log_changes) = match source {
        Source::Nothing => return Ok(None),
        Source::Held(held) => return Ok(Some(held)),
        Source::Born(kind, content) => (Document::import(birth, kind, content)?, 0, 0, 0),
        Source::Stored(stored) => {
            let log = stored.changes.iter().map(Vec::len).sum::<usize>() as u64;
            let document = Document::load(&stored)?;
            (document, stored.snapshot.len() as u64, log, stored.changes.len() as u64)
        }
    };
    Ok(Some(Box::new(Held { document, snapshot_bytes, log_bytes, log_changes })))
}

/// The state of a job between its acts.
struct Work {
    birth: Birth,
    author: Author,
    branch: Heads,
    time: WallMs,
    texts: BTreeMap<ContentHash, String>,
    ops: u64,
    foreign: Option<Heads>,
    export: Option<Export>,
}

impl Work {
    fn act(&mut self, held: &mut Option<Box<Held>>, act: Act) -> Result<(), Failure> {
        if let (None, Act::Absorb(bytes)) = (&held, &act) {
            let document = Document::receive(&self.birth, bytes).map_err(|it| foreign(&it))?;
            self.foreign = Some(document.heads());
            *held =
                Some(Box::new(Held { document, snapshot_bytes: 0, log_bytes: 0, log_changes: 0 }));
            return Ok(());
        }
        let Some(document) = held.as_mut().map(|held| &mut held.document) else {
            return Err(Failure::Foreign("there is no document to work on".into()));
        };
        let at = self.branch.clone();
        let (author, time) = (self.author, self.time);
        match act {
            Act::EditText { text } => {
                let needs = document.unpromoted(&at).map_err(|it| damaged(&it))?;
                Self::promote(&self.texts, document, needs)?;
                let edited = document.edit_text(author, &at, time, &text);
                self.edited(edited)
            }
            Act::SetContent { kind, content } => {
                let edited = document.set_content(author, &at, time, (kind, content));
                self.edited(edited)
            }
            Act::Rename { to } => {
                let edited = document.rename(author, &at, time, &to);
                self.edited(edited)
            }
            Act::Delete => {
                let edited = document.delete(author, &at, time);
                self.edited(edited)
            }
            Act::Revive => {
                let edited = document.revive(author, &at, time);
                self.edited(edited)
            }
            Act::Import { kind, content } => {
                document.add_import(&self.birth, kind, content).map_err(|it| foreign(&it))?;
                let alone = Document::import(&self.birth, kind, content);
                self.branch = alone.map_err(|it| foreign(&it))?.heads();
                Ok(())
            }
            Act::Apply(changes) => {
                let held = document.heads();
                let applied = document.apply(&changes).map_err(|it| foreign(&it))?;
                if applied.missing.is_empty() {
                    return Ok(());
                }
                // An edit builds on the characters of an import, which are not sent, for every
                // device that holds the text can make them.
                let needs = document.unpromoted(&held).map_err(|it| foreign(&it))?;
                if !needs.is_empty() {
                    Self::promote(&self.texts, document, needs)?;
                    let applied = document.apply(&changes).map_err(|it| foreign(&it))?;
                    if applied.missing.is_empty() {
                        return Ok(());
                    }
                }
                Err(Failure::Missing(state_of(document)))
            }
            Act::Absorb(bytes) => {
                let theirs = Document::receive(&self.birth, &bytes).map_err(|it| foreign(&it))?;
                self.foreign = Some(theirs.heads());
                document.absorb(&theirs).map_err(|it| foreign(&it))?;
                Ok(())
            }
            Act::Settle(settling) => {
                let rewrite = settling.rewrite(document)?;
                let entry = (settling.key, settling.verdict.as_str());
                let edited = document.resolve(author, (&at, time), entry, rewrite.as_ref());
                self.edited(edited)
            }
            Act::Export(theirs) => {
                self.export = Some(Self::export(document, &theirs));
                Ok(())
            }
        }
    }

    fn edited(&mut self, edited: Result<docs::Edited, docs::Error>) -> Result<(), Failure> {
        let edited = edited.map_err(|it| damaged(&it))?;
        self.ops += edited.ops;
        self.branch = edited.version;
        Ok(())
    }

    /// Gives imports that were never edited their characters, if the texts are at hand; true when
    /// one of them had none.
    fn promote(
        at_hand: &BTreeMap<ContentHash, String>,
        document: &mut Document,
        texts: Vec<Content>,
    ) -> Result<bool, Failure> {
        let (mut needs, mut news) = (Vec::new(), false);
        for content in texts {
            match at_hand.get(&content.hash) {
                Some(text) => {
                    news |= document.promote(content, text).map_err(|it| damaged(&it))?;
                }
                None => needs.push(content),
            }
        }
        if needs.is_empty() { Ok(news) } else { Err(Failure::Needs(needs)) }
    }

    fn export(document: &Document, theirs: &State) -> Export {
        let heads = document.heads();
        let whole = |document: &Document| Body::Document { bytes: document.save() };
        Export::Body(match theirs {
            State::Absent => whole(document),
            State::Plain { kind, content } => {
                match document.changes_beyond_import(*kind, *content) {
                    Some(changes) => {
                        Body::Changes { heads, import: Some((*kind, *content)), changes }
                    }
                    None => whole(document),
                }
            }
            State::Document { heads: theirs, recent } => {
                let known: Vec<ChangeHash> =
                    theirs.as_slice().iter().chain(recent).copied().collect();
                if known.iter().any(|hash| document.knows(hash)) {
                    let changes = document.changes_since(&known);
                    if changes.is_empty() {
                        return Export::Nothing;
                    }
                    Body::Changes { heads, import: None, changes }
                } else {
                    whole(document)
                }
            }
        })
    }

    /// Merges what met, and says what the file now is.
    fn finish(
        self,
        id: FileId,
        held: &mut Held,
        before: &Heads,
        review_since: Option<&Heads>,
    ) -> Result<Done, Failure> {
        let document = &mut held.document;
        let mut merged = loop {
            match document.settle() {
                Ok(settled) => break settled.merged,
                // Texts that are told by their characters may meet others that are not yet.
                Err(docs::Error::TextMissing(texts)) => {
                    if !Self::promote(&self.texts, document, texts)? {
                        let again = "it lacks a text that it holds".to_owned();
                        return Err(Failure::Damaged(again));
                    }
                }
                Err(error) => return Err(foreign(&error)),
            }
        };
        // Another device may have settled first; what was chosen is told here all the same.
        let (mut told, mut copies) = (Vec::new(), Vec::new());
        for fix_up in document.fix_ups_since(review_since.unwrap_or(before).as_slice()) {
            if let Ok(review) = document.review(&fix_up) {
                merged |= review.merged;
                let file = (id, self.birth.vault);
                told.extend(Contradiction::all_of(file, document, &fix_up, &review));
                copies.extend(review.copies);
            }
        }
        let view = document.view();
        document.keep_at_hand(&view);
        let resolved = document.resolved();
        let heads = document.heads();
        let (kind, content) = view.body.fingerprint();
        let text = match view.body {
            docs::Body::Text(text) => Some(text),
            docs::Body::Content(..) => None,
        };
        let writes = if heads == *before && held.snapshot_bytes > 0 {
            Vec::new()
        } else {
            held.writes(id, before)
        };
        Ok(Done {
            branch: if self.branch.is_empty() { heads.clone() } else { self.branch },
            heads,
            path: view.path,
            alive: view.alive,
            kind,
            content,
            text,
            writes,
            births: births_of(&held.document),
            ops: self.ops,
            merged,
            told,
            resolved,
            copies,
            foreign: self.foreign,
            export: self.export,
        })
    }
}

impl Held {
    /// What the store has to keep so that it holds this version: the new changes, or now and then
    /// the whole document.
    fn writes(&mut self, id: FileId, before: &Heads) -> Vec<Write> {
        let changes = self.document.changes_since(before.as_slice());
        let bytes = changes.iter().map(Vec::len).sum::<usize>() as u64;
        self.log_bytes += bytes;
        self.log_changes += changes.len() as u64;
        let whole = self.snapshot_bytes == 0
            || self.log_changes > LOG_CHANGES_LIMIT
            || self.log_bytes > self.snapshot_bytes.max(4096);
        if whole {
            let bytes = self.document.save();
            self.snapshot_bytes = bytes.len() as u64;
            self.log_bytes = 0;
            self.log_changes = 0;
            vec![Write::Snapshot { id, bytes }]
        } else {
            vec![Write::Changes { id, changes }]
        }
    }
}

/// The texts that a document was born with; whoever lacks their characters needs them by hash.
fn births_of(document: &Document) -> Vec<ContentHash> {
    let texts = document.births().into_iter().filter(|(kind, _)| *kind == Kind::Text);
    texts.map(|(_, content)| content.hash).collect()
}

fn state_of(document: &Document) -> State {
    State::Document { heads: document.heads(), recent: document.recent(RECENT_LIMIT) }
}

fn foreign(error: &docs::Error) -> Failure {
    if let docs::Error::TextMissing(texts) = error {
        Failure::Needs(texts.clone())
    } else {
        Failure::Foreign(error.to_string())
    }
}

fn damaged(error: &docs::Error) -> Failure {
    if let docs::Error::TextMissing(texts) = error {
        Failure::Needs(texts.clone())
    } else {
        Failure::Damaged(error.to_string())
    }
}
