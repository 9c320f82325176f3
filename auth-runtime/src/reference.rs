//! Secrets a policy refers to. In: `${NAME}` or `file:PATH`. Out: the text, read once, at start.

use std::{env, error::Error, fmt, fs::File, io::Read, path::Path};

use auth_policy::settings::Reference;

use crate::secret::Secret;

/// The most a referenced secret may measure, in bytes: a large JWK set is a hundredth of this.
const MAX_BYTES: u64 = 1024 * 1024;

/// The text behind a reference. A variable whose text is `file:PATH` refers on to that file.
///
/// # Errors
///
/// When the variable is not set or the file cannot be read; the message says which, never what.
pub(crate) fn resolve(reference: &Reference) -> Result<Secret, ReferenceError> {
    match reference {
        Reference::File(path) => read(path),
        Reference::Environment(name) => {
            let text = variable(name)?;
            match text.expose().strip_prefix("file:") {
                Some(path) => read(path),
                None => Ok(text),
            }
        }
    }
}

#[allow(clippy::disallowed_methods, reason = "the one place that reads the environment")]
fn variable(name: &str) -> Result<Secret, ReferenceError> {
    match env::var(name) {
        Ok(text) => Ok(Secret::from(text)),
        Err(env::VarError::NotPresent) => Err(ReferenceError::NotSet(name.to_owned())),
        Err(env::VarError::NotUnicode(_)) => Err(ReferenceError::NotText(name.to_owned())),
    }
}

fn read(path: &str) -> Result<Secret, ReferenceError> {
    let unreadable = |error: std::io::Error| ReferenceError::Unreadable {
        path: path.to_owned(),
        why: error.to_string(),
    };
    let file = File::open(Path::new(path)).map_err(unreadable)?;
    let mut text = zeroize::Zeroizing::new(String::new());
    file.take(MAX_BYTES + 1).read_to_string(&mut text).map_err(unreadable)?;
    if text.len() as u64 > MAX_BYTES {
        return Err(ReferenceError::TooLarge(path.to_owned()));
    }
    Ok(Secret::from(std::mem::take(&mut *text)))
}

/// A reference that leads nowhere.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ReferenceError {
    /// The environment variable of that name is not set.
    NotSet(String),
    /// The environment variable of that name is not UTF-8.
    NotText(String),
    /// The file cannot be read.
    Unreadable {
        /// Its path.
        path: String,
        /// What the operating system says.
        why: String,
    },
    /// The file at that path is larger than 1 MiB.
    TooLarge(String),
}

impl fmt::Display for ReferenceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotSet(name) => write!(f, "the environment variable `{name}` is not set"),
            Self::NotText(name) => write!(f, "the environment variable `{name}` is not UTF-8"),
            Self::Unreadable { path, why } => write!(f, "the file `{path}` cannot be read: {why}"),
            Self::TooLarge(path) => write!(f, "the file `{path}` is larger than {MAX_BYTES} bytes"),
        }
    }
}

impl Error for ReferenceError {}
