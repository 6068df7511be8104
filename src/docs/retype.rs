//! Takes in a small change by making it here as its author made it there.
//!
//! The library takes in a change by walking over every character of the text, which for a large one
//! costs a hundred times what it costs to make the same edit. A change that builds on exactly the
//! present heads can be made again instead: the same operations in the same order, by the same actor,
//! at the same time. Its hash covers all of that, so an equal hash says that it is the same change,
//! and that the document is where taking it in would have led.

use automerge::legacy::{ElementId, Key, ObjectId, Op, OpId, OpType};
use automerge::transaction::{CommitOptions, Transactable, Transaction};
use automerge::{Automerge, Change, Cursor, ObjId, ROOT, ReadDoc, ScalarValue};

use super::diff::Splice;

/// Characters of a text for each operation below which the walk is cheaper: it takes some 0.2 µs for
/// each of them, an operation some 5 µs.
const WALK_FACTOR: usize = 32;
/// What a change costs beside its operations, in operations.
const CHANGE_COST: usize = 8;

/// Whether making `changes` again promises to be cheaper than a walk over the text.
pub(super) fn pays(doc: &Automerge, text: &ObjId, changes: &[Change]) -> bool {
    let cost: usize = changes.iter().map(|change| change.len() + CHANGE_COST).sum();
    cost.saturating_mul(WALK_FACTOR) <= doc.length(text)
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

/// Makes `change` again, and says what it did to the text; `None`, or a panic of the library, leaves
/// `doc` unfit for use.
pub(super) fn retype(doc: &mut Automerge, text: &ObjId, change: &Change) -> Option<Vec<Splice>> {
    let actor = doc.get_actor().clone();
    doc.set_actor(change.actor_id().clone());
    let wanted = change.hash();
    let change = change.decode();
    let mut transaction = doc.transaction();
    let first = change.start_op.get();
    let mut typing = Typing { text, run: String::new(), at: 0, splices: Vec::new() };
    for (number, op) in (first..).zip(&change.operations) {
        let before = number.checked_sub(1).map(|before| OpId(before, change.actor_id.clone()));
        typing.take(&mut transaction, op, before.as_ref())?;
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
    /// Does what `op` did; `before` names the operation before it. `None` if that is not understood.
    fn take(
        &mut self,
        transaction: &mut Transaction<'_>,
        op: &Op,
        before: Option<&OpId>,
    ) -> Option<()> {
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
                let goes_on = !self.run.is_empty() && place.as_opid() == before;
                if !goes_on {
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
