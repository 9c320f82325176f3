//! Lifetimes, two at a time. In: two spans of which one bounds the other. Out: a report where it does
//! not.

use crate::{code::Code, document::At, report::Report, settings::Seconds};

/// Reports two lifetimes of which the first is not below the second.
pub(super) fn shorter(
    key: &str,
    short: Option<At<Seconds>>,
    other: &str,
    long: Option<At<Seconds>>,
    report: &mut Report,
) {
    let (Some(short), Some(long)) = (short, long) else { return };
    if short.value >= long.value {
        report.add(Code::LifetimeOrder, short.place, |found| {
            let found = found
                .message(format!("`{key}` is not shorter than `{other}`"))
                .help(format!("shorten `{key}`, or lengthen `{other}`"));
            if long.place == short.place {
                // A default has no place of its own.
                return found.help(format!("`{other}` is {} s unless it is set", long.value.0));
            }
            found.other(long.place, format!("`{other}` is set here"))
        });
    }
}

/// Reports two lifetimes of which the first is above the second.
pub(super) fn not_above(
    key: &str,
    short: Option<At<Seconds>>,
    other: &str,
    long: Option<At<Seconds>>,
    report: &mut Report,
) {
    let (Some(short), Some(long)) = (short, long) else { return };
    if short.value > long.value {
        report.add(Code::LifetimeOrder, short.place, |found| {
            found
                .message(format!("`{key}` is longer than `{other}`"))
                .help(format!("shorten `{key}`, or lengthen `{other}`"))
                .other(long.place, format!("`{other}` is set here"))
        });
    }
}
