//! What the requirements ask of a policy, by their ids. The texts these mistakes come with
//! are held by `bad.rs`; here is what is refused, and what just passes.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may fail loudly")]

use std::path::Path;

use auth_policy::{Checked, Code, Severity, Source, check};

const HEAD: &str = "version: 1
scopes: { read:posts: Read posts }
roles: { reader: { grants: [read:posts] } }
schemes:
";

/// What is found in a file of the corpus of bad policies.
fn bad(name: &str) -> Checked {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/bad");
    check(&Source::read(&folder.join(name).with_extension("yaml"), name).unwrap())
}

fn codes(checked: &Checked) -> Vec<Code> {
    checked.diagnostics.iter().map(|found| found.code).collect()
}

fn found_in(name: &str) -> Vec<Code> {
    codes(&bad(name))
}

/// What is found in a policy with these lines under `schemes.jwt`.
fn jwt(lines: &str) -> Vec<Code> {
    let least = "issuer: https://a.example, audience: a, keys: \"${K}\", refresh_ttl: 7d";
    codes(&check(&Source::new("p.yaml", format!("{HEAD}  jwt: {{ {least}, {lines} }}").into())))
}

fn with(section: &str) -> Vec<Code> {
    let text = format!("{HEAD}  session: {{ idle: 30m, lifetime: 24h }}\n{section}\n");
    codes(&check(&Source::new("p.yaml", text.into())))
}

#[test]
fn j03_hmac_beside_asymmetric_is_refused() {
    assert_eq!(found_in("j03-hmac-beside-asymmetric"), [Code::MixedAlgorithms]);
    assert_eq!(jwt("access_ttl: 15m, algorithms: [HS256]"), []);
    assert_eq!(jwt("access_ttl: 15m, algorithms: [EdDSA, RS256, PS256, ES256]"), []);
}

#[test]
fn j03_a_foreign_issuer_never_signs_with_hmac() {
    assert_eq!(found_in("issuer-with-hmac"), [Code::SymmetricForeignIssuer]);
}

#[test]
fn j01_j02_algorithms_are_compared_byte_for_byte() {
    for name in ["none", "None", "eddsa", "EDDSA", "RS512", "''"] {
        let found = jwt(&format!("access_ttl: 15m, algorithms: [{name}]"));
        assert!(matches!(found[..], [Code::UnknownValue | Code::EmptyValue]), "{name}: {found:?}");
    }
}

#[test]
fn j08_leeway_above_60s_is_refused() {
    assert_eq!(found_in("j08-leeway-above-60s"), [Code::LeewayTooLong]);
    assert_eq!(jwt("access_ttl: 15m, algorithms: [EdDSA], leeway: 2m"), [Code::LeewayTooLong]);
    assert_eq!(jwt("access_ttl: 15m, algorithms: [EdDSA], leeway: 60s"), []);
    assert_eq!(jwt("access_ttl: 15m, algorithms: [EdDSA], leeway: 0s"), []);
}

#[test]
fn j10_two_entries_for_one_issuer_are_refused() {
    assert_eq!(found_in("duplicate-issuer"), [Code::DuplicateIssuer]);
    assert_eq!(found_in("duplicate-issuer-of-jwt"), [Code::DuplicateIssuer]);
}

#[test]
fn j18_registered_claims_are_refused_and_personal_data_is_warned_of() {
    assert_eq!(found_in("j18-reserved-claim"), [Code::ReservedClaim]);
    let checked = bad("j18-personal-claim");
    assert!(checked.policy.is_some() && codes(&checked) == [Code::PersonalClaim]);
    let claims = |names| jwt(&format!("access_ttl: 15m, algorithms: [EdDSA], claims: [{names}]"));
    assert_eq!(claims("e-mail, phone_number, given_name"), [Code::PersonalClaim; 3]);
    assert_eq!(
        claims("iss, SUB, aud, exp, nbf, iat, jti, scope, roles, client_id"),
        [Code::ReservedClaim; 10]
    );
    assert_eq!(claims("tenant, namespace, https://a.example/plan"), []);
}

#[test]
fn m01_an_access_token_lives_shorter_than_what_renews_it() {
    assert_eq!(jwt("algorithms: [EdDSA], access_ttl: 1h"), []);
    assert_eq!(jwt("algorithms: [EdDSA], access_ttl: 61m"), [Code::LongAccessTtl]);
    let longest = [Code::LifetimeOrder, Code::LongAccessTtl];
    assert_eq!(jwt("algorithms: [EdDSA], access_ttl: 7d"), longest);
    assert_eq!(found_in("refresh-ttl-missing"), [Code::MissingKey]);
}

#[test]
fn m01_check_recommends_asymmetric_algorithms_for_the_public() {
    assert_eq!(found_in("hs256-for-the-public"), [Code::SymmetricForPublic]);
}

#[test]
fn m04_a_key_never_stands_in_the_policy() {
    for name in ["inline-secret", "inline-secret-in-a-block", "reference-malformed"] {
        assert_eq!(found_in(name), [Code::InlineSecret], "{name}");
    }
}

#[test]
fn oc1_there_is_no_flow_to_choose_but_the_code_flow() {
    assert_eq!(found_in("oc1-provider-flow"), [Code::UnknownKey]);
    assert_eq!(found_in("oc1-provider-pkce"), [Code::UnknownKey]);
}

#[test]
fn p1_min_length_below_12_is_refused() {
    let below = [Code::WeakPasswordRule];
    assert_eq!(found_in("p1-min-length-below-12"), below);
    assert_eq!(with("passwords: { min_length: 11 }"), below);
    assert_eq!(with("passwords: { min_length: 12 }"), []);
}

#[test]
fn p2_max_length_below_128_is_refused() {
    assert_eq!(found_in("p2-max-length-below-128"), [Code::WeakPasswordRule]);
    assert_eq!(with("passwords: { max_length: 127 }"), [Code::WeakPasswordRule]);
    assert_eq!(with("passwords: { max_length: 128 }"), []);
}

#[test]
fn p3_classes_are_advised_against_and_expiry_and_hints_do_not_exist() {
    assert_eq!(found_in("p3-character-classes"), [Code::PasswordClasses]);
    assert_eq!(Code::PasswordClasses.severity(), Severity::Note);
    assert_eq!(
        with("passwords: { expiry: 90d, hint: true }"),
        [Code::UnknownKey, Code::UnknownKey]
    );
}

#[test]
fn p6_argon2_below_the_floor_is_refused() {
    let cost = |cost: &str| with(&format!("passwords: {{ argon2: {{ {cost} }} }}"));
    for below in ["memory_kib: 19455", "iterations: 1", "parallelism: 0"] {
        assert_eq!(cost(below), [Code::WeakPasswordRule], "{below}");
    }
    assert_eq!(cost("memory_kib: 19456, iterations: 2, parallelism: 1"), []);
}

#[test]
fn s3_a_weaker_cookie_is_refused() {
    assert_eq!(found_in("s3-cookie-without-host-prefix"), [Code::WeakCookie]);
    assert_eq!(found_in("s3-same-site-none"), [Code::WeakCookie]);
    for name in ["s3-secure-false", "s3-http-only-false", "s3-domain"] {
        assert_eq!(found_in(name), [Code::UnknownKey], "{name}");
    }
}

#[test]
fn s4_both_timeouts_are_mandatory() {
    assert_eq!(found_in("s4-idle-missing"), [Code::MissingKey]);
    assert_eq!(found_in("s4-lifetime-missing"), [Code::MissingKey]);
    assert_eq!(found_in("idle-not-below-lifetime"), [Code::LifetimeOrder]);
}

#[test]
fn z2_unknown_and_duplicate_keys_are_refused_with_their_places() {
    let checked = bad("duplicate-scope");
    let [found] = &checked.diagnostics[..] else { unreachable!("{:?}", checked.diagnostics) };
    assert_eq!((found.code, found.place.line), (Code::DuplicateKey, 5));
    assert_eq!(found.others.iter().map(|(place, _)| place.line).collect::<Vec<_>>(), [3]);
    let checked = bad("unknown-key");
    let [found] = &checked.diagnostics[..] else { unreachable!("{:?}", checked.diagnostics) };
    assert_eq!(found.help.as_deref(), Some("did you mean `grants`?"));
}

#[test]
fn z3_what_nothing_uses_is_reported() {
    assert_eq!(found_in("scope-nobody-is-granted"), [Code::ScopeNeverGranted]);
    assert_eq!(found_in("role-without-effect"), [Code::RoleWithoutEffect]);
}

#[test]
fn what_is_not_enforced_yet_is_refused_and_never_ignored() {
    for section in ["limits: {}", "cors: {}", "headers: {}"] {
        assert_eq!(with(section), [Code::NotSupportedYet], "{section}");
    }
}
