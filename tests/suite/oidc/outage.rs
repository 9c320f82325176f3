//! A store that does not answer: 503, and nobody is signed in, linked or left without a way in.

use serde_json::json;

use super::{
    fake::TOKEN,
    world::{HOST, World},
};

#[tokio::test]
async fn s9_without_the_store_nobody_sets_out_or_comes_back() {
    let world = World::new().await;
    let outward = world.set_out("/login/fake").await;
    world.vouch(&outward, "ada");
    world.store.set_down(true);
    let refused = world.get("/login/fake", &[]).await;
    assert_eq!((refused.status, refused.cookie("__Host-oidc")), (503, None), "{refused:?}");
    let refused = world.back(&outward).await;
    assert_eq!((refused.status, refused.cookie("__Host-session")), (503, None), "{refused:?}");
    assert_eq!(world.causes.last("login"), "store-unavailable");
    assert_eq!(world.fake.asked(TOKEN).len(), 0);
    // Nothing of the answer is used up.
    world.store.set_down(false);
    assert_eq!(world.back(&outward).await.location(), "/account");
}

#[tokio::test]
async fn s9_without_the_store_nothing_is_linked_listed_or_removed() {
    let world = World::new().await;
    let session = world.sign_in("ada").await;
    world.hub_says(&json!({ "id": 7 }));
    let outward = world.set_out_to_link("hub", &session).await;
    let (csrf, here) = (world.csrf(&session).await, format!("http://{HOST}"));
    world.store.set_down(true);
    let headers = [("cookie", session.as_str()), ("x-csrf-token", &csrf), ("origin", &here)];
    assert_eq!(world.send("DELETE", "/identities/x", &headers).await.status, 503);
    assert_eq!(world.get("/identities", &[("cookie", &session)]).await.status, 503);
    let form = format!("csrf_token={csrf}");
    assert_eq!(world.post_form("/login/hub", &session, &form).await.status, 503);
    let query = format!("state={}&code=c", outward.query["state"]);
    assert_eq!(world.back_with("hub", &query, &outward.cookie).await.status, 503);
}
