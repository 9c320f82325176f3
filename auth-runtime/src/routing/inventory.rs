//! What a router serves and to whom. In: routes as they are added. Out: one list, from which the
//! start-up table is written, and whatever else has to agree with what is enforced.

use std::{fmt, panic::Location};

use auth_policy::{
    Policy,
    policy::LimitId,
    settings::{EndpointKind, Seconds},
};

use crate::rule::{self, Openness, Requirement};

/// Who may call an endpoint, in the ids the handler was compiled with.
#[derive(Clone, Debug)]
pub enum Access {
    /// Those who meet the rule of `#[authenticate(..)]`.
    #[doc(hidden)]
    Guarded(Requirement),
    /// Everybody, as `#[public(..)]` says.
    #[doc(hidden)]
    Public(Openness),
    /// Everybody: a service mounted beside the rules, for this reason.
    #[doc(hidden)]
    Unguarded(&'static str),
}

/// An endpoint as a router records it.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    pub(crate) method: Method,
    pub(crate) path: String,
    pub(crate) handler: &'static str,
    pub(crate) access: Access,
    pub(crate) routed_at: &'static Location<'static>,
    /// The kind that the policy has to limit, of an endpoint that this crate brings.
    pub(crate) kind: Option<EndpointKind>,
}

/// The method an endpoint answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Method {
    /// `GET`, and `HEAD` with it.
    Get,
    /// `HEAD` alone.
    Head,
    /// `POST`.
    Post,
    /// `PUT`.
    Put,
    /// `PATCH`.
    Patch,
    /// `DELETE`.
    Delete,
    /// `OPTIONS`.
    Options,
    /// `TRACE`.
    Trace,
    /// Whatever no other endpoint of the path answers.
    Any,
}

impl fmt::Display for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Get => "GET",
            Self::Head => "HEAD",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Patch => "PATCH",
            Self::Delete => "DELETE",
            Self::Options => "OPTIONS",
            Self::Trace => "TRACE",
            Self::Any => "ANY",
        })
    }
}

/// Every endpoint of a protected application, sorted by path and method.
///
/// `Display` writes it as a table, one line per endpoint.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Inventory {
    endpoints: Vec<Endpoint>,
}

/// An endpoint and who may call it, in the policy's names.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Endpoint {
    /// The method it answers.
    pub method: Method,
    /// The path as axum knows it, such as `/posts/{id}`; of a fallback, `*` below its prefix.
    pub path: String,
    /// The handler's type name, such as `blog::posts::create_post`.
    pub handler: &'static str,
    /// Who may call it.
    pub rule: EndpointRule,
    /// The rate limit it is held to: its rule's or, of what this crate brings, the policy's for
    /// endpoints of its kind.
    pub limit: Option<String>,
    /// Where it was routed: file, line and column of the routing call.
    pub routed_at: &'static Location<'static>,
}

/// Who may call an endpoint.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum EndpointRule {
    /// Those who meet every part of it.
    #[non_exhaustive]
    Authenticated {
        /// The schemes whose credentials count; one of them.
        schemes: Vec<String>,
        /// The scopes asked for.
        scopes: Vec<String>,
        /// Whether one of the scopes is enough.
        any_scope: bool,
        /// The role asked for.
        role: Option<String>,
        /// The rate limit.
        limit: Option<String>,
        /// The named rule of the policy that says so.
        name: Option<String>,
        /// How long ago somebody may have signed in.
        max_age: Option<Seconds>,
        /// The weakest authentication context that is enough.
        acr: Option<String>,
    },
    /// Everybody.
    #[non_exhaustive]
    Public {
        /// Why.
        reason: String,
        /// The schemes whose credentials identify the caller, if there is one.
        identity: Vec<String>,
        /// The rate limit.
        limit: Option<String>,
    },
    /// Everybody: a service that brings no rules of ours.
    #[non_exhaustive]
    Unguarded {
        /// Why.
        reason: String,
    },
}

impl Inventory {
    pub(crate) fn new(entries: &[Entry], policy: &Policy) -> Self {
        let mut endpoints: Vec<_> =
            entries.iter().map(|entry| Endpoint::new(entry, policy)).collect();
        endpoints.sort_by(|a, b| (&a.path, a.method).cmp(&(&b.path, b.method)));
        Self { endpoints }
    }

    /// The endpoints, sorted by path and method.
    pub fn endpoints(&self) -> &[Endpoint] {
        &self.endpoints
    }
}

impl Endpoint {
    fn new(entry: &Entry, policy: &Policy) -> Self {
        Self {
            method: entry.method,
            path: entry.path.clone(),
            handler: entry.handler,
            rule: EndpointRule::new(&entry.access, policy),
            limit: rule::limit_name(entry.limit(policy), policy).map(str::to_owned),
            routed_at: entry.routed_at,
        }
    }
}

impl Entry {
    fn limit(&self, policy: &Policy) -> Option<LimitId> {
        let own = match &self.access {
            Access::Guarded(requirement) => requirement.limit,
            Access::Public(openness) => openness.limit,
            Access::Unguarded(_) => None,
        };
        own.or_else(|| policy.endpoint_limit(self.kind?))
    }
}

impl EndpointRule {
    fn new(access: &Access, policy: &Policy) -> Self {
        match access {
            Access::Guarded(requirement) => Self::Authenticated {
                schemes: owned(rule::scheme_names(requirement.schemes.bits(policy), policy)),
                scopes: owned(requirement.scope_names(policy)),
                any_scope: requirement.any_scope,
                role: requirement.role_name(policy).map(str::to_owned),
                limit: rule::limit_name(requirement.limit, policy).map(str::to_owned),
                name: requirement.rule_name(policy).map(str::to_owned),
                max_age: requirement.max_age,
                acr: requirement.acr_value(policy).map(str::to_owned),
            },
            Access::Public(openness) => Self::Public {
                reason: openness.reason.to_string(),
                identity: owned(rule::scheme_names(openness.schemes, policy)),
                limit: rule::limit_name(openness.limit, policy).map(str::to_owned),
            },
            Access::Unguarded(reason) => Self::Unguarded { reason: (*reason).to_owned() },
        }
    }
}

impl fmt::Display for Inventory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let paths = self.endpoints.iter().map(|endpoint| endpoint.path.chars().count());
        let width = paths.max().unwrap_or(0);
        self.endpoints.iter().try_for_each(|endpoint| {
            writeln!(f, "{:7} {:width$}  {}", endpoint.method, endpoint.path, endpoint.rule)
        })
    }
}

impl fmt::Display for EndpointRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Authenticated { schemes, scopes, any_scope, role, limit, name, max_age, acr } => {
                f.write_str(&schemes.join(" | "))?;
                if !scopes.is_empty() {
                    let between = if *any_scope { " or " } else { " and " };
                    write!(f, "; scope {}", scopes.join(between))?;
                }
                part(f, "role", role.as_deref())?;
                part(f, "max_age", max_age.map(|span| span.to_string()).as_deref())?;
                part(f, "acr", acr.as_deref())?;
                part(f, "limit", limit.as_deref())?;
                part(f, "rule", name.as_deref())
            }
            Self::Public { reason, identity, limit } => {
                write!(f, "public: {reason}")?;
                let identity = identity.join(" | ");
                part(f, "identity", Some(identity.as_str()).filter(|names| !names.is_empty()))?;
                part(f, "limit", limit.as_deref())
            }
            Self::Unguarded { reason } => write!(f, "unguarded: {reason}"),
        }
    }
}

fn owned<'a>(names: impl Iterator<Item = &'a str>) -> Vec<String> {
    names.map(str::to_owned).collect()
}

fn part(f: &mut fmt::Formatter<'_>, label: &str, value: Option<&str>) -> fmt::Result {
    value.map_or(Ok(()), |value| write!(f, "; {label} {value}"))
}
