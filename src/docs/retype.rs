//! Takes in a small change by making it here as its author made it there.
//!
//! The library takes in a change by walking over every character of the text, which for a large one
//! costs a hundred times what it costs to make the same edit. A change that builds on exactly the
//! present heads can be made again instead: the same operations in the same order, by the same actor,
//! at the same time. Its hash covers all of that, so an equal hash says that it is the same change,
//! and that the document is where taking it in would have led.

use automerge::transaction::{CommitOptions, Transactable, Transaction};
use automerge::{Automerge, ChangeHash, Cursor, ObjId, ROOT, ReadDoc};

use super::diff::Splice;
use super::foreign::guarded;
use super::incoming::{Apart, Id, Incoming, STEPS_LIMIT, Step};

/// What the walk takes for each character of the text, in nanoseconds. These four figures were measured
/// without the library's own assertions, which make every operation a walk.
const WALK_NS: usize = 220;
/// What the walk takes more for a character typed in a row with the one before than making it again.
const TYPED_NS: usize = 400;
/// What making a change again takes beside its operations, in nanoseconds.
const CHANGE_NS: usize = 15_000;
/// What it takes to begin on a fork.
const FORK_NS: usize = 200_000;
/// What the walk takes for an operation of ours.
const WALKED_NS: usize = 1_000;
/// What making one operation by itself again takes more than the walk: its place has to be found.
const PLACE_NS: usize = 10_000;

/// What making changes again is weighed against.
#[derive(Debug, Clone, Copy)]
pub(super) enum Work {
    /// A walk over a text of so many characters, which is then not needed.
    Walk { length: usize },
    /// The same walk, which is needed all the same for so many operations that were done here.
    Instead { walked: usize },
}

/// `changes` taken apart, if making them again promises to be cheaper than the library's way.
pub(super) fn taken_apart(
    text: &ObjId,
    work: Work,
    changes: &[Incoming<'_>],
) -> Option<Vec<Apart>> {
    let apart: Option<Vec<Apart>> = changes.iter().map(|change| change.apart(text)).collect();
    let apart = apart?;
    let operations: u64 = apart.iter().map(|apart| apart.operations).sum();
    let steps: usize = apart.iter().map(|apart| apart.steps.len()).sum();
    let typed = usize::try_from(operations).ok()?.saturating_sub(steps);
    let again = changes.len() * CHANGE_NS + steps.saturating_mul(PLACE_NS);
    let (spent, saved) = match work {
        Work::Walk { length } => (0, length.saturating_mul(WALK_NS)),
        Work::Instead { walked } => (FORK_NS + walked.saturating_mul(WALKED_NS), 0),
    };
    let pays = again.saturating_add(spent) <= typed.saturating_mul(TYPED_NS).saturating_add(saved);
    (steps <= STEPS_LIMIT && pays).then_some(apart)
}

/// Whether `change` can be made again.
pub(super) fn fits(doc: &Automerge, change: &Incoming<'_>) -> bool {
    // An author's last change is named beside the heads, even where they build on it.
    doc.get_heads().iter().all(|head| change.deps.contains(head))
}

/// Makes changes again as long as each builds on the present version: how many these were, and what
/// they did to the text. `None` leaves `doc` unfit for use.
pub(super) fn remake(
    doc: &mut Automerge,
    text: &ObjId,
    changes: &[Incoming<'_>],
    apart: &[Apart],
) -> Option<(usize, Vec<Splice>)> {
    let mut edits = vec![];
    let mut count = 0;
    for (change, apart) in changes.iter().zip(apart) {
        if !fits(doc, change) {
            break;
        }
        let made = guarded(|| Ok(retype(doc, text, change.hash, apart))).ok()?;
        edits.extend(made?);
        count += 1;
    }
    Some((count, edits))
}

/// Makes a change again that was taken apart, and says what it did to the text; `None`, or a panic of
/// the library, leaves `doc` unfit for use.
pub(super) fn retype(
    doc: &mut Automerge,
    text: &ObjId,
    wanted: ChangeHash,
    change: &Apart,
) -> Option<Vec<Splice>> {
    let actor = doc.get_actor().clone();
    doc.set_actor(change.actor.clone());
    let mut transaction = doc.transaction();
    let mut splices = Vec::new();
    for step in &change.steps {
        take(&mut transaction, text, step, &mut splices)?;
    }
    let options = CommitOptions::default().with_time(change.time);
    let (made, _) = transaction.commit_with(options);
    doc.set_actor(actor);
    (made == Some(wanted)).then_some(splices)
}

fn take(
    transaction: &mut Transaction<'_>,
    text: &ObjId,
    step: &Step,
    splices: &mut Vec<Splice>,
) -> Option<()> {
    let splice = match step {
        Step::Put(key, value) => {
            return transaction.put(ROOT, key.as_str(), value.clone()).ok();
        }
        Step::Cleared(key) => return transaction.delete(ROOT, key.as_str()).ok(),
        Step::Typed { behind, text: insert } => {
            let at = match behind {
                Some(id) => position(transaction, text, id)? + 1,
                None => 0,
            };
            Splice { at, delete: 0, insert: insert.clone() }
        }
        Step::Removed(id) => {
            let at = position(transaction, text, id)?;
            Splice { at, delete: 1, insert: String::new() }
        }
    };
    splice.make(transaction, text).ok()?;
    match splices.last_mut() {
        // Characters removed in a row.
        Some(last) if last.at == splice.at && splice.insert.is_empty() && last.delete > 0 => {
            last.delete += splice.delete;
        }
        _ => splices.push(splice),
    }
    Some(())
}

/// Where a character stands now.
fn position(transaction: &Transaction<'_>, text: &ObjId, (number, actor): &Id) -> Option<usize> {
    let cursor = Cursor::try_from(format!("{number}@{actor}").as_str()).ok()?;
    transaction.get_cursor_position(text, &cursor, None).ok()
}
