//! One side of a comparison. In: a file, or a file of a revision. Out: the policy and the locks that
//! lay beside it at the same time, or what is wrong with either.

use std::path::Path;

use auth_policy::{
    Source,
    diff::{Application, Proposed, Side as Compared, proposed},
};

use super::git;
use crate::{locks, policies, terminal};

/// A policy, and the applications whose locks lie beside it.
pub(super) struct Side {
    pub(super) source: Source,
    pub(super) policy: Proposed,
    pub(super) applications: Vec<Application>,
    /// The statements of the policy that do not hold, each told.
    pub(super) broken: Vec<String>,
}

impl Side {
    /// Reads what an argument names. A file that is there is meant, whatever its name looks like.
    pub(super) fn read(named: &str) -> Result<Self, String> {
        let revision = named.split_once(':').filter(|_| !Path::new(named).exists());
        let Some((revision, path)) = revision else {
            let path = Path::new(named);
            let source = policies::source(path)
                .map_err(|error| format!("cannot read `{}`: {error}", named.escape_debug()))?;
            return Self::checked(source, || locks::applications(path, &[]));
        };
        let repository = git::Revision::find(revision, named)?;
        let source = Source::new(named, repository.policy(path)?);
        Self::checked(source, || applications(&repository, revision, Path::new(path)))
    }

    /// What `auth_policy::diff` compares.
    pub(super) fn compared(&self) -> Compared<'_> {
        Compared::of_proposed(&self.policy, &self.applications)
    }

    fn checked(
        source: Source,
        applications: impl FnOnce() -> Result<Vec<Application>, String>,
    ) -> Result<Self, String> {
        let policy = proposed(&source).map_err(|findings| {
            for found in &findings {
                terminal::remark(&format!("{}\n", found.render(&source)));
            }
            let name = source.path().escape_debug();
            format!("`{name}` is no sound policy, so there is nothing to compare")
        })?;
        let broken = policy.broken().iter().map(|found| found.render(&source)).collect();
        Ok(Self { source, policy, applications: applications()?, broken })
    }
}

/// The applications whose locks lay beside the policy in that revision.
fn applications(
    repository: &git::Revision<'_>,
    revision: &str,
    policy: &Path,
) -> Result<Vec<Application>, String> {
    let names = repository.beside(policy)?;
    let of = locks::of(policy, &names).into_iter().filter_map(|(word, name)| {
        let path = policy.with_file_name(name);
        let bytes = repository.lock(&path.to_string_lossy()).transpose()?;
        let named = format!("{revision}:{}", path.display());
        let name = word.map(str::to_owned);
        Some(bytes.and_then(|bytes| Ok(Application { name, lock: locks::parse(&named, &bytes)? })))
    });
    of.collect()
}
