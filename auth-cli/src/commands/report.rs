//! `cargo auth report`. In: a policy and its lock. Out: one HTML file that shows both to people.

use std::path::PathBuf;

use auth_policy::{lock::Rule, overview};
use serde_json::json;

use crate::{
    exit::Outcome,
    files::{self, Readers},
    format::Format,
    locked::{Locked, Which, with_one},
    markdown::code,
    terminal,
};

/// Write a page about a policy
///
/// One HTML file, which can be read offline and printed: who may call what, which role includes
/// which, what is set to what beside what is recommended, what is open to everybody, and what
/// `cargo auth check` says.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The file to write; one that is there is replaced
    #[arg(long, value_name = "FILE")]
    html: PathBuf,

    #[command(flatten)]
    which: Which,

    /// For whom it is said what was written
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    format: Format,
}

pub(super) fn run(arguments: &Arguments) -> Outcome {
    with_one(&arguments.which, |locked| {
        let page = overview(&locked.policy, &locked.lock, &locked.findings);
        let name = arguments.html.display().to_string();
        files::replace(&arguments.html, &page, Readers::Usual)
            .map_err(|error| format!("cannot write `{}`: {error}", name.escape_debug()))?;
        Ok(said(&name, locked, arguments.format))
    })
}

fn said(page: &str, locked: &Locked, format: Format) -> String {
    let (policy, endpoints) = (locked.policy.path(), &locked.lock.endpoints);
    match format {
        Format::Text => {
            format!("{}: {} endpoints of {policy}", page.escape_debug(), endpoints.len())
        }
        Format::Json => {
            let guarded = endpoints.iter().filter(|it| matches!(it.rule, Rule::Guarded(_))).count();
            terminal::json(&json!({
                "version": 1,
                "policy": policy,
                "html": page,
                "guarded_endpoints": guarded,
                "open_endpoints": endpoints.len() - guarded,
            }))
        }
        Format::Markdown => {
            format!("{}: {} endpoints of {}", code(page), endpoints.len(), code(policy))
        }
    }
}
