//! What cannot be set up is said at start.

use std::sync::Arc;

use auth_policy::{Source, check};
use auth_runtime::{
    EmbeddedPolicy, Router,
    oidc::{Provider, ProviderError, ProviderSignIn, Stage},
    secret::Secret,
};

use super::world::World;
use crate::{blog::process::Folder, files::workspace};

async fn build(
    stage: Stage,
    edit: impl Fn(
        auth_runtime::oidc::ProviderSignInBuilder,
    ) -> auth_runtime::oidc::ProviderSignInBuilder,
) -> Result<(), ProviderError> {
    let world = World::new().await;
    let people = Arc::new(world.people.clone());
    edit(ProviderSignIn::builder(world.auth.clone(), people, stage)).build().map(drop)
}

fn production() -> Stage {
    Stage::Production { origin: "https://blog.example".to_owned() }
}

fn at(issuer: &str) -> Provider {
    Provider::new("p", issuer, "blog", Secret::from("hunter2".to_owned()))
}

#[tokio::test]
async fn oc6_m13_production_asks_no_provider_over_http_or_inside() {
    for issuer in [
        "http://id.example",
        "http://127.0.0.1:9",
        "http://localhost:9",
        "https://127.0.0.1",
        "https://10.0.0.1",
        "https://169.254.169.254",
        "https://[::1]",
        "https://u@id.example",
        "https://id.example?x",
        "https://id.example#x",
        "id.example",
    ] {
        let built = build(production(), |builder| builder.provider(at(issuer))).await;
        assert_eq!(built, Err(ProviderError::Issuer("p".to_owned())), "{issuer}");
    }
    assert_eq!(build(production(), |it| it.provider(at("https://id.example"))).await, Ok(()));
}

#[tokio::test]
async fn m13_development_speaks_http_on_this_machine_alone() {
    let stage = || Stage::Development;
    for issuer in ["http://127.0.0.1:9", "http://localhost:9", "https://id.example"] {
        assert_eq!(build(stage(), |it| it.provider(at(issuer))).await, Ok(()), "{issuer}");
    }
    let built = build(stage(), |it| it.provider(at("http://id.example"))).await;
    assert_eq!(built, Err(ProviderError::Issuer("p".to_owned())));
}

#[tokio::test]
async fn oc9_paths_and_origins_are_checked_at_start() {
    let built = build(production(), |it| it.after(["/account", "//evil.example"])).await;
    assert_eq!(built, Err(ProviderError::Path("//evil.example".to_owned())));
    let built = build(production(), |it| it.on_failure("https://evil.example")).await;
    assert_eq!(built, Err(ProviderError::Path("https://evil.example".to_owned())));
    for origin in ["http://blog.example", "https://blog.example/", "blog.example"] {
        let stage = Stage::Production { origin: origin.to_owned() };
        let built = build(stage, |it| it).await;
        assert_eq!(built, Err(ProviderError::Origin(origin.to_owned())));
    }
}

#[tokio::test]
async fn m05_a_provider_needs_a_plain_name_an_id_and_a_secret() {
    for name in ["", "a/b", "a b", "ü", "."] {
        let provider = Provider::new(name, "https://id.example", "c", Secret::from("s".to_owned()));
        let built = build(production(), |it| it.provider(provider.clone())).await;
        assert_eq!(built, Err(ProviderError::Name(name.to_owned())));
    }
    for (id, secret) in [("", "s"), ("c", "")] {
        let secret = Secret::from(secret.to_owned());
        let provider = Provider::new("p", "https://id.example", id, secret);
        let built = build(production(), |it| it.provider(provider.clone())).await;
        assert_eq!(built, Err(ProviderError::NoClient("p".to_owned())));
    }
}

/// The policy of these tests, with a provider whose secret is in that file.
fn declaring(secret: &str) -> EmbeddedPolicy {
    let path = workspace().join("tests/policies/cookies.yaml");
    let text = std::fs::read_to_string(path).expect("the policy");
    let text = format!(
        "{text}\nproviders:\n  google: {{ issuer: https://id.example, client_id: blog, client_secret: \"file:{secret}\" }}\n"
    );
    let policy = check(&Source::new("policies/cookies.yaml", text.into())).policy.expect("sound");
    let text = policy.to_embedded().expect("JSON");
    EmbeddedPolicy::new(Box::leak(text.into_boxed_str()), policy.structure().0)
}

#[tokio::test]
async fn m05_providers_of_the_policy_are_there_beside_those_handed_over() {
    let folder = Folder::new();
    let secret = folder.0.join("secret").display().to_string();
    std::fs::write(&secret, "s\n").expect("written");
    let world = World::under(declaring(&secret), Router::new()).await;
    let builder = |stage| {
        let people = Arc::new(world.people.clone());
        ProviderSignIn::builder(world.auth.clone(), people, stage)
    };
    let sign_in = builder(production()).provider(at("https://id.example")).build();
    let sign_in = sign_in.expect("it goes together");
    assert_eq!(sign_in.names().collect::<Vec<_>>(), ["google", "p"]);
    let replaced = Provider::new("google", "http://x.example", "c", Secret::from("s".to_owned()));
    let built = builder(production()).provider(replaced).build().map(drop);
    assert_eq!(built, Err(ProviderError::Issuer("google".to_owned())));
    std::fs::remove_file(&secret).expect("removed");
    let lost = builder(production()).build();
    assert!(matches!(lost, Err(ProviderError::Reference { provider, .. }) if provider == "google"));
}
