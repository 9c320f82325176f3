//! The values of a checked policy: what each scheme, issuer, provider and limit is set to.
//! Plain data, every field with its unit and its default.

use std::{fmt, time::Duration};

use serde::{Deserialize, Serialize};

use crate::ids::{LimitId, RoleId, ScopeId};

mod cors;
mod endpoints;
mod headers;
mod network;
mod oauth;
mod providers;

pub use cors::{Cors, CorsMethod};
pub use endpoints::{EndpointKind, EndpointLimit};
pub use headers::{Headers, Hsts, ReferrerPolicy, ResourcePolicy};
pub use network::{AddressBlock, AddressBlockError, ForwardedHeader, Network, Proxies};
pub use oauth::{GrantType, OAuth};
pub use providers::{
    ClientAuth, ClientId, NewAccounts, OAuthProvider, ProfileNames, Provider, ProviderKind,
    SignInResult, is_local_path,
};

/// A place in the policy file. Lines and columns count from 1, columns in characters.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Place {
    /// The line, from 1.
    pub line: u32,
    /// The column in characters, from 1.
    pub column: u32,
    /// How many characters it covers.
    pub length: u32,
}

/// A span of time in whole seconds, as the policy writes it: `30s`, `15m`, `24h`, `7d`.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
pub struct Seconds(pub u64);

impl Seconds {
    /// The same as a [`Duration`].
    pub const fn as_duration(self) -> Duration {
        Duration::from_secs(self.0)
    }
}

/// As a policy writes it, in the greatest unit that needs no fraction: `10m`, `90s`.
impl fmt::Display for Seconds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let units = [(86_400, 'd'), (3_600, 'h'), (60, 'm')];
        let whole = units.into_iter().find(|(unit, _)| self.0 > 0 && self.0.is_multiple_of(*unit));
        let (unit, letter) = whole.unwrap_or((1, 's'));
        write!(f, "{}{letter}", self.0 / unit)
    }
}

/// Where a secret or a key comes from. A policy never holds the secret itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reference {
    /// `${NAME}`: the environment variable of that name, read at start.
    Environment(String),
    /// `file:PATH`: the contents of that file, read at start.
    File(String),
}

/// A JWS signature algorithm this project supports (RFC 7518, RFC 8037).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Algorithm {
    /// HMAC with SHA-256: one shared secret signs and verifies.
    HS256,
    /// RSASSA-PKCS1-v1_5 with SHA-256.
    RS256,
    /// RSASSA-PSS with SHA-256.
    PS256,
    /// ECDSA on P-256 with SHA-256.
    ES256,
    /// Ed25519.
    EdDSA,
}

impl Algorithm {
    /// All of them, in the order of their names in the documentation.
    pub const ALL: [Self; 5] = [Self::HS256, Self::RS256, Self::PS256, Self::ES256, Self::EdDSA];

    /// The name in a JWS header.
    pub const fn name(self) -> &'static str {
        match self {
            Self::HS256 => "HS256",
            Self::RS256 => "RS256",
            Self::PS256 => "PS256",
            Self::ES256 => "ES256",
            Self::EdDSA => "EdDSA",
        }
    }

    /// The algorithm of that exact name: no case folding, no aliases.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|algorithm| algorithm.name() == name)
    }

    /// Whether whoever can verify can also sign.
    pub const fn is_symmetric(self) -> bool {
        matches!(self, Self::HS256)
    }
}

/// Who holds the tokens: a warning of `check` depends on it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AudienceKind {
    /// Only programs of the same operator.
    #[default]
    Internal,
    /// Browsers, apps and third parties.
    Public,
}

/// `schemes.jwt`: access tokens this service issues (RFC 9068).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct JwtScheme {
    /// The `iss` claim, compared byte for byte.
    pub issuer: String,
    /// The `aud` claim this service answers to.
    pub audience: String,
    /// Who holds the tokens.
    pub audience_kind: AudienceKind,
    /// The algorithms accepted; the first one signs. Never empty, never mixed HMAC and asymmetric.
    pub algorithms: Vec<Algorithm>,
    /// Where the keys come from: a JWK set, or PEM.
    pub keys: Reference,
    /// How long an access token lives. Shorter than `refresh_ttl`.
    pub access_ttl: Seconds,
    /// How long a refresh family lives in all.
    pub refresh_ttl: Seconds,
    /// How far clocks may disagree; at most 60 s. Default 0 s.
    pub leeway: Seconds,
    /// The names of claims the application may add to a token, sorted. Default none.
    pub claims: Vec<String>,
    /// How fast a revocation takes effect.
    pub revocation: Revocation,
    /// The cookies that may carry the tokens of browsers. Default none: headers and bodies alone.
    pub cookies: Option<TokenCookies>,
}

/// `schemes.jwt.cookies`: tokens that a browser keeps where no script reads them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TokenCookies {
    /// The cookie of the access token; begins with `__Host-`. Default `__Host-access`.
    pub access: String,
    /// The cookie of the refresh token, always `SameSite=Strict`; begins with `__Secure-`. Default
    /// `__Secure-refresh`.
    pub refresh: String,
    /// Where the refresh token is sent: the path of the endpoint that renews, and of those below
    /// it. Default `/auth/refresh`.
    pub refresh_path: String,
    /// The access cookie's `SameSite`. Default `lax`.
    pub same_site: SameSite,
}

impl Default for TokenCookies {
    fn default() -> Self {
        Self {
            access: "__Host-access".to_owned(),
            refresh: "__Secure-refresh".to_owned(),
            refresh_path: "/auth/refresh".to_owned(),
            same_site: SameSite::Lax,
        }
    }
}

/// `csrf`: what is known of requests that a browser sends along with a cookie.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Csrf {
    /// Origins of the same site, such as `https://app.blog.example`, whose pages may send requests
    /// that change something; sorted. They still need the token. Default none but our own.
    pub trusted_origins: Vec<String>,
}

/// `schemes.jwt.revocation`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Revocation {
    /// How a process knows what was revoked. Default `feed`.
    pub check: RevocationCheck,
    /// How soon other processes know. Shorter than `max_stale`. Default 1 s.
    pub within: Seconds,
    /// How long a process serves on what it last heard. Default 30 s.
    pub max_stale: Seconds,
    /// What happens after that. Default `refuse`.
    pub on_store_down: OnStoreDown,
}

impl Default for Revocation {
    fn default() -> Self {
        Self {
            check: RevocationCheck::Feed,
            within: Seconds(1),
            max_stale: Seconds(30),
            on_store_down: OnStoreDown::Refuse,
        }
    }
}

/// How a process knows what was revoked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RevocationCheck {
    /// From memory, which follows the store: no request waits.
    #[default]
    Feed,
    /// From the store, for every request: what is revoked elsewhere ends at once here.
    EveryRequest,
}

/// What a check does when the store it needs cannot answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OnStoreDown {
    /// Answer 503.
    #[default]
    Refuse,
    /// Believe a token until it expires.
    AcceptUntilExpiry,
}

/// `schemes.api_key`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ApiKeyScheme {
    /// The request header that carries the key. Default `X-API-Key`.
    pub header: String,
    /// What a key begins with, so that secret scanners know it.
    pub prefix: String,
    /// The most a key can be given, wildcards expanded, sorted.
    pub grants: Vec<ScopeId>,
    /// The limit each key is held to.
    pub limit: Option<LimitId>,
    /// The longest a key may live.
    pub max_ttl: Seconds,
    /// How long a key lives whose owner does not say. At most `max_ttl`. Default 90 days, or
    /// `max_ttl` where that is less.
    pub default_ttl: Seconds,
    /// How long a key that was replaced stays valid. Shorter than `max_ttl`, at most
    /// 30 days; zero ends it at once. Default 24 h, or half of `max_ttl` where that is less.
    pub rotation_overlap: Seconds,
    /// Which keys count here. Default `live`.
    pub environment: KeyEnvironment,
    /// A secret that hashes are keyed with, kept apart from the store. Default none.
    pub pepper: Option<Reference>,
}

/// Where an API key belongs: one of elsewhere is refused, and a scanner tells which it found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum KeyEnvironment {
    /// Where it counts.
    #[default]
    Live,
    /// Where nothing is lost.
    Test,
}

impl KeyEnvironment {
    /// The word in a key: `live` or `test`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Live => "live",
            Self::Test => "test",
        }
    }
}

/// `schemes.session`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SessionScheme {
    /// The cookie's name; begins with `__Host-`. Default `__Host-session`.
    pub cookie: String,
    /// The cookie's `SameSite`. Default `lax`.
    pub same_site: SameSite,
    /// A session unused for this long is over.
    pub idle: Seconds,
    /// A session is over after this long, used or not. Longer than `idle`.
    pub lifetime: Seconds,
    /// How many sessions an account may have at a time. From 1 to 1000, default 20.
    pub max_per_account: u32,
    /// What a sign-in does when there are as many. Default `end_oldest`.
    pub when_full: WhenFull,
    /// For how long after signing in, or saying the password again, somebody may do what needs a
    /// fresh sign-in, such as ending other sessions. From 1 m to 24 h, never longer than `lifetime`.
    /// Default 10 m, or `lifetime` where that is less.
    pub fresh_for: Seconds,
}

/// What a sign-in does when an account has all the sessions it may have.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WhenFull {
    /// The session that was begun first ends.
    #[default]
    EndOldest,
    /// The sign-in is refused.
    Refuse,
}

/// The `SameSite` values a session cookie may have: `none` is refused.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SameSite {
    /// Sent on top-level navigation from elsewhere.
    #[default]
    Lax,
    /// Never sent from elsewhere.
    Strict,
}

/// An entry of `issuers`: tokens that somebody else signs, and the most they can be worth here.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ForeignIssuer {
    /// The `iss` claim, compared byte for byte.
    pub issuer: String,
    /// The `aud` claim this service answers to.
    pub audience: String,
    /// The algorithms accepted. Default RS256, PS256, ES256, EdDSA: never HMAC.
    pub algorithms: Vec<Algorithm>,
    /// Static keys. Without it the application hands them over when it builds the engine, or has
    /// them fetched from the issuer.
    pub keys: Option<Reference>,
    /// The claim that holds the scopes, dots for nested members. Default `scope`.
    pub scope_claim: String,
    /// The claim that holds the roles, dots for nested members. Default `roles`.
    pub role_claim: String,
    /// The ceiling: no token of this issuer carries more, wildcards expanded, sorted.
    pub may_grant: Vec<ScopeId>,
    /// Which of its role names mean which of ours; a name that is not listed means nothing.
    pub roles: Vec<(String, RoleId)>,
    /// Whether a token must say it is an access token (RFC 9068). Default `at_jwt`.
    pub token_type: TokenType,
    /// How far clocks may disagree; at most 60 s. Default 0 s.
    pub leeway: Seconds,
}

/// What a foreign issuer's tokens have to say in `typ`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TokenType {
    /// `at+jwt` or `application/at+jwt` (RFC 9068), nothing else.
    #[default]
    AtJwt,
    /// Also plain `JWT` or no `typ`, for issuers that do not follow RFC 9068.
    Relaxed,
}

/// An entry of `limits`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Limit {
    /// The name handlers use.
    pub name: String,
    /// How many requests in which time.
    pub rate: Rate,
    /// One bucket for each of these, all of which must have room. Never empty.
    pub by: Vec<Vec<LimitKey>>,
    /// What happens while the store that counts cannot answer. Default `refuse`.
    pub on_store_down: LimitOnStoreDown,
    /// Where the policy declares it.
    pub place: Place,
}

/// What a limit does while the store that counts cannot answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LimitOnStoreDown {
    /// Answer 503.
    #[default]
    Refuse,
    /// Let requests pass uncounted. Never for a limit that guards an endpoint of [`EndpointKind`]:
    /// whoever can take the store down could then guess passwords without end.
    Allow,
}

/// A rate: `5/minute`, `1000/minute burst 50`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rate {
    /// How many requests come back in one period.
    pub requests: u32,
    /// The period.
    pub period: Seconds,
    /// How many at once; the same as `requests` unless the policy says otherwise.
    pub burst: u32,
}

/// What a limit counts by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LimitKey {
    /// The client's address.
    Address,
    /// The account that is signed in, or that somebody tries to sign in to.
    Account,
    /// The token, key or session.
    Credential,
    /// The endpoint.
    Route,
}

/// `passwords`: what a password must be, and how it is hashed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Passwords {
    /// In code points. Default 15, never below 12.
    pub min_length: u32,
    /// In code points; longer is refused, never cut. Default 256, never below 128.
    pub max_length: u32,
    /// Character classes every password must have. Default none (NIST SP 800-63B advises against).
    pub classes: Vec<CharacterClass>,
    /// What is refused besides. Default all of it.
    pub reject: Vec<Rejected>,
    /// The cost of a hash.
    pub argon2: Argon2Cost,
}

impl Default for Passwords {
    fn default() -> Self {
        Self {
            min_length: 15,
            max_length: 256,
            classes: Vec::new(),
            reject: vec![Rejected::Common, Rejected::Username],
            argon2: Argon2Cost::default(),
        }
    }
}

/// A class of characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CharacterClass {
    /// A lower-case letter.
    Lower,
    /// An upper-case letter.
    Upper,
    /// A digit.
    Digit,
    /// Anything else.
    Symbol,
}

/// A kind of password that is refused whatever its length.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rejected {
    /// On the list of common passwords.
    Common,
    /// Close to the user's name, e-mail or the service's name.
    Username,
}

/// The cost of one Argon2id hash. The default is the floor: 19 MiB, two passes, one lane (OWASP).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Argon2Cost {
    /// Memory in KiB. Never below 19 456.
    pub memory_kib: u32,
    /// Passes over the memory. Never below 2.
    pub iterations: u32,
    /// Lanes. Never below 1.
    pub parallelism: u32,
}

impl Default for Argon2Cost {
    fn default() -> Self {
        Self { memory_kib: 19 * 1024, iterations: 2, parallelism: 1 }
    }
}
