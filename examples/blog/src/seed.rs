//! The first accounts. In: an empty blog. Out: three users with random passwords, two posts, and
//! the line that tells them to whoever started it.

use std::{collections::BTreeMap, error::Error};

use auth_runtime::{account::Accounts, random, secret::Secret};
use serde_json::json;

use crate::{app::App, posts::NewPost};

const USERS: [&str; 3] = ["reader", "author", "admin"];

/// Plants what is missing and returns the passwords of what it planted, as JSON.
///
/// Clients are part of the line from the start and stay empty until the token endpoint lands.
pub(crate) async fn plant(app: &App) -> Result<String, Box<dyn Error>> {
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
    if let Some(author) = app.people.accounts.by_name("author", now).await? {
        for (title, body) in [("Hello", "The first post."), ("Rules", "Who may call what.")] {
            app.posts.add(NewPost::new(title, body), &author.id);
        }
    }
    Ok(json!({ "users": passwords, "clients": {} }).to_string())
}
