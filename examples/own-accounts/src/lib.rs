//! An application with its own table of users. In: people who were there before. Out: their
//! sign-in, by tokens that are renewed and can be ended.
//!
//! What the application brings is in [`people`]: its rows, and the trait [`Accounts`] with two
//! look-ups, and the writing of a password. What it gets for that from [`AccountEndpoints`]: sign-in,
//! refresh tokens that work once, reuse that ends a family, logout that takes effect at once,
//! changes of password that end the other sign-ins, and no renewal for somebody who has left.
//!
//! ```sh
//! cargo run -p own-accounts      # prints the endpoints, an address, and a password to sign in with
//! ```
//!
//! For registration and profiles, see `examples/blog`.
//!
//! [`Accounts`]: auth_runtime::account::Accounts

pub mod people;

use auth_runtime::{
    Auth, Protected, Router, authenticate, endpoints::AccountEndpoints, extract::Json,
    password::Hasher, routing::get, tokens::Tokens,
};
use axum::extract::State;

use people::People;

#[authenticate(jwt, scopes = "read:staff")]
async fn staff(State(people): State<People>) -> Json<Vec<String>> {
    Json(people.addresses())
}

#[authenticate(jwt, scopes = "read:salaries")]
async fn salaries() -> &'static str {
    "enough"
}

/// The application: those people, behind an engine that asks them who somebody is.
///
/// # Errors
///
/// When the engine has no store, or cannot hash.
pub async fn app(auth: Auth, people: People) -> Result<Protected, Box<dyn std::error::Error>> {
    let hasher = Hasher::new(auth.policy().passwords())?;
    let accounts = AccountEndpoints::new(Tokens::new(auth.clone()).await?, hasher)?;
    let router = Router::new()
        .route("/staff", get(staff))
        .route("/salaries", get(salaries))
        .merge(accounts.router());
    Ok(router.with_state(people).protect(auth))
}

/// The lock beside the policy shows who may call what, and the tests beside it who should. These
/// tests hold the application to both.
#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use auth_runtime::{jwt::KeySet, policy, policy_types::Algorithm, store::MemoryStore};

    use super::*;

    auth_runtime::lock_test!(application());
    auth_runtime::policy_test!(application());

    async fn application() -> Result<Protected, Box<dyn std::error::Error>> {
        // The keys are inside the text: parsing them is what it is for.
        let keys = KeySet::from_jwk_set(KeySet::generate(Algorithm::EdDSA)?.expose())?;
        let people = People::default();
        let auth = Auth::from_policy(policy!())
            .keys("jwt", keys)
            .store(Arc::new(MemoryStore::new()))
            .accounts(Arc::new(people.clone()))
            .build()
            .await?;
        app(auth, people).await
    }
}
