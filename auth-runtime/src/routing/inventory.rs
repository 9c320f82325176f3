//! What a router serves and to whom. In: routes as they are added. Out: one list, from which the
//! start-up table and the lock are written, and whatever else has to agree with what is enforced.

use std::{fmt, panic::Location};

use auth_policy::{
    Policy,
    invariant::{Broken, Fault, broken},
    lock::{self, Guard, Lock, Rule},
    policy::LimitId,
    settings::EndpointKind,
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
    /// The path of the policy.
    policy: String,
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
    pub rule: Rule,
    /// The rate limit it is held to: its rule's or, of what this crate brings, the policy's for
    /// endpoints of its kind.
    pub limit: Option<String>,
    /// Where it was routed: file, line and column of the routing call.
    pub routed_at: &'static Location<'static>,
}

impl Inventory {
    pub(crate) fn new(entries: &[Entry], policy: &Policy) -> Self {
        let mut endpoints: Vec<_> =
            entries.iter().map(|entry| Endpoint::new(entry, policy)).collect();
        endpoints.sort_by(|a, b| (&a.path, a.method).cmp(&(&b.path, b.method)));
        Self { policy: policy.path().to_owned(), endpoints }
    }

    /// The endpoints, sorted by path and method.
    pub fn endpoints(&self) -> &[Endpoint] {
        &self.endpoints
    }

    /// What the policy says under `never` and `always` of endpoints that are among these, and is not
    /// so. Endpoints that are not may be those of another router.
    pub(crate) fn broken_statements(&self, policy: &Policy) -> Vec<String> {
        let of_others = |broken: &Broken| matches!(broken.fault, Fault::NoSuchEndpoint(_));
        let broken = broken(policy, &self.lock()).into_iter().filter(|broken| !of_others(broken));
        broken.map(|broken| format!("{broken} (line {})", broken.endpoint.place.line)).collect()
    }

    /// The same as it is written beside the policy, without the lines of the routing calls: what the
    /// test of [`lock_test!`](crate::lock_test) compares.
    pub fn lock(&self) -> Lock {
        let endpoints = self.endpoints.iter().map(Endpoint::locked).collect();
        Lock { policy: self.policy.clone(), endpoints }.sorted()
    }
}

impl Endpoint {
    fn new(entry: &Entry, policy: &Policy) -> Self {
        Self {
            method: entry.method,
            path: entry.path.clone(),
            handler: entry.handler,
            rule: entry.access.rule(policy),
            limit: rule::limit_name(entry.limit(policy), policy).map(str::to_owned),
            routed_at: entry.routed_at,
        }
    }

    fn locked(&self) -> lock::Endpoint {
        lock::Endpoint {
            method: self.method.to_string(),
            path: self.path.clone(),
            handler: self.handler.to_owned(),
            rule: self.rule.clone(),
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

impl Access {
    /// The same in the policy's names. Whether a guard looks for the token against forged requests in
    /// a form is not part of it: that says where the token is, and not who may call.
    fn rule(&self, policy: &Policy) -> Rule {
        match self {
            Self::Guarded(requirement) => Rule::Guarded(requirement.guard(policy)),
            Self::Public(openness) => Rule::Public {
                reason: openness.reason.to_string(),
                identity: owned(rule::scheme_names(openness.schemes, policy)),
                limit: rule::limit_name(openness.limit, policy).map(str::to_owned),
            },
            Self::Unguarded(reason) => Rule::Unguarded { reason: (*reason).to_owned() },
        }
    }
}

impl Requirement {
    fn guard(&self, policy: &Policy) -> Guard {
        let scopes = owned(self.scope_names(policy));
        Guard {
            schemes: owned(rule::scheme_names(self.schemes.bits(policy), policy)),
            // Of a single scope, one is all.
            any_scope: self.any_scope && scopes.len() > 1,
            scopes,
            role: self.role_name(policy).map(str::to_owned),
            limit: rule::limit_name(self.limit, policy).map(str::to_owned),
            name: self.rule_name(policy).map(str::to_owned),
            max_age: self.max_age,
            acr: self.acr_value(policy).map(str::to_owned),
            people_only: self.is_for_people(),
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

fn owned<'a>(names: impl Iterator<Item = &'a str>) -> Vec<String> {
    names.map(str::to_owned).collect()
}
