//! Results for people. In: what came of each file. Out: each finding with its lines, how much the
//! tests speak of, and a line for each file.

use auth_policy::{
    Diagnostic, Source,
    testing::{Counted, Coverage, Mutation},
};

use super::{Results, Tested};

/// How many names are listed of what is not covered.
const LISTED: usize = 12;

pub(super) fn text(files: &[Tested], colored: bool) -> String {
    files.iter().map(|tested| one(tested, colored)).collect()
}

fn one(tested: &Tested, colored: bool) -> String {
    let path = tested.tests.path().escape_debug().to_string();
    let mut text = String::new();
    for fault in &tested.faults {
        let source = if fault.in_policy { &tested.policy } else { &tested.tests };
        text += &shown(&fault.found, source, colored);
    }
    let Some(results) = &tested.results else {
        return text + &format!("{path}: could not be run\n");
    };
    for found in &results.findings {
        text += &shown(found, &tested.tests, colored);
    }
    if let Some(mutation) = &results.mutation {
        for found in mutation.in_policy(&tested.policy) {
            text += &shown(&found, &tested.policy, colored);
        }
        for found in mutation.in_lock(&tested.lock) {
            text += &shown(&found, &tested.lock, colored);
        }
    }
    text += &format!("{path}: {}\n", summary(results));
    text += &coverage(&results.coverage);
    text + &results.mutation.as_ref().map(mutated).unwrap_or_default()
}

fn shown(found: &Diagnostic, source: &Source, colored: bool) -> String {
    let shown = if colored { found.render_colored(source) } else { found.render(source) };
    shown + "\n\n"
}

/// `ok, 55 endpoints, ..` or `3 expectations do not hold, ..`.
pub(super) fn summary(results: &Results) -> String {
    let failed = results.failures.len() + results.skipped;
    let coverage = &results.coverage;
    let head = match failed {
        0 => "ok".to_owned(),
        1 => "1 expectation does not hold".to_owned(),
        failed => format!("{failed} expectations do not hold"),
    };
    format!(
        "{head}, {} pairs of somebody and an endpoint: {} let in, {} refused; {}",
        coverage.pairs,
        coverage.admitted,
        coverage.pairs - coverage.admitted,
        counted(coverage.cases, "case"),
    )
}

fn coverage(coverage: &Coverage) -> String {
    let rows = parts(coverage).map(|(name, counted)| {
        let missing = if counted.missing.is_empty() { String::new() } else { missing(counted) };
        format!("  {name:10} {:>5} of {}{missing}\n", counted.covered, counted.all)
    });
    rows.concat()
}

/// What is covered, in the order in which it is told.
pub(super) fn parts(coverage: &Coverage) -> [(&'static str, &Counted); 5] {
    [
        ("endpoints", &coverage.endpoints),
        ("roles", &coverage.roles),
        ("schemes", &coverage.schemes),
        ("grants", &coverage.grants),
        ("rules", &coverage.rules),
    ]
}

fn missing(counted: &Counted) -> String {
    format!(", without {}", listed(&counted.missing))
}

/// Names in backticks, not too many of them.
pub(super) fn listed(names: &[String]) -> String {
    let shown: Vec<_> = names.iter().take(LISTED).map(|name| format!("`{name}`")).collect();
    let more = names.len().saturating_sub(shown.len());
    let rest = if more > 0 { format!(" and {more} more") } else { String::new() };
    shown.join(", ") + &rest
}

/// `128 changes tried: 120 noticed, 6 without effect, 2 that no test would notice`.
pub(super) fn tried(mutation: &Mutation) -> String {
    let unnoticed = mutation.tried - mutation.noticed - mutation.equivalent;
    let untried = match mutation.untried {
        0 => String::new(),
        more => format!("; {more} more not tried, see `--most`"),
    };
    format!(
        "{} tried: {} noticed, {} without effect, {unnoticed} that no test would notice{untried}",
        counted(mutation.tried, "change"),
        mutation.noticed,
        mutation.equivalent,
    )
}

fn mutated(mutation: &Mutation) -> String {
    format!("  {}\n", tried(mutation))
}

fn counted(count: usize, noun: &str) -> String {
    format!("{count} {noun}{}", if count == 1 { "" } else { "s" })
}
