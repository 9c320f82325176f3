//! Who may be a client, and what is kept of it.

use auth_runtime::{
    clock::Timestamp,
    jwt::KeySet,
    oauth::{ClientError, NewClient},
    policy_types::{Algorithm, GrantType},
    store::{Collection, Owner, Store},
};

use super::world::{START, World};

fn new(id: &str) -> NewClient {
    NewClient::new(id, "A client")
}

#[tokio::test]
async fn m06_what_no_client_may_be_is_refused() {
    let world = World::new().await;
    let refused = async |new: NewClient| world.clients.register(new).await.unwrap_err();
    for id in ["", "a b", "a:b", "client:x", "ä", &"x".repeat(65)] {
        assert_eq!(refused(new(id)).await, ClientError::BadId, "{id}");
    }
    assert_eq!(refused(NewClient::new("x", " ")).await, ClientError::BadName);
    let unknown = ClientError::UnknownScope("read:mail".to_owned());
    assert_eq!(refused(new("x").scopes(["read:posts", "read:mail"])).await, unknown);
    let itself = new("x").public().grants([GrantType::ClientCredentials]);
    assert_eq!(refused(itself).await, ClientError::Public);
    assert_eq!(refused(new("x").public().introspects()).await, ClientError::Public);
    let private = KeySet::generate(Algorithm::ES256).unwrap();
    let keys = refused(new("x").signs_with(private.expose())).await;
    assert!(matches!(keys, ClientError::Keys(_)), "{keys:?}");

    world.clients.register(new("x")).await.unwrap();
    assert_eq!(refused(new("x")).await, ClientError::Taken);
    assert_eq!(world.clients.by_id("y").await, Ok(None));
    let missing = world.clients.set_disabled("y", true).await;
    assert_eq!(missing, Err(ClientError::NoSuchClient));
}

#[tokio::test]
async fn m06_of_a_secret_a_hash_is_kept_and_nothing_else() {
    let world = World::new().await;
    let (_, secret) = world.client("svc").await;
    assert_eq!(secret.len(), 43, "256 random bits");
    let owner = Owner::new("svc").unwrap();
    let records = world.store.list(Collection("client"), &owner, Timestamp(START)).await.unwrap();
    let [record] = records.as_slice() else { panic!("{records:?}") };
    assert!(!String::from_utf8(record.value.clone()).unwrap().contains(&secret));
    let shown = format!("{:?}", world.clients.by_id("svc").await);
    assert!(!shown.contains(&secret) && !shown.contains("hash"), "{shown}");
}

#[tokio::test]
async fn m06_a_client_without_a_secret_has_none_to_rotate() {
    let world = World::new().await;
    let registered = world.clients.register(new("app").public()).await.unwrap();
    assert!(registered.secret.is_none());
    assert_eq!(world.clients.new_secret("app").await.unwrap_err(), ClientError::NoSecret);
    let parameters =
        [("grant_type", "refresh_token"), ("client_id", "app"), ("client_secret", "x")];
    let answer = world.form("/oauth/token", None, &parameters).await;
    assert_eq!(answer.refusal(), (401, "invalid_client".to_owned()));
}

#[tokio::test]
async fn a4_each_change_of_a_client_is_an_event() {
    let world = World::new().await;
    let clients = &world.clients;
    clients.register(new("app")).await.unwrap();
    clients.new_secret("app").await.unwrap();
    clients.retire_secrets("app").await.unwrap();
    clients.set_scopes("app", vec!["read:posts".to_owned()]).await.unwrap();
    clients.set_redirect_uris("app", vec!["https://app.example/".to_owned()]).await.unwrap();
    clients.set_disabled("app", true).await.unwrap();
    clients.set_disabled("app", false).await.unwrap();
    assert!(clients.delete("app").await.unwrap());
    // What changed nothing is none.
    assert!(!clients.delete("app").await.unwrap());
    assert!(clients.new_secret("app").await.is_err());
    assert!(clients.register(new("a b")).await.is_err());
    let kinds = world.events.kinds("client.");
    let rotated = ["client.rotated"; 2].into_iter();
    let changed = ["client.changed"; 4].into_iter();
    let expected: Vec<_> = ["client.created"]
        .into_iter()
        .chain(rotated)
        .chain(changed)
        .chain(["client.removed"])
        .collect();
    assert_eq!(kinds, expected);
    assert_eq!(world.events.causes("client.rotated"), ["secret-added", "secrets-retired"]);
    let causes = world.events.causes("client.changed");
    let all = ["client-scopes", "client-redirect-uris", "client-closed", "client-opened"];
    assert_eq!(causes, all);
}
