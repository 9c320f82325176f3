//! A policy and the lock beside it. In: the file that was named, or none. Out: both, read and
//! checked, for the commands that say who may call what.

use std::{
    fmt, fs,
    path::{Path, PathBuf},
};

use auth_policy::{Diagnostic, Severity, Source, check, lock::Lock, policy::Policy};

use crate::{exit::Outcome, policies, terminal};

/// Which policy a command is about.
#[derive(Debug, clap::Args)]
pub(crate) struct Which {
    /// The policy; its lock lies beside it [default: the package's policy, or the only one in
    /// policies/]
    #[arg(long, value_name = "FILE")]
    policy: Option<PathBuf>,
}

/// A policy and its lock.
pub(crate) struct Locked {
    pub(crate) source: Source,
    pub(crate) policy: Policy,
    pub(crate) lock: Lock,
    /// What `check` says of the policy, which is no error.
    pub(crate) findings: Vec<Diagnostic>,
}

impl Locked {
    /// Both of them, or one sentence that says which is not there or cannot be used.
    fn read(path: &Path) -> Result<Self, String> {
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
        Ok(Self { lock: lock(path)?, source, policy, findings: checked.diagnostics })
    }
}

/// Answers a question about the policy that was named; else, of several, about the one that knows
/// what is asked about.
pub(crate) fn answer(which: &Which, answer: impl Fn(&Locked) -> Result<String, String>) -> Outcome {
    tell(policies::candidates(which.policy.as_deref()).and_then(|candidates| {
        if let [only] = candidates.as_slice() {
            return Locked::read(only).and_then(|locked| answer(&locked));
        }
        let locked = |path: &PathBuf| Some((path.clone(), Locked::read(path).ok()?));
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
    tell(path.and_then(|path| Locked::read(&path)).and_then(|locked| act(&locked)))
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

fn lock(policy: &Path) -> Result<Lock, String> {
    let path = policy.with_extension("lock");
    let name = path.display().to_string();
    let name = name.escape_debug();
    match fs::read_to_string(&path) {
        Ok(text) => Lock::parse(&text).map_err(|error| format!("`{name}`: {error}")),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Err(format!(
            "there is no `{name}`, which says what the endpoints ask for: `cargo auth lock` writes \
             it from the application's router"
        )),
        Err(error) => Err(format!("cannot read `{name}`: {error}")),
    }
}

/// Text in bold on a terminal.
pub(crate) fn bold(text: impl fmt::Display) -> String {
    if terminal::colored() { format!("\u{1b}[1m{text}\u{1b}[0m") } else { text.to_string() }
}
