//! J16: rules that ask for a recent or a strong sign-in, and how the client is told (RFC 9470).

use std::sync::Arc;

use auth_runtime::{
    Router,
    account::{Account, StoredAccounts},
    authenticate,
    clock::Timestamp,
    jwt::AccessGrant,
    lock::{Guard, Rule},
    routing::{get, post},
    secret::Secret,
    session::Begun,
    tokens::Tokens,
};
use axum::{extract::State, http::HeaderMap};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Value, json};

use super::{
    fixture::{Answer, Ask, Door, Reached, START, ask},
    forge::{self, Edit},
    grammar,
};
use crate::password::password_hash;

#[authenticate(jwt | session | partner, max_age = "10m")]
async fn recent(State(reached): State<Reached>) -> &'static str {
    reached.note("recent")
}

#[authenticate(jwt | session | partner, acr = "urn:example:mfa")]
async fn strong(State(reached): State<Reached>) -> &'static str {
    reached.note("strong")
}

#[authenticate(jwt, scopes = "delete:posts", max_age = "90s", acr = "urn:example:hardware")]
async fn purge(State(reached): State<Reached>) -> &'static str {
    reached.note("purge")
}

async fn door() -> Door {
    let routes = Router::new()
        .route("/recent", get(recent))
        .route("/strong", get(strong))
        .route("/purge", post(purge));
    Door::of(routes).await
}

/// A token of our own with these claims besides.
fn own(claims: &[(&str, Value)]) -> String {
    forge::own(&forge::own_header(), &with(forge::own_claims(), claims))
}

fn partner(claims: &[(&str, Value)]) -> String {
    forge::partner(&with(forge::partner_claims(), claims))
}

fn with(all: Value, claims: &[(&str, Value)]) -> Value {
    claims.iter().fold(all, |all, (name, value)| all.with(name, value.clone()))
}

/// What is refused, with the cause in the audit event.
async fn refused(door: &Door, request: Ask) -> (Answer, String) {
    let answer = door.send(request).await;
    let code = (answer.status, answer.code());
    assert_eq!(code, (401, "insufficient_user_authentication".to_owned()));
    assert_eq!(door.reached.take(), [""; 0]);
    (answer, door.audit.cause())
}

async fn passes(door: &Door, request: Ask) {
    let answer = door.send(request).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    door.audit.take();
    door.reached.take();
}

#[tokio::test]
async fn j16_a_sign_in_is_recent_or_is_asked_for_again() {
    let door = door().await;
    for token in [own, partner] {
        passes(&door, ask("GET", "/recent").bearer(token(&[("auth_time", json!(START - 599))])))
            .await;
        // A fraction of a second is cut off (J09).
        passes(
            &door,
            ask("GET", "/recent").bearer(token(&[("auth_time", json!(START as f64 - 598.5))])),
        )
        .await;
        for claims in [
            &[("auth_time", json!(START - 600))][..],
            // Absent counts as the weakest, and so does one that is yet to come.
            &[],
            &[("auth_time", json!(START + 1))],
            &[("iat", json!(START - 1))],
        ] {
            let (answer, cause) = refused(&door, ask("GET", "/recent").bearer(token(claims))).await;
            assert_eq!(cause, "authentication-too-old", "{claims:?}");
            assert!(answer.json()["detail"].as_str().unwrap().contains("600 s"));
        }
    }
    door.refuses_at("/recent", own(&[("auth_time", json!("yesterday"))])).await;
}

#[tokio::test]
async fn j16_a_stronger_context_meets_the_rule_and_a_weaker_does_not() {
    let door = door().await;
    for token in [own, partner] {
        for acr in ["urn:example:mfa", "urn:example:hardware"] {
            passes(&door, ask("GET", "/strong").bearer(token(&[("acr", json!(acr))]))).await;
        }
        for claims in [
            &[][..],
            &[("acr", json!("urn:example:password"))],
            // One that the policy does not declare is worth as much as none.
            &[("acr", json!("urn:example:MFA"))],
            &[("amr", json!(["mfa"]))],
        ] {
            let (_, cause) = refused(&door, ask("GET", "/strong").bearer(token(claims))).await;
            assert_eq!(cause, "authentication-too-weak", "{claims:?}");
        }
    }
    door.refuses_at("/strong", own(&[("acr", json!(["urn:example:mfa"]))])).await;
}

#[tokio::test]
async fn j16_the_challenge_says_what_is_asked_for() {
    let door = door().await;
    let (answer, _) = refused(&door, ask("GET", "/recent").bearer(own(&[]))).await;
    const OLD: &str = r#"error="insufficient_user_authentication", error_description="a more recent authentication is required", max_age="600""#;
    let expected = [
        format!(r#"Bearer realm="test-api", {OLD}"#),
        format!(r#"Cookie name="__Host-session", {OLD}"#),
    ];
    assert_eq!(answer.challenges(), expected);
    let (answer, _) = refused(&door, ask("GET", "/strong").bearer(own(&[]))).await;
    let read = grammar::challenges(answer.challenges()[0]).unwrap();
    assert_eq!(read[0].params["error"], "insufficient_user_authentication");
    assert_eq!(read[0].params["error_description"], "a stronger authentication is required");
    assert_eq!(read[0].params["acr_values"], "urn:example:mfa urn:example:hardware");
    assert!(!read[0].params.contains_key("max_age"));
}

#[tokio::test]
async fn j16_both_are_asked_of_who_has_the_scopes() {
    let door = door().await;
    let admin = [("roles", json!(["admin"])), ("scope", json!("delete:posts"))];
    let with = |more: &[(&'static str, Value)]| own(&[&admin[..], more].concat());
    let (now, hardware) = (("auth_time", json!(START)), ("acr", json!("urn:example:hardware")));

    // To sign in again would not help who lacks the scope.
    let answer = door.send(ask("POST", "/purge").bearer(own(&[]))).await;
    assert_eq!((answer.status, answer.code().as_str()), (403, "insufficient_scope"));
    door.audit.take();
    let (answer, cause) = refused(&door, ask("POST", "/purge").bearer(with(&[]))).await;
    assert_eq!(cause, "authentication-too-old");
    let read = grammar::challenges(answer.challenges()[0]).unwrap();
    assert_eq!(read[0].params["max_age"], "90");
    assert_eq!(read[0].params["acr_values"], "urn:example:hardware");
    let (_, cause) =
        refused(&door, ask("POST", "/purge").bearer(with(std::slice::from_ref(&now)))).await;
    assert_eq!(cause, "authentication-too-weak");
    let (_, cause) =
        refused(&door, ask("POST", "/purge").bearer(with(std::slice::from_ref(&hardware)))).await;
    assert_eq!(cause, "authentication-too-old");
    passes(&door, ask("POST", "/purge").bearer(with(&[now, hardware]))).await;
}

async fn account(door: &Door) -> Account {
    let accounts = StoredAccounts::new(Arc::clone(door.auth.store().unwrap()));
    accounts.register("ada", Vec::new(), password_hash().await, door.auth.now()).await.unwrap()
}

fn claims(token: &Secret) -> Value {
    let payload = token.expose().split('.').nth(1).unwrap();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).unwrap()).unwrap()
}

#[tokio::test]
async fn j16_a_refreshed_token_keeps_the_time_and_the_strength_of_its_sign_in() {
    let door = door().await;
    let ada = account(&door).await;
    let tokens = Tokens::new(door.auth.clone()).await.unwrap();
    let plain = tokens.sign_in(&ada).await.unwrap();
    assert_eq!(claims(&plain.access_token)["auth_time"], START);
    assert_eq!(claims(&plain.access_token).get("acr"), None);
    let strong = tokens.clone().with_acr("urn:example:mfa").sign_in(&ada).await.unwrap();
    door.audit.take();
    for path in ["/recent", "/strong"] {
        passes(&door, ask("GET", path).bearer(strong.access_token.expose())).await;
    }
    door.clock.advance(600);
    let renewed = tokens.refresh(&strong.refresh_token).await.unwrap();
    let said = claims(&renewed.access_token);
    assert_eq!((&said["auth_time"], &said["iat"]), (&json!(START), &json!(START + 600)));
    assert_eq!(said["acr"], "urn:example:mfa");
    door.audit.take();
    passes(&door, ask("GET", "/strong").bearer(renewed.access_token.expose())).await;
    let (_, cause) =
        refused(&door, ask("GET", "/recent").bearer(renewed.access_token.expose())).await;
    assert_eq!(cause, "authentication-too-old");
}

#[tokio::test]
async fn j16_a_session_steps_up_and_down_with_what_was_proved_last() {
    let door = door().await;
    let ada = account(&door).await;
    let sessions = door.auth.sessions().unwrap();
    let cookie =
        |begun: &Begun| begun.set_cookie.to_str().unwrap().split(';').next().unwrap().to_owned();
    let at = |path: &str, cookie: &str| ask("GET", path).header("cookie", cookie);

    let weak = cookie(&sessions.begin(&ada, &HeaderMap::new()).await.unwrap());
    door.audit.take();
    let (answer, cause) = refused(&door, at("/strong", &weak)).await;
    assert_eq!(cause, "authentication-too-weak");
    assert!(answer.challenges()[1].starts_with(r#"Cookie name="__Host-session", error="#));
    passes(&door, at("/recent", &weak)).await;

    let surely = sessions.clone().with_acr("urn:example:hardware");
    let strong = cookie(&surely.begin(&ada, &HeaderMap::new()).await.unwrap());
    door.audit.take();
    passes(&door, at("/strong", &strong)).await;
    door.clock.advance(600);
    let (_, cause) = refused(&door, at("/recent", &strong)).await;
    assert_eq!(cause, "authentication-too-old");
    passes(&door, at("/strong", &strong)).await;
}

#[tokio::test]
async fn j16_tokens_name_what_their_issuer_was_told() {
    let door = door().await;
    let issue =
        |grant: &AccessGrant<'_>| door.auth.issuer().unwrap().access_token(grant, door.auth.now());
    let grant = AccessGrant::new("ada").authenticated_at(Timestamp(START - 5));
    let token = issue(&grant.clone().acr("urn:example:mfa")).unwrap().token;
    assert_eq!(claims(&token)["auth_time"], START - 5);
    assert_eq!(claims(&token)["acr"], "urn:example:mfa");
    assert!(issue(&grant.acr("")).is_err());
    let token = issue(&AccessGrant::new("ada")).unwrap().token;
    assert_eq!((claims(&token).get("auth_time"), claims(&token).get("acr")), (None, None));
}

#[tokio::test]
async fn j16_the_inventory_says_what_is_asked_of_the_sign_in() {
    let door = door().await;
    let table = door.app.inventory().to_string();
    for line in [
        "/recent  jwt | partner | session; max_age 10m\n",
        "/strong  jwt | partner | session; acr urn:example:mfa\n",
        "/purge   jwt; scope delete:posts; max_age 90s; acr urn:example:hardware\n",
    ] {
        assert!(table.contains(line), "{table}");
    }
    let endpoint = &door.app.inventory().endpoints()[0];
    let Rule::Guarded(Guard { max_age, acr, .. }) = &endpoint.rule else { panic!("public") };
    assert_eq!(
        (max_age.map(|span| span.0), acr.as_deref()),
        (Some(90), Some("urn:example:hardware"))
    );
}
