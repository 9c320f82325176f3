//! The endpoints of accounts for callers with a session.

use serde_json::json;

use super::{
    browser::Browser,
    world::{PASSWORD, World},
};

const SESSION: &str = "__Host-session";

#[tokio::test]
async fn s2_s7_a_change_of_password_gives_the_session_another_id_and_ends_the_others() {
    let world = World::new().await;
    let mut here = Browser::with_session(&world, "ada").await;
    let (there, bob) =
        (Browser::with_session(&world, "ada").await, Browser::with_session(&world, "bob").await);
    let tokens = world.sign_in("ada").await;
    let copied = here.clone();

    let change = json!({ "current": PASSWORD, "new": "another walk, up the hill" });
    let answer = here.post(&world, "/auth/password", Some(&change)).await;
    assert_eq!((answer.status, answer.cookies().len()), (204, 1), "{answer:?}");
    assert_eq!(answer.headers["cache-control"], "no-store");
    assert_ne!(here.cookie(SESSION), copied.cookie(SESSION));

    let shown = here.get(&world, "/session").await;
    assert_eq!(shown.status, 200);
    assert_ne!(shown.json()["csrf_token"], json!(copied.csrf), "it has another token too");
    assert_eq!(copied.get(&world, "/session").await.status, 401);
    assert_eq!(there.get(&world, "/session").await.status, 401);
    assert_eq!(world.me(&tokens["access_token"]).await, 401);
    assert_eq!(world.refresh(&tokens["refresh_token"]).await.status, 401);
    assert_eq!(bob.get(&world, "/session").await.status, 200);
}

#[tokio::test]
async fn s5_signing_out_ends_the_session_alone() {
    let world = World::new().await;
    let mut here = Browser::with_session(&world, "ada").await;
    let there = Browser::with_session(&world, "ada").await;
    let tokens = world.sign_in("ada").await;
    let copied = here.clone();
    let refused = here.post_from(&world, "/auth/logout", None, &[]).await;
    assert_eq!((refused.status, refused.code().as_str()), (403, "csrf"));

    let answer = here.post(&world, "/auth/logout", None).await;
    assert_eq!((answer.status, here.cookie(SESSION)), (204, None));
    assert_eq!(copied.get(&world, "/session").await.status, 401);
    assert_eq!(there.get(&world, "/session").await.status, 200);
    assert_eq!(world.me(&tokens["access_token"]).await, 200);
}

#[tokio::test]
async fn s5_signing_out_everywhere_ends_sessions_and_tokens() {
    for by_session in [true, false] {
        let world = World::new().await;
        let mut here = match by_session {
            true => Browser::with_session(&world, "ada").await,
            false => Browser::of(&world, "ada").await,
        };
        let there = Browser::with_session(&world, "ada").await;
        let tokens = world.sign_in("ada").await;
        let answer = here.post(&world, "/auth/logout/all", None).await;
        assert_eq!((answer.status, here.cookies_for("/auth/refresh").as_str()), (204, ""));
        assert_eq!(there.get(&world, "/session").await.status, 401);
        assert_eq!(world.me(&tokens["access_token"]).await, 401);
        assert_eq!(world.refresh(&tokens["refresh_token"]).await.status, 401);
    }
}

#[tokio::test]
async fn me_tells_the_scheme_that_was_used() {
    let world = World::new().await;
    let session = Browser::with_session(&world, "ada").await;
    let me = session.get(&world, "/auth/me").await.json();
    assert_eq!(me["scheme"], "session");
    assert_eq!(me["subject"], json!(world.account("ada").await.id));
    assert_eq!(me["issuer"], "https://issuer.example", "the same somebody as by token");
    assert_eq!(me["scopes"], json!(["read:posts", "write:posts"]));
}
