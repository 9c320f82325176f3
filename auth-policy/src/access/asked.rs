//! What a rule asks of one kind of credential. In: names. Out: the ids of a policy; or nothing,
//! where no credential of that kind can meet it.

use super::{
    admits::refuses_delegates,
    credential::{Carrier, Holder, carriers, tells_sign_in},
};
use crate::{
    Policy,
    lock::Guard,
    policy::{AcrId, RoleId, SchemeKind, ScopeId},
    settings::Seconds,
};

/// What is asked of a credential whose scheme counts.
#[derive(Clone, Debug, Default)]
pub(super) struct Asked {
    pub(super) scopes: Vec<ScopeId>,
    /// Whether one of the scopes is enough.
    pub(super) any: bool,
    pub(super) role: Option<RoleId>,
    pub(super) max_age: Option<Seconds>,
    pub(super) acr: Option<AcrId>,
}

impl Asked {
    /// Nothing where no credential of that kind meets the guard under any circumstances but those
    /// that its scopes and roles make.
    pub(super) fn of(policy: &Policy, guard: &Guard, carrier: &Carrier) -> Option<Self> {
        let kind = kind(policy, carrier)?;
        let client = matches!(carrier.holder, Holder::Client | Holder::Delegate);
        let roleless = client || matches!(kind, SchemeKind::ApiKey(_));
        let signed_in = guard.max_age.is_some() || guard.acr.is_some();
        let never = !guard.schemes.contains(&carrier.scheme)
            || guard.people_only && client
            || refuses_delegates(policy, guard, carrier.holder)
            || guard.role.is_some() && roleless
            || signed_in && !tells_sign_in(kind, carrier.holder);
        if never {
            return None;
        }
        let scopes: Vec<_> = guard.scopes.iter().filter_map(|name| policy.scope_id(name)).collect();
        let undeclared = guard.scopes.len() - scopes.len();
        let hopeless = if guard.any_scope { scopes.is_empty() } else { true };
        if undeclared > 0 && hopeless {
            return None;
        }
        let any = guard.any_scope && !scopes.is_empty();
        let role = declared(guard.role.as_deref(), |name| policy.role_id(name))?;
        let acr = declared(guard.acr.as_deref(), |value| policy.acr_id(value))?;
        Some(Self { scopes, any, role, max_age: guard.max_age, acr })
    }
}

/// What that scheme is, if the policy knows such credentials of it.
pub(super) fn kind<'p>(policy: &'p Policy, carrier: &Carrier) -> Option<&'p SchemeKind> {
    let scheme = policy.scheme(policy.scheme_id(&carrier.scheme)?)?;
    carriers(policy).contains(carrier).then_some(&scheme.kind)
}

/// Nothing asked for is `Some(None)`; something undeclared is nothing at all.
fn declared<T>(name: Option<&str>, id: impl Fn(&str) -> Option<T>) -> Option<Option<T>> {
    match name {
        None => Some(None),
        Some(name) => id(name).map(Some),
    }
}
