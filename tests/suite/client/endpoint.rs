//! A token endpoint on a loopback socket. In: a function that answers. Out: its address, and what
//! it was sent.

use std::{
    future::Future,
    net::SocketAddr,
    sync::{Arc, Mutex},
};

use auth_runtime::{
    client::{ClientCredentials, HttpTransport, TokenSource},
    clock::{ManualClock, Timestamp},
    secret::Secret,
};
use axum::{
    Router,
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
    routing::post,
};
use tokio::net::TcpListener;

/// The head and the body of a request.
pub(super) type Sent = (HeaderMap, String);

pub(super) struct Endpoint {
    address: SocketAddr,
    sent: Arc<Mutex<Vec<Sent>>>,
}

impl Endpoint {
    /// Answers the n-th request (from 0) with `answer(n)`.
    pub(super) async fn start<F, A>(answer: F) -> Self
    where
        F: Fn(usize) -> A + Clone + Send + Sync + 'static,
        A: Future<Output = Response> + Send + 'static,
    {
        let sent = Arc::<Mutex<Vec<Sent>>>::default();
        let seen = Arc::clone(&sent);
        let handler = move |headers: HeaderMap, body: String| {
            let count = {
                let mut seen = seen.lock().expect("not poisoned");
                seen.push((headers, body));
                seen.len() - 1
            };
            answer(count)
        };
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("loopback");
        let address = listener.local_addr().expect("bound");
        let app = Router::new().route("/token", post(handler));
        tokio::spawn(async move { axum::serve(listener, app).await });
        Self { address, sent }
    }

    pub(super) fn url(&self) -> String {
        format!("http://{}/token", self.address)
    }

    pub(super) fn credentials(&self) -> ClientCredentials {
        let secret = Secret::from("s e:cret".to_owned());
        ClientCredentials::new(self.url(), "svc-app", secret).scopes(["read:posts"])
    }

    /// A source that asks here, by a clock of its own.
    pub(super) fn source(&self) -> (TokenSource, Arc<ManualClock>) {
        let clock = Arc::new(ManualClock::at(Timestamp(1_800_000_000)));
        let transport = HttpTransport::development().expect("certificates");
        (TokenSource::with_clock(self.credentials(), transport, Arc::clone(&clock)), clock)
    }

    /// What was sent so far.
    pub(super) fn sent(&self) -> Vec<Sent> {
        self.sent.lock().expect("not poisoned").clone()
    }
}

/// An answer with that JSON.
pub(super) fn json(status: u16, body: impl Into<String>) -> Response {
    let status = StatusCode::from_u16(status).expect("a status");
    (status, [(header::CONTENT_TYPE, "application/json")], body.into()).into_response()
}

/// An answer with that token.
pub(super) fn granted(token: &str) -> Response {
    let body = format!(r#"{{"access_token":"{token}","token_type":"bearer","expires_in":900}}"#);
    json(200, body)
}
