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

use crate::locate::{Located, SaidBy};

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

/// The error for a file that cannot be read, once per build.
fn missing(located: &Located, label: &str, why: &str) -> Unusable {
    static REPORTED: Mutex<Vec<PathBuf>> = Mutex::new(Vec::new());
    let mut reported = REPORTED.lock().unwrap_or_else(PoisonError::into_inner);
    if reported.contains(&located.file) {
        return Unusable::AlreadySaid;
    }
    reported.push(located.file.clone());
    let said_by = match located.said_by {
        SaidBy::Argument => "as the `policy` argument says",
        SaidBy::Manifest => "as `[package.metadata.auth]` in Cargo.toml says",
        SaidBy::Environment => "as the environment variable AUTH_POLICY says",
        SaidBy::Default => {
            "the default: name another in Cargo.toml, `[package.metadata.auth] policy = \"..\"`"
        }
    };
    let message = format!("the policy `{label}` cannot be read ({said_by}): {why}");
    Unusable::Because(syn::Error::new(located.span, message))
}
