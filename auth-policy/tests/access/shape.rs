//! Small policies and rules. In: chance. Out: policies with a few roles and scopes, and rules that
//! name some of them, of which now and then one is undeclared.

use auth_policy::{
    Policy, Source,
    access::{Carrier, Holder},
    check,
    explain::Edit,
    lock::{Guard, Rule},
    policy::SchemeKind,
    settings::{Place, Seconds},
};
use proptest::prelude::*;

pub(crate) const ROLES: [&str; 4] = ["r0", "r1", "r2", "r3"];
pub(crate) const SCOPES: [&str; 3] = ["read:s0", "read:s1", "read:s2"];
pub(crate) const THEIRS: [&str; 3] = ["t0", "t1", "t2"];
pub(crate) const CONTEXTS: [&str; 2] = ["acr-a", "acr-b"];

/// A policy as bits: one for each name.
#[derive(Clone, Debug)]
pub(crate) struct Shape {
    roles: u8,
    scopes: u8,
    /// For each role, the earlier ones it includes and the scopes it grants.
    worth: [(u8, u8); 4],
    keys: Option<u8>,
    /// What the issuer may grant, and which of our roles each of its names means.
    issuer: Option<(u8, [Option<usize>; 3])>,
    oauth: bool,
    /// The order of the authentication contexts, if there are any.
    contexts: Option<bool>,
}

impl Default for Shape {
    fn default() -> Self {
        Self {
            roles: 0b1111,
            scopes: 0b111,
            worth: [(0, 1), (1, 2), (0, 4), (4, 1)],
            keys: Some(1),
            issuer: Some((1, [Some(0), None, Some(2)])),
            oauth: true,
            contexts: Some(true),
        }
    }
}

pub(crate) fn shape() -> impl Strategy<Value = Shape> {
    let worth = || (0u8..16, 0u8..8);
    let issuer = (0u8..8, prop::array::uniform3(prop::option::of(0usize..4)));
    let most = |all: u8| prop_oneof![3 => Just(all), 1 => 1..=all];
    (
        most(0b1111),
        most(0b111),
        [worth(), worth(), worth(), worth()],
        prop::option::of(0u8..8),
        prop::option::of(issuer),
        any::<bool>(),
        prop::option::of(any::<bool>()),
    )
        .prop_map(|(roles, scopes, worth, keys, issuer, oauth, contexts)| Shape {
            roles,
            scopes,
            worth,
            keys,
            issuer,
            oauth,
            contexts,
        })
}

impl Shape {
    /// The same with some of its parts as another one has them: a bit for each.
    #[allow(dead_code, reason = "not every test of these shapes changes them")]
    pub(crate) fn mixed(&self, other: &Self, parts: u8) -> Self {
        let pick = |part: u8| if parts >> part & 1 == 1 { other } else { self };
        Self {
            roles: pick(0).roles,
            scopes: pick(1).scopes,
            worth: pick(2).worth,
            keys: pick(3).keys,
            issuer: pick(4).issuer,
            oauth: pick(5).oauth,
            contexts: pick(6).contexts,
        }
    }

    pub(crate) fn policy(&self) -> Policy {
        let checked = check(&Source::new("p.yaml", self.text().into_bytes()));
        checked.policy.unwrap_or_else(|| panic!("{:?}\n{}", checked.diagnostics, self.text()))
    }

    /// The policy after an edit of it; others change nothing.
    pub(crate) fn edited(&self, edit: &Edit) -> Self {
        let mut edited = self.clone();
        let scope = |name: &str| 1u8 << SCOPES.iter().position(|scope| *scope == name).unwrap();
        match edit {
            Edit::Grant { scope: name, role, .. } => edited.worth[index(role)].1 |= scope(name),
            Edit::Raise { scope: name, scheme, .. } => *edited.ceiling(scheme) |= scope(name),
            Edit::Remove { word, of, .. } if ROLES.contains(&of.as_str()) => {
                edited.worth[index(of)].1 &= !scope(word);
            }
            Edit::Remove { word, of, .. } => *edited.ceiling(of) &= !scope(word),
            _ => {}
        }
        edited
    }

    fn ceiling(&mut self, scheme: &str) -> &mut u8 {
        match scheme {
            "api_key" => self.keys.as_mut().unwrap(),
            _ => &mut self.issuer.as_mut().unwrap().0,
        }
    }

    /// Every word of the policy that grants a scope, as taking it out.
    pub(crate) fn words(&self) -> Vec<Edit> {
        let roles = ROLES.iter().enumerate().filter(|(n, _)| self.roles >> n & 1 == 1);
        let roles = roles.map(|(n, role)| (*role, self.worth[n].1));
        let keys = self.keys.map(|keys| ("api_key", keys));
        let issuer = self.issuer.as_ref().map(|(grants, _)| ("partner", *grants));
        let lists = roles.chain(keys).chain(issuer);
        let words = lists.flat_map(|(of, bits)| {
            let words = picked(&SCOPES, bits & self.scopes).map(str::to_owned).collect::<Vec<_>>();
            let remove =
                move |word| Edit::Remove { word, of: of.to_owned(), place: Place::default() };
            words.into_iter().map(remove)
        });
        words.collect()
    }

    pub(crate) fn text(&self) -> String {
        let scopes: String =
            picked(&SCOPES, self.scopes).map(|name| format!("  \"{name}\": One\n")).collect();
        let mut text = format!("version: 1\nscopes:\n{scopes}roles:\n");
        for (n, name) in ROLES.iter().enumerate().filter(|(n, _)| self.roles >> n & 1 == 1) {
            let earlier = self.worth[n].0 & self.roles & ((1 << n) - 1);
            let includes = list(picked(&ROLES, earlier));
            let grants = self.granted(self.worth[n].1);
            text += &format!("  {name}: {{ includes: {includes}, grants: {grants} }}\n");
        }
        text += "schemes:\n  session: { idle: 30m, lifetime: 24h }\n  jwt:\n    issuer: https://a.example\n    audience: api\n    algorithms: [EdDSA]\n    keys: ${KEYS}\n    access_ttl: 15m\n    refresh_ttl: 7d\n";
        if let Some(keys) = self.keys {
            let grants = self.granted(keys);
            text += &format!("  api_key: {{ prefix: test, grants: {grants}, max_ttl: 90d }}\n");
        }
        if let Some((grants, roles)) = self.issuer {
            let table = THEIRS.iter().zip(roles).filter_map(|(theirs, ours)| {
                let ours = ours.filter(|ours| self.roles >> ours & 1 == 1)?;
                Some(format!("{theirs}: {}", ROLES[ours]))
            });
            let table = table.collect::<Vec<_>>().join(", ");
            text += &format!(
                "issuers:\n  partner:\n    issuer: https://p.example\n    audience: api\n    algorithms: [ES256]\n    may_grant: {}\n    roles: {{ {table} }}\n",
                self.granted(grants)
            );
        }
        if self.oauth {
            text += "limits:\n  token: { rate: 10/hour, by: address }\nendpoints:\n  token: { limit: token }\noauth:\n  grants: [client_credentials]\n";
        }
        if let Some(forwards) = self.contexts {
            let mut contexts = CONTEXTS;
            contexts.sort_by_key(|name| (*name == "acr-a") != forwards);
            text += &format!("acr_values: {}\n", list(contexts.into_iter()));
        }
        text
    }

    fn granted(&self, scopes: u8) -> String {
        list(picked(&SCOPES, scopes & self.scopes))
    }
}

fn index(role: &str) -> usize {
    ROLES.iter().position(|name| *name == role).unwrap()
}

fn picked<'n>(names: &'n [&'n str], bits: u8) -> impl Iterator<Item = &'n str> {
    names.iter().enumerate().filter(move |(n, _)| bits >> n & 1 == 1).map(|(_, name)| *name)
}

fn list<'n>(names: impl Iterator<Item = &'n str>) -> String {
    let names: Vec<_> = names.map(|name| format!("\"{name}\"")).collect();
    format!("[{}]", names.join(", "))
}

pub(crate) fn rule() -> impl Strategy<Value = Rule> {
    let reason = || "for the test".to_owned();
    prop_oneof![
        12 => guard().prop_map(Rule::Guarded),
        1 => Just(Rule::Public { reason: reason(), identity: Vec::new(), limit: None }),
        1 => Just(Rule::Unguarded { reason: reason() }),
    ]
}

fn guard() -> impl Strategy<Value = Guard> {
    let owned = |name: &&str| (*name).to_owned();
    let rarely = |names: &'static [&'static str]| prop_oneof![3 => Just(None), 1 => prop::sample::select(names).prop_map(move |name| Some(owned(&name)))];
    let schemes = prop_oneof![
        3 => Just(0b1111u8),
        1 => 0u8..16,
    ];
    let max_age = prop_oneof![3 => Just(None), 1 => prop::sample::select(vec![5u64, 10]).prop_map(|m| Some(Seconds(m * 60)))];
    (
        schemes,
        0u8..8,
        any::<bool>(),
        rarely(&ROLES),
        max_age,
        rarely(&CONTEXTS),
        prop::bool::weighted(0.2),
    )
        .prop_map(move |(schemes, scopes, any_scope, role, max_age, acr, people_only)| Guard {
            schemes: picked(&["jwt", "api_key", "session", "partner"], schemes)
                .map(|name| owned(&name))
                .collect(),
            scopes: picked(&SCOPES, scopes).map(|name| owned(&name)).collect(),
            any_scope,
            role,
            max_age,
            acr,
            people_only,
            ..Guard::default()
        })
}

/// Whether a name that is held has a meaning under the policy.
pub(crate) fn means_something(policy: &Policy, carrier: &Carrier, name: &str) -> bool {
    if carrier.holder != Holder::Foreign {
        return policy.role_id(name).is_some();
    }
    let scheme = policy.scheme_id(&carrier.scheme).and_then(|id| policy.scheme(id)).unwrap();
    let SchemeKind::Issuer(issuer) = &scheme.kind else { return false };
    issuer.roles.iter().any(|(theirs, _)| theirs == name)
}
