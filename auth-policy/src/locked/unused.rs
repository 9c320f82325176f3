//! What a policy declares and no endpoint uses. In: the policy and every endpoint. Out: a warning at
//! each of them.

use std::collections::BTreeSet;

use crate::{
    Policy,
    access::{Access, Carrier, Holder},
    code::Code,
    lock::{Guard, Lock, Rule, needs_no_role, takes_several},
    policy::{LimitId, SchemeKind},
    report::Report,
    settings::{EndpointKind, Place},
    source::quoted,
};

pub(super) fn unused(policy: &Policy, lock: &Lock, report: &mut Report) {
    let asked = Asked::of(lock);
    rules(policy, &asked, report);
    scopes(policy, &asked, report);
    schemes(policy, &asked, report);
    limits(policy, &asked, report);
    roles(policy, &asked, report);
}

/// The names that endpoints ask for.
#[derive(Default)]
struct Asked<'l> {
    rules: BTreeSet<&'l str>,
    scopes: BTreeSet<&'l str>,
    schemes: BTreeSet<&'l str>,
    limits: BTreeSet<&'l str>,
    /// Every guard once, whatever its endpoint.
    guards: Vec<&'l Rule>,
}

impl<'l> Asked<'l> {
    fn of(lock: &'l Lock) -> Self {
        let mut asked = Self::default();
        let mut seen = BTreeSet::new();
        for rule in lock.endpoints.iter().map(|endpoint| &endpoint.rule) {
            match rule {
                Rule::Guarded(guard) => {
                    asked.add(guard);
                    if seen.insert((guard.to_string(), guard.people_only)) {
                        asked.guards.push(rule);
                    }
                }
                Rule::Public { identity, limit, .. } => {
                    asked.schemes.extend(identity.iter().map(String::as_str));
                    asked.limits.extend(limit.as_deref());
                }
                Rule::Unguarded { .. } => {}
            }
        }
        asked
    }

    fn add(&mut self, guard: &'l Guard) {
        self.rules.extend(guard.name.as_deref());
        self.scopes.extend(guard.scopes.iter().map(String::as_str));
        self.schemes.extend(guard.schemes.iter().map(String::as_str));
        self.limits.extend(guard.limit.as_deref());
    }
}

/// Reports one thing of which there is no use.
fn idle(code: Code, place: Place, message: String, help: &str, report: &mut Report) {
    report.add(code, place, |found| found.message(message).help(help));
}

fn rules(policy: &Policy, asked: &Asked<'_>, report: &mut Report) {
    for rule in policy.rules().iter().filter(|rule| !asked.rules.contains(rule.name.as_str())) {
        let message = format!("no endpoint asks for the rule {}", quoted(&rule.name));
        idle(
            Code::RuleNotAsked,
            rule.place,
            message,
            "ask for it in a handler, or remove it",
            report,
        );
    }
}

fn scopes(policy: &Policy, asked: &Asked<'_>, report: &mut Report) {
    for scope in policy.scopes().iter().filter(|scope| !asked.scopes.contains(scope.name.as_str()))
    {
        let message = format!("no endpoint asks for the scope {}", quoted(&scope.name));
        let help = "ask for it in a handler, or remove it; what a handler looks up by itself is not seen here";
        idle(Code::ScopeNotAsked, scope.place, message, help, report);
    }
}

fn schemes(policy: &Policy, asked: &Asked<'_>, report: &mut Report) {
    for scheme in policy.schemes().iter().filter(|it| !asked.schemes.contains(it.name.as_str())) {
        let message = format!("no endpoint takes credentials of {}", quoted(&scheme.name));
        let help = "name it in the rule of a handler, or remove it";
        idle(Code::SchemeNotAsked, scheme.place, message, help, report);
    }
}

fn limits(policy: &Policy, asked: &Asked<'_>, report: &mut Report) {
    let of_rules = policy.rules().iter().filter_map(|rule| rule.requirement.limit);
    let of_kinds = EndpointKind::ALL.iter().filter_map(|kind| policy.endpoint_limit(*kind));
    let of_keys = policy.api_key().and_then(|(_, keys)| keys.limit);
    let used: BTreeSet<LimitId> = of_rules.chain(of_kinds).chain(of_keys).collect();
    for (limit, id) in policy.limits().iter().zip(0u32..) {
        if !used.contains(&LimitId(id)) && !asked.limits.contains(limit.name.as_str()) {
            let message = format!("nothing is held to the limit {}", quoted(&limit.name));
            let help = "name it in a handler, a rule, a scheme or `endpoints`, or remove it";
            idle(Code::LimitNotUsed, limit.place, message, help, report);
        }
    }
}

/// Roles that open nothing: whatever an account with one reaches, it reaches without it.
fn roles(policy: &Policy, asked: &Asked<'_>, report: &mut Report) {
    let access = Access::of(policy);
    let mut opening = BTreeSet::new();
    let carriers = access.carriers();
    for (rule, carrier) in
        asked.guards.iter().flat_map(|rule| carriers.iter().map(move |it| (rule, it)))
    {
        if opening.len() == policy.roles().len() {
            return;
        }
        opening.extend(opened_by(&access, rule, carrier));
    }
    for role in policy.roles().iter().filter(|role| !opening.contains(&role.name)) {
        let message = format!("the role {} opens no endpoint", quoted(&role.name));
        let help = "grant it what an endpoint asks for, or remove it: an account with it reaches what one without roles does";
        idle(Code::RoleOpensNothing, role.place, message, help, report);
    }
}

/// The roles that are enough for a rule, alone or together; none where no role is needed.
fn opened_by(access: &Access<'_>, rule: &Rule, carrier: &Carrier) -> Vec<String> {
    if needs_no_role(access, rule, carrier) {
        return Vec::new();
    }
    let mut names = access.roles_that_reach(rule, carrier);
    if matches!(rule, Rule::Guarded(guard) if takes_several(guard)) {
        let smallest = access.smallest(rule, carrier);
        if smallest.cut {
            // There are more ways than are told: no role is called idle for that.
            return access.policy().roles().iter().map(|role| role.name.clone()).collect();
        }
        names.extend(smallest.credentials.into_iter().flat_map(|credential| credential.roles));
    }
    if carrier.holder == Holder::Foreign { ours(access.policy(), carrier, &names) } else { names }
}

/// What the names in a foreign issuer's tokens stand for.
fn ours(policy: &Policy, carrier: &Carrier, theirs: &[String]) -> Vec<String> {
    let scheme = policy.scheme_id(&carrier.scheme).and_then(|id| policy.scheme(id));
    let Some(SchemeKind::Issuer(issuer)) = scheme.map(|scheme| &scheme.kind) else {
        return Vec::new();
    };
    let known = issuer.roles.iter().filter(|(name, _)| theirs.contains(name));
    known.filter_map(|(_, id)| Some(policy.role(*id)?.name.clone())).collect()
}
