//! `cargo auth api-key list`. In: an account. Out: what may be known of its keys, never a key.

use serde_json::json;

use super::{Format, Place, Problem, VERSION, line, markdown, object, with};
use crate::terminal;

/// List the keys of an account, those that ended within 30 days among them
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    place: Place,

    /// For whom the list is
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    format: Format,
}

pub(super) fn list(arguments: &Arguments) -> Result<(), Problem> {
    let (keys, now) = with(&arguments.place, async |keys, owner, now| {
        let found = keys.list(owner.id()).await?;
        // An application may have accounts elsewhere; a name that is misspelt has no keys either.
        if found.is_empty() && owner.account.is_none() {
            return Err(owner.unknown());
        }
        Ok((found, now))
    })?;
    terminal::tell(&match arguments.format {
        Format::Text => keys.iter().map(|key| line(key, now) + "\n").collect(),
        Format::Json => {
            let keys: Vec<_> = keys.iter().map(object).collect();
            terminal::json(&json!({ "version": VERSION, "keys": keys }))
        }
        Format::Markdown => markdown(&keys, now),
    });
    Ok(())
}
