//! What a client's token opens: what the client is registered for today, and nothing of its users'.

use auth_runtime::jwt::AccessGrant;

use super::world::{World, said};

#[tokio::test]
async fn ot10_a_client_and_a_user_are_never_one_another() {
    let world = World::new().await;
    let client = world.client("svc").await;
    let token = world.own_token(&client).await;
    let answer = world.asks("GET", "/read", &token).await;
    assert_eq!(answer.body, r#"client:svc ["read:posts", "write:posts"] []"#);

    // A user who is called like the client is another subject, by an id nobody chooses.
    let user = world.account("svc", "reader").await;
    let signed_in = world.tokens.sign_in(&user).await.unwrap();
    let answer = world.asks("GET", "/read", said(&signed_in.access_token)).await;
    assert_eq!(answer.body, format!(r#"{} ["read:posts"] ["reader"]"#, user.id));
    assert!(!user.id.contains(':'));

    // A token that says it is a client and names another one, or none.
    let issuer = world.auth.issuer().unwrap();
    let now = world.auth.now();
    let of =
        |grant: &AccessGrant<'_>| said(&issuer.access_token(grant, now).unwrap().token).to_owned();
    let scopes = ["read:posts"];
    for grant in [
        AccessGrant::new("client:svc").ceiling(&scopes),
        AccessGrant::new("client:svc").ceiling(&scopes).client_id("other"),
        AccessGrant::new("client:svc").roles(&["admin"]),
        AccessGrant::new("client:nobody").ceiling(&scopes).client_id("nobody"),
    ] {
        let answer = world.asks("GET", "/read", &of(&grant)).await;
        assert_eq!(answer.status, 401, "{grant:?}");
    }
    let causes = world.events.causes("access");
    assert_eq!(causes, ["client-mismatch", "client-mismatch", "client-mismatch", "client-unknown"]);
}

#[tokio::test]
async fn ot7_a_ceiling_that_is_lowered_counts_for_tokens_that_are_out() {
    let world = World::new().await;
    let client = world.client("svc").await;
    let token = world.own_token(&client).await;
    assert_eq!(world.asks("POST", "/write", &token).await.status, 200);
    world.clients.set_scopes("svc", vec!["read:posts".to_owned()]).await.unwrap();
    assert_eq!(world.asks("POST", "/write", &token).await.status, 403);
    assert_eq!(world.asks("GET", "/read", &token).await.status, 200);
    // Raised, it does not give a token what that never had.
    let raised = ["read:posts", "delete:posts"].map(str::to_owned).to_vec();
    world.clients.set_scopes("svc", raised).await.unwrap();
    assert_eq!(world.asks("GET", "/read", &token).await.body, r#"client:svc ["read:posts"] []"#);
}

#[tokio::test]
async fn m06_a_client_that_is_closed_or_gone_has_no_tokens() {
    let world = World::new().await;
    let client = world.client("svc").await;
    let user = world.account("ada", "author").await;
    let own = world.own_token(&client).await;
    let given = world.let_in(&user, "svc", &["read:posts"]).await;
    let statuses = async || {
        let both = [own.as_str(), said(&given.access_token)];
        [
            world.asks("GET", "/read", both[0]).await.status,
            world.asks("GET", "/read", both[1]).await.status,
        ]
    };
    assert_eq!(statuses().await, [200, 200]);
    world.clients.set_disabled("svc", true).await.unwrap();
    assert_eq!(statuses().await, [401, 401]);
    let refused = world.token(&client, &[("grant_type", "client_credentials")]).await;
    assert_eq!(refused.refusal(), (401, "invalid_client".to_owned()));
    world.clients.set_disabled("svc", false).await.unwrap();
    assert_eq!(statuses().await, [200, 200]);
    assert!(world.clients.delete("svc").await.unwrap());
    assert_eq!(statuses().await, [401, 401]);
    assert!(!world.clients.delete("svc").await.unwrap());
}

#[tokio::test]
async fn ot10_a_client_that_was_let_in_is_given_scopes_and_never_a_role() {
    let world = World::new().await;
    world.client("svc").await;
    let admin = world.account("root", "admin").await;
    let own = world.tokens.sign_in(&admin).await.unwrap();
    assert_eq!(world.asks("DELETE", "/administer", said(&own.access_token)).await.status, 200);

    let given = world.let_in(&admin, "svc", &["read:posts", "delete:posts"]).await;
    let token = said(&given.access_token);
    let answer = world.asks("GET", "/read", token).await;
    // `delete:posts` is the admin's, and not within the client's ceiling.
    assert_eq!(answer.body, format!(r#"{} ["read:posts"] []"#, admin.id));
    assert_eq!(world.asks("DELETE", "/administer", token).await.status, 403);
    // What people do with their account no client does for them: a key would outlive its consent.
    assert_eq!(world.asks("GET", "/api-keys", token).await.status, 403);
    assert_eq!(world.asks("GET", "/api-keys", said(&own.access_token)).await.status, 200);
    assert_eq!(world.events.causes("access").last().unwrap(), "client-token");
}
