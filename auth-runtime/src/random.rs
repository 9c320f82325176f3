//! Randomness, as a parameter. In: a source the application chose. Out: bytes nobody can guess.

use std::{error::Error, fmt};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};

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

/// So many random bytes in unpadded base64url: an identifier or a password nobody can guess.
///
/// # Errors
///
/// When the system has no random bytes.
///
/// ```
/// let id = auth_runtime::random::token(16)?;
/// assert_eq!(id.len(), 22);
/// # Ok::<(), auth_runtime::random::RandomError>(())
/// ```
pub fn token(bytes: usize) -> Result<String, RandomError> {
    let mut random = vec![0; bytes];
    SystemRandom.fill(&mut random)?;
    Ok(URL_SAFE_NO_PAD.encode(random))
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
