//! `cargo auth report`. In: a policy and its lock. Out: one HTML file that shows both to people.

use std::path::PathBuf;

use auth_policy::overview;

use crate::{
    exit::Outcome,
    files::{self, Readers},
    locked::{Which, with_one},
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
}

pub(super) fn run(arguments: &Arguments) -> Outcome {
    with_one(&arguments.which, |locked| {
        let page = overview(&locked.policy, &locked.lock, &locked.findings);
        let name = arguments.html.display().to_string();
        let name = name.escape_debug();
        files::replace(&arguments.html, &page, Readers::Usual)
            .map_err(|error| format!("cannot write `{name}`: {error}"))?;
        let endpoints = locked.lock.endpoints.len();
        Ok(format!("{name}: {endpoints} endpoints of {}", locked.policy.path()))
    })
}
