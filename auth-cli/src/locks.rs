//! The locks of a policy's applications, wherever a command asks for them. In: the policy, as a file
//! or as a file of a revision. Out: the locks beside it, each with the word that tells it from others.

use std::{
    fs::File,
    io::{self, Read},
    path::{Path, PathBuf},
};

use auth_policy::{
    diff::Application,
    lock::{Endpoint, Lock, MAX_LOCK_BYTES},
};

/// `NAME.lock` and `NAME.*.lock` in the folder of `NAME.yaml`, sorted, the one without a word first.
pub(crate) fn beside(policy: &Path) -> Vec<PathBuf> {
    let folder = policy.parent().filter(|folder| !folder.as_os_str().is_empty());
    let Ok(entries) = folder.unwrap_or(Path::new(".")).read_dir() else { return Vec::new() };
    let names = entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
    let names: Vec<_> = names.collect();
    of(policy, &names).into_iter().map(|(_, name)| policy.with_file_name(name)).collect()
}

/// Which files of a folder are locks of a policy in it: the word of each, and its name.
///
/// `a.b.lock` is that of `a.b.yaml` where there is one, and else that of the application `b` under
/// `a.yaml`.
pub(crate) fn of<'n>(policy: &Path, names: &'n [String]) -> Vec<(Option<&'n str>, &'n str)> {
    let Some(stem) = policy.file_stem().and_then(|stem| stem.to_str()) else { return Vec::new() };
    let found = names.iter().filter_map(|name| {
        let rest = name.strip_suffix(".lock")?.strip_prefix(stem)?;
        if rest.is_empty() {
            return Some((None, name.as_str()));
        }
        let word = rest.strip_prefix('.').filter(|word| !word.is_empty() && !word.contains('.'))?;
        let own = format!("{stem}.{word}.yaml");
        (!names.contains(&own)).then_some((Some(word), name.as_str()))
    });
    let mut found: Vec<_> = found.collect();
    found.sort_unstable();
    found
}

/// The word of a lock that lies beside the policy.
pub(crate) fn word(policy: &Path, lock: &Path) -> Option<String> {
    let name = lock.file_name()?.to_str()?.to_owned();
    of(policy, &[name]).first().and_then(|(word, _)| word.map(str::to_owned))
}

/// The applications of a policy: those whose locks are named, or those whose locks lie beside it.
pub(crate) fn applications(policy: &Path, named: &[PathBuf]) -> Result<Vec<Application>, String> {
    let beside = if named.is_empty() { beside(policy) } else { named.to_vec() };
    let read = |path: PathBuf| {
        let name = path.display().to_string();
        let bytes = bytes(&path)
            .map_err(|error| format!("cannot read `{}`: {error}", name.escape_debug()))?;
        Ok(Application { name: word(policy, &path), lock: parse(&name, &bytes)? })
    };
    beside.into_iter().map(read).collect()
}

/// A lock that was read.
pub(crate) fn parse(name: &str, bytes: &[u8]) -> Result<Lock, String> {
    let name = name.escape_debug();
    let text = str::from_utf8(bytes).map_err(|_| format!("`{name}` is no lock: it is no UTF-8"))?;
    Lock::parse(text).map_err(|error| format!("`{name}` is no lock: {error}"))
}

/// Not more of a file than shows that it is too long.
fn bytes(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    // A link to nothing is a lock that cannot be read, and not none.
    File::open(path)?.take(MAX_LOCK_BYTES as u64 + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// The endpoints of all applications in one.
pub(crate) fn all(applications: &[Application]) -> Lock {
    let endpoints = applications.iter().flat_map(|one| one.lock.endpoints.iter().cloned());
    let policy = applications.first().map(|one| one.lock.policy.clone()).unwrap_or_default();
    Lock { policy, endpoints: endpoints.collect() }.sorted()
}

/// The endpoint of that name. Where several applications have one and ask for different things, which
/// of them is meant has to be said.
pub(crate) fn find<'l>(
    applications: &'l [Application],
    written: &str,
) -> Result<&'l Endpoint, String> {
    let found = applications.iter().map(|one| (one, one.lock.find(written)));
    let (mut known, mut unknown) = (Vec::new(), Vec::new());
    for (application, found) in found {
        match found {
            Ok(endpoint) => known.push((application, endpoint)),
            Err(problem) => unknown.push(problem),
        }
    }
    let Some((_, first)) = known.first() else {
        // What has the path, or a name near it, helps more than what has neither.
        let help = unknown.iter().find(|problem| problem.help.is_some()).or(unknown.first());
        return Err(help.map(ToString::to_string).unwrap_or_default());
    };
    if known.iter().any(|(_, endpoint)| endpoint.rule != first.rule) {
        let names = known.iter().map(|(application, _)| match &application.name {
            Some(name) => format!("`{name}`"),
            None => "the one without a name".to_owned(),
        });
        return Err(format!(
            "several applications have `{first}`, {}, and ask for different things: say with \
             `--lock` which is meant",
            names.collect::<Vec<_>>().join(" and ")
        ));
    }
    Ok(first)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lock_belongs_to_the_policy_whose_name_it_has() {
        let names = [
            "a.lock",
            "a.b.lock",
            "a.c.lock",
            "a.b.yaml",
            "a..lock",
            "a.c.d.lock",
            "ab.lock",
            "b.lock",
            "a.yaml",
            "a.lock.bak",
        ];
        let names = names.map(str::to_owned);
        let found = of(Path::new("policies/a.yaml"), &names);
        assert_eq!(found, [(None, "a.lock"), (Some("c"), "a.c.lock")]);
        assert_eq!(of(Path::new("a.b.yaml"), &names), [(None, "a.b.lock")]);
        assert_eq!(word(Path::new("a.yaml"), Path::new("a.c.lock")).as_deref(), Some("c"));
    }
}
