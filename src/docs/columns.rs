//! Columns of a change's operations, read in runs: as many at a time as are alike.
//!
//! Source: automerge's binary format, as in `chunk`. A column that has ended goes on without end: a
//! writer leaves out what stands for nothing.

use super::chunk::{number, prefixed, signed};

/// Values that may repeat, each stretch after its length.
#[derive(Debug, Clone)]
pub(super) struct Repeats<'a, T> {
    data: &'a [u8],
    read: fn(&mut &'a [u8]) -> Option<T>,
    value: Option<T>,
    /// How often `value` is still to come.
    left: u64,
    /// How many values follow that stand for themselves.
    single: u64,
}

impl<'a, T: Clone> Repeats<'a, T> {
    fn new(data: &'a [u8], read: fn(&mut &'a [u8]) -> Option<T>) -> Self {
        Self { data, read, value: None, left: 0, single: 0 }
    }

    /// Whether nothing is left of it.
    pub(super) fn ended(&self) -> bool {
        self.left == 0 && self.single == 0 && self.data.is_empty()
    }

    /// The next value, and how many times it stands in a row; `None` for bytes without meaning.
    pub(super) fn run(&mut self) -> Option<(Option<T>, u64)> {
        if self.left == 0 && !self.ended() {
            if self.single == 0 {
                self.begin()?;
            }
            if self.single > 0 {
                self.single -= 1;
                self.value = Some((self.read)(&mut self.data)?);
                self.left = 1;
            }
        }
        Some(if self.left == 0 { (None, u64::MAX) } else { (self.value.clone(), self.left) })
    }

    fn begin(&mut self) -> Option<()> {
        match signed(&mut self.data)? {
            0 => {
                self.value = None;
                self.left = number(&mut self.data)?;
                (self.left > 0).then_some(())
            }
            count @ 1.. => {
                self.value = Some((self.read)(&mut self.data)?);
                self.left = count.unsigned_abs();
                Some(())
            }
            count => {
                self.single = count.unsigned_abs();
                Some(())
            }
        }
    }

    /// Goes on by `count`, at most what [`Repeats::run`] said.
    pub(super) fn pass(&mut self, count: u64) {
        self.left = self.left.saturating_sub(count);
    }
}

impl<'a> Repeats<'a, u64> {
    pub(super) fn numbers(data: &'a [u8]) -> Self {
        Self::new(data, number)
    }
}

impl<'a> Repeats<'a, &'a str> {
    pub(super) fn words(data: &'a [u8]) -> Self {
        Self::new(data, |data| str::from_utf8(prefixed(data)?).ok())
    }
}

/// Numbers told by how much each is more than the one before.
#[derive(Debug, Clone)]
pub(super) struct Growing<'a> {
    steps: Repeats<'a, i64>,
    last: i64,
}

/// A next number, and by how much each of those behind it in a row is more.
pub(super) type Grows = (i64, i64);

impl<'a> Growing<'a> {
    pub(super) fn new(data: &'a [u8]) -> Self {
        Self { steps: Repeats::new(data, signed), last: 0 }
    }

    pub(super) fn run(&mut self) -> Option<(Option<Grows>, u64)> {
        let (step, count) = self.steps.run()?;
        let grows = match step {
            Some(step) => Some((self.last.checked_add(step)?, step)),
            None => None,
        };
        Some((grows, count))
    }

    pub(super) fn pass(&mut self, count: u64) {
        if let Some((Some(step), _)) = self.steps.run() {
            self.last = self.last.wrapping_add(step.wrapping_mul(count.cast_signed()));
        }
        self.steps.pass(count);
    }
}

/// No and yes in turn, each after how often.
#[derive(Debug, Clone)]
pub(super) struct Flags<'a> {
    data: &'a [u8],
    yes: bool,
    left: u64,
}

impl<'a> Flags<'a> {
    pub(super) fn new(data: &'a [u8]) -> Self {
        // The first count is of no.
        Self { data, yes: true, left: 0 }
    }

    pub(super) fn run(&mut self) -> Option<(bool, u64)> {
        while self.left == 0 && !self.data.is_empty() {
            self.left = number(&mut self.data)?;
            self.yes = !self.yes;
        }
        Some(if self.left == 0 { (false, u64::MAX) } else { (self.yes, self.left) })
    }

    pub(super) fn pass(&mut self, count: u64) {
        self.left = self.left.saturating_sub(count);
    }
}
