//! What changed, for programs. In: a comparison. Out: one JSON document, described in `docs/cli.md`.

use auth_policy::diff::{Change, Verdict, What};
use serde_json::{Map, Value, json};

use super::{Compared, side::Side, text::trial};
use crate::terminal;

/// Counts up when a member goes or changes what it means; new members may come without it.
const VERSION: u32 = 1;

pub(super) fn json(compared: &Compared) -> String {
    let changes = compared.diff.changes.iter().map(|change| one(compared, change));
    let unused = compared.approvals.unused(&compared.diff);
    let unused = unused.map(|(line, approval)| json!({ "line": line, "approval": approval }));
    let document = json!({
        "version": VERSION,
        "old": side(&compared.old),
        "new": side(&compared.new),
        "widens": compared.count(Verdict::Widens),
        "not_approved": compared.lacking().len(),
        "narrows": compared.count(Verdict::Narrows),
        "neutral": compared.count(Verdict::Neutral),
        "changes": changes.collect::<Vec<_>>(),
        "unused_approvals": unused.collect::<Vec<_>>(),
    });
    terminal::json(&document)
}

fn side(side: &Side) -> Value {
    json!({
        "policy": side.source.path(),
        "has_lock": !side.applications.is_empty(),
    })
}

fn one(compared: &Compared, change: &Change) -> Value {
    json!({
        "verdict": change.verdict,
        "said": change.to_string(),
        "what": change.what,
        "approval": change.approval(),
        "approved": compared.is_approved(change),
        "trial": request(compared, change),
    })
}

fn request(compared: &Compared, change: &Change) -> Value {
    let What::Access(access) = &change.what else { return Value::Null };
    let Some(trial) = trial(compared, access, change.verdict) else { return Value::Null };
    let variables = trial.variables.into_iter().map(|(name, from)| (name.to_owned(), from.into()));
    let variables: Map<String, Value> = variables.collect();
    json!({ "command": trial.command, "variables": variables })
}
