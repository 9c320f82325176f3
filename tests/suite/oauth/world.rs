//! A service with clients. In: nothing. Out: its endpoints, its events, and a clock to move.

use std::{
    net::{IpAddr, Ipv4Addr, SocketAddr},
    sync::{Arc, Mutex},
};

use auth_runtime::{
    Auth, Identity, Protected, Router,
    account::{Account, StoredAccounts},
    api_key,
    audit::{AuditSink, Event},
    authenticate,
    clock::{ManualClock, Timestamp},
    oauth::{Client, Clients, Consent, ConsentPage, NewClient, OAuth, Registered, is_way_back},
    policy,
    policy_types::GrantType,
    public,
    routing::{delete, get, post},
    secret::Secret,
    store::Store,
    tokens::{SignedIn, Tokens},
    wellknown,
};
use axum::{
    body::Body,
    extract::ConnectInfo,
    http::Request,
    response::{IntoResponse, Response},
};
use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::json;
use tokio::net::TcpListener;

pub(crate) use crate::answer::Answer;
use crate::{failing::Failing, password::password_hash, signing::own_keys};

pub(crate) const START: i64 = 1_800_000_000;

/// Where requests come from that say nothing else.
pub(crate) const PEER: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 7));

pub(crate) struct World {
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) accounts: StoredAccounts,
    pub(crate) auth: Auth,
    pub(crate) tokens: Tokens,
    pub(crate) clients: Clients,
    pub(crate) events: Events,
    pub(crate) store: Arc<Failing>,
    app: Protected,
}

impl Answer {
    /// Status and `error`, of an answer that nobody may keep.
    pub(crate) fn refusal(&self) -> (u16, String) {
        assert_eq!(self.headers["cache-control"], "no-store", "{self:?}");
        (self.status, self.json()["error"].as_str().unwrap_or_default().to_owned())
    }

    pub(crate) fn text(&self, member: &str) -> String {
        self.json()[member].as_str().unwrap_or_else(|| panic!("no {member}: {self:?}")).to_owned()
    }
}

/// Kind, cause and client of the events so far.
#[derive(Clone, Default)]
pub(crate) struct Events(Arc<Mutex<Vec<Seen>>>);

type Seen = (&'static str, Option<String>, Option<String>);

impl AuditSink for Events {
    fn record(&self, event: &Event<'_>) {
        let (cause, client) = (event.cause.map(str::to_owned), event.client.map(str::to_owned));
        let seen = (event.kind.as_str(), cause, client);
        self.0.lock().unwrap().push(seen);
    }
}

impl Events {
    /// The kinds of the events so far that begin so, in their order.
    pub(crate) fn kinds(&self, beginning: &str) -> Vec<&'static str> {
        let events = self.0.lock().unwrap();
        let kinds = events.iter().map(|(kind, ..)| *kind);
        kinds.filter(|kind| kind.starts_with(beginning)).collect()
    }

    /// The causes of the events of that kind.
    pub(crate) fn causes(&self, kind: &str) -> Vec<String> {
        let events = self.0.lock().unwrap();
        let of_kind = events.iter().filter(|(seen, ..)| *seen == kind);
        of_kind.filter_map(|(_, cause, _)| cause.clone()).collect()
    }

    /// The clients of the events that begin so; empty for one that names none.
    pub(crate) fn clients(&self, beginning: &str) -> Vec<(&'static str, String)> {
        let events = self.0.lock().unwrap();
        let of_kind = events.iter().filter(|(kind, ..)| kind.starts_with(beginning));
        of_kind.map(|(kind, _, client)| (*kind, client.clone().unwrap_or_default())).collect()
    }
}

#[authenticate(jwt, scopes = "read:posts", policy = "policies/oauth.yaml")]
async fn read(caller: Identity) -> String {
    let (scopes, roles): (Vec<_>, Vec<_>) = (caller.scopes().collect(), caller.roles().collect());
    format!("{} {scopes:?} {roles:?}", caller.subject().id)
}

#[authenticate(jwt, scopes = "write:posts", policy = "policies/oauth.yaml")]
async fn write() {}

#[authenticate(jwt, role = "admin", policy = "policies/oauth.yaml")]
async fn administer() {}

/// A rule that no scope is part of.
#[authenticate(jwt | session, policy = "policies/oauth.yaml")]
async fn whoever() {}

/// A page that says more to those it knows.
#[public(reason = "says more to those it knows", identity = jwt, policy = "policies/oauth.yaml")]
async fn known(caller: Option<Identity>) -> String {
    caller.map_or_else(String::new, |caller| caller.subject().id.to_string())
}

/// The same for programs as well.
#[public(reason = "says more to those it knows", identity = jwt | api_key, policy = "policies/oauth.yaml")]
async fn known_programs(caller: Option<Identity>) -> String {
    caller.map_or_else(String::new, |caller| caller.subject().id.to_string())
}

#[authenticate(session, max_age = "5m", policy = "policies/oauth.yaml")]
async fn lately() {}

#[authenticate(jwt, scopes = "read:posts", max_age = "5m", policy = "policies/oauth.yaml")]
async fn read_lately() {}

impl World {
    pub(crate) async fn new() -> Self {
        Self::at(Timestamp(START)).await
    }

    /// One that begins at that moment.
    pub(crate) async fn at(start: Timestamp) -> Self {
        Self::with(start, true).await
    }

    /// One that has no page to ask for consent with.
    pub(crate) async fn without_pages() -> Self {
        Self::with(Timestamp(START), false).await
    }

    async fn with(start: Timestamp, pages: bool) -> Self {
        let (store, events) = (Arc::<Failing>::default(), Events::default());
        let clock = Arc::new(ManualClock::at(start));
        let auth = Auth::from_policy(policy!("policies/oauth.yaml"))
            .keys("jwt", own_keys())
            .store(Arc::clone(&store) as Arc<dyn Store>)
            .clock(Arc::clone(&clock))
            .audit(events.clone())
            .build()
            .await
            .unwrap();
        let tokens = Tokens::new(auth.clone()).await.unwrap();
        let oauth = OAuth::new(tokens.clone()).unwrap();
        let oauth = if pages { oauth.consent(Pages) } else { oauth };
        let clients = oauth.clients().clone();
        let app = Router::<()>::new()
            .route("/read", get(read))
            .route("/write", post(write))
            .route("/administer", delete(administer))
            .route("/whoever", get(whoever))
            .route("/known", get(known))
            .route("/known-programs", get(known_programs))
            .route("/lately", get(read_lately).post(lately))
            .route("/.well-known/jwks.json", wellknown::jwks())
            .merge(api_key::router())
            .merge(oauth.router())
            .protect(auth.clone());
        let accounts = StoredAccounts::new(Arc::clone(&store) as Arc<dyn Store>);
        Self { clock, accounts, auth, tokens, clients, events, store, app }
    }

    /// A client with a secret that people let in, for reading and writing.
    pub(crate) async fn app(&self, id: &str) -> (Client, String) {
        let Registered { client, secret, .. } = self.clients.register(app(id)).await.unwrap();
        (client, secret.unwrap().expose().to_owned())
    }

    /// A client with a secret that may do what clients may, for reading and writing.
    pub(crate) async fn client(&self, id: &str) -> (Client, String) {
        let new = NewClient::new(id, "A client")
            .grants([GrantType::ClientCredentials, GrantType::RefreshToken])
            .scopes(["read:posts", "write:posts"]);
        let Registered { client, secret, .. } = self.clients.register(new).await.unwrap();
        (client, secret.unwrap().expose().to_owned())
    }

    pub(crate) async fn account(&self, name: &str, role: &str) -> Account {
        let (hash, roles) = (password_hash().await, vec![role.to_owned()]);
        self.accounts.register(name, roles, hash, self.auth.now()).await.unwrap()
    }

    /// What a client holds that an account let in.
    pub(crate) async fn let_in(
        &self,
        account: &Account,
        client: &str,
        scopes: &[&str],
    ) -> SignedIn {
        self.tokens.let_in(account, client, scopes).await.unwrap()
    }

    /// A form, with what stands in `Authorization`.
    pub(crate) async fn form(
        &self,
        path: &str,
        authorization: Option<&str>,
        parameters: &[(&str, &str)],
    ) -> Answer {
        self.raw(path, authorization, &form(parameters)).await
    }

    pub(crate) async fn raw(&self, path: &str, authorization: Option<&str>, body: &str) -> Answer {
        self.raw_from(PEER, path, authorization, body).await
    }

    /// The same from another address.
    pub(crate) async fn raw_from(
        &self,
        peer: IpAddr,
        path: &str,
        authorization: Option<&str>,
        body: &str,
    ) -> Answer {
        let mut request = Request::post(path).extension(ConnectInfo(SocketAddr::new(peer, 4711)));
        if let Some(value) = authorization {
            request = request.header("authorization", value);
        }
        let request = request.header("content-type", "application/x-www-form-urlencoded");
        self.send(request.body(Body::from(body.to_owned())).unwrap()).await
    }

    /// `POST /oauth/token` of a client that shows its secret in the header.
    pub(crate) async fn token(
        &self,
        (client, secret): &(Client, String),
        parameters: &[(&str, &str)],
    ) -> Answer {
        self.form("/oauth/token", Some(&basic(&client.id, secret)), parameters).await
    }

    /// A token with which the client acts for itself.
    pub(crate) async fn own_token(&self, client: &(Client, String)) -> String {
        let answer = self.token(client, &[("grant_type", "client_credentials")]).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        answer.text("access_token")
    }

    /// The same service behind a port of this machine.
    pub(crate) async fn serve(&self) -> SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(self.app.clone().serve(listener));
        address
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.send(Request::get(path).body(Body::empty()).unwrap()).await
    }

    /// What a guarded endpoint answers to a token.
    pub(crate) async fn asks(&self, method: &str, path: &str, token: &str) -> Answer {
        let request = Request::builder().method(method).uri(path);
        let request = request.header("authorization", format!("Bearer {token}"));
        self.send(request.body(Body::empty()).unwrap()).await
    }

    pub(crate) async fn send(&self, request: Request<Body>) -> Answer {
        Answer::of(&self.app, request).await
    }
}

pub(crate) fn basic(id: &str, secret: &str) -> String {
    format!("Basic {}", STANDARD.encode(format!("{id}:{secret}")))
}

pub(crate) fn form(parameters: &[(&str, &str)]) -> String {
    serde_urlencoded::to_string(parameters).unwrap()
}

/// What a secret says, where a test sends it.
pub(crate) fn said(secret: &Secret) -> &str {
    secret.expose()
}

/// Where the apps of these tests are.
pub(crate) const CALLBACK: &str = "https://app.example/callback";

/// An app that people let in, for reading and writing.
pub(crate) fn app(id: &str) -> NewClient {
    NewClient::new(id, "An <app>")
        .grants([GrantType::AuthorizationCode, GrantType::RefreshToken])
        .redirect_uris([CALLBACK])
        .scopes(["read:posts", "write:posts"])
}

/// Pages for programs: the fields of the form, and what is shown.
#[derive(Debug)]
struct Pages;

impl ConsentPage for Pages {
    fn sign_in(&self, back: &str) -> String {
        assert!(is_way_back(back), "{back}");
        format!("/login?{}", form(&[("next", back)]))
    }

    fn draw(&self, consent: &Consent<'_>) -> Response {
        assert_eq!(consent.action(), "/oauth/authorize");
        let page = json!({
            "fields": consent.fields(),
            "client": consent.client.name,
            "user": consent.account.username,
            "scopes": consent.scopes.iter().map(|it| (it.name, it.is)).collect::<Vec<_>>(),
            "form_action": consent.form_action(),
        });
        axum::Json(page).into_response()
    }
}
