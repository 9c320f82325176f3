//! J04, J14, E3: an engine that could not tell good tokens from bad ones is never made.

use std::sync::Arc;

use auth_policy::settings::Algorithm;
use auth_runtime::{Auth, AuthBuilder, BuildError, jwt::KeySet, policy, store::MemoryStore};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::json;

use super::forge;

fn builder() -> AuthBuilder {
    Auth::from_policy(policy!("../policies/test.yaml")).store(Arc::new(MemoryStore::new()))
}

async fn refusal(builder: AuthBuilder) -> (BuildError, String) {
    let error = builder.build().await.map(drop).unwrap_err();
    let text = error.to_string();
    (error, text)
}

#[tokio::test]
async fn e3_an_engine_without_the_keys_it_needs_is_not_made() {
    let (error, text) = refusal(builder().keys("jwt", forge::own_keys())).await;
    assert!(matches!(error, BuildError::NoKeys(name) if name == "partner"));
    assert!(text.contains("issuer `partner` has no keys"), "{text}");
    // The policy refers to a variable that is not set.
    let (error, text) = refusal(builder().keys("partner", forge::p256_keys())).await;
    assert!(matches!(error, BuildError::Reference { scheme, .. } if scheme == "jwt"));
    assert!(text.contains("TEST_JWT_KEYS"), "{text}");
}

#[tokio::test]
async fn e3_keys_for_what_takes_none_are_a_mistake() {
    let all = || builder().keys("jwt", forge::own_keys()).keys("partner", forge::p256_keys());
    for name in ["session", "api_key", "Jwt", "nobody", ""] {
        let (error, text) = refusal(all().keys(name, forge::own_keys())).await;
        assert!(matches!(error, BuildError::NoSuchScheme(of) if of == name), "{text}");
    }
    assert!(all().build().await.is_ok());
}

#[tokio::test]
async fn j04_keys_of_algorithms_that_are_not_listed_are_refused() {
    let with = |own, foreign| builder().keys("jwt", own).keys("partner", foreign);
    for wrong in [forge::rsa_keys(), forge::hmac_keys(), forge::p256_keys()] {
        let (error, _) = refusal(with(wrong, forge::p256_keys())).await;
        assert!(matches!(error, BuildError::Keys { scheme, .. } if scheme == "jwt"));
    }
    let (error, _) = refusal(with(forge::own_keys(), forge::ed25519_keys())).await;
    assert!(matches!(error, BuildError::Keys { scheme, .. } if scheme == "partner"));
    // Public keys verify and cannot sign: a service that issues needs one that can.
    let (error, _) = refusal(with(forge::ed25519_keys(), forge::p256_keys())).await;
    assert!(matches!(error, BuildError::Keys { scheme, .. } if scheme == "jwt"));
}

#[tokio::test]
async fn j10_somebody_elses_private_key_is_refused() {
    let text = KeySet::generate(Algorithm::ES256).unwrap();
    let private = KeySet::from_jwk_set(text.expose()).unwrap();
    let builder = builder().keys("jwt", forge::own_keys()).keys("partner", private);
    let (error, text) = refusal(builder).await;
    assert!(matches!(error, BuildError::Keys { scheme, .. } if scheme == "partner"), "{text}");
}

#[test]
fn j14_a_weak_secret_is_no_key() {
    let secret = |bytes: &[u8]| {
        let k = URL_SAFE_NO_PAD.encode(bytes);
        let set = json!({ "keys": [{ "kty": "oct", "alg": "HS256", "kid": "a", "k": k }] });
        KeySet::from_jwk_set(&set.to_string()).map(drop).map_err(|error| error.to_string())
    };
    for weak in [&b"secret"[..], &[7; 32], b"your-256-bit-secret", &forge::SECRET[..31]] {
        let text = secret(weak).unwrap_err();
        assert!(text.contains("`a`") || text.contains("\"a\""), "it names the key: {text}");
        assert!(!text.contains(&URL_SAFE_NO_PAD.encode(weak)), "and does not show it: {text}");
    }
    assert!(secret(b"").is_err());
    assert_eq!(secret(forge::SECRET), Ok(()));
}

#[tokio::test]
async fn e3_sessions_and_keys_without_a_store_stop_the_start() {
    let builder = Auth::from_policy(policy!("../policies/test.yaml"));
    let builder = builder.keys("jwt", forge::own_keys()).keys("partner", forge::p256_keys());
    let (error, text) = refusal(builder).await;
    assert!(matches!(error, BuildError::NoStore(scheme) if scheme == "api_key"));
    assert!(text.contains("`.store(..)`"), "{text}");
}
