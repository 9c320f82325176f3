//! A door to knock at: routes, an engine with a stopped clock, a record of what was reached and of
//! every audit event. Whatever is sent through it, the answer is held against E1 and H3.

use std::{
    mem,
    net::SocketAddr,
    sync::{Arc, Mutex},
};

use auth_runtime::{
    Auth, AuthBuilder, EmbeddedPolicy, Protected, Router,
    audit::{AuditSink, Decision, Event, Kind},
    authenticate,
    clock::{ManualClock, Timestamp},
    extract::Json,
    jwt::{AccessGrant, KeySet},
    limit::{Limiter, MemoryLimiter},
    policy, public,
    store::MemoryStore,
};
use axum::{
    body::Body,
    extract::{ConnectInfo, State},
    http::{HeaderMap, HeaderValue, Method, Request, StatusCode},
};
use http_body_util::BodyExt;
use serde_json::Value;
use tower::ServiceExt;

use super::{forge, grammar};
use crate::instance;

/// When every test begins, in seconds since 1970.
pub(super) const START: i64 = 1_800_000_000;

/// A protected application and everything that can be seen of it.
pub(super) struct Door {
    pub(super) app: Protected,
    pub(super) auth: Auth,
    pub(super) clock: Arc<ManualClock>,
    pub(super) audit: Arc<Recorder>,
    pub(super) reached: Reached,
}

impl Door {
    /// These routes under `policies/test.yaml`.
    pub(super) async fn of(routes: Router<Reached>) -> Self {
        let policy = policy!("../policies/test.yaml");
        Self::under(policy, [("jwt", forge::own_keys()), ("partner", forge::p256_keys())], routes)
            .await
    }

    /// These routes under another policy.
    pub(super) async fn under<const N: usize>(
        policy: EmbeddedPolicy,
        keys: [(&str, KeySet); N],
        routes: Router<Reached>,
    ) -> Self {
        Self::counted_by(Arc::new(MemoryLimiter::new()), policy, keys, routes).await
    }

    /// The same, with another limiter.
    pub(super) async fn counted_by<const N: usize>(
        limiter: Arc<dyn Limiter>,
        policy: EmbeddedPolicy,
        keys: [(&str, KeySet); N],
        routes: Router<Reached>,
    ) -> Self {
        Self::built(|builder| builder.limiter(limiter), policy, keys, routes).await
    }

    /// The same, with something else about the engine.
    pub(super) async fn built<const N: usize>(
        change: impl FnOnce(AuthBuilder) -> AuthBuilder,
        policy: EmbeddedPolicy,
        keys: [(&str, KeySet); N],
        routes: Router<Reached>,
    ) -> Self {
        let clock = Arc::new(ManualClock::at(Timestamp(START)));
        let audit = Arc::new(Recorder::default());
        let builder = Auth::from_policy(policy)
            .store(Arc::new(MemoryStore::new()))
            .clock(Arc::clone(&clock))
            .audit(Arc::clone(&audit));
        let builder = keys.into_iter().fold(builder, |all, (name, keys)| all.keys(name, keys));
        let auth = change(builder).build().await.unwrap();
        let reached = Reached::default();
        let app = routes.with_state(reached.clone()).protect(auth.clone());
        Self { app, auth, clock, audit, reached }
    }

    /// An access token for `alice`, who holds these roles.
    pub(super) fn token(&self, roles: &[&str]) -> String {
        let grant = AccessGrant::new("alice").roles(roles);
        let issued = self.auth.issuer().unwrap().access_token(&grant, self.auth.now());
        issued.unwrap().token.expose().to_owned()
    }

    /// The answer to one request, which keeps what every answer has to keep.
    pub(super) async fn send(&self, ask: Ask) -> Answer {
        // What a running engine does by itself once a second, by a clock that does not leap.
        if let Some(revocations) = self.auth.revocations() {
            revocations.follow(self.auth.now()).await.unwrap();
        }
        let answer = send(self.app.clone(), ask).await;
        answer.guards_browsers();
        answer
    }

    /// Shows a token at `/guarded`, where it is refused like every other; returns the audit cause.
    pub(super) async fn refuses(&self, token: impl AsRef<[u8]>) -> String {
        self.refuses_at("/guarded", token).await
    }

    /// The same at another path.
    pub(super) async fn refuses_at(&self, path: &str, token: impl AsRef<[u8]>) -> String {
        let answer = self.send(ask("GET", path).bearer(token)).await;
        assert_eq!((answer.status, answer.code().as_str()), (401, "invalid_token"));
        assert_eq!(self.reached.take(), [""; 0]);
        let event = self.audit.only();
        assert_eq!((event.decision, event.subject), (Decision::Deny, None));
        event.cause.unwrap()
    }
}

/// Sends a request to any service of axum's kind, and holds the answer against E1 and H3.
pub(super) async fn send<S>(service: S, ask: Ask) -> Answer
where
    S: tower::Service<Request<Body>, Response = axum::response::Response>,
    S::Error: std::fmt::Debug,
{
    let head = ask.0.method() == Method::HEAD;
    let response = service.oneshot(ask.0).await.unwrap();
    let (parts, body) = response.into_parts();
    let body = body.collect().await.unwrap().to_bytes().to_vec();
    let (body, instance) = instance::split(&body);
    let answer = Answer { status: parts.status.as_u16(), headers: parts.headers, body, instance };
    answer.keeps_the_form(head);
    answer
}

/// A request in the making.
pub(super) struct Ask(Request<Body>);

/// A request without headers and body.
pub(super) fn ask(method: &str, path: &str) -> Ask {
    let request = Request::builder().method(method).uri(path).body(Body::empty());
    Ask(request.unwrap())
}

impl Ask {
    pub(super) fn bearer(self, token: impl AsRef<[u8]>) -> Self {
        self.header("authorization", [b"Bearer ", token.as_ref()].concat())
    }

    /// Adds a header; one of that name that is there stays.
    pub(super) fn header(mut self, name: &'static str, value: impl AsRef<[u8]>) -> Self {
        let value = HeaderValue::from_bytes(value.as_ref()).unwrap();
        self.0.headers_mut().append(name, value);
        self
    }

    pub(super) fn body(mut self, media_type: &str, body: impl Into<Body>) -> Self {
        *self.0.body_mut() = body.into();
        self.header("content-type", media_type)
    }

    /// Over a connection from that address.
    pub(super) fn from(mut self, address: &str) -> Self {
        let peer = SocketAddr::new(address.parse().unwrap(), 50_000);
        self.0.extensions_mut().insert(ConnectInfo(peer));
        self
    }

    pub(super) fn extensions(mut self, extensions: axum::http::Extensions) -> Self {
        *self.0.extensions_mut() = extensions;
        self
    }
}

/// A response, read to its end. Two are equal if nothing but their `instance` differs.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) headers: HeaderMap,
    /// Without `instance`.
    pub(super) body: Vec<u8>,
    /// The `instance` of the problem.
    pub(super) instance: Option<String>,
}

impl PartialEq for Answer {
    fn eq(&self, other: &Self) -> bool {
        (self.status, &self.headers, &self.body) == (other.status, &other.headers, &other.body)
            && self.instance.is_some() == other.instance.is_some()
    }
}

impl Answer {
    pub(super) fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }

    pub(super) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    /// The `code` of the problem.
    pub(super) fn code(&self) -> String {
        self.json()["code"].as_str().unwrap().to_owned()
    }

    /// The challenges, as they stand.
    pub(super) fn challenges(&self) -> Vec<&str> {
        let values = self.headers.get_all("www-authenticate").iter();
        values.map(|value| value.to_str().unwrap()).collect()
    }

    /// What H1 asks of every answer of a protected application.
    fn guards_browsers(&self) {
        for (name, value) in [
            ("x-content-type-options", "nosniff"),
            ("x-xss-protection", "0"),
            ("referrer-policy", ""),
            ("content-security-policy", "frame-ancestors "),
            ("cross-origin-resource-policy", "same-"),
        ] {
            let values: Vec<_> = self.headers.get_all(name).iter().collect();
            let [said] = values[..] else { panic!("{name}: {values:?}") };
            assert!(said.to_str().unwrap().contains(value), "{name}: {said:?}");
        }
        let hsts = self.headers.get("strict-transport-security");
        let plain = self.status == 403 && self.text().contains("https_required");
        assert_eq!(hsts.is_none(), plain, "not over plain HTTP, where that is known");
    }

    /// What E1 and H3 ask of every answer there is.
    fn keeps_the_form(&self, head: bool) {
        let challenges: Vec<_> = self.challenges().into_iter().map(grammar::challenges).collect();
        assert!(challenges.iter().all(Option::is_some), "no challenges: {:?}", self.headers);
        assert!(self.status != 401 || !challenges.is_empty(), "a 401 challenges: {self:?}");
        if self.status < 400 {
            return;
        }
        assert_eq!(self.headers["content-type"], "application/problem+json");
        assert_eq!(self.headers["cache-control"], "no-store");
        if head {
            return;
        }
        let problem = self.json();
        let code = problem["code"].as_str().unwrap();
        assert_eq!(problem["type"], format!("urn:auth-engine:problem:{code}"));
        assert_eq!(problem["status"], self.status);
        assert!(!problem["title"].as_str().unwrap().is_empty());
        let outside = format!("{:?} {}", self.headers, self.text()).to_lowercase();
        let inside = ["axum", "serde", "jsonwebtoken", "aws", "line 1", "column", "panick", ".rs"];
        for word in inside {
            assert!(!outside.contains(word), "`{word}` is from inside: {outside}");
        }
    }
}

/// Which handlers were reached, in their order.
#[derive(Clone, Debug, Default)]
pub(super) struct Reached(Arc<Mutex<Vec<&'static str>>>);

impl Reached {
    pub(super) fn note(&self, handler: &'static str) -> &'static str {
        self.0.lock().unwrap().push(handler);
        handler
    }

    /// What was reached since the last call.
    pub(super) fn take(&self) -> Vec<&'static str> {
        mem::take(&mut self.0.lock().unwrap())
    }
}

/// Keeps every audit event.
#[derive(Debug, Default)]
pub(super) struct Recorder(Mutex<Vec<Recorded>>);

/// An event as it was recorded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Recorded {
    pub(super) at: Timestamp,
    pub(super) kind: Kind,
    pub(super) decision: Decision,
    pub(super) subject: Option<(String, String)>,
    pub(super) scheme: Option<String>,
    pub(super) credential: Option<String>,
    pub(super) method: Option<String>,
    pub(super) route: Option<String>,
    pub(super) rule: Option<String>,
    pub(super) cause: Option<String>,
    pub(super) policy: String,
    pub(super) request_id: Option<String>,
    /// The whole event, as it is written down.
    pub(super) json: Value,
}

impl AuditSink for Recorder {
    fn record(&self, event: &Event<'_>) {
        let subject = event.subject.map(|who| (who.issuer.to_string(), who.id.to_string()));
        self.0.lock().unwrap().push(Recorded {
            at: event.at,
            kind: event.kind,
            decision: event.decision,
            subject,
            scheme: event.scheme.map(str::to_owned),
            credential: event.credential.map(str::to_owned),
            method: event.method.map(str::to_owned),
            route: event.route.map(str::to_owned),
            rule: event.rule.map(str::to_owned),
            cause: event.cause.map(str::to_owned),
            policy: event.policy.as_str().to_owned(),
            request_id: event.request_id.map(str::to_owned),
            json: serde_json::from_str(&event.to_json()).unwrap(),
        });
    }
}

impl Recorder {
    /// The events since the last call.
    pub(super) fn take(&self) -> Vec<Recorded> {
        mem::take(&mut self.0.lock().unwrap())
    }

    /// The one event since the last call (A1).
    pub(super) fn only(&self) -> Recorded {
        let mut events = self.take();
        assert_eq!(events.len(), 1, "{events:?}");
        events.remove(0)
    }

    /// The cause of the one event since the last call.
    pub(super) fn cause(&self) -> String {
        self.only().cause.unwrap()
    }
}

/// The handler behind most doors.
#[authenticate(jwt, scopes = "read:posts")]
pub(super) async fn guarded(State(reached): State<Reached>) -> &'static str {
    reached.note("guarded")
}

/// One that reads a body, and changes something.
#[authenticate(jwt, scopes = "write:posts")]
pub(super) async fn write(
    State(reached): State<Reached>,
    Json(number): Json<u8>,
) -> (StatusCode, String) {
    reached.note("write");
    (StatusCode::CREATED, number.to_string())
}

/// One for everybody.
#[public(reason = "says nothing")]
pub(super) async fn open(State(reached): State<Reached>) -> &'static str {
    reached.note("open")
}
