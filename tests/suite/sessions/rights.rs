//! What a session may do: what its account may do now.

use std::sync::{Arc, Mutex};

use auth_runtime::{
    Identity, Router, authenticate,
    routing::get,
    session::{Begun, SessionError},
};
use axum::{
    body::Body,
    extract::State,
    http::{HeaderMap, Request},
};
use serde_json::json;
use tower::ServiceExt;

use super::world::{START, World};
use crate::password::password_hash;

#[tokio::test]
async fn m09_a_session_says_who_it_is_and_what_it_may_do() {
    let world = World::new().await;
    let ada = world.register("ada").await;
    let browser = world.browser(&ada).await;
    world.clock.advance(60);
    let answer = world.get("/session", &browser).await;
    assert_eq!(answer.headers["cache-control"], "no-store");
    assert_eq!(
        answer.json(),
        json!({
            "subject": ada.id,
            "roles": ["author", "reader"],
            "scopes": ["read:posts", "write:posts"],
            "csrf_token": browser.csrf,
            "created_at": START.0,
            "expires_at": START.0 + 60 + 30 * 60,
        })
    );
}

#[tokio::test]
async fn z10_s2_a_change_of_roles_is_in_force_with_the_next_request() {
    let world = World::new().await;
    let ada = world.register("ada").await;
    let browser = world.browser(&ada).await;
    assert_eq!(world.ask("POST", "/write", Some(&browser), None).await.status, 200);
    assert_eq!(world.get("/admin", &browser).await.status, 403);

    let now = world.auth.now();
    world.accounts.change(&ada.id, |it| it.roles = vec!["reader".to_owned()], now).await.unwrap();
    let refused = world.ask("POST", "/write", Some(&browser), None).await;
    assert_eq!(refused.code(), "insufficient_scope");
    world.accounts.change(&ada.id, |it| it.roles = vec!["admin".to_owned()], now).await.unwrap();
    assert_eq!(world.get("/admin", &browser).await.status, 200);
    world.accounts.change(&ada.id, |it| it.roles = vec!["gone".to_owned()], now).await.unwrap();
    assert_eq!(world.get("/admin", &browser).await.status, 403, "no such role, no right");
    assert_eq!(world.knows(&browser).await, 200);
}

#[tokio::test]
async fn s2_a_privilege_change_can_give_a_new_id() {
    let world = World::new().await;
    let ada = world.register("ada").await;
    let begun = world.sessions.begin(&ada, &HeaderMap::new()).await.unwrap();
    let caller = caller(&world, &begun).await;
    world.clock.advance(60);
    let renewed = world.sessions.renew(&caller, &ada).await.unwrap();
    assert_ne!(renewed.session.id, begun.session.id);
    assert_eq!(renewed.session.created_at, begun.session.created_at);
    assert_eq!(renewed.session.authenticated_at.0, START.0 + 60);
    let listed = world.sessions.list(&ada.id).await.unwrap();
    assert_eq!(listed, [renewed.session]);
    assert_eq!(world.sessions.renew(&caller, &ada).await.unwrap_err(), SessionError::Ended);
}

#[tokio::test]
async fn j16_a_session_is_as_strong_as_what_was_proved_last() {
    let world = World::new().await;
    let ada = world.register("ada").await;
    let surely = world.sessions.clone().with_acr("urn:example:mfa");
    let weak = world.sessions.begin(&ada, &HeaderMap::new()).await.unwrap();
    let before = caller(&world, &weak).await;
    assert_eq!(before.acr(), None);
    let strong = surely.renew(&before, &ada).await.unwrap();
    let after = caller(&world, &strong).await;
    assert_eq!(after.acr(), Some("urn:example:mfa"));
    let weak = world.sessions.renew(&after, &ada).await.unwrap();
    assert_eq!(caller(&world, &weak).await.acr(), None, "the password alone is no second factor");
}

#[tokio::test]
async fn s6_a_sign_in_that_began_before_the_account_was_closed_leaves_nothing() {
    let world = World::new().await;
    let ada = world.register("ada").await;
    let now = world.auth.now();
    world.accounts.change(&ada.id, |account| account.disabled = true, now).await.unwrap();
    let begun = world.sessions.begin(&ada, &HeaderMap::new()).await;
    assert_eq!(begun.unwrap_err(), SessionError::Refused);
    assert_eq!(world.sessions.list(&ada.id).await.unwrap(), []);
}

#[tokio::test]
async fn s7_a_sign_in_with_a_password_that_was_changed_meanwhile_leaves_nothing() {
    let world = World::new().await;
    let ada = world.register("ada").await;
    let kept = world.sessions.begin(&ada, &HeaderMap::new()).await.unwrap();
    let caller = caller(&world, &kept).await;
    let another = crate::password::hasher()
        .hash(auth_runtime::secret::Secret::from("another password of hers".to_owned()))
        .await
        .unwrap();
    assert_ne!(another, password_hash().await);
    let change = |account: &mut auth_runtime::account::Account| account.password = another.clone();
    world.accounts.change(&ada.id, change, world.auth.now()).await.unwrap();
    let begun = world.sessions.begin(&ada, &HeaderMap::new()).await;
    assert_eq!(begun.unwrap_err(), SessionError::Refused);
    let renewed = world.sessions.renew(&caller, &ada).await;
    assert_eq!(renewed.unwrap_err(), SessionError::Refused);
    let ids: Vec<_> =
        world.sessions.list(&ada.id).await.unwrap().into_iter().map(|it| it.id).collect();
    assert_eq!(ids, [kept.session.id], "and takes nothing");
}

/// The identity behind a session, as a handler has it.
pub(super) async fn caller(world: &World, begun: &Begun) -> Identity {
    type Caller = Arc<Mutex<Option<Identity>>>;
    #[authenticate(session, policy = "../policies/test.yaml")]
    async fn keep(caller: Identity, State(kept): State<Caller>) {
        *kept.lock().unwrap() = Some(caller);
    }
    let kept = Caller::default();
    let router = Router::new().route("/", get(keep)).with_state(Arc::clone(&kept));
    let app = router.protect(world.auth.clone());
    let cookie = begun.set_cookie.to_str().unwrap().split(';').next().unwrap();
    let request = Request::get("/").header("cookie", cookie).body(Body::empty()).unwrap();
    assert_eq!(app.oneshot(request).await.unwrap().status(), 200);
    kept.lock().unwrap().take().unwrap()
}
