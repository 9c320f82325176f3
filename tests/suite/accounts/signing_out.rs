//! Z10: the end of a sign-in, however it was begun.

use auth_runtime::account::Account;
use serde_json::json;

use super::{browser::Browser, world::World};

#[tokio::test]
async fn m03_z10_signing_out_takes_both_cookies_and_ends_the_family() {
    let world = World::new().await;
    let mut browser = Browser::of(&world, "ada").await;
    let other = world.sign_in("ada").await;
    let mut copied = browser.clone();
    let answer = browser.post(&world, "/auth/logout", None).await;
    assert_eq!((answer.status, answer.body.as_str()), (204, ""));
    assert_eq!(
        answer.cookies(),
        [
            "__Host-access=; Path=/; Max-Age=0; Secure; HttpOnly; SameSite=Lax",
            "__Secure-refresh=; Path=/auth/refresh; Max-Age=0; Secure; HttpOnly; SameSite=Strict",
        ]
    );
    assert_eq!(answer.headers["cache-control"], "no-store");
    assert_eq!(browser.cookies_for("/auth/refresh"), "");
    assert_eq!(copied.get(&world, "/auth/me").await.status, 401);
    assert_eq!(copied.post(&world, "/auth/refresh", None).await.status, 401);
    assert_eq!(world.me(&other["access_token"]).await, 200);
}

#[tokio::test]
async fn z10_signing_out_everywhere_ends_every_sign_in_of_this_account_alone() {
    let world = World::new().await;
    let mut browser = Browser::of(&world, "ada").await;
    let (ada, bob) = (world.sign_in("ada").await, world.sign_in("bob").await);
    let answer = browser.post(&world, "/auth/logout/all", None).await;
    assert_eq!((answer.status, answer.cookies().len()), (204, 2));
    assert_eq!(world.me(&ada["access_token"]).await, 401);
    assert_eq!(world.refresh(&ada["refresh_token"]).await.status, 401);
    assert_eq!(world.me(&bob["access_token"]).await, 200);
}

#[tokio::test]
async fn z10_a_token_from_a_header_signs_out_without_cookies() {
    let world = World::new().await;
    for path in ["/auth/logout", "/auth/logout/all"] {
        let tokens = world.sign_in("ada").await;
        let answer = world.post_as(&tokens["access_token"], path, &json!({})).await;
        assert_eq!((answer.status, answer.cookies().len()), (204, 0));
        assert_eq!(world.me(&tokens["access_token"]).await, 401);
        assert_eq!(world.refresh(&tokens["refresh_token"]).await.status, 401);
    }
}

#[tokio::test]
async fn s6_a_closed_account_is_signed_out_of_everything() {
    let world = World::new().await;
    let mut browser = Browser::of(&world, "ada").await;
    let session = Browser::with_session(&world, "ada").await;
    let bob = Browser::with_session(&world, "bob").await;
    let id = world.account("ada").await.id;
    let close = |account: &mut Account| account.disabled = true;
    world.accounts.change(&id, close, world.auth.now()).await.expect("closed");
    world.endpoints.end_all(&id).await.expect("ended");
    assert_eq!(session.get(&world, "/session").await.status, 401);
    assert_eq!(bob.get(&world, "/session").await.status, 200);
    assert_eq!(browser.get(&world, "/auth/me").await.status, 401);
    assert_eq!(browser.post(&world, "/auth/refresh", None).await.status, 401);
    assert_eq!(browser.sign_in(&world, "ada").await.status, 401);
}
