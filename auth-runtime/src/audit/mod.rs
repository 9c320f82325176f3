//! What happened, for those who watch. In: outcomes of guards and of the application's own sign-in.
//! Out: [`Event`]s to the one sink the application chose, which may be several: [`Fanout`].
//!
//! ```text
//! guard, sign-in, application ─ Event ─> Watch ─> Fanout ┬─> TracingSink
//!                                         └ Suspicion    ├─> JsonLines
//!                                                        └─> yours
//! ```

mod denial_id;
mod event;
mod fanout;
mod json_lines;
mod kind;
#[cfg(feature = "metrics")]
mod metrics_sink;
mod record;
mod tag;
mod tracing_sink;
mod utc;
mod watch;

pub use denial_id::DenialId;
pub use event::{CredentialKind, Decision, Event, PolicyLine};
pub use fanout::Fanout;
pub use json_lines::JsonLines;
pub use kind::{Kind, Ocsf};
#[cfg(feature = "metrics")]
pub use metrics_sink::MetricsSink;
pub use record::SCHEMA;
pub use tag::Tag;
pub use tracing_sink::TracingSink;
pub use watch::{Hook, Pattern, Suspicion, Thresholds, Watch};

#[cfg(feature = "metrics")]
pub(crate) use metrics_sink::Stopwatch;

/// Where events go.
///
/// A sink is called on the request path and must return at once: one that writes over a network
/// puts the event into a queue of its own.
pub trait AuditSink: Send + Sync + 'static {
    /// Takes notice of one event.
    fn record(&self, event: &Event<'_>);

    /// Whether anybody would take notice of a decision of that kind. Of what nobody does, no event
    /// is made: a guard is cheaper by that. By default everything is wanted.
    fn wants(&self, _kind: Kind, _decision: Decision) -> bool {
        true
    }
}

impl<S: AuditSink + ?Sized> AuditSink for std::sync::Arc<S> {
    fn record(&self, event: &Event<'_>) {
        (**self).record(event);
    }

    fn wants(&self, kind: Kind, decision: Decision) -> bool {
        (**self).wants(kind, decision)
    }
}
