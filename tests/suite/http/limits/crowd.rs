//! RL5: many at once; and a service that listens on a real socket.

use std::sync::Arc;

use auth_runtime::Protected;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpSocket},
};

use super::door;
use crate::http::fixture::{ask, send};

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn rl5_exactly_a_hundred_of_a_thousand_pass_at_a_limit_of_a_hundred() {
    let door = door().await;
    let crowd: Vec<_> = (0..1_000)
        .map(|_| {
            let app = door.app.clone();
            tokio::spawn(async move { send(app, ask("GET", "/hourly").from("192.0.2.1")).await })
        })
        .collect();
    let mut served = 0;
    for one in crowd {
        let status = one.await.unwrap().status;
        assert!(status == 200 || status == 429);
        served += usize::from(status == 200);
    }
    assert_eq!((served, door.reached.take().len()), (100, 100));
}

/// The status line of one request over a connection from that address of this machine.
async fn status(from: [u8; 4], port: u16) -> String {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind((from, 0).into()).unwrap();
    let mut stream = socket.connect(([127, 0, 0, 1], port).into()).await.unwrap();
    let request = b"GET /address HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    stream.write_all(request).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer.split(' ').nth(1).unwrap().to_owned()
}

#[tokio::test]
async fn rl3_a_service_that_listens_knows_whom_it_talks_to() {
    let door = door().await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let stop = Arc::new(tokio::sync::Notify::new());
    let stopped = Arc::clone(&stop);
    let app: Protected = door.app.clone();
    let served = tokio::spawn(app.serve_until(listener, async move { stopped.notified().await }));
    for expected in ["200", "200", "200", "429"] {
        assert_eq!(status([127, 0, 0, 1], port).await, expected);
    }
    assert_eq!(status([127, 0, 0, 2], port).await, "200");
    stop.notify_one();
    served.await.unwrap().unwrap();
}
