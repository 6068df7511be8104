//! Middle, tail and spread of a few numbers.

/// `count` as a number to calculate with; exact up to 2^53.
#[expect(clippy::cast_precision_loss, reason = "nothing that is counted here comes near 2^53")]
pub(crate) fn real(count: u64) -> f64 {
    count as f64
}

/// The same for the length of something.
pub(crate) fn length(count: usize) -> f64 {
    real(u64::try_from(count).unwrap_or(u64::MAX))
}

/// What of the values is judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stat {
    Median,
    P95,
    P99,
    Max,
}

impl Stat {
    pub(crate) fn parse(word: &str) -> Option<Self> {
        match word {
            "median" => Some(Self::Median),
            "p95" => Some(Self::P95),
            "p99" => Some(Self::P99),
            "max" => Some(Self::Max),
            _ => None,
        }
    }

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Median => "median",
            Self::P95 => "p95",
            Self::P99 => "p99",
            Self::Max => "max",
        }
    }

    /// Of no values: none.
    pub(crate) fn of(self, values: &[f64]) -> Option<f64> {
        match self {
            Self::Median => percentile(values, 50),
            Self::P95 => percentile(values, 95),
            Self::P99 => percentile(values, 99),
            Self::Max => percentile(values, 100),
        }
    }
}

/// The least value that `percent` of all do not exceed.
pub(crate) fn percentile(values: &[f64], percent: usize) -> Option<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let rank = (sorted.len() * percent).div_ceil(100).max(1);
    sorted.get(rank - 1).copied()
}

/// How far the values lie apart: the middle half from eight on, all of them below.
pub(crate) fn spread(values: &[f64]) -> f64 {
    let (low, high) = if values.len() < 8 { (0, 100) } else { (25, 75) };
    let at = |percent| percentile(values, percent).unwrap_or(0.0);
    at(high) - at(low)
}

/// How far the median of such values is off by chance (one standard error), as well as few values
/// can tell; `None` for less than two.
pub(crate) fn doubt(values: &[f64]) -> Option<f64> {
    // Expected range of so many normal values, in standard deviations.
    const RANGES: [f64; 6] = [1.128, 1.693, 2.059, 2.326, 2.534, 2.704];
    const MIDDLE_HALF: f64 = 1.349;
    let width = match values.len() {
        0 | 1 => return None,
        few @ 2..8 => RANGES[few - 2],
        _ => MIDDLE_HALF,
    };
    Some(1.2533 * spread(values) / width / length(values.len()).sqrt())
}
