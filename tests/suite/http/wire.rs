//! Over a real connection, byte for byte: what a client can write that a request builder cannot.

use std::{
    io::{ErrorKind, Read, Write},
    net::{SocketAddr, TcpStream},
    thread,
    time::Duration,
};

use auth_runtime::{Protected, Router, routing::get};
use tokio::{net::TcpListener, sync::oneshot};

use super::fixture::{Door, guarded};

/// Serves until the exchange is over; it then has to end by itself.
fn served(exchange: impl FnOnce(&Door, &dyn Fn(&[u8]) -> String) + Send) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let door = runtime.block_on(Door::of(Router::new().route("/guarded", get(guarded))));
    let app: Protected = door.app.clone();
    let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
    let address = listener.local_addr().unwrap();
    let (stop, stopped) = oneshot::channel::<()>();
    thread::scope(|scope| {
        let server = scope
            .spawn(|| runtime.block_on(app.serve_until(listener, async { drop(stopped.await) })));
        exchange(&door, &|request| answer(address, request));
        stop.send(()).unwrap();
        server.join().unwrap().unwrap();
    });
}

/// Everything that comes back until the server closes the connection.
fn answer(address: SocketAddr, request: &[u8]) -> String {
    let mut connection = TcpStream::connect(address).unwrap();
    connection.write_all(request).unwrap();
    connection.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    let mut answer = Vec::new();
    // A server that has refused may reset what it did not read; what it said came before.
    if let Err(error) = connection.read_to_end(&mut answer) {
        assert_eq!(error.kind(), ErrorKind::ConnectionReset, "the server ends the connection");
    }
    String::from_utf8(answer).unwrap()
}

fn request(target: &[u8], headers: &str) -> Vec<u8> {
    let rest = format!(" HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{headers}\r\n");
    [b"GET ", target, rest.as_bytes()].concat()
}

#[test]
fn z5_no_spelling_of_a_request_line_reaches_the_handler() {
    served(|door, send| {
        let bearer = format!("Authorization: Bearer {}\r\n", door.token(&["reader"]));
        let targets: [(&[u8], &str); 9] = [
            (b"/guarded\0", "400"),
            (b"/\0/guarded", "400"),
            (b"/guarded\x7f", "400"),
            (b"guarded", "404"),
            (b"\\guarded", "400"),
            (b"//guarded", "404"),
            (b"/./guarded", "404"),
            (b"/x/../guarded", "404"),
            (b"/%67uarded", "404"),
        ];
        for (target, status) in targets {
            let answer = send(&request(target, &bearer));
            let text = String::from_utf8_lossy(target);
            assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{text}: {answer}");
        }
        assert_eq!(door.reached.take(), [""; 0]);
        // The absolute form names the same path, and another host is no other guard.
        for target in [&b"http://x/guarded"[..], b"http://evil.example/guarded", b"/guarded"] {
            assert!(send(&request(target, "")).starts_with("HTTP/1.1 401 "));
            assert!(send(&request(target, &bearer)).starts_with("HTTP/1.1 200 "));
        }
        assert_eq!(door.reached.take(), ["guarded"; 3]);
    });
}

#[test]
fn h4_two_authorization_lines_are_400_on_the_wire() {
    served(|door, send| {
        let line = format!("Authorization: Bearer {}\r\n", door.token(&["reader"]));
        assert!(send(&request(b"/guarded", &line)).starts_with("HTTP/1.1 200 "));
        let twice = send(&request(b"/guarded", &format!("{line}{}", line.to_uppercase())));
        assert!(twice.starts_with("HTTP/1.1 400 ") && twice.contains("invalid_request"), "{twice}");
        assert_eq!(door.reached.take(), ["guarded"]);
    });
}

#[test]
fn h3_z6_a_refusal_on_the_wire_is_whole_and_waits_for_no_body() {
    served(|door, send| {
        // A body is announced and never sent.
        let expecting = request(b"/guarded", "Content-Length: 1000000\r\nExpect: 100-continue\r\n");
        let answer = send(&expecting);
        assert!(answer.starts_with("HTTP/1.1 401 "), "{answer}");
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        let head = head.to_lowercase();
        assert!(head.contains("\r\nwww-authenticate: bearer realm=\"test-api\""), "{head}");
        assert!(head.contains("\r\ncontent-type: application/problem+json"));
        assert!(body.contains("urn:auth-engine:problem:unauthenticated"));
        assert_eq!(door.reached.take(), [""; 0]);
    });
}
