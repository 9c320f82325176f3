//! A policy made ready to be asked many times. In: a policy. Out: who reaches what, without trying.

use std::collections::BTreeSet;

use super::{
    asked::{Asked, kind},
    cover::Cover,
    credential::{Carrier, Credential, Holder, carriers},
    needs::{Need, Source, needs},
    view::View,
};
use crate::{Policy, bits::Bits, lock::Rule, policy::SchemeKind, settings::Seconds};

/// How many smallest credentials are told.
const MOST: usize = 16;

/// A policy, and for each scope and role the names that bring it.
#[derive(Clone, Debug)]
pub struct Access<'p> {
    policy: &'p Policy,
    accounts: View,
    /// The names in the tokens of each foreign issuer.
    issuers: Vec<(&'p str, View)>,
    nobody: View,
}

/// The credentials of which nothing can be left out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Smallest {
    /// Sorted by the number of roles, at most 16.
    pub credentials: Vec<Credential>,
    /// Whether there are more.
    pub cut: bool,
}

impl<'p> Access<'p> {
    /// That policy, made ready.
    pub fn of(policy: &'p Policy) -> Self {
        let roles = policy.roles().iter().map(|role| role.name.clone()).collect();
        let issuers = policy.schemes().iter().filter_map(|scheme| {
            let names = foreign_names(&scheme.kind)?;
            Some((scheme.name.as_str(), foreign(policy, &scheme.kind, names)))
        });
        Self {
            policy,
            accounts: View::new(policy, roles, |name| policy.role_id(name)),
            issuers: issuers.collect(),
            nobody: View::new(policy, Vec::new(), |_| None),
        }
    }

    /// The policy itself.
    pub const fn policy(&self) -> &'p Policy {
        self.policy
    }

    /// The kinds of credential it knows, sorted.
    pub fn carriers(&self) -> Vec<Carrier> {
        carriers(self.policy)
    }

    /// The names of which each alone is enough, together with every scope that such a credential can
    /// carry and the sign-in that the rule asks for: of a foreign issuer those in its tokens. None
    /// for a client that acts for itself, which holds no roles.
    pub fn roles_that_reach(&self, rule: &Rule, carrier: &Carrier) -> Vec<String> {
        let view = self.view(carrier);
        let mut reaching = Bits::new(view.size());
        for need in self.needs(rule, carrier) {
            let mut alone = Bits::all(view.size());
            need.hit.iter().for_each(|set| alone.keep_only(set));
            reaching.add_all(&alone);
        }
        view.named(reaching.iter())
    }

    /// Whether any credential of that kind is admitted at all.
    pub fn reaches(&self, rule: &Rule, carrier: &Carrier) -> bool {
        let needs = self.needs(rule, carrier);
        needs.iter().any(|need| need.hit.iter().all(|set| !set.is_empty()))
    }

    /// The credentials of that kind that a rule admits and of which nothing can be left out: no
    /// scope, no role, and no role for the weaker ones that it includes. A sign-in that is asked for
    /// is one of this moment, and as weak as may be.
    pub fn smallest(&self, rule: &Rule, carrier: &Carrier) -> Smallest {
        let view = self.view(carrier);
        let everybody = Bits::all(view.size());
        let mut found = BTreeSet::new();
        let mut cut = false;
        for need in self.needs(rule, carrier) {
            let covers = Cover::new(view, &need.hit, &everybody).minimal(MOST);
            cut |= covers.cut;
            for roles in covers.sets {
                let credential = self.credential(rule, carrier, &need, &roles);
                let weight: usize = roles.iter().map(|role| view.weight(*role)).sum();
                found.insert((roles.len(), weight, credential));
            }
        }
        cut |= found.len() > MOST;
        let credentials = found.into_iter().take(MOST).map(|(_, _, credential)| credential);
        Smallest { credentials: credentials.collect(), cut }
    }

    /// The ways to meet a rule with a credential of that kind.
    pub(super) fn needs(&self, rule: &Rule, carrier: &Carrier) -> Vec<Need> {
        let Some(kind) = kind(self.policy, carrier) else { return Vec::new() };
        let Rule::Guarded(guard) = rule else { return vec![Need::default()] };
        let Some(asked) = Asked::of(self.policy, guard, carrier) else { return Vec::new() };
        needs(&asked, Source::of(kind, carrier.holder), self.view(carrier))
    }

    /// The credential that meets a rule in that way.
    pub(super) fn credential(
        &self,
        rule: &Rule,
        carrier: &Carrier,
        need: &Need,
        roles: &[u32],
    ) -> Credential {
        let scopes = need.carried.iter().filter_map(|id| self.policy.scope(*id));
        let mut scopes: Vec<_> = scopes.map(|scope| scope.name.clone()).collect();
        scopes.sort_unstable();
        scopes.dedup();
        let guard = if let Rule::Guarded(guard) = rule { Some(guard) } else { None };
        Credential {
            signed_in: guard.and_then(|guard| guard.max_age).map(|_| Seconds(0)),
            acr: guard.and_then(|guard| guard.acr.clone()),
            ..Credential::new(carrier)
        }
        .roles(self.view(carrier).named(roles.iter().copied()))
        .scopes(scopes)
    }

    pub(super) fn view(&self, carrier: &Carrier) -> &View {
        match carrier.holder {
            Holder::Account | Holder::Delegate => &self.accounts,
            Holder::Client => &self.nobody,
            Holder::Foreign => {
                let found = self.issuers.iter().find(|(name, _)| *name == carrier.scheme);
                found.map_or(&self.nobody, |(_, view)| view)
            }
        }
    }

    /// What the names of another policy are worth under this one.
    pub(super) fn seen_from(&self, other: &Access<'_>) -> Access<'p> {
        let policy = self.policy;
        let issuers = other.issuers.iter().filter_map(|(name, theirs)| {
            let scheme = policy.scheme(policy.scheme_id(name)?)?;
            Some((scheme.name.as_str(), foreign(policy, &scheme.kind, theirs.names.clone())))
        });
        let roles = other.accounts.names.clone();
        Access {
            policy,
            accounts: View::new(policy, roles, |name| policy.role_id(name)),
            issuers: issuers.collect(),
            nobody: self.nobody.clone(),
        }
    }
}

/// The names that the tokens of a foreign issuer can say.
fn foreign_names(kind: &SchemeKind) -> Option<Vec<String>> {
    let SchemeKind::Issuer(issuer) = kind else { return None };
    Some(issuer.roles.iter().map(|(name, _)| name.clone()).collect())
}

/// What those names mean according to an issuer's table; of what is no issuer, nothing.
fn foreign(policy: &Policy, kind: &SchemeKind, names: Vec<String>) -> View {
    let table = if let SchemeKind::Issuer(issuer) = kind { &issuer.roles[..] } else { &[] };
    View::new(policy, names, |name| {
        table.iter().find(|(theirs, _)| theirs == name).map(|(_, ours)| *ours)
    })
}
