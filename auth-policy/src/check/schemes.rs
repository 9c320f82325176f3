//! Schemes and providers. In: their forms. Out: their settings with every default set; foreign
//! issuers join the schemes, whose namespace they share.

use super::{grants::Grants, issuers};
use crate::{
    code::Code,
    document::{ApiKeyForm, At, Document, Entry, JwtForm, RevocationForm, SchemeForm, SessionForm},
    policy::{Contents, MAX_SCHEMES, Scheme, SchemeKind, ScopeId},
    report::Report,
    settings::{
        Algorithm, ApiKeyScheme, AudienceKind, ClientId, JwtScheme, Provider, Reference,
        Revocation, Seconds, SessionScheme,
    },
    source::quoted,
};

const HOUR: Seconds = Seconds(3600);
const YEAR: Seconds = Seconds(365 * 86_400);
const MOST_LEEWAY: Seconds = Seconds(60);

/// Claims a token has anyway, or that mean something to whoever reads it (RFC 7519, RFC 8693,
/// RFC 9068, OpenID Connect).
const RESERVED_CLAIMS: &[&str] = &[
    "iss",
    "sub",
    "aud",
    "exp",
    "nbf",
    "iat",
    "jti",
    "typ",
    "scope",
    "scp",
    "roles",
    "groups",
    "entitlements",
    "client_id",
    "azp",
    "cnf",
    "act",
    "may_act",
    "acr",
    "amr",
    "auth_time",
    "nonce",
    "sid",
    "at_hash",
    "c_hash",
    "events",
];

/// Words in the names of claims that speak of personal data.
const PERSONAL: &[&str] = &[
    "email",
    "mail",
    "phone",
    "mobile",
    "name",
    "firstname",
    "lastname",
    "surname",
    "fullname",
    "nickname",
    "username",
    "address",
    "birthdate",
    "birthday",
    "gender",
    "ssn",
    "picture",
];

/// The schemes and foreign issuers, sorted by name, and whether one of their ceilings is wrong.
pub(super) fn schemes(
    document: &Document,
    contents: &Contents,
    report: &mut Report,
) -> (Vec<Scheme>, bool) {
    let mut ceilings = Ceilings { grants: Grants::new(contents), wrong: false };
    let mut schemes: Vec<Scheme> = document
        .schemes
        .iter()
        .map(|entry| scheme(entry, contents, &mut ceilings, report))
        .collect();
    schemes.extend(issuers::issuers(document, contents, &mut ceilings, report));
    if let Some(first) = schemes.get(MAX_SCHEMES) {
        report.add(Code::TooManySchemes, first.place, |found| {
            found.message(format!("a policy declares at most {MAX_SCHEMES} schemes and issuers"))
        });
    }
    schemes.sort_by(|a, b| a.name.cmp(&b.name));
    (schemes, ceilings.wrong)
}

/// The lists that bound what credentials carry.
pub(super) struct Ceilings<'a> {
    grants: Grants<'a>,
    wrong: bool,
}

impl Ceilings<'_> {
    pub(super) fn scopes(&mut self, words: &[At<String>], report: &mut Report) -> Vec<ScopeId> {
        let before = report.errors();
        let scopes = self.grants.expand(words, report);
        self.wrong |= report.errors() > before;
        scopes.into_iter().map(|(id, _)| id).collect()
    }
}

fn scheme(
    entry: &Entry<SchemeForm>,
    contents: &Contents,
    ceilings: &mut Ceilings<'_>,
    report: &mut Report,
) -> Scheme {
    let kind = match &entry.form {
        SchemeForm::Jwt(form) => SchemeKind::Jwt(jwt(form, report)),
        SchemeForm::ApiKey(form) => SchemeKind::ApiKey(api_key(form, contents, ceilings, report)),
        SchemeForm::Session(form) => SchemeKind::Session(session(form, report)),
    };
    Scheme { name: entry.name.value.clone(), kind, place: entry.name.place }
}

fn jwt(form: &JwtForm, report: &mut Report) -> JwtScheme {
    shorter("access_ttl", form.access_ttl, "refresh_ttl", form.refresh_ttl, report);
    if let Some(ttl) = form.access_ttl.filter(|ttl| ttl.value > HOUR) {
        report.add(Code::LongAccessTtl, ttl.place, |found| {
            found
                .message("an access token that lives for more than an hour is hard to take back")
                .help("write `15m`: clients renew it with their refresh token")
        });
    }
    let audience_kind = form.audience_kind.map(|kind| kind.value).unwrap_or_default();
    if audience_kind == AudienceKind::Public {
        form.algorithms.iter().for_each(|algorithm| advise_asymmetric(*algorithm, report));
    }
    JwtScheme {
        issuer: text(form.issuer.as_ref()),
        audience: text(form.audience.as_ref()),
        audience_kind,
        algorithms: algorithms(&form.algorithms, report),
        keys: form.keys.clone().unwrap_or_else(nowhere),
        access_ttl: form.access_ttl.map(|ttl| ttl.value).unwrap_or_default(),
        refresh_ttl: form.refresh_ttl.map(|ttl| ttl.value).unwrap_or_default(),
        leeway: leeway(form.leeway, report),
        claims: claims(&form.claims, report),
        revocation: revocation(&form.revocation),
    }
}

/// Reports two lifetimes of which the first is not below the second.
fn shorter(
    key: &str,
    short: Option<At<Seconds>>,
    other: &str,
    long: Option<At<Seconds>>,
    report: &mut Report,
) {
    let (Some(short), Some(long)) = (short, long) else { return };
    if short.value >= long.value {
        report.add(Code::LifetimeOrder, short.place, |found| {
            found
                .message(format!("`{key}` is not shorter than `{other}`"))
                .other(long.place, format!("`{other}` is set here"))
                .help(format!("shorten `{key}`, or lengthen `{other}`"))
        });
    }
}

fn advise_asymmetric(algorithm: At<Algorithm>, report: &mut Report) {
    if algorithm.value.is_symmetric() {
        report.add(Code::SymmetricForPublic, algorithm.place, |found| {
            found.message("with `HS256`, whoever can verify a token can also make one").help(
                "sign with `EdDSA` or `ES256` when others verify, or say `audience_kind: internal`",
            )
        });
    }
}

/// The algorithms in order, the first of which signs.
pub(super) fn algorithms(words: &[At<Algorithm>], report: &mut Report) -> Vec<Algorithm> {
    let mut list: Vec<Algorithm> = Vec::new();
    for word in words {
        if list.contains(&word.value) {
            report.add(Code::NamedTwice, word.place, |found| {
                let message = format!("the algorithm `{}` is named twice", word.value.name());
                found.message(message).help("remove one of them")
            });
        } else {
            list.push(word.value);
        }
    }
    let hmac = words.iter().find(|word| word.value.is_symmetric());
    let other = words.iter().find(|word| !word.value.is_symmetric());
    if let (Some(hmac), Some(other)) = (hmac, other) {
        report.add(Code::MixedAlgorithms, hmac.place, |found| {
            found
                .message(format!(
                    "`HS256` beside `{}` lets a public key pass for a secret",
                    other.value.name()
                ))
                .other(other.place, "asymmetric")
                .help("keep HMAC or the asymmetric algorithms, not both")
        });
    }
    list
}

pub(super) fn leeway(leeway: Option<At<Seconds>>, report: &mut Report) -> Seconds {
    if let Some(leeway) = leeway.filter(|leeway| leeway.value > MOST_LEEWAY) {
        report.add(Code::LeewayTooLong, leeway.place, |found| {
            found
                .message("a leeway of more than 60 s keeps expired tokens alive")
                .help("write at most `60s`, and set the clocks by NTP")
        });
    }
    leeway.map(|leeway| leeway.value).unwrap_or_default()
}

fn claims(words: &[At<String>], report: &mut Report) -> Vec<String> {
    let mut claims: Vec<String> = Vec::with_capacity(words.len());
    for word in words {
        if claim(word, report) {
            claims.push(word.value.clone());
        }
    }
    claims.sort();
    claims.dedup();
    claims
}

fn claim(word: &At<String>, report: &mut Report) -> bool {
    let name = word.value.as_str();
    let lower = name.to_ascii_lowercase();
    let odd = |c: char| !(c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.' | ':' | '/'));
    if name.len() > 64 || name.contains(odd) {
        report.add(Code::InvalidName, word.place, |found| {
            found
                .message(format!("{} cannot be the name of a claim", quoted(name)))
                .help("use 1 to 64 ASCII letters, digits and `_ - . : /`")
        });
        return false;
    }
    if RESERVED_CLAIMS.contains(&lower.as_str()) {
        report.add(Code::ReservedClaim, word.place, |found| {
            found
                .message(format!("the claim {} has a meaning of its own", quoted(name)))
                .help("choose another name: an application adds claims, it does not change these")
        });
        return false;
    }
    if is_personal(&lower) {
        report.add(Code::PersonalClaim, word.place, |found| {
            found
                .message(format!(
                    "the claim {} looks like personal data, which whoever holds the token can read",
                    quoted(name)
                ))
                .help("look it up by the token's subject where it is needed")
        });
    }
    true
}

/// Whether one of the words a name is made of speaks of personal data.
fn is_personal(lower: &str) -> bool {
    let mut words = lower.split(|c: char| !c.is_ascii_alphanumeric());
    words.any(|word| PERSONAL.contains(&word))
}

fn revocation(form: &RevocationForm) -> Revocation {
    let default = Revocation::default();
    Revocation {
        within: form.within.map_or(default.within, |at| at.value),
        max_stale: form.max_stale.map_or(default.max_stale, |at| at.value),
        on_store_down: form.on_store_down.map_or(default.on_store_down, |at| at.value),
    }
}

fn api_key(
    form: &ApiKeyForm,
    contents: &Contents,
    ceilings: &mut Ceilings<'_>,
    report: &mut Report,
) -> ApiKeyScheme {
    let limit =
        form.limit.as_ref().and_then(|word| super::limits::limit_id(word, contents, report));
    if let Some(ttl) = form.max_ttl.filter(|ttl| ttl.value > YEAR) {
        report.add(Code::LongKeyTtl, ttl.place, |found| {
            found
                .message("a key that lives for more than a year outlives whoever knows where it is")
                .help("write `365d` or less: two keys may overlap while one replaces the other")
        });
    }
    ApiKeyScheme {
        header: form
            .header
            .as_ref()
            .map_or_else(|| "X-API-Key".to_owned(), |word| header(word, report)),
        prefix: form.prefix.as_ref().map(|word| prefix(word, report)).unwrap_or_default(),
        grants: ceilings.scopes(&form.grants, report),
        limit,
        max_ttl: form.max_ttl.map(|ttl| ttl.value).unwrap_or_default(),
    }
}

fn header(word: &At<String>, report: &mut Report) -> String {
    let taken = [
        "authorization",
        "cookie",
        "host",
        "origin",
        "referer",
        "forwarded",
        "proxy-authorization",
    ];
    let odd = |c: char| !(c.is_ascii_alphanumeric() || c == '-');
    let fault = if word.value.contains(odd) || word.value.len() > 64 {
        Some("it is no plain header name")
    } else if taken.contains(&word.value.to_ascii_lowercase().as_str()) {
        Some("it means something else already")
    } else {
        None
    };
    if let Some(fault) = fault {
        report.add(Code::InvalidHeader, word.place, |found| {
            found
                .message(format!(
                    "the header {} cannot carry an API key: {fault}",
                    quoted(&word.value)
                ))
                .help("use letters, digits and `-`, such as `X-API-Key`")
        });
    }
    word.value.clone()
}

fn prefix(word: &At<String>, report: &mut Report) -> String {
    let odd = |c: char| !(c.is_ascii_lowercase() || c.is_ascii_digit());
    if word.value.contains(odd) || word.value.len() > 16 {
        report.add(Code::InvalidName, word.place, |found| {
            found
                .message(format!("{} cannot begin an API key", quoted(&word.value)))
                .help("use 1 to 16 of `a-z` and `0-9`")
        });
    }
    word.value.clone()
}

fn session(form: &SessionForm, report: &mut Report) -> SessionScheme {
    shorter("idle", form.idle, "lifetime", form.lifetime, report);
    SessionScheme {
        cookie: form
            .cookie
            .as_ref()
            .map_or_else(|| "__Host-session".to_owned(), |word| cookie(word, report)),
        same_site: form.same_site.map(|word| word.value).unwrap_or_default(),
        idle: form.idle.map(|ttl| ttl.value).unwrap_or_default(),
        lifetime: form.lifetime.map(|ttl| ttl.value).unwrap_or_default(),
    }
}

fn cookie(word: &At<String>, report: &mut Report) -> String {
    let odd = |c: char| !(c.is_ascii_alphanumeric() || matches!(c, '-' | '_'));
    let rest = word.value.strip_prefix("__Host-");
    if rest.is_none_or(|rest| rest.is_empty() || rest.contains(odd)) || word.value.len() > 64 {
        report.add(Code::WeakCookie, word.place, |found| {
            found.message(format!("{} cannot name the session cookie", quoted(&word.value))).help(
                "begin it with `__Host-`, then letters, digits, `-` and `_`: browsers take such a \
                     cookie only when it is Secure, without Domain and for the whole host",
            )
        });
    }
    word.value.clone()
}

/// The providers, sorted by name.
pub(super) fn providers(document: &Document) -> Vec<Provider> {
    let mut providers: Vec<_> = document
        .providers
        .iter()
        .map(|entry| Provider {
            name: entry.name.value.clone(),
            issuer: text(entry.form.issuer.as_ref()),
            client_id: entry.form.client_id.clone().unwrap_or(ClientId::Literal(String::new())),
            client_secret: entry.form.client_secret.clone().unwrap_or_else(nowhere),
            place: entry.name.place,
        })
        .collect();
    providers.sort_by(|a, b| a.name.cmp(&b.name));
    providers
}

/// INVARIANT: where a value that has to be there is not, that is an error, and no policy is made.
pub(super) fn text(word: Option<&At<String>>) -> String {
    word.map(|word| word.value.clone()).unwrap_or_default()
}

/// INVARIANT: as for [`text`].
fn nowhere() -> Reference {
    Reference::Environment(String::new())
}
