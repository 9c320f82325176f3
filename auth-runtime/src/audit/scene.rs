//! The request that is being answered, for events of code that does not see it: a sign-in knows a
//! name and a password, and its event should say from where. In: each request, as it comes in. Out:
//! what an event lacks.

use std::{cell::Cell, cell::RefCell, net::IpAddr};

use axum::{
    extract::MatchedPath,
    http::{HeaderMap, HeaderValue, Method, request::Parts},
};

use crate::audit::{Decision, DenialId, Event};

/// The longest `X-Request-Id` that an event repeats, in bytes.
const MAX_REQUEST_ID: usize = 128;

tokio::task_local! {
    /// The request that this task answers. A task that a handler spawns answers none.
    static SCENE: Scene;
}

/// Answers a request, and knows which.
pub(crate) type Staged<F> = tokio::task::futures::TaskLocalFuture<Scene, F>;

/// What an event can say of a request. Public because the future of a [`Protected`] names it, and
/// reachable by no path.
///
/// [`Protected`]: crate::Protected
pub struct Scene {
    method: &'static str,
    request_id: Option<HeaderValue>,
    address: Option<IpAddr>,
    /// Known once a handler is found.
    route: RefCell<Option<MatchedPath>>,
    /// The last refusal that was reported.
    denial: Cell<Option<DenialId>>,
}

impl Scene {
    pub(crate) fn new(method: &Method, headers: &HeaderMap, address: Option<IpAddr>) -> Self {
        Self {
            method: known_method(method),
            request_id: headers.get("x-request-id").cloned(),
            address,
            route: RefCell::default(),
            denial: Cell::default(),
        }
    }

    /// Runs the answer to the request.
    pub(crate) fn around<F: Future>(self, answer: F) -> Staged<F> {
        SCENE.scope(self, answer)
    }

    /// Hands an event on with what it lacks of the request; a refusal gets an id, which is the
    /// `instance` of the answer that follows.
    pub(crate) fn complete(event: &Event<'_>, record: impl Fn(&Event<'_>)) {
        let known = SCENE.try_with(|scene| {
            let denial = match event.decision {
                Decision::Allow => event.denial,
                Decision::Deny | Decision::Error => event.denial.or_else(DenialId::random),
            };
            if denial.is_some() {
                scene.denial.set(denial);
            }
            let route = scene.route.borrow().clone();
            let own_id = scene.request_id.as_ref().and_then(plain_id);
            record(&Event {
                method: event.method.or(Some(scene.method)),
                route: event.route.or(route.as_ref().map(MatchedPath::as_str)),
                request_id: event.request_id.or(own_id),
                address: event.address.or(scene.address),
                denial,
                ..event.clone()
            });
        });
        if known.is_err() {
            record(event);
        }
    }

    /// Keeps the path as routed: called by each guard, before the handler.
    pub(crate) fn set_route(parts: &Parts) {
        let route = parts.extensions.get::<MatchedPath>().cloned();
        // Without a scene nobody asks for it.
        let _ = SCENE.try_with(|scene| scene.route.replace(route));
    }

    /// The id of the last refusal that was reported while this request is answered.
    pub(crate) fn denial() -> Option<DenialId> {
        SCENE.try_with(|scene| scene.denial.get()).ok().flatten()
    }

    /// The address of the client of the request that is being answered.
    pub(crate) fn address() -> Option<IpAddr> {
        SCENE.try_with(|scene| scene.address).ok().flatten()
    }
}

/// A request's method; of one that a stranger made up, no more than that.
pub(crate) fn known_method(method: &Method) -> &'static str {
    const KNOWN: [&str; 9] =
        ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT"];
    KNOWN.into_iter().find(|known| *known == method.as_str()).unwrap_or("other")
}

/// The request's id, if it is short and plain.
pub(crate) fn request_id(headers: &HeaderMap) -> Option<&str> {
    plain_id(headers.get("x-request-id")?)
}

fn plain_id(value: &HeaderValue) -> Option<&str> {
    let id = value.to_str().ok()?;
    let plain = id.len() <= MAX_REQUEST_ID && id.bytes().all(|byte| byte.is_ascii_graphic());
    plain.then_some(id)
}
