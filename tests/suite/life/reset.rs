//! Tokens that set a new password.

use auth_runtime::{
    reset::{PasswordResets, ResetError},
    secret::Secret,
    store::Collection,
};

use super::world::{START, World};

#[tokio::test]
async fn p9_a_token_works_once_and_not_for_long() {
    let world = World::new().await;
    let ada = world.register("ada").await;
    let resets = PasswordResets::new(std::sync::Arc::clone(&world.store));
    let token = resets.begin(&ada, START).await.expect("begun");
    assert_eq!(resets.finish(&token, START).await.as_deref(), Ok(ada.id.as_str()));
    assert_eq!(resets.finish(&token, START).await, Err(ResetError::Invalid));

    let late = resets.begin(&ada, START).await.expect("begun");
    world.clock.advance(30 * 60);
    assert_eq!(resets.finish(&late, world.auth.now()).await, Err(ResetError::Invalid));
}

#[tokio::test]
async fn p9_only_the_last_token_works_and_the_store_holds_its_hash() {
    let world = World::new().await;
    let ada = world.register("ada").await;
    let resets = PasswordResets::new(std::sync::Arc::clone(&world.store));
    let first = resets.begin(&ada, START).await.expect("begun");
    let second = resets.begin(&ada, START).await.expect("begun");
    assert_eq!(resets.finish(&first, START).await, Err(ResetError::Invalid));

    let owner = ada.owner().expect("an owner");
    let records = world.store.list(Collection("reset"), &owner, START).await.expect("answered");
    let secret = second.expose().rsplit('.').next().expect("a secret");
    assert_eq!(secret.len(), 43, "256 bits in base64url");
    assert!(records.iter().all(|record| !format!("{:?}", record.key).contains(secret)));
    for forged in ["", "pr_", "pr_a.b", "pr_a}b.c", &"p".repeat(300)] {
        let refused = resets.finish(&Secret::from(forged.to_owned()), START).await;
        assert_eq!(refused, Err(ResetError::Invalid), "{forged}");
    }
}
