//! A provider on a loopback socket. In: what it is to publish and answer. Out: what it was asked.

use std::{
    collections::HashMap,
    net::SocketAddr,
    sync::{Arc, Mutex, MutexGuard},
};

use serde_json::{Value, json};
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::{TcpListener, TcpStream},
    sync::Notify,
};

const JSON: &str = "application/json";

pub(super) const METADATA: &str = "/.well-known/openid-configuration";
pub(super) const TOKEN: &str = "/token";
pub(super) const JWKS: &str = "/jwks";
pub(super) const USERINFO: &str = "/me";
/// Where one without OpenID Connect says who somebody is.
pub(super) const USER: &str = "/user";

/// What no status is: there is no answer.
const STALLS: u16 = 0;

#[derive(Clone, Debug)]
pub(super) struct Request {
    pub(super) path: String,
    pub(super) head: String,
    pub(super) body: String,
}

#[derive(Clone)]
struct Reply {
    status: u16,
    media_type: String,
    body: String,
}

#[derive(Default)]
struct Shared {
    /// By path, or by code.
    replies: HashMap<String, Reply>,
    requests: Vec<Request>,
}

#[derive(Clone)]
pub(super) struct Fake {
    address: SocketAddr,
    stalled: Arc<Notify>,
    shared: Arc<Mutex<Shared>>,
}

impl Fake {
    /// An OpenID provider, which publishes metadata and these keys.
    pub(super) async fn start(keys: &Value) -> Self {
        let fake = Self::plain().await;
        fake.publish(|_| ());
        fake.reply(JWKS, 200, keys);
        fake
    }

    /// A provider without OpenID Connect, which publishes nothing.
    pub(super) async fn plain() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("loopback");
        let fake = Self {
            address: listener.local_addr().expect("bound"),
            stalled: Arc::default(),
            shared: Arc::new(Mutex::new(Shared::default())),
        };
        let served = fake.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(served.clone().serve(stream));
            }
        });
        fake
    }

    pub(super) fn issuer(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Publishes metadata that the test has changed.
    pub(super) fn publish(&self, edit: impl Fn(&mut Value)) {
        let mut metadata = json!({
            "issuer": self.issuer(),
            "authorization_endpoint": format!("{}/authorize?tenant=1", self.issuer()),
            "token_endpoint": format!("{}{TOKEN}", self.issuer()),
            "jwks_uri": format!("{}{JWKS}", self.issuer()),
            "userinfo_endpoint": format!("{}{USERINFO}", self.issuer()),
            "id_token_signing_alg_values_supported": ["ES256"],
            "authorization_response_iss_parameter_supported": true,
        });
        edit(&mut metadata);
        self.reply(METADATA, 200, &metadata);
    }

    /// What it answers at that path, or for that code.
    pub(super) fn reply(&self, path: &str, status: u16, body: &Value) {
        self.reply_text(path, status, JSON, &body.to_string());
    }

    /// The same, of any type.
    pub(super) fn reply_text(&self, path: &str, status: u16, media_type: &str, body: &str) {
        let reply = Reply { status, media_type: media_type.to_owned(), body: body.to_owned() };
        self.lock().replies.insert(path.to_owned(), reply);
    }

    /// It takes requests at that path, and never answers them.
    pub(super) fn stall(&self, path: &str) {
        self.reply_text(path, STALLS, JSON, "");
    }

    /// Until somebody hangs on an answer that does not come.
    pub(super) async fn stalled(&self) {
        self.stalled.notified().await;
    }

    /// What it was asked at that path.
    pub(super) fn asked(&self, path: &str) -> Vec<Request> {
        let shared = self.lock();
        shared.requests.iter().filter(|request| request.path == path).cloned().collect()
    }

    fn lock(&self) -> MutexGuard<'_, Shared> {
        self.shared.lock().expect("not poisoned")
    }

    async fn serve(self, stream: TcpStream) -> std::io::Result<()> {
        let mut stream = BufReader::new(stream);
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            if stream.read_line(&mut head).await? == 0 {
                return Ok(());
            }
        }
        let length = head.lines().find_map(|line| {
            let (name, value) = line.split_once(':')?;
            name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse().expect("len"))
        });
        let mut body = vec![0; length.unwrap_or(0)];
        stream.read_exact(&mut body).await?;
        let path = head.split(' ').nth(1).unwrap_or_default().to_owned();
        let body = String::from_utf8(body).expect("UTF-8");
        let reply = {
            let mut shared = self.lock();
            shared.requests.push(Request { path: path.clone(), head, body: body.clone() });
            let of_the_code = body.split('&').find_map(|field| field.strip_prefix("code="));
            let of_the_code = of_the_code.and_then(|code| shared.replies.get(code));
            of_the_code.or_else(|| shared.replies.get(&path)).cloned()
        };
        let missing = || Reply { status: 404, media_type: JSON.to_owned(), body: "{}".to_owned() };
        let Reply { status, media_type, body } = reply.unwrap_or_else(missing);
        if status == STALLS {
            self.stalled.notify_one();
            // Until the other side hangs up.
            return stream.read_u8().await.map(drop);
        }
        let answer = format!(
            "HTTP/1.1 {status} X\r\nContent-Type: {media_type}\r\nLocation: /elsewhere\r\n\
             Content-Length: {}\r\nConnection: close\r\n\r\n{body}",
            body.len()
        );
        stream.write_all(answer.as_bytes()).await?;
        stream.shutdown().await
    }
}
