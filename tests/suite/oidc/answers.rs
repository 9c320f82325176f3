//! What a provider sends the browser back with: only the answer to this browser's own sign-in, by
//! the provider it was begun with, is ever looked at.

use serde_json::json;

use super::{
    fake::TOKEN,
    world::{FAILED, World},
};

#[tokio::test]
async fn oc3_a_missing_or_foreign_state_is_400_and_the_token_endpoint_is_never_asked() {
    let world = World::new().await;
    let (mine, theirs) = (world.set_out("/login/fake").await, world.set_out("/login/fake").await);
    world.vouch(&mine, "ada");
    let iss = world.fake.issuer();
    let (state, other) = (&mine.query["state"], &theirs.query["state"]);
    let unknown = "A".repeat(43);
    for (query, cookie, cause) in [
        (format!("code=c&iss={iss}"), mine.cookie.as_str(), "state-missing"),
        (format!("state=&code=c&iss={iss}"), &mine.cookie, "state-missing"),
        (format!("state={unknown}&code=c&iss={iss}"), &mine.cookie, "state-unknown"),
        (format!("state={other}&code=c&iss={iss}"), &mine.cookie, "state-of-another-browser"),
        (format!("state={state}&code=c&iss={iss}"), "", "state-without-cookie"),
        (format!("state={state}&code=c&iss={iss}"), "__Host-oidc=x", "state-without-cookie"),
        (format!("state={state}&code=c&iss={iss}"), &theirs.cookie, "state-of-another-browser"),
        (format!("state={state}&state={state}&code=c&iss={iss}"), &mine.cookie, "parameter-twice"),
        (format!("state={state}&code=c&code=d&iss={iss}"), &mine.cookie, "parameter-twice"),
    ] {
        world.back_with("fake", &query, cookie).await.is_foreign();
        assert_eq!(world.causes.last("login"), cause, "{query}");
    }
    let twice = format!("{}; {}", mine.cookie, theirs.cookie);
    let query = format!("state={state}&code=c&iss={iss}");
    world.back_with("fake", &query, &twice).await.is_foreign();
    assert_eq!(world.fake.asked(TOKEN).len(), 0);
    // None of that has ended the sign-in of the browser whose it is.
    assert_eq!(world.back(&mine).await.location(), "/account");
}

#[tokio::test]
async fn oc3_an_answer_counts_once_and_for_ten_minutes() {
    let world = World::new().await;
    let outward = world.set_out("/login/fake").await;
    world.vouch(&outward, "ada");
    assert_eq!(world.back(&outward).await.location(), "/account");
    world.back(&outward).await.is_foreign();
    assert_eq!(world.fake.asked(TOKEN).len(), 1, "not even to exchange a replayed code");

    let (late, in_time) = (world.set_out("/login/fake").await, world.set_out("/login/fake").await);
    world.clock.advance(599);
    world.vouch(&in_time, "ada");
    assert_eq!(world.back(&in_time).await.location(), "/account");
    world.clock.advance(1);
    world.back(&late).await.is_foreign();
    assert_eq!(world.fake.asked(TOKEN).len(), 2);
}

#[tokio::test]
async fn oc3_of_many_answers_at_once_one_signs_in() {
    let world = World::new().await;
    let outward = world.set_out("/login/fake").await;
    world.vouch(&outward, "ada");
    let answers = futures_util::future::join_all((0..8).map(|_| world.back(&outward))).await;
    let mut statuses: Vec<_> = answers.iter().map(|answer| answer.status).collect();
    statuses.sort_unstable();
    assert_eq!(statuses, [302, 400, 400, 400, 400, 400, 400, 400]);
    assert_eq!(world.fake.asked(TOKEN).len(), 1);
}

#[tokio::test]
async fn oc4_an_answer_that_names_no_or_another_issuer_ends_before_the_token_call() {
    let world = World::new().await;
    for said in ["", "&iss=", "&iss=https://evil.example", "&iss=HTTP://127.0.0.1"] {
        let outward = world.set_out("/login/fake").await;
        world.vouch(&outward, "ada");
        let query = format!("state={}&code=c{said}", outward.query["state"]);
        world.back_with("fake", &query, &outward.cookie).await.is_foreign();
        let query = format!("state={}&error=access_denied{said}", outward.query["state"]);
        world.back_with("fake", &query, &outward.cookie).await.is_foreign();
    }
    assert_eq!(world.fake.asked(TOKEN).len(), 0);
}

#[tokio::test]
async fn oc4_a_provider_that_does_not_name_itself_need_not_but_names_nobody_else() {
    let world = World::new().await;
    world.fake.publish(|metadata| {
        metadata["authorization_response_iss_parameter_supported"] = json!(false);
    });
    let outward = world.set_out("/login/fake").await;
    world.vouch(&outward, "ada");
    let query = format!("state={}&code=c", outward.query["state"]);
    let answer = world.back_with("fake", &query, &outward.cookie).await;
    assert_eq!(answer.location(), "/account");

    let outward = world.set_out("/login/fake").await;
    world.vouch(&outward, "ada");
    let query = format!("state={}&code=c&iss=https://evil.example", outward.query["state"]);
    world.back_with("fake", &query, &outward.cookie).await.is_foreign();
    assert_eq!(world.fake.asked(TOKEN).len(), 1);
}

#[tokio::test]
async fn oc5_an_answer_to_one_provider_is_refused_at_the_callback_of_another() {
    let world = World::new().await;
    for iss in [world.fake.issuer(), world.other.issuer()] {
        let outward = world.set_out("/login/fake").await;
        world.vouch(&outward, "ada");
        let query = format!("state={}&code=c&iss={iss}", outward.query["state"]);
        world.back_with("other", &query, &outward.cookie).await.is_foreign();
        assert_eq!(world.causes.last("login"), "provider-mixed-up");
        // It has ended with that: a code that came back to the wrong place is worth nothing.
        world.back(&outward).await.is_foreign();
    }
    assert_eq!(world.fake.asked(TOKEN).len() + world.other.asked(TOKEN).len(), 0);
}

#[tokio::test]
async fn oc5_two_providers_have_two_callbacks() {
    let world = World::new().await;
    let one = world.set_out("/login/fake").await.query["redirect_uri"].clone();
    let two = world.set_out("/login/other").await.query["redirect_uri"].clone();
    assert_ne!(one, two);
}

#[tokio::test]
async fn oc10_what_the_provider_refuses_ends_on_the_page_for_failures_with_a_code() {
    let world = World::new().await;
    for (error, code) in [
        ("access_denied", "access_denied"),
        ("temporarily_unavailable", "temporarily_unavailable"),
        ("server_error", "temporarily_unavailable"),
        ("invalid_request", "sign_in_failed"),
        ("login_required", "sign_in_failed"),
        ("%3Cscript%3E&error_description=canary", "sign_in_failed"),
    ] {
        let outward = world.set_out("/login/fake").await;
        let (state, iss) = (&outward.query["state"], world.fake.issuer());
        let query = format!("state={state}&iss={iss}&error={error}&code=c");
        let answer = world.back_with("fake", &query, &outward.cookie).await;
        answer.ends_without_a_session(&format!("/login?error={code}"));
        world.back_with("fake", &query, &outward.cookie).await.is_foreign();
    }
    let outward = world.set_out("/login/fake").await;
    let query = format!("state={}&iss={}", outward.query["state"], world.fake.issuer());
    let answer = world.back_with("fake", &query, &outward.cookie).await;
    answer.ends_without_a_session(FAILED);
    assert_eq!(world.fake.asked(TOKEN).len(), 0);
}
