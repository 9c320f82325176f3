//! One event: who, what, where, when, and why it was decided so.

use auth_policy::Revision;

use crate::{clock::Timestamp, identity::Subject};

/// Something that happened to a credential or at a guard.
///
/// # Security
///
/// An event never holds a secret. Of what a stranger can choose it holds `request_id` alone, and
/// that only if it is short and plain; `subject` and `credential` come from what was verified.
/// A sink still has to escape what it writes: an issuer may call a subject anything.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Event<'a> {
    /// When.
    pub at: Timestamp,
    /// What.
    pub kind: Kind,
    /// How it was decided.
    pub decision: Decision,
    /// Who, as far as a verified credential says.
    pub subject: Option<&'a Subject>,
    /// The scheme of the credential.
    pub scheme: Option<&'a str>,
    /// The credential's public id, such as a token's `jti`.
    pub credential: Option<&'a str>,
    /// The request's method; `other` where it is none of those that RFC 9110 and 5789 name.
    pub method: Option<&'a str>,
    /// The path as routed, such as `/posts/{id}`.
    pub route: Option<&'a str>,
    /// The named rule of the policy that decided, if the handler named one.
    pub rule: Option<&'a str>,
    /// The exact cause, kebab-case and stable; not for the outside. Of keys that were fetched, why.
    pub cause: Option<&'a str>,
    /// The policy in force.
    pub policy: &'a Revision,
    /// The request's `X-Request-Id`, if it has one of visible ASCII of at most 128 bytes.
    pub request_id: Option<&'a str>,
}

/// What an event is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Kind {
    /// A guard looked at a request.
    Access,
    /// Somebody tried to sign in with a password.
    Login,
    /// A retired refresh token was presented: its family has ended.
    RefreshReuse,
    /// The limiter did not answer: `decision` says whether the request was served all the same.
    Limits,
    /// The keys of a scheme were replaced, or an issuer was asked for its keys.
    Keys,
}

/// How something was decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Decision {
    /// Let in.
    Allow,
    /// Kept out.
    Deny,
    /// Neither: the check itself failed, and nobody was let in.
    Error,
}

impl<'a> Event<'a> {
    /// An event of which nothing else is known yet: nobody was refused anything.
    pub(crate) const fn new(at: Timestamp, kind: Kind, policy: &'a Revision) -> Self {
        Self {
            at,
            kind,
            decision: Decision::Allow,
            subject: None,
            scheme: None,
            credential: None,
            method: None,
            route: None,
            rule: None,
            cause: None,
            policy,
            request_id: None,
        }
    }
}

impl Kind {
    /// The name in records: stable.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Access => "access",
            Self::Login => "login",
            Self::RefreshReuse => "refresh.reuse",
            Self::Limits => "limits",
            Self::Keys => "keys",
        }
    }
}

impl Decision {
    /// The name in records: stable.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Allow => "allow",
            Self::Deny => "deny",
            Self::Error => "error",
        }
    }
}
