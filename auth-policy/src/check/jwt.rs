//! `schemes.jwt`. In: its form. Out: its settings, with what makes tokens forgeable, long-lived or
//! talkative refused or advised against.

use super::{
    absent::{nowhere, text},
    browsers::token_cookies,
    lifetimes::shorter,
};
use crate::{
    code::Code,
    document::{At, JwtForm, RevocationForm},
    report::Report,
    settings::{Algorithm, AudienceKind, JwtScheme, Revocation, Seconds},
    source::quoted,
};

const HOUR: Seconds = Seconds(3600);
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

pub(super) fn jwt(form: &JwtForm, report: &mut Report) -> JwtScheme {
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
        revocation: revocation(&form.revocation, report),
        cookies: form.cookies.as_ref().map(|form| token_cookies(form, report)),
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

fn revocation(form: &RevocationForm, report: &mut Report) -> Revocation {
    let default = Revocation::default();
    let within = form.within.map_or(default.within, |at| at.value);
    let max_stale = form.max_stale.map_or(default.max_stale, |at| at.value);
    // A feed that is read less often than its silence is borne would be stale between readings.
    if let Some(place) = form.within.or(form.max_stale).map(|at| at.place) {
        let within = form.within.unwrap_or(At { value: within, place });
        let max_stale = form.max_stale.unwrap_or(At { value: max_stale, place });
        shorter("within", Some(within), "max_stale", Some(max_stale), report);
    }
    Revocation {
        check: form.check.map_or(default.check, |at| at.value),
        within,
        max_stale,
        on_store_down: form.on_store_down.map_or(default.on_store_down, |at| at.value),
    }
}
