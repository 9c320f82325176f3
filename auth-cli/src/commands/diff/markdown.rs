//! What changed, as a comment on a pull request. In: a comparison. Out: Markdown (of GitHub), with
//! details folded.
//!
//! SECURITY: whoever opens a pull request chooses names, paths and texts in it. They stand in code
//! that they cannot end, so the comment says what this program says and mentions nobody.

use std::fmt::Write as _;

use auth_policy::diff::{Group, Verdict};

use super::{
    Compared,
    text::{counts, trial},
};
use crate::{
    markdown::{block, code},
    terminal::plain,
};

/// How many changes of each kind are shown: a comment has bounds (65 536 characters at GitHub).
const MOST: usize = 100;
/// How many requests are shown.
const MOST_TRIALS: usize = 20;

pub(super) fn markdown(compared: &Compared) -> String {
    let (old, new) = (compared.old.source.path(), compared.new.source.path());
    let mut text = format!("### Access policy: {} → {}\n\n", code(old), code(new));
    if compared.diff.changes.is_empty() {
        return text + "**NEUTRAL** Nothing changed in meaning.\n";
    }
    let _ = writeln!(text, "**{}**", counts(compared));
    let widens = compared.diff.groups(Verdict::Widens);
    if !widens.is_empty() {
        text += &format!("\n#### Widens\n\n{}", list(compared, Verdict::Widens, &widens));
        text += &folded("Requests that are let in now", &trials(compared, &widens));
        text += &folded("Lines that approve what widens", &approvals(compared));
    }
    let narrows = compared.diff.groups(Verdict::Narrows);
    if !narrows.is_empty() {
        text += &format!("\n#### Narrows\n\n{}", list(compared, Verdict::Narrows, &narrows));
    }
    let neutral = compared.diff.groups(Verdict::Neutral);
    if !neutral.is_empty() {
        text += &folded("Neutral", &list(compared, Verdict::Neutral, &neutral));
    }
    text
}

fn list(compared: &Compared, verdict: Verdict, groups: &[Group<'_>]) -> String {
    let mut text = String::new();
    for group in groups.iter().take(MOST) {
        let approved = group.changes.iter().all(|change| compared.is_approved(change));
        let approved = if approved { " (approved)" } else { "" };
        let _ =
            writeln!(text, "- **{}** {}{approved}", verdict.as_str(), plain(&group.to_string()));
        if group.changes.len() > 1 {
            for access in group.accesses().take(MOST) {
                let _ = writeln!(text, "  - {}", code(&access.target));
            }
            text += &more(group.changes.len(), "  - ");
        }
    }
    text + &more(groups.len(), "- ")
}

/// What does not fit.
fn more(count: usize, bullet: &str) -> String {
    match count.checked_sub(MOST).filter(|more| *more > 0) {
        Some(more) => format!("{bullet}and {more} more, which `cargo auth diff` tells\n"),
        None => String::new(),
    }
}

fn trials(compared: &Compared, groups: &[Group<'_>]) -> String {
    let first = groups.iter().filter_map(|group| Some((group, group.accesses().next()?)));
    let shown = first.filter_map(|(group, access)| {
        let trial = trial(compared, access, Verdict::Widens)?;
        let mut text = format!("{}\n\n{}\n", plain(&group.to_string()), block(&trial.command));
        for (name, from) in &trial.variables {
            let _ = writeln!(text, "- {}: {}", code(name), plain(from));
        }
        if let Some(witness) = &access.witness {
            let _ = writeln!(text, "- shown by: {}", code(witness));
        }
        Some(text + "\n")
    });
    shown.take(MOST_TRIALS).collect()
}

fn approvals(compared: &Compared) -> String {
    let lacking = compared.lacking();
    let lines = lacking.iter().take(MOST).map(|line| block(line));
    lines.collect::<String>() + &more(lacking.len(), "\n")
}

fn folded(summary: &str, text: &str) -> String {
    match text.trim_matches('\n') {
        "" => String::new(),
        text => format!("\n<details><summary>{summary}</summary>\n\n{text}\n\n</details>\n"),
    }
}
