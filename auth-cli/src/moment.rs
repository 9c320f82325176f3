//! Moments as people read them. In: seconds since 1970. Out: a day, a moment in UTC, and how far it
//! is from now.

/// The last second that is written as a date: the end of the year 9999.
const LAST: i64 = 253_402_300_799;

const MINUTE: u64 = 60;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;
const YEAR: u64 = 365 * DAY;

/// A day as `2026-01-31`, in UTC. The algorithm is that of Howard Hinnant's `civil_from_days`.
pub(crate) fn day(seconds: i64) -> String {
    let days = seconds.div_euclid(86_400) + 719_468;
    let (era, day) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year = (day - day / 1460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let day = day - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    let year = year + era * 400 + i64::from(month <= 2);
    format!("{year:04}-{month:02}-{day:02}")
}

/// A moment as `2026-01-31T08:00:00Z`; nothing outside of the years 1970 to 9999.
pub(crate) fn utc(seconds: i64) -> Option<String> {
    if !(0..=LAST).contains(&seconds) {
        return None;
    }
    let (hour, minute, second) = (seconds / 3600 % 24, seconds / 60 % 60, seconds % 60);
    Some(format!("{}T{hour:02}:{minute:02}:{second:02}Z", day(seconds)))
}

/// How far a moment is from now: `in 3 minutes`, `2 hours ago`, `now`.
pub(crate) fn from_now(seconds: i64, now: i64) -> String {
    let span = seconds.abs_diff(now);
    match seconds.cmp(&now) {
        std::cmp::Ordering::Less => format!("{} ago", rounded(span)),
        std::cmp::Ordering::Equal => "now".to_owned(),
        std::cmp::Ordering::Greater => format!("in {}", rounded(span)),
    }
}

/// A span in the greatest unit of which there are about two, rounded to the nearest.
fn rounded(span: u64) -> String {
    let units = [(YEAR, "year"), (DAY, "day"), (HOUR, "hour"), (MINUTE, "minute")];
    let found = units.into_iter().find(|(unit, _)| span >= unit * 3 / 2);
    let (unit, name) = found.unwrap_or((1, "second"));
    let count = span.saturating_add(unit / 2) / unit;
    format!("{count} {name}{}", if count == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_those_of_the_calendar() {
        for (seconds, text) in [
            (0, "1970-01-01"),
            (951_782_400, "2000-02-29"),
            (1_709_251_199, "2024-02-29"),
            (1_767_225_600, "2026-01-01"),
            (-1, "1969-12-31"),
        ] {
            assert_eq!(day(seconds), text);
        }
    }

    #[test]
    fn moments_are_those_of_the_calendar() {
        assert_eq!(utc(1_800_000_000).as_deref(), Some("2027-01-15T08:00:00Z"));
        assert_eq!(utc(LAST).as_deref(), Some("9999-12-31T23:59:59Z"));
        for outside in [-1, LAST + 1, i64::MIN, i64::MAX] {
            assert_eq!(utc(outside), None);
        }
    }

    #[test]
    fn spans_are_told_in_one_unit() {
        for (seconds, text) in [
            (0, "now"),
            (1, "in 1 second"),
            (-89, "89 seconds ago"),
            (90, "in 2 minutes"),
            (899, "in 15 minutes"),
            (-7_300, "2 hours ago"),
            (7 * 86_400, "in 7 days"),
            (-20 * 365 * 86_400, "20 years ago"),
        ] {
            assert_eq!(from_now(seconds, 0), text);
        }
        assert!(from_now(i64::MAX, i64::MIN).starts_with("in 58494241"));
        assert!(from_now(i64::MIN, i64::MAX).ends_with(" years ago"));
    }
}
