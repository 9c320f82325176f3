//! The password that people of the tests have. In: nothing. Out: it, and its hash.

use auth_runtime::{
    password::{Hasher, PasswordHash},
    policy_types::Passwords,
    secret::Secret,
};
use tokio::sync::OnceCell;

pub(crate) const PASSWORD: &str = "correct horse battery";

pub(crate) fn hasher() -> Hasher {
    Hasher::new(&Passwords::default()).unwrap()
}

/// The hash of `PASSWORD`, made once: it costs what a hash costs.
pub(crate) async fn password_hash() -> PasswordHash {
    static HASH: OnceCell<String> = OnceCell::const_new();
    let made = HASH.get_or_init(|| async {
        hasher().hash(Secret::from(PASSWORD.to_owned())).await.unwrap().to_text()
    });
    made.await.parse().unwrap()
}
