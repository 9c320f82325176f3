//! C1, C4, E5: any bytes where a page, a host and a token are named. No panic, and nobody gets in
//! without the token.

use std::sync::LazyLock;

use proptest::prelude::*;
use tokio::runtime::{Builder, Runtime};

use super::site::{Ask, FORM, Site, ask};

static SITE: LazyLock<(Runtime, Site)> = LazyLock::new(|| {
    let runtime = Builder::new_multi_thread().worker_threads(1).build().unwrap();
    let site = runtime.block_on(Site::new());
    (runtime, site)
});

fn status(request: Ask) -> u16 {
    let (runtime, site) = &*SITE;
    runtime.block_on(site.status(request))
}

/// What a header value may hold, and what is nearly right.
fn value() -> impl Strategy<Value = Vec<u8>> {
    let byte = prop_oneof![Just(b'\t'), 0x20..=0x7e_u8, 0x80..=0xff_u8];
    prop_oneof![
        proptest::collection::vec(byte, 0..60),
        "(same-origin|none|same-site|null)?[ ,]?(https?://)?[a-zB.:@/\\[\\]0-9-]{0,20}"
            .prop_map(String::into_bytes),
        "(https://)?blog\\.example(:[0-9+-]{0,6})?".prop_map(String::into_bytes),
        Just(b"same-origin".to_vec()),
    ]
}

/// Headers that the check reads, some of them several times; never the right token.
fn headers() -> impl Strategy<Value = Vec<(&'static str, Vec<u8>)>> {
    let names =
        ["sec-fetch-site", "origin", "host", "x-csrf-token", "referer", "x-http-method-override"];
    proptest::collection::vec((prop::sample::select(names.to_vec()), value()), 0..6)
}

fn dressed(request: Ask, headers: Vec<(&'static str, Vec<u8>)>) -> Ask {
    headers.into_iter().fold(request, |request, (name, value)| request.header(name, value))
}

proptest! {
    #[test]
    fn c1_c4_e5_nothing_but_the_token_lets_a_cookie_write(
        method in "POST|PUT|PATCH|DELETE|[A-Z]{1,8}",
        headers in headers(),
    ) {
        let safe = ["GET", "HEAD", "OPTIONS", "TRACE"].contains(&method.as_str());
        let request = ask(&method, "/write").cookie(&SITE.1.alice.access);
        let expected = if safe { 200 } else { 403 };
        // CONNECT is no request for a path.
        prop_assume!(method != "CONNECT");
        prop_assert_eq!(status(dressed(request, headers)), expected);
    }

    #[test]
    fn c4_e5_any_form_without_the_token_is_refused(
        headers in headers(),
        body in prop_oneof!["\\PC{0,80}", "(csrf_token|title|%|=|&|csrf%5ftoken|\\+|a){0,12}"],
    ) {
        let request = ask("POST", "/form").cookie(&SITE.1.alice.access).body(FORM, body);
        prop_assert_eq!(status(dressed(request, headers)), 403);
    }

    #[test]
    fn c5_e5_a_sign_in_is_let_in_or_refused_and_never_fails(headers in headers()) {
        let request = ask("POST", "/sign-in-form").body(FORM, "title=a");
        prop_assert!([200, 403].contains(&status(dressed(request, headers))));
    }
}
