//! Setting out is counted, by address: each is a record in the store.

use auth_policy::{Source, check};
use auth_runtime::{EmbeddedPolicy, Router};

use super::world::World;
use crate::files::workspace;

/// The policy of these tests, with a limit that can be reached.
fn limited() -> EmbeddedPolicy {
    let path = workspace().join("tests/policies/cookies.yaml");
    let text = std::fs::read_to_string(path).expect("the policy");
    let text = text.replace("rate: 1000000/minute", "rate: 3/minute");
    let policy = check(&Source::new("policies/cookies.yaml", text.into())).policy.expect("sound");
    let text = policy.to_embedded().expect("JSON");
    EmbeddedPolicy::new(Box::leak(text.into_boxed_str()), policy.structure().0)
}

#[tokio::test]
async fn m12_setting_out_is_counted_and_coming_back_is_not() {
    let world = World::under(limited(), Router::new()).await;
    let mut outward = Vec::new();
    for _ in 0..3 {
        outward.push(world.set_out("/login/fake").await);
    }
    let fourth = world.get("/login/fake", &[]).await;
    assert_eq!(fourth.status, 429, "{fourth:?}");
    assert_eq!(fourth.cookie("__Host-oidc"), None);
    world.vouch(&outward[2], "ada");
    assert_eq!(world.back(&outward[2]).await.location(), "/account");
}
