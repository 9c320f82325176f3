//! A2: what holds a secret does not show it, however it is printed.

use auth_runtime::{
    Router,
    audit::Tag,
    jwt::{AccessGrant, KeySet},
    policy_types::Algorithm,
    refresh::ServerSecret,
    reset::PasswordResets,
    routing::get,
    secret::Secret,
    store::MemoryStore,
    tokens::Tokens,
};

use super::fixture::{Door, guarded};

/// Neither the text nor a part of it of eight letters.
fn shows(printed: &str, secret: &str) -> bool {
    let letters: Vec<char> = secret.chars().collect();
    letters.windows(8).any(|part| printed.contains(&part.iter().collect::<String>()))
}

#[tokio::test]
async fn a2_what_holds_a_secret_does_not_show_it() {
    let door = Door::of(Router::new().route("/guarded", get(guarded))).await;
    let canary = "canary-7f31-of-the-secret";
    let secret = Secret::from(canary.to_owned());
    let key = KeySet::generate(Algorithm::EdDSA).unwrap();
    let private: serde_json::Value = serde_json::from_str(key.expose()).unwrap();
    let private = private["keys"][0]["d"].as_str().unwrap().to_owned();
    let keys = KeySet::from_jwk_set(key.expose()).unwrap();
    let shared = KeySet::generate(Algorithm::HS256).unwrap();
    let grant = AccessGrant::new("alice");
    let issued = door.auth.issuer().unwrap().access_token(&grant, door.auth.now()).unwrap();
    let store = door.auth.store().unwrap();
    let server = ServerSecret::of(&**store, door.auth.now()).await.unwrap();
    let tokens = Tokens::new(door.auth.clone()).await.unwrap();
    let resets = PasswordResets::new(std::sync::Arc::new(MemoryStore::new()));
    for (printed, hidden) in [
        (format!("{secret:?} {secret:#?}"), canary),
        (format!("{:?}", Some(vec![secret.clone()])), canary),
        (format!("{keys:?} {keys:#?}"), &private),
        (format!("{key:?} {key:#?}"), &private),
        (format!("{shared:?}"), shared.expose()),
        (format!("{issued:?} {issued:#?}"), issued.token.expose()),
        (format!("{:?} {:?} {:?}", door.auth, door.auth.issuer(), tokens), &private),
        (format!("{server:?} {tokens:?} {resets:?}"), canary),
        (format!("{:?}", Tag::of_name(canary)), canary),
    ] {
        assert!(!shows(&printed, hidden), "{printed}");
        assert!(!printed.is_empty());
    }
    assert_eq!(format!("{secret:?}"), "Secret(..)");
    assert_eq!(format!("{server:?}"), "ServerSecret(..)");
}
