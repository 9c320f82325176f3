//! Events as `tracing` records under the target `auth`: what is let in at DEBUG, what is kept out
//! at INFO, what failed at ERROR.

use crate::audit::{AuditSink, Decision, Event};

/// Writes every event to whatever subscriber the application installed.
#[derive(Clone, Copy, Debug, Default)]
pub struct TracingSink;

macro_rules! record {
    ($level:ident, $event:expr) => {{
        let event = $event;
        tracing::$level!(
            target: "auth",
            at = event.at.0,
            kind = event.kind.as_str(),
            decision = event.decision.as_str(),
            issuer = event.subject.map(|subject| &*subject.issuer),
            subject = event.subject.map(|subject| &*subject.id),
            scheme = event.scheme,
            credential = event.credential,
            method = event.method,
            route = event.route,
            rule = event.rule,
            cause = event.cause,
            policy = event.policy.as_str(),
            request_id = event.request_id,
        )
    }};
}

impl AuditSink for TracingSink {
    fn record(&self, event: &Event<'_>) {
        match event.decision {
            Decision::Allow => record!(debug, event),
            Decision::Deny => record!(info, event),
            Decision::Error => record!(error, event),
        }
    }
}
