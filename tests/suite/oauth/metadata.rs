//! The documents about the server, held against what it does.

use serde_json::{Value, json};

use super::{
    browser::asking,
    world::{World, basic},
};

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
    for (member, promised) in [
        ("response_types_supported", json!(["code"])),
        ("response_modes_supported", json!(["query"])),
        ("code_challenge_methods_supported", json!(["S256"])),
        ("authorization_response_iss_parameter_supported", json!(true)),
    ] {
        assert_eq!(document[member], promised, "{member}");
    }

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
        // Whoever can show no secret is told nothing of any token.
        let all = ["client_secret_basic", "client_secret_post", "private_key_jwt", "none"];
        let some = if member == "introspection_endpoint" { &all[..3] } else { &all[..] };
        assert_eq!(methods, &json!(some), "{member}");
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

/// What is promised of the answer is what comes: each response type and mode, and `iss`.
#[tokio::test]
async fn ot9_the_authorization_endpoint_does_what_is_promised_and_nothing_else() {
    let world = World::new().await;
    let browser = world.browser("ada", "author").await;
    world.app("app").await;
    let document = world.get(SERVER).await.json();
    assert_eq!(path(&document, "authorization_endpoint"), "/oauth/authorize");
    for kind in ["code", "token", "id_token", "code token", "none"] {
        let asked = browser.asks(&world, &asking("app").with("response_type", kind)).await;
        assert_eq!(asked.status == 200, kind == "code", "{kind}");
    }
    for mode in ["query", "fragment", "form_post", "jwt"] {
        let asked = browser.asks(&world, &asking("app").with("response_mode", mode)).await;
        assert_eq!(asked.status == 200, mode == "query", "{mode}");
    }
    for method in ["S256", "plain", "s256", "S512"] {
        let asked =
            browser.asks(&world, &asking("app").with("code_challenge_method", method)).await;
        assert_eq!(asked.status == 200, method == "S256", "{method}");
    }
    let answer = browser.allows(&world, &asking("app")).await;
    assert_eq!(answer["iss"], document["issuer"].as_str().unwrap());
}

#[tokio::test]
async fn ot9_without_a_page_for_consent_nothing_is_promised_of_it() {
    let world = World::without_pages().await;
    let client = world.app("app").await;
    let document = world.get(SERVER).await.json();
    assert_eq!(document["grant_types_supported"], json!(["client_credentials", "refresh_token"]));
    assert_eq!(document["response_types_supported"], json!([]));
    for member in [
        "authorization_endpoint",
        "response_modes_supported",
        "code_challenge_methods_supported",
        "authorization_response_iss_parameter_supported",
    ] {
        assert_eq!(document.get(member), None, "{member}");
    }
    assert_eq!(world.get("/oauth/authorize").await.status, 404);
    let exchange = [("grant_type", "authorization_code"), ("code", "x")];
    let refused = world.token(&client, &exchange).await;
    assert_eq!(refused.refusal(), (400, "unsupported_grant_type".to_owned()));
}
