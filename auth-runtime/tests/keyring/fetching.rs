//! When keys are fetched, how often, and who waits for it.

use std::{future::poll_fn, pin::pin, sync::Arc, task::Poll};

use auth_runtime::discovery::{Fetch, FetchError, Fetching};
use futures_util::future::join_all;
use serde_json::json;

use super::{
    forge::{TestKey, claims, jwks},
    issuer::{FakeNet, KEYS, METADATA, PARTNER},
    world::{Answer, COOL_DOWN, World, generate, keys},
};

#[tokio::test]
async fn the_keys_of_an_issuer_are_found_through_its_metadata() {
    let key = TestKey::new("k1");
    let net = FakeNet::with(&[&key]);
    let world = World::on(&net).await;
    assert!(net.asked().is_empty(), "nothing is fetched before a token asks for it");
    let answer = world.read(&key.token()).await;
    assert_eq!(
        answer.json(),
        json!({
            "sub": "user-1", "scheme": "partner", "scopes": ["read:posts"], "roles": [],
        })
    );
    assert_eq!(net.asked(), [METADATA, KEYS]);
    assert_eq!(world.audit.take(), ["allow partner keys-due"]);
    assert_eq!(world.read(&key.token()).await.status, 200);
    assert!(net.asked().is_empty());
}

#[tokio::test]
async fn metadata_may_be_where_rfc_8414_puts_it() {
    let key = TestKey::new("k1");
    let net = Arc::new(FakeNet::default());
    let metadata = json!({ "issuer": PARTNER, "jwks_uri": KEYS }).to_string();
    let oauth = "https://partner.example/.well-known/oauth-authorization-server/a";
    net.says(oauth, &metadata);
    net.says(KEYS, &jwks(&[&key]));
    let world = World::on(&net).await;
    assert_eq!(world.read(&key.token()).await.status, 200);
    assert_eq!(net.asked(), [METADATA, oauth, KEYS]);
}

#[tokio::test]
async fn j07_ten_thousand_unknown_kids_cause_one_fetch_per_cool_down() {
    let key = TestKey::new("k1");
    let net = FakeNet::with(&[&key]);
    let world = World::on(&net).await;
    assert_eq!(world.read(&key.token()).await.status, 200);
    net.asked();
    world.audit.take();
    for round in 0..2 {
        world.clock.advance(COOL_DOWN);
        let flood = (0..10_000).map(|n| {
            let kid = json!({ "kid": format!("{round}-{n}") });
            let token = key.sign(&kid, &claims(PARTNER));
            let world = &world;
            async move { world.read(&token).await.status }
        });
        assert!(join_all(flood).await.iter().all(|status| *status == 401));
        // All at once they share one fetch; one after the other they begin no other.
        for n in 0..100 {
            let late = key.sign(&json!({ "kid": format!("late-{n}") }), &claims(PARTNER));
            assert_eq!(world.read(&late).await.status, 401);
        }
        assert_eq!(net.asked(), [METADATA, KEYS]);
        assert_eq!(world.audit.take(), ["allow partner key-unknown"]);
    }
}

#[tokio::test]
async fn j07_fetches_that_fail_are_no_more_frequent() {
    let key = TestKey::new("k1");
    let net = FakeNet::with(&[&key]);
    let world = World::on(&net).await;
    assert_eq!(world.read(&key.token()).await.status, 200);
    net.asked();
    net.goes_down();
    let stranger = key.sign(&json!({ "kid": "unknown" }), &claims(PARTNER));
    for _ in 0..2 {
        world.clock.advance(COOL_DOWN);
        for _ in 0..100 {
            assert_eq!(world.read(&stranger).await.status, 401);
        }
        assert_eq!(net.asked(), [METADATA]);
    }
}

#[tokio::test]
async fn j06_j07_nothing_a_token_names_is_ever_fetched() {
    let key = TestKey::new("k1");
    let net = FakeNet::with(&[&key]);
    let world = World::on(&net).await;
    for kid in ["https://evil.example/k", "../../etc/passwd", "' OR 1=1 --", "\0", "k1\n"] {
        let members = json!({
            "kid": kid, "jku": "https://evil.example/jwks", "x5u": "https://evil.example/x5u",
            "jwk": key.jwk(), "x5c": ["MIIC"],
        });
        assert_eq!(world.read(&key.sign(&members, &claims(PARTNER))).await.status, 401);
        world.clock.advance(COOL_DOWN);
    }
    assert!(net.asked().iter().all(|url| url == METADATA || url == KEYS));
}

#[tokio::test]
async fn m04_a_key_the_issuer_adds_verifies_at_once() {
    let (old, new) = (TestKey::new("k1"), TestKey::new("k2"));
    let net = FakeNet::with(&[&old]);
    let world = World::on(&net).await;
    assert_eq!(world.read(&old.token()).await.status, 200);
    net.rotate(&[&new, &old]);
    world.clock.advance(COOL_DOWN);
    assert_eq!(world.read(&new.token()).await.status, 200);
    assert_eq!(world.read(&old.token()).await.status, 200);
    assert_eq!(world.audit.take(), ["allow partner keys-due", "allow partner key-unknown"]);
}

#[tokio::test]
async fn m04_a_key_the_issuer_withdraws_is_dead_with_the_next_fetch() {
    let (old, new) = (TestKey::new("k1"), TestKey::new("k2"));
    let net = FakeNet::with(&[&old]);
    let world = World::on(&net).await;
    assert_eq!(world.read(&old.token()).await.status, 200);
    net.rotate(&[&new]);
    world.clock.advance(COOL_DOWN);
    assert_eq!(world.read(&new.token()).await.status, 200);
    assert_eq!(world.read(&old.token()).await.status, 401);
}

#[tokio::test]
async fn j10_the_keys_of_one_issuer_say_nothing_of_another() {
    let (partner, rival) = (TestKey::new("k1"), TestKey::new("k1"));
    let net = FakeNet::with(&[&partner]);
    net.publish("https://rival.example", "https://rival.example/keys", &jwks(&[&rival]));
    let world = World::on(&net).await;
    let of = |key: &TestKey, issuer| key.sign(&json!({ "kid": "k1" }), &claims(issuer));
    assert_eq!(world.read(&of(&partner, PARTNER)).await.status, 200);
    assert_eq!(world.read(&of(&rival, "https://rival.example")).await.status, 200);
    assert_eq!(world.read(&of(&partner, "https://rival.example")).await.status, 401);
    assert_eq!(world.read(&of(&rival, PARTNER)).await.status, 401);
    assert_eq!(world.read(&of(&rival, "https://rival.example/")).await.status, 401);
}

#[tokio::test]
async fn j10_an_issuer_that_is_down_keeps_no_other_from_verifying() {
    let rival = TestKey::new("k1");
    let net = FakeNet::with(&[]);
    net.goes_down();
    net.publish("https://rival.example", "https://rival.example/keys", &jwks(&[&rival]));
    let world = World::on(&net).await;
    assert!(world.read(&rival.token()).await.is_unavailable());
    let token = rival.sign(&json!({ "kid": "k1" }), &claims("https://rival.example"));
    assert_eq!(world.read(&token).await.status, 200);
    assert_eq!(world.read(&world.own_token()).await.status, 200);
}

#[tokio::test]
async fn requests_at_the_same_time_wait_for_one_fetch() {
    let key = TestKey::new("k1");
    let net = FakeNet::with(&[&key]);
    let gate = net.close_gate();
    let world = World::on(&net).await;
    let token = key.token();
    let opened = async {
        world.settle().await;
        assert_eq!(net.asked(), [METADATA]);
        gate.add_permits(2);
    };
    let requests = join_all((0..500).map(|_| world.read(&token)));
    let (answers, ()) = tokio::join!(requests, opened);
    assert!(answers.iter().all(|answer| answer.status == 200));
    assert_eq!(net.asked(), [KEYS]);
}

#[tokio::test]
async fn those_beyond_the_places_to_wait_are_answered_at_once() {
    let key = TestKey::new("k1");
    let net = FakeNet::with(&[&key]);
    let gate = net.close_gate();
    let world = World::on(&net).await;
    let token = key.token();
    let requests = (0..1_030).map(|_| {
        let gate = &gate;
        let request = world.read(&token);
        async move { (request.await, gate.available_permits()) }
    });
    let opened = async {
        world.settle().await;
        gate.add_permits(10);
    };
    let (answers, ()) = tokio::join!(join_all(requests), opened);
    let early: Vec<_> = answers.iter().filter(|(_, permits)| *permits == 0).collect();
    assert_eq!(early.len(), 6);
    assert!(early.iter().all(|(answer, _)| answer.is_unavailable()));
    let rest = answers.iter().filter(|(answer, _)| answer.status == 200).count();
    assert_eq!(rest, 1_024);
}

#[tokio::test]
async fn a_client_that_hangs_up_does_not_end_the_fetch() {
    let key = TestKey::new("k1");
    let net = FakeNet::with(&[&key]);
    let gate = net.close_gate();
    let world = World::on(&net).await;
    let token = key.token();
    {
        let mut request = pin!(world.read(&token));
        let begun = poll_fn(|context| Poll::Ready(request.as_mut().poll(context))).await;
        assert!(begun.is_pending());
    }
    gate.add_permits(2);
    world.settle().await;
    assert_eq!(net.asked(), [METADATA, KEYS]);
    assert_eq!(world.read(&token).await.status, 200);
    assert!(net.asked().is_empty());
}

#[tokio::test(start_paused = true)]
async fn e4_a_fetch_that_never_ends_is_ended() {
    let key = TestKey::new("k1");
    let net = FakeNet::with(&[&key]);
    let _gate = net.close_gate();
    let world = World::on(&net).await;
    assert!(world.read(&key.token()).await.is_unavailable());
    assert_eq!(world.audit.take(), ["error partner fetch-timeout"]);
}

/// A fetch with a fault.
struct Panics;

impl Fetch for Panics {
    fn get<'f>(&'f self, _: &'f str) -> Fetching<'f> {
        Box::pin(async { panic!("a fault in the fetch") })
    }
}

/// A fetch that finds nothing.
struct Nothing;

impl Fetch for Nothing {
    fn get<'f>(&'f self, _: &'f str) -> Fetching<'f> {
        Box::pin(async { Err(FetchError::Status(404)) })
    }
}

#[tokio::test]
async fn e3_e4_a_fetch_that_panics_lets_nobody_in() {
    let token = TestKey::new("k1").token();
    let own = || keys(&[&generate()]);
    for answer in [
        World::with(own(), Panics).await.read(&token).await,
        World::with(own(), Nothing).await.read(&token).await,
    ] {
        assert!(Answer::is_unavailable(&answer), "{answer:?}");
    }
}
