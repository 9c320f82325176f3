//! One request while it is answered. In: each request, as it comes in. Out: the engine and the
//! policy that decide it, for its guard; what its answer has to say; and for events of code that
//! does not see the request (a sign-in knows a name and a password) from where it came.
//!
//! It is made once for each request and in one piece, since every request pays for it.

use std::{
    cell::RefCell,
    fmt, mem,
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

thread_local! {
    /// The request whose answer is being worked on. A task that a handler spawns answers none.
    static VISIT: RefCell<Option<Arc<Visit>>> = const { RefCell::new(None) };
}

/// While it lives, everything on this thread is done for that visit.
pub(crate) struct Stage<'v>(&'v mut Option<Arc<Visit>>);

impl<'v> Stage<'v> {
    /// Takes the visit, until it is dropped, and be it by a panic.
    pub(crate) fn of(visit: &'v mut Option<Arc<Visit>>) -> Self {
        Self::swap(visit);
        Self(visit)
    }

    fn swap(visit: &mut Option<Arc<Visit>>) {
        // Nobody works on answers while the thread ends, and nothing below keeps it borrowed.
        let _ =
            VISIT.try_with(|stage| stage.try_borrow_mut().map(|mut on| mem::swap(&mut *on, visit)));
    }
}

impl Drop for Stage<'_> {
    fn drop(&mut self) {
        Self::swap(self.0);
    }
}

/// What is known of a request.
pub(crate) struct Visit {
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

    /// The request whose answer is being worked on.
    fn current() -> Option<Arc<Self>> {
        VISIT.try_with(|stage| stage.borrow().clone()).ok().flatten()
    }

    /// Hands an event on with what it lacks of the request that is being answered; a refusal gets
    /// an id, which is the `instance` of the answer that follows.
    pub(crate) fn complete(event: &Event<'_>, record: impl Fn(&Event<'_>)) {
        let Some(visit) = Self::current() else { return record(event) };
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

    /// The id of the last refusal that was reported while a request is answered.
    pub(crate) fn denial() -> Option<DenialId> {
        let visit = Self::current()?;
        *visit.denial.lock().unwrap_or_else(PoisonError::into_inner)
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
