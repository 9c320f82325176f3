//! What is remembered, in bytes. In: five thousand people with a token and a session each. Out: how
//! many bytes the allocator was asked for and did not get back, for each of them; with `--write`,
//! the same table in `docs/performance.md`.
//!
//! `cargo bench -p auth-benches --bench memory [-- --write]`

#[path = "../book.rs"]
mod book;

use std::{alloc::System, env, error::Error, fmt::Write as _, sync::Arc};

use auth_runtime::{
    Auth, Protected, Router,
    account::{Account, StoredAccounts},
    authenticate,
    jwt::KeySet,
    policy,
    routing::get,
    store::MemoryStore,
    tokens::Tokens,
};
use axum::{
    body::Body,
    extract::Request,
    http::{HeaderMap, HeaderName, StatusCode, header},
};
use cap::Cap;
use tower::ServiceExt;

#[global_allocator]
static ALLOCATOR: Cap<System> = Cap::new(System, usize::MAX);

/// How many people there are: as many as keep what is remembered of them within its bounds.
const PEOPLE: usize = 5_000;

/// The secret of HS256: 32 bytes.
const JWK: &str = r#"{"keys":[{"kty":"oct","alg":"HS256","kid":"bench","k":"AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr8"}]}"#;

/// No password has this hash: nobody signs in with one here.
const NO_PASSWORD: &str = "$argon2id$v=19$m=19456,t=2,p=1$c2FsdHNhbHRzYWx0c2FsdA\
                           $AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

#[authenticate(jwt, scopes = "read:posts", policy = "policies/limited.yaml")]
async fn by_token() {}

#[authenticate(jwt, limit = "each", policy = "policies/limited.yaml")]
async fn counted() {}

#[authenticate(session, scopes = "read:posts", policy = "policies/limited.yaml")]
async fn by_session() {}

#[tokio::main(flavor = "current_thread")]
#[allow(clippy::print_stdout, reason = "the table is what this program is for")]
async fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<_> = env::args().skip(1).filter(|argument| argument != "--bench").collect();
    let arguments: Vec<_> = arguments.iter().map(String::as_str).collect();
    let text = table().await?;
    println!("{text}");
    if arguments.contains(&"--write") {
        book::write("memory", &text, "--bench memory", &arguments)?;
    }
    Ok(())
}

async fn table() -> Result<String, Box<dyn Error>> {
    let store = Arc::new(MemoryStore::new());
    let auth = Auth::from_policy(policy!("policies/limited.yaml"))
        .keys("jwt", KeySet::from_jwk_set(JWK)?)
        .store(Arc::clone(&store) as _)
        .build()
        .await?;
    let routes = Router::new()
        .route("/token", get(by_token))
        .route("/counted", get(counted))
        .route("/session", get(by_session));
    let app = routes.protect(auth.clone());
    let accounts = StoredAccounts::new(store);

    let before = ALLOCATOR.allocated();
    let people = register(&accounts, &auth).await?;
    let accounts = ALLOCATOR.allocated().saturating_sub(before);
    let kept: usize = people.iter().map(size).sum();
    let mut table = Table::new();
    table.line("an account in a `MemoryStore`, with its name", accounts.saturating_sub(kept))?;

    let mut cookies = Vec::with_capacity(PEOPLE);
    let before = ALLOCATOR.allocated();
    for account in &people {
        cookies.push(begin(&auth, account).await?);
    }
    let kept: usize = cookies.iter().map(String::capacity).sum();
    let sessions = ALLOCATOR.allocated().saturating_sub(before);
    table.line("a session in a `MemoryStore`", sessions.saturating_sub(kept))?;

    let mut bearers = Vec::with_capacity(PEOPLE);
    let tokens = Tokens::new(auth).await?;
    for account in &people {
        let token = tokens.sign_in(account).await?.access_token;
        bearers.push(format!("Bearer {}", token.expose()));
    }
    let length = bearers.iter().map(String::len).sum::<usize>() / PEOPLE;
    let asked = |header, path, values| asked(app.clone(), header, path, values);
    let token = format!("a token that is remembered, of {length} letters");
    table.line(&token, asked(header::AUTHORIZATION, "/token", &bearers).await?)?;
    table.line("a bucket of a limit", asked(header::AUTHORIZATION, "/counted", &bearers).await?)?;
    let parsed = "a session and its account that were parsed, and the last use";
    table.line(parsed, asked(header::COOKIE, "/session", &cookies).await?)?;
    Ok(table.0)
}

/// The table as it grows.
struct Table(String);

impl Table {
    fn new() -> Self {
        Self(format!("Bytes for one of {PEOPLE}:\n\n| what | bytes |\n|---|---|\n"))
    }

    fn line(&mut self, what: &str, bytes: usize) -> Result<(), Box<dyn Error>> {
        Ok(writeln!(self.0, "| {what} | {} |", bytes / PEOPLE)?)
    }
}

async fn register(accounts: &StoredAccounts, auth: &Auth) -> Result<Vec<Account>, Box<dyn Error>> {
    let mut people = Vec::with_capacity(PEOPLE);
    for number in 0..PEOPLE {
        let (name, roles) = (format!("person{number}"), vec!["author".to_owned()]);
        people.push(accounts.register(&name, roles, NO_PASSWORD.parse()?, auth.now()).await?);
    }
    Ok(people)
}

/// The bytes of an account that this program keeps itself.
fn size(account: &Account) -> usize {
    let roles: usize = account.roles.iter().map(|role| role.capacity() + size_of::<String>()).sum();
    size_of::<Account>()
        + account.id.capacity()
        + account.username.capacity()
        + roles
        + NO_PASSWORD.len()
}

async fn begin(auth: &Auth, account: &Account) -> Result<String, Box<dyn Error>> {
    let sessions = auth.sessions().ok_or("the policy has sessions")?;
    let begun = sessions.begin(account, &HeaderMap::new()).await?;
    Ok(begun.set_cookie.to_str()?.split(';').next().unwrap_or_default().to_owned())
}

/// How many bytes more are in use once each of these was presented.
async fn asked(
    app: Protected,
    header: HeaderName,
    path: &str,
    values: &[String],
) -> Result<usize, Box<dyn Error>> {
    let before = ALLOCATOR.allocated();
    for value in values {
        let request = Request::get(path).header(&header, value).body(Body::empty())?;
        let answer = app.clone().oneshot(request).await?;
        if answer.status() != StatusCode::OK {
            return Err(format!("{path} answered {}", answer.status()).into());
        }
    }
    Ok(ALLOCATOR.allocated().saturating_sub(before))
}
