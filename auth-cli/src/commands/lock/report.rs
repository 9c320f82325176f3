//! What the tests told. In: a line of JSON for each lock. Out: the locks, and those beside them that
//! no test spoke of.

use std::{
    collections::{BTreeMap, BTreeSet},
    ffi::OsStr,
    path::{Path, PathBuf},
};

use serde::Deserialize;

/// The locks of one run, sorted by name.
#[derive(Debug, Default)]
pub(super) struct Report {
    pub(super) locks: Vec<Lock>,
    /// Locks in the same folders whose applications were not asked.
    pub(super) others: Vec<String>,
}

/// A lock as its test found it.
#[derive(Debug, Deserialize)]
pub(super) struct Lock {
    /// What reviewers call it.
    pub(super) lock: String,
    path: PathBuf,
    /// Whether there was one.
    pub(super) there: bool,
    /// The lines that changed, each after `- ` or `+ `.
    pub(super) changes: Vec<String>,
    /// Whether it differed at all, and be it in the order of its lines.
    pub(super) stale: bool,
    /// Statements of the policy about endpoints that do not hold.
    pub(super) broken: Vec<String>,
}

impl Lock {
    /// Whether there is something to object to. What was stale is not any more, unless nothing was to
    /// be written.
    pub(super) fn is_found(&self, check: bool) -> bool {
        check && self.stale || !self.broken.is_empty()
    }
}

impl Report {
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let mut locks = BTreeMap::new();
        for line in text.lines() {
            let lock: Lock = serde_json::from_str(line).map_err(|error| {
                format!(
                    "the tests told something that this release does not understand ({error}): \
                     are `cargo auth` and `auth-runtime` of one release?"
                )
            })?;
            // Two tests of one lock, such as of a library and a binary: what changed is in the first.
            locks.entry(lock.path.clone()).or_insert(lock);
        }
        let others = others(locks.keys());
        Ok(Self { locks: locks.into_values().collect(), others })
    }
}

/// The locks in the folders of these that are none of these.
fn others<'p>(told: impl Iterator<Item = &'p PathBuf> + Clone) -> Vec<String> {
    let known: BTreeSet<_> = told.clone().collect();
    let folders: BTreeSet<&Path> = told.filter_map(|path| path.parent()).collect();
    let files = folders.into_iter().filter_map(|folder| folder.read_dir().ok()).flatten();
    let paths = files.filter_map(|entry| Some(entry.ok()?.path()));
    let is_other = |path: &PathBuf| path.extension() == Some(OsStr::new("lock"));
    let mut others: Vec<_> = paths
        .filter(|path| is_other(path) && !known.contains(path))
        .filter_map(|path| Some(path.file_name()?.to_string_lossy().escape_debug().to_string()))
        .collect();
    others.sort();
    others
}
