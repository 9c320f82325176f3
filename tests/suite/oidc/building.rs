//! What cannot be set up is said at start.

use std::sync::Arc;

use auth_runtime::{
    oidc::{Provider, ProviderError, ProviderSignIn, Stage},
    secret::Secret,
};

use super::world::{HUB, Setting, World};

/// Of a policy without providers.
async fn build(
    stage: Stage,
    edit: impl Fn(
        auth_runtime::oidc::ProviderSignInBuilder,
    ) -> auth_runtime::oidc::ProviderSignInBuilder,
) -> Result<(), ProviderError> {
    let world = Setting::of("cookies.yaml").declaring("").world().await;
    let people = Arc::new(world.people.clone());
    edit(ProviderSignIn::builder(world.auth.clone(), people, stage)).build().await.map(drop)
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
    let stage = || Stage::Development { over_tls: false };
    for issuer in ["http://127.0.0.1:9", "http://localhost:9", "https://id.example"] {
        assert_eq!(build(stage(), |it| it.provider(at(issuer))).await, Ok(()), "{issuer}");
    }
    let built = build(stage(), |it| it.provider(at("http://id.example"))).await;
    assert_eq!(built, Err(ProviderError::Issuer("p".to_owned())));
}

#[tokio::test]
async fn oc9_paths_and_origins_are_checked_at_start() {
    let to = |path: &str| at("https://id.example").after(["/account", path]);
    let built = build(production(), |it| it.provider(to("//evil.example"))).await;
    assert_eq!(built, Err(ProviderError::Path("//evil.example".to_owned())));
    let none = at("https://id.example").after(Vec::<String>::new());
    let built = build(production(), |it| it.provider(none.clone())).await;
    assert_eq!(built, Err(ProviderError::Path(String::new())));
    let failing = at("https://id.example").on_failure("https://evil.example");
    let built = build(production(), |it| it.provider(failing.clone())).await;
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

#[tokio::test]
async fn m05_providers_of_the_policy_are_there_beside_those_handed_over() {
    let world = World::new().await;
    let builder = || {
        let people = Arc::new(world.people.clone());
        ProviderSignIn::builder(world.auth.clone(), people, Stage::Development { over_tls: false })
    };
    let sign_in = builder().provider(at("https://id.example")).build().await;
    let sign_in = sign_in.expect("it goes together");
    assert_eq!(sign_in.names().collect::<Vec<_>>(), ["fake", "hub", "other", "p"]);
}

#[tokio::test]
async fn oc4_no_two_providers_have_one_name_and_so_one_callback() {
    let world = World::new().await;
    let people = Arc::new(world.people.clone());
    let secret = || Secret::from("s".to_owned());
    let builder = || {
        ProviderSignIn::builder(
            world.auth.clone(),
            people.clone(),
            Stage::Development { over_tls: false },
        )
    };
    let again = Provider::new("fake", "https://id.example", "c", secret());
    let built = builder().provider(again).build().await.map(drop);
    assert_eq!(built, Err(ProviderError::Twice("fake".to_owned())), "the policy has it");
    let (one, two) = (at("https://id.example"), at("https://other.example"));
    let built = builder().provider(one).provider(two).build().await.map(drop);
    assert_eq!(built, Err(ProviderError::Twice("p".to_owned())));
}

#[tokio::test]
async fn oc8_nobody_handed_over_vouches_for_the_people_of_a_provider_that_signs_nothing() {
    let world = World::new().await;
    let people = Arc::new(world.people.clone());
    let builder = || {
        ProviderSignIn::builder(
            world.auth.clone(),
            people.clone(),
            Stage::Development { over_tls: false },
        )
    };
    let built = builder().provider(at(HUB)).build().await.map(drop);
    assert_eq!(built, Err(ProviderError::SharedIdentity("hub".to_owned())));
    // A second client of one OpenID provider has the same people, whom it signs for.
    let built = builder().provider(at(&world.fake.issuer())).build().await.map(drop);
    assert_eq!(built, Ok(()));
}

#[tokio::test]
async fn m05_a_secret_that_is_not_there_is_said_at_start() {
    let world = World::new().await;
    std::fs::remove_file(world.secret()).expect("removed");
    let lost = build_as(&world, Stage::Development { over_tls: false }).await;
    assert!(matches!(lost, Err(ProviderError::Reference { provider, .. }) if provider == "fake"));
}

#[tokio::test]
async fn oc6_production_asks_no_endpoint_of_the_policy_over_http_or_inside() {
    for key in ["authorization_endpoint", "token_endpoint", "userinfo_endpoint"] {
        for url in ["http://127.0.0.1:9/x", "https://10.0.0.1/x", "https://[::1]/x"] {
            let world = hub_alone(key, url).await;
            let built = build_as(&world, production()).await;
            assert_eq!(built, Err(ProviderError::Endpoint("hub".to_owned())), "{key} {url}");
        }
    }
    let world = hub_alone("token_endpoint", "https://hub.example/token").await;
    assert_eq!(build_as(&world, production()).await, Ok(()));
}

/// A policy with the provider `hub` alone, at public addresses but for that one.
async fn hub_alone(key: &str, url: &str) -> World {
    let own = ["authorization_endpoint", "token_endpoint", "userinfo_endpoint"];
    let lines = own.map(|name| {
        let url = if name == key { url } else { "https://hub.example/y" };
        format!("    {name}: {url}\n")
    });
    let provider = format!(
        "\nproviders:\n  hub:\n    identity: https://hub.example\n{}    profile: {{ subject: id }}\n    client_id: blog\n    client_secret: file:SECRET\n",
        lines.concat()
    );
    Setting::of("cookies.yaml").declaring(&provider).world().await
}

async fn build_as(world: &World, stage: Stage) -> Result<(), ProviderError> {
    let people = Arc::new(world.people.clone());
    ProviderSignIn::builder(world.auth.clone(), people, stage).build().await.map(drop)
}
