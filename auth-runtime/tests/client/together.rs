//! Many callers at once, and callers that give up.

use std::{future::Future, pin::pin, task::Context};

use futures_util::{future::join_all, task::noop_waker_ref};

use super::endpoint::{Endpoint, settle, shown, token};

#[tokio::test]
async fn m06_sixty_four_callers_cause_one_request() {
    let endpoint = Endpoint::closed([token("first", 1000), token("second", 1000)]);
    let source = endpoint.source();
    let callers: Vec<_> = (0..64)
        .map(|_| {
            let source = source.clone();
            tokio::spawn(async move { shown(&source).await })
        })
        .collect();
    settle().await;
    assert_eq!(endpoint.asked(), 1);
    endpoint.answer_one();
    for answer in join_all(callers).await {
        assert_eq!(answer.expect("no panic").as_deref(), Ok("first"));
    }

    endpoint.clock.advance(800);
    let all = join_all((0..64).map(|_| shown(&source))).await;
    assert!(all.iter().all(|answer| answer.as_deref() == Ok("first")));
    settle().await;
    assert_eq!(endpoint.asked(), 2, "nor does a renewal take more");
    endpoint.answer_one();
    settle().await;
    assert_eq!(shown(&source).await.as_deref(), Ok("second"));
    assert_eq!(endpoint.asked(), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn m06_callers_on_many_threads_cause_one_request() {
    let endpoint = Endpoint::new([token("first", 1000)]);
    let source = endpoint.source();
    let callers = (0..64).map(|_| {
        let source = source.clone();
        tokio::spawn(async move { shown(&source).await })
    });
    for answer in join_all(callers).await {
        assert_eq!(answer.expect("no panic").as_deref(), Ok("first"));
    }
    assert_eq!(endpoint.asked(), 1);
}

#[tokio::test]
async fn m06_a_caller_that_gives_up_does_not_end_the_request_of_others() {
    let endpoint = Endpoint::closed([token("first", 1000)]);
    let source = endpoint.source();
    {
        let mut impatient = pin!(source.token());
        let waiting = impatient.as_mut().poll(&mut Context::from_waker(noop_waker_ref()));
        assert!(waiting.is_pending());
    }
    settle().await;
    endpoint.answer_one();
    assert_eq!(shown(&source).await.as_deref(), Ok("first"));
    assert_eq!(endpoint.asked(), 1);
}
