//! `cargo auth what-can`. In: a role, a scope or a scheme. Out: the endpoints in its reach.

use auth_policy::access::{Access, InReach, SubjectKind, WhatCan};
use serde_json::json;

use crate::{
    exit::Outcome,
    format::Format,
    locked::{Locked, Which, answer, bold},
    markdown::{code, columns, prose, row},
    terminal,
};

/// Say what a role, a scope or a scheme opens
///
/// Reads the policy and its lock, and prints the endpoints in reach: of a role those that an account
/// with this role alone reaches, of a scope those that ask for it, of a scheme those that any of its
/// credentials reaches. Public endpoints are counted. Exits 2 if the policy declares no such name.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// `role:NAME`, `scope:NAME` or `scheme:NAME`
    #[arg(value_name = "KIND:NAME")]
    subject: String,

    #[command(flatten)]
    which: Which,

    /// For whom the answer is
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    format: Format,
}

pub(super) fn run(arguments: &Arguments) -> Outcome {
    answer(&arguments.which, |locked| said(locked, arguments))
}

fn said(locked: &Locked, arguments: &Arguments) -> Result<String, String> {
    let what = Access::of(&locked.policy).what_can(&locked.lock, &arguments.subject);
    let what = what.map_err(|unknown| unknown.to_string())?;
    Ok(match arguments.format {
        Format::Text => text(&what),
        Format::Json => terminal::json(
            &json!({ "version": 1, "policy": locked.policy.path(), "what_can": what }),
        ),
        Format::Markdown => markdown(&what),
    })
}

/// What the list is of.
fn head(what: &WhatCan) -> String {
    let count = match what.endpoints.len() {
        0 => "no endpoint".to_owned(),
        1 => "1 endpoint".to_owned(),
        count => format!("{count} endpoints"),
    };
    let verb = match what.subject.kind {
        SubjectKind::Role => "alone reaches",
        SubjectKind::Scope => "is asked for by",
        SubjectKind::Scheme => "reaches",
    };
    let public = match what.public {
        0 => String::new(),
        1 => ", and the public one".to_owned(),
        count => format!(", and the {count} public ones"),
    };
    let public = if what.subject.kind == SubjectKind::Scope { String::new() } else { public };
    format!("{verb} {count}{public}")
}

fn through(endpoint: &InReach) -> String {
    endpoint.through.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

fn text(what: &WhatCan) -> String {
    let mut text = format!(
        "{} {}\n",
        bold(format!("{} {}", what.subject.kind, what.subject.name)),
        head(what)
    );
    let width = what.endpoints.iter().map(|it| it.path.chars().count()).max().unwrap_or(0);
    let rule = what.endpoints.iter().map(|it| it.asks.chars().count()).max().unwrap_or(0).min(60);
    if !what.endpoints.is_empty() {
        text.push('\n');
    }
    for endpoint in &what.endpoints {
        let InReach { method, path, asks, .. } = endpoint;
        text += &format!("{method:7} {path:width$}  {asks:rule$}  by {}\n", through(endpoint));
    }
    text
}

fn markdown(what: &WhatCan) -> String {
    let mut text = format!("### What {} {} can\n\n", what.subject.kind, code(&what.subject.name));
    text += &format!("The {} {}.\n", what.subject.kind, head(what));
    if !what.endpoints.is_empty() {
        text += &format!("\n{}", columns(&["endpoint", "asks for", "by"]));
    }
    for endpoint in &what.endpoints {
        let name = code(format!("{} {}", endpoint.method, endpoint.path));
        let cells = [name, prose(&endpoint.asks), prose(through(endpoint))];
        text += &row(&cells);
    }
    text
}
