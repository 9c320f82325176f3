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

/// What a policy with passwords needs.
const GUARDS: &str = "limits: { login: { rate: 5/minute, by: [address, account] } }
endpoints: { login: { limit: login }, register: { limit: login }, reset: { limit: login } }
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
    let guards = if section.starts_with("passwords") { GUARDS } else { "" };
    let text = format!("{HEAD}  session: {{ idle: 30m, lifetime: 24h }}\n{section}\n{guards}");
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
    assert_eq!(found_in("oc1-oauth-provider-implicit"), [Code::UnknownKey]);
    assert_eq!(found_in("oc1-oauth-provider-plain-pkce"), [Code::UnknownKey]);
}

#[test]
fn oc4_two_providers_have_names_and_so_callbacks_of_their_own() {
    assert_eq!(found_in("oc4-two-providers-of-one-name"), [Code::DuplicateKey]);
    assert_eq!(found_in("oc4-provider-name-is-no-segment"), [Code::InvalidName]);
}

#[test]
fn oc6_endpoints_of_a_provider_are_https_but_on_this_machine() {
    assert_eq!(found_in("oc6-provider-endpoint-plain-http"), [Code::InvalidUrl]);
}

#[test]
fn m05_a_sign_in_with_a_provider_ends_with_a_session_or_tokens_in_cookies() {
    assert_eq!(found_in("m05-provider-without-sessions"), [Code::MissingKey]);
    assert_eq!(found_in("m05-provider-without-token-cookies"), [Code::MissingKey]);
    assert_eq!(found_in("m05-provider-result-in-the-url"), [Code::UnknownValue]);
}

#[test]
fn rl6_whoever_has_providers_limits_who_sets_out_for_them() {
    assert_eq!(found_in("rl6-providers-without-a-limit"), [Code::EndpointWithoutLimit]);
}

#[test]
fn oc9_a_sign_in_leads_to_paths_of_this_service_alone() {
    assert_eq!(found_in("oc9-after-another-site"), [Code::InvalidPath; 5]);
    assert_eq!(found_in("oc9-on-failure-another-site"), [Code::InvalidPath]);
    assert_eq!(found_in("oc9-after-nothing"), [Code::EmptyValue]);
    assert_eq!(found_in("oc9-after-twice"), [Code::NamedTwice]);
}

#[test]
fn oc8_no_two_providers_vouch_for_the_same_people() {
    assert_eq!(found_in("oc8-two-providers-of-one-identity"), [Code::DuplicateIssuer]);
    assert_eq!(found_in("oc8-identity-is-an-issuer"), [Code::DuplicateIssuer]);
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

/// What is found in a policy with these lines under `schemes.session`.
fn session(lines: &str) -> Vec<Code> {
    codes(&check(&Source::new("p.yaml", format!("{HEAD}  session: {{ {lines} }}\n").into())))
}

/// What is found in a policy with these lines under `schemes.api_key`.
fn api_key(lines: &str) -> Vec<Code> {
    let least = "prefix: blog, grants: [read:posts]";
    codes(&check(&Source::new(
        "p.yaml",
        format!("{HEAD}  api_key: {{ {least}, {lines} }}\n").into(),
    )))
}

#[test]
fn m03_cookies_of_tokens_have_prefixes_and_names_of_their_own() {
    let cookies = |lines: &str| {
        let least = "algorithms: [EdDSA], access_ttl: 15m";
        jwt(&format!("{least}, cookies: {{ {lines} }} }}\n  session: {{ idle: 1m, lifetime: 1h"))
    };
    assert_eq!(cookies(""), []);
    for fine in ["access: __Host-a", "refresh: __Secure-session", "same_site: strict"] {
        assert_eq!(cookies(fine), [], "{fine}");
    }
    for weak in [
        "access: __Host-",
        "access: access",
        "access: __host-access",
        "access: __Host-a.b",
        "refresh: __Secure-",
        "refresh: refresh",
        "refresh: __Host-refresh",
        "same_site: none",
    ] {
        assert_eq!(cookies(weak), [Code::WeakCookie], "{weak}");
    }
    let at_most = |letters| format!("access: __Host-{}", "a".repeat(letters));
    assert_eq!((cookies(&at_most(57)), cookies(&at_most(58))), (vec![], vec![Code::WeakCookie]));
    assert_eq!(cookies("access: __Host-session"), [Code::NameClash]);
    let named = "access: __Host-id } }\n  session: { idle: 1m, lifetime: 1h, cookie: __Host-id";
    assert_eq!(
        jwt(&format!("algorithms: [EdDSA], access_ttl: 15m, cookies: {{ {named}")),
        [Code::NameClash]
    );
}

#[test]
fn m03_a_refresh_token_is_sent_to_one_plain_path() {
    let path = |path: &str| {
        jwt(&format!(
            "algorithms: [EdDSA], access_ttl: 15m, cookies: {{ refresh_path: \"{path}\" }}"
        ))
    };
    for fine in ["/r", "/auth/refresh", "/a-b_c.d~e/..f", &format!("/{}", "a".repeat(127))] {
        assert_eq!(path(fine), [], "{fine}");
    }
    for bad in [
        "/",
        "auth",
        "/auth/",
        "//auth",
        "/auth//refresh",
        "/./auth",
        "/auth/..",
        "/auth;a",
        "/auth refresh",
        "/auth%2frefresh",
        "/auth?a",
        "/auth,a",
        "/\\u00fc",
        &format!("/{}", "a".repeat(128)),
    ] {
        assert_eq!(path(bad), [Code::InvalidPath], "{bad}");
    }
}

#[test]
fn s8_an_account_has_1_to_1000_sessions() {
    let most = |number| session(&format!("idle: 1m, lifetime: 1h, max_per_account: {number}"));
    assert_eq!((most(0), most(1001)), (vec![Code::OutOfRange], vec![Code::OutOfRange]));
    assert_eq!((most(1), most(1000)), (vec![], vec![]));
}

#[test]
fn s7_a_fresh_sign_in_is_1_minute_to_24_hours_old_and_within_the_session() {
    let fresh = |time| session(&format!("idle: 1m, lifetime: 2d, fresh_for: {time}"));
    assert_eq!((fresh("59s"), fresh("25h")), (vec![Code::OutOfRange], vec![Code::OutOfRange]));
    assert_eq!((fresh("1m"), fresh("24h")), (vec![], vec![]));
    let short = |time| session(&format!("idle: 1m, lifetime: 1h, fresh_for: {time}"));
    assert_eq!((short("61m"), short("1h")), (vec![Code::LifetimeOrder], vec![]));
}

#[test]
fn k5_lives_of_a_key_are_capped() {
    let life = |lines: &str| api_key(&format!("max_ttl: 60d, {lines}"));
    assert_eq!(life("default_ttl: 61d"), [Code::LifetimeOrder]);
    assert_eq!(life("default_ttl: 60d, rotation_overlap: 30d"), []);
    assert_eq!(life("rotation_overlap: 31d"), [Code::OutOfRange]);
    assert_eq!(api_key("max_ttl: 1d, rotation_overlap: 1d"), [Code::LifetimeOrder]);
    assert_eq!(api_key("max_ttl: 1d, rotation_overlap: 0s"), []);
}

#[test]
fn m08_a_pepper_is_a_reference_and_an_environment_is_live_or_test() {
    assert_eq!(api_key("max_ttl: 1d, pepper: abcdef"), [Code::InlineSecret]);
    assert_eq!(api_key("max_ttl: 1d, pepper: \"${PEPPER}\", environment: test"), []);
    assert_eq!(api_key("max_ttl: 1d, environment: Live"), [Code::UnknownValue]);
}

#[test]
fn c1_trusted_origins_are_exact() {
    let csrf = |origins: &str| with(&format!("csrf: {{ trusted_origins: [{origins}] }}"));
    assert_eq!((with("csrf: {}"), csrf("")), (vec![], vec![]));
    assert_eq!(csrf("https://app.blog.example, 'http://localhost:3000'"), []);
    for word in ["'null'", "'*'", "http://app.blog.example", "https://app.blog.example/"] {
        assert_eq!(csrf(word), [Code::InvalidOrigin], "{word}");
    }
    assert_eq!(csrf("https://a.example, https://b.example, https://a.example"), [Code::NamedTwice]);
}

#[test]
fn z2_unknown_and_duplicate_keys_are_refused_with_their_places() {
    let checked = bad("duplicate-scope");
    let [found] = &checked.diagnostics[..] else { unreachable!("{:?}", checked.diagnostics) };
    assert_eq!((found.code, found.place.line), (Code::DuplicateKey, 5));
    assert_eq!(found.others.iter().map(|(place, _)| place.line).collect::<Vec<_>>(), [3]);
    let checked = bad("unknown-key");
    let [found] = &checked.diagnostics[..] else { unreachable!("{:?}", checked.diagnostics) };
    assert_eq!((found.code, found.place.line), (Code::UnknownKey, 3));
    assert_eq!(found.help.as_deref(), Some("did you mean `grants`?"));
}

/// In each section: a key with a slip in it, and a key that is there twice.
#[test]
fn z2_a_slip_in_a_key_is_told_with_its_line_and_the_key_that_was_meant() {
    for (wrong, right) in [
        ("scopess: {}", "scopes"),
        ("roles: { a: { includes: [], grant: [] } }", "grants"),
        ("rules: { a: { schemes: session, scope: a } }", "scopes"),
        ("limits: { a: { rates: 1/minute, by: address } }", "rate"),
        ("never: [{ role: a, reachs: {} }]", "reaches"),
        ("always: [{ role: a, reaches: { endpoints: GET / } }]", "endpoint"),
        ("passwords: { min_lenght: 12 }", "min_length"),
        ("endpoints: { logn: { limit: a } }", "login"),
    ] {
        let head = "version: 1\nschemes: { session: { idle: 1m, lifetime: 1h } }\n";
        let checked = check(&Source::new("p.yaml", format!("{head}{wrong}").into()));
        let found = checked.diagnostics.iter().find(|found| found.code == Code::UnknownKey);
        let found = found.unwrap_or_else(|| unreachable!("{wrong}: {:?}", checked.diagnostics));
        assert_eq!(found.help, Some(format!("did you mean `{right}`?")), "{wrong}");
        assert!(found.place.line > 1, "{found:?}");
        let (section, _) = wrong.split_once(':').unwrap();
        let twice = with(&format!("{wrong}\n{section}: {{}}"));
        assert!(twice.contains(&Code::DuplicateKey), "{wrong}: {twice:?}");
    }
}

#[test]
fn z3_what_nothing_uses_is_reported() {
    assert_eq!(found_in("scope-nobody-is-granted"), [Code::ScopeNeverGranted]);
    assert_eq!(found_in("role-without-effect"), [Code::RoleWithoutEffect]);
}
