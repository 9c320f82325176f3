//! Everybody who could ask. In: a kind of credential and the conditions that matter. Out: each
//! credential of that kind, and what follows from trying all of them.

use std::collections::BTreeSet;

use auth_policy::{
    Policy,
    access::{Carrier, Credential, Holder},
    lock::Rule,
    policy::SchemeKind,
    settings::Seconds,
};

use crate::shape::{CONTEXTS, ROLES, SCOPES, THEIRS};

/// Every credential of one kind, as far as the differences matter.
pub(crate) struct Everybody<'r> {
    pub(crate) carrier: Carrier,
    rules: [&'r Option<Rule>; 2],
}

/// How large a credential is: its roles and its scopes.
pub(crate) type Size = (usize, usize);

pub(crate) fn size(credential: &Credential) -> Size {
    (credential.roles.len(), credential.scopes.len())
}

impl<'r> Everybody<'r> {
    pub(crate) fn of(carrier: Carrier, rules: [&'r Option<Rule>; 2]) -> Self {
        Self { carrier, rules }
    }

    pub(crate) fn all(&self) -> impl Iterator<Item = Credential> {
        let mut all = Vec::new();
        for roles in subsets(self.names()) {
            for scopes in subsets(&SCOPES) {
                for signed_in in self.sign_ins() {
                    for acr in self.contexts() {
                        all.push(Credential {
                            signed_in,
                            acr,
                            ..Credential::new(&self.carrier)
                                .roles(roles.iter().copied())
                                .scopes(scopes.iter().copied())
                        });
                    }
                }
            }
        }
        all.into_iter()
    }

    /// The same credential with one name more, or a sign-in of this moment.
    pub(crate) fn one_step_up(&self, from: &Credential) -> Vec<Credential> {
        let mut up = Vec::new();
        for name in self.names().iter().filter(|name| !from.roles.iter().any(|role| role == *name))
        {
            let roles = from.roles.iter().map(String::as_str).chain([*name]);
            up.push(from.clone().roles(roles));
        }
        for name in SCOPES.iter().filter(|name| !from.scopes.iter().any(|scope| scope == *name)) {
            let scopes = from.scopes.iter().map(String::as_str).chain([*name]);
            up.push(from.clone().scopes(scopes));
        }
        up.push(Credential { signed_in: Some(Seconds(0)), ..from.clone() });
        up
    }

    fn names(&self) -> &'static [&'static str] {
        if self.carrier.holder == Holder::Foreign { &THEIRS } else { &ROLES }
    }

    fn sign_ins(&self) -> Vec<Option<Seconds>> {
        let minutes = |minutes: u64| Some(Seconds(minutes * 60));
        let matters = self.guards().any(|guard| guard.max_age.is_some());
        if matters { vec![None, minutes(0), minutes(5), minutes(10)] } else { vec![None] }
    }

    fn contexts(&self) -> Vec<Option<String>> {
        let matters = self.guards().any(|guard| guard.acr.is_some());
        let contexts = CONTEXTS.iter().filter(|_| matters).map(|acr| Some((*acr).to_owned()));
        std::iter::once(None).chain(contexts).collect()
    }

    fn guards(&self) -> impl Iterator<Item = &auth_policy::lock::Guard> {
        let rules = self.rules.into_iter().filter_map(Option::as_ref);
        rules.filter_map(|rule| if let Rule::Guarded(guard) = rule { Some(guard) } else { None })
    }
}

fn subsets<'n>(names: &[&'n str]) -> Vec<Vec<&'n str>> {
    let picked = |bits: usize| {
        let names = names.iter().enumerate().filter(move |(n, _)| bits >> n & 1 == 1);
        names.map(|(_, name)| *name).collect()
    };
    (0..1usize << names.len()).map(picked).collect()
}

/// The names and scopes of a credential.
pub(crate) type Held = (Vec<String>, Vec<String>);

pub(crate) fn held(credential: &Credential) -> Held {
    (credential.roles.clone(), credential.scopes.clone())
}

/// Of all that are admitted, those below which nobody is: neither with fewer scopes nor with what
/// comes to less. Of names that come to the same, none that could be left out.
pub(crate) fn minimal(policy: &Policy, admitted: &[Credential]) -> BTreeSet<Held> {
    let admitted: BTreeSet<Held> = admitted.iter().map(held).collect();
    let valued: Vec<_> = admitted
        .into_iter()
        .map(|held| {
            (closure(policy, &held.0), held.1.iter().cloned().collect::<BTreeSet<_>>(), held)
        })
        .collect();
    let below = |(names, scopes, held): &&(BTreeSet<String>, BTreeSet<String>, Held)| {
        !valued.iter().any(|(less_names, less_scopes, less)| {
            let within = less_names.is_subset(names) && less_scopes.is_subset(scopes);
            let smaller = less_names != names || less_scopes != scopes;
            let fewer = less.0.len() < held.0.len() && less_scopes == scopes;
            within && (smaller || fewer)
        })
    };
    valued.iter().filter(below).map(|(_, _, held)| held.clone()).collect()
}

/// What names come to: themselves and those that mean less. Names of another issuer's tokens mean
/// what its table says.
fn closure(policy: &Policy, held: &[String]) -> BTreeSet<String> {
    let mut all: BTreeSet<String> = held.iter().cloned().collect();
    for name in held {
        if let Some(role) = policy.role_id(name).and_then(|id| policy.role(id)) {
            all.extend(role.all_roles.iter().map(|id| policy.role(*id).unwrap().name.clone()));
        }
        for (theirs, ours) in table(policy) {
            let Some(mine) = table(policy).iter().find(|(theirs, _)| theirs == name) else {
                continue;
            };
            let role = policy.role(mine.1).unwrap();
            if *ours != mine.1 && role.all_roles.contains(ours) {
                all.insert(theirs.clone());
            }
        }
    }
    all
}

fn table(policy: &Policy) -> &[(String, auth_policy::policy::RoleId)] {
    let issuer = policy.schemes().iter().find_map(|scheme| match &scheme.kind {
        SchemeKind::Issuer(issuer) => Some(issuer.roles.as_slice()),
        _ => None,
    });
    issuer.unwrap_or_default()
}
