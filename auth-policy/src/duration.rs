//! Spans of time. In: a word such as `15m`. Out: seconds, or what is wrong with it; the same for a
//! policy and for a handler's attribute.

use crate::settings::Seconds;

/// The longest span of time that can be written: ten years.
const LONGEST_SECONDS: u64 = 10 * 365 * 24 * 60 * 60;

#[cfg(feature = "yaml")]
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
