//! When a token is kept, when it is renewed, and when it is given up.

use auth_runtime::client::ClientError;

use super::endpoint::{Endpoint, Reply, fails, granted, settle, shown, token};

#[tokio::test]
async fn m06_a_token_is_kept_until_four_fifths_of_its_life() {
    let endpoint = Endpoint::new([token("first", 1000), token("second", 1000)]);
    let source = endpoint.source();
    assert_eq!(shown(&source).await.as_deref(), Ok("first"));
    endpoint.clock.advance(799);
    assert_eq!(shown(&source).await.as_deref(), Ok("first"));
    assert_eq!(endpoint.asked(), 1);

    endpoint.clock.advance(1);
    assert_eq!(shown(&source).await.as_deref(), Ok("first"), "nobody waits for a renewal");
    settle().await;
    assert_eq!(shown(&source).await.as_deref(), Ok("second"));
    assert_eq!(endpoint.asked(), 2);
}

#[tokio::test]
async fn m06_an_expired_token_is_never_given_out() {
    let gone = ClientError::Unreachable("gone".to_owned());
    let endpoint =
        Endpoint::new([token("first", 1000), fails(gone.clone()), token("second", 1000)]);
    let source = endpoint.source();
    assert_eq!(shown(&source).await.as_deref(), Ok("first"));
    endpoint.clock.advance(990);
    assert_eq!(shown(&source).await, Err(gone), "10 s before its end it is as good as expired");
    endpoint.clock.advance(1);
    assert_eq!(shown(&source).await.as_deref(), Ok("second"));
}

#[tokio::test]
async fn m06_a_token_lives_from_when_it_was_asked_for() {
    let endpoint = Endpoint::new([
        Reply::SaysLate(30, granted("late", 100)),
        Reply::SaysLate(60, granted("too-late", 60)),
        Reply::Says(Ok(granted("never", 0))),
    ]);
    let source = endpoint.source();
    assert_eq!(shown(&source).await.as_deref(), Ok("late"));
    endpoint.clock.advance(59);
    assert_eq!(shown(&source).await.as_deref(), Ok("late"));
    endpoint.clock.advance(1);
    assert_eq!(shown(&source).await, Err(ClientError::Expired), "asked for 60 s before it came");
    endpoint.clock.advance(1);
    assert_eq!(shown(&source).await, Err(ClientError::Expired));
    assert_eq!(shown(&source).await, Err(ClientError::Expired));
    assert_eq!(endpoint.asked(), 3, "a token that is dead on arrival causes no hail of requests");
}

#[tokio::test]
async fn m06_a_clock_that_was_set_back_does_not_lengthen_a_life() {
    let endpoint = Endpoint::new([token("first", 1000), token("second", 1000)]);
    let source = endpoint.source();
    assert_eq!(shown(&source).await.as_deref(), Ok("first"));
    endpoint.clock.advance(-500);
    assert_eq!(shown(&source).await.as_deref(), Ok("second"));
}

#[tokio::test]
async fn m06_a_token_of_a_second_costs_one_request_a_second() {
    let endpoint = Endpoint::new([token("first", 1), token("second", 1)]);
    let source = endpoint.source();
    for _ in 0..100 {
        assert_eq!(shown(&source).await.as_deref(), Ok("first"));
    }
    endpoint.clock.advance(1);
    for _ in 0..100 {
        assert_eq!(shown(&source).await.as_deref(), Ok("second"));
    }
    assert_eq!(endpoint.asked(), 2);
}
