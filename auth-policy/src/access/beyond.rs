//! What a change lets in. In: two policies, and what an endpoint asks for before and after. Out: the
//! smallest credential that is admitted after and was refused before, if there is one.
//!
//! What the old rule asks for is a list of clauses, and it refuses a credential that fails one of
//! them. For each clause there is a greatest set of names with which it fails: if the new rule can
//! be met with those, something was gained, and otherwise nothing was. No set of roles is tried.

use super::{
    asked::{Asked, kind},
    cover::Cover,
    credential::{Carrier, Credential},
    needs::{Need, Source},
    reach::Access,
};
use crate::{
    Policy,
    bits::Bits,
    lock::{Guard, Rule},
    settings::Seconds,
};

/// Two policies, made ready to be compared. Everything is compared by name.
#[derive(Clone, Debug)]
pub struct Change<'p> {
    old: Access<'p>,
    new: Access<'p>,
}

/// A credential that is let in now, in the order of how small it is.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Gained {
    names: (usize, usize),
    conditions: (bool, bool),
    weight: usize,
    credential: Credential,
}

/// A way in which the old rule refuses.
struct Refusal {
    /// Names that are not held.
    without: Bits,
    signed_in: Option<Seconds>,
    acr: Option<String>,
}

impl<'p> Change<'p> {
    /// From the one policy to the other.
    pub fn between(old: &'p Policy, new: &'p Policy) -> Self {
        let new = Access::of(new);
        Self { old: Access::of(old).seen_from(&new), new }
    }

    /// The policy after the change.
    pub const fn after(&self) -> &Access<'p> {
        &self.new
    }

    /// The policy before the change, asked about the names that there are after it.
    pub const fn before(&self) -> &Access<'p> {
        &self.old
    }

    /// The smallest credential of that kind that the new rule admits and the old one refuses: of
    /// those with the fewest roles one with the fewest scopes, and of those the weakest. Nothing if
    /// the new rule admits none that the old one does not.
    ///
    /// An endpoint that was not there before admitted nobody, and neither does one that is gone.
    /// To a public endpoint one goes without any credential; ask [`admits`](super::admits) first.
    pub fn beyond(
        &self,
        old: Option<&Rule>,
        new: Option<&Rule>,
        carrier: &Carrier,
    ) -> Option<Credential> {
        let new = new?;
        let gained = |need: &Need| {
            let refusals = self.refusals(old, new, carrier, need).into_iter();
            refusals.filter_map(|refusal| self.admitted(new, carrier, need, refusal)).min()
        };
        let gained = self.new.needs(new, carrier).iter().filter_map(gained).min();
        gained.map(|gained| gained.credential)
    }

    /// The smallest credential that meets the new rule and that the old one refuses in that way.
    fn admitted(
        &self,
        new: &Rule,
        carrier: &Carrier,
        need: &Need,
        refusal: Refusal,
    ) -> Option<Gained> {
        let view = self.new.view(carrier);
        let mut allowed = Bits::all(view.size());
        allowed.remove_all(&refusal.without);
        let roles = Cover::new(view, &need.hit, &allowed).fewest()?;
        let mut credential = self.new.credential(new, carrier, need, &roles);
        credential.signed_in = refusal.signed_in.or(credential.signed_in);
        credential.acr = refusal.acr.or(credential.acr);
        Some(Gained {
            names: (credential.roles.len(), credential.scopes.len()),
            conditions: (credential.signed_in.is_some(), credential.acr.is_some()),
            weight: roles.iter().map(|role| view.weight(*role)).sum(),
            credential,
        })
    }

    /// The ways in which the old rule refuses a credential that carries what is needed and no more.
    fn refusals(
        &self,
        old: Option<&Rule>,
        new: &Rule,
        carrier: &Carrier,
        need: &Need,
    ) -> Vec<Refusal> {
        let everybody = || vec![self.whoever(carrier)];
        let Some(old) = old else { return everybody() };
        let Some(kind) = kind(self.old.policy(), carrier) else {
            // What is open to all is open to credentials the policy does not know.
            return if matches!(old, Rule::Guarded(_)) { everybody() } else { Vec::new() };
        };
        let Rule::Guarded(guard) = old else { return Vec::new() };
        let Some(asked) = Asked::of(self.old.policy(), guard, carrier) else { return everybody() };
        let source = Source::of(kind, carrier.holder);
        let without = self.missing_scopes(&asked, source, carrier, need);
        let role = asked.role.map(|role| self.old.view(carrier).including(role));
        let without = without.into_iter().chain(role);
        let mut refusals: Vec<_> = without.map(Refusal::without).collect();
        let new = if let Rule::Guarded(guard) = new { Some(guard) } else { None };
        refusals.extend(self.too_old(&asked, new, carrier));
        refusals.extend(self.too_weak(&asked, new, carrier));
        refusals
    }

    /// For each way in which scopes are missing, the names that are not held.
    fn missing_scopes(
        &self,
        asked: &Asked,
        source: Source<'_>,
        carrier: &Carrier,
        need: &Need,
    ) -> Vec<Bits> {
        let (old, new) = (self.old.policy(), self.new.policy());
        let view = self.old.view(carrier);
        let names = need.carried.iter().filter_map(|id| new.scope(*id));
        let carried: Vec<_> = names.filter_map(|scope| old.scope_id(&scope.name)).collect();
        let has = |scope| source.admits(scope) && (!source.carried || carried.contains(&scope));
        // A scope that is had and that no role has to grant is in effect whatever is held.
        let lacking = |scope| match (has(scope), source.granted) {
            (false, _) => Some(Bits::new(view.size())),
            (true, true) => Some(view.granting(scope)),
            (true, false) => None,
        };
        let ways = asked.scopes.iter().map(|scope| lacking(*scope));
        if !asked.any {
            return ways.flatten().collect();
        }
        // Of an any-of all have to be missing at once.
        let together = ways.reduce(|all, way| {
            let (mut all, way) = (all?, way?);
            all.add_all(&way);
            Some(all)
        });
        together.flatten().into_iter().collect()
    }

    fn too_old(&self, asked: &Asked, new: Option<&Guard>, carrier: &Carrier) -> Option<Refusal> {
        let limit = asked.max_age?;
        let new = new.and_then(|guard| guard.max_age);
        let longer = new.is_none_or(|new| new > limit);
        longer.then(|| Refusal { signed_in: Some(limit), ..self.whoever(carrier) })
    }

    fn too_weak(&self, asked: &Asked, new: Option<&Guard>, carrier: &Carrier) -> Option<Refusal> {
        let limit = asked.acr?;
        let Some(weakest) = new.and_then(|guard| guard.acr.as_deref()) else {
            return Some(self.whoever(carrier));
        };
        let (old, new) = (self.old.policy(), self.new.policy());
        let enough = new.acr_values().iter().skip_while(|acr| acr.value != weakest);
        let mut refused =
            enough.filter(|acr| old.acr_id(&acr.value).is_none_or(|held| held < limit));
        refused.next().map(|acr| Refusal { acr: Some(acr.value.clone()), ..self.whoever(carrier) })
    }

    /// A refusal that depends on no name.
    fn whoever(&self, carrier: &Carrier) -> Refusal {
        Refusal::without(Bits::new(self.new.view(carrier).size()))
    }
}

impl Refusal {
    fn without(names: Bits) -> Self {
        Self { without: names, signed_in: None, acr: None }
    }
}
