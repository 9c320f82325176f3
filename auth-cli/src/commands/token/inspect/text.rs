//! A token explained to people. In: the report. Out: text, in which nothing of the token does
//! anything but stand there.

use serde_json::Value;

use super::{
    Report, meaning,
    parts::Members,
    service::{Bearer, Verdict},
};
use crate::{moment, terminal};

/// The most characters of a value that are shown.
const LONGEST: usize = 160;

pub(super) fn text(report: &Report<'_>) -> String {
    let mut said = String::from("NOT VERIFIED: anybody could have written what follows\n");
    said += "\nheader\n";
    for (name, value) in report.token.header.iter() {
        said += &member(name, &shown(value), meaning::of_header(name));
    }
    said += "\nclaims\n";
    claims(&report.token.claims, report.now, &mut said);
    let bytes = report.token.signature.len();
    said += &format!("\nsignature\n  {bytes} bytes\n");
    if !report.findings.is_empty() {
        said += "\nsuspicious\n";
    }
    for finding in &report.findings {
        said +=
            &format!("  {}[{}]: {}\n", finding.severity.as_str(), finding.code, finding.message);
    }
    if let Some((policy, verdict)) = &report.service {
        said += &format!("\n{}\n", terminal::plain(policy));
        said += &service(verdict);
    }
    said.trim_end().to_owned()
}

fn claims(claims: &Members, now: i64, said: &mut String) {
    for (name, value) in claims.iter() {
        *said += &member(name, &claim(name, value, now), meaning::of_claim(name));
    }
}

/// A claim's value; of a moment, when that is.
pub(super) fn claim(name: &str, value: &Value, now: i64) -> String {
    let seconds = value.as_i64().filter(|_| meaning::is_moment(name));
    let when = seconds.and_then(|seconds| {
        Some(format!("{value} = {}, {}", moment::utc(seconds)?, moment::from_now(seconds, now)))
    });
    when.unwrap_or_else(|| shown(value))
}

fn member(name: &str, value: &str, meaning: &str) -> String {
    format!("  {}: {value}\n      {meaning}\n", terminal::plain(name))
}

/// A value as JSON, cut where it gets long.
pub(super) fn shown(value: &Value) -> String {
    let text = terminal::plain(&value.to_string());
    let count = text.chars().count();
    if count <= LONGEST {
        return text;
    }
    let beginning: String = text.chars().take(LONGEST).collect();
    format!("{beginning}.. ({count} characters)")
}

fn service(verdict: &Verdict) -> String {
    match verdict {
        Verdict::Accepted(Bearer { scheme, subject, roles, scopes }) => format!(
            "  would accept it, unless it was revoked or the account is closed\n  \
             scheme: {scheme}\n  subject: {}\n  roles: {}\n  scopes: {}\n",
            terminal::plain(subject),
            listed(roles),
            listed(scopes),
        ),
        Verdict::Refused { code, message } => format!("  would refuse it[{code}]: {message}\n"),
        Verdict::Unknown { issuer } => format!(
            "  cannot be known here: the keys of `{issuer}` are fetched when the service runs\n"
        ),
    }
}

pub(super) fn listed(names: &[String]) -> String {
    if names.is_empty() { "none".to_owned() } else { names.join(" ") }
}
