//! Locks and what changed in them. In: a report. Out: text, JSON or Markdown.

use serde_json::{Value, json};

use super::report::{Lock, Report};
use crate::{
    markdown::{block, code, codes, prose},
    terminal,
};

/// Counts up when a member goes or changes what it means; new members may come without it.
const VERSION: u32 = 1;

pub(super) fn text(report: &Report, check: bool, colored: bool) -> String {
    let mut text = String::new();
    for lock in &report.locks {
        text.push_str(&format!("{}: {}\n", lock.lock, sentence(lock, check)));
        for change in &lock.changes {
            text.push_str(&format!("  {}\n", line(change, colored)));
        }
        for broken in &lock.broken {
            text.push_str(&format!("\n{broken}\n"));
        }
    }
    for other in &report.others {
        text.push_str(&format!(
            "{other}: not looked at; it belongs to an application of another package\n"
        ));
    }
    text
}

pub(super) fn json(report: &Report, check: bool) -> String {
    let locks: Vec<Value> = report.locks.iter().map(|lock| value(lock, check)).collect();
    let others = &report.others;
    terminal::json(&json!({ "version": VERSION, "locks": locks, "not_looked_at": others }))
}

pub(super) fn markdown(report: &Report, check: bool) -> String {
    let mut text = String::new();
    for lock in &report.locks {
        let sentence = prose(sentence(lock, check));
        text.push_str(&format!("### {}: {sentence}\n", code(&lock.lock)));
        if !lock.changes.is_empty() {
            // A fence longer than any that stands in a line.
            let longest = lock.changes.iter().map(|change| backticks(change)).max().unwrap_or(0);
            let fence = "`".repeat(longest.max(2) + 1);
            text.push_str(&format!("\n{fence}diff\n{}\n{fence}\n", lock.changes.join("\n")));
        }
        for broken in &lock.broken {
            text.push_str(&format!("\n{}", block(broken)));
        }
        text.push('\n');
    }
    if !report.others.is_empty() {
        let others = codes(&report.others);
        text.push_str(&format!("Not looked at, of applications of other packages: {others}\n"));
    }
    text
}

fn sentence(lock: &Lock, check: bool) -> &'static str {
    match (lock.stale, lock.there, check) {
        (false, ..) => "up to date",
        (true, true, false) => "written",
        (true, false, false) => "written for the first time",
        (true, true, true) => "not what the application serves; `cargo auth lock` writes it",
        (true, false, true) => "not there; `cargo auth lock` writes it",
    }
}

fn value(lock: &Lock, check: bool) -> Value {
    let state = match (lock.stale, check) {
        (false, _) => "current",
        (true, false) => "written",
        (true, true) => "stale",
    };
    json!({
        "lock": lock.lock,
        "state": state,
        "there": lock.there,
        "changes": lock.changes,
        "broken": lock.broken,
    })
}

fn line(change: &str, colored: bool) -> String {
    let color = if change.starts_with('-') { 31 } else { 32 };
    if colored { format!("\u{1b}[{color}m{change}\u{1b}[0m") } else { change.to_owned() }
}

/// The longest row of backticks in a line.
fn backticks(line: &str) -> usize {
    line.split(|c| c != '`').map(str::len).max().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_cannot_end_the_block_it_is_shown_in() {
        let told = r#"{"lock":"p.lock","path":"p.lock","there":true,"stale":true,"broken":[],
            "changes":["+ reason \"````\""]}"#;
        let report = Report::parse(&told.replace('\n', "")).unwrap();
        assert!(markdown(&report, true).contains("\n`````diff\n+ reason \"````\"\n`````\n"));
    }
}
