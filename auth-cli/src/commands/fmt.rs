//! `cargo auth fmt`. In: policy files. Out: the same files in their canonical form.

use std::path::{Path, PathBuf};

use auth_policy::{FormatError, Source, format};

use crate::{
    exit::Outcome,
    files::{self, Readers},
    policies, terminal,
};

/// Write policies in one order and one spacing
///
/// Comments are kept, and so is the meaning: what was written is read again before a file is
/// replaced. A file that cannot be formatted safely is left as it is, and the reason is told.
///
/// Exits 0 if all files are in form now, 1 if `--check` found one that is not or a file cannot be
/// read as a policy, 2 if a file could not be read, formatted or written.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The files to format [default: the package's policy and policies/*.yaml]
    #[arg(value_name = "POLICY")]
    policies: Vec<PathBuf>,

    /// Change nothing, but exit 1 if a file is not in form
    #[arg(long)]
    check: bool,
}

pub(super) fn run(arguments: &Arguments) -> Outcome {
    match policies::named_or_found(&arguments.policies) {
        Ok(policies) => {
            let outcomes = policies.iter().map(|path| one(path, arguments.check));
            outcomes.max().unwrap_or(Outcome::Fine)
        }
        Err(problem) => {
            terminal::complain(&problem);
            Outcome::Misused
        }
    }
}

fn one(path: &Path, only_check: bool) -> Outcome {
    let name = path.display().to_string();
    let source = match Source::read(path, name.clone()) {
        Ok(source) => source,
        Err(error) => return misused(&format!("cannot read `{}`: {error}", name.escape_debug())),
    };
    let formatted = match format(&source) {
        Ok(formatted) => formatted,
        Err(error) => return left(&source, &error),
    };
    if formatted == source.text() {
        return Outcome::Fine;
    }
    let name = source.path().escape_debug();
    if only_check {
        terminal::say(&format!("{name}: not in form; `cargo auth fmt` writes it"));
        return Outcome::Found;
    }
    match files::replace(path, &formatted, Readers::Usual) {
        Ok(()) => {
            terminal::say(&format!("{name}: formatted"));
            Outcome::Fine
        }
        Err(error) => misused(&format!("cannot write `{name}`: {error}")),
    }
}

/// Tells why a file is left as it is.
fn left(source: &Source, error: &FormatError) -> Outcome {
    let name = source.path().escape_debug();
    match error {
        FormatError::Unreadable(found) => {
            for found in found {
                terminal::say(&format!("{}\n", found.render(source)));
            }
            terminal::say(&format!("{name}: left as it is, because it cannot be read"));
            Outcome::Found
        }
        error => misused(&format!("`{name}` is left as it is: {error}")),
    }
}

fn misused(problem: &str) -> Outcome {
    terminal::complain(problem);
    Outcome::Misused
}
