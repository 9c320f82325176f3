//! Cookies that nobody was given.

use axum::{
    body::Body,
    http::{HeaderValue, Request},
};
use proptest::prelude::*;

use super::world::World;

/// Any bytes that a header can hold.
fn value() -> impl Strategy<Value = Vec<u8>> {
    let visible = prop_oneof![0x20u8..=0x7e, 0x80u8..=0xff];
    prop_oneof![
        prop::collection::vec(visible, 0..600),
        "[A-Za-z0-9_.-]{0,400}".prop_map(String::into_bytes),
        "[A-Za-z0-9_-]{1,30}[.][A-Za-z0-9_-]{22}[.][A-Za-z0-9_-]{43}".prop_map(String::into_bytes),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn s1_e1_no_cookie_that_was_not_given_is_anybodys(values in prop::collection::vec(value(), 16)) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let world = World::new().await;
            world.browser(&world.register("ada").await).await;
            for value in values {
                let cookie = [b"__Host-session=", &value[..]].concat();
                let cookie = HeaderValue::from_bytes(&cookie).unwrap();
                for path in ["/who", "/page", "/session"] {
                    let request = Request::get(path).header("cookie", &cookie);
                    let answer = world.send_raw(request.body(Body::empty()).unwrap()).await;
                    // 400 where the bytes make up a second cookie of that name.
                    prop_assert!(matches!(answer.status, 400 | 401), "{answer:?}");
                }
            }
            Ok(())
        })?;
    }
}

#[tokio::test]
async fn s1_a_session_is_good_for_its_own_account_alone() {
    let world = World::new().await;
    let (ada, grace) = (world.register("ada").await, world.register("grace").await);
    let browser = world.browser(&ada).await;
    let (_, rest) = browser.value.split_once('.').unwrap();
    let moved = super::world::Browser { value: format!("{}.{rest}", grace.id), ..browser.clone() };
    assert_eq!(world.knows(&moved).await, 401);
    assert_eq!(world.causes.take(), ["unknown-session"]);
}

#[tokio::test]
async fn s1_a_record_that_is_damaged_admits_nobody() {
    let world = World::new().await;
    let ada = world.register("ada").await;
    let browser = world.browser(&ada).await;
    let collection = auth_runtime::store::Collection("session");
    let (owner, now) = (ada.owner().unwrap(), world.auth.now());
    let record = world.store.list(collection, &owner, now).await.unwrap().remove(0);
    let written = world.store.swap(&record.key, record.version, b"{}", None, now).await;
    assert_eq!(written, Ok(true));
    let answer = world.get("/who", &browser).await;
    assert_eq!((answer.status, answer.code().as_str()), (500, "internal"));
}
