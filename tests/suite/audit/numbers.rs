//! Events as metrics: counted once, under labels that no client can choose.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};

use auth_runtime::{
    Router, audit::AuditSink, audit::Decision, audit::Kind, audit::MetricsSink, routing::get,
};
use metrics::{
    Counter, CounterFn, Gauge, Histogram, HistogramFn, Key, KeyName, Metadata, Recorder,
    SharedString, Unit,
};

use super::{
    fixture::{Door, ask, guarded},
    sample::event,
};

/// How often each series was counted or measured.
#[derive(Clone, Default)]
struct Board(Arc<Mutex<BTreeMap<String, u64>>>);

struct Series(Board, String);

impl Series {
    fn add(&self, value: u64) {
        *self.0.0.lock().unwrap().entry(self.1.clone()).or_default() += value;
    }
}

impl CounterFn for Series {
    fn increment(&self, value: u64) {
        self.add(value);
    }

    fn absolute(&self, _: u64) {
        panic!("a counter only grows");
    }
}

impl HistogramFn for Series {
    fn record(&self, seconds: f64) {
        assert!((0.0..10.0).contains(&seconds), "{seconds}");
        self.add(1);
    }
}

impl Board {
    fn series(&self, key: &Key) -> Arc<Series> {
        let labels = key.labels().map(|label| format!("{}={}", label.key(), label.value()));
        let labels = labels.collect::<Vec<_>>().join(",");
        Arc::new(Series(self.clone(), format!("{}{{{labels}}}", key.name())))
    }

    fn count(&self, series: &str) -> u64 {
        self.0.lock().unwrap().get(series).copied().unwrap_or_default()
    }
}

impl Recorder for Board {
    fn describe_counter(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

    fn describe_gauge(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

    fn describe_histogram(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

    fn register_counter(&self, key: &Key, _: &Metadata<'_>) -> Counter {
        Counter::from_arc(self.series(key))
    }

    fn register_gauge(&self, _: &Key, _: &Metadata<'_>) -> Gauge {
        panic!("there are no gauges");
    }

    fn register_histogram(&self, key: &Key, _: &Metadata<'_>) -> Histogram {
        Histogram::from_arc(self.series(key))
    }
}

#[test]
fn a4_each_event_is_counted_once_under_words_of_the_source_code() {
    let board = Board::default();
    metrics::with_local_recorder(&board, || {
        let mut login = event(Kind::Login);
        MetricsSink.record(&login);
        login.decision = Decision::Deny;
        login.cause = Some("wrong-password");
        (0..2).for_each(|_| MetricsSink.record(&login));
        MetricsSink.record(&event(Kind::RefreshReuse));
        let mut access = event(Kind::Access);
        access.scheme = Some("jwt");
        // What a client can choose is in no label.
        access.credential = Some("canary");
        access.request_id = Some("canary");
        access.route = Some("canary");
        MetricsSink.record(&access);
    });
    for (series, count) in [
        ("auth_logins_total{decision=allow,cause=none}", 1),
        ("auth_logins_total{decision=deny,cause=wrong-password}", 2),
        ("auth_refresh_reuse_total{}", 1),
        ("auth_decisions_total{decision=allow,cause=none,scheme=jwt}", 1),
        ("auth_events_total{kind=login,decision=deny}", 2),
    ] {
        assert_eq!(board.count(series), count, "{series}");
    }
    assert!(!format!("{:?}", board.0.lock().unwrap()).contains("canary"));
}

#[test]
fn a4_every_guarded_request_is_measured_once() {
    let board = Board::default();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let door = runtime.block_on(Door::of(Router::new().route("/guarded", get(guarded))));
    let token = door.token(&["reader"]);
    metrics::with_local_recorder(&board, || {
        runtime.block_on(door.send(ask("GET", "/guarded").bearer(&token)));
        runtime.block_on(door.send(ask("GET", "/guarded")));
        runtime.block_on(door.send(ask("GET", "/nothing")));
    });
    assert_eq!(board.count("auth_guard_seconds{}"), 2);
}
