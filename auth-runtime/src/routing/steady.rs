//! A router whose handlers may panic. In: requests. Out: an answer for each of them: 500 where there
//! would be none, with the headers that every answer has.

use std::{
    convert::Infallible,
    fmt,
    future::Future,
    panic::{AssertUnwindSafe, catch_unwind},
    pin::Pin,
    task::{Context, Poll},
};

use axum::{
    Router as AxumRouter,
    extract::Request,
    response::{IntoResponse, Response},
    routing::future::RouteFuture,
};
use tower_service::Service;

use crate::problem::Problem;

/// The routes of an application.
#[derive(Clone, Debug)]
pub(super) struct Steady(pub(super) AxumRouter);

impl Service<Request> for Steady {
    type Response = Response;
    type Error = Infallible;
    type Future = Steadied;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Service::<Request>::poll_ready(&mut self.0, cx)
    }

    fn call(&mut self, request: Request) -> Steadied {
        Steadied(self.0.call(request))
    }
}

/// The answer of a [`Steady`].
pub(super) struct Steadied(RouteFuture<Infallible>);

impl Future for Steadied {
    type Output = Result<Response, Infallible>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        unless_it_panics(|| Pin::new(&mut self.0).poll(cx).map(|Ok(response)| response)).map(Ok)
    }
}

impl fmt::Debug for Steadied {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Steadied").finish_non_exhaustive()
    }
}

/// An answer, or 500. What panicked is not polled again, and what it held is dropped; the panic hook
/// has said why.
pub(super) fn unless_it_panics(answer: impl FnOnce() -> Poll<Response>) -> Poll<Response> {
    catch_unwind(AssertUnwindSafe(answer)).unwrap_or_else(|_| {
        tracing::error!(target: "auth", "a request panicked: it was answered with 500");
        Poll::Ready(Problem::internal().into_response())
    })
}
