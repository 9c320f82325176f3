//! The documents about the server, held against what it does.

use serde_json::{Value, json};

use super::world::{World, basic};

const SERVER: &str = "/.well-known/oauth-authorization-server";

/// The path of an endpoint that the document names.
fn path<'d>(document: &'d Value, member: &str) -> &'d str {
    let url = document[member].as_str().unwrap();
    url.strip_prefix("https://issuer.example").unwrap()
}

#[tokio::test]
async fn ot9_the_document_promises_exactly_what_is_enforced() {
    let world = World::new().await;
    let client = world.client("svc").await;
    let document = world.get(SERVER).await.json();
    assert_eq!(document["issuer"], "https://issuer.example");
    assert_eq!(document["scopes_supported"], json!(["delete:posts", "read:posts", "write:posts"]));

    // Every grant that is listed is known to the endpoint, and no other is.
    let listed = document["grant_types_supported"].as_array().unwrap();
    for grant in
        ["authorization_code", "client_credentials", "refresh_token", "password", "implicit"]
    {
        let answer = world.token(&client, &[("grant_type", grant)]).await;
        let known = answer.status == 200 || answer.refusal().1 != "unsupported_grant_type";
        assert_eq!(known, listed.contains(&json!(grant)), "{grant}");
    }
    // No authorization endpoint, and so no response type; none is promised.
    assert_eq!(document["response_types_supported"], json!([]));
    assert_eq!(document.get("authorization_endpoint"), None);
    assert_eq!(world.get("/oauth/authorize").await.status, 404);

    assert_eq!(world.get(path(&document, "jwks_uri")).await.status, 200);
    let own = world.own_token(&client).await;
    for member in ["token_endpoint", "revocation_endpoint", "introspection_endpoint"] {
        let parameters = [("grant_type", "client_credentials"), ("token", &own)];
        let path = path(&document, member);
        let authorization = basic("svc", &client.1);
        assert_eq!(world.form(path, Some(&authorization), &parameters).await.status, 200, "{path}");
        let methods = format!("{member}_auth_methods_supported");
        let methods = match member {
            "token_endpoint" => &document["token_endpoint_auth_methods_supported"],
            _ => &document[methods],
        };
        let all = json!(["client_secret_basic", "client_secret_post", "private_key_jwt"]);
        assert_eq!(methods, &all, "{member}");
    }
    assert_eq!(
        document["token_endpoint_auth_signing_alg_values_supported"],
        json!(["EdDSA", "ES256", "PS256", "RS256"])
    );
}

#[tokio::test]
async fn ot9_the_api_says_whose_tokens_it_takes() {
    let world = World::new().await;
    let document = world.get("/.well-known/oauth-protected-resource").await.json();
    let expected = json!({
        "resource": "https://issuer.example",
        "authorization_servers": ["https://issuer.example"],
        "scopes_supported": ["delete:posts", "read:posts", "write:posts"],
        "bearer_methods_supported": ["header"],
    });
    assert_eq!(document, expected);
}
