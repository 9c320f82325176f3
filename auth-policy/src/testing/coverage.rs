//! How much of a policy a test file speaks of. In: a plan. Out: counts, and the names it leaves out.

use std::collections::{BTreeSet, HashSet};

use serde::Serialize;

use super::plan::{Plan, name_of};
use crate::{
    lock::{Guard, Rule},
    policy::{RoleId, ScopeId},
};

/// How many of something the tests speak of, and which they do not.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Counted {
    /// How many there are.
    pub all: usize,
    /// How many of them the tests speak of.
    pub covered: usize,
    /// Those they do not speak of, sorted.
    pub missing: Vec<String>,
}

/// What the tests speak of.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Coverage {
    /// The endpoints of the lock. One that is not mentioned is expected to let nobody in.
    pub endpoints: Counted,
    /// Pairs of an endpoint and somebody with one role at most, by each kind of credential.
    pub pairs: usize,
    /// How many of them are expected to be let in; all others are expected to be refused.
    pub admitted: usize,
    /// Expectations of single credentials: endpoints under `may` and `may_not`.
    pub cases: usize,
    /// The roles of the policy: those that are expected somewhere.
    pub roles: Counted,
    /// Its schemes and issuers: those through which somebody is expected somewhere.
    pub schemes: Counted,
    /// What its roles grant by themselves: those grants without which somebody who is expected would
    /// be refused, or whose scope an endpoint asks for that lets them in.
    pub grants: Counted,
    /// Its named rules: those of endpoints where somebody is expected.
    pub rules: Counted,
}

impl Counted {
    fn of<'n>(names: impl Iterator<Item = (String, bool)> + 'n) -> Self {
        let mut counted = Self::default();
        for (name, covered) in names {
            counted.all += 1;
            if covered {
                counted.covered += 1;
            } else {
                counted.missing.push(name);
            }
        }
        counted.missing.sort_unstable();
        counted
    }
}

impl Coverage {
    pub(super) fn of(plan: &Plan<'_>) -> Self {
        let seen = Seen::of(plan);
        let policy = plan.policy;
        let grants =
            policy.roles().iter().zip(0u32..).flat_map(|(role, id)| {
                role.grants.iter().map(move |scope| (role, RoleId(id), *scope))
            });
        let grant = |(role, id, scope): (&crate::policy::Role, RoleId, ScopeId)| {
            let name = policy.scope(scope).map(|scope| scope.name.as_str()).unwrap_or_default();
            (format!("{}: {name}", role.name), seen.grants.contains(&(id, scope)))
        };
        Self {
            endpoints: Counted::of(
                plan.rows.iter().map(|row| (name_of(row.endpoint), row.form.is_some())),
            ),
            pairs: plan.rows.len() * plan.subjects.list.len(),
            admitted: plan.rows.iter().map(|row| row.admitted.len()).sum(),
            cases: plan.cases.len(),
            roles: Counted::of(
                policy
                    .roles()
                    .iter()
                    .zip(0u32..)
                    .map(|(role, id)| (role.name.clone(), seen.roles.contains(&RoleId(id)))),
            ),
            schemes: Counted::of(
                policy.schemes().iter().map(|scheme| {
                    (scheme.name.clone(), seen.schemes.contains(scheme.name.as_str()))
                }),
            ),
            grants: Counted::of(grants.map(grant)),
            rules: Counted::of(
                policy
                    .rules()
                    .iter()
                    .map(|rule| (rule.name.clone(), seen.rules.contains(rule.name.as_str()))),
            ),
        }
    }
}

/// What some expectation of being let in speaks of.
#[derive(Default)]
struct Seen<'a> {
    roles: HashSet<RoleId>,
    schemes: BTreeSet<&'a str>,
    rules: BTreeSet<&'a str>,
    /// The role that grants it, and the scope.
    grants: HashSet<(RoleId, ScopeId)>,
}

impl<'a> Seen<'a> {
    fn of(plan: &'a Plan<'a>) -> Self {
        let mut seen = Self::default();
        for row in &plan.rows {
            let Rule::Guarded(guard) = &row.endpoint.rule else { continue };
            if row.admitted.is_empty() {
                continue;
            }
            seen.rules.extend(guard.name.as_deref());
            let (roles, carriers) = admitted(plan, row);
            let schemes = carriers.iter().filter_map(|index| plan.subjects.carriers.get(*index));
            seen.schemes.extend(schemes.map(|carrier| carrier.scheme.as_str()));
            seen.roles.extend(&roles);
            seen.note_grants(plan, guard, &roles);
        }
        seen
    }

    fn note_grants(&mut self, plan: &Plan<'_>, guard: &Guard, roles: &BTreeSet<RoleId>) {
        for scope in guard.scopes.iter().filter_map(|name| plan.policy.scope_id(name)) {
            for role in roles.iter().filter_map(|id| plan.policy.role(*id)) {
                // Whichever of the roles it includes grants it.
                let granting = role.all_roles.iter().filter(|id| {
                    let role = plan.policy.role(**id);
                    role.is_some_and(|role| role.grants.binary_search(&scope).is_ok())
                });
                self.grants.extend(granting.map(|id| (*id, scope)));
            }
        }
    }
}

/// The roles and carriers of those who are expected at an endpoint.
fn admitted(plan: &Plan<'_>, row: &super::plan::Row<'_>) -> (BTreeSet<RoleId>, BTreeSet<usize>) {
    let mut roles = BTreeSet::new();
    let mut carriers = BTreeSet::new();
    for index in row.admitted.iter() {
        let Some(subject) = plan.subjects.list.get(index as usize) else { continue };
        carriers.insert(subject.carrier);
        let role = subject.role.as_deref().and_then(|name| ours(plan, subject.carrier, name));
        roles.extend(role);
    }
    (roles, carriers)
}

/// Our role for a name that a credential carries.
fn ours(plan: &Plan<'_>, carrier: usize, name: &str) -> Option<RoleId> {
    let carrier = plan.subjects.carriers.get(carrier)?;
    let scheme = plan.policy.scheme(plan.policy.scheme_id(&carrier.scheme)?)?;
    match &scheme.kind {
        crate::policy::SchemeKind::Issuer(issuer) => {
            issuer.roles.iter().find(|(theirs, _)| theirs == name).map(|(_, ours)| *ours)
        }
        _ => plan.policy.role_id(name),
    }
}
