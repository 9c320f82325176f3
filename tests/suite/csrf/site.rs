//! A site whose browsers keep access tokens in a cookie. In: requests. Out: their status and code,
//! the cause in the audit, and which handlers were reached.

use std::{
    mem,
    sync::{Arc, Mutex},
};

use auth_runtime::{
    Auth, Identity, Protected, Router,
    account::StoredAccounts,
    audit::{AuditSink, Event, Kind},
    authenticate,
    clock::{ManualClock, Timestamp},
    csrf::{CsrfForm, SameOrigin},
    extract::Json,
    jwt::AccessGrant,
    policy, public,
    routing::{any, get, post},
    store::MemoryStore,
    tokens::Tokens,
};
use axum::{
    body::Body,
    extract::State,
    http::{HeaderMap, HeaderValue, Request},
};
use http_body_util::BodyExt;
use serde_json::Value;
use tower::ServiceExt;

use crate::{instance, password::password_hash, signing::own_keys};

/// The host that requests ask for.
pub(super) const HOST: &str = "blog.example";
/// The origin of its pages.
pub(super) const OWN: &str = "https://blog.example";
/// The sibling that the policy lists.
pub(super) const LISTED: &str = "https://app.blog.example";
pub(super) const FORM: &str = "application/x-www-form-urlencoded";
pub(super) const JSON: &str = "application/json";

/// The site, with `alice` and `mallory`, who are both authors, signed in.
pub(super) struct Site {
    pub(super) auth: Auth,
    pub(super) alice: Visitor,
    pub(super) mallory: Visitor,
    app: Protected,
    seen: Seen,
}

/// Somebody who is signed in.
#[derive(Default)]
pub(super) struct Visitor {
    /// An access token, and the token against forged requests that goes with it.
    pub(super) access: String,
    pub(super) csrf: String,
    /// The value of a session's cookie, and the same for it.
    pub(super) session: String,
    pub(super) session_csrf: String,
}

#[derive(Clone, Debug, Default)]
struct Seen(Arc<Mutex<Vec<String>>>);

/// The exact causes of refusals.
impl AuditSink for Seen {
    fn record(&self, event: &Event<'_>) {
        if let (Kind::Access, Some(cause)) = (event.kind, event.cause) {
            let who = event.subject.map_or("nobody", |subject| &subject.id);
            self.0
                .lock()
                .unwrap()
                .push(format!("{cause} {}", if who == "nobody" { who } else { "somebody" }));
        }
    }
}

/// The name of what was reached.
type Reached = Arc<Mutex<Vec<&'static str>>>;

fn note(reached: &Reached, name: &'static str) -> &'static str {
    reached.lock().unwrap().push(name);
    name
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct NewPost {
    title: String,
}

#[authenticate(jwt, policy = "policies/forged.yaml")]
async fn token(caller: Identity) -> String {
    // A page shows it to its own visitor.
    caller.csrf_token().map_or_else(|| "none".to_owned(), |token| token.expose().to_owned())
}

#[authenticate(jwt, policy = "policies/forged.yaml")]
async fn write(State(reached): State<Reached>) -> &'static str {
    note(&reached, "write")
}

#[authenticate(jwt | session, policy = "policies/forged.yaml")]
async fn write_by_either(State(reached): State<Reached>) -> &'static str {
    note(&reached, "either")
}

#[authenticate(jwt, scopes = "write:posts", policy = "policies/forged.yaml")]
async fn write_json(State(reached): State<Reached>, Json(new): Json<NewPost>) -> String {
    note(&reached, "json");
    new.title
}

#[authenticate(jwt, role = "author", policy = "policies/forged.yaml")]
async fn write_form(State(reached): State<Reached>, CsrfForm(new): CsrfForm<NewPost>) -> String {
    note(&reached, "form");
    new.title
}

type Hidden<T> = CsrfForm<T>;

#[authenticate(jwt, policy = "policies/forged.yaml")]
async fn alias(State(reached): State<Reached>, CsrfForm(new): Hidden<NewPost>) -> String {
    note(&reached, "alias");
    new.title
}

#[authenticate(jwt, policy = "policies/forged.yaml")]
async fn attributed(
    State(reached): State<Reached>,
    #[cfg(any())] _form: CsrfForm<NewPost>,
) -> &'static str {
    note(&reached, "attributed")
}

#[public(reason = "knows some", identity = jwt | session, policy = "policies/forged.yaml")]
async fn known(State(reached): State<Reached>, caller: Option<Identity>) -> String {
    note(&reached, "known");
    caller.map_or("nobody".to_owned(), |_| "somebody".to_owned())
}

#[public(reason = "knows some", identity = jwt, policy = "policies/forged.yaml")]
async fn known_form(State(reached): State<Reached>, CsrfForm(new): CsrfForm<NewPost>) -> String {
    note(&reached, "known form");
    new.title
}

#[public(reason = "signs in")]
async fn sign_in(
    _: SameOrigin,
    State(reached): State<Reached>,
    Json(new): Json<NewPost>,
) -> String {
    note(&reached, "sign in");
    new.title
}

#[public(reason = "signs in from a page")]
async fn sign_in_form(
    _: SameOrigin,
    State(reached): State<Reached>,
    CsrfForm(new): CsrfForm<NewPost>,
) -> String {
    note(&reached, "sign in form");
    new.title
}

impl Site {
    pub(super) async fn new() -> Self {
        let seen = Seen::default();
        let store = Arc::new(MemoryStore::new());
        let auth = Auth::from_policy(policy!("policies/forged.yaml"))
            .keys("jwt", own_keys())
            .store(store.clone())
            .clock(ManualClock::at(Timestamp(1_800_000_000)))
            .audit(seen.clone())
            .build()
            .await
            .unwrap();
        let reached = Reached::default();
        let routes = Router::new()
            .route("/token", get(token))
            .route("/write", any(write))
            .route("/either", any(write_by_either))
            .route("/json", post(write_json))
            .route("/form", post(write_form).get(write_form))
            .route("/alias", post(alias))
            .route("/attributed", post(attributed))
            .route("/known", any(known))
            .route("/known-form", post(known_form))
            .route("/sign-in", post(sign_in))
            .route("/sign-in-form", post(sign_in_form));
        let app = routes.with_state(Arc::clone(&reached)).protect(auth.clone());
        let accounts = StoredAccounts::new(store);
        let (alice, mallory) = (Visitor::default(), Visitor::default());
        let mut site = Self { auth, alice, mallory, app, seen };
        let tokens = Tokens::new(site.auth.clone()).await.unwrap();
        let sessions = site.auth.sessions().unwrap();
        let mut visitors = Vec::new();
        for name in ["alice", "mallory"] {
            let roles = vec!["author".to_owned()];
            let hash = password_hash().await;
            let account = accounts.register(name, roles, hash, site.auth.now()).await.unwrap();
            let access = tokens.sign_in(&account).await.unwrap().access_token.expose().to_owned();
            let csrf = site.send(ask("GET", "/token").cookie(&access)).await.text;
            let begun = sessions.begin(&account, &HeaderMap::new()).await.unwrap();
            let cookie = begun.set_cookie.to_str().unwrap();
            let session = cookie.split([';', '=']).nth(1).unwrap().to_owned();
            let session_csrf = begun.csrf_token.expose().to_owned();
            visitors.push(Visitor { access, csrf, session, session_csrf });
        }
        site.mallory = visitors.pop().unwrap();
        site.alice = visitors.pop().unwrap();
        site.seen.0.lock().unwrap().clear();
        site
    }

    /// An access token that came with no refresh family.
    pub(super) fn lone_token(&self) -> String {
        let grant = AccessGrant::new("alice").roles(&["author"]);
        let issued = self.auth.issuer().unwrap().access_token(&grant, self.auth.now());
        issued.unwrap().token.expose().to_owned()
    }

    pub(super) async fn send(&self, ask: Ask) -> Answer {
        let response = self.app.clone().oneshot(ask.0).await.unwrap();
        let status = response.status().as_u16();
        let body = response.into_body().collect().await.unwrap().to_bytes();
        let text = String::from_utf8(instance::without(&body)).unwrap();
        let json = serde_json::from_str::<Value>(&text).unwrap_or_default();
        let code = json["code"].as_str().unwrap_or_default().to_owned();
        let causes = mem::take(&mut *self.seen.0.lock().unwrap());
        Answer { status, code, text, cause: causes.join(", ") }
    }

    /// The status of an answer.
    pub(super) async fn status(&self, ask: Ask) -> u16 {
        self.send(ask).await.status
    }

    /// The cause of a refusal as forged.
    pub(super) async fn forged(&self, ask: Ask) -> String {
        let answer = self.send(ask).await;
        assert_eq!((answer.status, answer.code.as_str()), (403, "csrf"), "{}", answer.text);
        answer.cause
    }
}

#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) code: String,
    pub(super) text: String,
    /// Each cause with whether somebody was known.
    pub(super) cause: String,
}

/// A request in the making.
pub(super) struct Ask(Request<Body>);

/// A request to the site's host.
pub(super) fn ask(method: &str, path: &str) -> Ask {
    Ask(Request::builder().method(method).uri(path).body(Body::empty()).unwrap())
        .header("host", HOST)
}

impl Ask {
    pub(super) fn header(mut self, name: &'static str, value: impl AsRef<[u8]>) -> Self {
        let value = HeaderValue::from_bytes(value.as_ref()).unwrap();
        self.0.headers_mut().append(name, value);
        self
    }

    pub(super) fn maybe(self, name: &'static str, value: Option<&str>) -> Self {
        match value {
            Some(value) => self.header(name, value),
            None => self,
        }
    }

    pub(super) fn cookie(self, access: &str) -> Self {
        self.header("cookie", format!("__Host-access={access}"))
    }

    pub(super) fn session(self, value: &str) -> Self {
        self.header("cookie", format!("__Host-session={value}"))
    }

    pub(super) fn bearer(self, access: &str) -> Self {
        self.header("authorization", format!("Bearer {access}"))
    }

    /// As a browser marks what a page of that site causes.
    pub(super) fn site(self, site: &str) -> Self {
        self.header("sec-fetch-site", site)
    }

    pub(super) fn token(self, token: &str) -> Self {
        self.header("x-csrf-token", token)
    }

    pub(super) fn body(mut self, media_type: &str, body: impl Into<Body>) -> Self {
        *self.0.body_mut() = body.into();
        self.header("content-type", media_type)
    }
}
