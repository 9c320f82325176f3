//! E2: from outside, one bad token is like another. The exact reason is in the audit event alone.

use std::collections::BTreeSet;

use auth_runtime::{Router, routing::get};
use serde_json::json;

use super::{
    fixture::{Door, START, ask, guarded},
    forge::{self, Edit, Pen, own_claims, own_header, partner, partner_claims},
};

const BOOK: &str = include_str!("../../../docs/audit.md");

async fn door() -> Door {
    Door::of(Router::new().route("/guarded", get(guarded))).await
}

/// Bad tokens, each with its cause.
fn bad_tokens() -> Vec<(String, &'static str)> {
    let header = |name, value: &str| forge::own(&own_header().with(name, value), &own_claims());
    let claim = |name, value| forge::own(&own_header(), &own_claims().with(name, value));
    let good = forge::own(&own_header(), &own_claims());
    let unsigned = forge::token(own_header().to_string(), own_claims().to_string(), Pen::None);
    vec![
        (String::new(), "token-not-compact"),
        ("x".repeat(20_000), "token-too-long"),
        ("a.b.c".to_owned(), "token-not-base64url"),
        (good.replacen('e', "!", 1), "token-not-base64url"),
        (forge::token("{", "{}", Pen::Ed25519), "header-malformed"),
        (
            forge::token(r#"{"alg":"EdDSA","alg":"EdDSA"}"#, "{}", Pen::Ed25519),
            "header-duplicate-member",
        ),
        (header("alg", "none"), "algorithm-unknown"),
        (header("alg", "HS256"), "algorithm-not-listed"),
        (header("crit", "exp"), "header-critical"),
        (header("b64", "x"), "payload-transformed"),
        (header("typ", "JWT"), "not-an-access-token"),
        (header("kid", "nobody"), "key-unknown"),
        (unsigned, "signature-invalid"),
        (good[..good.len() - 2].to_owned(), "signature-invalid"),
        (forge::token(own_header().to_string(), "[]", Pen::Ed25519), "claims-malformed"),
        (
            forge::token(own_header().to_string(), r#"{"a":1,"a":1}"#, Pen::Ed25519),
            "claims-duplicate-member",
        ),
        (claim("exp", json!("soon")), "claim-malformed"),
        (forge::own(&own_header(), &own_claims().without("jti")), "claim-missing"),
        (claim("iss", json!("https://partner.example")), "issuer-mismatch"),
        (claim("aud", json!("other")), "audience-mismatch"),
        (claim("nbf", json!(START + 60)), "not-yet-valid"),
        (claim("iat", json!(START + 60)), "issued-in-future"),
        (partner(&partner_claims()), "algorithm-not-listed"),
    ]
}

#[tokio::test]
async fn e2_bad_tokens_look_the_same_to_the_byte_and_differ_in_the_audit() {
    let door = door().await;
    let first = door.send(ask("GET", "/guarded").bearer("x")).await;
    assert_eq!((first.status, first.code().as_str()), (401, "invalid_token"));
    assert_eq!(door.audit.cause(), "token-not-compact");
    for (token, cause) in bad_tokens() {
        let answer = door.send(ask("GET", "/guarded").bearer(token)).await;
        assert_eq!(answer, first, "{cause}");
        assert_eq!(door.audit.cause(), cause);
    }
    assert_eq!(door.reached.take(), [""; 0]);
}

#[tokio::test]
async fn e2_only_a_token_that_was_good_is_told_that_it_expired() {
    let door = door().await;
    let invalid = door.send(ask("GET", "/guarded").bearer("x")).await;
    let long_ago = own_claims().with("exp", START - 60).with("iat", START - 960);
    let expired =
        door.send(ask("GET", "/guarded").bearer(forge::own(&own_header(), &long_ago))).await;
    assert_eq!((expired.status, expired.code().as_str()), (401, "token_expired"));
    assert_eq!(expired.challenges(), invalid.challenges(), "one error code in the header");
    door.audit.take();

    for (token, cause) in [
        (
            forge::token(own_header().to_string(), long_ago.to_string(), Pen::None),
            "signature-invalid",
        ),
        (
            forge::token(own_header().to_string(), long_ago.to_string(), Pen::P256),
            "signature-invalid",
        ),
        (forge::own(&own_header().with("kid", "x"), &long_ago), "key-unknown"),
        (forge::own(&own_header().with("typ", "JWT"), &long_ago), "not-an-access-token"),
        (forge::own(&own_header(), &long_ago.clone().with("aud", "other")), "audience-mismatch"),
        (forge::own(&own_header(), &long_ago.clone().with("nbf", START + 9)), "not-yet-valid"),
        (forge::own(&own_header(), &long_ago.clone().without("sub")), "claim-missing"),
    ] {
        let answer = door.send(ask("GET", "/guarded").bearer(token)).await;
        assert_eq!(answer, invalid, "{cause}");
        assert_eq!(door.audit.cause(), cause);
    }
    let signed = forge::own(&own_header(), &long_ago);
    let (message, signature) = signed.rsplit_once('.').unwrap();
    let first = if signature.starts_with('A') { 'B' } else { 'A' };
    let spoilt = format!("{message}.{first}{}", &signature[1..]);
    assert_eq!(door.send(ask("GET", "/guarded").bearer(spoilt)).await, invalid);
    assert_eq!(door.audit.cause(), "signature-invalid");
}

#[tokio::test]
async fn e2_every_cause_that_is_recorded_is_in_the_book() {
    let rows = BOOK.lines().filter(|line| line.starts_with("| `"));
    let listed: BTreeSet<_> = rows
        .filter_map(|row| row.split('|').nth(1))
        .flat_map(|cell| cell.split(','))
        .map(|name| name.trim().trim_matches('`'))
        .collect();
    let recorded = bad_tokens().into_iter().map(|(_, cause)| cause);
    let of_forgeries = [
        "csrf-cross-site",
        "csrf-same-site",
        "csrf-origin",
        "csrf-untold",
        "csrf-no-token",
        "csrf-token",
        "cookie-without-family",
    ];
    let others = [
        "no-credential",
        "several-credentials",
        "expired",
        "authentication-too-old",
        "authentication-too-weak",
    ];
    for cause in recorded.chain(others).chain(of_forgeries) {
        assert!(listed.contains(cause), "`{cause}` is not in docs/audit.md");
    }
}
