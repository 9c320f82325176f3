//! Our guards. In: a policy. Out: a protected application with one account, the credentials of that
//! account, and a contestant for each.

use std::{error::Error, sync::Arc};

use auth_runtime::{
    Auth, EmbeddedPolicy, Identity, Protected, Router, account::StoredAccounts, api_key::NewApiKey,
    authenticate, jwt::KeySet, policy, public, routing::get, store::MemoryStore, tokens::Tokens,
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
    /// An access token.
    pub(crate) token: String,
    /// The same with another signature.
    pub(crate) forged: String,
    cookie: String,
    key: String,
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
        pub(crate) async fn $name(remembered: Remembered) -> Result<Ours, Box<dyn Error>> {
            #[authenticate(jwt, scopes = "read:posts", policy = $policy)]
            async fn by_token() {}

            #[authenticate(jwt, policy = $policy)]
            async fn whatever_scopes() {}

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
                .route("/whatever", get(whatever_scopes))
                .route("/session", get(by_session))
                .route("/key", get(by_key))
                .route("/open", get(open))
                .route("/keys", get(make_key));
            Ours::new(policy!($policy), $keys, routes, remembered).await
        }
    };
}

service!(hs256, "policies/hs256.yaml", KeySet::from_jwk_set(theirs::HS256_JWK)?);
service!(
    eddsa,
    "policies/eddsa.yaml",
    KeySet::from_pem(theirs::ED25519_PRIVATE, auth_runtime::policy_types::Algorithm::EdDSA)?
);

impl Ours {
    async fn new(
        policy: EmbeddedPolicy,
        keys: KeySet,
        routes: Router<Auth>,
        remembered: Remembered,
    ) -> Result<Self, Box<dyn Error>> {
        let store = Arc::new(MemoryStore::new());
        let auth = Auth::from_policy(policy).keys("jwt", keys).store(Arc::clone(&store) as _);
        let auth = match remembered {
            Remembered::None => auth.remembered_tokens(0),
            Remembered::AsEver => auth,
        };
        let auth = auth.build().await?;
        let accounts = StoredAccounts::new(store);
        let roles = vec!["author".to_owned()];
        let account = accounts.register("ada", roles, NO_PASSWORD.parse()?, auth.now()).await?;
        let token = Tokens::new(auth.clone()).await?.sign_in(&account).await?.access_token;
        let token = token.expose().to_owned();
        let sessions = auth.sessions().ok_or("the policy has sessions")?;
        let begun = sessions.begin(&account, &HeaderMap::new()).await?;
        let cookie = begun.set_cookie.to_str()?.split(';').next().unwrap_or_default().to_owned();
        let app = routes.with_state(auth.clone()).protect(auth);
        let key = make_key(&app, &token).await?;
        Ok(Self { app, forged: forge(&token), token, cookie, key })
    }

    /// One for each kind of credential, and a refusal.
    pub(crate) fn contestants(&self) -> Result<Vec<Contestant>, Box<dyn Error>> {
        let of = |label, path, credential, status| {
            Contestant::new(label, self.app.clone(), path, credential, status)
        };
        let (bearer, forged) = (theirs::bearer(&self.token), theirs::bearer(&self.forged));
        Ok(vec![
            of("`#[public]`", "/open", None, 200)?,
            self.by_token("guard, HS256")?,
            of("guard, HS256, no scope", "/whatever", Some(("authorization", &bearer)), 200)?,
            of("guard, session", "/session", Some(("cookie", &self.cookie)), 200)?,
            of("guard, API key", "/key", Some(("x-api-key", &self.key)), 200)?,
            of("guard, a bad signature", "/token", Some(("authorization", &forged)), 401)?,
        ])
    }

    pub(crate) fn by_token(&self, label: &'static str) -> Result<Contestant, Box<dyn Error>> {
        let bearer = theirs::bearer(&self.token);
        Contestant::new(label, self.app.clone(), "/token", Some(("authorization", &bearer)), 200)
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
