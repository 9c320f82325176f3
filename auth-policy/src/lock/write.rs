//! A lock as text. In: the endpoints and the policy. Out: a line for each, which depends on nothing
//! but that endpoint and the policy.

use super::{
    Endpoint, Lock,
    reach::Reach,
    rule::{conditions, reason, who},
    word::{quoted, word},
};
use crate::policy::Policy;

const HEAD: &str = "\
# Who may call which endpoint: by which credentials, with what, and in which roles. Written by
# `cargo auth lock` from the application's router and its policy, and compared by a test of it.
# Do not edit it: whatever changes access changes a line here, for whoever reviews it.
";

/// The columns of a line before the last, each with the least width it has.
///
/// A cell that does not fit is widened to the next multiple of [`STOP`], in its own line alone: a long
/// path moves what stands behind it, and no other line.
const WIDTHS: [usize; 6] = [8, 40, 32, 32, 40, 48];
const STOP: usize = 8;

impl Lock {
    /// The lock as text: made to be read, one line for each endpoint, which depends on nothing but
    /// that endpoint and the policy.
    ///
    /// The policy is what says who reaches an endpoint; names that it does not declare reach nothing.
    pub fn write(&self, policy: &Policy) -> String {
        let mut endpoints: Vec<_> = self.endpoints.iter().collect();
        endpoints.sort_by(|a, b| a.order(b));
        let mut reach = Reach::new(policy);
        let lines = endpoints.into_iter().map(|endpoint| line(endpoint, &mut reach));
        let lines: String = lines.collect();
        format!("{HEAD}lock 1 of {}\n\n{lines}", word(&self.policy))
    }
}

fn line(endpoint: &Endpoint, reach: &mut Reach<'_>) -> String {
    let reached = format!("-> {}", reach.of(&endpoint.rule));
    let mut cells = vec![
        word(&endpoint.method),
        word(&endpoint.path),
        who(&endpoint.rule),
        conditions(&endpoint.rule),
        reached,
        format!("@ {}", word(&endpoint.handler)),
    ];
    // Last, because it is as long as it likes.
    cells.extend(reason(&endpoint.rule).map(|reason| format!("reason {}", quoted(reason))));
    let mut line = String::new();
    for (cell, least) in cells.iter().zip(WIDTHS.into_iter().chain([0])) {
        line.push_str(cell);
        let width = cell.chars().count();
        // Two blanks at least, so that the eye sees where a column ends.
        let stop = (width + 2).next_multiple_of(STOP).max(least);
        line.extend(std::iter::repeat_n(' ', stop - width));
    }
    line.truncate(line.trim_end().len());
    line.push('\n');
    line
}
