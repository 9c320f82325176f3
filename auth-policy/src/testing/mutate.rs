//! Which lines no test would miss. In: a plan that holds. Out: every small change of the policy or of
//! a rule that changes who gets in and that no expectation notices.
//!
//! A change that changes nothing is none: whether somebody gains or loses by it is decided exactly,
//! on the access function, and the credential that does is told.
//!
//! INVARIANT: what breaks a statement under `never` or `always` about an endpoint is noticed. Both ask
//! the same of `access`: whom a single role lets in, by which scheme. A statement cannot turn over while
//! every one of those answers, which a file of tests expects one by one, stays as it was.

use std::collections::HashSet;

use serde::Serialize;

use super::{
    closed::Roles,
    mutant::{self, GrantMutant, GuardMutant},
    plan::{Plan, Row, name_of},
    table::{Admitted, Tables},
};
use crate::{
    Policy, Source,
    access::{Change, Credential, Holder, carriers},
    bits::Bits,
    check,
    code::Code,
    diagnostic::Diagnostic,
    document::Document,
    lock::{Guard, Rule, rule_text},
    policy::{Contents, SchemeKind, ScopeId},
    report::Report,
    settings::{Place, Seconds},
    yaml,
};

/// What was tried, and what nobody would have noticed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Mutation {
    /// How many changes were tried.
    pub tried: usize,
    /// How many of them some test notices, or `check` refuses.
    pub noticed: usize,
    /// How many change nothing at all.
    pub equivalent: usize,
    /// Those that nobody would notice, in the order of the policy and then of the lock.
    pub survivors: Vec<Survivor>,
    /// How many more there would have been to try.
    pub untried: usize,
}

impl Mutation {
    /// The lines of the policy that nobody would miss, as findings in it.
    pub fn in_policy(&self, policy: &Source) -> Vec<Diagnostic> {
        let mut report = Report::default();
        for survivor in &self.survivors {
            if let SurvivorPlace::Policy(place) = &survivor.place {
                survivor.add(*place, &survivor.change, &mut report);
            }
        }
        report.finish(policy)
    }

    /// The rules in the code that nobody would miss, as findings in the lock.
    pub fn in_lock(&self, lock: &Source) -> Vec<Diagnostic> {
        let mut report = Report::default();
        for survivor in &self.survivors {
            if let SurvivorPlace::Endpoints(names) = &survivor.place {
                let place = names.first().map(|name| line_of(name, lock)).unwrap_or_default();
                let names = crate::name::listed(names.iter().map(String::as_str));
                survivor.add(place, &format!("{names} {}", survivor.change), &mut report);
            }
        }
        report.finish(lock)
    }
}

/// The line of an endpoint in a lock; its first line if it is written in another way there.
fn line_of(endpoint: &str, lock: &Source) -> Place {
    let name: Vec<&str> = endpoint.split(' ').collect();
    let is = |line: &str| line.split_whitespace().zip(&name).filter(|(a, b)| a == *b).count() == 2;
    let found = lock.text().lines().zip(1u32..).find(|(line, _)| is(line));
    let length = name.first().map_or(1, |method| method.len());
    let length = u32::try_from(length).unwrap_or(1);
    Place { line: found.map_or(1, |(_, line)| line), column: 1, length }
}

impl Survivor {
    fn add(&self, place: Place, change: &str, report: &mut Report) {
        report.add(Code::Untested, place, |found| {
            found
                .message(format!("no test would notice {change}"))
                .label(self.effect())
                .help(format!("a case that would: `{}`", self.case))
        });
    }

    /// What the change comes to, as a sentence without a subject.
    pub fn effect(&self) -> String {
        let verb = if self.gained { "would let in" } else { "would refuse" };
        format!("{verb} {}, at `{}`", self.credential, self.endpoint)
    }
}

/// A change that no test would notice.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Survivor {
    /// Where the word is that was changed.
    pub place: SurvivorPlace,
    /// What was changed, such as "the role `author` without its grant `write:posts`".
    pub change: String,
    /// An endpoint where it makes a difference.
    pub endpoint: String,
    /// Somebody for whom it does: the smallest such credential.
    pub credential: Credential,
    /// Whether they get in by the change; if not, they are refused by it.
    pub gained: bool,
    /// The case that would notice it, as a file of tests has it.
    pub case: String,
}

/// Where a word is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum SurvivorPlace {
    /// In the policy.
    Policy(Place),
    /// In the code: the attribute of the handlers of these endpoints.
    Endpoints(Vec<String>),
}

pub(super) fn mutate(plan: &Plan<'_>, source: &Source, most: usize) -> Mutation {
    let mut search = Search::new(plan, most);
    if let Some(document) = document(source) {
        search.grants(source, &document);
    }
    search.named_rules();
    search.endpoints();
    search.found
}

/// The policy as it is written.
fn document(source: &Source) -> Option<Document> {
    let mut report = Report::default();
    let tree = yaml::read(source, &mut report)?;
    Some(Document::read(&tree, &mut report))
}

struct Search<'p, 'a> {
    plan: &'p Plan<'a>,
    tables: Tables<'p>,
    /// Who gets in as it is.
    rows: Vec<Admitted>,
    /// The scopes that each row asks for.
    asked: Vec<Bits>,
    /// The indices of the cases at each row.
    cases: Vec<Vec<usize>>,
    same: Change<'p>,
    most: usize,
    found: Mutation,
}

/// Somebody for whom a change makes a difference, at an endpoint.
struct Witness {
    endpoint: String,
    credential: Credential,
    gained: bool,
}

impl<'p, 'a> Search<'p, 'a> {
    fn new(plan: &'p Plan<'a>, most: usize) -> Self {
        let mut tables = Tables::new(plan.policy, &plan.subjects);
        let rows = tables.table(plan).rows;
        let mut cases = vec![Vec::new(); plan.rows.len()];
        for (index, case) in plan.cases.iter().enumerate() {
            if let Some(at) = cases.get_mut(case.endpoint) {
                at.push(index);
            }
        }
        let asked = plan.rows.iter().map(|row| asked(plan.policy, row)).collect();
        let same = Change::between(plan.policy, plan.policy);
        Self { plan, tables, rows, asked, cases, same, most, found: Mutation::default() }
    }

    /// Whether another change may be tried.
    fn may_try(&mut self) -> bool {
        let room = self.found.tried < self.most;
        let counter = if room { &mut self.found.tried } else { &mut self.found.untried };
        *counter += 1;
        room
    }

    fn grants(&mut self, source: &Source, document: &Document) {
        let roles = Roles::of(document, self.plan.policy.contents());
        for mutant in mutant::of_grants(document) {
            if !self.may_try() {
                continue;
            }
            let Some(contents) = self.changed(source, document, &roles, &mutant) else {
                self.found.noticed += 1;
                continue;
            };
            let affected = self.affected(&contents);
            if affected.is_empty() {
                self.found.equivalent += 1;
                continue;
            }
            let changed = self.plan.policy.with_contents(contents);
            if self.is_noticed_of(&changed, &affected) {
                self.found.noticed += 1;
                continue;
            }
            let place = SurvivorPlace::Policy(mutant.place);
            let witness = self.witness_of(&changed, &affected);
            self.note(place, mutant.change, witness);
        }
    }

    /// What the policy says with the change in it; nothing if the check refuses it. A change of a role
    /// leaves all else as it is, so that only roles are computed anew.
    fn changed(
        &self,
        source: &Source,
        document: &Document,
        roles: &Roles<'_>,
        mutant: &GrantMutant,
    ) -> Option<Contents> {
        let Some((role, edit)) = mutant.of_role() else {
            let mut report = Report::default();
            let contents = check::contents(source, &mutant.apply(document), &mut report);
            return (report.errors() == 0).then_some(contents);
        };
        let roles = roles.with(role, edit);
        let contents = Contents { roles, ..self.plan.policy.contents().clone() };
        (!check::refuses_roles(document, &contents)).then_some(contents)
    }

    /// Somebody for whom other grants make a difference.
    fn witness_of(&self, changed: &Policy, affected: &[usize]) -> Option<Witness> {
        let change = Change::between(self.plan.policy, changed);
        let back = Change::between(changed, self.plan.policy);
        // Endpoints that ask for the same are open to the same: the first of them is enough.
        let mut known = HashSet::new();
        let rows = affected.iter().filter_map(|index| self.plan.rows.get(*index));
        let mut rows = rows.filter(|row| known.insert(rule_text(&row.endpoint.rule)));
        rows.find_map(|row| {
            let rule = &row.endpoint.rule;
            let policies = (self.plan.policy, changed);
            witness(row, (&change, rule, rule), (&back, rule, rule), policies)
        })
    }

    /// The rows that other grants can make a difference to.
    fn affected(&self, contents: &Contents) -> Vec<usize> {
        let (scopes, all) = changed_scopes(self.plan.policy, contents);
        let rows = self.plan.rows.iter().zip(&self.asked).enumerate();
        let rows = rows.filter(|(_, (row, asked))| {
            let Rule::Guarded(guard) = &row.endpoint.rule else { return false };
            asked.meets(&scopes) || all && (guard.role.is_some() || !guard.scopes.is_empty())
        });
        rows.map(|(index, _)| index).collect()
    }

    fn is_noticed_of(&self, changed: &Policy, affected: &[usize]) -> bool {
        let mut tables = Tables::new(changed, &self.plan.subjects);
        affected.iter().any(|index| {
            let (Some(row), Some(before)) = (self.plan.rows.get(*index), self.rows.get(*index))
            else {
                return false;
            };
            let rule = &row.endpoint.rule;
            tables.admitted(rule) != *before
                || self.cases_differ(*index, |case| tables.admits(rule, case))
        })
    }

    fn cases_differ(&self, row: usize, admits: impl Fn(&super::plan::Case) -> bool) -> bool {
        let cases = self.cases.get(row).into_iter().flatten();
        let mut cases = cases.filter_map(|index| self.plan.cases.get(*index));
        cases.any(|case| admits(case) != case.admitted)
    }

    /// The rules that the policy names, each wherever it is used.
    fn named_rules(&mut self) {
        let plan = self.plan;
        for rule in plan.policy.rules() {
            let rows = plan.rows.iter().enumerate();
            let rows = rows.filter(|(_, row)| {
                guard(row).is_some_and(|guard| guard.name.as_ref() == Some(&rule.name))
            });
            let rows: Vec<usize> = rows.map(|(index, _)| index).collect();
            let Some(first) = rows.first().and_then(|index| plan.rows.get(*index)).and_then(guard)
            else {
                continue;
            };
            let name = format!("the rule `{}` ", rule.name);
            self.guards(first, &rows, &name, &SurvivorPlace::Policy(rule.place));
        }
    }

    /// The rules that handlers spell out, one for all endpoints that ask for the same.
    fn endpoints(&mut self) {
        let plan = self.plan;
        let mut groups: Vec<(&Guard, Vec<usize>)> = Vec::new();
        let mut known = std::collections::HashMap::new();
        for (index, row) in plan.rows.iter().enumerate() {
            let Some(guard) = guard(row).filter(|guard| guard.name.is_none()) else { continue };
            let at = *known.entry(format!("{guard:?}")).or_insert(groups.len());
            match groups.get_mut(at) {
                Some((_, rows)) => rows.push(index),
                None => groups.push((guard, vec![index])),
            }
        }
        for (guard, rows) in groups {
            // Each handler has an attribute of its own, so each is changed by itself; those that
            // nobody would notice are told together.
            let schemes = self.schemes();
            for mutant in mutant::of_guard(guard, &schemes) {
                let tried: Vec<usize> = rows.iter().copied().filter(|_| self.may_try()).collect();
                let survived =
                    tried.iter().copied().filter(|row| !self.is_noticed(&[*row], &mutant));
                let survived: Vec<usize> = survived.collect();
                self.found.noticed += tried.len() - survived.len();
                let names = survived.iter().filter_map(|index| self.plan.rows.get(*index));
                let names: Vec<String> = names.map(|row| name_of(row.endpoint)).collect();
                let Some(first) = survived.first() else { continue };
                match self.witness(*first, &mutant) {
                    Some(witness) => {
                        self.survive(
                            SurvivorPlace::Endpoints(names),
                            mutant.change.clone(),
                            witness,
                        );
                    }
                    None => self.found.equivalent += survived.len(),
                }
            }
        }
    }

    fn guards(&mut self, guard: &Guard, rows: &[usize], name: &str, place: &SurvivorPlace) {
        for mutant in mutant::of_guard(guard, &self.schemes()) {
            if !self.may_try() {
                continue;
            }
            if self.is_noticed(rows, &mutant) {
                self.found.noticed += 1;
                continue;
            }
            let witness = rows.iter().find_map(|row| self.witness(*row, &mutant));
            self.note(place.clone(), format!("{name}{}", mutant.change), witness);
        }
    }

    fn is_noticed(&mut self, rows: &[usize], mutant: &GuardMutant) -> bool {
        let rule = Rule::Guarded(mutant.guard.clone());
        let admitted = self.tables.admitted(&rule);
        rows.iter().any(|row| {
            self.rows.get(*row).is_some_and(|before| admitted != *before)
                || self.cases_differ(*row, |case| self.tables.admits(&rule, case))
        })
    }

    fn witness(&self, row: usize, mutant: &GuardMutant) -> Option<Witness> {
        let row = self.plan.rows.get(row)?;
        let (old, new) = (&row.endpoint.rule, Rule::Guarded(mutant.guard.clone()));
        let policy = self.plan.policy;
        witness(row, (&self.same, old, &new), (&self.same, &new, old), (policy, policy))
    }

    fn schemes(&self) -> Vec<&'p str> {
        self.plan.policy.schemes().iter().map(|scheme| scheme.name.as_str()).collect()
    }

    fn note(&mut self, place: SurvivorPlace, change: String, witness: Option<Witness>) {
        match witness {
            Some(witness) => self.survive(place, change, witness),
            None => self.found.equivalent += 1,
        }
    }

    fn survive(&mut self, place: SurvivorPlace, change: String, witness: Witness) {
        let case = case(&witness, self.plan.policy);
        let Witness { endpoint, credential, gained } = witness;
        self.found.survivors.push(Survivor { place, change, endpoint, credential, gained, case });
    }
}

fn guard<'r>(row: &'r Row<'_>) -> Option<&'r Guard> {
    match &row.endpoint.rule {
        Rule::Guarded(guard) => Some(guard),
        Rule::Public { .. } | Rule::Unguarded { .. } => None,
    }
}

fn asked(policy: &Policy, row: &Row<'_>) -> Bits {
    let mut asked = Bits::new(policy.scopes().len());
    let names = guard(row).map(|guard| &guard.scopes[..]).unwrap_or_default();
    names
        .iter()
        .filter_map(|name| policy.scope_id(name))
        .for_each(|id| asked.insert(id.0 as usize));
    asked
}

/// The scopes that somebody has with the one policy and not with the other; and whether what roles
/// include, or what foreign roles mean, differs as well.
fn changed_scopes(policy: &Policy, contents: &Contents) -> (Bits, bool) {
    let mut changed = Bits::new(policy.scopes().len());
    let mut all = false;
    let mut differ = |one: &[ScopeId], other: &[ScopeId]| {
        let only = |a: &[ScopeId], b: &[ScopeId]| -> Vec<ScopeId> {
            a.iter().filter(|id| b.binary_search(id).is_err()).copied().collect()
        };
        let ids = only(one, other).into_iter().chain(only(other, one));
        ids.for_each(|id| changed.insert(id.0 as usize));
    };
    for (old, new) in policy.roles().iter().zip(&contents.roles) {
        if old.all_grants != new.all_grants {
            differ(&old.all_grants, &new.all_grants);
        }
        all |= old.all_roles != new.all_roles;
    }
    for (old, new) in policy.schemes().iter().zip(&contents.schemes) {
        match (&old.kind, &new.kind) {
            (SchemeKind::ApiKey(old), SchemeKind::ApiKey(new)) => differ(&old.grants, &new.grants),
            (SchemeKind::Issuer(old), SchemeKind::Issuer(new)) => {
                differ(&old.may_grant, &new.may_grant);
                all |= old.roles != new.roles;
            }
            _ => {}
        }
    }
    (changed, all)
}

/// Somebody who gains by a change at an endpoint, or else somebody who loses.
fn witness(
    row: &Row<'_>,
    (there, old, new): (&Change<'_>, &Rule, &Rule),
    (back, from, to): (&Change<'_>, &Rule, &Rule),
    (before, after): (&Policy, &Policy),
) -> Option<Witness> {
    let find = |change: &Change<'_>, old, new, policy| {
        carriers(policy).iter().find_map(|carrier| change.beyond(Some(old), Some(new), carrier))
    };
    let gained = find(there, old, new, after).map(|credential| (credential, true));
    let found =
        gained.or_else(|| find(back, from, to, before).map(|credential| (credential, false)));
    let (credential, gained) = found?;
    Some(Witness { endpoint: name_of(row.endpoint), credential, gained })
}

/// The entry under `cases` that says what the credential meets without the change.
fn case(witness: &Witness, policy: &Policy) -> String {
    let session = policy.session().and_then(|(id, _)| policy.scheme(id));
    let is_session = session.is_some_and(|scheme| scheme.name == witness.credential.scheme);
    let Witness { endpoint, credential, gained } = witness;
    let mut parts = vec![format!("through: {}", credential.scheme)];
    let list = |names: &[String]| {
        format!("[{}]", names.iter().map(|name| plain(name)).collect::<Vec<_>>().join(", "))
    };
    if !credential.roles.is_empty() {
        parts.push(format!("roles: {}", list(&credential.roles)));
    }
    match credential.holder {
        Holder::Client => parts.push("client: for itself".to_owned()),
        Holder::Delegate => parts.push("client: for an account".to_owned()),
        Holder::Account | Holder::Foreign => {}
    }
    // A session carries no scopes: there it is the roles alone that count.
    if !credential.scopes.is_empty() || !is_session {
        parts.push(format!("scopes: {}", list(&credential.scopes)));
    }
    if let Some(ago) = credential.signed_in.filter(|ago| *ago > Seconds(0)) {
        parts.push(format!("signed_in: {ago}"));
    }
    if let Some(acr) = &credential.acr {
        parts.push(format!("acr: {}", plain(acr)));
    }
    let key = if *gained { "may_not" } else { "may" };
    parts.push(format!("{key}: [{}]", plain(endpoint)));
    format!("- {{ {} }}", parts.join(", "))
}

/// A word as YAML takes it inside of braces.
fn plain(word: &str) -> String {
    let safe =
        |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.' | ':' | '/' | ' ');
    if word.chars().all(safe) && !word.is_empty() { word.to_owned() } else { format!("{word:?}") }
}
