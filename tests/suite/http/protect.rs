//! Two policies in one program: handlers compiled against one are not run by an engine of the
//! other.

use std::panic::catch_unwind;

use auth_runtime::{
    Auth, Router, authenticate, policy, public,
    routing::{get, post},
};
use axum::extract::State;

use super::{
    fixture::{Reached, guarded, open, write},
    forge,
};

#[authenticate(jwt, scopes = "read:posts", policy = "policies/hs256.yaml")]
async fn other(State(reached): State<Reached>) -> &'static str {
    reached.note("other")
}

#[public(reason = "knows some", identity = jwt, policy = "policies/hs256.yaml")]
async fn other_known(State(reached): State<Reached>) -> &'static str {
    reached.note("other_known")
}

async fn engine() -> Auth {
    let builder = Auth::from_policy(policy!("../policies/test.yaml"));
    let builder = builder.keys("jwt", forge::own_keys()).keys("partner", forge::p256_keys());
    builder.build().await.unwrap()
}

fn expected(handler: &str, line: u32, column: u32) -> String {
    format!(
        "`suite::http::protect::{handler}`, routed at {}:{line}:{column}, was compiled against a \
         policy with other scopes, roles, schemes or rules than `policies/test.yaml`, which the \
         engine runs: build both from the same policy file",
        file!()
    )
}

#[tokio::test]
async fn z2_a_handler_of_another_policy_is_refused_by_name_and_place() {
    let mixed = |bad| {
        Router::new().route("/", get(guarded).post(write)).merge(bad).with_state(Reached::default())
    };
    let (bad, line) = (Router::new().route("/other", get(other)), line!());
    let refused = mixed(bad).try_protect(engine().await).unwrap_err();
    assert_eq!(refused.to_string(), expected("other", line, 58));

    let (bad, line) = (Router::new().nest("/n", Router::new().fallback(other_known)), line!());
    let refused = mixed(bad).try_protect(engine().await).unwrap_err();
    assert_eq!(refused.to_string(), expected("other_known", line, 63));
}

#[tokio::test]
async fn z2_protect_panics_with_the_same_words() {
    let auth = engine().await;
    let line = line!() + 1;
    let routes = || Router::new().route("/other", post(other)).with_state(Reached::default());
    let panic = catch_unwind(|| routes().protect(auth.clone())).unwrap_err();
    assert_eq!(*panic.downcast::<String>().unwrap(), expected("other", line, 51));
}

#[tokio::test]
async fn z2_handlers_of_the_engines_own_policy_and_plain_public_ones_are_taken() {
    let routes = Router::new().route("/", get(guarded).post(write)).route("/open", get(open));
    let protected = routes.with_state(Reached::default()).try_protect(engine().await).unwrap();
    assert_eq!(protected.inventory().endpoints().len(), 3);
}
