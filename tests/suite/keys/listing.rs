//! M08, Z7: what somebody sees of their keys.

use serde_json::{Value, json};

use super::world::{DAY, START, World, bearer};

#[tokio::test]
async fn m08_a_list_has_ones_own_keys_and_their_moments() {
    let world = World::new().await;
    let (ada, bob) = (world.register("ada", "reader").await, world.register("bob", "reader").await);
    let list = async |account| {
        let answer = world.send(bearer("GET", "/api-keys", &world.token(account))).await;
        assert_eq!(
            (answer.status, &answer.headers["cache-control"]),
            (200, &"no-store".parse().unwrap())
        );
        answer.json()
    };
    let (_, first) = world.key(&ada, &["read:posts"]).await;
    world.clock.advance(60);
    let (used, second) = world.key(&ada, &["read:posts"]).await;
    world.clock.advance(5);
    world.keys.revoke(&ada.id, &first).await.unwrap();
    assert_eq!(world.reads(&used).await, 200);
    let row = |id: &str, created_at: i64, last_used_at: Value, revoked_at: Value| {
        json!({
            "id": id, "name": "ci", "scopes": ["read:posts"], "environment": "live",
            "created_at": created_at, "expires_at": created_at + 30 * DAY,
            "last_used_at": last_used_at, "revoked_at": revoked_at, "replaced_by": null,
        })
    };
    let (null, now) = (Value::Null, json!(START + 65));
    assert_eq!(
        list(&ada).await,
        json!(
            [row(&first, START, null.clone(), now.clone()), row(&second, START + 60, now, null),]
        )
    );
    assert_eq!(list(&bob).await, json!([]));
}
