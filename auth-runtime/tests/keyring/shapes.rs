//! Tokens as the big providers write them, each with scopes and roles in places of its own. The
//! ceiling holds for all of them: no token is worth `write:posts` by what it says alone.

use std::sync::Arc;

use serde_json::{Value, json};

use super::{
    forge::{rs256, rs256_jwks},
    issuer::FakeNet,
    world::{START, World},
};

struct Provider {
    world: World,
    header: Value,
    claims: Value,
}

impl Provider {
    async fn new(issuer: &str, header: Value, claims: Value) -> Self {
        let net = Arc::new(FakeNet::default());
        net.publish(
            issuer,
            "https://keys.example/jwks",
            &rs256_jwks(header["kid"].as_str().unwrap()),
        );
        let world = World::on(&net).await;
        let mut provider = Self { world, header, claims };
        for (name, value) in [("iat", START - 10), ("nbf", START - 10), ("exp", START + 3_600)] {
            provider.claims[name] = value.into();
        }
        provider.claims["iss"] = issuer.into();
        provider
    }

    /// Scheme, scopes and roles of a token with these claims besides, or the status it gets.
    async fn reads(&self, besides: &Value) -> String {
        let answer = self.get("/read", besides).await;
        if answer.status != 200 {
            return answer.status.to_string();
        }
        let said = answer.json();
        format!("{} {} {}", said["scheme"].as_str().unwrap(), said["scopes"], said["roles"])
    }

    async fn get(&self, path: &str, besides: &Value) -> super::world::Answer {
        let mut claims = self.claims.clone();
        for (name, value) in besides.as_object().unwrap() {
            claims[name] = value.clone();
        }
        let token = format!("Bearer {}", rs256(&self.header, &claims));
        self.world.get(path, &[("authorization", &token)]).await
    }
}

#[tokio::test]
async fn j15_auth0_writes_permissions_and_roles_under_a_url() {
    let provider = Provider::new(
        "https://tenant.eu.auth0.com/",
        json!({ "alg": "RS256", "typ": "JWT", "kid": "o0ZlQmR5NDUtNzE2Mg" }),
        json!({
            "sub": "auth0|65f0c2", "azp": "0aBcDeF", "gty": "password",
            "aud": ["https://keys-api.example", "https://tenant.eu.auth0.com/userinfo"],
            "scope": "openid profile write:posts",
            "permissions": ["read:posts", "write:posts"],
            "https://keys-api.example/roles": ["Editor", "Owner"],
        }),
    )
    .await;
    let good = r#"auth0 ["read:posts"] ["author","reader"]"#;
    assert_eq!(provider.reads(&json!({})).await, good);
    assert_eq!(provider.get("/author", &json!({})).await.status, 200);
    assert_eq!(provider.reads(&json!({ "permissions": ["write:posts"] })).await, "403");
    assert_eq!(provider.reads(&json!({ "permissions": [] })).await, "403");
    assert_eq!(provider.reads(&json!({ "permissions": [1] })).await, "401");
    assert_eq!(
        provider.reads(&json!({ "aud": "https://tenant.eu.auth0.com/userinfo" })).await,
        "401"
    );
}

#[tokio::test]
async fn j15_entra_writes_scp_with_spaces_and_roles_of_the_app() {
    let provider = Provider::new(
        "https://login.microsoftonline.com/9a1c0f4e-0000-4000-8000-1b2d3c4e5f60/v2.0",
        json!({ "typ": "JWT", "alg": "RS256", "kid": "X5eXk4xyojNFum1kl2Ytv8dlNP4", "x5t": "X5eXk4xyojNFum1kl2Ytv8dlNP4" }),
        json!({
            "aud": "6f0c2b1a-0000-4000-8000-0a1b2c3d4e5f", "aio": "E2ZgYPj", "azp": "0b", "azpacr": "1",
            "oid": "11111111-0000-4000-8000-000000000000", "rh": "0.AX", "sub": "x9Yz", "tid": "9a1c0f4e",
            "roles": ["Posts.Author"], "scp": "access_as_user read:posts", "uti": "q", "ver": "2.0",
        }),
    )
    .await;
    assert_eq!(provider.reads(&json!({})).await, r#"entra ["read:posts"] ["author","reader"]"#);
    assert_eq!(provider.get("/author", &json!({})).await.status, 200);
    assert_eq!(provider.reads(&json!({ "scp": "write:posts" })).await, "403");
    assert_eq!(provider.reads(&json!({ "scp": "read:posts2" })).await, "403");
    assert_eq!(provider.get("/author", &json!({ "roles": ["author"] })).await.status, 403);
    assert_eq!(
        provider.reads(&json!({ "iss": "https://login.microsoftonline.com/other/v2.0" })).await,
        "401"
    );
}

#[tokio::test]
async fn j15_keycloak_writes_roles_inside_of_realm_access() {
    let provider = Provider::new(
        "https://sso.example/realms/blog",
        json!({ "alg": "RS256", "typ": "JWT", "kid": "FJ86GcF3jTbNLOco4NvZkUCIUmfYCqoqtOQeMfbhNlE" }),
        json!({
            "jti": "onrtac:4c1b", "aud": ["keys-api", "account"], "sub": "f3a1", "typ": "Bearer", "azp": "spa",
            "sid": "9c", "acr": "1", "allowed-origins": ["https://spa.example"],
            "realm_access": { "roles": ["default-roles-blog", "blog author", "offline_access"] },
            "resource_access": { "account": { "roles": ["manage-account"] } },
            "scope": "openid email read:posts", "email_verified": true, "preferred_username": "ada",
        }),
    )
    .await;
    assert_eq!(provider.reads(&json!({})).await, r#"keycloak ["read:posts"] ["author","reader"]"#);
    assert_eq!(provider.get("/author", &json!({})).await.status, 200);
    let of = |value: Value| json!({ "realm_access": value });
    for (value, status) in [
        (json!({ "roles": ["blog author x"] }), 403),
        (json!({ "roles": [] }), 403),
        (json!({}), 403),
        (json!({ "roles": [{ "name": "blog author" }] }), 401),
        (json!(["blog author"]), 403),
        (json!({ "role": { "roles": ["blog author"] } }), 403),
    ] {
        assert_eq!(provider.get("/author", &of(value.clone())).await.status, status, "{value}");
    }
    // A role of a client is none of the realm.
    let client = json!({ "realm_access": null, "resource_access": { "roles": ["blog author"] } });
    assert_eq!(provider.get("/author", &client).await.status, 403);
}
