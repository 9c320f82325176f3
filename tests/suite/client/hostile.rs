//! What a client makes of a token endpoint that does not behave.

use std::{future::ready, sync::Arc, time::Duration};

use auth_runtime::{
    client::{ClientError, HttpTransport, TokenSource},
    policy_types::Seconds,
};
use axum::{
    body::{Body, Bytes},
    http::{Response, StatusCode, header},
    response::IntoResponse,
};
use futures_util::stream;
use tokio::sync::Notify;

use super::endpoint::{Endpoint, granted, json};

/// Why there is no token where every request is answered so.
async fn failure<R: IntoResponse + 'static>(
    answer: impl Fn() -> R + Clone + Send + Sync + 'static,
) -> ClientError {
    let endpoint = Endpoint::start(move |_| ready(answer().into_response())).await;
    let (source, _clock) = endpoint.source();
    let error = source.token().await.expect_err("no token");
    assert_eq!(source.token().await.err(), Some(error.clone()));
    assert_eq!(endpoint.sent().len(), 1, "no hail of requests after {error:?}");
    error
}

const fn status(status: u16) -> ClientError {
    ClientError::Status { status, retry_after: None }
}

#[tokio::test]
async fn m06_an_answer_that_is_too_long_is_not_read_to_its_end() {
    let huge = || json(200, format!("{}{{}}", " ".repeat(64 * 1024)));
    assert_eq!(failure(huge).await, ClientError::TooLarge);
    let endless = || {
        let chunks = stream::repeat_with(|| Ok::<_, std::io::Error>(Bytes::from(vec![b' '; 8192])));
        let answer = Response::builder().header(header::CONTENT_TYPE, "application/json");
        answer.body(Body::from_stream(chunks)).expect("an answer")
    };
    assert_eq!(failure(endless).await, ClientError::TooLarge);
}

#[tokio::test]
async fn m06_an_answer_that_does_not_come_is_given_up() {
    let arrived = Arc::new(Notify::new());
    let arriving = Arc::clone(&arrived);
    let endpoint = Endpoint::start(move |_| {
        arriving.notify_one();
        std::future::pending()
    });
    let endpoint = endpoint.await;
    let (source, _clock) = endpoint.source();
    let hanging = async {
        arrived.notified().await;
        // From here on the clock jumps to whatever is waited for: nobody waits five seconds.
        tokio::time::pause();
    };
    let (token, ()) = tokio::join!(source.token(), hanging);
    assert_eq!(token.err(), Some(ClientError::Timeout));
}

#[tokio::test]
async fn m06_redirects_are_not_followed_and_carry_no_secret_on() {
    let target = Endpoint::start(|_| ready(granted("stolen"))).await;
    for code in [301, 302, 303, 307, 308] {
        let url = target.url();
        let moved = move || {
            let status = StatusCode::from_u16(code).expect("a status");
            (status, [(header::LOCATION, url.clone())])
        };
        assert_eq!(failure(moved).await, status(code));
    }
    assert!(target.sent().is_empty());
}

#[tokio::test]
async fn m06_what_is_no_token_of_ours_is_refused() {
    let html = || ([(header::CONTENT_TYPE, "text/html")], r#"{"access_token":"t"}"#);
    assert_eq!(failure(html).await, ClientError::Malformed);
    assert_eq!(failure(|| json(200, "{")).await, ClientError::Malformed);
    let mac = || json(200, r#"{"access_token":"t","token_type":"mac"}"#);
    assert_eq!(failure(mac).await, ClientError::TokenType);
    assert_eq!(failure(|| StatusCode::NOT_FOUND).await, status(404));
    let soon = || (StatusCode::SERVICE_UNAVAILABLE, [(header::RETRY_AFTER, "9")]);
    let busy = ClientError::Status { status: 503, retry_after: Some(Seconds(9)) };
    assert_eq!(failure(soon).await, busy);
}

#[tokio::test]
async fn m06_a_refused_client_hears_the_code_and_waits_a_minute() {
    let refusal = r#"{"error":"invalid_client","error_description":"s e:cret is wrong"}"#;
    let endpoint = Endpoint::start(move |count| {
        ready(if count == 0 { json(401, refusal) } else { granted("mended") })
    });
    let endpoint = endpoint.await;
    let (source, clock) = endpoint.source();
    let error = source.token().await.expect_err("a refusal");
    assert_eq!(error.code(), "token-refused");
    assert_eq!(error.to_string(), "the server refused the client: `invalid_client`");
    clock.advance(59);
    assert!(source.token().await.is_err());
    assert_eq!(endpoint.sent().len(), 1);
    clock.advance(1);
    assert_eq!(source.token().await.expect("a token").expose(), "mended");
}

#[tokio::test]
async fn m06_a_server_that_recovers_is_asked_again() {
    let endpoint = Endpoint::start(|count| {
        ready(if count == 0 { json(500, "{}") } else { granted("second") })
    });
    let (source, clock) = endpoint.await.source();
    assert_eq!(source.token().await.err(), Some(status(500)));
    clock.advance(1);
    assert_eq!(source.token().await.expect("a token").expose(), "second");
}

#[tokio::test]
async fn m06_in_production_nothing_is_sent_in_the_clear() {
    let endpoint = Endpoint::start(|_| ready(granted("t"))).await;
    let transport = HttpTransport::production().expect("certificates");
    let source = TokenSource::new(endpoint.credentials(), transport);
    assert_eq!(source.token().await.err(), Some(ClientError::UrlRefused));
    assert!(endpoint.sent().is_empty());
}

#[tokio::test]
async fn m06_nobody_listening_is_an_error_soon() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("loopback");
    let endpoint = Endpoint::start(|_| ready(granted("t"))).await;
    let (_, clock) = endpoint.source();
    let gone = format!("http://{}/token", listener.local_addr().expect("bound"));
    drop(listener);
    let secret = auth_runtime::secret::Secret::from("s".to_owned());
    let client = auth_runtime::client::ClientCredentials::new(gone, "svc-app", secret);
    let transport = HttpTransport::development().expect("certificates");
    let source = TokenSource::with_clock(client, transport, clock);
    let error = tokio::time::timeout(Duration::from_secs(5), source.token()).await;
    assert_eq!(error.expect("soon").expect_err("no token").code(), "token-endpoint-unreachable");
}
