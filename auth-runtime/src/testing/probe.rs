//! Where a request is stopped when a test asks who gets in. In: a probe that a test put into the
//! request. Out: what the guard found, and no handler that runs.

use std::sync::{
    Arc, OnceLock,
    atomic::{AtomicBool, Ordering},
};

use axum::{extract::MatchedPath, http::request::Parts};

use crate::denial::Denial;

/// Asks the guard of a request whether it lets the caller in, and stops the request there.
///
/// SECURITY: it travels as an extension, which no request can bring along over a connection, and
/// nothing outside of this crate can name the type. It is looked at after the decision, and all that
/// it does is to refuse whoever was let in.
#[derive(Clone, Debug, Default)]
pub(crate) struct Probe(Arc<Findings>);

#[derive(Debug, Default)]
struct Findings {
    /// The path of the guard that was reached, as it was routed; empty in a fallback.
    route: OnceLock<String>,
    let_in: AtomicBool,
}

impl Probe {
    /// Notes that a guard was reached.
    pub(crate) fn arrive(parts: &Parts) {
        if let Some(probe) = parts.extensions.get::<Self>() {
            let route = parts.extensions.get::<MatchedPath>().map(MatchedPath::as_str);
            // A handler has one guard: a second arrival would say the same.
            let _ = probe.0.route.set(route.unwrap_or_default().to_owned());
        }
    }

    /// Refuses a request that was let in, if somebody only wanted to know that.
    pub(crate) fn stop(parts: &Parts) -> Result<(), Denial> {
        let Some(probe) = parts.extensions.get::<Self>() else { return Ok(()) };
        probe.0.let_in.store(true, Ordering::Release);
        Err(Denial::internal())
    }

    /// The path of the guard that was reached, if one was.
    pub(super) fn route(&self) -> Option<&str> {
        self.0.route.get().map(String::as_str)
    }

    pub(super) fn let_in(&self) -> bool {
        self.0.let_in.load(Ordering::Acquire)
    }
}
