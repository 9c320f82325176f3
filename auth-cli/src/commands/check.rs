//! `cargo auth check`. In: policy files. Out: every finding in them, for people, programs or a
//! forge.

use std::path::{Path, PathBuf};

use auth_policy::{Checked, Diagnostic, Severity, Source, check};
use clap::ValueEnum;

use crate::{exit::Outcome, policies, terminal};

mod github;
mod json;
mod sarif;
mod text;

/// Say everything that is wrong with a policy
///
/// Prints every finding with its code, place and help. Exits 0 if the policies can be used, 1 if
/// there are errors, 2 if a file could not be read.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The files to check [default: the package's policy and policies/*.yaml]
    #[arg(value_name = "POLICY")]
    policies: Vec<PathBuf>,

    /// Treat findings of this kind as errors
    #[arg(long, value_name = "KIND")]
    deny: Vec<Denied>,

    /// For whom the findings are
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    format: Format,
}

/// What `--deny` takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Denied {
    Warnings,
}

/// What `--format` takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For people, in colour on a terminal
    Text,
    /// For programs: one document, its shape versioned
    Json,
    /// Annotations of a GitHub workflow
    Github,
    /// SARIF 2.1.0, for code scanning
    Sarif,
}

/// A file and what was found in it.
struct File {
    source: Source,
    checked: Checked,
}

pub(super) fn run(arguments: &Arguments) -> Outcome {
    let policies = match policies::named_or_found(&arguments.policies) {
        Ok(policies) => policies,
        Err(problem) => {
            terminal::complain(&problem);
            return Outcome::Misused;
        }
    };
    let files: Vec<_> = policies.iter().map(|path| read(path)).collect();
    let worst = files.iter().map(|file| outcome(file.as_ref(), arguments)).max();
    let files: Vec<File> = files.into_iter().flatten().collect();
    let said = match arguments.format {
        Format::Text => text::text(&files, terminal::colored()),
        Format::Json => json::json(&files),
        Format::Github => github::annotations(&files),
        Format::Sarif => sarif::sarif(&files),
    };
    if !said.is_empty() {
        terminal::say(said.trim_end());
    }
    worst.unwrap_or(Outcome::Fine)
}

fn read(path: &Path) -> Option<File> {
    let name = path.display().to_string();
    match Source::read(path, name.clone()) {
        Ok(source) => Some(File { checked: check(&source), source }),
        Err(error) => {
            terminal::complain(&format!("cannot read `{}`: {error}", name.escape_debug()));
            None
        }
    }
}

fn outcome(file: Option<&File>, arguments: &Arguments) -> Outcome {
    let Some(file) = file else { return Outcome::Misused };
    let deny = arguments.deny.contains(&Denied::Warnings);
    let denied = deny && count(&file.checked.diagnostics, Severity::Warning) > 0;
    if file.checked.policy.is_none() || denied { Outcome::Found } else { Outcome::Fine }
}

fn count(diagnostics: &[Diagnostic], severity: Severity) -> usize {
    diagnostics.iter().filter(|found| found.severity == severity).count()
}
