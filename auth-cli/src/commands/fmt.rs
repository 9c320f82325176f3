//! `cargo auth fmt`. In: policy files. Out: the same files in their canonical form.

use std::path::Path;

use auth_policy::{Diagnostic, FormatError, Source, format};

use crate::{
    exit::Outcome,
    files::{self, Readers},
    format::Format,
    policies, terminal,
};

mod show;

/// Write policies in one order and one spacing
///
/// Comments are kept, and so is the meaning: what was written is read again before a file is
/// replaced. A file that cannot be formatted safely is left as it is, and the reason is told.
///
/// Exits 0 if all files are in form now, 1 if `--check` found one that is not or a file cannot be
/// read as a policy, 2 if a file could not be read, formatted or written.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The files to format; `-` is standard input, whose form is printed [default: the package's
    /// policy and policies/*.yaml]
    #[arg(value_name = "POLICY")]
    policies: Vec<std::path::PathBuf>,

    /// Change nothing, but exit 1 if a file is not in form
    #[arg(long)]
    check: bool,

    /// For whom it is said what became of each file
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    format: Format,
}

/// A file, and what became of it.
struct File {
    source: Source,
    state: State,
}

/// What became of a file.
enum State {
    /// Nothing: it was as it would be written.
    InForm,
    /// It was written.
    Formatted,
    /// It came by standard input: this is what it would be.
    Printed(String),
    /// It would be written, but only a check was asked for.
    NotInForm,
    /// It is no policy that can be read, for these reasons, and was left as it is.
    Unreadable(Vec<Diagnostic>),
}

impl State {
    const fn outcome(&self) -> Outcome {
        match self {
            Self::InForm | Self::Formatted | Self::Printed(_) => Outcome::Fine,
            Self::NotInForm | Self::Unreadable(_) => Outcome::Found,
        }
    }
}

pub(super) fn run(arguments: &Arguments) -> Outcome {
    let policies = match policies::named_or_found(&arguments.policies) {
        Ok(policies) => policies,
        Err(problem) => {
            terminal::complain(&problem);
            return Outcome::Misused;
        }
    };
    let done = policies.iter().map(|path| one(path, arguments.check));
    let (mut files, mut worst) = (Vec::new(), Outcome::Fine);
    for done in done {
        match done {
            Ok(file) => {
                worst = worst.max(file.state.outcome());
                files.push(file);
            }
            Err(problem) => {
                terminal::complain(&problem);
                worst = Outcome::Misused;
            }
        }
    }
    terminal::tell(&match arguments.format {
        Format::Text => show::text(&files, terminal::colored()),
        Format::Json => show::json(&files),
        Format::Markdown => show::markdown(&files),
    });
    worst
}

fn one(path: &Path, only_check: bool) -> Result<File, String> {
    let shown = path.display().to_string().escape_debug().to_string();
    let source =
        policies::source(path).map_err(|error| format!("cannot read `{shown}`: {error}"))?;
    let state = match format(&source) {
        Ok(formatted) if policies::is_input(path) && !only_check => State::Printed(formatted),
        Ok(formatted) if formatted == source.text() => State::InForm,
        Ok(_) if only_check => State::NotInForm,
        Ok(formatted) => {
            files::replace(path, &formatted, Readers::Usual)
                .map_err(|error| format!("cannot write `{shown}`: {error}"))?;
            State::Formatted
        }
        Err(FormatError::Unreadable(found)) => State::Unreadable(found),
        Err(error) => return Err(format!("`{shown}` is left as it is: {error}")),
    };
    Ok(File { source, state })
}
