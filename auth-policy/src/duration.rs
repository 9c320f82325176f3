//! Spans of time. In: a word such as `15m`. Out: seconds, or what is wrong with it; the same for a
//! policy and for a handler's attribute.

use std::{error::Error, fmt, str::FromStr};

use crate::settings::Seconds;

/// The longest span of time that can be written: ten years.
const LONGEST_SECONDS: u64 = 10 * 365 * 24 * 60 * 60;

/// What to do about a word that is no span of time.
pub(crate) const HELP: &str =
    "write a whole number and a unit, such as `30s`, `15m`, `24h` or `7d`, up to ten years";

/// The span of time that a word means.
pub(crate) fn seconds(text: &str) -> Result<Seconds, &'static str> {
    let units = [('s', 1), ('m', 60), ('h', 3600), ('d', 86_400)];
    let split = |(unit, factor): (char, u64)| Some((text.strip_suffix(unit)?, factor));
    let (number, factor) = units.into_iter().find_map(split).unwrap_or((text, 0));
    if number.is_empty() || !number.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err("is no span of time");
    }
    if factor == 0 {
        return Err("has no unit");
    }
    let seconds = number.parse::<u64>().ok().and_then(|number| number.checked_mul(factor));
    let seconds = seconds.filter(|seconds| *seconds <= LONGEST_SECONDS);
    seconds.map(Seconds).ok_or("is longer than ten years")
}

/// A span of time as a policy writes it: `30s`, `15m`, `24h`, `7d`, up to ten years.
///
/// ```
/// use auth_policy::settings::Seconds;
///
/// assert_eq!("15m".parse(), Ok(Seconds(900)));
/// assert_eq!("15".parse::<Seconds>().unwrap_err().to_string(), "`15` has no unit: write a whole \
///     number and a unit, such as `30s`, `15m`, `24h` or `7d`, up to ten years");
/// ```
impl FromStr for Seconds {
    type Err = NotASpan;

    fn from_str(text: &str) -> Result<Self, NotASpan> {
        seconds(text).map_err(|why| NotASpan { text: text.to_owned(), why })
    }
}

/// A text that is no span of time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotASpan {
    text: String,
    why: &'static str,
}

impl fmt::Display for NotASpan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` {}: {HELP}", self.text.escape_debug(), self.why)
    }
}

impl Error for NotASpan {}
