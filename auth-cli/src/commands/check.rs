//! `cargo auth check`. In: policy files. Out: every finding in them, and a line for each file.

use std::{
    ffi::OsStr,
    io,
    path::{Path, PathBuf},
};

use auth_policy::{Checked, Diagnostic, Policy, Severity, Source, check};
use clap::ValueEnum;

use crate::{exit::Outcome, terminal};

/// The folder that is searched when no policy is named.
const FOLDER: &str = "policies";

/// Say everything that is wrong with a policy
///
/// Prints every finding with its code, place and help. Exits 0 if the policies can be used, 1 if
/// there are errors, 2 if a file could not be read.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The files to check [default: policies/*.yaml]
    #[arg(value_name = "POLICY")]
    policies: Vec<PathBuf>,

    /// Treat findings of this kind as errors
    #[arg(long, value_name = "KIND")]
    deny: Vec<Denied>,
}

/// What `--deny` takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Denied {
    Warnings,
}

pub(super) fn run(arguments: &Arguments) -> Outcome {
    let policies = match named_or_found(arguments) {
        Ok(policies) => policies,
        Err(problem) => {
            terminal::complain(&problem);
            return Outcome::Misused;
        }
    };
    let deny = arguments.deny.contains(&Denied::Warnings);
    let outcomes = policies.iter().map(|path| check_file(path, deny));
    outcomes.max().unwrap_or(Outcome::Fine)
}

fn named_or_found(arguments: &Arguments) -> Result<Vec<PathBuf>, String> {
    if !arguments.policies.is_empty() {
        return Ok(arguments.policies.clone());
    }
    let found = yaml_files(Path::new(FOLDER))
        .map_err(|error| format!("no policy is named, and `{FOLDER}` cannot be read: {error}"))?;
    if found.is_empty() {
        return Err(format!("no policy is named, and `{FOLDER}` holds no .yaml file"));
    }
    Ok(found)
}

/// The policies in a folder, sorted. Tests of policies (`*.test.yaml`) are none.
fn yaml_files(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let paths = folder.read_dir()?.map(|entry| Ok(entry?.path()));
    let mut files = paths.collect::<io::Result<Vec<_>>>()?;
    files.retain(|path| path.extension() == Some(OsStr::new("yaml")) && !is_test(path));
    files.sort();
    Ok(files)
}

fn is_test(path: &Path) -> bool {
    path.file_stem().is_some_and(|stem| Path::new(stem).extension() == Some(OsStr::new("test")))
}

fn check_file(path: &Path, deny_warnings: bool) -> Outcome {
    let label = path.to_string_lossy();
    match Source::read(path, label.as_ref()) {
        Ok(source) => tell(&source, &check(&source), deny_warnings),
        Err(error) => {
            terminal::complain(&format!("cannot read `{}`: {error}", label.escape_debug()));
            Outcome::Misused
        }
    }
}

fn tell(source: &Source, checked: &Checked, deny_warnings: bool) -> Outcome {
    let colored = terminal::colored();
    for found in &checked.diagnostics {
        let text = if colored { found.render_colored(source) } else { found.render(source) };
        terminal::say(&format!("{text}\n"));
    }
    let warnings = count(&checked.diagnostics, Severity::Warning);
    terminal::say(&format!("{}: {}", source.path().escape_debug(), summary(checked)));
    let denied = deny_warnings && warnings > 0;
    if checked.policy.is_none() || denied { Outcome::Found } else { Outcome::Fine }
}

/// `ok, 5 scopes, 3 roles, ..` or `2 errors, 1 warning`.
fn summary(checked: &Checked) -> String {
    let counts =
        [(Severity::Error, "error"), (Severity::Warning, "warning"), (Severity::Note, "note")];
    let findings = counts.map(|(severity, noun)| (count(&checked.diagnostics, severity), noun));
    let findings = findings.into_iter().filter(|(count, _)| *count > 0);
    let findings = findings.map(|(count, noun)| counted(count, noun));
    let contents = checked.policy.as_ref().map(contents).unwrap_or_default();
    contents.into_iter().chain(findings).collect::<Vec<_>>().join(", ")
}

fn contents(policy: &Policy) -> Vec<String> {
    vec![
        "ok".to_owned(),
        counted(policy.scopes().len(), "scope"),
        counted(policy.roles().len(), "role"),
        counted(policy.schemes().len(), "scheme"),
        counted(policy.rules().len(), "rule"),
        counted(policy.invariants().len(), "invariant"),
    ]
}

fn counted(count: usize, noun: &str) -> String {
    format!("{count} {noun}{}", if count == 1 { "" } else { "s" })
}

fn count(diagnostics: &[Diagnostic], severity: Severity) -> usize {
    diagnostics.iter().filter(|found| found.severity == severity).count()
}
