//! The store in one Redis.

use auth_runtime::store::{self, StoreError};
use auth_tests::{PASSWORD, Server};

use crate::{
    changes, contract, crowd, many, model, outage, race,
    world::{NOW, Shared, fresh, key, later, owner, put, value},
};

/// One with a password, as it should have.
pub(crate) fn start() -> Server {
    auth_tests::redis::start(&[])
}

async fn open(server: &Server) -> Shared {
    store::open(&server.url).await.unwrap()
}

pub(crate) async fn ask<T: ::redis::FromRedisValue>(server: &Server, words: &[&str]) -> T {
    let client = ::redis::Client::open(server.url.as_str()).unwrap();
    let mut connection = client.get_multiplexed_async_connection().await.unwrap();
    let mut command = ::redis::cmd(words[0]);
    command.arg(&words[1..]).query_async(&mut connection).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a Redis: ./test stores"]
async fn redis_holds_the_contract() {
    let server = start();
    let store = open(&server).await;
    contract::hold(&store).await;
    crowd::hold(&store).await;
    race::hold(&store).await;
    model::hold_async(&store, 50).await;
    let other = open(&server).await;
    changes::hold(&store, &other).await;
    assert!(!format!("{store:?}").contains(PASSWORD));
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a Redis: ./test stores"]
async fn redis_holds_a_hundred_thousand() {
    let server = start();
    many::hold(&open(&server).await).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a Redis: ./test stores"]
async fn redis_goes_and_comes_back() {
    let server = start();
    let store = open(&server).await;
    let mut servers = [server];
    outage::survive_a_crash(&mut servers, &store).await;
    outage::survive_a_freeze(&servers, &store).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a Redis: ./test stores"]
async fn redis_forgets_what_has_expired_by_itself() {
    let server = start();
    let store = open(&server).await;
    let owner = owner();
    for number in 0..100 {
        let key = key(&owner, &format!("{number}"));
        assert_eq!(store.insert(&key, b"", Some(later(10)), NOW).await, Ok(true));
    }
    let records = format!("auth:{{{}}}:test", owner.as_str());
    let ends = format!("{records}:ends");
    for name in [&records, &ends] {
        let left: i64 = ask(&server, &["TTL", name]).await;
        assert!((60..=70).contains(&left), "{name}: {left}");
    }
    for id in ["x", "y"] {
        assert_eq!(
            store.insert(&key(&owner, id), b"", Some(later(999)), later(80)).await,
            Ok(true)
        );
    }
    assert_eq!(ask::<usize>(&server, &["HLEN", &records]).await, 2);
    assert_eq!(ask::<usize>(&server, &["ZCARD", &ends]).await, 2);
    put(&store, &key(&owner, "stays"), b"").await;
    assert_eq!(ask::<i64>(&server, &["TTL", &records]).await, -1);
    assert_eq!(store.delete(&key(&owner, "stays"), NOW).await, Ok(true));
    assert!(ask::<i64>(&server, &["TTL", &records]).await > 0);
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a Redis: ./test stores"]
async fn redis_that_may_evict_is_refused() {
    let server = start();
    for policy in ["allkeys-lru", "volatile-ttl"] {
        let () = ask(&server, &["CONFIG", "SET", "maxmemory-policy", policy]).await;
        let why = store::open(&server.url).await.unwrap_err();
        let StoreError::Unsuitable(why) = why else { panic!("{why:?}") };
        assert!(why.contains("noeviction") && why.contains(policy), "{why}");
    }
    let () = ask(&server, &["CONFIG", "SET", "maxmemory-policy", "noeviction"]).await;
    assert!(store::open(&server.url).await.is_ok());
}

/// A managed service forbids `CONFIG`, another one `INFO`; who forbids both cannot be trusted.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a Redis: ./test stores"]
async fn redis_says_somehow_whether_it_evicts() {
    let server = start();
    for (name, forbidden) in [("a", "-config"), ("b", "-info"), ("c", "-info -config")] {
        let mut rule = vec!["ACL", "SETUSER", name, "on", ">pw", "~*", "&*", "+@all"];
        rule.extend(forbidden.split(' '));
        let () = ask(&server, &rule).await;
        let url = format!("redis://{name}:pw@127.0.0.1:{}", server.port);
        let opened = store::open(&url).await;
        assert_eq!(opened.is_ok(), name != "c", "{name}: {opened:?}");
    }
}

/// The rights that the book names are enough.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a Redis: ./test stores"]
async fn redis_needs_few_rights() {
    let book = include_str!("../../../docs/stores.md");
    let (_, rights) = book.split_once("resetchannels").unwrap();
    let (rights, _) = rights.split_once('`').unwrap();
    let server = start();
    let mut rule = vec!["ACL", "SETUSER", "auth", "on", ">pw", "resetchannels"];
    rule.extend(rights.split_whitespace());
    let () = ask(&server, &rule).await;
    let url = format!("redis://auth:pw@127.0.0.1:{}", server.port);
    let (store, other) = (store::open(&url).await.unwrap(), store::open(&url).await.unwrap());
    contract::hold(&store).await;
    changes::hold(&store, &other).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a Redis: ./test stores"]
async fn redis_that_is_full_says_so() {
    let server = start();
    let store = open(&server).await;
    let kept = fresh();
    put(&store, &kept, b"x").await;
    let () = ask(&server, &["CONFIG", "SET", "maxmemory", "1mb"]).await;
    let value_of = vec![0; 60_000];
    let mut answer = Ok(true);
    for _ in 0..100 {
        answer = store.insert(&fresh(), &value_of, None, NOW).await;
        if answer.is_err() {
            break;
        }
    }
    assert_eq!(answer, Err(StoreError::Full));
    assert_eq!(value(&store, &kept).await.as_deref(), Some(&b"x"[..]));
    assert_eq!(store.delete(&kept, NOW).await, Ok(true));
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a Redis: ./test stores"]
async fn redis_keys_have_a_prefix() {
    let server = start();
    let store = open(&server).await;
    let other = store::open(&format!("{}/?prefix=shop", server.url)).await.unwrap();
    let key = fresh();
    put(&store, &key, b"mine").await;
    put(&other, &key, b"yours").await;
    assert_eq!(value(&store, &key).await.as_deref(), Some(&b"mine"[..]));
    assert_eq!(value(&other, &key).await.as_deref(), Some(&b"yours"[..]));
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a Redis: ./test stores"]
async fn redis_with_the_wrong_password_says_nothing_of_it() {
    let server = start();
    let wrong = format!("redis://:{PASSWORD}-wrong@127.0.0.1:{}", server.port);
    let why = store::open(&wrong).await.unwrap_err();
    assert!(matches!(why, StoreError::Unavailable(_)), "{why:?}");
    assert!(!format!("{why:?}").contains(PASSWORD));
}
