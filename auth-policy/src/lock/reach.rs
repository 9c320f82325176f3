//! Who reaches an endpoint. In: its rule and the policy. Out: a few words for readers, which say the
//! same until one of the two changes.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::{Guard, Rule, rule::rule as rule_text, word::word};
use crate::{
    access::{Access, Carrier, Credential, Holder, admits},
    policy::{Policy, RoleId},
    settings::Seconds,
};

/// Says who reaches endpoints under one policy. Endpoints with the same rule are asked about once.
pub(super) struct Reach<'p> {
    access: Access<'p>,
    carriers: Vec<Carrier>,
    known: HashMap<String, String>,
}

impl<'p> Reach<'p> {
    pub(super) fn new(policy: &'p Policy) -> Self {
        let access = Access::of(policy);
        Self { carriers: access.carriers(), access, known: HashMap::new() }
    }

    /// `role admin, author`, `every account; client`, `everybody` or `nobody`.
    pub(super) fn of(&mut self, rule: &Rule) -> String {
        let Rule::Guarded(guard) = rule else { return "everybody".to_owned() };
        let key = rule_text(rule);
        if let Some(known) = self.known.get(&key) {
            return known.clone();
        }
        let said = self.said(rule, guard);
        self.known.insert(key, said.clone());
        said
    }

    fn said(&self, rule: &Rule, guard: &Guard) -> String {
        let counts = |carrier: &&Carrier| guard.schemes.contains(&carrier.scheme);
        let carriers: Vec<_> = self.carriers.iter().filter(counts).collect();
        let accounts: Vec<_> =
            carriers.iter().copied().filter(|carrier| carrier.holder == Holder::Account).collect();
        let mut parts = Vec::new();
        let everyone = |carrier: &&Carrier| needs_no_role(&self.access, rule, carrier);
        if accounts.iter().any(everyone) {
            parts.push("every account".to_owned());
        } else {
            parts.extend(self.roles(rule, guard, &accounts));
        }
        let reaches = |carrier: &&&Carrier| self.access.reaches(rule, carrier);
        let mut others = carriers.iter().filter(reaches);
        if others.clone().any(|carrier| matches!(carrier.holder, Holder::Client | Holder::Delegate))
        {
            parts.push("client".to_owned());
        }
        let foreign = others.by_ref().filter(|carrier| carrier.holder == Holder::Foreign);
        let foreign: Vec<_> = foreign.map(|carrier| word(&carrier.scheme)).collect();
        if !foreign.is_empty() {
            parts.push(format!("issuer {}", foreign.join(", ")));
        }
        if parts.is_empty() { "nobody".to_owned() } else { parts.join("; ") }
    }

    /// The roles each of which is enough, with the schemes if it is so with some of them only; and
    /// those that are enough together and not without one of them.
    fn roles(&self, rule: &Rule, guard: &Guard, accounts: &[&Carrier]) -> Option<String> {
        let mut reaching: BTreeMap<String, Vec<&str>> = BTreeMap::new();
        // All of several scopes are granted by the same roles, whichever scheme carries them.
        let mut same: Option<BTreeSet<Vec<String>>> = None;
        for carrier in accounts.iter().filter(|carrier| self.access.reaches(rule, carrier)) {
            let alone = self.access.roles_that_reach(rule, carrier);
            if takes_several(guard) {
                let known = same.take().filter(|_| !guard.any_scope);
                let sets = known.unwrap_or_else(|| self.together(rule, carrier, &alone));
                for roles in &sets {
                    let roles: Vec<_> = roles.iter().map(|role| word(role)).collect();
                    reaching.entry(roles.join(" + ")).or_default().push(&carrier.scheme);
                }
                same = Some(sets);
            }
            for role in alone {
                reaching.entry(word(&role)).or_default().push(&carrier.scheme);
            }
        }
        let roles = reaching.into_iter().map(|(role, schemes)| {
            let by = format!(" ({})", schemes.join(" | "));
            role + if schemes.len() == accounts.len() { "" } else { &by }
        });
        let roles: Vec<_> = roles.collect();
        (!roles.is_empty()).then(|| format!("role {}", roles.join(", ")))
    }

    /// The sets of roles that are enough together. A credential may need one role more for the scope
    /// that it carries, where another scope is enough as well: such a set is none.
    fn together(&self, rule: &Rule, carrier: &Carrier, alone: &[String]) -> BTreeSet<Vec<String>> {
        let smallest = self.access.smallest(rule, carrier);
        let sets = smallest.credentials.into_iter().map(|credential| credential.roles);
        let sets: BTreeSet<_> = sets.filter(|roles| roles.len() > 1).collect();
        let enough = sets.iter().cloned().chain(alone.iter().map(|role| vec![role.clone()]));
        let enough: Vec<_> = enough.map(|roles| (self.worth(&roles), roles)).collect();
        let is_least = |roles: &&Vec<String>| {
            let worth = self.worth(roles);
            !enough.iter().any(|(less, other)| other != *roles && less.is_subset(&worth))
        };
        sets.iter().filter(is_least).cloned().collect()
    }

    /// These roles and all that they include.
    fn worth(&self, roles: &[String]) -> BTreeSet<RoleId> {
        let policy = self.access.policy();
        let ids = roles.iter().filter_map(|name| policy.role(policy.role_id(name)?));
        ids.flat_map(|role| role.all_roles.iter().copied()).collect()
    }
}

/// Whether a credential without any role is enough.
pub(crate) fn needs_no_role(access: &Access<'_>, rule: &Rule, carrier: &Carrier) -> bool {
    let Rule::Guarded(guard) = rule else { return true };
    let credential = Credential {
        signed_in: Some(Seconds(0)),
        acr: guard.acr.clone(),
        ..Credential::new(carrier).scopes(guard.scopes.clone())
    };
    admits(access.policy(), rule, Some(&credential)).is_allowed()
}

/// Whether roles can be enough together that are not enough alone: several things are asked of them.
pub(crate) fn takes_several(guard: &Guard) -> bool {
    let scopes = if guard.any_scope { guard.scopes.len().min(1) } else { guard.scopes.len() };
    scopes + usize::from(guard.role.is_some()) > 1
}
