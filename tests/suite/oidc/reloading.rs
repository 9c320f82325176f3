//! Providers under another policy: what it says of them holds from the next sign-in on, and one that
//! has begun ends by the terms it began with, or not at all.

use std::sync::Arc;

use auth_runtime::ReloadError;
use serde_json::json;

use super::{
    fake::{METADATA, TOKEN, USERINFO},
    world::{Answer, FAILED, HUB, Outward, World, sign},
};
use crate::failing::When;

async fn back_from_hub(world: &World, outward: &Outward) -> Answer {
    let query = format!("state={}&code=c", outward.query["state"]);
    world.back_with("hub", &query, &outward.cookie).await
}

#[tokio::test]
async fn m05_a_policy_is_signed_in_by_from_the_next_sign_in_on() {
    let world = World::new().await;
    world.sign_in("ada").await;
    world.sign_in("bob").await;
    let fake = world.declared("fake");
    let other = fake
        .replace("client_id: blog", "client_id: shop\n    scopes: [openid, phone]")
        .replace("after: [/account, /]", "after: [/shop]\n    new_accounts: refuse")
        .replace("on_failure: /login", "on_failure: /sorry");
    world.reload(&[(fake, &other)]).expect("taken");
    assert_eq!(world.causes.last("policy.reloaded"), "");
    let outward = world.set_out("/login/fake?next=/account").await;
    assert_eq!(outward.query["client_id"], "shop");
    assert_eq!(outward.query["scope"], "openid phone");
    world.vouch(&outward, "ada");
    world.back(&outward).await.ends_without_a_session("/sorry?error=sign_in_failed");
    assert_eq!(world.causes.last("login"), "audience-mismatch", "a token for `blog`");
    let vouch = |subject: &str, outward: &Outward| {
        let mut claims = world.claims(outward, subject);
        claims["aud"] = "shop".into();
        world.give(&sign(&json!({ "alg": "ES256", "kid": "k1" }), &claims));
        let said = json!({ "sub": subject });
        world.fake.reply(USERINFO, 200, &said);
    };
    let outward = world.set_out("/login/fake").await;
    vouch("ada", &outward);
    assert_eq!(world.back(&outward).await.location(), "/shop");
    let outward = world.set_out("/login/fake").await;
    vouch("eve", &outward);
    world.back(&outward).await.ends_without_a_session("/sorry?error=no_account");
    assert_eq!(world.fake.asked(METADATA).len(), 1, "what it publishes is known already");
}

#[tokio::test]
async fn oc4_a_sign_in_that_began_under_other_terms_ends_before_anything_is_sent() {
    let world = World::new().await;
    let hub = world.declared("hub");
    for (from, to) in [
        ("client_id: blog", "client_id: shop"),
        ("identity: https://hub.example", "identity: https://hub.example/2"),
        ("/authorize", "/authorize2"),
        ("/token", "/token2"),
        ("/user", "/user2"),
        ("profile: { subject: id", "profile: { subject: node"),
        ("scopes: [\"read:user\"", "scopes: [\"user\""),
        ("client_id: blog", "client_id: blog\n    client_auth: form"),
    ] {
        world.reload(&[]).expect("taken");
        world.hub_says(&json!({ "id": 7 }));
        let outward = world.set_out("/login/hub").await;
        assert!(hub.contains(from), "{from}");
        world.reload(&[(hub, &hub.replace(from, to))]).expect("taken");
        let before = (world.hub.asked(TOKEN).len(), world.hub.asked("/token2").len());
        back_from_hub(&world, &outward).await.ends_without_a_session(FAILED);
        assert_eq!(world.causes.last("login"), "provider-changed", "{from}");
        let after = (world.hub.asked(TOKEN).len(), world.hub.asked("/token2").len());
        assert_eq!(before, after, "{from}");
        // It is answered: the terms of before do not bring it back.
        world.reload(&[]).expect("taken");
        back_from_hub(&world, &outward).await.is_foreign();
    }
}

#[tokio::test]
async fn oc4_an_issuer_that_moves_its_endpoints_meanwhile_gets_no_code_at_the_new_ones() {
    let world = World::new().await;
    let outward = world.set_out("/login/fake").await;
    world.clock.advance(599);
    world.vouch(&outward, "ada");
    let late = world.set_out("/login/fake").await;
    let moved = format!("{}/token2", world.fake.issuer());
    world.fake.publish(|metadata| metadata["token_endpoint"] = moved.as_str().into());
    assert_eq!(world.back(&outward).await.location(), "/account", "it is known still");
    world.clock.advance(1);
    world.back(&late).await.ends_without_a_session(FAILED);
    assert_eq!(world.causes.last("login"), "provider-changed");
    assert_eq!(world.fake.asked("/token2").len(), 0);
}

#[tokio::test]
async fn m05_a_sign_in_goes_on_when_what_changes_is_our_own_affair() {
    let world = World::new().await;
    world.hub_says(&json!({ "id": 7 }));
    assert_eq!(world.through_hub().await.location(), "/account");
    let outward = world.set_out("/login/hub?next=/").await;
    std::fs::write(world.secret(), "another").expect("written");
    let hub = world.declared("hub");
    let other = hub
        .replace("after: [/account, /]", "after: [/shop]\n    new_accounts: refuse")
        .replace("on_failure: /login", "on_failure: /sorry");
    world.reload(&[(hub, &other)]).expect("taken");
    let answer = back_from_hub(&world, &outward).await;
    assert_eq!(answer.location(), "/shop", "`/` is no page of it any more");
    // base64 of `blog:another`: the file is read anew.
    let asked = world.hub.asked(TOKEN);
    assert!(asked[1].head.contains("Basic YmxvZzphbm90aGVy"), "{asked:?}");
}

#[tokio::test]
async fn m05_providers_come_and_go() {
    let world = World::new().await;
    world.hub_says(&json!({ "id": 7 }));
    let session = world.sign_in("ada").await;
    let outward = world.set_out("/login/hub").await;
    world.reload(&[(world.declared("hub"), "")]).expect("taken");
    assert_eq!(world.get("/login/hub", &[]).await.status, 404);
    assert_eq!(back_from_hub(&world, &outward).await.status, 404);
    let form = format!("csrf_token={}", world.csrf(&session).await);
    assert_eq!(world.post_form("/login/hub", &session, &form).await.status, 404);
    assert_eq!(world.hub.asked(TOKEN).len(), 0);
    let named = world.declared("hub").replace("  hub:", "  hub2:");
    world.reload(&[(world.declared("hub"), &named)]).expect("taken");
    let outward = world.set_out("/login/hub2").await;
    assert!(outward.query["redirect_uri"].ends_with("/login/hub2/callback"));
    let query = format!("state={}&code=c", outward.query["state"]);
    let answer = world.back_with("hub2", &query, &outward.cookie).await;
    assert_eq!(answer.location(), "/account");
}

#[tokio::test]
async fn oc8_an_identity_of_a_provider_that_is_gone_is_no_way_in() {
    let world = World::new().await;
    let session = world.sign_in("ada").await;
    world.hub_says(&json!({ "id": 7 }));
    let outward = world.set_out_to_link("hub", &session).await;
    assert_eq!(back_from_hub(&world, &outward).await.location(), "/");
    world.reload(&[(world.declared("hub"), "")]).expect("taken");
    let rows = world.get("/identities", &[("cookie", &session)]).await.json();
    let id = |row: usize| rows[row]["id"].as_str().expect("an id").to_owned();
    assert_eq!((&rows[0]["provider"], &rows[1]["provider"]), (&json!("fake"), &json!("hub")));
    let refused = world.unlink(&session, &id(0)).await;
    assert_eq!((refused.status, &refused.json()["code"]), (409, &json!("last_identity")));
    assert_eq!(world.unlink(&session, &id(1)).await.status, 204);
}

#[tokio::test]
async fn m05_providers_that_cannot_be_signed_in_with_change_nothing_at_all() {
    let world = World::new().await;
    let secret = world.secret().display().to_string();
    let revision = world.auth.policy().revision().clone();
    let hub = world.declared("hub");
    for (to, says) in [
        (hub.replace(&secret, "/nowhere"), "`hub` cannot be used: the file `/nowhere`"),
        (hub.replace(&secret, "/dev/null"), "`hub` needs a client id and a client secret"),
        (hub.replace("client_id: blog", "client_id: ${NOBODY_SETS_THIS}"), "NOBODY_SETS_THIS"),
    ] {
        let grants = "reader: { grants: [] }";
        let edits = [(hub, to.as_str()), ("reader: { grants: [read:posts] }", grants)];
        let error = world.reload(&edits).expect_err("refused");
        assert!(matches!(&error, ReloadError::Providers(_)), "{error:?}");
        assert!(error.to_string().contains(says), "{error}");
        assert_eq!(world.causes.last("policy.reloaded"), "policy-does-not-fit-providers");
        assert_eq!(*world.auth.policy().revision(), revision);
        world.hub_says(&json!({ "id": 7 }));
        assert_eq!(world.through_hub().await.location(), "/account", "as before");
    }
    // What the check refuses, it refuses before.
    let twice = hub.replace(HUB, &world.fake.issuer());
    let refused = world.reload(&[(hub, &twice)]);
    assert!(matches!(refused, Err(ReloadError::Refused(_))), "{refused:?}");
    let outside = hub.replace("after: [/account, /]", "after: [//evil.example]");
    assert!(matches!(world.reload(&[(hub, &outside)]), Err(ReloadError::Refused(_))));
}

#[tokio::test]
async fn m05_whoever_was_asked_when_the_policy_changed_answers_for_the_sign_in_it_began() {
    let world = Arc::new(World::new().await);
    world.hub_says(&json!({ "id": 7 }));
    let outward = world.set_out("/login/hub").await;
    // Between the code and the account another policy comes.
    let (meanwhile, hub) = (Arc::clone(&world), world.declared("hub").to_owned());
    world.store.meanwhile(When::BeforeSwap("identity"), async move {
        meanwhile.reload(&[(&hub, "")]).expect("taken");
    });
    assert_eq!(back_from_hub(&world, &outward).await.location(), "/account");
    assert_eq!(world.get("/login/hub", &[]).await.status, 404);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn oc4_no_client_shows_a_code_of_another_however_often_the_policy_changes() {
    let world = Arc::new(World::new().await);
    world.hub_says(&json!({ "id": 7 }));
    assert_eq!(world.through_hub().await.location(), "/account");
    let changing = Arc::clone(&world);
    let changes = tokio::spawn(async move {
        let hub = changing.declared("hub");
        let shop = hub.replace("client_id: blog", "client_id: shop");
        for round in 0..60 {
            let now = if round % 2 == 0 { shop.as_str() } else { hub };
            changing.reload(&[(hub, now)]).expect("taken");
            tokio::task::yield_now().await;
        }
    });
    let mut ends = Vec::new();
    while !changes.is_finished() || ends.len() < 20 {
        let outward = world.set_out("/login/hub").await;
        let (state, client) = (&outward.query["state"], &outward.query["client_id"]);
        let query = format!("state={state}&code=of-{client}");
        ends.push(world.back_with("hub", &query, &outward.cookie).await.location().to_owned());
    }
    changes.await.expect("no panic");
    let known = |end: &String| end == "/account" || end == FAILED;
    assert!(ends.iter().all(known), "{ends:?}");
    for asked in world.hub.asked(TOKEN).iter().skip(1) {
        // base64 of `blog:` and `shop:`.
        let blog = asked.head.contains("Basic YmxvZzp");
        assert!(blog || asked.head.contains("Basic c2hvcDp"), "{asked:?}");
        let code = if blog { "code=of-blog&" } else { "code=of-shop&" };
        assert!(asked.body.contains(code), "{asked:?}");
    }
}
