//! E5: any bytes in any header. No panic, and nobody gets in.

use std::sync::LazyLock;

use auth_runtime::{
    Identity, Router, authenticate, public,
    routing::{get, post},
};
use axum::extract::State;
use proptest::prelude::*;
use tokio::runtime::{Builder, Runtime};

use super::{
    fixture::{Ask, Door, Reached, ask, guarded, write},
    forge,
};

#[authenticate(jwt | partner | api_key | session, scopes = "read:posts")]
async fn all(State(reached): State<Reached>) -> &'static str {
    reached.note("all")
}

#[public(reason = "knows some", identity = jwt | partner | session)]
async fn known(State(reached): State<Reached>, caller: Option<Identity>) -> String {
    reached.note("known");
    caller.map(|caller| caller.subject().id.to_string()).unwrap_or_default()
}

static DOOR: LazyLock<(Runtime, Door)> = LazyLock::new(|| {
    let runtime = Builder::new_multi_thread().worker_threads(1).build().unwrap();
    let routes = Router::new()
        .route("/guarded", get(guarded))
        .route("/all", get(all))
        .route("/known", get(known))
        .route("/write", post(write));
    let door = runtime.block_on(Door::of(routes));
    (runtime, door)
});

/// What a header value may hold: bytes without controls, tab aside (RFC 9110, section 5.5).
fn value() -> impl Strategy<Value = Vec<u8>> {
    let byte = prop_oneof![Just(b'\t'), 0x20..=0x7e_u8, 0x80..=0xff_u8];
    proptest::collection::vec(byte, 0..200)
}

fn name() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec![
        "authorization",
        "cookie",
        "x-api-key",
        "host",
        "x-request-id",
        "content-type",
        "content-length",
        "accept",
        "origin",
        "sec-fetch-site",
        "forwarded",
        "x-forwarded-for",
        "x-user-id",
        "x-http-method-override",
        "expect",
        "te",
        "dpop",
    ])
}

/// Text that looks like a token in places, so that more than the first check is met.
fn nearly_a_token() -> impl Strategy<Value = Vec<u8>> {
    let good = forge::own(&forge::own_header(), &forge::own_claims());
    let places = 0..good.len();
    prop_oneof![
        (places.clone(), any::<char>()).prop_map({
            let good = good.clone();
            move |(at, c)| [&good[..at], &c.to_string(), &good[at + 1..]].concat().into_bytes()
        }),
        places.prop_map(move |at| good.as_bytes()[..at].to_vec()),
        "[A-Za-z0-9_-]{0,40}(\\.[A-Za-z0-9_-]{0,40}){0,4}".prop_map(String::into_bytes),
        ("\\PC{0,60}", "\\PC{0,60}").prop_map(|(header, payload)| {
            forge::token(header, payload, forge::Pen::Ed25519).into_bytes()
        }),
    ]
}

/// A value that is no value of HTTP is refused before anything of ours sees it.
fn add(request: Ask, name: &'static str, value: &[u8]) -> Ask {
    let sendable = axum::http::HeaderValue::from_bytes(value).is_ok();
    if sendable { request.header(name, value) } else { request }
}

/// Sends it to every door: not one opens, and every answer is one of those there are.
fn opens_nothing(headers: &[(&'static str, Vec<u8>)]) {
    let (runtime, door) = &*DOOR;
    for (method, path) in
        [("GET", "/guarded"), ("GET", "/all"), ("GET", "/known"), ("POST", "/write")]
    {
        let request = headers
            .iter()
            .fold(ask(method, path), |request, (name, value)| add(request, name, value));
        let answer = runtime.block_on(door.send(request));
        let status = answer.status;
        if path == "/known" {
            assert!([200, 400, 401].contains(&status), "{status}");
            assert!(status != 200 || answer.body.is_empty(), "nobody is known");
        } else {
            assert!([400, 401].contains(&status), "{path}: {status}");
        }
    }
}

proptest! {
    #[test]
    fn e5_random_bytes_in_any_headers_open_nothing(
        headers in proptest::collection::vec((name(), value()), 0..8),
    ) {
        opens_nothing(&headers);
    }

    #[test]
    fn e5_random_bytes_behind_bearer_open_nothing(token in value()) {
        opens_nothing(&[("authorization", [b"Bearer ", &token[..]].concat())]);
    }

    #[test]
    fn e5_what_is_nearly_a_token_opens_nothing(token in nearly_a_token()) {
        let good = forge::own(&forge::own_header(), &forge::own_claims());
        prop_assume!(token != good.as_bytes());
        opens_nothing(&[("authorization", [b"Bearer ", &token[..]].concat())]);
    }

    #[test]
    fn e5_random_cookies_open_nothing(
        cookies in proptest::collection::vec(("[a-zA-Z_-]{0,12}|__Host-session", value()), 0..5),
    ) {
        let cookies: Vec<_> = cookies
            .iter()
            .map(|(name, value)| [name.as_bytes(), b"=", value].concat())
            .collect();
        opens_nothing(&[("cookie", cookies.join(&b"; "[..]))]);
    }
}

/// The same doors do open: the properties above are not true for want of a way in.
#[test]
fn e5_a_good_token_opens_the_same_doors() {
    let (runtime, door) = &*DOOR;
    for (path, expected) in [("/guarded", "guarded"), ("/all", "all"), ("/known", "alice")] {
        let request = ask("GET", path).bearer(door.token(&["reader"]));
        let answer = runtime.block_on(door.send(request));
        assert_eq!((answer.status, answer.text()), (200, expected));
    }
}
