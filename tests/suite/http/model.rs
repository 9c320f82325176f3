//! The pure evaluator held to the engine: for every kind of credential and a table of what it may
//! hold, `access::admits` says of each endpoint what HTTP says. What `cargo auth` tells people about
//! a policy is worth as much as this test.

use std::sync::Arc;

use auth_policy::{
    Policy,
    access::{Carrier, Credential, Holder, Lack, Verdict, admits, carriers},
    settings::Seconds,
};
use auth_runtime::{
    Identity, Router,
    account::{Account, StoredAccounts},
    api_key::{self, NewApiKey},
    authenticate,
    clock::Timestamp,
    jwt::AccessGrant,
    oauth::{NewClient, OAuth},
    policy,
    policy_types::GrantType,
    public,
    routing::get,
    tokens::Tokens,
};
use axum::{extract::State, http::HeaderMap};
use serde_json::json;

use super::{
    fixture::{Ask, Door, Reached, ask},
    forge::{self, Edit},
};
use crate::password::password_hash;

/// How long ago the older of the two sign-ins was, in seconds.
const OLD: i64 = 600;

macro_rules! guards {
    ($($name:ident: ($($rule:tt)*);)*) => {
        $(
            #[authenticate($($rule)*, policy = "policies/access.yaml")]
            async fn $name(State(reached): State<Reached>) -> &'static str {
                reached.note(stringify!($name))
            }
        )*
        fn guarded() -> Router<Reached> {
            Router::new()$(.route(concat!("/", stringify!($name)), get($name)))*
        }
    };
}

guards! {
    anybody: (jwt | api_key | session | partner);
    first: (jwt | api_key | session | partner, scopes = "read:a");
    second: (jwt | api_key | session, scopes = "read:b");
    third: (jwt | session | partner, scopes = "read:c");
    both: (jwt | api_key | session, scopes = ["read:a", "read:b"]);
    either: (jwt | api_key | session | partner, scopes = any("read:b", "read:c"));
    all: (jwt | session, scopes = ["read:a", "read:b", "read:c"]);
    lows: (jwt | session | partner, role = "low");
    others: (jwt | session | partner, scopes = "read:a", role = "other");
    recent: (jwt | session | partner, max_age = "10m");
    strong: (jwt | session | partner, acr = "urn:example:mfa");
    surely: (jwt | session, scopes = any("read:a", "read:b"), role = "low", max_age = "10m", acr = "urn:example:mfa");
    keys_only: (api_key, scopes = "read:a");
    sessions_only: (session);
}

#[public(reason = "for the test", identity = jwt | partner, policy = "policies/access.yaml")]
async fn open(State(reached): State<Reached>) -> &'static str {
    reached.note("open")
}

struct Model {
    door: Door,
    policy: Policy,
    accounts: StoredAccounts,
    ada: Account,
}

impl Model {
    async fn new() -> Self {
        let routes = guarded().route("/open", get(open)).merge(api_key::router());
        let keys = [("jwt", forge::own_keys()), ("partner", forge::p256_keys())];
        let door = Door::under(policy!("policies/access.yaml"), keys, routes).await;
        let text = include_bytes!("../../policies/access.yaml").to_vec();
        let source = auth_policy::Source::new("tests/policies/access.yaml", text);
        let accounts = StoredAccounts::new(Arc::clone(door.auth.store().unwrap()));
        let (hash, now) = (password_hash().await, door.auth.now());
        let ada = accounts.register("ada", Vec::new(), hash, now).await.unwrap();
        let oauth = OAuth::new(Tokens::new(door.auth.clone()).await.unwrap()).unwrap();
        let client = NewClient::new("svc", "A client").grants([GrantType::ClientCredentials]);
        oauth.clients().register(client.scopes(SCOPES)).await.unwrap();
        Self { door, policy: auth_policy::check(&source).policy.unwrap(), accounts, ada }
    }

    async fn become_a(&mut self, roles: &[String]) {
        let now = self.door.auth.now();
        let changed = self.accounts.change(&self.ada.id, |it| it.roles = roles.to_vec(), now).await;
        self.ada = changed.unwrap();
    }

    /// What every endpoint answers to that request, beside what the evaluator says.
    async fn compare(&self, credential: Option<&Credential>, show: impl Fn(Ask) -> Ask) -> usize {
        let mut admitted = 0;
        for endpoint in self.door.app.inventory().lock().endpoints {
            if endpoint.method != "GET" || endpoint.path.contains('{') {
                continue;
            }
            let verdict = admits(&self.policy, &endpoint.rule, credential);
            let answer = self.door.send(show(ask("GET", &endpoint.path))).await;
            let shown = credential.map(ToString::to_string);
            let told = format!("{} to {shown:?}: {verdict:?}", endpoint.path);
            assert_eq!(answer.status == 200, verdict.is_allowed(), "{told}, {}", answer.text());
            let event = self.door.audit.take().pop();
            if let Verdict::Denied(lacks) = &verdict {
                let said = event.unwrap().cause.unwrap();
                assert!(cause(&lacks[0]).is_none_or(|cause| cause == said), "{told}, {said}");
            }
            admitted += usize::from(answer.status == 200);
        }
        admitted
    }
}

/// What the engine writes down for the first thing that is lacking. Of a scheme that does not count
/// it depends on which ones do.
fn cause(lack: &Lack) -> Option<&'static str> {
    Some(match lack {
        Lack::Credential => "no-credential",
        Lack::Scheme(_) => return None,
        Lack::People => "client-token",
        Lack::Role(_) => "missing-role",
        Lack::Scopes { .. } => "missing-scope",
        Lack::SignIn(_) => "authentication-too-old",
        Lack::Acr(_) => "authentication-too-weak",
    })
}

const SCOPES: [&str; 3] = ["read:a", "read:b", "read:c"];

fn subsets(names: &[&str]) -> Vec<Vec<String>> {
    let picked = |bits: usize| {
        let names = names.iter().enumerate().filter(move |(n, _)| bits >> n & 1 == 1);
        names.map(|(_, name)| (*name).to_owned()).collect()
    };
    (0..1usize << names.len()).map(picked).collect()
}

/// What may be held and carried, with one sign-in; and with every other for who holds everything.
fn table(carrier: &Carrier, roles: &[&str]) -> Vec<Credential> {
    let mut table = Vec::new();
    for held in subsets(roles) {
        for carried in subsets(&SCOPES) {
            let everything = held.len() == roles.len() && carried.len() == SCOPES.len();
            for (signed_in, acr) in sign_ins() {
                let credential = Credential {
                    signed_in,
                    acr: acr.map(str::to_owned),
                    ..Credential::new(carrier)
                };
                table.push(credential.roles(held.clone()).scopes(carried.clone()));
                if !everything {
                    break;
                }
            }
        }
    }
    table
}

fn sign_ins() -> Vec<(Option<Seconds>, Option<&'static str>)> {
    let ages = [Some(Seconds(0)), Some(Seconds(599)), Some(Seconds(600)), None];
    let contexts = [
        Some("urn:example:hardware"),
        Some("urn:example:mfa"),
        Some("urn:example:password"),
        Some("unheard-of"),
        None,
    ];
    ages.iter().flat_map(|age| contexts.map(|acr| (*age, acr))).collect()
}

/// The token of that credential.
fn minted(credential: &Credential, door: &Door) -> String {
    let scopes = credential.scopes.join(" ");
    let own =
        || forge::own_claims().with("scope", scopes.as_str()).with("roles", &*credential.roles);
    let mut claims = match credential.holder {
        Holder::Account => own(),
        Holder::Delegate => own().with("client_id", "svc"),
        Holder::Client => own().with("client_id", "svc").with("sub", "client:svc").without("roles"),
        Holder::Foreign => {
            let claims = forge::partner_claims().with("scp", &*credential.scopes);
            claims.with("roles", &*credential.roles)
        }
    };
    let Timestamp(now) = door.auth.now();
    claims = claims.with("iat", now).with("exp", now + 900);
    if let Some(Seconds(ago)) = credential.signed_in {
        claims = claims.with("auth_time", now - i64::try_from(ago).unwrap());
    }
    if let Some(acr) = &credential.acr {
        claims = claims.with("acr", json!(acr));
    }
    match credential.holder {
        Holder::Foreign => forge::partner(&claims),
        _ => forge::own(&forge::own_header(), &claims),
    }
}

#[tokio::test]
async fn m07_the_evaluator_says_of_every_token_what_the_engine_says() {
    let model = Model::new().await;
    let mut admitted = 0;
    for carrier in carriers(&model.policy) {
        let roles: &[&str] = match (carrier.scheme.as_str(), carrier.holder) {
            ("jwt", Holder::Client) => &[],
            ("jwt", _) => &["low", "high", "other"],
            ("partner", _) => &["chief", "guest", "unheard-of"],
            _ => continue,
        };
        for credential in table(&carrier, roles) {
            // Nobody signs in as a client, and the engine issues no such token.
            let credential = match carrier.holder {
                Holder::Client => Credential { signed_in: None, acr: None, ..credential },
                _ => credential,
            };
            let token = minted(&credential, &model.door);
            admitted += model.compare(Some(&credential), |ask| ask.bearer(&token)).await;
        }
    }
    assert!(admitted > 500, "hardly anybody was admitted: {admitted}");
}

#[tokio::test]
async fn m07_the_evaluator_says_of_every_session_what_the_engine_says() {
    let mut model = Model::new().await;
    let sessions = model.door.auth.sessions().unwrap();
    let mut begun = Vec::new();
    for (age, wait) in [(OLD, OLD - 1), (1, 1)] {
        for acr in [None, Some("urn:example:password"), Some("urn:example:hardware")] {
            let sessions = match acr {
                Some(acr) => sessions.clone().with_acr(acr),
                None => sessions.clone(),
            };
            let session = sessions.begin(&model.ada, &HeaderMap::new()).await.unwrap();
            let cookie = session.set_cookie.to_str().unwrap().split(';').next().unwrap().to_owned();
            begun.push((age, acr, cookie));
        }
        model.door.clock.advance(wait);
    }
    let carrier = Carrier { scheme: "session".to_owned(), holder: Holder::Account };
    let mut admitted = 0;
    for roles in subsets(&["low", "high", "other"]) {
        model.become_a(&roles).await;
        for (age, acr, cookie) in &begun {
            let credential = Credential {
                signed_in: Some(Seconds(u64::try_from(*age).unwrap())),
                acr: acr.map(str::to_owned),
                ..Credential::new(&carrier).roles(roles.clone())
            };
            model.door.audit.take();
            admitted += model.compare(Some(&credential), |ask| ask.header("cookie", cookie)).await;
        }
    }
    assert!(admitted > 200, "hardly anybody was admitted: {admitted}");
}

#[tokio::test]
async fn m07_the_evaluator_says_of_every_key_what_the_engine_says() {
    let mut model = Model::new().await;
    let everything = ["low", "high", "other"];
    model.become_a(&everything.map(str::to_owned)).await;
    let caller = owner(&model.door, &model.ada).await;
    let keys = model.door.auth.api_keys().unwrap();
    let mut issued = Vec::new();
    for scopes in [&["read:a"][..], &["read:b"], &["read:a", "read:b"]] {
        let scopes: Vec<_> = scopes.iter().map(|name| (*name).to_owned()).collect();
        let new = NewApiKey { name: "ci".to_owned(), scopes: scopes.clone(), lifetime: None };
        issued.push((scopes, keys.create(&caller, new).await.unwrap().key));
    }
    model.door.audit.take();
    let carrier = Carrier { scheme: "api_key".to_owned(), holder: Holder::Account };
    let mut admitted = 0;
    for roles in subsets(&everything) {
        model.become_a(&roles).await;
        for (scopes, key) in &issued {
            let credential = Credential::new(&carrier).roles(roles.clone()).scopes(scopes.clone());
            let show = |ask: Ask| ask.header("x-api-key", key.expose());
            admitted += model.compare(Some(&credential), show).await;
        }
    }
    assert!(admitted > 50, "hardly anybody was admitted: {admitted}");
}

#[tokio::test]
async fn m07_the_evaluator_says_of_nobody_what_the_engine_says() {
    let model = Model::new().await;
    assert_eq!(model.compare(None, |ask| ask).await, 1, "the public endpoint");
}

/// The account as a handler knows it.
async fn owner(door: &Door, account: &Account) -> Identity {
    type Caller = Arc<std::sync::Mutex<Option<Identity>>>;
    #[authenticate(jwt, policy = "policies/access.yaml")]
    async fn keep(caller: Identity, State(kept): State<Caller>) {
        *kept.lock().unwrap() = Some(caller);
    }
    let kept = Caller::default();
    let router = Router::new().route("/", get(keep)).with_state(Arc::clone(&kept));
    let roles: Vec<_> = account.roles.iter().map(String::as_str).collect();
    let grant = AccessGrant::new(&account.id).roles(&roles).authenticated_at(door.auth.now());
    let token = door.auth.issuer().unwrap().access_token(&grant, door.auth.now()).unwrap().token;
    let app = router.protect(door.auth.clone());
    let answer = super::fixture::send(app, ask("GET", "/").bearer(token.expose())).await;
    assert_eq!(answer.status, 200);
    kept.lock().unwrap().take().unwrap()
}
