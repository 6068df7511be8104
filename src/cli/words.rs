//! Numbers, sizes, spans and times as people write them, and back.

use jiff::Timestamp;

/// `1 file`, `2 files`, `10,000 files`.
pub(super) fn count(number: u64, one: &str, many: &str) -> String {
    format!("{} {}", grouped(number), if number == 1 { one } else { many })
}

/// `10,000` for 10000.
pub(super) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A size in the largest fitting unit of a thousand: `0 B`, `999 B`, `1.0 KB`, `72.4 MB`.
pub(super) fn size(bytes: u64) -> String {
    /// Each a thousand times the one before.
    const UNITS: [&str; 6] = ["KB", "MB", "GB", "TB", "PB", "EB"];
    if bytes < 1000 {
        return format!("{bytes} B");
    }
    // In tenths of the unit, so that no float is needed; 64 bits hold 18.4 EB.
    let mut tenths = bytes / 100;
    let mut unit = 0;
    while tenths >= 10_000 {
        tenths /= 1000;
        unit += 1;
    }
    format!("{}.{} {}", tenths / 10, tenths % 10, UNITS[unit])
}

/// A span: `3 ms`, `1.2 s`, `4 min 5 s`, `2 h 3 min`.
pub(super) fn span(ms: u64) -> String {
    let seconds = ms / 1000;
    match ms {
        0..1000 => format!("{ms} ms"),
        1000..60_000 => format!("{}.{} s", seconds, ms % 1000 / 100),
        60_000..3_600_000 => format!("{} min {} s", seconds / 60, seconds % 60),
        _ => format!("{} h {} min", seconds / 3600, seconds / 60 % 60),
    }
}

/// A short time: `7 us`, `1.2 ms`, `340.0 ms`, then as [`span`].
pub(super) fn moment(us: u64) -> String {
    match us {
        0..1000 => format!("{us} us"),
        1000..1_000_000 => format!("{}.{} ms", us / 1000, us % 1000 / 100),
        _ => span(us / 1000),
    }
}

/// An amount in the unit that machine output names: `us` or `bytes`.
pub(super) fn amount(value: u64, unit: &str) -> String {
    match unit {
        "us" => moment(value),
        "bytes" => size(value),
        _ => value.to_string(),
    }
}

/// How long before `now` the RFC 3339 time `then` was: `just now`, `5 minutes ago`; the text itself
/// when it is no time.
pub(super) fn ago(now: Timestamp, then: &str) -> String {
    let Ok(time) = then.parse::<Timestamp>() else {
        return then.to_owned();
    };
    let seconds = now.as_second().saturating_sub(time.as_second());
    // A clock of another device may run ahead; that is no news.
    let seconds = u64::try_from(seconds).unwrap_or(0);
    match seconds {
        0..60 => "just now".to_owned(),
        60..3600 => format!("{} ago", count(seconds / 60, "minute", "minutes")),
        3600..86_400 => format!("{} ago", count(seconds / 3600, "hour", "hours")),
        _ => format!("{} ago", count(seconds / 86_400, "day", "days")),
    }
}

/// Reads a span such as `90s`, `15m`, `1h30m`, `250ms` or `2d`, in milliseconds.
///
/// # Errors
///
/// One clause for people when a unit is missing or unknown, or the number is too large.
pub(super) fn parse_span(text: &str) -> Result<u64, String> {
    let wrong = || "a number with a unit is expected, such as 30s, 15m, 1h30m or 2d".to_owned();
    let mut rest = text.trim();
    let mut total: u64 = 0;
    if rest.is_empty() {
        return Err(wrong());
    }
    while !rest.is_empty() {
        let digits = rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        let (number, tail) = rest.split_at(digits);
        let letters = tail.len() - tail.trim_start_matches(|c: char| c.is_ascii_alphabetic()).len();
        let (unit, tail) = tail.split_at(letters);
        let unit_ms: u64 = match unit {
            "ms" => 1,
            "s" => 1000,
            "m" | "min" => 60_000,
            "h" => 3_600_000,
            "d" => 86_400_000,
            _ => return Err(wrong()),
        };
        total = number
            .parse::<u64>()
            .ok()
            .and_then(|number| number.checked_mul(unit_ms))
            .and_then(|ms| total.checked_add(ms))
            .ok_or_else(wrong)?;
        rest = tail.trim_start();
    }
    Ok(total)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_grouped_and_counted() {
        assert_eq!(grouped(0), "0");
        assert_eq!(grouped(999), "999");
        assert_eq!(grouped(1000), "1,000");
        assert_eq!(grouped(1_234_567), "1,234,567");
        assert_eq!(count(1, "file", "files"), "1 file");
        assert_eq!(count(0, "file", "files"), "0 files");
    }

    #[test]
    fn sizes_take_the_fitting_unit() {
        for (bytes, text) in [
            (0, "0 B"),
            (999, "999 B"),
            (1000, "1.0 KB"),
            (1099, "1.0 KB"),
            (999_999, "999.9 KB"),
            (1_000_000, "1.0 MB"),
            (72_400_000, "72.4 MB"),
            (u64::MAX, "18.4 EB"),
        ] {
            assert_eq!(size(bytes), text);
        }
    }

    #[test]
    fn spans_are_short() {
        for (ms, text) in [
            (0, "0 ms"),
            (999, "999 ms"),
            (1234, "1.2 s"),
            (60_000, "1 min 0 s"),
            (3_723_000, "1 h 2 min"),
        ] {
            assert_eq!(span(ms), text);
        }
    }

    #[test]
    fn moments_and_amounts_have_a_fitting_unit() {
        for (us, text) in [
            (0, "0 us"),
            (999, "999 us"),
            (1250, "1.2 ms"),
            (999_999, "999.9 ms"),
            (1_234_000, "1.2 s"),
        ] {
            assert_eq!(moment(us), text);
            assert_eq!(amount(us, "us"), text);
        }
        assert_eq!(amount(1500, "bytes"), "1.5 KB");
        assert_eq!(amount(1500, "apples"), "1500");
    }

    #[test]
    fn times_are_told_from_now() {
        let now = "2026-11-20T12:00:00Z".parse().unwrap();
        for (then, text) in [
            ("2026-11-20T12:00:00.000Z", "just now"),
            ("2026-11-20T12:00:30.000Z", "just now"),
            ("2026-11-20T11:59:00.000Z", "1 minute ago"),
            ("2026-11-20T09:00:00.000Z", "3 hours ago"),
            ("2026-11-10T12:00:00.000Z", "10 days ago"),
            ("never", "never"),
        ] {
            assert_eq!(ago(now, then), text);
        }
    }

    #[test]
    fn spans_are_read() {
        for (text, ms) in [
            ("15m", 900_000),
            ("30s", 30_000),
            ("250ms", 250),
            ("1h30m", 5_400_000),
            ("1h 30min", 5_400_000),
            ("2d", 172_800_000),
            ("0s", 0),
        ] {
            assert_eq!(parse_span(text), Ok(ms), "{text}");
        }
        for bad in
            ["", "15", "m", "1.5h", "-3s", "3 fortnights", "99999999999999999999s", "300000000000d"]
        {
            assert!(parse_span(bad).is_err(), "{bad}");
        }
    }
}
