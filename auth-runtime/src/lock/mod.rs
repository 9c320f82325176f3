//! The access lock: who may call which endpoint, in a file beside the policy, for reviewers.
//!
//! An application declares in one line a test that holds it to its lock:
//!
//! ```
//! # use auth_runtime::{Auth, Protected, Router};
//! # async fn app() -> Protected { unreachable!() }
//! auth_runtime::lock_test!(app());
//! ```
//!
//! The test compares `policies/NAME.lock` with the routes of the application, and `cargo auth lock`
//! runs it to write that file. Whatever changes access, in the policy or in the code, changes a line
//! of it.
//!
//! ```text
//! app() ─ application ─> Protected ─> Inventory ─> Lock ─ write ─> text ─ held ─> the file beside the policy
//! ```

mod application;
mod file;
mod held;

pub use application::{Application, Failed, Later, Ready};
pub use auth_policy::lock::{Endpoint, Guard, Lock, LockError, MAX_LOCK_BYTES, Rule};

#[doc(hidden)]
pub use held::hold;

#[cfg(feature = "testing")]
pub(crate) use file::root_of;

/// Declares the test `auth_lock`, which holds an application to the lock beside its policy.
///
/// It takes an expression that makes the application as its users meet it: a
/// [`Protected`](crate::Protected), a `Result` of one, or a future of either. Its store may be in
/// memory and its keys made for the test: only the routes and the policy count.
///
/// ```
/// # use auth_runtime::{Auth, Protected, Router, jwt::KeySet, policy_types::Algorithm};
/// # type Error = Box<dyn std::error::Error>;
/// auth_runtime::lock_test!(app());
///
/// # async fn app() -> Result<Protected, Error> { unreachable!() }
/// # fn main() {}
/// ```
///
/// The file is named after the policy: `policies/blog.lock` lies beside `policies/blog.yaml`. Where
/// several applications share a policy, each names its own: `lock_test!(app(), name = "admin")` is
/// held to `policies/blog.admin.lock`.
///
/// With `AUTH_LOCK=write` in the environment the test writes the file, which is what
/// `cargo auth lock` does. A statement under `never` or `always` about an endpoint that does not hold
/// fails it in any case.
#[macro_export]
macro_rules! lock_test {
    ($app:expr $(, name = $name:literal)? $(,)?) => {
        #[cfg(test)]
        #[test]
        fn auth_lock() {
            let name: ::core::option::Option<&str> = ::core::option::Option::None;
            $(let name = name.or(::core::option::Option::Some($name));)?
            $crate::lock::hold(|| $app, ::core::env!("CARGO_MANIFEST_DIR"), name);
        }
    };
}
