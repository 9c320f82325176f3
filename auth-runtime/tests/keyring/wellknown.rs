//! The keys we publish.

use auth_runtime::jwt::KeySet;
use serde_json::Value;

use super::{
    forge::TestKey,
    issuer::FakeNet,
    world::{World, generate, keys},
};

const PATH: &str = "/.well-known/jwks.json";

#[tokio::test]
async fn m04_the_public_keys_are_published_and_nothing_else() {
    let (signs, next) = (generate(), generate());
    let world = World::with(keys(&[&signs, &next]), FakeNet::with(&[])).await;
    let answer = world.get(PATH, &[]).await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("content-type"), "application/jwk-set+json");
    assert_eq!(answer.header("cache-control"), "public, max-age=300");
    let set = answer.json();
    let published = set["keys"].as_array().unwrap();
    assert_eq!(published.len(), 2);
    for (jwk, private) in published.iter().zip([&signs, &next]) {
        let mut names: Vec<_> = jwk.as_object().unwrap().keys().map(String::as_str).collect();
        names.sort_unstable();
        assert_eq!(names, ["alg", "crv", "kid", "kty", "use", "x"]);
        assert_eq!((&jwk["x"], &jwk["kid"]), (&private["x"], &private["kid"]));
        assert!(!answer.body.contains(private["d"].as_str().unwrap()));
    }
    // What we publish is what others accept of us.
    let theirs = KeySet::published(&answer.body, &[auth_runtime::policy_types::Algorithm::EdDSA]);
    assert_eq!(theirs.unwrap().keys().len(), 2);
}

#[tokio::test]
async fn m04_a_key_without_a_kid_is_named_by_its_thumbprint() {
    let mut jwk = generate();
    let thumbprint = jwk.as_object_mut().unwrap().remove("kid").unwrap();
    let world = World::with(keys(&[&jwk]), FakeNet::with(&[])).await;
    assert_eq!(world.get(PATH, &[]).await.json()["keys"][0]["kid"], thumbprint);
    let header = world.own_token();
    assert_eq!(world.read(&header).await.status, 200);
}

#[tokio::test]
async fn m04_the_document_follows_the_keys_and_its_tag_follows_the_document() {
    let (old, new) = (generate(), generate());
    let world = World::with(keys(&[&old]), FakeNet::with(&[])).await;
    let first = world.get(PATH, &[]).await;
    let tag = first.header("etag").to_owned();
    assert!(tag.starts_with('"') && tag.ends_with('"') && tag.len() > 10);

    for known in [tag.clone(), format!("W/{tag}"), format!("\"a\", {tag}"), "*".to_owned()] {
        let again = world.get(PATH, &[("if-none-match", &known)]).await;
        assert_eq!((again.status, again.body.as_str()), (304, ""), "{known}");
        assert_eq!(again.header("etag"), tag);
        assert_eq!(again.header("cache-control"), "public, max-age=300");
    }

    world.auth.replace_keys("jwt", keys(&[&old, &new])).unwrap();
    let changed = world.get(PATH, &[("if-none-match", &tag)]).await;
    assert_eq!(changed.status, 200);
    assert_ne!(changed.header("etag"), tag);
    assert_eq!(changed.json()["keys"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn the_endpoint_is_in_the_inventory_with_its_reason_and_its_place() {
    let world = World::with(keys(&[&generate()]), FakeNet::with(&[&TestKey::new("k")])).await;
    let endpoints = world.app.inventory().endpoints();
    let endpoint = endpoints.iter().find(|endpoint| endpoint.path == PATH).unwrap();
    let reason = endpoint.rule.to_string();
    assert_eq!(reason, "public: the public half of the keys that sign our tokens");
    assert!(endpoint.routed_at.file().ends_with("world.rs"), "{}", endpoint.routed_at);
    let head: Value = world.get(PATH, &[("authorization", "Bearer nonsense")]).await.json();
    assert!(head["keys"].is_array(), "no credential is looked at");
}
