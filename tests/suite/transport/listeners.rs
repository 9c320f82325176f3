//! A listener of the application's own: its requests know their peer, and it ends as others do.

use std::{
    io,
    net::{SocketAddr, TcpListener as Plain, TcpStream},
    time::Duration,
};

use auth_runtime::{Https, Router, limit::Client, policy, public, routing::get};
use axum::serve::Listener;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt, DuplexStream},
    sync::{mpsc, oneshot},
};

use super::{super::fixture::Door, forge};

/// Connections that never were on a wire, from wherever one likes.
struct Made(mpsc::Receiver<(DuplexStream, SocketAddr)>);

impl Listener for Made {
    type Io = DuplexStream;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (DuplexStream, SocketAddr) {
        match self.0.recv().await {
            Some(connection) => connection,
            None => std::future::pending().await,
        }
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        Ok(SocketAddr::from(([192, 0, 2, 1], 443)))
    }
}

#[public(policy = "policies/transport.yaml", reason = "shows a client its own address")]
async fn address(client: Client) -> String {
    client.address().map_or("unknown".to_owned(), |address| address.to_string())
}

async fn exchange(mut stream: DuplexStream, headers: &str) -> String {
    let request = format!("GET /me HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{headers}\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer
}

#[tokio::test]
async fn m13_rl3_a_listener_of_ones_own_tells_requests_whom_they_come_from() {
    let routes = Router::new().route("/me", get(address));
    let keys = [("jwt", forge::own_keys())];
    let required = |builder: auth_runtime::AuthBuilder| builder.https(Https::Required);
    let policy = policy!("policies/transport.yaml");
    let door = Door::built(required, policy, keys, routes).await;
    let (connect, connections) = mpsc::channel(1);
    let (stop, stopped) = oneshot::channel::<()>();
    let app = door.app.over_tls();
    let server = tokio::spawn(app.serve_until(Made(connections), async { drop(stopped.await) }));

    for (peer, headers, expected) in [
        ("198.51.100.7:1", "", "198.51.100.7"),
        ("[2001:db8::7]:1", "", "2001:db8::7"),
        ("198.51.100.7:1", "X-Forwarded-For: 203.0.113.9\r\n", "198.51.100.7"),
        ("10.0.0.1:1", "X-Forwarded-For: 203.0.113.9\r\n", "203.0.113.9"),
    ] {
        let (ours, theirs) = tokio::io::duplex(4096);
        connect.send((theirs, peer.parse().unwrap())).await.unwrap();
        let answer = exchange(ours, headers).await;
        assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
        assert!(answer.ends_with(&format!("\r\n\r\n{expected}")), "{peer}: {answer}");
    }
    stop.send(()).unwrap();
    let ended = tokio::time::timeout(Duration::from_secs(10), server).await;
    ended.expect("it ends").unwrap().unwrap();
}

/// The plain one still does, and refuses what comes over it in production.
#[tokio::test]
async fn m13_a_plain_listener_refuses_in_production() {
    let routes = Router::new().route("/me", get(address));
    let required = |builder: auth_runtime::AuthBuilder| builder.https(Https::Required);
    let policy = policy!("policies/transport.yaml");
    let door = Door::built(required, policy, [("jwt", forge::own_keys())], routes).await;
    let listener = Plain::bind("127.0.0.1:0").unwrap();
    let at = listener.local_addr().unwrap();
    listener.set_nonblocking(true).unwrap();
    let listener = tokio::net::TcpListener::from_std(listener).unwrap();
    let server = tokio::spawn(door.app.clone().serve(listener));
    let answer = tokio::task::spawn_blocking(move || {
        use std::io::{Read, Write};
        let mut stream = TcpStream::connect(at).unwrap();
        let request = "GET /me HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\
                       X-Forwarded-Proto: https\r\n\r\n";
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    });
    let answer = answer.await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 403 ") && answer.contains("https_required"), "{answer}");
    assert_eq!(door.audit.only().json["client.address"], "127.0.0.1");
    server.abort();
}
