//! E3: whatever breaks inside a guard, nobody gets in, and the caller gets an answer.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use auth_runtime::{
    Auth, Identity, Router,
    audit::{AuditSink, Decision, Event},
    clock::{Clock, Timestamp},
    policy, public,
    routing::get,
    store::MemoryStore,
};
use axum::extract::State;

use super::{
    fixture::{Answer, Ask, Reached, START, ask, guarded, open, send},
    forge,
};

#[public(reason = "knows some", identity = jwt)]
async fn known(State(reached): State<Reached>, _caller: Option<Identity>) -> &'static str {
    reached.note("known")
}

/// Tells the time, or breaks.
struct Fragile(&'static AtomicBool);

impl Clock for Fragile {
    fn now(&self) -> Timestamp {
        assert!(!self.0.load(Ordering::SeqCst), "the clock broke, at axum/src/secret.rs");
        Timestamp(START)
    }
}

impl AuditSink for Fragile {
    fn record(&self, _: &Event<'_>) {
        assert!(!self.0.load(Ordering::SeqCst), "the sink broke, at axum/src/secret.rs");
    }
}

static STEADY: AtomicBool = AtomicBool::new(false);

struct House {
    app: auth_runtime::Protected,
    reached: Reached,
}

impl House {
    async fn with(clock: &'static AtomicBool, audit: &'static AtomicBool) -> Self {
        let builder = Auth::from_policy(policy!("../policies/test.yaml"))
            .keys("jwt", forge::own_keys())
            .keys("partner", forge::p256_keys())
            .store(Arc::new(MemoryStore::new()))
            .clock(Fragile(clock))
            .audit(Fragile(audit));
        let routes = Router::new()
            .route("/guarded", get(guarded))
            .route("/known", get(known))
            .route("/open", get(open));
        let reached = Reached::default();
        let app = routes.with_state(reached.clone()).protect(builder.build().await.unwrap());
        Self { app, reached }
    }

    async fn send(&self, request: Ask) -> Answer {
        send(self.app.clone(), request).await
    }

    /// Breaks, denies everybody, mends, and works again.
    async fn breaks(&self, broken: &AtomicBool) {
        let token = forge::own(&forge::own_header(), &forge::own_claims());
        broken.store(true, Ordering::SeqCst);
        for path in ["/guarded", "/known"] {
            for credential in [token.as_str(), "bad"] {
                let answer = self.send(ask("GET", path).bearer(credential)).await;
                assert_eq!((answer.status, answer.code().as_str()), (500, "internal"), "{path}");
            }
        }
        let nobody = self.send(ask("GET", "/guarded")).await;
        assert_eq!(nobody.status, 500);
        assert_eq!(self.reached.take(), [""; 0]);
        assert_eq!(self.send(ask("GET", "/open")).await.status, 200, "this one asks nobody");
        broken.store(false, Ordering::SeqCst);
        for path in ["/guarded", "/known"] {
            assert_eq!(self.send(ask("GET", path).bearer(&token)).await.status, 200);
        }
        assert_eq!(self.reached.take(), ["open", "guarded", "known"]);
    }
}

#[tokio::test]
async fn e3_a_clock_that_panics_lets_nobody_in() {
    static BROKEN: AtomicBool = AtomicBool::new(false);
    House::with(&BROKEN, &STEADY).await.breaks(&BROKEN).await;
}

#[tokio::test]
async fn e3_an_audit_sink_that_panics_lets_nobody_in() {
    static BROKEN: AtomicBool = AtomicBool::new(false);
    House::with(&STEADY, &BROKEN).await.breaks(&BROKEN).await;
}

/// A sink that breaks on what is let in must not see it let in all the same.
#[tokio::test]
async fn e3_what_cannot_be_recorded_does_not_happen() {
    struct NeverAllow;
    impl AuditSink for NeverAllow {
        fn record(&self, event: &Event<'_>) {
            assert_ne!(event.decision, Decision::Allow);
        }
    }
    let auth = Auth::from_policy(policy!("../policies/test.yaml"))
        .keys("jwt", forge::own_keys())
        .keys("partner", forge::p256_keys())
        .store(Arc::new(MemoryStore::new()))
        .clock(Fragile(&STEADY))
        .audit(NeverAllow)
        .build()
        .await
        .unwrap();
    let reached = Reached::default();
    let app = Router::new().route("/guarded", get(guarded)).with_state(reached.clone());
    let app = app.protect(auth);
    let token = forge::own(&forge::own_header(), &forge::own_claims());
    assert_eq!(send(app.clone(), ask("GET", "/guarded").bearer(token)).await.status, 500);
    assert_eq!(send(app, ask("GET", "/guarded")).await.status, 401);
    assert_eq!(reached.take(), [""; 0]);
}

/// The order on the clock: time that leaps, either way, never overflows into letting in.
#[tokio::test]
async fn e3_the_ends_of_time_let_nobody_in() {
    struct At(i64);
    impl Clock for At {
        fn now(&self) -> Timestamp {
            Timestamp(self.0)
        }
    }
    let token = forge::own(&forge::own_header(), &forge::own_claims());
    for moment in [i64::MIN, -1, 0, i64::MAX - 1, i64::MAX] {
        let auth = Auth::from_policy(policy!("../policies/test.yaml"))
            .keys("jwt", forge::own_keys())
            .keys("partner", forge::p256_keys())
            .store(Arc::new(MemoryStore::new()))
            .clock(At(moment))
            .build()
            .await
            .unwrap();
        let reached = Reached::default();
        let routes = Router::new().route("/guarded", get(guarded)).with_state(reached.clone());
        let answer = send(routes.protect(auth), ask("GET", "/guarded").bearer(&token)).await;
        assert_eq!(answer.status, 401, "{moment}");
        assert_eq!(reached.take(), [""; 0]);
    }
}
