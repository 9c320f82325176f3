//! Moments as people read them. In: a timestamp, and the present one. Out: a date, and how long ago.

use auth_runtime::clock::Timestamp;
use maud::{Markup, html};

const MINUTE: i64 = 60;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// A date, which shows the time of day when pointed at.
pub(super) fn date(at: Timestamp) -> Markup {
    let (day, month, year) = civil(at);
    let exact = exact(at);
    let name = usize::try_from(month - 1).ok().and_then(|month| MONTHS.get(month));
    html! {
        time datetime=(exact.replace(' ', "T")) title=(exact.replace('Z', " UTC")) {
            (day) " " (name.unwrap_or(&"")) " " (year)
        }
    }
}

/// How long ago, to the unit that matters.
pub(super) fn ago(at: Timestamp, now: Timestamp) -> Markup {
    let exact = exact(at);
    html! {
        time datetime=(exact.replace(' ', "T")) title=(exact.replace('Z', " UTC")) {
            (words(now.0.saturating_sub(at.0)))
        }
    }
}

fn words(seconds: i64) -> String {
    let (count, unit) = match seconds {
        ..MINUTE => return "just now".to_owned(),
        MINUTE..HOUR => (seconds / MINUTE, "minute"),
        HOUR..DAY => (seconds / HOUR, "hour"),
        DAY.. => (seconds / DAY, "day"),
    };
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} {unit}{plural} ago")
}

fn exact(at: Timestamp) -> String {
    let (day, month, year) = civil(at);
    let second = at.0.rem_euclid(DAY);
    let (hour, minute) = (second / HOUR, second % HOUR / MINUTE);
    format!("{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}Z")
}

/// Day, month and year in UTC: Howard Hinnant's `civil_from_days`, in years that begin in March.
fn civil(at: Timestamp) -> (i64, i64, i64) {
    let days = at.0.div_euclid(DAY) + 719_468;
    let era = days.div_euclid(146_097);
    let of_era = days.rem_euclid(146_097);
    let year = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let march_month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * march_month + 2) / 5 + 1;
    let month = if march_month < 10 { march_month + 3 } else { march_month - 9 };
    (day, month, year + era * 400 + i64::from(month <= 2))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_those_of_the_calendar() {
        for (seconds, written) in [
            (0, "1970-01-01 00:00Z"),
            (951_782_400, "2000-02-29 00:00Z"),
            (1_709_251_199, "2024-02-29 23:59Z"),
            (1_735_689_600, "2025-01-01 00:00Z"),
            (4_107_542_400, "2100-03-01 00:00Z"),
            (-1, "1969-12-31 23:59Z"),
        ] {
            assert_eq!(exact(Timestamp(seconds)), written);
        }
    }

    #[test]
    fn how_long_ago_is_told_in_the_largest_whole_unit() {
        let told = [-5, 59, 60, 119, 7_200, 86_400, 172_800].map(words);
        let expected = ["just now", "just now", "1 minute ago", "1 minute ago"];
        assert_eq!(told[..4], expected);
        assert_eq!(told[4..], ["2 hours ago", "1 day ago", "2 days ago"]);
    }
}
