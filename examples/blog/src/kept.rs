//! Keys that are made once and kept. In: a secret. Out: a file that only this user can read.

use std::{
    fs::{self, OpenOptions},
    io::{self, Write},
    path::Path,
};

use auth_runtime::secret::Secret;

pub(crate) fn read(file: &Path) -> io::Result<Secret> {
    fs::read_to_string(file).map(Secret::from)
}

/// Writes a file that is not there yet.
pub(crate) fn write(file: &Path, secret: &Secret) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    // Written as it is: the file is the key.
    options.open(file)?.write_all(secret.expose().as_bytes())
}
