//! K1, K5, K6, M08: who is given a key, for what, and for how long.

use auth_runtime::{
    api_key::{ApiKeyError, MAX_KEYS, NewApiKey},
    jwt::AccessGrant,
    policy_types::Seconds,
};
use serde_json::{Value, json};

use super::world::{DAY, START, World, ask, asked, bearer, json_body, wanted, with_key};

#[tokio::test]
async fn m08_a_key_is_made_named_and_shown_once() {
    let world = World::new().await;
    let ada = world.register("ada", "author").await;
    let token = world.token(&ada);
    world.events.take();
    let body = asked(&["write:posts", "read:posts", "read:posts"]);
    let answer = world.send(json_body(bearer("POST", "/api-keys", &token), &body)).await;
    assert_eq!(answer.status, 201, "{answer:?}");
    assert_eq!(answer.headers["cache-control"], "no-store");
    let made = answer.json();
    let members: Vec<_> = made.as_object().unwrap().keys().cloned().collect();
    assert_eq!(members, ["expires_at", "id", "key", "name", "scopes"]);
    assert_eq!(
        (&made["name"], &made["scopes"]),
        (&json!("ci"), &json!(["read:posts", "write:posts"]))
    );
    assert_eq!(made["expires_at"], START + 30 * DAY, "the default of the policy");
    let (id, key) = (made["id"].as_str().unwrap(), made["key"].as_str().unwrap());
    assert!(key.starts_with("test_live_") && key.contains(&format!("{id}_")), "{key}");

    let events = world.events.take();
    assert_eq!(events.len(), 2, "{events:?}");
    assert_eq!((events[1].kind, events[1].cause.as_deref()), ("key.created", None));
    assert_eq!(events[1].subject.as_deref(), Some(ada.id.as_str()));
    assert_eq!(events[1].credential.as_deref(), Some(id));
    assert_eq!(world.reads(key).await, 200);
}

#[tokio::test]
async fn k1_the_store_and_every_later_answer_have_a_hash_at_most() {
    let world = World::new().await;
    let ada = world.register("ada", "author").await;
    let (key, id) = world.key(&ada, &["read:posts"]).await;
    let secret = key.split('_').nth(3).unwrap();
    assert_eq!(secret.len(), 43, "256 bits");
    let list = world.send(bearer("GET", "/api-keys", &world.token(&ada))).await;
    for text in world.kept(&ada).await.into_iter().chain([list.body.clone()]) {
        assert!(!text.contains(secret) && !text.contains(&key), "{text}");
    }
    assert!(list.body.contains(&id) && !list.body.contains("hash"));
    let issued = world.keys.create(&world.caller(&ada).await, wanted(&["read:posts"])).await;
    assert!(!format!("{:?}", issued.unwrap()).contains("test_live_"), "Debug shows no key");
}

#[tokio::test]
async fn k6_only_an_account_that_signed_in_is_given_a_key() {
    let world = World::new().await;
    let ada = world.register("ada", "author").await;
    let (key, id) = world.key(&ada, &["read:posts", "write:posts"]).await;
    let rotate = format!("/api-keys/{id}/rotate");
    let own = format!("/api-keys/{id}");
    for (method, path) in
        [("GET", "/api-keys"), ("POST", "/api-keys"), ("POST", &rotate), ("DELETE", &own)]
    {
        let answer = world.send(with_key(method, path, &key)).await;
        assert_eq!((answer.status, answer.code().as_str()), (401, "unauthenticated"), "{path}");
        let answer = world.send(ask(method, path)).await;
        assert_eq!((answer.status, answer.code().as_str()), (401, "unauthenticated"), "{path}");
    }
    // Not even where an application's own rule lets a key in.
    let holder = world.holder(&key).await;
    let made = world.keys.create(&holder, wanted(&["read:posts"])).await;
    assert_eq!(made.unwrap_err(), ApiKeyError::NotAnAccount);
    let rotated = world.keys.rotate(&holder, &id).await;
    assert_eq!(rotated.unwrap_err(), ApiKeyError::NotAnAccount);

    let nobody = world.token_for(&AccessGrant::new("nobody").roles(&["author"]));
    let request = json_body(bearer("POST", "/api-keys", &nobody), &asked(&["read:posts"]));
    let answer = world.send(request).await;
    assert_eq!((answer.status, answer.code().as_str()), (403, "not_an_account"));

    let token = world.token(&ada);
    world.accounts.change(&ada.id, |it| it.disabled = true, world.auth.now()).await.unwrap();
    let request = json_body(bearer("POST", "/api-keys", &token), &asked(&["read:posts"]));
    assert_eq!(world.send(request).await.code(), "not_an_account");
    assert_eq!(world.kept(&ada).await.len(), 1);
}

#[tokio::test]
async fn k4_nobody_gives_away_more_than_they_have_and_keys_may_have() {
    let world = World::new().await;
    let (reader, admin) = (world.register("r", "reader").await, world.register("a", "admin").await);
    let beyond = |scopes: &[&str]| {
        ApiKeyError::ScopesBeyond(scopes.iter().map(|scope| (*scope).to_owned()).collect())
    };
    for (account, scopes, refused) in [
        (&reader, &["read:posts", "write:posts"][..], beyond(&["write:posts"])),
        (&admin, &["read:posts", "delete:posts"], beyond(&["delete:posts"])),
        (&reader, &["delete:posts", "write:posts"], beyond(&["delete:posts", "write:posts"])),
        (&reader, &[], ApiKeyError::NoScopes),
        (
            &reader,
            &["read:posts", "raed:posts"],
            ApiKeyError::UnknownScopes { allowed: vec!["read:posts".to_owned()] },
        ),
    ] {
        let made = world.keys.create(&world.caller(account).await, wanted(scopes)).await;
        assert_eq!(made.unwrap_err(), refused);
        let request = json_body(bearer("POST", "/api-keys", &world.token(account)), &asked(scopes));
        let answer = world.send(request).await;
        assert_eq!((answer.status, answer.code().as_str()), (422, "unprocessable"));
        if let ApiKeyError::ScopesBeyond(names) = refused {
            assert_eq!(answer.json()["missing_scopes"], json!(names));
        }
        assert!(!answer.body.contains("raed"), "what was sent is not repeated");
    }
    // A token that was issued for little leads to no key for more.
    let little = AccessGrant::new(&admin.id).roles(&["admin"]).scopes(&["read:posts"]);
    let caller = world.caller_with(&world.token_for(&little)).await;
    let made = world.keys.create(&caller, wanted(&["write:posts"])).await;
    assert_eq!(made.unwrap_err(), beyond(&["write:posts"]));
    assert!(world.keys.create(&caller, wanted(&["read:posts"])).await.is_ok());
    assert!(world.kept(&reader).await.is_empty());
}

#[tokio::test]
async fn k5_a_key_lives_for_as_long_as_was_asked_and_never_beyond_the_cap() {
    let world = World::new().await;
    let ada = world.register("ada", "reader").await;
    let ask_for = async |days: Value| {
        let body = json!({ "name": "ci", "scopes": ["read:posts"], "expires_in_days": days });
        world.send(json_body(bearer("POST", "/api-keys", &world.token(&ada)), &body)).await
    };
    for days in [1, 90] {
        let answer = ask_for(json!(days)).await;
        assert_eq!(
            (answer.status, &answer.json()["expires_at"]),
            (201, &json!(START + days * DAY))
        );
    }
    for days in [json!(0), json!(91), json!(u64::MAX), json!(-1), json!(1.5), json!("7")] {
        let answer = ask_for(days.clone()).await;
        assert_eq!((answer.status, answer.code().as_str()), (422, "unprocessable"), "{days}");
    }
    assert!(ask_for(json!(91)).await.json()["detail"].as_str().unwrap().contains("1 to 90"));
    for seconds in [0, 86_399, 90 * 86_400 + 1] {
        let lifetime = Some(Seconds(seconds));
        let new = NewApiKey { lifetime, ..wanted(&["read:posts"]) };
        let made = world.keys.create(&world.caller(&ada).await, new).await;
        assert_eq!(made.unwrap_err(), ApiKeyError::Lifetime { max_days: 90 });
    }
}

#[tokio::test]
async fn m08_a_name_has_1_to_100_characters() {
    let world = World::new().await;
    let ada = world.register("ada", "reader").await;
    let longest = "\u{e4}".repeat(100);
    for (name, status) in [
        ("x", 201),
        (longest.as_str(), 201),
        ("nightly build \u{2014} eu", 201),
        ("", 422),
        ("  ", 422),
        (&"x".repeat(101), 422),
        ("a\nb", 422),
        ("a\u{1b}[2Jb", 422),
        ("a\u{85}b", 422),
    ] {
        let body = json!({ "name": name, "scopes": ["read:posts"] });
        let request = json_body(bearer("POST", "/api-keys", &world.token(&ada)), &body);
        assert_eq!(world.send(request).await.status, status, "{name:?}");
    }
}

#[tokio::test]
async fn e1_what_is_no_such_request_is_refused() {
    let world = World::new().await;
    let ada = world.register("ada", "reader").await;
    let send = async |media_type: &'static str, body: String| {
        let mut request = bearer("POST", "/api-keys", &world.token(&ada));
        request.headers_mut().insert("content-type", media_type.parse().unwrap());
        *request.body_mut() = body.into();
        let answer = world.send(request).await;
        assert_eq!(answer.headers["cache-control"], "no-store");
        (answer.status, answer.code())
    };
    let good = asked(&["read:posts"]).to_string();
    let more = json!({ "name": "ci", "scopes": ["read:posts"], "admin": true }).to_string();
    let long = json!({ "name": "x".repeat(70_000), "scopes": ["read:posts"] }).to_string();
    for (media_type, body, status, code) in [
        ("application/json", "{".to_owned(), 400, "malformed_body"),
        ("application/json", "{}".to_owned(), 422, "unprocessable"),
        ("application/json", more, 422, "unprocessable"),
        ("application/json", long, 413, "payload_too_large"),
        ("text/plain", good.clone(), 415, "unsupported_media_type"),
        ("application/x-www-form-urlencoded", good, 415, "unsupported_media_type"),
    ] {
        assert_eq!(send(media_type, body).await, (status, code.to_owned()));
    }
    assert!(world.kept(&ada).await.is_empty());
}

#[tokio::test]
async fn m08_an_account_has_a_hundred_keys_at_most() {
    let world = World::new().await;
    let (ada, bob) = (world.register("ada", "reader").await, world.register("bob", "reader").await);
    let caller = world.caller(&ada).await;
    let mut ids = Vec::new();
    for _ in 0..MAX_KEYS {
        ids.push(world.keys.create(&caller, wanted(&["read:posts"])).await.unwrap().info.id);
    }
    let request =
        json_body(bearer("POST", "/api-keys", &world.token(&ada)), &asked(&["read:posts"]));
    let answer = world.send(request).await;
    assert_eq!((answer.status, answer.code().as_str()), (409, "too_many_keys"));
    assert_eq!(world.kept(&ada).await.len(), MAX_KEYS, "the one too many is not kept");
    // It is a limit of each account, and of keys that are good.
    assert!(world.keys.create(&world.caller(&bob).await, wanted(&["read:posts"])).await.is_ok());
    assert!(world.keys.rotate(&caller, &ids[0]).await.is_ok(), "a full account can still rotate");
    world.keys.revoke(&ada.id, &ids[1]).await.unwrap();
    assert!(world.keys.create(&caller, wanted(&["read:posts"])).await.is_ok());
    let again = world.keys.create(&caller, wanted(&["read:posts"])).await;
    assert_eq!(again.unwrap_err(), ApiKeyError::TooMany);
}

#[tokio::test]
async fn m08_keys_made_at_once_are_counted_together() {
    let world = World::new().await;
    let ada = world.register("ada", "reader").await;
    let caller = world.caller(&ada).await;
    for _ in 0..MAX_KEYS - 2 {
        world.keys.create(&caller, wanted(&["read:posts"])).await.unwrap();
    }
    let making = (0..8).map(|_| world.keys.create(&caller, wanted(&["read:posts"])));
    futures_util::future::join_all(making).await;
    let good = world.keys.list(&ada.id).await.unwrap().len();
    assert!(good <= MAX_KEYS, "{good}");
}

#[tokio::test]
async fn m08_what_has_ended_does_not_pile_up() {
    let world = World::new().await;
    let ada = world.register("ada", "reader").await;
    let caller = world.caller(&ada).await;
    let mut first = None;
    for number in 0..110 {
        world.clock.advance(1);
        let made = world.keys.create(&caller, wanted(&["read:posts"])).await.unwrap();
        world.keys.revoke(&ada.id, &made.info.id).await.unwrap();
        if number == 0 {
            first = Some(made.info.id);
        }
    }
    let keys = world.keys.list(&ada.id).await.unwrap();
    assert!(keys.len() <= 101, "{}", keys.len());
    assert!(keys.iter().all(|key| Some(&key.id) != first.as_ref()), "the oldest goes first");
}
