//! What people ask of a policy and its lock. In: an endpoint, or a role, a scope or a scheme. Out:
//! who reaches it, or what is in its reach, as data for whoever shows it.

use std::fmt;

use serde::Serialize;

use super::{
    credential::{Carrier, Credential, Holder},
    reach::Access,
};
use crate::{
    lock::{Endpoint, Guard, Lock, Rule},
    policy::SchemeKind,
    settings::Seconds,
    source::quoted,
    suggest::nearest,
};

/// Who reaches an endpoint.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct WhoCan {
    /// The endpoint, and what it asks for.
    pub endpoint: Endpoint,
    /// The kinds of credential that reach it; none where everybody does, or nobody.
    pub ways: Vec<Way>,
    /// The schemes of the policy by which nobody reaches it.
    pub refused: Vec<String>,
}

/// A kind of credential that reaches an endpoint.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Way {
    /// The kind.
    #[serde(flatten)]
    pub carrier: Carrier,
    /// Whether somebody reaches it who holds no role at all.
    pub without_role: bool,
    /// The roles of which each alone is enough, with every scope that it can carry.
    pub roles: Vec<String>,
    /// The credentials of which nothing can be left out, the weakest first.
    pub smallest: Vec<Credential>,
    /// Whether there are more of them.
    pub smallest_cut: bool,
    /// What is asked of the request besides.
    pub conditions: Vec<Condition>,
}

/// What is asked of a request besides roles and scopes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Condition {
    /// The token against forged requests, because a browser sends the cookie by itself.
    CsrfToken,
    /// The same where the access token comes in its cookie.
    CsrfTokenInCookie,
    /// A sign-in less than so many seconds ago.
    SignedInWithin(Seconds),
    /// A sign-in at least that strong.
    Acr(String),
    /// That it is within this limit.
    Limit(String),
}

/// What is in reach of a role, a scope or a scheme.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct WhatCan {
    /// Of what.
    #[serde(flatten)]
    pub subject: Subject,
    /// The endpoints in reach, by path and method.
    pub endpoints: Vec<InReach>,
    /// How many endpoints are public, which everybody reaches.
    pub public: usize,
}

/// A role, a scope or a scheme.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Subject {
    /// Which of them.
    pub kind: SubjectKind,
    /// Its name.
    pub name: String,
}

/// What a name is the name of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum SubjectKind {
    /// A role: what an account that holds it and no other reaches.
    Role,
    /// A scope: what asks for it.
    Scope,
    /// A scheme: what any of its credentials reaches.
    Scheme,
}

/// An endpoint in reach.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct InReach {
    /// The method.
    pub method: String,
    /// The path.
    pub path: String,
    /// By which kinds of credential.
    pub through: Vec<Carrier>,
    /// What it asks for.
    pub asks: String,
}

/// A name that means nothing, and what was probably meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unknown {
    /// One lower-case sentence.
    pub message: String,
    /// What to ask for instead.
    pub help: Option<String>,
}

impl Access<'_> {
    /// Who reaches that endpoint.
    pub fn who_can(&self, endpoint: &Endpoint) -> WhoCan {
        let guard = if let Rule::Guarded(guard) = &endpoint.rule { Some(guard) } else { None };
        let carriers = self.carriers().into_iter().filter(|_| guard.is_some());
        let carriers = carriers.filter(|carrier| self.reaches(&endpoint.rule, carrier));
        let ways: Vec<_> = carriers.map(|carrier| self.way(endpoint, guard, carrier)).collect();
        let schemes = self.policy().schemes().iter().filter(|_| guard.is_some());
        let refused =
            schemes.filter(|scheme| ways.iter().all(|way| way.carrier.scheme != scheme.name));
        WhoCan {
            refused: refused.map(|scheme| scheme.name.clone()).collect(),
            endpoint: endpoint.clone(),
            ways,
        }
    }

    fn way(&self, endpoint: &Endpoint, guard: Option<&Guard>, carrier: Carrier) -> Way {
        let smallest = self.smallest(&endpoint.rule, &carrier);
        Way {
            without_role: smallest.credentials.iter().any(|one| one.roles.is_empty()),
            roles: self.roles_that_reach(&endpoint.rule, &carrier),
            smallest_cut: smallest.cut,
            conditions: self.conditions(&endpoint.method, guard, &carrier),
            smallest: smallest.credentials,
            carrier,
        }
    }

    fn conditions(&self, method: &str, guard: Option<&Guard>, carrier: &Carrier) -> Vec<Condition> {
        let policy = self.policy();
        let scheme = policy.scheme_id(&carrier.scheme).and_then(|id| policy.scheme(id));
        let kind = scheme.map(|scheme| &scheme.kind);
        let safe = ["GET", "HEAD", "OPTIONS", "TRACE"].contains(&method);
        let csrf = match kind {
            Some(SchemeKind::Session(_)) => Some(Condition::CsrfToken),
            Some(SchemeKind::Jwt(jwt)) if carrier.holder == Holder::Account => {
                jwt.cookies.as_ref().map(|_| Condition::CsrfTokenInCookie)
            }
            _ => None,
        };
        let limit_of_keys = match kind {
            Some(SchemeKind::ApiKey(keys)) => keys.limit.and_then(|id| policy.limit(id)),
            _ => None,
        };
        let limit = guard.and_then(|guard| guard.limit.clone());
        let conditions = [
            csrf.filter(|_| !safe),
            guard.and_then(|guard| guard.max_age).map(Condition::SignedInWithin),
            guard.and_then(|guard| guard.acr.clone()).map(Condition::Acr),
            limit.map(Condition::Limit),
            limit_of_keys.map(|limit| Condition::Limit(limit.name.clone())),
        ];
        conditions.into_iter().flatten().collect()
    }

    /// What is in reach of `role:NAME`, `scope:NAME` or `scheme:NAME`.
    ///
    /// # Errors
    ///
    /// A name that the policy does not declare, or none of the three.
    pub fn what_can(&self, lock: &Lock, subject: &str) -> Result<WhatCan, Unknown> {
        let subject = self.subject(subject)?;
        let endpoints = lock.endpoints.iter().filter_map(|endpoint| {
            let Rule::Guarded(guard) = &endpoint.rule else { return None };
            let through = self.through(&subject, endpoint, guard);
            (!through.is_empty()).then(|| InReach {
                method: endpoint.method.clone(),
                path: endpoint.path.clone(),
                through,
                asks: endpoint.rule.asks(),
            })
        });
        let endpoints = endpoints.collect();
        let guarded = |endpoint: &&Endpoint| matches!(endpoint.rule, Rule::Guarded(_));
        let public = lock.endpoints.iter().filter(|endpoint| !guarded(endpoint)).count();
        Ok(WhatCan { subject, endpoints, public })
    }

    fn through(&self, subject: &Subject, endpoint: &Endpoint, guard: &Guard) -> Vec<Carrier> {
        let carriers = self.carriers().into_iter();
        let rule = &endpoint.rule;
        match subject.kind {
            SubjectKind::Scheme => {
                let of_it = carriers.filter(|carrier| carrier.scheme == subject.name);
                of_it.filter(|carrier| self.reaches(rule, carrier)).collect()
            }
            SubjectKind::Scope if !guard.scopes.contains(&subject.name) => Vec::new(),
            SubjectKind::Scope => carriers.filter(|carrier| self.reaches(rule, carrier)).collect(),
            SubjectKind::Role => {
                // The names in the tokens of others are not ours.
                let ours = carriers.filter(|carrier| carrier.holder != Holder::Foreign);
                let reaching = ours
                    .filter(|carrier| self.roles_that_reach(rule, carrier).contains(&subject.name));
                reaching.collect()
            }
        }
    }

    fn subject(&self, written: &str) -> Result<Subject, Unknown> {
        let policy = self.policy();
        let (kind, name) = written.split_once(':').unwrap_or((written, ""));
        let names: (_, Vec<&str>) = match kind {
            "role" => {
                (SubjectKind::Role, policy.roles().iter().map(|it| it.name.as_str()).collect())
            }
            "scope" => {
                (SubjectKind::Scope, policy.scopes().iter().map(|it| it.name.as_str()).collect())
            }
            "scheme" => {
                (SubjectKind::Scheme, policy.schemes().iter().map(|it| it.name.as_str()).collect())
            }
            _ => {
                let message = format!("{} is no role, scope or scheme", quoted(written));
                return Err(Unknown { message, help: self.what_is_called(written) });
            }
        };
        let (subject_kind, names) = names;
        if names.contains(&name) {
            return Ok(Subject { kind: subject_kind, name: name.to_owned() });
        }
        let near = nearest(name, names).map(|near| format!("did you mean `{kind}:{near}`?"));
        Err(Unknown {
            message: format!("the policy declares no {kind} {}", quoted(name)),
            help: near,
        })
    }

    /// `role:author` for `author`.
    fn what_is_called(&self, name: &str) -> Option<String> {
        let policy = self.policy();
        let kind = match () {
            () if policy.role_id(name).is_some() => "role",
            () if policy.scope_id(name).is_some() => "scope",
            () if policy.scheme_id(name).is_some() => "scheme",
            () => return Some("ask for `role:NAME`, `scope:NAME` or `scheme:NAME`".to_owned()),
        };
        Some(format!("did you mean `{kind}:{name}`?"))
    }
}

impl Lock {
    /// The endpoint that people call `DELETE /posts/{id}`, or, by an address of it, `delete /posts/7`.
    ///
    /// # Errors
    ///
    /// Where there is none, with the nearest; of a path without that method, all that it answers.
    pub fn find(&self, written: &str) -> Result<&Endpoint, Unknown> {
        let (method, path) =
            written.trim().split_once(char::is_whitespace).unwrap_or(("", written));
        let (method, path) = (method.to_ascii_uppercase(), path.trim());
        let answers = |endpoint: &&Endpoint, method: &str| {
            endpoint.method == method || endpoint.method == "GET" && method == "HEAD"
        };
        let named: Vec<_> = self.endpoints.iter().filter(|one| one.path == path).collect();
        let fitting = || self.endpoints.iter().filter(|one| fits(&one.path, path)).collect();
        let there: Vec<&Endpoint> = if named.is_empty() { fitting() } else { named };
        let exact = there.iter().find(|endpoint| endpoint.method == method);
        let found = exact.or_else(|| there.iter().find(|endpoint| answers(endpoint, &method)));
        let any = || there.iter().find(|endpoint| endpoint.method == "ANY" && !method.is_empty());
        found.or_else(any).copied().ok_or_else(|| self.unknown(&method, path, &there))
    }

    fn unknown(&self, method: &str, path: &str, there: &[&Endpoint]) -> Unknown {
        let asked = format!("{method} {path}");
        if !there.is_empty() {
            let answers: Vec<_> = there.iter().map(|endpoint| format!("`{endpoint}`")).collect();
            let message = match method {
                "" => format!("an endpoint is a method and a path, and {} is a path", quoted(path)),
                method => format!("{} does not answer {}", quoted(path), quoted(method)),
            };
            return Unknown { message, help: Some(format!("there is {}", answers.join(", "))) };
        }
        let known: Vec<_> = self.endpoints.iter().map(Endpoint::to_string).collect();
        let near = nearest(asked.trim(), known.iter().map(String::as_str));
        Unknown {
            message: format!("the lock has no endpoint {}", quoted(asked.trim())),
            help: near.map(|near| format!("did you mean `{near}`?")),
        }
    }
}

/// Whether a path is one that the pattern stands for.
fn fits(pattern: &str, path: &str) -> bool {
    let (mut pattern, mut path) = (pattern.split('/'), path.split('/'));
    loop {
        match (pattern.next(), path.next()) {
            (None, None) => return true,
            (Some(part), Some(_)) if part.starts_with("{*") || part == "*" => return true,
            (Some(part), Some(segment)) if part.starts_with('{') && part.ends_with('}') => {
                if segment.is_empty() {
                    return false;
                }
            }
            (Some(part), Some(segment)) if part == segment => {}
            _ => return false,
        }
    }
}

impl fmt::Display for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::CsrfToken => f.write_str("the token against forged requests"),
            Self::CsrfTokenInCookie => {
                f.write_str("the token against forged requests if it comes in its cookie")
            }
            Self::SignedInWithin(age) => write!(f, "a sign-in less than {age} ago"),
            Self::Acr(acr) => write!(f, "a sign-in as strong as {acr}"),
            Self::Limit(limit) => write!(f, "within the limit {limit}"),
        }
    }
}

impl fmt::Display for SubjectKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Role => "role",
            Self::Scope => "scope",
            Self::Scheme => "scheme",
        })
    }
}

impl fmt::Display for Unknown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        self.help.as_ref().map_or(Ok(()), |help| write!(f, "; {help}"))
    }
}

impl std::error::Error for Unknown {}

#[cfg(test)]
mod tests {
    use super::*;

    const LOCK: &str = "lock 1 of p.yaml
GET  /posts  public  -> everybody  @ a::list  reason \"for all\"
POST  /posts  jwt  scope write:posts  -> role author  @ a::create
DELETE  /posts/{id}  jwt  -> role admin  @ a::remove
GET  /files/{*rest}  jwt  -> role admin  @ a::file
ANY  /any  jwt  -> role admin  @ a::any
";

    fn found(written: &str) -> Result<String, String> {
        let lock = Lock::parse(LOCK).unwrap();
        lock.find(written).map(ToString::to_string).map_err(|unknown| unknown.to_string())
    }

    #[test]
    fn an_endpoint_is_found_by_its_name_and_by_an_address_of_it() {
        for (written, endpoint) in [
            ("DELETE /posts/{id}", "DELETE /posts/{id}"),
            ("delete  /posts/7", "DELETE /posts/{id}"),
            ("HEAD /posts", "GET /posts"),
            ("GET /files/a/b", "GET /files/{*rest}"),
            ("PATCH /any", "ANY /any"),
        ] {
            assert_eq!(found(written), Ok(endpoint.to_owned()), "{written}");
        }
    }

    #[test]
    fn a_slip_is_told_with_what_there_is() {
        for (written, told) in [
            ("DELETE /post/{id}", "did you mean `DELETE /posts/{id}`?"),
            ("PUT /posts", "`/posts` does not answer `PUT`; there is `GET /posts`, `POST /posts`"),
            ("/posts", "an endpoint is a method and a path, and `/posts` is a path"),
            ("GET /nowhere/at/all", "the lock has no endpoint `GET /nowhere/at/all`"),
            ("DELETE /posts/", "the lock has no endpoint"),
        ] {
            let error = found(written).unwrap_err();
            assert!(error.contains(told), "{error}");
        }
    }
}
