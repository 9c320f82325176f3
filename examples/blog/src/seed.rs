//! The first accounts. In: an empty blog. Out: three users with random passwords, a client with a
//! secret, two posts, and the line that tells them to whoever started it.

use std::{collections::BTreeMap, error::Error};

use auth_runtime::{
    account::Accounts,
    oauth::{ClientError, NewClient},
    policy_types::GrantType,
    random,
    secret::Secret,
};
use serde_json::json;

use crate::{app::App, posts::NewPost};

const USERS: [&str; 3] = ["reader", "author", "admin"];

/// A program that reads posts, on its own behalf and for people who let it in.
const CLIENT: &str = "svc-app";

/// Plants what is missing and returns the passwords and secrets of what it planted, as JSON.
pub(crate) async fn plant(app: &App, redirect_uris: &[String]) -> Result<String, Box<dyn Error>> {
    let now = app.auth.now();
    let mut passwords = BTreeMap::new();
    for username in USERS {
        if app.people.accounts.by_name(username, now).await?.is_some() {
            continue;
        }
        let password = random::token(18)?;
        let hash = app.hasher.hash(Secret::from(password.clone())).await?;
        app.people.register(username, username, hash, now).await?;
        passwords.insert(username, password);
    }
    let posts = app.posts.all(now).await?;
    let author = app.people.accounts.by_name("author", now).await?;
    if let Some(author) = author.filter(|_| posts.is_empty()) {
        for (title, body) in [("Hello", "The first post."), ("Rules", "Who may call what.")] {
            app.posts.add(NewPost::new(title, body), &author.id, now).await?;
        }
    }
    let secrets = plant_client(app, redirect_uris).await?;
    Ok(json!({ "users": passwords, "clients": secrets }).to_string())
}

/// The client's secret under its id; nothing if it is there already.
async fn plant_client(
    app: &App,
    redirect_uris: &[String],
) -> Result<BTreeMap<&'static str, String>, Box<dyn Error>> {
    let new = NewClient::new(CLIENT, "The nightly report")
        .grants(GrantType::ALL)
        .redirect_uris(redirect_uris)
        .scopes(["read:posts"]);
    let secret = match app.oauth.clients().register(new).await {
        Ok(registered) => registered.secret,
        Err(ClientError::Taken) => None,
        Err(error) => return Err(error.into()),
    };
    // The line that tells it is the one place where it is seen.
    Ok(secret.iter().map(|secret| (CLIENT, secret.expose().to_owned())).collect())
}
