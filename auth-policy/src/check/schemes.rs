//! Schemes and providers. In: their forms. Out: their settings with every default set; foreign
//! issuers join the schemes, whose namespace they share.

use super::{grants::Grants, issuers, jwt};
use crate::{
    code::Code,
    document::{ApiKeyForm, At, Document, Entry, SchemeForm, SessionForm},
    policy::{Contents, MAX_SCHEMES, Scheme, SchemeKind, ScopeId},
    report::Report,
    settings::{
        ApiKeyScheme, ClientId, KeyEnvironment, Provider, Reference, Seconds, SessionScheme,
        WhenFull,
    },
    source::quoted,
};

const YEAR: Seconds = Seconds(365 * 86_400);
const DEFAULT_KEY_TTL: Seconds = Seconds(90 * 86_400);
const DEFAULT_OVERLAP: Seconds = Seconds(86_400);
const DEFAULT_SESSIONS: u32 = 20;
const DEFAULT_FRESHNESS: Seconds = Seconds(600);

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
        SchemeForm::Jwt(form) => SchemeKind::Jwt(jwt::jwt(form, report)),
        SchemeForm::ApiKey(form) => SchemeKind::ApiKey(api_key(form, contents, ceilings, report)),
        SchemeForm::Session(form) => SchemeKind::Session(session(form, report)),
    };
    Scheme { name: entry.name.value.clone(), kind, place: entry.name.place }
}

/// Reports two lifetimes of which the first is not below the second.
pub(super) fn shorter(
    key: &str,
    short: Option<At<Seconds>>,
    other: &str,
    long: Option<At<Seconds>>,
    report: &mut Report,
) {
    let (Some(short), Some(long)) = (short, long) else { return };
    if short.value >= long.value {
        report.add(Code::LifetimeOrder, short.place, |found| {
            let found = found
                .message(format!("`{key}` is not shorter than `{other}`"))
                .help(format!("shorten `{key}`, or lengthen `{other}`"));
            if long.place == short.place {
                // A default has no place of its own.
                return found.help(format!("`{other}` is {} s unless it is set", long.value.0));
            }
            found.other(long.place, format!("`{other}` is set here"))
        });
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
    let max_ttl = form.max_ttl.map(|ttl| ttl.value).unwrap_or_default();
    ApiKeyScheme {
        header: form
            .header
            .as_ref()
            .map_or_else(|| "X-API-Key".to_owned(), |word| header(word, report)),
        prefix: form.prefix.as_ref().map(|word| prefix(word, report)).unwrap_or_default(),
        grants: ceilings.scopes(&form.grants, report),
        limit,
        max_ttl,
        default_ttl: DEFAULT_KEY_TTL.min(max_ttl),
        rotation_overlap: DEFAULT_OVERLAP.min(max_ttl),
        environment: KeyEnvironment::default(),
        pepper: None,
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
        max_per_account: DEFAULT_SESSIONS,
        when_full: WhenFull::default(),
        fresh_for: DEFAULT_FRESHNESS,
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
pub(super) fn nowhere() -> Reference {
    Reference::Environment(String::new())
}
