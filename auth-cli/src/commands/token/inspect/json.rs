//! A token explained to programs. In: the report. Out: one JSON document, described in
//! `docs/cli.md`.

use serde_json::{Value, json};

use super::{super::VERSION, Report, meaning, service::Verdict, suspicion::Finding};
use crate::{moment, terminal};

/// What is said of text that is no token.
pub(super) fn none(problem: &str) -> String {
    terminal::json(&json!({ "version": VERSION, "verified": false, "problem": problem }))
}

pub(super) fn json(report: &Report<'_>) -> String {
    let header = report.token.header.iter();
    let header = header.map(
        |(name, value)| json!({ "name": name, "value": value, "meaning": meaning::of_header(name) }),
    );
    let claims = report.token.claims.iter().map(|(name, value)| claim(name, value, report.now));
    terminal::json(&json!({
        "version": VERSION,
        "verified": false,
        "header": header.collect::<Vec<_>>(),
        "claims": claims.collect::<Vec<_>>(),
        "signature_bytes": report.token.signature.len(),
        "findings": report.findings.iter().map(finding).collect::<Vec<_>>(),
        "service": report.service.as_ref().map(|(policy, verdict)| service(policy, verdict)),
    }))
}

fn claim(name: &str, value: &Value, now: i64) -> Value {
    let seconds = value.as_i64().filter(|_| meaning::is_moment(name));
    json!({
        "name": name,
        "value": value,
        "meaning": meaning::of_claim(name),
        "utc": seconds.and_then(moment::utc),
        "from_now": seconds.map(|seconds| moment::from_now(seconds, now)),
    })
}

fn finding(finding: &Finding) -> Value {
    json!({
        "severity": finding.severity.as_str(),
        "code": finding.code,
        "message": finding.message,
    })
}

fn service(policy: &str, verdict: &Verdict) -> Value {
    match verdict {
        Verdict::Accepted(bearer) => json!({
            "policy": policy,
            "accepts": true,
            "scheme": bearer.scheme,
            "subject": bearer.subject,
            "roles": bearer.roles,
            "scopes": bearer.scopes,
        }),
        Verdict::Refused { code, message } => json!({
            "policy": policy, "accepts": false, "code": code, "message": message,
        }),
        Verdict::Unknown { issuer } => json!({
            "policy": policy, "accepts": null, "code": "keys-are-fetched", "scheme": issuer,
        }),
    }
}
