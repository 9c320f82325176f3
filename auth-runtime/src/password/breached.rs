//! What others know of a password. In: the rules, and a set of breached passwords that the
//! application asks, over a network perhaps. Out: the verdict, and whether the set was heard.

use std::{error::Error, fmt, future::Future, mem, pin::Pin, time::Duration};

use tokio::time::timeout;

use super::{Context, Rules, Weakness, Weaknesses, normal::normalize};
use crate::secret::Secret;

/// What a set gives back: a future of an answer, or of the news that it cannot answer.
pub type BreachedAnswer<'a> =
    Pin<Box<dyn Future<Output = Result<bool, BreachedError>> + Send + 'a>>;

/// A set of passwords known from breaches.
///
/// # Security
///
/// A set that lies elsewhere must not learn the password: send it the beginning of a hash, and look
/// through what it answers (k-anonymity).
///
/// # Example
///
/// ```
/// use auth_runtime::{
///     password::{BreachedAnswer, BreachedPasswords},
///     secret::Secret,
/// };
///
/// #[derive(Debug)]
/// struct OurOwn(Vec<Secret>);
///
/// impl BreachedPasswords for OurOwn {
///     fn contains<'a>(&'a self, password: &'a Secret) -> BreachedAnswer<'a> {
///         // Exposed to be compared.
///         Box::pin(async { Ok(self.0.iter().any(|known| known.matches(password.expose()))) })
///     }
/// }
/// ```
pub trait BreachedPasswords: fmt::Debug + Send + Sync + 'static {
    /// Whether the password is in the set. It comes in normalization form C, as it is hashed.
    fn contains<'a>(&'a self, password: &'a Secret) -> BreachedAnswer<'a>;
}

/// Why a set of breached passwords was not heard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum BreachedError {
    /// It could not answer.
    Unavailable,
    /// It did not answer in time.
    TimedOut,
}

impl BreachedError {
    /// A stable word for the audit log.
    pub const fn cause(self) -> &'static str {
        match self {
            Self::Unavailable => "breached-set-unavailable",
            Self::TimedOut => "breached-set-timed-out",
        }
    }
}

impl fmt::Display for BreachedError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Unavailable => "the set of breached passwords could not answer",
            Self::TimedOut => "the set of breached passwords did not answer in time",
        })
    }
}

impl Error for BreachedError {}

/// What [`Rules::check_with`] found.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub struct Checked {
    /// Whether the password may be chosen, as far as is known.
    pub result: Result<(), Weaknesses>,
    /// The set was asked and not heard: report it, and do not hold it against the user.
    pub warning: Option<BreachedError>,
}

impl Rules {
    /// [`check`](Self::check), and then what a set of breached passwords says, within that time.
    ///
    /// A password that the rules refuse is not shown to the set. When the set is down the rules and
    /// their list still hold, and [`Checked::warning`] says that nothing else did.
    ///
    /// It runs within a tokio runtime whose timer is on, as `axum::serve` does.
    pub async fn check_with(
        &self,
        password: &Secret,
        context: &Context<'_>,
        set: &dyn BreachedPasswords,
        within: Duration,
    ) -> Checked {
        let result = self.check(password, context);
        if result.is_err() {
            return Checked { result, warning: None };
        }
        match timeout(within, set.contains(&self.normal(password))).await {
            Ok(Ok(false)) => Checked { result, warning: None },
            Ok(Ok(true)) => Checked { result: Err(Weakness::Breached.into()), warning: None },
            Ok(Err(error)) => Checked { result, warning: Some(error) },
            Err(_) => Checked { result, warning: Some(BreachedError::TimedOut) },
        }
    }

    /// INVARIANT: the rules have passed it, so it is not too long.
    fn normal(&self, password: &Secret) -> Secret {
        let normal = normalize(password, self.max_length());
        normal.map_or_else(|_| password.clone(), |mut normal| Secret::from(mem::take(&mut *normal)))
    }
}

#[cfg(test)]
mod tests {
    use std::{
        future::pending,
        sync::atomic::{AtomicUsize, Ordering},
    };

    use auth_policy::settings::Passwords;

    use super::*;

    #[derive(Debug)]
    enum Set {
        Knows(&'static str, AtomicUsize),
        Down,
        Silent,
    }

    impl BreachedPasswords for Set {
        fn contains<'a>(&'a self, password: &'a Secret) -> BreachedAnswer<'a> {
            Box::pin(async move {
                match self {
                    Self::Knows(known, asked) => {
                        asked.fetch_add(1, Ordering::Relaxed);
                        Ok(password.matches(known))
                    }
                    Self::Down => Err(BreachedError::Unavailable),
                    Self::Silent => pending().await,
                }
            })
        }
    }

    async fn check(set: &Set, password: &str) -> Checked {
        let rules = Rules::new(&Passwords::default(), &[]);
        let within = Duration::from_millis(if matches!(set, Set::Silent) { 1 } else { 60_000 });
        let password = Secret::from(password.to_owned());
        rules.check_with(&password, &Context::default(), set, within).await
    }

    fn refused(weakness: Weakness, warning: Option<BreachedError>) -> Checked {
        Checked { result: Err(weakness.into()), warning }
    }

    #[tokio::test]
    async fn p4_a_breached_password_is_refused_with_its_code() {
        let set = Set::Knows("caf\u{e9} au lait, please", AtomicUsize::new(0));
        let breached = refused(Weakness::Breached, None);
        assert_eq!(check(&set, "caf\u{e9} au lait, please").await, breached);
        // It is asked for what is hashed.
        assert_eq!(check(&set, "cafe\u{301} au lait, please").await, breached);
        let fine = Checked { result: Ok(()), warning: None };
        assert_eq!(check(&set, "tea with milk, please").await, fine);
    }

    #[tokio::test]
    async fn p4_a_password_that_the_rules_refuse_is_not_shown_to_the_set() {
        let set = Set::Knows("hunter2", AtomicUsize::new(0));
        let Checked { result, .. } = check(&set, "hunter2").await;
        assert!(result.unwrap_err().iter().all(|weakness| weakness != Weakness::Breached));
        assert!(matches!(&set, Set::Knows(_, asked) if asked.load(Ordering::Relaxed) == 0));
    }

    #[tokio::test]
    async fn p4_without_the_set_the_list_still_holds_and_a_warning_says_so() {
        for (set, error) in
            [(Set::Down, BreachedError::Unavailable), (Set::Silent, BreachedError::TimedOut)]
        {
            let passed = Checked { result: Ok(()), warning: Some(error) };
            assert_eq!(check(&set, "tea with milk, please").await, passed);
            assert_eq!(check(&set, "password-1234567").await, refused(Weakness::Common, None));
        }
    }
}
