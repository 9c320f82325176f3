//! M07 with three hundred scopes: the first and the last of them, far apart in any set of bits.

use auth_runtime::{Router, authenticate, policy, routing::get};
use axum::extract::State;
use serde_json::json;

use super::{
    fixture::{Door, Reached, ask},
    forge,
};

#[authenticate(jwt, scopes = ["s:299", "s:000"], policy = "policies/scopes.yaml")]
async fn both(State(reached): State<Reached>) -> &'static str {
    reached.note("both")
}

#[authenticate(jwt, scopes = any("s:000", "s:299"), policy = "policies/scopes.yaml")]
async fn either(State(reached): State<Reached>) -> &'static str {
    reached.note("either")
}

#[authenticate(jwt, scopes = "s:255", policy = "policies/scopes.yaml")]
async fn other(State(reached): State<Reached>) -> &'static str {
    reached.note("other")
}

#[tokio::test]
async fn m07_scopes_have_no_number_they_end_at() {
    let routes = Router::new()
        .route("/both", get(both))
        .route("/either", get(either))
        .route("/other", get(other));
    let keys = [("jwt", forge::own_keys())];
    let door = Door::under(policy!("policies/scopes.yaml"), keys, routes).await;
    for (roles, expected) in [
        (&["first"][..], [403, 200, 403]),
        (&["last"], [403, 200, 403]),
        (&["first", "last"], [200, 200, 403]),
        (&["every"], [200, 200, 200]),
        (&[], [403, 403, 403]),
    ] {
        let token = door.token(roles);
        for (path, expected) in ["/both", "/either", "/other"].into_iter().zip(expected) {
            let answer = door.send(ask("GET", path).bearer(&token)).await;
            assert_eq!(answer.status, expected, "{roles:?} at {path}");
        }
    }
    let first = door.token(&["first"]);
    let refused = door.send(ask("GET", "/both").bearer(first)).await;
    assert_eq!(refused.json()["missing_scopes"], json!(["s:299"]));
    assert_eq!(
        refused.challenges(),
        [r#"Bearer realm="test-api", error="insufficient_scope", scope="s:000 s:299""#]
    );
}
