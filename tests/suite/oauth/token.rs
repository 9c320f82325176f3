//! The token endpoint: who gets a token for itself, and the words in which others are refused.

use auth_runtime::{oauth::NewClient, policy_types::GrantType};
use axum::{body::Body, http::Request};
use serde_json::json;

use super::world::{World, basic, form};

const ITSELF: (&str, &str) = ("grant_type", "client_credentials");

#[tokio::test]
async fn m06_ot7_a_client_gets_a_token_for_itself() {
    let world = World::new().await;
    let client = world.client("svc").await;
    let answer = world.token(&client, &[ITSELF]).await;
    assert_eq!(
        (answer.status, &answer.headers["cache-control"]),
        (200, &"no-store".parse().unwrap())
    );
    let given = answer.json();
    assert_eq!(given["token_type"], "Bearer");
    assert_eq!(given["expires_in"], 900);
    assert_eq!(given["scope"], "read:posts write:posts");
    // RFC 6749, section 4.4.3: a client that can ask anew needs no refresh token.
    assert_eq!(given.get("refresh_token"), None);

    let token = answer.text("access_token");
    assert_eq!(world.asks("GET", "/read", &token).await.status, 200);
    assert_eq!(world.asks("POST", "/write", &token).await.status, 200);
    assert_eq!(world.events.causes("token.issued"), [""; 0]);
}

#[tokio::test]
async fn ot7_a_scope_is_granted_within_the_ceiling_or_not_at_all() {
    let world = World::new().await;
    let client = world.client("svc").await;
    let asked = async |scope: &str| world.token(&client, &[ITSELF, ("scope", scope)]).await;
    let narrowed = asked("read:posts").await;
    assert_eq!((narrowed.status, narrowed.text("scope")), (200, "read:posts".to_owned()));
    let token = narrowed.text("access_token");
    assert_eq!(world.asks("POST", "/write", &token).await.status, 403);
    assert_eq!(asked("write:posts read:posts").await.text("scope"), "read:posts write:posts");
    for scope in [
        "delete:posts",
        "read:posts delete:posts",
        "read:*",
        "read:posts  write:posts",
        "READ:posts",
        " read:posts",
        "read:posts,write:posts",
        "nothing",
    ] {
        let refusal = asked(scope).await.refusal();
        assert_eq!(refusal, (400, "invalid_scope".to_owned()), "{scope}");
    }
    assert_eq!(asked("").await.text("scope"), "read:posts write:posts", "as if it were not there");
}

#[tokio::test]
async fn ot6_a_client_shows_in_one_way_who_it_is() {
    let world = World::new().await;
    let (client, secret) = world.client("svc").await;
    let (id, other) = (client.id.as_str(), "not-the-secret");
    let good = basic(id, &secret);
    let in_body = [ITSELF, ("client_id", id), ("client_secret", &secret)];

    assert_eq!(world.form("/oauth/token", None, &in_body).await.status, 200);
    assert_eq!(world.form("/oauth/token", Some(&good), &[ITSELF]).await.status, 200);
    let named = [ITSELF, ("client_id", id)];
    assert_eq!(world.form("/oauth/token", Some(&good), &named).await.status, 200);

    let both = world.form("/oauth/token", Some(&good), &in_body).await;
    assert_eq!(both.refusal(), (400, "invalid_request".to_owned()));
    let two_names = world.form("/oauth/token", Some(&good), &[ITSELF, ("client_id", "x")]).await;
    assert_eq!(two_names.refusal(), (400, "invalid_request".to_owned()));

    for (authorization, parameters) in [
        (Some(basic(id, other)), vec![ITSELF]),
        (Some(basic(id, "")), vec![ITSELF]),
        (Some(basic("nobody", &secret)), vec![ITSELF]),
        (Some("Basic !!!".to_owned()), vec![ITSELF]),
        (Some(format!("Bearer {secret}")), vec![ITSELF]),
        (Some("Basic".to_owned()), vec![ITSELF]),
        (None, vec![ITSELF]),
        (None, vec![ITSELF, ("client_id", id)]),
        (None, vec![ITSELF, ("client_id", id), ("client_secret", other)]),
        (None, vec![ITSELF, ("client_id", "a/b"), ("client_secret", &secret)]),
    ] {
        let answer = world.form("/oauth/token", authorization.as_deref(), &parameters).await;
        assert_eq!(answer.refusal(), (401, "invalid_client".to_owned()), "{authorization:?}");
        let challenge = answer.headers["www-authenticate"].to_str().unwrap();
        assert!(challenge.starts_with("Basic realm="), "{challenge}");
    }
    let causes = world.events.causes("token.issued");
    for cause in ["client-unknown", "client-secret-wrong", "client-without-proof"] {
        assert!(causes.contains(&cause.to_owned()), "{cause}: {causes:?}");
    }
}

#[tokio::test]
async fn ot6_a_request_that_says_two_things_is_none() {
    let world = World::new().await;
    let (client, secret) = world.client("svc").await;
    let good = basic(&client.id, &secret);
    let once = form(&[ITSELF, ("scope", "read:posts")]);
    for twice in ["grant_type=client_credentials", "scope=read%3Aposts", "%73cope="] {
        let body = format!("{once}&{twice}");
        let answer = world.raw("/oauth/token", Some(&good), &body).await;
        assert_eq!(answer.refusal(), (400, "invalid_request".to_owned()), "{twice}");
    }
    let missing = world.form("/oauth/token", Some(&good), &[("scope", "read:posts")]).await;
    assert_eq!(missing.refusal(), (400, "invalid_request".to_owned()));
    let many = (0..65).map(|n| format!("p{n}=1")).collect::<Vec<_>>().join("&");
    let answer = world.raw("/oauth/token", Some(&good), &format!("{once}&{many}")).await;
    assert_eq!(answer.refusal(), (400, "invalid_request".to_owned()));
    let long = format!("{once}&x={}", "y".repeat(64 * 1024));
    let answer = world.raw("/oauth/token", Some(&good), &long).await;
    assert_eq!(answer.refusal(), (400, "invalid_request".to_owned()));

    let two = Request::post("/oauth/token")
        .header("authorization", &good)
        .header("authorization", &good)
        .header("content-type", "application/x-www-form-urlencoded");
    let answer = world.send(two.body(Body::from(once.clone())).unwrap()).await;
    assert_eq!(answer.refusal(), (400, "invalid_request".to_owned()));

    let json = Request::post("/oauth/token")
        .header("authorization", &good)
        .header("content-type", "application/json")
        .body(Body::from(json!({ "grant_type": "client_credentials" }).to_string()));
    let answer = world.send(json.unwrap()).await;
    assert_eq!(answer.refusal(), (400, "invalid_request".to_owned()));
    // Nothing of a URL counts: it would be in logs.
    let in_url = format!("/oauth/token?{once}");
    let answer = world.raw(&in_url, Some(&good), "x=1").await;
    assert_eq!(answer.refusal(), (400, "invalid_request".to_owned()));
}

#[tokio::test]
async fn ot5_grants_are_those_of_the_client_and_of_the_server() {
    let world = World::new().await;
    let client = world.client("svc").await;
    for grant in ["password", "implicit", "code", "CLIENT_CREDENTIALS", "x"] {
        let answer = world.token(&client, &[("grant_type", grant)]).await;
        assert_eq!(answer.refusal(), (400, "unsupported_grant_type".to_owned()), "{grant}");
    }
    let narrow = NewClient::new("narrow", "Refreshes alone")
        .grants([GrantType::RefreshToken])
        .scopes(["read:posts"]);
    let registered = world.clients.register(narrow).await.unwrap();
    let narrow = (registered.client, registered.secret.unwrap().expose().to_owned());
    for grant in ["client_credentials", "authorization_code"] {
        let answer = world.token(&narrow, &[("grant_type", grant)]).await;
        assert_eq!(answer.refusal(), (400, "unauthorized_client".to_owned()), "{grant}");
    }
}

#[tokio::test]
async fn ot6_two_secrets_count_during_a_rotation_and_one_after_it() {
    let world = World::new().await;
    let (client, first) = world.client("svc").await;
    let status = async |secret: &str| {
        world.token(&(client.clone(), secret.to_owned()), &[ITSELF]).await.status
    };
    let second = world.clients.new_secret("svc").await.unwrap();
    assert_eq!((status(&first).await, status(second.expose()).await), (200, 200));
    let third = world.clients.new_secret("svc").await.unwrap();
    let all = [status(&first).await, status(second.expose()).await, status(third.expose()).await];
    assert_eq!(all, [401, 200, 200], "two at most");
    world.clients.retire_secrets("svc").await.unwrap();
    assert_eq!((status(second.expose()).await, status(third.expose()).await), (401, 200));
}

#[tokio::test]
async fn e4_without_its_store_the_server_gives_nothing() {
    let world = World::new().await;
    let client = world.client("svc").await;
    let token = world.own_token(&client).await;
    world.store.set_down(true);
    for path in ["/oauth/token", "/oauth/revoke", "/oauth/introspect"] {
        let authorization = basic(&client.0.id, &client.1);
        let parameters = [ITSELF, ("token", &token)];
        let answer = world.form(path, Some(&authorization), &parameters).await;
        assert_eq!(answer.refusal(), (503, "temporarily_unavailable".to_owned()), "{path}");
    }
    assert_eq!(world.asks("GET", "/read", &token).await.status, 503, "its ceiling is not known");
    world.store.set_down(false);
    assert_eq!(world.asks("GET", "/read", &token).await.status, 200);
}

#[tokio::test]
async fn rl6_strangers_at_the_token_endpoint_are_counted_by_address() {
    let world = World::new().await;
    let client = world.client("svc").await;
    let mut wrong = (client.0.clone(), "wrong".to_owned());
    for _ in 0..200 {
        assert_eq!(world.token(&wrong, &[ITSELF]).await.status, 401);
    }
    let answer = world.token(&wrong, &[ITSELF]).await;
    assert_eq!(answer.refusal(), (429, "temporarily_unavailable".to_owned()));
    assert!(answer.headers.contains_key("retry-after"));
    // By credential it has cells of its own; the address of these requests is the same, and used up.
    wrong.1.push('x');
    assert_eq!(world.token(&wrong, &[ITSELF]).await.status, 429);
    world.clock.advance(60);
    assert_eq!(world.token(&client, &[ITSELF]).await.status, 200);
}

/// Whoever says so is a public client, so nobody is counted by its name.
#[tokio::test]
async fn rl6_a_stranger_uses_up_no_cells_of_a_public_client() {
    let world = World::new().await;
    let mobile = NewClient::new("mobile", "On phones").public().grants([GrantType::RefreshToken]);
    world.clients.register(mobile).await.unwrap();
    let renew = form(&[
        ("grant_type", "refresh_token"),
        ("refresh_token", "rt_a.b.c.d"),
        ("client_id", "mobile"),
    ]);
    let from = async |last: u8| {
        let peer = [198, 51, 100, last].into();
        world.raw_from(peer, "/oauth/token", None, &renew).await.status
    };
    for _ in 0..200 {
        assert_eq!(from(1).await, 400);
    }
    assert_eq!((from(1).await, from(2).await), (429, 400));
}

#[tokio::test]
async fn rl6_what_cannot_be_read_is_counted_as_well() {
    let world = World::new().await;
    for _ in 0..200 {
        assert_eq!(world.raw("/oauth/token", None, "x=1&x=2").await.status, 400);
    }
    assert_eq!(world.raw("/oauth/token", None, "x=1&x=2").await.status, 429);
}

/// Over its limit a request costs no look-up, no signature, and no assertion.
#[tokio::test]
async fn rl6_over_the_limit_of_its_address_nothing_is_looked_up_for_a_request() {
    let world = World::new().await;
    let client = world.client("svc").await;
    for _ in 0..200 {
        world.form("/oauth/token", None, &[ITSELF]).await;
    }
    world.store.set_down(true);
    for path in ["/oauth/token", "/oauth/revoke", "/oauth/introspect"] {
        let authorization = basic(&client.0.id, &client.1);
        let answer = world.form(path, Some(&authorization), &[ITSELF, ("token", "x")]).await;
        assert_eq!(answer.refusal(), (429, "temporarily_unavailable".to_owned()), "{path}");
    }
}

/// RFC 6749, section 5.1.
#[tokio::test]
async fn ot7_no_answer_is_kept_by_whatever_cache() {
    let world = World::new().await;
    let client = world.client("svc").await;
    let authorization = basic(&client.0.id, &client.1);
    for path in ["/oauth/token", "/oauth/revoke", "/oauth/introspect"] {
        for (authorization, status) in [(Some(&*authorization), 200), (None, 401)] {
            let answer = world.form(path, authorization, &[ITSELF, ("token", "x")]).await;
            let said = |name: &str| answer.headers[name].to_str().unwrap().to_owned();
            let caching = (said("cache-control"), said("pragma"));
            let expected = ("no-store".to_owned(), "no-cache".to_owned());
            assert_eq!((answer.status, caching), (status, expected), "{path}");
        }
    }
}
