//! A policy together with the locks of its applications. In: the file, and the locks beside it. Out:
//! what `check` finds, what no endpoint uses, and which statements about endpoints do not hold.

use crate::{
    Diagnostic, Policy, Severity,
    check::{Checked, check},
    code::Code,
    invariant::{Fault, broken},
    lock::Lock,
    report::Report,
    source::Source,
};

mod stale;
mod unused;

/// What [`check_with_locks`] made of a policy and the locks beside it.
#[derive(Clone, Debug)]
pub struct CheckedWithLocks {
    /// The policy, and what was found in its file.
    pub checked: Checked,
    /// What was found in each lock, in the order they were given.
    pub locks: Vec<Vec<Diagnostic>>,
    /// How many endpoints the locks have, if all of them could be read.
    pub endpoints: Option<usize>,
}

/// Reads a policy and the locks of the applications that run it.
///
/// Where there is no lock, a statement about an endpoint is a warning: nothing holds it. What nothing
/// uses is told only where there is one, and a lock that cannot be read says so and nothing else.
///
/// # Example
///
/// ```
/// use auth_policy::{Code, Source, check_with_locks};
///
/// let policy = "
/// version: 1
/// scopes: { read:posts: Read posts, read:mail: Read mail }
/// roles: { reader: { grants: [read:posts, read:mail] } }
/// schemes: { session: { idle: 30m, lifetime: 24h } }
/// ";
/// let lock = "lock 1 of p.yaml\nGET /posts session scope read:posts -> role reader @ posts::list\n";
/// let lock = Source::lock("p.lock", lock.into());
/// let found = check_with_locks(&Source::new("p.yaml", policy.into()), &[lock]);
/// assert_eq!(found.checked.diagnostics[0].code, Code::ScopeNotAsked);
/// ```
pub fn check_with_locks(source: &Source, locks: &[Source]) -> CheckedWithLocks {
    let mut checked = check(source);
    let read: Vec<_> = locks.iter().map(stale::read).collect();
    let Some(policy) = &checked.policy else {
        let locks = read.into_iter().map(|read| read.err().into_iter().collect()).collect();
        return CheckedWithLocks { checked, locks, endpoints: None };
    };
    let found = locks.iter().zip(&read).map(|(lock, read)| match read {
        Ok(read) => stale::stale(read, policy, lock),
        Err(found) => vec![found.clone()],
    });
    let found: Vec<_> = found.collect();
    let mut report = Report::default();
    let all: Option<Vec<_>> = read.iter().map(|read| read.as_ref().ok()).collect();
    let all = all.map(|all| Lock {
        policy: String::new(),
        endpoints: all.into_iter().flat_map(|read| read.lock.endpoints.clone()).collect(),
    });
    let mut known = None;
    match &all {
        Some(_) if locks.is_empty() => nothing_holds(policy, &mut report),
        Some(all) => {
            known = Some(all.endpoints.len());
            statements(policy, all, &mut report);
            unused::unused(policy, all, &mut report);
        }
        None => {}
    }
    // What a lock shows is told once, and by what is more exact.
    let more = report.finish(source);
    checked.diagnostics.retain(|found| found.code != Code::RoleWithoutEffect || known.is_none());
    checked.diagnostics.extend(more);
    checked.diagnostics.sort_by_key(|found| (found.place.line, found.place.column, found.code));
    if checked.diagnostics.iter().any(|found| found.severity == Severity::Error) {
        checked.policy = None;
    }
    CheckedWithLocks { checked, locks: found, endpoints: known }
}

/// Statements about endpoints where no lock says what there is.
fn nothing_holds(policy: &Policy, report: &mut Report) {
    for endpoint in policy.invariants().iter().filter_map(|entry| entry.endpoint.as_ref()) {
        report.add(Code::NoLock, endpoint.place, |found| {
            found
                .message("nothing holds this statement: there is no lock beside the policy")
                .help("declare `auth_runtime::lock_test!(app())` in the application, and run `cargo auth lock`")
        });
    }
}

/// Statements about endpoints that do not hold.
fn statements(policy: &Policy, lock: &Lock, report: &mut Report) {
    for broken in broken(policy, lock) {
        let code = match &broken.fault {
            Fault::NoSuchEndpoint(_) => Code::UndeclaredEndpoint,
            Fault::Reached(_) | Fault::NotReached => Code::InvariantBroken,
        };
        report.add(code, broken.endpoint.place, |found| {
            found.message(broken.to_string()).help(broken.help())
        });
    }
}
