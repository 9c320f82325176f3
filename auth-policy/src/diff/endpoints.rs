//! The endpoints of two applications, and the named rules that none of them uses. In: both locks.
//! Out: who gains and loses what, and what else changed at each.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    Application, Change, Presence, Side, Target, Verdict, What, Which,
    facts::mark,
    gains::Gains,
    routes::Routes,
    verdict::{Limits, limit},
    ways::Ways,
};
use crate::{
    Policy,
    lock::{Endpoint, Guard, Lock, Rule},
    policy::NamedRule,
    requirement::Requirement,
};

/// Everything that changed where callers come in.
pub(super) fn changes(old: Side<'_>, new: Side<'_>, limits: &Limits<'_>) -> Vec<Change> {
    let mut gains = Gains::between(old, new);
    let mut changes: Vec<_> = without_lock(old, new).into_iter().collect();
    changes.extend(gone(old, new));
    let mut pairs = Vec::new();
    let nothing = Lock::default();
    for (before, after) in both(old, new) {
        let named = if is_one(old, new) { None } else { after.name.as_ref() };
        let before = before.map_or(&nothing, |before| &before.lock);
        pairs.extend(endpoints(named, (old.policy, before), (new.policy, &after.lock)));
    }
    pairs.extend(unused_rules(old, new));
    let mut others = Vec::new();
    for pair in &pairs {
        let found = gains.of(&pair.target, pair.old.rule.as_ref(), pair.new.rule.as_ref());
        others.extend(pair.unreached().filter(|_| found.is_empty()));
        let access = found.into_iter();
        changes.extend(access.map(|(verdict, one)| Change { verdict, what: What::Access(one) }));
        others.extend(pair.limit(limits));
        others.extend(pair.identity());
        others.extend(pair.words());
    }
    changes.extend(others);
    changes
}

/// Where a lock is missing. SECURITY: one that came or went leaves open what callers gained, and
/// whatever is not known widens. Where there never was one, the policies are all there is to compare.
fn without_lock(old: Side<'_>, new: Side<'_>) -> Option<Change> {
    let (verdict, which) = match (old.applications, new.applications) {
        ([_, ..], [_, ..]) => return None,
        ([], [_, ..]) => (Verdict::Widens, Which::Old),
        ([_, ..], []) => (Verdict::Widens, Which::New),
        ([], []) => (Verdict::Neutral, Which::Both),
    };
    Some(Change { verdict, what: What::NoLock(which) })
}

/// Whether there is one application on either side, which is the same whatever its lock is called.
const fn is_one(old: Side<'_>, new: Side<'_>) -> bool {
    matches!((old.applications, new.applications), ([_], [_]))
}

/// Every application that has a lock now, and the one of that name before. Where no lock was before at
/// all, nothing is compared.
fn both<'s>(
    old: Side<'s>,
    new: Side<'s>,
) -> impl Iterator<Item = (Option<&'s Application>, &'s Application)> {
    let known = new.applications.iter().filter(move |_| !old.applications.is_empty());
    known.map(move |after| {
        let mut before = old.applications.iter();
        (before.find(|before| is_one(old, new) || before.name == after.name), after)
    })
}

/// The applications whose locks are gone while others have theirs. SECURITY: this may be the end of an
/// application or of what is known of it, so it widens, as for one alone.
fn gone<'s>(old: Side<'s>, new: Side<'s>) -> impl Iterator<Item = Change> {
    let is_gone = move |before: &&Application| {
        !is_one(old, new) && new.applications.iter().all(|after| after.name != before.name)
    };
    let gone = old.applications.iter().filter(move |_| !new.applications.is_empty());
    gone.filter(is_gone).map(|application| Change {
        verdict: Verdict::Widens,
        what: What::LockGone(application.name.clone()),
    })
}

/// Something that is called, before and after.
struct Pair<'l> {
    target: Target,
    old: Called<'l>,
    new: Called<'l>,
}

/// What answers on one side.
#[derive(Default)]
struct Called<'l> {
    /// What is asked for; nothing where nothing answers.
    rule: Option<Rule>,
    handler: Option<&'l str>,
}

/// Every endpoint that either of the locks has, in the order of locks.
fn endpoints<'l>(
    application: Option<&String>,
    (old, before): (&Policy, &'l Lock),
    (new, after): (&Policy, &'l Lock),
) -> Vec<Pair<'l>> {
    let (old_routes, new_routes) = (Routes::of(before), Routes::of(after));
    let mut pairs = BTreeMap::new();
    for lock in [before, after] {
        let mut places: BTreeMap<(&str, &str), usize> = BTreeMap::new();
        for endpoint in &lock.endpoints {
            let (method, path) = (endpoint.method.as_str(), endpoint.path.as_str());
            let place = places.entry((path, method)).or_default();
            pairs.entry((path, method, *place)).or_insert_with(|| Pair {
                target: Target::Endpoint {
                    method: method.to_owned(),
                    path: path.to_owned(),
                    application: application.cloned(),
                },
                old: called(old, old_routes.answering(method, path, *place)),
                new: called(new, new_routes.answering(method, path, *place)),
            });
            *place += 1;
        }
    }
    pairs.into_values().collect()
}

fn called<'l>(policy: &Policy, endpoint: Option<&'l Endpoint>) -> Called<'l> {
    let Some(endpoint) = endpoint else { return Called::default() };
    let rule = match &endpoint.rule {
        Rule::Guarded(guard) => Rule::Guarded(in_force(policy, guard)),
        open => open.clone(),
    };
    Called { rule: Some(rule), handler: Some(&endpoint.handler) }
}

/// What a guard asks for once it is compiled against the policy: a rule that it names is what the
/// policy says of it, even if the lock was written before.
fn in_force(policy: &Policy, guard: &Guard) -> Guard {
    let rule = guard.name.as_ref().and_then(|name| policy.rule(name));
    rule.map_or_else(
        || guard.clone(),
        |rule| Guard {
            name: guard.name.clone(),
            people_only: guard.people_only,
            ..by_name(policy, &rule.requirement)
        },
    )
}

/// The rules of the policies that no endpoint uses by their names, or whose endpoints are unknown.
fn unused_rules(old: Side<'_>, new: Side<'_>) -> Vec<Pair<'static>> {
    let used = |side: Side<'_>| -> BTreeSet<String> {
        let endpoints = side.applications.iter().flat_map(|one| &one.lock.endpoints);
        let name = |endpoint: &Endpoint| match &endpoint.rule {
            Rule::Guarded(guard) => guard.name.clone(),
            Rule::Public { .. } | Rule::Unguarded { .. } => None,
        };
        endpoints.filter_map(name).collect()
    };
    let (used_before, used_after) = (used(old), used(new));
    let both =
        old.policy.rules().iter().filter_map(|rule| Some((rule, new.policy.rule(&rule.name)?)));
    let told = !old.applications.is_empty() && !new.applications.is_empty();
    let unused = both.filter(|(rule, _)| {
        !told || !used_before.contains(&rule.name) && !used_after.contains(&rule.name)
    });
    let pair = |(before, after): (&NamedRule, &NamedRule)| Pair {
        target: Target::Rule(before.name.clone()),
        old: asked(old.policy, before),
        new: asked(new.policy, after),
    };
    unused.map(pair).collect()
}

fn asked(policy: &Policy, rule: &NamedRule) -> Called<'static> {
    Called { rule: Some(Rule::Guarded(by_name(policy, &rule.requirement))), handler: None }
}

/// A rule of the policy as a lock would have it.
fn by_name(policy: &Policy, rule: &Requirement) -> Guard {
    let schemes = rule.schemes.iter().filter_map(|id| policy.scheme(*id));
    let scopes = rule.scopes.iter().filter_map(|id| policy.scope(*id));
    Guard {
        schemes: schemes.map(|scheme| scheme.name.clone()).collect(),
        scopes: scopes.map(|scope| scope.name.clone()).collect(),
        any_scope: rule.any_scope,
        role: rule.role.and_then(|id| policy.role(id)).map(|role| role.name.clone()),
        limit: rule.limit.and_then(|id| policy.limit(id)).map(|limit| limit.name.clone()),
        name: None,
        max_age: rule.max_age,
        acr: rule.acr.and_then(|id| policy.acr(id)).map(|acr| acr.value.clone()),
        people_only: false,
    }
}

impl Pair<'_> {
    /// That it came or went, which is worth a line even if it makes no difference to anybody.
    fn unreached(&self) -> Option<Change> {
        let presence = match (&self.old.rule, &self.new.rule) {
            (None, Some(_)) => Presence::New,
            (Some(_), None) => Presence::Gone,
            _ => return None,
        };
        let what = What::Unreached { target: self.target.clone(), presence };
        Some(Change { verdict: Verdict::Neutral, what })
    }

    /// A limit that came, went or is another one. What a limit says is told where it is declared.
    fn limit(&self, limits: &Limits<'_>) -> Vec<Change> {
        let (Some(old), Some(new)) = (&self.old.rule, &self.new.rule) else { return Vec::new() };
        let (old, new) = (limit_of(old), limit_of(new));
        if old == new {
            return Vec::new();
        }
        let (before, after) = (limits.old_named(old), limits.new_named(new));
        let what = What::Limit {
            target: self.target.clone(),
            old: old.map(str::to_owned),
            new: new.map(str::to_owned),
            mark: mark(&format!("{old:?} {before:?}"), &format!("{new:?} {after:?}")),
        };
        changes_of(limit(before, after), &what)
    }

    /// A public endpoint may do more for a caller whom it knows.
    fn identity(&self) -> Vec<Change> {
        let known = |rule: &Option<Rule>| match rule {
            Some(Rule::Public { identity, .. }) => Some(identity.clone()),
            _ => None,
        };
        let (Some(old), Some(new)) = (known(&self.old.rule), known(&self.new.rule)) else {
            return Vec::new();
        };
        let only = |these: &[String], those: &[String], verdict| {
            let schemes: Vec<_> =
                these.iter().filter(|name| !those.contains(name)).cloned().collect();
            let what = What::Identity { target: self.target.clone(), schemes: schemes.clone() };
            (!schemes.is_empty()).then_some(Change { verdict, what })
        };
        let gained = only(&new, &old, Verdict::Widens);
        gained.into_iter().chain(only(&old, &new, Verdict::Narrows)).collect()
    }

    /// What nobody gains or loses by: another handler's name, another reason.
    fn words(&self) -> Vec<Change> {
        let reason = |rule: &Option<Rule>| match rule {
            Some(Rule::Public { reason, .. } | Rule::Unguarded { reason }) => Some(reason.clone()),
            _ => None,
        };
        let handlers = [self.old.handler, self.new.handler].map(|name| name.map(str::to_owned));
        let reasons = [&self.old.rule, &self.new.rule].map(reason);
        let words = [("handler", handlers), ("reason", reasons)].into_iter();
        let changed = words.filter_map(|(which, words)| match words {
            [Some(old), Some(new)] if old != new => {
                let what = What::Words { target: self.target.clone(), which, old, new };
                Some(Change { verdict: Verdict::Neutral, what })
            }
            _ => None,
        });
        changed.collect()
    }
}

fn limit_of(rule: &Rule) -> Option<&str> {
    match rule {
        Rule::Guarded(guard) => guard.limit.as_deref(),
        Rule::Public { limit, .. } => limit.as_deref(),
        Rule::Unguarded { .. } => None,
    }
}

/// Both ways are two changes: one that has to be approved, and one that does not.
fn changes_of(ways: Ways, what: &What) -> Vec<Change> {
    let verdicts = [(ways.widens, Verdict::Widens), (ways.narrows, Verdict::Narrows)];
    let neutral = (ways == Ways::NEITHER, Verdict::Neutral);
    let verdicts = verdicts.into_iter().chain([neutral]).filter(|(is, _)| *is);
    verdicts.map(|(_, verdict)| Change { verdict, what: what.clone() }).collect()
}
