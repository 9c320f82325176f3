//! What handlers may ask for: `requirement::resolve` with each mistake it finds, and what it makes
//! of requirements without one. Places are plain numbers here: the order of the words asked.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may fail loudly")]

use auth_policy::{
    Code, Policy, Source, check,
    policy::{RoleId, SchemeId, ScopeId},
    requirement::{Asked, AskedScopes, Named, Problem, Requirement, resolve},
    settings::Seconds,
};

const POLICY: &str = r#"
version: 1
scopes:
  delete:posts: { is: Delete, mutates: true }
  publish:posts: { is: Publish, mutates: true }
  read:posts: Read
  write:posts: { is: Write, mutates: true }
roles:
  admin: { includes: [author], grants: [delete:posts] }
  author: { includes: [reader], grants: [write:posts] }
  reader: { grants: [read:posts] }
schemes:
  api_key: { prefix: blog, grants: [read:posts], max_ttl: 30d }
  jwt: { issuer: https://a.example, audience: a, algorithms: [EdDSA], keys: "${K}", access_ttl: 15m, refresh_ttl: 7d }
  session: { idle: 30m, lifetime: 24h }
issuers:
  partner: { issuer: https://p.example, audience: a, may_grant: [read:posts, publish:posts], roles: { staff: author } }
rules:
  edit_post: { schemes: [jwt, session], scopes: write:posts }
acr_values: ["urn:password", "urn:mfa"]
"#;

fn policy() -> Policy {
    let source = Source::new("policies/blog.yaml", POLICY.into());
    let checked = check(&source);
    checked.policy.unwrap()
}

fn named(name: &str, at: u32) -> Named<u32> {
    Named { name: name.to_owned(), at }
}

/// Schemes stand at 1, 2, ..; the scopes' list at 10 and its members after it; the role at 20.
fn asked(schemes: &[&str], any: bool, scopes: Option<&[&str]>, role: Option<&str>) -> Asked<u32> {
    let list = |names: &[&str], first: u32| {
        names.iter().zip(first..).map(|(name, at)| named(name, at)).collect::<Vec<_>>()
    };
    Asked {
        at: 0,
        schemes: list(schemes, 1),
        scopes: scopes.map(|names| AskedScopes { at: 10, any, names: list(names, 11) }),
        role: role.map(|name| named(name, 20)),
        rule: None,
        limit: None,
        max_age: None,
        acr: None,
    }
}

fn all_of(schemes: &[&str], scopes: &[&str]) -> Result<Requirement, Vec<Problem<u32>>> {
    resolve(&asked(schemes, false, Some(scopes), None), &policy())
}

fn any_of(schemes: &[&str], scopes: &[&str]) -> Result<Requirement, Vec<Problem<u32>>> {
    resolve(&asked(schemes, true, Some(scopes), None), &policy())
}

/// The one problem there is.
fn problem(result: Result<Requirement, Vec<Problem<u32>>>) -> Problem<u32> {
    let mut problems = result.unwrap_err();
    assert_eq!(problems.len(), 1, "{problems:#?}");
    problems.remove(0)
}

#[test]
fn m07_all_of_several_scopes_becomes_sorted_ids() {
    let requirement = all_of(&["session", "jwt"], &["write:posts", "read:posts"]).unwrap();
    let policy = policy();
    let scheme = |name| policy.scheme_id(name).unwrap();
    assert_eq!(requirement.schemes, [scheme("jwt"), scheme("session")]);
    assert_eq!(requirement.scopes, [ScopeId(2), ScopeId(3)]);
    assert!(!requirement.any_scope && requirement.role.is_none() && requirement.limit.is_none());
}

#[test]
fn m07_any_of_is_kept_as_such() {
    let requirement = any_of(&["jwt"], &["write:posts", "read:posts"]).unwrap();
    assert!(requirement.any_scope && requirement.scopes == [ScopeId(2), ScopeId(3)]);
}

#[test]
fn a_scheme_alone_asks_for_nothing_more() {
    let requirement = resolve(&asked(&["api_key"], false, None, None), &policy()).unwrap();
    assert_eq!(requirement.schemes, [SchemeId(0)]);
    assert!(requirement.scopes.is_empty());
}

#[test]
fn z2_unknown_scope_suggests_the_nearest() {
    let found = problem(all_of(&["jwt"], &["read:posts", "write:post"]));
    assert_eq!((found.code, found.at), (Code::UndeclaredScope, 12));
    assert_eq!(found.message, "the policy declares no scope `write:post`");
    assert_eq!(found.help.as_deref(), Some("did you mean `write:posts`?"));
    let (place, label) = found.declared.unwrap();
    assert_eq!((place.line, place.column, place.length), (7, 3, 11));
    assert_eq!(label, "`write:posts` is declared here");
}

#[test]
fn z2_a_scope_like_no_other_lists_those_there_are() {
    let found = problem(all_of(&["jwt"], &["billing"]));
    let list = "it declares `delete:posts`, `publish:posts`, `read:posts`, `write:posts`";
    assert_eq!(found.help.as_deref(), Some(list));
    assert_eq!(found.declared, None);
}

#[test]
fn z2_unknown_scheme_suggests_the_nearest() {
    let found = problem(all_of(&["jtw", "session"], &["read:posts"]));
    assert_eq!((found.code, found.at), (Code::UndeclaredScheme, 1));
    assert_eq!(found.help.as_deref(), Some("did you mean `jwt`?"));
}

#[test]
fn z2_unknown_role_suggests_the_nearest() {
    let found = problem(resolve(&asked(&["jwt"], false, None, Some("autor")), &policy()));
    assert_eq!((found.code, found.at), (Code::UndeclaredRole, 20));
    assert_eq!(found.help.as_deref(), Some("did you mean `author`?"));
}

#[test]
fn z2_unknown_rule_suggests_the_nearest() {
    let asked = Asked { rule: Some(named("edit_pots", 30)), ..asked(&[], false, None, None) };
    let found = problem(resolve(&asked, &policy()));
    assert_eq!((found.code, found.at), (Code::UndeclaredRule, 30));
    assert_eq!(found.help.as_deref(), Some("did you mean `edit_post`?"));
}

#[test]
fn z2_unknown_limit_is_told() {
    let asked = Asked { limit: Some(named("writes", 40)), ..asked(&["jwt"], false, None, None) };
    let found = problem(resolve(&asked, &policy()));
    assert_eq!((found.code, found.at), (Code::UndeclaredLimit, 40));
    assert!(found.message.contains("no limit `writes`"));
}

#[test]
fn j16_unknown_acr_suggests_the_nearest() {
    let asked = Asked { acr: Some(named("urn:mfaa", 50)), ..asked(&["jwt"], false, None, None) };
    let found = problem(resolve(&asked, &policy()));
    assert_eq!((found.code, found.at), (Code::UndeclaredAcr, 50));
    assert_eq!(found.help.as_deref(), Some("did you mean `urn:mfa`?"));
    let (place, label) = found.declared.unwrap();
    assert_eq!((place.line, label.as_str()), (20, "`urn:mfa` is declared here"));
}

#[test]
fn j16_a_maximum_age_is_1_second_to_30_days() {
    let ask = |span: &str| Asked {
        max_age: Some(named(span, 60)),
        ..asked(&["jwt", "session", "partner"], false, None, None)
    };
    for (span, seconds) in [("1s", 1), ("10m", 600), ("30d", 2_592_000)] {
        assert_eq!(resolve(&ask(span), &policy()).unwrap().max_age, Some(Seconds(seconds)));
    }
    for (span, code) in [
        ("0s", Code::OutOfRange),
        ("2592001s", Code::OutOfRange),
        ("10", Code::InvalidDuration),
        ("ten minutes", Code::InvalidDuration),
        ("", Code::InvalidDuration),
    ] {
        let found = problem(resolve(&ask(span), &policy()));
        assert_eq!((found.code, found.at), (code, 60), "{span}");
    }
}

#[test]
fn j16_nobody_signs_in_with_an_api_key() {
    for (max_age, acr) in
        [(Some("1h"), None), (None, Some("urn:mfa")), (Some("1h"), Some("urn:mfa"))]
    {
        let asked = Asked {
            max_age: max_age.map(|word| named(word, 60)),
            acr: acr.map(|word| named(word, 50)),
            ..asked(&["jwt", "api_key"], false, None, None)
        };
        let found = problem(resolve(&asked, &policy()));
        assert_eq!(found.code, Code::NoSignIn);
        assert_eq!(found.at, if max_age.is_some() { 60 } else { 50 });
    }
}

#[test]
fn j16_a_rule_says_what_it_asks_of_the_sign_in() {
    let asked = Asked {
        rule: Some(named("edit_post", 30)),
        max_age: Some(named("10m", 60)),
        acr: Some(named("urn:mfa", 50)),
        ..asked(&[], false, None, None)
    };
    let found = resolve(&asked, &policy()).unwrap_err();
    let found: Vec<_> = found.iter().map(|found| (found.code, found.at)).collect();
    assert_eq!(found, [(Code::RuleCombined, 60), (Code::RuleCombined, 50)]);
}

#[test]
fn every_mistake_is_reported_at_once() {
    let found = resolve(&asked(&["jtw"], false, Some(&["a", "b"]), Some("nobody")), &policy());
    assert_eq!(
        found.unwrap_err().iter().map(|found| found.at).collect::<Vec<_>>(),
        [1, 20, 11, 12]
    );
}

#[test]
fn a_requirement_without_a_scheme_is_refused() {
    let found = problem(all_of(&[], &["read:posts"]));
    assert_eq!((found.code, found.at), (Code::NoScheme, 0));
    assert_eq!(
        found.help.as_deref(),
        Some("name one or more of `api_key`, `jwt`, `partner`, `session`")
    );
}

#[test]
fn a_name_given_twice_is_refused_at_the_second() {
    let found = problem(all_of(&["jwt"], &["read:posts", "read:posts"]));
    assert_eq!((found.code, found.at), (Code::NamedTwice, 12));
    let found = problem(all_of(&["jwt", "jwt"], &["read:posts"]));
    assert_eq!((found.code, found.at), (Code::NamedTwice, 2));
}

#[test]
fn an_empty_list_and_an_empty_name_are_refused() {
    let found = problem(all_of(&["jwt"], &[]));
    assert_eq!((found.code, found.at), (Code::EmptyValue, 10));
    let found = problem(all_of(&["jwt"], &[""]));
    assert_eq!((found.code, found.at), (Code::EmptyValue, 11));
    let found = problem(resolve(&asked(&["jwt"], false, None, Some("")), &policy()));
    assert_eq!((found.code, found.at), (Code::EmptyValue, 20));
}

#[test]
fn a_string_that_holds_two_scopes_is_told_how_to_write_a_list() {
    for both in ["read:posts write:posts", "read:posts,write:posts", "read:posts, write:posts"] {
        let found = problem(all_of(&["jwt"], &[both]));
        assert_eq!((found.code, found.at), (Code::SeveralScopesInOne, 11));
        let list = r#"write a list: ["read:posts", "write:posts"]"#;
        assert_eq!(found.help.as_deref(), Some(list));
    }
}

#[test]
fn a_blank_beside_a_scope_is_a_slip_like_any_other() {
    let found = problem(all_of(&["jwt"], &["read:posts "]));
    assert_eq!(found.code, Code::UndeclaredScope);
    assert_eq!(found.help.as_deref(), Some("did you mean `read:posts`?"));
}

#[test]
fn a_scope_above_the_ceiling_of_a_scheme_is_refused() {
    let found = problem(all_of(&["jwt", "api_key"], &["write:posts"]));
    assert_eq!((found.code, found.at), (Code::ScopeOutOfReach, 11));
    assert_eq!(found.message, "no credential of `api_key` can carry the scope `write:posts`");
    let (place, label) = found.declared.unwrap();
    assert_eq!(
        (place.line, label.as_str()),
        (13, "`schemes.api_key.grants` is the most it can carry")
    );
    let found = problem(all_of(&["partner"], &["write:posts"]));
    assert!(found.help.unwrap().contains("`issuers.partner.may_grant`"));
}

#[test]
fn a_scope_that_no_role_grants_is_refused_for_those_who_follow_roles() {
    let found = problem(all_of(&["jwt", "session"], &["publish:posts"]));
    assert_eq!((found.code, found.at), (Code::Unsatisfiable, 11));
    assert_eq!(found.declared.unwrap().0.line, 5);
    assert!(all_of(&["partner"], &["publish:posts"]).is_ok());
    let found = problem(all_of(&["partner", "jwt"], &["publish:posts"]));
    let message =
        "no role grants the scope `publish:posts`, so no credential of `jwt` ever carries it";
    assert_eq!(found.message, message);
}

#[test]
fn any_of_needs_one_alternative_for_each_scheme_and_one_scheme_for_each_alternative() {
    assert!(any_of(&["jwt", "api_key"], &["read:posts", "write:posts"]).is_ok());
    assert!(any_of(&["jwt", "partner"], &["write:posts", "publish:posts"]).is_ok());
    let found = problem(any_of(&["jwt", "api_key"], &["write:posts", "delete:posts"]));
    assert_eq!((found.code, found.at), (Code::ScopeOutOfReach, 2));
    let found = problem(any_of(&["jwt"], &["write:posts", "publish:posts"]));
    assert_eq!((found.code, found.at), (Code::Unsatisfiable, 12));
    let found = problem(any_of(&["api_key"], &["read:posts", "write:posts"]));
    assert_eq!((found.code, found.at), (Code::ScopeOutOfReach, 12));
}

#[test]
fn a_role_that_a_scheme_cannot_carry_is_refused() {
    let role = |scheme, role| resolve(&asked(&[scheme], false, None, Some(role)), &policy());
    assert_eq!(role("jwt", "admin").unwrap().role, Some(RoleId(0)));
    assert_eq!(role("partner", "reader").unwrap().role, Some(RoleId(2)));
    let found = problem(role("partner", "admin"));
    assert_eq!((found.code, found.at), (Code::RoleOutOfReach, 20));
    assert!(found.help.unwrap().contains("`issuers.partner.roles`"));
    let found = problem(role("api_key", "reader"));
    assert_eq!(found.message, "no credential of `api_key` can carry the role `reader`");
}

#[test]
fn a_rule_stands_for_what_it_says() {
    let asked = Asked { rule: Some(named("edit_post", 30)), ..asked(&[], false, None, None) };
    let requirement = resolve(&asked, &policy()).unwrap();
    assert_eq!(requirement, policy().rule("edit_post").unwrap().requirement);
}

#[test]
fn a_rule_is_not_combined_with_schemes_scopes_or_a_role() {
    let asked = Asked {
        rule: Some(named("edit_post", 30)),
        ..asked(&["jwt"], false, Some(&["read:posts"]), Some("admin"))
    };
    let found = resolve(&asked, &policy()).unwrap_err();
    assert!(found.iter().all(|found| found.code == Code::RuleCombined));
    assert_eq!(found.iter().map(|found| found.at).collect::<Vec<_>>(), [1, 10, 20]);
}

#[test]
fn c5_a_requirement_mutates_if_one_of_its_scopes_does() {
    let policy = policy();
    let mutates = |requirement: Requirement| policy.mutates(&requirement);
    assert!(!mutates(all_of(&["jwt"], &["read:posts"]).unwrap()));
    assert!(mutates(all_of(&["jwt"], &["read:posts", "write:posts"]).unwrap()));
    assert!(mutates(any_of(&["jwt"], &["read:posts", "write:posts"]).unwrap()));
    assert!(!mutates(Requirement::default()));
}
