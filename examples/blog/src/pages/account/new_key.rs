//! The form for an API key. In: a name, scopes and a lifetime. Out: a key, or the form again with
//! what is wrong beside the field.

use auth_runtime::{
    Denial, Identity, Policy,
    api_key::{ApiKeyError, MAX_NAME, NewApiKey},
    authenticate,
    csrf::CsrfForm,
    policy_types::{Scope, Seconds},
    problem::Problem,
    secret::Secret,
};
use axum::{
    extract::State,
    http::StatusCode,
    response::{Html, IntoResponse, Response},
};
use maud::{Markup, html};

use super::{keys::shown_once, page, token_field};
use crate::{app::App, pages::layout::Note};

/// The lifetimes to choose from, in days, as far as the policy allows them.
const LIFETIMES: [(u64, &str); 4] =
    [(7, "7 days"), (30, "30 days"), (90, "90 days"), (365, "One year")];
const USUAL_LIFETIME: u64 = 90;
const DAY: u64 = 24 * 60 * 60;

/// The form as it was sent, and what is wrong with it.
pub(super) struct Draft {
    name: String,
    scopes: Vec<String>,
    days: u64,
    wrong: Option<(Field, String)>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Field {
    Name,
    Scopes,
    Lifetime,
}

#[authenticate(session)]
pub(in crate::pages) async fn create(
    caller: Identity,
    State(app): State<App>,
    CsrfForm(fields): CsrfForm<Vec<(String, String)>>,
) -> Result<Response, Denial> {
    let draft = Draft::read(fields)?;
    match app.keys.create(&caller, draft.wish()).await {
        Ok(issued) => Ok(shown_once(&app, &caller, &issued, None)),
        Err(error) => match wrong(&error) {
            Some(wrong) => again(&app, &caller, Draft { wrong: Some(wrong), ..draft }).await,
            None => Err(error.into()),
        },
    }
}

/// The account page with the form as it was sent.
async fn again(app: &App, caller: &Identity, draft: Draft) -> Result<Response, Denial> {
    let note = Note::Bad("The key was not made. See the form below.");
    let page = page(app, caller, Some(note), &draft).await?;
    Ok((StatusCode::UNPROCESSABLE_ENTITY, Html(page.into_string())).into_response())
}

/// What is wrong with which field, if it is about one.
fn wrong(error: &ApiKeyError) -> Option<(Field, String)> {
    let found = match error {
        ApiKeyError::Name => (Field::Name, format!("A name has 1 to {MAX_NAME} characters.")),
        ApiKeyError::NoScopes => (Field::Scopes, "Choose at least one.".to_owned()),
        ApiKeyError::UnknownScopes { .. } | ApiKeyError::ScopesBeyond(_) => {
            (Field::Scopes, "Choose from those below: a key cannot do more.".to_owned())
        }
        ApiKeyError::Lifetime { max_days } => {
            (Field::Lifetime, format!("A key lives for 1 to {max_days} days."))
        }
        _ => return None,
    };
    Some(found)
}

/// The scopes that a key of this caller may have.
pub(super) fn choices<'p>(policy: &'p Policy, caller: &Identity) -> Vec<&'p Scope> {
    let ceiling = policy.api_key().into_iter().flat_map(|(_, settings)| &settings.grants);
    let scopes = ceiling.filter_map(|id| policy.scope(*id));
    scopes.filter(|scope| caller.has_scope(&scope.name)).collect()
}

/// The lifetimes that a key may have.
fn lifetimes(policy: &Policy) -> impl Iterator<Item = (u64, &'static str)> {
    let longest = policy.api_key().map_or(0, |(_, settings)| settings.max_ttl.0 / DAY);
    LIFETIMES.into_iter().filter(move |(days, _)| *days <= longest)
}

pub(super) fn section(draft: &Draft, policy: &Policy, caller: &Identity, token: &Secret) -> Markup {
    let choices = choices(policy, caller);
    html! {
        section.card aria-labelledby="new-key" {
            h2 #new-key { "Create a key" }
            @if choices.is_empty() {
                p.empty { "Your account may do nothing that a key could do for it." }
            } @else {
                form method="post" action="/account/keys" {
                    (token_field(token))
                    div.pair { (name(draft)) (lifetime(draft, policy)) }
                    (scopes(draft, &choices))
                    button.primary { "Create key" }
                }
            }
        }
    }
}

fn name(draft: &Draft) -> Markup {
    let wrong = draft.wrong_with(Field::Name);
    html! {
        div {
            label for="key-name" { "Name" }
            input #key-name name="name" type="text" value=(draft.name) required maxlength=(MAX_NAME)
                autocomplete="off" aria-invalid=[wrong.map(|_| "true")]
                aria-describedby=(if wrong.is_some() { "name-wrong" } else { "name-help" });
            @match wrong {
                Some(wrong) => p.wrong #name-wrong { (wrong) },
                None => p.help #name-help { "What you will know it by, such as the program that uses it." },
            }
        }
    }
}

fn lifetime(draft: &Draft, policy: &Policy) -> Markup {
    let wrong = draft.wrong_with(Field::Lifetime);
    html! {
        div {
            label for="key-days" { "Expires after" }
            select #key-days name="days" aria-invalid=[wrong.map(|_| "true")]
                aria-describedby=[wrong.map(|_| "days-wrong")] {
                @for (days, words) in lifetimes(policy) {
                    option value=(days) selected[days == draft.days] { (words) }
                }
            }
            @if let Some(wrong) = wrong { p.wrong #days-wrong { (wrong) } }
        }
    }
}

fn scopes(draft: &Draft, choices: &[&Scope]) -> Markup {
    let wrong = draft.wrong_with(Field::Scopes);
    html! {
        fieldset aria-describedby=[wrong.map(|_| "scopes-wrong")] {
            legend { "What it may do" }
            @if let Some(wrong) = wrong { p.wrong #scopes-wrong { (wrong) } }
            @for scope in choices {
                label.tick {
                    input type="checkbox" name="scope" value=(scope.name)
                        checked[draft.scopes.contains(&scope.name)];
                    span { code { (scope.name) } span.help { (scope.description) } }
                }
            }
        }
    }
}

impl Draft {
    /// The fields of the form, in any order; `scope` once for each that is ticked.
    fn read(fields: Vec<(String, String)>) -> Result<Self, Denial> {
        let mut draft = Self::default();
        for (name, value) in fields {
            match name.as_str() {
                "name" => draft.name = value,
                "scope" => draft.scopes.push(value),
                // What is no number is longer than any key lives, and refused as that.
                "days" => draft.days = value.parse().unwrap_or(u64::MAX),
                _ => {
                    return Err(Problem::unprocessable("the form has an unknown field").into());
                }
            }
        }
        Ok(draft)
    }

    fn wish(&self) -> NewApiKey {
        NewApiKey {
            name: self.name.trim().to_owned(),
            scopes: self.scopes.clone(),
            lifetime: Some(Seconds(self.days.saturating_mul(DAY))),
        }
    }

    fn wrong_with(&self, field: Field) -> Option<&str> {
        let wrong = self.wrong.as_ref().filter(|(wrong, _)| *wrong == field);
        wrong.map(|(_, words)| words.as_str())
    }
}

impl Default for Draft {
    fn default() -> Self {
        Self { name: String::new(), scopes: Vec::new(), days: USUAL_LIFETIME, wrong: None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(fields: &[(&str, &str)]) -> Result<Draft, Denial> {
        let owned = fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        Draft::read(owned.collect())
    }

    #[test]
    fn k5_a_lifetime_that_is_no_number_is_not_the_usual_one() {
        let days = |text| read(&[("days", text)]).map(|draft| draft.wish().lifetime);
        assert!(matches!(days("7"), Ok(Some(Seconds(604_800)))));
        assert!(matches!(days("never"), Ok(Some(Seconds(u64::MAX)))));
        assert!(matches!(days("-1"), Ok(Some(Seconds(u64::MAX)))));
    }

    #[test]
    fn each_ticked_scope_is_taken_and_no_other_field() {
        let draft = read(&[("scope", "a:b"), ("name", " ci "), ("scope", "c:d")]);
        let wish = draft.map(|draft| draft.wish());
        assert!(wish.is_ok_and(|wish| wish.scopes == ["a:b", "c:d"] && wish.name == "ci"));
        assert!(read(&[("owner", "x")]).is_err());
    }
}
