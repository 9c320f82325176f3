//! E1: what the endpoints take, and what they say to everything else.

use serde_json::{Value, json};

use super::world::{World, credentials};

const JSON: (&str, &str) = ("content-type", "application/json");

#[tokio::test]
async fn e1_each_endpoint_takes_its_own_json_and_nothing_else() {
    let world = World::new().await;
    let tokens = world.sign_in("ada").await;
    let bearer = format!("Bearer {}", tokens["access_token"].as_str().unwrap());
    let change = json!({ "current": "a", "new": "b" });
    for (path, body) in [
        ("/auth/login", credentials("nobody")),
        ("/auth/refresh", json!({ "refresh_token": "x" })),
        ("/auth/password", change),
        ("/auth/password/reset", json!({ "username": "nobody" })),
        ("/auth/password/reset/confirm", json!({ "token": "x", "new": "y" })),
    ] {
        let ask = async |media_type, body: &str| {
            let headers = [("content-type", media_type), ("authorization", bearer.as_str())];
            let answer = world.ask("POST", path, &headers, Some(body)).await;
            assert_eq!(answer.headers["cache-control"], "no-store", "{path}");
            answer.status
        };
        let mut more: Value = body.clone();
        more["admin"] = json!(true);
        assert_eq!(ask("application/json", &more.to_string()).await, 422, "{path}");
        assert_eq!(ask("application/json", "[]").await, 422, "{path}");
        assert_eq!(ask("application/json", "{").await, 400, "{path}");
        assert_eq!(ask("text/plain", &body.to_string()).await, 415, "{path}");
        assert_eq!(ask("text/plain", "").await, 415, "{path}");
        let huge = json!({ "username": "a".repeat(64 * 1024) }).to_string();
        assert_eq!(ask("application/json", &huge).await, 413, "{path}");
    }
}

#[tokio::test]
async fn e1_a_name_that_is_too_long_is_not_looked_up() {
    let world = World::new().await;
    let long = "a".repeat(255);
    assert_eq!(world.post("/auth/login", &credentials(&long)).await.status, 422);
    let reset = json!({ "username": long });
    assert_eq!(world.post("/auth/password/reset", &reset).await.status, 422);
    assert_eq!(world.post("/auth/login", &credentials(&long[1..])).await.status, 401);
}

#[tokio::test]
async fn me_is_any_credential_of_our_own() {
    let world = World::new().await;
    let tokens = world.sign_in("ada").await;
    let bearer = format!("Bearer {}", tokens["access_token"].as_str().unwrap());
    let answer = world.ask("GET", "/auth/me", &[("authorization", &bearer)], None).await;
    assert_eq!(answer.headers["cache-control"], "no-store");
    let expected = json!({
        "subject": world.account("ada").await.id,
        "issuer": "https://issuer.example",
        "scheme": "jwt",
        "roles": ["author", "reader"],
        "scopes": ["read:posts", "write:posts"],
        "expires_at": 1_800_000_900,
    });
    assert_eq!(answer.json(), expected);
    let nobody = world.ask("GET", "/auth/me", &[], None).await;
    let challenges = nobody.headers.get_all("www-authenticate").iter().count();
    assert_eq!((nobody.status, challenges), (401, 3), "token, key and session");
}

#[tokio::test]
async fn k6_an_api_key_neither_signs_out_nor_changes_a_password() {
    let world = World::new().await;
    for path in ["/auth/logout", "/auth/logout/all", "/auth/password"] {
        let headers = [JSON, ("x-api-key", "test_a_b_c")];
        let answer = world.ask("POST", path, &headers, Some("{}")).await;
        assert_eq!((answer.status, answer.code().as_str()), (401, "unauthenticated"), "{path}");
    }
}

#[tokio::test]
async fn the_inventory_tells_who_may_call_them() {
    let inventory = World::new().await.inventory();
    let lines = inventory.lines().filter(|line| line.contains("/auth/"));
    let lines: Vec<_> =
        lines.map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect();
    assert_eq!(
        lines,
        [
            "POST /auth/login public: this is where a credential is obtained",
            "POST /auth/logout jwt | session",
            "POST /auth/logout/all jwt | session",
            "GET /auth/me api_key | jwt | session",
            "POST /auth/password jwt | session",
            "POST /auth/password/reset public: who has forgotten a password cannot sign in",
            "POST /auth/password/reset/confirm public: the token that was sent is the credential",
            "POST /auth/refresh public: the refresh token is the credential",
        ]
    );
}
