//! `never` and `always` about endpoints. In: a policy, and the lock of an application. Out: each
//! statement that does not hold, or speaks of an endpoint that is not there.

use std::{
    collections::{BTreeSet, HashMap},
    fmt,
};

use crate::{
    Policy,
    access::{Access, Carrier, Holder},
    lock::{Endpoint, Lock, Rule, rule_text},
    policy::{NamedEndpoint, RoleId, SchemeKind},
    suggest,
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
    let mut asked = Asked::of(policy, lock);
    let found = statements.filter_map(|statement| {
        let endpoint = statement.endpoint.clone()?;
        let role = policy.role(statement.role)?;
        let fault = asked.fault(&endpoint, statement.role, statement.holds)?;
        Some(Broken { endpoint, role: role.name.clone(), fault })
    });
    found.collect()
}

/// How many names of endpoints come with a guess at what was meant: each is a search among them all.
const GUESSES: usize = 8;

/// A policy and the endpoints of an application, made ready to be asked about many statements.
struct Asked<'a> {
    access: Access<'a>,
    carriers: Vec<Carrier>,
    lock: &'a Lock,
    rules: HashMap<(&'a str, &'a str), Vec<&'a Rule>>,
    /// For each rule that was asked about: the names that reach it by each carrier.
    reaching: HashMap<String, Vec<BTreeSet<String>>>,
    guesses: usize,
}

impl<'a> Asked<'a> {
    fn of(policy: &'a Policy, lock: &'a Lock) -> Self {
        let mut rules: HashMap<_, Vec<_>> = HashMap::new();
        for Endpoint { method, path, rule, .. } in &lock.endpoints {
            rules.entry((method.as_str(), path.as_str())).or_default().push(rule);
        }
        let access = Access::of(policy);
        let carriers = access.carriers();
        Self { access, carriers, lock, rules, reaching: HashMap::new(), guesses: GUESSES }
    }

    /// What is wrong with one statement.
    fn fault(&mut self, named: &NamedEndpoint, role: RoleId, holds: bool) -> Option<Fault> {
        let key = (named.method.as_str(), named.path.as_str());
        let Some(rules) = self.rules.get(&key).cloned() else {
            let guess = self.guesses > 0;
            self.guesses = self.guesses.saturating_sub(1);
            return Some(Fault::NoSuchEndpoint(guess.then(|| nearest(named, self.lock)).flatten()));
        };
        let way = rules.into_iter().find_map(|rule| self.way(rule, role, !holds));
        match (holds, way) {
            (true, None) => Some(Fault::NotReached),
            (false, Some(way)) => Some(Fault::Reached(way)),
            _ => None,
        }
    }

    /// By which credential somebody with that role alone reaches an endpoint.
    fn way(&mut self, rule: &Rule, role: RoleId, by_issuers: bool) -> Option<String> {
        if !matches!(rule, Rule::Guarded(_)) {
            return Some("it is open to everybody".to_owned());
        }
        let Self { access, carriers, reaching, .. } = self;
        let reaching = reaching.entry(rule_text(rule)).or_insert_with(|| {
            let of = |carrier| access.roles_that_reach(rule, carrier).into_iter().collect();
            carriers.iter().map(of).collect()
        });
        let mut ways = carriers.iter().zip(reaching).filter(|(carrier, reaching)| {
            let counts = match carrier.holder {
                Holder::Account => true,
                Holder::Foreign => by_issuers,
                // They never do more than the account they act for, or have no role at all.
                Holder::Delegate | Holder::Client => false,
            };
            let names = || names(access.policy(), role, carrier);
            counts && names().iter().any(|name| reaching.contains(name))
        });
        ways.next().map(|(carrier, _)| carrier.to_string())
    }
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
    let endpoints = || lock.endpoints.iter();
    let same_path = endpoints().find(|endpoint| endpoint.path == named.path);
    let found = same_path.or_else(|| {
        let paths = endpoints().map(|endpoint| endpoint.path.as_str());
        let path = suggest::nearest(&named.path, paths)?;
        let mut there = endpoints().filter(|endpoint| endpoint.path == path);
        let same_method = there.clone().find(|endpoint| endpoint.method == named.method);
        same_method.or_else(|| there.next())
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
