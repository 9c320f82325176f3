//! The smallest change that turns a verdict over. In: who asks, and what is asked for. Out: what has
//! to be done, and what else that would open or close.
//!
//! Each scope that is missing, each role, each sign-in is one thing to do, and nothing that is done
//! for one of them helps with another, but for a role. So one that is asked for comes first and each
//! that would do is tried, and `granting` finds those that bring several scopes at once; the rest is
//! counted, and of an any-of the cheapest is taken. What lets somebody in can be taken away at one
//! scope of an all-of, and has to be taken away at every scope of an any-of.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    Edit, Flip,
    granting::{MOST_TRIED, granting},
    origin::{Granted, Origins},
    supposed::supposed,
};
use crate::{
    Policy, Source,
    access::{Access, Carrier, Credential, Holder, Lack, Verdict, admits, carriers},
    lock::{Endpoint, Guard, Lock, Rule},
    policy::SchemeKind,
    settings::Seconds,
};

/// Looks for changes.
pub(super) struct Flips<'f> {
    pub(super) origins: &'f Origins<'f>,
    pub(super) source: &'f Source,
    pub(super) lock: &'f Lock,
    /// The scopes that any credential of the caller carries, if it is not all that it can.
    pub(super) scopes: Option<&'f [String]>,
}

impl Flips<'_> {
    pub(super) fn flip(
        &self,
        endpoint: &Endpoint,
        guard: &Guard,
        credential: &Credential,
        verdict: &Verdict,
    ) -> Option<Flip> {
        let edits = match verdict {
            Verdict::Allowed => self.to_refuse(guard, credential)?,
            Verdict::Denied(_) => self.to_admit(&endpoint.rule, guard, credential)?,
        };
        Some(self.with_effect(endpoint, credential, edits))
    }

    /// The fewest edits after which it is admitted.
    fn to_admit(&self, rule: &Rule, guard: &Guard, credential: &Credential) -> Option<Vec<Edit>> {
        let policy = self.origins.policy;
        let others =
            carriers(policy).into_iter().filter(|carrier| *carrier != credential.carrier());
        let of_the_same = others.filter_map(|carrier| {
            let becomes = becomes(credential, &carrier)?;
            let edits = self.needed(guard, &self.with_carrier(guard, credential, &carrier))?;
            Some(becomes.into_iter().chain(edits).collect())
        });
        let as_it_is = self.needed(guard, credential);
        // Of as many, the first: what stays with the credential that was asked about.
        let fewest = as_it_is.into_iter().chain(of_the_same).min_by_key(Vec::len);
        fewest.or_else(|| self.somebody(rule))
    }

    /// The credential of another kind that the same caller would show.
    fn with_carrier(
        &self,
        guard: &Guard,
        credential: &Credential,
        carrier: &Carrier,
    ) -> Credential {
        let scopes = self.scopes.map_or_else(|| guard.scopes.clone(), <[String]>::to_vec);
        let (scheme, holder) = (carrier.scheme.clone(), carrier.holder);
        Credential { scheme, holder, scopes, ..credential.clone() }
    }

    /// Any credential that is admitted.
    fn somebody(&self, rule: &Rule) -> Option<Vec<Edit>> {
        let access = Access::of(self.origins.policy);
        let carriers = access.carriers().into_iter();
        let smallest = carriers
            .filter_map(|carrier| access.smallest(rule, &carrier).credentials.into_iter().next());
        let least = smallest.min_by_key(|one| (one.roles.len(), one.scopes.len()));
        least.map(|credential| vec![Edit::Present { credential }])
    }

    /// What is needed besides a credential of that kind; nothing if that cannot be had.
    fn needed(&self, guard: &Guard, credential: &Credential) -> Option<Vec<Edit>> {
        let is_other = |lack: &Lack| matches!(lack, Lack::Scheme(_) | Lack::People);
        let is_role = |lack: &Lack| matches!(lack, Lack::Role(_));
        let is_scope = |lack: &Lack| matches!(lack, Lack::Scopes { .. });
        let is_sign_in = |lack: &Lack| matches!(lack, Lack::SignIn(_) | Lack::Acr(_));
        if self.lacks(guard, credential, is_other) {
            return None;
        }
        if self.lacks(guard, credential, is_role) {
            let names = self.names_for(guard.role.as_deref()?, credential)?;
            let ways = names.into_iter().filter_map(|role| {
                let mut holding = credential.clone();
                holding.roles.push(role.clone());
                let rest = (!self.lacks(guard, &holding, is_role)).then_some(holding)?;
                let rest = self.needed(guard, &rest)?;
                Some([vec![Edit::Hold { role }], rest].concat())
            });
            return ways.min_by_key(Vec::len);
        }
        let mut edits = Vec::new();
        let mut credential = credential.clone();
        if self.lacks(guard, &credential, is_scope) {
            edits.extend(self.needed_scopes(guard, &credential)?);
        }
        if self.lacks(guard, &credential, is_sign_in) {
            credential.signed_in = Some(Seconds(0));
            credential.acr.clone_from(&guard.acr);
            edits.push(Edit::SignIn);
        }
        let helpless = |lack: &Lack| is_role(lack) || is_sign_in(lack);
        (!self.lacks(guard, &credential, helpless)).then_some(edits)
    }

    fn needed_scopes(&self, guard: &Guard, credential: &Credential) -> Option<Vec<Edit>> {
        if guard.any_scope && !guard.scopes.is_empty() {
            let each = guard.scopes.iter();
            let ways =
                each.filter_map(|scope| self.needed_for(std::slice::from_ref(scope), credential));
            return ways.min_by_key(Vec::len);
        }
        self.needed_for(&guard.scopes, credential)
    }

    /// What all of these scopes need; nothing if one of them is not to be had.
    fn needed_for(&self, scopes: &[String], credential: &Credential) -> Option<Vec<Edit>> {
        let session = matches!(self.kind(&credential.scheme)?, SchemeKind::Session(_));
        let scheme = &credential.scheme;
        let granted = matches!(credential.holder, Holder::Account | Holder::Delegate);
        let (mut edits, mut missing) = (Vec::new(), Vec::new());
        let once: BTreeSet<_> = scopes.iter().collect();
        for scope in once {
            let id = self.origins.scope(scope)?;
            if !session && !credential.scopes.contains(scope) {
                edits.push(Edit::Carry { scope: scope.clone() });
            }
            if let Some(ceiling) = self.origins.ceiling_words(scheme)
                && self.origins.ceiling(scheme, scope).is_empty()
            {
                let last = ceiling.last().map(|word| word.place);
                let place = last.unwrap_or_else(|| self.origins.scheme_place(scheme));
                edits.push(Edit::Raise { scope: scope.clone(), scheme: scheme.clone(), place });
            }
            if granted && self.origins.grants(&credential.roles, scope).is_empty() {
                missing.push(id);
            }
        }
        if !missing.is_empty() {
            edits.extend(granting(self.origins, &missing, &credential.roles)?);
        }
        Some(edits)
    }

    /// The names by which a credential comes to a role: the role itself first, then those that include
    /// it, which may bring a scope that is missing as well.
    fn names_for(&self, role: &str, credential: &Credential) -> Option<Vec<String>> {
        let policy = self.origins.policy;
        let asked = policy.role_id(role)?;
        let brings = |id| policy.role(id).is_some_and(|role| role.all_roles.contains(&asked));
        if credential.holder != Holder::Foreign {
            let including = policy.roles().iter().filter(|role| role.all_roles.contains(&asked));
            let others = including.filter(|other| other.name != role);
            let names = others.map(|other| other.name.clone());
            return Some(std::iter::once(role.to_owned()).chain(names).collect());
        }
        let SchemeKind::Issuer(issuer) = self.kind(&credential.scheme)? else { return None };
        let table = issuer.roles.iter().filter(|(_, ours)| brings(*ours));
        Some(table.map(|(theirs, _)| theirs.clone()).collect())
    }

    /// Whether it lacks something of that sort.
    fn lacks(&self, guard: &Guard, credential: &Credential, of: impl Fn(&Lack) -> bool) -> bool {
        let rule = Rule::Guarded(guard.clone());
        admits(self.origins.policy, &rule, Some(credential)).lacks().iter().any(of)
    }

    fn meets(&self, guard: Guard, credential: &Credential) -> bool {
        admits(self.origins.policy, &Rule::Guarded(guard), Some(credential)).is_allowed()
    }

    fn kind(&self, scheme: &str) -> Option<&SchemeKind> {
        let policy = self.origins.policy;
        Some(&policy.scheme(policy.scheme_id(scheme)?)?.kind)
    }

    /// The fewest words without which it is refused; nothing if no word of the policy lets it in.
    fn to_refuse(&self, guard: &Guard, credential: &Credential) -> Option<Vec<Edit>> {
        let effective = guard.scopes.iter().filter(|scope| {
            let one = Guard { scopes: vec![(*scope).clone()], ..without_sign_in(guard) };
            self.meets(one, credential)
        });
        let ways: Vec<_> = effective.map(|scope| self.ways_to_take(scope, credential)).collect();
        let words = if guard.any_scope { fewest_of_all(&ways) } else { fewest_of_one(&ways) };
        let words = words.filter(|words| !words.is_empty())?;
        let edit = |granted: Granted| {
            let Granted { word, of, place } = granted;
            Edit::Remove { word, of, place }
        };
        Some(words.into_iter().map(edit).collect())
    }

    /// The lists of words of which one has to go as a whole, so that a scope is not in effect.
    fn ways_to_take(&self, scope: &str, credential: &Credential) -> Vec<Vec<Granted>> {
        let granted = matches!(credential.holder, Holder::Account | Holder::Delegate);
        let mut ways = Vec::new();
        if granted {
            ways.push(self.origins.grants(&credential.roles, scope));
        }
        if self.origins.ceiling_words(&credential.scheme).is_some() {
            ways.push(self.origins.ceiling(&credential.scheme, scope));
        }
        ways
    }

    /// The change with whatever else it opens or closes.
    fn with_effect(&self, endpoint: &Endpoint, credential: &Credential, edits: Vec<Edit>) -> Flip {
        let given = edits.iter().filter_map(|edit| match edit {
            Edit::Hold { role } => Some(role.clone()),
            _ => None,
        });
        let given: Vec<String> = given.collect();
        let edited = edits.iter().any(|edit| edit.place().is_some());
        if !edited && given.is_empty() {
            return Flip { edits, endpoints: Vec::new(), roles: Vec::new(), refused: None };
        }
        let before = self.origins.policy;
        let (after, refused) = supposed(self.source, before, self.origins.document, &edits);
        let with_given: Vec<String> = credential.roles.iter().chain(&given).cloned().collect();
        let others = self.lock.endpoints.iter().filter(|other| !is_same(other, endpoint));
        let carriers = carriers(before);
        let reaches = |policy: &Policy, rule: &Rule, roles: &[String]| {
            let alike = carriers.iter().filter(|carrier| carrier.holder == credential.holder);
            alike.into_iter().any(|carrier| {
                let full = full(carrier, rule, roles);
                admits(policy, rule, Some(&full)).is_allowed()
            })
        };
        let changed = others.filter(|other| {
            matches!(other.rule, Rule::Guarded(_))
                && reaches(before, &other.rule, &credential.roles)
                    != reaches(&after, &other.rule, &with_given)
        });
        let roles = before.roles().iter().zip(after.roles()).filter(|(old, new)| {
            old.all_grants != new.all_grants && !credential.roles.contains(&old.name)
        });
        Flip {
            endpoints: changed.map(Endpoint::to_string).collect(),
            roles: roles.map(|(role, _)| role.name.clone()).collect(),
            refused,
            edits,
        }
    }
}

/// What has to be done so that the same caller shows a credential of that kind; nothing if it would
/// be somebody else's.
fn becomes(credential: &Credential, carrier: &Carrier) -> Option<Vec<Edit>> {
    let uses = Edit::Use { scheme: carrier.scheme.clone() };
    match (credential.holder, carrier.holder) {
        (Holder::Account, Holder::Account) => Some(vec![uses]),
        (Holder::Delegate, Holder::Account) if carrier.scheme == credential.scheme => {
            Some(vec![Edit::AskInPerson])
        }
        (Holder::Delegate, Holder::Account) => Some(vec![Edit::AskInPerson, uses]),
        _ => None,
    }
}

/// Everything that a holder of these roles can bring along.
fn full(carrier: &Carrier, rule: &Rule, roles: &[String]) -> Credential {
    let guard = if let Rule::Guarded(guard) = rule { Some(guard) } else { None };
    let scopes = guard.map(|guard| guard.scopes.clone()).unwrap_or_default();
    Credential {
        signed_in: Some(Seconds(0)),
        acr: guard.and_then(|guard| guard.acr.clone()),
        ..Credential::new(carrier).roles(roles.iter().cloned()).scopes(scopes)
    }
}

fn without_sign_in(guard: &Guard) -> Guard {
    Guard { max_age: None, acr: None, ..guard.clone() }
}

fn is_same(one: &Endpoint, other: &Endpoint) -> bool {
    one.method == other.method && one.path == other.path && one.handler == other.handler
}

/// One scope of an all-of: the one that is cheapest to take away.
fn fewest_of_one(ways: &[Vec<Vec<Granted>>]) -> Option<Vec<Granted>> {
    ways.iter().flatten().min_by_key(|words| words.len()).cloned()
}

/// Every scope of an any-of, each in the one way or the other.
fn fewest_of_all(ways: &[Vec<Vec<Granted>>]) -> Option<Vec<Granted>> {
    if ways.iter().any(Vec::is_empty) {
        return None;
    }
    let tried = ways.len().min(MOST_TRIED);
    let taken = (0..1usize << tried).map(|choice| {
        let mut words = BTreeMap::new();
        for (index, ways) in ways.iter().enumerate() {
            let second = index < tried && choice >> index & 1 == 1;
            let way = if second { ways.last() } else { ways.first() };
            for word in way.into_iter().flatten() {
                words.insert((word.place.line, word.place.column), word.clone());
            }
        }
        words.into_values().collect::<Vec<_>>()
    });
    taken.min_by_key(Vec::len)
}
