//! Connections. In: what a listener accepts. Out: for each, the application, which is told of every
//! request whom its connection leads to: limits count by it, and trust in proxies stands on it.

use std::{
    convert::Infallible,
    future::{Ready, ready},
    net::SocketAddr,
    task::{Context, Poll},
};

use axum::{
    extract::{ConnectInfo, Request},
    response::Response,
    serve::{IncomingStream, Listener},
};
use tower_service::Service;

use super::Protected;

/// Makes a [`Connection`] of each that a listener accepts.
pub(super) struct Connections(pub(super) Protected);

/// The application, for one peer.
#[derive(Clone)]
pub(super) struct Connection {
    app: Protected,
    peer: SocketAddr,
}

impl<L> Service<IncomingStream<'_, L>> for Connections
where
    L: Listener<Addr = SocketAddr>,
{
    type Response = Connection;
    type Error = Infallible;
    type Future = Ready<Result<Connection, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, stream: IncomingStream<'_, L>) -> Self::Future {
        ready(Ok(Connection { app: self.0.clone(), peer: *stream.remote_addr() }))
    }
}

impl Service<Request> for Connection {
    type Response = Response;
    type Error = Infallible;
    type Future = <Protected as Service<Request>>::Future;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.app.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request) -> Self::Future {
        request.extensions_mut().insert(ConnectInfo(self.peer));
        self.app.call(request)
    }
}
