//! Requests for consent: who is asked, what of, and what a client is told that asked wrongly.

use auth_runtime::policy_types::GrantType;
use axum::{body::Body, http::Request};
use serde_json::json;

use super::{
    browser::{CHALLENGE, VERIFIER, asking},
    world::{CALLBACK, World, app},
};

#[tokio::test]
async fn m06_the_page_shows_who_asks_whom_for_what() {
    let world = World::new().await;
    world.app("app").await;
    let browser = world.browser("ada", "author").await;
    let page = browser.asks(&world, &asking("app").with("scope", "write:posts read:posts")).await;
    let shown = page.json();
    assert_eq!((&shown["client"], &shown["user"]), (&json!("An <app>"), &json!("ada")));
    let described = json!([["read:posts", "Read posts"], ["write:posts", "Create and edit posts"]]);
    assert_eq!(shown["scopes"], described);
    assert_eq!(shown["form_action"], "'self' https://app.example");
    assert!(world.events.causes("consent.given").is_empty());
}

#[tokio::test]
async fn h1_nobody_frames_the_page_or_keeps_it() {
    let world = World::new().await;
    world.app("app").await;
    let browser = world.browser("ada", "author").await;
    let page = browser.asks(&world, &asking("app")).await;
    assert_eq!(page.headers["x-frame-options"], "DENY");
    let policies: Vec<_> = page.headers.get_all("content-security-policy").iter().collect();
    let strict = "default-src 'none'; form-action 'self' https://app.example";
    assert_eq!(policies, [strict, "frame-ancestors 'none'"]);
    assert_eq!(page.headers["cache-control"], "no-store");
    assert_eq!(page.headers["referrer-policy"], "no-referrer");
}

/// An address with a code, and a page with a token: whatever the policy says of others.
#[tokio::test]
async fn h1_no_answer_tells_another_site_where_it_came_from() {
    let world = World::new().await;
    world.app("app").await;
    let browser = world.browser("ada", "author").await;
    let page = browser.asks(&world, &asking("app")).await;
    let path = asking("app").path();
    for answer in [
        browser.decides(&world, &page, "allow").await,
        browser.asks(&world, &asking("app").with("scope", "x")).await,
        browser.asks(&world, &asking("nobody")).await,
        browser.posts(&world, &[("csrf_token", "x")]).await,
        world.get(&path).await,
        world.asks("POST", &path, "x").await,
        page,
    ] {
        let said = |name: &str| answer.headers.get(name).map(|value| value.to_str().unwrap());
        let found = (said("referrer-policy"), said("cache-control"));
        assert_eq!(found, (Some("no-referrer"), Some("no-store")), "{answer:?}");
    }
}

/// A page of another origin that could read the page could read its token (RFC 9700, section 2.6).
#[tokio::test]
async fn c6_no_page_of_another_origin_reads_the_page() {
    let world = World::new().await;
    world.app("app").await;
    let browser = world.browser("ada", "author").await;
    let path = asking("app").path();
    let from = |method: &str, path: &str| {
        let request = Request::builder().method(method).uri(path).header("cookie", &browser.cookie);
        let request = request.header("origin", "https://spa.example");
        let request = request.header("access-control-request-method", "POST");
        request.body(Body::empty()).unwrap()
    };
    let shown = async |method: &str, path: &str| {
        let answer = world.send(from(method, path)).await;
        let headers = answer.headers.keys();
        (answer.status, headers.filter(|name| name.as_str().starts_with("access-control")).count())
    };
    assert_eq!(shown("GET", &path).await, (200, 0));
    assert_eq!(shown("GET", "/oauth/authorize").await, (400, 0));
    assert_eq!(shown("OPTIONS", &path).await, (405, 0));
    assert_eq!(shown("POST", "/oauth/authorize").await.1, 0);
    // Elsewhere the policy says who may.
    for (method, path) in [("OPTIONS", "/oauth/token"), ("GET", "/whoever"), ("GET", "/nowhere")] {
        assert_ne!(shown(method, path).await.1, 0, "{method} {path}");
    }
}

#[tokio::test]
async fn m06_whoever_is_not_signed_in_signs_in_first_and_comes_back() {
    let world = World::new().await;
    world.app("app").await;
    let browser = world.browser("ada", "author").await;
    // With an error as well: nobody is sent to a client's page who has not signed in here.
    for asking in [asking("app"), asking("app").with("response_type", "token")] {
        // What is refused is not lost on the way, or it would be let through after it.
        let asking = asking.with("unknown", "x").with("response_mode", "query");
        let asking =
            asking.with("request", "e30").with("request_uri", "urn:x").with("max_age", "9");
        for cookie in ["", "__Host-session=aaaa.bbbb.cccc"] {
            let nobody = super::browser::Browser {
                account: browser.account.clone(),
                cookie: cookie.to_owned(),
            };
            let answer = nobody.asks(&world, &asking).await;
            assert_eq!(answer.status, 303, "{answer:?}");
            let next = answer.location().strip_prefix("/login?").unwrap();
            let next: Vec<(String, String)> = serde_urlencoded::from_str(next).unwrap();
            let [(name, back)] = next.as_slice() else { panic!("{next:?}") };
            assert_eq!(name, "next");
            // What comes back is what was asked, without what means nothing here.
            let query = back.strip_prefix("/oauth/authorize?").unwrap();
            let mut query: Vec<(String, String)> = serde_urlencoded::from_str(query).unwrap();
            let mut asked = asking.without("unknown").0;
            query.sort();
            asked.sort();
            assert_eq!(query, asked);
        }
    }
}

/// Each mistake, and what the client is told.
#[tokio::test]
async fn ot4_ot5_a_client_that_asks_wrongly_is_told_so_with_its_state_and_our_name() {
    let world = World::new().await;
    world.app("app").await;
    let itself = app("svc").grants([GrantType::ClientCredentials, GrantType::RefreshToken]);
    world.clients.register(itself).await.unwrap();
    let browser = world.browser("ada", "author").await;
    let good = asking("app");
    for (asking, error) in [
        (good.without("response_type"), "invalid_request"),
        (good.with("response_type", "token"), "unsupported_response_type"),
        (good.with("response_type", "code id_token"), "unsupported_response_type"),
        (good.with("response_mode", "fragment"), "invalid_request"),
        (good.with("request", "e30.e30."), "request_not_supported"),
        (good.with("request_uri", "https://evil.example/r"), "request_uri_not_supported"),
        (good.with("client_id", "svc"), "unauthorized_client"),
        (good.without("code_challenge"), "invalid_request"),
        (good.without("code_challenge").without("code_challenge_method"), "invalid_request"),
        (good.without("code_challenge_method"), "invalid_request"),
        (good.with("code_challenge_method", "plain"), "invalid_request"),
        (
            good.with("code_challenge", VERIFIER).with("code_challenge_method", "plain"),
            "invalid_request",
        ),
        (good.with("code_challenge", &CHALLENGE[1..]), "invalid_request"),
        (good.with("code_challenge", &format!("{CHALLENGE}=")), "invalid_request"),
        (good.with("code_challenge", &CHALLENGE.replace('-', "+")), "invalid_request"),
        (good.with("scope", "read:mail"), "invalid_scope"),
        (good.with("scope", "read:posts  write:posts"), "invalid_scope"),
        (good.with("scope", "delete:posts"), "invalid_scope"),
        (good.with("max_age", "soon"), "invalid_request"),
        (good.with("max_age", "-1"), "invalid_request"),
        (good.with("max_age", "+1"), "invalid_request"),
    ] {
        let told = browser.asks(&world, &asking).await.told();
        assert_eq!(told["error"], error, "{asking:?}");
        assert_eq!(told["state"], "st&te=1");
        assert_eq!(told["iss"], "https://issuer.example");
        assert!(!told.contains_key("code"));
    }
    let without = browser.asks(&world, &good.without("state").with("scope", "x")).await.told();
    assert!(!without.contains_key("state"));
    let causes = world.events.causes("code.issued");
    for cause in ["request-malformed", "grant-not-registered", "scope-not-to-be-had"] {
        assert!(causes.iter().any(|seen| seen == cause), "{cause}: {causes:?}");
    }
}

#[tokio::test]
async fn j16_a_sign_in_that_the_client_finds_too_old_is_made_anew() {
    let world = World::new().await;
    world.app("app").await;
    let browser = world.browser("ada", "author").await;
    let asking = asking("app").with("max_age", "300");
    world.clock.advance(299);
    assert_eq!(browser.asks(&world, &asking).await.status, 200);
    world.clock.advance(1);
    let answer = browser.asks(&world, &asking).await;
    assert_eq!(answer.status, 303);
    assert!(answer.location().starts_with("/login?next="), "{}", answer.location());
    assert!(answer.location().contains("max_age%3D300"));
    // What nobody could be in time for counts as half a minute.
    let again = super::browser::Browser {
        cookie: sign_in_again(&world, &browser).await,
        account: browser.account.clone(),
    };
    world.clock.advance(29);
    assert_eq!(again.asks(&world, &asking.with("max_age", "0")).await.status, 200);
    world.clock.advance(1);
    assert_eq!(again.asks(&world, &asking.with("max_age", "0")).await.status, 303);
    // A clock that was set back makes no sign-in more recent than it was.
    world.clock.advance(-100);
    assert_eq!(again.asks(&world, &asking).await.status, 303);
}

/// The page may stay open for long before somebody decides.
#[tokio::test]
async fn j16_a_sign_in_that_has_become_too_old_at_the_page_is_made_anew() {
    let world = World::new().await;
    world.app("app").await;
    let browser = world.browser("ada", "author").await;
    let page = browser.asks(&world, &asking("app").with("max_age", "300")).await;
    world.clock.advance(301);
    let late = browser.decides(&world, &page, "allow").await;
    assert!(late.location().starts_with("/login?next="), "{late:?}");
    assert!(late.location().contains("max_age%3D300"), "{late:?}");
    assert_eq!(browser.decides(&world, &page, "deny").await.told()["error"], "access_denied");
    assert!(world.events.kinds("consent.given").is_empty());
}

async fn sign_in_again(world: &World, browser: &super::browser::Browser) -> String {
    let sessions = world.auth.sessions().unwrap();
    let begun = sessions.begin(&browser.account, &Default::default()).await.unwrap();
    begun.set_cookie.to_str().unwrap().split(';').next().unwrap().to_owned()
}

#[tokio::test]
async fn m06_prompt_means_nothing_and_consent_is_asked_for_each_time() {
    let world = World::new().await;
    world.app("app").await;
    let browser = world.browser("ada", "author").await;
    browser.code(&world, &asking("app")).await;
    for prompt in ["none", "login", "consent", "select_account"] {
        let page = browser.asks(&world, &asking("app").with("prompt", prompt)).await;
        assert_eq!(page.json()["client"], "An <app>", "{prompt}");
    }
}

#[tokio::test]
async fn e4_a_store_that_is_down_lets_nobody_in_and_sends_nobody_on() {
    let world = World::new().await;
    world.app("app").await;
    let browser = world.browser("ada", "author").await;
    let page = browser.asks(&world, &asking("app")).await;
    world.store.set_down(true);
    for answer in
        [browser.asks(&world, &asking("app")).await, browser.decides(&world, &page, "allow").await]
    {
        assert_eq!((answer.status, answer.location()), (503, ""));
    }
    world.store.set_down(false);
    let told = browser.decides(&world, &page, "allow").await;
    assert!(told.location().starts_with(CALLBACK));
}

/// Chromium holds a redirect to the `form-action` of the page whose form led to it, and the page to
/// sign in with names nobody else's.
#[tokio::test]
async fn m06_a_mistake_after_a_sign_in_is_told_by_a_page_that_leads_on() {
    let world = World::new().await;
    world.app("app").await;
    let browser = world.browser("ada", "author").await;
    let mistaken = asking("app").with("scope", "read:mail");
    let request = |site: &str| {
        let request = Request::get(mistaken.path()).header("cookie", &browser.cookie);
        request.header("sec-fetch-site", site).body(Body::empty()).unwrap()
    };
    let page = world.send(request("same-origin")).await;
    assert_eq!((page.status, page.location()), (200, ""));
    let refresh = page.headers["refresh"].to_str().unwrap();
    let onward = refresh.strip_prefix("0; url=").unwrap();
    assert_eq!(page.headers["cache-control"], "no-store");
    for site in ["cross-site", "none", "same-site"] {
        let answer = world.send(request(site)).await;
        assert_eq!((answer.status, answer.location()), (303, onward), "{site}");
    }
}

#[tokio::test]
async fn rl6_whoever_asks_is_counted_like_clients_that_get_tokens() {
    let world = World::new().await;
    world.app("app").await;
    let browser = world.browser("ada", "author").await;
    let mut last = browser.asks(&world, &asking("app")).await;
    let token = last.json()["fields"][0][1].as_str().unwrap().to_owned();
    for _ in 0..200 {
        last = world.get(&asking("nobody").path()).await;
    }
    assert_eq!((last.status, last.text("code")), (429, "quota_exceeded".to_owned()));
    let page = browser.asks(&world, &asking("app")).await;
    assert_eq!(page.status, 429);
    assert_eq!(browser.posts(&world, &[("csrf_token", &token)]).await.status, 429);
}
