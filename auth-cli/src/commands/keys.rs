//! `cargo auth keys`. In: a file for keys. Out: a JWK set as the runtime reads it, with a key more
//! or less; or the list of what is in it.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use auth_runtime::{
    clock::{Clock, SystemClock},
    jwt::KeySet,
    policy_types::Algorithm,
};
use clap::{Subcommand, ValueEnum};
use serde_json::json;
use zeroize::Zeroizing;

use crate::{
    exit::Outcome,
    files::{self, Readers},
    format::Format,
    markdown::{code, prose},
    terminal,
};

mod list;
mod rotate;
mod set;

use set::Set;

/// Make, replace and list the keys that tokens are signed with
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Generate(Generate),
    Rotate(rotate::Arguments),
    List(list::Arguments),
}

/// Make a private key in a JWK set of its own
///
/// The file can be read by its owner alone (mode 0600). One that is there already is not replaced.
#[derive(Debug, clap::Args)]
struct Generate {
    /// The file to write
    #[arg(value_name = "FILE", required_unless_present = "stdout")]
    file: Option<PathBuf>,

    /// What the key is for
    #[arg(long, value_name = "ALGORITHM", default_value = "EdDSA")]
    alg: Alg,

    /// Print the private key instead of writing a file: a JWK set, whatever the format
    #[arg(long, conflicts_with = "file")]
    stdout: bool,

    /// For whom it is said what was made
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    format: Format,
}

/// What `--alg` takes: the names of RFC 7518 and RFC 8037.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Alg {
    #[value(name = "EdDSA")]
    EdDsa,
    #[value(name = "ES256")]
    Es256,
    #[value(name = "RS256")]
    Rs256,
    #[value(name = "PS256")]
    Ps256,
    #[value(name = "HS256")]
    Hs256,
}

impl From<Alg> for Algorithm {
    fn from(alg: Alg) -> Self {
        match alg {
            Alg::EdDsa => Self::EdDSA,
            Alg::Es256 => Self::ES256,
            Alg::Rs256 => Self::RS256,
            Alg::Ps256 => Self::PS256,
            Alg::Hs256 => Self::HS256,
        }
    }
}

/// Why a command cannot do what it was asked to.
type Problem = String;

pub(super) fn run(arguments: &Arguments) -> Outcome {
    let done = match &arguments.command {
        Command::Generate(arguments) => generate(arguments),
        Command::Rotate(arguments) => rotate::rotate(arguments),
        Command::List(arguments) => list::list(arguments),
    };
    match done {
        Ok(()) => Outcome::Fine,
        Err(problem) => {
            terminal::complain(&problem);
            Outcome::Misused
        }
    }
}

fn generate(arguments: &Generate) -> Result<(), Problem> {
    let set = Set::new(new_key(arguments.alg.into())?);
    let text = set.text();
    let Some(file) = &arguments.file else {
        // SECURITY: `--stdout` is the one way to see a private key.
        terminal::say(text.trim_end());
        return Ok(());
    };
    match files::create(file, &text, Readers::Owner) {
        Ok(()) => {
            terminal::tell(&said(
                &Done { file, set: &set, what: "made", next: None },
                arguments.format,
            )?);
            Ok(())
        }
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Err(format!(
            "`{}` is there already; `cargo auth keys rotate` adds a key to it",
            shown(file)
        )),
        Err(error) => Err(format!("cannot write `{}`: {error}", shown(file))),
    }
}

/// What was done to a file of keys.
struct Done<'d> {
    file: &'d Path,
    set: &'d Set,
    what: &'static str,
    /// What to do now.
    next: Option<&'static str>,
}

fn said(done: &Done<'_>, format: Format) -> Result<String, Problem> {
    let Done { file, set, what, next } = done;
    let (rows, next) = (list::rows(set)?, next.unwrap_or_default());
    Ok(match format {
        Format::Text if next.is_empty() => format!("{}: {}", shown(file), list::text(&rows)),
        Format::Text => format!("{}: {what}.\n{next}", shown(file)),
        Format::Json => terminal::json(&json!({
            "version": list::VERSION,
            "file": file.display().to_string(),
            "done": what,
            "next": done.next,
            "keys": list::values(&rows),
        })),
        Format::Markdown => {
            let (file, keys) = (code(file.display()), list::markdown(&rows));
            let next = if next.is_empty() { String::new() } else { format!("\n{}\n", prose(next)) };
            format!("{file}: {what}.\n\n{keys}{next}")
        }
    })
}

/// A new key that says when it was made.
fn new_key(algorithm: Algorithm) -> Result<set::Jwk, Problem> {
    let text = KeySet::generate(algorithm).map_err(|error| error.to_string())?;
    // Exposed to be written where the owner asked for it.
    let made = Set::parse(text.expose())?;
    let mut key = made.into_first().ok_or("no key was made")?;
    key.set_made_at(SystemClock.now().0);
    Ok(key)
}

/// Reads a JWK set that the runtime would take.
fn read(file: &Path) -> Result<Set, Problem> {
    let text = fs::read_to_string(file).map(Zeroizing::new);
    let text = text.map_err(|error| format!("cannot read `{}`: {error}", shown(file)))?;
    sound(&text).and_then(|()| Set::parse(&text)).map_err(|why| format!("`{}`: {why}", shown(file)))
}

fn write(file: &Path, set: &Set) -> Result<(), Problem> {
    let text = set.text();
    // INVARIANT: what the runtime would refuse never replaces what it takes.
    sound(&text)?;
    files::replace(file, &text, Readers::Owner)
        .map_err(|error| format!("cannot write `{}`: {error}", shown(file)))
}

fn sound(text: &str) -> Result<(), Problem> {
    KeySet::from_jwk_set(text).map(drop).map_err(|error| error.to_string())
}

fn shown(file: &Path) -> String {
    file.display().to_string().escape_debug().to_string()
}
