//! `cargo auth test`. In: files of policy tests. Out: every expectation that does not hold, how much
//! of each policy the tests speak of and, on request, the lines that no test would miss.

use std::path::{Path, PathBuf};

use auth_policy::{
    Diagnostic, MAX_POLICY_BYTES, Policy, Source, check,
    lock::Lock,
    testing::{Coverage, Failure, Mutation, PolicyTests},
};
use clap::ValueEnum;

use crate::{exit::Outcome, format::Format, locks, policies, terminal};

mod json;
mod markdown;
mod text;

/// How many changes `--mutate` tries of one policy, unless it is told.
const MOST: &str = "10000";

/// Hold policies to tests of who reaches what
///
/// Reads `NAME.test.yaml`, the policy it names (else `NAME.yaml` beside it) and the lock it names (else
/// `NAME.lock`). `NAME.WORD.test.yaml` is of `NAME.yaml` and `NAME.WORD.lock`.
/// What is not listed is expected to be refused. Exits 0 if everything is as expected, 1 if not, 2 if
/// a file could not be read.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The files of tests [default: policies/*.test.yaml]
    #[arg(value_name = "FILE")]
    files: Vec<PathBuf>,

    /// Also tell the lines of the policy, and the rules in the code, that no test would miss
    #[arg(long)]
    mutate: bool,

    /// How many changes of a policy `--mutate` tries at most
    #[arg(long, value_name = "NUMBER", default_value = MOST, requires = "mutate")]
    most: usize,

    /// Treat findings of this kind as errors
    #[arg(long, value_name = "KIND")]
    deny: Vec<Denied>,

    /// For whom the results are
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    format: Format,
}

/// What `--deny` takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Denied {
    Warnings,
}

/// A file of tests and what came of it.
struct Tested {
    tests: Source,
    policy: Source,
    lock: Source,
    /// What keeps the tests from being run, in the file of tests or in the policy.
    faults: Vec<Fault>,
    results: Option<Results>,
}

/// Findings, and the file they are in.
struct Fault {
    /// Whether it is the policy; else it is the file of tests.
    in_policy: bool,
    found: Diagnostic,
}

/// What came of tests that could be run.
struct Results {
    failures: Vec<Failure>,
    /// How many more there are.
    skipped: usize,
    findings: Vec<Diagnostic>,
    coverage: Coverage,
    mutation: Option<Mutation>,
}

pub(super) fn run(arguments: &Arguments) -> Outcome {
    let files = match policies::tests_named_or_found(&arguments.files) {
        Ok(files) => files,
        Err(problem) => {
            terminal::complain(&problem);
            return Outcome::Misused;
        }
    };
    let tested: Vec<_> = files.iter().map(|file| tested(file, arguments)).collect();
    let worst = tested.iter().map(|tested| outcome(tested.as_ref(), arguments)).max();
    let complaints = tested.iter().filter_map(|tested| tested.as_ref().err());
    complaints.for_each(|problem| terminal::complain(problem));
    let tested: Vec<Tested> = tested.into_iter().flatten().collect();
    terminal::tell(&match arguments.format {
        Format::Text => text::text(&tested, terminal::colored()),
        Format::Json => json::json(&tested),
        Format::Markdown => markdown::markdown(&tested),
    });
    worst.unwrap_or(Outcome::Fine)
}

fn outcome(tested: Result<&Tested, &String>, arguments: &Arguments) -> Outcome {
    let Ok(tested) = tested else { return Outcome::Misused };
    let Some(results) = &tested.results else { return Outcome::Found };
    let survivors = results.mutation.as_ref().is_some_and(|found| !found.survivors.is_empty());
    let denied = arguments.deny.contains(&Denied::Warnings) && survivors;
    if !results.failures.is_empty() || denied { Outcome::Found } else { Outcome::Fine }
}

fn tested(file: &Path, arguments: &Arguments) -> Result<Tested, String> {
    let tests = source(file)?;
    let read = PolicyTests::read(&tests);
    let named = read.as_ref().ok().and_then(PolicyTests::policy);
    let path = policy_of(file, named);
    let policy = source(&path)?;
    let lock = read.as_ref().ok().and_then(PolicyTests::lock);
    let lock_path = lock_of(file, &path, lock)?;
    let lock = source(&lock_path).map_err(|problem| {
        format!("{problem}: `cargo auth lock` writes the endpoints of the application there")
    })?;
    let checked = check(&policy);
    let mut tested = Tested { tests, policy, lock, faults: Vec::new(), results: None };
    match (read, checked.policy) {
        (Ok(read), Some(policy)) => tested.hold(&read, &policy, arguments)?,
        (read, policy) => {
            let found = read.err().unwrap_or_default();
            tested.faults.extend(found.into_iter().map(|found| Fault { in_policy: false, found }));
            let found = checked.diagnostics.into_iter().filter(|_| policy.is_none());
            tested.faults.extend(found.map(|found| Fault { in_policy: true, found }));
        }
    }
    Ok(tested)
}

impl Tested {
    fn hold(
        &mut self,
        tests: &PolicyTests,
        policy: &Policy,
        arguments: &Arguments,
    ) -> Result<(), String> {
        let lock = Lock::parse(self.lock.text()).map_err(|error| {
            let help = error.help.map(|help| format!(": {help}")).unwrap_or_default();
            let (path, line) = (self.lock.path(), error.place.line);
            format!("`{path}` is no lock, line {line}: {}{help}", error.message)
        })?;
        let expectations = match tests.expect(&self.tests, policy, &lock) {
            Ok(expectations) => expectations,
            Err(found) => {
                let faults = found.into_iter().map(|found| Fault { in_policy: false, found });
                self.faults.extend(faults);
                return Ok(());
            }
        };
        let outcome = expectations.run();
        let mutation = arguments.mutate.then(|| expectations.mutate(&self.policy, arguments.most));
        self.results = Some(Results {
            failures: outcome.failures().to_vec(),
            skipped: outcome.skipped(),
            findings: outcome.diagnostics(&self.tests),
            coverage: expectations.coverage(),
            mutation: mutation.and_then(Result::ok),
        });
        Ok(())
    }
}

fn source(path: &Path) -> Result<Source, String> {
    let name = path.display().to_string();
    let shown = name.escape_debug().to_string();
    let source =
        Source::read(path, name).map_err(|error| format!("cannot read `{shown}`: {error}"))?;
    let too_large =
        path.extension().is_some_and(|ending| ending == "lock") && source.text().is_empty();
    if too_large {
        return Err(format!("`{shown}` is empty, or longer than {MAX_POLICY_BYTES} bytes"));
    }
    Ok(source)
}

/// The policy that a file of tests speaks of.
fn policy_of(file: &Path, named: Option<&str>) -> PathBuf {
    if let Some(named) = named {
        return file.with_file_name(named);
    }
    let own = file.with_file_name(stem(file).with_extension("yaml"));
    // `NAME.WORD.test.yaml` is of the application that has the lock `NAME.WORD.lock` under `NAME.yaml`.
    let shared = own.with_extension("").with_extension("yaml");
    if !own.is_file() && shared.is_file() { shared } else { own }
}

/// The lock that a file of tests speaks of: that of its own name, else the only one of the policy.
fn lock_of(file: &Path, policy: &Path, named: Option<&str>) -> Result<PathBuf, String> {
    if let Some(named) = named {
        return Ok(file.with_file_name(named));
    }
    let beside = locks::beside(policy);
    let name = format!("{}.lock", stem(file).display());
    let own = beside.iter().find(|lock| lock.file_name().is_some_and(|it| it == name.as_str()));
    match (own, beside.as_slice()) {
        (Some(own), _) | (None, [own]) => Ok(own.clone()),
        (None, []) => Ok(policy.with_extension("lock")),
        (None, several) => {
            let names = several.iter().map(|lock| format!("`{}`", lock.display()));
            Err(format!(
                "`{}` could be of {}: say with `lock:` which it is",
                file.display().to_string().escape_debug(),
                names.collect::<Vec<_>>().join(" or ")
            ))
        }
    }
}

/// `NAME` of `NAME.test.yaml`.
fn stem(file: &Path) -> PathBuf {
    let stem = file.file_stem().map(PathBuf::from).unwrap_or_default();
    stem.with_extension("")
}
