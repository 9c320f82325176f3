//! Why somebody is let in or kept out: that the change which is told turns the verdict over, and that
//! no change of fewer parts does, held to all of them.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::panic,
    reason = "a test may fail loudly"
)]

use auth_policy::{
    Policy, Source,
    access::{Credential, Holder, Verdict, admits, carriers},
    check,
    explain::{Edit, Explanation, Flip, Holds, Question},
    lock::{Endpoint, Guard, Lock, Rule},
    settings::{Place, Seconds},
};
use proptest::prelude::*;

#[allow(dead_code, reason = "other tests use the rest of it")]
#[path = "access/shape.rs"]
mod shape;

use shape::{ROLES, SCOPES, Shape, rule, shape};

fn endpoint(rule: Rule) -> Endpoint {
    Endpoint {
        method: "POST".to_owned(),
        path: "/it".to_owned(),
        handler: "a::it".to_owned(),
        rule,
    }
}

fn explain(shape: &Shape, rule: &Rule, holds: &Holds) -> Option<Explanation> {
    let policy = shape.policy();
    let endpoint = endpoint(rule.clone());
    let lock = Lock { policy: "p.yaml".to_owned(), endpoints: vec![endpoint.clone()] };
    let source = Source::new("p.yaml", shape.text().into_bytes());
    Question::about(&source, &policy, &lock).unwrap().explain(&endpoint, holds).ok()
}

fn holds() -> impl Strategy<Value = Holds> {
    let some = |names: &'static [&'static str]| {
        prop::sample::subsequence(names, 0..=names.len())
            .prop_map(|names| names.into_iter().map(str::to_owned).collect::<Vec<_>>())
    };
    const SCHEMES: &[&str] = &["jwt", "session", "api_key", "partner"];
    (
        some(&ROLES),
        prop::option::of(prop::sample::select(SCHEMES)),
        prop::option::of(some(&SCOPES)),
        prop::bool::weighted(0.2),
        prop::option::of(prop::sample::select(vec![0u64, 300, 600])),
    )
        .prop_map(|(roles, scheme, scopes, client, signed_in)| Holds {
            roles,
            scheme: scheme.map(str::to_owned),
            scopes,
            client,
            signed_in: signed_in.map(Seconds),
            acr: None,
        })
}

/// The world after an edit: the policy, and who asks.
type World = (Shape, Credential);

fn after((shape, credential): &World, edit: &Edit, guard: &Guard, holds: &Holds) -> World {
    let mut credential = credential.clone();
    let everything = || holds.scopes.clone().unwrap_or_else(|| guard.scopes.clone());
    match edit {
        Edit::Hold { role } => credential.roles.push(role.clone()),
        Edit::Carry { scope } => credential.scopes.push(scope.clone()),
        Edit::Use { scheme } => {
            credential.scheme.clone_from(scheme);
            credential.scopes = everything();
        }
        Edit::AskInPerson => credential.holder = Holder::Account,
        Edit::Present { credential: other } => credential = other.clone(),
        Edit::SignIn => {
            credential.signed_in = Some(Seconds(0));
            credential.acr.clone_from(&guard.acr);
        }
        Edit::Grant { .. } | Edit::Raise { .. } | Edit::Remove { .. } => {}
    }
    (shape.edited(edit), credential)
}

fn verdict((shape, credential): &World, rule: &Rule) -> Verdict {
    admits(&shape.policy(), rule, Some(credential))
}

/// Every single edit that could help somebody in, of the forms that are promised.
fn helpful(policy: &Policy, credential: &Credential, guard: &Guard) -> Vec<Edit> {
    let place = Place::default();
    let mut edits = vec![Edit::SignIn];
    let known = |scope: &&String| policy.scope_id(scope).is_some();
    for scope in guard.scopes.iter().filter(known) {
        edits.push(Edit::Carry { scope: scope.clone() });
        for scheme in ["api_key", "partner"] {
            if policy.scheme_id(scheme).is_some() {
                let (scope, scheme) = (scope.clone(), scheme.to_owned());
                edits.push(Edit::Raise { scope, scheme, place });
            }
        }
        for role in credential.roles.iter().filter(|role| policy.role_id(role).is_some()) {
            edits.push(Edit::Grant { scope: scope.clone(), role: role.clone(), place });
        }
    }
    let known = credential.roles.iter().any(|role| policy.role_id(role).is_some());
    let given = policy.roles().iter().map(|role| role.name.clone());
    // A role is given to who has none, and where a role is asked for it is that one.
    let given = given.filter(|role| !known || guard.role.as_ref() == Some(role));
    if credential.holder != Holder::Foreign {
        edits.extend(given.map(|role| Edit::Hold { role }));
    }
    for other in carriers(policy) {
        match (credential.holder, other.holder) {
            (Holder::Account, Holder::Account) => edits.push(Edit::Use { scheme: other.scheme }),
            (Holder::Delegate, Holder::Account) if other.scheme == "jwt" => {
                edits.insert(0, Edit::AskInPerson);
            }
            (Holder::Delegate, Holder::Account) => edits.push(Edit::Use { scheme: other.scheme }),
            _ => {}
        }
    }
    edits
}

/// Whether some edits, so many of these, turn it over.
fn turns(world: &World, edits: &[Edit], count: usize, rule: &Rule, holds: &Holds) -> bool {
    let Rule::Guarded(guard) = rule else { return false };
    let before = verdict(world, rule).is_allowed();
    if count == 0 {
        return false;
    }
    edits.iter().enumerate().any(|(n, edit)| {
        let next = after(world, edit, guard, holds);
        verdict(&next, rule).is_allowed() != before
            || turns_further(&next, &edits[n + 1..], count - 1, rule, holds, before)
    })
}

fn turns_further(
    world: &World,
    edits: &[Edit],
    count: usize,
    rule: &Rule,
    holds: &Holds,
    before: bool,
) -> bool {
    let Rule::Guarded(guard) = rule else { return false };
    count > 0
        && edits.iter().enumerate().any(|(n, edit)| {
            let next = after(world, edit, guard, holds);
            verdict(&next, rule).is_allowed() != before
                || turns_further(&next, &edits[n + 1..], count - 1, rule, holds, before)
        })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 150, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_smallest_change_turns_the_verdict_over_and_no_smaller_one_does(
        shape in shape(), rule in rule(), holds in holds()
    ) {
        let Some(explanation) = explain(&shape, &rule, &holds) else { return Ok(()) };
        let Rule::Guarded(guard) = &rule else { return Ok(()) };
        let credential = explanation.credential.clone().unwrap();
        let before = (shape.clone(), credential.clone());
        prop_assert_eq!(&verdict(&before, &rule), &explanation.verdict);
        prop_assert!(!explanation.because.is_empty());
        let allowed = explanation.verdict.is_allowed();
        let policy = shape.policy();
        let edits = if allowed { shape.words() } else { helpful(&policy, &credential, guard) };
        let Some(Flip { edits: told, .. }) = &explanation.flip else {
            prop_assert!(!turns(&before, &edits, 2, &rule, &holds), "{:?} {:?}", credential, guard);
            return Ok(());
        };
        let turned = told.iter().fold(before.clone(), |world, edit| after(&world, edit, guard, &holds));
        prop_assert_eq!(verdict(&turned, &rule).is_allowed(), !allowed, "{:?}", told);
        if matches!(told[..], [Edit::Present { .. }]) {
            return Ok(());
        }
        let fewer = (told.len() - 1).min(2);
        prop_assert!(!turns(&before, &edits, fewer, &rule, &holds), "fewer than {:?}: {} at {:?} of {:?}\n{}", told, credential, guard, holds, shape.text());
    }
}

const BLOG: &str = include_str!("../../policies/blog.yaml");
const BLOG_LOCK: &str = include_str!("../../policies/blog.lock");

fn of_the_blog(endpoint: &str, holds: &Holds) -> Explanation {
    let source = Source::new("policies/blog.yaml", BLOG.into());
    let policy = check(&source).policy.unwrap();
    let lock = Lock::parse(BLOG_LOCK).unwrap();
    let question = Question::about(&source, &policy, &lock).unwrap();
    question.explain(lock.find(endpoint).unwrap(), holds).unwrap()
}

fn of_role(role: &str) -> Holds {
    Holds { roles: vec![role.to_owned()], ..Holds::default() }
}

#[test]
fn a_change_is_told_with_whatever_else_it_opens() {
    let told = of_the_blog("POST /posts", &of_role("reader")).flip.unwrap();
    assert_eq!(told.edits[0].to_string(), "grant `write:posts` to `reader`");
    assert_eq!(told.endpoints, ["PUT /posts/{id}"]);
    assert_eq!((told.roles.len(), &told.refused), (0, &None));

    let told = of_the_blog("DELETE /posts/{id}", &of_role("reader")).flip.unwrap();
    assert_eq!(told.roles, ["author"], "which includes reader");
    assert!(told.refused.unwrap().contains("the role `reader` never reaches `delete:posts`"));
}

#[test]
fn every_word_that_lets_in_has_to_go() {
    let told = of_the_blog("GET /posts/{id}", &of_role("admin")).flip.unwrap();
    let jwt = Holds { scheme: Some("jwt".to_owned()), ..of_role("admin") };
    let by_jwt = of_the_blog("GET /posts/{id}", &jwt).flip.unwrap();
    let words = by_jwt.edits.iter().map(ToString::to_string).collect::<Vec<_>>();
    assert_eq!(words, ["take `*:posts` from `admin`", "take `read:posts` from `reader`"]);
    assert!(by_jwt.edits.iter().all(|edit| edit.place().unwrap().line > 10));
    // A key is stopped by its own ceiling, with one word.
    assert_eq!(told.edits.len(), 1);
    assert_eq!(told.edits[0].to_string(), "take `read:posts` from `api_key`");
}

#[test]
fn the_words_that_let_in_are_shown_in_their_order() {
    let told = of_the_blog("GET /profile", &of_role("admin"));
    let labels: Vec<_> = told.because[0].words.iter().map(|word| word.label.as_str()).collect();
    let expected =
        ["`admin` includes `author`", "`author` includes `reader`", "`reader` is granted it"];
    assert_eq!(labels, expected);
}

#[test]
fn a_role_that_brings_several_scopes_is_one_thing_to_do() {
    let policy = r#"
version: 1
scopes: { a: A, b: B, c: C }
roles: { reader: { grants: [a] }, author: { grants: [b, c] }, other: {} }
schemes: { session: { idle: 30m, lifetime: 24h } }
"#;
    let lock = "lock 1 of p.yaml\nGET /all  session  scope a and b and c  -> nobody  @ a::all\nGET /c  session  scope c  -> nobody  @ a::c\n";
    let source = Source::new("p.yaml", policy.into());
    let policy = check(&source).policy.unwrap();
    let lock = Lock::parse(lock).unwrap();
    let question = Question::about(&source, &policy, &lock).unwrap();
    let told = |endpoint: &str, holds: &Holds| {
        let told = question.explain(lock.find(endpoint).unwrap(), holds).unwrap().flip.unwrap();
        told.edits.iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    assert_eq!(told("GET /all", &of_role("reader")), ["give the account the role `author`"]);
    assert_eq!(told("GET /c", &of_role("reader")), ["grant `c` to `reader`"]);
    let nobody = Holds::default();
    let both = ["give the account the role `author`", "grant `a` to `author`"];
    assert_eq!(told("GET /all", &nobody), both);
}

#[test]
fn a_scope_that_no_role_grants_can_still_be_granted() {
    let policy = "version: 1\nscopes: { a: A, b: B }\nroles: { one: { grants: [b] }, less: {} }\nschemes: { session: { idle: 30m, lifetime: 24h } }\n";
    let lock = "lock 1 of p.yaml\nGET /a  session  scope a  -> nobody  @ a::a\n";
    let source = Source::new("p.yaml", policy.into());
    let policy = check(&source).policy.unwrap();
    let lock = Lock::parse(lock).unwrap();
    let question = Question::about(&source, &policy, &lock).unwrap();
    let told = question.explain(&lock.endpoints[0], &Holds::default()).unwrap().flip.unwrap();
    let told: Vec<_> = told.edits.iter().map(ToString::to_string).collect();
    assert_eq!(told, ["give the account the role `less`", "grant `a` to `less`"]);
}
