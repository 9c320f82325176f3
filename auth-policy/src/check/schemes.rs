//! Schemes. In: their forms. Out: their settings with every default set; foreign
//! issuers join the schemes, whose namespace they share.

use super::{
    browsers::{refuse_shared_cookie, session_cookie},
    grants::Ceilings,
    issuers, jwt,
    lifetimes::{not_above, shorter},
};
use crate::{
    code::Code,
    document::{ApiKeyForm, At, Document, Entry, SchemeForm, SessionForm},
    policy::{Contents, MAX_SCHEMES, Scheme, SchemeKind},
    report::Report,
    settings::{ApiKeyScheme, Seconds, SessionScheme},
    source::quoted,
};

const YEAR: Seconds = Seconds(365 * 86_400);
const DEFAULT_KEY_TTL: Seconds = Seconds(90 * 86_400);
const DEFAULT_OVERLAP: Seconds = Seconds(86_400);
const LONGEST_OVERLAP: Seconds = Seconds(30 * 86_400);
const DEFAULT_SESSIONS: u32 = 20;
const MOST_SESSIONS: u32 = 1000;
const DEFAULT_FRESHNESS: Seconds = Seconds(600);
const SHORTEST_FRESHNESS: Seconds = Seconds(60);
const LONGEST_FRESHNESS: Seconds = Seconds(86_400);

/// The schemes and foreign issuers, sorted by name, and whether one of their ceilings is wrong.
pub(super) fn schemes(
    document: &Document,
    contents: &Contents,
    report: &mut Report,
) -> (Vec<Scheme>, bool) {
    let mut ceilings = Ceilings::new(contents);
    let mut schemes: Vec<Scheme> = document
        .schemes
        .iter()
        .map(|entry| scheme(entry, contents, &mut ceilings, report))
        .collect();
    refuse_shared_cookie(&document.schemes, report);
    schemes.extend(issuers::issuers(document, contents, &mut ceilings, report));
    if let Some(first) = schemes.get(MAX_SCHEMES) {
        report.add(Code::TooManySchemes, first.place, |found| {
            found.message(format!("a policy declares at most {MAX_SCHEMES} schemes and issuers"))
        });
    }
    schemes.sort_by(|a, b| a.name.cmp(&b.name));
    (schemes, ceilings.are_wrong())
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
    not_above("default_ttl", form.default_ttl, "max_ttl", form.max_ttl, report);
    shorter("rotation_overlap", form.rotation_overlap, "max_ttl", form.max_ttl, report);
    refuse_long_overlap(form.rotation_overlap, report);
    let max_ttl = form.max_ttl.map(|ttl| ttl.value).unwrap_or_default();
    let overlap = DEFAULT_OVERLAP.min(Seconds(max_ttl.0 / 2));
    ApiKeyScheme {
        header: form
            .header
            .as_ref()
            .map_or_else(|| "X-API-Key".to_owned(), |word| header(word, report)),
        prefix: form.prefix.as_ref().map(|word| prefix(word, report)).unwrap_or_default(),
        grants: ceilings.scopes(&form.grants, report),
        limit,
        max_ttl,
        default_ttl: form.default_ttl.map_or(DEFAULT_KEY_TTL.min(max_ttl), |ttl| ttl.value),
        rotation_overlap: form.rotation_overlap.map_or(overlap, |ttl| ttl.value),
        environment: form.environment.map(|word| word.value).unwrap_or_default(),
        pepper: form.pepper.clone(),
    }
}

/// SECURITY: a key is replaced because somebody may have it who should not.
fn refuse_long_overlap(overlap: Option<At<Seconds>>, report: &mut Report) {
    let Some(overlap) = overlap.filter(|overlap| overlap.value > LONGEST_OVERLAP) else { return };
    report.add(Code::OutOfRange, overlap.place, |found| {
        found
            .message("a key that was replaced and stays valid for more than `30d` is not replaced")
            .help("write `30d` or less")
    });
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
    not_above("fresh_for", form.fresh_for, "lifetime", form.lifetime, report);
    let lifetime = form.lifetime.map(|ttl| ttl.value).unwrap_or_default();
    SessionScheme {
        cookie: session_cookie(form.cookie.as_ref(), report),
        same_site: form.same_site.map(|word| word.value).unwrap_or_default(),
        idle: form.idle.map(|ttl| ttl.value).unwrap_or_default(),
        lifetime,
        max_per_account: max_per_account(form.max_per_account, report),
        when_full: form.when_full.map(|word| word.value).unwrap_or_default(),
        fresh_for: fresh_for(form.fresh_for, lifetime, report),
    }
}

fn max_per_account(number: Option<At<u32>>, report: &mut Report) -> u32 {
    let Some(number) = number else { return DEFAULT_SESSIONS };
    if !(1..=MOST_SESSIONS).contains(&number.value) {
        report.add(Code::OutOfRange, number.place, |found| {
            found
                .message(format!(
                    "`max_per_account` is {}, and an account has 1 to {MOST_SESSIONS} sessions",
                    number.value
                ))
                .help(format!(
                    "write a number in that range, or leave the key out for {DEFAULT_SESSIONS}"
                ))
        });
    }
    number.value
}

fn fresh_for(time: Option<At<Seconds>>, lifetime: Seconds, report: &mut Report) -> Seconds {
    let Some(time) = time else { return DEFAULT_FRESHNESS.min(lifetime) };
    if !(SHORTEST_FRESHNESS..=LONGEST_FRESHNESS).contains(&time.value) {
        report.add(Code::OutOfRange, time.place, |found| {
            found
                .message("`fresh_for` is outside the range from `1m` to `24h`")
                .help("write a span in that range, or leave the key out for `10m`")
        });
    }
    time.value
}
