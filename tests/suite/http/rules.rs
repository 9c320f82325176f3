//! M07: what a rule can ask for, and who meets it.

use auth_runtime::{
    Router, authenticate,
    routing::{get, post},
};
use axum::extract::State;
use serde_json::json;

use super::{
    fixture::{Door, Reached, ask, guarded},
    forge::{self, Edit},
};

#[authenticate(jwt, scopes = ["read:posts", "read:reports"])]
async fn both(State(reached): State<Reached>) -> &'static str {
    reached.note("both")
}

#[authenticate(jwt, scopes = any("write:posts", "delete:posts"))]
async fn either(State(reached): State<Reached>) -> &'static str {
    reached.note("either")
}

#[authenticate(jwt, role = "author")]
async fn authors(State(reached): State<Reached>) -> &'static str {
    reached.note("authors")
}

#[authenticate(jwt, role = "author", scopes = "delete:posts")]
async fn role_and_scope(State(reached): State<Reached>) -> &'static str {
    reached.note("role_and_scope")
}

#[authenticate(rule = "edit_post")]
async fn edit(State(reached): State<Reached>) -> &'static str {
    reached.note("edit")
}

#[authenticate(jwt)]
async fn anybody(State(reached): State<Reached>) -> &'static str {
    reached.note("anybody")
}

async fn door() -> Door {
    let routes = Router::new()
        .route("/anybody", post(anybody))
        .route("/guarded", get(guarded))
        .route("/both", post(both))
        .route("/either", post(either))
        .route("/authors", post(authors))
        .route("/role_and_scope", post(role_and_scope))
        .route("/edit", post(edit));
    Door::of(routes).await
}

#[tokio::test]
async fn m07_who_meets_which_rule() {
    let door = door().await;
    //           anybody both either authors role_and_scope edit
    for (roles, expected) in [
        (&[][..], [200, 403, 403, 403, 403, 403]),
        (&["reader"], [200, 403, 403, 403, 403, 403]),
        (&["author"], [200, 403, 200, 200, 403, 200]),
        (&["admin"], [200, 200, 200, 200, 200, 200]),
        (&["reader", "admin"], [200, 200, 200, 200, 200, 200]),
    ] {
        let token = door.token(roles);
        let paths = ["/anybody", "/both", "/either", "/authors", "/role_and_scope", "/edit"];
        for (path, expected) in paths.into_iter().zip(expected) {
            let answer = door.send(ask("POST", path).bearer(&token)).await;
            assert_eq!(answer.status, expected, "{roles:?} at {path}");
            let reached = if expected == 200 { vec![&path[1..]] } else { vec![] };
            assert_eq!(door.reached.take(), reached);
        }
    }
}

#[tokio::test]
async fn m07_a_refusal_says_what_is_missing() {
    let door = door().await;
    let reader = door.token(&["reader"]);
    for (path, missing, detail, cause) in [
        (
            "/both",
            Some(json!(["read:reports"])),
            "the credential lacks read:reports",
            "missing-scope",
        ),
        (
            "/either",
            Some(json!(["delete:posts", "write:posts"])),
            "the credential lacks one of delete:posts, write:posts",
            "missing-scope",
        ),
        ("/authors", None, "this needs the role author", "missing-role"),
        (
            "/edit",
            Some(json!(["write:posts"])),
            "the credential lacks write:posts",
            "missing-scope",
        ),
    ] {
        let problem = door.send(ask("POST", path).bearer(&reader)).await.json();
        assert_eq!(problem["code"], "insufficient_scope");
        assert_eq!(problem["detail"], detail);
        assert_eq!(problem.get("missing_scopes").cloned(), missing);
        let role = problem.get("missing_role").cloned();
        assert_eq!(role, missing.is_none().then(|| json!("author")));
        let event = door.audit.only();
        assert_eq!(event.cause.as_deref(), Some(cause));
        let alice = ("https://issuer.example".to_owned(), "alice".to_owned());
        assert_eq!(event.subject, Some(alice), "who it was is known");
        assert_eq!(event.rule.as_deref(), (path == "/edit").then_some("edit_post"));
    }
}

/// A token's scopes are bounded by what its roles grant now, and its roles by the policy.
#[tokio::test]
async fn m07_a_token_is_worth_no_more_than_its_roles() {
    let door = door().await;
    let more = forge::own_claims().with("scope", "read:posts write:posts delete:posts");
    let token = forge::own(&forge::own_header(), &more);
    assert_eq!(door.send(ask("GET", "/guarded").bearer(&token)).await.status, 200);
    assert_eq!(door.send(ask("POST", "/either").bearer(&token)).await.status, 403);
    let less = forge::own_claims().with("roles", json!(["admin"])).with("scope", "read:posts");
    let token = forge::own(&forge::own_header(), &less);
    assert_eq!(door.send(ask("POST", "/either").bearer(&token)).await.status, 403);
    assert_eq!(door.send(ask("POST", "/authors").bearer(&token)).await.status, 200);
    let unknown = forge::own_claims().with("roles", json!(["root", "Reader", "reader "]));
    let token = forge::own(&forge::own_header(), &unknown);
    assert_eq!(door.send(ask("GET", "/guarded").bearer(&token)).await.status, 403);
}

#[tokio::test]
async fn j15_scopes_match_as_whole_words() {
    let door = door().await;
    for scope in [
        "read:posts2",
        "xread:posts",
        "read:post",
        "read",
        "READ:POSTS",
        "read:posts,write:posts",
        "read:posts\twrite:posts",
        "\u{a0}read:posts",
        "read:*",
        "*",
        "*:posts",
        "",
        " ",
    ] {
        let claims = forge::own_claims().with("scope", scope);
        let token = forge::own(&forge::own_header(), &claims);
        let answer = door.send(ask("GET", "/guarded").bearer(token)).await;
        assert_eq!(answer.status, 403, "{scope:?}");
    }
    for scope in ["x read:posts", " read:posts ", "read:posts read:posts"] {
        let claims = forge::own_claims().with("scope", scope);
        let token = forge::own(&forge::own_header(), &claims);
        let answer = door.send(ask("GET", "/guarded").bearer(token)).await;
        assert_eq!(answer.status, 200, "{scope:?}");
    }
}
