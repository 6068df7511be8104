//! When things began that are not over: a table of fixed size.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::time::Instant;

/// Beginnings remembered at once, 24 bytes each. Of two that meet in one slot the later one stays,
/// so a larger value only measures more of what is under way in bulk.
const SLOTS: usize = 2048;

/// When things began, by a number that names each.
#[derive(Debug)]
pub(super) struct Slots(Box<[Option<(u64, Instant)>]>);

impl Slots {
    pub(super) fn new() -> Self {
        Self(vec![None; SLOTS].into())
    }

    fn place(&mut self, name: u64) -> &mut Option<(u64, Instant)> {
        let slots = self.0.len() as u64;
        // The remainder is smaller than the length, which is a usize.
        let place = usize::try_from(name % slots).unwrap_or(0);
        &mut self.0[place]
    }

    /// It begins now, whatever was known of it.
    pub(super) fn begin(&mut self, now: Instant, name: u64) {
        *self.place(name) = Some((name, now));
    }

    /// It begins now, unless it has begun before.
    pub(super) fn begin_once(&mut self, now: Instant, name: u64) {
        let place = self.place(name);
        if place.is_none_or(|(known, _)| known != name) {
            *place = Some((name, now));
        }
    }

    /// It is over; when it began, if that is still known.
    pub(super) fn end(&mut self, name: u64) -> Option<Instant> {
        let place = self.place(name);
        let (_, began) = place.filter(|(known, _)| *known == name)?;
        *place = None;
        Some(began)
    }
}

/// A number for a path.
pub(super) fn number(path: &crate::model::VaultPath) -> u64 {
    let mut hasher = DefaultHasher::new();
    path.as_str().hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn each_beginning_ends_once() {
        let (start, mut slots) = (Instant::now(), Slots::new());
        slots.begin(start, 7);
        assert_eq!(slots.end(8), None);
        assert_eq!(slots.end(7), Some(start));
        assert_eq!(slots.end(7), None);
    }

    #[test]
    fn of_two_in_one_slot_the_later_stays() {
        let (start, mut slots) = (Instant::now(), Slots::new());
        let later = start + Duration::from_millis(1);
        let other = 7 + SLOTS as u64;
        slots.begin(start, 7);
        slots.begin(later, other);
        assert_eq!(slots.end(7), None);
        assert_eq!(slots.end(other), Some(later));
    }

    #[test]
    fn the_first_of_several_beginnings_counts_when_asked_for() {
        let (start, mut slots) = (Instant::now(), Slots::new());
        let later = start + Duration::from_millis(1);
        slots.begin_once(start, 7);
        slots.begin_once(later, 7);
        assert_eq!(slots.end(7), Some(start));
        slots.begin(start, 7);
        slots.begin(later, 7);
        assert_eq!(slots.end(7), Some(later));
    }
}
