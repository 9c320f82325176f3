//! Where browsers are sent back to: an address that the client registered, to the byte, or nowhere.

use auth_runtime::oauth::{ClientError, NewClient};
use axum::{body::Body, http::Request};

use super::{
    browser::{Browser, asking},
    world::{Answer, World, app},
};

/// Registered, with all that an address may have.
const REGISTERED: &str = "https://app.example/callback?tenant=7";

/// What has passed for it elsewhere.
const NEAR_MISSES: [&str; 24] = [
    "https://app.example/callback",
    "https://app.example/callback?tenant=7&",
    "https://app.example/callback?tenant=7&x=1",
    "https://app.example/callback?tenant=8",
    "https://app.example/callback?tenant=%37",
    "https://app.example/callback?tenant=7#",
    "https://app.example/callback?tenant=7#x",
    "https://app.example/callback/?tenant=7",
    "https://app.example/callback%2F?tenant=7",
    "https://app.example/callback/../callback?tenant=7",
    "https://app.example/./callback?tenant=7",
    "https://app.example//callback?tenant=7",
    "https://app.example/Callback?tenant=7",
    "https://APP.example/callback?tenant=7",
    "HTTPS://app.example/callback?tenant=7",
    "https://app.example:443/callback?tenant=7",
    "https://app.example./callback?tenant=7",
    "http://app.example/callback?tenant=7",
    "https://evil.app.example/callback?tenant=7",
    "https://app.example.evil.example/callback?tenant=7",
    "https://app.example@evil.example/callback?tenant=7",
    "https://evil.example/callback?tenant=7&https://app.example/callback?tenant=7",
    "https://app.example\\@evil.example/callback?tenant=7",
    " https://app.example/callback?tenant=7",
];

/// 400, and the browser stays where it is.
fn goes_nowhere(answer: &Answer, of: &str) {
    assert_eq!(answer.status, 400, "{of}: {answer:?}");
    assert_eq!(answer.text("code"), "invalid_authorization", "{of}");
    assert!(answer.location().is_empty() && !answer.body.contains("evil"), "{of}: {answer:?}");
    assert!(!answer.headers.contains_key("refresh"), "{of}");
}

async fn world() -> (World, Browser) {
    let world = World::new().await;
    world.clients.register(app("app").redirect_uris([REGISTERED])).await.unwrap();
    let browser = world.browser("ada", "author").await;
    (world, browser)
}

#[tokio::test]
async fn ot1_a_near_miss_is_no_address_of_the_client() {
    let (world, browser) = world().await;
    let good = asking("app").with("redirect_uri", REGISTERED);
    assert_eq!(browser.asks(&world, &good).await.status, 200);
    for uri in NEAR_MISSES {
        let near = good.with("redirect_uri", uri);
        goes_nowhere(&browser.asks(&world, &near).await, uri);
        // Nor is anybody sent there who has not signed in, or decided.
        goes_nowhere(&world.get(&near.path()).await, uri);
        let page = browser.asks(&world, &good).await;
        let fields = page.json()["fields"].clone();
        let fields: Vec<(String, String)> = serde_json::from_value(fields).unwrap();
        let mut fields: Vec<_> =
            fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        fields.iter_mut().filter(|(name, _)| *name == "redirect_uri").for_each(|it| it.1 = uri);
        for decision in ["allow", "deny"] {
            let decided = [fields.as_slice(), &[("decision", decision)]].concat();
            goes_nowhere(&browser.posts(&world, &decided).await, uri);
        }
    }
    let causes = world.events.causes("code.issued");
    assert_eq!(causes.len(), NEAR_MISSES.len() * 4);
    assert!(causes.iter().all(|cause| cause == "redirect-uri-not-its-own"), "{causes:?}");
}

#[tokio::test]
async fn ot1_a_client_that_is_not_known_sends_nobody_anywhere() {
    let (world, browser) = world().await;
    world.app("other").await;
    let good = asking("app").with("redirect_uri", REGISTERED);
    let error = good.with("response_type", "token");
    for (asking, cause) in [
        (good.without("redirect_uri"), "redirect-uri-not-its-own"),
        (good.with("redirect_uri", ""), "redirect-uri-not-its-own"),
        (good.with("client_id", "other"), "redirect-uri-not-its-own"),
        (good.with("client_id", "nobody"), "client-unknown"),
        (good.with("client_id", "APP"), "client-unknown"),
        (good.with("client_id", "app "), "client-unknown"),
        (good.without("client_id"), "client-unknown"),
        (error.with("client_id", "nobody"), "client-unknown"),
        (error.with("redirect_uri", "https://evil.example"), "redirect-uri-not-its-own"),
    ] {
        goes_nowhere(&browser.asks(&world, &asking).await, cause);
        assert_eq!(world.events.causes("code.issued").last().unwrap(), cause, "{asking:?}");
    }
    world.clients.set_disabled("app", true).await.unwrap();
    goes_nowhere(&browser.asks(&world, &good).await, "closed");
    world.clients.set_disabled("app", false).await.unwrap();
    world.clients.set_redirect_uris("app", Vec::new()).await.unwrap();
    goes_nowhere(&browser.asks(&world, &good).await, "without an address");
}

#[tokio::test]
async fn ot6_a_parameter_that_is_there_twice_is_400_and_goes_nowhere() {
    let (world, browser) = world().await;
    let good = asking("app").with("redirect_uri", REGISTERED);
    for (name, value) in good.0.clone() {
        let mut twice = good.clone();
        twice.0.push((name.clone(), value));
        goes_nowhere(&browser.asks(&world, &twice).await, &name);
    }
    let causes = world.events.causes("code.issued");
    assert!(causes.iter().all(|cause| cause == "parameter-twice"), "{causes:?}");
}

/// One that is too long, or would be once it has been written anew for the way back from signing in.
#[tokio::test]
async fn e5_a_request_that_is_too_long_goes_nowhere() {
    let (world, browser) = world().await;
    let path = asking("app").with("redirect_uri", REGISTERED).without("state").path();
    for state in ["x".repeat(9000), ":".repeat(3000)] {
        for cookie in [browser.cookie.as_str(), ""] {
            let request = Request::get(format!("{path}&state={state}")).header("cookie", cookie);
            let answer = world.send(request.body(Body::empty()).unwrap()).await;
            goes_nowhere(&answer, "too long");
        }
    }
    assert_eq!(world.events.causes("code.issued"), ["request-too-long"; 4]);
}

/// Signing in would not make it better.
#[tokio::test]
async fn k3_a_credential_in_the_address_goes_nowhere() {
    let (world, browser) = world().await;
    let good = asking("app").with("redirect_uri", REGISTERED);
    for asking in [good.with("state", "test_live_x"), good.with("access_token", "x")] {
        goes_nowhere(&browser.asks(&world, &asking).await, "with a key");
    }
    assert_eq!(world.events.causes("code.issued"), ["credential-in-url"; 2]);
}

#[tokio::test]
async fn ot1_only_addresses_that_are_safe_are_registered() {
    let world = World::new().await;
    world.app("app").await;
    for uri in ["http://app.example/cb", "https://app.example/#x", "javascript:alert(1)", "app:/cb"]
    {
        let bad = ClientError::BadRedirectUri(uri.to_owned());
        let refused = world.clients.register(app("bad").redirect_uris([uri])).await;
        assert_eq!(refused.unwrap_err(), bad);
        let changed = world.clients.set_redirect_uris("app", vec![uri.to_owned()]).await;
        assert_eq!(changed.unwrap_err(), bad);
    }
    let many = (0..21).map(|n| format!("https://app.example/{n}"));
    let refused = world.clients.register(NewClient::new("many", "x").redirect_uris(many)).await;
    assert_eq!(refused.unwrap_err(), ClientError::TooManyRedirectUris);
}
