//! C6: CORS as browsers apply it. The rules are those of the Fetch standard (CORS check, and
//! CORS-preflight fetch), written down here a second time, as a browser has them.

use super::{
    super::fixture::{Answer, Ask, Door, ask},
    bare, door, full,
};

/// How a page asks.
#[derive(Clone, Copy, Debug)]
struct Page {
    origin: &'static str,
    /// `fetch(.., { credentials: "include" })`: cookies go along.
    credentials: bool,
}

const APP: Page = Page { origin: "https://app.example", credentials: false };
const WITH_COOKIES: Page = Page { credentials: true, ..APP };

impl Answer {
    fn said(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }

    fn lists(&self, name: &str, word: &str) -> bool {
        let list = self.said(name).unwrap_or_default();
        list.split(',').any(|one| one.trim().eq_ignore_ascii_case(word))
    }

    /// The CORS check: whether a browser shows this answer to the page.
    fn is_shown_to(&self, page: Page) -> bool {
        let shown = match self.said("access-control-allow-origin") {
            Some("*") => !page.credentials,
            said => said == Some(page.origin),
        };
        let allowed = self.said("access-control-allow-credentials") == Some("true");
        shown && (!page.credentials || allowed)
    }
}

/// What a browser sends before the page's request.
fn preflight(page: Page, path: &str, method: &str, headers: &[&str]) -> Ask {
    let ask = ask("OPTIONS", path)
        .header("origin", page.origin)
        .header("access-control-request-method", method);
    match headers {
        [] => ask,
        headers => ask.header("access-control-request-headers", headers.join(",")),
    }
}

/// Whether a browser goes on to send the page's request.
async fn goes_on(door: &Door, page: Page, path: &str, method: &str, headers: &[&str]) -> bool {
    let answer = door.send(preflight(page, path, method, headers)).await;
    let simple = ["GET", "HEAD", "POST"].contains(&method);
    (200..300).contains(&answer.status)
        && answer.is_shown_to(page)
        && (simple || answer.lists("access-control-allow-methods", method))
        && headers.iter().all(|name| answer.lists("access-control-allow-headers", name))
}

#[tokio::test]
async fn c6_a_browser_goes_on_for_what_the_policy_lists_and_for_nothing_else() {
    let door = door(full()).await;
    let at = |origin| Page { origin, credentials: true };
    for (page, method, headers, expected) in [
        (WITH_COOKIES, "PUT", &["authorization", "content-type"][..], true),
        (WITH_COOKIES, "DELETE", &[], true),
        (at("http://localhost:3000"), "GET", &["authorization"], true),
        (APP, "PUT", &["authorization"], true),
        (WITH_COOKIES, "PATCH", &[], false),
        (WITH_COOKIES, "put", &[], false),
        (WITH_COOKIES, "TRACE", &[], false),
        (WITH_COOKIES, "PUT", &["x-csrf-token"], false),
        (WITH_COOKIES, "PUT", &["authorization", "x-other"], false),
        // What is nearly the origin is another one.
        (at("http://app.example"), "PUT", &[], false),
        (at("https://app.example:443"), "PUT", &[], false),
        (at("https://app.example:8443"), "PUT", &[], false),
        (at("https://app.example."), "PUT", &[], false),
        (at("https://APP.example"), "PUT", &[], false),
        (at("https://evil.app.example"), "PUT", &[], false),
        (at("https://app.example.evil"), "PUT", &[], false),
        (at("https://evil.example"), "PUT", &[], false),
        (at("http://localhost:3001"), "GET", &["authorization"], false),
        (at("null"), "PUT", &[], false),
        (at("*"), "PUT", &[], false),
        (at(""), "PUT", &[], false),
    ] {
        let found = goes_on(&door, page, "/guarded", method, headers).await;
        // A browser sends `put` as it stands, and the list has `PUT`.
        let found = found && method != "put";
        assert_eq!(found, expected, "{page:?} {method} {headers:?}");
    }
    assert_eq!(door.reached.take(), [""; 0], "no preflight reaches a handler");
    assert!(door.audit.take().is_empty(), "nor a guard");
}

#[tokio::test]
async fn c6_a_preflight_needs_no_credential_and_tells_nothing_of_paths() {
    let door = door(full()).await;
    let known = door.send(preflight(APP, "/guarded", "PUT", &["authorization"])).await;
    assert_eq!(known.status, 200);
    assert_eq!(known.said("access-control-max-age"), Some("7200"));
    assert!(known.body.is_empty() && known.challenges().is_empty());
    for path in ["/nowhere", "/open", "/admin?x=1"] {
        assert_eq!(door.send(preflight(APP, path, "PUT", &["authorization"])).await, known);
    }
}

#[tokio::test]
async fn c6_without_credentials_in_the_policy_cookies_stay_at_home() {
    let door = door(bare()).await;
    assert!(goes_on(&door, APP, "/guarded", "GET", &["authorization"]).await);
    assert!(!goes_on(&door, WITH_COOKIES, "/guarded", "GET", &["authorization"]).await);
    assert!(
        !goes_on(&door, APP, "/guarded", "DELETE", &[]).await,
        "the default is what is harmless"
    );
    let answer = door.send(ask("GET", "/open").header("origin", APP.origin)).await;
    assert!(answer.is_shown_to(APP) && !answer.is_shown_to(WITH_COOKIES));
    assert_eq!(answer.said("access-control-allow-credentials"), None);
}

/// A page that cannot read why it was refused asks its user to try again.
#[tokio::test]
async fn c6_refusals_are_shown_to_the_page_as_well() {
    let door = door(full()).await;
    let token = door.token(&["reader"]);
    for (status, request) in [
        (200, ask("GET", "/guarded").bearer(&token)),
        (401, ask("GET", "/guarded")),
        (401, ask("GET", "/guarded").bearer("bad")),
        (403, ask("GET", "/guarded").bearer(door.token(&[]))),
        (404, ask("GET", "/nowhere")),
        (405, ask("POST", "/open")),
        (413, ask("POST", "/takes").body("application/json", " ".repeat(3 << 20))),
        (500, ask("GET", "/breaks")),
    ] {
        let answer = door.send(request.header("origin", APP.origin)).await;
        assert_eq!(answer.status, status);
        assert!(answer.is_shown_to(WITH_COOKIES), "{status}: {:?}", answer.headers);
        assert_eq!(answer.said("access-control-expose-headers"), Some("etag"));
        assert!(answer.lists("vary", "origin"), "{status}");
    }
}

#[tokio::test]
async fn c6_nobody_else_is_shown_anything_and_no_star_is_ever_sent() {
    let door = door(full()).await;
    for origin in ["https://evil.example", "null", "https://app.example, https://evil.example", ""]
    {
        for request in [
            ask("GET", "/open"),
            ask("GET", "/guarded"),
            ask("OPTIONS", "/open").header("access-control-request-method", "PUT"),
        ] {
            let answer = door.send(request.header("origin", origin)).await;
            assert_eq!(answer.said("access-control-allow-origin"), None, "{origin}");
            assert!(answer.lists("vary", "origin"), "a cache keeps it for nobody else");
            assert!(answer.headers.values().all(|value| value != "*"), "{:?}", answer.headers);
        }
    }
    let answer = door.send(ask("GET", "/open")).await;
    assert_eq!(answer.said("access-control-allow-origin"), None, "nobody asked");
    assert!(answer.lists("vary", "origin"), "and the next one may");
    // Of two origins neither is told what the other may be.
    let two = ask("GET", "/open").header("origin", "https://evil.example");
    let answer = door.send(two.header("origin", APP.origin)).await;
    assert!(!answer.is_shown_to(APP));
}

#[tokio::test]
async fn c6_vary_is_added_to_what_a_page_says_of_itself() {
    let answer = door(full()).await.send(ask("GET", "/page").header("origin", APP.origin)).await;
    let vary: Vec<_> = answer.headers.get_all("vary").iter().collect();
    assert!(vary.iter().any(|value| *value == "Accept"), "{vary:?}");
    assert!(vary.iter().any(|value| *value == "origin"), "{vary:?}");
}

#[tokio::test]
async fn c6_an_options_that_is_no_preflight_goes_to_its_handler() {
    let door = door(full()).await;
    for request in [
        ask("OPTIONS", "/open"),
        ask("OPTIONS", "/open").header("origin", APP.origin),
        ask("OPTIONS", "/open").header("access-control-request-method", "PUT"),
    ] {
        assert_eq!(door.send(request).await.text(), "options");
        assert_eq!(door.reached.take(), ["options"]);
    }
    assert_eq!(door.send(ask("OPTIONS", "/guarded")).await.status, 405);
}
