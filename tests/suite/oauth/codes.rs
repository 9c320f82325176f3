//! Codes: each works once, soon, and for the client, the address and the verifier it was made for.

use std::{collections::BTreeSet, sync::Arc};

use auth_runtime::{
    policy_types::GrantType,
    store::{Collection, Key, Owner, Store},
    tokens::Tokens,
};
use aws_lc_rs::digest;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Value, json};

use super::{
    browser::{CHALLENGE, VERIFIER, asking},
    world::{Answer, CALLBACK, World, app, basic},
};
use crate::failing::When;

fn no_grant(answer: &Answer) {
    assert_eq!(answer.refusal(), (400, "invalid_grant".to_owned()));
}

/// Where a code is kept.
fn key(code: &str) -> Key {
    let hash = digest::digest(&digest::SHA256, code.as_bytes());
    let owner = Owner::new(URL_SAFE_NO_PAD.encode(hash)).unwrap();
    Key::new(Collection("oauth-code"), owner, "code").unwrap()
}

#[tokio::test]
async fn m06_a_code_gives_an_access_token_of_rfc_9068_and_a_family() {
    let world = World::new().await;
    let client = world.app("app").await;
    let browser = world.browser("ada", "author").await;
    world.pass(100).await;
    let told = browser.allows(&world, &asking("app")).await;
    assert_eq!(told["iss"], "https://issuer.example");
    assert_eq!(told["state"], "st&te=1");
    assert_eq!(told["code"].len(), 43, "256 random bits");
    let answer = world.exchange(&client, &told["code"]).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    assert_eq!(answer.headers["cache-control"], "no-store");
    let token = answer.text("access_token");
    let claims = token.split('.').nth(1).unwrap();
    let claims: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(claims).unwrap()).unwrap();
    assert_eq!(claims["sub"], browser.account.id);
    assert_eq!((&claims["client_id"], &claims["scope"]), (&json!("app"), &json!("read:posts")));
    let now = world.auth.now().0;
    assert_eq!((&claims["iat"], &claims["auth_time"]), (&json!(now), &json!(now - 100)));
    assert_eq!(world.reads(&token).await, 200);
    let kinds = ["consent.given", "code.issued", "token.issued"];
    let seen = world.events.kinds("");
    assert!(kinds.iter().all(|kind| seen.contains(kind)), "{seen:?}");
    // The sign-in behind the token is as old as it was, renewed or not.
    assert_eq!(world.asks("GET", "/lately", &token).await.status, 200);
    world.pass(201).await;
    assert_eq!(world.asks("GET", "/lately", &token).await.status, 401);
    let renew = [("grant_type", "refresh_token"), ("refresh_token", &answer.text("refresh_token"))];
    let next = world.token(&client, &renew).await.text("access_token");
    assert_eq!(world.asks("GET", "/lately", &next).await.status, 401);
    assert_eq!(world.reads(&next).await, 200);
}

#[tokio::test]
async fn m06_of_a_code_a_hash_is_kept_and_nothing_else() {
    let world = World::new().await;
    world.app("app").await;
    let browser = world.browser("ada", "author").await;
    let code = browser.code(&world, &asking("app")).await;
    let record = world.store.get(&key(&code), world.auth.now()).await.unwrap().unwrap();
    assert!(!String::from_utf8(record.value).unwrap().contains(&code));
    assert_eq!(record.expires_at, Some(world.auth.now().plus(auth_policy::settings::Seconds(60))));
}

#[tokio::test]
async fn ot2_the_second_use_of_a_code_ends_what_the_first_gave() {
    let world = World::new().await;
    let client = world.app("app").await;
    let other = world.app("other").await;
    let browser = world.browser("ada", "author").await;
    // Whoever comes a second time, with whatever else, has seen the code.
    let unlike =
        [vec![], vec![("code_verifier", "")], vec![("redirect_uri", "https://app.example/other")]];
    for (second, others) in unlike.iter().map(|it| (&client, it)).chain([(&other, &vec![])]) {
        let code = browser.code(&world, &asking("app")).await;
        let first = world.exchange(&client, &code).await;
        let (access, refresh) = (first.text("access_token"), first.text("refresh_token"));
        let renew = |token: &str| {
            [("grant_type", "refresh_token"), ("refresh_token", token)]
                .map(|(name, value)| (name, value.to_owned()))
        };
        let renewed = renew(&refresh);
        let renewed: Vec<_> = renewed.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let next = world.token(&client, &renewed).await;
        let tokens = [access, next.text("access_token")];
        assert_eq!((world.reads(&tokens[0]).await, world.reads(&tokens[1]).await), (200, 200));

        no_grant(&world.exchange_with(second, &code, others).await);
        assert_eq!(world.events.causes("code.replayed").last().unwrap(), "code-used");
        assert_eq!((world.reads(&tokens[0]).await, world.reads(&tokens[1]).await), (401, 401));
        let next = renew(&next.text("refresh_token"));
        let next: Vec<_> = next.iter().map(|(name, value)| (*name, value.as_str())).collect();
        no_grant(&world.token(&client, &next).await);
        no_grant(&world.exchange(&client, &code).await);
    }
}

/// A code that was used is known again when its own time is over.
#[tokio::test]
async fn ot2_a_late_second_use_is_one_as_well() {
    let world = World::new().await;
    let client = world.app("app").await;
    let browser = world.browser("ada", "author").await;
    let code = browser.code(&world, &asking("app")).await;
    let token = world.exchange(&client, &code).await.text("access_token");
    world.clock.advance(599);
    no_grant(&world.exchange(&client, &code).await);
    assert_eq!(world.reads(&token).await, 401);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn ot2_of_many_at_once_one_gets_tokens_and_they_are_worth_nothing() {
    let world = Arc::new(World::new().await);
    let client = world.app("app").await;
    let browser = world.browser("ada", "author").await;
    for round in 0..20 {
        // The limit of the endpoint fills up again.
        world.clock.advance(60);
        let code = browser.code(&world, &asking("app")).await;
        let tasks: Vec<_> = (0..8)
            .map(|_| {
                let (world, client, code) = (Arc::clone(&world), client.clone(), code.clone());
                tokio::spawn(async move { world.exchange(&client, &code).await })
            })
            .collect();
        let mut answers = Vec::new();
        for task in tasks {
            answers.push(task.await.unwrap());
        }
        let given: Vec<_> = answers.iter().filter(|answer| answer.status == 200).collect();
        let [given] = given.as_slice() else { panic!("round {round}: {answers:?}") };
        answers.iter().filter(|answer| answer.status != 200).for_each(no_grant);
        assert_eq!(world.reads(&given.text("access_token")).await, 401, "round {round}");
        let refresh = given.text("refresh_token");
        let renew = [("grant_type", "refresh_token"), ("refresh_token", refresh.as_str())];
        no_grant(&world.token(&client, &renew).await);
    }
}

/// The second use comes when there is nothing yet that it could end.
#[tokio::test]
async fn ot2_a_second_use_before_the_first_has_led_to_anything_ends_it_all_the_same() {
    let world = Arc::new(World::new().await);
    let client = world.app("app").await;
    let browser = world.browser("ada", "author").await;
    let code = browser.code(&world, &asking("app")).await;
    let (again, same, secret) = (Arc::clone(&world), code.clone(), client.clone());
    world.store.meanwhile(When::BeforeInsert("refresh"), async move {
        no_grant(&again.exchange(&secret, &same).await);
    });
    let given = world.exchange(&client, &code).await;
    assert_eq!(given.status, 200, "{given:?}");
    assert_eq!(world.events.causes("code.replayed"), ["code-used"]);
    assert_eq!(world.reads(&given.text("access_token")).await, 401);
    let refresh = given.text("refresh_token");
    let renew = [("grant_type", "refresh_token"), ("refresh_token", refresh.as_str())];
    no_grant(&world.token(&client, &renew).await);
}

#[tokio::test]
async fn ot3_a_code_lives_for_a_minute() {
    let world = World::new().await;
    let client = world.app("app").await;
    let browser = world.browser("ada", "author").await;
    for (later, status) in [(59, 200), (60, 400), (600, 400)] {
        let code = browser.code(&world, &asking("app")).await;
        world.clock.advance(later);
        let answer = world.exchange(&client, &code).await;
        assert_eq!(answer.status, status, "after {later} s: {answer:?}");
    }
    assert_eq!(world.events.causes("token.issued"), ["code-unknown", "code-unknown"]);
    let policy = world.auth.policy();
    assert_eq!(policy.oauth().unwrap().code_ttl.0, 60, "where the policy does not say");
}

#[tokio::test]
async fn ot4_without_its_verifier_a_code_is_worth_nothing() {
    let world = World::new().await;
    let client = world.app("app").await;
    let browser = world.browser("ada", "author").await;
    let code = browser.code(&world, &asking("app")).await;
    let long = "x".repeat(129);
    for verifier in [
        "",
        // What `plain` would be.
        CHALLENGE,
        "another-verifier-that-is-long-enough-for-this-",
        &VERIFIER[..42],
        &long,
        "dBjftJeZ4CVP mB92K27uhbUJU1p1r_wW1gFWFOEjXk",
    ] {
        no_grant(&world.exchange_with(&client, &code, &[("code_verifier", verifier)]).await);
    }
    let causes = world.events.causes("token.issued");
    assert_eq!(causes.iter().collect::<BTreeSet<_>>(), [&"code-verifier-wrong".to_owned()].into());
    // Nobody else's attempts have used it up.
    assert_eq!(world.exchange(&client, &code).await.status, 200);
}

/// A downgrade: a code that was made without a challenge, as no request makes one, and a verifier.
#[tokio::test]
async fn ot4_a_verifier_for_which_there_is_no_challenge_is_refused() {
    let world = World::new().await;
    let client = world.app("app").await;
    let browser = world.browser("ada", "author").await;
    for challenge in [Value::Null, json!("")] {
        let code = browser.code(&world, &asking("app")).await;
        let (key, now) = (key(&code), world.auth.now());
        let record = world.store.take(&key, now).await.unwrap().unwrap();
        let mut stored: Value = serde_json::from_slice(&record.value).unwrap();
        assert_eq!(stored["granted"]["challenge"], CHALLENGE);
        match challenge {
            Value::Null => drop(stored["granted"].as_object_mut().unwrap().remove("challenge")),
            empty => stored["granted"]["challenge"] = empty,
        }
        let bytes = serde_json::to_vec(&stored).unwrap();
        assert!(world.store.insert(&key, &bytes, record.expires_at, now).await.unwrap());
        for verifier in [VERIFIER, ""] {
            no_grant(&world.exchange_with(&client, &code, &[("code_verifier", verifier)]).await);
        }
    }
}

#[tokio::test]
async fn ot5_a_code_is_for_one_client_and_one_address() {
    let world = World::new().await;
    let client = world.app("app").await;
    let other = world.app("other").await;
    let second = "https://app.example/second";
    let both = vec![CALLBACK.to_owned(), second.to_owned()];
    world.clients.set_redirect_uris("app", both).await.unwrap();
    let browser = world.browser("ada", "author").await;
    let code = browser.code(&world, &asking("app")).await;
    no_grant(&world.exchange(&other, &code).await);
    for uri in ["", second, "https://app.example/callback/", "https://app.example/"] {
        no_grant(&world.exchange_with(&client, &code, &[("redirect_uri", uri)]).await);
    }
    let seen = world.events.causes("token.issued");
    assert_eq!(seen[0], "code-of-another-client");
    assert!(seen[1..].iter().all(|cause| cause == "code-for-another-address"), "{seen:?}");
    assert_eq!(world.exchange(&client, &code).await.status, 200);
    for code in ["x", &"x".repeat(43), &"x".repeat(5000), "ä"] {
        no_grant(&world.exchange(&client, code).await);
    }
    let missing = world.exchange_with(&client, "", &[]).await;
    assert_eq!(missing.refusal(), (400, "invalid_request".to_owned()));
}

#[tokio::test]
async fn ot5_a_client_has_the_grants_it_is_registered_for() {
    let world = World::new().await;
    let client = world.client("svc").await;
    let refused = world.exchange(&client, "x").await;
    assert_eq!(refused.refusal(), (400, "unauthorized_client".to_owned()));
    // One that may not renew its tokens gets none to renew them with, and what it has ends all the
    // same with what its user ends.
    let once = app("once").grants([GrantType::AuthorizationCode]);
    let registered = world.clients.register(once).await.unwrap();
    let secret = registered.secret.unwrap().expose().to_owned();
    let once = (registered.client, secret);
    let browser = world.browser("ada", "author").await;
    let code = browser.code(&world, &asking("once")).await;
    let answer = world.exchange(&once, &code).await;
    assert_eq!((answer.status, answer.json().get("refresh_token")), (200, None));
    let token = answer.text("access_token");
    assert_eq!(world.reads(&token).await, 200);
    let owner = browser.account.owner().unwrap();
    let families = world.store.list(Collection("refresh"), &owner, world.auth.now()).await.unwrap();
    let [family] = families.as_slice() else { panic!("{families:?}") };
    let access = auth_policy::settings::Seconds(15 * 60);
    assert_eq!(family.expires_at, Some(world.auth.now().plus(access)), "no longer than its token");
    world.tokens.end_all(&browser.account.id).await.unwrap();
    assert_eq!(world.reads(&token).await, 401);
}

/// Nobody fills the store by letting clients in: the family that began first ends.
#[tokio::test]
async fn e5_an_account_has_so_many_families_of_clients_and_no_more() {
    let world = World::new().await;
    let client = world.app("app").await;
    let browser = world.browser("ada", "author").await;
    let mut given = Vec::new();
    for _ in 0..=Tokens::MAX_FAMILIES {
        let code = browser.code(&world, &asking("app")).await;
        given.push(world.exchange(&client, &code).await.text("access_token"));
        world.pass(2).await;
    }
    let reads = [world.reads(&given[0]).await, world.reads(&given[1]).await];
    assert_eq!(reads, [401, 200]);
}

#[tokio::test]
async fn a1_events_of_tokens_name_the_client_that_has_them() {
    let world = World::new().await;
    let client = world.app("app").await;
    let browser = world.browser("ada", "author").await;
    let given = world.exchange(&client, &browser.code(&world, &asking("app")).await).await;
    let refresh = given.text("refresh_token");
    world.token(&client, &[("grant_type", "refresh_token"), ("refresh_token", &refresh)]).await;
    let authorization = basic("app", &client.1);
    let access = [("token", given.text("access_token"))];
    let access = access.each_ref().map(|(name, token)| (*name, token.as_str()));
    world.form("/oauth/revoke", Some(&authorization), &access).await;
    world.own_token(&world.client("svc").await).await;
    world.tokens.sign_in(&browser.account).await.unwrap();
    let named = world.events.clients("token.");
    let expected = [
        ("token.issued", "app"),
        ("token.refreshed", "app"),
        ("token.revoked", "app"),
        ("token.issued", "svc"),
        ("token.issued", ""),
    ];
    assert_eq!(named, expected.map(|(kind, client)| (kind, client.to_owned())));
}

/// Whoever has taken over an address would have what is on its way there.
#[tokio::test]
async fn ot5_a_code_for_an_address_that_is_the_clients_no_more_is_worth_nothing() {
    let world = World::new().await;
    let client = world.app("app").await;
    let browser = world.browser("ada", "author").await;
    let code = browser.code(&world, &asking("app")).await;
    let others = vec!["https://app.example/other".to_owned()];
    world.clients.set_redirect_uris("app", others).await.unwrap();
    let answer = world.exchange(&client, &code).await;
    assert_eq!(answer.refusal(), (400, "invalid_grant".to_owned()));
    assert_eq!(world.events.causes("token.issued"), ["code-for-another-address"]);
    // It was not used up: the address may be the client's again.
    world.clients.set_redirect_uris("app", vec![CALLBACK.to_owned()]).await.unwrap();
    assert_eq!(world.exchange(&client, &code).await.status, 200);
}

#[tokio::test]
async fn ot5_a_code_is_not_for_another_client_of_the_same_id() {
    let world = World::new().await;
    world.app("app").await;
    let browser = world.browser("ada", "author").await;
    let code = browser.code(&world, &asking("app")).await;
    assert!(world.clients.delete("app").await.unwrap());
    world.clock.advance(1);
    let another = world.app("app").await;
    let answer = world.exchange(&another, &code).await;
    assert_eq!(answer.refusal(), (400, "invalid_grant".to_owned()));
    assert_eq!(world.events.causes("token.issued"), ["code-of-another-client"]);
}
