//! Named rules. In: the forms under `rules`. Out: requirements over ids, by the same function that
//! resolves what handlers ask for.

use crate::{
    diagnostic::Diagnostic,
    document::{At, Document, Entry, RuleForm},
    policy::{Contents, NamedRule},
    report::Report,
    requirement::{Asked, AskedScopes, Named, Names, Problem, resolve_among},
    settings::Place,
};

/// The rules, sorted by name.
pub(super) fn rules(
    document: &Document,
    contents: &Contents,
    doubtful: bool,
    report: &mut Report,
) -> Vec<NamedRule> {
    let mut names = Names::new(contents, doubtful);
    let mut rules = Vec::with_capacity(document.rules.len());
    for entry in &document.rules {
        // A rule costs a search among all names for each mistake, so none is looked at for nothing.
        if !entry.form.incomplete && !report.is_full() {
            names.guess = report.guesses();
            rules.extend(rule(entry, &names, report));
        }
    }
    rules.sort_by(|a: &NamedRule, b| a.name.cmp(&b.name));
    rules
}

fn rule(entry: &Entry<RuleForm>, names: &Names<'_>, report: &mut Report) -> Option<NamedRule> {
    match resolve_among(&asked(entry), names) {
        Ok(requirement) => {
            Some(NamedRule { name: entry.name.value.clone(), requirement, place: entry.name.place })
        }
        Err(problems) => {
            problems.into_iter().for_each(|problem| add(problem, report));
            None
        }
    }
}

fn asked(entry: &Entry<RuleForm>) -> Asked<Place> {
    let form = &entry.form;
    let scopes = form.scopes.as_ref().map(|scopes| AskedScopes {
        at: scopes.place,
        any: scopes.any,
        names: scopes.names.iter().map(named).collect(),
    });
    Asked {
        at: entry.name.place,
        schemes: form.schemes.iter().map(named).collect(),
        scopes,
        role: form.role.as_ref().map(named),
        rule: None,
        limit: form.limit.as_ref().map(named),
        max_age: form.max_age.as_ref().map(named),
        acr: form.acr.as_ref().map(named),
    }
}

fn named(word: &At<String>) -> Named<Place> {
    Named { name: word.value.clone(), at: word.place }
}

fn add(problem: Problem<Place>, report: &mut Report) {
    report.add(problem.code, problem.at, |found: Diagnostic| {
        let found = found.message(problem.message).maybe_help(problem.help);
        match problem.declared {
            Some((place, label)) => found.other(place, label),
            None => found,
        }
    });
}
