//! Limits in one Redis, and in a cluster.

use std::sync::Arc;

use auth_runtime::{
    clock::Moment,
    limit::{Bucket, Level, Limiter, MemoryLimiter, Quota, RedisLimiter},
    policy_types::{Rate, Seconds},
    store::StoreError,
};
use auth_tests::Server;

use crate::{
    cluster, redis,
    world::{eventually, next, timed, together},
};

const NOW: Moment = Moment(1_800_000_000_000_000);

fn quota(requests: u32, period: u64, burst: u32) -> Quota {
    Rate { requests, period: Seconds(period), burst }.into()
}

/// A bucket that no other case has.
fn fresh(quota: Quota) -> Bucket {
    Bucket::named(&format!("bucket {}", next()), quota)
}

async fn open(server: &Server) -> RedisLimiter {
    RedisLimiter::open(&server.url).await.unwrap()
}

async fn pass(limiter: &RedisLimiter, buckets: &[Bucket]) -> bool {
    let levels = limiter.take(buckets, NOW).await.unwrap();
    levels.iter().all(|level| level.has_room)
}

/// A hundred pass of a thousand that come at once, through four connections.
async fn hold_exactly(limiters: &[Arc<RedisLimiter>]) {
    let (a, b) = (fresh(quota(100, 3600, 100)), fresh(quota(100, 3600, 100)));
    let answers = together(1_000, |number| {
        let limiter = Arc::clone(&limiters[number % limiters.len()]);
        let mut buckets = vec![a.clone(), b.clone()];
        if number % 2 == 0 {
            buckets.reverse();
        }
        async move { pass(&limiter, &buckets).await }
    });
    assert_eq!(answers.await.into_iter().filter(|passed| *passed).count(), 100);
    assert!(!pass(&limiters[0], &[a]).await && !pass(&limiters[0], &[b]).await);
}

/// The same answers as from memory, step by step, whatever is asked.
async fn hold_the_model(limiter: &RedisLimiter) {
    let memory = MemoryLimiter::new();
    let quotas = [quota(5, 60, 5), quota(7, 60, 2), quota(1_000, 1, 3), quota(1, 86_400, 4)];
    let buckets: Vec<_> = quotas.into_iter().map(fresh).collect();
    let (mut now, mut seed) = (NOW.0, 7_u64);
    for step in 0..2_000 {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let chance = seed >> 33;
        now += [0, 0, 1, 999, 250_000, 9_000_000, 70_000_000][(chance % 7) as usize];
        let wanted = |place: &usize| chance >> (8 + place) & 1 == 1;
        let asked: Vec<_> = (0..4).filter(wanted).map(|place| buckets[place].clone()).collect();
        if asked.is_empty() {
            continue;
        }
        let pair = if chance.is_multiple_of(5) {
            (
                limiter.give_back(&asked, Moment(now)).await,
                memory.give_back(&asked, Moment(now)).await,
            )
        } else {
            (limiter.take(&asked, Moment(now)).await, memory.take(&asked, Moment(now)).await)
        };
        assert_eq!(pair.0, pair.1, "step {step}");
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a Redis: ./test stores"]
async fn rl5_exactly_as_many_pass_through_four_connections_to_one_redis() {
    let server = redis::start();
    let mut limiters = Vec::new();
    for _ in 0..4 {
        limiters.push(Arc::new(open(&server).await));
    }
    for _ in 0..3 {
        hold_exactly(&limiters).await;
    }
    assert!(!format!("{limiters:?}").contains("redis://"));
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a Redis: ./test stores"]
async fn rl5_redis_counts_as_memory_does() {
    let server = redis::start();
    hold_the_model(&open(&server).await.on_callers_clock()).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs three Redis: ./test stores"]
async fn rl5_a_cluster_counts_as_memory_does_and_exactly() {
    let nodes = cluster::start().await;
    drop(cluster::open(&nodes).await);
    let url = cluster::url(&nodes);
    hold_the_model(&RedisLimiter::open(&url).await.unwrap().on_callers_clock()).await;
    let one = Arc::new(RedisLimiter::open(&url).await.unwrap());
    hold_exactly(&[Arc::clone(&one), Arc::new(RedisLimiter::open(&url).await.unwrap())]).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a Redis: ./test stores"]
async fn rl5_processes_whose_clocks_differ_share_a_limit() {
    let server = redis::start();
    let limiter = open(&server).await;
    let bucket = [fresh(quota(5, 3600, 5))];
    for years in 0..5 {
        let skewed = Moment(NOW.0 + years * 31_000_000_000_000);
        assert!(limiter.take(&bucket, skewed).await.unwrap()[0].has_room);
    }
    let skewed = Moment(NOW.0 + 310_000_000_000_000);
    let Level { has_room, remaining, next } = limiter.take(&bucket, skewed).await.unwrap()[0];
    assert!(!has_room && remaining == 0 && next.as_secs() <= 720 && next.as_secs() > 600);
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a Redis: ./test stores"]
async fn rl3_redis_keeps_what_is_not_full_and_only_until_it_is() {
    let server = redis::start();
    let limiter = open(&server).await;
    let bucket = fresh(quota(5, 60, 5));
    let alone = std::slice::from_ref(&bucket);
    assert!(pass(&limiter, alone).await && pass(&limiter, alone).await);
    let key = format!("auth:{{limit}}:{}", bucket.name());
    let left: i64 = redis::ask(&server, &["PTTL", &key]).await;
    assert!((22_000..=24_000).contains(&left), "{left}");
    limiter.give_back(&[bucket.clone(), fresh(quota(5, 60, 5))], NOW).await.unwrap();
    let left: i64 = redis::ask(&server, &["PTTL", &key]).await;
    assert!((10_000..=12_000).contains(&left), "{left}");
    limiter.give_back(&[bucket], NOW).await.unwrap();
    assert_eq!(redis::ask::<i64>(&server, &["DBSIZE"]).await, 0);
    assert!(pass(&limiter, &[fresh(quota(1_000, 1, 1))]).await);
    let gone = async || match redis::ask::<i64>(&server, &["DBSIZE"]).await {
        0 => Ok(()),
        left => Err(left),
    };
    for _ in 0..100 {
        if gone().await.is_ok() {
            break;
        }
        crate::world::pause(10).await;
    }
    assert_eq!(gone().await, Ok(()));
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a Redis: ./test stores"]
async fn rl5_a_redis_that_forgot_the_script_is_told_again() {
    let server = redis::start();
    let limiter = open(&server).await;
    let bucket = [fresh(quota(2, 3600, 2))];
    assert!(pass(&limiter, &bucket).await);
    let () = redis::ask(&server, &["SCRIPT", "FLUSH"]).await;
    assert!(pass(&limiter, &bucket).await);
    assert!(!pass(&limiter, &bucket).await);
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a Redis: ./test stores"]
async fn rl6_a_redis_that_is_gone_or_hangs_is_an_error_in_time() {
    let mut server = redis::start();
    let limiter = open(&server).await;
    let bucket = [fresh(quota(2, 3600, 2))];
    assert!(pass(&limiter, &bucket).await);
    server.freeze();
    fails_in_time(&limiter, &bucket).await;
    server.resume();
    server.kill();
    fails_in_time(&limiter, &bucket).await;
    server.start();
    eventually(async || limiter.take(&bucket, NOW).await).await;
}

async fn fails_in_time(limiter: &RedisLimiter, bucket: &[Bucket]) {
    for _ in 0..2 {
        let (answer, took) = timed(limiter.take(bucket, NOW)).await;
        assert!(matches!(answer, Err(StoreError::Unavailable(_))), "{answer:?}");
        assert!(took.as_millis() < 2_000, "{took:?}");
        let (answer, took) = timed(limiter.give_back(bucket, NOW)).await;
        assert!(answer.is_err() && took.as_millis() < 2_000, "{answer:?} {took:?}");
    }
}

/// The rights that the book names are enough.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a Redis: ./test stores"]
async fn rl6_a_limiter_needs_few_rights() {
    let book = include_str!("../../../docs/limits.md");
    let (_, rights) = book.split_once("resetchannels").unwrap();
    let (rights, _) = rights.split_once('`').unwrap();
    let server = redis::start();
    let mut rule = vec!["ACL", "SETUSER", "limits", "on", ">pw", "resetchannels"];
    rule.extend(rights.split_whitespace());
    let () = redis::ask(&server, &rule).await;
    let url = format!("redis://limits:pw@127.0.0.1:{}", server.port);
    hold_the_model(&RedisLimiter::open(&url).await.unwrap().on_callers_clock()).await;
    hold_exactly(&[Arc::new(RedisLimiter::open(&url).await.unwrap())]).await;
}
