//! Takes in a small change by making it here as its author made it there.
//!
//! The library takes in a change by walking over every character of the text, which for a large one
//! costs a hundred times what it costs to make the same edit. A change that builds on exactly the
//! present heads can be made again instead: the same operations in the same order, by the same actor,
//! at the same time. Its hash covers all of that, so an equal hash says that it is the same change,
//! and that the document is where taking it in would have led.

use automerge::legacy::{ElementId, Key, ObjectId, Op, OpId, OpType};
use automerge::transaction::{CommitOptions, Transactable, Transaction};
use automerge::{
    Automerge, Change, ChangeHash, Cursor, ExpandedChange, ObjId, ROOT, ReadDoc, ScalarValue,
};

use super::diff::Splice;

/// What the walk takes for each character of the text, in nanoseconds. These four figures were measured
/// without the library's own assertions, which make every operation a walk.
const WALK_NS: usize = 220;
/// What the walk takes more for a character typed in a row with the one before than making it again.
const TYPED_NS: usize = 400;
/// What making a change again takes beside its operations, in nanoseconds.
const CHANGE_NS: usize = 15_000;
/// What making one operation by itself again takes more than the walk: its place has to be found.
const PLACE_NS: usize = 10_000;
/// More places at once are left to the walk: the more a change has, the longer each takes, 20 µs with
/// 300 of them, 80 with 3,000 and 200 with 10,000.
pub(super) const PLACES_LIMIT: usize = 512;
/// More operations at once are not taken apart, for each takes some 200 bytes meanwhile: 8 MB.
pub(super) const OPERATIONS_LIMIT: usize = 32 * 1024;

/// `changes` taken apart, if making them again promises to be cheaper than a walk over the text.
pub(super) fn taken_apart(
    doc: &Automerge,
    text: &ObjId,
    changes: &[Change],
) -> Option<Vec<ExpandedChange>> {
    let operations: usize = changes.iter().map(Change::len).sum();
    let walk = doc.length(text).saturating_mul(WALK_NS);
    let least = changes.len().saturating_mul(CHANGE_NS + PLACE_NS);
    let most = walk.saturating_add(operations.saturating_mul(TYPED_NS));
    if operations > OPERATIONS_LIMIT || least > most {
        return None;
    }
    let apart: Vec<ExpandedChange> = changes.iter().map(Change::decode).collect();
    let places: usize = apart.iter().map(places).sum();
    let typed = operations.saturating_sub(places);
    let cost = changes.len() * CHANGE_NS + places.saturating_mul(PLACE_NS);
    let pays = places <= PLACES_LIMIT && cost <= walk.saturating_add(typed * TYPED_NS);
    pays.then_some(apart)
}

/// How many operations of a change do not follow on the one before.
fn places(change: &ExpandedChange) -> usize {
    let numbered = (change.start_op.get()..).zip(&change.operations);
    numbered.filter(|(number, op)| !goes_on(op, *number, change)).count()
}

/// Whether operation `number` of a change inserts right behind what the one before inserted.
fn goes_on(op: &Op, number: u64, change: &ExpandedChange) -> bool {
    let before = |id: &OpId| id.counter() + 1 == number && *id.actor() == change.actor_id;
    match &op.key {
        Key::Seq(ElementId::Id(id)) => op.insert && number > change.start_op.get() && before(id),
        Key::Seq(ElementId::Head) | Key::Map(_) => false,
    }
}

/// Whether `change` can be made again.
pub(super) fn fits(doc: &Automerge, change: &Change) -> bool {
    // An author's last change is named beside the heads, even where they build on it.
    let stands_here = || doc.get_heads().iter().all(|head| change.deps().contains(head));
    !change.is_empty()
        && change.message().is_none()
        && change.extra_bytes().is_empty()
        && stands_here()
}

/// Makes a change again that was taken apart, and says what it did to the text; `None`, or a panic of
/// the library, leaves `doc` unfit for use.
pub(super) fn retype(
    doc: &mut Automerge,
    text: &ObjId,
    wanted: ChangeHash,
    change: &ExpandedChange,
) -> Option<Vec<Splice>> {
    let actor = doc.get_actor().clone();
    doc.set_actor(change.actor_id.clone());
    let mut transaction = doc.transaction();
    let first = change.start_op.get();
    let mut typing = Typing { text, run: String::new(), at: 0, splices: Vec::new() };
    for (number, op) in (first..).zip(&change.operations) {
        typing.take(&mut transaction, op, goes_on(op, number, change))?;
    }
    typing.end(&mut transaction)?;
    let options = CommitOptions::default().with_time(change.time);
    let (made, _) = transaction.commit_with(options);
    doc.set_actor(actor);
    (made == Some(wanted)).then_some(typing.splices)
}

/// Characters on their way into the text: those typed in a row are inserted together.
struct Typing<'a> {
    text: &'a ObjId,
    run: String,
    at: usize,
    splices: Vec<Splice>,
}

impl Typing<'_> {
    /// Does what `op` did, which may go on where the operation before it stopped. `None` if that is
    /// not understood.
    fn take(&mut self, transaction: &mut Transaction<'_>, op: &Op, goes_on: bool) -> Option<()> {
        if let (ObjectId::Root, Key::Map(key)) = (&op.obj, &op.key) {
            self.end(transaction)?;
            return match &op.action {
                OpType::Put(value) => transaction.put(ROOT, key.as_str(), value.clone()).ok(),
                OpType::Delete => transaction.delete(ROOT, key.as_str()).ok(),
                OpType::Make(_)
                | OpType::Increment(_)
                | OpType::MarkBegin(..)
                | OpType::MarkEnd(_) => None,
            };
        }
        if !is_in(op, self.text) {
            return None;
        }
        let Key::Seq(place) = &op.key else { return None };
        match &op.action {
            OpType::Put(ScalarValue::Str(typed)) if op.insert => {
                if self.run.is_empty() || !goes_on {
                    self.end(transaction)?;
                    self.at = match place {
                        ElementId::Head => 0,
                        ElementId::Id(id) => position(transaction, self.text, id)? + 1,
                    };
                }
                self.run.push_str(typed);
                Some(())
            }
            OpType::Delete => {
                self.end(transaction)?;
                let at = position(transaction, self.text, place.as_opid()?)?;
                self.splice(transaction, Splice { at, delete: 1, insert: String::new() })
            }
            OpType::Put(_)
            | OpType::Make(_)
            | OpType::Increment(_)
            | OpType::MarkBegin(..)
            | OpType::MarkEnd(_) => None,
        }
    }

    /// Inserts what was typed in a row.
    fn end(&mut self, transaction: &mut Transaction<'_>) -> Option<()> {
        if self.run.is_empty() {
            return Some(());
        }
        let insert = std::mem::take(&mut self.run);
        self.splice(transaction, Splice { at: self.at, delete: 0, insert })
    }

    fn splice(&mut self, transaction: &mut Transaction<'_>, splice: Splice) -> Option<()> {
        let delete = isize::try_from(splice.delete).ok()?;
        transaction.splice_text(self.text, splice.at, delete, &splice.insert).ok()?;
        match self.splices.last_mut() {
            // Characters deleted in a row.
            Some(last) if last.at == splice.at && splice.insert.is_empty() && last.delete > 0 => {
                last.delete += splice.delete;
            }
            _ => self.splices.push(splice),
        }
        Some(())
    }
}

fn is_in(op: &Op, text: &ObjId) -> bool {
    match (&op.obj, text) {
        (ObjectId::Id(OpId(number, actor)), ObjId::Id(at, by, _)) => number == at && actor == by,
        (ObjectId::Root | ObjectId::Id(_), ObjId::Root | ObjId::Id(..)) => false,
    }
}

/// Where a character stands now.
fn position(transaction: &Transaction<'_>, text: &ObjId, id: &OpId) -> Option<usize> {
    let cursor = Cursor::try_from(format!("{}@{}", id.counter(), id.actor()).as_str()).ok()?;
    transaction.get_cursor_position(text, &cursor, None).ok()
}
