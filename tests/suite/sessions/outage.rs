//! A store that does not answer: 503, and nobody is let in.

use std::sync::Arc;

use auth_runtime::{clock::ManualClock, policy, store::Store};

use super::world::{START, World};
use crate::failing::Failing;

async fn world() -> (World, Arc<Failing>) {
    let store = Arc::new(Failing::default());
    let clock = Arc::new(ManualClock::at(START));
    let policy = policy!("../policies/test.yaml");
    (World::on(policy, Arc::clone(&store) as Arc<dyn Store>, clock).await, store)
}

#[tokio::test]
async fn s9_while_the_store_is_down_every_session_is_503_and_afterwards_good_again() {
    let (world, store) = world().await;
    let browser = world.browser(&world.register("ada").await).await;
    store.set_down(true);
    for (method, path) in [
        ("GET", "/who"),
        ("POST", "/write"),
        ("GET", "/admin"),
        ("GET", "/page"),
        ("GET", "/session"),
        ("DELETE", "/session"),
        ("GET", "/sessions"),
        ("DELETE", "/sessions"),
    ] {
        let answer = world.ask(method, path, Some(&browser), None).await;
        assert_eq!((answer.status, answer.code().as_str()), (503, "unavailable"));
        assert_eq!(world.causes.take(), ["store-unavailable"]);
    }
    assert_eq!(world.sign_in("ada", None).await.status, 503);
    assert_eq!(world.get("/page", &browser).await.status, 503, "never as nobody");
    assert_eq!(world.ask("GET", "/page", None, None).await.status, 200);
    store.set_down(false);
    assert_eq!(world.knows(&browser).await, 200);
}

#[tokio::test]
async fn s9_s4_uses_that_could_not_be_written_are_written_later() {
    let (world, store) = world().await;
    let ada = world.register("ada").await;
    let browser = world.browser(&ada).await;
    world.clock.advance(600);
    assert_eq!(world.knows(&browser).await, 200);
    store.set_down(true);
    assert!(world.auth.flush().await.is_err());
    store.set_down(false);
    world.auth.flush().await.unwrap();
    let beside = world.beside().await;
    assert_eq!(beside.sessions.list(&ada.id).await.unwrap()[0].last_seen_at.0, START.0 + 600);
}
