//! A test file held against a policy and a lock. In: the file as written. Out: for every endpoint of
//! the lock whom it has to let in; or every name that the policy or the lock does not have.

use std::collections::HashMap;

use super::{
    form::{CaseForm, EndpointForm, Form, Holders, ListForm, WhoForm},
    subject::{Subjects, roles, with_scopes},
};
use crate::{
    Policy,
    access::{Carrier, Credential, Holder},
    bits::Bits,
    code::Code,
    document::At,
    lock::{Endpoint, Lock},
    report::Report,
    settings::{Place, Seconds},
    source::quoted,
    suggest::nearest,
    undeclared::{Kind, Undeclared},
};

/// What is expected, endpoint by endpoint.
#[derive(Clone, Debug)]
pub(super) struct Plan<'a> {
    pub(super) policy: &'a Policy,
    pub(super) subjects: Subjects,
    /// One for each endpoint of the lock, in its order.
    pub(super) rows: Vec<Row<'a>>,
    pub(super) cases: Vec<Case>,
    /// Where an endpoint belongs that the file does not mention.
    pub(super) section: Place,
}

/// An endpoint, and whom it has to let in.
#[derive(Clone, Debug)]
pub(super) struct Row<'a> {
    pub(super) endpoint: &'a Endpoint,
    /// The entry of the file, if there is one.
    pub(super) form: Option<EndpointForm>,
    /// Whether it has to let callers in who bring no credential.
    pub(super) anyone: bool,
    /// Those who have to be let in; nobody else may be.
    pub(super) admitted: Bits,
}

/// One credential at one endpoint.
#[derive(Clone, Debug)]
pub(super) struct Case {
    pub(super) place: Place,
    pub(super) credential: Credential,
    /// The index of the endpoint in the lock.
    pub(super) endpoint: usize,
    pub(super) admitted: bool,
}

/// `GET /posts`, as a file of tests and messages write it.
pub(super) fn name_of(endpoint: &Endpoint) -> String {
    format!("{} {}", endpoint.method, endpoint.path)
}

impl<'a> Plan<'a> {
    pub(super) fn new(
        form: &Form,
        policy: &'a Policy,
        lock: &'a Lock,
        report: &mut Report,
    ) -> Self {
        let names: Vec<String> = lock.endpoints.iter().map(name_of).collect();
        let mut indices: HashMap<&str, Vec<usize>> = HashMap::new();
        for (name, index) in names.iter().zip(0..) {
            indices.entry(name.as_str()).or_default().push(index);
        }
        let subjects = Subjects::of(policy);
        let mut planner = Planner { policy, subjects: &subjects, indices, report };
        let mut rows: Vec<Row<'a>> = lock.endpoints.iter().map(|e| planner.row(e)).collect();
        for entry in &form.endpoints {
            for index in planner.endpoint(&entry.name) {
                if let Some(row) = rows.get_mut(index) {
                    planner.fill(row, entry);
                }
            }
        }
        let cases = form.cases.iter().flat_map(|case| planner.case(case)).collect();
        Self { policy, subjects, rows, cases, section: form.section }
    }
}

struct Planner<'p> {
    policy: &'p Policy,
    subjects: &'p Subjects,
    /// The endpoints of the lock by their names: several fallbacks can have the same.
    indices: HashMap<&'p str, Vec<usize>>,
    report: &'p mut Report,
}

impl Planner<'_> {
    fn row<'a>(&self, endpoint: &'a Endpoint) -> Row<'a> {
        let admitted = Bits::new(self.subjects.list.len());
        Row { endpoint, form: None, anyone: false, admitted }
    }

    fn endpoint(&mut self, name: &At<String>) -> Vec<usize> {
        let found = self.indices.get(name.value.as_str()).cloned().unwrap_or_default();
        if found.is_empty() {
            let guess = self.report.guesses();
            let mut known: Vec<&str> = self.indices.keys().copied().collect();
            known.sort_unstable();
            let near = nearest(&name.value, known).filter(|_| guess);
            let help = near.map_or_else(
                || {
                    "write it as the lock does, or write the lock anew: `cargo auth lock`"
                        .to_owned()
                },
                |near| format!("did you mean `{near}`?"),
            );
            self.report.add(Code::UndeclaredEndpoint, name.place, |found| {
                found.message(format!("the lock has no {}", quoted(&name.value))).help(help)
            });
        }
        found
    }

    fn fill(&mut self, row: &mut Row<'_>, entry: &EndpointForm) {
        row.form = Some(entry.clone());
        match &entry.who {
            WhoForm::Nobody => {}
            WhoForm::Anyone => {
                row.anyone = true;
                row.admitted = Bits::all(self.subjects.list.len());
            }
            WhoForm::Listed(lists) => lists.iter().for_each(|list| self.list(row, list)),
        }
    }

    fn list(&mut self, row: &mut Row<'_>, list: &ListForm) {
        for scheme in &list.schemes {
            if !self.is_scheme(scheme) {
                continue;
            }
            for holders in &list.holders {
                self.admit(row, scheme, holders);
            }
        }
    }

    fn admit(&mut self, row: &mut Row<'_>, scheme: &At<String>, holders: &At<Holders>) {
        let subjects = self.subjects;
        let found = members(subjects, &scheme.value, &holders.value);
        if found.is_empty() {
            self.refuse_holders(&scheme.value, holders);
        }
        for index in found {
            if row.admitted.contains(index) {
                self.refuse_twice(&scheme.value, holders);
            }
            row.admitted.insert(index);
        }
    }

    fn is_scheme(&mut self, scheme: &At<String>) -> bool {
        let known = self.policy.scheme_id(&scheme.value).is_some();
        if !known {
            self.undeclared(Kind::Scheme, scheme);
        }
        known
    }

    fn refuse_holders(&mut self, scheme: &str, holders: &At<Holders>) {
        let what = match &holders.value {
            Holders::Role(name)
                if self.policy.role_id(name).is_none() && !self.is_foreign(scheme) =>
            {
                let word = At { value: name.clone(), place: holders.place };
                return self.undeclared(Kind::Role, &word);
            }
            Holders::Role(name) => format!("the role {}", quoted(name)),
            Holders::AnyRole => "a role".to_owned(),
            Holders::NoRole | Holders::AnyAccount => "no role".to_owned(),
            Holders::AnyClient => {
                return self.report.add(Code::RoleOutOfReach, holders.place, |found| {
                    let scheme = quoted(scheme);
                    let message = format!("no client acts for itself through {scheme} here");
                    found
                        .message(message)
                        .help("clients come with `jwt`, and only where the policy has `oauth`")
                });
            }
        };
        let known = self.subjects.of_scheme(scheme).next();
        let known = known.and_then(|index| self.subjects.carriers.get(index));
        let known = known.map(|carrier| roles(self.policy, carrier)).unwrap_or_default();
        self.report.add(Code::RoleOutOfReach, holders.place, |found| {
            let message = format!("no credential of {} can carry {what}", quoted(scheme));
            let names = crate::name::listed(known.iter().map(String::as_str));
            found.message(message).help(format!("it can carry {names}"))
        });
    }

    fn is_foreign(&self, scheme: &str) -> bool {
        let mut carriers = self.subjects.carriers.iter();
        carriers.any(|carrier| carrier.scheme == scheme && carrier.holder == Holder::Foreign)
    }

    fn refuse_twice(&mut self, scheme: &str, holders: &At<Holders>) {
        self.report.add(Code::NamedTwice, holders.place, |found| {
            let message = match &holders.value {
                Holders::Role(name) => {
                    format!("{} is listed twice for {}", quoted(name), quoted(scheme))
                }
                _ => format!("somebody of these is listed already for {}", quoted(scheme)),
            };
            found.message(message).help("remove one of them")
        });
    }

    fn undeclared(&mut self, kind: Kind, word: &At<String>) {
        let guess = self.report.guesses();
        let contents = self.policy.contents();
        self.report.add(kind.code(), word.place, |found| {
            let Undeclared { message, help, .. } =
                Undeclared::new(kind, &word.value, contents, guess);
            found.message(message).maybe_help(help)
        });
    }

    /// One for each endpoint that the case names.
    fn case(&mut self, case: &CaseForm) -> Vec<Case> {
        let Some(credential) = self.credential(case) else { return Vec::new() };
        let may = case.may.iter().map(|name| (name, true));
        let endpoints = may.chain(case.may_not.iter().map(|name| (name, false)));
        let mut cases = Vec::new();
        for (name, admitted) in endpoints {
            for endpoint in self.endpoint(name) {
                let credential = credential.clone();
                cases.push(Case { place: name.place, credential, endpoint, admitted });
            }
        }
        cases
    }

    fn credential(&mut self, case: &CaseForm) -> Option<Credential> {
        let before = self.report.errors();
        self.is_scheme(&case.through).then_some(())?;
        let carrier = self.carrier(case)?;
        for role in &case.roles {
            let one = At { value: Holders::Role(role.value.clone()), place: role.place };
            if members(self.subjects, &case.through.value, &one.value).is_empty() {
                self.refuse_holders(&case.through.value, &one);
            }
        }
        for scope in case.scopes.iter().flatten() {
            if self.policy.scope_id(&scope.value).is_none() {
                self.undeclared(Kind::Scope, scope);
            }
        }
        if let Some(acr) = &case.acr
            && self.policy.acr_id(&acr.value).is_none()
        {
            self.undeclared(Kind::AcrValue, acr);
        }
        let words = |words: &[At<String>]| -> Vec<String> {
            words.iter().map(|word| word.value.clone()).collect()
        };
        let mut credential = carrier.roles(words(&case.roles));
        credential.signed_in = Some(case.signed_in.unwrap_or(Seconds(0)));
        credential.acr = case.acr.as_ref().map(|acr| acr.value.clone());
        let credential = match &case.scopes {
            Some(scopes) => credential.scopes(words(scopes)),
            None => with_scopes(credential, self.policy),
        };
        (self.report.errors() == before).then_some(credential)
    }

    /// A credential of the case's kind with nothing in it.
    fn carrier(&mut self, case: &CaseForm) -> Option<Credential> {
        let all = crate::access::carriers(self.policy);
        let mut fitting = all.iter().filter(|carrier| carrier.scheme == case.through.value);
        let is = |carrier: &Carrier| match case.client {
            Some(client) => carrier.holder == client,
            None => matches!(carrier.holder, Holder::Account | Holder::Foreign),
        };
        let found = fitting.find(|carrier| is(carrier));
        if found.is_none() {
            let client = At { value: Holders::AnyClient, place: case.through.place };
            self.refuse_holders(&case.through.value, &client);
        }
        found.map(Credential::new)
    }
}

/// Those that a word stands for; nobody where such credentials cannot have it.
pub(super) fn members(subjects: &Subjects, scheme: &str, holders: &Holders) -> Vec<usize> {
    let mut found = Vec::new();
    for carrier in subjects.of_scheme(scheme) {
        let client = subjects.carriers.get(carrier).is_some_and(|c| c.holder == Holder::Client);
        match holders {
            Holders::AnyClient if client => found.extend(subjects.range(carrier)),
            _ if client => {}
            Holders::Role(name) => found.extend(subjects.find(carrier, Some(name))),
            Holders::NoRole => found.extend(subjects.find(carrier, None)),
            Holders::AnyAccount => found.extend(subjects.range(carrier)),
            Holders::AnyRole => found.extend(subjects.range(carrier).skip(1)),
            Holders::AnyClient => {}
        }
    }
    found
}
