//! A second provider for an account: by somebody who is signed in, says so lately and on a page of
//! this service; never by an e-mail address.

use std::sync::Arc;

use serde_json::{Value, json};

use super::{
    fake::TOKEN,
    world::{Answer, HOST, Outward, Setting, World},
};
use crate::failing::When;

fn ada_at_hub() -> Value {
    json!({ "id": 7, "login": "ada-at-hub", "email": "ada@x.example" })
}

/// The browser comes back from `hub` with the code `c`.
async fn back_from_hub(world: &World, outward: &Outward) -> Answer {
    let query = format!("state={}&code=c", outward.query["state"]);
    world.back_with("hub", &query, &outward.cookie).await
}

/// Links `hub` to the account of that session.
async fn link(world: &World, session: &str) -> Answer {
    world.hub_says(&ada_at_hub());
    let outward = world.set_out_to_link("hub", session).await;
    back_from_hub(world, &outward).await
}

async fn linked(world: &World, session: &str) -> Vec<Value> {
    let answer = world.get("/identities", &[("cookie", session)]).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.json().as_array().expect("a list").clone()
}

async fn unlink(world: &World, session: &str, id: &Value) -> Answer {
    world.unlink(session, id.as_str().expect("an id")).await
}

#[tokio::test]
async fn oc8_somebody_who_is_signed_in_links_a_second_provider() {
    let world = World::new().await;
    let session = world.sign_in("ada").await;
    let account = world.who(&session).await.body;
    let answer = link(&world, &session).await;
    assert_eq!((answer.status, answer.location()), (302, "/"), "{answer:?}");
    assert_eq!(answer.cookie("__Host-session"), None, "the session goes on");
    assert_eq!(world.who(&session).await.body, account);
    let rows = linked(&world, &session).await;
    let shown: Vec<_> = rows.iter().map(|row| (&row["provider"], &row["called"])).collect();
    assert_eq!(
        shown,
        [(&json!("fake"), &json!("ada@x.example")), (&json!("hub"), &json!("ada-at-hub")),]
    );
    // From now on both lead to it.
    world.clock.advance(3600);
    let by_hub = world.through_hub().await.cookie("__Host-session").expect("a session");
    assert_eq!(world.who(&by_hub).await.body, account);
    let by_fake = world.sign_in("ada").await;
    assert_eq!(world.who(&by_fake).await.body, account);
}

#[tokio::test]
async fn oc8_without_linking_the_same_address_is_another_account() {
    let world = World::new().await;
    let session = world.sign_in("ada").await;
    world.hub_says(&ada_at_hub());
    let by_hub = world.through_hub().await.cookie("__Host-session").expect("a session");
    assert_ne!(world.who(&by_hub).await.body, world.who(&session).await.body);
    // And what leads to an account moves to no other.
    let answer = link(&world, &session).await;
    assert_eq!(answer.location(), "/?error=linked_elsewhere");
    assert_eq!(world.causes.last("identity.linked"), "identity-of-another-account");
    assert_eq!(linked(&world, &session).await.len(), 1);
}

#[tokio::test]
async fn oc8_linking_twice_is_linking_once() {
    let world = World::new().await;
    let session = world.sign_in("ada").await;
    link(&world, &session).await;
    assert_eq!(link(&world, &session).await.location(), "/");
    assert_eq!(linked(&world, &session).await.len(), 2);
}

#[tokio::test]
async fn oc8_c4_linking_needs_a_form_of_this_session() {
    let world = World::new().await;
    let (ada, bob) = (world.sign_in("ada").await, world.sign_in("bob").await);
    let theirs = world.csrf(&bob).await;
    for form in [format!("csrf_token={theirs}"), "csrf_token=".to_owned(), String::new()] {
        let answer = world.post_form("/login/hub", &ada, &form).await;
        assert_eq!(answer.status, 403, "{form}: {answer:?}");
        assert_eq!(answer.cookie("__Host-oidc"), None);
    }
    let form = format!("csrf_token={}", world.csrf(&ada).await);
    assert_eq!(world.post_form("/login/hub", "", &form).await.status, 401);
    assert_eq!(world.post_form("/login/nobody", &ada, &form).await.status, 404);
    let odd = format!("{form}&account=1");
    assert_eq!(world.post_form("/login/hub", &ada, &odd).await.status, 422);
}

#[tokio::test]
async fn oc8_s7_linking_and_its_end_need_a_sign_in_of_lately() {
    let world = World::new().await;
    let session = world.sign_in("ada").await;
    link(&world, &session).await;
    let id = linked(&world, &session).await[1]["id"].clone();
    world.clock.advance(601);
    let form = format!("csrf_token={}", world.csrf(&session).await);
    let answer = world.post_form("/login/hub", &session, &form).await;
    assert_eq!(answer.status, 401, "{answer:?}");
    assert!(answer.body.contains("insufficient_user_authentication"), "{answer:?}");
    assert_eq!(unlink(&world, &session, &id).await.status, 401);
    assert_eq!(linked(&world, &session).await.len(), 2);
}

#[tokio::test]
async fn oc8_nothing_is_linked_once_the_session_has_ended() {
    let world = World::new().await;
    world.hub_says(&ada_at_hub());
    let session = world.sign_in("ada").await;
    let outward = world.set_out_to_link("hub", &session).await;
    let (csrf, here) = (world.csrf(&session).await, format!("http://{HOST}"));
    let headers = [("cookie", session.as_str()), ("x-csrf-token", &csrf), ("origin", &here)];
    assert_eq!(world.send("DELETE", "/session", &headers).await.status, 204);
    let answer = back_from_hub(&world, &outward).await;
    assert_eq!(answer.location(), "/?error=signed_out");
    assert_eq!(world.hub.asked(TOKEN).len(), 0, "not even to exchange the code");
    assert_eq!(world.causes.last("identity.linked"), "session-ended");
    let again = world.sign_in("ada").await;
    assert_eq!(linked(&world, &again).await.len(), 1, "another session is not that one");
}

#[tokio::test]
async fn oc8_nothing_is_linked_to_an_account_that_is_closed() {
    let world = World::new().await;
    world.hub_says(&ada_at_hub());
    let session = world.sign_in("ada").await;
    let id = world.who(&session).await.body;
    let outward = world.set_out_to_link("hub", &session).await;
    let now = world.auth.now();
    world.accounts.change(&id, |account| account.disabled = true, now).await.expect("there");
    assert_eq!(back_from_hub(&world, &outward).await.location(), "/?error=signed_out");
}

#[tokio::test]
async fn oc3_the_answer_to_a_linking_is_this_browsers_and_counts_once() {
    let world = World::new().await;
    world.hub_says(&ada_at_hub());
    let session = world.sign_in("ada").await;
    let outward = world.set_out_to_link("hub", &session).await;
    let theirs = world.set_out("/login/hub").await;
    let query = format!("state={}&code=c", outward.query["state"]);
    // Whoever is sent the address of somebody else's answer.
    world.back_with("hub", &query, &theirs.cookie).await.is_foreign();
    world.back_with("hub", &query, &session).await.is_foreign();
    assert_eq!(back_from_hub(&world, &outward).await.location(), "/");
    back_from_hub(&world, &outward).await.is_foreign();
    assert_eq!(linked(&world, &session).await.len(), 2);
}

#[tokio::test]
async fn oc10_what_the_provider_refuses_leads_back_to_the_page_with_a_code() {
    let world = World::new().await;
    let session = world.sign_in("ada").await;
    let outward = world.set_out_to_link("hub", &session).await;
    let query = format!("state={}&error=access_denied", outward.query["state"]);
    let answer = world.back_with("hub", &query, &outward.cookie).await;
    assert_eq!(answer.location(), "/?error=access_denied");
    assert_eq!(world.who(&session).await.status, 200);
}

#[tokio::test]
async fn oc8_what_is_unlinked_leads_to_the_account_no_more() {
    let world = World::new().await;
    let session = world.sign_in("ada").await;
    let account = world.who(&session).await.body;
    link(&world, &session).await;
    let hub = linked(&world, &session).await[1]["id"].clone();
    assert_eq!(unlink(&world, &session, &hub).await.status, 204);
    assert_eq!(linked(&world, &session).await.len(), 1);
    assert_eq!(unlink(&world, &session, &hub).await.status, 404);
    let by_hub = world.through_hub().await.cookie("__Host-session").expect("a session");
    assert_ne!(world.who(&by_hub).await.body, account, "they are a stranger again");
}

#[tokio::test]
async fn oc8_z7_nobody_sees_or_removes_what_is_somebody_elses() {
    let world = World::new().await;
    let (ada, bob) = (world.sign_in("ada").await, world.sign_in("bob").await);
    link(&world, &ada).await;
    let hub = linked(&world, &ada).await[1]["id"].clone();
    assert_eq!(linked(&world, &bob).await.len(), 1);
    let refused = unlink(&world, &bob, &hub).await;
    let missing = unlink(&world, &bob, &json!("A".repeat(43))).await;
    assert_eq!((refused.status, missing.status), (404, 404));
    assert_eq!(linked(&world, &ada).await.len(), 2);
}

#[tokio::test]
async fn oc8_the_only_way_into_an_account_stays() {
    let world = World::new().await;
    let session = world.sign_in("ada").await;
    let fake = linked(&world, &session).await[0]["id"].clone();
    let refused = unlink(&world, &session, &fake).await;
    assert_eq!((refused.status, &refused.json()["code"]), (409, &json!("last_identity")));
    assert_eq!(linked(&world, &session).await.len(), 1);
    // With another one it may go, and then that is the only way.
    link(&world, &session).await;
    assert_eq!(unlink(&world, &session, &fake).await.status, 204);
    let hub = linked(&world, &session).await[0]["id"].clone();
    assert_eq!(unlink(&world, &session, &hub).await.status, 409);
    // With a password that somebody knows it may go too.
    let (id, now) = (world.who(&session).await.body, world.auth.now());
    let other = Setting::password("another password of hers").await;
    let set = world.accounts.change(&id, |account| account.password = other.clone(), now).await;
    set.expect("there");
    assert_eq!(unlink(&world, &session, &hub).await.status, 204);
    assert_eq!(linked(&world, &session).await, Vec::<Value>::new());
}

#[tokio::test]
async fn oc8_an_account_links_twenty_and_no_more() {
    let world = World::new().await;
    let session = world.sign_in("ada").await;
    for id in 1..=20 {
        world.hub_says(&json!({ "id": id }));
        let outward = world.set_out_to_link("hub", &session).await;
        let expected = if id < 20 { "/" } else { "/?error=sign_in_failed" };
        assert_eq!(back_from_hub(&world, &outward).await.location(), expected, "{id}");
    }
    assert_eq!(world.causes.last("identity.linked"), "too-many-identities");
    assert_eq!(linked(&world, &session).await.len(), 20);
}

#[tokio::test]
async fn oc8_a_strict_session_is_linked_to_as_well() {
    let world = Setting::strict().routes().world().await;
    world.hub_says(&ada_at_hub());
    let outward = world.set_out("/login/fake").await;
    world.vouch(&outward, "ada");
    let session = world.back(&outward).await.cookie("__Host-session").expect("a session");
    // The answer comes without the session's cookie: another site has caused it.
    let answer = link(&world, &session).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    assert!(answer.body.contains("content=\"0;url=/\""), "{answer:?}");
    assert_eq!(linked(&world, &session).await.len(), 2);
}

#[tokio::test]
async fn oc8_of_two_accounts_that_link_the_same_at_once_one_has_it() {
    let world = World::new().await;
    world.hub_says(&ada_at_hub());
    let (ada, bob) = (world.sign_in("ada").await, world.sign_in("bob").await);
    let one = world.set_out_to_link("hub", &ada).await;
    let two = world.set_out_to_link("hub", &bob).await;
    let (one, two) = tokio::join!(back_from_hub(&world, &one), back_from_hub(&world, &two));
    let mut ends = [one.location(), two.location()];
    ends.sort();
    assert_eq!(ends, ["/", "/?error=linked_elsewhere"]);
    assert_eq!(linked(&world, &ada).await.len() + linked(&world, &bob).await.len(), 3);
}

#[tokio::test]
async fn oc8_of_two_ways_in_that_are_removed_at_once_one_stays() {
    let world = Arc::new(World::new().await);
    let session = world.sign_in("ada").await;
    link(&world, &session).await;
    let rows = linked(&world, &session).await;
    let (fake, hub) = (rows[0]["id"].clone(), rows[1]["id"].clone());
    let (csrf, here) = (world.csrf(&session).await, format!("http://{HOST}"));
    // While one removal has seen both, the other is done.
    let (other, cookie, token) = (Arc::clone(&world), session.clone(), csrf.clone());
    let meanwhile = format!("/identities/{}", hub.as_str().expect("an id"));
    world.store.meanwhile(When::BeforeSwap("identity"), async move {
        let headers = [("cookie", &*cookie), ("x-csrf-token", &token), ("origin", &here)];
        assert_eq!(other.send("DELETE", &meanwhile, &headers).await.status, 204);
    });
    assert_eq!(unlink(&world, &session, &fake).await.status, 409);
    assert_eq!(linked(&world, &session).await.len(), 1);
    let again = world.sign_in("ada").await;
    assert_eq!(world.who(&again).await.body, world.who(&session).await.body);
}
