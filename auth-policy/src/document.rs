//! The policy as written. In: the YAML tree. Out: every section in its own type, each word with
//! its place, nothing looked up and no defaults yet. Mistakes of form are reported on the way.
//!
//! What is missing or malformed is `None`: [`check`](crate::check()) goes on with what is there,
//! so that one run finds all mistakes.

use crate::{
    code::Code,
    report::Report,
    settings::{
        Algorithm, AudienceKind, CharacterClass, ClientAuth, ClientId, CorsMethod, EndpointKind,
        ForwardedHeader, GrantType, KeyEnvironment, LimitKey, LimitOnStoreDown, NewAccounts,
        OnStoreDown, Place, ProfileNames, Rate, Reference, ReferrerPolicy, Rejected,
        ResourcePolicy, RevocationCheck, SameSite, Seconds, SignInResult, TokenType, WhenFull,
    },
    yaml::{Node, Value},
};

mod access;
mod browsers;
mod endpoints;
pub(crate) mod fields;
mod headers;
mod limits;
mod network;
mod oauth;
mod providers;
mod schemes;
pub(crate) mod values;

use fields::{Fields, entries};

/// A value and where it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct At<T> {
    pub(crate) value: T,
    pub(crate) place: Place,
}

/// A name and what the policy says under it.
#[derive(Clone, Debug)]
pub(crate) struct Entry<T> {
    pub(crate) name: At<String>,
    pub(crate) form: T,
}

/// The whole file.
#[derive(Clone, Debug, Default)]
pub(crate) struct Document {
    pub(crate) scopes: Vec<Entry<ScopeForm>>,
    pub(crate) roles: Vec<Entry<RoleForm>>,
    pub(crate) schemes: Vec<Entry<SchemeForm>>,
    pub(crate) issuers: Vec<Entry<IssuerForm>>,
    pub(crate) providers: Vec<Entry<ProviderForm>>,
    pub(crate) limits: Vec<Entry<LimitForm>>,
    pub(crate) endpoints: EndpointsForm,
    pub(crate) passwords: PasswordsForm,
    pub(crate) csrf: CsrfForm,
    pub(crate) network: NetworkForm,
    pub(crate) oauth: Option<OAuthForm>,
    pub(crate) headers: HeadersForm,
    pub(crate) cors: Option<CorsForm>,
    pub(crate) rules: Vec<Entry<RuleForm>>,
    pub(crate) invariants: Vec<InvariantForm>,
    pub(crate) acr_values: Vec<At<String>>,
    /// Whether scopes or roles were malformed, so that less is declared than their author meant.
    pub(crate) access_incomplete: bool,
}

#[derive(Clone, Debug)]
pub(crate) struct ScopeForm {
    pub(crate) description: String,
    pub(crate) mutates: bool,
}

#[derive(Clone, Debug, Default)]
pub(crate) struct RoleForm {
    pub(crate) includes: Vec<At<String>>,
    pub(crate) grants: Vec<At<String>>,
}

#[derive(Clone, Debug)]
pub(crate) enum SchemeForm {
    Jwt(Box<JwtForm>),
    ApiKey(ApiKeyForm),
    Session(SessionForm),
}

#[derive(Clone, Debug, Default)]
pub(crate) struct JwtForm {
    pub(crate) issuer: Option<At<String>>,
    pub(crate) audience: Option<At<String>>,
    pub(crate) audience_kind: Option<At<AudienceKind>>,
    pub(crate) algorithms: Vec<At<Algorithm>>,
    pub(crate) keys: Option<Reference>,
    pub(crate) access_ttl: Option<At<Seconds>>,
    pub(crate) refresh_ttl: Option<At<Seconds>>,
    pub(crate) leeway: Option<At<Seconds>>,
    pub(crate) claims: Vec<At<String>>,
    pub(crate) revocation: RevocationForm,
    pub(crate) cookies: Option<CookiesForm>,
}

#[derive(Clone, Debug, Default)]
pub(crate) struct CookiesForm {
    /// The key that switches the cookies on.
    pub(crate) place: Place,
    pub(crate) access: Option<At<String>>,
    pub(crate) refresh: Option<At<String>>,
    pub(crate) refresh_path: Option<At<String>>,
    pub(crate) same_site: Option<At<SameSite>>,
}

#[derive(Clone, Debug, Default)]
pub(crate) struct CsrfForm {
    pub(crate) trusted_origins: Vec<At<String>>,
}

#[derive(Clone, Debug, Default)]
pub(crate) struct RevocationForm {
    pub(crate) check: Option<At<RevocationCheck>>,
    pub(crate) within: Option<At<Seconds>>,
    pub(crate) max_stale: Option<At<Seconds>>,
    pub(crate) on_store_down: Option<At<OnStoreDown>>,
}

#[derive(Clone, Debug, Default)]
pub(crate) struct ApiKeyForm {
    pub(crate) header: Option<At<String>>,
    pub(crate) prefix: Option<At<String>>,
    pub(crate) grants: Vec<At<String>>,
    pub(crate) limit: Option<At<String>>,
    pub(crate) max_ttl: Option<At<Seconds>>,
    pub(crate) default_ttl: Option<At<Seconds>>,
    pub(crate) rotation_overlap: Option<At<Seconds>>,
    pub(crate) environment: Option<At<KeyEnvironment>>,
    pub(crate) pepper: Option<Reference>,
}

#[derive(Clone, Debug, Default)]
pub(crate) struct SessionForm {
    pub(crate) cookie: Option<At<String>>,
    pub(crate) same_site: Option<At<SameSite>>,
    pub(crate) idle: Option<At<Seconds>>,
    pub(crate) lifetime: Option<At<Seconds>>,
    pub(crate) max_per_account: Option<At<u32>>,
    pub(crate) when_full: Option<At<WhenFull>>,
    pub(crate) fresh_for: Option<At<Seconds>>,
}

#[derive(Clone, Debug, Default)]
pub(crate) struct IssuerForm {
    pub(crate) issuer: Option<At<String>>,
    pub(crate) audience: Option<At<String>>,
    pub(crate) algorithms: Vec<At<Algorithm>>,
    pub(crate) keys: Option<Reference>,
    pub(crate) scope_claim: Option<At<String>>,
    pub(crate) role_claim: Option<At<String>>,
    pub(crate) may_grant: Vec<At<String>>,
    /// Their name of a role, then ours.
    pub(crate) roles: Vec<(At<String>, At<String>)>,
    pub(crate) token_type: Option<At<TokenType>>,
    pub(crate) leeway: Option<At<Seconds>>,
}

#[derive(Clone, Debug, Default)]
pub(crate) struct ProviderForm {
    pub(crate) issuer: Option<At<String>>,
    /// Of a provider without OpenID Connect.
    pub(crate) own: Option<OAuthProviderForm>,
    pub(crate) client_id: Option<ClientId>,
    pub(crate) client_secret: Option<Reference>,
    /// The key, if it is there.
    pub(crate) scopes_place: Place,
    pub(crate) scopes: Option<Vec<At<String>>>,
    pub(crate) result: Option<At<SignInResult>>,
    pub(crate) after: Vec<At<String>>,
    pub(crate) on_failure: Option<At<String>>,
    pub(crate) new_accounts: NewAccounts,
}

#[derive(Clone, Debug, Default)]
pub(crate) struct OAuthProviderForm {
    pub(crate) identity: Option<At<String>>,
    pub(crate) authorization_endpoint: Option<String>,
    pub(crate) token_endpoint: Option<String>,
    pub(crate) userinfo_endpoint: Option<String>,
    pub(crate) client_auth: ClientAuth,
    pub(crate) profile: Option<ProfileNames>,
}

#[derive(Clone, Debug, Default)]
pub(crate) struct LimitForm {
    pub(crate) rate: Option<Rate>,
    pub(crate) by: Option<At<Vec<Vec<LimitKey>>>>,
    pub(crate) on_store_down: Option<At<LimitOnStoreDown>>,
}

#[derive(Clone, Debug, Default)]
pub(crate) struct EndpointsForm {
    /// The key of the section, if there is one.
    pub(crate) place: Option<Place>,
    /// In the order of the documentation.
    pub(crate) entries: Vec<EndpointForm>,
}

#[derive(Clone, Debug)]
pub(crate) struct EndpointForm {
    pub(crate) kind: EndpointKind,
    pub(crate) limit: Option<At<String>>,
}

#[derive(Clone, Debug, Default)]
pub(crate) struct NetworkForm {
    pub(crate) trusted_proxies: Vec<At<String>>,
    pub(crate) header: Option<At<ForwardedHeader>>,
    pub(crate) ipv6_prefix: Option<At<u32>>,
}

#[derive(Clone, Debug)]
pub(crate) struct OAuthForm {
    /// The key of the section.
    pub(crate) place: Place,
    pub(crate) grants_place: Place,
    pub(crate) grants: Vec<At<GrantType>>,
    /// Whether nothing stands among the grants, not even something unknown.
    pub(crate) incomplete: bool,
    pub(crate) code_ttl: Option<At<Seconds>>,
}

#[derive(Clone, Debug, Default)]
pub(crate) struct HeadersForm {
    pub(crate) hsts: HstsForm,
    pub(crate) content_security_policy: Option<At<String>>,
    pub(crate) referrer_policy: Option<At<ReferrerPolicy>>,
    pub(crate) permissions_policy: Option<At<String>>,
    pub(crate) cross_origin_resource_policy: Option<At<ResourcePolicy>>,
}

#[derive(Clone, Debug, Default)]
pub(crate) struct HstsForm {
    pub(crate) max_age: Option<At<Seconds>>,
    pub(crate) include_subdomains: Option<At<bool>>,
    pub(crate) preload: Option<At<bool>>,
}

#[derive(Clone, Debug)]
pub(crate) struct CorsForm {
    pub(crate) origins: Vec<At<String>>,
    pub(crate) methods: Option<Vec<At<CorsMethod>>>,
    pub(crate) headers: Option<Vec<At<String>>>,
    pub(crate) expose: Vec<At<String>>,
    pub(crate) credentials: bool,
    pub(crate) max_age: Option<At<Seconds>>,
}

#[derive(Clone, Debug, Default)]
pub(crate) struct PasswordsForm {
    /// The key of the section, if there is one: then people sign in with passwords here.
    pub(crate) place: Option<Place>,
    pub(crate) min_length: Option<At<u32>>,
    pub(crate) max_length: Option<At<u32>>,
    pub(crate) classes: Option<At<Vec<CharacterClass>>>,
    pub(crate) reject: Option<Vec<Rejected>>,
    pub(crate) memory_kib: Option<At<u32>>,
    pub(crate) iterations: Option<At<u32>>,
    pub(crate) parallelism: Option<At<u32>>,
}

#[derive(Clone, Debug, Default)]
pub(crate) struct RuleForm {
    pub(crate) schemes: Vec<At<String>>,
    pub(crate) scopes: Option<ScopesForm>,
    pub(crate) role: Option<At<String>>,
    pub(crate) limit: Option<At<String>>,
    pub(crate) max_age: Option<At<String>>,
    pub(crate) acr: Option<At<String>>,
    /// Whether a key of it was malformed, so that what is left says less than its author meant.
    pub(crate) incomplete: bool,
}

/// Scopes as a rule asks for them.
#[derive(Clone, Debug)]
pub(crate) struct ScopesForm {
    pub(crate) place: Place,
    pub(crate) any: bool,
    pub(crate) names: Vec<At<String>>,
}

/// An entry of `never` or `always`.
#[derive(Clone, Debug)]
pub(crate) struct InvariantForm {
    pub(crate) place: Place,
    pub(crate) holds: bool,
    pub(crate) role: At<String>,
    pub(crate) scopes: Vec<At<String>>,
    pub(crate) endpoint: Option<At<String>>,
}

impl Document {
    /// Takes the tree apart.
    pub(crate) fn read(tree: &Node, report: &mut Report) -> Self {
        if tree.value == Value::Null {
            refuse_empty(tree, report);
            return Self::default();
        }
        let Some(fields) = Fields::open(tree, "", report) else {
            return Self::default();
        };
        version(&fields, report);
        let section = |key| fields.get(key);
        let before = report.errors();
        let scopes = entries(section("scopes"), "scopes", report, access::scope);
        let roles = entries(section("roles"), "roles", report, access::role);
        let access_incomplete = report.errors() > before;
        let mut invariants = access::invariants(section("never"), false, report);
        invariants.extend(access::invariants(section("always"), true, report));
        if fields.get("issuers").is_none() {
            fields.need("schemes", "how callers authenticate", report);
        }
        Self {
            scopes,
            roles,
            schemes: schemes::schemes(section("schemes"), report),
            issuers: entries(section("issuers"), "issuers", report, schemes::issuer),
            providers: entries(section("providers"), "providers", report, providers::provider),
            limits: entries(section("limits"), "limits", report, limits::limit),
            endpoints: endpoints::endpoints(fields.entry("endpoints"), report),
            passwords: limits::passwords(fields.entry("passwords"), report),
            csrf: browsers::csrf(section("csrf"), report),
            network: network::network(section("network"), report),
            headers: headers::headers(section("headers"), report),
            oauth: oauth::oauth(fields.entry("oauth"), report),
            cors: network::cors(section("cors"), report),
            rules: entries(section("rules"), "rules", report, access::rule),
            invariants,
            acr_values: values::some_words(
                section("acr_values"),
                "a list from the weakest to the strongest",
                report,
            ),
            access_incomplete,
        }
    }
}

fn refuse_empty(tree: &Node, report: &mut Report) {
    report.add(Code::EmptyValue, tree.place, |found| {
        found
            .message("this policy says nothing")
            .help("begin with `version: 1`, `scopes`, `roles` and `schemes`")
    });
}

fn version(fields: &Fields<'_>, report: &mut Report) {
    let Some(node) = fields.need("version", "which policy language this is: `version: 1`", report)
    else {
        return;
    };
    let Some(version) = values::integer(node, "a number", report) else { return };
    if version.value != 1 {
        report.add(Code::UnsupportedVersion, version.place, |found| {
            found
                .message(format!(
                    "version {} of the policy language is unknown here",
                    version.value
                ))
                .help("write `version: 1`, or use the release that knows it")
        });
    }
}
