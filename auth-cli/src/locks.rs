//! Which locks belong to a policy. In: the path of the policy. Out: the locks beside it.

use std::{
    ffi::OsStr,
    path::{Path, PathBuf},
};

/// `NAME.lock` and `NAME.*.lock` in the folder of `NAME.yaml`, sorted.
pub(crate) fn beside(policy: &Path) -> Vec<PathBuf> {
    let folder = policy.parent().filter(|folder| !folder.as_os_str().is_empty());
    let Some(stem) = policy.file_stem() else { return Vec::new() };
    let Ok(entries) = folder.unwrap_or(Path::new(".")).read_dir() else { return Vec::new() };
    let names = entries.filter_map(|entry| Some(entry.ok()?.file_name()));
    let mut locks: Vec<_> = names
        .filter(|name| belongs(Path::new(name), stem))
        .map(|name| policy.with_file_name(name))
        .filter(|lock| lock.file_stem() == Some(stem) || !lock.with_extension("yaml").is_file())
        .collect();
    locks.sort();
    locks
}

/// Whether a file is called after the policy: with one more word before its ending, or none. (`a.b.lock`
/// is that of `a.b.yaml` where there is one.)
fn belongs(name: &Path, stem: &OsStr) -> bool {
    let rest = name.file_stem().filter(|_| name.extension() == Some(OsStr::new("lock")));
    rest.is_some_and(|rest| rest == stem || Path::new(rest).file_stem() == Some(stem))
}
