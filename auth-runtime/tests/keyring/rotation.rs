//! Keys of our own, replaced while the service runs.

use std::{
    sync::atomic::{AtomicBool, Ordering},
    thread,
};

use auth_runtime::{
    BuildError, jwt::KeyFault, jwt::KeySet, jwt::SetupError, policy_types::Algorithm,
};
use serde_json::json;

use super::{
    forge::TestKey,
    issuer::FakeNet,
    world::{World, generate, keys},
};

async fn world(own: KeySet) -> World {
    World::with(own, FakeNet::with(&[])).await
}

#[tokio::test]
async fn m04_tokens_of_the_old_key_verify_until_it_is_removed() {
    let (old, new) = (generate(), generate());
    let world = world(keys(&[&old])).await;
    let earlier = world.own_token();

    // Published, not yet used: whoever verifies elsewhere learns of it in time.
    world.auth.replace_keys("jwt", keys(&[&old, &new])).unwrap();
    assert!(world.own_token().starts_with(earlier.split('.').next().unwrap()), "the old one signs");
    world.auth.replace_keys("jwt", keys(&[&new, &old])).unwrap();
    let later = world.own_token();
    assert!(!later.starts_with(earlier.split('.').next().unwrap()), "the new one signs");
    assert_eq!(world.read(&earlier).await.status, 200);
    assert_eq!(world.read(&later).await.status, 200);

    world.auth.replace_keys("jwt", keys(&[&new])).unwrap();
    assert_eq!(world.read(&earlier).await.status, 401);
    assert_eq!(world.read(&later).await.status, 200);
    assert_eq!(world.audit.take(), ["allow jwt keys-replaced"; 3]);
}

#[tokio::test]
async fn m04_keys_that_do_not_fit_are_refused_and_the_old_ones_stay() {
    let world = world(keys(&[&generate()])).await;
    let token = world.own_token();
    let es256 = KeySet::generate(Algorithm::ES256).unwrap();
    let es256 = KeySet::from_jwk_set(es256.expose()).unwrap();
    let fault = |refused| match refused {
        Err(BuildError::Keys { error: SetupError::Key(error), .. }) => error.fault().clone(),
        other => panic!("{other:?}"),
    };
    let refused = fault(world.auth.replace_keys("jwt", es256));
    assert_eq!(refused, KeyFault::AlgorithmNotListed(Algorithm::ES256));
    let public = json!({ "keys": [TestKey::new("p").jwk()] }).to_string();
    let refused = fault(world.auth.replace_keys("jwt", KeySet::from_jwk_set(&public).unwrap()));
    assert_eq!(refused, KeyFault::NoSigningKey(Algorithm::EdDSA));
    assert_eq!(world.read(&token).await.status, 200);
    assert!(world.audit.take().is_empty());
}

#[tokio::test]
async fn m04_only_schemes_with_keys_of_our_own_have_them_replaced() {
    let world = world(keys(&[&generate()])).await;
    let replace = |scheme| world.auth.replace_keys(scheme, keys(&[&generate()]));
    assert!(matches!(replace("nobody"), Err(BuildError::NoSuchScheme(_))));
    assert!(matches!(replace("partner"), Err(BuildError::KeysAreFetched(_))));
    let reload = |scheme| world.auth.reload_keys(scheme);
    assert!(matches!(reload("nobody"), Err(BuildError::NoSuchScheme(_))));
    assert!(matches!(reload("partner"), Err(BuildError::NoKeys(_))));
}

#[tokio::test]
async fn m04_keys_are_read_anew_from_where_the_policy_says() {
    let world = world(keys(&[&generate()])).await;
    let earlier = world.own_token();
    world.auth.reload_keys("jwt").unwrap();
    let file = include_str!("../keys/eddsa.public.pem");
    let expected = KeySet::from_pem(file, Algorithm::EdDSA).unwrap().public_jwk_set();
    assert_eq!(world.get("/.well-known/jwks.json", &[]).await.json(), expected);
    assert_eq!(world.read(&world.own_token()).await.status, 200);
    assert_eq!(world.read(&earlier).await.status, 401);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn m04_a_swap_under_load_fails_no_request() {
    let (old, new) = (generate(), generate());
    let world = world(keys(&[&old, &new])).await;
    let done = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| {
            // A thousand rotations there and back; both keys verify all the time.
            for turn in 0..1_000 {
                let order = if turn % 2 == 0 { [&new, &old] } else { [&old, &new] };
                world.auth.replace_keys("jwt", keys(&order)).unwrap();
            }
            done.store(true, Ordering::SeqCst);
        });
        for _ in 0..2 {
            scope.spawn(|| {
                let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
                let mut requests = 0;
                while !done.load(Ordering::SeqCst) || requests < 100 {
                    let answer = runtime.block_on(world.read(&world.own_token()));
                    assert_eq!(answer.status, 200, "{}", answer.body);
                    requests += 1;
                }
            });
        }
    });
}
