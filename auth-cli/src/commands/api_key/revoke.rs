//! `cargo auth api-key revoke`. In: an account and the id of a key. Out: a key that the next request
//! is refused with.

use auth_runtime::api_key::ApiKeyError;

use serde_json::json;

use super::{Format, Place, Problem, VERSION, with};
use crate::{markdown::code, terminal};

/// Revoke a key: the next request with it is refused
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    place: Place,

    /// Which key: the id that `list` shows
    #[arg(value_name = "ID")]
    id: String,

    /// For whom it is said
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    format: Format,
}

pub(super) fn revoke(arguments: &Arguments) -> Result<(), Problem> {
    let id = &arguments.id;
    with(&arguments.place, async |keys, owner, _| {
        keys.revoke(owner.id(), id).await.map_err(|error| match error {
            ApiKeyError::NotFound => {
                let id = terminal::plain(id);
                let whose = terminal::plain(&owner.named);
                Problem::Refused(format!("`{whose}` has no key with the id `{id}`"))
            }
            error => error.into(),
        })
    })?;
    terminal::tell(&match arguments.format {
        Format::Text => format!("revoked key {}", terminal::plain(id)),
        Format::Json => terminal::json(&json!({ "version": VERSION, "revoked": id })),
        Format::Markdown => format!("Revoked key {}.", code(id)),
    });
    Ok(())
}
