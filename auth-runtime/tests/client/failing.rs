//! What callers get while the token endpoint does not answer as it should.

use auth_runtime::client::{ClientError, TokenAnswer};

use super::endpoint::{Endpoint, Reply, fails, settle, shown, token};

#[tokio::test]
async fn m06_a_token_that_is_valid_serves_while_its_renewal_fails() {
    let endpoint = Endpoint::new([
        token("first", 1000),
        fails(ClientError::Timeout),
        fails(ClientError::Timeout),
        token("second", 1000),
    ]);
    let source = endpoint.source();
    assert_eq!(shown(&source).await.as_deref(), Ok("first"));
    endpoint.clock.advance(800);
    for (later, asked) in [(0, 2), (1, 3), (1, 3), (1, 4)] {
        endpoint.clock.advance(later);
        assert_eq!(shown(&source).await.as_deref(), Ok("first"));
        settle().await;
        assert_eq!(endpoint.asked(), asked);
    }
    assert_eq!(shown(&source).await.as_deref(), Ok("second"));
}

#[tokio::test]
async fn m06_failures_are_followed_by_pauses() {
    let refusals = (0..20).map(|_| Reply::Says(Ok(TokenAnswer::new(500))));
    let endpoint = Endpoint::new(refusals);
    let source = endpoint.source();
    let error = ClientError::Status { status: 500, retry_after: None };
    for _ in 0..300 {
        for _ in 0..10 {
            assert_eq!(shown(&source).await, Err(error.clone()));
        }
        endpoint.clock.advance(1);
    }
    // At 0, 1, 3, 7, 15, 31, 63 and then every 60 seconds.
    assert_eq!(endpoint.asked(), 10);
}

#[tokio::test]
async fn m06_after_a_failure_the_next_success_is_given_out_at_once() {
    let endpoint = Endpoint::new([
        Reply::Says(Ok(TokenAnswer::new(500))),
        token("first", 10),
        fails(ClientError::Timeout),
        token("second", 10),
    ]);
    let source = endpoint.source();
    assert!(shown(&source).await.is_err());
    endpoint.clock.advance(1);
    assert_eq!(shown(&source).await.as_deref(), Ok("first"));
    endpoint.clock.advance(10);
    assert_eq!(shown(&source).await, Err(ClientError::Timeout));
    endpoint.clock.advance(1);
    assert_eq!(shown(&source).await.as_deref(), Ok("second"), "a success ends the count");
}

#[tokio::test(start_paused = true)]
async fn m06_an_endpoint_that_hangs_is_given_up() {
    let endpoint = Endpoint::new([Reply::Hangs, token("first", 10)]);
    let source = endpoint.source();
    assert_eq!(shown(&source).await, Err(ClientError::Timeout));
    endpoint.clock.advance(1);
    assert_eq!(shown(&source).await.as_deref(), Ok("first"));
}

#[tokio::test]
async fn m06_a_transport_that_panics_hurts_one_request() {
    let endpoint = Endpoint::new([Reply::Panics, token("first", 10)]);
    let source = endpoint.source();
    assert_eq!(shown(&source).await, Err(ClientError::Interrupted));
    assert_eq!(shown(&source).await, Err(ClientError::Interrupted));
    assert_eq!(endpoint.asked(), 1);
    endpoint.clock.advance(1);
    assert_eq!(shown(&source).await.as_deref(), Ok("first"));
}

#[tokio::test]
async fn m06_neither_a_source_nor_its_errors_print_a_secret() {
    let endpoint = Endpoint::new([token("first", 10)]);
    let source = endpoint.source();
    let token = source.token().await.expect("a token");
    let printed = format!("{source:?} {token:?}");
    assert!(!printed.contains("hunter2") && !printed.contains("first"), "{printed}");
}
