//! `cargo auth api-key create`. In: an account, and what a key of it shall be. Out: the key, once.

use auth_runtime::{
    api_key::{ApiKeyError, IssuedKey, NewApiKey},
    policy_types::Seconds,
};
use serde_json::json;

use super::{Format, Place, Problem, VERSION, markdown, object, with};
use crate::{markdown::block, moment, terminal};

/// Make a key for an account, and print it this once
///
/// The key alone goes to standard output. It may do no more than the account's roles grant and the
/// policy lets keys do, at any time.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    place: Place,

    /// What its owner knows it by
    #[arg(long, value_name = "NAME")]
    name: String,

    /// What it may do: names of scopes, with commas between
    #[arg(long, value_name = "SCOPES", value_delimiter = ',', required = true)]
    scopes: Vec<String>,

    /// How long it lives, such as `90d`: at least a day, at most the policy's `max_ttl` [default: the
    /// policy's `default_ttl`]
    #[arg(long, value_name = "SPAN")]
    ttl: Option<Seconds>,

    /// For whom the answer is
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    format: Format,
}

pub(super) fn create(arguments: &Arguments) -> Result<(), Problem> {
    let new = NewApiKey {
        name: arguments.name.clone(),
        scopes: arguments.scopes.clone(),
        lifetime: arguments.ttl,
    };
    let issued = with(&arguments.place, async |keys, owner, _| {
        let owner = owner.account.as_deref().ok_or_else(|| owner.unknown())?;
        keys.create_for(owner, new).await.map_err(|error| match error {
            ApiKeyError::Lifetime { max_days } => {
                Problem::Refused(format!("`--ttl` is 1d at least and {max_days}d at most"))
            }
            error => error.into(),
        })
    })?;
    say(&issued, arguments.format);
    Ok(())
}

/// SECURITY: the one time that a key is exposed; it is what was asked for and goes nowhere else.
fn say(issued: &IssuedKey, format: Format) {
    match format {
        Format::Text => {
            terminal::say(issued.key.expose());
            let (id, until) = (&issued.info.id, moment::day(issued.info.expires_at.0));
            terminal::remark(&format!("made key {id}, good until {until}; it is not shown again"));
        }
        Format::Markdown => {
            let (key, info) =
                (issued.key.expose(), markdown([&issued.info], issued.info.created_at.0));
            terminal::tell(&format!(
                "{info}\nThe key, which is not shown again:\n\n{}",
                block(key)
            ));
        }
        Format::Json => {
            let (key, info) = (issued.key.expose(), object(&issued.info));
            let document = json!({ "version": VERSION, "key": key, "info": info });
            terminal::say(&terminal::json(&document));
        }
    }
}
