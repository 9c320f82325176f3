//! What is wrong with a token at first sight. In: its header and claims, and the time. Out: what is
//! missing, impossible or the mark of a forgery.

use auth_runtime::policy_types::Algorithm;
use serde_json::Value;

use super::parts::{Members, Token};
use crate::{moment, terminal};

/// How far the clocks of two machines may be apart, in seconds: as far as a policy allows.
const LEEWAY: i64 = 60;
/// How long an access token lives at most before it is remarkable, in seconds.
const LONG: i64 = 24 * 60 * 60;
/// The longest `kid` that is no attack, in bytes.
const LONG_KID: usize = 256;

/// The headers that bring a key along or say where one is.
const KEY_HEADERS: [&str; 4] = ["jwk", "jku", "x5c", "x5u"];
/// The headers that change what the payload is.
const TRANSFORMING: [&str; 3] = ["b64", "zip", "enc"];
/// What ends up in the logs of whoever a token passes.
const PERSONAL: [&str; 8] = [
    "email",
    "name",
    "given_name",
    "family_name",
    "phone_number",
    "birthdate",
    "address",
    "preferred_username",
];

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Severity {
    /// No service of this project accepts such a token.
    Refused,
    /// It is worth a look.
    Note,
}

impl Severity {
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Refused => "refused",
            Self::Note => "note",
        }
    }
}

/// Something about a token that is not as it should be.
#[derive(Debug)]
pub(in crate::commands::token) struct Finding {
    pub(super) severity: Severity,
    /// A stable name.
    pub(in crate::commands::token) code: &'static str,
    pub(in crate::commands::token) message: String,
}

/// All that is suspicious about a token, what is worst first.
pub(super) fn findings(token: &Token, now: i64) -> Vec<Finding> {
    let mut found = Vec::new();
    twice(&token.header, "header", &mut found);
    twice(&token.claims, "claims", &mut found);
    algorithm(token, &mut found);
    header(&token.header, &mut found);
    times(&token.claims, now, &mut found);
    names(&token.claims, &mut found);
    // A stable sort: within a severity the order is that of the token.
    found.sort_by_key(|finding| finding.severity != Severity::Refused);
    found
}

/// The first reason of time against claims: they have no end, or it has passed, or they are of the
/// future.
pub(in crate::commands::token) fn untimely(claims: &Members, now: i64) -> Option<Finding> {
    let mut found = Vec::new();
    times(claims, now, &mut found);
    found.into_iter().find(|finding| finding.severity == Severity::Refused)
}

fn refused(code: &'static str, message: impl Into<String>) -> Finding {
    Finding { severity: Severity::Refused, code, message: message.into() }
}

fn note(code: &'static str, message: impl Into<String>) -> Finding {
    Finding { severity: Severity::Note, code, message: message.into() }
}

fn twice(members: &Members, part: &str, found: &mut Vec<Finding>) {
    for name in &members.twice {
        let name = terminal::plain(name);
        let message = format!(
            "the {part} name `{name}` more than once: two readers may see two different tokens"
        );
        found.push(refused("duplicate-member", message));
    }
}

fn algorithm(token: &Token, found: &mut Vec<Finding>) {
    let brought = KEY_HEADERS.into_iter().find(|name| token.header.get(name).is_some());
    match token.header.text("alg") {
        None => found.push(refused("alg-missing", "`alg` does not say how it is signed")),
        Some(alg) if alg.eq_ignore_ascii_case("none") => {
            found.push(refused(
                "alg-none",
                "`alg` is none: it is not signed, anybody can write such a token",
            ));
        }
        Some(alg) if Algorithm::from_name(alg).is_none() => {
            let alg = terminal::plain(alg);
            found.push(refused(
                "alg-unknown",
                format!("`alg` is `{alg}`, which is none of HS256, RS256, PS256, ES256 and EdDSA"),
            ));
        }
        Some("HS256") if brought.is_some() => {
            let message = "`alg` is HS256, a shared secret, and the header names a public key: the mark of a forgery that passes one for the other";
            found.push(refused("key-confusion", message));
        }
        Some(_) => {}
    }
    if token.signature.is_empty() {
        found.push(refused("unsigned", "there is no signature"));
    }
    if let Some(name) = brought {
        let message = format!(
            "`{name}`: whoever wrote the token chose this key. It is never used, so it is no help to anybody honest"
        );
        found.push(note("key-in-header", message));
    }
}

fn header(header: &Members, found: &mut Vec<Finding>) {
    if let Some(critical) = header.get("crit") {
        let critical = terminal::plain(&critical.to_string());
        let message =
            format!("`crit` asks for extensions that have to be understood, {critical}; none is");
        found.push(refused("crit", message));
    }
    for name in TRANSFORMING.into_iter().filter(|name| header.get(name).is_some()) {
        let message = format!("`{name}`: the payload would not be what it seems");
        found.push(refused("payload-transformed", message));
    }
    match header.text("typ") {
        Some(typ) if is_access_token(typ) => {}
        Some(typ) => {
            let message = format!(
                "`typ` is `{}`, not `at+jwt`: it is no access token of a service with this project's defaults",
                terminal::plain(typ)
            );
            found.push(note("not-an-access-token", message));
        }
        None => found
            .push(note("typ-missing", "`typ` does not say that it is an access token, `at+jwt`")),
    }
    match header.get("kid") {
        Some(Value::String(kid))
            if kid.len() > LONG_KID || terminal::plain(kid) != *kid || kid.contains("..") =>
        {
            found.push(note(
                "kid-strange",
                "`kid` is no name of a key: it looks like an attack on how keys are found",
            ));
        }
        Some(Value::String(_)) => {}
        Some(_) => found.push(refused("kid-malformed", "`kid` is no text")),
        None => found.push(note(
            "kid-missing",
            "`kid` does not say which key signed it: refused where there are several",
        )),
    }
}

fn is_access_token(typ: &str) -> bool {
    ["at+jwt", "application/at+jwt"].iter().any(|known| typ.eq_ignore_ascii_case(known))
}

fn times(claims: &Members, now: i64, found: &mut Vec<Finding>) {
    let moment = |name: &str, found: &mut Vec<Finding>| {
        let seconds = seconds(claims.get(name)?);
        if seconds.is_none() {
            let message = format!("`{name}` is no moment in seconds since 1970");
            found.push(refused("time-malformed", message));
        }
        seconds
    };
    let (exp, nbf, iat) = (moment("exp", found), moment("nbf", found), moment("iat", found));
    let late = now.saturating_add(LEEWAY);
    if claims.get("exp").is_none() {
        found.push(refused("exp-missing", "`exp` is missing: it would be good for ever"));
    }
    if let Some(exp) = exp.filter(|exp| *exp <= now) {
        let when = moment::from_now(exp, now);
        found.push(refused("expired", format!("it expired {when}")));
    }
    if let Some(nbf) = nbf.filter(|nbf| *nbf > late) {
        let when = moment::from_now(nbf, now);
        found.push(refused("not-yet-valid", format!("it is not valid yet, but {when}")));
    }
    if let Some(iat) = iat.filter(|iat| *iat > late) {
        let when = moment::from_now(iat, now);
        found.push(refused("issued-in-future", format!("it says that it was issued {when}")));
    }
    if let (Some(exp), Some(iat)) = (exp, iat) {
        if exp <= iat {
            found.push(note("never-valid", "`exp` is not after `iat`: it was never valid"));
        } else if exp.saturating_sub(iat) > LONG {
            let span = moment::from_now(exp, iat);
            let span = span.trim_start_matches("in ");
            found.push(note(
                "long-lived",
                format!("it lives for {span}: whoever finds it has as long"),
            ));
        }
    }
}

/// A moment without its fraction; nothing for what is no number, negative, or beyond all calendars.
#[allow(clippy::cast_possible_truncation, reason = "it is below 10^15")]
fn seconds(value: &Value) -> Option<i64> {
    let seconds = value.as_f64().filter(|seconds| (0.0..1e15).contains(seconds))?;
    Some(seconds as i64)
}

fn names(claims: &Members, found: &mut Vec<Finding>) {
    for (name, what) in
        [("iss", "who issued it"), ("sub", "whom it is about"), ("aud", "for whom it is")]
    {
        match claims.get(name) {
            None => found.push(refused(
                "claim-missing",
                format!("`{name}` is missing: it does not say {what}"),
            )),
            Some(Value::String(text)) if text.is_empty() => {
                found.push(refused("claim-empty", format!("`{name}` is empty")));
            }
            Some(Value::String(_)) => {}
            Some(Value::Array(_)) if name == "aud" => {}
            Some(_) => found.push(refused("claim-malformed", format!("`{name}` is no text"))),
        }
    }
    for name in ["iat", "jti"].into_iter().filter(|name| claims.get(name).is_none()) {
        let message = format!(
            "`{name}` is missing: tokens of this project's own services have it, since they are revoked by it"
        );
        found.push(note("claim-missing", message));
    }
    if claims.text("iss").is_some_and(|issuer| !issuer.starts_with("https://")) {
        found.push(note("issuer-not-https", "`iss` is no https URL"));
    }
    let personal: Vec<_> = PERSONAL
        .into_iter()
        .filter(|name| claims.get(name).is_some())
        .map(|name| format!("`{name}`"))
        .collect();
    if !personal.is_empty() {
        let message =
            format!("it tells who somebody is to whoever sees it: {}", personal.join(", "));
        found.push(note("personal-claims", message));
    }
}
