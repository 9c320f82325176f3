//! Tokens that come again: compared instead of verified, and judged as ever.

use auth_runtime::{
    Router, authenticate, jwt::KeySet, policy, policy_types::Algorithm, routing::get,
};
use axum::extract::State;

use super::{
    fixture::{Answer, Door, Reached, ask, guarded},
    forge::{self, Edit, own_claims, own_header, partner, partner_claims},
};

#[authenticate(partner)]
async fn partners(State(reached): State<Reached>) {
    reached.note("partners");
}

#[authenticate(jwt | partner)]
async fn either(State(reached): State<Reached>) {
    reached.note("either");
}

async fn door() -> Door {
    Door::of(routes()).await
}

fn routes() -> Router<Reached> {
    let routes = Router::new().route("/guarded", get(guarded));
    routes.route("/partners", get(partners)).route("/either", get(either))
}

async fn status(door: &Door, path: &str, token: &str) -> u16 {
    door.send(ask("GET", path).bearer(token)).await.status
}

/// What is said of a request, and what is written down of it, whether its token is known or not.
#[tokio::test]
async fn a1_a_token_that_comes_again_is_answered_and_recorded_like_the_first_time() {
    let door = door().await;
    let token = door.token(&["reader"]);
    let first = door.send(ask("GET", "/guarded").bearer(&token)).await;
    let recorded = door.audit.only();
    for _ in 0..3 {
        assert_eq!(door.send(ask("GET", "/guarded").bearer(&token)).await, first);
        assert_eq!(door.audit.only(), recorded);
    }
    assert_eq!((first.status, door.reached.take().len()), (200, 4));
}

#[tokio::test]
async fn e2_j08_a_token_that_is_known_expires_like_any_other() {
    let door = door().await;
    let token = door.token(&["reader"]);
    assert_eq!(status(&door, "/guarded", &token).await, 200);
    door.clock.advance(15 * 60 + 60);
    let answer = door.send(ask("GET", "/guarded").bearer(&token)).await;
    assert_eq!((answer.status, answer.code().as_str()), (401, "token_expired"));
}

#[tokio::test]
async fn j10_a_key_that_is_taken_away_takes_its_known_tokens_with_it() {
    let door = door().await;
    let token = door.token(&["reader"]);
    assert_eq!(status(&door, "/guarded", &token).await, 200);
    let other = KeySet::generate(Algorithm::EdDSA).unwrap();
    let other = KeySet::parse(other.expose(), &[Algorithm::EdDSA]).unwrap();
    door.auth.replace_keys("jwt", other).unwrap();
    door.audit.take();
    door.reached.take();
    assert_eq!(door.refuses(&token).await, "key-unknown");
    door.auth.replace_keys("jwt", forge::own_keys()).unwrap();
    assert_eq!(status(&door, "/guarded", &token).await, 200, "and comes back with it");
}

#[tokio::test]
async fn r06_a_known_token_that_is_revoked_is_refused_at_once() {
    let door = door().await;
    let token = forge::own(&own_header(), &own_claims().with("jti", "known"));
    assert_eq!(status(&door, "/guarded", &token).await, 200);
    door.auth.revocations().unwrap().token("known", door.auth.now()).await.unwrap();
    door.audit.take();
    door.reached.take();
    assert_eq!(door.refuses(&token).await, "revoked");
    let other = forge::own(&own_header(), &own_claims().with("jti", "other"));
    assert_eq!(status(&door, "/guarded", &other).await, 200);
}

#[tokio::test]
async fn j10_a_token_that_one_rule_knows_is_none_to_a_rule_of_another_issuer() {
    let door = door().await;
    let (ours, theirs) = (door.token(&["reader"]), partner(&partner_claims()));
    for (path, token, expected) in [
        ("/guarded", &ours, 200),
        ("/partners", &theirs, 200),
        ("/either", &ours, 200),
        ("/either", &theirs, 200),
        ("/partners", &ours, 401),
        ("/guarded", &theirs, 401),
    ] {
        for _ in 0..2 {
            assert_eq!(status(&door, path, token).await, expected, "{path}");
        }
    }
}

#[tokio::test]
async fn j05_every_bit_counts_of_a_token_that_is_known() {
    let door = door().await;
    let token = door.token(&["reader"]);
    assert_eq!(status(&door, "/guarded", &token).await, 200);
    door.audit.take();
    door.reached.take();
    for place in 0..token.len() {
        let mut other = token.clone().into_bytes();
        other[place] = if other[place] == b'A' { b'B' } else { b'A' };
        door.refuses(&other).await;
    }
}

/// Whether tokens are remembered shows nowhere.
#[tokio::test]
async fn a_service_that_remembers_nothing_answers_the_same() {
    let policy = policy!("../policies/test.yaml");
    let keys = [("jwt", forge::own_keys()), ("partner", forge::p256_keys())];
    let forgetful = Door::built(|auth| auth.remembered_tokens(0), policy, keys, routes()).await;
    let door = door().await;
    let token = forge::own(&own_header(), &own_claims());
    for wait in [0, 0, 600, 600] {
        for door in [&door, &forgetful] {
            door.clock.advance(wait);
        }
        let [one, other] = [&door, &forgetful].map(|door| ask_of(door, &token));
        assert_eq!(one.await, other.await);
    }
    let [one, other]: [Vec<_>; 2] = [door, forgetful].map(|door| {
        let events = door.audit.take().into_iter();
        events.map(|event| (event.at, event.decision, event.subject, event.cause)).collect()
    });
    assert_eq!(one, other);
}

async fn ask_of(door: &Door, token: &str) -> Answer {
    door.send(ask("GET", "/guarded").bearer(token)).await
}
