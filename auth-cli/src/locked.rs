//! A policy and the locks beside it. In: the file that was named, or none. Out: all of them, read and
//! checked, for the commands that say who may call what.

use std::{
    fmt,
    path::{Path, PathBuf},
};

use auth_policy::{
    Diagnostic, Severity, Source, check,
    diff::Application,
    lock::{Endpoint, Lock},
    policy::Policy,
};

use crate::{exit::Outcome, locks, policies, terminal};

/// Which policy a command is about.
#[derive(Debug, clap::Args)]
pub(crate) struct Which {
    /// The policy; its locks lie beside it [default: the package's policy, or the only one in
    /// policies/]
    #[arg(long, value_name = "FILE")]
    policy: Option<PathBuf>,

    /// The locks of the applications that are meant [default: NAME.lock and NAME.*.lock beside it]
    #[arg(long, value_name = "FILE")]
    lock: Vec<PathBuf>,
}

/// A policy and the locks of its applications.
pub(crate) struct Locked {
    pub(crate) source: Source,
    pub(crate) policy: Policy,
    applications: Vec<Application>,
    /// The endpoints of all of them.
    pub(crate) lock: Lock,
    /// What `check` says of the policy, which is no error.
    pub(crate) findings: Vec<Diagnostic>,
}

impl Locked {
    /// All of them, or one sentence that says which is not there or cannot be used.
    fn read(path: &Path, locks: &[PathBuf]) -> Result<Self, String> {
        let name = path.display().to_string();
        let unread = |error| format!("cannot read `{}`: {error}", name.escape_debug());
        let source = Source::read(path, name.clone()).map_err(unread)?;
        let checked = check(&source);
        let errors = checked.diagnostics.iter().filter(|found| found.severity == Severity::Error);
        let errors = match errors.count() {
            1 => "1 error".to_owned(),
            count => format!("{count} errors"),
        };
        let policy = checked.policy.ok_or_else(|| {
            let name = name.escape_debug();
            format!("`{name}` has {errors}; `cargo auth check {name}` tells them")
        })?;
        let applications = applications(path, locks)?;
        let (lock, findings) = (locks::all(&applications), checked.diagnostics);
        Ok(Self { source, policy, applications, lock, findings })
    }

    /// The endpoint that people call so.
    pub(crate) fn endpoint(&self, written: &str) -> Result<&Endpoint, String> {
        locks::find(&self.applications, written)
    }
}

/// Answers a question about the policy that was named; else, of several, about the one that knows
/// what is asked about.
pub(crate) fn answer(which: &Which, answer: impl Fn(&Locked) -> Result<String, String>) -> Outcome {
    tell(policies::candidates(which.policy.as_deref()).and_then(|candidates| {
        if let [only] = candidates.as_slice() {
            return Locked::read(only, &which.lock).and_then(|locked| answer(&locked));
        }
        let locked = |path: &PathBuf| Some((path.clone(), Locked::read(path, &which.lock).ok()?));
        let locked: Vec<_> = candidates.iter().filter_map(locked).collect();
        if let [(_, only)] = locked.as_slice() {
            return answer(only);
        }
        let (mut known, mut unknown) = (Vec::new(), Vec::new());
        for (path, locked) in locked {
            match answer(&locked) {
                Ok(said) => known.push((path, said)),
                Err(problem) => unknown.push(format!("`{}`: {problem}", path.display())),
            }
        }
        match known.as_slice() {
            [(_, only)] => Ok(only.clone()),
            [] if !unknown.is_empty() => Err(unknown.join("\n")),
            [] => Err(policies::several(&candidates)),
            _ => {
                let paths: Vec<_> = known.into_iter().map(|(path, _)| path).collect();
                Err(policies::several(&paths))
            }
        }
    }))
}

/// Does something with the one policy that is meant.
pub(crate) fn with_one(
    which: &Which,
    act: impl FnOnce(&Locked) -> Result<String, String>,
) -> Outcome {
    let path = policies::one(which.policy.as_deref());
    tell(path.and_then(|path| Locked::read(&path, &which.lock)).and_then(|locked| act(&locked)))
}

fn tell(answer: Result<String, String>) -> Outcome {
    match answer {
        Ok(said) => {
            terminal::tell(&said);
            Outcome::Fine
        }
        Err(problem) => {
            terminal::complain(&problem);
            Outcome::Misused
        }
    }
}

/// The applications of a policy, of which there has to be one.
fn applications(policy: &Path, named: &[PathBuf]) -> Result<Vec<Application>, String> {
    let found = locks::applications(policy, named)?;
    if found.is_empty() {
        let name = policy.with_extension("lock").display().to_string();
        return Err(format!(
            "there is no `{}`, which says what the endpoints ask for: `cargo auth lock` writes it \
             from the application's router",
            name.escape_debug()
        ));
    }
    Ok(found)
}

/// Text in bold on a terminal.
pub(crate) fn bold(text: impl fmt::Display) -> String {
    if terminal::colored() { format!("\u{1b}[1m{text}\u{1b}[0m") } else { text.to_string() }
}
