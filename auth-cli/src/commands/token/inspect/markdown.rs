//! A token explained for an issue or a pull request. In: the report. Out: Markdown (of GitHub), in
//! which nothing of the token is markup.

use super::{
    Report, meaning,
    service::{Bearer, Verdict},
    text::{claim, listed, shown},
};
use crate::markdown::{code, columns, prose, row};

/// What is said of text that is no token.
pub(super) fn none(problem: &str) -> String {
    format!("This is no token: {}.", prose(problem))
}

pub(super) fn markdown(report: &Report<'_>) -> String {
    let mut text =
        "**Not verified**: anybody could have written what follows.\n\n#### Header\n\n".to_owned();
    text += &columns(&["member", "value", "meaning"]);
    for (name, value) in report.token.header.iter() {
        text += &row(&[code(name), code(shown(value)), prose(meaning::of_header(name))]);
    }
    text += "\n#### Claims\n\n";
    text += &columns(&["claim", "value", "meaning"]);
    for (name, value) in report.token.claims.iter() {
        let value = claim(name, value, report.now);
        text += &row(&[code(name), code(value), prose(meaning::of_claim(name))]);
    }
    text += &format!("\nThe signature has {} bytes.\n", report.token.signature.len());
    if !report.findings.is_empty() {
        text += "\n#### Suspicious\n\n";
    }
    for found in &report.findings {
        let (severity, message) = (found.severity.as_str(), prose(&found.message));
        text += &format!("- **{severity}** `{}`: {message}\n", found.code);
    }
    if let Some((policy, verdict)) = &report.service {
        text += &format!("\n#### The service of {}\n\n{}", code(policy), service(verdict));
    }
    text
}

fn service(verdict: &Verdict) -> String {
    match verdict {
        Verdict::Accepted(Bearer { scheme, subject, roles, scopes }) => format!(
            "**would accept it**, unless it was revoked or the account is closed: {} of {}, roles {}, \
             scopes {}\n",
            code(scheme),
            code(subject),
            code(listed(roles)),
            code(listed(scopes)),
        ),
        Verdict::Refused { code, message } => {
            format!("**would refuse it** `{code}`: {}\n", prose(message))
        }
        Verdict::Unknown { issuer } => format!(
            "cannot be known here: the keys of {} are fetched when the service runs\n",
            code(issuer)
        ),
    }
}
