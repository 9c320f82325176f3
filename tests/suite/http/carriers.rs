//! H4, K6: which headers count. One credential of a kind the rule names; nothing else of a request
//! has a say in who it is from.

use auth_runtime::{Identity, Router, authenticate, public, routing::get};
use axum::extract::State;

use super::fixture::{Ask, Door, Reached, ask, guarded};

#[authenticate(jwt)]
async fn me(State(reached): State<Reached>, caller: Identity) -> String {
    reached.note("me");
    format!("{} {:?}", caller.subject(), caller.roles().collect::<Vec<_>>())
}

#[authenticate(jwt | api_key | session, scopes = "read:posts")]
async fn three(State(reached): State<Reached>, caller: Identity) -> String {
    reached.note("three");
    caller.scheme().to_owned()
}

#[authenticate(session)]
async fn session(State(reached): State<Reached>) -> &'static str {
    reached.note("session")
}

#[public(reason = "knows some", identity = jwt | session)]
async fn known(State(reached): State<Reached>, caller: Option<Identity>) -> String {
    reached.note("known");
    caller.map_or("nobody".to_owned(), |caller| caller.subject().id.to_string())
}

async fn door() -> Door {
    let routes = Router::new()
        .route("/guarded", get(guarded))
        .route("/me", get(me))
        .route("/three", get(three))
        .route("/session", get(session))
        .route("/known", get(known));
    Door::of(routes).await
}

/// Headers in which somebody in front of a service might say who is calling.
const IDENTITY_HEADERS: [&str; 16] = [
    "x-user-id",
    "x-user",
    "x-user-roles",
    "x-forwarded-user",
    "x-forwarded-email",
    "x-forwarded-groups",
    "x-remote-user",
    "remote-user",
    "x-auth-request-user",
    "x-authenticated-user",
    "x-authenticated-userid",
    "x-scopes",
    "x-role",
    "x-original-authorization",
    "x-forwarded-authorization",
    "proxy-authorization",
];

fn dressed_up(request: Ask, value: &str) -> Ask {
    IDENTITY_HEADERS.into_iter().fold(request, |request, name| request.header(name, value))
}

#[tokio::test]
async fn h4_identity_headers_let_nobody_in() {
    let door = door().await;
    let token = format!("Bearer {}", door.token(&["admin"]));
    for value in ["admin", "1", token.as_str()] {
        for path in ["/guarded", "/me", "/three", "/session"] {
            let answer = door.send(dressed_up(ask("GET", path), value)).await;
            assert_eq!((answer.status, answer.code().as_str()), (401, "unauthenticated"), "{path}");
        }
        let answer = door.send(dressed_up(ask("GET", "/known"), value)).await;
        assert_eq!((answer.status, answer.text()), (200, "nobody"));
    }
    assert_eq!(door.reached.take(), ["known"; 3]);
}

#[tokio::test]
async fn h4_identity_headers_change_nobody() {
    let door = door().await;
    let reader = door.token(&["reader"]);
    let plain = door.send(ask("GET", "/me").bearer(&reader)).await;
    let dressed = door.send(dressed_up(ask("GET", "/me").bearer(&reader), "admin")).await;
    assert_eq!(plain.text(), r#"alice at https://issuer.example ["reader"]"#);
    assert_eq!(plain, dressed);
}

#[tokio::test]
async fn h4_two_authorization_headers_are_400() {
    let door = door().await;
    let reader = door.token(&["reader"]);
    let twice = |first: &str, second: &str| {
        ask("GET", "/guarded").header("authorization", first).header("authorization", second)
    };
    let good = format!("Bearer {reader}");
    for request in [
        twice(&good, &good),
        twice(&good, "Bearer x"),
        twice("Bearer x", &good),
        twice(&good, "Basic YTpi"),
        twice("Basic YTpi", &good),
        twice(&good, ""),
    ] {
        let answer = door.send(request).await;
        assert_eq!((answer.status, answer.code().as_str()), (400, "invalid_request"));
        assert_eq!(door.audit.cause(), "several-credentials");
    }
    // Two credentials in one header are no token.
    let listed = format!("{good}, {good}");
    let answer = door.send(ask("GET", "/guarded").header("authorization", &listed)).await;
    assert_eq!(answer.code(), "invalid_token");
    assert_eq!(door.reached.take(), [""; 0]);
}

#[tokio::test]
async fn h4_a_token_anywhere_else_is_none() {
    let door = door().await;
    let reader = door.token(&["reader"]);
    let names = ["access_token", "token", "jwt", "authorization", "bearer"];
    for (name, in_url) in
        names.into_iter().zip(["invalid_token"].into_iter().chain(["unauthenticated"; 4]))
    {
        let path = format!("/guarded?{name}={reader}");
        let answer = door.send(ask("GET", &path)).await;
        assert_eq!((answer.status, answer.code().as_str()), (401, in_url), "{name}");
        let cookie = format!("{name}={reader}");
        let answer = door.send(ask("GET", "/guarded").header("cookie", &cookie)).await;
        assert_eq!((answer.status, answer.code().as_str()), (401, "unauthenticated"), "{name}");
    }
    let bodied = ask("GET", "/guarded");
    let form = format!("access_token={reader}");
    let bodied = bodied.body("application/x-www-form-urlencoded", form);
    assert_eq!(door.send(bodied).await.status, 401);
    assert_eq!(door.reached.take(), [""; 0]);
}

#[tokio::test]
async fn m08_a_text_that_is_no_key_is_an_invalid_credential() {
    let door = door().await;
    for key in ["", "x", "test_live_key"] {
        let answer = door.send(ask("GET", "/three").header("x-api-key", key)).await;
        assert_eq!((answer.status, answer.code().as_str()), (401, "invalid_token"), "{key}");
        assert_eq!(door.audit.cause(), "bad-api-key-form");
    }
    assert_eq!(door.reached.take(), [""; 0]);
}

#[tokio::test]
async fn s1_a_cookie_that_is_no_session_is_an_invalid_credential() {
    let door = door().await;
    for (path, cookie) in
        [("/three", "a=b; __Host-session=s; c=d"), ("/session", "__Host-session=s")]
    {
        let answer = door.send(ask("GET", path).header("cookie", cookie)).await;
        assert_eq!((answer.status, answer.code().as_str()), (401, "invalid_token"));
        assert_eq!(door.audit.cause(), "malformed-session");
    }
    assert_eq!(door.reached.take(), [""; 0]);
}

#[tokio::test]
async fn m07_a_rule_of_several_schemes_tells_which_was_used() {
    let door = door().await;
    let answer = door.send(ask("GET", "/three").bearer(door.token(&["reader"]))).await;
    assert_eq!((answer.status, answer.text()), (200, "jwt"));
    assert_eq!(door.audit.only().scheme.as_deref(), Some("jwt"));
}

#[tokio::test]
async fn k6_only_a_cookie_of_that_very_name_is_a_session() {
    let door = door().await;
    for cookie in [
        "x__Host-session=s",
        "__Host-session2=s",
        "__host-session=s",
        "session=s",
        "a=__Host-session; b=\"__Host-session=s\"",
        "a=b, __Host-session=s",
    ] {
        let answer = door.send(ask("GET", "/session").header("cookie", cookie)).await;
        assert_eq!((answer.status, answer.code().as_str()), (401, "unauthenticated"), "{cookie}");
        assert_eq!(door.audit.cause(), "no-credential");
    }
    assert_eq!(door.reached.take(), [""; 0]);
}

#[tokio::test]
async fn k6_two_kinds_that_the_rule_names_are_400() {
    let door = door().await;
    let reader = door.token(&["reader"]);
    let (key, cookie) = (("x-api-key", "test_k"), ("cookie", "__Host-session=s"));
    let with = |request: Ask, (name, value): (&'static str, &str)| request.header(name, value);
    for request in [
        with(ask("GET", "/three").bearer(&reader), key),
        with(ask("GET", "/three").bearer(&reader), cookie),
        with(with(ask("GET", "/three"), key), cookie),
        with(with(ask("GET", "/three").bearer("x"), key), cookie),
        with(with(ask("GET", "/three"), key), key),
        with(with(ask("GET", "/three"), cookie), cookie),
        with(ask("GET", "/three"), ("cookie", "__Host-session=a; __Host-session=a")),
        with(ask("GET", "/known").bearer(&reader), cookie),
    ] {
        let answer = door.send(request).await;
        assert_eq!((answer.status, answer.code().as_str()), (400, "invalid_request"));
        assert_eq!(door.audit.cause(), "several-credentials");
    }
    assert_eq!(door.reached.take(), [""; 0]);
}

#[tokio::test]
async fn k6_kinds_that_the_rule_does_not_name_are_neither_help_nor_hindrance() {
    let door = door().await;
    let reader = door.token(&["reader"]);
    let answer = door.send(
        ask("GET", "/guarded")
            .bearer(&reader)
            .header("x-api-key", "test_k")
            .header("x-api-key", "test_l")
            .header("cookie", "__Host-session=a; __Host-session=b"),
    );
    assert_eq!(answer.await.status, 200);
    assert_eq!(door.audit.only().cause, None);
    let answer = door.send(ask("GET", "/session").bearer(&reader).bearer(&reader)).await;
    assert_eq!((answer.status, answer.code().as_str()), (401, "unauthenticated"));
    assert_eq!(door.audit.cause(), "no-credential");
    assert_eq!(door.reached.take(), ["guarded"]);
}

#[tokio::test]
async fn k6_a_bad_credential_never_falls_through_to_another_kind() {
    let door = door().await;
    let both = ask("GET", "/known").bearer("x").header("x-api-key", "test_k");
    assert_eq!(door.send(both).await.code(), "invalid_token");
    assert_eq!(door.send(ask("GET", "/three").bearer("x")).await.code(), "invalid_token");
    assert_eq!(door.reached.take(), [""; 0]);
}
