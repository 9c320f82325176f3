//! `cargo auth explain`. In: an endpoint and who asks. Out: whether they are let in, by which words
//! of the policy, and the smallest change that would turn that over.

use auth_policy::{
    Source,
    explain::{Edit, Explanation, Flip, Holds, Question, Reason},
    nearest,
    settings::Seconds,
};
use serde_json::json;

use crate::{
    exit::Outcome,
    format::Format,
    locked::{Locked, Which, answer, bold},
    markdown::{code, prose},
    terminal,
};

/// Say why somebody may call an endpoint or may not
///
/// Prints the verdict, the lines of the policy that make it, and the smallest change that would turn
/// it over, with the other endpoints that this change would open or close. What is not said of the
/// caller is assumed to be enough. Exits 0 whatever the verdict, 2 if the question means nothing.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The endpoint, such as "POST /posts"
    #[arg(value_name = "METHOD PATH", required = true, num_args = 1..=2)]
    endpoint: Vec<String>,

    /// A role they hold; of a foreign issuer, a name in its tokens
    #[arg(long = "role", value_name = "ROLE")]
    roles: Vec<String>,

    /// The scheme whose credential they show [default: the one by which they get furthest]
    #[arg(long, value_name = "SCHEME")]
    scheme: Option<String>,

    /// The scopes it carries, with commas between them [default: all that it can carry]
    #[arg(long, value_name = "SCOPES", value_delimiter = ',')]
    scopes: Option<Vec<String>>,

    /// It is an OAuth client that asks: for itself, or with `--role` for an account with that role
    #[arg(long)]
    client: bool,

    /// How long ago they signed in, such as 2h [default: just now]
    #[arg(long, value_name = "SPAN")]
    signed_in: Option<Seconds>,

    /// How surely they proved then who they are [default: enough]
    #[arg(long, value_name = "VALUE")]
    acr: Option<String>,

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
    declared(locked, arguments)?;
    let question = Question::about(&locked.source, &locked.policy, &locked.lock);
    let question = question.ok_or("the policy cannot be read")?;
    let holds = Holds {
        roles: arguments.roles.clone(),
        scheme: arguments.scheme.clone(),
        scopes: arguments.scopes.clone(),
        client: arguments.client,
        signed_in: arguments.signed_in,
        acr: arguments.acr.clone(),
    };
    let explanation = question.explain(endpoint, &holds)?;
    Ok(match arguments.format {
        Format::Text => text(&explanation, &locked.source, arguments),
        Format::Json => terminal::json(
            &json!({ "version": 1, "policy": locked.policy.path(), "explanation": explanation }),
        ),
        Format::Markdown => markdown(&explanation, &locked.source, arguments),
    })
}

/// Whether the policy declares every name of the question.
fn declared(locked: &Locked, arguments: &Arguments) -> Result<(), String> {
    let policy = &locked.policy;
    let roles: Vec<_> = policy.roles().iter().map(|role| role.name.as_str()).collect();
    let scopes: Vec<_> = policy.scopes().iter().map(|scope| scope.name.as_str()).collect();
    let schemes: Vec<_> = policy.schemes().iter().map(|scheme| scheme.name.as_str()).collect();
    let contexts: Vec<_> = policy.acr_values().iter().map(|acr| acr.value.as_str()).collect();
    // The names in the tokens of others are theirs.
    let own = |scheme: &&String| ["jwt", "api_key", "session"].contains(&scheme.as_str());
    let foreign = arguments.scheme.as_ref().filter(|scheme| !own(scheme)).is_some();
    all(&arguments.scheme, &schemes, "scheme")?;
    all(arguments.roles.iter().filter(|_| !foreign), &roles, "role")?;
    all(arguments.scopes.iter().flatten(), &scopes, "scope")?;
    all(&arguments.acr, &contexts, "authentication context")
}

fn all<'n>(
    named: impl IntoIterator<Item = &'n String>,
    declared: &[&str],
    kind: &str,
) -> Result<(), String> {
    let unknown = named.into_iter().find(|name| !declared.contains(&name.as_str()));
    let Some(unknown) = unknown else { return Ok(()) };
    let near = nearest(unknown, declared.iter().copied());
    let help = near.map(|near| format!("; did you mean `{near}`?")).unwrap_or_default();
    Err(format!("the policy declares no {kind} `{}`{help}", unknown.escape_debug()))
}

/// Who asks, as people say it.
fn who(explanation: &Explanation, arguments: &Arguments) -> String {
    let Some(credential) = &explanation.credential else { return "everybody".to_owned() };
    let holder = match (arguments.client, arguments.roles.as_slice()) {
        (true, []) => "a client for itself".to_owned(),
        (true, roles) => format!("a client for an account with {}", named("role", roles)),
        (false, []) => "somebody without a role".to_owned(),
        (false, roles) => named("role", roles),
    };
    let scopes = match &arguments.scopes {
        _ if credential.scheme == "session" => String::new(),
        None => String::new(),
        Some(scopes) => format!(", carrying {}", scopes.join(" + ")),
    };
    let signed_in = arguments.signed_in.map(|ago| format!(", signed in {ago} ago"));
    let acr = arguments.acr.as_ref().map(|acr| format!(", as strong as {acr}"));
    format!(
        "{holder} by {}{scopes}{}{}",
        credential.scheme,
        signed_in.unwrap_or_default(),
        acr.unwrap_or_default()
    )
}

fn named(what: &str, names: &[String]) -> String {
    let plural = if names.len() == 1 { "" } else { "s" };
    format!("{what}{plural} {}", names.join(" + "))
}

fn verdict(explanation: &Explanation) -> &'static str {
    if explanation.verdict.is_allowed() { "allowed" } else { "denied" }
}

fn text(explanation: &Explanation, source: &Source, arguments: &Arguments) -> String {
    let mut text = format!(
        "{}: {} to {}\n",
        bold(verdict(explanation)),
        explanation.endpoint,
        who(explanation, arguments)
    );
    for assumed in &explanation.assumed {
        text += &format!("given {assumed}\n");
    }
    for reason in &explanation.because {
        text += &format!("\n{}\n", reason.sentence);
        text += &excerpts(reason, source);
    }
    text.push('\n');
    text + &match &explanation.flip {
        Some(flip) => flip_text(explanation, flip, source),
        None if explanation.credential.is_none() => {
            "only the code can close it: it is declared there with its reason\n".to_owned()
        }
        None => {
            let turned = turned(explanation);
            format!(
                "no grant of the policy would {turned} it: see what the rule in the code asks for\n"
            )
        }
    }
}

/// What the change does to the verdict.
fn turned(explanation: &Explanation) -> &'static str {
    if explanation.verdict.is_allowed() { "deny" } else { "allow" }
}

fn excerpts(reason: &Reason, source: &Source) -> String {
    let words = reason.words.iter();
    words.map(|word| source.excerpt(word.place, &word.label) + "\n").collect()
}

fn flip_text(explanation: &Explanation, flip: &Flip, source: &Source) -> String {
    let mut text = format!("the smallest change that would {} it:\n", turned(explanation));
    for edit in &flip.edits {
        text += &format!("  {}{}\n", edit, at(edit, source));
    }
    for line in effects(explanation, flip) {
        text += &format!("{line}\n");
    }
    text
}

/// Where an edit is made.
fn at(edit: &Edit, source: &Source) -> String {
    let place =
        edit.place().map(|place| format!(", at {}:{}:{}", source.path(), place.line, place.column));
    place.unwrap_or_default()
}

/// What else comes of a change, as sentences.
fn effects(explanation: &Explanation, flip: &Flip) -> Vec<String> {
    let verb = if explanation.verdict.is_allowed() { "close" } else { "open" };
    let known =
        flip.edits.iter().any(|edit| edit.place().is_some() || matches!(edit, Edit::Hold { .. }));
    let whom = match explanation.credential.as_ref().map(|credential| credential.roles.as_slice()) {
        None | Some([]) => "to them".to_owned(),
        Some(roles) => format!("to {}", roles.join(" + ")),
    };
    let endpoints = match (known, flip.endpoints.as_slice()) {
        (false, _) => None,
        (true, []) => Some(format!("it would {verb} nothing else {whom}")),
        (true, endpoints) => Some(format!("it would also {verb} {whom}: {}", some(endpoints))),
    };
    let roles = match flip.roles.as_slice() {
        [] => None,
        roles if explanation.verdict.is_allowed() => {
            Some(format!("and take from: {}", some(roles)))
        }
        roles => Some(format!("and give to: {}", some(roles))),
    };
    let refused = flip
        .refused
        .as_ref()
        .map(|message| format!("`cargo auth check` would refuse it: {message}"));
    [endpoints, roles, refused].into_iter().flatten().collect()
}

/// The first few of them, and how many there are.
fn some(names: &[String]) -> String {
    let shown = names.iter().take(8).cloned().collect::<Vec<_>>().join(", ");
    if names.len() > 8 { format!("{shown} and {} more", names.len() - 8) } else { shown }
}

fn markdown(explanation: &Explanation, source: &Source, arguments: &Arguments) -> String {
    let mut text = format!(
        "### {} is {} to {}\n\n",
        code(&explanation.endpoint),
        verdict(explanation),
        prose(who(explanation, arguments))
    );
    for assumed in &explanation.assumed {
        text += &format!("Given {}.\n\n", prose(assumed));
    }
    for reason in &explanation.because {
        text += &format!("- {}\n", prose(&reason.sentence));
        for word in &reason.words {
            let place = format!("{}:{}", source.path(), word.place.line);
            text += &format!("  - {}: {}\n", code(place), prose(&word.label));
        }
    }
    text.push('\n');
    let Some(flip) = &explanation.flip else {
        return text
            + "No grant of the policy turns this over: see what the rule in the code asks for.\n";
    };
    text += &format!("The smallest change that would {} it:\n\n", turned(explanation));
    for edit in &flip.edits {
        text += &format!("- {}{}\n", prose(edit), prose(at(edit, source)));
    }
    for line in effects(explanation, flip) {
        text += &format!("\n{}\n", prose(line));
    }
    text
}
