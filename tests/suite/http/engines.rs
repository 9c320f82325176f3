//! Z4, which engine: a guard without one lets nobody in, and a request is judged by the engine of
//! the application it reached, whatever came with it.

use std::sync::{Arc, Mutex};

use auth_runtime::{Identity, Router, public, routing::get};
use axum::{
    extract::{Request, State},
    http::Extensions,
    middleware::{Next, from_fn},
    response::Response,
};

use super::{
    fixture::{Door, Reached, ask, guarded, open, send},
    forge,
};

#[public(reason = "knows some", identity = jwt)]
async fn known(State(reached): State<Reached>, caller: Option<Identity>) -> String {
    reached.note("known");
    caller.map(|caller| caller.subject().id.to_string()).unwrap_or_default()
}

/// A handler is a function: a user can hand it to axum itself, past our router.
#[tokio::test]
async fn z4_a_guarded_handler_routed_by_axum_alone_lets_nobody_in() {
    let reached = Reached::default();
    let bare = axum::Router::new()
        .route("/x", axum::routing::get(guarded))
        .route("/known", axum::routing::get(known))
        .route("/open", axum::routing::get(open))
        .with_state(reached.clone());
    let token = forge::own(&forge::own_header(), &forge::own_claims());
    for path in ["/x", "/known"] {
        let answer = send(bare.clone(), ask("GET", path)).await;
        assert_eq!((answer.status, answer.code().as_str()), (500, "internal"));
        assert_eq!(send(bare.clone(), ask("GET", path).bearer(&token)).await.status, 500);
    }
    assert_eq!(reached.take(), [""; 0]);
    assert_eq!(send(bare, ask("GET", "/open")).await.status, 200);
}

/// A request's extensions can be carried over to another, and the engine and identity with them.
#[tokio::test]
async fn z4_what_another_request_carried_opens_nothing() {
    let stolen = Arc::new(Mutex::new(Extensions::new()));
    let keep = Arc::clone(&stolen);
    let thief = from_fn(move |request: Request, next: Next| {
        *keep.lock().unwrap() = request.extensions().clone();
        next.run(request)
    });
    let routes = Router::new().route("/x", get(guarded)).route("/known", get(known)).layer(thief);
    let door = Door::of(routes).await;
    let admin = door.token(&["admin"]);
    assert_eq!(door.send(ask("GET", "/x").bearer(admin)).await.status, 200);
    let extensions = stolen.lock().unwrap().clone();
    assert!(!extensions.is_empty());
    assert_eq!(door.reached.take(), ["guarded"]);

    let replayed = door.send(ask("GET", "/x").extensions(extensions.clone())).await;
    assert_eq!(replayed.status, 401);
    assert_eq!(door.reached.take(), [""; 0]);
    let replayed = door.send(ask("GET", "/known").extensions(extensions)).await;
    assert_eq!((replayed.status, replayed.text()), (200, ""));
}

/// The same, with the thief inside, where the identity of the first caller is.
#[tokio::test]
async fn z4_an_identity_put_into_another_request_is_replaced_by_the_guard() {
    let stolen = Arc::new(Mutex::new(None::<Extensions>));
    let hands = Arc::clone(&stolen);
    let swap = from_fn(move |mut request: Request, next: Next| {
        let hands = Arc::clone(&hands);
        async move {
            if let Some(extensions) = hands.lock().unwrap().clone() {
                *request.extensions_mut() = extensions;
            } else {
                *hands.lock().unwrap() = Some(request.extensions().clone());
            }
            let answer: Response = next.run(request).await;
            answer
        }
    });
    let routes = Router::new().route("/x", get(guarded)).route("/known", get(known)).layer(swap);
    let door = Door::of(routes).await;
    assert_eq!(door.send(ask("GET", "/x").bearer(door.token(&["admin"]))).await.status, 200);
    assert_eq!(door.send(ask("GET", "/x")).await.status, 401);
    assert_eq!(door.send(ask("GET", "/known")).await.text(), "");
    assert_eq!(door.reached.take(), ["guarded", "known"]);
}

#[tokio::test]
async fn z4_an_application_inside_another_is_judged_by_its_own_engine() {
    let inner = Door::under(
        auth_runtime::policy!("policies/hs256.yaml"),
        [("jwt", forge::hmac_keys())],
        Router::new().route("/y", get(symmetric)),
    )
    .await;
    let routes = Router::new().route("/x", get(guarded)).nest_service_unguarded(
        "/inner",
        inner.app.clone(),
        "has an engine of its own",
    );
    let outer = Door::of(routes).await;
    let (outside, inside) = (outer.token(&["reader"]), inner.token(&["reader"]));
    for (path, token, status) in [
        ("/x", &outside, 200),
        ("/x", &inside, 401),
        ("/inner/y", &outside, 401),
        ("/inner/y", &inside, 200),
    ] {
        assert_eq!(outer.send(ask("GET", path).bearer(token)).await.status, status, "{path}");
    }
    assert_eq!(outer.send(ask("GET", "/inner/y")).await.status, 401);
    assert_eq!((outer.reached.take(), inner.reached.take()), (vec!["guarded"], vec!["symmetric"]));
}

#[auth_runtime::authenticate(jwt, scopes = "read:posts", policy = "policies/hs256.yaml")]
async fn symmetric(State(reached): State<Reached>) -> &'static str {
    reached.note("symmetric")
}
