//! The test of a lock. In: an application, and the lock beside its policy. Out: nothing if they say
//! the same, else which lines do not; or the lock written anew.

use std::{
    collections::HashSet,
    env,
    fs::OpenOptions,
    io::Write,
    path::{Path, PathBuf},
};

use auth_policy::{
    Policy,
    invariant::{Broken, broken},
    lock::Lock,
};

use super::{Application, file::LockFile};
use crate::Protected;

/// How many lines of a difference are shown.
const MOST_LINES: usize = 200;

/// What the test is asked to do by `AUTH_LOCK`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Task {
    Compare,
    Write,
}

/// Holds an application to its lock, or writes it: see [`lock_test!`](crate::lock_test).
///
/// # Panics
///
/// When the application cannot be made, or says something else than its lock.
#[track_caller]
#[allow(clippy::panic, reason = "it is the body of a test")]
pub fn hold<A: Application<Kind>, Kind>(
    make: impl FnOnce() -> A,
    package: &str,
    name: Option<&str>,
) {
    let held = Environment::read(package)
        .and_then(|environment| environment.hold(&application(make)?, name));
    if let Err(problem) = held {
        panic!("{problem}");
    }
}

/// The application, made inside a runtime of its own.
fn application<A: Application<Kind>, Kind>(make: impl FnOnce() -> A) -> Result<Protected, String> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| format!("no runtime can be started: {error}"))?;
    let made = runtime.block_on(async { make().ready().await });
    made.map_err(|error| format!("the application whose lock this is cannot be made: {error}"))
}

/// What the test is told from outside.
struct Environment {
    package: PathBuf,
    task: Task,
    /// Where it tells `cargo auth lock` what it found.
    told: Option<PathBuf>,
}

impl Environment {
    #[allow(clippy::disallowed_methods, reason = "the one place that asks what a test is to do")]
    fn read(package: &str) -> Result<Self, String> {
        let task = match env::var("AUTH_LOCK").unwrap_or_default().as_str() {
            "" | "check" => Task::Compare,
            "write" => Task::Write,
            _ => return Err("AUTH_LOCK is neither `write` nor `check`".to_owned()),
        };
        // A test that was built elsewhere is told by cargo where its package is now.
        let package = env::var_os("CARGO_MANIFEST_DIR").unwrap_or_else(|| package.into());
        let told = env::var_os("AUTH_LOCK_REPORT").map(PathBuf::from);
        Ok(Self { package: package.into(), task, told })
    }

    fn hold(&self, app: &Protected, name: Option<&str>) -> Result<(), String> {
        let policy = app.policy();
        let file = LockFile::beside(policy.path(), &self.package, name)?;
        let lock = app.inventory().lock();
        let text = lock.write(&policy);
        let broken: Vec<_> = broken(&policy, &with_siblings(&lock, &file))
            .into_iter()
            .map(|broken| shown_statement(&policy, &broken))
            .collect();
        let old = file.read()?;
        let current = old.as_ref() == Some(&text);
        if self.task == Task::Write && !current {
            file.write(&text)?;
        }
        self.tell(&file, old.as_deref(), &text, &broken)?;
        let stale = (!current && self.task == Task::Compare).then(|| stale(&file, old, &text));
        let problems: Vec<_> = broken.into_iter().chain(stale).collect();
        if problems.is_empty() { Ok(()) } else { Err(problems.join("\n\n")) }
    }

    /// One line of JSON for each lock, for `cargo auth lock`.
    fn tell(
        &self,
        file: &LockFile,
        old: Option<&str>,
        new: &str,
        broken: &[String],
    ) -> Result<(), String> {
        let Some(told) = &self.told else { return Ok(()) };
        let line = serde_json::json!({
            "lock": file.label,
            "path": file.path,
            "there": old.is_some(),
            "stale": old != Some(new),
            "changes": changes(old.unwrap_or_default(), new),
            "broken": broken,
        });
        append(told, &line.to_string()).map_err(|error| format!("AUTH_LOCK_REPORT: {error}"))
    }
}

/// The endpoints of an application, and those of others that run the same policy, as their locks say:
/// a statement may be about either.
fn with_siblings(lock: &Lock, file: &LockFile) -> Lock {
    let siblings = file.siblings().into_iter().filter_map(|text| Lock::parse(&text).ok());
    let others = siblings.flat_map(|sibling| sibling.endpoints);
    let mut all = lock.clone();
    all.endpoints.extend(others);
    all
}

/// A statement of the policy that does not hold, with its place and what to do.
fn shown_statement(policy: &Policy, broken: &Broken) -> String {
    let place = broken.endpoint.place;
    let (path, line, column) = (policy.path(), place.line, place.column);
    format!("{path}:{line}:{column}: {broken}\n  help: {}", broken.help())
}

fn append(path: &Path, line: &str) -> std::io::Result<()> {
    let mut file = OpenOptions::new().append(true).create(true).open(path)?;
    writeln!(file, "{line}")
}

fn stale(file: &LockFile, old: Option<String>, new: &str) -> String {
    let label = &file.label;
    let Some(old) = old else {
        return format!("there is no `{label}` yet: `cargo auth lock` writes it");
    };
    let changes = changes(&old, new);
    if changes.is_empty() {
        return format!("`{label}` has its lines in another order: `cargo auth lock` writes it");
    }
    let shown: Vec<_> = changes.iter().take(MOST_LINES).map(String::as_str).collect();
    let more = changes.len() - shown.len();
    let more = if more > 0 { format!("\n(and {more} more)") } else { String::new() };
    format!(
        "`{label}` is not what the application serves now:\n\n{}{more}\n\n`cargo auth lock` writes it; \
         its lines are reviewed like the policy",
        shown.join("\n")
    )
}

/// The lines that went, after `- `, and those that came, after `+ `, in the order of the lock. Both
/// texts are sorted alike, so that no search for the shortest difference is needed.
fn changes(old: &str, new: &str) -> Vec<String> {
    let (before, after): (HashSet<_>, HashSet<_>) = (old.lines().collect(), new.lines().collect());
    let mut came = new.lines().peekable();
    let mut changes = Vec::new();
    for line in old.lines() {
        if after.contains(line) {
            while let Some(new) = came.next_if(|new| *new != line && !before.contains(*new)) {
                changes.push(format!("+ {new}"));
            }
            came.next_if_eq(&line);
        } else {
            changes.push(format!("- {}", plain(line)));
        }
    }
    changes.extend(came.filter(|new| !before.contains(new)).map(|new| format!("+ {new}")));
    changes
}

/// A line fit to be printed.
///
/// SECURITY: the file may be anybody's work, and whoever reviews it reads this on a terminal. What
/// would act there, or hide part of the line, is written out; lines of our own hold no such thing.
fn plain(line: &str) -> String {
    let shown = |c: char| {
        let harmless = c.is_ascii_graphic() || c == ' ' || c.is_alphanumeric();
        if harmless { c.to_string() } else { c.escape_unicode().to_string() }
    };
    line.chars().map(shown).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a3_a_line_of_a_file_does_nothing_to_a_terminal() {
        let changes = changes("a\u{1b}[2Jb\u{202e}ä", "");
        assert_eq!(changes, ["- a\\u{1b}[2Jb\\u{202e}ä"]);
    }

    #[test]
    fn changed_lines_stand_where_they_are_in_the_lock() {
        assert_eq!(changes("a\nb\nc", "a\nb\nc"), <[&str; 0]>::default());
        assert_eq!(changes("a\nb\nc", "a\nB\nc\nd"), ["- b", "+ B", "+ d"]);
        assert_eq!(changes("b\nc", "a\nb"), ["+ a", "- c"]);
        assert_eq!(changes("", "a"), ["+ a"]);
        assert_eq!(changes("a\nb", ""), ["- a", "- b"]);
        // Lines in another order are the same lines: what is compared is the whole text.
        assert_eq!(changes("a\nb", "b\na"), <[&str; 0]>::default());
    }
}
