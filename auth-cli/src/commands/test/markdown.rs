//! Results for a pull request. In: what came of each file. Out: Markdown, a section for each file.

use auth_policy::testing::{Failure, Mutation, Survivor, SurvivorPlace};

use super::{
    Results, Tested,
    text::{listed, parts, summary, tried},
};
use crate::markdown::{code, columns, prose, row};

pub(super) fn markdown(files: &[Tested]) -> String {
    files.iter().map(one).collect::<Vec<_>>().join("\n")
}

fn one(tested: &Tested) -> String {
    let mut text = format!("### Policy tests: {}\n\n", code(tested.tests.path()));
    for fault in &tested.faults {
        let source = if fault.in_policy { &tested.policy } else { &tested.tests };
        let (found, place) = (&fault.found, fault.found.place);
        let place = code(format!("{}:{}", source.path(), place.line));
        text += &format!("- {place}: {}\n", prose(&found.message));
    }
    match &tested.results {
        Some(results) => text + &of(results, tested),
        None => text + "\n**could not be run**\n",
    }
}

fn of(results: &Results, tested: &Tested) -> String {
    let mut text = format!("**{}**\n\n", summary(results));
    if !results.failures.is_empty() {
        text += &columns(&["line", "endpoint", "who", "expected", "actual", "because"]);
        results.failures.iter().for_each(|failure| text += &failed(failure));
        text += "\n";
    }
    text += &columns(&["covered", "of all", "without"]);
    for (name, counted) in parts(&results.coverage) {
        let covered = format!("{} of {}", counted.covered, counted.all);
        text += &row(&[name.to_owned(), covered, prose(listed(&counted.missing))]);
    }
    text + &results.mutation.as_ref().map(|found| mutation(found, tested)).unwrap_or_default()
}

fn failed(failure: &Failure) -> String {
    let lacks: Vec<_> = failure.lacks.iter().map(ToString::to_string).collect();
    let because = match failure.expected {
        true => format!("lacks {}", lacks.join(" and ")),
        false if failure.mentioned => "not listed".to_owned(),
        false => "the endpoint is not mentioned".to_owned(),
    };
    let verdict = |admitted| if admitted { "let in" } else { "refused" };
    row(&[
        failure.place.line.to_string(),
        code(&failure.endpoint),
        prose(failure.who()),
        verdict(failure.expected).to_owned(),
        format!("**{}**", verdict(!failure.expected)),
        prose(because),
    ])
}

fn mutation(mutation: &Mutation, tested: &Tested) -> String {
    let mut text = format!("\n{}\n", tried(mutation));
    if mutation.survivors.is_empty() {
        return text;
    }
    let names = ["where", "what no test would notice", "effect", "a case that would notice"];
    text += &format!("\n{}", columns(&names));
    mutation.survivors.iter().for_each(|survivor| text += &survived(survivor, tested));
    text
}

fn survived(survivor: &Survivor, tested: &Tested) -> String {
    let place = match &survivor.place {
        SurvivorPlace::Policy(place) => code(format!("{}:{}", tested.policy.path(), place.line)),
        SurvivorPlace::Endpoints(names) => prose(listed(names)),
    };
    let (change, effect) = (prose(&survivor.change), prose(survivor.effect()));
    row(&[place, change, effect, code(&survivor.case)])
}
