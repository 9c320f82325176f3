//! What changed in meaning between two policies. In: each with the lock of its application. Out: the
//! changes, each of which widens, narrows or is neutral; for whom, where, and the smallest credential
//! that shows it.
//!
//! ```text
//! policy, lock ─┐                ┌─ endpoints ─> who gains and loses what, asked of `access`
//!               ├─ diff ─> Diff ─┤
//! policy, lock ─┘                └─ settings ──> which way each key is weaker, as its table says
//! ```
//!
//! # Exactness
//!
//! Who may call an endpoint is compared as the function it is, not by the words of the file: another
//! order, or a wildcard in place of what it stands for, is no change. Everything is compared by its
//! name, since accounts and tokens hold names: of a role that is renamed the old name loses and the
//! new one gains. What gains in one way and loses in another is told as both.
//!
//! # Security
//!
//! Where it cannot be told, a change widens: an application without a lock, a value whose direction
//! nobody can know. An approval is of one change exactly: when it grows, it has to be approved anew.

use std::fmt;

use serde::Serialize;

use crate::{
    Diagnostic, Policy, Severity, Source,
    access::{Carrier, Credential},
    check::{Checked, check_to_compare},
    lock::Lock,
};

mod approvals;
mod endpoints;
#[cfg(test)]
mod every_key;
mod facts;
mod gains;
mod groups;
mod limits;
mod routes;
mod sentence;
mod settings;
mod trial;
mod values;
mod verdict;
mod ways;

pub use approvals::Approvals;
pub use groups::Group;
pub use settings::{Setting, Turn};
pub use trial::Trial;

/// One of the two that are compared: a policy, and what the applications ask for that were compiled
/// against it.
#[derive(Clone, Copy, Debug)]
pub struct Side<'s> {
    policy: &'s Policy,
    applications: &'s [Application],
}

/// An application of a policy: its lock, and the word that tells it from others under that policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Application {
    /// `admin` where the lock is `NAME.admin.lock`; nothing where it is `NAME.lock`.
    pub name: Option<String>,
    /// Its endpoints, and what they ask for.
    pub lock: Lock,
}

impl Application {
    /// The one application of a policy, or the first of several.
    pub const fn main(lock: Lock) -> Self {
        Self { name: None, lock }
    }
}

/// A policy that may break its own statements under `never` and `always`.
///
/// # Security
///
/// It can be compared and nothing else: a [`Policy`], which is what enforces, comes from
/// [`check`](crate::check()) alone.
#[derive(Clone, Debug)]
pub struct Proposed {
    policy: Policy,
    broken: Vec<Diagnostic>,
}

/// What changed between two policies.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Diff {
    /// What widens, then what narrows, then what does neither. Of each, access comes first, in the
    /// order of the endpoints, and then settings, in the order of the language.
    pub changes: Vec<Change>,
}

/// What a change comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// Something is allowed that was not.
    Widens,
    /// Something is not allowed that was.
    Narrows,
    /// Nobody gains or loses anything.
    Neutral,
}

/// One change. `Display` says it in one line.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Change {
    /// What it comes to.
    pub verdict: Verdict,
    /// What changed.
    pub what: What,
}

/// What changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum What {
    /// A side has no lock, so that nobody can tell what its callers reach.
    NoLock(Which),
    /// One of several applications has no lock any more; the one without a name has none.
    LockGone(Option<String>),
    /// Who may call something.
    Access(Access),
    /// The rate limit of an endpoint.
    #[non_exhaustive]
    Limit {
        /// Of what.
        target: Target,
        /// The limit before.
        old: Option<String>,
        /// The limit now.
        new: Option<String>,
        /// Stands for exactly this change.
        mark: String,
    },
    /// Whose credentials a public endpoint recognises.
    #[non_exhaustive]
    Identity {
        /// Of what.
        target: Target,
        /// The schemes that it recognises now and did not, or the other way round.
        schemes: Vec<String>,
    },
    /// Something came or went that nobody could call, or can.
    #[non_exhaustive]
    Unreached {
        /// What.
        target: Target,
        /// Whether it came or went.
        presence: Presence,
    },
    /// Words: a handler of another name, another reason.
    #[non_exhaustive]
    Words {
        /// Of what.
        target: Target,
        /// Which words: `handler` or `reason`.
        which: &'static str,
        /// What they were.
        old: String,
        /// What they are.
        new: String,
    },
    /// A key of the policy.
    Setting(Setting),
}

/// Which side.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Which {
    /// The one before the change.
    Old,
    /// The one after it.
    New,
    /// Both of them.
    Both,
}

/// Something that may be called.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Target {
    /// An endpoint of the application.
    #[non_exhaustive]
    Endpoint {
        /// The method it answers; `ANY` is whatever no other endpoint of the path answers.
        method: String,
        /// The path as the router knows it.
        path: String,
        /// Of which application, where there are several.
        #[serde(skip_serializing_if = "Option::is_none")]
        application: Option<String>,
    },
    /// A named rule of the policy that no endpoint uses by its name.
    Rule(String),
}

/// Who gained or lost something, with one kind of credential.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Access {
    /// What they may call, or may not any more.
    pub target: Target,
    /// Whether it was there before, and whether it still is.
    pub presence: Presence,
    /// With what; nothing where it is everybody, also without a credential.
    pub carrier: Option<Carrier>,
    /// The roles of which each alone is enough now and was not, or the other way round. None of them
    /// where it is another thing than a role that makes the difference.
    pub roles: Vec<String>,
    /// Those of them that are so because they include another one of them.
    pub heirs: Vec<String>,
    /// The smallest credential that shows it: admitted on the one side and refused on the other.
    pub witness: Option<Credential>,
    /// Stands for exactly this change: another one with the same words has another mark.
    pub mark: String,
}

/// Whether something is on both sides.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Presence {
    /// It was there, and is.
    Kept,
    /// It was not there.
    New,
    /// It is not there any more.
    Gone,
}

/// Compares two policies, and the applications that were compiled against them.
///
/// # Example
///
/// ```
/// use auth_policy::{Source, check, diff::{Application, Side, Verdict, diff}, lock::Lock};
///
/// # fn policy(grants: &str) -> auth_policy::Policy {
/// #     let text = format!("
/// # version: 1
/// # scopes: {{ read: Read, delete: Delete }}
/// # roles: {{ reader: {{ grants: {grants} }} }}
/// # schemes: {{ session: {{ idle: 30m, lifetime: 24h }} }}
/// # ");
/// #     check(&Source::new("p.yaml", text.into())).policy.unwrap()
/// # }
/// let (old, new) = (policy("[read]"), policy("[read, delete]"));
/// let text = "lock 1 of p.yaml\nDELETE /posts  session  scope delete  -> nobody  @ blog::remove\n";
/// let applications = [Application::main(Lock::parse(text).unwrap())];
/// let found = diff(Side::of(&old, &applications), Side::of(&new, &applications));
/// assert_eq!(found.changes[0].verdict, Verdict::Widens);
/// assert_eq!(found.changes[0].to_string(), "`reader` gains `DELETE /posts` through `session`");
/// ```
pub fn diff(old: Side<'_>, new: Side<'_>) -> Diff {
    let (before, after) =
        (values::values(old.policy.contents()), values::values(new.policy.contents()));
    let mut changes = endpoints::changes(old, new, &verdict::Limits::of(&before, &after));
    let settings = settings::settings(&before, &after).into_iter();
    changes.extend(settings.map(|(verdict, one)| Change { verdict, what: What::Setting(one) }));
    changes.sort_by_key(|change| change.verdict);
    Diff { changes }
}

/// Reads a policy to compare it: sound in all but the statements under `never` and `always`, which are
/// told and need not hold. Who reviews a change that breaks one is told what it would come to.
///
/// # Errors
///
/// Every finding, where one of them is another error.
pub fn proposed(source: &Source) -> Result<Proposed, Vec<Diagnostic>> {
    let Checked { policy, diagnostics } = check_to_compare(source);
    let Some(policy) = policy else { return Err(diagnostics) };
    let broken = diagnostics.into_iter().filter(|found| found.severity == Severity::Error);
    Ok(Proposed { policy, broken: broken.collect() })
}

impl Proposed {
    /// The statements that do not hold.
    pub fn broken(&self) -> &[Diagnostic] {
        &self.broken
    }
}

impl<'s> Side<'s> {
    /// A policy, and what the applications ask for that were compiled against it. Without any it is
    /// unknown what callers reach, which is a finding; and so it is of one that has a lock on one
    /// side alone.
    pub const fn of(policy: &'s Policy, applications: &'s [Application]) -> Self {
        Self { policy, applications }
    }

    /// The same of a policy that may break its own statements.
    pub const fn of_proposed(proposed: &'s Proposed, applications: &'s [Application]) -> Self {
        Self { policy: &proposed.policy, applications }
    }
}

impl Diff {
    /// The changes with that verdict.
    pub fn with(&self, verdict: Verdict) -> impl Iterator<Item = &Change> {
        self.changes.iter().filter(move |change| change.verdict == verdict)
    }
}

impl Verdict {
    /// The word for it: `WIDENS`, `NARROWS` or `NEUTRAL`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Widens => "WIDENS",
            Self::Narrows => "NARROWS",
            Self::Neutral => "NEUTRAL",
        }
    }
}

/// `DELETE /posts/{id}`, `DELETE /posts/{id} (admin)` or `rule edit_post`.
impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Endpoint { method, path, application: None } => write!(f, "{method} {path}"),
            Self::Endpoint { method, path, application: Some(name) } => {
                write!(f, "{method} {path} ({name})")
            }
            Self::Rule(name) => write!(f, "rule {name}"),
        }
    }
}
