//! Whose account somebody gets: by issuer and subject, and nothing else.

use std::sync::atomic::Ordering;

use auth_runtime::account::Accounts;
use serde_json::json;

use super::{
    fake::{TOKEN, USERINFO},
    world::{Setting, World, sign},
};
use crate::password::password_hash;

#[tokio::test]
async fn oc8_the_same_subject_has_the_same_account_and_another_has_another() {
    let world = World::new().await;
    let first = world.who(&world.sign_in("ada").await).await.body;
    assert_eq!(world.causes.last("account_created"), "");
    world.clock.advance(120);
    let again = world.who(&world.sign_in("ada").await).await.body;
    let bob = world.who(&world.sign_in("bob").await).await.body;
    assert_eq!(first, again);
    assert_ne!(first, bob);
    let (id, profile) = world.people.last();
    assert_eq!((id, profile.email.as_deref()), (bob, Some("ada@x.example")));
}

#[tokio::test]
async fn oc8_the_same_subject_and_address_of_another_issuer_is_somebody_else() {
    let world = World::new().await;
    let ada = world.who(&world.sign_in("ada").await).await.body;
    let outward = world.set_out("/login/other").await;
    let mut claims = world.claims(&outward, "ada");
    claims["iss"] = world.other.issuer().into();
    claims["email"] = "ada@x.example".into();
    claims["email_verified"] = true.into();
    let id_token = sign(&json!({ "alg": "ES256", "kid": "k1" }), &claims);
    let tokens = json!({ "access_token": "at", "token_type": "Bearer", "id_token": id_token });
    world.other.reply(TOKEN, 200, &tokens);
    world.other.reply(USERINFO, 200, &json!({ "sub": "ada" }));
    let query = format!("state={}&code=c&iss={}", outward.query["state"], world.other.issuer());
    let answer = world.back_with("other", &query, &outward.cookie).await;
    let session = answer.cookie("__Host-session").unwrap_or_else(|| panic!("{answer:?}"));
    assert_ne!(world.who(&session).await.body, ada);
    let (_, profile) = world.people.last();
    assert_eq!(profile.email.as_deref(), Some("ada@x.example"), "the ID token says so too");
}

#[tokio::test]
async fn oc8_an_account_of_the_same_name_is_not_taken_over() {
    let world = World::new().await;
    let (hash, now) = (password_hash().await, world.auth.now());
    let owner = world.accounts.register("ada", Vec::new(), hash, now).await.expect("free");
    assert_ne!(world.who(&world.sign_in("ada").await).await.body, owner.id);
}

#[tokio::test]
async fn oc8_a_closed_account_is_not_signed_in_and_not_made_anew() {
    let world = World::new().await;
    let id = world.who(&world.sign_in("ada").await).await.body;
    let now = world.auth.now();
    world.accounts.change(&id, |account| account.disabled = true, now).await.expect("there");
    let outward = world.set_out("/login/fake").await;
    world.vouch(&outward, "ada");
    world.back(&outward).await.ends_without_a_session("/login?error=no_account");
    assert_eq!(world.causes.last("login"), "account-closed");
    let account = world.accounts.by_id(&id, now).await.expect("answered").expect("there");
    assert!(account.disabled);
}

#[tokio::test]
async fn m05_an_application_may_refuse_whom_it_does_not_know() {
    let world = World::new().await;
    world.people.refuses.store(true, Ordering::SeqCst);
    let outward = world.set_out("/login/fake").await;
    world.vouch(&outward, "ada");
    world.back(&outward).await.ends_without_a_session("/login?error=no_account");
    // And change its mind.
    world.people.refuses.store(false, Ordering::SeqCst);
    world.sign_in("ada").await;
}

#[tokio::test]
async fn m05_the_application_hears_at_each_sign_in_what_the_profile_says_now() {
    let world = World::new().await;
    world.sign_in("ada").await;
    let (id, first) = world.people.last();
    assert_eq!((first.email.as_deref(), first.email_verified), (Some("ada@x.example"), true));
    let outward = world.set_out("/login/fake").await;
    world.vouch(&outward, "ada");
    let now = json!({
        "sub": "ada", "email": "countess@y.example", "name": "Ada King", "given_name": "Ada",
        "family_name": "King",
    });
    world.fake.reply(USERINFO, 200, &now);
    world.back(&outward).await;
    let (same, second) = world.people.last();
    assert_eq!(same, id);
    assert_eq!(
        (second.email.as_deref(), second.email_verified),
        (Some("countess@y.example"), false)
    );
    assert_eq!(second.name.as_deref(), Some("Ada King"));
    assert_eq!(second.given_name.as_deref(), Some("Ada"));
    assert_eq!(second.family_name.as_deref(), Some("King"));
    assert_eq!(world.people.seen.lock().expect("no test panics here").len(), 2);
}

#[tokio::test]
async fn m05_a_policy_may_refuse_new_accounts() {
    let refusing =
        Setting::of("cookies.yaml").with("    after:", "    new_accounts: refuse\n    after:");
    let world = refusing.world().await;
    for _ in 0..2 {
        let outward = world.set_out("/login/fake").await;
        world.vouch(&outward, "ada");
        world.back(&outward).await.ends_without_a_session("/login?error=no_account");
        assert_eq!(world.causes.last("login"), "new-accounts-refused");
    }
    assert!(world.people.seen.lock().expect("no test panics here").is_empty());
}

#[tokio::test]
async fn oc8_two_first_sign_ins_at_once_make_one_account() {
    let world = World::new().await;
    let mut outward = Vec::new();
    for number in 0..4 {
        let one = world.set_out("/login/fake").await;
        world.vouch(&one, "ada");
        let claims = world.claims(&one, "ada");
        let id_token = sign(&json!({ "alg": "ES256", "kid": "k1" }), &claims);
        let tokens = json!({ "access_token": "at", "token_type": "Bearer", "id_token": id_token });
        world.fake.reply(&format!("code-{number}"), 200, &tokens);
        let (state, iss) = (&one.query["state"], world.fake.issuer());
        let query = format!("state={state}&code=code-{number}&iss={iss}");
        outward.push((query, one.cookie));
    }
    let back = outward.iter().map(|(query, cookie)| world.back_with("fake", query, cookie));
    let answers = futures_util::future::join_all(back).await;
    let mut signed_in = Vec::new();
    for answer in answers {
        match answer.cookie("__Host-session") {
            Some(session) => signed_in.push(world.who(&session).await.body),
            None => answer.ends_without_a_session("/login?error=temporarily_unavailable"),
        }
    }
    signed_in.dedup();
    // A second account would have been refused its name, and the test with it.
    assert_eq!(signed_in.len(), 1);
}

#[tokio::test]
async fn s2_a_sign_in_ends_the_session_that_the_browser_had() {
    let world = World::new().await;
    let old = world.sign_in("ada").await;
    let outward = world.set_out("/login/fake").await;
    world.vouch(&outward, "bob");
    let cookies = format!("{}; {old}", outward.cookie);
    let query = format!("state={}&code=c&iss={}", outward.query["state"], world.fake.issuer());
    let answer = world.back_with("fake", &query, &cookies).await;
    assert!(answer.cookie("__Host-session").is_some());
    assert_eq!(world.who(&old).await.status, 401);
}
