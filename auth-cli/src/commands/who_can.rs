//! `cargo auth who-can`. In: an endpoint. Out: the roles, schemes and scopes that reach it.

use auth_policy::{
    access::{Access, Credential, Holder, Way, WhoCan},
    lock::Rule,
};
use serde_json::json;

use crate::{
    exit::Outcome,
    format::Format,
    locked::{Locked, Which, answer, bold},
    markdown::{code, codes, columns, prose, row},
    terminal,
};

/// Say who may call an endpoint
///
/// Reads the policy and its lock, and prints each kind of credential that reaches the endpoint, with
/// the roles of which one is enough, the smallest credentials, and what is asked of the request
/// besides. Exits 2 if there is no such endpoint.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The endpoint, such as "DELETE /posts/{id}"
    #[arg(value_name = "METHOD PATH", required = true, num_args = 1..=2)]
    endpoint: Vec<String>,

    #[command(flatten)]
    which: Which,

    /// For whom the answer is
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    format: Format,
}

pub(super) fn run(arguments: &Arguments) -> Outcome {
    answer(&arguments.which, |locked| said(locked, arguments))
}

fn said(locked: &Locked, arguments: &Arguments) -> Result<String, String> {
    let endpoint = locked.endpoint(&arguments.endpoint.join(" "))?;
    let who = Access::of(&locked.policy).who_can(endpoint);
    Ok(match arguments.format {
        Format::Text => text(&who),
        Format::Json => {
            let document = json!({ "version": 1, "policy": locked.policy.path(), "who_can": who });
            terminal::json(&document)
        }
        Format::Markdown => markdown(&who),
    })
}

fn text(who: &WhoCan) -> String {
    let endpoint = &who.endpoint;
    let mut text = format!("{}  {}\n", bold(endpoint), endpoint.handler);
    if !matches!(endpoint.rule, Rule::Guarded(_)) {
        return text + &format!("everybody, because it is {}\n", endpoint.rule);
    }
    text += &format!("asks for {}\n", endpoint.rule.asks());
    if who.ways.is_empty() {
        text += "\nnobody reaches it\n";
    }
    for way in &who.ways {
        text += &format!("\n{}: {}\n", bold(&way.carrier), holders(way));
        text += &lines("smallest", &smallest(way));
        text += &lines("besides", &conditions(way));
    }
    if !who.refused.is_empty() && !who.ways.is_empty() {
        text += &format!("\nnobody by {}\n", who.refused.join(", "));
    }
    text
}

/// Who reaches it that way, as people say it.
fn holders(way: &Way) -> String {
    let scopes = way.smallest.iter().any(|one| !one.scopes.is_empty());
    match (way.carrier.holder, way.without_role, way.roles.as_slice()) {
        (Holder::Client, ..) if scopes => "a client that is registered for the scopes".to_owned(),
        (Holder::Client, ..) => "every client".to_owned(),
        (Holder::Foreign, true, _) if scopes => "whoever the issuer gives the scopes".to_owned(),
        (_, true, _) => "everybody who has one".to_owned(),
        (_, _, []) => "no role by itself".to_owned(),
        (_, _, [role]) => format!("role {role}"),
        (_, _, roles) => format!("role {}", roles.join(" or ")),
    }
}

fn smallest(way: &Way) -> Vec<String> {
    let told = way.smallest.iter().map(Credential::to_string);
    told.chain(way.smallest_cut.then(|| "and more".to_owned())).collect()
}

fn conditions(way: &Way) -> Vec<String> {
    way.conditions.iter().map(ToString::to_string).collect()
}

fn lines(label: &str, items: &[String]) -> String {
    let labels = std::iter::once(label).chain(std::iter::repeat(""));
    items.iter().zip(labels).map(|(item, label)| format!("  {label:8}  {item}\n")).collect()
}

fn markdown(who: &WhoCan) -> String {
    let endpoint = &who.endpoint;
    let mut text = format!("### Who can {}\n\n", code(endpoint));
    match &endpoint.rule {
        Rule::Guarded(_) => text += &format!("It asks for {}.\n\n", code(endpoint.rule.asks())),
        open => return text + &format!("Everybody: {}.\n", prose(open)),
    }
    if who.ways.is_empty() {
        return text + "Nobody reaches it.\n";
    }
    text += &columns(&["by", "who", "smallest", "besides"]);
    for way in &who.ways {
        let joined = |items: Vec<String>| items.iter().map(prose).collect::<Vec<_>>().join("<br>");
        text += &row(&[
            prose(&way.carrier),
            prose(holders(way)),
            joined(smallest(way)),
            joined(conditions(way)),
        ]);
    }
    if !who.refused.is_empty() {
        text += &format!("\nNobody by {}.\n", codes(&who.refused));
    }
    text
}
