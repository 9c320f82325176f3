//! Our guards. In: a policy, a store and how many accounts there are. Out: a protected application,
//! the credentials of its accounts, and a contestant for each kind of them.

use std::{error::Error, sync::Arc};

use auth_runtime::{
    Auth, EmbeddedPolicy, Identity, Protected, Router,
    account::{Account, StoredAccounts},
    api_key::NewApiKey,
    authenticate,
    jwt::KeySet,
    policy,
    policy_types::Algorithm,
    public,
    routing::get,
    store::{MemoryStore, Store},
    tokens::Tokens,
};
use axum::{
    body::{Body, to_bytes},
    extract::{Request, State},
    http::{HeaderMap, header},
};
use tower::ServiceExt;

use crate::{contestant::Contestant, theirs};

/// A service of ours, with whom it knows.
pub(crate) struct Ours {
    app: Protected,
    pub(crate) people: Vec<Person>,
}

/// What one account shows.
pub(crate) struct Person {
    /// An access token.
    pub(crate) token: String,
    pub(crate) cookie: String,
    pub(crate) key: String,
}

/// How a service is put together.
pub(crate) struct Setting {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) remembered: Remembered,
    /// The accounts it has.
    pub(crate) people: usize,
    /// The roles that each of them holds.
    pub(crate) roles: Vec<String>,
    /// Another one that they get once they have their tokens, which would be too long with it.
    pub(crate) later: Option<&'static str>,
}

impl Default for Setting {
    fn default() -> Self {
        Self {
            store: Arc::new(MemoryStore::new()),
            remembered: Remembered::None,
            people: 1,
            roles: vec!["author".to_owned()],
            later: None,
        }
    }
}

/// Which tokens are compared instead of verified, when they come again.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Remembered {
    None,
    AsEver,
}

/// No password has this hash: nobody signs in with one here.
const NO_PASSWORD: &str = "$argon2id$v=19$m=19456,t=2,p=1$c2FsdHNhbHRzYWx0c2FsdA\
                           $AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

macro_rules! service {
    ($name:ident, $policy:literal, $keys:expr) => {
        /// A service with that policy.
        pub(crate) async fn $name(setting: Setting) -> Result<Ours, Box<dyn Error>> {
            #[authenticate(jwt, scopes = "read:posts", policy = $policy)]
            async fn by_token() {}

            #[authenticate(jwt, policy = $policy)]
            async fn whatever_rights() {}

            #[authenticate(jwt, scopes = "read:posts", role = "author", policy = $policy)]
            async fn scope_and_role() {}

            #[authenticate(session, scopes = "read:posts", policy = $policy)]
            async fn by_session() {}

            #[authenticate(api_key, scopes = "read:posts", policy = $policy)]
            async fn by_key() {}

            #[public(reason = "what the application itself costs")]
            async fn open() {}

            #[authenticate(jwt, policy = $policy)]
            async fn make_key(caller: Identity, State(auth): State<Auth>) -> String {
                let scopes = vec!["read:posts".to_owned()];
                let new = NewApiKey { name: "bench".to_owned(), scopes, lifetime: None };
                let Some(keys) = auth.api_keys() else { return String::new() };
                let made = keys.create(&caller, new).await;
                made.map(|made| made.key.expose().to_owned()).unwrap_or_default()
            }

            let routes = Router::new()
                .route("/token", get(by_token))
                .route(WHATEVER_RIGHTS, get(whatever_rights))
                .route(SCOPE_AND_ROLE, get(scope_and_role))
                .route("/session", get(by_session))
                .route("/key", get(by_key))
                .route("/open", get(open))
                .route("/keys", get(make_key));
            Ours::new(policy!($policy), $keys()?, routes, setting).await
        }
    };
}

/// Two handlers that differ in what they ask of a token, behind paths of one length.
pub(crate) const WHATEVER_RIGHTS: &str = "/whatever";
pub(crate) const SCOPE_AND_ROLE: &str = "/has-role";

/// Where the keys of a service come from.
type Keys = fn() -> Result<KeySet, Box<dyn Error>>;

const HS256_KEYS: Keys = || Ok(KeySet::from_jwk_set(theirs::HS256_JWK)?);
const EDDSA_KEYS: Keys = || Ok(KeySet::from_pem(theirs::ED25519_PRIVATE, Algorithm::EdDSA)?);
const RS256_KEYS: Keys = || Ok(KeySet::from_pem(theirs::RS256_PRIVATE, Algorithm::RS256)?);
const ES256_KEYS: Keys = || Ok(KeySet::from_pem(theirs::ES256_PRIVATE, Algorithm::ES256)?);

service!(hs256, "policies/hs256.yaml", HS256_KEYS);
service!(eddsa, "policies/eddsa.yaml", EDDSA_KEYS);
service!(rs256, "policies/rs256.yaml", RS256_KEYS);
service!(es256, "policies/es256.yaml", ES256_KEYS);

// With policies of 10 to 10,000 scopes: see build.rs.
include!(concat!(env!("OUT_DIR"), "/services.rs"));

impl Ours {
    async fn new(
        policy: EmbeddedPolicy,
        keys: KeySet,
        routes: Router<Auth>,
        setting: Setting,
    ) -> Result<Self, Box<dyn Error>> {
        let Setting { store, remembered, people, roles, later } = setting;
        let auth = Auth::from_policy(policy).keys("jwt", keys).store(Arc::clone(&store));
        let auth = match remembered {
            Remembered::None => auth.remembered_tokens(0),
            Remembered::AsEver => auth,
        };
        let auth = auth.build().await?;
        let mut ours =
            Self { app: routes.with_state(auth.clone()).protect(auth.clone()), people: Vec::new() };
        let accounts = StoredAccounts::new(store);
        for number in 0..people {
            let name = format!("person{number}");
            let password = NO_PASSWORD.parse()?;
            let account = accounts.register(&name, roles.clone(), password, auth.now()).await?;
            let person = ours.welcome(&auth, &account).await?;
            ours.people.push(person);
            if let Some(role) = later {
                let more = |account: &mut Account| account.roles.push(role.to_owned());
                accounts.change(&account.id, more, auth.now()).await?;
            }
        }
        Ok(ours)
    }

    async fn welcome(&self, auth: &Auth, account: &Account) -> Result<Person, Box<dyn Error>> {
        let token = Tokens::new(auth.clone()).await?.sign_in(account).await?.access_token;
        let token = token.expose().to_owned();
        let sessions = auth.sessions().ok_or("the policy has sessions")?;
        let begun = sessions.begin(account, &HeaderMap::new()).await?;
        let cookie = begun.set_cookie.to_str()?.split(';').next().unwrap_or_default().to_owned();
        let key = make_key(&self.app, &token).await?;
        Ok(Person { token, cookie, key })
    }

    fn somebody(&self) -> Result<&Person, Box<dyn Error>> {
        Ok(self.people.first().ok_or("nobody is known here")?)
    }

    pub(crate) fn token(&self) -> Result<&str, Box<dyn Error>> {
        Ok(&self.somebody()?.token)
    }

    /// Somebody's token with another signature.
    pub(crate) fn forged(&self) -> Result<String, Box<dyn Error>> {
        Ok(forge(self.token()?))
    }

    /// One for each kind of credential, and a refusal.
    pub(crate) fn contestants(&self) -> Result<Vec<Contestant>, Box<dyn Error>> {
        let forged = theirs::bearer(&self.forged()?);
        let forged = Some(("authorization", &*forged));
        Ok(vec![
            Contestant::new("`#[public]`", self.app.clone(), "/open", None, 200)?,
            self.by_token("guard, HS256")?,
            self.asked_by_token("guard, HS256, no scope", WHATEVER_RIGHTS)?,
            self.by_session("guard, session")?,
            self.by_key("guard, API key")?,
            Contestant::new("guard, a bad signature", self.app.clone(), "/token", forged, 401)?,
        ])
    }

    pub(crate) fn by_token(&self, label: &'static str) -> Result<Contestant, Box<dyn Error>> {
        self.asked_by_token(label, "/token")
    }

    pub(crate) fn asked_by_token(
        &self,
        label: &'static str,
        path: &'static str,
    ) -> Result<Contestant, Box<dyn Error>> {
        let bearer = theirs::bearer(self.token()?);
        Contestant::new(label, self.app.clone(), path, Some(("authorization", &bearer)), 200)
    }

    /// Everybody's session in turn.
    pub(crate) fn by_session(&self, label: &'static str) -> Result<Contestant, Box<dyn Error>> {
        let cookies: Vec<_> = self.people.iter().map(|person| person.cookie.clone()).collect();
        let contestant = Contestant::new(label, self.app.clone(), "/session", None, 200)?;
        contestant.with_each("cookie", &cookies)
    }

    /// Everybody's API key in turn.
    pub(crate) fn by_key(&self, label: &'static str) -> Result<Contestant, Box<dyn Error>> {
        let keys: Vec<_> = self.people.iter().map(|person| person.key.clone()).collect();
        let contestant = Contestant::new(label, self.app.clone(), "/key", None, 200)?;
        contestant.with_each("x-api-key", &keys)
    }
}

async fn make_key(app: &Protected, token: &str) -> Result<String, Box<dyn Error>> {
    let request = Request::get("/keys").header(header::AUTHORIZATION, theirs::bearer(token));
    let answer = app.clone().oneshot(request.body(Body::empty())?).await?;
    Ok(String::from_utf8(to_bytes(answer.into_body(), 1024).await?.to_vec())?)
}

/// The same token with another first letter of its signature.
fn forge(token: &str) -> String {
    let (message, signature) = token.rsplit_once('.').unwrap_or_default();
    let first = if signature.starts_with('A') { 'B' } else { 'A' };
    let rest: String = signature.chars().skip(1).collect();
    format!("{message}.{first}{rest}")
}
