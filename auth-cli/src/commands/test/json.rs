//! Results for programs. In: what came of each file. Out: one JSON document, described in
//! `docs/cli.md`.

use auth_policy::{
    Diagnostic,
    testing::{Failure, Mutation, Survivor},
};
use serde_json::{Value, json};

use super::{Fault, Results, Tested};
use crate::terminal;

/// Counts up when a member goes or changes what it means; new members may come without it.
const VERSION: u32 = 1;

pub(super) fn json(files: &[Tested]) -> String {
    let files: Vec<_> = files.iter().map(file).collect();
    terminal::json(&json!({ "version": VERSION, "files": files }))
}

fn file(tested: &Tested) -> Value {
    let faults: Vec<_> = tested.faults.iter().map(|fault| self::fault(tested, fault)).collect();
    let results = tested.results.as_ref();
    json!({
        "path": tested.tests.path(),
        "policy": tested.policy.path(),
        "lock": tested.lock.path(),
        "ok": results.is_some_and(|results| results.failures.is_empty()),
        "faults": faults,
        "failures": results.map(failures),
        "failures_not_shown": results.map(|results| results.skipped),
        "coverage": results.map(|results| json!(results.coverage)),
        "mutation": results.and_then(|results| results.mutation.as_ref()).map(mutation),
    })
}

fn fault(tested: &Tested, Fault { in_policy, found }: &Fault) -> Value {
    let path = if *in_policy { tested.policy.path() } else { tested.tests.path() };
    let Diagnostic { code, severity, message, help, place, .. } = found;
    json!({
        "path": path,
        "code": code.as_str(),
        "severity": severity.as_str(),
        "message": message,
        "help": help,
        "place": place,
    })
}

fn failures(results: &Results) -> Value {
    results.failures.iter().map(failure).collect()
}

fn failure(failure: &Failure) -> Value {
    json!({
        "code": failure.code().as_str(),
        "place": failure.place,
        "endpoint": failure.endpoint,
        "who": failure.who(),
        "roles": failure.roles,
        "credential": failure.credential,
        "expected": verdict(failure.expected),
        "actual": verdict(!failure.expected),
        "lacks": failure.lacks,
        "explain": failure.explain,
    })
}

fn verdict(admitted: bool) -> &'static str {
    if admitted { "allowed" } else { "denied" }
}

fn mutation(mutation: &Mutation) -> Value {
    let survivors: Vec<_> = mutation.survivors.iter().map(survivor).collect();
    json!({
        "tried": mutation.tried,
        "noticed": mutation.noticed,
        "without_effect": mutation.equivalent,
        "not_tried": mutation.untried,
        "survivors": survivors,
    })
}

fn survivor(survivor: &Survivor) -> Value {
    json!({
        "place": survivor.place,
        "change": survivor.change,
        "endpoint": survivor.endpoint,
        "credential": survivor.credential,
        "effect": if survivor.gained { "lets_in" } else { "refuses" },
        "case": survivor.case,
    })
}
