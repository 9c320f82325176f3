//! How a command ends. In: what it found. Out: the exit code that `cargo auth` promises.

use std::process::ExitCode;

/// The three ways to end, the worse the greater.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Outcome {
    /// Nothing to object to: 0.
    Fine,
    /// Errors were found: 1.
    Found,
    /// The command could not do what it was asked to: 2.
    Misused,
}

impl From<Outcome> for ExitCode {
    fn from(outcome: Outcome) -> Self {
        Self::from(match outcome {
            Outcome::Fine => 0,
            Outcome::Found => 1,
            Outcome::Misused => 2,
        })
    }
}
