//! K2, K3, E5, H3: a key in its header, and everything that is none.

use std::panic::AssertUnwindSafe;

use auth_runtime::policy_types::KeyEnvironment;
use futures_util::FutureExt;
use proptest::{prelude::*, test_runner::TestRunner};

use super::world::{World, ask, bearer, with_key};
use crate::answer::Answer;

/// A bad key of each kind, with its cause.
async fn bad_keys(world: &World) -> Vec<(String, &'static str)> {
    let ada = world.register("ada", "reader").await;
    let bob = world.register("bob", "reader").await;
    let (good, _) = world.key(&ada, &["read:posts"]).await;
    let (other, _) = world.key(&ada, &["read:posts"]).await;
    let (revoked, id) = world.key(&ada, &["read:posts"]).await;
    world.keys.revoke(&ada.id, &id).await.unwrap();
    let (closed, _) = world.key(&bob, &["read:posts"]).await;
    world.accounts.change(&bob.id, |it| it.disabled = true, world.auth.now()).await.unwrap();
    let elsewhere = world.elsewhere(KeyEnvironment::Test).await;
    let (test, _) = elsewhere.key(&ada, &["read:posts"]).await;
    let part = |key: &str, index: usize| key.split('_').nth(index).unwrap().to_owned();
    let swapped = |key: &str, from: String, to: String| checked(&key.replace(&from, &to));
    vec![
        ("x".to_owned(), "bad-api-key-form"),
        (format!("{good}x"), "bad-api-key-form"),
        (good.replace("test_live", "blog_live"), "bad-api-key-form"),
        (swap_last(&good), "bad-checksum"),
        (test.clone(), "other-environment"),
        // The checksum is no secret: whoever changes a key can compute it.
        (swapped(&test, "test_test_".to_owned(), "test_live_".to_owned()), "other-environment"),
        (swapped(&good, part(&good, 3), part(&other, 3)), "wrong-secret"),
        (swapped(&good, part(&good, 3), "0".repeat(43)), "wrong-secret"),
        (
            swapped(&good, part(&good, 2), format!("{}{}", ada.id.len(), "0".repeat(22))),
            "unknown-api-key",
        ),
        (revoked, "revoked"),
        (closed, "account-disabled"),
    ]
}

/// The key with the checksum that belongs to it.
fn checked(key: &str) -> String {
    let body = key.rsplit_once('_').unwrap().0;
    let mut crc = u32::MAX;
    for byte in body.bytes() {
        crc ^= u32::from(byte);
        for _ in 0..8 {
            crc = if crc & 1 == 1 { crc >> 1 ^ 0xedb8_8320 } else { crc >> 1 };
        }
    }
    let digits = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    let (mut number, mut sum) = (u64::from(!crc), Vec::new());
    for _ in 0..6 {
        sum.insert(0, digits[(number % 62) as usize]);
        number /= 62;
    }
    format!("{body}_{}", String::from_utf8(sum).unwrap())
}

fn swap_last(key: &str) -> String {
    let last = if key.ends_with('a') { "b" } else { "a" };
    format!("{}{last}", &key[..key.len() - 1])
}

#[tokio::test]
async fn k2_bad_keys_look_the_same_to_the_byte_and_differ_in_the_audit() {
    let world = World::new().await;
    let mut first: Option<Answer> = None;
    for (key, cause) in bad_keys(&world).await {
        world.events.take();
        let answer = world.send(with_key("GET", "/read", &key)).await;
        assert_eq!((answer.status, answer.code().as_str()), (401, "invalid_token"), "{cause}");
        let event = world.events.take().remove(0);
        assert_eq!(event.cause.as_deref(), Some(cause), "{key}");
        assert_eq!(event.subject.is_some(), ["revoked", "account-disabled"].contains(&cause));
        assert_eq!(&answer, first.get_or_insert(answer_of(&answer)), "{cause}");
    }
}

fn answer_of(answer: &Answer) -> Answer {
    let (status, headers) = (answer.status, answer.headers.clone());
    Answer { status, headers, body: answer.body.clone() }
}

#[tokio::test]
async fn k2_every_cause_of_a_key_is_in_the_book() {
    let world = World::new().await;
    let book = include_str!("../../../docs/audit.md");
    let causes = bad_keys(&world).await.into_iter().map(|(_, cause)| cause);
    let others = ["expired", "credential-in-url", "store-unavailable"];
    for cause in causes.chain(others).chain(["key.created", "key.rotated", "key.revoked"]) {
        assert!(book.contains(&format!("`{cause}`")), "`{cause}` is not in docs/audit.md");
    }
}

#[tokio::test]
async fn h3_the_challenge_for_keys_says_that_the_key_was_not_valid() {
    const REALM: &str = r#"Bearer realm="test-api""#;
    const INVALID: &str =
        r#", error="invalid_token", error_description="the credential is not valid""#;
    let world = World::new().await;
    let challenges = async |request| {
        let answer = world.send(request).await;
        let all = answer.headers.get_all("www-authenticate").iter();
        all.map(|value| value.to_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let (key, cookie) = (r#"ApiKey header="X-API-Key""#, r#"Cookie name="__Host-session""#);
    assert_eq!(challenges(ask("GET", "/read")).await, [key]);
    assert_eq!(challenges(with_key("GET", "/read", "x")).await, [format!("{key}{INVALID}")]);
    let any = challenges(with_key("GET", "/any", "x")).await;
    assert_eq!(any, [REALM.to_owned(), format!("{key}{INVALID}"), cookie.to_owned()]);
    let any = challenges(bearer("GET", "/any", "x")).await;
    assert_eq!(any, [format!("{REALM}{INVALID}"), key.to_owned(), cookie.to_owned()]);
}

#[tokio::test]
async fn k2_what_is_no_key_costs_the_store_nothing() {
    let world = World::new().await;
    let ada = world.register("ada", "reader").await;
    let (key, _) = world.key(&ada, &["read:posts"]).await;
    world.calls();
    for place in 0..key.len() {
        for other in ["a", "A", "0", "_", "-", " ", "~"] {
            let mut changed = key.clone();
            changed.replace_range(place..=place, other);
            if changed != key {
                assert_eq!(world.send(with_key("GET", "/read", &changed)).await.status, 401);
            }
        }
    }
    for noise in ["", "x", "null", "test_live_", "AKIAIOSFODNN7EXAMPLE", &"x".repeat(8000)] {
        assert_eq!(world.send(with_key("GET", "/read", noise)).await.status, 401);
    }
    assert_eq!(world.calls(), 0);
    assert_eq!(world.reads(&key).await, 200);
    assert_eq!(world.calls(), 2, "one for the key, one for the account");
}

#[tokio::test]
async fn k2_an_unknown_key_and_a_wrong_secret_cost_the_same() {
    let world = World::new().await;
    let cost = async |key: &str| {
        world.calls();
        assert_eq!(world.reads(key).await, 401);
        world.calls()
    };
    for (key, cause) in bad_keys(&world).await {
        if ["wrong-secret", "unknown-api-key", "revoked"].contains(&cause) {
            assert_eq!(cost(&key).await, 1, "{cause}");
        }
    }
}

#[test]
fn e5_no_header_is_too_odd() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let world = runtime.block_on(World::new());
    let bytes = prop_oneof![
        proptest::collection::vec(prop_oneof![Just(b'\t'), 0x20..=0x7e_u8, 0x80..=0xff_u8], 0..400),
        "test_(live|test)_[ -~]{0,300}".prop_map(String::into_bytes),
        "(test|live|_|[A-Za-z0-9]{22}|[A-Za-z0-9]{43}|Z){0,12}".prop_map(String::into_bytes),
    ];
    let checked = TestRunner::default().run(&bytes, |bytes| {
        let asked = AssertUnwindSafe(world.send(with_key("GET", "/read", &bytes))).catch_unwind();
        let answer = runtime.block_on(asked).expect("it does not panic");
        prop_assert_eq!((answer.status, answer.code()), (401, "invalid_token".to_owned()));
        Ok(())
    });
    checked.unwrap();
}

#[tokio::test]
async fn k3_a_key_counts_in_its_header_alone() {
    let world = World::new().await;
    let ada = world.register("ada", "reader").await;
    let (key, _) = world.key(&ada, &["read:posts"]).await;
    for name in ["x-api-token", "api-key", "x-key", "proxy-authorization"] {
        let mut request = ask("GET", "/read");
        request.headers_mut().insert(name, key.parse().unwrap());
        assert_eq!(world.send(request).await.code(), "unauthenticated", "{name}");
    }
    let answer = world.send(bearer("GET", "/read", &key)).await;
    assert_eq!(answer.code(), "unauthenticated", "the rule names no bearer token");
    assert_eq!(world.send(bearer("GET", "/any", &key)).await.code(), "invalid_token");
    let mut cookie = ask("GET", "/any");
    cookie.headers_mut().insert("cookie", format!("X-API-Key={key}").parse().unwrap());
    assert_eq!(world.send(cookie).await.code(), "unauthenticated");
    let mut twice = with_key("GET", "/read", &key);
    twice.headers_mut().append("x-api-key", key.parse().unwrap());
    assert_eq!(world.send(twice).await.status, 400);
    assert_eq!(world.send(with_key("GET", "/known", &key)).await.body, ada.id);
    assert_eq!(world.send(ask("GET", "/known")).await.body, "nobody");
    assert_eq!(world.send(with_key("GET", "/known", "x")).await.status, 401);
}

#[tokio::test]
async fn k6_a_key_opens_no_route_whose_rule_does_not_name_it() {
    let world = World::new().await;
    let ada = world.register("ada", "author").await;
    let (key, _) = world.key(&ada, &["read:posts", "write:posts"]).await;
    assert_eq!(world.send(with_key("GET", "/people", &key)).await.code(), "unauthenticated");
    let mut both = bearer("POST", "/write", &world.token(&ada));
    assert_eq!(world.send(bearer("POST", "/write", &world.token(&ada))).await.status, 200);
    both.headers_mut().insert("x-api-key", key.parse().unwrap());
    assert_eq!(world.send(both).await.code(), "invalid_request");
}

#[tokio::test]
async fn k2_a_store_that_is_away_lets_nobody_in() {
    let world = World::new().await;
    let ada = world.register("ada", "reader").await;
    let (key, id) = world.key(&ada, &["read:posts"]).await;
    let token = world.token(&ada);
    world.store.set_down(true);
    world.events.take();
    let answer = world.send(with_key("GET", "/read", &key)).await;
    assert_eq!((answer.status, answer.code().as_str()), (503, "unavailable"));
    let event = world.events.take().remove(0);
    assert_eq!((event.decision, event.cause.as_deref()), ("error", Some("store-unavailable")));
    for (method, path) in [
        ("GET", "/api-keys"),
        ("DELETE", &*format!("/api-keys/{id}")),
        ("POST", &format!("/api-keys/{id}/rotate")),
    ] {
        assert_eq!(world.send(bearer(method, path, &token)).await.status, 503, "{path}");
    }
    world.store.set_down(false);
    assert_eq!(world.reads(&key).await, 200);
}

#[tokio::test]
async fn m08_live_and_test_keys_do_not_mix() {
    let live = World::new().await;
    let test = live.elsewhere(KeyEnvironment::Test).await;
    let ada = live.register("ada", "reader").await;
    let (of_live, _) = live.key(&ada, &["read:posts"]).await;
    let (of_test, id) = test.key(&ada, &["read:posts"]).await;
    assert!(of_live.starts_with("test_live_") && of_test.starts_with("test_test_"));
    assert_eq!((live.reads(&of_live).await, test.reads(&of_test).await), (200, 200));
    assert_eq!(live.refuses(&of_test).await, "other-environment");
    assert_eq!(test.refuses(&of_live).await, "other-environment");
    // Rotating a key does not bring it into the other environment.
    let rotated = live.keys.rotate(&live.caller(&ada).await, &id).await.unwrap();
    assert_eq!(rotated.info.environment, KeyEnvironment::Test);
    assert_eq!(live.refuses(rotated.key.expose()).await, "other-environment");
}
