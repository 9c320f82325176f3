//! The answer on its way out. In: the way a request takes, and what its guard finds out. Out: the
//! response, with the headers that every answer has and those that the guard's findings ask for.

use std::{
    convert::Infallible,
    fmt,
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context as TaskContext, Poll, ready},
};

use axum::{
    extract::Request,
    response::{IntoResponse, Response},
};
use tower_http::cors::ResponseFuture as AcrossOrigins;
use tower_service::Service;

use super::steady::{Steady, unless_it_panics};
use crate::{
    Auth,
    audit::{Decision, Event, Kind},
    problem::Problem,
    visit::{Stage, Visit},
};

type Routed = <Steady as Service<Request>>::Future;

/// The answer of a [`Protected`](super::Protected).
pub struct Answering {
    way: Way,
    /// INVARIANT: there is one, but for the time that the answer is worked on.
    visit: Option<Arc<Visit>>,
}

impl Answering {
    pub(super) fn new(way: Way, visit: Arc<Visit>) -> Self {
        Self { way, visit: Some(visit) }
    }
}

/// What a request comes to.
#[allow(clippy::large_enum_variant, reason = "the common way costs no allocation")]
pub(super) enum Way {
    /// Its handler.
    Straight(Routed),
    /// The same, with CORS around it.
    AcrossOrigins(Pin<Box<AcrossOrigins<Routed>>>),
    /// Nothing: it came in plain text where that is not answered.
    InPlainText(Auth),
}

impl Future for Answering {
    type Output = Result<Response, Infallible>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut TaskContext<'_>) -> Poll<Self::Output> {
        let Self { way, visit } = &mut *self;
        let mut response = ready!(way.poll(cx, visit));
        let plain = matches!(way, Way::InPlainText(_));
        let Some(visit) = visit else { return Poll::Ready(Ok(response)) };
        let Visit { in_force, note, .. } = &**visit;
        let private = note.is_authenticated();
        in_force.transport.headers.write_to(response.headers_mut(), plain, private);
        note.write_to(&in_force.policy, response.headers_mut());
        Poll::Ready(Ok(response))
    }
}

impl Way {
    /// Goes on, and knows for which request.
    fn poll(&mut self, cx: &mut TaskContext<'_>, visit: &mut Option<Arc<Visit>>) -> Poll<Response> {
        let _stage = Stage::of(visit);
        match self {
            Self::Straight(route) => Pin::new(route).poll(cx).map(|Ok(response)| response),
            Self::AcrossOrigins(route) => route.as_mut().poll(cx).map(|Ok(response)| response),
            Self::InPlainText(auth) => unless_it_panics(|| Poll::Ready(refuse(auth))),
        }
    }
}

impl fmt::Debug for Answering {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Answering").field("visit", &self.visit).finish_non_exhaustive()
    }
}

fn refuse(auth: &Auth) -> Response {
    let cause = Some("plain-http");
    auth.record(&Event { decision: Decision::Deny, cause, ..auth.event(Kind::Access) });
    Problem::https_required().denied_as(Visit::denial()).into_response()
}
