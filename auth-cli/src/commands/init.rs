//! `cargo auth init`. In: where the policy shall be. Out: a commented policy to begin with, and the
//! code that uses it.

use std::{io, path::PathBuf};

use serde_json::json;

use crate::{
    exit::Outcome,
    files::{self, Readers},
    format::Format,
    markdown::code,
    terminal,
};

/// What is written. A test holds that `check` has nothing to say about it.
const POLICY: &str = include_str!("init/policy.yaml");
/// What is printed. A test compiles it against the policy.
const PROGRAM: &str = include_str!("init/program.rs.txt");

/// Write a policy to begin with, and print the code that uses it
///
/// The policy is sound as it is: sessions that end after 30 minutes without use and after 24 hours
/// in any case, 5 sign-ins a minute, and limits for every endpoint that strangers may call.
///
/// Exits 0 if it was written, 2 if there is a file already or it could not be written.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The file to write
    #[arg(value_name = "POLICY", default_value = "policies/auth.yaml")]
    policy: PathBuf,

    /// Replace the file if it is there
    #[arg(long)]
    force: bool,

    /// For whom it is said what to do next
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    format: Format,
}

pub(super) fn run(arguments: &Arguments) -> Outcome {
    let path = &arguments.policy;
    let write = if arguments.force { files::replace } else { files::create };
    let name = path.display().to_string();
    let name = name.escape_debug();
    match write(path, POLICY, Readers::Usual) {
        Ok(()) => {
            terminal::tell(&said(&path.display().to_string(), arguments.format));
            Outcome::Fine
        }
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            terminal::complain(&format!("`{name}` is there already; `--force` replaces it"));
            Outcome::Misused
        }
        Err(error) => {
            terminal::complain(&format!("cannot write `{name}`: {error}"));
            Outcome::Misused
        }
    }
}

fn said(path: &str, format: Format) -> String {
    match format {
        Format::Text => format!("wrote {}\n\n{PROGRAM}", path.escape_debug()),
        Format::Json => {
            terminal::json(&json!({ "version": 1, "policy": path, "next": PROGRAM.trim_end() }))
        }
        // Its code is indented, which is code in Markdown as well.
        Format::Markdown => format!("### Wrote {}\n\n{PROGRAM}", code(path)),
    }
}
