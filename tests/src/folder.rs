//! A place for a test's files. In: nothing. Out: a folder that is gone when the value is dropped.

use std::{
    fs::{self, File},
    path::{Path, PathBuf},
    process,
    sync::atomic::{AtomicU32, Ordering},
};

/// A folder that goes with its test.
pub struct Folder(pub PathBuf);

impl Folder {
    /// Among the system's temporary files.
    #[allow(clippy::new_without_default, reason = "a folder on the disk is no default")]
    #[must_use]
    pub fn new() -> Self {
        Self::below(&std::env::temp_dir())
    }

    /// In memory where the system has such a place: for what writes much, where no test is about
    /// the disk.
    #[must_use]
    pub fn in_memory() -> Self {
        let memory = Path::new("/dev/shm");
        if memory.is_dir() { Self::below(memory) } else { Self::new() }
    }

    fn below(base: &Path) -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let folder = base.join(format!("auth-tests-{}-{number}", process::id()));
        fs::create_dir_all(&folder).expect("a folder");
        Self(folder)
    }

    /// The path of the file with that name.
    #[must_use]
    pub fn file(&self, name: &str) -> String {
        self.0.join(name).to_str().expect("UTF-8").to_owned()
    }

    /// A new log, for a process to write to.
    #[must_use]
    pub fn new_log(&self) -> File {
        File::create(self.0.join("log")).expect("a log")
    }

    /// What has been written to the log.
    #[must_use]
    pub fn log(&self) -> String {
        fs::read_to_string(self.0.join("log")).expect("a log")
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // What cannot be removed is left to the system.
        let _ = fs::remove_dir_all(&self.0);
    }
}
