//! J01-J07 at the door: what a token's header says of algorithms and keys.

use std::net::TcpListener;

use auth_runtime::{Router, policy, routing::get};
use axum::extract::State;
use jsonwebtoken::Algorithm as Alg;
use serde_json::{Value, json};

use super::{
    fixture::{Door, Reached, ask, guarded},
    forge::{self, Edit, Pen, own_claims, own_header},
};

async fn door() -> Door {
    Door::of(Router::new().route("/guarded", get(guarded))).await
}

#[auth_runtime::authenticate(jwt, scopes = "read:posts", policy = "policies/many.yaml")]
async fn rsa(State(reached): State<Reached>) -> &'static str {
    reached.note("rsa")
}

/// A service whose own tokens are signed with RS256; PS256 is listed and has no key.
async fn rsa_door() -> Door {
    let keys = [
        ("jwt", forge::rsa_keys()),
        ("alpha", forge::p256_keys()),
        ("beta", forge::ed25519_keys()),
    ];
    let routes = Router::new().route("/guarded", get(rsa));
    Door::under(policy!("policies/many.yaml"), keys, routes).await
}

fn rsa_claims() -> Value {
    let claims = own_claims().with("iss", "https://own.example").with("aud", "many-api");
    claims.with("roles", json!(["reader"]))
}

#[auth_runtime::authenticate(jwt, scopes = "read:posts", policy = "policies/hs256.yaml")]
async fn hmac(State(reached): State<Reached>) -> &'static str {
    reached.note("hmac")
}

async fn hmac_door() -> Door {
    let routes = Router::new().route("/guarded", get(hmac));
    Door::under(policy!("policies/hs256.yaml"), [("jwt", forge::hmac_keys())], routes).await
}

/// The tokens every attack below starts from are good ones.
#[tokio::test]
async fn m01_the_forged_tokens_are_good_before_they_are_spoilt() {
    let own = forge::own(&own_header(), &own_claims());
    let rs256 = forge::header("RS256", Pen::Rsa(Alg::RS256)).to_string();
    let rs256 = forge::token(rs256, rsa_claims().to_string(), Pen::Rsa(Alg::RS256));
    let pen = Pen::Hmac(forge::SECRET);
    let hs256 = forge::header("HS256", pen).to_string();
    let hs256 = forge::token(hs256, own_claims().to_string(), pen);
    for (door, token) in
        [(door().await, own), (rsa_door().await, rs256), (hmac_door().await, hs256)]
    {
        assert_eq!(door.send(ask("GET", "/guarded").bearer(token)).await.status, 200);
    }
}

#[tokio::test]
async fn j01_no_algorithm_is_no_token() {
    let door = door().await;
    for alg in ["none", "None", "NONE", "noNE", "", "null"] {
        for pen in [Pen::None, Pen::Ed25519] {
            let header = own_header().with("alg", alg);
            let token = forge::token(header.to_string(), own_claims().to_string(), pen);
            assert_eq!(door.refuses(token).await, "algorithm-unknown", "{alg:?}");
        }
    }
    let token = forge::own(&own_header().without("alg"), &own_claims());
    assert_eq!(door.refuses(token).await, "algorithm-unknown");
    for alg in [json!(null), json!(["EdDSA"]), json!(1), json!({})] {
        let token = forge::own(&own_header().with("alg", alg), &own_claims());
        assert_eq!(door.refuses(token).await, "header-malformed");
    }
    // No signature at all under the right algorithm.
    let token = forge::token(own_header().to_string(), own_claims().to_string(), Pen::None);
    assert_eq!(door.refuses(token).await, "signature-invalid");
}

#[tokio::test]
async fn j02_an_algorithm_that_is_not_listed_is_refused_though_the_signature_is_good() {
    let door = rsa_door().await;
    let pen = Pen::Rsa(Alg::RS512);
    let token =
        forge::token(forge::header("RS512", pen).to_string(), rsa_claims().to_string(), pen);
    assert_eq!(door.refuses(token).await, "algorithm-unknown");
    let es256 = forge::header("ES256", Pen::P256).to_string();
    let es256 = forge::token(es256, rsa_claims().to_string(), Pen::P256);
    assert_eq!(door.refuses(es256).await, "algorithm-not-listed");
    for alg in ["rs256", "RS256 ", "RS-256", "Rs256"] {
        let header = forge::header(alg, Pen::Rsa(Alg::RS256)).to_string();
        let token = forge::token(header, rsa_claims().to_string(), Pen::Rsa(Alg::RS256));
        assert_eq!(door.refuses(token).await, "algorithm-unknown", "{alg:?}");
    }
}

#[tokio::test]
async fn j03_a_public_key_is_no_secret() {
    for (door, alg, pem, claims) in [
        (rsa_door().await, Pen::Rsa(Alg::RS256), forge::RSA_PUBLIC_PEM, rsa_claims()),
        (door().await, Pen::Ed25519, forge::ED_PUBLIC_PEM, own_claims()),
        (hmac_door().await, Pen::Hmac(forge::SECRET), forge::EC_PUBLIC_PEM, own_claims()),
    ] {
        let der: Vec<u8> =
            pem.lines().filter(|line| !line.starts_with('-')).flat_map(str::bytes).collect();
        let set = forge::rsa_keys().public_jwk_set().to_string();
        for secret in [pem.as_bytes(), pem.trim_end().as_bytes(), &der, set.as_bytes(), b""] {
            let header = forge::header("HS256", alg).to_string();
            let token = forge::token(header, claims.to_string(), Pen::Hmac(secret));
            let cause = door.refuses(token).await;
            let listed = matches!(alg, Pen::Hmac(_));
            assert_eq!(cause, if listed { "signature-invalid" } else { "algorithm-not-listed" });
        }
    }
}

#[tokio::test]
async fn j04_a_key_serves_one_algorithm() {
    let door = rsa_door().await;
    // PS256 is listed, and the key is an RSA key: but it is for RS256.
    let pen = Pen::Rsa(Alg::PS256);
    let named = forge::header("PS256", pen);
    let token = forge::token(named.to_string(), rsa_claims().to_string(), pen);
    assert_eq!(door.refuses(token).await, "key-for-other-algorithm");
    let unnamed = named.without("kid");
    let token = forge::token(unnamed.to_string(), rsa_claims().to_string(), pen);
    assert_eq!(door.refuses(token).await, "key-ambiguous");
}

#[tokio::test]
async fn j05_a_single_bit_is_enough_to_refuse() {
    use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
    let door = door().await;
    let token = forge::own(&own_header(), &own_claims());
    // Accepted before, so that whatever is remembered of it is remembered by now.
    assert_eq!(door.send(ask("GET", "/guarded").bearer(&token)).await.status, 200);
    door.audit.take();
    door.reached.take();
    let parts: Vec<_> =
        token.split('.').map(|part| URL_SAFE_NO_PAD.decode(part).unwrap()).collect();
    for (number, name) in ["header", "payload", "signature"].into_iter().enumerate() {
        for bit in 0..parts[number].len() * 8 {
            let mut spoilt = parts.clone();
            spoilt[number][bit / 8] ^= 1 << (bit % 8);
            let spoilt: Vec<_> = spoilt.iter().map(|part| URL_SAFE_NO_PAD.encode(part)).collect();
            let cause = door.refuses(spoilt.join(".")).await;
            // What the header says decides which check is first to fail.
            let as_expected = number == 0 || cause == "signature-invalid";
            assert!(as_expected, "bit {bit} of the {name}: {cause}");
        }
    }
    assert_eq!(door.send(ask("GET", "/guarded").bearer(token)).await.status, 200);
}

#[tokio::test]
async fn j06_a_header_never_supplies_a_key_and_nothing_is_fetched() {
    let door = rsa_door().await;
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let url = format!("http://{}/jwks.json", listener.local_addr().unwrap());
    let attacker = forge::own_keys().public_jwk_set()["keys"][0].clone();
    let with = |member: &str, value: Value| {
        let header = forge::header("EdDSA", Pen::Ed25519).with(member, value);
        forge::token(header.to_string(), rsa_claims().to_string(), Pen::Ed25519)
    };
    for token in [
        with("jku", json!(url)),
        with("x5u", json!(url)),
        with("jwk", attacker),
        with("x5c", json!(["MIIB"])),
    ] {
        assert_eq!(door.refuses(token).await, "algorithm-not-listed");
    }
    // The algorithm fits, the key is named and stands right there: it is still nobody's.
    let own_door = self::door().await;
    for (member, value) in
        [("jku", json!(url)), ("x5u", json!(url)), ("jwk", json!({"kty": "OKP"}))]
    {
        let header = own_header().with(member, value).with("kid", "attacker");
        assert_eq!(own_door.refuses(forge::own(&header, &own_claims())).await, "key-unknown");
    }
    let refused = listener.accept().map(|_| ()).unwrap_err();
    assert_eq!(refused.kind(), std::io::ErrorKind::WouldBlock, "nobody came");
}

#[tokio::test]
async fn j06_what_changes_the_meaning_of_a_token_is_refused() {
    let door = door().await;
    for (member, value, cause) in [
        ("crit", json!(["exp"]), "header-critical"),
        ("crit", json!([]), "header-critical"),
        ("b64", json!(false), "payload-transformed"),
        ("zip", json!("DEF"), "payload-transformed"),
        ("enc", json!("A256GCM"), "payload-transformed"),
    ] {
        let token = forge::own(&own_header().with(member, value), &own_claims());
        assert_eq!(door.refuses(token).await, cause, "{member}");
    }
}

#[tokio::test]
async fn j07_hostile_kid_is_only_a_map_key() {
    let door = door().await;
    let long = "k".repeat(8 * 1024);
    for kid in [
        "../../../../dev/null",
        "/proc/self/environ",
        "' OR 1=1 --",
        "\"; DROP TABLE keys; --",
        "\0",
        "$(id)",
        "{{7*7}}",
        "\u{202e}",
        "",
        "https://attacker.example/key",
        &long,
    ] {
        let token = forge::own(&own_header().with("kid", kid), &own_claims());
        assert_eq!(door.refuses(token).await, "key-unknown", "{kid:.20}");
    }
    let longer = "k".repeat(64 * 1024);
    let token = forge::own(&own_header().with("kid", longer), &own_claims());
    assert_eq!(door.refuses(token).await, "token-too-long");
    for kid in [json!(null), json!(0), json!(["a"]), json!({ "a": 1 })] {
        let token = forge::own(&own_header().with("kid", kid), &own_claims());
        assert_eq!(door.refuses(token).await, "header-malformed");
    }
}
