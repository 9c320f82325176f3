//! RL6, A4: a limiter that does not answer.

use std::sync::Arc;

use auth_runtime::{
    audit::{Decision, Kind},
    clock::Moment,
    limit::{Bucket, Level, Limiter},
    store::{Answer, StoreError},
};

use super::{door_with, header, stranger};

/// One that cannot be reached.
#[derive(Debug)]
struct Away;

impl Limiter for Away {
    fn take<'a>(&'a self, _: &'a [Bucket], _: Moment) -> Answer<'a, Vec<Level>> {
        Box::pin(async { Err(StoreError::Unavailable("away".to_owned())) })
    }

    fn give_back<'a>(&'a self, _: &'a [Bucket], _: Moment) -> Answer<'a, Vec<Level>> {
        Box::pin(async { Err(StoreError::Unavailable("away".to_owned())) })
    }
}

/// One that forgets to answer for the last bucket.
#[derive(Debug)]
struct Short;

impl Limiter for Short {
    fn take<'a>(&'a self, _: &'a [Bucket], _: Moment) -> Answer<'a, Vec<Level>> {
        Box::pin(async { Ok(Vec::new()) })
    }

    fn give_back<'a>(&'a self, _: &'a [Bucket], _: Moment) -> Answer<'a, Vec<Level>> {
        Box::pin(async { Ok(Vec::new()) })
    }
}

#[tokio::test]
async fn rl6_a_limit_is_closed_when_its_limiter_is_away() {
    let limiters: [Arc<dyn Limiter>; 2] = [Arc::new(Away), Arc::new(Short)];
    for limiter in limiters {
        let door = door_with(limiter).await;
        let answer = stranger(&door, "/address", "192.0.2.1").await;
        assert_eq!((answer.status, answer.code().as_str()), (503, "unavailable"));
        assert_eq!(header(&answer, "ratelimit"), None);
        assert_eq!(door.reached.take(), [""; 0]);
        let events = door.audit.take();
        let told: Vec<_> = events.iter().map(|event| (event.kind, event.decision)).collect();
        assert_eq!(told, [(Kind::Outage, Decision::Error), (Kind::Access, Decision::Error)]);
        assert!(events.iter().all(|event| event.cause.as_deref() == Some("limiter-unreachable")));
        assert_eq!(stranger(&door, "/free", "192.0.2.1").await.status, 200);
        stranger(&door, "/address", "192.0.2.1").await;
        assert_eq!(door.audit.only().kind, Kind::Access, "the outage is told once");
    }
}

#[tokio::test]
async fn rl6_a_limit_that_says_so_lets_pass_and_tells_of_it() {
    let door = door_with(Arc::new(Away)).await;
    let answer = stranger(&door, "/lenient", "192.0.2.1").await;
    assert_eq!((answer.status, header(&answer, "ratelimit")), (200, None));
    let event = door.audit.only();
    assert_eq!((event.kind, event.decision), (Kind::Outage, Decision::Error));
    assert_eq!(event.cause.as_deref(), Some("limiter-unreachable"));
}
