//! The two clocks: monotonic milliseconds since the start, and the time of day.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use crate::model::{Tick, WallMs};

/// The time of day is told to the engine again once it moved this far, in milliseconds. Times of
/// edits are no finer than this; a smaller value only costs inputs.
pub(crate) const WALL_STEP_MS: i64 = 100;

/// Where [`Tick`]s are counted from.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Clock {
    start: Instant,
}

impl Clock {
    /// A clock that stands at zero now.
    pub(crate) fn start() -> Self {
        Self { start: Instant::now() }
    }

    /// The start.
    pub(crate) const fn began(&self) -> Instant {
        self.start
    }

    /// Milliseconds since the start.
    pub(crate) fn now(&self) -> Tick {
        Tick(u64::try_from(self.start.elapsed().as_millis()).unwrap_or(u64::MAX))
    }

    /// The moment of `tick` for timers.
    ///
    /// - Shape: one millisecond tick ends at the start of the next, so a timer set to it never
    ///   wakes before [`Clock::now`] has reached it.
    pub(crate) fn moment(&self, tick: Tick) -> Instant {
        // A year ahead is as good as never, and cannot overflow the system's clock.
        const FAR_MS: u64 = 365 * 24 * 3600 * 1000;
        let ahead = tick.0.min(self.now().0.saturating_add(FAR_MS));
        self.start + Duration::from_millis(ahead)
    }
}

/// The time of day.
pub(crate) fn wall() -> WallMs {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    WallMs(since.map_or(0, |since| i64::try_from(since.as_millis()).unwrap_or(i64::MAX)))
}

/// Writes a time as RFC 3339 in UTC with milliseconds.
///
/// - Shape: `2026-01-31T08:15:00.123Z`; a time beyond the calendar is written as its last instant.
pub(crate) fn rfc3339(time: WallMs) -> String {
    let stamp = jiff::Timestamp::from_millisecond(time.0).unwrap_or(if time.0 < 0 {
        jiff::Timestamp::MIN
    } else {
        jiff::Timestamp::MAX
    });
    format!("{stamp:.3}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_written_with_milliseconds() {
        assert_eq!(rfc3339(WallMs(0)), "1970-01-01T00:00:00.000Z");
        assert_eq!(rfc3339(WallMs(1_769_847_300_123)), "2026-01-31T08:15:00.123Z");
        assert!(rfc3339(WallMs(i64::MAX)).starts_with("9999"));
    }

    #[test]
    fn a_moment_is_never_before_its_tick() {
        let clock = Clock::start();
        let tick = clock.now().plus_ms(3);
        std::thread::sleep(clock.moment(tick).saturating_duration_since(Instant::now()));
        assert!(clock.now() >= tick);
        let _far = clock.moment(Tick(u64::MAX));
    }
}
