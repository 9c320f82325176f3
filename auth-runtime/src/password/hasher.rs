//! Hashing and verifying. In: a password, and what is stored. Out: the hash to store, or a
//! [`Verdict`].

use std::{num::NonZeroUsize, thread};

use argon2::Params;
use auth_policy::settings::Passwords;

use super::{
    PasswordError, PasswordHash,
    argon2id::{self, Argon2id},
    normal::normalize,
    places::Places,
};
use crate::secret::Secret;

/// How many may wait for a place unless [`Hasher::with_room`] says otherwise.
const WAITING: usize = 64;

/// Hashes and verifies passwords at the cost that the policy names.
///
/// Clones share their places. Passwords are put into Unicode normalization form C (RFC 8265),
/// when set and when verified alike, and are otherwise taken as they are: never trimmed, folded
/// or cut.
///
/// # Security
///
/// The place that a hash occupies is given back when the hash is done, not when its caller goes
/// away: clients that disconnect early gain nothing.
///
/// # Example
///
/// ```
/// use auth_runtime::{password::Hasher, secret::Secret};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let hasher = Hasher::new(&auth_policy::settings::Passwords::default())?;
/// let stored = hasher.hash(Secret::from("correct horse battery".to_owned())).await?;
///
/// let typed = Secret::from("correct horse battery".to_owned());
/// assert!(hasher.verify(typed.clone(), Some(&stored)).await?.is_right());
/// // Nobody of that name: as much work, and the same answer as for a wrong password.
/// assert!(!hasher.verify(typed, None).await?.is_right());
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Hasher {
    /// The cost of new hashes.
    params: Params,
    /// In code points, after normalization.
    max_length: u32,
    /// What an unknown user's password is compared with.
    nobody: PasswordHash,
    places: Places,
}

impl Hasher {
    /// A hasher for these settings, with one place for each processor and 64 that may wait.
    ///
    /// # Errors
    ///
    /// [`PasswordError::Cost`] for a cost that Argon2 does not know, and
    /// [`PasswordError::Internal`] where the system has no random bytes.
    pub fn new(settings: &Passwords) -> Result<Self, PasswordError> {
        let params = argon2id::params(settings.argon2)?;
        let nobody = PasswordHash::from(Argon2id::of_nobody(&params)?);
        let processors = thread::available_parallelism().unwrap_or(NonZeroUsize::MIN);
        Ok(Self {
            params,
            max_length: settings.max_length,
            nobody,
            places: Places::new(processors, WAITING),
        })
    }

    /// The same with room for so many hashes at once, and so many callers that wait.
    ///
    /// Memory in use is at most `at_once` times the cost's `memory_kib`.
    #[must_use]
    pub fn with_room(self, at_once: NonZeroUsize, waiting: usize) -> Self {
        Self { places: Places::new(at_once, waiting), ..self }
    }

    /// The hash of a new password, with a salt of its own.
    ///
    /// Whether the password is strong enough is not asked here.
    ///
    /// # Errors
    ///
    /// [`PasswordError::TooLong`], [`PasswordError::Busy`] or [`PasswordError::Internal`].
    pub async fn hash(&self, password: Secret) -> Result<PasswordHash, PasswordError> {
        let password = normalize(&password, self.max_length)?;
        let params = self.params.clone();
        let hash = self.places.run(move || Argon2id::of(&password, params)).await?;
        hash.map(PasswordHash::from)
    }

    /// Whether this is the password of that hash; with `None`, the password of nobody.
    ///
    /// # Errors
    ///
    /// [`PasswordError::TooLong`], [`PasswordError::Busy`], [`PasswordError::Unreadable`] for a
    /// hash that asks for far more than the policy does, or [`PasswordError::Internal`].
    ///
    /// # Security
    ///
    /// `None` stands for an account that does not exist. It costs a hash at the current cost and
    /// is always [`Verdict::Wrong`], so that time does not tell which accounts there are. An
    /// account whose hash is [outdated](Verdict::Right) still differs, until it is hashed anew.
    ///
    /// Against a bcrypt hash, a password of more than 72 bytes or with a NUL is wrong: bcrypt would
    /// compare a part of it.
    pub async fn verify(
        &self,
        password: Secret,
        against: Option<&PasswordHash>,
    ) -> Result<Verdict, PasswordError> {
        let password = normalize(&password, self.max_length)?;
        let known = against.is_some();
        let against = against.unwrap_or(&self.nobody).clone();
        against.bounded_by(&self.params)?;
        let outdated = against.is_outdated(&self.params);
        let matches = self.places.run(move || against.matches(&password)).await??;
        Ok(if known && matches { Verdict::Right { outdated } } else { Verdict::Wrong })
    }
}

/// What [`Hasher::verify`] found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Verdict {
    /// Another password, or nobody's.
    Wrong,
    /// The password.
    Right {
        /// Whether the hash was made at another cost than the policy's, or is bcrypt: hash the
        /// password anew and store that.
        outdated: bool,
    },
}

impl Verdict {
    /// Whether it was the password.
    pub const fn is_right(self) -> bool {
        matches!(self, Self::Right { .. })
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use auth_policy::settings::Argon2Cost;

    use super::*;

    fn secret(text: &str) -> Secret {
        Secret::from(text.to_owned())
    }

    fn at(cost: Argon2Cost) -> Hasher {
        Hasher::new(&Passwords { argon2: cost, ..Passwords::default() }).unwrap()
    }

    /// The password is `abc`.
    const BCRYPT: &str = "$2a$06$If6bvum7DFjUnE9p2uDeDu0YHzrHM6tf.iqN8.yx.jNN1ILEf7h0i";

    /// A cost below what a policy may ask for, where a test is not about the cost.
    fn cheap() -> Hasher {
        at(Argon2Cost { memory_kib: 8, iterations: 1, parallelism: 1 })
    }

    async fn same(hasher: &Hasher, set: &str, typed: &str) -> bool {
        let stored = hasher.hash(secret(set)).await.unwrap();
        hasher.verify(secret(typed), Some(&stored)).await.unwrap().is_right()
    }

    #[tokio::test]
    async fn p2_128_characters_of_any_kind_work_and_the_cap_refuses() {
        let hasher = cheap();
        for length in [64, 128, 256] {
            let long = "ü 🦀".chars().cycle().take(length).collect::<String>();
            assert!(same(&hasher, &long, &long).await, "{length}");
        }
        let over = "ü".repeat(257);
        let refused = PasswordError::TooLong { max_length: 256 };
        assert_eq!(hasher.hash(secret(&over)).await, Err(refused));
        assert_eq!(hasher.verify(secret(&over), None).await, Err(refused));
        // The cap counts what is hashed: 257 as typed, 256 in form C, and the other way round.
        assert!(same(&hasher, &("u".repeat(255) + "u\u{308}"), &("u".repeat(255) + "ü")).await);
        assert_eq!(hasher.hash(secret(&"\u{958}".repeat(200))).await, Err(refused));
    }

    #[tokio::test]
    async fn p5_nothing_is_cut_trimmed_or_folded() {
        let hasher = cheap();
        let a72 = "a".repeat(72);
        let different = [
            (format!("{a72}b"), format!("{a72}c")),
            ("correct horse".to_owned(), "correct horse ".to_owned()),
            ("correct horse".to_owned(), " correct horse".to_owned()),
            ("correct horse".to_owned(), "Correct horse".to_owned()),
            ("nul\0one".to_owned(), "nul\0two".to_owned()),
            // Alike to the eye, not canonically the same: form KC would fold them.
            ("x²".to_owned(), "x2".to_owned()),
            ("ｐａｓｓ".to_owned(), "pass".to_owned()),
        ];
        for (set, typed) in different {
            assert!(!same(&hasher, &set, &typed).await, "{set:?} {typed:?}");
        }
    }

    #[tokio::test]
    async fn p5_the_same_normalization_at_set_and_verify() {
        let hasher = cheap();
        assert!(same(&hasher, "caf\u{e9}", "cafe\u{301}").await);
        assert!(same(&hasher, "cafe\u{301}", "caf\u{e9}").await);
        assert!(same(&hasher, "\u{ac00}", "\u{1100}\u{1161}").await);
    }

    #[tokio::test]
    async fn p6_a_hash_names_the_cost_and_has_a_salt_of_its_own() {
        let hasher = at(Argon2Cost::default());
        let one = hasher.hash(secret("correct horse")).await.unwrap();
        let two = hasher.hash(secret("correct horse")).await.unwrap();
        assert!(one.to_text().starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{}", one.to_text());
        assert_ne!(one.to_text(), two.to_text());
        let parts = one.to_text().split('$').map(str::len).collect::<Vec<_>>();
        assert_eq!(parts, [0, 8, 4, 15, 22, 43], "16 bytes of salt and 32 of hash");
        let read = one.to_text().parse::<PasswordHash>().unwrap();
        assert_eq!(read, one);
        let right = hasher.verify(secret("correct horse"), Some(&read)).await;
        assert_eq!(right, Ok(Verdict::Right { outdated: false }));
    }

    #[tokio::test]
    async fn p6_raised_parameters_make_a_hash_outdated() {
        let old = cheap().hash(secret("correct horse")).await.unwrap();
        for raised in [
            Argon2Cost { memory_kib: 16, iterations: 1, parallelism: 1 },
            Argon2Cost { memory_kib: 8, iterations: 2, parallelism: 1 },
            Argon2Cost { memory_kib: 16, iterations: 1, parallelism: 2 },
        ] {
            let hasher = at(raised);
            let right = hasher.verify(secret("correct horse"), Some(&old)).await;
            assert_eq!(right, Ok(Verdict::Right { outdated: true }), "{raised:?}");
            let wrong = hasher.verify(secret("battery"), Some(&old)).await;
            assert_eq!(wrong, Ok(Verdict::Wrong));
            let new = hasher.hash(secret("correct horse")).await.unwrap();
            let right = hasher.verify(secret("correct horse"), Some(&new)).await;
            assert_eq!(right, Ok(Verdict::Right { outdated: false }));
        }
    }

    #[tokio::test]
    async fn p6_m10_an_imported_hash_lets_in_once_and_is_then_argon2id() {
        let hasher = cheap();
        let imported = BCRYPT.parse::<PasswordHash>().unwrap();
        let wrong = hasher.verify(secret("abd"), Some(&imported)).await;
        assert_eq!(wrong, Ok(Verdict::Wrong));
        let right = hasher.verify(secret("abc"), Some(&imported)).await;
        assert_eq!(right, Ok(Verdict::Right { outdated: true }));

        let anew = hasher.hash(secret("abc")).await.unwrap();
        assert!(anew.to_text().starts_with("$argon2id$"), "{}", anew.to_text());
        let right = hasher.verify(secret("abc"), Some(&anew)).await;
        assert_eq!(right, Ok(Verdict::Right { outdated: false }));
    }

    #[tokio::test]
    async fn p6_bcrypt_works_in_the_same_places() {
        let hasher = cheap().with_room(NonZeroUsize::MIN, 0);
        let imported = BCRYPT.parse::<PasswordHash>().unwrap();
        let (first, second) = tokio::join!(
            hasher.verify(secret("abc"), Some(&imported)),
            hasher.verify(secret("abc"), Some(&imported)),
        );
        assert_eq!(first, Ok(Verdict::Right { outdated: true }));
        assert_eq!(second, Err(PasswordError::Busy));
    }

    #[tokio::test]
    async fn p7_nobody_costs_a_hash_at_the_current_cost_and_is_wrong() {
        let cost = Argon2Cost { memory_kib: 64, iterations: 3, parallelism: 2 };
        let hasher = at(cost);
        assert!(hasher.nobody.to_text().starts_with("$argon2id$v=19$m=64,t=3,p=2$"));
        assert!(!hasher.nobody.is_outdated(&hasher.params));
        for typed in ["", "correct horse", "nobody"] {
            assert_eq!(hasher.verify(secret(typed), None).await, Ok(Verdict::Wrong));
        }
        assert_ne!(hasher.nobody, at(cost).nobody);
    }

    /// The quickest of many rounds, which a busy machine disturbs least.
    #[tokio::test]
    #[allow(clippy::disallowed_methods, reason = "what is measured is the time it takes")]
    async fn p7_an_unknown_user_takes_the_time_of_a_wrong_password() {
        let hasher = at(Argon2Cost::default());
        let stored = hasher.hash(secret("correct horse")).await.unwrap();
        let mut quickest = [Duration::MAX; 2];
        for _ in 0..9 {
            for (quickest, against) in quickest.iter_mut().zip([Some(&stored), None]) {
                let start = Instant::now();
                assert_eq!(hasher.verify(secret("battery"), against).await, Ok(Verdict::Wrong));
                *quickest = start.elapsed().min(*quickest);
            }
        }
        let [wrong, unknown] = quickest.map(|time| time.as_secs_f64());
        assert!((0.5..2.0).contains(&(unknown / wrong)), "{unknown} {wrong}");
    }

    #[tokio::test]
    async fn a_stored_text_that_is_not_ours_is_unreadable() {
        let good = cheap().hash(secret("correct horse")).await.unwrap().to_text();
        let bad = [
            String::new(),
            "correct horse".to_owned(),
            good.replace("argon2id", "argon2i"),
            good.replace("$v=19", "$v=16"),
            good.replace("$v=19", ""),
            good.replace("m=8,", "m=x,"),
            good.replace("m=8,", "m=1,"),
            good.rsplit_once('$').unwrap().0.to_owned(),
            format!("{good}$"),
            "$2x$12$R9h/cIPz0gi.URNNX3kh2OPST9/PgBkqquzi.Ss7KIUgO2t0jWMUW".to_owned(),
        ];
        for text in bad {
            assert_eq!(text.parse::<PasswordHash>(), Err(PasswordError::Unreadable), "{text}");
        }
        let cost = "m=8,t=1,p=1";
        for greedy in ["m=4294967295,t=1,p=1", "m=8,t=4294967295,p=1", "m=136,t=1,p=17"] {
            let greedy = good.replace(cost, greedy).parse::<PasswordHash>().unwrap();
            let refused = cheap().verify(secret("correct horse"), Some(&greedy)).await;
            assert_eq!(refused, Err(PasswordError::Unreadable));
        }
    }

    #[test]
    fn nothing_shows_a_hash() {
        let hasher = cheap();
        let shown = format!("{hasher:?}");
        assert!(shown.contains("PasswordHash(..)"), "{shown}");
        assert!(!shown.contains('$'), "{shown}");
    }
}
