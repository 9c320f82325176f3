//! One event: who, what, where, when, and why it was decided so.

use std::{fmt, net::IpAddr};

use auth_policy::{
    Policy, Revision,
    policy::{Scheme, SchemeKind},
};

use crate::{
    audit::{DenialId, Kind, Tag},
    clock::Timestamp,
    identity::Subject,
};

/// Something that happened to a credential or at a guard.
///
/// # Security
///
/// An event never holds a secret. Of what a stranger can choose it holds `request_id` alone, and
/// that only if it is short and plain; `subject` and `credential` come from what was verified, and
/// a [`Tag`] says nothing about what it was made of. A sink still has to escape what it writes: an
/// issuer may call a subject anything.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Event<'a> {
    /// When.
    pub at: Timestamp,
    /// What.
    pub kind: Kind,
    /// How it was decided.
    pub decision: Decision,
    /// Who, as far as a verified credential says; of a sign-in, whose account it is about.
    pub subject: Option<&'a Subject>,
    /// Who did it, where that is somebody else than `subject`: an admin who closes an account.
    pub actor: Option<&'a Subject>,
    /// The OAuth client that it is about, by its id.
    pub client: Option<&'a str>,
    /// The scheme of the credential.
    pub scheme: Option<&'a str>,
    /// Of which kind the credential is, verified or merely presented.
    pub credential_kind: Option<CredentialKind>,
    /// The credential's public id, such as a token's `jti`.
    pub credential: Option<&'a str>,
    /// What a credential that was refused is recognized by, should it come again.
    pub presented: Option<Tag>,
    /// What the user name of a failed sign-in is recognized by, should it come again.
    pub account: Option<Tag>,
    /// The request's method; `other` where it is none of those that RFC 9110 and 5789 name.
    pub method: Option<&'a str>,
    /// The path as routed, such as `/posts/{id}`.
    pub route: Option<&'a str>,
    /// The address of the client, where the application says how it is found.
    pub address: Option<IpAddr>,
    /// The named rule of the policy that decided, if the handler named one.
    pub rule: Option<&'a str>,
    /// Where the policy says so: the line of the rule, or of the scheme where no rule is named.
    pub place: Option<PolicyLine<'a>>,
    /// The exact cause, kebab-case and stable; not for the outside. Of keys that were fetched, why.
    pub cause: Option<&'static str>,
    /// How many, of what comes in numbers: accounts, addresses, events that were lost.
    pub count: Option<u64>,
    /// The policy in force.
    pub policy: Revision,
    /// The request's `X-Request-Id`, if it has one of visible ASCII of at most 128 bytes.
    pub request_id: Option<&'a str>,
    /// What the refusal is found by: the answer's `instance` has the same.
    pub denial: Option<DenialId>,
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

/// The kinds of credential.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum CredentialKind {
    /// An access token, ours or a foreign issuer's.
    AccessToken,
    /// A refresh token.
    RefreshToken,
    /// An API key.
    ApiKey,
    /// A session's cookie.
    Session,
    /// A user name with a password.
    Password,
}

/// A line of the policy file: `policies/blog.yaml:12`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct PolicyLine<'a> {
    /// The file, as reviewers know it.
    pub path: &'a str,
    /// The line, from 1.
    pub line: u32,
}

impl<'a> Event<'a> {
    /// An event of which nothing else is known yet: nobody was refused anything.
    pub const fn new(at: Timestamp, kind: Kind, policy: Revision) -> Self {
        Self {
            at,
            kind,
            decision: Decision::Allow,
            subject: None,
            actor: None,
            client: None,
            scheme: None,
            credential_kind: None,
            credential: None,
            presented: None,
            account: None,
            method: None,
            route: None,
            address: None,
            rule: None,
            place: None,
            cause: None,
            count: None,
            policy,
            request_id: None,
            denial: None,
        }
    }
}

impl<'a> PolicyLine<'a> {
    /// Where a named rule is declared.
    pub(crate) fn of_rule(policy: &'a Policy, name: &str) -> Option<Self> {
        let line = policy.rule(name)?.place.line;
        Some(Self { path: policy.path(), line })
    }

    /// Where a scheme is declared.
    pub(crate) fn of_scheme(policy: &'a Policy, scheme: &Scheme) -> Self {
        Self { path: policy.path(), line: scheme.place.line }
    }
}

impl fmt::Display for PolicyLine<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.path, self.line)
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

impl CredentialKind {
    /// The name in records: stable.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::AccessToken => "access_token",
            Self::RefreshToken => "refresh_token",
            Self::ApiKey => "api_key",
            Self::Session => "session",
            Self::Password => "password",
        }
    }

    /// What credentials of a scheme are.
    pub(crate) const fn of(scheme: &SchemeKind) -> Self {
        match scheme {
            SchemeKind::Jwt(_) | SchemeKind::Issuer(_) => Self::AccessToken,
            SchemeKind::ApiKey(_) => Self::ApiKey,
            SchemeKind::Session(_) => Self::Session,
        }
    }
}
