//! Sign-in with providers, as an application sets it up. In: an engine, providers, people and pages.
//! Out: what the two endpoints do.

use std::{fmt, sync::Arc};

use arc_swap::ArcSwap;
#[cfg(feature = "reload")]
use auth_policy::Policy;
use auth_policy::settings::{SameSite, SignInResult};
use axum::http::{HeaderMap, HeaderValue};

use super::{
    People, Provider, ProviderError, Stage, addresses,
    failure::{Code, Failure},
    link,
    metadata::Metadata,
    remote::Remote,
    served::{Served, Serving},
    transaction::{self, LinkTo, Plan, Transaction},
};
#[cfg(feature = "reload")]
use crate::reload::{Follower, Settle};
use crate::{
    Auth, Denial,
    account::Account,
    audit::{Decision, Event, Kind},
    credential::only_cookie,
    discovery::HttpFetch,
    endpoints::answer,
    outbound::{Network, Outbound, form::Form},
    store::Store,
    tokens::Tokens,
};

/// The longest code that is sent on, in bytes.
const MAX_CODE_BYTES: usize = 4096;

/// Signs people in with the providers of the policy, and those handed over.
///
/// # Security
///
/// - Authorization code with PKCE `S256`, `state`, `nonce` and the `iss` parameter (RFC 9700, RFC
///   9207); there is no other flow. Each sign-in is bound to the browser that began it by a cookie,
///   can be answered once, and within 10 minutes.
/// - An account belongs to the pair of issuer and subject, and to nothing else of a profile.
/// - Providers are asked over `https` at public addresses, for 5 s, up to 64 KiB (512 KiB for
///   metadata and keys), without following redirects.
/// - The limit that the policy names at `endpoints.provider` counts who sets out and who comes back,
///   by address; without one the endpoints are not served. A stranger would otherwise have as many
///   records written as requests are answered.
///
/// # Example
///
/// ```
/// use std::sync::Arc;
///
/// use auth_runtime::{
///     Auth, Router,
///     oidc::{self, People, ProviderError, ProviderSignIn, Stage},
/// };
///
/// async fn routes(auth: Auth, people: Arc<dyn People>) -> Result<Router, ProviderError> {
///     let stage = Stage::Production { origin: "https://blog.example".to_owned() };
///     let sign_in = ProviderSignIn::builder(auth, people, stage).build().await?;
///     Ok(Router::new().merge(oidc::router(sign_in)))
/// }
/// ```
#[derive(Clone)]
pub struct ProviderSignIn(Arc<Parts>);

struct Parts {
    auth: Auth,
    people: Arc<dyn People>,
    store: Arc<dyn Store>,
    /// Where the policy lets tokens travel in cookies.
    tokens: Option<Tokens>,
    stage: Stage,
    /// For the providers of the next policy.
    #[cfg(feature = "reload")]
    serving: Serving,
    served: ArcSwap<Served>,
}

/// Sign-in with providers being put together.
#[must_use = "it is made by `build`"]
pub struct ProviderSignInBuilder {
    auth: Auth,
    people: Arc<dyn People>,
    stage: Stage,
    providers: Vec<Provider>,
}

/// What a provider sends the browser back with.
#[derive(Default)]
pub(super) struct Returned {
    pub(super) state: Option<String>,
    pub(super) code: Option<String>,
    pub(super) issuer: Option<String>,
    pub(super) error: Option<String>,
}

/// A browser that is on its way to a provider.
pub(super) struct Outward {
    pub(super) location: String,
    pub(super) set_cookie: HeaderValue,
}

/// Somebody who has signed in.
pub(super) struct Arrived {
    /// What they hold from now on: a session's cookie, or those of tokens. Nothing new, if what they
    /// have at a provider was linked.
    pub(super) set_cookies: Vec<HeaderValue>,
    /// When browsers send it along.
    pub(super) same_site: SameSite,
    pub(super) next: String,
}

impl ProviderSignIn {
    /// Begins with the providers of the engine's policy. With the feature `reload`, those of each
    /// policy that is taken later are signed in with from then on.
    pub fn builder(auth: Auth, people: Arc<dyn People>, stage: Stage) -> ProviderSignInBuilder {
        ProviderSignInBuilder { auth, people, stage, providers: Vec::new() }
    }

    /// The names of the providers, sorted: each is signed in with at `/login/{name}`.
    pub fn names(&self) -> impl Iterator<Item = String> + use<> {
        let names: Vec<_> = self.0.served.load().names().cloned().collect();
        names.into_iter()
    }

    pub(super) fn store(&self) -> &dyn Store {
        &*self.0.store
    }

    pub(super) fn auth(&self) -> &Auth {
        &self.0.auth
    }

    /// The provider of that name, as it is now: whoever answers a request asks once.
    pub(super) fn remote(&self, name: &str) -> Option<Arc<Remote>> {
        self.0.served.load().get(name).map(Arc::clone)
    }

    /// Sends a browser to a provider.
    pub(super) async fn set_out(
        &self,
        remote: &Remote,
        next: Option<&str>,
        link: Option<LinkTo>,
        host: Option<&str>,
    ) -> Result<Outward, Failure> {
        let Parts { auth, store, stage, .. } = &*self.0;
        let name = &remote.provider.name;
        let redirect_uri = addresses::callback(stage, host, name);
        let redirect_uri = redirect_uri.ok_or(Failure::Foreign("host-not-local"))?;
        let metadata = remote.metadata(auth).await?;
        let next = remote.pages.after(next);
        let terms = remote.terms(&metadata);
        let plan = Plan { provider: name, next, redirect_uri: &redirect_uri, terms, link };
        let begun = transaction::begin(&**store, plan, auth.now()).await?;
        let mut query = Form::default()
            .field("response_type", "code")
            .field("client_id", &remote.provider.client_id)
            .field("redirect_uri", &redirect_uri)
            .field("state", &begun.state)
            .field("code_challenge", &begun.secrets.challenge())
            .field("code_challenge_method", "S256");
        if !remote.provider.scopes.is_empty() {
            query = query.field("scope", &remote.provider.scopes.join(" "));
        }
        if metadata.signing.is_some() {
            // The provider puts it into the ID token.
            query = query.field("nonce", begun.secrets.nonce().expose());
        }
        let query = query.into_text();
        let endpoint = &metadata.authorization_endpoint;
        let between = if endpoint.contains('?') { "&" } else { "?" };
        let location = format!("{endpoint}{between}{query}");
        Ok(Outward { location, set_cookie: begun.set_cookie })
    }

    /// Takes what a provider sent the browser back with, and ends in a session, or in tokens.
    pub(super) async fn arrive(
        &self,
        remote: &Remote,
        returned: Returned,
        headers: &HeaderMap,
    ) -> Result<Arrived, Failure> {
        let Parts { auth, store, .. } = &*self.0;
        let state = returned.state.as_deref();
        let transaction = transaction::take(&**store, state, headers, auth.now()).await?;
        let arrived = self.conclude(remote, returned, headers, &transaction).await;
        arrived.map_err(|failure| match transaction.link {
            Some(_) => failure.back(remote.pages.after(Some(&transaction.next))),
            None => failure,
        })
    }

    async fn conclude(
        &self,
        remote: &Remote,
        returned: Returned,
        headers: &HeaderMap,
        transaction: &Transaction,
    ) -> Result<Arrived, Failure> {
        let Parts { auth, people, .. } = &*self.0;
        // SECURITY: nothing that came is sent to any provider before these three have been looked at.
        if transaction.provider != remote.provider.name {
            return Err(Failure::Foreign("provider-mixed-up"));
        }
        let metadata = remote.metadata(auth).await?;
        // What one client was given at one place is shown by no other, and nowhere else.
        if transaction.terms != remote.terms(&metadata) {
            return Err(Failure::failed("provider-changed"));
        }
        judge_issuer(&metadata, returned.issuer.as_deref(), remote.provider.identity())?;
        let code = code(returned)?;
        if let Some(link) = &transaction.link {
            self.still_there(link).await?;
        }
        let profile = remote.identify(&metadata, transaction, &code, auth).await?;
        // Listed when it set out, and listed now.
        let next = remote.pages.after(Some(&transaction.next)).to_owned();
        if let Some(link) = &transaction.link {
            let same_site = self.link_to(link, &profile).await?;
            return Ok(Arrived { set_cookies: Vec::new(), same_site, next });
        }
        let new_accounts = remote.provider.new_accounts;
        let account = link::account(auth, &**people, &profile, new_accounts).await?;
        let (set_cookies, same_site) = match remote.provider.result {
            SignInResult::Session => self.session(&account, headers).await?,
            SignInResult::Tokens => self.tokens(&account, headers).await?,
        };
        auth.report_login(Some(&auth.subject(&account.id)), Ok(()));
        Ok(Arrived { set_cookies, same_site, next })
    }

    async fn session(
        &self,
        account: &Account,
        headers: &HeaderMap,
    ) -> Result<(Vec<HeaderValue>, SameSite), Failure> {
        let sessions = self.0.auth.sessions().ok_or_else(internal)?;
        let policy = self.0.auth.policy();
        let (_, scheme) = policy.session().ok_or_else(internal)?;
        let begun = sessions.begin(account, headers).await?;
        let mut set = vec![begun.set_cookie];
        if let Some(cookies) = policy.jwt().and_then(|(_, scheme)| scheme.cookies.as_ref())
            && may_hold(headers, &cookies.access, cookies.same_site)
        {
            set.extend(answer::clear_cookies(cookies).into_iter().flatten());
        }
        Ok((set, scheme.same_site))
    }

    /// The tokens as `POST /auth/login` leaves them with a browser that asks for cookies.
    async fn tokens(
        &self,
        account: &Account,
        headers: &HeaderMap,
    ) -> Result<(Vec<HeaderValue>, SameSite), Failure> {
        let tokens = self.0.tokens.as_ref().ok_or_else(internal)?;
        let policy = self.0.auth.policy();
        let cookies = policy.jwt().and_then(|(_, scheme)| scheme.cookies.as_ref());
        let cookies = cookies.ok_or_else(internal)?;
        let mut taken = None;
        if let (Some(sessions), Some((_, scheme))) = (self.0.auth.sessions(), policy.session()) {
            sessions.end_presented(headers).await?;
            taken = sessions.clear_cookie();
            taken = taken.filter(|_| may_hold(headers, &scheme.cookie, scheme.same_site));
        }
        let signed_in = tokens.sign_in(account).await?;
        let set = answer::set_cookies(&signed_in, cookies);
        let set = set.map_err(|denial| Failure::Denied(denial, "internal"))?;
        Ok((set.into_iter().chain(taken).collect(), cookies.same_site))
    }

    /// Reports a sign-in that failed.
    pub(super) fn report(&self, failure: &Failure) {
        let auth = &self.0.auth;
        let ours = matches!(failure, Failure::Denied(..));
        let unreachable = matches!(
            failure,
            Failure::Ended(Code::TemporarilyUnavailable, _)
                | Failure::Back(Code::TemporarilyUnavailable, ..)
        );
        let kind = match failure {
            Failure::Back(..) => Kind::IdentityLinked,
            _ => Kind::Login,
        };
        auth.record(&Event {
            decision: if ours || unreachable { Decision::Error } else { Decision::Deny },
            cause: Some(failure.cause()),
            ..auth.event(kind)
        });
    }
}

/// Whether the browser may hold a credential of the other kind in that cookie, which is then taken
/// away: with both, no rule that takes either could tell which counts, and not even a sign-out.
/// What is `Strict` is held and not shown, as it is another site that causes the answer.
fn may_hold(headers: &HeaderMap, cookie: &str, same_site: SameSite) -> bool {
    same_site == SameSite::Strict || !matches!(only_cookie(headers, cookie), Ok(None))
}

pub(super) fn internal() -> Failure {
    Failure::Denied(Denial::internal(), "internal")
}

/// Whether the answer is the provider's: one that says that it names itself must, and nobody may
/// name another (RFC 9207). Errors name it too.
fn judge_issuer(metadata: &Metadata, said: Option<&str>, issuer: &str) -> Result<(), Failure> {
    match said {
        // Without OpenID Connect there is no issuer that it could be compared with.
        _ if metadata.signing.is_none() => Ok(()),
        Some(said) if said == issuer => Ok(()),
        Some(_) => Err(Failure::Foreign("answer-of-another-issuer")),
        None if metadata.names_itself => Err(Failure::Foreign("answer-without-issuer")),
        None => Ok(()),
    }
}

/// The code, unless the provider says that there is none.
fn code(returned: Returned) -> Result<String, Failure> {
    if let Some(error) = returned.error {
        let (code, cause) = Code::of_provider(&error);
        return Err(Failure::Ended(code, cause));
    }
    let code = returned.code.filter(|code| !code.is_empty() && code.len() <= MAX_CODE_BYTES);
    code.ok_or(Failure::failed("code-missing"))
}

impl ProviderSignInBuilder {
    /// Adds a provider that the policy does not have. What the policy has, it alone speaks of.
    pub fn provider(mut self, provider: Provider) -> Self {
        self.providers.push(provider);
        self
    }

    /// Puts it together. No provider is asked for anything before somebody signs in with it.
    ///
    /// # Errors
    ///
    /// When a secret is not there, an issuer or an endpoint may not be asked, a path is none, two
    /// providers would vouch for the same people, the engine has no store, or its store does not
    /// answer.
    pub async fn build(self) -> Result<ProviderSignIn, ProviderError> {
        let (fetch, network) = match &self.stage {
            Stage::Production { origin } if !addresses::is_origin(origin) => {
                return Err(ProviderError::Origin(origin.clone()));
            }
            Stage::Production { .. } => (HttpFetch::production(), Network::Public),
            Stage::Development { .. } => (HttpFetch::development(), Network::Development),
        };
        let fetch = fetch.map_err(|_| ProviderError::Certificates)?;
        let outbound = Outbound::new(network).map_err(|_| ProviderError::Certificates)?;
        let store = Arc::clone(self.auth.store().ok_or(ProviderError::NoStore)?);
        let sessions = self.auth.sessions().is_some();
        let serving = Serving { handed: self.providers, outbound, fetch, sessions };
        let tokens = tokens(&self.auth).await?;
        let auth = self.auth.clone();
        // No other policy comes before this one is followed.
        #[cfg(feature = "reload")]
        let _settled = auth.replacing();
        let served = Served::new(&auth.policy(), &serving, &Served::default())?;
        let parts = Arc::new(Parts {
            auth: self.auth,
            people: self.people,
            store,
            tokens,
            stage: self.stage,
            #[cfg(feature = "reload")]
            serving,
            served: ArcSwap::from_pointee(served),
        });
        #[cfg(feature = "reload")]
        auth.followed_by(&(Arc::clone(&parts) as Arc<dyn Follower>));
        Ok(ProviderSignIn(parts))
    }
}

#[cfg(feature = "reload")]
impl Follower for Parts {
    fn prepare(self: Arc<Self>, policy: &Policy) -> Result<Settle, String> {
        let served = Served::new(policy, &self.serving, &self.served.load());
        let served = Arc::new(served.map_err(|error| error.to_string())?);
        Ok(Box::new(move || self.served.store(served)))
    }
}

/// What makes tokens, where they may travel in cookies.
async fn tokens(auth: &Auth) -> Result<Option<Tokens>, ProviderError> {
    let policy = auth.policy();
    match policy.jwt().and_then(|(_, scheme)| scheme.cookies.as_ref()) {
        Some(_) => Tokens::new(auth.clone()).await.map(Some).map_err(ProviderError::Tokens),
        None => Ok(None),
    }
}

impl fmt::Debug for ProviderSignIn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ProviderSignIn")
            .field("auth", &self.0.auth)
            .field("providers", &self.names().collect::<Vec<_>>())
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for ProviderSignInBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ProviderSignInBuilder")
            .field("providers", &self.providers)
            .finish_non_exhaustive()
    }
}
