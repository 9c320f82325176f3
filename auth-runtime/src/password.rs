//! Passwords as Argon2id hashes. In: a password somebody typed. Out: the hash to store, or
//! whether it is the password of a stored one.
//!
//! One hash takes tens of milliseconds and megabytes, so it never runs on an async worker and
//! never more often at once than the hasher has places. Whoever finds the waiting room full is
//! told so, so that a flood of logins costs a bounded amount of memory.

use std::{error::Error, fmt, num::NonZeroUsize, str::FromStr, sync::Arc, thread};

use argon2::{
    Algorithm, Argon2, Params, PasswordHasher, PasswordVerifier, Version,
    password_hash::{
        self,
        phc::{Output, ParamsString, PasswordHash as Phc, Salt},
    },
};
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    task,
};
use unicode_normalization::UnicodeNormalization;
use zeroize::Zeroizing;

use auth_policy::settings::{Argon2Cost, Passwords};

use crate::secret::Secret;

/// Salt in bytes: what RFC 9106 recommends.
const SALT_BYTES: usize = 16;

/// Hash in bytes: 256 bits.
const OUTPUT_BYTES: usize = 32;

/// How many may wait for a place unless [`Hasher::with_room`] says otherwise.
const WAITING: usize = 64;

/// The most a stored hash may cost where the policy's cost is lower: a damaged or planted one must
/// not take the machine.
const CEILING: Argon2Cost = Argon2Cost { memory_kib: 1024 * 1024, iterations: 64, parallelism: 16 };

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
    argon2: Argon2<'static>,
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
        let cost = settings.argon2;
        let params =
            Params::new(cost.memory_kib, cost.iterations, cost.parallelism, Some(OUTPUT_BYTES))
                .map_err(|_| PasswordError::Cost)?;
        let nobody = PasswordHash::of_nobody(&params)?;
        let processors = thread::available_parallelism().unwrap_or(NonZeroUsize::MIN);
        Ok(Self {
            argon2: Argon2::new(Algorithm::Argon2id, Version::V0x13, params),
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
        let argon2 = self.argon2.clone();
        let hash = move || {
            let mut salt = [0; SALT_BYTES];
            aws_lc_rs::rand::fill(&mut salt).map_err(|_| PasswordError::Internal)?;
            argon2
                .hash_password_with_salt(password.as_bytes(), &salt)
                .map_err(|_| PasswordError::Internal)
        };
        self.places.run(hash).await?.map(PasswordHash)
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
    pub async fn verify(
        &self,
        password: Secret,
        against: Option<&PasswordHash>,
    ) -> Result<Verdict, PasswordError> {
        let password = normalize(&password, self.max_length)?;
        let known = against.is_some();
        let against = against.unwrap_or(&self.nobody).clone();
        let params = against.params()?;
        let current = self.argon2.params();
        if params.m_cost() > current.m_cost().max(CEILING.memory_kib)
            || params.t_cost() > current.t_cost().max(CEILING.iterations)
            || params.p_cost() > current.p_cost().max(CEILING.parallelism)
        {
            return Err(PasswordError::Unreadable);
        }
        let outdated = against.is_outdated(&params, current);

        let argon2 = self.argon2.clone();
        let verify = move || argon2.verify_password(password.as_bytes(), &against.0);
        match self.places.run(verify).await? {
            Ok(()) if known => Ok(Verdict::Right { outdated }),
            Ok(()) | Err(password_hash::Error::PasswordInvalid) => Ok(Verdict::Wrong),
            Err(_) => Err(PasswordError::Internal),
        }
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
        /// Whether the hash was made at another cost than the policy's: hash the password anew
        /// and store that.
        outdated: bool,
    },
}

impl Verdict {
    /// Whether it was the password.
    pub const fn is_right(self) -> bool {
        matches!(self, Self::Right { .. })
    }
}

/// An Argon2id hash of a password, as a store keeps it.
///
/// Its text is a PHC string, `$argon2id$v=19$m=19456,t=2,p=1$<salt>$<hash>`. `Debug` does not
/// show it and there is no `Display`: a hash in a log is a password to guess at leisure.
#[derive(Clone, PartialEq, Eq)]
pub struct PasswordHash(Phc);

impl PasswordHash {
    /// The PHC string, for the store.
    pub fn to_phc(&self) -> String {
        self.0.to_string()
    }

    /// A hash of that cost which no password has: both salt and hash are random.
    fn of_nobody(params: &Params) -> Result<Self, PasswordError> {
        let mut random = [0; SALT_BYTES + OUTPUT_BYTES];
        aws_lc_rs::rand::fill(&mut random).map_err(|_| PasswordError::Internal)?;
        let (salt, output) = random.split_at(SALT_BYTES);
        Ok(Self(Phc {
            algorithm: Algorithm::Argon2id.ident(),
            version: Some(Version::V0x13.into()),
            params: ParamsString::try_from(params).map_err(|_| PasswordError::Cost)?,
            salt: Some(Salt::new(salt).map_err(|_| PasswordError::Internal)?),
            hash: Some(Output::new(output).map_err(|_| PasswordError::Internal)?),
        }))
    }

    fn params(&self) -> Result<Params, PasswordError> {
        Params::try_from(&self.0).map_err(|_| PasswordError::Unreadable)
    }

    fn is_outdated(&self, params: &Params, current: &Params) -> bool {
        let cost = |params: &Params| {
            (params.m_cost(), params.t_cost(), params.p_cost(), params.output_len())
        };
        let short_salt = self.0.salt.as_ref().is_none_or(|salt| salt.len() < SALT_BYTES);
        short_salt || cost(params) != cost(current)
    }
}

impl FromStr for PasswordHash {
    type Err = PasswordError;

    /// Reads a PHC string back. Only Argon2id of version 19 with salt and hash is one of ours.
    fn from_str(text: &str) -> Result<Self, PasswordError> {
        let phc = Phc::new(text).map_err(|_| PasswordError::Unreadable)?;
        let ours = phc.algorithm == Algorithm::Argon2id.ident()
            && phc.version == Some(Version::V0x13.into())
            && phc.salt.is_some()
            && phc.hash.is_some();
        let hash = Self(phc);
        if !ours {
            return Err(PasswordError::Unreadable);
        }
        hash.params()?;
        Ok(hash)
    }
}

impl fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PasswordHash(..)")
    }
}

/// Why a password was neither hashed nor verified.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum PasswordError {
    /// Longer than the policy's `max_length`. The client's to mend, and the same whether or not
    /// the account exists.
    TooLong {
        /// The most code points a password may have.
        max_length: u32,
    },
    /// Too many are waiting already: answer 503.
    Busy,
    /// The stored text is not an Argon2id hash that this hasher reads.
    Unreadable,
    /// The policy's cost is not one that Argon2 knows.
    Cost,
    /// No memory, no random bytes, or the runtime is shutting down.
    Internal,
}

impl fmt::Display for PasswordError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLong { max_length } => {
                write!(f, "the password is longer than {max_length} characters")
            }
            Self::Busy => f.write_str("too many passwords are waiting to be hashed"),
            Self::Unreadable => f.write_str("the stored password hash is not readable"),
            Self::Cost => f.write_str("the cost of password hashes is out of Argon2's range"),
            Self::Internal => f.write_str("the password could not be hashed"),
        }
    }
}

impl Error for PasswordError {}

/// The rooms of a hasher: places to work in, and a number of callers that may be inside at all.
#[derive(Clone, Debug)]
struct Places {
    work: Arc<Semaphore>,
    /// Those who work and those who wait.
    inside: Arc<Semaphore>,
}

impl Places {
    fn new(at_once: NonZeroUsize, waiting: usize) -> Self {
        let at_once = at_once.get().min(Semaphore::MAX_PERMITS);
        let inside = at_once.saturating_add(waiting).min(Semaphore::MAX_PERMITS);
        Self { work: Arc::new(Semaphore::new(at_once)), inside: Arc::new(Semaphore::new(inside)) }
    }

    /// Does the work on a thread that may block, once there is a place.
    async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, PasswordError> {
        let inside =
            Arc::clone(&self.inside).try_acquire_owned().map_err(|_| PasswordError::Busy)?;
        let place =
            Arc::clone(&self.work).acquire_owned().await.map_err(|_| PasswordError::Internal)?;
        let held: [OwnedSemaphorePermit; 2] = [inside, place];
        // SECURITY: the permits move into the closure. Held by this future instead, they would be
        // given back when a client disconnects while its hash is still running.
        task::spawn_blocking(move || {
            let done = work();
            drop(held);
            done
        })
        .await
        .map_err(|_| PasswordError::Internal)
    }
}

/// The password in normalization form C, of at most `max_length` code points.
fn normalize(password: &Secret, max_length: u32) -> Result<Zeroizing<String>, PasswordError> {
    // Exposed to be hashed: what comes out is wiped as the secret itself is.
    let typed = password.expose();
    let max = usize::try_from(max_length).unwrap_or(usize::MAX);
    let too_long = PasswordError::TooLong { max_length };
    // A code point decomposes into at most four, so what is longer than this stays too long. It is
    // turned away first, so that hostile text is never normalized whole.
    if typed.chars().nth(max.saturating_mul(4)).is_some() {
        return Err(too_long);
    }
    // Form C has at most three times the bytes: no reallocation leaves a copy behind.
    let mut normal = Zeroizing::new(String::with_capacity(typed.len().saturating_mul(3)));
    normal.extend(typed.nfc());
    if normal.chars().nth(max).is_some() {
        return Err(too_long);
    }
    Ok(normal)
}

#[cfg(test)]
mod tests {
    use std::{
        sync::{Mutex, mpsc},
        time::{Duration, Instant},
    };

    use proptest::prelude::*;

    use super::*;

    const ONE: NonZeroUsize = NonZeroUsize::MIN;

    fn secret(text: &str) -> Secret {
        Secret::from(text.to_owned())
    }

    fn at(cost: Argon2Cost) -> Hasher {
        Hasher::new(&Passwords { argon2: cost, ..Passwords::default() }).unwrap()
    }

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

    proptest! {
        #[test]
        fn p5_normalizing_twice_changes_nothing_and_leaves_ascii_alone(text in ".{0,80}") {
            let once = normalize(&secret(&text), 1_000).unwrap();
            let twice = normalize(&secret(&once), 1_000).unwrap();
            prop_assert_eq!(&*once, &*twice);
            prop_assert!(once.len() <= text.len() * 3);
            if text.is_ascii() {
                prop_assert_eq!(&*once, &text);
            }
        }
    }

    #[tokio::test]
    async fn p6_a_hash_names_the_cost_and_has_a_salt_of_its_own() {
        let hasher = at(Argon2Cost::default());
        let one = hasher.hash(secret("correct horse")).await.unwrap();
        let two = hasher.hash(secret("correct horse")).await.unwrap();
        assert!(one.to_phc().starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{}", one.to_phc());
        assert_ne!(one.to_phc(), two.to_phc());
        assert_eq!(one.0.salt.as_ref().map(|salt| salt.len()), Some(SALT_BYTES));
        let read = one.to_phc().parse::<PasswordHash>().unwrap();
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

    /// A future that is dropped while its work runs: a client that has gone away.
    #[tokio::test]
    async fn p6_a_disconnected_client_does_not_give_its_place_back() {
        let places = Places::new(ONE, 0);
        let (started, has_started) = mpsc::channel();
        let (release, released) = mpsc::channel::<()>();
        let client = tokio::spawn({
            let places = places.clone();
            async move {
                let work = move || {
                    started.send(()).unwrap();
                    released.recv().unwrap();
                };
                places.run(work).await
            }
        });
        while has_started.try_recv().is_err() {
            task::yield_now().await;
        }
        client.abort();
        assert!(client.await.unwrap_err().is_cancelled());

        assert_eq!(places.run(|| ()).await, Err(PasswordError::Busy));
        release.send(()).unwrap();
        // The place comes back with the end of the work, whenever that is.
        drop(Arc::clone(&places.work).acquire_owned().await.unwrap());
        drop(Arc::clone(&places.inside).acquire_owned().await.unwrap());
        assert_eq!(places.run(|| 1).await, Ok(1));
    }

    #[tokio::test]
    async fn p6_no_more_than_its_places_work_at_once_and_the_rest_is_busy() {
        let places = Places::new(NonZeroUsize::new(2).unwrap(), 3);
        let two = Arc::new(Semaphore::new(2));
        let (open, gate) = mpsc::channel::<()>();
        let gate = Arc::new(Mutex::new(gate));
        let callers = Vec::from_iter((0..5).map(|_| {
            let (places, two, gate) = (places.clone(), two.clone(), gate.clone());
            tokio::spawn(async move {
                let work = move || {
                    // A third beside two others panics, and its caller hears of it.
                    let _one_of_two = two.try_acquire().unwrap();
                    gate.lock().unwrap().recv().unwrap();
                };
                places.run(work).await
            })
        }));
        while places.inside.available_permits() > 0 || two.available_permits() > 0 {
            task::yield_now().await;
        }
        assert_eq!(places.run(|| ()).await, Err(PasswordError::Busy));
        (0..5).for_each(|_| open.send(()).unwrap());
        for caller in callers {
            assert_eq!(caller.await.unwrap(), Ok(()));
        }
    }

    #[tokio::test]
    async fn p6_work_that_panics_gives_its_place_back() {
        let places = Places::new(ONE, 0);
        let broken = places.run(|| panic!("on purpose")).await;
        assert_eq!(broken, Err::<(), _>(PasswordError::Internal));
        assert_eq!(places.run(|| 1).await, Ok(1));
    }

    #[tokio::test]
    async fn p7_nobody_costs_a_hash_at_the_current_cost_and_is_wrong() {
        let cost = Argon2Cost { memory_kib: 64, iterations: 3, parallelism: 2 };
        let hasher = at(cost);
        let nobody = hasher.nobody.params().unwrap();
        assert_eq!((nobody.m_cost(), nobody.t_cost(), nobody.p_cost()), (64, 3, 2));
        assert_eq!(nobody.output_len(), Some(OUTPUT_BYTES));
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
        let good = cheap().hash(secret("correct horse")).await.unwrap().to_phc();
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
            "$2b$12$R9h/cIPz0gi.URNNX3kh2OPST9/PgBkqquzi.Ss7KIUgO2t0jWMUW".to_owned(),
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
