//! An issuer on a loopback socket. It answers each path with bytes the test chose, and counts who
//! came.

use std::{
    collections::HashMap,
    net::SocketAddr,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
};

use serde_json::{Value, json};
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::{TcpListener, TcpStream},
    sync::Notify,
};

/// What a path answers.
#[derive(Clone)]
pub(super) enum Reply {
    /// These bytes, head and body, and the end.
    Whole(Vec<u8>),
    /// These bytes, and then nothing for ever.
    Stalls(Vec<u8>),
    /// These bytes, and then more of the same for as long as somebody reads.
    Endless(Vec<u8>),
}

#[derive(Default)]
struct Shared {
    replies: Mutex<HashMap<String, Reply>>,
    connections: AtomicUsize,
    /// How many bytes of endless answers were taken.
    sent: AtomicUsize,
    stalled: Notify,
}

pub(super) struct Server {
    pub(super) address: SocketAddr,
    shared: Arc<Shared>,
}

impl Server {
    pub(super) async fn start() -> Self {
        Self::bind("127.0.0.1:0").await.expect("loopback")
    }

    /// A server on that address, if the machine has it.
    pub(super) async fn bind(address: &str) -> Option<Self> {
        let listener = TcpListener::bind(address).await.ok()?;
        let address = listener.local_addr().expect("bound");
        let shared = Arc::new(Shared::default());
        tokio::spawn(accept(listener, Arc::clone(&shared)));
        Some(Self { address, shared })
    }

    pub(super) fn base(&self) -> String {
        format!("http://{}", self.address)
    }

    pub(super) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    pub(super) fn reply(&self, path: &str, reply: Reply) {
        self.shared.replies.lock().expect("not poisoned").insert(path.to_owned(), reply);
    }

    /// Answers with 200 and this JSON.
    pub(super) fn json(&self, path: &str, body: &Value) {
        let headers = "Content-Type: application/json";
        self.reply(path, Reply::Whole(http("200 OK", headers, &body.to_string())));
    }

    /// Publishes metadata, and this set at `/jwks`.
    pub(super) fn publish(&self, set: &Value) {
        let metadata = json!({ "issuer": self.base(), "jwks_uri": self.url("/jwks") });
        self.json("/.well-known/openid-configuration", &metadata);
        self.json("/jwks", set);
    }

    /// How many connections there were.
    pub(super) fn connections(&self) -> usize {
        self.shared.connections.load(Ordering::SeqCst)
    }

    pub(super) fn sent(&self) -> usize {
        self.shared.sent.load(Ordering::SeqCst)
    }

    /// Until a client hangs on an answer that stalls.
    pub(super) async fn stalled(&self) {
        self.shared.stalled.notified().await;
    }
}

/// A response with this body.
pub(super) fn http(status: &str, headers: &str, body: &str) -> Vec<u8> {
    let length = body.len();
    format!("HTTP/1.1 {status}\r\n{headers}\r\nContent-Length: {length}\r\n\r\n{body}").into_bytes()
}

async fn accept(listener: TcpListener, shared: Arc<Shared>) {
    while let Ok((stream, _)) = listener.accept().await {
        shared.connections.fetch_add(1, Ordering::SeqCst);
        tokio::spawn(serve(stream, Arc::clone(&shared)));
    }
}

/// Answers one request. A client that goes away ends it.
async fn serve(stream: TcpStream, shared: Arc<Shared>) -> std::io::Result<()> {
    let mut stream = BufReader::new(stream);
    let mut request = String::new();
    while !request.ends_with("\r\n\r\n") {
        if stream.read_line(&mut request).await? == 0 {
            return Ok(());
        }
    }
    let path = request.split(' ').nth(1).unwrap_or_default().to_owned();
    let reply = shared.replies.lock().expect("not poisoned").get(&path).cloned();
    match reply.unwrap_or_else(|| Reply::Whole(http("404 Not Found", "X: y", ""))) {
        Reply::Whole(bytes) => stream.write_all(&bytes).await?,
        Reply::Stalls(bytes) => {
            stream.write_all(&bytes).await?;
            stream.flush().await?;
            shared.stalled.notify_one();
            stream.read_u8().await?;
        }
        Reply::Endless(bytes) => loop {
            stream.write_all(&bytes).await?;
            shared.sent.fetch_add(bytes.len(), Ordering::SeqCst);
        },
    }
    stream.shutdown().await
}
