//! An event as it is written down. In: an [`Event`]. Out: one line of JSON, in a schema with a
//! number. Names follow OpenTelemetry's conventions where those have one, else the Elastic Common
//! Schema, and begin with `auth.` where neither has.

use std::net::IpAddr;

use auth_policy::plain;
use serde::{Serialize, Serializer};

use crate::audit::{Event, utc::Utc};

/// The schema's number. It changes when a member goes or means something else; a new member alone
/// does not change it.
pub const SCHEMA: u32 = 1;

/// The members of a line, in their order. What is not known is left out.
#[derive(Serialize)]
struct Record<'e> {
    schema: u32,
    timestamp: Text<Utc>,
    #[serde(rename = "event.name")]
    name: Text<Named<'e>>,
    #[serde(rename = "auth.decision")]
    decision: &'static str,
    #[serde(rename = "auth.cause", skip_serializing_if = "Option::is_none")]
    cause: Option<&'static str>,
    #[serde(rename = "user.id", skip_serializing_if = "Option::is_none")]
    user: Option<&'e str>,
    #[serde(rename = "auth.issuer", skip_serializing_if = "Option::is_none")]
    issuer: Option<&'e str>,
    #[serde(rename = "auth.actor.id", skip_serializing_if = "Option::is_none")]
    actor: Option<&'e str>,
    #[serde(rename = "auth.actor.issuer", skip_serializing_if = "Option::is_none")]
    actor_issuer: Option<&'e str>,
    #[serde(rename = "auth.client.id", skip_serializing_if = "Option::is_none")]
    client: Option<&'e str>,
    #[serde(rename = "auth.scheme", skip_serializing_if = "Option::is_none")]
    scheme: Option<&'e str>,
    #[serde(rename = "auth.credential.kind", skip_serializing_if = "Option::is_none")]
    credential_kind: Option<&'static str>,
    #[serde(rename = "auth.credential.id", skip_serializing_if = "Option::is_none")]
    credential: Option<&'e str>,
    #[serde(rename = "auth.presented", skip_serializing_if = "Option::is_none")]
    presented: Option<Text<crate::audit::Tag>>,
    #[serde(rename = "auth.account", skip_serializing_if = "Option::is_none")]
    account: Option<Text<crate::audit::Tag>>,
    #[serde(rename = "http.request.method", skip_serializing_if = "Option::is_none")]
    method: Option<&'e str>,
    #[serde(rename = "http.route", skip_serializing_if = "Option::is_none")]
    route: Option<&'e str>,
    #[serde(rename = "http.request.id", skip_serializing_if = "Option::is_none")]
    request_id: Option<&'e str>,
    #[serde(rename = "client.address", skip_serializing_if = "Option::is_none")]
    address: Option<IpAddr>,
    #[serde(rename = "auth.rule.name", skip_serializing_if = "Option::is_none")]
    rule: Option<&'e str>,
    #[serde(rename = "auth.rule.place", skip_serializing_if = "Option::is_none")]
    place: Option<Text<crate::audit::PolicyLine<'e>>>,
    #[serde(rename = "auth.policy")]
    policy: &'e str,
    #[serde(rename = "auth.denial.id", skip_serializing_if = "Option::is_none")]
    denial: Option<&'e str>,
    #[serde(rename = "auth.count", skip_serializing_if = "Option::is_none")]
    count: Option<u64>,
    #[serde(rename = "owasp.event", skip_serializing_if = "Option::is_none")]
    owasp: Option<&'static str>,
    #[serde(rename = "ocsf.class_uid")]
    ocsf_class: u32,
    #[serde(rename = "ocsf.activity_id")]
    ocsf_activity: u32,
}

/// The `event.name`: `auth.` and the kind.
pub(super) struct Named<'e>(pub(super) &'e Event<'e>);

impl std::fmt::Display for Named<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "auth.{}", self.0.kind.as_str())
    }
}

/// Something that is written as its `Display` says.
struct Text<T>(T);

impl<T: std::fmt::Display> Serialize for Text<T> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(&self.0)
    }
}

impl Event<'_> {
    /// The event as one line of JSON, without the line's end: what [`JsonLines`] writes.
    ///
    /// ```
    /// use auth_runtime::{audit::{Event, Kind}, clock::Timestamp, policy, Auth};
    ///
    /// # use auth_runtime::{jwt::KeySet, policy_types::Algorithm, store::MemoryStore};
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let partner = KeySet::parse(KeySet::generate(Algorithm::ES256)?.expose(), &[])?;
    /// # let partner = KeySet::published(&partner.public_jwk_set().to_string(), &[Algorithm::ES256])?;
    /// # let own = KeySet::from_jwk_set(KeySet::generate(Algorithm::EdDSA)?.expose())?;
    /// # let auth = Auth::from_policy(policy!()).keys("jwt", own).keys("partner", partner)
    /// #     .store(std::sync::Arc::new(MemoryStore::new())).build().await?;
    /// let revision = auth.policy().revision().clone();
    /// let event = Event::new(Timestamp(1_800_000_000), Kind::Logout, revision);
    /// let line = event.to_json();
    /// assert!(line.starts_with(
    ///     r#"{"schema":1,"timestamp":"2027-01-15T08:00:00Z","event.name":"auth.logout","#
    /// ));
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Security
    ///
    /// Every character that is not seen as itself is escaped: no value can end the line, colour a
    /// terminal, or turn the direction of reading.
    ///
    /// [`JsonLines`]: crate::audit::JsonLines
    pub fn to_json(&self) -> String {
        let ocsf = self.kind.ocsf();
        let record = Record {
            schema: SCHEMA,
            timestamp: Text(Utc(self.at)),
            name: Text(Named(self)),
            decision: self.decision.as_str(),
            cause: self.cause,
            user: self.subject.map(|subject| &*subject.id),
            issuer: self.subject.map(|subject| &*subject.issuer),
            actor: self.actor.map(|actor| &*actor.id),
            actor_issuer: self.actor.map(|actor| &*actor.issuer),
            client: self.client,
            scheme: self.scheme,
            credential_kind: self.credential_kind.map(|kind| kind.as_str()),
            credential: self.credential,
            presented: self.presented.map(Text),
            account: self.account.map(Text),
            method: self.method,
            route: self.route,
            request_id: self.request_id,
            address: self.address,
            rule: self.rule,
            place: self.place.map(Text),
            policy: self.policy.as_str(),
            denial: self.denial.as_ref().map(|id| id.as_str()),
            count: self.count,
            owasp: self.kind.owasp(self.decision),
            ocsf_class: ocsf.class_uid,
            ocsf_activity: ocsf.activity_id,
        };
        // INVARIANT: a struct of strings and numbers is always written.
        plain::json(serde_json::to_string(&record).unwrap_or_default())
    }
}
