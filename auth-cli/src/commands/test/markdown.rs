//! Results for a pull request. In: what came of each file. Out: Markdown, a section for each file.

use auth_policy::testing::{Failure, Mutation, Survivor, SurvivorPlace};

use super::{
    Results, Tested,
    text::{listed, parts, summary, tried},
};

pub(super) fn markdown(files: &[Tested]) -> String {
    files.iter().map(one).collect::<Vec<_>>().join("\n")
}

fn one(tested: &Tested) -> String {
    let mut text = format!("### Policy tests: `{}`\n\n", tested.tests.path());
    for fault in &tested.faults {
        let source = if fault.in_policy { &tested.policy } else { &tested.tests };
        let (found, place) = (&fault.found, fault.found.place);
        text += &format!("- `{}:{}`: {}\n", source.path(), place.line, found.message);
    }
    match &tested.results {
        Some(results) => text + &of(results, tested),
        None => text + "\n**could not be run**\n",
    }
}

fn of(results: &Results, tested: &Tested) -> String {
    let mut text = format!("**{}**\n\n", summary(results));
    if !results.failures.is_empty() {
        text +=
            "| line | endpoint | who | expected | actual | because |\n|---|---|---|---|---|---|\n";
        results.failures.iter().for_each(|failure| text += &row(failure));
        text += "\n";
    }
    text += "| covered | of all | without |\n|---|---|---|\n";
    for (name, counted) in parts(&results.coverage) {
        let missing = cell(&listed(&counted.missing));
        text += &format!("| {name} | {} of {} | {missing} |\n", counted.covered, counted.all);
    }
    text + &results.mutation.as_ref().map(|found| mutation(found, tested)).unwrap_or_default()
}

fn row(failure: &Failure) -> String {
    let lacks: Vec<_> = failure.lacks.iter().map(ToString::to_string).collect();
    let because = match failure.expected {
        true => format!("lacks {}", lacks.join(" and ")),
        false if failure.mentioned => "not listed".to_owned(),
        false => "the endpoint is not mentioned".to_owned(),
    };
    let verdict = |admitted| if admitted { "let in" } else { "refused" };
    format!(
        "| {} | `{}` | {} | {} | **{}** | {} |\n",
        failure.place.line,
        failure.endpoint,
        cell(&failure.who()),
        verdict(failure.expected),
        verdict(!failure.expected),
        cell(&because),
    )
}

fn mutation(mutation: &Mutation, tested: &Tested) -> String {
    let mut text = format!("\n{}\n", tried(mutation));
    if mutation.survivors.is_empty() {
        return text;
    }
    text += "\n| where | what no test would notice | effect | a case that would notice |\n|---|---|---|---|\n";
    mutation.survivors.iter().for_each(|survivor| text += &survived(survivor, tested));
    text
}

fn survived(survivor: &Survivor, tested: &Tested) -> String {
    let place = match &survivor.place {
        SurvivorPlace::Policy(place) => format!("`{}:{}`", tested.policy.path(), place.line),
        SurvivorPlace::Endpoints(names) => listed(names),
    };
    let parts = [place, survivor.change.clone(), survivor.effect(), format!("`{}`", survivor.case)];
    let cells: Vec<_> = parts.iter().map(|part| cell(part)).collect();
    format!("| {} |\n", cells.join(" | "))
}

/// A text that ends neither its cell nor its row.
fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace('\n', " ")
}
