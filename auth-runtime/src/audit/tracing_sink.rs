//! Events as `tracing` records under the target `auth`: what is let in at DEBUG, what is kept out
//! at INFO and with it the end of an outage and a policy that was taken, what looks like an attack at
//! WARN, what failed at ERROR. The fields are those of the
//! lines of JSON, under the same names.

use std::fmt::Display;

use auth_policy::plain;
use tracing::{Level, level_filters::LevelFilter};

use crate::audit::{AuditSink, Decision, Event, Kind, record::Named, utc::Utc};

/// Writes every event to whatever subscriber the application installed.
///
/// # Security
///
/// Every value is escaped before a subscriber sees it, so that one which writes what it is given
/// cannot be made to write a second record.
#[derive(Clone, Copy, Debug, Default)]
pub struct TracingSink;

macro_rules! record {
    ($level:ident, $event:expr) => {{
        let event = $event;
        let subject = event.subject;
        let actor = event.actor;
        tracing::$level!(
            target: "auth",
            timestamp = %Utc(event.at),
            event.name = %Named(event),
            auth.decision = event.decision.as_str(),
            auth.cause = event.cause,
            user.id = text(subject.map(|subject| &*subject.id)).as_deref(),
            auth.issuer = text(subject.map(|subject| &*subject.issuer)).as_deref(),
            auth.actor.id = text(actor.map(|actor| &*actor.id)).as_deref(),
            auth.actor.issuer = text(actor.map(|actor| &*actor.issuer)).as_deref(),
            auth.client.id = text(event.client).as_deref(),
            auth.scheme = text(event.scheme).as_deref(),
            auth.credential.kind = event.credential_kind.map(|kind| kind.as_str()),
            auth.credential.id = text(event.credential).as_deref(),
            auth.presented = shown(event.presented).as_deref(),
            auth.account = shown(event.account).as_deref(),
            http.request.method = text(event.method).as_deref(),
            http.route = text(event.route).as_deref(),
            http.request.id = text(event.request_id).as_deref(),
            client.address = shown(event.address).as_deref(),
            auth.rule.name = text(event.rule).as_deref(),
            auth.rule.place = shown(event.place).as_deref().map(plain::text).as_deref(),
            auth.policy = event.policy.as_str(),
            auth.denial.id = event.denial.as_ref().map(|id| id.as_str()),
            auth.count = event.count,
        )
    }};
}

impl AuditSink for TracingSink {
    fn record(&self, event: &Event<'_>) {
        // The level of a callsite is a constant, so each has its own.
        match level(event.decision, event.kind) {
            Level::ERROR => record!(error, event),
            Level::WARN => record!(warn, event),
            Level::INFO => record!(info, event),
            _ => record!(debug, event),
        }
    }

    /// Whether any subscriber listens to that level at all: what it filters by fields counts as
    /// wanted.
    fn wants(&self, kind: Kind, decision: Decision) -> bool {
        level(decision, kind) <= LevelFilter::current()
    }
}

fn level(decision: Decision, kind: Kind) -> Level {
    match (decision, kind) {
        (Decision::Error, _) => Level::ERROR,
        (_, Kind::Suspicious | Kind::RefreshReuse | Kind::CodeReplayed | Kind::Lost) => Level::WARN,
        // Who saw it begin at ERROR, or edited the policy, waits for this line.
        (Decision::Deny, _) | (_, Kind::Outage | Kind::PolicyReloaded) => Level::INFO,
        (Decision::Allow, _) => Level::DEBUG,
    }
}

fn text(value: Option<&str>) -> Option<std::borrow::Cow<'_, str>> {
    value.map(plain::text)
}

fn shown(value: Option<impl Display>) -> Option<String> {
    value.map(|value| value.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a1_what_looks_like_an_attack_is_a_warning_whatever_was_decided() {
        for decision in [Decision::Allow, Decision::Deny] {
            for kind in [Kind::Suspicious, Kind::RefreshReuse, Kind::CodeReplayed, Kind::Lost] {
                assert_eq!(level(decision, kind), Level::WARN, "{kind:?}");
            }
        }
        assert_eq!(level(Decision::Error, Kind::CodeReplayed), Level::ERROR);
        assert_eq!(level(Decision::Deny, Kind::Access), Level::INFO);
        assert_eq!(level(Decision::Allow, Kind::Outage), Level::INFO);
        assert_eq!(level(Decision::Allow, Kind::PolicyReloaded), Level::INFO);
        assert_eq!(level(Decision::Allow, Kind::Access), Level::DEBUG);
    }
}
