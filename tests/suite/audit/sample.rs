//! Events without an engine behind them, for tests of what happens to events.

use std::{
    mem,
    sync::{Arc, LazyLock, Mutex},
};

use auth_policy::{Policy, Source, check};
use auth_runtime::{
    Subject,
    audit::{AuditSink, CredentialKind, Decision, Event, Kind, Tag},
    clock::Timestamp,
};
use serde_json::Value;

use super::fixture::START;
use crate::files::workspace;

/// The policy of every sample.
static POLICY: LazyLock<Policy> = LazyLock::new(|| {
    let file = workspace().join("policies/test.yaml");
    let source = Source::read(&file, "policies/test.yaml").unwrap();
    check(&source).policy.unwrap()
});

/// An event of which nothing is known but its kind.
pub(super) fn event(kind: Kind) -> Event<'static> {
    Event::new(Timestamp(START), kind, POLICY.revision().clone())
}

/// Somebody at our own issuer.
pub(super) fn subject(id: &str) -> Subject {
    Subject { issuer: "https://issuer.example".into(), id: id.into() }
}

/// A sign-in that failed, so many seconds after the start.
pub(super) fn failed(name: &str, address: &str, after: i64) -> Event<'static> {
    let mut event = event(Kind::Login);
    event.at = Timestamp(START + after);
    event.decision = Decision::Deny;
    event.cause = Some("wrong-password");
    event.account = Tag::of_name(name);
    event.address = Some(address.parse().unwrap());
    event
}

/// An API key that was let in.
pub(super) fn key_used<'e>(id: &'e str, address: &str) -> Event<'e> {
    let mut event = event(Kind::Access);
    event.credential_kind = Some(CredentialKind::ApiKey);
    event.credential = Some(id);
    event.address = Some(address.parse().unwrap());
    event
}

/// Keeps events as they are written down.
#[derive(Clone, Default)]
pub(super) struct Written(Arc<Mutex<Vec<Value>>>);

impl Written {
    /// What was written since the last call.
    pub(super) fn take(&self) -> Vec<Value> {
        mem::take(&mut self.0.lock().unwrap())
    }

    /// The causes of what was written of that kind.
    pub(super) fn causes_of(&self, kind: Kind) -> Vec<String> {
        let name = format!("auth.{}", kind.as_str());
        let of_kind = self.take().into_iter().filter(|event| event["event.name"] == name);
        of_kind.map(|event| event["auth.cause"].as_str().unwrap().to_owned()).collect()
    }
}

impl AuditSink for Written {
    fn record(&self, event: &Event<'_>) {
        self.0.lock().unwrap().push(serde_json::from_str(&event.to_json()).unwrap());
    }
}
