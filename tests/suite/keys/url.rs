//! K3, H4: a credential in a URL is refused, whatever else the request presents.

use super::world::{World, ask, bearer, with_key};

#[tokio::test]
async fn k3_h4_a_credential_in_the_query_refuses_the_request() {
    let world = World::new().await;
    let ada = world.register("ada", "author").await;
    let (key, _) = world.key(&ada, &["read:posts"]).await;
    let token = world.token(&ada);
    for query in [
        format!("access_token={token}"),
        "access_token=x".to_owned(),
        "ACCESS-token=x".to_owned(),
        format!("api_key={key}"),
        "api-key=x".to_owned(),
        format!("x-api-key={key}"),
        "X_API_KEY=x".to_owned(),
        format!("a=b&q={key}"),
        format!("q={}", key.replace('_', "%5f")),
        "q=test_live_".to_owned(),
        format!("{key}=1"),
        key.clone(),
    ] {
        for request in [
            ask("GET", &format!("/any?{query}")),
            bearer("GET", &format!("/any?{query}"), &token),
            with_key("GET", &format!("/any?{query}"), &key),
            with_key("GET", &format!("/read?{query}"), &key),
            bearer("GET", &format!("/people?{query}"), &token),
            bearer("GET", &format!("/api-keys?{query}"), &token),
            with_key("GET", &format!("/known?{query}"), &key),
            ask("GET", &format!("/known?{query}")),
        ] {
            world.events.take();
            let answer = world.send(request).await;
            assert_eq!((answer.status, answer.code().as_str()), (401, "invalid_token"), "{query}");
            assert!(!answer.body.contains(&key) && !answer.body.contains(&token));
            let events = world.events.take();
            assert_eq!(events.len(), 1, "{events:?}");
            assert_eq!(events[0].cause.as_deref(), Some("credential-in-url"));
            assert_eq!((events[0].decision, &events[0].subject), ("deny", &None));
        }
    }
}

#[tokio::test]
async fn k3_other_queries_are_nobodys_business() {
    let world = World::new().await;
    let ada = world.register("ada", "author").await;
    let (key, _) = world.key(&ada, &["read:posts"]).await;
    for query in ["", "page=2", "access_token=", "api_key", "q=access_token", "q=test", "token=x"] {
        let request = with_key("GET", &format!("/read?{query}"), &key);
        assert_eq!(world.send(request).await.status, 200, "{query}");
    }
}
