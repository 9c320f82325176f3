//! What is mounted beside the rules: it says why, and it opens nothing that has one.

use std::panic::{AssertUnwindSafe, catch_unwind};

use auth_runtime::{Identity, Router, routing::get};
use axum::extract::State;

use super::fixture::{Door, Reached, ask, guarded, send};

async fn foreign(State(reached): State<Reached>, caller: Option<Identity>) -> &'static str {
    reached.note(if caller.is_some() { "somebody" } else { "nobody" })
}

async fn lost(State(reached): State<Reached>) -> &'static str {
    reached.note("lost")
}

fn theirs() -> axum::Router<Reached> {
    axum::Router::new().route("/theirs", axum::routing::get(foreign)).fallback(lost)
}

#[tokio::test]
async fn z1_a_foreign_handler_knows_nobody_whatever_was_sent() {
    let routes = Router::new().route("/guarded", get(guarded));
    let door = Door::of(routes.merge_unguarded(theirs(), "their own rules")).await;
    let admin = door.token(&["admin"]);
    assert_eq!(door.send(ask("GET", "/theirs").bearer(&admin)).await.status, 200);
    assert_eq!(door.send(ask("GET", "/guarded")).await.status, 401);
    assert_eq!(door.reached.take(), ["nobody"]);
}

/// Its fallback would answer for the whole application, so it is not taken over.
#[tokio::test]
async fn z4_a_foreign_fallback_answers_for_nobody_else() {
    let door = Door::of(Router::new().merge_unguarded(theirs(), "their own rules")).await;
    assert_eq!(door.send(ask("GET", "/none")).await.code(), "not_found");
    assert_eq!(door.reached.take(), [""; 0]);
}

#[tokio::test]
async fn z1_what_has_no_rule_has_a_reason() {
    let door = Door::of(Router::new()).await;
    let panics = |build: &dyn Fn()| {
        let panic = catch_unwind(AssertUnwindSafe(build)).unwrap_err();
        let text = panic.downcast_ref::<String>().cloned();
        text.or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned())).unwrap()
    };
    let service = || theirs().with_state(Reached::default());
    let router = Router::<Reached>::new;
    for panic in [
        panics(&|| drop(router().route_service_unguarded("/x", service(), ""))),
        panics(&|| drop(router().nest_service_unguarded("/x", service(), " "))),
        panics(&|| drop(router().merge_unguarded(theirs(), "\n"))),
        panics(&|| drop(door.app.clone().into_axum("\t"))),
    ] {
        assert!(panic.starts_with("say why "), "{panic}");
    }
}

#[tokio::test]
async fn z4_a_route_added_behind_the_only_exit_leaves_the_guards_alone() {
    let door = Door::of(Router::new().route("/guarded", get(guarded))).await;
    let plain = door.app.clone().into_axum("to add a page");
    let plain = plain.route("/page", axum::routing::get(|| async { "a page" }));
    assert_eq!(send(plain.clone(), ask("GET", "/page")).await.status, 200);
    assert_eq!(send(plain.clone(), ask("GET", "/guarded")).await.status, 401);
    let known = ask("GET", "/guarded").bearer(door.token(&["reader"]));
    assert_eq!(send(plain, known).await.status, 200);
    assert_eq!(door.reached.take(), ["guarded"]);
}
