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
        Ok(Self { path: root.join(&label), label: label.display().to_string() })
    }

    /// What is in it, with plain line breaks; nothing if it is not there.
    pub(super) fn read(&self) -> Result<Option<String>, String> {
        match fs::read_to_string(&self.path) {
            Ok(text) => Ok(Some(text.replace("\r\n", "\n"))),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(format!("`{}` cannot be read: {error}", self.label)),
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
