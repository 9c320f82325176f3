//! `cargo auth keys list`. In: a JWK set. Out: what may be known of its keys, and never their
//! private members.

use std::path::PathBuf;

use auth_runtime::{jwt::KeySet, policy_types::Algorithm};
use serde_json::{Value, json};

use super::{Problem, Set, read};
use crate::{
    format::Format,
    markdown::{code, columns, row},
    moment, terminal,
};

/// Counts up when a member goes or changes what it means.
pub(super) const VERSION: u32 = 1;

/// List the keys of a JWK set, never their private members
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The JWK set
    #[arg(value_name = "FILE")]
    file: PathBuf,

    /// For whom the list is
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    format: Format,
}

/// What may be known of a key.
pub(super) struct Row {
    pub(super) kid: Option<String>,
    pub(super) algorithm: Algorithm,
    /// Whether tokens of its algorithm are signed with it.
    pub(super) signs: bool,
    /// Whether it has what signing takes.
    pub(super) is_private: bool,
    /// In seconds since 1970.
    pub(super) made_at: Option<i64>,
}

pub(super) fn list(arguments: &Arguments) -> Result<(), Problem> {
    let rows = rows(&read(&arguments.file)?)?;
    terminal::tell(&match arguments.format {
        Format::Text => text(&rows),
        Format::Json => terminal::json(&json!({ "version": VERSION, "keys": values(&rows) })),
        Format::Markdown => markdown(&rows),
    });
    Ok(())
}

/// A line for each key.
pub(super) fn text(rows: &[Row]) -> String {
    rows.iter().map(|row| line(row) + "\n").collect()
}

/// A document for each key.
pub(super) fn values(rows: &[Row]) -> Vec<Value> {
    rows.iter().map(object).collect()
}

/// A table of the keys.
pub(super) fn markdown(rows: &[Row]) -> String {
    let cells = |key: &Row| {
        let kid = key.kid.as_deref().map_or_else(|| "none".to_owned(), code);
        let made = key.made_at.map(moment::day).unwrap_or_default();
        row(&[kid, key.algorithm.name().to_owned(), purpose(key).to_owned(), made])
    };
    columns(&["key", "algorithm", "what for", "made"]) + &rows.iter().map(cells).collect::<String>()
}

/// The keys as the runtime sees them, in their order.
pub(super) fn rows(set: &Set) -> Result<Vec<Row>, Problem> {
    let read = KeySet::from_jwk_set(&set.text()).map_err(|error| error.to_string())?;
    let mut rows: Vec<Row> = Vec::new();
    for (key, written) in read.keys().iter().zip(set.keys()) {
        let algorithm = key.algorithm();
        let earlier = rows.iter().any(|row| row.signs && row.algorithm == algorithm);
        rows.push(Row {
            kid: key.kid().map(str::to_owned),
            algorithm,
            signs: key.can_sign() && !earlier,
            is_private: key.can_sign(),
            made_at: written.made_at(),
        });
    }
    Ok(rows)
}

fn line(row: &Row) -> String {
    let kid = row.kid.as_deref().unwrap_or("(no kid)").escape_debug();
    let made =
        row.made_at.map(|seconds| format!(", made {}", moment::day(seconds))).unwrap_or_default();
    format!("{kid}: {}, sig, {}{made}", row.algorithm.name(), purpose(row))
}

const fn purpose(row: &Row) -> &'static str {
    match (row.signs, row.is_private) {
        (true, _) => "signs and verifies",
        (false, true) => "verifies",
        (false, false) => "verifies, public half only",
    }
}

fn object(row: &Row) -> Value {
    json!({
        "kid": row.kid,
        "alg": row.algorithm.name(),
        "use": "sig",
        "signs": row.signs,
        "private": row.is_private,
        "made_at": row.made_at,
    })
}
