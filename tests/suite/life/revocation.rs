//! Access tokens that end before their time.

use std::sync::Arc;

use auth_runtime::{
    clock::ManualClock,
    store::{MemoryStore, Store},
};
use axum::http::StatusCode;

use super::world::{START, World};
use crate::failing::Failing;

#[tokio::test]
async fn z10_logout_is_effective_at_once_here_and_soon_elsewhere() {
    let world = World::new().await;
    let beside = world.beside().await;
    let tokens = world.sign_in(&world.register("ada").await).await;
    assert_eq!(beside.answers(&tokens.access_token).await, StatusCode::OK);

    let caller = world.identity(&tokens.access_token).await;
    world.tokens.sign_out(&caller).await.expect("ended");
    assert_eq!(world.answers(&tokens.access_token).await, StatusCode::UNAUTHORIZED);

    let revocations = beside.auth.revocations().expect("a store");
    revocations.follow(beside.auth.now()).await.expect("read");
    assert_eq!(beside.answers(&tokens.access_token).await, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn z10_a_process_that_starts_later_knows_what_was_revoked_before() {
    let world = World::new().await;
    let tokens = world.sign_in(&world.register("ada").await).await;
    let caller = world.identity(&tokens.access_token).await;
    world.tokens.sign_out(&caller).await.expect("ended");
    world.clock.advance(14 * 60);
    assert_eq!(world.beside().await.answers(&tokens.access_token).await, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn s6_disabling_ends_every_token_of_the_account_and_no_other() {
    let world = World::new().await;
    let (ada, grace) = (world.register("ada").await, world.register("grace").await);
    let hers = [world.sign_in(&ada).await, world.sign_in(&ada).await];
    let other = world.sign_in(&grace).await;
    world.tokens.end_all(&ada.id).await.expect("ended");
    for tokens in &hers {
        assert_eq!(world.answers(&tokens.access_token).await, StatusCode::UNAUTHORIZED);
        assert!(world.refresh(&tokens.refresh_token).await.is_err());
    }
    assert_eq!(world.answers(&other.access_token).await, StatusCode::OK);
}

#[tokio::test]
async fn s7_a_password_change_ends_the_others_and_keeps_this_one() {
    let world = World::new().await;
    let ada = world.register("ada").await;
    let (kept, other) = (world.sign_in(&ada).await, world.sign_in(&ada).await);
    let caller = world.identity(&kept.access_token).await;
    world.tokens.end_others(&caller).await.expect("ended");
    assert_eq!(world.answers(&kept.access_token).await, StatusCode::OK);
    assert_eq!(world.answers(&other.access_token).await, StatusCode::UNAUTHORIZED);
    assert!(world.refresh(&kept.refresh_token).await.is_ok());
}

/// A family ends in two steps, and a renewal may come in between: its token is younger than the
/// revocation, and must not outlive it.
#[tokio::test]
async fn z10_a_token_issued_while_its_family_ends_is_refused_to_its_end() {
    let world = World::new().await;
    let tokens = world.sign_in(&world.register("ada").await).await;
    let caller = world.identity(&tokens.access_token).await;
    let family = caller.family_id().expect("a family").to_owned();
    let revocations = world.auth.revocations().expect("a store");
    revocations.family(&family, world.auth.now()).await.expect("revoked");
    world.clock.advance(5);
    let late = world.refresh(&tokens.refresh_token).await.expect("the family is still there");
    world.clock.advance(15 * 60 - 3);
    let beside = world.beside().await;
    assert_eq!(beside.answers(&late.access_token).await, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn s9_a_store_that_is_silent_for_too_long_is_503_and_recovers() {
    let store = Arc::new(Failing::default());
    let clock = Arc::new(ManualClock::at(START));
    let world = World::on(Arc::clone(&store) as Arc<dyn Store>, clock).await;
    let tokens = world.sign_in(&world.register("ada").await).await;
    let revocations = world.auth.revocations().expect("a store");

    store.set_down(true);
    world.clock.advance(30);
    assert!(revocations.follow(world.auth.now()).await.is_err());
    assert_eq!(world.answers(&tokens.access_token).await, StatusCode::OK);
    world.clock.advance(1);
    assert_eq!(world.answers(&tokens.access_token).await, StatusCode::SERVICE_UNAVAILABLE);
    assert!(world.refresh(&tokens.refresh_token).await.is_err());

    // Told to end while the store is down, this process believes the token no more.
    let caller = tokens_of_a_second_world(&world).await;
    assert!(world.tokens.sign_out(&caller).await.is_err());

    store.set_down(false);
    revocations.follow(world.auth.now()).await.expect("it answers again");
    assert_eq!(world.answers(&tokens.access_token).await, StatusCode::OK);
    assert!(world.refresh(&tokens.refresh_token).await.is_ok());
}

/// An identity of the same issuer, found where the store answers.
async fn tokens_of_a_second_world(world: &World) -> auth_runtime::Identity {
    let clock = Arc::clone(&world.clock);
    let second = World::on(Arc::new(MemoryStore::new()), clock).await;
    let tokens = second.sign_in(&second.register("grace").await).await;
    second.identity(&tokens.access_token).await
}

#[tokio::test]
async fn z10_with_a_look_up_for_every_request_logout_is_effective_at_once_everywhere() {
    let store = Arc::new(Failing::default());
    let clock = Arc::new(ManualClock::at(START));
    let policy = auth_runtime::policy!("policies/every_request.yaml");
    let open = || World::under(policy, Arc::clone(&store) as Arc<dyn Store>, Arc::clone(&clock));
    let (world, beside) = (open().await, open().await);
    let ada = world.register("ada").await;
    let (ended, kept) = (world.sign_in(&ada).await, world.sign_in(&ada).await);

    let caller = world.identity(&ended.access_token).await;
    world.tokens.sign_out(&caller).await.expect("ended");
    assert_eq!(beside.answers(&ended.access_token).await, StatusCode::UNAUTHORIZED);
    assert_eq!(beside.answers(&kept.access_token).await, StatusCode::OK);

    store.set_down(true);
    assert_eq!(beside.answers(&kept.access_token).await, StatusCode::SERVICE_UNAVAILABLE);
    store.set_down(false);
    assert_eq!(beside.answers(&kept.access_token).await, StatusCode::OK);
}

/// A clock that was set wrong, an hour ahead, and is set right again.
#[tokio::test]
async fn z10_a_clock_that_goes_back_hides_no_revocation() {
    let world = World::new().await;
    let beside = World::on(Arc::clone(&world.store), Arc::new(ManualClock::at(START))).await;
    let revocations = beside.auth.revocations().expect("a store");
    beside.clock.advance(60 * 60);
    revocations.follow(beside.auth.now()).await.expect("read");
    beside.clock.advance(-60 * 60);
    let tokens = world.sign_in(&world.register("ada").await).await;
    let caller = world.identity(&tokens.access_token).await;
    world.tokens.sign_out(&caller).await.expect("ended");
    revocations.follow(beside.auth.now()).await.expect("read");
    assert_eq!(beside.answers(&tokens.access_token).await, StatusCode::UNAUTHORIZED);
}

/// The same clock hides no silence of the store either.
#[tokio::test]
async fn z10_s9_a_clock_that_goes_back_hides_no_silence() {
    let store = Arc::new(Failing::default());
    let clock = Arc::new(ManualClock::at(START));
    let world = World::on(Arc::clone(&store) as Arc<dyn Store>, clock).await;
    let revocations = world.auth.revocations().expect("a store");
    world.clock.advance(60 * 60);
    revocations.follow(world.auth.now()).await.expect("read");
    world.clock.advance(-60 * 60);
    revocations.follow(world.auth.now()).await.expect("read");
    let tokens = world.sign_in(&world.register("ada").await).await;
    assert_eq!(world.answers(&tokens.access_token).await, StatusCode::OK);
    store.set_down(true);
    world.clock.advance(31);
    assert_eq!(world.answers(&tokens.access_token).await, StatusCode::SERVICE_UNAVAILABLE);
}
