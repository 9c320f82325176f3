//! The limiter that a URL names. In: a URL. Out: the limiter, ready, or why it cannot be used.

use std::sync::Arc;

use super::{Limiter, MemoryLimiter};
use crate::store::StoreError;

/// Opens the limiter that `url` names: `memory:`, or with the feature `redis` any URL of Redis that
/// [`store::open`](crate::store::open) takes.
///
/// ```
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// use auth_runtime::{limit, store::StoreError};
///
/// assert!(limit::open("memory:").await.is_ok());
/// assert!(matches!(limit::open("sqlite:a.db").await, Err(StoreError::Unsuitable(_))));
/// # });
/// ```
///
/// # Errors
///
/// [`StoreError::Unsuitable`] if the URL names no limiter, the feature is off, or the server may
/// forget what it was told; [`StoreError::Unavailable`] if it cannot be reached within two seconds.
///
/// # Security
///
/// A URL holds a password, so no error and no `Debug` output repeats any part of it.
pub async fn open(url: &str) -> Result<Arc<dyn Limiter>, StoreError> {
    match url.split_once(':') {
        Some(("memory", "")) => Ok(Arc::new(MemoryLimiter::new())),
        #[cfg(feature = "redis")]
        Some(("redis" | "rediss" | "redis+cluster" | "rediss+cluster", _)) => {
            Ok(Arc::new(super::RedisLimiter::open(url).await?))
        }
        _ => Err(StoreError::Unsuitable(
            "limits are kept in `memory:`, or with the feature `redis` in `redis://`, `rediss://`, \
             `redis+cluster://` or `rediss+cluster://`"
                .to_owned(),
        )),
    }
}
