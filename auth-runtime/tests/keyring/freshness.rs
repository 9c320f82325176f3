//! How long keys that were fetched are good, and what happens when there are no newer ones.

use super::{
    forge::{TestKey, jwks},
    issuer::{FakeNet, KEYS, METADATA, PARTNER},
    world::{COOL_DOWN, MAX_STALE, World},
};

/// A service that has the key of its partner.
async fn primed(key: &TestKey) -> (World, std::sync::Arc<FakeNet>) {
    let net = FakeNet::with(&[key]);
    let world = World::on(&net).await;
    assert_eq!(world.read(&key.token()).await.status, 200);
    net.asked();
    world.audit.take();
    (world, net)
}

#[tokio::test]
async fn e4_an_issuer_that_was_never_reached_is_503_and_never_believed() {
    let key = TestKey::new("k1");
    let net = FakeNet::with(&[]);
    net.goes_down();
    let world = World::on(&net).await;
    for _ in 0..3 {
        assert!(world.read(&key.token()).await.is_unavailable());
    }
    assert_eq!(net.asked(), [METADATA], "and not asked again and again");
    assert_eq!(world.audit.take(), ["error partner fetch-unreachable"]);

    net.publish(PARTNER, KEYS, &jwks(&[&key]));
    world.clock.advance(COOL_DOWN - 1);
    let answer = world.read(&key.token()).await;
    assert!(answer.is_unavailable());
    assert_eq!(answer.header("retry-after"), "1");
    world.clock.advance(1);
    assert_eq!(world.read(&key.token()).await.status, 200);
}

#[tokio::test]
async fn e4_cached_keys_serve_until_max_stale_then_503() {
    let key = TestKey::new("k1");
    let (world, net) = primed(&key).await;
    net.goes_down();
    for _ in 0..24 {
        world.clock.advance(MAX_STALE / 24 - 1);
        assert_eq!(world.read(&key.token()).await.status, 200);
        world.settle().await;
    }
    world.clock.advance(23);
    assert_eq!(world.read(&key.token()).await.status, 200, "the last second");
    world.settle().await;
    world.clock.advance(1);
    assert!(world.read(&key.token()).await.is_unavailable());
    net.asked();
    net.publish(PARTNER, KEYS, &jwks(&[&key]));
    world.clock.advance(COOL_DOWN);
    assert_eq!(world.read(&key.token()).await.status, 200);
}

#[tokio::test]
async fn e4_keys_that_are_due_serve_while_new_ones_are_fetched() {
    let (old, new) = (TestKey::new("k1"), TestKey::new("k2"));
    let (world, net) = primed(&old).await;
    net.rotate(&[&new]);
    let gate = net.close_gate();
    world.clock.advance(600);
    for _ in 0..3 {
        assert_eq!(world.read(&old.token()).await.status, 200, "nobody waits");
        world.settle().await;
    }
    assert_eq!(net.asked(), [METADATA]);
    gate.add_permits(2);
    world.settle().await;
    assert_eq!(world.read(&old.token()).await.status, 401, "the old key was withdrawn");
    assert_eq!(world.audit.take(), ["allow partner keys-due"]);
}

#[tokio::test]
async fn e4_after_a_long_rest_a_withdrawn_key_is_not_believed_once_more() {
    let (old, new) = (TestKey::new("k1"), TestKey::new("k2"));
    let (world, net) = primed(&old).await;
    net.rotate(&[&new]);
    world.clock.advance(1_200);
    assert_eq!(world.read(&old.token()).await.status, 401);
    assert_eq!(world.read(&new.token()).await.status, 200);
}

#[tokio::test]
async fn e4_an_issuer_that_hangs_holds_requests_up_once_and_not_at_every_try() {
    let key = TestKey::new("k1");
    let (world, net) = primed(&key).await;
    net.goes_down();
    world.clock.advance(1_200);
    assert_eq!(world.read(&key.token()).await.status, 200, "it waits, in vain");
    assert_eq!(world.audit.take(), ["error partner fetch-unreachable"]);
    let _gate = net.close_gate();
    world.clock.advance(COOL_DOWN);
    let token = key.token();
    let status = tokio::select! {
        biased;
        answer = world.read(&token) => answer.status,
        () = world.settle() => panic!("it waits for an issuer that hangs"),
    };
    assert_eq!(status, 200);
    world.settle().await;
    assert_eq!(net.asked(), [METADATA, METADATA]);
}

#[tokio::test]
async fn what_the_issuer_says_of_the_time_counts_within_bounds() {
    // (what `max-age` says, when the keys are not yet due, when they are)
    for (said, early, late) in [(0, 59, 60), (300, 299, 300), (u64::MAX, 3_599, 3_600)] {
        let key = TestKey::new("k1");
        let net = FakeNet::with(&[]);
        net.says_for(KEYS, &jwks(&[&key]), said);
        let world = World::on(&net).await;
        assert_eq!(world.read(&key.token()).await.status, 200);
        net.asked();
        for (moment, asked) in [(early, 0), (late - early, 2)] {
            world.clock.advance(moment);
            assert_eq!(world.read(&key.token()).await.status, 200);
            world.settle().await;
            assert_eq!(net.asked().len(), asked, "max-age={said}");
        }
    }
}

#[tokio::test]
async fn a_clock_that_is_set_back_puts_no_fetch_off_for_long() {
    let (old, new) = (TestKey::new("k1"), TestKey::new("k2"));
    let (world, net) = primed(&old).await;
    net.rotate(&[&new, &old]);
    world.clock.advance(-100_000);
    // Tokens of this moment: `iat` must not lie in the future.
    let mut claims = super::forge::claims(PARTNER);
    claims["iat"] = 1.into();
    let token = new.sign(&serde_json::json!({ "kid": "k2" }), &claims);
    assert_eq!(world.read(&token).await.status, 200);
}
