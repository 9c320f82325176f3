//! One side of a comparison. In: a file, or a file of a revision. Out: the policy and the lock that
//! lay beside it at the same time, or what is wrong with either.

use std::{
    fs::{self, File},
    io::{ErrorKind, Read},
    path::Path,
};

use auth_policy::{
    Source,
    diff::{Proposed, Side as Compared, proposed},
    lock::{Lock, MAX_LOCK_BYTES},
};

use super::git;
use crate::terminal;

/// A policy, and the lock beside it if there is one.
pub(super) struct Side {
    pub(super) source: Source,
    pub(super) policy: Proposed,
    pub(super) lock: Option<Lock>,
    /// The statements of the policy that do not hold, each told.
    pub(super) broken: Vec<String>,
}

impl Side {
    /// Reads what an argument names. A file that is there is meant, whatever its name looks like.
    pub(super) fn read(named: &str) -> Result<Self, String> {
        let revision = named.split_once(':').filter(|_| !Path::new(named).exists());
        match revision {
            None => {
                let path = Path::new(named);
                let source = Source::read(path, named).map_err(|error| unread(named, &error))?;
                let lock = lock_file(&path.with_extension("lock"))?;
                Self::checked(source, lock)
            }
            Some((revision, path)) => {
                let repository = git::Revision::find(revision, named)?;
                let source = Source::new(named, repository.policy(path)?);
                let beside = Path::new(path).with_extension("lock");
                let lock = repository.lock(&beside.to_string_lossy())?;
                let name = format!("{revision}:{}", beside.display());
                Self::checked(source, lock.map(|bytes| (name, bytes)))
            }
        }
    }

    /// What `auth_policy::diff` compares.
    pub(super) fn compared(&self) -> Compared<'_> {
        Compared::of_proposed(&self.policy, self.lock.as_ref())
    }

    fn checked(source: Source, lock: Option<(String, Vec<u8>)>) -> Result<Self, String> {
        let policy = proposed(&source).map_err(|findings| {
            for found in &findings {
                terminal::remark(&format!("{}\n", found.render(&source)));
            }
            let name = source.path().escape_debug();
            format!("`{name}` is no sound policy, so there is nothing to compare")
        })?;
        let lock = lock.map(|(name, bytes)| parse(&name, &bytes)).transpose()?;
        let broken = policy.broken().iter().map(|found| found.render(&source)).collect();
        Ok(Self { source, policy, lock, broken })
    }
}

fn parse(name: &str, bytes: &[u8]) -> Result<Lock, String> {
    let name = name.escape_debug();
    let text = str::from_utf8(bytes).map_err(|_| format!("`{name}` is no lock: it is no UTF-8"))?;
    Lock::parse(text).map_err(|error| format!("`{name}` is no lock: {error}"))
}

/// The lock, if there is one.
fn lock_file(path: &Path) -> Result<Option<(String, Vec<u8>)>, String> {
    let name = path.display().to_string();
    let mut bytes = Vec::new();
    match File::open(path) {
        Ok(file) => {
            let read = file.take(MAX_LOCK_BYTES as u64 + 1).read_to_end(&mut bytes);
            read.map_err(|error| unread(&name, &error))?;
            Ok(Some((name, bytes)))
        }
        // A link to nothing is a lock that cannot be read, and not none.
        Err(error)
            if error.kind() == ErrorKind::NotFound && fs::symlink_metadata(path).is_err() =>
        {
            Ok(None)
        }
        Err(error) => Err(unread(&name, &error)),
    }
}

fn unread(name: &str, error: &std::io::Error) -> String {
    format!("cannot read `{}`: {error}", name.escape_debug())
}
