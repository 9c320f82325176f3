//! What came of a test file. In: what was expected and who gets in. Out: every difference with its
//! place in the file, as data and as findings.

use serde::Serialize;

use super::{
    form::{Holders, WhoForm},
    plan::{Plan, Row, members, name_of},
    table::Table,
};
use crate::{
    Policy,
    access::{Carrier, Credential, Holder, Lack, admits},
    code::Code,
    diagnostic::Diagnostic,
    lock::Endpoint,
    report::Report,
    settings::{Place, Seconds},
    source::{Source, quoted},
};

/// How many differences are described; the rest are counted.
const MOST: usize = 1_000;

/// An expectation that does not hold, for everybody it does not hold for in the same way.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Failure {
    /// Where the file says so; for an endpoint that it does not mention, the section.
    pub place: Place,
    /// The endpoint, such as `GET /posts`.
    pub endpoint: String,
    /// One of the credentials it is about; none for callers who bring none.
    pub credential: Option<Credential>,
    /// The roles it is about, each alone; nothing stands for those without a role.
    pub roles: Vec<Option<String>>,
    /// Whether the file expects them to be let in.
    pub expected: bool,
    /// What they lack, where they are refused.
    pub lacks: Vec<Lack>,
    /// Whether the file mentions the endpoint at all.
    pub mentioned: bool,
    /// Whether it is an entry of `may` or `may_not` that does not hold.
    pub case: bool,
    /// What somebody runs to see why: a command line.
    pub explain: String,
}

/// All differences.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Differences {
    pub(super) failures: Vec<Failure>,
    /// How many more there are.
    pub(super) skipped: usize,
}

impl Differences {
    pub(super) fn of(plan: &Plan<'_>, table: &Table) -> Self {
        let mut found = Self::default();
        for (row, actual) in plan.rows.iter().zip(&table.rows) {
            if row.anyone != actual.anyone {
                found.add(|| Failure::of_anyone(plan, row));
                // Who gets in without a credential gets in with any.
                continue;
            }
            let mut missing = row.admitted.clone();
            missing.remove_all(&actual.subjects);
            let mut extra = (*actual.subjects).clone();
            extra.remove_all(&row.admitted);
            for (bits, expected) in [(extra, false), (missing, true)] {
                let indices: Vec<usize> = bits.iter().map(|index| index as usize).collect();
                for (index, carrier) in plan.subjects.carriers.iter().enumerate() {
                    let range = plan.subjects.range(index);
                    let these = indices.iter().copied().filter(|index| range.contains(index));
                    let these: Vec<_> = these.collect();
                    if !these.is_empty() {
                        found.add(|| Failure::of_row(plan, row, (carrier, &these), expected));
                    }
                }
            }
        }
        for (case, actual) in plan.cases.iter().zip(&table.cases) {
            if case.admitted != *actual {
                found.add(|| Failure::of_case(plan, case));
            }
        }
        found
    }

    fn add(&mut self, failure: impl FnOnce() -> Failure) {
        if self.failures.len() < MOST {
            self.failures.push(failure());
        } else {
            self.skipped += 1;
        }
    }

    pub(super) fn diagnostics(&self, source: &Source) -> Vec<Diagnostic> {
        let mut report = Report::default();
        for failure in &self.failures {
            report.add(failure.code(), failure.place, |found| failure.say(found));
        }
        report.finish(source)
    }
}

impl Failure {
    fn of_anyone(plan: &Plan<'_>, row: &Row<'_>) -> Self {
        Self {
            place: place(plan, row),
            endpoint: name_of(row.endpoint),
            credential: None,
            roles: Vec::new(),
            expected: row.anyone,
            lacks: admits(plan.policy, &row.endpoint.rule, None).lacks().to_vec(),
            mentioned: row.form.is_some(),
            case: false,
            explain: explain(plan.policy, row.endpoint, None, false),
        }
    }

    fn of_row(
        plan: &Plan<'_>,
        row: &Row<'_>,
        (carrier, subjects): (&Carrier, &[usize]),
        expected: bool,
    ) -> Self {
        let first = subjects.first().copied();
        let credential = first.and_then(|first| plan.subjects.credential(first, plan.policy));
        let written = first.filter(|_| expected);
        let written = written.and_then(|subject| word(plan, row, &carrier.scheme, subject));
        let roles = subjects.iter().filter_map(|index| plan.subjects.list.get(*index));
        Self {
            explain: explain(plan.policy, row.endpoint, credential.as_ref(), false),
            place: written.unwrap_or_else(|| place(plan, row)),
            endpoint: name_of(row.endpoint),
            lacks: admits(plan.policy, &row.endpoint.rule, credential.as_ref()).lacks().to_vec(),
            credential,
            roles: roles.map(|subject| subject.role.clone()).collect(),
            expected,
            mentioned: row.form.is_some(),
            case: false,
        }
    }

    fn of_case(plan: &Plan<'_>, case: &super::plan::Case) -> Self {
        let endpoint = plan.rows.get(case.endpoint).map(|row| row.endpoint);
        let verdict = endpoint
            .map(|endpoint| admits(plan.policy, &endpoint.rule, Some(&case.credential)))
            .map(|verdict| verdict.lacks().to_vec());
        let credential = Some(&case.credential);
        Self {
            explain: endpoint
                .map(|endpoint| explain(plan.policy, endpoint, credential, true))
                .unwrap_or_default(),
            place: case.place,
            endpoint: endpoint.map(name_of).unwrap_or_default(),
            credential: Some(case.credential.clone()),
            roles: case.credential.roles.iter().cloned().map(Some).collect(),
            expected: case.admitted,
            lacks: verdict.unwrap_or_default(),
            mentioned: true,
            case: true,
        }
    }

    /// The code of the finding.
    pub fn code(&self) -> Code {
        if self.expected { Code::ExpectedAccess } else { Code::UnexpectedAccess }
    }

    /// Those it is about, as a sentence names them.
    pub fn who(&self) -> String {
        let Some(credential) = &self.credential else { return "anyone".to_owned() };
        if self.case {
            return credential.to_string();
        }
        let mut words: Vec<String> = self.roles.iter().flatten().map(|role| quoted(role)).collect();
        if self.roles.iter().any(Option::is_none) {
            words.insert(0, "a holder without a role".to_owned());
        }
        let who = match (credential.holder, words.split_last()) {
            (Holder::Client, _) => "a client".to_owned(),
            (_, None) => "a holder without a role".to_owned(),
            (_, Some((last, []))) => last.clone(),
            (_, Some((last, first))) => format!("{} and {last}", first.join(", ")),
        };
        format!("{who} through {}", quoted(&credential.scheme))
    }

    fn say(&self, found: Diagnostic) -> Diagnostic {
        let (who, endpoint, explain) = (self.who(), quoted(&self.endpoint), &self.explain);
        if self.expected {
            let lacks: Vec<_> = self.lacks.iter().map(ToString::to_string).collect();
            return found
                .message(format!("{endpoint} refuses {who}, expected here to get in"))
                .label(format!("lacks {}", lacks.join(" and ")))
                .help(format!("`{explain}` says what would let them in"));
        }
        let help = format!("`{explain}` says what lets them in");
        if self.case {
            return found
                .message(format!("{endpoint} lets in {who}, expected here to be refused"))
                .help(help);
        }
        let label = match self.mentioned {
            true => "not listed here",
            false => "the endpoint is not mentioned in here",
        };
        found
            .message(format!("{endpoint} lets in {who}, whom no test expects"))
            .label(label)
            .help(format!("list them if that is meant; {help}"))
    }
}

/// The command line that explains a verdict. `exactly` is whether scopes and sign-in are said, which
/// otherwise are the most there is.
fn explain(
    policy: &Policy,
    endpoint: &Endpoint,
    credential: Option<&Credential>,
    exactly: bool,
) -> String {
    let mut line = format!("cargo auth explain {}", word_of(&name_of(endpoint)));
    let mut add = |option: &str, value: &str| line += &format!(" --{option} {}", word_of(value));
    if let Some(credential) = credential {
        credential.roles.iter().for_each(|role| add("role", role));
        add("scheme", &credential.scheme);
        if exactly && !credential.scopes.is_empty() {
            add("scopes", &credential.scopes.join(","));
        }
        if let Some(ago) = credential.signed_in.filter(|ago| exactly && *ago > Seconds(0)) {
            add("signed-in", &ago.to_string());
        }
        if let Some(acr) = credential.acr.as_ref().filter(|_| exactly) {
            add("acr", acr);
        }
    }
    add("policy", policy.path());
    let client = credential
        .is_some_and(|credential| matches!(credential.holder, Holder::Client | Holder::Delegate));
    if client { line + " --client" } else { line }
}

/// A word of a command line, in quotes where a shell would see more in it.
fn word_of(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:,".contains(c);
    if !text.is_empty() && text.chars().all(plain) {
        return text.to_owned();
    }
    format!("'{}'", text.replace('\'', "'\\''"))
}

/// Where the file speaks of an endpoint, or would.
fn place(plan: &Plan<'_>, row: &Row<'_>) -> Place {
    row.form.as_ref().map_or(plan.section, |form| form.name.place)
}

/// The word of the file that stands for a subject.
fn word(plan: &Plan<'_>, row: &Row<'_>, scheme: &str, subject: usize) -> Option<Place> {
    let WhoForm::Listed(lists) = &row.form.as_ref()?.who else { return None };
    let lists = lists.iter().filter(|list| list.schemes.iter().any(|word| word.value == scheme));
    let mut words = lists.flat_map(|list| &list.holders);
    let means = |holders: &Holders| members(&plan.subjects, scheme, holders).contains(&subject);
    words.find(|word| means(&word.value)).map(|word| word.place)
}
