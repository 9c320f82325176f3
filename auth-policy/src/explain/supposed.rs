//! A policy as it would be. In: the policy as written, and what is done to it. Out: the policy that
//! would come of it, and what `check` would say against it.

use super::Edit;
use crate::{
    Policy, Source, check,
    document::{At, Document, SchemeForm},
    report::Report,
    settings::Place,
};

/// The policy after these edits; those that are not made in the policy change nothing.
pub(super) fn supposed(
    source: &Source,
    policy: &Policy,
    document: &Document,
    edits: &[Edit],
) -> (Policy, Option<String>) {
    let mut document = document.clone();
    edits.iter().for_each(|edit| apply(&mut document, edit));
    let mut report = Report::default();
    let contents = check::contents(source, &document, &mut report);
    let refused = report.errors() > 0;
    let mut findings = report.finish(source).into_iter();
    let error = findings.find(|found| found.severity == crate::Severity::Error);
    let refused = error.filter(|_| refused).map(|error| error.message);
    (policy.with_contents(contents), refused)
}

fn apply(document: &mut Document, edit: &Edit) {
    match edit {
        Edit::Grant { scope, role, place } => {
            let role = document.roles.iter_mut().find(|entry| entry.name.value == *role);
            add(role.map(|entry| &mut entry.form.grants), scope, *place);
        }
        Edit::Raise { scope, scheme, place } => add(ceiling(document, scheme), scope, *place),
        Edit::Remove { of, place, .. } => {
            let role = document.roles.iter_mut().find(|entry| entry.name.value == *of);
            let of_role = role.map(|entry| &mut entry.form.grants);
            of_role.into_iter().for_each(|list| list.retain(|word| word.place != *place));
            let ceiling = ceiling(document, of);
            ceiling.into_iter().for_each(|list| list.retain(|word| word.place != *place));
        }
        Edit::Hold { .. }
        | Edit::Carry { .. }
        | Edit::Use { .. }
        | Edit::AskInPerson
        | Edit::Present { .. }
        | Edit::SignIn => {}
    }
}

fn add(list: Option<&mut Vec<At<String>>>, scope: &str, place: Place) {
    if let Some(list) = list {
        list.push(At { value: scope.to_owned(), place });
    }
}

fn ceiling<'d>(document: &'d mut Document, name: &str) -> Option<&'d mut Vec<At<String>>> {
    let mut schemes = document.schemes.iter_mut().filter(|entry| entry.name.value == name);
    if let Some(SchemeForm::ApiKey(form)) = schemes.next().map(|entry| &mut entry.form) {
        return Some(&mut form.grants);
    }
    let mut issuers = document.issuers.iter_mut();
    issuers.find(|entry| entry.name.value == name).map(|entry| &mut entry.form.may_grant)
}
