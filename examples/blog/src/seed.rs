//! The first accounts. In: an empty blog. Out: three users with random passwords, two posts, and
//! the line that tells them to whoever started it.

use std::{collections::BTreeMap, error::Error};

use auth_runtime::{random, secret::Secret};
use serde_json::json;

use crate::{accounts::Account, app::App, posts::NewPost};

const USERS: [&str; 3] = ["reader", "author", "admin"];

/// Plants what is missing and returns the passwords of what it planted, as JSON.
///
/// Clients are part of the line from the start and stay empty until the token endpoint lands.
pub(crate) async fn plant(app: &App) -> Result<String, Box<dyn Error>> {
    let mut passwords = BTreeMap::new();
    for username in USERS {
        if app.accounts.by_name(username).is_some() {
            continue;
        }
        let password = random::token(18)?;
        let account = Account {
            id: random::token(16)?,
            username: username.to_owned(),
            display_name: username.to_owned(),
            roles: vec![username.to_owned()],
            password: app.hasher.hash(Secret::from(password.clone())).await?,
            disabled: false,
        };
        app.accounts.add(account);
        passwords.insert(username, password);
    }
    if let Some(author) = app.accounts.by_name("author") {
        for (title, body) in [("Hello", "The first post."), ("Rules", "Who may call what.")] {
            app.posts.add(NewPost::new(title, body), &author.id);
        }
    }
    Ok(json!({ "users": passwords, "clients": {} }).to_string())
}
