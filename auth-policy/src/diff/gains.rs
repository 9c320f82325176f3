//! Who gains by a change of a rule, and who loses. In: what is asked for before and after, under
//! each policy. Out: for every kind of credential those for whom it makes a difference.

use std::collections::HashMap;

use super::{
    Access, Presence, Side, Target, Verdict,
    facts::{Facts, mark},
};
use crate::{
    access::{self, Carrier, Holder},
    lock::Rule,
};

/// Two policies, ready to be compared endpoint by endpoint.
pub(super) struct Gains<'p> {
    old: Facts<'p>,
    new: Facts<'p>,
    /// From the old one to the new one.
    there: access::Change<'p>,
    back: access::Change<'p>,
    carriers: Vec<Carrier>,
    /// What was found for the same pair of rules: many endpoints ask for the same.
    known: HashMap<(String, String), Vec<Gain>>,
}

/// Somebody who gains or loses, wherever it is.
#[derive(Clone)]
struct Gain {
    verdict: Verdict,
    access: Access,
}

impl<'p> Gains<'p> {
    pub(super) fn between(old: Side<'p>, new: Side<'p>) -> Self {
        let (before, after) = (Facts::of(old.policy), Facts::of(new.policy));
        let mut carriers = [before.carriers.clone(), after.carriers.clone()].concat();
        carriers.sort();
        carriers.dedup();
        Self {
            old: before,
            new: after,
            there: access::Change::between(old.policy, new.policy),
            back: access::Change::between(new.policy, old.policy),
            carriers,
            known: HashMap::new(),
        }
    }

    /// Who gains and who loses what is called so.
    pub(super) fn of(
        &mut self,
        target: &Target,
        old: Option<&Rule>,
        new: Option<&Rule>,
    ) -> Vec<(Verdict, Access)> {
        let key = (asked(old), asked(new));
        if !self.known.contains_key(&key) {
            let found = self.compare(target, old, new);
            self.known.insert(key.clone(), found);
        }
        let found = self.known.get(&key).into_iter().flatten().cloned();
        found.map(|gain| (gain.verdict, Access { target: target.clone(), ..gain.access })).collect()
    }

    fn compare(&self, target: &Target, old: Option<&Rule>, new: Option<&Rule>) -> Vec<Gain> {
        let presence = match (old, new) {
            (None, _) => Presence::New,
            (_, None) => Presence::Gone,
            _ => Presence::Kept,
        };
        let blank = Access {
            target: target.clone(),
            presence,
            carrier: None,
            roles: Vec::new(),
            heirs: Vec::new(),
            witness: None,
            mark: mark(&asked(old), &asked(new)),
        };
        match (is_open(old), is_open(new)) {
            (true, true) => Vec::new(),
            (false, true) => vec![Gain { verdict: Verdict::Widens, access: blank }],
            (true, false) => vec![Gain { verdict: Verdict::Narrows, access: blank }],
            (false, false) => {
                let carriers = self.carriers.iter();
                carriers.flat_map(|carrier| self.with(carrier, old, new, &blank)).collect()
            }
        }
    }

    /// Who gains and loses with one kind of credential.
    fn with(
        &self,
        carrier: &Carrier,
        old: Option<&Rule>,
        new: Option<&Rule>,
        blank: &Access,
    ) -> Vec<Gain> {
        let (before, after) = (self.old.about(old, carrier), self.new.about(new, carrier));
        if before == after {
            return Vec::new();
        }
        let mark = mark(&before.unwrap_or_default(), &after.unwrap_or_default());
        let reach = |access: &access::Access<'_>, rule: Option<&Rule>| {
            rule.map(|rule| access.roles_that_reach(rule, carrier)).unwrap_or_default()
        };
        let gain = |verdict| {
            let widens = verdict == Verdict::Widens;
            let witness = match widens {
                true => self.there.beyond(old, new, carrier),
                false => self.back.beyond(new, old, carrier),
            }?;
            let (change, more, less) = match widens {
                true => (&self.there, new, old),
                false => (&self.back, old, new),
            };
            // A name that only one of the policies declares is of no worth under the other; but where
            // no role is needed it is enough.
            let (more, less) = (reach(change.after(), more), reach(change.before(), less));
            // Where no role is needed, every role is as good as none.
            let more = if witness.roles.is_empty() { Vec::new() } else { more };
            let roles = more.iter().filter(|role| less.binary_search(role).is_err());
            let (roles, heirs) = heirs(change.after(), carrier, roles.cloned().collect());
            let carrier = Some(carrier.clone());
            let (witness, mark) = (Some(witness), mark.clone());
            let access = Access { carrier, roles, heirs, witness, mark, ..blank.clone() };
            Some(Gain { verdict, access })
        };
        [Verdict::Widens, Verdict::Narrows].into_iter().filter_map(gain).collect()
    }
}

/// All of the names, and those that include another one of them.
fn heirs(
    access: &access::Access<'_>,
    carrier: &Carrier,
    roles: Vec<String>,
) -> (Vec<String>, Vec<String>) {
    if carrier.holder == Holder::Foreign {
        return (roles, Vec::new());
    }
    let policy = access.policy();
    let ids: Vec<_> = roles.iter().filter_map(|name| policy.role_id(name)).collect();
    let inherits = |name: &&String| {
        let id = policy.role_id(name);
        let included = id.and_then(|id| policy.role(id)).map(|role| &role.all_roles[..]);
        let mut others = included.unwrap_or_default().iter().filter(|other| Some(**other) != id);
        others.any(|other| ids.contains(other))
    };
    let heirs = roles.iter().filter(inherits).cloned().collect();
    (roles, heirs)
}

fn is_open(rule: Option<&Rule>) -> bool {
    rule.is_some_and(|rule| !matches!(rule, Rule::Guarded(_)))
}

/// What a rule asks for, without the words and the limit that make no difference to who may call.
fn asked(rule: Option<&Rule>) -> String {
    match rule {
        None => "nobody".to_owned(),
        Some(Rule::Guarded(guard)) => {
            let bare = crate::lock::Guard { name: None, limit: None, ..guard.clone() };
            format!("{bare:?}")
        }
        Some(Rule::Public { .. } | Rule::Unguarded { .. }) => "everybody".to_owned(),
    }
}
