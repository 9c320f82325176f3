//! Files that are written whole or not at all. In: a path and its new text. Out: the file with that
//! text; whoever reads it meanwhile sees the old one or the new one.

use std::{
    fs::{self, File, OpenOptions, Permissions},
    io::{self, Write},
    path::{Path, PathBuf},
};

use auth_runtime::random;

/// Who may read a new file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Readers {
    /// Whom the system lets by default; a file that is replaced keeps its own.
    Usual,
    /// Its owner alone (mode 0600), whatever it was before.
    Owner,
}

/// Writes a file that is not there yet, and the folders it needs.
///
/// # Errors
///
/// Those of writing it; [`io::ErrorKind::AlreadyExists`] if it is there.
pub(crate) fn create(path: &Path, text: &str, readers: Readers) -> io::Result<()> {
    make_folder(path)?;
    let staged = stage(path, text, readers)?;
    // A link is made only where nothing is, so two that create at once do not replace each other.
    let linked = fs::hard_link(&staged, path);
    let _ = fs::remove_file(&staged);
    linked
}

/// Replaces a file, or writes it if it is not there. A symbolic link stays one: what it leads to
/// is replaced.
///
/// # Errors
///
/// Those of writing it. Then the old file is as it was.
pub(crate) fn replace(path: &Path, text: &str, readers: Readers) -> io::Result<()> {
    make_folder(path)?;
    let target = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let staged = stage(&target, text, readers)?;
    let old = fs::metadata(&target).ok().filter(|_| readers == Readers::Usual);
    let kept = old.map_or(Ok(()), |old| fs::set_permissions(&staged, old.permissions()));
    let renamed = kept.and_then(|()| fs::rename(&staged, &target));
    if renamed.is_err() {
        let _ = fs::remove_file(&staged);
    }
    renamed
}

fn make_folder(path: &Path) -> io::Result<()> {
    match path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        Some(folder) => fs::create_dir_all(folder),
        None => Ok(()),
    }
}

/// A file beside `path` with the text, on the disk before it gets its name.
fn stage(path: &Path, text: &str, readers: Readers) -> io::Result<PathBuf> {
    let token = random::token(9).map_err(io::Error::other)?;
    let mut name = std::ffi::OsString::from(".");
    name.push(path.file_name().unwrap_or_default());
    name.push(format!(".{token}"));
    let staged = path.with_file_name(name);
    let written = open(&staged, readers).and_then(|mut file| {
        file.write_all(text.as_bytes())?;
        file.sync_all()
    });
    if written.is_err() {
        let _ = fs::remove_file(&staged);
    }
    written.map(|()| staged)
}

/// SECURITY: the mode is that of the first moment; nobody can open the file in between.
fn open(path: &Path, readers: Readers) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    if readers == Readers::Owner {
        use std::os::unix::fs::OpenOptionsExt;
        options.mode(0o600);
    }
    let file = options.open(path)?;
    #[cfg(unix)]
    if readers == Readers::Owner {
        use std::os::unix::fs::PermissionsExt;
        // Against a mask that would take the owner's own rights away.
        file.set_permissions(Permissions::from_mode(0o600))?;
    }
    Ok(file)
}
