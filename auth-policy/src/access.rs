//! Who may do what, exactly. In: a policy, what an endpoint asks for, and a credential, all by the
//! names that accounts and tokens hold. Out: whether it is admitted and what it lacks; and, without
//! trying them all, which roles and which smallest credentials are admitted, and what a change lets
//! in that was kept out before.
//!
//! The policy is finite, so access is a boolean function over roles, scopes, schemes and a few
//! conditions. It is monotone: who holds more roles, carries more scopes or signed in later is never
//! refused for it. The answers are computed on that function and not on the words of the file.
//!
//! ```text
//! admits(&policy, &rule, Some(&credential))    the function itself: Allowed, or what is lacking
//! let access = Access::of(&policy);            the same policy, made ready to be asked many times
//! access.carriers()                            the kinds of credential there are
//! access.roles_that_reach(&rule, &carrier)     each role that is enough by itself
//! access.smallest(&rule, &carrier)             the credentials of which nothing can be left out
//! let change = Change::between(&old, &new);
//! change.beyond(Some(&rule), Some(&new), &carrier)  the smallest credential let in and refused before
//! ```
//!
//! # Security
//!
//! The function says what the engine of `auth-runtime` decides once a credential was verified, and a
//! test there holds it to the running engine. Whether a signature is right, a key is revoked or a
//! limit is exceeded is no part of it.

mod admits;
#[cfg(feature = "tools")]
mod answers;
mod asked;
mod beyond;
mod cover;
mod credential;
mod needs;
mod reach;
mod view;

#[cfg(feature = "tools")]
pub(crate) use admits::refuses_delegates;
pub use admits::{Lack, Verdict, admits};
#[cfg(feature = "tools")]
pub use answers::{Condition, InReach, Subject, SubjectKind, Unknown, Way, WhatCan, WhoCan};
pub use beyond::Change;
pub use credential::{Carrier, Credential, Holder, carriers};
pub use reach::{Access, Smallest};
