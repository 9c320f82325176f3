//! Events as numbers, for whatever the application collects metrics with. In: events, and how long
//! a guard took. Out: counters and a histogram of the crate `metrics`.

use metrics::{counter, histogram};

use crate::audit::{AuditSink, Event, Kind};

/// Counts events by what is known when the service is compiled or its policy written.
///
/// | metric | kind | labels |
/// |---|---|---|
/// | `auth_decisions_total` | counter | `decision`, `cause`, `scheme` |
/// | `auth_logins_total` | counter | `decision`, `cause` |
/// | `auth_refresh_reuse_total` | counter | |
/// | `auth_suspicions_total` | counter | `pattern` |
/// | `auth_events_total` | counter | `kind`, `decision`: every event |
/// | `auth_guard_seconds` | histogram | |
///
/// The histogram is measured by the guards themselves, with or without this sink.
///
/// # Security
///
/// No label holds anything that a client can choose: a cause is a word of the source code, a scheme
/// a name of the policy. So the number of series is bounded.
#[derive(Clone, Copy, Debug, Default)]
pub struct MetricsSink;

impl AuditSink for MetricsSink {
    fn record(&self, event: &Event<'_>) {
        let decision = event.decision.as_str();
        let cause = event.cause.unwrap_or("none");
        counter!("auth_events_total", "kind" => event.kind.as_str(), "decision" => decision)
            .increment(1);
        match event.kind {
            Kind::Access => {
                let scheme = event.scheme.unwrap_or("none").to_owned();
                counter!(
                    "auth_decisions_total",
                    "decision" => decision, "cause" => cause, "scheme" => scheme
                )
                .increment(1);
            }
            Kind::Login => {
                counter!("auth_logins_total", "decision" => decision, "cause" => cause)
                    .increment(1);
            }
            Kind::RefreshReuse => counter!("auth_refresh_reuse_total").increment(1),
            Kind::Suspicious => {
                counter!("auth_suspicions_total", "pattern" => cause).increment(1);
            }
            _ => {}
        }
    }
}

/// Measures how long a guard takes, from its making to its end.
pub(crate) struct Stopwatch(std::time::Instant);

impl Stopwatch {
    #[allow(clippy::disallowed_methods, reason = "a measurement: nothing is decided by it")]
    pub(crate) fn start() -> Self {
        Self(std::time::Instant::now())
    }
}

impl Drop for Stopwatch {
    fn drop(&mut self) {
        histogram!("auth_guard_seconds").record(self.0.elapsed().as_secs_f64());
    }
}
