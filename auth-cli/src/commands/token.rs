//! `cargo auth token`. In: a policy and keys, or a token. Out: a token for development, a token
//! explained, or whether a signature holds.

use std::{
    io::{self, Read},
    path::{Path, PathBuf},
};

use auth_runtime::{
    jwt::{KeySet, MAX_TOKEN_BYTES},
    policy_types::{Algorithm, Scheme},
};
use clap::Subcommand;
use zeroize::Zeroizing;

use crate::{exit::Outcome, format::Format, terminal};

mod inspect;
mod mint;
mod verify;

/// Counts up when a member goes or changes what it means.
const VERSION: u32 = 1;

/// Make a token for development, explain one, or verify a signature
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Mint(mint::Arguments),
    Inspect(inspect::Arguments),
    Verify(verify::Arguments),
}

/// Why a command cannot do what it was asked to.
type Problem = String;

pub(super) fn run(arguments: &Arguments) -> Outcome {
    let done = match &arguments.command {
        Command::Mint(arguments) => mint::mint(arguments),
        Command::Inspect(arguments) => inspect::inspect(arguments),
        Command::Verify(arguments) => verify::verify(arguments),
    };
    done.unwrap_or_else(|problem| {
        terminal::complain(&problem);
        Outcome::Misused
    })
}

/// The token of the command line, or else of standard input; without the space around it. Of one
/// that is too long to be a token no more is read than shows that.
fn given(token: Option<&str>) -> Result<String, Problem> {
    if let Some(token) = token {
        return Ok(token.trim().to_owned());
    }
    let mut bytes = Vec::new();
    let most = MAX_TOKEN_BYTES as u64 + 1024;
    let read = io::stdin().lock().take(most).read_to_end(&mut bytes);
    read.map_err(|error| format!("cannot read the token from standard input: {error}"))?;
    // What is no text has no base64url at that place either, and is told with the rest.
    Ok(String::from_utf8_lossy(&bytes).trim().to_owned())
}

/// The keys named, or those that the policy refers to.
fn keys(
    named: Option<&PathBuf>,
    scheme: &Scheme,
    algorithms: &[Algorithm],
) -> Result<KeySet, Problem> {
    let Some(file) = named else {
        let help = |error| format!("{error}; `--keys FILE` names them here");
        return KeySet::referred_to(scheme).map_err(help);
    };
    let text = text_of(file)?;
    KeySet::parse(&text, algorithms).map_err(|error| format!("`{}`: {error}", shown(file)))
}

/// What is in a file of keys.
fn text_of(file: &Path) -> Result<Zeroizing<String>, Problem> {
    let text = std::fs::read_to_string(bare(file)).map(Zeroizing::new);
    text.map_err(|error| format!("cannot read `{}`: {error}", shown(file)))
}

/// `file:PATH` means the same here as in a policy.
fn bare(file: &Path) -> &Path {
    let text = file.to_str().and_then(|text| text.strip_prefix("file:"));
    text.map_or(file, Path::new)
}

fn shown(file: &Path) -> String {
    file.display().to_string().escape_debug().to_string()
}
