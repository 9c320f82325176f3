//! Two policies in one program: handlers compiled against one are not run by an engine of the
//! other.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    pin::Pin,
    sync::Arc,
};

use auth_runtime::{
    Auth, Router,
    account::Account,
    audit::Decision,
    authenticate,
    endpoints::AccountEndpoints,
    password::Hasher,
    policy, public,
    reset::{Notifier, NotifyError},
    routing::{get, post},
    secret::Secret,
    session,
    sign_in::PasswordSignIn,
    store::MemoryStore,
    tokens::Tokens,
};
use axum::extract::State;

use super::{
    fixture::{Door, Reached, ask, guarded, open, write},
    forge,
};

#[authenticate(jwt, scopes = "read:posts", policy = "policies/hs256.yaml")]
async fn other(State(reached): State<Reached>) -> &'static str {
    reached.note("other")
}

/// Its rule is the first of its policy, and the engine's policy has a first rule too.
#[authenticate(rule = "reading", policy = "policies/hs256.yaml")]
async fn other_named(State(reached): State<Reached>) -> &'static str {
    reached.note("other_named")
}

#[public(reason = "knows some", identity = jwt, policy = "policies/hs256.yaml")]
async fn other_known(State(reached): State<Reached>) -> &'static str {
    reached.note("other_known")
}

async fn engine() -> Auth {
    let builder = Auth::from_policy(policy!("../policies/test.yaml"));
    let builder = builder.keys("jwt", forge::own_keys()).keys("partner", forge::p256_keys());
    builder.store(Arc::new(MemoryStore::new())).build().await.unwrap()
}

/// Holds the message against its form, the column aside.
fn names(message: &str, handler: &str, line: u32) {
    let place = format!("`suite::http::protect::{handler}`, routed at {}:{line}:", file!());
    let rest = message.strip_prefix(&place).unwrap_or_else(|| panic!("{message}"));
    let (column, rest) = rest.split_once(", ").unwrap();
    assert!(column.parse::<u32>().is_ok());
    let expected = "was compiled against a policy with other scopes, roles, schemes or rules than \
                    `policies/test.yaml`, which the engine runs: build both from the same policy file";
    assert_eq!(rest, expected);
}

#[tokio::test]
async fn z2_a_handler_of_another_policy_is_refused_by_name_and_place() {
    let mixed = |bad| {
        Router::new().route("/", get(guarded).post(write)).merge(bad).with_state(Reached::default())
    };
    let (bad, line) = (Router::new().route("/other", get(other)), line!());
    let refused = mixed(bad).try_protect(engine().await).unwrap_err();
    names(&refused.to_string(), "other", line);

    let (bad, line) = (Router::new().nest("/n", Router::new().fallback(other_known)), line!());
    let refused = mixed(bad).try_protect(engine().await).unwrap_err();
    names(&refused.to_string(), "other_known", line);
}

#[tokio::test]
async fn z2_protect_panics_with_the_same_words() {
    let auth = engine().await;
    let line = line!() + 1;
    let routes = || Router::new().route("/other", post(other)).with_state(Reached::default());
    let panic = catch_unwind(AssertUnwindSafe(|| routes().protect(auth.clone()))).unwrap_err();
    names(&panic.downcast::<String>().unwrap(), "other", line);
}

#[tokio::test]
async fn z2_handlers_of_the_engines_own_policy_and_plain_public_ones_are_taken() {
    let routes = Router::new().route("/", get(guarded).post(write)).route("/open", get(open));
    let protected = routes.with_state(Reached::default()).try_protect(engine().await).unwrap();
    assert_eq!(protected.inventory().endpoints().len(), 3);
}

/// A foreign router is in no inventory, so its handlers are compared when they are called.
#[tokio::test]
async fn z2_a_handler_of_another_policy_in_a_foreign_router_lets_nobody_in() {
    let theirs = axum::Router::new()
        .route("/guarded", axum::routing::get(guarded))
        .route("/other", axum::routing::get(other))
        .route("/named", axum::routing::get(other_named))
        .route("/known", axum::routing::get(other_known));
    let door = Door::of(Router::new().merge_unguarded(theirs, "routed elsewhere")).await;
    let own = door.token(&["reader"]);
    let pen = forge::Pen::Hmac(forge::SECRET);
    let header = forge::header("HS256", pen).to_string();
    let theirs = forge::token(header, forge::own_claims().to_string(), pen);
    for path in ["/other", "/named", "/known"] {
        for request in [
            ask("GET", path),
            ask("GET", path).bearer(&own),
            ask("GET", path).bearer(&theirs),
            ask("GET", path).header("x-api-key", "k"),
        ] {
            let answer = door.send(request).await;
            assert_eq!((answer.status, answer.code().as_str()), (500, "internal"), "{path}");
            let event = door.audit.only();
            assert_eq!((event.decision, event.rule), (Decision::Error, None), "{path}");
            assert_eq!(event.cause.as_deref(), Some("other-policy"));
        }
    }
    assert_eq!(door.reached.take(), [""; 0]);
    // One of the engine's own policy is guarded there as anywhere.
    assert_eq!(door.send(ask("GET", "/guarded")).await.status, 401);
    assert_eq!(door.send(ask("GET", "/guarded").bearer(&own)).await.status, 200);
}

/// Sends nothing.
#[derive(Debug)]
struct Nowhere;

impl Notifier for Nowhere {
    fn password_reset<'a>(
        &'a self,
        _: &'a Account,
        _: &'a Secret,
    ) -> Pin<Box<dyn Future<Output = Result<(), NotifyError>> + Send + 'a>> {
        Box::pin(async { Ok(()) })
    }
}

/// RL6: what this crate brings and strangers may call is not served without a limit.
#[tokio::test]
async fn rl6_endpoints_that_nothing_limits_are_refused_at_start_all_at_once() {
    let builder = Auth::from_policy(policy!("policies/limits.yaml")).keys("jwt", forge::own_keys());
    let auth = builder.store(Arc::new(MemoryStore::new())).build().await.unwrap();
    let hasher = Hasher::new(auth.policy().passwords()).unwrap();
    let tokens = Tokens::new(auth.clone()).await.unwrap();
    let accounts = AccountEndpoints::new(tokens, hasher.clone()).unwrap();
    let sign_in = PasswordSignIn::new(auth.clone(), hasher).unwrap();
    let refused = |routes: Router| routes.try_protect(auth.clone()).unwrap_err().to_string();

    let help = "name one of its `limits` for each kind, ";
    assert_eq!(
        refused(session::router(sign_in)),
        format!(
            "nothing in `tests/policies/limits.yaml` limits how often strangers call \
             `POST /session`, `POST /session/reauth`: {help}`endpoints: {{ login: {{ limit: .. }} }}`"
        )
    );
    let all = accounts.clone().resets(Arc::new(Nowhere)).unwrap();
    assert_eq!(
        refused(Router::new().nest("/auth", all.router())),
        format!(
            "nothing in `tests/policies/limits.yaml` limits how often strangers call \
             `POST /auth/login`, `POST /auth/refresh`, `POST /auth/password`, \
             `POST /auth/password/reset`, `POST /auth/password/reset/confirm`: {help}`endpoints: \
             {{ login: {{ limit: .. }}, reset: {{ limit: .. }}, refresh: {{ limit: .. }} }}`"
        )
    );
    // What is not mounted needs none.
    assert!(!refused(accounts.router()).contains("reset"));
    let panic = catch_unwind(AssertUnwindSafe(|| {
        let sign_in =
            PasswordSignIn::new(auth.clone(), Hasher::new(auth.policy().passwords()).unwrap());
        session::router(sign_in.unwrap()).protect(auth.clone())
    }));
    let panic = panic.unwrap_err().downcast::<String>().unwrap();
    assert!(panic.starts_with("nothing in `tests/policies/limits.yaml` limits"), "{panic}");
}
