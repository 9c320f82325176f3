//! Findings as a comment on a pull request. In: the files. Out: Markdown (of GitHub), a section for
//! each file.

use auth_policy::{Diagnostic, Source, settings::Place};

use super::{File, text::summary};
use crate::markdown::{code, prose};

/// How many findings of a file are shown: a comment has bounds (65 536 characters at GitHub).
const MOST: usize = 100;

pub(super) fn markdown(files: &[File]) -> String {
    files.iter().map(one).collect::<Vec<_>>().join("\n")
}

fn one(File { source, checked, endpoints }: &File) -> String {
    let path = code(source.path());
    let text = format!("### {path}: {}\n", summary(checked, *endpoints));
    text + &findings(source, &checked.diagnostics)
}

/// Findings as a list; nothing where there are none.
pub(in crate::commands) fn findings(source: &Source, found: &[Diagnostic]) -> String {
    let list: String = found.iter().take(MOST).map(|found| finding(source, found)).collect();
    let more = match found.len().checked_sub(MOST).filter(|more| *more > 0) {
        Some(more) => format!("- and {more} more, which `cargo auth check` tells\n"),
        None => String::new(),
    };
    if list.is_empty() { list } else { format!("\n{list}{more}") }
}

fn finding(source: &Source, found: &Diagnostic) -> String {
    let (severity, id) = (found.severity.as_str(), found.code.as_str());
    let (place, message) = (at(source, found.place), prose(&found.message));
    let mut text = format!("- **{severity}** `{id}` at {place}: {message}\n");
    for (place, label) in &found.others {
        text += &format!("  - {}: {}\n", at(source, *place), prose(label));
    }
    let help = found.help.as_ref().map(|help| format!("  - help: {}\n", prose(help)));
    text + &help.unwrap_or_default()
}

fn at(source: &Source, place: Place) -> String {
    code(format!("{}:{}:{}", source.path(), place.line, place.column))
}
