//! H3: what `WWW-Authenticate` says, to the letter (RFC 6750, RFC 9110).

use auth_runtime::{
    Router, authenticate,
    routing::{get, post},
};
use axum::extract::State;

use super::{
    fixture::{Door, Reached, ask, guarded, write},
    forge::{self, Edit},
    grammar,
};

#[authenticate(jwt, scopes = ["read:posts", "read:reports"])]
async fn both(State(reached): State<Reached>) -> &'static str {
    reached.note("both")
}

#[authenticate(jwt, scopes = any("write:posts", "delete:posts"))]
async fn either(State(reached): State<Reached>) -> &'static str {
    reached.note("either")
}

#[authenticate(jwt, role = "admin")]
async fn admin(State(reached): State<Reached>) -> &'static str {
    reached.note("admin")
}

#[authenticate(jwt | partner | api_key | session, scopes = "read:posts")]
async fn anything(State(reached): State<Reached>) -> &'static str {
    reached.note("anything")
}

#[authenticate(session)]
async fn session(State(reached): State<Reached>) -> &'static str {
    reached.note("session")
}

async fn door() -> Door {
    let routes = Router::new()
        .route("/guarded", get(guarded))
        .route("/write", post(write))
        .route("/both", get(both))
        .route("/either", post(either))
        .route("/admin", get(admin))
        .route("/anything", get(anything))
        .route("/session", get(session));
    Door::of(routes).await
}

const PLAIN: &str = r#"Bearer realm="test-api""#;
const INVALID: &str = r#"Bearer realm="test-api", error="invalid_token", error_description="the credential is not valid""#;
const API_KEY: &str = r#"ApiKey header="X-API-Key""#;
const COOKIE: &str = r#"Cookie name="__Host-session""#;

#[tokio::test]
async fn h3_where_nothing_was_sent_there_is_no_error() {
    let door = door().await;
    for path in ["/guarded", "/both", "/admin"] {
        assert_eq!(door.send(ask("GET", path)).await.challenges(), [PLAIN]);
    }
    // Credentials of kinds that the rule does not name are none.
    let basic = ask("GET", "/guarded").header("authorization", "Basic YTpi");
    assert_eq!(door.send(basic).await.challenges(), [PLAIN]);
    let key = ask("GET", "/guarded").header("x-api-key", "test_k");
    assert_eq!(door.send(key).await.challenges(), [PLAIN]);
}

#[tokio::test]
async fn h3_a_bad_token_is_an_invalid_token() {
    let door = door().await;
    let expired = forge::own(&forge::own_header(), &forge::own_claims().with("exp", 1));
    for token in ["", "x", "a.b.c", expired.as_str()] {
        let answer = door.send(ask("GET", "/guarded").bearer(token)).await;
        assert_eq!((answer.status, answer.challenges()), (401, vec![INVALID]), "{token}");
    }
}

#[tokio::test]
async fn h3_a_403_names_the_scopes_that_the_rule_asks_for() {
    let door = door().await;
    let reader = door.token(&["reader"]);
    for (method, path, scope) in [
        ("POST", "/write", "write:posts"),
        ("GET", "/both", "read:posts read:reports"),
        ("POST", "/either", "delete:posts write:posts"),
    ] {
        let answer = door.send(ask(method, path).bearer(&reader)).await;
        let expected =
            format!(r#"Bearer realm="test-api", error="insufficient_scope", scope="{scope}""#);
        assert_eq!((answer.status, answer.challenges()), (403, vec![expected.as_str()]));
    }
    let answer = door.send(ask("GET", "/admin").bearer(&reader)).await;
    let expected = r#"Bearer realm="test-api", error="insufficient_scope""#;
    assert_eq!((answer.status, answer.challenges()), (403, vec![expected]));
}

#[tokio::test]
async fn h3_one_challenge_for_each_kind_of_credential_and_bearer_first() {
    let door = door().await;
    let answer = door.send(ask("GET", "/anything")).await;
    // Two issuers with one audience are one way to authenticate.
    assert_eq!(answer.challenges(), [PLAIN, API_KEY, COOKIE]);
    let answer = door.send(ask("GET", "/anything").bearer("x")).await;
    assert_eq!(answer.challenges(), [INVALID, API_KEY, COOKIE]);
    let answer = door.send(ask("GET", "/session")).await;
    assert_eq!(answer.challenges(), [COOKIE]);
    let answer = door.send(ask("GET", "/session").header("cookie", "__Host-session=x")).await;
    assert_eq!((answer.status, answer.challenges()), (401, vec![COOKIE]));
}

#[tokio::test]
async fn h3_challenges_parse_into_what_rfc_6750_names() {
    let door = door().await;
    let answer = door.send(ask("GET", "/guarded").bearer("x")).await;
    let read = grammar::challenges(answer.challenges()[0]).unwrap();
    assert_eq!((read.len(), read[0].scheme.as_str()), (1, "Bearer"));
    assert_eq!(read[0].params["realm"], "test-api");
    assert_eq!(read[0].params["error"], "invalid_token");
    assert_eq!(read[0].params.len(), 3);
}

#[tokio::test]
async fn h3_no_other_answer_challenges() {
    let door = door().await;
    let reader = door.token(&["reader"]);
    for request in [
        ask("GET", "/none"),
        ask("PUT", "/guarded"),
        ask("GET", "/guarded").bearer(&reader),
        ask("GET", "/guarded").bearer(&reader).bearer(&reader),
        ask("POST", "/write").bearer(door.token(&["author"])),
    ] {
        let answer = door.send(request).await;
        assert!(![401, 403].contains(&answer.status));
        assert_eq!(answer.challenges(), [""; 0]);
    }
}
