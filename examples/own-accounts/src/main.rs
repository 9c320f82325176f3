//! Starts the application on a free port of this machine, with one person in its table, whose
//! password it prints. Everything is forgotten when it ends.

use std::{error::Error, io, sync::Arc};

use auth_runtime::{
    Auth, jwt::KeySet, password::Hasher, policy, policy_types::Algorithm, random, secret::Secret,
    store::MemoryStore,
};
use own_accounts::people::{People, Person};
use tokio::net::TcpListener;

#[tokio::main]
#[allow(clippy::print_stdout, reason = "whoever tries it reads it there")]
async fn main() -> Result<(), Box<dyn Error>> {
    tracing_subscriber::fmt().with_writer(io::stderr).init();
    // The keys are inside the text: parsing them is what it is for.
    let keys = KeySet::from_jwk_set(KeySet::generate(Algorithm::EdDSA)?.expose())?;
    let store = Arc::new(MemoryStore::new());
    let people = People::default();
    let auth = Auth::from_policy(policy!())
        .keys("jwt", keys)
        .store(store)
        .accounts(Arc::new(people.clone()))
        .build()
        .await?;

    let password = random::token(12)?;
    let hash = Hasher::new(auth.policy().passwords())?.hash(Secret::from(password.clone())).await?;
    people.save(Person {
        number: 17,
        email: "ada@staff.example".to_owned(),
        password_hash: hash.to_text(),
        is_manager: true,
        has_left: false,
    });

    let app = own_accounts::app(auth, people).await?;
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    print!("{}", app.inventory());
    println!("ada@staff.example signs in with {password}");
    println!("listening on http://{}", listener.local_addr()?);
    app.serve(listener).await?;
    Ok(())
}
