//! Z4, composition: nest, merge, layers, fallbacks and state in any order leave every guard where
//! it is, because it is an argument of its handler.

use auth_runtime::{
    Router, authenticate, public,
    routing::{MethodRouter, get, post},
};
use axum::{
    extract::{Request, State},
    middleware::{Next, from_fn},
    response::Response,
};

use super::fixture::{Ask, Door, Reached, ask, guarded, open, write};

#[authenticate(jwt, role = "admin")]
async fn lost(State(reached): State<Reached>) -> &'static str {
    reached.note("lost")
}

#[public(reason = "says that nothing is here")]
async fn nothing_here(State(reached): State<Reached>) -> &'static str {
    reached.note("nothing_here")
}

async fn pass(request: Request, next: Next) -> Response {
    next.run(request).await
}

/// What a layer can do to a request: lose everything it carries.
async fn forget(mut request: Request, next: Next) -> Response {
    request.extensions_mut().clear();
    next.run(request).await
}

/// Every path is 401 to nobody, 403 without the scope, and 200 to a reader.
async fn holds(routes: Router<Reached>, paths: &[&str]) {
    let door = Door::of(routes).await;
    let (nobody, reader) = (door.token(&[]), door.token(&["reader"]));
    for path in paths {
        assert_eq!(door.send(ask("GET", path)).await.status, 401, "{path}");
        assert_eq!(door.send(ask("GET", path).bearer(&nobody)).await.status, 403, "{path}");
        assert_eq!(door.reached.take(), [""; 0], "{path}");
        assert_eq!(door.send(ask("GET", path).bearer(&reader)).await.status, 200, "{path}");
        assert_eq!(door.reached.take(), ["guarded"], "{path}");
    }
}

fn routes() -> Router<Reached> {
    Router::new().route("/", get(guarded)).route("/x", get(guarded)).route("/y/", get(guarded))
}

#[tokio::test]
async fn z4_nested_at_every_depth() {
    let deep =
        Router::new().nest("/a", Router::new().nest("/b/", Router::new().nest("/c", routes())));
    holds(deep, &["/a/b/c", "/a/b/c/x", "/a/b/c/y/"]).await;
    let slashes = Router::new().nest("/a/", routes()).nest("/{tenant}", routes());
    holds(slashes, &["/a/", "/a/x", "/a/y/", "/t", "/t/x", "/t/y/"]).await;
}

#[tokio::test]
async fn z4_merged_before_and_after_a_layer() {
    let other = || Router::new().route("/other", get(guarded));
    let paths = ["/", "/x", "/y/", "/other"];
    holds(routes().merge(other()).layer(from_fn(pass)), &paths).await;
    holds(routes().layer(from_fn(pass)).merge(other()), &paths).await;
    holds(Router::new().merge(routes().layer(from_fn(pass))).merge(other()), &paths).await;
    holds(routes().route_layer(from_fn(pass)).merge(other()), &paths).await;
    holds(routes().route_layer(from_fn(pass)).nest("/n", other()), &["/x", "/n/other"]).await;
}

#[tokio::test]
async fn z4_layered_method_routers() {
    let before: MethodRouter<Reached> = get(guarded).layer(from_fn(pass));
    let after = post(write).layer(from_fn(pass)).get(guarded);
    holds(Router::new().route("/a", before).route("/b", after), &["/a", "/b"]).await;
}

#[tokio::test]
async fn z4_with_state_given_early_or_late() {
    let reached = Reached::default();
    let early: Router<Reached> = routes().with_state(reached.clone());
    let door = Door::of(Router::new().nest("/early", early).merge(routes())).await;
    for path in ["/early/x", "/x"] {
        assert_eq!(door.send(ask("GET", path)).await.status, 401);
        let reader = door.token(&["reader"]);
        assert_eq!(door.send(ask("GET", path).bearer(reader)).await.status, 200);
    }
    assert_eq!((reached.take(), door.reached.take()), (vec!["guarded"], vec!["guarded"]));
}

#[tokio::test]
async fn z4_fallbacks_have_guards_of_their_own() {
    let nested = Router::new().route("/x", get(guarded)).fallback(lost);
    let routes = Router::new().route("/x", get(guarded)).nest("/n", nested).fallback(nothing_here);
    let door = Door::of(routes).await;
    for path in ["/n", "/n/none", "/n/none/at/all", "/n/x/"] {
        assert_eq!(door.send(ask("GET", path)).await.status, 401, "{path}");
        let reader = door.token(&["reader"]);
        assert_eq!(door.send(ask("PATCH", path).bearer(reader)).await.status, 403, "{path}");
        assert_eq!(door.reached.take(), [""; 0]);
        let admin = door.token(&["admin"]);
        assert_eq!(door.send(ask("GET", path).bearer(admin)).await.status, 200, "{path}");
        assert_eq!(door.reached.take(), ["lost"]);
    }
    // Below the prefix and not at it with a slash: so axum has it.
    for path in ["/none", "/n/"] {
        assert_eq!(door.send(ask("GET", path)).await.status, 200);
        assert_eq!(door.reached.take(), ["nothing_here"]);
    }
    // A method that is not there is no missing path.
    assert_eq!(door.send(ask("POST", "/n/x")).await.status, 405);
    assert_eq!(door.reached.take(), [""; 0]);
}

#[tokio::test]
async fn z4_a_merged_or_inherited_fallback_keeps_its_guard() {
    let with_fallback = Router::new().route("/x", get(guarded)).fallback(lost);
    let merged = Router::new().route("/y", get(open)).merge(with_fallback.clone());
    let inherited = with_fallback.nest("/n", Router::new().route("/z", get(open)));
    for (routes, path) in [(merged, "/none"), (inherited, "/n/none")] {
        let door = Door::of(routes.layer(from_fn(pass))).await;
        assert_eq!(door.send(ask("GET", path)).await.status, 401);
        assert_eq!(door.reached.take(), [""; 0]);
        let admin = door.token(&["admin"]);
        assert_eq!(door.send(ask("GET", path).bearer(admin)).await.status, 200);
        assert_eq!(door.reached.take(), ["lost"]);
    }
}

#[tokio::test]
async fn z4_a_layer_that_loses_the_engine_lets_nobody_in() {
    let nested = Router::new().route("/n", get(guarded)).layer(from_fn(forget));
    let routes = Router::new()
        .route("/x", get(guarded).layer(from_fn(forget)))
        .route("/kept", get(guarded))
        .merge(nested);
    let door = Door::of(routes).await;
    let admin = door.token(&["admin"]);
    let asks: [fn(Ask, &str) -> Ask; 2] = [|ask, _| ask, |ask, token| ask.bearer(token)];
    for path in ["/x", "/n"] {
        for with in asks {
            let answer = door.send(with(ask("GET", path), &admin)).await;
            assert_eq!((answer.status, answer.code().as_str()), (500, "internal"), "{path}");
        }
    }
    assert_eq!(door.reached.take(), [""; 0]);
    assert_eq!(door.send(ask("GET", "/kept").bearer(&admin)).await.status, 200);
}

#[tokio::test]
async fn z4_layers_around_the_protected_service_change_nothing() {
    let door = Door::of(routes().fallback(lost)).await;
    let outer = axum::Router::new()
        .nest_service("/app", door.app.clone())
        .layer(from_fn(forget))
        .merge(door.app.clone().into_axum("to mount it"));
    for path in ["/app/x", "/x", "/none", "/app/none"] {
        assert_eq!(super::fixture::send(outer.clone(), ask("GET", path)).await.status, 401);
        assert_eq!(door.reached.take(), [""; 0]);
        let known = ask("GET", path).bearer(door.token(&["admin"]));
        assert_eq!(super::fixture::send(outer.clone(), known).await.status, 200, "{path}");
        assert_eq!(door.reached.take().len(), 1);
    }
}
