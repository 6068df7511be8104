//! The stations, and the times taken at each.

use std::time::Duration;

use hdrhistogram::Histogram;

use super::shape::Latency;

/// Where time is taken; the table is in the room's doc.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Station {
    /// From the watcher to the engine.
    Event,
    /// Until the file was left alone.
    Debounce,
    /// Looking at the file.
    Read,
    /// Making the change, or the merge.
    Change,
    /// Making it durable.
    Store,
    /// Handing a message to the transport.
    Send,
    /// Decoding a frame and waiting for the engine.
    Receive,
    /// Changing the folder.
    Write,
    /// Looking through the whole folder.
    Walk,
    /// An edit, from its first event until it is durable.
    TakenIn,
    /// The same without debounce.
    Edit,
    /// An edit, from its first event until it is on its way.
    Sent,
    /// A peer's change, from its coming in until it is in the folder.
    Written,
}

impl Station {
    /// All of them, in the order of the edit path; totals last.
    pub(crate) const ALL: [Self; 13] = [
        Self::Event,
        Self::Debounce,
        Self::Read,
        Self::Change,
        Self::Store,
        Self::Send,
        Self::Receive,
        Self::Write,
        Self::Walk,
        Self::TakenIn,
        Self::Edit,
        Self::Sent,
        Self::Written,
    ];

    /// The word used in JSON.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Event => "event",
            Self::Debounce => "debounce",
            Self::Read => "read",
            Self::Change => "change",
            Self::Store => "store",
            Self::Send => "send",
            Self::Receive => "receive",
            Self::Write => "write",
            Self::Walk => "walk",
            Self::TakenIn => "taken-in",
            Self::Edit => "edit",
            Self::Sent => "sent",
            Self::Written => "written",
        }
    }
}

/// Longest time told apart, in microseconds: an hour. Longer ones count as that.
const LONGEST_US: u64 = 3_600_000_000;
/// Decimal digits that are kept of each time; 13 histograms take 170 KB so, one more digit ten
/// times that.
const DIGITS: u8 = 2;

/// The times taken at every station.
#[derive(Debug)]
pub(super) struct Times([Times1; Station::ALL.len()]);

#[derive(Debug)]
struct Times1 {
    histogram: Histogram<u32>,
    sum_us: u64,
}

impl Times {
    pub(super) fn new() -> Self {
        Self(std::array::from_fn(|_| Times1 {
            histogram: Histogram::new_with_bounds(1, LONGEST_US, DIGITS)
                .expect("these bounds and digits are valid"),
            sum_us: 0,
        }))
    }

    /// Counts one time.
    pub(super) fn took(&mut self, station: Station, time: Duration) {
        let us = micros(time);
        let times = &mut self.0[station as usize];
        times.histogram.saturating_record(us.max(1));
        times.sum_us = times.sum_us.saturating_add(us);
    }

    /// What was counted, for every station.
    pub(super) fn latencies(&self) -> Vec<Latency> {
        Station::ALL.into_iter().zip(&self.0).map(|(station, times)| times.shown(station)).collect()
    }
}

impl Times1 {
    fn shown(&self, station: Station) -> Latency {
        let at = |quantile| {
            if self.histogram.is_empty() { 0 } else { self.histogram.value_at_quantile(quantile) }
        };
        Latency {
            name: station.as_str().to_owned(),
            count: self.histogram.len(),
            p50_us: at(0.5),
            p95_us: at(0.95),
            p99_us: at(0.99),
            max_us: self.histogram.max(),
            sum_us: self.sum_us,
        }
    }
}

/// A time in whole microseconds.
pub(super) fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stations_lie_where_their_number_says() {
        for (at, station) in Station::ALL.into_iter().enumerate() {
            assert_eq!(station as usize, at, "{station:?}");
        }
    }

    #[test]
    fn percentiles_are_exact_to_two_digits() {
        let mut times = Times::new();
        for ms in 1..=100 {
            times.took(Station::Read, Duration::from_millis(ms));
        }
        let read = &times.latencies()[Station::Read as usize];
        assert_eq!((read.name.as_str(), read.count), ("read", 100));
        let near = |us: u64, ms: u64| us.abs_diff(ms * 1000) * 100 <= ms * 1000;
        assert!(near(read.p50_us, 50), "{read:?}");
        assert!(near(read.p95_us, 95), "{read:?}");
        assert!(near(read.p99_us, 99), "{read:?}");
        assert!(near(read.max_us, 100), "{read:?}");
        assert_eq!(read.sum_us, 5_050_000);
        let others = times.latencies().into_iter().filter(|it| it.name != "read");
        assert!(others.into_iter().all(|it| it.count == 0 && it.p99_us == 0 && it.max_us == 0));
    }

    #[test]
    fn nothing_and_for_ever_are_counted_at_the_ends() {
        let mut times = Times::new();
        times.took(Station::Walk, Duration::ZERO);
        times.took(Station::Walk, Duration::MAX);
        let walk = &times.latencies()[Station::Walk as usize];
        assert_eq!(walk.count, 2);
        assert!(walk.p50_us <= 1 && walk.max_us >= LONGEST_US, "{walk:?}");
    }
}
