//! A service, two providers and a browser. In: what a provider says. Out: where the browser ends up.

use std::{
    collections::HashMap,
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use auth_runtime::{
    Auth, Identity, Protected, ReloadError, Router,
    account::{Account, StoredAccounts},
    audit::{AuditSink, Event},
    authenticate,
    clock::{ManualClock, Timestamp},
    endpoints::AccountEndpoints,
    jwt::KeySet,
    oidc::{self, Creating, People, Profile, ProviderSignIn, Stage},
    password::{Hasher, PasswordHash},
    policy_types::Algorithm,
    routing::get,
    secret::Secret,
    session,
    sign_in::PasswordSignIn,
    store::Answer as Answered,
    tokens::Tokens,
};
use axum::{body::Body, http::Request};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use jsonwebtoken::EncodingKey;
use serde_json::{Value, json};
use std::sync::Mutex;

use super::fake::{Fake, TOKEN, USER, USERINFO};
pub(super) use crate::answer::Answer;
use crate::{
    blog::process::Folder,
    failing::Failing,
    files::workspace,
    password::{hasher, password_hash},
    policies::embedded,
    signing::{own_keys, partner_keys},
};

pub(super) const START: i64 = 1_800_000_000;
pub(super) const SECRET: &str = "s3cret:with/what needs+escapes";
pub(super) const HOST: &str = "127.0.0.1:3000";
/// What the people of `hub` are known by.
pub(super) const HUB: &str = "https://hub.example";
pub(super) const FAILED: &str = "/login?error=sign_in_failed";

pub(super) struct World {
    pub(super) fake: Fake,
    /// The provider `other`.
    pub(super) other: Fake,
    /// The provider `hub`, without OpenID Connect.
    pub(super) hub: Fake,
    pub(super) clock: Arc<ManualClock>,
    pub(super) store: Arc<Failing>,
    pub(super) accounts: StoredAccounts,
    pub(super) people: Folk,
    pub(super) causes: Causes,
    pub(super) auth: Auth,
    app: Protected,
    /// The policy it began with.
    policy: String,
    /// Where the secret is that the policy refers to.
    folder: Folder,
}

/// What a service is made of.
pub(super) struct Setting {
    /// A policy of `tests/policies`.
    file: &'static str,
    /// Its providers, if they are not the usual three; `SECRET` stands for the file of the secret.
    providers: Option<String>,
    /// What is changed in all of it.
    edits: Vec<(String, String)>,
    routes: Router,
}

/// A browser on its way to the provider.
#[derive(Clone, Debug)]
pub(super) struct Outward {
    /// Where it was sent, up to the query.
    pub(super) endpoint: String,
    pub(super) query: HashMap<String, String>,
    /// What it keeps, as it sends it back.
    pub(super) cookie: String,
}

/// Kinds and causes of the events so far.
#[derive(Clone, Debug, Default)]
pub(super) struct Causes(Arc<Mutex<Vec<(&'static str, String)>>>);

impl AuditSink for Causes {
    fn record(&self, event: &Event<'_>) {
        let cause = event.cause.unwrap_or_default().to_owned();
        self.0.lock().expect("no test panics here").push((event.kind.as_str(), cause));
    }
}

impl Causes {
    /// The cause of the last event of that kind.
    pub(super) fn last(&self, kind: &str) -> String {
        let events = self.0.lock().expect("no test panics here");
        let found = events.iter().rev().find(|(seen, _)| *seen == kind);
        found.map(|(_, cause)| cause.clone()).unwrap_or_default()
    }
}

/// The people of the service, and what was last said of one.
#[derive(Clone, Debug)]
pub(super) struct Folk {
    accounts: StoredAccounts,
    pub(super) seen: Arc<Mutex<Vec<(String, Profile)>>>,
    pub(super) refuses: Arc<AtomicBool>,
}

impl Folk {
    fn see(&self, id: &str, profile: &Profile) {
        let mut seen = self.seen.lock().expect("no test panics here");
        seen.push((id.to_owned(), profile.clone()));
    }

    /// Whose profile came last, and what it said.
    pub(super) fn last(&self) -> (String, Profile) {
        let seen = self.seen.lock().expect("no test panics here");
        seen.last().cloned().expect("somebody signed in")
    }
}

impl People for Folk {
    fn create<'a>(&'a self, profile: &'a Profile, now: Timestamp) -> Answered<'a, Creating> {
        Box::pin(async move {
            if self.refuses.load(Ordering::SeqCst) {
                return Ok(Creating::Refused);
            }
            let name = format!("{} of {}", profile.subject, profile.provider);
            let roles = vec!["reader".to_owned()];
            let account = self.accounts.register(&name, roles, password_hash().await, now).await;
            let account = account.expect("a name nobody has");
            self.see(&account.id, profile);
            Ok(Creating::Created(account))
        })
    }

    fn update<'a>(
        &'a self,
        account: &'a Account,
        profile: &'a Profile,
        _: Timestamp,
    ) -> Answered<'a, ()> {
        self.see(&account.id, profile);
        Box::pin(async { Ok(()) })
    }
}

#[authenticate(session, policy = "policies/cookies.yaml")]
async fn who(caller: Identity) -> String {
    caller.subject().id.to_string()
}

impl Setting {
    /// Under that policy, with no other routes than those of the sign-in.
    pub(super) fn of(file: &'static str) -> Self {
        Self { file, providers: None, edits: Vec::new(), routes: Router::new() }
    }

    /// With sessions whose cookie browsers send along for no other site.
    pub(super) fn strict() -> Self {
        Self::of("cookies.yaml").with("session: { idle", "session: { same_site: strict, idle")
    }

    /// With the policy that says `to` where it said `from`.
    pub(super) fn with(mut self, from: &str, to: &str) -> Self {
        self.edits.push((from.to_owned(), to.to_owned()));
        self
    }

    /// With these providers, as a policy has them.
    pub(super) fn declaring(mut self, providers: &str) -> Self {
        self.providers = Some(providers.to_owned());
        self
    }

    /// The text of the policy.
    fn text(&self, providers: &str) -> String {
        let path = workspace().join("tests/policies").join(self.file);
        let mut text = std::fs::read_to_string(path).expect("the policy") + providers;
        for (from, to) in &self.edits {
            assert!(text.contains(from), "{from}");
            text = text.replace(from, to);
        }
        text
    }

    /// With a route that says who asks.
    pub(super) fn routes(mut self) -> Self {
        self.routes = Router::new().route("/who", get(who));
        self
    }

    /// The hash of a password that somebody sets.
    pub(super) async fn password(password: &str) -> PasswordHash {
        hasher().hash(Secret::from(password.to_owned())).await.expect("a hash")
    }

    pub(super) async fn world(self) -> World {
        World::of(self).await
    }
}

/// Three providers, as a policy declares them.
fn declared(fake: &Fake, other: &Fake, hub: &Fake) -> String {
    let (fake, other, hub) = (fake.issuer(), other.issuer(), hub.issuer());
    format!(
        "
providers:
  fake:
    issuer: {fake}
    client_id: blog
    client_secret: file:SECRET
    after: [/account, /]
    on_failure: /login
  other:
    issuer: {other}
    client_id: blog
    client_secret: file:SECRET
    after: [/account, /]
    on_failure: /login
  hub:
    identity: {HUB}
    authorization_endpoint: {hub}/authorize
    token_endpoint: {hub}{TOKEN}
    userinfo_endpoint: {hub}{USER}
    profile: {{ subject: id, name: name, email: email, username: login }}
    client_id: blog
    client_secret: file:SECRET
    after: [/account, /]
    on_failure: /login
    scopes: [\"read:user\", \"user:email\"]
"
    )
}

impl World {
    pub(super) async fn new() -> Self {
        Setting::of("cookies.yaml").routes().world().await
    }

    async fn of(setting: Setting) -> Self {
        let (fake, other) = (Fake::start(&public_keys()).await, Fake::start(&public_keys()).await);
        let (hub, folder) = (Fake::plain().await, Folder::new());
        let secret = folder.0.join("secret");
        std::fs::write(&secret, format!("{SECRET}\n")).expect("written");
        let usual = || declared(&fake, &other, &hub);
        let providers = setting.providers.clone().unwrap_or_else(usual);
        let providers = providers.replace("SECRET", &secret.display().to_string());
        let (policy, routes) = (setting.text(&providers), setting.routes);
        let clock = Arc::new(ManualClock::at(Timestamp(START)));
        let (store, causes) = (Arc::new(Failing::default()), Causes::default());
        let auth = Auth::from_policy(embedded(policy.clone()))
            .keys("jwt", own_keys())
            .keys("partner", partner_keys())
            .store(store.clone())
            .clock(Arc::clone(&clock))
            .audit(causes.clone())
            .build()
            .await
            .expect("an engine");
        let accounts = StoredAccounts::new(store.clone());
        let (seen, refuses) = (Arc::default(), Arc::default());
        let people = Folk { accounts: accounts.clone(), seen, refuses };
        let sign_in = ProviderSignIn::builder(
            auth.clone(),
            Arc::new(people.clone()),
            Stage::Development { over_tls: false },
        )
        .build()
        .await
        .expect("it goes together");
        let hasher = Hasher::new(auth.policy().passwords()).expect("a hasher");
        let tokens = Tokens::new(auth.clone()).await.expect("tokens");
        let own = AccountEndpoints::new(tokens, hasher.clone()).expect("a store");
        let passwords = PasswordSignIn::new(auth.clone(), hasher).expect("a store");
        let routes = routes.nest("/auth", own.router()).merge(session::router(passwords));
        let app = routes.merge(oidc::router(sign_in)).protect(auth.clone());
        Self { fake, other, hub, clock, store, accounts, people, causes, auth, app, policy, folder }
    }

    /// Reloads the policy that it began with, but for this.
    pub(super) fn reload(&self, edits: &[(&str, &str)]) -> Result<(), ReloadError> {
        let mut text = self.policy.clone();
        for (from, to) in edits {
            assert!(text.contains(from), "{from}");
            text = text.replace(from, to);
        }
        let file = self.folder.0.join("policy.yaml");
        std::fs::write(&file, text).expect("written");
        self.auth.reload(file)
    }

    /// What the policy says of one provider.
    pub(super) fn declared(&self, provider: &str) -> &str {
        let begin = self.policy.find(&format!("  {provider}:\n")).expect("declared");
        let rest = &self.policy[begin..];
        let own = rest.lines().skip(1).take_while(|line| line.starts_with("    "));
        let length =
            rest.find('\n').expect("a line") + 1 + own.map(|line| line.len() + 1).sum::<usize>();
        &rest[..length]
    }

    /// The file of the secret.
    pub(super) fn secret(&self) -> PathBuf {
        self.folder.0.join("secret")
    }

    pub(super) async fn get(&self, path: &str, headers: &[(&str, &str)]) -> Answer {
        self.send("GET", path, headers).await
    }

    /// A request without a body.
    pub(super) async fn send(&self, method: &str, path: &str, headers: &[(&str, &str)]) -> Answer {
        self.send_text(method, path, headers, "").await
    }

    /// A form of a page of this service.
    pub(super) async fn post_form(&self, path: &str, cookie: &str, form: &str) -> Answer {
        let here = format!("http://{HOST}");
        let headers = [
            ("cookie", cookie),
            ("origin", here.as_str()),
            ("content-type", "application/x-www-form-urlencoded"),
        ];
        self.send_text("POST", path, &headers, form).await
    }

    async fn send_text(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> Answer {
        let mut request = Request::builder().method(method).uri(path);
        let host = [("host", HOST)];
        let host = host.iter().filter(|_| !headers.iter().any(|(name, _)| *name == "host"));
        for (name, value) in host.chain(headers) {
            request = request.header(*name, *value);
        }
        let request = request.body(Body::from(body.to_owned())).expect("a request");
        Answer::of(&self.app, request).await
    }

    /// A browser sets out for that provider.
    pub(super) async fn set_out(&self, path: &str) -> Outward {
        let answer = self.get(path, &[]).await;
        assert_eq!(answer.status, 302, "{answer:?}");
        Self::outward(&answer, answer.location())
    }

    /// Somebody with a session sets out to link what they are at that provider.
    pub(super) async fn set_out_to_link(&self, provider: &str, session: &str) -> Outward {
        let csrf = self.csrf(session).await;
        let form = format!("csrf_token={csrf}&next=%2F");
        let answer = self.post_form(&format!("/login/{provider}"), session, &form).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        let (_, rest) = answer.body.split_once("content=\"0;url=").expect("a page that leads on");
        let address = rest.split('"').next().expect("its end").replace("&amp;", "&");
        Self::outward(&answer, &address)
    }

    /// Somebody with a session removes an identity from the account.
    pub(super) async fn unlink(&self, session: &str, id: &str) -> Answer {
        let (csrf, here) = (self.csrf(session).await, format!("http://{HOST}"));
        let headers = [("cookie", session), ("x-csrf-token", &csrf), ("origin", here.as_str())];
        self.send("DELETE", &format!("/identities/{id}"), &headers).await
    }

    /// What pages of that session send beside its cookie.
    pub(super) async fn csrf(&self, session: &str) -> String {
        let shown = self.get("/session", &[("cookie", session)]).await.json();
        shown["csrf_token"].as_str().expect("a token").to_owned()
    }

    fn outward(answer: &Answer, location: &str) -> Outward {
        let (endpoint, query) = location.split_once('?').expect("a query");
        let cookie = answer.cookie("__Host-oidc").expect("a cookie");
        Outward { endpoint: endpoint.to_owned(), query: pairs(query), cookie }
    }

    /// The provider sends the browser back with the code `c`.
    pub(super) async fn back(&self, outward: &Outward) -> Answer {
        let query = format!("state={}&code=c&iss={}", outward.query["state"], self.fake.issuer());
        self.back_with("fake", &query, &outward.cookie).await
    }

    pub(super) async fn back_with(&self, provider: &str, query: &str, cookie: &str) -> Answer {
        let path = format!("/login/{provider}/callback?{query}");
        self.get(&path, &[("cookie", cookie)]).await
    }

    /// The provider vouches for that person with the claims of a sound token.
    pub(super) fn vouch(&self, outward: &Outward, subject: &str) {
        let claims = self.claims(outward, subject);
        self.give(&sign(&json!({ "alg": "ES256", "kid": "k1" }), &claims));
        let userinfo = json!({
            "sub": subject, "email": "ada@x.example", "email_verified": true,
            "name": "Ada Lovelace", "given_name": "Ada", "family_name": "Lovelace",
        });
        self.fake.reply(USERINFO, 200, &userinfo);
    }

    /// The provider `hub` gives a token for whatever code, and says that of whose it is.
    pub(super) fn hub_says(&self, user: &Value) {
        let tokens = json!({ "access_token": "gho_at", "token_type": "bearer", "scope": "" });
        self.hub.reply(TOKEN, 200, &tokens);
        self.hub.reply(USER, 200, user);
    }

    /// A browser sets out for `hub`, and comes back with the code `c`.
    pub(super) async fn through_hub(&self) -> Answer {
        let outward = self.set_out("/login/hub").await;
        let query = format!("state={}&code=c", outward.query["state"]);
        self.back_with("hub", &query, &outward.cookie).await
    }

    pub(super) fn claims(&self, outward: &Outward, subject: &str) -> Value {
        let now = self.auth.now().0;
        json!({
            "iss": self.fake.issuer(), "sub": subject, "aud": "blog", "iat": now, "exp": now + 300,
            "nonce": outward.query["nonce"],
        })
    }

    /// The provider gives that ID token for whatever code.
    pub(super) fn give(&self, id_token: &str) {
        let tokens = json!({ "access_token": "at", "token_type": "Bearer", "id_token": id_token });
        self.fake.reply(TOKEN, 200, &tokens);
    }

    /// Somebody signs in: the cookie of the session.
    pub(super) async fn sign_in(&self, subject: &str) -> String {
        let outward = self.set_out("/login/fake").await;
        self.vouch(&outward, subject);
        let answer = self.back(&outward).await;
        assert_eq!(answer.status, 302, "{answer:?}");
        answer.cookie("__Host-session").unwrap_or_else(|| panic!("{answer:?}"))
    }

    /// Whose session that is.
    pub(super) async fn who(&self, cookie: &str) -> Answer {
        self.get("/who", &[("cookie", cookie)]).await
    }
}

impl Answer {
    /// `name=value` of a cookie that is set, and not taken away.
    pub(super) fn cookie(&self, name: &str) -> Option<String> {
        let set = self.headers.get_all("set-cookie").iter();
        let pairs = set.map(|value| value.to_str().expect("ASCII").split(';').next().expect("one"));
        let mut of_name = pairs.filter(|pair| pair.split('=').next() == Some(name));
        of_name.find(|pair| !pair.ends_with('=')).map(str::to_owned)
    }

    /// What a header of that name says, of all that have it.
    pub(super) fn all(&self, name: &str) -> Vec<&str> {
        let values = self.headers.get_all(name).iter();
        values.map(|value| value.to_str().expect("ASCII")).collect()
    }

    /// That it is no sign-in: back to the page for failures, with nothing but a code.
    pub(super) fn ends_without_a_session(&self, location: &str) {
        assert_eq!((self.status, self.location()), (302, location), "{self:?}");
        assert_eq!(self.cookie("__Host-session"), None);
    }

    /// That it belongs to no sign-in of this browser.
    pub(super) fn is_foreign(&self) {
        assert_eq!(self.status, 400, "{self:?}");
        assert!(self.body.contains("\"invalid_sign_in\""), "{self:?}");
        assert_eq!(self.cookie("__Host-session"), None);
    }
}

/// The provider's keys: one for ES256, under the name `k1`.
pub(super) fn public_keys() -> Value {
    let pem = include_str!("../../../auth-runtime/tests/keys/es256.public.pem");
    let mut set = KeySet::from_pem(pem, Algorithm::ES256).expect("a key").public_jwk_set();
    set["keys"][0]["kid"] = "k1".into();
    set
}

/// A token of the provider's, whatever it says.
pub(super) fn sign(header: &Value, claims: &Value) -> String {
    let message = message(header, claims);
    let pem = include_bytes!("../../../auth-runtime/tests/keys/es256.private.pem");
    let key = EncodingKey::from_ec_pem(pem).expect("a key");
    let algorithm = jsonwebtoken::Algorithm::ES256;
    let signature =
        jsonwebtoken::crypto::sign(message.as_bytes(), &key, algorithm).expect("signed");
    format!("{message}.{signature}")
}

pub(super) fn message(header: &Value, claims: &Value) -> String {
    let encode = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    format!("{}.{}", encode(header), encode(claims))
}

/// The names and values of a query or form.
pub(super) fn pairs(text: &str) -> HashMap<String, String> {
    let pairs = text.split('&').filter_map(|pair| pair.split_once('='));
    pairs.map(|(name, value)| (name.to_owned(), decoded(value))).collect()
}

fn decoded(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'+' => b' ',
            b'%' => {
                let digits: Vec<_> = rest.by_ref().take(2).collect();
                let digits = String::from_utf8(digits).expect("ASCII");
                u8::from_str_radix(&digits, 16).expect("hexadecimal")
            }
            byte => byte,
        });
    }
    String::from_utf8(bytes).expect("UTF-8")
}
