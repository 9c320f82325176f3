//! `never` and `always` about endpoints. In: a policy, and the lock of an application. Out: each
//! statement that does not hold, or speaks of an endpoint that is not there.

use std::fmt;

use crate::{
    Policy,
    access::{Access, Carrier, Holder},
    lock::{Lock, Rule},
    policy::{NamedEndpoint, RoleId, SchemeKind},
};

/// A statement about an endpoint that does not hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Broken {
    /// The endpoint as the statement names it, with its place in the policy.
    pub endpoint: NamedEndpoint,
    /// The role it speaks of.
    pub role: String,
    /// What is wrong with it.
    pub fault: Fault,
}

/// What is wrong with a statement about an endpoint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The application has no such endpoint; perhaps this one was meant.
    NoSuchEndpoint(Option<String>),
    /// Under `never`: the role reaches it, in this way.
    Reached(String),
    /// Under `always`: the role does not reach it.
    NotReached,
}

/// The statements of a policy about endpoints that do not hold for an application, in the order of
/// the policy.
///
/// `always` asks that an account which holds the role, and no other, reaches the endpoint by one
/// scheme at least. `never` asks that nobody who holds the role, and no other, reaches it by any:
/// neither an account nor somebody a foreign issuer speaks for, whatever scopes their credential
/// carries and however they signed in. Everybody reaches what is public.
///
/// # Example
///
/// ```
/// use auth_policy::{Source, check, invariant::{Fault, broken}, lock::Lock};
///
/// let text = "
/// version: 1
/// scopes: { read:posts: Read posts }
/// roles: { reader: { grants: [read:posts] } }
/// schemes: { session: { idle: 30m, lifetime: 24h } }
/// never:
///   - role: reader
///     reaches: { endpoint: GET /posts }
/// ";
/// let policy = check(&Source::new("p.yaml", text.into())).policy.unwrap();
/// let lock = "lock 1 of p.yaml\nGET /posts session scope read:posts -> role reader @ posts::list\n";
/// let [broken] = &broken(&policy, &Lock::parse(lock).unwrap())[..] else { unreachable!() };
/// assert_eq!(broken.fault, Fault::Reached("session".into()));
/// ```
pub fn broken(policy: &Policy, lock: &Lock) -> Vec<Broken> {
    let statements = policy.invariants().iter().filter(|statement| statement.endpoint.is_some());
    if statements.clone().next().is_none() {
        return Vec::new();
    }
    let access = Access::of(policy);
    let found = statements.filter_map(|statement| {
        let endpoint = statement.endpoint.clone()?;
        let role = policy.role(statement.role)?;
        let fault = fault(&access, lock, &endpoint, statement.role, statement.holds)?;
        Some(Broken { endpoint, role: role.name.clone(), fault })
    });
    found.collect()
}

/// What is wrong with one statement.
fn fault(
    access: &Access<'_>,
    lock: &Lock,
    named: &NamedEndpoint,
    role: RoleId,
    holds: bool,
) -> Option<Fault> {
    let is_named = |method: &str, path: &str| method == named.method && path == named.path;
    let serving = lock.endpoints.iter().filter(|found| is_named(&found.method, &found.path));
    let rules: Vec<_> = serving.map(|endpoint| &endpoint.rule).collect();
    if rules.is_empty() {
        return Some(Fault::NoSuchEndpoint(nearest(named, lock)));
    }
    let mut ways = rules.iter().filter_map(|rule| way(access, rule, role, !holds));
    match (holds, ways.next()) {
        (true, None) => Some(Fault::NotReached),
        (false, Some(way)) => Some(Fault::Reached(way)),
        _ => None,
    }
}

/// By which credential somebody with that role alone reaches an endpoint.
fn way(access: &Access<'_>, rule: &Rule, role: RoleId, by_issuers: bool) -> Option<String> {
    if !matches!(rule, Rule::Guarded(_)) {
        return Some("it is open to everybody".to_owned());
    }
    let carriers = access.carriers().into_iter();
    let mut reaching = carriers.filter(|carrier| {
        let counts = match carrier.holder {
            Holder::Account => true,
            Holder::Foreign => by_issuers,
            // They never do more than the account they act for, or have no role at all.
            Holder::Delegate | Holder::Client => false,
        };
        counts && reaches(access, rule, role, carrier)
    });
    reaching.next().map(|carrier| carrier.to_string())
}

fn reaches(access: &Access<'_>, rule: &Rule, role: RoleId, carrier: &Carrier) -> bool {
    let reaching = access.roles_that_reach(rule, carrier);
    names(access.policy(), role, carrier).iter().any(|name| reaching.contains(name))
}

/// What somebody with that role is called in such a credential.
fn names(policy: &Policy, role: RoleId, carrier: &Carrier) -> Vec<String> {
    let scheme = policy.scheme_id(&carrier.scheme).and_then(|id| policy.scheme(id));
    match scheme.map(|scheme| &scheme.kind) {
        Some(SchemeKind::Issuer(issuer)) => {
            let theirs = issuer.roles.iter().filter(|(_, ours)| *ours == role);
            theirs.map(|(theirs, _)| theirs.clone()).collect()
        }
        _ => policy.role(role).map(|role| role.name.clone()).into_iter().collect(),
    }
}

/// The endpoint that was probably meant: another method of the same path, or a path a few letters off.
fn nearest(named: &NamedEndpoint, lock: &Lock) -> Option<String> {
    let same_path = lock.endpoints.iter().find(|endpoint| endpoint.path == named.path);
    let found = same_path.or_else(|| {
        let same_method = |path: &str| {
            let of = |found: &&crate::lock::Endpoint| found.method == named.method;
            lock.endpoints.iter().filter(of).find(|found| found.path == path)
        };
        let paths = lock.endpoints.iter().map(|endpoint| endpoint.path.as_str());
        let path = crate::suggest::nearest(&named.path, paths)?;
        same_method(path).or_else(|| lock.endpoints.iter().find(|found| found.path == path))
    });
    found.map(ToString::to_string)
}

/// One sentence, and what to do about it.
impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { endpoint, role, fault } = self;
        match fault {
            Fault::NoSuchEndpoint(_) => write!(f, "the application has no endpoint `{endpoint}`"),
            Fault::Reached(way) => write!(
                f,
                "the role `{role}` never reaches `{endpoint}`, says this entry, but it does: {way}"
            ),
            Fault::NotReached => write!(
                f,
                "the role `{role}` always reaches `{endpoint}`, says this entry, but it does not"
            ),
        }
    }
}

impl Broken {
    /// What to do now.
    pub fn help(&self) -> String {
        match &self.fault {
            Fault::NoSuchEndpoint(Some(near)) => format!("did you mean `{near}`?"),
            Fault::NoSuchEndpoint(None) => {
                "name it as the lock does, method and path; `cargo auth lock` writes the lock anew"
                    .to_owned()
            }
            Fault::Reached(_) => "change the rule of the endpoint or what the role is granted, or \
                                  this entry if that is what the review is about"
                .to_owned(),
            Fault::NotReached => {
                "let the rule of the endpoint admit the role, or change this entry \
                                  if that is what the review is about"
                    .to_owned()
            }
        }
    }
}
