//! What a response has to say of its request. In: what the guard found out. Out: the headers that
//! [`Protected`](crate::Protected) adds when the answer is ready.

use std::sync::{
    Mutex, OnceLock, PoisonError,
    atomic::{AtomicBool, Ordering},
};

use auth_policy::{Policy, policy::LimitId};
use axum::http::{HeaderMap, HeaderName};

use super::{
    Bucket, Level,
    fields::{self, Counted},
};

/// Belongs to one request.
#[derive(Debug, Default)]
pub(crate) struct Note {
    /// Whether the guard of this request let somebody in by a credential.
    authenticated: AtomicBool,
    /// What is in each bucket that was asked. Of most requests none is.
    levels: OnceLock<Mutex<Vec<Counted>>>,
}

impl Note {
    /// A credential verified: what is answered is for its owner alone.
    pub(crate) fn authenticated(&self) {
        self.authenticated.store(true, Ordering::Relaxed);
    }

    /// What is in a bucket now, instead of what was in it before.
    pub(super) fn level(&self, limit: LimitId, bucket: &Bucket, level: Level) {
        // A panic elsewhere leaves a list that is whole: each change is one step.
        let levels = self.levels.get_or_init(Mutex::default);
        let mut levels = levels.lock().unwrap_or_else(PoisonError::into_inner);
        levels.retain(|known| known.bucket.id() != bucket.id());
        levels.push(Counted { limit, bucket: bucket.clone(), level });
    }

    /// Whether what is answered is for the owner of a credential alone.
    pub(crate) fn is_authenticated(&self) -> bool {
        self.authenticated.load(Ordering::Relaxed)
    }

    /// Says in the headers of the answer what is left of its limits.
    pub(crate) fn write_to(&self, policy: &Policy, headers: &mut HeaderMap) {
        let Some(levels) = self.levels.get() else { return };
        let levels = levels.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(fields) = fields::written(policy, &levels) else { return };
        headers.insert(HeaderName::from_static("ratelimit-policy"), fields.policy);
        headers.insert(HeaderName::from_static("ratelimit"), fields.state);
    }
}
