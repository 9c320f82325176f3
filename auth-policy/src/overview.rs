//! A policy on one page. In: a policy, its lock, and what `check` found. Out: one HTML file that needs
//! nothing else: who may call what, which role includes which, what is set to what and what is
//! recommended, and what is open to everybody, with the reasons.
//!
//! # Security
//!
//! Everything that comes from a policy or a lock is escaped where it is written. The page says that
//! nothing may be loaded and that no script but its own, which filters rows, may run.

mod graph;
mod markup;
mod matrix;
mod open;
mod recommended;
mod settings;

use crate::{
    diagnostic::Diagnostic,
    lock::{Lock, Rule},
    policy::Policy,
};
use markup::{counted, text};

/// The style of the page, in light and dark and on paper.
const STYLE: &str = include_str!("overview/style.css");
/// What filters the rows of the matrix. The page is complete without it.
const SCRIPT: &str = include_str!("overview/filter.js");
/// The SHA-256 of [`SCRIPT`] in base64, which the page allows to run.
const SCRIPT_HASH: &str = "sha256-gd6ry71/3zOAomemaYPsk1uIrvsUFG73cRNLWoF513U=";

/// The page.
pub fn overview(policy: &Policy, lock: &Lock, findings: &[Diagnostic]) -> String {
    let title = text(policy.path());
    let guarded = lock.endpoints.iter().filter(|it| matches!(it.rule, Rule::Guarded(_))).count();
    let summary = [
        counted(guarded, "guarded endpoint"),
        counted(lock.endpoints.len() - guarded, "open endpoint"),
        counted(policy.roles().len(), "role"),
        counted(policy.scopes().len(), "scope"),
        counted(policy.schemes().len(), "scheme"),
    ]
    .join(", ");
    let parts = [
        matrix::matrix(policy, lock),
        graph::graph(policy),
        settings::settings(policy),
        open::open(lock),
        self::findings(findings),
    ]
    .concat();
    format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; \
         style-src 'unsafe-inline'; script-src '{SCRIPT_HASH}'; base-uri 'none'; \
         form-action 'none'\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"referrer\" content=\"no-referrer\">\n\
         <title>Access of {title}</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n\
         <header>\n<h1>Access of <code>{title}</code></h1>\n<p>{summary}. Revision \
         <code>{revision}</code>.</p>\n</header>\n<main>\n{parts}</main>\n\
         <script>{SCRIPT}</script>\n</body>\n</html>\n",
        revision = text(policy.revision().as_str()),
    )
}

fn findings(findings: &[Diagnostic]) -> String {
    let mut list = String::new();
    for found in findings {
        let help = found.help.as_deref().map(|help| format!(" <small>{}</small>", text(help)));
        list += &format!(
            "<li><b>{}</b> <code>{}</code>, line {}: {}{}</li>\n",
            found.severity.as_str(),
            found.code.as_str(),
            found.place.line,
            text(&found.message),
            help.unwrap_or_default()
        );
    }
    let list = match list.is_empty() {
        true => "<p>None.</p>\n".to_owned(),
        false => format!("<ul>\n{list}</ul>\n"),
    };
    format!(
        "<section id=\"findings\">\n<h2>What <code>cargo auth check</code> says</h2>\n{list}</section>\n"
    )
}

#[cfg(test)]
mod tests {
    use sha2::{Digest, Sha256};

    use super::*;

    /// Base64, as a policy of content has it.
    fn base64(bytes: &[u8]) -> String {
        const LETTERS: &[u8; 64] =
            b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
        let group = |group: &[u8]| {
            let number =
                (0..3).fold(0u32, |all, n| all << 8 | u32::from(*group.get(n).unwrap_or(&0)));
            let letter = |n: usize| {
                let letter = LETTERS[(number >> (18 - 6 * n) & 63) as usize] as char;
                if n <= group.len() { letter } else { '=' }
            };
            (0..4).map(letter).collect::<String>()
        };
        bytes.chunks(3).map(group).collect()
    }

    #[test]
    fn only_the_script_of_the_page_may_run() {
        let hash = format!("sha256-{}", base64(&Sha256::digest(SCRIPT)));
        assert_eq!(SCRIPT_HASH, hash);
        assert!(!SCRIPT.contains("</") && !STYLE.contains("</"));
    }
}
