//! `cargo auth token mint`. In: a policy, its keys, and whom a token shall be about. Out: an access
//! token as the service itself issues it, for development.

use std::path::PathBuf;

use auth_runtime::{
    clock::{Clock, SystemClock},
    jwt::{AccessGrant, AccessToken, Issuer},
    policy_types::{JwtScheme, SchemeKind, Seconds},
};
use serde_json::json;

use super::{Format, Problem, VERSION, keys};
use crate::{
    exit::Outcome,
    markdown::{block, code},
    policies, terminal,
};

/// Make an access token for development
///
/// The token is what the service would issue: with the scopes that the roles grant, or those of
/// them that are named, and with the first key of the policy's first algorithm. It says that its
/// subject has just signed in. No sign-in stands behind it, so that signing out does not end it:
/// refused where AUTH_ENV=production.
///
/// Prints the token alone, so that `$(cargo auth token mint ..)` is one.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The policy [default: the package's]
    #[arg(long, value_name = "FILE")]
    policy: Option<PathBuf>,

    /// A JWK set or PEM with the private key [default: what the policy refers to]
    #[arg(long, value_name = "FILE")]
    keys: Option<PathBuf>,

    /// Whom it is about: an account's id, not its name
    #[arg(long, value_name = "ID")]
    subject: String,

    /// A role of the subject; may be given more than once
    #[arg(long = "role", value_name = "ROLE")]
    roles: Vec<String>,

    /// Scopes, with commas or spaces between them [default: all that the roles grant]
    #[arg(long, value_name = "SCOPES", value_delimiter = ',')]
    scopes: Option<Vec<String>>,

    /// How long it lives, such as `5m`: at most the policy's `access_ttl`, which is the default
    #[arg(long, value_name = "SPAN")]
    ttl: Option<Seconds>,

    /// For whom the answer is
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    format: Format,
}

pub(super) fn mint(arguments: &Arguments) -> Result<Outcome, Problem> {
    refuse_production()?;
    let policy = policies::read(arguments.policy.as_deref())?;
    let (id, settings) = policy.jwt().ok_or("the policy declares no scheme `jwt`")?;
    let scheme = policy.scheme(id).filter(|scheme| matches!(scheme.kind, SchemeKind::Jwt(_)));
    let scheme = scheme.ok_or("the policy declares no scheme `jwt`")?;
    refuse_lifetime(arguments.ttl, settings)?;
    let keys = keys(arguments.keys.as_ref(), scheme, &settings.algorithms)?;
    let issuer = Issuer::new(&policy, keys).map_err(|error| error.to_string())?;

    let roles: Vec<_> = arguments.roles.iter().map(String::as_str).collect();
    let scopes: Option<Vec<_>> = arguments.scopes.as_ref().map(|scopes| words(scopes));
    let now = SystemClock.now();
    let grant = AccessGrant::new(&arguments.subject).roles(&roles).authenticated_at(now);
    let grant = match &scopes {
        Some(scopes) => grant.scopes(scopes),
        None => grant,
    };
    let grant = match arguments.ttl {
        Some(span) => grant.lifetime(span),
        None => grant,
    };
    let issued = issuer.access_token(&grant, now).map_err(|error| error.to_string())?;
    terminal::tell(&said(&issued, arguments.format));
    Ok(Outcome::Fine)
}

/// SECURITY: exposed because a token is what was asked for; it goes nowhere else.
fn said(issued: &AccessToken, format: Format) -> String {
    match format {
        Format::Text => issued.token.expose().to_owned(),
        // Somebody who pastes it knows what it is: it is theirs to paste.
        Format::Markdown => {
            let (token, span) = (issued.token.expose(), issued.expires_in);
            let scope = code(&issued.scope);
            format!("An access token for {span}, with {scope}:\n\n{}", block(token))
        }
        Format::Json => {
            let document = json!({
                "version": VERSION,
                "access_token": issued.token.expose(),
                "token_type": "Bearer",
                "expires_in": issued.expires_in.0,
                "scope": issued.scope,
                "token_id": issued.token_id,
            });
            terminal::json(&document)
        }
    }
}

/// Scopes as they are written: with commas, with spaces, or both.
fn words(scopes: &[String]) -> Vec<&str> {
    scopes.iter().flat_map(|scopes| scopes.split_whitespace()).collect()
}

fn refuse_lifetime(asked: Option<Seconds>, settings: &JwtScheme) -> Result<(), Problem> {
    let longest = settings.access_ttl;
    match asked {
        Some(Seconds(0)) => Err("`--ttl` is 0: the token would have expired".to_owned()),
        Some(asked) if asked > longest => {
            Err(format!("`--ttl {asked}` is longer than the policy's `access_ttl`, {longest}"))
        }
        _ => Ok(()),
    }
}

#[allow(clippy::disallowed_methods, reason = "the one place that asks where this runs")]
fn refuse_production() -> Result<(), Problem> {
    match std::env::var_os("AUTH_ENV") {
        Some(environment) if environment == "production" => {
            Err("AUTH_ENV is `production`: tokens of a production service come from signing in, \
                 which can be ended and leaves a trace"
                .to_owned())
        }
        _ => Ok(()),
    }
}
