//! The file of a lock. In: the policy's path as it was compiled in, and the package. Out: where its
//! lock lies, what is in it, and a new text for it, at once or not at all.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use crate::random;

/// A lock's place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct LockFile {
    /// Where it is on this machine.
    pub(super) path: PathBuf,
    /// What reviewers call it.
    pub(super) label: String,
    /// The name of the policy's file, without its ending.
    policy: String,
}

/// The folder that a policy's path begins at, named as the macros name it: that of its workspace, or
/// of the package.
pub(crate) fn root_of<'p>(policy: &str, package: &'p Path) -> Result<&'p Path, String> {
    let workspaces = package.ancestors().filter(|folder| folder.join("Cargo.lock").is_file());
    let mut roots = workspaces.chain([package]);
    roots.find(|root| root.join(policy).is_file()).ok_or_else(|| {
        format!(
            "the policy `{policy}` is neither below the package `{}` nor below its workspace, so what \
             belongs beside it has no place: keep the policy in the workspace of its application",
            package.display()
        )
    })
}

impl LockFile {
    /// The lock beside that policy, which is named as the macros name it: relative to its workspace,
    /// or to the package.
    pub(super) fn beside(policy: &str, package: &Path, name: Option<&str>) -> Result<Self, String> {
        let root = root_of(policy, package)?;
        let ending = name.map_or_else(|| "lock".to_owned(), |name| format!("{name}.lock"));
        let label = Path::new(policy).with_extension(ending);
        let stem = Path::new(policy).file_stem().unwrap_or_default().to_string_lossy();
        let (path, policy) = (root.join(&label), stem.into_owned());
        Ok(Self { path, label: label.display().to_string(), policy })
    }

    /// What is in it, with plain line breaks; nothing if it is not there.
    pub(super) fn read(&self) -> Result<Option<String>, String> {
        match fs::read_to_string(&self.path) {
            Ok(text) => Ok(Some(text.replace("\r\n", "\n"))),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(format!("`{}` cannot be read: {error}", self.label)),
        }
    }

    /// What is in the other locks of the same policy: `NAME.lock` and `NAME.*.lock`.
    pub(super) fn siblings(&self) -> Vec<String> {
        let entries = self.path.parent().and_then(|folder| folder.read_dir().ok());
        let paths = entries.into_iter().flatten().filter_map(|entry| Some(entry.ok()?.path()));
        let siblings = paths.filter(|path| *path != self.path && self.is_sibling(path));
        siblings.filter_map(|path| fs::read_to_string(path).ok()).collect()
    }

    fn is_sibling(&self, path: &Path) -> bool {
        let name = path.file_name().and_then(|name| name.to_str());
        let name = name.and_then(|name| name.strip_suffix(".lock"));
        let word = name.and_then(|name| name.strip_prefix(self.policy.as_str()));
        match word.map(|word| word.strip_prefix('.')) {
            Some(None) => word == Some(""),
            // `a.b.lock` is that of `a.b.yaml` where there is one.
            Some(Some(word)) => !word.contains('.') && !path.with_extension("yaml").is_file(),
            None => false,
        }
    }

    /// Replaces it: whoever reads meanwhile sees the old text or the new one.
    pub(super) fn write(&self, text: &str) -> Result<(), String> {
        let token = random::token(9).map_err(|error| error.to_string())?;
        let staged = self.path.with_extension(format!("lock.{token}"));
        let written = fs::write(&staged, text).and_then(|()| fs::rename(&staged, &self.path));
        if written.is_err() {
            let _ = fs::remove_file(&staged);
        }
        written.map_err(|error| format!("`{}` cannot be written: {error}", self.label))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn locks_of_one_policy_know_each_other() {
        let file = LockFile {
            path: "policies/blog.lock".into(),
            label: "policies/blog.lock".to_owned(),
            policy: "blog".to_owned(),
        };
        let is_sibling = |name: &str| file.is_sibling(&Path::new("policies").join(name));
        assert!(is_sibling("blog.admin.lock") && is_sibling("blog.lock"));
        for other in ["blogs.lock", "blog-2.lock", "blog.admin.yaml", "blog.a.b.lock", "own.lock"] {
            assert!(!is_sibling(other), "{other}");
        }
    }
}
