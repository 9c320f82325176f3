//! What travels with a request from the door to its guard: the engine, and then the identity.

use crate::{Auth, Identity};

/// Put into every request by [`Protected`](crate::routing::Protected), once. A guard that finds
/// none answers 500 and admits nobody.
#[derive(Clone, Debug)]
pub(crate) struct Context {
    pub(crate) auth: Auth,
    /// Whom the guard of this request let in.
    pub(crate) identity: Option<Identity>,
}

impl Context {
    pub(crate) fn new(auth: Auth) -> Self {
        Self { auth, identity: None }
    }
}
