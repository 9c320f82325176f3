//! What meets a rule. In: what it asks of one kind of credential. Out: the alternatives, each with
//! the scopes to carry and the sets of names of each of which one has to be held.

use super::{asked::Asked, credential::Holder, view::View};
use crate::{
    bits::Bits,
    policy::{SchemeKind, ScopeId},
};

/// One way to meet a rule, as far as scopes and roles go.
#[derive(Clone, Debug, Default)]
pub(super) struct Need {
    /// The scopes a credential has to carry.
    pub(super) carried: Vec<ScopeId>,
    /// Of each of these sets one name has to be held.
    pub(super) hit: Vec<Bits>,
}

/// Where the scopes of a kind of credential come from.
#[derive(Clone, Copy, Debug)]
pub(super) struct Source<'p> {
    /// Whether they have to be carried; of a session it is the roles alone that count.
    pub(super) carried: bool,
    /// Whether the roles held have to grant them.
    pub(super) granted: bool,
    /// The most a credential of the scheme is worth.
    ceiling: Option<&'p [ScopeId]>,
}

impl<'p> Source<'p> {
    pub(super) fn of(kind: &'p SchemeKind, holder: Holder) -> Self {
        match kind {
            SchemeKind::Session(_) => Self { carried: false, granted: true, ceiling: None },
            SchemeKind::Jwt(_) => {
                Self { carried: true, granted: holder != Holder::Client, ceiling: None }
            }
            SchemeKind::ApiKey(key) => {
                Self { carried: true, granted: true, ceiling: Some(&key.grants) }
            }
            SchemeKind::Issuer(issuer) => {
                Self { carried: true, granted: false, ceiling: Some(&issuer.may_grant) }
            }
        }
    }

    pub(super) fn admits(&self, scope: ScopeId) -> bool {
        self.ceiling.is_none_or(|ceiling| ceiling.binary_search(&scope).is_ok())
    }
}

/// The alternatives; none where no credential of that source can have the scopes.
pub(super) fn needs(asked: &Asked, source: Source<'_>, view: &View) -> Vec<Need> {
    let role: Vec<_> = asked.role.map(|role| view.including(role)).into_iter().collect();
    let mut alternatives = scopes(asked, source, view);
    alternatives.iter_mut().for_each(|need| need.hit.extend(role.iter().cloned()));
    alternatives
}

fn scopes(asked: &Asked, source: Source<'_>, view: &View) -> Vec<Need> {
    if !asked.any {
        let within = asked.scopes.iter().all(|scope| source.admits(*scope));
        return within.then(|| all(&asked.scopes, source, view)).into_iter().collect();
    }
    let within = asked.scopes.iter().filter(|scope| source.admits(**scope));
    if source.carried {
        within.map(|scope| all(&[*scope], source, view)).collect()
    } else {
        // Nothing is carried, so any name that brings any of them is enough.
        let mut any = Bits::new(view.size());
        within.for_each(|scope| any.add_all(&view.granting(*scope)));
        vec![Need { carried: Vec::new(), hit: vec![any] }]
    }
}

fn all(scopes: &[ScopeId], source: Source<'_>, view: &View) -> Need {
    let carried = if source.carried { scopes.to_vec() } else { Vec::new() };
    let granting = scopes.iter().filter(|_| source.granted).map(|scope| view.granting(*scope));
    Need { carried, hit: granting.collect() }
}
