//! H3 where the audience is no plain word: it is quoted, and comes back as it was.

use auth_runtime::{Router, authenticate, policy, routing::get};
use axum::extract::State;

use super::{
    fixture::{Door, Reached, ask},
    forge::{self, Edit, own_claims, own_header},
    grammar,
};

const AUDIENCE: &str = r#"a"b\c,d=e"#;

#[authenticate(jwt, scopes = "read:posts", policy = "policies/quoted.yaml")]
async fn quoted(State(reached): State<Reached>) -> &'static str {
    reached.note("quoted")
}

#[tokio::test]
async fn h3_an_audience_that_needs_quoting_is_quoted() {
    let routes = Router::new().route("/x", get(quoted));
    let door =
        Door::under(policy!("policies/quoted.yaml"), [("jwt", forge::own_keys())], routes).await;
    let answer = door.send(ask("GET", "/x")).await;
    let read = grammar::challenges(answer.challenges()[0]).unwrap();
    assert_eq!((read.len(), read[0].params.len()), (1, 1));
    assert_eq!(read[0].params["realm"], AUDIENCE);
    let good = forge::own(&own_header(), &own_claims().with("aud", AUDIENCE));
    assert_eq!(door.send(ask("GET", "/x").bearer(good)).await.status, 200);
}
