//! Who a handler, and an extractor behind its guard, is told is calling; and where nobody is.

use std::convert::Infallible;

use auth_runtime::{Identity, Router, audit::Decision, authenticate, public, routing::get};
use axum::{
    extract::{FromRequestParts, Request, State},
    http::request::Parts,
    middleware::{Next, from_fn},
    response::Response,
};

use super::{
    fixture::{Door, Reached, ask, open},
    forge::{self, Edit},
};

/// An extractor as an application has it: who is calling, for its own purposes.
struct Caller(Option<String>);

impl<S: Send + Sync> FromRequestParts<S> for Caller {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Infallible> {
        let found = Option::<Identity>::from_request_parts(parts, state).await;
        let found = found.ok().flatten();
        Ok(Self(found.map(|caller| caller.subject().id.to_string())))
    }
}

#[authenticate(jwt)]
async fn behind(State(reached): State<Reached>, Caller(caller): Caller) -> String {
    reached.note("behind");
    caller.unwrap_or("nobody".to_owned())
}

#[public(reason = "knows nobody")]
async fn before(State(reached): State<Reached>, Caller(caller): Caller) -> String {
    reached.note("before");
    caller.unwrap_or("nobody".to_owned())
}

#[public(reason = "knows some", identity = jwt)]
async fn known(
    State(reached): State<Reached>,
    caller: Option<Identity>,
    Caller(same): Caller,
) -> String {
    reached.note("known");
    let caller = caller.map(|caller| caller.subject().id.to_string());
    assert_eq!(caller, same);
    caller.unwrap_or("nobody".to_owned())
}

async fn door() -> Door {
    let routes = Router::new()
        .route("/open", get(open))
        .route("/behind", get(behind))
        .route("/before", get(before))
        .route("/known", get(known));
    Door::of(routes).await
}

#[tokio::test]
async fn z4_an_extractor_behind_the_guard_knows_the_caller() {
    let door = door().await;
    let answer = door.send(ask("GET", "/behind").bearer(door.token(&[]))).await;
    assert_eq!((answer.status, answer.text()), (200, "alice"));
    assert_eq!(door.send(ask("GET", "/behind")).await.status, 401);
    assert_eq!(door.reached.take(), ["behind"]);
}

#[tokio::test]
async fn z4_without_a_guard_nobody_is_known_whatever_was_sent() {
    let door = door().await;
    for token in [door.token(&["admin"]), "bad".to_owned()] {
        let answer = door.send(ask("GET", "/before").bearer(token)).await;
        assert_eq!((answer.status, answer.text()), (200, "nobody"));
    }
    assert_eq!(door.audit.take(), [], "nothing was decided");
}

/// A middleware runs before the guard: it cannot mistake what is asked for for who is asking.
#[tokio::test]
async fn z4_before_the_guard_nobody_is_known() {
    let look = |request: Request, next: Next| async move {
        let (mut parts, body) = request.into_parts();
        let Ok(Caller(caller)) = Caller::from_request_parts(&mut parts, &()).await;
        assert_eq!(caller, None);
        let answer: Response = next.run(Request::from_parts(parts, body)).await;
        answer
    };
    let door = Door::of(Router::new().route("/behind", get(behind)).layer(from_fn(look))).await;
    let answer = door.send(ask("GET", "/behind").bearer(door.token(&[]))).await;
    assert_eq!((answer.status, answer.text()), (200, "alice"));
}

#[tokio::test]
async fn z4_a_public_handler_is_told_nobody_somebody_or_nothing_at_all() {
    let door = door().await;
    let nobody = door.send(ask("GET", "/known")).await;
    assert_eq!((nobody.status, nobody.text()), (200, "nobody"));
    let elsewhere = ask("GET", "/known").header("authorization", "Basic YTpi");
    assert_eq!(door.send(elsewhere).await.text(), "nobody");
    assert_eq!(door.audit.take(), [], "nothing was decided");

    let alice = door.send(ask("GET", "/known").bearer(door.token(&[]))).await;
    assert_eq!((alice.status, alice.text()), (200, "alice"));
    let event = door.audit.only();
    assert_eq!((event.decision, event.cause), (Decision::Allow, None));
    assert_eq!(door.reached.take(), ["known"; 3]);

    let expired = forge::own(&forge::own_header(), &forge::own_claims().with("exp", 1));
    let partner = forge::partner(&forge::partner_claims());
    for (token, code, cause) in [
        ("", "invalid_token", "token-not-compact"),
        ("bad", "invalid_token", "token-not-compact"),
        (expired.as_str(), "token_expired", "expired"),
        (partner.as_str(), "invalid_token", "algorithm-not-listed"),
    ] {
        let answer = door.send(ask("GET", "/known").bearer(token)).await;
        assert_eq!((answer.status, answer.code().as_str()), (401, code));
        assert_eq!(door.audit.cause(), cause);
    }
    assert_eq!(door.reached.take(), [""; 0]);
}

#[tokio::test]
async fn z4_what_is_public_asks_for_no_credential_and_looks_at_none() {
    let door = door().await;
    let odd = || ask("GET", "/open").header("authorization", b"Bearer \xff\xfe");
    for request in [ask("GET", "/open"), odd(), odd().bearer("x").header("cookie", "\x7e=;;=")] {
        assert_eq!(door.send(request).await.status, 200);
    }
    assert_eq!(door.audit.take(), []);
}
