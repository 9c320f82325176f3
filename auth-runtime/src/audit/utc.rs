//! Time as people and log servers read it. In: seconds since 1970. Out: RFC 3339 in UTC.

use std::fmt;

use crate::clock::Timestamp;

const DAY: i64 = 24 * 60 * 60;
/// The last second that RFC 3339 can write: the end of the year 9999.
const LAST: i64 = 253_402_300_799;

/// A moment in RFC 3339, in UTC and whole seconds: `2027-01-15T08:00:00Z`. What lies before 1970
/// or after 9999 reads as the first or last second between.
pub(crate) struct Utc(pub(crate) Timestamp);

impl fmt::Display for Utc {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.0.0.clamp(0, LAST);
        let (year, month, day) = date(seconds / DAY);
        let (hour, minute, second) = (seconds / 3600 % 24, seconds / 60 % 60, seconds % 60);
        write!(f, "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
    }
}

/// The date so many days after 1970-01-01. Years are counted from March, so that a leap day is the
/// last of its year; 400 of them, 146,097 days, are one round of the calendar.
const fn date(days: i64) -> (i64, i64, i64) {
    let since_march_of_year_0 = days + 719_468;
    let round = since_march_of_year_0 / 146_097;
    let day_of_round = since_march_of_year_0 % 146_097;
    let year_of_round =
        (day_of_round - day_of_round / 1460 + day_of_round / 36_524 - day_of_round / 146_096) / 365;
    let day_of_year =
        day_of_round - (365 * year_of_round + year_of_round / 4 - year_of_round / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    let year = year_of_round + round * 400 + if month <= 2 { 1 } else { 0 };
    (year, month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a1_moments_are_written_in_rfc_3339() {
        for (seconds, text) in [
            (0, "1970-01-01T00:00:00Z"),
            (951_782_399, "2000-02-28T23:59:59Z"),
            (951_782_400, "2000-02-29T00:00:00Z"),
            (1_709_164_800, "2024-02-29T00:00:00Z"),
            (1_800_000_000, "2027-01-15T08:00:00Z"),
            (4_107_542_400, "2100-03-01T00:00:00Z"),
            (LAST, "9999-12-31T23:59:59Z"),
            (i64::MAX, "9999-12-31T23:59:59Z"),
            (i64::MIN, "1970-01-01T00:00:00Z"),
        ] {
            assert_eq!(Utc(Timestamp(seconds)).to_string(), text);
        }
    }
}
