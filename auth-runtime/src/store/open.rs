//! The store that a URL names. In: a URL. Out: the store, ready, or why it cannot be used.

use std::sync::Arc;

use super::{MemoryStore, Store, StoreError};

/// Opens the store that `url` names, and makes its tables if it has none yet.
///
/// | URL | feature | |
/// |---|---|---|
/// | `memory:` | | one process, gone when it ends |
/// | `sqlite:PATH` | `sqlite` | one machine |
/// | `postgres://USER:PASSWORD@HOST/DATABASE` | `postgres` | |
/// | `redis://..`, `rediss://..` | `redis` | the second with TLS |
/// | `redis+cluster://HOST:PORT,HOST:PORT..` | `redis` | `rediss+cluster://` with TLS |
///
/// ```
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// use auth_runtime::store::{self, StoreError};
///
/// assert!(store::open("memory:").await.is_ok());
/// assert!(matches!(store::open("mysql://db").await, Err(StoreError::Unsuitable(_))));
/// # });
/// ```
///
/// # Errors
///
/// [`StoreError::Unsuitable`] if the URL names no store, its feature is off, or the server may
/// forget what it was told; [`StoreError::Unavailable`] if it cannot be reached within two seconds.
///
/// # Security
///
/// A URL holds a password, so no error and no `Debug` output repeats any part of it.
pub async fn open(url: &str) -> Result<Arc<dyn Store>, StoreError> {
    let (scheme, rest) = url.split_once(':').ok_or_else(unknown)?;
    match scheme {
        "memory" if rest.is_empty() => Ok(Arc::new(MemoryStore::new())),
        #[cfg(feature = "sqlite")]
        "sqlite" => Ok(Arc::new(super::SqliteStore::open(rest).await?)),
        #[cfg(feature = "postgres")]
        "postgres" | "postgresql" => Ok(Arc::new(super::PostgresStore::open(url).await?)),
        #[cfg(feature = "redis")]
        "redis" | "rediss" | "redis+cluster" | "rediss+cluster" => {
            Ok(Arc::new(super::RedisStore::open(url).await?))
        }
        _ => Err(feature_of(scheme).map_or_else(unknown, is_off)),
    }
}

fn feature_of(scheme: &str) -> Option<&'static str> {
    match scheme {
        "sqlite" => Some("sqlite"),
        "postgres" | "postgresql" => Some("postgres"),
        "redis" | "rediss" | "redis+cluster" | "rediss+cluster" => Some("redis"),
        _ => None,
    }
}

fn is_off(feature: &str) -> StoreError {
    StoreError::Unsuitable(format!(
        "its URL needs the feature `{feature}` of auth-runtime, which is off"
    ))
}

fn unknown() -> StoreError {
    // SECURITY: what was given is not repeated: it may be a password without its URL.
    StoreError::Unsuitable(
        "its URL begins with none of `memory:`, `sqlite:`, `postgres://`, `redis://`, \
         `rediss://`, `redis+cluster://`, `rediss+cluster://`"
            .to_owned(),
    )
}
