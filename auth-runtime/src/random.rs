//! Randomness, as a parameter. In: a source the application chose. Out: bytes nobody can guess.

use std::{error::Error, fmt};

/// Fills buffers with random bytes. Everything in this crate that needs some asks for one.
///
/// # Security
///
/// Token ids, keys and session ids are as hard to guess as this source makes them. Outside tests
/// use [`SystemRandom`].
pub trait Random: fmt::Debug + Send + Sync + 'static {
    /// Fills all of `bytes`.
    ///
    /// # Errors
    ///
    /// When the source has nothing to give; then nothing may be issued.
    fn fill(&self, bytes: &mut [u8]) -> Result<(), RandomError>;
}

/// The random generator of the cryptographic library, seeded by the operating system.
///
/// ```
/// use auth_runtime::random::{Random, SystemRandom};
///
/// let (mut one, mut other) = ([0; 16], [0; 16]);
/// SystemRandom.fill(&mut one)?;
/// SystemRandom.fill(&mut other)?;
/// assert_ne!(one, other);
/// # Ok::<(), auth_runtime::random::RandomError>(())
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemRandom;

impl Random for SystemRandom {
    fn fill(&self, bytes: &mut [u8]) -> Result<(), RandomError> {
        aws_lc_rs::rand::fill(bytes).map_err(|_| RandomError)
    }
}

/// The source of randomness gave nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RandomError;

impl fmt::Display for RandomError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the operating system gave no random bytes")
    }
}

impl Error for RandomError {}
