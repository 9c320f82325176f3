//! What a rule asks of the sign-in behind a credential (RFC 9470). In: a span of time and a scheme.
//! Out: the span as seconds, and whether such a credential has a sign-in at all.

use crate::{
    duration,
    policy::{Scheme, SchemeKind},
    settings::Seconds,
    source::quoted,
};

/// The longest ago that a rule may let a sign-in be.
const LONGEST: Seconds = Seconds(30 * 24 * 60 * 60);

/// Why a span of time is no `max_age`.
pub(super) enum Fault {
    /// It is none at all: the message.
    NoSpan(String),
    /// It is too short or too long.
    OutOfRange,
}

/// A `max_age`: from 1 s to 30 days.
pub(super) fn max_age(text: &str) -> Result<Seconds, Fault> {
    let span = duration::seconds(text)
        .map_err(|fault| Fault::NoSpan(format!("{} {fault}", quoted(text))))?;
    let fits = span >= Seconds(1) && span <= LONGEST;
    if fits { Ok(span) } else { Err(Fault::OutOfRange) }
}

/// Whether somebody signs in to come by such a credential, so that it can be said when and how.
pub(super) fn has_sign_in(scheme: &Scheme) -> bool {
    !matches!(scheme.kind, SchemeKind::ApiKey(_))
}
