//! `cargo auth keys list`. In: a JWK set. Out: what may be known of its keys, and never their
//! private members.

use std::path::PathBuf;

use auth_runtime::{jwt::KeySet, policy_types::Algorithm};
use clap::ValueEnum;
use serde_json::{Value, json};

use super::{Problem, Set, read};
use crate::{moment, terminal};

/// Counts up when a member goes or changes what it means.
const VERSION: u32 = 1;

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

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// A line for each key
    Text,
    /// One document, its shape versioned
    Json,
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
    match arguments.format {
        Format::Text => rows.iter().for_each(|row| terminal::say(&line(row))),
        Format::Json => {
            let keys: Vec<_> = rows.iter().map(object).collect();
            terminal::say(&format!("{:#}", json!({ "version": VERSION, "keys": keys })));
        }
    }
    Ok(())
}

/// The first key of a set in a line.
pub(super) fn described(set: &Set) -> String {
    rows(set).ok().and_then(|rows| rows.first().map(line)).unwrap_or_default()
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
