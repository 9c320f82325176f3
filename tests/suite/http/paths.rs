//! Z5: a path is what was sent, byte for byte. No other spelling of it reaches a handler past the
//! guard that stands before that handler.

use auth_runtime::{
    Router, authenticate,
    extract::Path,
    public,
    routing::{get, post},
};
use axum::{extract::State, http::Uri};
use proptest::prelude::*;

use super::fixture::{Door, Reached, ask, guarded, open, write};

#[authenticate(jwt, scopes = "read:posts")]
async fn one(State(reached): State<Reached>, Path(_): Path<u32>) -> &'static str {
    reached.note("one")
}

#[authenticate(jwt, role = "admin")]
async fn admin(State(reached): State<Reached>) -> &'static str {
    reached.note("admin")
}

#[public(reason = "files for everybody")]
async fn file(State(reached): State<Reached>, Path(_): Path<String>) -> &'static str {
    reached.note("file")
}

fn routes() -> Router<Reached> {
    Router::new()
        .route("/open", get(open))
        .route("/secret", get(guarded).post(write))
        .route("/posts/{id}", get(one).post(write))
        .nest("/admin", Router::new().route("/", get(admin)).route("/users", get(admin)))
        .route("/files/{*path}", get(file))
        .route("/files/secret", get(guarded))
        .route("/same/", post(open))
        .route("/same", get(guarded))
}

/// Other spellings of `/secret`, of a path below it and of a path beside it.
const VARIANTS: [&str; 46] = [
    "//secret",
    "///secret",
    "/./secret",
    "/open/../secret",
    "/open//secret",
    "/open/./secret",
    "/open/..;/secret",
    "/open;/../secret",
    "/secret/",
    "/secret//",
    "/secret/.",
    "/secret/..",
    "/secret/./",
    "/secret%2f",
    "/secret%2F",
    "/%2fsecret",
    "/%2Fsecret",
    "/%2e/secret",
    "/%2e%2e/secret",
    "/open/%2e%2e/secret",
    "/open%2f..%2fsecret",
    "/open%2F%2e%2e%2Fsecret",
    "/Secret",
    "/SECRET",
    "/secre%74",
    "/%73ecret",
    "/%73%65%63%72%65%74",
    "/secret;",
    "/secret;a=b",
    "/secret;.json",
    "/secret.json",
    "/secret%00",
    "/secret%00.html",
    "/%00secret",
    "/secret%20",
    "/secret%09",
    "/secret%0a",
    "/secret%0d%0a",
    "/secret%ff",
    "/secret%c0%af",
    "/%252fsecret",
    "/secret%25",
    "/secret%3f",
    "/secret%23",
    "/secret\\",
    "/secret*",
];

#[tokio::test]
async fn z5_no_other_spelling_of_a_path_reaches_its_handler() {
    let door = Door::of(routes()).await;
    let admin = door.token(&["admin"]);
    for variant in VARIANTS {
        for method in ["GET", "POST", "HEAD", "OPTIONS"] {
            assert_eq!(door.send(ask(method, variant)).await.status, 404, "{method} {variant}");
            let known = ask(method, variant).bearer(&admin);
            assert_eq!(door.send(known).await.status, 404, "{method} {variant}");
        }
    }
    assert_eq!(door.reached.take(), [""; 0]);
    // The one spelling there is, query and all.
    assert_eq!(door.send(ask("GET", "/secret?a=/../open#b")).await.status, 401);
    assert_eq!(door.send(ask("GET", "/secret?").bearer(&admin)).await.status, 200);
}

#[tokio::test]
async fn z5_variants_of_a_nested_path_reach_no_handler() {
    let door = Door::of(routes()).await;
    let admin = door.token(&["admin"]);
    for variant in [
        "/admin/",
        "/admin//users",
        "//admin/users",
        "/admin/users/",
        "/admin/./users",
        "/admin/../admin/users",
        "/admin%2fusers",
        "/Admin/users",
        "/admin/USERS",
        "/admin;x/users",
        "/admin/%75sers",
    ] {
        assert_eq!(door.send(ask("GET", variant).bearer(&admin)).await.status, 404, "{variant}");
    }
    assert_eq!(door.reached.take(), [""; 0]);
    assert_eq!(door.send(ask("GET", "/admin")).await.status, 401);
    assert_eq!(door.send(ask("GET", "/admin").bearer(&admin)).await.status, 200);
}

#[tokio::test]
async fn z5_whatever_stands_for_a_parameter_stands_behind_the_guard() {
    let door = Door::of(routes()).await;
    let reader = door.token(&["reader"]);
    for id in [
        "%2e%2e",
        "..",
        ".",
        "%2f",
        "%2F..%2Fopen",
        "1%00",
        "%ff",
        "1;a=b",
        "-1",
        "1%2f",
        "%31x",
        "99999999999999999999",
    ] {
        let path = format!("/posts/{id}");
        assert_eq!(door.send(ask("GET", &path)).await.status, 401, "{path}");
        // Let in, the id is none: no such thing is here.
        assert_eq!(door.send(ask("GET", &path).bearer(&reader)).await.status, 404, "{path}");
        assert_eq!(door.reached.take(), [""; 0]);
    }
    assert_eq!(door.send(ask("GET", "/posts/1").bearer(&reader)).await.status, 200);
    assert_eq!(door.send(ask("GET", "/posts/%31").bearer(&reader)).await.status, 200);
    assert_eq!(door.reached.take(), ["one", "one"]);
}

#[tokio::test]
async fn z5_a_wildcard_for_everybody_is_no_way_to_a_guarded_path() {
    let door = Door::of(routes()).await;
    assert_eq!(door.send(ask("GET", "/files/secret")).await.status, 401);
    for variant in ["/files/Secret", "/files//secret", "/files/./secret", "/files/%73ecret"] {
        assert_eq!(door.send(ask("GET", variant)).await.status, 200, "{variant}");
        assert_eq!(door.reached.take(), ["file"], "its own rule, its own handler");
    }
}

#[tokio::test]
async fn z5_a_trailing_slash_is_another_path() {
    let door = Door::of(routes()).await;
    assert_eq!(door.send(ask("GET", "/same")).await.status, 401);
    assert_eq!(door.send(ask("GET", "/same/")).await.status, 405);
    assert_eq!(door.send(ask("POST", "/same")).await.status, 405);
    assert_eq!(door.reached.take(), [""; 0]);
    assert_eq!(door.send(ask("POST", "/same/")).await.status, 200);
}

#[tokio::test]
async fn z5_a_very_long_path_is_not_found() {
    let door = Door::of(routes()).await;
    let long = "a/".repeat(30_000);
    assert_eq!(door.send(ask("GET", &format!("/{long}"))).await.status, 404);
    assert_eq!(door.send(ask("GET", &format!("/secret/{long}"))).await.status, 404);
    let dots = "../".repeat(20_000);
    assert_eq!(door.send(ask("GET", &format!("/open/{dots}secret"))).await.status, 404);
    let id = "1".repeat(60_000);
    assert_eq!(door.send(ask("GET", &format!("/posts/{id}"))).await.status, 401);
    assert_eq!(door.reached.take(), [""; 0]);
}

proptest! {
    /// Pieces of paths in any order: nobody without a credential gets anywhere but to the handlers
    /// that are for everybody.
    #[test]
    fn z5_nobody_reaches_a_guarded_handler_by_any_path(
        pieces in proptest::collection::vec(
            prop_oneof![
                Just("/"), Just("."), Just(".."), Just("%2e"), Just("%2f"), Just("%2F"), Just(";"),
                Just("%00"), Just("%5c"), Just("secret"), Just("SECRET"), Just("admin"),
                Just("users"), Just("posts"), Just("1"), Just("files"), Just("open"), Just("?"),
                Just("%c0%ae"), Just("same"),
            ],
            0..12,
        ),
        method in prop_oneof![Just("GET"), Just("POST"), Just("HEAD"), Just("OPTIONS")],
    ) {
        let path = format!("/{}", pieces.concat());
        prop_assume!(path.parse::<Uri>().is_ok());
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let reached = runtime.block_on(async {
            let door = Door::of(routes()).await;
            let answer = door.send(ask(method, &path)).await;
            let reached = door.reached.take();
            assert_eq!(answer.status == 200, !reached.is_empty());
            reached
        });
        prop_assert!(reached.iter().all(|handler| ["open", "file"].contains(handler)));
    }
}
