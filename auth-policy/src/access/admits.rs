//! The decision itself, by names. In: a policy, a rule and a credential. Out: allowed, or all that
//! is lacking. Nothing here is clever, so that everything clever can be held to it.

use std::fmt;

use serde::Serialize;

use super::credential::{Credential, Holder, carriers, tells_sign_in};
use crate::{
    Policy,
    lock::{Guard, Rule},
    policy::{Role, RoleId, SchemeKind, ScopeId},
    settings::Seconds,
};

/// What becomes of a credential at an endpoint.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// It is admitted.
    Allowed,
    /// It is refused for all of this, in the order in which the engine looks. Never empty.
    Denied(Vec<Lack>),
}

/// A part of a rule that a credential does not meet.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Lack {
    /// No credential was presented.
    Credential,
    /// Credentials of that scheme do not count here, or the policy knows none with such a holder.
    Scheme(String),
    /// The endpoint is for people, and it is a client that asks.
    People,
    /// That role.
    Role(String),
    /// These scopes: each of them, or of an any-of one of them.
    Scopes {
        /// Those that are not in effect.
        missing: Vec<String>,
        /// Whether one of them is enough.
        any: bool,
    },
    /// A sign-in that recent.
    SignIn(Seconds),
    /// A sign-in at least that strong.
    Acr(String),
}

impl Verdict {
    /// Whether it is admitted.
    pub const fn is_allowed(&self) -> bool {
        matches!(self, Self::Allowed)
    }

    /// What is lacking; nothing where it is admitted.
    pub fn lacks(&self) -> &[Lack] {
        match self {
            Self::Allowed => &[],
            Self::Denied(lacks) => lacks,
        }
    }
}

/// Whether a rule admits a credential, or nobody in particular where there is none.
///
/// What a lock names and the policy does not declare is met by nobody: the application it was
/// written for does not start with this policy.
///
/// What is public admits everybody, because whoever is refused for a credential that an `identity`
/// of the endpoint does not name can leave it away.
///
/// # Example
///
/// ```
/// use auth_policy::{Source, access::{Carrier, Credential, Holder, admits}, check, lock};
///
/// # let text = r#"
/// # version: 1
/// # schemes:
/// #   session: { idle: 30m, lifetime: 24h }
/// # scopes: { "write:posts": Write posts }
/// # roles: { author: { grants: [write:posts] } }
/// # "#;
/// # let source = Source::new("policy.yaml", text.into());
/// let policy = check(&source).policy.expect("it is good");
/// let rule = lock::Rule::Guarded(lock::Guard {
///     schemes: vec!["session".into()],
///     scopes: vec!["write:posts".into()],
///     ..lock::Guard::default()
/// });
/// let session = Carrier { scheme: "session".into(), holder: Holder::Account };
/// let reader = Credential::new(&session).roles(["reader"]);
/// assert!(!admits(&policy, &rule, Some(&reader)).is_allowed());
/// assert!(admits(&policy, &rule, Some(&reader.roles(["author"]))).is_allowed());
/// ```
pub fn admits(policy: &Policy, rule: &Rule, credential: Option<&Credential>) -> Verdict {
    let Rule::Guarded(guard) = rule else { return Verdict::Allowed };
    let lacks = match credential {
        None => vec![Lack::Credential],
        Some(credential) => lacks(policy, guard, credential),
    };
    if lacks.is_empty() { Verdict::Allowed } else { Verdict::Denied(lacks) }
}

fn lacks(policy: &Policy, guard: &Guard, credential: &Credential) -> Vec<Lack> {
    let counts = guard.schemes.contains(&credential.scheme)
        && carriers(policy).contains(&credential.carrier());
    if !counts {
        return vec![Lack::Scheme(credential.scheme.clone())];
    }
    let client = matches!(credential.holder, Holder::Client | Holder::Delegate);
    let worth = Worth { policy, credential };
    let refused =
        guard.people_only && client || refuses_delegates(policy, guard, credential.holder);
    let people = refused.then_some(Lack::People);
    let role = guard.role.as_ref().filter(|role| !worth.has_role(role));
    let sign_in = guard.max_age.filter(|age| !worth.signed_in_within(*age));
    let acr = guard.acr.as_ref().filter(|acr| !worth.is_as_strong_as(acr));
    let lacks = [
        people,
        role.cloned().map(Lack::Role),
        lacking_scopes(guard, &worth),
        sign_in.map(Lack::SignIn),
        acr.cloned().map(Lack::Acr),
    ];
    lacks.into_iter().flatten().collect()
}

/// Whether a rule asks for nothing that a client was let in for: no scope. One that admits API keys
/// is meant for programs as well.
pub(crate) fn refuses_delegates(policy: &Policy, guard: &Guard, holder: Holder) -> bool {
    let is_key = |name: &String| {
        let scheme = policy.scheme_id(name).and_then(|id| policy.scheme(id));
        scheme.is_some_and(|scheme| matches!(scheme.kind, SchemeKind::ApiKey(_)))
    };
    holder == Holder::Delegate && guard.scopes.is_empty() && !guard.schemes.iter().any(is_key)
}

fn lacking_scopes(guard: &Guard, worth: &Worth<'_>) -> Option<Lack> {
    let missing = guard.scopes.iter().filter(|scope| !worth.has_scope(scope));
    let missing: Vec<_> = missing.cloned().collect();
    let any = guard.any_scope;
    let enough = missing.is_empty() || any && missing.len() < guard.scopes.len();
    (!enough).then_some(Lack::Scopes { missing, any })
}

/// What a credential comes to under a policy.
struct Worth<'w> {
    policy: &'w Policy,
    credential: &'w Credential,
}

impl<'w> Worth<'w> {
    fn has_scope(&self, name: &str) -> bool {
        let Some(scope) = self.policy.scope_id(name) else { return false };
        let carried = || self.credential.scopes.iter().any(|carried| carried == name);
        let granted = || self.roles().any(|role| role.all_grants.binary_search(&scope).is_ok());
        match (self.kind(), self.credential.holder) {
            (Some(SchemeKind::Session(_)), _) => granted(),
            (Some(SchemeKind::Jwt(_)), Holder::Client) => carried(),
            (Some(SchemeKind::Jwt(_)), _) => carried() && granted(),
            (Some(SchemeKind::ApiKey(key)), _) => {
                carried() && granted() && within(&key.grants, scope)
            }
            (Some(SchemeKind::Issuer(issuer)), _) => carried() && within(&issuer.may_grant, scope),
            (None, _) => false,
        }
    }

    /// A key is for what its scopes say, and so is a client.
    fn has_role(&self, name: &str) -> bool {
        let keyed = matches!(self.kind(), Some(SchemeKind::ApiKey(_)));
        let client = matches!(self.credential.holder, Holder::Client | Holder::Delegate);
        let Some(asked) = self.policy.role_id(name) else { return false };
        !keyed && !client && self.roles().any(|role| role.all_roles.binary_search(&asked).is_ok())
    }

    /// The roles it holds, as this policy declares them.
    fn roles(&self) -> impl Iterator<Item = &'w Role> {
        let ids = self.credential.roles.iter().filter_map(|name| self.role_id(name));
        ids.filter_map(|id| self.policy.role(id))
    }

    fn role_id(&self, name: &str) -> Option<RoleId> {
        match self.kind() {
            Some(SchemeKind::Issuer(issuer)) => {
                issuer.roles.iter().find(|(theirs, _)| theirs == name).map(|(_, ours)| *ours)
            }
            _ => self.policy.role_id(name),
        }
    }

    fn signed_in_within(&self, age: Seconds) -> bool {
        self.knows_sign_in() && self.credential.signed_in.is_some_and(|ago| ago < age)
    }

    /// The later in the policy's list, the stronger.
    fn is_as_strong_as(&self, asked: &str) -> bool {
        let held = self.credential.acr.as_ref().and_then(|held| self.policy.acr_id(held));
        let asked = self.policy.acr_id(asked);
        self.knows_sign_in() && asked.is_some_and(|asked| held.is_some_and(|held| held >= asked))
    }

    fn knows_sign_in(&self) -> bool {
        self.kind().is_some_and(|kind| tells_sign_in(kind, self.credential.holder))
    }

    fn kind(&self) -> Option<&'w SchemeKind> {
        let scheme = self.policy.scheme(self.policy.scheme_id(&self.credential.scheme)?)?;
        Some(&scheme.kind)
    }
}

fn within(ceiling: &[ScopeId], scope: ScopeId) -> bool {
    ceiling.binary_search(&scope).is_ok()
}

/// As the end of a sentence that begins with "it lacks".
impl fmt::Display for Lack {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Credential => f.write_str("a credential"),
            Self::Scheme(scheme) => write!(f, "a scheme that counts here: `{scheme}` does not"),
            Self::People => f.write_str("a person: the endpoint is not for clients"),
            Self::Role(role) => write!(f, "the role `{role}`"),
            Self::Scopes { missing, any } => {
                let between = if *any { "` or `" } else { "` and `" };
                let plural = if missing.len() == 1 || *any { "" } else { "s" };
                write!(f, "the scope{plural} `{}`", missing.join(between))
            }
            Self::SignIn(age) => write!(f, "a sign-in less than {age} ago"),
            Self::Acr(acr) => write!(f, "a sign-in as strong as `{acr}`"),
        }
    }
}
