//! What decides who meets a rule with one kind of credential. In: a policy and a rule. Out: a text
//! that is the same whenever the answer is; and of two of them, a short mark.
//!
//! SECURITY: an approval names the mark of what was approved. So everything that access depends on
//! is in here, and nothing else, or approvals would end with changes that do not concern them.

use std::{collections::HashMap, fmt::Write as _};

use sha2::{Digest, Sha256};

use crate::{
    Policy,
    access::{Carrier, Holder, carriers, refuses_delegates},
    lock::{Guard, Rule},
    policy::{AcrId, RoleId, SchemeKind, ScopeId},
};

/// A policy, made ready to be asked about many rules.
pub(super) struct Facts<'p> {
    policy: &'p Policy,
    pub(super) carriers: Vec<Carrier>,
    /// For each scope, the roles that come to it, as a hash.
    granting: Vec<String>,
    /// For each role, itself and those that include it, as a hash.
    including: Vec<String>,
    /// Of each foreign issuer the same for the names in its tokens.
    foreign: HashMap<&'p str, Vec<String>>,
}

impl<'p> Facts<'p> {
    pub(super) fn of(policy: &'p Policy) -> Self {
        let mut granting = vec![Sha256::new(); policy.scopes().len()];
        let mut including = vec![Sha256::new(); policy.roles().len()];
        for role in policy.roles() {
            let scopes = role.all_grants.iter().map(|id| id.0);
            let roles = role.all_roles.iter().map(|id| id.0);
            scopes.for_each(|id| add(&mut granting, id, &role.name));
            roles.for_each(|id| add(&mut including, id, &role.name));
        }
        Self {
            policy,
            carriers: carriers(policy),
            granting: granting.into_iter().map(hex).collect(),
            including: including.into_iter().map(hex).collect(),
            foreign: policy.schemes().iter().filter_map(|scheme| foreign(policy, scheme)).collect(),
        }
    }

    /// What decides who meets it; nothing where nobody does, because the credential does not count.
    pub(super) fn about(&self, rule: Option<&Rule>, carrier: &Carrier) -> Option<String> {
        match rule? {
            Rule::Guarded(guard) => self.guard(guard, carrier),
            Rule::Public { .. } | Rule::Unguarded { .. } => Some("everybody".to_owned()),
        }
    }

    fn guard(&self, guard: &Guard, carrier: &Carrier) -> Option<String> {
        let known = self.carriers.contains(carrier) && guard.schemes.contains(&carrier.scheme);
        let scheme = self.policy.scheme_id(&carrier.scheme).and_then(|id| self.policy.scheme(id));
        let known = known && !refuses_delegates(self.policy, guard, carrier.holder);
        let scheme = scheme.filter(|_| known)?;
        let mut scopes: Vec<_> = guard.scopes.iter().collect();
        scopes.sort_unstable();
        scopes.dedup();
        let mut said = String::new();
        let any = guard.any_scope && scopes.len() > 1;
        for name in scopes {
            let id = self.policy.scope_id(name);
            let worth = id.map(|id| self.scope(&scheme.kind, carrier, id));
            let _ = writeln!(said, "scope {name:?} {worth:?}");
        }
        let role = guard.role.as_ref().map(|name| {
            let worth = self.policy.role_id(name).map(|id| self.role(carrier, id));
            format!("{name:?} {worth:?}")
        });
        let acr = guard.acr.as_ref().map(|value| self.as_strong_as(self.policy.acr_id(value)));
        let _ = write!(
            said,
            "any {any}, role {role:?}, age {:?}, acr {acr:?}, people {}",
            guard.max_age, guard.people_only
        );
        Some(said)
    }

    /// How a credential of that kind comes to a scope.
    fn scope(&self, kind: &SchemeKind, carrier: &Carrier, id: ScopeId) -> String {
        let within = |ceiling: &[ScopeId]| ceiling.contains(&id);
        let granting = || self.granting.get(id.0 as usize).map(String::as_str).unwrap_or_default();
        match kind {
            SchemeKind::Jwt(_) if carrier.holder == Holder::Client => "carried".to_owned(),
            SchemeKind::Jwt(_) => format!("carried, granted by {}", granting()),
            SchemeKind::Session(_) => format!("granted by {}", granting()),
            SchemeKind::ApiKey(keys) if within(&keys.grants) => {
                format!("carried, granted by {}", granting())
            }
            SchemeKind::Issuer(issuer) if within(&issuer.may_grant) => "carried".to_owned(),
            SchemeKind::ApiKey(_) | SchemeKind::Issuer(_) => "never".to_owned(),
        }
    }

    fn role(&self, carrier: &Carrier, id: RoleId) -> &str {
        let of_issuer = self.foreign.get(carrier.scheme.as_str());
        let including = of_issuer.unwrap_or(&self.including);
        including.get(id.0 as usize).map(String::as_str).unwrap_or_default()
    }

    /// The contexts that are enough.
    fn as_strong_as(&self, weakest: Option<AcrId>) -> Vec<&str> {
        let Some(AcrId(weakest)) = weakest else { return Vec::new() };
        let enough = self.policy.acr_values().iter().skip(weakest as usize);
        let mut enough: Vec<_> = enough.map(|acr| acr.value.as_str()).collect();
        enough.sort_unstable();
        enough
    }
}

/// Of a foreign issuer, for each role of ours the names in its tokens that come to it.
fn foreign<'p>(
    policy: &Policy,
    scheme: &'p crate::policy::Scheme,
) -> Option<(&'p str, Vec<String>)> {
    let SchemeKind::Issuer(issuer) = &scheme.kind else { return None };
    let mut including = vec![Sha256::new(); policy.roles().len()];
    let mut table: Vec<_> = issuer.roles.iter().collect();
    table.sort();
    for (name, ours) in table {
        let roles = policy.role(*ours).into_iter().flat_map(|role| &role.all_roles);
        roles.for_each(|id| add(&mut including, id.0, name));
    }
    Some((scheme.name.as_str(), including.into_iter().map(hex).collect()))
}

/// What stands for exactly that change: 16 digits, so that nobody finds another one with the same.
pub(super) fn mark(before: &str, after: &str) -> String {
    let mut hash = Sha256::new();
    word(&mut hash, before);
    word(&mut hash, after);
    hex(hash)
}

fn add(sets: &mut [Sha256], set: u32, name: &str) {
    if let Some(hash) = sets.get_mut(set as usize) {
        word(hash, name);
    }
}

fn word(hash: &mut Sha256, word: &str) {
    hash.update((word.len() as u64).to_be_bytes());
    hash.update(word);
}

fn hex(hash: Sha256) -> String {
    hash.finalize().into_iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}
