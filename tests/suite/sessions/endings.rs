//! How a session ends before its time.

use auth_runtime::store::{Collection, Key};
use axum::http::HeaderMap;

use super::{rights::caller, world::World};

#[tokio::test]
async fn s5_after_logout_a_copied_cookie_is_401_everywhere() {
    let world = World::new().await;
    let beside = world.beside().await;
    let browser = world.browser(&world.register("ada").await).await;
    assert_eq!(beside.knows(&browser).await, 200);
    let answer = world.ask("DELETE", "/session", Some(&browser), None).await;
    assert_eq!(answer.status, 204);
    assert_eq!(
        answer.set_cookie(),
        "__Host-session=; Path=/; Max-Age=0; Secure; HttpOnly; SameSite=Lax"
    );
    assert_eq!((world.knows(&browser).await, beside.knows(&browser).await), (401, 401));
    assert_eq!(world.ask("DELETE", "/session", Some(&browser), None).await.status, 401);
}

#[tokio::test]
async fn s6_disabling_an_account_ends_its_sessions_at_once() {
    let world = World::new().await;
    let beside = world.beside().await;
    let (ada, grace) = (world.register("ada").await, world.register("grace").await);
    let (hers, other) = (world.browser(&ada).await, world.browser(&grace).await);
    let now = world.auth.now();
    world.accounts.change(&ada.id, |account| account.disabled = true, now).await.unwrap();
    assert_eq!(beside.knows(&hers).await, 401, "even before they are ended");
    assert_eq!(beside.causes.take(), ["account-disabled"]);
    world.sessions.end_all(&ada.id).await.unwrap();
    world.accounts.change(&ada.id, |account| account.disabled = false, now).await.unwrap();
    assert_eq!(beside.knows(&hers).await, 401, "and for good");
    assert_eq!(beside.knows(&other).await, 200);
}

#[tokio::test]
async fn s6_the_sessions_of_an_account_that_is_gone_are_nobodys() {
    let world = World::new().await;
    let ada = world.register("ada").await;
    let browser = world.browser(&ada).await;
    let key = Key::new(Collection("account"), ada.owner().unwrap(), "account").unwrap();
    assert!(world.store.delete(&key, world.auth.now()).await.unwrap());
    assert_eq!(world.knows(&browser).await, 401);
    assert_eq!(world.causes.take(), ["account-gone"]);
}

#[tokio::test]
async fn s7_a_password_change_ends_the_others_and_keeps_this_one() {
    let world = World::new().await;
    let ada = world.register("ada").await;
    let kept = world.sessions.begin(&ada, &HeaderMap::new()).await.unwrap();
    let others = [world.browser(&ada).await, world.browser(&ada).await];
    let beside = world.beside().await;
    let caller = caller(&world, &kept).await;
    world.sessions.end_others(&caller).await.unwrap();
    for other in &others {
        assert_eq!(beside.knows(other).await, 401);
    }
    let ids: Vec<_> =
        world.sessions.list(&ada.id).await.unwrap().into_iter().map(|it| it.id).collect();
    assert_eq!(ids, [kept.session.id]);
}

#[tokio::test]
async fn s7_an_admin_ends_one_or_all_of_somebodys() {
    let world = World::new().await;
    let (ada, grace) = (world.register("ada").await, world.register("grace").await);
    let (one, two) = (world.browser(&ada).await, world.browser(&ada).await);
    let other = world.browser(&grace).await;
    let id = world.sessions.list(&ada.id).await.unwrap()[0].id.clone();
    assert!(!world.sessions.end(&grace.id, &id).await.unwrap(), "it is not hers");
    assert!(world.sessions.end(&ada.id, &id).await.unwrap());
    assert!(!world.sessions.end(&ada.id, &id).await.unwrap(), "once");
    assert_eq!((world.knows(&one).await, world.knows(&two).await), (200, 401));
    world.sessions.end_all(&ada.id).await.unwrap();
    assert_eq!((world.knows(&one).await, world.knows(&other).await), (401, 200));
    for nobody in ["", "a b", "nobody"] {
        world.sessions.end_all(nobody).await.unwrap();
        assert!(!world.sessions.end(nobody, nobody).await.unwrap());
        assert_eq!(world.sessions.list(nobody).await.unwrap(), []);
    }
}
