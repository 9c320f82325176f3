//! Whom a matrix speaks of. In: a policy. Out: each kind of credential in the hands of each role
//! alone, of nobody's role and of a client, in one order, so that a set of them is a set of bits.

use crate::{
    Policy,
    access::{Carrier, Credential, Holder, carriers},
    policy::{SchemeKind, ScopeId},
    settings::Seconds,
};

/// Somebody with one kind of credential, and one role at most.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Subject {
    /// Which of the carriers.
    pub(super) carrier: usize,
    pub(super) role: Option<String>,
}

/// Everybody a matrix speaks of.
#[derive(Clone, Debug)]
pub(super) struct Subjects {
    pub(super) carriers: Vec<Carrier>,
    /// Those of the first carrier first: of each, who has no role, and then the roles by name.
    pub(super) list: Vec<Subject>,
    /// Where those of each carrier begin.
    starts: Vec<usize>,
}

impl Subjects {
    /// A client that acts for an account gets nowhere that the account does not, so it is no
    /// subject of its own.
    pub(super) fn of(policy: &Policy) -> Self {
        let mut carriers = carriers(policy);
        carriers.retain(|carrier| carrier.holder != Holder::Delegate);
        let (mut list, mut starts) = (Vec::new(), Vec::new());
        for (index, carrier) in carriers.iter().enumerate() {
            starts.push(list.len());
            list.push(Subject { carrier: index, role: None });
            let roles = roles(policy, carrier).into_iter().map(Some);
            list.extend(roles.map(|role| Subject { carrier: index, role }));
        }
        Self { carriers, list, starts }
    }

    /// The carriers of a scheme.
    pub(super) fn of_scheme(&self, scheme: &str) -> impl Iterator<Item = usize> {
        let carriers = self.carriers.iter().enumerate();
        carriers.filter(move |(_, carrier)| carrier.scheme == scheme).map(|(index, _)| index)
    }

    /// Those with that carrier, as a range of the list.
    pub(super) fn range(&self, carrier: usize) -> std::ops::Range<usize> {
        let start = self.starts.get(carrier).copied().unwrap_or(self.list.len());
        let end = self.starts.get(carrier + 1).copied().unwrap_or(self.list.len());
        start..end
    }

    /// Who has that role, or none, with that carrier.
    pub(super) fn find(&self, carrier: usize, role: Option<&str>) -> Option<usize> {
        let range = self.range(carrier);
        let all = self.list.get(range.clone())?;
        let found = all.binary_search_by(|subject| subject.role.as_deref().cmp(&role)).ok()?;
        Some(range.start + found)
    }

    /// The most that such a subject can come with: every scope of use to it, a sign-in of this
    /// moment, as strong as there is.
    pub(super) fn credential(&self, index: usize, policy: &Policy) -> Option<Credential> {
        let subject = self.list.get(index)?;
        let carrier = self.carriers.get(subject.carrier)?;
        let all = Credential::new(carrier).roles(subject.role.clone());
        Some(with_sign_in(with_scopes(all, policy), policy))
    }
}

/// The roles that a carrier's holders can have, sorted: of a foreign issuer, its own words.
pub(super) fn roles(policy: &Policy, carrier: &Carrier) -> Vec<String> {
    let scheme = policy.scheme_id(&carrier.scheme).and_then(|id| policy.scheme(id));
    let mut roles: Vec<String> = match (carrier.holder, scheme.map(|scheme| &scheme.kind)) {
        (Holder::Client, _) => Vec::new(),
        (_, Some(SchemeKind::Issuer(issuer))) => {
            issuer.roles.iter().map(|(theirs, _)| theirs.clone()).collect()
        }
        _ => policy.roles().iter().map(|role| role.name.clone()).collect(),
    };
    roles.sort_unstable();
    roles
}

/// The same with every scope that does something in its hands.
pub(super) fn with_scopes(credential: Credential, policy: &Policy) -> Credential {
    let scheme = policy.scheme_id(&credential.scheme).and_then(|id| policy.scheme(id));
    let granted = || {
        let ids = credential.roles.iter().filter_map(|name| policy.role_id(name));
        let roles = ids.filter_map(|id| policy.role(id));
        roles.flat_map(|role| role.all_grants.iter().copied()).collect::<Vec<ScopeId>>()
    };
    let mut ids = match (scheme.map(|scheme| &scheme.kind), credential.holder) {
        (Some(SchemeKind::Jwt(_)), Holder::Client) => {
            (0u32..).zip(policy.scopes()).map(|(id, _)| ScopeId(id)).collect()
        }
        (Some(SchemeKind::Jwt(_)), _) => granted(),
        (Some(SchemeKind::ApiKey(key)), _) => {
            let ceiling = |id: &ScopeId| key.grants.binary_search(id).is_ok();
            granted().into_iter().filter(ceiling).collect()
        }
        (Some(SchemeKind::Issuer(issuer)), _) => issuer.may_grant.clone(),
        (Some(SchemeKind::Session(_)) | None, _) => Vec::new(),
    };
    ids.sort_unstable();
    ids.dedup();
    let names = ids.iter().filter_map(|id| Some(policy.scope(*id)?.name.clone()));
    let names: Vec<String> = names.collect();
    credential.scopes(names)
}

/// The same, signed in just now and as surely as the policy knows.
fn with_sign_in(mut credential: Credential, policy: &Policy) -> Credential {
    let scheme = policy.scheme_id(&credential.scheme).and_then(|id| policy.scheme(id));
    let keyed = scheme.is_some_and(|scheme| matches!(scheme.kind, SchemeKind::ApiKey(_)));
    if !keyed && credential.holder != Holder::Client {
        credential.signed_in = Some(Seconds(0));
        credential.acr = policy.acr_values().last().map(|acr| acr.value.clone());
    }
    credential
}
