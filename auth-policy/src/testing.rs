//! Tests of a policy. In: a file that says who reaches which endpoint, a policy, and the lock of the
//! application. Out: every difference with its place, how much of the policy the file speaks of, and
//! the lines of the policy that no test would miss.
//!
//! ```yaml
//! version: 1
//! endpoints:
//!   GET /: anyone
//!   GET /posts: { jwt | session: any role, jwt: any client }
//!   DELETE /posts/{id}: { jwt | session: admin }
//! cases:
//!   - { through: jwt, roles: admin, scopes: read:posts, may_not: DELETE /posts/{id} }
//! ```
//!
//! What is not listed is expected to be refused: an endpoint of the lock that the file does not
//! mention, and every role and scheme that an entry leaves out. Each role is tried alone, with every
//! scope it can carry and a sign-in of this moment; a case tries one credential as it says.
//!
//! The same expectations are held against the running application by `auth_runtime::testing`.

mod closed;
mod coverage;
mod form;
mod mutant;
mod mutate;
mod outcome;
mod plan;
mod read;
mod subject;
mod table;

use crate::{
    Diagnostic, Policy, Source,
    access::Credential,
    lock::{Endpoint, Lock},
    report::Report,
    yaml,
};

pub use coverage::{Counted, Coverage};
pub use mutate::{Mutation, Survivor, SurvivorPlace};
pub use outcome::Failure;

/// A file of tests, as written.
#[derive(Clone, Debug)]
pub struct PolicyTests {
    form: form::Form,
}

/// A file of tests held against a policy and a lock: what is expected of every endpoint.
#[derive(Clone, Debug)]
pub struct Expectations<'a> {
    plan: plan::Plan<'a>,
}

/// What came of it.
#[derive(Clone, Debug)]
pub struct Outcome {
    differences: outcome::Differences,
}

/// One expectation, as it can be tried.
#[derive(Clone, Debug)]
pub struct Trial<'a> {
    /// Where.
    pub endpoint: &'a Endpoint,
    /// With what; nothing for callers who bring no credential.
    pub credential: Option<Credential>,
    /// Whether they have to be let in.
    pub admitted: bool,
}

impl PolicyTests {
    /// Reads a file of tests.
    ///
    /// # Errors
    ///
    /// Everything that is wrong with its form, at once.
    pub fn read(source: &Source) -> Result<Self, Vec<Diagnostic>> {
        let mut report = Report::default();
        let form = yaml::read(source, &mut report).map(|tree| read::form(&tree, &mut report));
        match form {
            Some(form) if report.errors() == 0 => Ok(Self { form }),
            _ => Err(report.finish(source)),
        }
    }

    /// The policy it names, relative to the file itself.
    pub fn policy(&self) -> Option<&str> {
        self.form.policy.as_ref().map(|policy| policy.value.as_str())
    }

    /// The lock it names, relative to the file itself.
    pub fn lock(&self) -> Option<&str> {
        self.form.lock.as_ref().map(|lock| lock.value.as_str())
    }

    /// What it expects of this policy behind these endpoints.
    ///
    /// # Errors
    ///
    /// Every name that the policy or the lock does not have.
    pub fn expect<'a>(
        &self,
        source: &Source,
        policy: &'a Policy,
        lock: &'a Lock,
    ) -> Result<Expectations<'a>, Vec<Diagnostic>> {
        let mut report = Report::default();
        let plan = plan::Plan::new(&self.form, policy, lock, &mut report);
        if report.errors() == 0 { Ok(Expectations { plan }) } else { Err(report.finish(source)) }
    }
}

impl<'a> Expectations<'a> {
    /// Asks the policy itself.
    pub fn run(&self) -> Outcome {
        let table = table::Tables::new(self.plan.policy, &self.plan.subjects).table(&self.plan);
        Outcome { differences: outcome::Differences::of(&self.plan, &table) }
    }

    /// How much of the policy the tests speak of.
    pub fn coverage(&self) -> Coverage {
        Coverage::of(&self.plan)
    }

    /// Changes the policy and the rules of the endpoints in every small way there is, and tells the
    /// changes that no test would notice. `policy` is the file that the policy was read from. At
    /// most `most` changes are tried.
    ///
    /// # Errors
    ///
    /// When the tests fail already: then nothing could be told.
    pub fn mutate(&self, policy: &Source, most: usize) -> Result<Mutation, Outcome> {
        let outcome = self.run();
        if !outcome.is_fine() {
            return Err(outcome);
        }
        Ok(mutate::mutate(&self.plan, policy, most))
    }

    /// Every expectation by itself, for whoever can try it: endpoint by endpoint, first the callers
    /// without a credential; then the cases.
    pub fn trials(&self) -> impl Iterator<Item = Trial<'a>> + '_ {
        let plan = &self.plan;
        let rows = plan.rows.iter().flat_map(move |row| {
            let bare = Trial { endpoint: row.endpoint, credential: None, admitted: row.anyone };
            let subjects = (0..plan.subjects.list.len()).map(move |index| Trial {
                endpoint: row.endpoint,
                credential: plan.subjects.credential(index, plan.policy),
                admitted: row.admitted.contains(index),
            });
            std::iter::once(bare).chain(subjects)
        });
        let cases = plan.cases.iter().filter_map(move |case| {
            Some(Trial {
                endpoint: plan.rows.get(case.endpoint)?.endpoint,
                credential: Some(case.credential.clone()),
                admitted: case.admitted,
            })
        });
        rows.chain(cases)
    }
}

impl Outcome {
    /// Whether everything is as expected.
    pub fn is_fine(&self) -> bool {
        self.differences.failures.is_empty()
    }

    /// The expectations that do not hold, at most a thousand.
    pub fn failures(&self) -> &[Failure] {
        &self.differences.failures
    }

    /// How many more there are.
    pub fn skipped(&self) -> usize {
        self.differences.skipped
    }

    /// The same as findings in the file of tests.
    pub fn diagnostics(&self, source: &Source) -> Vec<Diagnostic> {
        self.differences.diagnostics(source)
    }
}
