//! Locks that say something else than the policy. In: the text of a lock, and the policy. Out: each
//! name that the policy does not declare, and the first line that it no longer comes to.

use crate::{
    Diagnostic, Policy,
    code::Code,
    lock::{Endpoint, Guard, Lock, Rule, column_of, parse_numbered},
    policy::{NamedRule, SchemeId, ScopeId},
    report::Report,
    settings::Place,
    source::{Fault, Source, quoted, width},
};

const HELP: &str = "`cargo auth lock` writes it anew";

/// A lock, and the line of each endpoint.
pub(super) struct Read {
    pub(super) lock: Lock,
    lines: Vec<u32>,
}

/// Reads a lock, or says why it is none.
pub(super) fn read(source: &Source) -> Result<Read, Diagnostic> {
    let start = Place { line: 1, column: 1, length: 1 };
    let none =
        |message: &str| Diagnostic::new(Code::InvalidLock, start).message(message).help(HELP);
    match source.fault() {
        Some(Fault::TooLarge) => return Err(none("a lock has at most 8 MiB")),
        Some(Fault::NotUtf8(_)) => {
            let end = source.place_at(source.text().len());
            let found = Diagnostic::new(Code::NotUtf8, source.clip(end));
            return Err(found.message("this is not UTF-8").help(HELP));
        }
        None => {}
    }
    match parse_numbered(source.text()) {
        Ok((lock, lines)) => Ok(Read { lock, lines }),
        Err(error) => {
            let found = Diagnostic::new(Code::InvalidLock, source.clip(error.place));
            Err(found.message(error.message).maybe_help(error.help))
        }
    }
}

/// What the policy does not declare is an error. Where there is nothing of that kind, the first line
/// that the policy comes to no longer is a warning.
pub(super) fn stale(read: &Read, policy: &Policy, source: &Source) -> Vec<Diagnostic> {
    let mut report = Report::default();
    for (endpoint, line) in read.lock.endpoints.iter().zip(&read.lines) {
        for (noun, name) in undeclared(endpoint, policy) {
            report.add(Code::StaleLock, place(source, *line, name), |found| {
                let noun_and_name = format!("{noun} {}", quoted(name));
                found
                    .message(format!("the lock names the {noun_and_name}, which the policy does not declare"))
                    .help("mend the handler if the name was changed in the policy alone; `cargo auth lock` writes the lock anew")
            });
        }
    }
    if report.errors() == 0 {
        outdated(read, policy, source, &mut report);
    }
    report.finish(source)
}

/// The names of an endpoint's rule that are not those of the policy.
fn undeclared<'e>(endpoint: &'e Endpoint, policy: &Policy) -> Vec<(&'static str, &'e str)> {
    let scheme = |name: &&String| policy.scheme_id(name).is_none();
    let limit = |name: &&String| policy.limit_id(name).is_none();
    let mut found: Vec<(&'static str, &String)> = Vec::new();
    match &endpoint.rule {
        Rule::Guarded(guard) => {
            let scope = |name: &&String| policy.scope_id(name).is_none();
            let role = |name: &&String| policy.role_id(name).is_none();
            let acr = |name: &&String| policy.acr_id(name).is_none();
            let rule = |name: &&String| policy.rule(name).is_none();
            found.extend(guard.schemes.iter().filter(scheme).map(|name| ("scheme", name)));
            found.extend(guard.scopes.iter().filter(scope).map(|name| ("scope", name)));
            found.extend(guard.role.iter().filter(role).map(|name| ("role", name)));
            found.extend(guard.acr.iter().filter(acr).map(|name| ("authentication context", name)));
            found.extend(guard.limit.iter().filter(limit).map(|name| ("limit", name)));
            found.extend(guard.name.iter().filter(rule).map(|name| ("rule", name)));
        }
        Rule::Public { identity, limit: limited, .. } => {
            found.extend(identity.iter().filter(scheme).map(|name| ("scheme", name)));
            found.extend(limited.iter().filter(limit).map(|name| ("limit", name)));
        }
        Rule::Unguarded { .. } => {}
    }
    found.into_iter().map(|(noun, name)| (noun, name.as_str())).collect()
}

/// The first line that is not what it would be now: other roles reach the endpoint, or a named rule
/// says something else.
fn outdated(read: &Read, policy: &Policy, source: &Source, report: &mut Report) {
    let changed = read.lock.endpoints.iter().zip(&read.lines).find_map(|(endpoint, line)| {
        let Rule::Guarded(guard) = &endpoint.rule else { return None };
        let rule = policy.rule(guard.name.as_ref()?)?;
        (!says(rule, guard, policy)).then_some((*line, rule.name.clone()))
    });
    if let Some((line, name)) = changed {
        report.add(Code::LockOutOfDate, place(source, line, &name), |found| {
            found.message(format!("the rule {} says something else now", quoted(&name))).help(HELP)
        });
        return;
    }
    let now = read.lock.write(policy);
    let differs = |(line, now): &(u32, &str)| source.line(*line) != *now;
    let first = (1u32..).zip(now.lines()).find(differs).map(|(line, _)| line);
    let longer = source.line_count() as usize > now.lines().count();
    if let Some(line) = first.or_else(|| longer.then(|| source.line_count())) {
        let length = width(source.line(line)).max(1);
        report.add(Code::LockOutOfDate, Place { line, column: 1, length }, |found| {
            found.message("this line is not what the policy comes to now").help(HELP)
        });
    }
}

/// Whether a named rule asks what an endpoint asks that names it. A limit may stand beside the rule.
fn says(rule: &NamedRule, guard: &Guard, policy: &Policy) -> bool {
    let requirement = &rule.requirement;
    let scheme = |id: &SchemeId| policy.scheme(*id).map(|scheme| scheme.name.clone());
    let scope = |id: &ScopeId| policy.scope(*id).map(|scope| scope.name.clone());
    let limit = requirement.limit.and_then(|id| policy.limit(id)).map(|limit| limit.name.clone());
    let role = requirement.role.and_then(|id| policy.role(id)).map(|role| role.name.clone());
    let acr = requirement.acr.and_then(|id| policy.acr(id)).map(|acr| acr.value.clone());
    *guard
        == Guard {
            schemes: requirement.schemes.iter().filter_map(scheme).collect(),
            scopes: requirement.scopes.iter().filter_map(scope).collect(),
            any_scope: requirement.any_scope && requirement.scopes.len() > 1,
            role,
            limit: limit.or_else(|| guard.limit.clone()),
            name: guard.name.clone(),
            max_age: requirement.max_age,
            acr,
            people_only: guard.people_only,
        }
}

/// Where a line names something.
fn place(source: &Source, line: u32, name: &str) -> Place {
    let (column, length) = column_of(source.line(line), name);
    LockPlace(line, column, length).into()
}

struct LockPlace(u32, usize, usize);

impl From<LockPlace> for Place {
    fn from(LockPlace(line, column, length): LockPlace) -> Self {
        let fit = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
        Self { line, column: fit(column), length: fit(length) }
    }
}
