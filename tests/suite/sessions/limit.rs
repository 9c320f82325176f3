//! How many sessions an account may have.

use auth_runtime::{policy, session::SessionError};
use axum::http::HeaderMap;

use super::world::World;

#[tokio::test]
async fn s8_one_session_too_many_ends_the_oldest() {
    let world = World::under(policy!("policies/two_sessions.yaml")).await;
    let (ada, grace) = (world.register("ada").await, world.register("grace").await);
    let other = world.browser(&grace).await;
    // All in one second: the order is not that of the clock.
    let mut browsers = Vec::new();
    for number in 0..12 {
        browsers.push(world.browser(&ada).await);
        for (index, browser) in browsers.iter().enumerate() {
            let expected = if index + 2 > number { 200 } else { 401 };
            assert_eq!(world.knows(browser).await, expected, "{index} of {number}");
        }
    }
    assert_eq!(world.knows(&other).await, 200);
}

#[tokio::test]
async fn s8_one_session_too_many_is_refused_where_the_policy_says_so() {
    let world = World::under(policy!("policies/two_sessions_refuse.yaml")).await;
    let ada = world.register("ada").await;
    let (first, second) = (world.browser(&ada).await, world.browser(&ada).await);
    let refused = world.sign_in("ada", None).await;
    assert_eq!((refused.status, refused.code().as_str()), (409, "too_many_sessions"));
    assert!(refused.headers.get("set-cookie").is_none());
    assert_eq!(world.causes.take(), ["too-many-sessions"]);
    assert_eq!((world.knows(&first).await, world.knows(&second).await), (200, 200));

    let again = world.sign_in("ada", Some(&second)).await.browser();
    assert_eq!(world.knows(&again).await, 200, "it takes the place of the one it ends");
    world.clock.advance(30 * 60);
    let later = world.sign_in("ada", None).await;
    assert_eq!(later.status, 200, "those that are over take no place");
}

#[tokio::test]
async fn s8_renewing_takes_no_further_place() {
    let world = World::under(policy!("policies/two_sessions_refuse.yaml")).await;
    let ada = world.register("ada").await;
    let other = world.browser(&ada).await;
    let begun = world.sessions.begin(&ada, &HeaderMap::new()).await.unwrap();
    let caller = super::rights::caller(&world, &begun).await;
    world.sessions.renew(&caller, &ada).await.unwrap();
    assert_eq!(world.knows(&other).await, 200);
    let more = world.sessions.begin(&ada, &HeaderMap::new()).await;
    assert_eq!(more.unwrap_err(), SessionError::Full);
    assert_eq!(world.sessions.list(&ada.id).await.unwrap().len(), 2);
}
