//! Several versions as one: the pure part of settling.

use std::collections::{BTreeMap, BTreeSet};

use automerge::ChangeHash as Hash;

use super::document::Document;
use super::error::Error;
use super::graph::Graph;
use super::register;
use super::settle::{Choice, Settled};
use super::view::Body;
use crate::merge::{self, Format};
use crate::model::{Content, Kind};

/// How many merges of ancestors are nested before the library's own merge is taken as the ancestor.
/// Only long criss-cross histories get there; a larger limit risks the stack.
const NESTING_LIMIT: usize = 64;

/// What one version comes to.
#[derive(Debug, Clone)]
struct State {
    body: Option<Body>,
    alive: bool,
}

/// Folds versions into one, three-way, with the version where they last agreed as base.
pub(super) struct Fold<'a> {
    document: &'a Document,
    graph: Graph,
    format: Format,
    memory: BTreeMap<Vec<Hash>, State>,
    missing: BTreeSet<Content>,
    /// Whether the file lives in any of the versions.
    lives: bool,
}

impl<'a> Fold<'a> {
    pub(super) fn new(document: &'a Document, format: Format) -> Self {
        Self {
            document,
            graph: document.graph(),
            format,
            memory: BTreeMap::new(),
            missing: BTreeSet::new(),
            lives: false,
        }
    }

    /// What `heads` (ascending, none an ancestor of another) hold together; says in `notes` what
    /// had to be decided.
    pub(super) fn body(
        mut self,
        heads: &[Hash],
        notes: &mut Settled,
    ) -> Result<Option<Body>, Error> {
        self.lives = register::alive(&self.document.doc, heads).is_some();
        let state = self.resolve(heads, 0, notes);
        if self.missing.is_empty() {
            return Ok(state.body);
        }
        Err(Error::TextMissing(self.missing.into_iter().collect()))
    }

    /// What `heads` (ascending) come to; below those to be merged one may be an ancestor of another.
    fn resolve(&mut self, heads: &[Hash], nesting: usize, notes: &mut Settled) -> State {
        if let Some(state) = self.memory.get(heads) {
            return state.clone();
        }
        let state = match heads {
            [first, rest @ ..] if nesting < NESTING_LIMIT => {
                let mut state = self.read(&[*first]);
                for (place, head) in rest.iter().enumerate() {
                    let met = self.meets(&heads[..=place], head);
                    // How ancestors were merged was told when they were.
                    let base = self.resolve(&met, nesting + 1, &mut Settled::default());
                    let other = self.read(&[*head]);
                    state = if nesting == 0 {
                        self.merge(&base, state, other, notes)
                    } else {
                        self.ancestor(&base, state, other)
                    };
                }
                state
            }
            _ => self.read(heads),
        };
        self.memory.insert(heads.to_vec(), state.clone());
        state
    }

    /// Where each of `before` last agreed with `head`; one of these may be an ancestor of another.
    ///
    /// - Where they agreed later, a line may be gone that came to the others, and to `head`, from
    ///   further back: were that not part of the base, it would look as if both had written it.
    fn meets(&self, before: &[Hash], head: &Hash) -> Vec<Hash> {
        let each = before.iter().flat_map(|other| self.graph.meets(&[*other], &[*head]));
        each.collect::<BTreeSet<Hash>>().into_iter().collect()
    }

    /// What the registers say; a text that was promoted anywhere in the graph is given as text.
    fn read(&self, heads: &[Hash]) -> State {
        let alive = register::alive(&self.document.doc, heads).is_some();
        State { body: self.document.readable(heads), alive }
    }

    /// Two versions below those that are to be merged, as the base for these.
    fn ancestor(&mut self, base: &State, ours: State, theirs: State) -> State {
        let alive = ours.alive || theirs.alive;
        if let (Some(Body::Text(base)), Some(Body::Text(ours)), Some(Body::Text(theirs))) =
            (&base.body, &ours.body, &theirs.body)
        {
            let text = merge::ancestor(self.format, base, ours, theirs);
            return State { body: Some(Body::Text(text)), alive };
        }
        self.merge(base, ours, theirs, &mut Settled::default())
    }

    fn merge(&mut self, base: &State, ours: State, theirs: State, notes: &mut Settled) -> State {
        let alive = ours.alive || theirs.alive;
        let (Some(our_body), Some(their_body)) = (&ours.body, &theirs.body) else {
            let body = ours.body.or(theirs.body);
            return State { body, alive };
        };
        let is_base = |body: &Body| base.body.as_ref().is_some_and(|base| same(base, body));
        let taken = |body: &Body| State { body: Some(body.clone()), alive };
        if same(our_body, their_body) {
            let byte = |body| register::kind_byte(kind(body));
            return taken(if byte(their_body) < byte(our_body) { their_body } else { our_body });
        }
        if is_base(their_body) {
            return taken(our_body);
        }
        if is_base(our_body) {
            return taken(their_body);
        }
        let texts = match (our_body, their_body) {
            (Body::Text(ours), Body::Text(theirs)) => Some((ours, theirs)),
            (Body::Text(_) | Body::Content(..), Body::Text(_) | Body::Content(..)) => None,
        };
        let base_text = match &base.body {
            Some(Body::Text(text)) => Some(text.as_str()),
            Some(Body::Content(..)) | None => None,
        };
        // A side that was deleted has nothing to add to one that was born, or replaced, beside it.
        if ours.alive != theirs.alive && (texts.is_none() || base.body.is_none()) {
            return if ours.alive { ours } else { theirs };
        }
        notes.merged = true;
        if let Some((ours, theirs)) = texts {
            let merged = merge::merge(self.format, base_text, ours, theirs);
            notes.choices.extend(merged.choices.into_iter().map(Choice::from));
            return taken(&Body::Text(merged.text));
        }
        let deleted = self.lives && !ours.alive && !theirs.alive;
        if kind(our_body) == Kind::Text && kind(their_body) == Kind::Text && !deleted {
            for body in [our_body, their_body] {
                if let Body::Content(_, content) = body {
                    self.missing.insert(*content);
                }
            }
            return taken(our_body);
        }
        let (winner, loser) = if rank(our_body) > rank(their_body) {
            (our_body, their_body)
        } else {
            (their_body, our_body)
        };
        // An empty folder that gave way to a file needs no copy, nor does what both threw away: a
        // third version is what lives, and of these two only one is left to be compared with it.
        if kind(loser) != Kind::Folder && !deleted {
            notes.copies.push(loser.clone());
        }
        taken(winner)
    }
}

/// Whether two bodies are the same bytes, told by hash where one is; of one kind or, where somebody
/// took them for a text and somebody for an attachment, of both. A folder is like nothing else.
fn same(a: &Body, b: &Body) -> bool {
    match (a, b) {
        (Body::Text(a), Body::Text(b)) => a == b,
        (Body::Text(_) | Body::Content(..), Body::Text(_) | Body::Content(..)) => {
            let folders = [a, b].map(|body| kind(body) == Kind::Folder);
            folders[0] == folders[1] && a.fingerprint().1 == b.fingerprint().1
        }
    }
}

fn kind(body: &Body) -> Kind {
    match body {
        Body::Text(_) => Kind::Text,
        Body::Content(kind, _) => *kind,
    }
}

/// Which of two bodies that cannot be merged stands: text before blob before folder, then by hash.
fn rank(body: &Body) -> (u8, Content) {
    let (kind, content) = body.fingerprint();
    (u8::MAX - register::kind_byte(kind), content)
}
