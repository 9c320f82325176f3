//! Several sinks as one. In: an event. Out: the same to each of them, in their order.

use std::fmt;

use crate::audit::{AuditSink, Decision, Event, Kind};

/// Sends every event to each of its sinks, in the order they were added. A pair or a triple of
/// sinks does the same.
///
/// ```
/// use auth_runtime::audit::{Fanout, JsonLines, TracingSink};
///
/// let sinks = Fanout::new().and(TracingSink).and(JsonLines::new(std::io::sink())?);
/// assert_eq!(format!("{sinks:?}"), "Fanout(2)");
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Default)]
pub struct Fanout(Vec<Box<dyn AuditSink>>);

impl Fanout {
    /// No sink yet: events go nowhere.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a sink.
    #[must_use]
    pub fn and(mut self, sink: impl AuditSink) -> Self {
        self.0.push(Box::new(sink));
        self
    }
}

impl AuditSink for Fanout {
    fn record(&self, event: &Event<'_>) {
        self.0.iter().for_each(|sink| sink.record(event));
    }

    fn wants(&self, kind: Kind, decision: Decision) -> bool {
        self.0.iter().any(|sink| sink.wants(kind, decision))
    }
}

impl<A: AuditSink, B: AuditSink> AuditSink for (A, B) {
    fn record(&self, event: &Event<'_>) {
        self.0.record(event);
        self.1.record(event);
    }

    fn wants(&self, kind: Kind, decision: Decision) -> bool {
        self.0.wants(kind, decision) || self.1.wants(kind, decision)
    }
}

impl<A: AuditSink, B: AuditSink, C: AuditSink> AuditSink for (A, B, C) {
    fn record(&self, event: &Event<'_>) {
        self.0.record(event);
        self.1.record(event);
        self.2.record(event);
    }

    fn wants(&self, kind: Kind, decision: Decision) -> bool {
        self.0.wants(kind, decision) || self.1.wants(kind, decision) || self.2.wants(kind, decision)
    }
}

impl fmt::Debug for Fanout {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Fanout({})", self.0.len())
    }
}
