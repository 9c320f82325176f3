//! One request while it is answered. In: each request, as it comes in. Out: the engine and the
//! policy that decide it, for its guard; what its answer has to say; and for events of code that
//! does not see the request (a sign-in knows a name and a password) from where it came.
//!
//! It is made once for each request and in one piece, since every request pays for it.

use std::{
    fmt,
    net::IpAddr,
    sync::{Arc, Mutex, OnceLock, PoisonError},
};

use axum::{
    extract::{MatchedPath, Request},
    http::{HeaderName, HeaderValue, Method, request::Parts},
};

use crate::{
    Auth,
    audit::{Decision, DenialId, Event},
    in_force::InForce,
    limit::{Note, network},
};

/// The longest `X-Request-Id` that an event repeats, in bytes.
const MAX_REQUEST_ID: usize = 128;

/// The header of a request's own id.
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

tokio::task_local! {
    /// The request that this task answers. A task that a handler spawns answers none.
    static VISIT: Arc<Visit>;
}

/// Answers a request, and knows which.
pub(crate) type Staged<F> = tokio::task::futures::TaskLocalFuture<Arc<Visit>, F>;

/// What is known of a request. Public because the future of a [`Protected`] names it, and reachable
/// by no path.
///
/// [`Protected`]: crate::Protected
pub struct Visit {
    pub(crate) auth: Auth,
    /// What it is decided by, from its beginning to its end: its answer has the headers of the same
    /// policy.
    pub(crate) in_force: Arc<InForce>,
    /// What its answer has to say of it.
    pub(crate) note: Note,
    pub(crate) method: &'static str,
    request_id: Option<HeaderValue>,
    /// The client's, as far as it is known.
    pub(crate) address: Option<IpAddr>,
    /// Known once a handler is found.
    route: OnceLock<MatchedPath>,
    /// The last refusal that was reported.
    denial: Mutex<Option<DenialId>>,
}

impl Visit {
    /// A request that has just come in, before its engine.
    pub(crate) fn new(auth: &Auth, request: &Request) -> Arc<Self> {
        let (in_force, headers) = (auth.in_force(), request.headers());
        let address = network::client(in_force.policy.network(), request.extensions(), headers);
        Arc::new(Self {
            auth: auth.clone(),
            note: Note::default(),
            method: known_method(request.method()),
            request_id: headers.get(REQUEST_ID).cloned(),
            address,
            in_force,
            route: OnceLock::new(),
            denial: Mutex::default(),
        })
    }

    /// Runs the answer to the request.
    pub(crate) fn around<F: Future>(self: Arc<Self>, answer: F) -> Staged<F> {
        VISIT.scope(self, answer)
    }

    /// Hands an event on with what it lacks of the request that is being answered; a refusal gets
    /// an id, which is the `instance` of the answer that follows.
    pub(crate) fn complete(event: &Event<'_>, record: impl Fn(&Event<'_>)) {
        let known = VISIT.try_with(|visit| {
            let denial = match event.decision {
                Decision::Allow => event.denial,
                Decision::Deny | Decision::Error => event.denial.or_else(DenialId::random),
            };
            if denial.is_some() {
                *visit.denial.lock().unwrap_or_else(PoisonError::into_inner) = denial;
            }
            record(&Event {
                method: event.method.or(Some(visit.method)),
                route: event.route.or(visit.route.get().map(MatchedPath::as_str)),
                request_id: event.request_id.or(visit.request_id()),
                address: event.address.or(visit.address),
                denial,
                ..event.clone()
            });
        });
        if known.is_err() {
            record(event);
        }
    }

    /// Keeps the path as routed: called by each guard, before the handler.
    pub(crate) fn set_route(&self, parts: &Parts) {
        if let Some(route) = parts.extensions.get::<MatchedPath>() {
            // One request has one route.
            let _ = self.route.set(route.clone());
        }
    }

    /// The request's own id, if it is short and plain.
    pub(crate) fn request_id(&self) -> Option<&str> {
        let id = self.request_id.as_ref()?.to_str().ok()?;
        let plain = id.len() <= MAX_REQUEST_ID && id.bytes().all(|byte| byte.is_ascii_graphic());
        plain.then_some(id)
    }

    /// The id of the last refusal that was reported while this task's request is answered.
    pub(crate) fn denial() -> Option<DenialId> {
        let of = |visit: &Arc<Self>| *visit.denial.lock().unwrap_or_else(PoisonError::into_inner);
        VISIT.try_with(of).ok().flatten()
    }
}

/// A request's method; of one that a stranger made up, no more than that.
fn known_method(method: &Method) -> &'static str {
    const KNOWN: [&str; 9] =
        ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT"];
    KNOWN.into_iter().find(|known| *known == method.as_str()).unwrap_or("other")
}

impl fmt::Debug for Visit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Visit").field("method", &self.method).finish_non_exhaustive()
    }
}
