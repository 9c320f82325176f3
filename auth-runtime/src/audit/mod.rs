//! What happened, for those who watch. In: outcomes of guards and of the application's own sign-in.
//! Out: [`Event`]s to the one sink the application chose.

mod event;
mod tracing_sink;

pub use event::{Decision, Event, Kind};
pub use tracing_sink::TracingSink;

/// Where events go.
///
/// A sink is called on the request path and must return at once: one that writes over a network
/// puts the event into a queue of its own.
pub trait AuditSink: Send + Sync + 'static {
    /// Takes notice of one event.
    fn record(&self, event: &Event<'_>);
}

impl<S: AuditSink + ?Sized> AuditSink for std::sync::Arc<S> {
    fn record(&self, event: &Event<'_>) {
        (**self).record(event);
    }
}
