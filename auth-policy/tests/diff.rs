//! What `diff` says of a change, held to the plain enumeration of everybody who could ask, and read
//! as a reviewer does.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::arithmetic_side_effects,
    reason = "a test may fail loudly"
)]

use std::collections::{BTreeMap, BTreeSet};

use auth_policy::{
    Policy,
    access::{Carrier, Credential, admits, carriers},
    diff::{Access, Application, Change, Diff, Side, Target, Verdict, What, diff},
    lock::{Endpoint, Lock, Rule},
};
use proptest::prelude::*;

#[allow(dead_code, reason = "shared with the tests of `access`")]
#[path = "access/brute.rs"]
mod brute;
#[path = "diff/examples.rs"]
mod examples;
#[path = "diff/large.rs"]
mod large;
#[allow(dead_code, reason = "other tests use the rest of it")]
#[path = "access/shape.rs"]
mod shape;
mod work;

use brute::Everybody;
use shape::{rule, shape};

const PATHS: [&str; 3] = ["/a", "/b", "/c"];

type Rules = [Option<Rule>; 3];

fn lock(rules: &Rules) -> Lock {
    let endpoints = PATHS.iter().zip(rules).filter_map(|(path, rule)| {
        Some(Endpoint {
            method: "GET".to_owned(),
            path: (*path).to_owned(),
            handler: "blog::x".to_owned(),
            rule: rule.clone()?,
        })
    });
    Lock { policy: "p.yaml".to_owned(), endpoints: endpoints.collect() }
}

fn compare(old: (&Policy, &Rules), new: (&Policy, &Rules)) -> Diff {
    let (before, after) = (lock(old.1), lock(new.1));
    let (before, after) = ([Application::main(before)], [Application::main(after)]);
    diff(Side::of(old.0, &before), Side::of(new.0, &after))
}

/// What was found of each path: the changes of access.
fn at<'d>(found: &'d Diff, path: &str) -> Vec<(Verdict, &'d Access, &'d Change)> {
    let access = found.changes.iter().filter_map(|change| match &change.what {
        What::Access(access) => Some((change.verdict, access, change)),
        _ => None,
    });
    let here = |access: &Access| match &access.target {
        Target::Endpoint { path: one, .. } => one == path,
        _ => false,
    };
    access.filter(|(_, access, _)| here(access)).collect()
}

fn allowed(policy: &Policy, rule: Option<&Rule>, credential: Option<&Credential>) -> bool {
    rule.is_some_and(|rule| admits(policy, rule, credential).is_allowed())
}

/// Everybody who is let in on one side and refused on the other, by the kind of credential.
fn gained(
    old: (&Policy, &Option<Rule>),
    new: (&Policy, &Option<Rule>),
) -> BTreeMap<Option<Carrier>, BTreeSet<Credential>> {
    let gains = |credential: Option<&Credential>| {
        allowed(new.0, new.1.as_ref(), credential) && !allowed(old.0, old.1.as_ref(), credential)
    };
    // Who gains without a credential gains with any.
    if gains(None) {
        return BTreeMap::from([(None, BTreeSet::new())]);
    }
    let both = [old.0, new.0].into_iter().flat_map(carriers).collect::<BTreeSet<_>>();
    let mut found = BTreeMap::new();
    for carrier in both {
        let everybody = Everybody::of(carrier.clone(), [old.1, new.1]);
        let gained: BTreeSet<_> = everybody.all().filter(|one| gains(Some(one))).collect();
        if !gained.is_empty() {
            found.insert(Some(carrier), gained);
        }
    }
    found
}

/// The same, where nobody could come in without a credential any more.
fn lost(old: (&Policy, &Option<Rule>), new: (&Policy, &Option<Rule>)) -> BTreeSet<Option<Carrier>> {
    gained(new, old).into_keys().collect()
}

/// The names of the new side of which each is enough by itself there and was not on the old one,
/// where some of them may have meant nothing.
fn alone(
    old: (&Policy, &Option<Rule>),
    new: (&Policy, &Option<Rule>),
    carrier: &Carrier,
) -> BTreeSet<String> {
    let everybody = Everybody::of(carrier.clone(), [old.1, new.1]);
    let enough = |side: (&Policy, &Option<Rule>)| -> BTreeSet<String> {
        let one = |one: &Credential| {
            one.roles.len() == 1
                && allowed(side.0, side.1.as_ref(), Some(one))
                && shape::means_something(new.0, carrier, &one.roles[0])
        };
        everybody.all().filter(one).map(|one| one.roles[0].clone()).collect()
    };
    enough(new).difference(&enough(old)).cloned().collect()
}

fn rules() -> impl Strategy<Value = Rules> {
    let rule = || prop_oneof![9 => rule().prop_map(Some), 1 => Just(None)];
    [rule(), rule(), rule()]
}

/// What changes of a policy: everything, or one of its parts.
fn parts() -> impl Strategy<Value = u8> {
    prop_oneof![1 => Just(u8::MAX), 2 => (0u8..7).prop_map(|part| 1 << part)]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_verdicts_are_those_of_trying_everybody(
        old in shape(), new in shape(), parts in parts(),
        before in rules(), after in rules(), same in any::<bool>(),
    ) {
        let new = old.mixed(&new, parts);
        let (old, new) = (old.policy(), new.policy());
        let before = if same { after.clone() } else { before };
        let found = compare((&old, &before), (&new, &after));
        for (n, path) in PATHS.iter().enumerate() {
            let (was, is) = ((&old, &before[n]), (&new, &after[n]));
            let told = |verdict| -> BTreeSet<Option<Carrier>> {
                let here = at(&found, path).into_iter().filter(|(one, ..)| *one == verdict);
                here.map(|(_, access, _)| access.carrier.clone()).collect()
            };
            let gained = gained(was, is);
            prop_assert_eq!(told(Verdict::Widens), gained.keys().cloned().collect(), "{}", path);
            prop_assert_eq!(told(Verdict::Narrows), lost(was, is), "{}", path);
            prop_assert_eq!(told(Verdict::Neutral), BTreeSet::new());
            for (verdict, access, _) in at(&found, path) {
                let Some(carrier) = &access.carrier else { continue };
                let (from, to) = if verdict == Verdict::Widens { (was, is) } else { (is, was) };
                let witness = access.witness.as_ref().unwrap();
                prop_assert!(allowed(to.0, to.1.as_ref(), Some(witness)), "{}", witness);
                prop_assert!(!allowed(from.0, from.1.as_ref(), Some(witness)), "{}", witness);
                let roles: BTreeSet<_> = access.roles.iter().cloned().collect();
                let expected = alone(from, to, carrier);
                let expected = if witness.roles.is_empty() { BTreeSet::new() } else { expected };
                prop_assert_eq!(roles, expected, "{}", carrier);
            }
        }
    }

    #[test]
    fn an_approval_is_of_what_was_gained_and_of_nothing_else(
        old in shape(), one in shape(), other in shape(), parts in parts(),
        before in rule(), after in rule(), after_other in rule(), same in any::<bool>(),
    ) {
        let other = one.mixed(&other, parts);
        let (old, one, other) = (old.policy(), one.policy(), other.policy());
        let after_other = if same { after.clone() } else { after_other };
        let rules = |rule: &Rule| [Some(rule.clone()), None, None];
        let approved = |new: &Policy, rule: &Rule| -> BTreeMap<Option<Carrier>, String> {
            let found = compare((&old, &rules(&before)), (new, &rules(rule)));
            let widening = at(&found, "/a").into_iter().filter_map(|(_, access, change)| {
                Some((access.carrier.clone(), change.approval()?))
            });
            widening.collect()
        };
        let (first, second) = (approved(&one, &after), approved(&other, &after_other));
        let was = (&old, &Some(before.clone()));
        let gained_first = gained(was, (&one, &Some(after.clone())));
        let gained_second = gained(was, (&other, &Some(after_other.clone())));
        for (carrier, line) in &first {
            if second.get(carrier) == Some(line) {
                prop_assert_eq!(gained_first.get(carrier), gained_second.get(carrier), "{}", line);
            }
        }
    }

    #[test]
    fn nothing_changes_where_nothing_changed(shape in shape(), rules in rules()) {
        let policy = shape.policy();
        prop_assert_eq!(compare((&policy, &rules), (&policy, &rules)), Diff::default());
    }
}
