//! Who may do what, held to the plain enumeration of everybody who could ask: for small policies
//! there are few enough names to try all of them.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::arithmetic_side_effects,
    reason = "a test may fail loudly"
)]

use std::collections::BTreeSet;

use auth_policy::{
    Policy,
    access::{Access, Change, Credential, Holder, admits},
    lock::Rule,
};
use proptest::prelude::*;

#[path = "access/brute.rs"]
mod brute;
#[allow(dead_code, reason = "other tests use the rest of it")]
#[path = "access/shape.rs"]
mod shape;

use brute::{Everybody, Size, size};
use shape::{Shape, rule, shape};

/// Both policies of a change, what an endpoint asks for in each, and everybody who could ask.
#[derive(Debug)]
struct World {
    old: Policy,
    new: Policy,
    rules: (Option<Rule>, Option<Rule>),
}

impl World {
    fn everybody(&self) -> impl Iterator<Item = Everybody<'_>> {
        let rules = [&self.rules.0, &self.rules.1];
        let both = [&self.old, &self.new];
        let carriers: BTreeSet<_> =
            both.iter().flat_map(|policy| auth_policy::access::carriers(policy)).collect();
        carriers.into_iter().map(move |carrier| Everybody::of(carrier, rules))
    }
}

fn world() -> impl Strategy<Value = World> {
    let rule = || prop_oneof![9 => rule().prop_map(Some), 1 => Just(None)];
    (shape(), shape(), rule(), rule(), any::<bool>()).prop_map(|(old, new, before, after, same)| {
        World {
            old: old.policy(),
            new: new.policy(),
            rules: (if same { after.clone() } else { before }, after),
        }
    })
}

fn allowed(policy: &Policy, rule: Option<&Rule>, credential: &Credential) -> bool {
    rule.is_some_and(|rule| admits(policy, rule, Some(credential)).is_allowed())
}

fn names(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn who_holds_more_is_never_refused_for_it(world in world()) {
        let Some(rule) = &world.rules.1 else { return Ok(()) };
        for everybody in world.everybody() {
            let admitted = everybody.all().filter(|one| allowed(&world.new, Some(rule), one));
            for one in admitted {
                for more in everybody.one_step_up(&one) {
                    prop_assert!(allowed(&world.new, Some(rule), &more), "{one} but not {more}");
                }
            }
        }
    }

    #[test]
    fn the_roles_that_reach_are_those_that_are_admitted_alone(world in world()) {
        let Some(rule) = &world.rules.1 else { return Ok(()) };
        let access = Access::of(&world.new);
        for everybody in world.everybody() {
            let admitted: Vec<_> =
                everybody.all().filter(|one| allowed(&world.new, Some(rule), one)).collect();
            let known = access.carriers().contains(&everybody.carrier);
            let alone: BTreeSet<_> = admitted
                .iter()
                .filter(|one| known && one.roles.len() == 1 && one.holder != Holder::Client)
                .map(|one| one.roles[0].clone())
                .filter(|role| shape::means_something(&world.new, &everybody.carrier, role))
                .collect();
            let reach = access.roles_that_reach(rule, &everybody.carrier);
            prop_assert_eq!(reach, alone.into_iter().collect::<Vec<_>>(), "{}", everybody.carrier);
            if known {
                prop_assert_eq!(access.reaches(rule, &everybody.carrier), !admitted.is_empty());
            }
        }
    }

    #[test]
    fn the_smallest_credentials_are_those_below_which_nobody_is_admitted(world in world()) {
        let Some(rule) = &world.rules.1 else { return Ok(()) };
        let access = Access::of(&world.new);
        for everybody in world.everybody().filter(|one| access.carriers().contains(&one.carrier)) {
            let admitted = everybody.all().filter(|one| allowed(&world.new, Some(rule), one));
            let expected = brute::minimal(&world.new, &admitted.collect::<Vec<_>>());
            let smallest = access.smallest(rule, &everybody.carrier);
            prop_assert!(!smallest.cut);
            let told: BTreeSet<_> = smallest.credentials.iter().map(brute::held).collect();
            prop_assert_eq!(told.len(), smallest.credentials.len());
            prop_assert_eq!(told, expected, "{}", everybody.carrier);
            for credential in &smallest.credentials {
                prop_assert!(allowed(&world.new, Some(rule), credential), "{}", credential);
            }
        }
    }

    #[test]
    fn what_a_change_lets_in_is_what_was_refused_before(world in world()) {
        let (old, new) = (&world.rules.0, &world.rules.1);
        for (from, to, before, after) in
            [(&world.old, &world.new, old, new), (&world.new, &world.old, new, old)]
        {
            let change = Change::between(from, to);
            for everybody in world.everybody() {
                if !change.after().carriers().contains(&everybody.carrier) {
                    continue;
                }
                let gained = everybody.all().filter(|one| {
                    allowed(to, after.as_ref(), one) && !allowed(from, before.as_ref(), one)
                });
                let least: Option<Size> = gained.map(|one| size(&one)).min();
                let told = change.beyond(before.as_ref(), after.as_ref(), &everybody.carrier);
                prop_assert_eq!(told.as_ref().map(size), least, "{:?} {}", told, everybody.carrier);
                let Some(told) = told else { continue };
                prop_assert!(allowed(to, after.as_ref(), &told), "{} is refused after", told);
                prop_assert!(!allowed(from, before.as_ref(), &told), "{} was admitted", told);
            }
        }
    }
}

#[test]
fn nothing_is_gained_where_nothing_changed() {
    let policy = Shape::default().policy();
    let change = Change::between(&policy, &policy);
    let guard = auth_policy::lock::Guard {
        schemes: names(&["jwt", "session"]),
        scopes: names(&["read:s0"]),
        ..Default::default()
    };
    let rule = Rule::Guarded(guard);
    for carrier in change.after().carriers() {
        assert_eq!(change.beyond(Some(&rule), Some(&rule), &carrier), None);
        assert_eq!(change.beyond(Some(&rule), None, &carrier), None);
    }
}
