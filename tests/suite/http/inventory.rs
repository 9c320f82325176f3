//! The inventory: every endpoint, under the path by which it is reached, with the rule that stands
//! before it and the line that routed it.

use auth_runtime::{
    Inventory, Router, authenticate,
    lock::{self, Guard, Lock, Rule},
    public,
    routing::{Method, get, post},
};
use axum::{
    extract::{MatchedPath, Request, State},
    middleware::{Next, from_fn},
    response::Response,
};

use super::fixture::{Door, Reached, ask, guarded, open, write};

#[authenticate(jwt | session, scopes = any("write:posts", "delete:posts"), role = "author")]
async fn either(State(reached): State<Reached>) -> &'static str {
    reached.note("either")
}

#[authenticate(rule = "edit_post")]
async fn edit(State(reached): State<Reached>) -> &'static str {
    reached.note("edit")
}

#[authenticate(partner | api_key, scopes = ["read:posts"])]
async fn machines(State(reached): State<Reached>) -> &'static str {
    reached.note("machines")
}

#[public(reason = "says more to those it knows", identity = jwt | session)]
async fn known(State(reached): State<Reached>) -> &'static str {
    reached.note("known")
}

async fn outside(State(reached): State<Reached>) -> &'static str {
    reached.note("outside")
}

/// Answers with the path by which axum found the handler.
async fn tell(request: Request, next: Next) -> Response {
    let path = request.extensions().get::<MatchedPath>().map(|path| path.as_str().to_owned());
    let mut answer = next.run(request).await;
    if let Some(path) = path {
        answer.headers_mut().insert("x-matched-path", path.parse().unwrap());
    }
    answer
}

/// Every way to add an endpoint. Layers stand inside, where the matched path is known.
fn routes() -> Router<Reached> {
    let leaf = || Router::new().route("/", get(guarded)).route("/x/{id}", get(open).post(write));
    let nested = Router::new().route("/y/", get(known)).nest("/deep", leaf()).fallback(open);
    Router::new()
        .route("/", get(open).patch(edit).any(machines))
        .route("/files/{*rest}", post(either))
        .nest("/plain", leaf())
        .nest("/slash/", leaf())
        .nest("/double", nested)
        .nest("/{tenant}/t", leaf())
        .merge(Router::new().nest("/merged", leaf()).layer(from_fn(tell)))
        .fallback(guarded)
}

/// A path that the pattern stands for.
fn example(path: &str) -> String {
    let parts = path.split('/').map(|part| match part {
        "*" => "nothing/here",
        part if part.starts_with("{*") => "any/thing",
        part if part.starts_with('{') => "7",
        part => part,
    });
    parts.collect::<Vec<_>>().join("/")
}

fn method(method: Method) -> &'static str {
    match method {
        Method::Get => "GET",
        Method::Post => "POST",
        Method::Patch => "PATCH",
        Method::Any => "PURGE",
        other => panic!("{other} is not routed here"),
    }
}

/// The inventory's path is the one axum answers at, and not just one like it.
#[tokio::test]
async fn z4_every_endpoint_is_reached_by_the_path_it_is_listed_under() {
    let routes = routes().layer(from_fn(tell));
    let door = Door::of(routes).await;
    let admin = door.token(&["admin"]);
    let endpoints = door.app.inventory().endpoints();
    assert_eq!(endpoints.len(), 22);
    for endpoint in endpoints {
        let request = ask(method(endpoint.method), &example(&endpoint.path));
        let request = request.bearer(&admin).body("application/json", "7");
        let answer = door.send(request).await;
        let name = endpoint.handler.rsplit("::").next().unwrap();
        if name == "machines" {
            // Its rule names no kind of credential that has landed but the partner's.
            assert_eq!((answer.status, door.reached.take()), (401, vec![]));
        } else {
            assert!([200, 201].contains(&answer.status), "{endpoint:?}: {answer:?}");
            assert_eq!(door.reached.take(), [name], "{endpoint:?}");
        }
        let matched = answer.headers.get("x-matched-path").map(|path| path.to_str().unwrap());
        let listed = Some(endpoint.path.as_str()).filter(|path| !path.ends_with("/*"));
        assert_eq!(matched, listed, "{endpoint:?}");
    }
}

#[tokio::test]
async fn z4_paths_are_joined_as_axum_joins_them() {
    let leaf = || Router::new().route("/", get(open)).route("//x", get(open));
    for prefix in ["/a", "/a/", "/a/b/", "/a//"] {
        let routes = Router::new().nest(prefix, leaf()).layer(from_fn(tell));
        let door = Door::of(routes).await;
        for endpoint in door.app.inventory().endpoints() {
            let answer = door.send(ask("GET", &endpoint.path)).await;
            assert_eq!(answer.status, 200, "{} below {prefix}", endpoint.path);
            assert_eq!(answer.headers["x-matched-path"], endpoint.path);
        }
    }
}

#[tokio::test]
async fn z4_what_is_mounted_without_a_rule_is_listed_with_its_reason() {
    let foreign = axum::Router::new().route("/outside", axum::routing::get(outside));
    let service = foreign.clone().with_state(Reached::default());
    let routes = Router::new()
        .route_service_unguarded("/one", service.clone(), "one path")
        .nest_service_unguarded("/many", service.clone(), "many paths")
        .nest_service_unguarded("/slash/", service, "many paths, with a slash")
        .merge_unguarded(foreign, "a router of somebody else");
    let door = Door::of(routes).await;
    let listed: Vec<_> = door
        .app
        .inventory()
        .endpoints()
        .iter()
        .map(|endpoint| (endpoint.path.as_str(), endpoint.rule.to_string()))
        .collect();
    assert_eq!(
        listed,
        [
            ("/*", "unguarded: a router of somebody else".to_owned()),
            ("/many/*", "unguarded: many paths".to_owned()),
            ("/one", "unguarded: one path".to_owned()),
            ("/slash/*", "unguarded: many paths, with a slash".to_owned()),
        ]
    );
    for path in ["/outside", "/many/outside", "/slash/outside"] {
        assert_eq!(door.send(ask("GET", path)).await.status, 200, "{path}");
    }
}

#[tokio::test]
async fn z4_a_fallback_that_was_replaced_is_not_listed() {
    let routes = Router::new().fallback(open).fallback(guarded);
    let door = Door::of(routes).await;
    assert_eq!(door.send(ask("GET", "/none")).await.status, 401, "the last one answers");
    let listed = door.app.inventory().to_string();
    assert_eq!(listed, "ANY     /*  jwt; scope read:posts\n");
}

#[tokio::test]
async fn z4_an_endpoint_knows_its_rule_by_name() {
    let door = Door::of(routes()).await;
    let rules = |name: &str| {
        let endpoints = door.app.inventory().endpoints().iter();
        let mut of = endpoints.filter(|endpoint| endpoint.handler.ends_with(name));
        of.next().unwrap().rule.clone()
    };
    let Rule::Guarded(Guard { schemes, scopes, any_scope, role, name, limit, .. }) =
        rules("::either")
    else {
        panic!("it is guarded");
    };
    assert_eq!(
        (schemes, scopes),
        (
            vec!["jwt".into(), "session".into()],
            vec!["delete:posts".into(), "write:posts".to_owned()]
        )
    );
    assert_eq!((any_scope, role.as_deref(), name, limit), (true, Some("author"), None, None));
    let Rule::Guarded(Guard { name, scopes, .. }) = rules("::edit") else {
        panic!("it is guarded");
    };
    assert_eq!((name.as_deref(), scopes), (Some("edit_post"), vec!["write:posts".to_owned()]));
    let Rule::Public { reason, identity, .. } = rules("::known") else {
        panic!("it is public");
    };
    assert_eq!(reason, "says more to those it knows");
    assert_eq!(identity, ["jwt", "session"]);
}

#[tokio::test]
async fn z4_the_line_that_routed_an_endpoint_is_the_one_that_is_told() {
    let first = line!() + 2;
    let routes = Router::new()
        .route("/a", get(guarded).post(write))
        .nest("/n", Router::new().route("/b", get(open)))
        .fallback(open);
    let door = Door::of(routes).await;
    let told: Vec<_> = door
        .app
        .inventory()
        .endpoints()
        .iter()
        .map(|endpoint| {
            assert_eq!(endpoint.routed_at.file(), file!());
            (endpoint.path.as_str(), endpoint.method, endpoint.routed_at.line())
        })
        .collect();
    assert_eq!(
        told,
        [
            ("/*", Method::Any, first + 2),
            ("/a", Method::Get, first),
            ("/a", Method::Post, first),
            ("/n/b", Method::Get, first + 1),
        ]
    );
}

#[tokio::test]
async fn z4_the_table_of_endpoints() {
    let door = Door::of(routes()).await;
    assert_eq!(door.app.inventory().to_string(), include_str!("inventory.txt"));
    assert_eq!(Inventory::default().to_string(), "");
}

/// What the test of a lock writes is read back as what the router serves.
#[tokio::test]
async fn z4_the_lock_says_what_the_inventory_says() {
    let door = Door::of(routes().merge(auth_runtime::api_key::router())).await;
    let lock = door.app.inventory().lock();
    assert_eq!(lock.policy, "policies/test.yaml");
    let written = lock.write(&door.auth.policy());
    assert_eq!(Lock::parse(&written), Ok(lock.clone()));
    let said = |endpoint: &lock::Endpoint| format!("{endpoint} {}", endpoint.rule);
    let listed = door.app.inventory().endpoints().iter();
    let listed: Vec<_> =
        listed.map(|it| format!("{} {} {}", it.method, it.path, it.rule)).collect();
    assert_eq!(lock.endpoints.iter().map(said).collect::<Vec<_>>(), listed);
    // Rules of this crate for people name the kinds of credential, and no program meets them.
    let people = lock
        .endpoints
        .iter()
        .filter(|it| matches!(&it.rule, Rule::Guarded(guard) if guard.people_only));
    let people: Vec<_> = people.map(ToString::to_string).collect();
    assert_eq!(
        people,
        ["GET /api-keys", "POST /api-keys", "DELETE /api-keys/{id}", "POST /api-keys/{id}/rotate"]
    );
    assert!(!written.contains(env!("CARGO_MANIFEST_DIR")) && !written.contains(".rs"), "{written}");
}
