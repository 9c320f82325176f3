//! Changes that somebody agreed to. In: a text, one line for each. Out: which changes it covers, and
//! which of its lines cover none any more.

use super::{Change, Diff};

/// The lines of a file of approvals. A line is what [`Change::approval`] says; empty lines and those
/// that begin with `#` are for its readers.
///
/// # Example
///
/// ```
/// use auth_policy::diff::{Approvals, Diff};
///
/// let text = "# agreed on Monday\nschemes.jwt.access_ttl: 15m -> 30m\n";
/// let approvals = Approvals::parse(text);
/// let unused: Vec<_> = approvals.unused(&Diff::default()).collect();
/// assert_eq!(unused, [(2, "schemes.jwt.access_ttl: 15m -> 30m")]);
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Approvals {
    /// The number of each line, from 1, and what it says.
    lines: Vec<(usize, String)>,
}

impl Approvals {
    /// Reads a text. Every text is one.
    pub fn parse(text: &str) -> Self {
        let lines = text.lines().map(str::trim).zip(1..);
        let lines = lines.filter(|(line, _)| !line.is_empty() && !line.starts_with('#'));
        Self { lines: lines.map(|(line, number)| (number, line.to_owned())).collect() }
    }

    /// Whether a change was approved. One that needs no approval never was.
    pub fn cover(&self, change: &Change) -> bool {
        let approval = change.approval();
        approval.is_some_and(|approval| self.lines.iter().any(|(_, line)| *line == approval))
    }

    /// The changes that widen and were not approved.
    pub fn lacking<'d>(&self, diff: &'d Diff) -> impl Iterator<Item = &'d Change> {
        diff.with(super::Verdict::Widens).filter(|change| !self.cover(change))
    }

    /// The lines that approve nothing of it, with their numbers.
    pub fn unused(&self, diff: &Diff) -> impl Iterator<Item = (usize, &str)> {
        let needed: Vec<_> = diff.changes.iter().filter_map(Change::approval).collect();
        let unused = self.lines.iter().filter(move |(_, line)| !needed.contains(line));
        unused.map(|(number, line)| (*number, line.as_str()))
    }
}
