//! What a response has to say of its request. In: what the guard found out. Out: the headers that
//! [`Protected`](crate::Protected) adds when the answer is ready.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use auth_policy::{Policy, policy::LimitId};
use axum::http::{HeaderMap, HeaderName, HeaderValue, header};

use super::{
    Bucket, Level,
    fields::{self, Counted},
};

/// Travels with one request; every clone is the same note.
#[derive(Clone, Debug, Default)]
pub(crate) struct Note(Arc<Mutex<Noted>>);

#[derive(Debug, Default)]
struct Noted {
    /// Whether the guard of this request let somebody in by a credential.
    authenticated: bool,
    /// What is in each bucket that was asked.
    levels: Vec<Counted>,
}

impl Note {
    /// A credential verified: what is answered is for its owner alone.
    pub(crate) fn authenticated(&self) {
        self.open().authenticated = true;
    }

    /// What is in a bucket now, instead of what was in it before.
    pub(super) fn level(&self, limit: LimitId, bucket: &Bucket, level: Level) {
        let mut noted = self.open();
        noted.levels.retain(|known| known.bucket.id() != bucket.id());
        noted.levels.push(Counted { limit, bucket: bucket.clone(), level });
    }

    /// Says it in the headers of the answer.
    pub(crate) fn write_to(&self, policy: &Policy, headers: &mut HeaderMap) {
        let noted = self.open();
        if noted.authenticated && !says_no_store(headers) {
            headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        }
        let Some(fields) = fields::written(policy, &noted.levels) else { return };
        headers.insert(HeaderName::from_static("ratelimit-policy"), fields.policy);
        headers.insert(HeaderName::from_static("ratelimit"), fields.state);
    }

    fn open(&self) -> MutexGuard<'_, Noted> {
        // A panic elsewhere leaves a note that is whole: each change is one step.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether the handler forbids storing by itself. What it says beside that may stay.
fn says_no_store(headers: &HeaderMap) -> bool {
    let values = headers.get_all(header::CACHE_CONTROL).iter();
    let directives = values.flat_map(|value| value.as_bytes().split(|byte| *byte == b','));
    directives.map(<[u8]>::trim_ascii).any(|word| word.eq_ignore_ascii_case(b"no-store"))
}
