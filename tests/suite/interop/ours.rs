//! Our tokens in the hands of others: understood, and nothing that was made of them.

use auth_policy::settings::Algorithm;
use auth_runtime::jwt::KeySet;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Value, json};

use super::{
    clients::{BOTH, Client, blog_rules, set, with},
    service::Service,
};
use crate::blog::process::Blog;

/// A token with other claims under the same signature.
fn tampered(token: &str) -> String {
    let [header, payload, signature] = parts(token);
    let mut claims: Value = decoded(payload);
    claims["roles"] = json!(["admin"]);
    format!("{header}.{}.{signature}", URL_SAFE_NO_PAD.encode(claims.to_string()))
}

fn parts(token: &str) -> [&str; 3] {
    token.split('.').collect::<Vec<_>>().try_into().expect("three parts")
}

fn decoded(part: &str) -> Value {
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).expect("base64url")).expect("JSON")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs jose and PyJWT: ./test interop"]
async fn m04_others_refuse_what_is_not_ours_or_not_for_them() {
    let made = Client::Jose.makes(Algorithm::ES256);
    let service = Service::signing(Algorithm::ES256, &set(&[&made.private])).await;
    let (token, rules) = (service.token(), service.rules());
    let header = decoded(parts(&token)[0]);
    let claims = decoded(parts(&token)[1]);
    let other = Client::Jose.makes(Algorithm::ES256).private;
    for reader in BOTH {
        let refuses = |token: &str, rules: &Value, jose: &str, pyjwt: &str| {
            let refused = reader.reads(token, rules).expect_err("not to be accepted");
            assert_eq!(refused, reader.says(jose, pyjwt));
        };
        let claim = |name: &str| format!("ERR_JWT_CLAIM_VALIDATION_FAILED {name}");
        assert!(reader.reads(&token, &rules).is_ok(), "{reader:?}");

        let by_another = reader.signs(&other, &header, &claims);
        for forged in [&tampered(&token), &by_another] {
            let refused = reader.reads(forged, &rules).expect_err("not our signature");
            assert_eq!(refused, reader.wrong_signature());
        }
        let elsewhere = with(&rules, "audience", "another-api");
        refuses(&token, &elsewhere, &claim("aud"), "InvalidAudienceError");
        let elsewhere = with(&rules, "issuer", "https://another.example");
        refuses(&token, &elsewhere, &claim("iss"), "InvalidIssuerError");
        let algorithms = with(&rules, "algorithms", json!(["EdDSA", "RS256"]));
        refuses(&token, &algorithms, "ERR_JOSE_ALG_NOT_ALLOWED", "InvalidAlgorithmError");
        // Of our own key, so nothing but what is asked of it speaks against it.
        let plain = reader.signs(&made.private, &with(&header, "typ", "JWT"), &claims);
        refuses(&plain, &rules, &claim("typ"), "typ");
        let old = with(&claims, "exp", claims["iat"].clone());
        let old = reader.signs(&made.private, &header, &old);
        refuses(&old, &rules, "ERR_JWT_EXPIRED exp", "ExpiredSignatureError");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs jose and PyJWT: ./test interop"]
async fn m04_keys_are_rotated_under_the_eyes_of_others() {
    for algorithm in [Algorithm::EdDSA, Algorithm::PS256] {
        let [old, new] = ["old", "new"].map(|kid| {
            let made = Client::Jose.makes(algorithm).private;
            with(&with(&made, "alg", algorithm.name()), "kid", kid)
        });
        let service = Service::signing(algorithm, &set(&[&old])).await;
        let rotate = |keys: &[&Value]| {
            let keys = KeySet::parse(&set(keys), &[algorithm]).expect("keys");
            service.auth.replace_keys("jwt", keys).expect("they fit");
        };
        let earlier = service.token();
        rotate(&[&old, &new]);
        let announced = service.token();
        rotate(&[&new, &old]);
        let later = service.token();
        let kids = [&earlier, &announced, &later].map(|token| decoded(parts(token)[0]));
        assert_eq!(kids.each_ref().map(|header| &header["kid"]), ["old", "old", "new"]);
        for token in [&earlier, &announced, &later] {
            service.is_understood(token).await;
        }
        rotate(&[&new]);
        service.is_understood(&later).await;
        for reader in BOTH {
            let refused = reader.reads(&earlier, &service.rules()).expect_err("no such key");
            assert_eq!(refused, reader.unknown_key());
        }
    }
}

/// The key is the blog's own, so that nothing but the kind of the token speaks against it.
#[test]
#[ignore = "needs jose and PyJWT: ./test interop"]
fn m02_no_token_passes_for_another_kind_whoever_signs_it() {
    let made = Client::Jose.makes(Algorithm::EdDSA);
    let keys = set(&[&made.private]);
    let blog = Blog::start(&[("AUTH_JWT_KEYS", &keys), ("BLOG_SEED", "1")]);
    let body = json!({ "username": "reader", "password": blog.password("reader") });
    let tokens = blog.write("POST", "/auth/login", None, &body).json();
    let [access, refresh] = ["access_token", "refresh_token"]
        .map(|name| tokens[name].as_str().expect("a token").to_owned());
    let (header, claims) = (decoded(parts(&access)[0]), decoded(parts(&access)[1]));
    let rules = blog_rules(&blog);
    let renew = |token: &str| {
        let answer = blog.write("POST", "/auth/refresh", None, &json!({ "refresh_token": token }));
        (answer.status, answer.code())
    };
    for client in BOTH {
        assert!(client.reads(&access, &rules).is_ok());
        assert_eq!(
            client.reads(&refresh, &rules).expect_err("no token to others"),
            client.says("ERR_JWS_INVALID", "DecodeError")
        );
        let signed = |typ| client.signs(&made.private, &with(&header, "typ", typ), &claims);
        assert_eq!(blog.get("/auth/me", Some(&signed("at+jwt"))).status, 200);
        for typ in ["JWT", "rt+jwt", "refresh+jwt", "logout+jwt"] {
            let other = signed(typ);
            assert_eq!(blog.get("/auth/me", Some(&other)).status, 401, "{typ}");
            assert_eq!(renew(&other), (401, "invalid_grant".to_owned()), "{typ}");
        }
    }
    assert_eq!(blog.get("/auth/me", Some(&refresh)).status, 401);
    assert_eq!(renew(&access), (401, "invalid_grant".to_owned()));
    assert_eq!(renew(&refresh).0, 200, "nothing of this has used it");
}
