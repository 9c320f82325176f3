//! When a session is over.

use auth_runtime::store::Collection;

use super::world::World;
use crate::password::PASSWORD;
use serde_json::json;

const MINUTE: i64 = 60;
const HOUR: i64 = 60 * MINUTE;

#[tokio::test]
async fn s4_idle_and_absolute_timeouts_end_a_session() {
    let world = World::new().await;
    let ada = world.register("ada").await;
    let (unused, used) = (world.browser(&ada).await, world.browser(&ada).await);
    world.clock.advance(30 * MINUTE - 1);
    assert_eq!(world.knows(&used).await, 200);
    world.clock.advance(1);
    world.causes.take();
    assert_eq!(world.knows(&unused).await, 401);
    assert_eq!(world.causes.take(), ["idle-session"]);
    for _ in 0..48 {
        world.clock.advance(29 * MINUTE);
        assert_eq!(world.knows(&used).await, 200);
    }
    // A second is left of the day it may last.
    world.clock.advance(24 * HOUR - 30 * MINUTE - 48 * 29 * MINUTE - 1);
    assert_eq!(world.knows(&used).await, 200);
    world.clock.advance(1);
    assert_eq!(world.knows(&used).await, 401);
    assert_eq!(world.causes.take(), ["session-ended"]);
}

#[tokio::test]
async fn s4_a_use_in_one_process_counts_in_the_others() {
    let world = World::new().await;
    let beside = world.beside().await;
    let browser = world.browser(&world.register("ada").await).await;
    world.clock.advance(29 * MINUTE);
    assert_eq!(world.knows(&browser).await, 200);
    world.clock.advance(29 * MINUTE);
    assert_eq!(beside.knows(&browser).await, 200, "what was due was written at once");

    world.clock.advance(10 * MINUTE);
    assert_eq!(world.knows(&browser).await, 200);
    world.auth.flush().await.unwrap();
    world.clock.advance(29 * MINUTE);
    assert_eq!(beside.knows(&browser).await, 200, "and the rest with the batch");
}

#[tokio::test]
async fn s4_a_use_that_is_not_written_yet_counts_where_it_was_made() {
    let world = World::new().await;
    let beside = world.beside().await;
    let browser = world.browser(&world.register("ada").await).await;
    world.clock.advance(14 * MINUTE);
    assert_eq!(world.knows(&browser).await, 200);
    world.clock.advance(16 * MINUTE);
    assert_eq!(beside.knows(&browser).await, 401, "nobody has told this one");
    assert_eq!(world.knows(&browser).await, 200);
}

#[tokio::test]
async fn s4_saying_the_password_again_does_not_prolong_the_lifetime() {
    let world = World::new().await;
    let mut browser = world.browser(&world.register("ada").await).await;
    let password = json!({ "password": PASSWORD });
    for _ in 0..71 {
        world.clock.advance(20 * MINUTE);
        let answer = world.ask("POST", "/session/reauth", Some(&browser), Some(&password)).await;
        browser = answer.browser();
    }
    world.clock.advance(20 * MINUTE - 1);
    assert_eq!(world.knows(&browser).await, 200);
    world.clock.advance(1);
    assert_eq!(world.knows(&browser).await, 401);
}

#[tokio::test]
async fn s5_a_use_that_is_written_late_does_not_bring_a_session_back() {
    let world = World::new().await;
    let beside = world.beside().await;
    let ada = world.register("ada").await;
    let browser = world.browser(&ada).await;
    assert_eq!(world.knows(&browser).await, 200);
    assert_eq!(beside.ask("DELETE", "/session", Some(&browser), None).await.status, 204);
    world.auth.flush().await.unwrap();
    assert_eq!(world.knows(&browser).await, 401);
    assert_eq!(world.sessions.list(&ada.id).await.unwrap(), []);
}

#[tokio::test]
async fn s4_the_store_forgets_a_session_soon_after_its_end() {
    let world = World::new().await;
    let ada = world.register("ada").await;
    world.browser(&ada).await;
    let owner = ada.owner().unwrap();
    let records = || world.store.list(Collection("session"), &owner, world.auth.now());
    world.clock.advance(30 * MINUTE + 29);
    assert_eq!(records().await.unwrap().len(), 1);
    assert_eq!(world.sessions.list(&ada.id).await.unwrap(), [], "but nobody sees it");
    world.clock.advance(1);
    assert_eq!(records().await.unwrap().len(), 0);
}

#[tokio::test]
async fn m10_what_waits_is_written_when_serving_ends() {
    let world = World::new().await;
    let ada = world.register("ada").await;
    let browser = world.browser(&ada).await;
    world.clock.advance(10 * MINUTE);
    assert_eq!(world.knows(&browser).await, 200);
    let beside = world.beside().await;
    let seen = async || beside.sessions.list(&ada.id).await.unwrap()[0].last_seen_at;
    let before = seen().await;
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let app = auth_runtime::Router::new().protect(world.auth.clone());
    app.serve_until(listener, async {}).await.unwrap();
    assert_eq!(seen().await.0 - before.0, 10 * MINUTE);
}

#[tokio::test(start_paused = true)]
async fn m10_what_waits_is_written_every_thirty_seconds() {
    let world = World::new().await;
    let ada = world.register("ada").await;
    let browser = world.browser(&ada).await;
    world.clock.advance(10 * MINUTE);
    assert_eq!(world.knows(&browser).await, 200);
    let beside = world.beside().await;
    let seen = async || beside.sessions.list(&ada.id).await.unwrap()[0].last_seen_at;
    let before = seen().await;
    // The task begins to wait before time passes.
    tokio::task::yield_now().await;
    tokio::time::advance(std::time::Duration::from_secs(31)).await;
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
    assert_eq!(seen().await.0 - before.0, 10 * MINUTE);
}
