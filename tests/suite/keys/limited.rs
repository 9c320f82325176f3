//! M12: the limit that every key is held to, wherever it is used.

use super::world::{World, with_key};

#[tokio::test]
async fn m12_each_key_is_held_to_the_limit_of_the_scheme() {
    let world = World::new().await;
    let account = world.register("ada", "reader").await;
    let (one, _) = world.key(&account, &["read:posts"]).await;
    let (other, _) = world.key(&account, &["read:posts"]).await;
    for number in 0..300 {
        let path = if number % 2 == 0 { "/read" } else { "/known" };
        let answer = world.send(with_key("GET", path, &one)).await;
        assert_eq!(answer.status, 200, "{number}");
        assert!(answer.headers.contains_key("ratelimit"));
    }
    world.events.take();
    for path in ["/read", "/known", "/any"] {
        let answer = world.send(with_key("GET", path, &one)).await;
        assert_eq!(answer.status, 429, "{path}");
        assert_eq!(answer.headers["ratelimit-policy"], "\"per_key\";q=6000;w=3600");
        assert_eq!(answer.headers["retry-after"], "1");
    }
    assert_eq!(world.send(with_key("GET", "/read", &other)).await.status, 200);
    let token = world.token(&account);
    let person = world.send(super::world::bearer("GET", "/any", &token)).await;
    assert_eq!((person.status, person.headers.get("ratelimit")), (200, None));
    world.clock.advance(1);
    assert_eq!(world.send(with_key("GET", "/read", &one)).await.status, 200);
}
