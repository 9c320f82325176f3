//! `cargo auth check`. In: policy files. Out: every finding in them, for people, programs or a
//! forge.

use std::{
    io,
    path::{Path, PathBuf},
};

use auth_policy::{Checked, CheckedWithLocks, Diagnostic, Severity, Source, check_with_locks};
use clap::ValueEnum;

use crate::{exit::Outcome, locks, policies, terminal};

mod github;
pub(super) mod json;
pub(super) mod markdown;
mod sarif;
mod text;

/// Say everything that is wrong with a policy
///
/// Prints every finding with its code, place and help. Where a lock lies beside a policy, what no
/// endpoint uses is told too, and statements about endpoints are held. Exits 0 if the policies can be
/// used, 1 if there are errors, 2 if a file could not be read.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The files to check; `-` is standard input [default: the package's policy and
    /// policies/*.yaml]
    #[arg(value_name = "POLICY")]
    policies: Vec<PathBuf>,

    /// The locks of the applications that run the policy [default: NAME.lock and NAME.*.lock beside it]
    #[arg(long, value_name = "FILE")]
    lock: Vec<PathBuf>,

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
    /// For a comment on a pull request
    Markdown,
    /// Annotations of a GitHub workflow
    Github,
    /// SARIF 2.1.0, for code scanning
    Sarif,
}

/// A file and what was found in it: a policy, or a lock with something to find.
struct File {
    source: Source,
    checked: Checked,
    /// How many endpoints the locks of a policy have, where there are any.
    endpoints: Option<usize>,
}

pub(super) fn run(arguments: &Arguments) -> Outcome {
    let policies = match policies::named_or_found(&arguments.policies) {
        Ok(policies) => policies,
        Err(problem) => {
            terminal::complain(&problem);
            return Outcome::Misused;
        }
    };
    if !arguments.lock.is_empty() && policies.len() > 1 {
        terminal::complain("`--lock` is about one policy: name that policy");
        return Outcome::Misused;
    }
    let files: Vec<_> = policies.iter().map(|path| read(path, &arguments.lock)).collect();
    let unread = files.iter().any(Option::is_none);
    let files: Vec<File> = files.into_iter().flatten().flatten().collect();
    let worst = files.iter().map(|file| outcome(file, arguments)).max();
    terminal::tell(&match arguments.format {
        Format::Text => text::text(&files, terminal::colored()),
        Format::Json => json::json(&files),
        Format::Markdown => markdown::markdown(&files),
        Format::Github => github::annotations(&files),
        Format::Sarif => sarif::sarif(&files),
    });
    if unread { Outcome::Misused } else { worst.unwrap_or(Outcome::Fine) }
}

/// A policy and its locks, those named or those beside it; nothing if one cannot be read.
fn read(path: &Path, named: &[PathBuf]) -> Option<Vec<File>> {
    let source = source(path, |path, _| policies::source(path))?;
    let beside = if named.is_empty() { locks::beside(path) } else { named.to_vec() };
    let locks: Option<Vec<_>> =
        beside.iter().map(|lock| self::source(lock, Source::read_lock)).collect();
    let locks = locks?;
    let CheckedWithLocks { checked, locks: found, endpoints } = check_with_locks(&source, &locks);
    let endpoints = endpoints.filter(|_| !locks.is_empty());
    let mut files = vec![File { source, checked, endpoints }];
    for (source, diagnostics) in locks.into_iter().zip(found) {
        if !diagnostics.is_empty() {
            let checked = Checked { policy: None, diagnostics };
            files.push(File { source, checked, endpoints: None });
        }
    }
    Some(files)
}

fn source(path: &Path, read: impl FnOnce(&Path, String) -> io::Result<Source>) -> Option<Source> {
    let name = path.display().to_string();
    let read = read(path, name.clone());
    read.map_err(|error| {
        terminal::complain(&format!("cannot read `{}`: {error}", name.escape_debug()));
    })
    .ok()
}

fn outcome(file: &File, arguments: &Arguments) -> Outcome {
    let denied = arguments.deny.contains(&Denied::Warnings);
    let found = |severity| count(&file.checked.diagnostics, severity) > 0;
    let is_found = found(Severity::Error) || denied && found(Severity::Warning);
    if is_found { Outcome::Found } else { Outcome::Fine }
}

fn count(diagnostics: &[Diagnostic], severity: Severity) -> usize {
    diagnostics.iter().filter(|found| found.severity == severity).count()
}
