//! The policy, read once. In: where it is. Out: its source and the checked policy, or one error
//! per build that shows what is wrong with it.

use std::{
    collections::HashMap,
    path::PathBuf,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

use auth_policy::{Policy, Severity, Source};
use syn::LitStr;

use crate::locate::{Located, SaidBy, locate};

/// A policy file as it stood when it was last read.
pub(crate) struct Loaded {
    pub(crate) source: Source,
    checked: Result<Policy, String>,
    /// Whether somebody was told that it is wrong: once per build is enough.
    reported: AtomicBool,
}

/// A policy that cannot be used.
pub(crate) enum Unusable {
    /// Here is what is wrong with it.
    Because(syn::Error),
    /// Another attribute of this build has said what is wrong with it.
    AlreadySaid,
}

/// The policies read so far. A compiler process ends with its crate, but an editor's lives for
/// hours: an entry counts only while the file's text is what it was.
static READ: Mutex<Option<HashMap<PathBuf, Arc<Loaded>>>> = Mutex::new(None);

/// Where the policy is. What is wrong with the manifest is said once per build, like what is wrong
/// with the policy.
pub(crate) fn find(argument: Option<&LitStr>) -> Result<Located, Unusable> {
    locate(argument).map_err(|error| match argument {
        Some(_) => Unusable::Because(error),
        None => once(PathBuf::new(), error),
    })
}

/// The policy at that place.
pub(crate) fn load(located: &Located) -> Result<Arc<Loaded>, Unusable> {
    let loaded = read(located)?;
    let Err(report) = &loaded.checked else { return Ok(loaded) };
    if loaded.reported.swap(true, Ordering::Relaxed) {
        return Err(Unusable::AlreadySaid);
    }
    Err(Unusable::Because(syn::Error::new(located.span, report)))
}

impl Loaded {
    /// The checked policy; `load` has returned only those that have one.
    pub(crate) fn policy(&self) -> Option<&Policy> {
        self.checked.as_ref().ok()
    }

    fn new(source: Source) -> Self {
        let checked = auth_policy::check(&source);
        let errors: Vec<_> = checked
            .diagnostics
            .iter()
            .filter(|diagnostic| diagnostic.severity == Severity::Error)
            .collect();
        let checked = checked.policy.ok_or_else(|| {
            let count = if errors.len() == 1 { "an error" } else { "errors" };
            let rendered = errors.iter().map(|error| error.render(&source)).collect::<Vec<_>>();
            format!("the policy has {count}\n\n{}", rendered.join("\n\n").trim_end())
        });
        Self { source, checked, reported: AtomicBool::new(false) }
    }
}

fn read(located: &Located) -> Result<Arc<Loaded>, Unusable> {
    let label = located.label();
    let source = Source::read(&located.file, &label)
        .map_err(|error| missing(located, &label, &error.to_string()))?;
    SAID.lock().unwrap_or_else(PoisonError::into_inner).retain(|file| *file != located.file);
    let mut read = READ.lock().unwrap_or_else(PoisonError::into_inner);
    let read = read.get_or_insert_default();
    match read.get(&located.file) {
        Some(loaded) if loaded.source.text() == source.text() => Ok(Arc::clone(loaded)),
        _ => {
            let loaded = Arc::new(Loaded::new(source));
            read.insert(located.file.clone(), Arc::clone(&loaded));
            Ok(loaded)
        }
    }
}

/// What was said of files that could not be used, until they can be.
static SAID: Mutex<Vec<PathBuf>> = Mutex::new(Vec::new());

/// An error about that file, the first time.
fn once(file: PathBuf, error: syn::Error) -> Unusable {
    let mut said = SAID.lock().unwrap_or_else(PoisonError::into_inner);
    if said.contains(&file) {
        return Unusable::AlreadySaid;
    }
    said.push(file);
    Unusable::Because(error)
}

/// The error for a policy that cannot be read.
fn missing(located: &Located, label: &str, why: &str) -> Unusable {
    let said_by = match located.said_by {
        SaidBy::Argument => "as the `policy` argument says",
        SaidBy::Manifest => "as `[package.metadata.auth]` in Cargo.toml says",
        SaidBy::Environment => "as the environment variable AUTH_POLICY says",
        SaidBy::Default => {
            "the default: name another in Cargo.toml, `[package.metadata.auth] policy = \"..\"`"
        }
    };
    let message = format!("the policy `{label}` cannot be read ({said_by}): {why}");
    once(located.file.clone(), syn::Error::new(located.span, message))
}
