//! Files of a revision, as git has them. In: a revision and a path. Out: the bytes of the file then.
//!
//! git is run by itself and not through a shell, and no word of an argument reaches it as an option.

use std::{
    io::Read,
    path::Path,
    process::{Command, Output, Stdio},
};

use auth_policy::{MAX_POLICY_BYTES, lock::MAX_LOCK_BYTES};

/// A revision that is there.
pub(super) struct Revision<'r> {
    name: &'r str,
}

impl<'r> Revision<'r> {
    /// The revision of that name, for an argument that names a file of it.
    pub(super) fn find(name: &'r str, argument: &str) -> Result<Self, String> {
        let argument = argument.escape_debug();
        if !succeeds(&["rev-parse", "--git-dir"])? {
            return Err(format!(
                "there is no file `{argument}`, nor is this a git repository that could have it"
            ));
        }
        let commit = format!("{name}^{{commit}}");
        let is_word = !name.is_empty() && !name.starts_with('-');
        if is_word && succeeds(&["rev-parse", "--verify", "--quiet", &commit])? {
            return Ok(Self { name });
        }
        let name = name.escape_debug();
        let shallow = output(&["rev-parse", "--is-shallow-repository"])?;
        let help = match shallow.as_slice() {
            b"true\n" => {
                "; this clone is shallow, and `git fetch --unshallow` brings what it lacks (in a \
                 workflow, `fetch-depth: 0`)"
            }
            _ => "",
        };
        Err(format!(
            "there is no file `{argument}`, nor a revision `{name}` that could have it{help}"
        ))
    }

    /// The policy at that path.
    pub(super) fn policy(&self, path: &str) -> Result<Vec<u8>, String> {
        let bytes = self.bytes(path, MAX_POLICY_BYTES)?;
        bytes.ok_or_else(|| {
            let (path, name) = (path.escape_debug(), self.name.escape_debug());
            format!(
                "`{path}` is not in `{name}`: paths count from the top of the repository, or from \
                 here if they begin with `./`"
            )
        })
    }

    /// The names of the files in the folder of that path.
    pub(super) fn beside(&self, path: &Path) -> Result<Vec<String>, String> {
        let folder = path.parent().map(Path::to_string_lossy).unwrap_or_default();
        let slash = if folder.is_empty() { "" } else { "/" };
        let tree = format!("{}:{folder}{slash}", self.name);
        let mut git = Command::new("git");
        // Of all of the tree, and not of this folder alone.
        git.args(["ls-tree", "--full-tree", "-z", "--name-only", &tree]).stdin(Stdio::null());
        let output = git.output().map_err(|error| unrun(&error))?;
        if !output.status.success() {
            return Err(format!("git cannot list `{}`", tree.escape_debug()));
        }
        let names = output.stdout.split(|byte| *byte == 0).filter(|name| !name.is_empty());
        Ok(names.map(|name| String::from_utf8_lossy(name).into_owned()).collect())
    }

    /// The lock at that path, if there was one.
    pub(super) fn lock(&self, path: &str) -> Result<Option<Vec<u8>>, String> {
        self.bytes(path, MAX_LOCK_BYTES)
    }

    /// Not more than one byte above that many.
    fn bytes(&self, path: &str, most: usize) -> Result<Option<Vec<u8>>, String> {
        let object = format!("{}:{path}", self.name);
        if !succeeds(&["cat-file", "-e", &object])? {
            return Ok(None);
        }
        let mut git = Command::new("git");
        git.args(["cat-file", "blob", &object]).stdin(Stdio::null()).stderr(Stdio::null());
        let mut running = git.stdout(Stdio::piped()).spawn().map_err(|error| unrun(&error))?;
        let mut bytes = Vec::new();
        let output = running.stdout.take().map(|pipe| pipe.take(most as u64 + 1));
        let read = output.map(|mut output| output.read_to_end(&mut bytes)).transpose();
        let ended = running.wait();
        let object = object.escape_debug();
        match (read, ended) {
            // What is too long ends before git has written it.
            (Ok(_), Ok(status)) if status.success() || bytes.len() > most => Ok(Some(bytes)),
            (Ok(_), Ok(_)) => Err(format!("`{object}` is no file")),
            (Err(error), _) | (_, Err(error)) => Err(format!("cannot read `{object}`: {error}")),
        }
    }
}

fn succeeds(arguments: &[&str]) -> Result<bool, String> {
    let ran: std::io::Result<Output> = Command::new("git").args(arguments).output();
    ran.map(|output| output.status.success()).map_err(|error| unrun(&error))
}

/// What git says, if anything.
fn output(arguments: &[&str]) -> Result<Vec<u8>, String> {
    let ran = Command::new("git").args(arguments).stdin(Stdio::null()).output();
    ran.map(|output| output.stdout).map_err(|error| unrun(&error))
}

fn unrun(error: &std::io::Error) -> String {
    format!("cannot run `git`, which knows revisions: {error}")
}
