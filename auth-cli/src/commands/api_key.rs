//! `cargo auth api-key`. In: the service's policy and its store. Out: keys of its accounts, made,
//! listed and revoked while no server runs, or beside one that does.

use std::path::PathBuf;

use auth_runtime::{
    account::Accounts,
    api_key::{ApiKey, ApiKeyError, ApiKeys},
    store::StoreError,
};
use clap::{Subcommand, ValueEnum};
use serde_json::{Value, json};

use crate::{
    exit::Outcome,
    format::Format,
    markdown::{code, codes, columns, prose, row},
    moment, terminal,
};

mod create;
mod engine;
mod list;
mod revoke;

use engine::Engine;

/// Counts up when a member goes or changes what it means.
const VERSION: u32 = 1;

/// Make, list and revoke API keys without the server
///
/// The keys are those of the service: with the prefix, the ceilings and the lifetimes of its policy,
/// in its store, which the service may be using at the same time. What is made or revoked counts from
/// its next request on. An audit event for it goes to standard error, as a line of JSON.
///
/// Exits 0 if it was done, 1 if it was refused or the store does not answer, 2 if it was used wrongly.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Create(create::Arguments),
    List(list::Arguments),
    Revoke(revoke::Arguments),
}

/// Whose keys, and where they are.
#[derive(Debug, clap::Args)]
struct Place {
    /// The store of the service: `sqlite:PATH`, `postgres://..` or `redis://..`; or `${NAME}`, an
    /// environment variable that holds one, since others see the arguments of a command
    #[arg(long, value_name = "URL")]
    store: String,

    /// The policy of the service [default: the package's]
    #[arg(long, value_name = "FILE")]
    policy: Option<PathBuf>,

    /// The account: its id or its name
    #[arg(long, value_name = "ACCOUNT")]
    owner: String,

    /// Where the keys count [default: what the policy says]
    #[arg(long, value_name = "ENVIRONMENT")]
    environment: Option<Environment>,
}

/// What `--environment` takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Environment {
    /// In production
    Live,
    /// Anywhere else
    Test,
}

/// Why it was not done.
enum Problem {
    /// It was used wrongly: 2.
    Usage(String),
    /// It was refused, or the store does not answer: 1.
    Refused(String),
}

pub(super) fn run(arguments: &Arguments) -> Outcome {
    let done = match &arguments.command {
        Command::Create(arguments) => create::create(arguments),
        Command::List(arguments) => list::list(arguments),
        Command::Revoke(arguments) => revoke::revoke(arguments),
    };
    let (problem, outcome) = match done {
        Ok(()) => return Outcome::Fine,
        Err(Problem::Usage(problem)) => (problem, Outcome::Misused),
        Err(Problem::Refused(problem)) => (problem, Outcome::Found),
    };
    terminal::complain(&problem);
    outcome
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Unsuitable(_) => Self::Usage(error.to_string()),
            StoreError::Unavailable(_) => Self::Refused(format!(
                "{error}; nothing was done. Start it, or say with `--store` where it is"
            )),
            error => Self::Refused(error.to_string()),
        }
    }
}

impl From<ApiKeyError> for Problem {
    fn from(error: ApiKeyError) -> Self {
        match error {
            ApiKeyError::Store(error) => error.into(),
            ApiKeyError::NotAnAccount => Self::Refused("the account is closed".to_owned()),
            ApiKeyError::ScopesBeyond(scopes) => Self::Refused(format!(
                "a key of this account may not have {}: neither more than its roles grant, nor more \
                 than the policy lets keys do",
                scopes.join(", ")
            )),
            ApiKeyError::Name => Self::Usage(error.to_string().replace("`name`", "`--name`")),
            error => Self::Refused(error.to_string()),
        }
    }
}

/// Whose keys are meant.
struct Owner {
    /// What was said.
    named: String,
    /// The id of the account in the store that has this id or this name.
    account: Option<String>,
}

impl Owner {
    /// SECURITY: an id comes first: people choose their names, and nobody chooses an id.
    async fn find(engine: &Engine, named: &str) -> Result<Self, Problem> {
        let now = engine.auth.now();
        let found = match engine.accounts.by_id(named, now).await? {
            Some(account) => Some(account),
            None => engine.accounts.by_name(named, now).await?,
        };
        Ok(Self { named: named.to_owned(), account: found.map(|account| account.id) })
    }

    /// The id of its keys: of an account that is kept elsewhere what was said.
    fn id(&self) -> &str {
        self.account.as_ref().unwrap_or(&self.named)
    }

    fn unknown(&self) -> Problem {
        let named = terminal::plain(&self.named);
        Problem::Refused(format!("the store has no account with the id or the name `{named}`"))
    }
}

/// What may be known of a key.
fn object(key: &ApiKey) -> Value {
    json!({
        "id": key.id,
        "name": key.name,
        "scopes": key.scopes,
        "environment": key.environment.as_str(),
        "created_at": key.created_at.0,
        "expires_at": key.expires_at.0,
        "last_used_at": key.last_used_at.map(|moment| moment.0),
        "revoked_at": key.revoked_at.map(|moment| moment.0),
        "replaced_by": key.replaced_by,
    })
}

/// The same in a line.
fn line(key: &ApiKey, now: i64) -> String {
    format!(
        "{} {}: {}; {}, made {}, {}, {}",
        key.id,
        terminal::plain(&key.name),
        key.scopes.join(" "),
        key.environment.as_str(),
        moment::day(key.created_at.0),
        used(key, now),
        end(key, now),
    )
}

/// The same in a table.
fn markdown<'k>(keys: impl IntoIterator<Item = &'k ApiKey>, now: i64) -> String {
    let cells = |key: &ApiKey| {
        row(&[
            code(&key.id),
            code(&key.name),
            codes(&key.scopes),
            key.environment.as_str().to_owned(),
            moment::day(key.created_at.0),
            prose(used(key, now)),
            prose(end(key, now)),
        ])
    };
    let names = ["id", "name", "scopes", "environment", "made", "used", "until"];
    columns(&names) + &keys.into_iter().map(cells).collect::<String>()
}

fn used(key: &ApiKey, now: i64) -> String {
    key.last_used_at.map_or_else(
        || "never used".to_owned(),
        |used| format!("used {}", moment::from_now(used.0, now)),
    )
}

/// When it ended, or will.
fn end(key: &ApiKey, now: i64) -> String {
    match (key.revoked_at, key.expires_at.0 <= now) {
        (Some(revoked), _) => format!("revoked {}", moment::day(revoked.0)),
        (None, true) => format!("expired {}", moment::day(key.expires_at.0)),
        (None, false) => format!("expires {}", moment::day(key.expires_at.0)),
    }
}

/// Does something with the keys of an account.
fn with<T>(
    place: &Place,
    work: impl AsyncFnOnce(&ApiKeys, &Owner, i64) -> Result<T, Problem>,
) -> Result<T, Problem> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| Problem::Refused(error.to_string()))?;
    runtime.block_on(async {
        let engine = Engine::open(place).await?;
        let owner = Owner::find(&engine, &place.owner).await?;
        work(&engine.keys, &owner, engine.auth.now().0).await
    })
}
