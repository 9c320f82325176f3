//! Who gets in. In: a policy, rules, and whom the matrix speaks of. Out: for each endpoint those who
//! are admitted, computed once for endpoints that ask for the same.

use std::{collections::HashMap, rc::Rc};

use super::{plan::Plan, subject::Subjects};
use crate::{
    Policy,
    access::{Access, admits},
    bits::Bits,
    lock::{Guard, Rule},
    settings::Seconds,
};

/// Who gets in, for each endpoint and case of a plan.
#[derive(Clone, Debug)]
pub(super) struct Table {
    pub(super) rows: Vec<Admitted>,
    pub(super) cases: Vec<bool>,
}

/// Who gets in at one endpoint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Admitted {
    /// Whether callers do who bring no credential.
    pub(super) anyone: bool,
    pub(super) subjects: Rc<Bits>,
}

/// What decides about admission, without what does not: limits and names.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Shape {
    schemes: Vec<String>,
    scopes: Vec<String>,
    any_scope: bool,
    role: Option<String>,
    max_age: Option<Seconds>,
    acr: Option<String>,
    people_only: bool,
}

/// The admissions of one policy.
pub(super) struct Tables<'a> {
    policy: &'a Policy,
    access: Access<'a>,
    subjects: &'a Subjects,
    known: HashMap<Shape, Admitted>,
}

impl<'a> Tables<'a> {
    pub(super) fn new(policy: &'a Policy, subjects: &'a Subjects) -> Self {
        Self { policy, access: Access::of(policy), subjects, known: HashMap::new() }
    }

    /// Of all endpoints and cases.
    pub(super) fn table(&mut self, plan: &Plan<'_>) -> Table {
        let rows = plan.rows.iter().map(|row| self.admitted(&row.endpoint.rule)).collect();
        let case = |case: &super::plan::Case| {
            let row = plan.rows.get(case.endpoint);
            row.is_some_and(|row| self.admits(&row.endpoint.rule, case))
        };
        Table { rows, cases: plan.cases.iter().map(case).collect() }
    }

    /// Whether a case gets in.
    pub(super) fn admits(&self, rule: &Rule, case: &super::plan::Case) -> bool {
        admits(self.policy, rule, Some(&case.credential)).is_allowed()
    }

    /// Who gets in where that is the rule.
    pub(super) fn admitted(&mut self, rule: &Rule) -> Admitted {
        let Rule::Guarded(guard) = rule else {
            let everybody = Bits::all(self.subjects.list.len());
            return Admitted { anyone: true, subjects: Rc::new(everybody) };
        };
        let shape = Shape::of(guard);
        if let Some(known) = self.known.get(&shape) {
            return known.clone();
        }
        let admitted = Admitted { anyone: false, subjects: Rc::new(self.compute(rule)) };
        self.known.insert(shape, admitted.clone());
        admitted
    }

    fn compute(&self, rule: &Rule) -> Bits {
        let mut admitted = Bits::new(self.subjects.list.len());
        for (index, carrier) in self.subjects.carriers.iter().enumerate() {
            for role in self.access.roles_that_reach(rule, carrier) {
                let subject = self.subjects.find(index, Some(&role));
                subject.into_iter().for_each(|subject| admitted.insert(subject));
            }
            let bare = self.subjects.find(index, None);
            let credential = bare.and_then(|bare| self.subjects.credential(bare, self.policy));
            let enough = admits(self.policy, rule, credential.as_ref()).is_allowed();
            bare.filter(|_| enough).into_iter().for_each(|bare| admitted.insert(bare));
        }
        admitted
    }
}

impl Shape {
    fn of(guard: &Guard) -> Self {
        Self {
            schemes: guard.schemes.clone(),
            scopes: guard.scopes.clone(),
            any_scope: guard.any_scope,
            role: guard.role.clone(),
            max_age: guard.max_age,
            acr: guard.acr.clone(),
            people_only: guard.people_only,
        }
    }
}
