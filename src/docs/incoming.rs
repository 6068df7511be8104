//! A change on its way in: what its bytes say before the library reads them.
//!
//! The library reads a change operation by operation, and once more to tell what they are: 4 ms for
//! 10,000 characters typed in a row. Here they are read in runs, in a hundredth of that. Nothing rests
//! on it: what was read is only used to make the change again, and that its hash comes out is the proof.

use automerge::{ActorId, Change, ChangeHash as Hash, ObjId, ScalarValue};

use super::chunk::{self, Chunk, number, prefixed, signed};
use super::columns::{Flags, Growing, Grows, Repeats};
use super::error::Error;
use super::foreign::{CHANGE_LIMIT_BYTES, OPERATION_LIMIT, guarded, limit, number_fits};

/// A change of more steps is left to the library: making one again takes the longer, the more there
/// are, 20 µs with 300 of them, 80 with 3,000 and 200 with 10,000.
pub(super) const STEPS_LIMIT: usize = 512;

/// Nor is a change of more columns or more authors taken apart: a byte of it would take forty here.
const TABLE_LIMIT: u64 = 1024;

/// One change, known by its hash.
#[derive(Debug)]
pub(super) struct Incoming<'a> {
    pub(super) hash: Hash,
    /// What it builds on.
    pub(super) deps: Vec<Hash>,
    source: Source<'a>,
}

#[derive(Debug)]
enum Source<'a> {
    /// The whole chunk.
    Bytes(&'a [u8]),
    Parsed(Box<Change>),
}

impl<'a> Incoming<'a> {
    /// Reads what it is and what it builds on, and verifies its checksum; its operations are not
    /// looked at.
    pub(super) fn read(bytes: &'a [u8]) -> Result<Self, Error> {
        limit("a change in bytes", bytes.len(), CHANGE_LIMIT_BYTES)?;
        let chunk = Chunk::read(bytes)?;
        if chunk.kind != chunk::CHANGE {
            return Err(Error::Malformed("not one plain change".into()));
        }
        let hash = chunk.verified()?;
        let deps = deps(&mut { chunk.data });
        let deps = deps.ok_or_else(|| Error::Malformed("a change without beginning".into()))?;
        Ok(Self { hash, deps, source: Source::Bytes(bytes) })
    }

    /// As the library reads it, which verifies every operation.
    pub(super) fn parsed(self) -> Result<Change, Error> {
        let bytes = match self.source {
            Source::Bytes(bytes) => bytes.to_vec(),
            Source::Parsed(change) => return Ok(*change),
        };
        let change = guarded(|| {
            let change =
                Change::from_bytes(bytes).map_err(|error| Error::Malformed(error.to_string()))?;
            // An empty change has the number it would have begun with.
            number_fits(change.start_op().get().checked_add(change.len() as u64))?;
            Ok(change)
        })?;
        if change.hash() != self.hash || change.deps() != self.deps {
            return Err(Error::Malformed("a change in an unusual form".into()));
        }
        Ok(change)
    }

    /// What it did to a document whose text is `text`, if that can be made again: not for a change
    /// without operations, nor for one with a message.
    pub(super) fn apart(&self, text: &ObjId) -> Option<Apart> {
        let bytes = match &self.source {
            Source::Bytes(bytes) => bytes,
            Source::Parsed(change) => change.raw_bytes(),
        };
        Apart::read(Chunk::read(bytes).ok()?.data, text)
    }
}

impl From<Change> for Incoming<'_> {
    fn from(change: Change) -> Self {
        let (hash, deps) = (change.hash(), change.deps().to_vec());
        Self { hash, deps, source: Source::Parsed(Box::new(change)) }
    }
}

/// Reads the hashes that the data of a change begins with.
fn deps(data: &mut &[u8]) -> Option<Vec<Hash>> {
    let count = usize::try_from(number(data)?).ok()?;
    let (deps, rest) = data.split_at_checked(count.checked_mul(32)?)?;
    *data = rest;
    Some(deps.as_chunks::<32>().0.iter().map(|hash| Hash(*hash)).collect())
}

/// Reads how many there are of something that takes more memory than bytes.
fn few(data: &mut &[u8]) -> Option<u64> {
    number(data).filter(|count| *count <= TABLE_LIMIT)
}

/// The id of an operation: its number and who made it.
pub(super) type Id = (u64, ActorId);

/// What one change did, step by step.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Apart {
    pub(super) actor: ActorId,
    /// Seconds since 1970.
    pub(super) time: i64,
    pub(super) operations: u64,
    pub(super) steps: Vec<Step>,
}

/// Operations that are done at one place.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Step {
    /// Characters typed in a row behind another, or at the beginning.
    Typed { behind: Option<Id>, text: String },
    /// A character removed.
    Removed(Id),
    /// A register written.
    Put(String, ScalarValue),
    /// A register emptied.
    Cleared(String),
}

// Numbers of actions.
const PUT: u64 = 1;
const DELETE: u64 = 3;

impl Apart {
    fn read(mut data: &[u8], text: &ObjId) -> Option<Self> {
        deps(&mut data)?;
        let actor = ActorId::from(prefixed(&mut data)?);
        let _sequence = number(&mut data)?;
        let first = number(&mut data)?;
        let time = signed(&mut data)?;
        if !prefixed(&mut data)?.is_empty() {
            return None;
        }
        let mut actors = vec![actor.clone()];
        for _ in 0..few(&mut data)? {
            actors.push(ActorId::from(prefixed(&mut data)?));
        }
        let mut reader = Reader::of(data, actors, text)?;
        let mut number = first;
        while !reader.columns.action.ended() {
            number = number.checked_add(reader.step(number)?)?;
            if number > OPERATION_LIMIT || reader.steps.len() > STEPS_LIMIT {
                return None;
            }
        }
        let (operations, steps) = (number - first, reader.steps);
        (operations > 0).then_some(Self { actor, time, operations, steps })
    }
}

/// The columns that say what is done; the others follow from them.
struct Columns<'a> {
    object_actor: Repeats<'a, u64>,
    object: Repeats<'a, u64>,
    key_actor: Repeats<'a, u64>,
    key: Growing<'a>,
    name: Repeats<'a, &'a str>,
    insert: Flags<'a>,
    action: Repeats<'a, u64>,
    value: Repeats<'a, u64>,
    /// What the values are made of.
    raw: &'a [u8],
}

impl<'a> Columns<'a> {
    /// Reads the table and leaves nothing behind the columns.
    fn of(mut data: &'a [u8]) -> Option<Self> {
        let mut table = vec![];
        for _ in 0..few(&mut data)? {
            table.push((number(&mut data)?, usize::try_from(number(&mut data)?).ok()?));
        }
        let mut columns = vec![];
        for (kind, length) in table {
            let (column, rest) = data.split_at_checked(length)?;
            data = rest;
            columns.push((kind, column));
        }
        let column = |kind| {
            let mut all = columns.iter();
            all.find(|(it, _)| *it == kind).map_or(&[][..], |(_, column)| *column)
        };
        data.is_empty().then(|| Self {
            object_actor: Repeats::numbers(column(0x01)),
            object: Repeats::numbers(column(0x02)),
            key_actor: Repeats::numbers(column(0x11)),
            key: Growing::new(column(0x13)),
            name: Repeats::words(column(0x15)),
            insert: Flags::new(column(0x34)),
            action: Repeats::numbers(column(0x42)),
            value: Repeats::numbers(column(0x56)),
            raw: column(0x57),
        })
    }

    fn pass(&mut self, count: u64) {
        self.object_actor.pass(count);
        self.object.pass(count);
        self.key_actor.pass(count);
        self.key.pass(count);
        self.name.pass(count);
        self.insert.pass(count);
        self.action.pass(count);
        self.value.pass(count);
    }
}

struct Reader<'a> {
    columns: Columns<'a>,
    actors: Vec<ActorId>,
    /// Number and actor of the text object.
    text: (u64, u64),
    steps: Vec<Step>,
}

impl<'a> Reader<'a> {
    fn of(data: &'a [u8], actors: Vec<ActorId>, text: &ObjId) -> Option<Self> {
        let ObjId::Id(number, by, _) = text else { return None };
        // A change that does nothing to the text need not name its maker.
        let by = actors.iter().position(|actor| actor == by).unwrap_or(actors.len());
        let text = (*number, u64::try_from(by).ok()?);
        Some(Self { columns: Columns::of(data)?, actors, text, steps: vec![] })
    }

    /// Takes operations from `number` on that are alike, and says how many.
    fn step(&mut self, number: u64) -> Option<u64> {
        let columns = &mut self.columns;
        let (object_actor, objects_by_one) = columns.object_actor.run()?;
        let (object, objects) = columns.object.run()?;
        let (key_actor, keys_by_one) = columns.key_actor.run()?;
        let (key, keys) = columns.key.run()?;
        let (name, names) = columns.name.run()?;
        let (insert, inserts) = columns.insert.run()?;
        let (action, actions) = columns.action.run()?;
        let (value, values) = columns.value.run()?;
        let places = [objects_by_one, objects, keys_by_one, keys, names];
        let count = places.into_iter().chain([inserts, actions, values]).min()?;
        let action = action?;
        match (object.zip(object_actor), name) {
            (None, Some(name)) if !insert => {
                // One at a time: the values may differ though they are of one length.
                let name = name.to_owned();
                match action {
                    PUT => {
                        let value = self.value(value?)?;
                        self.steps.push(Step::Put(name, value));
                    }
                    DELETE => self.steps.push(Step::Cleared(name)),
                    _ => return None,
                }
                self.columns.pass(1);
                Some(1)
            }
            (Some(text), None) if text == self.text => match (action, insert) {
                (PUT, true) => {
                    let count = self.typed(number, (key?, key_actor), value?, count)?;
                    self.columns.pass(count);
                    Some(count)
                }
                (DELETE, false) => {
                    self.removed(key?, key_actor?, count)?;
                    self.columns.pass(count);
                    Some(count)
                }
                _ => None,
            },
            _ => None,
        }
    }

    /// Takes `count` removals.
    fn removed(&mut self, (at, step): Grows, actor: u64, count: u64) -> Option<()> {
        if count > STEPS_LIMIT as u64 {
            return None;
        }
        for place in 0..count.cast_signed() {
            let id = self.id(at.checked_add(step.checked_mul(place)?)?, actor)?;
            self.steps.push(Step::Removed(id));
        }
        Some(())
    }

    /// Takes as many of `count` insertions as stand in a row.
    fn typed(
        &mut self,
        number: u64,
        ((at, step), actor): (Grows, Option<u64>),
        value: u64,
        count: u64,
    ) -> Option<u64> {
        // The maker of this change is the first of the actors.
        let goes_on = actor == Some(0) && at == number.checked_sub(1)?.cast_signed();
        let count = if goes_on && step == 1 { count } else { 1 };
        let length = text_length(value)?.checked_mul(count)?;
        let typed = str::from_utf8(self.raw(length)?).ok()?;
        match self.steps.last_mut() {
            Some(Step::Typed { text, .. }) if goes_on => text.push_str(typed),
            _ => {
                let behind = match actor {
                    Some(actor) => Some(self.id(at, actor)?),
                    None if at == 0 => None,
                    None => return None,
                };
                let text = typed.to_owned();
                self.steps.push(Step::Typed { behind, text });
            }
        }
        Some(count)
    }

    fn id(&self, number: i64, actor: u64) -> Option<Id> {
        let actor = self.actors.get(usize::try_from(actor).ok()?)?;
        Some((u64::try_from(number).ok()?, actor.clone()))
    }

    fn value(&mut self, meta: u64) -> Option<ScalarValue> {
        let raw = self.raw(meta >> 4)?;
        match meta & 0xf {
            1 => Some(ScalarValue::Boolean(false)),
            2 => Some(ScalarValue::Boolean(true)),
            6 => Some(ScalarValue::Str(str::from_utf8(raw).ok()?.into())),
            7 => Some(ScalarValue::Bytes(raw.to_vec())),
            _ => None,
        }
    }

    fn raw(&mut self, length: u64) -> Option<&'a [u8]> {
        let (read, rest) = self.columns.raw.split_at_checked(usize::try_from(length).ok()?)?;
        self.columns.raw = rest;
        Some(read)
    }
}

/// Length in bytes of the text that a value is, from its kind and length; `None` for other values.
fn text_length(meta: u64) -> Option<u64> {
    (meta & 0xf == 6).then_some(meta >> 4)
}
